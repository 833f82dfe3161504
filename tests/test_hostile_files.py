"""Hostile files are refused or imported safely: in time, in bounded memory, with a message that says what to do.

A sample in every run; ``KGC_DEEP=1`` takes all of them, and says at the end what each group gave.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import copied
from deep import DEEP
from forking import FAMILY
from hostile_files import Hostile, hostile_files, some
from kgcompare.store.embedded import EmbeddedStore

SECONDS = 30.0
MEMORY = 1024
"""MiB that any process of an import may have."""
LATEST = 180.0
"""Seconds after which a caller that says nothing is taken for lost."""
FILES = hostile_files() if DEEP else some(48)

CALLER = (
    FAMILY
    + """
import json, sys, threading, time
from kgcompare import cli

def watch(peaks, over):
    while not over.wait(0.03):
        look(os.getpid(), peaks)

answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    order = json.loads(line)
    for one in family(os.getpid()):
        try:
            Path(f"/proc/{one}/clear_refs").write_text("5")  # its peak of memory is what it has now
        except OSError:
            continue
    for place, number in ((order["out"], 1), (order["err"], 2)):
        os.dup2(os.open(place, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
    peaks, over, started, code = {}, threading.Event(), time.monotonic(), 0
    watching = threading.Thread(target=watch, args=(peaks, over))
    watching.start()
    try:
        cli.main(order["arguments"])
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 1
    seconds = time.monotonic() - started
    over.set()
    watching.join()
    look(os.getpid(), peaks)
    sys.stdout.flush()
    sys.stderr.flush()
    answers.write(json.dumps({"code": code, "seconds": seconds, "memory": max(peaks.values())}) + "\\n")
    answers.flush()
"""
)


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    group: str
    name: str
    result: str
    seconds: float
    memory: int


class Caller:
    """One process that imports one file after the other, and survives all of them."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder = folder
        self.store = store
        self.outcomes: list[Outcome] = []
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", CALLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def bring(self, file: Path) -> tuple[dict[str, Any], str]:
        """What came of importing a file, and what was said."""
        out, err = self.folder / "out", self.folder / "err"
        form = [] if file.suffix else ["--format", "ttl"]
        arguments = ["import", "--store", str(self.store), *form, "--", str(file)]
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"arguments": arguments, "out": str(out), "err": str(err)}) + "\n")
        stdin.flush()
        ready, *_ = select.select([stdout], [], [], LATEST)
        answer = stdout.readline() if ready else ""
        if not answer:
            self.close()
            self._start()
        done = json.loads(answer) if answer else {"code": "no answer", "seconds": LATEST, "memory": 0}
        return done, err.read_bytes().decode("utf-8", "backslashreplace")

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def state(store: Path) -> str:
    """What a store says, as one sum of its N-Quads."""
    quads = sorted(map(str, EmbeddedStore(store).snapshot().quads()))
    return hashlib.sha256("\n".join(quads).encode("utf-8", "surrogatepass")).hexdigest()


@pytest.fixture(scope="module")
def caller(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    folder = tmp_path_factory.mktemp("hostile-files")
    one = Caller(folder, folder / "store")
    yield one
    one.close()
    if DEEP:
        _tell(one.outcomes)


def _tell(outcomes: list[Outcome]) -> None:
    """Says what each group gave, and which were the slowest and the largest."""
    for group in dict.fromkeys(one.group for one in outcomes):
        own = [one for one in outcomes if one.group == group]
        results = ", ".join(f"{number} {result}" for result, number in Counter(one.result for one in own).most_common())
        most = f"{max(one.seconds for one in own):.1f} s, {max(one.memory for one in own)} MiB"
        print(f"{group}: {len(own)} files; {results}; at most {most}", file=sys.__stderr__)
    for one in sorted(outcomes, key=lambda one: -one.seconds)[:5] + sorted(outcomes, key=lambda one: -one.memory)[:5]:
        print(f"{one.name}: {one.result}, {one.seconds:.1f} s, {one.memory} MiB", file=sys.__stderr__)


@pytest.fixture
def untouched(small_store: Path, caller: Caller) -> str:
    """A store as it was, and what it says."""
    if caller.store.exists():
        shutil.rmtree(caller.store)
    copied(small_store, caller.store)
    return state(caller.store)


@pytest.mark.slow
@pytest.mark.parametrize("hostile", FILES, ids=[one.name for one in FILES])
def test_a_hostile_file_is_refused_or_taken_safely(
    caller: Caller, untouched: str, tmp_path: Path, hostile: Hostile
) -> None:
    path = tmp_path / f"hostile.{hostile.suffix}"
    given = hostile.make(path) or path
    done, said = caller.bring(given)
    result = {0: "taken", 1: "refused"}.get(done["code"], f"exit {done['code']}")
    if DEEP:
        with (Path(os.environ.get("KGC_DEEP_LOG", os.devnull))).open("a") as log:
            log.write(json.dumps([hostile.name, done, said[:1500], len(said)]) + "\n")
    caller.outcomes.append(Outcome(hostile.group, hostile.name, result, done["seconds"], done["memory"]))
    assert done["code"] in {0, 1}, (done, said[-2000:])
    assert done["seconds"] < SECONDS * (1 if DEEP else 4), done
    assert done["memory"] < MEMORY, done
    for word in ("Traceback", 'File "', "internal", "object at 0x", "NoneType", "pyoxigraph", "RuntimeError"):
        assert word not in said, said[-2000:]
    shown = "".join(sign for sign in said if sign != "\n" and unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"})
    assert not shown, repr(shown[:100])
    assert all(len(line) < 8000 for line in said.splitlines()), max(map(len, said.splitlines()))
    assert len(said) < 2_000_000
    if done["code"] == 0:
        assert "added" in said
        assert state(caller.store)
    else:
        assert len(said) > 30, said
        assert state(caller.store) == untouched
