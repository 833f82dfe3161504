"""Comparisons as CSV, TSV and Markdown; lists as CSV.

Source: RFC 4180 (CSV); GitHub Flavored Markdown, sections 4.10 (tables) and 6.8 (autolinks); OWASP on CSV injection.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from kgcompare.model import Cell, Comparison, Row, Thing
from kgcompare.text.languages import translate

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
STATUS = {"not-recorded": "not recorded", "none": "none", "unknown": "unknown", "unavailable": "no answer"}
"""What is said of a cell without values, in English; the key to its translations."""


def column_name(thing: Thing) -> str:
    """The name at the head of a column, with that of the catalogue that it comes from if it is another one."""
    return f"{thing.label} [{thing.whence.name}]" if thing.whence else thing.label


def csv_text(comparison: Comparison, delimiter: str = ",") -> str:
    """A line a row: ``row,differs,SLUG,SLUG...``; empty where nothing is recorded.

    A cell that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(["row", "differs", *(method.id for method in comparison.methods)])
    for row in comparison.rows:
        mark = "" if row.differs is None else str(row.differs).lower()
        writer.writerow([row.id, mark, *(harmless(cell.text or "") for cell in row.cells)])
    return out.getvalue()


def list_csv(things: Sequence[Thing], facets: Sequence[str]) -> str:
    """A line a thing of a list: its slug, name, IRI and date, its values in each of the *facets*, what it is.

    Several values stand beside each other with semicolons. A cell that a spreadsheet would run as a formula gets a
    leading apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["id", "label", "iri", "date", *facets, "description"])
    for thing in things:
        values = ["; ".join(thing.facets.get(facet, ())) for facet in facets]
        cells = [thing.id, thing.label, thing.iri, thing.date or "", *values, thing.description or ""]
        writer.writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def cell_text(cell: Cell, lang: str) -> str:
    """The text of a cell, or in words that there is none."""
    return translate(lang, STATUS[cell.status]) if cell.text is None else cell.text


_ADDRESS = re.compile(r"https?://[^\s<>|\\`]*[^\s<>|\\`.,:;!?)\]'\"*_~]")
"""An address in a text, without the signs of the sentence around it."""


def markdown(comparison: Comparison) -> str:
    """What the comparison says in sentences, and a table: a line for each heading, ``≠`` after the name of a row that
    differs.

    Addresses stand in angle brackets, which make them links.
    """
    heads = ["", *(_marked(column_name(method)) for method in comparison.methods)]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for heading, rows in comparison.sections():
        if heading is not None:
            lines.append("| " + " | ".join([f"***{_marked(heading)}***", *[""] * len(comparison.methods)]) + " |")
        lines += ["| " + " | ".join(_cells(row, comparison.language)) + " |" for row in rows]
    said = "".join(f"{_marked(sentence.text)}\n\n" for sentence in comparison.sentences)
    return said + "\n".join(lines) + "\n"


def _cells(row: Row, lang: str) -> list[str]:
    """The name of a row and its cells."""
    name = f"**{_marked(row.label)}**" + (" ≠" if row.differs else "")
    cells = [
        _marked(cell.text) if cell.text is not None else f"*{_marked(cell_text(cell, lang))}*" for cell in row.cells
    ]
    return [name, *cells]


def _marked(text: str) -> str:
    """A text that Markdown reads as it is, its addresses as links."""
    pieces, at = [], 0
    for found in _ADDRESS.finditer(text):
        address = found[0]
        if text[found.end() :].startswith(")") and address.count("(") > address.count(")"):
            address += ")"
        pieces += [_plain(text[at : found.start()]), f"<{address}>"]
        at = found.start() + len(address)
    return "".join([*pieces, _plain(text[at:])])


def _plain(text: str) -> str:
    text = re.sub(r"([\\`*_\[\]<>|~#&])", r"\\\1", text)
    return re.sub(r"[\r\n]+", "<br>", text)
