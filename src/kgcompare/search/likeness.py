"""How alike two names are, where nothing better tells them apart.

Source: Levenshtein (1966), by rapidfuzz.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from kgcompare.search.matching import Matcher
from kgcompare.search.wording import HIDDEN
from kgcompare.store import deadline
from kgcompare.text.folding import SIGNS, plain

_TELLING = re.compile(rf"\d+|[{re.escape(SIGNS)}]")
_OTHER = 0.75
_ENOUGH = 20
"""Names from which on no looser way to read a text is tried."""
_LEAST = 40.0
_SOUGHT = 98.0
"""What a hidden label is worth at most, under which people only look for a thing."""
_TOLD = 95.0
"""What a name is worth that says all that was typed, in whatever order."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A thing of the index by its number, and how much it is called so (0 to 100); 100 is the very name."""

    thing: int
    score: float


def signed_otherwise(text: str, name: str) -> bool:
    """Whether signs make another name of a text that somebody typed, which may be the beginning of the name."""
    typed, known = plain(text), plain(name)
    if known.startswith(typed):
        return known[len(typed) :].strip()[:1] in set(SIGNS)
    return re.findall(f"[{re.escape(SIGNS)}]", typed) != re.findall(f"[{re.escape(SIGNS)}]", known)


def likeness(one: str, other: str) -> float:
    """How alike two plain texts are, from 0 to 100; 100 is for equal ones only.

    The order of words and the spaces between them count little, words that only one of them has count more,
    and another number (YOLOv2, YOLOv3) or sign (k-means, k-means++) is another thing.
    """
    if one == other:
        return 100.0
    shorter, longer = sorted((len(one), len(other)))
    score = max(
        fuzz.ratio(one, other),
        0.98 * fuzz.token_sort_ratio(one, other),
        0.98 * fuzz.ratio(one.replace(" ", ""), other.replace(" ", "")),
        fuzz.token_set_ratio(one, other) * (0.65 + 0.25 * shorter / max(longer, 1)),
    )
    if _TELLING.findall(one) != _TELLING.findall(other):
        score *= _OTHER
    return min(score, 99.0)


def very(matcher: Matcher, text: str, kinds: Sequence[str]) -> list[int]:
    """Numbers of the things of some kinds that have this very name or alias, word by word."""
    wanted = plain(text)
    rows = (row for kind in kinds for row, _ in next(matcher.rows(text, kind), ()))
    return list(dict.fromkeys(row.thing for row in rows if row.text == wanted and row.tier < HIDDEN))


def alike(matcher: Matcher, text: str, kinds: Sequence[str], most: int) -> list[Likeness]:
    """The things of some kinds that are called nearly so, the likeliest first."""
    wanted = plain(text)
    scores: dict[int, float] = {}
    for kind in kinds:
        deadline.go_on()
        met: set[int] = set()
        for rows in matcher.rows(text, kind):
            for row, share in rows:
                # Letters alone make "theta method" much like "the lasso method"; words that tell count as well.
                score = max(likeness(wanted, row.text) * min(1.0, 0.5 + share), _TOLD * share)
                score = score if row.tier < HIDDEN else min(score, _SOUGHT)  # wider words are among them
                scores[row.thing] = max(scores.get(row.thing, 0.0), score)
                met.add(row.thing)
            if len(met) >= _ENOUGH:
                break
    best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Likeness(thing, score) for thing, score in best[:most] if score >= _LEAST]
