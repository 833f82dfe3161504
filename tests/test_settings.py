"""Every limit: what it may be, how it is set, and that it arrives where it bounds something."""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Flask

from conftest import Run
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.descriptions import Descriptions
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import UsageError
from kgcompare.reconciliation import Sizes
from kgcompare.sandbox import pool as workers
from kgcompare.sandbox.limits import LIMITS, Limit, Limits
from kgcompare.sandbox.pool import Pool
from kgcompare.store.remote import RemoteStore
from kgcompare.web import server, sparql
from kgcompare.web.app import create_app
from kgcompare.web.gateway import Gateway
from kgcompare.web.settings import Settings
from serving import serving

EACH = pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)


def another(limit: Limit) -> int | float:
    """A value that is allowed and not the default."""
    return limit.default + 1 if limit.default < limit.most else limit.default - 1


def limits_with(limit: Limit, value: object) -> Limits:
    """Limits of which one is of one's own."""
    options: dict[str, Any] = {limit.name: value}
    return Limits(**options)


# -- what they may be ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
@EACH
def test_a_limit_says_what_it_is_for(limit: Limit) -> None:
    assert limit.least <= limit.default <= limit.most
    assert limit.unit.isalpha()
    assert limit.purpose[0].isupper()
    assert limit.purpose.endswith(".")
    assert getattr(Limits(), limit.name) == limit.default


@EACH
def test_a_limit_may_be_as_small_and_as_large_as_it_says(limit: Limit) -> None:
    for value in (limit.least, limit.default, limit.most):
        assert getattr(limits_with(limit, value), limit.name) == value
    less, more = (limit.least - 1, limit.most + 1) if limit.whole else (limit.least - 0.05, limit.most * 1.1)
    for wrong in (less, more, -1, math.nan, math.inf, "2", None, True, *((2.5,) if limit.whole else ())):
        with pytest.raises(UsageError) as refused:
            limits_with(limit, wrong)
        said = str(refused.value)
        assert said.startswith(f"{limit.name} cannot be {wrong}: give a ")
        assert limit.unit in said
        assert said.endswith(f" to {limit.most:,}" if limit.whole else f" to {limit.most:,g}")


def test_limits_do_not_change_once_they_are_made() -> None:
    with pytest.raises(AttributeError):
        Limits().threads = 1  # type: ignore[misc]


@pytest.mark.usefixtures("impatient")
def test_what_has_a_default_of_its_own_has_the_limits() -> None:
    """Whoever makes a part by itself gets what ``kgcompare serve`` gives."""
    limits = Limits()

    def default(made: object, name: str) -> object:
        assert callable(made)
        return inspect.signature(made).parameters[name].default

    bounds = workers.Bounds()
    assert (bounds.seconds, bounds.rows) == (limits.query_timeout, limits.answer_rows)
    assert bounds.bytes == limits.answer_bytes
    assert (bounds.workers, bounds.spare, bounds.start) == (
        limits.query_workers,
        limits.spare_workers,
        limits.worker_start,
    )
    assert (bounds.waiting, bounds.share) == (limits.waiting_queries, limits.client_queries)
    assert bounds.memory == limits.worker_memory
    assert default(RemoteStore, "timeout") == limits.timeout
    assert default(RemoteStore, "keep") == limits.endpoint_keep
    assert default(RemoteStore, "most_bytes") == limits.endpoint_bytes
    assert default(Catalogue, "most_described") == limits.kept_descriptions
    assert default(Generation, "most_described") == limits.kept_descriptions
    assert default(Descriptions, "most") == limits.kept_descriptions
    assert Sizes() == Sizes(limits.reconcile_properties, limits.reconcile_values, limits.reconcile_things)


def test_limits_come_without_an_engine() -> None:
    code = "import sys, kgcompare.sandbox.limits; print([m for m in ('pyoxigraph', 'click') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout == "[]\n"


# -- how they are set ----------------------------------------------------------------------------------


def listed(run: Run, *arguments: object) -> dict[str, dict[str, object]]:
    """What ``kgcompare settings`` says, by name."""
    ran = run("settings", *arguments, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    return {entry["name"]: entry for entry in json.loads(ran.out)}


def test_every_limit_is_listed(run: Run) -> None:
    entries = listed(run)
    assert entries.keys() > LIMITS.keys()
    for limit in LIMITS.values():
        assert entries[limit.name] == {
            "name": limit.name,
            "value": limit.default,
            "default": limit.default,
            "unit": limit.unit,
            "least": limit.least,
            "most": limit.most,
            "origin": "default",
            "option": limit.option,
            "variable": limit.variable,
            "key": limit.key,
            "purpose": limit.purpose,
        }


def test_everything_else_is_listed_too(run: Run) -> None:
    entries = listed(run, "--data", "a.ttl", "--data", "b.ttl", "--trust")
    others = "store endpoint data shapes trust host port prefix trusted_host proxies unconfined_queries lang contact by"
    others += " endpoint_base token_folder update_endpoint graph_store endpoint_graphs"
    others += " endpoint_credentials endpoint_queries index_dir others"
    others += " log_format access_log metrics"
    assert entries.keys() - LIMITS.keys() == set(others.split())
    assert (entries["data"]["value"], entries["data"]["default"]) == (["a.ttl", "b.ttl"], [])
    assert (entries["trust"]["value"], entries["trust"]["default"]) == (True, False)
    assert (entries["port"]["value"], entries["port"]["origin"]) == (8000, "default")
    assert all(entry["purpose"] for entry in entries.values())


@EACH
def test_a_limit_is_set_by_option_variable_and_key(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: Limit
) -> None:
    value = another(limit)
    config = tmp_path / "kgcompare.toml"

    def entry(*arguments: object) -> tuple[object, object]:
        found = listed(run, *arguments)[limit.name]
        return found["value"], found["origin"]

    assert entry(limit.option, value) == (value, "option")
    for key in (limit.key, limit.name):
        config.write_text(f"{key} = {value}\n")
        assert entry("--config", config) == (value, "file")
    monkeypatch.setenv(limit.variable, str(value))
    config.write_text(f"{limit.key} = {limit.least}\n")
    assert entry("--config", config) == (value, "variable")
    assert entry("--config", config, limit.option, limit.default) == (limit.default, "option")


def test_a_table_for_people(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("KGCOMPARE_WORKERS", "7")
    lines = run("settings").out.splitlines()
    (line,) = [line for line in lines if line.startswith("--workers ")]
    assert line.split(maxsplit=1)[1].startswith("7 processes (default: 1 processes)")
    for part in ("KGCOMPARE_WORKERS", " workers ", LIMITS["workers"].purpose):
        assert part in line
    assert sum(line.startswith("--") for line in lines) == len(listed(run))


@pytest.mark.parametrize("command", ["serve", "settings"])
@pytest.mark.parametrize("value", ["0", "1.5", "many", "1e3", "-2", "257"])
def test_wrong_values_are_refused_wherever_they_stand(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, value: str
) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text(f"workers = '{value}'\n")
    ways: list[list[object]] = [["--workers", value], ["--config", config]]
    for way in ways:
        ran = run(command, *way)
        assert (ran.code, ran.out) == (2, "")
        assert f"workers cannot be {value}: give a whole number of processes from 1 to 256" in ran.err
    monkeypatch.setenv("KGCOMPARE_WORKERS", value)
    assert run(command).code == 2
    config.write_text("workers = true\n")
    monkeypatch.delenv("KGCOMPARE_WORKERS")
    assert run(command, "--config", config).code == 2


def test_help_shows_the_usual_ones_and_where_the_others_are(run: Run) -> None:
    shown = run("serve", "--help").out
    for option in ("store", "host", "port", "prefix", "query-timeout", "timeout", "trusted-host", "proxies"):
        assert f"--{option} " in shown
    assert "kgcompare settings" in shown
    assert "--arriving-bytes" not in shown
    assert "--endpoint-bytes" not in run("compare", "--help").out


# -- where they arrive ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app(small_store: Path) -> Iterator[Flask]:
    limits = Limits(
        query_timeout=3.5,
        query_workers=1,
        spare_workers=0,
        waiting_queries=5,
        client_queries=4,
        worker_memory=900 * 1024 * 1024,
        worker_start=20.0,
        answer_rows=3,
        answer_bytes=5000,
        kept_descriptions=77,
        body_bytes=4000,
        form_parts=2,
        reconcile_queries=2,
        reconcile_things=1,
    )
    app = create_app(Settings(store=small_store, limits=limits))
    yield app
    app.extensions["kgcompare"].close()


def test_the_bounds_of_queries(app: Flask) -> None:
    catalogue: Catalogue = app.extensions["kgcompare"]
    with app.app_context():
        pool = sparql.pool(catalogue.generation())
    assert isinstance(pool, Pool)
    assert pool.bounds == workers.Bounds(3.5, 3, 5000, 900 * 1024 * 1024, 1, 0, 5, 4, 20.0)
    assert catalogue.generation().descriptions.most == 77


def test_a_query_within_bounds(app: Flask) -> None:
    client = app.test_client()
    query = {"query": "SELECT * { ?s ?p ?o } LIMIT 3"}
    assert client.get("/sparql", query_string=query).status_code == 200
    larger = client.get("/sparql", query_string={"query": "SELECT * { ?s ?p ?o } LIMIT 4"})
    assert (larger.status_code, "more than 3 rows" in larger.text) == (400, True)


def test_the_bounds_of_bodies_and_forms(app: Flask) -> None:
    client = app.test_client()
    assert client.post("/sparql", data={"query": "ASK {}" + " " * 3000}).status_code == 200
    assert client.post("/sparql", data={"query": "ASK {}" + " " * 4000}).status_code == 413
    parts = {f"part{number}": "x" for number in range(3)}
    assert client.post("/reconcile", data=parts, content_type="multipart/form-data").status_code == 413


def test_the_bounds_of_reconciliation(app: Flask) -> None:
    client = app.test_client()
    assert json.loads(client.get("/reconcile").text)["batchSize"] == 2
    batch = {f"q{number}": {"query": "lasso"} for number in range(3)}
    refused = client.post("/reconcile", data={"queries": json.dumps(batch)})
    assert (refused.status_code, "2 are the most" in refused.text) == (413, True)
    del batch["q0"]
    assert client.post("/reconcile", data={"queries": json.dumps(batch)}).status_code == 200
    wanted = {"ids": ["method/lasso", "method/ridge"], "properties": []}
    refused = client.post("/reconcile", data={"extend": json.dumps(wanted)})
    assert (refused.status_code, "1 are the most" in refused.text) == (400, True)


def test_the_bounds_of_an_endpoint() -> None:
    limits = Limits(timeout=4.0, endpoint_keep=5.0, endpoint_bytes=6000, kept_descriptions=7)
    catalogue: Catalogue = create_app(Settings(endpoint="http://127.0.0.1:1/", limits=limits)).extensions["kgcompare"]
    store = catalogue.store
    assert isinstance(store, RemoteStore)
    assert (store.endpoint.timeout, store.keep, store.endpoint.most_bytes) == (4.0, 5.0, 6000)


def test_what_the_server_is_told(small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, object] = {}

    class Stop(Exception):
        """Nothing is served here."""

    def granian(*_: object, **options: object) -> NoReturn:
        told.update(options)
        raise Stop

    monkeypatch.setattr("granian.Granian", granian)
    limits = Limits(connections=10, header_time=1.25, header_bytes=9000, stop_time=3)
    with pytest.raises(Stop):
        server.run(Settings(store=small_store, limits=limits), "127.0.0.1", 0)
    headers = told["http1_settings"]
    assert (told["backpressure"], told["workers_kill_timeout"]) == (10, 3)
    assert getattr(headers, "header_read_timeout", None) == 1250
    assert getattr(headers, "max_buffer_size", None) == 9000


def test_as_many_threads_as_there_may_be(small_store: Path) -> None:
    gateway = Gateway(create_app(Settings(store=small_store)).wsgi_app, Limits(threads=3))
    assert gateway._threads._max_workers == 3


@pytest.mark.slow
def test_a_server_that_is_told_by_option_variable_and_file(small_store: Path, tmp_path: Path) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text("reconcile-queries = 3\nbody_time = 1.0\n")
    arguments = ("--store", str(small_store), "--answer-rows", "2", "--config", str(config), "--header-time", "1")
    with serving(tmp_path, *arguments, KGCOMPARE_BODY_BYTES="3000") as running:
        assert json.loads(running.get("/reconcile")[2])["batchSize"] == 3
        query = "/sparql?query=SELECT*%7B%3Fs%20%3Fp%20%3Fo%7DLIMIT%20"
        assert [running.get(query + most)[0] for most in ("2", "3")] == [200, 400]

        def answer(request: bytes) -> bytes:
            with socket.create_connection(("127.0.0.1", running.port), timeout=120) as connection:
                connection.sendall(request)
                received = bytearray()
                with contextlib.suppress(OSError):
                    while data := connection.recv(4096):
                        received += data
                return bytes(received)

        head = b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\nConnection: close\r\n"
        assert b" 413 " in answer(head + b"Content-Length: 3001\r\n\r\n" + b" " * 3001)
        for slow, expected in ((head + b"Content-Length: 9\r\n\r\nASK", b" 408 "), (b"GET / HTTP/1.1\r\n", b"")):
            begun = time.monotonic()
            assert expected in answer(slow)
            assert time.monotonic() - begun < 8, "ten and fifteen seconds are the defaults"
