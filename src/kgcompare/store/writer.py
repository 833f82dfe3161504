"""The embedded store for the one who writes.

One writer at a time makes live/ from the current generation, writes there, flushes it to disk, and publishes the next
generation. A writer that dies leaves ``current`` where it was, and the next one starts again from there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pyoxigraph
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, parse

from kgcompare.errors import Seam, StoreError, SyntaxFault
from kgcompare.rdf.namespaces import DEFAULT_BASE, checked_base
from kgcompare.store.base import Prepare, Read
from kgcompare.store.checkpoint import EmbeddedSnapshot, GenerationGone, engine
from kgcompare.store.folder import Folder, number
from kgcompare.store.history import HISTORY_BYTES, Deed, Occasion
from kgcompare.store.left import Left
from kgcompare.store.past import replacement
from kgcompare.store.recording import Recorder, forgotten_in, names_of_deeds
from kgcompare.store.regained import restored
from kgcompare.store.scratch import remove_leftovers
from kgcompare.store.sums import seal
from kgcompare.store.tail import Tail

_BULK = 50_000
"""Statements from which the bulk loader is worth its start-up cost."""
_LENGTH = 100
"""Characters of an update for each statement that it writes, about."""
LARGE = 8 << 20
"""Bytes of an index from which on the one before is kept, to be changed into the next: else the last is copied."""


class Writer:
    """Writes to a store while it holds its lock; see :func:`writing`."""

    joins = True

    def __init__(
        self,
        folder: Folder,
        patience: float | None = None,
        left: Left | None = None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Goes on from what another writer has *left*, if that is still as it was; else it waits for live/ as long as
        *patience* (seconds; None: however long it takes). *announce* is told each generation that can be opened, and
        is not published yet."""
        self.folder = folder
        self.about = folder.describe()
        self._patience = patience
        self._announce = announce
        self._left = left
        if left is not None and not left.is_of(folder):
            self._left = None
            left.close()
        self._lock, self._place = ExitStack(), -1
        self._live: pyoxigraph.Store | None = None
        self._tail: Tail | None = None
        self._latest: EmbeddedSnapshot | None = None
        self._making: EmbeddedSnapshot | None = None
        self._next = ""
        self._first: bool | None = None
        self._shaped = self._bulk = self._unnoted = False
        """Whether shapes changed, anything was loaded in bulk, and the history does not know yet what."""
        self._recorder = Recorder(folder, self.about.base)
        self._wrote = self._follows = False

    def latest(self) -> EmbeddedSnapshot | None:
        """The newest generation, which cannot change while the lock is held; None in a store that never had one.

        What is missing of it is restored.

        :raises StoreError: if nothing of it is whole: a store that has lost everything is not a new one.
        """
        if self._latest is None and not self.folder.is_new():
            self._latest = self._left.latest if self._left else restored(self.folder, self.about)
        return self._latest

    def _open(self) -> pyoxigraph.Store:
        if self._live is None:
            base, left = self.latest(), self._left
            with self._writing():
                if left is None:
                    self._lock.enter_context(self.folder.living(self._patience))
                    self.folder.clean({base.generation, self._before(base.generation)} if base else ())
                    remove_leftovers(self.folder.path)
                self._next = self.folder.following()
                self.folder.begin(self._next)
                if left is not None:
                    left.latest.part()
                    self._lock, self._place = left.lock, left.place
                    self._live, left.live, self._tail = left.live, None, left.tail
                if self._live is None:
                    self._live = self._made_live(base) if left is None else pyoxigraph.Store(str(self.folder.live))
                    self._tail = None
        return self._live

    def _made_live(self, base: EmbeddedSnapshot | None) -> pyoxigraph.Store:
        """Another live/, of what is in a generation."""
        if self.folder.live.exists():
            shutil.rmtree(self.folder.live)
        if base is not None:
            base.copy_to(self.folder.live)
        live = pyoxigraph.Store(str(self.folder.live))
        self._place = os.open(self.folder.live, os.O_RDONLY)
        self._lock.callback(os.close, self._place)
        return live

    def _writing(self) -> Seam:
        return engine(f"the store at {self.folder.path} cannot be written")

    def add(self, quads: Iterable[Quad], read: Read | None = None) -> None:
        """Adds statements, all or none of them; *read* as for :meth:`replace`."""
        self._open()
        statements = quads if isinstance(quads, list) else list(quads)
        self._note_more((quad.graph_name for quad in statements), read)
        with self._writing():
            self._count(len(statements))
            if len(statements) >= _BULK:
                self._open().bulk_extend(statements)
                self._bulk = True
            else:
                self._open().extend(statements)

    def load(self, path: Path, media: RdfFormat) -> None:
        """Adds a file of quads exactly as it is, in bulk.

        :raises SyntaxFault: if it cannot be read.
        """
        self._open()  # no name here holds live/, as in publish_together
        with engine(f"{path} cannot be loaded"):
            try:
                self._open().bulk_load(path=str(path), format=media)
            except SyntaxError as fault:
                raise SyntaxFault(fault.msg, str(path), fault.lineno) from None
            self._shaped = self._bulk = True
            if self.about.bare:
                return
            if self._is_first(self.latest()):
                self._unnoted = True
            else:
                self._note_more(q.graph_name for q in parse(path=path, format=media))

    def replace(self, graphs: dict[str, list[Quad]], read: Read | None = None) -> None:
        """Replaces whole graphs in one transaction; an empty list removes one and its name. *read* is given by
        those who have read already what they replace, so that the history does not read it again."""
        self._shaped = self._shaped or any(map(self.about.base.is_shapes_graph, graphs))
        said = {name: self._said(name, read) for name in graphs}
        for name, quads in graphs.items():
            self._recorder.note(name, said[name], quads)
        self._open()
        with self._writing():
            update = replacement(graphs, {} if self._wrote else said)
            self._count(len(update) // _LENGTH)
            self._open().update(update)

    def _count(self, statements: int) -> None:
        """Takes note of how many are written to live/, about."""
        self._wrote = True
        if self._tail is not None:
            self._tail.written += statements

    def _note_more(self, graphs: Iterable[NamedNode | BlankNode | DefaultGraph], read: Read | None = None) -> None:
        """Has the history know to which documents something is added."""
        for graph in dict.fromkeys(graphs):
            if isinstance(graph, NamedNode):
                self._shaped = self._shaped or self.about.base.is_shapes_graph(graph.value)
                self._recorder.note(graph.value, self._said(graph.value, read), None)

    def _said(self, name: str, read: Read | None) -> list[Quad]:
        """What a document says in the newest generation; nothing of note as long as that has no records."""
        base = self.latest()
        if base is None or self._is_first(base):
            return []
        return (read or base.graph)(name)

    def _is_first(self, base: EmbeddedSnapshot | None) -> bool:
        """Whether what is written now are the first records."""
        if self._first is None:
            self._first = base is None or not base.has_records()
        return self._first

    def publish(self, prepare: Prepare, occasion: Occasion | None = None, keep: int = HISTORY_BYTES) -> str:
        """Flushes what was written to disk and makes it the next generation; returns that generation's name.

        *prepare* makes the derived index beside it before anybody reads it. The history, which takes no more than
        *keep* bytes, has the *occasion*; it is kept of no store of foreign quads.
        """
        return self.publish_together(prepare, [Deed(occasion or Occasion())], keep)

    def publish_together(self, prepare: Prepare, deeds: Sequence[Deed], keep: int = HISTORY_BYTES) -> str:
        """The same with several changes, of different documents, which are on disk and to be read at once.

        To the history each makes a generation of its own, with the next number; only the last is one that is read.
        """
        with self._writing():
            self._open()
            if len(deeds) > 1:
                self._next = self.folder.following(len(deeds))
                self.folder.begin(self._next)
            if not self.about.bare:
                self._record(deeds, keep)
            # No name here holds live/: what *prepare* raises may keep this frame, and live/ has to close with the lock.
            generation = self._next
            with ThreadPoolExecutor(1) as beside:  # both wait for the disk
                committed = beside.submit(self._recorder.commit)
                self.folder.prepare(generation)
                self._checkpoint(generation)
                self._seal(generation)
                self._announce(generation)
                made = self._making = EmbeddedSnapshot(self.folder, generation, self.about, self._live)
                prepare(made, self.folder.index_in_the_making(generation))
                committed.result()
            logs = [] if self._tail is None else [self._tail.live / self._tail.log]
            self.folder.publish(generation, self._latest.generation if self._latest else None, *logs)
            self._go_on_from(made)
        return generation

    def _checkpoint(self, generation: str) -> None:
        """Makes the checkpoint of a generation, of what live/ says."""
        to, latest, tail = self.folder.snapshot(generation), self._latest, self._tail
        if tail is not None and latest is not None and not self._bulk and tail.fits():
            tail.checkpoint(latest.path, to)
            return
        self._open().flush()
        self._open().backup(str(to))
        self._live = None if self._bulk else self._live  # it would be compacted, into files of its own
        self._tail = Tail.begun(self.folder.live) if self._live is not None else None

    def _go_on_from(self, made: EmbeddedSnapshot) -> None:
        """Has what is open be for the next write, after a generation was *made* and published."""
        older, kept = self._latest, self._before(made.generation) if self._follows else None
        if self._left is not None and self._left.older is not None:
            self._left.older.close()
        if older is not None and older.generation != kept:
            older.close()
            older = None
        self._left = Left(self._live, self._tail, self._place, made, older, self._lock, kept)
        self._live = self._tail = self._latest = self._first = self._making = None
        self._recorder = Recorder(self.folder, self.about.base)
        self._wrote = self._follows = self._shaped = self._bulk = self._unnoted = False

    def _record(self, deeds: Sequence[Deed], keep: int) -> None:
        base, home = self.latest(), self.about.base
        if self._unnoted:
            self._note_more(self._open().named_graphs())
        named, before = names_of_deeds(self._next, deeds), base.generation if base else None
        said, forgotten = self._recorder.record(named, before, keep, first=self._is_first(base))
        if forgotten:
            graph = NamedNode(home.history_graph)
            for quad in forgotten_in(home, forgotten, list(self._open().quads_for_pattern(None, None, None, graph))):
                self._open().remove(quad)
        self._count(len(said) + len(forgotten))
        self._open().extend(said)

    def _before(self, generation: str) -> str | None:
        """The generation before another one, if its index is there and large."""
        earlier = [name for name in self.folder.published() if number(name) < number(generation)]
        with suppress(OSError):
            if earlier and self.folder.index(earlier[-1]).stat().st_size >= LARGE:
                return earlier[-1]
        return None

    @contextmanager
    def lend(self, generation: str, path: Path) -> Iterator[EmbeddedSnapshot | None]:
        """The generation before the newest, whose index is moved to *path* to be changed there into the next one's (the
        newest, where that index says the same already); None where another one came before, or somebody reads it. The
        newest is then kept for the next writer who asks."""
        self._follows = True
        snapshot, newest = None, self.latest()
        if self._left is not None and self._left.lend_ahead(path):
            yield newest
            return
        is_before = newest is not None and generation == self._before(newest.generation)
        older = self._left.older if self._left else None
        if older is not None:
            older.let_go()  # else it would be thought that somebody reads it; nobody but this one removes it
        if is_before and self.folder.take_index(generation, path):
            with suppress(StoreError, GenerationGone):
                mine = older is not None and older.generation == generation
                snapshot = older if mine else EmbeddedSnapshot(self.folder, generation, self.about)
        try:
            yield snapshot
        finally:
            if snapshot is not None:
                snapshot.close()

    def _seal(self, generation: str) -> None:
        before = self._latest and self._latest.generation
        places = (self.folder.snapshot(before), self.folder.lock(before)) if before else None
        since = self._latest.shapes_since if self._latest and not self._shaped else ""
        seal(self.folder.snapshot(generation), self.folder.lock(generation), places, since or generation)

    def leave(self) -> Left | None:
        """Ends the writing, and gives what the next writer can go on from: nothing, where something was written and
        not published, or nothing was."""
        left, self._left = self._left, None
        begun, self._live = self._live is not None or self._making is not None, None
        self._recorder.close()
        if left is not None and not begun:
            return left
        for open_still in (self._making, left, self._latest, self._lock):
            if open_still is not None:
                open_still.close()
        return None

    def close(self) -> None:
        """Lets go of all that is open."""
        left = self.leave()
        if left is not None:
            left.tidy(self.folder)
            left.close()


@contextmanager
def writing(path: Path, patience: float | None = None) -> Iterator[Writer]:
    """Holds a store's lock and writes to it; nothing is seen by readers until it is published.

    :raises Busy: if another one holds it for longer than *patience* (seconds; None: however long it takes).
    :raises StoreError: if the store cannot be used.
    """
    folder = Folder(path)
    folder.describe()
    with folder.writing(patience):
        writer = Writer(folder, patience)
        try:
            yield writer
        finally:
            writer.close()


def create(path: Path, base: str = DEFAULT_BASE, *, bare: bool = False) -> None:
    """Makes an empty store folder.

    :raises StoreError: if there is one already, or if it cannot be made.
    :raises UsageError: if *base* cannot be one.
    """
    checked_base(base)
    folder = Folder(path)
    if folder.exists():
        raise StoreError(f"there is a store at {path} already; kgcompare describe changes what it says of itself")
    folder.create(base, bare=bare)
