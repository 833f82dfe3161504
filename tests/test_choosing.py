"""What one chooses methods by: rows that are there where recorded, groups of rows, what columns share and where they
depart."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from conftest import DATA, Run
from kgcompare import formats, ingest, report
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.comparison import Recorded, departures, in_common, verdict
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import UsageError
from kgcompare.model import Comparison, RowKind
from kgcompare.rdf.namespaces import DEFAULT_BASE
from kgcompare.rdf.terms import KGC_METHOD
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app

BASE = f"{DEFAULT_BASE}id/"
IDENTITY = [
    "domain", "family", "origin-year", "originator", "type", "founding-source", "alias", "related", "summary",
]  # fmt: skip
CHOOSING = ["aim", "data", "assumption", "result", "choose-when", "avoid-when", "software"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("choosing") / "store"
    ingest.create_store(path)
    ingest.import_files(path, [DATA / "choosing.ttl"], ingest.Options())
    return path


@pytest.fixture(scope="module")
def generation(store: Path) -> Iterator[Generation]:
    with Catalogue(EmbeddedStore(store)) as catalogue:
        yield catalogue.generation()


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[FlaskClient]:
    with Catalogue(EmbeddedStore(store)) as catalogue:
        yield create_app(catalogue=catalogue).test_client()


def ids(compared: Comparison) -> list[str]:
    return [row.id for row in compared.rows]


# -- rows that are there where something is recorded ---------------------------------------------------


def test_rows_to_choose_by_stand_after_what_a_method_is(generation: Generation) -> None:
    compared = generation.compare(["one", "two"])
    assert ids(compared) == IDENTITY + CHOOSING
    assert [row.group for row in compared.rows] == ["What it is"] * 9 + ["Choosing"] * 7
    assert [row.group for row in generation.compare(["one", "two"], "fr").rows][8:10] == ["Ce que c’est", "Choisir"]


def test_a_row_without_a_value_in_any_column_is_left_out(generation: Generation) -> None:
    compared = generation.compare(["two", "three"])
    assert ids(compared) == [*IDENTITY, "aim", "data", "assumption", "software"]
    assert compared.row("assumption").cells[1].status == "none"
    assert ids(generation.compare(["four", "five"])) == IDENTITY, "a catalogue without them looks as before"
    summary = generation.compare(["four", "five"])
    assert (summary.total_rows, summary.compared, list(summary.groups)) == (9, 8, ["identity"])


def test_remarks_and_software_are_never_compared(generation: Generation) -> None:
    compared = generation.compare(["one", "two"])
    assert {row.id: row.kind for row in compared.rows if row.differs is None} == {
        "alias": "name", "choose-when": "remark", "avoid-when": "remark", "software": "name",
    }  # fmt: skip
    assert (compared.total_rows, compared.compared) == (16, 12)
    when = generation.compare(["one", "two"], "fr").row("choose-when").cells[0]
    assert (when.text, when.values[0].lang) == ("À prendre quand peu comptent.", "fr")
    other = generation.compare(["one", "two"], "fr").row("avoid-when").cells[0]
    assert other.values[0].lang == "en", "a text borrowed from another language says so"


def test_software_stands_under_its_language(generation: Generation) -> None:
    cell = generation.compare(["one"]).row("software").cells[0]
    assert cell.text == "Python: sklearn.One, stats.one; R: glm::one"
    assert [(value.text, value.under, value.iri) for value in cell.values] == [
        ("sklearn.One", "Python", BASE + "software/sklearn-one"),
        ("stats.one", "Python", BASE + "software/stats-one"),
        ("glm::one", "R", BASE + "software/glm-one"),
    ]
    assert cell.values[0].url == "https://scikit-learn.org/one.html"


def test_what_an_assumption_means_is_said_and_what_a_domain_means_is_not(generation: Generation) -> None:
    compared = generation.compare(["one"], "fr")
    assumption = compared.row("assumption").cells[0].values[0]
    assert (assumption.text, assumption.lang) == ("Linear effects", "en")
    assert (assumption.description, assumption.description_lang) == ("Les effets s’ajoutent.", "fr")
    assert compared.row("domain").cells[0].values[0].description is None


# -- groups --------------------------------------------------------------------------------------------


def test_one_group_of_rows_alone(generation: Generation) -> None:
    compared = generation.compare(["one", "two"], rows="choosing")
    assert ids(compared) == CHOOSING
    assert (compared.total_rows, compared.compared, compared.differing) == (7, 4, 1)
    assert compared.groups == {"identity": "What it is", "choosing": "Choosing"}, "what else there is, is known"
    assert ids(generation.compare(["one", "two"], rows="identity")) == IDENTITY
    assert ids(generation.compare(["four", "five"], rows="choosing")) == []
    with pytest.raises(UsageError, match="no group of rows 'odd'; the groups are: identity, choosing"):
        generation.compare(["one", "two"], rows="odd")


def test_rows_in_an_address_and_on_the_command_line(client: FlaskClient, store: Path, run: Run) -> None:
    data = client.get("/compare.json?method=one&method=two&rows=choosing").get_json()
    assert [row["id"] for row in data["rows"]] == CHOOSING
    assert {row["group"] for row in data["rows"]} == {"Choosing"}
    refused = client.get("/compare.json?method=one&rows=odd")
    assert (refused.status_code, "identity, choosing" in refused.get_json()["detail"]) == (400, True)
    written = run("compare", "one", "two", "--rows", "choosing", "--format", "csv", "--store", store)
    assert written.code == 0
    assert written.out == client.get("/compare.csv?method=one&method=two&rows=choosing").get_data(as_text=True)
    assert [line[0] for line in csv.reader(io.StringIO(written.out))] == ["row", *CHOOSING]
    assert run("compare", "one", "--rows", "odd", "--store", store).code == 2


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("table", "CHOOSING"),
        ("md", "| ***Choosing*** |  |  |"),
        ("html", '<tr><th scope="rowgroup" colspan="3">Choosing</th></tr>'),
        ("tex", r"\multicolumn{3}{l}{\textbf{\textit{Choosing}}} \tabularnewline*"),
    ],
)
def test_tables_have_headings_where_there_are_several(generation: Generation, name: str, heading: str) -> None:
    def lines(rows: str = "") -> list[str]:
        return formats.render(generation.compare(["one", "two"], rows=rows), name, DEFAULT_BASE).splitlines()

    assert heading in [line.rstrip() for line in lines()]
    assert heading not in [line.rstrip() for line in lines("choosing")], "one group alone needs none"


def test_only_differences_names_what_is_not_recorded(generation: Generation) -> None:
    compared = generation.compare(["one", "two"], only_differences=True)
    assert ids(compared) == ["related", "aim", "result", "choose-when", "avoid-when"]
    unrecorded = ["family", "origin-year", "originator", "type", "founding-source", "summary"]
    assert [row.id for row in compared.unrecorded] == unrecorded
    data = json.loads(formats.render(compared, "json", DEFAULT_BASE))
    assert data["summary"]["unrecorded"] == unrecorded


# -- what is shared, and what departs ------------------------------------------------------------------


def test_related_things_are_compared_by_what_they_are(generation: Generation) -> None:
    row = generation.compare(["one", "two"]).row("related")
    assert [cell.text for cell in row.cells] == ["3", "3"], "it reads as a count"
    assert (row.differs, row.shared) == (True, 1)
    assert [[(value.text, value.shared) for value in cell.values] for cell in row.cells] == [
        [("Four", True), ("Five", False), ("Two", False)],
        [("Four", True), ("One", False), ("Six", False)],
    ]
    data = json.loads(formats.render(generation.compare(["one", "two"]), "json", DEFAULT_BASE))
    said = next(row for row in data["rows"] if row["id"] == "related")
    assert said["shared"] == 1
    assert [value.get("shared") for value in said["cells"][0]["values"]] == [True, None, None]
    assert {row["id"]: row["shared"] for row in data["rows"] if "shared" in row} == {
        "alias": 1, "related": 1, "aim": 1, "software": 1,
    }  # fmt: skip


def test_aliases_and_software_that_columns_share_are_known(generation: Generation) -> None:
    compared = generation.compare(["one", "two", "three"])
    assert [v.text for v in compared.row("alias").cells[0].values if v.shared] == ["Same"]
    assert [v.text for v in compared.row("software").cells[0].values if v.shared] == ["glm::one"]
    assert compared.row("alias").cells[0].text == "First, Same"


def test_cells_depart_from_what_most_say(generation: Generation) -> None:
    compared = generation.compare(["one", "two", "three"])
    departing = {row.id: [cell.departs for cell in row.cells] for row in compared.rows}
    assert departing["domain"] == [False, False, True]
    assert departing["aim"] == [True, False, False]
    assert departing["assumption"] == [False, False, True], "none is something else than what most assume"
    assert departing["related"] == [False] * 3, "where all differ none departs"
    assert departing["alias"] == departing["choose-when"] == [False] * 3
    two = generation.compare(["one", "three"])
    assert not any(cell.departs for row in two.rows for cell in row.cells), "of two neither is the exception"


def had(*texts: str, lang: str | None = None) -> Recorded:
    return Recorded(frozenset((text, lang) for text in texts))


NOTHING, NONE = Recorded(frozenset(), "not-recorded"), Recorded(frozenset(), "none")


@pytest.mark.parametrize(
    ("kind", "columns", "departing"),
    [
        ("value", [had("a"), had("a"), had("b"), had("b")], ""),
        ("value", [had("a"), had("a"), had("a"), had("b"), had("c")], "34"),
        ("value", [had("a"), NOTHING, had("a"), NONE], "3"),
        ("value", [had("a"), NOTHING, had("b")], ""),
        ("value", [had("a"), had("a"), had("a")], ""),
        ("count", [had("a", "b"), had("b", "a"), had("a")], "2"),
        ("text", [had("a", lang="en"), had("a", lang="en"), had("b", lang="en")], "2"),
        ("text", [had("a", lang="en"), had("a", lang="fr"), had("b", lang="en")], ""),
        ("name", [had("a"), had("a"), had("b")], ""),
        ("remark", [had("a", lang="en"), had("a", lang="en"), had("b", lang="en")], ""),
    ],
)
def test_departures(kind: RowKind, columns: list[Recorded], departing: str) -> None:
    departs = [str(place) in departing for place in range(len(columns))]
    assert departures(kind, columns, verdict(kind, columns)) == departs


@pytest.mark.parametrize(
    ("kind", "columns", "common"),
    [
        ("count", [had("a", "b"), had("b", "c"), had("c")], {"b", "c"}),
        ("value", [had("a"), had("b")], set()),
        ("value", [had("a"), had("a")], None),
        ("name", [had("a"), had("a")], {"a"}),
        ("count", [had("a")], None),
        ("text", [had("a", lang="en"), had("b", lang="en")], None),
        ("remark", [had("a", lang="en"), had("a", lang="en")], None),
    ],
)
def test_what_columns_have_in_common(kind: RowKind, columns: list[Recorded], common: set[str] | None) -> None:
    found = in_common(kind, columns, verdict(kind, columns))
    assert (None if found is None else {key for key, _ in found}) == common


# -- records and reports -------------------------------------------------------------------------------


def test_a_record_has_a_line_for_what_is_recorded_alone(client: FlaskClient) -> None:
    page = client.get("/method/one").get_data(as_text=True)
    for text in ("Linear effects", "Take it when few matter.", "sklearn.One", "https://scikit-learn.org/one.html"):
        assert text in page
    other = client.get("/method/four").get_data(as_text=True)
    for label in ("Assumption", "When to choose it", "Software</dt>"):
        assert label not in other
    assert "<dt>Assumption</dt>" in client.get("/method/three").get_data(as_text=True), "none is known"


def test_software_is_no_other_name_of_a_method(client: FlaskClient) -> None:
    page = client.get("/method/one").get_data(as_text=True)
    also = page[page.index("Also called") : page.index("</ul>", page.index("Also called"))]
    assert "Same" in also
    assert "sklearn" not in also
    assert '"alternateName": ["sklearn' not in page


def test_concepts_and_software_have_pages_and_lists(client: FlaskClient) -> None:
    for address, text in {
        "/aim/predict": "regression",
        "/result/coefficients": "One",
        "/software/scikit-learn": "sklearn.One",
        "/software/sklearn-one": "scikit-learn",
        "/aims": "Select",
        "/data": "Table",
        "/assumptions": "Linear effects",
        "/results": "Coefficients",
        "/software": "glm::one",
        "/methods?aim=select": "One",
    }.items():
        page = client.get(address)
        assert (page.status_code, text in page.get_data(as_text=True)) == (200, True), address


def test_a_report_has_rows_where_something_is_recorded(generation: Generation, hostile: Generation) -> None:
    states = (
        next(s for s in report.make(g, validate=False).states if s.item.iri == KGC_METHOD)
        for g in (generation, hostile)
    )
    with_them, without = ([row.item.id for row in state.rows] for state in states)
    assert [name for name in with_them if name in CHOOSING] == CHOOSING
    assert not [name for name in without if name in CHOOSING]
