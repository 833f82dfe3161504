"""Fixtures that the test files share."""

from __future__ import annotations

import compileall
import fcntl
import gc
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from pyoxigraph import Quad, RdfFormat, serialize

from browsing import browser, visit
from deep import DEEP, many
from kgcompare import cli, ingest, resources
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.cli.bundled import copy_of_bundled
from kgcompare.sandbox.limits import LIMITS, Limits
from kgcompare.store.embedded import EmbeddedStore
from part import part_of_bundled
from serving import PATIENCE, free_port, missing, serving
from warm import _lent_editors

__all__ = ["_lent_editors", "browser", "visit"]

collect_ignore = [] if DEEP else ["test_engines_whole.py"]
DATA = Path(__file__).parent / "data"
SMALL = DATA / "small.ttl"

settings.register_profile("kgcompare", max_examples=many(60, 2000))
settings.load_profile("kgcompare")

LoadQuads = Callable[[Iterable[Quad]], str]
"""Puts quads, and nothing else, into a SPARQL server and gives the address that answers queries."""


def pytest_configure() -> None:
    """Compiles what is tested, once: where Python may write no bytecode, each of many commands would do it anew."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        compileall.compile_dir(Path(cli.__file__).parents[1], quiet=2)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three processes for two cores: a third of the time tests wait, for servers, browsers and what has to be late."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + cores // 2


SERVED, BUNDLED = {"site", "browser", "visit"}, {"bundled_store"}
"""Fixtures of the whole run that take long to make: the server and the browser, and the store."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several processes share the tests so that one of them makes what takes long to make, and the others need not.

    Each begins with a part of the list, and takes the end of another's when it has none left: files of tests that need
    what takes long come first in the first part, those with slow tests first in the others, and the quick ones last.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)

    def place(tests: list[pytest.Item]) -> int:
        wanted = {name for test in tests for name in getattr(test, "fixturenames", ())}
        if wanted & (SERVED | BUNDLED):
            return 0 if wanted & SERVED else 1
        return 2 if any(test.get_closest_marker("slow") for test in tests) else 3

    placed: dict[int, list[pytest.Item]] = {number: [] for number in range(4)}
    for tests in files.values():
        placed[place(tests)] += tests
    shared, quick = placed[0] + placed[1], placed[3]
    room = max(0, len(items) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) - len(shared))
    items[:] = shared + quick[:room] + placed[2] + quick[room:]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is read to find the tests stays: nobody looks there for what can go, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(50_000)


def _be_patient() -> None:
    """Makes :data:`PATIENCE` what limits are if nobody says otherwise."""
    made = Limits.__init__
    given = dict(zip(LIMITS, made.__defaults__ or (), strict=True))
    made.__defaults__ = tuple((given | PATIENCE).values())


_be_patient()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits are what they are outside of tests."""
    monkeypatch.setattr(Limits.__init__, "__defaults__", tuple(limit.default for limit in LIMITS.values()))


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command gave."""

    code: int
    out: str
    err: str
    raw: bytes


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees the settings or the data directory of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("KGCOMPARE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "no-data-home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(_cache(tmp_path_factory)))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("KGCOMPARE_DEBUG", "1")  # what nobody foresaw shows itself as what it is


def _cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of a run: its workers share it."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache-home"


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs a command line in this process."""

    def running(*arguments: object) -> Ran:
        capsysbinary.readouterr()
        with pytest.raises(SystemExit) as done:
            cli.main([str(argument) for argument in arguments])
        said = capsysbinary.readouterr()
        code = done.value.code
        return Ran(code if isinstance(code, int) else 1, said.out.decode(), said.err.decode(), said.out)

    return running


COUNTED = shutil.ignore_patterns("*.report", "*.extent")


def copied(store: Path, to: Path) -> Path:
    """A copy of a store, in which generations share the files that they shared, without what readers counted in it."""
    there: dict[int, str] = {}

    def copy(source: str, target: str) -> None:
        same = there.setdefault(Path(source).stat().st_ino, target)
        if same == target:
            shutil.copy2(source, target)
        else:
            os.link(same, target)

    for _ in range(20):
        try:
            return Path(shutil.copytree(store, to, copy_function=copy, ignore=COUNTED))
        except shutil.Error:  # the engine has merged files meanwhile, and removed those
            shutil.rmtree(to)
            there.clear()
    return Path(shutil.copytree(store, to, copy_function=copy, ignore=COUNTED))


@pytest.fixture(scope="session")
def small_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of tests/data/small.ttl, to be read only."""
    path = tmp_path_factory.mktemp("small") / "store"
    ingest.create_store(path)
    ingest.import_files(path, [SMALL], ingest.Options())
    return path


@pytest.fixture
def own_store(small_store: Path, tmp_path: Path) -> Path:
    """A store of tests/data/small.ttl, to be written to."""
    return copied(small_store, tmp_path / "store")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    """The small catalogue and the hostile texts together."""
    path = tmp_path_factory.mktemp("hostile") / "store"
    ingest.create_store(path)
    ingest.import_files(path, [SMALL, DATA / "hostile.ttl"], ingest.Options())
    with Catalogue(EmbeddedStore(path)) as catalogue:
        yield catalogue.generation()


@pytest.fixture(scope="session")
def bundled_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the bundled catalogue, to be read only. It is there only if every record is valid."""
    path = tmp_path_factory.mktemp("bundled") / "store"
    cache = _cache(tmp_path_factory)
    cache.mkdir(exist_ok=True)

    def make(folder: Path) -> None:
        ingest.throwaway(folder, resources.data_files(), ingest.Options())

    with pytest.MonkeyPatch.context() as patch, (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker makes it, the others copy it
        patch.setenv("XDG_CACHE_HOME", str(cache))
        copy_of_bundled(path, make)
    return path


@pytest.fixture(scope="session")
def part_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some fifty methods of the bundled catalogue, those that people compare, with all that describes them;
    to be read only."""
    path = tmp_path_factory.mktemp("part") / "store"
    file = path.with_name("part.nt")
    serialize(part_of_bundled(), str(file), RdfFormat.N_TRIPLES)
    ingest.throwaway(path, [file], ingest.Options(trust=True))
    return path


@pytest.fixture(scope="session")
def real_store(request: pytest.FixtureRequest) -> Path:
    """A store of real records, to be read only: of a part of the bundled catalogue, or of all of it with KGC_DEEP."""
    return Path(request.getfixturevalue(many("part_store", "bundled_store")))


@pytest.fixture(scope="session")
def site(bundled_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real server over the bundled catalogue, which it copies from where *bundled_store* left it."""
    cache = str(_cache(tmp_path_factory))
    with serving(tmp_path_factory.mktemp("site"), "--data", "bundled", XDG_CACHE_HOME=cache) as server:
        yield f"http://127.0.0.1:{server.port}"


def _oxigraph() -> str:
    beside = Path(sys.executable).with_name("oxigraph")
    binary = str(beside) if beside.exists() else shutil.which("oxigraph")
    if binary is None:
        missing("the oxigraph binary is not installed (pip install oxigraph)")
    return binary


@pytest.fixture(scope="session")
def oxigraph_server() -> Iterator[LoadQuads]:
    """A real SPARQL server in memory, whose default graph is the union; every call replaces what it holds."""
    binary = _oxigraph()
    port = free_port()
    process = subprocess.Popen(
        [binary, "serve", "--bind", f"127.0.0.1:{port}", "--union-default-graph"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    store = f"http://127.0.0.1:{port}/store"

    def send(method: str, body: bytes | None = None) -> None:
        request = urllib.request.Request(store, body, {"Content-Type": "application/n-quads"}, method=method)
        with urllib.request.urlopen(request, timeout=120):
            pass

    def load(quads: Iterable[Quad]) -> str:
        send("PUT", serialize(list(quads), format=RdfFormat.N_QUADS))
        return f"http://127.0.0.1:{port}/query"

    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                send("PUT", b"")
                break
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline or process.poll() is not None:
                    pytest.fail("oxigraph serve did not start")
                time.sleep(0.05)
        yield load
    finally:
        process.terminate()
        process.wait(60)
