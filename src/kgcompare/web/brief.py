"""What is said in a line: what a comparison comes to, and how many suggestions there are."""

from __future__ import annotations

from kgcompare.model import Comparison
from kgcompare.text import languages

_BRIEF = 40
"""Characters of a value that the description of a page may repeat."""
_SUGGESTED = 8
"""Completions that page.js asks for."""


def in_brief(lang: str, comparison: Comparison) -> str:
    """What differs between what is compared, in a line; what is compared, where nothing does."""
    names = " · ".join(thing.label for thing in comparison.methods)
    if not comparison.differing:
        return languages.translate(lang, "Comparison: {names}", names=names)
    said = languages.translate_plural(
        lang,
        "{differing} of {compared} compared rows differs",
        "{differing} of {compared} compared rows differ",
        comparison.differing,
        differing=comparison.differing,
        compared=comparison.compared,
    )
    apart = [(row.label, [_brief(cell.text) for cell in row.cells]) for row in comparison.rows if row.differs]
    brief = [(label, " – ".join(filter(None, texts))) for label, texts in apart]
    listed = " · ".join(
        languages.translate(lang, "{facet}: {value}", facet=label, value=text) if text else label
        for label, text in sorted(brief, key=lambda pair: not pair[1])
    )
    return f"{names}. " + languages.translate(lang, "{facet}: {value}", facet=said, value=listed)


def _brief(text: str | None) -> str:
    return text if text and len(text) <= _BRIEF else ""


def suggestions(lang: str) -> list[str]:
    """What is said of each number of completions that there can be."""
    some = [
        languages.translate_plural(lang, "{count} suggestion", "{count} suggestions", count)
        for count in range(1, _SUGGESTED + 1)
    ]
    return [languages.translate(lang, "No suggestion"), *some]
