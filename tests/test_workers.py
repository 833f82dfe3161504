"""Several processes that answer requests: on one store, behind one address, and behind nginx."""

from __future__ import annotations

import contextlib
import html
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from conftest import SMALL, copied
from engines import Virtuoso, running
from kgcompare import ingest
from kgcompare.catalogue.generation import Generation
from kgcompare.store.endpoint import Addresses
from kgcompare.store.remote import RemoteStore
from kgcompare.store.seat import EndpointSeat
from kgcompare.store.tokens import Tokens
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from kgcompare.web.together import Together
from serving import Server, free_port, missing, serving

ROOT = Path(__file__).parents[1]
PAIR = "/compare.json?method=lasso&method=ridge"
SECRET = "unspeakable"
ADA = """
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
<> a foaf:Person ; foaf:name "Ada Olson" ; foaf:familyName "Olson" ; foaf:givenName "Ada" .
"""


@pytest.fixture
def store(small_store: Path, tmp_path: Path) -> Path:
    return copied(small_store, tmp_path / "store")


def soon(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def started(server: Server) -> dict[int, str]:
    """All processes of a server by their ids, with their command lines."""
    mark = f"TMPDIR={server.scratch}".encode()
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (path / "environ").read_bytes().split(b"\0"):
                found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def lines(server: Server) -> list[dict[str, Any]]:
    """The log of a server, without the first line, which is for people."""
    return [json.loads(line) for line in server.err.read_text().splitlines()[1:]]


def who_answer(server: Server) -> set[int]:
    """The processes whose requests are in the log."""
    return {line["process"] for line in lines(server) if "status" in line}


@contextlib.contextmanager
def two_workers(store: Path, folder: Path, *arguments: str) -> Iterator[Server]:
    """A server of two processes, when both have answered."""
    options = ("--store", str(store), "--workers", "2", "--access-log", "--log-format", "json", *arguments)
    with serving(folder, *options) as server:

        def both() -> bool:
            server.get("/healthz")
            return len(who_answer(server)) == 2

        soon(both)
        yield server


# -- what they make together ---------------------------------------------------------------------------


def test_one_makes_what_all_have(tmp_path: Path) -> None:
    """Whoever comes meanwhile waits; the next generation is made anew, and links to what was there go on."""
    first, second = (cast("Generation", SimpleNamespace(name=name)) for name in ("1-a", "2-b"))
    made: list[str] = []

    def make(of: Generation) -> list[str]:
        time.sleep(0.2)
        made.append(of.name)
        return [of.name]

    folders = [Together(tmp_path / "together") for _ in range(6)]
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda one=one: found.append(one.thing(first, "x", make))) for one in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (made, found) == (["1-a"], [["1-a"]] * 6)
    kept = tmp_path / "kept"
    folders[0].file(first, "y", lambda path: cast("None", path.write_text("old")), kept)
    folders[1].file(second, "y", lambda path: cast("None", path.write_text("new")), tmp_path / "other")
    assert (kept.read_text(), (tmp_path / "other").read_text()) == ("old", "new")
    assert folders[2].thing(second, "x", make) == ["2-b"]


def test_what_fails_is_made_by_the_next(tmp_path: Path) -> None:
    generation = cast("Generation", SimpleNamespace(name="1-a"))
    together = Together(tmp_path / "together")

    def fails(_: Generation) -> str:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        together.thing(generation, "x", fails)
    assert together.thing(generation, "x", lambda of: of.name) == "1-a"


# -- processes -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc to find processes in")
def test_two_processes_answer_as_one(store: Path, tmp_path: Path) -> None:
    """The same tags and files, one sum of what was counted; one that is killed is started anew; nothing is left."""
    with two_workers(store, tmp_path) as server:
        tags, dumps = set(), set()
        before = len(who_answer(server))
        for _ in range(12):
            status, headers, _ = server.get(f"{PAIR}&unknown={SECRET}", Authorization=f"Bearer {SECRET}")
            assert (status, headers["cache-control"]) == (200, "no-cache")
            tags.add(headers["etag"])
            dumps.add((server.get("/dump.nq.gz")[1]["etag"], server.get("/dump.nq.gz")[2]))
        assert (before, len(tags), len(dumps)) == (2, 1, 1)
        status, headers, body = server.get("/method/nothing.json", X_Request_Id="mine")
        assert (status, json.loads(body)["request"]) == (404, headers["x-request-id"])
        assert headers["x-request-id"] != "mine", "no proxy is trusted here"
        soon(lambda: any(line.get("request") == headers["x-request-id"] for line in lines(server)))
        length = len(f"{PAIR}&unknown={SECRET}".partition("?")[2])
        asked = [line for line in lines(server) if line.get("path") == PAIR.partition("?")[0]]
        assert len(asked) == 12
        assert {(line["query_length"], line["method"], line["status"]) for line in asked} == {(length, "GET", 200)}
        counted = r'kgcompare_requests_total\{address="pages.compare",method="GET",status="200"\} 12.0\n'
        soon(lambda: bool(re.search(counted, server.get("/metrics")[2].decode())))  # each says it every two seconds

        killed = min(who_answer(server))
        os.kill(killed, signal.SIGKILL)
        statuses = set()

        def another() -> bool:
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                statuses.add(server.get(PAIR)[0])
            return len(who_answer(server) - {killed}) == 2

        soon(another)
        assert statuses == {200}
        assert SECRET not in server.err.read_text()
        assert server.stop() == 0
    soon(lambda: started(server) == {})
    assert list(server.scratch.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc to find processes in")
def test_all_end_when_the_first_is_killed(store: Path, tmp_path: Path) -> None:
    with two_workers(store, tmp_path) as server:
        assert server.get("/sparql?query=ASK%7B%7D")[0] == 200
        assert any("sandbox.worker" in line for line in started(server).values()) or len(started(server)) >= 3
        server.process.kill()
        server.process.wait(20)
        soon(lambda: started(server) == {})


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.05, 0.4, 1.5])
def test_a_write_that_is_under_way_at_the_end_is_made_or_was_never(store: Path, tmp_path: Path, pause: float) -> None:
    """SIGTERM at a moment of two changes: who is at it then is told the outcome, and no half of one is there."""
    token = Tokens(store).add("me")
    said: dict[str, int] = {}
    with serving(tmp_path, "--store", str(store), "--stop-time", "90") as server:
        _, headers, body = server.get("/method/lasso.ttl")
        before = body.decode()
        changes = {
            "PUT": ("/method/lasso", before.replace("Lasso", "Lassoo"), headers["etag"]),
            "POST": ("/agents", ADA, ""),
        }

        def send(method: str) -> None:
            path, text, tag = changes[method]
            said[method] = sent(server, method, path, text, token, tag)

        threads = [threading.Thread(target=send, args=(method,)) for method in changes]
        for thread in threads:
            thread.start()
        time.sleep(pause)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(100) == 0
        for thread in threads:
            thread.join(30)
    client = create_app(Settings(store=store)).test_client()
    now, new = client.get("/method/lasso.ttl").text, client.get("/agent/ada-olson.ttl")
    assert now in {before, changes["PUT"][1]}, "all of it or nothing"
    assert (said["PUT"] == 200) == ("Lassoo" in now), said
    assert (said["POST"] == 201) == (new.status_code == 200), said


def sent(server: Server, method: str, path: str, body: str, token: str, tag: str) -> int:
    """The status of a change; 0 where the connection was closed without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    given = {"Content-Type": "text/turtle", "Authorization": f"Bearer {token}"} | ({"If-Match": tag} if tag else {})
    try:
        connection.request(method, path, body.encode(), given)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


# -- behind nginx --------------------------------------------------------------------------------------


@contextlib.contextmanager
def nginx(folder: Path, ports: tuple[int, int], below: str = "/") -> Iterator[Server]:
    """nginx on a free port, with the file that people copy: its ports, names and certificates replaced, no more; with
    what is asked of it *below* a path going to the server."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("nginx is not installed")
    folder.mkdir()
    port = free_port()
    text = (ROOT / "docs/deploy/nginx.conf").read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{ports[0]}").replace("127.0.0.1:8001", f"127.0.0.1:{ports[1]}")
    text = re.sub(r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};", text)
    text = re.sub(r"^ *(listen \[::\]|ssl_certificate).*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"listen 80;", f"listen 127.0.0.1:{free_port()};", text)
    text = text.replace("location / {", f"location {below} {{")
    paths = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log stderr warn;\nworker_processes 1;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{paths}\n{text}\n}}\n"
    )
    with (folder / "err").open("wb") as err:
        process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=err)
    front: Server = cast("Server", SimpleNamespace(port=port))
    front.get = lambda *a, **k: Server.get(front, *a, **k)  # type: ignore[method-assign]
    try:

        def up() -> bool:
            assert process.poll() is None, (folder / "err").read_text()
            with contextlib.suppress(OSError):
                return front.get(f"{below}healthz", Host="methods.example.org")[0] == 200
            return False

        soon(up)
        yield front
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def catalogue(kind: str, store: Path, folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A token to write with, and the options that name the small catalogue: in a folder, or in Virtuoso."""
    if kind == "folder":
        yield Tokens(store).add("me"), ("--store", str(store))
        return
    tokens, place = folder / "tokens", folder / "virtuoso"
    tokens.mkdir()
    place.mkdir()
    with running("virtuoso", place) as engine:
        assert isinstance(engine, Virtuoso)
        url = engine.load([])
        engine.sql('GRANT SPARQL_UPDATE TO "SPARQL";')
        home = EndpointSeat(partial(RemoteStore, Addresses(url, update=url), mark_time=0.0))
        ingest.create_store(home)
        ingest.import_files(home, [SMALL], ingest.Options(trust=True))
        named = ("--endpoint", url, "--update-endpoint", url, "--token-folder", str(tokens))
        yield Tokens(tokens).add("me"), named


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "virtuoso"])
def test_two_servers_behind_nginx(store: Path, tmp_path: Path, kind: str) -> None:
    """One may be killed; what is written through one is seen by all; nobody can pretend to be somebody else."""
    with catalogue(kind, store, tmp_path) as (token, named):
        _behind_nginx(token, named, tmp_path)


def _behind_nginx(token: str, named: tuple[str, ...], tmp_path: Path) -> None:
    options = (*named, "--proxies", "1", "--trusted-host", "methods.example.org", "--access-log")
    with (
        serving(tmp_path, *options, "--log-format", "json") as first,
        serving(tmp_path, *options, "--log-format", "json") as second,
        nginx(tmp_path / "nginx", (first.port, second.port)) as front,
    ):
        host: Any = {"Host": "methods.example.org"}
        tags = {server.get(PAIR, **host)[1]["etag"] for server in (first, second)}
        for _ in range(6):
            status, headers, _ = front.get(PAIR, **host, X_Forwarded_For="203.0.113.9", X_Request_Id="mine")
            assert (status, {headers["etag"]}) == (200, tags), "one tag, whoever answers"
            assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"]), "that of nginx"
        soon(lambda: all(PAIR.partition("?")[0] in server.err.read_text() for server in (first, second)))
        last = headers["x-request-id"]
        soon(lambda: any(line.get("request") == last for line in [*lines(first), *lines(second)]))
        said = [line["client"] for line in [*lines(first), *lines(second)] if line.get("request") == last]
        assert said == ["127.0.0.1"], "not what the client says of itself"
        location = front.get("/id/method/lasso", **host)[1]["location"]
        assert location == "/method/lasso"
        links = front.get("/sparql", **host, Accept="text/turtle")[2].decode()
        assert "http://methods.example.org/sparql" in links
        assert front.get("/metrics", **host)[0] == 404
        assert first.get("/healthz", **host)[0] == 200

        _, headers, body = front.get("/method/lasso.ttl", **host)
        changed = body.decode().replace("Lasso", "Lassoo")
        given = {"Content-Type": "text/turtle", "Authorization": f"Bearer {token}", "If-Match": headers["etag"], **host}
        connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=90)
        connection.request("PUT", "/method/lasso", changed.encode(), given)
        answer = connection.getresponse()
        assert (answer.status, b"Lassoo" in answer.read()) == (200, True)
        connection.close()
        for server in (first, second):  # at once from a folder, else within --endpoint-mark-time: a second
            soon(lambda server=server: b"Lassoo" in server.get("/method/lasso.ttl", **host)[2], 20)  # type: ignore[misc]
        assert len({server.get(PAIR, **host)[1]["etag"] for server in (first, second)} | tags) == 2

        first.process.kill()
        assert {front.get(PAIR, **host)[0] for _ in range(12)} == {200}
        assert second.process.poll() is None


@pytest.mark.slow
def test_two_processes_below_a_path_behind_nginx(store: Path, tmp_path: Path) -> None:
    """Every link and every redirect of a page stays below the path, whichever process answers."""
    options = ("--prefix", "/catalogue", "--proxies", "1", "--trusted-host", "methods.example.org")
    with (
        serving(tmp_path, "--store", str(store), "--workers", "2", *options) as server,
        nginx(tmp_path / "nginx", (server.port, server.port), "/catalogue/") as front,
    ):
        host: Any = {"Host": "methods.example.org", "Accept": "text/html,*/*;q=0.1"}
        tags = {front.get(f"/catalogue{PAIR}", **host)[1]["etag"] for _ in range(6)}
        assert len(tags) == 1
        waiting, seen = ["/catalogue/"], {"/catalogue/"}
        for path in islice(waiting, 60):
            status, headers, body = front.get(path, **host)
            assert status in {200, 302, 303, 400}, path  # 400: a page that asks what to compare
            found = re.findall(r'(?:href|src|action)="(/[^"#]*)', body.decode("utf-8", "replace"))
            led = [headers["location"]] if "location" in headers else found
            assert [link for link in led if not link.startswith("/catalogue/")] == [], path
            waiting += [link for link in dict.fromkeys(map(html.unescape, led)) if link not in seen]
            seen.update(waiting)
        assert len(seen) > 30
        assert front.get("/compare", **host)[0] in {403, 404}, "what stands beside the path is nginx's"
