"""What the vocabulary calls its terms, and how its relations hang together."""

from __future__ import annotations

from functools import cache

from pyoxigraph import NamedNode

from kgcompare import resources
from kgcompare.rdf.graph import Graph, node_of
from kgcompare.rdf.namespaces import local_name
from kgcompare.rdf.syntaxes import bundled
from kgcompare.rdf.terms import (
    KGC_INVERSE_LABEL,
    KGC_RELATED,
    OWL_SYMMETRIC_PROPERTY,
    RDFS_LABEL,
    RDFS_SUB_PROPERTY_OF,
)
from kgcompare.text.languages import best


@cache
def graph() -> Graph:
    """The vocabulary's own statements."""
    return Graph(bundled(resources.vocabulary_file()))


def label(term: str, lang: str, *, inverse: bool = False) -> str:
    """What a term is called in *lang*; read from object to subject where *inverse*."""
    node = NamedNode(term)
    text = best(graph().texts(node, KGC_INVERSE_LABEL), lang) if inverse else None
    text = text or best(graph().texts(node, RDFS_LABEL), lang)
    return text[1] if text else local_name(term)


@cache
def typed_relations() -> tuple[str, ...]:
    """The IRIs of the kinds of ``kgc:related``, in the vocabulary's order."""
    return narrower_relations(graph(), KGC_RELATED)


def narrower_relations(said: Graph, relation: str) -> tuple[str, ...]:
    """The IRIs of the predicates that *said* calls kinds of a relation, in its order."""
    nodes = said.subjects_of(RDFS_SUB_PROPERTY_OF, node_of(relation))
    return tuple(node.value for node in nodes if isinstance(node, NamedNode))


def is_symmetric(said: Graph, relation: str) -> bool:
    """Whether *said* calls a relation one that holds in both directions (``owl:SymmetricProperty``)."""
    return OWL_SYMMETRIC_PROPERTY in said.types(node_of(relation))
