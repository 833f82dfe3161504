"""kgcompare beside its peers: ``python bench/run.py --sizes 1000 10000 100000 -o results.json``.

Makes the data (bench/generate.py), looks whether all sides give the same cells, measures, and writes results.json,
which bench/publish.py makes the table and the picture of. All engines answer in one run on one machine; the ratios
count. Each part runs in a process of its own with a limit of time, and what is done is written down after each:
one that fails costs nothing but itself. Only a wrong answer ends the run, with the difference.

``--small`` is for a test: 200 methods, few rounds, and whatever peers there are.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import figures
import generate
import machine
import measures
import peers
import publish
import served
from agreement import Different, Own, cells_of, compare_query
from measures import Row, Set, milliseconds, row_of, say
from peers import Peer, TooSlow, Unavailable
from pyoxigraph import NamedNode
from servers import resident

from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.queries import parse

ROUNDS, FEW = 190, 4
SMALL = 200
"""Methods of a small run."""
CHECKED, _CHECKING = 10, 20.0
"""Sets of methods of which cells are looked at before anything is timed, of a slow engine those that seconds allow."""
_LARGE = 100_000
_DIFFERENT, _ENDED = 3, 143
"""The exit status of a part that finds a wrong answer, and of one that was ended."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is measured in a process of its own: seconds that it may take up to :data:`_LARGE` methods, beyond as many
    times that as there are more; the largest size that is tried unless it is asked for by name; and whether a small run
    has it."""

    make: Callable[[Set], list[Row]]
    limit: float
    largest: int = 10_000_000
    small: bool = False
    once: bool = False
    """Whether the largest size of a run is enough."""


def asked(start: Callable[[Path, Path], Peer], query: Callable[[Sequence[str]], str], name: str, run: Set) -> list[Row]:
    """What an engine takes for the cells of five methods, once it has given those of some rightly.

    :raises Different: if it gives others.
    """
    place = run.store.with_name(f"{run.store.name}-peer")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    say("loading")
    peer = start(run.data, place)
    try:
        own, sets = Own(run), list(run.fresh(1))
        checked, end = 0, time.monotonic() + (1 if run.quick else _CHECKING)
        for some in sets[: min(CHECKED, len(sets) // 2)]:
            if checked and time.monotonic() > end:
                break
            bindings = json.loads(peer.ask(query(some)))["results"]["bindings"]
            own.check(some, peer.name, cells_of(bindings))
            checked += 1
        say(f"the same cells for {checked} times five methods")
        rest = sets[checked : checked + 1] if run.quick else sets[checked:]
        took = milliseconds(lambda some=some: peer.ask(query(some)) for some in rest)  # type: ignore[misc]
        what, rows = f"{peer.name}, {name}", []
        rows.append(row_of(what, run.size, took))
        rows.append(Row(f"memory of {peer.name}", run.size, resident(peer.process), "MiB"))
        if peer.folder is not None:
            rows.append(Row(f"size of {peer.name} on disk", run.size, measures.on_disk(peer.folder), "MB"))
    finally:
        peer.stop()
        shutil.rmtree(place, ignore_errors=True)
    return rows


def by_compare(start: Callable[[Path, Path], Peer]) -> Callable[[Set], list[Row]]:
    """A part that asks an engine queries/compare.rq."""
    return lambda run: asked(start, compare_query, "queries/compare.rq", run)


def by_cells(start: Callable[[Path, Path], Peer]) -> Callable[[Set], list[Row]]:
    """A part that asks an engine bench/cells.rq, which gives the same values by less."""
    plain = parse("cells", Path(__file__).with_name("cells.rq").read_text(encoding="utf-8"))
    base = Base()

    def query(slugs: Sequence[str]) -> str:
        return plain.bind(method=[NamedNode(base.record("method", slug)) for slug in slugs])

    return lambda run: asked(start, query, "bench/cells.rq", run)


def compared(run: Set) -> list[Row]:
    """Cold comparisons, once those of some show all cells.

    :raises Different: if not.
    """
    own = Own(run)
    for some in list(run.fresh(3))[: min(CHECKED, run.rounds)]:
        own.check(some, "kgcompare", own.cells(some))
    return measures.compared(run)


def imported(run: Set) -> list[Row]:
    """The import, into the store that all other parts read."""
    return measures.imported(run.data, run.store, run.size)


PARTS = {
    "import": Part(imported, 900, small=True),
    "compare": Part(compared, 180, small=True),
    "http": Part(served.compared, 300, small=True),
    "oxigraph": Part(by_compare(peers.oxigraph), 400, small=True),
    "virtuoso": Part(by_cells(peers.virtuoso), 900, small=True),
    "rdflib": Part(by_compare(peers.rdflib_memory), 400, 10_000, small=True),
    "rdflib-endpoint": Part(by_compare(peers.rdflib_endpoint), 400, 10_000, small=True),
    "list": Part(measures.listed, 300, small=True),
    "workers": Part(served.doubled, 120, once=True),
    "edit": Part(measures.edited, 300),
    "reconcile": Part(served.reconciled, 300),
    "report": Part(served.reported, 300),
    "memory": Part(served.remembered, 500, once=True),
    "validate": Part(measures.validated, 2400, 10_000),
}
PEERS = ("oxigraph", "virtuoso", "rdflib", "rdflib-endpoint")


def main() -> None:
    """Measures what the command line asks for; exits with 1 for a wrong answer."""
    options = _options()
    options.scratch.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_ENDED))  # what was started is ended too
    if options.one:
        _one(options)
        return
    sizes = [SMALL] if options.small else sorted(options.sizes)
    chosen = [name for part in options.parts or PARTS for name in (PEERS if part == "peers" else [part])]
    result: dict[str, Any] = {"made": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), **machine.about()}
    result |= {"before": machine.now(), "rows": [], "left out": []}
    broken = False
    for size in sizes:
        data, store = _places(options.scratch, size)
        if not data.exists():
            say(f"making {size:,} methods")
            generate.write(size, data)
        for name, part in PARTS.items():
            needed = name == "import" and not store.exists()
            fits = size <= part.largest or name in (options.parts or ())
            wanted = name in chosen and fits and (part.small or not options.small)
            if needed or (wanted and not (part.once and size != sizes[-1])):
                status = _begun(name, size, options, result)
                _kept(result, options)
                if status == _DIFFERENT:
                    sys.exit("the run ends here: an answer is wrong")
                broken = broken or status == 1
    result["after"] = machine.now()
    _kept(result, options)
    if not options.small:
        print(publish.table(result))
    for line in result["left out"]:
        say(f"left out: {line}")
    if broken:
        sys.exit("a part ended with an error of its own")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000], metavar="N")
    parser.add_argument(
        "--parts", nargs="+", choices=[*PARTS, "peers"], help="default: all; peers stands for all engines"
    )
    parser.add_argument("--small", action="store_true", help=f"{SMALL} methods, quickly, for wrong answers only")
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/bench"), help="data and stores; kept")
    parser.add_argument("-o", "--output", type=Path, help="JSON; default: results.json in the scratch folder")
    parser.add_argument("--one", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.output = options.output or options.scratch / "results.json"
    return options


def _places(scratch: Path, size: int) -> tuple[Path, Path]:
    return scratch / f"{size}.nq", scratch / f"store-{size}"


def _begun(name: str, size: int, options: argparse.Namespace, result: dict[str, Any]) -> int:
    """Runs one part at one size in a process of its own, and keeps what it finds; its exit status."""
    say(f"{name}, {size:,} methods")
    found = options.scratch / "part.json"
    found.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--one", name, "--sizes", str(size), "--scratch", str(options.scratch)]
    process = subprocess.Popen([*command, "-o", str(found), *(["--small"] if options.small else [])])
    start, limit = time.monotonic(), PARTS[name].limit * max(1, size / _LARGE)
    try:
        status = process.wait(limit)
    except subprocess.TimeoutExpired:
        status = _ended(process)
        result["left out"].append(f"{name}, {size:,} methods: not done within {limit:g} s")
    except BaseException:
        _ended(process)
        raise
    if found.exists():
        told = json.loads(found.read_text(encoding="utf-8"))
        result["rows"] += [{**row, "part": name} for row in told["rows"]]
        result["left out"] += [f"{name}, {size:,} methods: {why}" for why in told["left out"]]
    elif status not in {_ENDED, -signal.SIGKILL}:
        result["left out"].append(f"{name}, {size:,} methods: ended with status {status}")
    say(f"{name}, {size:,} methods: {time.monotonic() - start:.0f} s")
    return status


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Ends a part, which ends its servers then; its exit status."""
    process.terminate()
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _one(options: argparse.Namespace) -> None:
    """One part: writes its rows, or why there are none."""
    data, store = _places(options.scratch, options.sizes[0])
    rounds = FEW if options.small else ROUNDS
    run = Set(options.sizes[0], data, store, measures.slugs_of(data), rounds, options.small)
    rows: list[Row] = []
    left: list[str] = []
    try:
        rows = PARTS[options.one].make(run)
    except Different as fault:
        print(f"wrong answers:\n{fault}", file=sys.stderr)
        sys.exit(_DIFFERENT)
    except TooSlow as fault:
        left.append(str(fault))
    except (Unavailable, OSError, subprocess.SubprocessError, RuntimeError) as fault:
        left.append(f"{type(fault).__name__}: {fault}")
    told = {"rows": [row.as_dict() for row in rows], "left out": left}
    options.output.write_text(json.dumps(told), encoding="utf-8")


def _kept(result: dict[str, Any], options: argparse.Namespace) -> None:
    """Writes down what there is so far, with what follows from it."""
    plain = [row for row in result["rows"] if row["part"] != "derived"]
    rows = [Row(**{key: value for key, value in row.items() if key != "part"}) for row in plain]
    result["rows"] = plain + [{**row.as_dict(), "part": "derived"} for row in figures.derived(rows)]
    whole = options.output.with_name(options.output.name + ".part")
    whole.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    whole.replace(options.output)


if __name__ == "__main__":
    main()
