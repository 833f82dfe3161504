"""Results as the sandbox writes them: what the engine found, and never longer than it may be."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, QueryBoolean, QueryResultsFormat, QuerySolutions, parse_query_results

from kgcompare.errors import Refused
from kgcompare.formats.solutions import write_solutions
from kgcompare.sandbox import results as writing
from kgcompare.sandbox.request import Outcome, Request
from kgcompare.sandbox.results import result_bytes
from kgcompare.sandbox.worker import evaluate
from kgcompare.store.base import Solutions

FORMS = ("json", "xml", "csv", "tsv")
ENGINE = {"json": QueryResultsFormat.JSON, "xml": QueryResultsFormat.XML, "tsv": QueryResultsFormat.TSV}
SEPARATORS = (
    *("},{", "}},{", '"},{"', '\\"},{\\"', "\\", "\\\\", '\\\\"},{', '"', '\\"'),
    *("</result>", "<result></result>", "&lt;/result&gt;", "]]>"),
    *("a\nb", "a\r\nb", "\r", "\n", '"\n"', '""\r\n""', ",", "\t", "\\t\\n"),
    *("", " ", "é\u2028\U0001f600", "'"),
)
"""Texts that hold what stands between rows."""
DIGITS = "0 1 2 3 4 5 6 7 8 9"


def values(texts: tuple[str, ...]) -> str:
    """A query with a solution for each text, which comes as three terms."""
    rows = " ".join("({0} {0}@en {0}^^<http://e/t,u>)".format(Literal(text)) for text in texts)
    return f"SELECT ?a ?b ?c {{ VALUES (?a ?b ?c) {{ {rows} }} }}"


ROWS = {
    "texts with separators": (values(SEPARATORS), len(SEPARATORS)),
    "one column": (f"SELECT ?a {{ VALUES ?a {{ {' '.join(map(str, map(Literal, SEPARATORS)))} }} }}", len(SEPARATORS)),
    "long texts": (values(("},{</result>\n" * 3000, '"\\' * 9001, "\n\r" * 9000)), 3),
    "many": (
        f"SELECT * {{ VALUES ?a {{ {DIGITS} }} VALUES ?b {{ {DIGITS} }} "
        """VALUES ?c { '},{' '"' '\\\\' '</result>' '\\n' 5 6 7 8 9 } }""",
        1000,
    ),
    "unbound": ("SELECT ?a ?b { VALUES (?a ?b) { (UNDEF UNDEF) (1 UNDEF) (UNDEF UNDEF) (UNDEF '},{') } }", 4),
    "no variables": ("SELECT * { {} UNION {} UNION {} }", 3),
    "IRIs with commas": ("SELECT ?a ?b { VALUES (?a ?b) { (<http://e/a,b> 1) (<http://e/,> <http://e/a>) } }", 2),
    "triple terms": (
        "SELECT * { VALUES ?t { <<( <http://e/a> <http://e/b> '},{' )>> <<( <http://e/a> <http://e/b> 1 )>> } }",
        2,
    ),
    "one": ("SELECT (1 AS ?a) {}", 1),
}
ENDLESS = "SELECT * { " + " ".join(f"VALUES ?v{n} {{ {DIGITS} }}" for n in range(12)) + " }"
"""A million million rows."""


def answered(query: str) -> QuerySolutions | QueryBoolean:
    results = pyoxigraph.Store().query(query)
    assert isinstance(results, QuerySolutions | QueryBoolean)
    return results


def rows_of(results: QuerySolutions | QueryBoolean) -> list[tuple[object, ...]]:
    assert isinstance(results, QuerySolutions)
    return [tuple(solution) for solution in results]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ROWS)
def test_there_are_as_many_rows_as_there_may_be_and_no_more(name: str, form: str) -> None:
    query, number = ROWS[name]
    assert len(rows_of(answered(query))) == number
    assert result_bytes(answered(query), form, rows=number) == result_bytes(answered(query), form)
    with pytest.raises(Refused, match=rf"^the answer has more than {number - 1} rows; ask for less, for instance with"):
        result_bytes(answered(query), form, rows=number - 1)


@pytest.mark.slow
@pytest.mark.parametrize("form", ENGINE)
@pytest.mark.parametrize("name", ROWS)
def test_rows_are_counted_wherever_chunks_end(name: str, form: str) -> None:
    query, number = ROWS[name]
    whole = result_bytes(answered(query), form)
    if form == "xml":
        whole = whole.replace(b"&#13;", b"\r")  # as the engine writes them
    for size in (1, 2, 3, 7, 64, len(whole)):
        in_chunks(whole, form, number, size)
        with pytest.raises(Refused):
            in_chunks(whole, form, number - 1, size)


def in_chunks(data: bytes, form: str, rows: int, size: int) -> int:
    """How many rows were counted of what is written in chunks of a size."""
    file = writing._WRITTEN[form][0](rows, None)
    for at in range(0, len(data), size):
        chunk = data[at : at + size]
        assert file.write(chunk) == len(chunk)
    return file._counted


@given(st.lists(st.text(alphabet="},{\"\\\n\r<>/result;&\ta'")), st.sampled_from(tuple(ENGINE)), st.integers(1, 40))
def test_rows_of_any_texts_are_counted(texts: list[str], form: str, size: int) -> None:
    query = values(tuple(texts))
    written = answered(query).serialize(format=ENGINE[form]) or b""
    assert in_chunks(written, form, len(texts) or 1, size) == (len(texts) or (form == "json"))


@pytest.mark.parametrize("form", ENGINE)
@pytest.mark.parametrize("name", ROWS)
def test_what_was_found_is_read_again(name: str, form: str) -> None:
    query = ROWS[name][0]
    parsed = parse_query_results(result_bytes(answered(query), form), ENGINE[form])
    assert rows_of(parsed) == rows_of(answered(query))


@pytest.mark.parametrize("name", ROWS)
def test_csv_has_a_field_for_each_value(name: str) -> None:
    query = ROWS[name][0]
    table = list(csv.reader(io.StringIO(result_bytes(answered(query), "csv").decode(), newline="")))
    rows = rows_of(answered(query))
    assert [len(fields) for fields in table] == [len(rows[0])] * (len(rows) + 1)
    for fields, row in zip(table[1:], rows, strict=True):
        assert fields == ["" if term is None else getattr(term, "value", str(term)) for term in row]


def test_line_ends_in_xml_are_what_they_were() -> None:
    """Parsers of XML make a line feed of a carriage return that stands as it is."""
    root = ET.fromstring(result_bytes(answered(values(("a\r\nb\rc\n",))), "xml"))
    assert [element.text for element in root.iter("{http://www.w3.org/2005/sparql-results#}literal")] == [
        "a\r\nb\rc\n"
    ] * 3


@pytest.mark.parametrize(("query", "truth"), [("ASK {}", "true"), ("ASK { FILTER (false) }", "false")])
def test_verdicts(query: str, truth: str) -> None:
    assert json.loads(result_bytes(answered(query), "json", 1, 100)) == {"head": {}, "boolean": truth == "true"}
    assert f"<boolean>{truth}</boolean>".encode() in result_bytes(answered(query), "xml", 1, 200)
    assert result_bytes(answered(query), "csv", 1, 100) == f"answer\r\n{truth}\r\n".encode()
    datatype = "http://www.w3.org/2001/XMLSchema#boolean"
    assert result_bytes(answered(query), "tsv", 1, 100) == f'?answer\n"{truth}"^^<{datatype}>\n'.encode()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ROWS)
def test_the_command_line_writes_what_the_endpoint_does(name: str, form: str) -> None:
    query = ROWS[name][0]
    results = answered(query)
    assert isinstance(results, QuerySolutions)
    variables = tuple(variable.value for variable in results.variables)
    text = write_solutions(Solutions(variables, [tuple(solution) for solution in results]), form)
    assert text.encode().removesuffix(b"\n") == result_bytes(answered(query), form).removesuffix(b"\n")
    assert text.endswith("\n")


@pytest.mark.parametrize("form", FORMS)
def test_bytes_are_counted_while_they_are_written(form: str) -> None:
    with pytest.raises(Refused, match="more than 50000 bytes"):
        result_bytes(answered(ENDLESS), form, size=50_000)
    with pytest.raises(Refused, match="more than 5000 rows"):
        result_bytes(answered(ENDLESS), form, rows=5_000, size=10_000_000)
    query = ROWS["many"][0]
    size = len(result_bytes(answered(query), form))
    assert len(result_bytes(answered(query), form, size=size)) == size
    with pytest.raises(Refused, match=f"more than {size - 1} bytes"):
        result_bytes(answered(query), form, size=size - 1)
    with pytest.raises(Refused, match="bytes"):
        result_bytes(answered("ASK {}"), form, size=3)


@pytest.mark.parametrize("rdf", ["ttl", "jsonld", "nt", "nq", "trig", "rdf"])
def test_statements_are_bounded_too(rdf: str) -> None:
    different = f"BIND (CONCAT({', '.join(f'STR(?v{n})' for n in range(12))}) AS ?text)"
    query = f"CONSTRUCT {{ <x:s> <x:p> ?text }} {ENDLESS.removeprefix('SELECT *').removesuffix('}')} {different} }}"
    few = Request(query + " LIMIT 10", 5.0, most_rows=100, most_bytes=100_000, rdf=rdf, prefixes={"x": "x:"})
    head, body = evaluate(pyoxigraph.Store(), few)
    assert (head.outcome, head.form) == (Outcome.ANSWERED, rdf)
    assert body
    for most_rows, most_bytes, what in ((1000, 100_000_000, "1000 rows"), (10**9, 5_000, "5000 bytes")):
        head, body = evaluate(pyoxigraph.Store(), Request(query, 5.0, most_rows, most_bytes, rdf=rdf))
        assert (head.outcome, body) == (Outcome.REFUSED, b"")
        assert re.match(f"the answer has more than {what}", head.detail)


@pytest.mark.parametrize("sign", ["\x01", "\x0b", "\ufffe"])
def test_no_answer_is_xml_that_cannot_be_read(sign: str) -> None:
    store = pyoxigraph.Store()
    found = store.query(f"SELECT ?o {{ VALUES ?o {{ {Literal(sign)} }} }}")
    assert isinstance(found, QuerySolutions)
    with pytest.raises(Refused, match="ask for JSON"):
        result_bytes(found, "xml")
    for predicate, text in (("p", sign), ("1", "text")):
        query = f"CONSTRUCT {{ <http://e/s> <http://e/{predicate}> {Literal(text)} }} WHERE {{}}"
        head, body = evaluate(store, Request(query, 5.0, 10, 10_000, rdf="rdf"))
        assert (head.outcome, body) == (Outcome.REFUSED, b"")
        assert "RDF/XML has no" in (head.detail or "")
    head, body = evaluate(store, Request('CONSTRUCT { <x:s> <x:p> "a\\r\\nb" } WHERE {}', 5.0, 10, 10_000, rdf="rdf"))
    assert "".join(ET.fromstring(body).itertext()).strip() == "a\r\nb"
