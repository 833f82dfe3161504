"""Any SPARQL 1.1 endpoint, for reading, through SPARQLWrapper.

Where kgcompare has written, a mark says which generation is there (:mod:`kgcompare.store.ledger`). Elsewhere one
is what the endpoint said for a while (five minutes, unless one says otherwise), which does not tell when it changes.

Source: SPARQL 1.1 Protocol, section 2.1; SPARQL 1.1 Query Results JSON Format.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, serialize

from kgcompare.errors import DataError, EndpointError, QueryError, Seam, StoreError, UsageError, reason
from kgcompare.rdf.graph import Term, as_node
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, checked_base
from kgcompare.rdf.queries import load
from kgcompare.store import answers
from kgcompare.store.base import CLOSED, Results, Solutions
from kgcompare.store.endpoint import Addresses, Endpoint
from kgcompare.store.ledger import Ledger
from kgcompare.store.remote_history import RemoteHistory
from kgcompare.store.speaking import Manners

_AHEAD = 50
"""Graphs that are read at a time."""


class RemoteSnapshot:
    """What an endpoint says at present."""

    path: Path | None = None
    index_path: Path | None = None
    contact = ""
    rewrites = True

    def __init__(self, endpoint: Endpoint, base: Base, generation: str, *, is_marked: bool = False) -> None:
        """*is_marked* says that the generation is that of a mark, which writers move
        (:mod:`kgcompare.store.ledger`)."""
        self.endpoint = endpoint
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
        return bool(self.select(load("any_graph").bind(base=[Literal(beginning or self.base.value)])).rows)

    def mark(self) -> str:
        """The generation that the mark names now; empty where there is none."""
        query = load("endpoint_mark").bind(graph=[NamedNode(Ledger(self.base).mark)])
        rows = [
            tuple(str(getattr(term, "value", "")) for term in row) for row in self._columns(query, "made", "generation")
        ]
        return max(rows)[1] if rows else ""

    def prefetch(self, names: Collection[str]) -> None:
        """Reads some graphs in few questions: each is kept until it is asked for by :meth:`graph`."""
        wanted = [NamedNode(name) for name in names if name not in self._ahead]
        for start in range(0, len(wanted), _AHEAD):
            few = wanted[start : start + _AHEAD]
            self._ahead.update((graph.value, []) for graph in few)
            for row in self._columns(load("documents").bind(graph=few), "subject", "predicate", "object", "graph"):
                subject, predicate, value, graph = row
                self._ahead[str(getattr(graph, "value", ""))].append(self._quad(subject, predicate, value, graph))

    def query(self, query: str) -> Results:
        """Answers a query over the endpoint's own default graph.

        :raises QueryError: if the endpoint refuses the query (400).
        :raises EndpointError: if it is down, slow or answers nonsense.
        """
        media, body = self.endpoint.ask(query)
        return answers.read(media, body, self.endpoint.url)

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
        rows = self._columns(load("graph").bind(graph=[graph]), "subject", "predicate", "object")
        return [self._quad(subject, predicate, value, graph) for subject, predicate, value in rows]

    def graphs(self) -> list[str]:
        """The names of the named graphs."""
        rows = self._columns(load("graphs").text, "graph")
        return [graph.value for (graph,) in rows if isinstance(graph, NamedNode)]

    def quads(self) -> Iterator[Quad]:
        """All statements with their graphs, but for those of the history; those of the default graph without one."""
        rows = self._columns(load("quads").text, "subject", "predicate", "object", "graph")
        is_history = self.base.is_history_graph
        return (self._quad(*row) for row in rows if not is_history(str(getattr(row[3], "value", ""))))

    def _columns(self, query: str, *names: str) -> Iterator[tuple[Term | None, ...]]:
        """The terms of some variables in each solution, whatever else the endpoint brings along and in whatever order.

        :raises EndpointError: if it leaves one of them out.
        """
        answer = self.select(query)
        if missing := set(names) - set(answer.variables):
            raise self._nonsense(f"?{', ?'.join(sorted(missing))} is not in it")
        places = [answer.variables.index(name) for name in names]
        return (tuple(row[place] for place in places) for row in answer.rows)

    def _quad(self, subject: Term | None, predicate: Term | None, value: Term | None, graph: Term | None) -> Quad:
        if not isinstance(predicate, NamedNode) or value is None:
            raise self._nonsense("a statement in it is none")
        try:
            return Quad(as_node(subject), predicate, value, None if graph is None else as_node(graph))
        except DataError as fault:
            raise self._nonsense(reason(fault)) from None

    def dump(self, path: Path) -> None:
        """Writes all statements but those of the history to a file, with their graphs, as N-Quads."""
        quads = list(self.quads())
        with Seam((OSError, ValueError), lambda why: StoreError(f"{path} cannot be written: {why}")):
            serialize(quads, str(path), format=RdfFormat.N_QUADS)


class RemoteStore:
    """A SPARQL endpoint as a store."""

    def __init__(
        self,
        endpoint: str | Addresses,
        base: str = DEFAULT_BASE,
        timeout: float = 30.0,
        keep: float = 300.0,
        most_bytes: int = 512 * 1024 * 1024,
        manners: Manners | None = None,
        mark_time: float = 1.0,
    ) -> None:
        """Names the endpoint; nothing is asked of it yet.

        *timeout* is how many seconds an answer may take, *most_bytes* how long it may be; *keep* is for how many
        seconds the endpoint counts as unchanged where it has no mark; *mark_time* how many seconds pass until one looks
        at the mark again. *manners* say how often it is asked, and how soon given up.

        :raises EndpointError: if that is not an http or https address.
        :raises UsageError: if *base* cannot be a base.
        """
        self.endpoint = Endpoint(endpoint, timeout, most_bytes, manners)
        self.base = Base(checked_base(base))
        self.identity = hashlib.sha256(self.endpoint.place.encode("utf-8", "surrogatepass")).hexdigest()[:16]
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
            self._snapshot = self.present(before)
            wait = self.mark_time if self._snapshot.is_marked else self.keep
        except (EndpointError, QueryError):
            self._snapshot = before or self._unmarked()
            wait = self.mark_time
        self._until = time.monotonic() + wait

    def _unmarked(self) -> RemoteSnapshot:
        return RemoteSnapshot(self.endpoint, self.base, f"{time.time():.0f}")

    def present(self, before: RemoteSnapshot | None = None) -> RemoteSnapshot:
        """What the mark names now; *before*, if it is that still.

        :raises EndpointError: if the endpoint cannot be asked.
        """
        probe = before or self._unmarked()
        newest = probe.mark()
        if before is not None and before.is_marked and newest in {"", before.generation}:
            return before
        return RemoteSnapshot(self.endpoint, self.base, newest, is_marked=True) if newest else self._unmarked()

    def look_again(self) -> None:
        """Has the next :meth:`snapshot` look at the mark, however short a time ago one has."""
        self._until = 0.0

    def opened(self) -> RemoteSnapshot | None:
        """The present state, if it was looked at lately."""
        return self._snapshot if time.monotonic() <= self._until else None

    def close(self) -> None:
        """Ends it: nothing can be asked of it afterwards."""
        self._closed = True
