"""Files -> records, and how they are to be taken in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

from pyoxigraph import RdfFormat

from kgcompare.errors import DataError, Fault
from kgcompare.ingest.bibliography import Bibliography
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.documents import Records, derive_in, split
from kgcompare.ingest.equals import without_equals
from kgcompare.ingest.lines import with_lines
from kgcompare.ingest.refusals import Schema
from kgcompare.ingest.tables import Table, Tables, letters
from kgcompare.model import Progress
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base
from kgcompare.rdf.syntaxes import check_lines, syntax_of
from kgcompare.sandbox.cells import TABLES
from kgcompare.sandbox.lifting import Lift
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.opening import is_plain, unpacked_name
from kgcompare.sandbox.parsing import Parser
from kgcompare.sandbox.references import BIBLIOGRAPHIES
from kgcompare.schema.context import ADDRESS, JsonLd, context
from kgcompare.schema.shapes import Shapes, bundled_shapes
from kgcompare.store import Snapshot
from kgcompare.store.history import Occasion, Used

_OTHERS = {**TABLES, **BIBLIOGRAPHIES}
_T = TypeVar("_T")
_STEP = 500
"""Records after which it is told how many are done."""


@dataclass(frozen=True, slots=True)
class Options:
    """How files are taken in. ``syntax`` names a format for files whose suffix does not tell.

    ``separator`` stands between the values in a cell of a table, and ``kind`` is that of the things in tables, where
    their columns do not tell. ``lift`` says what of foreign RDF and JSON is taken. The history says who it is ``by``,
    by which ``request`` it came, if by one, and ``what`` was done, where that goes by another name.
    """

    syntax: str | None = None
    trust: bool = False
    replace: bool = False
    skip_invalid: bool = False
    lang: str = "en"
    separator: str = "|"
    kind: str | None = None
    lift: Lift = field(default_factory=Lift)
    by: str = ""
    request: str = ""
    what: str = ""
    progress: Progress | None = None
    limits: Limits = field(default_factory=Limits)

    def occasion(self, what: str, used: Iterable[Used] = ()) -> Occasion:
        """What the history says of a change that is made so."""
        return Occasion(what, self.by, tuple(used))

    def through(self, what: str, items: Collection[_T]) -> Iterator[_T]:
        """The same items; how many were taken is told."""
        for number, item in enumerate(items):
            if number % _STEP == 0:
                self.tell(what, number, len(items))
            yield item
        self.tell(what, len(items), len(items))

    def tell(self, what: str, done: int, total: int) -> None:
        """Reports progress to whoever wants to know."""
        if self.progress:
            self.progress(what, done, total)


def form_of(path: Path, name: str | None = None) -> RdfFormat | str:
    """The format of a file: a syntax of RDF, or of tables (:data:`kgcompare.sandbox.cells.TABLES`)
    or bibliographies (:data:`kgcompare.sandbox.references.BIBLIOGRAPHIES`).

    :raises UnknownFormat: if neither *name* nor the suffix tells.
    """
    plain = unpacked_name(path)
    key = name or plain.suffix.removeprefix(".").lower()
    if not name and plain.name.lower().endswith(".csl.json"):
        return "csl"
    form = next((form for form, suffixes in _OTHERS.items() if key in suffixes), None)
    return form or syntax_of(plain, name, _OTHERS)


def read_records(
    files: Sequence[Path],
    base: Base,
    options: Options,
    shapes: Shapes | None = None,
    snapshot: Snapshot | None = None,
) -> Records:
    """The records of some files; those that several files describe add up.

    *shapes* are those of the catalogue, the bundled ones if left out. Its context of JSON-LD is made from them; what
    the files say of them and of the vocabulary, as an export does, is left out. Tables refer to what is in *snapshot*.

    :raises DataError: if a file cannot be read, is malformed or says nothing.
    """
    shapes = shapes or Shapes(bundled_shapes())
    records = Records(base, Schema(shapes.triples))
    forms = [form_of(path, options.syntax) for path in files]
    contexts = _contexts(base, shapes) if RdfFormat.JSON_LD in forms else {}
    stored = Stored(snapshot)
    tables = Tables(records, stored, shapes, options.separator, options.kind)
    bibliography = Bibliography(records, stored, tables.known, replace=options.replace)
    with Parser(options.limits, lambda done, size: options.tell("reading", min(done, size - 1), size)) as parser:
        for path, form in zip(files, forms, strict=True):
            known = len(records.faults)
            if isinstance(form, str):
                records.read[str(path)] = None
                table = _table(parser, path, form, records)
                if form in BIBLIOGRAPHIES:
                    for kind, rows in zip(("agent", "source"), bibliography.rows(table.rows, str(path)), strict=True):
                        tables.add(rows, kind)
                else:
                    tables.add(table)
            else:
                statements = parser.read(path, base.value, options.syntax, contexts, options.lift)
                split(statements, records, str(path), partial(options.through, "sorting"))
            if len(records.faults) > known:
                records.faults[known:] = with_lines(records.faults[known:], path, options.limits)
    options.tell("reading", 1, 1)
    tables.take()
    for name in options.through("deriving", list(records.documents)):
        records.documents[name] = document = without_equals(records.documents[name])
        derive_in(document, name, records)
    return records


def _table(parser: Parser, path: Path, form: str, records: Records) -> Table:
    """The rows of a file, by their heads; empty columns at its end are left out.

    :raises DataError: if it has no rows.
    """
    table = Table(str(path))
    places: list[tuple[int, str]] = []
    named: set[int] = set()
    for found, rows in parser.rows(path, form):
        if not table.heads and found["coding"] not in {"UTF-8", "UTF-16"}:
            said = f"read as {found['coding']}, since it is not UTF-8; look at its accents"
            records.faults.append(Fault(said, "warning", table.source))
        table.separator = found["separator"]
        for line, cells in rows:
            if isinstance(cells, dict):
                table.heads += [key for key in cells if key not in table.heads]
                table.rows.append((line, cells))
            elif not table.heads:
                table.heads = [head.strip() for head in cells]
                places = [(at, head) for at, head in enumerate(table.heads) if head]
                named = {at for at, _ in places}
                for head in {head for _, head in places if table.heads.count(head) > 1}:
                    records.faults.append(Fault(f"two columns are called {head}", "violation", table.source, line))
            else:
                table.rows.append((line, {head: cells[at] for at, head in places if at < len(cells)}))
                lost = [at for at, cell in enumerate(cells) if at not in named and cell.strip()]
                for at in lost:
                    said = f"column {letters(at)} has {cells[at][:40]!r} and no head; name it, or empty it"
                    records.faults.append(Fault(said, "violation", table.source, line))
    if not table.rows:
        raise DataError(f"{path} says nothing: there is nothing in it, or no row below the heads")
    return table


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
            if syntax_of(unpacked_name(path), options.syntax) != RdfFormat.N_QUADS or not is_plain(path):
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
