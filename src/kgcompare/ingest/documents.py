"""Statements -> records: one named graph for each document, and what is derived when a record is stored.

A subject is described in the graph of its own document and nowhere else. Blank nodes go with the record that
leads to them; a statement about a fact goes with the fact's subject.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from kgcompare.errors import Fault
from kgcompare.ingest.facts import unread_facts
from kgcompare.ingest.refusals import Predication, Predications, Schema, bundled_schema, refused, unasked
from kgcompare.ingest.statements import Homes, Subjects
from kgcompare.rdf.about import faults_of
from kgcompare.rdf.graph import Graph, Node, Term, structure_key
from kgcompare.rdf.namespaces import Base, iri
from kgcompare.rdf.terms import (
    DCTERMS_CREATOR,
    EDTF,
    KGC_ABSENCE,
    KGC_AGENT_LIST,
    KGC_COMPARISON_KEY,
    KGC_ORIGIN,
    KGC_ORIGIN_END,
    KGC_ORIGIN_START,
    KGC_ORIGINATION,
    KGC_RELATED,
)
from kgcompare.schema import vocabulary
from kgcompare.text import dates

_XSD_INTEGER = iri("xsd:integer")
_EDTF = NamedNode(EDTF)
DERIVED = {
    KGC_ORIGIN_START: (KGC_ORIGIN,),
    KGC_ORIGIN_END: (KGC_ORIGIN,),
    DCTERMS_CREATOR: (KGC_ORIGINATION,),
    KGC_COMPARISON_KEY: (),
}
"""What is derived, and what from where that is there."""


@dataclass(slots=True)
class Records:
    """Documents by the IRI of their graph; ``files`` says where each came from, ``faults`` what was wrong.

    ``schema`` is what vocabulary and shapes say: an export brings it along, and it is left out. ``lines`` has those in
    which records begin that stand in rows.
    """

    base: Base
    schema: Schema = field(default_factory=bundled_schema)
    documents: dict[str, Graph] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    read: dict[str, None] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def sources(self) -> list[str]:
        """The names of the files that were read, in order."""
        return list(self.read)

    @property
    def unasked(self) -> list[Fault]:
        """Faults of documents that the files speak in without describing what they are about."""
        return unasked(self.base, self.documents, self.files)

    def quads(self, name: str) -> list[Quad]:
        """The statements of one document."""
        graph = NamedNode(name)
        return [Quad(t.subject, t.predicate, t.object, graph) for t in self.documents[name]]


Through = Callable[[Collection[Node]], Iterable[Node]]
"""Gives some nodes again, and tells somebody how many were taken."""


def split(
    statements: Iterable[Quad | Triple], records: Records, source: str, through: Through = lambda nodes: nodes
) -> None:
    """Adds the statements of one file to *records*, each to its document; goes *through* their subjects.

    What files of the catalogue's own export say of the vocabulary and of shapes is left out, and so is what another
    catalogue says of itself; a record that speaks of shapes otherwise is a fault, and so is an ill-formed literal.

    :raises DataError: for a blank node that belongs to two records or to none, and for a triple term.
    """
    records.read[source] = None
    said = Subjects(records.base, source)
    said.take(statements)
    described = said.described
    homes = Homes(described, said.parents, records.base, records.schema, source, said.catalogues)
    for subject in through(described):
        predications = described[subject]
        home = homes.of(subject)
        left: Predications = predications
        if home is None:
            left = {} if isinstance(subject, BlankNode) else records.schema.left_of(subject, predications)
        if left and (refusal := refused(subject, left)):
            records.faults.append(_refusal(homes.record(subject), *refusal, source))
        if home is not None:
            records.documents.setdefault(home, Graph()).take(subject, predications)
            records.files.setdefault(home, source)
    for subject, predicate, value, message in said.wrong:
        if homes.of(subject):
            focus = homes.record(subject).value
            records.faults.append(_ill_formed(focus, predicate, value, message, source))


def _ill_formed(focus: str, predicate: str, literal: Literal, message: str, source: str) -> Fault:
    return Fault(message, "violation", source, None, focus, predicate, literal.value, literal.datatype.value)


def _refusal(focus: Node, message: str, said: Predication, source: str) -> Fault:
    predicate, value = said
    shown = "blank node" if isinstance(value, BlankNode) else value.value
    return Fault(message=message, file=source, focus_node=focus.value, path=predicate, value=shown)


def derive(records: Records) -> None:
    """Makes what is derived in every document, in place; what cannot be read becomes a fault.

    ``kgc:originStart`` and ``kgc:originEnd`` from ``kgc:origin``, ``dcterms:creator`` from the originations,
    ``kgc:related`` from its typed forms, and ``kgc:comparisonKey`` of structured values.
    """
    for name, document in records.documents.items():
        derive_in(document, name, records)


def derive_in(document: Graph, name: str, records: Records) -> None:
    """The same in one of the documents."""
    records.faults += unread_facts(document, records.files.get(name))
    if name == records.base.catalogue:
        records.faults += [
            Fault(message, "violation", records.files.get(name), None, name, predicate, value)
            for message, predicate, value in faults_of(document, NamedNode(name))
        ]
    for subject in document.subjects():
        if isinstance(subject, NamedNode):
            _derive(document, subject, name, records)


def _derive(document: Graph, subject: NamedNode, name: str, records: Records) -> None:
    if document.objects(subject, KGC_ORIGIN):
        document.discard(subject, KGC_ORIGIN_START)
        document.discard(subject, KGC_ORIGIN_END)
        origins = document.objects(subject, KGC_ORIGIN)
        document.discard(subject, KGC_ORIGIN)
        for origin in origins:
            document.add(subject, KGC_ORIGIN, _dated(document, subject, origin, name, records))
    agents = [
        agent
        for node in document.objects(subject, KGC_ORIGINATION)
        if not isinstance(node, Literal)
        for agent in document.members(document.value(node, KGC_AGENT_LIST))
    ]
    if agents:
        document.discard(subject, DCTERMS_CREATOR)
    for agent in agents:
        document.add(subject, DCTERMS_CREATOR, agent)
    for relation in vocabulary.typed_relations():
        for other in document.objects(subject, relation):
            document.add(subject, KGC_RELATED, other)
    forms: dict[Node, str] = {}
    for predicate, values in list(document.description(subject).items()):
        if predicate == KGC_ABSENCE:
            continue
        for value in values:
            if isinstance(value, BlankNode):
                document.discard(value, KGC_COMPARISON_KEY)
                document.add(value, KGC_COMPARISON_KEY, Literal(structure_key(document, value, forms)))


def _dated(document: Graph, subject: NamedNode, origin: Term, name: str, records: Records) -> Term:
    if not isinstance(origin, Literal) or origin.datatype != _EDTF:
        return origin
    try:
        text = dates.canonical(origin.value)
    except ValueError as fault:
        records.faults.append(
            Fault(
                message=str(fault),
                file=records.files.get(name),
                focus_node=subject.value,
                path=KGC_ORIGIN,
                value=origin.value,
                constraint=EDTF,
            )
        )
        return origin
    start, end = dates.years(text)
    if start is not None:
        document.add(subject, KGC_ORIGIN_START, Literal(str(start), datatype=_XSD_INTEGER))
    if end is not None:
        document.add(subject, KGC_ORIGIN_END, Literal(str(end), datatype=_XSD_INTEGER))
    return Literal(text, datatype=_EDTF)
