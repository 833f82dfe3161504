"""What a process and those that it starts have to do with each other: what they inherit, that they end with it or when
they are late, and how messages to them begin."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_EVERY = 0.2
"""Seconds after which a process looks again whether its parent is there."""

_HEAD = 8
"""Bytes that say how long a message is."""
_INHERITED = {"PATH", "LD_LIBRARY_PATH", "LANG"}


def environment() -> dict[str, str]:
    """The environment of a process that works for strangers: where programs and this package are, and no more."""
    found = {name: text for name, text in os.environ.items() if name in _INHERITED}
    return found | {"PYTHONPATH": str(Path(__file__).parents[2])}


def end_with(parent: int) -> None:
    """Ends this process, at once and without tidying up, when the process *parent* is its parent no more.

    A thread watches, on any POSIX system, and for as long as somebody else holds no lock of the interpreter. (Linux has
    ``PR_SET_PDEATHSIG`` for this; but it tells of the end of the *thread* that started the process.)
    """
    threading.Thread(target=_watch, args=(parent,), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY)
    os._exit(1)


@contextlib.contextmanager
def ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[list[bool]]:
    """Ends a process if this block takes more than some seconds; gives a list that then is filled."""
    late: list[bool] = []

    def end() -> None:
        late.append(True)
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def write_message(pipe: IO[bytes], message: bytes) -> None:
    """Writes a message that says first how long it is."""
    pipe.write(len(message).to_bytes(_HEAD, "big") + message)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> bytes | None:
    """Such a message; None where there is none any more, or not the whole."""
    head = pipe.read(_HEAD)
    if len(head) < _HEAD:
        return None
    message = pipe.read(int.from_bytes(head, "big"))
    return message if len(message) == int.from_bytes(head, "big") else None
