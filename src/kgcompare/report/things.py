"""Which things there are of which classes, and in which languages they are named: as the index says, or else the
engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from kgcompare.catalogue.generation import Generation
from kgcompare.rdf.namespaces import KGC, PREFIXES
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import LABELS, RDF_TYPE
from kgcompare.report.extent import classes_in_history
from kgcompare.store.answers import counted_number

_TYPE = NamedNode(RDF_TYPE)


@dataclass(slots=True)
class Population:
    """``classes`` says how many things there are of each class, ``members`` which, of the classes asked for; ``mixed``
    are those of the latter that terms of the vocabulary or blank nodes have too.

    ``tongues`` says how many members of a class are named in which language by which predicate, of those in ``named``;
    under ``""`` those that are in any.
    """

    classes: Counter[str]
    members: dict[str, set[str]]
    mixed: set[str] = field(default_factory=set)
    named: Collection[str] = ()
    tongues: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)


def population_of(generation: Generation, classes: Iterable[str], left_out: Collection[str]) -> Population:
    """The things of a generation; those *left_out* are none of its records.

    :raises StoreError: if the store cannot be read.
    """
    found = Population(Counter(), {cls: set() for cls in classes})
    _look_up(generation, found, left_out)
    if not found.classes:
        _ask(generation, found, left_out)
    return found


def _look_up(generation: Generation, found: Population, left_out: Collection[str]) -> None:
    """Takes what the index has: reading each IRI from a store on disk takes ten times as long."""
    for thing, types, tongues in generation.index.all_things():
        if thing in left_out:
            continue
        for cls in dict.fromkeys(types):
            if not cls.startswith(PREFIXES["sh"]):
                found.classes[cls] += 1
            if (members := found.members.get(cls)) is None:
                continue
            members.add(thing)
            for predicate, tags in tongues.items():
                if tags:
                    found.tongues.setdefault((cls, predicate), Counter()).update(("", *tags))
    if found.classes:
        rows = generation.snapshot.select(load("dataset_classes").text).rows
        there = {cls.value: counted_number(n) for cls, n in rows if cls is not None}
        found.mixed = {cls for cls, members in found.members.items() if there.get(cls, 0) != len(members)}
        found.named = LABELS


def _ask(generation: Generation, found: Population, left_out: Collection[str]) -> None:
    """Takes what the engine counts."""
    for cls, things in generation.snapshot.select(load("report_classes").text).rows:
        if cls is not None:
            found.classes[cls.value] = counted_number(things)
    # What is left out is counted here: Virtuoso 7 takes nothing away that a VALUES in a MINUS names.
    said = load("index_said").bind(thing=[NamedNode(thing) for thing in sorted(left_out)])
    typed = {(thing, cls) for thing, predicate, cls in generation.snapshot.select(said).rows if predicate == _TYPE}
    found.classes -= Counter(cls.value for _, cls in typed if cls is not None)
    found.classes -= classes_in_history(generation)
    wanted = [NamedNode(cls) for cls in found.members if found.classes[cls]]
    rows = generation.snapshot.select(load("report_things").bind(**{"class": wanted})).rows if wanted else []
    for cls, thing in rows:
        if cls is None:
            continue
        if isinstance(thing, NamedNode) and not thing.value.startswith(KGC.rstrip("#")):
            found.members[cls.value].add(thing.value)
        else:
            found.mixed.add(cls.value)
