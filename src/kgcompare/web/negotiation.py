"""What a request asks for by its headers: a format by ``Accept``, a language by ``Accept-Language``, a coding by
``Accept-Encoding``.

Source: RFC 9110, section 12.4.2 (weights), 12.5.1 (Accept), 12.5.3 (Accept-Encoding), 12.5.4 (Accept-Language) and
12.5.5 (Vary); RFC 4647, section 3.4 (lookup).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kgcompare.formats import FORMATS, Format
from kgcompare.text.languages import DEFAULT, chain, interface_languages

_ALIASES = {
    "application/xhtml+xml": "html",
    "application/x-turtle": "ttl",
    "application/turtle": "ttl",
    "text/rdf+n3": "ttl",
    "text/n3": "ttl",
    "text/x-nquads": "nq",
    "application/x-trig": "trig",
    "text/x-tex": "tex",
    "application/x-latex": "tex",
    "text/plain": "nt",
}
_VAGUE = "text/plain"
"""The old name of N-Triples, and of much else: what a request names beside it, of the same weight, comes first."""
_LONGEST_CODINGS = 1000
"""Characters of an ``Accept-Encoding`` header that are read; that of a browser has twenty-five."""
_QVALUE = re.compile(r"0(?:\.\d*)?|1(?:\.0*)?|\.\d+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A quoted string, to the end where it is not closed; never tried twice."""


@dataclass(frozen=True, slots=True)
class Range:
    """A media range of an ``Accept`` header, with its weight from 0 to 1."""

    main: str
    sub: str
    weight: float

    def specificity(self, media_type: str) -> int:
        """How precisely the range names a media type: 3 itself, 2 its main type, 1 anything, 0 not at all."""
        main, _, sub = media_type.partition("/")
        if (self.main, self.sub) == (main, sub):
            return 3
        if (self.main, self.sub) == (main, "*"):
            return 2
        return 1 if (self.main, self.sub) == ("*", "*") else 0


@lru_cache(maxsize=256)
def ranges(header: str) -> tuple[Range, ...]:
    """The media ranges of a header; parameters such as ``profile`` do not narrow them, ill-formed ones are left out."""
    accepted = []
    for item in _QUOTED.sub('""', header[:4000]).split(","):
        kind, *params = [part.strip() for part in item.split(";")]
        main, slash, sub = kind.lower().partition("/")
        if main == "*" and not slash:
            sub = "*"
        if main and sub:
            accepted.append(Range(main, sub, _weight(params) or 0.0))
    return tuple(accepted)


def _weight(params: Iterable[str]) -> float | None:
    """The weight that the parameters of an item give it, 1 where they give none; None where it is ill-formed."""
    weight: float | None = 1.0
    for param in params:
        name, _, value = param.partition("=")
        if name.strip().lower() == "q":
            match = _QVALUE.fullmatch(value.strip())
            weight = float(match[0]) if match else None
    return weight


@dataclass(frozen=True, slots=True)
class Coding:
    """The content coding that a request wants: its name, empty for none, and whether it takes nothing without one.

    ``acceptable`` is false where it takes nothing that there is.
    """

    name: str = ""
    needed: bool = False
    acceptable: bool = True


@lru_cache(maxsize=256)
def choose_coding(header: str, offered: Sequence[str]) -> Coding:
    """The coding among *offered*, in order of preference, that an ``Accept-Encoding`` header likes best.

    Without a header, or with an empty one, an answer goes as it is. What is as welcome as the plain answer is taken
    before it; an ill-formed item counts as none.
    """
    weights: dict[str, float] = {}
    if len(header) > _LONGEST_CODINGS:  # what is cut in two is left out
        header = header[:_LONGEST_CODINGS].rpartition(",")[0]
    for item in header.split(","):
        name, *params = item.split(";")
        weight = _weight(params)
        if weight is not None and name.strip():
            weights.setdefault(name.strip().lower().removeprefix("x-"), weight)
    others = weights.get("*")
    plain = weights.get("identity", 0.0 if others == 0.0 else None)
    known = {name: weights.get(name, others or 0.0) for name in offered}
    best = max(known, key=known.__getitem__, default="")
    if known.get(best, 0.0) > 0.0 and known[best] >= (plain or 0.0):
        return Coding(best, needed=plain == 0.0)
    return Coding(acceptable=plain != 0.0)


@lru_cache(maxsize=256)
def choose_format(header: str, offered: Sequence[str]) -> Format | None:
    """The format among *offered* (names) that suits an ``Accept`` header best; None if none does.

    No header means anything. Of formats of the same weight one that is named wins over one that a wildcard
    brings, HTML before Turtle before JSON-LD and so on.
    """
    name = best_of(header, media_types_of(tuple(offered)))
    return FORMATS[name] if name else None


@lru_cache(maxsize=64)
def media_types_of(offered: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(name, media types) of formats in order of preference: the type that is sent, then others that mean it."""
    return tuple(
        (name, (form.media_type, *(alias for alias, target in _ALIASES.items() if target == name)))
        for name, form in FORMATS.items()
        if name in offered
    )


@lru_cache(maxsize=256)
def best_of(header: str, offered: tuple[tuple[str, tuple[str, ...]], ...]) -> str | None:
    """The name of what suits an ``Accept`` header best, of (name, media types) in order of preference.

    The first media type is the one that is sent; the others are names for it, which no wildcard stands for.
    """
    wanted = ranges(header or "*/*")
    rank: tuple[float, bool, int] | None = None
    chosen: str | None = None
    for place, (name, media_types) in enumerate(offered):
        matched = [(fit, r.weight) for r in wanted if (fit := r.specificity(media_types[0]))]
        also = [(f"{r.main}/{r.sub}", r.weight) for r in wanted]
        matched += [(2 if alias == _VAGUE else 3, weight) for alias, weight in also if alias in media_types[1:]]
        if not matched:
            continue
        precision, weight = max(matched)
        if weight > 0 and (rank is None or (weight, precision == 3, -place) > rank):
            rank, chosen = (weight, precision == 3, -place), name
    return chosen


@lru_cache(maxsize=256)
def names_html(header: str) -> bool:
    """Whether an ``Accept`` header names HTML, as that of a browser does."""
    return any(
        (r.main, r.sub) in {("text", "html"), ("application", "xhtml+xml")} and r.weight > 0 for r in ranges(header)
    )


@lru_cache(maxsize=256)
def choose_language(header: str, available: Iterable[str] = ()) -> str:
    """The language that an ``Accept-Language`` header asks for among *available* (the interface's if empty).

    Ranges of equal weight go by their order; a malformed header counts as none.
    """
    offered = tuple(available) or interface_languages()
    ranges: list[tuple[float, int, str]] = []
    for place, item in enumerate(header[:1000].split(",")):
        tag, _, params = item.strip().partition(";")
        weight = 1.0
        if params.strip().startswith("q="):
            try:
                weight = float(params.strip()[2:])
            except ValueError:
                continue
        if 0 < len(tag) <= 35 and 0 < weight <= 1:
            ranges.append((-weight, place, tag.strip().lower()))
    for _, _, tag in sorted(ranges):
        if tag == "*":
            return DEFAULT
        for prefix in chain(tag):
            if prefix == DEFAULT and not tag.startswith(DEFAULT):
                break
            if prefix in offered:
                return prefix
    return DEFAULT
