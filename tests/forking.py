"""Processes for tests that need many: one interpreter has everything imported, and forks for each piece of work.

A start from nothing takes a second or more on a busy machine, which is longer than most of that work.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FAMILY = """
import os
from pathlib import Path

def children(pid):
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            yield from map(int, (task / "children").read_text().split())
        except OSError:
            continue

def family(pid):
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += children(one)

def look(pid, peaks):
    for one in family(pid):
        try:
            said = Path(f"/proc/{one}/status").read_text()
            peaks[one] = max((int(l.split()[1]) >> 10 for l in said.splitlines() if l.startswith("VmHWM")), default=0)
        except OSError:
            continue
"""
"""A program's way to see a process with all that it started, and the most memory (MiB) that each had."""
_SERVER = (
    FAMILY
    + """
import json, resource, signal, sys, time
import kgcompare, kgcompare.cli, kgcompare.cli.writers, kgcompare.ingest.readers, kgcompare.store.embedded, pyoxigraph

def work(order):
    os.setsid()
    for place, number in ((os.devnull, 0), (order["out"], 1), (order["err"], 2)):
        os.dup2(os.open(place, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
    if order["largest"] is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing gives EFBIG then
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest"], order["largest"]))
    code = 0
    try:
        sys.argv = ["-c", *order["arguments"]]
        exec(order["code"], {"__name__": "__main__"})
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 1
    except BaseException:
        import traceback
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

for line in sys.stdin:
    order, started = json.loads(line), time.monotonic()
    pid = os.fork()
    if pid == 0:
        work(order)
    peaks, ended, killed = {}, 0, False
    while not ended:
        if order["measured"]:
            look(pid, peaks)
        ended, status, used = os.wait4(pid, os.WNOHANG)
        gone = time.monotonic() - started
        if not ended and not killed and gone >= order["most"]:
            killed = True
            os.killpg(pid, 9)
        if not ended:
            time.sleep(max(0.0005, min(0.01, order["most"] - gone)))
    print(json.dumps({
        "code": os.waitstatus_to_exitcode(status), "killed": killed, "seconds": time.monotonic() - started,
        "memory": max([used.ru_maxrss >> 10, *peaks.values()]), "cpu": used.ru_utime + used.ru_stime,
    }), flush=True)
"""
)


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (negative: the signal), whether it was killed for its time, the seconds that
    it took, the MiB of its largest process, its seconds of CPU, and what it said."""

    code: int
    killed: bool
    seconds: float
    memory: int
    cpu: float
    out: str
    err: str


class Forks:
    """Runs pieces of Python, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self,
        code: str,
        *arguments: object,
        most: float = 120.0,
        largest: int | None = None,
        measured: bool = False,
    ) -> Ended:
        """Runs a piece of code with arguments (``sys.argv``); it and its children are killed after *most* seconds.

        No file that it writes may have more than *largest* bytes; *measured* looks at the memory of its children.
        """
        out, err = self._folder / "out", self._folder / "err"
        order: dict[str, object] = {
            "code": code,
            "arguments": [str(one) for one in arguments],
            "out": str(out),
            "err": str(err),
        }
        order |= {"most": most, "largest": largest, "measured": measured}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        done = json.loads(self._process.stdout.readline())
        return Ended(**done, out=_text(out), err=_text(err))

    def command(
        self, *arguments: object, most: float = 120.0, largest: int | None = None, measured: bool = False
    ) -> Ended:
        """Runs a command of kgcompare."""
        code = "import sys\nfrom kgcompare import cli\ncli.main(sys.argv[1:])"
        return self.run(code, *arguments, most=most, largest=largest, measured=measured)

    def close(self) -> None:
        """Ends the interpreter."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def forks(folder: Path) -> Iterator[Forks]:
    """An interpreter that forks, until the end of the ``with`` block."""
    folder.mkdir(exist_ok=True)
    one = Forks(folder)
    try:
        yield one
    finally:
        one.close()


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "backslashreplace")
