"""All that is said of one thing, as its page and its JSON show it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue import comparison
from kgcompare.catalogue.descriptions import Descriptions
from kgcompare.catalogue.sources import is_source
from kgcompare.catalogue.values import Reader
from kgcompare.model import Fact, Group, Record, Thing, Value
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import PREFIXES, Base, iri, local_name
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import SKOS_EDITORIAL_NOTE
from kgcompare.schema import vocabulary
from kgcompare.schema.shapes import Shapes
from kgcompare.store import Snapshot
from kgcompare.text import languages
from kgcompare.text.folding import fold
from kgcompare.text.languages import best

_SHOWN = 200
_MANY = 1000
"""Things of a group from which on only those that are shown are read."""
DOCUMENT = {
    "dcterms:created": "Created",
    "dcterms:modified": "Changed",
    "kgc:checked": "Checked",
    "dcterms:date": "Checked on",
    "prov:wasAttributedTo": "By",
    "prov:wasDerivedFrom": "Derived from",
    "dcterms:license": "Licence",
}


class Home(Protocol):
    """What a record needs of the catalogue that it stands in."""

    @property
    def snapshot(self) -> Snapshot:
        """The data."""
        ...

    @property
    def base(self) -> Base:
        """The base IRI of the records."""
        ...

    @property
    def shapes(self) -> Shapes:
        """What there is to say of the things of each class."""
        ...

    @property
    def descriptions(self) -> Descriptions:
        """What is said of each thing."""
        ...

    def first_by_name(self, things: Collection[str], lang: str, most: int) -> list[str]:
        """The first of some things by their names."""
        ...

    def locate(self, kind: str, slug: str) -> tuple[str, Graph]:
        """The IRI and the description of the thing at an address."""
        ...

    def addresses(self, things: Iterable[str]) -> dict[str, tuple[str, str]]:
        """IRI -> (kind, slug)."""
        ...

    def thing(self, reader: Reader, thing: str, graph: Graph, addresses: Mapping[str, tuple[str, str]]) -> Thing:
        """A thing as the head of its page names it."""
        ...


def record_of(home: Home, kind: str, slug: str, lang: str) -> Record:
    """All that is said of the thing at ``/KIND/SLUG``.

    :raises UnknownThing: if there is none; it says what is near.
    :raises UsageError: for an ill-formed *lang*.
    :raises StoreError: if the store cannot be read.
    """
    thing, graph = home.locate(kind, slug)
    node = NamedNode(thing)
    pointing = home.snapshot.select(load("pointing_in").bind(thing=[node])).rows
    cls = home.shapes.class_among(graph.types(node))
    groups = _grouped(home, cls, graph, node, pointing, lang)
    shown = {other for group in groups for other in group.shown}
    left_out = {other for group in groups for other in group.others} - shown
    named = comparison.names_in({thing: graph}) - left_out | shown | {thing}
    reader = Reader(lang, home.descriptions.things(named))
    notes = best(_tagged(graph, node, SKOS_EDITORIAL_NOTE), lang)
    return Record(
        thing=home.thing(reader, thing, graph, home.addresses([thing]) or {thing: (kind, slug)}),
        language=lang,
        facts=_facts(home.shapes, cls, reader, graph, thing),
        related=_groups(home.shapes, reader, graph, groups),
        notes=tuple(notes[1]) if notes else (),
        document=_document(home, thing, lang),
        csl=reader.csl(node) if is_source(graph, thing) else None,
    )


def _facts(shapes: Shapes, cls: str, reader: Reader, graph: Graph, thing: str) -> tuple[Fact, ...]:
    facts = []
    for shape in shapes.fields(cls):
        if not shape.names:
            continue
        tag, label = shape.label(reader.lang)
        had, terms = comparison.recorded(reader, shape, graph, thing)
        shown = comparison.cell(reader, shape, graph, thing, had, terms)
        described = best(shape.descriptions, reader.lang)
        facts.append(
            Fact(
                shape.id or local_name(shape.iri),
                label,
                tag,
                shown.values,
                shown.status,
                described[1] if described else None,
                shape.id is not None and not (shape.where_recorded and had.status == "not-recorded"),
                shape.kind,
                shape.shown,
            )
        )
    return tuple(facts)


@dataclass(frozen=True, slots=True)
class _Linked:
    """What a thing is linked with by a relation: all that, and those of them of which the first are shown."""

    relation: str
    inverse: bool
    others: Collection[str]
    shown: Collection[str]


def _grouped(
    home: Home, cls: str, graph: Graph, node: NamedNode, pointing: Sequence[tuple[Term | None, ...]], lang: str
) -> list[_Linked]:
    """What a thing is linked with, by relation: typed links first, and plain ones where no typed one says as much."""
    shapes = home.shapes
    typed, links = shapes.typed_links(cls), shapes.links(cls)
    ends = _ends(shapes, (*typed, *links), graph, node, pointing)
    told = {other for (relation, _), others in ends.items() if relation in typed for other in others}
    for link in links:
        for inverse in (False, True):
            plain = ends.get((link, inverse), {})
            ends[link, inverse] = {other: None for other in plain if other not in told}
            told |= plain.keys()
    places = {relation: place for place, relation in enumerate(typed)}
    groups = []
    for relation, inverse in sorted(ends, key=lambda end: (places.get(end[0], len(typed)), end[1], end[0])):
        others = ends[relation, inverse]
        shown = others if len(others) <= _MANY else home.first_by_name(others, lang, _SHOWN)
        groups.append(_Linked(relation, inverse, others, shown))
    return groups


def _groups(shapes: Shapes, reader: Reader, graph: Graph, groups: Sequence[_Linked]) -> tuple[Group, ...]:
    """What a thing is linked with, as its page has it."""
    related = []
    for group in groups:
        values = [reader.value(graph, NamedNode(other)) for other in group.shown]
        values.sort(key=lambda value: (fold(value.text), value.key))
        if values:
            name = local_name(group.relation) + ("-inverse" if group.inverse else "")
            label = shapes.relation_label(group.relation, reader.lang, inverse=group.inverse)
            more = max(0, len(group.others) - _SHOWN)
            related.append(Group(name, label, tuple(values[:_SHOWN]), more))
    return tuple(related)


def _ends(
    shapes: Shapes, relations: Sequence[str], graph: Graph, node: NamedNode, pointing: Sequence[tuple[Term | None, ...]]
) -> dict[tuple[str, bool], dict[str, None]]:
    """(relation, whether it is read backwards) -> the IRIs that it leads to, in order of appearance."""
    ends: dict[tuple[str, bool], dict[str, None]] = {}
    for relation in relations:
        for other in graph.iris(node, relation):
            ends.setdefault((relation, False), {})[other] = None
    led: dict[str, dict[str, None]] = {}
    for predicate, subject in pointing:
        if isinstance(predicate, NamedNode) and isinstance(subject, NamedNode):
            led.setdefault(predicate.value, {})[subject.value] = None
    for relation, others in led.items():
        if relation in relations or relation in shapes.inverse_labels:
            ends.setdefault((relation, not shapes.is_symmetric(relation)), {}).update(others)
    return ends


def _document(home: Home, thing: str, lang: str) -> tuple[Fact, ...]:
    document = home.base.document(thing)
    graph = home.descriptions.describe([document])[document]
    reader = Reader(lang, home.descriptions.things(comparison.names_in({document: graph})))
    facts = []
    for name, message in DOCUMENT.items():
        values = []
        for term in graph.objects(NamedNode(document), iri(name).value):
            value = reader.value(graph, term)
            if isinstance(term, NamedNode) and term.value.startswith(PREFIXES["kgc"]):
                value = replace(value, text=vocabulary.label(term.value, lang), url=None)
            values.append(value)
        if values:
            facts.append(Fact(local_name(iri(name).value), languages.translate(lang, message), lang, tuple(values)))
    return tuple(facts)


def _tagged(graph: Graph, node: NamedNode, predicate: str) -> dict[str, list[Value]]:
    texts: dict[str, list[Value]] = {}
    for term in graph.objects(node, predicate):
        if isinstance(term, Literal):
            texts.setdefault(term.language or "", []).append(Value(str(term), term.value, term.language))
    return texts
