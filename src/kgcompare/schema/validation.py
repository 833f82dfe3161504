"""SHACL validation by pySHACL, on extracts: the records in question and what they name.

Source: SHACL, sections 3 (validation and graphs) and 3.6 (validation report).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyoxigraph import BlankNode, NamedNode, Triple

from kgcompare.errors import DataError, Fault, Seam, Severity, ShapeError, ValidationReport
from kgcompare.rdf.convert import to_rdflib
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES, iri, is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import SH_INFO, SH_VIOLATION, SH_WARNING
from kgcompare.store import Snapshot
from kgcompare.text.languages import best

if TYPE_CHECKING:
    import rdflib

BATCH = 2000
"""Records validated at once: large enough to share pySHACL's start-up, small enough to stay linear."""
_FULL = (PREFIXES["foaf"], PREFIXES["bibo"])
_RDF_TYPE = iri("rdf:type")
_SEVERITY: Mapping[str, Severity] = {
    SH_VIOLATION: "violation",
    SH_WARNING: "warning",
    SH_INFO: "info",
}


class Validator:
    """Validates records against shapes; reads the shapes once."""

    def __init__(self, shapes: Iterable[Triple]) -> None:
        self._shapes = _flattened(to_rdflib(shapes))

    def validate(
        self,
        documents: Mapping[str, Graph],
        *,
        snapshot: Snapshot | None = None,
        files: Mapping[str, str] | None = None,
        lang: str = "en",
        progress: Callable[[int, int], None] | None = None,
    ) -> ValidationReport:
        """Validates every record of *documents*, by the IRI of its graph.

        Things that they name and that are not among them are looked up in *snapshot*. Messages come in
        *lang* where the shapes have it. *progress* is told (done, all) records.

        :raises ShapeError: if pySHACL cannot use the shapes.
        """
        everything = Graph.joined(documents.values())
        known = _neighbours(everything, snapshot)
        homes: dict[Term, str] = {s: name for name, document in documents.items() for s in document.subjects()}
        subjects = [node for node in everything.subjects() if isinstance(node, NamedNode)]
        faults: list[Fault] = []
        for start in range(0, len(subjects), BATCH):
            batch = subjects[start : start + BATCH]
            owners = {node: node for node in batch} | {
                value: node
                for node in batch
                for values in everything.description(node).values()
                for value in values
                if isinstance(value, BlankNode)
            }
            for fault, focus in self._run(_extract(batch, everything, known), lang):
                owner = owners.get(focus)
                if owner is not None:  # neighbours stand there in part only, and are not looked at
                    told = fault if focus == owner else _of_owner(fault, focus, owner, everything)
                    faults.append(_located(told, (files or {}).get(homes.get(owner, ""))))
            if progress:
                progress(min(start + BATCH, len(subjects)), len(subjects))
        return ValidationReport(tuple(faults), len(documents))

    def _run(self, data: rdflib.Graph, lang: str) -> list[tuple[Fault, Node]]:
        import pyshacl
        import rdflib

        logging.getLogger("pyshacl").setLevel(logging.CRITICAL)
        unusable = (pyshacl.errors.ShapeLoadError, pyshacl.errors.ConstraintLoadError)
        with (
            Seam((Exception,), lambda why: DataError(f"pySHACL could not finish: {why}")),
            Seam((RecursionError,), lambda _: DataError("pySHACL could not finish: something nests too deeply")),
            Seam(unusable, lambda why: ShapeError(f"pySHACL cannot use the shapes: {why}")),
        ):
            _, report, _ = pyshacl.validate(
                data,
                shacl_graph=self._shapes,
                inplace=True,
                allow_warnings=True,
                advanced=True,
                do_owl_imports=False,
            )
        if not isinstance(report, rdflib.Graph):
            raise DataError(f"pySHACL could not finish: {report}")
        return sorted(
            (_fault(report, result, lang) for result in report.objects(None, rdflib.SH.result)),
            key=lambda pair: (pair[0].focus_node or "", pair[0].path or "", pair[0].value or "", pair[0].message),
        )


def _located(fault: Fault, file: str | None) -> Fault:
    if file is None or fault.focus_node is None or Path(file).suffix != ".ttl":
        return replace(fault, file=file)
    try:
        changed = Path(file).stat().st_mtime_ns
        starts = _starts_of(file, changed)
    except (OSError, ValueError):
        return replace(fault, file=file)
    return replace(fault, file=file, line=_line_in(starts, fault.focus_node))


@lru_cache(maxsize=4)
def _starts_of(file: str, _changed: int) -> Mapping[str, int]:
    return _starts(Path(file).read_text(encoding="utf-8"))


_PREFIX = re.compile(r"\s*@?prefix\s+([\w.-]*):\s*<([^<>\s]*)>", re.IGNORECASE)
_START = re.compile(r"\s*(?:<([^<>\s]+)>|([\w.-]*):([\w.%-]*))(?=\s|$)")


def _starts(text: str) -> dict[str, int]:
    """What stands first on a line, as an IRI or what is written of it, and the first such line."""
    prefixes: dict[str, str] = {}
    starts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := _PREFIX.match(line):
            prefixes[match[1]] = match[2]
        elif match := _START.match(line):
            name = match[1] or prefixes.get(match[2], "?") + match[3]
            starts.setdefault(name, number)
    return starts


def _line_in(starts: Mapping[str, int], iri: str) -> int | None:
    if iri in starts:
        return starts[iri]
    # Relative to a base that is not looked for: the longest end of the IRI that is written so.
    ends = [iri[at + (char == "/") :] for at, char in enumerate(iri) if char in "/#"]
    return next((starts[end] for end in ends if end in starts), None)


def _neighbours(graph: Graph, snapshot: Snapshot | None) -> Graph:
    """What the snapshot says of the things that *graph* names but does not describe: types and names."""
    named = {
        value
        for subject in graph.subjects()
        for values in graph.description(subject).values()
        for value in values
        if isinstance(value, NamedNode) and value not in graph and is_safe_iri(value.value)
    }
    known = Graph()
    if snapshot is not None and named:
        ordered = sorted(named, key=lambda node: node.value)
        for start in range(0, len(ordered), 1000):
            rows = snapshot.select(load("names").bind(thing=ordered[start : start + 1000])).rows
            for thing, predicate, value in rows:
                if isinstance(thing, NamedNode) and predicate is not None and value is not None:
                    known.add(thing, predicate.value, value)
    return known


def _extract(subjects: Sequence[NamedNode], everything: Graph, known: Graph) -> rdflib.Graph:
    """The records of a batch, in full the agents and sources that they name, and the classes of all else."""
    described: dict[Term, None] = dict.fromkeys(subjects)
    named: dict[Term, None] = {}
    for node in subjects:
        for value in (triple.object for triple in everything.reached(node)):
            if isinstance(value, Triple):
                continue
            types = everything.types(value) if isinstance(value, NamedNode) else []
            (described if any(cls.startswith(_FULL) for cls in types) else named)[value] = None
    triples: list[Triple] = []
    for term in described:
        if isinstance(term, NamedNode):
            triples += everything.reached(term)
    for term in named.keys() - described.keys():
        if isinstance(term, NamedNode):
            if term in everything:
                triples += [Triple(term, _RDF_TYPE, NamedNode(cls)) for cls in everything.types(term)]
            else:
                triples += known.reached(term)
    return to_rdflib(triples, _prepared_graph()(bind_namespaces="none"))


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
        if not declared or (shape, SH.closed, None) in shapes or (shape, SH.deactivated, None) in shapes:
            continue
        for part in list(shapes.objects(shape, SH.property)):
            for predicate, value in declared:
                shapes.add((part, predicate, value))
            shapes.remove((shape, SH.property, part))
    return shapes


def _of_owner(fault: Fault, focus: Node, owner: NamedNode, graph: Graph) -> Fault:
    """A fault of a blank node, told of the record that it belongs to."""
    by = next((p for p, values in graph.description(owner).items() if focus in values), "")
    path = " / ".join(part for part in (by, fault.path) if part)
    return replace(fault, focus_node=owner.value, path=path)


def _fault(report: rdflib.Graph, result: rdflib.term.Node, lang: str) -> tuple[Fault, Node]:
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
    fault = Fault(
        message=chosen[1] if chosen else "the data do not fit the shape",
        severity=_SEVERITY.get(severity, "violation"),
        focus_node=str(focus),
        path=_path_text(report, path),
        value=None if value is None else "blank node" if isinstance(value, rdflib.BNode) else str(value),
        constraint=None if component is None else str(component),
    )
    return fault, NamedNode(str(focus)) if isinstance(focus, rdflib.URIRef) else BlankNode(str(focus))


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
