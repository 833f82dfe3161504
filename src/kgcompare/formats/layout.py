"""How statements are laid out in Turtle and JSON-LD: which blank nodes stand within others, what is a list, and which
names are written in short.

Everything here is linear, and nothing follows blank nodes deeper than :data:`DEEPEST`: what lies deeper gets a label
and stands by itself.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Container, Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.rdf.graph import Node, Term, as_node, as_term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import RDF_FIRST, RDF_NIL, RDF_REST

DEEPEST = 20
"""Levels of structures that stand within each other."""
Order = Callable[[BlankNode], tuple[int, str]]
"""Where a blank node stands among its siblings."""
KIND = re.compile(r"[a-z][a-z0-9-]*\Z")
"""Kinds of records that can be a prefix."""
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\Z")
"""Ends of IRIs that need no escapes in Turtle and mean nothing else in JSON-LD."""


class ShortNames:
    """Short names of IRIs, and the prefixes that they take."""

    def __init__(self, base: str, without: Container[str] = ()) -> None:
        """With prefixes of ours, and of the kinds of records under *base*; *without* some."""
        self.used: dict[str, str] = {}
        self._records = f"{base}id/"
        self._without = without
        self._prefixes = {namespace: prefix for prefix, namespace in PREFIXES.items()}

    def short(self, iri: str) -> str | None:
        """``prefix:name``, or None where there is no prefix or the name would need escapes."""
        start = max(iri.rfind("/"), iri.rfind("#")) + 1
        namespace, local = iri[:start], iri[start:]
        prefix = self._prefixes.get(namespace)
        if prefix is None and namespace.startswith(self._records):
            kind = namespace[len(self._records) : -1]
            prefix = kind if KIND.match(kind) and kind not in PREFIXES else None
        if prefix is None or prefix in self._without or not _LOCAL.match(local):
            return None
        self.used[prefix] = namespace
        return f"{prefix}:{local}"


class Layout:
    """Statements by subject and predicate, each once, and the labels of the blank nodes that need one."""

    def __init__(self, triples: Iterable[Triple], order: Order | None = None) -> None:
        """Of some statements; without an *order* blank nodes stand as they come.

        :raises DataError: for a triple term (RDF 1.2).
        """
        self._index: dict[Node, dict[str, list[Term]]] = {}
        self._references: Counter[Term] = Counter()
        for triple in dict.fromkeys(triples):
            value = as_term(triple.object)
            self._index.setdefault(as_node(triple.subject), {}).setdefault(triple.predicate.value, []).append(value)
            self._references[value] += 1
        self._order = order
        self._labels: dict[Node, str] = {}
        self._labelled: deque[Node] = deque()
        self._written: set[Node] = set()
        self._no_lists: set[Node] = set()

    def subjects(self) -> Iterator[Node]:
        """The subjects that stand by themselves: those with an IRI, then blank nodes that stand within nothing.

        What is led to least comes first. To be written as they come: what is :meth:`within` others is settled then.
        """
        named: list[Node] = [node for node in self._index if isinstance(node, NamedNode)]
        apart = [node for node in self._index if isinstance(node, BlankNode) and self._references[node] != 1]
        roots = sorted(named, key=lambda node: (self._references[node], node.value))
        roots += sorted(apart, key=lambda node: self._references[node])
        for node in (*roots, *self._index):  # what is not a root and is left leads to itself
            if node in self._written:
                continue
            if isinstance(node, BlankNode) and self._references[node]:
                self.label(node)
            else:
                yield node
            while self._labelled:
                yield self._labelled.popleft()

    def label(self, node: BlankNode) -> str:
        """The label of a blank node, such as ``b1``; it stands by itself then."""
        if node not in self._labels:
            self._labels[node] = f"b{len(self._labels) + 1}"
            if node in self._index:
                self._labelled.append(node)
        return self._labels[node]

    def labelled(self, node: Node) -> bool:
        """Whether a blank node has a label already."""
        return node in self._labels

    def within(self, node: Term, level: int) -> bool:
        """Whether a blank node stands within the one thing that leads to it, *level* levels deep."""
        return level < DEEPEST and self._once(node)

    def _once(self, node: Term) -> bool:
        return isinstance(node, BlankNode) and self._references[node] == 1 and node not in self._labels

    def description(self, node: Node) -> list[tuple[str, list[Term]]]:
        """What is said of a subject, by predicate; it counts as written."""
        self._written.add(node)
        return [(predicate, self._ordered(values)) for predicate, values in sorted(self._index.get(node, {}).items())]

    def _ordered(self, values: list[Term]) -> list[Term]:
        if len(values) == 1:
            return values
        nodes = [value for value in values if isinstance(value, BlankNode)]
        if self._order is not None and len(nodes) > 1:
            nodes.sort(key=self._order)
        return [*sorted((value for value in values if not isinstance(value, BlankNode)), key=_place), *nodes]

    def members(self, head: Term) -> list[Term] | None:
        """The members of a well-formed list that one thing leads to, which counts as written; None for all else."""
        cells: list[Node] = []
        members: list[Term] = []
        at = head
        while isinstance(at, BlankNode) and self._once(at) and at not in self._no_lists:
            cells.append(at)
            said = self._index.get(at, {})
            if said.keys() != {RDF_FIRST, RDF_REST} or any(len(values) > 1 for values in said.values()):
                break
            members.append(said[RDF_FIRST][0])
            at = said[RDF_REST][0]
        if at != NamedNode(RDF_NIL):
            self._no_lists.update(cells)
            return None
        self._written.update(cells)
        return members


def _place(value: Term) -> tuple[bool, str, str]:
    """Where a value stands: things, then texts by language."""
    if isinstance(value, Literal):
        return True, value.language or "", value.value
    return False, "", str(value)
