"""What a writer of the embedded store leaves open for the next one in its process."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph

from kgcompare.errors import StoreError
from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.store.folder import Folder
from kgcompare.store.tail import Tail

IndexStep = Callable[[str, str], Callable[[Path], None] | None]
"""What makes of the index file of a generation that of the one after it, by their names; None if that is not known."""


@dataclass(slots=True)
class Left:
    """What a writer leaves for the next one: live/, open, as the ``latest`` generation has it (None while somebody
    writes there, and after much was written at once), its ``tail``, and a handle of that folder; that generation, and
    an ``older`` one whose index is to be changed into the next; the lock of live/, which closes the handle; and
    the name of a generation to be ``kept`` beside the latest. ``ahead`` is the index of the older one where it has been
    changed into that of the latest."""

    live: pyoxigraph.Store | None
    tail: Tail | None
    place: int
    latest: EmbeddedSnapshot
    older: EmbeddedSnapshot | None
    lock: ExitStack
    kept: str | None = None
    ahead: Path | None = None

    def is_of(self, folder: Folder) -> bool:
        """Whether nobody has written since, and the folder is still the same."""
        try:
            same = os.path.samestat(os.fstat(self.place), folder.live.stat())
        except OSError:
            return False
        latest = self.latest
        whole = same and not folder.unfinished.exists() and latest.is_in_place()
        return whole and latest.path == folder.snapshot(folder.current() or "")

    def tidy(self, folder: Folder) -> None:
        """Removes the generations that were, for who holds the writer's lock: what cannot be removed, the next writer
        removes."""
        if self.is_of(folder):
            with suppress(OSError, StoreError):
                folder.remove_old(self.kept)

    def get_ahead(self, folder: Folder, step: IndexStep) -> bool:
        """Has the index of the older generation be changed into that of the latest while nobody waits for it, for who
        holds the writer's lock; False where somebody reads it still, and one may try again."""
        older, to = self.older, self.latest.generation
        change = step(older.generation, to) if older is not None and self.ahead is None else None
        if older is None or change is None or not self.is_of(folder):
            return True
        older.let_go()  # as for who changes it later: nobody but this one removes it
        path = folder.index(to).with_suffix(".sqlite.next")  # a name of what is not whole, which others remove
        if not folder.take_index(older.generation, path):
            return False
        change(path)
        self.ahead = path
        return True

    def lend_ahead(self, path: Path) -> bool:
        """Moves the index that is :attr:`ahead` to a path; says whether there was one."""
        ahead, self.ahead = self.ahead, None
        try:
            return ahead is not None and ahead.replace(path) == path
        except OSError:
            return False

    def close(self) -> None:
        """Lets go of all of it: of the lock when live/ is closed."""
        self.live = None
        if self.ahead is not None:
            with suppress(OSError):
                self.ahead.unlink(missing_ok=True)
        for snapshot in (self.latest, self.older):
            if snapshot is not None:
                snapshot.close()
        self.lock.close()
