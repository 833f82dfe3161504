"""What names each thing, as queries/names.rq answers it, kept in the index: many are found by one look-up.

The engine looks up each term of each statement by itself, a quarter of a millisecond a thing. An index of before has
none of this, and none has what has no class; these the engine is asked for.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.rdf.graph import EMPTY, Graph, Node, Term, node_of
from kgcompare.rdf.terms import LABELS, RDF_TYPE, SKOS_DEFINITION, SKOS_IN_SCHEME, SPOKEN, XSD_STRING
from kgcompare.search.facts import Facts
from kgcompare.search.reading import parts
from kgcompare.search.stated import without_stated

_BY_PLACE = {str(place): predicate for place, predicate in enumerate(SPOKEN)}
_PLACES = {predicate: place for place, predicate in _BY_PLACE.items()}
_TYPES, _NAMES = _PLACES[RDF_TYPE], {label: _PLACES[label] for label in LABELS}
_TO_ONE = 8
"""Bytes of memory that a character of what is kept takes."""
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


class SpokenGraph(Graph):
    """What names a thing, for reading. Its texts and its classes are told as they are kept: terms, which take longer to
    make, are made for who asks for them."""

    __slots__ = ("_kept", "_node", "_said")
    _said: dict[str, list[str | list[str]]]
    """Predicate to values, as they are kept."""

    def __init__(self, thing: str, kept: str) -> None:
        """Reads what is *kept* of a thing (IRI)."""
        super().__init__()
        del self._index  # until somebody asks for terms
        self._node = node_of(thing)
        self._kept = len(kept)
        self._said = {_BY_PLACE[place]: values for place, values in json.loads(kept).items()}

    def __getattr__(self, name: str) -> dict[Node, dict[str, list[Term]]]:
        if name != "_index":
            raise AttributeError(name)
        self._index = {self._node: {by: list(map(_term, values)) for by, values in self._said.items()}}
        return self._index

    def _of(self, subject: Node, predicate: str) -> list[str | list[str]]:
        return self._said.get(predicate, []) if subject is self._node or subject == self._node else []

    def __contains__(self, subject: Node) -> bool:
        return subject == self._node

    def text(self, subject: Node, predicate: str) -> str | None:
        """The first literal's text, or None."""
        return next((value[0] for value in self._of(subject, predicate) if not isinstance(value, str)), None)

    def iris(self, subject: Node, predicate: str) -> list[str]:
        """The objects that are IRIs, as text."""
        return [value for value in self._of(subject, predicate) if isinstance(value, str)]

    def texts(self, subject: Node, predicate: str) -> dict[str, str]:
        """The first text of each language; untagged ones under ``""``."""
        texts: dict[str, str] = {}
        for value in self._of(subject, predicate):
            if not isinstance(value, str):
                texts.setdefault(value[1] if len(value) > 1 else "", value[0])
        return texts

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return EMPTY + _TO_ONE * self._kept


def types_and_tongues(rows: Collection[tuple[str, str]]) -> Iterator[tuple[str, list[str], dict[str, set[str]]]]:
    """Of things (IRIs) with what is kept of them: the thing, its classes (IRIs), and by predicate the languages of what
    names it, in lower case."""
    for some in parts(rows):  # one by one takes twice as long
        for (thing, _), said in zip(some, json.loads(f"[{','.join(kept for _, kept in some)}]"), strict=True):
            types = [value for value in said.get(_TYPES, ()) if isinstance(value, str)]
            tongues = {
                label: {value[1].lower() for value in said[place] if len(value) == 2 and not isinstance(value, str)}
                for label, place in _NAMES.items()
                if place in said
            }
            yield thing, types, tongues


def _term(value: str | list[str]) -> Term:
    if isinstance(value, str):
        return node_of(value)
    if len(value) == 2:
        return Literal(value[0], language=value[1])
    return Literal(value[0], datatype=node_of(value[2])) if len(value) == 3 else Literal(value[0])
