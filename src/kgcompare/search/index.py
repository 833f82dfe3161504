"""Answers from the index file of one generation."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz, process

from kgcompare.errors import UsageError
from kgcompare.rdf.namespaces import foreign_glob, slugify
from kgcompare.schema.shapes import Shapes
from kgcompare.search.choices import Choices
from kgcompare.search.entries import Entry, Filter
from kgcompare.search.file import DerivedFile
from kgcompare.search.reading import marks, parts
from kgcompare.text import dois
from kgcompare.text.folding import fold, match_expression
from kgcompare.text.languages import interface_languages

_OF_KIND = "t.kind = ?"
_RANK = "bm25(words, 12.0, 6.0, 3.0, 1.0)"
_CANDIDATES = 400
_RANKED = 2000
_NEAR = 60.0
"""How alike (0 to 100) a slug is that may be meant."""
_LONGEST_SLUG = 100
"""Characters of a slug up to which others like it are looked for."""


class Index(Choices):
    """Answers from the index file of one generation; may be used by any number of threads.

    Facets that the shapes have and the file does not are of no thing.
    """

    def __init__(self, file: DerivedFile, shapes: Shapes) -> None:
        """Names the file, and the shapes of the generation."""
        super().__init__(file)
        self._facets: dict[str, list[str]] = {}
        for kind, classes in shapes.kinds.items():
            ids = (facet.id or "" for cls in classes for facet in shapes.facets(cls))
            self._facets[kind] = list(dict.fromkeys(ids))

    def entries(self, ids: Sequence[int]) -> list[Entry]:
        """The things of the given ids, in that order."""
        if not ids:
            return []
        labels: dict[int, dict[str, str]] = {}
        for number, lang, text in self._rows(f"SELECT thing, lang, text FROM label WHERE thing IN ({marks(ids)})", ids):
            labels.setdefault(number, {})[lang] = text
        rows = self._rows(f"SELECT id, iri, kind, slug, class FROM thing WHERE id IN ({marks(ids)})", ids)
        entries = {
            number: Entry(number, thing, kind, slug, cls, labels.get(number, {}))
            for number, thing, kind, slug, cls in rows
        }
        return [entries[number] for number in ids if number in entries]

    def find(self, kind: str, slug: str) -> Entry | None:
        """The thing at the address ``/KIND/SLUG``, or None.

        The end of an IRI is enough for the only thing outside of the base that has it.
        """
        rows = self._rows("SELECT id FROM thing WHERE kind = ? AND slug = ?", (kind, slug))
        if not rows:
            rows = self._rows("SELECT id FROM thing WHERE kind = ? AND slug GLOB ? LIMIT 2", (kind, foreign_glob(slug)))
            rows = rows if len(rows) == 1 else []
        return self.entries([rows[0][0]])[0] if rows else None

    def identified(self, key: str) -> list[int]:
        """Ids of the things that have a DOI, given as :func:`kgcompare.text.dois.normalised` gives it."""
        made = "SELECT 1 FROM sqlite_master WHERE name = 'identifier'"  # an earlier version made none
        sql = "SELECT i.thing FROM identifier i JOIN thing t ON t.id = i.thing WHERE i.key = ? AND t.kind != '-'"
        return [row[0] for row in self._rows(sql, (key,))] if self._rows(made) else []

    def of_class(self, cls: str, slugs: Sequence[str]) -> dict[str, str]:
        """Slug to IRI of the things of a class among *slugs*; an IRI stands for itself."""
        sql = f"SELECT slug, iri FROM thing WHERE class = ? AND slug IN ({marks(slugs)}) AND kind != '-'"
        return dict(self._rows(sql, (cls, *slugs)))

    def addresses(self, iris: Sequence[str]) -> dict[str, tuple[str, str]]:
        """IRI to (kind, slug) of the things among *iris* that the catalogue describes."""
        addresses: dict[str, tuple[str, str]] = {}
        for part in parts(iris):
            sql = f"SELECT iri, kind, slug FROM thing WHERE iri IN ({marks(part)}) AND kind != '-'"
            addresses |= {address: (kind, slug) for address, kind, slug in self._rows(sql, part)}
        return addresses

    def names(self, iris: Collection[str]) -> dict[str, dict[str, str]]:
        """The names of things by language, by their IRIs."""
        names: dict[str, dict[str, str]] = {thing: {} for thing in iris}
        for part in parts(iris):
            sql = f"SELECT iri, lang, text FROM thing JOIN label ON thing = id WHERE iri IN ({marks(part)})"
            for thing, tag, text in self._rows(sql, part):
                names[thing][tag] = text
        return names

    def stretch(self, page: int, size: int) -> tuple[list[tuple[str, str, str]], int]:
        """(IRI, kind, slug) of the records of a page of a sitemap, counted from 0, and how many pages there are.

        A page is a stretch of *size* numbers of things, some of which may have no record: its reading takes the same
        time wherever it is.
        """
        rows = self._rows(
            "SELECT iri, kind, slug FROM thing WHERE id > ? AND id <= ? AND kind != '-' ORDER BY id",
            (page * size, (page + 1) * size),
        )
        last = self._rows("SELECT coalesce(max(id), 0) FROM thing")[0][0]
        return [(str(thing), str(kind), str(slug)) for thing, kind, slug in rows], max(1, -(-last // size))

    def counts(self) -> dict[str, int]:
        """How many things of each kind there are."""
        return dict(self._rows("SELECT kind, count(*) FROM thing WHERE kind != '-' GROUP BY kind ORDER BY kind"))

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

    def suggest(self, text: str, lang: str, kind: str, most: int = 10) -> list[Entry]:
        """Completions of *text*: what is called so, names that begin with it, and names with a word that does."""
        start = fold(text.strip())
        if not start:
            return []
        if (doi := dois.normalised(text)) and (known := self.identified(doi)):
            return [entry for entry in self.entries(known) if entry.kind == kind][:most]
        rows = self._rows(
            "SELECT thing FROM entry WHERE lang = ? AND kind = ? AND sort >= ? AND sort < ? ORDER BY sort LIMIT ?",
            (_known(lang), kind, start, start + "\U0010ffff", most),
        )
        ids = list(dict.fromkeys([*self._called(start, kind), *(row[0] for row in rows)]))
        match = match_expression(text)
        if len(ids) < most and match:
            more = self._rows(
                f"SELECT words.rowid FROM words CROSS JOIN thing ON thing.id = words.rowid "
                f"WHERE words MATCH ? AND thing.kind = ? LIMIT {_CANDIDATES if len(start) > 2 else most * 2}",
                (f"{{name alias}} : ({match})", kind),
            )
            names = self.entries([row[0] for row in more if row[0] not in ids][: most * 4])
            names.sort(key=lambda entry: (len(entry.label(lang)[1]), entry.slug))
            ids += [entry.id for entry in names]
        return self.entries(ids[:most])

    def _called(self, folded: str, kind: str) -> list[int]:
        """Ids of the things that have exactly this name or alias, in whatever language."""
        phrase = match_expression(folded + " ")
        if not phrase:
            return []
        rows = self._rows(
            "SELECT words.rowid, words.name, words.alias FROM words CROSS JOIN thing ON thing.id = words.rowid "
            f"WHERE words MATCH ? AND thing.kind = ? LIMIT {_CANDIDATES}",
            (f"{{name alias}} : ({phrase})", kind),
        )
        exact = [(row[0], column) for row in rows for column in (1, 2) if folded in fold(row[column]).split(" \n ")]
        return [number for number, _ in sorted(exact, key=lambda pair: (pair[1], pair[0]))]

    def called(self, text: str, kind: str, lang: str) -> list[int]:  # noqa: ARG002
        """Ids of the things of a kind that are called exactly so, by name first, then by alias, then by initials."""
        return self._called(fold(text.strip()), kind)

    def concepts(self, text: str, kind: str) -> list[tuple[str, Entry]]:
        """(facet, value) of every value of a facet of a kind that the text names, exactly or but for inflection."""
        found = list(dict.fromkeys(number for of in self._kinds() for number in self.called(text, of, "")))
        sql = f"SELECT DISTINCT facet, target FROM link WHERE facet != '-people' AND target IN ({marks(found)})"
        rows = [row for row in self._rows(sql, found) if row[0] in self._facets.get(kind, ())]
        return [(facet, entry) for facet, number in rows for entry in self.entries([number])]

    def matching(self, query: Filter, most: int, skip: int = 0) -> tuple[list[int], int]:
        """Ids of the best matches for the words of *query*, best first, and how many match at all."""
        match = match_expression(query.text)
        if not match:
            return [], 0
        where, values = self._where(query)
        if (doi := dois.normalised(query.text)) and (known := self.identified(doi)):
            sql = f"SELECT t.id FROM thing t WHERE t.id IN ({marks(known)}) AND {where} ORDER BY t.id"
            found = [row[0] for row in self._rows(sql, [*known, *values])]
            return found[skip : skip + most], len(found)
        # CROSS JOIN: the words first, whatever the planner thinks of it; the other way round each thing is a search.
        join = f"FROM words CROSS JOIN thing t ON t.id = words.rowid WHERE words MATCH ? AND {where}"
        total = int(self._counts(f"SELECT count(*) {join}", (match, *values))[0][0])
        if total == 0:
            return [], 0
        # The order is the same however long the pages are: exact names, then the ranked, then the tail. To rank every
        # match of a common word costs more than its tail is worth.
        best_first = dict.fromkeys(self._named(query, where, values))
        scopes = [match] if total <= _RANKED else [f"{column} : ({match})" for column in ("name", "alias", "people")]
        for scope in scopes:
            if len(best_first) < skip + most:
                rows = self._rows(
                    f"SELECT id FROM (SELECT t.id AS id, {_RANK} AS rank {join} LIMIT {_RANKED}) ORDER BY rank, id",
                    (scope, *values),
                )
                best_first.update(dict.fromkeys(row[0] for row in rows))
        ids = list(best_first)
        if len(ids) < min(skip + most, total):
            rows = self._rows(f"SELECT t.id {join} ORDER BY words.rowid LIMIT ?", (match, *values, skip + most))
            ids += [row[0] for row in rows if row[0] not in best_first]
        return ids[skip : skip + most], total

    def _meant(self, query: Filter, most: int, skip: int) -> tuple[list[int], int]:
        """As :meth:`matching`, where values of facets are meant too: what is called so, what has such a value, others.

        Within these the best matches for the words come first.
        """
        where, values = self._where(query, words=True)
        ids = [row[0] for row in self._rows(f"SELECT t.id FROM thing t WHERE {where} ORDER BY t.id", values)]
        called = set(self._named(query, where, values))
        having: set[int] = set()
        for pair in query.also:
            where, values = self._where(Filter(kind=query.kind, facets=dict([pair])))
            having.update(row[0] for row in self._rows(f"SELECT t.id FROM thing t WHERE {where}", values))
        best, _ = self.matching(replace(query, also=()), _RANKED)
        rank = {number: at for at, number in enumerate(best)}
        ids.sort(key=lambda number: (number not in called, number not in having, rank.get(number, _RANKED)))
        return ids[skip : skip + most], len(ids)

    def _named(self, query: Filter, where: str, values: Sequence[Any]) -> list[int]:
        """Ids of the things of a list that are called exactly what was typed."""
        called = self._called(fold(query.text.strip()), query.kind)
        marks = ",".join(str(number) for number in called)
        within = {row[0] for row in self._rows(f"SELECT t.id FROM thing t WHERE t.id IN ({marks}) AND {where}", values)}
        return [number for number in called if number in within]

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
            ids, total = (self._meant if query.also else self.matching)(query, most + 1, skip)
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
        for facet in self._facets.get(query.kind, ()):
            others = {name: slug for name, slug in query.facets.items() if name != facet}
            where, values = self._where(replace(query, facets=others), words=True)
            alone = sum(facet in facets for facets in self._facets.values()) == 1
            if where == _OF_KIND and alone:
                rows = self._counts(
                    "SELECT target, count(*) FROM link WHERE facet = ? GROUP BY target ORDER BY 2 DESC, 1",
                    (facet,),
                )
            else:
                rows = self._counts(
                    f"SELECT l.target, count(*) FROM link l JOIN thing t ON t.id = l.thing "
                    f"WHERE l.facet = ? AND {where} GROUP BY l.target ORDER BY 2 DESC, 1",
                    (facet, *values),
                )
            counts = dict(rows)
            by_slug: dict[str, list[Entry]] = {}
            for entry in self.entries(list(counts)):
                if entry.kind != "-":
                    by_slug.setdefault(entry.slug, []).append(entry)
            result[facet] = [
                (alike[0], counts[alike[0].id] if len(alike) == 1 else self._total(query, facet, slug))
                for slug, alike in by_slug.items()
            ]
        return result

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
            match = match_expression(query.text) or '""'
            either = ["t.id IN (SELECT rowid FROM words WHERE words MATCH ?)", *(self._having() for _ in query.also)]
            where.append(f"({' OR '.join(either)})")
            values.append(f"{{name alias}} : ({match})" if query.also else match)
            for facet, slug in query.also:
                values += [slug, *self._kinds(), facet]
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
