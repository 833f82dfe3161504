"""The index file of a generation, whatever becomes of it: what is derived can be made again.

Source: SQLite, "Database File Format", section 1.3 (the header), and "Result and Error Codes".
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from kgcompare.errors import Seam, StoreError, Unavailable, UsageError
from kgcompare.search.reading import Connection, unread
from kgcompare.store.base import CLOSED
from kgcompare.store.files import LOG, flush
from kgcompare.store.scratch import held_folder

FORMAT = "6"
"""What an index file holds; goes up when that changes."""
_CHECKED = 16 * 1024 * 1024
"""Bytes up to which a file is looked through before it is used: some milliseconds."""
_WAITING = 4
"""Threads that may wait at a time for a file that is being made, where their time is limited."""
_COUNTED = 500
"""Counts that are kept."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}


class DerivedFile:
    """The file that came with the data; where that is missing, damaged or of another version, one that is made anew.

    A copy of what is made takes the place of what came, where that can be written, for those who open it next.
    """

    def __init__(self, kept: Path | None, make: Callable[[Path], None], patience: float | None = None) -> None:
        """Names the *kept* file, or none. *make* makes one at a path.

        *patience* is for how many seconds somebody waits for that; None as long as it takes.
        """
        self._path: Path | None = None
        self._kept = self._unseen = kept
        self._make = make
        self._patience = patience
        self._lock = threading.Lock()
        self._making: Future[Path] | None = None
        self._turns = threading.Semaphore(_WAITING)
        self._local = threading.local()
        self._open: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._ended = False
        self._remove: Callable[[], object] = lambda: None

    def path(self) -> Path:
        """Where a whole file is.

        :raises Unavailable: if it is still being made.
        :raises StoreError: if it cannot be made.
        """
        if self._path is None:
            with self._lock:
                self._look()
        return self._path or self._made()

    def _look(self) -> None:
        """Takes the kept file, unless something is wrong with it; looks at it once."""
        kept, self._unseen = self._unseen, None
        why = fault_of(kept) if kept is not None else None
        if why is None:
            self._path = self._path or kept
        else:
            LOG.warning("kgcompare: the index %s %s; it is made anew", kept, why)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What the file says; or another file, if this one turns out to be damaged.

        :raises Unavailable: if that is still being made.
        :raises StoreError: if nothing can be read.
        """
        while not self._ended:
            path = self.path()
            try:
                return self._connection(path).execute(sql, values).fetchall()
            except sqlite3.Error as fault:
                if not self.renews(path, fault):
                    raise unread(f"the index {path}", str(fault)) from None
        raise StoreError(CLOSED)

    def _connection(self, path: Path) -> sqlite3.Connection:
        """This thread's connection to the file at *path*."""
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None or self._local.path != path:
            db = Connection(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            self._open.add(db)
            self._local.db, self._local.path = db, path
        return db

    def renews(self, path: Path, fault: sqlite3.Error) -> bool:
        """Has another file made if the one at *path* is at fault, unless somebody has had that already; says whether
        it is."""
        damaged = is_damage(fault, path)
        with self._lock:
            if damaged and self._path == path:
                LOG.warning("kgcompare: the index %s is damaged (%s); it is made anew", path, fault)
                self._path = None
        return damaged

    def _made(self) -> Path:
        with self._lock:
            if self._making is None:
                self._making = Future()
                threading.Thread(target=self._run, args=(self._making,), name="kgcompare-index", daemon=True).start()
            making = self._making
        if self._patience is None:
            return making.result()
        late = Unavailable("the index of the catalogue is being made; try again in a moment")
        if making.done():
            return making.result()
        if not self._turns.acquire(blocking=False):
            raise late
        try:
            return making.result(self._patience)
        except TimeoutError:
            raise late from None
        finally:
            self._turns.release()

    def _run(self, future: Future[Path]) -> None:
        try:
            path = self._new()
        except BaseException as fault:  # noqa: BLE001  (goes to whoever waits; who comes next tries again)
            with self._lock:
                self._making = None
            future.set_exception(fault)
        else:
            with self._lock:
                self._path, self._making = path, None
            future.set_result(path)

    def _new(self) -> Path:
        """Another file in a folder of its own, which goes when this object does; a failure leaves nothing."""
        folder, remove = held_folder()
        self._remove = weakref.finalize(self, remove)
        try:
            self._make(folder / "index.sqlite")
        except BaseException:
            self._remove()
            raise
        if self._kept is not None:
            _put(folder / "index.sqlite", self._kept)
        return folder / "index.sqlite"

    def release(self) -> None:
        """Lets go of the file, and removes it if it was made here; nothing can be asked of it afterwards."""
        self._ended = True
        for db in list(self._open):
            db.close()
        self._remove()


class IndexFile:
    """What an index reads from; may be used by any number of threads."""

    def __init__(self, file: DerivedFile) -> None:
        """Names the file, of which every thread opens its own connection on first use."""
        self._file = file
        self._counted: dict[tuple[str, tuple[Any, ...]], list[tuple[Any, ...]]] = {}

    @property
    def path(self) -> Path:
        """Where the file is.

        :raises StoreError: if there is none and none can be made; Unavailable if that takes long.
        """
        return self._file.path()

    def renews(self, path: Path, fault: sqlite3.Error) -> bool:
        """Whether the file at *path* is at fault, so that there will be another one, whose numbers of things differ."""
        return self._file.renews(path, fault)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with Seam((OverflowError, UnicodeError), lambda why: UsageError(f"no list can be asked for this: {why}")):
            return self._file.rows(sql, values)

    def _weak_rows(self) -> Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]:
        """The same for what this object has itself: in a circle, the generation would be held until Python looks for
        circles, and with it its files."""
        rows = weakref.WeakMethod(self._rows)

        def read(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
            method = rows()
            if method is None:
                raise StoreError(CLOSED)
            return method(sql, values)

        return read

    def release(self) -> None:
        """Lets go of the file; nothing can be asked of it afterwards."""
        self._file.release()

    def _counts(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows that count things, which takes long in a large catalogue: kept, as a generation never changes."""
        key = (sql, tuple(values))
        rows = self._counted.get(key)
        if rows is None:
            rows = self._rows(sql, values)
            if len(self._counted) >= _COUNTED:
                self._counted.clear()
            self._counted[key] = rows
        return rows


def _put(made: Path, kept: Path) -> None:
    """Puts a copy of a file in the place of another, at once and on disk, if that can be written."""
    near = kept.with_name(f"{kept.name}.{''.join(secrets.choice(ascii_lowercase) for _ in range(8))}")
    with suppress(OSError):
        try:
            shutil.copyfile(made, near)
            flush(near)
            near.replace(kept)
        finally:
            near.unlink(missing_ok=True)


def fault_of(path: Path) -> str | None:
    """What is wrong with an index file: it is not there, was cut off or is damaged; None if nothing is."""
    try:
        size = path.stat().st_size
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            pages, page = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            if size == 0 or pages * page != size:
                return "was cut off"
            if db.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() != (FORMAT,):
                return "was made by another version"
            if size <= _CHECKED and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return "is damaged"
    except FileNotFoundError:
        return "is not there"
    except (sqlite3.Error, OSError):
        return "is damaged"
    return None


def notes_in(path: Path) -> dict[str, str]:
    """What an index file says of itself; nothing where it cannot be read."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db,
    ):
        return dict(db.execute("SELECT key, value FROM meta").fetchall())
    return {}


def is_damage(fault: sqlite3.Error, path: Path) -> bool:
    """Whether the file is at fault when SQLite fails."""
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    return code in _DAMAGE or (code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_ERROR} and fault_of(path) is not None)
