"""The history of a store: every change, and what the documents that it changed said before.

It lies beside the generations in ``history.sqlite``. A change has the name of the generation that it made, and is there
before that generation is published; one whose generation never was is not seen by anybody, and the next writer removes
it. What a document said at a generation is what it said before the first change after that, else what it says now.

Source: SQLite (atomic commit).
"""

from __future__ import annotations

import json
import re
import sqlite3
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pyoxigraph import Quad, RdfFormat, parse, serialize

from kgcompare.errors import Seam, StoreError, UnknownThing
from kgcompare.rdf.namespaces import Base
from kgcompare.store.folder import Folder

HISTORY_TABLES = """
CREATE TABLE change(id INTEGER PRIMARY KEY, generation TEXT NOT NULL UNIQUE, time TEXT NOT NULL, what TEXT NOT NULL,
                    by TEXT NOT NULL, used TEXT NOT NULL, added INTEGER NOT NULL, replaced INTEGER NOT NULL,
                    removed INTEGER NOT NULL, whole INTEGER NOT NULL, size INTEGER NOT NULL);
CREATE TABLE state(document TEXT, change INTEGER, done TEXT NOT NULL, before BLOB,
                   PRIMARY KEY(document, change)) WITHOUT ROWID;
CREATE INDEX state_change ON state(change);
"""
HISTORY_BYTES = 1 << 30
"""Bytes that the history of a store may take if nobody says otherwise."""
_COLUMNS = "change.id, generation, time, what, by, used, added, replaced, removed, whole"
_WAIT = 10.0
"""Seconds that a reader waits while a change is being written."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{5,15}(?:Z|[+-][0-9]{2}:?[0-9]{2})?", re.ASCII)
Done = Literal["added", "replaced", "removed"]
"""What a change did to a document."""


@dataclass(frozen=True, slots=True)
class Used:
    """What a change came from: the name of a file, or a request, and the SHA-256 of its bytes in hexadecimal digits
    (empty where there are none)."""

    name: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a store is changed: ``what`` is done (``import``, ``put`` ...), ``by`` whom (empty where nobody is
    named), and what it comes from."""

    what: str = "change"
    by: str = ""
    used: tuple[Used, ...] = ()


@dataclass(frozen=True, slots=True)
class Deed:
    """One of the changes that are written together: its occasion, and the documents that it is about (None for all)."""

    occasion: Occasion
    documents: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A change: the generation that it made, its ``time`` (UTC), its occasion, and how many documents it added,
    replaced and removed. ``done`` is what it did to the one document that was asked for, if one was.
    ``whole`` is whether what was there before it can be shown."""

    number: int
    generation: str
    time: datetime
    occasion: Occasion
    added: int
    replaced: int
    removed: int
    whole: bool
    done: Done | None = None


def packed_document(quads: Sequence[Quad]) -> bytes:
    """What a document says, for keeping."""
    lines = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES)
    return zlib.compress(b"\n".join(sorted((lines or b"").splitlines())), 9)


def unpacked_document(data: bytes | None, name: str) -> list[Quad]:
    """What was packed of the document *name*; nothing where it was not there."""
    from pyoxigraph import NamedNode

    if not data:
        return []
    graph = NamedNode(name)
    found = parse(zlib.decompress(data), format=RdfFormat.N_TRIPLES, rename_blank_nodes=True)
    return [Quad(quad.subject, quad.predicate, quad.object, graph) for quad in found]


class History:
    """What a generation of a store knows of the changes before it; for any number of threads."""

    def __init__(self, folder: Folder, generation: str, base: Base) -> None:
        self._path = folder.history
        self._generation = generation
        self._base = base

    @contextmanager
    def _open(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        """The file, and the number of the newest change that this generation knows."""
        with _reading(self._path):
            if not self._path.is_file():
                raise StoreError(f"{self._path} is not there: this catalogue keeps no history")
            with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=_WAIT)) as db:
                row = db.execute("SELECT id FROM change WHERE generation = ?", (self._generation,)).fetchone()
                yield db, row[0] if row else 0

    def changes(self, *, most: int = 100, before: int = 0) -> list[Logged]:
        """The changes, the newest first; only those whose number is below *before* where that is given.

        :raises StoreError: if they cannot be read.
        """
        with self._open() as (db, last):
            rows = db.execute(
                f"SELECT {_COLUMNS}, NULL FROM change WHERE id <= ? ORDER BY id DESC LIMIT ?",  # noqa: S608
                (min(last, before - 1) if before else last, most),
            )
            return [_change(row) for row in rows.fetchall()]

    def steps(self, document: str, *, most: int = 100, before: int = 0) -> list[tuple[Logged, list[Quad]]]:
        """The changes of one document (its IRI), the newest first, each with what it said before; of those whose number
        is below *before* where that is given.

        :raises StoreError: if they cannot be read.
        """
        with self._open() as (db, last):
            rows = db.execute(
                f"SELECT {_COLUMNS}, done, before FROM state JOIN change ON change.id = state.change "  # noqa: S608
                "WHERE document = ? AND change <= ? ORDER BY change DESC LIMIT ?",
                (self._short(document), min(last, before - 1) if before else last, most),
            ).fetchall()
        return [(_change(row[:-1]), unpacked_document(row[-1], document)) for row in rows]

    def named(self, generation: str) -> list[Logged]:
        """The change that made a generation, given its name or its number, if it is known.

        :raises StoreError: if it cannot be read.
        """
        with self._open() as (db, last):
            found = self._called(db, generation, last)
        return [found] if found else []

    def documents(self, change: Logged, most: int = 1000) -> list[tuple[str, Done]]:
        """The IRIs of the documents that a change was about, and what it did to each.

        :raises StoreError: if they cannot be read.
        """
        with self._open() as (db, _):
            rows = db.execute(
                "SELECT document, done FROM state WHERE change = ? ORDER BY document LIMIT ?", (change.number, most)
            ).fetchall()
        return [(self._long(document), done) for document, done in rows]

    def at(self, text: str) -> Logged:
        """The change that made a generation, given its name, or the newest one of a day or before a moment (ISO 8601;
        UTC where it names no other zone): what it made is what was there then.

        :raises UnknownThing: if there is none, or what was there then is not kept any more.
        :raises StoreError: if it cannot be read.
        """
        with self._open() as (db, last):
            moment = moment_of(text)
            if moment is None:
                found = self._called(db, text, last)
            else:
                found = self._one(db, "time < ? AND change.id <= ?", (written(moment), last))
            first = self._first(db, last)
        return within_reach(found, first, text)

    def first(self) -> Logged:
        """The oldest change of which it can be shown what it made.

        :raises StoreError: if it cannot be read.
        """
        with self._open() as (db, last):
            return self._first(db, last)

    def _first(self, db: sqlite3.Connection, last: int) -> Logged:
        found = self._one(db, "change.id <= ? AND (NOT whole OR change.id = (SELECT min(id) FROM change))", (last,))
        if found is None:
            raise StoreError(f"{self._path} has no change: this catalogue keeps no history")
        return found

    def _called(self, db: sqlite3.Connection, text: str, last: int) -> Logged | None:
        """The change that made the generation of a name, or of a number alone."""
        short = text if text.isascii() and text.isdecimal() else "-"
        where = "(generation = ? OR generation GLOB ? || '-*') AND change.id <= ?"
        return self._one(db, where, (text, short, last))

    def _one(self, db: sqlite3.Connection, where: str, values: Sequence[object]) -> Logged | None:
        query = f"SELECT {_COLUMNS}, NULL FROM change WHERE {where} ORDER BY id DESC LIMIT 1"  # noqa: S608
        row = db.execute(query, tuple(values)).fetchone()
        return _change(row) if row else None

    def since(self, change: Logged, documents: Sequence[str] | None = None) -> dict[str, list[Quad]]:
        """What documents (their IRIs; None for all) said when a change had been made, of those that have changed since.

        :raises StoreError: if it cannot be read.
        """
        with self._open() as (db, last):
            query = "SELECT document, min(change), before FROM state WHERE change > ? AND change <= ?"
            if documents is None:
                rows = db.execute(query + " GROUP BY document", (change.number, last)).fetchall()
            else:
                rows = []
                for name in documents:
                    rows += db.execute(
                        query + " AND document = ? GROUP BY document", (change.number, last, self._short(name))
                    ).fetchall()
        return {(name := self._long(short)): unpacked_document(before, name) for short, _, before in rows}

    def count_since(self, change: Logged) -> int:
        """How many documents have changed since a change."""
        with self._open() as (db, last):
            query = "SELECT count(DISTINCT document) FROM state WHERE change > ? AND change <= ?"
            return int(db.execute(query, (change.number, last)).fetchone()[0])

    def _short(self, document: str) -> str:
        return document.removeprefix(self._base.value)

    def _long(self, short: str) -> str:
        return short if "://" in short else self._base.value + short


def _reading(path: Path) -> Seam:
    return Seam(
        (sqlite3.Error, OSError, ValueError, zlib.error),
        lambda why: StoreError(f"{path} cannot be read: {why}; put it back from a copy, or remove it and its past"),
    )


def _change(row: Sequence[object]) -> Logged:
    number, generation, time, what, by, used, added, replaced, removed, whole, done = row
    come_from = tuple(Used(*one) for one in json.loads(str(used)))
    occasion = Occasion(str(what), str(by), come_from)
    when = datetime.fromisoformat(str(time)).replace(tzinfo=UTC)
    counts = [int(str(n)) for n in (added, replaced, removed)]
    made = Logged(int(str(number)), str(generation), when, occasion, counts[0], counts[1], counts[2], bool(whole))
    return replace(made, done=done) if done else made  # type: ignore[arg-type]


def moment_of(text: str) -> datetime | None:
    """The moment before which something is asked for: that of a text, or the end of the day; None if it is neither."""
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1)
        if _MOMENT.fullmatch(text):
            found = datetime.fromisoformat(text)
            step = timedelta(microseconds=1) if found.microsecond else timedelta(seconds=1)  # that moment is in it
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC) + step
    except (ValueError, OverflowError):
        pass
    return None


def within_reach(found: Logged | None, first: Logged, text: str) -> Logged:
    """The change that a text has found, if what it made can be shown; *first* is the oldest of which that is so.

    :raises UnknownThing: if it cannot, or nothing was found.
    """
    if found is not None and found.number >= first.number:
        return found
    said = "no generation" if moment_of(text) is None else "nothing of that time"
    raise UnknownThing(
        f"there is {said} {text[:60]!r} in the history, which goes back to generation {first.generation} "
        f"of {first.time:%Y-%m-%d %H:%M:%S} UTC"
    )


def written(moment: datetime) -> str:
    """A moment as the file has it: UTC, with microseconds, in an order that is that of time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
