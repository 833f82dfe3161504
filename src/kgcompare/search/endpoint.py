"""The index of an endpoint: made by streaming, kept on a shelf, and followed record by record where that can be.

What an endpoint of ours tells of its changes (its history) is what is changed in the index. Of any other it is looked
at a glance whether anything has: how many things and statements there are, by predicate, how long what they say is, and
how many records were changed on which day. A change that leaves all of that as it is, such as one digit for another in
a record without a date, is not seen until something else changes, or the index is made anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kgcompare.errors import KgcompareError, QueryError, StoreError
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import RDF_TYPE
from kgcompare.schema.shapes import Shapes
from kgcompare.search.building import Builder, OtherIndex
from kgcompare.search.collected import Collected
from kgcompare.search.facts import Facts, Reading
from kgcompare.search.gathering import facts_of, gather, is_thing, things_of_document
from kgcompare.search.places import Reach
from kgcompare.search.shelf import FOR, LOOKED, Shelf, Shelved
from kgcompare.store import Snapshot
from kgcompare.store.files import LOG, files

_CHANGES = 100
"""Changes up to which an index is changed; with more it is made anew."""
_FEW = 2000
"""Changed records up to which an index is changed; with more it is made anew."""
_PAUSE = 10.0
"""Seconds after a failure until it is tried again."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What came of seeing to an index: the index, what was ``done`` (``built``, ``changed`` or ``kept``), and to how
    many things: how many it has, or if it was changed how many have."""

    index: Shelved
    done: str
    things: int = 0


class Keeper:
    """Sees to the index of one endpoint."""

    def __init__(self, folder: Path, keep: float) -> None:
        """Names the folder that it is kept in; an endpoint that does not tell when it changes is looked at every *keep*
        seconds."""
        self.shelf = Shelf(folder)
        self.keep = keep
        self._lock = threading.Lock()
        self._following = threading.Lock()
        self._seen: Snapshot | None = None
        self._again = 0.0

    @property
    def stamp(self) -> tuple[int, ...]:
        """Changes whenever there is another index to read; costs one stat."""
        try:
            current = (self.shelf.folder / "current").stat()
        except OSError:
            return ()
        return current.st_ino, current.st_mtime_ns

    def index_name(self, shapes: Shapes) -> str:
        """The generation that the index to read was made for; empty where there is none."""
        newest = self.shelf.newest(Reading(shapes).signature)
        return newest.said.get(FOR, "") if newest is not None else ""

    def follow(self, snapshot: Snapshot, shapes: Shapes) -> None:
        """Sees to the index of a generation in the background, once; after a failure again when some time has gone."""
        if self._seen is snapshot or time.monotonic() < self._again or not self._following.acquire(blocking=False):
            return

        def work() -> None:
            try:
                self.renew(snapshot, Reading(shapes), Reach())
                self._seen = snapshot
            except KgcompareError as fault:
                LOG.warning("kgcompare: the index of the endpoint is not seen to: %s", fault)
                self._again = time.monotonic() + _PAUSE
            finally:
                self._following.release()

        threading.Thread(target=work, name="kgcompare-index-follows", daemon=True).start()

    def renew(self, snapshot: Snapshot, reading: Reading, progress: Reach, *, anew: bool = False) -> Renewed:
        """The index of a generation: the one that is there, changed or made anew if it has to be, or if *anew*.

        :raises StoreError: if the endpoint cannot be read, or the folder not be written.
        """
        with self._lock, self.shelf.alone():
            newest = None if anew else self.shelf.newest(reading.signature)
            tells = snapshot.history is not None  # else a generation is the second in which it was looked at
            if newest is not None and tells and newest.said.get(FOR) == snapshot.generation:
                return Renewed(newest, "kept", newest.things())
            changed = _changed(snapshot, newest) if newest is not None else None
            if newest is not None and changed is not None:
                with suppress(OtherIndex):
                    return self._followed(newest, changed, snapshot, reading)
            unmarked = None if tells else newest
            if unmarked is not None and self._is_fresh(unmarked):
                return Renewed(unmarked, "kept", unmarked.things())
            seen = "" if tells else _glance(snapshot)
            if unmarked is not None and seen == unmarked.said.get(LOOKED):
                with files(f"no index can be kept at {self.shelf.folder}"):
                    os.utime(unmarked.facts)
                return Renewed(unmarked, "kept", unmarked.things())
            return self._built(snapshot, reading, progress, {FOR: snapshot.generation, LOOKED: seen})

    def _is_fresh(self, index: Shelved) -> bool:
        """Whether the endpoint was looked at lately."""
        try:
            return time.time() - index.facts.stat().st_mtime < self.keep
        except OSError:
            return False

    def _built(self, snapshot: Snapshot, reading: Reading, progress: Reach, said: Mapping[str, str]) -> Renewed:
        made = self.shelf.new()

        def say(done: int, total: int) -> None:
            progress(done, total)
            self.shelf.say(done, total)

        facts = Collected(made.facts)
        try:
            gather(snapshot, reading, facts, say)
            Builder(made.path, snapshot.base, reading).build(facts, said)
            many = len(facts)
        finally:
            facts.close()
        return Renewed(self.shelf.put(made), "built", many)

    def _followed(self, newest: Shelved, changed: Sequence[str], snapshot: Snapshot, reading: Reading) -> Renewed:
        """The index with what is said now of some things: the one that nobody reads any more, with all that has changed
        since it was made; where there is none, a copy of the newest.

        :raises OtherIndex: if it cannot be changed.
        """
        with self.shelf.turned(reading.signature) as spare, files(f"no index can be kept at {self.shelf.folder}"):
            since = _changed(snapshot, spare) if spare is not None else None
            if spare is not None and since is not None:
                made = self.shelf.new(spare)
                spare.path.replace(made.path)
                spare.facts.replace(made.facts)
                self._change(made, since, snapshot, reading)
                return Renewed(self.shelf.put(made), "changed", len(changed))
        with files(f"no index can be kept at {self.shelf.folder}"):
            made = self.shelf.new()
            shutil.copyfile(newest.path, made.path)
            shutil.copyfile(newest.facts, made.facts)
            self._change(made, changed, snapshot, reading)
            return Renewed(self.shelf.put(made), "changed", len(changed))

    def _change(self, made: Shelved, changed: Sequence[str], snapshot: Snapshot, reading: Reading) -> None:
        """Changes an index to what is said now of some things.

        :raises OtherIndex: if it cannot be changed.
        """
        facts = Collected(made.facts)
        try:
            told = facts_of(snapshot, reading, changed)
            fresh = {t: f for t, f in reading.records_of(told).items() if is_thing(snapshot.base, t)}

            def now(things: Sequence[str]) -> dict[str, Facts]:
                kept = facts.some([thing for thing in things if thing not in known])
                return kept | {thing: fresh[thing] for thing in things if thing in fresh}

            known = set(changed)
            said = {FOR: snapshot.generation, LOOKED: ""}
            Builder(made.path, snapshot.base, reading).update(changed, facts.some, now, said)
            facts.put({t: f for t, f in fresh.items() if RDF_TYPE in f}, [t for t in changed if t not in fresh])
        finally:
            facts.close()


class ShelfPlace:
    """The index of a generation of an endpoint."""

    def __init__(self, keeper: Keeper, snapshot: Snapshot, shapes: Shapes, *, newest: bool) -> None:
        """Takes any index that is there, or if *newest* only what is seen to be the newest."""
        self._keeper = keeper
        self._snapshot = snapshot
        self._reading: Callable[[], Reading] = lambda: Reading(shapes)
        self._newest = newest

    def look(self) -> Path | None:
        """The index that is there, whichever generation it was made for; somebody else sees to it."""
        found = None if self._newest else self._keeper.shelf.newest(self._reading().signature)
        return found.path if found is not None and self._keeper.shelf.hold(found.path, self) else None

    def make(self, progress: Reach) -> Path:
        """The index, made if it has to be."""
        for _ in range(100):
            path = self._keeper.renew(self._snapshot, self._reading(), progress).index.path
            if self._keeper.shelf.hold(path, self):
                return path
        raise StoreError(f"the index at {self._keeper.shelf.folder} is made anew all the time")

    def tell(self, progress: Reach) -> None:
        """Takes over how far another process is."""
        self._keeper.shelf.tell(progress)

    def refuse(self, path: Path) -> None:
        """Has another index made."""
        self._keeper.shelf.refuse(path)

    def release(self) -> None:
        """Nothing: it lets go of the file when it is gone."""


def _changed(snapshot: Snapshot, index: Shelved) -> list[str] | None:
    """The things that were changed since an index was made; None where that is not known, or they are many."""
    history, before = snapshot.history, index.said.get(FOR, "")
    known = history.named(before) if history is not None else []
    if history is None or not known or known[0].generation != before:
        return None
    since = [change for change in history.changes(most=_CHANGES + 1) if change.number > known[0].number]
    if len(since) > _CHANGES or not since or since[0].generation != snapshot.generation:
        return None
    documents: set[str] = set()
    for change in since:
        some = history.documents(change, _FEW + 1)
        if len(some) != change.added + change.replaced + change.removed or len(some) > _FEW:
            return None
        documents.update(document for document, _ in some if snapshot.base.is_of_record(document))
    return sorted({t for document in documents for t in things_of_document(snapshot, document, index.path)})


def _glance(snapshot: Snapshot) -> str:
    """What is seen of an endpoint at a glance; equal for equal data.

    :raises StoreError: if it cannot be read.
    """
    rows = list(snapshot.select(load("index_count").text).rows) + list(snapshot.select(load("index_dates").text).rows)
    with suppress(StoreError, QueryError):  # an engine that takes too long for it; the rest has to do
        rows += snapshot.select(load("index_glance").text).rows
    seen = sorted("\t".join("" if term is None else term.value for term in row) for row in rows)
    return hashlib.sha256("\n".join(seen).encode("utf-8", "surrogatepass")).hexdigest()
