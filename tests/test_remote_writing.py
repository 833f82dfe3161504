"""A catalogue in an endpoint, written: imports, edits and history as in a folder; several writers, and killed ones."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, serialize

from conftest import SMALL, Run
from engines import Engine, Virtuoso, running
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.past import generation_at
from kgcompare.errors import (
    Busy,
    Conflict,
    EndpointError,
    InvalidData,
    KgcompareError,
    Outdated,
    QueryError,
    StillNamed,
    StoreError,
)
from kgcompare.formats.json import comparison_json
from kgcompare.ingest.describing import describe_store
from kgcompare.ingest.editing import Body, Condition, Editor
from kgcompare.ingest.readers import Options
from kgcompare.ingest.reverting import revert, state_at
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.sameness import outline
from kgcompare.sandbox.limits import Limits
from kgcompare.store import batches, lease, remote
from kgcompare.store.backup import back_up
from kgcompare.store.base import Results, Seat, state_of
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.endpoint import Addresses, Endpoint
from kgcompare.store.folder import number
from kgcompare.store.history import History, Occasion
from kgcompare.store.journal import Journal
from kgcompare.store.lease import holders_of, leased
from kgcompare.store.ledger import Ledger
from kgcompare.store.remote import RemoteSnapshot, RemoteStore
from kgcompare.store.remote_writer import RemoteWriter
from kgcompare.store.restoring import restore
from kgcompare.store.seat import EndpointSeat, FolderSeat
from kgcompare.store.tokens import Tokens
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BASE = Base()
NEW, LASSO = (BASE.record("method", slug) for slug in ("new-one", "lasso"))
TURTLE = """
PREFIX kgc: <https://w3id.org/kgcompare/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
<> a kgc:Method ; skos:prefLabel "New one"@en, "«\u202fNeuve\u202f»"@fr-CA ; kgc:extends <lasso> ;
    skos:definition "What it does, with \\"marks\\", a \\\\u0041 and\\na line."@en ;
    kgc:family <https://w3id.org/kgcompare/id/family/statistics> ;
    kgc:origination [
        kgc:agentList ( <https://w3id.org/kgcompare/id/agent/robert-tibshirani> ) ; kgc:order 1 ; kgc:etAl true
    ] .
"""
"""A record with a structure, a list, a boolean, texts with marks and in two languages."""


@pytest.fixture(scope="module")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running("oxigraph", tmp_path_factory.mktemp("oxigraph")) as engine:
        yield engine


@pytest.fixture(scope="module")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running("virtuoso", tmp_path_factory.mktemp("virtuoso")) as engine:
        assert isinstance(engine, Virtuoso)
        engine.sql('GRANT SPARQL_UPDATE TO "SPARQL";')
        yield engine


EVERY = ["oxigraph", pytest.param("virtuoso", marks=pytest.mark.slow)]


@pytest.fixture
def addresses(request: pytest.FixtureRequest) -> Addresses:
    """Where an engine, which holds nothing, takes queries and updates."""
    engine = request.getfixturevalue(getattr(request, "param", "oxigraph"))
    url = engine.load([])
    return Addresses(url, update=url.replace("/query", "/update"))


@pytest.fixture
def home(addresses: Addresses) -> EndpointSeat:
    return EndpointSeat(partial(RemoteStore, addresses, mark_time=0.0))


def put(home: Seat, text: str, folder: Path, *, name: str = "records.ttl", **options: object) -> ingest.ImportReport:
    """Imports a text."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return ingest.import_files(home, [file], Options(**options))  # type: ignore[arg-type]


def newest(home: EndpointSeat) -> RemoteSnapshot:
    return home.make().present()


def private(snapshot: RemoteSnapshot) -> list[str]:
    """What is left of the graphs that are there only while somebody writes."""
    ledger = Ledger(snapshot.base)
    return [name for name in (ledger.lock, ledger.journal, ledger.next, ledger.parts) if snapshot.graph(name)]


# -- what one does with a catalogue ----------------------------------------------------------------------


@pytest.mark.parametrize("addresses", EVERY, indirect=True)
def test_a_catalogue_is_written_and_told_as_in_a_folder(home: EndpointSeat, tmp_path: Path) -> None:
    folder, endpoint = (_told(place, tmp_path) for place in (FolderSeat(tmp_path / "store"), home))
    for one, other in zip(folder, endpoint, strict=True):
        assert one == other
    assert private(newest(home)) == []


def _told(place: Seat, tmp_path: Path) -> list[object]:
    """What a catalogue says after all that one does with one: numbers and texts, nothing of where it is."""
    options = Options(replace=True, by="Ada Ölson")
    ingest.create_store(place, by="Ada Ölson")
    with pytest.raises(StoreError, match="already"):
        ingest.create_store(place)
    small = SMALL.read_text(encoding="utf-8")
    first = put(place, small, tmp_path, trust=True)
    again = put(place, small, tmp_path, trust=True)
    assert again.generation == first.generation
    changed = small.replace('"Lasso"@en', '"The lasso"@en')
    assert changed != small
    with pytest.raises(Conflict, match="--replace"):
        put(place, changed, tmp_path, trust=True)
    replaced = put(place, changed, tmp_path, trust=True, replace=True)
    editor = Editor(place, (), options, 5.0)
    assert editor.put(NEW, Body(TURTLE.encode(), "ttl"), Condition(new=True)).made
    with pytest.raises(Outdated):
        editor.put(NEW, Body(TURTLE.encode(), "ttl"), Condition(new=True))
    with pytest.raises(StillNamed):
        editor.remove(LASSO, Condition())
    with place.reading() as store:
        state = state_of(store.snapshot(), BASE.document(NEW))
        assert state == state_of(store.snapshot(), BASE.document(NEW))
    editor.put(NEW, Body(TURTLE.replace("New one", "Newer").encode(), "ttl"), Condition(frozenset({state})))
    editor.remove(NEW, Condition(there=True))
    with place.reading() as store:
        logged, body = state_at(store.snapshot(), NEW, "4")
    revert(place, NEW, logged, body, options)
    describe_store(place, lambda about: replace(about, contact="mailto:ada@example.org"), by="Ada Ölson")
    with place.reading() as store:
        snapshot = store.snapshot()
        history = snapshot.history
        assert history is not None
        changes = history.changes()
        generations = {change.generation: f"{change.number}" for change in changes}
        said = [str(quad.triple) for quad in snapshot.graph(BASE.history_graph)]
        told: list[object] = [
            [
                (
                    c.number,
                    c.occasion.what,
                    c.occasion.by,
                    plain(str([u.name for u in c.occasion.used]), generations),
                    c.added,
                    c.replaced,
                    c.removed,
                    c.whole,
                )
                for c in changes
            ],
            [
                (step.number, step.done, before and outline(q.triple for q in before))
                for step, before in history.steps(BASE.document(NEW))
            ],
            [history.documents(c) for c in changes if c.whole],
            {name: outline(q.triple for q in quads) for name, quads in history.since(changes[-3]).items()},
            [history.at(str(c.number)).number for c in changes if c.whole]
            + [history.first().number, history.count_since(history.first())],
            sorted(
                plain(line, generations)
                for line in said
                if not any(word in line for word in ("AtTime", "extent", "sha256"))
            ),
            {
                name: outline(q.triple for q in snapshot.graph(name))
                for name in snapshot.graphs()
                if not BASE.is_history_graph(name)
            },
            [(report.added, report.replaced, report.unchanged) for report in (first, again, replaced)],
        ]
        with closing(Catalogue(store)) as catalogue:
            newest = catalogue.generation()
            asked = [newest, generation_at(newest, "4")[1], generation_at(newest, "2")[1]]
            shown = [comparison_json(one.compare(["lasso", "ridge"])) for one in asked]
            return [*told, *(plain(text, generations) for text in shown)]


def plain(text: str, generations: Mapping[str, str]) -> str:
    """A text in which generations are called by their numbers."""
    for name, called in generations.items():
        text = text.replace(name, called)
    return text


# -- what is refused, and what fails ---------------------------------------------------------------------


def everything(home: EndpointSeat) -> list[str]:
    """All that an endpoint says, but for blank nodes' labels."""
    return outline(quad.triple for quad in newest(home).quads())


@pytest.fixture
def filled(home: EndpointSeat, tmp_path: Path) -> EndpointSeat:
    """An endpoint with the small catalogue."""
    ingest.create_store(home)
    put(home, SMALL.read_text(encoding="utf-8"), tmp_path, trust=True)
    return home


def test_what_is_refused_leaves_the_endpoint_as_it_was(filled: EndpointSeat, tmp_path: Path) -> None:
    before, generation = everything(filled), newest(filled).generation
    bad = (TURTLE + '<bad> a kgc:Method ; skos:prefLabel "Bad"@en ; kgc:origin "never" .').replace("<>", "<new-one>")
    bad = bad.replace("<new-one>", f"<{NEW}>").replace("<lasso>", f"<{LASSO}>").replace("<bad>", f"<{NEW}-bad>")
    with pytest.raises(InvalidData) as refused:
        put(filled, bad, tmp_path)
    assert {fault.focus_node for fault in refused.value.report.violations} == {f"{NEW}-bad"}
    with pytest.raises(StillNamed):
        Editor(filled, (), Options(replace=True), 5.0).remove(BASE.record("family", "statistics"), Condition())
    assert everything(filled) == before
    assert newest(filled).generation == generation
    report = put(filled, bad, tmp_path, skip_invalid=True)
    assert (report.added, report.left) == (1, 1)
    assert newest(filled).graph(BASE.document(NEW))


def test_an_import_asks_few_questions(filled: EndpointSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask = RemoteSnapshot.query

    def counted(self: RemoteSnapshot, query: str) -> Results:
        asked.append(query)
        return ask(self, query)

    monkeypatch.setattr(RemoteSnapshot, "query", counted)
    small = SMALL.read_text(encoding="utf-8")
    report = put(filled, small.replace('"Lasso"@en', '"The lasso"@en'), tmp_path, replace=True)
    assert report.replaced == 1
    assert report.unchanged == 14
    assert len(asked) < 30  # with one for each document that is looked at there were 50


def test_an_update_that_fails_is_undone(filled: EndpointSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint takes the first records and then no more: the writer puts back what he has changed."""
    before, generation = everything(filled), newest(filled).generation
    monkeypatch.setattr(batches, "_FIRST", 1)
    update = Endpoint.update

    def failing(self: Endpoint, text: str, form: bool = False) -> None:
        if "Refuse this" in text:
            raise EndpointError("no room")
        update(self, text, form)

    monkeypatch.setattr(Endpoint, "update", failing)
    changed = (
        SMALL.read_text(encoding="utf-8")
        .replace('"Lasso"@en', '"The lasso"@en')
        .replace('"Ridge regression"@en', '"Refuse this"@en')
    )
    with pytest.raises(EndpointError, match="no room"):
        put(filled, changed, tmp_path, trust=True, replace=True)
    assert everything(filled) == before
    assert private(newest(filled)) == []
    assert newest(filled).generation != generation  # somebody may have read what is there no more


def test_an_endpoint_for_reading_says_so(oxigraph: Engine) -> None:
    home = EndpointSeat(partial(RemoteStore, Addresses(oxigraph.load([]))))  # updates have another address
    with pytest.raises(EndpointError, match="--update-endpoint"):
        ingest.create_store(home)
    graphs = oxigraph.url.replace("/query", "/store")
    home = EndpointSeat(partial(RemoteStore, Addresses(oxigraph.url, graphs=graphs)))
    with pytest.raises(EndpointError, match="--graph-store alone will not do"):
        ingest.create_store(home)


def test_a_document_that_is_too_long_for_a_request_is_put_together(
    filled: EndpointSeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Endpoint.update
    longest = 20_000

    def bounded(self: Endpoint, text: str, form: bool = False) -> None:
        if len(text) > longest:
            raise QueryError("too long")
        update(self, text, form)

    monkeypatch.setattr(Endpoint, "update", bounded)
    graph, subject = NamedNode(BASE.document(NEW)), NamedNode(NEW)
    quads = []
    for turn in range(600):
        node = BlankNode()
        quads += [
            Quad(subject, NamedNode("urn:p"), node, graph),
            Quad(node, NamedNode("urn:q"), Literal(turn), graph),
        ]
    with filled.writing() as writer:
        writer.replace({graph.value: quads})
        writer.publish(lambda *_: None)
    assert outline(q.triple for q in newest(filled).graph(graph.value)) == outline(q.triple for q in quads)
    assert private(newest(filled)) == []


def test_a_backup_of_a_folder_is_restored_into_an_endpoint(filled: EndpointSeat, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    ingest.create_store(folder)
    changed = SMALL.read_text(encoding="utf-8").replace('"Lasso"@en', '"The lasso"@en')
    put(FolderSeat(folder), changed, tmp_path, trust=True)
    backup, _ = back_up(folder, str(tmp_path / "backup"))
    with pytest.raises(StoreError, match="--replace"):
        restore(backup, filled, lambda *_: None)
    _, generation = restore(backup, filled, lambda *_: None, replace=True)
    snapshot = newest(filled)
    with closing(EmbeddedStore(folder)) as store:
        assert everything(filled) == outline(quad.triple for quad in store.snapshot().quads())
    assert snapshot.generation == generation
    assert snapshot.history is not None
    (last,) = snapshot.history.changes(most=1)
    assert (last.occasion.what, last.replaced) == ("restore", 1)
    assert restore(backup, filled, lambda *_: None, replace=True)[1] == generation


def tellings(history: History | None) -> list[tuple[object, str, object]]:
    """What a history tells: of each change when it was and what was done, and what the new record said before."""
    assert history is not None
    before = {one.generation: outline(quad.triple for quad in said) for one, said in history.steps(BASE.document(NEW))}
    first = history.first().generation
    return [
        ((one, history.documents(one), one.generation == first), one.occasion.what, before.get(one.generation))
        for one in history.changes(most=9)
    ]


def test_a_backup_of_an_endpoint_is_restored_anywhere(
    filled: EndpointSeat, addresses: Addresses, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--endpoint", addresses.query, "--update-endpoint", addresses.update)
    Editor(filled, (), Options(), 5.0).put(NEW, Body(TURTLE.encode(), "ttl"), Condition(new=True))
    changed = TURTLE.replace("New one", "Newer one").encode()
    Editor(filled, (), Options(), 5.0).put(NEW, Body(changed, "ttl"), Condition(there=True))
    before, generation = everything(filled), newest(filled).generation
    kept = tmp_path / "kept.tar.gz"
    said = run("backup", kept, *options)
    assert said.code == 0, said.err
    assert generation in said.err
    folder = tmp_path / "store"
    restore(kept, folder, lambda *_: None)
    with closing(EmbeddedStore(folder)) as store:
        snapshot = store.snapshot()
        assert outline(quad.triple for quad in snapshot.quads()) == before
        assert (snapshot.generation, snapshot.keeps_shapes) == (generation, True)
        told = [tellings(history) for history in (snapshot.history, newest(filled).history)]
        assert told[0] == told[1]
        assert [what for _, what, _ in told[0]] == ["edit", "edit", "import", "init"]
    Editor(filled, (), Options(), 5.0).remove(NEW, Condition(there=True))
    assert everything(filled) != before
    assert run("restore", kept, *options).code == 3
    assert run("restore", kept, "--replace", *options).code == 0
    assert everything(filled) == before

    present = RemoteStore.present

    def another(self: RemoteStore, at: RemoteSnapshot | None = None) -> RemoteSnapshot:
        return present(self)

    monkeypatch.setattr(RemoteStore, "present", another)  # which is another one each time
    said = run("backup", kept, *options)
    assert (said.code, "was changed while it was read; try again" in said.err) == (3, True)


# -- two writers -----------------------------------------------------------------------------------------


def test_the_second_writer_is_told(filled: EndpointSeat) -> None:
    with filled.writing(), pytest.raises(Busy, match=r"process \d+ of .* since"), filled.writing(0.2):
        pass
    with filled.writing(0.2):
        assert len(holders_of(filled.make().endpoint, BASE)) == 1


def test_a_lock_whose_time_is_over_is_taken(filled: EndpointSeat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has lost the lock writes nothing, even if he does not know."""
    monkeypatch.setattr(lease.Lease, "_renew", lambda self: None)
    monkeypatch.setattr(lease.Lease, "check", lambda self: None)
    graph = BASE.document(NEW)
    quads = [Quad(NamedNode(NEW), NamedNode("urn:p"), Literal("late"), NamedNode(graph))]
    store = filled.make()
    with leased(store.endpoint, BASE, expiry=0.0) as slow:
        late = RemoteWriter(store, slow)
        late.replace({graph: quads})
        with filled.writing(5.0) as writer:
            with pytest.raises(StoreError, match="has the lock"):
                late.publish(lambda *_: None)
            assert not newest(filled).graph(graph)
            writer.replace(
                {graph: [*quads, Quad(NamedNode(NEW), NamedNode("urn:p"), Literal("mine"), NamedNode(graph))]}
            )
            generation = writer.publish(lambda *_: None)
    assert newest(filled).generation == generation
    assert len(newest(filled).graph(graph)) == 2


def test_eight_writers_lose_nothing(filled: EndpointSeat) -> None:
    """Each adds a statement to what it finds: at the end there are all of them, in as many generations."""
    graph = NamedNode(BASE.document(NEW))
    start = number(newest(filled).generation)
    faults: list[KgcompareError] = []

    def work(name: str) -> None:
        try:
            for turn in range(2):
                with filled.writing(60.0) as writer:
                    latest = writer.latest()
                    assert latest is not None
                    said = latest.graph(graph.value)
                    fresh = Quad(NamedNode(NEW), NamedNode("urn:p"), Literal(f"{name} {turn}"), graph)
                    writer.replace({graph.value: [*said, fresh]})
                    writer.publish(lambda *_: None)
        except KgcompareError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(newest(filled).graph(graph.value)) == 16
    assert number(newest(filled).generation) == start + 16


# -- writers that are killed -----------------------------------------------------------------------------

_KILLED = """
import sys
from pyoxigraph import Quad, RdfFormat, parse
from kgcompare.store import batches
from kgcompare.store.endpoint import Addresses
from kgcompare.store.remote import RemoteStore
from kgcompare.store.remote_writer import writing_at

batches._FIRST = batches._MOST = 1500
graphs = {}
for quad in parse(path=sys.argv[3], format=RdfFormat.N_QUADS):
    graphs.setdefault(quad.graph_name.value, []).append(quad)
with writing_at(RemoteStore(Addresses(sys.argv[1], sys.argv[2]))) as writer:
    writer.replace(graphs)
    print("begins", flush=True)
    print(writer.publish(lambda *_: None), flush=True)
"""
MANY = 8


def marked(tag: str) -> dict[str, list[Quad]]:
    """Records each statement of which says the same."""
    found = {}
    for place in range(MANY):
        record = BASE.record("method", f"killed-{place}")
        graph, subject = NamedNode(BASE.document(record)), NamedNode(record)
        quads = []
        for turn in range(4):
            node = BlankNode()
            quads += [
                Quad(subject, NamedNode(f"urn:p{turn}"), Literal(tag), graph),
                Quad(subject, NamedNode("urn:part"), node, graph),
                Quad(node, NamedNode("urn:says"), Literal(tag), graph),
            ]
        found[graph.value] = quads
    return found


def tags_of(quads: Iterable[Quad]) -> tuple[int, frozenset[str]]:
    quads = list(quads)
    return len(quads), frozenset(q.object.value for q in quads if isinstance(q.object, Literal))


@pytest.mark.parametrize("addresses", EVERY, indirect=True)
def test_whoever_reads_sees_each_record_old_or_new_whenever_a_writer_is_killed(
    addresses: Addresses, tmp_path: Path
) -> None:
    """And who writes next leaves either all of the change or nothing of it."""
    home = EndpointSeat(partial(RemoteStore, addresses))
    _write(home, marked("first"))
    names, torn, done = list(marked("")), [], threading.Event()

    def read() -> None:
        chance = random.Random(1)
        while not done.is_set():
            seen = tags_of(newest(home).graph(chance.choice(names)))
            if seen[0] != 12 or len(seen[1]) != 1:
                torn.append(seen)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        began = time.monotonic()
        _write(home, marked("second"))
        span, before = time.monotonic() - began, "second"
        ends = set()
        for turn in range(2 if "sparql" in addresses.query else 5):  # Virtuoso takes its time
            before = _killed(addresses, home, tmp_path, f"round {turn}", before, random.uniform(0, 1.2 * span))
            ends.add(before == f"round {turn}")
    finally:
        done.set()
        reader.join()
    assert not torn
    assert newest(home).history is not None


def _write(home: EndpointSeat, graphs: dict[str, list[Quad]]) -> str:
    with home.writing() as writer:
        writer.replace(graphs)
        return writer.publish(lambda *_: None)


def _named(thing: str) -> Quad:
    return Quad(NamedNode(thing), NamedNode("urn:p"), Literal("x"), NamedNode(BASE.document(thing)))


def _killed(addresses: Addresses, home: EndpointSeat, folder: Path, tag: str, before: str, after: float) -> str:
    """Kills a writer some seconds after it began, and has another one come; gives what is there then."""
    file = folder / "graphs.nq"
    serialize((quad for quads in marked(tag).values() for quad in quads), str(file), format=RdfFormat.N_QUADS)
    command = [sys.executable, "-c", _KILLED, addresses.query, addresses.update, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(after)
        process.kill()
        acknowledged = process.stdout.read().strip()
    with home.writing(60.0):
        pass
    snapshot = newest(home)
    there = {tags_of(snapshot.graph(name)) for name in marked("")}
    assert len(there) == 1
    (count, tags) = there.pop()
    assert count == 12
    assert private(snapshot) == []
    (now,) = tags
    assert now in {before, tag}
    if acknowledged:
        assert (now, snapshot.generation) == (tag, acknowledged)
    return now


def test_what_was_written_and_not_ended_is_ended(filled: EndpointSeat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer who dies after the last record has done all that the next one needs."""
    graph = BASE.document(NEW)
    quads = [Quad(NamedNode(NEW), NamedNode("urn:p"), Literal("new"), NamedNode(graph))]

    class Died(BaseException):
        pass

    def dies(self: Journal, generation: str) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "marked", dies)
        with filled.writing() as writer:
            writer.replace({graph: quads})
            with pytest.raises(Died):
                writer.publish(lambda *_: None, Occasion("import", "Ada"))
    before = newest(filled)
    with filled.writing():
        pass
    after = newest(filled)
    assert number(after.generation) == number(before.generation) + 1
    assert private(after) == []
    assert after.history is not None
    (last,) = after.history.changes(most=1)
    assert (last.generation, last.occasion.by, last.added) == (after.generation, "Ada", 1)
    assert after.history.documents(last) == [(graph, "added")]


# -- servers ---------------------------------------------------------------------------------------------


def test_records_are_written_over_http(filled: EndpointSeat, addresses: Addresses, tmp_path: Path) -> None:
    token = Tokens(tmp_path).add("Ada")
    app = create_app(Settings(endpoint=addresses.query, tokens=tmp_path, update_endpoint=addresses.update))
    client = app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    made = client.put(
        "/method/new-one", data=TURTLE, content_type="text/turtle", headers={"If-None-Match": "*", **bearer}
    )
    assert (made.status_code, "New one" in made.text) == (201, True), made.text
    tag = client.get("/method/new-one.ttl").headers["ETag"]
    assert "New one" in client.get("/method/new-one.ttl").text
    put = partial(client.put, "/method/new-one", content_type="text/turtle")
    done = put(data=TURTLE.replace("New one", "Newer"), headers={"If-Match": tag, **bearer})
    assert (done.status_code, "Newer" in done.text) == (200, True), done.text
    new = client.get("/method/new-one.ttl").headers["ETag"]
    assert done.headers["ETag"].partition(".")[0] == new.partition(".")[0] != tag.partition(".")[0], (
        "of what was written"
    )
    assert put(data=TURTLE, headers={"If-Match": tag, **bearer}).status_code == 412
    assert "Newer" in client.get("/method/new-one.ttl").text
    assert put(data=TURTLE, headers={"If-Match": tag}).status_code == 401
    bad = put(data=TURTLE.replace("kgc:extends <lasso>", "kgc:origin 5"), headers={"If-Match": "*", **bearer})
    assert bad.status_code == 422
    assert client.get("/method/new-one/edit").status_code == 200
    gone = client.delete(
        "/method/new-one", headers={"If-Match": client.get("/method/new-one.ttl").headers["ETag"], **bearer}
    )
    assert gone.status_code == 204, gone.text
    assert client.get("/method/new-one.ttl").status_code in {404, 410}


def test_another_server_sees_what_is_written_when_it_looks_again(filled: EndpointSeat, addresses: Addresses) -> None:
    store = RemoteStore(addresses, mark_time=0.2)
    before = store.snapshot()
    assert store.snapshot() is before
    _write(
        filled,
        {BASE.document(NEW): [_named(NEW)]},
    )
    end = time.monotonic() + 120
    while store.snapshot() is before and time.monotonic() < end:
        time.sleep(0.05)
    assert store.snapshot().generation == newest(filled).generation


def test_all_servers_see_a_change_within_the_time_that_a_setting_names(
    filled: EndpointSeat, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that stands still: however slow the machine is, the first look after that time finds the change."""
    assert Limits().endpoint_mark_time == 1.0
    now = [1000.0]
    monkeypatch.setattr(remote, "time", SimpleNamespace(monotonic=lambda: now[0], time=time.time))
    with (
        Catalogue(RemoteStore(addresses, mark_time=1.0)) as one,
        Catalogue(RemoteStore(addresses, mark_time=5.0)) as other,
    ):
        before = one.generation().name
        assert other.generation().name == before
        after = _write(filled, {BASE.document(NEW): [_named(NEW)]})
        now[0] += 1.01
        assert one.generation().name == after
        assert other.generation().name == before, "it looks every five seconds"
        now[0] += 4.0
        assert other.generation().name == after
