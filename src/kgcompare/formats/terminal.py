"""Comparisons and records as tables for a terminal."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from collections.abc import Sequence

from kgcompare.formats.tables import cell_text, column_name
from kgcompare.model import Comparison, Record
from kgcompare.text.languages import translate_plural


def width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _pad(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))


def _clean(text: str) -> str:
    """A text without what could steer a terminal."""
    return "".join(" " if unicodedata.category(char) in {"Cc", "Cf"} else char for char in text)


def _wrapped(text: str, columns: int) -> list[str]:
    """The lines of a text, none wider than *columns*."""
    if width(text) == len(text):
        return textwrap.wrap(text, columns) or [""]
    lines = [""]
    for word in text.split():
        if lines[-1] and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += " " + word
            continue
        if lines[-1]:
            lines.append("")
        for char in word:
            if width(lines[-1] + char) > columns:
                lines.append("")
            lines[-1] += char
    return lines


def grid(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    """Rows of cells, wrapped to the given widths; the first row is the head."""
    lines = []
    for number, row in enumerate(rows):
        wrapped = [_wrapped(_clean(cell), columns) for cell, columns in zip(row, widths, strict=True)]
        for at in range(max(len(cell) for cell in wrapped)):
            parts = [_pad(cell[at] if at < len(cell) else "", w) for cell, w in zip(wrapped, widths, strict=True)]
            lines.append("  ".join(parts).rstrip())
        if number == 0:
            lines.append("  ".join("─" * columns for columns in widths))
    return "\n".join(lines) + "\n"


def table(comparison: Comparison) -> str:
    """A comparison, as wide as the terminal: what it says in sentences, and a table with ``≠`` before a row that
    differs."""
    rows = [["", *(column_name(method) for method in comparison.methods)]]
    for heading, section in comparison.sections():
        if heading is not None:
            rows += [[""] * len(rows[0]), [heading.upper(), *[""] * len(comparison.methods)]]
        for row in section:
            mark = "≠ " if row.differs else "\u00a0\u00a0"
            rows.append([mark + row.label, *(cell_text(cell, comparison.language) for cell in row.cells)])
    first = min(28, max(width(row[0]) for row in rows))
    rest = max(18, (shutil.get_terminal_size((100, 24)).columns - first) // len(comparison.methods) - 2)
    text = grid(rows, [first, *[rest] * len(comparison.methods)])
    summary = translate_plural(
        comparison.language,
        "{differing} of {compared} compared rows differs",
        "{differing} of {compared} compared rows differ",
        comparison.differing,
        differing=comparison.differing,
        compared=comparison.compared,
    )
    wide = first + 2 + (rest + 2) * len(comparison.methods) - 2
    said = ["\n".join(_wrapped(_clean(sentence.text), wide)) for sentence in comparison.sentences]
    return "".join(f"{sentence}\n" for sentence in said) + "\n" * bool(said) + text + "\n" + summary + "\n"


def record_table(record: Record) -> str:
    """A record: a line a fact."""
    lines = [_clean(record.thing.label), _clean(record.thing.iri), ""]
    columns = shutil.get_terminal_size((100, 24)).columns
    names = [fact.label for fact in record.facts if fact.values] + [group.label for group in record.related]
    first = min(28, max((width(name) for name in names), default=10))
    for label, values in [
        *((fact.label, fact.values) for fact in record.facts if fact.values),
        *((group.label, group.values) for group in record.related),
    ]:
        text = _clean("; ".join(value.text for value in values))
        for at, line in enumerate(_wrapped(text, max(30, columns - first - 2))):
            lines.append(_pad(label if at == 0 else "", first) + "  " + line)
    return "\n".join(lines) + "\n"


def listing(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Plain rows, each column as wide as it needs to be up to what the terminal has."""
    columns = shutil.get_terminal_size((100, 24)).columns
    widths = [max(width(row[at]) for row in [header, *rows]) for at in range(len(header))]
    while sum(widths) + 2 * len(widths) > columns and max(widths) > 16:
        widths[widths.index(max(widths))] -= 1
    return grid([header, *rows], widths)


def bars(rows: Sequence[tuple[str, int]]) -> str:
    """A bar for each (name, number), the longest as wide as the terminal has room for."""
    columns = shutil.get_terminal_size((100, 24)).columns
    most = max((number for _, number in rows), default=0)
    first = min(max((width(name) for name, _ in rows), default=0), columns // 2)
    room = max(8, min(50, columns - first - len(str(most)) - 4))
    lines = []
    for name, number in rows:
        eighths = max(1, round(8 * room * number / most)) if number else 0
        bar = "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()
        head = textwrap.shorten(_clean(name), first, placeholder="…") if width(name) > first else _clean(name)
        lines.append(f"{_pad(head, first)}  {bar}{' ' if bar else ''}{number}")
    return "\n".join(lines) + "\n" if lines else ""
