"""One address of an endpoint: who we are there, where on the same host it leads, and what is said of its refusals.

Source: RFC 9110, section 10.2.3 (Retry-After) and 15.4 (redirection); RFC 9457 (problem documents).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urljoin, urlsplit
from urllib.request import Request

from kgcompare.errors import EndpointError, Seam, Unanswered, Unavailable
from kgcompare.store.credentials import Authorization, Credentials, shown_address, without_credentials
from kgcompare.store.exchange import Answered, Clock, whole_reply

_MOST_REDIRECTS = 5
_MOVED = {301, 302, 303, 307, 308}
_PORTS = {"http": 80, "https": 443}
_DETAIL = 300
"""Characters of what an endpoint says that go into a message."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How an endpoint is dealt with.

    A connection may take *connect* seconds, and the first byte of an answer *first_byte*. What fails is asked *retries*
    times more, as far as the time goes. After *failures* in a row nothing is asked for *rest* seconds.
    """

    connect: float = 10.0
    first_byte: float = math.inf
    retries: int = 2
    failures: int = 3
    rest: float = 10.0


class Makes(Protocol):
    """Makes a request to an address."""

    def __call__(self, address: str) -> Request:
        """The request."""


class Address:
    """An address of an endpoint: as it is, as it is shown, and who we are there."""

    def __init__(self, address: str, credentials: Credentials) -> None:
        """:raises EndpointError: if it is not an http or https address."""
        self.shown = shown_address(address)
        with Seam((ValueError,), lambda _: self._unusable()):
            parts = urlsplit(address)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        if not usable:
            raise self._unusable()
        self.address, own = without_credentials(address)
        self.authorization = Authorization(own or credentials)

    def _unusable(self) -> EndpointError:
        return EndpointError(f"{self.shown!r} is not the address of an endpoint; it starts with http:// or https://")

    def hide(self, text: str) -> str:
        """A text without what is secret."""
        query = urlsplit(self.address).query
        return self.authorization.hide(text.replace(query, "...") if query else text)

    def sent(
        self, make: Makes, end: float, most: int, manners: Manners, at: str = "", *, writing: bool = False
    ) -> Answered:
        """The answer to a request until *end*, in seconds of the monotonic clock, wherever on the same host it leads.

        Of *writing* a redirect is followed only if it says that nothing was done. *at* is an address beside the own.

        :raises Unanswered: if there is none, or more than *most* bytes.
        """
        address = at or self.address
        for _ in range(_MOST_REDIRECTS + 1):
            request = make(address)
            self.authorization.sign(request)
            reply = self._exchanged(request, end, most, manners)
            if reply.status == 401 and self.authorization.heeds(reply.headers):
                request = make(address)
                self.authorization.sign(request)
                reply = self._exchanged(request, end, most, manners)
            if reply.status not in _MOVED or not (target := reply.headers.get("Location")):
                return reply
            if writing and reply.status not in {307, 308}:
                return reply
            address = _moved(address, target)
        raise Unanswered(f"redirects more than {_MOST_REDIRECTS} times", again=False)

    def _exchanged(self, request: Request, end: float, most: int, manners: Manners) -> Answered:
        left = end - time.monotonic()
        if left <= 0:
            raise Unanswered("did not answer in time", late=True)
        clock = Clock(left, manners.connect, manners.first_byte)
        with Seam((RuntimeError,), lambda why: Unavailable(f"{self.shown} cannot be asked just now: {why}")):
            return whole_reply(request, clock, most)

    def said(self, fault: Unanswered, whole: float, *, writing: bool = False) -> Unanswered:
        """What is said of an exchange that came to nothing, for which there were so many seconds."""
        why = f"did not answer within {whole:.3g} s" if fault.late else self.hide(str(fault))
        unknown = "; whether the change was made is not known" if writing and fault.left else ""
        return Unanswered(
            f"{self.shown} {why}{unknown}", left=fault.left, again=fault.again, late=fault.late, much=fault.much
        )

    def refused(self, reply: Answered) -> EndpointError:
        """What is said of an answer that is none."""
        detail = self.detail(reply)
        what = f"{self.shown} answered with status {reply.status}{': ' if detail else ''}{detail}"
        if reply.status in {401, 403}:
            known = "the credentials that it was given" if self.authorization else "whoever gives no credentials"
            what += (
                f"; it refuses {known} (KGCOMPARE_ENDPOINT_USER and ..._PASSWORD, ..._TOKEN, --endpoint-credentials)"
            )
        elif reply.status in _MOVED:
            what += "; name the address that it redirects to"
        return EndpointError(what)

    def detail(self, reply: Answered) -> str:
        """What an endpoint says of a fault, where it says so in plain text."""
        if reply.media not in {"text/plain", "application/problem+json", "application/json"}:
            return ""
        return " ".join(self.hide(reply.body[: 8 * _DETAIL].decode("utf-8", "replace")).split())[:_DETAIL]


def _moved(address: str, target: str) -> str:
    """Where a redirect leads: to the same host and port, or to that of https where http was without one.

    :raises Unanswered: if it leads elsewhere, where neither the query nor who we are is told.
    """
    try:
        new = urljoin(address, target)
        there, here = urlsplit(new), urlsplit(address)
        new_port, old_port = there.port or _PORTS.get(there.scheme), here.port or _PORTS[here.scheme]
    except ValueError:
        raise Unanswered("redirects to what is no address", again=False) from None
    safer = (here.scheme, old_port, there.scheme, new_port) == ("http", 80, "https", 443)
    same = (here.scheme, old_port) == (there.scheme, new_port) or safer
    if there.hostname != here.hostname or not same or "@" in there.netloc:
        where = shown_address(new)[:200]
        raise Unanswered(f"redirects to {where!r}, which is not followed; if that is right, name it", again=False)
    return new


def retry_after(reply: Answered) -> float:
    """The seconds that a refusal asks to wait; 0 where it does not."""
    said = (reply.headers.get("Retry-After") or "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        until: float = parsedate_to_datetime(said).timestamp()
        return max(0.0, until - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0
