"""Any SPARQL 1.1 endpoint, for reading, through SPARQLWrapper.

Where kgcompare has written, a mark says which generation is there (:mod:`kgcompare.store.ledger`). Elsewhere one
is what the endpoint said for a while (five minutes, unless one says otherwise), which does not tell when it changes.

Source: SPARQL 1.1 Protocol, section 2.1; SPARQL 1.1 Query Results JSON Format.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, serialize

from kgcompare.errors import (
    DataError,
    EndpointError,
    Overrun,
    QueryError,
    Seam,
    StoreError,
    Unavailable,
    Unscoped,
    UsageError,
    reason,
)
from kgcompare.rdf.graph import Term, as_node
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, checked_base
from kgcompare.rdf.queries import load
from kgcompare.store import deadline
from kgcompare.store.base import CLOSED, PassOn, Results, Solutions
from kgcompare.store.circuit import Outage
from kgcompare.store.copied import Copy, copy_into
from kgcompare.store.endpoint import Addresses, Endpoint
from kgcompare.store.engine import Engine, columns_of
from kgcompare.store.ledger import mark_of
from kgcompare.store.remote_history import RemoteHistory
from kgcompare.store.speaking import Manners

MOST_COPIED = 500_000
"""Statements of a catalogue that is read whole where the engine is slow."""
_AHEAD = 50
"""Graphs that are read at a time before they are asked for."""
_PATIENCE = 5.0
"""Seconds that one waits for the mark where there is a generation to go on with."""


class RemoteSnapshot:
    """What an endpoint says at present."""

    path: Path | None = None
    index_path: Path | None = None
    contact = ""
    shapes_since = ""
    rewrites = True

    def __init__(
        self,
        engine: Engine,
        base: Base,
        generation: str,
        *,
        is_marked: bool = False,
        most_copied: int = MOST_COPIED,
    ) -> None:
        """*is_marked* says that the generation is that of a mark, which writers move
        (:mod:`kgcompare.store.ledger`). *most_copied* is as for :class:`RemoteStore`."""
        self.engine = engine
        self.endpoint = engine.endpoint
        self.most_copied = most_copied
        self._copy: Copy | None = None
        self._copying = threading.Lock()
        self.base = base
        self.generation = generation
        self.is_marked = is_marked
        self._ahead: dict[str, list[Quad]] = {}

    @property
    def keeps_shapes(self) -> bool:
        """Whether vocabulary and shapes stand in it: where kgcompare has written, they do."""
        return self.is_marked

    @property
    def history(self) -> RemoteHistory | None:
        """What its writers said of their changes; None where nobody has written through kgcompare."""
        return RemoteHistory(self) if self.is_marked else None

    def has_graphs(self, beginning: str = "") -> bool:
        """Whether there is a graph whose name begins so; with the base, if nothing is said."""
        return bool(self.select_now(load("any_graph").bind(base=[Literal(beginning or self.base.value)])).rows)

    def prefetch(self, names: Collection[str]) -> None:
        """Reads some graphs in few questions: each is kept until it is asked for by :meth:`graph`."""
        if self._copy is not None:
            return
        wanted, size = [NamedNode(name) for name in names if name not in self._ahead], _AHEAD
        while wanted:
            try:
                self._ahead.update(self._several(wanted[:size]))
            except EndpointError:
                if size == 1:
                    raise
                size = max(1, size // 4)
            else:
                wanted = wanted[size:]

    def _several(self, graphs: Sequence[NamedNode]) -> dict[str, list[Quad]]:
        found = self.select_now(load("documents").bind(graph=graphs))
        several: dict[str, list[Quad]] = {graph.value: [] for graph in graphs}
        for row in columns_of(found, self.endpoint.url, "subject", "predicate", "object", "graph"):
            subject, predicate, value, graph = row
            several[str(getattr(graph, "value", ""))].append(self._quad(subject, predicate, value, graph))
        return several

    def query(self, query: str) -> Results:
        """Answers a query over the union of the catalogue's graphs, or over the dataset that the query itself names.

        :raises QueryError: if the endpoint refuses the query (400).
        :raises EndpointError: if it is down, slow or answers nonsense.
        """
        copy = self._copied()
        if copy is None:
            try:
                return self.engine.query(query)
            except Unscoped:
                copy = self._copied(needed=True)
                if copy is None:
                    raise
        return copy.query(query)

    @property
    def pass_on(self) -> PassOn:
        """Has the endpoint answer a stranger's query."""
        return self.engine.pass_on

    def _copied(self, *, needed: bool = False) -> Copy | None:
        """All that the endpoint says, where the engine is better asked once than often, or that is *needed*; None where
        it is too much."""
        traits = self.engine.traits
        if traits is None or not (needed or traits.slow) or traits.statements > self.most_copied:
            return None
        with self._copying:
            if self._copy is None:
                self._copy = Copy(self._quad(*row) for row in self.engine.statements())
        return self._copy

    def select_now(self, query: str) -> Solutions:
        """Answers a SELECT as it stands: of graphs that are none of the catalogue's too, and never from a copy.

        :raises QueryError: if the endpoint refuses it.
        :raises EndpointError: if it is down, slow or answers nonsense.
        """
        return self.engine.select(query)

    def _nonsense(self, why: str) -> EndpointError:
        return EndpointError(f"{self.endpoint.url} answered something that is no SPARQL result: {why}")

    def select(self, query: str) -> Solutions:
        """Answers a SELECT.

        :raises QueryError: if the endpoint refuses it.
        :raises EndpointError: if it is down, slow or answers nonsense.
        """
        answer = self.query(query)
        if not isinstance(answer, Solutions):
            raise EndpointError(f"{self.endpoint.url} did not answer a SELECT with solutions")
        return answer

    @property
    def look_up(self) -> None:
        """None: each would be a request."""
        return None

    def graph(self, name: str) -> list[Quad]:
        """The statements of one named graph."""
        if name in self._ahead:
            return self._ahead.pop(name)
        with Seam((ValueError,), lambda why: UsageError(f"{name[:200]!r} cannot be the name of a graph: {why}")):
            graph = NamedNode(name)
        if self._copy is not None and (copied := self._copy.graph(graph)):
            return copied  # what a writer keeps beside the catalogue is in no copy
        found = self.select_now(load("graph").bind(graph=[graph]))
        rows = columns_of(found, self.endpoint.url, "subject", "predicate", "object")
        return [self._quad(subject, predicate, value, graph) for subject, predicate, value in rows]

    def graphs(self) -> list[str]:
        """The names of the named graphs."""
        rows = self._columns(load("graphs").text, "graph")
        return [graph.value for (graph,) in rows if isinstance(graph, NamedNode)]

    def quads(self) -> Iterator[Quad]:
        """All statements with their graphs, but for those of the history; those of the default graph without one."""
        copy = self._copied()
        everything = (self._quad(*row) for row in self.engine.statements()) if copy is None else copy.quads()
        is_history = self.base.is_history_graph
        return (quad for quad in everything if not is_history(str(getattr(quad.graph_name, "value", ""))))

    def _columns(self, query: str, *names: str) -> Iterator[tuple[Term | None, ...]]:
        """The terms of some variables in each solution, whatever else the endpoint brings along and in whatever order.

        :raises EndpointError: if it leaves one of them out.
        """
        return columns_of(self.query(query), self.endpoint.url, *names)

    def _quad(self, subject: Term | None, predicate: Term | None, value: Term | None, graph: Term | None) -> Quad:
        if not isinstance(predicate, NamedNode) or value is None:
            raise self._nonsense("a statement in it is none")
        try:
            return Quad(as_node(subject), predicate, value, None if graph is None else as_node(graph))
        except DataError as fault:
            raise self._nonsense(reason(fault)) from None

    def copy_to(self, path: Path) -> None:
        """Makes a store of it, if it is small enough to be read whole."""
        traits = self.engine.traits
        if traits is not None and traits.statements > self.most_copied:
            raise Unavailable(
                f"{self.endpoint.url} has {traits.statements:,} statements, and no more than {self.most_copied:,} are "
                "copied to show what was; look at the history of a record"
            )
        copy_into(path, self.quads())

    def dump(self, path: Path) -> None:
        """Writes all statements but those of the history to a file, with their graphs, as N-Quads."""
        quads = list(self.quads())
        with Seam((OSError, ValueError), lambda why: StoreError(f"{path} cannot be written: {why}")):
            serialize(quads, str(path), format=RdfFormat.N_QUADS)


class RemoteStore:
    """A SPARQL endpoint as a store."""

    is_elsewhere = True

    def __init__(
        self,
        endpoint: str | Addresses,
        base: str = DEFAULT_BASE,
        timeout: float = 30.0,
        keep: float = 300.0,
        most_bytes: int = 512 * 1024 * 1024,
        manners: Manners | None = None,
        mark_time: float = 1.0,
        graphs: Sequence[str] = (),
        most_copied: int = MOST_COPIED,
        *,
        probe: bool = True,
    ) -> None:
        """Names the endpoint; nothing is asked of it yet.

        *timeout* is how many seconds an answer may take, *most_bytes* how long it may be; *keep* is for how many
        seconds the endpoint counts as unchanged where it has no mark; *mark_time* how many seconds pass until one looks
        at the mark again. *manners* say how often it is asked, and how soon given up. *graphs* are patterns of the
        graphs that are the catalogue (:class:`~kgcompare.store.probing.Graphs`); without any, those under the base. Of
        an engine that is slow a catalogue of *most_copied* statements at most is read whole. Without *probe* nothing is
        found out about the engine, and each query is sent as it is.

        :raises EndpointError: if that is not an http or https address.
        :raises UsageError: if *base* cannot be a base, or *graphs* are no patterns.
        """
        self.endpoint = Endpoint(endpoint, timeout, most_bytes, manners)
        self.base = Base(checked_base(base))
        self.identity = hashlib.sha256(self.endpoint.place.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self.engine = Engine(self.endpoint, self.base, graphs, probe=probe)
        self.most_copied = most_copied
        self.keep = keep
        self.mark_time = mark_time
        self._until = 0.0
        self._snapshot: RemoteSnapshot | None = None
        self._looking = threading.Lock()
        self._closed = False

    def snapshot(self) -> RemoteSnapshot:
        """The present state: the generation that the mark names, at which one looks every ``mark_time`` seconds; where
        there is no mark, a new one every ``keep`` seconds. Where the mark cannot be read it is the last one.

        :raises StoreError: if it is closed.
        """
        if self._closed:
            raise StoreError(CLOSED)
        if time.monotonic() > self._until and self._looking.acquire(blocking=self._snapshot is None):
            try:
                if time.monotonic() > self._until:  # another thread may have looked meanwhile
                    self._look()
            finally:
                self._looking.release()
        return self._snapshot or self._unmarked()

    def _look(self) -> None:
        before = self._snapshot
        try:
            with deadline.within(math.inf if before is None else _PATIENCE):
                self._snapshot = self.present(before)
            if self._snapshot is not before:
                self.engine.look_again()
            wait = self.mark_time if self._snapshot.is_marked else self.keep
        except (EndpointError, QueryError, Overrun):
            self._snapshot = before or self._unmarked()
            wait = self.mark_time
        self._until = time.monotonic() + wait

    def _unmarked(self) -> RemoteSnapshot:
        return RemoteSnapshot(self.engine, self.base, f"{time.time():.0f}", most_copied=self.most_copied)

    def present(self, before: RemoteSnapshot | None = None) -> RemoteSnapshot:
        """What the mark names now; *before*, if it is that still.

        :raises EndpointError: if the endpoint cannot be asked.
        """
        if not self.engine.probe:
            return self._unmarked()
        newest = mark_of(self.endpoint, self.base)
        if before is not None and before.is_marked and newest in {"", before.generation}:
            return before
        if not newest:
            return self._unmarked()
        return RemoteSnapshot(self.engine, self.base, newest, is_marked=True, most_copied=self.most_copied)

    def look_again(self) -> None:
        """Has the next :meth:`snapshot` look at the mark, however short a time ago one has."""
        self._until = 0.0

    def expect(self, generation: str | None) -> None:
        """Nothing: there is nothing to open."""

    def opened(self) -> RemoteSnapshot | None:
        """The present state, if it was looked at lately."""
        return self._snapshot if time.monotonic() <= self._until else None

    @property
    def outage(self) -> Outage | None:
        """Why the endpoint is not asked at present, if it is not."""
        return self.endpoint.outage

    def close(self) -> None:
        """Ends it: nothing can be asked of it afterwards."""
        self._closed = True
