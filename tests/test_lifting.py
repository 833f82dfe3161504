"""Foreign RDF and JSON are lifted by a CONSTRUCT query; docs/lifting.md shows what its commands print."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conftest import Run
from guides import follow

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs/examples/lifting"
EXTRACTS = Path(__file__).parent / "data/lifting"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the queries of the guide and small extracts of the files that it speaks of."""
    for file in (*EXAMPLES.iterdir(), *EXTRACTS.iterdir(), *(ROOT / "tests/data/published").iterdir()):
        shutil.copy(file, tmp_path)
    (tmp_path / "pwc.json").rename(tmp_path / "pwc_methods.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_guide_shows_what_its_commands_print(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command, in order."""
    follow(ROOT / "docs/lifting.md", folder, monkeypatch, run)


def test_what_a_placeholder_says_is_not_taken_over(run: Run, folder: Path) -> None:
    """The years of the list are 2000 where nobody knew."""
    lift = ("--lift", "pwc.rq", "--context", "pwc-context.json")
    assert run("import", "--store", folder / "s", *lift, "pwc_methods.json").code == 0
    ran = run("show", "iq-learn", "--store", folder / "s", "--format", "ttl")
    assert (ran.code, "2000" in ran.out) == (0, False)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * { ?s ?p ?o }", "a lift is a CONSTRUCT query"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE is not available"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ", "bad.rq"),
        ("CONSTRUCT { ?s a <http://e/A> } WHERE { ?s a <http://e/B> }", "the lift makes no statement of it"),
    ],
)
def test_a_lift_that_cannot_be_one_is_refused(run: Run, folder: Path, query: str, said: str) -> None:
    """It says why; no store is made of it."""
    Path("bad.rq").write_text(query, encoding="utf-8")
    ran = run("validate", "--lift", "bad.rq", "tadirah.ttl")
    assert ran.code == 1, ran.err
    assert said in ran.err or ("tadirah.ttl: the lift" in ran.err and said == "bad.rq")
    assert folder.is_dir()


def test_a_lift_is_ended_when_it_takes_too_long(run: Run, folder: Path) -> None:
    """Its time is that of parsing."""
    Path("slow.rq").write_text(
        "CONSTRUCT { <id/method/x> a ?a } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r . "
        "?s ?t ?u . ?v ?w ?x . FILTER(STRLEN(CONCAT(STR(?a), STR(?d), STR(?g), STR(?j), STR(?m), STR(?v))) = 1) }",
        encoding="utf-8",
    )
    ran = run("validate", "--lift", "slow.rq", "--parse-time", "1", "tadirah.ttl")
    assert (ran.code, "--parse-time gives it more" in ran.err) == (1, True)
    assert folder.is_dir()
