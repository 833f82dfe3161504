"""Which things somebody asks for by slugs and IRIs, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pyoxigraph import NamedNode

from kgcompare.catalogue.descriptions import Descriptions
from kgcompare.rdf.graph import Graph, node_of
from kgcompare.rdf.namespaces import Base, is_foreign_slug, is_safe_iri, is_slug
from kgcompare.schema.shapes import Shapes
from kgcompare.search import Index


class Shelves(Protocol):
    """What is looked up in a generation of a catalogue."""

    base: Base
    shapes: Shapes
    descriptions: Descriptions

    @property
    def index(self) -> Index:
        """The derived index."""
        ...

    @property
    def there(self) -> Index | None:
        """The derived index, unless it is being made."""
        ...


def records(place: Shelves, wanted: Sequence[str], cls: str) -> tuple[dict[str, str], dict[str, Graph]]:
    """What was asked for -> IRI, and IRI -> description, of what there is of a class.

    :raises StoreError: if the store cannot be read.
    """
    guesses = {name: _guess(place, name, cls) for name in wanted}
    # What stands outside of the base is sought first, so that all are read together.
    outside = _located(place, [name for name in wanted if is_slug(name) and is_foreign_slug(name)], cls)
    graphs = place.descriptions.records([thing for thing in (*guesses.values(), *outside.values()) if thing])
    graphs = {thing: graph for thing, graph in graphs.items() if cls in graph.types(node_of(thing))}
    guesses |= {name: thing for name, thing in outside.items() if guesses[name] not in graphs}
    open_slugs = [name for name, guess in guesses.items() if guess not in graphs and is_slug(name)]
    if any(map(is_foreign_slug, open_slugs)):
        place.index.counts()  # where it is being made, nothing can be said of these
    if located := _located(place, open_slugs, cls):
        guesses |= located
        graphs |= place.descriptions.records(list(located.values()))
    return {name: thing for name, thing in guesses.items() if thing and thing in graphs}, graphs


def _located(place: Shelves, slugs: Sequence[str], cls: str) -> dict[str, str]:
    """Where the index has what is called by some slugs."""
    index = place.there if slugs else None
    if index is None:
        return {}
    located = index.of_class(cls, slugs)
    kind = place.shapes.kind_of_class(cls)
    alone = {name: index.find(kind, name) for name in slugs if name not in located}
    return located | {name: entry.iri for name, entry in alone.items() if entry}


def _guess(place: Shelves, name: str, cls: str) -> str | None:
    if is_slug(name):
        return place.base.record(place.shapes.kind_of_class(cls), name)
    return name if is_safe_iri(name) and len(name) < 2000 and _is_iri(name) else None


def _is_iri(text: str) -> bool:
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True
