"""What a generation says of things, fetched with few queries; what was asked for last is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import cast

from cachetools import LRUCache
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.catalogue.lookups import record_rows
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import PREFIXES, is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import KGC_ABSENCE, RDF_SUBJECT, SKOS_DEFINITION, SKOS_IN_SCHEME
from kgcompare.schema.shapes import Shapes
from kgcompare.store import Snapshot
from kgcompare.store.answers import whole_number

_BIBO = PREFIXES["bibo"]
_EMPTY, _TERM = 1000, 500
"""Bytes that an empty graph and its place take, and a statement beside its value."""


class _Kept:
    """Graphs by the things that they describe, within a bound; those that were not asked for the longest go."""

    def __init__(self, most: int) -> None:
        self._graphs: LRUCache[str, tuple[Graph, int]] = LRUCache(most, lambda value: value[1])
        self._lock = threading.Lock()

    def of(self, things: Iterable[str]) -> dict[str, Graph]:
        """What is kept of some things."""
        with self._lock:
            return {thing: found[0] for thing in things if (found := self._graphs.get(thing))}

    def keep(self, graphs: Mapping[str, Graph]) -> None:
        """Keeps graphs; one that would be too much alone is left out."""
        for thing, graph in graphs.items():
            size = 2 * len(thing) + _size(graph)
            if size <= self._graphs.maxsize:
                with self._lock:
                    self._graphs[thing] = graph, size


def _size(graph: Graph) -> int:
    """Metadata how many bytes of memory a graph takes."""
    said = (values for node in graph.subjects() for values in graph.description(node).values())
    return _EMPTY + sum(_TERM + len(str(getattr(term, "value", term))) for values in said for term in values)


class Descriptions:
    """Descriptions of one generation."""

    def __init__(self, snapshot: Snapshot, shapes: Shapes, most: int = 128 << 20) -> None:
        """Keeps none yet, and never more than about *most* bytes of memory: half for whole records, half for names."""
        self.most = most
        self.snapshot = snapshot
        self.shapes = shapes
        self._records = _Kept(most // 2)
        self._things = _Kept(most // 2)

    def records(self, things: Sequence[str]) -> dict[str, Graph]:
        """Everything said of each thing, with what rows of any class follow backwards or in sequence.

        A thing of which the catalogue does not say what it is (its class) is left out.

        :raises StoreError: if the store cannot be read.
        """
        graphs = self.describe(things)
        return {thing: graph for thing, graph in graphs.items() if graph.types(NamedNode(thing))}

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
        return {thing: kept.get(thing) or fetched.get(thing) or Graph() for thing in things}

    def _fetch(self, things: Sequence[str]) -> dict[str, Graph]:
        methods = [NamedNode(thing) for thing in things]
        inverse = [NamedNode(predicate) for predicate in self.shapes.inverses if is_safe_iri(predicate)]
        sequences = [tuple(map(NamedNode, s)) for s in self.shapes.sequences if all(map(is_safe_iri, s))]
        backwards = [(method, predicate) for method in methods for predicate in inverse]
        rows: list[tuple[Term | None, ...]]
        if (look_up := self.snapshot.look_up) is not None:
            rows = [*record_rows(look_up, methods, backwards)]
        else:
            rows = self.snapshot.select(load("record").bind(method=methods, method__inverse=backwards)).rows

        def from_blank(row: tuple[Term | None, ...]) -> bool:
            return isinstance(row[1], BlankNode) and row[3] == row[0] and row[2] in inverse

        if sequences or any(from_blank(row) for row in rows):
            ends = load("path_ends").bind(
                method=methods,
                method__inverse=backwards,
                first__second=sorted({steps[:2] for steps in sequences}, key=str),
                first__second__third=[steps for steps in sequences if len(steps) == 3],
            )
            # An endpoint labels blank nodes anew in every answer: those that name a method come from the second alone.
            rows = [row for row in rows if not from_blank(row)] + self.snapshot.select(ends).rows
        graphs = {thing: Graph() for thing in things}
        for thing, subject, predicate, value in rows:
            if thing is not None and subject is not None and predicate is not None and value is not None:
                graphs[thing.value].add(cast(NamedNode, subject), predicate.value, value)
        return graphs

    def things(self, things: Iterable[str]) -> dict[str, Graph]:
        """The names of things; of sources, everything that a citation needs, and the names of their authors.

        :raises StoreError: if the store cannot be read.
        """
        named = self._named(set(things))
        sources = self.records([thing for thing, graph in named.items() if is_source(graph, thing)])
        named.update(sources)
        people = {
            node.value
            for graph in sources.values()
            for node in graph.all_objects()
            if isinstance(node, NamedNode) and node.value not in named
        }
        return self._named(people) | named

    def _named(self, things: set[str]) -> dict[str, Graph]:
        """The names of things; of what stands in no scheme without its definition."""
        kept = self._things.of(things)
        whole = self._records.of(things - kept.keys())
        found = {thing: graph.only(NamedNode(thing)) for thing, graph in whole.items()}
        fetched = self._fetch_names(sorted(things - kept.keys() - whole.keys()))
        for thing, graph in (found | fetched).items():
            if not graph.objects(NamedNode(thing), SKOS_IN_SCHEME):
                graph.discard(NamedNode(thing), SKOS_DEFINITION)
        self._things.keep(fetched)
        return kept | found | fetched

    def _fetch_names(self, things: Sequence[str]) -> dict[str, Graph]:
        fetched = {thing: Graph() for thing in things}
        safe = [NamedNode(thing) for thing in things if is_safe_iri(thing)]
        for at in range(0, len(safe), 500):
            some = safe[at : at + 500]
            query = load("names").bind(thing__place=[(thing, Literal(place)) for place, thing in enumerate(some)])
            for place, predicate, value in self.snapshot.select(query).rows:
                if place is not None and predicate is not None and value is not None:
                    for thing in some[whole_number(place) :][:1]:
                        fetched[thing.value].add(thing, predicate.value, value)
        return fetched


def is_source(graph: Graph, thing: str) -> bool:
    """Whether a thing is a document that is cited."""
    return any(cls.startswith(_BIBO) for cls in graph.types(NamedNode(thing)))


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
