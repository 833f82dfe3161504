"""The one table of RDF syntaxes, and strict reading of what is written in them: nothing is fetched from anywhere.

Source: RDF 1.1 Turtle, N-Triples, N-Quads, TriG, RDF/XML; JSON-LD 1.1 (contexts inline only).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pyoxigraph import Quad, RdfFormat, Triple, parse

from kgcompare import resources
from kgcompare.errors import DataError, Seam, StoreError, SyntaxFault, TokenTooLong, UnknownFormat
from kgcompare.rdf import jsonld


@dataclass(frozen=True, slots=True)
class Syntax:
    """An RDF syntax: its name is the suffix of its files, ``title`` what it calls itself, ``suffixes`` what else its
    files end in, and ``note`` its name under ``http://www.w3.org/ns/formats/``."""

    name: str
    title: str
    media_type: str
    engine: RdfFormat
    note: str
    suffixes: tuple[str, ...] = ()


SYNTAXES: dict[str, Syntax] = {
    syntax.name: syntax
    for syntax in (
        Syntax("ttl", "Turtle", "text/turtle", RdfFormat.TURTLE, "Turtle", ("turtle",)),
        Syntax("jsonld", "JSON-LD", "application/ld+json", RdfFormat.JSON_LD, "JSON-LD", ("json",)),
        Syntax("nt", "N-Triples", "application/n-triples", RdfFormat.N_TRIPLES, "N-Triples"),
        Syntax("nq", "N-Quads", "application/n-quads", RdfFormat.N_QUADS, "N-Quads"),
        Syntax("trig", "TriG", "application/trig", RdfFormat.TRIG, "TriG"),
        Syntax("rdf", "RDF/XML", "application/rdf+xml", RdfFormat.RDF_XML, "RDF_XML", ("xml", "owl")),
    )
}
"""RDF syntaxes by name, in the order in which they are offered."""
_BY_SUFFIX = {suffix: syntax for syntax in SYNTAXES.values() for suffix in (syntax.name, *syntax.suffixes)}
QUADS = (RdfFormat.N_QUADS, RdfFormat.TRIG)
"""Those that tell graphs apart."""
_BOM = b"\xef\xbb\xbf"
_DEEPEST = 500
_BLOCK = 1 << 20
"""Levels of nesting from which on a text is refused: the engine's parsers end the process at some thousands."""
_JSON_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_TRIPLE_TERM = re.compile(rb"<<\(|\)>>")
_XML_ASIDE = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
"""What may say anything in XML: comments, character data, instructions."""
_XML_TAG = re.compile(rb"<(/?)([\w:](?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>(?<=(/)>|[^/]>)", re.DOTALL)
"""A tag: what closes an element, its name with all attributes, and what closes it at once."""
_LONG_TAG = 10_000
_MOST_ATTRIBUTES = 1_000
_WHOLE = (RdfFormat.JSON_LD, RdfFormat.RDF_XML)
"""Syntaxes of which all has to be there before anything is read."""
_LONGEST_TOKEN = 16 << 20
"""Bytes of one token that the engine's parsers take."""
_TOO_LONG = "a literal, a comment or an address has more than 16 MiB; that is too long"
_NO_LOADER = "LoadDocumentCallback"
_BUFFER = "buffer maximal size"
"""What the engine says of contexts that it would have to fetch, and of tokens that are too long."""


def syntax_of(path: Path, name: str | None = None, others: Iterable[str] = ()) -> RdfFormat:
    """The syntax of a file, by *name* (a key of :data:`SYNTAXES`) or by its suffix.

    *others* are names that whoever asks knows beside them, to be told.

    :raises UnknownFormat: if neither tells.
    """
    key = name or path.suffix.removeprefix(".").lower()
    if key not in _BY_SUFFIX:
        known = ", ".join([*SYNTAXES, *others])
        raise UnknownFormat(f"{path}: unknown format {key!r}; name one with --format: {known}")
    return _BY_SUFFIX[key].engine


def read(path: Path, base: str, name: str | None = None) -> list[Quad]:
    """The statements of a file; relative IRIs are resolved against *base*.

    :raises SyntaxFault: if it is not well-formed, says where.
    :raises DataError: if it cannot be opened, or says nothing.
    """
    syntax = syntax_of(path, name)
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
        data = path.read_bytes()
    quads = list(read_bytes(data, syntax, base, str(path)))
    if not quads:
        raise DataError(f"{path} says nothing: there is no statement in it")
    return quads


def statements(file: IO[bytes], syntax: RdfFormat, base: str | None, contexts: Mapping[str, object]) -> Iterator[Quad]:
    """The statements of an open file, with fresh blank nodes; relative IRIs are resolved against *base*.

    *contexts* are those of JSON-LD that are known, by address. What is lines or Turtle is never held whole.

    :raises SyntaxFault: if it is not well-formed.
    """
    if syntax in _WHOLE:
        yield from read_bytes(file.read(), syntax, base, "", contexts)
        return
    if file.read(len(_BOM)) != _BOM:
        file.seek(0)
    try:
        yield from _parsed(file, syntax, base, "")
    except TokenTooLong:
        raise SyntaxFault(_TOO_LONG, "", _line_at(file, file.tell() - _LONGEST_TOKEN)) from None


def read_bytes(
    data: bytes, syntax: RdfFormat, base: str | None, source: str, contexts: Mapping[str, object] | None = None
) -> Iterator[Quad]:
    """The statements of some bytes, with fresh blank nodes; *source* names them in errors.

    *contexts* are those of JSON-LD that are known, by address.

    :raises SyntaxFault: if they are not well-formed.
    """
    data = data.removeprefix(_BOM)  # as some editors write it
    if syntax == RdfFormat.RDF_XML and (why := _xml_fault(_XML_ASIDE.sub(b"", data))):
        raise SyntaxFault(why, source)
    if nests_deeply(data, syntax):
        raise SyntaxFault(f"it nests more than {_DEEPEST} levels deep", source)
    if syntax == RdfFormat.JSON_LD:
        data = jsonld.inlined(data, base or "", contexts or {})
    yield from _parsed(io.BytesIO(data), syntax, base, source)


def _parsed(file: IO[bytes], syntax: RdfFormat, base: str | None, source: str) -> Iterator[Quad]:
    with Seam((ValueError, OSError, RuntimeError), lambda why: SyntaxFault(why, source)):
        try:
            yield from parse(file, syntax, base_iri=base, rename_blank_nodes=True)
        except SyntaxError as fault:
            fault.with_traceback(None)
            said = jsonld.NOT_FETCHED if _NO_LOADER in str(fault.msg) else str(fault.msg)
            raise SyntaxFault(said, source, fault.lineno) from None
        except MemoryError as fault:
            if _BUFFER not in str(fault):
                raise
            raise TokenTooLong(_TOO_LONG, source) from None


def check_lines(path: Path) -> None:
    """Lets a file of N-Quads pass that the engine can load without harm; it is not parsed.

    :raises SyntaxFault: for a line that nests too deeply, or has a token that is too long.
    :raises DataError: if it cannot be read.
    """
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")), path.open("rb") as file:
        if _is_suspect(file):
            file.seek(0)
            for number, line in enumerate(file, 1):
                _check_line(line, str(path), number)


def _is_suspect(lines: IO[bytes]) -> bool:
    """Whether some line may nest too deeply, as two blocks in a row have so many brackets, or be too long, as a block
    has no end of one."""
    before = 0
    while block := lines.read(_BLOCK):
        here = block.count(b"<<(") + 1  # one may stand on the edge
        if before + here > _DEEPEST or (b"\n" not in block and len(block) == _BLOCK):
            return True
        before = here
    return False


def _check_line(line: bytes, source: str, number: int) -> None:
    if line.count(b"<<(") > _DEEPEST and nests_deeply(_JSON_STRING.sub(b"", line), RdfFormat.N_QUADS):
        raise SyntaxFault(f"it nests more than {_DEEPEST} levels deep", source, number)
    if len(line) > _LONGEST_TOKEN and any(len(text) > _LONGEST_TOKEN for text in _JSON_STRING.findall(line)):
        raise SyntaxFault(_TOO_LONG, source, number)


def _line_at(file: IO[bytes], place: int) -> int:
    """The number of the line in which a byte of a file stands."""
    file.seek(0)
    line = 1
    while place > 0 and (block := file.read(min(place, 1 << 20))):
        line += block.count(b"\n")
        place -= len(block)
    return line


def nests_deeply(data: bytes, syntax: RdfFormat | None = None) -> bool:
    """Whether a text in *syntax*, or in JSON, nests deeper than a parser can follow on its stack.

    What is JSON loses its strings and all but its brackets; each round then takes away the innermost pairs.
    """
    if syntax not in {None, RdfFormat.JSON_LD}:
        depth = deepest = 0
        for sign in _TRIPLE_TERM.findall(data) if data.count(b"<<(") > _DEEPEST else ():
            depth += 1 if sign == b"<<(" else -1
            deepest = max(depth, deepest)
        return deepest > _DEEPEST
    brackets = _JSON_STRING.sub(b"", data).translate(None, _NO_BRACKETS)
    for _ in range(_DEEPEST):
        fewer = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(fewer) == len(brackets):
            return len(brackets) > _DEEPEST  # without their partners
        brackets = fewer
    return bool(brackets)


def _xml_fault(data: bytes) -> str:
    """What the engine would take too long for, or must not follow, in XML without its asides; empty for nothing."""
    if re.search(rb"<!(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        return "a document type declaration is not accepted; write entities out"
    depth = 0
    for tag in _XML_TAG.finditer(data):
        depth += -1 if tag[1] else 0 if tag[3] else 1
        if depth > _DEEPEST:
            return f"it nests more than {_DEEPEST} levels deep"
        if len(tag[2]) > _LONG_TAG and tag[2].count(b"=") > _MOST_ATTRIBUTES:
            return f"an element has more than {_MOST_ATTRIBUTES:,} attributes"
    return ""


def triples_of(path: Path, base: str, name: str | None = None) -> list[Triple]:
    """The statements of a file without their graphs.

    :raises SyntaxFault: if it is not well-formed, says where.
    :raises DataError: if it cannot be opened, or says nothing.
    """
    return [Triple(quad.subject, quad.predicate, quad.object) for quad in read(path, base, name)]


def bundled(path: Path) -> list[Triple]:
    """The statements of a Turtle file that comes with this package.

    :raises StoreError: if it is not there or cannot be read: the installation is broken.
    """
    with Seam((OSError, SyntaxError, ValueError), lambda why: StoreError(resources.broken(path, why))):
        quads = parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True)
        return [Triple(quad.subject, quad.predicate, quad.object) for quad in quads]
