"""What a writer of the embedded store leaves open for the next one in its process."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass

import pyoxigraph

from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.store.folder import Folder


@dataclass(slots=True)
class Left:
    """What a writer leaves for the next one: live/, open, as the ``latest`` generation has it (None while somebody
    writes there), and a handle of that folder; that generation, and an ``older`` one whose index is to be changed into
    the next; and the lock of live/, which closes the handle."""

    live: pyoxigraph.Store | None
    place: int
    latest: EmbeddedSnapshot
    older: EmbeddedSnapshot | None
    lock: ExitStack

    def is_of(self, folder: Folder) -> bool:
        """Whether nobody has written since, and the folder is still the same."""
        try:
            same = os.path.samestat(os.fstat(self.place), folder.live.stat())
        except OSError:
            return False
        latest = self.latest
        whole = same and not folder.unfinished.exists() and latest.is_in_place()
        return whole and latest.path == folder.snapshot(folder.current() or "")

    def close(self) -> None:
        """Lets go of all of it: of the lock when live/ is closed."""
        self.live = None
        for snapshot in (self.latest, self.older):
            if snapshot is not None:
                snapshot.close()
        self.lock.close()
