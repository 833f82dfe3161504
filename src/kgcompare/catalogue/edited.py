"""What an edit changes of a record, in words: by the name of the row, what goes and what comes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode

from kgcompare.catalogue.values import Reader, place
from kgcompare.model import Value
from kgcompare.rdf.graph import Graph, Term, structure_key
from kgcompare.rdf.keys import literal_key


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes of what stands by one predicate, called ``label``: the values that are ``gone``, and the ``new``
    ones. Where only their order changes, these are all of them, before and after, and ``moved`` is true."""

    label: str
    gone: tuple[Value, ...]
    new: tuple[Value, ...]
    moved: bool = False


def differences(
    reader: Reader,
    record: NamedNode,
    before: Graph,
    after: Graph,
    label: Callable[[str], str],
    order: Sequence[str],
    ordered: Collection[str],
) -> Iterator[Difference]:
    """What changes of a record, those predicates first that stand in *order*; the values of those *ordered* have one.

    *reader* knows what is named in both; *label* calls a predicate in its language.
    """
    places = {predicate: number for number, predicate in enumerate(order)}
    known = dict.fromkeys([*before.description(record), *after.description(record)])
    for predicate in sorted(known, key=lambda one: places.get(one, len(places))):
        old, now = _keyed(reader, record, before, predicate), _keyed(reader, record, after, predicate)
        gone = tuple(value for key, value in old.items() if key not in now)
        new = tuple(value for key, value in now.items() if key not in old)
        if gone or new:
            yield Difference(label(predicate), gone, new)
        elif predicate in ordered and list(old) != list(now):
            yield Difference(label(predicate), tuple(old.values()), tuple(now.values()), moved=True)


def _keyed(reader: Reader, record: NamedNode, graph: Graph, predicate: str) -> dict[str, Value]:
    """The values by what they say to the letter, each where it stands."""
    read = [(term, reader.value(graph, term)) for term in graph.objects(record, predicate)]
    read.sort(key=lambda pair: place(graph, *pair))
    return {_key(graph, term): value for term, value in read}


def _key(graph: Graph, term: Term) -> str:
    if isinstance(term, NamedNode):
        return term.value
    return structure_key(graph, term) if isinstance(term, BlankNode) else literal_key(term)
