"""What the index takes from a catalogue: names, classes, dates and facets of things."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import PREFIXES, is_safe_iri, local_name, slugify
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import (
    ALIASES,
    DCTERMS_CREATOR,
    DCTERMS_SUBJECT,
    DCTERMS_TYPE,
    FOAF_ORGANIZATION,
    FOAF_PERSON,
    KGC_FAMILY,
    KGC_METHOD,
    KGC_ORIGIN,
    KGC_ORIGIN_END,
    KGC_ORIGIN_START,
    LABELS,
    RDF_TYPE,
    SKOS_CONCEPT,
    SKOS_DEFINITION,
)
from kgcompare.store import Snapshot

FACETS = {
    "domain": DCTERMS_SUBJECT,
    "family": KGC_FAMILY,
    "type": DCTERMS_TYPE,
}
_AGENTS = {FOAF_PERSON, FOAF_ORGANIZATION}
READ = {
    p: p
    for p in (
        RDF_TYPE,
        *LABELS,
        *ALIASES,
        SKOS_DEFINITION,
        *FACETS.values(),
        DCTERMS_CREATOR,
        KGC_ORIGIN,
        KGC_ORIGIN_START,
        KGC_ORIGIN_END,
    )
}
"""The predicates of queries/index_things.rq, each to the one string that stands for it everywhere."""
_SHACL = PREFIXES["sh"]
_INTERNAL = (PREFIXES["kgc"].rstrip("#"), PREFIXES["kgcsh"].rstrip("#"))

Description = dict[str, list[Term]]
"""Predicate IRI to objects."""


def descriptions(snapshot: Snapshot, things: Sequence[str] | None = None) -> dict[str, Description]:
    """What a generation says of things, or of all there are.

    :raises StoreError: if the store cannot be read.
    """
    query = load("index_things")
    whole = things is None
    found: dict[str, Description] = {}
    if snapshot.path is not None and things is None:
        queries: Iterable[str] = [query.text]
    else:
        things = list(_pages(snapshot)) if things is None else things
        safe = [NamedNode(thing) for thing in things if is_safe_iri(thing)]
        queries = [query.bind(thing=safe[at : at + 300]) for at in range(0, len(safe), 300)]
    for text in queries:
        for thing, predicate, value in snapshot.select(text).rows:
            if thing is not None and predicate is not None and value is not None:
                found.setdefault(thing.value, {}).setdefault(predicate.value, []).append(value)
    if not whole:
        return found
    return records_of(found)


def records_of(found: Mapping[str, Description]) -> dict[str, Description]:
    """Those of the things that have a class and are not the vocabulary's, in one order for every engine."""
    return {
        t: found[t]
        for t in sorted(found)
        if RDF_TYPE in found[t]
        and not t.startswith(_INTERNAL)
        and not any(cls.value.startswith(_SHACL) for cls in found[t][RDF_TYPE])
    }


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


def places_of(found: Mapping[str, Description], known: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Concepts by the facet that they are used in, the first of several; *known* are pairs to count with."""
    pairs = [*known, *((f, t.value) for said in found.values() for f, p in FACETS.items() for t in said.get(p, ()))]
    places: dict[str, str] = {}
    for facet in FACETS:
        for used, thing in pairs:
            if used == facet:
                places.setdefault(thing, facet)
    return places


def kind_of(thing: str, said: Description, places: Mapping[str, str]) -> str:
    """The kind of page that a thing outside of the base has."""
    types = {value.value for value in said.get(RDF_TYPE, ())}
    if KGC_METHOD in types:
        return "method"
    if types & _AGENTS:
        return "agent"
    if any(t.startswith(PREFIXES["bibo"]) for t in types):
        return "source"
    if SKOS_CONCEPT in types:
        return places.get(thing, "concept")
    return slugify(local_name(class_of(said)))


def class_of(said: Description) -> str:
    """The class that a thing is compared as."""
    types = sorted(value.value for value in said.get(RDF_TYPE, ()))
    if KGC_METHOD in types:
        return KGC_METHOD
    own = [t for t in types if t != SKOS_CONCEPT and not t.startswith((PREFIXES["schema"], PREFIXES["owl"]))]
    return own[0] if own else types[0] if types else ""


def names_of(said: Description) -> dict[str, str]:
    """The names of a thing by language; untagged ones under ``""``."""
    for predicate in LABELS:
        texts = {v.language or "": v.value for v in reversed(said.get(predicate, ())) if isinstance(v, Literal)}
        if texts:
            return texts
    return {}


def texts_of(said: Description, *predicates: str) -> list[str]:
    """The texts that some predicates give."""
    return [v.value for p in predicates for v in said.get(p, ()) if isinstance(v, Literal)]


def plain(said: Description, predicate: str) -> str | None:
    """The first text of a predicate, or None."""
    return next(iter(texts_of(said, predicate)), None)


def number_of(said: Description, predicate: str) -> int | None:
    """The whole number of a predicate, or None."""
    text = plain(said, predicate)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None
