"""The description of every address: valid, complete, and true of the answers."""

from __future__ import annotations

import gc
import http.client
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import schemathesis
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import SerializationContext
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from werkzeug.test import run_wsgi_app

from kgcompare.formats import FORMATS, RDF
from kgcompare.web.app import create_app
from kgcompare.web.openapi import document
from kgcompare.web.settings import Settings

DOCUMENT = document("http://localhost")
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
SLOW = {"report", "reportAs"}
"""The report of the whole catalogue takes seconds to make; that of a small one is looked at below."""
GRAPHS = {FORMATS[name].media_type for name in RDF}
OTHERS = {"/static/{filename}", "/sparql/", "/{plural}", "/{plural}.{format}"}
"""What pages load, another spelling of /sparql, and the lists of other kinds, which are as that of methods."""
NUMBERS = ("/suggest?q=a&limit", "/methods?from", "/methods?q=a&after", "/reconcile/properties?limit")
"""Addresses up to the value of a parameter that is a number."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    response_headers_conformance,
    unsupported_method,
]
CONFIG = SchemathesisConfig.from_dict(
    {
        "suppress-health-check": ["all"],
        "generation": {"max-examples": 15, "deterministic": True, "database": "none", "no-shrink": True},
        # A query may be too much for a worker.
        "operations": [
            {"include-path": "/sparql", "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]}}}
        ],
    }
)
SMALLER = {"transfer-learning-gan": "gan", "transfer-learning-diffusion": "ridge", "regularised-linear-": ""}
"""What examples name -> what the small catalogue has."""
api = schemathesis.openapi.from_dict(
    json.loads(re.sub("|".join(SMALLER), lambda name: SMALLER[name[0]], json.dumps(DOCUMENT))), config=CONFIG
)


@schemathesis.serializer("application/sparql-query")
def query_text(_: SerializationContext, value: Any) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def app(small_store: Path) -> Iterator[Flask]:
    app = create_app(Settings(store=small_store, query_timeout=2.0))
    yield app
    app.extensions["kgcompare"].close()
    gc.collect()


@pytest.fixture(scope="module")
def server(app: Flask) -> WSGIApplication:
    """The application behind a server that closes what it has sent."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        body, status, headers = run_wsgi_app(app, environ, buffered=True)
        start(status, list(headers))
        return list(body)

    return answer


def resolved(node: Any) -> Any:
    """What a reference stands for."""
    found = node
    if "$ref" in node:
        found = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
    return found


def test_it_is_openapi() -> None:
    assert [f"{list(fault.path)}: {fault.message}" for fault in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_address_is_in_it(app: Flask) -> None:
    there: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).replace("{suffix}", "{format}")
        for spelled in ["/{kind}/{slug}", "/{kind}/{slug}.{format}"] if path == "/{kind}/{name}" else [path]:
            there.setdefault(spelled, set()).update((rule.methods or set()) - {"HEAD", "OPTIONS"})
    described = {path: {method.upper() for method in item} for path, item in DOCUMENT["paths"].items()}
    assert described == {path: methods for path, methods in there.items() if path not in OTHERS}


def test_it_is_served(app: Flask, small_store: Path) -> None:
    client = app.test_client()
    plain = client.get("/openapi.json", headers={"Host": "example.org"})
    assert plain.mimetype == "application/json"
    assert plain.get_json() == document("http://example.org")
    assert client.get("/openapi.json", headers={"If-None-Match": plain.headers["ETag"]}).status_code == 200
    again = client.get("/openapi.json", headers={"Host": "example.org", "If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304
    own = client.get("/openapi.json", headers={"Accept": "application/vnd.oai.openapi+json;version=3.1, */*;q=0.1"})
    assert own.content_type == "application/vnd.oai.openapi+json;version=3.1"
    assert client.get("/openapi.json", headers={"Accept": "text/turtle"}).status_code == 406
    below = create_app(Settings(store=small_store, prefix="/catalogue")).test_client().get("/catalogue/openapi.json")
    assert below.get_json()["servers"] == [{"url": "http://localhost/catalogue"}]


@pytest.mark.parametrize("query", NUMBERS)
def test_numbers_are_as_described(app: Flask, query: str) -> None:
    client = app.test_client()
    for text in ("١٢", "1_0", "+5", "5.0", "1e1", "5\0", "--5", "−5", "0x5", "5" * 5000):
        assert client.get(f"{query}={quote(text)}").status_code == 400, text


# -- examples ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its body is of the media type ``kind``; ``accept`` is the one to answer in, if it is not empty."""

    path: str
    query: Sequence[tuple[str, Any]] = ()
    accept: str = ""
    body: str = ""
    kind: str = ""


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in SLOW])
def test_examples_work(site: str, name: str) -> None:
    """Each example is answered in every format, and JSON answers hold to their schemas."""
    method, path, operation = OPERATIONS[name]
    expected = "200" if "200" in operation["responses"] else "303"
    types = operation["responses"][expected]["content"]
    for asked in examples(path, operation, types):
        status, media, body = ask(site, method, asked)
        assert (str(status), media in types) == (expected, True), (asked, body[:500])
        assert asked.accept in {"", media}
        if "schema" in types[media]:
            checked = Draft202012Validator(types[media]["schema"] | {"components": DOCUMENT["components"]})
            assert [fault.message for fault in checked.iter_errors(json.loads(body))] == []


def examples(path: str, operation: Any, types: Iterable[str]) -> Iterator[Asked]:
    """All that an operation can be asked with its examples."""
    parameters = [resolved(node) for node in operation["parameters"]]
    for found in parameters:
        if found["in"] == "path" and "example" in found:
            path = path.replace(f"{{{found['name']}}}", str(found["example"]))
    query = [(p["name"], p["example"]) for p in parameters if p["in"] == "query" and "example" in p]
    if "requestBody" in operation:
        for kind, content in resolved(operation["requestBody"])["content"].items():
            for value in [e["value"] for e in content.get("examples", {}).values()] or [content["example"]]:
                yield Asked(path, query, "", value if isinstance(value, str) else urlencode(value), kind)
    elif "{format}" in path:
        suffixes = next(p for p in parameters if p["name"] == "format")["schema"]["enum"]
        yield from (Asked(path.replace("{format}", suffix), query) for suffix in suffixes)
    elif path == "/sparql":  # the service is described in RDF if it is asked nothing, the example's answer is no RDF
        yield from (Asked(path, [] if media in GRAPHS else query, media) for media in types)
    else:
        yield from (Asked(path, query, media if "406" in operation["responses"] else "") for media in types)


def ask(site: str, method: str, asked: Asked) -> tuple[int, str, bytes]:
    """Status, media type and body."""
    headers = {"Accept": asked.accept} if asked.accept else {}
    headers |= {"Content-Type": asked.kind} if asked.kind else {}
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=60)
    try:
        target = f"{asked.path}?{urlencode(asked.query, doseq=True)}"
        connection.request(method, target, asked.body.encode() or None, headers)
        response = connection.getresponse()
        return response.status, response.headers.get_content_type(), response.read()
    finally:
        connection.close()


# -- everything else -----------------------------------------------------------------------------------


@api.parametrize()
def test_answers_are_as_described(case: schemathesis.Case[Any], server: WSGIApplication) -> None:
    """Whatever is asked, sensible or not, no answer is a failure, and each is one that the description has."""
    responses = case.operation.definition.raw["responses"]
    types = list(responses["200" if "200" in responses else "303"]["content"])
    accept = [*types, f"{types[0]}, text/html;q=0.1", "*/*", "image/png"]
    chosen = zlib.crc32(repr((case.query, case.path_parameters)).encode("utf-8", "backslashreplace"))
    case.call_and_validate(app=server, headers={"Accept": accept[chosen % len(accept)]}, checks=CHECKS)
