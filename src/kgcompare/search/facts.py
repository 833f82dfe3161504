"""What the index takes from a catalogue: names, classes, dates and facets of things, as its shapes say."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import PREFIXES, is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import (
    ALIASES,
    BIBO_AUTHOR_LIST,
    BIBO_DOCUMENT,
    BIBO_DOI,
    DCTERMS_ISSUED,
    LABELS,
    RDF_FIRST,
    RDF_REST,
    RDF_TYPE,
    SKOS_CONCEPT,
    SKOS_DEFINITION,
    SKOS_HIDDEN_LABEL,
)
from kgcompare.schema.shapes import Shapes
from kgcompare.search.file import FORMAT
from kgcompare.search.wording import ALIAS, HIDDEN, LABEL, Name, Worded
from kgcompare.store import Snapshot
from kgcompare.store.base import LookUp
from kgcompare.text import dates, dois

PEOPLE, SOURCES, RELATED = "-people", "-sources", "-related"
"""File things under the agents and other things by whose names they are found, the documents that they name and the
things that they are related to, beside the facets, whose ids begin with a letter or a digit."""
_NO_LANGUAGE = "zxx"
_SHACL = PREFIXES["sh"]
_INTERNAL = (PREFIXES["kgc"].rstrip("#"), PREFIXES["kgcsh"].rstrip("#"))

Facts = dict[str, list[Term]]
"""What the index takes of one thing: predicate IRI to objects."""


@dataclass(frozen=True, slots=True)
class Columns:
    """By which predicates (IRIs) the things of one class are found: *facets* are (id, predicate), *date* says when
    they arose, *people* lead to agents and other things (software) whose names find them too, *sources* to documents
    whose years and authors do, *relations* to things of their class. ``filed`` where they are of the kind of the facet
    that they are used in."""

    kind: str
    facets: tuple[tuple[str, str], ...] = ()
    date: str | None = None
    people: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ALIASES
    texts: tuple[str, ...] = (SKOS_DEFINITION,)
    filed: bool = False


class Reading:
    """What the index reads of a catalogue with some shapes, and what it makes of it."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        values = {cls for c in shapes.targets for facet in shapes.facets(c) for cls in facet.value_classes}
        self._columns = {cls: _columns(shapes, cls, values | {SKOS_CONCEPT}) for cls in shapes.targets}
        self._known: dict[tuple[str, ...], str] = {}
        self.facets = tuple(dict.fromkeys(facet for columns in self._columns.values() for facet, _ in columns.facets))
        self._defined = {node.value for node in shapes.graph.subjects() if isinstance(node, NamedNode)}
        self._defined -= shapes.values_named
        read = [RDF_TYPE, *LABELS, *ALIASES, SKOS_DEFINITION, BIBO_DOI]
        for columns in self._columns.values():
            read += [predicate for _, predicate in columns.facets]
            read += [*columns.people, *columns.sources, *columns.relations, *columns.aliases, *columns.texts]
            read += [columns.date] if columns.date else []
        self.predicates = {predicate: predicate for predicate in read if is_safe_iri(predicate)}
        """What queries/index_things.rq asks for, each IRI to the one string that stands for it everywhere."""

    @property
    def signature(self) -> str:
        """Says what an index was made by: two readings with one signature make the same of the same data."""
        return json.dumps([sorted((cls, asdict(columns)) for cls, columns in self._columns.items()), FORMAT])

    def records_of(self, facts: Mapping[str, Facts]) -> dict[str, Facts]:
        """Those of the things that have a class and are defined neither by the vocabulary nor by shapes, in one order
        for every engine."""
        return {
            t: facts[t]
            for t in sorted(facts)
            if RDF_TYPE in facts[t]
            and t not in self._defined
            and not t.startswith(_INTERNAL)
            and not any(cls.value.startswith(_SHACL) for cls in facts[t][RDF_TYPE])
        }

    def of(self, cls: str) -> Columns:
        """How things of a class are found, whether a shape is about it or not."""
        if cls not in self._columns:
            self._columns[cls] = Columns(self._shapes.kind_of_class(cls))
        return self._columns[cls]

    def class_of(self, facts: Facts) -> str:
        """The class that a thing is compared as; of those without a shape the first of a vocabulary of its own."""
        types = tuple(value.value for value in facts.get(RDF_TYPE, ()))
        if types not in self._known:
            self._known[types] = self._shapes.class_among(types) or _best_class(types)
        return self._known[types]

    def places_of(self, facts_by_thing: Mapping[str, Facts], known: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
        """Values of facets by the facet that they are used in, the first of several; *known* are more pairs."""
        pairs = [
            *known,
            *((facet, value) for facts in facts_by_thing.values() for facet, value in self.filed_under(facts)),
        ]
        places: dict[str, str] = {}
        for facet in self.facets:
            for used, thing in pairs:
                if used == facet:
                    places.setdefault(thing, facet)
        return places

    def filed_under(self, facts: Facts) -> Iterator[tuple[str, str]]:
        """(facet, value) of a thing, the values as IRIs."""
        for facet, predicate in self.of(self.class_of(facts)).facets:
            for value in facts.get(predicate, ()):
                yield facet, value.value

    def links_of(self, facts: Facts) -> Iterator[tuple[str, str]]:
        """(what it is filed under, IRI) of a thing: the values of its facets, and who and what it names besides."""
        yield from self.filed_under(facts)
        columns = self.of(self.class_of(facts))
        others = ((PEOPLE, columns.people), (SOURCES, columns.sources), (RELATED, columns.relations))
        for place, predicates in others:
            yield from ((place, value.value) for p in predicates for value in facts.get(p, ()))

    def worded(self, facts: Facts, named: Iterable[str], years: Iterable[int], values: Sequence[int]) -> Worded:
        """What finds a thing: with the names of the agents that it names, the years in which it and its sources arose,
        and the numbers of the values of its facets."""
        columns = self.of(self.class_of(facts))
        texts = [(tag, text) for predicate in columns.texts for tag, text in _tagged(facts, predicate)]
        texts += [(_NO_LANGUAGE, name) for name in named]
        texts += [(_NO_LANGUAGE, str(year)) for year in sorted(set(years))]
        return Worded(called_of(facts, columns.aliases), texts, values)

    def kind_of(self, thing: str, facts: Facts, places: Mapping[str, str]) -> str:
        """The kind of page that a thing outside of the base has."""
        columns = self.of(self.class_of(facts))
        return places.get(thing, columns.kind) if columns.filed else columns.kind

    def years_of(self, facts: Facts) -> tuple[int | None, int | None]:
        """The first and the last year in which a thing arose; None where it does not say, or not in EDTF."""
        date = self.of(self.class_of(facts)).date
        text = next(iter(texts_of(facts, date)), None) if date else None
        return _years(text) if text else (None, None)


@lru_cache(maxsize=10_000)
def _years(date: str) -> tuple[int | None, int | None]:
    try:
        start, end = dates.years(dates.canonical(date))
    except ValueError:
        return None, None
    return _held(start), _held(end)


def _columns(shapes: Shapes, cls: str, values: set[str]) -> Columns:
    date, fields = shapes.date_row(cls), shapes.fields(cls)
    people = [*shapes.people(cls), *shapes.mentions(cls), *([BIBO_AUTHOR_LIST] if cls == BIBO_DOCUMENT else ())]
    return Columns(
        kind=shapes.kind_of_class(cls),
        facets=tuple((facet.id or "", facet.path.predicate or "") for facet in shapes.facets(cls)),
        date=date.path.predicate if date else DCTERMS_ISSUED if cls == BIBO_DOCUMENT else None,
        people=tuple(dict.fromkeys(people)),
        sources=tuple(p for row in fields if BIBO_DOCUMENT in row.value_classes and (p := row.path.predicate)),
        relations=shapes.links(cls),
        aliases=tuple(dict.fromkeys([*ALIASES, *shapes.predicates(cls, "name")])),
        texts=tuple(dict.fromkeys([SKOS_DEFINITION, *shapes.predicates(cls, "text")])),
        filed=cls in values and cls not in shapes.leading,
    )


def _best_class(types: Sequence[str]) -> str:
    own = [t for t in sorted(types) if not t.startswith((PREFIXES["schema"], PREFIXES["owl"]))]
    return min(own or types, default="")


def facts_of(snapshot: Snapshot, reading: Reading, things: Sequence[str] | None = None) -> dict[str, Facts]:
    """What a generation says of things, or of all there are.

    :raises StoreError: if the store cannot be read.
    """
    asked = [NamedNode(predicate) for predicate in reading.predicates]
    facts: dict[str, Facts] = {}
    parts: list[dict[str, list[NamedNode]]] = [{}]
    look_up = snapshot.look_up
    if snapshot.path is None or things is not None:
        safe = [NamedNode(thing) for thing in (_pages(snapshot) if things is None else things) if is_safe_iri(thing)]
        parts = [{"thing": safe[at : at + 300]} for at in range(0, len(safe), 300)]
    for part in parts:
        rows = (
            _looked_up(look_up, part["thing"], set(asked))
            if part and look_up
            else snapshot.select(load("index_things").bind(predicate=asked, **part)).rows
        )
        for thing, predicate, value in rows:
            if thing is not None and predicate is not None and value is not None and not isinstance(value, BlankNode):
                facts.setdefault(thing.value, {}).setdefault(predicate.value, []).append(value)
        for thing, author in _authors(snapshot, facts, part.get("thing")):
            facts.setdefault(thing.value, {}).setdefault(BIBO_AUTHOR_LIST, []).append(author)
    return reading.records_of(facts) if things is None else facts


def _looked_up(
    look_up: LookUp, things: Iterable[NamedNode], predicates: Collection[NamedNode]
) -> Iterator[tuple[Term, ...]]:
    """What is said of some things by some predicates. From a handful of things on the engine would rather read all that
    is said by the predicates: of 100,000 methods that takes it 20 seconds."""
    for thing in things:
        for quad in look_up(thing, None, None):
            if quad.predicate in predicates:
                yield thing, quad.predicate, cast("Term", quad.object)


def _authors(
    snapshot: Snapshot, facts: Mapping[str, Facts], things: Sequence[NamedNode] | None
) -> Iterator[tuple[Term, Term]]:
    """(document, author) of those of *things* that are documents, or of all; an edit asks of many that are none."""
    query, document = load("index_authors"), NamedNode(BIBO_DOCUMENT)
    if things is None:
        text = query.text
    elif documents := [thing for thing in things if document in facts.get(thing.value, {}).get(RDF_TYPE, ())]:
        if snapshot.look_up is not None:
            yield from _listed(snapshot.look_up, documents)
            return
        text = query.bind(thing=documents)
    else:
        return
    for thing, author in snapshot.select(text).rows:
        if thing is not None and author is not None:
            yield thing, author


def _listed(look_up: LookUp, documents: Iterable[NamedNode]) -> Iterator[tuple[Term, Term]]:
    """The same of some documents, whose lists are followed from place to place."""
    for document in documents:
        waiting: list[Term] = [
            cast("Term", quad.object) for quad in look_up(document, NamedNode(BIBO_AUTHOR_LIST), None)
        ]
        seen: set[Term] = set()
        while waiting:
            place = waiting.pop()
            if isinstance(place, NamedNode | BlankNode) and place not in seen:
                seen.add(place)
                authors = [cast("Term", quad.object) for quad in look_up(place, NamedNode(RDF_FIRST), None)]
                yield from ((document, author) for author in authors if isinstance(author, NamedNode))
                waiting += [cast("Term", quad.object) for quad in look_up(place, NamedNode(RDF_REST), None)]


def facts_in(statements: Iterable[Quad], read: Mapping[str, str]) -> dict[str, Facts]:
    """The same of statements that are read once; *read* are the predicates (:attr:`Reading.predicates`)."""
    facts: dict[str, Facts] = {}
    nodes: dict[NamedNode, NamedNode] = {}  # one object for each, which saves a third of the memory
    lists: dict[str, dict[BlankNode, Term]] = {RDF_FIRST: {}, RDF_REST: {}}
    for quad in statements:
        predicate, subject, value = read.get(quad.predicate.value), quad.subject, cast("Term", quad.object)
        if isinstance(value, NamedNode):
            value = nodes.setdefault(value, value)
        if isinstance(subject, BlankNode) and quad.predicate.value in lists:
            lists[quad.predicate.value][subject] = value
        elif predicate is not None and isinstance(subject, NamedNode):
            values = facts.setdefault(subject.value, {}).setdefault(predicate, [])
            if value not in values and (predicate == BIBO_AUTHOR_LIST or not isinstance(value, BlankNode)):
                values.append(value)
    for said in facts.values():
        if heads := said.get(BIBO_AUTHOR_LIST):
            said[BIBO_AUTHOR_LIST] = [member for head in heads for member in _members(head, lists)]
    return facts


def _members(head: Term | None, lists: Mapping[str, Mapping[BlankNode, Term]]) -> Iterator[NamedNode]:
    """The members of a list that are IRIs; of what is an IRI and no list, that."""
    if isinstance(head, NamedNode):
        yield head
    seen = set()
    while isinstance(head, BlankNode) and head not in seen:
        seen.add(head)
        if isinstance(member := lists[RDF_FIRST].get(head), NamedNode):
            yield member
        head = lists[RDF_REST].get(head)


def _pages(snapshot: Snapshot) -> Iterator[str]:
    after = ""
    while True:
        rows = snapshot.select(load("index_types").bind(after=[Literal(after)])).rows
        for row in rows:
            if row[0] is not None:
                yield row[0].value
        if len(rows) < 1000 or rows[-1][0] is None:
            return
        after = rows[-1][0].value


def names_of(facts: Facts) -> dict[str, str]:
    """The names of a thing by language; untagged ones under ``""``."""
    for predicate in LABELS:
        texts = {v.language or "": v.value for v in reversed(facts.get(predicate, ())) if isinstance(v, Literal)}
        if texts:
            return texts
    return {}


def called_of(facts: Facts, aliases: Sequence[str]) -> list[Name]:
    """The names of a thing, its aliases by some predicates, and what finds it without being shown."""
    names = [Name(LABEL, tag, text) for tag, text in names_of(facts).items()]
    for predicate in aliases:
        tier = HIDDEN if predicate == SKOS_HIDDEN_LABEL else ALIAS
        names += [Name(tier, tag, text) for tag, text in _tagged(facts, predicate)]
    return list(dict.fromkeys(names))


def _tagged(facts: Facts, predicate: str) -> list[tuple[str, str]]:
    return [(v.language or "", v.value) for v in facts.get(predicate, ()) if isinstance(v, Literal)]


def dois_of(facts: Facts) -> set[str]:
    """The DOIs of a thing, as they are compared."""
    return {doi for value in facts.get(BIBO_DOI, ()) if (doi := dois.normalised(value.value))}


def texts_of(facts: Facts, *predicates: str) -> list[str]:
    """The texts that some predicates give."""
    return [v.value for p in predicates for v in facts.get(p, ()) if isinstance(v, Literal)]


def _held(year: int | None) -> int | None:
    """A year, or the nearest that SQLite's integers of 64 bits can be."""
    return None if year is None else max(-(2**63), min(year, 2**63 - 1))
