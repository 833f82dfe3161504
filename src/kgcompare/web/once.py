"""What takes long and is made once for each generation, beside the requests that wait for it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

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


def once(generation: Generation, name: str, make: Callable[[Generation], _Made]) -> _Made:
    """What *make* gives of a generation: made once, by a thread of its own, and then kept.

    :raises ServiceUnavailable: if it is not ready yet.
    :raises KgcompareError: if it cannot be made.
    """
    future = generation.once(f"{name} in the making", lambda _: _started(generation, name, make))
    if future.done():
        if future.exception() is not None:
            generation.forget(f"{name} in the making")  # whoever comes next tries again
        return future.result()
    message = f"the {name} of so large a catalogue is being made; try again in half a minute"
    seconds = limits().making_time
    try:
        with waiting(seconds):
            return future.result(seconds)
    except (Busy, TimeoutError):
        raise ServiceUnavailable(message, retry_after=30) from None


def _started(generation: Generation, name: str, make: Callable[[Generation], _Made]) -> Future[_Made]:
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

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


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
