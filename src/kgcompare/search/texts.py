"""What each record of a store says, as its document has it, kept in the index: all of it by one look-up.

The engine looks up each term of each statement by itself, which takes some milliseconds a record. What a document says
is N-Triples in zlib's form. Nothing is kept where a document does not tell all that is said of its record: where
trusted quads speak of a thing in the graph of another one, or two graphs share a blank node.
"""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from sys import intern
from tempfile import TemporaryFile
from typing import cast

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, parse

from kgcompare.rdf.graph import Node, Term, as_node
from kgcompare.rdf.namespaces import Base
from kgcompare.store import Snapshot
from kgcompare.store.files import files

DOCUMENT_TABLE = "CREATE TABLE document(thing INTEGER PRIMARY KEY, said BLOB NOT NULL);"
Contents = dict[Node, dict[str, list[Term]]]
"""Subjects to predicate IRIs to objects."""
DocumentOf = Callable[[str], bytes | None]
"""Gives what the document of a record (IRI) says, as it is kept; None where there is none."""
_NO_ROOM = "what documents say cannot be kept in a temporary file"


class Documents:
    """Keeps what the documents of records say, of statements that pass through, in a file for the time being."""

    def __init__(self, base: Base) -> None:
        self._base = base
        with files(_NO_ROOM):
            self._file = TemporaryFile()  # noqa: SIM115  (closed with this)
        self._places: dict[str, tuple[int, int]] = {}
        self._labels = array("q")
        """Digests of the labels of the blank nodes of each graph."""
        self.grouped = True
        """Whether the statements of each graph came together."""
        self._scattered = False

    def through(self, statements: Iterable[Quad]) -> Iterator[Quad]:
        """The same statements."""
        graph: object = None
        node = document = None
        lines: list[str] = []
        blank: set[str] = set()
        for quad in statements:
            if quad.graph_name != graph:
                self._keep(node, lines, blank)
                graph, lines, blank = quad.graph_name, [], set()
                document = graph if isinstance(graph, NamedNode) else None
                node = self._record(document)
            subject, value = as_node(quad.subject), quad.object
            if node is not None:
                lines.append(f"{subject} {quad.predicate} {value} .\n")
            if isinstance(subject, BlankNode):
                blank.add(subject.value)
            elif subject != node and subject != document:  # noqa: PLR1714  (a tuple for each statement)
                self._scattered |= self._base.parts(subject.value) is not None
            if isinstance(value, BlankNode):
                blank.add(value.value)
            yield quad
        self._keep(node, lines, blank)

    def _record(self, document: NamedNode | None) -> NamedNode | None:
        """What a document is about; None for what is none of a record of our own."""
        if document is None or not self._base.is_document(document.value):
            return None
        record = document.value.replace(f"{self._base.value}doc/", f"{self._base.value}id/", 1)
        own = self._base.parts(record) is not None and self._base.document(record) == document.value
        return NamedNode(record) if own else None

    def _keep(self, node: NamedNode | None, lines: list[str], blank: set[str]) -> None:
        self._labels.extend(map(hash, blank))
        if node is None:
            return
        self.grouped &= node.value not in self._places
        text = _packed(lines)
        with files(_NO_ROOM):
            self._places[node.value] = self._file.tell(), len(text)
            self._file.write(text)

    def all_there(self) -> bool:
        """Whether documents tell all that is said of their records."""
        return self.grouped and not self._scattered and all(a != b for a, b in pairwise(sorted(self._labels)))

    def write(self, db: sqlite3.Connection, numbers: Mapping[str, int]) -> None:
        """Writes them into an index, in which things (IRIs) have *numbers*; none if not all is there."""
        if not self.all_there():
            return
        db.execute(DOCUMENT_TABLE)
        db.executemany("INSERT INTO document VALUES(?,?)", sorted(self._numbered(numbers)))

    def _numbered(self, numbers: Mapping[str, int]) -> Iterator[tuple[int, bytes]]:
        for thing, (start, length) in self._places.items():
            if thing in numbers:
                with files(_NO_ROOM):
                    self._file.seek(start)
                    text = self._file.read(length)
                yield numbers[thing], text

    def close(self) -> None:
        """Removes the file."""
        self._file.close()


def follow_documents(db: sqlite3.Connection, numbers: Mapping[str, int], kept_document: DocumentOf) -> None:
    """Writes what the documents of some things say now, whose numbers are given by IRI, into an index that has such."""
    if not has_documents(db):
        return
    for thing, number in numbers.items():
        text = kept_document(thing)
        if text is None:
            db.execute("DELETE FROM document WHERE thing = ?", (number,))
        else:
            db.execute("INSERT OR REPLACE INTO document VALUES(?,?)", (number, text))


def has_documents(db: sqlite3.Connection) -> bool:
    """Whether an index has what documents say."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'document'").fetchone() is not None


def kept_document(snapshot: Snapshot, thing: str) -> bytes | None:
    """What the document of a record says in a generation, as it is kept.

    :raises StoreError: if the store cannot be read.
    """
    if snapshot.base.parts(thing) is None:
        return None
    quads = snapshot.graph(snapshot.base.document(thing))
    return _packed([f"{quad.subject} {quad.predicate} {quad.object} .\n" for quad in quads]) if quads else None


def _packed(lines: Iterable[str]) -> bytes:
    return zlib.compress("".join(sorted(lines)).encode())


def told_in(text: bytes) -> Contents:
    """What a document says that is kept, each statement once. Its blank nodes have labels
    of their own each time.

    :raises ValueError: if it is damaged.
    """
    said: Contents = {}
    try:
        for triple in parse(zlib.decompress(text), RdfFormat.N_TRIPLES, rename_blank_nodes=True):
            values = said.setdefault(cast("Node", triple.subject), {}).setdefault(intern(triple.predicate.value), [])
            values.append(cast("Term", triple.object))
    except (zlib.error, SyntaxError) as fault:
        raise ValueError(f"a document in the index is damaged: {fault}") from None
    for predicates in said.values():
        for predicate, values in predicates.items():
            if len(values) > 1:  # a file may say something twice
                predicates[predicate] = list(dict.fromkeys(values))
    return said
