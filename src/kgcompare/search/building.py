"""Makes the index file of a generation, anew or from the one before."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from pyoxigraph import NamedNode, Quad

from kgcompare.errors import Seam, StoreError
from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import Base, is_safe_iri, local_name, slugify
from kgcompare.rdf.terms import (
    ALIASES,
    DCTERMS_CREATOR,
    KGC_ORIGIN,
    KGC_ORIGIN_END,
    KGC_ORIGIN_START,
    RDF_TYPE,
    SKOS_DEFINITION,
)
from kgcompare.search.facts import (
    FACETS,
    READ,
    Description,
    class_of,
    descriptions,
    kind_of,
    names_of,
    number_of,
    places_of,
    plain,
    records_of,
    texts_of,
)
from kgcompare.store import Snapshot
from kgcompare.store.base import Prepare
from kgcompare.text.folding import fold
from kgcompare.text.languages import best, interface_languages

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
_FEW = 2000


def build(snapshot: Snapshot, path: Path) -> None:
    """Makes the index of a generation at *path*."""
    _Builder(path, snapshot.base).build(descriptions(snapshot))


def builder(statements: Iterable[Quad]) -> Prepare:
    """A way to make the index of a generation that says nothing but *statements*, which are read at once.

    Half the time of :func:`build`: a store on disk looks up every term of every statement that it hands out.
    """
    found: dict[str, Description] = {}
    nodes: dict[NamedNode, NamedNode] = {}  # one object for each, which saves a third of the memory
    for quad in statements:
        predicate, value = READ.get(quad.predicate.value), cast(Term, quad.object)
        if predicate is not None and isinstance(quad.subject, NamedNode):
            values = found.setdefault(quad.subject.value, {}).setdefault(predicate, [])
            if value not in values:
                values.append(nodes.setdefault(value, value) if isinstance(value, NamedNode) else value)

    def prepare(snapshot: Snapshot, path: Path) -> None:
        _Builder(path, snapshot.base).build(records_of(found))

    return prepare


def updater(previous: Snapshot | None, subjects: Collection[str]) -> Prepare:
    """A way to make the next generation's index from *previous* and the IRIs of the things that changed."""

    def prepare(snapshot: Snapshot, path: Path) -> None:
        if previous is None or len(subjects) > _FEW or previous.index_path is None or not previous.index_path.exists():
            build(snapshot, path)
            return
        shutil.copyfile(previous.index_path, path)
        try:
            _Builder(path, snapshot.base).update(sorted(filter(is_safe_iri, subjects)), snapshot)
        except _AddressTaken:
            build(snapshot, path)

    return prepare


class _AddressTaken(Exception):
    """A record of our own has the address that a foreign thing was given before."""


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The index file at *path*, to be written."""
    with Seam(
        (sqlite3.Error, OSError, UnicodeError), lambda why: StoreError(f"the index {path} cannot be made: {why}")
    ):
        db = sqlite3.connect(path, isolation_level=None)
        try:
            yield db
        finally:
            db.close()


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
            self._insert(db, found, places_of(found), fresh=True)
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
            found = descriptions(snapshot, sorted(again))
            # What a foreign concept is (a domain, a type ...) depends on where it is used.
            used = {thing for thing in places_of(found) if thing not in again and self.base.parts(thing) is None}
            found |= descriptions(snapshot, sorted(used)) if used else {}
            self._remove(db, sorted(again | used))
            places = places_of(found, self._used(db, sorted(again | used)))
            self._insert(db, {t: said for t, said in found.items() if RDF_TYPE in said}, places)
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
            dates = (plain(said, KGC_ORIGIN), number_of(said, KGC_ORIGIN_START), number_of(said, KGC_ORIGIN_END))
            rows.append((ids[thing], thing, kind, slug, class_of(said), *dates))
        db.executemany("INSERT OR REPLACE INTO thing VALUES(?,?,?,?,?,?,?,?)", rows)
        labels: list[tuple[int, str, str]] = []
        links: list[tuple[str, int, int]] = []
        entries: list[tuple[str, str, str, int]] = []
        words: list[tuple[int, str, str, str, str]] = []
        for thing, said in found.items():
            number = ids[thing]
            names = names_of(said)
            labels += [(number, lang, text) for lang, text in names.items()]
            kind = kinds[thing]
            for lang in interface_languages():
                shown = best(names, lang)
                entries.append((lang, kind, fold(shown[1] if shown else local_name(thing)), number))
            for facet, predicate in (*FACETS.items(), ("creator", DCTERMS_CREATOR)):
                for target in said.get(predicate, ()):
                    other = ids.get(target.value) or (None if fresh else _id(db, target.value))
                    if other:
                        links.append((facet, other, number))
            if kind not in {"agent", "source", "domain", "family", "type"}:
                people = [p for a in said.get(DCTERMS_CREATOR, ()) for p in self._people(db, found, a.value)]
                words.append(
                    (
                        number,
                        " \n ".join(names.values()),
                        " \n ".join(texts_of(said, *ALIASES)),
                        " \n ".join(people),
                        " \n ".join(texts_of(said, SKOS_DEFINITION)),
                    )
                )
        db.executemany("INSERT OR REPLACE INTO label VALUES(?,?,?)", labels)
        db.executemany("INSERT OR IGNORE INTO link VALUES(?,?,?)", sorted(links))
        db.executemany("INSERT OR IGNORE INTO entry VALUES(?,?,?,?)", sorted(entries))
        db.executemany("INSERT INTO words(rowid, name, alias, people, summary) VALUES(?,?,?,?,?)", words)

    def _people(self, db: sqlite3.Connection, found: Mapping[str, Description], agent: str) -> list[str]:
        if agent in found:
            return list(names_of(found[agent]).values())
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
        kind = kind_of(thing, said, places)
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


def _shown(db: sqlite3.Connection, number: int, lang: str) -> str:
    texts = dict(db.execute("SELECT lang, text FROM label WHERE thing = ?", (number,)))
    found = best(texts, lang)
    if found:
        return str(found[1])
    return local_name(db.execute("SELECT iri FROM thing WHERE id = ?", (number,)).fetchone()[0])
