"""Statements -> records: one named graph for each document, and what is derived when a record is stored.

A subject is described in the graph of its own document and nowhere else. Blank nodes go with the record that
leads to them; a statement about a fact goes with the fact's subject.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

from kgcompare.errors import DataError, Fault
from kgcompare.ingest.facts import unread_facts
from kgcompare.ingest.refusals import Predication, Schema, bundled_schema, refused, unasked
from kgcompare.rdf import literals
from kgcompare.rdf.about import faults_of
from kgcompare.rdf.graph import Graph, Node, Term, as_node, as_term, structure_key
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, iri, is_defined, is_safe_iri
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
    RDF_TYPE,
    XSD_STRING,
)
from kgcompare.schema import vocabulary
from kgcompare.text import dates

_XSD_INTEGER = iri("xsd:integer")
_EDTF = NamedNode(EDTF)
_CATALOG = iri("dcat:Catalog")
_MAILBOXES = {iri("vcard:hasEmail"), iri("foaf:mbox")}


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
        return Literal(plain, language=term.language, direction=term.direction) if term.language else Literal(plain)
    if isinstance(term, NamedNode) and not is_safe_iri(term.value):
        scheme = term.value.partition(":")[0][:40]
        raise DataError(f"an IRI of the scheme {scheme!r} is not accepted: {term.value[:100]!r}")
    return term


def split(statements: Iterable[Quad | Triple], records: Records, source: str) -> None:
    """Adds the statements of one file to *records*, each to its document.

    What files of the catalogue's own export say of the vocabulary and of shapes is left out, and so is what another
    catalogue says of itself; a record that speaks of shapes otherwise is a fault, and so is an ill-formed literal.

    :raises DataError: for a blank node that belongs to two records or to none, and for a triple term.
    """
    base = records.base
    records.read[source] = None
    described: dict[Node, list[Predication]] = {}
    parents: dict[BlankNode, dict[Node, None]] = {}
    wrong: list[tuple[Node, str, Literal, str]] = []
    others = {Base(DEFAULT_BASE).catalogue}
    for statement in statements:
        graph = statement.graph_name if isinstance(statement, Quad) else DefaultGraph()
        if not isinstance(graph, DefaultGraph) and base.is_vocabulary_graph(graph.value):
            continue
        try:
            subject = as_node(clean(as_term(statement.subject)))
            said = as_term(statement.object)
            value = said if _is_mailbox(statement.predicate, said) else clean(said)
            clean(statement.predicate)
        except DataError as fault:
            raise DataError(f"{source}: {fault}") from None
        described.setdefault(subject, []).append((statement.predicate.value, value))
        if value == _CATALOG and statement.predicate.value == RDF_TYPE and subject == graph:
            others.add(subject.value)
        if isinstance(said, Literal) and (message := literals.fault(said)):
            wrong.append((subject, statement.predicate.value, said, message))
        if isinstance(value, BlankNode):
            parents.setdefault(value, {})[subject] = None

    homes = _Homes(described, parents, records, source, others - {base.catalogue})
    for subject, predications in described.items():
        home = homes.of(subject)
        left = predications
        if home is None:
            left = [] if isinstance(subject, BlankNode) else [p for p in left if not records.schema.says(subject, p)]
        if left and (refusal := refused(subject, left)):
            records.faults.append(_refusal(homes.record(subject), *refusal, source))
        if home is None:
            continue
        document = records.documents.setdefault(home, Graph())
        records.files.setdefault(home, source)
        for predicate, value in predications:
            document.add(subject, predicate, value)
    records.faults += [_ill_formed(homes.record(one[0]).value, *one[1:], source) for one in wrong if homes.of(one[0])]


def _is_mailbox(predicate: NamedNode, value: Term) -> bool:
    """Whether a statement names a mailbox by its address, as vCard and FOAF have it."""
    return predicate in _MAILBOXES and isinstance(value, NamedNode) and value.value.startswith("mailto:")


def _ill_formed(focus: str, predicate: str, literal: Literal, message: str, source: str) -> Fault:
    return Fault(message, "violation", source, None, focus, predicate, literal.value, literal.datatype.value)


def _refusal(focus: Node, message: str, said: Predication, source: str) -> Fault:
    predicate, value = said
    shown = "blank node" if isinstance(value, BlankNode) else value.value
    return Fault(message=message, file=source, focus_node=focus.value, path=predicate, value=shown)


_MOST_BLANK = 20_000
"""Blank nodes of one record: each is looked at several times, and a record that people read has a few."""


class _Homes:
    """Which document each subject of a file belongs to.

    A blank node belongs where what leads to it does; chains of blank nodes are walked, not recursed into.
    """

    def __init__(
        self,
        described: Mapping[Node, Sequence[Predication]],
        parents: Mapping[BlankNode, Mapping[Node, None]],
        records: Records,
        source: str,
        others: Collection[str],
    ) -> None:
        self._others = others
        self._described = described
        self._parents = parents
        self._base = records.base
        self._schema = records.schema
        self._source = source
        self._homes: dict[Node, str | None] = {}
        self._counts: Counter[str | None] = Counter()

    def of(self, subject: Node) -> str | None:
        """The IRI of the document's graph; None for what is said of the vocabulary, of shapes and of other catalogues.

        :raises DataError: for a blank node that belongs to two records or to none.
        """
        path: dict[Node, Iterator[Node]] = {}
        self._enter(subject, path)
        while path:
            at = next(reversed(path))
            parent = next((node for node in path[at] if node not in self._homes), None)
            if parent is None:
                self._settle(at)
                path.popitem()
            elif parent in path:
                raise DataError(f"{self._source}: blank nodes that lead to each other in a circle belong to no record")
            else:
                self._enter(parent, path)
        return self._homes[subject]

    def record(self, subject: Node) -> Node:
        """What a subject belongs to: itself, or the first thing with an IRI that leads to a blank node."""
        while isinstance(subject, BlankNode):
            about = self._about(subject)
            above = next(iter(self._parents.get(subject, ())), NamedNode(self._homes[subject] or self._base.value))
            subject = about if about is not None else above
        return subject

    def _about(self, subject: Node) -> NamedNode | None:
        """The subject of the fact that a statement is about."""
        for predicate, value in self._described.get(subject, ()):
            if predicate == RDF_SUBJECT:
                return value if isinstance(value, NamedNode) else None
        return None

    def _enter(self, subject: Node, path: dict[Node, Iterator[Node]]) -> None:
        """Finds the home of a subject that says it itself; others wait in *path* for those that lead to them."""
        if subject in self._homes:
            return
        about = self._about(subject)
        if about is not None:
            self._homes[subject] = self._base.document(about.value)
        elif isinstance(subject, BlankNode):
            path[subject] = iter(self._parents.get(subject, ()))
        elif (
            subject.value in self._others
            or is_defined(subject.value)
            or self._schema.says_all(subject, self._described.get(subject, ()))
        ):
            self._homes[subject] = None
        else:
            named = subject.value
            self._homes[subject] = named if self._base.is_document(named) else self._base.document(named)

    def _settle(self, node: Node) -> None:
        parents = self._parents.get(node, ()) if isinstance(node, BlankNode) else ()
        homes = {self._homes[parent] for parent in parents}
        if not homes:
            predicate = self._described[node][0][0]
            raise DataError(f"{self._source}: a blank node (with <{predicate}>) belongs to no record; give it an IRI")
        if len(homes) > 1:
            raise DataError(f"{self._source}: a blank node belongs to two records; give it an IRI of its own")
        self._homes[node] = home = homes.pop()
        self._counts[home] += 1
        if self._counts[home] > _MOST_BLANK:
            raise DataError(
                f"{self._source}: <{home}> would have more than {_MOST_BLANK:,} blank nodes; make several "
                "records of it, or give what it leads to IRIs"
            )


def derive(records: Records) -> None:
    """Makes what is derived in every document, in place; what cannot be read becomes a fault.

    ``kgc:originStart`` and ``kgc:originEnd`` from ``kgc:origin``, ``dcterms:creator`` from the originations,
    ``kgc:related`` from its typed forms, and ``kgc:comparisonKey`` of structured values.
    """
    for name, document in records.documents.items():
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
