"""The parent's side: a few workers, a bounded queue, fair shares, and a deadline that kills."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from kgcompare.errors import Busy, Overrun, Refused, Unavailable
from kgcompare.sandbox.process import WorkerProcess
from kgcompare.sandbox.request import Head, Outcome, Request
from kgcompare.sandbox.screen import screen
from kgcompare.sandbox.turns import Turns


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: the format's name and its bytes."""

    form: str
    body: bytes


class Answering(Protocol):
    """Answers strangers' queries: here (:class:`Pool`), or where the data are
    (:class:`~kgcompare.sandbox.relay.Relay`)."""

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
        :raises EndpointError: if the data are elsewhere, and there is no answer.
        """
        ...

    def close(self) -> None:
        """Takes nothing more; what is under way ends in time."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a query may take: *seconds* from its arrival until it is ended, *rows* (solutions or statements) and *bytes*
    of its answer, *memory* in bytes of a worker's address space (512 MiB is too little for an open store).

    *workers* queries run beside each other, all but one of them one client's at most. *spare* workers stand ready to
    take the place of one that is killed, *waiting* queries may wait for a worker, and *share* of all these may belong
    to one client.
    A worker may take *start* seconds to start. *unconfined* workers answer too, which have no lock on the network.
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
    unconfined: bool = False


class Pool:
    """Workers of one snapshot; may be asked by any number of threads."""

    ended = 0
    """How many workers of all pools of this process have ended with a query."""

    def __init__(self, snapshot: Path, bounds: Bounds | None = None) -> None:
        """Starts the workers beside the caller, and the spare ones once a query is answered: all at once they would
        keep the first one waiting. Those that cannot be started now are when they are needed."""
        self.snapshot = snapshot.absolute()  # workers have another working directory
        self.bounds = bounds or Bounds()
        self._turns = Turns(self.bounds.workers, self.bounds.waiting, self.bounds.share)
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._stopped = False
        self._stood_ready = False
        self._closed = False
        self._replenish(self.bounds.workers)
        _POOLS.add(self)

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
        """The whole answer to a query, as :meth:`Answering.ask` says."""
        deadline = time.monotonic() + self.bounds.seconds
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
        with self._turns.taken(client, deadline):
            head, body = self._run(request, deadline)
        if head.outcome is Outcome.ANSWERED:
            return Answer(head.form, body)
        if head.outcome is Outcome.REFUSED:
            raise Refused(head.detail)
        raise Overrun(head.detail)

    def _run(self, request: Request, deadline: float) -> tuple[Head, bytes]:
        worker = self._take()
        try:
            if self._stood_ready:
                worker.await_start(deadline)
            else:  # that the first worker starts is no query's fault
                worker.await_start(time.monotonic() + self.bounds.start)
                deadline = time.monotonic() + self.bounds.seconds
                self._stood_ready = True
            left = deadline - time.monotonic()
            if left <= 0:
                raise Busy("no worker became free in time; try again in a moment")
            return worker.ask(replace(request, seconds=left))
        finally:
            self._give_back(worker)

    def _take(self) -> WorkerProcess:
        """A worker that lives, one that has started if there is any.

        :raises Unavailable: if none can be started.
        """
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                worker = self._start()
            elif not worker.alive():
                worker.kill()
                continue
            with self._lock:
                self._busy.add(worker)
                stopped = self._stopped
            if not stopped:
                return worker
            self._give_back(worker)
            raise Unavailable("the server is stopping; try again in a moment")

    def _give_back(self, worker: WorkerProcess) -> None:
        """Keeps a worker for the next query, or starts another one in its place."""
        with self._lock:
            self._busy.discard(worker)
            alive = worker.alive()
            keeps = not self._closed and alive
            Pool.ended += not alive
            if keeps:
                self._idle.insert(len(self._idle) if worker.ready else 0, worker)
        if not keeps:
            worker.kill()
        self._replenish(self.bounds.workers + self.bounds.spare)

    def _replenish(self, wanted: int) -> None:
        """Starts the workers that are missing; they are last in turn, for they take a while to start."""
        while not self._stopped and len(self._idle) + len(self._busy) < wanted:
            try:
                worker = self._start()
            except Unavailable:
                return  # it is tried again with the next query
            with self._lock:
                keeps = not self._closed and len(self._idle) + len(self._busy) < wanted
                if keeps:
                    self._idle.insert(0, worker)
            if not keeps:
                worker.kill()
                return

    def _start(self) -> WorkerProcess:
        return WorkerProcess(self.snapshot, self.bounds.memory, self.bounds.start, unconfined=self.bounds.unconfined)

    def under_way(self) -> tuple[int, int, int]:
        """How many workers are busy, how many idle, and how many queries wait."""
        return len(self._busy), len(self._idle), self._turns.waiting()

    def stop(self) -> None:
        """Ends the workers at once, with the queries that they are at; those that wait are told so."""
        with self._lock:
            self._closed = self._stopped = True
            workers = [*self._idle, *self._busy]
        for worker in workers:
            worker.process.kill()

    def close(self) -> None:
        """Ends the workers; those of queries under way end when these do."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()


_POOLS: weakref.WeakSet[Pool] = weakref.WeakSet()


def pools() -> list[Pool]:
    """The pools of this process that are in use."""
    return list(_POOLS)


def stop_all() -> None:
    """Stops the pools of this process."""
    for pool in list(_POOLS):
        pool.stop()
