"""The table and the picture of a run: ``python bench/publish.py results.json``.

Puts the run into bench/results.json, its table into bench/README.md between two comments, and the picture, time
against size, into docs/benchmark.svg.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from figures import COLD, FIGURES, SERVED, told
from measures import Row

HERE = Path(__file__).parent
RESULTS, README, PICTURE = HERE / "results.json", HERE / "README.md", HERE.parent / "docs" / "benchmark.svg"
BEGIN, END = "<!-- made by bench/publish.py -->", "<!-- to here -->"
_NAMES = {SERVED: "kgcompare, HTTP", COLD: "kgcompare, embedded"}
_COLOURS = {
    "kgcompare, HTTP": ("#0b5cad", "#6cb6ff"),
    "kgcompare, embedded": ("#0b7a5b", "#4cc9a0"),
    "oxigraph serve": ("#8a4b00", "#e0a458"),
    "Virtuoso 7": ("#8b1a4f", "#f08bb4"),
    "rdflib in memory": ("#5b3fa0", "#b39df5"),
    "rdflib-endpoint": ("#555555", "#b0b0b0"),
}
"""By what is drawn, its colour on light and on dark ground."""
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 800, 400, 70, 220, 56, 54


def rows_of(result: Mapping[str, Any]) -> list[Row]:
    """The rows of a run."""
    return [Row(**{key: value for key, value in row.items() if key != "part"}) for row in result["rows"]]


def table(result: Mapping[str, Any]) -> str:
    """A run in Markdown: what it was made on, a row for everything measured, and what was left out."""
    rows = rows_of(result)
    sizes = sorted({row.size for row in rows})
    found = {(row.what, row.size): row for row in rows}
    order = [*FIGURES, *dict.fromkeys(row.what for row in rows)]
    lines = [_about(result), ""]
    lines.append("| what | " + " | ".join(f"{size:,} methods" for size in sizes) + " | to reach | reached | |")
    lines.append("|---|" + "--:|" * len(sizes) + "---|---|---|")
    for what in dict.fromkeys(order):
        some = [found[what, size] for size in sizes if (what, size) in found]
        if some:
            judged = [row for row in some if told(row)[0]] or some[-1:]
            figure, reached = told(judged[-1])
            cells = [_shown(found.get((what, size))) for size in sizes]
            lines.append(f"| {what} | {' | '.join(cells)} | {figure} | {reached} | {some[-1].note} |")
    missed = sum(told(row)[1] not in {"", "yes"} for row in rows)
    judged = [row for row in rows if told(row)[0]]
    lines += ["", f"{len(judged) - missed} of {len(judged)} figures are reached."]
    lines += [f"- Left out: {why}" for why in result["left out"]]
    return "\n".join(lines)


def _about(result: Mapping[str, Any]) -> str:
    before, after = result["before"], result.get("after") or result["before"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    turns = f"{before['loops']:g} and {after['loops']:g} million turns of an empty loop a second"
    machine = f"{result['cores']} cores ({result['processor']}), {result['memory']:g} GiB, {result['system']}"
    return (
        f"{result['made']}; {machine}; load {before['load']:g} before and {after['load']:g} after; {turns}. "
        f"{versions}. Medians, with the 99th percentile in brackets."
    )


def _shown(row: Row | None) -> str:
    if row is None:
        return ""
    return f"{_number(row.value)} {row.unit}".rstrip() + (f" ({_number(row.p99)})" if row.p99 is not None else "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def picture(result: Mapping[str, Any]) -> str:
    """Time against size of a cold comparison of five, of everybody, both on scales of tens, as SVG."""
    drawn: dict[str, list[Row]] = {}
    for row in rows_of(result):
        name = _NAMES.get(row.what) or row.what.partition(", ")[0]
        if name in _COLOURS and row.unit == "ms":
            drawn.setdefault(name, []).append(row)
    sizes = sorted({row.size for some in drawn.values() for row in some})
    values = [row.value for some in drawn.values() for row in some]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    plot = _Plot(sizes, low, max(high, low + 1))
    lines = [*_head(result), *plot.grid()]
    ends = {name: max(some, key=lambda row: row.size) for name, some in drawn.items()}
    heights = _apart({name: plot.y(row.value) for name, row in ends.items()})
    for number, name in enumerate(_COLOURS):
        if name in drawn:
            some = sorted(drawn[name], key=lambda row: row.size)
            points = " ".join(f"{plot.x(row.size):.1f},{plot.y(row.value):.1f}" for row in some)
            dots = "".join(f'<circle cx="{plot.x(r.size):.1f}" cy="{plot.y(r.value):.1f}" r="4"/>' for r in some)
            at = f'x="{plot.x(ends[name].size) + 12:.1f}" y="{heights[name] + 4:.1f}"'
            label = f"<text {at}>{escape(name)} {_number(ends[name].value)} ms</text>"
            lines.append(f'<g class="l{number}"><polyline points="{points}"/>{dots}{label}</g>')
    return "\n".join([*lines, "</svg>", ""])


class _Plot:
    """Where sizes and milliseconds are drawn."""

    def __init__(self, sizes: Sequence[int], low: int, high: int) -> None:
        self._sizes, self._low, self._high = sizes, low, high

    def x(self, size: int) -> float:
        """A size, on a scale of tens."""
        first, last = math.log10(self._sizes[0]), math.log10(self._sizes[-1])
        return _LEFT + 16 + (_WIDTH - _LEFT - _RIGHT - 32) * ((math.log10(size) - first) / (last - first or 1))

    def y(self, value: float) -> float:
        """Milliseconds, on a scale of tens."""
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share

    def grid(self) -> list[str]:
        """Lines and numbers of both scales."""
        lines = []
        for power in range(self._low, self._high + 1):
            y = self.y(10.0**power)
            lines.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
            lines.append(f'<text class="end" x="{_LEFT - 8}" y="{y + 4:.1f}">{10.0**power:g} ms</text>')
        for size in self._sizes:
            lines.append(f'<text class="mid" x="{self.x(size):.1f}" y="{_HEIGHT - _BOTTOM + 22}">{size:,}</text>')
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        lines.append(f'<text class="mid" x="{middle:.1f}" y="{_HEIGHT - 12}">methods in the catalogue</text>')
        return lines


def _apart(heights: Mapping[str, float], least: float = 16.0) -> dict[str, float]:
    """Heights of labels, moved down where they would stand on one another."""
    found: dict[str, float] = {}
    above = -math.inf
    for name, height in sorted(heights.items(), key=lambda one: one[1]):
        found[name] = above = max(height, above + least)
    return found


def _head(result: Mapping[str, Any]) -> list[str]:
    light = "".join(f".l{n}{{--c:{colours[0]}}}" for n, colours in enumerate(_COLOURS.values()))
    dark = "".join(f".l{n}{{--c:{colours[1]}}}" for n, colours in enumerate(_COLOURS.values()))
    style = (
        "svg{--ground:#fff;--ink:#1f2328;--grid:#d8dee4;font:13px system-ui,sans-serif}"
        "text{fill:var(--ink)}.end{text-anchor:end}.mid{text-anchor:middle}.title{font-size:15px;font-weight:600}"
        ".grid{stroke:var(--grid)}polyline{fill:none;stroke:var(--c);stroke-width:2}circle{fill:var(--c)}"
        f"g text{{fill:var(--c)}}{light}"
        f"@media(prefers-color-scheme:dark){{svg{{--ground:#0d1117;--ink:#e6edf3;--grid:#30363d}}{dark}}}"
    )
    title = "What a comparison of five methods takes that nobody has asked for before"
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="t d">',
        f'<title id="t">{title}</title>',
        f'<desc id="d">Medians by size of the catalogue, {escape(result["made"])}, {result["cores"]} cores. '
        "The numbers stand in bench/README.md.</desc>",
        f"<style>{style}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="var(--ground)"/>',
        f'<text class="title" x="{_LEFT}" y="30">{title}</text>',
    ]


def filled(page: str, result: Mapping[str, Any]) -> str:
    """bench/README.md with the table of a run in it."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{README} has no {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{table(result)}\n\n{END}{tail}"


def main() -> None:
    """Publishes a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", default=RESULTS)
    source = parser.parse_args().results
    result = json.loads(source.read_text(encoding="utf-8"))
    if source.resolve() != RESULTS:
        shutil.copyfile(source, RESULTS)
    README.write_text(filled(README.read_text(encoding="utf-8"), result), encoding="utf-8")
    PICTURE.write_text(picture(result), encoding="utf-8")


if __name__ == "__main__":
    main()
