"""An endpoint spoken to through a proxy that does what networks do: in time, in bounds, and nothing secret gets out."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import re
import resource
import threading
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal
from werkzeug.test import TestResponse

import proxy as faults
from conftest import LoadQuads, Run
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.elsewhere import Elsewhere
from kgcompare.errors import EndpointDown, EndpointError, QueryError, Refused, Unanswered, UsageError
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.relay import check_elsewhere
from kgcompare.store import Solutions, deadline
from kgcompare.store.credentials import Credentials, credentials_in, shown_address
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.endpoint import Addresses, Endpoint
from kgcompare.store.remote import RemoteStore
from kgcompare.store.speaking import Manners
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from proxy import Fault, Proxy, in_turn, proxied, saying

GOOD = json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "literal", "value": "yes"}}]}})
BODY = GOOD.encode()
YES = Solutions(("x",), [(Literal("yes"),)])
SELECT = "SELECT ?x WHERE { ?s ?p ?x }"
SECRET = "s3cret-of-nobody"
QUICK = Manners(connect=2.0, retries=2, failures=3, rest=0.3)
NEVER = Manners(retries=0, failures=1000)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy before no server."""
    with proxied() as found:
        found.fault = saying(BODY)
        yield found


def endpoint(proxy: Proxy, manners: Manners = NEVER, timeout: float = 5.0, **more: object) -> Endpoint:
    """The endpoint behind a proxy."""
    return Endpoint(Addresses(proxy.address, **more), timeout, 1 << 20, manners)  # type: ignore[arg-type]


def is_down(speaks: Endpoint) -> bool:
    """Whether an endpoint is left alone."""
    return speaks.outage is not None


def descriptors() -> int:
    """How many files and sockets are open."""
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0


def ours() -> list[str]:
    """The threads that speak to endpoints."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("kgcompare-")]


@pytest.mark.parametrize(
    ("fault", "says", "tries"),
    [
        pytest.param(faults.closed, "cannot be reached", 3, id="hangs up"),
        pytest.param(faults.silent, r"did not answer within 1 s", 1, id="silent"),
        pytest.param(faults.dripping, r"did not answer within 1 s", 1, id="drips"),
        pytest.param(faults.flooding, "answered more than 1 MiB", 1, id="floods"),
        pytest.param(faults.endless_headers, r"did not answer within 1 s|cannot be reached", 1, id="headers"),
        pytest.param(saying(BODY, length=len(BODY) + 50), "broke off", 3, id="less than it says"),
        pytest.param(saying(BODY + b"more", length=len(BODY)), "more than it said", 3, id="more than it says"),
        pytest.param(saying(b"", status="503 Down"), "status 503", 3, id="503"),
        pytest.param(saying(b"", "Retry-After: 60", status="503 Down"), "status 503", 1, id="much later"),
        pytest.param(saying(b"", status="500 Oops"), "status 500", 1, id="500"),
        pytest.param(saying(b"zz", "Transfer-Encoding: chunked", length=None), "broke off", 3, id="chunks"),
        pytest.param(saying(gzip.compress(BODY)[:-6], "Content-Encoding: gzip"), "broke off", 3, id="half packed"),
        pytest.param(saying(b"\x1f\x8bnoise", "Content-Encoding: gzip"), "cannot be unpacked", 3, id="badly packed"),
        pytest.param(saying(BODY, "Content-Encoding: br"), "not asked for", 1, id="unknown coding"),
        pytest.param(
            saying(b"<a:a> <a:a> <a:a> .\n", media="application/n-triples", length=None),
            "does not say how long",
            3,
            id="a part would look whole",
        ),
        pytest.param(
            saying(b"", "Location: http://127.0.0.2:1/x?key=k", status="302 Found"),
            r"redirects to 'http://127.0.0.2:1/x', which is not followed",
            1,
            id="elsewhere",
        ),
        pytest.param(saying(b"", "Location: /query", status="307 Again"), "more than 5 times", 6, id="in circles"),
    ],
)
def test_every_fault_is_told_in_time_and_leaves_nothing(proxy: Proxy, fault: Fault, says: str, tries: int) -> None:
    proxy.fault = fault
    open_before = descriptors()
    start = time.monotonic()
    with pytest.raises(EndpointError, match=says):
        endpoint(proxy, Manners(retries=2, failures=1000), timeout=1.0 if "within" in says else 5.0).ask(SELECT)
    assert time.monotonic() - start < 20
    assert len(proxy.requests) >= 1 if tries == 1 and "headers" in says else len(proxy.requests) == tries
    assert ours() == []
    proxy.stopping.set()  # its own connections end
    until = time.monotonic() + 60
    while descriptors() > open_before and time.monotonic() < until:
        time.sleep(0.01)
    assert descriptors() <= open_before


def test_the_time_of_the_caller_counts(proxy: Proxy) -> None:
    proxy.fault = faults.silent
    start = time.monotonic()
    with deadline.within(0.3), pytest.raises(Exception, match="longer than it may"):
        endpoint(proxy, timeout=30).ask(SELECT)
    assert time.monotonic() - start < 15


@pytest.mark.parametrize("coding", ["gzip", "deflate", "deflate without a frame", "gzip in members"])
def test_packed_answers_are_unpacked(proxy: Proxy, coding: str) -> None:
    raw = zlib.compressobj(wbits=-15)
    body = {
        "gzip": gzip.compress(BODY),
        "deflate": zlib.compress(BODY),
        "deflate without a frame": raw.compress(BODY) + raw.flush(),
        "gzip in members": gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]),
    }[coding]
    proxy.fault = saying(body, f"Content-Encoding: {coding.split(maxsplit=1)[0]}")
    assert endpoint(proxy).ask(SELECT) == ("application/sparql-results+json", BODY)
    assert "accept-encoding: gzip, deflate\r\n" in proxy.requests[0].lower()


def test_a_bomb_is_not_unpacked(proxy: Proxy) -> None:
    bomb = gzip.compress(b" " * (1 << 20)) * 300
    proxy.fault = saying(bomb, "Content-Encoding: gzip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unanswered, match="more than 1 MiB") as failed:
        endpoint(proxy).ask(SELECT)
    assert failed.value.much
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10, "in KiB"


def test_what_passes_is_tried_again(proxy: Proxy) -> None:
    proxy.fault = in_turn(saying(b"", status="503 Down"), faults.closed, saying(BODY))
    assert endpoint(proxy, QUICK).ask(SELECT)[1] == BODY
    assert len(proxy.requests) == 3
    proxy.fault = in_turn(saying(b"", "Retry-After: 1", status="429 Slowly"), saying(BODY))
    start = time.monotonic()
    assert endpoint(proxy, QUICK).ask(SELECT)[1] == BODY
    assert time.monotonic() - start >= 1


@pytest.mark.parametrize("fault", [faults.closed, saying(b"", status="503 Down"), saying(b"", length=9)])
def test_a_change_is_never_sent_twice(proxy: Proxy, fault: Fault) -> None:
    proxy.fault = fault
    speaks = endpoint(proxy, QUICK, graphs=f"http://127.0.0.1:{proxy.port}/store?x=1")
    changes: list[Callable[[], None]] = [
        lambda: speaks.update("CLEAR SILENT DEFAULT"),
        lambda: speaks.put_graph("http://e/g", b""),
        lambda: speaks.post_graph("http://e/g", b""),
        lambda: speaks.delete_graph("http://e/g"),
    ]
    for number, change in enumerate(changes, 1):
        with pytest.raises(EndpointError) as failed:
            change()
        assert len(proxy.requests) == number
        if isinstance(failed.value, Unanswered):
            assert failed.value.left
            assert "whether the change was made is not known" in str(failed.value)
    assert "content-type: application/sparql-update\r\n" in proxy.requests[0].lower()
    assert proxy.requests[1].startswith("PUT /store?x=1&graph=http%3A%2F%2Fe%2Fg HTTP/1.1\r\n")


def test_a_change_that_never_left_is_known_not_to_be_made(proxy: Proxy) -> None:
    with proxied() as other:
        gone = other.address
    with pytest.raises(Unanswered, match="cannot be reached") as failed:
        Endpoint(Addresses(proxy.address, gone), 5, 1 << 20, QUICK).update("CLEAR SILENT DEFAULT")
    assert not failed.value.left
    assert proxy.requests == []


def test_changes_have_addresses_of_their_own(proxy: Proxy) -> None:
    with proxied() as other:
        other.fault = saying(b"", status="204 Done")
        Endpoint(Addresses(proxy.address, other.address), 5, 1 << 20).update("CLEAR SILENT DEFAULT")
        assert len(other.requests) == 1
    assert proxy.requests == []
    proxy.fault = saying(b"", status="405 No")
    with pytest.raises(EndpointError, match="--update-endpoint"):
        endpoint(proxy).update("CLEAR SILENT DEFAULT")
    proxy.fault = saying(b"line 1", status="400 No", media="text/plain")
    with pytest.raises(QueryError, match="refused the update: line 1"):
        endpoint(proxy).update("nonsense")
    with pytest.raises(UsageError, match="--graph-store"):
        endpoint(proxy).put_graph("http://e/g", b"")


def test_the_circuit_opens_lets_one_look_and_closes(proxy: Proxy) -> None:
    speaks = endpoint(proxy, Manners(retries=0, failures=3, rest=0.5))
    proxy.fault = faults.closed
    for _ in range(3):
        with pytest.raises(EndpointError):
            speaks.ask(SELECT)
    for _ in range(5):
        with pytest.raises(EndpointDown, match="it is asked again in") as down:
            speaks.ask(SELECT)
    assert down.value.retry_after >= 1
    assert len(proxy.requests) == 3, "it is left alone"
    assert is_down(speaks)
    proxy.fault = faults.silent
    time.sleep(0.6)
    told: list[float] = []

    def asks() -> None:
        start = time.monotonic()
        with pytest.raises(EndpointError):
            speaks.ask(SELECT)
        told.append(time.monotonic() - start)

    threads = [threading.Thread(target=asks) for _ in range(8)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while (len(told) < 7 or len(proxy.requests) < 4) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(told) == 7, "the others are told at once"
    assert len(proxy.requests) == 4, "one looks"
    proxy.stopping.set()
    for thread in threads:
        thread.join(10)


def test_the_circuit_closes_when_there_is_an_answer(proxy: Proxy) -> None:
    speaks = endpoint(proxy, Manners(retries=0, failures=1, rest=0.2))
    proxy.fault = faults.closed
    with pytest.raises(EndpointError):
        speaks.ask(SELECT)
    with pytest.raises(EndpointDown):
        speaks.ask(SELECT)
    proxy.fault = saying(BODY)
    time.sleep(0.3)
    assert speaks.ask(SELECT)[1] == BODY
    assert not is_down(speaks)
    assert len(proxy.requests) == 3, "the one that failed, the look, the question"


def test_slow_queries_of_strangers_do_not_open_the_circuit(proxy: Proxy) -> None:
    speaks = endpoint(proxy, Manners(retries=0, failures=1, rest=60), timeout=0.3)
    proxy.fault = faults.silent
    with pytest.raises(EndpointError):
        speaks.ask(SELECT, of_stranger=True)
    assert not is_down(speaks)
    with pytest.raises(EndpointError):
        speaks.ask(SELECT)
    assert is_down(speaks)
    proxy.fault = saying(BODY)
    assert speaks.ask(SELECT)[1] == BODY, "what was slow is looked at anew at once"


# -- who we are ------------------------------------------------------------------------------------------


def digest_wanted(proxy: Proxy, algorithm: str) -> Fault:
    """Asks for Digest, and checks it as RFC 7616 has it."""

    def hashed(text: str) -> str:
        return hashlib.new(algorithm.lower().replace("-", ""), text.encode()).hexdigest()

    def fault(connection: object, answer: bytes, _: Proxy) -> None:
        request = proxy.requests[-1]
        said = re.search(r"\r\nAuthorization: Digest ([^\r]*)", request, re.IGNORECASE)
        ok = False
        if said:
            parts = parse_keqv_list(parse_http_list(said[1]))
            first = hashed(f"reader:the store:{SECRET}é")
            second = hashed(f"{request.split()[0]}:{request.split()[1]}")
            wanted = ":".join([first, "n0nce", parts["nc"], parts["cnonce"], "auth", second])
            ok = parts["response"] == hashed(wanted)
        head = 'WWW-Authenticate: Basic realm="x"\r\nWWW-Authenticate: Digest realm="the store", nonce="n0nce", '
        head += f'qop="auth", algorithm={algorithm}, opaque="o"'
        (saying(BODY) if ok else saying(b"who?", head, status="401 Who"))(connection, answer, proxy)  # type: ignore[arg-type]

    return fault


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_digest(proxy: Proxy, algorithm: str) -> None:
    proxy.fault = digest_wanted(proxy, algorithm)
    speaks = endpoint(proxy, credentials=Credentials("reader", SECRET + "é"))
    assert speaks.ask(SELECT)[1] == BODY
    assert speaks.ask(SELECT + "# " + "long " * 1000)[1] == BODY
    assert len(proxy.requests) == 3, "the second knows what is wanted"
    assert SECRET not in "".join(proxy.requests)
    assert "Basic" not in "".join(proxy.requests), "Digest comes first"


def test_basic_goes_out_when_it_is_asked_for(proxy: Proxy) -> None:
    proxy.fault = in_turn(saying(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Who"), saying(BODY))
    speaks = endpoint(proxy, credentials=Credentials("reader", SECRET))
    assert speaks.ask(SELECT)[1] == BODY
    assert speaks.ask(SELECT)[1] == BODY
    first, *others = proxy.requests
    assert "authorization" not in first.lower()
    assert ["Authorization: Basic cmVhZGVyOnMzY3JldC1vZi1ub2JvZHk=" in request for request in others] == [True, True]


def test_a_password_in_an_address_is_for_that_address(proxy: Proxy) -> None:
    proxy.fault = saying(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Who")
    with proxied() as other:
        other.fault = saying(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Who")
        asked = proxy.address.replace("//", f"//reader:{SECRET}@")
        speaks = Endpoint(Addresses(asked, other.address), 5, 1 << 20, NEVER)
        with pytest.raises(EndpointError, match="401"):
            speaks.ask(SELECT)
        with pytest.raises(EndpointError, match="401"):
            speaks.update("CLEAR SILENT DEFAULT")
        assert ["Authorization" in request for request in proxy.requests] == [False, True]
        assert ["Authorization" in request for request in other.requests] == [False]
    assert RemoteStore(asked).identity == RemoteStore(proxy.address).identity


@pytest.mark.parametrize("where", ["http://127.0.0.1:{port}/", "http://reader@127.0.0.1:{own}/", "//localhost:{own}/"])
def test_nothing_goes_to_another_host(proxy: Proxy, where: str) -> None:
    with proxied() as other:
        target = where.format(port=other.port, own=proxy.port)
        proxy.fault = saying(b"", f"Location: {target}", status="307 There")
        with pytest.raises(EndpointError, match="is not followed"):
            endpoint(proxy, credentials=Credentials(token=SECRET)).ask(SELECT)
        assert other.requests == []
    assert len(proxy.requests) == 1


def test_secrets_are_nowhere(proxy: Proxy, run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    echo = f"Bearer {SECRET} and apikey={SECRET}".encode()
    proxy.fault = saying(echo, status="403 No", media="text/plain")
    file = tmp_path / "who.toml"
    file.write_text(f'token = "{SECRET}"\n')
    file.chmod(0o600)
    address = f"{proxy.address}?apikey={SECRET}"
    caplog.set_level(logging.DEBUG)
    elsewhere = Elsewhere(address.replace("//", f"//u:{SECRET}@"), address, address, file)
    settings = Settings(endpoint=elsewhere.endpoint, endpoint_credentials=file)
    with pytest.raises(EndpointError) as failed:
        elsewhere.open(Limits()).endpoint.update("CLEAR SILENT DEFAULT")
    told = ["".join(traceback.format_exception(failed.value)), repr(elsewhere), repr(settings), caplog.text]
    told += [repr(credentials_in(file)), str(credentials_in(file)), repr(elsewhere.open(Limits()).endpoint)]
    site = create_app(settings).test_client()
    for path in ("/", "/healthz", "/method/lasso", "/sparql?query=ASK{}", "/compare?method=lasso.json"):
        answer = site.get(path)
        told.append(answer.get_data(as_text=True) + str(answer.headers))
    for command in (["settings"], ["settings", "--format", "json"], ["stats"], ["query", "ASK {}"]):
        done = run(*command, "--endpoint", settings.endpoint, "--endpoint-credentials", file)
        told.append(done.out + done.err)
    assert any("status 403" in text for text in told)
    assert [text for text in told if SECRET in text] == []
    assert f"Authorization: Bearer {SECRET}" in "".join(proxy.requests), "and yet it was told"


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ('user = "u"\npassword = "p"', 0o644, "chmod 600"),
        ('user = "u"\npasword = "p"', 0o600, "has to have user and password, or token"),
        ("password = p", 0o600, "is no TOML"),
        ('password = "p"', 0o600, "no user"),
        ('token = "t"\nuser = "u"', 0o600, "not both"),
        ('token = "a b"', 0o600, "RFC 6750"),
        ('user = "u"\npassword = "a\\nb"', 0o600, "RFC 7617"),
    ],
)
def test_a_file_of_credentials_that_is_refused(tmp_path: Path, text: str, mode: int, says: str) -> None:
    file = tmp_path / "who.toml"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(UsageError, match=re.escape(says)) as failed:
        credentials_in(file)
    assert '"p"' not in str(failed.value)


def test_credentials_of_the_environment(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGCOMPARE_ENDPOINT_TOKEN", SECRET)
    Elsewhere(proxy.address).open(Limits()).endpoint.ask(SELECT)
    assert f"Authorization: Bearer {SECRET}" in proxy.requests[0]


def test_how_an_address_is_shown() -> None:
    assert shown_address("https://u:p@h.example:8/sparql?key=k#f") == "https://h.example:8/sparql"


# -- pages, and queries of strangers ---------------------------------------------------------------------


@pytest.fixture
def through(small_store: Path, oxigraph_server: LoadQuads) -> Iterator[Proxy]:
    """A proxy before a server that has the small catalogue."""
    address = oxigraph_server(EmbeddedStore(small_store).snapshot().quads())
    with proxied(("127.0.0.1", int(re.findall(r":(\d+)/", address)[0]))) as found:
        yield found


def said(answer: TestResponse) -> dict[str, Any]:
    """What an answer says in JSON."""
    found = answer.get_json()
    assert isinstance(found, dict)
    return found


def site_of(proxy: Proxy, **more: object) -> FlaskClient:
    """The pages of the catalogue behind a proxy."""
    limits = Limits(endpoint_retries=0, endpoint_failures=2, endpoint_rest=0.5, answer_rows=40)
    settings = Settings(endpoint=proxy.address, limits=limits, **more)  # type: ignore[arg-type]
    return create_app(settings).test_client()


def test_pages_of_an_endpoint_that_is_down(through: Proxy) -> None:
    manners = Manners(retries=0, failures=2, rest=0.5)
    store = RemoteStore(through.address, manners=manners)
    site = create_app(Settings(endpoint=through.address), Catalogue(store)).test_client()
    assert said(site.get("/healthz"))["generation"] is None, "it does not ask"
    assert through.requests == []
    page = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    well = site.get("/compare?method=lasso&method=ridge&lang=fr", headers=page)
    assert well.status_code == 200
    table = site.get("/compare.json?method=lasso&method=ridge")
    through.fault = faults.closed
    for _ in range(2):
        store._until = 0.0  # its time is over
        assert site.get("/compare.json?method=lasso&method=ridge").data == table.data, "the last generation stays"
    before = len(through.requests)
    down = site.get(
        "/compare?method=lasso&method=ridge&lang=fr", headers=page | {"If-None-Match": well.headers["ETag"]}
    )
    assert down.status_code == 200
    text = (gzip.decompress(down.data) if "Content-Encoding" in down.headers else down.data).decode()
    assert "La source de ce catalogue ne répond pas pour l’instant" in text
    assert re.fullmatch(r"kgcompare; hit; ttl=-\d+; detail=origin-down", down.headers["Cache-Status"])
    assert text.replace(re.findall(r'\n<p class="notice" id="outage".*?</p>', text)[0], "") == (
        gzip.decompress(well.data).decode()
    )
    data = site.get("/compare.json?method=lasso&method=ridge")
    assert (data.data, int(data.headers["Age"]) >= 0) == (table.data, True)
    assert site.get("/healthz").status_code == 200
    unknown = site.get("/method/elastic-net.json")
    assert unknown.status_code in {200, 503}
    asked = site.get("/sparql?query=ASK{}")
    assert (asked.status_code, asked.headers["Retry-After"].isdigit()) == (503, True)
    assert len(through.requests) <= before + 2, "a look now and then"
    through.fault = faults.whole
    time.sleep(0.6)
    store._until = 0.0
    assert site.get("/sparql?query=ASK{}").status_code == 200
    up = site.get("/compare?method=lasso&method=ridge&lang=fr", headers=page)
    assert "Cache-Status" not in up.headers


QUERIES = [
    "SELECT ?s ?n WHERE { ?s a kgc:Method ; skos:prefLabel ?n FILTER(lang(?n) = 'en') } ORDER BY ?s ?n",
    "ASK { ?s a kgc:Method }",
    "CONSTRUCT { ?s skos:prefLabel ?n } WHERE { ?s a kgc:Method ; skos:prefLabel ?n FILTER(lang(?n) = 'en') }",
    "SELECT (COUNT(*) AS ?n) FROM <https://w3id.org/kgcompare/doc/method/lasso> WHERE { ?s ?p ?o }",
    "SELECT ?o WHERE { <id/method/lasso> a ?o } ORDER BY ?o",
]
PREFIXES = "PREFIX kgc: <https://w3id.org/kgcompare/ns#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "


@pytest.mark.slow
def test_strangers_queries_are_passed_on(through: Proxy, small_store: Path) -> None:
    there, here = site_of(through), create_app(Settings(store=small_store)).test_client()
    assert said(there.get("/healthz"))["queries"] == "on"
    for query in QUERIES:
        for form in ("ttl", "nt", "rdf", "jsonld") if "CONSTRUCT" in query else ("json", "xml", "csv", "tsv"):
            asked = {"query": PREFIXES + query, "format": form}
            found, expected = there.get("/sparql", query_string=asked), here.get("/sparql", query_string=asked)
            assert found.status_code == expected.status_code == 200, found.get_data(as_text=True)
            assert found.content_type == expected.content_type
            assert sorted(found.data.splitlines()) == sorted(expected.data.splitlines()), (query, form)
    assert said(there.post("/sparql", data={"query": "ASK {}"}))["boolean"] is True


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * { SERVICE <http://e/> { ?s ?p ?o } }", "SERVICE"),
        ("INSERT DATA { <a:a> <a:a> <a:a> }", "updates"),
        ("SELECT * FROM <http://e/other> { ?s ?p ?o }", "has no graph 'http://e/other'"),
        ("SELECT * FROM NAMED <http://e/other> { ?s ?p ?o }", "has no graph"),
        ("PREFIX e: <http://e/> SELECT * FROM e:other { ?s ?p ?o }", "a whole IRI"),
        ("SELECT *FROM<http://e/other>{ ?s ?p ?o }", "has no graph"),
        ("ASKFROM<http://e/other>{ ?s ?p ?o }", "apart from other words"),
        ("SELECT * # \\u000A FROM <http://e/other>\n { ?s ?p ?o }", "has no graph"),
        ("SELECT * { GRAPH <http://e/other> { ?s ?p ?o } }", "has no graph"),
        ('DEFINE get:soft "soft" SELECT * { ?s ?p ?o }', "DEFINE"),
        ("SELECT (bif:now() AS ?x) {}", "bif:now"),
        ("PREFIX j: <java:java.lang.> SELECT (j:System() AS ?x) {}", "java:"),
        ("SELECT ?s ?p ?o { ?s ?p ?o }", "more than 40 rows"),
        ("SELECT", "refused the query"),
    ],
)
def test_what_is_not_passed_on(through: Proxy, query: str, says: str) -> None:
    answer = site_of(through).get("/sparql", query_string={"query": query})
    assert answer.status_code == 400
    assert says in said(answer)["detail"]


def test_a_dataset_of_the_protocol(through: Proxy) -> None:
    site = site_of(through)
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    graph = "https://w3id.org/kgcompare/doc/method/lasso"
    some = said(site.get("/sparql", query_string={"query": count, "default-graph-uri": graph}))
    every = said(site.get("/sparql", query_string={"query": count}))
    numbers = [int(found["results"]["bindings"][0]["n"]["value"]) for found in (some, every)]
    assert 0 < numbers[0] < numbers[1]
    refused = site.get("/sparql", query_string={"query": count, "default-graph-uri": "http://e/other"})
    assert refused.status_code == 400


def test_queries_can_be_off(through: Proxy) -> None:
    site = site_of(through, endpoint_queries=False)
    answer = site.get("/sparql?query=ASK{}")
    assert answer.status_code == 400
    assert "--endpoint-queries off" in said(answer)["detail"]
    assert said(site.get("/healthz"))["queries"] == "off"


def test_a_strangers_query_that_is_slow_ends_in_time(through: Proxy) -> None:
    limits = Limits(query_timeout=0.5, endpoint_failures=1)
    with Catalogue(RemoteStore(through.address)) as catalogue:
        catalogue.generation()
        site = create_app(Settings(endpoint=through.address, limits=limits), catalogue).test_client()
        through.fault = faults.silent
        start = time.monotonic()
        answer = site.get("/sparql?query=ASK{}")
        assert (answer.status_code, time.monotonic() - start < 30) == (503, True)
        assert "longer than it may" in said(answer)["detail"]
        assert catalogue.store.outage is None


def test_the_screen_lets_what_is_ours_pass() -> None:
    base = Base(DEFAULT_BASE)
    check_elsewhere(
        f"SELECT * FROM <{base.value}ns> FROM NAMED <{base.value}ns> {{ GRAPH ?g {{ ?s ?p 'FROM' }} }}", base
    )
    check_elsewhere("# from here\nSELECT ?from { ?from <http://e/from> 'define bif:x' }", base)
    with pytest.raises(Refused):
        check_elsewhere("SELECT * { ?s ?p ?o } VALUES ?x { <bif:x> }", base)
