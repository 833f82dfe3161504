"""The contract of a store with real engines behind it: what is read is what the embedded store says.

Each engine holds the small catalogue, its history, and a graph of others that speaks of the same things. The whole
bundled catalogue is compared by ``KGC_DEEP=1 pytest tests/test_engines_whole.py``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from conftest import Run
from deep import many
from engines import ENGINES, PATIENCE, Engine, Oxigraph, Virtuoso, running
from kgcompare.catalogue import Catalogue
from kgcompare.formats import COMPARISON, render
from kgcompare.rdf.queries import load
from kgcompare.report import make
from kgcompare.sandbox.limits import Limits
from kgcompare.schema.context import context
from kgcompare.search import Filter
from kgcompare.store.base import Solutions, Statements
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

pytestmark = pytest.mark.slow
BASE = "https://w3id.org/kgcompare/"
OTHERS = NamedNode("http://others.example/graph")
LABEL = NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
USED, MADE_BY = (NamedNode("http://www.w3.org/ns/prov#" + name) for name in ("used", "wasAssociatedWith"))
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


def filled(engine: Engine, store: Path) -> str:
    """Gives an engine all of a store, and a graph of others."""
    snapshot = EmbeddedStore(store).snapshot()
    lasso, stranger = NamedNode(BASE + "id/method/lasso"), NamedNode(BASE + "id/method/stranger")
    others = [
        Quad(lasso, LABEL, Literal("Not the lasso", language="en"), OTHERS),
        Quad(stranger, TYPE, NamedNode(BASE + "ns#Method"), OTHERS),
        Quad(stranger, LABEL, Literal("Stranger", language="en"), OTHERS),
    ]
    return engine.load([*snapshot.quads(), *snapshot.graph(snapshot.base.history_graph), *others])


@pytest.fixture(scope="module", params=list(ENGINES))
def url(request: pytest.FixtureRequest, small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine."""
    with running(request.param, tmp_path_factory.mktemp(request.param)) as engine:
        yield filled(engine, small_store)


@pytest.fixture(scope="module")
def there(url: str) -> Iterator[Catalogue]:
    with Catalogue(RemoteStore(url, timeout=PATIENCE)) as found:
        yield found


@pytest.fixture(scope="module")
def here(small_store: Path) -> Iterator[Catalogue]:
    with Catalogue(EmbeddedStore(small_store)) as found:
        yield found


def plain(term: object) -> str:
    return re.sub(r"_:\w+|BlankNode value=\w+", "_:b", str(term))


def test_statements_and_graphs(there: Catalogue, here: Catalogue, tmp_path: Path) -> None:
    found, expected = there.generation().snapshot, here.generation().snapshot
    assert Counter(map(plain, found.quads())) == Counter(map(plain, expected.quads()))
    assert sorted(found.graphs()) == sorted(expected.graphs())
    name = BASE + "doc/method/lasso"
    assert sorted(map(plain, found.graph(name))) == sorted(map(plain, expected.graph(name)))
    assert found.graph(BASE + "doc/method/nothing") == []
    found.dump(tmp_path / "all.nq")
    assert len(list(parse(path=str(tmp_path / "all.nq"), format=RdfFormat.N_QUADS))) == len(list(expected.quads()))


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_comparisons_in_every_format(there: Catalogue, here: Catalogue, lang: str) -> None:
    ids = ["lasso", "gan", "nothing", "ridge", "elbow"]
    found, expected = there.compare(ids, lang), here.compare(ids, lang)
    assert found == expected
    for form in COMPARISON:
        assert render(found, form, BASE) == render(expected, form, BASE), form


def test_records_lists_and_counts(there: Catalogue, here: Catalogue) -> None:
    found, expected = there.generation(), here.generation()
    for kind, slug in (("method", "lasso"), ("agent", "ian-goodfellow"), ("source", "hoerl-1970")):
        assert found.record(kind, slug, "fr") == expected.record(kind, slug, "fr")
    for query in (Filter(), Filter("régularisation"), Filter("goodfellow"), Filter(facets={"domain": "statistics"})):
        of_found, of_expected = found.search(query, "fr", facets=True), expected.search(query, "fr", facets=True)
        assert [thing.id for thing in of_found.things] == [thing.id for thing in of_expected.things]
        assert of_found.facets == of_expected.facets
    assert found.counts() == expected.counts()
    assert context(found.shapes) == context(expected.shapes)
    assert replace(make(found), generation="") == replace(make(expected), generation="")


def test_a_query_that_only_a_copy_can_answer(there: Catalogue, here: Catalogue) -> None:
    query = "SELECT ?a ?b { ?a <http://www.w3.org/2004/02/skos/core#broader>* ?b . ?a a ?c }"
    expected = here.query(query)
    found = there.query(query)
    assert isinstance(found, Solutions)
    assert isinstance(expected, Solutions)
    assert Counter(map(plain, found.rows)) == Counter(map(plain, expected.rows))


@pytest.mark.parametrize("name", ["index_things", "methods", "dataset_classes", "report_rows", "labels", "shapes"])
def test_queries_that_go_over_everything(there: Catalogue, here: Catalogue, name: str) -> None:
    found, expected = there.query(load(name).text), here.query(load(name).text)
    if isinstance(found, Solutions) and isinstance(expected, Solutions):
        assert found.variables == expected.variables
        assert Counter(plain(row) for row in found.rows) == Counter(plain(row) for row in expected.rows)
    elif isinstance(found, Statements) and isinstance(expected, Statements):
        assert len(found.triples) == len(expected.triples) > 0
    else:
        pytest.fail("one answers otherwise")


def told(subject: object, predicate: object, value: object) -> tuple[object, object, object]:
    """A statement; a moment as the moment that it is, which engines write in their own ways."""
    if isinstance(value, Literal) and value.datatype.value.endswith("#dateTime"):
        value = datetime.fromisoformat(value.value)
    return subject, predicate, value


def test_what_is_said_of_changes(url: str, small_store: Path) -> None:
    """Of who made them, and of the files that they came from, too."""
    snapshot = EmbeddedStore(small_store).snapshot()
    graph = NamedNode(snapshot.base.history_graph)
    said = snapshot.graph(graph.value)
    changes = {quad.subject for quad in said if quad.predicate == USED and isinstance(quad.subject, NamedNode)}
    origins = {quad.object for quad in said if quad.subject in changes and quad.predicate in {USED, MADE_BY}}
    expected = {told(quad.subject, quad.predicate, quad.object) for quad in said if quad.subject in changes | origins}
    assert {subject for subject, _, _ in expected} > changes, "something is said of a file"
    query = load("endpoint_activities").bind(graph=[graph], change=sorted(changes, key=str))
    found = RemoteStore(url, timeout=PATIENCE, probe=False).engine.ask(query)
    assert isinstance(found, Solutions)
    assert {told(*row[1:]) for row in found.rows} == expected


def test_pages(url: str, small_store: Path) -> None:
    found = create_app(Settings(endpoint=url)).test_client()
    expected = create_app(Settings(store=small_store)).test_client()
    for path in (
        "/compare?method=lasso&method=elbow",
        "/compare.csv?method=lasso&method=gan&lang=fr",
        "/id/method/lasso.ttl",
        "/methods",
        "/methods?q=lasso",
    ):
        one, other = found.get(path), expected.get(path)
        assert (one.status_code, one.mimetype) == (other.status_code, other.mimetype), path
        if not path.endswith(".ttl"):
            assert without_what_shows(one.text) == without_what_shows(other.text), path


PASSED_ON = [
    "SELECT ?s ?n WHERE { ?s a kgc:Method ; skos:prefLabel ?n FILTER(lang(?n) = 'en') } ORDER BY ?s ?n",
    "ASK { ?s a kgc:Method }",
    "CONSTRUCT { ?s skos:prefLabel ?n } WHERE { ?s a kgc:Method ; skos:prefLabel ?n FILTER(lang(?n) = 'en') }",
    "SELECT (COUNT(*) AS ?n) FROM <https://w3id.org/kgcompare/doc/method/lasso> WHERE { ?s ?p ?o }",
    "SELECT ?g WHERE { GRAPH ?g { <https://w3id.org/kgcompare/id/method/lasso> a kgc:Method } }",
    "SELECT ?o WHERE { <https://w3id.org/kgcompare/id/method/lasso> skos:prefLabel ?o } ORDER BY ?o",
    "SELECT ?s WHERE { ?s skos:prefLabel 'Stranger'@en }",
]
"""Queries of strangers; none sees the graph of others."""


def test_strangers_queries_are_passed_on(url: str, small_store: Path) -> None:
    limits = Limits(answer_rows=60, answer_bytes=20_000)
    there = create_app(Settings(endpoint=url, limits=limits)).test_client()
    here = create_app(Settings(store=small_store, limits=limits)).test_client()
    prefixes = "PREFIX kgc: <https://w3id.org/kgcompare/ns#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    for query in PASSED_ON:
        for form in ("nt",) if "CONSTRUCT" in query else ("json", "xml", "csv", "tsv"):
            asked = {"query": prefixes + query, "format": form}
            found, expected = there.get("/sparql", query_string=asked), here.get("/sparql", query_string=asked)
            assert found.status_code == expected.status_code == 200, (query, found.text)
            assert found.content_type == expected.content_type
            assert sorted(found.data.splitlines()) == sorted(expected.data.splitlines()), (query, form)
    for query, says in (
        ("SELECT * { SERVICE <http://e/> { ?s ?p ?o } }", "SERVICE"),
        ("INSERT DATA { <a:a> <a:a> <a:a> }", "updates"),
        (f"SELECT * FROM {OTHERS} {{ ?s ?p ?o }}", "has no graph"),
        (f"SELECT * {{ GRAPH {OTHERS} {{ ?s ?p ?o }} }}", "has no graph"),
        ("SELECT ?p { ?s ?p ?o } LIMIT 61", "more than 60 rows"),
        ("SELECT (CONCAT(?o, ?o, ?o, ?o) AS ?x) { ?s skos:definition ?o }", "kB|KiB|bytes|MiB"),
        ("SELECT", ""),
    ):
        refused = there.get("/sparql", query_string={"query": prefixes + query})
        assert refused.status_code == 400, (query, refused.text[:300])
        assert re.search(says, refused.get_json()["detail"]), query


@pytest.mark.slow
@pytest.mark.parametrize("name", many(["virtuoso", "comunica"], list(ENGINES)))
def test_a_strangers_query_ends_in_time_whatever_the_engine_does(name: str, small_store: Path, tmp_path: Path) -> None:
    """The engine goes on with it; who asked has an answer, and nothing else waits for it."""
    every = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
    with running(name, tmp_path) as engine:
        app = create_app(Settings(endpoint=filled(engine, small_store), limits=Limits(query_timeout=2.0)))
        site = app.test_client()
        assert site.get("/compare.json?method=lasso&method=ridge").status_code == 200
        answer = site.get(
            "/sparql",
            query_string={"query": f"SELECT (COUNT(*) AS ?n) {{ {every} FILTER (CONCAT(STR(?a), ?l) = '') }}"},
        )
        assert (answer.status_code, "longer than it may" in answer.get_json()["detail"]) == (503, True)
        assert site.get("/compare.json?method=ridge&method=lasso").status_code == 200
        app.extensions["kgcompare"].close()


def without_what_shows(page: str) -> str:
    """What a page says itself, without what names the generation or leads to a history, which only a folder has."""
    page = re.sub(r".*<main\b|</main>.*", "", page, flags=re.DOTALL)
    page = re.sub(r"[Gg]eneration [\w-]+", "", page)
    page = re.sub(r"<a [^>]*(?:changes|history|edit|/new)[^>]*>[^<]*</a>", "", page)
    return re.sub(r"\s+", "", page)


def test_a_doctor(url: str, run: Run) -> None:
    said = run("doctor", "--endpoint", url, "--format", "json")
    assert said.code == 0, said.err
    found = {each["name"]: each for each in json.loads(said.out)["findings"]}
    assert found["graphs"]["state"] == "good"
    assert found["other graphs"]["found"] == "yes"
    assert found["SPARQL Update"]["state"] == "untried"
    table = run("doctor", "--endpoint", url)
    assert all(name in table.out for name in found if name != "a record"), "which is not looked at where it is slow"


def test_a_doctor_who_finds_nobody_or_nothing(run: Run, tmp_path: Path) -> None:
    assert run("doctor", "--endpoint", "http://127.0.0.1:9/").code == 3
    assert run("doctor", "--store", tmp_path).code == 2
    with running("oxigraph", tmp_path) as engine:
        assert run("doctor", "--endpoint", engine.load([])).code == 1
        update = engine.url.removesuffix("query") + "update"
        filled_with = engine.load([Quad(TYPE, TYPE, TYPE, NamedNode(BASE + "doc/x/y"))])
        said = run("doctor", "--endpoint", filled_with, "--update-endpoint", update, "--write", "--format", "json")
        findings = {each["name"]: each["state"] for each in json.loads(said.out)["findings"]}
        assert findings["SPARQL Update"] == "good"
        assert RemoteStore(filled_with).snapshot().graphs() == [BASE + "doc/x/y"]


def test_an_engine_that_cuts_its_answers_short(small_store: Path, here: Catalogue, tmp_path: Path) -> None:
    engine = Virtuoso(tmp_path, rows=200)
    try:
        with Catalogue(RemoteStore(filled(engine, small_store), timeout=PATIENCE)) as there:
            assert there.store.engine.traits.cap == 200  # type: ignore[attr-defined]
            expected = here.generation().snapshot
            assert Counter(map(plain, there.generation().quads())) == Counter(map(plain, expected.quads()))
            labels = load("labels").text
            found = there.generation().snapshot.select(labels).rows
            assert Counter(map(str, found)) == Counter(map(str, expected.select(labels).rows))
            assert len(found) > 200
            assert there.compare(["lasso", "gan"], "en") == here.compare(["lasso", "gan"], "en")
    finally:
        engine.stop()


@pytest.mark.parametrize("pattern", ["http://mine.example/*", "http://mine.example/g http://mine.example/h"])
def test_graphs_that_a_setting_names(tmp_path: Path, here: Catalogue, pattern: str) -> None:
    mine = [NamedNode("http://mine.example/g"), NamedNode("http://mine.example/h")]
    quads = list(here.generation().quads())
    engine = Oxigraph(tmp_path, union=False)
    try:
        url = engine.load(Quad(quad.subject, quad.predicate, quad.object, mine[n % 2]) for n, quad in enumerate(quads))
        with Catalogue(RemoteStore(url, timeout=PATIENCE, graphs=pattern.split())) as there:
            assert sorted(there.generation().snapshot.graphs()) == [graph.value for graph in mine]
            assert there.compare(["lasso", "gan"], "en") == here.compare(["lasso", "gan"], "en")
    finally:
        engine.stop()
