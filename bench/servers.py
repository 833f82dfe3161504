"""granian beside waitress: ``python bench/servers.py --connections 500``.

Both serve the bundled catalogue. Requests a second come from wrk; then connections are opened that never finish what
they began, in several ways, and an ordinary client asks on. waitress is no dependency: without it
only granian is measured.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import measures
from load import wrk
from measures import say
from peers import Process, free_port

from kgcompare.store.embedded import EmbeddedStore

WARM = "/compare.json?method=transfer-learning-gan&method=transfer-learning-diffusion"
DUMP = "/dump.nq.gz"
PATIENCE = 10.0
"""Seconds that an ordinary request may take before it counts as not answered."""
_HOST = b"Host: localhost\r\n"
KINDS = {
    "nothing sent": b"",
    "a header without its end": b"GET / HTTP/1.1\r\n" + _HOST + b"X-Slow: ",
    "a body that does not come": b"POST /sparql HTTP/1.1\r\n"
    + _HOST
    + b"Content-Type: application/sparql-query\r\nContent-Length: 900\r\n\r\n",
    "kept alive, idle": b"GET /healthz HTTP/1.1\r\n" + _HOST + b"\r\n",
    "a download that is not read": f"GET {DUMP} HTTP/1.1\r\n".encode() + _HOST + b"\r\n",
}
"""What each kind of connection sends before it falls silent; the unfinished ones get a byte more each second."""
DRIPS = ("a header without its end", "a body that does not come")


@contextmanager
def serving_store(store: Path) -> Iterator[tuple[int, int, list[str]]]:
    """A server of a store, as one starts it: its port, the id of its process and the slugs of its methods; the load
    is told before and after."""
    with closing(EmbeddedStore(store)) as opened:
        snapshot = opened.snapshot()
        parts = [snapshot.base.parts(snapshot.base.described(name) or "") for name in snapshot.graphs()]
    slugs, port = [part[1] for part in parts if part and part[0] == "method"], free_port()
    with tempfile.TemporaryDirectory() as scratch:
        command = [*measures.KGCOMPARE, "serve", "--store", str(store), "--port", str(port)]
        process = Process(command, Path(scratch) / "serve.log")
        try:
            process.wait_for(port, "/")
            say(f"load {os.getloadavg()[0]:.1f}; {len(slugs):,} methods")
            yield port, process.pid, slugs
            say(f"load {os.getloadavg()[0]:.1f}")
        finally:
            process.stop()


def serve_waitress(store: Path, port: int) -> None:
    """The application under waitress, with as many threads as granian has."""
    import waitress

    from kgcompare.web.app import create_app
    from kgcompare.web.settings import Settings

    settings = Settings(store=store)
    app = create_app(settings)
    threads = settings.limits.threads
    waitress.serve(app, host="127.0.0.1", port=port, threads=threads, connection_limit=10_000, asyncore_use_poll=True)


@contextmanager
def running(server: str, store: Path, scratch: Path) -> Iterator[tuple[int, int]]:
    """A server over a store: its port and its process's id."""
    port = free_port()
    command = [*measures.KGCOMPARE, "serve", "--store", str(store), "--port", str(port)]
    if server == "waitress":
        command = [sys.executable, __file__, "--waitress", str(store), str(port)]
    process = Process(command, scratch / f"{server}.log")
    try:
        process.wait_for(port, WARM)
        yield port, process.pid
    finally:
        process.stop()


def resident(process: int) -> float:
    """MiB that a process and its children hold in memory."""
    pages = 0
    for each in (process, *children(process)):
        with suppress(OSError):
            pages += int(Path(f"/proc/{each}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def children(process: int) -> list[int]:
    """Ids of all processes below one."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            head, _, rest = path.read_text(encoding="utf-8", errors="replace").rpartition(")")
            if int(rest.split()[1]) == process:
                child = int(head.split(" ")[0])
                found += [child, *children(child)]
    return found


class Crowd:
    """Connections that do not finish what they began."""

    def __init__(self, port: int, kind: str, size: int) -> None:
        self.kind = kind
        self.open: list[socket.socket] = []
        for _ in range(size):
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            if kind == "a download that is not read":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with suppress(OSError):
                connection.sendall(KINDS[kind])
            self.open.append(connection)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drip)
        self._thread.start()

    def _drip(self) -> None:
        while not self._stop.wait(1.0):
            for connection in self.open if self.kind in DRIPS else ():
                with suppress(OSError):
                    connection.sendall(b"a")

    def left(self) -> int:
        """How many the server has not closed."""
        poll = select.poll()
        for connection in self.open:
            poll.register(connection, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return len(self.open) - len(poll.poll(0))

    def close(self) -> None:
        """Leaves."""
        self._stop.set()
        self._thread.join()
        for connection in self.open:
            connection.close()


def ordinary(port: int, times: int = 100) -> list[float]:
    """Milliseconds of requests on connections of their own; infinite where there is no answer."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.settimeout(PATIENCE)
                connection.sendall(f"GET {WARM} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                answered = connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            answered = False
        found.append((time.perf_counter() - start) * 1000 if answered else float("inf"))
        if not answered:
            break
    return found


def crowded(server: str, store: Path, scratch: Path, size: int, wait: float) -> Iterator[str]:
    """Table rows of one server: an ordinary client beside each kind of connection."""
    for kind in KINDS:
        with running(server, store, scratch) as (port, process):
            ordinary(port, 20)
            before = resident(process)
            crowd = Crowd(port, kind, size)
            try:
                time.sleep(1)
                took = ordinary(port)
                grown = resident(process) - before
                start = time.monotonic()
                while crowd.left() and time.monotonic() - start < wait:
                    time.sleep(0.5)
                left, waited = crowd.left(), time.monotonic() - start
            finally:
                crowd.close()
        median, worst = statistics.median(took), max(took)
        said = f"{median:.1f} | {worst:.1f}" if worst < float("inf") else f"no answer in {PATIENCE:.0f} s |"
        after = f"all closed after {waited:.0f} s" if not left else f"{left} open after {waited:.0f} s"
        yield f"| {server} | {size} | {kind} | {said} | {grown:.0f} | {after} |"


def speed(server: str, store: Path, scratch: Path) -> str:
    """Requests a second of a kept comparison, beside nothing at all on the same server."""
    with running(server, store, scratch) as (port, _):
        rates = [wrk(f"http://127.0.0.1:{port}{WARM}").rate for _ in range(3)]
    return f"{server}: {statistics.median(rates):,.0f} kept comparisons as JSON a second"


def main() -> None:
    """Measures what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--wait", type=float, default=40.0, help="seconds to watch whether the server closes them")
    parser.add_argument("--waitress", nargs=2, metavar=("STORE", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.waitress:
        serve_waitress(Path(options.waitress[0]), int(options.waitress[1]))
        return
    servers = ["granian", *(["waitress"] if importlib.util.find_spec("waitress") else [])]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        store = scratch / "store"
        files = ["--store", str(store)]
        subprocess.run([*measures.KGCOMPARE, "init", *files], check=True, capture_output=True)
        data = [str(path) for path in sorted((Path(__file__).parents[1] / "data").rglob("*.ttl"))]
        subprocess.run([*measures.KGCOMPARE, "import", *data, *files, "--trust"], check=True, capture_output=True)
        print(f"load {os.getloadavg()[0]:.1f}")
        for server in servers if shutil.which("wrk") else ():
            print(speed(server, store, scratch))
        print("| server | connections | each has | median ms | worst ms | MiB more | and then |")
        print("|---|--:|---|--:|--:|--:|---|")
        for server in servers:
            say(server)
            for row in crowded(server, store, scratch, options.connections, options.wait):
                print(row, flush=True)


if __name__ == "__main__":
    main()
