"""Servers of several processes, with logs and metrics: ``python bench/workers.py``.

They serve one store at the same time, and wrk asks one after the other, round after round, so that whatever else the
machine does is the same for all. Beside requests a second it says how much of the processor a thousand requests take:
that does not depend on the load.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

import measures
from load import unasked, wrk
from peers import Process, free_port

KEPT = "/compare.json?method=lasso&method=ridge-regression"
KINDS = {
    "one process": ["--metrics", "off"],
    "one process, metrics": ["--metrics", "on"],
    "one process, metrics and log": ["--metrics", "on", "--access-log", "--log-format", "json"],
    "two processes": ["--workers", "2", "--metrics", "off"],
    "two processes, metrics and log": ["--workers", "2", "--metrics", "on", "--access-log", "--log-format", "json"],
}
ROUNDS = 4


def asked(port: int, process: int, script: Path | None) -> tuple[float, float]:
    """Requests a second, and seconds of the processor for a thousand of them."""
    load = wrk(f"http://127.0.0.1:{port}{KEPT}", script=script, process=process, seconds=3)
    return load.rate, load.server


def main() -> None:
    """Prints a table."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        scratch, store = Path(name), Path(name) / "store"
        data = [str(path) for path in sorted((Path(__file__).parents[1] / "data").rglob("*.ttl"))]
        subprocess.run([*measures.KGCOMPARE, "init", "--store", str(store)], check=True, capture_output=True)
        subprocess.run(
            [*measures.KGCOMPARE, "import", *data, "--store", str(store), "--trust"], check=True, capture_output=True
        )
        servers = {}
        for kind, options in KINDS.items():
            port = free_port()
            command = [*measures.KGCOMPARE, "serve", "--store", str(store), "--port", str(port), *options]
            servers[kind] = port, Process(command, scratch / f"{port}.log")
            stack.callback(servers[kind][1].stop)
        for port, process in servers.values():
            process.wait_for(port, KEPT)
        slugs = [path.stem for path in (Path(__file__).parents[1] / "data" / "methods").glob("*.ttl")]
        script = unasked(slugs, scratch / "unasked.lua", "/compare.json")
        print(f"load {os.getloadavg()[0]:.1f}")
        print(
            "| server | kept, a second | of the first | CPU s a 1,000 | cold, a second | of the first | CPU s a 1,000 |"
        )
        print("|---|--:|--:|--:|--:|--:|--:|")
        found: dict[str, list[tuple[float, float, float, float]]] = {kind: [] for kind in servers}
        for turn in range(ROUNDS):
            for kind, (port, process) in servers.items():
                os.environ["FIRST"] = str(1000 * turn)
                found[kind].append((*asked(port, process.pid, None), *asked(port, process.pid, script)))
        first = next(iter(found.values()))
        for kind, rounds in found.items():
            kept, cpu, made, more = (statistics.median(column) for column in zip(*rounds, strict=True))
            ratios = [statistics.median(a[i] / b[i] for a, b in zip(rounds, first, strict=True)) for i in (0, 2)]
            print(
                f"| {kind} | {kept:,.0f} | {ratios[0]:.2f} | {cpu:.3f} | {made:,.0f} | {ratios[1]:.2f} | {more:.2f} |"
            )


if __name__ == "__main__":
    main()
