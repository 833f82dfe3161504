"""The real server, in a process of its own."""

from __future__ import annotations

import contextlib
import gc
import gzip
import http.client
import itertools
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from conftest import SMALL, Run, copied
from deep import many
from kgcompare import ingest, resources
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from serving import KGCOMPARE, START, Server, free_port, serving


@pytest.fixture
def store(small_store: Path, tmp_path: Path) -> Path:
    return copied(small_store, tmp_path / "store")


@pytest.fixture(scope="module")
def server(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the small catalogue, to be read only."""
    with serving(tmp_path_factory.mktemp("server"), "--store", str(small_store)) as found:
        yield found


def method(folder: Path, slug: str) -> Path:
    path = folder / f"{slug}.ttl"
    path.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        f'<https://w3id.org/kgcompare/id/method/{slug}> a kgc:Method ; skos:prefLabel "{slug}"@en .'
    )
    return path


def soon(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_answers_and_stops(store: Path, tmp_path: Path, number: signal.Signals) -> None:
    server = Server(tmp_path, "--store", str(store))
    assert server.wait() < START
    status, headers, body = server.get("/method/lasso", Accept="text/html")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"Lasso" in body
    assert server.get("/dump.nq.gz")[0] == 200
    assert server.get("/m%C3%A9thode/x%ff")[0] == 404
    assert server.stop(number) in {0, 130}
    server.clean()
    with pytest.raises(OSError, match="refused"):
        server.get("/")


def test_every_header_is_there_once(server: Server) -> None:
    for path in ("/", "/compare.json?method=lasso", "/nothing", "/static/style.css", "/id/method/lasso"):
        for _ in range(2):  # made, then kept
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            names = [name.lower() for name, _ in response.getheaders()]
            connection.close()
            assert sorted(names) == sorted(set(names)), path
            assert {"content-security-policy", "x-content-type-options", "referrer-policy"} <= set(names)


def test_head_and_304_keep_the_connection(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", "/method/lasso.json")
    whole = connection.getresponse()
    body, tag = whole.read(), whole.headers["ETag"]
    for _ in range(3):
        connection.request("HEAD", "/method/lasso.json")
        head = connection.getresponse()
        assert (head.read(), head.headers["Content-Length"]) == (b"", str(len(body)))
        connection.request("GET", "/method/lasso.json", headers={"If-None-Match": tag})
        unchanged = connection.getresponse()
        assert (unchanged.status, unchanged.read()) == (304, b"")
        connection.request("GET", "/method/lasso.json")
        assert connection.getresponse().read() == body
    connection.close()


def test_a_port_in_use(server: Server, small_store: Path) -> None:
    second = subprocess.run(
        [*KGCOMPARE, "serve", "--store", str(small_store), "--port", str(server.port)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert second.returncode == 3
    assert second.stdout == ""
    assert re.fullmatch(r"kgcompare: port \d+ of 127\.0\.0\.1 is in use; .*--port.*\n", second.stderr)
    assert server.get("/healthz")[0] == 200


def test_what_cannot_be_served_is_said_at_once(
    store: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("granian.Granian", None)
    file = tmp_path / "file"
    file.write_text("no store")
    nonsense = tmp_path / "nonsense.ttl"
    nonsense.write_text("this is no Turtle")
    newer = tmp_path / "newer"
    shutil.copytree(store, newer)
    about = json.loads((newer / "store.json").read_text())
    (newer / "store.json").write_text(json.dumps(about | {"layout": 99}))
    broken = tmp_path / "broken"
    shutil.copytree(store, broken)
    shutil.rmtree(broken / "snapshots")
    port = str(free_port())
    for arguments, code, said in (
        (["--store", str(file)], 3, "is a file"),
        (["--store", str(newer)], 3, "layout 99"),
        (["--store", str(broken)], 3, "no generation"),
        (["--endpoint", "ftp://example.org/"], 3, "not the address of an endpoint"),
        (["--host", "192.0.2.1", "--store", str(store)], 3, "cannot be used"),
        (["--store", str(store), "--shapes", str(tmp_path / "no.ttl")], 1, "no.ttl"),
        (["--store", str(store), "--shapes", str(nonsense)], 1, "nonsense.ttl"),
        (["--store", str(store), "--endpoint", "http://127.0.0.1/"], 2, "one catalogue only"),
    ):
        ran = run("serve", *arguments, "--port", port)
        assert (ran.code, ran.out) == (code, ""), ran.err
        assert said in ran.err
        assert "Traceback" not in ran.err


@contextlib.contextmanager
def readers(
    server: Server, paths: Sequence[str], found: list[tuple[str, int, bytes]], number: int = 4
) -> Iterator[None]:
    """While so many readers ask for the paths in turn, again and again; *found* gets what they were told."""
    done = threading.Event()

    def ask() -> None:
        for path in itertools.cycle(paths):
            if done.is_set():
                return
            try:
                status, _, body = server.get(path, 60)
                found.append((path, status, body))
                time.sleep(0.005)  # whoever writes has a turn, too
            except OSError as fault:
                found.append((path, 0, repr(fault).encode()))

    threads = [threading.Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join(60)


@pytest.mark.slow
def test_a_new_generation_is_seen_at_once(store: Path, tmp_path: Path) -> None:
    """By whoever asks any server of the store after an import is done: no old body and no old 304, again and again."""
    kept = ("/method/lasso.json", "/compare.json?method=lasso&method=ridge", "/methods.json")
    wrong: list[object] = []
    found: list[tuple[str, int, bytes]] = []
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(serving(tmp_path, "--store", str(store))) for _ in range(2)]
        for server in servers:
            stack.enter_context(readers(server, [*kept, "/method/lasso", "/healthz"], found, 2))

        def first(server: Server, slug: str, path: str, tag: str) -> None:
            """One of the first requests after an import: for the new record, or for what has a new tag since."""
            if path == "new":
                status, _, body = server.get(f"/method/{slug}.json")
                if status != 200:
                    wrong.append((slug, status, body))
            else:
                status, headers, _ = server.get(path, If_None_Match=tag)
                if (status, headers.get("etag")) in {(304, tag), (200, tag)}:
                    wrong.append((slug, path, status))

        with ThreadPoolExecutor(12) as pool:
            for number in range(many(8, 60)):
                tags = {(server, path): server.get(path)[1]["etag"] for server in servers for path in kept}
                slug = f"late-{number}"
                ingest.import_files(store, [method(tmp_path, slug)], ingest.Options(trust=True))
                asked = [
                    (server, slug, path, tags.get((server, path), ""))
                    for server in servers
                    for path in ("new", "new", *kept)
                ]
                list(pool.map(lambda arguments: first(*arguments), asked))
    assert wrong == []
    assert {status for _, status, _ in found} == {200}
    assert len(found) > 30


@pytest.mark.slow
def test_imports_go_on_while_it_answers(store: Path, tmp_path: Path) -> None:
    paths = ["/compare.json?method=lasso&method=ridge", "/method/lasso", "/methods?q=lasso", "/healthz"]
    found: list[tuple[str, int, bytes]] = []
    with serving(tmp_path, "--store", str(store)) as server:
        with readers(server, paths, found):
            for number in range(6):
                ingest.import_files(store, [method(tmp_path, f"late-{number}")], ingest.Options(trust=True))
                assert server.get(f"/method/late-{number}")[0] == 200
        assert {status for _, status, _ in found} == {200}
        assert len(found) > 32
        assert json.loads(server.get("/healthz")[2])["generation"].startswith("8-")
        assert server.stop() == 0
    server.clean()


@pytest.mark.slow
def test_a_dump_is_whole_while_generations_change(store: Path, tmp_path: Path) -> None:
    found: list[tuple[str, int, bytes]] = []
    with serving(tmp_path, "--store", str(store)) as server:
        with readers(server, ["/dump.nq.gz"], found):
            for number in range(many(6, 40)):
                ingest.import_files(store, [method(tmp_path, f"late-{number}")], ingest.Options(trust=True))
                status, _, body = server.get("/dump.nq.gz")
                assert status == 200
                assert f"/method/late-{number}>".encode() in gzip.decompress(body)
        assert {status for _, status, _ in found} == {200}
        whole = [gzip.decompress(body) for _, _, body in found]
        assert len(set(whole)) > 2
        assert all(body.endswith(b" .\n") for body in whole)
        assert server.stop() == 0
    server.clean()


@pytest.mark.slow
def test_who_takes_nothing_is_let_go(small_store: Path, tmp_path: Path) -> None:
    query = "/sparql?format=json&query=SELECT+*+%7B%3Fs+%3Fp+%3Fo+.+%3Fa+%3Fb+%3Fc%7D+LIMIT+40000"
    with serving(tmp_path, "--store", str(small_store), "--write-time", "2") as server:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", server.port))
            client.sendall(f"GET {query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            soon(lambda: any(server.scratch.rglob("kgcompare-answer-*")))
            deadline = time.monotonic() + 400  # Linux may take twice its longest pause (120 s) if data was under way
            while any(server.scratch.rglob("kgcompare-answer-*")):  # its place is free when it has gone
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert server.get("/healthz")[0] == 200


@pytest.mark.slow
def test_who_takes_a_byte_now_and_then_has_a_share_and_no_more(small_store: Path, tmp_path: Path) -> None:
    """Others are answered; what waits for it is gone when the server has ended, which does not wait for it."""
    query = "/sparql?format=json&query=SELECT+*+%7B%3Fs+%3Fp+%3Fo+.+%3Fa+%3Fb+%3Fc%7D+LIMIT+20000"
    most = 48 << 20
    with serving(
        tmp_path, "--store", str(small_store), "--sending-bytes", str(most), "--query-timeout", "300"
    ) as server:
        length = len(server.get(query)[2])
        assert most // 8 < length < most // 4
        soon(lambda: not any(server.scratch.rglob("kgcompare-answer-*")))
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", server.port))
            client.sendall(f"GET {query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            for _ in range(5):
                assert client.recv(1)
                soon(lambda: any(server.scratch.rglob("kgcompare-answer-*")))
                status, headers, body = server.get(query)
                assert (status, headers["content-type"]) == (503, "application/problem+json")
                assert int(headers["retry-after"]) > 0
                assert b"too much is being sent" in body
                time.sleep(0.3)
            for path in ("/sparql?query=ASK%7B%7D", "/method/lasso", "/dump.nq.gz"):
                assert server.get(path)[0] == 200
            start = time.monotonic()
            server.stop()
            assert time.monotonic() - start < 30
        assert list(server.scratch.iterdir()) == []


@pytest.mark.slow
def test_a_throw_away_store_goes_with_the_server(tmp_path: Path) -> None:
    data = method(tmp_path, "only")
    with serving(tmp_path, "--data", str(data)) as server:
        assert server.get("/method/only.ttl")[0] == 200
        assert list(server.scratch.glob("kgcompare-*"))
        assert server.stop() == 0
    assert list(server.scratch.iterdir()) == []
    assert server.out.read_bytes() == b""
    assert "Traceback" not in server.err.read_text()


BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r }"


def processes(server: Server, store: Path | None = None) -> dict[int, str]:
    """The processes of a server, and the workers of its *store* (None: a throw-away one), by their ids."""
    mark, place = f"TMPDIR={server.scratch}".encode(), str(store or server.scratch).encode()
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (path / "cmdline").read_bytes()
            if mark in (path / "environ").read_bytes().split(b"\0") or place in line:
                found[int(path.name)] = line.replace(b"\0", b" ").decode()
    return found


@contextlib.contextmanager
def busy(server: Server) -> Iterator[None]:
    """While queries run and wait that take too long; who sent them may hear nothing."""

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            server.get("/sparql?query=" + quote(BOMB), 60)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    soon(lambda: sum("sandbox.worker" in line for line in processes(server).values()) >= 2)
    time.sleep(0.5)
    yield
    for thread in threads:
        thread.join(60)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc to find processes in")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_whatever_it_started_ends_with_it(store: Path, tmp_path: Path, how: str) -> None:
    """With queries under way; after a kill the next start clears what was left."""
    server = Server(tmp_path, "--data", str(SMALL))
    server.wait()
    with busy(server):
        start = time.monotonic()
        server.process.send_signal(getattr(signal, how))
        server.process.wait(60)
        soon(lambda: processes(server) == {})
        assert time.monotonic() - start < 30
    left = list(server.scratch.iterdir())
    if how != "SIGKILL":
        assert left == []
        return
    assert left
    with serving(tmp_path, "--store", str(store), TMPDIR=str(server.scratch)):
        assert not any(path.exists() for path in left)


@pytest.mark.slow
def test_a_running_server_s_files_are_no_leftovers(store: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--data", str(SMALL)) as first:
        with serving(tmp_path, "--store", str(store), TMPDIR=str(first.scratch)):
            assert first.get("/method/lasso.ttl")[0] == 200
        assert first.get("/method/ridge.ttl")[0] == 200
        assert first.get("/sparql?query=ASK%7B%7D")[0] == 200


@pytest.mark.slow
def test_queries_are_answered_beside_1200_idle_connections(store: Path, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("this system gives too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    idle: list[socket.socket] = []
    try:
        with serving(tmp_path, "--store", str(store), "--header-time", "60") as server:
            for _ in range(1200):
                idle.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            for _ in range(5):
                assert server.get("/sparql?query=ASK%7B%7D", 30)[0] == 200
            numbers = [number for number, line in processes(server, store).items() if "sandbox.worker" in line]
            os.kill(numbers[0], signal.SIGKILL)
            soon(lambda: server.get("/sparql?query=ASK%7B%7D", 30)[0] == 200)
            assert server.get("/healthz")[0] == 200
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["name", "variable"])
def test_a_relative_store_is_the_same_to_its_workers(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.chdir(store.parent)
    arguments = {"name": ["--store", store.name], "variable": []}[how]
    with serving(tmp_path, *arguments, **({} if arguments else {"KGCOMPARE_STORE": store.name})) as server:
        status, _, body = server.get("/sparql?query=ASK%7B%7D")
        assert (status, json.loads(body)["boolean"]) == (200, True)


@pytest.mark.slow
def test_snapshots_that_go_under_the_server(store: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--store", str(store), "--query-workers", "1", "--spare-workers", "0") as server:
        assert server.get("/sparql?query=ASK%7B%7D")[0] == 200
        (store / "snapshots").rename(store / "gone")
        for number in [number for number, line in processes(server, store).items() if "sandbox.worker" in line]:
            os.kill(number, signal.SIGKILL)
        soon(lambda: server.get("/sparql?query=ASK%7B%7D")[0] == 503)
        for _ in range(3):
            status, headers, body = server.get("/sparql?query=ASK%7B%7D")
            assert (status, headers["content-type"]) == (503, "application/problem+json")
            assert int(headers["retry-after"]) > 0
            assert b"no worker for queries" in body
        (store / "gone").rename(store / "snapshots")
        assert server.get("/sparql?query=ASK%7B%7D")[0] == 200
        assert "Traceback" not in server.err.read_text()


def test_an_endpoint_that_is_down(tmp_path: Path) -> None:
    place = f"http://127.0.0.1:{free_port()}/sparql"
    with serving(tmp_path, "--endpoint", place, "--endpoint-failures", "1") as server:
        for path in ("/", "/method/lasso.json", "/compare?method=lasso", "/suggest?q=a", "/dump.nq.gz"):
            status, headers, body = server.get(path)
            assert (status, headers["content-type"]) == (503, "application/problem+json")
            assert int(headers["retry-after"]) > 0
            assert "cannot be reached" in json.loads(body)["detail"]
        assert server.get("/readyz")[0] == 503
        assert server.get("/healthz")[0] == 200
        assert server.stop() == 0
    server.clean()


@pytest.mark.slow
def test_slow_clients_do_not_stop_others(server: Server) -> None:
    slow = []
    for number in range(150):
        client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        client.sendall(b"GET /methods HTTP/1.1\r\nHost: x\r\n" if number % 3 else b"")
        slow.append(client)
    try:
        for _ in range(10):
            start = time.monotonic()
            assert server.get("/method/lasso")[0] == 200
            assert time.monotonic() - start < 10
    finally:
        for client in slow:
            client.close()


def test_a_store_that_turns_to_garbage(store: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--store", str(store)) as server:
        assert server.get("/method/lasso")[0] == 200
        kept = (store / "current").read_text()
        for garbage in ("nonsense\n", "", "\0\xff", "../../etc\n"):
            (store / "current.new").write_text(garbage, encoding="latin-1")
            (store / "current.new").replace(store / "current")
            for path in ("/method/lasso", "/method/ridge.json"):
                assert server.get(path)[0] == 200, garbage
        (store / "current").unlink()
        assert server.get("/compare.json?method=lasso")[0] == 200
        said = server.err.read_text()
        assert said.count("going on with generation") == said.count("kgcompare: ") == 1, "it is said once"
        (store / "current.new").write_text(kept)
        (store / "current.new").replace(store / "current")
        ingest.import_files(store, [method(tmp_path, "later")], ingest.Options(trust=True))
        assert server.get("/method/later")[0] == 200
        shutil.rmtree(store)
        assert server.get("/method/later")[0] == server.get("/method/gan.json")[0] == 200
        assert server.stop() == 0
    assert "Traceback" not in server.err.read_text()


RAW = [
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x00\xff\x00\xff\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: other\r\n\r\n",
    b"GET //evil.example/a/b/c HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b'GET / HTTP/1.1\r\nHost: x\r\nAccept: "' + b"\\a" * 1900 + b"\r\n\r\n",
    b"GET /method/lasso HTTP/1.1\r\nHost: x\r\nAccept: \xff\xfe\r\nAccept-Language: \xe9\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /compare HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nx",
]


@pytest.mark.slow
def test_what_no_client_sends(store: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--store", str(store)) as server:
        for raw in RAW:
            with socket.create_connection(("127.0.0.1", server.port), timeout=2) as client:
                answer = b""
                try:
                    client.sendall(raw)
                    answer = client.recv(65536)
                except OSError:  # it may hang up, or wait for the rest
                    pass
            assert not re.match(rb"HTTP/1\.[01] 5(?!05)", answer), (raw[:80], answer[:300])
            assert b"root:" not in answer
            assert b'="//' not in answer
            assert server.get("/healthz")[0] == 200
        assert server.stop() == 0
    assert "Traceback" not in server.err.read_text()


def test_a_host_by_name(store: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--store", str(store), "--host", "localhost") as server:
        assert server.get("/healthz")[0] == 200
        assert f"http://localhost:{server.port}/ " in server.err.read_text()


def test_it_lives_behind_a_prefix(store: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--store", str(store), "--prefix", "library") as server:
        assert f":{server.port}/library/ " in server.err.read_text()
        assert b'"/library/method/ridge"' in server.get("/library/method/lasso")[2]
        assert server.get("/library/id/method/lasso")[1]["location"] == "/library/method/lasso"


@pytest.mark.slow
def test_the_first_request_of_many_at_once(store: Path, tmp_path: Path) -> None:
    found: list[tuple[int, bytes]] = []
    with serving(tmp_path, "--store", str(store)) as server:

        def ask() -> None:
            status, _, body = server.get("/compare.json?method=lasso&method=gan&lang=fr")
            found.append((status, body))

        threads = [threading.Thread(target=ask) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len(found) == 30
    assert {status for status, _ in found} == {200}
    assert len({body for _, body in found}) == 1


@pytest.mark.slow
def test_a_generation_goes_when_the_next_one_is_there(store: Path, tmp_path: Path) -> None:
    """With its workers and files, and before Python looks for what holds itself."""
    paths = ("/", "/methods?q=lasso", "/method/lasso.json", "/compare?method=lasso&method=ridge", "/dataset", "/report")
    app = create_app(Settings(store=store))
    client, catalogue = app.test_client(), app.extensions["kgcompare"]

    def ask() -> None:
        for path in (*paths, "/sparql", "/nothing", "/method/laso", "/dump.nq.gz", "/suggest?q=a"):
            with client.get(path, headers={"Accept": "text/html"}) as response:
                assert response.status_code in {200, 404, 406}, path

    ask()  # what is loaded with the first requests may hold them
    for number in range(2):
        ingest.import_files(store, [method(tmp_path, f"late-{number}")], ingest.Options(trust=True))
        gc.collect()
        gc.disable()
        try:
            ask()
            old = weakref.ref(catalogue.generation())
            ingest.import_files(store, [method(tmp_path, f"later-{number}")], ingest.Options(trust=True))
            client.get("/healthz")  # has somebody look, without waiting
            soon(lambda gone=old: gone() is None)  # type: ignore[misc]
        finally:
            gc.enable()


def test_examples_are_read_once_a_start(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    read_text = Path.read_text

    def counted(path: Path, *arguments: Any, **named: Any) -> str:
        read.append(path)
        return read_text(path, *arguments, **named)

    resources.example_comparisons.cache_clear()
    monkeypatch.setattr(Path, "read_text", counted)
    client = create_app(Settings(store=small_store)).test_client()
    for lang in ("en", "fr", "de"):
        for path in ("/", "/compare", "/methods"):
            client.get(f"{path}?lang={lang}", headers={"Accept": "text/html"})
    assert [path.name for path in read].count("examples.csv") == 1
