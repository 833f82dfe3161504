"""What is measured of kgcompare itself on one store; each function gives rows of the table."""

from __future__ import annotations

import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import generate
from peers import Client, Process, Unavailable, free_port
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.errors import InvalidData
from kgcompare.rdf.namespaces import iri
from kgcompare.search import Filter
from kgcompare.store.embedded import EmbeddedStore

HERE = Path(__file__).parent
KGCOMPARE = [str(Path(sys.executable).with_name("kgcompare"))]


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: ``reached`` is None where there is no figure to reach."""

    what: str
    size: int
    value: float
    unit: str
    figure: str = ""
    reached: bool | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def say(text: str) -> None:
    """Progress, on stderr."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median_ms(actions: Sequence[Callable[[], object]]) -> float:
    """The median of some actions, in milliseconds."""
    return statistics.median(timed(action) for action in actions) * 1000


@dataclass(frozen=True, slots=True)
class Set:
    """What one run works on."""

    size: int
    data: Path
    store: Path
    slugs: list[str]
    rounds: int

    def fresh(self, seed: int) -> Iterator[list[str]]:
        """Sets of five methods, none of them twice; another seed gives others."""
        chosen = random.Random(seed).sample(self.slugs, min(len(self.slugs), 5 * (self.rounds + 4)))
        for at in range(0, len(chosen) - 4, 5):
            yield chosen[at : at + 5]


def imported(data: Path, store: Path, size: int) -> list[Row]:
    """Bulk import without validation: the command itself, and the engine's own loader beside it."""
    shutil.rmtree(store, ignore_errors=True)
    with data.open("rb") as file:
        count = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    bare = store.with_name(store.name + "-bare")
    shutil.rmtree(bare, ignore_errors=True)
    script = (
        "import sys, pyoxigraph as o; s = o.Store(sys.argv[1]); "
        "s.bulk_load(path=sys.argv[2], format=o.RdfFormat.N_QUADS); s.flush()"
    )
    alone, _ = _run([sys.executable, "-c", script, str(bare), str(data)])
    shutil.rmtree(bare, ignore_errors=True)
    took, peak = _run([*KGCOMPARE, "import", "--store", str(store), "--trust", str(data)])
    figured = size >= 100_000
    return [
        Row(
            "bulk import without validation",
            size,
            count / took,
            "triples/s",
            ">= 200,000 triples/s" if figured else "",
            count / took >= 200_000 if figured else None,
            f"{took:.1f} s with the index; the engine's loader alone {alone:.1f} s, so {alone / took:.2f} of its rate",
        ),
        Row("bulk import, peak memory", size, peak / 2**20, "MiB", "<= 2048 MiB", peak <= 2 * 2**30),
    ]


def _run(command: list[str]) -> tuple[float, int]:
    """Seconds, and peak resident bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(said.decode(errors="replace"))
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def slugs_of(data: Path) -> list[str]:
    """The slugs of the methods of a file."""
    found: dict[str, None] = {}
    pattern = re.compile(r"<[^>]*/id/method/([a-z0-9-]+)> <[^>]*#type> ")
    with data.open(encoding="utf-8") as file:
        for line in file:
            if (match := pattern.match(line)) is not None:
                found[match[1]] = None
    return list(found)


def compared(run: Set) -> float:
    """Milliseconds of a comparison of five with nothing of them in any cache."""
    generation = Catalogue(EmbeddedStore(run.store)).generation()
    sets = list(run.fresh(1))
    for some in sets[:3]:
        generation.compare(some)
    return median_ms([lambda some=some: generation.compare(some) for some in sets[3:]])  # type: ignore[misc]


def listed(run: Set) -> list[Row]:
    """Pages, search, completion and counts of the index."""
    index = Catalogue(EmbeddedStore(run.store)).generation().index
    mix = random.Random(3)
    places = [mix.choice(run.slugs) for _ in range(run.rounds)]
    index.listing(Filter(kind="method"), "en")
    page = median_ms([lambda p=p: index.listing(Filter(kind="method"), "en", after=p) for p in places])  # type: ignore[misc]
    names = [slug.split("-") for slug in places]
    heads, modifiers = [head[0] for head in generate.HEADS[:14]], [modifier[0] for modifier in generate.MODIFIERS[:14]]
    # No text twice: the index may keep what it has counted.
    words = {
        "rare": list(dict.fromkeys(name[0] for name in names)),
        "common": [*heads, *modifiers],
        "two words": list(dict.fromkeys(f"{name[1]} {name[-2]}" for name in names)),
        "two common": [f"{modifier} {head}" for modifier, head in zip(modifiers, heads, strict=True)],
    }
    starts = {
        "two letters": ["re", "li", "ka", "ba", "mo", "so", "de", "an"] * 4,
        "four letters": ["regr", "line", "baye", "adap", "netw", "mode"] * 4,
        "of a rare word": [name[0][:5] for name in names],
        "two words": [f"{name[1]} {name[2][:3]}" for name in names],
    }
    found = {
        kind: median_ms([lambda t=t: index.matching(Filter(t + " ", "method"), 20) for t in texts])  # type: ignore[misc]
        for kind, texts in words.items()
    }
    completed = {
        kind: median_ms([lambda t=t: index.suggest(t, "en", "method") for t in texts])  # type: ignore[misc]
        for kind, texts in starts.items()
    }
    fresh = [Catalogue(EmbeddedStore(run.store)).generation().index for _ in range(7)]
    for one in fresh:
        one.find("method", run.slugs[0])
    filters = {
        "a domain": [Filter(kind="method", facets={"domain": f"domain-{number}"}) for number in range(10)],
        "a domain and a family": [
            Filter(kind="method", facets={"domain": f"domain-{number}", "family": f"family-{number % 3}"})
            for number in range(10)
        ],
        "years": [Filter(kind="method", start=1980 + number, end=2010) for number in range(10)],
        "a common word": [Filter(word, "method") for word in heads],
        "a rare word": [Filter(word, "method") for word in words["rare"][:10]],
    }
    counted = {"all": median_ms([lambda i=i: i.facets(Filter(kind="method")) for i in fresh])} | {  # type: ignore[misc]
        kind: median_ms([lambda q=q: index.facets(q) for q in some])  # type: ignore[misc]
        for kind, some in filters.items()
    }
    figured = run.size >= 100_000
    return [
        Row("page N of the sorted list", run.size, page, "ms", "<= 1 ms", page <= 1 if figured else None),
        _worst("search, best 20", run.size, found, 5, figured),
        _worst("prefix completion", run.size, completed, 2, figured),
        _worst("facet counts", run.size, counted, 10, figured),
    ]


def _worst(what: str, size: int, kinds: dict[str, float], limit: float, figured: bool) -> Row:
    worst = max(kinds.values())
    note = "medians: " + ", ".join(f"{kind} {value:.2f}" for kind, value in kinds.items())
    return Row(
        what + " (the slowest kind)", size, worst, "ms", f"<= {limit:g} ms", worst <= limit if figured else None, note
    )


def validated(run: Set) -> list[Row]:
    """The same file validated by pySHACL and compared with what is stored: everything is there already."""
    start = time.perf_counter()
    try:
        report = ingest.import_files(run.store, [run.data], ingest.Options())
        note = f"{report.unchanged} records unchanged, {report.added + report.replaced} written"
    except InvalidData as fault:
        note = f"{len(fault.report.violations)} violations: {fault.report.violations[0].message}"
    took = time.perf_counter() - start
    scaled = took * 10_000 / run.size
    return [
        Row(
            "bulk validation, to 10k methods",
            run.size,
            scaled,
            "s",
            "<= 30 s, linear",
            scaled <= 30,
            f"{took:.1f} s for {run.size} methods and what they name; {note}",
        )
    ]


def edited(run: Set) -> Row:
    """One record changed, validated, on disk, and seen by a reader that has been there before."""
    catalogue = Catalogue(EmbeddedStore(run.store))
    slug = run.slugs[len(run.slugs) // 2]
    node = NamedNode(catalogue.generation().base.record("method", slug))
    label = iri("skos:prefLabel")
    file = run.store.with_name("edited.ttl")
    took = []
    for number in range(11):
        _, triples = catalogue.generation().triples("method", slug)
        changed = Literal(f"Edited {number}", language="en")
        kept = [t for t in triples if not (t.predicate == label and t.object.language == "en")]  # type: ignore[union-attr]
        serialize([*kept, Triple(node, label, changed)], str(file), RdfFormat.TURTLE)
        start = time.perf_counter()
        ingest.import_files(run.store, [file], ingest.Options(replace=True))
        while catalogue.generation().record("method", slug).thing.label != changed.value:
            time.sleep(0.001)
        took.append(time.perf_counter() - start)
    value = statistics.median(took[1:]) * 1000
    figured = run.size >= 100_000
    return Row(
        "one edited record: validated, on disk, readable",
        run.size,
        value,
        "ms",
        "<= 100 ms",
        value <= 100 if figured else None,
    )


def served(run: Set, scratch: Path) -> tuple[list[Row], float]:
    """The server on a store: start, cold and warm comparisons; and milliseconds of a cold one."""
    port = free_port()
    log = scratch / "serve.log"
    process = Process([*KGCOMPARE, "serve", "--store", str(run.store), "--port", str(port)], log)
    try:
        first = process.wait_for(port, "/")
        client = Client(port)
        sets = list(run.fresh(2))
        asked = ["/compare.json?" + "&".join(f"method={slug}" for slug in some) for some in sets]
        if (answer := client.request("GET", asked[0]))[0] != 200:
            raise Unavailable(f"/compare.json: {answer}")
        cold = median_ms([lambda p=p: client.request("GET", p) for p in asked[3:]])  # type: ignore[misc]
        rows = [
            Row("start of the server to its first page", run.size, first, "s", "<= 1 s", first <= 1),
            *_warm(run, port, asked[0], scratch),
        ]
    finally:
        process.stop()
    return rows, cold


_WARM = {
    "warm comparison as JSON": {},
    "the same in gzip": {"Accept-Encoding": "gzip"},
    "the same as a page in gzip": {"Accept": "text/html", "Accept-Encoding": "gzip"},
    "unchanged (304)": {"If-None-Match": ""},
    "unchanged (304), in gzip": {"Accept-Encoding": "gzip", "If-None-Match": ""},
}
"""Warm requests: their headers, of which an empty tag stands for the one of the answer. A page has no suffix."""
_OF_EMPTY = 2.0
"""How many times the requests of an empty Flask route there are to be."""


def _warm(run: Set, port: int, path: str, scratch: Path) -> list[Row]:
    """Requests a second of one comparison, unchanged or not, beside an empty Flask route under the same server."""
    if shutil.which("wrk") is None:
        say("wrk is not installed (apt-get install wrk): warm requests are left out")
        return []
    other = free_port()
    empty = Process([sys.executable, str(HERE / "empty.py"), str(other)], scratch / "empty.log")
    try:
        empty.wait_for(other, "/")
        asked: dict[str, tuple[str, list[str]]] = {}
        for what, headers in _WARM.items():
            target = f"http://127.0.0.1:{port}" + (path.replace(".json", "", 1) if "Accept" in headers else path)
            given = {name: value for name, value in headers.items() if value}
            tag = _header(target, "ETag", given)
            asked[what] = target, [f"{name}: {value or tag}" for name, value in headers.items()]
        rates: dict[str, list[float]] = {what: [] for what in ("empty", *asked)}
        for _ in range(5):
            rates["empty"].append(wrk(f"http://127.0.0.1:{other}/"))
            for what, (target, lines) in asked.items():
                rates[what].append(wrk(target, *lines))
    finally:
        empty.stop()
    base = statistics.median(rates.pop("empty"))
    rows = []
    for what, found in rates.items():
        rate = statistics.median(found)
        note = f"{rate / base:.0%} of an empty Flask route's {base:,.0f}"
        reached = rate / base >= _OF_EMPTY
        rows.append(Row(what, run.size, rate, "requests/s", f">= {_OF_EMPTY:.0%} of empty", reached, note))
    return rows


def _header(address: str, name: str, headers: dict[str, str]) -> str:
    import urllib.request

    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return str(answer.headers[name])


def wrk(address: str, *headers: str) -> float:
    """Requests a second of one address, by wrk."""
    named = [part for header in headers for part in ("-H", header)]
    found = subprocess.run(
        ["wrk", "-t1", "-c16", "-d2s", *named, address], check=True, capture_output=True, text=True
    ).stdout
    match = re.search(r"Requests/sec:\s+([\d.]+)", found)
    if match is None or "Non-2xx" in found:
        raise Unavailable(f"wrk {address}: {found}")
    return float(match[1])
