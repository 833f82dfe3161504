"""The embedded store: pyoxigraph (RocksDB) behind generations.

Readers open checkpoints read-only; one writer at a time writes live/, flushes it to disk, and publishes
the next generation. A writer that dies leaves ``current`` where it was, and the next one starts again
from there.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph
from pyoxigraph import NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples, RdfFormat

from kgcompare.errors import QueryError, Seam, StoreError, SyntaxFault, UsageError, reason
from kgcompare.rdf.namespaces import DEFAULT_BASE, checked_base
from kgcompare.rdf.queries import load, with_data, with_graph
from kgcompare.rdf.sparql_text import names_dataset, unmistakable
from kgcompare.store.base import Prepare, Results, Solutions, Statements, Verdict
from kgcompare.store.folder import Description, Folder

_BULK = 50_000
"""Statements from which the bulk loader is worth its start-up cost."""


def _engine(doing: str) -> Seam:
    """What the engine raises becomes a StoreError; *doing* says what cannot be done, such as "X cannot be read"."""
    return Seam((OSError, ValueError, RuntimeError, SyntaxError), lambda why: StoreError(f"{doing}: {why}"))


def _answer(store: pyoxigraph.Store, query: str) -> Results:
    answer: QuerySolutions | QueryBoolean | QueryTriples | None = None
    try:
        with _engine("the store cannot be read"):
            try:
                query = unmistakable(query)
                answer = store.query(query, use_default_graph_as_union=not names_dataset(query))
                if isinstance(answer, QuerySolutions):
                    variables = tuple(variable.value for variable in answer.variables)
                    return Solutions(variables, [tuple(solution) for solution in answer])
                if isinstance(answer, QueryBoolean):
                    return Verdict(bool(answer))
                return Statements(list(answer))
            except SyntaxError as fault:
                raise QueryError(f"the query is not SPARQL 1.1: {fault}") from None
            except (ValueError, RuntimeError) as fault:
                fault.with_traceback(None)  # its frames hold the iterator
                raise QueryError(f"the query cannot be answered: {reason(fault)}") from None
    finally:
        answer = None  # pyoxigraph's iterators must end in the thread that made them


def _named(graph: str) -> NamedNode:
    """The name of a graph as a term.

    :raises UsageError: if it is no absolute IRI.
    """
    with Seam((ValueError,), lambda why: UsageError(f"{graph[:200]!r} cannot be the name of a graph: {why}")):
        return NamedNode(graph)


class EmbeddedSnapshot:
    """One generation, opened read-only; its files stay for as long as this object lives."""

    def __init__(self, folder: Folder, generation: str, about: Description) -> None:
        self.generation = generation
        self.base = about.base
        self.keeps_shapes = not about.bare
        self.path = folder.snapshot(generation)
        self.index_path = folder.index(generation)
        if not folder.hold(generation, self):
            raise _GenerationGone(generation)
        with _engine(f"generation {generation} of {folder.path} cannot be opened"):
            self._store = pyoxigraph.Store.read_only(str(self.path))

    def query(self, query: str) -> Results:
        """Answers a query; see :class:`~kgcompare.store.base.Snapshot`."""
        return _answer(self._store, query)

    def select(self, query: str) -> Solutions:
        """Answers a SELECT; see :class:`~kgcompare.store.base.Snapshot`."""
        answer = self.query(query)
        if not isinstance(answer, Solutions):
            raise QueryError("this is not a SELECT query")
        return answer

    def quads(self) -> Iterator[Quad]:
        """All statements with their graphs."""
        with _engine(f"the store at {self.path} cannot be read"):
            yield from self._store

    def dump(self, path: Path) -> None:
        """Writes all statements with their graphs to a file, as N-Quads; other threads run meanwhile."""
        with _engine(f"{path} cannot be written"):
            self._store.dump(str(path), format=RdfFormat.N_QUADS)

    def graph(self, name: str) -> list[Quad]:
        """The statements of one named graph."""
        graph = _named(name)
        with _engine(f"the store at {self.path} cannot be read"):
            return list(self._store.quads_for_pattern(None, None, None, graph))

    def graphs(self) -> list[str]:
        """The names of the named graphs."""
        with _engine(f"the store at {self.path} cannot be read"):
            return [graph.value for graph in self._store.named_graphs() if isinstance(graph, NamedNode)]


def _in_graph(graph: NamedNode, quads: Iterable[Quad]) -> Iterator[Quad]:
    return (Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads)


class _GenerationGone(Exception):
    """A generation was removed between reading its name and opening it."""


def snapshot_at(path: Path) -> EmbeddedSnapshot:
    """The generation in a snapshot's folder (:attr:`Snapshot.path`), for a process beside the one that has it open.

    :raises StoreError: if it is gone, or cannot be opened.
    """
    folder = Folder(path.parents[1])
    try:
        return EmbeddedSnapshot(folder, path.name, folder.describe())
    except _GenerationGone:
        raise StoreError(f"the store at {folder.path} has no generation {path.name} any more") from None


class EmbeddedStore:
    """A store folder, for reading. Cheap to ask for its newest snapshot at every request."""

    def __init__(self, path: Path) -> None:
        """Opens the folder.

        :raises StoreMissing: if there is no store.
        :raises StoreError: if it cannot be used.
        """
        self.folder = Folder(path)
        self.about = self.folder.describe()
        self._opening = threading.Lock()
        self._stamp = self.folder.stamp()
        self._snapshot = self._open()

    @property
    def identity(self) -> str:
        """Tells this store from every other one."""
        return self.about.identity

    def snapshot(self) -> EmbeddedSnapshot:
        """The newest generation; the one before it while another thread is opening the newest."""
        stamp = self.folder.stamp()
        if stamp != self._stamp and self._opening.acquire(blocking=False):
            try:
                self._snapshot = self._open()
                self._stamp = stamp
            finally:
                self._opening.release()
        return self._snapshot

    def opened(self) -> EmbeddedSnapshot | None:
        """The newest generation, if it is open already."""
        return self._snapshot if self.folder.stamp() == self._stamp else None

    def _open(self) -> EmbeddedSnapshot:
        for _ in range(100):
            generation = self.folder.current()
            if generation is None:
                break
            try:
                return EmbeddedSnapshot(self.folder, generation, self.about)
            except _GenerationGone:
                continue  # a writer has published another one and removed this
        raise StoreError(f"the store at {self.folder.path} has no generation to read")


class Writer:
    """Writes to a store while it holds its lock; see :func:`writing`."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.about = folder.describe()
        self._live: pyoxigraph.Store | None = None

    def latest(self) -> EmbeddedSnapshot | None:
        """The newest generation, which cannot change while the lock is held; None in an empty store."""
        generation = self.folder.current()
        try:
            return EmbeddedSnapshot(self.folder, generation, self.about) if generation else None
        except _GenerationGone:
            raise StoreError(f"the store at {self.folder.path} has no generation {generation} any more") from None

    def _open(self) -> pyoxigraph.Store:
        if self._live is None:
            with self._writing():
                if self.folder.unfinished.exists() or not self.folder.live.is_dir():
                    self._restore()
                self.folder.unfinished.touch()
                self._live = pyoxigraph.Store(str(self.folder.live))
        return self._live

    def _writing(self) -> Seam:
        return _engine(f"the store at {self.folder.path} cannot be written")

    def _restore(self) -> None:
        shutil.rmtree(self.folder.live, ignore_errors=True)
        generation = self.folder.current()
        if generation is not None:
            pyoxigraph.Store.read_only(str(self.folder.snapshot(generation))).backup(str(self.folder.live))

    def add(self, quads: Iterable[Quad]) -> None:
        """Adds statements, all or none of them."""
        live = self._open()
        statements = quads if isinstance(quads, list) else list(quads)
        with self._writing():
            if len(statements) >= _BULK:
                live.bulk_extend(statements)
            else:
                live.extend(statements)

    def load(self, path: Path, media: RdfFormat) -> None:
        """Adds a file of quads exactly as it is, in bulk.

        :raises SyntaxFault: if it cannot be read.
        """
        live = self._open()
        with _engine(f"{path} cannot be loaded"):
            try:
                live.bulk_load(path=str(path), format=media)
            except SyntaxError as fault:
                raise SyntaxFault(fault.msg, str(path), fault.lineno) from None

    def replace(self, graphs: dict[str, list[Quad]]) -> None:
        """Replaces whole graphs in one transaction; an empty list removes one and its name."""
        filled = {_named(name): quads for name, quads in graphs.items() if quads}
        gone = [_named(name) for name, quads in graphs.items() if not quads]
        data = (quad for graph, quads in filled.items() for quad in _in_graph(graph, quads))
        updates = [with_graph(load("drop_graph").text, graph) for graph in gone]
        updates.append(with_data(load("replace_graphs").bind(graph=filled), data))
        live = self._open()
        with self._writing():
            live.update(";\n".join(updates))

    def publish(self, prepare: Prepare) -> str:
        """Flushes what was written to disk and makes it the next generation; returns that generation's name.

        *prepare* makes the derived index beside it before anybody reads it.
        """
        generation = self.folder.following()
        with self._writing():
            # No name here holds live/: what *prepare* raises may keep this frame, and live/ has to close with the lock.
            self._open().flush()
            self.folder.prepare(generation)
            self._open().backup(str(self.folder.snapshot(generation)))
            prepare(EmbeddedSnapshot(self.folder, generation, self.about), self.folder.index(generation))
            self.folder.set_current(generation)
            self.folder.unfinished.unlink()
            self.folder.remove_old()
        return generation

    def close(self) -> None:
        """Lets go of live/."""
        self._live = None


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Holds a store's lock and writes to it; nothing is seen by readers until it is published.

    :raises StoreError: if the store cannot be used.
    """
    folder = Folder(path)
    folder.describe()
    with folder.writing():
        writer = Writer(folder)
        try:
            yield writer
        finally:
            writer.close()


def create(path: Path, base: str = DEFAULT_BASE, *, bare: bool = False) -> None:
    """Makes an empty store folder.

    :raises StoreError: if there is one already, or if it cannot be made.
    :raises UsageError: if *base* cannot be one.
    """
    checked_base(base)
    folder = Folder(path)
    if folder.exists():
        raise StoreError(f"there is a store at {path} already")
    folder.create(base, bare=bare)
