"""What a catalogue has of each class: how complete its rows are, how its things are spread, who is linked with whom.

Part of a :mod:`kgcompare.report`. Classes and rows come from the shapes; the engine counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue.generation import Generation
from kgcompare.model import Progress
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import PREFIXES, is_safe_iri, local_name
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import KGC_NONE, KGC_RELATED, KGC_UNKNOWN, LABELS, RDFS_LABEL, SH_TARGET_CLASS, SKOS_CONCEPT
from kgcompare.schema import vocabulary
from kgcompare.schema.paths import PropertyPath, Step
from kgcompare.schema.rows import PropertyShape
from kgcompare.text import dates
from kgcompare.text.languages import best, interface_languages, translate

SHOWN = 100
"""The most islands, duplicates, shared aliases and shared DOIs that a report names; it counts them all."""
CONCEPT = SKOS_CONCEPT
_REASONS = {KGC_NONE: "none", KGC_UNKNOWN: "unknown"}
_WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Something that a report names: a thing, a class, a row. ``path`` is its page below the root of a server."""

    id: str
    iri: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    path: str | None = None

    def label(self, lang: str) -> tuple[str | None, str]:
        """(language, name) for a reader of *lang*."""
        return best(self.names, lang) or (None, self.id)


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


class Questions:
    """Asks the queries of a report, and names what they find."""

    def __init__(self, generation: Generation, tell: Progress) -> None:
        self.generation = generation
        self.tell = tell
        self.classes = {c.value: number(n) for c, n in self.ask("report_classes")}
        targets = [c for c in generation.shapes.targets if self.classes.get(c) and is_safe_iri(c)]
        self.rows = {c: _rows(generation.shapes.fields(c)) for c in targets}
        linked = {c for c in targets if any(row.kind == "count" for row in self.rows[c])}
        self.targets = sorted(targets, key=lambda c: (c not in linked, -self.classes[c], c))
        self.shapes = Graph(generation.shapes.triples)
        self.labels: dict[str, dict[str, str]] = {}
        for shape in self.shapes.subjects():
            for target in self.shapes.iris(shape, SH_TARGET_CLASS):
                self.labels.setdefault(target, {}).update(self.shapes.texts(shape, RDFS_LABEL))

    def ask(self, name: str, cls: Iterable[str] = (), **values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """The solutions of a query; *cls* are the classes that it is about."""
        query = load(name)
        about: dict[str, Iterable[Any]] = {"class": [NamedNode(c) for c in cls]} if cls else {}
        return self.generation.snapshot.select(query.bind(**about, **values) if about or values else query.text).rows

    def items(self, things: Iterable[str]) -> dict[str, Mentioned]:
        """What things are called, and where their pages are."""
        mentioned = {}
        for thing, graph in self.generation.descriptions.things(things).items():
            path = self.generation.path(thing)
            slug = path.rpartition("/")[2] if path else local_name(thing)
            said = (graph.texts(NamedNode(thing), label) for label in LABELS) if is_safe_iri(thing) else ()
            mentioned[thing] = Mentioned(slug, thing, next((names for names in said if names), {}), path)
        return mentioned

    def some(self, things: Iterable[str]) -> tuple[Mentioned, ...]:
        """The same for a few things, by their IRIs."""
        ordered = sorted(set(things))
        mentioned = self.items(ordered)
        return tuple(mentioned[thing] for thing in ordered)

    def item(self, cls: str) -> Mentioned:
        """A class; its own name behind that of its shape where another class of that shape has things too."""
        names = self.labels.get(cls, {})
        if sum(self.labels.get(other) == names for other in self.targets) > 1:
            names = {tag: f"{text} ({local_name(cls)})" for tag, text in names.items()}
        prefix = next((prefix for prefix, start in PREFIXES.items() if cls.startswith(start)), None)
        return Mentioned(f"{prefix}:{cls[len(PREFIXES[prefix]) :]}" if prefix else local_name(cls), cls, names)


def states(asking: Questions) -> tuple[ClassState, ...]:
    """All classes of which there are things: those whose things are linked first, then the larger ones."""
    if not asking.targets:
        return ()
    asking.tell("counting", 0, 1)
    plain = {c: {p: row for row in asking.rows[c] if (p := row.path.predicate)} for c in asking.targets}
    pairs = [(NamedNode(c), NamedNode(p)) for c in plain for p in plain[c]]
    counts = _recorded(asking)
    absent: Counter[tuple[str, str, str]] = Counter()
    for c, row, reason, n in asking.ask("report_absences", asking.targets):
        absent[c.value, row.value, _REASONS.get(reason.value, "")] += number(n)
    spoken: dict[tuple[str, str], Counter[frozenset[str]]] = {}
    for c, p, languages, n in asking.ask("report_languages", asking.targets, class__predicate=pairs):
        spoken.setdefault((c.value, p.value), Counter())[frozenset(languages.value.split())] += number(n)
    concepts: dict[tuple[str, str], list[tuple[str, int]]] = {}
    values = [(c, p) for c, p in pairs if plain[c.value][p.value].kind == "value" and (c.value, p.value) not in spoken]
    for c, p, concept, n in asking.ask("report_concepts", asking.targets, class__predicate=values):
        concepts.setdefault((c.value, p.value), []).append((concept.value, number(n)))
    dated: dict[tuple[str, str], Counter[int]] = {}
    literals = [(c, p) for c, p in values if (c.value, p.value) not in concepts]
    for c, p, date, n in asking.ask("report_dates", asking.targets, class__predicate=literals):
        year = _year(date.value)
        if year is not None:
            dated.setdefault((c.value, p.value), Counter())[year] += number(n)
    named = asking.items({concept for counted in concepts.values() for concept, _ in counted})
    class_states = []
    for c in asking.targets:
        total = asking.classes[c]
        rows = []
        for row in asking.rows[c]:
            if row.iri in LABELS and not counts[c, row.iri]:
                continue
            languages, missing = _translations(asking, c, row, spoken)
            none, unknown = (sum(absent[c, name, r] for name in {row.iri, row.id or ""}) for r in _REASONS.values())
            rows.append(RowState(_row_item(row), counts[c, row.iri], none, unknown, languages, missing))
        splits = [
            Split(_row_item(row), tuple((named[v], n) for v, n in concepts[c, p]), total - counts[c, row.iri])
            for p, row in plain[c].items()
            if (c, p) in concepts and c != CONCEPT
        ]
        years = [
            Years(_row_item(row), tuple(sorted(dated[c, p].items())), max(0, total - dated[c, p].total()))
            for p, row in plain[c].items()
            if (c, p) in dated
        ]
        class_states.append(
            ClassState(asking.item(c), total, tuple(rows), tuple(splits), tuple(years), _islands(asking, c))
        )
    asking.tell("counting", 1, 1)
    return tuple(class_states)


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
    for c, row_key, n in asking.ask("report_rows", asking.targets, **paths):
        counts[c.value, keys[int(row_key.value)][1].iri] = number(n)
    return counts


def _translations(
    asking: Questions, cls: str, row: PropertyShape, spoken: Mapping[tuple[str, str], Counter[frozenset[str]]]
) -> tuple[dict[str, int], tuple[Missing, ...]]:
    """How many things have texts of a row in each language, and those that lack one which the class has.

    Aliases need no translation, and theirs bring no language that other rows would need.
    """
    predicate = row.path.predicate or ""
    sets = spoken.get((cls, predicate))
    if not sets:
        return {}, ()
    having = {tag: sum(n for tags, n in sets.items() if tag in tags) for tag in sorted(frozenset().union(*sets))}
    if row.kind == "name":
        return having, ()
    others = (p for r in asking.rows[cls] if r.kind != "name" and (p := r.path.predicate))
    present = {tag for p in others for tags in spoken.get((cls, p), ()) for tag in tags}
    missing = []
    for tag in sorted(present):
        lacking = sets.total() - having.get(tag, 0)
        if lacking:
            rows = asking.ask("report_untranslated", [cls], predicate=[NamedNode(predicate)], language=[Literal(tag)])
            missing.append(Missing(tag, lacking, asking.some(solution[0].value for solution in rows)))
    return having, tuple(missing)


def _islands(asking: Questions, cls: str) -> Islands | None:
    """The islands of a class that has a row of counted links."""
    counted = [row for row in asking.rows[cls] if row.kind == "count"]
    if not counted:
        return None
    relations = {step.predicate for row in counted for steps in row.path.alternatives for step in steps}
    relations |= {KGC_RELATED, *vocabulary.typed_relations()}
    rows = asking.ask("report_links", [cls], relation=[NamedNode(relation) for relation in sorted(relations)])
    groups = components([(one.value, None if other is None else other.value) for one, other in rows])
    small = tuple(asking.some(group[:SHOWN]) for group in groups[1 : SHOWN + 1])
    return Islands(len(groups), len(groups[0]), small)


def components(links: Sequence[tuple[str, str | None]]) -> list[list[str]]:
    """The islands that links (read in both directions) make of the things on their left, the largest first."""
    parent = {thing: thing for thing, _ in links}

    def root(thing: str) -> str:
        while parent[thing] != thing:
            parent[thing] = thing = parent[parent[thing]]
        return thing

    for one, other in links:
        if other in parent:
            parent[root(other)] = root(one)
    groups: dict[str, list[str]] = {}
    for thing in sorted(parent):
        groups.setdefault(root(thing), []).append(thing)
    return sorted(groups.values(), key=lambda group: (-len(group), group))


def _rows(fields: Sequence[PropertyShape]) -> list[PropertyShape]:
    """The rows of comparisons and the names, which things have even where their shape does not say so."""
    rows = [row for row in fields if row.id is not None or row.path.predicate in LABELS]
    if not any(row.path.predicate in LABELS for row in rows):
        names = {tag: translate(tag, "Name") for tag in interface_languages()}
        rows[:0] = [PropertyShape(p, None, "value", 0.0, PropertyPath(((Step(p),),)), names, {}, {}) for p in LABELS]
    return [row for row in rows if all(is_safe_iri(s.predicate) for steps in row.path.alternatives for s in steps)]


def _row_item(row: PropertyShape) -> Mentioned:
    return Mentioned(row.id or local_name(row.iri), row.iri, row.names)


def number(term: Any) -> int:
    """The whole number that a literal stands for."""
    return int(term.value)


def _year(text: str) -> int | None:
    try:
        return dates.years(dates.canonical(text))[0]
    except ValueError:
        return None
