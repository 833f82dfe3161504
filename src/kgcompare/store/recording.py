"""The writing side of the history: what a change did, kept beside the generation that it makes, within a bound.

Source: PROV-O, sections 3.1 and 3.3 (activities, entities and agents; generation, revision and invalidation).
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Quad

from kgcompare.errors import Seam, StoreError
from kgcompare.rdf.namespaces import Base, iri
from kgcompare.rdf.terms import FOAF_NAME, KGC_ADDED, KGC_REMOVED, KGC_REPLACED, RDF_TYPE, RDFS_LABEL, SCHEMA_SHA256
from kgcompare.store.files import LOG
from kgcompare.store.folder import Folder, number
from kgcompare.store.history import HISTORY_TABLES, Deed, Done, Occasion, packed_document, written

MOST_NAMED = 1000
"""Documents that a change may be about for each to be named in the graph of the history."""
_OVERHEAD = 300
"""Bytes that a row of a document takes beside what it said, about."""
_IN_THE_GRAPH = 2000
"""Bytes that a change takes in its graph, and in the file beside its documents, about."""
_UNKNOWN = "unrecorded"
_MAKING = {iri("prov:wasGeneratedBy").value, iri("prov:wasInvalidatedBy").value}


_Noted = Mapping[str, tuple[Done, bytes | None, bool]]
"""By document: what becomes of it, what it said, and whether it is of a record."""


class Recorder:
    """Keeps what documents said before a change, until the change is made."""

    def __init__(self, folder: Folder, base: Base) -> None:
        self._folder = folder
        self._base = base
        self._before: dict[str, tuple[Done, bytes | None, bool]] = {}
        self._db: sqlite3.Connection | None = None

    def note(self, name: str, before: Sequence[Quad], after: Iterable[Quad] | None) -> None:
        """Says what a document said before, and (None: as before, and more) what it is to say now."""
        if name in self._before:
            known, said, record = self._before[name]
            gone = after is not None and not [*after]
            self._before[name] = ("removed" if gone else "replaced" if said else known, said, record)
            return
        done: Done
        if after is not None:
            triples = {quad.triple for quad in after}
            if triples == {quad.triple for quad in before}:
                return
            done = "removed" if not triples else "replaced" if before else "added"
        else:
            done = "replaced" if before else "added"
        record = self._base.is_of_record(name)
        self._before[name] = (done, packed_document(before) if before else None, record)

    def record(
        self, deeds: Mapping[str, Deed], previous: str | None, keep: int, *, first: bool
    ) -> tuple[list[Quad], list[str]]:
        """Notes the changes that make a generation from the *previous* one, by the names of the generations that each
        makes, and :meth:`commit` keeps them. Gives what the graph of the history says of them, and the generations
        whose changes are forgotten, since the history takes no more than *keep* bytes.

        The *first* records of a catalogue are counted and not listed: there was nothing before them.

        :raises StoreError: if it cannot be written.
        """
        now, said = datetime.now(UTC), list[Quad]()
        with self._writing():
            db = self._db = sqlite3.connect(
                self._folder.history, isolation_level=None, timeout=60.0, check_same_thread=False
            )
            if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                db.executescript("PRAGMA auto_vacuum=FULL; BEGIN;" + HISTORY_TABLES + "COMMIT;")
            db.execute("BEGIN IMMEDIATE")
            _follow(db, previous, now)
            newest = db.execute("SELECT coalesce(max(id), 0) + 1 FROM change").fetchone()[0]
            for number, (generation, deed) in enumerate(deeds.items(), newest):
                wanted = deed.documents
                about = {name: how for name, how in self._before.items() if wanted is None or name in wanted}
                counts = _counts(about)
                listed = {} if first else about
                size = size_of(len(before or b"") for _, before, _ in listed.values())
                whole = not first and size <= keep
                used = json.dumps([list(asdict(one).values()) for one in deed.occasion.used], ensure_ascii=False)
                row = (number, generation, written(now), deed.occasion.what, deed.occasion.by, used, *counts.values())
                values = (*row, whole, size if whole else _IN_THE_GRAPH)
                db.execute(f"INSERT INTO change VALUES({','.join('?' * 11)})", values)
                rows = [(self._short(name), number, done, before) for name, (done, before, _) in sorted(listed.items())]
                db.executemany("INSERT INTO state VALUES(?,?,?,?)", rows if whole else ())
                said += activity(self._base, deed.occasion, generation, now, counts)
                said += self._versions(db, about, previous or "", generation, number) if whole else []
            forgotten = _forget(db, keep, newest)
        return said, forgotten

    def commit(self) -> None:
        """Sees to it that what was recorded is on disk; another thread may, while the generation is made.

        :raises StoreError: if it cannot be written.
        """
        if self._db is not None:
            with self._writing():
                self._db.execute("COMMIT")
        self.close()

    def close(self) -> None:
        """Lets go of the file; what was recorded and not committed is forgotten."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _writing(self) -> Seam:
        path = self._folder.history
        return Seam((sqlite3.Error, OSError, ValueError), lambda why: StoreError(f"{path} cannot be written: {why}"))

    def _short(self, name: str) -> str:
        return name.removeprefix(self._base.value)

    def _versions(
        self, db: sqlite3.Connection, about: _Noted, previous: str, generation: str, number: int
    ) -> list[Quad]:
        """What the graph says of the documents that a change is about."""
        records = {name: done for name, (done, _, record) in about.items() if record}
        if len(records) > MOST_NAMED:
            return []
        known: dict[str, str] = {}
        for name in records:
            before = db.execute(
                "SELECT generation FROM state JOIN change ON change.id = state.change "
                "WHERE document = ? AND change < ? ORDER BY change DESC LIMIT 1",
                (self._short(name), number),
            ).fetchone()
            if before:
                known[name] = before[0]
        return versions(self._base, records, known, previous, generation)


def size_of(packed: Iterable[int]) -> int:
    """Bytes that a change takes in the history, about, given those of what its documents said before."""
    return _IN_THE_GRAPH + sum(_OVERHEAD + one for one in packed)


def versions(
    base: Base, records: Mapping[str, Done], known: Mapping[str, str], previous: str, generation: str
) -> list[Quad]:
    """What the graph of the history says of the records that a change is about. *known* has the generations that last
    changed them, where that is not the *previous* one."""
    change, quads = NamedNode(base.change(generation)), []
    for name, done in sorted(records.items()):
        old = NamedNode(version(name, known.get(name, previous)))
        new = old if done == "removed" else NamedNode(version(name, generation))
        quads.append((new, iri("prov:specializationOf"), NamedNode(name)))
        made = iri("prov:wasInvalidatedBy" if done == "removed" else "prov:wasGeneratedBy")
        quads.append((new, made, change))
        if done == "replaced":
            quads.append((new, iri("prov:wasRevisionOf"), old))
    graph = NamedNode(base.history_graph)
    return [Quad(*triple, graph) for triple in quads]


def names_of_deeds(generation: str, deeds: Sequence[Deed]) -> dict[str, Deed]:
    """The deeds of what makes a generation, each with the name of the one that it makes; the last has its name."""
    last = number(generation)
    names = [f"{last - before}-{secrets.token_hex(4)}" for before in range(len(deeds) - 1, 0, -1)]
    return dict(zip([*names, generation], deeds, strict=True))


def _counts(about: _Noted) -> dict[Done, int]:
    """How many records are added, replaced and removed."""
    counts: dict[Done, int] = {"added": 0, "replaced": 0, "removed": 0}
    for done, _, record in about.values():
        counts[done] += record
    return counts


def version(document: str, generation: str) -> str:
    """The IRI of what a document says at a generation."""
    return f"{document}?at={generation}"


def _follow(db: sqlite3.Connection, previous: str | None, now: datetime) -> None:
    """Takes out changes whose generations were never published; says where changes are missing."""
    if previous is None:
        db.execute("DELETE FROM state")
        db.execute("DELETE FROM change")
        return
    row = db.execute("SELECT id FROM change WHERE generation = ?", (previous,)).fetchone()
    if row is not None:
        db.execute("DELETE FROM state WHERE change > ?", row)
        db.execute("DELETE FROM change WHERE id > ?", row)
        return
    values = (previous, written(now), _UNKNOWN, _IN_THE_GRAPH)
    db.execute(
        "INSERT INTO change(generation, time, what, by, used, added, replaced, removed, whole, size) "
        "VALUES(?, ?, ?, '', '[]', 0, 0, 0, 0, ?)",
        values,
    )
    LOG.warning("kgcompare: the history does not know generation %s; it begins there", previous)


def _forget(db: sqlite3.Connection, keep: int, newest: int) -> list[str]:
    """Removes the oldest changes until the rest takes no more than *keep* bytes; those from the *newest* on stay."""
    size = db.execute("SELECT coalesce(sum(size), 0) FROM change").fetchone()[0]
    forgotten: list[str] = []
    if size > keep:
        for number, generation, taken in db.execute("SELECT id, generation, size FROM change ORDER BY id").fetchall():
            if size <= keep or number == newest:
                break
            db.execute("DELETE FROM state WHERE change = ?", (number,))
            db.execute("DELETE FROM change WHERE id = ?", (number,))
            size -= taken
            forgotten.append(generation)
    return forgotten


def activity(
    base: Base, occasion: Occasion, generation: str, now: datetime, counts: Mapping[Done, int]
) -> Iterator[Quad]:
    """What the graph of the history says of a change."""
    change, graph = NamedNode(base.change(generation)), NamedNode(base.history_graph)
    moment = Literal(now.isoformat(timespec="milliseconds"), datatype=iri("xsd:dateTime"))

    def say(subject: NamedNode, predicate: str, value: NamedNode | Literal) -> Quad:
        return Quad(subject, NamedNode(predicate), value, graph)

    yield say(change, RDF_TYPE, iri("prov:Activity"))
    yield say(change, RDFS_LABEL, Literal(occasion.what))
    yield say(change, iri("prov:startedAtTime").value, moment)
    yield say(change, iri("prov:endedAtTime").value, moment)
    for predicate, done in ((KGC_ADDED, "added"), (KGC_REPLACED, "replaced"), (KGC_REMOVED, "removed")):
        yield say(change, predicate, Literal(counts[done]))  # type: ignore[index]
    if occasion.by:
        agent = NamedNode(f"{base.history_graph}#{quote(occasion.by, safe='')}")
        yield say(change, iri("prov:wasAssociatedWith").value, agent)
        yield say(agent, RDF_TYPE, iri("prov:Agent"))
        yield say(agent, FOAF_NAME, Literal(occasion.by))
    for place, used in enumerate(occasion.used, 1):
        source = NamedNode(f"{change.value}#source-{place}")
        yield say(change, iri("prov:used").value, source)
        yield say(source, RDF_TYPE, iri("prov:Entity"))
        yield say(source, RDFS_LABEL, Literal(used.name))
        if used.sha256:
            yield say(source, SCHEMA_SHA256, Literal(used.sha256))


def forgotten_in(base: Base, generations: Iterable[str], said: Iterable[Quad]) -> list[Quad]:
    """Of what the graph of the history says those statements that are about the changes which made some generations."""
    changes = {base.change(generation) for generation in generations}
    made = {
        quad.subject
        for quad in said
        if quad.predicate.value in _MAKING and isinstance(quad.object, NamedNode) and quad.object.value in changes
    }
    return [q for q in said if q.subject in made or getattr(q.subject, "value", "").partition("#")[0] in changes]
