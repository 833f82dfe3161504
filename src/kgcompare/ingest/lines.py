"""In which line of its file a fault is: where the format has lines, and the file says so plainly.

A line is looked for, not kept while parsing: whoever parses does not tell lines, and faults are few.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kgcompare.errors import DataError, Fault, Seam
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.opening import open_file

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BEGINS = re.compile(r"\s*(?:<(?P<iri>[^<>\s]*)>|(?P<prefix>[\w.-]*):(?P<local>[^\s;,.]*))(?=\s|$)")
"""What a line of Turtle, TriG, N-Triples or N-Quads begins with where it begins to speak of something."""
_NAME = re.compile(r"[:/#]([^\s:/#<>;,]*?)(?=>|[\s;,]|\.?\s*$)")
_PREFIX = re.compile(r"\s*@?prefix\s+(?P<prefix>[\w.-]*):\s*<(?P<iri>[^<>\s]*)>", re.IGNORECASE)


def with_lines(faults: Sequence[Fault], path: Path, limits: Limits) -> Iterator[Fault]:
    """The faults of a file, each with its line where it has none and one can be found.

    That is the line of its value, where the record has it there between quotes, else the one where the file begins to
    speak of the record, else the one of the value where the file has that once.

    :raises DataError: if the file cannot be read.
    """
    wanted = [fault for fault in faults if fault.line is None]
    once, begins, within = _found(path, wanted, limits) if wanted else ({}, {}, {})
    for fault in faults:
        if fault.line is not None:
            yield fault
            continue
        focus, value = fault.focus_node or "", fault.value or ""
        yield replace(fault, line=within.get((focus, value)) or begins.get(focus) or once.get(value))


Lines = Mapping[str, int | None]


def _found(path: Path, faults: Sequence[Fault], limits: Limits) -> tuple[Lines, Lines, dict[tuple[str, str], int]]:
    """The lines of values that stand in one alone, those where subjects begin, and those of values of subjects."""
    subjects: dict[str, set[str]] = {}
    for fault in faults:
        subjects.setdefault(fault.focus_node or "", set()).add(fault.value or "")
    values = {value for of in subjects.values() for value in of}
    once: dict[str, int | None] = {}
    begins: dict[str, int | None] = {}
    within: dict[tuple[str, str], int] = {}
    # Relative IRIs may have any base.
    relative = {subject[at + 1 :]: subject for subject in subjects for at, sign in enumerate(subject) if sign in "/#"}
    prefixes, at = dict(PREFIXES), ""
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
        file, _ = open_file(path, limits)
        with file:
            for number, data in enumerate(file, 1):
                line = data.decode("utf-8", "replace")
                if said := _PREFIX.match(line):
                    prefixes[said["prefix"]] = said["iri"]
                elif begun := _BEGINS.match(line):
                    iri = begun["iri"] or prefixes.get(begun["prefix"] or "", "") + (begun["local"] or "")
                    if spoken_of := iri if iri in subjects else relative.get(begun["iri"] or ""):
                        at = spoken_of
                        begins.setdefault(at, number)
                    elif not line[0].isspace():
                        at = ""
                for value in {_unescaped(quoted) for quoted in _QUOTED.findall(line)} if '"' in line else ():
                    if value in values:
                        once[value] = None if value in once else number
                        if value in subjects.get(at, ()):
                            within.setdefault((at, value), number)
                for value in subjects.get(at, ()):
                    if "://" in value and _end(value) in _NAME.findall(line):
                        within.setdefault((at, value), number)
    return once, begins, within


def _end(iri: str) -> str:
    """The last piece of an IRI."""
    return re.split(r"[/#]", iri)[-1]


def _unescaped(quoted: str) -> str:
    """What a string in quotes says, by the escapes that JSON, Turtle and N-Triples have in common."""
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        return quoted
