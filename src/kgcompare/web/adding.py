"""What somebody typed to add to a comparison: one name or several, and what to offer where nothing is called so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kgcompare.catalogue.typed import begins, resembles
from kgcompare.model import Thing
from kgcompare.rdf.namespaces import is_slug
from kgcompare.search import Filter, phrases
from kgcompare.web.request import current
from kgcompare.web.turns import costly

_OFFERED = 8
"""Things that are offered for a name that no one thing has."""
_LONGEST = 200
"""Characters of a name."""
_LONGEST_TEXT = 2000
_MOST = 30
"""Names of one text; those after them are left out, as a comparison has ten."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A name that no one thing has: ``choices`` are what may be meant, ``called`` whether it is part of their names."""

    text: str
    choices: tuple[Thing, ...]
    called: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """What a text names: slugs, as typed and each once, and the names that are not clear."""

    named: tuple[str, ...]
    unclear: tuple[Unclear, ...] = ()


@dataclass(frozen=True, slots=True)
class Adding:
    """What a page says of names that were typed: ``text`` as it stands in the field again, the names that are not
    clear, and how many there would be where that is too many.
    """

    text: str = ""
    unclear: tuple[Unclear, ...] = ()
    too_many: int = 0


NOTHING_ADDED = Adding()


@costly
def typed_to_add(text: str, kind: str, lang: str) -> Typed:
    """Reads a text: as one name, else as names that are joined ("ridge vs elastic net"), else as a list of names.

    A name is a slug, or what only one thing is called, or the beginning of one name alone.

    :raises StoreError: if the index cannot be read.
    """
    text = text[:_LONGEST_TEXT]
    whole = _one(text, kind, lang)
    if isinstance(whole, str):
        return Typed((whole,))
    together = current().named_together(text, lang, kind=kind)
    listed = phrases.names(text)[:_MOST]
    if together and len(listed) <= len(together):
        return Typed(tuple(thing.id for thing in together))
    if len(listed) < 2:
        return Typed((), (whole,))
    read = [_one(name, kind, lang) for name in listed]
    named = dict.fromkeys(name for name in read if isinstance(name, str))
    return Typed(tuple(named), tuple(name for name in read if isinstance(name, Unclear)))


def _one(text: str, kind: str, lang: str) -> str | Unclear:
    """The slug of the one thing that a text names, or what it may be."""
    text = text[:_LONGEST]
    generation = current()
    if is_slug(text) and generation.index.find(kind, text):
        return text
    exact = generation.index.entries(generation.index.called(text, kind, lang))
    if len(exact) == 1:
        return exact[0].slug
    choices = generation.suggest(text, lang, kind=kind, most=_OFFERED)
    choices = choices or generation.search(Filter(text, kind), lang, most=_OFFERED).things
    beginning = [thing for thing in choices if begins(text, thing.label)]
    if len(choices) == len(beginning) == 1:
        return choices[0].id
    near = () if exact or beginning else tuple(thing for thing in choices if resembles(text, thing.label))
    return Unclear(text, near or choices, bool(exact or beginning))


def to_add(unclear: Iterable[Unclear]) -> str:
    """What is typed into the field where some names are to be typed again."""
    return ", ".join(name.text for name in unclear)
