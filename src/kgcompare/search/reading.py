"""Reading SQLite within the deadline of whoever asks (:mod:`kgcompare.store.deadline`), and what is asked of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from kgcompare.errors import KgcompareError, StoreError
from kgcompare.store import deadline

_T = TypeVar("_T")
_OPERATIONS = 50_000
"""Steps of SQLite, some milliseconds, after which a query is ended that is past its deadline."""


class Connection(sqlite3.Connection):
    """Ends a query that is late, and closes itself, at the latest when Python looks for circles: it is in one."""

    def __init__(self, database: str | Path, **options: Any) -> None:
        super().__init__(database, **options)
        self.set_progress_handler(deadline.passed, _OPERATIONS)

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # one that could not be opened
            self.close()


def unread(what: str, why: str) -> KgcompareError:
    """The error for what SQLite could not read: that it was not in time, or what else was wrong."""
    return deadline.overrun() if deadline.passed() else StoreError(f"{what} cannot be read: {why}")


def parts(things: Collection[_T]) -> Iterator[list[_T]]:
    """Some hundreds of things at a time: a statement takes so many values and no more."""
    listed = list(things)
    return (listed[at : at + 500] for at in range(0, len(listed), 500))


def marks(values: Sequence[Any]) -> str:
    """As many parameters of a statement as there are values."""
    return ",".join("?" * len(values))


def quoted(token: str) -> str:
    """A word as it stands between the quotation marks of an FTS5 expression."""
    return token.replace('"', '""')


def any_of(group: Iterable[str] | Iterable[Sequence[str]]) -> str:
    """An FTS5 expression for any of some words, or of the words of some groups; two in one are both."""
    flat = chain.from_iterable([one] if isinstance(one, str) else one for one in group)
    said = [" AND ".join(f'"{quoted(word)}"' for word in some.split()) for some in flat]
    return f"({' OR '.join(f'({one})' if ' AND ' in one else one for one in said)})" if said else ""


def all_of(groups: Iterable[Sequence[str]]) -> str:
    """An FTS5 expression for a word of each of some groups."""
    return " AND ".join(any_of(group) for group in groups)
