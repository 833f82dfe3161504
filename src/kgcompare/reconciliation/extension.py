"""What the catalogue records of things, as values for the columns of somebody's table.

Source: Reconciliation Service API 0.2, section 6.5 (data extension responses).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.catalogue.values import Reader
from kgcompare.errors import UsageError
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.terms import (
    KGC_AGENT_LIST,
    XSD_DATE,
    XSD_DECIMAL,
    XSD_DOUBLE,
    XSD_FLOAT,
    XSD_INT,
    XSD_INTEGER,
    XSD_LONG,
    XSD_NON_NEGATIVE_INTEGER,
    XSD_SHORT,
)
from kgcompare.reconciliation.entities import Things
from kgcompare.reconciliation.request import Extension, Wanted
from kgcompare.store import deadline
from kgcompare.text.languages import best

_INTEGERS = {XSD_INTEGER, XSD_INT, XSD_LONG, XSD_SHORT, XSD_NON_NEGATIVE_INTEGER}
_NUMBERS = {XSD_DECIMAL, XSD_DOUBLE, XSD_FLOAT}


def extend(things: Things, asked: Extension) -> dict[str, Any]:
    """``meta`` names the properties asked for, ``rows`` has their values by thing and property.

    Things are told by id and name, years and other dates that are no days as they are recorded (EDTF). What is not
    recorded, and a thing that there is not, has no values.

    :raises UsageError: for a property that no kind of thing has.
    :raises StoreError: if the store cannot be read.
    """
    offered = {one["id"]: one["name"] for one in things.properties()}
    for wanted in asked.properties:
        if wanted.property not in offered:
            raise UsageError(f"there is no property {wanted.property[:40]!r}; there are {', '.join(offered)}")
    entries = {name: entry for name in asked.ids if (entry := things.entry(name))}
    names = [wanted.property for wanted in asked.properties]
    records = {entry.id: (reader, graph, f) for entry, reader, graph, f in things.records([*entries.values()], names)}
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    kinds: dict[str, set[str]] = {}
    for name in asked.ids:
        deadline.go_on()
        rows[name] = {wanted.property: [] for wanted in asked.properties}
        if name in entries:
            reader, graph, terms_of = records[entries[name].id]
            for wanted in asked.properties:
                terms = _members(graph, terms_of.get(wanted.property, ()))
                values, of = _values(things, reader, graph, terms, wanted)
                rows[name][wanted.property] = values
                kinds.setdefault(wanted.property, set()).update(of)
    meta: list[dict[str, Any]] = []
    for wanted in asked.properties:
        of = kinds.get(wanted.property, set())
        named = {"id": wanted.property, "name": offered[wanted.property]}
        meta.append({**named, "type": things.type(next(iter(of)))} if len(of) == 1 else named)
    return {"meta": meta, "rows": rows}


def _members(graph: Graph, terms: Iterable[Term]) -> list[Term]:
    """The terms, each origination and list as the things in it: a table wants them one by one."""
    things_in: dict[Term, None] = {}
    for term in terms:
        heads = [*graph.objects(term, KGC_AGENT_LIST), term] if isinstance(term, BlankNode) else []
        members = [member for head in heads for member in graph.members(head)]
        things_in.update(dict.fromkeys(members or [term]))
    return list(things_in)


def _values(
    things: Things, reader: Reader, graph: Graph, terms: Sequence[Term], wanted: Wanted
) -> tuple[list[dict[str, Any]], set[str]]:
    """The values of a property, texts in one language, and the kinds of the things among them."""
    tags = {term.language: term for term in terms if isinstance(term, Literal) and term.language}
    tag = spoken[0] if (spoken := best(tags, wanted.lang or reader.lang)) else None
    addresses = things.generation.index.addresses([term.value for term in terms if isinstance(term, NamedNode)])
    values: list[dict[str, Any]] = []
    kinds = set()
    for term in [t for t in terms if not isinstance(t, Literal) or t.language in {None, tag}][: wanted.most]:
        if isinstance(term, NamedNode) and term.value in addresses:
            kind, slug = addresses[term.value]
            values.append({"id": f"{kind}/{slug}", "name": reader.label(term.value)[1]})
            kinds.add(kind)
        elif isinstance(term, Literal):
            values.append(_of_literal(term))
        else:
            values.append({"str": reader.value(graph, term).text})
    return values, kinds


def _of_literal(term: Literal) -> dict[str, Any]:
    text, datatype = term.value, term.datatype.value
    if datatype in _INTEGERS and re.fullmatch(r"[+-]?\d{1,15}", text):
        return {"int": int(text)}
    if datatype in _NUMBERS and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", text, re.IGNORECASE | re.ASCII):
        return {"float": float(text)}
    if datatype == XSD_DATE and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return {"date": f"{text}T00:00:00Z"}
    return {"str": text}
