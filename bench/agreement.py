"""Whether everybody says the same of methods side by side, which is looked at before anybody is timed.

What is right is what queries/compare.rq gives on kgcompare's own store. An engine is to give the same values by row
and method; kgcompare's JSON, which shows texts in one language and a structured value by its links, is to show these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from measures import Set
from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue import Catalogue
from kgcompare.formats.json import comparison_json
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.queries import load
from kgcompare.store.embedded import EmbeddedStore

Binding = Mapping[str, Mapping[str, str]]
"""A solution as SPARQL 1.1 Query Results JSON Format has it."""
Cells = dict[tuple[str, str], set[str]]
"""(row id, IRI of the method) -> the values, as Turtle writes them; a structured value by its comparison key."""
_STRING = "http://www.w3.org/2001/XMLSchema#string"
MOST = 20
"""Lines of differences that are told."""


class Different(Exception):
    """An engine says something else; its text is the lines in which."""


class Own:
    """What kgcompare says: the cells by its own engine, and its JSON."""

    def __init__(self, run: Set) -> None:
        self._store = EmbeddedStore(run.store)
        self._generation = Catalogue(self._store).generation()

    def cells(self, slugs: Sequence[str]) -> Cells:
        """What queries/compare.rq gives."""
        found: Cells = {}
        for _, row, method, value, _ in self._store.snapshot().select(compare_query(slugs)).rows:
            assert isinstance(row, Literal)
            assert isinstance(method, NamedNode)
            if value is not None:
                found.setdefault((row.value, method.value), set()).add(str(value))
        return found

    def json(self, slugs: Sequence[str]) -> str:
        """The comparison as people get it."""
        return comparison_json(self._generation.compare(slugs))

    def check(self, slugs: Sequence[str], name: str, theirs: Cells) -> None:
        """Passes if an engine gives the same cells, and our JSON shows them.

        :raises Different: if not.
        """
        cells = self.cells(slugs)
        lines = [f"{name}: {line}" for line in differences(cells, theirs)]
        lines += [f"kgcompare's JSON: {line}" for line in hidden(cells, self.json(slugs))]
        if lines:
            more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
            raise Different("\n".join([f"methods {', '.join(slugs)}", *lines[:MOST], *more]))


def compare_query(slugs: Sequence[str]) -> str:
    """queries/compare.rq for some methods."""
    base = Base()
    return load("compare").bind(method=[NamedNode(base.record("method", slug)) for slug in slugs])


def cells_of(bindings: Sequence[Binding]) -> Cells:
    """The cells of solutions of queries/compare.rq or of bench/cells.rq, which tells ``?key`` beside a blank node."""
    found: Cells = {}
    for binding in bindings:
        value = binding.get("key") or binding.get("value")
        if value is not None:
            found.setdefault((binding["rowId"]["value"], binding["method"]["value"]), set()).add(_term(value))
    return found


def _term(told: Mapping[str, str]) -> str:
    if told["type"] == "uri":
        return str(NamedNode(told["value"]))
    if told["type"] == "bnode":
        return "a blank node"
    if tag := told.get("xml:lang"):
        return str(Literal(told["value"], language=tag))
    return str(Literal(told["value"], datatype=NamedNode(told.get("datatype", _STRING))))


def differences(ours: Cells, theirs: Cells) -> list[str]:
    """The values that only one side gives, a line each, in order."""
    lines = []
    for row, method in sorted({*ours, *theirs}):
        here, there = ours.get((row, method), set()), theirs.get((row, method), set())
        lines += [f"- {row} of {method}: {value}" for value in sorted(here - there)]
        lines += [f"+ {row} of {method}: {value}" for value in sorted(there - here)]
    return lines


def hidden(cells: Cells, page: str) -> list[str]:
    """What a comparison in JSON does not show of some cells, or shows beyond them, a line each."""
    told = json.loads(page)
    shown: dict[tuple[str, str], list[dict[str, Any]]] = {
        (row["id"], method["iri"]): cell["values"]
        for row in told["rows"]
        for method, cell in zip(told["methods"], row["cells"], strict=True)
    }
    lines = []
    for place in sorted({*cells, *shown}):
        for what, ours, theirs in _compared(cells.get(place, set()), shown.get(place, [])):
            if ours != theirs:
                lines.append(f"{place[0]} of {place[1]}: {what} {theirs}, to be {ours}")
    return lines


def _compared(values: set[str], shown: Sequence[Mapping[str, Any]]) -> list[tuple[str, object, object]]:
    """What is to be equal: things by IRI, structured values by the IRIs in them, texts, and how many others."""
    things = {value[1:-1] for value in values if value.startswith("<")}
    structured = {value for value in values if value.startswith('"[')}
    tagged = {value for value in values if value.startswith('"') and re.search(r'"@[A-Za-z0-9-]+$', value)}
    others = values - structured - tagged - {f"<{thing}>" for thing in things}
    inside = sorted(iri for value in structured for iri in re.findall(r"<([^>]*/id/[^>]*)>", value))
    plain = [one for one in shown if "iri" not in one and "links" not in one]
    texts = {str(Literal(one["text"], language=one["lang"])) for one in plain if "lang" in one}
    return [
        ("things", things, {one["iri"] for one in shown if "iri" in one}),
        ("links", inside, sorted(link["iri"] for one in shown for link in one.get("links", []) if "iri" in link)),
        ("texts that nobody recorded", set(), texts - tagged),
        ("texts at all", bool(tagged), bool(texts)),
        ("values without a language", len(others), sum("lang" not in one for one in plain)),
    ]
