"""Whose turn it is: a bounded queue, in which clients take turns and none has all the workers."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator

from kgcompare.errors import Busy, TooMany


class Turns:
    """Hands out the turns of *workers*; may be asked by any number of threads.

    *waiting* may wait beside those that have a turn, and *share* of all these may be one client's. Where there are
    several workers one client has all but one of them at most, so that whoever comes next need not wait for it.
    """

    def __init__(self, workers: int, waiting: int, share: int) -> None:
        self._workers = workers
        self._most = workers + waiting
        self._share = share
        self._each = max(1, workers - 1)
        self._changed = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self._queues: dict[str, deque[object]] = {}
        self._rounds: dict[str, int] = {}  # in which round of turns each client's next one is
        self._round = 0

    def waiting(self) -> int:
        """How many wait for a turn."""
        with self._changed:
            return self._under_way.total() - self._running.total()

    def refusal(self, client: str) -> Busy | None:
        """Why *client* would be refused if it asked now; None if it would not."""
        with self._changed:
            return self._refusal(client)

    def _refusal(self, client: str) -> Busy | None:
        if self._under_way[client] >= self._share:
            return TooMany(f"{self._share} queries of yours are under way; wait for one to end")
        if self._under_way.total() >= self._most:
            return Busy("too many queries wait already; try again in a moment")
        return None

    @contextlib.contextmanager
    def taken(self, client: str, deadline: float) -> Iterator[None]:
        """Waits for a turn of *client*'s until *deadline*, in seconds of the monotonic clock, and has it inside.

        :raises TooMany: if this client asks for more than its share.
        :raises Busy: if too many wait, or no turn came in time.
        """
        with self._changed:
            refusal = self._refusal(client)
            if refusal is not None:
                raise refusal
            self._under_way[client] += 1
            try:
                self._wait(client, deadline)
            except BaseException:
                self._ended(client)
                raise
        try:
            yield
        finally:
            with self._changed:
                self._running -= Counter([client])
                self._ended(client)

    def _wait(self, client: str, deadline: float) -> None:
        ticket = object()
        queue = self._queues.setdefault(client, deque())
        self._rounds[client] = max(self._rounds.get(client, 0), self._round)
        queue.append(ticket)
        self._hand_out()
        while ticket in queue:
            left = deadline - time.monotonic()
            if left <= 0 or not self._changed.wait(left):
                if ticket not in queue:
                    break  # it came at the last moment
                queue.remove(ticket)
                raise Busy("no worker became free in time; try again in a moment")

    def _ended(self, client: str) -> None:
        self._under_way -= Counter([client])
        if not self._under_way[client]:
            self._queues.pop(client, None)
        if not self._under_way:
            self._rounds.clear()
        self._hand_out()

    def _hand_out(self) -> None:
        """Gives what turns there are, one a client in each round; a client that comes anew is in the present round."""
        while self._running.total() < self._workers:
            ready = [name for name, queue in self._queues.items() if queue and self._running[name] < self._each]
            if not ready:
                break
            client = min(ready, key=self._rounds.__getitem__)
            self._queues[client].popleft()
            self._running[client] += 1
            self._round = self._rounds[client]
            self._rounds[client] += 1
            self._changed.notify_all()
