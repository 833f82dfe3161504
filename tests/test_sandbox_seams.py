"""Whatever happens to a worker, who asks gets an answer or one of our exceptions, and the next query is answered."""

from __future__ import annotations

import dataclasses
import errno
import os
import resource
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import bombs
from kgcompare.errors import Overrun, Refused, Unavailable
from kgcompare.sandbox import process
from kgcompare.sandbox.confinement import Lock, has_seccomp
from kgcompare.sandbox.pool import Bounds, Pool, stop_all
from kgcompare.sandbox.request import Head, Outcome, Request
from kgcompare.sandbox.worker import evaluate
from kgcompare.store.folder import Folder

REQUEST = Request("ASK {}", seconds=1.0, most_rows=10, most_bytes=1000, base="http://e/", default=("x:g",))
ONE = Bounds(seconds=2.0, workers=1, spare=0)
LOCKED = Head(Outcome.READY, held=tuple(Lock)).to_bytes().decode().strip()
READY = f"import sys; sys.stdout.write('{LOCKED}\\n'); sys.stdout.flush(); "
"""A program that starts as a worker does."""


@pytest.fixture(scope="module")
def snapshot(part_store: Path) -> Path:
    folder = Folder(part_store)
    return folder.snapshot(folder.current() or "")


@pytest.fixture
def pool(snapshot: Path) -> Iterator[Pool]:
    pool = Pool(snapshot, ONE)
    yield pool
    pool.close()


def pretending(monkeypatch: pytest.MonkeyPatch, program: str) -> Pool:
    """A pool whose workers run another program."""
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", program))
    return Pool(Path("/"), ONE)


def patiently(pool: Pool, query: str = "ASK {}") -> bytes:
    """The answer once a worker has started, which on a busy machine takes longer than a query may."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return pool.ask(query).body
        except Unavailable as fault:
            if "can be started" not in str(fault) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_the_first_workers_start_before_the_spare_ones(snapshot: Path) -> None:
    with closing(Pool(snapshot, dataclasses.replace(ONE, seconds=60.0, workers=2, spare=2))) as pool:
        assert pool.under_way() == (0, 2, 0)
        pool.ask("ASK {}")
        assert pool.under_way() == (0, 4, 0)


def test_a_worker_loads_nothing_that_it_has_no_use_for() -> None:
    code = (
        "import sys, kgcompare.sandbox.worker; print(*(name for name in sys.modules if name.startswith('kgcompare.')))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
    assert {name.split(".")[1] for name in said.split()} == {"errors", "rdf", "sandbox", "resources"}


@pytest.mark.parametrize("value", [REQUEST, Head(Outcome.REFUSED, detail="é\nb")])
def test_what_goes_through_the_pipe_comes_out_of_it(value: Request | Head) -> None:
    line = value.to_bytes()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert type(value).from_bytes(line) == value


@pytest.mark.parametrize("kind", [Request, Head])
@pytest.mark.parametrize(
    "line",
    [b"\n", b"nonsense\n", b"\xff\n", b"[]\n", b"{}\n", b'{"query": 1}\n', b"[" * 100_000, b'{"status":"ready"}'],
)
def test_nonsense_is_told(kind: type[Request] | type[Head], line: bytes) -> None:
    with pytest.raises(Unavailable):
        kind.from_bytes(line)


def test_a_field_of_another_type_is_told() -> None:
    with pytest.raises(Unavailable):
        Request.from_bytes(REQUEST.to_bytes().replace(b'"most_rows": 10', b'"most_rows": "ten"'))
    with pytest.raises(Unavailable):
        Head.from_bytes(Head(Outcome.READY).to_bytes().replace(b"ready", b"unknown"))
    with pytest.raises(Unavailable):
        Head.from_bytes(Head(Outcome.ANSWERED, length=-1).to_bytes())


def test_a_snapshot_that_is_not_there(tmp_path: Path) -> None:
    pool = Pool(tmp_path / "none", ONE)
    for _ in range(2):
        with pytest.raises(Unavailable, match="no worker for queries can be started"):
            pool.ask("ASK {}")
    pool.close()


def test_a_snapshot_that_goes_and_comes_back(snapshot: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    shutil.copytree(snapshot, here)
    pool = Pool(here, dataclasses.replace(ONE, workers=2, spare=1))
    assert pool.ask("ASK {}").body
    here.rename(tmp_path / "gone")
    for worker in pool._idle:
        worker.process.kill()
        worker.process.wait()
    for _ in range(3):
        with pytest.raises(Unavailable, match="no worker for queries can be started"):
            pool.ask("ASK {}")
    (tmp_path / "gone").rename(here)
    assert patiently(pool)
    pool.close()


@pytest.mark.parametrize("fault", [OSError(errno.ENOMEM, "no memory"), OSError(errno.EMFILE, "files"), MemoryError()])
def test_whatever_keeps_a_worker_from_starting(
    snapshot: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise fault

    pool = Pool(snapshot, dataclasses.replace(ONE, spare=1))
    assert pool.ask("ASK {}").body
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", fails)
        for worker in pool._idle:
            worker.process.kill()
            worker.process.wait()
        for _ in range(2):
            with pytest.raises(Unavailable, match="no worker for queries can be started"):
                pool.ask("ASK {}")
    assert patiently(pool)
    assert patiently(pool)
    assert len(pool._idle) == 2, "as many as there were"
    pool.close()


def test_nobody_waits_for_queries_when_the_server_stops(snapshot: Path) -> None:
    pool = Pool(snapshot, dataclasses.replace(ONE, seconds=60.0))
    pool.ask("ASK {}")
    said: list[str] = []

    def ask() -> None:
        try:
            pool.ask(bombs.CARTESIAN["product counted"])
        except Unavailable as fault:
            said.append(str(fault))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    while pool._turns._under_way.total() < 4 or not pool._busy:
        time.sleep(0.01)
    stop_all()
    for thread in threads:
        thread.join(30)
    assert len(said) == 4
    assert sum("the server is stopping" in text for text in said) >= 3
    assert not pool._idle
    assert not pool._busy


def test_a_relative_path_is_the_same_in_a_worker(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(snapshot.parent)
    pool = Pool(Path(snapshot.name), ONE)
    assert pool.ask("ASK {}").body
    pool.close()


def test_a_worker_s_word_on_its_lock_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing keeps a query from the network it does not run, unless that is allowed."""
    answer = (Head(Outcome.ANSWERED, "json", length=2).to_bytes() + b"{}").decode()
    for held, offered in (((), False), ((Lock.MEMORY, Lock.WRITING), False), ((Lock.NETWORK, Lock.WRITING), True)):
        ready = Head(Outcome.READY, held=held).to_bytes().decode()
        program = (
            f"import sys; w = lambda t: (sys.stdout.write(t), sys.stdout.flush()); w({ready!r}); input(); "
            f"w({answer!r}); input()"
        )
        pool = pretending(monkeypatch, program)
        if offered:
            assert pool.ask("ASK {}").body == b"{}"
        else:
            with pytest.raises(Unavailable, match="--unconfined-queries"):
                pool.ask("ASK {}")
            allowed = Pool(Path("/"), dataclasses.replace(ONE, unconfined=True))
            assert allowed.ask("ASK {}").body == b"{}"
            allowed.close()
        pool.close()


def test_a_worker_that_takes_its_time_to_start_is_not_waited_for_beyond_the_deadline(
    snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(snapshot, dataclasses.replace(ONE, seconds=1.0))
    pool.ask("ASK {}")
    pool._idle[0].process.kill()
    pool._idle[0].process.wait()
    with monkeypatch.context() as patch:
        patch.setattr(process, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
        with pytest.raises(Unavailable, match="no worker for queries can be started"):
            pool.ask("ASK {}")
        (slow,) = pool._idle
        assert slow.alive(), "the next query may find it ready"
        slow._latest = time.monotonic()
        with pytest.raises(Unavailable):
            pool.ask("ASK {}")
        assert not slow.alive(), "it had its time"
        pool._idle[0].kill()
    assert patiently(pool)
    pool.close()


def test_a_spare_worker_is_taken_however_long_ago_it_started(snapshot: Path) -> None:
    spare = process.WorkerProcess(snapshot, ONE.memory, start=60.0)
    assert select.select([spare._stdout], [], [], 60.0)[0], "it says that it has started"
    spare._latest = time.monotonic() - 1.0  # and its time to start is over before a query needs it
    spare.await_start(time.monotonic() + 5.0)
    assert spare.ready
    spare.kill()


def test_a_program_that_is_not_there(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(process, "_COMMAND", ("/none/python",))
        pool = Pool(snapshot, ONE)
        with pytest.raises(Unavailable, match="no worker for queries can be started"):
            pool.ask("ASK {}")
    assert pool.ask("ASK {}").body, "as soon as there is one"
    pool.close()


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("", Unavailable),
        ("print('nonsense', flush=True); input()", Unavailable),
        ("print('x' * 1_000_000, end='', flush=True); input()", Unavailable),
        (READY, Overrun),
        (READY + "input()", Overrun),
        (READY + "input(); print('nonsense', flush=True); input()", Unavailable),
        (READY + "input(); sys.stdout.write('x' * 1_000_000); sys.stdout.flush(); input()", Unavailable),
        (READY + f"input(); print({Head(Outcome.ANSWERED, 'json', length=10**12).to_bytes()!r}.decode())", Unavailable),
        (READY + f"input(); print({Head(Outcome.ANSWERED, 'json', length=100).to_bytes()!r}.decode())", Overrun),
        (READY + "import time; time.sleep(60)", Overrun),
    ],
)
def test_a_worker_that_dies_or_speaks_nonsense(
    monkeypatch: pytest.MonkeyPatch, program: str, kind: type[Unavailable]
) -> None:
    pool = pretending(monkeypatch, program)
    start = time.monotonic()
    with pytest.raises(kind) as raised:
        pool.ask("ASK {} #" + "x" * 90_000)
    assert raised.type is kind
    assert time.monotonic() - start < 10
    pool.close()


def test_a_worker_killed_while_it_waits_is_replaced(pool: Pool) -> None:
    assert pool.ask("ASK {}").body
    pool._idle[0].process.kill()
    pool._idle[0].process.wait()
    assert patiently(pool)


def test_an_answer_half_read_is_nobody_else_s(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool.ask("ASK {}")

    def fails(*_: object) -> bytes:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(process.WorkerProcess, "_take", fails)
        with pytest.raises(Overrun):
            pool.ask("SELECT (1 AS ?x) {}")
    assert patiently(pool) == b'{"head":{},"boolean":true}'


def test_a_worker_lives_on_after_an_answer_that_is_too_large(snapshot: Path) -> None:
    pool = Pool(snapshot, dataclasses.replace(ONE, seconds=10.0, rows=100, bytes=20_000))
    pool.ask("ASK {}")
    worker = pool._idle[0].process.pid
    for form in ("json", "xml", "csv", "tsv"):
        with pytest.raises(Refused, match="more than 100 rows"):
            pool.ask("SELECT ?n { ?s ?p ?o BIND (1 AS ?n) }", solutions=form)
        with pytest.raises(Refused, match="more than 20000 bytes"):
            pool.ask(f"SELECT ?x {{ ?s ?p ?o BIND ('{'x' * 300}' AS ?x) }} LIMIT 100", solutions=form)
    with pytest.raises(Refused, match="more than 100 rows"):
        pool.ask("CONSTRUCT { <x:s> <x:p> ?o } WHERE { ?s ?p ?o }", rdf="nt")
    assert pool.ask("ASK {}").body
    assert pool._idle[0].process.pid == worker
    pool.close()


def test_descriptors_from_1024_on_are_waited_for(snapshot: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("this system gives too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    try:
        pool = Pool(snapshot, ONE)
        assert pool.ask("ASK {}").body
        assert pool._idle[0]._stdout.fileno() > 1024
        pool.close()
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_query_ends_when_its_parent_is_gone(snapshot: Path) -> None:
    command = [sys.executable, "-m", "kgcompare.sandbox.worker", str(snapshot), str(1 << 30)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        bomb = dataclasses.replace(REQUEST, query=bombs.CARTESIAN["product counted"], seconds=0.1, default=())
        worker.stdin.write(bomb.to_bytes())
        worker.stdin.flush()
        assert worker.wait(20) < 0, "a signal ends it, long before the query is answered"


def test_a_worker_ends_with_its_parent(snapshot: Path) -> None:
    """However the parent ends, and whatever the worker does meanwhile."""
    program = (
        "import sys, subprocess, time\n"
        "worker = subprocess.Popen([sys.executable, '-m', 'kgcompare.sandbox.worker', sys.argv[1], str(1 << 30)],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "worker.stdout.readline(); worker.stdin.write(sys.argv[2].encode() + b'\\n'); worker.stdin.flush()\n"
        "print(worker.pid, flush=True); time.sleep(60)"
    )
    bomb = dataclasses.replace(REQUEST, query=bombs.CARTESIAN["product counted"], seconds=300.0, default=())
    command = [sys.executable, "-c", program, str(snapshot), bomb.to_bytes().decode().strip()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 120
    while running(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(not has_seccomp(), reason="no seccomp filter for this system; the README says so")
def test_every_thread_of_a_worker_is_confined(pool: Pool) -> None:
    pool.ask("ASK {}")
    threads = list(Path(f"/proc/{pool._idle[0].process.pid}/task").glob("*/status"))
    assert threads
    for status in threads:
        assert "Seccomp:\t2" in status.read_text()


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Corruption: block checksum mismatch in /srv/service/store", Outcome.OVERRUN),
        ("The custom function <http://f> is not supported", Outcome.REFUSED),
        ("The variable encoding the service name is unbound", Outcome.REFUSED),
    ],
)
def test_damaged_data_are_not_a_fault_of_the_query(said: str, outcome: Outcome) -> None:
    class Damaged:
        def query(self, *_: object, **__: object) -> None:
            raise RuntimeError(said)

    assert evaluate(Damaged(), Request("ASK {}", 1.0, 10, 1000))[0].outcome is outcome  # type: ignore[arg-type]
