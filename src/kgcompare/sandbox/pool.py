"""The parent's side: a few workers, a bounded queue, fair shares, and a deadline that kills."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kgcompare.errors import Busy, Overrun, Refused, TooMany, Unavailable
from kgcompare.sandbox.process import WorkerProcess
from kgcompare.sandbox.request import Head, Outcome, Request
from kgcompare.sandbox.screen import screen


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: the format's name and its bytes."""

    form: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a query may take: *seconds* until it is ended, *rows* (solutions or statements) and *bytes* of its answer,
    *memory* in bytes of a worker's address space (512 MiB is too little for an open store).

    *workers* queries run beside each other, *spare* workers stand ready to take the place of one that is killed,
    *waiting* queries may wait for a worker, and *share* of all these may belong to one client.
    A worker may take *start* seconds to start.
    """

    seconds: float = 10.0
    rows: int = 200_000
    bytes: int = 32 * 1024 * 1024
    memory: int = 1024 * 1024 * 1024
    workers: int = 2
    spare: int = 2
    waiting: int = 32
    share: int = 8
    start: float = 30.0


class Pool:
    """Workers of one snapshot; may be asked by any number of threads."""

    def __init__(self, snapshot: Path, bounds: Bounds | None = None) -> None:
        """Starts the workers beside the caller; those that cannot be started now are when they are needed."""
        self.snapshot = snapshot
        self.bounds = bounds or Bounds()
        ready = self.bounds.workers + self.bounds.spare
        self._idle = [worker for worker in (self._try_start() for _ in range(ready)) if worker]
        self._free = threading.Semaphore(self.bounds.workers)
        self._lock = threading.Lock()
        self._clients: Counter[str] = Counter()
        self._under_way = 0
        self._closed = False

    def ask(
        self,
        query: str,
        *,
        client: str = "",
        base: str | None = None,
        default: tuple[str, ...] = (),
        named: tuple[str, ...] = (),
        solutions: str = "json",
        rdf: str = "ttl",
        prefixes: Mapping[str, str] | None = None,
    ) -> Answer:
        """The whole answer to a query.

        *client* tells who asks, for fair shares. *default* and *named* are the dataset of the protocol, which beats the
        query's own. *solutions* and *rdf* name the formats for either kind of answer.

        :raises Refused: if the query is malformed or asks for what is not given.
        :raises Overrun: if it needs too much time, memory or room.
        :raises TooMany: if this client asks for more than its share.
        :raises Busy: if too many wait.
        :raises Unavailable: if no worker can be started.
        """
        screen(query)
        request = Request(
            query,
            seconds=self.bounds.seconds,
            most_rows=self.bounds.rows,
            most_bytes=self.bounds.bytes,
            base=base,
            default=default,
            named=named,
            solutions=solutions,
            rdf=rdf,
            prefixes=dict(prefixes or {}),
        )
        with self._place(client):
            head, body = self._run(request)
        if head.outcome is Outcome.ANSWERED:
            return Answer(head.form, body)
        if head.outcome is Outcome.REFUSED:
            raise Refused(head.detail)
        raise Overrun(head.detail)

    @contextlib.contextmanager
    def _place(self, client: str) -> Iterator[None]:
        with self._lock:
            if self._clients[client] >= self.bounds.share:
                raise TooMany(f"{self.bounds.share} queries of yours are under way; wait for one to end")
            if self._under_way >= self.bounds.workers + self.bounds.waiting:
                raise Busy("too many queries wait already; try again in a moment")
            self._clients[client] += 1
            self._under_way += 1
        try:
            if not self._free.acquire(timeout=self.bounds.seconds):
                raise Busy("no worker became free in time; try again in a moment")
            try:
                yield
            finally:
                self._free.release()
        finally:
            with self._lock:
                self._under_way -= 1
                self._clients[client] -= 1
                if not self._clients[client]:
                    del self._clients[client]

    def _run(self, request: Request) -> tuple[Head, bytes]:
        worker = self._take()
        try:
            return worker.ask(request)
        finally:
            self._give_back(worker)

    def _take(self) -> WorkerProcess:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is not None and worker.alive():
            return worker
        if worker is not None:
            worker.kill()
        return WorkerProcess(self.snapshot, self.bounds.memory, self.bounds.start)

    def _give_back(self, worker: WorkerProcess) -> None:
        """Keeps a worker for the next query, or starts another one in its place."""
        next_one = worker if worker.alive() else self._try_start()
        with self._lock:
            closed = self._closed
            if next_one is not None and not closed:
                # A new one is last in turn: it is still starting.
                self._idle.insert(len(self._idle) if next_one is worker else 0, next_one)
        if next_one is not None and closed:
            next_one.kill()

    def _try_start(self) -> WorkerProcess | None:
        try:
            return WorkerProcess(self.snapshot, self.bounds.memory, self.bounds.start)
        except Unavailable:
            return None

    def close(self) -> None:
        """Ends the workers; queries under way end with theirs."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()
