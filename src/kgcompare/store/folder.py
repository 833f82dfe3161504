"""The folder of an embedded store: generations, their locks, and what is there.

::

    <store>/store.json              layout version, base IRI, identity
    <store>/live/                   opened read-write only by whoever holds the lock
    <store>/snapshots/<generation>/ a hard-linked checkpoint: immutable, opened read-only by anybody
    <store>/current                 names the generation to read; replaced atomically
    <store>/index-<generation>.sqlite  the derived index of that generation
    <store>/lock                    held by the writer
    <store>/unfinished              there while live/ may hold what no generation has

This module knows files and locks; what is inside live/ and snapshots/ is the engine's business.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import uuid
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kgcompare.errors import Seam, StoreError, StoreMissing, UsageError
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, checked_base

LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Description:
    """What store.json says: ``bare`` is a store of foreign quads, without our shapes and vocabulary in it."""

    base: Base
    identity: str
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one store."""

    path: Path

    @property
    def live(self) -> Path:
        """Where the writer writes."""
        return self.path / "live"

    @property
    def unfinished(self) -> Path:
        """The mark of a write that no generation has yet."""
        return self.path / "unfinished"

    def snapshot(self, generation: str) -> Path:
        """The checkpoint of a generation."""
        return self.path / "snapshots" / generation

    def index(self, generation: str) -> Path:
        """The derived index of a generation."""
        return self.path / f"index-{generation}.sqlite"

    def exists(self) -> bool:
        """Whether there is a store here.

        :raises StoreError: if the path is a file.
        """
        with _files(f"the store at {self.path} cannot be looked at"):
            if self.path.is_file():
                raise StoreError(f"{self.path} is a file, not a store folder; name a folder")
            return (self.path / "store.json").is_file()

    def create(self, base: str = DEFAULT_BASE, *, bare: bool = False) -> None:
        """Lays out an empty folder; the first generation is the writer's.

        :raises StoreError: if it cannot be made, or if a folder with other things in it is there.
        """
        with _files(f"cannot make a store at {self.path}"):
            if self.path.is_dir() and any(self.path.iterdir()) and not self.exists():
                raise StoreError(f"{self.path} is a folder with other things in it; name an empty or a new one")
            (self.path / "snapshots").mkdir(parents=True, exist_ok=True)
            (self.path / "lock").touch()
            about = {"layout": LAYOUT, "base": base, "identity": uuid.uuid4().hex, "bare": bare}
            _write(self.path / "store.json", json.dumps(about, indent=1) + "\n")

    def describe(self) -> Description:
        """Reads store.json.

        :raises StoreMissing: if there is none.
        :raises StoreError: if it is of a newer layout or unreadable.
        """
        if not self.exists():
            raise StoreMissing(f"there is no store at {self.path}; make one with: kgcompare init --store {self.path}")
        try:
            about = json.loads((self.path / "store.json").read_text(encoding="utf-8"))
            layout = int(about["layout"])
            if layout > LAYOUT:
                raise StoreError(
                    f"the store at {self.path} has layout {layout}, this kgcompare reads up to {LAYOUT}; "
                    "install a newer kgcompare"
                )
            base = Base(checked_base(str(about["base"])))
            return Description(base, str(about["identity"]), bool(about.get("bare", False)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, UsageError) as fault:
            raise StoreError(f"{self.path / 'store.json'} cannot be read: {fault}") from None

    def stamp(self) -> tuple[int, int]:
        """Changes whenever another generation becomes current; costs one stat.

        :raises StoreError: if there is no current generation.
        """
        with _files(f"the store at {self.path} has no generation to read"):
            current = (self.path / "current").stat()
        return current.st_ino, current.st_mtime_ns

    def current(self) -> str | None:
        """The generation to read; None in a store without any."""
        with _files(f"{self.path / 'current'} cannot be read"):
            try:
                return (self.path / "current").read_text(encoding="ascii").strip() or None
            except FileNotFoundError:
                return None

    def following(self) -> str:
        """The name of the generation after the current one.

        :raises StoreError: if the current one has no number for a name.
        """
        with _files(f"{self.path / 'current'} names no generation"):
            return str(int(self.current() or "0") + 1)

    def set_current(self, generation: str) -> None:
        """Makes a generation the one to read, atomically and on disk."""
        _write(self.path / "current", generation + "\n")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the writer's lock; waits for whoever has it.

        :raises StoreError: if the folder cannot be written.
        """
        with _files(f"the store at {self.path} cannot be written"):
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with _files(f"the store at {self.path} cannot be locked"):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def hold(self, generation: str, owner: object) -> bool:
        """Keeps a generation from being removed for as long as *owner* lives.

        False if it has been removed meanwhile.
        """
        lock = self.path / "snapshots" / f"{generation}.lock"
        with _files(f"generation {generation} of {self.path} cannot be held"):
            try:
                handle = os.open(lock, os.O_RDONLY)
            except FileNotFoundError:
                return False
            weakref.finalize(owner, os.close, handle)  # whatever comes of it, once
            fcntl.flock(handle, fcntl.LOCK_SH)
            return os.fstat(handle).st_nlink > 0 and self.snapshot(generation).is_dir()

    def prepare(self, generation: str) -> None:
        """Clears the place of a new generation of what a killed writer left, and makes its lock."""
        shutil.rmtree(self.snapshot(generation), ignore_errors=True)
        self.index(generation).unlink(missing_ok=True)
        (self.path / "snapshots" / f"{generation}.lock").touch()

    def remove_old(self) -> None:
        """Removes the generations that are not current and that nobody reads."""
        current = self.current()
        for lock in (self.path / "snapshots").glob("*.lock"):
            generation = lock.stem
            if generation == current:
                continue
            handle = os.open(lock, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                lock.unlink()
                self.index(generation).unlink(missing_ok=True)
                shutil.rmtree(self.snapshot(generation), ignore_errors=True)
            finally:
                os.close(handle)


def _files(doing: str) -> Seam:
    """What the file system raises becomes a StoreError; *doing* says what fails, such as "X cannot be read"."""
    return Seam((OSError, ValueError), lambda why: StoreError(f"{doing}: {why}"))


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
