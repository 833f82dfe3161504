"""What is said of a thing is asked of the store once, whatever the thing is shown as."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, DefaultGraph, NamedNode, Quad, RdfFormat, parse

from deep import many
from kgcompare.catalogue import Catalogue, descriptions, lookups
from kgcompare.catalogue.generation import Generation
from kgcompare.catalogue.lookups import own_graphs, record_graphs
from kgcompare.catalogue.values import Reader
from kgcompare.ingest import Options, create_store, import_files
from kgcompare.ingest.editing import Body, Condition, Editor
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import DEFAULT_BASE, PREFIXES
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import FOAF_NAME, SKOS_DEFINITION, SKOS_IN_SCHEME, SPOKEN
from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.looking import LookUp
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from three_ways import InMemory

EXTENSION = json.dumps({"ids": ["method/lasso"], "properties": [{"id": "family"}, {"id": "related"}]})
QUERIES = json.dumps({"q": {"query": "Lasso", "properties": [{"pid": "family", "v": "Statistics"}]}})
SHOWN_AS = (
    "/method/lasso",
    "/method/lasso.json",
    "/method/lasso.ttl",
    "/method/lasso.jsonld?lang=fr",
    "/method/lasso.bib",
    "/compare?method=lasso&method=ridge-regression",
    "/compare.json?method=lasso&method=elastic-net&lang=fr",
    "/compare.nt?method=lasso",
    "/methods?q=lasso",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the record of each thing was asked for, by its IRI."""
    counts: Counter[str] = Counter()

    def counted(look_up: LookUp, things: Sequence[NamedNode], *paths: Any) -> Any:
        counts.update(map(str, set(things)))
        return record_graphs(look_up, things, *paths)

    monkeypatch.setattr(descriptions, "record_graphs", counted)
    return counts


def test_a_record_costs_one_query_whatever_it_is_shown_as(bundled_store: Path, asked: Counter[str]) -> None:
    client = create_app(Settings(store=bundled_store)).test_client()
    for address in SHOWN_AS:
        assert client.get(address).status_code == 200, address
    assert client.post("/reconcile", data={"queries": QUERIES}).status_code == 200
    assert client.post("/reconcile", data={"extend": EXTENSION}).status_code == 200
    assert asked["<https://w3id.org/kgcompare/id/method/lasso>"] == 1
    assert set(asked.values()) == {1}, [thing for thing, count in asked.items() if count > 1]


def test_sources_are_cited_alike_without_what_leads_to_them(bundled_store: Path, asked: Counter[str]) -> None:
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        generation = catalogue.generation()
        compared = generation.compare(["lasso", "gan"])
        assert len(asked) == 2
        assert any(value.csl for row in compared for cell in row.cells for value in cell.values)
        rows = generation.snapshot.select(f"SELECT ?s {{ ?s a <{PREFIXES['bibo']}Document> }}").rows
        sources = [row[0] for row in rows if isinstance(row[0], NamedNode)]
        told = generation.descriptions.things({one.value for one in sources})
        assert len(asked) == 2
        whole = {**told, **generation.descriptions.records([one.value for one in sources])}
        assert len(sources) > 50
        for one in sources:
            assert Reader("en", told).csl(one) == Reader("en", whole).csl(one)


def same_as_the_query(
    snapshot: EmbeddedSnapshot,
    things: Sequence[NamedNode],
    inverses: Sequence[NamedNode],
    sequences: Sequence[tuple[NamedNode, ...]] = (),
) -> int:
    """Holds look-ups against the queries for some things at once; gives how many statements there are."""
    backwards = [(thing, predicate) for thing in things for predicate in inverses]
    asked = snapshot.select(load("record").bind(method=things, method__inverse=backwards)).rows
    ends = load("path_ends").bind(
        method=things,
        method__inverse=backwards,
        first__second=[steps[:2] for steps in sequences],
        first__second__third=[steps for steps in sequences if len(steps) == 3],
    )
    asked += snapshot.select(ends).rows
    graphs, leading = record_graphs(snapshot.look_up, things, inverses, sequences, inverses)
    found = [(NamedNode(thing), t.subject, t.predicate, t.object) for thing, graph in graphs.items() for t in graph]
    assert set(found) == set(asked)
    assert len(found) == len(set(found))
    links = snapshot.select(load("links").bind(method__relation=[], method__inverse=backwards)).rows
    assert {(t.subject, t.predicate, t.object) for graph in leading.values() for t in graph} == {r[1:] for r in links}
    return len(found)


ODD = """
:a :p "x", "x"@en, 1, :b, [ :q [ :r "deep" ; :s [ :t "deeper" ] ] ], ( 1 [ :u "in a list" ] ( "inner" [ :v 2 ] ) ) ;
   :l [ :list ( [ :m 1 ; :n [ :far "away" ] ] :b [ :m 2 ] "text" ) ] ;
   kgc:absence :gone, [ kgc:row :r ; kgc:reason kgc:none ], "not a node" ; :self :a ; :round _:one ; :cell _:cells .
:gone kgc:row :s . _:one :next _:two . _:two :next _:one ; rdf:rest _:one ; rdf:first _:two .
_:cells :in _:cell . _:cell rdf:rest :named . :named rdf:first [ :w "below a place with a name" ] ; rdf:rest _:cell .
:s1 rdf:subject :a ; rdf:object "x" ; :source :b . [] rdf:subject :a ; :source [ :not "told" ] .
:c kgc:related :a . [ kgc:related :a ] kgc:related :c . :b kgc:related :a, :a ; :p :c .
"""


@pytest.mark.parametrize("much", [100, 1])
def test_look_ups_find_what_the_query_finds_of_odd_things(much: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "_MUCH", much)
    prefixes = f"@prefix : <http://e/> . @prefix kgc: <{PREFIXES['kgc']}> . @prefix rdf: <{PREFIXES['rdf']}> .\n"
    triples = [quad.triple for quad in parse(prefixes + ODD, RdfFormat.TURTLE)]
    graphs: list[NamedNode | DefaultGraph] = [NamedNode("http://e/g"), NamedNode("http://e/h"), DefaultGraph()]
    quads = [
        Quad(triple.subject, triple.predicate, triple.object, graph)
        for place, graph in enumerate(graphs)
        for triple in triples[place * 7 :]
    ]
    snapshot = InMemory(quads)
    things = [NamedNode(f"http://e/{name}") for name in ("a", "b", "c", "gone", "s1", "nothing", "a")]
    inverses = [NamedNode(PREFIXES["kgc"] + "related"), NamedNode("http://e/self"), NamedNode("http://e/p")]
    assert same_as_the_query(snapshot, things, inverses) > 50
    one, two, three = (NamedNode(f"http://e/{name}") for name in ("p", "q", "r"))
    for sequence in ((one, two), (one, two, three), (inverses[0], one, one), (three, two)):
        assert same_as_the_query(snapshot, things, inverses, [sequence]) > 50
    assert same_as_the_query(snapshot, things, [], [(one, two, three), (one, one)]) > 50
    for thing in things:
        same_as_the_query(snapshot, [thing], inverses[:1])
        same_as_the_query(snapshot, [thing], [])


def test_look_ups_find_what_the_query_finds_of_the_catalogue(bundled_store: Path) -> None:
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        generation = catalogue.generation()
        snapshot = cast("EmbeddedSnapshot", generation.snapshot)
        inverses = [NamedNode(predicate) for predicate in generation.shapes.inverses]
        rows = snapshot.select("SELECT DISTINCT ?thing WHERE { ?thing a ?class FILTER(isIRI(?thing)) }").rows
        things = [row[0] for row in rows[:: many(16, 4)] if isinstance(row[0], NamedNode)]
        told = [same_as_the_query(snapshot, things[at : at + 150], inverses) for at in range(0, len(things), 150)]
    assert len(things) > 100
    assert all(told)


# -- names -----------------------------------------------------------------------------------------------

SPEAKING = """
:plain a :Class ; skos:prefLabel "Plain"@en, "Simple"@fr, "Other"@en ; skos:definition "Not asked for."@en .
:concept a skos:Concept ; rdfs:label "Concept", 'with "quotes" and \\\\' ; skos:inScheme :scheme .
:concept skos:definition "Asked for."@en .
:in-none a skos:Concept ; skos:prefLabel "Placed nowhere" ; skos:inScheme [ a :Scheme ] ; skos:definition "Text." .
:person a foaf:Person ; foaf:name "Ann Lee" ; foaf:familyName "Lee" ; schema:givenName "Ann" .
:software a :Software ; schema:name "lib.fit" ; schema:programmingLanguage "Python" ; schema:url <http://u/> .
:source a bibo:Article, bibo:Document ; dcterms:title "Title"@en-GB ; dcterms:issued "1996"^^xsd:gYear, "x"^^:odd, 1 .
:nameless a :Class ; :p :plain . :typeless skos:prefLabel "No class" ; :p :person .
"""
PREFIXED = ("bibo", "dcterms", "foaf", "rdfs", "schema", "skos", "xsd")


def said_of(generation: Generation, things: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """What names things, in no order and without nodes that have no name."""
    graphs = generation.descriptions._fetch_names(sorted(things))
    for thing, graph in graphs.items():
        if not graph.iris(NamedNode(thing), SKOS_IN_SCHEME):
            graph.discard(NamedNode(thing), SKOS_DEFINITION)
    return {
        thing: {(t.predicate.value, str(t.object)) for t in graph if not isinstance(t.object, BlankNode)}
        for thing, graph in graphs.items()
    }


def held_together(path: Path) -> tuple[int, int]:
    """Holds the index of a store to queries/names.rq, for all that it speaks of; gives how many things that are, and
    how many of them the index has."""
    with Catalogue(EmbeddedStore(path)) as catalogue:
        generation = catalogue.generation()
        rows = generation.snapshot.select("SELECT DISTINCT ?t WHERE { { ?t ?p ?o } UNION { ?s ?q ?t } }").rows
        things = {row[0].value for row in rows if isinstance(row[0], NamedNode)}
        index = generation.descriptions.index
        assert index is not None
        found = said_of(generation, things)
        generation.descriptions.index = None
        assert found == said_of(generation, things)
        return len(things), len(index.spoken(sorted(things)))


def test_what_names_things_is_said_in_two_places_alike() -> None:
    asked = load("names").text.partition("VALUES ?predicate {")[2].partition("}")[0]
    names = {"dc": "http://purl.org/dc/elements/1.1/", "schemahttp": "http://schema.org/"}
    names |= {"dwc": "http://rs.tdwg.org/dwc/terms/", "vcard": "http://www.w3.org/2006/vcard/ns#"}
    predicates = [re.split(":", name) for name in asked.split()]
    assert {names.get(prefix, PREFIXES.get(prefix, "?")) + end for prefix, end in predicates} == set(SPOKEN)


def test_the_index_names_things_as_the_query_does(bundled_store: Path, tmp_path: Path) -> None:
    things, spoken = held_together(bundled_store)
    assert 500 < spoken < things
    prefixes = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in PREFIXED)
    (tmp_path / "odd.ttl").write_text(f"@prefix : <http://e/> .\n{prefixes}{SPEAKING}")
    store = tmp_path / "store"
    options = Options(trust=True)
    create_store(store)
    import_files(store, [tmp_path / "odd.ttl"], options)
    assert held_together(store)[1] == 7
    (tmp_path / "odd.ttl").write_text(f"@prefix : <http://e/> .\n{prefixes}{SPEAKING}".replace("Ann", "Anne"))
    import_files(store, [tmp_path / "odd.ttl"], replace(options, replace=True))
    assert held_together(store)[1] == 7
    with Catalogue(EmbeddedStore(store)) as catalogue:
        index = catalogue.generation().descriptions.index
        assert index is not None
        assert (
            index.spoken(["http://e/person"])["http://e/person"].text(NamedNode("http://e/person"), FOAF_NAME)
            == "Anne Lee"
        )


def test_an_index_without_names_leaves_them_to_the_engine(own_store: Path) -> None:
    def labels() -> list[str]:
        with Catalogue(EmbeddedStore(own_store)) as catalogue:
            compared = catalogue.compare(["lasso", "ridge-regression"])
            return [str(cell.text) for row in compared for cell in row.cells]

    before = labels()
    (index,) = own_store.glob("index-*.sqlite")
    with closing(sqlite3.connect(index)) as db:
        db.execute("DROP TABLE spoken")
        db.commit()
    assert labels() == before
    index.unlink()
    assert labels() == before


# -- what documents say, kept in the index ----------------------------------------------------------------


def canonical(graph: Graph) -> Dataset:
    """What a graph says, whatever its blank nodes are called."""
    dataset = Dataset(Quad(t.subject, t.predicate, t.object) for t in graph)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def documents_hold(
    path: Path, things: Sequence[str] | None = None, sequences: Sequence[Sequence[NamedNode]] = ()
) -> int:
    """Holds what a store's index has of documents to what the engine finds; gives how many records the index has."""
    with Catalogue(EmbeddedStore(path)) as catalogue:
        generation = catalogue.generation()
        index = generation.descriptions.index
        assert index is not None
        if things is None:
            rows = generation.snapshot.select("SELECT DISTINCT ?t { ?t a ?c FILTER(isIRI(?t)) }").rows
            things = sorted(row[0].value for row in rows if isinstance(row[0], NamedNode))
        nodes = [NamedNode(thing) for thing in things]
        known = generation.descriptions._told([*things])
        inverses = [NamedNode(predicate) for predicate in generation.shapes.inverses]
        look_up = cast("EmbeddedSnapshot", generation.snapshot).look_up
        relations = [NamedNode(relation) for relation in generation.descriptions._relations]
        whole = record_graphs(look_up, nodes, inverses, sequences, relations)
        told = record_graphs(look_up, nodes, inverses, sequences, relations, known)
        for mine, engines in zip(told, whole, strict=True):
            assert mine.keys() == engines.keys()
            for thing, graph in mine.items():
                assert canonical(graph) == canonical(engines[thing]), thing
        for name, graph in generation.descriptions.documents(things).items():
            node = NamedNode(name)
            assert canonical(graph.only(node)) == canonical(own_graphs(look_up, [node], {})[name].only(node)), name
        return len(known)


def test_what_documents_say_is_what_the_engine_finds(bundled_store: Path) -> None:
    assert documents_hold(bundled_store) > 400


def own(name: str) -> str:
    return f"<{DEFAULT_BASE}id/method/{name}>"


def document(name: str) -> str:
    return f"<{DEFAULT_BASE}doc/method/{name}>"


PLAIN = (
    (own("a"), f"<{PREFIXES['rdf']}type>", f"<{PREFIXES['kgc']}Method>", "a"),
    (own("a"), "<http://e/p>", '"twice"', "a"),
    (own("a"), "<http://e/p>", '"twice"', "a"),
    (own("a"), "<http://e/l>", "_:head", "a"),
    ("_:head", f"<{PREFIXES['rdf']}first>", "_:in", "a"),
    ("_:head", f"<{PREFIXES['rdf']}rest>", f"<{PREFIXES['rdf']}nil>", "a"),
    ("_:in", "<http://e/p>", '"in a list"', "a"),
    ("_:said", f"<{PREFIXES['rdf']}subject>", own("a"), "a"),
    ("_:said", f"<{PREFIXES['dcterms']}source>", own("b"), "a"),
    ("_:back", f"<{PREFIXES['kgc']}related>", own("a"), "a"),
    ("_:back", "<http://e/p>", '"leads back"', "a"),
    (own("a"), f"<{PREFIXES['kgc']}related>", own("a"), "a"),
    (document("a"), "<http://e/p>", own("a"), "a"),
    (own("b"), f"<{PREFIXES['rdf']}type>", f"<{PREFIXES['kgc']}Method>", "b"),
    (own("b"), f"<{PREFIXES['kgc']}related>", own("a"), "b"),
    ("_:other", f"<{PREFIXES['rdf']}subject>", own("a"), "b"),
    ("_:other", "<http://e/p>", '"from there"', "b"),
)


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ((), 2),
        (((own("a"), "<http://e/p>", '"not with the rest of its graph"', "a"),), 2),
        (((own("a"), "<http://e/p>", '"in another graph"', "b"),), 0),
        (((document("a"), "<http://e/p>", '"in another graph"', "b"),), 0),
        (((own("b"), "<http://e/p>", '"in a foreign graph"', "http://e/g"),), 0),
        ((("_:in", "<http://e/p>", '"a node of two graphs"', "b"),), 0),
        (((own("b"), "<http://e/l>", "_:in", "b"),), 0),
    ],
    ids=["whole", "parted", "scattered", "document", "foreign", "shared node", "node led to"],
)
def test_documents_are_kept_only_where_they_say_all(
    tmp_path: Path, more: tuple[tuple[str, str, str, str], ...], kept: int
) -> None:
    def graph(name: str) -> str:
        return f"<{name}>" if ":" in name else document(name)

    lines = [f"{s} {p} {o} {graph(g)} .\n" for s, p, o, g in (*PLAIN, *more)]
    (tmp_path / "a.nq").write_text("".join(lines))
    store = tmp_path / "store"
    create_store(store)
    import_files(store, [tmp_path / "a.nq"], Options(trust=True))
    things = [own("a")[1:-1], own("b")[1:-1]]
    steps = [NamedNode("http://e/l"), NamedNode(PREFIXES["rdf"] + "first")]
    assert documents_hold(store, things, [steps, [*steps, NamedNode("http://e/p")]]) == kept


def test_documents_follow_what_is_changed(own_store: Path) -> None:
    before = documents_hold(own_store)
    editor = Editor(own_store, (), Options(replace=True), 60.0)
    record = f"{DEFAULT_BASE}id/method/novel"
    for round_ in range(4):  # by then both files of the index were changed in their places
        text = f"""<{record}> a <{PREFIXES["kgc"]}Method> ; <{PREFIXES["skos"]}prefLabel> "Novel {round_}"@en ;
            <{PREFIXES["kgc"]}related> <{DEFAULT_BASE}id/method/lasso> ."""
        editor.put(record, Body(text.encode(), "ttl"), Condition())
        assert documents_hold(own_store) == before + 1
        with Catalogue(EmbeddedStore(own_store)) as catalogue:
            assert catalogue.compare(["novel"]).methods[0].label == f"Novel {round_}"
    editor.remove(record, Condition())
    assert documents_hold(own_store) == before


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE document",
        "UPDATE document SET said = x'00'",
        "UPDATE document SET said = substr(said, 1, length(said) - 8)",
    ],
)
def test_a_record_is_read_where_the_index_cannot_tell_it(own_store: Path, change: str) -> None:
    def cells() -> list[str]:
        with Catalogue(EmbeddedStore(own_store)) as catalogue:
            return [str(cell.text) for row in catalogue.compare(["lasso", "gan"]) for cell in row.cells]

    before = cells()
    (index,) = own_store.glob("index-*.sqlite")
    with closing(sqlite3.connect(index)) as db:
        db.execute(change)
        db.commit()
    assert cells() == before
