"""Which classes node shapes are about, however they say it.

Source: SHACL, section 2.1.3 (targets).
"""

from __future__ import annotations

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf import terms as rdf
from kgcompare.rdf.graph import Graph, Node
from kgcompare.rdf.namespaces import PREFIXES


def targets_of(graph: Graph, shape: Node) -> tuple[str, ...]:
    """The classes whose things a node shape is about: those that it targets, itself where it is a class, and where
    it targets what has or is the value of a property, the class that it asks of these."""
    about = graph.iris(shape, rdf.SH_TARGET_CLASS)
    types = graph.types(shape)
    if (
        isinstance(shape, NamedNode)
        and rdf.SH_NODE_SHAPE in types
        and {rdf.OWL_CLASS, PREFIXES["rdfs"] + "Class"} & {*types}
    ):
        about = [*about, shape.value]
    if about or not aims_elsewhere(graph, shape):
        return tuple(dict.fromkeys(about))
    about = graph.iris(shape, rdf.SH_CLASS)
    for node in graph.objects(shape, rdf.SH_PROPERTY):
        if not isinstance(node, Literal) and rdf.RDF_TYPE in graph.iris(node, rdf.SH_PATH):
            about += graph.iris(node, rdf.SH_HAS_VALUE)
    for aim, end in ((rdf.SH_TARGET_SUBJECTS_OF, rdf.RDFS_DOMAIN), (rdf.SH_TARGET_OBJECTS_OF, rdf.RDFS_RANGE)):
        about += [cls for predicate in graph.iris(shape, aim) for cls in graph.iris(NamedNode(predicate), end)]
    return tuple(dict.fromkeys(about))


def aims_elsewhere(graph: Graph, shape: Node) -> bool:
    """Whether a shape targets what has a property, or is the value of one."""
    return any(graph.objects(shape, aim) for aim in (rdf.SH_TARGET_SUBJECTS_OF, rdf.SH_TARGET_OBJECTS_OF))


def above(graph: Graph, cls: str) -> list[str]:
    """The classes that a class is below, by what shapes files say."""
    wide: dict[str, None] = {}
    waiting = [cls]
    while waiting:
        wider = [one for one in graph.iris(NamedNode(waiting.pop()), rdf.RDFS_SUB_CLASS_OF) if one not in wide]
        wide.update(dict.fromkeys(wider))
        waiting += wider
    wide.pop(cls, None)
    return list(wide)
