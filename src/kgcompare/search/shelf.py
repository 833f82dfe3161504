"""The folder in which the index of an endpoint stays between starts, shared by the processes of a machine.

::

    <folder>/lock                   held by whoever makes an index
    <folder>/progress               how far that is: things that are read, of how many
    <folder>/current                names the index to read; replaced atomically
    <folder>/<name>.sqlite          an index, whole and on disk before ``current`` names it; held by whoever reads it
    <folder>/<name>.facts           what it was made of, by which it is changed

An index that nobody reads any more goes with the next one. What is of another version, or made by other shapes, is
none to read.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kgcompare.errors import StoreError
from kgcompare.search.places import Reach
from kgcompare.search.whole import fault_of, notes_in
from kgcompare.store.files import LOG, files, flush, read_small, write_whole

FOR, SHAPES, LOOKED = "generation", "shapes", "state"
"""What an index says of itself: the generation that it was made for, by which shapes, and what was seen of the endpoint
at a glance then."""
_OWN = {"lock", "progress", "current"}


@dataclass(frozen=True, slots=True)
class Shelved:
    """An index on a shelf, with what it says of itself."""

    path: Path
    said: dict[str, str]

    @property
    def facts(self) -> Path:
        """What it was made of."""
        return self.path.with_suffix(".facts")


class Shelf:
    """A folder of indexes of one endpoint."""

    def __init__(self, folder: Path) -> None:
        """Names it; it is made when something is put there."""
        self.folder = folder
        self._refused: set[Path] = set()
        self._sound: Path | None = None

    def newest(self, signature: str) -> Shelved | None:
        """The index to read, if one is there that the shapes of a *signature* have made."""
        with suppress(StoreError):
            name = read_small(self.folder / "current")
            if name and name == Path(name).name and not name.startswith("."):
                path = self.folder / name
                if path in self._refused:
                    return None
                if path != self._sound:
                    if (why := fault_of(path)) is not None:
                        self._refused.add(path)
                        LOG.warning("kgcompare: the index %s %s; it is made anew", path, why)
                        return None
                    self._sound = path
                said = notes_in(path)
                return Shelved(path, said) if said.get(SHAPES) == signature else None
        return None

    def refuse(self, path: Path) -> None:
        """Never gives this index again, as it is damaged."""
        self._refused.add(path)

    def hold(self, path: Path, owner: object) -> bool:
        """Keeps an index from being removed as long as *owner* is there; False where it is gone already."""
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY)
            weakref.finalize(owner, os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_SH)
            return os.fstat(handle).st_nlink > 0
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other processes and threads from making an index meanwhile.

        :raises StoreError: if the folder cannot be made or written.
        """
        with files(f"no index can be kept at {self.folder}"):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with files(f"the indexes at {self.folder} cannot be locked"):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            with suppress(OSError):
                (self.folder / "progress").unlink(missing_ok=True)
            os.close(handle)

    def say(self, done: int, total: int) -> None:
        """Tells other processes how far the making of an index is."""
        with suppress(OSError):
            (self.folder / "progress").write_text(f"{done} {total}\n", encoding="ascii")

    def tell(self, progress: Reach) -> None:
        """Takes over how far another process is."""
        with suppress(StoreError, ValueError):
            if said := read_small(self.folder / "progress").split():
                progress(int(said[0]), int(said[1]))

    def new(self) -> Shelved:
        """A name for another index; what killed processes left is removed. Only while :meth:`alone`."""
        current = read_small(self.folder / "current")
        for path in self.folder.iterdir():
            damaged = path.with_suffix(".sqlite") in self._refused
            kept = (path.stem == Path(current).stem and not damaged) or path.name in _OWN
            if not kept and not self._is_read(path.with_suffix(".sqlite")):
                with suppress(OSError):
                    path.unlink()
        return Shelved(self.folder / f"{secrets.token_hex(4)}.sqlite", {})

    def _is_read(self, path: Path) -> bool:
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def put(self, made: Shelved) -> None:
        """Makes an index the one to read, once it is on disk."""
        with files(f"no index can be kept at {self.folder}"):
            flush(made.path)
            flush(made.facts)
            flush(self.folder)
            write_whole(self.folder / "current", made.path.name + "\n")
