"""Graphs written into an endpoint: a document is one request that the engine applies whole, or a part of one.

How much an engine bears in one request is found out: batches grow as long as they are quick, and are halved where one
is slow or refused. A document that is too long for any request is put together in a graph of its own and copied as one.

Source: SPARQL 1.1 Update, section 3.1.3.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode, Quad

from kgcompare.errors import DataError, EndpointError, QueryError, StoreError
from kgcompare.store.endpoint import Endpoint
from kgcompare.store.ledger import Fence, in_turn

_FIRST, _MOST, _LEAST = 20_000, 1_000_000, 4_000
"""Characters of an update: of the first ones, at most, and to which parts of a long document are halved."""
_QUICK, _SLOW = 0.3, 3.0
"""Seconds within which an update is quick, and from which on it is slow."""


@dataclass(frozen=True, slots=True)
class Portion:
    """An update that goes with others into one request, and what is done where it alone is too much."""

    text: str
    instead: Callable[[], None] | None = None


class Batches:
    """Sends updates to an endpoint, as many at once as it bears."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._size = _FIRST
        self._most = _MOST

    def send(self, jobs: Iterable[Portion]) -> None:
        """Has the engine apply updates, in their order.

        :raises QueryError: if it refuses one.
        :raises StoreError: if it cannot be written to.
        """
        batch: list[Portion] = []
        length = 0
        for job in jobs:
            if batch and length + len(job.text) > self._size:
                self._apply(batch)
                batch, length = [], 0
            batch.append(job)
            length += len(job.text)
        if batch:
            self._apply(batch)

    def _apply(self, batch: Sequence[Portion]) -> None:
        text, begun = in_turn(job.text for job in batch), time.monotonic()
        try:
            self._endpoint.update(text)
        except (QueryError, EndpointError) as fault:
            if len(batch) > 1:
                self._most = self._size = max(len(text) // 2, _LEAST)
                half = len(batch) // 2
                self._apply(batch[:half])
                self._apply(batch[half:])
            elif batch[0].instead is not None:
                batch[0].instead()
            else:
                raise _refused(self._endpoint, fault) from None
        else:
            took = time.monotonic() - begun
            if took < _QUICK and len(text) > self._size // 2:
                self._size = min(2 * self._size, self._most)
            elif took > _SLOW:
                self._size = max(self._size // 2, _LEAST)

    def replace(self, fence: Fence, parts: str, graphs: Mapping[str, Sequence[Quad]]) -> None:
        """Has graphs say something else, each as a whole; *parts* names a graph in which long ones are put together.

        :raises QueryError: if the engine refuses one.
        :raises StoreError: if it cannot be written to.
        """
        jobs = (self._document(fence, parts, name, quads) for name, quads in graphs.items())
        self.send(jobs)

    def _document(self, fence: Fence, parts: str, name: str, quads: Sequence[Quad]) -> Portion:
        def in_parts() -> None:
            self._in_parts(fence, parts, name, quads)

        return Portion(fence.replace(name, quads), in_parts)

    def _in_parts(self, fence: Fence, parts: str, name: str, quads: Sequence[Quad]) -> None:
        """Writes a document that is too long for one request; it is there whole when the last one has been applied."""
        self._endpoint.update(fence.empty(parts))
        graph, size = NamedNode(parts), _LEAST * 4
        pieces = [[Quad(q.subject, q.predicate, q.object, graph) for q in piece] for piece in pieces_of(quads)]
        self.send(Portion(fence.insert(piece)) for piece in _packed(pieces, size))
        self._endpoint.update(in_turn([fence.empty(name), fence.copy(parts, name), fence.empty(parts)]))


def pieces_of(quads: Sequence[Quad]) -> list[list[Quad]]:
    """Statements apart where no blank node joins them: what one node of them is said has to come at once."""
    above: dict[object, object] = {}

    def root(node: object) -> object:
        while (up := above.get(node, node)) != node:
            above[node] = above.get(up, up)
            node = up
        return node

    for quad in quads:
        blank = [node for node in (quad.subject, quad.object) if isinstance(node, BlankNode)]
        for node in blank[1:]:
            above[root(blank[0])] = root(node)
    pieces: dict[object, list[Quad]] = {}
    for place, quad in enumerate(quads):
        blank = [node for node in (quad.subject, quad.object) if isinstance(node, BlankNode)]
        pieces.setdefault(root(blank[0]) if blank else place, []).append(quad)
    return list(pieces.values())


def _packed(pieces: Iterable[list[Quad]], size: int) -> Iterable[list[Quad]]:
    """Pieces together, up to a number of characters."""
    pack: list[Quad] = []
    length = 0
    for piece in pieces:
        here = sum(len(str(quad)) for quad in piece)
        if pack and length + here > size:
            yield pack
            pack, length = [], 0
        pack = [*pack, *piece]
        length += here
    if pack:
        yield pack


def _refused(endpoint: Endpoint, fault: DataError | StoreError) -> DataError | StoreError:
    """What is said of an engine that does not take an update of the least size."""
    if isinstance(fault, QueryError):
        return StoreError(f"{endpoint.url} refused to write: {fault}")
    return fault
