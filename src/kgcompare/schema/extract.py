"""The statements by which shapes judge some records: as far as the shapes reach, and no farther.

Shapes are followed as a judge follows them, over paths and from shape to shape, and what they look at is kept.

Source: SHACL, sections 2.1.3 (targets), 2.3.1 (paths) and 4 (what each constraint looks at).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pyoxigraph import BlankNode, NamedNode

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
        self._whole: dict[Node, dict[str, list[Term]]] = {}
        """What is said of the nodes that are there with all that is known of them."""
        self._parts: dict[Node, dict[str, dict[Term, None]]] = {}
        """What is looked at of others."""
        self.judged: dict[Node, set[Term]] = {}
        """What is wholly there to be judged: by shape the nodes."""
        self.asked: dict[Node, Collection[Term]] = {}
        """By shape with a target the nodes that it is asked of."""
        self._plans = plans_of(shapes)

    def of(self, documents: Iterable[Graph]) -> Graph:
        """All statements of some documents, and those beyond them that their nodes are judged by."""
        together = Graph.joined(documents)
        nodes: dict[Term, None] = dict.fromkeys(together.subjects())
        self._whole, self._parts = {}, {}
        for node in together.subjects():
            if self._known.description(node) is (said := together.description(node)):
                self._whole[node] = said
            else:
                self._keep(node, said)
        kinds = self._classes(nodes)
        self.judged, self.asked = {}, {}
        for shape, plan in self._plans.items():
            if plan.targeted:
                self.asked[shape] = focus = self._focus(shape, nodes, together, kinds)
                self._follow(shape, focus)
        return self._found()

    def around(self, asked: Asked) -> Graph:
        """All statements of the nodes that shapes are *asked* of, and those beyond them that these are judged by.

        Blank nodes come whole: messages show them.
        """
        self._whole, self._parts, self.judged, self.asked = {}, {}, {}, dict(asked)
        self._describe({node for some in asked.values() for node in some})
        for shape, some in asked.items():
            self._follow(shape, set(some))
        ends = [node for node in self._parts if isinstance(node, BlankNode)]
        ends += [v for said in self._parts.values() for some in said.values() for v in some if isinstance(v, BlankNode)]
        self._describe(set(ends))
        return self._found()

    def _found(self) -> Graph:
        parts = {node: {by: list(values) for by, values in said.items()} for node, said in self._parts.items()}
        return Graph.about({**self._whole, **parts})

    def _keep(self, node: Term, said: Mapping[str, Iterable[Term]]) -> None:
        """Keeps statements about a node, unless all of them are kept."""
        whole = self._whole.get(node)  # type: ignore[arg-type]
        if whole is not None and whole is self._known.description(node):
            return
        if whole is not None:
            del self._whole[node]  # type: ignore[arg-type]
        kept = self._parts.setdefault(node, {})  # type: ignore[arg-type]
        for some in (said, whole or {}):
            for predicate, values in some.items():
                kept.setdefault(predicate, {}).update(dict.fromkeys(values))

    def _describe(self, nodes: set[Term]) -> None:
        """Keeps all that is said of some nodes, and of blank nodes that they lead to."""
        waiting, seen = list(nodes), set(nodes)
        while waiting:
            node = waiting.pop()
            if said := self._known.description(node):
                self._keep(node, said)
            for values in said.values():
                for value in values:
                    if isinstance(value, BlankNode) and value not in seen:
                        seen.add(value)
                        waiting.append(value)

    def _focus(
        self,
        shape: Node,
        nodes: Mapping[Term, None],
        together: Graph,
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
            focus.update(node for node in nodes if together.objects(node, predicate))  # type: ignore[arg-type]
        for predicate in said.iris(shape, SH_TARGET_OBJECTS_OF):
            focus.update(value for node in nodes for value in together.objects(node, predicate))  # type: ignore[arg-type]
            focus.update(self._back(nodes, predicate))
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
        if back:
            return {subject for subjects in self._back(starts, predicate).values() for subject in subjects}
        starts = list(starts)
        if predicate == RDF_TYPE:
            self._known.read_types(starts)
        else:
            self._known.read(starts)
        ends: set[Term] = set()
        for node in starts:
            if values := self._known.objects(node, predicate):
                ends.update(values)
                self._keep(node, {predicate: values})
        return ends

    def _back(self, starts: Iterable[Term], predicate: str) -> dict[Term, list[Node]]:
        """The subjects that have some nodes by a predicate, of those that any has; these statements are kept."""
        found = {value: subjects for value, subjects in self._known.subjects(predicate, starts).items() if subjects}
        for value, subjects in found.items():
            for subject in subjects:
                self._keep(subject, {predicate: (value,)})
        return found

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
