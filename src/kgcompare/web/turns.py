"""Turns at what costs much: few at a time, a bounded queue, a share for each client, and a deadline from its arrival.

What a thread computes holds up all others a little, so that few may do so at a time. Comparisons and records have turns
of their own, for which any number may wait: they are what most people come for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, current_app, request

from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.turns import Turns
from kgcompare.store import deadline
from kgcompare.web.request import limits

_P = ParamSpec("_P")
_T = TypeVar("_T")
_COSTLY, _ORDINARY, _WAITING = "kgcompare.costly", "kgcompare.ordinary", "kgcompare.waiting"


def give_turns(app: Flask, limits: Limits) -> None:
    """Has the requests of an application take turns."""
    most, waiting = limits.costly_requests, limits.making_waiting
    app.extensions[_COSTLY] = Turns(most, limits.waiting_costly, limits.client_costly)
    app.extensions[_ORDINARY] = Turns(most, limits.threads, limits.threads)
    app.extensions[_WAITING] = Turns(waiting, 0, max(1, waiting * 2 // 3))


@contextmanager
def _turn(of: str) -> Iterator[None]:
    seconds = limits().costly_time
    turns = cast("Turns", current_app.extensions[of])
    with deadline.within(seconds), turns.taken(request.remote_addr or "", time.monotonic() + seconds):
        yield


def _in_turn(of: str, answer: Callable[_P, _T]) -> Callable[_P, _T]:
    @wraps(answer)
    def in_turn(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with _turn(of):
            return answer(*args, **kwargs)

    return in_turn


def costly(answer: Callable[_P, _T]) -> Callable[_P, _T]:
    """An answer that is given in a turn of its client, by its deadline (:mod:`kgcompare.deadline`)."""
    return _in_turn(_COSTLY, answer)


def ordinary(answer: Callable[_P, _T]) -> Callable[_P, _T]:
    """An answer that is given in a turn as well, and waits for it without regard to how many do."""
    return _in_turn(_ORDINARY, answer)


@contextmanager
def waiting(seconds: float) -> Iterator[None]:
    """Waiting for what others make, which takes a thread: few do so at a time, and two thirds of them of one client.

    :raises Busy: if there are as many already.
    """
    turns = cast("Turns", current_app.extensions[_WAITING])
    with turns.taken(request.remote_addr or "", time.monotonic() + seconds):
        yield
