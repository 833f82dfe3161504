"""Opens the catalogue that a server is about."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.others import others_in
from kgcompare.errors import Damaged, StoreError
from kgcompare.sandbox.parsing import parsed
from kgcompare.schema.given import given_triples
from kgcompare.store import Store
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.files import LOG
from kgcompare.web.settings import Settings

_PATIENCE = 1.0
"""Seconds that a page waits for an index that is being made; a small one is made by then."""
_AFTER = 1.0
"""Seconds after which files are read in the background: until then whoever asks for a page has the processor alone."""


def catalogue_of(settings: Settings, at_damage: Callable[[Damaged], None] | None = None) -> Catalogue:
    """The catalogue that *settings* name. The files of a folder are compared with their check sums before they are
    read; those that nobody has written to since a little later, where somebody is told *at_damage*.

    :raises StoreError: if it cannot be opened.
    :raises ShapeError: for shapes that cannot be read.
    """
    extra = given_triples(settings.shapes, parsed)
    limits = settings.limits
    if (elsewhere := settings.elsewhere) is not None:
        store: Store = elsewhere.open(limits)
    elif settings.store is not None:
        store = here = EmbeddedStore(settings.store, checked=True, hurried=at_damage is not None)
        if at_damage is not None:
            later = threading.Timer(_AFTER, _check, (here, at_damage))
            later.daemon = True
            later.start()
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


def _check(store: EmbeddedStore, at_damage: Callable[[Damaged], None]) -> None:
    try:
        store.check()
    except Damaged as fault:
        at_damage(fault)
    except StoreError as fault:  # whoever asks for it is told
        LOG.warning("kgcompare: %s", fault)
