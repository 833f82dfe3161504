"""From what one wants done, has at hand and may assume to the things that fit, step by step.

The steps are the facets of the class that the catalogue is about in the group of rows called Choosing. A value counts
with all that are narrower (``skos:broader``, in as many steps as there are). A thing of which nothing is recorded in
a facet is not found by its values, nor ruled out by them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode

from kgcompare.catalogue import heads
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import UsageError
from kgcompare.model import Page, Thing
from kgcompare.rdf.queries import load
from kgcompare.schema.rows import PropertyShape
from kgcompare.search.choices import Chosen
from kgcompare.text import languages
from kgcompare.text.folding import fold
from kgcompare.text.languages import best

_GROUP = "choosing"
"""The id of the group of rows that a finder asks about."""
_MOST = 40
"""Options of a step that are listed: those that most things have."""
_MEANT = 8
"""Options of a step that some words may mean."""
_CHOICES = 20
"""Values of a facet that can be chosen at once."""

Picked = Mapping[str, Sequence[str]]
"""Facet -> slugs of its values."""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that one can choose in a finder.

    ``count`` says how many things are left with it or with what is narrower, ``left`` how many are left without.
    """

    thing: Thing
    count: int
    left: int


@dataclass(frozen=True, slots=True)
class FinderStep:
    """What a finder asks: a facet, what was chosen in it and what was ruled out, and what can be chosen yet.

    ``condition`` says whether its values are conditions, which can be ruled out. ``more`` counts the options that are
    not listed, ``unrecorded`` the things left of which nothing is recorded here.
    """

    id: str
    label: str
    description: str | None
    condition: bool
    chosen: tuple[Thing, ...]
    denied: tuple[Thing, ...]
    options: tuple[Option, ...]
    more: int = 0
    unrecorded: int = 0


@dataclass(frozen=True, slots=True)
class FinderState:
    """Where somebody stands in a finder: its steps, the page of things left, the options that some words mean, and
    what was asked for and is not there, as (facet, slug)."""

    kind: str
    steps: tuple[FinderStep, ...]
    page: Page
    meant: tuple[tuple[str, Option], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()


class Finder:
    """The steps of a generation, and how their values stand under each other."""

    def __init__(self, generation: Generation) -> None:
        """Reads which values there are.

        :raises StoreError: if the store or the index cannot be read.
        """
        self.kind = generation.main_kind
        facets = generation.shapes.facets(generation.main_class) if generation.main_class else ()
        index = generation.index
        choosing = [facet for facet in facets if facet.group and facet.group.id == _GROUP]
        values = {facet: index.values_of(facet.id or "") for facet in choosing}
        self.facets = tuple(facet for facet, found in values.items() if found)
        self.above = _above(generation) if self.facets else {}
        self.members: dict[str, dict[int, set[int]]] = {}
        for facet in self.facets:
            under: dict[int, set[int]] = {}
            for value in values[facet]:
                for broad in {value, *self._all_above(value)}:
                    under.setdefault(broad, set()).add(value)
            self.members[facet.id or ""] = under

    def _all_above(self, value: int) -> set[int]:
        """What is broader than a value, in however many steps."""
        found: set[int] = set()
        left = [*self.above.get(value, ())]
        while left:
            broad = left.pop()
            if broad not in found:
                found.add(broad)
                left += self.above.get(broad, ())
        return found

    def offered(self, facet: str, counts: Mapping[int, int], picked: Collection[int]) -> list[int]:
        """The values to choose from in a facet: the broadest, and once one is picked, those directly under it."""
        members = self.members[facet]
        told = {*picked}.union(*map(self._all_above, picked))
        there = {value for value in members if counts.get(value) and value not in told}
        return [value for value in there if not (above := self.above.get(value, set())) & there or above & {*picked}]


def _above(generation: Generation) -> dict[int, set[int]]:
    """Number of a concept -> those of the concepts directly above it."""
    rows = generation.snapshot.select(load("broader").text).rows
    pairs = [(n.value, b.value) for n, b in rows if isinstance(n, NamedNode) and isinstance(b, NamedNode)]
    numbers = generation.index.numbers({iri for pair in pairs for iri in pair})
    above: dict[int, set[int]] = {}
    for narrow, broad in pairs:
        if narrow in numbers and broad in numbers:
            above.setdefault(numbers[narrow], set()).add(numbers[broad])
    return above


def finder_of(generation: Generation) -> Finder:
    """The finder of a generation, made once; one without facets where there is nothing to choose by.

    :raises StoreError: if the store or the index cannot be read.
    """
    return generation.once("finder", Finder)


def find(
    generation: Generation,
    wanted: Picked,
    denied: Picked,
    lang: str,
    *,
    text: str = "",
    after: str = "",
    most: int = 50,
) -> FinderState:
    """Where somebody stands who has chosen the values *wanted* and ruled out the values *denied*.

    *text* are words that may mean a value.

    :raises UsageError: for an ill-formed *lang*, for an *after* that is no thing of the list, for too many values.
    :raises StoreError: if the store or the index cannot be read.
    """
    return _Search(generation, languages.normalise(lang), wanted, denied).found(text, after, most)


class _Search:
    """One look at a finder."""

    def __init__(self, generation: Generation, lang: str, wanted: Picked, denied: Picked) -> None:
        self.generation, self.index, self.lang = generation, generation.index, lang
        self.finder = finder_of(generation)
        self.unknown: list[tuple[str, str]] = []
        self.wanted = {facet.id or "": self._known(facet, wanted) for facet in self.finder.facets}
        self.denied = {f.id or "": self._known(f, denied) if f.condition else [] for f in self.finder.facets}
        self.chosen = [
            Chosen(facet, tuple(sorted(self.finder.members[facet][value])), without)
            for choices, without in ((self.wanted, False), (self.denied, True))
            for facet, values in choices.items()
            for value in values
        ]
        self.total = self.index.number_chosen(self.finder.kind, self.chosen)

    def _known(self, facet: PropertyShape, choices: Picked) -> list[int]:
        """The numbers of values by their slugs; those that are none of the facet's are noted."""
        name = facet.id or ""
        slugs = list(dict.fromkeys(choices.get(name, ())))
        if len(slugs) > _CHOICES:
            raise UsageError(f"{len(slugs)} values of {name} are too many; name at most {_CHOICES}")
        numbers = []
        for slug in slugs:
            entry = self.index.find(facet.value_kind or name, slug) or self.index.value(name, slug)
            if entry is not None and entry.id in self.finder.members[name]:
                numbers.append(entry.id)
            else:
                self.unknown.append((name, slug))
        return numbers

    def found(self, text: str, after: str, most: int) -> FinderState:
        last = self.index.find(self.finder.kind, after) if after else None
        if after and last is None:
            raise UsageError(f"after={after[:60]!r} is not a record of this list")
        ids = self.index.page_chosen(self.finder.kind, self.chosen, self.lang, most + 1, last)
        entries = self.index.entries(ids[:most])
        things = heads.listed(self.generation.shapes, self.generation.descriptions, entries, self.lang)
        following = entries[-1].slug if len(ids) > most else None
        steps, meant = [], []
        for facet in self.finder.facets:
            counts = self._counts(facet.id or "")
            steps.append(self._step(facet, counts))
            meant += [(facet.id or "", option) for option in self._meant(facet, counts, text)] if text else []
        page = Page(things, self.total, following)
        return FinderState(self.finder.kind, tuple(steps), page, tuple(meant), tuple(self.unknown))

    def _counts(self, facet: str) -> dict[int, int]:
        broad = {value: under for value, under in self.finder.members[facet].items() if under != {value}}
        return self.index.counts_chosen(self.finder.kind, facet, self.chosen, broad)

    def _step(self, facet: PropertyShape, counts: Mapping[int, int]) -> FinderStep:
        name = facet.id or ""
        offered = self.finder.offered(name, counts, self.wanted[name])
        offered.sort(key=lambda value: -counts[value])
        described = best(facet.descriptions, self.lang)
        options = self._options(offered[:_MOST], counts)
        return FinderStep(
            id=name,
            label=facet.plural(self.lang),
            description=described[1] if described else None,
            condition=facet.condition,
            chosen=self._things(self.wanted[name]),
            denied=self._things(self.denied[name]),
            options=tuple(sorted(options, key=lambda option: (-option.count, fold(option.thing.label)))),
            more=max(0, len(offered) - _MOST),
            unrecorded=self.index.number_without_any(self.finder.kind, name, self.chosen),
        )

    def _meant(self, facet: PropertyShape, counts: Mapping[int, int], text: str) -> list[Option]:
        """The values of a facet that some words may mean, and that lead somewhere."""
        things = self.generation.suggest(text, self.lang, kind=facet.value_kind, most=_MEANT)
        numbers = self.index.numbers([thing.iri for thing in things])
        taken = {*self.wanted[facet.id or ""], *self.denied[facet.id or ""]}
        meant = [numbers[thing.iri] for thing in things if thing.iri in numbers]
        return self._options([value for value in meant if counts.get(value) and value not in taken], counts)

    def _options(self, values: Sequence[int], counts: Mapping[int, int]) -> list[Option]:
        return [
            Option(thing, counts[value], self.total - counts[value])
            for value, thing in zip(values, self._things(values), strict=True)
        ]

    def _things(self, values: Iterable[int]) -> tuple[Thing, ...]:
        entries = self.index.entries(list(values))
        return heads.listed(self.generation.shapes, self.generation.descriptions, entries, self.lang)
