"""What some records would change of what a store holds already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad

from kgcompare.errors import Conflict
from kgcompare.ingest.documents import Records
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.sameness import statements_of
from kgcompare.store import Snapshot

_FEW = 100
"""Documents up to which it is told what they name."""


class Stored:
    """What a generation holds of documents already, each read once; nothing where there is no generation."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.snapshot = snapshot
        self._documents: dict[str, Graph] = {}
        self._absent: set[str] = set()

    def prefetch(self, names: Iterable[str]) -> None:
        """Says which documents will be asked for.

        :raises StoreError: if the store cannot be read.
        """
        if self.snapshot is not None:
            self.snapshot.prefetch([name for name in names if name not in self._documents and name not in self._absent])

    def document(self, name: str) -> Graph:
        """What the graph of that name says.

        :raises StoreError: if the store cannot be read.
        """
        if self.snapshot is None or name in self._absent:
            return Graph()
        if name not in self._documents:
            quads = self.snapshot.graph(name)
            if not quads:
                self._absent.add(name)
                return Graph()
            self._documents[name] = Graph(quad.triple for quad in quads)
        return self._documents[name]

    def quads(self, name: str) -> list[Quad]:
        """The same as statements of that graph.

        :raises StoreError: if the store cannot be read.
        """
        graph = NamedNode(name)
        return [Quad(triple.subject, triple.predicate, triple.object, graph) for triple in self.document(name)]

    def differs(self, name: str, document: Graph) -> bool:
        """Whether a document says something else than what stands there by its name, or nothing stands there."""
        before = self.document(name)
        if not before.subjects():
            return True
        by_value = self.snapshot is not None and self.snapshot.rewrites
        was, now = (statements_of(graph, by_value=by_value) for graph in (before, document))
        return was != now

    def __contains__(self, name: str) -> bool:
        return bool(self.document(name).subjects())


@dataclass(frozen=True, slots=True)
class Changes:
    """The documents to write, in order; those of them that are ``there`` already with other content; the IRIs of
    the ``subjects`` of which something changes; all that their documents ``named`` or name, where these are few; and
    how many records are added, replaced and left as they are."""

    documents: tuple[str, ...]
    there: frozenset[str]
    subjects: frozenset[str]
    named: frozenset[str] | None
    added: int
    replaced: int
    unchanged: int


def changes_of(records: Records, stored: Stored, *, replace: bool) -> Changes:
    """What *records* would change.

    :raises Conflict: if a record is there with other content and not to be replaced.
    """
    fresh: list[str] = []
    other: list[str] = []
    subjects: set[str] = set()
    named: set[str] = set()
    stored.prefetch(records.documents)
    for name, document in records.documents.items():
        before = stored.document(name)
        if not stored.differs(name, document):
            continue
        (other if before.subjects() else fresh).append(name)
        for graph in (before, document):
            subjects.update(node.value for node in graph.subjects() if isinstance(node, NamedNode))
            named |= graph.named() if len(fresh) + len(other) <= _FEW else set()
    if other and not replace:
        shown = ", ".join(f"<{name}>" for name in other[:5]) + (" ..." if len(other) > 5 else "")
        raise Conflict(
            f"{len(other)} of the records are in the store with other content: {shown}; "
            "nothing was written; use --replace to put these in their place"
        )
    unchanged = len(records.documents) - len(fresh) - len(other)
    documents = tuple(sorted((*fresh, *other)))
    told = frozenset(named) if len(documents) <= _FEW else None
    return Changes(documents, frozenset(other), frozenset(subjects), told, len(fresh), len(other), unchanged)
