"""Regular expressions of others: those that a text can be matched by in bounded time.

A repeat within a repeat can take a time that doubles with each letter. It passes here only where each round of the
outer one begins with a sign that nothing within the inner ones can be, as in ``^[a-z]+(-[a-z]+)*$``.

Source: SPARQL 1.1 Query Language, section 17.4.3.14 (REGEX); SHACL, section 4.4.3.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from re import _constants as sre
from re import _parser
from typing import Any

_LONGEST = 1_000
_MOST_REPEATS = 12
_ALPHABET = [chr(code) for code in range(1, 0x250)] + list("\u2013\u2014\u2019\u3042\u4e2d")
"""Signs by which sets are told apart; two sets that share none of these count as apart."""
_REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT}
_BACK = {sre.GROUPREF, sre.GROUPREF_EXISTS}


def check_pattern(pattern: str, flags: str = "") -> None:
    """Passes a pattern that compiles and cannot blow up.

    :raises ValueError: for any other, says what about it and what to do.
    """
    if len(pattern) > _LONGEST:
        raise ValueError(f"the pattern has {len(pattern)} characters, the most are {_LONGEST}")
    if unknown := sorted(set(flags) - set("smixq")):
        raise ValueError(f"unknown flags {''.join(unknown)!r}; use s, m, i, x or q")
    known = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
    given = re.RegexFlag(sum(known[flag] for flag in set(flags) if flag in known))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern, given)
            parsed = _parser.parse(pattern, int(given))
    except (re.error, OverflowError, RecursionError) as fault:
        raise ValueError(f"{pattern[:100]!r} is no regular expression: {fault}") from None
    if any(op in _BACK for op, _ in _walk(parsed)):
        raise ValueError(f"{pattern[:100]!r} refers back to a group, which can take for ever; write it without")
    repeats = [arguments for op, arguments in _walk(parsed) if op in _REPEATS and arguments[1] > 1]
    if sum(a[0] != a[1] for a in repeats) > _MOST_REPEATS or any(_blows_up(a[2]) for a in repeats):
        raise ValueError(
            f"{pattern[:100]!r} repeats what repeats or has alternatives, and can take for ever; begin each round "
            "with a sign of its own, as in (-[a-z]+)*"
        )


def _walk(parsed: Any) -> Iterator[tuple[Any, Any]]:
    """Every operation of a parsed pattern, those within others too."""
    for op, arguments in parsed:
        yield op, arguments
        for part in _parts(arguments):
            yield from _walk(part)


def _parts(arguments: Any) -> Iterator[Any]:
    if isinstance(arguments, _parser.SubPattern):
        yield arguments
    elif isinstance(arguments, tuple | list):
        for part in arguments:
            yield from _parts(part)


def _blows_up(body: Any) -> bool:
    """Whether a body that is repeated can be read in two ways."""
    inner = [a for op, a in _walk(body) if op in _REPEATS and a[0] != a[1]]
    branches = [a for op, a in _walk(body) if op is sre.BRANCH]
    if not inner and not branches:
        return False
    if branches:
        if inner or len(branches) > 1:
            return True
        starts = [_first(alternative) for alternative in branches[0][1]]
        return any(not a or not b or a & b for n, a in enumerate(starts) for b in starts[:n])
    first = _first(body)
    return not first or any(first & _signs(arguments[2]) for arguments in inner)


def _first(body: Any) -> set[str]:
    """The signs that a body can begin with; empty where it may begin with nothing of its own."""
    for op, arguments in body:
        if op is sre.SUBPATTERN:
            return _first(arguments[-1])
        if op in {sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY}:
            return _set(op, arguments)
        if op in _REPEATS and arguments[0] > 0:
            return _first(arguments[2])
        return set()
    return set()


def _signs(body: Any) -> set[str]:
    """All signs that a body can hold."""
    kinds = {sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY}
    return {sign for op, arguments in _walk(body) if op in kinds for sign in _set(op, arguments)}


def _set(op: Any, arguments: Any) -> set[str]:
    if op is sre.LITERAL:
        return {chr(arguments)}
    if op is sre.ANY:
        return set(_ALPHABET)
    if op is sre.NOT_LITERAL:
        return set(_ALPHABET) - {chr(arguments)}
    chosen: set[str] = set()
    negated = False
    for kind, value in arguments:
        if kind is sre.NEGATE:
            negated = True
        elif kind is sre.LITERAL:
            chosen.add(chr(value))
        elif kind is sre.RANGE:
            chosen.update(sign for sign in _ALPHABET if value[0] <= ord(sign) <= value[1])
        else:
            chosen.update(sign for sign in _ALPHABET if _in_category(value, sign))
    return set(_ALPHABET) - chosen if negated else chosen


_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}


def _in_category(category: Any, sign: str) -> bool:
    return re.match(_CATEGORIES.get(category, "."), sign) is not None
