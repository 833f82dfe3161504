"""The statements that a record has when a form of it is filled in.

A field is written anew only where its values are not those that it has, and of these only what is new becomes a new
term. What no field shows is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.errors import DataError, UsageError
from kgcompare.ingest.drafts import Draft, Filled, FormValue, digest_of, form_key, put_values, stored_text
from kgcompare.ingest.fields import Field
from kgcompare.ingest.values import container
from kgcompare.rdf import literals
from kgcompare.rdf.graph import Graph, Node, Term, as_node, as_term
from kgcompare.rdf.namespaces import iri
from kgcompare.rdf.terms import (
    DCTERMS_IS_PART_OF,
    EDTF,
    KGC_ORDER,
    RDF_FIRST,
    RDF_NIL,
    RDF_OBJECT,
    RDF_REST,
    RDF_SUBJECT,
    XSD_INTEGER,
)
from kgcompare.text import dates, languages
from kgcompare.text.languages import best, translate

Resolved = Callable[[str, tuple[str, ...]], NamedNode]
"""The thing of some kinds that a text means; a :class:`~kgcompare.errors.DataError` tells whoever typed it why not."""
_PREDICATE = iri("rdf:predicate").value


class Drafting:
    """Makes the statements of what is filled in. What cannot be said is left out, and its entry has a fault."""

    def __init__(self, before: Graph, meant: Resolved, lang: str) -> None:
        """*before* is the record as it is; faults are told in *lang*."""
        self.graph = Graph(before)
        self._meant = meant
        self._lang = lang

    def write(self, subject: Node, fields: Iterable[Field], draft: Draft, shown: Draft) -> None:
        """Writes those fields of a subject that are not as they were *shown*."""
        for one in fields:
            now, old = draft.get(one.id), shown.get(one.id, Filled())
            if now is None or digest_of(one, now.entries) == digest_of(one, old.entries):
                continue
            known = {form_key(one, entry): entry for entry in old.entries if entry.term is not None}
            said = [(entry, self._term(one, entry, known, old)) for entry in now.entries if not entry.empty]
            terms = [(entry.by, term) for entry, term in said if term is not None]
            if one.ordered:
                self._number([term for _, term in terms])
            if one.listed:
                self._list(subject, one.predicates[0], [term for _, term in terms])
                continue
            for predicate in one.predicates:
                put_values(
                    self.graph, subject, predicate, [t for by, t in terms if (by or one.predicates[-1]) == predicate]
                )

    def finished(self, record: NamedNode) -> tuple[Graph, int]:
        """The record with what belongs to it alone, and how many statements about facts went with these facts."""
        graph = self.graph
        stale = 0
        for fact in graph.subjects_of(RDF_SUBJECT, record):
            predicate, value = graph.value(fact, _PREDICATE), graph.value(fact, RDF_OBJECT)
            if isinstance(predicate, NamedNode) and value not in graph.objects(record, predicate.value):
                for said in list(graph.description(fact)):
                    graph.discard(fact, said)
                stale += 1
        starts = [node for node in graph.subjects() if isinstance(node, NamedNode) or graph.objects(node, RDF_SUBJECT)]
        return Graph(graph.reached(*starts)), stale

    # -- values ----------------------------------------------------------------------------------------

    def _term(
        self, one: Field, entry: FormValue, known: Mapping[tuple[str, ...], FormValue], old: Filled
    ) -> Term | None:
        there = known.get(form_key(one, entry))
        if there is not None:
            return there.term
        if one.parts and not entry.text:
            before = next((other for other in old.entries if entry.node and other.node == entry.node), None)
            node = before.term if before is not None and isinstance(before.term, BlankNode) else BlankNode()
            self.write(node, one.parts, entry.parts, before.parts if before is not None else {})
            return node if self.graph.description(node) else None
        try:
            term = self._new(one, entry)
        except DataError as fault:
            entry.faults.append(str(fault))
            return None
        if one.thing and isinstance(term, NamedNode):
            entry.thing, entry.was = term.value, entry.text
        return term

    def _new(self, one: Field, entry: FormValue) -> Term:
        text = stored_text(entry.text)
        if entry.node:
            raise DataError(translate(self._lang, "This value is not there any more."))
        if one.choices:
            for choice in one.choices:
                if choice.value == text:
                    return choice
            raise DataError(translate(self._lang, "“{name}” is none of the choices.", name=text[:80]))
        if entry.thing and text == stored_text(entry.was):
            return _named(entry.thing)
        if one.thing:
            return self._meant(text, one.kinds)
        if one.predicates == (DCTERMS_IS_PART_OF,) and (said := container(BlankNode(), text)):
            for triple in said[1:]:
                self.graph.add(as_node(triple.subject), triple.predicate.value, as_term(triple.object))
            return as_term(said[0].object)
        return self._literal(one, text, entry.lang.strip())

    def _literal(self, one: Field, text: str, tag: str) -> Literal:
        if tag or one.worded:
            made = Literal(text, language=self._tag(tag))
        elif one.datatype == EDTF:
            try:
                made = Literal(dates.canonical(text), datatype=NamedNode(EDTF))
            except ValueError as fault:
                raise DataError(self._told(one, str(fault))) from None
        else:
            made = Literal(text, datatype=NamedNode(one.datatype)) if one.datatype else Literal(text)
        if message := literals.fault(made):
            raise DataError(self._told(one, message))
        return made

    def _tag(self, tag: str) -> str:
        if not tag:
            raise DataError(translate(self._lang, "Say which language this is in, by a tag such as en or pt-BR."))
        try:
            return languages.normalise(tag)
        except UsageError:
            raise DataError(
                translate(self._lang, "“{tag}” is no language tag, such as en or pt-BR.", tag=tag[:40])
            ) from None

    def _told(self, one: Field, message: str) -> str:
        """What the shape says of what it wants, in the reader's language; else what is wrong, in English."""
        return (best(one.messages, self._lang) or ("", message))[1]

    # -- structures --------------------------------------------------------------------------------------

    def _number(self, terms: Sequence[Term]) -> None:
        """Numbers structures whose order counts, unless their numbers rise already."""
        nodes = [term for term in terms if isinstance(term, BlankNode)]
        texts = [self.graph.text(node, KGC_ORDER) or "" for node in nodes]
        numbers = [int(text) if re.fullmatch(r"\d{1,9}", text) else -1 for text in texts]
        if all(number >= 0 for number in numbers) and all(a < b for a, b in pairwise(numbers)):
            return
        for place, node in enumerate(nodes, 1):
            put_values(self.graph, node, KGC_ORDER, [Literal(str(place), datatype=NamedNode(XSD_INTEGER))])

    def _list(self, subject: Node, predicate: str, members: Sequence[Term]) -> None:
        head: Node = NamedNode(RDF_NIL)
        for member in reversed(members):
            node = BlankNode()
            self.graph.add(node, RDF_FIRST, member)
            self.graph.add(node, RDF_REST, head)
            head = node
        put_values(self.graph, subject, predicate, [head] if members else [])


def _named(text: str) -> NamedNode:
    try:
        return NamedNode(text)
    except ValueError:
        raise DataError(f"{text[:100]!r} is not an IRI") from None
