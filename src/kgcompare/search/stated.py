"""Values of facets that are no things: a word of a list that the shape gives, a number, yes or no.

The index keeps each as a thing with a name of its own in the place of an IRI, which can be that of nothing else, and
under a kind that no page has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pyoxigraph import Literal

from kgcompare.rdf.namespaces import slugify
from kgcompare.rdf.terms import SKOS_PREF_LABEL
from kgcompare.text.languages import translate

if TYPE_CHECKING:
    from kgcompare.search.facts import Facts

LONGEST = 100
"""Characters of a text up to which it can be a value of a facet."""
_SIGN = '"'
"""What begins these names, and no IRI has."""
_TRUTH, _TEXT = "?", "="


def is_stated(thing: str) -> bool:
    """Whether what stands in the place of an IRI is the name of a value."""
    return thing.startswith(_SIGN)


def name_of(facet: str, value: Literal, *, truth: bool) -> str:
    """The name of a value of a facet, whose values are true or false where *truth*."""
    if truth:
        return f"{_SIGN}{facet}{_TRUTH}{'yes' if value.value in {'true', '1'} else 'no'}"
    return f"{_SIGN}{facet}{_TEXT}{value.value}"


def kind_of(facet: str) -> str:
    """The kind of the values of a facet."""
    return f"-{facet}"


def address_of(name: str) -> tuple[str, str]:
    """The kind of a value, and its slug, which another one may have too."""
    facet, _, text = _parts(name)
    return kind_of(facet), slugify(text)[:LONGEST].strip("-")


def stated_text(name: str, lang: str) -> str:
    """How a value reads that has no other name."""
    _, sign, text = _parts(name)
    return translate(lang, text) if sign == _TRUTH else text


def said_of(values: Iterable[tuple[str, Literal]]) -> dict[str, Facts]:
    """What the index takes of some values, given by their names: what words find them, if they are such."""
    said: dict[str, Facts] = {}
    for name, value in values:
        _, sign, text = _parts(name)
        wordy = sign == _TEXT and any(map(str.isalpha, text))
        said.setdefault(name, {SKOS_PREF_LABEL: [value]} if wordy else {})
    return dict(sorted(said.items()))


def without_stated(facts: Mapping[str, Facts]) -> Iterator[tuple[str, Facts]]:
    """What is said of things."""
    return ((thing, said) for thing, said in facts.items() if not is_stated(thing))


def _parts(name: str) -> tuple[str, str, str]:
    at = min((name.find(sign) for sign in (_TRUTH, _TEXT) if sign in name), default=0)
    return name[1:at], name[at : at + 1], name[at + 1 :]
