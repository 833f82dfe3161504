"""The derived index: names, facets and sort keys of one generation, in SQLite with FTS5.

It is made from the store and can be made again at any time. SPARQL answers what a record says; the index
answers what a list needs: the best matches for some words, the page after a record, counts by facet.

Source: SQLite FTS5 (unicode61 tokens without diacritics, BM25 ranking); keyset paging.
"""

from __future__ import annotations

import difflib
import re
import shutil
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pyoxigraph import Literal, NamedNode, Quad

from kgcompare.errors import StoreError, UsageError
from kgcompare.graph import Term
from kgcompare.languages import best, interface_languages
from kgcompare.namespaces import Base, iri, is_safe_iri, local_name, slugify
from kgcompare.queries import load
from kgcompare.store import Snapshot
from kgcompare.store.embedded import EmbeddedSnapshot, Prepare

_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE thing(id INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, slug TEXT NOT NULL,
                   class TEXT NOT NULL, origin TEXT, start INTEGER, end INTEGER);
CREATE TABLE label(thing INTEGER, lang TEXT, text TEXT, PRIMARY KEY(thing, lang)) WITHOUT ROWID;
CREATE TABLE link(facet TEXT, target INTEGER, thing INTEGER, PRIMARY KEY(facet, target, thing)) WITHOUT ROWID;
CREATE TABLE entry(lang TEXT, kind TEXT, sort TEXT, thing INTEGER, PRIMARY KEY(lang, kind, sort, thing)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(name, alias, people, summary,
                   tokenize='unicode61 remove_diacritics 2', prefix='2 3');
"""
_INDEXES = """
CREATE UNIQUE INDEX thing_slug ON thing(kind, slug);
CREATE INDEX thing_start ON thing(kind, start, id);
CREATE INDEX link_thing ON link(thing, facet, target);
"""
_NAMES = tuple(iri(n).value for n in ("skos:prefLabel", "foaf:name", "dcterms:title", "schema:name", "rdfs:label"))
_ALIASES = tuple(iri(n).value for n in ("skos:altLabel", "skos:hiddenLabel"))
_FACETS = {
    "domain": iri("dcterms:subject").value,
    "family": iri("kgc:family").value,
    "type": iri("dcterms:type").value,
}
_CREATOR = iri("dcterms:creator").value
_TYPE, _DEFINITION = iri("rdf:type").value, iri("skos:definition").value
_ORIGIN, _START, _END = (iri(f"kgc:{n}").value for n in ("origin", "originStart", "originEnd"))
_CONCEPT, _METHOD = iri("skos:Concept").value, iri("kgc:Method").value
_AGENTS = {iri("foaf:Person").value, iri("foaf:Organization").value}
_READ = {p: p for p in (_TYPE, *_NAMES, *_ALIASES, _DEFINITION, *_FACETS.values(), _CREATOR, _ORIGIN, _START, _END)}
"""The predicates of queries/index_things.rq, each to the one string that stands for it everywhere."""
_INTERNAL = (iri("kgc:").value.rstrip("#"), iri("kgcsh:").value.rstrip("#"))
_RANK = "bm25(words, 12.0, 6.0, 3.0, 1.0)"
_CANDIDATES = 400
_RANKED = 2000
_FEW = 2000

Description = dict[str, list[Term]]


def fold(text: str) -> str:
    """A text as it is sorted: without case and diacritics."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def build(snapshot: Snapshot, path: Path) -> None:
    """Makes the index of a generation at *path*."""
    _Builder(path, snapshot.base).build(_descriptions(snapshot))


def builder(statements: Iterable[Quad]) -> Prepare:
    """A way to make the index of a generation that says nothing but *statements*, which are read at once.

    Half the time of :func:`build`: a store on disk looks up every term of every statement that it hands out.
    """
    found: dict[str, Description] = {}
    nodes: dict[NamedNode, NamedNode] = {}  # one object for each, which saves a third of the memory
    for quad in statements:
        predicate, value = _READ.get(quad.predicate.value), cast(Term, quad.object)
        if predicate is not None and isinstance(quad.subject, NamedNode):
            values = found.setdefault(quad.subject.value, {}).setdefault(predicate, [])
            if value not in values:
                values.append(nodes.setdefault(value, value) if isinstance(value, NamedNode) else value)

    def prepare(snapshot: EmbeddedSnapshot, path: Path) -> None:
        _Builder(path, snapshot.base).build(_records(found))

    return prepare


def updater(previous: EmbeddedSnapshot | None, documents: Sequence[str]) -> Prepare:
    """A way to make the next generation's index from *previous* and the names of the documents that changed."""

    def prepare(snapshot: EmbeddedSnapshot, path: Path) -> None:
        if previous is None or len(documents) > _FEW or not previous.index_path.exists():
            build(snapshot, path)
            return
        shutil.copyfile(previous.index_path, path)
        changed = {
            quad.subject.value
            for name in documents
            for source in (previous, snapshot)
            for quad in source.graph(name)
            if isinstance(quad.subject, NamedNode) and is_safe_iri(quad.subject.value)
        }
        try:
            _Builder(path, snapshot.base).update(sorted(changed), snapshot)
        except _AddressTaken:
            build(snapshot, path)

    return prepare


class _AddressTaken(Exception):
    """A record of our own has the address that a foreign thing was given before."""


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The index file at *path*, to be written."""
    try:
        db = sqlite3.connect(path, isolation_level=None)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.Error as fault:
        raise StoreError(f"the index {path} cannot be made: {fault}") from None


def _descriptions(snapshot: Snapshot, things: Sequence[str] | None = None) -> dict[str, Description]:
    query = load("index_things")
    whole = things is None
    found: dict[str, Description] = {}
    if isinstance(snapshot, EmbeddedSnapshot) and things is None:
        queries: Iterable[str] = [query.text]
    else:
        things = list(_pages(snapshot)) if things is None else things
        safe = [NamedNode(thing) for thing in things if is_safe_iri(thing)]
        queries = [query.bind(thing=safe[at : at + 300]) for at in range(0, len(safe), 300)]
    for text in queries:
        for thing, predicate, value in snapshot.select(text).rows:
            if thing is not None and predicate is not None and value is not None:
                found.setdefault(thing.value, {}).setdefault(predicate.value, []).append(value)
    if not whole:
        return found
    return _records(found)


def _records(found: Mapping[str, Description]) -> dict[str, Description]:
    """Those of the things that have a class and are not the vocabulary's, in one order for every engine."""
    return {t: found[t] for t in sorted(found) if _TYPE in found[t] and not t.startswith(_INTERNAL)}


def _pages(snapshot: Snapshot) -> Iterator[str]:
    after = ""
    while True:
        rows = snapshot.select(load("index_types").bind(after=[Literal(after)])).rows
        for row in rows:
            if row[0] is not None:
                yield row[0].value
        if len(rows) < 1000 or rows[-1][0] is None:
            return
        after = rows[-1][0].value


class _Builder:
    """Writes an index file."""

    def __init__(self, path: Path, base: Base) -> None:
        self.path = path
        self.base = base

    def build(self, found: Mapping[str, Description]) -> None:
        self.path.unlink(missing_ok=True)
        with _writing(self.path) as db:
            db.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA page_size=8192; PRAGMA cache_size=-131072;"
                + _SCHEMA
            )
            db.execute("BEGIN")
            self._insert(db, found, _places(found), fresh=True)
            db.executescript(_INDEXES)
            db.execute("COMMIT") if db.in_transaction else None
            db.execute("ANALYZE")

    def update(self, changed: Sequence[str], snapshot: Snapshot) -> None:
        with _writing(self.path) as db:
            db.execute("PRAGMA journal_mode=OFF")
            db.execute("PRAGMA synchronous=OFF")
            db.execute("BEGIN")
            marks = ",".join("?" * len(changed))
            ids = [row[0] for row in db.execute(f"SELECT id FROM thing WHERE iri IN ({marks})", changed)]
            # Methods carry the names of their originators: a renamed agent changes what finds them.
            marks = ",".join("?" * len(ids))
            creators = db.execute(
                f"SELECT iri FROM thing JOIN link ON link.thing = thing.id "
                f"WHERE facet = 'creator' AND target IN ({marks})",
                ids,
            )
            again = {*changed, *(row[0] for row in creators), *self._foreign_targets(db, ids)}
            found = _descriptions(snapshot, sorted(again))
            # What a foreign concept is (a domain, a type ...) depends on where it is used.
            used = {thing for thing in _places(found) if thing not in again and self.base.parts(thing) is None}
            found |= _descriptions(snapshot, sorted(used)) if used else {}
            self._remove(db, sorted(again | used))
            places = _places(found, self._used(db, sorted(again | used)))
            self._insert(db, {t: said for t, said in found.items() if _TYPE in said}, places)
            db.execute("COMMIT")

    def _foreign_targets(self, db: sqlite3.Connection, ids: Sequence[int]) -> list[str]:
        marks = ",".join("?" * len(ids))
        targets = db.execute(
            "SELECT DISTINCT iri FROM link JOIN thing ON thing.id = link.target "
            f"WHERE facet != 'creator' AND link.thing IN ({marks})",
            ids,
        )
        return [row[0] for row in targets if self.base.parts(row[0]) is None]

    def _used(self, db: sqlite3.Connection, things: Sequence[str]) -> list[tuple[str, str]]:
        """(facet, thing) of those of *things* that records which do not change are filed under."""
        marks = ",".join("?" * len(things))
        return db.execute(
            "SELECT DISTINCT facet, iri FROM thing JOIN link ON link.target = thing.id "
            f"WHERE facet != 'creator' AND iri IN ({marks})",
            things,
        ).fetchall()

    def _remove(self, db: sqlite3.Connection, things: Sequence[str]) -> None:
        for thing in things:
            row = db.execute("SELECT id FROM thing WHERE iri = ?", (thing,)).fetchone()
            if row is None:
                continue
            number, langs = row[0], interface_languages()
            for lang in langs:
                name = _shown(db, number, lang)
                db.execute(
                    "DELETE FROM entry WHERE lang = ? AND sort = ? AND thing = ? AND kind = "
                    "(SELECT kind FROM thing WHERE id = ?)",
                    (lang, fold(name), number, number),
                )
            db.execute("DELETE FROM label WHERE thing = ?", (number,))
            db.execute("DELETE FROM link WHERE thing = ?", (number,))
            db.execute("DELETE FROM words WHERE rowid = ?", (number,))
            # The id stays with the IRI, so that links of others to it stay right.
            db.execute("UPDATE thing SET kind = '-', slug = iri WHERE id = ?", (number,))

    def _insert(
        self,
        db: sqlite3.Connection,
        found: Mapping[str, Description],
        places: Mapping[str, str],
        *,
        fresh: bool = False,
    ) -> None:
        last = db.execute("SELECT coalesce(max(id), 0) FROM thing").fetchone()[0]
        old = {} if fresh else {thing: number for thing in found if (number := _id(db, thing))}
        ids = old | {thing: last + place for place, thing in enumerate((t for t in found if t not in old), 1)}
        kinds: dict[str, str] = {}
        rows: list[tuple[object, ...]] = []
        # Records of our own have the address that their IRI says; foreign things get what is left.
        taken = {parts for parts in map(self.base.parts, found) if parts}
        for thing, said in found.items():
            kind, slug = self._address(thing, said, places, taken, None if fresh else db)
            if not fresh and (_holder(db, kind, slug) or thing) != thing:
                raise _AddressTaken
            kinds[thing] = kind
            dates = (_plain(said, _ORIGIN), _number(said, _START), _number(said, _END))
            rows.append((ids[thing], thing, kind, slug, _class(said), *dates))
        db.executemany("INSERT OR REPLACE INTO thing VALUES(?,?,?,?,?,?,?,?)", rows)
        labels: list[tuple[int, str, str]] = []
        links: list[tuple[str, int, int]] = []
        entries: list[tuple[str, str, str, int]] = []
        words: list[tuple[int, str, str, str, str]] = []
        for thing, said in found.items():
            number = ids[thing]
            names = _names(said)
            labels += [(number, lang, text) for lang, text in names.items()]
            kind = kinds[thing]
            for lang in interface_languages():
                shown = best(names, lang)
                entries.append((lang, kind, fold(shown[1] if shown else local_name(thing)), number))
            for facet, predicate in (*_FACETS.items(), ("creator", _CREATOR)):
                for target in said.get(predicate, ()):
                    other = ids.get(target.value) or (None if fresh else _id(db, target.value))
                    if other:
                        links.append((facet, other, number))
            if kind not in {"agent", "source", "domain", "family", "type"}:
                people = [p for a in said.get(_CREATOR, ()) for p in self._people(db, found, a.value)]
                words.append(
                    (
                        number,
                        " \n ".join(names.values()),
                        " \n ".join(_texts(said, *_ALIASES)),
                        " \n ".join(people),
                        " \n ".join(_texts(said, _DEFINITION)),
                    )
                )
        db.executemany("INSERT OR REPLACE INTO label VALUES(?,?,?)", labels)
        db.executemany("INSERT OR IGNORE INTO link VALUES(?,?,?)", sorted(links))
        db.executemany("INSERT OR IGNORE INTO entry VALUES(?,?,?,?)", sorted(entries))
        db.executemany("INSERT INTO words(rowid, name, alias, people, summary) VALUES(?,?,?,?,?)", words)

    def _people(self, db: sqlite3.Connection, found: Mapping[str, Description], agent: str) -> list[str]:
        if agent in found:
            return list(_names(found[agent]).values())
        number = _id(db, agent)
        return [row[0] for row in db.execute("SELECT text FROM label WHERE thing = ?", (number,))] if number else []

    def _address(
        self,
        thing: str,
        said: Description,
        places: Mapping[str, str],
        taken: set[tuple[str, str]],
        db: sqlite3.Connection | None,
    ) -> tuple[str, str]:
        own = self.base.parts(thing)
        if own:
            return own
        kind = _kind(thing, said, places)
        stem = slug = slugify(local_name(thing))
        number = 1
        while (kind, slug) in taken or (db is not None and thing != (_holder(db, kind, slug) or thing)):
            number += 1
            slug = f"{stem}-{number}"
        taken.add((kind, slug))
        return kind, slug


def _id(db: sqlite3.Connection, thing: str) -> int | None:
    row = db.execute("SELECT id FROM thing WHERE iri = ?", (thing,)).fetchone()
    return None if row is None else int(row[0])


def _holder(db: sqlite3.Connection, kind: str, slug: str) -> str | None:
    row = db.execute("SELECT iri FROM thing WHERE kind = ? AND slug = ?", (kind, slug)).fetchone()
    return None if row is None else str(row[0])


def _places(found: Mapping[str, Description], known: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Concepts by the facet that they are used in, the first of several; *known* are pairs to count with."""
    pairs = [*known, *((f, t.value) for said in found.values() for f, p in _FACETS.items() for t in said.get(p, ()))]
    places: dict[str, str] = {}
    for facet in _FACETS:
        for used, thing in pairs:
            if used == facet:
                places.setdefault(thing, facet)
    return places


def _kind(thing: str, said: Description, places: Mapping[str, str]) -> str:
    types = {value.value for value in said.get(_TYPE, ())}
    if _METHOD in types:
        return "method"
    if types & _AGENTS:
        return "agent"
    if any(t.startswith(iri("bibo:").value) for t in types):
        return "source"
    if _CONCEPT in types:
        return places.get(thing, "concept")
    return slugify(local_name(_class(said)))


def _class(said: Description) -> str:
    types = sorted(value.value for value in said.get(_TYPE, ()))
    if _METHOD in types:
        return _METHOD
    own = [t for t in types if t != _CONCEPT and not t.startswith((iri("schema:").value, iri("owl:").value))]
    return own[0] if own else types[0] if types else ""


def _names(said: Description) -> dict[str, str]:
    for predicate in _NAMES:
        texts = {v.language or "": v.value for v in reversed(said.get(predicate, ())) if isinstance(v, Literal)}
        if texts:
            return texts
    return {}


def _texts(said: Description, *predicates: str) -> list[str]:
    return [v.value for p in predicates for v in said.get(p, ()) if isinstance(v, Literal)]


def _plain(said: Description, predicate: str) -> str | None:
    return next(iter(_texts(said, predicate)), None)


def _number(said: Description, predicate: str) -> int | None:
    text = _plain(said, predicate)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _shown(db: sqlite3.Connection, number: int, lang: str) -> str:
    texts = dict(db.execute("SELECT lang, text FROM label WHERE thing = ?", (number,)))
    found = best(texts, lang)
    if found:
        return str(found[1])
    return local_name(db.execute("SELECT iri FROM thing WHERE id = ?", (number,)).fetchone()[0])


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to: words, slugs of facets, and years that the origin must touch."""

    text: str = ""
    kind: str = "method"
    facets: Mapping[str, str] = field(default_factory=dict)
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing as the index knows it."""

    id: int
    iri: str
    kind: str
    slug: str
    cls: str
    origin: str | None
    labels: Mapping[str, str]

    def label(self, lang: str) -> tuple[str | None, str]:
        """(language, name) for a reader of *lang*."""
        return best(self.labels, lang) or (None, local_name(self.iri))


class Index:
    """Answers from the index file of one generation; may be used by any number of threads."""

    def __init__(self, path: Path) -> None:
        """Names the file; every thread opens its own connection on first use."""
        self.path = path
        self._local = threading.local()

    @property
    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            try:
                uri = f"file:{self.path.as_posix().replace('?', '%3f').replace('#', '%23')}?mode=ro&immutable=1"
                db = _Connection(uri, uri=True, check_same_thread=False)
            except sqlite3.Error as fault:
                raise StoreError(f"the index {self.path} cannot be opened: {fault}") from None
            self._local.db = db
        return db

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as fault:
            raise StoreError(f"the index {self.path} cannot be read: {fault}") from None

    def entries(self, ids: Sequence[int]) -> list[Entry]:
        """The things of the given ids, in that order."""
        if not ids:
            return []
        marks = ",".join("?" * len(ids))
        labels: dict[int, dict[str, str]] = {}
        for number, lang, text in self._rows(f"SELECT thing, lang, text FROM label WHERE thing IN ({marks})", ids):
            labels.setdefault(number, {})[lang] = text
        rows = self._rows(f"SELECT id, iri, kind, slug, class, origin FROM thing WHERE id IN ({marks})", ids)
        found = {
            number: Entry(number, thing, kind, slug, cls, origin, labels.get(number, {}))
            for number, thing, kind, slug, cls, origin in rows
        }
        return [found[number] for number in ids if number in found]

    def find(self, kind: str, slug: str) -> Entry | None:
        """The thing at the address ``/KIND/SLUG``, or None."""
        rows = self._rows("SELECT id FROM thing WHERE kind = ? AND slug = ?", (kind, slug))
        return self.entries([rows[0][0]])[0] if rows else None

    def of_class(self, cls: str, slugs: Sequence[str]) -> dict[str, str]:
        """Slug to IRI of the things of a class among *slugs*; an IRI stands for itself."""
        marks = ",".join("?" * len(slugs))
        rows = self._rows(
            f"SELECT slug, iri FROM thing WHERE class = ? AND slug IN ({marks}) AND kind != '-'",
            (cls, *slugs),
        )
        return dict(rows)

    def addresses(self, iris: Sequence[str]) -> dict[str, tuple[str, str]]:
        """IRI to (kind, slug) of the things among *iris* that the catalogue describes."""
        found: dict[str, tuple[str, str]] = {}
        for at in range(0, len(iris), 500):
            part = iris[at : at + 500]
            marks = ",".join("?" * len(part))
            for address, kind, slug in self._rows(
                f"SELECT iri, kind, slug FROM thing WHERE iri IN ({marks}) AND kind != '-'",
                part,
            ):
                found[address] = (kind, slug)
        return found

    def counts(self) -> dict[str, int]:
        """How many things of each kind there are."""
        return dict(self._rows("SELECT kind, count(*) FROM thing WHERE kind != '-' GROUP BY kind ORDER BY kind"))

    def nearest(self, kind: str, slug: str, most: int = 3) -> list[str]:
        """Slugs of things that somebody who asks for *slug* may mean."""
        stem = slugify(slug)
        rows = self._rows(
            "SELECT slug FROM thing WHERE kind = ? AND slug >= ? AND slug < ? LIMIT 2000",
            (kind, stem[:1], stem[:1] + "\x7f"),
        )
        near = difflib.get_close_matches(stem, [row[0] for row in rows], most, 0.55)
        words = stem.replace("-", " ")
        for entry in self.entries(self.matching(Filter(words, kind), most)[0] if words else []):
            near.append(entry.slug)
        return list(dict.fromkeys(near))[:most]

    def suggest(self, text: str, lang: str, kind: str = "method", most: int = 10) -> list[Entry]:
        """Completions of *text*: names that begin with it, then names and aliases that have a word that does."""
        start = fold(text.strip())
        if not start:
            return []
        rows = self._rows(
            "SELECT thing FROM entry WHERE lang = ? AND kind = ? AND sort >= ? AND sort < ? ORDER BY sort LIMIT ?",
            (_known(lang), kind, start, start + "\U0010ffff", most),
        )
        ids = [row[0] for row in rows]
        match = _match(text)
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

    def matching(self, query: Filter, most: int, skip: int = 0) -> tuple[list[int], int]:
        """Ids of the best matches for the words of *query*, best first, and how many match at all."""
        match = _match(query.text)
        if not match:
            return [], 0
        where, values = self._where(query)
        # CROSS JOIN: the words first, whatever the planner thinks of it; the other way round each thing is a search.
        join = f"FROM words CROSS JOIN thing t ON t.id = words.rowid WHERE words MATCH ? AND {where}"
        total = int(self._rows(f"SELECT count(*) {join}", (match, *values))[0][0])
        if total == 0:
            return [], 0
        # The order is the same however long the pages are: exact names, then the ranked, then the tail. To rank every
        # match of a common word costs more than its tail is worth.
        found = dict.fromkeys(self._named(query, match, where, values))
        scopes = [match] if total <= _RANKED else [f"{column} : ({match})" for column in ("name", "alias", "people")]
        for scope in scopes:
            if len(found) < skip + most:
                rows = self._rows(
                    f"SELECT id FROM (SELECT t.id AS id, {_RANK} AS rank {join} LIMIT {_RANKED}) ORDER BY rank, id",
                    (scope, *values),
                )
                found.update(dict.fromkeys(row[0] for row in rows))
        ids = list(found)
        if len(ids) < min(skip + most, total):
            rows = self._rows(f"SELECT t.id {join} ORDER BY words.rowid LIMIT ?", (match, *values, skip + most))
            ids += [row[0] for row in rows if row[0] not in found]
        return ids[skip : skip + most], total

    def _named(self, query: Filter, match: str, where: str, values: Sequence[Any]) -> list[int]:
        """Ids of the things that are called exactly what was typed."""
        langs = interface_languages()
        marks = ",".join("?" * len(langs))
        rows = self._rows(
            f"SELECT DISTINCT t.id FROM entry e JOIN thing t ON t.id = e.thing WHERE e.lang IN ({marks}) "
            f"AND e.kind = ? AND e.sort = ? AND {where} ORDER BY t.id LIMIT {_CANDIDATES}",
            (*langs, query.kind, fold(query.text.strip()), *values),
        )
        marks = ",".join(str(row[0]) for row in rows)
        found = self._rows(f"SELECT rowid FROM words WHERE words MATCH ? AND rowid IN ({marks})", (match,))
        return [row[0] for row in found]

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
            if after and not re.fullmatch(r"\d{1,6}", after):
                raise UsageError("after is not a place in this list")
            skip = int(after or 0)
            ids, total = self.matching(query, most + 1, skip)
            following = str(skip + most) if len(ids) > most else None
            return self.entries(ids[:most]), total, following
        where, values = self._where(query)
        table = "thing t"
        match = _match(query.text)
        if query.text.strip():
            where += " AND t.id IN (SELECT rowid FROM words WHERE words MATCH ?)"
            values = [*values, match or '""']
        total = int(self._rows(f"SELECT count(*) FROM {table} WHERE {where}", values)[0][0])
        keys, place, joined = "", [], [*values]
        last = self.find(query.kind, after) if after else None
        if after and last is None:
            raise UsageError(f"after={after[:60]!r} is not a record of this list")
        known = _known(lang)
        if order == "year":
            column = "coalesce(t.start, 9999)"
            if last:
                place = [
                    self._rows("SELECT coalesce(start, 9999) FROM thing WHERE id = ?", (last.id,))[0][0],
                    last.id,
                ]
                keys = f" AND ({column}, t.id) > (?, ?)"
            sql = f"SELECT t.id FROM thing t WHERE {where}{keys} ORDER BY {column}, t.id LIMIT ?"
            rows = self._rows(sql, [*joined, *place, most + 1])
        else:
            if last:
                place = [_sort_key(last, known), last.id]
                keys = " AND (e.sort, e.thing) > (?, ?)"
            sql = (
                f"SELECT e.thing FROM entry e JOIN thing t ON t.id = e.thing "
                f"WHERE e.lang = ? AND e.kind = ?{keys} AND {where} ORDER BY e.sort, e.thing LIMIT ?"
            )
            rows = self._rows(sql, [known, query.kind, *place, *joined, most + 1])
        found = self.entries([row[0] for row in rows[:most]])
        return found, total, found[-1].slug if len(rows) > most and found else None

    def facets(self, query: Filter) -> dict[str, list[tuple[Entry, int]]]:
        """How many of a list have each value of each facet; a facet's own choice does not narrow it."""
        result: dict[str, list[tuple[Entry, int]]] = {}
        for facet in _FACETS:
            others = {name: slug for name, slug in query.facets.items() if name != facet}
            narrowed = Filter(query.text, query.kind, others, query.start, query.end)
            where, values = self._where(narrowed)
            if where == "t.kind = ?" and not query.text.strip() and query.kind == "method":
                rows = self._rows(
                    "SELECT target, count(*) FROM link WHERE facet = ? GROUP BY target ORDER BY 2 DESC, 1",
                    (facet,),
                )
            else:
                if query.text.strip():
                    where += " AND t.id IN (SELECT rowid FROM words WHERE words MATCH ?)"
                    values = [*values, _match(query.text) or '""']
                rows = self._rows(
                    f"SELECT l.target, count(*) FROM link l JOIN thing t ON t.id = l.thing "
                    f"WHERE l.facet = ? AND {where} GROUP BY l.target ORDER BY 2 DESC, 1",
                    (facet, *values),
                )
            counts = dict(rows)
            result[facet] = [(entry, counts[entry.id]) for entry in self.entries(list(counts)) if entry.kind != "-"]
        return result

    def _where(self, query: Filter) -> tuple[str, list[Any]]:
        where, values = ["t.kind = ?"], [query.kind]
        for facet, slug in query.facets.items():
            where.append(
                "t.id IN (SELECT link.thing FROM link JOIN thing c ON c.id = link.target "
                "WHERE link.facet = ? AND c.slug = ? AND c.kind = ?)"
            )
            values += [facet, slug, facet]
        if query.start is not None:
            where.append("t.start IS NOT NULL AND coalesce(t.end, 9999) >= ?")
            values.append(query.start)  # type: ignore[arg-type]
        if query.end is not None:
            where.append("t.start <= ?")
            values.append(query.end)  # type: ignore[arg-type]
        return " AND ".join(where), values

    def facet_value(self, facet: str, slug: str) -> Entry | None:
        """The concept that a facet is narrowed to."""
        return self.find(facet, slug)


class _Connection(sqlite3.Connection):
    """Closes itself when its thread or index goes."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # one that could not be opened
            self.close()


def _sort_key(entry: Entry, lang: str) -> str:
    return fold(entry.label(lang)[1])


def _known(lang: str) -> str:
    langs = interface_languages()
    short = lang.split("-", maxsplit=1)[0]
    return lang if lang in langs else short if short in langs else langs[0]


def _match(text: str) -> str:
    """An FTS5 expression for words that somebody typed: all of them, the last one as a prefix."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text[:200]))
    quoted = [f'"{word}"' for word in words[:12]]
    if quoted and not text.endswith(" "):
        quoted[-1] += "*"
    return " ".join(quoted)
