"""What is measured of a server on one store, through HTTP; each function gives rows of the table."""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from load import Load, unasked, wrk
from measures import HERE, KGCOMPARE, Row, Set, header, milliseconds, row_of, say, timed
from memory import FORM, asked_in_parts
from peers import Client, Process, Unavailable, free_port
from servers import resident

_WARM = {
    "kept comparison as JSON": {},
    "the same in gzip": {"Accept-Encoding": "gzip"},
    "the same as a page in gzip": {"Accept": "text/html", "Accept-Encoding": "gzip"},
    "unchanged (304)": {"If-None-Match": ""},
    "unchanged (304), in gzip": {"Accept-Encoding": "gzip", "If-None-Match": ""},
}
"""Warm requests: their headers, of which an empty tag stands for the one of the answer. A page has no suffix."""
MIXED, MIXED_SECONDS = 100_000, 300.0
"""Mixed requests, and the time that they may take."""


@contextmanager
def running(run: Set, *options: str) -> Iterator[tuple[int, Process, float]]:
    """A server over the store: its port, its process, and the seconds to its first page."""
    port = free_port()
    command = [*KGCOMPARE, "serve", "--store", str(run.store), "--port", str(port), *options]
    process = Process(command, run.store.with_name(f"serve-{port}.log"))
    try:
        yield port, process, process.wait_for(port, "/")
    finally:
        process.stop()


def compared(run: Set) -> list[Row]:
    """The server: its start, comparisons with nothing of them in any cache, as JSON and as a page; kept ones."""
    with running(run) as (port, process, first):
        client = Client(port)
        asked = ["method=" + "&method=".join(some) for some in run.fresh(2)]
        if (answer := client.request("GET", f"/compare.json?{asked[0]}"))[0] != 200:
            raise Unavailable(f"/compare.json: {answer}")
        half = 3 + (len(asked) - 3) // 2
        client.request("GET", f"/compare?{asked[1]}", Accept="text/html")
        some = (f"/compare.json?{one}" for one in asked[3:half])
        cold = milliseconds(lambda p=p: client.request("GET", p) for p in some)  # type: ignore[misc]
        others = (f"/compare?{one}" for one in asked[half:])
        pages = milliseconds(lambda p=p: client.request("GET", p, Accept="text/html") for p in others)  # type: ignore[misc]
        return [
            Row("start of the server to its first page", run.size, first, "s"),
            row_of("comparison of 5, cold, through HTTP", run.size, cold),
            row_of("the same as a page", run.size, pages),
            Row("memory of the server after these", run.size, resident(process.pid), "MiB"),
            *([] if run.quick else _warm(run, port, f"/compare.json?{asked[0]}")),
        ]


def _warm(run: Set, port: int, path: str) -> list[Row]:
    """Requests of one comparison, unchanged or not, beside an empty Flask route under the same server."""
    if shutil.which("wrk") is None:
        say("wrk is not installed (apt-get install wrk): kept comparisons are left out")
        return []
    other = free_port()
    empty = Process([sys.executable, str(HERE / "empty.py"), str(other)], run.store.with_name("empty.log"))
    try:
        empty.wait_for(other, "/")
        asked: dict[str, tuple[str, list[str]]] = {}
        for what, headers in _WARM.items():
            target = f"http://127.0.0.1:{port}" + (path.replace(".json", "", 1) if "Accept" in headers else path)
            given = {name: value for name, value in headers.items() if value}
            tag = header(target, "ETag", given)
            asked[what] = target, [f"{name}: {value or tag}" for name, value in headers.items()]
        rates: dict[str, list[float]] = {what: [] for what in ("empty", *asked)}
        for _ in range(3):
            rates["empty"].append(wrk(f"http://127.0.0.1:{other}/").rate)
            for what, (target, lines) in asked.items():
                rates[what].append(wrk(target, *lines).rate)
    finally:
        empty.stop()
    base = statistics.median(rates.pop("empty"))
    found = {what: statistics.median(some) for what, some in rates.items()}
    return [
        Row(
            what,
            run.size,
            rate / base * 100,
            "% of empty",
            note=f"{rate:,.0f} a second; an empty Flask route {base:,.0f}",
        )
        for what, rate in found.items()
    ]


def doubled(run: Set) -> list[Row]:
    """Two processes beside one, asked in turn: for a kept comparison, for pages that nobody has asked for, and an empty
    Flask route, whose ratio and that of the processor's time say what wrk leaves of the cores."""
    if shutil.which("wrk") is None:
        return []
    path = "/compare.json?method=" + "&method=".join(next(run.fresh(2)))
    script = unasked(run.slugs, run.store.with_name("unasked.lua"), "/compare")
    found: dict[str, list[tuple[Load, Load]]] = {}
    with (
        running(run) as (one, single, _),
        running(run, "--workers", "2") as (two, double, _),
        _empty(run, 1) as (one_empty, alone),
        _empty(run, 2) as (two_empty, both),
    ):
        own, empty = ((one, single), (two, double)), ((one_empty, alone), (two_empty, both))
        for turn in range(3):
            os.environ["FIRST"] = str(1000 * turn)
            kinds = (("kept", own, path, None), ("cold", own, "/", script), ("empty", empty, "/", None))
            for what, servers, target, asked in kinds:
                loads = [wrk(f"http://127.0.0.1:{p}{target}", script=asked, process=s.pid) for p, s in servers]
                found.setdefault(what, []).append((loads[0], loads[1]))
    rows = []
    for what, name in (("kept", "two processes beside one"), ("cold", "two processes beside one, cold pages")):
        rate = statistics.median(many.rate for _, many in found[what])
        most = statistics.median(few.most for few, _ in found[what])
        bare = _times(found["empty"])
        note = f"{rate:,.0f} a second; the generator leaves {most:.2f}; an empty Flask route {bare:.2f}"
        rows.append(Row(name, run.size, _times(found[what]), "times", note=note))
    return rows


def _times(found: list[tuple[Load, Load]]) -> float:
    return statistics.median(many.rate / few.rate for few, many in found)


@contextmanager
def _empty(run: Set, workers: int) -> Iterator[tuple[int, Process]]:
    """An empty Flask route under the same server."""
    port = free_port()
    command = [sys.executable, str(HERE / "empty.py"), str(port), str(workers)]
    process = Process(command, run.store.with_name(f"empty-{workers}.log"))
    try:
        process.wait_for(port, "/")
        yield port, process
    finally:
        process.stop()


def reconciled(run: Set) -> list[Row]:
    """Batches of ten names, as they are and misspelt; and the first batch that a new generation gets."""
    dice = random.Random(5)
    with running(run) as (port, _, _):
        client = Client(port, 300.0)

        def ask(names: list[str]) -> None:
            queries = {str(number): {"query": name, "limit": 5} for number, name in enumerate(names)}
            body = urlencode({"queries": json.dumps(queries)})
            status, said = client.request("POST", "/reconcile", body, Content_Type=FORM)
            if status != 200:
                raise Unavailable(f"/reconcile: {status} {said[:200]!r}")

        def names() -> list[str]:
            return [slug.rpartition("-")[0].replace("-", " ") for slug in dice.sample(run.slugs, 10)]

        def wrong() -> list[str]:
            return [name[: len(name) // 2] + name[len(name) // 2 + 1 :] for name in names()]

        first = timed(lambda: ask(names())) * 1000
        right = milliseconds(lambda some=some: ask(some) for some in [names() for _ in range(20)])  # type: ignore[misc]
        misspelt = milliseconds(lambda some=some: ask(some) for some in [wrong() for _ in range(20)])  # type: ignore[misc]
    return [
        Row("reconciliation, the first of a generation", run.size, first, "ms"),
        row_of("reconciliation, ten names", run.size, right),
        row_of("reconciliation, ten names misspelt", run.size, misspelt),
    ]


def reported(run: Set) -> list[Row]:
    """The report, from the first time that somebody asks for it until it is there."""
    with running(run) as (port, _, _):
        client, start = Client(port, 600.0), time.perf_counter()
        while (status := client.request("GET", "/report.json")[0]) in {202, 503}:
            time.sleep(0.5)
        took = time.perf_counter() - start
        if status != 200:
            raise Unavailable(f"/report.json: {status}")
    return [Row("the report", run.size, took, "s")]


def remembered(run: Set) -> list[Row]:
    """Memory of a server, with its workers, after many requests of every kind, and on the way there."""
    grown: list[float] = []
    found = Counter[int]()
    with running(run) as (port, process, _):
        for found in asked_in_parts(port, run.slugs, MIXED, 4, MIXED_SECONDS):
            grown.append(resident(process.pid))
            say(f"{found.total():,} requests: {grown[-1]:.0f} MiB")
    quarters = ", ".join(f"{mib:.0f}" for mib in grown)
    note = f"{found.total():,} requests; after each quarter {quarters}; answers {dict(sorted(found.items()))}"
    return [Row("memory of the server after mixed requests", run.size, grown[-1], "MiB", note=note)]
