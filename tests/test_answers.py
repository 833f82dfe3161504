"""Answers of endpoints, as engines write them."""

from __future__ import annotations

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.errors import EndpointError
from kgcompare.store.answers import understood
from kgcompare.store.base import Solutions, Statements, Verdict

JSON = "application/sparql-results+json"
XML = "application/sparql-results+xml"
XSD = "http://www.w3.org/2001/XMLSchema#"


def solutions(body: str | bytes, media: str = JSON) -> Solutions:
    found = understood(media, body.encode() if isinstance(body, str) else body, "http://e/")
    assert isinstance(found, Solutions)
    return found


def one(term: str) -> object:
    """A term, in an answer that has what nobody knows at every level, and its head last."""
    return solutions(
        f'{{"metadata": {{"took": [1]}}, "results": {{"ordered": true, "bindings": [{{"x": {term}}}], "more": 1}}, '
        '"head": {"link": [], "vars": ["x"]}, "after": {}}'
    ).rows[0][0]


@pytest.mark.parametrize(
    ("term", "meant"),
    [
        ('{"type": "uri", "value": "http://e/x"}', NamedNode("http://e/x")),
        ('{"value": "http://e/x", "type": "iri"}', NamedNode("http://e/x")),
        ('{"type": "literal", "value": "a", "odd": {}}', Literal("a")),
        ('{"type": "literal", "value": "a", "xml:lang": "EN-US"}', Literal("a", language="en-us")),
        ('{"type": "literal", "value": "a", "lang": "fr"}', Literal("a", language="fr")),
        ('{"type": "literal", "value": "a", "xml:lang": ""}', Literal("a")),
        ('{"type": "typed-literal", "datatype": "%sinteger", "value": "7"}', Literal(7)),
        ('{"type": "typed-literal", "value": "7"}', Literal("7")),
        ('{"type": "literal", "datatype": "%sinteger", "value": 7}', Literal(7)),
        ('{"type": "typed-literal", "datatype": "%sboolean", "value": "1"}', Literal(True)),
        ('{"type": "literal", "datatype": "%sboolean", "value": true}', Literal(True)),
        ("null", None),
    ],
)  # fmt: skip
def test_terms(term: str, meant: object) -> None:
    assert one(term.replace("%s", XSD)) == meant


@pytest.mark.parametrize("label", ["nodeID://b10001", "b0", "_:x y", "http://e/genid/1", "ünï", "a" * 999])
@pytest.mark.parametrize("media", [JSON, XML])
def test_blank_nodes_mean_something_within_one_answer(label: str, media: str) -> None:
    bodies = {
        JSON: '{"head": {"vars": ["x", "y"]}, "results": {"bindings": [{"x": {"type": "bnode", "value": "L"}, '
        '"y": {"type": "bnode", "value": "L"}}, {"x": {"type": "bnode", "value": "other"}}]}}',
        XML: '<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/>'
        '<variable name="y"/></head><results><result><binding name="x"><bnode>L</bnode></binding><binding name="y">'
        '<bnode>L</bnode></binding></result><result><binding name="x"><bnode>other</bnode></binding></result></results>'
        "</sparql>",
    }
    body = bodies[media].replace("L<", label + "<").replace('"L"', f'"{label}"')
    (x, y), (other, nothing) = solutions(body, media).rows
    assert isinstance(x, BlankNode)
    assert x == y
    assert other not in {x, nothing}
    assert solutions(body, media).rows[0][0] != x


def test_xml_where_json_was_asked_for() -> None:
    body = (
        "\ufeff<!-- from afar -->\n<s:sparql xmlns:s='http://www.w3.org/2005/sparql-results#'><s:head><s:variable "
        "name='x'/><s:variable name='y'/><s:link href='a'/></s:head><s:results distinct='false'><s:result><s:binding "
        f"name='x'><s:literal datatype='{XSD}boolean'>0</s:literal></s:binding></s:result></s:results></s:sparql>"
    )
    for media in (JSON, "text/xml", "text/html", ""):
        assert solutions(body, media) == Solutions(("x", "y"), [(Literal(False), None)])


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('{"head": {}, "boolean": true}', True),
        ('{"boolean": "FALSE"}', False),
        ('<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head/><boolean> true </boolean></sparql>', True),
    ],
)
def test_true_and_false(body: str, value: bool) -> None:
    assert understood("text/plain", body.encode(), "http://e/") == Verdict(value)


def test_variables_where_there_is_no_head() -> None:
    term = '{"type": "literal", "value": "1"}'
    body = f'{{"results": {{"bindings": [{{"b": {term}}}, {{"a": {term}}}]}}}}'
    assert solutions(body) == Solutions(("b", "a"), [(Literal("1"), None), (None, Literal("1"))])


@pytest.mark.parametrize(
    "body",
    [
        '{"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "uri", "value": "http://e/"}}',
        '{"head": {"vars": ["x"]}, "results": {"bindings": []}} and more',
        '{"head": {"vars": ["x"]}, "results": {"bindings": [{"y": {"type": "literal", "value": "1"}}]}}',
        '{"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "uri", "value": "not an IRI"}}]}}',
        '{"head": {"vars": ["x"]}, "results": {"bindings": {"x": 1}}}',
        '{"head": {"vars": ["x"]}}',
        "<sparql xmlns='http://www.w3.org/2005/sparql-results#'><head/><results><result></results></sparql>",
        "<!DOCTYPE sparql [<!ENTITY a 'b'>]><sparql xmlns='http://www.w3.org/2005/sparql-results#'><head/></sparql>",
        '{"boolean": "perhaps"}',
        "",
    ],
)
def test_what_cannot_be_told_is_an_error(body: str) -> None:
    with pytest.raises(EndpointError):
        understood(JSON, body.encode(), "http://e/")


def test_rdf_xml_under_a_general_name() -> None:
    body = b"<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:e='http://e/'><r:Description r:about='http://e/s'><e:p>o</e:p></r:Description></r:RDF>"
    found = understood("application/xml", body, "http://e/")
    assert isinstance(found, Statements)
    assert [str(triple) for triple in found.triples] == ['<http://e/s> <http://e/p> "o"']
