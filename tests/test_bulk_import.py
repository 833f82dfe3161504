"""Many new records of a store come by files and by a process beside, and are the same as few that do not."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from conftest import SMALL
from kgcompare import ingest, search
from kgcompare.cli import output
from kgcompare.errors import InvalidData
from kgcompare.ingest import beside, bulk
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.sameness import statements_of
from kgcompare.search.texts import told_in
from kgcompare.store.base import Writing
from kgcompare.store.embedded import EmbeddedStore

TABLES = ("thing", "link", "entry", "identifier", "name", "word", "stem", "lang", "mask", "spoken", "document")
BAD = "<https://w3id.org/kgcompare/id/method/bad> a <https://w3id.org/kgcompare/ns#Method> ."


@pytest.fixture
def in_bulk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Has all records come so, in files of a few; counts the loads."""
    loads: list[int] = []
    one = ingest._publish_loaded

    def counted(writer: Writing, files: Sequence[Path], *rest: Any) -> str:
        loads.append(len(files))
        return one(writer, files, *rest)

    monkeypatch.setattr(ingest, "IN_BULK", 1)
    monkeypatch.setattr(ingest, "_FEW", 0)
    monkeypatch.setattr(search, "MOST_FOLLOWED", 0)
    monkeypatch.setattr(ingest, "_publish_loaded", counted)
    monkeypatch.setattr(bulk, "_PART", 4096)
    monkeypatch.setattr(beside, "_LARGE", 1)
    return loads


def store_of(path: Path, files: list[Path], **options: bool) -> tuple[ingest.ImportReport, dict[str, set[str]]]:
    """A new store of some files: what was reported, and the statements by their graphs."""
    ingest.create_store(path)
    report = ingest.import_files(path, files, ingest.Options(**options))  # type: ignore[arg-type]
    with closing(EmbeddedStore(path)) as store:
        snapshot = store.snapshot()
        graphs = [name for name in snapshot.graphs() if not snapshot.base.is_history_graph(name)]
        return report, {name: statements_of(Graph(q.triple for q in snapshot.graph(name))) for name in graphs}


def index_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the index of a store has; how it was read has a say in the order of some of it, and in labels."""
    (file,) = path.glob("index-*.sqlite")
    with closing(sqlite3.connect(file)) as db:
        found = {table: sorted(db.execute(f"SELECT * FROM {table}"), key=repr) for table in TABLES}
    found["document"] = [(thing, statements_of(Graph.about(told_in(said)))) for thing, said in found["document"]]
    found["spoken"] = [
        (thing, {by: sorted(map(repr, values)) for by, values in json.loads(said).items()})
        for thing, said in found["spoken"]
    ]
    return found


def test_what_comes_in_bulk_is_what_comes_otherwise(small_store: Path, tmp_path: Path, in_bulk: list[int]) -> None:
    report, graphs = store_of(tmp_path / "bulk", [SMALL])
    assert in_bulk[0] > 2
    with closing(EmbeddedStore(small_store)) as store:
        snapshot = store.snapshot()
        assert graphs == {name: statements_of(Graph(q.triple for q in snapshot.graph(name))) for name in graphs}
        names = {name for name in snapshot.graphs() if not snapshot.base.is_history_graph(name)}
    assert graphs.keys() == names
    assert index_of(tmp_path / "bulk") == index_of(small_store)
    assert report.added == len([name for name in graphs if "/doc/" in name])
    with closing(EmbeddedStore(tmp_path / "bulk")) as store:
        history = store.snapshot().history
        assert history is not None
        assert history.changes()[0].added == report.added
    assert not [*(tmp_path / "bulk").glob("kgcompare-scratch-*")]


def test_nothing_stays_of_records_at_fault_but_those_that_may_be_left_out(tmp_path: Path, in_bulk: list[int]) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text(BAD, encoding="utf-8")
    path = tmp_path / "store"
    with pytest.raises(InvalidData):
        store_of(path, [SMALL, bad])
    with closing(EmbeddedStore(path)) as store:
        assert not [name for name in store.snapshot().graphs() if "/doc/" in name]
    assert not [*path.glob("kgcompare-scratch-*")]
    assert not in_bulk
    report = ingest.import_files(path, [SMALL, bad], ingest.Options(skip_invalid=True))
    assert report.left == 1
    assert in_bulk
    with closing(EmbeddedStore(path)) as store:
        assert len([name for name in store.snapshot().graphs() if "/doc/" in name]) == report.added > 1


def test_what_is_there_already_does_not_come_again(own_store: Path, tmp_path: Path, in_bulk: list[int]) -> None:
    one = tmp_path / "one.ttl"
    one.write_text(
        """PREFIX agent: <https://w3id.org/kgcompare/id/agent/> PREFIX foaf: <http://xmlns.com/foaf/0.1/>
        agent:somebody-new a foaf:Person ; foaf:name "Somebody New" .""",
        encoding="utf-8",
    )
    before = len([*EmbeddedStore(own_store).snapshot().quads()])
    report = ingest.import_files(own_store, [SMALL, one], ingest.Options())
    assert (report.added, in_bulk) == (1, [1])
    assert report.unchanged > 10
    snapshot = EmbeddedStore(own_store).snapshot()
    assert len([*snapshot.quads()]) == before + 2
    assert len(index_of(own_store)["document"]) == report.unchanged + 1
    changed = one.read_text(encoding="utf-8").replace('New" .', 'Known" .')
    one.write_text(changed, encoding="utf-8")
    assert ingest.import_files(own_store, [one], ingest.Options(replace=True)).replaced == 1
    assert in_bulk == [1], "what is replaced is replaced in one transaction"


def test_each_phase_tells_how_far_it_is(tmp_path: Path, in_bulk: list[int]) -> None:
    said: dict[str, list[tuple[int, int]]] = {}
    ingest.create_store(tmp_path / "store")
    options = ingest.Options(progress=lambda what, done, total: said.setdefault(what, []).append((done, total)))
    ingest.import_files(tmp_path / "store", [SMALL], options)
    assert [*said] == ["reading", "sorting", "deriving", "writing", "validating", "loading", "indexing"]
    for what, steps in said.items():
        shares = [done / total for done, total in steps]
        assert shares == sorted(shares), what
        assert shares[-1] == 1, what


def test_progress_is_a_bar_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    output.ProgressLine()("reading", 1, 2)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    line = output.ProgressLine()
    line("sorting", 0, 4)
    assert capsys.readouterr().err == "", "it may be done within a second"
    now[0] = 1.0
    line("sorting", 2, 4)
    assert capsys.readouterr().err == "\rsorting [" + "#" * 15 + " " * 15 + "]  50%"
    line("sorting", 4, 4)
    assert capsys.readouterr().err == "\rsorting [" + "#" * 30 + "] 100%\n"
