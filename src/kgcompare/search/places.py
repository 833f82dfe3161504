"""Where the file of an index comes from: with the data, or made anew where that is missing or damaged."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from string import ascii_lowercase
from typing import Protocol

from kgcompare.errors import StoreError
from kgcompare.search.whole import fault_of
from kgcompare.store.files import LOG, alone, flush
from kgcompare.store.scratch import held_folder


class Reach:
    """How far the making of an index is: things that are read, of how many; 0 of 0 until that is known."""

    def __init__(self) -> None:
        self.done = self.total = 0

    def __call__(self, done: int, total: int) -> None:
        """Says it anew."""
        self.done, self.total = done, total

    def __str__(self) -> str:
        return f"{self.done:,} of {self.total:,} things are read" if self.total else ""


class Origin(Protocol):
    """Where the file of an index comes from."""

    def look(self) -> Path | None:
        """A whole file that is there already; costs little."""
        ...

    def make(self, progress: Reach) -> Path:
        """A whole file, made if it has to be; stays where it is until :meth:`release`.

        :raises StoreError: if it cannot be made.
        """
        ...

    def tell(self, progress: Reach) -> None:
        """Says how far another process is that makes it."""
        ...

    def refuse(self, path: Path) -> None:
        """Takes note that the file at *path* turned out to be damaged."""
        ...

    def release(self) -> None:
        """Lets go of the file."""
        ...


class KeptPlace:
    """The file that came with the data; where that is missing, damaged or of another version, one that is made anew.

    A copy of what is made takes the place of what came, where that can be written, for those who open it next. Of
    several processes one makes it, and the others wait for that.
    """

    def __init__(self, kept: Path | None, make: Callable[[Path], None]) -> None:
        """Names the *kept* file, or none. *make* makes one at a path."""
        self._kept = self._unseen = kept
        self._fault: str | None = None
        self._make = make
        self._remove: Callable[[], object] = lambda: None

    def look(self) -> Path | None:
        """The kept file, unless something is wrong with it; looks at it once."""
        kept, self._unseen = self._unseen, None
        self._fault = fault_of(kept) if kept is not None else None
        return kept if self._fault is None else None

    def make(self, progress: Reach) -> Path:
        """Another file in a folder of its own, which goes when this object does; a failure leaves nothing."""
        del progress  # the engine is asked for all at once
        with self._alone():
            if self._kept is not None and fault_of(self._kept) is None:
                return self._kept  # another process was faster
            if self._fault is not None:
                LOG.warning("kgcompare: the index %s %s; it is made anew", self._kept, self._fault)
                self._fault = None
            folder, self._remove = held_folder()
            try:
                self._make(folder / "index.sqlite")
            except BaseException:
                self.release()
                raise
            if self._kept is not None:
                put_copy(folder / "index.sqlite", self._kept)
        return folder / "index.sqlite"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps other processes from making the same meanwhile, where the folder can be written."""
        lock = None if self._kept is None else self._kept.with_name(self._kept.name + ".lock")
        held = None
        if lock is not None:
            with suppress(StoreError):
                held = alone(lock)
                held.__enter__()
        try:
            yield
        finally:
            if held is not None and lock is not None:
                with suppress(OSError):
                    lock.unlink(missing_ok=True)
                held.__exit__(None, None, None)

    def tell(self, progress: Reach) -> None:
        """Nothing: it is not known."""

    def refuse(self, path: Path) -> None:
        """Nothing: the file is looked at again before one is made."""

    def release(self) -> None:
        """Removes the file if it was made here."""
        remove, self._remove = self._remove, lambda: None
        remove()


def put_copy(made: Path, kept: Path) -> None:
    """Puts a copy of a file in the place of another, at once and on disk, if that can be written."""
    near = kept.with_name(f"{kept.name}.{''.join(secrets.choice(ascii_lowercase) for _ in range(8))}")
    with suppress(OSError):
        try:
            shutil.copyfile(made, near)
            flush(near)
            near.replace(kept)
        finally:
            near.unlink(missing_ok=True)
