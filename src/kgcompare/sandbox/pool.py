"""The parent's side: a few workers, a bounded queue, fair shares, and a deadline that kills."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgcompare.errors import Busy, Overrun, Refused, TooMany
from kgcompare.sandbox.screen import screen

MEMORY = 1024 * 1024 * 1024
"""Bytes of address space of a worker; 512 MiB is too little for an open store."""

NICE = 10
"""Scheduling priority of a worker: whoever asks for a page comes first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: the format's name and its bytes."""

    form: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a query may take: seconds, rows, bytes; how many run, stand ready to
    take the place of one that is killed, wait, and belong to one client; in how many seconds a worker has to start."""

    seconds: float = 10.0
    rows: int = 200_000
    bytes: int = 32 * 1024 * 1024
    workers: int = 2
    spare: int = 2
    waiting: int = 32
    share: int = 8
    start: float = 30.0


class _Worker:
    """A process with one snapshot open."""

    def __init__(self, snapshot: Path, memory: int) -> None:
        environment = {key: value for key, value in os.environ.items() if key in {"PATH", "LD_LIBRARY_PATH", "LANG"}}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        self.process = subprocess.Popen(  # noqa: S603  (our own module, no text of a stranger's)
            [sys.executable, "-m", "kgcompare.sandbox.worker", str(snapshot), str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
        )
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, NICE)
        self.ready = False

    def ask(self, request: bytes, deadline: float, start: float) -> tuple[dict[str, Any], bytes]:
        """One request and its answer.

        :raises Overrun: if it is late or dies; it is dead then.
        """
        if not self.ready:
            # Starting is not the query's fault: a new worker has a time of its own.
            self._line(time.monotonic() + start)
            self.ready = True
            deadline = max(deadline, time.monotonic() + 0.2)
        try:
            stdin = self.process.stdin
            if stdin is None:
                raise Overrun("the query's worker has no input")
            stdin.write(request)
            stdin.flush()
            head = json.loads(self._line(deadline))
            return head, self._read(int(head["length"]), deadline)
        except (OSError, ValueError):
            self.kill()
            raise Overrun("the query ended its worker: it is too large, too deep or needs too much memory") from None

    def _line(self, deadline: float) -> bytes:
        line = bytearray()
        while not line.endswith(b"\n"):
            line += self._some(1, deadline)
        return bytes(line)

    def _read(self, length: int, deadline: float) -> bytes:
        body = bytearray()
        while len(body) < length:
            body += self._some(min(1 << 20, length - len(body)), deadline)
        return bytes(body)

    def _some(self, most: int, deadline: float) -> bytes:
        stdout = self.process.stdout
        if stdout is None:
            raise OSError("no output")
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([stdout.fileno()], [], [], left)[0]:
            self.kill()
            raise Overrun("the query took longer than it may")
        data = os.read(stdout.fileno(), most)
        if not data:
            raise OSError("the worker has ended")
        return data

    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """Ends the process at once."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class Pool:
    """Workers of one snapshot; may be asked by any number of threads."""

    def __init__(self, snapshot: Path, bounds: Bounds | None = None, memory: int = MEMORY) -> None:
        """Starts the workers beside the caller."""
        self.snapshot = snapshot
        self.bounds = bounds or Bounds()
        self.memory = memory
        self._idle: list[_Worker] = [_Worker(snapshot, memory) for _ in range(self.bounds.workers + self.bounds.spare)]
        self._free = threading.Semaphore(self.bounds.workers)
        self._lock = threading.Lock()
        self._clients: Counter[str] = Counter()
        self._asked = 0
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
        """
        screen(query)
        request = (
            json.dumps(
                {
                    "query": query,
                    "base": base,
                    "default": default,
                    "named": named,
                    "solutions": solutions,
                    "rdf": rdf,
                    "rows": self.bounds.rows,
                    "bytes": self.bounds.bytes,
                    "prefixes": dict(prefixes or {}),
                }
            ).encode()
            + b"\n"
        )
        with self._place(client):
            head, body = self._run(request)
        status = head["status"]
        if status == "ok":
            return Answer(head["form"], body)
        if status in {"malformed", "failed", "large"}:
            raise Refused(head["detail"])
        raise Overrun(head["detail"])

    @contextlib.contextmanager
    def _place(self, client: str) -> Iterator[None]:
        with self._lock:
            if self._clients[client] >= self.bounds.share:
                raise TooMany(f"{self.bounds.share} queries of yours are under way; wait for one to end")
            if self._asked >= self.bounds.workers + self.bounds.waiting:
                raise Busy("too many queries wait already; try again in a moment")
            self._clients[client] += 1
            self._asked += 1
        try:
            if not self._free.acquire(timeout=self.bounds.seconds):
                raise Busy("no worker became free in time; try again in a moment")
            try:
                yield
            finally:
                self._free.release()
        finally:
            with self._lock:
                self._asked -= 1
                self._clients[client] -= 1
                if not self._clients[client]:
                    del self._clients[client]

    def _run(self, request: bytes) -> tuple[dict[str, Any], bytes]:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None or not worker.alive():
            worker = _Worker(self.snapshot, self.memory)
        try:
            return worker.ask(request, time.monotonic() + self.bounds.seconds, self.bounds.start)
        finally:
            with self._lock:
                closed = self._closed
                if not closed and worker.alive():
                    self._idle.append(worker)
                elif not closed:
                    self._idle.insert(0, _Worker(self.snapshot, self.memory))  # last in turn: it is still starting
            if closed:
                worker.kill()

    def close(self) -> None:
        """Ends the workers; queries under way end with theirs."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()
