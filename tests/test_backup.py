"""A backup has all that a generation holds; what is restored says the same; damage is seen before it is written."""

from __future__ import annotations

import gzip
import io
import json
import random
import select
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset

from conftest import Run, copied
from kgcompare import ingest, search
from kgcompare.errors import DataError, KgcompareError, StoreError
from kgcompare.ingest import Options
from kgcompare.store.backup import back_up, newest_in, unpacked_backup
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.history import Logged
from kgcompare.store.layout import LAYOUT
from kgcompare.store.restoring import restore
from kgcompare.store.tokens import Tokens
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings


@pytest.fixture
def store(small_store: Path, tmp_path: Path) -> Path:
    """The small catalogue, of one's own."""
    return copied(small_store, tmp_path / "store")


@pytest.fixture
def backup(small_store: Path, tmp_path: Path) -> Path:
    """A backup of the small catalogue."""
    return back_up(small_store, str(tmp_path / "small.tar.gz"))[0]


def said(store: Path) -> set[str]:
    with closing(EmbeddedStore(store)) as opened:
        return {str(quad) for quad in opened.snapshot().quads()}


def meant(store: Path) -> Dataset:
    """The same, whatever blank nodes are called."""
    with closing(EmbeddedStore(store)) as opened:
        found = Dataset(opened.snapshot().quads())
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


def steps(store: Path) -> list[tuple[Logged, int]]:
    """The changes of one record as the history has them, and how many statements it had before each."""
    with closing(EmbeddedStore(store)) as opened:
        history = opened.snapshot().history
        assert history is not None
        found = history.steps("https://w3id.org/kgcompare/doc/method/lasso")
    return [(change, len(before)) for change, before in found]


def method(path: Path, slug: str) -> Path:
    path.write_text(
        f"<https://w3id.org/kgcompare/id/method/{slug}> a <https://w3id.org/kgcompare/ns#Method> ; "
        f'<http://www.w3.org/2004/02/skos/core#prefLabel> "{slug}"@en .',
        encoding="utf-8",
    )
    return path


def test_what_is_restored_is_what_was_kept(store: Path, tmp_path: Path, run: Run) -> None:
    """Statements with the labels of their blank nodes, generation, identity; and it takes more."""
    kept, made = tmp_path / "kept.tar.gz", tmp_path / "made"
    ran = run("backup", kept, "--store", store)
    assert (ran.code, ran.out) == (0, "")
    assert "15 records" in ran.err
    assert run("restore", kept, "--store", made).code == 0
    assert said(made) == said(store)
    for name in ("current", "store.json"):
        assert (made / name).read_text() == (store / name).read_text()
    there = {path.name for path in store.iterdir()}
    assert {path.name for path in made.iterdir()} == there - {"live.lock"}, "nobody has written to it yet"
    assert "lasso" in run("search", "lasso", "--store", made).out
    more = run("import", "--store", made, method(tmp_path / "more.ttl", "more"))
    assert more.err.startswith("1 added")
    assert said(store) < said(made)


def test_a_backup_is_what_others_can_read(backup: Path) -> None:
    """A tar file of N-Quads, the history in SQLite, and a manifest that says what is in it."""
    with tarfile.open(backup) as archive:
        assert archive.getnames() == ["manifest.json", "data.nq", "history.sqlite"]
        manifest = json.load(archive.extractfile("manifest.json") or io.BytesIO())
        data = (archive.extractfile("data.nq") or io.BytesIO()).read()
        history = (archive.extractfile("history.sqlite") or io.BytesIO()).read()
    assert (manifest["records"], manifest["statements"], manifest["layout"]) == (15, len(data.splitlines()), LAYOUT)
    assert {name: file["bytes"] for name, file in manifest["files"].items()} == {
        "data.nq": len(data),
        "history.sqlite": len(history),
    }
    assert history.startswith(b"SQLite format 3\0")


def test_secrets_and_what_can_be_made_again_are_left_out(store: Path, tmp_path: Path) -> None:
    """Tokens are no part of a backup; what there is of a history is."""
    secret = Tokens(store).add("ada")
    ingest.import_files(store, [method(tmp_path / "lasso.ttl", "lasso")], Options(trust=True, replace=True))
    path, manifest = back_up(store, str(tmp_path / "b.tgz"))
    assert set(manifest.files) == {"data.nq", "history.sqlite"}
    kept = gzip.decompress(path.read_bytes())
    assert secret.encode() not in kept
    assert Tokens(store).all()[0].digest.encode() not in kept
    restore(path, tmp_path / "made", search.build)
    happened = steps(store)
    assert [change.generation for change, _ in happened] == [manifest.generation]
    assert happened[0][1], "what was there before the change"
    assert steps(tmp_path / "made") == happened
    assert not (tmp_path / "made/tokens.json").exists()


def test_a_folder_has_a_file_for_each_backup(store: Path, tmp_path: Path, run: Run) -> None:
    """The newest of them is restored."""
    folder = tmp_path / "backups"
    assert run("backup", f"{folder}/", "--store", store).code == 0
    first = newest_in(folder)
    first.rename(folder / "kgcompare-20200101T000000Z-2-00000000.tar.gz")
    ingest.import_files(store, [method(tmp_path / "new.ttl", "new")], Options(trust=True))
    assert run("backup", folder, "--store", store).code == 0
    assert len(list(folder.iterdir())) == 2
    assert run("restore", folder, "--store", tmp_path / "made").code == 0
    assert said(tmp_path / "made") == said(store)
    (tmp_path / "none").mkdir()
    ran = run("restore", tmp_path / "none", "--store", tmp_path / "other")
    assert (ran.code, "there is no backup in the folder" in ran.err) == (2, True)


# -- under load ----------------------------------------------------------------------------------------


def test_a_backup_is_one_generation_while_others_write_and_read(store: Path, tmp_path: Path) -> None:
    """Each is a generation as it was published; readers are answered, and writers need not wait."""
    generations: dict[str, set[str]] = {}
    faults: list[object] = []
    over = threading.Event()

    def busy(do: Callable[[int], object]) -> None:
        for number in range(1000):
            if over.is_set():
                return
            if fault := do(number):
                faults.append(fault)

    def write(number: int) -> object:
        report = ingest.import_files(store, [method(tmp_path / "w.ttl", f"w{number}")], Options(trust=True))
        generations[report.generation] = said(store)
        return None

    client = create_app(Settings(store=store)).test_client()

    def read(_: int) -> object:
        status = client.get("/method/lasso.nt").status_code
        return None if status == 200 else status

    generations[(store / "current").read_text().strip()] = said(store)
    others = [threading.Thread(target=busy, args=(do,)) for do in (write, read)]
    for thread in others:
        thread.start()
    taken = [back_up(store, str(tmp_path / f"{number}.tar.gz")) for number in range(4)]
    over.set()
    for thread in others:
        thread.join()
    assert not faults
    assert len(generations) > 1
    for number, (path, manifest) in enumerate(taken):
        restore(path, tmp_path / f"made-{number}", search.build)
        assert said(tmp_path / f"made-{number}") == generations[manifest.generation]


# -- a store that is there -----------------------------------------------------------------------------


def test_a_store_with_records_is_replaced_only_when_asked(store: Path, backup: Path, tmp_path: Path, run: Run) -> None:
    """What came since goes, what went comes back, tokens stay; an open store sees it as one generation."""
    Tokens(store).add("ada")
    before = meant(store)
    ingest.import_files(store, [method(tmp_path / "new.ttl", "new")], Options(trust=True))
    ingest.import_files(store, [method(tmp_path / "lasso.ttl", "lasso")], Options(trust=True, replace=True))
    changed = said(store)
    ran = run("restore", backup, "--store", store)
    assert (ran.code, "use --replace" in ran.err) == (3, True)
    assert said(store) == changed
    with closing(EmbeddedStore(store)) as opened:
        assert opened.snapshot().graph("https://w3id.org/kgcompare/doc/method/new")
        assert run("restore", backup, "--store", store, "--replace").code == 0
        assert not opened.snapshot().graph("https://w3id.org/kgcompare/doc/method/new")
    assert meant(store) == before
    generation = (store / "current").read_text()
    assert run("restore", backup, "--store", store, "--replace").code == 0
    assert (store / "current").read_text() == generation
    assert [token.name for token in Tokens(store).all()] == ["ada"]
    assert "new" not in run("search", "new", "--store", store).out


def test_an_empty_catalogue_takes_a_backup(backup: Path, small_store: Path, tmp_path: Path) -> None:
    """One of another base does not."""
    ingest.create_store(tmp_path / "empty")
    restore(backup, tmp_path / "empty", search.build)
    assert meant(tmp_path / "empty") == meant(small_store)
    ingest.create_store(tmp_path / "other", "https://example.org/")
    with pytest.raises(StoreError, match="restore it into a new store"):
        restore(backup, tmp_path / "other", search.build, replace=True)


def test_a_folder_with_other_things_is_left_alone(backup: Path, tmp_path: Path) -> None:
    """Whatever is in it."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="other things in it"):
        restore(backup, tmp_path / "full", search.build)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]


# -- damage --------------------------------------------------------------------------------------------


def _damaged(data: bytes, how: str) -> bytes:
    if how == "none":
        return b""
    if how == "other":
        return b"PK\x03\x04 not this"
    if how.startswith("cut"):
        return data[: int(how[3:])]
    packed = not how.startswith("plain")
    changed = bytearray(data if packed else gzip.decompress(data))
    changed[int(how.removeprefix("plain"))] ^= 1
    return bytes(changed) if packed else gzip.compress(bytes(changed))


@pytest.mark.parametrize(
    "how", ["none", "other", "cut5", "cut400", "cut20000", "1", "400", "9000", "-5", "plain5", "plain90000"]
)
def test_a_damaged_backup_is_refused_before_anything_is_written(backup: Path, tmp_path: Path, how: str) -> None:
    """Cut off, another file, a bit that is not as it was."""
    backup.write_bytes(_damaged(backup.read_bytes(), how))
    with pytest.raises(DataError, match=re_escaped(backup)):
        restore(backup, tmp_path / "made", search.build)
    assert not (tmp_path / "made").exists()


def re_escaped(path: Path) -> str:
    return path.name.replace(".", r"\.")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"layout": LAYOUT + 1}, "install a newer kgcompare"),
        ({"format": "another"}, "no backup of kgcompare"),
        ({"generation": "../../x"}, "no backup of kgcompare"),
        ({"files": {}}, "no backup of kgcompare"),
        (
            {"files": {"data.nq": {"bytes": 1, "sha256": ""}, "../evil": {"bytes": 1, "sha256": ""}}},
            "that no backup has",
        ),
        ({"files": {"data.nq": {"bytes": 9, "sha256": ""}}}, "not what was packed"),
        ({"store": {"base": "no base"}}, "no backup of kgcompare"),
        ({"statements": []}, "no backup of kgcompare"),
    ],
)
def test_a_manifest_that_cannot_be_one_is_refused(
    backup: Path, tmp_path: Path, change: dict[str, object], what: str
) -> None:
    """By what it says, with what to do."""
    with unpacked_backup(backup) as (manifest, named):
        about = json.loads(manifest.as_json()) | change
        with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
            for name, data in (
                ("manifest.json", json.dumps(about).encode()),
                ("data.nq", named["data.nq"].read_bytes()),
            ):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    with pytest.raises(KgcompareError, match=what):
        restore(tmp_path / "b.tar.gz", tmp_path / "made", search.build)
    assert not (tmp_path / "made").exists()


# -- ended at any moment -------------------------------------------------------------------------------

AT_WORK = """
import sys
from pathlib import Path
from kgcompare import search
from kgcompare.store.backup import back_up
from kgcompare.store.restoring import restore
print("ready", flush=True)
what, one, other = sys.argv[1:]
back_up(Path(one), other) if what == "backup" else restore(Path(one), Path(other), search.build)
print("done", flush=True)
"""


def _ended(what: str, one: Path, other: Path, after: float) -> None:
    """Ends a process that is at work after a while (seconds)."""
    with subprocess.Popen(
        [sys.executable, "-c", AT_WORK, what, str(one), str(other)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        select.select([process.stdout], [], [], after)
        process.send_signal(signal.SIGKILL)


@pytest.mark.slow
def test_a_restoration_that_is_ended_leaves_no_store_or_a_whole_one(
    backup: Path, small_store: Path, tmp_path: Path
) -> None:
    """And the next one makes it."""
    chance = random.Random(8)
    for number in range(8):
        made = tmp_path / f"made-{number}"
        _ended("restore", backup, made, chance.uniform(0, 0.5))
        if not (made / "store.json").exists():
            restore(backup, made, search.build)
        assert said(made) == said(small_store)


@pytest.mark.slow
def test_a_backup_that_is_ended_leaves_the_one_before(store: Path, backup: Path, tmp_path: Path) -> None:
    """The file is that or the new one, and either is whole."""
    ingest.import_files(store, [method(tmp_path / "new.ttl", "new")], Options(trust=True))
    chance = random.Random(9)
    for _ in range(5):
        _ended("backup", store, backup, chance.uniform(0, 0.3))
        with unpacked_backup(backup) as (manifest, _named):
            assert manifest.records in {15, 16}
