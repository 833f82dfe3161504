"""Refuses, before anything is planned, queries whose text alone could hurt an engine.

Oxigraph's parser and planner recurse: 2,300 nested braces or 7,000 UNIONs end the process, and 192 repeated patterns
plan for seconds. The limits here are far above what people write.

Source: SPARQL 1.1 Query Language, section 19 (grammar); SPARQL 1.1 Federated Query (SERVICE).
"""

from __future__ import annotations

import re

from kgcompare.errors import QueryError

MOST_CHARACTERS = 100_000
MOST_NESTED = 48
MOST_STATEMENTS = 128
"""Triple patterns of a query, counted by the signs that end them."""
MOST_CLAUSES = 96
"""UNION, OPTIONAL, MINUS, FILTER, BIND, EXISTS, SELECT and GRAPH, together."""
MOST_OPERATORS = 400
MOST_VALUES = 5_000
MOST_STRAYS = 200
"""Characters that begin no token; there are a few rare letters among them."""
# Every repetition is possessive or bounded: no text makes the expression try the same characters again and again.
_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|\#[^\n\r]*)
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
  | (?P<string>'''(?:'{0,2}(?:[^'\\]++|\\.))*+'''|\"\"\"(?:"{0,2}(?:[^"\\]++|\\.))*+\"\"\"
      |'(?:[^'\\\n\r]++|\\.)*+'|"(?:[^"\\\n\r]++|\\.)*+")
  | (?P<variable>[?$]\w+)
  | (?P<name>(?:[^\W\d_][\w.-]{0,200}+)?:
      (?:[\w:]++|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]|[.-](?=[\w.:%\\-]))*+)
  | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<blank>_:[\w.-]+)
  | (?P<word>[^\W\d]\w*+)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<open>[({\[])
  | (?P<close>[)}\]])
  | (?P<operator>\|\||&&|!=|<=|>=|[=<>!+\-*/|^?])
  | (?P<dot>[.;,])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLAUSES = {"UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "EXISTS", "SELECT", "GRAPH", "VALUES", "IN"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD"}
_FORMS = {"SELECT", "CONSTRUCT", "ASK", "DESCRIBE"}


def screen(query: str) -> str | None:  # noqa: PLR0912  (one pass over the tokens)
    """Lets a query pass, or says what about it is refused; gives the query's form, such as ``SELECT``.

    :raises QueryError: for SERVICE in any spelling, for an update, and for a text beyond one of the limits.
    """
    if len(query) > MOST_CHARACTERS:
        raise QueryError(f"the query has {len(query)} characters; the most are {MOST_CHARACTERS}")
    # Escapes of code points are resolved before anything else is read (section 19.2).
    query = re.sub(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", _code_point, query)
    depth = statements = clauses = operators = values = strays = 0
    form: str | None = None
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup
        if kind == "word":
            word = match[0].upper()
            if word == "SERVICE":
                raise QueryError("SERVICE is not available here: queries are answered from this catalogue alone")
            if form is None and word in _UPDATES:
                raise QueryError("updates are not available here")
            if word in _FORMS:
                form = form or word
            clauses += word in _CLAUSES
        elif kind == "open":
            depth += 1
            clauses += match[0] == "{"
            if depth > MOST_NESTED:
                raise QueryError(f"the query nests more than {MOST_NESTED} brackets")
        elif kind == "close":
            depth -= 1
        elif kind == "dot":
            statements += 1
        elif kind == "operator":
            operators += 1
        elif kind in {"iri", "string", "name", "number", "variable", "blank", "tag"}:
            values += 1
        elif kind == "other":
            strays += 1
        if statements > MOST_STATEMENTS:
            raise QueryError(f"the query has more than {MOST_STATEMENTS} patterns")
        if clauses > MOST_CLAUSES:
            raise QueryError(f"the query has more than {MOST_CLAUSES} clauses and groups")
        if operators > MOST_OPERATORS:
            raise QueryError(f"the query has more than {MOST_OPERATORS} operators")
        if values > MOST_VALUES:
            raise QueryError(f"the query names more than {MOST_VALUES} terms")
        if strays > MOST_STRAYS:
            raise QueryError("the query is no SPARQL: it has too many characters that stand for nothing")
    return form


def _code_point(match: re.Match[str]) -> str:
    number = int(match[1] or match[2], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else match[0]
