"""Columns of tables, made from the shapes: a new row of the shape is a new column.

A column is named by the row's id, or by the end of its predicate; a language stands behind it (``summary@fr``). The
links of a class to others of it have a column for each kind of link. What is derived has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode

from kgcompare.ingest.documents import DERIVED
from kgcompare.rdf.graph import Node
from kgcompare.rdf.namespaces import iri, local_name, shortened
from kgcompare.rdf.terms import (
    BIBO_AUTHOR_LIST,
    BIBO_EDITOR_LIST,
    BIBO_URI,
    DCTERMS_ISSUED,
    EDTF,
    FOAF_ORGANIZATION,
    FOAF_PERSON,
    LABELS,
    SH_NODE_KIND,
    SKOS_CONCEPT,
)
from kgcompare.schema.rows import PropertyShape
from kgcompare.schema.shapes import Shapes

ID = ("id", "slug", "iri", "@id")
CLASS = ("class", "a", "@type")
"""What the columns are called that say which record a row is about, and of what classes it is."""
_LISTS = (BIBO_AUTHOR_LIST, BIBO_EDITOR_LIST)
_LANG_STRING = iri("rdf:langString").value
_USUAL = {DCTERMS_ISSUED: EDTF, BIBO_URI: iri("xsd:anyURI").value}
"""The datatypes of what standards leave open and catalogues agree on, where no shape says one."""
_SINGLE = (iri("sh:maxCount").value, iri("sh:uniqueLang").value)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column says: a predicate, and what its values are.

    ``datatype`` is that of literals; ``kinds`` are those of the things that it refers to, ``thing`` says whether it
    refers to things at all. ``many`` tells whether a cell may have several values, ``worded`` whether they need a
    language, ``listed`` whether they are one list in order.
    """

    name: str
    predicate: str
    names: tuple[str, ...] = ()
    datatype: str | None = None
    kinds: tuple[str, ...] = ()
    thing: bool = False
    many: bool = True
    worded: bool = False
    listed: bool = False

    @property
    def labels(self) -> bool:
        """Whether it names the things of the table."""
        return self.predicate in LABELS


def columns(shapes: Shapes, target: str) -> dict[str, Column]:
    """The columns of a class, by their names, in the shape's order."""
    found: dict[str, Column] = {}
    for column in _columns(shapes, target):
        found.setdefault(column.name, column)
    return found


def _columns(shapes: Shapes, target: str) -> Iterator[Column]:
    own = shapes.kind_of_class(target)
    for row in shapes.fields(target):
        predicate = row.path.predicate
        if predicate is not None and predicate not in DERIVED:
            name = row.id or ("name" if predicate in LABELS else local_name(predicate))
            yield column_of(shapes, row, name, predicate, own)
        elif predicate is None and row.kind == "count":
            links = [step.predicate for way in row.path.alternatives for step in way if not step.inverse]
            for link in dict.fromkeys(links):
                yield Column(row.id or local_name(link), link, _called(row), thing=True, kinds=(own,))
    for link in shapes.typed_links(target):
        yield Column(local_name(link), link, thing=True, kinds=(own,))


def column_of(shapes: Shapes, row: PropertyShape, name: str, predicate: str, own: str) -> Column:
    """The column of a property shape whose path is a predicate; *own* is the kind of the things that have it."""
    graph = shapes.graph
    node: Node = NamedNode(row.iri) if ":" in row.iri else BlankNode(row.iri)
    listed = predicate in _LISTS
    classes = (FOAF_PERSON, FOAF_ORGANIZATION) if listed else row.value_classes
    iris = graph.value(node, SH_NODE_KIND) == iri("sh:IRI")
    return Column(
        name,
        predicate,
        (*_called(row), local_name(predicate), shortened(predicate)),
        datatype=None if row.datatype == _LANG_STRING else row.datatype or _USUAL.get(predicate),
        kinds=_kinds(shapes, row, classes, own),
        thing=bool(classes) or iris,
        many=listed or not any(graph.text(node, said) in {"1", "true"} for said in _SINGLE),
        worded=row.datatype == _LANG_STRING,
        listed=listed,
    )


def _called(row: PropertyShape) -> tuple[str, ...]:
    return tuple(row.names.values())


def _kinds(shapes: Shapes, row: PropertyShape, classes: tuple[str, ...], own: str) -> tuple[str, ...]:
    if row.value_kind:  # what has an IRI of its own under the base has the kind of its class
        shaped = (shapes.kind_of_class(cls) for cls in classes if cls in shapes.targets and cls != SKOS_CONCEPT)
        return tuple(dict.fromkeys((*shaped, row.value_kind)))
    kinds = [shapes.kind_of_class(cls) for cls in classes]
    if SKOS_CONCEPT in classes:
        kinds = [own, *(kind for kind, of in shapes.kinds.items() if SKOS_CONCEPT in of)]
    return tuple(dict.fromkeys(kinds))


def found(known: dict[str, Column], name: str) -> Column | None:
    """The column that a head names, without its language: by its name, its predicate, or its name in a language."""
    if name in known:
        return known[name]
    folded = name.casefold()
    for names in (lambda c: (c.name,), lambda c: c.names):
        hits = [column for column in known.values() if folded in {one.casefold() for one in names(column)}]
        if len(hits) == 1:
            return hits[0]
    return None


def names_record(head: str) -> bool:
    """Whether a column says which record a row is about, or of what classes it is."""
    return head.casefold() in (*ID, *CLASS)


def kind_of_heads(shapes: Shapes, names: Sequence[str]) -> str | None:
    """The kind that a table with these heads is about: the first of which all are columns, else the one of most."""
    best: tuple[int, str] | None = None
    for kind, classes in shapes.kinds.items():
        known = columns(shapes, classes[0])
        said = [head.rpartition("@")[0] or head for head in names if head and not names_record(head)]
        missing = sum(found(known, name) is None for name in said)
        if best is None or missing < best[0]:
            best = missing, kind
    return best[1] if best else None


def heads(shapes: Shapes, kind: str, languages: tuple[str, ...]) -> list[str]:
    """The heads of an empty table of a kind; what needs a language has a column for each of some *languages*."""
    classes = shapes.classes_of_kind(kind)
    known = columns(shapes, classes[0])
    heads = ["id", *(["class"] if len(classes) > 1 else [])]
    for column in known.values():
        heads += [f"{column.name}@{lang}" for lang in languages] if column.worded else [column.name]
    return heads
