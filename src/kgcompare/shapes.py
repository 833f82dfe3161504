"""Property shapes -> ordered rows: path, name in each language, kind.

The shape is the single source of what a comparison shows. A row is a property shape with a ``kgc:rowId``
of a node shape that targets the class (``sh:targetClass``), wherever that shape stands.

Source: SHACL, sections 2.3 (property shapes, ``sh:order``, ``sh:group``) and 2.3.1 (paths); of the paths those
that queries/compare.rq follows: a predicate, an inverse, an alternative of these, a sequence of two or three
predicates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import ShapeError
from kgcompare.graph import RDF_FIRST, RDF_NIL, Graph, Node, Term
from kgcompare.languages import best
from kgcompare.model import RowKind
from kgcompare.namespaces import iri, local_name

_KINDS: dict[str, RowKind] = {
    iri("kgc:ValueRow").value: "value",
    iri("kgc:CountRow").value: "count",
    iri("kgc:TextRow").value: "text",
    iri("kgc:NameRow").value: "name",
}
LAST = 1_000_000.0
"""The order of a property shape that states none; queries/compare.rq says the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """A predicate, read forwards or backwards."""

    predicate: str
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """Alternatives, each a sequence of steps."""

    alternatives: tuple[tuple[Step, ...], ...]

    def follow(self, graph: Graph, start: Node) -> list[Term]:
        """The distinct nodes that the path leads to from *start*, in order of appearance."""
        found: dict[Term, None] = {}
        for steps in self.alternatives:
            ends: list[Term] = [start]
            for step in steps:
                ends = [end for node in ends for end in _step(graph, node, step)]
            found.update(dict.fromkeys(ends))
        return list(found)


def _step(graph: Graph, node: Term, step: Step) -> list[Term]:
    if step.inverse:
        return list(graph.subjects_of(step.predicate, node))
    return [] if isinstance(node, Literal) else graph.objects(node, step.predicate)


@dataclass(frozen=True, slots=True)
class RowShape:
    """A property shape as a row: ``id`` is None for one that comparisons leave out."""

    iri: str
    id: str | None
    kind: RowKind
    order: float
    path: Path
    names: dict[str, str] = field(hash=False)
    descriptions: dict[str, str] = field(hash=False)
    groups: dict[str, str] = field(hash=False)

    def label(self, lang: str) -> tuple[str, str]:
        """(language, name) for a reader of *lang*."""
        return best(self.names, lang) or ("", self.id or local_name(self.iri))


class Shapes:
    """The property shapes of each class, read from SHACL.

    :raises ShapeError: for a row whose path no query follows, for two rows of one class with the same id, and for
        a row id that could not stand in a CSV column or a JSON key.
    """

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.triples = tuple(triples)
        graph = Graph(self.triples)
        self._fields: dict[str, dict[str, RowShape]] = {}
        self._labels: dict[str, dict[str, str]] = {}
        for shape in graph.subjects():
            for target in graph.iris(shape, iri("sh:targetClass").value):
                fields = self._fields.setdefault(target, {})
                self._labels.setdefault(target, {}).update(graph.texts(shape, iri("rdfs:label").value))
                for node in graph.objects(shape, iri("sh:property").value):
                    if not isinstance(node, Literal):
                        row = _row(graph, node)
                        if row is not None:
                            fields[row.iri] = row
        for target, fields in self._fields.items():
            ids = [row.id for row in fields.values() if row.id]
            for row_id in {i for i in ids if ids.count(i) > 1}:
                raise ShapeError(f"two property shapes of <{target}> have the row id {row_id!r}; give one another id")

    @property
    def targets(self) -> list[str]:
        """The classes that shapes target, whether they have rows or not."""
        return list(self._fields)

    @property
    def classes(self) -> list[str]:
        """The classes that have rows to compare."""
        return [target for target in self._fields if self.rows(target)]

    def class_label(self, target: str, lang: str) -> str:
        """What things of a class are called."""
        found = best(self._labels.get(target, {}), lang)
        return found[1] if found else local_name(target)

    def fields(self, target: str) -> tuple[RowShape, ...]:
        """All property shapes of a class, rows or not, in order."""
        fields = self._fields.get(target, {}).values()
        return tuple(sorted(fields, key=lambda row: (row.order, row.id or "", row.iri)))

    def rows(self, target: str) -> tuple[RowShape, ...]:
        """The rows of comparisons of a class, in order."""
        return tuple(row for row in self.fields(target) if row.id)

    def inverses(self, target: str) -> list[str]:
        """The predicates that rows of a class read backwards."""
        steps = (s for row in self.fields(target) for steps in row.path.alternatives for s in steps)
        return sorted({step.predicate for step in steps if step.inverse})

    def sequences(self, target: str) -> list[tuple[str, ...]]:
        """The predicates, two or three, that rows of a class follow one after the other."""
        found = {
            tuple(step.predicate for step in steps)
            for row in self.fields(target)
            for steps in row.path.alternatives
            if len(steps) > 1
        }
        return sorted(found)


def _row(graph: Graph, node: Node) -> RowShape | None:
    where = node.value if isinstance(node, NamedNode) else "a property shape without an IRI"
    row_id = graph.text(node, iri("kgc:rowId").value)
    try:
        path = _path(graph, graph.value(node, iri("sh:path").value))
    except ShapeError as fault:
        if row_id is None:
            return None  # validates only; pySHACL follows every path
        raise ShapeError(f"{where}: {fault}") from None
    if row_id is not None and (
        not row_id or row_id != row_id.strip() or row_id.startswith("-") or any(c in row_id for c in ",;\t\r\n\"'=+@")
    ):
        raise ShapeError(f"{where}: {row_id!r} cannot be a row id; use letters, digits and hyphens")
    kind = graph.value(node, iri("kgc:rowKind").value)
    if row_id is not None and kind is not None and (not isinstance(kind, NamedNode) or kind.value not in _KINDS):
        raise ShapeError(f"{where}: {kind} is no row kind; use kgc:ValueRow, CountRow, TextRow or NameRow")
    order = graph.text(node, iri("sh:order").value)
    try:
        place = LAST if order is None else float(order)
    except ValueError:
        raise ShapeError(f"{where}: sh:order {order!r} is not a number") from None
    groups: dict[str, str] = {}
    for group in graph.objects(node, iri("sh:group").value):
        if not isinstance(group, Literal):
            groups = graph.texts(group, iri("rdfs:label").value)
    return RowShape(
        iri=node.value,
        id=row_id,
        kind=_KINDS.get(kind.value, "value") if isinstance(kind, NamedNode) else "value",
        order=place,
        path=path,
        names=graph.texts(node, iri("sh:name").value),
        descriptions=graph.texts(node, iri("sh:description").value),
        groups=groups,
    )


def _path(graph: Graph, node: Term | None) -> Path:
    refused = ShapeError(
        "this kind of sh:path cannot be a row; use a predicate, an inverse, an alternative of these, "
        "or a sequence of two or three predicates"
    )
    if isinstance(node, NamedNode) and node != RDF_NIL:
        return Path(((Step(node.value),),))
    if not isinstance(node, BlankNode):
        raise refused
    if graph.value(node, RDF_FIRST) is not None:
        members = graph.members(node)
        if not 2 <= len(members) <= 3 or not all(isinstance(member, NamedNode) for member in members):
            raise refused
        return Path((tuple(Step(cast(NamedNode, member).value) for member in members),))
    inverse = graph.value(node, iri("sh:inversePath").value)
    if isinstance(inverse, NamedNode):
        return Path(((Step(inverse.value, inverse=True),),))
    alternatives = graph.members(graph.value(node, iri("sh:alternativePath").value))
    if not alternatives:
        raise refused
    steps = [_path(graph, alternative).alternatives for alternative in alternatives]
    if any(len(a) != 1 or len(a[0]) != 1 for a in steps):
        raise refused
    return Path(tuple(a[0] for a in steps))
