"""A command over a store whose files are damaged: it ends, and says which file."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kgcompare.cli.output import say
from kgcompare.errors import StoreError

if TYPE_CHECKING:
    from kgcompare.store.embedded import EmbeddedStore

_LONG = 5.0
"""Seconds after which one looks whether a store is damaged."""


@contextmanager
def watched(store: EmbeddedStore) -> Iterator[None]:
    """Ends this process where a command takes long because the engine cannot read what it asks again and again."""

    over = threading.Event()

    def look() -> None:
        try:
            store.check()
        except StoreError as fault:
            if over.is_set():  # it was closed meanwhile
                return
            say(f"kgcompare: {fault}")
            os._exit(3)  # the engine does not come back to whoever could end in order

    timer = threading.Timer(_LONG, look)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        over.set()
        timer.cancel()
