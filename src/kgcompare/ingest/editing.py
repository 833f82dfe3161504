"""One record made, put in the place of another state of it, or removed: what comes over HTTP.

A body is parsed, and the record judged, in processes that are confined and can be killed, as files are. What is wanted
of the state that is there is asked while the store's lock is held, so that of two who change one state one wins.

Source: RFC 3986, section 5 (relative references); RFC 9110, sections 9.3.3 to 9.3.5 (POST, PUT, DELETE).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from pyoxigraph import BlankNode, NamedNode, Quad, Triple

from kgcompare import search
from kgcompare.errors import (
    Conflict,
    DataError,
    Fault,
    InvalidData,
    Outdated,
    StillNamed,
    SyntaxFault,
    UnknownThing,
    ValidationReport,
)
from kgcompare.ingest import check, located
from kgcompare.ingest.changes import Stored, changes_of
from kgcompare.ingest.documents import Records, derive, split
from kgcompare.ingest.equals import without_equals
from kgcompare.ingest.readers import Options
from kgcompare.ingest.refusals import schema_of
from kgcompare.ingest.stale import without_stale
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, shortened, slugify
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import LABELS, RDF_SUBJECT, RDF_TYPE
from kgcompare.sandbox.judging import ConfinedJudge
from kgcompare.sandbox.parsing import Parser
from kgcompare.schema.context import ADDRESS, context
from kgcompare.schema.held import held_shapes, hold, shapes_of
from kgcompare.schema.shapes import Shapes
from kgcompare.schema.validation import Validator
from kgcompare.store import Snapshot
from kgcompare.store.base import Prepare, Seat, Writing, state_of
from kgcompare.store.history import Used
from kgcompare.store.seat import seat_of
from kgcompare.text.languages import DEFAULT, best

BODY = "the body"
"""What a body is called in messages."""


@dataclass(frozen=True, slots=True)
class Body:
    """What somebody sends: its bytes, and their syntax (``ttl``, ``jsonld`` ...)."""

    data: bytes
    syntax: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to be so of the record that is there: that it is in one of some ``states``, of which the beginnings are
    given (:func:`~kgcompare.store.base.state_of`; None for any), that it is ``there``, or ``new``."""

    states: frozenset[str] | None = None
    there: bool = False
    new: bool = False

    def check(self, record: str, state: str) -> None:
        """Lets a record pass in a state, which is empty where there is none.

        :raises Outdated: if it is another one.
        """
        if self.new and state:
            raise Outdated(f"there is <{record}> already, and it was to be made")
        if self.there and not state:
            raise Outdated(f"there is no <{record}>, and it was to be changed")
        if self.states is not None and not any(state.startswith(one) for one in self.states):
            raise Outdated(
                f"<{record}> is not as you have seen it: somebody has changed it since; read it again, and change that"
            )


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a change: the IRI of the record, whether it was made anew, and what was found of it."""

    record: str
    made: bool
    report: ValidationReport = field(default_factory=ValidationReport)


@dataclass(frozen=True, slots=True)
class _Now:
    """What holds meanwhile: the newest generation, the shapes that it keeps, and all of them; the kept ones read."""

    snapshot: Snapshot
    kept: tuple[Triple, ...]
    shapes: tuple[Triple, ...]
    known: Shapes


class Editor:
    """Changes the records of a store; every change is on disk, and to be read, when its method returns."""

    def __init__(self, path: Path | Seat, shapes: Sequence[Triple], options: Options, patience: float) -> None:
        """*shapes* are those that hold beside the store's own; *patience* is how many seconds one waits for others."""
        self._seat = seat_of(path)
        self._extra = list(shapes)
        self._options = options
        self._patience = patience

    def put(self, record: str, body: Body, condition: Condition) -> Edit:
        """Puts a record in the place of what is there, or makes it. ``<>`` in the body is the record.

        :raises InvalidData: if the record is not valid, or the body says something of another one.
        :raises DataError: if the body cannot be read.
        :raises Busy: if others write for too long.
        :raises StoreError: if the store cannot be written.
        """
        with self._seat.writing(self._patience) as writer, _filed(body) as file:
            now = self._now(writer.latest())
            records = self._read(file, record, now)
            _only(records, record, now.known)
            return self._store(writer, now, records, record, condition, body)

    def make(self, kind: str, body: Body) -> Edit:
        """Makes a record of a kind. ``<>`` in the body, or its one blank node with a type, is the new record, whose
        IRI is then made of its name; ``<my-method>`` is the record of that slug.

        :raises Conflict: if there is one of that IRI already.
        :raises InvalidData: as for :meth:`put`, or if the body says of nothing that it is new.
        """
        with self._seat.writing(self._patience) as writer, _filed(body) as file:
            now = self._now(writer.latest())
            records = self._read(file, f"{now.snapshot.base.value}id/{kind}/", now, kind)
            record = _new(records, kind)
            _only(records, record, now.known)
            if state_of(now.snapshot, records.base.document(record)):
                raise Conflict(f"there is <{record}> already; change that one, or give this one an IRI of its own")
            return self._store(writer, now, records, record, Condition(), body)

    def remove(self, record: str, condition: Condition) -> Edit:
        """Removes a record.

        :raises UnknownThing: if there is none.
        :raises StillNamed: if others name it.
        :raises InvalidData: if others would not be valid without it.
        """
        with self._seat.writing(self._patience) as writer:
            now = self._now(writer.latest())
            snapshot, name = now.snapshot, writer.about.base.document(record)
            state = state_of(snapshot, name)
            if not state:
                raise UnknownThing(f"there is no record <{record}>", (record,))
            condition.check(record, state)
            if naming := _naming(snapshot, record, name):
                shown = ", ".join(f"<{thing}>" for thing in naming[:5]) + (" ..." if len(naming) > 5 else "")
                raise StillNamed(
                    f"{len(naming)} others name <{record}>: {shown}; change these first, and nothing leads nowhere",
                    naming,
                )
            stored = Stored(snapshot)
            before = stored.document(name)
            with ConfinedJudge(now.shapes, self._options.limits) as judge:
                broken = Validator(now.shapes, judge).broken(
                    {name: Graph()}, {name: before}, snapshot, read=stored.document, lang=self._options.lang
                )
            if faults := [fault for fault in broken if fault.severity == "violation"]:
                raise InvalidData("others would not be valid without it", ValidationReport(tuple(faults), 1))
            gone = {node.value for node in before.subjects() if isinstance(node, NamedNode)}
            writer.replace({name: []})
            hold(self._publish(writer, search.updater(snapshot, gone, now.known, writer.lend), "remove"), now.kept)
        return Edit(record, made=False)

    def check(self, record: str, body: Body) -> Edit:
        """What :meth:`put` would find of a record. Nothing is written, and one waits for nobody.

        :raises InvalidData: if the body says something of another record.
        :raises DataError: if the body cannot be read.
        :raises StoreError: if the store cannot be read.
        """
        with self._seat.reading() as store, _filed(body) as file:
            now = self._now(store.snapshot())
            records = self._read(file, record, now)
            _only(records, record, now.known)
            stored = Stored(now.snapshot)
            new = records.base.document(record) not in stored
            return Edit(record, new, self._judged(now, records, record, stored))

    def _now(self, snapshot: Snapshot | None) -> _Now:
        if snapshot is None:
            raise UnknownThing("the catalogue has no generation yet; import something first")
        kept = held_shapes(snapshot)
        return _Now(snapshot, kept, (*kept, *self._extra), shapes_of(kept))

    def _read(self, file: Path, at: str, now: _Now, kind: str = "") -> Records:
        """The records of a body whose relative IRIs are resolved against *at*; with a *kind*, what is new of it in it
        has an IRI then."""
        base = now.snapshot.base
        ours = context(now.known) if file.suffix == ".jsonld" else {}
        contexts = dict.fromkeys((base.value + ADDRESS, DEFAULT_BASE + ADDRESS), ours)
        records = Records(base, schema_of(now.shapes))
        with Parser(self._options.limits) as parser:
            try:
                quads: Iterable[Quad] = parser.read(file, at, None, contexts)
                split(_with_name(list(quads), at, base, kind) if kind else quads, records, str(file))
            except SyntaxFault as fault:
                raise SyntaxFault(str(fault).replace(str(file), BODY)) from None
            except DataError as fault:
                raise DataError(str(fault).replace(str(file), BODY)) from None
        records.documents = {name: without_equals(document) for name, document in records.documents.items()}
        return records

    def _store(
        self, writer: Writing, now: _Now, records: Records, record: str, condition: Condition, body: Body
    ) -> Edit:
        name = records.base.document(record)
        state = state_of(now.snapshot, name)
        condition.check(record, state)
        stored = Stored(now.snapshot)
        report = self._judged(now, records, record, stored)
        if report.violations:
            raise InvalidData("the record is not valid; nothing was changed", report)
        changes = changes_of(records, stored, replace=True)
        if changes.documents:
            writer.replace({name: records.quads(name) for name in changes.documents}, stored.quads)
            prepare = search.updater(now.snapshot, changes.subjects, now.known, writer.lend)
            hold(self._publish(writer, prepare, "edit", body), now.kept)
        return Edit(record, not state, report)

    def _publish(self, writer: Writing, prepare: Prepare, what: str, body: Body | None = None) -> str:
        digest = hashlib.sha256(body.data).hexdigest() if body else ""
        used = [Used(self._options.request or BODY, digest)] if body or self._options.request else []
        occasion = self._options.occasion(self._options.what or what, used)
        return writer.publish(prepare, occasion, self._options.limits.history_bytes)

    def _judged(self, now: _Now, records: Records, record: str, stored: Stored) -> ValidationReport:
        """What is found of a record, whose derived statements are made."""
        name = records.base.document(record)
        without_stale(records.documents[name], stored.document(name), record, name)
        derive(records)
        records.faults = located(records.faults, records, self._options)
        with ConfinedJudge(now.shapes, self._options.limits) as judge:
            report = check(records, now.shapes, stored, self._options, judge)
        return ValidationReport(tuple(replace(fault, file=None) for fault in report.faults), report.records)


@contextmanager
def _filed(body: Body) -> Iterator[Path]:
    """A body as a file: so it is handed to who parses it, and so faults find their lines in it."""
    with NamedTemporaryFile(suffix=f".{body.syntax}") as file:
        file.write(body.data)
        file.flush()
        yield Path(file.name)


# -- whose record it is --------------------------------------------------------------------------------


def _only(records: Records, record: str, known: Shapes) -> None:
    """Lets records pass that are one, at its address, of a class that its kind is for.

    :raises InvalidData: if there are others, or it is not there or another kind of thing; says which.
    """
    home = records.base.document(record)
    others = {
        name: next((s.value for s in document.subjects() if isinstance(s, NamedNode) and s.value != name), name)
        for name, document in records.documents.items()
        if name != home
    }
    faults = [
        Fault(f"this address is that of <{record}>, and this says something of another one", focus_node=thing)
        for thing in others.values()
    ]
    types = records.documents.get(home, Graph()).types(NamedNode(record))
    kind = (records.base.parts(record) or ("",))[0]
    classes = known.classes_of_kind(kind)
    if NamedNode(record) not in records.documents.get(home, Graph()):
        faults.append(Fault(f"the body says nothing of <{record}>, whose address this is", focus_node=record))
    elif classes and not set(classes).intersection(types):
        wanted = " or ".join(map(shortened, classes))
        faults.append(Fault(f"a {kind} has the type {wanted}", focus_node=record, path=RDF_TYPE))
    if faults:
        raise InvalidData("the body has to describe one record, that of its address", ValidationReport(tuple(faults)))


def _with_name(quads: list[Quad], at: str, base: Base, kind: str) -> list[Quad]:
    """The same, with an IRI for what is new: the subject of IRI *at*, else the one blank node with a type."""
    subjects = dict.fromkeys(quad.subject for quad in quads)
    new: NamedNode | BlankNode = NamedNode(at)
    if new not in subjects:
        values = {quad.object for quad in quads}
        about = {quad.subject for quad in quads if quad.predicate.value == RDF_SUBJECT}
        typed = {quad.subject for quad in quads if quad.predicate.value == RDF_TYPE}
        named = any((base.parts(s.value) or ("",))[0] == kind for s in subjects if isinstance(s, NamedNode))
        blank = [s for s in subjects if isinstance(s, BlankNode) and s in typed and s not in values and s not in about]
        if named or len(blank) != 1:
            return quads
        new = blank[0]
    graph = Graph(quad.triple for quad in quads)
    name = next((text[1] for label in LABELS if (text := best(graph.texts(new, label), DEFAULT))), "")
    if not name:
        raise DataError(f"the new record has no name to make its IRI of; give it one, or an IRI such as <{at}its-name>")
    record = NamedNode(base.record(kind, slugify(name)))
    return [
        Quad(record if q.subject == new else q.subject, q.predicate, record if q.object == new else q.object)
        for q in quads
    ]


def _new(records: Records, kind: str) -> str:
    """The IRI of the one record of a kind that a body describes.

    :raises InvalidData: if it describes none, or several.
    """
    subjects = [s.value for d in records.documents.values() for s in d.subjects() if isinstance(s, NamedNode)]
    there = [thing for thing in subjects if (records.base.parts(thing) or ("",))[0] == kind]
    if len(there) != 1:
        faults = [Fault("this is one of several", focus_node=thing) for thing in there]
        where = f"<>, <its-slug>, a blank node with a type, or <{records.base.record(kind, 'its-slug')}>"
        raise InvalidData(f"the body has to describe one {kind}: {where}", ValidationReport(tuple(faults)))
    return there[0]


def _naming(snapshot: Snapshot, record: str, own: str) -> tuple[str, ...]:
    """The IRIs of the other things that name a record, in their own documents."""
    rows = snapshot.select(load("documents_naming").bind(thing=[NamedNode(record)])).rows
    found = set()
    for (document,) in rows:
        if isinstance(document, NamedNode) and document.value != own:
            subjects = {quad.subject for quad in snapshot.graph(document.value)}
            things = sorted(s.value for s in subjects if isinstance(s, NamedNode) and s != document)
            found.add(next(iter(things), document.value))
    return tuple(sorted(found))
