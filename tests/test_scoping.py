"""Queries that say themselves which graphs they read."""

from __future__ import annotations

import re

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean, QuerySolutions, Store

from kgcompare.errors import QueryError
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.queries import every, parse
from kgcompare.rdf.scoping import OURS, scoped
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.probing import Graphs

BASE = Base()
GRAPHS = Graphs.of((), BASE)
LASSO = NamedNode(BASE.record("method", "lasso"))
PREFIX = "PREFIX e: <http://e/> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> "


@pytest.fixture(scope="module")
def both(small_store: object) -> tuple[Store, Store]:
    """The small catalogue alone, and with graphs of others that speak of the same things."""
    alone, among = Store(), Store()
    quads = list(EmbeddedStore(small_store).snapshot().quads())  # type: ignore[arg-type]
    alone.extend(quads)
    among.extend(quads)
    others = NamedNode("http://others.example/graph")
    for quad in [*quads[:400], *alone.quads_for_pattern(LASSO, None, None, None)]:
        among.add(Quad(quad.subject, quad.predicate, Literal("not ours"), others))
        among.add(Quad(quad.subject, quad.predicate, NamedNode("http://others.example/x"), others))
    among.add(Quad(LASSO, NamedNode("http://e/p"), Literal("kept beside"), NamedNode(BASE.history_graph + "/mark")))
    return alone, among


def answer(store: Store, query: str, union: bool) -> object:
    found = store.query(query, use_default_graph_as_union=union)
    if isinstance(found, QueryBoolean):
        return bool(found)
    if isinstance(found, QuerySolutions):
        places = [n for n, variable in enumerate(found.variables) if not variable.value.startswith(OURS)]
        return sorted(str([row[place] for place in places]) for row in found)
    return sorted(map(str, found))


PLAIN = [query for query in every() if query.name not in {"differences", "quads", "graphs", "changes"}]


@pytest.mark.parametrize("query", PLAIN, ids=lambda query: query.name)
def test_our_queries_give_what_they_give_without_the_graphs_of_others(both: tuple[Store, Store], query: object) -> None:
    alone, among = both
    text = parse("x", re.sub(r"\(?UNDEF\)?", lambda found: found[0], query.text)).text  # type: ignore[attr-defined]
    assert answer(among, scoped(text, GRAPHS.condition), union=False) == answer(alone, text, union=True)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * WHERE { ?s a ?c }",
        "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s HAVING (COUNT(*) > 3) ORDER BY ?s VALUES ?s { UNDEF }",
        "SELECT ?s { ?s ?p 'Lasso'@en ; a ?c, ?d . ?x e:y 1 } LIMIT 3",
        "SELECT ?s { ?s ?p -1.5 } ",
        "SELECT ?a { ?s !e:p ?a OPTIONAL { ?a e:p [ e:q ?b ; e:r ( 1 ?b ) ] } FILTER NOT EXISTS { ?a a ?x } }",
        "SELECT ?a { ?s (e:a|^e:b) ?a . MINUS { ?s e:c _:b . _:b e:d 'x'^^e:t } }",
        "SELECT ?n { { SELECT DISTINCT ?n { ?x rdf:first ?n } ORDER BY ?n LIMIT 5 } UNION { BIND (1 AS ?n) } }",
        "SELECT ?m (EXISTS { ?m a ?c } AS ?is) { GRAPH ?g { ?m ?p ?o } FILTER (EXISTS { ?m a ?d } && true) }",
        "ASK { ?l rdf:rest*/rdf:first ?x }",
        "CONSTRUCT { ?s e:is ?o } WHERE { ?s ?p ?o . ?o ?q ?s }",
    ],
)
def test_forms_of_queries(both: tuple[Store, Store], query: str) -> None:
    alone, among = both
    assert answer(among, scoped(PREFIX + query, GRAPHS.condition), union=False) == answer(alone, PREFIX + query, True)


def test_a_query_that_names_its_dataset_stays_as_it_is() -> None:
    query = "SELECT ?s FROM <http://e/g> { ?s ?p ?o }"
    assert scoped(query, GRAPHS.condition) == query


@pytest.mark.parametrize(
    "query", ["SELECT ?x { ?x e:broader? ?y }", "DESCRIBE <http://e/x>", "SELECT ?x { ?x", "", "x"]
)
def test_what_cannot_be_written_so(query: str) -> None:
    with pytest.raises(QueryError):
        scoped(PREFIX + query, GRAPHS.condition)


@pytest.mark.parametrize(
    ("patterns", "is_met"),
    [
        ((), (True, True, False)),
        (("http://e/one",), (False, False, True)),
        (("http://e/*", BASE.value + "doc/*"), (True, False, True)),
        (("*",), (True, True, True)),
    ],
)
def test_patterns_of_graphs(patterns: tuple[str, ...], is_met: tuple[bool, ...]) -> None:
    store, graphs = Store(), Graphs.of(patterns, BASE)
    names = (BASE.value + "doc/method/lasso", BASE.vocabulary_graph, "http://e/one")
    beside = BASE.history_graph + "/lock"
    for name in (*names, beside):
        store.add(Quad(LASSO, LASSO, LASSO, NamedNode(name)))
    found = store.query(f"SELECT ?g {{ GRAPH ?g {{ }} FILTER ({graphs.condition('?g')}) }}")
    assert isinstance(found, QuerySolutions)
    assert {row[0].value for row in found} == {name for name, met in zip(names, is_met, strict=True) if met}
