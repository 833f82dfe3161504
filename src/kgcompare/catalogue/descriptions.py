"""What a generation says of things, fetched with few queries; what was asked for last is kept."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import chain
from typing import cast

from cachetools import LRUCache
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.catalogue.basis import note_links, note_names, note_records
from kgcompare.catalogue.inquiry import asked_names, asked_records
from kgcompare.catalogue.lookups import Document, own_graphs, record_graphs
from kgcompare.catalogue.sources import is_source
from kgcompare.errors import NotIndexed, StoreError
from kgcompare.rdf.graph import Graph, Term, node_of
from kgcompare.rdf.namespaces import is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import KGC_ABSENCE, RDF_SUBJECT, SKOS_DEFINITION, SKOS_IN_SCHEME, SPOKEN
from kgcompare.schema.shapes import Shapes
from kgcompare.search import Index
from kgcompare.store import Snapshot
from kgcompare.store.answers import counted_number

_FEW = 10
"""Things without a name in the index up to which each is looked up by itself."""


class _Kept:
    """Graphs by the things that they describe, within a bound; those that were not asked for the longest go."""

    def __init__(self, most: int) -> None:
        self._graphs: LRUCache[str, tuple[Graph, int]] = LRUCache(most, lambda value: value[1])
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of memory that they take."""
        return int(self._graphs.currsize)

    def of(self, things: Iterable[str]) -> dict[str, Graph]:
        """What is kept of some things."""
        with self._lock:
            return {thing: found[0] for thing in things if (found := self._graphs.get(thing))}

    def keep(self, graphs: Mapping[str, Graph]) -> None:
        """Keeps graphs; one that would be too much alone is left out."""
        for thing, graph in graphs.items():
            size = 2 * len(thing) + graph.size
            if size <= self._graphs.maxsize:
                with self._lock:
                    self._graphs[thing] = graph, size


class Descriptions:
    """Descriptions of one generation."""

    def __init__(self, snapshot: Snapshot, shapes: Shapes, most: int = 64 << 20) -> None:
        """Keeps none yet, and never more than about *most* bytes of memory: half for whole records, half for names,
        sources, documents and links."""
        self.most = most
        self.snapshot = snapshot
        self.shapes = shapes
        self.index: Index | None = None
        """What knows the names of things, where it is of this very generation."""
        self._records = _Kept(most // 2)
        self._things = _Kept(most // 4)
        self._own = _Kept(most // 16)
        self._documents = _Kept(most // 16)
        self._links = _Kept(most // 8)

    def records(self, things: Sequence[str]) -> dict[str, Graph]:
        """Everything said of each thing, with what rows of any class follow backwards or in sequence.

        A thing of which the catalogue does not say what it is (its class) is left out.

        :raises StoreError: if the store cannot be read.
        """
        graphs = self.describe(things)
        return {thing: graph for thing, graph in graphs.items() if graph.types(node_of(thing))}

    def describe(self, things: Sequence[str]) -> dict[str, Graph]:
        """Everything said of each thing, with what rows of any class follow backwards or in sequence; an empty graph
        where nothing is said.

        One query whatever they are shown as: what is asked depends on no class.

        :raises StoreError: if the store cannot be read.
        """
        kept = self._records.of(things)
        missing = [thing for thing in dict.fromkeys(things) if thing not in kept and is_safe_iri(thing)]
        fetched = self._fetch(missing) if missing else {}
        self._records.keep(fetched)
        found = {thing: kept.get(thing) or fetched.get(thing) or Graph() for thing in things}
        note_records(found, led_to=True)
        return found

    def _fetch(self, things: Sequence[str]) -> dict[str, Graph]:
        methods = [NamedNode(thing) for thing in things]
        inverses = _nodes(self.shapes.inverses)
        sequences = [tuple(map(NamedNode, s)) for s in self.shapes.sequences if all(map(is_safe_iri, s))]
        asked = methods, inverses, sequences, _nodes(self._relations)
        look_up = self.snapshot.look_up
        graphs, links = (
            record_graphs(look_up, *asked, self._told(things)) if look_up else asked_records(self.snapshot, *asked)
        )
        self._links.keep(links)
        return graphs

    def _told(self, things: Collection[str]) -> dict[str, Document]:
        """What the index knows that the documents of some things say."""
        if self.index is None:
            return {}
        with suppress(NotIndexed, StoreError):  # another one is made, and the engine knows all of it
            names = {thing: node_of(self.snapshot.base.document(thing)) for thing in things}
            found = {t: Document(names[t], said) for t, said in self.index.documents(things).items()}
            self._documents.keep({name.value: Graph.about({name: said.get(name, {})}) for name, said in found.values()})
            return found
        return {}

    def documents(self, things: Sequence[str]) -> dict[str, Graph]:
        """What the documents of things are said to be, such as under which licence and from when; by their own IRIs.

        :raises StoreError: if the store cannot be read.
        """
        names = [self.snapshot.base.document(thing) for thing in things]
        kept = self._documents.of(names)
        told = kept | self.own([name for name in names if name not in kept])
        note_records(told, led_to=False)
        return {name: told[name] for name in names}

    @cached_property
    def _relations(self) -> tuple[str, ...]:
        """The predicates by which things of any class are linked."""
        every = (self.shapes.typed_links(cls) or self.shapes.links(cls) for cls in self.shapes.classes)
        return tuple(dict.fromkeys(chain.from_iterable(every)))

    def links_to(self, things: Sequence[str], relations: Sequence[str]) -> list[tuple[str, str, str]]:
        """(from, relation, to) of the links that lead to things by some relations, from what has a name.

        :raises StoreError: if the store cannot be read.
        """
        note_links(things)
        kept = self._links.of(things)
        pairs = [
            (NamedNode(thing), relation)
            for thing in things
            for relation in _nodes(r for r in relations if thing not in kept or r not in self._relations)
        ]
        links = [
            (subject.value, relation, thing)
            for thing, graph in kept.items()
            for subject in graph.subjects()
            if isinstance(subject, NamedNode)
            for relation in graph.description(subject)
            if relation in relations
        ]
        if pairs:
            rows = self.snapshot.select(load("links").bind(method__relation=[], method__inverse=pairs)).rows
            named = [[term.value for term in row if isinstance(term, NamedNode)] for row in rows]
            links += [(row[1], row[2], row[3]) for row in named if len(row) == 4]
        return links

    def linked(self, things: Iterable[str]) -> set[str]:
        """What is known to lead to some things by links beside what their records say: an endpoint is asked for its
        names with theirs; embedded nothing, as only few of them are told."""
        if self.snapshot.look_up is not None:
            return set()
        graphs = self._links.of(things).values()
        return {node.value for graph in graphs for node in graph.subjects() if isinstance(node, NamedNode)}

    def things(self, things: Iterable[str]) -> dict[str, Graph]:
        """The names of things; of sources, everything that a citation needs, and the names of their authors.

        :raises StoreError: if the store cannot be read.
        """
        named = self._named(set(things))
        sources = {thing: graph for thing, graph in named.items() if is_source(graph, thing)}
        if self.snapshot.look_up is not None:
            sources = self.own(sources)
            named.update(sources)
        people = {
            node.value
            for graph in sources.values()
            for node in graph.all_objects()
            if isinstance(node, NamedNode) and node.value not in named
        }
        return self._named(people) | named

    def own(self, things: Collection[str]) -> dict[str, Graph]:
        """What things, such as sources and documents, say themselves. What leads to them, which takes a quarter as long
        to read, nobody cites; an endpoint is asked for both at once.

        :raises StoreError: if the store cannot be read.
        """
        if self.snapshot.look_up is None:
            return self.describe(list(things))
        kept = self._own.of(things) | self._records.of(things)
        missing = [thing for thing in things if thing not in kept]
        nodes = map(NamedNode, filter(is_safe_iri, missing))
        fetched = own_graphs(self.snapshot.look_up, nodes, self._told(missing)) if missing else {}
        self._own.keep(fetched)
        found = {thing: kept.get(thing) or fetched.get(thing) or Graph() for thing in things}
        note_records(found, led_to=False)
        return found

    def _named(self, things: set[str]) -> dict[str, Graph]:
        """The names of things; of what stands in no scheme without its definition."""
        note_names(things)
        kept = self._things.of(things)
        whole = self._records.of(things - kept.keys())
        found = {thing: graph.only(node_of(thing)) for thing, graph in whole.items()}
        missing = sorted(things - kept.keys() - whole.keys())
        indexed = self._indexed_names(missing) if missing else {}
        fetched = self._fetch_names([thing for thing in missing if thing not in indexed])
        for thing, graph in (found | fetched).items():  # in the index nobody has one without need
            if not graph.iris(node_of(thing), SKOS_IN_SCHEME):
                graph.discard(node_of(thing), SKOS_DEFINITION)
        fetched |= indexed
        self._things.keep(fetched)
        if self.snapshot.look_up is None:  # else who asks looks at the records of sources
            found |= {thing: graph for thing, graph in whole.items() if is_source(graph, thing)}
        return kept | found | fetched

    def _indexed_names(self, things: Sequence[str]) -> dict[str, Graph]:
        """The names of things that the index knows."""
        if self.index is not None:
            with suppress(NotIndexed, StoreError):  # another one is made, and the engine knows all of it
                return self.index.spoken(things)
        return {}

    def _fetch_names(self, things: Sequence[str]) -> dict[str, Graph]:
        """The names of things, as the engine knows them."""
        fetched = {thing: Graph() for thing in things}
        safe = [NamedNode(thing) for thing in things if is_safe_iri(thing)]
        if self.snapshot.look_up is None:
            return fetched | asked_names(self.snapshot, safe)
        if len(safe) <= _FEW:
            for thing in safe:
                for quad in self.snapshot.look_up(thing, None, None):
                    if quad.predicate.value in SPOKEN:
                        fetched[thing.value].add(thing, quad.predicate.value, cast("Term", quad.object))
            return fetched
        for at in range(0, len(safe), 500):
            some = safe[at : at + 500]
            query = load("names").bind(thing__place=[(thing, Literal(place)) for place, thing in enumerate(some)])
            for place, predicate, value in self.snapshot.select(query).rows:
                if place is not None and predicate is not None and value is not None:
                    for thing in some[counted_number(place) :][:1]:
                        fetched[thing.value].add(thing, predicate.value, value)
        return fetched


def _nodes(predicates: Iterable[str]) -> list[NamedNode]:
    return [node_of(predicate) for predicate in predicates if is_safe_iri(predicate)]


def own_statements(graph: Graph, thing: str) -> list[Triple]:
    """What the record of a thing says itself, of all that is said of it in *graph*.

    That is what is said of the thing, of the nodes without a name and the absences that belong to it, and of the
    statements that are about its facts; other things that name it, and what follows theirs, are left out.
    """
    node = NamedNode(thing)
    open_nodes: list[Term] = [node, *graph.objects(node, KGC_ABSENCE), *graph.subjects_of(RDF_SUBJECT, node)]
    own: dict[Term, None] = {}
    while open_nodes:
        subject = open_nodes.pop()
        if isinstance(subject, Literal) or subject in own:
            continue
        own[subject] = None
        values = chain.from_iterable(graph.description(subject).values())
        open_nodes += [value for value in values if isinstance(value, BlankNode)]
    return [triple for triple in graph if triple.subject in own]
