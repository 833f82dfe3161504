"""Statements -> records: one named graph for each document, and what is derived when a record is stored.

A subject is described in the graph of its own document and nowhere else. Blank nodes go with the record that
leads to them; a statement about a fact goes with the fact's subject.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

from kgcompare.errors import DataError, Fault
from kgcompare.rdf.graph import Graph, Node, Term, structure_key
from kgcompare.rdf.namespaces import KGC, SHAPES, Base, iri, is_safe_iri
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
    RDF_SUBJECT,
    XSD_STRING,
)
from kgcompare.schema import vocabulary
from kgcompare.text import dates

_XSD_INTEGER = iri("xsd:integer")
_EDTF = NamedNode(EDTF)


@dataclass(slots=True)
class Records:
    """Documents by the IRI of their graph; ``files`` says where each came from, ``faults`` what was wrong."""

    base: Base
    documents: dict[str, Graph] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    read: dict[str, None] = field(default_factory=dict)

    @property
    def sources(self) -> list[str]:
        """The names of the files that were read, in order."""
        return list(self.read)

    def quads(self, name: str) -> list[Quad]:
        """The statements of one document."""
        graph = NamedNode(name)
        return [Quad(t.subject, t.predicate, t.object, graph) for t in self.documents[name]]

    def all_quads(self) -> list[Quad]:
        """The statements of all documents."""
        return [quad for name in self.documents for quad in self.quads(name)]


def clean(term: Term) -> Term:
    """A literal's text in Unicode NFC without space around it, a date in canonical EDTF; other terms as they are.

    :raises DataError: for an IRI that is relative or of a scheme that nothing here follows.
    """
    if isinstance(term, Literal):
        if term.datatype == _EDTF:
            try:
                return Literal(dates.canonical(term.value), datatype=_EDTF)
            except ValueError:
                return term  # where it matters, a fault says so
        if term.language is None and term.datatype.value != XSD_STRING:
            return term
        text = term.value
        plain = unicodedata.normalize("NFC", text).strip()
        if plain == text:
            return term
        return Literal(plain, language=term.language) if term.language else Literal(plain)
    if isinstance(term, NamedNode) and not is_safe_iri(term.value):
        scheme = term.value.partition(":")[0][:40]
        raise DataError(f"an IRI of the scheme {scheme!r} is not accepted: {term.value[:100]!r}")
    return term


def split(statements: Iterable[Quad | Triple], records: Records, source: str) -> None:
    """Adds the statements of one file to *records*, each to its document.

    What files of the catalogue's own export say of the vocabulary and of shapes is left out.

    :raises DataError: for a blank node that belongs to two records or to none, and for a triple term.
    """
    base = records.base
    records.read[source] = None
    by_subject: dict[Node, list[Triple]] = {}
    parents: dict[BlankNode, set[Node]] = {}
    for statement in statements:
        graph = getattr(statement, "graph_name", None)
        if graph is not None and not isinstance(graph, DefaultGraph) and base.is_vocabulary_graph(graph.value):
            continue
        subject, value = statement.subject, statement.object
        if isinstance(value, Triple) or isinstance(subject, Triple):
            raise DataError(f"{source}: triple terms (RDF 1.2) are not accepted")
        try:
            triple = Triple(clean(subject), clean(statement.predicate), clean(value))  # type: ignore[arg-type]
        except DataError as fault:
            raise DataError(f"{source}: {fault}") from None
        by_subject.setdefault(triple.subject, []).append(triple)  # type: ignore[arg-type]
        if isinstance(value, BlankNode):
            parents.setdefault(value, set()).add(subject)

    homes: dict[Node, str | None] = {}
    for subject, triples in by_subject.items():
        home = _home(subject, by_subject, parents, base, source, homes, ())
        if home is None:
            continue
        document = records.documents.setdefault(home, Graph())
        records.files.setdefault(home, source)
        for triple in triples:
            document.add(triple.subject, triple.predicate.value, triple.object)  # type: ignore[arg-type]


def _home(
    subject: Node,
    by_subject: dict[Node, list[Triple]],
    parents: dict[BlankNode, set[Node]],
    base: Base,
    source: str,
    homes: dict[Node, str | None],
    above: tuple[Node, ...],
) -> str | None:
    if subject in homes:
        return homes[subject]
    about = [t.object for t in by_subject.get(subject, ()) if t.predicate.value == RDF_SUBJECT]
    home: str | None
    if about and isinstance(about[0], NamedNode):
        home = base.document(about[0].value)
    elif isinstance(subject, NamedNode):
        value = subject.value
        if value.startswith((KGC, SHAPES)) or value == base.vocabulary_graph:
            home = None
        else:
            home = value if base.is_document(value) else base.document(value)
    else:
        if subject in above:
            raise DataError(f"{source}: blank nodes that lead to each other in a circle belong to no record")
        found = {
            _home(parent, by_subject, parents, base, source, homes, (*above, subject))
            for parent in parents.get(subject, ())
        }
        if not found:
            said = by_subject[subject][0].predicate.value
            raise DataError(f"{source}: a blank node (with <{said}>) belongs to no record; give it an IRI")
        if len(found) > 1:
            raise DataError(f"{source}: a blank node belongs to two records; give it an IRI of its own")
        home = found.pop()
    homes[subject] = home
    return home


def derive(records: Records) -> None:
    """Makes what is derived in every document, in place; ill-formed dates become faults.

    ``kgc:originStart`` and ``kgc:originEnd`` from ``kgc:origin``, ``dcterms:creator`` from the originations,
    ``kgc:related`` from its typed forms, and ``kgc:comparisonKey`` of structured values.
    """
    for name, document in records.documents.items():
        for subject in document.subjects():
            if isinstance(subject, NamedNode):
                _derive(document, subject, name, records)


def _derive(document: Graph, subject: NamedNode, name: str, records: Records) -> None:
    said = document.description(subject)
    if KGC_ORIGIN in said:
        document.discard(subject, KGC_ORIGIN_START)
        document.discard(subject, KGC_ORIGIN_END)
        origins = said.pop(KGC_ORIGIN)
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
    for predicate, values in list(said.items()):
        if predicate == KGC_ABSENCE:
            continue
        for value in values:
            if isinstance(value, BlankNode):
                document.discard(value, KGC_COMPARISON_KEY)
                document.add(value, KGC_COMPARISON_KEY, Literal(structure_key(document, value)))


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
