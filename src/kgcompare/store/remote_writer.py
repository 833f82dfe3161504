"""A catalogue in an endpoint for the one who writes: through SPARQL 1.1 Update, under the lock, with a journal.

Source: SPARQL 1.1 Update, section 3; SPARQL 1.1 Protocol, section 2.2.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from kgcompare.errors import KgcompareError, Seam, StoreError, SyntaxFault
from kgcompare.rdf.namespaces import iri
from kgcompare.store.base import Prepare, Read
from kgcompare.store.batches import Batches
from kgcompare.store.folder import number
from kgcompare.store.history import HISTORY_BYTES, Deed, Done, Occasion
from kgcompare.store.journal import Journal, Noted, noted_of
from kgcompare.store.layout import Description
from kgcompare.store.lease import Lease, leased
from kgcompare.store.ledger import Ledger
from kgcompare.store.recording import MOST_NAMED, activity, forgotten_in, size_of, versions
from kgcompare.store.remote import RemoteSnapshot, RemoteStore
from kgcompare.store.remote_history import RemoteHistory

_AT_ONCE = 100
"""Things of which the history is asked, or forgets, at a time."""


class RemoteWriter:
    """Writes to a catalogue in an endpoint while it holds its lock; what is written is sent when it is published."""

    joins = False

    def __init__(self, store: RemoteStore, lease: Lease) -> None:
        self._store = store
        self._lease = lease
        self._at = store.present()
        self.about = Description(self._at.base, store.identity)
        self._batches = Batches(store.endpoint)
        self._graphs: dict[str, list[Quad]] = {}
        self._before: dict[str, list[Quad]] = {}
        if self._journal().recover():
            self._at = store.present()

    def _journal(self) -> Journal:
        return Journal(self._store.endpoint, self._store.base, self._lease.fence, self._batches)

    def latest(self) -> RemoteSnapshot | None:
        """The newest generation, which cannot change while the lock is held; None where there is no catalogue.

        :raises StoreError: if the endpoint cannot be read.
        """
        return self._at if self._at.is_marked or self._at.has_graphs() else None

    def add(self, quads: Iterable[Quad], read: Read | None = None) -> None:
        """Adds statements, all or none of them; *read* as for :meth:`replace`."""
        statements = list(quads)
        if read is None and self.latest() is not None:
            self._at.prefetch({quad.graph_name.value for quad in statements if isinstance(quad.graph_name, NamedNode)})
        for quad in statements:
            if not isinstance(quad.graph_name, NamedNode):
                raise StoreError(
                    "statements outside of every named graph cannot be put into an endpoint; give them one"
                )
            name = quad.graph_name.value
            if name not in self._graphs:
                self._graphs[name] = list(self._said(name, read))
            self._graphs[name].append(quad)

    def load(self, path: Path, media: RdfFormat) -> None:
        """Adds a file of quads exactly as it is.

        :raises SyntaxFault: if it cannot be read.
        """
        with Seam((OSError, ValueError), lambda why: StoreError(f"{path} cannot be loaded: {why}")):
            try:
                self.add(parse(path=path, format=media, rename_blank_nodes=True))
            except SyntaxError as fault:
                raise SyntaxFault(fault.msg, str(path), fault.lineno) from None

    def replace(self, graphs: dict[str, list[Quad]], read: Read | None = None) -> None:
        """Replaces whole graphs; an empty list removes one. *read* is given by those who have read already what they
        replace."""
        if read is None and self.latest() is not None:
            self._at.prefetch([name for name in graphs if name not in self._before])
        for name, quads in graphs.items():
            self._said(name, read)
            self._graphs[name] = quads

    def _said(self, name: str, read: Read | None) -> list[Quad]:
        """What a graph says in the newest generation."""
        if name not in self._before:
            there = self.latest() is not None
            self._before[name] = (read or self._at.graph)(name) if there else []
        return self._before[name]

    @contextmanager
    def lend(self, generation: str, path: Path) -> Iterator[None]:
        """None: an endpoint comes without an index."""
        del generation, path
        yield None

    def publish(self, prepare: Prepare, occasion: Occasion | None = None, keep: int = HISTORY_BYTES) -> str:
        """Writes what was given, then the history, and moves the mark; returns the name of the new generation.

        Where something of it fails, what was there is put back. An endpoint comes without an index, so that *prepare*
        is not asked for one. The history takes no more than *keep* bytes.

        :raises StoreError: if the endpoint cannot be written to.
        """
        del prepare
        generation = f"{number(self._at.generation) + 1 if self._at.is_marked else 1}-{secrets.token_hex(4)}"
        noted = [
            one for one in noted_of(self._graphs, self._before) if not self.about.base.is_history_graph(one.document)
        ]
        first = not any(self.about.base.is_of_record(n) for n in self._before if self._before[n]) and self._is_first()
        size = 0 if first else size_of(len(one.packed or b"") for one in noted)
        journal = self._journal()
        try:
            said = self._to_say(occasion or Occasion(), generation, noted, size if size <= keep else 0)
            journal.begin(generation, noted, said, size if size <= keep else 0)
            self._lease.check()
            graphs = {one.document: self._graphs[one.document] for one in noted}
            self._batches.replace(self._lease.fence, Ledger(self.about.base).parts, graphs)
            self._lease.check()
            journal.end(generation)
        except KgcompareError:
            with suppress(KgcompareError):  # else whoever writes next does it
                self._journal().recover()
            raise
        if self._store.present().generation != generation:
            raise StoreError(
                f"{self._store.endpoint.url} has not taken what was written: another one has the lock, and undoes it"
            )
        self._graphs, self._before = {}, {}
        self._at = self._store.present()
        with suppress(KgcompareError):  # it is published; the next one forgets what this one cannot
            self._forget(keep)
        return generation

    def publish_together(self, prepare: Prepare, deeds: Sequence[Deed], keep: int = HISTORY_BYTES) -> str:
        """Publishes one change: an endpoint does not join several."""
        (deed,) = deeds
        return self.publish(prepare, deed.occasion, keep)

    def _is_first(self) -> bool:
        """Whether what is written now are the first records."""
        return self.latest() is None or not self._at.has_graphs(self.about.base.value + "doc/")

    # -- the history ---------------------------------------------------------------------------------

    def _to_say(self, occasion: Occasion, generation: str, noted: Sequence[Noted], size: int) -> list[Quad]:
        """What the graph of the history is going to say."""
        base = self.about.base
        done = {one.document: one.done for one in noted if base.is_of_record(one.document)}
        counts: dict[Done, int] = {"added": 0, "replaced": 0, "removed": 0}
        for one in done.values():
            counts[one] += 1
        said = list(activity(base, occasion, generation, datetime.now(UTC), counts))
        if size:
            graph = NamedNode(base.history_graph)
            said.append(Quad(NamedNode(base.change(generation)), iri("dcterms:extent"), Literal(size), graph))
            if len(done) <= MOST_NAMED:
                known = RemoteHistory(self._at).last_of(list(done)) if self._at.is_marked else {}
                said += versions(base, done, known, self._at.generation if self._at.is_marked else "", generation)
        return said

    def _forget(self, keep: int) -> None:
        """Has the history forget the oldest changes, where it takes too much."""
        history, ledger, fence = RemoteHistory(self._at), Ledger(self.about.base), self._lease.fence
        forgotten = history.beyond(keep)
        if not forgotten:
            return
        entries = history.entries_of(forgotten)
        subjects = forgotten_in(self.about.base, forgotten, self._at.graph(self.about.base.history_graph))
        for graph, things in (
            (ledger.before, entries),
            (self.about.base.history_graph, sorted({getattr(q.subject, "value", "") for q in subjects})),
        ):
            for start in range(0, len(things), _AT_ONCE):
                self._store.endpoint.update(fence.remove(graph, things[start : start + _AT_ONCE]))

    def close(self) -> None:
        """Lets go of what was not published."""
        self._graphs, self._before = {}, {}


@contextmanager
def writing_at(store: RemoteStore, patience: float | None = None) -> Iterator[RemoteWriter]:
    """Holds the lock of a catalogue in an endpoint and writes to it. What somebody else has begun there and not ended
    is ended or undone first.

    :raises Busy: if another one holds it for longer than *patience* (seconds; None: however long it takes).
    :raises StoreError: if the endpoint cannot be used.
    """
    with leased(store.endpoint, store.base, patience) as lease:
        writer = RemoteWriter(store, lease)
        try:
            yield writer
        finally:
            writer.close()
