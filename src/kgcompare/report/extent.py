"""What the catalogue is as a dataset: how much it says of what, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from kgcompare.rdf.queries import load

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a dataset is: statements by predicate, things by class and documents by licence (all by IRI), and
    the date (YYYY-MM-DD) of its latest change, None where no record says."""

    predicates: Mapping[str, int]
    classes: Mapping[str, int]
    licences: Mapping[str, int]
    modified: str | None

    @property
    def statements(self) -> int:
        """How many statements there are, those of the vocabulary and the shapes among them."""
        return sum(self.predicates.values())


def measure(generation: Generation) -> Extent:
    """Counts a whole catalogue; takes seconds where that has millions of statements.

    :raises StoreError: if the store cannot be read.
    """
    dates = generation.snapshot.select(load("dataset_modified").text).rows
    modified = dates[0][0].value[:10] if dates and dates[0][0] is not None else None
    predicates, classes, licences = (
        _counted(generation, f"dataset_{name}") for name in ("predicates", "classes", "licences")
    )
    return Extent(predicates, classes, licences, modified)


def _counted(generation: Generation, query: str) -> dict[str, int]:
    rows = generation.snapshot.select(load(query).text).rows
    return {what.value: int(count.value) for what, count in rows if isinstance(what, NamedNode) and count is not None}


def changes(generation: Generation, things: list[str]) -> dict[str, str]:
    """IRI of a thing -> date (YYYY-MM-DD) when its document was made or last changed, of those that say so.

    :raises StoreError: if the store cannot be read.
    """
    documents = {generation.base.document(thing): thing for thing in things}
    rows = generation.snapshot.select(load("changes").bind(document=map(NamedNode, documents))).rows
    return {documents[of.value]: when.value[:10] for of, when in rows if of is not None and when is not None}
