"""Other engines that answer queries/compare.rq, each started here on a loopback port and ended again.

Peers are not dependencies: one that is not installed is left out and the table says so.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode


class Unavailable(Exception):
    """A peer that is not installed, or that cannot do what is asked."""


class TooSlow(Unavailable):
    """No answer within the limit."""


LIMIT = 60.0
"""Seconds that a peer has for one query."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Client:
    """One connection that is kept open."""

    def __init__(self, port: int, timeout: float = LIMIT) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def request(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes]:
        """Status and body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request(method, path, body, named)
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()
            self._connection.request(method, path, body, named)
            answer = self._connection.getresponse()
        return answer.status, answer.read()


class Process:
    """A server that was started here; :meth:`stop` ends it and nothing else."""

    def __init__(self, command: list[str], log: Path, cwd: Path | None = None) -> None:
        with log.open("wb") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=file, cwd=cwd, start_new_session=True)
        self.pid = self._process.pid
        self.log = log

    def wait_for(self, port: int, path: str, seconds: float = 120.0) -> float:
        """Seconds until a page is there."""
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            if self._process.poll() is not None:
                said = self.log.read_text(errors="replace")[-500:]
                raise Unavailable(f"ended at once: {said}")
            try:
                if Client(port, 10.0).request("GET", path)[0] < 500:
                    return time.perf_counter() - start
            except (OSError, http.client.HTTPException):
                time.sleep(0.005)
        raise Unavailable(f"no answer within {seconds:.0f} s")

    def stop(self) -> None:
        """Ends the server."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Peer(ABC):
    """An engine with a catalogue in it; ``folder`` is where it keeps it on disk, if it does."""

    name: str
    folder: Path | None = None

    @abstractmethod
    def ask(self, query: str) -> bytes:
        """Answers a query with SPARQL results as JSON."""

    @property
    @abstractmethod
    def process(self) -> int:
        """The id of its process."""

    @abstractmethod
    def stop(self) -> None:
        """Ends the engine."""


class HttpPeer(Peer):
    """An engine behind the SPARQL protocol."""

    def __init__(self, name: str, port: int, path: str, process: Process, folder: Path | None = None) -> None:
        self.name = name
        self.folder = folder
        self._client = Client(port)
        self._path = path
        self._process = process

    @property
    def process(self) -> int:
        """The id of the server."""
        return self._process.pid

    def ask(self, query: str) -> bytes:
        """Answers a query by POST, its results as JSON."""
        try:
            status, body = self._client.request(
                "POST",
                self._path,
                urlencode({"query": query}),
                Content_Type="application/x-www-form-urlencoded",
                Accept="application/sparql-results+json",
            )
        except TimeoutError:
            raise TooSlow(f"no answer within {LIMIT:.0f} s") from None
        if status != 200:
            raise Unavailable(f"{status}: {body[:200].decode(errors='replace')}")
        return body

    def stop(self) -> None:
        """Ends the server."""
        self._process.stop()


def _wait(process: Process, port: int, path: str, seconds: float = 120.0) -> None:
    """Waits for a server, and ends it if it does not answer."""
    try:
        process.wait_for(port, path, seconds)
    except BaseException:
        process.stop()
        raise


def oxigraph(data: Path, scratch: Path) -> Peer:
    """``oxigraph serve`` on disk, of PyPI."""
    program = shutil.which("oxigraph", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        raise Unavailable("not installed (pip install oxigraph)")
    place = scratch / "oxigraph"
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([program, "load", "--location", str(place), "--file", str(data)], check=True, capture_output=True)
    port = free_port()
    command = [program, "serve-read-only", "--location", str(place), "--bind", f"127.0.0.1:{port}"]
    process = Process([*command, "--union-default-graph"], scratch / "oxigraph.log")
    _wait(process, port, "/query?query=ASK%20%7B%7D")
    return HttpPeer("oxigraph serve", port, "/query", process, place)


_VIRTUOSO = """[Database]
DatabaseFile = {0}/virtuoso.db
TransactionFile = {0}/virtuoso.trx
ErrorLogFile = {0}/virtuoso.log
LockFile = {0}/virtuoso.lck
xa_persistent_file = {0}/virtuoso.pxa
MaxCheckpointRemap = 2000
[TempDatabase]
DatabaseFile = {0}/temp.db
TransactionFile = {0}/temp.trx
[Parameters]
ServerPort = 127.0.0.1:{1}
DirsAllowed = {0}, {3}
NumberOfBuffers = 340000
MaxDirtyBuffers = 250000
ServerThreads = 10
[HTTPServer]
ServerPort = 127.0.0.1:{2}
ServerThreads = 10
KeepAliveTimeout = 60
MaxKeepAlives = 10
[SPARQL]
ResultSetMaxRows = 100000
MaxQueryExecutionTime = 120
"""


def virtuoso(data: Path, scratch: Path) -> Peer:
    """Virtuoso 7 of Debian (virtuoso-opensource-7-bin), with 340,000 buffers as its manual advises for 4 GiB."""
    server, client = shutil.which("virtuoso-t"), shutil.which("isql-vt")
    if server is None or client is None:
        raise Unavailable("not installed (apt-get install virtuoso-opensource-7-bin)")
    place = scratch / "virtuoso"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    own, web = free_port(), free_port()
    folder = data.resolve().parent
    (place / "virtuoso.ini").write_text(_VIRTUOSO.format(place, own, web, folder))
    process = Process(
        [server, "+foreground", "+configfile", str(place / "virtuoso.ini")], scratch / "virtuoso.log", place
    )
    try:
        process.wait_for(web, "/sparql?query=ASK%20%7B%3Fs%20%3Fp%20%3Fo%7D", 180)
        load = f"ld_dir('{folder}', '{data.name}', 'urn:none'); rdf_loader_run(); checkpoint;"
        subprocess.run(
            [client, f"127.0.0.1:{own}", "dba", "dba", f"exec={load}"], check=True, capture_output=True, timeout=1800
        )
    except (Unavailable, subprocess.SubprocessError):
        process.stop()
        raise
    return HttpPeer("Virtuoso 7", web, "/sparql", process, place)


def rdflib_endpoint(data: Path, scratch: Path) -> Peer:
    """rdflib-endpoint of PyPI, under uvicorn, with the data in memory."""
    if not all(map(find_spec, ("rdflib_endpoint", "uvicorn"))):
        raise Unavailable("not installed (pip install rdflib-endpoint uvicorn)")
    port = free_port()
    script = (
        "import sys, rdflib, uvicorn; from rdflib_endpoint import SparqlEndpoint\n"
        "graph = rdflib.Dataset(default_union=True); graph.parse(sys.argv[1], format='nquads')\n"
        "uvicorn.run(SparqlEndpoint(graph=graph, path='/'), host='127.0.0.1', port=int(sys.argv[2]))\n"
    )
    process = Process([sys.executable, "-c", script, str(data), str(port)], scratch / "rdflib-endpoint.log")
    _wait(process, port, "/?query=ASK%20%7B%7D", 600)
    return HttpPeer("rdflib-endpoint", port, "/", process)


def _answer(data: Path, pipe: Connection) -> None:
    import rdflib

    graph = rdflib.Dataset(default_union=True)
    graph.parse(data, format="nquads")
    pipe.send(None)
    while True:
        query: str = pipe.recv()
        pipe.send_bytes(graph.query(query).serialize(format="json") or b"")


class Rdflib(Peer):
    """rdflib in memory, in a process that can be ended."""

    def __init__(self, data: Path) -> None:
        self.name = "rdflib in memory"
        context = multiprocessing.get_context("spawn")
        self._pipe: Any
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_answer, args=(data, other), daemon=True)
        self._process.start()
        if not self._pipe.poll(600):
            self.stop()
            raise Unavailable("not loaded within 600 s")
        self._pipe.recv()

    @property
    def process(self) -> int:
        """The id of its process."""
        return self._process.pid or 0

    def ask(self, query: str) -> bytes:
        """Answers a query, within a limit of time."""
        self._pipe.send(query)
        if not self._pipe.poll(LIMIT):
            raise TooSlow(f"no answer within {LIMIT:.0f} s")
        return bytes(self._pipe.recv_bytes())

    def stop(self) -> None:
        """Ends the process."""
        self._process.terminate()
        self._process.join()


def rdflib_memory(data: Path, scratch: Path) -> Peer:
    """rdflib in memory."""
    del scratch
    return Rdflib(data)
