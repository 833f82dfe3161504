"""Comparisons, records and lists as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import cast
from urllib.parse import quote

from kgcompare.catalogue.finder import FinderState, Option
from kgcompare.errors import ValidationReport
from kgcompare.model import (
    Cell,
    Comparison,
    CslItem,
    Fact,
    Group,
    Json,
    Page,
    Record,
    Row,
    Sentence,
    Thing,
    Value,
)

JsonObject = dict[str, Json]
"""A JSON object."""


def dumps(data: Mapping[str, object] | Sequence[object]) -> str:
    """An object or a list as the JSON that we write: UTF-8, readable, with a newline at the end."""
    return _indented(data, "\n") + "\n"


def _indented(value: object, line: str) -> str:
    """What ``json.dumps(value, ensure_ascii=False, indent=1)`` writes, in half its time: json indents in Python, piece
    by piece. *line* is a new line as deep as the value stands."""
    within = line + " "
    if isinstance(value, dict) and value:
        pairs = [
            f"{encode_basestring(name)}: {encode_basestring(one) if isinstance(one, str) else _indented(one, within)}"
            for name, one in value.items()
        ]
        return "{" + within + ("," + within).join(pairs) + line + "}"
    if isinstance(value, list | tuple) and value:
        return "[" + within + ("," + within).join([_indented(one, within) for one in value]) + line + "]"
    return _PLAIN(value)


_PLAIN = json.JSONEncoder(ensure_ascii=False).encode


def csl_object(item: CslItem) -> JsonObject:
    """A CSL-JSON item as the JSON object that it is."""
    return cast("JsonObject", {name: value for name, value in item.items() if name != "et-al"})


def comparison_json(comparison: Comparison, at: JsonObject | None = None) -> str:
    """A comparison, as interface documents have it: language, methods, rows, summary, and what is not there; *at* what
    says when that was, of a comparison of the past."""
    return dumps(
        {
            "language": comparison.language,
            "methods": [_thing(method) for method in comparison.methods],
            "rows": [_row(row) for row in comparison.rows],
            "summary": {
                "rows": comparison.total_rows,
                "compared": comparison.compared,
                "differing": comparison.differing,
                **({"unrecorded": [row.id for row in comparison.unrecorded]} if comparison.unrecorded else {}),
                "sentences": [_sentence(sentence) for sentence in comparison.sentences],
            },
            "unknown": list(comparison.unknown),
            **({"at": at} if at else {}),
        }
    )


def _row(row: Row) -> JsonObject:
    data: JsonObject = {"id": row.id, "label": row.label, "kind": row.kind}
    if row.group is not None:
        data["group"] = row.group
    data |= {"differs": row.differs, "missing": row.missing}
    if row.shared or (row.kind == "count" and row.shared is not None):
        data["shared"] = row.shared
    return data | {"cells": [_cell(cell) for cell in row.cells]}


def _sentence(sentence: Sentence) -> JsonObject:
    """A sentence, and the IRIs of what it is about."""
    return {
        "text": sentence.text,
        "lang": sentence.lang,
        "about": list(sentence.about),
        "warning": sentence.warning,
    }


def record_json(record: Record) -> str:
    """A record: what it is, its facts in the shape's order, what it is linked with, and where it comes from."""
    data: JsonObject = {
        **_thing(record.thing),
        "kind": record.thing.kind,
        "language": record.language,
        "facts": [_fact(fact) for fact in record.facts],
        "related": [_group(group) for group in record.related],
        "notes": [_value(note) for note in record.notes],
        "document": [_fact(fact) for fact in record.document],
    }
    if record.csl is not None:
        data["csl"] = csl_object(record.csl)
    return dumps(data)


def _group(group: Group) -> JsonObject:
    data: JsonObject = {"id": group.id, "label": group.label, "values": [_value(value) for value in group.values]}
    return data | {"more": group.more} if group.more else data


def page_json(page: Page) -> str:
    """A page of a list, with its facets; ``compare`` and ``understood`` only where the words name several things, or
    values of facets."""
    understood = [{"facet": one.facet, "id": one.id, "label": one.label} for one in page.understood]
    meant = {"compare": [{"id": one.id, "label": one.label} for one in page.compare], "understood": understood}
    return dumps(
        {
            **{name: what for name, what in meant.items() if what},
            "total": page.total,
            "after": page.after,
            "things": [suggestion(thing) for thing in page.things],
            "facets": {
                name: [
                    {"id": v.id, "iri": v.iri or None, "label": v.label, "lang": v.lang, "count": v.count}
                    for v in values
                ]
                for name, values in page.facets.items()
            },
        }
    )


def finder_json(state: FinderState) -> str:
    """Where somebody stands in a finder: its steps with what can be chosen, and the things left."""
    return dumps(
        {
            "total": state.page.total,
            "after": state.page.after,
            "things": [suggestion(thing) for thing in state.page.things],
            "steps": [
                {
                    "id": step.id,
                    "label": step.label,
                    "chosen": [_thing(thing) for thing in step.chosen],
                    "denied": [_thing(thing) for thing in step.denied],
                    "options": [_option(option) for option in step.options],
                    "more": step.more,
                    "not_recorded": step.unrecorded,
                }
                for step in state.steps
            ],
            "meant": [{"step": step, **_option(option)} for step, option in state.meant],
            "unknown": [f"{facet}={slug}" for facet, slug in state.unknown],
        }
    )


def _option(option: Option) -> JsonObject:
    return {**suggestion(option.thing), "count": option.count, "left": option.left}


def suggestion(thing: Thing) -> JsonObject:
    """A thing as completions and lists have it."""
    return {**_thing(thing), "description": thing.description}


def comparison_suggestion(things: Sequence[Thing], label: str, base: str) -> JsonObject:
    """The comparison of several things as a completion: its IRI is its address under the base, as RDF names it."""
    ids = [thing.id for thing in things]
    parameters = "&".join("method=" + quote(name, safe="") for name in ids)
    return {
        "id": "+".join(ids),
        "iri": f"{base}compare?{parameters}",
        "label": label,
        "lang": None,
        "description": None,
        "compare": list(ids),
    }


def report_json(report: ValidationReport) -> str:
    """A validation report."""
    return dumps(
        {
            "conforms": report.conforms,
            "records": report.records,
            "faults": faults_json(report),
        }
    )


def faults_json(report: ValidationReport) -> list[JsonObject]:
    """What a validation found, an object each."""
    return [
        {
            "severity": fault.severity,
            "file": fault.file,
            "line": fault.line,
            "focusNode": fault.focus_node,
            "path": fault.path,
            "value": fault.value,
            "message": fault.message,
            "constraint": fault.constraint,
        }
        for fault in report.faults
    ]


def _thing(thing: Thing) -> JsonObject:
    data: JsonObject = {"id": thing.id, "iri": thing.iri or None, "label": thing.label, "lang": thing.lang}
    if thing.whence is not None:
        whence: JsonObject = {"name": thing.whence.name, "address": thing.whence.address}
        data["catalogue"] = whence | ({"answered": False} if thing.whence.silent else {})
    return data


def _cell(cell: Cell) -> JsonObject:
    data: JsonObject = {"text": cell.text, "values": [_value(value) for value in cell.values]}
    if cell.status != "recorded":
        data["status"] = cell.status
    if cell.departs:
        data["departs"] = True
    return data


def _fact(fact: Fact) -> JsonObject:
    data: JsonObject = {"id": fact.id, "label": fact.label, "values": [_value(value) for value in fact.values]}
    if fact.status != "recorded":
        data["status"] = fact.status
    return data


def _value(value: Value) -> JsonObject:
    data: JsonObject = {}
    if value.iri:
        data["iri"] = value.iri
    data["text"] = value.text
    if value.lang:
        data["lang"] = value.lang
    if value.under:
        data["under"] = value.under
    if value.description:
        data["description"] = value.description
        if value.description_lang:
            data["descriptionLang"] = value.description_lang
    if value.shared:
        data["shared"] = True
    if value.url:
        data["url"] = value.url
    if value.links:
        data["links"] = [{"text": link.text, "iri": link.iri} for link in value.links]
    if value.sources:
        data["sources"] = [{"text": source.text, "iri": source.iri} for source in value.sources]
    return data
