"""Strangers' queries: none hurts the server, and none leaves the machine."""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import bombs
from kgcompare import resources
from kgcompare.errors import Overrun, QueryError, Refused, TooMany, Unavailable
from kgcompare.sandbox.confinement import has_seccomp
from kgcompare.sandbox.pool import Answer, Bounds, Pool
from kgcompare.sandbox.screen import screen
from kgcompare.store.folder import Folder

DEADLINE = 1.0


@pytest.fixture(scope="module")
def snapshot(part_store: Path) -> Path:
    folder = Folder(part_store)
    return folder.snapshot(folder.current() or "")


@pytest.fixture(scope="module")
def pool(snapshot: Path) -> Iterator[Pool]:
    found = Pool(snapshot, Bounds(seconds=DEADLINE))
    found.ask("ASK {}")
    found.ask("ASK {}")
    yield found
    found.close()


class Listener:
    """Counts who knocks on a port of loopback."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = int(self.socket.getsockname()[1])
        self.knocks = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self.socket.accept()
            except TimeoutError:
                continue
            self.knocks += 1
            connection.close()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.socket.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


def outcome(pool: Pool, query: str) -> tuple[str, float]:
    start = time.monotonic()
    try:
        pool.ask(query)
        name = "answer"
    except Refused:
        name = "refused"
    except Overrun:
        name = "overrun"
    return name, time.monotonic() - start


def test_there_are_enough_bombs() -> None:
    assert len(bombs.ALL) >= 60
    assert len(bombs.SERVICE) >= 30


@pytest.mark.parametrize("name", bombs.NESTED)
def test_deep_nesting_is_refused_before_it_is_parsed(name: str) -> None:
    with pytest.raises(QueryError):
        screen(bombs.NESTED[name])


@pytest.mark.parametrize("text", bombs.SERVICE)
def test_service_is_refused_in_every_spelling(pool: Pool, listener: Listener, text: str) -> None:
    with pytest.raises(Refused):
        pool.ask(bombs.at(text, listener.port))
    assert listener.knocks == 0


@pytest.mark.parametrize("text", bombs.OUTSIDE)
def test_nothing_is_fetched_and_nothing_changes(pool: Pool, listener: Listener, text: str) -> None:
    before = pool.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").body
    kind, _ = outcome(pool, bombs.at(text, listener.port))
    assert kind in {"answer", "refused"}
    if kind == "answer":
        assert json.loads(pool.ask(bombs.at(text, listener.port)).body)["results"]["bindings"] == []
    assert listener.knocks == 0
    assert pool.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").body == before


def test_what_people_write_passes() -> None:
    for path in resources.folder("queries").glob("*.rq"):
        screen(path.read_text(encoding="utf-8"))
    screen("SELECT ?service { ?service <x:SERVICE> 'SERVICE' } # SERVICE")
    screen("PREFIX service: <http://example.org/> SELECT * { service:a service:b ?service }")


def test_a_bystander_is_served_while_bombs_fall(pool: Pool) -> None:
    stop = threading.Event()

    def attack() -> None:
        while not stop.is_set():
            outcome(pool, bombs.CARTESIAN["product"])

    attacker = threading.Thread(target=attack)
    attacker.start()
    try:
        times = []
        for _ in range(15):
            start = time.monotonic()
            answer = pool.ask("SELECT ?s { ?s a <https://w3id.org/kgcompare/ns#Method> } LIMIT 5", client="bystander")
            times.append(time.monotonic() - start)
            assert isinstance(answer, Answer)
    finally:
        stop.set()
        attacker.join()
    # One of the two workers is always free for somebody else.
    assert statistics.median(times) < DEADLINE / 2


def test_one_client_s_heavy_queries_delay_nobody_else(snapshot: Path) -> None:
    """Eight of them on two workers, with one deadline from their arrival; another client's are answered meanwhile."""
    seconds = 3.0
    pool = Pool(snapshot, Bounds(seconds=seconds))
    pool.ask("ASK {}")
    times: list[float] = []

    def heavy() -> None:
        start = time.monotonic()
        with contextlib.suppress(Unavailable):
            pool.ask(bombs.CARTESIAN["product counted"], client="heavy")
        times.append(time.monotonic() - start)

    threads = [threading.Thread(target=heavy) for _ in range(8)]
    for thread in threads:
        thread.start()
    while pool._turns._under_way["heavy"] < 8:
        time.sleep(0.01)
    start = time.monotonic()
    for _ in range(5):
        assert pool.ask("ASK {}", client="light").body
    light = time.monotonic() - start
    for thread in threads:
        thread.join()
    pool.close()
    assert light < seconds / 2
    assert max(times) < seconds * 1.5, "never twice the deadline"


@pytest.mark.slow
def test_a_client_has_its_share(snapshot: Path) -> None:
    pool = Pool(snapshot, Bounds(seconds=DEADLINE, share=2, workers=1))
    kinds: list[str] = []

    def ask() -> None:
        try:
            kinds.append(outcome(pool, bombs.CARTESIAN["product"])[0])
        except TooMany:
            kinds.append("too many")
        except Exception as fault:  # noqa: BLE001  (told by the assertion)
            kinds.append(type(fault).__name__)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    assert kinds.count("too many") == 4


@pytest.mark.slow
def test_memory_returns(pool: Pool) -> None:
    def resident() -> int:
        total = 0
        for worker in pool._idle:
            status = Path(f"/proc/{worker.process.pid}/statm").read_text(encoding="ascii").split()
            total += int(status[1]) * 4096
        return total

    for _ in range(4):
        outcome(pool, bombs.GROWTH["string doubling once"])
        outcome(pool, bombs.GROWTH["group concat"])
    pool.ask("ASK {}")
    pool.ask("ASK {}")
    assert resident() < 300 * 1024 * 1024


def test_answers_are_bounded(snapshot: Path) -> None:
    with closing(Pool(snapshot, Bounds(seconds=10, rows=100, bytes=12_000))) as pool:
        with pytest.raises(Refused, match="rows"):
            pool.ask("SELECT ?s { ?s ?p ?o }")
        with pytest.raises(Refused, match="bytes"):
            pool.ask("SELECT ?o { ?s <http://www.w3.org/2004/02/skos/core#definition> ?o } LIMIT 100")
        assert pool.ask("SELECT ?s { ?s ?p ?o } LIMIT 60").form == "json"


@pytest.mark.skipif(not has_seccomp(), reason="no seccomp filter for this system; the README says so")
def test_a_worker_cannot_open_a_socket() -> None:
    import subprocess
    import sys

    program = (
        "import socket\nfrom kgcompare.sandbox import confinement\nassert confinement.close_network()\n"
        "import os\n"
        "acts = (socket.socket, os.fork, lambda: os.execv('/bin/true', ['true']), lambda: os.unlink('/tmp/none'))\n"
        "for act in acts:\n"
        "    try:\n        act()\n    except PermissionError:\n        continue\n"
        "    raise SystemExit(f'{act} went through')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
