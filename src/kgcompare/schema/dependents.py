"""What is judged otherwise once some statements are added or removed: found backwards from these, by look-ups alone.

A shape that comes upon a changed statement is followed back, over its paths and from shape to shape, to the nodes that
it is asked of. All but the first changed statement on a way are there before and after, so one state tells them all.

Source: SHACL, sections 2.1.3 (targets) and 4 (what each constraint looks at).
"""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode, Triple

from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.terms import (
    RDF_TYPE,
    RDFS_SUB_CLASS_OF,
    SH_TARGET_CLASS,
    SH_TARGET_OBJECTS_OF,
)
from kgcompare.schema.knowledge import Knowledge
from kgcompare.schema.plans import NOTHING, RDFS_CLASS, plans_of
from kgcompare.schema.walk import Walk


class Dependents:
    """Finds the nodes that shapes judge by some statements."""

    def __init__(self, shapes: Graph, known: Knowledge) -> None:
        self._shapes = shapes
        self._plans = plans_of(shapes)
        self._walk = Walk(shapes, known.step)

    def of(self, changed: Iterable[Triple]) -> set[Term]:
        """Every node that is judged by one of the *changed* statements, by a shape that has targets."""
        self._ends: dict[str, tuple[set[Term], set[Term]]] = {}
        for triple in changed:
            subjects, values = self._ends.setdefault(triple.predicate.value, (set(), set()))
            subjects.add(triple.subject)  # type: ignore[arg-type]
            values.add(triple.object)  # type: ignore[arg-type]
        self._subjects = {subject for subjects, _ in self._ends.values() for subject in subjects}
        self._retyped = self._instances(self._changed(RDFS_SUB_CLASS_OF)) | self._changed(RDF_TYPE)
        self._users: dict[Node, set[Term]] = {}
        found: set[Term] = set()
        for shape, plan in self._plans.items():
            if plan.targeted:
                found |= self._of(shape) | self._targeted(shape)
        return found

    def _changed(self, predicate: str) -> set[Term]:
        return self._ends.get(predicate, (set(), set()))[0]

    def _instances(self, classes: set[Term]) -> set[Term]:
        narrower = self._walk.repeated(NamedNode(RDFS_SUB_CLASS_OF), classes, back=True)
        return self._walk.ends(NamedNode(RDF_TYPE), narrower, back=True)

    def _targeted(self, shape: Node) -> set[Term]:
        """What may have become, or ceased to be, a focus node of a shape."""
        said = self._shapes
        by_class = bool(said.objects(shape, SH_TARGET_CLASS)) or RDFS_CLASS in said.objects(shape, RDF_TYPE)
        found = set(self._retyped) if by_class else set()
        for predicate in said.iris(shape, SH_TARGET_OBJECTS_OF):
            found |= self._ends.get(predicate, (set(), set()))[1]
        return found

    def _of(self, shape: Node) -> set[Term]:
        """The nodes of which a shape looks at a changed statement. Shapes do not nest in circles."""
        if shape in self._users:
            return self._users[shape]
        plan = self._plans.get(shape, NOTHING)
        values = set(self._retyped) if plan.typed else set()
        if plan.closed:
            values |= self._subjects
        for inner in plan.within:
            values |= self._of(inner)
        users = values
        if plan.path is not None:
            users = self._walk.ends(plan.path, values, back=True) | self._walk.users(plan.path, self._ends)
        for predicate in plan.pairs:
            users = users | self._changed(predicate)
        self._users[shape] = users
        return users


def changed(before: Graph, after: Graph) -> list[Triple]:
    """The statements that one of two states of a document has and the other has not; those with blank nodes count as
    changed, since their labels say nothing."""
    there, now = set(before), set(after)
    return [t for t in (*there, *now) if not (t in there and t in now and isinstance(t.object, NamedNode | Literal))]
