"""Some statements judged by shapes, by pySHACL: no store, no files, nothing but what is handed in.

Source: SHACL, sections 3 (validation and graphs) and 3.6 (validation report).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import DataError, Fault, Seam, Severity, ShapeError
from kgcompare.rdf.convert import to_rdflib
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import RDF_TYPE, SH_INFO, SH_VIOLATION, SH_WARNING
from kgcompare.schema import core, wording
from kgcompare.schema.extract import Asked, Extract
from kgcompare.schema.knowledge import Knowledge
from kgcompare.schema.plans import RDFS_CLASS, TARGETS
from kgcompare.schema.screening import Screen
from kgcompare.text.languages import best

if TYPE_CHECKING:
    import rdflib

Objection = tuple[Fault, Term, Term | None]
"""A fault without its file, the focus node that it is about, and the shape that finds it where that is known."""
_TARGET_NODE = NamedNode(PREFIXES["sh"] + "targetNode")
_SEVERITY: Mapping[str, Severity] = {
    SH_VIOLATION: "violation",
    SH_WARNING: "warning",
    SH_INFO: "info",
}


class Judge:
    """Judges statements by shapes; reads the shapes once."""

    def __init__(self, shapes: Iterable[Triple]) -> None:
        self._triples = triples = core.merged(shapes)
        self._graph = graph = Graph(triples)
        self._screen = Screen(graph)
        implied = {subject for subject in graph.subjects() if RDFS_CLASS in graph.objects(subject, RDF_TYPE)}
        self._aimless = [
            triple
            for triple in triples
            if triple.predicate.value not in TARGETS and not (triple.subject in implied and triple.object == RDFS_CLASS)
        ]

    def __call__(self, data: Graph | Sequence[Triple], lang: str, asked: Asked | None = None) -> list[Objection]:
        """The faults of some statements, in an order that depends on nothing else.

        Where it says what shapes are *asked* of, by shape the nodes, nothing else is judged; else what their targets
        are. Then pySHACL judges those nodes alone that a shape could find at fault, by what their shapes look at.

        :raises ShapeError: if pySHACL cannot use the shapes.
        :raises DataError: if it cannot finish.
        """
        if asked is None:
            return self._judged(self._triples, list(data), lang)
        graph = data if isinstance(data, Graph) else Graph(data)
        suspects = self._screen.suspects(graph, asked)
        if not suspects:
            return []
        aims = [Triple(shape, _TARGET_NODE, node) for shape, nodes in suspects.items() for node in nodes]
        blank = {node for nodes in suspects.values() for node in nodes if isinstance(node, BlankNode)}
        few = [*Extract(self._graph, Knowledge({"": graph}, None)).around(suspects)]
        if blank:  # pySHACL wants to meet a blank node somewhere
            few += [triple for triple in data if triple.object in blank]
        return self._judged([*self._aimless, *aims], few, lang)

    def _judged(self, triples: Sequence[Triple], data: Sequence[Triple], lang: str) -> list[Objection]:
        import pyshacl
        import rdflib

        logging.getLogger("pyshacl").setLevel(logging.CRITICAL)
        shapes = _flattened(to_rdflib(triples))
        unusable = (pyshacl.errors.ShapeLoadError, pyshacl.errors.ConstraintLoadError)
        with (
            Seam((Exception,), lambda why: DataError(f"pySHACL could not finish: {why}")),
            Seam((RecursionError,), lambda _: DataError("pySHACL could not finish: something nests too deeply")),
            Seam(unusable, lambda why: ShapeError(f"pySHACL cannot use the shapes: {why}")),
        ):
            _, report, _ = pyshacl.validate(
                to_rdflib(data, _prepared_graph()(bind_namespaces="none")),
                shacl_graph=shapes,
                inplace=True,
                allow_warnings=True,
                advanced=True,
                do_owl_imports=False,
            )
        if not isinstance(report, rdflib.Graph):
            raise DataError(f"pySHACL could not finish: {report}")
        return sorted(
            (_fault(report, result, shapes, lang) for result in report.objects(None, rdflib.SH.result)),
            key=lambda one: (one[0].focus_node or "", one[0].path or "", one[0].value or "", one[0].message),
        )


@cache
def _prepared_graph() -> type[rdflib.Graph]:
    """A graph that parses a query once: rdflib's parser takes 60 ms for one, and pySHACL asks anew each time."""
    import rdflib
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.sparql import Query

    prepared = lru_cache(maxsize=64)(prepareQuery)

    class PreparedGraph(rdflib.Graph):
        def query(self, query_object: str | Query, *args: Any, **options: Any) -> rdflib.query.Result:
            if isinstance(query_object, str) and not options.get("initNs"):
                query_object = prepared(query_object)
            return super().query(query_object, *args, **options)

    return PreparedGraph


def _flattened(shapes: rdflib.Graph) -> rdflib.Graph:
    """The same shapes with the targets of a node shape on its property shapes themselves.

    The results are the same, and pySHACL then validates a property shape once for all focus nodes, not
    once for each (measured on the bundled catalogue: 11 s before, 3 s after).
    """
    from rdflib import SH

    targets = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf, SH.target)
    for shape in set(shapes.subjects(SH.property)):
        declared = [(predicate, value) for predicate in targets for value in shapes.objects(shape, predicate)]
        kept = (SH.path, SH.closed, SH.deactivated)  # what is nested below a path is judged of its values
        if not declared or any((shape, predicate, None) in shapes for predicate in kept):
            continue
        parts = list(shapes.objects(shape, SH.property))
        if any((part, SH.qualifiedValueShapesDisjoint, None) in shapes for part in parts):
            continue  # these are judged by what stands beside them
        for part in parts:
            for predicate, value in declared:
                shapes.add((part, predicate, value))
            shapes.remove((shape, SH.property, part))
    return shapes


def _fault(report: rdflib.Graph, result: rdflib.term.Node, shapes: rdflib.Graph, lang: str) -> Objection:
    import rdflib

    messages: dict[str, str] = {}
    for message in report.objects(result, rdflib.SH.resultMessage):
        messages.setdefault(str(getattr(message, "language", None) or ""), str(message))
    chosen = best(messages, lang)
    focus = report.value(result, rdflib.SH.focusNode)
    path = report.value(result, rdflib.SH.resultPath)
    value = report.value(result, rdflib.SH.value)
    severity = str(report.value(result, rdflib.SH.resultSeverity))
    component = report.value(result, rdflib.SH.sourceConstraintComponent)
    shape = report.value(result, rdflib.SH.sourceShape)
    failed = None
    if shape is not None:
        failed = wording.of_constraint(shapes, shape, str(component), _path_text(report, path) or "", lang)
    fault = Fault(
        message=failed or (chosen[1] if chosen else "the data do not fit the shape"),
        severity=_SEVERITY.get(severity, "violation"),
        focus_node=str(focus),
        path=_path_text(report, path),
        value=None if value is None else "blank node" if isinstance(value, rdflib.BNode) else str(value),
        constraint=None if component is None else str(component),
    )
    return fault, _term(focus), None if shape is None else _term(shape)


def _term(focus: rdflib.term.Node | None) -> Term:
    import rdflib

    if isinstance(focus, rdflib.Literal):
        if focus.language:
            return Literal(str(focus), language=focus.language)
        return Literal(str(focus), datatype=NamedNode(str(focus.datatype))) if focus.datatype else Literal(str(focus))
    return NamedNode(str(focus)) if isinstance(focus, rdflib.URIRef) else BlankNode(str(focus))


def _path_text(report: rdflib.Graph, path: rdflib.term.Node | None) -> str | None:
    import rdflib
    from rdflib.collection import Collection

    if path is None or isinstance(path, rdflib.URIRef):
        return None if path is None else str(path)
    signs = ((rdflib.SH.inversePath, "^"), (rdflib.SH.zeroOrMorePath, "*"), (rdflib.SH.zeroOrOnePath, "?"))
    for predicate, sign in signs:
        inner = report.value(path, predicate)
        if inner is not None:
            text = _path_text(report, inner) or ""
            return sign + text if sign == "^" else text + sign
    alternatives = report.value(path, rdflib.SH.alternativePath)
    members = Collection(report, alternatives or path)
    return (" | " if alternatives else " / ").join(_path_text(report, member) or "" for member in members) or None
