"""The index file of a generation, whatever becomes of it: what is derived can be made again."""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kgcompare.errors import NotIndexed, Seam, StoreError, UsageError
from kgcompare.search.places import Origin, Reach
from kgcompare.search.reading import Connection, unread
from kgcompare.search.whole import is_damage
from kgcompare.store.base import CLOSED
from kgcompare.store.files import LOG

_WAITING = 4
"""Threads that may wait at a time for a file that is being made, where their time is limited."""
_PAUSE = 10.0
"""Seconds after a failure until one is made again that nobody waits for."""
_COUNTED = 500
"""Counts that are kept."""
_STANDING = 8
"""Connections that stay open for whoever asks next: each keeps 2 MiB of the file, and its statements."""


class DerivedFile:
    """The file of an index, whatever becomes of it; may be used by any number of threads."""

    def __init__(self, place: Origin, patience: float | None = None) -> None:
        """Names the place that it comes from.

        *patience* is for how many seconds somebody waits for one that has to be made; None as long as it takes.
        """
        self._path: Path | None = None
        self._place = place
        self._looked = False
        self._patience = patience
        self._lock = threading.Lock()
        self._making: Future[Path] | None = None
        self._progress = Reach()
        self._failed = False
        self._again = 0.0
        self._turns = threading.Semaphore(_WAITING)
        self._standing: deque[tuple[Path, Connection]] = deque()
        self._ended = False
        self._let_go = weakref.finalize(self, place.release)
        weakref.finalize(self, _close_beyond, 0, self._standing)

    def path(self) -> Path:
        """Where a whole file is.

        :raises NotIndexed: if it is still being made.
        :raises StoreError: if it cannot be made.
        """
        return self._path or self._look() or self._made()

    def ready(self) -> bool:
        """Whether a whole file is there, without waiting; where none is, one is being made from now on."""
        if self._path is None and self._look() is None and time.monotonic() >= self._again:
            self._begin()
        return self._path is not None

    def at_hand(self) -> Path | None:
        """Where a whole file is, without making one."""
        return self._path or self._look()

    @property
    def state(self) -> str:
        """``ok``, ``making``, or ``failed`` where the last attempt was in vain."""
        return "ok" if self._path is not None else "failed" if self._failed else "making"

    def _look(self) -> Path | None:
        """Takes the file that is there already, unless something is wrong with it; looks at it once."""
        with self._lock:
            if not self._looked:
                self._path, self._looked = self._place.look(), True
            return self._path

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What the file says; or another file, if this one turns out to be damaged.

        :raises NotIndexed: if that is still being made.
        :raises StoreError: if nothing can be read.
        """
        while not self._ended:
            path = self.path()
            try:
                with self._connected(path) as db:
                    return db.execute(sql, values).fetchall()
            except sqlite3.Error as fault:
                if not self.renews(path, fault):
                    raise unread(f"the index {path}", str(fault)) from None
        raise StoreError(CLOSED)

    @contextmanager
    def _connected(self, path: Path) -> Iterator[Connection]:
        """A connection to the file at *path*, which nobody else uses meanwhile: the one that was used last, with what
        it has in memory, or a new one."""
        db = self._taken(path)
        try:
            yield db
        finally:
            self._standing.append((path, db))
            _close_beyond(0 if self._ended else _STANDING, self._standing)

    def _taken(self, path: Path) -> Connection:
        with suppress(IndexError):  # there is none any more
            while True:
                where, db = self._standing.pop()
                if where is path or where == path:
                    return db
                db.close()
        return Connection(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)

    def renews(self, path: Path, fault: sqlite3.Error) -> bool:
        """Has another file made if the one at *path* is at fault, unless somebody has had that already; says whether
        it is."""
        damaged = is_damage(fault, path)
        with self._lock:
            if damaged and self._path == path:
                LOG.warning("kgcompare: the index %s is damaged (%s); it is made anew", path, fault)
                self._path = None
                self._place.refuse(path)
        return damaged

    def _begin(self) -> Future[Path]:
        """What is being made, from now on at the latest."""
        with self._lock:
            if self._making is None:
                self._making, self._progress = Future(), Reach()
                threading.Thread(target=self._run, args=(self._making,), name="kgcompare-index", daemon=True).start()
            return self._making

    def _made(self) -> Path:
        making = self._begin()
        if self._patience is None or making.done():
            return making.result()
        if self._turns.acquire(blocking=False):
            try:
                return making.result(self._patience)
            except TimeoutError:
                pass
            finally:
                self._turns.release()
        if not self._progress.total:
            self._place.tell(self._progress)
        raise NotIndexed(self._progress.done, self._progress.total)

    def _run(self, future: Future[Path]) -> None:
        try:
            path = self._place.make(self._progress)
        except BaseException as fault:  # noqa: BLE001  (goes to whoever waits; who comes next tries again)
            with self._lock:
                self._making, self._failed, self._again = None, True, time.monotonic() + _PAUSE
            future.set_exception(fault)
        else:
            with self._lock:
                self._path, self._making, self._failed = path, None, False
            future.set_result(path)

    def release(self) -> None:
        """Lets go of the file, and removes it if it was made here; nothing can be asked of it afterwards."""
        self._ended = True
        _close_beyond(0, self._standing)
        self._let_go()


def _close_beyond(most: int, standing: deque[tuple[Path, Connection]]) -> None:
    """Closes the connections that were not used for the longest, but for so many: one that nobody has stays open until
    Python looks for circles."""
    with suppress(IndexError):  # another thread has closed it
        while len(standing) > most:
            standing.popleft()[1].close()


class IndexFile:
    """What an index reads from; may be used by any number of threads."""

    def __init__(self, file: DerivedFile) -> None:
        """Names the file."""
        self._file = file
        self._counted: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}

    @property
    def path(self) -> Path:
        """Where the file is.

        :raises StoreError: if there is none and none can be made; Unavailable if that takes long.
        """
        return self._file.path()

    def ready(self) -> bool:
        """Whether it can be asked without waiting; where it cannot, the file is being made from now on."""
        return self._file.ready()

    @property
    def state(self) -> str:
        """``ok``, ``making``, or ``failed`` where the last attempt to make it was in vain."""
        return self._file.state

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
        return self._kept((sql, *values), lambda: self._rows(sql, values))

    def _kept(self, key: tuple[Any, ...], make: Callable[[], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
        """Rows that are kept under a key, made if there are none."""
        rows = self._counted.get(key)
        if rows is None:
            rows = make()
            if len(self._counted) >= _COUNTED:
                self._counted.clear()
            self._counted[key] = rows
        return rows
