"""What is said of a thing is asked of the store once, whatever the thing is shown as."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse

from deep import many
from kgcompare.catalogue import Catalogue, descriptions
from kgcompare.catalogue.lookups import record_rows
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.queries import load
from kgcompare.store.base import LookUp
from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.store.embedded import EmbeddedStore
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

    def counted(look_up: LookUp, things: Sequence[NamedNode], backwards: Iterable[tuple[NamedNode, NamedNode]]) -> Any:
        counts.update(map(str, set(things)))
        return record_rows(look_up, things, backwards)

    monkeypatch.setattr(descriptions, "record_rows", counted)
    return counts


def test_a_record_costs_one_query_whatever_it_is_shown_as(bundled_store: Path, asked: Counter[str]) -> None:
    client = create_app(Settings(store=bundled_store)).test_client()
    for address in SHOWN_AS:
        assert client.get(address).status_code == 200, address
    assert client.post("/reconcile", data={"queries": QUERIES}).status_code == 200
    assert client.post("/reconcile", data={"extend": EXTENSION}).status_code == 200
    assert asked["<https://w3id.org/kgcompare/id/method/lasso>"] == 1
    assert set(asked.values()) == {1}, [thing for thing, count in asked.items() if count > 1]


def same_as_the_query(snapshot: EmbeddedSnapshot, things: Sequence[NamedNode], inverses: Sequence[NamedNode]) -> int:
    """Holds look-ups against the query for some things at once; gives how many statements there are."""
    backwards = [(thing, predicate) for thing in things for predicate in inverses]
    asked = snapshot.select(load("record").bind(method=things, method__inverse=backwards)).rows
    found = record_rows(snapshot.look_up, things, backwards)
    assert Counter(found) == Counter(asked)
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


def test_look_ups_find_what_the_query_finds_of_odd_things() -> None:
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
