"""Comparisons that people ask for."""

from __future__ import annotations

from kgcompare import resources
from kgcompare.catalogue.values import Reader
from kgcompare.model import Thing
from kgcompare.web.request import current


def examples(lang: str) -> list[tuple[Thing, ...]]:
    """Comparisons that people ask for, of those whose things are all in the catalogue; none where that is unknown."""
    rows = resources.example_comparisons()
    generation = current()
    if (index := generation.there) is None:
        return []
    entries = index.of_class(generation.main_class, sorted({slug for row in rows for slug in row}))
    reader = Reader(lang, generation.descriptions.things(entries.values()))

    def thing(slug: str) -> Thing:
        tag, label = reader.label(entries[slug])
        return Thing(slug, entries[slug], generation.main_kind, label, tag)

    return [tuple(map(thing, row)) for row in rows if all(slug in entries for slug in row)]
