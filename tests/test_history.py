"""Every change is recorded, with what was there before: read, shown as it was, put back; bounded, and never torn."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad

from conftest import SMALL, Run
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.differences import story_of
from kgcompare.catalogue.past import generation_at, history_of
from kgcompare.errors import InvalidData, UnknownThing
from kgcompare.ingest import reverting
from kgcompare.ingest.editing import Body, Change, Condition, Edit, Editor
from kgcompare.ingest.together import JointEditor
from kgcompare.report import extent
from kgcompare.sandbox.limits import Limits
from kgcompare.search import Filter
from kgcompare.store.base import state_of
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.tokens import Tokens
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BASE = "https://w3id.org/kgcompare/"
LASSO = f"{BASE}id/method/lasso"
NEW = (
    "@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    f'<{BASE}id/method/new-one> a kgc:Method ; skos:prefLabel "New one"@en ; kgc:family <{BASE}id/family/statistics> .'
)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small catalogue, which Ada has imported; to be copied."""
    path = tmp_path_factory.mktemp("imported") / "store"
    ingest.create_store(path)
    ingest.import_files(path, [SMALL], ingest.Options(trust=True, by="Ada Ölson"))
    return path


@pytest.fixture
def store(imported: Path, tmp_path: Path) -> Path:
    """The small catalogue, which Ada has imported."""
    return Path(shutil.copytree(imported, tmp_path / "store"))


def change(store: Path, old: str, new: str, by: str = "Bob") -> str:
    """Imports the small catalogue with something changed, and says as which generation."""
    text = SMALL.read_text(encoding="utf-8")
    assert old in text
    file = store.parent / "changed.ttl"
    file.write_text(text.replace(old, new), encoding="utf-8")
    options = ingest.Options(trust=True, replace=True, by=by)
    return ingest.import_files(store, [file], options).generation


def edit(store: Path, record: str, turtle: str) -> str:
    """Puts a record, as an edit over HTTP does."""
    Editor(store, (), ingest.Options(replace=True), 60.0).put(record, Body(turtle.encode(), "ttl"), Condition())
    return generation(store)


def generation(store: Path) -> str:
    return (store / "current").read_text().strip()


def canonical(quads: Iterator[Quad]) -> str:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return "\n".join(sorted(map(str, dataset)))


def said(store: Path) -> str:
    """All that a store says."""
    return canonical(EmbeddedStore(store).snapshot().quads())


def generations(store: Path) -> list[str]:
    """The generations that the history knows, the oldest first."""
    history = EmbeddedStore(store).snapshot().history
    assert history is not None
    return [logged.generation for logged in reversed(history.changes(most=10_000))]


# -- what is recorded ----------------------------------------------------------------------------------

WHO = f"""\
PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX schema: <https://schema.org/>
SELECT ?who ?file ?hash ?time {{
  GRAPH <{BASE}changes> {{
    ?version prov:specializationOf <{BASE}doc/method/lasso> ; prov:wasGeneratedBy ?change .
    ?change a prov:Activity ; prov:startedAtTime ?time ; prov:wasAssociatedWith/foaf:name ?who ; prov:used ?source .
    ?source rdfs:label ?file ; schema:sha256 ?hash .
  }}
}}"""


def test_a_query_says_who_changed_a_record_when_and_from_which_file(store: Path) -> None:
    before = datetime.now(UTC)
    change(store, "Shrinks some", "Shrinks many")
    (row,) = EmbeddedStore(store).snapshot().select(WHO).rows
    who, file, digest, time = (term.value for term in row if term is not None)
    assert (who, file) == ("Bob", "changed.ttl")
    assert digest == hashlib.sha256((store.parent / "changed.ttl").read_bytes()).hexdigest()
    assert before.replace(microsecond=0) <= datetime.fromisoformat(time) <= datetime.now(UTC)


def test_the_log_has_every_change_and_nobody_who_was_not_named(store: Path, run: Run) -> None:
    change(store, "Shrinks some", "Shrinks many", by="")
    ran = run("log", "--store", store, "--json")
    listed = json.loads(ran.out)["changes"]
    assert [(one["what"], one["by"], one["added"], one["replaced"]) for one in listed] == [
        ("import", None, 0, 1),
        ("import", "Ada Ölson", 15, 0),
        ("init", None, 0, 0),
    ]
    assert listed[0]["documents"] == [{"iri": f"{BASE}doc/method/lasso", "done": "replaced"}]
    assert listed[1]["documents"] == []  # there was nothing before
    assert "changed.ttl" in run("log", "--store", store).out
    assert "Shrinks some" in run("log", "lasso", "--store", store).out
    assert run("log", "nothing-there", "--store", store).code == 1
    assert "Shrinks some" in run("show", "lasso", "--store", store, "--at", "2").out
    assert "Shrinks some" in run("compare", "lasso", "ridge", "--store", store, "--at", "2").out
    assert "Shrinks many" in run("compare", "lasso", "ridge", "--store", store).out


def test_the_same_again_is_no_change(store: Path) -> None:
    before = generations(store)
    change(store, "Shrinks some", "Shrinks some")
    assert generations(store) == before


def test_the_history_is_no_record(store: Path, tmp_path: Path, run: Run) -> None:
    with Catalogue(EmbeddedStore(store)) as catalogue:
        counts, measured = catalogue.generation().counts(), extent.measure(catalogue.generation())
        history = set(catalogue.generation().snapshot.graph(f"{BASE}changes"))
    change(store, "Shrinks some", "Shrinks many")
    with Catalogue(EmbeddedStore(store)) as catalogue:
        now = catalogue.generation()
        assert set(now.snapshot.graph(f"{BASE}changes")) > history
        assert now.counts() == counts
        assert extent.measure(now).statements == measured.statements
        assert not [name for name in extent.measure(now).classes if "prov#" in name]
    exported = tmp_path / "all.nq"
    assert run("export", "--store", store, "-o", exported).code == 0
    assert f"<{BASE}changes>" not in exported.read_text()
    EmbeddedStore(store).snapshot().dump(tmp_path / "dump.nq")
    assert sorted((tmp_path / "dump.nq").read_text().splitlines()) == sorted(exported.read_text().splitlines())


def test_an_import_that_is_refused_leaves_no_trace(store: Path) -> None:
    before = generations(store), said(store), (store / "history.sqlite").read_bytes()
    bad = store.parent / "bad.ttl"
    bad.write_text(NEW.replace("skos:prefLabel", "skos:altLabel"), encoding="utf-8")
    with pytest.raises(InvalidData):
        ingest.import_files(store, [bad], ingest.Options())
    assert (generations(store), said(store), (store / "history.sqlite").read_bytes()) == before


def test_quads_taken_as_they_are_have_no_history(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "foreign.nq"
    file.write_text("<http://e/s> <http://e/p> <http://e/o> <http://e/g> .\n")
    path = tmp_path / "bare"
    ingest.create_of_quads(path, [file], ingest.Options(trust=True))
    assert not (path / "history.sqlite").exists()
    assert "no history is kept" in run("log", "--store", path).err


# -- never torn ----------------------------------------------------------------------------------------

KILLED = """
    import os, signal, sys
    from pathlib import Path
    from kgcompare import ingest
    from kgcompare.store import folder, recording, writer

    def killed(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    place, name = sys.argv[3].split(".")
    of = {"Folder": folder.Folder, "Recorder": recording.Recorder}[place]
    if sys.argv[4] == "after":
        before = getattr(of, name)
        setattr(of, name, lambda *a, **k: (before(*a, **k), killed()))
    else:
        setattr(of, name, killed)
    ingest.import_files(Path(sys.argv[1]), [Path(sys.argv[2])], ingest.Options(trust=True, replace=True))
"""


@pytest.mark.parametrize(
    ("where", "when", "published"),
    [
        ("Recorder.record", "before", False),
        ("Recorder.record", "after", False),
        ("Recorder.commit", "after", False),
        ("Folder.publish", "before", False),
        ("Folder.set_current", "after", True),
    ],
)
def test_a_killed_writer_leaves_the_change_and_its_history_or_neither(
    store: Path, where: str, when: str, published: bool
) -> None:
    before, states = generations(store), said(store)
    file = store.parent / "killed.ttl"
    file.write_text(SMALL.read_text(encoding="utf-8").replace("Shrinks some", "Shrinks many"), encoding="utf-8")
    arguments = [sys.executable, "-c", textwrap.dedent(KILLED), store, file, where, when]
    done = subprocess.run([str(one) for one in arguments], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (len(generations(store)) > len(before)) == (said(store) != states) == published
    newest = change(store, "Shrinks some", "Shrinks most")
    assert generations(store)[: len(before)] == before
    assert generations(store)[-1] == newest
    with Catalogue(EmbeddedStore(store)) as catalogue:
        assert canonical(iter(generation_at(catalogue.generation(), before[-1])[1].quads())) == states


def test_a_store_without_its_history_goes_on_with_a_new_one(store: Path) -> None:
    (store / "history.sqlite").unlink()
    known, states = generation(store), said(store)
    assert EmbeddedStore(store).snapshot().history is None
    change(store, "Shrinks some", "Shrinks many")
    assert generations(store)[0] == known
    with Catalogue(EmbeddedStore(store)) as catalogue:
        assert canonical(iter(generation_at(catalogue.generation(), known)[1].quads())) == states


# -- as it was -----------------------------------------------------------------------------------------


def test_every_generation_can_be_had_as_it_was(store: Path) -> None:
    """Edits, a new record, a removal and a replacement of everything: each state is again what it was."""
    was = {generation(store): said(store)}
    steps = (
        lambda: change(store, "Shrinks some", "Shrinks many"),
        lambda: edit(store, f"{BASE}id/method/new-one", NEW),
        lambda: edit(store, f"{BASE}id/method/new-one", NEW.replace("New one", "Newer one")),
        lambda: Editor(store, (), ingest.Options(), 60.0).remove(f"{BASE}id/method/new-one", Condition()),
        lambda: change(store, '"@en', ' again"@en'),
    )
    for step in steps:
        step()
        was[generation(store)] = said(store)
    assert len(was) == 1 + len(steps)
    with Catalogue(EmbeddedStore(store)) as catalogue:
        for name, text in was.items():
            past = generation_at(catalogue.generation(), name)[1]
            assert canonical(iter(past.quads())) == text, name
        assert [thing.id for thing in past.search(Filter("new one", kind="method")).things] == []
        then = generation_at(catalogue.generation(), list(was)[3])[1]
        assert [thing.id for thing in then.search(Filter("newer one", kind="method")).things] == ["new-one"]


def test_what_is_kept_is_bounded_and_the_oldest_goes_first(store: Path) -> None:
    limits = Limits(history_bytes=20_000)
    for number in range(40):
        file = store.parent / "one.ttl"
        file.write_text(NEW.replace("New one", f"New one {number}"), encoding="utf-8")
        ingest.import_files(store, [file], ingest.Options(trust=True, replace=True, limits=limits))
    snapshot = EmbeddedStore(store).snapshot()
    history = snapshot.history
    assert history is not None
    known = generations(store)
    assert 2 < len(known) < 12
    assert known[-1] == generation(store)
    assert (store / "history.sqlite").stat().st_size < 60_000
    spoken = {str(quad.subject) for quad in snapshot.graph(f"{BASE}changes")}
    assert {name for name in spoken if re.search(r"changes/[^#]*>$", name)} == {f"<{BASE}changes/{g}>" for g in known}
    with pytest.raises(UnknownThing, match="goes back to"):
        history.at("2")
    assert history.at(known[3]).generation == known[3]


# -- several that are written as one -------------------------------------------------------------------


def put(slug: str, old: str, new: str, by: str, store: Path) -> tuple[Change, ingest.Options]:
    """A change of a record by somebody, as it comes over HTTP, on the condition that it is as it was read."""
    record = f"{BASE}id/method/{slug}"
    snapshot = EmbeddedStore(store).snapshot()
    text = "".join(f"{quad.triple} .\n" for quad in snapshot.graph(f"{BASE}doc/method/{slug}"))
    condition = Condition(frozenset({state_of(snapshot, f"{BASE}doc/method/{slug}")}))
    return Change("put", record, Body(text.replace(old, new).encode(), "ttl"), condition), ingest.Options(by=by)


def test_changes_that_are_written_as_one_are_answered_and_remembered_one_by_one(store: Path) -> None:
    new = Body(NEW.replace(f"{BASE}id/method/new-one", "").replace("New one", "Brand new").encode(), "ttl")
    changes = [
        put("lasso", "Shrinks some", "Shrinks many", "Ada", store),
        put("ridge", '"Ridge regression"@en', '" "@en', "Bob", store),  # not valid
        (Change("make", "method", new), ingest.Options(by="Cleo")),
        put("lasso", "Shrinks some", "Shrinks few", "Dan", store),  # the first has it
        put("gan", "Generative", "Grouped", "Eve", store),
        (Change("put", f"{BASE}id/method/x", Body(b"<> <", "ttl")), ingest.Options(by="Fay")),
        (Change("remove", f"{BASE}id/method/new-one"), ingest.Options(by="Guy")),
    ]
    before, known = EmbeddedStore(store).snapshot(), generations(store)
    said = JointEditor(store, (), ingest.Options(), 60.0).together(changes)
    kinds = [type(one).__name__ for one in said]
    assert kinds == ["Edit", "InvalidData", "Edit", "Outdated", "Edit", "SyntaxFault", "UnknownThing"]
    assert isinstance(said[2], Edit)
    assert (said[2].record, said[2].made) == (f"{BASE}id/method/brand-new", True)
    after = EmbeddedStore(store).snapshot()
    assert after.history is not None
    logged = after.history.changes()[:3]
    assert [one.occasion.by for one in reversed(logged)] == ["Ada", "Cleo", "Eve"]
    digests = [one.occasion.used[0].sha256 for one in reversed(logged)]
    assert digests == [hashlib.sha256(changes[place][0].body.data).hexdigest() for place in (0, 2, 4)]
    assert logged[0].generation == after.generation, "all three are in one"
    names = generations(store)
    assert names[: len(known)] == known
    assert [int(name.partition("-")[0]) for name in names] == list(range(1, len(names) + 1))
    assert before.history is not None
    assert len(before.history.changes()) == len(known), "a generation knows nothing of what came later"


def test_a_state_between_changes_that_were_written_as_one_can_be_had(store: Path) -> None:
    changes = [
        put("lasso", "Shrinks some", "Shrinks many", "Ada", store),
        put("gan", "Generative", "Grouped", "Eve", store),
    ]
    JointEditor(store, (), ingest.Options(), 60.0).together(changes)
    first, _ = generations(store)[-2:]
    with Catalogue(EmbeddedStore(store)) as catalogue:
        past = generation_at(catalogue.generation(), first)[1]
        assert "many" in (past.record("method", "lasso").thing.description or "")
        assert past.record("method", "gan").thing.label.startswith("Generative")


# -- how it reads --------------------------------------------------------------------------------------


def test_differences_are_told_by_names_in_the_language_of_the_reader(store: Path) -> None:
    """Row by row in the shape's order; what is derived from a changed date is not told beside it."""
    text = SMALL.read_text(encoding="utf-8").replace("Shrinks some", "Shrinks many")
    text = text.replace('kgc:origin "1996"', 'kgc:origin "1997"').replace(
        "kgc:family <id/family/statistics>", "kgc:family <id/family/machine-learning>", 1
    )
    file = store.parent / "changed.ttl"
    file.write_text(text, encoding="utf-8")
    ingest.import_files(store, [file], ingest.Options(trust=True, replace=True))
    with Catalogue(EmbeddedStore(store)) as catalogue:
        step = story_of(catalogue.generation(), "method", "lasso", "fr").steps[0]
    told = [(d.label, [v.text for v in d.removed], [v.text for v in d.added]) for d in step.differences]
    assert told == [
        ("Famille", ["Statistique"], ["Apprentissage automatique"]),
        ("Année d’origine", ["1996"], ["1997"]),
        ("Résumé", ["Shrinks some coefficients to zero."], ["Shrinks many coefficients to zero."]),
    ]


def test_a_removed_record_keeps_its_history(store: Path) -> None:
    edit(store, f"{BASE}id/method/new-one", NEW)
    Editor(store, (), ingest.Options(by="Cleo"), 60.0).remove(f"{BASE}id/method/new-one", Condition())
    with Catalogue(EmbeddedStore(store)) as catalogue:
        story = story_of(catalogue.generation(), "method", "new-one", "en")
    assert (story.label, story.there, [step.done for step in story.steps]) == ("New one", False, ["removed", "added"])
    shown = {d.label: [v.text for v in d.removed] for d in story.steps[0].differences}
    assert ["Statistics"] in shown.values()  # its family, by its name
    assert not [text for texts in shown.values() for text in texts if text.startswith(BASE + "id/")]


def test_a_record_is_put_back_and_that_is_a_change_of_its_own(store: Path, run: Run) -> None:
    first, before = generation(store), said(store)
    change(store, "Shrinks some", "Shrinks many")
    assert run("revert", "lasso", "--at", first, "--store", store, "--by", "Cleo").code == 0
    assert said(store) == before
    listed = json.loads(run("log", "lasso", "--store", store, "--json").out)["changes"]
    assert [(one["what"], one["by"]) for one in listed][:2] == [("revert", "Cleo"), ("import", "Bob")]
    edit(store, f"{BASE}id/method/new-one", NEW)
    assert run("revert", "new-one", "--at", first, "--store", store).code == 0
    assert said(store) == before
    assert run("revert", "lasso", "--at", "1999-01-01", "--store", store).code == 1


def test_what_would_not_be_valid_today_is_not_put_back(store: Path) -> None:
    file = store.parent / "bad.ttl"
    file.write_text(NEW.replace("skos:prefLabel", "skos:altLabel"), encoding="utf-8")
    bad = ingest.import_files(store, [file], ingest.Options(trust=True)).generation
    edit(store, f"{BASE}id/method/new-one", NEW)
    before = said(store)
    logged, body = reverting.state_at(EmbeddedStore(store).snapshot(), f"{BASE}id/method/new-one", bad)
    with pytest.raises(InvalidData):
        reverting.revert(store, f"{BASE}id/method/new-one", logged, body, ingest.Options(replace=True))
    assert said(store) == before


# -- on the web ----------------------------------------------------------------------------------------


@pytest.fixture
def client(store: Path) -> Iterator[FlaskClient]:
    """A client of the catalogue after a change of two records."""
    change(store, "Shrinks some", "Shrinks many")
    app = create_app(Settings(store=store, limits=Limits(write_wait=100.0)))
    yield app.test_client()
    app.extensions["kgcompare"].close()


def test_changes_over_http_have_the_name_of_the_token(client: FlaskClient, store: Path) -> None:
    text = Tokens(store).add("Dora")
    sent = {"Authorization": f"Bearer {text}", "Content-Type": "text/turtle"}
    body = NEW.encode()
    assert client.put("/method/new-one", data=body, headers={**sent, "If-None-Match": "*"}).status_code == 201
    assert client.delete("/method/new-one", headers={**sent, "If-Match": "*"}).status_code == 204
    gone, made = client.get("/changes.json").json["changes"][:2]  # type: ignore[index]
    assert (gone["by"], gone["what"], gone["removed"]) == ("Dora", "remove", 1)
    assert gone["from"] == [{"name": "DELETE /method/new-one", "sha256": None}]
    assert (made["by"], made["added"]) == ("Dora", 1)
    assert made["from"] == [{"name": "PUT /method/new-one", "sha256": hashlib.sha256(body).hexdigest()}]
    page = client.get("/method/new-one/history")
    assert page.status_code == 200
    assert "not in the catalogue any more" in page.text


@pytest.mark.parametrize("suffix", ["", ".ttl", ".jsonld", ".json", ".nt"])
def test_a_record_is_shown_as_it_was_in_every_format(client: FlaskClient, store: Path, suffix: str) -> None:
    old = generations(store)[1]
    then, now = client.get(f"/method/lasso{suffix}?at={old}"), client.get(f"/method/lasso{suffix}")
    assert ("Shrinks some" in then.text, "Shrinks many" in then.text) == (True, False)
    assert ("Shrinks some" in now.text, "Shrinks many" in now.text) == (False, True)
    assert then.headers["ETag"] != now.headers["ETag"]
    assert (
        client.get(f"/method/lasso{suffix}?at={old}", headers={"If-None-Match": then.headers["ETag"]}).status_code
        == 304
    )
    assert "Memento-Datetime" not in now.headers


def test_mementos_are_negotiated_by_date(client: FlaskClient, store: Path) -> None:
    """RFC 7089: from the original by its TimeGate to a memento, with the links of the three to each other."""
    original = client.get("/method/lasso")
    assert "Accept-Datetime" in original.headers["Vary"]
    assert '</method/lasso/timemap>; rel="timemap"' in original.headers["Link"]
    first = client.get("/method/lasso", headers={"Accept-Datetime": "Thu, 01 Jan 1998 00:00:00 GMT"})
    assert first.status_code == 302
    assert "Accept-Datetime" in first.headers["Vary"]
    memento = client.get(first.headers["Location"])
    assert "Shrinks some" in memento.text
    assert parsedate_to_datetime(memento.headers["Memento-Datetime"]) <= datetime.now(UTC)
    assert 'rel="original timegate"' in memento.headers["Link"]
    last = client.get("/method/lasso", headers={"Accept-Datetime": "Thu, 01 Jan 2099 00:00:00 GMT"})
    assert last.headers["Location"].endswith(f"at={generations(store)[-1]}")
    listed = client.get("/method/lasso/timemap")
    assert listed.mimetype == "application/link-format"
    assert [re.search(r'datetime="([^"]*)"', line)[1] for line in listed.text.splitlines() if "memento" in line] == [  # type: ignore[index]
        memento.headers["Memento-Datetime"],
        client.get(last.headers["Location"]).headers["Memento-Datetime"],
    ]
    assert client.get("/method/lasso", headers={"Accept-Datetime": "soon"}).status_code == 400


@pytest.mark.parametrize(
    ("address", "status"),
    [("/method/lasso?lang=0.5", 400), ("/compare?method=lasso&only=5", 400), ("/compare", 400), ("/method/none", 404)],
)
def test_nobody_is_led_to_a_refusal(client: FlaskClient, address: str, status: int) -> None:
    refused = client.get(address, headers={"Accept-Datetime": "Thu, 01 Jan 2099 00:00:00 GMT", "Accept": "text/html"})
    assert refused.status_code == status
    assert "Memento-Datetime" not in refused.headers


@pytest.mark.parametrize("at", ["99-00000000", "1999-01-01", "nonsense", "../x", "2026-13-45", "0001-01-01T00:00:00Z"])
def test_what_was_at_no_time_is_not_found(client: FlaskClient, at: str) -> None:
    assert client.get("/method/lasso", query_string={"at": at}).status_code == 404
    assert client.get("/compare", query_string={"method": ["lasso", "ridge"], "at": at}).status_code == 404


def test_a_comparison_says_how_many_cells_have_changed_since(client: FlaskClient, store: Path) -> None:
    old = generations(store)[1]
    page = client.get(f"/compare?method=lasso&method=ridge&at={old}").text
    assert "1 cell changed since" in page
    assert page.count("Changed since") == 1
    assert "1 case modifiée depuis" in client.get(f"/compare?method=lasso&method=ridge&at={old}&lang=fr").text
    assert "Shrinks some" in page
    assert "Shrinks some" in client.get(f"/compare.csv?method=lasso&method=ridge&at={old}").text
    data = client.get(f"/compare.json?method=lasso&method=ridge&at={old}").json
    assert data is not None
    assert (data["at"]["generation"], data["at"]["changed"]) == (old, [{"row": "summary", "iri": LASSO}])
    assert "Nothing here has changed since" in client.get(f"/compare?method=ridge&at={old}").text
    assert "changed since" not in client.get("/compare?method=lasso&method=ridge").text
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert "Shrinks many" in client.get(f"/compare?method=lasso&method=ridge&at={today}").text


def test_the_feed_is_atom_and_pages_lead_to_it(client: FlaskClient) -> None:
    """RFC 4287, sections 4.1.1 and 4.1.2: what a feed and its entries have to have."""
    answer = client.get("/changes.atom")
    assert answer.mimetype == "application/atom+xml"
    assert 'href="/changes.atom"' in client.get("/method/lasso").text
    atom = {"a": "http://www.w3.org/2005/Atom"}
    feed = ET.fromstring(answer.data)
    for parent in (feed, *feed.findall("a:entry", atom)):
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"a:{name}", atom)) == 1, name
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", parent.findtext("a:updated", "", atom))
    assert feed.findtext("a:author/a:name", "", atom)
    ids = [entry.findtext("a:id", "", atom) for entry in feed.findall("a:entry", atom)]
    assert len(set(ids)) == len(ids) == 3
    assert [link.get("rel") for link in feed.findall("a:link", atom)] == ["self", "alternate"]
    for entry in feed.findall("a:entry", atom):
        address = entry.find("a:link", atom).get("href")  # type: ignore[union-attr]
        assert client.get(str(address)).status_code == 200


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_pages_of_the_past_are_whole(client: FlaskClient, store: Path, lang: str) -> None:
    for path in ("/method/lasso/history", "/changes", f"/changes/{generation(store)}"):
        page = client.get(path, query_string={"lang": lang})
        assert page.status_code == 200
        assert "lasso" in page.text.lower()
        assert client.get(path, headers={"Accept": "application/json"}).is_json
    assert client.get("/changes/none").status_code == 404
    for nothing in ("nothing-there", "NOT-A-SLUG", "lasso.ttl", "%20"):
        for what in ("history", "history.json", "timemap"):
            assert client.get(f"/method/{nothing}/{what}").status_code == 404
    assert client.get("/changes.none", headers={"Accept": "application/json"}).status_code == 406
    assert client.get("/method/lasso/history?before=x").status_code == 400
    assert history_of(client.application.extensions["kgcompare"].generation()).first().occasion.by == "Ada Ölson"
