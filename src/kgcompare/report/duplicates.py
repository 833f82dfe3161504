"""Names that are so alike that they may name one thing twice.

Names are compared without case, diacritics, punctuation and the order of their words; names that differ in a
number (YOLOv2, YOLOv3) are not alike. Up to :data:`FULL` names each is compared with every other one. More are
compared with their neighbours in two orders, by their beginnings and by their ends, which stays linear.

Source: Levenshtein (1966), by rapidfuzz; Hernández & Stolfo (1995), the sorted-neighbourhood method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from rapidfuzz import fuzz, process, utils

from kgcompare.text.folding import fold

FULL = 3000
"""Different names up to which each is compared with every other one."""
LEAST = 90.0
"""The score (0 to 100) from which names are alike."""
_WINDOW = 8
_MOST_EQUAL = 50


def key(name: str) -> str:
    """What a name is compared by: its words in alphabetical order."""
    return " ".join(sorted(utils.default_process(fold(name)).split()))


def pairs(
    names: Iterable[tuple[str, str]], least: float = LEAST, tell: Callable[[int, int], None] | None = None
) -> list[tuple[float, str, str]]:
    """(score, a thing, another) of things with names alike, best first; *names* are (thing, name).

    A thing may have several names; the pair of names that is most alike counts. *tell* is told (done, all) names.
    """
    holders: dict[str, list[str]] = {}
    for thing, name in names:
        plain = key(name)
        if plain and thing not in holders.setdefault(plain, []):
            holders[plain].append(thing)
    scores: dict[tuple[str, str], float] = {}
    for things in holders.values():
        for pair in combinations(sorted(things[:_MOST_EQUAL]), 2):
            scores[pair] = 100.0
    for score, one, other in _alike(sorted(holders), least, tell or (lambda _done, _all: None)):
        for a in holders[one][:_MOST_EQUAL]:
            for b in holders[other][:_MOST_EQUAL]:
                if a != b:
                    pair = (min(a, b), max(a, b))
                    scores[pair] = max(score, scores.get(pair, 0.0))
    return sorted(((score, a, b) for (a, b), score in scores.items()), key=lambda pair: (-pair[0], *pair[1:]))


def _alike(keys: Sequence[str], least: float, tell: Callable[[int, int], None]) -> Iterable[tuple[float, str, str]]:
    full = len(keys) <= FULL
    orders = [keys] if full else [keys, sorted(keys, key=lambda text: text[::-1])]
    for turn, order in enumerate(orders):
        for at, one in enumerate(order):
            others = order[at + 1 :] if full else order[at + 1 : at + 1 + _WINDOW]
            for other, score, _ in process.extract(one, others, scorer=fuzz.ratio, score_cutoff=least, limit=None):
                if re.findall(r"\d+", one) == re.findall(r"\d+", other):
                    yield float(score), one, other
            if at % 1000 == 999:
                tell(turn * len(keys) + at, len(orders) * len(keys))
