"""Files -> records, and how they are to be taken in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from pyoxigraph import RdfFormat

from kgcompare.errors import DataError, Fault, Seam
from kgcompare.ingest.documents import Records, derive, split
from kgcompare.ingest.equals import without_equals
from kgcompare.ingest.refusals import Schema, bundled_schema
from kgcompare.model import Progress
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base
from kgcompare.rdf.syntaxes import check_lines, syntax_of
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.parsing import Parser
from kgcompare.schema.context import ADDRESS, JsonLd, context
from kgcompare.schema.shapes import Shapes, bundled_shapes

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
    limits: Limits = field(default_factory=Limits)

    def tell(self, what: str, done: int, total: int) -> None:
        """Reports progress to whoever wants to know."""
        if self.progress:
            self.progress(what, done, total)


def read_records(files: Sequence[Path], base: Base, options: Options, shapes: Shapes | None = None) -> Records:
    """The records of some files; those that several files describe add up.

    *shapes* are those of the catalogue, the bundled ones if left out. Its context of JSON-LD is made from them; what
    the files say of them and of the vocabulary, as an export does, is left out.

    :raises DataError: if a file cannot be read, is malformed or says nothing.
    """
    records = Records(base, Schema(shapes.triples) if shapes else bundled_schema())
    contexts = _contexts(base, shapes) if any(syntax_of(f, options.syntax) == RdfFormat.JSON_LD for f in files) else {}
    with Parser(options.limits) as parser:
        for number, path in enumerate(files):
            options.tell("reading", number, len(files))
            known = len(records.faults)
            split(parser.read(path, base.value, options.syntax, contexts), records, str(path))
            if len(records.faults) > known:
                records.faults[known:] = _with_lines(records.faults[known:], path)
    options.tell("reading", len(files), len(files))
    records.documents = {name: without_equals(document) for name, document in records.documents.items()}
    derive(records)
    return records


@contextmanager
def lines_of(files: Sequence[Path], options: Options) -> Iterator[list[Path]]:
    """Files of quads as files of N-Quads that say the same and do no harm to who loads them.

    :raises DataError: if a file cannot be read, nests too deeply or, unless it is N-Quads, is malformed.
    """
    with ExitStack() as stack:
        parser = stack.enter_context(Parser(options.limits))
        found: list[Path] = []
        for path in files:
            found.append(path)
            if syntax_of(path, options.syntax) != RdfFormat.N_QUADS:
                copy = stack.enter_context(NamedTemporaryFile(suffix=".nq"))
                copy.writelines(parser.lines(path, None, options.syntax, triple_terms=True))
                copy.flush()
                found[-1] = Path(copy.name)
            check_lines(found[-1])
        yield found


def _contexts(base: Base, shapes: Shapes | None) -> dict[str, JsonLd]:
    """Our context of JSON-LD, by the addresses that it has."""
    ours = context(shapes or Shapes(bundled_shapes()))
    return dict.fromkeys((base.value + ADDRESS, DEFAULT_BASE + ADDRESS), ours)


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
