"""The index of a generation made from that of the one before, by what has changed.

Each index says from which generation it was made, and by which changes. So there are two files, and they take turns:
the one that nobody reads any more gets the last changes and the new ones in its place, and becomes the index of the
next generation. It is copied only where somebody reads it still.

What was written for the last changes is written again into the other file, where this process has changed the first
one, and before the next ones come if there is time (:func:`last_step`); else these are made anew, of what things said.
What the new ones change is read while it still says it, so that no earlier generation has to be opened.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from kgcompare.errors import StoreError
from kgcompare.rdf.namespaces import is_safe_iri
from kgcompare.schema.shapes import Shapes
from kgcompare.search.building import Builder, OtherIndex
from kgcompare.search.facts import Facts, Reading
from kgcompare.search.gathering import facts_of
from kgcompare.search.making import build
from kgcompare.search.texts import kept_document
from kgcompare.search.whole import fault_of, notes_in
from kgcompare.search.written import Written, write_again
from kgcompare.store import Snapshot
from kgcompare.store.base import Lend, Prepare
from kgcompare.store.files import LOG

MOST_FOLLOWED = 2000
"""Changed things up to which an index is changed; with more it is made anew."""
_FROM, _BY, _NAMED = "from", "by", "named"
"""Where an index has the generation that it was made from, the changed things, and what their documents name."""
_MOST_TOLD = 200
"""Changed things up to which an index says what their documents name."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What was ``written`` to make the index of the generation ``to`` of that of another one."""

    origin: str
    to: str
    written: Written

    def again(self, path: Path) -> None:
        """Has the index file at *path*, that of the one, be that of the other."""
        write_again(path, self.written)


_LAST: list[_Step] = []
"""What was written last in this process."""


@lru_cache(maxsize=2)
def _reading_of(shapes: Shapes) -> Reading:
    """How the shapes of one generation after the other have it read."""
    return Reading(shapes, spoken=True)


def updater(
    previous: Snapshot | None,
    subjects: Collection[str],
    shapes: Shapes,
    lend: Lend | None = None,
    named: Collection[str] | None = None,
) -> Prepare:
    """A way to make the next generation's index from *previous* and the IRIs of the things that changed.

    *shapes* are those that the next generation keeps; *lend* gives the file of an earlier one, if there is any. *named*
    are the IRIs that the changed documents name, before or after, if all these are known (:func:`changed_since`).

    An index that other shapes, or an earlier version, have made is made anew.
    """
    changed = {thing for thing in subjects if is_safe_iri(thing)}
    reading = _reading_of(shapes)
    follows = previous is not None and previous.index_path is not None and len(changed) <= MOST_FOLLOWED
    was = facts_of(previous, reading, sorted(changed)) if previous is not None and follows else {}

    def prepare(snapshot: Snapshot, path: Path) -> None:
        kept = previous.index_path if previous is not None and follows else None
        why = fault_of(kept) if kept is not None else None
        last, _LAST[:] = _LAST[:], []
        if previous is None or kept is None or why is not None:
            build(snapshot, path, reading)
        else:
            now, document = partial(facts_of, snapshot, reading), partial(kept_document, snapshot)

            def before(things: Sequence[str]) -> Mapping[str, Facts]:
                same = now([thing for thing in things if thing not in changed])  # what has not changed
                return same | {thing: was[thing] for thing in changed.intersection(things) if thing in was}

            try:
                _make_that_of(previous, kept, path, reading, last, lend)
                told = sorted(named) if named is not None and len(subjects) == len(changed) <= _MOST_TOLD else None
                made = {_FROM: previous.generation, _BY: json.dumps(sorted(changed)), _NAMED: json.dumps(told)}
                every = sorted(changed - {snapshot.base.catalogue})
                written = Builder(path, snapshot.base, reading).update(every, before, now, made, document)
                _LAST[:] = [_Step(previous.generation, snapshot.generation, written)]
            except OtherIndex:
                build(snapshot, path, reading)
            except StoreError as fault:  # the file before may be damaged where nothing has looked yet
                why = f"cannot be changed ({fault})"
                build(snapshot, path, reading)
        if why is not None:
            LOG.warning("kgcompare: the index %s %s; the next one was made anew", kept, why)

    return prepare


def last_step(origin: str, to: str, last: Sequence[_Step] | None = None) -> Callable[[Path], None] | None:
    """What makes of the index file of a generation that of the next one, where this process has made that last."""
    steps = _LAST if last is None else last
    step = next((one for one in steps if (one.origin, one.to) == (origin, to)), None)
    return None if step is None else step.again


def changed_since(path: Path, generation: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The IRIs of which documents say something that have changed since a *generation*, before or after, and those
    that these documents name, as the index at *path* says; None where it was made otherwise, or of much."""
    said = notes_in(path)
    named = json.loads(said.get(_NAMED, "null")) if said.get(_FROM) == generation else None
    return None if named is None else (frozenset(json.loads(said[_BY])), frozenset(named))


def _make_that_of(
    newest: Snapshot, kept: Path, path: Path, reading: Reading, last: Sequence[_Step], lend: Lend | None
) -> None:
    """Makes at *path* the index of the *newest* generation, which is *kept* at another one: of the file of the one
    before where that can be had, else by copying.

    :raises OtherIndex, StoreError: if it cannot be made.
    """
    said = notes_in(kept)
    origin, since = said.get(_FROM, ""), set(json.loads(said.get(_BY, "[]")))
    near = len(since) <= MOST_FOLLOWED
    with lend(origin if near else "", path) if lend is not None else nullcontext() as older:
        if older is None or fault_of(path) is not None:
            shutil.copyfile(kept, path)
        elif older.generation == newest.generation:
            return  # it says the same already
        elif step := last_step(origin, newest.generation, last):
            step(path)
        else:
            before, now = partial(facts_of, older, reading), partial(facts_of, newest, reading)
            every = sorted(since - {newest.base.catalogue})
            Builder(path, newest.base, reading).update(every, before, now, {}, partial(kept_document, newest))
