"""What a finder asks of the index: which things have which values of a facet, and pages of things by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from kgcompare.search.entries import Entry
from kgcompare.search.file import IndexFile
from kgcompare.text.folding import fold
from kgcompare.text.languages import speaks


class Choices(IndexFile):
    """The part of an index that a finder asks."""

    def of_kind(self, kind: str) -> list[int]:
        """The numbers of the things of a kind, in order."""
        return [row[0] for row in self._rows("SELECT id FROM thing WHERE kind = ? ORDER BY id", (kind,))]

    def values_of(self, facet: str, most: int) -> list[int]:
        """The numbers of the values that things have in a facet, *most* of them."""
        sql = "SELECT DISTINCT target FROM link WHERE facet = ? LIMIT ?"
        return [row[0] for row in self._rows(sql, (facet, most))]

    def holders(self, facet: str, values: Collection[int]) -> Iterator[tuple[int, list[int]]]:
        """Each of some values of a facet, and the numbers of the things that have it."""
        for value in values:
            rows = self._rows("SELECT thing FROM link WHERE facet = ? AND target = ?", (facet, value))
            yield value, [row[0] for row in rows]

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
