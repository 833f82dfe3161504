"""The folder in which the index of an endpoint stays between starts, shared by the processes of a machine.

::

    <folder>/lock                   held by whoever makes an index
    <folder>/progress               how far that is: things that are read, of how many
    <folder>/current                names the index to read; replaced atomically
    <folder>/<name>.sqlite          an index, whole and on disk before ``current`` names it; held by whoever reads it
    <folder>/<name>.facts           what it was made of, by which it is changed
    <folder>/making-<name>.*        the same until it is whole

Of the indexes that nobody reads any more the youngest stays: two take turns, and the one gets the changes since it was
made while the other is read. The others go with the next one. What is of another version, or made by other shapes, is
none to read.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from kgcompare.errors import StoreError
from kgcompare.search.collected import Collected
from kgcompare.search.places import Reach
from kgcompare.search.whole import fault_of, notes_in
from kgcompare.store.files import LOG, files, flush, read_small, write_whole

FOR, SHAPES, LOOKED = "generation", "shapes", "state"
"""What an index says of itself: the generation that it was made for, by which shapes, and what was seen of the endpoint
at a glance then."""
_OWN = {"lock", "progress", "current"}
_MAKING = "making-"
"""How a file's name begins until it is whole."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """An index on a shelf, with what it says of itself."""

    path: Path
    said: dict[str, str]

    @property
    def facts(self) -> Path:
        """What it was made of."""
        return self.path.with_suffix(".facts")

    def things(self) -> int:
        """How many things it has."""
        facts = Collected(self.facts)
        try:
            return len(facts)
        finally:
            facts.close()


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
        """Keeps an index from being removed or changed as long as *owner* is there; False where it is gone already."""
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY)
            weakref.finalize(owner, os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(handle), path.stat())
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

    def new(self, spare: Shelved | None = None) -> Shelved:
        """A name for another index; what nobody reads any more, or killed processes left, is removed but for a *spare*
        one. Only while :meth:`alone`."""
        current = read_small(self.folder / "current")
        stems = {Path(current).stem, *([spare.path.stem] if spare is not None else [])}
        for path in self.folder.iterdir():
            damaged = path.with_suffix(".sqlite") in self._refused
            kept = (path.stem in stems and not damaged) or path.name in _OWN
            if not kept:
                with self._unread(path.with_suffix(".sqlite")) as unread, suppress(OSError):
                    if unread or not path.with_suffix(".sqlite").exists():
                        path.unlink()
        return Shelved(self.folder / f"{_MAKING}{secrets.token_hex(4)}.sqlite", {})

    @contextmanager
    def turned(self, signature: str) -> Iterator[Shelved | None]:
        """The youngest index that is not read any more, and by nobody meanwhile; None where there is none to change.
        Only while :meth:`alone`."""
        current = read_small(self.folder / "current")
        there = (path for path in self.folder.glob("*.sqlite") if not path.name.startswith(_MAKING))
        older = [path for path in there if path.name != current and path not in self._refused]
        older.sort(key=lambda path: path.stat().st_mtime)
        with self._unread(older[-1]) if older else nullcontext(False) as unread:
            whole = unread and older[-1].with_suffix(".facts").exists() and fault_of(older[-1]) is None
            found = Shelved(older[-1], notes_in(older[-1])) if whole else None
            yield found if found is not None and found.said.get(SHAPES) == signature else None

    @contextmanager
    def _unread(self, path: Path) -> Iterator[bool]:
        """Whether nobody reads an index that is there; nobody begins to, meanwhile."""
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unread = True
        except OSError:
            unread = False
        try:
            yield unread
        finally:
            os.close(handle)

    def put(self, made: Shelved) -> Shelved:
        """Makes an index the one to read, once it is on disk; gives it by its name."""
        named = Shelved(made.path.with_name(made.path.name.removeprefix(_MAKING)), notes_in(made.path))
        with files(f"no index can be kept at {self.folder}"):
            for file, name in (made.facts, named.facts), (made.path, named.path):
                flush(file)
                file.replace(name)
            flush(self.folder)
            write_whole(self.folder / "current", named.path.name + "\n")
        return named
