"""What each record of a store says, as its document has it, kept in the index: all of it by one look-up.

The engine looks up each term of each statement by itself, which takes some milliseconds a record. What a document says
is N-Triples in zlib's form. Nothing is kept where a document does not tell all that is said of its record: where
trusted quads speak of a thing in the graph of another one, two graphs share a blank node, or there are triple terms.
"""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import pairwise
from sys import intern
from tempfile import TemporaryFile
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from kgcompare.rdf.graph import Node, Term, as_node, node_of
from kgcompare.rdf.namespaces import Base
from kgcompare.store import Snapshot
from kgcompare.store.files import files

DOCUMENT_TABLE = "CREATE TABLE document(thing INTEGER PRIMARY KEY, said BLOB NOT NULL);"
Contents = dict[Node, dict[str, list[Term]]]
"""Subjects to predicate IRIs to objects."""
DocumentOf = Callable[[str], bytes | None]
"""Gives what the document of a record (IRI) says, as it is kept; None where there is none."""
_NO_ROOM = "what documents say cannot be kept in a temporary file"


class _Page:
    """The statements of one document. Its blank nodes get labels that no other document has, the same each time that
    the index is read: those of files are their own, and the store's change with what is stored."""

    def __init__(self, document: str) -> None:
        self.document = document
        self.lines: list[str] = []
        self.nodes: dict[str, str] = {}
        """Its blank nodes, by the labels that they had."""

    def add(self, quad: Quad, subject: Node, *, kept: bool = True) -> None:
        """Adds a statement; only its blank nodes if it is not to be *kept*."""
        value = quad.object
        one = self._label(subject) if isinstance(subject, BlankNode) else subject
        other = self._label(value) if isinstance(value, BlankNode) else value
        if kept:
            self.lines.append(f"{one} {quad.predicate} {other} .\n")

    def _label(self, node: BlankNode) -> str:
        known = self.nodes.get(node.value)
        if known is None:
            if not self.nodes:
                self._prefix = f"_:d{blake2b(self.document.encode(), digest_size=8).hexdigest()}n"
            known = self.nodes[node.value] = f"{self._prefix}{len(self.nodes)}"
        return known

    def packed(self) -> bytes:
        """All of it, as it is kept."""
        return zlib.compress("".join(sorted(self.lines)).encode())


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
        page = _Page("")
        for quad in statements:
            if quad.graph_name != graph:
                self._keep(node, page)
                graph = quad.graph_name
                document = graph if isinstance(graph, NamedNode) else None
                page = _Page(document.value if document else "")
                record = self._base.described(page.document)
                node = NamedNode(record) if record else None
            subject = as_node(quad.subject)
            page.add(quad, subject, kept=node is not None)
            if isinstance(subject, NamedNode) and subject != node and subject != document:  # noqa: PLR1714  (no tuple)
                self._scattered |= any(of(subject.value) for of in (self._base.parts, self._base.described))
            self._scattered |= isinstance(quad.object, Triple)
            yield quad
        self._keep(node, page)

    def _keep(self, node: NamedNode | None, page: _Page) -> None:
        self._labels.extend(map(hash, page.nodes))
        if node is None:
            return
        self.grouped &= node.value not in self._places
        text = page.packed()
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
    page = _Page(snapshot.base.document(thing))
    for quad in snapshot.graph(page.document):
        page.add(quad, as_node(quad.subject))
    return page.packed() if page.lines else None


def told_in(text: bytes) -> Contents:
    """What a document says that is kept, each statement once.

    :raises ValueError: if it is damaged.
    """
    said: Contents = {}
    subject = predicate = ""
    predicates: dict[str, list[Term]] = {}
    values: list[Term] = []
    try:
        lines = zlib.decompress(text).decode().split("\n")
    except zlib.error as fault:
        raise ValueError(f"a document in the index is damaged: {fault}") from None
    del lines[-1:]
    for before, line in pairwise(["", *lines]):  # sorted: what is said of a subject by a predicate stands together
        if line == before:  # a file may say something twice
            continue
        of, by, value = line.split(" ", 2)
        if of != subject:
            subject, predicate = of, ""
            predicates = said[_node(of)] = {}
        if by != predicate:
            predicate = by
            values = predicates[intern(by[1:-1])] = []
        values.append(_term(value[:-2]))
    return said


def _node(text: str) -> Node:
    return node_of(text[1:-1]) if text[0] == "<" else BlankNode(text[2:])


def _term(text: str) -> Term:
    """A term as N-Triples have it."""
    if text[0] != '"':
        return _node(text)
    written, _, tail = text[1:].rpartition('"')
    if "\\" in text or "--" in tail:
        return _parsed(text)
    if not tail:
        return Literal(written)
    return Literal(written, language=tail[1:]) if tail[0] == "@" else Literal(written, datatype=node_of(tail[3:-1]))


def _parsed(text: str) -> Term:
    """A literal with escaped characters, or with a direction."""
    try:
        (triple,) = parse(f"_:x <x:x> {text} .", RdfFormat.N_TRIPLES)
    except SyntaxError as fault:
        raise ValueError(f"a document in the index is damaged: {fault}") from None
    return cast("Term", triple.object)
