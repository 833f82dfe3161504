"""Comparisons that people ask for."""

from __future__ import annotations

from kgcompare import resources
from kgcompare.catalogue.values import Reader
from kgcompare.model import Thing
from kgcompare.rdf.terms import KGC_METHOD
from kgcompare.web.request import current


def examples(lang: str) -> list[tuple[Thing, ...]]:
    """Comparisons that people ask for, of those whose methods are all in the catalogue."""
    rows = resources.example_comparisons()
    entries = current().index.of_class(KGC_METHOD, sorted({slug for row in rows for slug in row}))
    reader = Reader(lang, current().descriptions.things(entries.values()))
    found = []
    for row in rows:
        if all(slug in entries for slug in row):
            things = []
            for slug in row:
                tag, label = reader.label(entries[slug])
                things.append(Thing(slug, entries[slug], "method", label, tag))
            found.append(tuple(things))
    return found
