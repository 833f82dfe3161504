"""The public endpoint, as SPARQL 1.1 Protocol has it."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

from kgcompare.sandbox import process
from kgcompare.sandbox.confinement import Lock, has_seccomp
from kgcompare.sandbox.limits import Limits
from kgcompare.web import request, service
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

ASK = "ASK { ?s a <https://w3id.org/kgcompare/ns#Method> }"
SELECT = "SELECT ?s { ?s a <https://w3id.org/kgcompare/ns#Method> } ORDER BY ?s"
CONSTRUCT = "CONSTRUCT WHERE { ?s a <https://w3id.org/kgcompare/ns#Method> }"
BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r }"
DOCUMENT = "https://w3id.org/kgcompare/doc/method/lasso"


@pytest.fixture(scope="module")
def client(small_store: Path) -> Iterator[FlaskClient]:
    app = create_app(Settings(store=small_store, limits=Limits(query_timeout=2.0)))
    yield app.test_client()
    app.extensions["kgcompare"].close()
    gc.collect()


@pytest.mark.parametrize(
    ("accept", "media", "syntax"),
    [
        ("", "application/sparql-results+json", QueryResultsFormat.JSON),
        ("*/*", "application/sparql-results+json", QueryResultsFormat.JSON),
        ("application/sparql-results+xml", "application/sparql-results+xml", QueryResultsFormat.XML),
        ("text/csv;q=0.5, application/json", "application/sparql-results+json", QueryResultsFormat.JSON),
        ("text/tab-separated-values", "text/tab-separated-values", QueryResultsFormat.TSV),
    ],
)
def test_solutions_come_in_the_format_asked_for(
    client: FlaskClient, accept: str, media: str, syntax: QueryResultsFormat
) -> None:
    response = client.get("/sparql", query_string={"query": SELECT}, headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response.mimetype == media
    assert len(list(parse_query_results(io.BytesIO(response.data), syntax))) > 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("accept", "syntax"),
    [
        ("*/*", RdfFormat.TURTLE),
        ("application/n-triples", RdfFormat.N_TRIPLES),
        ("application/ld+json", RdfFormat.JSON_LD),
        ("application/rdf+xml", RdfFormat.RDF_XML),
        ("application/trig", RdfFormat.TRIG),
    ],
)
def test_statements_come_in_the_format_asked_for(client: FlaskClient, accept: str, syntax: RdfFormat) -> None:
    response = client.get("/sparql", query_string={"query": CONSTRUCT}, headers={"Accept": accept})
    assert response.status_code == 200
    assert len(list(parse(response.data, syntax))) > 1


def test_three_ways_to_ask(client: FlaskClient) -> None:
    answers = [
        client.get("/sparql", query_string={"query": ASK}),
        client.post("/sparql", data={"query": ASK}),
        client.post("/sparql", data=ASK, content_type="application/sparql-query"),
        client.post("/sparql?unknown=1", data=ASK.encode(), content_type="application/sparql-query; charset=utf-8"),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].get_json()["boolean"] is True


def test_a_byte_order_mark_is_passed_over(client: FlaskClient) -> None:
    marked = "\ufeff" + ASK
    for answer in (
        client.post("/sparql", data=marked.encode(), content_type="application/sparql-query"),
        client.post("/sparql", data={"query": marked}),
        client.get("/sparql", query_string={"query": marked}),
    ):
        assert (answer.status_code, answer.get_json()["boolean"]) == (200, True)


@pytest.mark.parametrize("clause", ["FROMNAMED<http://e/none>", "FROM<http://e/none>", "FROM <http://e/none>"])
def test_a_dataset_is_named_with_or_without_spaces(client: FlaskClient, clause: str) -> None:
    answer = client.get("/sparql", query_string={"query": f"SELECT * {clause} {{ ?s ?p ?o }}"})
    assert answer.get_json()["results"]["bindings"] == []
    refused = client.get("/sparql", query_string={"query": "PREFIX ex: <http://e/> SELECT * FROMex:none { ?s ?p ?o }"})
    assert refused.status_code == 400


def test_queries_are_off_where_no_lock_holds(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (request, service):
        monkeypatch.setattr(module, "locks_here", lambda: frozenset({Lock.MEMORY}))
    app = create_app(Settings(store=small_store))
    client = app.test_client()
    refused = client.get("/sparql", query_string={"query": ASK})
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert "--unconfined-queries" in refused.get_json()["detail"]
    assert int(refused.headers["Retry-After"]) > 60
    page = client.get("/sparql", headers={"Accept": "text/html"})
    assert (page.status_code, b'id="off"' in page.data) == (200, True)
    health = client.get("/healthz").get_json()
    assert (health["queries"], health["locks"]) == ("off", {"network": False, "writing": False, "memory": True})
    app.extensions["kgcompare"].close()

    app = create_app(Settings(store=small_store, unconfined=True))
    client = app.test_client()
    assert client.get("/sparql", query_string={"query": ASK}).get_json()["boolean"] is True
    assert b'id="off"' not in client.get("/sparql", headers={"Accept": "text/html"}).data
    assert client.get("/healthz").get_json()["queries"] == "on"
    app.extensions["kgcompare"].close()
    gc.collect()


@pytest.mark.skipif(not has_seccomp(), reason="no seccomp filter for this system; the README says so")
def test_health_says_which_locks_hold(client: FlaskClient) -> None:
    health = client.get("/healthz").get_json()
    assert (health["status"], health["queries"]) == ("ok", "on")
    assert health["locks"] == {"network": True, "writing": True, "memory": True}
    assert b'id="off"' not in client.get("/sparql", headers={"Accept": "text/html"}).data


def test_the_protocol_s_dataset_beats_the_query_s(client: FlaskClient) -> None:
    count = "SELECT (COUNT(*) AS ?n) FROM <http://example.org/none> { ?s ?p ?o }"

    def number(**parameters: str) -> int:
        pairs = [("query", count), *((name.replace("_", "-"), value) for name, value in parameters.items())]
        response = client.get("/sparql?" + urlencode(pairs))
        return int(response.get_json()["results"]["bindings"][0]["n"]["value"])

    assert number() == 0
    assert number(default_graph_uri=DOCUMENT) > 3


def test_a_named_graph_alone_leaves_the_default_graph_empty(client: FlaskClient) -> None:
    query = "ASK { ?s ?p ?o }"
    named = client.get("/sparql?" + urlencode([("query", query), ("named-graph-uri", DOCUMENT)]))
    assert named.get_json()["boolean"] is False
    inside = client.get(
        "/sparql?" + urlencode([("query", "ASK { GRAPH ?g { ?s ?p ?o } }"), ("named-graph-uri", DOCUMENT)])
    )
    assert inside.get_json()["boolean"] is True


@pytest.mark.parametrize(
    ("method", "arguments", "status"),
    [
        ("get", {"query_string": {"query": "SELECT nonsense"}}, 400),
        ("get", {"query_string": {"query": "INSERT DATA { <x:a> <x:b> <x:c> }"}}, 400),
        ("get", {"query_string": {"query": "SELECT * { SERVICE SILENT <http://127.0.0.1:9/> {} }"}}, 400),
        ("get", {"query_string": {"query": ASK, "default-graph-uri": "not an IRI"}}, 400),
        ("get", {"query_string": [("query", ASK), ("query", ASK)]}, 400),
        ("post", {"data": {"update": "CLEAR ALL"}}, 400),
        ("post", {"data": {"other": "1"}}, 400),
        ("post", {"data": b"\xff\xfe", "content_type": "application/sparql-query"}, 400),
        ("post", {"data": "CLEAR ALL", "content_type": "application/sparql-update"}, 415),
        ("post", {"data": ASK, "content_type": "text/plain"}, 415),
        ("put", {"data": ASK}, 405),
        ("delete", {}, 405),
        ("get", {"query_string": {"query": ASK}, "headers": {"Accept": "image/png"}}, 406),
        ("get", {"query_string": {"query": CONSTRUCT}, "headers": {"Accept": "text/csv"}}, 406),
    ],
)
def test_what_is_wrong_is_said(client: FlaskClient, method: str, arguments: dict[str, object], status: int) -> None:
    response = client.open("/sparql", method=method.upper(), **arguments)  # type: ignore[arg-type]
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert "Traceback" not in response.text


@pytest.mark.slow
def test_a_query_that_takes_too_long_is_ended(client: FlaskClient) -> None:
    response = client.get("/sparql", query_string={"query": BOMB})
    assert response.status_code == 503
    assert client.get("/sparql", query_string={"query": ASK}).status_code == 200


def test_without_workers_it_is_said_that_there_are_none(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(store=small_store))
    with monkeypatch.context() as patch:
        patch.setattr(process, "_COMMAND", ("/none/python",))
        response = app.test_client().get("/sparql", query_string={"query": ASK})
    assert response.status_code == 503
    assert response.mimetype == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0
    assert app.test_client().get("/sparql", query_string={"query": ASK}).status_code == 200
    app.extensions["kgcompare"].close()
    gc.collect()


def test_without_a_query_programs_get_a_description_and_browsers_a_page(client: FlaskClient) -> None:
    turtle = client.get("/sparql", headers={"Accept": "text/turtle"})
    assert turtle.mimetype == "text/turtle"
    assert "http://www.w3.org/ns/sparql-service-description#" in turtle.text
    page = client.get("/sparql", headers={"Accept": "text/html"})
    assert page.mimetype == "text/html"
    assert "<textarea" in page.text
