"""The state of a catalogue: what is in it, what is missing, and what looks wrong.

It asks the queries of queries/report_*.rq, in which the engine counts, and works on any catalogue: classes and rows
come from the shapes. A report is in no language; what it names carries its names in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from pyoxigraph import NamedNode, Triple

from kgcompare.catalogue.generation import Generation
from kgcompare.errors import DataError, Severity, Unavailable
from kgcompare.model import Progress
from kgcompare.rdf.convert import to_rdflib
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import KGC, SHAPES, is_safe_iri, local_name
from kgcompare.rdf.terms import BIBO_DOI, RDFS_LABEL, SH_MESSAGE, SKOS_CONCEPT
from kgcompare.report import duplicates
from kgcompare.report.completeness import SHOWN, ClassState, Counts, states
from kgcompare.report.contradictions import Contradiction, contradicting
from kgcompare.report.questions import Mentioned, Questions, count_of
from kgcompare.schema import vocabulary, wording
from kgcompare.schema.validation import Validator

UNASKED = 3000
"""Records up to which a catalogue is validated without being asked to: some seconds."""
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of fault: its message by language, how many there are, of how many things, and how many of these
    have an editorial note about it."""

    severity: Severity
    message: Mapping[str, str]
    count: int
    things: int
    noted: int
    examples: tuple[Mentioned, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that should belong to one thing and belongs to several: a DOI, an alias."""

    text: str
    items: tuple[Mentioned, ...]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two things of a class with names so alike that they may be one; *score* goes from 0 to 100."""

    score: float
    one: Mentioned
    other: Mentioned


@dataclass(frozen=True, slots=True)
class Report:
    """The state of one generation. ``findings`` is None where nothing was validated: for its size, or because it could
    not be, for the reason that ``hindered`` gives.

    ``kinds`` has, by kind of record, how many there are, and ``named_kinds`` what the kinds are called. ``sources``
    counts the things of classes that have a row of DOIs, ``identified`` those of them that have one. ``checked`` has,
    by kind, how many records were checked in which way; under ``""`` those that do not say.
    ``totals`` counts all duplicates and shared aliases, of which ``duplicates`` and ``aliases`` name the first.
    """

    generation: str
    base: str
    kinds: Mapping[str, int]
    named_kinds: Mapping[str, Mentioned]
    classes: tuple[tuple[Mentioned, int], ...]
    states: tuple[ClassState, ...]
    sources: int
    identified: int
    shared_dois: tuple[Shared, ...]
    checked: Mapping[str, Mapping[str, int]]
    ways: tuple[Mentioned, ...]
    findings: tuple[Finding, ...] | None
    contradictions: tuple[Contradiction, ...]
    duplicates: tuple[Duplicate, ...]
    aliases: tuple[Shared, ...]
    totals: Mapping[str, int]
    hindered: str = ""

    @property
    def records(self) -> int:
        """How many records there are."""
        return sum(self.kinds.values())


def make(generation: Generation, *, validate: bool | None = None, progress: Progress | None = None) -> Report:
    """The state of a generation.

    All of it is validated if *validate*, by default where there are at most :data:`UNASKED` records. *progress* is
    told what is being done, and (done, all) of it.

    :raises StoreError: if the store cannot be read.
    """
    asking = Questions(generation, progress or (lambda _what, _done, _total: None))
    try:
        return _made(asking, validate)
    finally:
        asking.end()


def _made(asking: Questions, validate: bool | None) -> Report:
    generation, counts = asking.generation, Counts(asking)
    shared, citable = (
        asking.begin(partial(asking.ask, "report_shared_dois")),
        asking.begin(partial(_identified, asking)),
    )
    kinds = generation.counts()
    wanted = sum(kinds.values()) <= UNASKED if validate is None else validate
    findings, hindered = _validated(asking) if wanted else (None, "")
    checked, ways = _checked(asking, kinds)
    aliases = _aliases(asking)
    duplicates = _duplicates(asking)
    named = asking.named({thing for _, one, other in duplicates[:SHOWN] for thing in (one, other)})
    sources, identified = citable()
    dois = [(doi.value, things.value.split()) for doi, things in shared()]
    return Report(
        generation=generation.name,
        base=generation.base.value,
        kinds=kinds,
        named_kinds={kind: Mentioned(kind, "", asking.shapes.kind_labels(kind)) for kind in (*kinds, *checked)},
        classes=tuple((asking.named_class(c), n) for c, n in asking.classes.items()),
        states=states(asking, counts),
        sources=sources,
        identified=identified,
        shared_dois=tuple(Shared(doi, asking.some(things)) for doi, things in dois[:SHOWN]),
        checked=checked,
        ways=ways,
        findings=findings,
        hindered=hindered,
        contradictions=contradicting(asking),
        duplicates=tuple(Duplicate(score, named[one], named[other]) for score, one, other in duplicates[:SHOWN]),
        aliases=tuple(Shared(name, asking.some(things)) for name, things in aliases[:SHOWN]),
        totals={"duplicates": len(duplicates), "aliases": len(aliases), "shared_dois": len(dois)},
    )


def _identified(asking: Questions) -> tuple[int, int]:
    """How many things could have a DOI, by the shape of their class, and how many have one."""
    shapes = asking.shapes
    citable = {c for c in shapes.targets if any(row.path.predicate == BIBO_DOI for row in shapes.fields(c))}
    classes = [c for c in asking.classes if is_safe_iri(c) and shapes.class_among([c]) in citable]
    if not classes:
        return 0, 0
    rows = asking.ask("report_dois", classes)
    sources, identified = rows[0] if rows else (None, None)  # no answer is not a count of none
    return count_of(sources), count_of(identified)


def _checked(asking: Questions, kinds: Mapping[str, int]) -> tuple[dict[str, dict[str, int]], tuple[Mentioned, ...]]:
    checked: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    ways: dict[str, Mentioned] = {}
    for kind, how, n in asking.ask("report_checked"):
        names = vocabulary.graph().texts(how, RDFS_LABEL) if isinstance(how, NamedNode) else {}
        ways[how.value] = Mentioned(local_name(how.value), how.value, names)
        checked.setdefault(kind.value, {})[how.value] = count_of(n)
    for name, by in checked.items():
        by[""] = max(0, kinds.get(name, 0) - sum(by.values()))
    return checked, tuple(ways[how] for how in sorted(ways))


def _validated(asking: Questions) -> tuple[tuple[Finding, ...] | None, str]:
    """What is found in all records, or why that cannot be said: a report has more to tell."""
    try:
        return _findings(asking), ""
    except (DataError, Unavailable) as fault:
        return None, str(fault)


def _findings(asking: Questions) -> tuple[Finding, ...]:
    """What pySHACL finds in all records, by message."""
    own: dict[str, dict[str, str]] = {}
    for shape in asking.shapes.graph.subjects():
        texts = asking.shapes.graph.texts(shape, SH_MESSAGE)
        own.update(dict.fromkeys(texts.values(), texts))
    own.update(wording.in_every_language(to_rdflib(asking.shapes.triples)))
    faults = Validator(asking.shapes.triples).validate(
        {"": _everything(asking.generation)},  # which nothing is looked up beside: an endpoint would name nodes anew
        progress=lambda done, total: asking.tell("validating", done, total),
    )
    kinds: dict[tuple[Severity, str], list[str]] = {}
    for fault in faults.faults:
        # Messages that pySHACL makes up name the node, so that no two are the same.
        message = fault.message if fault.message in own else f"{local_name(fault.constraint or '')}: {fault.path}"
        kinds.setdefault((fault.severity, message), []).append(fault.focus_node or "")
    order = ("violation", "warning", "info")
    findings = []
    for severity, message in sorted(kinds, key=lambda kind: (order.index(kind[0]), -len(kinds[kind]), kind[1])):
        nodes = kinds[severity, message]
        things = sorted({node for node in nodes if is_safe_iri(node)})
        noted = len(asking.ask("report_notes", thing=[NamedNode(thing) for thing in things])) if things else 0
        texts = own.get(message, {"": message})
        findings.append(Finding(severity, texts, len(nodes), len(things), noted, asking.some(things[:EXAMPLES])))
    return tuple(findings)


def _everything(generation: Generation) -> Graph:
    """All that is said of records."""
    return Graph(
        Triple(quad.subject, quad.predicate, quad.object)
        for quad in generation.quads()
        if generation.base.is_of_record(getattr(quad.graph_name, "value", ""))
        and not getattr(quad.subject, "value", "").startswith((KGC, SHAPES))
    )


def _duplicates(asking: Questions) -> list[tuple[float, str, str]]:
    """Things with names alike, among those of the same shape; concepts of different schemes share theirs rightly."""
    groups: dict[tuple[str, ...], set[str]] = {}
    for c in asking.targets:
        if c != SKOS_CONCEPT:
            groups.setdefault(tuple(row.iri for row in asking.rows[c]), set()).update(asking.members[c])
    pairs = []
    for members in groups.values():
        names = ((thing, name) for thing, name, alias in asking.called if not alias and thing in members)
        pairs += duplicates.pairs(names, tell=lambda done, total: asking.tell("comparing names", done, total))
    return sorted(pairs, key=lambda pair: (-pair[0], *pair[1:]))


def _aliases(asking: Questions) -> list[tuple[str, list[str]]]:
    """Aliases that several things of a class have; concepts of different schemes share theirs rightly."""
    shared = []
    for c in asking.targets:
        if c == SKOS_CONCEPT or not any(row.kind == "name" and row.path.predicate for row in asking.rows[c]):
            continue
        members = asking.members[c]
        aliases: set[str] = set()
        having: dict[str, set[str]] = {}
        for thing, name, alias in asking.called:
            if thing in members:
                key = name.lower()
                having.setdefault(key, set()).add(thing)
                if alias:
                    aliases.add(key)
        shared += [(name, sorted(having[name])) for name in aliases if len(having[name]) > 1]
    return sorted(shared)
