"""Whether the catalogue can be read and its index is there, found out beside whoever asks for it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import KgcompareError
from kgcompare.rdf.queries import load

_PATIENCE = 0.8
"""Seconds that somebody waits for what is being found out."""
_LATELY = 1.0
"""Seconds for which what was found out counts."""


class Readiness:
    """Looks at the catalogue in a thread of its own, one at a time."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._looking: threading.Thread | None = None
        self._store = self._index = "unknown"
        self._generation: str | None = None
        self._found = float("-inf")

    @property
    def known(self) -> Generation | None:
        """The newest generation, if it is open."""
        return self._catalogue.opened()

    @property
    def generation(self) -> str | None:
        """The newest generation that is known, without looking."""
        known = self.known
        return known.name if known is not None else self._generation

    def begin(self) -> threading.Thread | None:
        """Looks in the background, and has the index made that is missing; None where somebody has looked just now."""
        with self._lock:
            if self._looking is not None and self._looking.is_alive():
                return self._looking
            if time.monotonic() - self._found < _LATELY:
                return None
            self._looking = threading.Thread(target=self._look, name="kgcompare-readiness", daemon=True)
            with suppress(RuntimeError):  # no thread can be had: what is known has to do
                self._looking.start()
            return self._looking

    def _look(self) -> None:
        store, index = "unreachable", self._index
        try:
            generation = self._catalogue.generation()
            self._generation = generation.name
            generation.snapshot.query(load("alive").text)
            store = "ok"
            generation.index.ready()
            index = generation.index.state
        except KgcompareError:
            pass  # said by what is left
        finally:
            self._store, self._index, self._found = store, index, time.monotonic()

    def told(self) -> dict[str, str | None]:
        """``status`` (ready or not), ``store`` (ok, unreachable or late), ``index`` (ok, making, failed or unknown) and
        ``generation``; within a second."""
        looking = self.begin()
        late = False
        if looking is not None and looking.ident is not None:
            looking.join(_PATIENCE)
            late = looking.is_alive()
        store = "late" if late else self._store
        ready = store == self._index == "ok"
        status = "ready" if ready else "not ready"
        return {"status": status, "store": store, "index": self._index, "generation": self.generation}
