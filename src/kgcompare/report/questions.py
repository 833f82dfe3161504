"""What a report asks of a catalogue, and how it names what it finds.

Classes and rows come from the shapes; the engine counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeGuard, TypeVar

from pyoxigraph import NamedNode

from kgcompare.catalogue.generation import Generation
from kgcompare.model import Progress
from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import KGC, SHAPES, is_safe_iri, local_name, shortened
from kgcompare.rdf.queries import Bindable, load
from kgcompare.rdf.terms import LABELS
from kgcompare.report.things import population_of
from kgcompare.schema.paths import PropertyPath, Step
from kgcompare.schema.rows import PropertyShape
from kgcompare.store.answers import counted_number
from kgcompare.text.languages import best, interface_languages, translate

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Something that a report names: a thing, a class, a row, a kind. ``names`` are by language; ``path`` is its page
    below the root of a server."""

    id: str
    iri: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    path: str | None = None

    def label(self, lang: str) -> tuple[str | None, str]:
        """(language, name) for a reader of *lang*."""
        return best(self.names, lang) or (None, self.id)


class Questions:
    """Asks the queries of a report, and names what they find."""

    def __init__(self, generation: Generation, tell: Progress) -> None:
        self.generation = generation
        self.shapes = generation.shapes
        self.tell = tell
        # The engine lets go of Python while it looks: of a store of our own two questions are asked at a time.
        self._pool = ThreadPoolExecutor(2) if generation.snapshot.path is not None else None
        defined = {node.value for node in self.shapes.graph.subjects() if _could_be_told(node)}
        known = [c for c in self.shapes.targets if is_safe_iri(c)]
        things = population_of(generation, known, {*defined, generation.base.catalogue})
        self.classes = dict(sorted(things.classes.items(), key=lambda pair: (-pair[1], pair[0])))
        targets = [c for c in known if self.classes.get(c)]
        self.rows = {c: _rows(self.shapes.fields(c)) for c in targets}
        linked = {c for c in targets if self.shapes.links(c)}
        self.targets = sorted(targets, key=lambda c: (c not in linked, -self.classes[c], c))
        self.members: dict[str, set[str]] = {c: things.members[c] for c in targets}
        """The IRIs of the records of each class."""
        self.named_by, self.tongues = things.named, things.tongues
        self._mixed = things.mixed
        relations = dict.fromkeys(p for c in targets for p in self.shapes.typed_links(c) if is_safe_iri(p))
        self._links = self.begin(partial(self._all_ties, list(relations)))

    def begin(self, question: Callable[[], _Answer]) -> Callable[[], _Answer]:
        """Gives the answer to a question that is asked from now on, or, of an endpoint, when the answer is wanted."""
        return question if self._pool is None else self._pool.submit(question).result

    def end(self) -> None:
        """Asks nothing more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(
        self, name: str, cls: Iterable[str] = (), **values: Iterable[Bindable] | Iterable[Sequence[Bindable]]
    ) -> list[tuple[Term, ...]]:
        """The solutions of a query in which nothing is unbound; *cls* are the classes that it is about. Which things
        are records need be asked only of those to which others belong too."""
        query = load(name)
        about: dict[str, Iterable[Bindable] | Iterable[Sequence[Bindable]]] = {**values}
        if cls:
            about["class"] = [NamedNode(c) for c in cls if c not in self._mixed]
            about["mixed"] = [NamedNode(c) for c in cls if c in self._mixed]
        rows = self.generation.snapshot.select(query.bind(**about) if about else query.text).rows
        whole = (tuple(term for term in row if term is not None) for row in rows)
        return [terms for terms, row in zip(whole, rows, strict=True) if len(terms) == len(row)]

    def ties(self, cls: str) -> list[tuple[str, str, str]]:
        """(thing, relation, other) of the typed links of the things of a class, in order."""
        relations, members = set(self.shapes.typed_links(cls)), self.members[cls]
        return [tie for tie in self._all_links if tie[1] in relations and tie[0] in members]

    @cached_property
    def _all_links(self) -> list[tuple[str, str, str]]:
        return self._links()

    def _all_ties(self, relations: Sequence[str]) -> list[tuple[str, str, str]]:
        """The links by some predicates, in order. One at a time: an engine then reads no predicate with each link."""
        found = []
        for p in relations:
            rows = self.ask("report_ties", relation=[NamedNode(p)])
            found += [(one.value, p, other.value) for one, other in rows if isinstance(other, NamedNode)]
        return sorted(set(found))

    @cached_property
    def called(self) -> list[tuple[str, str, bool]]:
        """(thing, text, whether that is an alias) of the names of all things, as the index has them."""
        return self.generation.index.all_names()

    def named(self, things: Iterable[str]) -> dict[str, Mentioned]:
        """What things are called, and where their pages are, by their IRIs."""
        named = {}
        for thing, graph in self.generation.descriptions.things(things).items():
            path = self.generation.path(thing)
            slug = path.rpartition("/")[2] if path else local_name(thing)
            texts = (graph.texts(NamedNode(thing), label) for label in LABELS) if is_safe_iri(thing) else ()
            named[thing] = Mentioned(slug, thing, next((names for names in texts if names), {}), path)
        return named

    def some(self, things: Iterable[str]) -> tuple[Mentioned, ...]:
        """What a few things are called, in the order of their IRIs."""
        ordered = sorted(set(things))
        named = self.named(ordered)
        return tuple(named[thing] for thing in ordered)

    def named_class(self, cls: str) -> Mentioned:
        """A class; its own name behind that of its shape where another class of that shape has things too."""
        names = self.shapes.class_labels(cls)
        if sum(self.shapes.class_labels(other) == names for other in self.targets) > 1:
            names = {tag: f"{text} ({local_name(cls)})" for tag, text in names.items()}
        short = shortened(cls)
        return Mentioned(local_name(cls) if short == cls else short, cls, names)


def count_of(term: Term | None) -> int:
    """The whole number that a literal stands for.

    :raises EndpointError: if it is none, or nothing came.
    """
    return counted_number(term)


def named_row(row: PropertyShape) -> Mentioned:
    """A row, by its id or by the end of the IRI of its shape."""
    return Mentioned(row.id or local_name(row.iri), row.iri, row.names)


def _could_be_told(node: Term) -> TypeGuard[NamedNode]:
    """Whether something that shapes define could be taken for a record: its IRI is none of ours."""
    return isinstance(node, NamedNode) and is_safe_iri(node.value) and not node.value.startswith((KGC, SHAPES))


def _rows(fields: Sequence[PropertyShape]) -> list[PropertyShape]:
    """The rows of comparisons and the names, which things have even where their shape does not say so."""
    rows = [row for row in fields if row.id is not None or row.path.predicate in LABELS]
    if not any(row.path.predicate in LABELS for row in rows):
        names = {tag: translate(tag, "Name") for tag in interface_languages()}
        rows[:0] = [PropertyShape(p, None, "value", 0.0, PropertyPath(((Step(p),),)), names) for p in LABELS]
    return [row for row in rows if all(is_safe_iri(s.predicate) for steps in row.path.alternatives for s in steps)]
