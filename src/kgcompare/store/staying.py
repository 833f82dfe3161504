"""What a process that writes again and again leaves open between its writes, so that the next one need not open it.

The engine finds the files of live/ by their names. So whoever has it open holds ``live.lock``, and nobody else makes
another one in its place until then. What was left open is let go of as soon as somebody else holds the writer's lock,
and when nobody has written for a while.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kgcompare.errors import Busy, StoreError
from kgcompare.store.base import Seat, Writing
from kgcompare.store.folder import Folder
from kgcompare.store.left import IndexStep, Left
from kgcompare.store.seat import FolderSeat
from kgcompare.store.writer import Writer

_IDLE = 300.0
"""Seconds after the last write for which something stays open: that takes some handles of files and hardly any memory,
and to open it again takes three times as long as an edit."""
_CALM, _RARELY = 10.0, 0.2
"""Seconds after the last write from which on one looks less often whether somebody else wants to, and those between."""
_SOON = 1.0
"""Seconds in which readers should have let go of the generation before."""
_MERGING, _NICE = "rocksdb:low", 15
"""What the engine calls its threads that merge tables, and how far they step back."""
GLANCE = 0.02
"""Seconds after which one looks again whether somebody else wants to write."""


class Staying:
    """What a process leaves open of the store to which it wrote last; for one thread."""

    def __init__(self, announce: Callable[[str], None] = lambda _: None, step: IndexStep = lambda *_: None) -> None:
        """*announce* is told each generation that can be opened, and is not published yet; *step* changes indexes
        between writes."""
        self.announce = announce
        self._step = step
        self._seat: FolderSeat | None = None
        self._left: Left | None = None
        self._until = 0.0
        self._tidy = self._behind = False

    def at(self, seat: Seat) -> Seat:
        """A seat for the next write: of a folder that of which something is left open; an endpoint as it is."""
        if not isinstance(seat, FolderSeat):
            return seat
        if seat != self._seat:
            self.let_go()
        self._seat = seat
        return _StayingSeat(seat.path, self)

    def take(self) -> Left | None:
        """What was left open, for who has the writer's lock."""
        left, self._left = self._left, None
        return left

    def leave(self, left: Left | None) -> None:
        """Leaves something open for the next write."""
        self._left, self._until = left, time.monotonic() + _IDLE
        self._tidy = self._behind = left is not None
        _merge_quietly()

    def look(self) -> bool:
        """Lets go of what was left open when it is time to; says whether anything still is. Does first what the last
        write has left to be done, for which nobody had to wait: removes what is to be removed, and makes ready for the
        next write."""
        if (self._tidy or self._behind) and self._seat is not None and self._left is not None:
            folder, tidy, self._tidy = Folder(self._seat.path), self._tidy, False
            self._behind = self._behind and time.monotonic() < self._until - _IDLE + _SOON
            with suppress(Busy, StoreError), folder.writing(0.0):
                if tidy:
                    self._left.tidy(folder)
                self._behind = self._behind and not self._left.get_ahead(folder, self._step)
        if self._left is not None and (time.monotonic() > self._until or self._is_wanted()):
            self.let_go()
        return self._left is not None

    def _is_wanted(self) -> bool:
        """Whether somebody holds the writer's lock: his name is in it then."""
        try:
            return self._seat is None or (self._seat.path / "lock").stat().st_size > 0
        except OSError:
            return True

    def pause(self) -> float:
        """Seconds until one should look again."""
        return _RARELY if time.monotonic() > self._until - _IDLE + _CALM else GLANCE

    def let_go(self) -> None:
        """Closes what was left open."""
        if (left := self.take()) is not None:
            left.close()


def _merge_quietly() -> None:
    """Has the engine's threads that merge its tables step back: it takes them minutes of a processor where much was
    loaded at once, and nobody waits for it."""
    for task in Path("/proc/self/task").glob("*"):
        with suppress(OSError):
            if (task / "comm").read_text().startswith(_MERGING):
                os.setpriority(os.PRIO_PROCESS, int(task.name), _NICE)


@dataclass(frozen=True, slots=True)
class _StayingSeat(FolderSeat):
    """A store's folder to which a process writes again and again."""

    staying: Staying

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[Writing]:
        """Writes to it as :func:`~kgcompare.store.writer.writing` does, and leaves open what the next write needs."""
        folder = Folder(self.path)
        folder.describe()
        with ExitStack() as stack:
            try:
                stack.enter_context(folder.writing(0.0))
            except Busy:  # whoever writes may wait for what was left open here
                self.staying.let_go()
                stack.enter_context(folder.writing(patience))
            writer = Writer(folder, patience, self.staying.take(), self.staying.announce)
            try:
                yield writer
            finally:
                self.staying.leave(writer.leave())
