"""A comparison as a table in HTML that stands by itself: in a notebook, or in a file."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from kgcompare.formats.tables import STATUS, column_name
from kgcompare.model import Cell, Comparison, Row
from kgcompare.rdf.literals import without_controls
from kgcompare.text.languages import direction, translate, translate_plural

_STYLE = (
    "table.kgcompare{border-collapse:collapse;font:15px/1.5 system-ui,sans-serif}"
    ".kgcompare th,.kgcompare td{border-bottom:1px solid #c9c2b4;padding:.4em .8em;text-align:start;"
    "vertical-align:top;max-width:34em}"
    ".kgcompare th[scope=rowgroup]{padding-top:1.4em;font-size:.9em;letter-spacing:.03em}"
    ".kgcompare tr[data-differs=true]>th{border-inline-start:3px solid #9a5b13}"
    ".kgcompare tr[data-differs=true]{background:#f6ead6;color:#201a10}"
)


def comparison_html(comparison: Comparison) -> str:
    """A comparison as a table with its style, and nothing around it."""
    heads = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_lang(method.lang, comparison.language), column_name(method))
        for method in comparison.methods
    )
    body = Markup("").join(_section(comparison, heading, rows) for heading, rows in comparison.sections())
    caption = translate_plural(
        comparison.language,
        "{differing} of {compared} compared rows differs",
        "{differing} of {compared} compared rows differ",
        comparison.differing,
        differing=comparison.differing,
        compared=comparison.compared,
    )
    said = Markup("").join(
        Markup("<p{}>{}</p>\n").format(_lang(sentence.lang, comparison.language), sentence.text)
        for sentence in comparison.sentences
    )
    table = Markup(
        '<style>{}</style>\n{}<table class="kgcompare" lang="{}" dir="{}">\n<caption>{}</caption>\n'
        "<thead><tr><td></td>{}</tr></thead>\n{}</table>\n"
    ).format(Markup(_STYLE), said, comparison.language, direction(comparison.language), caption, heads, body)
    return without_controls(table)


def _section(comparison: Comparison, heading: str | None, rows: Sequence[Row]) -> Markup:
    """Rows as a part of the table, under their heading."""
    head = Markup('<tr><th scope="rowgroup" colspan="{}">{}</th></tr>\n').format(len(comparison.methods) + 1, heading)
    lines = Markup("").join(
        Markup('<tr data-row="{}" data-differs="{}"><th scope="row">{}{}</th>{}</tr>\n').format(
            row.id,
            "" if row.differs is None else str(row.differs).lower(),
            row.label,
            " ≠" if row.differs else "",
            Markup("").join(_cell(cell, comparison.language) for cell in row.cells),
        )
        for row in rows
    )
    return Markup("<tbody>\n{}{}</tbody>\n").format(head if heading is not None else "", lines)


Comparison.notebook = comparison_html


def html_page(comparison: Comparison) -> str:
    """The table as a page of its own."""
    title = without_controls(" · ".join(method.label for method in comparison.methods))
    return Markup(
        '<!doctype html>\n<html lang="{}" dir="{}">\n<meta charset="utf-8">\n<title>{}</title>\n{}</html>\n'
    ).format(comparison.language, direction(comparison.language), title, Markup(comparison_html(comparison)))


def _lang(tag: str | None, around: str) -> Markup:
    return Markup(' lang="{}" dir="{}"').format(tag, direction(tag)) if tag and tag != around else Markup("")


def _cell(cell: Cell, lang: str) -> Markup:
    if cell.text is None:
        return Markup('<td data-status="{}"><em>{}</em></td>').format(cell.status, translate(lang, STATUS[cell.status]))
    tags = {value.lang for value in cell.values}
    tag = tags.pop() if len(tags) == 1 else None
    return Markup("<td{}>{}</td>").format(_lang(tag, lang), escape(cell.text))
