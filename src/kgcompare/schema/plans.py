"""What shapes ask, read once of a shapes graph: generation after generation is judged by the same ones.

Source: SHACL, sections 2.1.3 (targets) and 4 (what each constraint looks at).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pyoxigraph import NamedNode

from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import RDF_TYPE, SH_CLASS, SH_CLOSED, SH_PATH
from kgcompare.schema.core import nested, qualified_siblings

_SH = PREFIXES["sh"]
_PAIRS = tuple(_SH + name for name in ("equals", "disjoint", "lessThan", "lessThanOrEquals"))
RDFS_CLASS = NamedNode(PREFIXES["rdfs"] + "Class")
TARGETS = tuple(_SH + name for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "target"))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a shape looks at: its ``path``, the shapes ``within`` it, by which values are judged, the predicates that it
    compares ``pairs`` by, whether it asks for a class (``typed``) and is ``closed``; whether it has a target, and is
    ``off``."""

    targeted: bool = False
    off: bool = False
    path: Term | None = None
    within: tuple[Node, ...] = ()
    pairs: tuple[str, ...] = ()
    typed: bool = False
    closed: bool = False


NOTHING = Plan()
"""That of a node of which a shapes graph says nothing."""


@lru_cache(maxsize=2)
def plans_of(shapes: Graph) -> Mapping[Node, Plan]:
    """By node what a shapes graph, which does not change, says that it looks at as a shape."""
    return {
        shape: Plan(
            has_target(shapes, shape),
            shapes.text(shape, _SH + "deactivated") in {"true", "1"},
            shapes.value(shape, SH_PATH),
            (*nested(shapes, shape), *qualified_siblings(shapes, shape)),
            tuple(predicate for pair in _PAIRS for predicate in shapes.iris(shape, pair)),
            bool(shapes.objects(shape, SH_CLASS)),
            bool(shapes.objects(shape, SH_CLOSED)),
        )
        for shape in shapes.subjects()
    }


def has_target(shapes: Graph, shape: Node) -> bool:
    """Whether a shape says what it is asked of."""
    said = shapes.description(shape)
    implicit = RDFS_CLASS in said.get(RDF_TYPE, ()) and any(p.startswith(_SH) for p in said)
    return implicit or any(target in said for target in TARGETS)
