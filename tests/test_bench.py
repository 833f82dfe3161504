"""The benchmark tells wrong answers apart, and what is published of a run is made from its results."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

BENCH = Path(__file__).parents[1] / "bench"
sys.path.insert(0, str(BENCH))

import agreement  # noqa: E402
import figures  # noqa: E402
import publish  # noqa: E402
from measures import Row, Set, row_of  # noqa: E402

PAIR = ["transfer-learning-gan", "transfer-learning-diffusion"]


@pytest.fixture(scope="module")
def own(bundled_store: Path) -> agreement.Own:
    return agreement.Own(Set(0, bundled_store, bundled_store, PAIR, 1))


def test_an_engine_that_says_the_same_passes(own: agreement.Own) -> None:
    own.check(PAIR, "an engine", own.cells(PAIR))


def test_a_value_that_is_missing_and_one_that_is_too_many_are_told(own: agreement.Own) -> None:
    cells = own.cells(PAIR)
    place = next(place for place, values in cells.items() if len(values) > 1)
    gone = sorted(cells[place])[0]
    cells[place] = {*cells[place], '"more"@en'} - {gone}
    with pytest.raises(agreement.Different) as fault:
        own.check(PAIR, "an engine", cells)
    told = str(fault.value)
    assert f"an engine: - {place[0]} of {place[1]}: {gone}" in told
    assert f'an engine: + {place[0]} of {place[1]}: "more"@en' in told
    assert "JSON" not in told


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (lambda value: {**value, "iri": "urn:another"} if "iri" in value else value, "things"),
        (lambda value: {**value, "text": "else"} if "lang" in value and "iri" not in value else value, "texts"),
        (lambda value: {k: v for k, v in value.items() if k != "links"}, "links"),
    ],
)
def test_json_that_shows_something_else_is_told(own: agreement.Own, wrong: Any, what: str) -> None:
    page = json.loads(own.json(PAIR))
    for row in page["rows"]:
        for cell in row["cells"]:
            cell["values"] = [wrong(value) for value in cell["values"]]
    assert any(what in line for line in agreement.hidden(own.cells(PAIR), json.dumps(page)))


def test_solutions_are_read_as_engines_write_them() -> None:
    cell = {"rowId": {"type": "literal", "value": "r"}, "method": {"type": "uri", "value": "urn:m"}}
    text = {"type": "literal", "value": "a", "datatype": "http://www.w3.org/2001/XMLSchema#string"}
    typed = {"type": "typed-literal", "value": "1", "datatype": "http://www.w3.org/2001/XMLSchema#integer"}
    blank = {"type": "bnode", "value": "b0"}
    told = [{**cell, "value": one} for one in (text, typed, {"type": "uri", "value": "urn:x"})]
    told += [{**cell, "value": {**text, "xml:lang": "en"}}, {**cell, "value": blank, "key": text}, cell]
    assert agreement.cells_of(told) == {
        ("r", "urn:m"): {'"a"', '"1"^^<http://www.w3.org/2001/XMLSchema#integer>', "<urn:x>", '"a"@en'}
    }


def _result() -> dict[str, Any]:
    rows = [row_of(figures.SERVED, size, [4.0, 6.0, 50.0]) for size in (1000, 100_000)]
    rows += [row_of("oxigraph serve, queries/compare.rq", size, [9.0]) for size in (1000, 100_000)]
    rows += [Row("size of the store", 100_000, 1200.0, "MB")]
    rows += figures.derived(rows)
    now = {"load": 0.1, "loops": 40.0}
    about = {"made": "2026-01-01", "cores": 2, "processor": "P", "memory": 24.0, "system": "S", "versions": {"a": "1"}}
    told = [{**row.as_dict(), "part": ""} for row in rows]
    return {**about, "before": now, "after": now, "rows": told, "left out": ["virtuoso, 1,000 methods: not installed"]}


def test_a_table_says_what_is_reached_where_it_counts() -> None:
    lines = {line.split(" | ")[0][2:]: line for line in publish.table(_result()).splitlines() if line.startswith("| ")}
    assert lines[figures.SERVED].startswith(f"| {figures.SERVED} | 6 ms (50) | 6 ms (50) | <= 8 ms | yes |")
    assert lines["times as fast as oxigraph serve"].split(" | ")[1:5] == ["1.5", "1.5", ">= 1", "yes"]
    assert lines["size of the store"].split(" | ")[1:5] == ["", "1,200 MB", "<= 1,000 MB", "**no**"]
    assert "Left out: virtuoso" in publish.table(_result())


def test_the_picture_draws_everybody_once_and_labels_apart() -> None:
    drawn = ElementTree.fromstring(publish.picture(_result()))
    name = "{http://www.w3.org/2000/svg}"
    labels = [group.find(f"{name}text") for group in drawn.iter(f"{name}g")]
    assert [re.sub(r" [\d.]+ ms", "", label.text or "") for label in labels if label is not None] == [
        *("kgcompare, HTTP", "oxigraph serve"),
    ]
    heights = sorted(float(label.attrib["y"]) for label in labels if label is not None)
    assert heights[1] - heights[0] >= 15


def test_what_is_published_is_made_from_the_results() -> None:
    result = json.loads(publish.RESULTS.read_text(encoding="utf-8"))
    page = publish.README.read_text(encoding="utf-8")
    assert publish.filled(page, result) == page, "run: python bench/publish.py"
    assert publish.PICTURE.read_text(encoding="utf-8") == publish.picture(result), "run: python bench/publish.py"
