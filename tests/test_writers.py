"""Whatever statements there are, each format says them and nothing else, to readers that know nothing of ours."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld
from pyoxigraph import (
    BaseDirection,
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from deep import many
from kgcompare.errors import DataError
from kgcompare.formats import rdf
from kgcompare.model import Thing
from kgcompare.rdf.namespaces import DEFAULT_BASE, PREFIXES
from serving import missing

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
READERS = {"ttl": "turtle", "nt": "nt", "nq": "nquads", "trig": "trig", "jsonld": "json-ld", "rdf": "xml"}
LEXICAL = [
    "true . <http://e/s> <http://e/p> <http://e/o>",
    "true",
    "maybe",
    "01",
    "+1.50",
    "1.",
    ".5",
    "1e3",
    "1.e0 ; <http://e/p> 2",
    "{",
    '{"b": 1.0,  "a": [2]}',
    "<b>&",
    "]]>",
    '"""',
    "'''",
    "\\",
    '\\"',
    "\\u0041",
    "\r\n\t",
    "a\x0b\x0c\x1c\x85\u2028\u2029b",
    "\u202e\u2066\ufeff",
    "\x07",
    "\ufffe",
    "_:b1",
    "@en",
    " ",
    "",
    "𝔘😈",
]
DATATYPES = [
    *(
        PREFIXES["xsd"] + name
        for name in ("boolean", "integer", "decimal", "double", "date", "string", "anyURI", "x-y")
    ),
    *(PREFIXES["rdf"] + name for name in ("JSON", "XMLLiteral", "HTML", "nil", "type")),
    "http://e/datatype#é",
    f"{DEFAULT_BASE}id/method/-",
]
IRIS = [
    "http://e/x",
    "http://e/",
    "http://e/#",
    "http://e/a.",
    "http://e/a'(b)*,;=!$&%20~",
    "http://e/\u2028\u202e",
    "http://e/é/深度",
    "http://e?a=b&c=d#e:f",
    "urn:a:b",
    "method:lasso",
    "skos://x/y",
    "mailto:a@b",
    "javascript:alert(1)",
    f"{DEFAULT_BASE}id/method/",
    f"{DEFAULT_BASE}id/method/a.-",
    f"{DEFAULT_BASE}id/method/-a",
    f"{DEFAULT_BASE}id/method/1a",
    f"{DEFAULT_BASE}id/a/b/c",
    f"{DEFAULT_BASE}id/rdf/x",
    f"{DEFAULT_BASE}id/_/x",
    PREFIXES["rdf"] + "nil",
    PREFIXES["rdf"] + "first",
    PREFIXES["rdf"] + "rest",
    PREFIXES["rdf"] + "type",
    PREFIXES["rdf"] + "_1",
    PREFIXES["skos"] + "@id",
    PREFIXES["skos"],
]
TAGS = ["en", "fr-CA", "zh-Hant", "x-evil", "en-a-bbb-x-a-ccc", "i-klingon", "qaa-Qaaa-QM-x-southern", "de-1996"]
TEXT = st.sampled_from(LEXICAL) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMED = st.sampled_from(IRIS).map(NamedNode)
BLANK = st.sampled_from(["a", "b", "c", "b1", "0x", "x:y", "é.z"]).map(BlankNode)
LITERAL = (
    st.builds(Literal, TEXT)
    | st.builds(lambda text, tag: Literal(text, language=tag), TEXT, st.sampled_from(TAGS))
    | st.builds(lambda text, of: Literal(text, datatype=NamedNode(of)), TEXT, st.sampled_from(DATATYPES))
)
LISTED = st.builds(
    lambda head, first, rest: [
        Triple(head, NamedNode(PREFIXES["rdf"] + "first"), first),
        Triple(head, NamedNode(PREFIXES["rdf"] + "rest"), rest),
    ],
    BLANK,
    LITERAL | BLANK,
    BLANK | st.just(NamedNode(PREFIXES["rdf"] + "nil")),
)
STATEMENTS = st.lists(
    st.builds(Triple, NAMED | BLANK, NAMED, NAMED | BLANK | LITERAL).map(lambda triple: [triple]) | LISTED, max_size=6
).map(lambda lists: [triple for one in lists for triple in one])


def plain(term: Any) -> Any:
    """A term as the standard compares it: with its language tag in lower case."""
    if isinstance(term, Literal) and term.language:
        return Literal(term.value, language=term.language.lower(), direction=term.direction)
    return term


def canonical(triples: Iterable[Triple]) -> list[str]:
    """Statements with blank nodes named by what is said of them."""
    dataset = Dataset(Quad(plain(t.subject), t.predicate, plain(t.object)) for t in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return sorted(str(quad.triple) for quad in dataset)


def valued(triple: Triple) -> Triple:
    """A statement whose number is as others write it: rdflib and PyLD read ``01`` as ``1`` and as ``1.0E0``."""
    value = triple.object
    if isinstance(value, Literal) and value.datatype.value.removeprefix(PREFIXES["xsd"]) in {"integer", "double"}:
        with contextlib.suppress(ValueError):
            return Triple(triple.subject, triple.predicate, Literal(repr(float(value.value)), datatype=value.datatype))
    return triple


def from_rdflib(graph: Iterable[tuple[Any, ...]]) -> Iterator[Triple]:
    nodes: dict[str, BlankNode] = {}

    def term(value: Any) -> Any:
        if isinstance(value, rdflib.BNode):
            return nodes.setdefault(str(value), BlankNode())
        if isinstance(value, rdflib.URIRef):
            return NamedNode(str(value))
        if value.language:
            return Literal(str(value), language=value.language)
        return Literal(str(value), datatype=NamedNode(str(value.datatype))) if value.datatype else Literal(str(value))

    for subject, predicate, value, *_ in graph:
        yield Triple(term(subject), term(predicate), term(value))


def from_pyld(text: str) -> Iterator[Triple]:
    nodes: dict[str, BlankNode] = {}

    def term(value: dict[str, str]) -> Any:
        if value["type"] == "IRI":
            return NamedNode(value["value"])
        if value["type"] == "blank node":
            return nodes.setdefault(value["value"], BlankNode())
        if "language" in value:
            return Literal(value["value"], language=value["language"])
        return Literal(value["value"], datatype=NamedNode(value["datatype"]))

    for row in jsonld.to_rdf(json.loads(text)).get("@default", []):
        yield Triple(*(term(row[place]) for place in ("subject", "predicate", "object")))


@pytest.fixture(autouse=True)
def _as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """rdflib reads literals as they are written."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


def written(triples: list[Triple], name: str) -> str | None:
    """Statements in a format; None where RDF/XML says that it has no words for them."""
    if name != "rdf":
        return rdf.write(triples, name, DEFAULT_BASE)
    try:
        return rdf.write(triples, name, DEFAULT_BASE)
    except DataError:
        return None


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=many(50, 3000), deadline=None)
@given(triples=STATEMENTS)
def test_what_is_written_is_what_was_there(name: str, triples: list[Triple]) -> None:
    text = written(triples, name)
    if text is None:
        return
    syntax = RdfFormat.from_extension(name)
    assert syntax is not None
    assert canonical(quad.triple for quad in parse(text.encode(), syntax)) == canonical(triples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = rdflib.Dataset(default_union=True)
        dataset.parse(data=text, format=READERS[name])
        assert canonical(map(valued, from_rdflib(dataset.quads()))) == canonical(map(valued, triples))
        if name == "jsonld" and "\u2028\u202e" not in text:  # pyld drops IRIs that have U+2028
            assert canonical(map(valued, from_pyld(text))) == canonical(map(valued, triples))
        if name == "rdf":
            assert ET.fromstring(text).tag.endswith("RDF")


@pytest.mark.parametrize(
    "of", ["http://e/", "http://e/#", f"{DEFAULT_BASE}id/method/", PREFIXES["skos"], "http://e/a&b/"]
)
def test_a_class_whose_iri_ends_in_no_name_is_xml(of: str) -> None:
    thing, said = NamedNode("http://e/x"), Literal('<a:b> "c" </a:>')
    triples = [
        Triple(thing, NamedNode(PREFIXES["rdf"] + "type"), NamedNode(of)),
        Triple(thing, NamedNode("http://e/p"), said),
    ]
    text = rdf.write(triples, "rdf", DEFAULT_BASE)
    assert ET.fromstring(text).tag.endswith("RDF")
    assert canonical(quad.triple for quad in parse(text.encode(), RdfFormat.RDF_XML)) == canonical(triples)


@pytest.mark.parametrize("name", ["ttl", "trig", "nt", "nq", "jsonld"])
def test_directions_are_kept(name: str) -> None:
    literal = Literal("دليل", language="ar", direction=BaseDirection.RTL)
    triples = [Triple(NamedNode("http://e/x"), NamedNode("http://e/p"), literal)]
    syntax = RdfFormat.from_extension(name)
    assert syntax is not None
    assert [q.triple for q in parse(rdf.write(triples, name, DEFAULT_BASE).encode(), syntax)] == triples


@pytest.mark.slow
@pytest.mark.parametrize(("name", "syntax"), [("ttl", "turtle"), ("rdf", "rdfxml"), ("nt", "ntriples")])
def test_raptor_reads_the_same(name: str, syntax: str) -> None:
    if shutil.which("rapper") is None:
        missing("rapper is not installed (apt-get install raptor2-utils)")
    node, predicate = NamedNode("http://e/x"), NamedNode("http://e/p")
    triples = [Triple(node, predicate, Literal(text)) for text in LEXICAL if text not in {"\x07", "\ufffe"}]
    triples += [Triple(node, predicate, Literal(text, datatype=NamedNode(DATATYPES[0]))) for text in LEXICAL[:9]]
    triples += [Triple(node, predicate, NamedNode(iri)) for iri in IRIS]
    if name == "rdf":
        triples = [t for t in triples if not (isinstance(t.object, Literal) and "\x0b" in t.object.value)]
    done = subprocess.run(
        ["rapper", "-q", "-i", syntax, "-o", "ntriples", "-", "http://e/"],
        input=rdf.write(triples, name, DEFAULT_BASE).encode(),
        capture_output=True,
        check=True,
    )
    read = parse(done.stdout, RdfFormat.N_TRIPLES)
    assert canonical(quad.triple for quad in read) == canonical(triples)


@pytest.mark.parametrize("name", ["ttl", "jsonld", "nt", "nq", "trig", "rdf"])
def test_long_lists_and_many_values_are_linear(name: str) -> None:
    node, predicate = NamedNode("http://e/x"), NamedNode("http://e/p")
    first, rest, nil = (NamedNode(PREFIXES["rdf"] + part) for part in ("first", "rest", "nil"))
    cells = [BlankNode() for _ in range(5_000)]
    triples = [Triple(node, predicate, Literal(f"name {number}", language="en")) for number in range(20_000)]
    for number, cell in enumerate(cells):
        triples.append(Triple(cell, first, Literal(number)))
        triples.append(Triple(cell, rest, cells[number + 1] if number + 1 < len(cells) else nil))
    triples.append(Triple(node, predicate, cells[0]))
    text = rdf.document_rdf(triples, Thing("x", node.value, "method", "X", None), DEFAULT_BASE, name)
    syntax = RdfFormat.from_extension(name)
    assert syntax is not None
    assert len(list(parse(io.BytesIO(text.encode()), syntax))) == len(triples)
