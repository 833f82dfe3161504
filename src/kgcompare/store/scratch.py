"""Folders for a while: they go with the process that made them, or with the next one that makes some.

Each is locked for as long as its process lives, however that ends; one that nobody has locked is a leftover.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from kgcompare.errors import Seam, StoreError

_PREFIX = "kgcompare-scratch-"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder among the system's temporary files, removed at the end; leftovers of dead processes go first.

    :raises StoreError: if it cannot be made.
    """
    folder, remove = held_folder()
    try:
        yield folder
    finally:
        remove()


def held_folder(place: Path | None = None) -> tuple[Path, Callable[[], None]]:
    """The same, and what removes it; in *place* where one may write there.

    :raises StoreError: if it cannot be made.
    """
    with Seam((OSError,), lambda why: StoreError(f"there is no place for temporary files: {why}")):
        if place is None or not os.access(place, os.W_OK):
            place = Path(tempfile.gettempdir())
        remove_leftovers(place)
        folder, lock = _made(place)

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)

    return folder, remove


def _made(place: Path) -> tuple[Path, int]:
    """A folder that is ours, and its lock; another process may take one for a leftover before it is locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(lock).st_nlink and folder.is_dir():
                return folder, lock
            os.close(lock)


def remove_leftovers(place: Path | None = None) -> None:
    """Removes the folders of processes that are no more, from among the system's temporary files or in a *place*."""
    for folder in (place or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, or gone by now
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
