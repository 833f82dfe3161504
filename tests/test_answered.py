"""What is said of requests that were answered: an id, a line of the log, and counts for Prometheus."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import create_environ

from kgcompare.sandbox.limits import LIMITS, SHARED, Limits
from kgcompare.web.answered import REQUEST_ID, WORKED_ON, Told, id_of
from kgcompare.web.app import Site, create_app
from kgcompare.web.gateway import Gateway
from kgcompare.web.loglines import AccessLog, LineFormatter, line_of
from kgcompare.web.metrics import metrics_of
from kgcompare.web.settings import Settings

HOSTILE = '/a b\n2026-01-01T00:00:00Z GET /forged 200\r\u2028\x1b[31m"\u202e\ud800'


def answered(**changed: Any) -> Told:
    about: dict[str, Any] = {
        **{"id": "abc", "method": "GET", "path": "/method/lasso", "query": 9, "status": 200, "size": 5},
        **{"seconds": 0.0021, "client": "192.0.2.7", "generation": "2-ab", "kept": False},
    }
    return Told(**about | changed)


# -- ids -----------------------------------------------------------------------------------------------


def test_an_id_is_taken_from_a_proxy_that_one_trusts_and_made_else() -> None:
    given = {"HTTP_X_REQUEST_ID": "7b44-Ab.c:d"}
    assert id_of(given, proxies=1) == "7b44-Ab.c:d"
    assert id_of(given, proxies=0) != "7b44-Ab.c:d"
    for hostile in ("", "a b", "a\nb", "x" * 129, "é", "a,b", '"'):
        made = id_of({"HTTP_X_REQUEST_ID": hostile}, proxies=1)
        assert re.fullmatch("[0-9a-f]{16}", made), hostile
    assert len({id_of({}, 0) for _ in range(100)}) == 100


def test_a_problem_has_the_id(small_store: Path) -> None:
    app = create_app(Settings(store=small_store))
    for path, status in (("/method/nothing", 404), ("/compare.json", 400), ("/methods.json?sort=x", 400)):
        response = app.test_client().get(path, environ_overrides={REQUEST_ID: "abc"})
        assert (response.status_code, json.loads(response.data)["request"]) == (status, "abc")
    assert "request" not in json.loads(app.test_client().get("/method/nothing").data)


def test_what_is_logged_of_a_fault_has_the_id() -> None:
    record = logging.LogRecord("kgcompare", logging.WARNING, "", 1, "kgcompare: bad %s", (HOSTILE,), None)
    WORKED_ON.set("abc")
    try:
        text, data = LineFormatter("text").format(record), json.loads(LineFormatter("json").format(record))
    finally:
        WORKED_ON.set("")
    assert text.startswith("kgcompare: bad /a b\\n2026")
    assert text.endswith(" (request abc)")
    assert text.isprintable()
    assert (data["message"], data["request"], data["level"]) == (f"bad {HOSTILE}", "abc", "warning")


def test_a_traceback_begins_no_line_of_its_own() -> None:
    try:
        raise ValueError(f"x\n2026-01-01T00:00:00Z {HOSTILE}")  # noqa: TRY301
    except ValueError as fault:
        info = (ValueError, fault, fault.__traceback__)
    record = logging.LogRecord("kgcompare", logging.ERROR, "", 1, "unforeseen", (), info)
    first, *others = LineFormatter("text").format(record).split("\n")
    assert first == "unforeseen"
    assert others
    assert all(line.startswith("    ") and line.isprintable() for line in others)
    line = LineFormatter("json").format(record)
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["exception"]


# -- lines ---------------------------------------------------------------------------------------------


def test_a_line_of_json() -> None:
    line = json.loads(line_of(answered(), "json", 0.0))
    assert line.pop("process") == os.getpid()
    assert line == {
        **{"time": "1970-01-01T00:00:00.000Z", "level": "info", "request": "abc", "method": "GET"},
        **{"path": "/method/lasso", "query_length": 9, "status": 200, "bytes": 5, "duration_ms": 2.1},
        **{"client": "192.0.2.7", "generation": "2-ab", "kept": False},
    }


@pytest.mark.parametrize("field", ["path", "client", "method"])
def test_nobody_forges_a_line(field: str) -> None:
    one = answered(**{field: HOSTILE * 50})
    line = line_of(one, "json", 0.0)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["status"] == 200
    text = line_of(one, "text", 0.0)
    assert text.isascii()
    assert text.isprintable()
    assert text.count(" ") == line_of(answered(), "text", 0.0).count(" "), "no field is made of two"
    assert max(len(line), len(text)) < 4096, "so that a pipe takes it as a whole"


def test_a_log_that_nobody_reads_holds_nobody_up() -> None:
    reader, writer = os.pipe()
    log = AccessLog("json", writer)
    begun = time.process_time()
    for number in range(30_000):
        log(answered(id=str(number)))
    assert time.process_time() - begun < 10
    assert log.dropped > 0
    read: list[bytes] = []

    def drain() -> None:
        with os.fdopen(reader, "rb") as pipe:
            read.extend(pipe)

    thread = threading.Thread(target=drain)
    thread.start()
    log.close(60)
    os.close(writer)
    thread.join(60)
    lines = [json.loads(line) for line in read]
    said = sum(int(line["message"].split()[0]) for line in lines if "message" in line)
    numbers = [int(line["request"]) for line in lines if "request" in line]
    assert numbers == sorted(numbers)
    assert len(numbers) + said == 30_000, "what is dropped is said"


# -- metrics -------------------------------------------------------------------------------------------


@pytest.fixture
def app(small_store: Path) -> Iterator[Site]:
    app = create_app(Settings(store=small_store))
    yield app
    app.extensions["kgcompare"].close()


def values(app: Site, **headers: str) -> dict[str, float]:
    """What ``/metrics`` says: by name and labels, as ``name{a=b}``."""
    response = app.test_client().get("/metrics", headers=headers)
    assert (response.status_code, response.mimetype) == (200, "text/plain")
    found = {}
    for family in text_string_to_metric_families(response.text):
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_requests_are_counted_by_address_and_never_by_path(app: Site) -> None:
    metrics = metrics_of(app)
    assert metrics is not None
    for number in range(200):
        metrics(answered(path=f"/method/thing-{number}", status=404))
        metrics(answered(path=f"/{number}/{number}/{HOSTILE}", method=f"ODD{number}", status=404))
    metrics(answered(path="/compare.json", seconds=0.3, kept=True))
    found = values(app)
    requests = {name: value for name, value in found.items() if name.startswith("kgcompare_requests_total")}
    assert requests == {
        "kgcompare_requests_total{address=records.record,method=GET,status=404}": 200,
        "kgcompare_requests_total{address=none,method=other,status=404}": 200,
        "kgcompare_requests_total{address=pages.compare,method=GET,status=200}": 1,
    }
    assert found["kgcompare_request_seconds_bucket{address=pages.compare,le=0.25}"] == 0
    assert found["kgcompare_request_seconds_bucket{address=pages.compare,le=0.5}"] == 1
    assert (found["kgcompare_answers_total{kept=yes}"], found["kgcompare_answers_total{kept=no}"]) == (1, 200)
    assert "192.0.2.7" not in str(found)


def test_the_state_of_the_catalogue(app: Site) -> None:
    assert app.test_client().get("/sparql?query=ASK%7B%7D").status_code == 200
    found = values(app)
    assert (found["kgcompare_store_up"], found["kgcompare_index_ready"]) == (1, 1)
    assert found["kgcompare_generation"] == int(app.extensions["kgcompare"].generation().name.partition("-")[0])
    assert found["kgcompare_generation_age_seconds"] >= 0
    assert found["kgcompare_store_bytes"] > 100_000
    assert found["kgcompare_resident_bytes"] > 10_000_000
    assert found["kgcompare_query_workers{state=idle}"] >= 1
    assert found["kgcompare_queries_waiting"] == 0


def test_who_may_read_metrics(small_store: Path) -> None:
    proxied = {"X-Forwarded-For": "192.0.2.7"}

    def status(headers: dict[str, str], **said: Any) -> int:
        app = create_app(Settings(store=small_store, **said))
        return app.test_client().get("/metrics", headers=headers).status_code

    assert (status({}), status(proxied), status({"Via": "1.1 a"}, proxies=1)) == (200, 404, 404)
    assert (status({}, loopback=False), status(proxied, loopback=False, metrics="on")) == (404, 200)
    assert status({}, metrics="off") == 404


# -- what several processes have of the limits ---------------------------------------------------------


def test_processes_have_parts_of_what_is_shared() -> None:
    assert Limits().part() == Limits()
    for workers in (2, 3, 256):
        whole = Limits(workers=workers, query_workers=8)
        part = whole.part()
        for name in LIMITS:
            one, all_ = getattr(part, name), getattr(whole, name)
            if name not in SHARED:
                assert one == all_, name
            elif name in {"query_workers", "costly_requests"}:
                assert one == max(2, -(-all_ // workers)), name
            else:
                assert one == max(-(-all_ // workers), LIMITS[name].least), name
    assert Limits(workers=4, query_workers=1).part().query_workers == 1


def test_the_gateway_gives_and_tells_the_id(app: Site) -> None:
    """In answers that are kept and others, and in a refusal by the headers alone."""
    told: list[Told] = []
    gateway = Gateway(app.wsgi_app, Limits(threads=1), proxies=1, told=[told.append])
    environ = {**create_environ("/method/lasso.json"), REQUEST_ID: "abc"}
    first = gateway._ask(dict(environ))
    again = gateway._ask(dict(environ))
    assert first is not None
    assert again is not None
    assert (first.kept, again.kept) == (False, True)
    assert first.generation == again.generation == app.extensions["kgcompare"].generation().name
    for answer in (first, again):
        assert [value for name, value in answer.headers if name == "X-Request-Id"] == ["abc"]
