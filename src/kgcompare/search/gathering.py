"""How the statements that the index takes are read from a catalogue: all at once, of some things, or bit by bit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from kgcompare.errors import EndpointDown, EndpointError, Seam, StoreError
from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import Base, is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import BIBO_AUTHOR_LIST, BIBO_DOCUMENT, RDF_FIRST, RDF_REST, RDF_TYPE
from kgcompare.search.collected import Collected
from kgcompare.search.facts import Facts, Reading
from kgcompare.store import Snapshot
from kgcompare.store.looking import LookUp

_BATCH = 150
"""Things that an endpoint is asked for at a time."""
_FEWEST = 8
"""Things that it is asked for at a time if it cannot answer more."""
_FULL = 9_000
"""Rows of an answer that may not be all there are: engines give 10,000 at most, or more."""
_DIGITS = "0123456789abcdef"
_DEEPEST = 3
"""Digits by which a list of things is taken apart."""


def facts_of(snapshot: Snapshot, reading: Reading, things: Sequence[str] | None = None) -> dict[str, Facts]:
    """What a generation says of things, or of all there are.

    :raises StoreError: if the store cannot be read.
    """
    if things is None and snapshot.path is not None:
        return reading.records_of(_facts(snapshot, reading, None))
    listed = things_of(snapshot) if things is None else things
    facts: dict[str, Facts] = {}
    for at in range(0, len(listed), _BATCH):
        facts |= _facts(snapshot, reading, listed[at : at + _BATCH])
    return reading.records_of(facts) if things is None else facts


def is_thing(base: Base, thing: str) -> bool:
    """Whether something can be a record: it is neither the catalogue itself nor of its history."""
    return thing != base.catalogue and not base.is_of_history(thing)


def gather(snapshot: Snapshot, reading: Reading, into: Collected, say: Callable[[int, int], None]) -> None:
    """Collects what an endpoint says of all its things, some at a time; *say* is told how many are read, and of how
    many.

    :raises StoreError: if the endpoint cannot be read.
    """
    things = things_of(snapshot)
    say(0, len(things))
    for at in range(0, len(things), _BATCH):
        facts = reading.records_of(_facts(snapshot, reading, things[at : at + _BATCH]))
        into.put({thing: said for thing, said in facts.items() if is_thing(snapshot.base, thing)})
        say(min(at + _BATCH, len(things)), len(things))


def _facts(snapshot: Snapshot, reading: Reading, things: Sequence[str] | None) -> dict[str, Facts]:
    """What is said of some things, or of all; asked for in smaller parts where the endpoint cannot answer so much."""
    safe = None if things is None else [NamedNode(thing) for thing in things if is_safe_iri(thing)]
    if safe == []:
        return {}
    if safe is None or snapshot.path is not None:
        asked = [NamedNode(predicate) for predicate in reading.predicates]
        query = load("index_things").bind(predicate=asked, **({"thing": safe} if safe else {}))
    else:
        query = load("index_said").bind(thing=safe)
    facts: dict[str, Facts] = {}
    try:
        look_up = snapshot.look_up
        rows: Collection[tuple[Term | None, ...]]
        if safe and look_up is not None:
            rows = [*_looked_up(look_up, safe, reading.predicates)]
        else:
            rows = snapshot.select(query).rows
        for thing, predicate, value in rows:
            if thing is None or predicate is None or value is None or isinstance(value, BlankNode):
                continue
            if (known := reading.predicates.get(predicate.value)) is not None:
                facts.setdefault(thing.value, {}).setdefault(known, []).append(value)
        if safe is None or look_up is not None or len(rows) < _FULL or len(safe) == 1:
            for thing, author in _authors(snapshot, facts, safe):
                facts.setdefault(thing.value, {}).setdefault(BIBO_AUTHOR_LIST, []).append(author)
            return facts
    except EndpointError:
        if things is None or len(things) <= _FEWEST:
            raise
    half = len(things or ()) // 2
    parts = (things or ())[:half], (things or ())[half:]
    return _facts(snapshot, reading, parts[0]) | _facts(snapshot, reading, parts[1])


def _looked_up(look_up: LookUp, things: Iterable[NamedNode], predicates: Collection[str]) -> Iterator[tuple[Term, ...]]:
    """What is said of some things by some predicates. From a handful of things on the engine would rather read all that
    is said by the predicates: of 100,000 methods that takes it 20 seconds."""
    for thing in things:
        for quad in look_up(thing, None, None):
            if quad.predicate.value in predicates:
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


def things_of(snapshot: Snapshot) -> list[str]:
    """The IRIs of all things that have a class, in their order.

    :raises StoreError: if the store cannot be read.
    """
    return sorted(set(_listed_things(snapshot, "")))


def _listed_things(snapshot: Snapshot, part: str) -> Iterator[str]:
    """The things of a part, once for each of their classes; an endpoint that cannot give so many at once is asked for
    the parts of it. They are not counted: that an answer is whole is seen to by whoever asks an endpoint, and
    counting a large catalogue takes as long as listing it."""
    try:
        rows = snapshot.select(load("index_types").bind(part=[Literal(part)])).rows
    except EndpointError as fault:
        if isinstance(fault, EndpointDown) or len(part) == _DEEPEST:
            raise
        for digit in _DIGITS:
            yield from _listed_things(snapshot, part + digit)
        return
    yield from (thing.value for (thing,) in rows if isinstance(thing, NamedNode))


def things_of_document(snapshot: Snapshot, document: str, index: Path) -> list[str]:
    """The IRIs of what a document is or was about, as its name says, or else the graph and an index do."""
    base = snapshot.base
    if record := base.described(document):
        return [record]
    said = {quad.subject.value for quad in snapshot.graph(document) if isinstance(quad.subject, NamedNode)}
    with (
        Seam((sqlite3.Error,), lambda why: StoreError(f"the index {index} cannot be read: {why}")),
        closing(sqlite3.connect(f"{index.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db,
    ):
        slug = document.rpartition("/")[2]
        said |= {row[0] for row in db.execute("SELECT iri FROM thing WHERE slug = ?", (slug,))}
    return sorted(thing for thing in said if is_safe_iri(thing) and base.document(thing) == document)
