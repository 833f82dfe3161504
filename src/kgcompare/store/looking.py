"""Looking statements up, where that is quicker than a query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from pyoxigraph import NamedNode, Quad

from kgcompare.rdf.graph import Node, Term


class LookUp(Protocol):
    """Gives statements of a store."""

    def __call__(
        self, subject: Node | None, predicate: NamedNode | None, value: Term | None, most: int | None = None
    ) -> Iterator[Quad]:
        """The statements of all graphs with a subject, a predicate and an object; None for any. One that several graphs
        have comes as often. No more than *most*, if that is given.

        :raises StoreError: if the store cannot be read.
        """
        ...
