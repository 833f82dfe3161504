"""Strangers' queries where the data are elsewhere: passed on to the engine there, behind the same screen and limits.

Source: SPARQL 1.1 Query Language, section 13.2 (FROM); OpenLink Virtuoso, "SPARQL pragmas" (DEFINE) and "Using SQL
functions" (bif:, sql:); Apache Jena, "Writing Filter Functions" (java:).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from kgcompare.errors import QueryError, Refused, Unanswered
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.sparql_text import tokens, unescaped
from kgcompare.sandbox.pool import Answer, Bounds
from kgcompare.sandbox.results import result_bytes, results_of_engine, statement_bytes
from kgcompare.sandbox.screen import screen
from kgcompare.sandbox.turns import Turns
from kgcompare.store import deadline
from kgcompare.store.base import PassOn, Statements

_CODE = ("bif:", "sql:", "java:")
"""What names of functions begin with that are no SPARQL, but code of an engine or its machine."""

_DEFAULT, _NAMED = "default-graph-uri", "named-graph-uri"


class Relay:
    """Passes queries on, a bounded number at a time; may be asked by any number of threads."""

    def __init__(self, pass_on: PassOn, base: Base, bounds: Bounds) -> None:
        """*base* is that of the graphs which a query may name."""
        self._pass_on = pass_on
        self._base = base
        self._bounds = bounds
        self._turns = Turns(bounds.workers, bounds.waiting, bounds.share)

    def ask(
        self,
        query: str,
        *,
        client: str = "",
        base: str | None = None,
        default: tuple[str, ...] = (),
        named: tuple[str, ...] = (),
        solutions: str = "json",
        rdf: str = "ttl",
        prefixes: Mapping[str, str] | None = None,
    ) -> Answer:
        """The whole answer to a query, as :meth:`~kgcompare.sandbox.pool.Answering.ask` says."""
        bounds = self._bounds
        end = time.monotonic() + bounds.seconds
        screen(query)
        dataset = check_elsewhere(query, self._base)
        if default or named:  # which beat those of the query
            dataset = [(_DEFAULT, name) for name in default] + [(_NAMED, name) for name in named]
            for _, name in dataset:
                _check_graph(name, self._base)
        asked = query if base is None else f"BASE <{base}> {query}"
        with self._turns.taken(client, end), deadline.within(end - time.monotonic()):
            try:
                results = self._pass_on(asked, dataset, bounds.bytes)
            except QueryError as fault:
                raise Refused(str(fault)) from None
            except Unanswered as fault:
                if fault.much:
                    raise Refused(
                        f"the answer has more than {bounds.bytes} bytes; ask for less, for instance with LIMIT"
                    ) from None
                raise
            if isinstance(results, Statements):
                return Answer(rdf, statement_bytes(results.triples, rdf, prefixes or {}, bounds.rows, bounds.bytes))
            return Answer(solutions, result_bytes(results_of_engine(results), solutions, bounds.rows, bounds.bytes))

    def close(self) -> None:
        """Ends nothing: what is under way ends in time."""


def check_elsewhere(query: str, base: Base) -> list[tuple[str, str]]:
    """Refuses what has engines elsewhere read from the network, run code, or read what is not the catalogue's.

    Gives the dataset that the query names as parameters of the protocol: some engines heed these alone.

    :raises Refused: for FROM and GRAPH with another graph than of the catalogue, pragmas, and code by the name of a
        function.
    """
    datasets = [_checked(reading, base) for reading in dict.fromkeys((query, unescaped(query)))]
    return datasets[0]


def _checked(query: str, base: Base) -> list[tuple[str, str]]:
    dataset = []
    begun = False
    found = tokens(query)
    for kind, text in found:
        word = text.upper() if kind == "word" else ""
        begun = begun or word in {"SELECT", "CONSTRUCT", "ASK", "DESCRIBE"}
        if "DEFINE" in word and not begun:
            raise Refused("DEFINE is not available here")
        if kind in {"iri", "name"} and text.lower().removeprefix("<").startswith(_CODE):
            raise Refused(f"{text[:80]} is not available here")
        if "FROM" in word:
            dataset.append(_graph_after(word, found, base))
        elif word == "GRAPH":
            _check_place(next(found, ("", "")), base)
    return dataset


def _graph_after(word: str, rest: Iterator[tuple[str, str]], base: Base) -> tuple[str, str]:
    name, (kind, text) = _DEFAULT, next(rest, ("", ""))
    if (kind, text.upper()) == ("word", "NAMED"):
        name, (kind, text) = _NAMED, next(rest, ("", ""))
    if word != "FROM" or kind != "iri":
        raise Refused("write FROM and FROM NAMED apart from other words, and after them a whole IRI")
    _check_graph(text[1:-1], base)
    return name, text[1:-1]


def _check_place(token: tuple[str, str], base: Base) -> None:
    if token[0] == "iri":
        _check_graph(token[1][1:-1], base)


def _check_graph(name: str, base: Base) -> None:
    if not name.startswith(base.value):
        raise Refused(f"the catalogue has no graph {name[:200]!r}; its graphs begin with {base.value}")
