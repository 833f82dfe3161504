"""queries/*.rq stand on their own, and binding changes nothing but what it binds."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph
import pytest
import rdflib
import rdflib.plugins.sparql.parser
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolutions

from deep import many
from kgcompare import resources
from kgcompare.errors import QueryError, Refused
from kgcompare.rdf import queries, sparql_text
from kgcompare.rdf.graph import Term
from kgcompare.rdf.queries import Bindable, Query
from kgcompare.sandbox.screen import screen
from kgcompare.store.embedded import EmbeddedStore
from three_ways import Rdflib

# rdflib 7.6 uses its own deprecated attributes when it answers.
pytestmark = pytest.mark.filterwarnings(r"ignore:Dataset\.\w+ is deprecated:DeprecationWarning")

EVERY = queries.every()
EMPTY_HERE = ("any_graph", "broader", "dataset_licences", "endpoint_", "index_dates", "report_")
"""Queries that find nothing in small data where all is well."""


# -- the files -------------------------------------------------------------------------------------------


def test_every_file_is_loaded() -> None:
    files = sorted(path.stem for path in resources.folder("queries").glob("*.rq"))
    assert [query.name for query in EVERY] == files
    assert {"compare", "differences"} <= set(files)


@pytest.mark.parametrize("query", EVERY, ids=lambda query: query.name)
class TestFile:
    def test_says_what_it_answers(self, query: Query) -> None:
        assert query.title
        assert query.summary
        assert query.returns
        blocks = {tuple(re.findall(r"\w+", block["variables"])) for block in queries._BLOCK.finditer(query.text)}
        for param in query.params:
            words = param.split()
            assert any(tuple(words[:n]) in blocks for n in range(1, len(words))), f"no block for {param!r}"

    def test_names_its_columns_and_orders_its_solutions(self, query: Query) -> None:
        assert not re.search(r"SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?\*", query.text)
        if re.search(r"^SELECT\b", query.text, re.MULTILINE):
            single = re.search(r"^SELECT (?:\((?:COUNT|MAX)\(.*\) AS \?\w+\) ?)+$", query.text, re.MULTILINE)
            assert "\nORDER BY " in query.text or "in no order" in query.summary + query.returns or single

    def test_declares_the_prefixes_that_it_uses_and_no_others(self, query: Query) -> None:
        bare = " ".join(text for kind, text in sparql_text.tokens(query.text) if kind not in {"iri", "string"})
        declared = re.findall(r"PREFIX ([a-z]+):", bare)
        assert declared == sorted(declared)
        assert set(re.findall(r"(?<![?\w])([a-z]+):", bare)) == set(declared)

    def test_runs_as_it_stands_on_oxigraph(self, query: Query, oxigraph: pyoxigraph.Store) -> None:
        found = oxigraph.query(query.text, use_default_graph_as_union=True)
        if isinstance(found, QuerySolutions) and not query.name.startswith(EMPTY_HERE):
            assert list(found)

    @pytest.mark.slow
    def test_runs_as_it_stands_on_rdflib(self, query: Query, engine: Rdflib) -> None:
        found = list(engine.dataset.query(query.text))
        assert found or query.name.startswith(EMPTY_HERE)


@pytest.fixture(scope="module")
def small(small_store: Path) -> list[Quad]:
    snapshot = EmbeddedStore(small_store).snapshot()
    return [q for q in snapshot.quads() if q.graph_name != NamedNode(snapshot.base.vocabulary_graph)]


@pytest.fixture(scope="module")
def oxigraph(small: list[Quad]) -> pyoxigraph.Store:
    store = pyoxigraph.Store()
    store.extend(small)
    return store


@pytest.fixture(scope="module")
def engine(small: list[Quad]) -> Rdflib:
    engine = Rdflib()
    engine.fill(small)
    return engine


def test_no_such_file() -> None:
    with pytest.raises(QueryError, match="there is no query nonsense"):
        queries.load("nonsense")


# -- binding ---------------------------------------------------------------------------------------------

ONE = queries.parse("one", "SELECT ?value WHERE { VALUES ?value { UNDEF } }")
TWO = queries.parse("two", "SELECT ?a ?b WHERE { VALUES (?a ?b) { (UNDEF UNDEF) } VALUES ?c { 1 } }")
NASTY = [
    '"', "'", "\\", '\\"', "\n", "\r", "\t", "\b", "\f", "{", "}", "<", ">", "#", "?value", "$value", "^^", "@en",
    '"' * 3, "'" * 3, "VALUES ?value { <http://example.org/> }", "} UNION { ?s ?p ?o }", ". } ; DROP ALL #", "UNDEF",
    "FROM <http://example.org/g>", "\u2028", "\u0085", "\ufeff", "\ufffe", "\U0001f600", "\U0010ffff", "\x01", "\x7f",
    "\\u0022", "\\U00000022", "\\u000A", "\\", "u0022", "U0000005C", "abcd", "\u202e", "e\u0301", "%22",
]  # fmt: skip
hostile = st.lists(
    st.one_of(
        st.sampled_from(NASTY), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
    ),
    max_size=5,
).map("".join)
in_iris = st.lists(
    st.one_of(
        st.sampled_from([part for part in NASTY if not re.search(r"[\x00-\x20<>\"{}|^`\\]", part)]),
        st.text(
            st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"], exclude_characters=' <>"{}|^`\\%'), max_size=8
        ),
        st.sampled_from(["%7B", "(", ")", "*", "?x", "#", "//", "'", ";", ",", "--"]),
    ),
    max_size=4,
).map("".join)
SCHEMES = (
    "http://example.org/",
    "https://example.org/",
    "HTTP://example.org/",
    "urn:example:",
    "doi:10.1/",
    "info:x/",
    "tag:x,2026:",
)


def iri_or_nothing(text: str) -> NamedNode | None:
    try:
        return NamedNode(text)
    except ValueError:
        return None  # no IRI: pyoxigraph makes no term of it


iris = st.builds(lambda scheme, rest: iri_or_nothing(scheme + rest), st.sampled_from(SCHEMES), in_iris).filter(bool)
DATATYPES = ("http://id.loc.gov/datatypes/edtf/EDTF", "http://www.w3.org/2001/XMLSchema#anyURI", "urn:x:d")
LANGUAGES = ("en", "fr-ca", "zh-hant-tw", "x-a")
literals = st.one_of(
    hostile.map(Literal),
    st.builds(lambda text, lang: Literal(text, language=lang), hostile, st.sampled_from(LANGUAGES)),
    st.builds(lambda text, kind: Literal(text, datatype=NamedNode(kind)), hostile, st.sampled_from(DATATYPES)),
)


def solutions(query: str) -> list[list[Term | None]]:
    found = pyoxigraph.Store().query(query)
    assert isinstance(found, QuerySolutions)
    return [list(solution) for solution in found]


@pytest.mark.slow
@settings(max_examples=many(60, 3000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(hostile, min_size=15, max_size=15), st.lists(iris, min_size=8, max_size=8))
def test_every_bound_term_comes_back_as_it_was(texts: list[str], nodes: list[NamedNode]) -> None:
    terms: list[Bindable] = [*nodes]
    for number, text in enumerate(texts):
        terms += [Literal(text), Literal(text, language=LANGUAGES[number % len(LANGUAGES)])]
        terms.append(Literal(text, datatype=NamedNode(DATATYPES[number % len(DATATYPES)])))
    for term in terms:
        assert solutions(ONE.bind(value=[term])) == [[term]]
    assert solutions(ONE.bind(value=terms)) == [[term] for term in terms]
    pairs = list(zip(terms[::2], terms[1::2], strict=False))
    assert solutions(TWO.bind(a__b=pairs)) == [list(pair) for pair in pairs]


@settings(max_examples=many(40, 3000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(iris, literals))
@example(Literal("\\u0022"))
@example(Literal("\\\\U00000022\\\\\\u000A"))
@example(Literal("\x01abcd\x7f0000\\"))
@pytest.mark.slow
def test_rdflib_reads_the_same_term(term: NamedNode | Literal) -> None:
    found = list(Rdflib().select(ONE.bind(value=[term])))
    assert found == [[term]]


@settings(max_examples=many(40, 3000), deadline=None)
@given(st.lists(literals, min_size=1, max_size=3))
def test_what_is_bound_is_not_looked_at_again(terms: list[Literal]) -> None:
    block = "VALUES ?value { UNDEF }"
    query = queries.parse("twice", f"SELECT ?value WHERE {{ {{ {block} }} UNION {{ {block} }} VALUES ?b {{ 1 }} }}")
    inside = Literal(f"{terms[0].value} {block} VALUES ?b {{ 2 }}")
    assert solutions(query.bind(value=[inside, *terms])) == [[term] for term in [inside, *terms] * 2]


def test_undef_and_no_values() -> None:
    assert solutions(ONE.bind(value=[None])) == [[None]]
    assert solutions(ONE.bind(value=[])) == []
    assert solutions(TWO.bind(a__b=[(None, Literal("x"))])) == [[None, Literal("x")]]


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/plain,x",
        "mailto:a@b",
        "ftp://example.org/",
        "x:y",
        "JavaScript:1",
    ],
)
def test_other_schemes_are_refused(text: str) -> None:
    with pytest.raises(QueryError, match="allowed scheme"):
        ONE.bind(value=[NamedNode(text)])


def test_what_no_query_can_hold_is_refused() -> None:
    with pytest.raises(QueryError, match="BlankNode cannot be bound"):
        ONE.bind(value=[BlankNode("b")])  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="19 terms for 1 variables"):
        ONE.bind(value=["http://example.org/"])  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="int cannot be bound"):
        ONE.bind(value=[1])  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="base direction"):
        ONE.bind(value=[Literal("x", language="ar", direction=pyoxigraph.BaseDirection.RTL)])
    with pytest.raises(QueryError, match="no parameter nothing"):
        ONE.bind(nothing=[Literal("x")])
    with pytest.raises(QueryError, match="1 terms for 2 variables"):
        TWO.bind(a__b=[(Literal("x"),)])
    with pytest.raises(QueryError, match="one term for 2 variables"):
        TWO.bind(a__b=[Literal("x")])


@given(hostile)
@example("relative")
@example("//example.org/x")
@example("http:")
def test_a_relative_iri_is_no_term(text: str) -> None:
    node = iri_or_nothing(text)
    if node is not None:
        assert re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", node.value)


# -- datasets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM <http://example.org/g> WHERE { ?s ?p ?o }",
        "SELECT *FROM<http://example.org/g>{ ?s ?p ?o }",
        "select * from named <http://example.org/g> { ?s ?p ?o }",
        "SELECT * FROM NAMED<http://example.org/g> { ?s ?p ?o }",
        "PREFIX ex: <http://example.org/> SELECT * FROM ex:g { ?s ?p ?o }",
        "PREFIX : <http://example.org/> SELECT * FROM :g { ?s ?p ?o }",
        "PREFIX : <http://example.org/> ASK FROM : { ?s ?p ?o }",
        "PREFIX from: <http://example.org/> ASK FROM from:from { ?s ?p ?o }",
        "PREFIX named: <http://example.org/> ASK FROM named:x { ?s ?p ?o }",
        "PREFIX named: <http://example.org/> ASK FROM NAMED named:x { ?s ?p ?o }",
        "ASK FROM # a comment\n <http://example.org/g> { ?s ?p ?o }",
        "ASK #it's\nFROM <http://example.org/g> { ?s ?p 'x' }",
        "SELECT ('it''s' AS ?x) FROM <http://example.org/g> { ?s ?p ?o }".replace("''", "\\'"),
        "SELECT ('''it's ''quoted'' # ''' AS ?x) FROM <http://example.org/g> { ?s ?p ?o }",
        'SELECT ("""say "FROM" # """ AS ?x) FROM <http://example.org/g> { ?s ?p ?o }',
        "PREFIX ex: <http://example.org/> SELECT (ex:d\\'arc(1) AS ?x) FROM ex:g { ?s ?p 'x' }",
        "DESCRIBE <http://example.org/#a>FROM <http://example.org/g>",
        "CONSTRUCT { ?s ?p ?o } FROM <http://example.org/g> WHERE { ?s ?p ?o }",
        "SELECT (1<2 AS ?a) (3>2 AS ?b) FROM <http://example.org/g> { ?s ?p ?o }",
    ],
)
def test_a_query_that_names_its_dataset(query: str) -> None:
    assert sparql_text.names_dataset(query)
    understood(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT ?from { ?from <http://example.org/p> ?o }",
        "SELECT $from { $from <http://example.org/p> ?o }",
        "SELECT * { ?s ?p 'FROM <http://example.org/g>' }",
        'SELECT * { ?s ?p "a \\" FROM <http://example.org/g>" }',
        'SELECT * { ?s ?p """a " FROM <http://example.org/g> \\""" FROM <http://example.org/g> """ }',
        "SELECT * { ?s ?p '''FROM\n<http://example.org/g>''' }",
        "SELECT * { ?s ?p ?o } # FROM <http://example.org/g>",
        "# FROM <http://example.org/g>\nSELECT * { ?s ?p ?o }",
        "SELECT * { <http://example.org/FROM> <http://example.org/#FROM> ?o }",
        "PREFIX from: <http://example.org/> SELECT * { from:a from:b ?o }",
        "PREFIX ex: <http://example.org/> SELECT * { ex:from ex:a-from ex:FROM }",
        "PREFIX ex: <http://example.org/> SELECT * { ex:a\\-from ex:b <http://example.org/c> }",
        "PREFIX ex: <http://example.org/> SELECT * { ex:from <http://example.org/a> ex:b }",
        "SELECT * { ?s ?p 'x'@from }",
        "SELECT * { ?s ?p '<' FILTER (?s < 'FROM <http://example.org/g>' && ?p > 'x') }",
    ],
)
def test_a_query_that_does_not(query: str) -> None:
    assert not sparql_text.names_dataset(query)
    understood(query)


def understood(query: str) -> None:
    """It is SPARQL, and rdflib's parser sees the same."""
    prologue, said = rdflib.plugins.sparql.parser.parseQuery(query)
    del prologue
    assert bool(said.datasetClause) == sparql_text.names_dataset(query)


@settings(max_examples=many(100, 5000), deadline=None)
@given(hostile, st.booleans())
def test_no_string_hides_or_feigns_a_dataset(text: str, names: bool) -> None:
    clause = "FROM <http://example.org/g>" if names else ""
    comment = re.split(r"[\n\r]", text)[0]
    query = f"SELECT ({Literal(text)} AS ?x) #{comment}\n {clause} WHERE {{ ?s ?p {Literal(text, language='en')} }}"
    assert sparql_text.names_dataset(f"{query} #{comment}") == names


@pytest.mark.parametrize("escape", ["\\u000A", "\\U0000000A", "\\u000D"])
@pytest.mark.parametrize("quote", ['"""', "'''"])
def test_an_escape_ends_no_comment(escape: str, quote: str) -> None:
    """As Oxigraph reads it: what stands on the next line is no text in quotes."""
    query = f"SELECT * {{\n# {escape}{quote}\nSERVICE SILENT <http://127.0.0.1:1/> {{ ?s ?p ?o }}\n# {quote}\n}}"
    assert ("word", "SERVICE") in list(sparql_text.tokens(query))
    with pytest.raises(Refused, match="SERVICE is not available"):
        screen(query)
