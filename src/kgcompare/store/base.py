"""The one Protocol of stores.

A store hands out snapshots; a snapshot is one generation of the data and never changes, so that a request
that takes one sees the same data from beginning to end, and everything made from it can be cached by
generation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pyoxigraph import BlankNode, NamedNode, Quad, Triple

from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import Base
from kgcompare.store.circuit import Outage
from kgcompare.store.history import History


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


LookUp = Callable[[NamedNode | BlankNode | None, NamedNode | None, Term | None], Iterator[Quad]]
"""The statements of all graphs with a subject, a predicate and an object; None for any. One that several graphs have
comes as often.

:raises StoreError: if the store cannot be read.
"""


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

    def dump(self, path: Path) -> None:
        """Writes all statements but those of the history to a file, with their graphs, as N-Quads.

        :raises StoreError: if the store cannot be read, or the file not be written.
        """
        ...


def state_of(snapshot: Snapshot, document: str) -> str:
    """Names what a document's graph says: equal names mean equal statements. Empty where it says nothing.

    :raises StoreError: if the store cannot be read.
    """
    statements = sorted(str(quad.triple) for quad in snapshot.graph(document))
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

    def close(self) -> None:
        """Lets go of what is open; nothing can be asked of it afterwards."""
        ...
