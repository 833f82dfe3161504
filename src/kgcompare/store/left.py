"""What a writer of the embedded store leaves open for the next one in its process."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import pyoxigraph

from kgcompare.errors import StoreError
from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.store.folder import Folder
from kgcompare.store.tail import Tail


@dataclass(slots=True)
class Left:
    """What a writer leaves for the next one: live/, open, as the ``latest`` generation has it (None while somebody
    writes there, and after much was written at once), its ``tail``, and a handle of that folder; that generation, and
    an ``older`` one whose index is to be changed into the next; the lock of live/, which closes the handle; and
    the name of a generation to be ``kept`` beside the latest."""

    live: pyoxigraph.Store | None
    tail: Tail | None
    place: int
    latest: EmbeddedSnapshot
    older: EmbeddedSnapshot | None
    lock: ExitStack
    kept: str | None = None

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

    def close(self) -> None:
        """Lets go of all of it: of the lock when live/ is closed."""
        self.live = None
        for snapshot in (self.latest, self.older):
            if snapshot is not None:
                snapshot.close()
        self.lock.close()
