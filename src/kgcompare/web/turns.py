"""Turns at what costs much: few at a time, a bounded queue, a share for each client, and a deadline from its arrival.

What a thread computes holds up all others a little, so that few may do so at a time. Comparisons and records have turns
of their own, for which any number may wait: they are what most people come for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from kgcompare.errors import Busy
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.turns import Turns
from kgcompare.store import deadline
from kgcompare.web.request import limits

_P = ParamSpec("_P")
_T = TypeVar("_T")
_ENDPOINTS = {"lists.listing", "lists.suggest", "reconcile.endpoint", "reconcile.suggest_entity", "reconcile.preview"}
_ENDPOINTS |= {"edit.sent", "edit.sent_new"}
"""What is costly whatever it is asked for, unless its answer is kept."""
_COSTLY, _ORDINARY, _WAITING = "kgcompare.costly", "kgcompare.ordinary", "kgcompare.waiting"


def give_turns(app: Flask, limits: Limits) -> None:
    """Has the requests of an application take turns."""
    most, waiting = limits.costly_requests, limits.making_waiting
    app.extensions[_COSTLY] = Turns(most, limits.waiting_costly, limits.client_costly)
    app.extensions[_ORDINARY] = Turns(most, limits.threads, limits.threads)
    app.extensions[_WAITING] = Turns(waiting, 0, max(1, waiting * 2 // 3))


def refusal(app: Flask, environ: Mapping[str, str]) -> Busy | None:
    """Why a costly request would be refused, found in a fraction of a millisecond and without Flask, so that those who
    do not wait as long as they are told to cost little; None for every other one."""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    try:
        endpoint, _ = app.url_map.bind("").match(path, method)
    except (HTTPException, RequestRedirect):
        return None
    manifest = endpoint == "reconcile.endpoint" and method != "POST" and "=" not in environ.get("QUERY_STRING", "")
    if endpoint not in _ENDPOINTS or manifest or method == "OPTIONS":
        return None
    return cast("Turns", app.extensions[_COSTLY]).refusal(environ.get("REMOTE_ADDR", ""))


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
    """An answer that is given in a turn of its client, by its deadline (:mod:`kgcompare.store.deadline`)."""
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
