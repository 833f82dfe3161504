"""What queries/record.rq, path_ends.rq and links.rq answer, by look-ups in a store that has them: half the time.

Tests hold them together, on all bundled records and on odd ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from sys import intern
from types import MappingProxyType
from typing import NamedTuple, cast

from pyoxigraph import BlankNode, NamedNode

from kgcompare.rdf.graph import Graph, Node, Term, node_of
from kgcompare.rdf.terms import KGC_ABSENCE, RDF_FIRST, RDF_NIL, RDF_REST, RDF_SUBJECT
from kgcompare.store.looking import LookUp

_SUBJECT = NamedNode(RDF_SUBJECT)
_NIL = NamedNode(RDF_NIL)
_MUCH = 100
"""Statements about a thing from which on those by each predicate are looked up by themselves."""
_NOTHING: list[Term] = []
_Said = dict[str, list[Term]]
"""What is said of a node: predicate IRI to objects, each once."""


class Document(NamedTuple):
    """What is said in the graph of a record's document, where that is known and says all that the record does."""

    name: NamedNode
    said: Mapping[Node, _Said]


class _Known:
    """What a store says of nodes, each looked up once, or known from the documents of things."""

    def __init__(self, look_up: LookUp, documents: Mapping[str, Document]) -> None:
        self.look_up = look_up
        self._known: dict[Node, _Said] = {}
        for thing, document in documents.items():
            node = node_of(thing)
            self._known[node] = {}
            for subject, said in document.said.items():
                if subject == node or isinstance(subject, BlankNode):
                    self._known[subject] = said

    def of(self, node: Node) -> _Said:
        said = self._known.get(node)
        if said is None:
            said = self._known[node] = {}
            several = False
            for quad in self.look_up(node, None, None):
                predicate, value = intern(quad.predicate.value), cast("Term", quad.object)
                if predicate in said:
                    said[predicate].append(value)
                    several = True
                else:
                    said[predicate] = [value]
            if several:  # graphs may say the same
                for predicate, values in said.items():
                    said[predicate] = list(dict.fromkeys(values)) if len(values) > 1 else values
        return said

    def by(self, node: Node, predicate: NamedNode) -> list[Term]:
        """What a predicate leads to from a node."""
        if node in self._known:
            return self._known[node].get(predicate.value, _NOTHING)
        return [cast("Term", quad.object) for quad in self.look_up(node, predicate, None)]

    def places(self, starts: Iterable[Term]) -> list[Node]:
        """Some nodes, and what ``rdf:rest`` leads to from them."""
        reached: dict[Node, None] = {}
        waiting = list(starts)
        while waiting:
            place = waiting.pop()
            if isinstance(place, NamedNode | BlankNode) and place not in reached and place != _NIL:
                reached[place] = None
                waiting += self.of(place).get(RDF_REST, _NOTHING)
        return list(reached)

    def owned(self, node: BlankNode) -> Iterator[Term]:
        """A node, and the places and the members of the lists that it leads to."""
        yield node
        values = (value for values in self.of(node).values() for value in values)
        for place in self.places(value for value in values if isinstance(value, BlankNode)):
            yield place
            yield from self.of(place).get(RDF_FIRST, _NOTHING)

    def record(self, thing: NamedNode, about: Iterable[Node]) -> Graph:
        """What a thing owns, and what is said of the statements *about* it."""
        subjects: dict[Term, None] = {thing: None}
        for predicate, values in self.of(thing).items():
            for value in values:
                if isinstance(value, BlankNode):
                    subjects.update((one, None) for one in self.owned(value) if isinstance(one, BlankNode))
                elif predicate == KGC_ABSENCE and isinstance(value, NamedNode):
                    subjects[value] = None
        subjects |= dict.fromkeys(about)
        nodes = cast("Iterable[Node]", subjects)
        return Graph.about({node: said for node in nodes if (said := self.of(node))})

    def add_all(self, graph: Graph, node: Node) -> None:
        """Adds all that is said of a node."""
        for predicate, values in self.of(node).items():
            for value in values:
                graph.add(node, predicate, value)


def record_graphs(
    look_up: LookUp,
    things: Iterable[NamedNode],
    inverses: Sequence[NamedNode] = (),
    sequences: Iterable[Sequence[NamedNode]] = (),
    relations: Sequence[NamedNode] = (),
    documents: Mapping[str, Document] = MappingProxyType({}),
) -> tuple[dict[str, Graph], dict[str, Graph]]:
    """Everything said of each thing, as the queries give it: with what some predicates lead to it by, and what some
    sequences of two or three lead to from it; and, as graphs of their own, the links that lead to it by *relations*.
    Of some things it is known what their *documents* say.

    :raises StoreError: if the store cannot be read.
    """
    known = _Known(look_up, documents)
    graphs: dict[str, Graph] = {}
    links: dict[str, Graph] = {}
    wanted = dict.fromkeys((_SUBJECT, *inverses, *relations))
    for thing in dict.fromkeys(things):
        leading = _leading(look_up, thing, wanted, documents.get(thing.value))
        graph = graphs[thing.value] = known.record(thing, leading[_SUBJECT])
        links[thing.value] = Graph((subject, by, thing) for by in relations for subject in leading[by])
        for predicate in inverses:
            for subject in leading[predicate]:
                graph.add(subject, predicate.value, thing)
                if isinstance(subject, BlankNode):
                    known.add_all(graph, subject)
        for steps in sequences:
            _follow(known, graph, thing, steps)
    return graphs, links


def own_graphs(look_up: LookUp, things: Iterable[NamedNode], documents: Mapping[str, Document]) -> dict[str, Graph]:
    """What each thing owns, without what leads to it: all that a citation of a source needs.

    :raises StoreError: if the store cannot be read.
    """
    known = _Known(look_up, documents)
    return {thing.value: known.record(thing, ()) for thing in things}


def _leading(
    look_up: LookUp, thing: NamedNode, predicates: Iterable[NamedNode], document: Document | None
) -> dict[NamedNode, list[Node]]:
    """What leads to a thing by some predicates: all that does is read at once, unless that is much. What does in its
    own document, if that is known, has the blank nodes that it has there."""
    found: dict[NamedNode, list[Node]] = {predicate: [] for predicate in predicates}
    quads = list(look_up(None, None, thing, _MUCH + 1))
    if len(quads) > _MUCH:
        quads = [quad for predicate in found for quad in look_up(None, predicate, thing)]
    if document is not None:
        quads = [quad for quad in quads if quad.graph_name != document.name]
        by_name = {predicate.value: nodes for predicate, nodes in found.items()}
        for subject, said in document.said.items():
            for predicate in by_name.keys() & said.keys():
                if thing in said[predicate]:
                    by_name[predicate].append(subject)
    for quad in quads:
        if quad.predicate in found:
            found[quad.predicate].append(cast("Node", quad.subject))
    return found


def _follow(known: _Known, graph: Graph, thing: NamedNode, steps: Sequence[NamedNode]) -> None:
    """Adds what a sequence leads to."""
    nodes: list[Term] = known.of(thing).get(steps[0].value, _NOTHING)
    for predicate in steps[1:]:
        ends: dict[Term, None] = {}
        for node in nodes:
            if isinstance(node, NamedNode | BlankNode):
                for end in known.by(node, predicate):
                    graph.add(node, predicate.value, end)
                    ends[end] = None
        for end in ends:
            if isinstance(end, BlankNode):
                for place in known.places([end]):
                    known.add_all(graph, place)
        nodes = list(ends)
