"""What a generation of a catalogue says of itself, and what it is called where it does not say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from kgcompare.rdf.about import Metadata, read_about
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.licences import PUBLIC_DOMAIN, licence_name
from kgcompare.rdf.terms import KGC_METHOD
from kgcompare.schema.shapes import Shapes, bundled_shapes
from kgcompare.text.languages import best, speaks, translate

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation


def about_of(generation: Generation) -> Metadata:
    """What a catalogue says of itself; it is read once a generation.

    :raises StoreError: if the store cannot be read.
    """
    return generation.once("about", _read, settled=True)


def _read(generation: Generation) -> Metadata:
    snapshot, node = generation.snapshot, NamedNode(generation.base.catalogue)
    graph = Graph(quad.triple for quad in snapshot.graph(node.value))
    about = read_about(graph, node)
    return about if node in graph else replace(about, contact=snapshot.contact)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a catalogue says of itself as a reader of some language is told it: texts are (language, text), empty where
    it says nothing. ``name`` is its short title, or its title; one without a title is called a catalogue."""

    name: tuple[str, str]
    title: tuple[str, str]
    description: tuple[str, str]
    publisher: tuple[str, str]
    about: Metadata

    @property
    def licence(self) -> str:
        """The IRI of the licence; empty where none is stated."""
        return self.about.licence

    @property
    def is_free(self) -> bool:
        """Whether it is in the public domain, as far as the law lets it."""
        return licence_name(self.licence) in PUBLIC_DOMAIN


def spoken(about: Metadata, lang: str) -> Spoken:
    """What a catalogue says of itself to a reader of *lang*."""
    title, description, publisher = (
        best(texts, lang) or ("", "") for texts in (about.title, about.description, about.publisher)
    )
    name = best(about.short, lang) or (title if title[1] else (speaks(lang), translate(lang, "Catalogue")))
    return Spoken(name, title if title[1] else name, description, publisher, about)


def shown_targets(generation: Generation) -> list[str]:
    """The classes that shapes are about and that matter here, as pages name them.

    Every catalogue has the bundled shapes; those for classes of which one that is about something else has nothing are
    left out.

    :raises StoreError: if the store cannot be read.
    """
    targets, counts = generation.shapes.targets, generation.counts()
    if generation.main_class == KGC_METHOD:
        return list(targets)
    bundled = set(Shapes(bundled_shapes()).targets)
    return [cls for cls in targets if cls not in bundled or generation.shapes.kind_of_class(cls) in counts]
