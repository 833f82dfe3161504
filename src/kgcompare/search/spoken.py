"""What names each thing, as queries/names.rq answers it, kept in the index: many are found by one look-up.

The engine looks up each term of each statement by itself, a quarter of a millisecond a thing. An index of before has
none of this, and none has what has no class; these the engine is asked for.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from functools import lru_cache

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.terms import LABELS, RDF_TYPE, SKOS_DEFINITION, SKOS_IN_SCHEME, SPOKEN, XSD_STRING
from kgcompare.search.facts import Facts
from kgcompare.search.stated import without_stated

SPOKEN_TABLE = "CREATE TABLE IF NOT EXISTS spoken(thing INTEGER PRIMARY KEY, said TEXT NOT NULL);"


def write_spoken(db: sqlite3.Connection, facts: Mapping[str, Facts], ids: Mapping[str, int]) -> None:
    """Writes what names things, whose numbers are given by IRI."""
    rows = ((ids[thing], _packed(said)) for thing, said in without_stated(facts))
    db.executemany("INSERT OR REPLACE INTO spoken VALUES(?,?)", rows)


def remove_spoken(db: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Removes what names things."""
    db.executemany("DELETE FROM spoken WHERE thing = ?", ((number,) for number in numbers))


def _packed(facts: Facts) -> str:
    """What names a thing: predicates by their places; its definition only where it stands in a scheme, as nobody
    asks for others."""
    placed = any(isinstance(value, NamedNode) for value in facts.get(SKOS_IN_SCHEME, ()))
    said = {
        place: [_kept(value) for value in dict.fromkeys(facts[predicate]) if not isinstance(value, BlankNode)]
        for place, predicate in enumerate(SPOKEN)
        if predicate in facts and (placed or predicate != SKOS_DEFINITION)
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _kept(value: NamedNode | Literal) -> str | list[str]:
    """An IRI as a text, a literal as a list of its text and, if it has one, its language or an empty one and its
    datatype."""
    if isinstance(value, NamedNode):
        return value.value
    if value.language:
        return [value.value, value.language]
    return [value.value] if value.datatype.value == XSD_STRING else [value.value, "", value.datatype.value]


def spoken_graph(thing: str, said: str) -> Graph:
    """What names a thing."""
    graph = {SPOKEN[int(place)]: [_term(value) for value in values] for place, values in json.loads(said).items()}
    return Graph.about({_node(thing): graph})


def types_and_tongues(said: str) -> tuple[list[str], dict[str, set[str]]]:
    """The classes of a thing (IRIs), and by predicate the languages of what names it, in lower case."""
    named = {SPOKEN[int(place)]: values for place, values in json.loads(said).items()}
    types = [value for value in named.get(RDF_TYPE, ()) if isinstance(value, str)]
    tongues = {
        label: {value[1].lower() for value in named[label] if not isinstance(value, str) and len(value) == 2}
        for label in LABELS
        if label in named
    }
    return types, tongues


def _term(value: str | list[str]) -> Term:
    if isinstance(value, str):
        return _node(value)
    if len(value) == 2:
        return Literal(value[0], language=value[1])
    return Literal(value[0], datatype=_node(value[2])) if len(value) == 3 else Literal(value[0])


_node = lru_cache(maxsize=1000)(NamedNode)
