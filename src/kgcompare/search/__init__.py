"""The derived index: names, facets and sort keys of one generation, in SQLite with FTS5.

It is made from the store and can be made again at any time. SPARQL answers what a record says; the index
answers what a list needs: the best matches for some words, the page after a record, counts by facet.

Source: SQLite FTS5 (unicode61 tokens without diacritics, BM25 ranking); keyset paging.
"""

from kgcompare.search.building import build, builder, updater
from kgcompare.search.entries import Entry, Filter
from kgcompare.search.file import DerivedFile
from kgcompare.search.index import Index

__all__ = ["DerivedFile", "Entry", "Filter", "Index", "build", "builder", "updater"]
