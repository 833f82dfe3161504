"""Reading SQLite within the deadline of whoever asks (:mod:`kgcompare.deadline`)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from kgcompare.errors import KgcompareError, Seam, StoreError, UsageError
from kgcompare.store import deadline

_OPERATIONS = 50_000
"""Steps of SQLite, some milliseconds, after which a query is ended that is past its deadline."""


_COUNTED = 500
"""Counts that are kept."""


class Connection(sqlite3.Connection):
    """Ends a query that is late, and closes itself when its thread or index goes."""

    def __init__(self, database: str | Path, **options: Any) -> None:
        super().__init__(database, **options)
        self.set_progress_handler(deadline.passed, _OPERATIONS)

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # one that could not be opened
            self.close()


class IndexFile:
    """The file of an index; may be read by any number of threads."""

    def __init__(self, path: Path) -> None:
        """Names the file, of which every thread opens its own connection on first use."""
        self.path = path
        self._local = threading.local()
        self._counted: dict[tuple[str, tuple[Any, ...]], list[tuple[Any, ...]]] = {}

    @property
    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            with Seam((sqlite3.Error,), lambda why: StoreError(f"the index {self.path} cannot be opened: {why}")):
                uri = f"file:{self.path.as_posix().replace('?', '%3f').replace('#', '%23')}?mode=ro&immutable=1"
                db = Connection(uri, uri=True, check_same_thread=False)
            self._local.db = db
        return db

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with (
            Seam((sqlite3.Error,), lambda why: unread(f"the index {self.path}", why)),
            Seam((OverflowError, UnicodeError), lambda why: UsageError(f"no list can be asked for this: {why}")),
        ):
            return self._db.execute(sql, values).fetchall()

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


def unread(what: str, why: str) -> KgcompareError:
    """The error for what SQLite could not read: that it was not in time, or what else was wrong."""
    return deadline.overrun() if deadline.passed() else StoreError(f"{what} cannot be read: {why}")


def parts(things: Collection[str]) -> Iterator[list[str]]:
    """Some hundreds of things at a time: a statement takes so many values and no more."""
    listed = list(things)
    return (listed[at : at + 500] for at in range(0, len(listed), 500))


def marks(values: Sequence[Any]) -> str:
    """As many parameters of a statement as there are values."""
    return ",".join("?" * len(values))
