"""Content codings, what is kept in them, the files that pages load, and how much goes over the wire."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kgcompare.sandbox.limits import Limits
from kgcompare.web import assets, coding, kept
from kgcompare.web.app import Site, create_app
from kgcompare.web.front import Front
from kgcompare.web.negotiation import Coding, choose_coding
from kgcompare.web.settings import Settings
from serving import serving

PAIR = "/compare.json?method=lasso&method=ridge"
FIVE = "/compare?" + "&".join(
    f"method={slug}" for slug in ("lasso", "random-forest", "support-vector-machine", "k-means-clustering", "bert")
)
LONG = ("/sparql?format=json&query=SELECT+*+%7B%3Fs+%3Fp+%3Fo%7D+LIMIT+", 300)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def app(small_store: Path) -> Flask:
    return create_app(Settings(store=small_store))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def ask(client: FlaskClient, path: str, codings: str | None, method: str = "GET", **headers: str) -> TestResponse:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if codings is not None:
        given["Accept-Encoding"] = codings
    return client.open(path, method=method, headers=given, buffered=True)


def plain(response: TestResponse) -> bytes:
    """The body without its coding."""
    return gzip.decompress(response.data) if response.headers.get("Content-Encoding") == "gzip" else response.data


# -- which coding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", Coding()),
        ("gzip", Coding("gzip")),
        ("GZip", Coding("gzip")),
        ("x-gzip", Coding("gzip")),
        ("gzip, deflate, br, zstd", Coding("gzip")),
        ("*", Coding("gzip")),
        ("deflate, br", Coding()),
        ("identity", Coding()),
        ("identity, gzip", Coding("gzip")),
        ("gzip;q=0", Coding()),
        ("gzip;q=0, *", Coding()),
        ("gzip;q=0.5, identity;q=0.9", Coding()),
        ("gzip;q=0.9, identity;q=0.5", Coding("gzip")),
        ("*;q=0.1", Coding("gzip")),
        ("identity;q=0, gzip", Coding("gzip", needed=True)),
        ("identity; Q=0.000 , *;q=0.001", Coding("gzip", needed=True)),
        ("*;q=0, gzip;q=1.0", Coding("gzip", needed=True)),
        ("identity;q=0", Coding(acceptable=False)),
        ("*;q=0", Coding(acceptable=False)),
        ("gzip;q=0, identity;q=0", Coding(acceptable=False)),
        ("identity;q=0, br", Coding(acceptable=False)),
        ("*;q=0, identity;q=0.1", Coding()),
        ("gzip;q=nonsense", Coding()),
        ("identity;q=-1", Coding()),
        (";q=0,,;,gzip;level=9", Coding("gzip")),
        ("a," * 4000 + "gzip", Coding()),
        ("a," * 497 + "gzip;q=0", Coding()),  # cut in two it would say gzip
        (";" * 8000, Coding()),
        ("gzip;" + "q=1;" * 2000, Coding()),
    ],
)
def test_which_coding_a_header_asks_for(header: str, wanted: Coding) -> None:
    assert choose_coding(header, ("gzip",)) == wanted


def test_of_codings_that_are_as_welcome_the_first_is_taken() -> None:
    assert choose_coding("gzip, br", ("br", "gzip")).name == "br"
    assert choose_coding("gzip, br;q=0.9", ("br", "gzip")).name == "gzip"


# -- answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        PAIR,
        "/compare.csv?method=lasso&method=ridge",
        "/methods",
        "/report",
        "/ns.ttl",
        "/sparql",
        "/method/nothing",
    ],
)
def test_the_same_in_fewer_bytes(client: FlaskClient, path: str) -> None:
    for _ in range(2):  # made, then kept
        as_it_is = ask(client, path, None, Accept=BROWSER)
        short = ask(client, path, "gzip, deflate, br", Accept=BROWSER)
        assert short.status_code == as_it_is.status_code
        assert "Content-Encoding" not in as_it_is.headers
        assert short.headers["Content-Encoding"] == "gzip"
        assert plain(short) == as_it_is.data
        assert len(short.data) < len(as_it_is.data)
        assert short.headers["Content-Length"] == str(len(short.data))
        for response in (as_it_is, short):
            assert "Accept-Encoding" in response.headers["Vary"]
        head = ask(client, path, "gzip", "HEAD", Accept=BROWSER)
        assert (head.data, head.headers["Content-Length"]) == (b"", str(len(short.data)))
        assert head.headers.get("ETag") == short.headers.get("ETag")


def test_each_coding_has_a_tag_of_its_own(client: FlaskClient) -> None:
    for _ in range(2):
        tags = {codings: ask(client, PAIR, codings).headers["ETag"] for codings in ("", "gzip")}
        assert len(set(tags.values())) == 2
        assert all(re.fullmatch(r'"[^"]+"', tag) for tag in tags.values())
        for codings, tag in tags.items():
            other = tags["gzip" if not codings else ""]
            unchanged = ask(client, PAIR, codings, If_None_Match=tag)
            assert (unchanged.status_code, unchanged.data) == (304, b"")
            assert unchanged.headers["ETag"] == tag
            assert "Accept-Encoding" in unchanged.headers["Vary"]
            assert "Content-Encoding" not in unchanged.headers
            assert ask(client, PAIR, codings, If_None_Match=other).status_code == 200
            assert ask(client, PAIR, codings, If_None_Match=f"{other}, W/{tag}").status_code == 304
            assert ask(client, PAIR, codings, If_Match=tag).status_code == 200
            assert ask(client, PAIR, codings, If_Match=other).status_code == 412


def test_the_first_request_may_have_it_already(small_store: Path, client: FlaskClient) -> None:
    tag = ask(client, PAIR, "gzip").headers["ETag"]
    fresh = create_app(Settings(store=small_store)).test_client()
    assert ask(fresh, PAIR, "gzip", If_None_Match=tag).status_code == 304
    assert ask(fresh, PAIR, None, If_None_Match=tag).status_code == 200


def test_what_is_short_goes_as_it_is_unless_that_is_refused(client: FlaskClient) -> None:
    for path in ("/healthz", "/suggest?q=nothing-like-it", "/id/method/lasso"):
        for _ in range(2):
            assert "Content-Encoding" not in ask(client, path, "gzip").headers
            insisting = ask(client, path, "gzip, identity;q=0")
            assert insisting.headers["Content-Encoding"] == "gzip"
            assert plain(insisting) == ask(client, path, None).data


def test_what_is_packed_or_from_a_file_goes_as_it_is(client: FlaskClient) -> None:
    for codings in ("gzip", "gzip, identity;q=0"):
        dump = ask(client, "/dump.nq.gz", codings)
        assert "Content-Encoding" not in dump.headers
        assert gzip.decompress(dump.data).startswith(b"<")
        part = ask(client, "/dump.nq.gz", codings, Range="bytes=0-9")
        assert (part.status_code, part.data) == (206, dump.data[:10])


def test_nothing_that_is_acceptable(client: FlaskClient) -> None:
    for path in ("/", PAIR, "/healthz", "/nothing"):
        for _ in range(2):
            ask(client, path, None)
            refused = ask(client, path, "br, *;q=0")
            assert refused.status_code == 406, path
            assert refused.mimetype == "application/problem+json"
            assert "gzip" in refused.get_json()["detail"]


def test_results_of_queries(client: FlaskClient) -> None:
    path, rows = LONG
    short = ask(client, f"{path}{rows}", "gzip")
    assert short.headers["Content-Encoding"] == "gzip"
    assert plain(short) == ask(client, f"{path}{rows}", None).data


def test_very_long_answers_go_as_they_are() -> None:
    long = b"a" * (1 << 20)
    assert coding.coded(long, "text/csv", Coding("gzip")) is not None
    assert coding.coded(long + b"a", "text/csv", Coding("gzip")) is None
    assert coding.coded(bytes(range(256)) * 2, "image/png", Coding("gzip")) is None


def test_both_forms_are_kept_within_the_bounds(small_store: Path) -> None:
    most = 400_000
    site = create_app(Settings(store=small_store, limits=Limits(kept_bytes=most)))
    assert isinstance(site, Site)
    client, front = site.test_client(), site.outer
    assert isinstance(front, Front)
    tags = [ask(client, PAIR, codings).headers["ETag"] for codings in ("", "gzip")]
    answers = kept.answers_of(front.current(), most)
    both = [answers.tagged(tag) for tag in tags]
    assert [dict(one.headers).get("Content-Encoding") for one in both if one] == [None, "gzip"]
    for number in range(300):
        ask(client, f"/methods.json?q=x{number}", "gzip")
    assert answers._by_tag.currsize <= most


def test_a_kept_answer_wakes_nobody(app: Flask, client: FlaskClient) -> None:
    ask(client, PAIR, "gzip")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/compare.json",
        "QUERY_STRING": PAIR.partition("?")[2],
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT_ENCODING": "gzip",
        "wsgi.url_scheme": "http",
        kept.QUICK: True,
    }
    assert isinstance(app, Site)
    begun: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None, /) -> Callable[[bytes], object]:
        begun.append((status, dict(headers)))
        return bytes

    body = app.outer(environ, start)
    assert begun[0][0] == "200 OK"
    assert begun[0][1]["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(body)).startswith(b"{")


# -- files -----------------------------------------------------------------------------------------


def test_files_are_named_after_their_content(client: FlaskClient) -> None:
    page = client.get("/sparql", headers={"Accept": BROWSER}).text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(addresses) >= 6
    for address in addresses:
        assert re.fullmatch(r"/static/.+\.[0-9a-f]{16}\.[a-z]+", address)
        for _ in range(2):
            as_it_is, short = (ask(client, address, codings) for codings in ("", "gzip"))
            assert as_it_is.status_code == short.status_code == 200
            assert plain(short) == as_it_is.data
            assert as_it_is.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert as_it_is.mimetype == ask(client, assets_of(address), None).mimetype
            tag = short.headers["ETag"]
            assert ask(client, address, "gzip", If_None_Match=tag).status_code == 304
            assert (ask(client, address, "", If_None_Match=tag).status_code == 200) == (short.data != as_it_is.data)
        old = re.sub(r"\.[0-9a-f]{16}\.", ".0123456789abcdef.", address)
        again = ask(client, old, None)
        assert (again.data, again.headers["Cache-Control"]) == (as_it_is.data, "no-cache")


def assets_of(address: str) -> str:
    """The address of a file whatever its content."""
    return "/static/" + assets.file_of(address.removeprefix("/static/"))


def test_no_other_file_has_such_a_name(client: FlaskClient) -> None:
    for name in (
        "../app.0123456789abcdef.py",
        "no.0123456789abcdef.css",
        "yasgui.0123456789abcdef.",
        ".0123456789abcdef.css",
    ):
        assert client.get(f"/static/{name}").status_code == 404


# -- how much that is ------------------------------------------------------------------------------


def test_pages_are_light(bundled_store: Path) -> None:
    client = create_app(Settings(store=bundled_store)).test_client()
    sizes = {
        path: len(ask(client, path, "gzip", Accept=BROWSER).data)
        for path in ("/", "/?lang=fr", FIVE, f"{FIVE}&lang=fr")
    }
    assert max(sizes["/"], sizes["/?lang=fr"]) < 6_144, sizes
    assert max(sizes[FIVE], sizes[f"{FIVE}&lang=fr"]) < 20_480, sizes
    loaded = sum(
        len(ask(client, f"/static/{assets.asset_name(name)}", "gzip").data) for name in ("style.css", "page.js")
    )
    assert loaded < 16_384  # once


def test_the_editor_is_light(client: FlaskClient) -> None:
    assert len(ask(client, f"/static/{assets.asset_name('yasgui/yasgui.js')}", "gzip").data) < 250_000


@pytest.mark.slow
def test_it_holds_through_the_server(small_store: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--store", str(small_store)) as server:
        script = f"/static/{assets.asset_name('yasgui/yasgui.js')}"
        for path in ("/", PAIR, script, f"{LONG[0]}4000"):
            for _ in range(2):
                status, headers, body = server.get(path, Accept_Encoding="gzip", Accept=BROWSER)
                assert (status, int(headers["content-length"])) == (200, len(body))
                whole = server.get(path, Accept=BROWSER)[2]
                assert (gzip.decompress(body) if "content-encoding" in headers else body) == whole
        assert server.get("/", Accept_Encoding="*;q=0")[0] == 406
        assert server.get("/", Accept_Encoding="a," * 3000 + "gzip")[0] == 200
        assert server.get("/", Accept_Encoding="g" * 9000)[0] == 431
