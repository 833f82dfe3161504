"""Any SPARQL 1.1 endpoint, for reading, through SPARQLWrapper.

A generation is what the endpoint said for a while (five minutes, unless one says otherwise): an endpoint does not tell
when it changes.

Source: SPARQL 1.1 Protocol, section 2.1; SPARQL 1.1 Query Results JSON Format.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyoxigraph import (
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    serialize,
)
from pyoxigraph import parse_query_results as parse_results

from kgcompare.errors import (
    DataError,
    EndpointError,
    Seam,
    StoreError,
    SyntaxFault,
    UsageError,
    reason,
)
from kgcompare.rdf.graph import Term, as_node
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, checked_base
from kgcompare.rdf.queries import load
from kgcompare.rdf.syntaxes import nests_deeply, read_bytes
from kgcompare.store.base import CLOSED, PassOn, Results, Solutions, Statements, Verdict
from kgcompare.store.circuit import Outage
from kgcompare.store.endpoint import Addresses, Endpoint
from kgcompare.store.speaking import Manners

_MOST_TRIPLE_TERMS = 500
"""Of results in XML, which SPARQL 1.1 has none in: the engine's parser follows them on its stack."""
_LOOKED_AT = 1.0
"""Seconds after which one looks again whether an endpoint answers."""
_RESULTS = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
}


class RemoteSnapshot:
    """What an endpoint says at present."""

    path: Path | None = None
    index_path: Path | None = None
    keeps_shapes = False
    contact = ""

    def __init__(self, endpoint: Endpoint, base: Base, generation: str) -> None:
        self.endpoint = endpoint
        self.base = base
        self.generation = generation

    @property
    def history(self) -> None:
        """None: an endpoint keeps none."""

    def query(self, query: str) -> Results:
        """Answers a query over the endpoint's own default graph.

        :raises QueryError: if the endpoint refuses the query (400).
        :raises EndpointError: if it is down, slow or answers nonsense.
        """
        return self._read(*self.endpoint.ask(query))

    @property
    def pass_on(self) -> PassOn:
        """Has the endpoint answer a stranger's query."""
        return self._passed_on

    def _passed_on(self, query: str, dataset: Sequence[tuple[str, str]], most_bytes: int) -> Results:
        return self._read(*self.endpoint.ask(query, most_bytes, dataset, of_stranger=True))

    def _read(self, media: str, body: bytes) -> Results:
        if media in _RESULTS:
            return self._results(body, _RESULTS[media])
        syntax = RdfFormat.from_media_type(media)
        if syntax is None or media == "text/plain":
            raise EndpointError(
                f"{self.endpoint.url} answered with {media or 'no media type'}, which is no SPARQL answer"
            )
        try:
            quads = list(read_bytes(body, syntax, self.endpoint.url, ""))
        except SyntaxFault as fault:
            raise self._nonsense(reason(fault)) from None
        return Statements([Triple(quad.subject, quad.predicate, quad.object) for quad in quads])

    def _results(self, body: bytes, form: QueryResultsFormat) -> Solutions | Verdict:
        if nests_deeply(body) if form == QueryResultsFormat.JSON else body.count(b"triple>") > _MOST_TRIPLE_TERMS:
            raise self._nonsense("it nests too deeply")
        answer: QuerySolutions | QueryBoolean | None = None
        try:
            with Seam((SyntaxError, ValueError, OSError, RuntimeError), self._nonsense):
                answer = parse_results(body, form)
                if isinstance(answer, QuerySolutions):
                    variables = tuple(variable.value for variable in answer.variables)
                    return Solutions(variables, [tuple(solution) for solution in answer])
                return Verdict(bool(answer))
        finally:
            answer = None  # pyoxigraph's iterators must end in the thread that made them

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
        history = NamedNode(self.base.history_graph)
        return (self._quad(*row) for row in rows if row[3] != history)

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

    is_elsewhere = True

    def __init__(
        self,
        endpoint: str | Addresses,
        base: str = DEFAULT_BASE,
        timeout: float = 30.0,
        keep: float = 300.0,
        most_bytes: int = 512 * 1024 * 1024,
        manners: Manners | None = None,
    ) -> None:
        """Names the endpoint; nothing is asked of it yet.

        *timeout* is how many seconds an answer may take, *most_bytes* how long it may be; *keep* is for how many
        seconds the endpoint counts as unchanged. *manners* say how often it is asked, and how soon given up.

        :raises EndpointError: if that is not an http or https address.
        :raises UsageError: if *base* cannot be a base.
        """
        self.endpoint = Endpoint(endpoint, timeout, most_bytes, manners)
        self.base = Base(checked_base(base))
        self.identity = hashlib.sha256(self.endpoint.place.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self.keep = keep
        self._until = time.monotonic() + keep
        self._looking = threading.Lock()
        self._snapshot = self._begun()
        self._closed = False

    def _begun(self) -> RemoteSnapshot:
        return RemoteSnapshot(self.endpoint, self.base, f"{time.time():.0f}")

    def snapshot(self) -> RemoteSnapshot:
        """The present state; a new generation every ``keep`` seconds, the last one while there is no answer.

        :raises StoreError: if it is closed.
        """
        if self._closed:
            raise StoreError(CLOSED)
        if time.monotonic() > self._until and self._looking.acquire(blocking=False):
            try:
                self._until = time.monotonic() + self._look()
            finally:
                self._looking.release()
        return self._snapshot

    def _look(self) -> float:
        """Begins a new generation, if there is an answer at all; gives the seconds that it lasts."""
        try:
            self.endpoint.look()
        except EndpointError:
            return min(self.keep, _LOOKED_AT)
        self._snapshot = self._begun()
        return self.keep

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
