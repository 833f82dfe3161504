"""Names of agents: what they are called, in parts, and their initials.

Source: Publication Manual of the American Psychological Association, 7th edition, sections 9.8 to 9.11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from kgcompare.model import CslName
from kgcompare.rdf.graph import Graph, Node
from kgcompare.rdf.terms import FAMILY_NAMES, GIVEN_NAMES


def name_parts(graph: Graph, agent: Node) -> CslName | None:
    """The family name of an agent, with its given names; None where no family name is recorded."""
    family = _first_text(graph, agent, FAMILY_NAMES)
    if family is None:
        return None
    given = _first_text(graph, agent, GIVEN_NAMES)
    return {"family": family, "given": given} if given else {"family": family}


def _first_text(graph: Graph, node: Node, predicates: Iterable[str]) -> str | None:
    for predicate in predicates:
        if text := graph.text(node, predicate):
            return text
    return None


@lru_cache(maxsize=4096)
def initials(given: str) -> str:
    """Given names as initials: ``Jörg-Peter`` is ``J.-P.``, ``Wen-tau`` is ``W.-t.``.

    A name in a script without capitals stays whole, and so does a word in small letters that is not the first
    (``Marie de`` is ``M. de``).
    """
    words = re.sub(r"\.(?!-)", ". ", given).split()
    return " ".join(filter(None, (_initial(word, first=at == 0) for at, word in enumerate(words))))


def _initial(word: str, *, first: bool) -> str:
    if not first and word[0].islower() and not re.search(r"[-‐‑.]", word):
        return word
    return "-".join(filter(None, map(_letter, re.split(r"[-‐‑]", word))))


def _letter(part: str) -> str:
    """The first letter that there is with a capital, with its accents and a full stop; else the whole part."""
    for at, char in enumerate(part):
        if char.isupper() or char.istitle() or char.title() != char:
            accents = len(part[at + 1 :]) - len(part[at + 1 :].lstrip(_ACCENTS))
            return part[at : at + 1 + accents] + "."
    return part if any(map(str.isalpha, part)) else ""


_ACCENTS = "".join(chr(code) for code in range(0x300, 0x370))
