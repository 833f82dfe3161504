"""Tables: columns made from the shapes; spreadsheets come in, or the report says which cell keeps them out."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Ran, Run
from kgcompare import ingest
from kgcompare.rdf.terms import LABELS
from kgcompare.store.embedded import EmbeddedStore

DATA = Path(__file__).parent / "data"
Bring = Callable[..., Ran]


@pytest.fixture
def store(own_store: Path) -> Path:
    """A store with a few records, of its own."""
    return own_store


@pytest.fixture
def bring(run: Run, store: Path, tmp_path: Path) -> Bring:
    """Imports a file with some content into the store."""

    def bringing(content: str | bytes, *options: object, name: str = "table.csv") -> Ran:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return run("import", "--store", store, path, *options)

    return bringing


@pytest.fixture
def shown(run: Run, store: Path) -> Callable[..., str]:
    """A record as Turtle."""

    def showing(slug: str, kind: str = "method") -> str:
        ran = run("show", slug, "--store", store, "--kind", kind, "--format", "ttl")
        assert ran.code == 0, ran.err
        return ran.out

    return showing


def _dump(store: Path) -> set[str]:
    return {str(quad) for quad in EmbeddedStore(store).snapshot().quads()}


ROW = (
    "new,New method,Méthode nouvelle,deep-learning,Statistics,1996/2001,"
    '"Ian Goodfellow; et al. (GAN@en; GAN@fr) | robert-tibshirani",A\\|B|C,"Says ""it"","'
    "\r\n"
)
HEADS = "id,name@en,name@fr,domain,family,origin-year,originator,alias@en,summary@en\r\n"


def test_the_columns_are_those_of_the_shape(run: Run, store: Path) -> None:
    """The template has the heads alone on stdout, and a new row of a shape is a new column."""
    ran = run("template", "csv", "--store", store)
    (heads,) = csv.reader(io.StringIO(ran.out))
    assert {"id", "name@en", "name@fr", "summary@fr", "origin-year", "originator", "extends", "software"} <= set(heads)
    assert "licence" not in heads
    assert not {"originStart", "creator", "comparisonKey"} & set(heads)  # these are derived
    with_row = run("template", "csv", "--store", store, "--shapes", DATA / "licence_row.ttl")
    assert "licence" in next(csv.reader(io.StringIO(with_row.out)))
    line = json.loads(run("template", "jsonl", "--store", store, "--kind", "agent").out)
    assert set(line) >= {"id", "class", "name", "family-name"}


def test_a_row_is_a_record(bring: Bring, shown: Callable[..., str]) -> None:
    """Things by slug and by name, ordered agents with their contribution, several values, quotation marks."""
    ran = bring(HEADS + ROW)
    assert (ran.code, ran.err.partition(";")[0]) == (0, "1 added, 0 replaced, 0 unchanged")
    said = shown("new")
    for part in (
        '"New method"@en', '"Méthode nouvelle"@fr', "domain:deep-learning", "family:statistics", '"A|B"@en', '"C"@en',
        '"Says \\"it\\","@en', '"1996/2001"', "kgc:originEnd 2001", '"GAN"@fr', "kgc:etAl true", "kgc:order 2",
    ):  # fmt: skip
        assert part in said, part
    assert said.index("agent:ian-goodfellow") < said.index("agent:robert-tibshirani")


def _excel(text: str, coding: str) -> bytes:
    rows = list(csv.reader(io.StringIO(text)))
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([*row, "", ""] for row in [*rows, [""] * 9])
    return out.getvalue().encode(coding)


@pytest.mark.parametrize("coding", ["utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_spreadsheets_save_comes_in(bring: Bring, shown: Callable[..., str], coding: str, packed: bool) -> None:
    """Semicolons, a byte order mark, Windows-1252, empty lines and columns at the end; packed as well."""
    data = _excel(HEADS + ROW, coding)
    ran = bring(gzip.compress(data), name="t.csv.gz") if packed else bring(data)
    assert ran.code == 0, ran.err
    assert ("Windows-1252" in ran.err) == (coding == "cp1252")
    assert '"Méthode nouvelle"@fr' in shown("new")


@pytest.mark.parametrize("name", ["calc-utf8", "calc-ansi", "calc-utf16"])
def test_what_calc_saved_comes_in(run: Run, store: Path, shown: Callable[..., str], name: str) -> None:
    """Files as LibreOffice Calc 7.4 saved them: commas and UTF-8, semicolons and Windows-1252, tabs and UTF-16."""
    ran = run("import", "--store", store, DATA / f"spreadsheets/{name}.csv")
    assert ran.code == 0, ran.err
    one = shown("calc-one")
    assert '"Fait avec Calc – « ça »"@fr' in one
    assert "On two lines, with ‘smart’ signs." in one
    assert '"1996-03-15"^^edtf:EDTF' in shown("calc-three")


def test_files_of_excel_say_their_separator_after_a_mark(bring: Bring, shown: Callable[..., str]) -> None:
    """``sep=;`` in the first line, before it a byte order mark, and lines of old Macs."""
    for number, (start, end) in enumerate([("\ufeffsep=;", "\r\n"), ("sep=\t", "\r\n"), ("\ufeff", "\r")]):
        sign = "\t" if "\t" in start else ";"
        lines = ["id;name@en;summary@en;;", f'new-{number};New;"a, b";;', ";;;;"]
        text = end.join([*([start] if "sep" in start else []), *(line.replace(";", sign) for line in lines), ""])
        ran = bring(text if "sep" in start else start + text)
        assert ran.code == 0, ran.err
        assert '"a, b"@en' in shown(f"new-{number}")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("15/03/1996", "1996-03-15"),
        ("3/15/1996", "1996-03-15"),
        ("05/05/1996", "1996-05-05"),
        ("15.03.1996", "1996-03-15"),
        ("1996-03-15 00:00:00", "1996-03-15"),
        ('"1996,00"', "1996"),
        ("\u00a01996\u00a0", "1996"),
        ("01/02/1996", "'01/02/1996' may be 1996-01-02 or 1996-02-01; write one of these"),
        ("35139", "'35139' is no year; a spreadsheet calls the day 1996-03-15 so"),
        ("########", "what a spreadsheet shows for a formula that fails"),
        ("#N/A", "what a spreadsheet shows for a formula that fails"),
        ("Mar-96", "is not a date in EDTF"),
    ],
)
def test_days_as_spreadsheets_write_them(bring: Bring, shown: Callable[..., str], cell: str, said: str) -> None:
    """They come in where they can be one day only; else the message says which cell it is, and what to write."""
    ran = bring(f"id,name@en,origin-year\nday,A day,{cell}\n")
    if said[0] == "1":
        assert ran.code == 0, ran.err
        assert f'"{said}"^^edtf:EDTF' in shown("day")
    else:
        assert (ran.code, f"column C (origin-year): {said}" in ran.err or said in ran.err) == (1, True), ran.err
        assert "table.csv:2:" in ran.err


def test_signs_that_nobody_sees_keep_no_name_from_being_known(bring: Bring, shown: Callable[..., str]) -> None:
    """Soft hyphens, marks in the middle of a file, spaces that do not break."""
    ran = bring("id,name@en,domain,family\n\ufeffnew,New,Statis\u00adtics,Machine\u00a0learning\n")
    assert ran.code == 0, ran.err
    assert "family:machine-learning" in shown("new")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "a workbook of a spreadsheet; save it as CSV"),
        (b"PK\x03\x04" + bytes(100), "a workbook of a spreadsheet; save it as CSV"),
        (b"\xef\xbb\xbf<!DOCTYPE html><table></table>", "a web page; open it in a spreadsheet and save it as CSV"),
    ],
)
def test_files_that_are_no_tables_are_called_what_they_are(bring: Bring, data: bytes, said: str) -> None:
    """Whatever their name says."""
    ran = bring(data)
    assert (ran.code, said in ran.err) == (1, True), ran.err


def test_all_that_cannot_be_read_is_told_at_once(bring: Bring, store: Path) -> None:
    """By file, line and column; the store stays as it was."""
    before = _dump(store)
    bad = (
        "id,name@en,domain,origin-year,originator,alias@en\n"
        "fine,Fine,deep-learning,1996,,\n"
        'one,"One\nmethod",no-such-domain,1996,,\n'
        "two,Two,deep-learning,96-2001,,\n"
        "three,Three,deep-learning,,nobody at all,\n"
        "fine,Twice,,,,\n"
    )
    ran = bring(bad)
    assert ran.code == 1
    assert _dump(store) == before
    for where, what in (
        (":3: ", "column C (domain): no domain has the slug or the name 'no-such-domain'"),
        (":5: ", "column D (origin-year): "),
        (":6: ", "column E (originator): no agent"),
        (":7: ", "line 2 is about the same record"),
    ):
        assert any(where in line and what in line for line in ran.err.splitlines()), (where, ran.err)
    assert "fault of kgcompare" not in ran.err


def test_valid_rows_are_taken_where_invalid_ones_may_be_left(bring: Bring, shown: Callable[..., str]) -> None:
    """It is said which are left out."""
    rows = "a1,A,deep-learning\nb1,B,nowhere\nc1,,deep-learning\n,,deep-learning\n"
    ran = bring("id,name@en,domain\n" + rows, "--skip-invalid")
    assert ran.code == 0, ran.err
    assert "1 added" in ran.err
    assert {"b1", "c1"} <= {slug for slug in ("a1", "b1", "c1") if f"method/{slug}>" in ran.err}
    assert "a1" in shown("a1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,name@en,colour\na,A,red\n", "column C (colour): no column of method is called so"),
        ("id,name\na,A\n", "column B (name): say the language of 'A'"),
        ("id,name@en,name@en\na,A,B\n", "two columns are called name@en"),
        ("id,name@en\na,A,stray\n", "column C has 'stray' and no head"),
        ('id,name@en\na,"A\n', "line 2: a quotation mark opens a cell and none closes it"),
        ("id,name@en\n", "no row below the heads"),
        ("PK\x03\x04", "save it as CSV"),
        ("id,name@en\nOh no,A\n", "'Oh no' cannot be an id"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(bring: Bring, content: str, said: str) -> None:
    """And what to do."""
    ran = bring(content)
    assert ran.code == 1
    assert said in ran.err


def test_a_table_says_what_its_columns_say_and_no_more(bring: Bring, store: Path, shown: Callable[..., str]) -> None:
    """What no column speaks of stays; with a language in the head, so do other languages."""
    before = shown("lasso")
    table = "id,summary@en\nlasso,Other words.\n"
    assert "--replace" in bring(table).err
    assert shown("lasso") == before
    assert bring(table, "--replace").code == 0
    assert shown("lasso") == before.replace("Shrinks some coefficients to zero.", "Other words.")


def test_numbers_and_formulas_of_spreadsheets(bring: Bring, shown: Callable[..., str]) -> None:
    """A guard against formulas is taken off again; years come as numbers."""
    assert bring("id;name@en;origin-year;summary@en\nx;'=x;1996,00;''-y\n").code == 0
    assert all(part in shown("x") for part in ('"=x"@en', '"1996"', '"\'-y"@en'))


def test_json_lines(bring: Bring, shown: Callable[..., str]) -> None:
    """Texts by language, lists, and who originated what as an object."""
    row = {
        "id": "new",
        "name": {"en": "New", "fr": "Nouvelle"},
        "alias@en": ["A|B", "C"],
        "domain": ["Deep learning"],
        "origin-year": 1996,
        "originator": [{"agents": ["ian-goodfellow"], "contribution": {"en": "GAN"}, "etAl": True}],
    }
    assert bring(json.dumps(row), name="t.jsonl").code == 0
    said = shown("new")
    assert all(part in said for part in ('"Nouvelle"@fr', '"A|B"@en', "domain:deep-learning", '"1996"', '"GAN"@en'))
    ran = bring('{"id": "a", "name@en": "A"}\n{"id": "b",\n', name="bad.jsonl")
    assert (ran.code, "bad.jsonl, line 2: not a JSON object" in ran.err) == (1, True)


def test_tables_and_rdf_come_in_together(run: Run, store: Path, tmp_path: Path) -> None:
    """Several files are one transaction, and refer to each other; all or nothing."""
    agents, methods = tmp_path / "agents.csv", tmp_path / "methods.csv"
    agents.write_text("class,name,family-name\nPerson,Ada Example,Example\n")
    methods.write_text("name@en,originator\nNew thing,Ada Example\n")
    assert run("import", "--store", store, methods, agents).err.startswith("2 added")
    methods.write_text("name@en,originator\nOther thing,Ada Exampel\n")
    agents.write_text("class,name\nPerson,Second Example\n")
    before = _dump(store)
    assert run("import", "--store", store, methods, agents).code == 1
    assert _dump(store) == before


def test_faults_of_rdf_have_lines_where_the_file_has_them(run: Run, store: Path, tmp_path: Path) -> None:
    """What shapes find is told with the line of the value, or the one where the record begins."""
    path = tmp_path / "bad.ttl"
    path.write_text(
        "@prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        "@prefix m: <https://w3id.org/kgcompare/id/method/> .\n"
        'm:good a kgc:Method ; skos:prefLabel "Good"@en .\n'
        "m:bad a kgc:Method ;\n"
        '    skos:prefLabel "Bad" .\n'
        "m:worse a kgc:Method .\n"
    )
    ran = run("import", "--store", store, path)
    assert ran.code == 1
    assert f"{path}:6: violation: <https://w3id.org/kgcompare/id/method/bad>" in ran.err
    assert f"{path}:7: violation: <https://w3id.org/kgcompare/id/method/worse>" in ran.err


_KITCHEN = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix s: <http://schema.org/> .
@prefix k: <https://kitchen.example/terms#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
_SHAPES = """k:R a sh:NodeShape ; sh:targetClass s:Recipe ; sh:name "Recipe"@en ; sh:property
  [ sh:path s:name ; sh:name "name" ; sh:datatype xsd:string ] ,
  [ sh:path k:made-of ; sh:name "made of" ; sh:class k:Food ; sh:minCount 1 ] .
k:F a sh:NodeShape ; sh:targetClass k:Food ; sh:property [ sh:path s:name ; sh:datatype xsd:string ; sh:minCount 1 ] .
"""
_FOODS = """<https://kitchen.example/id/food/salt> a k:Food ; s:name "Sea salt" .
<https://foods.example/leek> a k:Food ; s:name "Leek" .
<https://foods.example/beet> a k:Food ; s:name "Beet" . <https://others.example/beet> a k:Food ; s:name "Beet" .
"""


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    """A catalogue of somebody's own, whose foods are a kind of their own and have other people's IRIs too."""
    for name, said in (("shapes", _SHAPES), ("foods", _FOODS)):
        (tmp_path / f"{name}.ttl").write_text(_KITCHEN + said, encoding="utf-8")
    ingest.create_store(tmp_path / "kitchen", "https://kitchen.example/", [tmp_path / "shapes.ttl"])
    ingest.import_files(tmp_path / "kitchen", [tmp_path / "foods.ttl"], ingest.Options())
    return tmp_path / "kitchen"


def test_cells_name_things_by_whatever_names_these(run: Run, kitchen: Path, tmp_path: Path) -> None:
    table = tmp_path / "recipes.csv"
    table.write_text("id,name,made-of\nsoup,Soup,Leek|salt\nstew,Stew,sea  SALT|https://foods.example/leek\n")
    ran = run("import", table, "--store", kitchen)
    assert ran.code == 0, ran.err
    for slug in ("soup", "stew"):
        said = run("show", slug, "--store", kitchen, "--kind", "recipe", "--format", "nt").out
        assert {"<https://foods.example/leek> .", "<https://kitchen.example/id/food/salt> ."} <= {
            line.split("made-of> ")[1] for line in said.splitlines() if "made-of>" in line
        }


def test_a_name_that_several_things_have_is_none(run: Run, kitchen: Path, tmp_path: Path) -> None:
    table = tmp_path / "recipes.csv"
    table.write_text("id,name,made-of\nsoup,Soup,Beet\nstew,Stew,Lamb\n")
    ran = run("import", table, "--store", kitchen)
    assert ran.code == 1
    assert "2 things are called 'Beet' (https://foods.example/beet, https://others.example/beet)" in ran.err
    assert "no food has the slug or the name 'Lamb'" in ran.err


def test_tables_know_all_predicates_that_name_things(run: Run, kitchen: Path, tmp_path: Path) -> None:
    foods = [f'<https://foods.example/{n}> a k:Food ; s:name "N" ; <{p}> "Called {n}" .' for n, p in enumerate(LABELS)]
    (tmp_path / "more.ttl").write_text(_KITCHEN + "\n".join(foods), encoding="utf-8")
    ingest.import_files(kitchen, [tmp_path / "more.ttl"], ingest.Options())
    table = tmp_path / "recipes.csv"
    table.write_text("id,name,made-of\nsoup,Soup," + "|".join(f"Called {n}" for n in range(len(LABELS))) + "\n")
    ran = run("import", table, "--store", kitchen)
    assert ran.code == 0, ran.err
