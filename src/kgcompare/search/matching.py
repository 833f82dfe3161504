"""The one matcher: what people type to the things that they mean, best first.

Under completion, lists, comparisons, the command line and reconciliation. A text is taken apart into words as names
are (:mod:`kgcompare.text.folding`); each word becomes a group of words that names have: itself, those of its stem,
those that it begins, or, where there is none of these, those that it may be a slip for. Then, in this order:

1. what is called exactly so: by a name, an alias, a hidden label, by initials; then so but for inflection and order;
2. names that begin so, that have all the words, that have a word which the last one begins; then aliases likewise;
3. names that say most of what was typed and little else ("lasso regression" is Lasso), weighed by how rare words are;
4. what has a value of a facet that the words name ("missing data");
5. what has the words in names, people, years and texts together; not where all of them name a value.

Within each, what has more relations comes first, then the reader's language (for one or two letters the other way
round), then the shorter name.

Source: SQLite FTS5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain

from kgcompare.search.entries import Found
from kgcompare.search.reading import all_of, any_of, marks, quoted
from kgcompare.search.vocabulary import SHORT, UNKNOWN, Rows, Sought, Vocabulary
from kgcompare.search.wording import (
    ALIAS,
    FIRST,
    HIDDEN,
    INITIALS,
    LABEL,
    LENGTH,
    VALUE,
    WHOLE,
    NameRow,
    bounds,
    place_of,
    rarely_related,
    thing_of,
)
from kgcompare.store import deadline
from kgcompare.text.folding import compact, plain, words

_ROWS, _LOOSE, _FEW = 50, 60, 5
"""Names that are ranked of each sort; that are weighed for each word; completions under which each word may go on."""
_ByKey = dict[str, list[int]]
_ByFirst = dict[str, list[tuple[int, set[str]]]]
_VALUES = 20_000
"""Names of values of facets that are known by heart."""
_STRONG, _LEAST = 0.6, 0.4
"""How much of what was typed and of a name is the same (F1, by the weight of words), to come first, and at all."""


class Matcher:
    """Finds things of one index by what they are called; may be used by any number of threads."""

    def __init__(self, rows: Rows) -> None:
        """*rows* reads the index."""
        self._rows = rows
        self._numbers: dict[str, int] = {}
        self._known_values: dict[tuple[str, ...], tuple[_ByKey, _ByFirst]] = {}
        self._words = Vocabulary(rows)
        self._names = lru_cache(maxsize=64)(self._read_names)  # one text asks for the same in several ways

    # -- what is asked ---------------------------------------------------------------------------------

    def called(self, text: str, kind: str, lang: str) -> list[int]:
        """Numbers of the things that are called exactly so: by name, alias, hidden label or initials, in this order."""
        typed = self._typed(text, kind, lang)
        return _things(self._exact(typed)) if typed else []

    def find(self, text: str, kind: str, lang: str, values: Sequence[str] = (), completing: bool = False) -> Found:
        """What a text finds among the things of a kind, whose facets have values of the kinds *values*.

        Its last word may go on where *completing*, and where it is no word and no space follows.
        """
        typed = self._typed(text, kind, lang, completing=completing)
        if typed is None:
            return Found()
        found = self._found(typed, values)
        slips = typed
        looser = self._words.looser(typed, ends=text[-1:].isspace())
        # Slips are sought only where they are needed: it takes longer than all the rest.
        while not (found.sure or (found and typed.one_word)) and (groups := next(looser, None)) is not None:
            slips = replace(typed, groups=groups)
            other = self._found(slips, values)
            found = other if other.sure or not found else found
        if typed.open and not typed.one_word and len(found.best) < _FEW:
            groups = self._words.beginnings(typed)
            begun = self._found(replace(typed, groups=groups), values).best if groups != typed.groups else ()
            found = replace(found, best=list(dict.fromkeys([*found.best, *begun])))
        return found or Found(weak := [thing for _, thing in self._loosely(slips)], beside=frozenset(weak))

    def values(self, text: str, kinds: Sequence[str], lang: str = "") -> list[int]:
        """Numbers of the things of some kinds of which a whole text is the name, exactly or but for inflection."""
        typed = self._typed(text, "", lang)
        return [value for value, rest in self._named_values(typed, kinds) if not rest] if typed else []

    def rows(self, text: str, kind: str) -> Iterator[list[tuple[NameRow, float]]]:
        """Names of things of a kind that may be meant, from the likeliest ways to read a text on.

        Each with how much of the text it says (0 to 1), and once for each reading of the words.
        """
        typed = self._typed(text, kind, "")
        if typed is None:
            return
        exact = self._exact(typed)
        yield [(row, 1.0) for row in exact]
        # Most kinds have no name with any of the words: one look tells, and what is asked of all of them is left out.
        there = lru_cache(maxsize=None)(partial(self._occurs, kind=typed.kind))
        slips = self._words.with_slips(typed, strange=False)
        for groups in (typed.groups, slips) if slips != typed.groups else (slips,):
            tells, said = [self._tells(group) for group in groups], _said(groups)
            seen = {row.number for row in exact}
            some = [(any_of(group), tell) for group, tell in zip(groups, tells, strict=True) if group]
            rare = sorted(range(len(some)), key=lambda at: some[at][1], reverse=True)[:4]
            whole = [one for one, _ in some]
            ways = [(whole, len(some)), (whole, 0)] if some else []
            ways += [([*whole[:at], *whole[at + 1 :]], 0) for at in rare] if len(some) > 2 else []
            ways += [([whole[at]], 0) for at in rare] if len(some) > 1 else []
            for wanted, length in ways:
                deadline.go_on()
                if all(map(there, wanted)):
                    together = " AND ".join(wanted)
                    found = self._as_long(together, typed.kind, length) if length else self._names(together, typed.kind)
                    new = [row for row in found if row.number not in seen]
                    seen.update(row.number for row in new)
                    yield [(row, self._share(said, tells, row)) for row in new]

    def _occurs(self, expression: str, kind: int) -> bool:
        """Whether any name of a thing of a kind matches."""
        sql = "SELECT 1 FROM names WHERE names MATCH ? AND rowid >= ? AND rowid < ? LIMIT 1"
        return bool(self._rows(sql, (expression, *bounds(kind, LABEL, HIDDEN))))

    def bounds(self, kind: str) -> tuple[int, int]:
        """The least number of a row of ``texts`` about a thing of a kind, and the least behind them."""
        return bounds(self._kinds().get(kind, 0), LABEL, LABEL)

    def _typed(self, text: str, kind: str, lang: str, *, completing: bool = False) -> Sought | None:
        typed = self._words.read(text, lang, completing=completing)
        number = self._kinds().get(kind, 0)
        return replace(typed, kind=number) if typed and (number or not kind) else None

    def _kinds(self) -> Mapping[str, int]:
        self._numbers = self._numbers or dict(self._rows("SELECT kind, number FROM kind", ()))
        return self._numbers

    # -- names -----------------------------------------------------------------------------------------

    def _read_names(
        self, expression: str, kind: int, first: int = LABEL, last: int = HIDDEN, most: int = _ROWS
    ) -> tuple[NameRow, ...]:
        """The first names of some tiers that match an FTS5 expression."""
        sql = (
            "SELECT n.row, name.thing, name.tier, name.lang, name.text FROM (SELECT rowid AS row FROM names "
            "WHERE names MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid LIMIT ?) n "
            f"CROSS JOIN name ON name.thing = {thing_of('n.row')} AND name.place = {place_of('n.row')}"
        )
        found = self._rows(sql, (expression, *bounds(kind, first, last), most)) if expression else []
        return tuple(NameRow(*row) for row in found)

    def _as_long(self, expression: str, kind: int, length: int) -> Sequence[NameRow]:
        """The first names that match and have so many words: of all that match, where these are few."""
        found = self._names(expression, kind)
        if len(found) == _ROWS:
            return self._names(f'{expression} AND "{LENGTH}{length}"', kind)
        return [row for row in found if row.text.count(" ") == length - 1]

    def _exact(self, typed: Sought) -> list[NameRow]:
        """The names that are the very text, by tier, and then those with these initials."""
        named = self._names(f'"{WHOLE}{quoted(typed.key[:100])}"', typed.kind)
        rows = [row for row in named if row.key == typed.key]
        rows.sort(key=lambda row: (row.tier, row.lang.partition("-")[0] != typed.lang))
        if 1 < len(typed.key) < 9:
            # Two letters are the initials of something in every language: only the reader's counts.
            spelt = self._names(f'"{INITIALS}{quoted(typed.key)}"', typed.kind, LABEL, ALIAS)
            rows += [row for row in spelt if len(typed.key) >= SHORT or not self._foreign(typed, row)]
        return rows

    def _foreign(self, typed: Sought, row: NameRow) -> bool:
        """Whether a name is in another language than the reader's."""
        return bool(typed.lang and row.lang) and row.lang.partition("-")[0] != typed.lang

    def _begins(self, typed: Sought, first: int, last_tier: int) -> list[NameRow]:
        """Names of some tiers: those that begin so, those with all words, those with a word that the last begins."""
        rows: list[NameRow] = []
        if len(typed.key) <= SHORT and (typed.open or not typed.known):
            rows += self._names(f'"{WHOLE}{quoted(typed.key)}" *', typed.kind, first, last_tier)
        if typed.known and typed.telling:
            start = all_of([[FIRST + word for word in typed.groups[0]], *typed.groups[1:]])
            rows += self._names(start, typed.kind, first, last_tier)
            rows += self._names(all_of(typed.groups), typed.kind, first, last_tier)
        exact = len(rows)
        last = typed.words[-1]
        if (
            typed.open
            and (typed.telling or len(typed.words) == 1)
            and len(last) >= (SHORT if len(typed.words) == 1 else 2)
            and all(typed.groups[:-1])
        ):
            others = [any_of(group) for group in typed.groups[:-1]]
            begun = [
                f'"{quoted(last)}" *' if len(last) < 5 else any_of(self._words.begun(last))
            ]  # the first have an index
            if not others and len(last) > SHORT:
                rows += self._names(
                    any_of(FIRST + word for word in self._words.begun(last)), typed.kind, first, last_tier
                )
            rows += self._names(" AND ".join([*others, *begun]) if all(begun) else "", typed.kind, first, last_tier)

        whole_words = {row.number for row in rows[:exact]}

        def place(row: NameRow) -> tuple[int, int, int, int]:
            sort = 0 if row.key.startswith(typed.key) else 1 if row.number in whole_words else 2
            foreign, related = self._foreign(typed, row), rarely_related(row.number)
            return sort, *((foreign, related) if len(typed.key) < SHORT else (related, foreign)), row.number

        return sorted({row.number: row for row in rows}.values(), key=place)

    def _loosely(self, typed: Sought) -> list[tuple[float, int]]:
        """(share, thing) of things with names that say some of what was typed and little else, the most first."""
        tells = [self._tells(group) for group in typed.groups] if typed.telling else []
        scores: dict[int, tuple[float, int]] = {}
        said = _said(typed.groups)
        for at in sorted(range(len(tells)), key=lambda at: -tells[at])[:4]:
            if not typed.groups[at] or (len(typed.words[at]) <= SHORT and tells[at] < sum(tells) * _LEAST):
                continue
            deadline.go_on()
            initials = at if len(typed.words[at]) <= UNKNOWN else None
            for row in self._names(any_of(typed.groups[at]), typed.kind, most=_LOOSE):
                share = self._share(said, tells, row, initials) * (1 - 0.05 * row.tier)
                if share >= _LEAST:
                    scores[row.thing] = min(scores.get(row.thing, (0.0, 0)), (-round(share, 3), row.number))
        best = sorted((share, row, thing) for thing, (share, row) in scores.items())
        return [(-share, thing) for share, _, thing in best[:20]]

    def _share(
        self, said: Mapping[str, int], tells: Sequence[float], row: NameRow, initials: int | None = None
    ) -> float:
        """How much of a text, of which *said* has the words by their places, and of a name is the same (F1), by what
        words tell; the word at *initials* may be those of the name."""
        named = dict.fromkeys(words(row.text))
        common, about = set[int](), 0.0
        for other in named:
            at = said.get(other)
            about += self._words.weight(other) if at is None else tells[at]
            if at is not None:
                common.add(at)
        if initials is not None and initials not in common:
            common, about = {initials}, 0.0
        both = sum([tells[one] for one in common])
        return 2 * both / ((sum(tells) + (about or both)) or 1)

    def _tells(self, group: Sequence[str]) -> float:
        """How much the words of a group tell together; most if no name has any."""
        rare = [self._words.weight(other) for some in group for other in some.split()]
        return min((one for one in rare if one), default=self._words.most_told())

    # -- all of it -------------------------------------------------------------------------------------

    def _found(self, typed: Sought, values: Sequence[str]) -> Found:
        exact = self._exact(typed)
        if typed.known and typed.telling:  # the same words in another order, or inflected otherwise
            exact += self._as_long(all_of(typed.groups), typed.kind, len(typed.words))
        named = self._begins(typed, LABEL, LABEL)
        if typed.open and len(begun := _things([*exact, *named])) >= _ROWS:
            return Found(begun, sure=True)  # no completion shows more
        named += self._begins(typed, ALIAS, HIDDEN)
        loosely = [] if named or exact else self._loosely(typed)
        strong = [thing for share, thing in loosely if share >= _STRONG]
        meant = self._named_values(typed, values)
        filed = [f'"{VALUE}{value}"{" AND " if rest else ""}{all_of(rest)}' for value, rest in meant]
        by_value = any(not rest for _, rest in meant)  # then what only has the words in its texts is left out
        having = self._texts(" OR ".join(f"({one})" for one in filed), typed.kind) if filed else []
        whole = [all_of(typed.groups)] if typed.known and typed.telling and not by_value else []
        keys = [f'"{sign}{quoted(typed.key[:100])}"' for sign in (WHOLE, INITIALS)]
        expression = " OR ".join(f"({one})" for one in (*whole, *filed, *keys))
        as_typed = bool(whole) and all(word in group for word, group in typed.pairs)
        literally = self._texts(all_of([word] for word in typed.words), typed.kind) if as_typed else []
        first = list(dict.fromkeys([*_things([*exact, *named]), *strong, *having, *literally]))
        if not first and not self._texts(expression, typed.kind, 1):
            return Found()
        first = list(dict.fromkeys([*first, *(thing for _, thing in loosely)]))
        # Names that have all the words are among what the expression finds; completion does not count.
        called = _things([*exact, *named])
        doubtful = [*(() if typed.known and not by_value else called), *(thing for _, thing in loosely)]
        beside = set() if typed.open else set(doubtful) & set(first)
        without = beside - self._within(sorted(beside), expression)
        return Found(first, expression, frozenset(without), bool(exact or named or having))

    def _texts(self, expression: str, kind: int, most: int = _ROWS) -> list[int]:
        """The first things whose texts match."""
        sql = (
            f"SELECT {thing_of('rowid')} FROM texts WHERE texts MATCH ? AND rowid >= ? AND rowid < ? "
            "ORDER BY rowid LIMIT ?"
        )
        return [row[0] for row in self._rows(sql, (expression, *bounds(kind, LABEL, LABEL), most))]

    def _within(self, things: Sequence[int], expression: str) -> set[int]:
        """Those of some things whose texts match."""
        if not things or not expression:
            return set()
        places = [row[0] for row in self._rows(f"SELECT place FROM thing WHERE id IN ({marks(things)})", things)]
        sql = f"SELECT {thing_of('rowid')} FROM texts WHERE texts MATCH ? AND rowid IN ({marks(places)})"
        return {row[0] for row in self._rows(sql, (expression, *places))}

    def _named_values(self, typed: Sought, kinds: Sequence[str]) -> list[tuple[int, list[Sequence[str]]]]:
        """(thing, the other words) for things of some kinds whose whole name is among the words of a text."""
        by_key, by_first = self._values_of(tuple(kinds))
        found: dict[int, list[Sequence[str]]] = {thing: [] for thing in by_key.get(typed.key, ())}
        said = {other: at for at, group in enumerate(typed.groups) for other in group}
        for first in said:
            for thing, named in by_first.get(first, ()):
                if all(word in said for word in named):
                    covered = {said[word] for word in named}
                    rest = [group for at, group in enumerate(typed.groups) if at not in covered]
                    if len(covered) == len(named) and all(rest) and len(rest) < len(found.get(thing, typed.groups)):
                        found[thing] = rest
        return list(found.items())

    def _values_of(self, kinds: tuple[str, ...]) -> tuple[_ByKey, _ByFirst]:
        """The things of some kinds by their names in one word, and by the first word with all of them: read once."""
        if kinds not in self._known_values:
            by_key: _ByKey = {}
            by_first: _ByFirst = {}
            sql = (
                "SELECT name.thing, name.text FROM thing t CROSS JOIN name ON name.thing = t.id "
                f"WHERE t.kind IN ({marks(kinds)}) LIMIT {_VALUES}"
            )
            for thing, text in self._rows(sql, kinds) if kinds else ():
                if named := words(plain(text)):
                    by_key.setdefault(compact(text), []).append(thing)
                    by_first.setdefault(named[0], []).append((thing, set(named)))
            self._known_values[kinds] = by_key, by_first
        return self._known_values[kinds]


def _said(groups: Sequence[Sequence[str]]) -> dict[str, int]:
    """The words that names may have, by the place of the group that they are in."""
    return {other: at for at, group in enumerate(groups) for other in chain(*map(str.split, group))}


def _things(rows: Iterable[NameRow]) -> list[int]:
    return list(dict.fromkeys(row.thing for row in rows))
