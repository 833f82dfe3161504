"""Changes of single records made in a process beside the one that serves them.

Whoever answers requests is not held up by the work, and the engine finds a process in which it has its own threads:
those of a store that was open before a fork are not there after it. The process starts with the first change, stays for
the next ones, and ends with its parent. Killed at any moment it has changed nothing, or all.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pyoxigraph import Triple

from kgcompare.errors import Busy, KgcompareError, Overrun, Unavailable
from kgcompare.ingest.editing import Change, Edit
from kgcompare.ingest.readers import Options
from kgcompare.ingest.together import JointEditor
from kgcompare.sandbox import lifeline
from kgcompare.search import last_step
from kgcompare.store.base import Seat
from kgcompare.store.seat import seat_of
from kgcompare.store.staying import GLANCE, Staying

_COMMAND = (sys.executable, "-m", "kgcompare.ingest.apart")
MOST_TOGETHER = 32
"""Changes that are written as one at most."""
CALM = 0.35
"""Seconds for which changes are gathered after some that were made together: there is about one generation a second."""
_WRITING = 60.0
"""Seconds that are left for writing, beside those that reading and judging may take."""
_NICE = 5
"""By how much the process steps back behind the one that answers readers."""


@dataclass(frozen=True, slots=True)
class _Order:
    seat: Seat
    shapes: tuple[Triple, ...]
    patience: float
    changes: tuple[tuple[Change, Options], ...]


@dataclass(slots=True, eq=False)
class _Waiting:
    """A change that waits to be made, until there is an answer."""

    change: Change
    shapes: tuple[Triple, ...]
    options: Options
    until: float
    answer: Edit | KgcompareError | None = None

    def goes_with(self, other: _Waiting) -> bool:
        """Whether both may be written as one: they are judged by the same, in one language."""
        mine, its = self.options, other.options
        return (mine.lang, mine.limits) == (its.lang, its.limits) and self.shapes == other.shapes


class EditorApart:
    """A :class:`~kgcompare.ingest.together.JointEditor` in a process of its own, for any number of threads.

    Changes that come while others are being made wait, and are then made together. After several that were, the next
    ones are gathered for a while: a generation costs the engine and its readers much the same, however little is in it.
    One who changes records one after the other waits for nothing.
    """

    def __init__(self, store: Path | Seat, expect: Callable[[str | None], None] = lambda _: None) -> None:
        """Changes records of *store*; nothing is started yet. Who reads is told to *expect* each generation that is
        about to be published; None when those that were to come are."""
        self._seat = seat_of(store)
        self._expect = expect
        self._turn = threading.Condition()
        self._making = False
        self._queue: deque[_Waiting] = deque()
        self._calm = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., EditorApart] | None = None

    def change(self, change: Change, shapes: tuple[Triple, ...], options: Options, patience: float) -> Edit:
        """Makes a change, as the method of the editor that is called so does, and raises as that does.

        :raises Overrun: if it takes much longer than its parts may.
        :raises Unavailable: if the process cannot be started, or ends without a word.
        :raises Busy: if others write for longer than *patience* (seconds).
        """
        mine = _Waiting(change, shapes, options, time.monotonic() + patience)
        with self._turn:
            self._queue.append(mine)
            if not self._turn.wait_for(lambda: self._may_go_on(mine), patience) and mine in self._queue:
                self._queue.remove(mine)
                raise Busy("others are writing; try again in a moment")
        while self._is_to_make(mine):  # else another thread has had it made with its own
            try:
                self._gather()
                self._make(self._taken())
            finally:
                with self._turn:
                    self._making = False
                    self._turn.notify_all()
        if isinstance(mine.answer, KgcompareError):
            raise mine.answer
        return cast("Edit", mine.answer)

    def _is_to_make(self, mine: _Waiting) -> bool:
        """Waits for an answer, or for the turn to have the next changes made, which is then taken."""
        with self._turn:
            self._turn.wait_for(lambda: self._may_go_on(mine))
            if mine.answer is not None:
                return False
            self._making = True
            return True

    def _may_go_on(self, mine: _Waiting) -> bool:
        """Whether a change is made, or it is for its thread to have the next ones made: who has an answer waits for
        none of those who came later."""
        return mine.answer is not None or not self._making

    def _gather(self) -> None:
        """Waits until it is time for the next changes, or there are as many as are made together."""
        while len(self._queue) < MOST_TOGETHER and (left := self._calm - time.monotonic()) > 0:
            time.sleep(min(left, GLANCE))

    def _taken(self) -> list[_Waiting]:
        """The changes that are next, in the order in which they came."""
        with self._turn:
            taken = [self._queue.popleft()]
            while self._queue and len(taken) < MOST_TOGETHER and self._queue[0].goes_with(taken[0]):
                taken.append(self._queue.popleft())
            return taken

    def _make(self, some: Sequence[_Waiting]) -> None:
        """Has some changes made, and says to each what became of it."""
        limits, patience = some[0].options.limits, max(one.until for one in some) - time.monotonic()
        order = _Order(self._seat, some[0].shapes, max(0.0, patience), tuple((one.change, one.options) for one in some))
        seconds = order.patience + len(some) * (limits.parse_time + 4 * limits.validation_time) + _WRITING
        answers: object = None
        ended = Unavailable("the process that makes changes has ended; look whether it is done, and try again")
        try:
            answers = self._asked(pickle.dumps(order), seconds)
        except Unavailable as fault:
            ended = fault
        finally:
            for one, answer in zip(some, answers if isinstance(answers, list) else [ended] * len(some), strict=True):
                one.answer = answer
            self._calm = time.monotonic() + CALM if len(some) > 1 else 0.0

    def _asked(self, order: bytes, seconds: float) -> object:
        process = self._started()
        with lifeline.ended_after(process, seconds) as late:
            with contextlib.suppress(OSError):  # it has ended, and says nothing
                lifeline.write_message(cast("IO[bytes]", process.stdin), order)
            while isinstance(said := _said(process), str):
                self._expect(said)
        self._expect(None)
        if said is None:
            self.close()
        if late:
            raise Overrun("the change took too long and was not made")
        return said

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


def _said(process: subprocess.Popen[bytes]) -> object:
    """What a process says next: the name of a generation that it is about to publish, or what became of changes; None
    if it has ended."""
    message = lifeline.read_message(cast("IO[bytes]", process.stdout))
    return pickle.loads(message) if message else None  # noqa: S301  (our own process said it)


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _made(order: _Order, seat: Seat) -> list[Edit | KgcompareError]:
    _, options = order.changes[0]
    answers = JointEditor(seat, order.shapes, options, order.patience).together(order.changes)
    for answer in answers:
        if isinstance(answer, KgcompareError):
            answer.__traceback__ = None
    return answers


def main() -> None:
    """Makes the changes that stdin orders, and says to stdout what became of each; until stdin ends."""
    lifeline.end_with(os.getppid())
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints, prints where people read
    staying = Staying(lambda generation: lifeline.write_message(answers, pickle.dumps(generation)), last_step)
    while (message := _next(staying)) is not None:
        order: _Order = pickle.loads(message)  # noqa: S301  (our own server sent it)
        lifeline.write_message(answers, pickle.dumps(_made(order, staying.at(order.seat))))


def _next(staying: Staying) -> bytes | None:
    """The next order; what was left open of the store is let go of while none comes."""
    while staying.look() and not select.select([0], [], [], staying.pause())[0]:
        pass
    return lifeline.read_message(sys.stdin.buffer)


if __name__ == "__main__":
    main()
