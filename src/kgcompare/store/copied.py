"""Copies of what an endpoint says: in memory for engines that answer many questions worse than one, or in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph
from pyoxigraph import NamedNode, Quad

from kgcompare.store.base import Results
from kgcompare.store.checkpoint import answered, engine


class Copy:
    """Statements that answer queries as an embedded store does; may be used by any number of threads."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        """Takes the statements, blank nodes with the labels that they have.

        :raises StoreError: if they cannot be had.
        """
        self._store = pyoxigraph.Store()
        self._store.bulk_extend(quads)

    def query(self, query: str) -> Results:
        """Answers a query over the union of all graphs, or over the dataset that the query itself names.

        :raises QueryError: if it is malformed or fails.
        """
        return answered(self._store, query)

    def graph(self, name: NamedNode) -> list[Quad]:
        """The statements of one named graph."""
        with engine("the copy of an endpoint cannot be read"):
            return list(self._store.quads_for_pattern(None, None, None, name))

    def quads(self) -> Iterator[Quad]:
        """All statements."""
        with engine("the copy of an endpoint cannot be read"):
            yield from self._store


def copy_into(path: Path, quads: Iterable[Quad]) -> None:
    """Makes a store of statements in a folder that is not there yet.

    :raises StoreError: if they cannot be had, or not be written.
    """
    statements = list(quads)
    with engine(f"{path} cannot be written"):
        store = pyoxigraph.Store(str(path))
        store.bulk_extend(statements)
        store.flush()
