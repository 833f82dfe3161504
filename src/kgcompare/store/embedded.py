"""The embedded store: pyoxigraph (RocksDB) behind generations.

Readers open checkpoints read-only; one writer at a time makes live/ from the current one, writes there, flushes it to
disk, and publishes the next generation. A writer that dies leaves ``current`` where it was, and the next one starts
again from there. What is missing or damaged is taken from what is whole; where nothing is, it is said what to do.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pyoxigraph
from pyoxigraph import NamedNode, Quad, RdfFormat

from kgcompare.errors import Seam, StoreError, SyntaxFault, Unavailable
from kgcompare.rdf.contact import checked_contact
from kgcompare.rdf.namespaces import DEFAULT_BASE, checked_base
from kgcompare.rdf.queries import load, with_data, with_graph
from kgcompare.store.base import CLOSED, Prepare
from kgcompare.store.checkpoint import EmbeddedSnapshot, GenerationGone, engine, named
from kgcompare.store.files import LOG
from kgcompare.store.folder import Folder, number

_BULK = 50_000
"""Statements from which the bulk loader is worth its start-up cost."""
_LONGEST_WAIT = 30.0
"""Seconds that a reader waits for another one to open the newest generation."""
_AGAIN = 1.0
"""Seconds until a generation that could not be opened is tried again."""


def _in_graph(graph: NamedNode, quads: Iterable[Quad]) -> Iterator[Quad]:
    return (Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads)


def snapshot_at(path: Path) -> EmbeddedSnapshot:
    """The generation in a snapshot's folder (:attr:`Snapshot.path`), for a process beside the one that has it open.

    :raises StoreError: if it is gone, or cannot be opened.
    """
    folder = Folder(path.parents[1])
    try:
        return EmbeddedSnapshot(folder, path.name, folder.describe())
    except GenerationGone:
        raise StoreError(f"the store at {folder.path} has no generation {path.name} any more") from None


class _Seen(NamedTuple):
    """What was opened last: looked at and replaced as one, so that nobody takes an old one for the newest.

    ``stamp`` is the folder's, from before it was opened; from ``retry`` on (seconds, monotonic) one looks again.
    """

    snapshot: EmbeddedSnapshot
    stamp: tuple[int, ...]
    retry: float


class EmbeddedStore:
    """A store folder, for reading. Cheap to ask for its newest snapshot at every request."""

    def __init__(self, path: Path) -> None:
        """Opens the folder.

        :raises StoreMissing: if there is no store.
        :raises StoreError: if it cannot be used.
        """
        self.folder = Folder(path)
        self.about = self.folder.describe()
        self._opening = threading.Lock()
        self._said = ""
        stamp, retry = self.folder.stamp(), float("inf")
        try:
            snapshot = self._named()
        except StoreError as fault:
            snapshot, retry = self._newest_whole(fault), time.monotonic() + _AGAIN
            self._say(f"{fault}; going on with generation {snapshot.generation}")
        self._seen: _Seen | None = _Seen(snapshot, stamp, retry)

    @property
    def identity(self) -> str:
        """Tells this store from every other one."""
        return self.about.identity

    def snapshot(self) -> EmbeddedSnapshot:
        """The newest generation: whoever asks after it was published gets it, and waits while somebody opens it.

        Where the newest cannot be opened it is the one before, for as long as that lasts.
        """
        seen = self._look()
        if self._is_settled(seen):
            return seen.snapshot
        if not self._opening.acquire(timeout=_LONGEST_WAIT):
            raise Unavailable("the newest generation is being opened; try again in a moment")
        try:
            seen = self._look()  # another thread may have opened it meanwhile
            return seen.snapshot if self._is_settled(seen) else self._renewed(seen.snapshot)
        finally:
            self._opening.release()

    def opened(self) -> EmbeddedSnapshot | None:
        """The newest generation, if it is open already."""
        seen = self._seen
        return seen.snapshot if seen is not None and self._is_settled(seen) else None

    def close(self) -> None:
        """Lets go of the newest generation; whoever has taken another one keeps that."""
        seen, self._seen = self._seen, None
        if seen is not None:
            seen.snapshot.close()

    def _look(self) -> _Seen:
        seen = self._seen
        if seen is None:
            raise StoreError(CLOSED)
        return seen

    def _is_settled(self, seen: _Seen) -> bool:
        """Whether what is open is the newest, as far as one can know before it is time to look again."""
        return self.folder.stamp() == seen.stamp and time.monotonic() < seen.retry

    def _renewed(self, snapshot: EmbeddedSnapshot) -> EmbeddedSnapshot:
        """The newest generation, opened unless it is *snapshot*."""
        stamp, retry = self.folder.stamp(), float("inf")
        try:
            if self.folder.current() != snapshot.generation or not snapshot.is_in_place():
                snapshot = self._named()
        except StoreError as fault:
            retry = time.monotonic() + _AGAIN
            self._say(f"{fault}; going on with generation {snapshot.generation}")
        self._look()
        self._seen = _Seen(snapshot, stamp, retry)
        return snapshot

    def _named(self) -> EmbeddedSnapshot:
        """The generation that ``current`` names.

        :raises StoreError: if it names none, or one that cannot be opened.
        """
        for _ in range(100):
            generation = self.folder.current()
            if generation is None:
                break
            try:
                snapshot = EmbeddedSnapshot(self.folder, generation, self.about)
                self._doubt(generation)
                return snapshot
            except GenerationGone:
                if self.folder.current() == generation:
                    raise StoreError(f"the store at {self.folder.path} has no generation {generation}") from None
                # a writer has published another one and removed this
        raise StoreError(f"the store at {self.folder.path} has no generation to read: {_CURRENT_NAMES_NONE}")

    def _doubt(self, generation: str) -> None:
        """Says if a generation is there that came later than the one that ``current`` names."""
        newest = self.folder.published()[-1:]
        if newest and number(newest[0]) > number(generation) and self.folder.current() == generation:
            self._say(f"{self.folder.path / 'current'} names generation {generation}, but {newest[0]} is there too")

    def _newest_whole(self, fault: StoreError) -> EmbeddedSnapshot:
        for generation in reversed(self.folder.published()):
            with suppress(StoreError, GenerationGone):
                return EmbeddedSnapshot(self.folder, generation, self.about)
        again = self.folder.live.is_dir() and not self.folder.unfinished.exists()
        raise StoreError(f"{fault}; {_IMPORT if again else _WHAT_TO_DO}") from None

    def _say(self, what: str) -> None:
        """Says what is wrong, once."""
        if what != self._said:
            self._said = what
            LOG.warning("kgcompare: %s", what)


_CURRENT_NAMES_NONE = "its file current is not there or names none"
_IMPORT = "an import, of whatever file, makes it again of live/; or put the folder back from a copy"
_WHAT_TO_DO = "put the folder back from a copy, or import into a new store"


class Writer:
    """Writes to a store while it holds its lock; see :func:`writing`."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.about = folder.describe()
        self._live: pyoxigraph.Store | None = None
        self._latest: EmbeddedSnapshot | None = None
        self._next = ""

    def latest(self) -> EmbeddedSnapshot | None:
        """The newest generation, which cannot change while the lock is held; None in a store that never had one.

        What is missing of it is restored.

        :raises StoreError: if nothing of it is whole: a store that has lost everything is not a new one.
        """
        if self._latest is None and not self.folder.is_new():
            self._latest = self._restored()
        return self._latest

    def _restored(self) -> EmbeddedSnapshot:
        folder = self.folder
        named, published = folder.current(), folder.published()
        newest = published[-1] if published else None
        if named in published and newest and number(newest) > number(named):
            raise StoreError(
                f"{folder.path / 'current'} names generation {named}, but {newest} came later and is there; "
                f"write {newest} into that file, or move what is called {newest} out of the folder"
            )
        generation = (named if named in published else None if named else newest) or folder.following()
        try:
            snapshot = EmbeddedSnapshot(folder, generation, self.about)
        except (StoreError, GenerationGone) as fault:
            why = (
                str(fault)
                if isinstance(fault, StoreError)
                else f"{folder.path} has no generation {named or generation}"
            )
            snapshot = self._from_live(generation, why)
        if generation != named:
            with self._writing():
                folder.set_current(generation)
            LOG.warning(
                "kgcompare: %s named %s; going on from %s", folder.path / "current", named or "none", generation
            )
        return snapshot

    def _from_live(self, generation: str, why: str) -> EmbeddedSnapshot:
        """The newest generation, made again of live/, which is the same where no write has begun since."""
        folder = self.folder
        if folder.unfinished.exists() or not folder.live.is_dir():
            raise StoreError(f"{why}, and live/ is not whole either; {_WHAT_TO_DO}")
        with engine(f"{why}, and cannot be made again of {folder.live}; {_WHAT_TO_DO}"):
            live = pyoxigraph.Store.read_only(str(folder.live))
            folder.prepare(generation)
            folder.set_aside(generation)
            live.backup(str(folder.snapshot(generation)))
            folder.flush(generation)
        LOG.warning("kgcompare: %s; made again of %s", why, folder.live)
        return EmbeddedSnapshot(folder, generation, self.about)

    def _open(self) -> pyoxigraph.Store:
        if self._live is None:
            base = self.latest()
            with self._writing():
                self.folder.clean(base.generation if base else None)
                self._next = self.folder.following()
                self.folder.begin(self._next)
                if self.folder.live.exists():
                    shutil.rmtree(self.folder.live)
                if base is not None:
                    base.copy_to(self.folder.live)
                self._live = pyoxigraph.Store(str(self.folder.live))
        return self._live

    def _writing(self) -> Seam:
        return engine(f"the store at {self.folder.path} cannot be written")

    def add(self, quads: Iterable[Quad]) -> None:
        """Adds statements, all or none of them."""
        live = self._open()
        statements = quads if isinstance(quads, list) else list(quads)
        with self._writing():
            if len(statements) >= _BULK:
                live.bulk_extend(statements)
            else:
                live.extend(statements)

    def load(self, path: Path, media: RdfFormat) -> None:
        """Adds a file of quads exactly as it is, in bulk.

        :raises SyntaxFault: if it cannot be read.
        """
        live = self._open()
        with engine(f"{path} cannot be loaded"):
            try:
                live.bulk_load(path=str(path), format=media)
            except SyntaxError as fault:
                raise SyntaxFault(fault.msg, str(path), fault.lineno) from None

    def replace(self, graphs: dict[str, list[Quad]]) -> None:
        """Replaces whole graphs in one transaction; an empty list removes one and its name."""
        filled = {named(name): quads for name, quads in graphs.items() if quads}
        gone = [named(name) for name, quads in graphs.items() if not quads]
        data = (quad for graph, quads in filled.items() for quad in _in_graph(graph, quads))
        updates = [with_graph(load("drop_graph").text, graph) for graph in gone]
        updates.append(with_data(load("replace_graphs").bind(graph=filled), data))
        live = self._open()
        with self._writing():
            live.update(";\n".join(updates))

    def publish(self, prepare: Prepare) -> str:
        """Flushes what was written to disk and makes it the next generation; returns that generation's name.

        *prepare* makes the derived index beside it before anybody reads it.
        """
        with self._writing():
            # No name here holds live/: what *prepare* raises may keep this frame, and live/ has to close with the lock.
            self._open().flush()
            generation = self._next
            self.folder.prepare(generation)
            self._open().backup(str(self.folder.snapshot(generation)))
            prepare(EmbeddedSnapshot(self.folder, generation, self.about), self.folder.index_in_the_making(generation))
            self.folder.publish(generation)
        self.close()
        with suppress(OSError, StoreError):  # it is published; the next writer removes what this one cannot
            self.folder.remove_old()
        return generation

    def close(self) -> None:
        """Lets go of live/ and of the generation that it was made from."""
        self._live = None
        if self._latest is not None:
            self._latest.close()
            self._latest = None


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Holds a store's lock and writes to it; nothing is seen by readers until it is published.

    :raises StoreError: if the store cannot be used.
    """
    folder = Folder(path)
    folder.describe()
    with folder.writing():
        writer = Writer(folder)
        try:
            yield writer
        finally:
            writer.close()


def create(path: Path, base: str = DEFAULT_BASE, *, bare: bool = False, contact: str = "") -> None:
    """Makes an empty store folder.

    :raises StoreError: if there is one already, or if it cannot be made.
    :raises UsageError: if *base* cannot be one, or *contact* cannot be one.
    """
    checked_base(base)
    contact = checked_contact(contact) if contact else ""
    folder = Folder(path)
    if folder.exists():
        raise StoreError(f"there is a store at {path} already")
    folder.create(base, bare=bare, contact=contact)
