"""Whether two documents say the same, whatever their blank nodes are called."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.rdf.graph import Graph, Node, structure_key, value_key
from kgcompare.rdf.terms import RDF_SUBJECT


def statements_of(document: Graph, *, by_value: bool = False) -> set[str]:
    """The statements of a document as texts, blank nodes told apart by what is said of them; *by_value* literals too,
    for engines that write ``1`` for ``true``, or ``1.5`` for ``1.50``."""
    statements = set()
    forms: dict[Node, str] = {}
    for triple in document:
        subject, value = triple.subject, triple.object
        if isinstance(subject, NamedNode):
            statements.add(f"{subject} {triple.predicate} {_text(document, value, forms, by_value)}")
        elif isinstance(subject, BlankNode) and triple.predicate.value == RDF_SUBJECT:
            statements.add(structure_key(document, subject, forms))
    return statements


def _text(document: Graph, value: object, forms: dict[Node, str], by_value: bool) -> str:
    if isinstance(value, BlankNode):
        return structure_key(document, value, forms)
    return value_key(value) if by_value and isinstance(value, Literal) else str(value)


def outline(triples: Iterable[Triple]) -> list[str]:
    """What statements say, in an order that is theirs alone: those with blank nodes without their labels, and what is
    said of these beside."""
    triples = list(triples)
    lines = [
        " ".join("_" if isinstance(term, BlankNode) else str(term) for term in (t.subject, t.predicate, t.object))
        for t in triples
    ]
    return sorted([*lines, *statements_of(Graph(triples))])
