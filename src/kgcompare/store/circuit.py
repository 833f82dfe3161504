"""Keeps from asking again and again what does not answer.

After some failures in a row the circuit is open: whoever asks is told so at once. After a rest one of them looks
whether there is an answer again; the others are still told at once. An answer closes it.

Source: M. Nygard, Release It! (2018), "Circuit Breaker".
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

_LONGEST_REST = 300.0
"""Seconds that an endpoint which asks for a rest is given at most."""


@dataclass(frozen=True, slots=True)
class Outage:
    """That something does not answer: ``since`` when (seconds since 1970), and ``why`` at last."""

    since: float
    why: str


class Circuit:
    """Whether something is worth asking; may be used by any number of threads."""

    def __init__(self, failures: int, rest: float) -> None:
        """*failures* in a row open it, for *rest* seconds."""
        self._most = failures
        self._rest = rest
        self._lock = threading.Lock()
        self._failures = 0
        self._began = 0.0
        self._until = 0.0
        self._looking = False
        self._outage: Outage | None = None

    @property
    def outage(self) -> Outage | None:
        """What is wrong while it is open; None while it is closed."""
        return self._outage

    def wait(self) -> float:
        """The seconds until somebody should ask again, more than 0 while it is open, even if that is now."""
        with self._lock:
            return max(1.0, self._until - time.monotonic()) if self._outage else 0.0

    def looks(self) -> bool:
        """Whether the caller is to look whether there is an answer again; it has to tell what came of it."""
        with self._lock:
            if self._outage is None or self._looking or time.monotonic() < self._until:
                return False
            self._looking = True
            return True

    def tell(self, why: str, rest: float = 0.0, *, soon: bool = False) -> None:
        """Tells that there was an answer, where *why* is empty, or why there was none.

        *rest* is for how many seconds the other side asks to be left alone. What is to be looked at *soon* may be well:
        it was asked for much.
        """
        with self._lock:
            self._looking = False
            if not why:
                self._failures, self._outage = 0, None
                return
            if not self._failures:
                self._began = time.time()
            self._failures += 1
            if self._failures >= self._most:
                self._until = time.monotonic() + (0.0 if soon else max(self._rest, min(rest, _LONGEST_REST)))
                self._outage = Outage(self._began, why)
