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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from pyoxigraph import RdfFormat, Triple, parse

from kgcompare import search
from kgcompare.rdf.namespaces import Base
from kgcompare.sandbox import lifeline
from kgcompare.schema.shapes import Shapes, stored_shapes
from kgcompare.store import Snapshot
from kgcompare.store.base import Prepare

_LARGE = 8 << 20
"""Bytes of files from which on a process is worth its start."""
_COMMAND = (sys.executable, "-m", "kgcompare.ingest.beside")


@dataclass(frozen=True, slots=True)
class _Order:
    """What the process is to index, of a catalogue with which shapes and base, and where the index is to be."""

    files: tuple[str, ...]
    shapes: tuple[Triple, ...]
    base: str
    path: str


@contextmanager
def index_beside(files: Sequence[Path], shapes: Shapes, base: Base) -> Iterator[Prepare]:
    """Begins an index of *files* of N-Quads and gives a way to make with it that of the generation that says nothing
    else, within the block. *shapes* are those that it keeps."""
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
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        with contextlib.suppress(OSError):  # it has ended already
            if process.stdin is not None:
                lifeline.write_message(process.stdin, pickle.dumps(order))
        return process
    return None


def main() -> None:
    """Reads an order from stdin and carries it out; ends otherwise than with 0 where that cannot be done."""
    lifeline.end_with(os.getppid())
    gc.disable()  # it makes no circles, and keeps nearly all that it makes
    order: _Order = pickle.loads(lifeline.read_message(sys.stdin.buffer) or b"")  # noqa: S301  (our own process said it)
    several = len(order.files) > 1  # which may use one label for two nodes
    files = (parse(path=file, format=RdfFormat.N_QUADS, rename_blank_nodes=several) for file in order.files)
    quads = chain.from_iterable(files)
    search.build_of(quads, Shapes(order.shapes), Base(order.base), Path(order.path))
    os._exit(0)  # nothing need be tidied up


if __name__ == "__main__":
    main()
