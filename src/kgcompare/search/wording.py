"""What stands in the index of names and texts, and how it follows an edit; :mod:`kgcompare.search.matching` reads it.

``names`` has one row a name: its words, and tokens that begin with a sign. ``texts`` has one row a thing, with
every word that finds it. The number of a row says what comes first (:func:`ranked`), so that the best of any number of
matches are the first that SQLite meets. ``word`` has every word with how many names and things have it, ``stem``
leads from a stem to the words that have it: a word that somebody types is looked up there and sought as it stands in
names.

Neither keeps its text: whoever removes a thing says again what it was found by (:func:`remove`).

Source: SQLite FTS5 (contentless tables, ``detail=none``, prefix indexes, doclists in the order of row numbers).
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kgcompare.text.folding import compact, compounds, plain, stem, words

LABEL, ALIAS, HIDDEN = range(3)
WHOLE, FIRST, INITIALS, LENGTH, VALUE = "=", "^", "~", "#", "@"
"""What tokens begin with that are no words: a whole name in one, its first word, its initials, the number of its words,
and (in texts) the number of a value of a facet."""
_PLACES, _THINGS, _LENGTHS, _DEGREES, _TIERS = 10, 28, 6, 6, 2
"""Bits of the parts of a row's number, the last first; what comes before is the kind."""
_LONGEST = 100
"""Characters of a name as one token."""
_OPTIONS = "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'\", detail=none, columnsize=0"
_HELD = 32 * 1024 * 1024
"""Bytes of tokens that are held before they are written."""
SCHEMA = f"""
CREATE TABLE kind(number INTEGER PRIMARY KEY, kind TEXT NOT NULL UNIQUE);
CREATE TABLE name(thing INTEGER, place INTEGER, tier INTEGER, lang TEXT, text TEXT, PRIMARY KEY(thing, place))
    WITHOUT ROWID;
CREATE VIEW label AS SELECT thing, lang, text FROM name WHERE tier = {LABEL};
CREATE TABLE word(word TEXT PRIMARY KEY, names INTEGER, things INTEGER) WITHOUT ROWID;
CREATE TABLE stem(stem TEXT, word TEXT, PRIMARY KEY(stem, word)) WITHOUT ROWID;
CREATE TABLE lang(lang TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE names USING fts5(text, content='', prefix='2 3 4', {_OPTIONS});
CREATE VIRTUAL TABLE texts USING fts5(text, content='', {_OPTIONS});
INSERT INTO names(names, rank) VALUES('hashsize', {_HELD});
INSERT INTO texts(texts, rank) VALUES('hashsize', {_HELD});
"""


_MERGED = 64
"""Pages of its segments that an index merges with each change."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a thing is called: the tier (:data:`LABEL`, :data:`ALIAS` or :data:`HIDDEN`), the language and the text."""

    tier: int
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Worded:
    """What finds a thing: its names, further texts by language, and the numbers of the values of its facets."""

    names: Sequence[Name]
    texts: Sequence[tuple[str, str]]
    values: Sequence[int]


def ranked(kind: int, tier: int, degree: int, length: int, thing: int, place: int) -> int:
    """The number of a row: by kind, then tier, then many relations first, then short names first."""
    many = (1 << _DEGREES) - 1 - min((1 << _DEGREES) - 1, round(8 * math.log2(1 + degree)))
    parts = ((many, _DEGREES), (min(length, (1 << _LENGTHS) - 1), _LENGTHS), (thing, _THINGS), (place, _PLACES))
    number = (kind << _TIERS) + tier
    for part, bits in parts:
        number = (number << bits) + part
    return number


def bounds(kind: int, first: int = LABEL, last: int = HIDDEN) -> tuple[int, int]:
    """The least number of a row of some tiers of a kind, and the least behind them."""
    bits = _DEGREES + _LENGTHS + _THINGS + _PLACES
    return ((kind << _TIERS) + first) << bits, ((kind << _TIERS) + last + 1) << bits


def thing_of(row: str) -> str:
    """SQL for the thing that a row is about."""
    return f"({row} >> {_PLACES}) & {(1 << _THINGS) - 1}"


def place_of(row: str) -> str:
    """SQL for the place of the name that a row is about among those of its thing."""
    return f"{row} & {(1 << _PLACES) - 1}"


def rarely_related(number: int) -> int:
    """How far behind the row of a thing with more relations comes; equal for equally many."""
    return (number >> (_LENGTHS + _THINGS + _PLACES)) & ((1 << _DEGREES) - 1)


def name_tokens(name: Name) -> tuple[list[str], list[str]]:
    """What a name is found by: its words, each once, and the tokens that begin with a sign."""
    text = plain(name.text)
    joined, parts, found = text.replace(" ", ""), text.split(), words(text)
    whole = compounds(name.text)
    marked = [WHOLE + joined[:_LONGEST], LENGTH + str(len(parts)), FIRST + found[0] if found else FIRST]
    if whole and joined.startswith(whole[0]) and whole[0] != found[0]:
        marked.append(FIRST + whole[0])
    if name.tier != HIDDEN and 1 < len(parts) < 9:
        telling = [part for part in parts if len(part) > 3 or part not in SMALL]
        marked += dict.fromkeys(INITIALS + "".join([part[0] for part in some]) for some in (parts, telling))
    return list(dict.fromkeys([*found, *whole])), marked


SMALL = frozenset(
    "a an and as at by for from in into of on or the to via with "  # noqa: SIM905  (a list would take thrice the room)
    "au aux d de des du en et l la le les ou par pour sur un une das der die im mit und von zu el los las y".split()
)
"""Words that initials leave out as often as not."""


def write_words(
    db: sqlite3.Connection, places: Mapping[int, tuple[int, int]], worded: Callable[[int], Worded], *, fresh: bool
) -> None:
    """Writes what finds some things, given by their numbers with the numbers of their kinds and their degrees.

    In the order of rows, which FTS5 wants.
    """
    vocabulary = _Vocabulary()
    names: list[tuple[int, str]] = []
    texts: list[tuple[int, str]] = []
    things: list[tuple[int, int]] = []
    for number, (kind, degree) in places.items():
        about = worded(number)
        called = about.names[: 1 << _PLACES]
        tokens, text = vocabulary.read(called, about)
        every = [(number, place, name.tier, name.lang, name.text) for place, name in enumerate(called)]
        db.executemany("INSERT INTO name VALUES(?,?,?,?,?)", every)
        names += [
            (ranked(kind, name.tier, degree, len(name.text), number, place), found)
            for place, (name, found) in enumerate(zip(called, tokens, strict=True))
        ]
        row = ranked(kind, LABEL, degree, _shortest(called), number, 0)
        texts.append((row, text))
        things.append((row, number))
    for table, rows in (("names", names), ("texts", texts)):
        rows.sort()
        db.executemany(f"INSERT INTO {table}(rowid, text) VALUES(?,?)", rows)
    db.executemany("UPDATE thing SET place = ? WHERE id = ?", things)
    vocabulary.write(db, fresh=fresh)


def settle(db: sqlite3.Connection) -> None:
    """Merges what was written at once, so that it is not among what changes leave, which is merged often."""
    for table in ("names", "texts"):
        db.execute(f"INSERT INTO {table}({table}) VALUES('optimize')")


def tidy(db: sqlite3.Connection) -> None:
    """Merges a little of what changes leave.

    By itself FTS5 merges so little with each that now and then all has to be merged at once, for seconds.
    """
    for table in ("names", "texts"):
        db.execute(f"INSERT INTO {table}({table}, rank) VALUES('merge', {_MERGED})")


def _shortest(names: Iterable[Name]) -> int:
    return min((len(name.text) for name in names if name.tier == LABEL), default=99)


class _Vocabulary:
    """The words that are met while names and texts are written."""

    def __init__(self) -> None:
        self._names: Counter[str] = Counter()
        self._things: Counter[str] = Counter()
        self._met: dict[str, set[str]] = {}

    def read(self, names: Sequence[Name], worded: Worded) -> tuple[list[str], str]:
        """The tokens of each name of a thing, and those of the thing."""
        told: dict[str, None] = {}
        marks: dict[str, None] = {}
        tokens = []
        for name in names:
            found, marked = name_tokens(name)
            tokens.append(" ".join([*found, *marked]))
            self._names.update(found)
            self._met.setdefault(name.lang, set()).update(found)
            told.update(dict.fromkeys(found))
            marks.update(dict.fromkeys(token for token in marked if token[0] not in _LEFT_OUT))
        for lang, text in worded.texts:
            some = [*words(plain(text)), *compounds(text)]
            self._met.setdefault(lang, set()).update(some)
            told.update(dict.fromkeys(some))
        self._things.update(told.keys())
        return tokens, " ".join([*told, *marks, *(f"{VALUE}{number}" for number in worded.values)])

    def forget(self, db: sqlite3.Connection) -> None:
        """Takes the words that were read off those of the index."""
        less = ((self._names[word], many, word) for word, many in self._things.items())
        db.executemany("UPDATE word SET names = names - ?, things = things - ? WHERE word = ?", less)

    def write(self, db: sqlite3.Connection, *, fresh: bool) -> None:
        """Writes the words that were read."""
        every = sorted(self._things)
        if fresh:
            known = ((word, self._names[word], self._things[word]) for word in every)
            db.executemany("INSERT INTO word VALUES(?,?,?)", known)
        else:
            db.executemany("INSERT OR IGNORE INTO word VALUES(?,0,0)", ((word,) for word in every))
            more = ((self._names[word], self._things[word], word) for word in every)
            db.executemany("UPDATE word SET names = names + ?, things = things + ? WHERE word = ?", more)
        stems = {(stem(word, lang), word) for lang, some in self._met.items() for word in some}
        db.executemany("INSERT OR IGNORE INTO stem VALUES(?,?)", sorted(pair for pair in stems if pair[0] != pair[1]))
        langs = ((lang,) for lang, some in sorted(self._met.items()) if some)
        db.executemany("INSERT OR IGNORE INTO lang VALUES(?)", langs)


_LEFT_OUT = {FIRST, LENGTH}


def remove(db: sqlite3.Connection, number: int, worded: Worded) -> None:
    """Removes what finds a thing; *worded* is what it was, except for the names, which are kept."""
    rows, vocabulary = _rows_of(db, number), _Vocabulary()
    tokens, text = vocabulary.read([name for _, name in rows], worded)
    gone = [(row, found) for (row, _), found in zip(rows, tokens, strict=True)]
    db.executemany("INSERT INTO names(names, rowid, text) VALUES('delete', ?, ?)", gone)
    db.execute("DELETE FROM name WHERE thing = ?", (number,))
    (place,) = db.execute("SELECT place FROM thing WHERE id = ?", (number,)).fetchone()
    if place is not None:
        db.execute("INSERT INTO texts(texts, rowid, text) VALUES('delete', ?, ?)", (place, text))
        vocabulary.forget(db)


def rank_again(db: sqlite3.Connection, number: int, degree: int, worded: Callable[[int], Worded]) -> None:
    """Moves the rows of a thing to where another number of relations puts them."""
    (place,) = db.execute("SELECT place FROM thing WHERE id = ?", (number,)).fetchone()
    kind = place >> (_TIERS + _DEGREES + _LENGTHS + _THINGS + _PLACES)
    if rarely_related(place) == rarely_related(ranked(kind, 0, degree, 0, number, 0)):
        return
    rows = _rows_of(db, number)
    names = [name for _, name in rows]
    tokens, text = _Vocabulary().read(names, worded(number))
    moves = [
        ("names", row, ranked(kind, name.tier, degree, len(name.text), number, at), found)
        for at, ((row, name), found) in enumerate(zip(rows, tokens, strict=True))
    ]
    other = ranked(kind, LABEL, degree, _shortest(names), number, 0)
    for table, before, after, found in (*moves, ("texts", place, other, text)):
        db.execute(f"INSERT INTO {table}({table}, rowid, text) VALUES('delete', ?, ?)", (before, found))
        db.execute(f"INSERT INTO {table}(rowid, text) VALUES(?, ?)", (after, found))
    db.execute("UPDATE thing SET place = ? WHERE id = ?", (other, number))


def _rows_of(db: sqlite3.Connection, number: int) -> list[tuple[int, Name]]:
    """The names of a thing with the numbers of their rows, by their places."""
    found = db.execute("SELECT place FROM thing WHERE id = ?", (number,)).fetchone()
    if not found or found[0] is None:
        return []
    head = found[0] >> (_LENGTHS + _THINGS + _PLACES)  # kind, tier of names and degree
    rows = []
    for place, tier, lang, text in db.execute(
        "SELECT place, tier, lang, text FROM name WHERE thing = ? ORDER BY place", (number,)
    ).fetchall():
        least = ranked(0, 0, 0, len(text), number, place) & ((1 << (_LENGTHS + _THINGS + _PLACES)) - 1)
        rows.append((((head + (tier << _DEGREES)) << (_LENGTHS + _THINGS + _PLACES)) + least, Name(tier, lang, text)))
    return rows


_NAMES = 8192
"""Names that are read again and again: one text asks for a name by several ways."""
_plain = lru_cache(maxsize=_NAMES)(plain)
_compact = lru_cache(maxsize=_NAMES)(compact)


@dataclass(frozen=True, slots=True)
class NameRow:
    """A name that matches: its row's number, the thing, the tier, the language, and the name as it is written."""

    number: int
    thing: int
    tier: int
    lang: str
    written: str

    @property
    def text(self) -> str:
        """The plain name."""
        return _plain(self.written)

    @property
    def key(self) -> str:
        """The plain name in one word."""
        return _compact(self.written)
