"""Property paths: the ways from a thing to its values that rows can have.

Source: SHACL, section 2.3.1 (paths); of these, those that queries/compare.rq follows: a predicate, an inverse, an
alternative of these, a sequence of two or three predicates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.errors import ShapeError
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.terms import RDF_FIRST, RDF_NIL, SH_ALTERNATIVE_PATH, SH_INVERSE_PATH


@dataclass(frozen=True, slots=True)
class Step:
    """A predicate, read forwards or backwards."""

    predicate: str
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class PropertyPath:
    """Alternatives, each a sequence of steps."""

    alternatives: tuple[tuple[Step, ...], ...]
    predicate: str | None = field(init=False, compare=False, repr=False)
    """The predicate of a path that is a single one, read forwards; None for every other path."""

    def __post_init__(self) -> None:
        first = self.alternatives[0]
        single = len(self.alternatives) == 1 and len(first) == 1 and not first[0].inverse
        object.__setattr__(self, "predicate", first[0].predicate if single else None)

    def follow(self, graph: Graph, start: Node) -> list[Term]:
        """The distinct nodes that the path leads to from *start*, in order of appearance."""
        if (predicate := self.predicate) is not None:
            return list(graph.objects(start, predicate))
        reached: dict[Term, None] = {}
        for steps in self.alternatives:
            ends: list[Term] = [start]
            for step in steps:
                ends = [end for node in ends for end in _step(graph, node, step)]
            reached.update(dict.fromkeys(ends))
        return list(reached)


def _step(graph: Graph, node: Term, step: Step) -> list[Term]:
    if step.inverse:
        return list(graph.subjects_of(step.predicate, node))
    return [] if isinstance(node, Literal) else graph.objects(node, step.predicate)


def read_path(graph: Graph, node: Term | None) -> PropertyPath:
    """The path that a node of a shapes graph describes.

    :raises ShapeError: for a kind of path that no row can have.
    """
    if isinstance(node, NamedNode) and node.value != RDF_NIL:
        return PropertyPath(((Step(node.value),),))
    if not isinstance(node, BlankNode):
        raise _refused()
    if graph.value(node, RDF_FIRST) is not None:
        members = graph.members(node)
        if not 2 <= len(members) <= 3 or not all(isinstance(member, NamedNode) for member in members):
            raise _refused()
        return PropertyPath((tuple(Step(cast(NamedNode, member).value) for member in members),))
    inverse = graph.value(node, SH_INVERSE_PATH)
    if isinstance(inverse, NamedNode):
        return PropertyPath(((Step(inverse.value, inverse=True),),))
    alternatives = graph.members(graph.value(node, SH_ALTERNATIVE_PATH))
    if not alternatives:
        raise _refused()
    steps = [read_path(graph, alternative).alternatives for alternative in alternatives]
    if any(len(a) != 1 or len(a[0]) != 1 for a in steps):
        raise _refused()
    return PropertyPath(tuple(a[0] for a in steps))


def _refused() -> ShapeError:
    return ShapeError(
        "this kind of sh:path cannot be a row; use a predicate, an inverse, an alternative of these, "
        "or a sequence of two or three predicates"
    )
