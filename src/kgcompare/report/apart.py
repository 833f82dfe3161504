"""Makes a report, or counts, in a process of its own: that takes seconds, and others are answered meanwhile.

The process is the one that ``python -m kgcompare.report.apart`` starts. It comes after all others in the system's
turns, has so much memory and time and no more, writes no file, and ends with its parent. The engine cannot be stopped
while it counts, and over damaged files it may count for ever; a process can.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

from pyoxigraph import Triple

from kgcompare import report
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import KgcompareError, Overrun, Unavailable
from kgcompare.report import Report, extent
from kgcompare.report.extent import Extent
from kgcompare.report.kept import keep, look
from kgcompare.sandbox import confinement, lifeline
from kgcompare.sandbox.limits import Limits
from kgcompare.store.embedded import EmbeddedStore, snapshot_at

_COMMAND = (sys.executable, "-m", "kgcompare.report.apart")
_NICE = 15
_What = Literal["report", "extent"]
_MAKE: Mapping[_What, Callable[[Generation], Report | Extent]] = MappingProxyType(
    {"report": report.make, "extent": extent.measure}
)
_Made = TypeVar("_Made", Report, Extent)


@dataclass(frozen=True, slots=True)
class _Order:
    """What the process is to make of what: the folder of a generation, its index, and shapes beside those that it
    keeps; and how many bytes of memory it may have."""

    what: _What
    snapshot: str
    index: str
    extra: Sequence[Triple]
    memory: int


def make_apart(generation: Generation, limits: Limits) -> Report:
    """The state of a generation, as :func:`kgcompare.report.make` gives it; made here where its data are elsewhere, and
    kept beside its index where they are not.

    :raises Overrun: if it takes longer than it may.
    :raises Unavailable: if the process cannot be started, or ends without a word.
    :raises KgcompareError: if it cannot be made.
    """
    return _made(generation, limits, "report", Report)


def measure_apart(generation: Generation, limits: Limits) -> Extent:
    """How large a generation is, as :func:`kgcompare.report.extent.measure` counts it; raises as :func:`make_apart`."""
    return _made(generation, limits, "extent", Extent)


def _made(generation: Generation, limits: Limits, what: _What, kind: type[_Made]) -> _Made:
    path, seconds = generation.snapshot.path, limits.report_time
    if (kept := look(generation, what, kind)) is not None:
        return kept
    if path is None:
        answer: object = _MAKE[what](generation)
    else:
        index = generation.index.path.absolute()  # made anew if it has to be: the process itself writes no file
        order = _Order(what, str(path.absolute()), str(index), tuple(generation.extra), limits.report_memory)
        said, late = _asked(pickle.dumps(order), seconds)
        if late:
            raise Overrun(
                f"the {what} took longer than {seconds:g} s; --report-time gives it more, "
                "and the command kgcompare report has no limit"
            )
        answer = pickle.loads(said) if said else None  # noqa: S301  (our own process said it)
    if isinstance(answer, KgcompareError):
        raise answer
    if not isinstance(answer, kind):
        raise Unavailable(
            f"the process of the {what} has ended: it may need more memory, which --report-memory gives it"
        )
    keep(generation, what, answer)
    return answer


def _asked(order: bytes, seconds: float) -> tuple[bytes, bool]:
    """What a process says to an order, and whether it was ended because it took longer than it may."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        process = subprocess.Popen(  # noqa: S603  (our own module)
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd="/"
        )
    except (OSError, ValueError):
        raise Unavailable("no process can be started to count and check just now; try again in a moment") from None
    with process:
        try:
            with lifeline.ended_after(process, seconds) as late:
                if process.stdin is None or process.stdout is None:
                    raise Unavailable("the process that counts and checks cannot be spoken to")
                with contextlib.suppress(OSError):  # it has ended already, and says nothing
                    lifeline.write_message(process.stdin, order)
                with contextlib.suppress(OSError):  # here and not at the end, where it would be a fault
                    process.stdin.close()
                said = process.stdout.read()
        finally:
            process.kill()
    return said, bool(late)


def main() -> None:
    """Reads an order from stdin and writes what was made, pickled, or the error that it met, to stdout."""
    lifeline.end_with(os.getppid())
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    order: _Order = pickle.loads(lifeline.read_message(sys.stdin.buffer) or b"")  # noqa: S301
    confinement.bound(order.memory)
    answer: Report | Extent | KgcompareError
    try:
        path = Path(order.snapshot)
        store, snapshot = EmbeddedStore(path.parents[1]), snapshot_at(path)
        answer = _MAKE[order.what](Generation(store, snapshot, order.extra, index_path=Path(order.index)))
    except KgcompareError as fault:
        answer = fault
    sys.stdout.buffer.write(pickle.dumps(answer))
    sys.stdout.buffer.flush()
    os._exit(0)  # the engine need not tidy up


if __name__ == "__main__":
    main()
