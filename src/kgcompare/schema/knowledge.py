"""What is known of nodes: by the records in question, and by a store of everything else, read when it is asked for.

Documents of the store come whole, by their names, so that blank nodes mean something; those that are among the records
in question are not looked at there. Where a store has no documents of ours, things are asked for by their IRIs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import is_defined, is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import RDF_TYPE
from kgcompare.store import Snapshot

_AT_ONCE = 500
_TYPE = NamedNode(RDF_TYPE)


class Knowledge:
    """Statements about nodes, forwards and backwards."""

    def __init__(
        self, documents: Mapping[str, Graph], snapshot: Snapshot | None, read: Callable[[str], Graph] | None = None
    ) -> None:
        """*read* gives a document of the store, by its name; from *snapshot* itself if left out."""
        self._document = read or self._from_snapshot
        self._given = documents
        self._snapshot = snapshot
        self._index: dict[Node, Mapping[str, Iterable[Term]]] = {}
        self._joined: dict[Node, dict[str, dict[Term, None]]] = {}
        """Of these what is said of nodes by several graphs."""
        self._holders: dict[str, dict[Term, dict[Node, None]]] = {}
        """By predicate the subjects of each value, of those predicates that were asked for."""
        self._read: set[str] = set()
        self._typed: set[Node] = set()
        self._asked: set[tuple[str, Term]] = set()
        self._homes: dict[Node, str] = {}
        """The documents of the store that blank nodes stand in."""
        for graph in documents.values():
            self._take(graph)

    def _take(self, graph: Graph) -> None:
        """Adds what a graph says, which is held, not copied."""
        for subject in graph.subjects():
            said = graph.description(subject)
            if self._index.setdefault(subject, said) is not said:
                self._join(subject, said)
            for predicate, holders in self._holders.items():
                for value in said.get(predicate, ()):
                    holders.setdefault(value, {})[subject] = None

    def _join(self, subject: Node, said: Mapping[str, Iterable[Term]]) -> None:
        if subject not in self._joined:
            copy = {predicate: dict.fromkeys(values) for predicate, values in self._index[subject].items()}
            self._index[subject] = self._joined[subject] = copy
        for predicate, values in said.items():
            self._joined[subject].setdefault(predicate, {}).update(dict.fromkeys(values))

    def _held(self, predicate: str) -> Mapping[Term, Iterable[Node]]:
        """The subjects of each value of a predicate."""
        if predicate not in self._holders:
            holders: dict[Term, dict[Node, None]] = {}
            for subject, said in self._index.items():
                for value in said.get(predicate, ()):
                    holders.setdefault(value, {})[subject] = None
            self._holders[predicate] = holders
        return self._holders[predicate]

    def read(self, nodes: Iterable[Term]) -> None:
        """Reads what the store says of some nodes, in few questions."""
        if self._snapshot is None:
            return
        fresh: dict[str, NamedNode] = {}
        for node in nodes:
            if isinstance(node, NamedNode) and is_safe_iri(node.value) and not is_defined(node.value):
                name = self._snapshot.base.document(node.value)
                if name not in self._read and name not in self._given:
                    fresh[name] = node
        self._read.update(fresh)
        if self._snapshot.keeps_shapes:
            self._snapshot.prefetch(fresh)
            for name in fresh:
                self._take_document(name)
            return
        asked = list(fresh.values())
        for start in range(0, len(asked), _AT_ONCE):
            few = asked[start : start + _AT_ONCE]
            text = load("record").bind(method=few, method__inverse=[])
            for _, subject, predicate, value in self._snapshot.select(text).rows:
                if subject is not None and predicate is not None and value is not None:
                    self._take(Graph([Triple(subject, predicate, value)]))  # type: ignore[arg-type]

    def read_types(self, nodes: Iterable[Term]) -> None:
        """Reads what the store says that some nodes are: no more, where that takes a look-up."""
        look_up = self._snapshot.look_up if self._snapshot is not None and self._snapshot.keeps_shapes else None
        if look_up is None or self._snapshot is None:
            self.read(nodes)
            return
        for node in nodes:
            if isinstance(node, NamedNode) and is_safe_iri(node.value) and not is_defined(node.value):
                name = self._snapshot.base.document(node.value)
                if name not in self._read and name not in self._given and node not in self._typed:
                    self._typed.add(node)
                    self._take(Graph(q.triple for q in look_up(node, _TYPE, None) if q.graph_name == NamedNode(name)))

    def _from_snapshot(self, name: str) -> Graph:
        quads = self._snapshot.graph(name) if self._snapshot is not None else []
        return Graph(quad.triple for quad in quads)

    def _take_document(self, name: str) -> None:
        if self._snapshot is not None:
            self._read.add(name)
            graph = self._document(name)
            self._take(graph)
            self._homes.update((node, name) for node in graph.subjects() if isinstance(node, BlankNode))

    def description(self, node: Term) -> Mapping[str, Iterable[Term]]:
        """All that is known of a node that was read."""
        return {} if isinstance(node, Literal) else self._index.get(node, {})

    def objects(self, node: Term, predicate: str) -> Iterable[Term]:
        """What a node that was read has by a predicate."""
        return self.description(node).get(predicate, ())

    def subjects(self, predicate: str, nodes: Iterable[Term]) -> dict[Term, list[Node]]:
        """What has some nodes by a predicate, the store's included."""
        nodes = list(nodes)
        if self._snapshot is not None and is_safe_iri(predicate):
            named = [node for node in nodes if not isinstance(node, BlankNode) and _can_be_asked(node)]
            asked = [node for node in named if (predicate, node) not in self._asked]
            self._asked.update((predicate, node) for node in asked)
            for start in range(0, len(asked), _AT_ONCE):
                self._ask(predicate, asked[start : start + _AT_ONCE], self._snapshot)
        held = self._held(predicate)
        return {node: list(held.get(node, ())) for node in nodes}

    def step(self, nodes: Iterable[Term], predicate: str, back: bool = False) -> set[Term]:
        """Where a predicate leads to from some nodes, or where it comes from if *back*."""
        nodes = list(nodes)
        if back:
            return {subject for subjects in self.subjects(predicate, nodes).values() for subject in subjects}
        self.read(nodes)
        return {value for node in nodes for value in self.objects(node, predicate)}

    def stored(self, nodes: Iterable[Term]) -> dict[str, Graph]:
        """The documents of the store in which some nodes are described, without those in question."""
        if self._snapshot is None:
            return {}
        found: dict[str, Graph] = {}
        for node in nodes:
            name = self._homes.get(node, "") if isinstance(node, BlankNode) else ""
            if isinstance(node, NamedNode) and is_safe_iri(node.value) and not is_defined(node.value):
                name = self._snapshot.base.document(node.value)
            if not name or name in self._given or name in found:
                continue
            if self._snapshot.keeps_shapes:
                said = self._document(name)
            else:
                self.read([node])
                said = Graph((node, NamedNode(p), v) for p, vs in self.description(node).items() for v in vs)  # type: ignore[misc]
            if said.subjects():
                found[name] = said
        return found

    def _ask(self, predicate: str, nodes: list[NamedNode | Literal], snapshot: Snapshot) -> None:
        led, look_up = NamedNode(predicate), snapshot.look_up
        if look_up is not None:
            found = ((node, quad.subject, quad.graph_name) for node in nodes for quad in look_up(None, led, node))
            rows: Iterable[tuple[Any, ...]] = dict.fromkeys(found)
        else:
            rows = snapshot.select(load("subjects_of").bind(thing__predicate=[(node, led) for node in nodes])).rows
        for thing, subject, graph in rows:
            if snapshot.keeps_shapes:
                name = getattr(graph, "value", "")
                if snapshot.base.is_document(name) and name not in self._read and name not in self._given:
                    self._take_document(name)
            elif isinstance(subject, NamedNode) and thing and snapshot.base.document(subject.value) not in self._given:
                self._take(Graph([(subject, NamedNode(predicate), thing)]))


def _can_be_asked(node: Term) -> bool:
    """Whether a query can name a node."""
    if isinstance(node, Literal):
        return node.direction is None
    return isinstance(node, NamedNode) and is_safe_iri(node.value)
