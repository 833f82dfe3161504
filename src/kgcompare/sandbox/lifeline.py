"""What a process and those that it starts have to do with each other: what they inherit, and that they end with it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

_EVERY = 0.2
"""Seconds after which a process looks again whether its parent is there."""

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
