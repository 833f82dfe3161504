"""A process ends with the one that started it, however that one ends."""

from __future__ import annotations

import os
import threading
import time

_EVERY = 0.2
"""Seconds after which a process looks again whether its parent is there."""


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
