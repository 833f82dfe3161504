"""The report says what is in a catalogue, what is missing and what looks wrong, of any catalogue."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from conftest import DATA, LoadQuads, Run, copied
from kgcompare import ingest, report
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import EndpointError, Overrun, Unavailable
from kgcompare.formats import report as texts
from kgcompare.formats import terminal
from kgcompare.report import Report, apart, duplicates, extent, kept
from kgcompare.report.completeness import ClassState, Years
from kgcompare.report.islands import components
from kgcompare.report.questions import Mentioned, Questions
from kgcompare.sandbox.limits import Limits
from kgcompare.search import Index
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from kgcompare.web import once
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

MADE = DATA / "report.ttl"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "store"
    ingest.create_store(path)
    ingest.import_files(path, [MADE], ingest.Options())
    return path


@pytest.fixture(scope="module")
def found(store: Path) -> Report:
    return report.make(Catalogue(EmbeddedStore(store)).generation())


@pytest.fixture(scope="module")
def bundled(bundled_store: Path) -> Report:
    return report.make(Catalogue(EmbeddedStore(bundled_store)).generation(), validate=True)


def state(found: Report, name: str) -> ClassState:
    return next(state for state in found.states if state.item.id == name)


def ids(items: tuple[Mentioned, ...]) -> list[str]:
    return [item.id for item in items]


# -- a small catalogue with known gaps -------------------------------------------------------------------


def test_records_are_counted_by_kind_and_by_class(found: Report) -> None:
    assert dict(found.kinds) == {"method": 7, "agent": 3, "source": 4, "domain": 2, "family": 1}
    assert found.records == 17
    assert {item.id: count for item, count in found.classes} == {
        "kgc:Method": 7,
        "bibo:Document": 4,
        "skos:Concept": 3,
        "foaf:Person": 2,
        "bibo:AcademicArticle": 1,
        "foaf:Organization": 1,
    }


def test_methods_are_counted_by_concept_and_year(found: Report) -> None:
    methods = found.states[0]
    assert methods.item.label("fr") == ("fr", "Méthode")
    assert {s.row.id: ([(i.id, n) for i, n in s.values], s.without) for s in methods.splits} == {
        "domain": ([("x", 2), ("y", 1)], 4),
        "family": ([("f", 1)], 6),
    }
    (years,) = methods.years
    assert years.row.id == "origin-year"
    assert years.years == ((1936, 1), (1958, 1), (2003, 1), (2005, 1))
    assert years.without == 3, "two say nothing, one has an open beginning"


def test_completeness_by_row_and_language(found: Report) -> None:
    rows = {row.item.id: row for row in found.states[0].rows}
    assert [row.item.id for row in found.states[0].rows][:3] == ["Method-name", "domain", "family"], "in order"
    assert {name: row.recorded for name, row in rows.items()} == {
        "Method-name": 7,
        "domain": 3,
        "family": 1,
        "origin-year": 5,
        "originator": 0,
        "type": 0,
        "founding-source": 3,
        "alias": 2,
        "related": 6,
        "summary": 3,
    }
    assert (rows["family"].none, rows["family"].unknown) == (1, 1)
    assert rows["Method-name"].languages == {"en": 7, "fr": 6}
    assert rows["summary"].languages == {"en": 2, "fr": 2}
    assert rows["alias"].languages == {"en": 2}
    missing = {name: [(m.lang, m.count, ids(m.examples)) for m in row.missing] for name, row in rows.items()}
    assert {name: gaps for name, gaps in missing.items() if gaps} == {
        "Method-name": [("fr", 1, ["b"])],
        "summary": [("en", 1, ["c"]), ("fr", 1, ["b"])],
    }, "aliases need no translation"
    concepts = {row.item.id: row for row in state(found, "skos:Concept").rows}
    assert [(m.lang, ids(m.examples)) for m in concepts["Concept-name"].missing] == [("fr", ["y"])]


def test_islands_are_found_in_both_directions(found: Report) -> None:
    islands = found.states[0].islands
    assert islands is not None
    assert (islands.count, islands.largest) == (3, 4)
    assert [ids(island) for island in islands.small] == [["e", "f"], ["g"]]
    assert state(found, "foaf:Person").islands is None


def test_dois(found: Report) -> None:
    assert (found.sources, found.identified) == (4, 3)
    assert [(shared.text, ids(shared.items)) for shared in found.shared_dois] == [("10.1111/abc", ["again", "old"])]


def test_dois_that_nobody_counted_are_not_none(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some engines give no solution in place of a count."""
    asked = Questions.ask

    def ask(self: Questions, name: str, *about: Any, **values: Any) -> list[Any]:
        return [] if name == "report_dois" else asked(self, name, *about, **values)

    monkeypatch.setattr(Questions, "ask", ask)
    with pytest.raises(EndpointError, match="a count could not be found out"):
        report.make(Catalogue(EmbeddedStore(store)).generation())


def test_how_records_were_checked(found: Report) -> None:
    kgc = "https://w3id.org/kgcompare/ns#"
    assert found.checked["method"] == {kgc + "IndependentText": 1, kgc + "GeneralKnowledge": 1, "": 5}
    assert found.checked["agent"] == {"": 3}
    assert [way.label("fr")[1] for way in found.ways] == [
        "d’après les connaissances générales",
        "vu dans un texte indépendant",
    ]


def test_warnings_are_counted_by_message(found: Report) -> None:
    assert found.findings is not None
    (warning,) = found.findings
    assert warning.severity == "warning"
    assert warning.message["en"].startswith("The founding source is older")
    assert warning.message["fr"].startswith("La source fondatrice")
    assert (warning.count, warning.things, warning.noted, ids(warning.examples)) == (2, 2, 1, ["b", "e"])


def test_probable_duplicates(found: Report) -> None:
    pairs = {(pair.one.id, pair.other.id): round(pair.score) for pair in found.duplicates}
    assert pairs.keys() == {("wei-zhang", "zhang-wei"), ("again", "old"), ("c", "d")}, "not YOLOv2 and YOLOv3"
    assert pairs["wei-zhang", "zhang-wei"] == 100
    assert [pair.score for pair in found.duplicates] == sorted((p.score for p in found.duplicates), reverse=True)
    assert [(shared.text, ids(shared.items)) for shared in found.aliases] == [("lda", ["a", "b"])]
    assert dict(found.totals) == {"duplicates": 3, "aliases": 1, "shared_dois": 1}


# -- other catalogues ------------------------------------------------------------------------------------


def test_without_the_index_the_engine_counts_the_same(
    store: Path, found: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint's index, and one that was made before, do not say what names each thing."""
    monkeypatch.setattr(Index, "all_things", lambda _self: iter(()))
    assert report.make(Catalogue(EmbeddedStore(store)).generation()) == found


def test_an_empty_catalogue(tmp_path: Path, run: Run) -> None:
    ingest.create_store(tmp_path / "store")
    empty = report.make(Catalogue(EmbeddedStore(tmp_path / "store")).generation())
    assert (empty.records, empty.states, empty.findings, empty.duplicates) == (0, (), (), ())
    said = run("report", "--store", tmp_path / "store")
    assert said.code == 0
    assert "There are no records." in said.out
    client = create_app(Settings(store=tmp_path / "store")).test_client()
    assert "There are no records." in client.get("/report", headers={"Accept": "text/html"}).text


def test_another_class(tmp_path: Path) -> None:
    path = tmp_path / "store"
    ingest.create_store(path, shapes=[DATA / "instrument_shape.ttl"])
    ingest.import_files(path, [DATA / "instruments.ttl"], ingest.Options())
    found = report.make(Catalogue(EmbeddedStore(path)).generation())
    assert dict(found.kinds) == {"instrument": 2}, "shapes are no records"
    (instruments,) = found.states
    rows = {row.item.label("en")[1]: (row.recorded, row.languages) for row in instruments.rows}
    assert rows == {"Name": (2, {"en": 2, "fr": 1}), "Maker": (2, {}), "Field (T)": (1, {})}
    assert [ids(m.examples) for m in instruments.rows[0].missing] == [["ms"]]
    assert instruments.islands is None


def test_quads_taken_as_they_are_and_an_endpoint(
    store: Path, found: Report, tmp_path: Path, run: Run, oxigraph_server: LoadQuads
) -> None:
    snapshot = EmbeddedStore(store).snapshot()
    base = snapshot.base
    quads = [quad for quad in snapshot.quads() if not base.is_vocabulary_graph(quad.graph_name.value)]  # type: ignore[union-attr]
    file = tmp_path / "bare.nq"
    file.write_text("".join(f"{quad} .\n" for quad in quads), encoding="utf-8")
    same = json.loads(texts.as_json(found, "en"))
    taken = json.loads(run("report", "--data", file, "--trust", "--format", "json").out)
    assert taken | {"generation": ""} == same | {"generation": ""}
    remote = report.make(Catalogue(RemoteStore(oxigraph_server(quads))).generation())
    assert json.loads(texts.as_json(remote, "en")) | {"generation": ""} == same | {"generation": ""}


def test_faults_of_data_taken_on_trust_are_told(tmp_path: Path) -> None:
    file = tmp_path / "bad.nq"
    thing = "<https://w3id.org/kgcompare/id/agent/nobody>"
    file.write_text(f"{thing} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://xmlns.com/foaf/0.1/Person> .\n")
    ingest.throwaway(tmp_path / "store", [file], ingest.Options(trust=True))
    generation = Catalogue(EmbeddedStore(tmp_path / "store")).generation()
    findings = report.make(generation).findings
    assert findings is not None
    assert [(f.severity, f.message["en"], ids(f.examples)) for f in findings] == [
        ("violation", "Name: 1 value at least must stand here.", ["nobody"])
    ]


def test_a_large_catalogue_is_validated_when_asked(
    store: Path, monkeypatch: pytest.MonkeyPatch, run: Run, found: Report
) -> None:
    monkeypatch.setattr(report, "UNASKED", 16)
    generation = Catalogue(EmbeddedStore(store)).generation()
    unasked = report.make(generation)
    assert unasked.findings is None
    assert json.loads(texts.as_json(unasked, "en"))["validated"] is False
    assert "kgcompare report --validate" in texts.as_table(unasked, "en")
    asked = json.loads(run("report", "--store", store, "--validate", "--format", "json").out)
    assert asked == json.loads(texts.as_json(found, "en"))


# -- what it is made of ----------------------------------------------------------------------------------


def test_progress_is_told(store: Path) -> None:
    told: list[tuple[str, int, int]] = []
    report.make(Catalogue(EmbeddedStore(store)).generation(), progress=lambda *said: told.append(said))
    assert {what for what, _, _ in told} >= {"counting", "validating"}
    assert all(done <= total for _, done, total in told)


def test_components() -> None:
    assert components([("a", "b"), ("b", None), ("c", "a"), ("d", None), ("e", "elsewhere")]) == [
        ["a", "b", "c"],
        ["d"],
        ["e"],
    ]
    assert components([(str(n), str(n + 1)) for n in range(50_000)])[0].__len__() == 50_000


def test_periods_are_equal_and_without_a_gap() -> None:
    years = Years(Mentioned("x"), ((-5, 1), (1763, 2), (2023, 3)), 0)
    periods = years.periods
    assert len(periods) <= 30
    assert sum(count for _, _, count in periods) == 6
    assert all(last + 1 == following for (_, last, _), (following, _, _) in pairwise(periods))
    assert periods[0][0] <= -5
    assert periods[-1][1] >= 2023
    assert Years(Mentioned("x"), ((1996, 4),), 0).periods == ((1996, 1996, 4),)
    assert texts.period(-4, 5, "en") == "5 BC–5"


def test_names_alike_beside_many_others() -> None:
    """Above the full comparison neighbours in two orders are enough to find what differs in one letter."""
    names = [(f"t{n}", f"{_word(n)} {_word(n * 7 + 3)}") for n in range(duplicates.FULL + 2000)]
    known = [("one", "Qqzeppelin method of qqwords"), ("two", "Qqzepelin method of qqwords")]
    known += [("three", "Xxalpha"), ("four", "Yxalpha")]
    found = {(a, b) for _, a, b in duplicates.pairs([*names, *known], least=80)}
    assert ("one", "two") in found
    assert ("four", "three") in found, "alike at their ends"


def _word(number: int) -> str:
    letters = "bcdfghjklmnpqrstvwxz"
    return "".join(letters[number // 20**place % 20] + "aeiou"[number // 5**place % 5] for place in range(4))


def test_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = terminal.bars([("long", 80), ("half", 40), ("least", 1), ("none", 0)]).splitlines()
    assert [line.split()[-1] for line in lines] == ["80", "40", "1", "0"]
    assert lines[0].count("█") // 2 == lines[1].count("█")
    assert "▎" in lines[2] or "▍" in lines[2] or "▏" in lines[2]
    assert all(terminal.width(line) <= 40 for line in lines)
    assert terminal.bars([]) == ""


# -- command and page ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(store: Path) -> FlaskClient:
    return create_app(Settings(store=store)).test_client()


def test_the_command_and_the_web_give_the_same_json(store: Path, client: FlaskClient, run: Run) -> None:
    said = run("report", "--store", store, "--format", "json", "--lang", "fr")
    assert said.code == 0
    assert said.err == ""
    for address in ("/report.json?lang=fr", "/report?format=json&lang=fr"):
        assert client.get(address).data == said.raw
    accepted = client.get("/report", headers={"Accept": "application/json", "Accept-Language": "fr"})
    assert accepted.data == said.raw
    assert client.get("/report.ttl").status_code == 406


def test_the_command_prints_bars_and_tables(store: Path, run: Run) -> None:
    text = run("report", "--store", store, "--lang", "fr").out
    assert "État du catalogue" in text
    assert re.search(r"^X +█+ 2$", text, re.MULTILINE)
    assert "Nom\u00a0: 1 sans texte en fr\u00a0: b" in text
    assert "Îlots\u00a0: 3" in text
    assert "10.1111/abc" in text
    assert re.search(r"100 +wei-zhang +zhang-wei", text)


def test_the_page_says_what_the_json_says(client: FlaskClient) -> None:
    page = client.get("/report?lang=en", headers={"Accept": "text/html"})
    assert page.status_code == 200
    text = page.text
    data = client.get("/report.json?lang=en").json
    assert data is not None
    for kind, count in data["records"]["kinds"].items():
        assert re.search(rf'(?i)<th scope="row">{kind}</th> <td class="figure">{count}</td>', text)
    for row in data["states"][0]["rows"]:
        assert f'<th scope="row">{row["label"]}</th> <td class="figure">{row["recorded"]}</td>' in text
    for pair in data["duplicates"]:
        for thing in pair["things"]:
            assert f"<code>{thing['id']}</code>" in text
    assert 'href="/method/g?lang=en"' in text
    assert "Islands: 3; the largest has 4." in text
    assert "3 of 4 sources have a DOI (75%)." in text
    assert "2 × warning" in text
    assert "1 of 2 have an editorial note" in text


def test_the_page_needs_no_style_or_script_of_its_own(client: FlaskClient) -> None:
    text = client.get("/report", headers={"Accept": "text/html"}).text
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)
    assert re.search(r'<svg class="chart"[^>]* role="img" aria-label="[^"]*1936[^"]*2005', text)
    assert all('aria-hidden="true"' in tag or "aria-label=" in tag for tag in re.findall(r"<svg[^>]*>", text))
    assert "The same as a table" in text


def test_the_dataset_leads_to_it(client: FlaskClient) -> None:
    assert 'href="/report"' in client.get("/dataset", headers={"Accept": "text/html"}).text


def test_a_report_is_made_once_a_generation(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = apart.make_apart

    def counted(generation: Generation, limits: Limits) -> Report:
        made.append(generation)
        return real(generation, limits)

    monkeypatch.setattr(apart, "make_apart", counted)
    app = create_app(Settings(store=store))
    with ThreadPoolExecutor(4) as pool:
        codes = list(
            pool.map(
                lambda lang: app.test_client().get(f"/report.json?lang={lang}").status_code, ["en", "fr", "de", "it"]
            )
        )
    assert codes == [200] * 4
    assert len(made) == 1


def test_who_cannot_wait_is_told_to_come_back(store: Path, found: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = threading.Event()

    def waits(_view: object, limits: Limits) -> Report:
        slow.wait(240)
        return found

    monkeypatch.setattr(apart, "make_apart", waits)
    app = create_app(Settings(store=store, limits=Limits(making_time=0.05)))
    answer = app.test_client().get("/report.json")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5", "so small a catalogue takes no longer"
    assert "in about 5 seconds" in answer.text
    slow.set()
    patient = create_app(Settings(store=store, limits=Limits(making_time=240)), app.extensions["kgcompare"])
    assert patient.test_client().get("/report.json").status_code == 200


def anew(store: Path) -> Generation:
    """A generation of which nothing is kept that was made of it."""
    generation = Catalogue(EmbeddedStore(store)).generation()
    for what in ("report", "extent"):
        if (place := kept.place_of_made(generation, what)) is not None:
            place.unlink(missing_ok=True)
    return generation


def test_a_report_is_kept_beside_the_index(small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copied(small_store, tmp_path / "store")
    generation = anew(path)
    made, counted = apart.make_apart(generation, Limits()), apart.measure_apart(generation, Limits())
    del generation
    monkeypatch.setattr(apart, "_COMMAND", ("false",))
    store = EmbeddedStore(path)
    later = Catalogue(store).generation()
    assert apart.make_apart(later, Limits()) == made
    assert apart.measure_apart(later, Limits()) == counted
    place = kept.place_of_made(later, "report")
    assert place is not None
    for damaged in ("", "[]", place.read_text().replace('"generation"', '"other"'), place.read_text()[:-20]):
        place.write_text(damaged)
        with pytest.raises(Unavailable):
            apart.make_apart(later, Limits())
    store.close()
    more = tmp_path / "more.ttl"
    more.write_text(
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
        '<https://w3id.org/kgcompare/id/agent/new> a foaf:Person ; foaf:name "New" .\n'
    )
    ingest.import_files(path, [more], ingest.Options(trust=True))
    assert not place.exists(), "it goes with its generation"


def test_a_report_has_so_much_memory(small_store: Path) -> None:
    generation = anew(small_store)
    limits = Limits()
    object.__setattr__(limits, "report_memory", 64 << 20)  # less than a setting may say
    with pytest.raises(Unavailable, match="--report-memory"):
        apart.make_apart(generation, limits)


def test_what_a_dataset_has_is_counted_by_a_process_that_ends(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = anew(small_store)
    assert apart.measure_apart(generation, Limits()) == extent.measure(generation)
    anew(small_store)
    monkeypatch.setattr(apart, "_COMMAND", ("sleep", "60"))  # as an engine that cannot read and asks for ever
    with pytest.raises(Overrun, match=r"the extent took longer than 1 s"):
        apart.measure_apart(generation, replace(Limits(), report_time=1.0))


def test_a_report_of_a_store_whose_index_went(small_store: Path, tmp_path: Path) -> None:
    copied(small_store, tmp_path / "store")
    for index in (tmp_path / "store").glob("index-*"):
        index.unlink()
    generation = Catalogue(EmbeddedStore(tmp_path / "store")).generation()
    assert apart.make_apart(generation, Limits()).kinds["method"], "the index is made by who may write"


def test_few_may_wait_at_once(store: Path, found: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that waits takes a thread from those who ask for something else."""
    slow = threading.Event()

    def waits(_view: object, limits: Limits) -> Report:
        slow.wait(240)
        return found

    monkeypatch.setattr(apart, "make_apart", waits)
    app = create_app(Settings(store=store, limits=Limits(making_waiting=1)))
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(lambda n: app.test_client().get(f"/report.json?n={n}"), n) for n in range(3)]
        refused = [answer.result() for _, answer in zip(range(2), as_completed(asked, timeout=120), strict=False)]
        slow.set()
        codes = sorted(answer.result().status_code for answer in asked)
    assert codes == [200, 503, 503]
    assert {answer.headers["Retry-After"] for answer in refused} == {"5"}


def test_what_takes_long_says_how_long(store: Path, found: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the size of the catalogue; and nobody is kept waiting for it."""
    slow = threading.Event()

    def waits(_view: object, limits: Limits) -> Report:
        slow.wait(20)
        return found

    monkeypatch.setattr(apart, "make_apart", waits)
    monkeypatch.setattr(once, "_THINGS_A_SECOND", {"report": found.records / 1000})
    answer = create_app(Settings(store=store)).test_client().get("/report", headers={"Accept": "text/html"})
    slow.set()
    assert answer.status_code == 503
    assert 980 <= int(answer.headers["Retry-After"]) <= 1000
    assert f"in about {answer.headers['Retry-After']} seconds" in answer.text


# -- the bundled catalogue -------------------------------------------------------------------------------


@pytest.mark.slow
def test_bundled_warnings_are_explained(bundled: Report) -> None:
    assert bundled.findings is not None
    assert [f for f in bundled.findings if f.severity == "violation"] == []
    unexplained = [(f.message["en"], ids(f.examples)) for f in bundled.findings if f.noted < f.things]
    assert unexplained == []


@pytest.mark.slow
def test_bundled_methods_are_one_island_or_the_report_names_the_others(bundled: Report) -> None:
    islands = bundled.states[0].islands
    assert islands is not None
    assert islands.largest + sum(len(island) for island in islands.small) == bundled.kinds["method"]
    text = texts.as_table(bundled, "en")
    assert all(item.id in text for island in islands.small for item in island)


@pytest.mark.slow
def test_bundled_texts_are_translated_and_dois_belong_to_one_source(bundled: Report) -> None:
    gaps = {row.item.id: row.missing for state in bundled.states for row in state.rows if row.missing}
    assert gaps == {}
    assert bundled.shared_dois == ()
