"""The history of a catalogue in an endpoint: what its writers said there of every change.

What documents said before is kept as in a store's folder, packed, in a graph of its own
(:mod:`kgcompare.store.ledger`).
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

from pyoxigraph import NamedNode, Quad

from kgcompare.errors import EndpointError, Seam, StoreError, UnknownThing
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import Base, iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import FOAF_NAME, KGC_ADDED, KGC_REMOVED, KGC_REPLACED, RDFS_LABEL, SCHEMA_SHA256
from kgcompare.store.answers import counted_number
from kgcompare.store.base import Solutions
from kgcompare.store.folder import number
from kgcompare.store.history import (
    HISTORY_TABLES,
    Done,
    History,
    Logged,
    Occasion,
    Used,
    moment_of,
    unpacked_document,
    within_reach,
    written,
)
from kgcompare.store.ledger import Ledger

_AT_ONCE = 200
"""Changes or documents that are asked for at a time."""


class Speaking(Protocol):
    """A generation in an endpoint."""

    @property
    def base(self) -> Base:
        """The base IRI of the catalogue's records."""

    @property
    def generation(self) -> str:
        """What the mark names."""

    def select_now(self, query: str) -> Solutions:
        """Answers a SELECT as it stands, of graphs that are none of the catalogue's too."""


class RemoteHistory(History):
    """What a generation in an endpoint knows of the changes before it; for any number of threads."""

    def __init__(self, at: Speaking) -> None:  # the file is none here
        self._at = at
        self._ledger = Ledger(at.base)
        self._newest = number(at.generation)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """How many bytes there are of each change of which one can show what was before, the newest first."""
        query = load("endpoint_sizes").bind(graph=[NamedNode(self._at.base.history_graph)])
        found = {self._made_by(change): counted_number(size) for change, size in self._at.select_now(query).rows}
        return dict(sorted(found.items(), key=lambda one: -number(one[0])))

    @cached_property
    def _generations(self) -> list[str]:
        """The generations that changes made, the newest first; without one that has not been made whole."""
        query = load("endpoint_changes").bind(graph=[NamedNode(self._at.base.history_graph)])
        found = {self._made_by(change) for (change,) in self._at.select_now(query).rows}
        return sorted((one for one in found if number(one) <= self._newest), key=number, reverse=True)

    def _made_by(self, change: Term | None) -> str:
        name = _text(change).removeprefix(self._at.base.change(""))
        if not name.partition("-")[0].isdecimal():
            raise EndpointError(
                f"the history of the endpoint cannot be read: there is no change <{_text(change)[:200]}>"
            )
        return name

    def _logged(self, generations: Sequence[str]) -> list[Logged]:
        """What is said of some changes, in that order."""
        graph, base = Graph(), self._at.base
        for some in _few(generations):
            query = load("endpoint_activities").bind(
                graph=[NamedNode(base.history_graph)], change=[NamedNode(base.change(one)) for one in some]
            )
            for _, subject, predicate, value in self._at.select_now(query).rows:
                if isinstance(subject, NamedNode) and isinstance(predicate, NamedNode) and value is not None:
                    graph.add(subject, predicate.value, value)
        return [self._read(graph, one) for one in generations]

    def _read(self, graph: Graph, generation: str) -> Logged:
        node = NamedNode(self._at.base.change(generation))
        by = graph.value(node, iri("prov:wasAssociatedWith").value)
        sources = sorted(graph.iris(node, iri("prov:used").value), key=lambda one: (len(one), one))
        used = tuple(
            Used(_text(graph.value(source, RDFS_LABEL)), _text(graph.value(source, SCHEMA_SHA256)))
            for source in map(NamedNode, sources)
        )
        name = _text(graph.value(by, FOAF_NAME)) if isinstance(by, NamedNode) else ""
        added, replaced, removed = (
            int(_text(graph.value(node, p)) or 0) for p in (KGC_ADDED, KGC_REPLACED, KGC_REMOVED)
        )
        time = _text(graph.value(node, iri("prov:startedAtTime").value))
        when = datetime.fromisoformat(time).astimezone(UTC) if time else datetime.fromtimestamp(0, UTC)
        occasion = Occasion(_text(graph.value(node, RDFS_LABEL)), name, used)
        whole = generation in self._sizes
        return Logged(number(generation), generation, when, occasion, added, replaced, removed, whole)

    def changes(self, *, most: int = 100, before: int = 0) -> list[Logged]:
        """The changes, the newest first; as the method of a store's folder."""
        return self._logged([one for one in self._generations if not before or number(one) < before][:most])

    def steps(self, document: str, *, most: int = 100, before: int = 0) -> list[tuple[Logged, list[Quad]]]:
        """The changes of one document, the newest first, each with what it said before."""
        rows = [row for row in self._steps("document", [document]) if not before or number(row[0]) < before]
        rows = sorted(rows, key=lambda row: -number(row[0]))[:most]
        logged = self._logged([generation for generation, _, _, _ in rows])
        return [
            (replace(one, done=done), _unpacked(packed, document))
            for one, (_, _, done, packed) in zip(logged, rows, strict=True)
        ]

    def named(self, generation: str) -> list[Logged]:
        """The change that made a generation, given its name or its number, if it is known."""
        return self._logged([one for one in self._generations if generation in {one, one.partition("-")[0]}][:1])

    def documents(self, change: Logged, most: int = 1000) -> list[tuple[str, Done]]:
        """The IRIs of the documents that a change was about, and what it did to each."""
        rows = self._steps("change", [self._at.base.change(change.generation)])
        return sorted((document, done) for _, document, done, _ in rows)[:most]

    def at(self, text: str) -> Logged:
        """The change that made a generation, or the newest one of a day or before a moment; as the method of a store's
        folder."""
        moment, first = moment_of(text), self.first()
        if moment is None:
            found = next(iter(self.named(text)), None)
        else:
            found = next((one for one in self._newest_first() if one.time < moment), None)
        return within_reach(found, first, text)

    def _newest_first(self) -> Iterator[Logged]:
        for some in _few(self._generations):
            yield from self._logged(some)

    def first(self) -> Logged:
        """The oldest change of which it can be shown what it made."""
        known = self._generations
        if not known:
            raise UnknownThing("no change has been written to this endpoint: it keeps no history yet")
        since = next((place for place, one in enumerate(known) if one not in self._sizes), len(known) - 1)
        return self._logged([known[since]])[0]

    def since(self, change: Logged, documents: Sequence[str] | None = None) -> dict[str, list[Quad]]:
        """What documents said when a change had been made, of those that have changed since."""
        rows = self._since(change) if documents is None else self._steps("document", documents)
        found: dict[str, tuple[int, str]] = {}
        for generation, document, _, packed in rows:
            at = number(generation)
            if at > change.number and (document not in found or at < found[document][0]):
                found[document] = (at, packed)
        return {document: _unpacked(packed, document) for document, (_, packed) in found.items()}

    def _since(self, change: Logged) -> Iterator[tuple[str, str, Done, str]]:
        later = [self._at.base.change(one) for one in self._generations if number(one) > change.number]
        return self._steps("change", later)

    def count_since(self, change: Logged) -> int:
        """How many documents have changed since a change."""
        return len({document for _, document, _, _ in self._since(change)})

    def _steps(self, by: str, things: Sequence[str]) -> Iterator[tuple[str, str, Done, str]]:
        """(generation, document, what was done, what it said before) of some documents, or changes."""
        query = load("endpoint_steps" if by == "document" else "endpoint_documents")
        for some in _few(things):
            text = query.bind(graph=[NamedNode(self._ledger.before)], **{by: [NamedNode(one) for one in some]})
            for entry, document, done, before in self._at.select_now(text).rows:
                generation = self._ledger.generation_of(_text(entry))
                if number(generation) <= self._newest:
                    yield generation, _text(document), cast("Done", _text(done)), _text(before)

    def keep_in(self, path: Path) -> None:
        """Writes it to a new file as a store's folder keeps it.

        :raises StoreError: if it cannot be read, or the file not be written.
        """
        seam = Seam((sqlite3.Error,), lambda why: StoreError(f"{path} cannot be written: {why}"))
        with seam, closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.executescript("PRAGMA auto_vacuum=FULL; BEGIN;" + HISTORY_TABLES)
            for one in self._newest_first():
                used = json.dumps([[source.name, source.sha256] for source in one.occasion.used], ensure_ascii=False)
                said = (written(one.time), one.occasion.what, one.occasion.by, used)
                size = self._sizes.get(one.generation, 0)
                row = (one.number, one.generation, *said, one.added, one.replaced, one.removed, one.whole, size)
                db.execute(f"INSERT INTO change VALUES({','.join('?' * len(row))})", row)
                steps = self._steps("change", [self._at.base.change(one.generation)] if one.whole else [])
                states = (
                    (document.removeprefix(self._at.base.value), one.number, done, base64.b64decode(packed) or None)
                    for _, document, done, packed in steps
                )
                db.executemany("INSERT INTO state VALUES(?,?,?,?)", states)
            db.execute("COMMIT")

    # -- for who writes ------------------------------------------------------------------------------

    def last_of(self, documents: Sequence[str]) -> dict[str, str]:
        """The generations that last changed some documents, where that is known."""
        found: dict[str, str] = {}
        for some in _few(documents):
            query = load("endpoint_last").bind(
                graph=[NamedNode(self._ledger.before)], document=[NamedNode(one) for one in some]
            )
            for entry, document in self._at.select_now(query).rows:
                name, generation = _text(document), self._ledger.generation_of(_text(entry))
                if name not in found or number(found[name]) < number(generation):
                    found[name] = generation
        return found

    def beyond(self, keep: int) -> list[str]:
        """The generations whose changes are forgotten, so that the history takes no more than *keep* bytes; never the
        newest."""
        size, forgotten = 0, []
        for generation, taken in self._sizes.items():
            size += taken
            if size > keep and number(generation) < self._newest:
                forgotten.append(generation)
        return forgotten

    def entries_of(self, generations: Iterable[str]) -> list[str]:
        """The IRIs of what is kept of the documents of some changes."""
        found: list[str] = []
        for some in _few([self._at.base.change(one) for one in generations]):
            query = load("endpoint_documents").bind(
                graph=[NamedNode(self._ledger.before)], change=[NamedNode(one) for one in some]
            )
            found += [_text(row[0]) for row in self._at.select_now(query).rows]
        return found


def _text(term: object) -> str:
    return str(getattr(term, "value", ""))


def _few(things: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(things), _AT_ONCE):
        yield things[start : start + _AT_ONCE]


def _unpacked(packed: str, document: str) -> list[Quad]:
    return unpacked_document(base64.b64decode(packed) if packed else None, document)
