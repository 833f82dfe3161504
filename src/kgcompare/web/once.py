"""What takes long and is made once for each generation, beside the requests that wait for it."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Generic, TypeVar

from werkzeug.exceptions import ServiceUnavailable

from kgcompare.catalogue.generation import Generation
from kgcompare.errors import Busy
from kgcompare.web.request import limits, made_together
from kgcompare.web.turns import waiting

if TYPE_CHECKING:
    from kgcompare.report import Report
    from kgcompare.report.extent import Extent

_Made = TypeVar("_Made")
_NICE = 15
"""Scheduling priority of what is made here: whoever asks for a page comes first."""
_THINGS_A_SECOND = {"report": 3_500, "dump": 4_000, "description": 25_000}
"""How many things of a catalogue are done with in a second, on a machine that does other things too."""
_SHORTEST, _UNKNOWN = 5, 30
"""Seconds after which whoever cannot wait may come again: at least, and where the catalogue's size is not known."""


_LONG, _BRIEF = 10, 1.0
"""What takes longer (seconds) nobody waits for, but this long: it may have been kept by others."""


@dataclass(frozen=True, slots=True)
class _Making(Generic[_Made]):
    """What is being made, since when (monotonic seconds), and how many seconds that should take."""

    future: Future[_Made]
    begun: float
    expected: float

    @property
    def left(self) -> int:
        """How many seconds it should take from now on; where that is over, half of what it took so far."""
        spent = time.monotonic() - self.begun
        return max(_SHORTEST, ceil(self.expected - spent if spent < self.expected else spent / 2))


def once(generation: Generation, name: str, make: Callable[[Generation], _Made]) -> _Made:
    """What *make* gives of a generation: made once, by a thread of its own, and then kept.

    :raises ServiceUnavailable: if it is not ready yet; it says how long that should take.
    :raises KgcompareError: if it cannot be made.
    """
    making = generation.once(f"{name} in the making", lambda _: _started(generation, name, make))
    future = making.future
    if future.done():
        if future.exception() is not None:
            generation.forget(f"{name} in the making")  # whoever comes next tries again
        return future.result()
    seconds = limits().making_time if making.left <= _LONG else min(limits().making_time, _BRIEF)
    try:
        with waiting(seconds):
            return future.result(seconds)
    except (Busy, TimeoutError):
        message = f"the {name} of so large a catalogue is being made; it should be there in about {making.left} seconds"
        raise ServiceUnavailable(message, retry_after=making.left) from None


def _expected(generation: Generation, name: str) -> float:
    """How many seconds the making of something should take, by the size of the catalogue."""
    index = generation.there
    return sum(index.counts().values()) / _THINGS_A_SECOND[name] if index is not None else _UNKNOWN


def _started(generation: Generation, name: str, make: Callable[[Generation], _Made]) -> _Making[_Made]:
    """What *make* gives, or how it fails, when a thread that is started here is done with it."""
    future: Future[_Made] = Future()

    def run() -> None:
        with suppress(OSError):
            if sys.platform == "linux":  # elsewhere a thread has no priority of its own
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        try:
            future.set_result(make(generation))
        except BaseException as fault:  # noqa: BLE001  (goes to whoever waits)
            future.set_exception(fault)

    making = _Making(future, time.monotonic(), _expected(generation, name))
    threading.Thread(target=run, name=name, daemon=True).start()
    return making


def report_of(generation: Generation) -> Report:
    """The report of a generation.

    :raises ServiceUnavailable: if it is not ready yet.
    """
    from kgcompare.report import apart  # it takes a while to load, and few ask for it

    most, others = limits(), made_together()
    make = partial(apart.make_apart, limits=most)
    return once(generation, "report", lambda of: others.thing(of, "report", make) if others else make(of))


def extent_of(generation: Generation) -> Extent:
    """How large the dataset is.

    :raises ServiceUnavailable: if that is not counted yet.
    """
    from kgcompare.report import apart  # as above

    most, others = limits(), made_together()
    make = partial(apart.measure_apart, limits=most)
    return once(generation, "description", lambda of: others.thing(of, "extent", make) if others else make(of))
