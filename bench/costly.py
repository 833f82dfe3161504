"""The costliest requests beside the sandbox, many at once: ``python bench/costly.py STORE``.

Serves a store (100,000 methods of bench/generate.py), sends reconciliation, data extension, lists within years, unknown
names, suggestions, the report and the dump, 70 at a time and from several addresses, and prints what a bystander in
another process notices meanwhile, who asks for /healthz and for a kept comparison in turn.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlencode

import measures
from peers import Client, Process, free_port

AT_ONCE, ADDRESSES, PAUSE = 70, 8, 0.1
Request = tuple[str, str]
"""An address, and the body of a form, empty for GET."""


def requests(pair: list[str]) -> Iterator[Request]:
    """What costs most, without an end, none twice."""
    dice = random.Random(1)
    properties = (
        "family",
        "domain",
        "type",
        "originator",
        "founding-source",
        "related",
        "origin-year",
        "alias",
        "author",
    )
    for number in itertools.count():
        name = f"Linear regression {number % 40}"
        asked = [
            {"pid": pid, "v": [name, f"Bayesian analysis {number % 40}", str(1900 + number % 100)]}
            for pid in properties
        ]
        batch = {str(n): {"query": f"adaptive lineaar regresion {number} {n}", "properties": asked} for n in range(20)}
        yield "/reconcile", urlencode({"queries": json.dumps(batch)})
        yield "/reconcile", urlencode({"queries": json.dumps({"q": {"properties": asked}})})
        ids = {"ids": [f"method/{slug}" for slug in pair] * 200, "properties": [{"id": pid} for pid in properties[:6]]}
        yield "/reconcile", urlencode({"extend": json.dumps(ids)})
        yield f"/methods.json?from={1700 + dice.randrange(200)}&to={1950 + dice.randrange(70)}", ""
        yield f"/methods.json?q=regression+model&from={1700 + dice.randrange(200)}", ""
        yield (
            "/compare.json?"
            + urlencode([("method", f"adaptive-linear-regresion-test-mod{number}{n}") for n in range(10)]),
            "",
        )
        yield f"/suggest?q={chr(97 + number % 26)}{chr(97 + number // 26 % 26)}&limit=50", ""
        yield f"/reconcile/suggest/entity?prefix=lineaar+regresion+{number}", ""
        yield "/report.json", ""
        yield "/dump.nq.gz", ""
        yield "/dataset.json", ""


def stand_by(port: int, pair: str, pipe: Connection) -> None:
    """Asks until it is told to stop; gives the milliseconds of /healthz and of kept comparisons."""
    client = Client(port, 60.0)
    health: list[float] = []
    kept: list[float] = []
    while not pipe.poll(PAUSE / 10):
        health.append(1000 * measures.timed(lambda: client.request("GET", "/healthz")))
        kept.append(1000 * measures.timed(lambda: client.request("GET", pair)))
    pipe.send((health, kept))


def told(port: int, pair: str, seconds: float) -> tuple[list[float], list[float]]:
    """What a bystander notices in some seconds."""
    pipe, other = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=stand_by, args=(port, pair, other))
    process.start()
    time.sleep(seconds)
    pipe.send(None)
    found: tuple[list[float], list[float]] = pipe.recv()
    process.join()
    return found


def ask_on(port: int, source: str, queue: list[Request], end: float, said: Counter[str]) -> None:
    """Sends one request after the other from an address of this machine."""
    while time.monotonic() < end:
        path, body = queue.pop()
        connection = http.client.HTTPConnection("127.0.0.1", port, 60, source_address=(source, 0))
        what = path.split("?")[0].split(".")[0]
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request("POST" if body else "GET", path, body or None, headers)
            answer = connection.getresponse()
            answer.read(1_000_000)
            said[f"{what} {answer.status}"] += 1
            time.sleep(min(2.0, float(answer.getheader("Retry-After", "0"))))
        except OSError as fault:
            said[f"{what} {type(fault).__name__}"] += 1
        finally:
            connection.close()
        time.sleep(PAUSE)


def load(port: int, slugs: list[str], seconds: float, pipe: Connection) -> None:
    """Keeps many requests under way, as little in the server's way as can be; gives what was answered how often."""
    os.nice(19)
    queue = list(itertools.islice(requests(slugs), 20_000))[::-1]
    said: Counter[str] = Counter()
    pipe.send(None)
    end = time.monotonic() + seconds
    arguments = [(port, f"127.0.0.{2 + n % ADDRESSES}", queue, end, said) for n in range(AT_ONCE)]
    threads = [threading.Thread(target=ask_on, args=one) for one in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(said)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    port = free_port()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        command = [*measures.KGCOMPARE, "serve", "--store", str(options.store), "--port", str(port)]
        process = Process(command, Path(name) / "serve.log")
        try:
            process.wait_for(port, "/healthz")
            things = json.loads(Client(port, 60.0).request("GET", "/methods.json?limit=2")[1])["things"]
            slugs = [thing["id"] for thing in things]
            pair = "/compare.json?" + urlencode([("method", slug) for slug in slugs])
            rows = {"nothing else": told(port, pair, options.seconds)}
            pipe, other = multiprocessing.Pipe()
            arguments = (port, slugs, options.seconds + 2, other)
            multiprocessing.get_context("spawn").Process(target=load, args=arguments).start()
            pipe.recv()
            rows[f"{AT_ONCE} costly ones at once"] = told(port, pair, options.seconds)
            said = pipe.recv()
            rows["afterwards"] = told(port, pair, options.seconds)
        finally:
            process.stop()
    print("| beside | asked for | requests | median ms | p90 | p99 | worst |\n|---|---|--:|--:|--:|--:|--:|")
    for what, both in rows.items():
        for address, times in zip(("/healthz", "kept comparison"), both, strict=True):
            cuts = statistics.quantiles(times, n=100)
            figures = " | ".join(f"{value:.1f}" for value in (cuts[49], cuts[89], cuts[98], max(times)))
            print(f"| {what} | {address} | {len(times)} | {figures} |")
    print(dict(sorted(said.items())))


if __name__ == "__main__":
    main()
