"""Whether two documents say the same, and the order of what they say, whatever their blank nodes are called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.rdf.graph import Graph, Node, structure_key
from kgcompare.rdf.keys import value_key
from kgcompare.rdf.terms import KGC_ORDER, RDF_SUBJECT

_ROUNDS = 20
"""Statements in a row by which two blank nodes are told apart."""


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


def in_order(triples: Iterable[Triple]) -> list[Triple]:
    """Statements, each once, in an order that is theirs alone: blank nodes stand where ``kgc:order`` puts them, then by
    what is said of them and leads to them. Linear, however they lead to one another."""
    statements = list(dict.fromkeys(triples))
    about: dict[BlankNode, list[tuple[str, Triple]]] = {}
    for triple in statements:
        for way, node in (">", triple.subject), ("<", triple.object):
            if isinstance(node, BlankNode):
                about.setdefault(node, []).append((way, triple))
    if not about:
        return sorted(statements, key=str)
    place = {node: _ordered(said) for node, said in about.items()}
    marks = place

    def told(term: object) -> str:
        return f"_:{place[term]} {marks[term]}" if isinstance(term, BlankNode) else str(term)

    for _ in range(_ROUNDS):
        lines = {
            node: sorted(f"{way} {told(t.object if way == '>' else t.subject)} {t.predicate}" for way, t in said)
            for node, said in about.items()
        }
        further = {node: hashlib.sha256("\n".join(some).encode()).hexdigest() for node, some in lines.items()}
        settled, marks = len(set(further.values())) == len(set(marks.values())), further
        if settled:
            break
    return sorted(statements, key=lambda t: (told(t.subject), t.predicate.value, told(t.object)))


def _ordered(said: Iterable[tuple[str, Triple]]) -> str:
    """Where ``kgc:order`` puts a blank node, as text that is sorted alike."""
    values = [t.object for way, t in said if way == ">" and t.predicate.value == KGC_ORDER]
    places = [value.value for value in values if isinstance(value, Literal)]
    return min((place.zfill(9) for place in places), default="")
