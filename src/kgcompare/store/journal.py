"""What a writer has begun in an endpoint: said before he changes anything, so that the next one can end or undo it.

An endpoint has no transactions over several requests. A change of many documents goes so, all under the lock:

1. The journal says what each document said before (``preparing``), and then that this is all (``writing``).
2. The documents are written, each in one request.
3. The journal says that they are (``written``).
4. The history gets what the journal has, the mark moves, and the journal goes.

Where a writer ends before 3, whoever comes next puts back what was there, and moves the mark too: readers may have seen
some of it. After 3 he does 4, which may be done again from its beginning.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal as Choice

from pyoxigraph import Literal, NamedNode, Quad

from kgcompare.rdf.namespaces import Base, iri
from kgcompare.store.batches import Batches, Portion
from kgcompare.store.endpoint import Endpoint
from kgcompare.store.files import LOG
from kgcompare.store.folder import number
from kgcompare.store.history import Done, packed_document, unpacked_document
from kgcompare.store.ledger import Fence, Ledger, asked, in_turn

Stage = Choice["preparing", "writing", "written"]
_ENTRIES = 20
"""Entries of the journal in one update, at most."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What a change does to a document, and what that said before, packed; None where there was none."""

    document: str
    done: Done
    packed: bytes | None


class Journal:
    """The journal of a catalogue in an endpoint, for whoever holds its lock."""

    def __init__(self, endpoint: Endpoint, base: Base, fence: Fence, batches: Batches) -> None:
        self._endpoint = endpoint
        self._base = base
        self._fence = fence
        self._batches = batches
        self._ledger = Ledger(base)
        self._size = 0

    def begin(self, generation: str, noted: Iterable[Noted], said: Sequence[Quad], size: int) -> None:
        """Says what is going to be changed, and what the history is going to say of it; nothing of it has been changed
        before this is all there. *size* is how many bytes the history gets; with none it keeps nothing of documents.

        :raises StoreError: if the endpoint cannot be written to.
        """
        ledger, fence = self._ledger, self._fence
        self._size = size
        start = [fence.empty(ledger.journal), fence.empty(ledger.next), self._stage(generation, "preparing")]
        self._batches.send([Portion(in_turn(start))])
        entries = (self._entry(generation, place, one) for place, one in enumerate(noted, 1))
        self._batches.send(Portion(fence.insert(quads)) for quads in _together(entries))
        following = NamedNode(ledger.next)
        triples = (Quad(q.subject, q.predicate, q.object, following) for q in said)
        self._batches.send(Portion(fence.insert(quads)) for quads in _together([quad] for quad in triples))
        self._batches.send([Portion(self._stage(generation, "writing"))])

    def _entry(self, generation: str, place: int, noted: Noted) -> list[Quad]:
        node, graph = NamedNode(self._ledger.entry(generation, place)), NamedNode(self._ledger.journal)
        said: dict[str, NamedNode | Literal] = {
            "schema:about": NamedNode(noted.document),
            "dcterms:type": Literal(noted.done),
            "dcterms:isPartOf": NamedNode(self._base.change(generation)),
        }
        if noted.packed:
            said["rdf:value"] = Literal(base64.b64encode(noted.packed).decode())
        return [Quad(node, iri(name), value, graph) for name, value in said.items()]

    def _stage(self, generation: str, stage: Stage) -> str:
        """Says how far one is."""
        node = NamedNode(self._ledger.journal)
        said = {"schema:version": generation, "schema:actionStatus": stage, "dcterms:extent": str(self._size)}
        quads = [Quad(node, iri(name), Literal(text), node) for name, text in said.items()]
        return in_turn([self._fence.remove(node.value, [node.value]), self._fence.insert(quads)])

    def end(self, generation: str) -> None:
        """Says that all documents are written, and has the history and the mark say so too.

        :raises StoreError: if the endpoint cannot be written to.
        """
        self._batches.send([Portion(self._stage(generation, "written"))])
        self._finish(generation)

    def _finish(self, generation: str) -> None:
        ledger, fence = self._ledger, self._fence
        steps = [fence.copy(ledger.next, self._base.history_graph)]
        if self._size:
            steps.append(fence.keep(ledger.journal, ledger.before))
        self._batches.send([Portion(in_turn([*steps, self.marked(generation)]))])
        self._forget()

    def marked(self, generation: str) -> str:
        """Moves the mark."""
        node = NamedNode(self._ledger.mark)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        said = {"schema:version": generation, "dcterms:modified": now}
        return self._fence.replace(
            node.value, [Quad(node, iri(name), Literal(text), node) for name, text in said.items()]
        )

    def _forget(self) -> None:
        """Removes the journal; what is read first goes last."""
        ledger, fence = self._ledger, self._fence
        self._batches.send([Portion(in_turn([fence.empty(ledger.next), fence.empty(ledger.parts)]))])
        self._batches.send([Portion(fence.empty(ledger.journal))])

    # -- what another one has begun ------------------------------------------------------------------

    def recover(self) -> bool:
        """Ends or undoes what another writer has begun, or this one when it failed; says whether there was anything.

        :raises StoreError: if the endpoint cannot be read or written.
        """
        rows = asked(self._endpoint, "endpoint_journal", graph=[NamedNode(self._ledger.journal)])
        if not rows:
            return False
        generation, stage, size = rows[0]
        self._size = int(size) if size.isdecimal() else 0
        if stage == "written":
            self._finish(generation)
            LOG.warning("kgcompare: generation %s of %s was ended", generation, self._endpoint.url)
            return True
        if stage == "writing":
            self._undo()
            self._batches.send([Portion(self.marked(f"{number(generation)}-{secrets.token_hex(4)}"))])
            LOG.warning("kgcompare: what was begun as generation %s of %s was undone", generation, self._endpoint.url)
        self._forget()
        return True

    def _undo(self) -> None:
        """Puts back what documents said; what is done is taken out of the journal."""
        journal = [NamedNode(self._ledger.journal)]
        while rows := asked(self._endpoint, "endpoint_journal_entries", graph=journal):
            graphs = {name: unpacked_document(base64.b64decode(packed), name) for _, name, packed in rows}
            self._batches.replace(self._fence, self._ledger.parts, graphs)
            entries = [entry for entry, _, _ in rows]
            self._batches.send([Portion(self._fence.remove(self._ledger.journal, entries))])


def _together(parts: Iterable[Sequence[Quad]]) -> Iterable[list[Quad]]:
    """Some statements at a time."""
    pack: list[Quad] = []
    count = 0
    for part in parts:
        pack += part
        count += 1
        if count == _ENTRIES:
            yield pack
            pack, count = [], 0
    if pack:
        yield pack


def noted_of(graphs: Mapping[str, Sequence[Quad]], before: Mapping[str, Sequence[Quad]]) -> list[Noted]:
    """What some graphs that are to be written change: those that say what they said are left out."""
    noted: list[Noted] = []
    for name, quads in graphs.items():
        said = before.get(name, ())
        now = {quad.triple for quad in quads}
        if now != {quad.triple for quad in said}:
            done: Done = "removed" if not now else "replaced" if said else "added"
            noted.append(Noted(name, done, packed_document(said) if said else None))
    return noted
