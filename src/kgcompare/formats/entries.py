"""What a record says, as the cells of a table have it: the inverse of :mod:`kgcompare.ingest.values`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import DataError
from kgcompare.formats.tables import harmless
from kgcompare.ingest.columns import Column
from kgcompare.ingest.documents import DERIVED
from kgcompare.ingest.values import GUARDED, container_of, contribution_of, is_plainly_said
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import PREFIXES, local_name, shortened
from kgcompare.rdf.terms import (
    DCTERMS_IS_PART_OF,
    DCTERMS_TITLE,
    KGC_ABSENCE,
    KGC_AGENT_LIST,
    KGC_COMPARISON_KEY,
    KGC_CONTRIBUTION,
    KGC_ET_AL,
    KGC_NONE,
    KGC_ORDER,
    KGC_ORIGINATION,
    KGC_REASON,
    KGC_RELATED,
    KGC_ROW,
    KGC_UNKNOWN,
    RDF_TYPE,
    XSD_STRING,
)
from kgcompare.schema import vocabulary

SEPARATOR = "|"
_REASONS = {KGC_NONE: "none", KGC_UNKNOWN: "unknown"}
ColumnPlace = tuple[str, str]
"""A column, and the language of its texts; empty where they have none."""
Origination = dict[str, object]
"""Who originated something, as JSON Lines have it: ``agents``, ``contribution`` by language, ``etAl``."""
Said = str | Origination


@dataclass(slots=True)
class SheetRow:
    """A record as a row: what it is about, of which classes, and the values of its columns."""

    iri: str
    classes: list[str]
    values: dict[ColumnPlace, list[Said]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes rows of the records of a kind: its columns and classes, rows of shapes by their IRIs, and how a cell of a
    column of some kinds refers to a thing."""

    known: Mapping[str, Column]
    classes: tuple[str, ...]
    rows: Mapping[str, str]
    reference: Callable[[NamedNode, tuple[str, ...]], str]

    def entry(self, document: Graph, subject: NamedNode) -> tuple[SheetRow, set[Triple]]:
        """A row, and the statements that it says."""
        types = [NamedNode(cls) for cls in document.types(subject)]
        made = SheetRow(subject.value, [self._class(cls.value) for cls in types])
        said = {Triple(subject, NamedNode(RDF_TYPE), cls) for cls in types}
        implied = {other for link in vocabulary.typed_relations() for other in document.objects(subject, link)}
        for column in self.known.values():
            link = NamedNode(column.predicate)
            for at, value in enumerate(self._ordered(document, subject, column), 1):
                if column.predicate == KGC_RELATED and value in implied:
                    said.add(Triple(subject, link, value))
                    continue
                found = self._said(document, column, value, at)
                if found is None:
                    continue
                lang, texts = found
                place = (column.name, lang)
                if place in made.values and (not column.many or column.listed):
                    continue
                made.values.setdefault(place, []).extend(texts)
                said.add(Triple(subject, link, value))
                if isinstance(value, BlankNode):
                    said.update(document.reached(value))
        return made, said

    def _class(self, cls: str) -> str:
        prefix, _, local = shortened(cls).partition(":")
        if cls in self.classes:
            return local_name(cls)
        return f"{prefix}:{local}" if prefix in PREFIXES and local.isidentifier() else cls

    def _ordered(self, document: Graph, subject: NamedNode, column: Column) -> list[Term]:
        values = document.objects(subject, column.predicate)
        if column.predicate != KGC_ORIGINATION:
            return sorted(values, key=str)
        return sorted(values, key=lambda node: _number(document, node))

    def _said(self, document: Graph, column: Column, value: Term, at: int) -> tuple[str, list[Said]] | None:
        """The language and the texts of a value; None where the column has no words for it."""
        if column.listed:
            members = document.members(value)
            things = [member for member in members if isinstance(member, NamedNode)]
            if not things or len(things) < len(members):
                return None
            return "", [self._named(column, thing) for thing in things]
        if isinstance(value, BlankNode):
            found = self._structure(document, column, value, at)
            return None if found is None else ("", [found])
        if isinstance(value, NamedNode):
            return ("", [self._named(column, value)]) if column.thing else None
        return None if column.thing or not isinstance(value, Literal) else self._text(column, value)

    def _named(self, column: Column, thing: NamedNode) -> str:
        return self.reference(thing, column.kinds) if column.kinds else thing.value

    def _text(self, column: Column, value: Literal) -> tuple[str, list[Said]] | None:
        lang = value.language or ""
        plain = (column.datatype or XSD_STRING) == value.datatype.value
        if value.direction or not value.value or (bool(column.datatype) if lang else column.worded or not plain):
            return None
        if column.predicate == DCTERMS_IS_PART_OF and container_of(value.value):
            return None  # it would be taken for one
        return lang, [value.value]

    def _structure(self, document: Graph, column: Column, node: BlankNode, at: int) -> Said | None:
        said = {name: values for name, values in document.description(node).items() if name != KGC_COMPARISON_KEY}
        if column.predicate == KGC_ORIGINATION:
            return self._origination(document, node, said.keys(), at)
        if column.predicate == KGC_ABSENCE and said.keys() == {KGC_ROW, KGC_REASON}:
            row, why = (getattr(document.value(node, name), "value", "") for name in (KGC_ROW, KGC_REASON))
            name, reason = self.rows.get(row, row if row in self.rows.values() else ""), _REASONS.get(why)
            return f"{name}: {reason}" if name and reason and len(said[KGC_ROW]) == len(said[KGC_REASON]) == 1 else None
        if column.predicate == DCTERMS_IS_PART_OF and said.keys() == {RDF_TYPE, DCTERMS_TITLE}:
            title = document.value(node, DCTERMS_TITLE)
            text = f"{local_name(document.types(node)[0])}: {getattr(title, 'value', '')}"
            alone = all(len(values) == 1 for values in said.values())
            plain = isinstance(title, Literal) and not title.language and title.datatype.value == XSD_STRING
            return text if alone and plain and container_of(text) == document.types(node)[0] else None
        return None

    def _origination(self, document: Graph, node: BlankNode, names: object, at: int) -> Said | None:
        known = {KGC_AGENT_LIST, KGC_ORDER, KGC_CONTRIBUTION, KGC_ET_AL}
        members = document.members(document.value(node, KGC_AGENT_LIST))
        things = [member for member in members if isinstance(member, NamedNode)]
        texts = [one for one in document.objects(node, KGC_CONTRIBUTION) if isinstance(one, Literal) and one.language]
        langs = {one.language or "": one.value for one in texts}
        whole = len(langs) == len(texts) == len(document.objects(node, KGC_CONTRIBUTION))
        et_al = document.text(node, KGC_ET_AL)
        if (
            not (isinstance(names, type({}.keys())) and names <= known)
            or not things
            or len(things) < len(members)
            or not whole
            or et_al not in {None, "true"}
            or _number(document, node) != (0, at)
        ):
            return None
        agents = [self.reference(thing, ("agent",)) for thing in things]
        return {
            "agents": agents,
            **({"contribution": langs} if langs else {}),
            **({"etAl": True} if et_al else {}),
        }


def _number(document: Graph, node: Term) -> tuple[int, int]:
    """The place of an origination, those without one last."""
    text = "" if isinstance(node, Literal) else document.text(node, KGC_ORDER) or ""
    return (0, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else (1, 0)


def derived(triple: Triple) -> bool:
    """Whether an import makes a statement again."""
    return triple.predicate.value in DERIVED


def sheet_cell(values: list[Said], column: Column | None) -> str:
    """A cell of CSV: values with a separator between them, in a form in which no spreadsheet runs it."""
    texts = [_spoken(value) if isinstance(value, dict) else value for value in values]
    if None in texts:
        return json.dumps(values, ensure_ascii=False)
    plain = [text for text in texts if text is not None]
    if column is None or column.many:
        found = SEPARATOR.join(text.replace("\\", "\\\\").replace(SEPARATOR, "\\" + SEPARATOR) for text in plain)
    else:
        found = plain[0] if plain else ""
    if column and not column.worded and not column.thing and not is_plainly_said(found):
        found = json.dumps(plain, ensure_ascii=False)
    return "'" + found if GUARDED.match(found) else harmless(found)


def _spoken(said: Origination) -> str | None:
    """``AGENT; AGENT; et al. (CONTRIBUTION@en; CONTRIBUTION@fr)``; None where that would not be read as it is."""
    agents, langs = said["agents"], said.get("contribution", {})
    if not isinstance(agents, list) or not isinstance(langs, dict):
        return None
    named = "; ".join([*agents, *(["et al."] if said.get("etAl") else [])])
    text = f"{named} ({'; '.join(f'{text}@{lang}' for lang, text in langs.items())})" if langs else named
    try:
        return text if contribution_of(text) == (named, langs) else None
    except DataError:
        return None
