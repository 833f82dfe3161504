"""What a catalogue has of each class: how complete its rows are, how its things are spread, who is linked with whom.

Part of a :mod:`kgcompare.report`. Classes and rows come from the shapes; the engine counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import cast

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import iri, is_safe_iri
from kgcompare.rdf.terms import (
    EDTF,
    KGC_NONE,
    KGC_UNKNOWN,
    LABELS,
    RDF_TYPE,
    SKOS_CONCEPT,
    XSD_DATE,
    XSD_G_YEAR,
    XSD_G_YEAR_MONTH,
)
from kgcompare.report.islands import components
from kgcompare.report.questions import Mentioned, Questions, count_of, named_row
from kgcompare.schema.rows import PropertyShape
from kgcompare.text import dates

SHOWN = 100
"""The most islands, duplicates, shared aliases and shared DOIs that a report names; it counts them all."""
_LANG_STRING = iri("rdf:langString").value
_DATES = (EDTF, XSD_DATE, XSD_G_YEAR, XSD_G_YEAR_MONTH)
_EXAMPLES = 5
"""Things without a translation that are named."""
_REASONS = {KGC_NONE: "none", KGC_UNKNOWN: "unknown"}
_LOOKED_UP = 3000
"""Concepts up to which each is looked up."""
_WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Missing:
    """Texts that have no translation: how many things are without one in a language, and the first of them."""

    lang: str
    count: int
    examples: tuple[Mentioned, ...]


@dataclass(frozen=True, slots=True)
class RowState:
    """How many things of a class have a value in a row, or are said to have none; texts also by language."""

    item: Mentioned
    recorded: int
    none: int = 0
    unknown: int = 0
    languages: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """How many things have each concept in a row, the most frequent first, and how many have none."""

    row: Mentioned
    values: tuple[tuple[Mentioned, int], ...]
    without: int


@dataclass(frozen=True, slots=True)
class Years:
    """How many things begin in each year by a row of dates, and how many have no year there."""

    row: Mentioned
    years: tuple[tuple[int, int], ...]
    without: int

    @property
    def periods(self) -> tuple[tuple[int, int, int], ...]:
        """(first year, last year, things) of equal periods without a gap, thirty at most."""
        first, last = self.years[0][0], self.years[-1][0]
        width = next((w for w in _WIDTHS if last // w - first // w < 30), 10_000)
        counts: Counter[int] = Counter()
        for year, things in self.years:
            counts[year // width] += things
        return tuple((p * width, p * width + width - 1, counts[p]) for p in range(first // width, last // width + 1))


@dataclass(frozen=True, slots=True)
class Islands:
    """Things that no link joins with the rest: how many islands, the size of the largest, who is on the small ones."""

    count: int
    largest: int
    small: tuple[tuple[Mentioned, ...], ...]


@dataclass(frozen=True, slots=True)
class ClassState:
    """The things of one class that a shape targets."""

    item: Mentioned
    count: int
    rows: tuple[RowState, ...]
    splits: tuple[Split, ...]
    years: tuple[Years, ...]
    islands: Islands | None


_Key = tuple[str, str]
"""A class, and a predicate or the IRI of a row of it."""


class Counts:
    """What is counted of all classes at once; asked from now on."""

    def __init__(self, asking: Questions) -> None:
        self.asking = asking
        self.plain = {c: {p: row for row in asking.rows[c] if (p := row.path.predicate)} for c in asking.targets}
        """By class the rows whose path is a predicate, by that."""
        self._cells = [(c, p) for c in self.plain for p in self.plain[c]]
        tagged = [(c, p) for c, p in self._cells if _may_hold(self.plain[c][p], _LANG_STRING)]
        valued = [(c, p) for c, p in self._cells if self.plain[c][p].kind == "value"]
        dated = [(c, p) for c, p in valued if p not in LABELS and _may_hold(self.plain[c][p], *_DATES)]
        self._said = asking.begin(partial(self._languages, tagged))
        self._recorded = asking.begin(partial(_recorded, asking))
        self._dates = asking.begin(partial(self._ask, "report_dates", dated))
        self._filed = asking.begin(partial(self._by_concept, valued))
        self._without = asking.begin(partial(asking.ask, "report_absences", asking.targets))

    def collect(self) -> None:
        """Waits for the answers."""
        self.recorded = self._recorded()
        self.absent = self._absent()
        self.spoken = self._spoken()
        self.concepts = self._concepts()
        self.dated = self._dated()

    def _absent(self) -> Counter[tuple[str, str, str]]:
        """How many things of a class are said to have no value in a row, by (class, row or its id, reason)."""
        absent: Counter[tuple[str, str, str]] = Counter()
        for c, row, reason, n in self._without():
            absent[c.value, row.value, _REASONS.get(reason.value, "")] += count_of(n)
        return absent

    def _spoken(self) -> dict[_Key, Counter[str]]:
        """How many things have texts in which language, by class and predicate; under ``""`` those that have any."""
        named = {cell: self.asking.tongues[cell] for cell in self._cells if cell in self.asking.tongues}
        spoken: dict[_Key, Counter[str]] = {}
        for c, p, language, n in self._said():
            if p.value in self.plain[c.value]:
                spoken.setdefault((c.value, p.value), Counter())[language.value] = count_of(n)
        # Where each thing that has a value has one in the same language, there are no more; else they are counted.
        whole = {(c, p): self.recorded[c, self.plain[c][p].iri] for c, p in spoken}
        unclear = [cell for cell, by in spoken.items() if max(by.values()) < whole[cell]]
        whole |= {(c.value, p.value): count_of(n) for c, p, n in self._ask("report_tagged", unclear) if unclear}
        for cell, by in spoken.items():
            by[""] = whole[cell]
        return spoken | named

    def _languages(self, cells: Sequence[_Key]) -> list[tuple[Term, ...]]:
        """(class, predicate, language, how many things) of texts of which the index does not say it."""
        asked = dict.fromkeys(p for _, p in cells if p not in self.asking.named_by)
        predicates = [NamedNode(p) for p in asked]
        return self.asking.ask("report_languages", self.asking.targets, predicate=predicates) if asked else []

    def _by_concept(self, cells: Sequence[_Key]) -> list[tuple[Term, ...]]:
        """(class, predicate, concept, how many things), of predicates that lead to concepts: an engine of our own is
        quick to say which, where it would read all values of the others."""
        look_up = self.asking.generation.snapshot.look_up
        if look_up is not None:
            typed = list(look_up(None, NamedNode(RDF_TYPE), NamedNode(SKOS_CONCEPT), _LOOKED_UP))
            concepts = {cast("Term", quad.subject) for quad in typed}

            def leads(predicate: str) -> bool:
                return any(True for concept in concepts for _ in look_up(None, NamedNode(predicate), concept, 1))

            if len(typed) < _LOOKED_UP:
                leading = set(filter(leads, {p for _, p in cells}))
                cells = [(c, p) for c, p in cells if p in leading]
        return self._ask("report_concepts", cells) if cells else []

    def _concepts(self) -> dict[_Key, list[tuple[str, int]]]:
        """(concept, how many things have it), by class and predicate."""
        concepts: dict[_Key, list[tuple[str, int]]] = {}
        for c, p, concept, n in self._filed():
            if (c.value, p.value) not in self.spoken:
                concepts.setdefault((c.value, p.value), []).append((concept.value, count_of(n)))
        return concepts

    def _dated(self) -> dict[_Key, Counter[int]]:
        """How many things begin in which year, by class and predicate."""
        dated: dict[_Key, Counter[int]] = {}
        for c, p, date, n in self._dates():
            year = _year(date.value)
            if year is not None and (c.value, p.value) not in self.spoken.keys() | self.concepts.keys():
                dated.setdefault((c.value, p.value), Counter())[year] += count_of(n)
        return dated

    def _ask(self, query: str, cells: Sequence[_Key]) -> list[tuple[Term, ...]]:
        pairs = [(NamedNode(c), NamedNode(p)) for c, p in cells]
        return self.asking.ask(query, self.asking.targets, class__predicate=pairs)


def states(asking: Questions, counts: Counts) -> tuple[ClassState, ...]:
    """All classes of which there are things: those whose things are linked first, then the larger ones."""
    if not asking.targets:
        return ()
    asking.tell("counting", 0, 1)
    counts.collect()
    named = asking.named({concept for counted in counts.concepts.values() for concept, _ in counted})
    class_states = tuple(_state(asking, c, counts, named) for c in asking.targets)
    asking.tell("counting", 1, 1)
    return class_states


def _state(asking: Questions, cls: str, counts: Counts, named: Mapping[str, Mentioned]) -> ClassState:
    total, plain = asking.classes[cls], counts.plain[cls]
    rows = (r for r in asking.rows[cls] if counts.recorded[cls, r.iri] or not (r.where_recorded or r.iri in LABELS))
    splits = [
        Split(
            named_row(row),
            tuple((named[concept], n) for concept, n in counts.concepts[cls, p]),
            total - counts.recorded[cls, row.iri],
        )
        for p, row in plain.items()
        if (cls, p) in counts.concepts and cls != SKOS_CONCEPT
    ]
    years = [
        Years(named_row(row), tuple(sorted(begun.items())), max(0, total - begun.total()))
        for p, row in plain.items()
        if (begun := counts.dated.get((cls, p)))
    ]
    return ClassState(
        asking.named_class(cls),
        total,
        tuple(_row_state(asking, cls, row, counts) for row in rows),
        tuple(splits),
        tuple(years),
        _islands(asking, cls),
    )


def _row_state(asking: Questions, cls: str, row: PropertyShape, counts: Counts) -> RowState:
    languages, missing = _translations(asking, cls, row, counts.spoken)
    none, unknown = (
        sum(counts.absent[cls, name, reason] for name in {row.iri, row.id or ""}) for reason in _REASONS.values()
    )
    return RowState(named_row(row), counts.recorded[cls, row.iri], none, unknown, languages, missing)


def _may_hold(row: PropertyShape, *datatypes: str) -> bool:
    """Whether values of a row may have one of the datatypes, by what its shape says: that costs nothing."""
    if row.kind == "count" or (row.value_classes and row.kind != "name"):
        return False
    return not row.datatypes or any(datatype in datatypes for datatype in row.datatypes)


def _recorded(asking: Questions) -> Counter[tuple[str, str]]:
    """How many things of a class have a value in a row, by (class, IRI of the row)."""
    keys = [(c, row) for c in asking.targets for row in asking.rows[c]]
    forwards = ("class__row__predicate", "class__row__first__second", "class__row__first__second__third")
    paths: dict[str, list[tuple[NamedNode | Literal, ...]]] = {name: [] for name in (*forwards, "class__row__inverse")}
    for at, (c, row) in enumerate(keys):
        for steps in row.path.alternatives:
            name = "class__row__inverse" if steps[0].inverse else forwards[len(steps) - 1]
            paths[name].append((NamedNode(c), Literal(str(at)), *(NamedNode(step.predicate) for step in steps)))
    counts: Counter[tuple[str, str]] = Counter()
    for cls, key, n in asking.ask("report_rows", asking.targets, **paths):
        counts[cls.value, keys[count_of(key)][1].iri] = count_of(n)
    return counts


def _translations(
    asking: Questions, cls: str, row: PropertyShape, spoken: Mapping[tuple[str, str], Counter[str]]
) -> tuple[dict[str, int], tuple[Missing, ...]]:
    """How many things have texts of a row in each language, and those that lack one which the class has.

    Aliases need no translation, and theirs bring no language that other rows would need.
    """
    predicate = row.path.predicate or ""
    counted = spoken.get((cls, predicate))
    if not counted:
        return {}, ()
    having = {tag: n for tag, n in sorted(counted.items()) if tag}
    if row.kind == "name":
        return having, ()
    others = (p for r in asking.rows[cls] if r.kind != "name" and (p := r.path.predicate))
    present = {tag for p in others for tag in spoken.get((cls, p), ()) if tag}
    missing = []
    for tag in sorted(present):
        lacking = counted[""] - having.get(tag, 0)
        if lacking:
            missing.append(Missing(tag, lacking, asking.some(_first_lacking(asking, cls, predicate, tag, lacking))))
    return having, tuple(missing)


def _first_lacking(asking: Questions, cls: str, predicate: str, tag: str, lacking: int) -> list[str]:
    """The first things of a class, by their IRIs, that have texts and none in a language; *lacking* is how many do.

    They are looked for among the first things, then among ever more: mostly they are soon found.
    """
    things, found, at, size = sorted(asking.members[cls]), list[str](), 0, 200
    while at < len(things) and len(found) < min(lacking, _EXAMPLES):
        some = [NamedNode(thing) for thing in things[at : at + size] if is_safe_iri(thing)]
        tags: dict[str, set[str]] = {}
        for thing, language in asking.ask("report_tongues", thing=some, predicate=[NamedNode(predicate)]):
            tags.setdefault(thing.value, set()).add(language.value)
        found += [thing for thing, spoken in tags.items() if tag not in spoken]
        at, size = at + size, min(size * 4, 10_000)
    return found[:_EXAMPLES]


def _islands(asking: Questions, cls: str) -> Islands | None:
    """The islands of a class that has a row of counted links."""
    shapes = asking.shapes
    relations = {p for p in (*shapes.links(cls), *shapes.typed_links(cls)) if is_safe_iri(p)}
    if not relations:
        return None
    members = asking.members[cls]
    joined = chain(asking.generation.index.all_related(), ((one, other) for one, _, other in asking.ties(cls)))
    links: list[tuple[str, str | None]] = [(thing, None) for thing in members]
    links += [pair for pair in joined if pair[0] in members]
    groups = components(links)
    small = tuple(asking.some(group[:SHOWN]) for group in groups[1 : SHOWN + 1])
    return Islands(len(groups), len(groups[0]), small)


def _year(text: str) -> int | None:
    try:
        return dates.years(dates.canonical(text))[0]
    except ValueError:
        return None
