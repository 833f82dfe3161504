"""Property shapes, read from SHACL: what a row is called, how its cells are compared, and what its values are.

Source: SHACL, sections 2.3 (property shapes, ``sh:order``, ``sh:group``), 4.1 (value types) and 4.6.3 (``sh:or``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import ShapeError
from kgcompare.model import RowKind
from kgcompare.rdf.graph import Graph, Node
from kgcompare.rdf.namespaces import is_slug, local_name, slugify
from kgcompare.rdf.terms import (
    KGC_CONDITION,
    KGC_COUNT_ROW,
    KGC_EXPLAINED,
    KGC_FACET,
    KGC_INVERSE_LABEL,
    KGC_KIND,
    KGC_NAME_ROW,
    KGC_PLURAL_LABEL,
    KGC_REMARK_ROW,
    KGC_ROW_ID,
    KGC_ROW_KIND,
    KGC_SHOWN,
    KGC_TEXT_ROW,
    KGC_VALUE_ROW,
    KGC_WHERE_RECORDED,
    LABELS,
    RDFS_LABEL,
    SH_AND,
    SH_CLASS,
    SH_DATATYPE,
    SH_DEACTIVATED,
    SH_DESCRIPTION,
    SH_GROUP,
    SH_IN,
    SH_MAX_COUNT,
    SH_NAME,
    SH_NODE,
    SH_OR,
    SH_ORDER,
    SH_PATH,
    SH_TARGET_CLASS,
    SH_XONE,
)
from kgcompare.schema.paths import PropertyPath, read_path
from kgcompare.text.languages import DEFAULT, best

_ROW_KINDS: dict[str, RowKind] = {
    KGC_VALUE_ROW: "value",
    KGC_COUNT_ROW: "count",
    KGC_TEXT_ROW: "text",
    KGC_REMARK_ROW: "remark",
    KGC_NAME_ROW: "name",
}
ASKED = {
    *("add", "after", "as", "at", "bom", "class", "compare", "format", "from", "kind", "lang", "limit", "method"),
    *("only", "q", "rows", "sort", "swap", "to"),
}
"""What addresses of lists and comparisons ask for, and no facet can be called."""
_MOST_SAID = 100
LAST = 1_000_000.0
"""The order of a property shape that states none; queries/compare.rq says the same."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows that stand together (``sh:group``): ``id`` is the end of the group's IRI as a slug, ``names`` its headings
    by language."""

    id: str
    names: Mapping[str, str] = field(hash=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class PropertyShape:
    """A property shape as a row: ``id`` is None for one that comparisons leave out.

    ``datatypes`` and ``value_classes`` are the IRIs of what its values are, ``datatype`` is the only one of the
    former; ``facet`` says whether lists can be narrowed by it, ``shown`` whether pages of records have a line for
    it: not for names, which are their heads, and ``where_recorded`` whether comparisons leave it out where no
    column has a value, ``explained`` whether they say what its values mean. ``value_kind`` is what addresses of its
    values begin with, where the shape says so; ``condition`` says whether they are conditions that may hold or not.
    ``names``, ``plurals`` and ``inverses`` are what it, several of its values, and its path read backwards are
    called, by language.
    """

    iri: str
    id: str | None
    kind: RowKind
    order: float
    path: PropertyPath
    names: Mapping[str, str] = field(hash=False)
    descriptions: Mapping[str, str] = field(hash=False, default_factory=dict)
    group: RowGroup | None = None
    datatype: str | None = None
    datatypes: tuple[str, ...] = ()
    value_classes: tuple[str, ...] = ()
    facet: bool = False
    shown: bool = True
    where_recorded: bool = False
    explained: bool = False
    value_kind: str | None = None
    condition: bool = False
    plurals: Mapping[str, str] = field(hash=False, default_factory=dict)
    inverses: Mapping[str, str] = field(hash=False, default_factory=dict)

    def label(self, lang: str) -> tuple[str, str]:
        """(language, name) for a reader of *lang*."""
        return best(self.names, lang) or ("", self.id or local_name(self.iri))

    def plural(self, lang: str) -> str:
        """What several of its values are called; as one of them where the shape does not say."""
        return (best(self.plurals, lang) or self.label(lang))[1]


def read_row(graph: Graph, node: Node) -> PropertyShape | None:
    """The property shape that a node of a shapes graph describes; None for one that validates only.

    A deactivated one judges nothing; it is a field all the same where it is a row, or says what leads back by it.

    :raises ShapeError: for a row whose path no query follows, for a row id that could not stand in a CSV column or a
        JSON key, for an unknown kind of row, for an order that is no number, and for a facet that is no row or whose
        path is more than one predicate.
    """
    where = node.value if isinstance(node, NamedNode) else "a property shape without an IRI"
    row_id = graph.text(node, KGC_ROW_ID)
    unused = is_true(graph, node, SH_DEACTIVATED) and not graph.objects(node, KGC_INVERSE_LABEL)
    if row_id is None and (unused or graph.text(node, SH_MAX_COUNT) == "0"):
        return None  # nobody has it
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
    facet = is_true(graph, node, KGC_FACET)
    if facet and not (row_id is not None and is_slug(row_id) and path.predicate):
        raise ShapeError(
            f"{where}: a facet needs a kgc:rowId of lower-case letters, digits and hyphens, and a path that is one "
            "predicate"
        )
    if facet and row_id in ASKED:
        raise ShapeError(
            f"{where}: a facet cannot be called {row_id!r}, which asks lists for something else; rename it"
        )
    shown = {term.value for term in graph.objects(node, KGC_SHOWN) if not isinstance(term, BlankNode | Triple)}
    return PropertyShape(
        iri=node.value,
        id=row_id,
        kind=_row_kind(graph, node, where, is_row=row_id is not None),
        order=_order(graph, node, where),
        path=path,
        names=graph.texts(node, SH_NAME),
        descriptions=graph.texts(node, SH_DESCRIPTION),
        group=_group(graph, node),
        datatype=types[0] if len(types := datatypes(graph, node)) == 1 else None,
        datatypes=types,
        value_classes=value_classes(graph, node),
        facet=facet,
        shown=not shown & {"false", "0"} and (row_id is not None or path.predicate not in LABELS),
        explained=is_true(graph, node, KGC_EXPLAINED),
        where_recorded=KGC_WHERE_RECORDED in shown,
        value_kind=_value_kind(graph, node, where) or (row_id if facet and not _has_texts(graph, node) else None),
        condition=is_true(graph, node, KGC_CONDITION),
        plurals=graph.texts(node, KGC_PLURAL_LABEL),
        inverses=graph.texts(node, KGC_INVERSE_LABEL),
    )


def _has_texts(graph: Graph, node: Node) -> bool:
    """Whether the values of a row are texts, numbers and the like, which have no pages."""
    listed = (member for head in graph.objects(node, SH_IN) for member in graph.members(head))
    return bool(datatypes(graph, node)) or any(isinstance(member, Literal) for member in listed)


def _row_kind(graph: Graph, node: Node, where: str, *, is_row: bool) -> RowKind:
    kind = graph.value(node, KGC_ROW_KIND)
    if is_row and kind is not None and (not isinstance(kind, NamedNode) or kind.value not in _ROW_KINDS):
        raise ShapeError(f"{where}: {kind} is no row kind; use kgc:ValueRow, CountRow, TextRow, RemarkRow or NameRow")
    return _ROW_KINDS.get(kind.value, "value") if isinstance(kind, NamedNode) else "value"


def _order(graph: Graph, node: Node, where: str) -> float:
    order = graph.text(node, SH_ORDER)
    try:
        return LAST if order is None else float(order)
    except ValueError:
        raise ShapeError(f"{where}: sh:order {order!r} is not a number") from None


def _group(graph: Graph, node: Node) -> RowGroup | None:
    groups = [group for group in graph.objects(node, SH_GROUP) if not isinstance(group, Literal)]
    if not groups:
        return None
    names = graph.texts(groups[-1], RDFS_LABEL)
    called = (
        local_name(groups[-1].value) if isinstance(groups[-1], NamedNode) else (best(names, DEFAULT) or ("", ""))[1]
    )
    return RowGroup(slugify(called), names)


def _value_kind(graph: Graph, node: Node, where: str) -> str | None:
    kind = graph.text(node, KGC_KIND)
    if kind is not None and not is_slug(kind):
        raise ShapeError(f"{where}: {kind!r} cannot be a kind; use lower-case letters, digits and hyphens")
    return kind


def value_classes(graph: Graph, node: Node) -> tuple[str, ...]:
    """The classes of which each value must be one, whether the shape says one or several to choose from, or has other
    shapes say so (``sh:node``)."""
    nodes = list(_all_said(graph, node))
    own = [cls for one in nodes for cls in graph.iris(one, SH_CLASS)]
    return tuple(dict.fromkeys(own or [cls for one in nodes[1:] for cls in graph.iris(one, SH_TARGET_CLASS)]))


def datatypes(graph: Graph, node: Node) -> tuple[str, ...]:
    """The datatypes of which each value must be one, wherever the shape says so."""
    return tuple(dict.fromkeys(one for said in _all_said(graph, node) for one in graph.iris(said, SH_DATATYPE)))


def _all_said(graph: Graph, node: Node) -> Iterator[Node]:
    """A property shape, and the shapes that its values must fit, all of them or one."""
    waiting, seen = [node], {node}
    while waiting:
        at = waiting.pop(0)
        yield at
        inner = list(graph.objects(at, SH_NODE))
        for choice in (SH_OR, SH_AND, SH_XONE):
            inner += [member for head in graph.objects(at, choice) for member in graph.members(head)]
        for one in inner:
            if not isinstance(one, Literal) and one not in seen and len(seen) < _MOST_SAID:
                seen.add(one)
                waiting.append(one)


def is_true(graph: Graph, node: Node, predicate: str) -> bool:
    """Whether a node has the value true by a predicate."""
    return graph.text(node, predicate) in {"true", "1"}
