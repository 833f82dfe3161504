"""What each record of a store says, as its document has it, kept in the index: all of it by one look-up.

The engine looks up each term of each statement by itself, which takes some milliseconds a record. What a document says
is kept as lines, sorted and in zlib's form: a subject, then predicate and value of each statement about it, the
predicate only where it is another than before. Terms are those of N-Triples. Nothing is kept where a document does not
tell all that is said of its record: where trusted quads speak of a thing in the graph of another one, two graphs share
a blank node, or there are triple terms.
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
_OFTEN = "".join(
    f"<{namespace}{name}> <"
    for namespace, names in (
        ("http://www.w3.org/2001/XMLSchema#", "boolean gYear integer date"),
        ("http://id.loc.gov/datatypes/edtf/", "EDTF"),
        ("http://xmlns.com/foaf/0.1/", "Organization Person givenName familyName name"),
        ("http://purl.org/ontology/bibo/", "uri Document volume pages doi authorList"),
        ("http://purl.org/dc/terms/", "source publisher issued isPartOf title type subject license created creator"),
        ("http://www.w3.org/2004/02/skos/core#", "Concept broader inScheme hiddenLabel altLabel definition prefLabel"),
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "nil rest first type"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "."),
        ("https://schema.org/", "DefinedTerm"),
        ("https://w3id.org/kgcompare/", "id/concept/ id/source/ id/agent/ doc/method/ id/method/"),
        (
            "https://w3id.org/kgcompare/ns#",
            "absence row reason aim takes assumes gives chooseWhen avoidWhen implementation",
        ),
        (
            "https://w3id.org/kgcompare/ns#",
            "evaluatedWith combines extends alternativeTo oftenConfusedWith specialises",
        ),
        ("https://w3id.org/kgcompare/ns#", "Method originEnd originStart origin origination order agentList etAl"),
        (
            "https://w3id.org/kgcompare/ns#",
            "contribution IndependentText checked family foundingSource comparisonKey related",
        ),
    )
    for name in names.split()
).encode()
"""What is in many documents, which zlib then need not write in each. An index is read with the one that it was written
with: :data:`~kgcompare.search.whole.FORMAT` goes up when it changes."""
_BEGUN = zlib.compressobj(wbits=13, memLevel=6, zdict=_OFTEN)
"""Begins each document; it has room for 8 KiB, as most are shorter, and is copied sooner than one is begun."""
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
        self.said: dict[str, list[str]] = {}
        """Predicates and values, as they are written, by subject."""
        self.nodes: dict[str, str] = {}
        """Its blank nodes, by the labels that they had."""
        self._lines: list[str] = []
        """What is said of the subject that it is about."""

    def about(self, subject: Node) -> None:
        """What is added from now on is said of a subject."""
        one = self._label(subject) if isinstance(subject, BlankNode) else str(subject)
        self._lines = self.said.setdefault(one, [])

    def add(self, predicate: NamedNode, value: Term | Triple) -> None:
        """Adds a predicate and its value."""
        self._lines.append(f"{predicate} {self._label(value) if isinstance(value, BlankNode) else value}")

    def _label(self, node: BlankNode) -> str:
        known = self.nodes.get(node.value)
        if known is None:
            if not self.nodes:
                self._prefix = f"_:d{blake2b(self.document.encode(), digest_size=8).hexdigest()}n"
            known = self.nodes[node.value] = f"{self._prefix}{len(self.nodes)}"
        return known

    def packed(self) -> bytes:
        """All of it, as it is kept."""
        lines = []
        for subject in sorted(self.said):
            lines.append(subject)
            before = predicate = ""
            for line in sorted(self.said[subject]):
                if line == before:  # a file may say something twice
                    continue
                before, (by, _, value) = line, line.partition(" ")
                lines.append(f" {value}" if by == predicate else line)
                predicate = by
        packing = _BEGUN.copy()
        return packing.compress("\n".join(lines).encode()) + packing.flush()


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
        last: object = None
        node = document = None
        page = _Page("")
        for quad in statements:
            if quad.graph_name != graph:
                self._keep(node, page)
                graph, last = quad.graph_name, None
                document = graph if isinstance(graph, NamedNode) else None
                page = _Page(document.value if document else "")
                record = self._base.described(page.document)
                node = NamedNode(record) if record else None
            if quad.subject != last:  # most come after others about the same
                last = subject = as_node(quad.subject)
                page.about(subject)
                if isinstance(subject, NamedNode) and subject not in {node, document}:
                    self._scattered |= any(of(subject.value) for of in (self._base.parts, self._base.described))
            value = quad.object
            page.add(quad.predicate, value)
            self._scattered |= isinstance(value, Triple)
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
        page.about(as_node(quad.subject))
        page.add(quad.predicate, quad.object)
    return page.packed() if page.said else None


def told_in(text: bytes) -> Contents:
    """What a document says that is kept, each statement once.

    :raises ValueError: if it is damaged.
    """
    said: Contents = {}
    predicates: dict[str, list[Term]] = {}
    values: list[Term] = []
    reading = zlib.decompressobj(zdict=_OFTEN)
    try:
        lines = reading.decompress(text).decode().split("\n")
    except zlib.error as fault:
        raise ValueError(f"a document in the index is damaged: {fault}") from None
    if not reading.eof:
        raise ValueError("a document in the index is damaged: it was cut off")
    for line in lines:
        by, apart, value = line.partition(" ")
        if not apart:
            predicates = said[_node(by)] = {}
            continue
        if by:
            values = predicates[intern(by[1:-1])] = []
        values.append(_term(value))
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
