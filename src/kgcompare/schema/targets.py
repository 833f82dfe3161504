"""What node shapes say of the classes that they target: their fields, what their things are called, their kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pyoxigraph import Literal

from kgcompare.errors import ShapeError
from kgcompare.rdf.graph import Graph, Node
from kgcompare.rdf.namespaces import is_slug
from kgcompare.rdf.terms import (
    KGC_KIND,
    KGC_MAIN,
    KGC_PLURAL_LABEL,
    KGC_SUPPORTING,
    RDFS_LABEL,
    SH_DEACTIVATED,
    SH_PROPERTY,
    SH_TARGET_CLASS,
)
from kgcompare.schema.rows import PropertyShape, is_true, read_row


@dataclass(slots=True)
class Target:
    """What the node shapes that target one class say together; ``leading`` where one denies that it is supporting."""

    fields: dict[str, PropertyShape] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    plurals: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    main: bool = False
    supporting: bool = False
    leading: bool = False


def targets(graph: Graph) -> dict[str, Target]:
    """What is said of each class that a shape targets.

    A deactivated shape says nothing, but for one with a kind or rows by which things are shown and not judged.

    :raises ShapeError: for a kind that could not stand in an address, and as
        :func:`~kgcompare.schema.rows.read_row` does.
    """
    found: dict[str, Target] = {}
    for shape in graph.subjects():
        if is_true(graph, shape, SH_DEACTIVATED) and not graph.objects(shape, KGC_KIND) and not _shows(graph, shape):
            continue
        for cls in graph.iris(shape, SH_TARGET_CLASS):
            _add(found.setdefault(cls, Target()), graph, shape)
    return found


def _shows(graph: Graph, shape: Node) -> bool:
    return any(row is not None and row.id for row in _rows(graph, shape))


def _rows(graph: Graph, shape: Node) -> Iterator[PropertyShape | None]:
    return (read_row(graph, node) for node in graph.objects(shape, SH_PROPERTY) if not isinstance(node, Literal))


def _add(target: Target, graph: Graph, shape: Node) -> None:
    """Adds what a node shape says to what others say of the class that it targets."""
    target.labels.update(graph.texts(shape, RDFS_LABEL))
    target.plurals.update(graph.texts(shape, KGC_PLURAL_LABEL))
    target.main |= is_true(graph, shape, KGC_MAIN)
    target.supporting |= is_true(graph, shape, KGC_SUPPORTING)
    target.leading |= graph.text(shape, KGC_SUPPORTING) in {"false", "0"}
    kind = graph.text(shape, KGC_KIND)
    if kind is not None:
        if not is_slug(kind):
            raise ShapeError(f"{shape}: {kind!r} cannot be a kind; use lower-case letters, digits and hyphens")
        target.kind = kind
    for row in _rows(graph, shape):
        if row is not None:
            target.fields[row.iri] = row


def ordered(cls: str, fields: Iterable[PropertyShape]) -> tuple[PropertyShape, ...]:
    """The fields of a class in order, one for each path: what several say of one is put together.

    :raises ShapeError: for two rows with one id and different paths.
    """
    rows: dict[str, PropertyShape] = {}
    others: list[PropertyShape] = []
    for row in sorted(fields, key=lambda row: (row.order, row.id or "", row.iri)):
        if row.id is None:
            others.append(row)
        elif row.id not in rows:
            rows[row.id] = row
        elif rows[row.id].path == row.path:
            rows[row.id] = _together(rows[row.id], row)
        else:
            raise ShapeError(f"two property shapes of <{cls}> have the row id {row.id!r}; give one another id")
    by_path = {row.path: row for row in reversed(rows.values())}
    for other in others:
        same = by_path.get(other.path)
        by_path[other.path] = _together(same, other) if same else other
    found = {row.iri: row for row in rows.values()} | {row.iri: row for row in by_path.values()}
    return tuple(sorted(found.values(), key=lambda row: (row.order, row.id or "", row.iri)))


def _together(row: PropertyShape, other: PropertyShape) -> PropertyShape:
    """A property shape, with what another one of the same path says that it does not."""
    types = row.datatypes or other.datatypes
    return replace(
        row,
        names=row.names or other.names,
        descriptions=row.descriptions or other.descriptions,
        datatype=types[0] if len(types) == 1 else None,
        datatypes=types,
        value_classes=row.value_classes or other.value_classes,
        shown=row.shown and other.shown,
    )
