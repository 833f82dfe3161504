"""Refuses, before anything is planned, queries whose text alone could hurt an engine.

Oxigraph's parser and planner recurse: 2,300 nested braces or 7,000 UNIONs end the process, and 192 repeated patterns
plan for seconds. The limits here are far above what people write.

Source: SPARQL 1.1 Query Language, section 19 (grammar); SPARQL 1.1 Federated Query (SERVICE).
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from kgcompare.errors import QueryError, Refused
from kgcompare.rdf.sparql_text import tokens, unescaped, unmistakable

MOST_CHARACTERS = 100_000
_MOST = {
    "nesting": (48, "nests more than {most} brackets"),
    "dot": (128, "has more than {most} patterns"),  # counted by the signs that end them
    "clause": (256, "has more than {most} clauses and groups"),
    "operator": (400, "has more than {most} operators"),
    "term": (5_000, "names more than {most} terms"),
    "other": (200, "is no SPARQL: it has too many characters that stand for nothing"),  # a few rare letters among them
}
"""How much of everything a query may have, and what is said of one that has more."""
_TERMS = {"iri", "string", "name", "number", "variable", "blank", "tag"}
_CLAUSES = {"UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "EXISTS", "SELECT", "GRAPH", "VALUES", "IN", "{"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD"}
_FORMS = {"SELECT", "CONSTRUCT", "ASK", "DESCRIBE"}


@lru_cache(maxsize=32)  # the endpoint asks for a query's form before the pool screens it
def screen(query: str) -> str | None:
    """Lets a query pass, or says what about it is refused; gives the query's form, such as ``SELECT``.

    :raises Refused: for SERVICE in any spelling, for an update, and for a text beyond one of the limits.
    """
    if len(query) <= MOST_CHARACTERS:
        _refuse_service(query)
    if (excess := excess_of(query)) is not None:
        raise Refused(f"the query {excess}")
    for kind, text in tokens(query):
        word = text.upper() if kind == "word" else ""
        if word in _UPDATES:
            raise Refused("updates are not available here")
        if word in _FORMS:
            return word
    return None


def excess_of(query: str) -> str | None:
    """What a query has too much of for an engine to be safe from it, such as "nests more than 48 brackets", or None."""
    if len(query) > MOST_CHARACTERS:
        return f"has {len(query)} characters; the most are {MOST_CHARACTERS}"
    counts: Counter[str] = Counter()
    for kind, text in tokens(query):
        counts["term" if kind in _TERMS else kind] += 1
        counts["clause"] += kind in {"word", "open"} and text.upper() in _CLAUSES
        counts["nesting"] += (kind == "open") - (kind == "close")
        for what, (most, said) in _MOST.items():
            if counts[what] > most:
                return said.format(most=most)
    return None


def _refuse_service(query: str) -> None:
    """Engines want no space before or after a keyword: any word with SERVICE in it may be one, and a name whose prefix
    is not declared; and by the standard escapes are replaced before all else.
    """
    for reading in {query, unescaped(query)}:
        if any(kind == "word" and "SERVICE" in text.upper() for kind, text in tokens(reading)):
            raise Refused(_NO_SERVICE)
    try:
        unmistakable(query)
    except QueryError as fault:
        said = str(fault)
        raise Refused(f"{said}. {_NO_SERVICE}" if "SERVICE" in said.upper() else said) from None


_NO_SERVICE = "SERVICE is not available here: queries are answered from this catalogue alone"
