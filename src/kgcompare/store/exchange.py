"""One exchange by HTTP: a request and its whole answer, within a time and a size.

Whatever the other side does (says nothing, drips, floods, packs a bomb, breaks off), the caller's thread is back in
time, and nothing of the exchange is left: every wait for bytes is as long as what is left of the time.

Source: RFC 9112, section 6.3 (how long a body is) and 8 (what breaks off).
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import threading
import time
import urllib.error
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from kgcompare.errors import Unanswered, reason
from kgcompare.store.unpacking import PACKED, Unpacking

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 65536
_LINES = {"application/n-triples", "application/n-quads", "text/turtle", "application/trig", "text/csv", "text/plain"}
_LINES |= {"text/tab-separated-values"}
"""Media types of which a part may look like the whole."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer: its status, headers, media type (lower case, without parameters), and body, unpacked."""

    status: int
    headers: Message
    media: str
    body: bytes


class Clock:
    """Until when: the connection may take *connect* seconds, then the first byte *first*, and all of it *whole*."""

    def __init__(self, whole: float, connect: float, first: float) -> None:
        now = time.monotonic()
        self.whole = now + whole
        self.connect = min(now + connect, self.whole)
        self._first = first
        self.end = self.connect

    def connected(self) -> None:
        """The connection stands; the first byte is waited for."""
        self.end = min(time.monotonic() + self._first, self.whole)

    def begun(self) -> None:
        """The answer has begun."""
        self.end = self.whole

    def left(self) -> float:
        """The seconds that are left.

        :raises TimeoutError: if there are none.
        """
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _NotConnected(OSError):
    """The request never left."""


class _Untrusted(_NotConnected):
    """It is not to be sent, however often one tries."""


class _Socket(socket.socket):
    """A socket whose every wait is as long as what is left of the time."""

    clock: Clock

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.clock.left())
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.settimeout(self.clock.left())
        super().sendall(data, flags)


class _SecureSocket(ssl.SSLSocket):
    """The same, encrypted."""

    clock: Clock

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.clock.left())
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        self.settimeout(self.clock.left())
        return super().send(data, flags)


@cache
def trusting() -> ssl.SSLContext:
    """Whose certificates are trusted: the system's authorities, and those in the file that SSL_CERT_FILE names."""
    context = ssl.create_default_context()
    if own := os.environ.get("SSL_CERT_FILE"):
        try:
            context.load_verify_locations(own)
        except OSError as fault:
            raise _Untrusted(f"the certificates in SSL_CERT_FILE ({own}) cannot be read: {reason(fault)}") from None
    context.sslsocket_class = _SecureSocket
    return context


def _addresses(host: str, port: int, clock: Clock) -> list[Any]:
    """What a host's name stands for. The system's resolver cannot be interrupted, so it is asked beside."""
    found: list[list[Any] | OSError | UnicodeError] = []

    def resolve() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as fault:
            found.append(fault)

    asking = threading.Thread(target=resolve, name="kgcompare-resolver", daemon=True)
    asking.start()
    asking.join(clock.left())
    if not found:
        raise TimeoutError("its name was not found in time")
    if isinstance(found[0], list):
        return found[0]
    raise found[0]


def _connected(clock: Clock, address: tuple[str, int], *_: object) -> socket.socket:
    """A connection to the first address of a host that takes one."""
    try:
        fault = OSError("it has no address")
        for family, kind, protocol, _name, place in _addresses(*address, clock):
            made = _Socket(family, kind, protocol)
            made.clock = clock
            try:
                made.settimeout(clock.left())
                made.connect(place)
                return made
            except OSError as refused:
                made.close()
                fault = refused
        raise fault
    except TimeoutError:
        raise _NotConnected("there was no connection in time") from None
    except (OSError, UnicodeError) as failed:
        raise _NotConnected(reason(failed)) from None


class _Response(http.client.HTTPResponse):
    """An answer that looks, when it is over, whether more has come than it said; it waits for nothing then."""

    longer = False

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self._from = sock

    def _read_status(self) -> tuple[str, int, str]:
        """Passes over what is said on the way (RFC 9110, section 15.2), of which http.client knows 100 alone."""
        while True:
            version, status, phrase = super()._read_status()  # type: ignore[misc]
            if not 102 <= status < 200:
                return version, status, phrase
            http.client.parse_headers(self.fp)

    def _close_conn(self) -> None:
        if self.length == 0 and not self.chunked and isinstance(self._from, _Socket | _SecureSocket):
            self._from.clock.end = 0.0
            with suppress(OSError, ValueError):
                self._from.settimeout(0)
                self.longer = bool(self._from.recv(1))
            with suppress(OSError, ValueError):
                self.longer = self.longer or bool(self.fp.peek(1))
        super()._close_conn()  # type: ignore[misc]


class _Plain(http.client.HTTPConnection):
    """A connection of one exchange."""

    response_class = _Response

    def __init__(self, host: str, *, clock: Clock, **more: Any) -> None:
        super().__init__(host, **more)
        self.clock = clock
        self._create_connection = partial(_connected, clock)

    def connect(self) -> None:
        super().connect()
        self.clock.connected()


class _Secure(http.client.HTTPSConnection):
    """The same, encrypted."""

    response_class = _Response

    def __init__(self, host: str, *, clock: Clock, **more: Any) -> None:
        super().__init__(host, context=trusting(), **more)
        self.clock = clock
        self._create_connection = partial(_connected, clock)

    def connect(self) -> None:
        try:
            super().connect()
        except _NotConnected:
            raise
        except TimeoutError:
            raise _NotConnected("there was no connection in time") from None
        except ssl.SSLCertVerificationError as fault:
            raise _Untrusted(
                f"has no certificate that can be trusted: {fault.verify_message.rstrip('.')}; SSL_CERT_FILE names a "
                "file of authorities to trust beside those of the system"
            ) from None
        except ssl.SSLError as fault:
            if fault.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
                raise _Untrusted("does not speak TLS; try http://") from None
            raise _NotConnected(reason(fault)) from None
        except OSError as fault:
            raise _NotConnected(reason(fault)) from None
        if isinstance(self.sock, _SecureSocket):
            self.sock.clock = self.clock
        self.clock.connected()


def whole_reply(request: Request, clock: Clock, most: int) -> Answered:
    """The whole answer to a request, of at most *most* bytes, packed or unpacked. Proxies are those of the environment.

    Redirects and refusals are answers like others.

    :raises Unanswered: if there is none, or not all of it.
    """
    opener = OpenerDirector()
    for handler in (ProxyHandler(), _HTTP(clock), _HTTPS(clock)):
        opener.add_handler(handler)
    request.add_header("Accept-encoding", PACKED)
    left = False
    try:
        try:
            response = opener.open(request, timeout=max(clock.whole - time.monotonic(), 0.001))
        except urllib.error.URLError as fault:
            raise fault.reason if isinstance(fault.reason, OSError) else OSError(reason(fault.reason)) from None
        left = True
        with response:
            clock.begun()
            media = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
            body = _body(response, clock, most)
            unstated = response.length is None and not response.chunked and response.status not in {204, 304}
        if response.longer:
            raise Unanswered("answered more than it said it would")
        if unstated and media in _LINES:
            raise Unanswered("does not say how long its answer is, so that nobody can know whether it is whole")
        return Answered(response.status, response.headers, media, body)
    except _Untrusted as fault:
        raise Unanswered(reason(fault), left=False, again=False) from None
    except _NotConnected as fault:
        raise Unanswered(f"cannot be reached: {reason(fault)}", left=False) from None
    except TimeoutError:
        raise Unanswered("did not answer in time", late=True) from None
    except http.client.IncompleteRead:
        raise Unanswered("broke off in the middle of its answer") from None
    except (OSError, http.client.HTTPException, ValueError) as fault:
        what = "broke off in the middle of its answer" if left else "cannot be reached"
        if isinstance(fault, http.client.HTTPException) and not isinstance(fault, OSError | http.client.InvalidURL):
            what = what if left else "does not speak HTTP"
        raise Unanswered(f"{what}: {reason(fault)}", left=not isinstance(fault, http.client.InvalidURL)) from None


class _HTTP(HTTPHandler):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def http_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Plain, clock=self._clock), req)


class _HTTPS(HTTPSHandler):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Secure, clock=self._clock), req)


def _body(response: http.client.HTTPResponse, clock: Clock, most: int) -> bytes:
    unpacking = Unpacking(response.headers.get("Content-Encoding") or "")
    body = io.BytesIO()
    while chunk := response.read1(_CHUNK):
        clock.left()
        while chunk:
            body.write(unpacking.some(chunk, most + 1 - body.tell()))
            chunk = unpacking.rest
            if body.tell() > most:
                raise Unanswered(f"answered more than {most / (1 << 20):g} MiB", much=True)
    if response.length or not unpacking.is_whole():
        raise Unanswered("broke off in the middle of its answer")
    return body.getvalue()
