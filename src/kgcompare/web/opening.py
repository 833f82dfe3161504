"""Opens the catalogue that a server is about."""

from __future__ import annotations

from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.others import others_in
from kgcompare.errors import StoreError
from kgcompare.sandbox.parsing import parsed
from kgcompare.schema.given import given_triples
from kgcompare.store import Store
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.settings import Settings

_PATIENCE = 1.0
"""Seconds that a page waits for an index that is being made; a small one is made by then."""


def catalogue_of(settings: Settings) -> Catalogue:
    """The catalogue that *settings* name.

    :raises StoreError: if it cannot be opened.
    :raises ShapeError: for shapes that cannot be read.
    """
    extra = given_triples(settings.shapes, parsed)
    limits = settings.limits
    if (elsewhere := settings.elsewhere) is not None:
        store: Store = elsewhere.open(limits)
    elif settings.store is not None:
        store = EmbeddedStore(settings.store, checked=True)
    else:
        raise StoreError("name a store folder or an endpoint")
    others = others_in(settings.others, limits) if settings.others else None
    return Catalogue(
        store,
        extra_shapes=extra,
        most_described=limits.kept_descriptions,
        patience=min(limits.making_time, _PATIENCE),
        keeper=elsewhere.keeper(limits) if elsewhere is not None else None,
        others=others,
    )
