"""The guides in docs/ show what their commands print; and the runner of guides notices where they do not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from conftest import Run
from guides import difference, follow, steps
from serving import missing

DOCS = Path(__file__).parents[1] / "docs"


def test_a_guide_is_read_as_it_is_typed(tmp_path: Path) -> None:
    """Commands over several lines, their prints, and nothing of other blocks."""
    guide = tmp_path / "guide.md"
    guide.write_text("```console\n$ one\n> two\nsaid\n$ three\n```\n```sh\n$ four\n```\n", encoding="utf-8")
    assert [(step.line, step.command, step.shown) for step in steps(guide)] == [
        (2, "one\ntwo", ("said",)),
        (5, "three", ()),
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\n\nb  \n", True),
        ("generation ...", "generation 3-abc\n", True),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...", "a\nb\nc\n", True),
        ("...\nd", "a\nb\n", False),
        ("a", "a\nb\n", False),
        ("a\nb", "a\n", False),
        ("a.c", "abc\n", False),
        ("", "said\n", False),
    ],
)
def test_what_is_shown_is_compared(shown: str, printed: str, same: bool) -> None:
    """Dots stand for anything; all else is what it is."""
    assert (difference(tuple(shown.splitlines()), printed) == "") == same


def test_commands_are_run_and_compared(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, in a shell, with variables and files; what is not as shown is told with its line."""
    guide, folder = tmp_path / "guide.md", tmp_path / "at"
    folder.mkdir()
    guide.write_text(
        "```console\n$ kgcompare init --store s\nmade an empty catalogue at s\n...\n$ export KGCOMPARE_STORE=s\n"
        "$ kgcompare template csv --kind agent > a.csv\n$ head -c 2 a.csv\nid\n"
        "$ kgcompare stats | grep -c records\n1\ngeneration ...\n```\n",
        encoding="utf-8",
    )
    follow(guide, folder, monkeypatch, run)
    assert (folder / "a.csv").read_bytes().startswith(b"id")
    guide.write_text("```console\n$ kgcompare stats\nnothing\n```\n", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match=re.escape("guide.md:2: $ kgcompare stats")):
        follow(guide, _other(tmp_path), monkeypatch, run)


@pytest.mark.slow
def test_what_curators_do(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of docs/curating.md prints what the guide shows."""
    if shutil.which("curl") is None:
        missing("curl is not installed (apt-get install curl)")
    folder = Path(shutil.copytree(DOCS / "examples/curating", tmp_path / "curating"))
    follow(DOCS / "curating.md", folder, monkeypatch, run)
    assert {path.name for path in (folder / "tables").iterdir()} >= {"method.csv", "agent.csv"}


def test_a_catalogue_of_ones_own(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """From an empty folder to a running catalogue, as the guide has it."""
    monkeypatch.setenv("COLUMNS", "100")
    folder = tmp_path / "own"
    shutil.copytree(DOCS / "examples/telescopes", folder)
    follow(DOCS / "your-own-catalogue.md", folder, monkeypatch, run)


def _other(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    return folder
