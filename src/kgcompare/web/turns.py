"""Turns at costly work: so many at a time, so many that wait, so many of one client's, and a deadline for each.

What a thread computes holds up all others a little: a few may do so at a time, and the rest wait in a queue that has an
end. No client has more than half of the turns at a time, so that another one's come next.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, current_app, request

from kgcompare import deadline
from kgcompare.errors import Busy, TooMany
from kgcompare.sandbox.limits import Limits

P = ParamSpec("P")
T = TypeVar("T")
_COSTLY = "kgcompare.costly"


class Places:
    """Who is having a turn and who waits for one; may be asked by any number of threads."""

    def __init__(self, most: int, waiting: int, share: int, seconds: float) -> None:
        """*most* at a time, *waiting* besides, *share* of all these for one client, *seconds* for each from its arrival
        to its end."""
        self.most = most
        self.waiting = waiting
        self.share = share
        self.seconds = seconds
        self._clients: Counter[str] = Counter()
        self._having: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, client: str) -> Iterator[None]:
        """A turn, and the deadline of what is done in it (:mod:`kgcompare.deadline`).

        :raises TooMany: if this client asks for more than its share.
        :raises Busy: if too many wait, or none was free in time.
        """
        with self._changed:
            if self._clients[client] >= self.share:
                raise TooMany(f"{self.share} costly requests of yours are under way; wait for one to end")
            if self._clients.total() >= self.most + self.waiting:
                raise Busy("too many costly requests wait already; try again in a moment")
            self._clients[client] += 1
        try:
            with deadline.within(self.seconds):
                self._begin(client)
                try:
                    yield
                finally:
                    with self._changed:
                        self._less(self._having, client)
                        self._changed.notify_all()
        finally:
            with self._changed:
                self._less(self._clients, client)

    def _begin(self, client: str) -> None:
        own = -(-self.most // 2)
        with self._changed:
            free = self._changed.wait_for(
                lambda: self._having.total() < self.most and self._having[client] < own, deadline.left()
            )
            if not free:
                raise Busy("no turn came in time; try again in a moment")
            self._having[client] += 1

    @staticmethod
    def _less(counts: Counter[str], client: str) -> None:
        counts[client] -= 1
        if not counts[client]:
            del counts[client]


def give_turns(app: Flask, limits: Limits) -> None:
    """Has costly requests of an application take turns."""
    app.extensions[_COSTLY] = Places(
        limits.costly_requests, limits.waiting_costly, limits.client_costly, limits.costly_time
    )


@contextmanager
def turn() -> Iterator[None]:
    """A turn of whoever sent this request.

    :raises TooMany: if this client asks for more than its share.
    :raises Busy: if too many wait, or none was free in time.
    """
    with cast("Places", current_app.extensions[_COSTLY]).turn(request.remote_addr or ""):
        yield


def costly(answer: Callable[P, T]) -> Callable[P, T]:
    """An answer to a request that is given in a turn of its client."""

    @wraps(answer)
    def in_turn(*args: P.args, **kwargs: P.kwargs) -> T:
        with turn():
            return answer(*args, **kwargs)

    return in_turn
