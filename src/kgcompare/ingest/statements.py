"""What the statements of one file say of each subject, and the document that each belongs to.

Source: RDF 1.1 Concepts, sections 3.4 and 3.5 (blank nodes belong to the graph that has them).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from sys import intern

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

from kgcompare.errors import DataError
from kgcompare.ingest.refusals import Predications, Schema
from kgcompare.rdf import literals
from kgcompare.rdf.graph import Node, Term, as_node, as_term
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, iri, is_defined, is_safe_iri
from kgcompare.rdf.terms import EDTF, RDF_SUBJECT, RDF_TYPE, XSD_STRING
from kgcompare.text import dates

_EDTF = NamedNode(EDTF)
_CATALOG = iri("dcat:Catalog")
_MAILBOXES = {iri("vcard:hasEmail"), iri("foaf:mbox")}


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


class Subjects:
    """What the statements of a file say of each subject. Each term is looked at once, and is one object wherever it
    stands: most of them come again and again."""

    def __init__(self, base: Base, source: str) -> None:
        self._base = base
        self._source = source
        self.described: dict[Node, dict[str, list[Term]]] = {}
        self.parents: dict[BlankNode, dict[Node, None]] = {}
        """What leads to each blank node."""
        self.wrong: list[tuple[Node, str, Literal, str]] = []
        """Subject, predicate, value and message of what is ill-formed."""
        self.catalogues = {Base(DEFAULT_BASE).catalogue}
        """Those that say that they are one."""
        self._terms: dict[Term, Term] = {}
        self._ill_formed: dict[Term, str] = {}
        self._predicates: dict[NamedNode, str] = {}

    def take(self, statements: Iterable[Quad | Triple]) -> None:
        """Adds statements.

        :raises DataError: for a triple term, and for an IRI that is not accepted.
        """
        graph: object = None
        left_out = False
        known, described = self._terms, self.described
        for statement in statements:
            named = statement.graph_name if isinstance(statement, Quad) else DefaultGraph()
            if named != graph:
                graph = named
                left_out = isinstance(named, NamedNode) and self._base.is_vocabulary_graph(named.value)
            if left_out:
                continue
            led, said = statement.predicate, statement.object
            predicate = self._predicates.get(led) or self._met_predicate(led)
            subject = as_node(known.get(statement.subject) or self._met(statement.subject))  # type: ignore[arg-type]
            value = known.get(said) or self._met(said, led)  # type: ignore[arg-type]
            described.setdefault(subject, {}).setdefault(predicate, []).append(value)
            if isinstance(value, BlankNode):
                self.parents.setdefault(value, {})[subject] = None
            elif predicate == RDF_TYPE and value == _CATALOG and subject == graph:
                self.catalogues.add(subject.value)
            if self._ill_formed and isinstance(said, Literal) and (message := self._ill_formed.get(said)):
                self.wrong.append((subject, predicate, said, message))

    def _met_predicate(self, led: NamedNode) -> str:
        self._cleaned(led)
        return self._predicates.setdefault(led, intern(led.value))

    def _met(self, said: Term | Triple, led: NamedNode | None = None) -> Term:
        """A term that was not met before, as it is kept; what a predicate *led* to."""
        if led is not None and isinstance(said, NamedNode) and _is_mailbox(led, said):
            return said
        cleaned = self._cleaned(said)
        self._terms[said] = cleaned = self._terms.setdefault(cleaned, cleaned)  # type: ignore[index]
        if isinstance(said, Literal) and (message := literals.fault(said)):
            self._ill_formed[said] = message
        return cleaned

    def _cleaned(self, said: Term | Triple) -> Term:
        try:
            return clean(as_term(said))
        except DataError as fault:
            raise DataError(f"{self._source}: {fault}") from None


def _is_mailbox(predicate: NamedNode, value: Term) -> bool:
    """Whether a statement names a mailbox by its address, as vCard and FOAF have it."""
    return predicate in _MAILBOXES and isinstance(value, NamedNode) and value.value.startswith("mailto:")


_MOST_BLANK = 20_000
"""Blank nodes of one record: each is looked at several times, and a record that people read has a few."""


class Homes:
    """Which document each subject of a file belongs to.

    A blank node belongs where what leads to it does; chains of blank nodes are walked, not recursed into.
    """

    def __init__(
        self,
        described: Mapping[Node, Predications],
        parents: Mapping[BlankNode, Mapping[Node, None]],
        base: Base,
        schema: Schema,
        source: str,
        catalogues: Collection[str],
    ) -> None:
        self._others = {one for one in catalogues if one != base.catalogue}
        self._described = described
        self._parents = parents
        self._base = base
        self._schema = schema
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
        about = self._described.get(subject, {}).get(RDF_SUBJECT)
        return about[0] if about and isinstance(about[0], NamedNode) else None

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
            or self._schema.says_all(subject, self._described.get(subject, {}))
        ):
            self._homes[subject] = None
        else:
            named = subject.value
            self._homes[subject] = named if self._base.is_document(named) else self._base.document(named)

    def _settle(self, node: Node) -> None:
        parents = self._parents.get(node, ()) if isinstance(node, BlankNode) else ()
        homes = {self._homes[parent] for parent in parents}
        if not homes:
            predicate = next(iter(self._described[node]))
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
