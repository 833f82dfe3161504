"""What queries/record.rq answers, by look-ups in a store that has them: half the time of the query.

A test holds the two together, on all bundled records and on odd ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from pyoxigraph import BlankNode, NamedNode

from kgcompare.rdf.graph import Node, Term
from kgcompare.rdf.terms import KGC_ABSENCE, RDF_FIRST, RDF_REST, RDF_SUBJECT
from kgcompare.store.base import LookUp

_Row = tuple[NamedNode, Node, NamedNode, Term]
"""?method ?subject ?predicate ?object."""
_SUBJECT = NamedNode(RDF_SUBJECT)


class _Said:
    """What a store says of nodes, each looked up once."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._known: dict[Node, list[tuple[NamedNode, Term]]] = {}

    def of(self, node: Node) -> list[tuple[NamedNode, Term]]:
        if node not in self._known:
            said = ((quad.predicate, cast("Term", quad.object)) for quad in self._look_up(node, None, None))
            self._known[node] = list(dict.fromkeys(said))
        return self._known[node]

    def led(self, node: Node, predicate: str) -> Iterator[Node]:
        for by, value in self.of(node):
            if by.value == predicate and isinstance(value, NamedNode | BlankNode):
                yield value


def record_rows(
    look_up: LookUp, things: Sequence[NamedNode], backwards: Iterable[tuple[NamedNode, NamedNode]]
) -> list[_Row]:
    """Everything said of each thing, as the query gives it; *backwards* are things, each with a predicate.

    :raises StoreError: if the store cannot be read.
    """
    said = _Said(look_up)
    rows: dict[_Row, None] = {}
    for thing in dict.fromkeys(things):
        subjects: dict[Node, None] = {thing: None}
        for predicate, value in said.of(thing):
            if isinstance(value, BlankNode):
                subjects[value] = None
                subjects |= dict.fromkeys(_below(said, value))
            elif isinstance(value, NamedNode) and predicate.value == KGC_ABSENCE:
                subjects[value] = None
        subjects |= dict.fromkeys(cast("Node", quad.subject) for quad in look_up(None, _SUBJECT, thing))
        rows |= {(thing, subject, by, value): None for subject in subjects for by, value in said.of(subject)}
    for thing, predicate in backwards:
        rows |= {(thing, cast("Node", q.subject), predicate, thing): None for q in look_up(None, predicate, thing)}
    return list(rows)


def _below(said: _Said, node: BlankNode) -> Iterator[BlankNode]:
    """The places and the members, of those without a name, of the lists that a node leads to."""
    reached: dict[Node, None] = {}
    waiting: list[Node] = [value for _, value in said.of(node) if isinstance(value, BlankNode)]
    while waiting:
        place = waiting.pop()
        if place not in reached:
            reached[place] = None
            waiting += said.led(place, RDF_REST)
    for place in reached:
        yield from (one for one in (place, *said.led(place, RDF_FIRST)) if isinstance(one, BlankNode))
