"""Memory of a server that answers on and on: ``python bench/memory.py STORE [--requests 100000]``.

Sends mixed requests (comparisons, records in all formats, lists, facets, searches, suggestions, reconciliation,
queries) over eight connections and prints, before them and after each tenth, the MiB that the process that serves and
its workers hold in memory, as the kernel tells it: all together, where a page that several share counts once (PSS), and
each by itself (RSS); in parentheses what is no file's, which the kernel cannot take back.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import generations
from peers import Client
from servers import children, serving_store

CLIENTS, PARTS = 8, 10
FORMATS = ("html", "json", "ttl", "jsonld", "nt", "nq", "rdf", "csv", "tsv", "md")
FORM = "application/x-www-form-urlencoded"


def mixed(number: int, slugs: list[str]) -> tuple[str, str]:
    """The address and the form of a request; the same for the same number."""
    dice = random.Random(number)
    some = dice.sample(slugs, 5)
    words = some[0].rpartition("-")[0].replace("-", " ")
    match number % 20:
        case 0:
            queries = {str(n): {"query": slug.rpartition("-")[0].replace("-", " ")} for n, slug in enumerate(some)}
            return "/reconcile", urlencode({"queries": json.dumps(queries)})
        case 1:
            return f"/sparql?query={quote(dice.choice(generations.QUERIES))}&{number}", ""
        case 2 | 3:
            first = dice.randrange(1800, 2000)
            return f"/methods{dice.choice(('', '.json'))}?from={first}&to={first + dice.randrange(60)}", ""
        case 4 | 5:
            return f"/methods{dice.choice(('', '.json'))}?q={quote(words)}", ""
        case 6 | 7:
            return f"/methods?after={some[0]}", ""
        case 8 | 9 | 10:
            return f"/suggest?q={quote(words[: dice.randrange(1, 9)])}", ""
        case 11 | 12 | 13 | 14:
            return f"/method/{some[0]}.{dice.choice(FORMATS[:7])}", ""
    return f"/compare.{dice.choice(FORMATS)}?method={'&method='.join(some)}", ""


def ask(port: int, numbers: range, slugs: list[str], found: Counter[int], until: float) -> None:
    """Sends some of the requests over one connection, until a time of the monotonic clock at most."""
    client = Client(port, 120.0)
    for number in numbers:
        if time.monotonic() > until:
            return
        path, form = mixed(number, slugs)
        kind = {"Content_Type": FORM} if form else {}
        found[client.request("POST" if form else "GET", path, form or None, **kind)[0]] += 1


def asked_in_parts(
    port: int, slugs: list[str], requests: int, parts: int, seconds: float = math.inf
) -> Iterator[Counter[int]]:
    """Sends that many requests over several connections, in so many seconds at most; after each part the statuses of
    all answers until then."""
    found, end = Counter[int](), time.monotonic() + seconds
    for part in range(parts):
        first, last = (requests * number // parts for number in (part, part + 1))
        until = math.inf if math.isinf(end) else end - seconds / parts * (parts - 1 - part)
        threads = [
            threading.Thread(target=ask, args=(port, range(first + n, last, CLIENTS), slugs, found, until))
            for n in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        yield found


def held(process: int) -> Iterator[str]:
    """What the processes of a server hold, in MiB: all together, then each by itself, the largest first."""
    each: list[tuple[int, int, int, str]] = []
    for one in (process, *children(process)):
        with suppress(OSError):
            said = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
            sizes = (re.search(rf"^{key}:\s+(\d+) kB$", said, re.M) for key in ("Rss", "Pss", "Pss_Anon"))
            whole, shared, own = (int(size[1]) >> 10 if size else 0 for size in sizes)
            each.append((whole, shared, own, Path(f"/proc/{one}/comm").read_text(encoding="utf-8").strip()))
    all_whole, all_shared, all_own = (sum(sizes) for sizes in zip(*(one[:3] for one in each), strict=True))
    yield f"{all_shared} in all ({all_own}); {all_whole} where what they share counts for each"
    yield from (f"{name} {whole} ({own})" for whole, _, own, name in sorted(each, reverse=True))


def measure(port: int, process: int, slugs: list[str], requests: int) -> None:
    """Prints the table."""
    found = Counter[int]()
    print("| requests | MiB (without files) |\n|--:|---|")
    print(f"| 0 | {', '.join(held(process))} |", flush=True)
    for found in asked_in_parts(port, slugs, requests, PARTS):
        print(f"| {found.total():,} | {', '.join(held(process))} |", flush=True)
    print(f"\nanswers: {dict(sorted(found.items()))}")


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--requests", type=int, default=100_000)
    given = parser.parse_args()
    with serving_store(given.store) as (port, process, slugs):
        measure(port, process, slugs, given.requests)


if __name__ == "__main__":
    main()
