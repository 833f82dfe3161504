"""The words of an index: which ones a word that somebody typed stands for, and how much each tells.

Source: Levenshtein (1966) and Damerau (1964), by rapidfuzz; Spärck Jones (1972) for the weight of words.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from kgcompare.search.reading import marks
from kgcompare.search.wording import INITIALS, SMALL
from kgcompare.store import deadline
from kgcompare.text.folding import compact, plain, stem, words
from kgcompare.text.languages import interface_languages

Rows = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Reads an index: the rows of an SQL statement with its values."""
SHORT = 3
"""Letters up to which a word begins no other one, and is no slip of one."""
UNKNOWN = 6
"""Letters up to which a word that is in no name may be the initials of one."""
_LONGEST, _WORDS = 200, 12
"""Characters and words of a text that count; more would only cost time."""
_ASKING = frozenset(
    "how what which when why where comment quel quelle quels quelles pourquoi quand "  # noqa: SIM905
    "wie was welche welcher welches wann "
    "como que cual cuando".split()
)
_AUXILIARY = frozenset(
    "is are was were do does did can could should would i we you one be est sont faire faut il je on ist sind man kann "  # noqa: SIM905
    "ich es son se puedo".split()
)
"""Words that questions begin with, and that stand behind them."""
_SOUNDS = str.maketrans("cqzy", "kksi")
_GROUP, _LANGUAGES = 48, 12
"""Words that stand for one; languages that a word may be of."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody typed: in one word, and word by word with those of the index that each stands for.

    ``open`` where the last word may go on; ``kind`` is the number of the kind of things that is sought.
    """

    key: str
    words: Sequence[str]
    groups: Sequence[Sequence[str]]
    lang: str
    open: bool
    kind: int = 0

    @property
    def known(self) -> bool:
        """Whether the index has a word for each of them."""
        return bool(self.groups) and all(self.groups)

    @property
    def one_word(self) -> bool:
        """Whether it is one word, which the index has as it was typed."""
        return len(self.words) == 1 and self.words[0] in self.groups[0]

    @property
    def telling(self) -> bool:
        """Whether it says more than words that every text has; one of a question may be a name by itself."""
        return not (SMALL if len(self.words) == 1 else _ASKING.union(_AUXILIARY, SMALL)).issuperset(self.words)

    @property
    def pairs(self) -> list[tuple[str, Sequence[str]]]:
        """Each word with its group."""
        return list(zip(self.words, self.groups, strict=True))


class _Spelt(NamedTuple):
    """The words of names that have as many letters, how many names have each, and how each sounds, in lines."""

    words: list[str]
    names: array[int]
    sounds: str

    def sounding(self, sound: str) -> Iterator[str]:
        """The words that sound so."""
        line, at = f"\n{sound}\n", 0
        while (at := self.sounds.find(line, at)) >= 0:
            yield self.words[self.sounds.count("\n", 0, at)]
            at += 1


class Vocabulary:
    """The words of one index; may be used by any number of threads."""

    def __init__(self, rows: Rows) -> None:
        """*rows* reads the index."""
        self._rows = rows
        self._constant: dict[str, Any] = {}
        self.read = lru_cache(maxsize=64)(self._read)  # asked of one kind of things after the other
        self.slips = lru_cache(maxsize=1024)(self._slips)
        self.weight = lru_cache(maxsize=10_000)(self._weigh)
        self._starts = lru_cache(maxsize=8)(self._find_starts)
        self.begun = lru_cache(maxsize=64)(self._begun)

    def _read(self, text: str, lang: str, *, completing: bool = False) -> Sought | None:
        """A text taken apart; None if there is nothing in it."""
        text = text[:_LONGEST].encode("utf-8", "ignore").decode().replace("\x00", " ")
        wanted = plain(text)
        parts = list(dict.fromkeys(words(wanted)))[:_WORDS]
        if not parts:
            return None
        parts = _unasked(parts)
        if not any(map(str.isalnum, wanted)):  # nothing but signs is only what is called so
            return Sought(compact(text), parts, [()] * len(parts), lang.partition("-")[0], False)
        groups = [self.known(word, lang) for word in parts]
        parts, groups = self._joined(parts, groups, lang)
        last = bool(parts) and not text[-1:].isspace()
        for at, word in enumerate(parts):
            if not groups[at] and len(word) > SHORT:
                ends = at < len(parts) - 1 or not last
                start = () if ends and not completing else self.begun(word)
                groups[at] = start or self.slips(word, completing and not ends) or self.split(word)
            if len(parts) > 1 and len(word) <= UNKNOWN and not any(map(self.weight, groups[at])):
                groups[at] = (*groups[at], INITIALS + word)
        return Sought(compact(text), parts, groups, lang.partition("-")[0], completing and last)

    def looser(self, typed: Sought, *, ends: bool) -> Iterator[list[Sequence[str]]]:
        """Other groups for a text of which no name has all words, the likelier ones first.

        The last word may go on, unless it *ends*; words that no name has may be slips, even bad ones; then any word.
        """
        tried = [list(typed.groups)]
        if len(typed.words) > 1 and len(typed.words[-1]) >= SHORT and not ends and not typed.open:
            begun = [*typed.groups[:-1], tuple(dict.fromkeys([*typed.groups[-1], *self.begun(typed.words[-1])]))]
            tried.append(begun)
            yield begun
        for strange, far in ((True, False), (True, True), (False, False)):
            groups = self.with_slips(typed, strange=strange, far=far)
            if groups not in tried:
                tried.append(groups)
                yield groups

    def beginnings(self, typed: Sought) -> list[Sequence[str]]:
        """The groups of a text with what each of its words but the last begins: "rand for"."""
        last = len(typed.words) - 1
        more = [() if at == last or len(word) < SHORT else self.begun(word) for at, word in enumerate(typed.words)]
        return [tuple(dict.fromkeys([*group, *begun])) for group, begun in zip(typed.groups, more, strict=True)]

    def with_slips(self, typed: Sought, *, strange: bool, far: bool = False) -> list[Sequence[str]]:
        """The groups of a text, with what each of its words, or of the *strange* ones in no name, may be a slip for.

        That is what is nearest to it, or all that is not too *far*.
        """
        last = len(typed.words) - 1 if typed.open else -1
        slips = [
            () if len(word) <= SHORT or (strange and self.weight(word)) else self.slips(word, at == last, far)
            for at, word in enumerate(typed.words)
        ]
        return [tuple(dict.fromkeys([*group, *more])) for group, more in zip(typed.groups, slips, strict=True)]

    def _joined(
        self, parts: list[str], groups: list[tuple[str, ...]], lang: str
    ) -> tuple[list[str], list[tuple[str, ...]]]:
        """The words, two in one where names have them so and not apart: xg boost."""
        for at, (one, other) in enumerate(pairwise(parts)):
            if not (groups[at] and groups[at + 1]) and (group := self.known(one + other, lang)):
                return (
                    [*parts[:at], one + other, *parts[at + 2 :]],
                    [*groups[:at], group, *groups[at + 2 :]],
                )
        return parts, groups

    def known(self, word: str, lang: str) -> tuple[str, ...]:
        """A word as it stands in the index, itself first, and those with its stem in some language."""
        stems = list(dict.fromkeys([word, *(stem(word, tag) for tag in self._languages(lang))]))
        sql = (
            f"SELECT word FROM word WHERE word IN ({marks(stems)}) "
            f"UNION SELECT word FROM stem WHERE stem IN ({marks(stems)}) LIMIT {_GROUP}"
        )
        found = [row[0] for row in self._rows(sql, (*stems, *stems))]
        if not found and len(word) >= SHORT and word.endswith("s") and not word.endswith("ss"):
            return self.known(word[:-1], lang)  # several of what is no word of a language: GPs, PCAs
        return tuple(sorted(found, key=lambda other: (other != word, other)))

    def _begun(self, start: str) -> tuple[str, ...]:
        """The words that begin so, those of most names first."""
        sql = f"SELECT word FROM word WHERE word >= ? AND word < ? ORDER BY names DESC, word LIMIT {_GROUP}"
        return tuple(row[0] for row in self._rows(sql, (start, start + "\U0010ffff")))

    def _slips(self, word: str, begun: bool, far: bool = False) -> tuple[str, ...]:
        """The words of names that a word is most likely a slip for, or (*begun*) the beginning of one with a slip.

        *far* are those too that are less near than others.
        """
        worst = 1 if len(word) < 5 else 2
        lengths, sound = self._lengths(), _sound(word)
        near = [(0, 0, other) for spelt in lengths.values() for other in spelt.sounding(sound) if other != word]
        for most in [worst] if far else range(1, worst + 1):
            if near and not far:
                break
            for length in range(len(word) - most, len(word) + most + 1):
                if (spelt := lengths.get(length)) is not None:
                    deadline.go_on()
                    alike = process.extract(word, spelt.words, scorer=OSA.distance, score_cutoff=most, limit=8)
                    near += [(distance, -spelt.names[place], other) for other, distance, place in alike]
            if begun and (far or most == 1):
                starts = process.extract(word, self._starts(len(word)), scorer=OSA.distance, score_cutoff=1, limit=4)
                near += [(1, 0, other) for start, slips, _ in starts if slips for other in self.begun(start)[:12]]
            near = [slip for slip in near if slip[2] != word]
        near.sort()
        return tuple(dict.fromkeys(other for distance, _, other in near if far or distance == near[0][0]))[:_GROUP]

    def _lengths(self) -> dict[int, _Spelt]:
        """The words of names, but for the shortest, by how many letters they have."""
        if "lengths" not in self._constant:
            # A row for each length, and how they sound all at once: a word at a time, it takes ten times as long.
            sql = (
                "SELECT length(word), group_concat(word, char(10)), group_concat(names, char(10)) FROM word "
                "WHERE names > 0 AND length(word) > 3 GROUP BY length(word)"
            )
            self._constant["lengths"] = {
                length: _Spelt(spelt.split("\n"), array("L", map(int, names.split("\n"))), _sound(f"\n{spelt}\n"))
                for length, spelt, names in self._rows(sql, ())
            }
        lengths: dict[int, _Spelt] = self._constant["lengths"]
        return lengths

    def _find_starts(self, length: int) -> list[str]:
        """The beginnings of that length that words of names have."""
        longer = (spelt.words for size, spelt in self._lengths().items() if size > length)
        return list(dict.fromkeys(word[:length] for words in longer for word in words))

    def split(self, word: str) -> tuple[str, ...]:
        """Two words of names that somebody wrote in one, or with a letter between, as one alternative."""
        for at in range(2, len(word) - 1):
            for rest in (word[at:], word[at + 1 :]):
                if self.weight(word[:at]) and self.weight(rest):
                    return (f"{word[:at]} {rest}",)
        return ()

    def _weigh(self, word: str) -> float:
        """How much a word of names tells, by how few things have it; 0 for one that no name has."""
        rows = self._rows("SELECT things FROM word WHERE word = ? AND names > 0", (word,))
        return math.log(1 + self._most() / max(1, rows[0][0])) if rows else 0.0

    def _most(self) -> int:
        """More things than any word has."""
        if "most" not in self._constant:
            self._constant["most"] = self._rows("SELECT coalesce(max(things), 0) + 1 FROM word", ())[0][0]
        return int(self._constant["most"])

    def most_told(self) -> float:
        """What a word tells that no name has: more than any that one has."""
        return math.log(1 + self._most())

    def _languages(self, lang: str) -> Sequence[str]:
        """The languages in whose ways a word may be inflected."""
        if "langs" not in self._constant:
            tags = (row[0].partition("-")[0] for row in self._rows("SELECT lang FROM lang ORDER BY lang", ()))
            self._constant["langs"] = list(dict.fromkeys([*interface_languages(), *tags]))[:_LANGUAGES]
        return [lang, *self._constant["langs"]] if lang else self._constant["langs"]


def _unasked(parts: list[str]) -> list[str]:
    """The words of a text without those that make a question of it, if it has others."""
    if parts[0] in _ASKING:
        asked = _ASKING.union(_AUXILIARY, SMALL)
        return parts[next((at for at, word in enumerate(parts) if word not in asked), 0) :]
    return parts


def _sound(word: str) -> str:
    """A plain word, or some in lines, as they sound, more or less: delfi is delphi."""
    sounds = word.replace("ph", "f").translate(_SOUNDS)
    for letter in set(sounds) - {"\n"}:
        sounds = sounds.replace(letter * 2, letter)
    return sounds
