"""Strangers at the door: hosts, paths, headers, bodies and connections that nobody sends in good faith."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import random
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from conftest import Run
from deep import many
from kgcompare.errors import UsageError
from kgcompare.sandbox.limits import Limits
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from serving import Server, serving

HOSTS = ["a b", "user@evil.example", "evil.example/x", "a\tb", "é.example", "a,b", "", "[::1", "::1", "a:b", "a:99999"]
HOSTS += ["a:80:80", "a" * 300, "a?b", "a#b", "a\\b", "<script>", "http://a", "a%00", "x:-1", "a\r\nX: y"]
SPARQL = "/sparql"
RDF_BODY = "application/sparql-query"


@pytest.fixture(scope="module")
def app(small_store: Path) -> Iterator[Flask]:
    app = create_app(Settings(store=small_store, limits=Limits(query_timeout=1.0)))
    yield app
    app.extensions["kgcompare"].close()


@pytest.fixture(scope="module")
def server(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("security"), "--store", str(small_store), "--query-timeout", "1") as found:
        yield found


def ask(app: Flask, path: str, query: str = "", method: str = "GET", body: bytes = b"", **environ: Any) -> Any:
    """Status, headers and body of a request whose parts no client has put in order."""
    given = EnvironBuilder(method=method, input_stream=io.BytesIO(body)).get_environ()
    given.update(PATH_INFO=path, QUERY_STRING=query.encode().decode("latin-1"), CONTENT_LENGTH=str(len(body)))
    given.update(environ)
    chunks, status, headers = run_wsgi_app(app.wsgi_app, given, buffered=True)
    return int(status.split()[0]), headers, b"".join(chunks)


def raw(server: Server, request: bytes, timeout: float = 20.0) -> bytes:
    """What comes back on a connection of its own, until the server closes it or falls silent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as connection:
        answer = bytearray()
        with contextlib.suppress(OSError):
            connection.sendall(request)
            while data := connection.recv(65536):
                answer += data
        return bytes(answer)


def status_of(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    assert found, answer[:200]
    return int(found[1])


# -- whose server this is --------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/", "/sparql", "/static/style.css", "/nothing"])
def test_a_malformed_host_is_refused(app: Flask, host: str, path: str) -> None:
    status, headers, body = ask(app, path, HTTP_HOST=host)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert b"Host" in body


@pytest.mark.parametrize("host", ["localhost", "EXAMPLE.org:8080", "192.0.2.1", "[2001:db8::1]:80", "my_service:8000"])
def test_any_other_host_is_answered(app: Flask, host: str) -> None:
    assert ask(app, "/healthz", HTTP_HOST=host)[0] == 200


def test_only_trusted_hosts_where_some_are_named(small_store: Path) -> None:
    app = create_app(Settings(store=small_store, hosts=("Example.org", "bücher.example", "[2001:db8::1]")))
    for host in ("example.org", "EXAMPLE.ORG:8000", "xn--bcher-kva.example", "[2001:DB8::1]:80"):
        assert ask(app, "/healthz", HTTP_HOST=host)[0] == 200
    for host in ("evil.example", "example.org.evil.example", "notexample.org", "localhost"):
        for path in ("/healthz", "/static/style.css", "/compare.json"):
            assert ask(app, path, HTTP_HOST=host)[0] == 421
    assert ask(app, "/healthz", HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="example.org")[0] == 421


@pytest.mark.parametrize("host", ["http://example.org", "example.org:80", "a b", "", "x" * 300, "a..b", "é" * 80])
def test_what_is_no_name_of_a_host(small_store: Path, run: Run, host: str) -> None:
    with pytest.raises(UsageError, match="no name of a host"):
        create_app(Settings(store=small_store, hosts=(host,)))
    ran = run("serve", "--store", small_store, "--port", "0", "--trusted-host", host)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


@pytest.mark.slow
def test_hosts_and_proxies_are_named_where_it_is_started(small_store: Path, tmp_path: Path) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text('trusted-host = ["example.org"]\nproxies = 1\n')
    for arguments, environ in (
        (("--trusted-host", "example.org", "--trusted-host", "b.example", "--proxies", "1"), {}),
        ((), {"KGCOMPARE_TRUSTED_HOST": "example.org b.example", "KGCOMPARE_PROXIES": "1"}),
        (("--config", str(config)), {}),
    ):
        with serving(tmp_path, "--store", str(small_store), *arguments, **environ) as server:
            assert server.get("/sparql", Host="example.org", Accept="text/turtle")[0] == 200
            assert server.get("/sparql", Host="evil.example")[0] == 421
            behind = server.get("/robots.txt", Host="x", X_Forwarded_Host="example.org", X_Forwarded_Proto="https")
            assert b"https://example.org/sitemap.xml" in behind[2]


def test_no_answer_for_one_host_is_given_to_another(app: Flask) -> None:
    """What names the server's own address is made anew for each; no entity tag stands for two."""
    seen: set[str] = set()
    for path, accept in (("/sparql", "text/turtle"), ("/opensearch.xml", ""), ("/robots.txt", ""), ("/dataset", "")):
        for host in ("one.example", "two.example:8080", "one.example"):
            for scheme in ("http", "https"):
                given: dict[str, Any] = {"HTTP_HOST": host, "wsgi.url_scheme": scheme, "HTTP_ACCEPT": accept or "*/*"}
                _, headers, body = ask(app, path, **given)
                other = "two" if host.startswith("one") else "one"
                assert f"{other}.example" not in body.decode() + str(headers), (path, host)
                if path in {"/sparql", "/robots.txt"}:
                    assert f"{scheme}://{host}/" in body.decode()
                seen.add(f"{path} {scheme} {host} {headers.get('ETag')}")
    tags = [line.rsplit(" ", 1)[1] for line in seen if not line.endswith("None")]
    assert len(tags) == len(set(tags))


def test_a_proxy_is_believed_only_where_one_is_configured(small_store: Path) -> None:
    said: dict[str, Any] = {"HTTP_HOST": "inner:8000", "HTTP_X_FORWARDED_HOST": "evil.example, example.org"}
    said |= {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_ACCEPT": "text/turtle"}
    direct = create_app(Settings(store=small_store))
    assert b"<http://inner:8000/sparql>" in ask(direct, SPARQL, **said)[2]
    behind = create_app(Settings(store=small_store, proxies=1, prefix="/methods", hosts=("example.org",)))
    body = ask(behind, SPARQL, **said)[2]
    assert b"<https://example.org/methods/sparql>" in body
    assert b"evil" not in body
    for bad in ("javascript", "ftp", "https://x"):
        assert ask(behind, SPARQL, **said | {"HTTP_X_FORWARDED_PROTO": bad})[0] == 400
    for bad in ("a b", "evil.example/", "user@example.org"):
        assert ask(behind, SPARQL, **said | {"HTTP_X_FORWARDED_HOST": bad})[0] == 400


# -- paths and headers -----------------------------------------------------------------------------

ELSEWHERE = ["//evil.example", "/\\evil.example", "/%2F/evil.example", "/%5Cevil.example", "///evil.example/%2e%2e"]
ELSEWHERE += ["/id//evil.example", "/id/method//evil.example", "/id/%2F%2Fevil.example/x", "/id/..//evil.example/x"]
ELSEWHERE += ["/id/method/..%2F..%2F%2Fevil.example", "/id/method/\\\\evil.example", "/id/http:/evil.example"]
ELSEWHERE += ["/doc/method/lasso%0d%0aLocation:%20http://evil.example", "/id/https:%2f%2fevil.example/a"]
ELSEWHERE += ["/compare?add=lasso&method=//evil.example&lang=fr", "/compare?add=lasso&class=//evil.example"]
ELSEWHERE += ["/id/method/lasso?format=%0d%0aLocation:http://evil.example", "/id/method/lasso?lang=//evil.example"]
TRICKS = [
    "/%2e%2e/",
    "/static/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
    "/static/..%2f..%2fsettings.py",
    "/static//etc/passwd",
]
TRICKS += ["/method//lasso", "/./method/lasso", "/method/lasso%00.json", "/%00"]
TRICKS += ["/method/%c0%af..%c0%afetc", "/method/lasso;x=1", "/;/method/lasso", "/method/lasso%2ejson%00", "/%ff%fe"]
TRICKS += ["/static/style.css%00", "/static/%5c..%5cweb", "/method/%e2%80%aelasso", "/method/" + "a" * 5000, "/%"]


def test_no_redirect_leaves(server: Server) -> None:
    for path in ELSEWHERE:
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: here.example\r\nConnection: close\r\n\r\n".encode())
        head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
        assert status_of(answer) < 500, path
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "location":
                target = urlsplit(value)
                assert (target.scheme, target.netloc) in {("", ""), ("http", "here.example")}, (path, line)
                assert re.match(r"(http://here\.example)?/[^/\\]", value), (path, line)
        assert head.lower().count("\nlocation:") <= 1, path


def test_no_path_leads_out_of_the_catalogue(server: Server) -> None:
    for path in TRICKS:
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        assert status_of(answer) in {400, 404, 406}, (path, answer[:100])
        assert b"root:" not in answer
        assert b"[project]" not in answer


@pytest.mark.parametrize("value", ["%0d%0aSet-Cookie:%20a=b", "%0aX-Evil:1", "%E5%98%8A%E5%98%8DSet-Cookie:a", '";x="'])
@pytest.mark.parametrize(
    "path",
    [
        "/id/method/lasso?lang=",
        "/id/method/lasso?format=",
        "/compare?add=lasso&method=",
        "/methods?q=",
        "/method/lasso?x=",
        "/method/",
        "/source/",
        "/compare?method=lasso&lang=",
        "/methods?after=",
        "/suggest?q=",
        "/compare.csv?method=",
    ],
)
def test_nothing_of_an_address_becomes_a_header(app: Flask, path: str, value: str) -> None:
    path, _, query = path.partition("?")
    for place in (path, path + value) if not query else (path,):
        status, headers, _ = ask(app, place, query + value if query else "")
        assert status < 500
        assert "Set-Cookie" not in headers
        assert "X-Evil" not in headers
        assert not any("\n" in line or "\r" in line for line in headers.values())


def test_request_lines_and_headers_that_are_too_much(server: Server) -> None:
    for path, head, expected in (
        ("/" + "a" * 70_000, b"", {414, 431}),
        ("/?q=" + "a" * 500_000, b"", {414, 431}),
        ("/healthz", b"X: " + b"a" * 500_000 + b"\r\n", {431}),
        ("/healthz", b"X: a\r\n" * 300, {431}),
        ("/healthz", b"Accept: " + b"text/html," * 700 + b"\r\n", {200}),
        ("/healthz", b"Accept: " + b"text/html," * 5000 + b"\r\n", {431}),
        ("/method/lasso?x=" + "%C3%28" * 5000, b"", {200}),
    ):
        request = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: a\r\n" + head + b"Connection: close\r\n\r\n"
        assert status_of(raw(server, request)) in expected, (path[:30], head[:30])


def test_requests_that_no_client_makes(server: Server) -> None:
    for request in (
        b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: \xc3\xa9\r\nConnection: close\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nASK{}",
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nASK{}",
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nASK{}",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n folded: y\r\n\r\n",
    ):
        assert status_of(raw(server, request)) == 400, request
    assert status_of(raw(server, b"GET /healthz HTTP/1.0\r\nConnection: close\r\n\r\n")) == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "POST", "CONNECT", "PROPFIND", "BREW"])
def test_other_methods_everywhere(app: Flask, method: str) -> None:
    posted_to = {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    for rule in app.url_map.iter_rules():
        if method == "POST" and rule.rule in posted_to:  # an address may have one rule to read and one to write
            continue
        path = re.sub(r"<[^>]*>", "json", rule.rule)
        status, headers, body = ask(app, path, method=method, HTTP_X_SECRET="s3cret")
        assert status in {404, 405}, (method, path, status)
        assert "GET" in headers.get("Allow", "GET")
        assert b"s3cret" not in body
        assert ask(app, path, method="OPTIONS")[0] in {200, 204, 404}
        assert ask(app, path, method="HEAD")[2] == b""


def test_no_method_override(app: Flask) -> None:
    for name in ("HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD", "HTTP_X_METHOD_OVERRIDE"):
        given: dict[str, Any] = {name: "DELETE"}
        assert ask(app, "/method/lasso.json", "_method=DELETE", **given)[0] == 200
        assert ask(app, "/method/lasso", "_method=DELETE", method="POST", **given)[0] == 405


# -- bodies ----------------------------------------------------------------------------------------


def addresses_with_bodies(app: Flask) -> list[str]:
    found = {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and "<" not in rule.rule}
    assert SPARQL in found
    return sorted(found)


def post(path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: a", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.slow
@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", RDF_BODY, "application/json", "text/plain"])
def test_bodies_are_bounded(server: Server, app: Flask, media: str) -> None:
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    for path in addresses_with_bodies(app):
        announced = raw(server, post(path, f"Content-Type: {media}", f"Content-Length: {Limits().body_bytes + 1}"), 20)
        assert status_of(announced) in {413, 415}, path
        endless = post(path, f"Content-Type: {media}", "Transfer-Encoding: chunked", body=chunk * 17 + b"0\r\n\r\n")
        assert status_of(raw(server, endless)) in {413, 415}, path


def test_bodies_that_are_not_what_they_say(server: Server, app: Flask) -> None:
    for path in addresses_with_bodies(app):
        kind = f"Content-Type: {RDF_BODY}"
        packed = post(path, kind, "Content-Encoding: gzip", "Content-Length: 5", body=b"ASK{}")
        assert status_of(raw(server, packed)) == 415, path
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(post(path, kind, "Content-Length: 9", body=b"ASK{}"))
            connection.shutdown(socket.SHUT_WR)
            assert status_of(connection.recv(999)) in {400, 415}, path
        for body in (b"\xff\xfe", b"query=%ff%fe", b"query=\x00", b"\xed\xa0\x80", b"queries=[[[[", b'queries={"q":1}'):
            for media in ("application/x-www-form-urlencoded", RDF_BODY, "multipart/form-data", "x/y; charset=utf-7"):
                answer = raw(server, post(path, f"Content-Type: {media}", f"Content-Length: {len(body)}", body=body))
                assert status_of(answer) < 500, (path, media, body)
    chunked = post(SPARQL, f"Content-Type: {RDF_BODY}", "Transfer-Encoding: chunked", body=b"5\r\nASK{}\r\n0\r\n\r\n")
    assert status_of(raw(server, chunked)) == 200


# -- many connections ------------------------------------------------------------------------------

HALF_OPEN = {
    "nothing": b"",
    "a header without its end": b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    "a body that does not come": post(SPARQL, f"Content-Type: {RDF_BODY}", "Content-Length: 900"),
    "kept alive, idle": b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "an answer that is not read": b"GET /dump.nq.gz HTTP/1.1\r\nHost: a\r\n\r\n",
}


def resident(server: Server) -> int:
    """Bytes that the server's processes hold."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            head, _, rest = path.read_text(errors="replace").rpartition(")")
            number = int(head.partition(" ")[0])
            if server.process.pid in {number, int(rest.split()[1])}:
                found += int((path.parent / "statm").read_text().split()[1]) * 4096
    return found


@pytest.mark.parametrize("kind", HALF_OPEN)
def test_500_half_open_connections_stop_nobody(server: Server, kind: str) -> None:
    crowd: list[socket.socket] = []
    server.get("/method/lasso.json")
    before = resident(server)
    try:
        for _ in range(500):
            crowd.append(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            crowd[-1].sendall(HALF_OPEN[kind])
        for path in ("/method/lasso.json", "/healthz", "/sparql?query=ASK%7B%7D", "/compare?method=lasso&method=ridge"):
            assert server.get(path, timeout=10)[0] == 200
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("POST", SPARQL, b"ASK {}", {"Content-Type": RDF_BODY})
        assert connection.getresponse().status == 200
        connection.close()
        assert resident(server) - before < 256 * 1024 * 1024
    finally:
        for each in crowd:
            each.close()


@pytest.mark.slow
def test_who_falls_silent_is_sent_away(small_store: Path, tmp_path: Path) -> None:
    times = "--header-time", "3", "--body-time", "2"
    with serving(tmp_path, "--store", str(small_store), *times) as server, contextlib.ExitStack() as stack:
        waiting = {}
        for kind in list(HALF_OPEN)[:3]:
            found = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            found.settimeout(120)
            found.sendall(HALF_OPEN[kind])
            waiting[kind] = found
        answers = {}
        for kind, found in waiting.items():
            answers[kind] = bytearray()
            while data := found.recv(4096):  # until the server closes
                answers[kind] += data
    assert status_of(bytes(answers["a body that does not come"])) == 408


# -- ten thousand requests -------------------------------------------------------------------------

NAMES = ["method", "lang", "format", "only", "class", "q", "sort", "after", "limit", "from", "to", "add", "query"]
NAMES += ["queries", "id", "extend", "kind", "prefix", "cursor", "type", "swap", "mark", "default-graph-uri", "page"]
VALUES = ["lasso", "ridge", "fr", "json", "html", "ttl", "differences", "%FF", "%00", "%", "-1", "99999999999999", "*"]
VALUES += ["http%3A%2F%2Fx", "urn:x", "name", "year", "'", "%22", "%3Cscript%3E", "zh-Hant", "é", "", "ASK%7B%7D", "{}"]
VALUES += ["%7B%22q0%22%3A%7B%22query%22%3A%22lasso%22%7D%7D", "[]", "%ED%A0%80", "\u202e", "a" * 3000, "null", "1e999"]
ACCEPTS = ["text/html", "*/*", "text/turtle;q=0.2", '"', "a/b;q=", "application/json", ";", ",", "application/ld+json"]
MEDIA = ["application/x-www-form-urlencoded", RDF_BODY, "application/json", "multipart/form-data; boundary=x", "x"]


@pytest.mark.slow
def test_random_requests(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(20261122)
    rules = [re.sub(r"<[^>]*>", "{}", rule.rule) for rule in app.url_map.iter_rules()]

    def junk(most: int) -> str:
        return "".join(chr(chance.randrange(256)) for _ in range(chance.randrange(most)))

    def some(parts: list[str], most: int) -> str:
        return "".join(chance.choice([*parts, junk(6)]) for _ in range(chance.randrange(1, most)))

    def path() -> str:
        if chance.random() < 0.1:
            return "/" + junk(40)
        words = ["method", "lasso", "json", "source", "style.css", "..", "html", "1", "%2e", "\\", "", junk(5)]
        found = re.sub(r"\{\}", lambda _: chance.choice(words), chance.choice(rules))
        return found + chance.choice([""] * 6 + ["/", ".ttl", "//", ";x", "\x00", "é", "%"])

    for _ in range(many(1_500, 50_000)):
        query = "&".join(f"{chance.choice(NAMES)}={some(VALUES, 3)}" for _ in range(chance.randrange(6)))
        environ = {
            "HTTP_ACCEPT": some(ACCEPTS, 4),
            "HTTP_ACCEPT_LANGUAGE": some(["fr", "en;q=0.3", ",", "*", "-", ";q=x"], 4),
            "HTTP_IF_NONE_MATCH": chance.choice(["", "*", junk(20), '"x"']),
            "HTTP_HOST": chance.choice(["localhost"] * 9 + [junk(10)]),
            "HTTP_RANGE": chance.choice(["", "bytes=-1", "bytes=5-1", "bytes=0-0,2-3", junk(8)]),
            "HTTP_COOKIE": junk(10),
            "HTTP_ORIGIN": junk(10),
            "HTTP_X_FORWARDED_HOST": "evil.example",
            "HTTP_AUTHORIZATION": chance.choice(["", "Bearer " + junk(9), junk(9)]),
        }
        body = b""
        method = chance.choice(["GET"] * 8 + ["HEAD", "POST", "POST", "PUT", "OPTIONS"])
        if method in {"POST", "PUT"}:
            body = chance.choice([query, some(VALUES, 4), junk(50), "query=" + some(VALUES, 3)]).encode(
                "utf-8", "replace"
            )
            environ["CONTENT_TYPE"] = chance.choice([*MEDIA, junk(10)])
            environ["CONTENT_LENGTH"] = chance.choice([str(len(body))] * 8 + ["", "0", "-1", "x", "99999999"])
        where = path()
        status, headers, answer = ask(app, where, query, method, body, **environ)
        said = (status, method, where, query, environ, body, answer[:300])
        assert 200 <= status < 500 or (status == 503 and "Retry-After" in headers), said
        assert b"Traceback" not in answer, said
        assert headers.get("X-Content-Type-Options") == "nosniff", said
        assert "Set-Cookie" not in headers, said
        assert "evil.example" not in str(headers), said
        assert b'="//' not in answer, said
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]


def test_random_bytes(server: Server) -> None:
    chance = random.Random(1122)
    whole = [
        b"GET /method/lasso HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
        b"GET /compare.csv?method=lasso HTTP/1.1\r\nHost: a\r\nRange: bytes=0-\r\nConnection: close\r\n\r\n",
        post(SPARQL, f"Content-Type: {RDF_BODY}", "Content-Length: 5", body=b"ASK{}"),
        post(SPARQL, f"Content-Type: {RDF_BODY}", "Transfer-Encoding: chunked", body=b"5\r\nASK{}\r\n0\r\n\r\n"),
        b"GET /static/style.css HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: *\r\n\r\n",
    ]
    for _ in range(many(150, 5_000)):
        request = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(1, 5)):
            place = chance.randrange(len(request))
            kind = chance.randrange(3)
            if kind == 0:
                request[place] = chance.randrange(256)
            elif kind == 1:
                del request[place : place + chance.randrange(4)]
            else:
                request[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(4)))
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda c=connection: c.recv(65536), b""))  # type: ignore[misc]
        if answer:
            assert status_of(answer) < 500, (bytes(request), answer[:300])
        assert b"Traceback" not in answer
    assert json.loads(server.get("/healthz")[2])["status"] == "ok"


def test_the_log_is_clean_after_all_that(server: Server) -> None:
    """Runs after the others of this file, on the server that they used."""
    deadline = time.monotonic() + 120
    while server.get("/healthz")[0] != 200:
        assert time.monotonic() < deadline
    said = server.err.read_text()
    assert said == f"kgcompare is at http://127.0.0.1:{server.port}/ (stop with Ctrl-C)\n", said[:2000]


# -- what is sent ----------------------------------------------------------------------------------


def test_long_headers_are_refused_and_not_remembered(server: Server) -> None:
    for name in ("Accept", "Accept-Language", "X-Anything"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/method/lasso", headers={name: "text/html;x=" + "a" * 100_000})
        response = connection.getresponse()
        assert (response.status, response.headers["Content-Type"]) == (431, "application/problem+json")
        assert json.loads(response.read())["status"] == 431
        connection.close()


@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize("rest", [b"", b"5\r\nASK", b"zz\r\n", b"3\r\n{} \r\n"])
def test_a_body_that_breaks_off_is_never_answered_as_if_it_were_whole(server: Server, rest: bytes, close: bool) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n6\r\nASK {}\r\n" + rest)
        if close or rest != b"zz\r\n":
            client.shutdown(socket.SHUT_WR)
        answer = client.recv(65536)
    assert not answer or status_of(answer) == 400
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head + b"Content-Length: 60\r\n\r\nASK {}")
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(65536)
    assert not answer or status_of(answer) == 400


def test_a_whole_chunked_body_is_answered(server: Server) -> None:
    request = b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/sparql-query\r\n"
    answer = raw(server, request + b"Transfer-Encoding: chunked\r\n\r\n3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n")
    assert status_of(answer) == 200


@pytest.mark.parametrize("target", ["http://evil.example/", "http://user@x/", "http://x:81/", "http://x@evil.example/"])
def test_a_target_cannot_name_another_host(server: Server, target: str) -> None:
    request = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: text/html\r\n\r\n".encode()
    answer = raw(server, request)
    assert status_of(answer) == 400
    assert b"evil" not in answer
    same = raw(server, b"GET http://X/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status_of(same) == 200


@pytest.mark.parametrize("hosts", [b"", b"Host: x\r\nHost: y\r\n", b"Host: x\r\nHost: x\r\n", b"Host: a,b\r\n"])
def test_there_is_one_host(server: Server, hosts: bytes) -> None:
    assert status_of(raw(server, b"GET /healthz HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")) == 400


@pytest.mark.parametrize(
    ("wanted", "status"),
    [("*", 200), ("{}", 200), ('"x", {}', 200), ('"x"', 412), ("W/{}", 412), ("x", 412), ('"x,y"', 412), ("", 412)],
)
def test_if_match(app: Flask, wanted: str, status: int) -> None:
    client = app.test_client()
    for path in ("/compare.json?method=lasso", "/dump.nq.gz", "/static/style.css"):
        for _ in range(2):  # made, then kept
            tag = client.get(path, buffered=True).headers["ETag"]
            given = {"If-Match": wanted.format(tag), "If-None-Match": tag if status == 412 else '"other"'}
            found = client.get(path, headers=given, buffered=True)
            assert found.status_code == status, path
            both = client.get(path, headers={"If-Match": tag, "If-None-Match": tag}, buffered=True)
            assert both.status_code == 304
            assert status == 200 or found.mimetype == "application/problem+json"
    assert client.get("/compare.json?method=nothing", headers={"If-Match": wanted}).status_code == 404


@pytest.mark.parametrize(
    "ranges", ["bytes=0-1,3-4", "bytes=0-,0-,0-,0-", "lines=1-2", "bytes=x", "bytes=", "bytes=4-2,"]
)
def test_ranges_that_are_not_one_get_the_whole(app: Flask, ranges: str) -> None:
    client = app.test_client()
    for path in ("/dump.nq.gz", "/static/style.css"):
        whole = client.get(path, buffered=True).data
        found = client.get(path, headers={"Range": ranges}, buffered=True)
        assert (found.status_code, found.data) == (200, whole)
        part = client.get(path, headers={"Range": "bytes=0-1"}, buffered=True)
        assert (part.status_code, part.data) == (206, whole[:2])
        assert client.get(path, headers={"Range": "bytes=99999999-"}, buffered=True).status_code == 416


def test_long_answers_go_from_files_within_bounds(small_store: Path, tmp_path: Path) -> None:
    query = "/sparql?format=json&query=SELECT+*+%7B%3Fs+%3Fp+%3Fo+.+%3Fa+%3Fb+%3Fc%7D+LIMIT+4000"
    limits = {"KGCOMPARE_SENDING_BYTES": str(16 << 20)}
    with serving(tmp_path, "--store", str(small_store), **limits) as server:
        status, headers, body = server.get(query)
        assert (status, len(body)) == (200, int(headers["content-length"]))
        assert len(body) > 300_000
        assert len(json.loads(body)["results"]["bindings"]) == 4000
        deadline = time.monotonic() + 120
        while list(server.scratch.rglob("kgcompare-answer-*")):  # it goes when it is sent
            assert time.monotonic() < deadline
            time.sleep(0.1)
        huge = query.replace("4000", "20000")
        status, headers, _ = server.get(huge)  # more than a quarter of what may be under way
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert headers["retry-after"]
        assert server.get(query)[0] == 200
