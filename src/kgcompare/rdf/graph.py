"""A small RDF graph in memory, indexed by subject: what readers of one record need and no more.

Terms are pyoxigraph's, which cost less to make than rdflib's and refuse ill-formed IRIs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from sys import intern

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import DataError
from kgcompare.rdf.keys import value_key
from kgcompare.rdf.terms import KGC_COMPARISON_KEY, KGC_ET_AL, KGC_ORDER, RDF_FIRST, RDF_NIL, RDF_REST, RDF_TYPE

Node = NamedNode | BlankNode
Term = NamedNode | BlankNode | Literal

node_of = lru_cache(maxsize=4096)(NamedNode)
"""The node of an IRI: to make one takes a microsecond, as the IRI is parsed."""
_NIL = NamedNode(RDF_NIL)
_MEMBER = RDF_NIL.removesuffix("nil") + "_"
_NOT_SAID = {KGC_ORDER, KGC_COMPARISON_KEY}
_FALSE = ("false", "0")
_MOST_FORMS = 1_000
"""Forms of one structure from which on a node in a circle has one form too, wherever one comes from."""
_LONGEST = 4 * 1024
"""Characters of a structure's canonical form from which on its digest stands for it."""


def as_term(term: Term | Triple) -> Term:
    """A term of RDF 1.1, as it is.

    :raises DataError: for a triple term.
    """
    if isinstance(term, Triple):
        raise DataError(f"triple terms (RDF 1.2) are not accepted: {str(term)[:200]}")
    return term


def as_node(term: Term | Triple | None) -> Node:
    """What can be a subject in RDF 1.1, as it is.

    :raises DataError: for a literal, for a triple term and for nothing.
    """
    if isinstance(term, NamedNode | BlankNode):
        return term
    raise DataError(f"this cannot be a subject: {str(term)[:200]}")


EMPTY, _TERM = 1000, 250
"""Bytes of memory that an empty graph and its place take, and a statement beside its value."""
_FEW = 16
"""Values up to which it is quicker to look through them than to keep a set of them."""


def _text_of(term: Term | Triple) -> str:
    return str(term) if isinstance(term, Triple) else term.value  # trusted data may have triple terms


class Graph:
    """Statements by subject and predicate, in the order in which they came, each once."""

    __slots__ = ("_holders", "_index", "_there")

    def __init__(self, triples: Iterable[Triple | tuple[Node, NamedNode, Term]] = ()) -> None:
        self._index: dict[Node, dict[str, list[Term]]] = {}
        self._there: dict[tuple[Node, str], set[Term]] = {}
        """The values of a subject and a predicate that have many."""
        self._holders: dict[str, dict[Term, list[Node]]] = {}
        """By predicate the subjects of each value, of those predicates that were asked for."""
        for triple in triples:
            if isinstance(triple, Triple):
                self.add(as_node(triple.subject), intern(triple.predicate.value), as_term(triple.object))
            else:
                self.add(triple[0], intern(triple[1].value), triple[2])

    @classmethod
    def about(cls, said: dict[Node, dict[str, list[Term]]]) -> Graph:
        """What is said of subjects: predicate IRI to objects, each once; it is held, not copied."""
        graph = cls()
        graph._index = said
        return graph

    @classmethod
    def joined(cls, graphs: Iterable[Graph]) -> Graph:
        """What some graphs say together, for reading: a subject's statements are held once, by both."""
        whole = cls()
        for graph in graphs:
            for subject, predicates in graph._index.items():
                if subject not in whole._index:
                    whole._index[subject] = predicates
                    continue
                both = whole._index[subject] = {by: list(values) for by, values in whole._index[subject].items()}
                for predicate, values in predicates.items():
                    both[predicate] = list(dict.fromkeys([*both.get(predicate, ()), *values]))
        return whole

    def add(self, subject: Node, predicate: str, value: Term) -> None:
        """Adds a statement unless it is there."""
        values = self._index.setdefault(subject, {}).setdefault(predicate, [])
        if len(values) < _FEW:
            new = value not in values
        else:
            there = self._there.get((subject, predicate))
            if there is None or len(there) != len(values):
                there = self._there[subject, predicate] = set(values)
            new = value not in there
            there.add(value)
        if new:
            values.append(value)
            self._holders.pop(predicate, None)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        size = EMPTY
        for predicates in self._index.values():
            for values in predicates.values():
                size += _TERM * len(values) + sum(map(len, map(_text_of, values)))
        return size

    def take(self, subject: Node, said: dict[str, list[Term]]) -> None:
        """Adds what is said of a subject; it is held, not copied, where nothing was said of that."""
        if subject in self._index:
            for predicate, values in said.items():
                for value in values:
                    self.add(subject, predicate, value)
            return
        for predicate, values in said.items():
            if len(values) > 1:
                values[:] = dict.fromkeys(values)
            self._holders.pop(predicate, None)
        self._index[subject] = said

    def only(self, subject: Node) -> Graph:
        """What it says of one subject, for reading."""
        return Graph.about({subject: dict(self._index[subject])} if subject in self._index else {})

    def discard(self, subject: Node, predicate: str) -> None:
        """Removes what is said of *subject* by *predicate*."""
        self._index.get(subject, {}).pop(predicate, None)
        self._there.pop((subject, predicate), None)
        self._holders.pop(predicate, None)

    def __contains__(self, subject: Node) -> bool:
        return subject in self._index

    def __iter__(self) -> Iterator[Triple]:
        for subject, predicates in self._index.items():
            for predicate, values in predicates.items():
                for value in values:
                    yield Triple(subject, NamedNode(predicate), value)

    @property
    def count(self) -> int:
        """How many statements there are."""
        return sum(len(values) for predicates in self._index.values() for values in predicates.values())

    def lines(self, name: str | None = None) -> Iterator[str]:
        """The statements as lines of N-Triples, or of N-Quads where the graph has a *name* (an IRI)."""
        end = "." if name is None else f"<{name}> ."
        for subject, predicates in self._index.items():
            named = str(subject)
            for predicate, values in predicates.items():
                for value in values:
                    yield f"{named} <{predicate}> {value} {end}\n"

    def subjects(self) -> list[Node]:
        """All subjects, in order of appearance."""
        return list(self._index)

    def description(self, subject: Node) -> dict[str, list[Term]]:
        """Everything said of *subject*: predicate IRI to objects."""
        return self._index.get(subject, {})

    def objects(self, subject: Node, predicate: str) -> list[Term]:
        """The objects of a subject and a predicate's IRI."""
        said = self._index.get(subject)
        return [] if said is None else said.get(predicate, [])

    def value(self, subject: Node, predicate: str) -> Term | None:
        """The first object, or None."""
        for value in self.objects(subject, predicate):
            return value
        return None

    def text(self, subject: Node, predicate: str) -> str | None:
        """The first literal's text, or None."""
        for value in self.objects(subject, predicate):
            if isinstance(value, Literal):
                return value.value
        return None

    def iris(self, subject: Node, predicate: str) -> list[str]:
        """The objects that are IRIs, as text."""
        return [o.value for o in self.objects(subject, predicate) if isinstance(o, NamedNode)]

    def types(self, subject: Node) -> list[str]:
        """The IRIs of the classes of *subject*."""
        return self.iris(subject, RDF_TYPE)

    def texts(self, subject: Node, predicate: str) -> dict[str, str]:
        """The first text of each language; untagged ones under ``""``."""
        texts: dict[str, str] = {}
        for value in self.objects(subject, predicate):
            if isinstance(value, Literal):
                texts.setdefault(value.language or "", value.value)
        return texts

    def all_objects(self) -> list[Term]:
        """The objects of every statement but those that say a class."""
        return [v for said in self._index.values() for by, values in said.items() if by != RDF_TYPE for v in values]

    def named(self) -> set[str]:
        """The IRIs of all subjects and objects."""
        objects = (value for said in self._index.values() for values in said.values() for value in values)
        return {node.value for node in chain(self._index, objects) if isinstance(node, NamedNode)}

    def members(self, head: Term | None) -> list[Term]:
        """The members of an RDF list or container (``rdf:Seq``), in order.

        Ends quietly where a list is broken or runs in a circle.
        """
        members: list[Term] = []
        if head is not None and not isinstance(head, Literal) and not self.objects(head, RDF_FIRST):
            numbered = ((_place(predicate), values) for predicate, values in self.description(head).items())
            placed = sorted(((place, values) for place, values in numbered if place), key=lambda pair: pair[0])
            return [value for _, values in placed for value in values]
        seen: set[Term] = set()
        while head is not None and head != _NIL and head not in seen and not isinstance(head, Literal):
            seen.add(head)
            first = self.value(head, RDF_FIRST)
            if first is not None:
                members.append(first)
            head = self.value(head, RDF_REST)
        return members

    def reached(self, *starts: Node) -> Iterator[Triple]:
        """The statements about some nodes and about the blank nodes that they lead to, those of lists too."""
        waiting = list(starts)
        seen: set[Node] = set(starts)
        while waiting:
            subject = waiting.pop()
            for predicate, values in self.description(subject).items():
                for value in values:
                    yield Triple(subject, NamedNode(predicate), value)
                    if isinstance(value, BlankNode) and value not in seen:
                        seen.add(value)
                        waiting.append(value)

    def subjects_of(self, predicate: str, value: Term) -> list[Node]:
        """The subjects that have *value* by *predicate*; the first to ask has all sorted by value."""
        holders = self._holders.get(predicate)
        if holders is None:
            holders = {}
            for subject in self._index:
                for one in self.objects(subject, predicate):
                    holders.setdefault(one, []).append(subject)
            self._holders[predicate] = holders  # at once: another thread may read this graph too
        return holders.get(value, []) if holders else []


def _place(predicate: str) -> int:
    """The place that a predicate such as ``rdf:_2`` gives a member of a container; 0 for any other."""
    number = predicate.removeprefix(_MEMBER) if predicate.startswith(_MEMBER) else ""
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def structure_key(graph: Graph, node: Node, known: dict[Node, str] | None = None) -> str:
    """A canonical form of a blank node: equal for two nodes where and only where they say the same.

    Predicates and values are sorted, lists keep their order, and ``kgc:order`` (where a value stands
    among its siblings) and a false ``kgc:etAl`` (the default) are left out. A node that leads back to itself is
    written ``[...]`` where it comes again; the digest of a form stands for one of more than 4 Ki characters.

    Structures are walked, not recursed into: a form asks for those of the blank nodes in it one by one. *known* keeps
    the forms of a graph that does not change, for those who ask for several.
    """
    heads_list = bool(graph.objects(node, RDF_FIRST))  # within a structure, a list has another form than by itself
    if known is not None and node in known and not heads_list:
        return known[node]
    path: dict[Node, _Form] = {node: _described(graph, node)}
    forms = {} if known is None else known
    ended = 0
    circles: set[Node] = set()
    """Nodes whose form depends on where one comes from."""
    text: str | None = None
    while path:
        at = next(reversed(path))
        try:
            wanted = next(path[at]) if text is None else path[at].send(text)
        except StopIteration as end:
            path.popitem()  # which is at; a dict from whose end others are deleted is slow to be read from there
            text = str(end.value)
            ended += 1
            if (at not in circles or ended > _MOST_FORMS) and not (at == node and heads_list):
                forms[at] = text
            continue
        text = forms.get(wanted)
        if text is None and wanted in path:
            text = "[...]"
            for above in reversed(path):
                circles.add(above)
                if above == wanted:
                    break
        elif text is None:
            listed = graph.objects(wanted, RDF_FIRST)
            path[wanted] = _listed(graph, wanted) if listed else _described(graph, wanted)
    return text or ""


_Form = Generator[BlankNode, str, str]
"""Yields the blank nodes in a structure, is sent the form of each, and returns its own."""


def _listed(graph: Graph, head: Node) -> _Form:
    parts = []
    for member in graph.members(head):
        parts.append((yield member) if isinstance(member, BlankNode) else _plain(member))
    return _bounded("( " + " ".join(parts) + " )")


def _described(graph: Graph, node: Node) -> _Form:
    parts = []
    for predicate, values in sorted(graph.description(node).items()):
        if predicate in _NOT_SAID:
            continue
        texts = []
        for value in values:
            if predicate == KGC_ET_AL and isinstance(value, Literal) and value.value in _FALSE:
                continue
            texts.append((yield value) if isinstance(value, BlankNode) else _plain(value))
        if texts:
            parts.append(f"<{predicate}> " + " , ".join(sorted(texts)))
    return _bounded("[ " + " ; ".join(parts) + " ]")


def _plain(value: NamedNode | Literal) -> str:
    if isinstance(value, Literal):
        return value_key(value)
    return "()" if value == _NIL else str(value)


def _bounded(form: str) -> str:
    return form if len(form) <= _LONGEST else f"[ {hashlib.sha256(form.encode()).hexdigest()} ]"
