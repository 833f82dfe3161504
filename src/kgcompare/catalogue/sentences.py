"""What a comparison says in sentences: how the compared hang together, what they share, what sets them apart.

Nothing is said that no statement backs. The links are those of queries/links.rq, the values those of
queries/compare.rq; the words are those of the vocabulary and of the shapes (``kgc:sentence`` and its kin on a
predicate), so that a link or a row that another catalogue adds needs no Python. A relation without words of its own is
said by its label.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from kgcompare.catalogue.descriptions import Descriptions
from kgcompare.catalogue.values import Reader
from kgcompare.model import Comparison, Piece, Row, Sentence
from kgcompare.rdf.graph import Graph, node_of
from kgcompare.rdf.terms import KGC_MUTUAL_SENTENCE, KGC_PLURAL_SENTENCE, KGC_SENTENCE, KGC_WARNS, SKOS_EXACT_MATCH
from kgcompare.schema.rows import PropertyShape
from kgcompare.schema.shapes import Shapes
from kgcompare.text.languages import translate
from kgcompare.text.phrases import Phrases

_MOST = 5
"""Sentences above a comparison."""
_CLAUSES = 3
"""Clauses of a sentence."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Subjects that are linked with objects, each with each, by a relation; *mutual* ones with each other."""

    relation: str
    subjects: tuple[str, ...]
    objects: tuple[str, ...] = ()
    mutual: bool = False

    @property
    def things(self) -> tuple[str, ...]:
        """All that it is about."""
        return (*self.subjects, *self.objects)

    @property
    def links(self) -> int:
        """How many links it is about."""
        return len(self.subjects) * max(1, len(self.objects))


_Link = tuple[str, str, str]
"""(from, relation, to), as IRIs."""


def links_of(
    descriptions: Descriptions, graphs: Mapping[str, Graph], relations: Sequence[str], things: Sequence[str]
) -> list[tuple[str, _Link]]:
    """(thing, link) for each link of each of the things with another one, in whichever direction it leads.

    Those that lead from a thing stand in its record, among *graphs*; those that lead to it are looked up.

    :raises StoreError: if the store cannot be read.
    """
    found = [
        (thing, (thing, relation, other))
        for thing in things
        for relation in relations
        for other in graphs[thing].iris(node_of(thing), relation)
    ]
    return found + [(link[2], link) for link in descriptions.links_to(things, relations)]


def ties_between(links: Collection[_Link], things: Sequence[str], symmetric: Collection[str]) -> list[Tie]:
    """How things hang together directly, what says most first; a plain link only where no other says as much."""
    ties: list[Tie] = []
    place = {thing: at for at, thing in enumerate(things)}
    for relation in dict.fromkeys(relation for _, relation, _ in links):
        pairs = {
            (one, two) for one, by, two in links if by == relation and one in place and two in place and one != two
        }
        if relation in symmetric:
            ends = sorted({end for pair in pairs for end in pair}, key=place.__getitem__)
            both = pairs | {(two, one) for one, two in pairs}
            if ends and len(both) == len(ends) * (len(ends) - 1):
                ties.append(Tie(relation, tuple(ends), mutual=True))
                continue
        ties += [Tie(relation, *tie) for tie in _bundled(pairs, place)]
    return ties


def _bundled(
    pairs: Iterable[tuple[str, str]], place: Mapping[str, int]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs as few pairs of groups, each member of one linked with each of the other; the largest first."""
    left, found = set(pairs), []
    while left:
        after: dict[str, set[str]] = {}
        before: dict[str, set[str]] = {}
        for one, two in left:
            after.setdefault(one, set()).add(two)
            before.setdefault(two, set()).add(one)
        groups = [({s for s, others in after.items() if others >= ends}, ends) for ends in after.values()]
        groups += [(ends, {o for o, others in before.items() if others >= ends}) for ends in before.values()]
        ordered = [tuple(tuple(sorted(g, key=place.__getitem__)) for g in group) for group in groups]
        best = min(ordered, key=lambda group: (-len(group[0]) * len(group[1]), [place[t] for g in group for t in g]))
        found.append((best[0], best[1]))
        left -= {(one, two) for one in best[0] for two in best[1]}
    return found


def ties_through(links: Iterable[tuple[str, _Link]], things: Sequence[str], symmetric: Collection[str]) -> list[Tie]:
    """What several of the things are linked with by the same relation, in the same direction: what all of them are
    linked with first, and of symmetric relations only that."""
    ends: dict[tuple[str, bool, str], set[str]] = {}
    for thing, (one, relation, two) in links:
        other = two if one == thing else one
        if other not in things:
            ends.setdefault((relation, one == thing or relation in symmetric, other), set()).add(thing)
    shared: dict[tuple[str, bool, tuple[str, ...]], list[str]] = {}
    for (relation, onwards, other), holders in ends.items():
        if len(holders) > 1:
            group = tuple(thing for thing in things if thing in holders)
            shared.setdefault((relation, onwards, group), []).append(other)
    shared = {key: others for key, others in shared.items() if len(key[2]) == len(things) or key[0] not in symmetric}
    keys = sorted(shared, key=lambda key: (-len(key[2]), key[0] in symmetric))  # and by relation, as the links come
    return [
        Tie(relation, group, tuple(sorted(shared[relation, onwards, group])))
        if onwards
        else Tie(relation, tuple(sorted(shared[relation, onwards, group])), group)
        for relation, onwards, group in keys
    ]


class Sentences:
    """Writes the sentences of one comparison."""

    def __init__(
        self, said: Comparison, shapes: Shapes, cls: str, descriptions: Descriptions, graphs: Mapping[str, Graph]
    ) -> None:
        self.said = said
        self.shapes = shapes
        self.cls = cls
        self.things = tuple(thing.iri for thing in said.methods)
        self.plain, typed = shapes.links(cls), shapes.typed_links(cls)
        self.relations = (*typed, *self.plain)
        self.warning = {relation for relation in self.relations if shapes.says_true(relation, KGC_WARNS)}
        self.symmetric = {relation for relation in self.relations if self._is_symmetric(relation)}
        self.links = links_of(descriptions, graphs, typed or self.plain, self.things)
        if typed:  # the cells have the plain links already, which are as many again
            self.links += [(one, (one, self.plain[0], two)) for one, two in self._linked() if two in self.things]
        self.matches = [
            (thing, SKOS_EXACT_MATCH, other)
            for thing in self.things
            for other in graphs[thing].iris(node_of(thing), SKOS_EXACT_MATCH)
        ]
        self.names = {thing.iri: (thing.lang, thing.label) for thing in said.methods}

    def _linked(self) -> Iterator[tuple[str, str]]:
        """What each of the things is linked with by rows of links, in whichever way."""
        for row in self.said.rows:
            if row.kind == "count":
                for thing, held in zip(self.things, _held(row), strict=True):
                    yield from ((thing, other) for other in held)

    def write(self, name: Callable[[Collection[str]], Mapping[str, tuple[str | None, str]]]) -> tuple[Sentence, ...]:
        """At most five sentences, what says most first; *name* gives (language, name) of other things."""
        plain = self.plain
        direct = ties_between([link for _, link in self.links], self.things, self.symmetric)
        typed = {frozenset((s, o)) for t in direct if t.relation not in plain for s in t.subjects for o in _ends(t)}
        direct = [t for t in direct if t.relation not in plain or not _told(t, typed)]
        direct.sort(key=lambda tie: (tie.relation in plain, -tie.links, self.relations.index(tie.relation)))
        warnings = [tie for tie in direct if tie.relation in self.warning]
        told = [tie for tie in direct if tie not in warnings]
        telling = [relation for relation in self.relations if relation not in plain] or plain
        rest = [(thing, link) for thing, link in self.links if link[1] in telling and link[1] not in self.warning]
        through = ties_through(sorted(rest, key=self._place), self.things, self.symmetric)
        told = told[: _CLAUSES if not through else _CLAUSES - 1]
        told += through[: _CLAUSES - len(told)]
        self.names |= name({thing for tie in told for thing in tie.things} - self.names.keys())
        first = (self._same(), self._tied(told), self._tied(warnings[:_CLAUSES], warning=True), self._shared())
        rows = {row.id: row for row in self.said.rows}
        apart = (self._apart(shape, rows[shape.id]) for shape in self.shapes.rows(self.cls) if shape.id in rows)
        return tuple(islice(filter(None, chain(first, apart)), _MOST))

    def _place(self, linked: tuple[str, _Link]) -> tuple[int, str, str]:
        return self.relations.index(linked[1][1]), *linked[1][::2]

    def _is_symmetric(self, relation: str) -> bool:
        """Whether it does not matter in which direction a relation is recorded."""
        mutual = self.shapes.wording(relation, KGC_MUTUAL_SENTENCE, self.said.language)
        return mutual is not None or self.shapes.is_symmetric(relation)

    # -- words ---------------------------------------------------------------------------------------

    def _clause(self, words: Phrases, predicate: str, who: str, what: str, count: int, *, mutual: bool = False) -> str:
        """A statement in words, about *count* subjects."""
        form = KGC_MUTUAL_SENTENCE if mutual else KGC_PLURAL_SENTENCE if count > 1 else KGC_SENTENCE
        pattern = self.shapes.wording(predicate, form, words.lang)
        label = self.shapes.relation_label(predicate, words.lang)
        return words.fill(pattern or "{0} – {1}", who, what if pattern else f"{label}: {what}" if what else label)

    def _names(self, words: Phrases, things: Sequence[str]) -> str:
        named = ((thing, *self.names[thing]) for thing in things)
        return words.listed([words.name(text, thing, lang) for thing, lang, text in named])

    def _who(self, words: Phrases, things: Sequence[str]) -> str:
        """Things as a subject: all that are compared together."""
        return words.all_of(len(things)) if set(things) == set(self.things) else self._names(words, things)

    def _tied(self, ties: Sequence[Tie], *, warning: bool = False) -> Sentence | None:
        if not ties:
            return None
        words = Phrases(self.said.language)
        clauses = []
        for tie in ties:
            many = len(tie.objects) == len(self.things) > 3
            what = self._who(words, tie.objects) if many else self._names(words, tie.objects) if tie.objects else ""
            who = self._names(words, tie.subjects) if tie.mutual else self._who(words, tie.subjects)
            clauses.append(self._clause(words, tie.relation, who, what, len(tie.subjects), mutual=tie.mutual))
        about = [thing for tie in ties for thing in tie.things]
        return self._made(words, clauses, about, warning=warning)

    def _same(self) -> Sentence | None:
        """Which things are the same, as one catalogue says of another's (``skos:exactMatch``)."""
        ties = ties_between(self.matches, self.things, {SKOS_EXACT_MATCH})
        if not ties:
            return None
        words, whence = Phrases(self.said.language), {thing.iri: thing.whence for thing in self.said.methods}
        clauses = []
        for tie in ties[:_CLAUSES]:
            names = [
                words.name(f"{text} ({place.name})" if (place := whence[thing]) else text, thing, lang)
                for thing in tie.things
                for lang, text in [self.names[thing]]
            ]
            clauses.append(translate(words.lang, "{things} are recorded as being the same", things=words.listed(names)))
        return self._made(words, clauses, [thing for tie in ties for thing in tie.things])

    def _made(self, words: Phrases, clauses: Sequence[str], about: Iterable[str], *, warning: bool = False) -> Sentence:
        pieces = tuple(Piece(*piece) for piece in words.sentence(clauses))
        return Sentence("".join(p.text for p in pieces), words.lang, tuple(dict.fromkeys(about)), pieces, warning)

    # -- rows ----------------------------------------------------------------------------------------

    def _shared(self) -> Sentence | None:
        """What all have in the rows that lists can be narrowed by."""
        words, items, about = Phrases(self.said.language), [], [*self.things]
        facets = {facet.id: facet for facet in self.shapes.facets(self.cls)}
        for row in self.said.rows:
            held = _held(row)
            common = set.intersection(*(set(values) for values in held)) if row.id in facets else set()
            if common:
                names = [words.name(text, iri, lang) for iri, (lang, text) in held[0].items() if iri in common]
                label = facets[row.id].label(words.lang)[1]
                label = label if label[1:2].isupper() else label[:1].lower() + label[1:]
                items.append(f"{label} ({words.listed(names)})")
                about += [iri for iri in held[0] if iri in common]
        if not items:
            return None
        common_to_all = translate(words.lang, "In common: {things}", things=words.all(items))
        return self._made(words, [common_to_all], about)

    def _apart(self, shape: PropertyShape, row: Row) -> Sentence | None:
        """What some have and others do not in a row whose predicate has words."""
        predicate = shape.path.predicate
        if row.kind != "value" or not predicate or not self.shapes.wording(predicate, KGC_SENTENCE, self.said.language):
            return None
        held = dict(zip(self.things, _held(row), strict=True))
        known = [t for t, cell in zip(self.things, row.cells, strict=True) if cell.status in {"recorded", "none"}]
        values = {iri: text for thing in known for iri, text in held[thing].items()}
        holders: dict[tuple[str, ...], list[str]] = {}
        for iri in values:
            having = tuple(thing for thing in known if iri in held[thing])
            if len(having) < len(known):
                holders.setdefault(having, []).append(iri)
        if not holders:
            return None
        words = Phrases(self.said.language)
        alone = len(holders) == 1 and len(known) == len(self.things)
        told = sorted(holders, key=lambda having: -len(having))[:_CLAUSES]
        clauses = []
        for having in told:
            what = words.listed([words.name(values[iri][1], iri, values[iri][0]) for iri in holders[having]])
            who = self._names(words, having)
            who = translate(words.lang, "only {things}", things=who) if alone else who
            clauses.append(self._clause(words, predicate, who, what, len(having)))
        return self._made(words, clauses, [thing for having in told for thing in (*having, *holders[having])])


def sentences_of(
    said: Comparison, shapes: Shapes, cls: str, graphs: Mapping[str, Graph], descriptions: Descriptions
) -> tuple[Sentence, ...]:
    """What a comparison of things of a class says in sentences: at most five, what says most first.

    *graphs* are the records of the things.
    They are in the language of the interface that suits the comparison's.

    :raises StoreError: if the store cannot be read.
    """

    def names(things: Collection[str]) -> dict[str, tuple[str | None, str]]:
        reader = Reader(said.language, descriptions.things(things))
        return {thing: reader.label(thing) for thing in things}

    return Sentences(said, shapes, cls, descriptions, graphs).write(names)


def _held(row: Row) -> list[dict[str, tuple[str | None, str]]]:
    """IRI -> (language, name) of the things in each cell of a row."""
    return [{value.iri: (value.lang, value.text) for value in cell.values if value.iri} for cell in row.cells]


def _ends(tie: Tie) -> tuple[str, ...]:
    return tie.subjects if tie.mutual else tie.objects


def _told(tie: Tie, typed: Collection[frozenset[str]]) -> bool:
    """Whether typed links say of each pair of a tie how it is linked."""
    return all(frozenset((s, o)) in typed for s in tie.subjects for o in _ends(tie) if s != o)
