"""A small RDF graph in memory, indexed by subject: what readers of one record need and no more.

Terms are pyoxigraph's, which cost less to make than rdflib's and refuse ill-formed IRIs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.rdf.terms import KGC_COMPARISON_KEY, KGC_ET_AL, KGC_ORDER, RDF_FIRST, RDF_NIL, RDF_REST, RDF_TYPE

Node = NamedNode | BlankNode
Term = NamedNode | BlankNode | Literal

_NIL = NamedNode(RDF_NIL)
_NOT_SAID = {KGC_ORDER, KGC_COMPARISON_KEY}
_FALSE = ("false", "0")


class Graph:
    """Statements by subject and predicate, in the order in which they came, each once."""

    def __init__(self, triples: Iterable[Triple | tuple[Node, NamedNode, Term]] = ()) -> None:
        self._index: dict[Node, dict[str, list[Term]]] = {}
        for triple in triples:
            if isinstance(triple, Triple):
                self.add(triple.subject, triple.predicate.value, triple.object)  # type: ignore[arg-type]
            else:
                self.add(triple[0], triple[1].value, triple[2])

    def add(self, subject: Node, predicate: str, value: Term) -> None:
        """Adds a statement unless it is there."""
        values = self._index.setdefault(subject, {}).setdefault(predicate, [])
        if value not in values:
            values.append(value)

    def discard(self, subject: Node, predicate: str) -> None:
        """Removes what is said of *subject* by *predicate*."""
        self._index.get(subject, {}).pop(predicate, None)

    def __contains__(self, subject: Node) -> bool:
        return subject in self._index

    def __iter__(self) -> Iterator[Triple]:
        for subject, predicates in self._index.items():
            for predicate, values in predicates.items():
                for value in values:
                    yield Triple(subject, NamedNode(predicate), value)

    def subjects(self) -> list[Node]:
        """All subjects, in order of appearance."""
        return list(self._index)

    def description(self, subject: Node) -> dict[str, list[Term]]:
        """Everything said of *subject*: predicate IRI to objects."""
        return self._index.get(subject, {})

    def objects(self, subject: Node, predicate: str) -> list[Term]:
        """The objects of a subject and a predicate's IRI."""
        return self._index.get(subject, {}).get(predicate, [])

    def value(self, subject: Node, predicate: str) -> Term | None:
        """The first object, or None."""
        values = self.objects(subject, predicate)
        return values[0] if values else None

    def text(self, subject: Node, predicate: str) -> str | None:
        """The first literal's text, or None."""
        return next((o.value for o in self.objects(subject, predicate) if isinstance(o, Literal)), None)

    def iris(self, subject: Node, predicate: str) -> list[str]:
        """The objects that are IRIs, as text."""
        return [o.value for o in self.objects(subject, predicate) if isinstance(o, NamedNode)]

    def types(self, subject: Node) -> list[str]:
        """The IRIs of the classes of *subject*."""
        return self.iris(subject, RDF_TYPE)

    def texts(self, subject: Node, predicate: str) -> dict[str, str]:
        """The first text of each language; untagged ones under ``""``."""
        result: dict[str, str] = {}
        for value in self.objects(subject, predicate):
            if isinstance(value, Literal):
                result.setdefault(value.language or "", value.value)
        return result

    def all_objects(self) -> list[Term]:
        """The objects of every statement but those that say a class."""
        return [
            value
            for said in self._index.values()
            for predicate, values in said.items()
            if predicate != RDF_TYPE
            for value in values
        ]

    def members(self, head: Term | None) -> list[Term]:
        """The members of an RDF list; ends quietly where the list is broken or runs in a circle."""
        result: list[Term] = []
        seen: set[Term] = set()
        while head is not None and head != _NIL and head not in seen and not isinstance(head, Literal):
            seen.add(head)
            first = self.value(head, RDF_FIRST)
            if first is not None:
                result.append(first)
            head = self.value(head, RDF_REST)
        return result

    def subjects_of(self, predicate: str, value: Term) -> list[Node]:
        """The subjects that have *value* by *predicate* (looks at every subject)."""
        return [subject for subject in self._index if value in self.objects(subject, predicate)]


def literal_key(literal: Literal) -> str:
    """What a literal is compared by: its N-Triples form, with the language tag in lower case."""
    if literal.language:
        return f"{Literal(literal.value)}@{literal.language.lower()}"
    return str(literal)


def structure_key(graph: Graph, node: Node, _above: frozenset[Node] = frozenset()) -> str:
    """A canonical form of a blank node: equal for two nodes where and only where they say the same.

    Predicates and values are sorted, lists keep their order, and ``kgc:order`` (where a value stands
    among its siblings) and a false ``kgc:etAl`` (the default) are left out.
    """
    above = _above | {node}

    def part(value: Term) -> str:
        if isinstance(value, Literal):
            return literal_key(value)
        if isinstance(value, NamedNode):
            return "()" if value == _NIL else str(value)
        if value in above:
            return "[...]"
        if graph.objects(value, RDF_FIRST):
            return "( " + " ".join(part(member) for member in graph.members(value)) + " )"
        return structure_key(graph, value, above)

    parts = []
    for predicate, values in sorted(graph.description(node).items()):
        if predicate in _NOT_SAID:
            continue
        said = sorted(
            part(v) for v in values if not (predicate == KGC_ET_AL and isinstance(v, Literal) and v.value in _FALSE)
        )
        if said:
            parts.append(f"<{predicate}> " + " , ".join(said))
    return "[ " + " ; ".join(parts) + " ]"
