"""What is measured of kgcompare itself on one store; each function gives rows of the table."""

from __future__ import annotations

import compileall
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import generate
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from kgcompare import ingest, resources
from kgcompare.catalogue import Catalogue
from kgcompare.errors import InvalidData
from kgcompare.rdf.namespaces import iri
from kgcompare.search import Filter
from kgcompare.store.embedded import EmbeddedStore

HERE = Path(__file__).parent
KGCOMPARE = [str(Path(sys.executable).with_name("kgcompare"))]

# As pip does when it installs: where Python may write no bytecode, each command would compile all modules anew.
compileall.compile_dir(Path(resources.__file__).parent, quiet=2)


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement at one size: a median and, of what was done many times, the 99th percentile."""

    what: str
    size: int
    value: float
    unit: str
    p99: float | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def row_of(what: str, size: int, took: Sequence[float], note: str = "") -> Row:
    """A row of some times in milliseconds."""
    some = sorted(took)
    return Row(what, size, statistics.median(some), "ms", some[int(len(some) * 0.99)], note or f"{len(some)} times")


def say(text: str) -> None:
    """Progress, on stderr."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def milliseconds(actions: Iterable[Callable[[], object]], seconds: float = 20.0) -> list[float]:
    """What each of some actions takes, of as many as begin within some seconds, but of five at least."""
    took: list[float] = []
    end = time.monotonic() + seconds
    for action in actions:
        if len(took) >= 5 and time.monotonic() > end:
            break
        took.append(timed(action) * 1000)
    return took


def median_ms(actions: Sequence[Callable[[], object]]) -> float:
    """The median of some actions, in milliseconds."""
    return statistics.median(milliseconds(actions))


def on_disk(folder: Path) -> float:
    """MB that the files of a folder take, what has several names once."""
    told = [path.lstat() for path in folder.rglob("*")]
    return sum({(one.st_dev, one.st_ino): one.st_blocks * 512 for one in told}.values()) / 1e6


@dataclass(frozen=True, slots=True)
class Set:
    """What one run works on."""

    size: int
    data: Path
    store: Path
    slugs: list[str]
    rounds: int
    quick: bool = False

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
    return [
        Row("bulk import without validation", size, count / took, "triples/s", note=f"{took:.1f} s with the index"),
        Row("the engine's own loader", size, count / alone, "triples/s", note=f"{alone:.1f} s"),
        Row("bulk import, peak memory", size, peak / 2**20, "MiB"),
        Row("size of the store", size, on_disk(store), "MB", note=f"the file: {data.stat().st_size / 1e6:.0f} MB"),
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


def compared(run: Set) -> list[Row]:
    """A comparison of five with nothing of them in any cache."""
    generation = Catalogue(EmbeddedStore(run.store)).generation()
    sets = list(run.fresh(1))
    for some in sets[:3]:
        generation.compare(some)
    took = milliseconds(lambda some=some: generation.compare(some) for some in sets[3:])  # type: ignore[misc]
    return [row_of("comparison of 5, cold, embedded", run.size, took)]


def listed(run: Set) -> list[Row]:
    """Pages, search, completion and counts of the index; no text twice, as the index may keep what it has counted."""
    index = Catalogue(EmbeddedStore(run.store)).generation().index
    mix = random.Random(3)
    places = [mix.choice(run.slugs) for _ in range(run.rounds)]
    index.listing(Filter(kind="method"), "en")
    page = milliseconds(lambda p=p: index.listing(Filter(kind="method"), "en", after=p) for p in places)  # type: ignore[misc]
    names = [slug.split("-") for slug in places]
    heads, modifiers = [head[0] for head in generate.HEADS[:14]], [modifier[0] for modifier in generate.MODIFIERS[:14]]
    rare = list(dict.fromkeys(name[0] for name in names))[:40]
    slips = [_slipped(word, mix) for word in (*rare, *heads) if len(word) > 5]
    words = {
        "rare": rare,
        "common": [*heads, *modifiers],
        "two words": list(dict.fromkeys(f"{name[1]} {name[-2]}" for name in names))[:40],
        "two common": [f"{modifier} {head}" for modifier, head in zip(modifiers, heads, strict=True)],
    }
    starts = {
        "two letters": ["re", "li", "ka", "ba", "mo", "so", "de", "an"] * 4,
        "four letters": ["regr", "line", "baye", "adap", "netw", "mode"] * 4,
        "of a rare word": [word[:5] for word in rare],
        "two words": list(dict.fromkeys(f"{name[1]} {name[2][:3]}" for name in names))[:40],
    }
    found = {
        kind: [_ms(index.matching, Filter(text + " ", "method"), 20) for text in some] for kind, some in words.items()
    }
    completed = {kind: [_ms(index.suggest, text, "en", "method") for text in some] for kind, some in starts.items()}
    fresh = [Catalogue(EmbeddedStore(run.store)).generation().index for _ in range(7)]
    for one in fresh:
        one.find("method", run.slugs[0])
    filters = {
        "all": [Filter(kind="method")] * 10,
        "a domain": [Filter(kind="method", facets={"domain": f"domain-{number}"}) for number in range(10)],
        "a domain and a family": [
            Filter(kind="method", facets={"domain": f"domain-{number}", "family": f"family-{number % 3}"})
            for number in range(10)
        ],
        "years": [Filter(kind="method", start=1980 + number, end=2010) for number in range(10)],
        "a common word": [Filter(word, "method") for word in heads],
        "a rare word": [Filter(word, "method") for word in rare[:10]],
    }
    first = {
        "all": [_ms(one.facets, Filter(kind="method")) for one in fresh[3:]],
        "within years": [_ms(one.facets, Filter(kind="method", start=1980, end=2010)) for one in fresh[:3]],
    }
    counted = {kind: [_ms(index.facets, one) for one in some] for kind, some in filters.items()}
    return [
        row_of("page N of the sorted list", run.size, page),
        _slowest("search, best 20", run.size, found),
        row_of(
            "search with a slip, best 20", run.size, [_ms(index.matching, Filter(s + " ", "method"), 20) for s in slips]
        ),
        _slowest("completion by prefix", run.size, completed),
        row_of("completion with a slip", run.size, [_ms(index.suggest, slip, "en", "method") for slip in slips]),
        _slowest("facet counts", run.size, counted),
        _slowest("facet counts, the first time", run.size, first),
    ]


def _ms(action: Callable[..., object], *given: object) -> float:
    return timed(lambda: action(*given)) * 1000


def _slipped(word: str, dice: random.Random) -> str:
    """A word with two letters changed for one another."""
    at = dice.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _slowest(what: str, size: int, kinds: dict[str, list[float]]) -> Row:
    """A row of the kind whose median is the highest, with the medians of all."""
    medians = {kind: statistics.median(took) for kind, took in kinds.items()}
    slowest = max(kinds, key=lambda kind: medians[kind])
    note = "medians: " + ", ".join(f"{kind} {value:.2f}" for kind, value in medians.items())
    return row_of(what, size, kinds[slowest], note)


def validated(run: Set) -> list[Row]:
    """The same file validated, and compared with what is stored: everything is there already."""
    start = time.perf_counter()
    try:
        report = ingest.import_files(run.store, [run.data], ingest.Options())
        note = f"{report.unchanged:,} records unchanged, {report.added + report.replaced} written"
    except InvalidData as fault:
        note = f"{len(fault.report.violations)} violations: {fault.report.violations[0].message}"
    took = time.perf_counter() - start
    return [Row("bulk validation", run.size, took, "s", note=note)]


def edited(run: Set) -> list[Row]:
    """One record changed, validated, on disk, and seen by a reader that has been there before; on a copy."""
    store = run.store.with_name("edited")
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(run.store, store)
    try:
        catalogue = Catalogue(EmbeddedStore(store))
        slug = run.slugs[len(run.slugs) // 2]
        node, label = NamedNode(catalogue.generation().base.record("method", slug)), iri("skos:prefLabel")
        file = store.with_name("edited.ttl")
        took = []
        for number in range(21):
            _, triples = catalogue.generation().triples("method", slug)
            changed = Literal(f"Edited {number}", language="en")
            kept = [t for t in triples if not (t.predicate == label and t.object.language == "en")]  # type: ignore[union-attr]
            serialize([*kept, Triple(node, label, changed)], str(file), RdfFormat.TURTLE)
            start = time.perf_counter()
            ingest.import_files(store, [file], ingest.Options(replace=True))
            while catalogue.generation().record("method", slug).thing.label != changed.value:
                time.sleep(0.001)
            took.append((time.perf_counter() - start) * 1000)
    finally:
        shutil.rmtree(store, ignore_errors=True)
    return [row_of("one edited record: validated, on disk, readable", run.size, took[1:])]


def header(address: str, name: str, headers: dict[str, str]) -> str:
    """One header of an answer."""
    import urllib.request

    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return str(answer.headers[name])
