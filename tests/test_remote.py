"""An endpoint that answers well, badly, slowly or not at all; and the same questions to every kind of store."""

from __future__ import annotations

import inspect
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from conftest import LoadQuads
from kgcompare import resources
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.inquiry import asked_names, asked_records
from kgcompare.errors import EndpointError, QueryError, StoreError, UnknownThing
from kgcompare.formats import COMPARISON, render
from kgcompare.rdf.queries import load
from kgcompare.report.extent import measure
from kgcompare.search import Filter
from kgcompare.search.gathering import things_of
from kgcompare.store import Snapshot, Solutions, Statements, Store, Verdict, checkpoint, remote
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from proxy import Proxy, proxied, saying, whole

JSON = "application/sparql-results+json"
GOOD = json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "literal", "value": "yes"}}]}})
SELECT = "SELECT ?x WHERE { ?s ?p ?x }"
Script = Callable[[socket.socket, str], None]
"""What a scripted server does with a connection, given the request's head and body."""


@contextmanager
def scripted(script: Script) -> Iterator[str]:
    """An endpoint on loopback that does what *script* says with every connection."""
    server = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve_one(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                request = b""
                while b"\r\n\r\n" not in request:
                    part = connection.recv(65536)
                    if not part:
                        return
                    request += part
                script(connection, request.decode("latin-1"))
            except OSError:
                pass  # the client has gone, as it may

    def serve() -> None:
        while not done.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/sparql"
    finally:
        done.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def answer(body: str | bytes, media: str = JSON, status: str = "200 OK", **headers: str) -> Script:
    """A script that answers every request with the same."""
    data = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}", f"Content-Type: {media}", f"Content-Length: {len(data)}", "Connection: close"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + data)

    return script


def ask(endpoint: str, query: str = SELECT, timeout: float = 5) -> object:
    """What an endpoint answers."""
    return RemoteStore(endpoint, timeout=timeout, probe=False).engine.ask(query)


def test_a_good_answer() -> None:
    with scripted(answer(GOOD)) as endpoint:
        assert ask(endpoint) == Solutions(("x",), [(Literal("yes"),)])


@pytest.mark.parametrize(
    "media", [JSON, JSON + ";charset=utf-8", "Application/SPARQL-Results+JSON", "application/json"]
)
def test_media_types_of_a_good_answer(media: str) -> None:
    with scripted(answer(GOOD, media)) as endpoint:
        assert ask(endpoint) == Solutions(("x",), [(Literal("yes"),)])


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("text/turtle", "<http://e/s> <http://e/p> 'o' ."),
        ("application/n-triples", "<http://e/s> <http://e/p> 'o' .".replace("'", '"')),
    ],
)
def test_statements(media: str, body: str) -> None:
    with scripted(answer(body, media)) as endpoint:
        found = ask(endpoint, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    assert isinstance(found, Statements)
    assert [(t.subject, t.object) for t in found.triples] == [(NamedNode("http://e/s"), Literal("o"))]


def test_a_verdict() -> None:
    with scripted(answer('{"head": {}, "boolean": true}')) as endpoint:
        assert ask(endpoint, "ASK {}") == Verdict(True)


def test_a_query_that_the_endpoint_refuses() -> None:
    with (
        scripted(answer("Parse error: line 1", "text/plain", "400 Bad Request")) as endpoint,
        pytest.raises(QueryError, match=r"refused the query.*Parse error: line 1"),
    ):
        ask(endpoint)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (answer("oops", "text/plain", "500 Internal Server Error"), "failed|status 500"),
        (answer("<h1>Not found</h1>", "text/html", "404 Not Found"), "failed|status 404"),
        (answer("", "text/plain", "401 Unauthorized"), "failed|status 401"),
        (answer("", "text/plain", "403 Forbidden"), "status 403"),
        (answer("later", "text/plain", "503 Service Unavailable", Retry_After="60"), "status 503"),
        (answer("<!doctype html><title>Welcome</title>", "text/html; charset=utf-8"), "answered with text/html"),
        (answer(GOOD[:-30]), "no SPARQL result"),
        (answer("", JSON), "no SPARQL result"),
        (answer("[1, 2, 3]", JSON), "no SPARQL result"),
        (answer('{"hello": "world"}', JSON), "no SPARQL result"),
        (answer('{"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "odd"}}]}}'), "no SPARQL result"),
        (answer(b"\xff\xfe\x00", JSON), "no SPARQL result"),
        (answer("", ""), "answered with no media type"),
        (answer("yes", "application/octet-stream"), "answered with application/octet-stream"),
        (answer("SELECT timed out", "text/plain"), "answered with text/plain"),
        (answer("", "text/plain", "204 No Content"), "answered with text/plain|answered with no media type"),
        (answer("", "text/plain", "302 Found", Location="/sparql"), "failed|status 302|cannot be reached|redirect"),
        (answer("", "text/plain", "302 Found", Location="file:///etc/passwd"), "redirects to"),
        (answer("", "text/plain", "302 Found", Location="ftp://127.0.0.1:1/x"), "redirects to"),
        (lambda connection, _: None, "cannot be reached"),
        (lambda connection, _: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"), "does not speak HTTP"),
        (
            lambda connection, _: connection.sendall(
                f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: 5000\r\n\r\n{GOOD}".encode()
            ),
            "broke off in the middle",
        ),
        (
            lambda connection, _: connection.sendall(
                f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode()
            ),
            "broke off in the middle",
        ),
        (lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000), "does not speak HTTP"),
    ],
)
def test_an_endpoint_that_fails(script: Script, says: str) -> None:
    start = time.monotonic()
    with scripted(script) as endpoint, pytest.raises(EndpointError, match=says) as failed:
        ask(endpoint)
    assert endpoint in str(failed.value), "the message names the endpoint"
    assert "\n" not in str(failed.value)
    assert len(str(failed.value)) < 700
    assert time.monotonic() - start < 20


def test_an_answer_cut_short_is_never_taken_for_whole() -> None:
    lines = "".join(f"<http://e/{n}> <http://e/p> <http://e/o> .\n" for n in range(100))
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/n-triples\r\nContent-Length: 99999\r\n\r\n"
    with (
        scripted(lambda connection, _: connection.sendall((head + lines).encode())) as endpoint,
        pytest.raises(EndpointError),
    ):
        ask(endpoint, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        ([{"type": "literal", "value": "many"}], "a count could not be found out.*many.*no number"),
        ([{"type": "literal", "value": "-1"}], "no number"),
        ([{"type": "uri", "value": "urn:x:7"}], "no number"),
        ([], "a count could not be found out.*nothing"),
    ],
)
def test_a_count_that_is_none_is_not_taken_for_0(statements: list[object], says: str) -> None:
    """An engine that answers everything but how many statements it has."""
    spoken = {name: {"type": "uri", "value": f"urn:x:{name}"} for name in ("subject", "predicate", "object")}
    others = answer(json.dumps({"head": {"vars": [*spoken, "graph"]}, "results": {"bindings": [spoken]}}))
    yes = answer(json.dumps({"head": {}, "boolean": True}))
    found = {"head": {"vars": ["statements"]}, "results": {"bindings": [{"statements": one} for one in statements]}}
    counts = answer(json.dumps(found))

    def script(connection: socket.socket, request: str) -> None:
        query = unquote_plus(request)
        (yes if "ASK" in query else counts if "COUNT" in query else others)(connection, request)

    with scripted(script) as url, pytest.raises(EndpointError, match=says):
        _ = RemoteStore(url).engine.traits


@pytest.mark.parametrize(
    "found",
    [
        {"zzz": {"type": "literal", "value": "1"}},
        {name: {"type": "literal", "value": "many"} for name in ("statements", "count", "place", "graph", "object")},
        {name: {"type": "uri", "value": "a:b"} for name in ("subject", "predicate", "object", "count", "statements")},
    ],
)
def test_solutions_that_nobody_asked_for_are_told_as_such(found: dict[str, object], tmp_path: Path) -> None:
    """An engine that answers whatever is asked with the same."""
    said = json.dumps({"head": {"vars": list(found)}, "results": {"bindings": [found]}})
    with scripted(answer(said)) as url, Catalogue(RemoteStore(url)) as there:
        for ask in (
            lambda: there.compare(["lasso", "ridge"], "en"),
            lambda: there.generation().counts(),
            lambda: measure(there.generation()),
            lambda: there.store.snapshot().dump(tmp_path / "all.nq"),
        ):
            with pytest.raises((EndpointError, UnknownThing)):
                ask()


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}/sparql"
        with pytest.raises(EndpointError, match=r"cannot be reached.*refused"):
            ask(endpoint)


def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(EndpointError, match="cannot be reached"):
        ask("http://kgcompare.invalid/sparql")


@pytest.mark.parametrize(
    "address", ["", "sparql", "ftp://example.org/", "file:///etc/passwd", "http://", "http:///sparql", "//example.org"]
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(EndpointError, match="is not the address of an endpoint"):
        RemoteStore(address)


@pytest.mark.parametrize(
    "address", ["http://[::1/sparql", "http://127.0.0.1:port/", "http://127.0.0.1:99999/", "http://a b/"]
)
def test_an_address_that_is_broken(address: str) -> None:
    with pytest.raises(EndpointError):
        ask(address)


def test_an_update_is_never_sent_as_an_update() -> None:
    seen: list[str] = []

    def script(connection: socket.socket, request: str) -> None:
        seen.append(request)
        answer("no", "text/plain", "400 Bad Request")(connection, request)

    with scripted(script) as endpoint:
        for update in ("DROP ALL", "DROP ALL # " + "x" * 5000):
            with pytest.raises(QueryError):
                ask(endpoint, update)
    assert len(seen) == 2
    assert "update=" not in "".join(seen)


def test_results_in_xml() -> None:
    body = (
        '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/></head><results><result>'
        '<binding name="x"><literal>yes</literal></binding></result></results></sparql>'
    )
    with scripted(answer(body, "application/sparql-results+xml")) as endpoint:
        assert ask(endpoint) == Solutions(("x",), [(Literal("yes"),)])


def drip(data: bytes, pause: float, first: bytes = b"") -> Script:
    """Sends *first* at once and *data* a byte at a time."""

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(first)
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause)

    return script


HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {len(GOOD)}\r\n\r\n".encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda connection, _: time.sleep(15), id="no first byte"),
        pytest.param(drip(HEAD, 0.2), id="dripping head"),
        pytest.param(drip(GOOD.encode(), 0.3, first=HEAD), id="dripping body"),
        pytest.param(drip(GOOD[:2].encode(), 15, first=HEAD), id="stops in the middle"),
    ],
)
def test_an_endpoint_that_is_slow(script: Script) -> None:
    start = time.monotonic()
    with scripted(script) as endpoint, pytest.raises(EndpointError, match=r"did not answer within 1 s"):
        ask(endpoint, timeout=1)
    assert time.monotonic() - start < 10


def test_a_timeout_of_less_than_a_second() -> None:
    start = time.monotonic()
    with (
        scripted(lambda connection, _: time.sleep(15)) as endpoint,
        pytest.raises(EndpointError, match=r"did not answer within 0.3 s"),
    ):
        ask(endpoint, timeout=0.3)
    assert time.monotonic() - start < 10


def test_a_huge_answer() -> None:

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode())
        while True:
            connection.sendall(b" " * 65536)

    with scripted(script) as endpoint, pytest.raises(EndpointError, match="answered more than 1 MiB"):
        RemoteStore(endpoint, timeout=5, most_bytes=1 << 20, probe=False).snapshot().query(SELECT)


def test_a_redirect_to_the_endpoint_is_followed() -> None:
    def script(connection: socket.socket, request: str) -> None:
        if request.startswith("GET /sparql"):
            query = urlsplit(request.split(" ")[1]).query
            answer("", "text/plain", "307 Temporary Redirect", Location=f"/moved?{query}")(connection, request)
        else:
            answer(GOOD)(connection, request)

    with scripted(script) as endpoint:
        assert ask(endpoint) == Solutions(("x",), [(Literal("yes"),)])


def test_what_is_sent() -> None:
    seen: list[str] = []

    def script(connection: socket.socket, request: str) -> None:
        seen.append(request)
        answer(GOOD)(connection, request)

    with scripted(script) as endpoint:
        ask(endpoint)
        ask(endpoint, SELECT + " # " + "long " * 1000)
    short, long = seen
    path = short.split(" ")[1]
    assert parse_qs(urlsplit(path).query) == {"query": [SELECT]}, "no parameter that overrules Accept"
    assert long.startswith("POST /sparql HTTP/1.1\r\n")
    for request in seen:
        head = request.split("\r\n\r\n")[0].lower()
        assert "accept: application/sparql-results+json" in head
        assert "user-agent: kgcompare" in head


def test_an_endpoint_whose_address_has_a_query_of_its_own() -> None:
    seen: list[str] = []

    def script(connection: socket.socket, request: str) -> None:
        seen.append(request)
        answer(GOOD)(connection, request)

    with scripted(script) as endpoint:
        ask(endpoint + "?default-graph-uri=urn%3Ax&key=")
        ask(endpoint + "?default-graph-uri=urn%3Ax&key=", SELECT + " # " + "long " * 1000)
    sent = [parse_qs(urlsplit(request.split(" ")[1]).query, keep_blank_values=True) for request in seen]
    assert sent[0] == {"default-graph-uri": ["urn:x"], "key": [""], "query": [SELECT]}
    assert sent[1] == {"default-graph-uri": ["urn:x"], "key": [""]}


def test_a_generation_lasts_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = '{"head": {"vars": ["made", "generation"]}, "results": {"bindings": []}}'
    with scripted(answer(nothing)) as endpoint:
        store = RemoteStore(endpoint, keep=0.05, probe=False)
        first = store.snapshot()
        assert store.snapshot() is first
        time.sleep(0.1)
        later = time.time() + 2
        monkeypatch.setattr("time.time", lambda: later)
        second = store.snapshot()
    assert second is not first
    assert second.generation != first.generation


def test_two_endpoints_have_two_identities() -> None:
    assert RemoteStore("http://a.example/").identity != RemoteStore("http://b.example/").identity


# -- the same contract for every store -----------------------------------------------------------------


@pytest.fixture(params=["embedded", "remote"])
def catalogue(request: pytest.FixtureRequest, small_store: Path) -> Iterator[Catalogue]:
    """The small catalogue in a store folder, and all of it, its history too, behind a real SPARQL server."""
    local = EmbeddedStore(small_store)
    if request.param == "remote":
        load_quads: LoadQuads = request.getfixturevalue("oxigraph_server")
        snapshot = local.snapshot()
        history = snapshot.graph(snapshot.base.history_graph)
        assert history
        with Catalogue(RemoteStore(load_quads([*snapshot.quads(), *history]))) as found:
            yield found
    else:
        with Catalogue(local) as found:
            yield found


@pytest.fixture
def here(small_store: Path) -> Iterator[Catalogue]:
    """The small catalogue in a store folder, to compare with."""
    with Catalogue(EmbeddedStore(small_store)) as found:
        yield found


def test_a_dump_is_everything(catalogue: Catalogue, here: Catalogue, tmp_path: Path) -> None:
    catalogue.generation().snapshot.dump(tmp_path / "all.nq")
    dumped = list(parse(path=str(tmp_path / "all.nq"), format=RdfFormat.N_QUADS))
    expected = list(here.generation().quads())
    assert len(dumped) == len(expected)
    assert {q.graph_name for q in dumped} == {q.graph_name for q in expected}
    with pytest.raises(StoreError, match="cannot be written"):
        catalogue.generation().snapshot.dump(tmp_path / "nowhere" / "all.nq")


@pytest.mark.parametrize("lang", ["en", "fr", "de"])
def test_comparisons_are_the_same(catalogue: Catalogue, here: Catalogue, lang: str) -> None:
    ids = ["lasso", "gan", "nothing", "ridge", "elbow"]
    assert catalogue.compare(ids, lang) == here.compare(ids, lang)


def test_an_engine_that_takes_few_things_at_a_time(part_store: Path, oxigraph_server: LoadQuads) -> None:
    near = EmbeddedStore(part_store).snapshot()
    url = oxigraph_server(near.quads())
    things = [NamedNode(each) for each in things_of(near)[:60]]
    with proxied(("127.0.0.1", urlsplit(url).port or 0)) as proxy:

        def narrow(connection: socket.socket, answered: bytes, proxy: Proxy) -> None:
            is_long = len(proxy.requests[-1]) > 30_000
            (saying(b"too long", status="500 Oops") if is_long else whole)(connection, answered, proxy)

        wide, snapshot = RemoteStore(url).snapshot(), RemoteStore(proxy.address).snapshot()
        proxy.fault = narrow
        names, records = asked_names(snapshot, things), asked_records(snapshot, things, [], [], [])[0]
    for found, expected in ((names, asked_names(wide, things)), (records, asked_records(wide, things, [], [], [])[0])):
        sizes = {thing: len(list(graph)) for thing, graph in found.items()}
        assert sizes == {thing: len(list(graph)) for thing, graph in expected.items()}
        assert sum(sizes.values()) > 60


def test_a_comparison_costs_two_questions_whatever_it_has(part_store: Path, oxigraph_server: LoadQuads) -> None:
    url = oxigraph_server(EmbeddedStore(part_store).snapshot().quads())
    slugs = list(dict.fromkeys(slug for row in resources.example_comparisons() for slug in row))
    with proxied(("127.0.0.1", urlsplit(url).port or 0)) as proxy, Catalogue(EmbeddedStore(part_store)) as near:
        for columns, lang in ((1, "en"), (2, "en"), (5, "fr"), (10, "en")):
            with Catalogue(RemoteStore(proxy.address)) as far:
                assert far.generation().main_class
                far.query("ASK { ?s ?p ?o }")  # which finds out what the engine can do
                proxy.requests.clear()
                compared = far.compare(slugs[:columns], lang)
                assert len(proxy.requests) == 2, [request[:300] for request in proxy.requests]
                assert compared == near.compare(slugs[:columns], lang)
                assert any(value.csl for row in compared for cell in row.cells for value in cell.values)
                assert columns == 1 or compared.sentences
                assert far.compare(slugs[:columns], lang) == compared
                far.compare(slugs[columns + 1 :: -1][:10], lang)  # of which two are new
                assert len(proxy.requests) <= 4


@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(COMPARISON))
def test_every_format_gives_the_same_bytes(catalogue: Catalogue, here: Catalogue, form: str) -> None:
    base = here.generation().base.value
    there = render(catalogue.compare(["lasso", "elbow"], "fr"), form, base)
    assert there == render(here.compare(["lasso", "elbow"], "fr"), form, base)


@pytest.mark.parametrize(
    "kind_slug", ["method/lasso", "agent/ian-goodfellow", "source/hoerl-1970", "domain/statistics"]
)
def test_records_are_the_same(catalogue: Catalogue, here: Catalogue, kind_slug: str) -> None:
    kind, slug = kind_slug.split("/")
    assert catalogue.generation().record(kind, slug, "fr") == here.generation().record(kind, slug, "fr")


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        Filter(),
        Filter("regression"),
        Filter("régularisation"),
        Filter("goodfellow"),
        Filter("no such thing"),
        Filter(facets={"domain": "statistics"}),
        Filter(start=1990, end=2000),
        Filter(kind="agent"),
    ],
)
def test_lists_are_the_same(catalogue: Catalogue, here: Catalogue, query: Filter) -> None:
    found = catalogue.generation().search(query, "fr", facets=True)
    expected = here.generation().search(query, "fr", facets=True)
    assert [thing.id for thing in found.things] == [thing.id for thing in expected.things]
    assert found.total == expected.total
    assert found.facets == expected.facets


def test_counts_are_the_same(catalogue: Catalogue, here: Catalogue) -> None:
    assert catalogue.generation().counts() == here.generation().counts()


def test_all_statements_are_the_same(catalogue: Catalogue, here: Catalogue) -> None:
    def named(found: Catalogue) -> list[str]:
        return sorted(str(quad) for quad in found.generation().quads() if "_:" not in str(quad))

    assert named(catalogue) == named(here)
    assert len(list(catalogue.generation().quads())) == len(list(here.generation().quads()))


@pytest.mark.parametrize("name", ["index_things", "names", "pointing_in", "shapes"])
def test_query_files_give_the_same(catalogue: Catalogue, here: Catalogue, name: str) -> None:
    query = load(name)
    lasso = NamedNode("https://w3id.org/kgcompare/id/method/lasso")
    bound: dict[str, dict[str, list[NamedNode] | list[tuple[NamedNode, Literal]]]] = {
        "names": {"thing__place": [(lasso, Literal(7))]},
        "pointing_in": {"thing": [lasso]},
    }
    text = query.bind(**bound.get(name, {}))
    found, expected = catalogue.query(text), here.query(text)
    assert type(found) is type(expected)
    if isinstance(found, Solutions) and isinstance(expected, Solutions):
        assert found.variables == expected.variables
        assert sorted(map(str, found.rows)) == sorted(map(str, expected.rows))
        assert found.rows
    elif isinstance(found, Statements) and isinstance(expected, Statements):
        assert len(found.triples) == len(expected.triples) > 0


@pytest.mark.parametrize("query", ["SELECT", "SELECT * WHERE { ?s ex:p ?o }", "INSERT DATA { <x:a> <x:b> <x:c> }"])
def test_malformed_queries_are_refused_alike(catalogue: Catalogue, query: str) -> None:
    with pytest.raises(QueryError):
        catalogue.query(query)


def test_select_takes_nothing_else(catalogue: Catalogue) -> None:
    with pytest.raises((QueryError, StoreError)):
        catalogue.generation().snapshot.select("ASK {}")


@pytest.mark.parametrize("text", ['"', "\\", "'''", '"""', "\n", "\r\n\t", "}", "\u202e", "# x", "?x", "'\\", "𝔘"])
def test_what_is_bound_comes_back_unchanged(catalogue: Catalogue, text: str) -> None:
    query = "SELECT ?after WHERE { VALUES ?after { %s } }"
    from kgcompare.rdf.queries import serialise

    assert catalogue.generation().snapshot.select(query % serialise(Literal(text))).rows == [(Literal(text),)]


def test_graphs_are_read_in_one_way(catalogue: Catalogue) -> None:
    snapshot: Snapshot = catalogue.store.snapshot()
    names = snapshot.graphs()
    assert len(names) == len(set(names)) > 3
    by_graph = Counter(quad.graph_name.value for quad in snapshot.quads() if isinstance(quad.graph_name, NamedNode))
    history = snapshot.base.history_graph
    assert history not in by_graph  # what is given on says what is, not how it came about
    assert set(names) == {*by_graph, history}
    assert {quad.graph_name for quad in snapshot.graph(history)} == {NamedNode(history)}
    for name in sorted(by_graph)[:5]:
        quads = snapshot.graph(name)
        assert len(quads) == by_graph[name]
        assert {quad.graph_name for quad in quads} == {NamedNode(name)}
    assert snapshot.graph("http://e/nothing-there") == []


def test_what_a_snapshot_says_of_itself(catalogue: Catalogue) -> None:
    store: Store = catalogue.store
    snapshot = store.snapshot()
    assert snapshot is store.opened()
    assert snapshot.generation
    assert snapshot.base.value
    local = snapshot.path is not None
    assert (snapshot.index_path is not None, snapshot.keeps_shapes) == (local, local)
    members = {name for name in vars(Snapshot) if not name.startswith("_")}
    assert members >= {"path", "index_path", "keeps_shapes", "graph", "graphs", "quads", "dump", "query", "select"}
    assert all(hasattr(snapshot, name) for name in members)
    for name in ("query", "select", "graph", "graphs", "quads", "dump"):
        promised = inspect.signature(getattr(Snapshot, name)).parameters
        assert list(inspect.signature(getattr(type(snapshot), name)).parameters) == list(promised), name


def test_both_stores_are_stores_for_the_type_checker() -> None:
    """Mypy reads this: neither side is cast."""
    stores: list[Callable[[], Store]] = [lambda: EmbeddedStore(Path("x")), lambda: RemoteStore("http://e/")]
    snapshots: list[type[Snapshot]] = [checkpoint.EmbeddedSnapshot, remote.RemoteSnapshot]
    assert len(stores) == len(snapshots)
