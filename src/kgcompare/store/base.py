"""The one Protocol of stores.

A store hands out snapshots; a snapshot is one generation of the data and never changes, so that a request
that takes one sees the same data from beginning to end, and everything made from it can be cached by
generation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pyoxigraph import Quad, RdfFormat, Triple

from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base
from kgcompare.rdf.sameness import outline
from kgcompare.store.circuit import Outage
from kgcompare.store.history import HISTORY_BYTES, Deed, History, Occasion
from kgcompare.store.layout import Description
from kgcompare.store.looking import LookUp


@dataclass(frozen=True, slots=True)
class Solutions:
    """Answer of a SELECT: variable names without ``?``, and a tuple of terms (None where unbound) a solution."""

    variables: tuple[str, ...]
    rows: list[tuple[Term | None, ...]]


@dataclass(frozen=True, slots=True)
class Statements:
    """Answer of a CONSTRUCT or DESCRIBE."""

    triples: list[Triple]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Answer of an ASK."""

    value: bool


Results = Solutions | Statements | Verdict

CLOSED = "this catalogue is closed; open it again to ask it more"
"""What is said to whoever asks a store, or what was taken from it, after its end."""


class PassOn(Protocol):
    """Has a query of a stranger, which was screened, answered where the data are.

    It is given the parameters of the protocol that name its dataset, and how many bytes the answer may have.
    """

    def __call__(self, query: str, dataset: Sequence[tuple[str, str]], most_bytes: int) -> Results:
        """The answer.

        :raises QueryError: if the query is refused.
        :raises EndpointError: if there is no answer; Overrun if not in the caller's time.
        """
        ...


class Snapshot(Protocol):
    """One generation of a catalogue, for reading."""

    @property
    def generation(self) -> str:
        """Names this state of the data; equal names mean equal data."""
        ...

    @property
    def base(self) -> Base:
        """The base IRI of the catalogue's records."""
        ...

    @property
    def contact(self) -> str:
        """To whom mistakes are told, in a store that was made before catalogues said it themselves; empty in others."""
        ...

    @property
    def path(self) -> Path | None:
        """The folder that another process can open to read the same; None where the data are elsewhere."""
        ...

    @property
    def index_path(self) -> Path | None:
        """Where the derived index of this generation is or may be; None where none comes with the data."""
        ...

    @property
    def keeps_shapes(self) -> bool:
        """Whether vocabulary and shapes stand in it, as graphs of their own."""
        ...

    @property
    def shapes_since(self) -> str:
        """The generation that changed the shapes last: where two name the same, they keep the same shapes. Empty where
        it is not known."""
        ...

    @property
    def rewrites(self) -> bool:
        """Whether what was written may come back in other words: with other blank nodes, or ``1`` for ``true``."""
        ...

    @property
    def history(self) -> History | None:
        """What it knows of the changes before it; None where none are kept with the data."""
        ...

    def query(self, query: str) -> Results:
        """Answers a query over the union of all graphs, or over the dataset that the query itself names.

        :raises QueryError: if it is malformed or fails.
        :raises StoreError: if the store cannot be read; EndpointError for an endpoint.
        """
        ...

    def select(self, query: str) -> Solutions:
        """Answers a SELECT.

        :raises QueryError: if it is malformed, fails or is another kind of query.
        :raises StoreError: if the store cannot be read.
        """
        ...

    @property
    def pass_on(self) -> PassOn | None:
        """Answers strangers' queries where the data are elsewhere; None where they are at :attr:`path`."""
        ...

    @property
    def look_up(self) -> LookUp | None:
        """Looks statements up, where that is quicker than a query; None where it is not."""
        ...

    def graph(self, name: str) -> list[Quad]:
        """The statements of one named graph.

        :raises StoreError: if the store cannot be read.
        """
        ...

    def prefetch(self, names: Collection[str]) -> None:
        """Says which graphs will be asked for, so that they are read in few questions where each would be a request.

        :raises StoreError: if the store cannot be read.
        """
        ...

    def graphs(self) -> list[str]:
        """The names of the named graphs.

        :raises StoreError: if the store cannot be read.
        """
        ...

    def quads(self) -> Iterator[Quad]:
        """All statements with their graphs, but for those of the history.

        :raises StoreError: if the store cannot be read.
        """
        ...

    def copy_to(self, path: Path) -> None:
        """Makes a store of the engine of it, in a folder that is not there yet.

        :raises StoreError: if the store cannot be read, or the copy not be made.
        :raises Unavailable: if there is too much of it.
        """
        ...

    def dump(self, path: Path) -> None:
        """Writes all statements but those of the history to a file, with their graphs, as N-Quads.

        :raises StoreError: if the store cannot be read, or the file not be written.
        """
        ...


def state_of(snapshot: Snapshot, document: str) -> str:
    """Names what a document's graph says: equal names mean equal statements. Empty where it says nothing.

    :raises StoreError: if the store cannot be read.
    """
    quads = snapshot.graph(document)
    triples = [quad.triple for quad in quads]
    statements = outline(triples) if snapshot.rewrites else sorted(map(str, triples))
    return hashlib.sha256("\n".join(statements).encode("utf-8", "surrogatepass")).hexdigest() if statements else ""


Prepare = Callable[[Snapshot, Path], None]
"""Makes the derived index of a new generation at a path."""
Lend = Callable[[str, Path], AbstractContextManager[Snapshot | None]]
"""Moves the derived index of an earlier generation, named, to a path where it may be changed, and gives that
generation; None where it cannot be had."""


class Store(Protocol):
    """A catalogue's data, newest generation first."""

    @property
    def identity(self) -> str:
        """Tells this store from every other one."""
        ...

    def snapshot(self) -> Snapshot:
        """The newest generation: whoever asks after it was published gets it.

        :raises StoreError: if the store cannot be reached, or is closed.
        :raises Unavailable: if it takes too long to open.
        """
        ...

    def opened(self) -> Snapshot | None:
        """The newest generation, if it is open already: never waits.

        :raises StoreError: if the store cannot be reached.
        """
        ...

    @property
    def is_elsewhere(self) -> bool:
        """Whether the data are at an endpoint, which may keep one waiting."""
        ...

    @property
    def outage(self) -> Outage | None:
        """Why nothing new can be read at present; None where that is not known, as in a store on this machine."""
        ...

    def look_again(self) -> None:
        """Has the next :meth:`snapshot` be the newest generation, as who has just written expects."""
        ...

    def expect(self, generation: str | None) -> None:
        """Opens a generation that is about to be published, where that takes long, so that nobody waits for it when it
        is; None where none is any more: one that never was is let go of."""
        ...

    def close(self) -> None:
        """Lets go of what is open; nothing can be asked of it afterwards."""
        ...


Read = Callable[[str], list[Quad]]
"""Gives what a graph, named, says in the newest generation."""


class Writing(Protocol):
    """A store for the one who writes, while he holds its lock; nothing is seen by readers until it is published."""

    @property
    def about(self) -> Description:
        """What the store says of itself."""
        ...

    def latest(self) -> Snapshot | None:
        """The newest generation, which cannot change while the lock is held; None in a store that never had one.

        :raises StoreError: if it cannot be read.
        """
        ...

    def add(self, quads: Iterable[Quad], read: Read | None = None) -> None:
        """Adds statements, all or none of them; *read* as for :meth:`replace`."""
        ...

    def load(self, path: Path, media: RdfFormat) -> None:
        """Adds a file of quads exactly as it is.

        :raises SyntaxFault: if it cannot be read.
        """
        ...

    def replace(self, graphs: dict[str, list[Quad]], read: Read | None = None) -> None:
        """Replaces whole graphs; an empty list removes one and its name. *read* is given by those who have read already
        what they replace, so that the history does not read it again."""
        ...

    def publish(self, prepare: Prepare, occasion: Occasion | None = None, keep: int = HISTORY_BYTES) -> str:
        """Makes what was written the next generation; returns that generation's name.

        *prepare* makes the derived index, where one comes with the store. The history, which takes no more than *keep*
        bytes, has the *occasion*.

        :raises StoreError: if it cannot be written; the generation before stays.
        """
        ...

    @property
    def joins(self) -> bool:
        """Whether several changes can be published together."""
        ...

    def publish_together(self, prepare: Prepare, deeds: Sequence[Deed], keep: int = HISTORY_BYTES) -> str:
        """The same with several changes, each of documents of its own, where the store *joins* them; or with one.

        To the history each makes a generation of its own; only the last is one that is read.
        """
        ...

    def lend(self, generation: str, path: Path) -> AbstractContextManager[Snapshot | None]:
        """An earlier generation whose index is moved to *path*, as :data:`Lend` has it."""
        ...


class Seat(Protocol):
    """Where a catalogue lives, for whoever makes it, writes to it or reads it; can be sent to another process."""

    def exists(self) -> bool:
        """Whether there is a catalogue.

        :raises StoreError: if that cannot be found out.
        """
        ...

    def create(self, base: str = DEFAULT_BASE, *, bare: bool = False) -> None:
        """Makes an empty store.

        :raises StoreError: if there is one already, or if it cannot be made.
        :raises UsageError: if *base* cannot be one.
        """
        ...

    def writing(self, patience: float | None = None) -> AbstractContextManager[Writing]:
        """Holds the store's lock and writes to it.

        :raises Busy: if another one holds it for longer than *patience* (seconds; None: however long it takes).
        :raises StoreError: if the store cannot be used.
        """
        ...

    def reading(self) -> AbstractContextManager[Store]:
        """The store for reading.

        :raises StoreError: if it cannot be used.
        """
        ...
