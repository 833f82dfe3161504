"""What stands in the fields of a form: values as one types them, made of the statements of a record.

The digest of a field tells whether somebody has changed what it says, here or in the catalogue meanwhile.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.ingest.documents import DERIVED
from kgcompare.ingest.fields import Field
from kgcompare.ingest.values import container_text
from kgcompare.rdf.graph import Graph, Node, Term, structure_key
from kgcompare.rdf.namespaces import iri
from kgcompare.rdf.terms import (
    DCTERMS_IS_PART_OF,
    KGC_COMPARISON_KEY,
    KGC_ORDER,
    KGC_RELATED,
    RDF_SUBJECT,
)
from kgcompare.schema import vocabulary
from kgcompare.text.folding import fold

Called = Callable[[Term], str]
"""What a thing, or a structure that no field shows, is called."""
_PRIMARY_TOPIC = iri("foaf:primaryTopic").value


@dataclass(slots=True)
class FormValue:
    """One value: its ``text``; the ``lang`` of a text; the predicate that it stands ``by`` where a field has several.

    ``thing`` is the IRI of what was called ``was`` when it was shown. ``node`` names a structure that is there, and
    ``parts`` has what its fields say. ``at`` is its place in the form that was sent, ``term`` what it is in a record.
    """

    text: str = ""
    lang: str = ""
    by: str = ""
    thing: str = ""
    was: str = ""
    node: str = ""
    parts: Draft = field(default_factory=dict)
    at: str = ""
    term: Term | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not (
            stored_text(self.text) or self.node or any(not e.empty for f in self.parts.values() for e in f.entries)
        )


@dataclass(slots=True)
class Filled:
    """What stands in a field: its entries, what is wrong with it as a whole, the digest (``was``) of what stood there
    when the form was first shown, and what somebody else has put there since (``theirs``)."""

    entries: list[FormValue] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    was: str = ""
    theirs: list[str] | None = None


Draft = dict[str, Filled]
"""What is filled in, by the id of the field."""


def stored_text(text: str) -> str:
    """A text as it is stored: in Unicode NFC, with lines that end as everywhere, without space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()


def form_key(one: Field, entry: FormValue) -> tuple[str, ...]:
    """What an entry says, to be compared."""
    if one.parts and not entry.text:
        return (
            entry.node,
            *(part.id + digest_of(part, entry.parts.get(part.id, Filled()).entries) for part in one.parts),
        )
    if entry.node:
        return (entry.node,)
    text = stored_text(entry.text)
    if entry.thing and text == stored_text(entry.was):
        return (entry.by, entry.thing)
    return (entry.by, text, entry.lang.strip().lower())


def digest_of(one: Field, entries: Iterable[FormValue]) -> str:
    """Names what some entries say; empty ones say nothing, and their order only where it counts."""
    said = [form_key(one, entry) for entry in entries if not entry.empty]
    return hashlib.sha256(repr(said if one.moves else sorted(said)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


# -- a record -> what a form shows ---------------------------------------------------------------------


def without_derived(triples: Iterable[Triple]) -> Graph:
    """The statements of a record without what is derived when it is stored."""
    graph = Graph(triples)
    for subject in graph.subjects():
        graph.discard(subject, KGC_COMPARISON_KEY)
        graph.discard(subject, _PRIMARY_TOPIC)
        for derived, sources in DERIVED.items():
            if any(graph.objects(subject, source) for source in sources):
                graph.discard(subject, derived)
        typed = {other for link in vocabulary.typed_relations() for other in graph.objects(subject, link)}
        if typed:
            put_values(graph, subject, KGC_RELATED, [o for o in graph.objects(subject, KGC_RELATED) if o not in typed])
    return Graph(graph)


class Showing:
    """Shows the values of a record as entries of a form."""

    def __init__(self, graph: Graph, called: Called, tags: Sequence[str]) -> None:
        """Things are *called* so; texts stand by their languages, those of the *tags* first."""
        self._graph = graph
        self._called = called
        self._tags = list(tags)

    def draft(self, subject: Node, fields: Iterable[Field]) -> Draft:
        """What the fields of a subject have."""
        filled = {}
        for one in fields:
            entries = self._entries(subject, one)
            filled[one.id] = Filled(entries, was=digest_of(one, entries))
        return filled

    def _entries(self, subject: Node, one: Field) -> list[FormValue]:
        graph = self._graph
        found = [(value, by) for by in one.predicates for value in graph.objects(subject, by)]
        if one.listed:
            found = [(member, by) for value, by in found for member in graph.members(_node(value))]
            return [self._entry(one, value, "") for value, _ in found]
        entries = [self._entry(one, value, by if len(one.predicates) > 1 else "") for value, by in found]
        return sorted(entries, key=lambda entry: self._place(one, entry))

    def _entry(self, one: Field, value: Term, by: str) -> FormValue:
        if isinstance(value, Literal):
            return FormValue(value.value, value.language or "", by, term=value)
        if isinstance(value, NamedNode):
            if one.choices:
                return FormValue(value.value, by=by, term=value)
            name = self._called(value)
            return FormValue(name, by=by, thing=value.value, was=name, term=value)
        if one.predicates == (DCTERMS_IS_PART_OF,) and (text := container_text(self._graph, value)):
            return FormValue(text, term=value)
        form = structure_key(self._graph, value)
        name = hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if one.parts:
            return FormValue(node=name, parts=self.draft(value, one.parts), term=value)
        return FormValue(self._called(value), node=name, term=value)

    def _place(self, one: Field, entry: FormValue) -> tuple[object, ...]:
        if one.ordered and isinstance(entry.term, BlankNode):
            order = self._graph.text(entry.term, KGC_ORDER) or ""
            return (int(order) if re.fullmatch(r"\d{1,9}", order) else 10**9, entry.node)
        tag = entry.lang.lower()
        known = self._tags.index(tag) if tag in self._tags else len(self._tags)
        by = one.predicates.index(entry.by) if entry.by in one.predicates else 0
        return (known if tag else -1, tag, by, fold(entry.text), entry.text, entry.thing, entry.node)


def with_room(one: Field, filled: Filled, tags: Sequence[str]) -> Filled:
    """Adds what is empty to fill in: a text in each of the *tags*, or one value; in structures too."""
    wanted = one.languages or tags
    if one.worded:
        there = {entry.lang.lower() for entry in filled.entries}
        filled.entries += [FormValue(lang=tag) for tag in wanted if tag.lower() not in there]
        if one.once:
            places = {tag.lower(): place for place, tag in enumerate(wanted)}
            filled.entries.sort(key=lambda entry: places.get(entry.lang.lower(), len(places)))
    elif not filled.entries and not one.parts:
        filled.entries.append(FormValue(by=one.predicates[-1] if len(one.predicates) > 1 else ""))
    for entry in filled.entries:
        for part in one.parts:
            with_room(part, entry.parts.setdefault(part.id, Filled()), tags)
    return filled


def put_values(graph: Graph, subject: Node, predicate: str, values: Iterable[Term]) -> None:
    """Has a subject have these values by a predicate, and no others."""
    graph.discard(subject, predicate)
    for value in values:
        graph.add(subject, predicate, value)


def _node(value: Term) -> Node | None:
    return None if isinstance(value, Literal) else value


def unshown(graph: Graph, record: NamedNode, fields: Iterable[Field], apart: Iterable[str]) -> Iterator[Triple]:
    """The statements of a record, and about its facts, that no field shows; save those by predicates *apart*."""
    shown = {predicate for one in fields for predicate in one.predicates} | set(apart)
    for subject in graph.subjects():
        if isinstance(subject, NamedNode):
            said = graph.description(subject).items()
            yield from (
                Triple(subject, NamedNode(p), v) for p, vs in said if p not in shown or subject != record for v in vs
            )
        elif graph.objects(subject, RDF_SUBJECT):
            yield from (Triple(subject, NamedNode(p), v) for p, vs in graph.description(subject).items() for v in vs)
