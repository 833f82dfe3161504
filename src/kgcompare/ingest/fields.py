"""Fields of forms, made from the shapes: a new row of the shape is a new field, with its names, help and messages.

A field is a column of a table (:mod:`kgcompare.ingest.columns`) and what people see beside it. The links of a class to
others of it are one field, which says of each what kind of link it is. A value that is a structure has fields of its
own where a shape describes it: by ``sh:node``, by ``sh:property``, or as what a predicate leads to.

Source: SHACL, sections 2.1.3.4 (``sh:targetObjectsOf``), 2.3 (property shapes), 4.6.1 (``sh:in``), 4.7 (``sh:node``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.ingest.columns import Column, column_of
from kgcompare.ingest.documents import DERIVED
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import iri, local_name, slugify
from kgcompare.rdf.terms import (
    KGC_ORDER,
    KGC_ROW,
    LABELS,
    RDF_FIRST,
    RDFS_LABEL,
    SH_PATH,
    SH_PROPERTY,
    XSD_BOOLEAN,
)
from kgcompare.schema import vocabulary
from kgcompare.schema.rows import PropertyShape, RowGroup, read_row
from kgcompare.schema.shapes import Shapes

_DEEPEST = 3
"""Levels of structures that have fields."""
_IN, _NODE, _DEACTIVATED = iri("sh:in").value, iri("sh:node").value, iri("sh:deactivated").value
_MIN, _MAX, _UNIQUE = iri("sh:minCount").value, iri("sh:maxCount").value, iri("sh:uniqueLang").value
_MESSAGE, _OBJECTS_OF = iri("sh:message").value, iri("sh:targetObjectsOf").value
_LANGUAGES = iri("sh:languageIn").value
_TRUE = {"true", "1"}
_YES_NO = tuple(Literal(text, datatype=NamedNode(XSD_BOOLEAN)) for text in ("true", "false"))


@dataclass(frozen=True, slots=True)
class Field:
    """What a form asks: ``id`` is a slug, ``predicates`` what the values stand by, one of which each value names where
    there are several.

    ``kinds``, ``thing``, ``datatype``, ``worded`` and ``listed`` are those of a column. ``single`` allows one value,
    ``once`` one a language; ``long`` is for sentences. ``choices`` are all that a value may be, ``parts`` the fields of
    values that are structures, ``ordered`` says that their order counts. ``languages`` are the only ones allowed.
    """

    id: str
    predicates: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    descriptions: Mapping[str, str] = field(default_factory=dict, hash=False)
    messages: Mapping[str, str] = field(default_factory=dict, hash=False)
    group: RowGroup | None = None
    kinds: tuple[str, ...] = ()
    thing: bool = False
    datatype: str | None = None
    worded: bool = False
    listed: bool = False
    single: bool = False
    once: bool = False
    long: bool = False
    required: bool = False
    choices: tuple[Term, ...] = ()
    parts: tuple[Field, ...] = ()
    ordered: bool = False
    languages: tuple[str, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether the order of its values counts."""
        return self.listed or self.ordered


def fields_of(shapes: Shapes, target: str) -> tuple[Field, ...]:
    """The fields of a class, in the shape's order; none for what is derived."""
    found: dict[str, Field] = {}
    ids: set[str] = set()
    for one in _fields(shapes, target):
        key = one.predicates[0]
        if key in found:  # several property shapes of one path: what all of them say holds
            found[key] = _both(found[key], one)
            continue
        name, number = one.id, 2
        while name in ids:
            name, number = f"{one.id}-{number}", number + 1
        ids.add(name)
        found[key] = replace(one, id=name)
    return tuple(found.values())


def _both(first: Field, other: Field) -> Field:
    return replace(
        first,
        names=first.names or other.names,
        descriptions=first.descriptions or other.descriptions,
        messages=first.messages or other.messages,
        kinds=first.kinds or other.kinds,
        thing=first.thing or other.thing,
        datatype=first.datatype or other.datatype,
        worded=first.worded or other.worded,
        single=first.single or other.single,
        once=first.once or other.once,
        required=first.required or other.required,
        choices=first.choices or other.choices,
        parts=first.parts or other.parts,
    )


def _fields(shapes: Shapes, target: str) -> Iterator[Field]:
    own = shapes.kind_of_class(target)
    for row in sorted(shapes.fields(target), key=_place):
        node, predicate = _node(row), row.path.predicate
        if _is_true(shapes.graph, node, _DEACTIVATED):
            continue
        if predicate is not None and predicate not in DERIVED:
            name = row.id or ("name" if predicate in LABELS else local_name(predicate))
            yield _field(shapes, target, row, column_of(shapes, row, name, predicate, own))
        elif predicate is None and row.kind == "count":
            links = dict.fromkeys(step.predicate for way in row.path.alternatives for step in way if not step.inverse)
            typed = [link for link in shapes.typed_links(target) if link not in links]
            if links:
                column = Column(row.id or local_name(next(iter(links))), "", thing=True, kinds=(own,))
                yield replace(_field(shapes, target, row, column), predicates=(*typed, *links))


def _place(row: PropertyShape) -> tuple[float, bool, str, str]:
    """Where a field stands: as its shape says; where that says nothing, names first."""
    predicate = row.path.predicate or ""
    return row.order, predicate not in LABELS, row.id or "", predicate


def _node(row: PropertyShape) -> Node:
    return NamedNode(row.iri) if ":" in row.iri else BlankNode(row.iri)


def _is_true(graph: Graph, node: Node, said: str) -> bool:
    return graph.text(node, said) in _TRUE


def _field(shapes: Shapes, target: str, row: PropertyShape, column: Column, level: int = 1) -> Field:
    graph, node = shapes.graph, _node(row)
    parts = () if column.thing or level > _DEEPEST else _parts(shapes, target, node, column.predicate, level)
    least, once = graph.text(node, _MIN), _is_true(graph, node, _UNIQUE)
    tags = tuple(tag.value for tag in graph.members(graph.value(node, _LANGUAGES)) if isinstance(tag, Literal))
    return Field(
        slugify(column.name),
        (column.predicate,),
        row.names,
        row.descriptions,
        graph.texts(node, _MESSAGE),
        row.group,
        column.kinds,
        column.thing,
        column.datatype,
        column.worded or (column.datatype is None and not column.thing and (once or bool(tags))),
        column.listed,
        single=graph.text(node, _MAX) == "1" and not column.listed,
        once=once,
        long=row.kind in {"text", "remark"},
        required=bool(least) and least != "0",
        choices=_choices(shapes, target, node, column),
        parts=tuple(part for part in parts if part.predicates != (KGC_ORDER,)),
        ordered=any(part.predicates == (KGC_ORDER,) for part in parts),
        languages=tags,
    )


def _choices(shapes: Shapes, target: str, node: Node, column: Column) -> tuple[Term, ...]:
    if column.predicate == KGC_ROW:
        return tuple(NamedNode(row.iri) for row in shapes.rows(target) if ":" in row.iri)
    if column.datatype == XSD_BOOLEAN:
        return _YES_NO
    return tuple(one for one in shapes.graph.members(shapes.graph.value(node, _IN)) if not isinstance(one, BlankNode))


# -- structures ----------------------------------------------------------------------------------------


def _parts(shapes: Shapes, target: str, node: Node, predicate: str, level: int) -> tuple[Field, ...]:
    """The fields of the structures that a predicate leads to; those of lists say what their members are."""
    graph = shapes.graph
    described = [*graph.objects(node, _NODE), node]
    if predicate:
        described += graph.subjects_of(_OBJECTS_OF, NamedNode(predicate))
    properties = [part for one in described if not isinstance(one, Literal) for part in graph.objects(one, SH_PROPERTY)]
    nodes = [part for part in dict.fromkeys(properties) if not isinstance(part, Literal)]
    members = dict(_members(graph, nodes))
    found: dict[str, tuple[float, Field]] = {}
    for part in nodes:
        row = read_row(graph, part)
        if row is None or row.path.predicate is None or _is_true(graph, part, _DEACTIVATED):
            continue
        step = row.path.predicate
        listing = members.get(step)
        shaped = replace(row, value_classes=row.value_classes or (listing.value_classes if listing else ()))
        column = column_of(shapes, shaped, row.id or local_name(step), step, "")
        made = _field(shapes, target, shaped, replace(column, listed=column.listed or listing is not None), level + 1)
        names = made.names or vocabulary.graph().texts(NamedNode(step), RDFS_LABEL)
        found[step] = row.order, replace(made, names=names or {"": local_name(step)})
    ordered = sorted(found.values(), key=lambda pair: (pair[0], not pair[1].required, pair[1].id))
    return tuple(part for _, part in ordered)


def _members(graph: Graph, nodes: Iterable[Node]) -> Iterator[tuple[str, PropertyShape]]:
    """The predicates that lead to lists, whose members a shape judges by ``( PREDICATE [rdf:rest]* rdf:first )``."""
    for node in nodes:
        path = graph.members(graph.value(node, SH_PATH))
        if len(path) == 3 and path[2] == NamedNode(RDF_FIRST) and isinstance(path[0], NamedNode):
            plain = Graph([*graph.reached(node)])
            plain.discard(node, SH_PATH)
            plain.add(node, SH_PATH, path[0])
            if (row := read_row(plain, node)) is not None:
                yield path[0].value, row
