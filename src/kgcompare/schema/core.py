"""Shapes of others: SHACL Core and nothing else, well-formed, without circles, and small enough to judge by.

Source: SHACL, sections 2 and 4 (Core), 3.4.3 (recursion), and Appendix A (syntax rules).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import Seam, ShapeError
from kgcompare.rdf.graph import Graph, Node, Term, structure_key
from kgcompare.rdf.namespaces import PREFIXES, shortened
from kgcompare.rdf.terms import (
    RDF_FIRST,
    RDF_NIL,
    RDF_REST,
    SH_ALTERNATIVE_PATH,
    SH_INVERSE_PATH,
    SH_PATH,
    SH_PROPERTY,
    SH_TARGET_CLASS,
)
from kgcompare.schema import patterns

MOST_SHAPES = 2_000
"""Property shapes and node shapes of one file or of a catalogue."""
MOST_STATEMENTS = 100_000
_MOST_TARGETS = 5_000
_MOST_MEMBERS = 10_000
_MOST_NESTING = 12
_MOST_VISITS = 1_000
_MOST_STEPS = 30
_SH = PREFIXES["sh"]
_KINDS = {
    _SH + kind for kind in ("IRI", "BlankNode", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral")
}
_PATHS = (SH_ALTERNATIVE_PATH, SH_INVERSE_PATH, _SH + "zeroOrMorePath", _SH + "oneOrMorePath", _SH + "zeroOrOnePath")
_OURS = {_SH + name for name in ("SPARQLTarget", "target", "select", "prefixes")}
_IMPORTS = PREFIXES["owl"] + "imports"
_TYPES = {_SH + name for name in ("NodeShape", "PropertyShape", "PropertyGroup", "Shape")}
_LISTS = ("in", "languageIn", "ignoredProperties", "and", "or", "xone")
_NESTED = tuple(_SH + name for name in ("node", "property", "not", "qualifiedValueShape"))
_NESTED_LISTS = tuple(_SH + name for name in ("and", "or", "xone"))
_MAKE_SHAPES = {SH_PATH, *_NESTED, *_NESTED_LISTS}
_NODE_SHAPE, _PROPERTY_SHAPE = NamedNode(_SH + "NodeShape"), NamedNode(_SH + "PropertyShape")
_ONE = "datatype nodeKind minCount maxCount minLength maxLength pattern flags uniqueLang closed deactivated severity"
_ONCE = {
    _SH + name
    for name in (
        f"{_ONE} path minExclusive minInclusive maxExclusive maxInclusive languageIn in ignoredProperties "
        "qualifiedMinCount qualifiedMaxCount qualifiedValueShapesDisjoint order"
    ).split()
}


def _integer(term: Term) -> bool:
    return isinstance(term, Literal) and re.fullmatch(r"\+?[0-9]{1,9}", term.value) is not None


def _boolean(term: Term) -> bool:
    return isinstance(term, Literal) and term.value in {"true", "false", "1", "0"}


def _iri(term: Term) -> bool:
    return isinstance(term, NamedNode)


def _node(term: Term) -> bool:
    return not isinstance(term, Literal)


def _literal(term: Term) -> bool:
    return isinstance(term, Literal)


def _number(term: Term) -> bool:
    return isinstance(term, Literal) and re.fullmatch(r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?", term.value) is not None


def _kind(term: Term) -> bool:
    return isinstance(term, NamedNode) and term.value in _KINDS


def _any(_: Term) -> bool:
    return True


_VALUES: dict[tuple[Callable[[Term], bool], str], str] = {
    (
        _integer,
        "a whole number from 0",
    ): "minCount maxCount minLength maxLength qualifiedMinCount qualifiedMaxCount",
    (_boolean, "true or false"): "uniqueLang closed deactivated qualifiedValueShapesDisjoint",
    (_iri, "an IRI"): "class datatype equals disjoint lessThan lessThanOrEquals targetClass targetSubjectsOf "
    "targetObjectsOf severity",
    (_kind, "one of sh:IRI, sh:BlankNode, sh:Literal and their three combinations"): "nodeKind",
    (_node, "a shape, a list or a path, not a text"): "node property not qualifiedValueShape path group in languageIn "
    "ignoredProperties and or xone alternativePath inversePath zeroOrMorePath oneOrMorePath zeroOrOnePath",
    (_literal, "a text"): "pattern flags message name description minExclusive minInclusive maxExclusive maxInclusive",
    (_number, "a number"): "order",
    (_any, ""): "hasValue targetNode defaultValue declare prefix namespace",
}
_CORE = {_SH + name: rule for rule, names in _VALUES.items() for name in names.split()}


def check_core(triples: Sequence[Triple], source: str = "the shapes", *, ours: bool = False) -> Graph:
    """Passes shapes of SHACL Core that are well-formed, and gives their graph; *source* names them in errors.

    *ours* lets pass the one target by a query that the bundled shapes have.

    :raises ShapeError: for anything else, says which shape and what about it.
    """
    try:
        _sizes(triples)
        graph = Graph(triples)
        for subject in graph.subjects():
            _statements(graph, subject, ours)
        _nesting(graph)
    except ShapeError as fault:
        raise ShapeError(f"{source}: {fault}") from None
    return graph


def merged(triples: Iterable[Triple]) -> list[Triple]:
    """Shapes without what is said twice: blank nodes of one node and predicate that say the same."""
    triples = list(dict.fromkeys(triples))
    graph = Graph(triples)
    again: set[tuple[Node, str, Term]] = set()
    for subject in graph.subjects():
        for predicate, values in graph.description(subject).items():
            blank = [value for value in values if isinstance(value, BlankNode)]
            first: dict[str, Node] = {}
            for value in blank if len(blank) > 1 else ():
                if first.setdefault(structure_key(graph, value), value) != value:
                    again.add((subject, predicate, value))
    return [t for t in triples if (t.subject, t.predicate.value, t.object) not in again]


def _sizes(triples: Sequence[Triple]) -> None:
    by = Counter(triple.predicate.value for triple in triples)
    shapes = {
        triple.subject
        for triple in triples
        if triple.predicate.value in _MAKE_SHAPES or triple.object in (_NODE_SHAPE, _PROPERTY_SHAPE)
    }
    for count, most, what in (
        (by[_SH + "targetNode"] + by[SH_TARGET_CLASS], _MOST_TARGETS, "targets; name classes, not things"),
        (len(shapes), MOST_SHAPES, "shapes"),
        (by[RDF_FIRST], _MOST_MEMBERS, "members of lists"),
        (len(triples), MOST_STATEMENTS, "statements"),
    ):
        if count > most:
            raise ShapeError(f"{count} are too many, the most are {most} {what}")


def _statements(graph: Graph, subject: Node, ours: bool) -> None:
    where = subject.value if isinstance(subject, NamedNode) else "a shape or path without an IRI"
    passing = _OURS if ours else set()
    for cls in graph.types(subject):
        if cls.startswith(_SH) and cls not in _TYPES | passing:
            raise _not_core(where, cls)
    for predicate, values in graph.description(subject).items():
        if predicate == _IMPORTS:
            raise ShapeError(f"{where}: owl:imports is not followed; name each file with --shapes, and remove it")
        if not predicate.startswith(_SH) or predicate in passing:
            continue
        if predicate not in _CORE:
            raise _not_core(where, predicate)
        fits, what = _CORE[predicate]
        name = shortened(predicate)
        if wrong := next((value for value in values if not fits(value)), None):
            raise ShapeError(f"{where}: {name} {_shown(wrong)} must be {what}")
        if len(values) > 1 and predicate in _ONCE:
            raise ShapeError(f"{where}: {name} may stand here once, and stands here {len(values)} times")
    _parts(graph, subject, where)


def _parts(graph: Graph, subject: Node, where: str) -> None:
    for name in _LISTS:
        for head in graph.objects(subject, _SH + name):
            _list(graph, head, f"{where}: sh:{name}")
    for path in graph.objects(subject, SH_PATH):
        _path(graph, path, where)
    for node in graph.objects(subject, _SH + "property"):
        if not isinstance(node, Literal) and graph.value(node, SH_PATH) is None:
            said = [p for p in graph.description(node) if p.startswith(_SH)]
            if said or isinstance(node, BlankNode):
                raise ShapeError(f"{where}: a property shape has no sh:path; give it one")
    for pattern in graph.objects(subject, _SH + "pattern"):
        with Seam((ValueError,), lambda why: ShapeError(f"{where}: sh:pattern: {why}")):
            patterns.check_pattern(getattr(pattern, "value", ""), graph.text(subject, _SH + "flags") or "")


def _not_core(where: str, term: str) -> ShapeError:
    return ShapeError(f"{where}: {shortened(term)} is not of SHACL Core, and is not followed here; remove it")


def _shown(term: Term) -> str:
    return repr(term.value[:100]) if isinstance(term, Literal) else getattr(term, "value", "")[:200]


def _list(graph: Graph, head: Term, where: str) -> list[Term]:
    members: list[Term] = []
    seen: set[Term] = set()
    while head != NamedNode(RDF_NIL):
        if head in seen:
            raise ShapeError(f"{where}: the list runs in a circle")
        seen.add(head)
        firsts = [] if isinstance(head, Literal) else graph.objects(head, RDF_FIRST)
        rests = [] if isinstance(head, Literal) else graph.objects(head, RDF_REST)
        if len(firsts) != 1 or len(rests) != 1:
            raise ShapeError(f"{where}: the list is broken; write it as ( ... )")
        members.append(firsts[0])
        head = rests[0]
    return members


def _path(graph: Graph, path: Term, where: str) -> None:
    """Walks a path; it is a tree, and of bounded size."""
    waiting: list[tuple[Term, frozenset[Term]]] = [(path, frozenset())]
    steps = 0
    while waiting:
        node, above = waiting.pop()
        steps += 1
        if node in above:
            raise ShapeError(f"{where}: sh:path runs in a circle")
        if steps > _MOST_STEPS:
            raise ShapeError(f"{where}: sh:path has more than {_MOST_STEPS} steps")
        if isinstance(node, NamedNode) and node.value != RDF_NIL:
            continue
        said = graph.description(node) if isinstance(node, BlankNode) else {}
        kinds = [kind for kind in (*_PATHS, RDF_FIRST) if kind in said]
        if len(kinds) != 1 or (kinds[0] != RDF_FIRST and len(said[kinds[0]]) != 1):
            raise ShapeError(f"{where}: sh:path is no path; use an IRI, a list, or one of sh:inversePath and its like")
        if kinds[0] in {RDF_FIRST, SH_ALTERNATIVE_PATH}:
            parts = _list(graph, node if kinds[0] == RDF_FIRST else said[kinds[0]][0], f"{where}: sh:path")
            if len(parts) < 2:
                raise ShapeError(f"{where}: sh:path: a sequence or alternative has two members or more")
        else:
            parts = [said[kinds[0]][0]]
        waiting += [(part, above | {node}) for part in parts]


def nested(graph: Graph, shape: Node) -> Iterator[Node]:
    """The shapes that a shape has its values or itself judged by."""
    for predicate in _NESTED:
        yield from (node for node in graph.objects(shape, predicate) if not isinstance(node, Literal))
    for predicate in _NESTED_LISTS:
        for head in graph.objects(shape, predicate):
            yield from (node for node in graph.members(head) if not isinstance(node, Literal))


def qualified_siblings(graph: Graph, shape: Node) -> Iterator[Node]:
    """The shapes that values of a shape must not fit where ``sh:qualifiedValueShapesDisjoint`` says so."""
    if not graph.objects(shape, _SH + "qualifiedValueShapesDisjoint"):
        return
    for parent in graph.subjects_of(SH_PROPERTY, shape):
        for sibling in graph.objects(parent, SH_PROPERTY):
            others = [] if isinstance(sibling, Literal) else graph.objects(sibling, _SH + "qualifiedValueShape")
            yield from (other for other in others if not isinstance(other, Literal))


def _nesting(graph: Graph) -> None:
    """No shape leads back to itself, none nests deeply, and none is judged by too many others."""
    visits: dict[Node, int] = {}
    depth: dict[Node, int] = {}
    for start in graph.subjects():
        path: dict[Node, Iterator[Node]] = {} if start in visits else {start: nested(graph, start)}
        while path:
            at = next(reversed(path))
            inner = next(path[at], None)
            if inner is None:
                del path[at]
                parts = list(nested(graph, at))
                visits[at] = 1 + sum(visits[part] for part in parts)
                depth[at] = 1 + max((depth[part] for part in parts), default=0)
            elif inner in path:
                raise ShapeError(f"{_name(path)}: the shape leads back to itself; SHACL defines no such recursion")
            elif inner not in visits:
                path[inner] = nested(graph, inner)
            if depth.get(at, 0) > _MOST_NESTING or visits.get(at, 0) > _MOST_VISITS:
                where = at.value if isinstance(at, NamedNode) else "a shape without an IRI"
                raise ShapeError(
                    f"{where}: shapes nest more than {_MOST_NESTING} levels deep, or one leads to more than "
                    f"{_MOST_VISITS} others; make them flatter"
                )


def _name(nodes: dict[Node, Iterator[Node]]) -> str:
    return next((node.value for node in reversed(nodes) if isinstance(node, NamedNode)), "a shape without an IRI")
