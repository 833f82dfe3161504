"""The statements by which shapes judge some records: as far as the shapes reach, and no farther.

Shapes are followed as a judge follows them, over paths and from shape to shape, and what they look at is kept.

Source: SHACL, sections 2.1.3 (targets), 2.3.1 (paths) and 4 (what each constraint looks at).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pyoxigraph import BlankNode, NamedNode, Triple

from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import (
    RDF_TYPE,
    RDFS_SUB_CLASS_OF,
    SH_TARGET_CLASS,
    SH_TARGET_OBJECTS_OF,
)
from kgcompare.schema.knowledge import Knowledge
from kgcompare.schema.plans import NOTHING, RDFS_CLASS, Plan, plans_of
from kgcompare.schema.walk import Walk

_SH = PREFIXES["sh"]
Asked = Mapping[Node, Collection[Term]]
"""By shape the nodes that it is asked of."""


class Extract:
    """Gathers the statements that some nodes are judged by."""

    def __init__(self, shapes: Graph, known: Knowledge) -> None:
        self._shapes = shapes
        self._known = known
        self._walk = Walk(shapes, self._step)
        self._triples: dict[Triple, None] = {}
        self.judged: dict[Node, set[Term]] = {}
        """What is wholly there to be judged: by shape the nodes."""
        self.asked: dict[Node, Collection[Term]] = {}
        """By shape with a target the nodes that it is asked of."""
        self._plans = plans_of(shapes)

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
        self.judged, self.asked = {}, {}
        for shape, plan in self._plans.items():
            if plan.targeted:
                self.asked[shape] = focus = self._focus(shape, nodes, by, kinds)
                self._follow(shape, focus)
        return list(self._triples)

    def around(self, asked: Asked) -> list[Triple]:
        """All statements of the nodes that shapes are *asked* of, and those beyond them that these are judged by.

        Blank nodes come whole: messages show them.
        """
        self._triples, self.judged, self.asked = {}, {}, dict(asked)
        self._describe({node for some in asked.values() for node in some})
        for shape, some in asked.items():
            self._follow(shape, set(some))
        ends = [end for triple in self._triples for end in (triple.subject, triple.object)]
        self._describe({end for end in ends if isinstance(end, BlankNode)})
        return list(self._triples)

    def _describe(self, nodes: set[Term]) -> None:
        """Keeps all that is said of some nodes, and of blank nodes that they lead to."""
        waiting, seen = list(nodes), set(nodes)
        while waiting:
            node = waiting.pop()
            for predicate, values in self._known.description(node).items():
                for value in values:
                    self._triples[Triple(node, NamedNode(predicate), value)] = None  # type: ignore[arg-type]
                    if isinstance(value, BlankNode) and value not in seen:
                        seen.add(value)
                        waiting.append(value)

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
        if RDFS_CLASS in said.objects(shape, RDF_TYPE) and isinstance(shape, NamedNode):
            classes = [*classes, shape.value]
        for cls in classes:
            focus.update(kinds.get(cls, ()))
        for predicate in said.iris(shape, _SH + "targetSubjectsOf"):
            focus.update(by.get(predicate, {}).get(False, ()))
        for predicate in said.iris(shape, SH_TARGET_OBJECTS_OF):
            focus.update(by.get(predicate, {}).get(True, ()))
            self._known.subjects(predicate, nodes)
            focus.update(node for node in nodes if self._step([node], predicate, True))
        focus.update(node for node in said.objects(shape, _SH + "targetNode") if node in nodes)
        return focus | set(nodes) if said.objects(shape, _SH + "target") else focus

    def _follow(self, shape: Node, nodes: set[Term]) -> None:
        """Keeps what a shape, and those that it nests, look at of some nodes. Shapes do not nest in circles."""
        plan = self._plans.get(shape, NOTHING)
        nodes = nodes - self.judged.setdefault(shape, set())
        if not nodes or plan.off:
            return
        self.judged[shape] |= nodes
        values = nodes if plan.path is None else self._walk.ends(plan.path, nodes)
        self._look(plan, nodes, values)
        for inner in plan.within:
            self._follow(inner, values)

    def _look(self, plan: Plan, nodes: set[Term], values: set[Term]) -> None:
        """Keeps what the constraints of a shape by itself look at."""
        if plan.typed:
            self._classes(values)
        for predicate in plan.pairs:
            self._step(nodes, predicate)
        if plan.closed:
            self._known.read(values)
            for value in values:
                for predicate in list(self._known.description(value)):
                    self._step({value}, predicate)

    def _step(self, starts: Iterable[Term], predicate: str, back: bool = False) -> set[Term]:
        """Follows a predicate, or goes it *back*; every statement on the way is kept."""
        led = NamedNode(predicate)
        if back:
            found = self._known.subjects(predicate, starts)
            self._triples.update({Triple(s, led, value): None for value, subjects in found.items() for s in subjects})
            return {subject for subjects in found.values() for subject in subjects}
        starts = list(starts)
        if predicate == RDF_TYPE:
            self._known.read_types(starts)
        else:
            self._known.read(starts)
        ends = {node: list(self._known.objects(node, predicate)) for node in starts}
        self._triples.update({Triple(n, led, v): None for n, values in ends.items() for v in values})  # type: ignore[arg-type]
        return {value for values in ends.values() for value in values}

    def _classes(self, nodes: Iterable[Term]) -> dict[str, set[Term]]:
        """The instances among some nodes of each class, by what is said of classes (``rdfs:subClassOf``) too."""
        nodes = list(nodes)
        types = self._step(nodes, RDF_TYPE)
        self._walk.repeated(NamedNode(RDFS_SUB_CLASS_OF), types)
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
