"""A store that an earlier version wrote opens; a migration that is ended anywhere leaves the old or the new."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyoxigraph
import pytest

from conftest import DATA, SMALL, Run
from deep import many
from kgcompare.errors import StoreError
from kgcompare.rdf.namespaces import Base
from kgcompare.store import layout
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.folder import Folder
from kgcompare.store.layout import LAYOUT


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The small catalogue as the first version with numbers of layouts left it on disk: it has to open for ever."""
    with tarfile.open(DATA / "layout-1.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "layout-1"


@pytest.fixture
def unnumbered(kept: Path) -> Path:
    """The same from before layouts had numbers."""
    _forget_layout(kept)
    return kept


def _forget_layout(store: Path) -> None:
    about = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(json.dumps({key: about[key] for key in ("base", "identity")}))


def _layout(store: Path) -> object:
    return json.loads((store / "store.json").read_text()).get("layout")


def test_a_store_of_the_first_layout_opens(kept: Path, run: Run, small_store: Path) -> None:
    """It says what was put into it, its records as today's and its vocabulary and shapes as then; it takes more."""
    written = pyoxigraph.Store.read_only(str(kept / "snapshots" / (kept / "current").read_text().strip()))
    then = _unlabelled(str(quad) + " ." for quad in written)
    del written
    assert _statements(run, kept) == then
    assert _of_records(then) == _of_records(_statements(run, small_store))
    assert "ridge" in run("search", "ridge", "--store", kept).out
    assert "0 added, 0 replaced, 15 unchanged" in run("import", "--store", kept, SMALL).err
    more = kept / "more.ttl"
    more.write_text(
        "<https://w3id.org/kgcompare/id/method/more> a <https://w3id.org/kgcompare/ns#Method> ; "
        '<http://www.w3.org/2004/02/skos/core#prefLabel> "More"@en .'
    )
    assert "1 added" in run("import", "--store", kept, more, "--trust").err
    assert _layout(kept) == LAYOUT


def _statements(run: Run, store: Path) -> list[str]:
    """What is in a store, without the labels of blank nodes."""
    return _unlabelled(run("export", "--store", store).out.splitlines())


def _of_records(statements: list[str]) -> list[str]:
    """Those that records make, of which there are some."""
    found = [line for line in statements if Base().is_of_record(line.split(" ")[-2].strip("<>"))]
    assert found
    return found


def _unlabelled(lines: Iterable[str]) -> list[str]:
    """Statements in order, whatever their blank nodes are called."""
    return sorted(" ".join("_:b" if word.startswith("_:") else word for word in line.split(" ")) for line in lines)


@pytest.mark.parametrize("command", [("stats",), ("show", "lasso"), ("import", str(SMALL)), ("search", "lasso")])
def test_whoever_opens_a_store_brings_it_to_todays_layout(
    unnumbered: Path, run: Run, command: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Readers and writers alike, and it is said."""
    identity = json.loads((unnumbered / "store.json").read_text())["identity"]
    ran = run(*command, "--store", unnumbered)
    assert ran.code == 0, ran.err
    assert f"was brought to layout {LAYOUT}" in caplog.text
    assert _layout(unnumbered) == LAYOUT
    assert EmbeddedStore(unnumbered).identity == identity
    caplog.clear()
    assert run("stats", "--store", unnumbered).code == 0
    assert "brought to layout" not in caplog.text


@pytest.mark.parametrize("said", ["one", -1, 1.5, True, None])
def test_a_layout_that_is_no_number_is_refused(kept: Path, said: object) -> None:
    """It is not taken for the one before numbers."""
    about = json.loads((kept / "store.json").read_text())
    (kept / "store.json").write_text(json.dumps(about | {"layout": said}))
    with pytest.raises(StoreError, match="is no number of a layout"):
        EmbeddedStore(kept)
    assert _layout(kept) == said


def test_a_step_that_fails_leaves_the_layout_before(unnumbered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done before it stays, it is said what could not be, and the next one goes on from there."""
    done: list[int] = []

    def full(_: Path, __: layout.About) -> None:
        done.append(1)
        if len(done) == 1:
            raise OSError(28, "No space left on device")

    steps: Mapping[int, object] = {0: layout.STEPS[0], LAYOUT: full}
    monkeypatch.setattr(layout, "STEPS", {**layout.STEPS, **steps})
    monkeypatch.setattr(layout, "LAYOUT", LAYOUT + 1)
    with pytest.raises(StoreError, match=rf"older layout.*layout {LAYOUT + 1} cannot be written: No space left"):
        EmbeddedStore(unnumbered)
    assert _layout(unnumbered) == LAYOUT
    assert Folder(unnumbered).describe().base.value == "https://w3id.org/kgcompare/"
    assert (_layout(unnumbered), len(done)) == (LAYOUT + 1, 2)


MIGRATING = """
import sys
from pathlib import Path
from kgcompare.store.folder import Folder
print("ready", flush=True)
for store in sys.argv[1:]:
    Folder(Path(store)).describe()
print("done", flush=True)
"""


def test_a_migration_killed_at_any_moment_leaves_old_or_new(unnumbered: Path, tmp_path: Path) -> None:
    """Processes are ended at random moments: each store is whole, and opens; some of either kind are seen."""
    old = (unnumbered / "store.json").read_bytes()
    seen: set[bool] = set()
    chance, span = random.Random(12), 0.1
    for number in range(many(10, 100)):
        stores = [_copy(unnumbered, tmp_path / f"{number}-{place}") for place in range(8)]
        with subprocess.Popen([sys.executable, "-c", MIGRATING, *map(str, stores)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            select.select([process.stdout], [], [], chance.uniform(0, span))
            os.kill(process.pid, signal.SIGKILL)
        for store in stores:
            said = (store / "store.json").read_bytes()
            seen.add(said == old)
            assert said == old or _layout(store) == LAYOUT
            assert Folder(store).describe().identity == json.loads(old)["identity"]
            assert _layout(store) == LAYOUT
    assert seen == {True, False}
    assert EmbeddedStore(unnumbered).snapshot().graphs()


def _copy(store: Path, to: Path) -> Path:
    """A store's folder as far as a migration looks at it."""
    to.mkdir()
    for name in ("store.json", "current", "lock"):
        (to / name).write_bytes((store / name).read_bytes())
    return to
