"""Memory of a server whose catalogue goes on changing: ``python bench/generations.py``.

Serves the bundled catalogue from a store of its own, sends it requests of every kind from several clients, imports a
record after every so many of them, and prints what the server and its workers hold in memory after each ten
generations.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import measures
from peers import Client, Process, free_port
from servers import children, resident

from kgcompare import ingest, resources

CLIENTS = 4
FORMATS = ("html", "json", "ttl", "jsonld", "csv")
QUERIES = (
    "SELECT * { ?s ?p ?o } LIMIT 200",
    "SELECT (COUNT(*) AS ?n) { ?s a ?class }",
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 100",
)
RARE = 400
"""Of so many requests one is for the dump, one for the report, and one for the description."""


def address(number: int, slugs: list[str]) -> tuple[str, str]:
    """The address and the form of a request; the same for the same number."""
    dice = random.Random(number)
    some = dice.sample(slugs, 3)
    rare = ("/dump.nq.gz", "/report.json", "/dataset.json")
    if number % RARE < len(rare):
        return rare[number % RARE], ""
    match number % 8:
        case 0 | 1:
            return f"/compare.{dice.choice(FORMATS)}?{urlencode([('method', slug) for slug in some])}", ""
        case 2 | 3:
            return f"/method/{some[0]}.{dice.choice(FORMATS[:4])}", ""
        case 4:
            return f"/methods.json?q={some[0].split('-')[0]}&from={dice.randrange(1800, 2000)}", ""
        case 5:
            return f"/suggest?q={some[0][: dice.randrange(1, 6)]}", ""
        case 6:
            return f"/sparql?query={quote(dice.choice(QUERIES))}", ""
    queries = {str(n): {"query": slug.replace("-", " ")} for n, slug in enumerate(some)}
    return "/reconcile", urlencode({"queries": json.dumps(queries)})


def ask(port: int, numbers: range, slugs: list[str], found: Counter[int]) -> None:
    """Sends the requests of these numbers one after the other, and counts what comes."""
    client = Client(port, 120.0)
    for number in numbers:
        path, form = address(number, slugs)
        kind = {"Content_Type": "application/x-www-form-urlencoded"} if form else {}
        found[client.request("POST" if form else "GET", path, form or None, **kind)[0]] += 1


def alone(process: int) -> float:
    """MiB that one process holds in memory; 0 when it has ended."""
    with suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return 0.0


def change(store: Path, number: int) -> None:
    """Imports a record that is new."""
    record = store.with_name("record.ttl")
    record.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        f'<https://w3id.org/kgcompare/id/method/late-{number}> a kgc:Method ; skos:prefLabel "late {number}"@en .\n'
    )
    ingest.import_files(store, [record], ingest.Options(trust=True))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=60_000)
    parser.add_argument("--generations", type=int, default=80)
    options = parser.parse_args()
    each, port, found = options.requests // options.generations // CLIENTS * CLIENTS, free_port(), Counter[int]()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {each} requests a generation", flush=True)
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "store"
        ingest.create_store(store)
        ingest.import_files(store, resources.data_files(), ingest.Options(trust=True))
        slugs = sorted(path.stem for path in resources.data_files() if path.parent.name == "methods")
        process = Process(
            [*measures.KGCOMPARE, "serve", "--store", str(store), "--port", str(port)], Path(name) / "log"
        )
        try:
            process.wait_for(port, "/healthz")
            print("| generations | server, MiB | with its workers | processes | answers |\n|--:|--:|--:|--:|---|")
            for generation in range(1, options.generations + 1):
                first = generation * each
                threads = [
                    threading.Thread(target=ask, args=(port, range(n, first + each, CLIENTS), slugs, found))
                    for n in range(first, first + CLIENTS)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                if generation in {1, options.generations} or generation % 10 == 0:
                    below = children(process.pid)
                    server = max(map(alone, below))
                    row = (generation, f"{server:.0f}", f"{resident(process.pid):.0f}", len(below) + 1)
                    print("|", " | ".join(map(str, row)), "|", dict(sorted(found.items())), "|", flush=True)
                change(store, generation)
        finally:
            process.stop()


if __name__ == "__main__":
    main()
