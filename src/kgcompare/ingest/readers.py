"""Files -> RDF statements. Strict parsing, fresh blank nodes, and nothing fetched from anywhere.

Source: RDF 1.1 Turtle, N-Triples, N-Quads, TriG, RDF/XML; JSON-LD 1.1 (contexts inline only).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, parse

from kgcompare.errors import DataError, SyntaxFault, UnknownFormat
from kgcompare.graph import SYNTAXES

FORMATS = SYNTAXES
_BY_SUFFIX = {**FORMATS, "turtle": RdfFormat.TURTLE, "xml": RdfFormat.RDF_XML, "owl": RdfFormat.RDF_XML}
_BY_SUFFIX["json"] = RdfFormat.JSON_LD
QUADS = (RdfFormat.N_QUADS, RdfFormat.TRIG)


def syntax_of(path: Path, name: str | None = None) -> RdfFormat:
    """The syntax of a file, by *name* (a key of :data:`FORMATS`) or by its suffix.

    :raises UnknownFormat: if neither tells.
    """
    key = name or path.suffix.removeprefix(".").lower()
    if key not in _BY_SUFFIX:
        raise UnknownFormat(f"{path}: unknown format {key!r}; name one with --format: {', '.join(FORMATS)}")
    return _BY_SUFFIX[key]


def read(path: Path, base: str, name: str | None = None) -> list[Quad]:
    """The statements of a file; relative IRIs are resolved against *base*.

    :raises SyntaxFault: if it is not well-formed, says where.
    :raises DataError: if it cannot be opened, or says nothing.
    """
    syntax = syntax_of(path, name)
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror}") from None
    quads = list(read_bytes(data, syntax, base, str(path)))
    if not quads:
        raise DataError(f"{path} says nothing: there is no statement in it")
    return quads


def read_bytes(data: bytes, syntax: RdfFormat, base: str, source: str) -> Iterator[Quad]:
    """The statements of some bytes; *source* names them in errors.

    :raises SyntaxFault: if they are not well-formed.
    """
    if syntax == RdfFormat.RDF_XML and re.search(rb"<!(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise SyntaxFault("a document type declaration is not accepted; write entities out", source)
    data = data.removeprefix(b"\xef\xbb\xbf")  # a byte order mark, as some editors write it
    try:
        yield from parse(io.BytesIO(data), syntax, base_iri=base, rename_blank_nodes=True)
    except SyntaxError as fault:
        raise SyntaxFault(str(fault.msg), source, fault.lineno) from None
    except (ValueError, OSError) as fault:
        raise SyntaxFault(str(fault), source) from None
