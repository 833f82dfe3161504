"""A child process that does one thing with what strangers send: parse it, or judge it.

It has no network, writes nothing, has so much memory and no more, and is killed when it is late. The parent opens the
files; what comes back is data: a line of JSON, and the bytes that it announces.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, cast

from kgcompare.errors import Unavailable
from kgcompare.sandbox import lifeline

_COMMAND = (sys.executable, "-m", "kgcompare.sandbox.tasks")
_START = 60.0
"""Seconds that a child may take to start."""
_CHUNK = 1 << 20
_LAST = 5.0
"""Seconds for a child that says no more to be gone."""


_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an answer: what it ``says``, as JSON has it, and bytes."""

    says: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""

    def to_bytes(self) -> bytes:
        """The part as it goes through the pipe."""
        return json.dumps(self.says | {"length": len(self.body)}).encode() + b"\n" + self.body


class Job:
    """A child for one task, asked one thing at a time, by one thread; ends with the ``with`` block."""

    def __init__(self, task: str, memory: int) -> None:
        """Starts it beside the caller, with *memory* bytes of address space.

        :raises Unavailable: if the system starts no process.
        """
        self.task = task
        self.memory = memory
        try:
            self._requests, theirs = socket.socketpair()
            with theirs:
                self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  (our own module, no text of a stranger's)
                    [*_COMMAND, task, str(memory)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    bufsize=0,
                    env=lifeline.environment() | {"PYTHONDONTWRITEBYTECODE": "1"},
                    cwd="/",
                )
        except (OSError, ValueError) as fault:
            raise Unavailable("no process can be started just now; try again in a moment") from fault
        self._stdout = cast("IO[bytes]", self.process.stdout)
        self._read = bytearray()
        self._left = 0.0
        self.knows: object = None
        """What it was told and keeps, as whoever asks it names that; it stays with a child that is left."""
        self._ready = False
        self._asked = False

    @classmethod
    def started(cls, task: str, memory: int) -> Job:
        """A child for a task with so much memory: one that was left, or a new one.

        :raises Unavailable: if the system starts no process.
        """
        with _LOCK:
            job = _LEFT.pop(task, None)
        if job is not None and job.alive() and job.memory == memory:
            return job
        if job is not None:
            job.close()
        return cls(task, memory)

    def leave(self) -> None:
        """Leaves the child to whoever wants one next, since its start takes longer than most of what it does.

        One of each task waits, at most until this process ends; any other ends now.
        """
        with _LOCK:
            if self.task not in _LEFT and self.alive() and not self._asked:
                _LEFT[self.task] = self
                return
        self.close()

    def ask(self, seconds: float, files: Sequence[int] = (), **arguments: object) -> Iterator[Part]:
        """What the child answers: to some arguments, which JSON can carry, and descriptors of files open for reading.

        The child has *seconds*: what the caller does between two parts does not count. It is killed unless its answer
        is taken to the end.

        :raises TimeoutError: if it is late.
        :raises EOFError: if it dies: something nests too deeply, or it has too little memory.
        :raises Unavailable: if it does not start, or answers nonsense.
        """
        done = False
        self._asked = True
        try:
            if not self._ready:
                self._left = _START
                if self._part().says.get("outcome") != "ready":
                    raise Unavailable("a process has answered nonsense; try again in a moment")
                self._ready = True
            self._left = seconds
            request = json.dumps(arguments | {"seconds": seconds}).encode() + b"\n"
            with contextlib.suppress(OSError):  # a child that is dead says so below
                sent = socket.send_fds(self._requests, [request], list(files))
                self._requests.sendall(request[sent:])
            while not done:
                part = self._part()
                done = part.says.get("outcome") == "done"
                yield part
        finally:
            self._asked = not done
            if not done:
                self.close()

    def _part(self) -> Part:
        while (end := self._read.find(b"\n")) < 0:
            self._receive()
        line = bytes(self._take(end + 1))
        try:
            says = json.loads(line)
            length = int(says["length"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Unavailable("a process has answered nonsense; try again in a moment") from None
        while len(self._read) < length:
            self._receive()
        return Part(says, bytes(self._take(length)))

    def _take(self, length: int) -> bytearray:
        taken = self._read[:length]
        del self._read[:length]
        return taken

    def _receive(self) -> None:
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN)
        before = time.monotonic()
        if self._left <= 0 or not poll.poll(self._left * 1000):
            raise TimeoutError
        self._left -= time.monotonic() - before
        data = os.read(self._stdout.fileno(), _CHUNK)
        if not data:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self.process.wait(_LAST) == -signal.SIGPROF:  # its own limit: it works while its answer is taken
                    raise TimeoutError
            raise EOFError("the process has ended")
        self._read += data

    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.process.poll() is None

    def close(self) -> None:
        """Ends the child at once."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        self._stdout.close()
        self._requests.close()

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_LEFT: dict[str, Job] = {}
"""The child of each task that waits for who wants one next."""


@atexit.register
def _end() -> None:
    with _LOCK:
        while _LEFT:
            _LEFT.popitem()[1].close()
