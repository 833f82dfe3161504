"""The folder of an embedded store: generations, their locks, and what is there.

::

    <store>/store.json              layout number, base IRI, identity (:mod:`kgcompare.store.layout`)
    <store>/live/                   made from the current generation by whoever holds the lock, and written to
    <store>/snapshots/<generation>/ a hard-linked checkpoint: immutable, opened read-only by anybody
    <store>/snapshots/<generation>.lock  held by whoever reads it, and has the check sums of its files
    <store>/current                 names the generation to read; replaced atomically
    <store>/index-<generation>.sqlite  the derived index of that generation; with .report and .extent after its name
                                    what was counted of it (:mod:`kgcompare.report.kept`)
    <store>/lock                    held by the writer, and says who that is
    <store>/live.lock               held by whoever has live/ open, and says who that is
    <store>/history.sqlite          every change, and what was there before it
    <store>/tokens.json             hashes of the tokens by which one may write over HTTP
    <store>/unfinished              there while live/ may hold what no generation has; names the one in the making

A generation is called by a number and eight digits at random (``12-3f9a2c71``): two copies of a store that go
different ways have no name in common for different data. A checkpoint and an index get their names when they are whole,
and are on disk before ``current`` names them. Of a large catalogue the generation before the current one stays too: its
index is changed into that of the next one.

This module knows files and locks; what is inside live/ and snapshots/ is the engine's business.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import uuid
import weakref
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from kgcompare.errors import StoreError
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base
from kgcompare.store.files import alone, files, flush, flush_all, read_small, write_whole
from kgcompare.store.layout import About, Description, read_description, write_about

_NAME = r"[0-9]{1,18}(?:-[0-9a-f]{8})?"
GENERATION = re.compile(_NAME, re.ASCII)
"""What a generation is called."""
_SNAPSHOT = re.compile(rf"({_NAME})(?:\.[a-z]+)?", re.ASCII)
_MADE = ".report", ".extent"  # ends of the names, which begin as the index's does, of what else is made of a generation
_INDEX = re.compile(rf"index-({_NAME})\.sqlite(?:[.-][a-z]+)?", re.ASCII)
_NONE_YET = "0"
"""What ``unfinished`` says in a store that has no generation yet."""
WHAT_TO_DO = "put the folder back from a copy, or import into a new store"


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one store; means the same place wherever the process goes."""

    path: Path
    _current: Path = field(init=False, repr=False, compare=False)
    """``current``, at which every request looks."""

    def __post_init__(self) -> None:
        with files(f"{self.path} cannot be found"):
            object.__setattr__(self, "path", self.path.absolute())
            object.__setattr__(self, "_current", self.path / "current")

    @property
    def live(self) -> Path:
        """Where the writer writes."""
        return self.path / "live"

    @property
    def unfinished(self) -> Path:
        """The mark of a write that no generation has yet."""
        return self.path / "unfinished"

    @property
    def history(self) -> Path:
        """The file of the history."""
        return self.path / "history.sqlite"

    def snapshot(self, generation: str) -> Path:
        """The checkpoint of a generation."""
        return self.path / "snapshots" / generation

    def index(self, generation: str) -> Path:
        """The derived index of a generation."""
        return self.path / f"index-{generation}.sqlite"

    def index_in_the_making(self, generation: str) -> Path:
        """The derived index of a generation until it is whole."""
        return self.path / f"index-{generation}.sqlite.part"

    def lock(self, generation: str) -> Path:
        """The lock of a generation, in which its check sums are."""
        return self.path / "snapshots" / f"{generation}.lock"

    def exists(self) -> bool:
        """Whether there is a store here.

        :raises StoreError: if the path is a file.
        """
        with files(f"the store at {self.path} cannot be looked at"):
            if self.path.is_file():
                raise StoreError(f"{self.path} is a file, not a store folder; name a folder")
            return (self.path / "store.json").is_file()

    def create(self, base: str = DEFAULT_BASE, *, bare: bool = False) -> None:
        """Lays out an empty folder; the first generation is the writer's.

        :raises StoreError: if it cannot be made, or if a folder with other things in it is there.
        """
        with files(f"cannot make a store at {self.path}"):
            if self.path.is_dir() and any(self.path.iterdir()) and not self.exists():
                raise StoreError(f"{self.path} is a folder with other things in it; name an empty or a new one")
            self.adopt(Description(Base(base), uuid.uuid4().hex, bare).as_json())

    def adopt(self, about: About) -> None:
        """Lays out an empty folder whose store.json says what another one's said.

        :raises OSError: if it cannot be made.
        """
        (self.path / "snapshots").mkdir(parents=True, exist_ok=True)
        (self.path / "lock").touch()
        self.unfinished.write_text(_NONE_YET + "\n", encoding="ascii")
        write_about(self.path, about)

    def describe(self) -> Description:
        """What store.json says. A store of an older layout is brought to ours.

        :raises StoreMissing: if there is none.
        :raises StoreError: if it is of a newer layout or unreadable.
        """
        self.exists()
        return read_description(self.path)

    # -- which generations there are -----------------------------------------------------------------

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever another generation becomes current; costs one stat. Empty where nothing names one."""
        try:
            current = self._current.stat()
        except OSError:
            return ()
        return current.st_dev, current.st_ino, current.st_mtime_ns, current.st_ctime_ns

    def current(self) -> str | None:
        """The generation to read; None where ``current`` names none.

        :raises StoreError: if it cannot be read.
        """
        name = read_small(self._current)
        return name if re.fullmatch(_NAME, name) else None

    def published(self) -> list[str]:
        """The generations of which anything is there, the newest last; without one that a writer is still making.

        :raises StoreError: if the folder cannot be read.
        """
        names, making = self._names(whole=True), read_small(self.unfinished)
        if making != self.current():
            names.discard(making)
        return sorted(names, key=number)

    def is_new(self) -> bool:
        """Whether nothing has ever been published here: not that nothing is there."""
        making = read_small(self.unfinished)
        first = re.fullmatch(_NAME, making) is not None and number(making) <= 1
        return first and not read_small(self._current) and not self.published()

    def following(self, place: int = 1) -> str:
        """A name for the next generation, or one that comes later: a number that is higher than every one that is
        there, and eight digits."""
        names = self._names() | {_NONE_YET}
        return f"{max(map(number, names)) + place}-{secrets.token_hex(4)}"

    def _names(self, *, whole: bool = False) -> set[str]:
        """The generations that something in the folder is called by; only of what is *whole* if so asked."""
        with files(f"the store at {self.path} cannot be read"):
            try:
                below = [child.name for child in (self.path / "snapshots").iterdir()]
            except (FileNotFoundError, NotADirectoryError):
                below = []
            indexes = [child.name for child in self.path.glob("index-*")]
        found = [(_SNAPSHOT.fullmatch(name), "{}") for name in below]
        found += [(_INDEX.fullmatch(name), "index-{}.sqlite") for name in indexes]
        return {match[1] for match, form in found if match and (not whole or match[0] == form.format(match[1]))}

    def set_current(self, generation: str) -> None:
        """Makes a generation the one to read, atomically and on disk."""
        write_whole(self._current, generation + "\n")

    # -- locks ---------------------------------------------------------------------------------------

    def writing(self, patience: float | None = None) -> AbstractContextManager[None]:
        """Holds the writer's lock; waits for whoever has it.

        :raises Busy: if it takes longer than *patience* (seconds; None: however long it takes).
        :raises StoreError: if the folder cannot be written.
        """
        return alone(self.path / "lock", patience)

    def living(self, patience: float | None = None) -> AbstractContextManager[None]:
        """Holds live/, so that nobody makes another one in its place; only for who holds the writer's lock.

        :raises Busy, StoreError: as for :meth:`writing`.
        """
        return alone(self.path / "live.lock", patience)

    def hold(self, generation: str, owner: object) -> weakref.finalize[..., object] | None:
        """Keeps a generation from being removed until what it gives is called, or *owner* is gone.

        None if the generation is not there.
        """
        with files(f"generation {generation} of {self.path} cannot be held"):
            if not self.snapshot(generation).is_dir():
                return None
            handle = self._lock_handle(generation)
            held = weakref.finalize(owner, os.close, handle)  # whatever comes of it, once
            fcntl.flock(handle, fcntl.LOCK_SH)
            if os.fstat(handle).st_nlink > 0 and self.snapshot(generation).is_dir():
                return held
            held()
            return None

    def _lock_handle(self, generation: str) -> int:
        """A handle of a generation's lock, or of its checkpoint where somebody has removed that."""
        try:
            return os.open(self.lock(generation), os.O_RDONLY)
        except OSError:
            return os.open(self.snapshot(generation), os.O_RDONLY)

    # -- what a writer does --------------------------------------------------------------------------

    def begin(self, generation: str) -> None:
        """Says on disk that a generation is being made."""
        write_whole(self.unfinished, generation + "\n")

    def prepare(self, generation: str) -> None:
        """Makes the lock of a new generation."""
        (self.path / "snapshots").mkdir(exist_ok=True)
        self.lock(generation).touch()

    def publish(self, generation: str, before: str | None = None, *others: Path) -> None:
        """Makes a generation the one to read when all of it is on disk, as the one *before* it is, and *others* too."""
        making = self.index_in_the_making(generation)
        indexed = making.exists()
        self.flush(generation, before, *others, *([making] if indexed else []))
        if indexed:
            making.replace(self.index(generation))
        flush(self.path)
        self.set_current(generation)
        with contextlib.suppress(OSError):  # live/ is then made anew where it is needed
            self.unfinished.unlink(missing_ok=True)

    def flush(self, generation: str, before: str | None = None, *others: Path) -> None:
        """Sees to it that a checkpoint is on disk, and *others* beside; what it shares with the one *before*, which was
        published, is."""
        there = {file.inode() for file in os.scandir(self.snapshot(before))} if before else set()
        fresh = [Path(file.path) for file in os.scandir(self.snapshot(generation)) if file.inode() not in there]
        flush_all([*others, *fresh, self.snapshot(generation), self.path / "snapshots"])

    def remove_old(self, *others: str | None) -> None:
        """Removes all but the current generation, those to keep beside it, and those that somebody reads."""
        self.clean({self.current(), *others})

    def take_index(self, generation: str, path: Path) -> bool:
        """Moves the index of a generation to *path*, unless it is not there or somebody reads that generation."""
        try:
            with self._without_readers(generation):
                self.index(generation).rename(path)
        except OSError:
            return False
        return True

    def clean(self, keep: Collection[str | None]) -> None:
        """Removes what killed writers left, and every generation that nobody reads except those to *keep*.

        What cannot be removed now is left to the next writer. Killed anywhere, it has left something by whose name the
        next one finds the rest: the lock goes last.
        """
        with contextlib.suppress(OSError):
            for scratch in (child for name in ("current", "store.json", "unfinished") for child in self._scratch(name)):
                scratch.unlink(missing_ok=True)
        for generation in self._names():
            with contextlib.suppress(OSError):
                if generation in keep:
                    self._remove_rest(generation)
                else:
                    self._remove(generation)

    def _scratch(self, name: str) -> Iterator[Path]:
        return self.path.glob(f".{name}.[0-9]*")

    def _remove(self, generation: str) -> None:
        """Removes a generation.

        :raises BlockingIOError: if somebody reads it.
        """
        with self._without_readers(generation):
            for made in ("", *_MADE):
                self.index(generation).with_suffix(f".sqlite{made}").unlink(missing_ok=True)
            self.set_aside(generation)
            self._remove_rest(generation)
            self.lock(generation).unlink()

    @contextlib.contextmanager
    def _without_readers(self, generation: str) -> Iterator[None]:
        """Holds a generation alone.

        :raises BlockingIOError: if somebody reads it.
        """
        with contextlib.ExitStack() as stack:
            handles = [os.open(self.lock(generation), os.O_RDONLY | os.O_CREAT, 0o644)]
            stack.callback(os.close, handles[0])
            if self.snapshot(generation).is_dir():  # readers who found no lock hold that
                handles.append(os.open(self.snapshot(generation), os.O_RDONLY))
                stack.callback(os.close, handles[1])
            for handle in handles:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def set_aside(self, generation: str) -> None:
        """Takes a checkpoint from its place, at once."""
        gone = self.snapshot(f"{generation}.gone")
        _remove_folder(gone)
        with contextlib.suppress(FileNotFoundError):
            self.snapshot(generation).rename(gone)

    def _remove_rest(self, generation: str) -> None:
        """Removes what is not whole of a generation."""
        for name in ("gone", "tmp"):  # set_aside() calls it so, and the engine what is no checkpoint yet
            _remove_folder(self.snapshot(f"{generation}.{name}"))
        for rest in self.path.glob(f"index-{generation}.sqlite?*"):
            if rest.suffix not in _MADE:
                rest.unlink(missing_ok=True)


def number(generation: str) -> int:
    """The number in the name of a generation: those that came later have a higher one."""
    return int(generation.partition("-")[0])


def _remove_folder(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        shutil.rmtree(path)
