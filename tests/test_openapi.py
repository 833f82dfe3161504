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
from werkzeug.exceptions import RequestHeaderFieldsTooLarge
from werkzeug.test import run_wsgi_app

from deep import many
from kgcompare import resources
from kgcompare.catalogue import Catalogue
from kgcompare.formats import FORMATS, RDF, solutions
from kgcompare.sandbox.limits import Limits
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app
from kgcompare.web.kept import FAULT
from kgcompare.web.openapi import openapi_document
from kgcompare.web.settings import Settings

FILE = json.loads(resources.package_file("web/openapi.json").read_text(encoding="utf-8"))
DOCUMENT = json.loads(json.dumps(openapi_document("http://localhost")))
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
WRITING = {name for name, (_, _, operation) in OPERATIONS.items() if "security" in operation}
"""What needs a token: tests/test_writing_http.py looks at it. Here it is off."""
SLOW = {"report", "reportAs"}
"""The report of the whole catalogue takes seconds to make; that of a small one is looked at below."""
GRAPHS = {FORMATS[name].media_type for name in RDF}
OTHERS = {"/static/{filename}", "/sparql/"}
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
        "generation": {"max-examples": many(6, 100), "deterministic": True, "database": "none", "no-shrink": True},
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
    app = create_app(Settings(store=small_store, limits=Limits(query_timeout=2.0), contact="me@example.org"))
    yield app
    app.extensions["kgcompare"].close()
    gc.collect()


@pytest.fixture(scope="module")
def server(app: Flask) -> WSGIApplication:
    """The application behind a server that closes what it has sent."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # the tester names codings that it does not undo
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


def answer_of(operation: Any, status: str = "") -> Any:
    """The answer of an operation that is wanted: by its status, or the first that is no error."""
    responses = operation["responses"]
    return resolved(responses[status or next(one for one in ("200", "201", "204", "303") if one in responses)])


def parameters_of(operation: Any) -> list[Any]:
    return [resolved(node) for node in operation.get("parameters", ())]


def formats_of(operation: Any) -> list[str]:
    """The formats that can be named, and no others; empty for an operation that has none to choose from."""
    for parameter in parameters_of(operation):
        if parameter["name"] == "format":
            return list(resolved(parameter["schema"]).get("enum", ()))
    return []


@pytest.mark.parametrize("document", [FILE, DOCUMENT], ids=["the file as it stands", "what is served"])
def test_it_is_openapi(document: Any) -> None:
    assert [f"{list(fault.path)}: {fault.message}" for fault in OpenAPIV31SpecValidator(document).iter_errors()] == []


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def test_every_part_of_the_file_is_there_and_is_used() -> None:
    parts = {f"#/components/{kind}/{name}" for kind, named in FILE["components"].items() for name in named}
    locks = {
        name
        for item in FILE["paths"].values()
        for one in item.values()
        for lock in one.get("security", ())
        for name in lock
    }
    assert {*references(FILE), *(f"#/components/securitySchemes/{name}" for name in locks)} == parts


def test_an_address_with_a_suffix_gives_what_the_one_without_gives() -> None:
    suffixed = [path for path in FILE["paths"] if path.endswith(".{format}")]
    assert suffixed
    for path in suffixed:
        plain, other = (FILE["paths"][one]["get"] for one in (path.removesuffix(".{format}"), path))
        assert formats_of(plain) == formats_of(other)
        assert plain["responses"] == other["responses"]
        named = [[node for node in one["parameters"] if resolved(node)["name"] != "format"] for one in (plain, other)]
        assert named[0] == named[1]


CHOICES = [name for name, (method, _, operation) in OPERATIONS.items() if method == "GET" and formats_of(operation)]


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOICES)
def test_every_format_that_is_offered_is_in_it_and_no_other(app: Flask, name: str) -> None:
    """Each format that there is, asked for by its name: answered as the file says, or refused where it says nothing."""
    _, path, operation = OPERATIONS[name]
    client, answered = app.test_client(), set()
    for form in {*FORMATS, "table", "suggestions", "openapi"}:
        (asked, *_) = examples(path.replace("{format}", form), operation, ["*/*"])
        there = client.get(
            asked.path, query_string={"method": "lasso"} | ({} if "{format}" in path else {"format": form})
        )
        assert (form, there.status_code) == (form, 200 if form in formats_of(operation) else 406)
        answered |= {there.mimetype} if there.status_code == 200 else set()
    assert answered == set(answer_of(operation)["content"])


def test_the_formats_of_queries_are_in_it() -> None:
    media = solutions.MEDIA_TYPES | {name: FORMATS[name].media_type for name in (*RDF, "html")}
    for name, without in (("query", set()), ("postQuery", {"html"})):
        _, _, operation = OPERATIONS[name]
        (form,) = [parameter for parameter in parameters_of(operation) if parameter["name"] == "format"]
        assert set(form["schema"]["examples"]) == media.keys() - without
        assert set(answer_of(operation)["content"]) == {media[one] for one in media.keys() - without}


def test_every_address_is_in_it(app: Flask) -> None:
    there: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).replace("{suffix}", "{format}")
        for spelled in ["/{kind}/{slug}", "/{kind}/{slug}.{format}"] if path == "/{kind}/{name}" else [path]:
            if rule.endpoint.startswith("writing.") and "{format}" in spelled:
                continue  # what has a suffix is for reading
            there.setdefault(spelled, set()).update((rule.methods or set()) - {"HEAD", "OPTIONS"})
    there["/methods"].add("POST")  # the list of methods has a line of its own
    described = {path: {method.upper() for method in item} for path, item in DOCUMENT["paths"].items()}
    assert described == {path: methods for path, methods in there.items() if path not in OTHERS}


def test_it_is_served(app: Flask, small_store: Path) -> None:
    client = app.test_client()
    plain = client.get("/openapi.json", headers={"Host": "example.org"})
    assert plain.mimetype == "application/json"
    with Catalogue(EmbeddedStore(small_store)) as catalogue:
        wanted = openapi_document("http://example.org", catalogue.generation(), "mailto:me@example.org")
    assert plain.get_json() == wanted
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


@pytest.mark.parametrize("name", [name for name, (method, _, _) in OPERATIONS.items() if method == "GET"])
def test_refusals_of_any_request_are_in_it(app: Flask, name: str) -> None:
    """412 wherever there is something that ``If-Match`` could name, and 431 everywhere."""
    _, path, operation = OPERATIONS[name]
    asked = next(iter(examples(path, operation, ["*/*"])))
    client = app.test_client()
    if name not in SLOW:
        other = client.get(
            asked.path, query_string=[*asked.query, ("method", "lasso")], headers={"If-Match": '"other"'}
        )
        assert (other.status_code == 412) == ("200" in operation["responses"])
        assert str(other.status_code) in operation["responses"]
    long = client.get(asked.path, environ_overrides={FAULT: RequestHeaderFieldsTooLarge()})
    assert long.status_code == 431
    assert "431" in operation["responses"]


# -- examples ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its body is of the media type ``kind``; ``accept`` is the one to answer in, if it is not empty."""

    path: str
    query: Sequence[tuple[str, Any]] = ()
    accept: str = ""
    body: str = ""
    kind: str = ""


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in SLOW | WRITING])
def test_examples_work(site: str, name: str) -> None:
    """Each example is answered in every format, and JSON answers hold to their schemas."""
    method, path, operation = OPERATIONS[name]
    expected = "200" if "200" in operation["responses"] else "303"
    types = answer_of(operation)["content"]
    for asked in examples(path, operation, types):
        status, media, body = ask(site, method, asked)
        assert (str(status), media in types) == (expected, True), (asked, body[:500])
        assert asked.accept in {"", media}
        if "schema" in types[media]:
            checked = Draft202012Validator(types[media]["schema"] | {"components": DOCUMENT["components"]})
            assert [fault.message for fault in checked.iter_errors(json.loads(body))] == []


def examples(path: str, operation: Any, types: Iterable[str]) -> Iterator[Asked]:
    """All that an operation can be asked with its examples."""
    parameters = parameters_of(operation)
    for found in parameters:
        if found["in"] == "path" and "example" in found:
            path = path.replace(f"{{{found['name']}}}", str(found["example"]))
    query = [(p["name"], p["example"]) for p in parameters if p["in"] == "query" and "example" in p]
    if "requestBody" in operation:
        for kind, content in resolved(operation["requestBody"])["content"].items():
            for value in [e["value"] for e in content.get("examples", {}).values()] or [content["example"]]:
                yield Asked(path, query, "", value if isinstance(value, str) else urlencode(value), kind)
    elif "{format}" in path:
        yield from (Asked(path.replace("{format}", suffix), query) for suffix in formats_of(operation))
    elif path == "/sparql":  # the service is described in RDF if it is asked nothing, the example's answer is no RDF
        yield from (Asked(path, [] if media in GRAPHS else query, media) for media in types)
    else:
        yield from (Asked(path, query, media if "406" in operation["responses"] else "") for media in types)


def ask(site: str, method: str, asked: Asked) -> tuple[int, str, bytes]:
    """Status, media type and body."""
    headers = {"Accept": asked.accept} if asked.accept else {}
    headers |= {"Content-Type": asked.kind} if asked.kind else {}
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=120)
    try:
        target = f"{asked.path}?{urlencode(asked.query, doseq=True)}"
        connection.request(method, target, asked.body.encode() or None, headers)
        response = connection.getresponse()
        return response.status, response.headers.get_content_type(), response.read()
    finally:
        connection.close()


# -- everything else -----------------------------------------------------------------------------------


@pytest.mark.slow
@api.parametrize()
def test_answers_are_as_described(case: schemathesis.Case[Any], server: WSGIApplication) -> None:
    """Whatever is asked, sensible or not, no answer is a failure, and each is one that the description has."""
    types = list(answer_of(case.operation.definition.raw).get("content", ["application/problem+json"]))
    accept = [*types, f"{types[0]}, text/html;q=0.1", "*/*", "image/png"]
    chosen = zlib.crc32(repr((case.query, case.path_parameters)).encode("utf-8", "backslashreplace"))
    case.call_and_validate(app=server, headers={"Accept": accept[chosen % len(accept)]}, checks=CHECKS)
