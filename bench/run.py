"""kgcompare beside its peers: ``python bench/run.py --sizes 1000 10000 100000 -o results.json``.

Makes the data (bench/generate.py), measures what is to be reached, prints a Markdown table, and writes JSON. All
engines answer the same queries in one run on one machine; the ratios count.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import generate
import measures
import peers
from measures import Row, Set, say
from peers import Peer, Unavailable
from pyoxigraph import NamedNode

from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.queries import load, parse

ROUNDS = 40
SMALL = 10_000
"""The largest catalogue for engines that hold everything in Python."""
PEERS: dict[str, tuple[Callable[[Path, Path], Peer], int]] = {
    "rdflib": (peers.rdflib_memory, SMALL),
    "rdflib-endpoint": (peers.rdflib_endpoint, SMALL),
    "oxigraph": (peers.oxigraph, 10_000_000),
    "virtuoso": (peers.virtuoso, 10_000_000),
}
"""Every peer with the largest catalogue it is given."""
_TIMES = {"rdflib in memory": (30.0, SMALL), "rdflib-endpoint": (30.0, SMALL), "oxigraph serve": (1.0, 100_000)}
_TIMES["Virtuoso 7"] = (3.0, 100_000)
"""How many times faster kgcompare is to be than each peer, and the size at which that counts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a peer took: milliseconds, how many solutions there were, and which query it was."""

    value: float
    solutions: int
    query: str = "queries/compare.rq"
    ended: bool = True


def asked_of_peers(run: Set) -> dict[str, Asked]:
    """What each engine takes for the cells of five methods."""
    base = Base()
    five = [[NamedNode(base.record("method", slug)) for slug in some] for some in run.fresh(1)]
    plain = parse("cells", (Path(__file__).parent / "cells.rq").read_text(encoding="utf-8"))
    found: dict[str, Asked] = {}
    for name, (start, largest) in PEERS.items():
        if run.size > largest:
            continue
        say(f"{name}: loading {run.size} methods")
        peer: Peer | None = None
        try:
            peer = start(run.data, run.store.parent)
            try:
                found[peer.name] = _asked(
                    peer, [load("compare").bind(method=some) for some in five], "queries/compare.rq"
                )
            except peers.TooSlow:
                raise
            except Unavailable as fault:
                say(f"{peer.name} cannot answer queries/compare.rq: {fault}")
                found[peer.name] = _asked(peer, [plain.bind(method=some) for some in five], "bench/cells.rq instead")
            say(f"{peer.name}: {found[peer.name]}")
        except peers.TooSlow as fault:
            say(f"{name}: {fault}")
            if peer is not None:
                found[peer.name] = Asked(peers.LIMIT * 1000, 0, ended=False)
        except (Unavailable, OSError, subprocess.SubprocessError) as fault:
            say(f"{name} is left out: {fault}")
        finally:
            if peer is not None:
                peer.stop()
    return found


def _asked(peer: Peer, texts: Sequence[str], query: str) -> Asked:
    solutions = peer.ask(texts[0])
    few = [peers_time(peer, text) for text in texts[1:4]]
    rest = texts[4:] if max(few) < 1000 else texts[4:8] if max(few) < 5000 else []
    return Asked(statistics.median([peers_time(peer, text) for text in rest] or few), solutions, query)


def peers_time(peer: Peer, query: str) -> float:
    """Milliseconds of one query."""
    return measures.timed(lambda: peer.ask(query)) * 1000


def compared(run: Set, through_http: float | None, others: dict[str, Asked]) -> Iterator[Row]:
    """The rows of a cold comparison, and how many times faster it is than each peer."""
    own = measures.compared(run)
    yield Row("comparison of 5, cold, embedded", run.size, own, "ms")
    if through_http is not None:
        yield Row("comparison of 5, cold, through HTTP", run.size, through_http, "ms")
    for name, asked in others.items():
        times, size = _TIMES[name]
        figured = run.size == size
        ratio = asked.value / own
        note = f"kgcompare is {ratio:.1f} times as fast"
        if through_http is not None:
            note += f", through HTTP {asked.value / through_http:.1f} times"
        note += f"; {asked.solutions} solutions" if asked.ended else "; ended after that time, without an answer"
        figure = f"kgcompare >= {times:g} times as fast" if figured else ""
        yield Row(
            f"{name}, {asked.query}", run.size, asked.value, "ms", figure, ratio >= times if figured else None, note
        )


def growths(rows: Sequence[Row]) -> Iterator[Row]:
    """How what should hardly grow grows from the smallest to the largest size."""
    for what, limit in (("comparison of 5, cold, embedded", 0.2), ("page N of the sorted list", 0.1)):
        found = sorted((row.size, row.value) for row in rows if row.what == what)
        if len(found) > 1:
            (least, first), (most, last) = found[0], found[-1]
            power = math.log(last / first) / math.log(most / least)
            yield Row(
                f"growth of: {what}", most, power, "exponent", f"<= {limit}", power <= limit, f"from {least} methods"
            )


def measure(size: int, folder: Path, options: argparse.Namespace) -> list[Row]:
    """All rows of one size."""
    data, store = folder / f"{size}.nq", folder / f"store-{size}"
    if not data.exists():
        say(f"making {size} methods")
        generate.write(size, data)
    rows: list[Row] = []
    if "import" in options.parts or not store.exists():
        say(f"importing {size} methods")
        rows += measures.imported(data, store, size)
    run = Set(size, data, store, measures.slugs_of(data), ROUNDS)
    if "list" in options.parts:
        say("pages, search, counts")
        rows += measures.listed(run)
    cold: float | None = None
    if "http" in options.parts:
        say("the server")
        try:
            found, cold = measures.served(run, folder)
            rows += found
        except (Unavailable, ImportError) as fault:
            say(f"the server is left out: {fault}")
    if "compare" in options.parts:
        say("comparisons")
        others = asked_of_peers(run) if "peers" in options.parts else {}
        rows += compared(run, cold, others)
    if "validate" in options.parts and size <= SMALL:
        say("validation")
        rows += measures.validated(run)
    if "edit" in options.parts:
        say("edits")
        rows.append(measures.edited(run))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| what | methods | median | figure | reached | |", "|---|--:|--:|---|---|---|"]
    for row in rows:
        reached = "" if row.reached is None else "yes" if row.reached else "**no**"
        value = f"{row.value:,.0f}" if row.value >= 100 else f"{row.value:.2f}"
        lines.append(f"| {row.what} | {row.size:,} | {value} {row.unit} | {row.figure} | {reached} | {row.note} |")
    return "\n".join(lines)


def main() -> None:
    """Measures what the command line asks for."""
    parts = ["import", "list", "http", "compare", "peers", "validate", "edit"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000], metavar="N")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/bench"), help="data and stores; kept")
    parser.add_argument(
        "-o", "--output", type=Path, default=None, help="JSON; default: results.json in the scratch folder"
    )
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    rows = [row for size in sorted(options.sizes) for row in measure(size, options.scratch, options)]
    rows += growths(rows)
    print(table(sorted(rows, key=lambda row: (row.what, row.size))))
    about = {"python": platform.python_version(), "cores": os.cpu_count(), "rows": [row.as_dict() for row in rows]}
    output = options.output or options.scratch / "results.json"
    output.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    missed = [row for row in rows if row.reached is False]
    print(f"{len(missed)} of {sum(row.reached is not None for row in rows)} figures are missed", file=sys.stderr)


if __name__ == "__main__":
    main()
