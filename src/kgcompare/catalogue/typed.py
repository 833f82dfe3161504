"""What somebody means by words typed into one field: one thing, or several that are to be compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kgcompare.search import Entry, Filter, Index, phrases
from kgcompare.search.likeness import likeness, signed_otherwise
from kgcompare.text.folding import plain

_ALIKE = 78.0
"""How alike (0 to 100) words of a name must be to be taken for what was typed, if that begins no word of it."""
_SHORTEST = 3
"""Letters from which on something is taken for the beginning of a name, or for a name with typing errors."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a list is about: ``query`` is what it is narrowed to, ``together`` has the things that its words name
    together, ``called`` the only thing that is called exactly so, or nothing, ``values`` those of facets that the words
    name, each with its facet.
    """

    query: Filter
    together: tuple[Entry, ...] = ()
    called: tuple[Entry, ...] = ()
    values: tuple[tuple[str, Entry], ...] = ()


def meant(index: Index, query: Filter, lang: str) -> Meant:
    """What somebody means by the words of a list, unless they mean them to the letter."""
    if not query.text.strip() or query.literal:
        return Meant(query)
    together = named_together(index, query.text, lang, query.kind)
    if together:
        return Meant(replace(query, text="", among=tuple(entry.slug for entry in together)), together)
    called = index.entries(index.called(query.text, query.kind, lang))
    values = index.concepts(query.text, query.kind)
    if values:  # what people say for an aim may be filed as another name of the best-known method for it
        called = [entry for entry in called if plain(query.text) in map(plain, entry.labels.values())]
    return Meant(query, (), tuple(called) if len(called) == 1 else (), tuple(values))


def named_together(index: Index, text: str, lang: str, kind: str) -> tuple[Entry, ...]:
    """The things of a kind that a text names together ("lasso vs ridge"), at most ten; none where it names but one."""

    def called(part: str) -> int | None:
        found = index.called(part, kind, lang)
        return found[0] if found else None

    def near(part: str) -> int | None:
        entry = nearly(index, part, lang, kind)
        return entry.id if entry else None

    return tuple(index.entries(phrases.together(text, called, near)))


def nearly(index: Index, text: str, lang: str, kind: str) -> Entry | None:
    """The best match for what is the beginning of a name, words of it, or a name with typing errors; None if none is
    clear.
    """
    if len(plain(text)) < _SHORTEST:
        return None
    for entry in index.suggest(text, lang, kind, 5):
        if any(begins(text, name) or resembles(text, name) for name in entry.labels.values()):
            return entry
    return None


def resembles(text: str, name: str) -> bool:
    """Whether a text that somebody typed is like a name, or like as many words in it."""
    if signed_otherwise(text, name):
        return False
    typed, known = plain(text), plain(name)
    words, many = known.split(), len(typed.split())
    stretches = (" ".join(words[at : at + many]) for at in range(len(words) - many + 1))
    return any(likeness(typed, stretch) >= _ALIKE for stretch in (known, *stretches))


def begins(text: str, name: str) -> bool:
    """Whether a text that somebody typed is the beginning of a name or of words in it, or some of its words."""
    typed, known = plain(text), plain(name)
    if not typed or signed_otherwise(text, name):
        return False
    return f" {typed}" in f" {known}" or set(typed.split()) <= set(known.split())
