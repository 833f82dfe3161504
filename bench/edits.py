"""Edits over HTTP beside a reader: ``python bench/edits.py STORE --rate 20 --seconds 60``.

Records of the store are changed, each by a request of its own that has the entity tag that was read last, at an even
rate; a bystander, a process of its own, asks for one comparison again and again, ``--asked`` times a second. Before,
some edits are made one at a time. STORE is changed: give a copy. The processor's time of the server's processes is told
beside the clock's, which other programs slow down.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import random
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from servers import children, serving_store

from kgcompare.store.tokens import Tokens

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_ALONE = 20
"""Edits that are made one at a time, before."""
_AT_ONCE = 32
"""Edits that may be under way; the server lets no more wait."""


@dataclass(frozen=True)
class Site:
    """A server, and the token with which one may write to it."""

    port: int
    token: str

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, bytes]:
        """The status, entity tag and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            if method == "PUT":
                given |= {"Authorization": f"Bearer {self.token}", "Content-Type": "text/turtle"}
            connection.request(method, path, body or None, given)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("ETag", ""), answer.read()
        finally:
            connection.close()

    def edit(self, slug: str, number: int) -> tuple[float, int]:
        """Changes a record: the milliseconds until it is answered, and the status."""
        path = f"/method/{slug}"
        _, tag, body = self.ask("GET", f"{path}.ttl")
        changed = body.replace(b'"@en', f' {number}"@en'.encode(), 1)
        start = time.perf_counter()
        status, _, _ = self.ask("PUT", path, changed, If_Match=tag)
        return (time.perf_counter() - start) * 1000, status


def busy(process: int) -> float:
    """Seconds of the processor's time that a process and those below it have had, and those that have ended."""
    ticks = 0
    for each in (process, *children(process)):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def told(what: str, took: list[float]) -> str:
    """A row of the table."""
    some = sorted(took)
    figures = (statistics.median(some), some[int(len(some) * 0.9)], some[int(len(some) * 0.99)], some[-1])
    return f"| {what} | {len(some)} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |"


def beside(site: Site, path: str, rate: float, stop: Connection) -> None:
    """Asks for a comparison so many times a second until there is something to read, and then tells what each took."""
    took: list[float] = []
    begun = time.perf_counter()
    while not stop.poll(max(0.0, begun + len(took) / rate - time.perf_counter())):
        start = time.perf_counter()
        site.ask("GET", path)
        took.append((time.perf_counter() - start) * 1000)
    stop.send(took)


def measure(site: Site, process: int, slugs: list[str], rate: float, seconds: float, asked: float) -> None:
    """Prints the table."""
    for number in range(3):
        site.edit(slugs.pop(), number)
    before = busy(process)
    alone = [site.edit(slugs.pop(), number) for number in range(_ALONE)]
    each = (busy(process) - before) / _ALONE * 1000
    compared = "/compare.json?" + "&".join(f"method={slug}" for slug in slugs[-5:])
    ours, its = multiprocessing.Pipe()
    bystander = multiprocessing.Process(target=beside, args=(site, compared, asked, its))  # no thread holds it up
    bystander.start()
    many, before, start = int(rate * seconds), busy(process), time.perf_counter()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        edits = []
        for number in range(many):
            time.sleep(max(0.0, start + number / rate - time.perf_counter()))
            edits.append(pool.submit(site.edit, slugs[number % (len(slugs) - 5)], number))
        answers = [edit.result() for edit in edits]
    lasted, spent = time.perf_counter() - start, busy(process) - before
    ours.send("stop")
    took = ours.recv()
    bystander.join()
    print("| what | requests | median ms | p90 | p99 | worst |\n|---|--:|--:|--:|--:|--:|")
    print(told("edits, one at a time", [ms for ms, _ in alone]))
    print(told(f"edits, {rate:g} a second", [ms for ms, _ in answers]))
    print(told("a kept comparison beside them", took))
    statuses = Counter(status for _, status in (*alone, *answers))
    made = sum(status == 200 for _, status in answers)
    print(
        f"\n{dict(statuses)}; {made} edits in {lasted:.1f} s; {each:.0f} ms of the processor for one edit alone, "
        f"{spent / max(1, made) * 1000:.0f} for one of many (reading it before, and the bystander, among them)"
    )


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--asked", type=float, default=70.0)
    given = parser.parse_args()
    token = Tokens(given.store).add(f"bench-{os.getpid()}")
    with serving_store(given.store) as (port, process, slugs):
        random.Random().shuffle(slugs)
        measure(Site(port, token), process, slugs, given.rate, given.seconds, given.asked)


if __name__ == "__main__":
    main()
