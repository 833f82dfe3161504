"""Comparisons, records and lists as JSON."""

from __future__ import annotations

import json
from typing import Any

from kgcompare.errors import ValidationReport
from kgcompare.model import Cell, Comparison, Fact, Page, Record, Thing, Value


def dumps(data: Any) -> str:
    """JSON as we write it: UTF-8, readable, with a newline at the end."""
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def comparison_json(found: Comparison) -> str:
    """A comparison, as interface documents have it: language, methods, rows, summary, unknown."""
    return dumps(
        {
            "language": found.language,
            "methods": [_thing(method) for method in found.methods],
            "rows": [
                {
                    "id": row.id,
                    "label": row.label,
                    "kind": row.kind,
                    "differs": row.differs,
                    "missing": row.missing,
                    "cells": [_cell(cell) for cell in row.cells],
                }
                for row in found.rows
            ],
            "summary": {"rows": found.total_rows, "compared": found.compared, "differing": found.differing},
            "unknown": list(found.unknown),
        }
    )


def record_json(found: Record) -> str:
    """A record: what it is, its facts in the shape's order, what it is linked with, and where it comes from."""
    data: dict[str, Any] = {
        **_thing(found.thing),
        "kind": found.thing.kind,
        "language": found.language,
        "facts": [_fact(fact) for fact in found.facts],
        "related": [
            {"id": group.id, "label": group.label, "values": [_value(value) for value in group.values]}
            for group in found.related
        ],
        "notes": [_value(note) for note in found.notes],
        "document": [_fact(fact) for fact in found.document],
    }
    if found.csl is not None:
        data["csl"] = dict(found.csl)
    return dumps(data)


def page_json(found: Page) -> str:
    """A page of a list, with its facets."""
    return dumps(
        {
            "total": found.total,
            "after": found.after,
            "things": [suggestion(thing) for thing in found.things],
            "facets": {
                name: [{"id": v.id, "iri": v.iri, "label": v.label, "lang": v.lang, "count": v.count} for v in values]
                for name, values in found.facets.items()
            },
        }
    )


def suggestion(thing: Thing) -> dict[str, Any]:
    """A thing as completions and lists have it."""
    return {**_thing(thing), "description": thing.description}


def report_json(report: ValidationReport) -> str:
    """A validation report."""
    return dumps(
        {
            "conforms": report.conforms,
            "records": report.records,
            "faults": [
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
            ],
        }
    )


def _thing(thing: Thing) -> dict[str, Any]:
    return {"id": thing.id, "iri": thing.iri, "label": thing.label, "lang": thing.lang}


def _cell(cell: Cell) -> dict[str, Any]:
    data: dict[str, Any] = {"text": cell.text, "values": [_value(value) for value in cell.values]}
    if cell.status != "recorded":
        data["status"] = cell.status
    return data


def _fact(fact: Fact) -> dict[str, Any]:
    data: dict[str, Any] = {"id": fact.id, "label": fact.label, "values": [_value(value) for value in fact.values]}
    if fact.status != "recorded":
        data["status"] = fact.status
    return data


def _value(value: Value) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if value.iri:
        data["iri"] = value.iri
    data["text"] = value.text
    if value.lang:
        data["lang"] = value.lang
    if value.url:
        data["url"] = value.url
    if value.links:
        data["links"] = [{"text": link.text, "iri": link.iri} for link in value.links]
    if value.sources:
        data["sources"] = [{"text": source.text, "iri": source.iri} for source in value.sources]
    return data
