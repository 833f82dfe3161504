"""What a finder asks of the index: which things have which values of a facet, and pages of things by name."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cachetools import LRUCache

from kgcompare.search import masks
from kgcompare.search.entries import Entry
from kgcompare.search.file import DerivedFile, IndexFile
from kgcompare.search.reading import marks, parts
from kgcompare.text.folding import fold
from kgcompare.text.languages import speaks

_WITHOUT_MASK = """
WITH RECURSIVE value(number) AS (
  SELECT min(target) FROM link WHERE facet = ?
  UNION ALL
  SELECT (SELECT min(target) FROM link WHERE facet = ? AND target > number) FROM value WHERE number IS NOT NULL
)
SELECT number FROM value WHERE number NOT IN (SELECT target FROM mask WHERE facet = ?)
"""
"""The values of a facet that few things have: from one to the next, past all things that have it."""
_KEPT = 8 * 1024 * 1024
"""Bytes of masks that are kept unpacked, of all facets together."""


class _Masks:
    """The masks of facets, within a bound; those of facets that were not asked for the longest go."""

    def __init__(self) -> None:
        self._kept: LRUCache[str, Mapping[int, int]] = LRUCache(_KEPT, _size)
        self._lock = threading.Lock()

    def of(self, facet: str) -> Mapping[int, int] | None:
        """The masks of a facet by its values, if they are kept."""
        with self._lock:
            return self._kept.get(facet)

    def keep(self, facet: str, made: Mapping[int, int]) -> None:
        """Keeps the masks of a facet; those that would be too much alone are left out."""
        with self._lock, suppress(ValueError):
            self._kept[facet] = made


def _size(made: Mapping[int, int]) -> int:
    return sum(map(sys.getsizeof, made.values()))


class Choices(IndexFile):
    """The part of an index that a finder asks, and lists for their facets."""

    def __init__(self, file: DerivedFile) -> None:
        """Names the file."""
        super().__init__(file)
        self._unpacked: tuple[Path | None, _Masks] = (None, _Masks())

    def mask_of_kind(self, kind: str) -> int:
        """The things of a kind: a number with a bit for each, at the place that the number of the thing says."""
        for (number,) in self._rows("SELECT number FROM kind WHERE kind = ?", (kind,)):
            if (mask := self._many(masks.BY_KIND).get(number)) is not None:
                return mask
        return masks.mask_of(row[0] for row in self._rows("SELECT id FROM thing WHERE kind = ?", (kind,)))

    def values_of(self, facet: str, most: int) -> list[int]:
        """The numbers of the values that things have in a facet, *most* of them."""
        sql = "SELECT DISTINCT target FROM link WHERE facet = ? LIMIT ?"
        return [row[0] for row in self._rows(sql, (facet, most))]

    def holders(self, facet: str, values: Collection[int]) -> Iterator[tuple[int, int]]:
        """Each of some values of a facet, and the things that have it, with a bit for each."""
        many = self._many(facet)
        for value in values:
            mask = many.get(value)
            if mask is None:
                rows = self._rows("SELECT thing FROM link WHERE facet = ? AND target = ?", (facet, value))
                mask = masks.mask_of(row[0] for row in rows)
            yield value, mask

    def counted(self, facet: str, within: int) -> list[tuple[int, int]]:
        """Each value of a facet that some things have, and how many of them do, most first; *within* is their mask."""
        many = {value: (mask & within).bit_count() for value, mask in self._many(facet).items()}
        counts = Counter({value: n for value, n in many.items() if n})
        bits = within.to_bytes(within.bit_length() // 8 + 1, "little")
        for some in parts([value for (value,) in self._rows(_WITHOUT_MASK, (facet, facet, facet))]):
            sql = f"SELECT target, thing FROM link WHERE facet = ? AND target IN ({marks(some)})"
            for value, thing in self._rows(sql, (facet, *some)):
                if thing >> 3 < len(bits) and bits[thing >> 3] >> (thing & 7) & 1:
                    counts[value] += 1
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def _many(self, facet: str) -> Mapping[int, int]:
        """The masks of a facet, unpacked once for a file: some 20 KB for each of some hundred values."""
        path = self._file.at_hand()
        if self._unpacked[0] != path:
            self._unpacked = path, _Masks()
        unpacked = self._unpacked[1]
        kept = unpacked.of(facet)
        if kept is None:
            rows = self._rows("SELECT target, bits FROM mask WHERE facet = ?", (facet,))
            kept = {value: masks.unpacked(bits) for value, bits in rows}
            unpacked.keep(facet, kept)
        return kept

    def numbers(self, iris: Collection[str]) -> dict[str, int]:
        """IRI -> number of the things among *iris* that the index knows."""
        found: dict[str, int] = {}
        asked = list(iris)
        for at in range(0, len(asked), 500):
            part = asked[at : at + 500]
            sql = f"SELECT iri, id FROM thing WHERE iri IN ({','.join('?' * len(part))})"
            found |= dict(self._rows(sql, part))
        return found

    def page_with(
        self,
        kind: str,
        having: Sequence[tuple[str, Collection[int]]],
        lacking: Sequence[tuple[str, Collection[int]]],
        lang: str,
        most: int,
        after: Entry | None = None,
    ) -> list[int]:
        """The numbers of the first things of a kind, of those *after* a thing, by their names in *lang*.

        They have one value at least of each (facet, values) that they shall be *having*, and none of what they shall be
        *lacking*.
        """
        keys = " AND (e.sort, e.thing) > (?, ?)" if after else ""
        asked: list[Any] = [speaks(lang), kind, *((fold(after.label(lang)[1]), after.id) if after else ())]
        for choices, does in ((having, "IN"), (lacking, "NOT IN")):
            for facet, values in choices:
                targets = ",".join(str(int(value)) for value in sorted(values)) or "NULL"
                keys += f" AND e.thing {does} (SELECT thing FROM link WHERE facet = ? AND target IN ({targets}))"
                asked.append(facet)
        sql = f"SELECT e.thing FROM entry e WHERE e.lang = ? AND e.kind = ?{keys} ORDER BY e.sort, e.thing LIMIT ?"
        return [row[0] for row in self._rows(sql, [*asked, most])]
