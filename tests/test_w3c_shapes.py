"""Shapes are judged as W3C's core tests say, and what is screened first sees every node at fault in them.

``data/w3c-shacl/README.md`` says where the tests are from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from kgcompare.errors import ShapeError
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.schema.core import check_core
from kgcompare.schema.extract import Extract
from kgcompare.schema.judging import Judge
from kgcompare.schema.knowledge import Knowledge
from kgcompare.schema.plans import has_target
from kgcompare.schema.screening import Screen

FOLDER = Path(__file__).parent / "data" / "w3c-shacl"
MF, SH = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#", PREFIXES["sh"]
SHT = "http://www.w3.org/ns/shacl-test#"
REFUSED = {
    "complex/shacl-shacl": "nests deeper than shapes may here",
    "path/path-strange-001": "a path that is a sequence and an inverse path at once is ill-formed",
    "path/path-strange-002": "so is this one",
    "property/qualifiedValueShape-001": "data stand among the shapes, with a predicate that SHACL does not define",
}
"""What is refused as shapes, which SHACL leaves to each processor (3.4, ill-formed shapes graphs)."""
TOLD_OTHERWISE = {
    "property/uniqueLang-002": '"1"^^xsd:boolean is true here, as in pySHACL; the test wants it ignored',
    "misc/severity-002": "a severity of one's own counts as a violation",
}
LEFT_TO_PYSHACL = {
    *("node/not-001", "node/not-002", "property/not-001"),  # sh:not
    "node/xone-001",  # sh:xone
    "node/qualified-001",  # a qualified maximum
    *("property/qualifiedMinCountDisjoint-001", "property/qualifiedValueShapesDisjoint-001"),  # what siblings say
    "property/or-datatypes-001",  # rdf:HTML
    *("node/minExclusive-001", "node/maxInclusive-001", "node/maxExclusive-001"),  # decimals that are compared
    *("node/minInclusive-002", "node/minInclusive-003"),  # times that are compared
}
"""Where something that conforms is not known to without pySHACL, and by what."""


class Case:
    """One test: its shapes, its data, and the report that is expected."""

    def __init__(self, name: str) -> None:
        file = FOLDER / f"{name}.ttl"
        own = Graph(_read(file))
        test = next(node for node in own.subjects() if SHT + "Validate" in own.types(node))
        action, report = _node(own, test, MF + "action"), _node(own, test, MF + "result")
        told = {test, action, report, *own.objects(report, SH + "result")}
        self.conforms = own.text(report, SH + "conforms") == "true"
        self.results = Counter(
            (
                _shown(own.value(result, SH + "focusNode")),
                _shown(own.value(result, SH + "value")),
                getattr(own.value(result, SH + "sourceConstraintComponent"), "value", None),
                getattr(own.value(result, SH + "resultSeverity"), "value", "").removeprefix(SH).lower(),
            )
            for result in own.objects(report, SH + "result")
            if not isinstance(result, Literal)
        )
        self.at_fault = {own.value(node, SH + "focusNode") for node in own.objects(report, SH + "result")}  # type: ignore[arg-type]
        graphs: dict[str, Graph] = {}
        for graph in ("shapesGraph", "dataGraph"):
            where = getattr(own.value(action, SHT + graph), "value", "")
            graphs[graph] = own if where == file.as_uri() else Graph(_read(file.with_name(Path(where).name)))
        self.data = list(graphs["dataGraph"])
        self.shapes = [t for t in graphs["shapesGraph"] if t.subject not in told]

    def asked(self) -> dict[Node, Collection[Term]]:
        """What each shape is asked of: a node that is targeted by name too, though nothing describes it."""
        graph = check_core(self.shapes)
        extract = Extract(graph, Knowledge({"": Graph(self.data)}, None))
        extract.of([Graph(self.data)])
        return {
            shape: {*nodes, *graph.objects(shape, SH + "targetNode")}
            for shape, nodes in extract.asked.items()
            if has_target(graph, shape)
        }


def _read(file: Path) -> list[Triple]:
    return [quad.triple for quad in parse(path=file, format=RdfFormat.TURTLE, base_iri=file.as_uri())]


def _node(graph: Graph, subject: Node, predicate: str) -> Node:
    value = graph.value(subject, predicate)
    assert isinstance(value, NamedNode | BlankNode)
    return value


def _shown(term: Term | None) -> str | None:
    return "blank node" if isinstance(term, BlankNode) else getattr(term, "value", None)


NAMES = sorted(
    str(file.relative_to(FOLDER).with_suffix(""))
    for file in FOLDER.rglob("*.ttl")
    if not file.stem.endswith(("-data", "-shapes"))
)


@pytest.mark.parametrize("name", NAMES)
def test_a_core_test_of_w3c(name: str) -> None:
    case = Case(name)
    if name in REFUSED:
        with pytest.raises(ShapeError):
            check_core(case.shapes)
        return
    asked, graph = case.asked(), Graph(case.data)
    judge, screen = Judge(case.shapes), Screen(Graph(case.shapes))
    judge(case.data, "en", asked)  # the first node of each shape is judged whatever it is; the next time it is screened
    screen.suspects(graph, asked)
    found = Counter(
        (_shown(node), fault.value, fault.constraint, fault.severity)
        for fault, node, _ in judge(case.data, "en", asked)
    )
    if name in TOLD_OTHERWISE:
        assert found != case.results
        return
    assert found == case.results
    assert case.conforms == (not found)
    suspects = {node for nodes in screen.suspects(graph, asked).values() for node in nodes}
    focus = {node for nodes in asked.values() for node in nodes}
    assert case.at_fault & focus <= suspects, "what is at fault must never pass the screen"
    passing = focus - case.at_fault if case.at_fault <= focus else set()  # else a shape within finds it in a value
    assert bool(passing & suspects) == (name in LEFT_TO_PYSHACL), "what conforms passes it, but for a known few"
