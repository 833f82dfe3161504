"""Structures that say the same, in one file or in several, are one: blank nodes alone do not make them two.

Source: RDF 1.1 Semantics, section 6 (a graph and its lean form say the same).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, NamedNode, Triple

from kgcompare.rdf.graph import Graph, Node, structure_key
from kgcompare.rdf.terms import RDF_SUBJECT


def without_equals(document: Graph) -> Graph:
    """The document with the first of each structure alone: those that one thing has by one predicate and that say the
    same, and statements about one fact that do."""
    forms: dict[Node, str] = {}
    again = {node for nodes in _alike(document) for node in _later(document, nodes, forms)}
    if not again:
        return document
    kept: set[Node] = set()
    waiting = [node for node in document.subjects() if _begins(document, node) and node not in again]
    while waiting:
        node = waiting.pop()
        if node not in kept:
            kept.add(node)
            values = (value for values in document.description(node).values() for value in values)
            waiting += [value for value in values if isinstance(value, BlankNode) and not _left(node, value, again)]
    return Graph(
        Triple(t.subject, t.predicate, t.object)
        for t in document
        if t.subject in kept and not _left(t.subject, t.object, again)
    )


def _begins(document: Graph, node: Node) -> bool:
    """Whether a subject stands for itself: a thing, or a statement about a fact."""
    return isinstance(node, NamedNode) or bool(document.objects(node, RDF_SUBJECT))


def _left(subject: object, value: object, again: set[Node]) -> bool:
    """Whether it is left out that a thing has a value."""
    return isinstance(subject, NamedNode) and value in again


def _alike(document: Graph) -> Iterator[list[Node]]:
    """The blank nodes that might say the same."""
    for subject in document.subjects():
        if isinstance(subject, NamedNode):
            for values in document.description(subject).values():
                yield [value for value in values if isinstance(value, BlankNode)]
    yield [n for n in document.subjects() if isinstance(n, BlankNode) and document.objects(n, RDF_SUBJECT)]


def _later(document: Graph, nodes: Iterable[Node], forms: dict[Node, str]) -> Iterator[Node]:
    """Those that say what one before them says."""
    nodes = list(nodes)
    if len(nodes) < 2:
        return
    seen: set[str] = set()
    for node in nodes:
        form = structure_key(document, node, forms)
        if form in seen:
            yield node
        seen.add(form)
