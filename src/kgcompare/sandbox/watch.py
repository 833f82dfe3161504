"""Where a validation stays: the shape and the thing that pySHACL has been at for too long.

A regular expression that hangs still lets signals pass (CPython's engine looks for them), so a timer can look at the
frames that are at work: each constraint of pySHACL has its ``shape``, and the thing in question is called ``f``.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

_EVERY = 0.1
"""Seconds between two looks."""

Place = dict[str, str | None]
"""What is at work: the ``shape`` and its ``path``, each an IRI or None, and the ``focus``, with ``blank`` its label."""


class Watch:
    """Calls *stuck*, with the place, when pySHACL stays at one for *step* seconds or works for *whole* seconds."""

    def __init__(self, step: float, whole: float, stuck: Callable[[Place], None]) -> None:
        self._step = step
        self._ends = time.monotonic() + whole
        self._stuck = stuck
        self._place: Place = {}
        self._since = time.monotonic()

    def __enter__(self) -> None:
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, _EVERY, _EVERY)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        place, now = _place(frame), time.monotonic()
        if place != self._place:
            self._place, self._since = place, now
        if now > self._ends or (place and now > self._since + self._step):
            self._stuck(place)


def _place(frame: FrameType | None) -> Place:
    """The place of the innermost constraint at work; nothing where there is none."""
    while frame is not None:
        known = frame.f_locals
        shape, focus = getattr(known.get("self"), "shape", None), known.get("f")
        if shape is not None and focus is not None:
            return {**_named("focus", focus), **_named("shape", shape.node), **_named("path", _path(shape))}
        frame = frame.f_back
    return {}


def _named(what: str, term: Any) -> Place:
    kind = type(term).__name__
    if kind == "BNode" and what == "focus":
        return {"focus": None, "blank": str(term)}
    return {what: str(term) if kind == "URIRef" else None}


def _path(shape: Any) -> Any:
    return shape.path() if shape.is_property_shape else None
