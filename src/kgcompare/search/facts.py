"""What the index takes from a catalogue: names, classes, dates and facets of things, as its shapes say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from itertools import chain

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import PREFIXES, is_safe_iri
from kgcompare.rdf.terms import (
    ALIASES,
    BIBO_AUTHOR_LIST,
    BIBO_DOCUMENT,
    BIBO_DOI,
    DCTERMS_ISSUED,
    LABELS,
    RDF_TYPE,
    SKOS_CONCEPT,
    SKOS_DEFINITION,
    SKOS_HIDDEN_LABEL,
    SPOKEN,
    XSD_BOOLEAN,
)
from kgcompare.schema.shapes import Shapes
from kgcompare.search import stated
from kgcompare.search.whole import FORMAT
from kgcompare.search.wording import ALIAS, HIDDEN, LABEL, Name, Worded
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
    that they are used in. *stated* are the facets whose values may be texts, *truths* those with yes and no."""

    kind: str
    facets: tuple[tuple[str, str], ...] = ()
    date: str | None = None
    people: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ALIASES
    texts: tuple[str, ...] = (SKOS_DEFINITION,)
    filed: bool = False
    stated: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()


class Reading:
    """What the index reads of a catalogue with some shapes, and what it makes of it.

    *spoken* where that has what names things (:mod:`~kgcompare.search.spoken`): not of an endpoint, whose index may be
    of an earlier generation.
    """

    def __init__(self, shapes: Shapes, *, spoken: bool = False) -> None:
        self.spoken = spoken
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
        read += SPOKEN if spoken else ()
        self.predicates = {predicate: predicate for predicate in read if is_safe_iri(predicate)}
        """What queries/index_things.rq asks for, each IRI to the one string that stands for it everywhere."""

    @cached_property
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
        ranks = {facet: rank for rank, facet in enumerate(self.facets)}
        places: dict[str, str] = {}
        filed = (pair for facts in facts_by_thing.values() for pair in self.filed_under(facts))
        for facet, thing in chain(known, filed):
            if facet in ranks and (thing not in places or ranks[facet] < ranks[places[thing]]):
                places[thing] = facet
        return places

    def filed_under(self, facts: Facts) -> Iterator[tuple[str, str]]:
        """(facet, value) of a thing, the values as IRIs, or as the names of those that are no things."""
        for facet, value, name in self._filed(facts):
            yield facet, value.value if name is None else name

    def stated_in(self, facts_by_thing: Mapping[str, Facts]) -> dict[str, Facts]:
        """What the index takes of the values of facets that are no things."""
        if not any(columns.stated for columns in self._columns.values()):
            return {}
        filed = chain.from_iterable(map(self._filed, facts_by_thing.values()))
        values = ((name, value) for _, value, name in filed if name is not None and isinstance(value, Literal))
        return stated.said_of(values)

    def _filed(self, facts: Facts) -> Iterator[tuple[str, Term, str | None]]:
        """(facet, value, its name) of a thing; no name of a value that has an IRI."""
        columns = self.of(self.class_of(facts))
        for facet, predicate in columns.facets:
            for value in facts.get(predicate, ()):
                if not isinstance(value, Literal):
                    yield facet, value, None
                elif facet in columns.stated and len(value.value) <= stated.LONGEST:
                    yield facet, value, stated.name_of(facet, value, truth=facet in columns.truths)

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
    date, fields, facets = shapes.date_row(cls), shapes.fields(cls), shapes.facets(cls)
    people = [*shapes.people(cls), *shapes.mentions(cls), *([BIBO_AUTHOR_LIST] if cls == BIBO_DOCUMENT else ())]
    return Columns(
        kind=shapes.kind_of_class(cls),
        facets=tuple((facet.id or "", facet.path.predicate or "") for facet in facets),
        date=date.path.predicate if date else DCTERMS_ISSUED if cls == BIBO_DOCUMENT else None,
        people=tuple(dict.fromkeys(people)),
        sources=tuple(p for row in fields if BIBO_DOCUMENT in row.value_classes and (p := row.path.predicate)),
        relations=shapes.links(cls),
        aliases=tuple(dict.fromkeys([*ALIASES, *shapes.predicates(cls, "name")])),
        texts=tuple(dict.fromkeys([SKOS_DEFINITION, *shapes.predicates(cls, "text")])),
        filed=cls in values and cls not in shapes.leading,
        stated=tuple(facet.id or "" for facet in facets if not facet.value_classes),
        truths=tuple(facet.id or "" for facet in facets if facet.datatype == XSD_BOOLEAN),
    )


def _best_class(types: Sequence[str]) -> str:
    own = [t for t in sorted(types) if not t.startswith((PREFIXES["schema"], PREFIXES["owl"]))]
    return min(own or types, default="")


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
