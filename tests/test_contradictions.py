"""The report finds links that contradict one another, or say what others say already, and none in the bundled data."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from conftest import Run
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.report.contradictions import Contradiction, contradicting
from kgcompare.report.questions import Questions
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

PREFIXES = """
@prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://w3id.org/kgcompare/> .
"""
GRAND, PARENT, CHILD = ("<id/method/grand>", "<id/method/parent>", "<id/method/child>")


def found(folder: Path, links: str, names: str = "grand parent child") -> dict[str, Contradiction]:
    """What contradicts itself in a small catalogue of methods, by kind."""
    methods = "".join(f'<id/method/{n}> a kgc:Method ; skos:prefLabel "{n}"@en .\n' for n in names.split())
    (folder / "links.ttl").write_text(PREFIXES + methods + links, encoding="utf-8")
    ingest.create_store(folder / "store")
    ingest.import_files(folder / "store", [folder / "links.ttl"], ingest.Options())
    return asked(folder / "store")


def asked(store: Path) -> dict[str, Contradiction]:
    questions = Questions(Catalogue(EmbeddedStore(store)).generation(), lambda _what, _done, _total: None)
    return {one.kind: one for one in contradicting(questions)}


def ways(one: Contradiction) -> list[str]:
    """The chains of a kind of contradiction, each with its relation."""
    return [f"{' '.join(item.id for item in chain.things)} {chain.relation.id}" for chain in one.chains]


YEARS = f'kgc:origin "{{}}"^^edtf:EDTF . {PARENT} kgc:origin "{{}}"^^edtf:EDTF .'
CHAIN = f"{CHILD} kgc:extends {PARENT} . {PARENT} kgc:specialises {GRAND} .\n"


@pytest.mark.parametrize(
    ("links", "kind", "chains"),
    [
        pytest.param(CHAIN, "", [], id="a chain"),
        pytest.param(
            CHAIN + f"{CHILD} kgc:alternativeTo {GRAND} .",
            "ancestor",
            ["child parent grand alternativeTo"],
            id="an alternative to an ancestor",
        ),
        pytest.param(
            CHAIN + f"{GRAND} kgc:alternativeTo {CHILD} .",
            "ancestor",
            ["child parent grand alternativeTo"],
            id="the same, said of the ancestor",
        ),
        pytest.param(CHAIN + f"{GRAND} kgc:combines {CHILD} .", "", [], id="built of what comes from it"),
        pytest.param(
            CHAIN + f"{GRAND} kgc:extends {CHILD} .", "circle", ["child parent grand child extends"], id="a circle"
        ),
        pytest.param(
            CHAIN + f"{CHILD} kgc:specialises {GRAND} .",
            "implied",
            ["child parent grand specialises"],
            id="said by a chain",
        ),
        pytest.param(
            CHAIN + f"{CHILD} kgc:specialises {PARENT} .", "", [], id="a kind of what it was built on, said once each"
        ),
        pytest.param(
            f"{CHILD} kgc:oftenConfusedWith {GRAND} . {GRAND} kgc:oftenConfusedWith {CHILD} .",
            "implied",
            ["child grand oftenConfusedWith"],
            id="symmetric and said twice",
        ),
        pytest.param(
            f"{CHILD} kgc:specialises {PARENT} ; " + YEARS.format("1958", "1972"),
            "younger",
            ["child parent specialises"],
            id="a kind of something younger",
        ),
        pytest.param(
            f"{CHILD} kgc:extends {PARENT} ; " + YEARS.format("1958", "1972"),
            "",
            [],
            id="built on a later form of something",
        ),
        pytest.param(
            f"{CHILD} kgc:specialises {PARENT} ; " + YEARS.format("1958/1980", "1972/.."),
            "",
            [],
            id="years that overlap",
        ),
        pytest.param(
            f"{CHILD} kgc:specialises {PARENT} ; " + YEARS.format("1958/..", "1972"),
            "",
            [],
            id="an origin that goes on",
        ),
    ],
)
def test_contradictions(tmp_path: Path, links: str, kind: str, chains: list[str]) -> None:
    said = found(tmp_path, links)
    if not kind:
        assert said == {}
        return
    assert ways(said[kind]) == chains
    assert (said[kind].count, said[kind].explained) == (len(chains), 0)


def test_a_note_explains_a_kind_of_something_younger_and_nothing_else(tmp_path: Path) -> None:
    note = f'{CHILD} skos:editorialNote "Named later."@en ; kgc:alternativeTo {PARENT} ; '
    links = note + f"kgc:specialises {PARENT} ; " + YEARS.format("1958", "1972")
    said = found(tmp_path, links)
    assert set(said) == {"ancestor", "younger"}
    assert (said["younger"].count, said["younger"].explained, said["younger"].chains) == (0, 1, ())


def test_a_long_chain_and_a_hub_take_no_time_to_speak_of(tmp_path: Path) -> None:
    names = [f"m{n:03}" for n in range(300)]
    chain = "".join(f"<id/method/{a}> kgc:extends <id/method/{b}> .\n" for a, b in pairwise(names))
    said = found(tmp_path, chain + f"<id/method/m000> kgc:specialises <id/method/{names[-1]}> .", " ".join(names))
    assert set(said) == {"implied"}
    assert len(said["implied"].chains[0].things) == len(names)


def test_command_and_page_name_them(tmp_path: Path, run: Run) -> None:
    found(tmp_path, CHAIN + f"{CHILD} kgc:alternativeTo {GRAND} ; kgc:specialises {GRAND} .")
    text = run("report", "--store", tmp_path / "store", "--lang", "en").out
    assert "1 × said of something and what it comes from\n  child → grand (alternative to)" in text
    assert "1 × said already by other links\n  child → parent → grand (specialises)" in text
    client = create_app(Settings(store=tmp_path / "store")).test_client()
    data = client.get("/report.json?lang=fr").json
    assert data is not None
    assert [(one["kind"], one["count"], one["explained"]) for one in data["contradictions"]] == [
        ("ancestor", 1, 0),
        ("implied", 1, 0),
    ]
    assert data["contradictions"][1]["message"] == "déjà dit par d’autres liens"
    assert data["contradictions"][1]["chains"][0]["relation"]["label"] == "spécialise"
    page = client.get("/report?lang=fr", headers={"Accept": "text/html"}).text
    assert "Contradictions entre liens" in page
    assert "1 × déjà dit par d’autres liens" in page


def test_none_in_the_bundled_catalogue(bundled_store: Path) -> None:
    said = asked(bundled_store)
    assert {kind: ways(one) for kind, one in said.items() if one.count} == {}
    assert said["younger"].explained >= 4


@pytest.fixture
def client(bundled_store: Path) -> FlaskClient:
    return create_app(Settings(store=bundled_store)).test_client()


@pytest.mark.slow
def test_the_page_says_that_nothing_was_found(client: FlaskClient) -> None:
    page = client.get("/report?lang=en", headers={"Accept": "text/html"}).text
    section = page.partition("Contradictions among links")[2].partition("<h2>")[0]
    assert "Nothing found." in section
    assert "editorial notes say why" in section
