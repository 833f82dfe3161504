"""Makes the index of files of quads in a process of its own, while the engine loads them.

The process is the one that ``python -m kgcompare.ingest.beside`` starts; its memory goes with it. What it cannot
make is made of the store, as ever.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from pyoxigraph import RdfFormat, Triple, parse

from kgcompare import search
from kgcompare.ingest.readers import Options
from kgcompare.rdf.namespaces import Base
from kgcompare.sandbox import lifeline
from kgcompare.schema.shapes import Shapes, stored_shapes
from kgcompare.store import Snapshot
from kgcompare.store.base import Prepare

_LARGE = 8 << 20
"""Bytes of files from which on a process is worth its start."""
_HALF = 50
"""Steps of which it is told in reading, and in writing."""
_STEP = 500
"""Things after which it is told."""
_COMMAND = (sys.executable, "-m", "kgcompare.ingest.beside")


@dataclass(frozen=True, slots=True)
class _Order:
    """What the process is to index, of a catalogue with which shapes and base, and where the index is to be."""

    files: tuple[str, ...]
    shapes: tuple[Triple, ...]
    base: str
    path: str


@contextmanager
def index_beside(files: Sequence[Path], shapes: Shapes, base: Base, options: Options) -> Iterator[Prepare]:
    """Begins an index of *files* of N-Quads and gives a way to make with it that of the generation that says nothing
    else, within the block. *shapes* are those that it keeps. It is told how far that is, once it is waited for."""
    with TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        made = Path(scratch) / "index.sqlite"
        order = _Order(tuple(str(file.absolute()) for file in files), shapes.triples, base.value, str(made))
        process = _started(order) if sum(file.stat().st_size for file in files) >= _LARGE else None
        if process is not None:
            stack.enter_context(process)
            stack.callback(process.kill)
        signature = search.Reading(shapes, spoken=True).signature

        def prepare(snapshot: Snapshot, path: Path) -> None:
            same = search.Reading(Shapes(stored_shapes(snapshot)), spoken=True).signature == signature
            for line in process.stdout if process is not None and process.stdout is not None else ():
                options.tell("indexing", *map(int, line.split()))
            if same and process is not None and process.wait() == 0:
                shutil.move(made, path)
            else:
                search.build(snapshot, path)

        yield prepare


def _started(order: _Order) -> subprocess.Popen[bytes] | None:
    """A process that carries out an order; None if the system starts none."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with contextlib.suppress(OSError, ValueError):
        process = subprocess.Popen(  # noqa: S603  (our own module)
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        with contextlib.suppress(OSError):  # it has ended already
            if process.stdin is not None:
                lifeline.write_message(process.stdin, pickle.dumps(order))
        return process
    return None


class _Watched:
    """A file of which is told how much is read, as a share of all of them."""

    def __init__(self, path: str, before: int, size: int) -> None:
        self._file = Path(path).open("rb")  # noqa: SIM115  (the process ends with it)
        self._done, self._size, self._said = before, size, -1

    def read(self, length: int = -1) -> bytes:
        """As of any file."""
        data = self._file.read(length)
        self._done += len(data)
        if (share := _HALF * self._done // self._size) != self._said:
            self._said = share
            _say(share)
        return data


def _sizes(files: Sequence[str]) -> Iterable[int]:
    """The bytes of those before each file."""
    return accumulate((Path(file).stat().st_size for file in files[:-1]), initial=0)


def _say_built(done: int, total: int) -> None:
    if done % _STEP == 0:
        _say(_HALF + _HALF * done // total)


def _say(done: int) -> None:
    with contextlib.suppress(OSError):  # whoever asked for it has gone
        sys.stdout.write(f"{done} {2 * _HALF}\n")
        sys.stdout.flush()


def main() -> None:
    """Reads an order from stdin and carries it out; ends otherwise than with 0 where that cannot be done."""
    lifeline.end_with(os.getppid())
    gc.disable()  # it makes no circles, and keeps nearly all that it makes
    order: _Order = pickle.loads(lifeline.read_message(sys.stdin.buffer) or b"")  # noqa: S301  (our own process said it)
    several = len(order.files) > 1  # which may use one label for two nodes
    size = sum(Path(file).stat().st_size for file in order.files)
    files = (_Watched(file, before, size) for file, before in zip(order.files, _sizes(order.files), strict=True))
    read = (parse(cast("IO[bytes]", file), RdfFormat.N_QUADS, rename_blank_nodes=several) for file in files)
    quads = chain.from_iterable(read)
    search.build_of(quads, Shapes(order.shapes), Base(order.base), Path(order.path), _say_built)
    os._exit(0)  # nothing need be tidied up


if __name__ == "__main__":
    main()
