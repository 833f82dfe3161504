"""What is said of the things of a catalogue, in a file: of a large one it need not be in memory, and what an index was
made of is at hand when that changes."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from kgcompare.errors import Seam, StoreError
from kgcompare.search.facts import Facts
from kgcompare.search.reading import marks, parts

_SCHEMA = """
CREATE TABLE fact(thing TEXT PRIMARY KEY, said BLOB NOT NULL) WITHOUT ROWID;
"""
_HELD = 20_000
"""Things that are held in memory, of those that were read last."""


class Collected(Mapping[str, Facts]):
    """Facts by things (IRIs), in the order of these; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes one.

        :raises StoreError: if that cannot be done.
        """
        self._path = path
        with self._seam():
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'fact'").fetchone():
                self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        self._read = lru_cache(maxsize=_HELD)(self._facts)

    def _seam(self) -> Seam:
        return Seam((sqlite3.Error, OSError, ValueError), lambda why: StoreError(f"{self._path} cannot be used: {why}"))

    def put(self, facts: Mapping[str, Facts], gone: Iterable[str] = ()) -> None:
        """Puts what is said of some things in the place of what was; removes those that are *gone*.

        :raises StoreError: if it cannot be written.
        """
        with self._seam():
            self._db.execute("BEGIN")
            self._db.executemany("DELETE FROM fact WHERE thing = ?", ((thing,) for thing in gone))
            rows = ((thing, _packed(said)) for thing, said in facts.items())
            self._db.executemany("INSERT OR REPLACE INTO fact VALUES(?,?)", rows)
            self._db.execute("COMMIT")
        self._read.cache_clear()

    def some(self, things: Sequence[str]) -> dict[str, Facts]:
        """What is said of those of some things that are here."""
        found: dict[str, Facts] = {}
        with self._seam():
            for part in parts(things):
                sql = f"SELECT thing, said FROM fact WHERE thing IN ({marks(part)})"
                found |= {thing: _unpacked(said) for thing, said in self._db.execute(sql, part)}
        return found

    def _facts(self, thing: str) -> Facts | None:
        with self._seam():
            row = self._db.execute("SELECT said FROM fact WHERE thing = ?", (thing,)).fetchone()
        return _unpacked(row[0]) if row else None

    def __getitem__(self, thing: str) -> Facts:
        facts = self._read(thing)
        if facts is None:
            raise KeyError(thing)
        return facts

    def __iter__(self) -> Iterator[str]:
        with self._seam():
            yield from (row[0] for row in self._db.execute("SELECT thing FROM fact ORDER BY thing"))

    def __len__(self) -> int:
        with self._seam():
            return int(self._db.execute("SELECT count(*) FROM fact").fetchone()[0])

    def items(self) -> ItemsView[str, Facts]:
        """The things with what is said of them."""
        return _Items(self)

    def pairs(self) -> Iterator[tuple[str, Facts]]:
        """Each thing with what is said of it: quicker than one by one."""
        with self._seam():
            rows = self._db.execute("SELECT thing, said FROM fact ORDER BY thing")
            yield from ((thing, _unpacked(said)) for thing, said in rows)

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()


class _Items(ItemsView[str, Facts]):
    """Read from end to end, not one by one."""

    _mapping: Collected

    def __iter__(self) -> Iterator[tuple[str, Facts]]:
        return self._mapping.pairs()


def _packed(facts: Facts) -> bytes:
    """Facts as they are kept: an IRI as a text, a literal as a list of its text and, if it has one, its language."""
    said = {
        predicate: [
            [value.value, value.language or ""] if isinstance(value, Literal) else value.value for value in values
        ]
        for predicate, values in facts.items()
    }
    return zlib.compress(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)


def _unpacked(kept: bytes) -> Facts:
    said = json.loads(zlib.decompress(kept).decode("utf-8", "surrogatepass"))
    return {
        predicate: [
            NamedNode(value) if isinstance(value, str) else Literal(value[0], language=value[1] or None)
            for value in values
        ]
        for predicate, values in said.items()
    }
