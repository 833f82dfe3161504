"""Answers from the index file of one generation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache, reduce
from operator import or_
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from kgcompare.errors import UsageError
from kgcompare.rdf.namespaces import slugify
from kgcompare.schema.shapes import Shapes
from kgcompare.search import phrases
from kgcompare.search.choices import Choices
from kgcompare.search.entries import Entry, Filter, Found
from kgcompare.search.facts import SOURCES
from kgcompare.search.file import DerivedFile
from kgcompare.search.lookup import Lookup
from kgcompare.search.masks import mask_of, numbers_in
from kgcompare.search.matching import Matcher
from kgcompare.search.reading import marks
from kgcompare.search.wording import thing_of
from kgcompare.text import dois
from kgcompare.text.folding import fold
from kgcompare.text.languages import interface_languages

_OF_KIND = "t.kind = ?"
_WITHIN = "FROM texts WHERE texts MATCH ? AND texts.rowid >= ? AND texts.rowid < ?"
_NEAR = 60.0
"""How alike (0 to 100) a slug is that may be meant."""
_LONGEST_SLUG = 100
"""Characters of a slug up to which others like it are looked for."""


class Index(Lookup, Choices):
    """Answers from the index file of one generation; may be used by any number of threads.

    Facets that the shapes have and the file does not, because it was made before, are of no thing.
    """

    def __init__(self, file: DerivedFile, shapes: Shapes) -> None:
        """Names the file, and the shapes of the generation."""
        super().__init__(file)
        self._matcher: tuple[Path | None, Matcher] = (None, Matcher(self._weak_rows()))
        self._found: Callable[..., Found] = lru_cache(maxsize=256)(lambda matcher, *asked: matcher.find(*asked))
        self._facets: dict[str, list[str]] = {}
        for kind, classes in shapes.kinds.items():
            ids = (facet.id or "" for cls in classes for facet in shapes.facets(cls))
            self._facets[kind] = list(dict.fromkeys(ids))

    @property
    def matcher(self) -> Matcher:
        """What finds things by their names; another one for another file, whose numbers may be others."""
        path = self.path
        if self._matcher[0] != path:
            self._matcher = (path, Matcher(self._weak_rows()))
        return self._matcher[1]

    def nearest(self, kind: str, slug: str, most: int = 3) -> list[str]:
        """Slugs of things that somebody who asks for *slug* may mean."""
        stem = slugify(slug)
        if len(stem) > _LONGEST_SLUG:
            return []
        rows = self._rows(
            "SELECT slug FROM thing WHERE kind = ? AND slug >= ? AND slug < ? LIMIT 2000",
            (kind, stem[:1], stem[:1] + "\x7f"),
        )
        slugs = [row[0] for row in rows]
        near = [
            found for found, _, _ in process.extract(stem, slugs, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=most)
        ]
        words = stem.replace("-", " ")
        for entry in self.entries(self.matching(Filter(words, kind), most)[0] if words else []):
            near.append(entry.slug)
        return list(dict.fromkeys(near))[:most]

    # -- words -----------------------------------------------------------------------------------------

    def suggest(self, text: str, lang: str, kind: str, most: int = 10) -> list[Entry]:
        """Completions of *text*: what it finds (:mod:`kgcompare.search.matching`) if its last word may go on."""
        ids = self._first(self._find(text, kind, lang, completing=True), kind, most)
        return [entry for entry in self.entries(ids) if entry.kind == kind][:most]

    def called(self, text: str, kind: str, lang: str) -> list[int]:
        """Ids of the things of a kind that are called exactly so, by name first, then by alias, then by initials."""
        return self.matcher.called(text, kind, lang)

    def concepts(self, text: str, kind: str) -> list[tuple[str, Entry]]:
        """(facet, value) of every value of a facet of a kind that the text names, exactly or but for inflection."""
        found = self.matcher.values(text, self._valued(kind))
        sql = f"SELECT DISTINCT facet, target FROM link WHERE target IN ({marks(found)}) ORDER BY facet, target"
        rows = [row for row in self._rows(sql, found) if row[0] in self._facets.get(kind, ())] if found else []
        return [(facet, entry) for facet, number in rows for entry in self.entries([number])]

    def _find(self, text: str, kind: str, lang: str, *, literal: bool = False, completing: bool = False) -> Found:
        doi = dois.normalised(text)
        if doi and (known := self._holding(doi, kind)):
            return Found(known, beside=frozenset(known))
        values = () if literal else tuple(self._valued(kind))
        found = self._found(self.matcher, text, kind, lang, values, completing)
        bare = text if literal or found.sure else phrases.without_asking(text)
        return found if bare == text else self._found(self.matcher, bare, kind, lang, values, completing)

    def _holding(self, doi: str, kind: str) -> list[int]:
        """Ids of the things of a kind that have a DOI, or whose sources have it."""
        known = self.identified(doi)
        sql = (
            f"SELECT id FROM thing WHERE kind = ? AND (id IN ({marks(known)}) OR "
            f"id IN (SELECT thing FROM link WHERE facet = ? AND target IN ({marks(known)}))) ORDER BY id"
        )
        return [row[0] for row in self._rows(sql, (kind, *known, SOURCES, *known))] if known else []

    def _valued(self, kind: str) -> list[str]:
        """The kinds of the values that the facets of a kind have."""
        facets = self._facets.get(kind, [])
        sql = (
            "SELECT DISTINCT t.kind FROM (SELECT DISTINCT facet, target FROM link "
            f"WHERE facet IN ({marks(facets)})) JOIN thing t ON t.id = target WHERE t.kind != '-' ORDER BY t.kind"
        )
        return [row[0] for row in self._counts(sql, facets)] if facets else []

    def _first(self, found: Found, kind: str, most: int, join: str = "", values: Sequence[Any] = ()) -> list[int]:
        """Ids of the best of what is found, then of whatever else has the words."""
        ids = list(found.best)
        if len(ids) < most and found.expression:
            sql = f"SELECT {thing_of('texts.rowid')} {join or _WITHIN} ORDER BY texts.rowid LIMIT ?"
            ids += [row[0] for row in self._rows(sql, [*self._place(found, kind), *values, most + len(ids)])]
        return list(dict.fromkeys(ids))[:most]

    def _place(self, found: Found, kind: str) -> list[Any]:
        return [found.expression, *self.matcher.bounds(kind)]

    def matching(self, query: Filter, most: int, skip: int = 0, lang: str = "") -> tuple[list[int], int]:
        """Ids of the best matches for the words of *query*, best first, and how many match at all."""
        found = self._find(query.text, query.kind, lang, literal=query.literal)
        where, values = self._where(query)
        join = _WITHIN
        if where == _OF_KIND:
            values = []
        else:
            # CROSS JOIN: the words first, whatever the planner thinks of it; otherwise each thing is a search.
            join = _WITHIN.replace(" WHERE", f" CROSS JOIN thing t ON t.id = {thing_of('texts.rowid')} WHERE")
            join += f" AND {where}"
            sql = f"SELECT t.id FROM thing t WHERE t.id IN ({marks(found.best)}) AND {where}"
            within = {row[0] for row in self._rows(sql, [*found.best, *values])}
            best = [number for number in found.best if number in within]
            found = Found(best, found.expression, found.beside & within)
        total = len(found.beside)
        if found.expression:
            total += int(self._counts(f"SELECT count(*) {join}", [*self._place(found, query.kind), *values])[0][0])
        # The order is the same however long the pages are: what is ranked, then the tail.
        return self._first(found, query.kind, skip + most, join, values)[skip:], total

    def listing(
        self, query: Filter, lang: str, *, sort: str = "", after: str = "", most: int = 50
    ) -> tuple[list[Entry], int, str | None]:
        """A page of a list: its things, how many there are in all, and what leads to the next page.

        *sort* is ``name``, ``year`` or ``relevance``; best matches first where there are words and nothing is said.

        :raises UsageError: for an unknown order, or an *after* that is none of the list's.
        """
        order = sort or ("relevance" if query.text.strip() else "name")
        if order not in {"name", "year", "relevance"}:
            raise UsageError(f"unknown order {order[:40]!r}; use name, year or relevance")
        if order == "relevance" and query.text.strip():
            if after and not re.fullmatch(r"[0-9]{1,6}", after):
                raise UsageError("after is not a place in this list")
            skip = int(after or 0)
            ids, total = self.matching(query, most + 1, skip, lang)
            following = str(skip + most) if len(ids) > most else None
            return self.entries(ids[:most]), total, following
        where, values = self._where(query, words=True)
        total = int(self._counts(f"SELECT count(*) FROM thing t WHERE {where}", values)[0][0])
        last = self.find(query.kind, after) if after else None
        if after and last is None:
            raise UsageError(f"after={after[:60]!r} is not a record of this list")
        if order == "year":
            ids = self._by_year(where, values, last, most + 1)
        else:
            ids = self._by_name(query.kind, _known(lang), where, values, last, most + 1)
        entries = self.entries(ids[:most])
        return entries, total, entries[-1].slug if len(ids) > most and entries else None

    def _by_year(self, where: str, values: Sequence[Any], last: Entry | None, most: int) -> list[int]:
        """Ids of the things of a list that come after *last*, the oldest first and those without a year at the end."""
        column, keys, place = "coalesce(t.start, 9999)", "", []
        if last:
            keys = f" AND ({column}, t.id) > (?, ?)"
            place = [self._rows("SELECT coalesce(start, 9999) FROM thing WHERE id = ?", (last.id,))[0][0], last.id]
        sql = f"SELECT t.id FROM thing t WHERE {where}{keys} ORDER BY {column}, t.id LIMIT ?"
        return [row[0] for row in self._rows(sql, [*values, *place, most])]

    def _by_name(
        self, kind: str, lang: str, where: str, values: Sequence[Any], last: Entry | None, most: int
    ) -> list[int]:
        """Ids of the things of a list that come after *last*, by their names in one language."""
        keys, place = (" AND (e.sort, e.thing) > (?, ?)", [_sort_key(last, lang), last.id]) if last else ("", [])
        sql = (
            f"SELECT e.thing FROM entry e JOIN thing t ON t.id = e.thing "
            f"WHERE e.lang = ? AND e.kind = ?{keys} AND {where} ORDER BY e.sort, e.thing LIMIT ?"
        )
        return [row[0] for row in self._rows(sql, [lang, kind, *place, *values, most])]

    def facets(self, query: Filter) -> dict[str, list[tuple[Entry, int]]]:
        """How many of a list have each value of each facet of its kind; a facet's own choice does not narrow it."""
        result: dict[str, list[tuple[Entry, int]]] = {}
        unfiled = cache(lambda: self._unfiled(query))  # the same of all facets
        asked = (query.kind, query.text, query.literal, query.start, query.end, query.among)
        for facet in self._facets.get(query.kind, ()):
            others = {name: slug for name, slug in query.facets.items() if name != facet}
            rows = self._kept(
                (facet, *asked, *sorted(others.items())),
                lambda facet=facet, others=others: self.counted(facet, self._filed(unfiled(), others)),  # type: ignore[misc]
            )
            counts = dict(rows)
            by_slug: dict[str, list[Entry]] = {}
            for entry in self.named(counts, self.entries):
                if entry.kind != "-":
                    by_slug.setdefault(entry.slug, []).append(entry)
            result[facet] = [
                (alike[0], counts[alike[0].id] if len(alike) == 1 else self._total(query, facet, slug))
                for slug, alike in by_slug.items()
            ]
        return result

    def _unfiled(self, query: Filter) -> int:
        """The mask of the things of a list, were it not narrowed by facets."""
        mask = self.mask_of_kind(query.kind)
        if query.text.strip():
            found = self._find(query.text, query.kind, "", literal=query.literal)
            sql = f"SELECT group_concat({thing_of('texts.rowid')}) {_WITHIN}"
            rows = self._rows(sql, self._place(found, query.kind)) if found.expression else [(None,)]
            mask &= mask_of([*found.beside, *numbers_in(rows[0][0])])
        if query.start is not None or query.end is not None:
            mask &= self.of_years(query.kind, query.start, query.end)
        if query.among:
            where, values = self._where(Filter(kind=query.kind, among=query.among))
            mask &= mask_of([number for (number,) in self._rows(f"SELECT t.id FROM thing t WHERE {where}", values)])
        return mask

    def _filed(self, mask: int, facets: Mapping[str, str]) -> int:
        """What a mask has of the things that have a value of each of some facets, given by its slug."""
        for facet, slug in facets.items():
            sql = f"SELECT id FROM thing WHERE slug = ? AND kind IN ({marks(self._kinds())})"
            values = [number for (number,) in self._rows(sql, [slug, *self._kinds()])]
            mask &= reduce(or_, (some for _, some in self.holders(facet, values)), 0)
        return mask

    def _total(self, query: Filter, facet: str, slug: str) -> int:
        """How many a list has once it is narrowed by a value of a facet, whatever concepts have that name there."""
        where, values = self._where(replace(query, facets={**query.facets, facet: slug}), words=True)
        return int(self._counts(f"SELECT count(*) FROM thing t WHERE {where}", values)[0][0])

    def value(self, facet: str, slug: str) -> Entry | None:
        """What a value of a facet is, whatever kind it is of; None where nothing has it."""
        kinds = self._kinds()
        sql = (
            f"SELECT id FROM thing c WHERE slug = ? AND kind IN ({marks(kinds)}) "
            "AND EXISTS (SELECT 1 FROM link WHERE facet = ? AND target = c.id) ORDER BY kind != ? LIMIT 1"
        )
        rows = self._rows(sql, (slug, *kinds, facet, facet))
        return self.entries([rows[0][0]])[0] if rows else None

    def _kinds(self) -> list[str]:
        return [kind for (kind,) in self._counts("SELECT DISTINCT kind FROM thing WHERE kind != '-'", ())]

    def _where(self, query: Filter, *, words: bool = False) -> tuple[str, list[Any]]:
        """What things ``t`` of a list fulfil, as SQL with its values; that they have the *words* if so asked."""
        where: list[str] = [_OF_KIND]
        values: list[str | int] = [query.kind]
        for facet, slug in query.facets.items():
            where.append(self._having())
            values += [slug, *self._kinds(), facet]
        if query.among:
            where.append(f"t.slug IN ({marks(query.among)})")
            values += query.among
        if query.start is not None:
            where.append("t.start IS NOT NULL AND coalesce(t.end, 9999) >= ?")
            values.append(query.start)
        if query.end is not None:
            where.append("t.start <= ?")
            values.append(query.end)
        if words and query.text.strip():
            found = self._find(query.text, query.kind, "", literal=query.literal)
            either = [f"t.id IN ({','.join(map(str, sorted(found.beside)))})"]
            if found.expression:
                either.append(f"t.id IN (SELECT {thing_of('texts.rowid')} {_WITHIN})")
                values += self._place(found, query.kind)
            where.append(f"({' OR '.join(either)})")
        return " AND ".join(where), values

    def _having(self) -> str:
        """That things ``t`` have a value of a facet, as SQL: its slug, all kinds and the facet are its values.

        A concept may be filed under another facet, in which it is used too.
        """
        return (
            "t.id IN (SELECT link.thing FROM thing c CROSS JOIN link ON link.target = c.id "
            f"WHERE c.slug = ? AND c.kind IN ({marks(self._kinds())}) AND link.facet = ?)"
        )


def _sort_key(entry: Entry, lang: str) -> str:
    return fold(entry.label(lang)[1])


def _known(lang: str) -> str:
    langs = interface_languages()
    short = lang.split("-", maxsplit=1)[0]
    return lang if lang in langs else short if short in langs else langs[0]
