"""Parse -> split into records -> derive -> validate -> commit, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple, parse

from kgcompare import resources, search
from kgcompare.errors import Conflict, DataError, InvalidData
from kgcompare.graph import Graph, structure_key
from kgcompare.ingest import readers
from kgcompare.ingest.records import Records, derive, split
from kgcompare.model import Fault, ImportReport, ValidationReport
from kgcompare.namespaces import DEFAULT_BASE, Base, iri
from kgcompare.queries import load
from kgcompare.shapes import Shapes
from kgcompare.store import Snapshot, embedded
from kgcompare.store.embedded import EmbeddedSnapshot
from kgcompare.validation import Validator

Progress = Callable[[str, int, int], None]
"""Told what is being done, and (done, all) of it."""


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


def bundled_shapes() -> list[Triple]:
    """The statements of the bundled shapes."""
    return [triple for path in resources.shape_files() for triple in read_shapes(path)]


def read_shapes(path: Path) -> list[Triple]:
    """The statements of a shapes file.

    :raises SyntaxFault: if it is not well-formed.
    :raises DataError: if it cannot be read.
    """
    return [Triple(q.subject, q.predicate, q.object) for q in readers.read(path, DEFAULT_BASE)]


def read_records(files: Sequence[Path], base: Base, options: Options) -> Records:
    """The records of some files; those that several files describe add up.

    :raises DataError: if a file cannot be read, is malformed or says nothing.
    """
    records = Records(base)
    for number, path in enumerate(files):
        options.tell("reading", number, len(files))
        split(readers.read(path, base.value, options.syntax), records, str(path))
    options.tell("reading", len(files), len(files))
    derive(records)
    return records


def check(records: Records, shapes: Iterable[Triple], snapshot: Snapshot | None, options: Options) -> ValidationReport:
    """Validates records against shapes and what a store holds already.

    Records of the store that name a thing whose class is to go are validated with them.
    """
    others = _dependents(records, snapshot) if options.replace and isinstance(snapshot, EmbeddedSnapshot) else {}
    report = Validator(shapes).validate(
        records.documents | others,
        snapshot=snapshot,
        files=records.files,
        lang=options.lang,
        progress=lambda done, total: options.tell("validating", done, total),
    )
    return ValidationReport(tuple(records.faults) + report.faults, len(records.documents))


def _dependents(records: Records, snapshot: EmbeddedSnapshot) -> dict[str, Graph]:
    found: dict[str, Graph] = {}
    for name, document in records.documents.items():
        before = Graph(_triples(snapshot.graph(name)))
        for subject in before.subjects():
            if not isinstance(subject, NamedNode) or set(before.types(subject)) <= set(document.types(subject)):
                continue
            for _, other in snapshot.select(load("pointing_in").bind(thing=[subject])).rows:
                if isinstance(other, NamedNode):
                    home = records.base.document(other.value)
                    if home not in records.documents and home not in found:
                        found[home] = Graph(_triples(snapshot.graph(home)))
    return found


def validate_files(
    files: Sequence[Path], shapes: Iterable[Triple], base: Base, snapshot: Snapshot | None, options: Options
) -> ValidationReport:
    """The report that an import of *files* would give, without writing anything.

    :raises DataError: if a file cannot be read, or holds no record.
    """
    triples = list(shapes)
    records = read_records(files, base, options)
    _require_records(records, Shapes(triples), files)
    return check(records, triples, snapshot, options)


def create_store(path: Path, base: str = DEFAULT_BASE, shapes: Sequence[Path] = ()) -> None:
    """Makes an empty catalogue with the vocabulary, the bundled shapes and *shapes* in it.

    :raises StoreError: if there is one already, or it cannot be made.
    :raises DataError: if a shapes file is at fault.
    """
    quads = vocabulary_quads(Base(base), shapes)
    embedded.create(path, base)
    with embedded.writing(path) as writer:
        writer.add(quads)
        writer.publish(search.build)


def vocabulary_quads(base: Base, shapes: Sequence[Path]) -> list[Quad]:
    """The vocabulary and shapes as graphs of their own, checked to be usable together.

    :raises DataError: if a shapes file is at fault.
    """
    quads: list[Quad] = []
    named = [(base.shapes_graph(path.stem), path) for path in resources.shape_files()]
    named += [(base.shapes_graph(f"extra {path.stem}"), path) for path in shapes]
    for name, path in named:
        graph = NamedNode(name)
        quads += [Quad(t.subject, t.predicate, t.object, graph) for t in read_shapes(path)]
    Shapes(Triple(q.subject, q.predicate, q.object) for q in quads)
    graph = NamedNode(base.vocabulary_graph)
    for quad in parse(path=str(resources.vocabulary_file()), format=RdfFormat.TURTLE, rename_blank_nodes=True):
        quads.append(Quad(quad.subject, quad.predicate, quad.object, graph))
    return quads


def stored_shapes(snapshot: Snapshot) -> list[Triple]:
    """The statements of the shapes that a catalogue keeps; the bundled ones where it keeps none."""
    found = snapshot.query(load("shapes").text)
    triples = list(getattr(found, "triples", []))
    return triples or bundled_shapes()


def import_files(path: Path, files: Sequence[Path], options: Options, shapes: Sequence[Path] = ()) -> ImportReport:
    """Takes files into the store at *path*: every record of them, or none.

    A record that the store has already is left alone where it says the same; where it says something
    else, ``options.replace`` decides.

    :raises InvalidData: if a record is not valid; the store is as it was.
    :raises Conflict: if a record is there with other content and is not to be replaced.
    :raises DataError: if a file cannot be read or holds no record.
    :raises StoreError: if the store cannot be used.
    """
    with embedded.writing(path) as writer:
        snapshot = writer.latest()
        base = writer.about.base
        kept = stored_shapes(snapshot) if snapshot and not writer.about.bare else bundled_shapes()
        triples = kept + [triple for file in shapes for triple in read_shapes(file)]
        known = Shapes(triples)
        if trusted_quads(files, options):
            return _load(writer, files, snapshot, options)
        records = read_records(files, base, options)
        _require_records(records, known, files)
        report = ValidationReport((), len(records.documents))
        if not options.trust:
            report = _validated(records, triples, snapshot, options)
        changes, counts = _changes(records, snapshot, options)
        generation = snapshot.generation if snapshot else "0"
        if changes or shapes:
            _write(writer, records, changes, vocabulary_quads(base, shapes) if shapes else [], snapshot)
            options.tell("indexing", 0, 1)
            generation = writer.publish(search.updater(snapshot, sorted(changes)))
            options.tell("indexing", 1, 1)
        return ImportReport(*counts, generation=generation, validation=report)


def trusted_quads(files: Sequence[Path], options: Options) -> bool:
    """Whether files are quads that are taken exactly as they are: no record split, nothing derived, no shapes added."""
    return options.trust and bool(files) and all(readers.syntax_of(f, options.syntax) in readers.QUADS for f in files)


def throwaway(path: Path, files: Sequence[Path], options: Options, shapes: Sequence[Path] = ()) -> ValidationReport:
    """Makes a store of *files* at *path*, without the vocabulary and shapes if these are trusted quads.

    :raises InvalidData: if a record is not valid.
    :raises DataError: if a file cannot be read or holds no record.
    """
    if trusted_quads(files, options):
        embedded.create(path, bare=True)
        with embedded.writing(path) as writer:
            _load(writer, files, None, options)
        return ValidationReport()
    create_store(path, shapes=shapes)
    return import_files(path, files, options).validation


def _load(
    writer: embedded.Writer, files: Sequence[Path], snapshot: EmbeddedSnapshot | None, options: Options
) -> ImportReport:
    own: dict[str, list[Quad]] = {}
    fresh = True
    if snapshot is not None:
        base = writer.about.base
        names = snapshot.graphs()
        own = {name: snapshot.graph(name) for name in names if base.is_vocabulary_graph(name)}
        fresh = len(names) == len(own)
    syntaxes = [readers.syntax_of(file, options.syntax) for file in files]
    prepare: embedded.Prepare = search.build
    with ThreadPoolExecutor(1) as pool:
        options.tell("loading", 0, 1)
        loading = pool.submit(_load_all, writer, files, syntaxes)
        if fresh:  # the index is read from the files while the engine loads them
            with suppress(SyntaxError, OSError, ValueError):  # the loader says the same, and where
                prepare = search.builder(
                    quad
                    for file, syntax in zip(files, syntaxes, strict=True)
                    for quad in parse(path=file, format=syntax)
                )
        loading.result()
        options.tell("loading", 1, 1)
    # An export brings vocabulary and shapes along; added to the store's own, every path would be there twice.
    if own:
        writer.replace(own)
    options.tell("indexing", 0, 1)
    generation = writer.publish(prepare)
    options.tell("indexing", 1, 1)
    return ImportReport(0, 0, 0, generation)


def _load_all(writer: embedded.Writer, files: Sequence[Path], syntaxes: Sequence[RdfFormat]) -> None:
    for file, syntax in zip(files, syntaxes, strict=True):
        writer.load(file, syntax)


def _require_records(records: Records, shapes: Shapes, files: Sequence[Path]) -> None:
    classes = set(shapes.targets)
    for document in records.documents.values():
        if any(classes.intersection(document.types(subject)) for subject in document.subjects()):
            return
    names = ", ".join(str(file) for file in files)
    raise DataError(
        f"{names}: there is no record here; a record has a type such as kgc:Method, foaf:Person or bibo:Document"
    )


def _validated(records: Records, shapes: list[Triple], snapshot: Snapshot | None, options: Options) -> ValidationReport:
    report = check(records, shapes, snapshot, options)
    skipped: list[Fault] = []
    while report.violations and options.skip_invalid and records.documents:
        homes = {s.value: name for name, document in records.documents.items() for s in document.subjects()}
        bad = {homes.get(fault.focus_node or "") for fault in report.violations} - {None}
        if not bad:
            break
        skipped += [replace(fault, severity="warning") for fault in report.violations]
        for name in bad:
            records.documents.pop(str(name))
        records.faults.clear()
        report = check(records, shapes, snapshot, options)
    if report.violations:
        count = len(report.violations)
        raise InvalidData(f"{count} fault{'s' if count > 1 else ''} found; nothing was written", report)
    if skipped and not records.documents:
        raise InvalidData("no record is valid; nothing was written", ValidationReport(tuple(skipped), report.records))
    return ValidationReport((*skipped, *report.faults), report.records)


def _changes(
    records: Records, snapshot: EmbeddedSnapshot | None, options: Options
) -> tuple[set[str], tuple[int, int, int]]:
    """The documents to write, and how many are added, replaced and unchanged."""
    added, replaced, unchanged, conflicts = 0, 0, 0, []
    changes: set[str] = set()
    for name, document in records.documents.items():
        there = Graph(_triples(snapshot.graph(name))) if snapshot else Graph()
        if not there.subjects():
            added += 1
        elif _says(there) == _says(document):
            unchanged += 1
            continue
        elif options.replace:
            replaced += 1
        else:
            conflicts.append(name)
            continue
        changes.add(name)
    if conflicts:
        named = ", ".join(f"<{name}>" for name in conflicts[:5]) + (" ..." if len(conflicts) > 5 else "")
        raise Conflict(
            f"{len(conflicts)} of the records are in the store with other content: {named}; "
            "nothing was written; use --replace to put these in their place"
        )
    return changes, (added, replaced, unchanged)


def _triples(quads: Iterable[Quad]) -> Iterable[Triple]:
    return (Triple(quad.subject, quad.predicate, quad.object) for quad in quads)


def _says(document: Graph) -> set[str]:
    """What a document says, blank nodes told apart by what is said of them."""
    said = set()
    for triple in document:
        subject, value = triple.subject, triple.object
        if isinstance(subject, NamedNode):
            text = structure_key(document, value) if isinstance(value, BlankNode) else str(value)
            said.add(f"{subject} {triple.predicate} {text}")
        elif isinstance(subject, BlankNode) and triple.predicate == iri("rdf:subject"):
            said.add(structure_key(document, subject))
    return said


def _write(
    writer: embedded.Writer,
    records: Records,
    changes: set[str],
    vocabulary: list[Quad],
    snapshot: EmbeddedSnapshot | None,
) -> None:
    there = {name for name in changes if snapshot and snapshot.graph(name)}
    fresh = [quad for name in sorted(changes - there) for quad in records.quads(name)]
    if there or vocabulary:
        graphs = {name: records.quads(name) for name in sorted(changes)}
        for quad in vocabulary:
            graphs.setdefault(quad.graph_name.value, []).append(quad)  # type: ignore[union-attr]
        writer.replace(graphs)
    elif fresh:
        writer.add(fresh)
