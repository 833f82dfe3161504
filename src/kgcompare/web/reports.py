"""The report of each generation, made once, beside the requests that wait for it."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import Future

from werkzeug.exceptions import ServiceUnavailable

from kgcompare import report
from kgcompare.view import View

PATIENCE = 60.0
"""Seconds that a request waits for a report that is being made."""
_STARTING = threading.Lock()
_MADE: weakref.WeakKeyDictionary[View, Future[report.Report]] = weakref.WeakKeyDictionary()


def report_of(view: View) -> report.Report:
    """The report of a generation.

    :raises ServiceUnavailable: if it is not ready yet.
    :raises KgcompareError: if it cannot be made.
    """
    with _STARTING:
        future = _MADE.get(view)
        if future is None or (future.done() and future.exception() is not None):
            future = _MADE[view] = Future()
            threading.Thread(target=_make, args=(view, future), name="report", daemon=True).start()
    try:
        return future.result(PATIENCE)
    except TimeoutError:
        said = "the report of so large a catalogue is being made; try again in half a minute"
        raise ServiceUnavailable(said, retry_after=30) from None


def _make(view: View, future: Future[report.Report]) -> None:
    try:
        future.set_result(report.make(view))
    except BaseException as fault:  # noqa: BLE001  (goes to whoever waits)
        future.set_exception(fault)
