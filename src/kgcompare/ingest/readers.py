"""Files -> records, and how they are to be taken in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kgcompare.errors import DataError, Fault, Seam
from kgcompare.ingest.documents import Records, derive, split
from kgcompare.model import Progress
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.syntaxes import read

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Options:
    """How files are taken in. ``syntax`` names a format for files whose suffix does not tell."""

    syntax: str | None = None
    trust: bool = False
    replace: bool = False
    skip_invalid: bool = False
    lang: str = "en"
    progress: Progress | None = None

    def tell(self, what: str, done: int, total: int) -> None:
        """Reports progress to whoever wants to know."""
        if self.progress:
            self.progress(what, done, total)


def read_records(files: Sequence[Path], base: Base, options: Options) -> Records:
    """The records of some files; those that several files describe add up.

    :raises DataError: if a file cannot be read, is malformed or says nothing.
    """
    records = Records(base)
    for number, path in enumerate(files):
        options.tell("reading", number, len(files))
        known = len(records.faults)
        split(read(path, base.value, options.syntax), records, str(path))
        if len(records.faults) > known:
            records.faults[known:] = _with_lines(records.faults[known:], path)
    options.tell("reading", len(files), len(files))
    derive(records)
    return records


def _with_lines(faults: Sequence[Fault], path: Path) -> Iterator[Fault]:
    """The faults with the line of their value, where the file has it between quotes on one line alone."""
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
        text = path.read_text(encoding="utf-8")
    lines: dict[str, int | None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        for quoted in dict.fromkeys(_QUOTED.findall(line)):
            value = _unescaped(quoted)
            lines[value] = None if value in lines else number
    for fault in faults:
        yield replace(fault, line=lines.get(fault.value or ""))


def _unescaped(quoted: str) -> str:
    """What a string in quotes says, by the escapes that JSON, Turtle and N-Triples have in common."""
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        return quoted
