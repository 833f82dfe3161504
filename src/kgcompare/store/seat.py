"""Where a catalogue lives: a store's folder, or an endpoint. Who writes to it need not know which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kgcompare.errors import StoreError
from kgcompare.rdf.namespaces import DEFAULT_BASE, checked_base
from kgcompare.store.base import Seat, Store, Writing
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.folder import Folder
from kgcompare.store.remote import RemoteStore
from kgcompare.store.remote_writer import writing_at
from kgcompare.store.writer import create, writing


@dataclass(frozen=True, slots=True)
class FolderSeat:
    """A store's folder."""

    path: Path

    def exists(self) -> bool:
        """Whether there is a store."""
        return Folder(self.path).exists()

    def create(self, base: str = DEFAULT_BASE, *, bare: bool = False) -> None:
        """Makes an empty store; see :func:`~kgcompare.store.writer.create`."""
        create(self.path, base, bare=bare)

    def writing(self, patience: float | None = None) -> AbstractContextManager[Writing]:
        """Writes to it; see :func:`~kgcompare.store.writer.writing`."""
        return writing(self.path, patience)

    def reading(self) -> AbstractContextManager[Store]:
        """Opens it for reading."""
        return closing(EmbeddedStore(self.path))

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class EndpointSeat:
    """An endpoint; ``make`` gives the store, and can be sent to another process."""

    make: Callable[[], RemoteStore]

    def exists(self) -> bool:
        """Whether there is a graph under the base, or the mark of a writer."""
        with closing(self.make()) as store:
            at = store.present()
            return at.is_marked or at.has_graphs()

    def create(self, base: str = DEFAULT_BASE, *, bare: bool = False) -> None:
        """Looks that no catalogue is there yet: the first one who writes makes it.

        :raises StoreError: if there is one, or it is to be of another base than that which the endpoint is read by.
        """
        del bare
        with closing(self.make()) as store:
            if checked_base(base) != store.base.value:
                raise StoreError(
                    f"{store.endpoint.url} is read as a catalogue of <{store.base.value}>, not of <{base}>"
                )
            if self.exists():
                raise StoreError(
                    f"there is a catalogue of <{base}> at {store.endpoint.url} already; kgcompare describe changes "
                    "what it says of itself"
                )

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[Writing]:
        """Writes to it; see :func:`~kgcompare.store.remote_writer.writing_at`."""
        with closing(self.make()) as store, writing_at(store, patience) as writer:
            yield writer

    def reading(self) -> AbstractContextManager[Store]:
        """Opens it for reading."""
        return closing(self.make())

    def __str__(self) -> str:
        return self.make().endpoint.url


def seat_of(place: Path | Seat) -> Seat:
    """Where a catalogue lives, of which a folder may be given."""
    return FolderSeat(place.absolute()) if isinstance(place, Path) else place
