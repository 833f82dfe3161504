"""Where a validation stays: the shape and the thing that it has been at for too long.

A regular expression that hangs still lets signals pass (CPython's engine looks for them), so a timer can look at the
frames that are at work: each constraint of pySHACL has its ``shape``, and the thing in question is called ``f``; where
nodes are screened before that, the shape is ``self`` and the thing is called ``focus``.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from pyoxigraph import BlankNode, NamedNode

from kgcompare.schema.screening import CompiledShape

_SCREENING = CompiledShape.passes.__code__
_EVERY = 0.1
"""Seconds between two looks."""

Spot = dict[str, str | None]
"""What is at work: the ``shape`` and its ``path``, each an IRI or None, and the ``focus``, with ``blank`` its label."""


class Watch:
    """Calls *stuck*, with the place, when pySHACL stays at one for *step* seconds or works for *whole* seconds."""

    def __init__(self, step: float, whole: float, stuck: Callable[[Spot], None]) -> None:
        self._step = step
        self._since = time.monotonic()
        self._ends = self._since + whole
        self._stuck = stuck
        self._at: tuple[Any, Any] | None = None

    def __enter__(self) -> None:
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, _EVERY, _EVERY)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        now, at = time.monotonic(), _constraint(frame)
        if at is None or self._at is None or at[0] is not self._at[0] or at[1] is not self._at[1]:
            self._at, self._since = at, now
        if now > self._ends or (at and now > self._since + self._step):
            self._stuck(_spot(*at) if at else {})


def _constraint(frame: FrameType | None) -> tuple[Any, Any] | None:
    """The shape and the focus of the innermost constraint at work; asks nothing of what it only passes."""
    while frame is not None:
        if frame.f_code is _SCREENING:
            return frame.f_locals["self"], frame.f_locals["focus"]
        if str(frame.f_globals.get("__name__")).startswith("pyshacl.constraints."):
            known = frame.f_locals
            if "f" in known and "self" in known:
                return known["self"].shape, known["f"]
        frame = frame.f_back
    return None


def _spot(shape: Any, focus: Any) -> Spot:
    if isinstance(shape, CompiledShape):
        return {
            "focus": None if isinstance(focus, BlankNode) else focus.value,
            "blank": focus.value if isinstance(focus, BlankNode) else None,
            "shape": shape.node.value if isinstance(shape.node, NamedNode) else None,
            "path": shape.path.value if isinstance(shape.path, NamedNode) else None,
        }
    blank = type(focus).__name__ == "BNode"
    path = shape.path() if shape.is_property_shape else None
    return {
        "focus": None if blank else str(focus),
        "blank": str(focus) if blank else None,
        "shape": _iri(shape.node),
        "path": _iri(path),
    }


def _iri(term: Any) -> str | None:
    return str(term) if type(term).__name__ == "URIRef" else None
