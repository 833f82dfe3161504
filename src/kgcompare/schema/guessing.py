"""What shapes that say nothing of catalogues mean for one: kinds of things, rows, names, facets.

Shapes that others publish say what is valid. What a catalogue needs beside is guessed from them, and said in the terms
of our vocabulary, as if their authors had: from then on they are shapes like any others, and who knows better says so.
A class of which any property shape has a ``kgc:rowId`` is left as it is. What is guessed has no say in what is valid:
the rows of a class hang on a node shape of their own, which is deactivated. But what shapes mean by being classes
themselves, below others, is written out as targets and properties.

Source: SHACL, sections 2.1.3 (targets), 2.1.2 (deactivated), 2.3.2 (names, order, groups), 4.6 and 4.7 (sh:and,
sh:node); DCAT-AP and Bioschemas, whose shapes are written in these ways.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import ShapeError
from kgcompare.rdf import terms as rdf
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES, SHAPES, foreign_slug, iri, is_safe_iri, local_name, slugify
from kgcompare.schema.aims import above, aims_elsewhere, targets_of
from kgcompare.schema.naming import class_names, free_kind, readable, row_names, said_by
from kgcompare.schema.paths import PropertyPath, read_path
from kgcompare.schema.rows import ASKED, LAST, datatypes, is_true, value_classes
from kgcompare.text.languages import DEFAULT, best
from kgcompare.text.plurals import plural

_NOT_THINGS = tuple(PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl", "xsd", "sh"))
_SCHEMA = "http://schema.org/"
_ALIASES = {
    *rdf.ALIASES,
    *(space + "alternateName" for space in (_SCHEMA, PREFIXES["schema"])),
    iri("dcterms:alternative").value,
    iri("foaf:nick").value,
    rdf.DWC + "vernacularName",
}
_TELLING = re.compile(
    r"(?:description|definition|abstract|comment|[a-z]*notes?|[a-z]*remarks?|summary"
    r"|disambiguatingdescription|biography|about)\Z",
    re.IGNORECASE,
)
_WORDS = {iri("rdf:langString").value, iri("rdf:HTML").value, rdf.XSD_STRING}
_RESERVED = {"compare", "doc", "find", "id", "ns", "reconcile", "report", "shapes", "sparql", "static"}
"""What addresses begin with that are no kinds."""
_LITTLE = 2
_TRUE = Literal(True)


@dataclass(slots=True)
class _Class:
    """A class that shapes target: these, and the property shapes that say what its things have, one for each path."""

    iri: str
    shapes: list[Node] = field(default_factory=list)
    rows: dict[PropertyPath, list[Node]] = field(default_factory=dict)


def guessed(graph: Graph, known: Graph, unread: list[str] | None = None) -> list[Triple]:
    """What is to be added to shapes, *known* being those that every catalogue has.

    *unread* takes, in words, what no row or kind can be made of.
    """
    notes = unread if unread is not None else []
    classes = _classes(graph, notes)
    taken = {cls: _rows_known(known, cls) for cls in classes}
    for said in classes.values():
        for node in _properties(graph, said, classes):
            try:
                path = read_path(graph, graph.value(node, rdf.SH_PATH))
            except ShapeError:
                notes.append(f"{_named(node, said)}: its sh:path is checked, but no row can follow it")
                continue
            if path.predicate != rdf.RDF_TYPE and path not in taken[said.iri]:
                said.rows.setdefault(path, []).append(node)
    chosen = _chosen(graph, classes.values())
    found = [*_inherited(graph, classes), *_row_triples(graph, classes, chosen, taken)]
    return [*found, *_kind_triples(graph, known, classes, chosen)]


# -- classes -----------------------------------------------------------------------------------------


def _classes(graph: Graph, notes: list[str]) -> dict[str, _Class]:
    """The classes that active shapes without rows of their own are about."""
    classes: dict[str, _Class] = {}
    for shape in graph.subjects():
        if is_true(graph, shape, rdf.SH_DEACTIVATED):
            continue
        about = targets_of(graph, shape)
        for cls in about:
            if is_safe_iri(cls) and not cls.startswith(_NOT_THINGS):
                classes.setdefault(cls, _Class(cls)).shapes.append(shape)
        if not about and aims_elsewhere(graph, shape) and graph.objects(shape, rdf.SH_PROPERTY):
            where = shape.value if isinstance(shape, NamedNode) else "a shape without an IRI"
            notes.append(
                f"{where}: what it targets has no class that it names, so it has no lists and pages of its own"
            )
    own = {cls for cls, said in classes.items() if any(_has_rows(graph, shape) for shape in said.shapes)}
    return {cls: said for cls, said in classes.items() if cls not in own}


def _has_rows(graph: Graph, shape: Node) -> bool:
    nodes = (node for node in graph.objects(shape, rdf.SH_PROPERTY) if not isinstance(node, Literal))
    return any(graph.objects(node, rdf.KGC_ROW_ID) for node in nodes)


def _rows_known(known: Graph, cls: str) -> dict[PropertyPath, str]:
    """The rows, by their paths, that a class has without the shapes in question, and their ids."""
    rows: dict[PropertyPath, str] = {}
    for shape in known.subjects_of(rdf.SH_TARGET_CLASS, NamedNode(cls)):
        for node in known.objects(shape, rdf.SH_PROPERTY):
            if not isinstance(node, Literal):
                with suppress(ShapeError):  # a path that no query follows is no row, and is judged by
                    rows[read_path(known, known.value(node, rdf.SH_PATH))] = known.text(node, rdf.KGC_ROW_ID) or ""
    return rows


def _properties(graph: Graph, said: _Class, classes: Mapping[str, _Class]) -> Iterator[Node]:
    """The property shapes that things of a class are judged by: those of its shapes and what they are made of, and of
    the classes above it. Left out is what is deactivated or may not be there."""
    waiting = [*(shape for cls in above(graph, said.iri) if cls in classes for shape in classes[cls].shapes)]
    waiting += reversed(said.shapes)
    done: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node in done or is_true(graph, node, rdf.SH_DEACTIVATED):
            continue
        done.add(node)
        if graph.objects(node, rdf.SH_PATH):
            if graph.text(node, rdf.SH_MAX_COUNT) != "0":
                yield node
            continue
        inner = [*graph.objects(node, rdf.SH_PROPERTY), *graph.objects(node, rdf.SH_NODE)]
        for choice in (rdf.SH_AND, rdf.SH_OR, rdf.SH_XONE):
            inner += [member for head in graph.objects(node, choice) for member in graph.members(head)]
        waiting += [one for one in reversed(inner) if not isinstance(one, Literal)]


def _inherited(graph: Graph, classes: Mapping[str, _Class]) -> Iterator[Triple]:
    """What shapes of classes mean by being classes, said as targets and properties: records know nothing of classes.

    A shape that is a class targets it, and things of a class are judged by the shapes of those above it.
    """
    for cls, said in classes.items():
        node = NamedNode(cls)
        if node in said.shapes and not graph.objects(node, rdf.SH_TARGET_CLASS):
            yield Triple(node, NamedNode(rdf.SH_TARGET_CLASS), node)
        wider = (shape for one in above(graph, cls) if one in classes for shape in classes[one].shapes)
        more = dict.fromkeys(value for shape in wider for value in graph.objects(shape, rdf.SH_PROPERTY))
        yield from (Triple(said.shapes[0], NamedNode(rdf.SH_PROPERTY), value) for value in more)


def _named(node: Node, said: _Class) -> str:
    return node.value if isinstance(node, NamedNode) else f"a property shape of <{said.iri}>"


# -- rows --------------------------------------------------------------------------------------------


def _chosen(graph: Graph, classes: Iterable[_Class]) -> dict[Node, PropertyPath]:
    """One property shape for each path of each class: one that others have too, else the first with a name."""
    chosen: dict[Node, PropertyPath] = {}
    for said in classes:
        for path, nodes in said.rows.items():
            if not any(node in chosen for node in nodes):
                named = [node for node in nodes if graph.objects(node, rdf.SH_NAME)]
                chosen[(named or nodes)[0]] = path
    return chosen


def _row_triples(
    graph: Graph,
    classes: Mapping[str, _Class],
    chosen: Mapping[Node, PropertyPath],
    taken: Mapping[str, Mapping[PropertyPath, str]],
) -> Iterator[Triple]:
    users: dict[Node, list[_Class]] = {node: [] for node in chosen}
    alike: dict[Node, list[Node]] = {node: [] for node in chosen}
    for said in classes.values():
        for nodes in said.rows.values():
            for node in nodes:
                if node in chosen:
                    users[node].append(said)
                    alike[node] += [one for one in nodes if one != node]
    heads = {said.iri: _head(said) for said in classes.values()}
    names = {node: row_names(graph, node, path, alike[node]) for node, path in chosen.items()}
    places = _places(graph, names)
    used = {cls: {row: path for path, row in rows.items()} for cls, rows in taken.items()}
    for node, path in chosen.items():
        if not graph.objects(node, rdf.SH_NAME):
            yield from _texts(node, rdf.SH_NAME, names[node])
        if not graph.objects(node, rdf.SH_DESCRIPTION):
            yield from _texts(node, rdf.SH_DESCRIPTION, said_by(graph, node, rdf.SH_DESCRIPTION, alike[node]))
        if path.predicate in {heads[said.iri] for said in users[node]}:
            continue
        row_id = _free_id(path, [used[said.iri] for said in users[node]])
        kind = _row_kind(graph, path, [node, *alike[node]])
        filed = kind == rdf.KGC_VALUE_ROW and path.predicate
        facet = list(_facet(graph, node, alike[node], classes, names[node])) if filed else []
        if facet and row_id in ASKED:
            row_id = _free_id(path, [used[said.iri] for said in users[node]], "has-")
        yield Triple(node, NamedNode(rdf.KGC_ROW_ID), Literal(row_id))
        yield Triple(node, NamedNode(rdf.KGC_ROW_KIND), NamedNode(kind))
        if not graph.objects(node, rdf.KGC_SHOWN):
            yield Triple(node, NamedNode(rdf.KGC_SHOWN), NamedNode(rdf.KGC_WHERE_RECORDED))
        if node in places:
            yield Triple(node, NamedNode(rdf.SH_ORDER), Literal(places[node]))
        yield from facet


def _head(said: _Class) -> str | None:
    """The predicate that names the things of a class."""
    predicates = {path.predicate for path in said.rows}
    return next((label for label in rdf.LABELS if label in predicates), None)


def _places(graph: Graph, names: Mapping[Node, Mapping[str, str]]) -> dict[Node, int | float]:
    """Where rows stand of which it is not said, or whose groups have an order: groups, order, name."""

    def group(node: Node) -> tuple[float, str]:
        heads = [head for head in graph.objects(node, rdf.SH_GROUP) if not isinstance(head, Literal)]
        return (_number(graph, heads[-1]), heads[-1].value) if heads else (LAST, "")

    grouped = any(graph.objects(node, rdf.SH_GROUP) for node in names)
    if not grouped and all(graph.objects(node, rdf.SH_ORDER) for node in names):
        return {}

    def place(node: Node) -> tuple[tuple[float, str], float, str]:
        return group(node), _number(graph, node), (best(names[node], DEFAULT) or ("", ""))[1].casefold()

    return {node: at for at, node in enumerate(sorted(names, key=place), 1)}


def _number(graph: Graph, node: Node) -> float:
    try:
        return float(graph.text(node, rdf.SH_ORDER) or LAST)
    except ValueError:
        return LAST


def _free_id(path: PropertyPath, used: Sequence[dict[str, PropertyPath]], before: str = "") -> str:
    """What a row is called in addresses and columns: the end of its path, told apart from others of its classes."""
    stem = before + "-".join(slugify(readable(step.predicate)) for step in path.alternatives[0])
    if path.alternatives[0][0].inverse and path.predicate is None and len(path.alternatives) == 1:
        stem = f"is-{stem}-of"
    number = 1
    while any(ids.get(_with(stem, number), path) != path for ids in used):
        number += 1
    for ids in used:
        ids[_with(stem, number)] = path
    return _with(stem, number)


def _with(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _row_kind(graph: Graph, path: PropertyPath, nodes: Sequence[Node]) -> str:
    predicate = path.predicate or ""
    if predicate in _ALIASES or predicate in rdf.LABELS:
        return rdf.KGC_NAME_ROW
    types = {datatype for node in nodes for datatype in datatypes(graph, node)}
    things = any(value_classes(graph, node) or graph.objects(node, rdf.SH_IN) for node in nodes)
    things |= any(kind.endswith("#IRI") for node in nodes for kind in graph.iris(node, rdf.SH_NODE_KIND))
    told = iri("rdf:HTML").value in types or _TELLING.fullmatch(local_name(predicate))
    if predicate and told and types <= _WORDS and not things:
        return rdf.KGC_TEXT_ROW
    return rdf.KGC_VALUE_ROW


def _facet(
    graph: Graph, node: Node, alike: Sequence[Node], classes: Mapping[str, _Class], names: Mapping[str, str]
) -> Iterator[Triple]:
    """That lists can be narrowed by a row: where its values are one of a few that the shape names, or things of a class
    that are there for others, or one thing only of a class that has shapes as well; or are yes or no."""
    nodes = (node, *alike)
    of = [cls for one in nodes for cls in value_classes(graph, one)]
    few = any(not isinstance(member, BlankNode) for one in nodes for member in _choices(graph, one))
    truth = any(rdf.XSD_BOOLEAN in datatypes(graph, one) for one in nodes)
    one_only = any(graph.text(one, rdf.SH_MAX_COUNT) == "1" for one in nodes)
    if not few and not truth and not (of and all(one_only or _is_small(classes.get(cls)) for cls in of)):
        return
    if any(cls.startswith(_NOT_THINGS) for cls in of):
        return
    yield Triple(node, NamedNode(rdf.KGC_FACET), _TRUE)
    if not truth:
        yield from _texts(node, rdf.KGC_PLURAL_LABEL, {tag: plural(text, tag) for tag, text in names.items()})


def _choices(graph: Graph, node: Node) -> Iterator[Term]:
    return (member for head in graph.objects(node, rdf.SH_IN) for member in graph.members(head))


def _is_small(said: _Class | None) -> bool:
    """Whether things of a class are there for others, which is thought of those of which little is said."""
    return said is None or sum(path.predicate not in rdf.LABELS for path in said.rows) <= _LITTLE


# -- kinds -------------------------------------------------------------------------------------------


def _kind_triples(
    graph: Graph, known: Graph, classes: Mapping[str, _Class], chosen: Mapping[Node, PropertyPath]
) -> Iterator[Triple]:
    """A node shape for each class, which is deactivated: its kind, what its things are called, and its rows."""
    kinds = Counter(text for node in known.subjects() if (text := known.text(node, rdf.KGC_KIND)))
    kinds += Counter(_RESERVED)
    for cls, said in classes.items():
        node = NamedNode(f"{SHAPES}of-{foreign_slug(cls)}")
        rows = [row for nodes in said.rows.values() for row in nodes if row in chosen]
        yield Triple(node, NamedNode(rdf.RDF_TYPE), NamedNode(rdf.SH_NODE_SHAPE))
        yield Triple(node, NamedNode(rdf.SH_DEACTIVATED), _TRUE)
        yield Triple(node, NamedNode(rdf.SH_TARGET_CLASS), NamedNode(cls))
        yield from (Triple(node, NamedNode(rdf.SH_PROPERTY), row) for row in dict.fromkeys(rows))
        if known.subjects_of(rdf.SH_TARGET_CLASS, NamedNode(cls)):
            if not _is_small(said):
                yield Triple(node, NamedNode(rdf.KGC_SUPPORTING), Literal(False))
            continue
        kind = next((text for shape in said.shapes if (text := graph.text(shape, rdf.KGC_KIND))), "")
        if not kind:
            kind = "agent" if cls in rdf.AGENTS else free_kind(cls, kinds)
            yield Triple(node, NamedNode(rdf.KGC_KIND), Literal(kind))
        kinds[kind] += 1
        names = class_names(graph, cls, said.shapes)
        yield from _texts(node, rdf.RDFS_LABEL, names)
        if not any(graph.objects(shape, rdf.KGC_PLURAL_LABEL) for shape in said.shapes):
            yield from _texts(node, rdf.KGC_PLURAL_LABEL, {tag: plural(text, tag) for tag, text in names.items()})


def _texts(node: Node, predicate: str, texts: Mapping[str, str]) -> Iterator[Triple]:
    for tag, text in texts.items():
        yield Triple(node, NamedNode(predicate), Literal(text, language=tag) if tag else Literal(text))
