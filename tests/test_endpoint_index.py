"""The index of an endpoint: made bit by bit, shared, followed, and done without while it is being made."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad

from conftest import SMALL, LoadQuads, copied
from engines import Engine, running
from kgcompare import ingest, search
from kgcompare.catalogue import Catalogue
from kgcompare.errors import EndpointError, StoreError
from kgcompare.ingest import import_files
from kgcompare.ingest.editing import Body, Condition, Editor
from kgcompare.ingest.readers import Options
from kgcompare.rdf.namespaces import Base
from kgcompare.schema.shapes import Shapes, stored_shapes
from kgcompare.search import Filter, Keeper, Reading, endpoint, gathering
from kgcompare.search.collected import Collected
from kgcompare.search.places import Reach
from kgcompare.search.shelf import Shelf
from kgcompare.store import Snapshot, Solutions
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.endpoint import Addresses
from kgcompare.store.remote import RemoteSnapshot, RemoteStore
from kgcompare.store.seat import EndpointSeat
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

KGCOMPARE = [sys.executable, "-c", "from kgcompare.cli import main; main()"]
BASE = Base()
PAGE = {"Accept": "text/html"}


def quads_of(store: Path) -> list[Quad]:
    return list(EmbeddedStore(store).snapshot().quads())


@pytest.fixture
def own_store(small_store: Path, tmp_path: Path) -> Path:
    """A copy of the small store."""
    return copied(small_store, tmp_path / "own")


@pytest.fixture
def url(small_store: Path, oxigraph_server: LoadQuads) -> str:
    """An endpoint with the small catalogue, which does not tell when it changes."""
    return oxigraph_server(quads_of(small_store))


def reading(snapshot: Snapshot) -> Reading:
    return Reading(Shapes(stored_shapes(snapshot)))


def renew(keeper: Keeper, snapshot: Snapshot) -> endpoint.Renewed:
    return keeper.renew(snapshot, reading(snapshot), Reach())


def indexes(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.sqlite"))


# -- how it is made -------------------------------------------------------------------------------------


def test_lists_are_those_of_a_folder_however_little_is_read_at_a_time(
    url: str, small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_BATCH", 3)
    monkeypatch.setattr(gathering, "_FULL", 40)
    with (
        Catalogue(RemoteStore(url), keeper=Keeper(tmp_path / "ix", 300)) as there,
        Catalogue(EmbeddedStore(small_store)) as here,
    ):
        for query in (Filter(), Filter("lasso"), Filter(kind="agent"), Filter("regularisation")):
            assert there.generation().search(query, facets=True) == here.generation().search(query, facets=True)
        assert there.generation().counts() == here.generation().counts()


def test_an_endpoint_that_gives_few_things_at_once_is_asked_in_parts(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot, select, given = RemoteStore(url).snapshot(), RemoteSnapshot.select, list[int]()
    whole = gathering.things_of(snapshot)
    most = 20
    assert len(whole) > most

    def short(self: RemoteSnapshot, query: str) -> Solutions:
        answer = select(self, query)
        if len(answer.rows) > most:
            raise EndpointError("that is too much")
        given.append(len(answer.rows))
        return answer

    monkeypatch.setattr(RemoteSnapshot, "select", short)
    assert gathering.things_of(snapshot) == whole
    assert 0 < max(given) <= most
    most = -1
    with pytest.raises(EndpointError):
        gathering.things_of(snapshot)


def test_several_processes_make_one_index(url: str, tmp_path: Path) -> None:
    command = [*KGCOMPARE, "index", "--endpoint", url, "--index-dir", str(tmp_path), "--format", "json"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    told = [json.loads(process.communicate(timeout=120)[0]) for process in started]
    assert sorted(one["done"] for one in told) == ["built", "kept"]
    assert indexes(tmp_path) == [Path(told[0]["path"]).name] == [Path(told[1]["path"]).name]
    status = subprocess.run([*command, "--status"], stdout=subprocess.PIPE, check=True)
    assert json.loads(status.stdout)["done"] == "kept"


def test_a_maker_that_is_killed_leaves_nothing_to_read(url: str, tmp_path: Path) -> None:
    dies = (
        "import os, signal; from kgcompare.search.collected import Collected; put = Collected.put\n"
        "def once(*given): put(*given); os.kill(os.getpid(), signal.SIGKILL)\n"
        "Collected.put = once; from kgcompare.cli import main; main()"
    )
    command = [sys.executable, "-c", dies, "index", "--endpoint", url, "--index-dir", str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == -9
    (folder,) = tmp_path.iterdir()
    assert list(folder.glob("*.facts")), "it was killed in the middle"
    snapshot = RemoteStore(url).snapshot()
    keeper = Keeper(folder, 300)
    assert keeper.shelf.newest(reading(snapshot).signature) is None
    assert renew(keeper, snapshot).done == "built"
    assert len(indexes(folder)) == len(list(folder.glob("*.facts"))) == 1


def test_a_damaged_index_is_made_anew_and_said_once(url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = renew(Keeper(tmp_path, 300), RemoteStore(url).snapshot()).index.path
    made.write_bytes(made.read_bytes()[:20_000])
    with Catalogue(RemoteStore(url), keeper=Keeper(tmp_path, 300)) as catalogue:
        for _ in range(3):
            assert catalogue.generation().search(Filter("lasso")).things
    assert sum("made anew" in record.getMessage() for record in caplog.records) == 1
    assert made.name not in indexes(tmp_path)


# -- how it follows -------------------------------------------------------------------------------------


def test_what_does_not_tell_is_looked_at_when_its_time_is_over(
    url: str, small_store: Path, oxigraph_server: LoadQuads, tmp_path: Path
) -> None:
    keeper, store = Keeper(tmp_path, 0), RemoteStore(url, keep=-1)
    first = renew(keeper, store.snapshot())
    assert (first.done, renew(keeper, store.snapshot()).done) == ("built", "kept")
    quads = quads_of(small_store)
    lasso = NamedNode(BASE.record("method", "lasso"))
    alias = NamedNode("http://www.w3.org/2004/02/skos/core#altLabel")
    oxigraph_server(
        [*quads, Quad(lasso, alias, Literal("Sparseness", language="en"), NamedNode(BASE.document(lasso.value)))]
    )
    keeper.keep = 300
    assert renew(keeper, store.snapshot()).done == "kept", "its time is not over"
    keeper.keep = 0
    again = renew(keeper, store.snapshot())
    assert again.done == "built"
    assert again.index.path != first.index.path


@pytest.fixture
def written(tmp_path: Path) -> Iterator[EndpointSeat]:
    """A catalogue in an endpoint, written by us: it tells what changes."""
    folder = tmp_path / "oxigraph"
    folder.mkdir()
    with running("oxigraph", folder) as engine:
        yield _filled(engine)


def _filled(engine: Engine) -> EndpointSeat:
    url = engine.load([])
    addresses = Addresses(url, update=url.replace("/query", "/update"))
    home = EndpointSeat(partial(RemoteStore, addresses, mark_time=0.0))
    ingest.create_store(home)
    ingest.import_files(home, [SMALL], Options(trust=True))
    return home


TURTLE = """
PREFIX kgc: <https://w3id.org/kgcompare/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
<> a kgc:Method ; skos:prefLabel "Zebra fit"@en ; skos:definition "Fits stripes."@en ; kgc:extends <lasso> .
"""


def test_a_change_of_a_foreign_thing_is_followed(written: EndpointSeat, tmp_path: Path) -> None:
    """The name of its document does not say what it is."""
    keeper, file = Keeper(tmp_path / "ix", 300), tmp_path / "foreign.ttl"
    said = "<http://e/c> a <http://www.w3.org/2004/02/skos/core#Concept> ; "
    for name in ("first", "second"):
        file.write_text(f'{said} <http://www.w3.org/2004/02/skos/core#prefLabel> "{name}"@en .')
        import_files(written, [file], Options(trust=True, replace=True))
        assert renew(keeper, written.make().snapshot()).done == ("built" if name == "first" else "changed")
    with Catalogue(written.make(), keeper=keeper) as catalogue:
        assert catalogue.generation().index.names(["http://e/c"]) == {"http://e/c": {"en": "second"}}


def test_a_change_of_a_record_changes_a_few_entries(
    written: EndpointSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, thing = Keeper(tmp_path / "ix", 300), BASE.record("method", "zebra-fit")
    assert renew(keeper, written.make().snapshot()).done == "built"
    editor = Editor(written, (), Options(), 5.0)
    editor.put(thing, Body(TURTLE.encode(), "ttl"), Condition(new=True))
    asked: list[str] = []
    select = RemoteSnapshot.select

    def noted(self: RemoteSnapshot, query: str) -> Solutions:
        asked.append(query)
        return select(self, query)

    monkeypatch.setattr(RemoteSnapshot, "select", noted)
    snapshot = written.make().snapshot()
    how = reading(snapshot)
    asked.clear()
    done = keeper.renew(snapshot, how, Reach())
    assert (done.done, done.things) == ("changed", 1)
    kept = keeper.renew(snapshot, how, Reach())
    assert (kept.done, kept.things) == ("kept", kept.index.things())
    assert kept.things > 10
    assert len(asked) < 12
    assert not any("MD5" in query for query in asked), "nobody asked which things there are"
    monkeypatch.undo()
    assert _same_as_anew(keeper, written, tmp_path / "anew")
    editor.remove(thing, Condition(there=True))
    assert renew(keeper, written.make().snapshot()).done == "changed"
    assert _same_as_anew(keeper, written, tmp_path / "anew2")


def test_two_indexes_take_turns(written: EndpointSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper, editor = Keeper(tmp_path / "ix", 300), Editor(written, (), Options(), 5.0)
    records = [BASE.record("method", f"zebra-fit-{number}") for number in range(5)]
    renew(keeper, written.make().snapshot())
    copies: list[Path] = []
    copy = shutil.copyfile

    def counted(one: Path, other: Path) -> None:
        copies.append(one)
        copy(one, other)

    monkeypatch.setattr(shutil, "copyfile", counted)
    for number, record in enumerate(records):
        editor.put(record, Body(TURTLE.encode(), "ttl"), Condition(new=True))
        made = renew(keeper, written.make().snapshot())
        assert (made.done, len(copies)) == ("changed", 2), "the first has no other to take turns with"
        assert len(indexes(tmp_path / "ix")) == 2
        (tmp_path / "ix" / "making-of-a-dead.sqlite").write_text(f"cut off {number}")
    assert _same_as_anew(keeper, written, tmp_path / "anew")
    copies.clear()
    reader = Keeper(tmp_path / "ix", 300)
    (older,) = {*indexes(tmp_path / "ix")} - {made.index.path.name, "making-of-a-dead.sqlite"}
    assert reader.shelf.hold(tmp_path / "ix" / older, reader), "somebody reads the other one still"
    editor.remove(records[0], Condition(there=True))
    assert renew(keeper, written.make().snapshot()).done == "changed"
    assert len(copies) == 2
    assert older in indexes(tmp_path / "ix")
    assert _same_as_anew(keeper, written, tmp_path / "anew2")


def _same_as_anew(keeper: Keeper, home: EndpointSeat, folder: Path) -> bool:
    """Whether lists by the index that followed are those of one that is made anew."""
    told = []
    for one in (keeper, Keeper(folder, 300)):
        with Catalogue(home.make(), keeper=one) as catalogue:
            generation = catalogue.generation()
            queries = (Filter(), Filter("zebra"), Filter("stripes"), Filter("lasso"), Filter(kind="agent"))
            told.append((generation.counts(), [generation.search(query, facets=True) for query in queries]))
    return told[0] == told[1]


# -- while it is being made -----------------------------------------------------------------------------


@pytest.fixture
def making(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FlaskClient, threading.Event]]:
    """A server over an endpoint whose index is being made until an event."""
    go_on, put = threading.Event(), Collected.put

    def waiting(self: Collected, *given: object) -> None:
        put(self, *given)  # type: ignore[arg-type]
        assert go_on.wait(60)

    monkeypatch.setattr(gathering, "_BATCH", 20)
    monkeypatch.setattr(Collected, "put", waiting)
    with Catalogue(RemoteStore(url), patience=0.1, keeper=Keeper(tmp_path / "ix", 300)) as catalogue:
        yield create_app(Settings(endpoint=url), catalogue).test_client(), go_on
        go_on.set()


def until(client: FlaskClient, path: str, status: int) -> None:
    """Waits for a status."""
    end = time.monotonic() + 60
    while client.get(path).status_code != status:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_needs_the_index_says_so_and_the_rest_works(making: tuple[FlaskClient, threading.Event]) -> None:
    client, go_on = making
    until(client, "/readyz", 503)
    for path in ("/methods", "/", "/suggest?q=las", "/find", "/methods.json?q=lasso"):
        answer = client.get(path, headers={"Accept": "application/json"} if path != "/" else PAGE)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store"), path
        assert int(answer.headers["Retry-After"]) > 0
    told = client.get("/methods.json").get_json()
    assert (told["index"], told["done"] < told["total"]) == ("making", True)
    for lang, says in (("en", b"Records and comparisons can be seen meanwhile"), ("fr", b"Un instant")):
        page = client.get(f"/methods?lang={lang}", headers=PAGE)
        assert (page.status_code, says in page.data) == (503, True)
        assert b"<progress" in page.data
    for path in ("/compare?method=lasso&method=ridge-regression", "/method/lasso", "/compare", "/method/lasso.ttl"):
        for accept in ("text/html", "application/json", "*/*"):
            if (path, accept) not in {("/compare", "application/json"), ("/compare", "*/*")}:
                got = client.get(path, headers={"Accept": accept}) if "." not in path else client.get(path)
                assert got.status_code in ({200} if path != "/compare" else {400}), (path, accept, got.data[:300])
    some = client.get("/compare.json?method=lasso&method=no-such-method").get_json()
    assert some["unknown"] == ["no-such-method"]
    assert client.get("/method/no-such-method").status_code == 404
    assert client.get("/healthz").get_json()["status"] == "ok"
    assert client.get("/readyz").get_json()["index"] == "making"
    go_on.set()
    until(client, "/readyz", 200)
    ready = client.get("/readyz").get_json()
    assert (ready["status"], ready["store"], ready["index"]) == ("ready", "ok", "ok")
    assert client.get("/methods", headers=PAGE).status_code == 200
    assert b"lasso" in client.get("/compare?method=lasso", headers=PAGE).data
    assert client.get("/compare?method=lasso", headers=PAGE).headers["ETag"]


def test_a_folder_without_its_index_is_served_meanwhile(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in own_store.glob("index-*.sqlite"):
        file.unlink()
    go_on, build = threading.Event(), search.build

    def waiting(snapshot: Snapshot, path: Path) -> None:
        assert go_on.wait(60)
        build(snapshot, path)

    monkeypatch.setattr(search, "build", waiting)
    with Catalogue(EmbeddedStore(own_store), patience=0.1) as catalogue:
        client = create_app(Settings(store=own_store), catalogue).test_client()
        assert client.get("/methods.json").status_code == 503
        assert client.get("/compare.json?method=lasso").status_code == 200
        assert client.get("/readyz").get_json()["index"] == "making"
        go_on.set()
        until(client, "/readyz", 200)
        assert client.get("/methods.json").status_code == 200
    assert list(own_store.glob("index-*.sqlite")), "it is kept for who comes next"


def test_whether_the_server_lives_waits_for_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def late(_: RemoteStore) -> RemoteSnapshot:
        go_on.wait(60)
        raise StoreError("nobody is there")

    monkeypatch.setattr(RemoteStore, "snapshot", late)
    monkeypatch.setattr(RemoteStore, "opened", lambda _: None)
    client = create_app(Settings(endpoint=url), Catalogue(RemoteStore(url))).test_client()
    start = time.monotonic()
    health = client.get("/healthz").get_json()
    assert (health["status"], health["generation"]) == ("ok", None)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["store"]) == (503, "late")
    assert time.monotonic() - start < 10
    go_on.set()


def test_an_endpoint_that_is_gone_is_not_ready(tmp_path: Path) -> None:
    store = RemoteStore("http://127.0.0.1:9/query", timeout=5)
    with Catalogue(store, patience=0.1, keeper=Keeper(tmp_path, 300)) as catalogue:
        client = create_app(Settings(endpoint="http://127.0.0.1:9/query"), catalogue).test_client()
        told = client.get("/readyz")
        assert (told.status_code, told.get_json()["status"]) == (503, "not ready")
        assert told.get_json()["store"] in {"unreachable", "late"}
        assert client.get("/healthz").status_code == 200


def test_a_shelf_keeps_what_is_read(url: str, tmp_path: Path) -> None:
    snapshot = RemoteStore(url).snapshot()
    keeper = Keeper(tmp_path, 300)

    class Reader:
        """Somebody who reads an index."""

    reader = Reader()
    first = renew(keeper, snapshot).index.path
    assert Shelf(tmp_path).hold(first, reader)
    for _ in range(2):
        keeper.renew(snapshot, reading(snapshot), Reach(), anew=True)
    assert first.name in indexes(tmp_path)
    del reader
    keeper.renew(snapshot, reading(snapshot), Reach(), anew=True)
    assert first.name not in indexes(tmp_path)
