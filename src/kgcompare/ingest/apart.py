"""Changes of single records made in a process beside the one that serves them.

Whoever answers requests is not held up by the work, and the engine finds a process in which it has its own threads:
those of a store that was open before a fork are not there after it. The process starts with the first change, stays for
the next ones, and ends with its parent. Killed at any moment it has changed nothing, or all.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, cast

from pyoxigraph import Triple

from kgcompare.errors import KgcompareError, Overrun, Unavailable
from kgcompare.ingest.editing import Body, Condition, Edit, Editor
from kgcompare.ingest.readers import Options
from kgcompare.sandbox import lifeline
from kgcompare.store.base import Seat
from kgcompare.store.seat import seat_of

_COMMAND = (sys.executable, "-m", "kgcompare.ingest.apart")
_WRITING = 60.0
"""Seconds that are left for writing, beside those that reading and judging may take."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done: ``put`` a record (its IRI), ``make`` one of a kind, ``remove`` one, on which condition; or
    ``check`` what putting one would find, and change nothing."""

    what: Literal["put", "make", "remove", "check"]
    subject: str
    body: Body = field(default_factory=lambda: Body(b"", "ttl"))
    condition: Condition = field(default_factory=Condition)


@dataclass(frozen=True, slots=True)
class _Order:
    seat: Seat
    shapes: tuple[Triple, ...]
    options: Options
    patience: float
    change: Change


class EditorApart:
    """An :class:`~kgcompare.ingest.editing.Editor` in a process of its own; one change at a time."""

    def __init__(self, store: Path | Seat) -> None:
        """Changes records of *store*; nothing is started yet."""
        self._seat = seat_of(store)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., EditorApart] | None = None

    def change(self, change: Change, shapes: tuple[Triple, ...], options: Options, patience: float) -> Edit:
        """Makes a change, as the method of the editor that is called so does, and raises as that does.

        :raises Overrun: if it takes much longer than its parts may.
        :raises Unavailable: if the process cannot be started, or ends without a word.
        """
        limits = options.limits
        order = _Order(self._seat, shapes, options, patience, change)
        seconds = patience + limits.parse_time + 4 * limits.validation_time + _WRITING
        with self._lock:
            answer = self._asked(pickle.dumps(order), seconds)
        if isinstance(answer, KgcompareError):
            raise answer
        if not isinstance(answer, Edit):
            raise Unavailable("the process that makes changes has ended; look whether it is done, and try again")
        return answer

    def _asked(self, order: bytes, seconds: float) -> object:
        process = self._started()
        with lifeline.ended_after(process, seconds) as late:
            with contextlib.suppress(OSError):  # it has ended, and says nothing
                lifeline.write_message(cast("IO[bytes]", process.stdin), order)
            said = lifeline.read_message(cast("IO[bytes]", process.stdout))
        if said is None:
            self.close()
        if late:
            raise Overrun("the change took too long and was not made")
        return pickle.loads(said) if said else None  # noqa: S301  (our own process said it)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        try:
            process = subprocess.Popen(  # noqa: S603  (our own module)
                _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd="/"
            )
        except (OSError, ValueError):
            raise Unavailable("no process can be started to make changes just now; try again in a moment") from None
        self._process, self._end = process, weakref.finalize(self, _ended, process)
        return process

    def close(self) -> None:
        """Ends the process; the next change starts another one."""
        if self._end is not None:
            self._end()
        self._process = None


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _made(order: _Order) -> Edit:
    editor = Editor(order.seat, order.shapes, order.options, order.patience)
    change = order.change
    if change.what == "make":
        return editor.make(change.subject, change.body)
    if change.what == "remove":
        return editor.remove(change.subject, change.condition)
    if change.what == "check":
        return editor.check(change.subject, change.body)
    return editor.put(change.subject, change.body, change.condition)


def main() -> None:
    """Makes the changes that stdin orders, and says to stdout what became of each; until stdin ends."""
    lifeline.end_with(os.getppid())
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints, prints where people read
    while (message := lifeline.read_message(sys.stdin.buffer)) is not None:
        answer: Edit | KgcompareError
        try:
            answer = _made(pickle.loads(message))  # noqa: S301  (our own server sent it)
        except KgcompareError as fault:
            fault.__traceback__ = None
            answer = fault
        lifeline.write_message(answers, pickle.dumps(answer))


if __name__ == "__main__":
    main()
