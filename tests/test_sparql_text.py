"""One text for two readers: what an engine finds in a query is what our tokeniser says is there."""

from __future__ import annotations

import contextlib
import re
import time

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean

from deep import many
from kgcompare.errors import QueryError, Refused
from kgcompare.rdf.sparql_text import names_dataset, unmistakable
from kgcompare.sandbox.screen import screen

ELSEWHERE = "<http://127.0.0.1:1/>"
"""An address that the engine refuses to ask, and says so."""
PROLOGUES = (
    "",
    "PREFIX ex: <http://e/> ",
    "PREFIX ex:<http://e/> PREFIX : <http://e/> PREFIX servicex: <http://e/> PREFIX fromex: <http://e/> ",
    "PREFIX ex: <http://[::1]> PREFIX : <http://[::1]> ",
    "PREFIXex:<http://e/>",
    "BASE <http://e/> PREFIX : <#> PREFIX ex: <> ",
)
HEADS = ("SELECT * ", "SELECT*", "ASK", "SELECT (1 AS ?z) ", "CONSTRUCT {?s ?p ?o} ", "DESCRIBE <http://e/s> ")
BODIES = (
    "{{ ?s ?p ?o {} }}",
    "{}{{ ?s ?p ?o }}",
    "{{ FILTER({}) }}",
    "{{ BIND({} AS ?q) SERVICE <http://127.0.0.1:1/> {{}} }}",
    "{{ ?s ?p {}SERVICE<http://127.0.0.1:1/>{{}} }}",
    "{}FROM<http://e/none>{{ ?s ?p ?o }}",
    "{{ VALUES ?v {{ {} }} }}# '''",
    "{{ FILTER(1<2#> '''\n) SERVICE <http://127.0.0.1:1/> {{}} {} #'''\n}}",
)
PIECES = (
    *("SERVICE", "service", "SILENT", "FROM", "NAMED", "fRoM", ELSEWHERE, "<http://e/g>", ":x", "ex:x", "servicex:s"),
    *("fromex:g", "SERVICEex:x", "FROMex:g", "ex:service", r"ex:a\-from", "?service", "$from", "?x", "_:service"),
    *("@from", "'from'", '"service"', r"'\from'", "'", "'''", '"', '"""', r"\u0027", r"\u0022", r"\q"),
    *(r"\u0053ERVICE", r"FR\u004FM", "#", "\n", " ", "<", ">", "<2#>", "<?b)", "<#a>", "<<", "<<(", ")>>", "(", ")"),
    *("{", "}", "{}", "1", "true", "^^", "AS", "BIND", "FILTER", "GRAPH", "VALUES", "UNION", "?s ?p ?o", "*", "/", "="),
)
TEXTS = st.builds(
    lambda prologue, head, body, pieces, glue: prologue + head + body.format(glue.join(pieces)),
    st.sampled_from(PROLOGUES),
    st.sampled_from(HEADS),
    st.sampled_from(BODIES),
    st.lists(st.sampled_from(PIECES), max_size=6),
    st.sampled_from(["", " "]),
)
OPEN = re.compile(r"(?<![?$\w:@])(?:service|from)", re.IGNORECASE)
"""Where a keyword may begin: not inside the name of a variable or blank node, or a language tag."""


@pytest.fixture(scope="module")
def two_graphs() -> pyoxigraph.Store:
    store = pyoxigraph.Store()
    for name in "gh":
        graph = NamedNode(f"http://e/{name}")
        store.add(Quad(NamedNode("http://e/s"), NamedNode("http://e/p"), Literal(name), graph))
    return store


def answer(store: pyoxigraph.Store, query: str, *, union: bool) -> list[str]:
    results = store.query(query, use_default_graph_as_union=union)
    return [str(bool(results))] if isinstance(results, QueryBoolean) else sorted(map(str, results))


@settings(max_examples=many(200, 10_000), deadline=None)
@given(query=TEXTS)
def test_no_engine_finds_a_keyword_that_we_do_not(two_graphs: pyoxigraph.Store, query: str) -> None:
    """A query that passes the screen asks nobody else (the engine would raise OSError), and is answered over all
    graphs only if it has no FROM.
    """
    try:
        screen(query)
    except Refused:
        return
    text = unmistakable(query)
    names = names_dataset(text)
    assert names or not OPEN.search(text)
    with contextlib.suppress(SyntaxError):
        answer(two_graphs, text, union=not names)


@pytest.mark.parametrize(
    "query",
    [
        "PREFIX ex: <http://e/> SELECT * { ?s ?p ?o }",
        "PREFIX service: <http://e/> SELECT ?service { service:s ?p ?service }",
        "PREFIX from: <http://e/> PREFIX other: <http://e/> SELECT * { from:s other:p ?from }",
        r"PREFIX fs: <http://e/> SELECT ('FROM \\service\from\t \'from' AS ?x) ('\\from' AS ?y) { fs:s ?p 'g' }",
        "PREFIX fromservice: <http://e/>\nSELECT * { fromservice:s ?p 'g' }",
        "SELECT (<http://e/SERVICE#from> AS ?x) ('''FROM <x>''' AS ?y) {} # FROM <http://e/none> SERVICE",
        r"PREFIX ex: <http://e/from/> SELECT (ex:service AS ?x) (ex:a\-from\/service.b AS ?y) (ex: AS ?z) {}",
        "BASE <http://e/> PREFIX : <#> SELECT (:from AS ?x) (:Service AS ?y) {}",
        "SELECT * { ?s <http://e/p> 'g' . _:service ?from 'g' }",
        "PREFIX s: <http://e/> SELECT ('x'@service AS ?x) { s:s s:p 'g' FILTER(1<2 && 'from' != 'service') }",
        "SELECT * FROM <http://e/g> { ?s ?p ?o FILTER(STR(?o) != 'from') }",
        "SELECT*FROMNAMED<http://e/g>{GRAPH?g{?s ?p ?o}}",
    ],
)
def test_the_plain_text_means_the_same(two_graphs: pyoxigraph.Store, query: str) -> None:
    text = unmistakable(query)
    assert unmistakable(text) == text
    assert names_dataset(text) or not OPEN.search(text)
    union = not names_dataset(query)
    assert answer(two_graphs, text, union=union) == answer(two_graphs, query, union=union) != []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT*FROMNAMED<http://e/g>{ GRAPH ?g { ?s ?p ?o } }", 1),
        ("SELECT*FROM<http://e/g>{?s ?p ?o}", 1),
        ("CONSTRUCTFROM<http://e/g>WHERE{?s ?p ?o}", 1),
        ("CONSTRUCT{?s ?p ?o}FROM<http://e/g>WHERE{?s ?p ?o}", 1),
        ("PREFIX : <http://e/> SELECT * FROM :g { ?s ?p ?o }", 1),
        ("SELECT * { ?s ?p ?o } # FROM <http://e/g>", 2),
        ("SELECT * { GRAPH?g{ ?s ?p ?o } }", 2),
    ],
)
def test_a_keyword_wants_no_space(two_graphs: pyoxigraph.Store, query: str, found: int) -> None:
    text = unmistakable(query)
    assert len(answer(two_graphs, text, union=not names_dataset(text))) == found


@pytest.mark.parametrize("name", ["FROMex:lasso", "FROM:g", "FROMNAMEDex:g", "FROM NAMEDex:from"])
def test_a_name_that_may_be_a_keyword_and_a_name_is_refused(name: str) -> None:
    query = f"PREFIX ex: <http://e/> PREFIX : <http://e/> SELECT * {name} {{ ?s ?p ?o }}"
    for read in (screen, unmistakable):
        with pytest.raises(QueryError, match="is not declared; a keyword before a name wants a space"):
            read(query)


@pytest.mark.parametrize(
    "query",
    [
        "PREFIX schema: <http://schema.org/> SELECT * { ?s a schema:Service ; schema:serviceType ?service }",
        "PREFIX service: <http://e/> SELECT * { service:s service:p ?o . ?service a service:SERVICE }",
        "SELECT * { ?s <http://e/SERVICE> 'SERVICE <x> {}' } # SERVICE <x> {}",
        "PREFIX from: <http://e/> SELECT ?from { GRAPH from:g { ?from from:from ?o } }",
        "PREFIX ex: <http://e/> SELECT * { ?s ex:service/ex:from* ?o FILTER(?o<3 && ?o > 1) }",
        "BASE <http://e/> SELECT * { <service> <#from> ?o }",
    ],
)
def test_nobody_is_refused_for_a_word(two_graphs: pyoxigraph.Store, query: str) -> None:
    screen(query)
    answer(two_graphs, unmistakable(query), union=True)


@pytest.mark.parametrize("query", ["\ufeffASK {}", "\ufeffPREFIX from: <http://e/> ASK { from:s ?p ?o }"])
def test_a_byte_order_mark_is_passed_over(two_graphs: pyoxigraph.Store, query: str) -> None:
    assert answer(two_graphs, unmistakable(query), union=True) == ["True"]


@pytest.mark.parametrize(
    "piece",
    ["from ", "'''from", "'from", "ex:from ", "<from", "#from\n", "SERVICE", "\\", "?from", "{ 'service' ", "'''\\q"],
)
def test_long_texts_are_written_plainly_in_time(piece: str) -> None:
    query = "PREFIX ex: <http://e/> SELECT * { from " + piece * (100_000 // len(piece))
    start = time.monotonic()
    unmistakable(query)
    assert time.monotonic() - start < 5
