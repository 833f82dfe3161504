"""What the catalogue is as a dataset: how much it says of what, and since when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import RDF_TYPE
from kgcompare.store.answers import counted_number

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a dataset is, without its history: statements by predicate, things by class and documents by licence
    (all by IRI), and the date (YYYY-MM-DD) of its latest change, None where no record says."""

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
    predicates -= Counter(quad.predicate.value for quad in generation.snapshot.graph(generation.base.history_graph))
    classes -= classes_in_history(generation)
    return Extent(predicates, classes, licences, modified)


def classes_in_history(generation: Generation) -> Counter[str]:
    """How many things of each class (its IRI) the graph of the history speaks of: none of them is a record.

    :raises StoreError: if the store cannot be read.
    """
    said = {
        (quad.subject, quad.object.value)
        for quad in generation.snapshot.graph(generation.base.history_graph)
        if quad.predicate.value == RDF_TYPE and isinstance(quad.object, NamedNode)
    }
    return Counter(cls for _, cls in said)


def _counted(generation: Generation, query: str) -> Counter[str]:
    rows = generation.snapshot.select(load(query).text).rows
    return Counter(
        {w.value: counted_number(count) for w, count in rows if isinstance(w, NamedNode) and count is not None}
    )


def changes(generation: Generation, things: list[str]) -> dict[str, str]:
    """IRI of a thing -> date (YYYY-MM-DD) when its document was made or last changed, of those that say so.

    :raises StoreError: if the store cannot be read.
    """
    documents = {generation.base.document(thing): thing for thing in things}
    rows = generation.snapshot.select(load("changes").bind(document=map(NamedNode, documents))).rows
    return {documents[of.value]: when.value[:10] for of, when in rows if of is not None and when is not None}
