"""Parse -> split into records -> derive -> validate -> commit, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple

from kgcompare import resources, search
from kgcompare.errors import DataError, ValidationReport
from kgcompare.ingest.beside import index_beside
from kgcompare.ingest.bulk import IN_BULK, new_records
from kgcompare.ingest.changes import Changes, Stored, changes_of
from kgcompare.ingest.checks import Check, check, located, trusted
from kgcompare.ingest.documents import Records
from kgcompare.ingest.readers import Options, form_of, lines_of, read_records
from kgcompare.rdf.about import Metadata, rewritten
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, checked_base, shortened
from kgcompare.rdf.syntaxes import QUADS, bundled
from kgcompare.sandbox.judging import ConfinedJudge
from kgcompare.sandbox.opening import STDIN, file_digest
from kgcompare.sandbox.parsing import parsed
from kgcompare.schema import core
from kgcompare.schema.given import given_shapes, given_triples
from kgcompare.schema.shapes import Shapes, bundled_shapes, stored_shapes
from kgcompare.store import Snapshot
from kgcompare.store.base import Prepare, Seat, Writing
from kgcompare.store.history import Occasion, Used
from kgcompare.store.seat import seat_of

__all__ = [
    "ImportReport",
    "Options",
    "Records",
    "check",
    "create_store",
    "import_files",
    "located",
    "throwaway",
    "trusted_quads",
    "validate",
]

_FEW = 100
"""Records that are judged sooner than it is found out that the store has none."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: how many records it added, replaced and found there already, and as which generation; and
    how many invalid ones it left out."""

    added: int
    replaced: int
    unchanged: int
    generation: str
    validation: ValidationReport = field(default_factory=ValidationReport)
    left: int = 0


def validate(
    records: Records, shapes: Iterable[Triple], snapshot: Snapshot | None, options: Options
) -> ValidationReport:
    """The report that an import of *records* would give, without writing anything.

    :raises DataError: if there is no record.
    """
    triples = list(shapes)
    _require_records(records, Shapes(triples))
    with ConfinedJudge(triples, options.limits) as judge:
        return check(records, triples, Stored(snapshot), options, judge)


def create_store(
    path: Path | Seat,
    base: str = DEFAULT_BASE,
    shapes: Sequence[Path] = (),
    about: Metadata | None = None,
    by: str = "",
) -> None:
    """Makes an empty catalogue with the vocabulary, the bundled shapes and *shapes* in it, which says *about* of
    itself; the history says who it is *by*.

    :raises StoreError: if there is one already, or it cannot be made.
    :raises DataError: if a shapes file is at fault.
    :raises UsageError: if *base* cannot be one.
    """
    quads = vocabulary_quads(Base(checked_base(base)), shapes)
    if about:
        node = NamedNode(Base(base).catalogue)
        quads += [Quad(t.subject, t.predicate, t.object, node) for t in rewritten(Graph(), node, about)]
    seat = seat_of(path)
    seat.create(base)
    with seat.writing() as writer:
        writer.add(quads)
        writer.publish(search.build, Occasion("init", by))


def vocabulary_quads(base: Base, shapes: Sequence[Path]) -> list[Quad]:
    """The vocabulary and shapes as graphs of their own, checked to be usable together.

    :raises DataError: if a shapes file is at fault.
    """
    quads: list[Quad] = []
    named = [(base.shapes_graph(path.stem), bundled(path)) for path in resources.shape_files()]
    given = given_shapes(shapes, parsed)
    named += [(base.shapes_graph(f"extra {path.stem}"), triples) for path, triples in zip(shapes, given, strict=True)]
    for name, triples in named:
        graph = NamedNode(name)
        quads += [Quad(t.subject, t.predicate, t.object, graph) for t in triples]
    together = [Triple(q.subject, q.predicate, q.object) for q in quads]
    core.check_core(core.merged(together), ours=True)
    Shapes(together)
    graph = NamedNode(base.vocabulary_graph)
    quads += [Quad(t.subject, t.predicate, t.object, graph) for t in bundled(resources.vocabulary_file())]
    return quads


def import_files(
    path: Path | Seat, files: Sequence[Path], options: Options, shapes: Sequence[Path] = ()
) -> ImportReport:
    """Takes files into the store at *path*: every record of them, or none.

    A record that the store has already is left alone where it says the same; where it says something
    else, ``options.replace`` decides.

    :raises InvalidData: if a record is not valid; the store is as it was.
    :raises Conflict: if a record is there with other content and is not to be replaced.
    :raises DataError: if a file cannot be read or holds no record.
    :raises StoreError: if the store cannot be used.
    """
    with seat_of(path).writing() as writer:
        snapshot = writer.latest()
        kept = stored_shapes(snapshot) if snapshot else bundled_shapes()
        if not options.trust:
            where = f"{path} keeps shapes that are taken no more; import an export of it into a new store"
            core.check_core(core.merged(kept), where, ours=True)
        triples = kept + given_triples(shapes, parsed)
        known = Shapes(triples)
        if trusted_quads(files, options):
            return _load(writer, files, snapshot, options)
        return _take_in(writer, files, options, known, shapes)


def _take_in(
    writer: Writing, files: Sequence[Path], options: Options, known: Shapes, shapes: Sequence[Path]
) -> ImportReport:
    """Reads, judges and writes the records of files, in a catalogue with the *known* shapes; the files of *shapes* are
    to be kept from now on."""
    snapshot, triples = writer.latest(), known.triples
    with ExitStack() as beside:
        judge = None if options.trust else beside.enter_context(ConfinedJudge(triples, options.limits))  # starts now
        records = read_records(files, writer.about.base, options, known, snapshot)
        _require_records(records, known)
        stored = Stored(snapshot if len(records.documents) < _FEW or _keeps_any(snapshot) else None)
        many = not shapes and sum(document.count for document in records.documents.values()) >= IN_BULK
        filled = snapshot if many and snapshot and snapshot.path else None
        new = None
        if filled and stored.snapshot is None and not options.skip_invalid:  # all of them will be added, or none
            new = beside.enter_context(new_records(records, [*records.documents], filled, known, options))
        judging = Check(records, triples, stored, options, judge) if judge else None
        report = judging.passed() if judging else trusted(records)
        changes = changes_of(records, stored, replace=options.replace)
        generation = snapshot.generation if snapshot else "0"
        if filled and new is None and not changes.there and len(changes.subjects) > search.MOST_FOLLOWED:
            new = beside.enter_context(new_records(records, changes.documents, filled, known, options))
        if new is not None:
            records.documents.clear()  # they are in the files
            generation = _publish_loaded(writer, new.files, new.prepare, _from(files, options), options)
        elif changes.documents or shapes:
            named = None if shapes else changes.named
            prepare = search.updater(snapshot, changes.subjects, known, writer.lend, named)
            added = _write(writer, records, changes, stored, vocabulary_quads(records.base, shapes) if shapes else [])
            options.tell("indexing", 0, 1)
            if added and snapshot is not None and snapshot.path is not None and stored.snapshot is None:
                # There is nothing else: what was written need not be read again.
                prepare = search.builder(chain(snapshot.quads(), added), known, records.base)
            generation = writer.publish(prepare, _from(files, options), options.limits.history_bytes)
            options.tell("indexing", 1, 1)
    left = len(judging.left) if judging else 0
    return ImportReport(changes.added, changes.replaced, changes.unchanged, generation, report, left)


def _keeps_any(snapshot: Snapshot | None) -> bool:
    """Whether there is anything in a store that records can name, or that can be there already."""
    if snapshot is None or not snapshot.keeps_shapes:
        return snapshot is not None
    return any(snapshot.base.is_document(name) for name in snapshot.graphs())


def _from(files: Sequence[Path], options: Options) -> Occasion:
    """What the history says of an import of files."""
    return options.occasion("import", (Used("stdin" if f == STDIN else f.name, file_digest(f)) for f in files))


def trusted_quads(files: Sequence[Path], options: Options) -> bool:
    """Whether files are quads that are taken exactly as they are: no record split, nothing derived, no shapes added."""
    return (
        options.trust and bool(files) and not options.lift and all(form_of(f, options.syntax) in QUADS for f in files)
    )


def throwaway(path: Path, files: Sequence[Path], options: Options, shapes: Sequence[Path] = ()) -> ValidationReport:
    """Makes a store of *files* at *path*, without the vocabulary and shapes if these are trusted quads.

    :raises InvalidData: if a record is not valid.
    :raises DataError: if a file cannot be read or holds no record.
    """
    if trusted_quads(files, options):
        create_of_quads(path, files, options)
        return ValidationReport()
    create_store(path, shapes=shapes)
    return import_files(path, files, options).validation


def create_of_quads(path: Path | Seat, files: Sequence[Path], options: Options) -> ImportReport:
    """Makes a store at *path* of nothing but quads, taken as they are.

    :raises DataError: if a file cannot be read.
    """
    seat = seat_of(path)
    seat.create(bare=True)
    with seat.writing() as writer:
        return _load(writer, files, None, options)


def _load(writer: Writing, files: Sequence[Path], snapshot: Snapshot | None, options: Options) -> ImportReport:
    own: dict[str, list[Quad]] = {}
    before = _documents(snapshot)
    fresh = True
    if snapshot is not None:
        base = writer.about.base
        names = snapshot.graphs()
        own = {name: snapshot.graph(name) for name in names if not base.is_of_record(name)}
        fresh = snapshot.path is not None and len(names) == len(own)  # an endpoint comes without an index
    shapes = Shapes(stored_shapes(snapshot) if snapshot else bundled_shapes())
    with (
        lines_of(files, options) as lines,
        index_beside(lines, shapes, writer.about.base, options) if fresh else nullcontext(search.build) as prepare,
    ):
        generation = _publish_loaded(writer, lines, prepare, _from(files, options), options, own)
    added = len(_documents(writer.latest()) - before)
    return ImportReport(added, 0, 0, generation)


def _publish_loaded(
    writer: Writing,
    lines: Sequence[Path],
    prepare: Prepare,
    occasion: Occasion,
    options: Options,
    own: Mapping[str, list[Quad]] | None = None,
) -> str:
    """Fills the engine from files of N-Quads, and publishes that with an index that is made beside it. An export brings
    vocabulary and shapes along: beside the store's *own* every path would be there twice."""
    options.tell("loading", 0, len(lines))
    for number, file in enumerate(lines, 1):
        writer.load(file, RdfFormat.N_QUADS)
        options.tell("loading", number, len(lines))
    if own:
        writer.replace(dict(own))
    options.tell("indexing", 0, 1)
    generation = writer.publish(prepare, occasion, options.limits.history_bytes)
    options.tell("indexing", 1, 1)
    return generation


def _documents(snapshot: Snapshot | None) -> set[str]:
    """The names of the graphs of records."""
    names = snapshot.graphs() if snapshot is not None else []
    return {name for name in names if snapshot is None or snapshot.base.is_of_record(name)}


def _require_records(records: Records, shapes: Shapes) -> None:
    if any(fault.severity in {"violation", "info"} for fault in records.faults):
        return  # that is what there is to say
    if records.base.catalogue in records.documents:
        return  # it says what it is
    classes = set(shapes.targets)
    for document in records.documents.values():
        if any(classes.intersection(document.types(subject)) for subject in document.subjects()):
            return
    # What is compared by most rows is what most people write.
    known = ", ".join(shortened(cls) for cls in sorted(shapes.targets, key=lambda cls: -len(shapes.rows(cls)))[:5])
    raise DataError(f"{', '.join(records.sources)}: there is no record here; a record has a type such as {known}")


def _write(writer: Writing, records: Records, changes: Changes, stored: Stored, vocabulary: list[Quad]) -> list[Quad]:
    """Writes what changes; gives the statements where they are added and replace nothing."""
    if not changes.there and not vocabulary:
        added = [quad for name in changes.documents for quad in records.quads(name)]
        writer.add(added, stored.quads)
        return added
    graphs = {name: records.quads(name) for name in changes.documents}
    for quad in vocabulary:
        if isinstance(quad.graph_name, NamedNode):
            graphs.setdefault(quad.graph_name.value, []).append(quad)
    writer.replace(graphs, stored.quads)
    return []
