"""What stands in the index of names and texts, and how it follows an edit; :mod:`kgcompare.search.matching` reads it.

``names`` has one row a name: its words, and tokens that begin with a sign. ``texts`` has one row a thing, with
every word that finds it. The number of a row says what comes first (:func:`ranked`), so that the best of any number of
matches are the first that SQLite meets. ``word`` has every word with how many names and things have it, ``stem``
leads from a stem to the words that have it: a word that somebody types is looked up there and sought as it stands in
names.

Source: SQLite FTS5 (contentless tables, ``detail=none``, prefix indexes, doclists in the order of row numbers).
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kgcompare.text.folding import SIGNS, compounds, plain, stem, words

LABEL, ALIAS, HIDDEN = range(3)
WHOLE, FIRST, INITIALS, LENGTH, VALUE = "=", "^", "~", "#", "@"
"""What tokens begin with that are no words: a whole name in one, its first word, its initials, the number of its words,
and (in texts) the number of a value of a facet."""
_PLACES, _THINGS, _LENGTHS, _DEGREES, _TIERS = 10, 28, 6, 6, 2
"""Bits of the parts of a row's number, the last first; what comes before is the kind."""
_LONGEST = 100
"""Characters of a name as one token."""
_OPTIONS = "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'\", detail=none, columnsize=0"
SCHEMA = f"""
CREATE TABLE kind(number INTEGER PRIMARY KEY, kind TEXT NOT NULL UNIQUE);
CREATE TABLE name(thing INTEGER, place INTEGER, tier INTEGER, lang TEXT, text TEXT, PRIMARY KEY(thing, place))
    WITHOUT ROWID;
CREATE VIEW label AS SELECT thing, lang, text FROM name WHERE tier = {LABEL};
CREATE TABLE word(word TEXT PRIMARY KEY, names INTEGER, things INTEGER) WITHOUT ROWID;
CREATE TABLE stem(stem TEXT, word TEXT, PRIMARY KEY(stem, word)) WITHOUT ROWID;
CREATE TABLE lang(lang TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE names USING fts5(text, content='', prefix='2 3 4', {_OPTIONS});
CREATE VIRTUAL TABLE texts USING fts5(text, {_OPTIONS});
"""


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


def name_tokens(name: Name) -> Iterator[str]:
    """What a name is found by, each once."""
    text = plain(name.text)
    parts, found = text.split(), words(text)
    yield WHOLE + text.replace(" ", "")[:_LONGEST]
    yield LENGTH + str(len(parts))
    whole = compounds(name.text)
    yield from dict.fromkeys([*found, *whole])
    yield FIRST + found[0] if found else FIRST
    if whole and text.replace(" ", "").startswith(whole[0]) and whole[0] != found[0]:
        yield FIRST + whole[0]
    if name.tier != HIDDEN and 1 < len(parts) < 9:
        telling = [part for part in parts if len(part) > 3 or part not in SMALL]
        yield from dict.fromkeys(INITIALS + "".join(part[0] for part in some) for some in (parts, telling))


SMALL = frozenset(
    "a an and as at by for from in into of on or the to via with "  # noqa: SIM905  (a list would take thrice the room)
    "au aux d de des du en et l la le les ou par pour sur un une das der die im mit und von zu el los las y".split()
)
"""Words that initials leave out as often as not."""


def write_words(
    db: sqlite3.Connection, places: Mapping[int, tuple[int, int]], worded: Callable[[int], Worded], *, fresh: bool
) -> None:
    """Writes what finds some things, given by their numbers with the numbers of their kinds and their degrees.

    In the order of rows, which FTS5 wants; a token is made when its row is written, so that memory does not grow.
    """
    names: dict[int, Sequence[Name]] = {}
    rows: list[int] = []
    things: list[tuple[int, int]] = []
    for number, (kind, degree) in places.items():
        names[number] = worded(number).names[: 1 << _PLACES]
        rows += [
            ranked(kind, name.tier, degree, len(name.text), number, place) for place, name in enumerate(names[number])
        ]
        shortest = min((len(name.text) for name in names[number] if name.tier == LABEL), default=99)
        things.append((ranked(kind, LABEL, degree, shortest, number, 0), number))
    vocabulary = _Vocabulary()
    every = ((t, p, n.tier, n.lang, n.text) for t, some in names.items() for p, n in enumerate(some))
    db.executemany("INSERT INTO name VALUES(?,?,?,?,?)", every)
    rows.sort()
    named = ((row, vocabulary.named(names[thing_in(row)][row & ((1 << _PLACES) - 1)])) for row in rows)
    db.executemany("INSERT INTO names(rowid, text) VALUES(?,?)", named)
    things.sort()
    told = ((row, vocabulary.told(names[number], worded(number))) for row, number in things)
    db.executemany("INSERT INTO texts(rowid, text) VALUES(?,?)", told)
    db.executemany("UPDATE thing SET place = ? WHERE id = ?", things)
    vocabulary.write(db, fresh=fresh)


def thing_in(row: int) -> int:
    """The thing that a row is about."""
    return (row >> _PLACES) & ((1 << _THINGS) - 1)


class _Vocabulary:
    """The words that are met while names and texts are written."""

    def __init__(self) -> None:
        self._names: Counter[str] = Counter()
        self._things: Counter[str] = Counter()
        self._met: set[tuple[str, str]] = set()

    def named(self, name: Name) -> str:
        found = list(name_tokens(name))
        known = [token for token in found if _is_word(token)]
        self._names.update(known)
        self._met.update((word, name.lang) for word in known)
        return " ".join(found)

    def told(self, names: Sequence[Name], worded: Worded) -> str:
        found = dict.fromkeys(
            token for name in names for token in name_tokens(name) if _is_word(token) or token[0] not in _LEFT_OUT
        )
        for lang, text in worded.texts:
            some = dict.fromkeys([*words(plain(text)), *compounds(text)])
            self._met.update((word, lang) for word in some)
            found |= some
        self._things.update(word for word in found if _is_word(word))
        return " ".join([*found, *(f"{VALUE}{number}" for number in worded.values)])

    def write(self, db: sqlite3.Connection, *, fresh: bool) -> None:
        every = sorted({word for word, _ in self._met})
        if fresh:
            known = ((word, self._names[word], self._things[word]) for word in every)
            db.executemany("INSERT INTO word VALUES(?,?,?)", known)
        else:
            db.executemany("INSERT OR IGNORE INTO word VALUES(?,0,0)", ((word,) for word in every))
            more = ((self._names[word], self._things[word], word) for word in every)
            db.executemany("UPDATE word SET names = names + ?, things = things + ? WHERE word = ?", more)
        stems = {(stem(word, lang), word) for word, lang in self._met}
        db.executemany("INSERT OR IGNORE INTO stem VALUES(?,?)", sorted(pair for pair in stems if pair[0] != pair[1]))
        db.executemany(
            "INSERT OR IGNORE INTO lang VALUES(?)", ((lang,) for lang in sorted({tag for _, tag in self._met}))
        )


_MARKS, _LEFT_OUT = {WHOLE, FIRST, INITIALS, LENGTH, VALUE}, {FIRST, LENGTH}


def _is_word(token: str) -> bool:
    return token[0] not in _MARKS or len(token) == 1 or not token.strip(SIGNS)


def remove(db: sqlite3.Connection, number: int) -> None:
    """Removes what finds a thing."""
    for row, name in _rows_of(db, number):
        found = list(name_tokens(name))
        db.execute("INSERT INTO names(names, rowid, text) VALUES('delete', ?, ?)", (row, " ".join(found)))
        known = ((token,) for token in found if _is_word(token))
        db.executemany("UPDATE word SET names = names - 1 WHERE word = ?", known)
    db.execute("DELETE FROM name WHERE thing = ?", (number,))
    for place, text in db.execute(
        "SELECT texts.rowid, text FROM thing CROSS JOIN texts ON texts.rowid = place WHERE id = ?", (number,)
    ).fetchall():
        gone = ((token,) for token in text.split() if _is_word(token))
        db.executemany("UPDATE word SET things = things - 1 WHERE word = ?", gone)
        db.execute("DELETE FROM texts WHERE rowid = ?", (place,))


def rank_again(db: sqlite3.Connection, number: int, degree: int) -> None:
    """Moves the rows of a thing to where another number of relations puts them."""
    (place,) = db.execute("SELECT place FROM thing WHERE id = ?", (number,)).fetchone()
    kind = place >> (_TIERS + _DEGREES + _LENGTHS + _THINGS + _PLACES)
    if rarely_related(place) == rarely_related(ranked(kind, 0, degree, 0, number, 0)):
        return
    rows = _rows_of(db, number)
    for at, (row, name) in enumerate(rows):
        text = " ".join(name_tokens(name))
        db.execute("INSERT INTO names(names, rowid, text) VALUES('delete', ?, ?)", (row, text))
        other = ranked(kind, name.tier, degree, len(name.text), number, at)
        db.execute("INSERT INTO names(rowid, text) VALUES(?, ?)", (other, text))
    shortest = min((len(name.text) for _, name in rows if name.tier == LABEL), default=99)
    other = ranked(kind, LABEL, degree, shortest, number, 0)
    (text,) = db.execute("SELECT text FROM texts WHERE rowid = ?", (place,)).fetchone()
    db.execute("DELETE FROM texts WHERE rowid = ?", (place,))
    db.execute("INSERT INTO texts(rowid, text) VALUES(?, ?)", (other, text))
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
