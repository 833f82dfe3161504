"""What runs beside the sandbox has an end: a bound, a share for each client, a deadline; work grows with the data."""

from __future__ import annotations

import gc
import json
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from deep import many
from kgcompare import ingest, report, search
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.values import Reader
from kgcompare.errors import DataError, Overrun
from kgcompare.ingest import Options
from kgcompare.rdf.graph import Graph, Node, structure_key
from kgcompare.rdf.namespaces import DEFAULT_BASE, PREFIXES, iri
from kgcompare.reconciliation import Things, entities, read_queries, reconcile
from kgcompare.sandbox.limits import Limits
from kgcompare.schema.shapes import bundled_shapes
from kgcompare.search import Filter
from kgcompare.search.likeness import very
from kgcompare.search.matching import Matcher
from kgcompare.store import deadline
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.writer import create, writing
from kgcompare.text.dois import bare, normalised
from kgcompare.web.app import Site, create_app
from kgcompare.web.settings import Settings

PREFIX = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items()) + f"BASE <{DEFAULT_BASE}id/>\n"
EX = "http://e.example/"


def stored(folder: Path, text: str) -> Path:
    """A store of some Turtle."""
    file, store = folder / "data.ttl", folder / "store"
    file.write_text(PREFIX + text, encoding="utf-8")
    ingest.create_store(store)
    ingest.import_files(store, [file], Options())
    return store


def trusted(folder: Path, quads: list[Quad]) -> Path:
    """A store of quads that nobody looked at."""
    create(folder)
    with writing(folder) as writer:
        writer.add(quads)
        writer.publish(search.build)
    return folder


def client_of(store: Path, **limits: Any) -> FlaskClient:
    return create_app(Settings(store=store, limits=Limits(**limits))).test_client()


def asked(client: FlaskClient, query: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post("/reconcile", data={"queries": json.dumps({"q": query})})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = json.loads(answer.text)["q"]["result"]
    return found


# -- bounds, shares, deadlines ---------------------------------------------------------------------------


def test_a_batch_has_so_many_values_and_properties(small_store: Path) -> None:
    client = client_of(small_store, reconcile_values=10, reconcile_properties=3)
    few = [{"pid": "family", "v": ["a", "b", "c"]}] * 3
    assert client.post("/reconcile", data={"queries": json.dumps({"q": {"properties": few}})}).status_code == 200
    for batch in ({"q": {"properties": few * 2}}, {str(n): {"properties": few} for n in range(2)}):
        answer = client.post("/reconcile", data={"queries": json.dumps(batch)})
        assert answer.status_code == 400
        assert re.search(r"are the most \(--reconcile-(values|properties)\)", answer.text)


def test_a_value_is_looked_up_once_for_a_whole_batch(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    real = very

    def counted(matcher: Matcher, text: str, *more: Any) -> list[int]:
        looked_up.append(text)
        return real(matcher, text, *more)

    monkeypatch.setattr(entities, "very", counted)
    things = Things(Catalogue(EmbeddedStore(small_store)).generation(), "en")
    query = {"properties": [{"pid": pid, "v": "Statistics"} for pid in ("domain", "family", "type")]}
    reconcile(things, read_queries(json.dumps({str(n): {**query, "limit": n + 1} for n in range(9)})))
    assert looked_up == ["Statistics"]


COSTLY = (
    "/reconcile?query=lasso",
    '/reconcile?extend={"ids":["method/lasso"],"properties":[{"id":"domain"}]}',
    "/methods.json?from=1900&to=2000",
    "/methods.json?q=regression",
    "/suggest?q=las",
    "/compare.json?method=lassoo",
)


@pytest.mark.parametrize("address", COSTLY)
def test_what_is_late_is_given_up(small_store: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(small_store)
    client.get("/reconcile?query=a")  # the names are made for everybody, whoever is late
    monkeypatch.setattr(deadline, "passed", lambda: True)
    monkeypatch.setattr("kgcompare.search.reading._OPERATIONS", 1)
    with deadline.within(0):
        answer = client_of(small_store).get(address) if "reconcile" not in address else client.get(address)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "longer than it may" in answer.text


def test_sqlite_is_ended_in_the_middle_of_a_query(small_store: Path) -> None:
    index = Catalogue(EmbeddedStore(small_store)).generation().index
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    start = time.monotonic()
    with pytest.raises(Overrun), deadline.within(0.1):
        index._rows(endless)
    assert time.monotonic() - start < 10
    assert index.counts(), "the connection is good for the next one"


def test_a_client_has_a_share_and_others_their_turns(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(store=small_store, limits=Limits(costly_requests=2, waiting_costly=2, client_costly=2)))
    app.test_client().get("/reconcile?query=a")
    held, begun = threading.Event(), threading.Semaphore(0)
    real = Matcher.rows

    def slow(matcher: Matcher, text: str, *more: Any) -> Any:
        if text == "slow":
            begun.release()
            held.wait(240)
        return real(matcher, text, *more)

    monkeypatch.setattr(Matcher, "rows", slow)
    codes: list[int] = []

    def ask(text: str, address: str) -> None:
        answer = app.test_client().get(f"/reconcile?query={text}", environ_base={"REMOTE_ADDR": address})
        codes.append(answer.status_code)

    threads = [threading.Thread(target=ask, args=("slow", "10.0.0.1")) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=120)
    for _ in range(500):
        if app.extensions["kgcompare.costly"]._under_way["10.0.0.1"] == 2:
            break
        time.sleep(0.01)
    refused = app.test_client().get("/reconcile?query=lasso", environ_base={"REMOTE_ADDR": "10.0.0.1"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    ask("lasso", "10.0.0.2")
    assert codes == [200], "another client has a turn while the first one's are under way"
    assert app.test_client().get("/compare.json?method=lasso").status_code == 200
    held.set()
    for thread in threads:
        thread.join()
    assert codes == [200] * 3


def test_long_names_are_not_looked_for(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = Catalogue(EmbeddedStore(small_store)).generation()
    assert generation.nearest("lassoo") == ["lasso"]
    monkeypatch.setattr(generation.index, "_rows", lambda *_: pytest.fail("looked for"))
    assert generation.nearest("lasso" * 30) == []


def quick(app: Site, address: str, **environ: str) -> tuple[str, dict[str, str], bytes] | None:
    """Status, headers and body of what is answered without a thread; None for what needs one."""
    path, _, query = address.partition("?")
    said: list[tuple[str, dict[str, str]]] = []
    asked = {"kgcompare.quick": True, "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
    asked |= {"wsgi.url_scheme": "http", "SCRIPT_NAME": "", "HTTP_HOST": "localhost", **environ}
    body = app.wsgi_app(asked, lambda status, headers: said.append((status, dict(headers))))  # type: ignore[arg-type]
    return (*said[0], b"".join(body)) if said else None


def test_health_needs_no_thread_once_it_was_asked_for(small_store: Path) -> None:
    app = create_app(Settings(store=small_store))
    first = app.test_client().get("/healthz")
    answer = quick(app, "/healthz")
    assert answer is not None
    assert (answer[0], answer[2]) == ("200 OK", first.data)


def test_who_has_no_turn_is_refused_without_a_thread(small_store: Path) -> None:
    app = create_app(Settings(store=small_store, limits=Limits(costly_requests=1, waiting_costly=0)))
    app.test_client().get("/methods.json?q=lasso")
    costly = ("/suggest?q=l", "/reconcile?query=lasso", "/methods.json?q=ridge", "/reconcile/suggest/entity?prefix=l")
    assert [quick(app, address) for address in costly] == [None] * 4
    with app.extensions["kgcompare.costly"].taken("10.0.0.1", time.monotonic() + 60):
        for address in costly:
            answer = quick(app, address)
            assert answer is not None
            status, headers, body = answer
            assert status.startswith("503")
            assert int(headers["Retry-After"]) > 0
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert json.loads(body)["status"] == 503
        posted = quick(app, "/reconcile", REQUEST_METHOD="POST", REMOTE_ADDR="10.0.0.1")
        assert posted is not None
        page = quick(app, "/suggest?q=l", HTTP_ACCEPT="text/html")
        assert page is not None
        assert page[2].startswith(b"<!doctype html>")
        kept = quick(app, "/methods.json?q=lasso")
        assert kept is not None
        assert kept[0] == "200 OK"
        for address in ("/reconcile", "/compare.json?method=lasso", "/method/lasso", "/nothing/here", "/healthz?n=1"):
            assert quick(app, address) is None
    assert quick(app, costly[0]) is None


# -- the report ------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
DATATYPES = st.sampled_from(["xsd:integer", "xsd:date", "xsd:gYear", "xsd:boolean", "edtf:EDTF", "xsd:anyURI"])
TERMS = st.one_of(
    TEXTS.map(Literal),
    st.builds(lambda text, name: Literal(text, datatype=iri(name)), TEXTS, DATATYPES),
    st.sampled_from(['10.1/ <>"#%?&', "10.1000/\u202e", "y99999999999", "-99999", "0000", "true"]).map(Literal),
    TEXTS.map(lambda text: Literal(text, language="en-x-a")),
    st.integers(0, 3).map(lambda n: BlankNode(f"b{n}")),
    st.sampled_from(["urn:a", "mailto:x", f"{DEFAULT_BASE}id/method/a", EX, "http://e.example/%25"]).map(NamedNode),
)
PREDICATES = sorted(
    {
        triple.object.value
        for triple in bundled_shapes()
        if triple.predicate == iri("sh:path") and isinstance(triple.object, NamedNode)
    }
)
KINDS = {"method": "kgc:Method", "source": "bibo:Document", "agent": "foaf:Person", "domain": "skos:Concept"}
QUADS = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from("ab"), st.sampled_from(PREDICATES), TERMS), max_size=25
)


@settings(max_examples=many(5, 200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=QUADS)
def test_a_report_fails_on_no_record(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str, str, Any]]
) -> None:
    quads = []
    for kind, cls in KINDS.items():
        for slug in "ab":
            thing, document = (
                NamedNode(f"{DEFAULT_BASE}id/{kind}/{slug}"),
                NamedNode(f"{DEFAULT_BASE}doc/{kind}/{slug}"),
            )
            quads.append(Quad(thing, iri("rdf:type"), iri(cls), document))
            for of_kind, of_slug, predicate, value in said:
                if (of_kind, of_slug) == (kind, slug):
                    quads.append(Quad(thing, NamedNode(predicate), value, document))
                    quads.append(Quad(document, NamedNode(predicate), value, document))
    store = trusted(tmp_path_factory.mktemp("hostile") / "store", quads)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kgcompare.report.apart.make_apart", lambda generation, **_: report.make(generation))
        client = client_of(store)
        for address in ("/report.json", "/report?format=html"):
            assert client.get(address).status_code == 200


def test_a_report_that_cannot_validate_says_the_rest(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise DataError("pySHACL could not finish")

    monkeypatch.setattr(report, "_findings", fails)
    found = report.make(Catalogue(EmbeddedStore(small_store)).generation())
    assert found.findings is None
    assert found.hindered == "pySHACL could not finish"
    assert found.states


def test_a_generation_goes_when_a_newer_one_is_there(tmp_path: Path) -> None:
    """Whatever was made of it: report, description, dump, workers, names, lists."""
    store = stored(tmp_path, '<method/a> a kgc:Method ; skos:prefLabel "A"@en .')
    app = create_app(Settings(store=store))
    client = app.test_client()
    addresses = (
        "/report.json",
        "/dataset.json",
        "/dump.nq.gz",
        "/methods.json?q=a",
        "/reconcile?query=a",
        "/method/a.ttl",
    )
    for address in (*addresses, "/compare.json?method=a"):
        client.get(address).close()
    catalogue: Catalogue = app.extensions["kgcompare"]
    first = weakref.ref(catalogue.generation())
    file = tmp_path / "more.ttl"
    file.write_text(PREFIX + '<method/b> a kgc:Method ; skos:prefLabel "B"@en .')
    ingest.import_files(store, [file], Options())
    assert client.get("/method/b.json").status_code == 200
    for _ in range(50):
        gc.collect()
        if first() is None:
            break
        time.sleep(0.05)
    assert first() is None


# -- DOIs, signs, facets ---------------------------------------------------------------------------------

SOURCES = """
<source/known> a bibo:Article , bibo:Document ; dcterms:title "Known"@en ; bibo:doi "10.1007/BF00058655" ;
    dcterms:issued "1996"^^xsd:gYear .
<source/divided> a bibo:Article , bibo:Document ; dcterms:title "Divided"@en ; bibo:doi "10.1000.10/123456(A)" ;
    dcterms:issued "1996"^^xsd:gYear .
<method/k-means> a kgc:Method ; skos:prefLabel "k-means"@en .
<method/bert> a kgc:Method ; skos:prefLabel "BERT"@en .
<method/d> a kgc:Method ; skos:prefLabel "D# test"@en .
<method/c> a kgc:Method ; skos:prefLabel "C"@en .
<method/c-sharp> a kgc:Method ; skos:prefLabel "C#"@en .
<method/best-worst> a kgc:Method ; skos:prefLabel "Best\u2212worst method"@en .
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return client_of(stored(tmp_path_factory.mktemp("odd"), SOURCES))


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "doi:{}",
        "DOI: {}",
        "DOI {}",
        "https://doi.org/{}",
        "http://dx.doi.org/{}",
        "doi.org/doi:{}",
        "info:doi/{}",
    ],
)
@pytest.mark.parametrize("change", [str, str.lower, str.upper, lambda doi: doi.replace("/", "%2F").replace("(", "%28")])
@pytest.mark.parametrize(("doi", "slug"), [("10.1007/BF00058655", "known"), ("10.1000.10/123456(A)", "divided")])
def test_a_doi_is_found_however_it_is_written(
    odd: FlaskClient, form: str, change: Callable[[str], str], doi: str, slug: str
) -> None:
    text = form.format(change(doi))
    assert normalised(text) == doi.lower()
    found = asked(odd, {"query": text})
    assert [(one["id"], one["match"]) for one in found] == [(f"source/{slug}", True)]
    listed = json.loads(odd.get("/sources.json", query_string={"q": text}).text)
    assert [thing["id"] for thing in listed["things"]] == [slug]
    assert [
        thing["id"] for thing in json.loads(odd.get("/suggest", query_string={"q": text, "kind": "source"}).text)
    ] == [slug]


@pytest.mark.parametrize(
    ("said", "doi"),
    [
        ("https://doi.org/10.1000/a%3Cb", "10.1000/a<b"),
        ("http://dx.doi.org/10.1000/a%2541b", "10.1000/a%41b"),
        ("10.1000/a%41b", "10.1000/a%41b"),
        ("doi:10.1000/a%41b", "10.1000/a%41b"),
    ],
)
def test_only_a_doi_in_an_address_is_encoded(said: str, doi: str) -> None:
    assert bare(said) == doi


@pytest.mark.parametrize("text", ["", "10.1/x", "11.1000/x", "a 10.1000/x", "10.1000.x/y", "10.1000/"])
def test_what_is_no_doi(text: str) -> None:
    assert normalised(text) is None


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("k-means++", "k-means"),
        ("BERT++", "bert"),
        ("C++", "c"),
        ("C++", "c-sharp"),
        ("D test", "d"),
        ("D## test", "d"),
    ],
)
def test_a_sign_makes_another_name(odd: FlaskClient, text: str, slug: str) -> None:
    found = {one["id"]: one for one in asked(odd, {"query": text})}
    assert not any(one["match"] for one in found.values())
    assert found.get(f"method/{slug}", {"score": 0})["score"] < 90
    added = odd.get("/compare", query_string={"method": "best-worst", "add": text}, headers={"Accept": "text/html"})
    assert added.status_code != 303, "what is asked for is not there"


@pytest.mark.parametrize(
    ("text", "slug"), [("K MEANS", "k-means"), ("c#", "c-sharp"), ("best-worst method", "best-worst")]
)
def test_punctuation_makes_no_other_name(odd: FlaskClient, text: str, slug: str) -> None:
    assert [one["id"] for one in asked(odd, {"query": text}) if one["match"]] == [f"method/{slug}"]


def test_one_concept_in_two_facets_is_counted_as_often_as_it_is_listed(tmp_path: Path) -> None:
    rows = {"a": ["domain/both"], "b": ["domain/both", "family/both"], "c": ["family/both"]}
    quads = []
    for place in ("domain/both", "family/both"):
        quads.append(_said(place, "rdf:type", iri("skos:Concept")))
    for slug, places in rows.items():
        quads.append(_said(f"method/{slug}", "rdf:type", iri("kgc:Method")))
        quads.append(_said(f"method/{slug}", "dcterms:subject", NamedNode(f"{DEFAULT_BASE}id/domain/both")))
        quads += [_said(f"method/{slug}", "kgc:family", NamedNode(f"{DEFAULT_BASE}id/{place}")) for place in places]
    generation = Catalogue(EmbeddedStore(trusted(tmp_path / "store", quads))).generation()
    page = generation.search(Filter(kind="method"), facets=True)
    counted = {facet: [(value.id, value.count) for value in values] for facet, values in page.facets.items() if values}
    assert counted == {"domain": [("both", 3)], "family": [("both", 3)]}
    for facet in counted:
        assert generation.search(Filter(kind="method", facets={facet: "both"})).total == 3


def _said(thing: str, predicate: str, value: NamedNode | Literal) -> Quad:
    return Quad(
        NamedNode(DEFAULT_BASE + "id/" + thing), iri(predicate), value, NamedNode(DEFAULT_BASE + "doc/" + thing)
    )


# -- linear, not quadratic -------------------------------------------------------------------------------


def test_many_values_of_one_predicate_are_added_in_a_time_that_grows_with_them() -> None:
    def seconds(size: int) -> float:
        values = [Literal(f"value {n}") for n in range(size)]
        start = time.process_time()
        graph = Graph((NamedNode(EX), iri("skos:altLabel"), value) for value in [*values, *values])
        assert graph.objects(NamedNode(EX), iri("skos:altLabel").value) == values
        return time.process_time() - start

    seconds(1000)
    assert seconds(32_000) < 32 * 6 * max(seconds(1000), 0.001), "quadratic would be 1,000 times"


def test_subjects_of_a_value_are_those_that_have_it() -> None:
    graph = Graph()
    for n in range(100):
        graph.add(NamedNode(f"{EX}{n}"), "p", Literal(str(n % 7)))
    assert len(graph.subjects_of("p", Literal("1"))) == 15
    graph.add(NamedNode(f"{EX}x"), "p", Literal("1"))
    assert graph.subjects_of("p", Literal("1"))[-1] == NamedNode(f"{EX}x")
    graph.discard(NamedNode(f"{EX}x"), "p")
    assert len(graph.subjects_of("p", Literal("1"))) == 15
    assert graph.subjects_of("q", Literal("1")) == []


def layers(depth: int) -> Iterator[Triple]:
    """Layers of two blank nodes, each of which names both of the next layer."""
    for level in range(depth):
        for one in "ab":
            for other in "ab":
                yield Triple(BlankNode(f"{one}{level}"), NamedNode(EX + other), BlankNode(f"{other}{level + 1}"))


def test_shared_and_circular_and_deep_blank_nodes_are_read_in_time() -> None:
    shared = Graph([*layers(40), Triple(BlankNode("a40"), NamedNode(EX), BlankNode("a0"))])
    deep = Graph(Triple(BlankNode(f"n{n}"), NamedNode(EX), BlankNode(f"n{n + 1}")) for n in range(3000))
    start = time.monotonic()
    for graph, node in ((shared, BlankNode("a0")), (deep, BlankNode("n0"))):
        assert structure_key(graph, node)
        assert "…" in Reader("en", {}).value(graph, node).text
    assert time.monotonic() - start < 20
    forms: dict[Node, str] = {}
    structure_key(deep, BlankNode("n0"), forms)
    assert sum(map(len, forms.values())) < 20_000_000, "what nests holds what is in it, but not all the way down"


def listed(thing: str, head: str, members: list[NamedNode]) -> Iterator[Quad]:
    """The cells of a list in the document of a thing."""
    document = NamedNode(f"{DEFAULT_BASE}doc/{thing}")
    for n, member in enumerate(members, 1):
        rest = BlankNode(f"{head}{n}") if n < len(members) else iri("rdf:nil")
        yield Quad(BlankNode(f"{head}{n - 1}"), iri("rdf:first"), member, document)
        yield Quad(BlankNode(f"{head}{n - 1}"), iri("rdf:rest"), rest, document)


def large(folder: Path, size: int) -> Path:
    """A store with a method of so many originators, values and links, by a source of as many authors."""
    document, source = NamedNode(f"{DEFAULT_BASE}doc/method/large"), NamedNode(f"{DEFAULT_BASE}doc/source/large")
    thing, paper = NamedNode(f"{DEFAULT_BASE}id/method/large"), NamedNode(f"{DEFAULT_BASE}id/source/large")
    agents = [NamedNode(f"{DEFAULT_BASE}id/agent/a{n}") for n in range(size)]
    quads = [
        _said("method/large", "rdf:type", iri("kgc:Method")),
        _said("method/large", "skos:prefLabel", Literal("Large", language="en")),
        _said("method/large", "kgc:foundingSource", paper),
        Quad(thing, iri("kgc:origination"), BlankNode("origination"), document),
        Quad(BlankNode("origination"), iri("kgc:agentList"), BlankNode("agent0"), document),
        *listed("method/large", "agent", agents),
        _said("source/large", "rdf:type", iri("bibo:Document")),
        _said("source/large", "rdf:type", iri("bibo:Article")),
        _said("source/large", "dcterms:title", Literal("Large", language="en")),
        Quad(paper, iri("bibo:authorList"), BlankNode("author0"), source),
        *listed("source/large", "author", agents),
        _said("family/large", "rdf:type", iri("skos:Concept")),
        *(_said("method/large", "skos:altLabel", Literal(f"Alias {n}", language="en")) for n in range(size)),
        *(Quad(t.subject, t.predicate, t.object, document) for t in layers(20)),
        Quad(thing, iri("rdfs:seeAlso"), BlankNode("a0"), document),
    ]
    for n in range(size):
        quads.append(_said(f"agent/a{n}", "rdf:type", iri("foaf:Person")))
        quads.append(_said(f"agent/a{n}", "foaf:familyName", Literal(f"Family{n}")))
        quads.append(_said(f"method/m{n}", "rdf:type", iri("kgc:Method")))
        quads.append(_said(f"method/m{n}", "kgc:related", thing))
        quads.append(_said(f"method/m{n}", "kgc:family", NamedNode(f"{DEFAULT_BASE}id/family/large")))
    return trusted(folder, quads)


READ = [
    *(f"/method/large.{form}" for form in ("json", "html", "ttl", "jsonld", "nt", "nq", "rdf", "bib", "ris")),
    *(f"/source/large.{form}" for form in ("json", "html", "ttl", "bib")),
    *(f"/family/large.{form}" for form in ("json", "html", "ttl", "jsonld")),
    *(
        f"/compare?method=large&method=m0&format={form}"
        for form in ("json", "html", "csv", "md", "tex", "ttl", "jsonld", "csl", "bib", "ris")
    ),
    '/reconcile?query={"query":"Large","properties":[{"pid":"originator","v":["Family1"]},{"pid":"alias","v":"x"}]}',
    '/reconcile?extend={"ids":["method/large"],"properties":[{"id":"originator"},{"id":"alias"},{"id":"related"}]}',
]


@pytest.mark.slow
def test_long_lists_hubs_and_many_values_are_read_in_a_time_that_grows_with_them(tmp_path: Path) -> None:
    took: dict[int, dict[str, float]] = {}
    for size in (375, 3000):
        client = client_of(large(tmp_path / str(size), size))
        client.get("/reconcile?query=a")
        took[size] = {}
        for address in READ:
            start = time.process_time()
            answer = client.get(address)
            took[size][address] = time.process_time() - start
            assert answer.status_code == 200, (address, answer.text[:300])
        found = json.loads(client.get("/family/large.json").text)
        (group,) = found["related"]
        assert len(group["values"]) + group["more"] == size
        text = client.get("/method/large.ttl").text
        assert text.count("/agent/a") + text.count("agent:a") == size, "a list is in its document, whole"
    slow = {address: (took[375][address], took[3000][address]) for address in READ}
    assert {a: s for a, s in slow.items() if s[1] > 8 * 5 * max(s[0], 0.02)} == {}, "quadratic would be 64 times"


def test_a_hub_names_how_many_it_has(tmp_path: Path) -> None:
    quads = [
        _said("method/hub", "rdf:type", iri("kgc:Method")),
        _said("method/hub", "skos:prefLabel", Literal("Hub", language="en")),
    ]
    for n in range(3000):
        quads.append(_said(f"method/m{n:04}", "rdf:type", iri("kgc:Method")))
        quads.append(_said(f"method/m{n:04}", "skos:prefLabel", Literal(f"M {2999 - n:04}", language="en")))
        quads.append(_said(f"method/m{n:04}", "kgc:related", NamedNode(f"{DEFAULT_BASE}id/method/hub")))
    client = client_of(trusted(tmp_path / "store", quads))
    generation = Catalogue(EmbeddedStore(tmp_path / "store")).generation()
    (group,) = generation.record("method", "hub").related
    assert len(group.values) + group.more == 3000
    assert [value.text for value in group.values[:3]] == ["M 0000", "M 0001", "M 0002"]
    assert client.get("/method/hub", headers={"Accept": "text/html"}).status_code == 200
    row = next(row for row in generation.compare(["hub", "m0001"]).rows if row.id == "related")
    assert row.cells[0].text == "3000"
