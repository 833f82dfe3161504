"""Links that contradict one another, or say what others say already.

Part of a :mod:`kgcompare.report`. What a kind of link means is in the vocabulary: those that are transitive
(``owl:TransitiveProperty``) lead to what a thing comes from; those disjoint with one of these
(``owl:propertyDisjointWith``) never lead there; and ``kgc:generic`` ones lead to the wider kind of a thing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import is_safe_iri, local_name
from kgcompare.rdf.terms import KGC_GENERIC, OWL_PROPERTY_DISJOINT_WITH, OWL_TRANSITIVE_PROPERTY
from kgcompare.report.completeness import SHOWN
from kgcompare.report.questions import Mentioned, Questions
from kgcompare.schema import vocabulary
from kgcompare.schema.shapes import Shapes
from kgcompare.text import dates
from kgcompare.text.languages import interface_languages

_NAMED = 1000
"""Things up to which an engine is told of which ones the origin is wanted; beyond, it is asked for all."""
FAR = 1000
"""The most things that are looked at to find what one comes from: no chain of methods has a tenth of that."""
ANCESTOR, CIRCLE, YOUNGER, IMPLIED = KINDS = ("ancestor", "circle", "younger", "implied")


@dataclass(frozen=True, slots=True)
class Chain:
    """A link that cannot stand, and the things by way of which others say so: from its subject to its object."""

    relation: Mentioned
    things: tuple[Mentioned, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One kind of contradiction (of :data:`KINDS`), how many there are, and the first of them. ``explained`` counts
    those about whose subject an editorial note says why it is right all the same; the others are ``count``."""

    kind: str
    count: int
    explained: int
    chains: tuple[Chain, ...]


@dataclass(slots=True)
class _Links:
    """The links of a class: by predicate, and whatever the transitive ones lead to from each thing."""

    all: list[tuple[str, str, str]]
    up: dict[str, list[str]] = field(default_factory=dict)

    def way(self, start: str, end: str, *, direct: bool = True) -> list[str]:
        """The shortest way up from one thing to another, both included; empty where there is none. A way that is not
        *direct* has something between the two."""
        came: dict[str, str] = {}
        following = [(start, other) for other in self.up.get(start, ()) if direct or other != end]
        while following and len(came) < FAR:
            here, following = following, []
            for one, other in here:
                if other in came or (other == start and end != start):
                    continue
                came[other] = one
                if other == end:
                    return _traced(came, start, end)
                following += [(other, further) for further in self.up.get(other, ())]
        return []


def contradicting(asking: Questions) -> tuple[Contradiction, ...]:
    """What contradicts itself in the links of all classes; kinds of which there is nothing are left out."""
    found: dict[str, list[tuple[str, Sequence[str]]]] = {kind: [] for kind in KINDS}
    explained = 0
    for cls in asking.targets:
        relations = [p for p in asking.shapes.typed_links(cls) if is_safe_iri(p)]
        lineage = {p for p in relations if _is_transitive(asking.shapes, p)}
        if not lineage:
            continue
        links = _Links(asking.ties(cls))
        for one, relation, other in links.all:
            if relation in lineage:
                links.up.setdefault(one, []).append(other)
        found[ANCESTOR] += _ancestors(asking.shapes, links, lineage)
        found[CIRCLE] += _circles(links, lineage)
        found[IMPLIED] += _implied(asking.shapes, links, lineage)
        younger = _younger(asking, links)
        noted = _noted(asking, [things[0] for _, things in younger])
        found[YOUNGER] += [link for link in younger if link[1][0] not in noted]
        explained += sum(link[1][0] in noted for link in younger)
    kinds = ((kind, links, explained if kind == YOUNGER else 0) for kind, links in found.items())
    return tuple(_told(asking, kind, links, noted) for kind, links, noted in kinds if links or noted)


def _told(asking: Questions, kind: str, links: Sequence[tuple[str, Sequence[str]]], explained: int) -> Contradiction:
    shown = sorted(links, key=lambda link: (*link[1], link[0]))[:SHOWN]
    named = asking.named({thing for _, things in shown for thing in things})
    chains = (Chain(_relation(asking.shapes, p), tuple(named[thing] for thing in things)) for p, things in shown)
    return Contradiction(kind, len(links), explained, tuple(chains))


def _relation(shapes: Shapes, predicate: str) -> Mentioned:
    names = {lang: shapes.relation_label(predicate, lang) for lang in interface_languages()}
    return Mentioned(local_name(predicate), predicate, names)


def _is_transitive(shapes: Shapes, relation: str) -> bool:
    return any(OWL_TRANSITIVE_PROPERTY in graph.types(NamedNode(relation)) for graph in _graphs(shapes))


def _disjoint(shapes: Shapes, relation: str) -> set[str]:
    """The relations that never join two things which *relation* joins."""
    return {p for graph in _graphs(shapes) for p in graph.iris(NamedNode(relation), OWL_PROPERTY_DISJOINT_WITH)}


def _graphs(shapes: Shapes) -> tuple[Graph, Graph]:
    """What says what relations mean: the shapes and the vocabulary."""
    return shapes.graph, vocabulary.graph()


def _ancestors(shapes: Shapes, links: _Links, lineage: set[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Links, such as that of alternatives, that join a thing with what it comes from."""
    apart = {p for p in {relation for _, relation, _ in links.all} if _disjoint(shapes, p) & lineage}
    for one, relation, other in links.all:
        if relation in apart and (way := links.way(one, other) or links.way(other, one)):
            yield relation, way


def _circles(links: _Links, lineage: set[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Things that come from themselves; each circle once, from its first thing."""
    seen: set[str] = set()
    for one, relation, _ in links.all:
        if relation in lineage and one not in seen and (way := links.way(one, one)):
            seen.update(way)
            yield relation, way


def _implied(shapes: Shapes, links: _Links, lineage: set[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Links to something that another link leads to as well, and symmetric ones that are said from both ends."""
    said = set(links.all)
    for one, relation, other in links.all:
        if relation in lineage and one != other and (way := links.way(one, other, direct=False)):
            yield relation, way
        elif one < other and (other, relation, one) in said and shapes.is_symmetric(relation):
            yield relation, (one, other)


def _younger(asking: Questions, links: _Links) -> list[tuple[str, Sequence[str]]]:
    """Things that are a kind of something that began when their own origin was over."""
    generic = {p for p in {relation for _, relation, _ in links.all} if asking.shapes.says_true(p, KGC_GENERIC)}
    wide = [link for link in links.all if link[1] in generic]
    ends = {thing for one, _, other in wide for thing in (one, other) if is_safe_iri(thing)}
    spans = _spans(asking, ends)
    found: list[tuple[str, Sequence[str]]] = []
    for one, relation, other in wide:
        over, begun = spans.get(one, (None, None))[1], spans.get(other, (None, None))[0]
        if over is not None and begun is not None and over < begun:
            found.append((relation, (one, other)))
    return found


def _spans(asking: Questions, things: Collection[str]) -> dict[str, tuple[int | None, int | None]]:
    """The years of the origin of each of the things; the last by its text where one has several."""
    some = [NamedNode(thing) for thing in sorted(things)] if len(things) <= _NAMED else [None]
    rows = asking.ask("report_origins", thing=some) if things else []
    said = ((thing.value, origin.value) for thing, origin in rows if isinstance(origin, Literal))
    return {thing: _span(origin) for thing, origin in sorted(said) if thing in things}


def _noted(asking: Questions, things: Sequence[str]) -> set[str]:
    """Which of the things have an editorial note."""
    rows = asking.ask("report_notes", thing=[NamedNode(thing) for thing in sorted(set(things))]) if things else []
    return {thing.value for (thing,) in rows}


def _span(text: str) -> tuple[int | None, int | None]:
    try:
        return dates.years(dates.canonical(text))
    except ValueError:
        return None, None


def _traced(came: Mapping[str, str], start: str, end: str) -> list[str]:
    way = [end]
    while way[-1] != start or len(way) == 1:
        way.append(came[way[-1]])
    return way[::-1]
