"""What changes did to a record, as people read it: row by row, with the names of things."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode, Quad

from kgcompare.catalogue.comparison import names_in
from kgcompare.catalogue.past import history_of
from kgcompare.catalogue.record import DOCUMENT
from kgcompare.catalogue.values import Reader
from kgcompare.errors import UnknownThing
from kgcompare.model import Value
from kgcompare.rdf.graph import Graph, Node, structure_key
from kgcompare.rdf.namespaces import iri, is_slug, local_name
from kgcompare.rdf.terms import (
    DCTERMS_CREATOR,
    DCTERMS_SOURCE,
    KGC_ABSENCE,
    KGC_COMPARISON_KEY,
    KGC_ORIGIN_END,
    KGC_ORIGIN_START,
    LABELS,
    RDF_OBJECT,
    RDF_SUBJECT,
    RDF_TYPE,
)
from kgcompare.text.languages import best, normalise, translate

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation
    from kgcompare.store.history import Logged

_DERIVED = {KGC_COMPARISON_KEY, KGC_ORIGIN_END, KGC_ORIGIN_START, DCTERMS_CREATOR}
"""What follows from other statements, and changes with them."""
NAMED = {iri(name).value: message for name, message in DOCUMENT.items()} | {
    RDF_TYPE: "Class",
    KGC_ABSENCE: "Known not to be there",
    RDF_SUBJECT: "Source of a statement",
}
"""What rows are called that no shape names, in English; the keys to their translations."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """What a change took from a row of a record, and put there. ``lang`` is the language of the ``label``. ``about``
    names what it is said of, where that is not the thing of the record."""

    label: str
    lang: str
    about: str
    removed: tuple[Value, ...]
    added: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class StoryStep:
    """A change of a record: who did what, when, and what became different. ``done`` is None for a record that was there
    when its history begins."""

    logged: Logged
    done: str | None
    differences: tuple[RowChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """A record's changes, the newest first: its IRI, its name in ``lang``, whether it is ``there`` now, and the number
    from which on there are ``more`` (0: none)."""

    iri: str
    label: str
    lang: str | None
    there: bool
    steps: tuple[StoryStep, ...]
    more: int = 0


def story_of(generation: Generation, kind: str, slug: str, lang: str, *, most: int = 20, before: int = 0) -> Story:
    """The changes of the record at ``/KIND/SLUG``, of one that is removed too; those whose number is below *before*.

    :raises UnknownThing: if there is and was none, or no history is kept.
    :raises UsageError: for an ill-formed *lang*.
    :raises StoreError: if the store cannot be read.
    """
    history, lang = history_of(generation), normalise(lang)
    thing, there = thing_at(generation, kind, slug)
    name = generation.base.document(thing)
    found = history.steps(name, most=most + 1, before=before)
    if not there and not found:
        raise UnknownThing(f"there is and was no {kind[:40]} {slug[:80]!r} in the catalogue", (slug,))
    now = generation.snapshot.graph(name)
    newest = history.since(found[0][0], [name]).get(name, now) if found else now
    states = [_graph(quads) for quads in (newest, *(said for _, said in found))]
    named = names_in({str(place): graph for place, graph in enumerate(states)})
    reader = Reader(lang, generation.descriptions.things(named))
    shown = next((graph for graph in states if graph.subjects()), Graph())
    tag, label = _name(shown, thing, lang)
    steps = [
        StoryStep(logged, logged.done, tuple(_differences(generation, reader, thing, *states[at : at + 2])))
        for at, (logged, _) in enumerate(found[:most])
    ]
    if len(found) <= most and not (found and found[-1][0].done == "added"):
        steps.append(StoryStep(history.first(), None))
    return Story(thing, label, tag, there, tuple(steps), found[most - 1][0].number if len(found) > most else 0)


def thing_at(generation: Generation, kind: str, slug: str) -> tuple[str, bool]:
    """The IRI of the thing at an address, and whether it is there now.

    :raises UnknownThing: if there can be none.
    """
    try:
        return generation.locate(kind, slug)[0], True
    except UnknownThing:
        if not (is_slug(kind) and is_slug(slug)):
            raise
        return generation.base.record(kind, slug), False


def _graph(quads: Iterable[Quad]) -> Graph:
    return Graph(quad.triple for quad in quads)


def _name(graph: Graph, thing: str, lang: str) -> tuple[str | None, str]:
    """(language, name) of a thing by what its document says."""
    found = (best(graph.texts(NamedNode(thing), label), lang) for label in LABELS)
    tag, text = next(filter(None, found), ("", local_name(thing)))
    return tag or None, text


_Said = dict[tuple[NamedNode, str], dict[str, "Value"]]
"""What a document says: the values by what they are compared by, of each subject and predicate."""


def _said(reader: Reader, graph: Graph) -> _Said:
    said: _Said = {}
    for subject in graph.subjects():
        if isinstance(subject, NamedNode):
            for predicate, terms in graph.description(subject).items():
                if predicate not in _DERIVED:
                    values = said.setdefault((subject, predicate), {})
                    values.update({reader.key(graph, term): reader.value(graph, term) for term in terms})
        else:
            for about in graph.objects(subject, RDF_SUBJECT):
                if isinstance(about, NamedNode):
                    key = structure_key(graph, subject)
                    said.setdefault((about, RDF_SUBJECT), {})[key] = _sourced(reader, graph, subject, key)
    return said


def _sourced(reader: Reader, graph: Graph, statement: Node, key: str) -> Value:
    """How a statement about a fact reads: the value, and where it comes from."""
    terms = [*graph.objects(statement, RDF_OBJECT), *graph.objects(statement, DCTERMS_SOURCE)]
    return Value(key, " – ".join(reader.value(graph, term).text for term in terms))


def _differences(generation: Generation, reader: Reader, thing: str, now: Graph, was: Graph) -> Iterator[RowChange]:
    """What is different between two states of a document, the thing's own rows first and in the shape's order."""
    shapes, node = generation.shapes, NamedNode(thing)
    cls = shapes.class_among((now if now.types(node) else was).types(node))
    rows = {row.path.predicate: row for row in shapes.fields(cls) if row.path.predicate}
    order = [RDF_TYPE, *rows]
    before, after = _said(reader, was), _said(reader, now)

    def place(pair: tuple[NamedNode, str]) -> tuple[bool, int, str, str]:
        subject, predicate = pair
        number = order.index(predicate) if predicate in order else len(order)
        return subject != node, number, subject.value, predicate

    for subject, predicate in sorted({*before, *after}, key=place):
        old, new = before.get((subject, predicate), {}), after.get((subject, predicate), {})
        removed = tuple(value for key, value in old.items() if key not in new)
        added = tuple(value for key, value in new.items() if key not in old)
        if removed or added:
            lang, label = rows[predicate].label(reader.lang) if predicate in rows else (reader.lang, "")
            label = label or _called(generation, predicate, reader.lang)
            about = "" if subject == node else _about(generation, reader, thing, subject)
            yield RowChange(label, lang or reader.lang, about, removed, added)


def _called(generation: Generation, predicate: str, lang: str) -> str:
    """What a predicate is called that no row is for."""
    if predicate in NAMED:
        return translate(lang, NAMED[predicate])
    label = generation.shapes.relation_label(predicate, lang)
    return label if label != local_name(predicate) else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).lower()


def _about(generation: Generation, reader: Reader, thing: str, subject: NamedNode) -> str:
    """What something is said of that is not the thing of the record itself."""
    if subject.value == generation.base.document(thing):
        return translate(reader.lang, "This record")
    return reader.label(subject.value)[1]
