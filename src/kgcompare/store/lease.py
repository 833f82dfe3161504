"""The lock of a catalogue in an endpoint: held by one writer of any machine, for as long as he renews it.

Engines promise little of two updates at the same moment. So whoever takes the lock writes a token of his own into it
and looks: where another one stands there too he steps back, and tries again later. Of two at least one sees the other.
Whoever does not renew it loses it: when its time is over, or at once where his process was on this machine and is gone.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from kgcompare.errors import Busy, KgcompareError, QueryError, StoreError, Unavailable
from kgcompare.rdf.namespaces import Base, iri
from kgcompare.store.endpoint import Endpoint
from kgcompare.store.files import LOG
from kgcompare.store.ledger import Fence, Ledger, asked

EXPIRY = 30.0
"""Seconds for which a lock holds that nobody renews."""
_PATIENCE = 1.0
"""Seconds of waiting for another writer after which it is said."""
_LOOKS = (0.05, 0.3)
"""Seconds between two looks at a lock that somebody holds; at random, so that two do not go on in step."""

_UNSAID = 5
"""How often in a row a lock that was just taken may not be there: others may have had it for a moment."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a lock, or says so: under which token, who that is in words, in which place his process is, and
    until when he holds it (UTC)."""

    token: str
    owner: str
    place: str
    until: datetime

    def is_gone(self, now: datetime) -> bool:
        """Whether he holds it no more."""
        return self.until < now or _has_ended(self.place)


class Lease:
    """A lock that is held. It is renewed by a thread until it is left."""

    def __init__(self, endpoint: Endpoint, base: Base, token: str, expiry: float) -> None:
        self._endpoint = endpoint
        self._base = base
        self.token = token
        self._expiry = expiry
        self._until = time.monotonic() + expiry
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="kgcompare-lease", daemon=True)
        self._thread.start()

    @property
    def fence(self) -> Fence:
        """What can be done while it is held."""
        return Ledger(self._base).fence(self.token)

    def _renew(self) -> None:
        while not self._left.wait(self._expiry / 3):
            with suppress(KgcompareError):
                until = time.monotonic() + self._expiry
                self._endpoint.update(self.fence.renew(_until(self._expiry)))
                self._until = until

    def check(self) -> None:
        """Lets the holder go on.

        :raises StoreError: if he could not renew it in time: another one may have it.
        """
        if time.monotonic() > self._until:
            raise StoreError(
                f"{self._endpoint.url} could not be told for {self._expiry:g} s that somebody writes; "
                "what was begun is undone by whoever writes next"
            )

    def leave(self) -> None:
        """Lets it go, as far as the endpoint can be reached."""
        self._left.set()
        self._thread.join()
        with suppress(KgcompareError):
            self._endpoint.update(self.fence.leave())


@contextmanager
def leased(endpoint: Endpoint, base: Base, patience: float | None = None, expiry: float = EXPIRY) -> Iterator[Lease]:
    """Holds the lock of a catalogue in an endpoint; waits for whoever has it, and says who that is if it takes long.

    :raises Busy: if it takes longer than *patience* (seconds; None: however long it takes).
    :raises StoreError: if the endpoint takes no updates.
    """
    lease = Lease(endpoint, base, _taken(endpoint, base, patience, expiry), expiry)
    try:
        yield lease
    finally:
        lease.leave()


def _taken(endpoint: Endpoint, base: Base, patience: float | None, expiry: float) -> str:
    ledger, begun, told, unsaid = Ledger(base), time.monotonic(), False, 0
    while unsaid < _UNSAID:
        holders = holders_of(endpoint, base)
        now = datetime.now(UTC)
        for gone in [one for one in holders if one.is_gone(now)]:
            LOG.warning("kgcompare: %s has not ended its writing to %s; its lock is taken", gone.owner, endpoint.url)
            endpoint.update(ledger.fence(gone.token).leave())
        there = [one for one in holders if not one.is_gone(now)]
        if not there:
            token, seen = _tried(endpoint, base, expiry)
            if token:
                return token
            unsaid = 0 if seen else unsaid + 1
        waited = time.monotonic() - begun
        who = there[0].owner if there else "another process"
        if patience is not None and waited > patience:
            raise Busy(f"the catalogue is being written to ({who}); try again in a moment")
        if patience is None and waited > _PATIENCE and not told:
            LOG.warning("kgcompare: waiting for the one who writes to %s: %s", endpoint.url, who)
            told = True
        time.sleep(random.uniform(*_LOOKS))  # noqa: S311  (nothing is secret in it)
    raise StoreError(f"{endpoint.url} takes updates and does not say what they said: it cannot be written to safely")


def _tried(endpoint: Endpoint, base: Base, expiry: float) -> tuple[str, bool]:
    """The token under which the lock is held now, empty if another one was there at the same moment; and whether
    anybody says that he holds it."""
    ledger, token = Ledger(base), secrets.token_hex(16)
    graph, node = NamedNode(ledger.lock), NamedNode(f"{ledger.lock}#{token}")
    owner = f"process {os.getpid()} of {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    said = {
        "dcterms:identifier": token,
        "dcterms:creator": owner,
        "dcterms:spatial": f"{_machine()} {os.getpid()} {_begun(os.getpid())}",
        "dcterms:valid": _until(expiry),
    }
    fence = ledger.fence(token)
    try:
        endpoint.update(fence.take(Quad(node, iri(name), Literal(text), graph) for name, text in said.items()))
        tokens = {one.token for one in holders_of(endpoint, base)}
    except QueryError as fault:
        raise StoreError(f"{endpoint.url} cannot be written: {fault}") from None
    except (StoreError, Unavailable):
        with suppress(KgcompareError):
            endpoint.update(fence.leave())
        raise
    if tokens == {token}:
        return token, True
    if token in tokens:
        endpoint.update(fence.leave())
    return "", bool(tokens)


def holders_of(endpoint: Endpoint, base: Base) -> list[Holder]:
    """Those who hold the lock of a catalogue in an endpoint, or say so; one at most, but for a moment.

    :raises StoreError: if the endpoint cannot be read.
    """
    found = []
    for token, owner, place, until in asked(endpoint, "endpoint_lock", graph=[NamedNode(Ledger(base).lock)]):
        try:
            end = datetime.fromisoformat(until)
        except ValueError:
            end = datetime.min.replace(tzinfo=UTC)
        found.append(Holder(token, owner, place, end))
    return found


def _until(expiry: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=expiry)).isoformat(timespec="seconds")


# -- whose process it is -------------------------------------------------------------------------------


@cache
def _machine() -> str:
    """Tells where a process's number means something: this start of this machine, or of a container."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    return "unknown"


def _begun(process: int) -> str:
    """When a process began, in ticks since the machine did; empty where there is none."""
    with suppress(OSError, IndexError):
        said = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return "" if said[0] == "Z" else said[19]
    return ""


def _has_ended(place: str) -> bool:
    """Whether a process of this machine is not there any more; of others one does not know."""
    machine, _, rest = place.partition(" ")
    number, _, begun = rest.partition(" ")
    if machine == "unknown" or machine != _machine() or not number.isdecimal() or not begun:
        return False
    return _begun(int(number)) != begun
