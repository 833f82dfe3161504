"""One generation of the embedded store: a checkpoint that is opened read-only, and what it answers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

import pyoxigraph
from pyoxigraph import BlankNode, NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples, RdfFormat

from kgcompare.errors import QueryError, Seam, StoreError, UsageError, reason
from kgcompare.rdf.graph import Term
from kgcompare.rdf.sparql_text import is_of_the_query, names_dataset, unmistakable
from kgcompare.store.base import CLOSED, Results, Solutions, Statements, Verdict
from kgcompare.store.files import files
from kgcompare.store.folder import Folder
from kgcompare.store.history import History
from kgcompare.store.layout import Description
from kgcompare.store.looking import LookUp
from kgcompare.store.sums import FileState, compare_sums, shapes_in
from kgcompare.store.tail import copy_files


def engine(doing: str) -> Seam:
    """What the engine raises becomes a StoreError; *doing* says what cannot be done, such as "X cannot be read"."""
    return Seam((OSError, ValueError, RuntimeError, SyntaxError), lambda why: StoreError(f"{doing}: {why}"))


def answered(store: pyoxigraph.Store, query: str) -> Results:
    """The answer of a store to a query, over the union of its graphs unless the query names its dataset.

    :raises QueryError: if it is malformed or fails.
    :raises StoreError: if the store cannot be read.
    """
    answer: QuerySolutions | QueryBoolean | QueryTriples | None = None
    try:
        with engine("the store cannot be read"):
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
                if isinstance(fault, RuntimeError) and not is_of_the_query(fault):
                    raise StoreError(f"the store cannot be read: {reason(fault)}") from None
                raise QueryError(f"the query cannot be answered: {reason(fault)}") from None
    finally:
        answer = None  # pyoxigraph's iterators must end in the thread that made them


def named(graph: str) -> NamedNode:
    """The name of a graph as a term.

    :raises UsageError: if it is no absolute IRI.
    """
    with Seam((ValueError,), lambda why: UsageError(f"{graph[:200]!r} cannot be the name of a graph: {why}")):
        return NamedNode(graph)


class GenerationGone(Exception):
    """A generation was removed between reading its name and opening it."""


class EmbeddedSnapshot:
    """One generation, opened read-only; its files stay until it is closed or gone."""

    def __init__(
        self, folder: Folder, generation: str, about: Description, live: pyoxigraph.Store | None = None
    ) -> None:
        """*live* is open and says the same: it is read until :meth:`part`, and the files are opened after that."""
        self.generation = generation
        self.base = about.base
        self.contact = about.contact
        self.rewrites = False
        self.keeps_shapes = not about.bare
        self.history = (
            History(folder, generation, about.base) if self.keeps_shapes and folder.history.exists() else None
        )
        self.path = folder.snapshot(generation)
        self.index_path = folder.index(generation)
        self._lock = folder.lock(generation)
        held = folder.hold(generation, self)
        if held is None:
            raise GenerationGone(generation)
        self._let_go = held
        self._store, self._closed = live, False
        try:
            with files(f"generation {generation} of {folder.path} cannot be opened"):
                self._place = self.path.stat()
            self._open  # noqa: B018  (opens it)
        finally:
            if self._store is None:
                held()

    @cached_property
    def shapes_since(self) -> str:
        """The generation that changed the shapes last; see :class:`~kgcompare.store.base.Snapshot`."""
        with files(f"{self._lock} cannot be read"):
            return shapes_in(self._lock)

    def check(self, seen: set[FileState], *, hurried: bool = False) -> None:
        """Compares its files with their check sums, but for those *seen* before; adds those that it read. Where it is
        *hurried* only those are read that somebody has written to since.

        :raises StoreError: if one is not what was written.
        """
        compare_sums(self.path, self._lock, seen, hurried=hurried)

    def is_in_place(self) -> bool:
        """Whether what is open still stands in the store's folder."""
        try:
            return os.path.samestat(self._place, self.path.stat())
        except OSError:
            return False

    @property
    def _open(self) -> pyoxigraph.Store:
        if self._closed:
            raise StoreError(CLOSED)
        if self._store is None:
            with engine(f"generation {self.generation} of {self.path.parents[1]} cannot be opened"):
                self._store = pyoxigraph.Store.read_only(str(self.path))
        return self._store

    def part(self) -> None:
        """From now on its own files are read: somebody is about to write to live/, or to close it."""
        self._store = None

    def let_go(self) -> None:
        """Has others think that nobody reads it; it can be read on as long as nobody removes it."""
        self._let_go()

    def close(self) -> None:
        """Lets go of the files; nothing can be asked of it afterwards."""
        self._store, self._closed = None, True
        self._let_go()

    def query(self, query: str) -> Results:
        """Answers a query; see :class:`~kgcompare.store.base.Snapshot`."""
        return answered(self._open, query)

    def select(self, query: str) -> Solutions:
        """Answers a SELECT; see :class:`~kgcompare.store.base.Snapshot`."""
        answer = self.query(query)
        if not isinstance(answer, Solutions):
            raise QueryError("this is not a SELECT query")
        return answer

    def quads(self) -> Iterator[Quad]:
        """All statements with their graphs, but for those of the history."""
        history = NamedNode(self.base.history_graph)
        with engine(f"the store at {self.path} cannot be read"):
            yield from (quad for quad in self._open if quad.graph_name != history)

    def dump(self, path: Path) -> None:
        """Writes all statements but those of the history to a file, as N-Quads; other threads run meanwhile."""
        left_out = f" <{self.base.history_graph}> .\n".encode()
        whole = path.with_name(path.name + ".part")
        with engine(f"{path} cannot be written"):
            try:
                self._open.dump(str(whole), format=RdfFormat.N_QUADS)
                with whole.open("rb") as lines, path.open("wb") as file:
                    file.writelines(line for line in lines if not line.endswith(left_out))
            finally:
                whole.unlink(missing_ok=True)

    def write_all(self, path: Path) -> int:
        """Writes all that it holds to a file, as N-Quads; gives the number of statements."""
        with engine(f"{path} cannot be written"):
            self._open.dump(str(path), format=RdfFormat.N_QUADS)
            with path.open("rb") as lines:
                return sum(1 for _ in lines)

    def copy_to(self, path: Path) -> None:
        """Makes a checkpoint of it, which may be written to."""
        self._open  # noqa: B018  (else it is closed)
        with files(f"{path} cannot be written"):
            copy_files(self.path, path)

    @property
    def pass_on(self) -> None:
        """None: strangers' queries are answered by workers, which open :attr:`path`."""

    @property
    def look_up(self) -> LookUp:
        """Looks statements up; see :class:`~kgcompare.store.base.Snapshot`."""
        return self._matching

    def _matching(
        self,
        subject: NamedNode | BlankNode | None,
        predicate: NamedNode | None,
        value: Term | None,
        most: int | None = None,
    ) -> Iterator[Quad]:
        with engine(f"the store at {self.path} cannot be read"):
            return iter(list(islice(self._open.quads_for_pattern(subject, predicate, value, None), most)))

    def graph(self, name: str) -> list[Quad]:
        """The statements of one named graph."""
        graph = named(name)
        with engine(f"the store at {self.path} cannot be read"):
            return list(self._open.quads_for_pattern(None, None, None, graph))

    def prefetch(self, names: Collection[str]) -> None:
        """Nothing: a graph is read when it is asked for."""

    def has_records(self) -> bool:
        """Whether there is the graph of a record."""
        with engine(f"the store at {self.path} cannot be read"):
            graphs = self._open.named_graphs()
            return any(isinstance(graph, NamedNode) and self.base.is_of_record(graph.value) for graph in graphs)

    def graphs(self) -> list[str]:
        """The names of the named graphs."""
        with engine(f"the store at {self.path} cannot be read"):
            return [graph.value for graph in self._open.named_graphs() if isinstance(graph, NamedNode)]
