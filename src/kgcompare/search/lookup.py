"""The things of an index by their numbers, addresses, IRIs and identifiers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from kgcompare.errors import Seam, StoreError
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import foreign_glob
from kgcompare.search.entries import Entry
from kgcompare.search.facts import RELATED
from kgcompare.search.file import IndexFile
from kgcompare.search.reading import marks, parts
from kgcompare.search.spoken import SpokenGraph, types_and_tongues
from kgcompare.search.texts import Contents, told_in
from kgcompare.search.wording import HIDDEN, LABEL

_ALL_SPOKEN = "SELECT (SELECT count(*) FROM spoken) = (SELECT count(*) FROM thing WHERE kind NOT GLOB '-*')"
"""Whether what names things is there of all: an index that was made before has it of those that have changed since."""


class Lookup(IndexFile):
    """Says which things there are, and where."""

    _kept_tables: tuple[Path | None, frozenset[str]] = (None, frozenset())

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
        sql = "SELECT i.thing FROM identifier i JOIN thing t ON t.id = i.thing WHERE i.key = ? AND t.kind != '-'"
        return [row[0] for row in self._rows(sql, (key,))]

    def of_class(self, cls: str, slugs: Sequence[str]) -> dict[str, str]:
        """Slug to IRI of the things of a class among *slugs*; an IRI stands for itself."""
        sql = f"SELECT slug, iri FROM thing WHERE class = ? AND slug IN ({marks(slugs)}) AND kind != '-'"
        return dict(self._rows(sql, (cls, *slugs)))

    def addresses(self, iris: Sequence[str]) -> dict[str, tuple[str, str]]:
        """IRI to (kind, slug) of the things among *iris* that the catalogue describes."""
        addresses: dict[str, tuple[str, str]] = {}
        for part in parts(iris):
            sql = f"SELECT iri, kind, slug FROM thing WHERE iri IN ({marks(part)}) AND kind NOT GLOB '-*'"
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

    def spoken(self, iris: Collection[str]) -> dict[str, Graph]:
        """What queries/names.rq answers of those things that the file has it of; of what stands in no scheme without
        its definition. Never waits: nothing where no file is there yet."""
        found: dict[str, Graph] = {}
        if self._has("spoken"):
            for part in parts(iris):
                sql = f"SELECT iri, said FROM thing CROSS JOIN spoken ON spoken.thing = id WHERE iri IN ({marks(part)})"
                found |= {thing: SpokenGraph(thing, said) for thing, said in self._rows(sql, part)}
        return found

    def documents(self, iris: Collection[str]) -> dict[str, Contents]:
        """What the documents of those records say that the file has it of, which is all that is said of each, but for
        what leads to it from others. Never waits: nothing where no file is there yet.

        :raises StoreError: if the file is damaged.
        """
        found: dict[str, Contents] = {}
        if self._has("document"):
            for part in parts(iris):
                among = f"WHERE iri IN ({marks(part)})"
                sql = f"SELECT iri, said FROM thing CROSS JOIN document ON document.thing = id {among}"
                with Seam((ValueError,), lambda why: StoreError(f"the index cannot be read: {why}")):
                    found |= {thing: told_in(said) for thing, said in self._rows(sql, part)}
        return found

    def _has(self, table: str) -> bool:
        """Whether a file is there that has a table: one that was made before, or of an endpoint, may not."""
        path = self._file.at_hand()
        if path is not None and self._kept_tables[0] != path:
            rows = self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")
            self._kept_tables = path, frozenset(name for (name,) in rows)
        return path is not None and table in self._kept_tables[1]

    def all_names(self) -> list[tuple[str, str, bool]]:
        """(IRI, text, whether that is an alias) of whatever all things are called; a text perhaps twice."""
        things = dict(self._rows("SELECT id, iri FROM thing"))
        rows = self._rows(f"SELECT thing, text, tier != {LABEL} FROM name WHERE tier != {HIDDEN}")
        return [(things[number], text, bool(alias)) for number, text, alias in rows if number in things]

    def all_things(self) -> Iterator[tuple[str, list[str], dict[str, set[str]]]]:
        """(IRI, classes, languages of its names by predicate) of all things that have a class; of none where the file
        does not have what names each of them."""
        self._file.path()  # is there from now on
        if self._has("spoken") and self._rows(_ALL_SPOKEN)[0][0]:
            yield from types_and_tongues(self._rows("SELECT iri, said FROM spoken CROSS JOIN thing ON id = thing"))

    def all_related(self) -> list[tuple[str, str]]:
        """(IRI, IRI) of the things that links of their classes join, as these are recorded."""
        things = dict(self._rows("SELECT id, iri FROM thing"))
        rows = self._rows("SELECT thing, target FROM link WHERE facet = ?", (RELATED,))
        return [(things[one], things[other]) for one, other in rows if one in things and other in things]

    def stretch(self, page: int, size: int) -> tuple[list[tuple[str, str, str]], int]:
        """(IRI, kind, slug) of the records of a page of a sitemap, counted from 0, and how many pages there are.

        A page is a stretch of *size* numbers of things, some of which may have no record: its reading takes the same
        time wherever it is.
        """
        rows = self._rows(
            "SELECT iri, kind, slug FROM thing WHERE id > ? AND id <= ? AND kind NOT GLOB '-*' ORDER BY id",
            (page * size, (page + 1) * size),
        )
        last = self._rows("SELECT coalesce(max(id), 0) FROM thing")[0][0]
        return [(str(thing), str(kind), str(slug)) for thing, kind, slug in rows], max(1, -(-last // size))

    def counts(self) -> dict[str, int]:
        """How many things of each kind there are."""
        sql = "SELECT kind, count(*) FROM thing WHERE kind NOT GLOB '-*' GROUP BY kind ORDER BY kind"
        return dict(self._counts(sql, ()))
