"""What an endpoint is asked for a comparison: two questions when nothing is kept, whatever the number of columns.

The first is for the records with what leads to and from them, the second for the names of all that they name, with what
sources among that are cited by. An endpoint labels blank nodes anew in every answer, so nothing is joined by a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue.sources import is_source
from kgcompare.errors import EndpointDown, EndpointError, QueryError
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.queries import load
from kgcompare.store import Snapshot

_MOST, _LEAST = 1000, 10
"""Things that are in one question: at most, and where that is too much for an engine."""


def asked_records(
    snapshot: Snapshot,
    things: Sequence[NamedNode],
    inverses: Sequence[NamedNode],
    sequences: Sequence[Sequence[NamedNode]],
    relations: Sequence[NamedNode],
) -> tuple[dict[str, Graph], dict[str, Graph]]:
    """Everything said of each thing, and the links that lead to each by some relations, as graphs of their own.

    :raises StoreError: if the store cannot be read.
    """
    records = {thing.value: Graph() for thing in things}
    links = {thing.value: Graph() for thing in things}

    def query(some: Sequence[NamedNode]) -> str:
        return load("columns").bind(
            method=some,
            method__inverse=[(thing, predicate) for thing in some for predicate in inverses],
            method__relation=[(thing, relation) for thing in some for relation in relations],
            first__second=sorted({tuple(steps[:2]) for steps in sequences}, key=str),
            first__second__third=[steps for steps in sequences if len(steps) == 3],
        )

    for _, rows in _asked(snapshot, things, query):
        for thing, subject, predicate, value, link in rows:
            if thing is not None and subject is not None and predicate is not None and value is not None:
                graph = (records if link is None else links)[thing.value]
                graph.add(cast("Node", subject), predicate.value, value)
    return records, links


def asked_names(snapshot: Snapshot, things: Sequence[NamedNode]) -> dict[str, Graph]:
    """What names each thing; of sources all that they are cited by, and beside the things the names of whom and what
    these name.

    :raises StoreError: if the store cannot be read.
    """
    found: dict[str, Graph] = {thing.value: Graph() for thing in things}

    def query(some: Sequence[NamedNode]) -> str:
        return load("citations").bind(thing__place=[(thing, Literal(place)) for place, thing in enumerate(some)])

    for some, rows in _asked(snapshot, things, query):
        for place, subject, predicate, value in rows:
            if predicate is not None and value is not None:
                about = some[int(place.value)] if place is not None else cast("NamedNode", subject)
                graph = found.setdefault(about.value, Graph())
                graph.add(about if subject is None else cast("Node", subject), predicate.value, value)
    for thing in things:
        if is_source(found[thing.value], thing.value):
            for node in found[thing.value].all_objects():
                if isinstance(node, NamedNode):
                    found.setdefault(node.value, Graph())  # it has no names
    return found


def _asked(
    snapshot: Snapshot, things: Sequence[NamedNode], query: Callable[[Sequence[NamedNode]], str]
) -> Iterator[tuple[Sequence[NamedNode], Sequence[tuple[Term | None, ...]]]]:
    """What is asked of things, as many at a time as an engine takes; with each of the answers, of which."""
    waiting, size = things, _MOST
    while waiting:
        some = waiting[:size]
        try:
            rows = snapshot.select(query(some)).rows
        except (EndpointError, QueryError) as fault:
            if len(some) <= _LEAST or isinstance(fault, EndpointDown):
                raise
            size = max(_LEAST, len(some) // 5)
        else:
            yield some, rows
            waiting = waiting[size:]
