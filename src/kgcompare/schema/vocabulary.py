"""What the vocabulary calls its terms."""

from __future__ import annotations

from functools import cache

from pyoxigraph import NamedNode

from kgcompare import resources
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import iri, local_name
from kgcompare.rdf.syntaxes import bundled
from kgcompare.rdf.terms import KGC_INVERSE_LABEL, RDFS_LABEL, RDFS_SUB_PROPERTY_OF
from kgcompare.text.languages import best


@cache
def graph() -> Graph:
    """The vocabulary's own statements."""
    return Graph(bundled(resources.vocabulary_file()))


def label(term: str, lang: str, *, inverse: bool = False) -> str:
    """What a term is called in *lang*; read from object to subject where *inverse*."""
    node = NamedNode(term)
    found = best(graph().texts(node, KGC_INVERSE_LABEL), lang) if inverse else None
    found = found or best(graph().texts(node, RDFS_LABEL), lang)
    return found[1] if found else local_name(term)


@cache
def typed_relations() -> tuple[str, ...]:
    """The IRIs of the kinds of ``kgc:related``, in the vocabulary's order."""
    related = iri("kgc:related")
    return tuple(node.value for node in graph().subjects_of(RDFS_SUB_PROPERTY_OF, related))
