"""An index that is being written, and what it says already: who is who, how many things each is related to."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from kgcompare.errors import Seam, StoreError
from kgcompare.rdf.namespaces import local_name
from kgcompare.search.facts import PEOPLE, RELATED, SOURCES, Facts, Reading
from kgcompare.search.reading import marks, parts
from kgcompare.search.wording import Worded
from kgcompare.text.languages import best

Written = list[tuple[str, list[Sequence[Any]]]]
"""What was written to an index, as SQL with the values of each row: written to another file that says the same, it has
that say the same again."""
_WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE")


class Noting(sqlite3.Connection):
    """A connection that keeps what is written over it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.written: Written = []

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        """As a connection does."""
        if sql.startswith(_WRITES):
            self.written.append((sql, [values]))
        return super().execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        """As a connection does."""
        self.written.append((sql, kept := list(rows)))
        return super().executemany(sql, kept)


def _making(path: Path) -> Seam:
    return Seam(
        (sqlite3.Error, OSError, UnicodeError), lambda why: StoreError(f"the index {path} cannot be made: {why}")
    )


@contextmanager
def opened_index(path: Path) -> Iterator[sqlite3.Connection]:
    """The index file at *path*, to be written."""
    with _making(path), closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


@contextmanager
def changed_index(path: Path) -> Iterator[Noting]:
    """The same, to be changed into another one: all of it, or it is of no use."""
    with _making(path), closing(Noting(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        yield db
        db.execute("COMMIT")


def write_again(path: Path, written: Written) -> None:
    """Has the index file at *path* say what another one does, in which that was *written* when it said the same.

    :raises StoreError: if it cannot be written.
    """
    with changed_index(path) as db:
        for sql, rows in written:
            sqlite3.Connection.executemany(db, sql, rows)


def counted(links: Iterable[tuple[str, int, int]]) -> dict[int, int]:
    """How many things each thing is related to, in whichever direction."""
    near: dict[int, set[int]] = {}
    for place, target, thing in links:
        if place == RELATED:
            near.setdefault(target, set()).add(thing)
            near.setdefault(thing, set()).add(target)
    return {number: len(others) for number, others in near.items()}


def related(db: sqlite3.Connection, numbers: Sequence[int]) -> set[int]:
    """The things that some things are related to."""
    near: set[int] = set()
    for number in numbers:
        for one, other in (("target", "thing"), ("thing", "target")):
            sql = (
                f"SELECT {one} FROM link JOIN thing t ON t.id = {one} WHERE facet = ? AND {other} = ? AND t.kind != '-'"
            )
            near.update(row[0] for row in db.execute(sql, (RELATED, number)))
    return near


def degrees_of(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, int]:
    """How many things each of some things is related to."""
    return {number: len(related(db, [number])) for number in numbers}


def number_of(db: sqlite3.Connection, thing: str) -> int | None:
    """The number of the thing of an IRI."""
    row = db.execute("SELECT id FROM thing WHERE iri = ?", (thing,)).fetchone()
    return None if row is None else int(row[0])


def holder_of(db: sqlite3.Connection, kind: str, slug: str) -> str | None:
    """The IRI of the thing that has an address."""
    row = db.execute("SELECT iri FROM thing WHERE kind = ? AND slug = ?", (kind, slug)).fetchone()
    return None if row is None else str(row[0])


def labels_of(db: sqlite3.Connection, number: int) -> list[str]:
    """The names of a thing, in all languages."""
    return [row[0] for row in db.execute("SELECT text FROM label WHERE thing = ?", (number,))]


def years_in(db: sqlite3.Connection, number: int) -> list[int | None]:
    """The first and the last year in which a thing arose."""
    return [year for row in db.execute("SELECT start, end FROM thing WHERE id = ?", (number,)) for year in row]


def authors_in(db: sqlite3.Connection, sources: Sequence[int]) -> list[int]:
    """The numbers of the agents that some sources name."""
    sql = f"SELECT DISTINCT target FROM link WHERE facet = ? AND thing IN ({marks(sources)})"
    return [row[0] for row in db.execute(sql, (PEOPLE, *sources))]


def naming(db: sqlite3.Connection, numbers: Sequence[int]) -> set[str]:
    """The IRIs of the things that carry what some things are called, or when they arose: they name them as agents or
    sources, or name a source of which they are authors."""
    named = _linking(db, PEOPLE, numbers)
    found = named | _linking(db, SOURCES, numbers) | _linking(db, SOURCES, named)
    rows = (db.execute(f"SELECT iri FROM thing WHERE id IN ({marks(part)})", part) for part in parts(found))
    return {row[0] for row in chain.from_iterable(rows)}


def _linking(db: sqlite3.Connection, place: str, numbers: Collection[int]) -> set[int]:
    """The things that link to some things, of the links that are filed under a place."""
    sql = "SELECT thing FROM link WHERE facet = ? AND target IN ({})"
    rows = (db.execute(sql.format(marks(part)), (place, *part)) for part in parts(numbers))
    return {row[0] for row in chain.from_iterable(rows)}


def worded_in(db: sqlite3.Connection, number: int, facts: Facts, reading: Reading) -> Worded:
    """What finds a thing of whose own statements *facts* tell, and the index the rest."""
    links: dict[str, list[int]] = {}
    for facet, target in db.execute("SELECT facet, target FROM link WHERE thing = ?", (number,)):
        links.setdefault(facet, []).append(target)
    named = dict.fromkeys([*links.get(PEOPLE, ()), *authors_in(db, links.get(SOURCES, []))])
    people = dict.fromkeys(name for agent in named for name in labels_of(db, agent))
    years = [year for one in (number, *links.get(SOURCES, ())) for year in years_in(db, one) if year]
    values = [target for facet, targets in links.items() if not facet.startswith("-") for target in targets]
    return reading.worded(facts, people, years, values)


def shown(db: sqlite3.Connection, number: int, lang: str) -> str:
    """What a thing is called in a list for readers of *lang*."""
    texts = dict(db.execute("SELECT lang, text FROM label WHERE thing = ?", (number,)))
    name = best(texts, lang)
    if name:
        return str(name[1])
    return local_name(str(db.execute("SELECT iri FROM thing WHERE id = ?", (number,)).fetchone()[0]))
