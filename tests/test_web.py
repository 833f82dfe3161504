"""The web application, asked as browsers, programs and strangers ask it."""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, Quad, RdfFormat, parse, serialize
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app
from werkzeug.wrappers import Request

from conftest import SMALL, Run, copied
from deep import many
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.errors import EndpointError, StoreError, Unavailable
from kgcompare.formats import BIBLIOGRAPHY, FORMATS, RDF
from kgcompare.sandbox.limits import Limits
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web import ahead, compiled, kept
from kgcompare.web.app import Site, create_app
from kgcompare.web.front import Front
from kgcompare.web.settings import Settings

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
GAN, DIFFUSION = "transfer-learning-gan", "transfer-learning-diffusion"
PAIR = f"method={GAN}&method={DIFFUSION}"
ROWS = ["domain", "family", "origin-year", "originator", "type", "founding-source", "alias", "related", "summary"]
DATA_FORMATS = ["json", "csv", "tsv", "md", "tex", "ttl", "jsonld", "nt", "rdf", "trig", "nq", "bib", "ris", "csl"]


def store_of(path: Path, text: str = "", base: str = "https://w3id.org/kgcompare/") -> Path:
    """A store of a Turtle text, taken on trust."""
    ingest.create_store(path, base)
    file = path.with_suffix(".ttl")
    file.write_text(text or SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    ingest.import_files(path, [file], ingest.Options(trust=True))
    return path


def app_of(store: Path, **settings: Any) -> Flask:
    return create_app(Settings(store=store, **settings))


@pytest.fixture(scope="session")
def bundled_app(bundled_store: Path) -> Flask:
    return app_of(bundled_store)


@pytest.fixture(scope="session")
def small_app(small_store: Path) -> Flask:
    return app_of(small_store)


@pytest.fixture
def bundled(bundled_app: Flask) -> FlaskClient:
    return bundled_app.test_client()


@pytest.fixture
def small(small_app: Flask) -> FlaskClient:
    return small_app.test_client()


@pytest.fixture
def own_store(small_store: Path, tmp_path: Path) -> Path:
    """A copy of the small store that a test may change."""
    return copied(small_store, tmp_path / "own")


def get(client: FlaskClient, path: str, accept: str | None = None, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if accept is not None:
        named["Accept"] = accept
    response = client.get(path, headers=named, buffered=True)
    proper(response)
    return response


def proper(response: TestResponse) -> None:
    """What is true of every answer, errors included."""
    for name in ("Content-Type", "ETag", "Vary", "Cache-Control", "Content-Length", "Content-Security-Policy"):
        assert len(response.headers.getlist(name)) <= 1, (name, response.headers)
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in response.headers
    assert response.status_code < 500 or response.mimetype in {"application/problem+json", "text/html"}
    assert b"Traceback" not in response.data


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.text
    data: dict[str, Any] = json.loads(response.data)
    assert data["type"] == "about:blank"
    assert data["status"] == status
    assert data["title"]
    assert data["detail"]
    if status != 405:
        assert response.headers["Vary"] == "Accept, Accept-Language, Accept-Encoding"
    return data


class Page(HTMLParser):
    """What a browser makes of a page: elements with their attributes, and the text."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        assert response.mimetype == "text/html"
        self.feed(response.data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def addresses(self) -> Iterator[str]:
        for _, attrs in self.elements:
            for name in ("href", "src", "action", "data-suggest", "data-goto"):
                if name in attrs:
                    yield attrs[name]


# -- addresses ------------------------------------------------------------------------------------

ADDRESSES = [
    ("/", None, "text/html"),
    ("/methods", None, "text/html"),
    ("/methods?q=lasso&sort=year", None, "text/html"),
    ("/methods.json", None, "application/json"),
    ("/methods?q=lasso", "application/json", "application/json"),
    ("/compare?method=lasso&method=ridge", None, "text/html"),
    ("/compare?method=lasso&method=ridge", BROWSER, "text/html"),
    ("/compare.html?method=lasso&method=ridge", "application/json", "text/html"),
    ("/compare?method=lasso", "text/csv", "text/csv"),
    ("/method/lasso", None, "text/html"),
    ("/method/lasso", "text/turtle", "text/turtle"),
    ("/method/lasso.json", None, "application/json"),
    ("/method/lasso.nq?format=html", BROWSER, "application/n-quads"),
    ("/agent/ian-goodfellow", None, "text/html"),
    ("/source/hoerl-1970", None, "text/html"),
    ("/domain/statistics", None, "text/html"),
    ("/family/statistics.jsonld", None, "application/ld+json"),
    ("/type/regression?format=nt", None, "application/n-triples"),
    ("/suggest?q=las", None, "application/json"),
    ("/suggest?q=las", BROWSER, "application/json"),
    ("/dataset", None, "text/html"),
    ("/dataset", "application/json", "application/json"),
]


@pytest.mark.parametrize(("path", "accept", "media"), ADDRESSES)
def test_an_address_answers(small: FlaskClient, path: str, accept: str | None, media: str) -> None:
    said = {} if accept is None else {"Accept": accept}
    first = get(small, path, accept)
    assert (first.status_code, first.mimetype) == (200, media)
    charset = "; charset=utf-8" if media.startswith("text/") else ""
    assert first.headers.getlist("Content-Type") == [media + charset]
    timely = re.match(r"/(compare|(method|agent|source|domain|family|type)/)", path) is not None  # as it was, by a date
    assert first.headers["Vary"] == "Accept, Accept-Language, Accept-Encoding" + ", Accept-Datetime" * timely
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Content-Length"] == str(len(first.data))
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    again = get(small, path, accept)  # now a kept one
    assert again.data == first.data
    assert again.headers == first.headers
    head = small.head(path, headers=said)
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers == first.headers
    for same in (tag, f"W/{tag}", f'"other", {tag}', f'"a,b" , W/{tag},"c"', "*", " * "):
        unchanged = get(small, path, accept, If_None_Match=same)
        assert (unchanged.status_code, unchanged.data) == (304, b""), same
        assert unchanged.headers["ETag"] == tag
        assert unchanged.headers["Vary"] == first.headers["Vary"]
        assert "Content-Type" not in unchanged.headers
    for other in ('"other"', tag.strip('"'), tag[:-2] + '"', "", '"', "W/", '"*"'):
        assert get(small, path, accept, If_None_Match=other).status_code == 200, other


@pytest.mark.parametrize("asked", ["*", None])
def test_the_first_request_of_all_may_be_conditional(small_store: Path, asked: str | None) -> None:
    tag = get(app_of(small_store).test_client(), "/method/lasso").headers["ETag"]
    fresh = app_of(small_store).test_client()
    assert get(fresh, "/method/lasso", If_None_Match=asked or tag).status_code == 304
    assert get(fresh, "/method/lasso").data.startswith(b"<!doctype html>")
    assert get(fresh, "/method/nothing", If_None_Match="*").status_code == 404


def test_one_representation_has_one_tag_whatever_the_headers_that_led_to_it(small: FlaskClient) -> None:
    tags = {
        get(small, "/method/lasso", accept, Accept_Language=lang).headers["ETag"]
        for accept in (BROWSER, "text/html", "*/*")
        for lang in ("fr", "fr-CA, en;q=0.3")
    }
    assert len(tags) == 1


def test_a_server_loads_what_its_first_page_needs(small_store: Path) -> None:
    """Validation, references, dates of other kinds and the server itself are loaded when they are needed."""
    code = (
        "import sys, pathlib; from kgcompare.web.app import create_app; from kgcompare.web.settings import Settings; "
        "client = create_app(Settings(store=pathlib.Path(sys.argv[1]))).test_client(); "
        "assert client.get('/', headers={'Accept': 'text/html'}).status_code == 200; "
        "heavy = {'pyshacl', 'rdflib', 'citeproc', 'bibtexparser', 'edtf', 'granian', 'pylatexenc', 'pyld', 'rispy'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, small_store], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_templates_are_compiled_once(small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(store=small_store, templates=tmp_path / "templates")
    compiled.compile_all(create_app(settings))
    assert len(list((tmp_path / "templates").iterdir())) > 10
    with monkeypatch.context() as patch:
        patch.setattr("jinja2.Environment._compile", None)  # cannot be called
        page = create_app(settings).test_client().get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    (tmp_path / "templates").chmod(0o777)
    assert create_app(settings).jinja_env.bytecode_cache is None, "others could write code there"


def test_a_generation_that_stays_is_prepared(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[str] = []
    monkeypatch.setattr(ahead, "prepare_searches", lambda generation: prepared.append(generation.name))
    with Catalogue(EmbeddedStore(small_store)) as catalogue:
        assert ahead.prepare_newest(catalogue, "", "") == ("", ""), "nobody has opened one"
        name = catalogue.generation().name
        assert catalogue.generation().index.ready()
        assert ahead.prepare_newest(catalogue, "another", "another") == (name, "another")
        assert not prepared
        assert ahead.prepare_newest(catalogue, name, "another") == (name, name)
        assert ahead.prepare_newest(catalogue, name, name) == (name, name)
    assert prepared == [name]


def test_health(small: FlaskClient) -> None:
    response = get(small, "/healthz", BROWSER)
    assert response.json is not None
    assert response.json["status"] == "ok"
    assert response.json["generation"].startswith("2-")
    assert response.headers["Cache-Control"] == "no-store"


def test_the_dump_is_everything(small: FlaskClient, small_store: Path) -> None:
    response = get(small, "/dump.nq.gz")
    assert (response.status_code, response.mimetype) == (200, "application/gzip")
    quads = set(parse(gzip.decompress(response.data), RdfFormat.N_QUADS))
    store = EmbeddedStore(small_store)
    assert len(quads) == len(set(store.snapshot().quads()))
    assert get(small, "/dump.nq.gz", If_None_Match=response.headers["ETag"]).status_code == 304
    part = small.get("/dump.nq.gz", headers={"Range": "bytes=0-9"}, buffered=True)
    assert (part.status_code, part.data) == (206, response.data[:10])
    assert small.head("/dump.nq.gz", buffered=True).headers["Content-Length"] == str(len(response.data))


@pytest.mark.parametrize("kind", ["method/lasso", "agent/ian-goodfellow", "source/hoerl-1970", "type/regression"])
@pytest.mark.parametrize("what", ["id", "doc"])
def test_a_thing_redirects_to_its_document(small: FlaskClient, what: str, kind: str) -> None:
    response = get(small, f"/{what}/{kind}?lang=fr")
    assert response.status_code == 303
    assert response.headers["Location"] == f"/{kind}?lang=fr"
    assert "Accept" in response.headers["Vary"]
    turtle = small.get(f"/{what}/{kind}", headers={"Accept": "text/turtle"}, follow_redirects=True)
    assert turtle.mimetype == "text/turtle"


@pytest.mark.parametrize(
    "path", ["/id/%5Cevil.example/x", "/id/..%2F/x", "/id/method/%2F%2Fevil.example", "/doc/a b/c"]
)
def test_no_redirect_leads_elsewhere(small: FlaskClient, path: str) -> None:
    assert problem(get(small, path), 404)


def test_static_files(small: FlaskClient) -> None:
    page = Page(get(small, "/"))
    for address in page.addresses():
        if "/static/" in address:
            assert get(small, address).status_code == 200


# -- formats --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("form", DATA_FORMATS)
def test_the_web_and_the_command_line_give_the_same_bytes(
    bundled: FlaskClient, bundled_store: Path, run: Run, form: str
) -> None:
    by_suffix = get(bundled, f"/compare.{form}?{PAIR}&lang=fr", BROWSER)
    by_format = get(bundled, f"/compare?{PAIR}&lang=fr&format={form}", "text/html")
    by_accept = get(bundled, f"/compare?{PAIR}", FORMATS[form].media_type, Accept_Language="fr")
    told = run("compare", GAN, DIFFUSION, "--lang", "fr", "--format", form, "--store", bundled_store)
    assert by_suffix.data == by_format.data == by_accept.data == told.raw
    assert {r.headers["Content-Type"] for r in (by_suffix, by_format, by_accept)} == {FORMATS[form].content_type}
    assert {r.headers["Content-Language"] for r in (by_suffix, by_format, by_accept)} == {"fr"}


@pytest.mark.parametrize("form", ["json", *RDF, *BIBLIOGRAPHY])
def test_a_record_is_the_same_on_the_command_line(
    bundled: FlaskClient, bundled_store: Path, run: Run, form: str
) -> None:
    asked = get(bundled, f"/method/{GAN}.{form}")
    assert asked.data == run("show", GAN, "--format", form, "--store", bundled_store).raw
    assert asked.data == get(bundled, f"/method/{GAN}", FORMATS[form].media_type).data


NEGOTIATED = [
    (None, "html"),
    ("", "html"),
    ("*/*", "html"),
    ("*", "html"),
    (BROWSER, "html"),
    ("text/*", "html"),
    ("application/*", "jsonld"),
    ("text/turtle, text/html", "html"),
    ("text/html;q=0.5, text/turtle;q=0.5", "html"),
    ("text/html;q=0.5, text/turtle;q=0.6", "ttl"),
    ("application/ld+json, text/turtle", "ttl"),
    ("application/json, application/ld+json", "jsonld"),
    ("text/turtle, */*", "ttl"),
    ("application/json, text/plain, */*", "json"),
    ("*/*;q=0.1, application/n-triples;q=0.2", "nt"),
    ("text/html;q=0, */*", "ttl"),
    ("text/*;q=0.3, text/turtle;q=0, text/html;q=0.0", None),
    ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "jsonld"),
    ('application/ld+json; profile="a, b; q=0"; q=0.9, text/turtle;q=0.8', "jsonld"),
    ("TEXT/TURTLE", "ttl"),
    ("application/xhtml+xml", "html"),
    ("text/turtle;q=2", None),
    ("text/turtle;q=x, application/json;q=0.1", "json"),
    ("image/png", None),
    ("gibberish", None),
    ("application/json;q=0", None),
]


@pytest.mark.parametrize(("accept", "form"), NEGOTIATED)
def test_negotiation(small: FlaskClient, accept: str | None, form: str | None) -> None:
    response = get(small, "/method/lasso", accept)
    if form is None:
        assert "text/turtle" in problem(response, 406)["available"]
    else:
        assert response.status_code == 200
        assert response.mimetype == FORMATS[form].media_type


def test_a_wildcard_brings_what_it_names(small: FlaskClient) -> None:
    for accept in ("application/*", "application/*;q=0.2, image/*"):
        got = get(small, "/compare?method=lasso", accept)
        assert str(got.mimetype).startswith("application/"), accept


def test_a_suffix_beats_a_parameter_which_beats_the_header(small: FlaskClient) -> None:
    assert get(small, "/compare.csv?method=lasso&format=json", "text/html").mimetype == "text/csv"
    assert get(small, "/compare?method=lasso&format=json", "text/html").mimetype == "application/json"
    assert get(small, "/compare?method=lasso&format=", "text/csv").mimetype == "text/csv"


def test_formats_that_an_address_does_not_have(small: FlaskClient) -> None:
    assert "text/html" in problem(get(small, "/compare.pdf?method=lasso"), 406)["available"]
    assert problem(get(small, "/compare?method=lasso&format=pdf"), 406)
    assert problem(get(small, "/method/lasso.csv"), 406)
    assert problem(get(small, "/", "text/turtle"), 406)["available"] == ["text/html"]
    assert get(small, "/method/lasso.csv", BROWSER).mimetype == "application/problem+json"
    assert get(small, "/method/lasso.pdf", BROWSER).mimetype == "text/html"


def test_no_accept_header_costs_time(small: FlaskClient) -> None:
    for accept in ('"' + r"\a" * 1900, 'text/html;q="' + "\\" * 3000, '"' * 3999, ",;" * 2000, '"\\"' * 1300):
        assert get(small, "/method/lasso", accept).status_code in {200, 406}


# -- errors ---------------------------------------------------------------------------------------

FAULTS = [
    ("/nothing", 404),
    ("/no/such", 404),
    ("/no/such/place", 404),
    ("/method/nothing", 404),
    ("/method/lasso.", 404),
    ("/Method/lasso", 404),
    ("/method/LASSO", 404),
    ("/compare.?method=lasso", 404),
    ("/compare?method=nothing", 404),
    ("/compare?method=lasso&lang=klingonisch-nicht", 400),
    ("/compare?method=lasso&lang=x'%22%3E", 400),
    ("/compare?method=lasso&only=similarities", 400),
    ("/compare?method=lasso&class=urn:nothing", 400),
    ("/methods?from=soon", 400),
    ("/methods?from=99999", 400),
    ("/methods?sort=colour", 400),
    ("/methods?after=nowhere", 400),
    ("/suggest?q=a&limit=0", 400),
    ("/suggest?q=a&limit=51", 400),
    ("/suggest?q=a&lang=absurd!", 400),
    ("///evil.example/x/y/z", 404),
    ("/\\evil.example/x/y/z", 404),
]


@pytest.mark.parametrize(("path", "status"), FAULTS)
def test_an_error_is_a_problem_and_a_page_for_browsers(small_app: Flask, path: str, status: int) -> None:
    def ask(accept: str | None) -> TestResponse:
        place, _, query = path.partition("?")
        status, headers, body = ask_raw(small_app, place, query, **({"HTTP_ACCEPT": accept} if accept else {}))
        response = TestResponse([body], str(status), headers, Request({}))
        proper(response)
        return response

    for accept in (None, "*/*", "application/json", "application/problem+json, application/json;q=0.1"):
        problem(ask(accept), status)
    response = ask(BROWSER)
    assert response.status_code == status
    page = Page(response)
    assert page.all("h1")
    assert response.headers["Vary"] == "Accept, Accept-Language, Accept-Encoding"
    assert not [address for address in page.addresses() if address.startswith("//")]


def test_a_data_suffix_keeps_errors_data(small: FlaskClient) -> None:
    for path in (
        "/compare.json?method=nothing",
        "/method/nothing.ttl",
        "/compare.csv",
        "/compare?format=json&method=no",
    ):
        response = get(small, path, BROWSER)
        assert response.mimetype == "application/problem+json"
    for path in ("/compare.html?method=nothing", "/compare?format=html&method=nothing", "/method/nothing.html"):
        response = get(small, path)
        assert (response.status_code, response.mimetype) == (404, "text/html")


def test_an_unknown_method_gets_the_nearest(small: FlaskClient) -> None:
    assert problem(get(small, "/method/laso"), 404)["suggestions"] == ["lasso"]
    page = Page(get(small, "/method/laso", BROWSER))
    assert "/method/lasso" in page.addresses()
    assert problem(get(small, "/compare?method=laso"), 404)["unknown"] == ["laso"]


@pytest.mark.parametrize("path", ["/", "/compare", "/methods", "/method/lasso", "/suggest", "/dump.nq.gz", "/healthz"])
def test_reading_only(small: FlaskClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = small.open(path, method=method, data=b"x")
        proper(response)
        problem(response, 405)
        assert "GET" in response.headers["Allow"]
    assert small.options(path).status_code == 200


def test_a_body_that_is_too_large(small: FlaskClient) -> None:
    assert small.post("/compare", data=b"x" * 2_000_000).status_code in {405, 413}


# -- comparisons ----------------------------------------------------------------------------------


VALUE = {"iri", "text", "lang", "url", "links", "sources", "shared", "description", "descriptionLang", "under"}


def shaped(data: Any, columns: int) -> None:
    """Whether a comparison has exactly the keys and types that programs rely on."""
    assert list(data) == ["language", "methods", "rows", "summary", "unknown"]
    assert isinstance(data["language"], str)
    assert len(data["methods"]) == columns
    for method in data["methods"]:
        assert list(method) == ["id", "iri", "label", "lang"]
        assert all(isinstance(value, str) for value in method.values())
    for row in data["rows"]:
        assert [key for key in row if key != "shared"] == [
            "id",
            "label",
            "kind",
            "group",
            "differs",
            "missing",
            "cells",
        ]
        assert row["group"] in {"What it is", "Ce que c’est", "Choosing", "Choisir"}
        assert row["kind"] in {"value", "count", "text", "name", "remark"}
        assert row["differs"] in (True, False, None)
        assert isinstance(row["missing"], int)
        assert len(row["cells"]) == columns
        for cell in row["cells"]:
            if cell["text"] is None:
                assert [key for key in cell if key != "departs"] == ["text", "values", "status"]
                assert cell["values"] == []
                assert cell["status"] in {"not-recorded", "none", "unknown"}
                continue
            assert [key for key in cell if key != "departs"] == ["text", "values"]
            assert isinstance(cell["text"], str)
            for value in cell["values"]:
                assert value.keys() <= VALUE
                assert isinstance(value["text"], str)
                assert "://" in value.get("iri", "://")
    assert [key for key in data["summary"] if key != "unrecorded"] == ["rows", "compared", "differing", "sentences"]
    assert all(isinstance(name, str) for name in data["unknown"])


def test_the_reference_comparison_as_json(bundled: FlaskClient) -> None:
    data = get(bundled, f"/compare.json?{PAIR}&lang=fr").json
    shaped(data, 2)
    assert data is not None
    assert data["language"] == "fr"
    assert [method["label"] for method in data["methods"]] == [
        "Apprentissage par transfert pour les GAN",
        "Apprentissage par transfert avec modèle de diffusion",
    ]
    assert [row["id"] for row in data["rows"]][:9] == ROWS
    differing = {row["id"] for row in data["rows"] if row["differs"]}
    assert differing == {"origin-year", "originator", "type", "founding-source", "related", "summary"}
    rows = {row["id"]: row for row in data["rows"]}
    assert rows["alias"]["differs"] is None
    assert [cell["text"] for cell in rows["related"]["cells"]] == ["6", "5"]
    assert [len(cell["values"]) for cell in rows["related"]["cells"]] == [6, 5]
    assert rows["domain"]["cells"][0]["values"][0]["lang"] == "fr"
    assert {data["summary"][name] for name in ("rows", "compared", "differing")} == {15, 12, 6}
    assert data["unknown"] == []
    identity = get(bundled, f"/compare.json?{PAIR}&lang=fr&rows=identity").json
    assert identity is not None
    assert [row["id"] for row in identity["rows"]] == ROWS
    assert [identity["summary"][name] for name in ("rows", "compared", "differing")] == [9, 8, 6]


def test_cells_that_are_not_recorded_say_why(small: FlaskClient) -> None:
    data = get(small, "/compare.json?method=gan&method=elbow&method=lasso").json
    shaped(data, 3)
    assert data is not None
    rows = {row["id"]: row for row in data["rows"]}
    assert [cell.get("status") for cell in rows["type"]["cells"]] == ["none", "not-recorded", None]
    assert [cell.get("status") for cell in rows["founding-source"]["cells"]] == ["unknown", "not-recorded", None]


def test_verdicts_are_the_same_in_every_language(bundled: FlaskClient, small: FlaskClient) -> None:
    for client, asked in ((bundled, PAIR), (small, "method=lasso&method=ridge&method=gan&method=elbow")):
        found = set()
        for lang in ("en", "fr", "de", "ar", "zh-Hant-TW", "pt-BR"):
            data = get(client, f"/compare.json?{asked}&lang={lang}").json
            assert data is not None
            assert data["language"] == lang
            found.add(json.dumps([(row["id"], row["differs"], row["missing"]) for row in data["rows"]]))
        assert len(found) == 1


def test_none_one_ten_eleven(bundled: FlaskClient, bundled_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/compare", "/compare?method=", "/compare.json", "/compare.csv?lang=fr"):
        problem(get(bundled, path), 400)
    shown = get(bundled, "/compare", BROWSER)
    assert shown.status_code == 400
    assert [field["name"] for field in Page(shown).all("input") if field["name"] == "add"] == ["add"]
    assert shown.headers["Vary"] == "Accept, Accept-Language, Accept-Encoding"
    one = get(bundled, f"/compare.json?method={GAN}").json
    shaped(one, 1)
    assert one is not None
    assert one["summary"]["differing"] == 0
    listed = get(bundled, "/methods.json?limit=11").json
    assert listed is not None
    slugs = [thing["id"] for thing in listed["things"]]
    shaped(get(bundled, "/compare.json?" + "&".join(f"method={slug}" for slug in slugs[:10])).json, 10)
    twice = get(bundled, "/compare.json?" + "&".join(f"method={slug}" for slug in [*slugs[:10], slugs[3]])).json
    shaped(twice, 10)

    def looked_up(*_: Any) -> Any:
        raise AssertionError("looked up")

    monkeypatch.setattr("kgcompare.catalogue.asked.records", looked_up)
    many = "&".join(f"method={slug}" for slug in slugs)
    for path in (f"/compare?{many}", f"/compare.json?{many}", f"/compare.html?{many}"):
        assert get(bundled, path).status_code == 400
    assert "ten are the most" in Page(get(bundled, f"/compare?{many}", BROWSER)).text
    more = "&".join(f"method=unknown-{number}" for number in range(500))
    assert "500" in problem(get(bundled, f"/compare?{more}"), 400)["detail"]


def test_unknown_ones_are_listed(small: FlaskClient) -> None:
    data = get(small, "/compare.json?method=lasso&method=nothing&method=ridge&method=lasso&method=%3Cb%3E").json
    shaped(data, 2)
    assert data is not None
    assert data["unknown"] == ["nothing", "<b>"]
    assert [method["id"] for method in data["methods"]] == ["lasso", "ridge"]
    page = Page(get(small, "/compare?method=lasso&method=laso"))
    assert "laso" in page.text
    found = problem(get(small, "/compare.json?method=nothing&method=none"), 404)
    assert found["unknown"] == ["nothing", "none"]


def test_a_slug_and_its_iri_are_one(small: FlaskClient) -> None:
    iri = quote("https://w3id.org/kgcompare/id/method/lasso", safe="")
    shaped(get(small, f"/compare.json?method=lasso&method={iri}").json, 1)


def test_only_differences(small: FlaskClient) -> None:
    asked = "method=lasso&method=ridge&method=gan"
    every = get(small, f"/compare.json?{asked}").json
    some = get(small, f"/compare.json?{asked}&only=differences").json
    shaped(some, 3)
    assert every is not None
    assert some is not None
    keep = [r["id"] for r in every["rows"] if r["differs"] or 0 < r["missing"] < 3]
    assert [row["id"] for row in some["rows"]] == keep != [row["id"] for row in every["rows"]]
    assert some["summary"] == every["summary"]
    assert get(small, f"/compare.json?{asked}&only=").json == every


def test_things_of_another_class(small: FlaskClient) -> None:
    cls = quote("https://w3id.org/kgcompare/ns#Method", safe="")
    assert (
        get(small, f"/compare.csv?method=lasso&class={cls}").data
        == get(small, "/compare.csv?method=lasso").data
        == get(small, "/compare.csv?method=lasso&class=").data
    )
    assert "rows for" in problem(get(small, "/compare?method=lasso&class=nonsense"), 400)["detail"]


def test_adding_without_scripts(bundled: FlaskClient) -> None:
    response = get(bundled, f"/compare?method={GAN}&add={DIFFUSION}&lang=fr&only=differences", BROWSER)
    assert response.status_code == 303
    assert response.headers["Location"] == f"/compare?{PAIR}&lang=fr&only=differences"
    by_name = get(bundled, f"/compare?method={GAN}&add=Lasso", BROWSER)
    assert by_name.headers["Location"] == f"/compare?method={GAN}&method=lasso"
    several = get(bundled, f"/compare?method={GAN}&add=regress", BROWSER)
    assert several.status_code == 200
    nothing = get(bundled, f"/compare?method={GAN}&add=zzzzzz%3Cb%3E", BROWSER)
    assert "zzzzzz<b>" in Page(nothing).text


def test_the_page_says_it_all(bundled: FlaskClient) -> None:
    for lang, summary in (("en", "6 of 8 compared rows differ"), ("fr", None)):
        page = Page(get(bundled, f"/compare?{PAIR}&rows=identity&lang={lang}", BROWSER))
        assert page.all("html")[0]["lang"] == lang
        rows = [row for row in page.all("tr") if "data-row" in row]
        assert [row["data-row"] for row in rows] == ROWS
        assert sum("differs" in row["class"].split() for row in rows) == 6
        assert page.text.count("≠") >= 6
        assert summary is None or summary in page.text
    swapped = Page(get(bundled, f"/compare?{PAIR}&rows=identity&swap=1", BROWSER))
    assert len([cell for cell in swapped.all("td") if "data-whose" in cell]) == 2 * 9


# -- languages ------------------------------------------------------------------------------------


def test_which_language(small: FlaskClient) -> None:
    def spoken(path: str, header: str = "") -> str:
        return get(small, path, Accept_Language=header).headers["Content-Language"]

    assert spoken("/compare.json?method=lasso") == "en"
    assert spoken("/compare.json?method=lasso", "fr-CA, de;q=0.5") == "fr"
    assert spoken("/compare.json?method=lasso", "xx-nothing, *;q=0.1") == "en"
    assert spoken("/compare.json?method=lasso", "fr;q=0.1, en;q=0.2") == "en"
    assert spoken("/compare.json?method=lasso&lang=en", "fr") == "en"
    assert spoken("/compare.json?method=lasso&lang=FR_ca", "en") == "fr-CA"
    assert spoken("/compare.json?method=lasso&lang=", "fr") == "fr"
    for header in (";;q", "fr;q=nan", "a" * 5000, "-,-", "fr;q=١"):
        assert get(small, "/compare.json?method=lasso", Accept_Language=header).status_code == 200


def test_a_borrowed_text_carries_its_language(small: FlaskClient) -> None:
    data = get(small, "/compare.json?method=lasso&method=ridge&lang=fr").json
    assert data is not None
    summary = next(row for row in data["rows"] if row["id"] == "summary")
    assert [cell["values"][0]["lang"] for cell in summary["cells"]] == ["fr", "en"]
    page = get(small, "/compare?method=lasso&method=ridge&lang=fr", BROWSER).text
    at = page.index("Shrinks all coefficients.", page.index("<main"))
    assert 'lang="en"' in page[at - 80 : at]
    assert 'lang="fr" dir' in get(small, "/method/elbow", BROWSER).text
    unspoken = get(small, "/compare?method=lasso&lang=de", BROWSER)
    assert Page(unspoken).all("html")[0]["lang"] == unspoken.headers["Content-Language"] == "en"
    told = get(small, "/compare.json?method=lasso&lang=de").json
    assert told is not None
    assert (told["language"], told["methods"][0]["lang"]) == ("de", "en")


def test_every_interface_language_has_its_pages(small: FlaskClient) -> None:
    from kgcompare.text.languages import interface_languages

    for lang in interface_languages():
        for path in ("/", "/methods", "/compare?method=lasso&method=gan", "/method/lasso", "/dataset"):
            page = Page(get(small, f"{path}{'&' if '?' in path else '?'}lang={lang}"))
            assert page.all("html")[0]["lang"] == lang
            inside = [link["href"] for link in page.all("a") if link["href"].startswith("/")]
            lost = [a for a in inside if "lang=" not in a and a.rpartition(".")[2] not in {*FORMATS, "gz", "xml"}]
            assert lost == [], (path, lost)


# -- entity tags ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_tag_validates_another_representation(
    small: FlaskClient, small_store: Path, own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str] = {}

    def new(client: FlaskClient, path: str, what: str, **headers: str) -> None:
        response = get(client, path, **headers)
        assert response.status_code == 200
        assert response.headers["ETag"] not in seen, (what, seen)
        for tag, whose in seen.items():
            asked = get(client, path, **headers, If_None_Match=tag)
            assert asked.status_code == 200, (what, whose)
        seen[response.headers["ETag"]] = what

    pair = "/compare?method=lasso&method=ridge"
    for form in FORMATS:
        new(small, f"{pair}&format={form}", form)
        new(small, pair, f"accept {form}", Accept=FORMATS[form].media_type)
    for lang in ("fr", "de"):
        new(small, f"{pair}&format=json&lang={lang}", lang)
    new(small, f"{pair}&format=json", "negotiated fr", Accept_Language="fr")
    asked = f"{pair}&format=json"
    new(app_of(store_of(tmp_path / "other")).test_client(), asked, "another store")
    client = app_of(own_store).test_client()
    before = get(client, asked).headers["ETag"]
    assert before in seen  # a copy is the same store
    more = tmp_path / "more.ttl"
    more.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        '<https://w3id.org/kgcompare/id/method/more> a kgc:Method ; skos:prefLabel "More"@en .'
    )
    ingest.import_files(own_store, [more], ingest.Options(trust=True))
    new(client, asked, "another generation")
    assert json.loads(get(client, "/healthz").data)["generation"].startswith("3-")
    new(app_of(small_store, prefix="/under").test_client(), asked, "another prefix")
    monkeypatch.setattr(kept, "__version__", "99")
    new(app_of(small_store).test_client(), asked, "another version")


def test_a_new_generation_shows_at_once(own_store: Path, tmp_path: Path) -> None:
    client = app_of(own_store).test_client()
    assert get(client, "/method/late").status_code == 404
    late = tmp_path / "late.ttl"
    late.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        '<https://w3id.org/kgcompare/id/method/late> a kgc:Method ; skos:prefLabel "Late"@en .'
    )
    ingest.import_files(own_store, [late], ingest.Options(trust=True))
    assert get(client, "/method/late").status_code == 200
    assert "late" in get(client, "/suggest?q=late").text


def test_what_is_kept_stays_within_bounds(small_store: Path) -> None:
    client = app_of(small_store, limits=Limits(kept_bytes=400_000)).test_client()
    for number in range(100):
        get(client, f"/suggest?q=lasso&x={number}" + "y" * 5000)
    assert isinstance(client.application, Site)
    front = client.application.outer
    assert isinstance(front, Front)
    answers = kept.answers_of(front.current(), 400_000)
    assert answers.most == 400_000
    assert sum(len(part) for key in answers._by_key for part in key) < 400_000
    assert len(answers._by_tag) == 1  # what means nothing makes no other answer
    assert get(client, "/suggest?q=lasso").status_code == 200


def test_what_was_asked_for_last_stays(small_store: Path) -> None:
    client = app_of(small_store, limits=Limits(kept_bytes=1_000_000)).test_client()
    assert isinstance(client.application, Site)
    front = client.application.outer
    assert isinstance(front, Front)
    answers = kept.answers_of(front.current(), 1_000_000)
    tag = get(client, "/method/lasso.json").headers["ETag"]
    first = get(client, "/suggest?q=first").headers["ETag"]
    for number in range(1500):
        get(client, f"/suggest?q=other{number}")
        assert get(client, "/method/lasso.json").headers["ETag"] == tag
    assert answers.tagged(tag) is not None
    assert answers.tagged(first) is None
    assert answers._by_tag.currsize <= 1_000_000
    assert len(answers._by_tag) > 500


def test_parameters_that_mean_nothing(small_store: Path) -> None:
    client = app_of(small_store).test_client()
    for path in ("/compare?method=lasso&method=ridge", "/methods?q=lasso", "/method/lasso", "/"):
        mark = "&" if "?" in path else "?"
        plain = get(client, path, Accept=BROWSER)
        more = get(client, f"{path}{mark}made=up&x=<y>&q%5B%5D=1", Accept=BROWSER)
        assert (more.data, more.headers["ETag"]) == (plain.data, plain.headers["ETag"])
    orders = {
        get(client, f"/compare.json?{query}").headers["ETag"]
        for query in ("method=lasso&only=differences&method=ridge", "only=differences&method=lasso&method=ridge")
    }
    assert len(orders) == 1
    assert get(client, "/compare.json?method=ridge&method=lasso&only=differences").headers["ETag"] not in orders


def test_tables_for_excel(small_store: Path) -> None:
    client = app_of(small_store).test_client()
    for name in ("csv", "tsv"):
        plain = get(client, f"/compare.{name}?method=lasso&method=ridge")
        marked = get(client, f"/compare.{name}?method=lasso&method=ridge&bom=true")
        assert marked.data == b"\xef\xbb\xbf" + plain.data
        assert marked.headers["ETag"] != plain.headers["ETag"]
    assert not get(client, "/compare.json?method=lasso&bom=true").data.startswith(b"\xef")
    page = get(client, "/compare?method=lasso&method=ridge&lang=fr", Accept=BROWSER)
    link = next(a for a in Page(page).addresses() if "bom=true" in a)
    assert get(client, link).data.startswith(b"\xef\xbb\xbfrow,")
    assert "CSV pour Excel" in page.text


@pytest.mark.parametrize("kind", ["static", "reconcile", "compare", "sparql", "id", "doc"])
def test_kinds_that_are_called_as_addresses_are(own_store: Path, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "odd.ttl"
    file.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        f'<https://w3id.org/kgcompare/id/{kind}/odd> a kgc:Method ; skos:prefLabel "Odd one"@en .'
    )
    ingest.import_files(own_store, [file], ingest.Options(trust=True))
    client = app_of(own_store).test_client()
    found = client.get(f"/id/{kind}/odd", headers={"Accept": BROWSER}, follow_redirects=True)
    assert (found.status_code, found.request.path) == (200, f"/{kind}/odd")
    assert "Odd one" in found.text
    assert get(client, f"/{kind}/odd.ttl").status_code == 200
    assert get(client, f"/{kind}/no-such").status_code == 404
    assert get(client, "/static/style.css").mimetype == "text/css"
    assert get(client, "/reconcile/properties?type=method").mimetype == "application/json"


def test_kept_answers_go_with_the_generation_that_made_them(own_store: Path) -> None:
    catalogue = Catalogue(EmbeddedStore(own_store))
    front = Front(lambda *_: [], catalogue, 1 << 20)
    generation = front.current()
    answers = kept.answers_of(generation, front.most)
    assert front.current() is generation
    assert kept.answers_of(generation, front.most) is answers
    ingest.import_files(own_store, [SMALL], ingest.Options(trust=True, replace=True))
    later = front.current()
    assert (later is generation) == (kept.answers_of(later, front.most) is answers)


# -- links ----------------------------------------------------------------------------------------


def crawl(client: FlaskClient, root: str, most: int, **environ: str) -> set[str]:
    """Follows every link within the site from its home; all must lead somewhere. The paths that were seen."""
    todo, seen = [f"{root}/"], {f"{root}/"}
    done = 0
    while todo and done < most:
        path = todo.pop(0)
        done += 1
        response = client.get(path, headers={"Accept": BROWSER}, environ_overrides=environ, buffered=True)
        if path.partition("?")[0] in {f"{root}/compare", f"{root}/sparql"}:
            assert response.status_code in {200, 400}, path
        else:
            assert response.status_code == 200, path
        if response.mimetype != "text/html":
            continue
        page = Page(response)
        starts = {attrs["data-goto"] for _, attrs in page.elements if "data-goto" in attrs}  # a slug comes after them
        assert all(re.fullmatch(rf"{re.escape(root)}/[a-z0-9-]+/", start) for start in starts), starts
        for address in [one for one in page.addresses() if one not in starts]:
            parts = urlsplit(urljoin("http://localhost" + path, address))
            if parts.netloc != "localhost":
                assert address.startswith(("https://", "http://")), address
                assert "/id/" not in address or "w3id.org" not in address, f"{path} leads to {address}"
                continue
            assert address.startswith((root + "/", f"http://localhost{root}/", "#", "?")), f"{path} leads to {address}"
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            if target not in seen and not target.startswith((f"{root}/suggest", f"{root}/method/?")):
                seen.add(target)
                todo.append(target)
    return {path.partition("?")[0].removeprefix(root) for path in seen}


KNOWN = {"/", "/methods", "/compare", "/dataset", "/method/lasso", "/agent/ian-goodfellow", "/source/hoerl-1970"}


@pytest.mark.slow
def test_every_link_works(small: FlaskClient) -> None:
    assert crawl(small, "", 250) >= KNOWN | {"/family/statistics", "/type/regression", "/dump.nq.gz"}


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["/library/methods", "library/methods/"])
def test_links_work_behind_a_prefix(small_store: Path, prefix: str) -> None:
    client = app_of(small_store, prefix=prefix).test_client()
    assert crawl(client, "/library/methods", 60) >= {"/", "/methods", "/compare", "/dataset"}
    # A proxy that takes the prefix off sends the bare path.
    assert "/library/methods/method/ridge" in Page(get(client, "/method/lasso")).addresses()
    assert get(client, "/id/method/lasso").headers["Location"] == "/library/methods/method/lasso"
    assert get(client, "/library/methodsx").status_code == 404
    added = get(client, "/library/methods/compare?method=lasso&add=ridge", BROWSER)
    assert added.headers["Location"] == "/library/methods/compare?method=lasso&method=ridge"


@pytest.mark.parametrize("prefix", ["", "/", "//"])
def test_no_prefix_at_all(small_store: Path, prefix: str) -> None:
    page = Page(get(app_of(small_store, prefix=prefix).test_client(), "/method/lasso"))
    assert "/method/ridge" in page.addresses()
    assert not [address for address in page.addresses() if address.startswith("//")]


def test_links_follow_the_script_name(small: FlaskClient) -> None:
    response = small.get("/method/lasso", environ_overrides={"SCRIPT_NAME": "/mounted"})
    assert "/mounted/method/ridge" in Page(response).addresses()
    assert "/method/ridge" in Page(get(small, "/method/lasso")).addresses()


@pytest.mark.slow
def test_links_stay_here_whatever_the_base(tmp_path: Path) -> None:
    text = SMALL.read_text(encoding="utf-8").replace(
        "@base <https://w3id.org/kgcompare/>", "@base <https://example.org/catalogue/>"
    )
    text += """
<https://elsewhere.example/things/Ma%20M%C3%A9thode> a kgc:Method ; skos:prefLabel "Foreign"@en ;
    kgc:related <id/method/lasso> ; dcterms:subject <https://elsewhere.example/fields#x> .
<https://elsewhere.example/fields#x> a skos:Concept ; skos:prefLabel "Foreign field"@en .
"""
    client = app_of(store_of(tmp_path / "store", text, "https://example.org/catalogue/")).test_client()
    assert crawl(client, "", 120) >= KNOWN
    lasso = Page(get(client, "/method/lasso", BROWSER))
    ours = [a for a in lasso.addresses() if a.startswith("/method/")]
    assert "/method/ridge" in ours
    foreign = next(a for a in ours if "methode" in a)
    assert "Foreign" in Page(get(client, foreign, BROWSER)).text
    assert not [a for a in lasso.addresses() if "example.org/catalogue" in a]
    compared = get(client, "/compare.json?method=lasso&method=" + foreign.rpartition("/")[2]).json
    shaped(compared, 2)


# -- hostile data ---------------------------------------------------------------------------------

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7123*7}}${7123*7}&lt;</title></textarea>\u202e\\"


def hostile() -> str:
    text = EVIL.replace("\\", "\\\\").replace('"', '\\"')
    return f"""
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix bibo: <http://purl.org/ontology/bibo/> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix schema: <https://schema.org/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix prov: <http://www.w3.org/ns/prov#> .
@base <https://w3id.org/kgcompare/> .
<id/method/evil> a kgc:Method ;
    skos:prefLabel "{text}"@en ; skos:altLabel "{text}"@en, "javascript:alert(1)"@fr ; skos:hiddenLabel "{text}" ;
    dcterms:subject <id/domain/evil>, <javascript:alert(1)> ; kgc:family <id/family/evil> ;
    dcterms:type <id/type/evil>, <data:text/html,x> ; kgc:origin "{text}"^^edtf:EDTF ;
    kgc:origination [ kgc:agentList ( <id/agent/evil> <javascript:alert(2)> ) ; kgc:contribution "{text}"@en ] ;
    kgc:foundingSource <id/source/evil>, <javascript:alert(3)>, <https://evil.example/'onmouseover='alert(4)> ;
    kgc:related <javascript:alert(5)>, <id/method/other> ; skos:definition "{text}"@en, "{text}"@fr ;
    skos:editorialNote "{text}"@en ; skos:exactMatch <javascript:alert(6)> .
[] a rdf:Statement ; rdf:subject <id/method/evil> ; rdf:predicate dcterms:type ; rdf:object <id/type/evil> ;
    dcterms:source "{text}" .
<doc/method/evil> dcterms:license <javascript:alert(7)> ; prov:wasDerivedFrom <javascript:alert(8)> .
<id/method/other> a kgc:Method ; skos:prefLabel "Other {text}"@en ; skos:definition "other {text}"@en .
<id/domain/evil> a skos:Concept ; skos:prefLabel "{text}"@en .
<id/family/evil> a skos:Concept ; skos:prefLabel "{text}"@en .
<id/type/evil> a skos:Concept ; skos:prefLabel "{text}"@en .
<id/agent/evil> a foaf:Person ; foaf:name "{text}" ; foaf:familyName "{text}" ; schema:sameAs <javascript:alert(9)> .
<id/source/evil> a bibo:Document, bibo:AcademicArticle ; dcterms:title "{text}" ; dcterms:issued "{text}"^^edtf:EDTF ;
    bibo:authorList ( <id/agent/evil> ) ; dcterms:isPartOf [ dcterms:title "{text}" ] ; bibo:volume "{text}" ;
    bibo:doi "{text}" ; bibo:uri <javascript:alert(10)>, "javascript:alert(11)"^^xsd:anyURI ; bibo:pages "{text}" .
"""


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    path = tmp_path_factory.mktemp("evil")
    graph = NamedNode("https://w3id.org/kgcompare/doc/method/evil")
    quads = [Quad(q.subject, q.predicate, q.object, graph) for q in parse(hostile().encode(), RdfFormat.TURTLE)]
    serialize(quads, path / "evil.nq", RdfFormat.N_QUADS)
    ingest.throwaway(path / "store", [path / "evil.nq"], ingest.Options(trust=True))  # taken exactly as it is
    return app_of(path / "store").test_client()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/methods",
        "/methods?q=script",
        "/methods?q=" + quote(EVIL),
        "/method/evil",
        "/method/other",
        "/agent/evil",
        "/source/evil",
        "/domain/evil",
        "/family/evil",
        "/type/evil",
        "/dataset",
        "/compare?method=evil",
        "/compare?method=evil&method=other",
        "/compare?method=evil&method=other&rows=identity&swap=1&lang=fr",
        "/compare?method=evil&method=" + quote(EVIL),
        "/compare?method=evil&add=" + quote(EVIL),
        "/compare?add=" + quote(EVIL),
        "/compare?method=" + quote(EVIL),
        "/compare?method=evil&only=" + quote(EVIL),
        "/compare?method=evil&class=" + quote(EVIL),
        "/compare?method=evil&lang=" + quote(EVIL),
        "/method/" + quote(EVIL, safe=""),
        "/" + quote(EVIL, safe=""),
        "/%2Fevil.example/%22%3E%3Cscript%3E",
    ],
)
def test_hostile_records_and_addresses_are_harmless(evil: FlaskClient, path: str) -> None:
    response = get(evil, path, BROWSER)
    page = Page(response)
    assert {name for name, _ in page.elements}.isdisjoint({"img", "iframe", "object", "embed", "base", "style"})
    for attrs in page.all("script"):
        assert attrs.get("type") == "application/ld+json" or attrs["src"].startswith(("/static/page", "/static/list"))
    for tag, attrs in page.elements:
        assert not [name for name in attrs if name.startswith("on") or name in {"style", "srcdoc"}], (tag, attrs)
    for address in page.addresses():
        assert urlsplit(address).scheme in {"", "http", "https"}, address
        assert not address.startswith("//"), address
    assert "49861" not in page.text
    if path in {"/method/evil", "/agent/evil", "/source/evil", "/compare?method=evil"}:
        assert EVIL.partition("<")[0] in page.text


def test_hostile_records_as_data(evil: FlaskClient) -> None:
    for form in FORMATS:
        assert get(evil, f"/compare.{form}?method=evil&method=other").status_code == 200
    for form in ("json", *RDF):
        assert get(evil, f"/method/evil.{form}").status_code == 200
        assert get(evil, f"/source/evil.{form}").status_code == 200
    data = get(evil, "/compare.json?method=evil").json
    assert data is not None
    assert data["methods"][0]["label"] == EVIL
    urls = [value.get("url", "") for row in data["rows"] for cell in row["cells"] for value in cell["values"]]
    assert not [url for url in urls if urlsplit(url).scheme not in {"", "http", "https"}]
    suggested = json.loads(get(evil, "/suggest?q=script").data)
    assert [list(thing) for thing in suggested] == [["id", "iri", "label", "lang", "description"]] * len(suggested)


# -- completions and lists ------------------------------------------------------------------------


def test_completions(small: FlaskClient) -> None:
    found = json.loads(get(small, "/suggest?q=r%C3%A9gr&lang=fr&limit=1").data)
    assert found == [
        {
            "id": "ridge",
            "iri": "https://w3id.org/kgcompare/id/method/ridge",
            "label": "Régression ridge",
            "lang": "fr",
            "description": "Shrinks all coefficients.",
        }
    ]
    assert json.loads(get(small, "/suggest").data) == []
    assert json.loads(get(small, "/suggest?q=zzzz").data) == []
    assert len(json.loads(get(small, "/suggest?q=" + quote("é" * 5000)).data)) == 0
    assert json.loads(get(small, "/suggest?q=lasso&kind=nothing").data) == []


def test_lists_narrow_sort_and_page(bundled: FlaskClient) -> None:
    seen: list[str] = []
    after = ""
    page: Any = None
    for _ in range(100):
        page = get(bundled, f"/methods.json?family=machine-learning&limit=40&after={quote(after)}").json
        assert page is not None
        seen += [thing["id"] for thing in page["things"]]
        after = page["after"] or ""
        if not after:
            break
    assert len(seen) == len(set(seen)) == page["total"] > 100
    years = get(bundled, "/methods.json?sort=year&from=1990&to=1995").json
    assert years is not None
    assert 0 < years["total"] < page["total"]
    shown = Page(get(bundled, "/methods?family=machine-learning&sort=year", BROWSER))
    assert any("after=" in a for a in shown.addresses())
    assert get(bundled, "/methods.json?q=" + quote("'\"*) OR (NEAR")).status_code == 200


# -- hostile requests -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/method/" + "a" * 100_000, ""),
        ("/" + "a/" * 20_000, ""),
        ("/compare", "method=" + "a" * 200_000),
        ("/compare", "&".join(["method=a"] * 50_000)),
        ("/compare", "method=%ff%fe&lang=%ff"),
        ("/compare", "method=a%00b&class=%00"),
        ("/method/\xff\xfe", ""),
        ("/method/a\x00b", ""),
        ("/static/../../../etc/passwd", ""),
        ("/static/..\\..\\etc", ""),
        ("/static/\x00", ""),
        ("/../../etc/passwd", ""),
        ("", ""),
        ("method/lasso", ""),
        ("*", ""),
        ("/methods", "q=" + "(" * 10_000),
        ("/methods", "q=%22%22%22&sort=name&after=%00"),
        ("/methods", "from=%D9%A1&to=1e9"),
        ("/methods", "after=" + "x" * 10_000),
        ("/suggest", "q=%00%ff&limit=٣"),
        ("/compare", "method=lasso&format=%00"),
        ("/compare", "%%%=%&&&==&method"),
    ],
)
def test_strange_addresses(small_app: Flask, path: str, query: str) -> None:
    for accept in ("*/*", BROWSER):
        status, headers, body = ask_raw(small_app, path, query, HTTP_ACCEPT=accept)
        assert status < 500
        assert "Content-Security-Policy" in headers
        assert b"root:" not in body


def ask_raw(app: Flask, path: str, query: str, method: str = "GET", **environ: str) -> tuple[int, Any, bytes]:
    """A request whose parts no client has put in order."""
    given = EnvironBuilder(method=method).get_environ()
    given.update(PATH_INFO=path, QUERY_STRING=query.encode("utf-8").decode("latin-1"), **environ)
    body, status, headers = run_wsgi_app(app.wsgi_app, given, buffered=True)
    return int(status.split()[0]), headers, b"".join(body)


@pytest.mark.slow
def test_random_requests(small_app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(20261122)
    paths = [
        "/",
        "/methods",
        "/compare",
        "/method/",
        "/id/",
        "/suggest",
        "/dataset",
        "/agent/",
        "/static/",
        "lasso",
        ".json",
    ]
    paths += [".ttl", ".html", "/source/hoerl-1970", "%00", "..", "//", "\\", "ridge", "/compare.csv", ".", "-"]
    names = ["method", "lang", "format", "only", "class", "q", "sort", "after", "limit", "from", "to", "add", "swap"]
    values = [
        "lasso",
        "ridge",
        "fr",
        "json",
        "html",
        "differences",
        "%FF",
        "%00",
        "%",
        "=",
        "-1",
        "99999999999999",
        "*",
    ]
    values += ["http%3A%2F%2Fx", "urn:x", "name", "year", "'", "%22", "%3Cscript%3E", "zh-Hant", "\u00e9", ""]
    accepts = [BROWSER, "*/*", "text/turtle;q=0.2", '"', "a/b;q=", "application/json", ";", ","]

    def junk(most: int) -> str:
        return "".join(chr(chance.randrange(256)) for _ in range(chance.randrange(most)))

    def some(parts: list[str], most: int) -> str:
        return "".join(chance.choice([*parts, junk(6)]) for _ in range(chance.randrange(1, most)))

    for _ in range(many(600, 20_000)):
        path = some(paths, 4) if chance.random() < 0.8 else "/" + junk(40)
        query = "&".join(f"{chance.choice(names)}={some(values, 3)}" for _ in range(chance.randrange(6)))
        environ = {
            "HTTP_ACCEPT": some(accepts, 4),
            "HTTP_ACCEPT_LANGUAGE": some(["fr", "en;q=0.3", ",", "*", "-", ";q=x"], 4),
            "HTTP_IF_NONE_MATCH": chance.choice(["", "*", junk(20), '"x"']),
            "HTTP_HOST": chance.choice(["localhost", junk(10), "evil.example:99999", "[::1", ""]),
            "HTTP_RANGE": chance.choice(["", "bytes=-1", junk(8)]),
            "HTTP_COOKIE": junk(10),
            "CONTENT_LENGTH": chance.choice(["", "0", "-1", "x", "99999999"]),
            "CONTENT_TYPE": junk(10),
            "HTTP_X_FORWARDED_PREFIX": "//evil.example",
        }
        method = chance.choice(["GET"] * 8 + ["HEAD", "POST"])
        status, headers, body = ask_raw(small_app, path, query, method, **environ)
        said = (status, method, path, query, environ)
        assert 200 <= status < 500, said
        assert b"Traceback" not in body, said
        assert headers.get("X-Content-Type-Options") == "nosniff", said
        assert "Set-Cookie" not in headers, said
        assert "evil.example" not in headers.get("Location", ""), said
        assert b'="//' not in body, said
    assert not [record for record in caplog.records if "unforeseen" in record.message]


@pytest.mark.parametrize("text", ["\x19!", "!\t!", "!\u1680!", "\U0001f469\u200d\U0001f4bb", "\u200b"])
def test_whoever_types_signs_is_answered(small: FlaskClient, text: str) -> None:
    """What shows nothing parts a token in two for the index, which takes no such phrase."""
    for path in ("/suggest", "/methods.json", "/find"):
        assert small.get(path, query_string={"q": text}, headers={"Accept": "*/*"}).status_code in {200, 406}


# -- a store that fails ---------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "status"), [(StoreError, 503), (EndpointError, 502)])
def test_a_store_that_fails(
    small_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: type[StoreError],
    status: int,
) -> None:
    app = app_of(small_store)
    client = app.test_client()
    assert get(client, "/method/lasso").status_code == 200

    def failing(*_: Any) -> Any:
        raise fault("the disk at /srv/secret is gone")

    told = "the disk at /srv/secret is gone" if fault is EndpointError else "the log of the server says why"

    with monkeypatch.context() as broken:
        broken.setattr(EmbeddedStore, "snapshot", failing)
        ready = client.get("/readyz")  # a state, and no problem document
        assert (ready.status_code, ready.json and ready.json["store"]) == (503, "unreachable")
        assert get(client, "/healthz").status_code == 200, "the server itself lives"
        for path in ("/", "/method/lasso", "/compare.json?method=lasso", "/nothing", "/dump.nq.gz"):
            assert problem(get(client, path), status)["detail"].endswith(told)
            response = get(client, path, BROWSER)
            assert response.status_code == status
            assert response.headers["Cache-Control"] == "no-store"
    assert ("the disk at /srv/secret is gone" in caplog.text) == (fault is StoreError), "only the log names folders"
    assert get(client, "/method/lasso").status_code == 200


def test_the_page_of_an_error_asks_nothing_that_cannot_be_had(
    small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app_of(small_store).test_client()

    def making(*_: Any) -> Any:
        raise Unavailable("the index of the catalogue is being made; try again in a moment")

    monkeypatch.setattr("kgcompare.catalogue.generation.Generation.index", property(making))
    for _ in range(2):
        response = get(client, "/methods?q=lasso", BROWSER)
        assert (response.status_code, response.mimetype) == (503, "text/html")
        assert "is being made" in response.text
        monkeypatch.setattr("kgcompare.web.problems.problem_page", making)  # whatever else a page may need


def test_a_fault_of_ours_is_a_problem_too(
    small_store: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = app_of(small_store).test_client()

    def failing(*_: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Catalogue, "generation", failing)
    for accept in ("*/*", BROWSER):
        response = get(client, "/method/lasso", accept)
        assert response.status_code == 500
        assert b"secret" not in response.data
    assert "unforeseen ZeroDivisionError at /method/lasso" in caplog.text


@pytest.mark.parametrize(("failures", "status"), [(1000, 502), (1, 503)])
def test_an_endpoint_that_is_down(failures: int, status: int) -> None:
    """502 for what was asked in vain, 503 and when to come back while the endpoint is not asked."""
    limits = Limits(timeout=2, endpoint_failures=failures, endpoint_retries=0)
    app = create_app(Settings(endpoint="http://127.0.0.1:9/sparql", limits=limits))
    client = app.test_client()
    for path in ("/", "/methods", "/method/lasso.ttl", "/compare.json?method=lasso", "/suggest?q=a", "/dump.nq.gz"):
        answer = get(client, path)
        while "is being made" in answer.get_data(as_text=True):  # the machine is busy, and it is not known yet
            time.sleep(0.2)
            answer = get(client, path)
        assert "cannot be reached" in problem(answer, status)["detail"]
        assert ("Retry-After" in answer.headers) == (status == 503)
    page: Callable[[str], Page] = lambda path: Page(get(client, path, BROWSER))  # noqa: E731
    assert "http://127.0.0.1:9" in page("/method/lasso").text


def test_downloads_are_named_after_what_is_compared(small: FlaskClient, tmp_path: Path) -> None:
    for name in ("tex", "csv", "json", "ttl"):
        for _ in range(2):  # made, then kept
            named = small.get(f"/compare.{name}?method=ridge&method=lasso").headers["Content-Disposition"]
            assert named == f'inline; filename="ridge_lasso.{name}"'
    assert "Content-Disposition" not in small.get("/compare?method=lasso", headers={"Accept": "text/html"}).headers
    odd, long = "http://example.org/x%22%0Ay/%C3%A9", f"http://example.org/{'long-' * 100}"
    text = "@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    text += "".join(
        f'<{iri}> a kgc:Method ; skos:prefLabel "{number}"@en .\n' for number, iri in enumerate((odd, long))
    )
    foreign = app_of(store_of(tmp_path / "foreign", text)).test_client()
    for query in ([("method", odd)], [("method", odd), ("method", long)]):
        answer = foreign.get("/compare.csv", query_string=query)
        assert answer.status_code == 200, answer.data
        match = re.fullmatch(r'inline; filename="([a-z0-9_-]+\.csv)"', answer.headers["Content-Disposition"])
        assert match
        assert len(match[1]) < 200
