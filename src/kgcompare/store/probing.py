"""What an engine behind an endpoint can do, found out by asking it harmless questions."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from kgcompare.errors import DataError, EndpointError, QueryError, Seam, Unavailable, UsageError
from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import Base, is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.scoping import OfGraph, scoped
from kgcompare.store import deadline
from kgcompare.store.answers import counted_number
from kgcompare.store.base import Results, Solutions, Verdict

MANY = 20_001
"""Solutions that queries/probes/rows.rq asks for."""
_FEW = 20_000
"""Statements of which any engine can compare a few things in no time."""
_AT_ONCE = 200_000
"""Statements that are asked for at once."""
_LONG = 0.5
_SLOW = 300_000
"""Statements that an engine for a catalogue of any size counts in a second, at least."""
_TYPICAL = 5.0
"""Seconds that the cells of one thing may take in a small catalogue."""
_NOTHING = "urn:kgcompare:nothing"

Ask = Callable[[str], Results]
"""Answers a query as it is.

:raises QueryError: if the endpoint refuses it.
:raises EndpointError: if there is no answer.
"""


@dataclass(frozen=True, slots=True)
class Graphs:
    """Which named graphs are the catalogue: by patterns, each the name of a graph, in which ``*`` is any text."""

    patterns: tuple[str, ...]
    kept_beside: str
    """What the names of the graphs begin with in which writers keep what is none of the catalogue's statements."""

    @classmethod
    def of(cls, patterns: Sequence[str], base: Base) -> Graphs:
        """Those of some patterns; without any, all whose names begin with the base.

        :raises UsageError: if one could not be the name of a graph.
        """
        for pattern in patterns:
            with Seam((ValueError,), lambda why, said=pattern: UsageError(f"{said[:200]!r} names no graph: {why}")):  # type: ignore[misc]
                NamedNode(re.sub(r"^\*", "urn:x", pattern).replace("*", "x"))
        return cls(tuple(patterns) or (f"{base.value}*",), base.history_graph + "/")

    @property
    def expression(self) -> str:
        """A regular expression that their names match, and those of what is kept beside them."""
        return "^(" + "|".join(".*".join(map(_escaped, each.split("*"))) for each in self.patterns) + ")$"

    def condition(self, variable: str) -> str:
        """What must hold of the variable of a graph, as an expression of SPARQL."""
        name = f"STR({variable})"
        if not any("*" in each for each in self.patterns):
            return f"{variable} IN ({', '.join(str(NamedNode(each)) for each in self.patterns)})"
        if len(self.patterns) == 1 and self.patterns[0].find("*") == len(self.patterns[0]) - 1:
            beginning = self.patterns[0][:-1]
            met = f"STRSTARTS({name}, {Literal(beginning)})" if beginning else f"isIRI({variable})"
        else:
            met = f"REGEX({name}, {Literal(self.expression)})"
        return f"{met} && !STRSTARTS({name}, {Literal(self.kept_beside)})"


def _escaped(text: str) -> str:
    return re.sub(r"([.\\+?^${}()|\[\]])", r"\\\1", text)


@dataclass(frozen=True, slots=True)
class Traits:
    """What an engine does.

    *named*: there are graphs of the catalogue; *union*: the default graph has their statements too; *foreign*: there
    are graphs of others; *lists*: an empty pattern lists graphs; *cap*: the solutions that it gives at most, 0 where
    it gave :data:`MANY`; *statements*: how many there are; *seconds*: how long it took to count them; *able*: whether
    it compares one thing of a small catalogue.
    """

    named: bool
    union: bool
    foreign: bool
    lists: bool
    cap: int
    statements: int
    seconds: float
    able: bool = True

    @property
    def plain(self) -> bool:
        """Whether the default graph is the catalogue, so that queries need not name graphs."""
        return not self.named or (self.union and not self.foreign)

    @property
    def few(self) -> bool:
        """Whether all statements can be asked for at once."""
        return not self.cap and self.statements <= _AT_ONCE

    @property
    def slow(self) -> bool:
        """Whether it is better asked for everything once than for anything often."""
        return not self.able or (self.seconds > _LONG and self.statements < self.seconds * _SLOW)


def traits_of(ask: Ask, graphs: Graphs) -> Traits:
    """What an engine does with a catalogue in some graphs.

    :raises EndpointError: if it is down, or cannot answer what everything else rests on.
    """
    condition = graphs.condition
    statement = _rows(ask, scoped(load("probes/statement").text, condition), "subject", "predicate", "object")
    union = foreign = lists = False
    if statement:
        parts = tuple(term for term in statement[0] if isinstance(term, NamedNode))
        if len(parts) != len(statement[0]):
            raise EndpointError("the endpoint answered with a statement that was not asked for")
        if all(is_safe_iri(part.value) for part in parts):  # else nobody can ask for it, and queries name graphs
            union = _said(ask, load("probes/united").bind(subject__predicate__object=[parts]))
        lists = any(row[0] is not None for row in _rows(ask, load("probes/named").text, "graph"))
        others = load("probes/named" if lists else "probes/others").text
        foreign = bool(_rows(ask, scoped(others, lambda graph: f"!({condition(graph)})"), "graph"))
    plain = not statement or (union and not foreign)
    start = time.monotonic()
    counted = _rows(ask, _of(load("probes/count").text, condition, plain or union), "statements")
    seconds = time.monotonic() - start
    statements = 0  # an engine without statements may answer with no count
    if counted or statement:
        statements = counted_number(counted[0][0] if counted else None)
    return Traits(
        named=bool(statement),
        union=union,
        foreign=foreign,
        lists=lists,
        cap=_cap(ask, _of(load("probes/rows").text, condition, plain or union), statements),
        statements=statements,
        seconds=seconds,
        able=statements > _FEW or _is_able(ask, lambda text: _of(text, condition, plain)),
    )


def _of(text: str, condition: OfGraph, plain: bool) -> str:
    return text if plain else scoped(text, condition)


def _cap(ask: Ask, query: str, statements: int) -> int:
    """After how many solutions the engine ends; 0 where there was no end."""
    try:
        found = len(_rows(ask, query))
        if found >= min(MANY, statements) or not found:
            return 0
        return found if _rows(ask, later(query, found, 1)) else 0
    except (EndpointError, QueryError):
        return 0


def later(query: str, first: int, most: int) -> str:
    """A query of ours that ends in its LIMIT, or in none, for the solutions from *first* on."""
    return re.sub(r"\s*LIMIT \d+\s*\Z", "", query) + f"\nLIMIT {most} OFFSET {first}"


def _is_able(ask: Ask, written: Callable[[str], str]) -> bool:
    """Whether an engine gives the links of no thing (some fail where there is nothing in a VALUES), a record, and the
    cells of a comparison, which asks for about everything that SPARQL has."""
    nothing = [NamedNode(_NOTHING)]
    try:
        with deadline.within(_TYPICAL):
            _rows(ask, written(load("links").bind(method__relation=[], method__inverse=[])))
            _rows(ask, written(load("record").bind(method=nothing, method__inverse=[])))
            _rows(ask, written(load("compare").bind(method=nothing)))
    except (EndpointError, DataError, Unavailable):
        return False
    return True


def _rows(ask: Ask, query: str, *names: str) -> list[tuple[Term | None, ...]]:
    """The solutions of a query: the terms of some variables, or of all that come."""
    answer = ask(query)
    if not isinstance(answer, Solutions):
        raise EndpointError("the endpoint did not answer a SELECT with solutions")
    if missing := [name for name in names if name not in answer.variables]:
        raise EndpointError(f"the endpoint did not answer with {', '.join(missing)}")
    places = [answer.variables.index(name) for name in names or answer.variables]
    return [tuple(row[place] for place in places) for row in answer.rows]


def _said(ask: Ask, query: str) -> bool:
    answer = ask(query)
    return isinstance(answer, Verdict) and answer.value
