"""The statements by which shapes judge some records: as far as the shapes reach, and no farther.

Shapes are followed as a judge follows them, over paths and from shape to shape, and what they look at is kept.

Source: SHACL, sections 2.1.3 (targets), 2.3.1 (paths) and 4 (what each constraint looks at).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import (
    RDF_FIRST,
    RDF_TYPE,
    RDFS_SUB_CLASS_OF,
    SH_ALTERNATIVE_PATH,
    SH_CLASS,
    SH_INVERSE_PATH,
    SH_PATH,
    SH_PROPERTY,
    SH_TARGET_CLASS,
)
from kgcompare.schema.core import nested
from kgcompare.schema.knowledge import Knowledge

_SH = PREFIXES["sh"]
_PAIRS = tuple(_SH + name for name in ("equals", "disjoint", "lessThan", "lessThanOrEquals"))
_QUALIFIED = _SH + "qualifiedValueShape"
_RDFS_CLASS = NamedNode(PREFIXES["rdfs"] + "Class")
_TARGETS = tuple(_SH + name for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "target"))


class Extract:
    """Gathers the statements that some nodes are judged by."""

    def __init__(self, shapes: Graph, known: Knowledge) -> None:
        self._shapes = shapes
        self._known = known
        self._triples: dict[Triple, None] = {}
        self._targeted = [shape for shape in shapes.subjects() if _has_target(shapes, shape)]

    def of(self, documents: Iterable[Graph]) -> list[Triple]:
        """All statements of some documents, and those beyond them that their nodes are judged by."""
        self._triples = {triple: None for document in documents for triple in document}
        nodes: dict[Term, None] = {}
        by: dict[str, dict[bool, dict[Term, None]]] = {}
        for triple in self._triples:
            subject, value = triple.subject, triple.object
            nodes[subject] = None  # type: ignore[index]
            ends = by.setdefault(triple.predicate.value, {False: {}, True: {}})
            ends[False][subject] = None  # type: ignore[index]
            ends[True][value] = None  # type: ignore[index]
        kinds = self._classes(nodes)
        seen: dict[Node, set[Term]] = {}
        for shape in self._targeted:
            self._follow(shape, self._focus(shape, nodes, by, kinds), seen)
        return list(self._triples)

    def _focus(
        self,
        shape: Node,
        nodes: Mapping[Term, None],
        by: Mapping[str, Mapping[bool, Mapping[Term, None]]],
        kinds: Mapping[str, Collection[Term]],
    ) -> set[Term]:
        said = self._shapes
        focus: set[Term] = set()
        classes = said.iris(shape, SH_TARGET_CLASS)
        if _RDFS_CLASS in said.objects(shape, RDF_TYPE) and isinstance(shape, NamedNode):
            classes = [*classes, shape.value]
        for cls in classes:
            focus.update(kinds.get(cls, ()))
        for predicate in said.iris(shape, _SH + "targetSubjectsOf"):
            focus.update(by.get(predicate, {}).get(False, ()))
        for predicate in said.iris(shape, _SH + "targetObjectsOf"):
            focus.update(by.get(predicate, {}).get(True, ()))
            self._known.subjects(predicate, nodes)
            focus.update(node for node in nodes if self._step([node], predicate, inverse=True))
        focus.update(node for node in said.objects(shape, _SH + "targetNode") if node in nodes)
        return focus | set(nodes) if said.objects(shape, _SH + "target") else focus

    def _follow(self, shape: Node, nodes: set[Term], seen: dict[Node, set[Term]]) -> None:
        """Keeps what a shape, and those that it nests, look at of some nodes. Shapes do not nest in circles."""
        nodes = nodes - seen.setdefault(shape, set())
        if not nodes or self._shapes.text(shape, _SH + "deactivated") in {"true", "1"}:
            return
        seen[shape] |= nodes
        said = self._shapes
        path = said.value(shape, SH_PATH)
        values = nodes if path is None else self._ends(path, nodes)
        self._look(shape, nodes, values)
        for inner in (*nested(said, shape), *self._siblings(shape)):
            self._follow(inner, values, seen)

    def _look(self, shape: Node, nodes: set[Term], values: set[Term]) -> None:
        """Keeps what the constraints of a shape by itself look at."""
        said = self._shapes
        if said.objects(shape, SH_CLASS):
            self._classes(values)
        for pair in _PAIRS:
            for predicate in said.iris(shape, pair):
                self._step(nodes, predicate)
        if said.objects(shape, _SH + "closed"):
            self._known.read(values)
            for value in values:
                for predicate in list(self._known.description(value)):
                    self._step({value}, predicate)

    def _siblings(self, shape: Node) -> Iterator[Node]:
        """The shapes that its values must not fit where ``sh:qualifiedValueShapesDisjoint`` says so."""
        said = self._shapes
        if not said.objects(shape, _SH + "qualifiedValueShapesDisjoint"):
            return
        for parent in said.subjects_of(SH_PROPERTY, shape):
            for sibling in said.objects(parent, SH_PROPERTY):
                others = [] if isinstance(sibling, Literal) else said.objects(sibling, _QUALIFIED)
                yield from (other for other in others if not isinstance(other, Literal))

    def _ends(self, path: Term, starts: set[Term]) -> set[Term]:
        """Where a path leads to from some nodes; every statement on the way is kept."""
        if isinstance(path, NamedNode):
            return self._step(starts, path.value)
        if isinstance(path, Literal) or not starts:
            return set()
        said = self._shapes
        if said.objects(path, RDF_FIRST):
            for part in said.members(path):
                starts = self._ends(part, starts)
            return starts
        if (inverse := said.value(path, SH_INVERSE_PATH)) is not None:
            return self._backwards(inverse, starts)
        if (choices := said.value(path, SH_ALTERNATIVE_PATH)) is not None:
            return set().union(*(self._ends(part, starts) for part in said.members(choices)))
        for name, more, none in (
            ("zeroOrOnePath", False, True),
            ("zeroOrMorePath", True, True),
            ("oneOrMorePath", True, False),
        ):
            if (inner := said.value(path, _SH + name)) is not None:
                return self._repeated(inner, starts, more=more, none=none)
        return set()

    def _backwards(self, path: Term, starts: set[Term]) -> set[Term]:
        """The inverse of a path: that of a sequence is the inverses of its steps from the last to the first."""
        if isinstance(path, NamedNode):
            return self._step(starts, path.value, inverse=True)
        if isinstance(path, Literal):
            return set()
        said = self._shapes
        if said.objects(path, RDF_FIRST):
            for part in reversed(said.members(path)):
                starts = self._backwards(part, starts)
            return starts
        if (inverse := said.value(path, SH_INVERSE_PATH)) is not None:
            return self._ends(inverse, starts)
        if (choices := said.value(path, SH_ALTERNATIVE_PATH)) is not None:
            return set().union(*(self._backwards(part, starts) for part in said.members(choices)))
        reached = starts
        for name in ("zeroOrOnePath", "zeroOrMorePath", "oneOrMorePath"):
            if (inner := said.value(path, _SH + name)) is not None:
                fresh = starts
                while fresh := self._backwards(inner, fresh) - reached:
                    reached = reached | fresh
        return reached

    def _repeated(self, path: Term, starts: set[Term], *, more: bool, none: bool) -> set[Term]:
        reached = set(starts) if none else set()
        fresh = starts
        while fresh := self._ends(path, fresh) - reached:
            reached |= fresh
            if not more:
                break
        return reached

    def _step(self, starts: Iterable[Term], predicate: str, *, inverse: bool = False) -> set[Term]:
        ends: set[Term] = set()
        led = NamedNode(predicate)
        if inverse:
            for value, subjects in self._known.subjects(predicate, starts).items():
                ends.update(subjects)
                self._triples.update({Triple(subject, led, value): None for subject in subjects})
            return ends
        starts = list(starts)
        self._known.read(starts)
        for node in starts:
            for value in self._known.objects(node, predicate):
                ends.add(value)
                self._triples[Triple(node, led, value)] = None  # type: ignore[arg-type]
        return ends

    def _classes(self, nodes: Iterable[Term]) -> dict[str, set[Term]]:
        """The instances among some nodes of each class, by what is said of classes (``rdfs:subClassOf``) too."""
        nodes = list(nodes)
        types = self._step(nodes, RDF_TYPE)
        self._repeated(NamedNode(RDFS_SUB_CLASS_OF), types, more=True, none=True)
        above = {cls: self._above(cls) for cls in types}
        instances: dict[str, set[Term]] = {}
        for node in nodes:
            for cls in self._known.objects(node, RDF_TYPE):
                for wider in above.get(cls, ()):
                    instances.setdefault(wider, set()).add(node)
        return instances

    def _above(self, cls: Term) -> set[str]:
        reached: set[Term] = set()
        waiting = [cls]
        while waiting:
            at = waiting.pop()
            if at not in reached:
                reached.add(at)
                waiting += self._known.objects(at, RDFS_SUB_CLASS_OF)
        return {node.value for node in reached if isinstance(node, NamedNode)}


def _has_target(shapes: Graph, shape: Node) -> bool:
    said = shapes.description(shape)
    implicit = _RDFS_CLASS in said.get(RDF_TYPE, ()) and any(p.startswith(_SH) for p in said)
    return implicit or any(target in said for target in _TARGETS)
