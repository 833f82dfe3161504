"""A worker as its parent sees it: a process that is asked one query at a time, and killed when anything goes wrong."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import IO, cast

from kgcompare.errors import Overrun, Unavailable
from kgcompare.sandbox import lifeline
from kgcompare.sandbox.confinement import Lock, switched_off
from kgcompare.sandbox.request import Head, Outcome, Request

_LONGEST_HEAD = 64 * 1024
_CHUNK = 1024 * 1024
_GLANCE = 0.1
"""Seconds in which what a worker has written already is read."""
_COMMAND = (sys.executable, "-m", "kgcompare.sandbox.worker")


_PROBE = "import sys; from kgcompare.sandbox.confinement import confine; sys.stdout.write(' '.join(confine(1 << 30)))"


def locks_here() -> frozenset[Lock]:
    """Which locks hold on this system: a process of its own tries them once, and says so; none if it cannot be run."""
    try:
        return _tried()
    except (OSError, ValueError, MemoryError, subprocess.SubprocessError):
        return frozenset()


@cache  # what was raised is not kept
def _tried() -> frozenset[Lock]:
    command = [sys.executable, "-c", _PROBE]
    said = subprocess.run(  # noqa: S603  (our own module)
        command, capture_output=True, text=True, env=lifeline.environment(), timeout=60, check=True
    ).stdout.split()
    return frozenset(lock for lock in Lock if lock in said)


def are_closed(held: Iterable[str]) -> bool:
    """Whether locks that hold are enough for a stranger's query: on the network, and on writing."""
    return {Lock.NETWORK, Lock.WRITING} <= set(held)


class WorkerProcess:
    """A process with one snapshot open; for one thread at a time."""

    def __init__(self, snapshot: Path, memory: int, start: float, *, unconfined: bool = False) -> None:
        """Starts it beside the caller, with *memory* bytes of address space and *start* seconds to open the snapshot;
        *unconfined* if it may have no lock on the network.

        :raises Unavailable: if the system starts no process.
        """
        try:
            self.process = subprocess.Popen(  # noqa: S603  (our own module, no text of a stranger's)
                [*_COMMAND, str(snapshot), str(memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env=lifeline.environment(),
                cwd="/",
            )
        except (OSError, ValueError, MemoryError, subprocess.SubprocessError) as fault:
            raise _not_started() from fault
        self._stdin = cast("IO[bytes]", self.process.stdin)
        self._stdout = cast("IO[bytes]", self.process.stdout)
        os.set_blocking(self._stdin.fileno(), False)
        self._read = bytearray()  # what has come and was not taken yet
        self._latest = time.monotonic() + start
        self._unconfined = unconfined
        self.ready = False
        """Whether it has said that it has started."""

    def await_start(self, deadline: float) -> None:
        """Waits until it has started; one that has not by the deadline lives on within its own time, and may be waited
        for again.

        :raises Unavailable: if it does not start, or not in time, or has no lock on the network and must have one.
        """
        if self.ready:
            return
        try:
            # A spare one may have said so long ago, and nobody has listened yet.
            head = Head.from_bytes(self._line(max(min(deadline, self._latest), time.monotonic() + _GLANCE)))
        except TimeoutError:
            if time.monotonic() >= self._latest:
                self.kill()
            raise _not_started() from None
        except (OSError, EOFError, MemoryError, Unavailable):
            self.kill()
            raise _not_started() from None
        if head.outcome is not Outcome.READY:
            self.kill()
            raise _not_started()
        if not (self._unconfined or are_closed(head.held)):
            self.kill()
            raise switched_off()
        self.ready = True

    def ask(self, request: Request) -> tuple[Head, bytes]:
        """One request and its answer, of a worker that has started. The process is dead after any exception.

        :raises Overrun: if it takes longer than it may, or dies of the query.
        :raises Unavailable: if it answers nonsense.
        """
        deadline = time.monotonic() + request.seconds
        answered = False
        try:
            self._send(request.to_bytes(), deadline)
            head = Head.from_bytes(self._line(deadline))
            if head.length > request.most_bytes:
                raise Unavailable("a worker has sent more than it may; try again in a moment")
            body = self._take(head.length, deadline)
            answered = True
            return head, body
        except TimeoutError:
            raise Overrun("the query took longer than it may") from None
        except (OSError, EOFError, MemoryError):
            raise Overrun("the query ended its worker: it is too large, too deep or needs too much memory") from None
        finally:
            if not answered:  # whatever comes from it now would be taken for the answer to the next request
                self.kill()

    def _send(self, data: bytes, deadline: float) -> None:
        left = memoryview(data)
        while left:
            _wait(self._stdin, select.POLLOUT, deadline)
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(self._stdin.fileno(), left) :]

    def _line(self, deadline: float) -> bytes:
        while (end := self._read.find(b"\n")) < 0:
            if len(self._read) > _LONGEST_HEAD:
                raise Unavailable("a worker has sent what is no answer; try again in a moment")
            self._receive(deadline)
        return self._take(end + 1, deadline)

    def _take(self, length: int, deadline: float) -> bytes:
        while len(self._read) < length:
            self._receive(deadline)
        data = bytes(self._read[:length])
        del self._read[:length]
        return data

    def _receive(self, deadline: float) -> None:
        _wait(self._stdout, select.POLLIN, deadline)
        data = os.read(self._stdout.fileno(), _CHUNK)
        if not data:
            raise EOFError("the worker has ended")
        self._read += data

    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """Ends the process at once."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def _wait(pipe: IO[bytes], event: int, deadline: float) -> None:
    """Waits for a pipe; ``select.select`` would fail on descriptors from 1,024 on.

    :raises TimeoutError: at the deadline, in seconds of the monotonic clock.
    """
    poll = select.poll()
    poll.register(pipe, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError


def _not_started() -> Unavailable:
    return Unavailable("no worker for queries can be started just now; try again in a moment")
