"""Shapes that were read before: generation after generation keeps the same ones."""

from __future__ import annotations

from functools import lru_cache

from pyoxigraph import Triple

from kgcompare.schema.shapes import Shapes, stored_shapes
from kgcompare.store import Snapshot

_HELD: dict[str, tuple[Triple, ...]] = {}
"""The shapes that the generation of a name keeps: of the one that was asked for or made last."""
_KEPT: dict[str, tuple[Triple, ...]] = {}
"""Shapes by the generation that changed them last."""
_MOST = 4
"""Shapes that are kept."""


@lru_cache(maxsize=4)
def shapes_of(triples: tuple[Triple, ...]) -> Shapes:
    """What some shapes say.

    :raises ShapeError: as :class:`~kgcompare.schema.shapes.Shapes` does.
    """
    return Shapes(triples)


def held_shapes(snapshot: Snapshot) -> tuple[Triple, ...]:
    """The same as :func:`~kgcompare.schema.shapes.stored_shapes`, for who changes one generation into the next."""
    held = _HELD.get(snapshot.generation) or kept_shapes(snapshot)
    hold(snapshot.generation, held)
    return held


def kept_shapes(snapshot: Snapshot) -> tuple[Triple, ...]:
    """The same, read once of the generations that are known to keep the same ones."""
    since = snapshot.shapes_since
    kept = _KEPT.get(since) if since else None
    if kept is None:
        kept = tuple(stored_shapes(snapshot))
        if since:
            if len(_KEPT) >= _MOST:
                _KEPT.clear()
            _KEPT[since] = kept
    return kept


def hold(generation: str, shapes: tuple[Triple, ...]) -> None:
    """Says that a generation, which has a name that no other one has, keeps these shapes: no record is one."""
    _HELD.clear()
    _HELD[generation] = shapes
