"""Query bombs against the running server: ``python bench/bystander.py``.

Throws tests/bombs.py one after the other at a server whose queries may take a second, prints how long each took at
most, and what a bystander in another process noticed meanwhile, who asks for a kept comparison and a cold one in turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import multiprocessing
import os
import statistics
import tempfile
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from urllib.parse import urlencode

import measures
from peers import Client, Process, free_port
from servers import children, resident

DEADLINE = 1.0
PAUSE = 0.02
"""Seconds between two requests of the bystander."""
DATA = Path(__file__).parents[1] / "data" / "methods"
PAIR = "/compare.json?method=lasso&method=ridge-regression"


def corpus() -> ModuleType:
    """tests/bombs.py."""
    path = Path(__file__).parents[1] / "tests" / "bombs.py"
    spec = importlib.util.spec_from_file_location("corpus", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stand_by(port: int, pipe: Connection) -> None:
    """Asks until it is told to stop; gives the milliseconds of kept and of cold comparisons."""
    client = Client(port, 30.0)
    kept: list[float] = []
    cold: list[float] = []
    others = itertools.permutations(sorted(path.stem for path in DATA.glob("*.ttl")), 2)
    while not pipe.poll(PAUSE):
        other = "/compare.json?" + urlencode([("method", slug) for slug in next(others)])
        kept.append(1000 * measures.timed(partial(client.request, "GET", PAIR)))
        cold.append(1000 * measures.timed(partial(client.request, "GET", other)))
    pipe.send((kept, cold))


class Bystander:
    """A client in a process of its own."""

    def __init__(self, port: int) -> None:
        self._pipe, other = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=stand_by, args=(port, other))
        self._process.start()

    def done(self) -> tuple[list[float], list[float]]:
        """What it noticed."""
        self._pipe.send(None)
        found: tuple[list[float], list[float]] = self._pipe.recv()
        self._process.join()
        return found


def line(what: str, times: list[float]) -> str:
    """A row of the table."""
    cuts = statistics.quantiles(times, n=100)
    return f"| {what} | {len(times)} | {cuts[49]:.1f} | {cuts[89]:.1f} | {cuts[98]:.1f} | {max(times):.1f} |"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quiet", type=float, default=20.0, help="seconds of the bystander alone, before")
    options = parser.parse_args()
    bombs = corpus()
    port = free_port()
    texts = {**bombs.ALL, **{f"service {n}": bombs.at(text, 9) for n, text in enumerate(bombs.SERVICE)}}
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        command = [*measures.KGCOMPARE, "serve", "--data", "bundled", "--port", str(port)]
        process = Process([*command, "--query-timeout", str(DEADLINE)], Path(name) / "serve.log")
        try:
            process.wait_for(port, PAIR)
            client = Client(port, 60.0)
            client.request("GET", "/sparql?query=ASK%7B%7D")
            time.sleep(3)
            before, serving = resident(process.pid), len(children(process.pid))
            alone = Bystander(port)
            time.sleep(options.quiet)
            quiet = alone.done()
            beside = Bystander(port)
            time.sleep(1)
            took: dict[str, tuple[float, int]] = {}
            for what, text in texts.items():
                body, start = urlencode({"query": text}), time.monotonic()
                status, _ = client.request("POST", "/sparql", body, Content_Type="application/x-www-form-urlencoded")
                took[what] = time.monotonic() - start, status
            busy = beside.done()
            time.sleep(3)
            after = resident(process.pid)
        finally:
            process.stop()
    print("| bystander | requests | median ms | p90 | p99 | worst |\n|---|--:|--:|--:|--:|--:|")
    for what, alone_ms, beside_ms in zip(("kept comparison", "cold comparison"), quiet, busy, strict=True):
        print(line(f"{what}, nothing else", alone_ms))
        print(line(f"{what}, while bombs fall", beside_ms))
    print(line("both, while bombs fall", busy[0] + busy[1]))
    late = sum(seconds > DEADLINE + 0.5 for seconds, _ in took.values())
    worst = max(took, key=lambda what: took[what][0])
    print(f"{len(took)} bombs; {late} later than {DEADLINE + 0.5} s; the last {took[worst][0]:.2f} s: {worst}")
    counts = {status: sum(found == status for _, found in took.values()) for _, status in took.values()}
    print(f"statuses {dict(sorted(counts.items()))}")
    print(f"memory {before:.0f} MiB before, {after:.0f} after ({serving + 1} processes, most of them workers)")


if __name__ == "__main__":
    main()
