"""Endpoints that answer what no engine should: read rightly, or an error that says what, in time, never a part.

Faults of the exchange itself (silence, drips, floods, redirects, codings) stand in tests/test_endpoint.py and
tests/test_remote.py; here are those of what is said, and the bombs among them.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode

from conftest import Run
from deep import many
from kgcompare.errors import EndpointError
from kgcompare.sandbox.limits import Limits
from kgcompare.store import answers
from kgcompare.store.answers import understood
from kgcompare.store.base import Solutions, Verdict
from kgcompare.store.remote import RemoteStore
from kgcompare.store.speaking import Manners
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from proxy import Fault, Proxy, proxied, saying

XML = "application/sparql-results+xml"
SELECT = "SELECT ?x WHERE { ?s ?p ?x }"
DEEP = 100_000
MOST = 8 << 20


def found(terms: str, names: str = '["x"]') -> bytes:
    """An answer in JSON with this binding of ?x."""
    return f'{{"head": {{"vars": {names}}}, "results": {{"bindings": [{{"x": {terms}}}]}}}}'.encode()


def literal(value: str, more: str = "") -> bytes:
    return found(f'{{"type": "literal", "value": {value}{more}}}')


def uri(value: str) -> bytes:
    return found(f'{{"type": "uri", "value": "{value}"}}')


def in_xml(results: str, before: str = "") -> bytes:
    head = '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/></head>'
    return f"{before}{head}<results>{results}</results></sparql>".encode()


def in_text(text: str) -> str:
    return f'<result><binding name="x"><literal>{text}</literal></binding></result>'


def broken_off(sent: bytes) -> Fault:
    """Sends so much, and resets the connection."""

    def fault(connection: socket.socket, _answer: bytes, _: Proxy) -> None:
        connection.sendall(sent)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return fault


def raw(sent: bytes) -> Fault:
    """Sends just this."""

    def fault(connection: socket.socket, _answer: bytes, _: Proxy) -> None:
        connection.sendall(sent)

    return fault


def endless(first: bytes, more: bytes) -> Fault:
    """Sends the one, and the other for ever."""

    def fault(connection: socket.socket, _answer: bytes, proxy: Proxy) -> None:
        connection.sendall(first)
        while not proxy.stopping.is_set():
            connection.sendall(more)

    return fault


def packed(coding: str) -> Fault:
    """64 MiB of spaces."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    block = b" " * (1 << 20)
    body = b"".join(packing.compress(block) for _ in range(64)) + packing.flush()
    return saying(body, f"Content-Encoding: {coding}")


GOOD = literal('"yes"')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
NONSENSE = "answered something that is no SPARQL result: "

REFUSED: dict[str, tuple[Fault, str]] = {
    # -- HTTP
    "gzip bomb": (packed("gzip"), "answered more than 8 MiB"),
    "deflate bomb": (packed("deflate"), "answered more than 8 MiB"),
    "two codings": (saying(GOOD, "Content-Encoding: gzip, gzip"), "'gzip, gzip', which was not asked for"),
    "an endless head of a chunk": (endless(CHUNKED + b"5;", b"a" * 65536), "broke off"),
    "chunks of a byte": (endless(CHUNKED, b"1\r\n \r\n" * 1000), "did not answer within 1 s"),
    "an endless end": (endless(CHUNKED + b"0\r\n", b"X: y\r\n" * 1000), "did not answer within 1 s"),
    "a huge chunk": (raw(CHUNKED + b"f" * 40 + b"\r\n" + GOOD), "broke off"),
    "a negative chunk": (raw(CHUNKED + b"-5\r\n" + GOOD), "broke off"),
    "provisional answers without end": (
        endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100),
        "did not answer within 1 s",
    ),
    "100,000 headers": (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * DEEP + b"\r\n"), "does not speak HTTP"),
    "an endless header": (endless(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536), "does not speak HTTP"),
    "an endless status": (endless(b"HTTP/1.1 200 ", b"a" * 65536), "does not speak HTTP"),
    "no status": (raw(b"HTTP/1.1 abc OK\r\n\r\n"), "does not speak HTTP"),
    "no head": (raw(GOOD), "does not speak HTTP"),
    "two lengths": (raw(HEAD + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n" + GOOD), "more than it said"),
    "a length beyond all": (raw(HEAD + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n" + GOOD), "broke off"),
    "204": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), "no media type"),
    "206": (saying(GOOD, "Content-Range: bytes 0-99/1000", status="206 Partial Content"), "status 206"),
    "101": (raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), "status 101"),
    "reset at once": (broken_off(b""), "cannot be reached"),
    "reset in the status": (broken_off(b"HTTP/1.1 20"), "cannot be reached"),
    "reset in the head": (broken_off(HEAD), "cannot be reached"),
    "reset in the body": (broken_off(HEAD + b"Content-Length: 99\r\n\r\n{"), "broke off"),
    "reset in a chunk": (broken_off(CHUNKED + b"ff\r\nabc"), "broke off"),
    "reset before an end that nobody knows": (broken_off(HEAD + b'\r\n{"head"'), "broke off"),
    "a rest of 30,000 years": (saying(b"", f"Retry-After: 1{'0' * 12}", status="503 Later"), "status 503"),
    "a media type that steers": (saying(b"yes", media=f"text/\x1b[31m{'y' * 2000}"), "which is no SPARQL answer"),
    "an error with 200": (saying(b"Virtuoso 42000 Error", media="text/plain"), "answered with text/plain"),
    # -- JSON
    "an error in JSON": (saying(b'{"error": "timeout"}'), NONSENSE + "it has another form"),
    "an error after the answer": (saying(GOOD + b"\nerror: timed out"), NONSENSE),
    "UTF-16": (saying(GOOD.decode().encode("utf-16")), NONSENSE),
    "Latin-1": (saying(literal('"é"').decode().encode("latin-1")), NONSENSE),
    "NaN": (saying(literal("NaN")), NONSENSE + "NaN is no number"),
    "infinity": (saying(literal("-Infinity")), NONSENSE + "-Infinity is no number"),
    "nested lists": (saying(b"[" * DEEP), NONSENSE),
    "nested in a term": (saying(literal("[" * DEEP + "]" * DEEP)), NONSENSE + "it nests too deeply"),
    "nested in what nobody knows": (saying(b'{"a":' * DEEP), NONSENSE + "it nests too deeply"),
    "another variable": (saying(found('{"type": "literal", "value": ""}', '["y"]')), NONSENSE + ".* does not name"),
    "variables that are a text": (saying(found("null", '"x"')), NONSENSE + "it has another form"),
    "a variable that is a number": (saying(found("null", "[1.0, {}]")), NONSENSE + "it has another form"),
    "a variable that is no text": (
        saying(b'{"head": {"vars": ["\\ud800"]}, "results": {"bindings": []}, "a": 1, "a": NaN}'),
        NONSENSE,
    ),
    "100,000 variables": (
        saying(found("null", json.dumps([f"v{n}" for n in range(DEEP)]))),
        NONSENSE + "it has more than 2,000 columns",
    ),
    "an IRI with a space": (saying(uri("http://e/a b")), NONSENSE + ".*IRI"),
    "an IRI that leaves its place": (saying(uri("http://e/> . <")), NONSENSE + ".*IRI"),
    "a relative IRI": (saying(uri("a/b")), NONSENSE + ".*IRI"),
    "half of a pair": (saying(literal('"\\ud800"')), NONSENSE + ".*surrogates not allowed"),
    "half of a pair in UTF-8": (saying(literal('"~"').replace(b"~", b"\xed\xa0\x80")), NONSENSE),
    "half of a pair in an IRI": (saying(uri("http://e/\\ud800")), NONSENSE),
    "a bare zero byte": (saying(literal('"a\0b"')), NONSENSE),
    "no language": (saying(literal('"a"', ', "xml:lang": "no language!"')), NONSENSE),
    "a language that is a list": (saying(literal('"a"', ', "xml:lang": ["en"]')), NONSENSE + "it has another form"),
    "a datatype that is no IRI": (saying(literal('"a"', ', "datatype": "b c"')), NONSENSE + ".*IRI"),
    "a term without a value": (saying(found('{"type": "uri"}')), NONSENSE + "it has another form"),
    "a term that is a text": (saying(found('"a"')), NONSENSE + "it has another form"),
    "rows that are none": (saying(b'{"head": {"vars": []}, "results": {"bindings": [null]}}'), NONSENSE),
    "results that are a list": (saying(b'{"head": {"vars": []}, "results": []}'), NONSENSE + "it has another form"),
    "a blank node for a predicate": (
        saying(
            found(
                '{"type": "triple", "value": {"subject": {"type": "uri", "value": "a:b"}, "object": {"type": "uri", '
                '"value": "a:b"}, "predicate": {"type": "bnode", "value": "b"}}}'
            )
        ),
        NONSENSE,
    ),
    # -- XML
    "entities": (
        saying(in_xml(in_text("&b;"), '<!DOCTYPE s [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'), media=XML),
        NONSENSE,
    ),
    "an entity from elsewhere": (
        saying(
            in_xml(in_text("&a;"), '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
            media=XML,
        ),
        NONSENSE,
    ),
    "nested triples": (saying(in_xml("<triple>" * DEEP + "</triple>" * DEEP), media=XML), NONSENSE + "it nests too"),
    "200,000 attributes": (
        saying(in_xml("<result " + " ".join(f"a{n}='>'" for n in range(200_000)) + "/>"), media=XML),
        NONSENSE + "an element in it has a thousand",
    ),
    "100,000 variables in XML": (
        saying(in_xml("").replace(b"</head>", b"<variable name='y'/>" * DEEP + b"</head>"), media=XML),
        NONSENSE + "it has more than 2,000 columns",
    ),
    "a sign that XML does not have": (saying(in_xml(in_text("a&#0;b")), media=XML), NONSENSE),
    "a binding of nothing": (saying(in_xml("<result><binding><bnode/></binding></result>"), media=XML), NONSENSE),
    "no end": (saying(in_xml(in_text("a"))[: -len("</results></sparql>")], media=XML), NONSENSE),
}  # fmt: skip

READ: dict[str, tuple[Fault, object]] = {
    "hints before it": (raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + WHOLE), Literal("yes")),
    "203": (saying(GOOD, status="203 Of Somebody"), Literal("yes")),
    "a byte order mark": (saying(b"\xef\xbb\xbf" + GOOD), Literal("yes")),
    "another charset": (saying(literal('"é"'), media="application/json; charset=utf-16"), Literal("é")),
    "a number as it is written": (saying(literal("1.50")), Literal("1.50")),
    "a number beyond all": (saying(literal("1e" + "9" * 1_000_000)), Literal("1e" + "9" * 1_000_000)),
    "a number of a million digits": (saying(literal("1" * 1_000_000)), Literal("1" * 1_000_000)),
    "the same key again": (saying(literal('"a"', ', "value": "b"')), Literal("b")),
    "a zero byte": (saying(literal('"a\\u0000b"')), Literal("a\0b")),
    "no variables": (saying(b'{"results": {"bindings": [{"x": {"type": "uri", "value": "a:b"}}]}}'), NamedNode("a:b")),
    "a variable without values": (saying(found('{"type": "uri", "value": "a:b"}', '["x", "y"]')), NamedNode("a:b")),
    "a long text": (saying(literal('"' + "y" * (7 << 20) + '"')), Literal("y" * (7 << 20))),
    "Latin-1 in XML": (
        saying(in_xml(in_text("~"), '<?xml version="1.0" encoding="latin1"?>').replace(b"~", b"\xe9"), media=XML),
        Literal("é"),
    ),
    "a document type in the middle": (
        saying(in_xml('<!DOCTYPE s SYSTEM "http://127.0.0.1:1/">' + in_text("a")), media=XML),
        Literal("a"),
    ),
    "nested elements": (saying(in_xml("<a>" * DEEP + "</a>" * DEEP + in_text("a")), media=XML), Literal("a")),
    "an element that nobody knows": (saying(in_xml("<a><b/></a>" + in_text("a")), media=XML), Literal("a")),
}  # fmt: skip


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with proxied() as found:
        yield found


def store(proxy: Proxy, timeout: float = 20.0) -> RemoteStore:
    return RemoteStore(proxy.address, timeout=timeout, most_bytes=MOST, manners=Manners(retries=0), probe=False)


def patience(says: str) -> float:
    """The seconds that an endpoint may take: few where its time is what is tried."""
    return 1.0 if "within" in says else 20.0


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_is_said(proxy: Proxy, name: str) -> None:
    proxy.fault, says = REFUSED[name]
    with pytest.raises(EndpointError, match=says) as failed:
        store(proxy, patience(says)).engine.ask(SELECT)
    assert proxy.address in str(failed.value)
    assert len(str(failed.value)) < 700


@pytest.mark.slow
@pytest.mark.parametrize("name", many([*REFUSED][::7], [*REFUSED]))
def test_pages_and_commands_say_it_in_one_line(proxy: Proxy, run: Run, tmp_path: Path, name: str) -> None:
    proxy.fault, says = REFUSED[name]
    limits = Limits(timeout=patience(says), endpoint_bytes=MOST, endpoint_retries=0)
    app = create_app(Settings(endpoint=proxy.address, index_dir=tmp_path, limits=limits))
    page = app.test_client().get("/compare?method=lasso&method=ridge", headers={"Accept": "text/html"})
    assert page.status_code in {502, 503, 504}
    assert "Traceback" not in page.text
    app.extensions["kgcompare"].close()

    options = ("--timeout", patience(says), "--endpoint-bytes", MOST, "--endpoint-retries", 0)
    done = run("show", "lasso", "--endpoint", proxy.address, *options)
    assert (done.code, done.out) == (3, "")
    assert len(done.err.splitlines()) == 1
    assert not re.search("[\x00-\x09\x0b-\x1f]", done.err)


@pytest.mark.parametrize("name", READ)
def test_what_can_be_told_is_read(proxy: Proxy, name: str) -> None:
    proxy.fault, expected = READ[name]
    answer = store(proxy).engine.ask(SELECT)
    assert isinstance(answer, Solutions)
    assert answer.rows[0][0] == expected


def test_rows_that_take_more_room_than_they_are_long(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_MOST_CELLS", 8_000)
    many_rows = b'{"head": {"vars": ["x"]}, "results": {"bindings": [{}%s]}%s}'
    for members in (b"", b', "unknown": 1'):
        proxy.fault = saying(many_rows % (b",{}" * 999, members))
        assert store(proxy).engine.ask(SELECT) == Solutions(("x",), [(None,)] * 1_000)
        proxy.fault = saying(many_rows % (b",{}" * 1_000, members))
        with pytest.raises(EndpointError, match="it has more than 1,000 rows"):
            store(proxy).engine.ask(SELECT)


@pytest.mark.parametrize(("said", "expected"), [('"1"', True), ('"false"', False), ('"yes"', None), ('"2"', None)])
def test_a_table_for_true_or_false(proxy: Proxy, said: str, expected: bool | None) -> None:
    proxy.fault = saying(literal(said))
    asked = store(proxy).engine
    if expected is None:
        with pytest.raises(EndpointError, match="did not answer an ASK with true or false"):
            asked.ask("ASK {}")
    else:
        assert asked.ask("ASK {}") == Verdict(expected)


@pytest.mark.parametrize(
    ("media", "body"),
    [
        (XML, in_xml(in_text("a") * 3, '<?xml version="1.0"?>')),
        ("application/sparql-results+json", literal('"a"')),
    ],
    ids=["XML", "JSON"],
)
def test_no_beginning_of_an_answer_is_taken_for_all_of_it(media: str, body: bytes) -> None:
    assert isinstance(understood(media, body, "http://e/"), Solutions)
    for length in range(len(body)):
        with pytest.raises(EndpointError):
            understood(media, body[:length], "http://e/")
