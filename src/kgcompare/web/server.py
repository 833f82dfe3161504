"""Serves the application with granian."""

from __future__ import annotations

import errno
import gc
import logging.config
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NoReturn, cast

from kgcompare.errors import StoreError
from kgcompare.sandbox import lifeline
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.parsing import parsed
from kgcompare.sandbox.pool import stop_all
from kgcompare.sandbox.process import locks_here
from kgcompare.schema.given import given_triples
from kgcompare.schema.held import kept_shapes, shapes_of
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.files import LOG
from kgcompare.store.scratch import scratch_folder
from kgcompare.web.loglines import AccessLog, logging_config
from kgcompare.web.opening import catalogue_of
from kgcompare.web.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from kgcompare.web.answered import Told
    from kgcompare.web.gateway import Gateway

_TRIMMED = 20.0
"""Seconds after which free memory goes back to the system; that takes some milliseconds."""
_SWITCH = 0.0003
"""Seconds after which a thread that computes lets another one run: kept answers do not wait for those that are made."""
_NEW = 5_000
"""New objects after which Python looks for circles among them: what is in one stays until then."""
_ALLOCATOR = "dirty_decay_ms:0,muzzy_decay_ms:0,narenas:2"
"""Has granian's own allocator (jemalloc) give memory back at once, which otherwise it keeps."""
_READERS = 4
"""Threads that read files for long answers; each keeps memory of its own."""
_UNREADABLE = 3
"""What a worker ends with."""
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
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = min(addresses, key=lambda entry: entry[0] != socket.AF_INET)
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        yield str(address[0]), int(probe.getsockname()[1])


def run(settings: Settings, host: str, port: int) -> None:
    """Serves until it is told to stop (SIGINT or SIGTERM).

    The application is made in each worker: an open store must not be carried over a fork. The system gives each worker
    its connections (SO_REUSEPORT); one that dies is started anew, unless it dies again within some seconds.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", _ALLOCATOR)  # before granian is loaded
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    logging.config.dictConfig(logging_config(settings.log_format))
    _check(settings)
    limits = settings.limits.part()
    with _bound(host, port) as (address, free):
        pass
    print_address(host, free, settings)
    granian = Granian(
        "kgcompare",
        address=address,
        port=free,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=round(1000 * limits.header_time), max_buffer_size=limits.header_bytes
        ),
        websockets=False,
        workers=limits.workers,
        respawn_failed_workers=True,
        runtime_blocking_threads=_READERS,
        backpressure=_connections(limits),
        loop=Loops.uvloop,  # a third more kept answers than asyncio's own
        workers_kill_timeout=limits.stop_time,
        log_level=LogLevels.error,
        log_dictconfig=logging_config(settings.log_format),
    )
    stopping, told = multiprocessing.Pipe(duplex=False)  # no lock, which a worker that is killed could hold
    interrupt: Callable[..., None] = granian.signal_handler_interrupt

    def stop(*arguments: object) -> None:
        told.send_bytes(b"stop")
        interrupt(*arguments)

    setattr(granian, "signal_handler_interrupt", stop)  # noqa: B010  (a method, to mypy)
    with scratch_folder() as scratch:
        shared = scratch / "together" if limits.workers > 1 else None
        own = replace(settings, limits=limits, shared=shared, loopback=ip_address(address).is_loopback)
        loader = partial(_load, own, str(scratch), os.getpid(), stopping)
        granian.serve(target_loader=cast("Callable[..., Callable[..., object]]", loader))  # RSGI needs no callable


def _give_memory_back() -> None:
    """Has glibc give memory back to the system: few arenas, long texts outside of them, and now and then what is free
    between others, which a generation after the other would leave behind (bench/generations.py).

    Source: mallopt(3), malloc_trim(3). Other libraries have no such functions, or no need.
    """
    import ctypes

    arena_max, mmap_threshold = -8, -3
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(arena_max, 2)
        library.mallopt(mmap_threshold, 32 * 1024)
        threading.Thread(target=_trim, args=(library.malloc_trim,), name="memory", daemon=True).start()


def _trim(trim: Callable[[int], int]) -> None:
    while True:
        time.sleep(_TRIMMED)
        trim(0)


def _connections(limits: Limits) -> int:
    """How many connections may be open: a server that runs out of files would accept none again."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + limits.other_files
    if soft < wanted:
        soft = min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(limits.connections, soft - limits.other_files))


def _check(settings: Settings) -> None:
    """Says what is wrong with the settings and the catalogue here, and not by a worker that dies."""
    extra = given_triples(settings.shapes, parsed)
    if (elsewhere := settings.elsewhere) is not None:
        elsewhere.open(settings.limits)
    elif settings.store is not None:
        shapes_of((*kept_shapes(EmbeddedStore(settings.store).snapshot()), *extra))  # workers have them from here


def _load(settings: Settings, scratch: str, parent: int, stopping: Connection, _target: str) -> Gateway:
    """The application, in a worker, which ends with its *parent*; and without tidying up, so that its temporary files
    go with *scratch*. Nobody waits for strangers' queries once there is something to read from *stopping*.
    """
    for number in (signal.SIGTERM, signal.SIGINT):  # until the event loop takes them
        signal.signal(number, signal.SIG_DFL)
    lifeline.end_with(parent)
    threading.Thread(target=_stop_queries, args=(stopping,), daemon=True).start()
    tempfile.tempdir = scratch
    sys.setswitchinterval(_SWITCH)
    gc.disable()  # nearly all that is new stays
    _give_memory_back()
    with ThreadPoolExecutor(2) as beside:  # another process, and sums of files: the interpreter is free meanwhile
        beside.submit(locks_here)  # tried before anybody asks
        catalogue = beside.submit(catalogue_of, settings, _end)
        from kgcompare.web import ahead, service
        from kgcompare.web.app import create_app
        from kgcompare.web.gateway import Gateway
        from kgcompare.web.metrics import metrics_of

        try:
            app = create_app(settings, catalogue.result())
        except StoreError as fault:
            _end(fault)
    service.begin(app)
    ahead.prepare_ahead(app)
    log = AccessLog(settings.log_format) if settings.access_log else None
    metrics = metrics_of(app)
    told: list[Callable[[Told], None]] = [one for one in (log, metrics) if one is not None]
    if metrics is not None and log is not None:
        metrics.lost = lambda: log.dropped
    gc.freeze()
    gc.set_threshold(_NEW)
    gc.enable()
    return Gateway(app.wsgi_app, settings.limits, settings.proxies, told, log.close if log is not None else _nothing)


def _end(fault: StoreError) -> NoReturn:
    """Ends a worker that cannot read its store, or has answered from damaged files, which the engine may ask for ever;
    what is started after it reads them before it answers."""
    LOG.error("kgcompare: %s", fault)
    os._exit(_UNREADABLE)


def _nothing() -> None:
    """What is to be done where nothing is."""


def _stop_queries(stopping: Connection) -> None:
    wait([stopping])  # nobody reads it, so that all workers see it
    stop_all()


def print_address(host: str, port: int, settings: Settings) -> None:
    """Says on stderr where the pages are."""
    shown = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"kgcompare is at http://{shown}:{port}{settings.root}/ (stop with Ctrl-C)\n")
    sys.stderr.flush()
