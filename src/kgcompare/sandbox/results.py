"""SPARQL results as the engine writes them, never longer than they may be.

The engine's CSV is not used: IRIs with commas are without quotes in it, and a lone empty value is an empty line, which
readers skip. In its XML a carriage return in a literal stands as it is, and parsers would read a line end.

Source: SPARQL 1.1 Query Results JSON Format; Query Results XML Format; Query Results CSV and TSV Formats.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    Triple,
    parse_query_results,
    serialize,
)

from kgcompare.errors import Refused
from kgcompare.rdf.syntaxes import SYNTAXES
from kgcompare.rdf.terms import XSD_STRING
from kgcompare.rdf.writing import plainly_labelled, readable_xml, sayable_in_xml

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from kgcompare.store.base import Solutions, Verdict

_Item = TypeVar("_Item")

_NOT_XML = re.compile(b"[\0-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_COMPOUND = (BlankNode, Triple)
_VERDICTS = {
    "csv": "answer\r\n{}\r\n",
    "tsv": '?answer\n"{}"^^<http://www.w3.org/2001/XMLSchema#boolean>\n',
}
"""Answers of ASK as one solution, in the formats that have none of their own for them."""


class BoundedBytes(io.BytesIO):
    """A file in memory that takes *most* bytes and no more."""

    def __init__(self, most: int | None) -> None:
        """An empty file; None takes any number of bytes."""
        super().__init__()
        self._most = most

    def write(self, data: ReadableBuffer) -> int:
        """Appends bytes.

        :raises Refused: if they are too many.
        """
        if self._most is not None and self.tell() + memoryview(data).nbytes > self._most:
            raise _too_large(self._most, "bytes")
        return super().write(data)


def at_most(items: Iterable[_Item], most: int | None) -> Iterator[_Item]:
    """The items, one after the other; *most* of None lets any number pass.

    :raises Refused: when there is one more than *most*.
    """
    for number, item in enumerate(items):
        if number == most:
            raise _too_large(most, "rows")
        yield item


def result_bytes(
    results: QuerySolutions | QueryBoolean, form: str, rows: int | None = None, size: int | None = None
) -> bytes:
    """Results as ``json``, ``xml``, ``csv`` or ``tsv``, of at most *rows* solutions and *size* bytes.

    :raises Refused: if there are more: as soon as they are written, not when the whole stands in memory.
    """
    if isinstance(results, QueryBoolean) and form in _VERDICTS:
        verdict = BoundedBytes(size)
        verdict.write(_VERDICTS[form].format(str(bool(results)).lower()).encode())
        return verdict.getvalue()
    if isinstance(results, QuerySolutions) and form == "csv":
        table = BoundedBytes(size)
        lines = csv.writer(_Utf8(table), lineterminator="\r\n")
        lines.writerow([variable.value for variable in results.variables])
        lines.writerows([term_value(term) for term in solution] for solution in at_most(results, rows))
        return table.getvalue()
    file_type, syntax = _WRITTEN[form]
    file = file_type(rows, size)
    results.serialize(file, syntax)
    return file.getvalue()


def statement_bytes(
    triples: Iterable[Triple], form: str, prefixes: Mapping[str, str], rows: int | None = None, size: int | None = None
) -> bytes:
    """Statements in a syntax of :data:`~kgcompare.rdf.syntaxes.SYNTAXES`, *rows* of them at most, and *size* bytes.

    :raises Refused: if there are more.
    :raises DataError: for what the syntax cannot say.
    """
    file = BoundedBytes(size)
    used = dict(prefixes) if form in {"ttl", "trig", "rdf"} else None
    written = map(plainly_labelled, at_most(triples, rows))
    if form == "rdf":
        written = map(sayable_in_xml, written)
    serialize(written, file, SYNTAXES[form].engine, prefixes=used)
    return readable_xml(file.getvalue()) if form == "rdf" else file.getvalue()


def results_of_engine(results: Solutions | Verdict) -> QuerySolutions | QueryBoolean:
    """Solutions or a verdict as if the engine had found them: only its own can be written by it.

    Source: SPARQL 1.1 Query Results JSON Format.
    """
    from kgcompare.store.base import Verdict  # a worker, which is to start soon, has no need of stores

    if isinstance(results, Verdict):
        said = json.dumps({"head": {}, "boolean": results.value})
    else:
        bindings = [
            {name: _json_term(term) for name, term in zip(results.variables, row, strict=True) if term is not None}
            for row in results.rows
        ]
        said = json.dumps({"head": {"vars": results.variables}, "results": {"bindings": bindings}})
    return parse_query_results(said, QueryResultsFormat.JSON)


def _json_term(term: NamedNode | BlankNode | Literal | Triple) -> dict[str, object]:
    if isinstance(term, Triple):
        parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
        return {"type": "triple", "value": {name: _json_term(part) for name, part in parts.items()}}
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "bnode", "value": term.value}
    data: dict[str, object] = {"type": "literal", "value": term.value}
    if term.language:
        data["xml:lang"] = term.language
        if term.direction:
            data["its:dir"] = str(term.direction)
    elif term.datatype.value != XSD_STRING:
        data["datatype"] = term.datatype.value
    return data


def term_value(term: NamedNode | BlankNode | Literal | Triple | None) -> str:
    """A term as CSV has it, its value alone: ``http://example.org/``, ``_:b1``, ``a text``, or nothing for None."""
    if term is None:
        return ""
    return str(term) if isinstance(term, _COMPOUND) else term.value


class _Utf8:
    """A text file on top of a file of bytes."""

    def __init__(self, file: BoundedBytes) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


class _Counting(BoundedBytes):
    """Counts the solutions that pass, by what the engine writes between or after them; chunks may end anywhere."""

    separator: bytes
    first = 0
    """How many solutions there are when no separator has passed."""

    def __init__(self, rows: int | None, size: int | None) -> None:
        super().__init__(size)
        self._rows = rows
        self._counted = self.first
        self._tail = b""

    def write(self, data: ReadableBuffer) -> int:
        if self._rows is not None:
            text = self._tail + self.structure(bytes(data))
            self._counted += text.count(self.separator)
            self._tail = text[max(0, len(text) - len(self.separator) + 1) :]
            if self._counted > self._rows:
                raise _too_large(self._rows, "rows")
        return super().write(data)

    def structure(self, data: bytes) -> bytes:
        """The bytes in which a separator is one, wherever it stands."""
        return data


class _Tsv(_Counting):
    """Line ends are escaped in literals and cannot be in IRIs; the first one ends the header."""

    separator = b"\n"
    first = -1


class _Xml(_Counting):
    """``<`` is escaped in literals and cannot be in IRIs; a carriage return would be read as a line end."""

    separator = b"</result>"
    _before = b""

    def write(self, data: ReadableBuffer) -> int:
        written = bytes(data)
        if _NOT_XML.search(self._before + written):
            raise Refused("the answer has a character that XML does not have (XML 1.0, section 2.2); ask for JSON")
        self._before = written[-2:]
        super().write(written.replace(b"\r", b"&#13;"))
        return len(written)


class _Json(_Counting):
    """Objects follow one another in the list of solutions alone; what stands in strings is left out."""

    separator = b"},{"
    first = 1  # there may be none, and none is never too many

    def __init__(self, rows: int | None, size: int | None) -> None:
        super().__init__(rows, size)
        self._escape = b""
        self._inside = False

    def structure(self, data: bytes) -> bytes:
        plain = (self._escape + data).replace(b"\\\\", b"").replace(b'\\"', b"")
        self._escape = b"\\" if plain.endswith(b"\\") else b""
        pieces = plain.split(b'"')
        outside = pieces[self._inside :: 2]
        self._inside ^= len(pieces) % 2 == 0
        return b'"'.join(outside)


_WRITTEN: dict[str, tuple[type[_Counting], QueryResultsFormat]] = {
    "json": (_Json, QueryResultsFormat.JSON),
    "xml": (_Xml, QueryResultsFormat.XML),
    "tsv": (_Tsv, QueryResultsFormat.TSV),
}


def _too_large(most: int, what: str) -> Refused:
    return Refused(f"the answer has more than {most} {what}; ask for less, for instance with LIMIT")
