"""A quick look at nodes before pySHACL's: which of them a shape could find at fault.

Shapes are compiled once, into tests of a node. A test says yes only where pySHACL finds nothing; wherever that is not
certain (a constraint that is not compiled, a literal of a datatype that is not known here), it says no, and pySHACL
judges. So what is refused, and why, is pySHACL's verdict alone.

Source: SHACL, sections 2 (shapes, targets, paths) and 4 (core constraint components).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store

from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import SH_PATH, SH_PROPERTY
from kgcompare.schema.components import VALUE_TESTS, Data, Values, ValueTest, always, never, odd, says, whole_of
from kgcompare.schema.extract import Asked

_SH = PREFIXES["sh"]
_SILENT_NAMES = (
    *("path", "name", "description", "message", "severity", "order", "group", "defaultValue", "deactivated"),
    *("flags", "ignoredProperties", "qualifiedMinCount"),
    *("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "target"),
)
_SILENT = {_SH + name for name in _SILENT_NAMES}
"""What says nothing of values by itself."""


class CompiledShape:
    """A shape as tests."""

    def __init__(self, node: Node, path: Term | None) -> None:
        self.node = node
        self.path = path
        self.tests: list[ValueTest] = []

    def passes(self, focus: Term, data: Data) -> bool:
        """Whether a node certainly conforms."""
        if self.path is None:
            values: Values = (focus,)
        elif isinstance(self.path, NamedNode):
            values = data.graph.objects(focus, self.path.value)  # type: ignore[arg-type]
        else:
            values = data.walk.ends(self.path, {focus})
        return not any(map(odd, values)) and all(test(values, focus, data) for test in self.tests)


class Screen:
    """Looks for nodes that shapes could find at fault; compiles the shapes once."""

    def __init__(self, shapes: Graph) -> None:
        self._shapes = shapes
        self._compiled: dict[Node, CompiledShape] = {}
        self._met: set[Node] = set()

    def suspects(self, graph: Graph, asked: Asked) -> dict[Node, set[Term]]:
        """By shape the nodes of those *asked* that it could find at fault in a graph.

        The first node that a shape is asked of is always among them, so that pySHACL says what it has against a shape.
        """
        data = Data(graph, self._shapes)
        found: dict[Node, set[Term]] = {}
        for node, all_of_them in asked.items():
            shape = self._shape(node)
            wrong = [focus for focus in all_of_them if not shape.passes(focus, data)]
            nodes = self._selected(node, data, all_of_them if node not in self._met else wrong)
            at_fault = set(nodes).intersection(wrong)
            if nodes and node not in self._met:
                self._met.add(node)
                at_fault.add(next(iter(nodes)))
            if at_fault:
                found[node] = at_fault
        return found

    def _selected(self, shape: Node, data: Data, nodes: Collection[Term]) -> Collection[Term]:
        """Those of some nodes that a shape means which says by a query what it is asked of; else all of them."""
        targets = self._shapes.objects(shape, _SH + "target")
        others = any(self._shapes.objects(shape, _SH + name) for name in ("targetClass", "targetSubjectsOf"))
        if not targets or others or not nodes:
            return nodes
        queries: list[tuple[str, dict[str, str]]] = []
        for target in targets:
            if not isinstance(target, NamedNode | BlankNode):
                return nodes
            prefixes = {}
            for declared in self._shapes.objects(target, _SH + "prefixes"):
                for one in self._shapes.objects(declared, _SH + "declare"):  # type: ignore[arg-type]
                    prefix = self._shapes.text(one, _SH + "prefix")  # type: ignore[arg-type]
                    prefixes[prefix or ""] = self._shapes.text(one, _SH + "namespace") or ""  # type: ignore[arg-type]
            queries.append((self._shapes.text(target, _SH + "select") or "", prefixes))
        store = Store()
        store.load("".join(data.graph.lines()).encode(), RdfFormat.N_TRIPLES)
        found = _selected_by(queries, store)
        if found is not None and any(isinstance(node, BlankNode) for node in found):
            store = Store()  # in which these keep their labels; it takes thrice as long
            store.extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in data.graph)
            found = _selected_by(queries, store)
        return nodes if found is None else [node for node in nodes if node in found]

    def _shape(self, node: Node) -> CompiledShape:
        if node not in self._compiled:
            shape = self._compiled[node] = CompiledShape(node, self._shapes.value(node, SH_PATH))
            said = self._shapes.description(node)
            if not says(said.get(_SH + "deactivated")):
                for predicate, parameters in said.items():
                    if predicate.startswith(_SH) and predicate not in _SILENT:
                        shape.tests.append(self._test(node, predicate, parameters))
        return self._compiled[node]

    def _test(self, node: Node, predicate: str, parameters: Sequence[Term]) -> ValueTest:
        if (make := VALUE_TESTS.get(predicate)) is not None:
            return make(parameters)
        of_shapes = _TESTS.get(predicate)
        return of_shapes(self, node, parameters) if of_shapes is not None else never

    # -- tests of what other shapes say of values, and of what others say of nodes ------------------------

    def _node(self, _: Node, shapes: Sequence[Term]) -> ValueTest:
        inner = [self._shape(shape) for shape in shapes if not isinstance(shape, Literal)]
        return lambda values, _, data: all(shape.passes(value, data) for shape in inner for value in values)

    def _or(self, _: Node, heads: Sequence[Term]) -> ValueTest:
        lists = [[self._shape(one) for one in self._members(head)] for head in heads]
        return lambda values, _, data: all(
            any(shape.passes(value, data) for shape in shapes) for shapes in lists for value in values
        )

    def _and(self, _: Node, heads: Sequence[Term]) -> ValueTest:
        return self._node(_, [one for head in heads for one in self._members(head)])

    def _qualified(self, node: Node, shapes: Sequence[Term]) -> ValueTest:
        least = whole_of(self._shapes.objects(node, _SH + "qualifiedMinCount") or [Literal(0)])
        inner = [self._shape(shape) for shape in shapes if not isinstance(shape, Literal)]
        return lambda values, _, data: all(
            sum(shape.passes(value, data) for value in values) >= least for shape in inner
        )

    def _closed(self, node: Node, closed: Sequence[Term]) -> ValueTest:
        if not says(closed):
            return always
        known = set()
        for shape in self._shapes.objects(node, SH_PROPERTY):
            known.update(self._shapes.iris(shape, SH_PATH))  # type: ignore[arg-type]
        for head in self._shapes.objects(node, _SH + "ignoredProperties"):
            known.update(one.value for one in self._shapes.members(head) if isinstance(one, NamedNode))
        return lambda values, _, data: all(
            predicate in known
            for value in values
            for predicate in data.graph.description(value)  # type: ignore[arg-type]
        )

    def _in(self, _: Node, heads: Sequence[Term]) -> ValueTest:
        allowed = [set(self._shapes.members(head)) for head in heads]
        return lambda values, _, __: all(value in some for some in allowed for value in values)

    def _language_in(self, _: Node, heads: Sequence[Term]) -> ValueTest:
        known = {getattr(one, "value", "").lower() for head in heads for one in self._shapes.members(head)}
        return lambda values, _, __: all(
            isinstance(value, Literal)
            and value.language is not None
            and ("*" in known or value.language in known or value.language.split("-")[0] in known)
            for value in values
        )

    def _pattern(self, node: Node, patterns: Sequence[Term]) -> ValueTest:
        flags = (self._shapes.text(node, _SH + "flags") or "").lower()
        given = (re.IGNORECASE if "i" in flags else re.NOFLAG) | (re.MULTILINE if "m" in flags else re.NOFLAG)
        compiled = [re.compile(getattr(pattern, "value", ""), given) for pattern in patterns]
        return lambda values, _, __: all(
            not isinstance(value, BlankNode) and one.search(value.value) is not None
            for one in compiled
            for value in values
        )

    def _members(self, head: Term) -> list[Node]:
        return [one for one in self._shapes.members(head) if not isinstance(one, Literal)]


def _selected_by(queries: Iterable[tuple[str, dict[str, str]]], store: Store) -> set[Term] | None:
    """What queries, each with its prefixes, give as ?this; None if one is no SELECT."""
    found: set[Term] = set()
    for text, prefixes in queries:
        solutions = store.query(text, prefixes=prefixes)
        if not isinstance(solutions, QuerySolutions):
            return None
        found.update(solution["this"] for solution in solutions)
    return found


_TESTS: dict[str, Callable[[Screen, Node, Sequence[Term]], ValueTest]] = {
    _SH + name: make
    for name, make in {
        "in": Screen._in,
        "languageIn": Screen._language_in,
        "pattern": Screen._pattern,
        "closed": Screen._closed,
        "node": Screen._node,
        "property": Screen._node,
        "and": Screen._and,
        "or": Screen._or,
        "qualifiedValueShape": Screen._qualified,
    }.items()
}
"""By parameter, of those components that look at shapes; what is in neither table (sh:not, sh:xone, qualified maxima)
goes to pySHACL."""
