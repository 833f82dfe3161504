"""What a finder asks of the index: which things have which values of a facet, and pages of things by name."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from operator import or_
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
_YEARS = """
SELECT start, end, group_concat(id) FROM thing WHERE kind = ? AND start IS NOT NULL GROUP BY start, end
"""
"""When things of a kind began and ended, and their numbers."""
_OPEN = 9999
"""The year in which ends what has not."""
_KEPT = 12 * 1024 * 1024
"""Bytes of masks that are kept unpacked, of all facets and years together."""
_ENTRIES = 2048
"""Values of facets that are kept as they are named."""


class _Masks:
    """What is kept of one file, within bounds: the masks of facets and years, and what values of facets are called;
    what was not asked for the longest goes."""

    def __init__(self) -> None:
        self._kept: LRUCache[str, Mapping[int, int]] = LRUCache(_KEPT, _size)
        self._entries: LRUCache[int, Entry] = LRUCache(_ENTRIES)
        self._lock = threading.Lock()

    def of(self, name: str) -> Mapping[int, int] | None:
        """The masks of that name, such as those of a facet by its values, if they are kept."""
        with self._lock:
            return self._kept.get(name)

    def keep(self, name: str, made: Mapping[int, int]) -> None:
        """Keeps masks; those that would be too much alone are left out."""
        with self._lock, suppress(ValueError):
            self._kept[name] = made

    def named(self, numbers: Collection[int], look: Callable[[list[int]], list[Entry]]) -> dict[int, Entry]:
        """The values of a facet of some numbers; those that are not kept are looked up."""
        with self._lock:
            known = {number: entry for number in numbers if (entry := self._entries.get(number)) is not None}
        new = {entry.id: entry for entry in look([number for number in numbers if number not in known])}
        with self._lock:
            self._entries.update(list(new.items())[:_ENTRIES])
        return known | new


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
        for some in parts([value for (value,) in self._counts(_WITHOUT_MASK, (facet, facet, facet))]):
            sql = f"SELECT target, thing FROM link WHERE facet = ? AND target IN ({marks(some)})"
            for value, thing in self._rows(sql, (facet, *some)):
                if thing >> 3 < len(bits) and bits[thing >> 3] >> (thing & 7) & 1:
                    counts[value] += 1
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def of_years(self, kind: str, start: int | None, end: int | None) -> int:
        """The things of a kind whose date touches some years: a bit for each."""
        kept = self._of_file()
        begun, ended = kept.of(f"-begun {kind}"), kept.of(f"-ended {kind}")
        if begun is None or ended is None:
            begun, ended = self._years_of(kind)
            kept.keep(f"-begun {kind}", begun)
            kept.keep(f"-ended {kind}", ended)
        mask = reduce(or_, (some for year, some in begun.items() if end is None or year <= end), 0)
        return mask if start is None else mask & reduce(or_, (some for year, some in ended.items() if year >= start), 0)

    def _years_of(self, kind: str) -> tuple[dict[int, int], dict[int, int]]:
        """The masks of the things of a kind by the year in which they began, and by that in which they ended."""
        begun: dict[int, int] = {}
        ended: dict[int, int] = {}
        for start, end, things in self._rows(_YEARS, (kind,)):
            mask = masks.mask_of(masks.numbers_in(things))
            begun[start] = begun.get(start, 0) | mask
            ended[_OPEN if end is None else end] = ended.get(_OPEN if end is None else end, 0) | mask
        return begun, ended

    def named(self, values: Collection[int], entries: Callable[[list[int]], list[Entry]]) -> list[Entry]:
        """The values of a facet of some numbers, in that order, which *entries* looks up."""
        found = self._of_file().named(values, entries)
        return [found[value] for value in values if value in found]

    def _many(self, facet: str) -> Mapping[int, int]:
        """The masks of a facet, unpacked once for a file: some 20 KB for each of some hundred values."""
        unpacked = self._of_file()
        kept = unpacked.of(facet)
        if kept is None:
            rows = self._rows("SELECT target, bits FROM mask WHERE facet = ?", (facet,))
            kept = {value: masks.unpacked(bits) for value, bits in rows}
            unpacked.keep(facet, kept)
        return kept

    def _of_file(self) -> _Masks:
        path = self._file.at_hand()
        if self._unpacked[0] != path:
            self._unpacked = path, _Masks()
        return self._unpacked[1]

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
