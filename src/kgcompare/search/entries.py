"""What a list of things is narrowed to, and what stands in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kgcompare.rdf.namespaces import local_name
from kgcompare.search import stated
from kgcompare.text.languages import best


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to: a kind of things, words, slugs of facets, and years that the date must touch.

    ``among`` are slugs of the only things that it may have, where there are any. ``literal`` words stand for themselves
    alone, and neither for a comparison nor for a value of a facet. Years the wrong way round are swapped.
    """

    text: str = ""
    kind: str = ""
    facets: Mapping[str, str] = field(default_factory=dict)
    start: int | None = None
    end: int | None = None
    among: tuple[str, ...] = ()
    literal: bool = False

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start > self.end:
            start, end = self.end, self.start
            object.__setattr__(self, "start", start)
            object.__setattr__(self, "end", end)


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing as the index knows it; or a value of a facet that is none, which has a name of its own for an IRI."""

    id: int
    iri: str
    kind: str
    slug: str
    cls: str
    labels: Mapping[str, str]

    def label(self, lang: str) -> tuple[str | None, str]:
        """(language, name) for a reader of *lang*."""
        if self.is_thing:
            return best(self.labels, lang) or (None, local_name(self.iri))
        return best(self.labels, lang) or (None, stated.stated_text(self.iri, lang))

    @property
    def is_thing(self) -> bool:
        """Whether it is one, with an IRI."""
        return not stated.is_stated(self.iri)


@dataclass(frozen=True, slots=True)
class Found:
    """What a text finds: numbers of things, best first, and an expression for ``texts`` that all other matches have.

    ``beside`` are those of the first that the expression leaves out; ``sure`` where a name has all the words.
    """

    best: Sequence[int] = ()
    expression: str = ""
    beside: frozenset[int] = frozenset()
    sure: bool = False

    def __bool__(self) -> bool:
        return bool(self.best or self.expression)
