"""The store's promises: one writer, any number of readers, generations, and nothing half done."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store

import kgcompare
from conftest import SMALL, copied
from deep import many
from forking import Forks, forks
from kgcompare import ingest, search
from kgcompare.catalogue import Catalogue
from kgcompare.errors import (
    Conflict,
    Damaged,
    DataError,
    InvalidData,
    QueryError,
    StoreError,
    StoreMissing,
    Unavailable,
    UnknownThing,
)
from kgcompare.search import Filter
from kgcompare.store import Snapshot, Verdict
from kgcompare.store import writer as store_writer
from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.folder import Folder
from kgcompare.store.layout import LAYOUT, Description
from kgcompare.store.sums import seal
from kgcompare.text import dates
from serving import START, Server

ASK = "ASK {{ <https://w3id.org/kgcompare/id/method/{}> ?p ?o }}"


def method(slug: str, name: str = "") -> str:
    """A small valid record in Turtle."""
    return (
        "@prefix kgc: <https://w3id.org/kgcompare/ns#> .\n@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        f'<https://w3id.org/kgcompare/id/method/{slug}> a kgc:Method ; skos:prefLabel "{name or slug}"@en .\n'
    )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one method in it, as generation 2, to be copied."""
    path = tmp_path_factory.mktemp("first") / "store"
    ingest.create_store(path)
    take(path, "first")
    return path


@pytest.fixture
def store(first: Path, tmp_path: Path) -> Path:
    """A store with one method in it, as generation 2."""
    return copied(first, tmp_path / "store")


def take(path: Path, slug: str, name: str = "", *, replace: bool = False) -> str:
    """Imports one method, without validation (which has tests of its own), and says the generation's number."""
    file = path.parent / f"{slug}.ttl"
    file.write_text(method(slug, name), encoding="utf-8")
    return plain(ingest.import_files(path, [file], ingest.Options(trust=True, replace=replace)).generation)


def plain(generation: str) -> str:
    """The number of a generation, without what is random of its name."""
    return generation.partition("-")[0]


def current(path: Path) -> str:
    """The number of the generation to read."""
    return plain((path / "current").read_text().strip())


def has(snapshot: EmbeddedSnapshot, slug: str) -> bool:
    """Whether a method is in a generation."""
    return snapshot.query(ASK.format(slug)) == Verdict(True)


def files(path: Path) -> dict[str, str]:
    """Every file of a store and what is in it."""
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def generations(path: Path) -> list[str]:
    """The numbers of the generations that a store keeps."""
    return sorted(plain(child.name) for child in (path / "snapshots").iterdir() if child.is_dir())


# -- generations ---------------------------------------------------------------------------------------


def test_every_import_is_a_generation_of_its_own(store: Path) -> None:
    assert current(store) == "2"
    assert take(store, "second") == "3"
    assert take(store, "third") == "4"


def test_the_same_import_again_makes_no_generation(store: Path) -> None:
    before = files(store)
    assert take(store, "first") == "2"
    assert files(store) == before


def test_a_reader_keeps_its_snapshot_while_a_writer_publishes(store: Path) -> None:
    reading = EmbeddedStore(store)
    old = reading.snapshot()
    take(store, "second")
    new = reading.snapshot()
    assert (plain(old.generation), plain(new.generation)) == ("2", "3")
    assert not has(old, "second")
    assert has(old, "first")
    assert has(new, "second")
    assert old.index_path.exists()


def test_the_snapshot_is_the_same_object_while_nothing_is_published(store: Path) -> None:
    reading = EmbeddedStore(store)
    assert reading.snapshot() is reading.snapshot()


def test_generations_that_nobody_reads_are_removed_by_the_next_writer(store: Path) -> None:
    reading = EmbeddedStore(store)
    held = reading.snapshot()
    take(store, "second")
    take(store, "third")
    take(store, "fourth")
    assert generations(store) == ["2", "5"]
    assert sorted(plain(p.name.removeprefix("index-")) for p in store.glob("index-*")) == ["2", "5"]
    assert has(held, "first")
    reading.snapshot()
    del held
    gc.collect()
    take(store, "fifth")
    assert generations(store) == ["5", "6"], "the reader has taken the fifth meanwhile"
    assert [p.name for p in store.glob("index-2*")] == []


def test_a_catalogue_follows_its_store(store: Path) -> None:
    with kgcompare.open(store) as catalogue:
        assert catalogue.compare(["first"]).methods[0].label == "first"
        take(store, "first", "The first one", replace=True)
        assert catalogue.compare(["first"]).methods[0].label == "The first one"
        assert [thing.id for thing in catalogue.search("one")] == ["first"]


def test_a_view_answers_from_one_generation_whatever_happens(store: Path) -> None:
    with Catalogue(EmbeddedStore(store)) as catalogue:
        generation = catalogue.generation()
        for number in range(3):
            take(store, f"later-{number}")
        assert generation.compare(["first"]).methods[0].id == "first"
        assert generation.counts()["method"] == 1
        assert catalogue.generation().counts()["method"] == 4


def test_identity_stays_and_tells_stores_apart(store: Path, tmp_path: Path) -> None:
    before = EmbeddedStore(store).identity
    take(store, "second")
    assert EmbeddedStore(store).identity == before
    ingest.create_store(tmp_path / "other")
    assert EmbeddedStore(tmp_path / "other").identity != before


# -- processes -----------------------------------------------------------------------------------------

READER = """
import sys, time
from pathlib import Path
from kgcompare.catalogue import Catalogue
from kgcompare.store.embedded import EmbeddedStore
with Catalogue(EmbeddedStore(Path(sys.argv[1]))) as catalogue:
    print("ready", flush=True)
    seen, reads, deadline = set(), 0, time.monotonic() + 60
    while time.monotonic() < deadline:
        generation = catalogue.generation()
        compared = generation.compare(["first"])
        listed = generation.counts()["method"]
        there = len(generation.snapshot.select("SELECT ?m WHERE { ?m a <https://w3id.org/kgcompare/ns#Method> }").rows)
        assert compared.methods[0].id == "first"
        assert listed == there, (generation.name, listed, there)
        seen.add(int(generation.name.partition("-")[0]))
        reads += 1
        if max(seen) >= int(sys.argv[2]):
            break
        time.sleep(0.01)  # the one that imports has a turn, too
    print(max(seen), reads, flush=True)
"""


@pytest.mark.slow
def test_two_processes_read_while_a_third_imports(store: Path) -> None:
    readers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", READER, str(store), "8"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    for number in range(6):
        file = store.parent / f"new-{number}.ttl"
        file.write_text(method(f"new-{number}"), encoding="utf-8")
    script = (
        "import sys; from pathlib import Path; from kgcompare import ingest\n"
        "for name in sys.argv[2:]: ingest.import_files(Path(sys.argv[1]), [Path(name)], ingest.Options(trust=True))"
    )
    names = [str(store.parent / f"new-{number}.ttl") for number in range(6)]
    subprocess.run([sys.executable, "-c", script, str(store), *names], check=True, timeout=120)
    for reader in readers:
        out, err = reader.communicate(timeout=120)
        assert (reader.returncode, err) == (0, "")
        newest, reads = out.split()
        assert newest == "8"
        assert int(reads) > 1


@pytest.mark.slow
def test_two_writers_take_turns(store: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from kgcompare import ingest\n"
        "for name in sys.argv[2:]: ingest.import_files(Path(sys.argv[1]), [Path(name)], ingest.Options(trust=True))"
    )
    for number in range(8):
        (store.parent / f"w{number}.ttl").write_text(method(f"w{number}"), encoding="utf-8")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(store), *(str(store.parent / f"w{n}.ttl") for n in share)],
            stderr=subprocess.PIPE,
        )
        for share in (range(4), range(4, 8))
    ]
    for writer in writers:
        said = writer.communicate(timeout=120)[1].splitlines()
        assert all(b": waiting for the one who writes to the store at " in line for line in said), said
        assert writer.returncode == 0
    assert current(store) == "10"
    with kgcompare.open(store) as catalogue:
        assert catalogue.generation().counts()["method"] == 9


KILLED = """
import os, signal, sys
from pathlib import Path
from kgcompare import ingest
from kgcompare.store import folder
from kgcompare.store import writer as store_writer
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
stage = sys.argv[3]
if stage == "written":
    store_writer.Writer.publish = die
elif stage == "flushed":
    folder.Folder.prepare = die
elif stage == "checkpoint":
    def index(self, generation):
        die()
    folder.Folder.index_in_the_making = index
elif stage == "indexed":
    folder.Folder.set_current = die
elif stage == "current":
    folder.Folder.remove_old = die
elif stage == "opened":
    store_writer.Writer.add = die
ingest.import_files(Path(sys.argv[1]), [Path(sys.argv[2])], ingest.Options(trust=True))
"""


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Processes that start at once."""
    with forks(tmp_path_factory.mktemp("forks")) as one:
        yield one


@pytest.mark.parametrize("stage", ["opened", "written", "flushed", "checkpoint", "indexed"])
def test_a_killed_writer_leaves_the_old_generation(store: Path, stage: str, forked: Forks) -> None:
    killed(store, stage, forked)
    assert current(store) == "2"
    with kgcompare.open(store) as catalogue:
        assert catalogue.generation().counts()["method"] == 1
        assert not has(catalogue.generation().snapshot, "doomed")  # type: ignore[arg-type]
    assert take(store, "after") == "3"
    with kgcompare.open(store) as catalogue:
        assert catalogue.generation().counts()["method"] == 2, "what the killed writer wrote has not crept in"
        assert not has(catalogue.generation().snapshot, "doomed")  # type: ignore[arg-type]
        assert has(catalogue.generation().snapshot, "after")  # type: ignore[arg-type]
        assert [thing.id for thing in catalogue.search("after")] == ["after"]
    assert generations(store) == ["3"]


def test_a_writer_killed_after_it_has_published_has_published(store: Path, forked: Forks) -> None:
    killed(store, "current", forked)
    with kgcompare.open(store) as catalogue:
        assert has(catalogue.generation().snapshot, "doomed")  # type: ignore[arg-type]
    assert take(store, "after") == "4"
    with kgcompare.open(store) as catalogue:
        assert catalogue.generation().counts()["method"] == 3
    assert "2" not in generations(store)


def test_a_writer_killed_in_an_empty_store(tmp_path: Path, forked: Forks) -> None:
    store = tmp_path / "store"
    script = (
        "import os, signal, sys; from pathlib import Path; from kgcompare import ingest, search\n"
        "search.build = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "ingest.create_store(Path(sys.argv[1]))"
    )
    assert forked.run(script, store).code == -signal.SIGKILL
    with pytest.raises(StoreError, match="has no generation to read"):
        EmbeddedStore(store)
    take(store, "first")
    with kgcompare.open(store) as catalogue:
        assert catalogue.compare(["first"]).row("domain").label == "Domain"
        assert catalogue.generation().counts()["method"] == 1


def killed(store: Path, stage: str, forked: Forks) -> None:
    """Lets an import die at a stage."""
    file = store.parent / "doomed.ttl"
    file.write_text(method("doomed"), encoding="utf-8")
    done = forked.run(KILLED, store, file, stage)
    assert done.code == -signal.SIGKILL, "the import got past the stage at which it was to die"


# -- folders that are no store -------------------------------------------------------------------------


def test_a_missing_store(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match=r"there is no store at .*; make one with: kgcompare init --store"):
        EmbeddedStore(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_store_of_a_newer_layout(store: Path) -> None:
    about = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(json.dumps(about | {"layout": LAYOUT + 1}))
    with pytest.raises(StoreError, match=rf"layout {LAYOUT + 1}.*install a newer kgcompare"):
        EmbeddedStore(store)
    before = files(store)
    with pytest.raises(StoreError, match="install a newer kgcompare"):
        take(store, "second")
    assert files(store) == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"layout": "one"}', '{"layout": 1}', "null"])
def test_a_broken_description(store: Path, content: str) -> None:
    (store / "store.json").write_text(content)
    with pytest.raises(StoreError, match=r"store\.json cannot be read"):
        EmbeddedStore(store)


def test_a_broken_checkpoint(store: Path) -> None:
    checkpoint = store / "snapshots" / (store / "current").read_text().strip()
    shutil.rmtree(checkpoint)
    checkpoint.mkdir()
    with pytest.raises(StoreError, match=r"generation 2-\w+ of .* cannot be opened"):
        EmbeddedStore(store)


def test_a_writer_restores_what_it_writes_to(store: Path) -> None:
    before = EmbeddedStore(store).snapshot().graphs()
    shutil.rmtree(store / "live")
    with store_writer.writing(store) as writer:
        writer.add([Quad(NamedNode("http://e/s"), NamedNode("http://e/p"), Literal("o"), NamedNode("http://e/g"))])
        writer.publish(search.build)
    assert set(EmbeddedStore(store).snapshot().graphs()) == {*before, "http://e/g"}


def test_a_file_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("not a store")
    for use in (EmbeddedStore, ingest.create_store):
        with pytest.raises(StoreError, match="is a file, not a store folder"):
            use(path)
    assert path.read_text() == "not a store"


def test_a_path_below_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        ingest.create_store(tmp_path / "file" / "store")


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    with pytest.raises(StoreError, match="a folder with other things in it"):
        ingest.create_store(tmp_path)
    assert [child.name for child in tmp_path.iterdir()] == ["thesis.odt"]
    with pytest.raises(StoreMissing):
        EmbeddedStore(tmp_path)


def test_a_store_is_not_made_twice(store: Path) -> None:
    before = files(store)
    with pytest.raises(StoreError, match=r"there is a store at .* already"):
        ingest.create_store(store)
    assert files(store) == before


@pytest.fixture
def strangers_store() -> Iterator[Path]:
    """A store in a place that every user can read and only its owner can write."""
    with tempfile.TemporaryDirectory(prefix="kgcompare-test-") as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "store"
        ingest.create_store(path)
        take(path, "first")
        for child in (path, *path.rglob("*")):
            child.chmod(0o555 if child.is_dir() else 0o444)
        yield path
        for child in (path, *path.rglob("*")):
            if child.is_dir():
                child.chmod(0o755)


def _without_override() -> None:
    """Takes from root what lets it write to files that are read-only; others have not got it anyway."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def as_nobody(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python as somebody for whom read-only is read-only."""
    return subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=_without_override,
    )


def test_the_guard_of_the_two_tests_below_works(strangers_store: Path) -> None:
    done = as_nobody("import sys; open(sys.argv[1], 'a')", str(strangers_store / "lock"))
    assert "PermissionError" in done.stderr


def test_a_read_only_folder_can_be_read(strangers_store: Path) -> None:
    before = files(strangers_store)
    done = as_nobody(
        """
        import sys, kgcompare
        with kgcompare.open(sys.argv[1]) as catalogue:
            print(catalogue.compare(["first"]).methods[0].label, [t.id for t in catalogue.search("fir")])
        """,
        str(strangers_store),
    )
    assert (done.stdout, done.stderr) == ("first ['first']\n", "")
    assert files(strangers_store) == before


def test_a_read_only_folder_refuses_writes_clearly(strangers_store: Path) -> None:
    before = files(strangers_store)
    done = as_nobody(
        """
        import sys
        from kgcompare import cli
        cli.main(["import", "--store", sys.argv[1], sys.argv[2]])
        """,
        str(strangers_store),
        str(SMALL),
    )
    assert done.returncode == 3, done.stderr
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert files(strangers_store) == before


# -- refused writes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("syntax.ttl", method("second") + "this is not Turtle", DataError),
        ("empty.ttl", "", DataError),
        ("invalid.ttl", method("second") + method("third").replace("@en", ""), InvalidData),
        ("conflict.ttl", method("second") + method("first", "Another name"), Conflict),
        ("stray.ttl", method("second") + "[] <http://purl.org/dc/terms/title> 'x' .", DataError),
    ],
)
def test_a_refused_import_leaves_the_store_byte_for_byte(
    store: Path, name: str, content: str, error: type[Exception]
) -> None:
    before = files(store)
    file = store.parent / name
    file.write_text(content, encoding="utf-8")
    with pytest.raises(error):
        ingest.import_files(store, [file], ingest.Options())
    assert files(store) == before


def test_refused_quads_leave_what_readers_see_and_what_comes_after(store: Path) -> None:
    file = store.parent / "quads.nq"
    fine = "".join(f"<http://example.org/{n}> <http://example.org/p> <http://e/o> <http://g/> .\n" for n in range(5000))
    file.write_text(fine + "broken\n", encoding="utf-8")
    before = list(EmbeddedStore(store).snapshot().quads())
    with pytest.raises(DataError, match=r"quads\.nq, line 5001"):
        ingest.import_files(store, [file], ingest.Options(trust=True))
    assert list(EmbeddedStore(store).snapshot().quads()) == before
    take(store, "second")
    after = EmbeddedStore(store).snapshot()
    assert not [q for q in after.quads() if q.subject.value.startswith("http://example.org/")]  # type: ignore[union-attr]
    assert has(after, "second")


def test_a_writer_that_raises_publishes_nothing(store: Path) -> None:
    quad = Quad(NamedNode("https://e/s"), NamedNode("https://e/p"), Literal("o"), NamedNode("https://e/g"))

    def write() -> None:
        with store_writer.writing(store) as writer:
            writer.add([quad])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert current(store) == "2"
    with store_writer.writing(store) as writer:
        writer.replace({"https://e/g2": [quad]})
        assert plain(writer.publish(search.build)) == "3"
    found = EmbeddedStore(store).snapshot()
    assert found.graph("https://e/g") == []
    assert len(found.graph("https://e/g2")) == 1


def test_an_index_that_cannot_be_made_publishes_nothing(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kgcompare.search.following.shutil.copyfile", failing)
    with pytest.raises(StoreError, match="cannot be written"):
        take(store, "second")
    assert current(store) == "2"
    monkeypatch.undo()
    assert take(store, "second") == "3"


# -- what a snapshot answers ---------------------------------------------------------------------------


def test_queries_run_over_the_union_unless_they_name_a_dataset(store: Path) -> None:
    snapshot = EmbeddedStore(store).snapshot()
    label = "?m <http://www.w3.org/2004/02/skos/core#prefLabel> 'first'@en"
    assert snapshot.query(f"ASK {{ {label} }}") == Verdict(True)
    assert snapshot.query(f"ASK FROM <https://w3id.org/kgcompare/doc/method/first> {{ {label} }}") == Verdict(True)
    assert snapshot.query(f"ASK FROM <https://w3id.org/kgcompare/ns> {{ {label} }}") == Verdict(False)
    assert snapshot.query(f"ASK FROM NAMED <https://w3id.org/kgcompare/ns> {{ {label} }}") == Verdict(False)
    assert snapshot.query(f"ASK {{ {label} FILTER (STR(?m) != 'FROM <x:y>') }} # from <x:y>") == Verdict(True)


@pytest.mark.parametrize("query", ["SELECT", "INSERT DATA { <x:a> <x:b> <x:c> }", "", "\x00", "ASK { ?s ex:p ?o }"])
def test_a_malformed_query(store: Path, query: str) -> None:
    with pytest.raises(QueryError):
        EmbeddedStore(store).snapshot().query(query)


def test_select_refuses_other_kinds_of_query(store: Path) -> None:
    with pytest.raises(QueryError):
        EmbeddedStore(store).snapshot().select("ASK {}")


def test_every_statement_stands_in_the_graph_of_its_document(small_store: Path) -> None:
    snapshot = EmbeddedStore(small_store).snapshot()
    base = snapshot.base
    for quad in snapshot.quads():
        graph = getattr(quad.graph_name, "value", "")
        assert graph.startswith(base.value), "nothing stands in the default graph"
        if isinstance(quad.subject, NamedNode) and not base.is_vocabulary_graph(graph):
            assert graph in {base.document(quad.subject.value), quad.subject.value}


# -- what is held open ---------------------------------------------------------------------------------


def held_open(folder: Path) -> list[str]:
    """The files below a folder that this process holds open."""
    gc.collect()
    found = []
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            found.append(os.readlink(f"/proc/self/fd/{number}"))  # noqa: PTH115
        except OSError:
            continue  # the folder /proc/self/fd itself
    return [name for name in found if name.startswith(str(folder))]


@pytest.mark.slow
def test_no_file_stays_open(store: Path) -> None:
    for _ in range(4):
        with Catalogue(EmbeddedStore(store)) as catalogue:
            catalogue.compare(["first"])
            catalogue.search("first")
            take(store, f"another-{time.monotonic_ns()}")
            catalogue.compare(["first"])
        del catalogue
        assert held_open(store) == []


@pytest.mark.slow
def test_a_long_lived_reader_lets_go_of_old_generations(store: Path) -> None:
    with Catalogue(EmbeddedStore(store)) as catalogue:
        counts = []
        for number in range(6):
            take(store, f"another-{number}")
            catalogue.compare(["first"])
            catalogue.search("first")
            counts.append(len([name for name in held_open(store) if name.endswith(".lock")]))
        assert counts == [1] * 6


def test_refusals_hold_nothing_open(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.ttl"
    file.write_text("broken")
    for _ in range(3):
        with pytest.raises(DataError):
            ingest.import_files(store, [file], ingest.Options())
        with pytest.raises(StoreError):
            EmbeddedStore(tmp_path / "missing")
    assert held_open(tmp_path) == []


# -- what is missing or damaged ------------------------------------------------------------------------


def current_name(path: Path) -> str:
    """The generation to read."""
    return (path / "current").read_text().strip()


def empty(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()


def without_manifest(path: Path) -> None:
    for file in path.glob("MANIFEST-*"):
        file.unlink()


def each(folder: Path, pattern: str, do: Callable[[Path], object]) -> None:
    for path in folder.glob(pattern):
        do(path)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "live is gone": lambda s: shutil.rmtree(s / "live"),
    "live is empty": lambda s: empty(s / "live"),
    "live is damaged": lambda s: without_manifest(s / "live"),
    "current is gone": lambda s: (s / "current").unlink(),
    "current is empty": lambda s: (s / "current").write_text(""),
    "current is blank": lambda s: (s / "current").write_text(" \n\n"),
    "current is garbage": lambda s: (s / "current").write_bytes(b"\0\xff../.."),
    "current names another": lambda s: (s / "current").write_text("99\n"),
    "current names one before": lambda s: (s / "current").write_text("1\n"),
    "current names an older one": lambda s: (s / "current").write_text(oldest(s) + "\n"),
    "current has a number out of bounds": lambda s: (s / "current").write_text("9" * 5000),
    "snapshots is gone": lambda s: shutil.rmtree(s / "snapshots"),
    "snapshots is empty": lambda s: empty(s / "snapshots"),
    "the checkpoint is gone": lambda s: shutil.rmtree(s / "snapshots" / newest(s)),
    "the checkpoint is empty": lambda s: empty(s / "snapshots" / newest(s)),
    "the checkpoint is damaged": lambda s: without_manifest(s / "snapshots" / newest(s)),
    "the locks are gone": lambda s: each(s / "snapshots", "*.lock", Path.unlink),
    "the index is gone": lambda s: each(s, "index-*", Path.unlink),
    "the index is empty": lambda s: each(s, "index-*", lambda index: index.write_bytes(b"")),
    "the index is cut off": lambda s: each(s, "index-*", lambda index: os.truncate(index, 20000)),
}


def newest(path: Path) -> str:
    """The newest generation of which anything is there, whatever ``current`` says."""
    return max((i.stem.removeprefix("index-") for i in path.glob("index-*.sqlite")), key=lambda g: int(plain(g)))


def oldest(path: Path) -> str:
    """The oldest generation that is kept."""
    return min((i.stem.removeprefix("index-") for i in path.glob("index-*.sqlite")), key=lambda g: int(plain(g)))


PAIRS = [(one, other) for one, other in itertools.combinations(DAMAGE, 2) if one.split()[:2] != other.split()[:2]]


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two methods and an older generation that somebody has kept; to be copied."""
    path = tmp_path_factory.mktemp("lasting") / "store"
    ingest.create_store(path)
    take(path, "first")
    reading = EmbeddedStore(path)
    take(path, "second")
    reading.close()
    return path


def hurt(lasting: Path, folder: Path, what: Sequence[str], *, unfinished: bool) -> Path:
    """A copy of a store with some damage done to it."""
    store = folder / "store"
    shutil.copytree(lasting, store)
    # "newest" is found by the index, so what takes that goes last.
    for name in sorted(what, key=lambda name: name.startswith("the index")):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            DAMAGE[name](store)
    if unfinished:
        (store / "unfinished").touch()
    return store


def all_is_there_or_refused(store: Path) -> None:
    """An import either adds to all that was there, or is refused with the records as they were."""
    before = {name: text for name, text in files(store).items() if not name.startswith("index-")}
    try:
        take(store, "third")
    except StoreError as fault:
        refused = str(fault)
    else:
        refused = ""
    if refused:
        assert re.search("put the folder back|write .* into that file", refused), refused
        assert {name: text for name, text in files(store).items() if not name.startswith("index-")} == before
        return
    with kgcompare.open(store) as catalogue:
        assert sorted(m.id for m in catalogue.compare(["first", "second", "third"]).methods) == SORTED
        assert catalogue.generation().counts()["method"] == 3
        assert [thing.id for thing in catalogue.search("third")] == ["third"]
    assert generations(store) == [current(store)]


SORTED = ["first", "second", "third"]


@pytest.mark.slow
@pytest.mark.parametrize("unfinished", [False, True])
@pytest.mark.parametrize("what", DAMAGE)
def test_an_import_into_a_damaged_store_loses_nothing(
    lasting: Path, tmp_path: Path, what: str, unfinished: bool
) -> None:
    all_is_there_or_refused(hurt(lasting, tmp_path, [what], unfinished=unfinished))


@pytest.mark.slow
@pytest.mark.parametrize("unfinished", [False, True])
def test_an_import_into_a_store_with_two_kinds_of_damage_loses_nothing(
    lasting: Path, tmp_path: Path, unfinished: bool
) -> None:
    for number, pair in enumerate(PAIRS[int(unfinished) :: many(6, 2)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            all_is_there_or_refused(hurt(lasting, folder, pair, unfinished=unfinished))
        except AssertionError as fault:
            raise AssertionError(f"{pair}: {fault}") from fault
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    "what", ["live is gone", "live is empty", "current is empty", "current is gone", "snapshots is gone"]
)
def test_what_is_whole_is_enough_for_an_import(lasting: Path, tmp_path: Path, what: str) -> None:
    store = hurt(lasting, tmp_path, [what], unfinished=False)
    take(store, "third")
    assert EmbeddedStore(store).snapshot().select("SELECT ?m { ?m a <https://w3id.org/kgcompare/ns#Method> }").rows[2:]


def test_a_store_that_has_lost_everything_is_not_a_new_one(lasting: Path, tmp_path: Path) -> None:
    store = hurt(lasting, tmp_path, ["live is gone", "snapshots is gone", "current is gone"], unfinished=False)
    before = files(store)
    for use in (EmbeddedStore, lambda path: take(path, "third")):
        with pytest.raises(StoreError, match="put the folder back from a copy"):
            use(store)
    assert files(store) == before


@pytest.mark.parametrize("what", [n for n in DAMAGE if n.startswith("current ") and "older" not in n])
def test_a_reader_without_a_current_generation_takes_the_newest_and_says_so_once(
    lasting: Path, tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = hurt(lasting, tmp_path, [what], unfinished=False)
    with kgcompare.open(store) as catalogue:
        for _ in range(3):
            catalogue.store._seen = catalogue.store._seen._replace(retry=0.0)  # type: ignore[attr-defined]
            assert catalogue.compare(["first", "second"]).unknown == ()
        assert len(caplog.records) == 1
        assert "going on with generation 3-" in caplog.text


def test_a_reader_of_an_older_generation_is_told_of_the_newer_one(
    lasting: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = hurt(lasting, tmp_path, ["current names an older one"], unfinished=False)
    assert plain(EmbeddedStore(store).snapshot().generation) == "2"
    assert re.search(r"current names generation 2-\w+, but 3-\w+ is there too", caplog.text)
    with pytest.raises(StoreError, match=r"names generation 2-\w+, but 3-\w+ came later .* write 3-\w+ into that file"):
        take(store, "third")


def test_a_reader_goes_on_with_what_it_has_and_recovers(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    reading = EmbeddedStore(store)
    kept = (store / "current").read_text()
    for garbage in ("nonsense\n", "", "99\n", None):
        (store / "current").unlink()
        if garbage is not None:
            (store / "current").write_text(garbage)
        for _ in range(3):
            assert has(reading.snapshot(), "first")
            assert reading.opened() is reading.snapshot()
    assert len(caplog.records) == 3, "what is wrong is said once, and again when something else is"
    (store / "current").write_text(kept)
    take(store, "second")
    assert has(reading.snapshot(), "second")


def test_a_reader_goes_on_without_its_folder(store: Path) -> None:
    with kgcompare.open(store) as catalogue:
        catalogue.compare(["first"])
        shutil.rmtree(store / "snapshots")
        assert catalogue.compare(["first"]).unknown == ()
        take(store, "second")
        assert catalogue.compare(["first", "second"]).unknown == ()


def test_a_store_put_back_from_a_copy_has_no_generation_of_the_same_name(store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy")
    take(store, "second")
    other = tmp_path / "copy"
    take(other, "third")
    assert current(store) == current(other)
    assert current_name(store) != current_name(other)
    reading = EmbeddedStore(store)
    reading.snapshot()
    shutil.rmtree(store)
    shutil.copytree(other, store)
    assert has(reading.snapshot(), "third")
    assert not has(reading.snapshot(), "second")


def test_generations_without_a_random_part_are_read_and_followed(store: Path) -> None:
    name = current_name(store)
    (store / "snapshots" / name).rename(store / "snapshots" / "2")
    (store / "snapshots" / f"{name}.lock").rename(store / "snapshots" / "2.lock")
    (store / f"index-{name}.sqlite").rename(store / "index-2.sqlite")
    (store / "current").write_text("2\n")
    assert EmbeddedStore(store).snapshot().generation == "2"
    assert take(store, "second") == "3"


def test_files_with_flipped_bits_are_a_fault_of_the_store(store: Path, tmp_path: Path) -> None:
    checkpoint = store / "snapshots" / current_name(store)
    for number, table in enumerate(sorted(checkpoint.glob("*.sst"))):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(store, copy)
        spoiled = copy / table.relative_to(store)
        spoiled.write_bytes(bytes(byte ^ 0x55 for byte in spoiled.read_bytes()[:200]) + spoiled.read_bytes()[200:])
        try:
            snapshot = EmbeddedStore(copy).snapshot()
            snapshot.query("SELECT * { GRAPH ?g { ?s ?p ?o } }")
            list(snapshot.quads())
        except StoreError as fault:
            assert re.search("cannot be (read|opened)", str(fault))  # noqa: PT017


# -- new generations -----------------------------------------------------------------------------------


def test_whoever_asks_after_a_generation_was_published_gets_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = EmbeddedSnapshot.__init__

    def slow(self: EmbeddedSnapshot, folder: Folder, generation: str, about: Description, *live: Store) -> None:
        real(self, folder, generation, about, *live)
        if threading.current_thread().name.startswith("reader"):
            opened.append(generation)
            time.sleep(0.05)

    monkeypatch.setattr(EmbeddedSnapshot, "__init__", slow)
    published, wrong, done = [int(current(store))], [], threading.Event()

    def read(reading: EmbeddedStore) -> None:
        while not done.is_set():
            least = published[-1]
            snapshot = reading.opened() or reading.snapshot()
            if int(plain(snapshot.generation)) < least:
                wrong.append((snapshot.generation, least))
            time.sleep(0.001)  # whoever writes has a turn, too

    readings = [EmbeddedStore(store), EmbeddedStore(store)]
    threads = [threading.Thread(target=read, args=(r,), name=f"reader {n}") for n in range(4) for r in readings]
    for thread in threads:
        thread.start()
    try:
        for number in range(5):
            published.append(int(take(store, f"later-{number}")))
    finally:
        done.set()
        for thread in threads:
            thread.join(30)
    assert wrong == []
    assert max(Counter(opened).values()) <= len(readings), "each generation is opened once by each reader"
    assert {int(plain(name)) for name in opened} >= {published[-1]}


def test_whoever_waits_for_a_generation_to_be_opened_gets_that_one(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = EmbeddedStore(store)
    take(store, "second")
    real, opening, open_it = EmbeddedSnapshot.__init__, threading.Event(), threading.Event()

    def slow(self: EmbeddedSnapshot, folder: Folder, generation: str, about: Description) -> None:
        opening.set()
        open_it.wait(10)
        real(self, folder, generation, about)

    monkeypatch.setattr(EmbeddedSnapshot, "__init__", slow)
    got: list[EmbeddedSnapshot] = []
    threads = [threading.Thread(target=lambda: got.append(reading.snapshot())) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert opening.wait(10)
    time.sleep(0.2)  # the others wait by now
    open_it.set()
    for thread in threads:
        thread.join(10)
    assert [has(snapshot, "second") for snapshot in got] == [True] * 5


def test_a_generation_that_is_opened_while_somebody_looks(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = EmbeddedStore(store)
    take(store, "second")
    real, looks = Folder.stamp, itertools.count()

    def stamp(self: Folder) -> tuple[int, ...]:
        if next(looks) == 0:
            reading.snapshot()  # as another thread does
        return real(self)

    monkeypatch.setattr(Folder, "stamp", stamp)
    assert has(reading.snapshot(), "second")


def test_a_generation_that_takes_too_long_to_open(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = EmbeddedStore(store)
    take(store, "second")
    monkeypatch.setattr("kgcompare.store.embedded._LONGEST_WAIT", 0.05)
    with reading._opening, pytest.raises(Unavailable, match="is being opened"):
        reading.snapshot()
    assert has(reading.snapshot(), "second")


# -- writers that are killed or wait -------------------------------------------------------------------

KILLED_AT = """
import os, signal, sys
from pathlib import Path
from kgcompare import ingest
calls, last = 0, int(sys.argv[3])
def dying(module, name):
    real = getattr(module, name)
    def counted(*args, **kwargs):
        global calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    setattr(module, name, counted)
import pathlib, shutil
for module, names in ((os, ("rename", "replace", "unlink", "rmdir", "fsync", "link", "mkdir", "ftruncate")),
                      (pathlib.Path, ("rename", "replace", "unlink", "touch", "mkdir")), (shutil, ("copyfile",))):
    for name in names:
        dying(module, name)
ingest.import_files(Path(sys.argv[1]), [Path(sys.argv[2])], ingest.Options(trust=True))
print(calls)
"""


def test_a_writer_killed_at_any_step_leaves_nothing_for_good(lasting: Path, tmp_path: Path, forked: Forks) -> None:
    file = tmp_path / "doomed.ttl"
    file.write_text(method("doomed"), encoding="utf-8")
    for step in itertools.count(1, many(4, 1)):
        folder = tmp_path / str(step)
        folder.mkdir()
        store = hurt(lasting, folder, [], unfinished=False)
        done = forked.run(KILLED_AT, store, file, step)
        assert done.code in {0, -signal.SIGKILL}, done.err
        take(store, "after")
        name = current_name(store)
        assert {child.name for child in (store / "snapshots").iterdir()} == {name, f"{name}.lock"}, step
        assert {child.name for child in store.iterdir()} == {
            "store.json", "live", "live.lock", "snapshots", "current", f"index-{name}.sqlite", "lock", "history.sqlite"
        }, step  # fmt: skip
        with kgcompare.open(store) as catalogue:
            there = {thing.id for thing in catalogue.search("")}
            assert there - {"doomed"} == {"first", "second", "after"}, step
        shutil.rmtree(folder)
        if done.code == 0:
            assert step > 20, "the steps were counted"
            break


def test_what_others_left_goes_with_the_next_import(store: Path) -> None:
    snapshots = store / "snapshots"
    for name in (".current.4711", ".store.json.4711", ".unfinished.4711", "index-7.sqlite.part", "index-1.sqlite"):
        (store / name).write_text("x")
    for name in ("5-00000000", "6", "7.tmp", "8.gone"):
        (snapshots / name).mkdir()
        (snapshots / name / "x.sst").write_text("x")
    (snapshots / "9.lock").touch()
    (snapshots / "notes.txt").write_text("somebody's own")
    (store / "unfinished").write_text("6\n")
    (store / "current").write_text(current_name(store) + "\n")
    (snapshots / "5-00000000").rename(snapshots / "1-00000000")
    take(store, "second")
    name = current_name(store)
    assert {child.name for child in snapshots.iterdir()} == {name, f"{name}.lock", "notes.txt"}
    assert sorted(child.name for child in store.iterdir()) == sorted(
        ["current", "history.sqlite", f"index-{name}.sqlite", "live", "live.lock", "lock", "snapshots", "store.json"]
    )


HOLDER = """
import sys, time
from pathlib import Path
from kgcompare.store.folder import Folder
with Folder(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_writer_that_waits_says_for_whom_and_can_be_stopped(store: Path) -> None:
    file = store.parent / "second.ttl"
    file.write_text(method("second"), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        command = [sys.executable, "-m", "kgcompare", "import", str(file), "--store", str(store), "--trust"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as waiting:
            assert waiting.stderr is not None
            said = waiting.stderr.readline()
            assert re.search(rf"waiting for .*{re.escape(str(store))}: process {holder.pid} since \d{{4}}-", said), said
            waiting.send_signal(signal.SIGINT)
            assert "stopped" in waiting.stderr.read()
            assert waiting.wait(30) == 130
        holder.communicate("", timeout=120)
    assert (store / "lock").read_text() == ""
    assert take(store, "second") == "3"


# -- closing -------------------------------------------------------------------------------------------


def test_a_closed_catalogue_holds_nothing_and_says_so(store: Path) -> None:
    other = kgcompare.open(store)
    with kgcompare.open(store) as catalogue:
        generation = catalogue.generation()
        generation.compare(["first"])
        generation.search(search.Filter("first"))
    for use in (
        lambda: catalogue.compare(["first"]),
        lambda: catalogue.search("first"),
        lambda: catalogue.query("ASK {}"),
        lambda: generation.snapshot.query("ASK {}"),
        generation.index.counts,
    ):
        with pytest.raises(StoreError, match="is closed"):
            use()
    assert other.compare(["first"]).unknown == ()
    other.close()
    other.close()
    assert held_open(store) == []
    shutil.rmtree(store)
    ingest.create_store(store)
    take(store, "second")
    with kgcompare.open(store) as again:
        assert again.compare(["second"]).unknown == ()


def test_a_relative_path_means_the_same_wherever_one_goes(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.parent)
    with kgcompare.open(store.name) as catalogue, store_writer.writing(Path(store.name)) as writer:
        assert catalogue.generation().snapshot.path == store / "snapshots" / current_name(store)
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        writer.add([Quad(NamedNode("http://e/s"), NamedNode("http://e/p"), Literal("o"), NamedNode("http://e/g"))])
        writer.publish(search.build)
        assert "http://e/g" in catalogue.generation().snapshot.graphs()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_index_that_cannot_be_made_leaves_nothing(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    (store / f"index-{current_name(store)}.sqlite").unlink()
    made = []

    def making(snapshot: EmbeddedSnapshot, path: Path) -> None:
        made.append(path)
        if len(made) == 1:
            raise StoreError("no room")
        build(snapshot, path)

    build = search.build
    monkeypatch.setattr(search, "build", making)
    with kgcompare.open(store) as catalogue:
        with pytest.raises(StoreError, match="no room"):
            catalogue.search("first")
        assert list((tmp_path / "scratch").iterdir()) == []
        assert [thing.id for thing in catalogue.search("first")] == ["first"]
        assert len(made) == 2
    assert list((tmp_path / "scratch").iterdir()) == []


# -- files that are not what was written -----------------------------------------------------------------


def flip(store: Path) -> Path:
    """Changes a bit in the middle of the largest file of the newest generation, where readers would meet it."""
    tables = (store / "snapshots" / current_name(store)).glob("*.sst")
    table = max(tables, key=lambda file: file.stat().st_size)
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 4
    table.write_bytes(content)
    return table


def test_a_server_does_not_read_a_damaged_generation(store: Path) -> None:
    table = flip(store)
    with pytest.raises(StoreError, match=rf"{table.name} is damaged.*put the folder back from a copy"):
        EmbeddedStore(store, checked=True)


def flip_unseen(store: Path) -> Path:
    """Changes a bit as a disk does: no time says that somebody has written."""
    folder, name = Folder(store), current_name(store)
    times = {table: table.stat().st_mtime_ns for table in folder.snapshot(name).glob("*.sst")}
    table = flip(store)
    os.utime(table, ns=(times[table], times[table]))
    return table


def sealed(store: Path) -> Path:
    """A store that stands where it was written."""
    folder, name = Folder(store), current_name(store)
    seal(folder.snapshot(name), folder.lock(name))
    return store


def test_what_nobody_has_written_to_is_compared_later_by_whoever_is_in_a_hurry(store: Path) -> None:
    table = flip_unseen(sealed(store))
    served = EmbeddedStore(store, checked=True, hurried=True)
    with pytest.raises(Damaged, match=f"{table.name} is damaged"):
        served.check()
    with pytest.raises(StoreError, match=f"{table.name} is damaged"):  # it is known now
        EmbeddedStore(store, checked=True, hurried=True)


def test_what_somebody_has_written_to_is_compared_first_in_any_hurry(store: Path) -> None:
    table = flip(sealed(store))
    with pytest.raises(StoreError, match=f"{table.name} is damaged"):
        EmbeddedStore(store, checked=True, hurried=True)


def test_a_copy_is_compared_first_in_any_hurry(store: Path) -> None:
    table = flip_unseen(store)  # other files than those that were read for their sums
    with pytest.raises(StoreError, match=f"{table.name} is damaged"):
        EmbeddedStore(store, checked=True, hurried=True)


def test_a_server_that_finds_damage_in_the_background_ends_and_says_so(store: Path, tmp_path: Path) -> None:
    table = flip_unseen(sealed(store))
    server = Server(tmp_path, "--store", str(store))
    assert server.process.wait(START) != 0
    said = server.err.read_text()
    assert f"{table.name} is damaged" in said
    assert "put the folder back from a copy" in said, "it was not started again"
    assert "Traceback" not in said


def test_a_server_goes_on_with_what_it_has_where_the_next_generation_is_damaged(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = EmbeddedStore(store, checked=True)
    before = served.snapshot().generation
    prepared = Folder.publish

    def publish(folder: Folder, generation: str, before: str | None = None, *others: Path) -> None:
        for table in folder.snapshot(generation).glob("*.sst"):
            if table.stat().st_nlink <= 2:  # of this generation and live/ alone
                table.write_bytes(table.read_bytes()[:-1] + b"\0")
        prepared(folder, generation, before, *others)

    monkeypatch.setattr(Folder, "publish", publish)
    take(store, "second")
    assert current_name(store) != before
    assert served.snapshot().generation == before


def test_damage_stays_damage_in_the_generations_that_follow(store: Path) -> None:
    """What was written is known from when it was written: the files that generations share are not summed again."""
    lock = Folder(store).lock(current_name(store))
    known = {line.split(" ", 2)[2]: line for line in lock.read_text().splitlines() if line.endswith(".sst")}
    lock.write_text("".join(f"{line.split(' ')[0]} 00000000 {name}\n" for name, line in known.items()))
    take(store, "second")
    said = Folder(store).lock(current_name(store)).read_text().splitlines()
    lines = [line for line in said if line.endswith(".sst")]
    assert any(line.split(" ")[1] == "00000000" for line in lines)
    assert any(line.split(" ")[1] != "00000000" for line in lines)
    with pytest.raises(StoreError, match="is damaged"):
        EmbeddedStore(store).check()


def test_a_generation_without_sums_is_taken_as_it_is(store: Path) -> None:
    Folder(store).lock(current_name(store)).write_text("")
    EmbeddedStore(store, checked=True).check()


HELD_UP = """
import sys, time
from kgcompare import cli
from kgcompare.cli import damage
from kgcompare.store.checkpoint import EmbeddedSnapshot
damage._LONG = 0.2
EmbeddedSnapshot.query = lambda snapshot, query: time.sleep(60)
cli.main(["stats", "--store", sys.argv[1]])
"""


def test_a_command_that_damage_holds_up_ends_and_says_so(store: Path) -> None:
    table = flip(store)
    done = subprocess.run(
        [sys.executable, "-c", HELD_UP, str(store)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{table.name} is damaged" in done.stderr


def test_a_generation_that_nobody_has_is_let_go_of_at_once(small_store: Path) -> None:
    """Its files can be removed, and its index changed, before Python looks for circles."""
    gc.collect()
    gc.disable()
    try:
        catalogue = Catalogue(EmbeddedStore(small_store))
        generation = catalogue.generation()
        generation.compare(["lasso", "gan"])
        generation.search(Filter("lass"), facets=True)
        generation.search(Filter("nets adversarial generativ"))
        generation.record("method", "gan")
        with pytest.raises(UnknownThing):
            generation.compare(["lassso"])
        with pytest.raises(ValueError, match="is not a date"):
            dates.canonical("1763 or so")
        held = weakref.ref(generation.snapshot)
        catalogue.store.close()
        del catalogue, generation
        assert held() is None
    finally:
        gc.enable()


def test_what_was_loaded_in_bulk_is_not_rewritten_while_the_index_is_made(own_store: Path, tmp_path: Path) -> None:
    """The engine would compact live/ into files that the generation has not: the store would take their room too."""
    quad = Quad(NamedNode("urn:x:s"), NamedNode("urn:x:p"), Literal("o"), NamedNode("urn:x:g"))
    lines = tmp_path / "lines.nq"
    lines.write_text(f"{quad} .\n", encoding="utf-8")

    def prepare(made: Snapshot, index: Path) -> None:
        Store(str(own_store / "live"))  # nobody else has it open, who would have locked it
        search.build(made, index)

    with store_writer.writing(own_store) as writer:
        writer.load(lines, RdfFormat.N_QUADS)
        writer.publish(prepare)
        more = Quad(quad.subject, quad.predicate, Literal("more"), quad.graph_name)
        writer.add([more])
        writer.publish(search.build)
    said = {q.object for q in EmbeddedStore(own_store).snapshot().graph("urn:x:g")}
    assert said == {Literal("o"), Literal("more")}
