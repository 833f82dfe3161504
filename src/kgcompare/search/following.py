"""The index of a generation made from that of the one before, by what has changed.

Each index says from which generation it was made, and by which changes. So there are two files, and they take turns:
the one that nobody reads any more gets the last changes and the new ones in its place, and becomes the index of the
next generation. It is copied only where somebody reads it still.

What a thing said before is read while it still says it, and remembered for the other file. So no earlier generation has
to be opened for what is taken out of an index.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from functools import lru_cache, partial
from pathlib import Path

from kgcompare.errors import StoreError
from kgcompare.rdf.namespaces import is_safe_iri
from kgcompare.schema.shapes import Shapes
from kgcompare.search.building import Builder, OtherIndex, Saying
from kgcompare.search.facts import Facts, Reading
from kgcompare.search.gathering import facts_of
from kgcompare.search.making import build
from kgcompare.search.texts import kept_document
from kgcompare.search.whole import fault_of, notes_in
from kgcompare.store import Snapshot
from kgcompare.store.base import Lend, Prepare
from kgcompare.store.files import LOG

MOST_FOLLOWED = 2000
"""Changed things up to which an index is changed; with more it is made anew."""
_FROM, _BY = "from", "by"
"""Where an index has the generation that it was made from, and the changed things."""


class _Was:
    """What some things said in a generation, before it was changed into the next."""

    def __init__(self, previous: Snapshot, things: Collection[str], reading: Reading) -> None:
        self.generation = previous.generation
        self.signature = reading.signature
        self.things = frozenset(things)
        self.said = facts_of(previous, reading, sorted(things))

    def of(self, things: Collection[str]) -> dict[str, Facts]:
        """What some of the things said."""
        return {thing: self.said[thing] for thing in things if thing in self.said}


_LAST: list[_Was] = []
"""Of the generation that was changed last in this process."""


@lru_cache(maxsize=2)
def _reading_of(shapes: Shapes) -> Reading:
    """How the shapes of one generation after the other have it read."""
    return Reading(shapes, spoken=True)


def updater(previous: Snapshot | None, subjects: Collection[str], shapes: Shapes, lend: Lend | None = None) -> Prepare:
    """A way to make the next generation's index from *previous* and the IRIs of the things that changed.

    *shapes* are those that the next generation keeps; *lend* gives the file of an earlier one, if there is any.

    An index that other shapes, or an earlier version, have made is made anew.
    """
    changed = {thing for thing in subjects if is_safe_iri(thing)}
    reading = _reading_of(shapes)
    follows = previous is not None and previous.index_path is not None and len(changed) <= MOST_FOLLOWED
    was = _Was(previous, changed, reading) if previous is not None and follows else None

    def prepare(snapshot: Snapshot, path: Path) -> None:
        kept = previous.index_path if previous is not None and follows else None
        why = fault_of(kept) if kept is not None else None
        if previous is None or was is None or kept is None or why is not None:
            build(snapshot, path, reading)
        else:
            said = notes_in(kept)
            since = set(json.loads(said.get(_BY, "[]")))
            near = len(since) <= MOST_FOLLOWED
            with lend(said.get(_FROM, "") if near else "", path) if lend is not None else nullcontext() as lent:
                older = lent if lent is not None and fault_of(path) is None else previous
                if older is previous:
                    shutil.copyfile(kept, path)
                    since = set()
                try:
                    made = {_FROM: previous.generation, _BY: json.dumps(sorted(changed))}
                    now = partial(facts_of, snapshot, reading)
                    before = _before(was, older, since, reading, now)
                    every = sorted((since | changed) - {snapshot.base.catalogue})
                    Builder(path, snapshot.base, reading).update(
                        every, before, now, made, partial(kept_document, snapshot)
                    )
                except OtherIndex:
                    build(snapshot, path, reading)
                except StoreError as fault:  # the file before may be damaged where nothing has looked yet
                    why = f"cannot be changed ({fault})"
                    build(snapshot, path, reading)
        _LAST[:] = [was] if was is not None else []
        if why is not None:
            LOG.warning("kgcompare: the index %s %s; the next one was made anew", kept, why)

    return prepare


def _before(was: _Was, older: Snapshot, since: Collection[str], reading: Reading, now: Saying) -> Saying:
    """What things said in the *older* generation. What has changed *since*, up to the one before the next, is
    remembered, or read from it; what has not changed says the same *now*."""
    last = next((one for one in _LAST if one.generation == older.generation and one.things >= set(since)), None)
    if since and (last is None or last.signature != was.signature):
        return partial(facts_of, older, reading)

    def said(things: Sequence[str]) -> dict[str, Facts]:
        earlier = set(since).intersection(things)
        changed = was.things.intersection(things) - earlier
        same = [thing for thing in things if thing not in earlier and thing not in changed]
        return {**now(same), **was.of(changed), **(last.of(earlier) if last else {})}

    return said
