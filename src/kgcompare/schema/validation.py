"""SHACL validation by pySHACL, on extracts: the records in question and what they name.

Source: SHACL, sections 3 (validation and graphs) and 3.6 (validation report).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, Triple

from kgcompare.errors import Fault, ValidationReport
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES, iri, is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.schema.judging import Finding, Judge
from kgcompare.store import Snapshot

BATCH = 2000
"""Records validated at once: large enough to share pySHACL's start-up, small enough to stay linear."""
Judging = Callable[[Sequence[Triple], str], list[Finding]]
"""Statements and a language -> what is wrong with them: what needs no store, and can run elsewhere."""
_FULL = (PREFIXES["foaf"], PREFIXES["bibo"])
_RDF_TYPE = iri("rdf:type")


class Validator:
    """Validates records against shapes; reads the shapes once."""

    def __init__(self, shapes: Iterable[Triple], judge: Judging | None = None) -> None:
        """*judge* judges the statements that are gathered for a batch; a :class:`Judge` of *shapes* if left out."""
        self._judge = judge or Judge(shapes)

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
            for fault, focus in self._judge(_extract(batch, everything, known), lang):
                owner = owners.get(focus)
                if owner is not None:  # neighbours stand there in part only, and are not looked at
                    told = fault if focus == owner else _of_owner(fault, focus, owner, everything)
                    faults.append(_located(told, (files or {}).get(homes.get(owner, ""))))
            if progress:
                progress(min(start + BATCH, len(subjects)), len(subjects))
        return ValidationReport(tuple(faults), len(documents))


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


def _extract(subjects: Sequence[NamedNode], everything: Graph, known: Graph) -> list[Triple]:
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
    return triples


def _of_owner(fault: Fault, focus: Node, owner: NamedNode, graph: Graph) -> Fault:
    """A fault of a blank node, told of the record that it belongs to."""
    by = next((p for p, values in graph.description(owner).items() if focus in values), "")
    path = " / ".join(part for part in (by, fault.path) if part)
    return replace(fault, focus_node=owner.value, path=path)
