"""The one tokeniser of SPARQL: what a query's text says before any engine reads it.

Source: SPARQL 1.1 Query Language, section 19.2 (code point escapes) and 19.8 (grammar), 13.2 (FROM).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgcompare.errors import QueryError

# Each repetition is possessive or bounded: no text makes the expression try the same characters again and again.
_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|\#[^\n\r]*)
  | (?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>)
  | (?P<string>'''(?:'{0,2}(?:[^'\\]++|ESCAPE))*+'''|\"\"\"(?:"{0,2}(?:[^"\\]++|ESCAPE))*+\"\"\"
      |'(?:[^'\\\n\r]++|ESCAPE)*+'|"(?:[^"\\\n\r]++|ESCAPE)*+")
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
    """.replace("ESCAPE", r"""\\(?:[tbnrf"'\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"""),
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


def placed_tokens(query: str) -> Iterator[tuple[str, str, int, int]]:
    """(kind, text, start, end) of each token but white space and comments, as it stands in the text.

    :raises QueryError: for a keyword that is written with escapes, which is not what it looks like.
    """
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup or "skip"
        if kind == "word" and "\\" in match[0]:
            raise QueryError(f"{match[0][:80]} is written with escapes; write it as it is")
        if kind != "skip":
            yield kind, match[0], match.start(), match.end()


def names_dataset(query: str) -> bool:
    """Whether a query names its dataset by ``FROM``, outside of its IRIs, strings and comments.

    Engines want no space after a keyword: ``ASKFROM<g>{}`` and ``FROMNAMED<g>`` name one too.
    """
    if "from" not in query.lower() and "\\u" not in query.lower():
        return False
    return any(kind == "word" and "FROM" in text.upper() for kind, text in tokens(query))


def unescaped(query: str) -> str:
    """A query whose escapes of code points are replaced before all else, as the standard has it (19.2)."""
    return _ESCAPED.sub(_code_point, query)


def unmistakable(query: str) -> str:
    """The same query, written so that the letters of FROM and SERVICE stand where they are these keywords.

    They stand besides in names of variables and blank nodes and in language tags, which nothing else begins as. So no
    engine finds either keyword where :func:`tokens` has none, however it reads the text: comments lose these words,
    strings and IRIs have an escape in them, and prefixed names are written out. A byte order mark is passed over.

    :raises QueryError: for a prefixed name with such letters whose prefix is not declared, or not by a whole IRI.
    """
    query = query.removeprefix("\ufeff")
    letters = query.lower()
    if "from" not in letters and "service" not in letters:  # much quicker than the pattern, in a long query
        return query
    matches = list(_TOKEN.finditer(query))
    prefixes, dropped = _prologue([match for match in matches if match.lastgroup != "skip"])
    pieces = []
    for match in matches:
        kind, text = match.lastgroup, match[0]
        if match.start() in dropped:
            text = ""
        elif kind == "skip":
            text = _TELLING.sub("-", text)
        elif kind in {"iri", "string"}:
            text = _TELLING.sub(_with_escape, text)
        elif kind == "name" and _TELLING.search(text):
            text = f" {_TELLING.sub(_with_escape, _written_out(text, prefixes))} "
        pieces.append(text)
    return "".join(pieces)


_TELLING = re.compile("from|service", re.IGNORECASE | re.ASCII)


def _with_escape(word: re.Match[str]) -> str:
    """The word with an escape for its second letter: the first may belong to an escape, as in ``\\from``."""
    return f"{word[0][0]}\\u{ord(word[0][1]):04X}{word[0][2:]}"


def _prologue(matches: list[re.Match[str]]) -> tuple[dict[str, str], set[int]]:
    """Prefixes and the text of their IRIs, and where declarations stand that names written out do not need."""
    prefixes: dict[str, str] = {}
    dropped: set[int] = set()
    rest = iter(matches)
    for match in rest:
        word = match[0].upper()
        if word == "PREFIX":
            name, iri = next(rest, None), next(rest, None)
            if name is None or iri is None or (name.lastgroup, iri.lastgroup) != ("name", "iri"):
                break
            prefixes[name[0].removesuffix(":")] = iri[0][1:-1]
            if _TELLING.search(name[0]):
                dropped |= {match.start(), name.start(), iri.start()}
        elif word not in {"BASE", "VERSION"} or next(rest, None) is None:
            break
    return prefixes, dropped


def _written_out(name: str, prefixes: dict[str, str]) -> str:
    prefix, _, local = name.partition(":")
    if prefix not in prefixes:
        raise QueryError(f"the prefix {prefix[:80]}: is not declared; a keyword before a name wants a space after it")
    begins = prefixes[prefix]
    if not (_SCHEME.match(begins) or begins.endswith(("/", "#"))):
        raise QueryError(f"{name[:80]} cannot be told from a keyword; declare its prefix by a whole IRI")
    return "<" + begins + _LOCAL_ESCAPE.sub(r"\1", local) + ">"


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LOCAL_ESCAPE = re.compile(r"\\(.)")


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
