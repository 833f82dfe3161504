"""One record made, put in the place of another state of it, or removed: what comes over HTTP.

A body is parsed, and the record judged, in processes that are confined and can be killed, as files are. What is wanted
of the state that is there is asked while the store's lock is held, so that of two who change one state one wins.

Source: RFC 3986, section 5 (relative references); RFC 9110, sections 9.3.3 to 9.3.5 (POST, PUT, DELETE).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

from pyoxigraph import NamedNode, Quad, Triple

from kgcompare import search
from kgcompare.errors import (
    Conflict,
    DataError,
    InvalidData,
    Outdated,
    StillNamed,
    StoreError,
    SyntaxFault,
    UnknownThing,
    ValidationReport,
)
from kgcompare.ingest import check, located
from kgcompare.ingest.addressed import naming_record, new_in, only, with_name
from kgcompare.ingest.changes import Stored, changes_of
from kgcompare.ingest.documents import Records, derive, split
from kgcompare.ingest.equals import without_equals
from kgcompare.ingest.readers import Options
from kgcompare.ingest.refusals import schema_of
from kgcompare.ingest.stale import without_stale
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import DEFAULT_BASE
from kgcompare.sandbox.judging import ConfinedJudge
from kgcompare.sandbox.parsing import Parser
from kgcompare.schema.context import ADDRESS, context
from kgcompare.schema.held import held_shapes, hold, shapes_of
from kgcompare.schema.shapes import Shapes
from kgcompare.schema.validation import Validator
from kgcompare.store import Snapshot
from kgcompare.store.base import Seat, Writing, state_of
from kgcompare.store.history import Deed, Occasion, Used
from kgcompare.store.seat import seat_of

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
class Change:
    """What is to be done: ``put`` a record (its IRI), ``make`` one of a kind, ``remove`` one, on which condition; or
    ``check`` what putting one would find, and change nothing."""

    what: Literal["put", "make", "remove", "check"]
    subject: str
    body: Body = field(default_factory=lambda: Body(b"", "ttl"))
    condition: Condition = field(default_factory=Condition)


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a change: the IRI of the record, whether it was made anew, what was found of it, and the state
    in which it then was (:func:`~kgcompare.store.base.state_of`); empty where that is not known."""

    record: str
    made: bool
    report: ValidationReport = field(default_factory=ValidationReport)
    state: str = ""


@dataclass(frozen=True, slots=True)
class Now:
    """What holds meanwhile: the newest generation, the shapes that it keeps, and all of them; the kept ones read."""

    snapshot: Snapshot
    kept: tuple[Triple, ...]
    shapes: tuple[Triple, ...]
    known: Shapes


@dataclass(frozen=True, slots=True)
class Sent:
    """A record that somebody sends: among what, its IRI, the name of its document, and the state of what is there."""

    records: Records
    record: str
    name: str
    state: str


class Editor:
    """Changes the records of a store; every change is on disk, and to be read, when its method returns."""

    def __init__(self, path: Path | Seat, shapes: Sequence[Triple], options: Options, patience: float) -> None:
        """*shapes* are those that hold beside the store's own; *patience* is how many seconds one waits for others."""
        self._seat = seat_of(path)
        self._extra = list(shapes)
        self._options = options
        self._patience = patience

    def change(self, change: Change) -> Edit:
        """Makes a change, as the method that is called so does."""
        match change.what:
            case "make":
                return self.make(change.subject, change.body)
            case "remove":
                return self.remove(change.subject, change.condition)
            case "check":
                return self.check(change.subject, change.body)
        return self.put(change.subject, change.body, change.condition)

    def put(self, record: str, body: Body, condition: Condition) -> Edit:
        """Puts a record in the place of what is there, or makes it. ``<>`` in the body is the record.

        :raises InvalidData: if the record is not valid, or the body says something of another one.
        :raises DataError: if the body cannot be read.
        :raises Busy: if others write for too long.
        :raises StoreError: if the store cannot be written.
        """
        return self._made(Change("put", record, body, condition))

    def make(self, kind: str, body: Body) -> Edit:
        """Makes a record of a kind. ``<>`` in the body, or its one blank node with a type, is the new record, whose
        IRI is then made of its name; ``<my-method>`` is the record of that slug.

        :raises Conflict: if there is one of that IRI already.
        :raises InvalidData: as for :meth:`put`, or if the body says of nothing that it is new.
        """
        return self._made(Change("make", kind, body))

    def _made(self, change: Change) -> Edit:
        with self._seat.writing(self._patience) as writer, filed(change.body) as file:
            now = self._now(writer.latest())
            sent, stored = self._sent(now, change, file), Stored(now.snapshot)
            report = self._judged(now, sent, stored)
            if report.violations:
                raise InvalidData("the record is not valid; nothing was changed", report)
            states = self._write(writer, now, stored, [(sent, self._occasion("edit", change.body, self._options))])
            return Edit(sent.record, not sent.state, report, states.get(sent.name, sent.state))

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
            if naming := naming_record(snapshot, record, name):
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
            prepare = search.updater(snapshot, gone, now.known, writer.lend, before.named())
            writer.replace({name: []})
            occasion = self._occasion("remove", None, self._options)
            hold(writer.publish(prepare, occasion, self._options.limits.history_bytes), now.kept)
        return Edit(record, made=False)

    def check(self, record: str, body: Body) -> Edit:
        """What :meth:`put` would find of a record. Nothing is written, and one waits for nobody.

        :raises InvalidData: if the body says something of another record.
        :raises DataError: if the body cannot be read.
        :raises StoreError: if the store cannot be read.
        """
        with self._seat.reading() as store, filed(body) as file:
            now = self._now(store.snapshot())
            sent = self._sent(now, Change("check", record, body), file)
            return Edit(record, not sent.state, self._judged(now, sent, Stored(now.snapshot)))

    def _now(self, snapshot: Snapshot | None) -> Now:
        if snapshot is None:
            raise UnknownThing("the catalogue has no generation yet; import something first")
        kept = held_shapes(snapshot)
        return Now(snapshot, kept, (*kept, *self._extra), shapes_of(kept))

    def _read(self, file: Path, at: str, now: Now, kind: str = "") -> Records:
        """The records of a body whose relative IRIs are resolved against *at*; with a *kind*, what is new of it in it
        has an IRI then."""
        base = now.snapshot.base
        ours = context(now.known) if file.suffix == ".jsonld" else {}
        contexts = dict.fromkeys((base.value + ADDRESS, DEFAULT_BASE + ADDRESS), ours)
        records = Records(base, schema_of(now.shapes))
        with Parser(self._options.limits) as parser:
            try:
                quads: Iterable[Quad] = parser.read(file, at, None, contexts)
                split(with_name(list(quads), at, base, kind) if kind else quads, records, str(file))
            except SyntaxFault as fault:
                raise SyntaxFault(str(fault).replace(str(file), BODY)) from None
            except DataError as fault:
                raise DataError(str(fault).replace(str(file), BODY)) from None
        records.documents = {name: without_equals(document) for name, document in records.documents.items()}
        return records

    def _sent(self, now: Now, change: Change, file: Path) -> Sent:
        """The record that the body of a change, in a *file*, describes.

        :raises Outdated: if it may not be put where it would be, as things are.
        """
        base, making = now.snapshot.base, change.what == "make"
        at = f"{base.value}id/{change.subject}/" if making else change.subject
        records = self._read(file, at, now, change.subject if making else "")
        record = new_in(records, change.subject) if making else change.subject
        only(records, record, now.known)
        state = state_of(now.snapshot, base.document(record))
        if making and state:
            raise Conflict(f"there is <{record}> already; change that one, or give this one an IRI of its own")
        change.condition.check(record, state)
        return Sent(records, record, base.document(record), state)

    def _write(
        self, writer: Writing, now: Now, stored: Stored, several: Sequence[tuple[Sent, Occasion]]
    ) -> dict[str, str]:
        """Writes what several records change, each of another IRI; gives the states of those that were written."""
        deeds, documents, states = list[Deed](), dict[str, list[Quad]](), dict[str, str]()
        subjects, named = set[str](), set[str]()
        for sent, occasion in several:
            changes = changes_of(sent.records, stored, replace=True)
            if changes.documents:
                deeds.append(Deed(occasion, changes.documents))
                documents |= {name: sent.records.quads(name) for name in changes.documents}
                subjects |= changes.subjects
                named |= changes.named or set()  # of one document it is known
        if deeds:
            index = search.updater(now.snapshot, subjects, now.known, writer.lend, named)
            writer.replace(documents, stored.quads)

            def prepare(made: Snapshot, path: Path) -> None:
                states.update((name, state_of(made, name)) for name in documents)
                index(made, path)

            hold(writer.publish_together(prepare, deeds, self._options.limits.history_bytes), now.kept)
            if not states:  # an endpoint has no index prepared
                states |= _states_in(writer.latest(), documents)
        return states

    def _occasion(self, what: str, body: Body | None, options: Options) -> Occasion:
        digest = hashlib.sha256(body.data).hexdigest() if body else ""
        used = [Used(options.request or BODY, digest)] if body or options.request else []
        return options.occasion(options.what or what, used)

    def _completed(self, sent: Sent, stored: Stored) -> Records:
        """The records of what was sent, whose derived statements are made."""
        records = sent.records
        without_stale(records.documents[sent.name], stored.document(sent.name), sent.record, sent.name)
        derive(records)
        records.faults = located(records.faults, records, self._options)
        return records

    def _judged(self, now: Now, sent: Sent, stored: Stored) -> ValidationReport:
        """What is found of a record, whose derived statements are made."""
        records = self._completed(sent, stored)
        with ConfinedJudge(now.shapes, self._options.limits) as judge:
            return fileless(check(records, now.shapes, stored, self._options, judge))


def _states_in(snapshot: Snapshot | None, documents: Collection[str]) -> dict[str, str]:
    """The states of documents as they have just been written; empty where they cannot be read back."""
    if snapshot is not None:
        with suppress(StoreError):
            snapshot.prefetch(documents)
            return {name: state_of(snapshot, name) for name in documents}
    return dict.fromkeys(documents, "")


def fileless(report: ValidationReport) -> ValidationReport:
    """A report without the names of files, which are ours."""
    return ValidationReport(tuple(replace(fault, file=None) for fault in report.faults), report.records)


@contextmanager
def filed(body: Body) -> Iterator[Path]:
    """A body as a file: so it is handed to who parses it, and so faults find their lines in it."""
    with NamedTemporaryFile(suffix=f".{body.syntax}") as file:
        file.write(body.data)
        file.flush()
        yield Path(file.name)
