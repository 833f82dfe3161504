"""Cells -> values: texts, numbers and dates as spreadsheets write them, things, lists, and who originated what.

Source: Library of Congress, EDTF specification (2019); W3C XML Schema Part 2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple

from kgcompare.errors import DataError
from kgcompare.ingest.columns import Column
from kgcompare.ingest.references import Known
from kgcompare.rdf import literals
from kgcompare.rdf.graph import Graph, Node, as_term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.syntaxes import read_bytes
from kgcompare.rdf.terms import (
    DCTERMS_IS_PART_OF,
    DCTERMS_TITLE,
    EDTF,
    KGC_ABSENCE,
    KGC_AGENT_LIST,
    KGC_CONTRIBUTION,
    KGC_ET_AL,
    KGC_NONE,
    KGC_ORDER,
    KGC_ORIGINATION,
    KGC_REASON,
    KGC_ROW,
    KGC_UNKNOWN,
    RDF_FIRST,
    RDF_NIL,
    RDF_REST,
    RDF_TYPE,
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_DECIMAL,
    XSD_DOUBLE,
    XSD_FLOAT,
    XSD_INTEGER,
    XSD_STRING,
)
from kgcompare.schema.context import JsonLd
from kgcompare.text import dates

GUARDED = re.compile(r"'+(?=[=+\-@\t\r])")
"""What an export puts before a cell that a spreadsheet would run as a formula; one of these apostrophes is ours."""
_FRACTIONS = {XSD_DECIMAL, XSD_DOUBLE, XSD_FLOAT}
_BOOLEANS = {
    "true": "true", "wahr": "true", "vrai": "true", "yes": "true",
    "false": "false", "falsch": "false", "faux": "false", "no": "false",
}  # fmt: skip
_FAILED = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|NV|WERT!|BEZUG!|VALEUR!|#+)|Err:\d{3}")
"""What spreadsheets save for formulas that fail, and for numbers in columns that are too narrow."""
_DAY = re.compile(r"(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?: 0?0:00(?::00)?)?", re.ASCII)
_MIDNIGHT = re.compile(r"(?<=\d{4}-\d\d-\d\d)[T ]0?0:00(?::00(?:\.0+)?)?\Z", re.ASCII)
_ET_AL = re.compile(r"(?:\A|[;\s])\s*et\.? al\.?\s*\Z", re.IGNORECASE)
_CONTAINER = re.compile(r"([A-Z][A-Za-z]+): (.+)", re.DOTALL)
_CONTAINERS = {"Book", "Collection", "Conference", "Document", "EditedBook", "Journal", "Magazine", "Newspaper"}
_CONTAINERS |= {"Periodical", "Proceedings", "Report", "Series", "Website", "Webpage"}
_LANGUAGE = re.compile(r"(?P<text>.*)@(?P<lang>[A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\s*\Z", re.DOTALL)


@dataclass(slots=True)
class CellReader:
    """How the cells of one table are read: the ``separator`` between values, whether a comma may stand in a number
    (``decimal_comma``), what things are ``known``, and the context in which an object in a cell is read."""

    known: Known
    rows: dict[str, str]
    context: JsonLd
    separator: str = "|"
    decimal_comma: bool = False

    def values(self, subject: NamedNode, column: Column, lang: str, raw: Any) -> Iterator[Triple]:
        """What a cell says of a subject; blank nodes are described after it.

        *lang* is that of the column's head, empty where it has none; *raw* a text, or what JSON has.

        :raises DataError: if it cannot be read; what was said until then is to be left out.
        """
        predicate = NamedNode(column.predicate)
        if column.listed:
            members = [self._known(column, one) for one in self._texts(column, raw)]
            if members:
                yield from _list(subject, predicate, members)
            return
        for place, one in enumerate(self._each(column, raw), 1):
            if isinstance(one, dict) and not (column.worded and not lang):
                yield from self._object(subject, column, one, place, lang)
            elif isinstance(one, dict):
                for tag, texts in one.items():
                    for text in texts if isinstance(texts, list) else [texts]:
                        yield Triple(subject, predicate, self._literal(column, tag, _text(text)))
            elif column.predicate == KGC_ORIGINATION:
                yield from self._origination(subject, _text(one), place, lang)
            elif column.predicate == KGC_ABSENCE:
                yield from self._absence(subject, _text(one))
            elif column.thing:
                yield Triple(subject, predicate, self._known(column, _text(one)))
            elif column.predicate == DCTERMS_IS_PART_OF and (part := _CONTAINER.fullmatch(_text(one))):
                yield from _container(subject, part)
            else:
                yield Triple(subject, predicate, self._literal(column, lang, _text(one)))

    # -- pieces ----------------------------------------------------------------------------------------

    def _each(self, column: Column, raw: Any) -> list[Any]:
        if isinstance(raw, list):
            return [one for one in raw if one not in (None, "")]
        if not isinstance(raw, str):
            return [] if raw is None else [raw]
        if not is_plainly_said(raw) and not column.worded and not column.thing:
            try:
                found = json.loads(raw, parse_float=str, parse_int=str)
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict | list):
                return found if isinstance(found, list) else [found]
        return list(self._texts(column, raw))

    def _texts(self, column: Column, raw: Any) -> list[str]:
        """The values in a cell. A separator that is part of a value has a backslash before it."""
        if isinstance(raw, list):
            return [_text(one).strip() for one in raw if one not in (None, "")]
        text = _text(raw)
        if _FAILED.fullmatch(text.strip()):
            raise DataError(f"{text.strip()!r} is what a spreadsheet shows for a formula that fails; empty the cell")
        if not column.many:
            return [text.strip()] if text.strip() else []
        pieces: list[str] = []
        at, held = 0, ""
        while at < len(text):
            if text[at] == "\\" and text[at + 1 : at + 2] in {"\\", self.separator}:
                held, at = held + text[at + 1], at + 2
            elif text[at] == self.separator:
                pieces, held, at = [*pieces, held], "", at + 1
            else:
                held, at = held + text[at], at + 1
        return [piece.strip() for piece in (*pieces, held) if piece.strip()]

    def _known(self, column: Column, text: str) -> NamedNode:
        return self.known.thing(text, column.kinds)

    def _literal(self, column: Column, lang: str, text: str) -> Literal:
        if lang:
            try:
                return _well_formed(Literal(text, language=lang.lower() if len(lang) < 4 else lang))
            except ValueError:
                raise DataError(f"{lang!r} is not a language tag, such as en or pt-BR") from None
        if column.worded:
            raise DataError(f"say the language of {text[:40]!r} in the head of the column, such as {column.name}@en")
        if column.datatype is None:
            return _well_formed(Literal(text))
        literal = _well_formed(Literal(self._lexical(column.datatype, text), datatype=NamedNode(column.datatype)))
        if column.datatype == EDTF:
            try:
                return Literal(dates.canonical(literal.value), datatype=NamedNode(EDTF))
            except ValueError as fault:
                raise DataError(str(fault)) from None
        return literal

    def _lexical(self, datatype: str, text: str) -> str:
        """A number or a truth value as spreadsheets write it, as the datatype has it."""
        if datatype == XSD_BOOLEAN:
            return _BOOLEANS.get(text.casefold(), text)
        if datatype in {EDTF, XSD_DATE}:
            text = _day(text)
        if datatype in {XSD_INTEGER, EDTF}:
            return re.sub(r"[.,]0+\Z", "", text)
        if datatype in _FRACTIONS and re.fullmatch(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?", text):
            if not self.decimal_comma and re.search(r",\d{3}\Z", text):
                raise DataError(f"{text!r} may be {text.replace(',', '')} or {text.replace(',', '.')}; write one")
            return text.replace(",", ".")
        return text

    # -- structures --------------------------------------------------------------------------------------

    def _origination(self, subject: NamedNode, text: str, place: int, lang: str) -> Iterator[Triple]:
        """``AGENT; AGENT; et al. (CONTRIBUTION@en; CONTRIBUTION@fr)``."""
        agents, spoken = contribution_of(text, lang)
        et_al = bool(_ET_AL.search(agents))
        named = [one.strip() for one in _ET_AL.sub("", agents).split(";") if one.strip()]
        yield from self._originated(subject, named, spoken, place, et_al=et_al)

    def _originated(
        self, subject: NamedNode, agents: list[str], spoken: dict[str, str], place: int, *, et_al: bool
    ) -> Iterator[Triple]:
        if not agents:
            raise DataError("an origination names one agent or more: AGENT; AGENT; et al. (CONTRIBUTION@en)")
        kinds = ("agent",)
        members = [self.known.thing(agent, kinds) for agent in agents]
        node = BlankNode()
        yield Triple(subject, NamedNode(KGC_ORIGINATION), node)
        yield from _list(node, NamedNode(KGC_AGENT_LIST), members)
        yield Triple(node, NamedNode(KGC_ORDER), Literal(str(place), datatype=NamedNode(XSD_INTEGER)))
        for tag, text in spoken.items():
            yield Triple(node, NamedNode(KGC_CONTRIBUTION), _well_formed(Literal(text, language=tag)))
        if et_al:
            yield Triple(node, NamedNode(KGC_ET_AL), Literal("true", datatype=NamedNode(XSD_BOOLEAN)))

    def _absence(self, subject: NamedNode, text: str) -> Iterator[Triple]:
        """``ROW: none`` or ``ROW: unknown``."""
        name, _, why = (part.strip() for part in text.partition(":"))
        reasons = {"none": KGC_NONE, "unknown": KGC_UNKNOWN}
        if name not in self.rows or why.casefold() not in reasons:
            raise DataError(f"{text!r} does not say what is absent; write ROW: none or ROW: unknown")
        node = BlankNode()
        yield Triple(subject, NamedNode(KGC_ABSENCE), node)
        yield Triple(node, NamedNode(KGC_ROW), NamedNode(self.rows[name]))
        yield Triple(node, NamedNode(KGC_REASON), NamedNode(reasons[why.casefold()]))

    def _object(
        self, subject: NamedNode, column: Column, said: dict[str, Any], place: int, lang: str
    ) -> Iterator[Triple]:
        """What an object says: of who originated something by its own names, of all else as JSON-LD in our context."""
        agents = said.get("agents", said.get("agentList"))
        if column.predicate == KGC_ORIGINATION and agents is not None:
            spoken = said.get("contribution") or {}
            if isinstance(spoken, str):
                if not lang:
                    raise DataError(f'say the language of {spoken!r}: {{"en": ...}}')
                spoken = {lang: spoken}
            named = [_text(one) for one in (agents if isinstance(agents, list) else [agents])]
            et_al = said.get("etAl", said.get("et al")) in (True, "true")
            texts = {str(tag): _text(text) for tag, text in spoken.items()}
            yield from self._originated(subject, named, texts, place, et_al=et_al)
            return
        document = {**self.context, "@id": subject.value, column.predicate: said}
        data = json.dumps(document).encode()
        for quad in read_bytes(data, RdfFormat.JSON_LD, self.known.base.value, "an object in a cell"):
            yield _triple(quad)


def _day(text: str) -> str:
    """A day as spreadsheets write it, as ISO 8601 has it; other texts as they are.

    :raises DataError: if it may be two days.
    """
    text = _MIDNIGHT.sub("", text)
    if re.fullmatch(r"[1-9]\d{4}", text, re.ASCII):  # EDTF has four digits, or a letter before more
        day = date(1899, 12, 30) + timedelta(days=int(text))
        raise DataError(f"{text!r} is no year; a spreadsheet calls the day {day} so: write that, or the year")
    said = _DAY.fullmatch(text)
    if not said:
        return text
    one, other, year = int(said[1]), int(said[3]), said[4]
    days = {f"{year}-{month:02}-{day:02}" for day, month in ((one, other), (other, one)) if month < 13 and day < 32}
    if said[2] == ".":  # where dates have dots, the day is first
        days = {f"{year}-{other:02}-{one:02}"}
    if len(days) > 1:
        raise DataError(f"{text!r} may be {' or '.join(sorted(days))}; write one of these")
    return days.pop() if days else text


def _triple(quad: Quad) -> Triple:
    return Triple(quad.subject, quad.predicate, as_term(quad.object))


def _text(raw: Any) -> str:
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, str):
        return raw
    raise DataError(f"{json.dumps(raw)[:60]} is not a text here")


def _well_formed(literal: Literal) -> Literal:
    if message := literals.fault(literal):
        raise DataError(message)
    return literal


def container_text(graph: Graph, node: Node) -> str:
    """What :func:`container` reads for what a source stands in; empty where it says more than that, or less."""
    said = graph.description(node)
    title = graph.value(node, DCTERMS_TITLE)
    kinds = [cls.removeprefix(PREFIXES["bibo"]) for cls in graph.types(node)]
    plain = isinstance(title, Literal) and title.language is None and title.datatype.value == XSD_STRING
    if said.keys() != {RDF_TYPE, DCTERMS_TITLE} or sum(map(len, said.values())) != 2 or not plain:
        return ""
    return f"{kinds[0]}: {title.value}" if kinds and kinds[0] in _CONTAINERS and isinstance(title, Literal) else ""


def container(subject: Node, text: str) -> list[Triple]:
    """``Journal: TITLE`` and the like, as what a source stands in; nothing for any other text."""
    part = _CONTAINER.fullmatch(text)
    return list(_container(subject, part)) if part and part[1] in _CONTAINERS else []


def _container(subject: Node, part: re.Match[str]) -> Iterator[Triple]:
    """``Journal: TITLE`` and the like."""
    if part[1] not in _CONTAINERS:
        yield Triple(subject, NamedNode(DCTERMS_IS_PART_OF), Literal(part[0]))
        return
    node = BlankNode()
    yield Triple(subject, NamedNode(DCTERMS_IS_PART_OF), node)
    yield Triple(node, NamedNode(RDF_TYPE), NamedNode(PREFIXES["bibo"] + part[1]))
    yield Triple(node, NamedNode(DCTERMS_TITLE), _well_formed(Literal(part[2])))


def contribution_of(text: str, lang: str = "") -> tuple[str, dict[str, str]]:
    """The agents of ``AGENTS (CONTRIBUTION@en; CONTRIBUTION@fr)``, and the contribution by language.

    :raises DataError: if neither it nor *lang* says in which language it is.
    """
    agents, said = _contribution(text)
    spoken: dict[str, str] = {}
    for one in filter(None, (piece.strip() for piece in said.split(";"))):
        tagged = _LANGUAGE.fullmatch(one)
        if not tagged and not lang:
            raise DataError(f"say the language of {one!r}: write ({one}@en)")
        spoken[tagged["lang"] if tagged else lang] = tagged["text"].strip() if tagged else one
    return agents, spoken


def container_of(text: str) -> str | None:
    """The class that ``Journal: TITLE`` and the like say; None for a text that says none."""
    part = _CONTAINER.fullmatch(text)
    return PREFIXES["bibo"] + part[1] if part and part[1] in _CONTAINERS else None


def is_plainly_said(text: str) -> bool:
    """Whether a cell is taken as the text that it is, rather than as JSON."""
    return not text.lstrip().startswith(("{", "["))


def _contribution(text: str) -> tuple[str, str]:
    """A text without what stands in brackets at its end, and that."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if depth == 0:
            return (text[:at].strip(), text[at + 1 : -1]) if text[at] == "(" else (text, "")
    return text, ""


def _list(subject: NamedNode | BlankNode, predicate: NamedNode, members: list[NamedNode]) -> Iterator[Triple]:
    nodes = [BlankNode() for _ in members]
    rest: list[BlankNode | NamedNode] = [*nodes[1:], NamedNode(RDF_NIL)]
    yield Triple(subject, predicate, nodes[0])
    for node, member, after in zip(nodes, members, rest, strict=True):
        yield Triple(node, NamedNode(RDF_FIRST), member)
        yield Triple(node, NamedNode(RDF_REST), after)
