"""What a comparison comes to, in a line: what search engines and messages show of its page."""

from __future__ import annotations

from kgcompare.model import Comparison
from kgcompare.text import languages

_BRIEF = 40
"""Characters of a value that the description of a page may repeat."""


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
