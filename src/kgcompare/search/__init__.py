"""The derived index: names, facets and sort keys of one generation, in SQLite with FTS5.

It is made from the store and can be made again at any time. SPARQL answers what a record says; the index
answers what a list needs: the best matches for some words, the page after a record, counts by facet.

:mod:`kgcompare.search.matching` is the one matcher of what people type, :mod:`kgcompare.search.wording` says what
stands in the index for it.

Source: SQLite FTS5; keyset paging.
"""

from kgcompare.search.endpoint import Keeper, ShelfPlace
from kgcompare.search.entries import Entry, Filter
from kgcompare.search.facts import Reading
from kgcompare.search.file import DerivedFile
from kgcompare.search.following import MOST_FOLLOWED, changed_since, last_step, updater
from kgcompare.search.index import Index
from kgcompare.search.making import build, build_of, builder
from kgcompare.search.places import KeptPlace, Origin

__all__ = [
    "MOST_FOLLOWED",
    "DerivedFile",
    "Entry",
    "Filter",
    "Index",
    "Keeper",
    "KeptPlace",
    "Origin",
    "Reading",
    "ShelfPlace",
    "build",
    "build_of",
    "builder",
    "changed_since",
    "last_step",
    "updater",
]
