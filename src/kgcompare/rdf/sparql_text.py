"""The one tokeniser of SPARQL: what a query's text says before any engine reads it.

Source: SPARQL 1.1 Query Language, section 19.2 (code point escapes) and 19.8 (grammar), 13.2 (FROM).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Each repetition is possessive or bounded: no text makes the expression try the same characters again and again.
_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|\#[^\n\r]*)
  | (?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>)
  | (?P<string>'''(?:'{0,2}(?:[^'\\]++|\\.))*+'''|\"\"\"(?:"{0,2}(?:[^"\\]++|\\.))*+\"\"\"
      |'(?:[^'\\\n\r]++|\\.)*+'|"(?:[^"\\\n\r]++|\\.)*+")
  | (?P<variable>[?$]\w+)
  | (?P<name>(?:[^\W\d_][\w.-]{0,200}+)?:
      (?:[\w:]++|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]|[.-](?=[\w.:%\\-]))*+)
  | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<blank>_:[\w.-]+)
  | (?P<word>(?:[^\W\d]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})(?:\w|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<open>[({\[])
  | (?P<close>[)}\]])
  | (?P<operator>\|\||&&|!=|<=|>=|[=<>!+\-*/|^?])
  | (?P<dot>[.;,])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\\\")


def tokens(query: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each token but white space and comments, escapes of code points resolved within each.

    Oxigraph does so too: an escape ends no comment and no string. (By the standard they are replaced before all
    else; a comment that an escaped line feed ends could then hide behind a quote what the engine reads.)

    Kinds are ``iri``, ``string``, ``variable``, ``name`` (prefixed), ``tag``, ``blank``, ``word``, ``number``,
    ``open``, ``close``, ``operator``, ``dot`` and ``other`` for a character that begins no token.
    Takes time in proportion to the text, whatever it is.
    """
    for match in _TOKEN.finditer(query):
        kind, text = match.lastgroup or "skip", match[0]
        if kind == "skip":
            continue
        if "\\" not in text or kind in {"name", "other"}:
            yield kind, text
        elif kind != "word":
            yield kind, _ESCAPED.sub(_code_point, text)
        else:  # what is written so may be more than a word, to engines that replace escapes first
            for inner in _TOKEN.finditer(_ESCAPED.sub(_code_point, text)):
                if inner.lastgroup not in {None, "skip"}:
                    yield inner.lastgroup or "", inner[0]


def names_dataset(query: str) -> bool:
    """Whether a query names its dataset by ``FROM``, outside of its IRIs, strings and comments."""
    if "from" not in query.lower() and "\\u" not in query.lower():
        return False
    before = ""
    for kind, text in tokens(query):
        if before and kind in {"iri", "name"}:
            return True
        word = text.upper() if kind == "word" else ""
        before = word if word == "FROM" or (word == "NAMED" and before == "FROM") else ""
    return False


def _code_point(match: re.Match[str]) -> str:
    if not (match[1] or match[2]):
        return match[0]  # an escaped backslash
    number = int(match[1] or match[2], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else match[0]


_OF_THE_QUERY = re.compile(
    r"The (variable encoding the service|custom function|service|SPARQL operation)\b|.* is not a valid service name"
)
"""What the engine says when the query is at fault; else it is the data that cannot be read."""


def is_of_the_query(fault: RuntimeError) -> bool:
    """Whether a query is what the engine cannot cope with, rather than files that are damaged or gone."""
    return _OF_THE_QUERY.match(str(fault)) is not None
