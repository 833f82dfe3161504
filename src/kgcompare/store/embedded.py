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
from typing import Any

import pyoxigraph
from pyoxigraph import NamedNode, Quad, QueryBoolean, QuerySolutions, RdfFormat

from kgcompare.errors import QueryError, StoreError, SyntaxFault
from kgcompare.rdf.namespaces import DEFAULT_BASE
from kgcompare.rdf.queries import load, with_data
from kgcompare.rdf.sparql_text import names_dataset
from kgcompare.store.base import Prepare, Results, Solutions, Statements, Verdict
from kgcompare.store.folder import Description, Folder

_BULK = 50_000
"""Statements from which the bulk loader is worth its start-up cost."""


def _answer(store: pyoxigraph.Store, query: str) -> Results:
    dataset: dict[str, Any] = {} if names_dataset(query) else {"use_default_graph_as_union": True}
    found: Any = None
    try:
        found = store.query(query, **dataset)
        if isinstance(found, QuerySolutions):
            variables = tuple(variable.value for variable in found.variables)
            return Solutions(variables, [tuple(solution) for solution in found])
        if isinstance(found, QueryBoolean):
            return Verdict(bool(found))
        return Statements(list(found))
    except SyntaxError as fault:
        raise QueryError(f"the query is not SPARQL 1.1: {fault}") from None
    except (ValueError, RuntimeError) as fault:
        fault.with_traceback(None)  # its frames hold the iterator
        raise QueryError(f"the query cannot be answered: {fault}") from None
    except OSError as fault:
        raise StoreError(f"the store cannot be read: {fault}") from None
    finally:
        found = None  # pyoxigraph's iterators must end in the thread that made them


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
        try:
            self._store = pyoxigraph.Store.read_only(str(self.path))
        except OSError as fault:
            raise StoreError(f"generation {generation} of {folder.path} cannot be opened: {fault}") from None

    def query(self, query: str) -> Results:
        """Answers a query; see :class:`~kgcompare.store.base.Snapshot`."""
        return _answer(self._store, query)

    def select(self, query: str) -> Solutions:
        """Answers a SELECT; see :class:`~kgcompare.store.base.Snapshot`."""
        found = self.query(query)
        if not isinstance(found, Solutions):
            raise QueryError("this is not a SELECT query")
        return found

    def quads(self) -> Iterator[Quad]:
        """All statements with their graphs."""
        return iter(self._store)

    def dump(self, path: Path) -> None:
        """Writes all statements with their graphs to a file, as N-Quads; other threads run meanwhile."""
        try:
            self._store.dump(str(path), format=RdfFormat.N_QUADS)
        except OSError as fault:
            raise StoreError(f"{path} cannot be written: {fault}") from None

    def graph(self, name: str) -> list[Quad]:
        """The statements of one named graph."""
        return list(self._store.quads_for_pattern(None, None, None, NamedNode(name)))

    def graphs(self) -> list[str]:
        """The names of the named graphs."""
        return [graph.value for graph in self._store.named_graphs() if isinstance(graph, NamedNode)]


def _in_graph(name: str, quads: Iterable[Quad]) -> Iterator[Quad]:
    graph = NamedNode(name)
    return (Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads)


class _GenerationGone(Exception):
    """A generation was removed between reading its name and opening it."""


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
        return EmbeddedSnapshot(self.folder, generation, self.about) if generation else None

    def _open(self) -> pyoxigraph.Store:
        if self._live is None:
            try:
                if self.folder.unfinished.exists():
                    self._restore()
                self.folder.unfinished.touch()
                self._live = pyoxigraph.Store(str(self.folder.live))
            except OSError as fault:
                raise StoreError(f"the store at {self.folder.path} cannot be written: {fault}") from None
        return self._live

    def _restore(self) -> None:
        shutil.rmtree(self.folder.live, ignore_errors=True)
        generation = self.folder.current()
        if generation is not None:
            pyoxigraph.Store.read_only(str(self.folder.snapshot(generation))).backup(str(self.folder.live))

    def add(self, quads: Iterable[Quad]) -> None:
        """Adds statements, all or none of them."""
        live = self._open()
        statements = quads if isinstance(quads, list) else list(quads)
        try:
            if len(statements) >= _BULK:
                live.bulk_extend(statements)
            else:
                live.extend(statements)
        except OSError as fault:
            raise StoreError(f"the store at {self.folder.path} cannot be written: {fault}") from None

    def load(self, path: Path, media: RdfFormat) -> None:
        """Adds a file of quads exactly as it is, in bulk.

        :raises SyntaxFault: if it cannot be read.
        """
        live = self._open()
        try:
            live.bulk_load(path=str(path), format=media)
        except SyntaxError as fault:
            raise SyntaxFault(fault.msg, str(path), fault.lineno) from None
        except OSError as fault:
            raise StoreError(f"{path} cannot be loaded: {fault}") from None

    def replace(self, graphs: dict[str, list[Quad]]) -> None:
        """Replaces whole graphs in one transaction; an empty list removes one."""
        live = self._open()
        update = load("replace_graphs").bind(graph=map(NamedNode, graphs))
        said = (quad for name, quads in graphs.items() for quad in _in_graph(name, quads))
        try:
            live.update(with_data(update, said))
            for name in (name for name, quads in graphs.items() if not quads):
                live.remove_graph(NamedNode(name))  # its name: nothing stands in it any more
        except (SyntaxError, ValueError, OSError) as fault:
            raise StoreError(f"the store at {self.folder.path} cannot be written: {fault}") from None

    def publish(self, prepare: Prepare) -> str:
        """Flushes what was written to disk and makes it the next generation; returns that generation's name.

        *prepare* makes the derived index beside it before anybody reads it.
        """
        live = self._open()
        generation = str(int(self.folder.current() or "0") + 1)
        try:
            live.flush()
            self.folder.prepare(generation)
            live.backup(str(self.folder.snapshot(generation)))
            prepare(EmbeddedSnapshot(self.folder, generation, self.about), self.folder.index(generation))
            self.folder.set_current(generation)
            self.folder.unfinished.unlink()
            self.folder.remove_old()
        except OSError as fault:
            raise StoreError(f"the store at {self.folder.path} cannot be written: {fault}") from None
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
    """
    folder = Folder(path)
    if folder.exists():
        raise StoreError(f"there is a store at {path} already")
    folder.create(base, bare=bare)
