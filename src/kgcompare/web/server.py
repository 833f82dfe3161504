"""Serves the application with granian."""

from __future__ import annotations

import errno
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from kgcompare import ingest
from kgcompare.errors import StoreError
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from kgcompare.web.settings import Settings

THREADS = 16
PATIENCE = 10
"""Seconds that requests under way have when the server is told to stop."""
__all__ = ["Settings", "check_port", "run"]


def check_port(host: str, port: int) -> None:
    """Makes sure that the address can be served: a second granian on the same port would start silently.

    :raises StoreError: if the port is taken or the host is none of this machine's.
    """
    try:
        with _bound(host, port):
            pass
    except OSError as fault:
        reason = "is in use" if fault.errno == errno.EADDRINUSE else f"cannot be used: {fault.strerror}"
        raise StoreError(f"port {port} of {host} {reason}; name another with --port or --host") from None


@contextmanager
def _bound(host: str, port: int) -> Iterator[tuple[str, int]]:
    """Holds a port of a host, any free one for 0; gives its address, IPv4 where it has one, and the port."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        yield str(address[0]), int(probe.getsockname()[1])


def run(settings: Settings, host: str, port: int) -> None:
    """Serves until it is told to stop (SIGINT or SIGTERM).

    The application is made in the worker: an open store must not be carried over a fork.
    """
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    _check(settings)
    with _bound(host, port) as (address, port):  # noqa: PLR1704
        pass
    print_address(host, port, settings)
    granian = Granian(
        "kgcompare",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        workers_kill_timeout=PATIENCE,
        log_level=LogLevels.error,
    )
    with tempfile.TemporaryDirectory(prefix="kgcompare-") as scratch:
        granian.serve(target_loader=partial(_load, settings, scratch))


def _check(settings: Settings) -> None:
    """Says what is wrong with the catalogue here, and not by a worker that dies."""
    for path in settings.shapes:
        ingest.read_shapes(path)
    if settings.endpoint is not None:
        RemoteStore(settings.endpoint, timeout=settings.timeout)
    elif settings.store is not None:
        EmbeddedStore(settings.store)


def _load(settings: Settings, scratch: str, _target: str) -> Any:
    """The application, in the worker; that ends without tidying up, so that its temporary files go with *scratch*."""
    from kgcompare.web import create_app

    tempfile.tempdir = scratch
    return create_app(settings)


def print_address(host: str, port: int, settings: Settings) -> None:
    """Says on stderr where the pages are."""
    import sys

    shown = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"kgcompare is at http://{shown}:{port}{settings.root}/ (stop with Ctrl-C)\n")
    sys.stderr.flush()
