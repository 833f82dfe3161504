"""Serves the application with granian."""

from __future__ import annotations

import errno
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from kgcompare.errors import StoreError
from kgcompare.schema.shapes import read_shapes
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from kgcompare.web.settings import Settings

THREADS = 64
"""Requests that are answered at a time: more than can wait for a query's worker (34)."""
HEADERS = 15_000
"""Milliseconds in which a request's headers have to be there; an idle connection is closed then."""
HEAD_BYTES = 128 * 1024
"""The most bytes of them."""
FILES = 512
"""Files that the process may want beside its connections: the store's, the workers' pipes."""
CONNECTIONS = 4096
"""Connections that are open at a time, as far as the system lets a process have open files."""
SWITCH = 0.001
"""Seconds after which a thread that computes lets another one run: kept answers do not wait for those that are made."""
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
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    _check(settings)
    with _bound(host, port) as (address, port):  # noqa: PLR1704
        pass
    print_address(host, port, settings)
    granian = Granian(
        "kgcompare",
        address=address,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS, max_buffer_size=HEAD_BYTES),
        websockets=False,
        workers=1,
        backpressure=_connections(),
        loop=Loops.uvloop,  # a third more kept answers than asyncio's own
        workers_kill_timeout=PATIENCE,
        log_level=LogLevels.error,
    )
    with tempfile.TemporaryDirectory(prefix="kgcompare-") as scratch:
        granian.serve(target_loader=partial(_load, settings, scratch))


def _connections() -> int:
    """How many connections may be open: a server that runs out of files would accept none again."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + FILES
    if soft < wanted:
        soft = min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(CONNECTIONS, soft - FILES))


def _check(settings: Settings) -> None:
    """Says what is wrong with the settings and the catalogue here, and not by a worker that dies."""
    settings.names  # noqa: B018
    for path in settings.shapes:
        read_shapes(path)
    if settings.endpoint is not None:
        RemoteStore(settings.endpoint, timeout=settings.timeout)
    elif settings.store is not None:
        EmbeddedStore(settings.store)


def _load(settings: Settings, scratch: str, _target: str) -> Any:
    """The application, in the worker; that ends without tidying up, so that its temporary files go with *scratch*."""
    from kgcompare.web.app import MOST_BODY, create_app
    from kgcompare.web.gateway import Gateway

    tempfile.tempdir = scratch
    sys.setswitchinterval(SWITCH)
    return Gateway(create_app(settings).wsgi_app, THREADS, MOST_BODY)


def print_address(host: str, port: int, settings: Settings) -> None:
    """Says on stderr where the pages are."""
    shown = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"kgcompare is at http://{shown}:{port}{settings.root}/ (stop with Ctrl-C)\n")
    sys.stderr.flush()
