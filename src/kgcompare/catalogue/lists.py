"""Pages of lists: what somebody's words mean, the things in order, and what the list can be narrowed by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kgcompare.catalogue import typed
from kgcompare.model import FacetValue, Page, Thing, Understood
from kgcompare.search import Entry, Filter, Index
from kgcompare.text.folding import fold


def page(
    index: Index,
    show: Callable[[Sequence[Entry], str], tuple[Thing, ...]],
    query: Filter,
    lang: str,
    sort: str,
    after: str,
    most: int,
    *,
    counted: bool,
) -> Page:
    """A page of the things of a kind that match, as *show* shows them; with counts of facets where *counted*.

    Things that the words name together are in the list alone, and as they were typed unless another order is asked for.

    :raises UsageError: for an unknown order or place.
    :raises StoreError: if the index or the store cannot be read.
    """
    meant = typed.meant(index, query, lang)
    query = meant.query
    entries, total, following = index.listing(query, lang, sort=sort, after=after, most=most)
    if meant.together and not sort:
        entries.sort(key=lambda entry: query.among.index(entry.slug))
    called = show(meant.called, lang)
    return Page(
        show(entries, lang),
        total,
        following,
        _facets(index, query, lang) if counted else {},
        show(meant.together, lang),
        called[0] if called else None,
        tuple(_understood(facet, entry, lang) for facet, entry in meant.values),
    )


def _understood(facet: str, entry: Entry, lang: str) -> Understood:
    tag, label = entry.label(lang)
    return Understood(facet, entry.slug, label, tag or None)


def _facets(index: Index, query: Filter, lang: str) -> dict[str, tuple[FacetValue, ...]]:
    """The values of each facet that things of a list have, those that most have first."""
    counted = {}
    for facet, pairs in index.facets(query).items():
        values = []
        for entry, count in pairs:
            tag, label = entry.label(lang)
            values.append(FacetValue(entry.slug, entry.iri if entry.is_thing else "", label, tag or None, count))
        counted[facet] = tuple(sorted(values, key=lambda value: (-value.count, fold(value.label))))
    return counted
