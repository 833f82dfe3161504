"""The figures to be reached, and whether rows of a run reach them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from measures import Row

FULL = 100_000
"""The size at which figures count, unless they say otherwise."""
COLD, SERVED, PAGE = "comparison of 5, cold, embedded", "comparison of 5, cold, through HTTP", "the same as a page"
RATE, LOADER = "bulk import without validation", "the engine's own loader"


@dataclass(frozen=True, slots=True)
class Figure:
    """A bound: at most, or at least, some value at some size; without a size at every one."""

    bound: float
    least: bool = False
    size: int | None = FULL

    def says(self, unit: str) -> str:
        """As the table has it."""
        return f"{'>=' if self.least else '<='} {self.bound:,g} {unit}".rstrip()

    def reached(self, value: float) -> bool:
        """Whether a value is within it."""
        return value >= self.bound if self.least else value <= self.bound


FIGURES: dict[str, Figure] = {
    COLD: Figure(5),
    SERVED: Figure(8),
    PAGE: Figure(12),
    "times as fast as oxigraph serve": Figure(1, least=True),
    "times as fast as Virtuoso 7": Figure(3, least=True),
    "times as fast as rdflib in memory": Figure(30, least=True, size=10_000),
    "times as fast as rdflib-endpoint": Figure(30, least=True, size=10_000),
    f"growth of: {COLD}": Figure(0.2, size=None),
    "kept comparison as JSON": Figure(200, least=True, size=None),
    "the same in gzip": Figure(200, least=True, size=None),
    "the same as a page in gzip": Figure(65, least=True, size=None),
    "unchanged (304)": Figure(200, least=True, size=None),
    "unchanged (304), in gzip": Figure(200, least=True, size=None),
    "two processes beside one": Figure(1.7, least=True, size=None),
    "two processes beside one, cold pages": Figure(1.7, least=True, size=None),
    "page N of the sorted list": Figure(1),
    "search, best 20": Figure(5),
    "search with a slip, best 20": Figure(30),
    "completion by prefix": Figure(2),
    "completion with a slip": Figure(5),
    "facet counts": Figure(10),
    "facet counts, the first time": Figure(100),
    RATE: Figure(200_000, least=True),
    "of the loader's own rate": Figure(85, least=True),
    "bulk import, peak memory": Figure(2048),
    "size of the store": Figure(1000),
    "bulk validation": Figure(30, size=10_000),
    "bulk validation, all of it": Figure(900),
    "one edited record: validated, on disk, readable": Figure(100),
    "edits a second, kept up": Figure(19.5, least=True),
    "start of the server to its first page": Figure(0.6),
    "reconciliation, ten names": Figure(100),
    "reconciliation, ten names misspelt": Figure(300),
    "reconciliation, the first of a generation": Figure(1000),
    "the report": Figure(20),
    "memory of the server after mixed requests": Figure(600),
}
"""By what is measured. Of the rate of an import and of the loader's own one suffices."""


def told(row: Row) -> tuple[str, str]:
    """The figure of a row, and whether it is reached; empty where it has none at its size."""
    figure = FIGURES.get(row.what)
    if figure is None or figure.size not in {None, row.size}:
        return "", ""
    return figure.says(row.unit), "yes" if figure.reached(row.value) else "**no**"


def derived(rows: Sequence[Row]) -> Iterator[Row]:
    """What follows from the rows of a run: how many times as fast as each peer, of the loader's rate, and growth."""
    found = {(row.what, row.size): row.value for row in rows}
    for row in rows:
        name, comma, query = row.what.partition(", ")
        if comma and query.endswith(".rq") and row.value:
            beside = COLD if name == "rdflib in memory" else SERVED
            own = found.get((beside, row.size)) or found.get((COLD, row.size))
            if own:
                how = "embedded" if (beside, row.size) not in found or beside == COLD else "through HTTP, both"
                yield Row(f"times as fast as {name}", row.size, row.value / own, "", note=how)
        if row.what == RATE and (alone := found.get((LOADER, row.size))):
            yield Row("of the loader's own rate", row.size, row.value / alone * 100, "%")
    for what in (COLD, SERVED):
        sizes = sorted((row.size, row.value) for row in rows if row.what == what)
        if len(sizes) > 1:
            (least, first), (most, last) = sizes[0], sizes[-1]
            power = math.log(last / first) / math.log(most / least)
            yield Row(f"growth of: {what}", most, power, "exponent", note=f"from {least:,} methods")
