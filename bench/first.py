"""The first request of each kind beside those that follow: ``python bench/first.py STORE [--rounds 20]``.

Serves a store anew for each kind of address, asks once and then so many times for others of the kind, and prints the
first, the median and the ratio of the two, and the first once the generation has been prepared (``web/ahead.py``), in
milliseconds of the processor (of all threads of the process that serves): on a busy machine the clock says nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import quote

from flask.testing import FlaskClient

from kgcompare.web import ahead, compiled
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

JSON = {"Accept": "application/json"}
PAGE = {"Accept": "text/html"}


def addresses(client: FlaskClient, most: int) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Addresses by kind, and with which headers they are asked for."""
    listed = client.get(f"/methods.json?limit={5 * most + 5}", headers=JSON).get_json()
    things = [(thing["id"], thing["label"]) for thing in listed["things"]]
    slugs, names = [slug for slug, _ in things], list(dict.fromkeys(name for _, name in things))
    fives = ["&".join(f"method={slug}" for slug in slugs[at : at + 5]) for at in range(0, len(slugs) - 4, 5)]
    slips = [name[:3] + name[4:] for name in names if len(name) > 6]

    def batch(words: list[str]) -> list[str]:
        tens = (words[at : at + 10] for at in range(len(words) - 9))
        return [json.dumps({f"q{n}": {"query": word} for n, word in enumerate(ten)}) for ten in tens]

    return {
        "the front page": ([f"/?n={n}" for n in range(most)], PAGE),
        "a list": ([f"/methods?after={slug}" for slug in slugs], PAGE),
        "a search": ([f"/methods?q={quote(name)}" for name in names], PAGE),
        "a search with a slip": ([f"/methods.json?q={quote(slip)}" for slip in slips], JSON),
        "within years": ([f"/methods.json?from={1950 + n}&to={1990 + n}" for n in range(most)], JSON),
        "a suggestion": ([f"/suggest?q={quote(name[:4])}&n={n}" for n, name in enumerate(names)], JSON),
        "a record": ([f"/method/{slug}" for slug in slugs], PAGE),
        "a record as Turtle": ([f"/method/{slug}.ttl" for slug in slugs], {}),
        "a comparison": ([f"/compare?{five}" for five in fives], PAGE),
        "a comparison as JSON": ([f"/compare.json?{five}" for five in reversed(fives)], JSON),
        "ten names reconciled": ([f"/reconcile?queries={quote(ten)}" for ten in batch(names)], JSON),
        "ten slips reconciled": ([f"/reconcile?queries={quote(ten)}" for ten in batch(slips)], JSON),
        "what is not there": ([f"/method/{slug}x" for slug in slugs], PAGE),
    }


def spent(client: FlaskClient, address: str, headers: dict[str, str]) -> float:
    """Milliseconds of the processor that an answer takes."""
    start = time.process_time()
    client.get(address, headers=headers).close()
    return (time.process_time() - start) * 1000


def client_of(store: Path) -> FlaskClient:
    """A server of a store that has prepared what it does once, and nothing yet of the generation."""
    app = create_app(Settings(store=store))
    compiled.compile_all(app)
    ahead.prepare_languages()
    looking = app.extensions["kgcompare.service"].readiness.begin()
    if looking is not None:
        looking.join()
    return app.test_client()


def main() -> None:
    """Prints the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store", type=Path)
    arguments.add_argument("--rounds", type=int, default=20)
    given = arguments.parse_args()
    kinds = addresses(client_of(given.store), given.rounds + 1)
    print("| what | first, ms | median, ms | worst of the others | ratio | prepared |\n|---|--:|--:|--:|--:|--:|")
    for what, (asked, headers) in kinds.items():
        client = client_of(given.store)
        took = [spent(client, address, headers) for address in asked[: given.rounds + 1]]
        first, rest = took[0], took[1:] or took
        median = statistics.median(rest)
        client = client_of(given.store)
        ahead.prepare_searches(client.application.extensions["kgcompare"].generation())
        prepared = spent(client, asked[0], headers)
        line = f"| {what} | {first:.0f} | {median:.1f} | {max(rest):.0f} | {first / median:.1f} | {prepared:.0f} |"
        print(line, flush=True)
        del client
        gc.collect()
    sys.stdout.flush()


if __name__ == "__main__":
    main()
