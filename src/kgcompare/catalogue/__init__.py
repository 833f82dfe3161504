"""A catalogue that follows its store, and the ways to open one."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

from pyoxigraph import Triple

from kgcompare.catalogue.generation import Generation
from kgcompare.catalogue.others import Others
from kgcompare.errors import EndpointError, StoreError
from kgcompare.model import Comparison, Record, Thing
from kgcompare.rdf.namespaces import DEFAULT_BASE, is_web
from kgcompare.search import Filter, Keeper
from kgcompare.store import Results, Snapshot, Store
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from kgcompare.text.languages import DEFAULT


class Catalogue:
    """A catalogue that follows its store: every call sees the newest generation.

    ``with`` closes what it opened, and removes what a throw-away catalogue made. *most_described* is how many bytes
    things' descriptions may take in memory; *patience* for how many seconds somebody waits for an index that has to be
    made (None: for as long as it takes). *others* are the catalogues that are asked for what a comparison names by its
    IRI and is not here. *keeper* sees to the index of an endpoint, which stays between starts; without
    one it is made anew, and goes with this object.
    """

    def __init__(
        self,
        store: Store,
        *,
        extra_shapes: Sequence[Triple] = (),
        scratch: Path | None = None,
        most_described: int = 64 << 20,
        patience: float | None = None,
        others: Others | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self.store = store
        self._others = others
        self._extra = tuple(extra_shapes)
        self._scratch = scratch
        self._most_described = most_described
        self._patience = patience
        self._keeper = keeper
        self._lock = threading.Lock()
        self._newest: Generation | None = None

    def generation(self) -> Generation:
        """The newest generation; the one before, where an endpoint does not give another.

        :raises StoreError: if the store cannot be read.
        """
        snapshot, newest = self.store.snapshot(), self._newest
        if newest is None or not self._is_newest(newest, snapshot):
            newest = self._renewed(newest)
        newest.see_to_index()
        return newest

    def _renewed(self, known: Generation | None) -> Generation:
        """The newest generation, made where it is another than the known one; that, while an endpoint is asked."""
        if not self._lock.acquire(blocking=known is None or not self.store.is_elsewhere):
            return cast("Generation", known)  # somebody asks the endpoint already
        try:
            generation, snapshot = self._newest, self.store.snapshot()  # another thread may have seen a newer one
            if generation is None or generation.snapshot is not snapshot:
                before = generation
                generation = Generation(
                    self.store, snapshot, self._extra, self._most_described, self._patience, keeper=self._keeper
                )
                generation.others = self._others
                if before is not None:
                    generation.follow(before)
            elif not self._is_newest(generation, snapshot):
                generation = generation.again()
            self._newest = generation
            return generation
        except EndpointError:
            if known is None:
                raise
            return known
        finally:
            self._lock.release()

    def _is_newest(self, generation: Generation, snapshot: Snapshot) -> bool:
        """Whether a generation is that of a snapshot, with the index that is there."""
        same = generation.snapshot is snapshot
        return same and (self._keeper is None or generation.index_stamp == self._keeper.stamp)

    def opened(self) -> Generation | None:
        """The newest generation, if it is open already: never waits."""
        generation = self._newest
        try:
            snapshot = self.store.opened()
        except StoreError:
            return None
        known = generation is not None and snapshot is not None and self._is_newest(generation, snapshot)
        return generation if known else None

    def compare(
        self,
        ids: Iterable[str],
        lang: str = DEFAULT,
        *,
        only_differences: bool = False,
        cls: str | None = None,
        rows: str = "",
    ) -> Comparison:
        """Things side by side; see :meth:`Generation.compare`."""
        return self.generation().compare(ids, lang, only_differences=only_differences, cls=cls, rows=rows)

    def method(self, slug: str, lang: str = DEFAULT) -> Record:
        """All that is said of a method, or of another thing of the main kind; see :meth:`Generation.record`."""
        generation = self.generation()
        return generation.record(generation.main_kind, slug, lang)

    def search(self, text: str, lang: str = DEFAULT, *, most: int = 20, **facets: str) -> tuple[Thing, ...]:
        """The things of the main kind that match some words best; facets are slugs: ``domain=``, ``family=`` ..."""
        return self.generation().search(Filter(text, facets=facets), lang, most=most).things

    def query(self, sparql: str) -> Results:
        """Answers a query of your own.

        :raises QueryError: if it is malformed.
        :raises StoreError: if the store cannot be read.
        """
        return self.generation().snapshot.query(sparql)

    def close(self) -> None:
        """Lets go of the store and of all that is open of it, and removes a throw-away one.

        Whoever asks it, or what it gave, for more afterwards gets a StoreError.
        """
        with self._lock:
            newest, self._newest = self._newest, None
            self.store.close()
        if newest is not None:
            newest.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_catalogue(place: str | Path, *, base: str = DEFAULT_BASE, timeout: float = 30.0) -> Catalogue:
    """The catalogue in a store folder or behind a SPARQL endpoint's address. *timeout* is in seconds.

    ``with`` closes it, as :meth:`Catalogue.close` does; the folder may be moved or removed then.

    :raises StoreError: if it cannot be reached or used.
    """
    if is_web(str(place)):
        return Catalogue(RemoteStore(str(place), base, timeout))
    return Catalogue(EmbeddedStore(Path(place)))
