"""Files that are whole and on disk, or not there; and the lock of whoever writes.

Source: POSIX.1-2017, rename() and fsync(); flock(2).
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from kgcompare.errors import Busy, Seam, StoreError

LOG = logging.getLogger("kgcompare")
"""Where it is said that something was damaged or takes time: stderr, unless who embeds kgcompare wants otherwise."""

_PATIENCE = 1.0
"""Seconds of waiting for another writer after which it is said."""
_GLANCE = 0.05
"""Seconds of waiting for the lock, however little time there is."""
_TOGETHER = 6
"""Files that are written to disk at once."""
_LONGEST = 100
"""Bytes of a small file that are read."""


def files(doing: str) -> Seam:
    """What the file system raises becomes a StoreError; *doing* says what fails, such as "X cannot be read"."""
    return Seam((OSError, ValueError), lambda why: StoreError(f"{doing}: {why}"))


def write_whole(path: Path, text: str) -> None:
    """Puts a small file in the place of what is there, atomically and on disk."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text)
    flush(scratch)
    scratch.replace(path)
    flush(path.parent)


def read_small(path: Path) -> str:
    """What a small file says, whatever bytes are in it; empty where there is none.

    :raises StoreError: if it cannot be read.
    """
    with files(f"{path} cannot be read"):
        try:
            with path.open("rb") as file:
                return file.read(_LONGEST).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return ""


def flush(path: Path) -> None:
    """Sees to it that a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_all(paths: Iterable[Path]) -> None:
    """The same with several, at once: the disk writes them together."""
    with ThreadPoolExecutor(_TOGETHER) as pool:
        for _ in pool.map(flush, paths):
            pass


@contextlib.contextmanager
def alone(lock: Path, patience: float | None = None) -> Iterator[None]:
    """Holds the writer's lock of a store; waits for whoever has it, and says who that is if it takes long.

    :raises Busy: if it takes longer than *patience* (seconds; None: however long it takes).
    :raises StoreError: if the folder cannot be written.
    """
    handle = _locked(lock, patience)
    try:
        with contextlib.suppress(OSError):  # of use to those who wait, no more
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()} since {datetime.now():%Y-%m-%d %H:%M:%S}\n".encode(), 0)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
        os.close(handle)


def _locked(lock: Path, patience: float | None) -> int:
    """A handle of the lock's file that holds the lock."""
    while True:
        with files(f"the store at {lock.parent} cannot be written"):
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with files(f"the store at {lock.parent} cannot be locked"):
                _wait(handle, lock, patience)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), lock.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # the file was removed while we waited, and another one may be there


def _wait(handle: int, lock: Path, patience: float | None) -> None:
    deadline = time.monotonic() + (_PATIENCE if patience is None else max(patience, _GLANCE))
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.02)
    holder = read_small(lock) or "another process"
    if patience is not None:
        raise Busy(f"the catalogue is being written to ({holder}); try again in a moment")
    LOG.warning("kgcompare: waiting for the one who writes to the store at %s: %s", lock.parent, holder)
    fcntl.flock(handle, fcntl.LOCK_EX)
