"""Tables as rows, as spreadsheets and programs save them: CSV, TSV and JSON Lines.

Source: RFC 4180 (CSV); IANA text/tab-separated-values; jsonlines.org; RFC 8259 (JSON).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import IO, Any

from kgcompare.errors import SyntaxFault
from kgcompare.rdf.syntaxes import nests_deeply

TABLES = {"csv": ("csv",), "tsv": ("tsv", "tab"), "jsonl": ("jsonl", "ndjson")}
"""Formats of tables, and what their files end in."""
TableRow = tuple[int, Any]
"""The line in which a row begins, from 1, and its cells: a list of texts, or a JSON object."""
_LONGEST = 16 << 20
"""Characters of one cell."""
_SIGNS = ",;\t|"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What files of spreadsheets begin with: those of today (ZIP), and those of Excel before 2007."""
_PAGES = ("<html", "<!doctype", "<table")


def decoded(data: bytes) -> tuple[str, str]:
    """The text of a file, and how it is coded: what its byte order mark says, else UTF-8, else Windows-1252.

    Five bytes mean nothing in Windows-1252; they are taken as Latin-1 has them.

    :raises SyntaxFault: if it is no text.
    """
    text, coding = _decoded(data)
    if "\0" in text:
        raise SyntaxFault("there are zero bytes in it: it is UTF-16 without its mark, or no text; save it as UTF-8")
    return text, coding


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, coding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(coding), "UTF-8" if coding == "utf-8-sig" else "UTF-16"
            except UnicodeDecodeError:
                if coding == "utf-16":
                    raise SyntaxFault("it begins as UTF-16 does, and is none; save it as UTF-8") from None
    try:
        return data.decode(), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"


def rows(file: IO[bytes], form: str) -> tuple[dict[str, str], Iterator[TableRow]]:
    """What was found of a file in a format of :data:`TABLES`, its ``coding`` and ``separator``, and its rows.

    :raises SyntaxFault: if it is not well-formed; the rows raise it too.
    """
    if form == "jsonl":
        return {"coding": "UTF-8", "separator": ""}, _objects(file)
    data = file.read()
    if data.startswith(_WORKBOOKS):
        raise SyntaxFault("this is a workbook of a spreadsheet; save it as CSV")
    text, coding = decoded(data)
    if text.lstrip()[:20].lower().startswith(_PAGES):
        raise SyntaxFault("this is a web page; open it in a spreadsheet and save it as CSV")
    at, sign = 1, "\t" if form == "tsv" else ""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.rstrip("\r")) == 5:  # as Excel has it
        at, sign, text = 2, first[4], rest
    return {"coding": coding, "separator": (sign := sign or _separator(text))}, _cells(text, sign, at)


def _separator(text: str) -> str:
    """The sign that stands most often between the names of the first line; a comma where none does."""
    quoted, counts = False, dict.fromkeys(_SIGNS, 0)
    for sign in text:
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in "\r\n":
            if any(counts.values()):
                break
        elif not quoted and sign in counts:
            counts[sign] += 1
    return max(counts, key=lambda sign: counts[sign])


def _cells(text: str, sign: str, first: int) -> Iterator[TableRow]:
    csv.field_size_limit(_LONGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    while True:
        line = reader.line_num + first
        try:
            row = next(reader, None)
        except csv.Error as fault:
            said = {
                "unexpected end of data": "a quotation mark opens a cell and none closes it",
                f"'{sign}' expected after '\"'": "a quotation mark stands within a cell; write it twice",
            }.get(str(fault), str(fault))
            raise SyntaxFault(said, "", line) from None
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield line, row


def _objects(file: IO[bytes]) -> Iterator[TableRow]:
    for number, data in enumerate(file, 1):
        line = data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data
        if not line.strip():
            continue
        if nests_deeply(line):
            raise SyntaxFault("it nests too deeply", "", number)
        try:
            found = json.loads(line, parse_float=str, parse_int=str, parse_constant=_no_number, object_pairs_hook=_once)
        except (ValueError, RecursionError) as fault:
            raise SyntaxFault(f"not a JSON object on one line: {fault}", "", number) from None
        if not isinstance(found, dict):
            raise SyntaxFault("each line has to be one JSON object", "", number)
        yield number, found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in it")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
