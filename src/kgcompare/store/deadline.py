"""Until when work for a stranger may go on: set where a request comes in, asked by the loops that do the work.

It belongs to the thread that works, so that nothing in between has to hand it on. Work that nobody waits for, and work
for ourselves, has no end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kgcompare.errors import Overrun

_end: ContextVar[float] = ContextVar("end", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done in here may take so many seconds, and no longer than what it is a part of."""
    token = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


@contextmanager
def none() -> Iterator[None]:
    """What is done in here is for everybody, and ends when it is done."""
    token = _end.set(math.inf)
    try:
        yield
    finally:
        _end.reset(token)


def left() -> float:
    """The seconds that are left, 0 at least; infinite where there is no deadline."""
    return max(0.0, _end.get() - time.monotonic())


def passed() -> bool:
    """Whether the deadline has passed."""
    return time.monotonic() > _end.get()


def go_on() -> None:
    """Lets work go on that is in time.

    :raises Overrun: if the deadline has passed.
    """
    if passed():
        raise overrun()


def overrun() -> Overrun:
    """The error for what is not done in time."""
    return Overrun("this took longer than it may, and was given up; ask for less, or try again later")
