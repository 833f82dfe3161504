"""A proxy on loopback that delays, drips, cuts, garbles and floods what passes through it, and counts it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Fault = Callable[[socket.socket, bytes, "Proxy"], None]
"""Gives the client what is to come of an answer, whose bytes it is given."""


class Proxy:
    """Stands before a server (host and port), or before none: then a fault makes the answer."""

    def __init__(self, before: tuple[str, int] | None) -> None:
        self.before = before
        self.fault: Fault = whole
        self.requests: list[str] = []
        self.stopping = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/query"

    def serve(self) -> None:
        """Takes connections until it is told to stop."""
        while not self.stopping.is_set():
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_one, args=(connection,), daemon=True, name="proxy").start()

    def _serve_one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(20)
            request = _request(connection)
            if not request:
                return
            self.requests.append(request.decode("latin-1"))
            self.fault(connection, self._answer(request), self)

    def _answer(self, request: bytes) -> bytes:
        if self.before is None:
            return b""
        with socket.create_connection(self.before, 20) as server:
            server.sendall(request)
            found = b""
            while part := server.recv(65536):
                found += part
            return found

    def wait(self, seconds: float) -> None:
        """Waits, but not for longer than the proxy lives."""
        self.stopping.wait(seconds)


def _request(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        part = connection.recv(65536)
        if not part:
            return b""
        found += part
    head, _, body = found.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def proxied(before: tuple[str, int] | None = None) -> Iterator[Proxy]:
    """A proxy that runs, and is gone afterwards."""
    proxy = Proxy(before)
    thread = threading.Thread(target=proxy.serve, daemon=True, name="proxy")
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stopping.set()
        with suppress(OSError):
            proxy.server.shutdown(socket.SHUT_RDWR)
        proxy.server.close()
        thread.join(5)


# -- what a proxy does ---------------------------------------------------------------------------------


def whole(connection: socket.socket, answer: bytes, _: Proxy) -> None:
    """Lets it pass."""
    connection.sendall(answer)


def closed(connection: socket.socket, answer: bytes, proxy: Proxy) -> None:
    """Says nothing and hangs up."""


def silent(connection: socket.socket, answer: bytes, proxy: Proxy) -> None:
    """Says nothing for a long time."""
    proxy.wait(30)


def dripping(connection: socket.socket, answer: bytes, proxy: Proxy) -> None:
    """Gives a byte now and then."""
    for byte in answer or b"HTTP/1.1 200 OK\r\n":
        connection.sendall(bytes([byte]))
        proxy.wait(0.1)


def cut(connection: socket.socket, answer: bytes, _: Proxy) -> None:
    """Breaks off near the end."""
    connection.sendall(answer[:-20])


def garbled(connection: socket.socket, answer: bytes, _: Proxy) -> None:
    """Gives noise in place of the head."""
    connection.sendall(bytes((byte * 7 + 3) % 256 for byte in answer[:200]) + b"\r\n\r\n")


def flooding(connection: socket.socket, answer: bytes, proxy: Proxy) -> None:
    """Gives a body that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n\r\n")
    while not proxy.stopping.is_set():
        connection.sendall(b" " * 65536)


def endless_headers(connection: socket.socket, answer: bytes, proxy: Proxy) -> None:
    """Gives provisional answers without end."""
    while not proxy.stopping.is_set():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        time.sleep(0.001)


def saying(body: bytes, *headers: str, status: str = "200 OK", media: str = "", length: int | None = -1) -> Fault:
    """Gives this answer; *length* is what it says of itself, -1 for the truth, None for nothing."""
    media = media or "application/sparql-results+json"
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media}", "Connection: close", *headers]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length == -1 else length}")

    def fault(connection: socket.socket, _answer: bytes, _: Proxy) -> None:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return fault


def in_turn(*faults: Fault) -> Fault:
    """One after the other, the last one for good."""
    left = list(faults)

    def fault(connection: socket.socket, answer: bytes, proxy: Proxy) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection, answer, proxy)

    return fault
