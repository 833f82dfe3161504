"""What wrk gets from a server, and what both take of the processor for it."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peers import Unavailable

_TICK = os.sysconf("SC_CLK_TCK")
_PAIRS = 6000


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second; and the milliseconds of the processor that one takes of the server, where that was looked at,
    and of the generator."""

    rate: float
    server: float
    generator: float

    @property
    def most(self) -> float:
        """By how many times two processes can answer more than one that has a core, on the cores that there are: the
        generator needs its part of them."""
        cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
        one = min(1 / self.server, cores / (self.server + self.generator))
        return min(2 / self.server, cores / (self.server + self.generator)) / one


def wrk(address: str, *headers: str, script: Path | None = None, process: int | None = None, seconds: int = 2) -> Load:
    """Asks for one address, or for what a *script* says, as often as it is answered; *process* is the server.

    :raises Unavailable: if something else than an answer came.
    """
    named = [part for header in headers for part in ("-H", header)]
    more = ["-s", str(script)] if script else []
    before, own = spent(process), os.times()
    found = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{seconds}s", *more, *named, address], check=True, capture_output=True, text=True
    ).stdout
    after, ours = spent(process), os.times()
    number = re.search(r"(\d+) requests in", found)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", found)
    if number is None or rate is None or "Non-2xx" in found:
        raise Unavailable(f"wrk {address}: {found}")
    each = 1000 / max(1, int(number[1]))
    generator = ours.children_user + ours.children_system - own.children_user - own.children_system
    return Load(float(rate[1]), (after - before) * each, generator * each)


def spent(process: int | None) -> float:
    """Seconds of the processor that a server's own processes have taken."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat") if process is not None else ():
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if process in {int(path.parent.name), int(fields[1])}:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK


def unasked(slugs: Sequence[str], script: Path, path: str) -> Path:
    """A script of wrk for comparisons at *path* that nobody has asked for, each of two methods, as what browsers take;
    they begin at the number in ``FIRST``."""
    dice = random.Random(9)
    pairs = "\n".join(f'"{"&method=".join(dice.sample(slugs, 2))}",' for _ in range(_PAIRS))
    script.write_text(
        f"local pairs = {{\n{pairs}\n}}\nlocal at = tonumber(os.getenv('FIRST') or '0')\n"
        "wrk.headers['Accept'] = 'text/html,*/*;q=0.8'\n"
        "request = function()\n  at = at + 1\n"
        f"  return wrk.format('GET', '{path}?method=' .. pairs[at % #pairs + 1])\nend\n"
    )
    return script
