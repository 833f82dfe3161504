"""What takes long and is made once for each generation, beside the requests that wait for it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from werkzeug.exceptions import ServiceUnavailable

from kgcompare import dataset
from kgcompare.view import View

if TYPE_CHECKING:
    from kgcompare.report import Report

Made = TypeVar("Made")
PATIENCE = 60.0
"""Seconds that a request waits for something that is being made."""
_WAITING = threading.Semaphore(6)
"""How many requests may wait so: each takes a thread of the server, which the others need."""


class Once(Generic[Made]):
    """Something that is made once for each generation, by a thread of its own."""

    def __init__(self, name: str, make: Callable[[View], Made]) -> None:
        self.name = name
        self._make = make
        self._starting = threading.Lock()
        self._made: weakref.WeakKeyDictionary[View, Future[Made]] = weakref.WeakKeyDictionary()

    def __call__(self, view: View) -> Made:
        """What was made of a generation.

        :raises ServiceUnavailable: if it is not ready yet.
        :raises KgcompareError: if it cannot be made.
        """
        with self._starting:
            future = self._made.get(view)
            if future is None or (future.done() and future.exception() is not None):
                future = self._made[view] = Future()
                threading.Thread(target=self._run, args=(view, future), name=self.name, daemon=True).start()
        if future.done():
            return future.result()
        said = f"the {self.name} of so large a catalogue is being made; try again in half a minute"
        if not _WAITING.acquire(blocking=False):
            raise ServiceUnavailable(said, retry_after=30)
        try:
            return future.result(PATIENCE)
        except TimeoutError:
            raise ServiceUnavailable(said, retry_after=30) from None
        finally:
            _WAITING.release()

    def _run(self, view: View, future: Future[Made]) -> None:
        try:
            future.set_result(self._make(view))
        except BaseException as fault:  # noqa: BLE001  (goes to whoever waits)
            future.set_exception(fault)


def _report(view: View) -> Report:
    from kgcompare import report  # it takes a while to load, and few ask for it

    return report.make(view)


report_of = Once("report", _report)
extent_of = Once("description", dataset.measure)
