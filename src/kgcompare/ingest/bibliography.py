"""Items of a bibliography -> rows of sources and of agents.

A source that the catalogue has already, by its DOI or by its title and year, is not doubled; agents are found by their
names, or made. What a format does not say is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pyoxigraph import Literal, NamedNode

from kgcompare.errors import DataError, Fault
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.documents import Records
from kgcompare.ingest.references import Known, folded
from kgcompare.ingest.tables import Table
from kgcompare.rdf.namespaces import slugify
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import BIBO_DOI, DCTERMS_ISSUED
from kgcompare.text import dois

_CLASSES = {
    "article-journal": ("AcademicArticle", "ScholarlyArticle"),
    "paper-conference": ("AcademicArticle", "ScholarlyArticle"),
    "chapter": ("Chapter", "Chapter"),
    "book": ("Book", "Book"),
    "thesis": ("Thesis", "Thesis"),
    "report": ("Report", "Report"),
    "webpage": ("Webpage", "WebPage"),
    "article": ("Manuscript", "ScholarlyArticle"),
}
"""CSL's types, and the classes of BIBO and of schema.org for each."""
_CONTAINERS = {"article-journal": "Journal", "paper-conference": "Proceedings", "chapter": "Book"}
_ARTICLE = re.compile(r"(?:an?|the|l[ea]s?|une?|der|die|das|ein|eine)\s+|l['’]", re.IGNORECASE)
_WORDS = 5
"""Words of a title that its slug has."""
_TEXTS = {"volume": "volume", "issue": "issue", "publisher": "publisher", "URL": "uri", "issued": "issued"}


class Bibliography:
    """Makes rows of items, and knows those that it has made."""

    def __init__(self, records: Records, stored: Stored, known: Known, *, replace: bool) -> None:
        """*replace* says whether what a file says of a source that is there takes the place of what is there."""
        self._records = records
        self._stored = stored
        self._known = known
        self._replace = replace
        self._dois: dict[str, str] | None = None
        self._made: dict[str, str] = {}
        self._agents: dict[str, str] = {}

    def rows(self, items: Sequence[tuple[int, Mapping[str, Any]]], source: str) -> tuple[Table, Table]:
        """A table of agents that are new, and one of sources."""
        agents, sources = Table(source), Table(source)
        for line, item in items:
            try:
                self._add(line, item, agents, sources)
            except DataError as fault:
                self._records.faults.append(Fault(str(fault), "violation", source, line, f"_:line{line}"))
        for table in (agents, sources):
            table.heads = list(dict.fromkeys(head for _, row in table.rows for head in row))
        return agents, sources

    def _add(self, line: int, item: Mapping[str, Any], agents: Table, sources: Table) -> None:
        if "fault" in item:
            raise DataError(str(item["fault"]))
        title = str(item.get("title", "")).strip()
        if not title:
            raise DataError("a source needs a title, and this one has none")
        doi = dois.bare(str(item.get("DOI", "")))
        year = str(item.get("issued", ""))[:4]
        there = self._there(title, year, doi)
        keys = [f"doi {dois.normalised(doi)}"] if doi else [f"title {folded(title)} {year}"]
        twice = next((self._made[key] for key in keys if key in self._made), None)
        if twice or (there and not self._replace):
            said = f"{title[:80]!r} stands in this import already" if twice else (
                f"{title[:80]!r} is in the catalogue as <{there}> and left as it is; --replace takes what the file says"
            )  # fmt: skip
            self._records.faults.append(Fault(said, "info", sources.source, line, twice or there))
            return
        row: dict[str, Any] = {"id": there or self._slug(item, title), "name": title}
        if not there:
            bibo, schema = _CLASSES.get(str(item.get("type")), ("", ""))
            row["class"] = ["bibo:Document", *([f"bibo:{bibo}", f"schema:{schema}"] if bibo else [])]
        for role, head in (("author", "author"), ("editor", "editorList")):
            if people := [self._agent(line, name, agents) for name in item.get(role, ())]:
                row[head] = people
        if container := item.get("container-title"):
            kind = _CONTAINERS.get(str(item.get("type")), "Collection")
            row["container"] = f"{kind}: {container}"
        row |= {head: str(item[key]) for key, head in _TEXTS.items() if item.get(key)}
        if page := item.get("page"):
            row["pages"] = re.sub(r"\s*[-–—]+\s*", "-", str(page))
        if doi:
            row["doi"] = doi
        self._made |= dict.fromkeys(keys, str(row["id"]))
        sources.rows.append((line, row))

    def _there(self, title: str, year: str, doi: str | None) -> str | None:
        """The source that the catalogue has with a DOI, or else with a title and a year."""
        if doi and (found := self._by_doi().get(dois.normalised(doi) or "")):
            return found
        for thing in self._known.named(title, ("source",)):
            document = self._stored.document(self._records.base.document(thing))
            issued = [value.value for value in document.objects(NamedNode(thing), DCTERMS_ISSUED)]
            if not year or not issued or any(one.startswith(year) for one in issued):
                other = document.text(NamedNode(thing), BIBO_DOI)
                if not (doi and other and dois.normalised(other) != dois.normalised(doi)):
                    return thing
        return None

    def _by_doi(self) -> dict[str, str]:
        if self._dois is None:
            self._dois = {}
            snapshot = self._stored.snapshot
            for thing, doi in snapshot.select(load("dois").text).rows if snapshot else ():
                if isinstance(thing, NamedNode) and isinstance(doi, Literal):
                    self._dois[dois.normalised(doi.value) or ""] = thing.value
        return self._dois

    def _agent(self, line: int, name: Mapping[str, str], agents: Table) -> str:
        """The IRI of an agent: the one of that name, or one that is made."""
        full = name.get("literal") or " ".join(filter(None, (name.get("given"), name.get("family"))))
        if not full.strip():
            raise DataError("an author has no name")
        if folded(full) in self._agents:
            return self._agents[folded(full)]
        found = self._known.named(full, ("agent",))
        if len(found) > 1:
            several = ", ".join(found[:3])
            raise DataError(f"{len(found)} agents are called {full!r} ({several}); add this source by a table")
        iri = found[0] if found else self._free("agent", slugify(full))
        if not found:
            person = "family" in name
            row = {"id": iri, "class": "Person" if person else "Organization", "name": full}
            row |= {"family-name": name["family"]} if person else {}
            row |= {"given-name": name["given"]} if person and name.get("given") else {}
            agents.rows.append((line, row))
        self._agents[folded(full)] = iri
        return iri

    def _slug(self, item: Mapping[str, Any], title: str) -> str:
        """As those of the catalogue: family name of the first author, year, first words of the title."""
        first: Mapping[str, str] = next(iter(item.get("author") or item.get("editor") or ()), {})
        family = first.get("family") or first.get("literal") or ""
        words = slugify(_ARTICLE.sub("", title, count=1) if _ARTICLE.match(title) else title).split("-")[:_WORDS]
        pieces = [slugify(family) if family else "", str(item.get("issued", ""))[:4], "-".join(words)]
        return self._free("source", "-".join(filter(None, pieces)))

    def _free(self, kind: str, slug: str) -> str:
        """The IRI of a slug that nothing has yet: with a number behind it where something has."""
        taken, number, iri = {*self._made.values(), *self._agents.values()}, 1, self._records.base.record(kind, slug)
        while iri in self._known or iri in taken:
            number += 1
            iri = self._records.base.record(kind, f"{slug}-{number}")
        return iri
