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
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from kgcompare import resources
from kgcompare.errors import ShapeError
from kgcompare.model import RowKind
from kgcompare.rdf import syntaxes
from kgcompare.rdf.graph import Graph, Node
from kgcompare.rdf.namespaces import DEFAULT_BASE, local_name
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import (
    KGC_COUNT_ROW,
    KGC_NAME_ROW,
    KGC_ROW_ID,
    KGC_ROW_KIND,
    KGC_TEXT_ROW,
    KGC_VALUE_ROW,
    RDFS_LABEL,
    SH_DESCRIPTION,
    SH_GROUP,
    SH_NAME,
    SH_ORDER,
    SH_PATH,
    SH_PROPERTY,
    SH_TARGET_CLASS,
)
from kgcompare.schema.paths import PropertyPath, read_path
from kgcompare.store.base import Snapshot, Statements
from kgcompare.text.languages import best

_KINDS: dict[str, RowKind] = {
    KGC_VALUE_ROW: "value",
    KGC_COUNT_ROW: "count",
    KGC_TEXT_ROW: "text",
    KGC_NAME_ROW: "name",
}
LAST = 1_000_000.0
"""The order of a property shape that states none; queries/compare.rq says the same."""


@dataclass(frozen=True, slots=True)
class PropertyShape:
    """A property shape as a row: ``id`` is None for one that comparisons leave out."""

    iri: str
    id: str | None
    kind: RowKind
    order: float
    path: PropertyPath
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
        self._fields: dict[str, dict[str, PropertyShape]] = {}
        self._labels: dict[str, dict[str, str]] = {}
        for shape in graph.subjects():
            for target in graph.iris(shape, SH_TARGET_CLASS):
                fields = self._fields.setdefault(target, {})
                self._labels.setdefault(target, {}).update(graph.texts(shape, RDFS_LABEL))
                for node in graph.objects(shape, SH_PROPERTY):
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

    def fields(self, target: str) -> tuple[PropertyShape, ...]:
        """All property shapes of a class, rows or not, in order."""
        fields = self._fields.get(target, {}).values()
        return tuple(sorted(fields, key=lambda row: (row.order, row.id or "", row.iri)))

    def rows(self, target: str) -> tuple[PropertyShape, ...]:
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


def _row(graph: Graph, node: Node) -> PropertyShape | None:
    where = node.value if isinstance(node, NamedNode) else "a property shape without an IRI"
    row_id = graph.text(node, KGC_ROW_ID)
    try:
        path = read_path(graph, graph.value(node, SH_PATH))
    except ShapeError as fault:
        if row_id is None:
            return None  # validates only; pySHACL follows every path
        raise ShapeError(f"{where}: {fault}") from None
    if row_id is not None and (
        not row_id or row_id != row_id.strip() or row_id.startswith("-") or any(c in row_id for c in ",;\t\r\n\"'=+@")
    ):
        raise ShapeError(f"{where}: {row_id!r} cannot be a row id; use letters, digits and hyphens")
    kind = graph.value(node, KGC_ROW_KIND)
    if row_id is not None and kind is not None and (not isinstance(kind, NamedNode) or kind.value not in _KINDS):
        raise ShapeError(f"{where}: {kind} is no row kind; use kgc:ValueRow, CountRow, TextRow or NameRow")
    order = graph.text(node, SH_ORDER)
    try:
        place = LAST if order is None else float(order)
    except ValueError:
        raise ShapeError(f"{where}: sh:order {order!r} is not a number") from None
    groups: dict[str, str] = {}
    for group in graph.objects(node, SH_GROUP):
        if not isinstance(group, Literal):
            groups = graph.texts(group, RDFS_LABEL)
    return PropertyShape(
        iri=node.value,
        id=row_id,
        kind=_KINDS.get(kind.value, "value") if isinstance(kind, NamedNode) else "value",
        order=place,
        path=path,
        names=graph.texts(node, SH_NAME),
        descriptions=graph.texts(node, SH_DESCRIPTION),
        groups=groups,
    )


def bundled_shapes() -> list[Triple]:
    """The statements of the bundled shapes."""
    return [triple for path in resources.shape_files() for triple in read_shapes(path)]


def read_shapes(path: Path) -> list[Triple]:
    """The statements of a shapes file.

    :raises SyntaxFault: if it is not well-formed.
    :raises DataError: if it cannot be read.
    """
    return syntaxes.triples_of(path, DEFAULT_BASE)


def stored_shapes(snapshot: Snapshot) -> list[Triple]:
    """The statements of the shapes that a catalogue keeps; the bundled ones where it keeps none."""
    if not snapshot.keeps_shapes:
        return bundled_shapes()
    found = snapshot.query(load("shapes").text)
    return (found.triples if isinstance(found, Statements) else []) or bundled_shapes()
