"""What a finder counts: things that have some values and not others, and how many have each value besides.

A value is chosen with all that are narrower, so it is a set of targets here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kgcompare.search.entries import Entry
from kgcompare.search.file import IndexFile
from kgcompare.text.folding import fold
from kgcompare.text.languages import speaks


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value that things shall have in a facet, or shall not where *without*: the numbers of it and of what is
    narrower."""

    facet: str
    targets: tuple[int, ...]
    without: bool = False


class Choices(IndexFile):
    """The part of an index that a finder asks."""

    def number_chosen(self, kind: str, chosen: Iterable[Chosen]) -> int:
        """How many things of a kind fulfil what was chosen."""
        where, values = _where(kind, chosen)
        return int(self._counts(f"SELECT count(*) FROM thing t WHERE {where}", values)[0][0])

    def page_chosen(
        self, kind: str, chosen: Iterable[Chosen], lang: str, most: int, after: Entry | None = None
    ) -> list[int]:
        """The numbers of the first things that fulfil what was chosen, of those *after* a thing, by their names in
        *lang*."""
        where, values = _where(kind, chosen)
        keys = " AND (e.sort, e.thing) > (?, ?)" if after else ""
        sql = (
            f"SELECT e.thing FROM entry e JOIN thing t ON t.id = e.thing "
            f"WHERE e.lang = ? AND e.kind = ?{keys} AND {where} ORDER BY e.sort, e.thing LIMIT ?"
        )
        place = [fold(after.label(lang)[1]), after.id] if after else []
        return [row[0] for row in self._rows(sql, [speaks(lang), kind, *place, *values, most])]

    def values_of(self, facet: str) -> list[int]:
        """The numbers of the values that things have in a facet."""
        return [row[0] for row in self._counts("SELECT DISTINCT target FROM link WHERE facet = ?", (facet,))]

    def numbers(self, iris: Collection[str]) -> dict[str, int]:
        """IRI -> number of the things among *iris* that the index knows."""
        found: dict[str, int] = {}
        asked = list(iris)
        for at in range(0, len(asked), 500):
            part = asked[at : at + 500]
            sql = f"SELECT iri, id FROM thing WHERE iri IN ({','.join('?' * len(part))})"
            found |= dict(self._rows(sql, part))
        return found

    def counts_chosen(
        self, kind: str, facet: str, chosen: Sequence[Chosen], broad: Mapping[int, Collection[int]]
    ) -> dict[int, int]:
        """How many things fulfil what was chosen and have each value of a facet besides; none without any.

        *broad* are the values that have narrower ones, each with those and itself: a thing that has several of these
        counts once.
        """
        where, values = _where(kind, chosen)
        join = f"JOIN thing t ON t.id = l.thing WHERE l.facet = ? AND {where}"
        sql = f"SELECT l.target, count(*) FROM link l {join} GROUP BY l.target"
        counts: dict[int, int] = dict(self._counts(sql, [facet, *values]))
        pairs = [
            (at, target) for at, targets in sorted(broad.items()) for target in sorted(targets) if target in counts
        ]
        if pairs:
            under = ",".join(f"({int(at)},{int(target)})" for at, target in pairs)
            sql = (
                f"WITH up(broad, target) AS (VALUES {under}) SELECT broad, count(*) FROM (SELECT DISTINCT up.broad, "
                f"l.thing FROM up CROSS JOIN link l ON l.target = up.target {join}) GROUP BY broad"
            )
            counts |= dict(self._counts(sql, [facet, *values]))
        return counts

    def number_without_any(self, kind: str, facet: str, chosen: Sequence[Chosen]) -> int:
        """How many things that fulfil what was chosen have no value at all in a facet."""
        where, values = _where(kind, chosen)
        none = "NOT EXISTS (SELECT 1 FROM link WHERE thing = t.id AND facet = ?)"
        return int(self._counts(f"SELECT count(*) FROM thing t WHERE {where} AND {none}", [*values, facet])[0][0])


def _where(kind: str, chosen: Iterable[Chosen]) -> tuple[str, list[Any]]:
    """What things ``t`` fulfil, as SQL with its values."""
    where, values = ["t.kind = ?"], [kind]
    for one in chosen:
        targets = ",".join(str(int(target)) for target in one.targets) or "NULL"
        having = f"(SELECT thing FROM link WHERE facet = ? AND target IN ({targets}))"
        where.append(f"t.id {'NOT IN' if one.without else 'IN'} {having}")
        values.append(one.facet)
    return " AND ".join(where), values
