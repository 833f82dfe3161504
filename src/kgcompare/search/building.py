"""Writes the index file of a generation: anew, or into one that another generation had."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from kgcompare.rdf.namespaces import Base, foreign_slug, local_name
from kgcompare.rdf.terms import RDF_TYPE
from kgcompare.search import masks, spoken, stated, wording
from kgcompare.search.facts import PEOPLE, RELATED, SOURCES, Facts, Reading, dois_of, names_of
from kgcompare.search.texts import DocumentOf, Documents, follow_documents
from kgcompare.search.whole import FORMAT
from kgcompare.search.wording import Worded
from kgcompare.search.written import (
    Written,
    authors_in,
    changed_index,
    counted,
    degrees_of,
    holder_of,
    labels_of,
    naming,
    number_of,
    opened_index,
    related,
    shown,
    worded_in,
    years_in,
)
from kgcompare.text.folding import fold
from kgcompare.text.languages import best, interface_languages

_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE thing(id INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, slug TEXT NOT NULL,
                   class TEXT NOT NULL, start INTEGER, end INTEGER, place INTEGER);
CREATE TABLE link(facet TEXT, target INTEGER, thing INTEGER, PRIMARY KEY(facet, target, thing)) WITHOUT ROWID;
CREATE TABLE entry(lang TEXT, kind TEXT, sort TEXT, thing INTEGER, PRIMARY KEY(lang, kind, sort, thing)) WITHOUT ROWID;
CREATE TABLE identifier(key TEXT, thing INTEGER, PRIMARY KEY(key, thing)) WITHOUT ROWID;
"""
_INDEXES = """
CREATE UNIQUE INDEX thing_slug ON thing(kind, slug);
CREATE INDEX thing_start ON thing(kind, start, end, id);
CREATE INDEX identifier_thing ON identifier(thing);
CREATE INDEX link_thing ON link(thing, facet, target);
"""

Saying = Callable[[Sequence[str]], Mapping[str, Facts]]
"""Gives what a generation says of some things (IRIs)."""


class OtherIndex(Exception):
    """An index cannot be changed into the next: it was made by other shapes, or a record of our own has the address
    that a foreign thing was given before."""


class Builder:
    """Writes an index file."""

    def __init__(
        self, path: Path, base: Base, reading: Reading, tell: Callable[[int, int], None] | None = None
    ) -> None:
        """*tell* is told how many things are written, and of how many."""
        self._tell = tell
        self.path = path
        self.base = base
        self.reading = reading

    def build(
        self, facts: Mapping[str, Facts], said: Mapping[str, str] | None = None, documents: Documents | None = None
    ) -> None:
        """Writes all that is said of things, with what is *said* among what the index says of itself, and the
        *documents* of records."""
        self.path.unlink(missing_ok=True)
        facts = {**values, **facts} if (values := self.reading.stated_in(facts)) else facts
        with opened_index(self.path) as db:
            db.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA page_size=8192; PRAGMA cache_size=-131072;"
                + _SCHEMA
                + wording.SCHEMA
                + masks.MASK_TABLE
                + spoken.SPOKEN_TABLE
            )
            db.execute("BEGIN")
            about = {"shapes": self.reading.signature, "format": FORMAT, **(said or {})}
            db.executemany("INSERT INTO meta VALUES(?, ?)", about.items())
            self._insert(db, facts, self.reading.places_of(facts), fresh=True)
            if documents is not None:
                documents.write(db, dict(db.execute("SELECT iri, id FROM thing")))
            masks.make_masks(db)
            db.executescript(_INDEXES)
            db.execute("COMMIT") if db.in_transaction else None
            wording.settle(db)
            db.execute("ANALYZE")

    def update(
        self,
        changed: Sequence[str],
        before: Saying,
        now: Saying,
        said: Mapping[str, str],
        kept_document: DocumentOf = lambda _: None,
    ) -> Written:
        """Makes of the index of a generation that of another one, in which the *changed* things (IRIs) say something
        else: *before* and *now* give what each says, *kept_document* what its document does. It then has what is *said*
        among what it says of itself. Gives what was written.

        :raises OtherIndex: if it cannot be done.
        """
        with changed_index(self.path) as db:
            if db.execute("SELECT value FROM meta WHERE key = 'shapes'").fetchone() != (self.reading.signature,):
                raise OtherIndex
            db.execute(spoken.SPOKEN_TABLE)  # which an index that was made before has not
            marks = ",".join("?" * len(changed))
            ids = [row[0] for row in db.execute(f"SELECT id FROM thing WHERE iri IN ({marks})", changed)]
            again = {*changed, *naming(db, ids), *self._foreign_targets(db, ids)}
            facts_by_thing = dict(now(sorted(again)))
            # What a foreign concept is (a domain, a type ...) depends on where it is used.
            places = self.reading.places_of(facts_by_thing)
            used = {thing for thing in places if thing not in again and self._is_foreign(thing)}
            facts_by_thing |= now(sorted(used)) if used else {}
            near = related(db, ids)
            self._remove(db, sorted(again | used), before)
            places = self.reading.places_of(facts_by_thing, self._used(db, sorted(again | used)))
            records = {t: facts for t, facts in facts_by_thing.items() if RDF_TYPE in facts}
            values = self.reading.stated_in(records)
            self._insert(db, {t: said for t, said in values.items() if number_of(db, t) is None} | records, places)
            masks.follow_masks(db, [number for thing in again | used if (number := number_of(db, thing))], gone=False)
            numbers = {thing: number for thing in changed if (number := number_of(db, thing))}
            near |= related(db, list(numbers.values()))
            follow_documents(db, numbers, kept_document)

            def worded(number: int) -> Worded:
                (thing,) = db.execute("SELECT iri FROM thing WHERE id = ?", (number,)).fetchone()
                return worded_in(db, number, now([thing]).get(thing, {}), self.reading)

            for number, degree in degrees_of(db, sorted(near)).items():
                wording.rank_again(db, number, degree, worded)
            db.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", said.items())
            wording.tidy(db)
            return db.written

    def _foreign_targets(self, db: sqlite3.Connection, ids: Sequence[int]) -> list[str]:
        marks = ",".join("?" * len(ids))
        targets = db.execute(
            "SELECT DISTINCT iri FROM link JOIN thing ON thing.id = link.target "
            f"WHERE facet NOT LIKE '-%' AND link.thing IN ({marks})",
            ids,
        )
        return [row[0] for row in targets if self._is_foreign(row[0])]

    def _is_foreign(self, thing: str) -> bool:
        return self.base.parts(thing) is None and not stated.is_stated(thing)

    def _used(self, db: sqlite3.Connection, things: Sequence[str]) -> list[tuple[str, str]]:
        """(facet, thing) of those of *things* that records which do not change are filed under."""
        marks = ",".join("?" * len(things))
        return db.execute(
            "SELECT DISTINCT facet, iri FROM thing JOIN link ON link.target = thing.id "
            f"WHERE facet NOT LIKE '-%' AND iri IN ({marks})",
            things,
        ).fetchall()

    def _remove(self, db: sqlite3.Connection, things: Sequence[str], before: Saying) -> None:
        numbers = {thing: number for thing in things if (number := number_of(db, thing))}
        facts = before(list(numbers))
        masks.follow_masks(db, list(numbers.values()), gone=True)
        said = {n: worded_in(db, n, facts.get(thing, {}), self.reading) for thing, n in numbers.items()}
        spoken.remove_spoken(db, said)
        for number, worded in said.items():
            for lang in interface_languages():
                name = shown(db, number, lang)
                db.execute(
                    "DELETE FROM entry WHERE lang = ? AND sort = ? AND thing = ? AND kind = "
                    "(SELECT kind FROM thing WHERE id = ?)",
                    (lang, fold(name), number, number),
                )
            wording.remove(db, number, worded)
            db.execute("DELETE FROM link WHERE thing = ?", (number,))
            db.execute("DELETE FROM identifier WHERE thing = ?", (number,))
            # The id stays with the IRI, so that links of others to it stay right.
            db.execute("UPDATE thing SET kind = '-', slug = iri, place = NULL WHERE id = ?", (number,))

    def _insert(
        self,
        db: sqlite3.Connection,
        facts_by_thing: Mapping[str, Facts],
        places: Mapping[str, str],
        *,
        fresh: bool = False,
    ) -> None:
        last = db.execute("SELECT coalesce(max(id), 0) FROM thing").fetchone()[0]
        old = {} if fresh else {thing: number for thing in facts_by_thing if (number := number_of(db, thing))}
        ids = old | {thing: last + place for place, thing in enumerate((t for t in facts_by_thing if t not in old), 1)}
        kinds = self._insert_things(db, facts_by_thing, places, ids, fresh=fresh)
        links: list[tuple[str, int, int]] = []
        entries: list[tuple[str, str, str, int]] = []
        identifiers = [(doi, ids[thing]) for thing, facts in facts_by_thing.items() for doi in sorted(dois_of(facts))]
        for thing, facts in facts_by_thing.items():
            number, names = ids[thing], names_of(facts)
            for lang in interface_languages():
                shown = best(names, lang)
                entries.append((lang, kinds[thing], fold(shown[1] if shown else local_name(thing)), number))
            for place, value in self.reading.links_of(facts):
                other = ids.get(value) or (None if fresh else number_of(db, value))
                if other and other != number:
                    links.append((place, other, number))
        db.executemany("INSERT OR IGNORE INTO link VALUES(?,?,?)", sorted(links))
        db.executemany("INSERT OR IGNORE INTO identifier VALUES(?,?)", identifiers)
        db.executemany("INSERT OR IGNORE INTO entry VALUES(?,?,?,?)", sorted(entries))
        if self.reading.spoken:
            spoken.write_spoken(db, facts_by_thing, ids)
        self._word(db, facts_by_thing, ids, kinds, links, fresh=fresh)

    def _word(
        self,
        db: sqlite3.Connection,
        facts_by_thing: Mapping[str, Facts],
        ids: Mapping[str, int],
        kinds: Mapping[str, str],
        links: Iterable[tuple[str, int, int]],
        *,
        fresh: bool,
    ) -> None:
        """Writes what finds things."""
        db.executemany("INSERT OR IGNORE INTO kind(kind) VALUES(?)", ((kind,) for kind in sorted(set(kinds.values()))))
        numbers = dict(db.execute("SELECT kind, number FROM kind"))
        degrees = counted(links) if fresh else degrees_of(db, list(ids.values()))
        places = {ids[thing]: (numbers[kinds[thing]], degrees.get(ids[thing], 0)) for thing in facts_by_thing}
        things = {number: thing for thing, number in ids.items()}
        named: dict[int, dict[str, list[int]]] = {}
        for place, other, number in links:
            if place != RELATED:
                kept = named.setdefault(number, {})
                kept.setdefault(place if place.startswith("-") else "", []).append(other)

        def names(agents: Iterable[int]) -> Iterator[str]:
            for agent in agents:
                known = facts_by_thing.get(things.get(agent, ""))
                yield from labels_of(db, agent) if known is None else names_of(known).values()

        counting = count()

        def worded(number: int) -> Worded:
            if self._tell is not None:
                self._tell(next(counting), len(places))
            facts, others = facts_by_thing[things[number]], named.get(number, {})
            people, years = [*names(others.get(PEOPLE, ()))], [*self.reading.years_of(facts)]
            for source in others.get(SOURCES, ()):
                known = facts_by_thing.get(things.get(source, ""))
                years += years_in(db, source) if known is None else self.reading.years_of(known)
                authors = authors_in(db, [source]) if known is None else named.get(source, {}).get(PEOPLE, ())
                people += names(authors)
            return self.reading.worded(facts, dict.fromkeys(people), filter(None, years), others.get("", ()))

        wording.write_words(db, places, worded, fresh=fresh)

    def _insert_things(
        self,
        db: sqlite3.Connection,
        facts_by_thing: Mapping[str, Facts],
        places: Mapping[str, str],
        ids: Mapping[str, int],
        *,
        fresh: bool,
    ) -> dict[str, str]:
        """Writes where things are found, and returns the kind of each.

        :raises OtherIndex: for a record of our own whose address a foreign thing has.
        """
        kinds: dict[str, str] = {}
        rows: list[tuple[object, ...]] = []
        # Records of our own have the address that their IRI says; foreign things get what is left.
        taken = {parts for parts in map(self.base.parts, facts_by_thing) if parts}
        for thing, facts in facts_by_thing.items():
            kind, slug = self._address(thing, facts, places, taken, None if fresh else db)
            if not fresh and (holder_of(db, kind, slug) or thing) != thing:
                raise OtherIndex
            kinds[thing] = kind
            rows.append((ids[thing], thing, kind, slug, self.reading.class_of(facts), *self.reading.years_of(facts)))
        db.executemany("INSERT OR REPLACE INTO thing VALUES(?,?,?,?,?,?,?,NULL)", rows)
        return kinds

    def _address(
        self,
        thing: str,
        facts: Facts,
        places: Mapping[str, str],
        taken: set[tuple[str, str]],
        db: sqlite3.Connection | None,
    ) -> tuple[str, str]:
        own = self.base.parts(thing)
        if own:
            return own
        if stated.is_stated(thing):
            kind, stem = stated.address_of(thing)
        else:
            kind, stem = self.reading.kind_of(thing, facts, places), foreign_slug(thing)
        slug = stem
        number = 1  # two digests may be alike, if somebody takes the trouble
        while (kind, slug) in taken or (db is not None and thing != (holder_of(db, kind, slug) or thing)):
            number += 1
            slug = f"{stem}-{number}"
        taken.add((kind, slug))
        return kind, slug
