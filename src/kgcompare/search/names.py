"""Names that are nearly those that somebody wrote: with typing errors, in another order, in the plural, in one word.

Made in memory from the index of a generation when it is first asked for, and kept as long as the generation:
the names and aliases of things of every kind in every language, the shortest first, so that of the names that
have some words the likeliest come first. Words that no name has are replaced by those that resemble them.

Source: SQLite FTS5 (external content, fts5vocab); Levenshtein (1966), by rapidfuzz.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

from rapidfuzz import fuzz, process

from kgcompare.errors import Seam, StoreError
from kgcompare.search.index import Index
from kgcompare.search.reading import Connection, unread
from kgcompare.store import deadline
from kgcompare.text.folding import fold

_SCHEMA = """
CREATE TABLE thing(id INTEGER PRIMARY KEY, kind TEXT);
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT, thing INTEGER);
CREATE VIRTUAL TABLE words USING fts5(text, content='name', content_rowid='id', detail=none, columnsize=0);
CREATE TEMP TABLE read(text TEXT, thing INTEGER);
CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, words, 'row');
"""
_SIGNS = "+#*%@<>=±×÷$€£¥"
"""Signs that make another name of a word: k-means and k-means++, C, C# and C++. Other ones are punctuation."""
_WORD, _PART = re.compile(r"[^\W_]+"), re.compile(rf"[^\W_]+|[{re.escape(_SIGNS)}]")
_TELLING = re.compile(rf"\d+|[{re.escape(_SIGNS)}]")
_WORDS = 12
"""Words of a text that count; more would only cost time."""
_ROWS = 300
_ENOUGH = 20
"""Things from which on no looser way is tried."""
_ALIKE = 75.0
_LEAST = 40.0
_OTHER = 0.75
_PIECE = 4096
"""Spellings that are gone through at a time: a thread that does so lets no other one compute."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A thing of the index by its number, and how much it is called so (0 to 100); 100 is the very name."""

    thing: int
    score: float


def plain(text: str) -> str:
    """The words and signs of a text without case, diacritics and punctuation; the text itself where it has none."""
    folded = fold(text)
    return " ".join(_PART.findall(folded)) or folded.strip()


def signed_otherwise(text: str, name: str) -> bool:
    """Whether signs make another name of a text that somebody typed, which may be the beginning of the name."""
    typed, known = plain(text), plain(name)
    if known.startswith(typed):
        return known[len(typed) :].strip()[:1] in set(_SIGNS)
    return re.findall(f"[{re.escape(_SIGNS)}]", typed) != re.findall(f"[{re.escape(_SIGNS)}]", known)


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


class Names:
    """The names of one generation; may be used by any number of threads.

    ``path`` is the index file that they were read from: things have their numbers from there.
    """

    def __init__(self, index: Index) -> None:
        """Reads every name; from another file, if the one of the index turns out to be damaged.

        :raises Unavailable: if that is still being made.
        :raises StoreError: if the index cannot be read.
        """
        self._lock = threading.Lock()
        while True:
            self.path = index.path
            try:
                self._read()
                break
            except sqlite3.Error as fault:
                if not index.renews(self.path, fault):
                    raise StoreError(f"the index {self.path} cannot be read: {fault}") from None
        self._spellings = list(self._terms)
        self._alike = lru_cache(maxsize=4096)(self._resembling)

    def _read(self) -> None:
        self._db = Connection(":memory:", uri=True, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._db.execute("ATTACH ? AS source", (f"{self.path.absolute().as_uri()}?mode=ro&immutable=1",))
        self._db.executescript(_SCHEMA)
        self._fill()
        self._terms: dict[str, int] = dict(self._db.execute("SELECT term, doc FROM temp.terms"))
        self._db.execute("DETACH source")

    def _fill(self) -> None:
        labels = self._db.execute("SELECT thing, text FROM source.label")
        aliases = self._db.execute("SELECT rowid, alias FROM source.words WHERE alias != ''")
        split = ((thing, text) for thing, texts in aliases for text in texts.split(" \n "))
        self._db.execute("BEGIN")
        self._db.execute("INSERT INTO thing SELECT id, kind FROM source.thing")
        rows = ((plain(text), thing) for thing, text in chain(labels, split))
        self._db.executemany("INSERT INTO temp.read VALUES(?, ?)", rows)
        # Sorted there: Python would let no other thread compute meanwhile.
        self._db.execute(
            "INSERT INTO name(text, thing) "
            "SELECT DISTINCT text, thing FROM temp.read ORDER BY length(text), thing, text"
        )
        self._db.execute("INSERT INTO words(words) VALUES('rebuild')")
        self._db.execute("COMMIT")
        self._db.execute("DROP TABLE temp.read")

    def find(self, text: str, kinds: Sequence[str], most: int) -> list[Likeness]:
        """The things of some kinds that are called nearly so, the likeliest first."""
        wanted = plain(text)
        words = list(dict.fromkeys(_WORD.findall(wanted)))[:_WORDS]
        likeness_of: dict[int, float] = {}
        scores: dict[str, float] = {}
        # As it was spelt first: most names are, and to look for others costs more. Once the very name is found, only
        # others with all its words are namesakes; they may still be spelt in another way.
        for spell in (self._spelt, self._alike):
            groups = [group for word in words if (group := spell(word))]
            for expressions in self._ways(words, groups):
                deadline.go_on()
                for name, thing in (row for expression in expressions for row in self._rows(expression, kinds, _ROWS)):
                    if name not in scores:
                        scores[name] = likeness(wanted, name)
                    likeness_of[thing] = max(likeness_of.get(thing, 0.0), scores[name])
                if len(likeness_of) >= _ENOUGH or 100.0 in likeness_of.values():
                    break
            if len(likeness_of) >= _ENOUGH and 100.0 in likeness_of.values():
                break
        best = sorted(likeness_of.items(), key=lambda pair: (-pair[1], pair[0]))
        return [Likeness(thing, score) for thing, score in best[:most] if score >= _LEAST]

    def called(self, text: str, kinds: Sequence[str], most: int) -> list[int]:
        """Numbers of the things of some kinds that have this very name."""
        wanted = plain(text)
        words = " AND ".join(f'"{word}"' for word in dict.fromkeys(_WORD.findall(wanted)))
        rows = self._rows(words, kinds, _ROWS) if words else []  # the shortest first: that is none with other words
        return list(dict.fromkeys(thing for name, thing in rows if name == wanted))[:most]

    def complete(self, text: str, kinds: Sequence[str], most: int) -> list[int]:
        """Numbers of the things whose names have words that begin so: names that begin with the whole text first."""
        wanted = plain(text)
        begun = " ".join(f'"{word}" *' for word in _WORD.findall(wanted)[:_WORDS])
        rows = self._rows(begun, kinds, most + _ROWS) if begun else []
        rows.sort(key=lambda row: not row[0].startswith(wanted))
        return list(dict.fromkeys(thing for _, thing in rows))[:most]

    def _rows(self, expression: str, kinds: Sequence[str], most: int) -> list[tuple[str, int]]:
        """(plain name, thing) of the names that match an FTS5 expression, the shortest first."""
        sql = (
            "SELECT name.text, name.thing FROM words CROSS JOIN name ON name.id = words.rowid "
            "CROSS JOIN thing ON thing.id = name.thing "
            f"WHERE words MATCH ? AND thing.kind IN ({','.join('?' * len(kinds))}) ORDER BY words.rowid LIMIT ?"
        )
        with Seam((sqlite3.Error,), lambda why: unread("the names of this generation", why)), self._lock:
            return self._db.execute(sql, (expression, *kinds, most)).fetchall()

    def _ways(self, words: Sequence[str], groups: Sequence[str]) -> Iterator[list[str]]:
        """Expressions from the strictest on: all words; two of them in one, or all but one; each by itself."""
        joined = [word for pair in pairwise(words) if (word := "".join(pair)) in self._terms]
        yield [" AND ".join(groups)] if groups else []
        rare = sorted(groups, key=self._count)[:4]
        without = [" AND ".join(g for g in groups if g is not left) for left in rare] if len(groups) > 2 else []
        yield [f'"{word}"' for word in joined] + without
        yield rare if len(groups) > 1 else []

    def _count(self, group: str) -> int:
        return sum(self._terms.get(term, 0) for term in re.findall(r'"([^"]+)"', group))

    def _spelt(self, word: str) -> str:
        return f'"{word}"' if word in self._terms else ""

    def _resembling(self, word: str) -> str:
        """The words that names have for one that somebody wrote: those that look like it, and two that make it up."""
        near: list[tuple[str, float, int]] = []
        for at in range(0, len(self._spellings), _PIECE):
            deadline.go_on()
            piece = self._spellings[at : at + _PIECE]
            near += process.extract(word, piece, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=8)
        near.sort(key=lambda found: -found[1])
        options = [f'"{term}"' for term, _, _ in near[:8]]
        for at in range(2, len(word) - 1):
            for rest in (word[at:], word[at + 1 :]):  # a space left out, or another letter in its place
                if word[:at] in self._terms and rest in self._terms:
                    options.append(f'("{word[:at]}" AND "{rest}")')
        return f"({' OR '.join(options)})" if options else ""
