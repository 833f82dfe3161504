"""All that is said of one thing, as its page and its JSON show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue import comparison
from kgcompare.catalogue.descriptions import is_source
from kgcompare.catalogue.values import Reader
from kgcompare.model import Fact, Group, Record, Value
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import PREFIXES, iri, local_name
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import (
    BIBO_AUTHOR_LIST,
    BIBO_EDITOR_LIST,
    DCTERMS_CREATOR,
    DCTERMS_SUBJECT,
    DCTERMS_TYPE,
    KGC_ALTERNATIVE_TO,
    KGC_FAMILY,
    KGC_FOUNDING_SOURCE,
    KGC_METHOD,
    KGC_OFTEN_CONFUSED_WITH,
    KGC_RELATED,
    SKOS_BROADER,
    SKOS_EDITORIAL_NOTE,
)
from kgcompare.schema import vocabulary
from kgcompare.text import languages
from kgcompare.text.folding import fold
from kgcompare.text.languages import best

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation

_SHOWN = 200


def record_of(generation: Generation, kind: str, slug: str, lang: str) -> Record:
    """All that is said of the thing at ``/KIND/SLUG``.

    :raises UnknownThing: if there is none; it says what is near.
    :raises UsageError: for an ill-formed *lang*.
    :raises StoreError: if the store cannot be read.
    """
    thing, graph = generation.locate(kind, slug)
    node = NamedNode(thing)
    pointing = generation.snapshot.select(load("pointing_in").bind(thing=[node])).rows
    others = {row[1].value for row in pointing if row[1] is not None}
    reader = Reader(lang, generation.descriptions.things(comparison.names_in({thing: graph}) | others | {thing}))
    cls = _class(generation, graph, node)
    facts = []
    for shape in generation.shapes.fields(cls):
        if not shape.names:
            continue
        tag, label = shape.label(lang)
        had, terms = comparison.recorded(reader, shape, graph, thing)
        shown = comparison.cell(reader, shape, graph, thing, had, terms)
        described = best(shape.descriptions, lang)
        facts.append(
            Fact(
                shape.id or local_name(shape.iri),
                label,
                tag,
                shown.values,
                shown.status,
                described[1] if described else None,
                shape.id is not None,
            )
        )
    notes = best(_tagged(graph, node, SKOS_EDITORIAL_NOTE), lang)
    return Record(
        thing=generation.thing(reader, thing, graph, generation.addresses([thing]) or {thing: (kind, slug)}),
        language=lang,
        facts=tuple(facts),
        related=_groups(reader, graph, thing, pointing),
        notes=tuple(notes[1]) if notes else (),
        document=_document(generation, thing, lang),
        csl=reader.csl(node) if is_source(graph, thing) else None,
    )


def _class(generation: Generation, graph: Graph, node: NamedNode) -> str:
    types = graph.types(node)
    if KGC_METHOD in types:
        return KGC_METHOD
    return next((target for target in generation.shapes.targets if target in types), "")


def _groups(reader: Reader, graph: Graph, thing: str, pointing: Sequence[tuple[object, ...]]) -> tuple[Group, ...]:
    typed = vocabulary.typed_relations()
    related = KGC_RELATED
    node = NamedNode(thing)
    ends: dict[tuple[str, bool], dict[str, None]] = {}
    for predicate in (*typed, related):
        for other in graph.iris(node, predicate):
            ends.setdefault((predicate, False), {})[other] = None
    for predicate_term, subject in pointing:
        if isinstance(predicate_term, NamedNode) and isinstance(subject, NamedNode):
            predicate = predicate_term.value
            if predicate in _SYMMETRIC:
                ends.setdefault((predicate, False), {})[subject.value] = None
            elif predicate in typed or predicate == related or predicate in _POINTING:
                ends.setdefault((predicate, True), {})[subject.value] = None
    said = {other for (p, _), others in ends.items() if p in typed for other in others}
    for inverse in (False, True):
        plain = ends.get((related, inverse), {})
        ends[related, inverse] = {other: None for other in plain if other not in said}
        said |= plain.keys()
    groups = []
    for (predicate, inverse), others in sorted(ends.items(), key=lambda item: _rank(item[0], typed)):
        values = sorted((reader.value(graph, NamedNode(o)) for o in others), key=lambda v: fold(v.text))
        if values:
            label = (
                languages.translate(reader.lang, _POINTING[predicate])
                if predicate in _POINTING
                else vocabulary.label(predicate, reader.lang, inverse=inverse)
            )
            name = local_name(predicate) + ("-inverse" if inverse else "")
            groups.append(Group(name, label, tuple(values[:_SHOWN]), max(0, len(values) - _SHOWN)))
    return tuple(groups)


def _document(generation: Generation, thing: str, lang: str) -> tuple[Fact, ...]:
    document = generation.base.document(thing)
    graph = generation.descriptions.describe([document])[document]
    reader = Reader(lang, generation.descriptions.things(comparison.names_in({document: graph})))
    facts = []
    for name, message in _DOCUMENT.items():
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
    found: dict[str, list[Value]] = {}
    for term in graph.objects(node, predicate):
        if isinstance(term, Literal):
            found.setdefault(term.language or "", []).append(Value(str(term), term.value, term.language))
    return found


def _rank(key: tuple[str, bool], typed: Sequence[str]) -> tuple[int, bool]:
    predicate, inverse = key
    return (typed.index(predicate) if predicate in typed else len(typed)), inverse


_SYMMETRIC = {KGC_ALTERNATIVE_TO, KGC_OFTEN_CONFUSED_WITH}
_POINTING = {
    DCTERMS_CREATOR: "Originator of",
    BIBO_AUTHOR_LIST: "Author of",
    BIBO_EDITOR_LIST: "Editor of",
    KGC_FOUNDING_SOURCE: "Founding source of",
    DCTERMS_SUBJECT: "Methods",
    KGC_FAMILY: "Methods",
    DCTERMS_TYPE: "Methods",
    SKOS_BROADER: "Narrower",
}
_DOCUMENT = {
    "dcterms:created": "Created",
    "dcterms:modified": "Changed",
    "kgc:checked": "Checked",
    "dcterms:date": "Checked on",
    "prov:wasAttributedTo": "By",
    "prov:wasDerivedFrom": "Derived from",
    "dcterms:license": "Licence",
}
