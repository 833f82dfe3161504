"""Which things have a value of a facet, as whole numbers with a bit for each thing, made when the index is made.

Few things with a value have no mask: they are read one by one as quickly.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection, Iterable

from kgcompare.search.reading import marks, parts

BY_KIND = "-kind"
"""The place, among facets, of the masks of the things of each kind; their values are the numbers of kinds."""
MASK_TABLE = "CREATE TABLE mask(facet TEXT, target INTEGER, bits BLOB, UNIQUE(facet, target));"
_ONE = ord("1")
_SOME = 2_000
"""Things from which on it is quicker to write a digit for each, and to read the number."""
_MANY = 100
"""Things that have a value, from which on it has a mask."""
_FILED = (
    "SELECT facet, target, thing FROM link WHERE facet NOT LIKE '-%'{0} "
    f"UNION ALL SELECT '{BY_KIND}', number, id FROM thing JOIN kind ON kind.kind = thing.kind WHERE 1{{1}} ORDER BY 1,2"
)


def numbers_in(numbers: str | None) -> list[int]:
    """Numbers that SQLite put together, which takes a third of the time that a row for each does."""
    return list(map(int, numbers.split(","))) if numbers else []


def mask_of(things: Iterable[int]) -> int:
    """The number with the bits of some things."""
    known = list(things)
    most = max(known, default=0)
    if len(known) < _SOME:
        bits = bytearray(most // 8 + 1)
        for thing in known:
            bits[thing >> 3] |= 1 << (thing & 7)
        return int.from_bytes(bits, "little")
    digits = bytearray(b"0") * (most + 1)
    for thing in known:
        digits[~thing] = _ONE
    return int(digits, 2)


def unpacked(kept: bytes) -> int:
    """A mask as it is kept in the file."""
    return int.from_bytes(zlib.decompress(kept), "little")


def _packed(mask: int) -> bytes:
    return zlib.compress(mask.to_bytes(mask.bit_length() // 8 + 1, "little"), 1)


def _grouped(rows: Iterable[tuple[str, int, int]]) -> Iterable[tuple[str, int, list[int]]]:
    place: tuple[str, int] | None = None
    things: list[int] = []
    for facet, target, thing in rows:
        if (facet, target) != place:
            if place:
                yield (*place, things)
            place, things = (facet, target), []
        things.append(thing)
    if place:
        yield (*place, things)


def make_masks(db: sqlite3.Connection) -> None:
    """Makes the masks of an index that is written but for them."""
    groups = _grouped(db.execute(_FILED.format("", "")))
    rows = ((facet, target, _packed(mask_of(some))) for facet, target, some in groups if len(some) >= _MANY)
    db.executemany("INSERT INTO mask VALUES(?,?,?)", list(rows))


def follow_masks(db: sqlite3.Connection, things: Collection[int], *, gone: bool) -> None:
    """Takes some things out of the masks, before they go, or puts them in, as the index says what they are."""
    for some in parts(things):
        filed = _FILED.format(f" AND thing IN ({marks(some)})", f" AND id IN ({marks(some)})")
        for facet, target, held in list(_grouped(db.execute(filed, (*some, *some)))):
            row = db.execute("SELECT bits FROM mask WHERE facet = ? AND target = ?", (facet, target)).fetchone()
            if row:
                mask, other = unpacked(row[0]), mask_of(held)
                kept = mask & ~other if gone else mask | other
            elif gone or len(_things(db, facet, target, _MANY)) < _MANY:
                continue
            else:
                kept = mask_of(_things(db, facet, target))
            db.execute("INSERT OR REPLACE INTO mask VALUES(?,?,?)", (facet, target, _packed(kept)))


def _things(db: sqlite3.Connection, facet: str, target: int, most: int = -1) -> list[int]:
    sql = "SELECT thing FROM link WHERE facet = ? AND target = ? LIMIT ?"
    if facet == BY_KIND:
        sql = "SELECT id FROM thing JOIN kind ON kind.kind = thing.kind AND ? != '' WHERE number = ? LIMIT ?"
    return [row[0] for row in db.execute(sql, (facet, target, most))]
