"""What a process that changes records again and again leaves open between its writes: nobody may notice, but for the
time that it saves."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph
import pytest

from conftest import copied
from kgcompare import ingest, search
from kgcompare.catalogue import Catalogue
from kgcompare.errors import Busy, StoreError
from kgcompare.ingest import apart
from kgcompare.ingest.apart import EditorApart
from kgcompare.ingest.editing import Body, Change, Edit
from kgcompare.ingest.readers import Options
from kgcompare.ingest.together import JointEditor
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.sameness import statements_of
from kgcompare.schema.shapes import stored_shapes
from kgcompare.search import Filter, following, written
from kgcompare.store import Snapshot
from kgcompare.store import staying as module
from kgcompare.store import writer as store_writer
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.folder import Folder
from kgcompare.store.seat import FolderSeat
from kgcompare.store.staying import Staying
from test_search import same_as_rebuilt

BASE = "https://w3id.org/kgcompare/"
PREFIXES = (
    "@prefix kgc: <https://w3id.org/kgcompare/ns#> .\n@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
)


@pytest.fixture
def staying() -> Iterator[Staying]:
    """What a process leaves open; nothing at the end of the test."""
    one = Staying()
    yield one
    one.let_go()


def edit(staying: Staying, store: Path, slug: str, name: str, said: str = "") -> None:
    """Puts a method, as the process that makes the changes of a server does."""
    body = Body(f'{PREFIXES}<> a kgc:Method ; skos:prefLabel "{name}"@en {said} .'.encode(), "ttl")
    editor = JointEditor(staying.at(FolderSeat(store)), (), Options(replace=True), 100.0)
    (done,) = editor.together([(Change("put", f"{BASE}id/method/{slug}", body), Options(replace=True))])
    assert isinstance(done, Edit), done
    staying.look()


def take(store: Path, slug: str, name: str) -> None:
    """Puts a method as a command does, which leaves nothing open."""
    file = store.parent / "taken.ttl"
    said = f'{PREFIXES}<{BASE}id/method/{slug}> a kgc:Method ; skos:prefLabel "{name}"@en .'
    file.write_text(said, encoding="utf-8")
    ingest.import_files(store, [file], Options(trust=True, replace=True))


def names(store: Path, *slugs: str) -> list[str]:
    """What methods are called, by what a reader sees who comes now."""
    with Catalogue(EmbeddedStore(store)) as catalogue:
        now = catalogue.generation()
        return [now.record("method", slug).thing.label for slug in slugs]


def live_of(store: Path) -> int:
    """Which folder live/ is."""
    return (store / "live").stat().st_ino


def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is opened of stores from now on."""
    found: list[str] = []
    real = pyoxigraph.Store

    class Counting:
        def __new__(cls, path: str) -> pyoxigraph.Store:  # type: ignore[misc]
            found.append(Path(path).name)
            return real(path)

        @staticmethod
        def read_only(path: str) -> pyoxigraph.Store:
            found.append(Path(path).name)
            return real.read_only(path)

    monkeypatch.setattr(pyoxigraph, "Store", Counting)
    return found


def test_edits_one_after_the_other_open_nothing_and_say_the_same(
    own_store: Path, staying: Staying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kgcompare.store.writer.LARGE", 1)  # so that two index files take turns
    for number in range(3):
        edit(staying, own_store, f"m{number}", f"first {number}")
    place, found = live_of(own_store), opened(monkeypatch)
    for number in range(6):
        related = f"; kgc:related <{BASE}id/method/m{(number + 1) % 3}>"
        edit(staying, own_store, f"m{number % 3}", f"then {number}", related)
    assert found == [], "neither live/ nor a generation"
    assert live_of(own_store) == place
    monkeypatch.undo()
    assert names(own_store, "m0", "m1", "m2", "lasso") == ["then 3", "then 4", "then 5", "Lasso"]
    same_as_rebuilt(own_store, tmp_path / "rebuilt.sqlite")
    with Catalogue(EmbeddedStore(own_store)) as catalogue:
        changes = catalogue.generation().snapshot.history
        assert changes is not None
        assert len(changes.steps(f"{BASE}doc/method/m0")) == 3
    assert len(list((own_store / "snapshots").glob("*.lock"))) <= 2, "what was left open is not kept for good"


def tables(store: Path) -> set[str]:
    """The tables of the newest generation."""
    return {file.name for file in Folder(store).snapshot(Folder(store).current() or "").glob("*.sst")}


def test_edits_one_after_the_other_share_their_tables_and_each_generation_has_its_own(
    own_store: Path, staying: Staying
) -> None:
    edit(staying, own_store, "first", "one")
    made, taken = tables(own_store), []
    for number in range(4):
        edit(staying, own_store, "first", f"number {number}")
        taken.append(EmbeddedStore(own_store).snapshot())
    assert tables(own_store) == made, "the engine makes no tables for a few statements"
    states = [{str(quad.object) for quad in one.graph(f"{BASE}doc/method/first")} for one in taken]
    assert ['"number 3"@en' in state for state in states] == [False, False, False, True]
    assert ['"number 0"@en' in state for state in states] == [True, False, False, False]


def test_what_is_in_the_tail_is_there_for_whoever_comes_next(own_store: Path, staying: Staying, tmp_path: Path) -> None:
    for number in range(3):
        edit(staying, own_store, f"m{number}", f"name {number}")
    staying.let_go()
    take(own_store, "m3", "name 3")  # another process makes live/ of it
    edit(staying, own_store, "m4", "name 4")
    edit(staying, own_store, "m5", "name 5")
    folder = Folder(own_store)
    assert any(log.stat().st_size for log in folder.snapshot(folder.current() or "").glob("*.log"))
    staying.let_go()
    shutil.copytree(own_store, tmp_path / "copy")
    shutil.rmtree(folder.path / "snapshots" / (folder.current() or ""))
    assert folder.unfinished.exists() is False
    take(own_store, "m6", "name 6")  # restores it from live/
    for store, last in ((own_store, 7), (tmp_path / "copy", 6)):
        assert names(store, *(f"m{number}" for number in range(last))) == [f"name {number}" for number in range(last)]


def test_a_long_tail_becomes_tables(own_store: Path, staying: Staying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgcompare.store.tail._MOST", 30)
    edit(staying, own_store, "first", "one")
    before = tables(own_store)
    for number in range(3):
        edit(staying, own_store, "first", f"number {number}")
    assert tables(own_store) != before
    assert names(own_store, "first") == ["number 2"]


def test_a_damaged_tail_is_noticed(own_store: Path, staying: Staying) -> None:
    for number in range(2):
        edit(staying, own_store, "first", f"number {number}")
    folder = Folder(own_store)
    log = max(folder.snapshot(folder.current() or "").glob("*.log"), key=lambda file: file.stat().st_size)
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 4
    log.write_bytes(content)
    with pytest.raises(StoreError, match=rf"{log.name} is damaged"):
        EmbeddedStore(own_store).check()


def test_blank_nodes_stay_where_they_say_the_same(own_store: Path) -> None:
    document = f"{BASE}doc/method/first"

    def said_of(name: str, order: int) -> list[pyoxigraph.Quad]:
        text = f'<{BASE}id/method/first> <urn:p> "{name}", "it\'s" ; <urn:q> [ <urn:r> {order} ; <urn:s> [] ] .'
        graph = pyoxigraph.NamedNode(document)
        parsed = pyoxigraph.parse(text, pyoxigraph.RdfFormat.TURTLE)
        return [pyoxigraph.Quad(q.subject, q.predicate, q.object, graph) for q in parsed]

    def after(name: str, order: int) -> tuple[set[str], set[str]]:
        with store_writer.writing(own_store) as writer:
            writer.replace({document: said_of(name, order)})
            writer.publish(search.build)
        quads = EmbeddedStore(own_store).snapshot().graph(document)
        assert statements_of(Graph(q.triple for q in quads)) == statements_of(
            Graph(q.triple for q in said_of(name, order))
        )
        assert len(quads) == len(said_of(name, order))
        return (
            {str(q.object) for q in quads if q.predicate.value == "urn:p"},
            {q.subject.value for q in quads if isinstance(q.subject, pyoxigraph.BlankNode)},
        )

    take(own_store, "other", "a record, so that there is something before")
    _, nodes = after("one", 1)
    names_now, same = after("two", 1)
    assert names_now == {'"two"', '"it\'s"'}
    assert same == nodes
    assert after("two", 2)[1].isdisjoint(nodes)


def test_others_write_between_edits_and_nothing_is_lost(own_store: Path, staying: Staying, tmp_path: Path) -> None:
    for number in range(3):
        edit(staying, own_store, "edited", f"edit {number}")
        other = threading.Thread(target=take, args=(own_store, f"taken{number}", f"taken {number}"))
        other.start()
        until = time.monotonic() + 60
        while staying.look() and time.monotonic() < until:  # as a process does that waits for its next order
            time.sleep(module.GLANCE)
        other.join(60)
        assert not other.is_alive(), "it waits for live/"
    edit(staying, own_store, "last", "the last")
    assert names(own_store, "edited", "taken0", "taken1", "taken2", "last") == [
        "edit 2", "taken 0", "taken 1", "taken 2", "the last"
    ]  # fmt: skip
    same_as_rebuilt(own_store, tmp_path / "rebuilt.sqlite")


@pytest.mark.slow
def test_two_that_stay_take_turns(own_store: Path) -> None:
    """Each holds live/ when the other comes, and lets go of it while it waits itself."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[3])\n"
        "from test_staying import *\n"
        "one = Staying()\n"
        "for number in range(4):\n"
        "    edit(one, Path(sys.argv[1]), sys.argv[2], f'{sys.argv[2]} {number}')\n"
        "    until = time.monotonic() + 0.1\n"
        "    while time.monotonic() < until: one.look(); time.sleep(0.01)\n"
    )
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", script, str(own_store)]
    both = [subprocess.Popen([*command, name, here], stderr=subprocess.PIPE) for name in ("one", "two")]
    said = [process.communicate(timeout=120)[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert names(own_store, "one", "two") == ["one 3", "two 3"]


def test_a_write_that_fails_leaves_nothing_of_it(own_store: Path, staying: Staying) -> None:
    edit(staying, own_store, "before", "before")
    seat = staying.at(FolderSeat(own_store))
    bad = pyoxigraph.Quad(
        pyoxigraph.NamedNode("http://e/s"), pyoxigraph.NamedNode("http://e/p"), pyoxigraph.Literal("x"),
        pyoxigraph.NamedNode(f"{BASE}doc/method/half"),
    )  # fmt: skip

    def write() -> None:
        with seat.writing() as writer:
            writer.add([bad])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert not staying.look()
    edit(staying, own_store, "after", "after")
    snapshot = EmbeddedStore(own_store).snapshot()
    assert snapshot.graph(f"{BASE}doc/method/half") == []
    assert names(own_store, "before", "after") == ["before", "after"]


def test_a_publication_that_fails_leaves_nothing_of_it(
    own_store: Path, staying: Staying, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(staying, own_store, "before", "before")
    for step in ("prepare", "publish", "set_current"):
        with monkeypatch.context() as patch:
            patch.setattr(Folder, step, lambda *_: (own_store / "nothing").unlink())
            with pytest.raises(AssertionError, match="cannot be written"):
                edit(staying, own_store, "half", step)
        assert not staying.look(), step
    edit(staying, own_store, "after", "after")
    with Catalogue(EmbeddedStore(own_store)) as catalogue:
        assert not catalogue.generation().search(Filter("half")).things
    assert names(own_store, "before", "after") == ["before", "after"]


def test_a_record_that_is_refused_leaves_all_open(own_store: Path, staying: Staying) -> None:
    edit(staying, own_store, "before", "before")
    with pytest.raises(AssertionError):
        edit(staying, own_store, "bad", "bad", "; kgc:related 5")
    place = live_of(own_store)
    assert staying.look()
    edit(staying, own_store, "after", "after")
    assert live_of(own_store) == place


@pytest.mark.slow
def test_whoever_is_killed_holds_nothing(own_store: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from test_staying import *\n"
        "one = Staying(); edit(one, Path(sys.argv[1]), 'doomed', 'doomed'); print('left', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(own_store), str(Path(__file__).parent)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"left\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    take(own_store, "after", "after")
    assert names(own_store, "doomed", "after") == ["doomed", "after"], "what was acknowledged is there"


def test_who_does_not_let_go_is_named(own_store: Path, staying: Staying) -> None:
    edit(staying, own_store, "first", "first")
    with (
        pytest.raises(Busy, match=f"process {os.getpid()} since"),
        store_writer.writing(own_store, patience=0.1) as writer,
    ):
        writer.add([])


@pytest.mark.parametrize("other", ["a copy", "an earlier copy"])
def test_another_folder_in_its_place_is_not_taken_for_it(
    own_store: Path, staying: Staying, tmp_path: Path, other: str
) -> None:
    earlier = copied(own_store, tmp_path / "earlier")
    edit(staying, own_store, "lasso", "changed")
    source = copied(own_store, tmp_path / "copy") if other == "a copy" else earlier
    shutil.rmtree(own_store)
    copied(source, own_store)
    (own_store / "live" / "mark").touch()  # the number of a folder that is gone may be another's
    edit(staying, own_store, "after", "after")
    assert not (own_store / "live" / "mark").exists(), "it was made anew of what is there"
    assert names(own_store, "lasso", "after") == ["changed" if other == "a copy" else "Lasso", "after"]


def test_it_is_let_go_of_after_a_while(own_store: Path, staying: Staying, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(staying, own_store, "first", "first")
    assert staying.look()
    monkeypatch.setattr(module, "_IDLE", 0.0)
    edit(staying, own_store, "second", "second")
    assert not staying.look()
    take(own_store, "third", "third")
    shutil.rmtree(own_store)
    with pytest.raises(AssertionError, match="no store at"):
        edit(staying, own_store, "fourth", "fourth")


def test_shapes_are_read_again_where_they_changed(
    own_store: Path, staying: Staying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = EmbeddedStore(own_store)
    read: list[str] = []

    def counted(snapshot: Snapshot) -> list[pyoxigraph.Triple]:
        read.append(snapshot.generation)
        return stored_shapes(snapshot)

    edit(staying, own_store, "zero", "zero")
    with Catalogue(reader) as catalogue:
        before = catalogue.generation()
        monkeypatch.setattr("kgcompare.schema.held.stored_shapes", counted)
        for number in range(3):
            edit(staying, own_store, "one", f"one {number}")
            assert catalogue.generation().shapes is before.shapes
        assert before.snapshot.shapes_since
        assert read == [], "no edit changes shapes"
        staying.let_go()
        shapes, file = tmp_path / "more.ttl", tmp_path / "more-data.ttl"
        shapes.write_text(
            f"{PREFIXES}@prefix sh: <http://www.w3.org/ns/shacl#> .\n<http://e/Shape> a sh:NodeShape ; "
            "sh:targetClass <http://e/Tool> ; sh:property [ sh:path <http://e/size> ; sh:name 'Size'@en ] .",
            encoding="utf-8",
        )
        file.write_text(f'{PREFIXES}<{BASE}id/method/two> a kgc:Method ; skos:prefLabel "two"@en .', encoding="utf-8")
        ingest.import_files(own_store, [file], Options(), [shapes])
        assert "http://e/Tool" in catalogue.generation().shapes.targets
        assert "http://e/Tool" not in before.shapes.targets


def test_after_several_changes_the_next_ones_are_gathered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who changes one record waits for nothing; those who come again after many made together share a generation."""
    editor, made, began = EditorApart(tmp_path), list[int](), threading.Semaphore(0)

    def asked(order: bytes, seconds: float) -> object:
        changes = pickle.loads(order).changes
        made.append(len(changes))
        began.release()
        time.sleep(0.8)
        return [Edit(change.subject, made=False) for change, _ in changes]

    def send(number: int, pause: float = 0.0) -> list[threading.Thread]:
        threads = list[threading.Thread]()
        for _ in range(number):
            change = Change("put", f"{BASE}id/method/{len(threads)}")
            threads.append(threading.Thread(target=editor.change, args=(change, (), Options(), 100.0)))
            threads[-1].start()
            time.sleep(pause)
        return threads

    monkeypatch.setattr(editor, "_asked", asked)
    monkeypatch.setattr(apart, "CALM", 2.0)
    first = send(1)
    assert began.acquire(timeout=60)
    first += send(3)
    assert began.acquire(timeout=60)
    for thread in first:
        thread.join(60)
    for thread in send(5, pause=0.02):
        thread.join(60)
    assert made == [1, 3, 5]


def test_a_generation_is_open_before_it_is_published(
    own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for it when it is waits for nothing; until then nobody sees it, and one that never is, is let go of."""
    with Catalogue(EmbeddedStore(own_store)) as catalogue:
        store, expected = catalogue.store, list[str]()

        def expect(generation: str) -> None:
            expected.append(generation)
            store.expect(generation)
            seen = EmbeddedStore(own_store).snapshot().generation
            assert catalogue.generation().name == seen != generation

        staying = Staying(expect)
        for name in ("first", "second"):
            edit(staying, own_store, "m", name)
            store.expect(None)
            found = opened(monkeypatch)
            assert catalogue.generation().name == expected[-1]
            assert catalogue.generation().record("method", "m").thing.label == name
            assert found == [], "it is open"
            monkeypatch.undo()
        with monkeypatch.context() as broken:
            broken.setattr(Folder, "publish", lambda *_: (tmp_path / "nothing").unlink())
            with pytest.raises(AssertionError):
                edit(staying, own_store, "m", "never")
        store.expect(None)
        with Folder(own_store).lock(expected[-1]).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody reads it
        edit(staying, own_store, "m", "third")
        edit(staying, own_store, "m", "fourth")
        assert catalogue.generation().record("method", "m").thing.label == "fourth"
        assert len(expected) == 5
        staying.let_go()
    same_as_rebuilt(own_store, tmp_path / "rebuilt.sqlite")


@pytest.mark.parametrize("ahead", [False, True])
def test_what_was_written_to_one_index_is_written_to_the_other(
    own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ahead: bool
) -> None:
    """Whether this process has made the last changes, or another one, and whenever: the index is that of a rebuild."""
    monkeypatch.setattr("kgcompare.store.writer.LARGE", 1)
    staying = Staying(step=search.last_step) if ahead else Staying()
    again = list[Path]()

    def write_again(path: Path, some: written.Written) -> None:
        again.append(path)
        real(path, some)

    real = written.write_again
    monkeypatch.setattr(following, "write_again", write_again)
    for number in range(3):
        edit(staying, own_store, f"m{number}", f"m {number}")
    for number in range(8):
        related = f"; kgc:related <{BASE}id/method/m{(number + 1) % 3}>, <{BASE}id/method/lasso>"
        edit(staying, own_store, f"m{number % 3}", f"name {number}", related)
        if number == 3:
            same_as_rebuilt(own_store, tmp_path / "rebuilt.sqlite")
            monkeypatch.setattr(following, "_LAST", [])  # as in a process that begins
    same_as_rebuilt(own_store, tmp_path / "rebuilt.sqlite")
    assert len(again) >= 6
    staying.let_go()


def edited(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> Staying:
    """What stays open after some edits, as in a large catalogue: two index files take turns."""
    monkeypatch.setattr("kgcompare.store.writer.LARGE", 1)
    staying = Staying(step=search.last_step)
    for number in range(3):
        edit(staying, own_store, "m", f"name {number}")
    return staying


def test_the_other_index_is_changed_between_edits_when_nobody_reads_it(
    own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staying = edited(own_store, monkeypatch)
    ahead = list(own_store.glob("*.next"))
    assert len(ahead) == 1
    newest = EmbeddedStore(own_store).snapshot()
    assert newest.index_path is not None
    same = [
        [sqlite3.connect(file).execute(f"SELECT * FROM {table}").fetchall() for table in ("meta", "thing", "label")]
        for file in (newest.index_path, *ahead)
    ]
    assert same[0] == same[1]
    edit(staying, own_store, "m", "while somebody reads the one before")
    assert not list(own_store.glob("*.next"))
    newest.close()
    staying.look()
    assert len(list(own_store.glob("*.next"))) == 1
    staying.let_go()
    assert not list(own_store.glob("*.next"))
    take(own_store, "other", "somebody else's")
    edit(staying, own_store, "m", "last")
    assert names(own_store, "m", "other") == ["last", "somebody else's"]
    same_as_rebuilt(own_store, tmp_path / "rebuilt.sqlite")
    staying.let_go()


def test_an_index_that_is_ahead_of_a_killed_process_goes_with_the_next_edit(
    own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staying = edited(own_store, monkeypatch)
    left = copied(own_store, tmp_path / "left")  # as it lies there when nobody goes on
    staying.let_go()
    assert list(left.glob("*.next"))
    take(left, "m", "anew")
    assert not list(left.glob("*.next"))
    assert names(left, "m") == ["anew"]
    same_as_rebuilt(left, tmp_path / "rebuilt.sqlite")
