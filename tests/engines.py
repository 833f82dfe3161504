"""Real SPARQL engines for tests: each listens to this machine alone, on a free port, and ends with whoever started it.

A started engine is given quads, again and again: what it held before is gone. One that is not installed skips the test
and says how to install it; in CI it fails.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from pyoxigraph import Quad, RdfFormat, parse, serialize

from serving import free_port, missing

CLIENTS = Path(__file__).parent / "clients"
PATIENCE = 120.0
"""Seconds that an engine may take to start and to read a file, on a machine that is busy with other tests."""


class Program:
    """A server of somebody else; :meth:`stop` ends it and nothing else."""

    def __init__(self, command: list[str], folder: Path, **environ: str) -> None:
        self.log = folder / "log.txt"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=os.environ | environ)

    def wait_for(self, url: str) -> None:
        """Waits until it answers a query."""
        end = time.monotonic() + PATIENCE
        address = f"{url}?query={quote('ASK { ?s ?p ?o }')}"
        while True:
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            try:
                request = urllib.request.Request(address, headers={"Accept": "application/sparql-results+json"})
                with urllib.request.urlopen(request, timeout=120):
                    return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < end, self.log.read_text(errors="replace")[-2000:]
                time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Engine:
    """An engine that runs; :meth:`load` puts quads, and nothing else, into it."""

    name: str
    url: str

    def load(self, quads: Iterable[Quad]) -> str:
        """Replaces what it holds; gives the address that answers queries."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ends it."""
        raise NotImplementedError


class Oxigraph(Engine):
    """``oxigraph serve`` of PyPI, in memory; its default graph is the union where *union* says so."""

    def __init__(self, folder: Path, union: bool = True) -> None:
        beside = Path(sys.executable).with_name("oxigraph")
        binary = str(beside) if beside.exists() else shutil.which("oxigraph")
        if binary is None:
            missing("the oxigraph binary is not installed (pip install oxigraph)")
        port = free_port()
        self.name = "oxigraph"
        self.url = f"http://127.0.0.1:{port}/query"
        self._store = f"http://127.0.0.1:{port}/store"
        more = ["--union-default-graph"] if union else []
        self._program = Program([binary, "serve", "--bind", f"127.0.0.1:{port}", *more], folder)
        self._program.wait_for(self.url)

    def load(self, quads: Iterable[Quad]) -> str:
        body = serialize(list(quads), format=RdfFormat.N_QUADS)
        request = urllib.request.Request(self._store, body, {"Content-Type": "application/n-quads"}, method="PUT")
        with urllib.request.urlopen(request, timeout=PATIENCE):
            return self.url

    def everything(self) -> list[Quad]:
        """All that it holds."""
        request = urllib.request.Request(self._store, headers={"Accept": "application/n-quads"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return list(parse(answer.read(), RdfFormat.N_QUADS))

    def stop(self) -> None:
        self._program.stop()


_VIRTUOSO = """[Database]
DatabaseFile = virtuoso.db
TransactionFile = virtuoso.trx
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = 127.0.0.1:{own}
DirsAllowed = {folder}
NumberOfBuffers = 40000
MaxDirtyBuffers = 30000
ServerThreads = 20
[HTTPServer]
ServerPort = 127.0.0.1:{web}
ServerThreads = 20
KeepAliveTimeout = 60
MaxKeepAlives = 10
[SPARQL]
ResultSetMaxRows = {rows}
MaxQueryExecutionTime = 120
"""


class Virtuoso(Engine):
    """Virtuoso 7 of Debian; as Debian sets it up, it gives no more than 10,000 solutions."""

    def __init__(self, folder: Path, rows: int = 10_000) -> None:
        server, self._client = shutil.which("virtuoso-t"), shutil.which("isql-vt") or ""
        if server is None or not self._client:
            missing("Virtuoso is not installed (apt-get install virtuoso-opensource-7-bin)")
        self._own, web = free_port(), free_port()
        self.name = "virtuoso"
        self.url = f"http://127.0.0.1:{web}/sparql"
        self._folder = folder
        settings = folder / "virtuoso.ini"
        settings.write_text(_VIRTUOSO.format(own=self._own, web=web, folder=folder, rows=rows))
        self._program = Program([server, "+foreground", "+configfile", str(settings)], folder)
        self._program.wait_for(self.url)

    def sql(self, commands: str) -> None:
        """Runs commands of its administrator."""
        where = [self._client, f"127.0.0.1:{self._own}", "dba", "dba", f"exec={commands}"]
        done = subprocess.run(where, capture_output=True, timeout=PATIENCE, text=True, errors="replace", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "*** Error" not in done.stdout + done.stderr, done.stdout + done.stderr

    def load(self, quads: Iterable[Quad]) -> str:
        file = self._folder / "data.nq"
        serialize(list(quads), str(file), format=RdfFormat.N_QUADS)
        self.sql(
            "DELETE FROM DB.DBA.LOAD_LIST; RDF_GLOBAL_RESET();"
            f"ld_dir('{self._folder}', '{file.name}', 'urn:none'); rdf_loader_run();"
        )
        return self.url

    def stop(self) -> None:
        self._program.stop()


_RDFLIB = """
import sys, rdflib, uvicorn
from rdflib_endpoint import SparqlEndpoint
graph = rdflib.Dataset(default_union=True)
graph.parse(sys.argv[1], format="nquads")
app = SparqlEndpoint(graph=graph, path="/", enable_update=False)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
"""


class _Restarted(Engine):
    """An engine over a file: to read another one it is started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program: Program | None = None

    def _start(self, file: Path, port: int) -> Program:
        raise NotImplementedError

    def load(self, quads: Iterable[Quad]) -> str:
        self.stop()
        file = self._folder / "data.nq"
        serialize(list(quads), str(file), format=RdfFormat.N_QUADS)
        port = free_port()
        self.url = self._address(port)
        self._program = self._start(file, port)
        self._program.wait_for(self.url)
        return self.url

    def _address(self, port: int) -> str:
        raise NotImplementedError

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None


class RdflibEndpoint(_Restarted):
    """rdflib-endpoint of PyPI, with the quads in memory and a default graph that is the union."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.name = "rdflib-endpoint"
        if importlib.util.find_spec("rdflib_endpoint") is None or importlib.util.find_spec("uvicorn") is None:
            missing("rdflib-endpoint is not installed (pip install rdflib-endpoint uvicorn)")

    def _address(self, port: int) -> str:
        return f"http://127.0.0.1:{port}/"

    def _start(self, file: Path, port: int) -> Program:
        return Program([sys.executable, "-c", _RDFLIB, str(file), str(port)], self._folder)


class Comunica(_Restarted):
    """Comunica's HTTP endpoint over a file; its default graph has nothing of the named graphs, unless *union*."""

    def __init__(self, folder: Path, union: bool = False) -> None:
        super().__init__(folder)
        self.name = "comunica"
        self._union = union
        self._binary = CLIENTS / "node_modules/@comunica/query-sparql-file/bin/http.js"
        self._node = shutil.which("node") or ""
        if not self._node or not self._binary.exists():
            missing("Comunica is not installed (npm ci --prefix tests/clients)")

    def _address(self, port: int) -> str:
        return f"http://127.0.0.1:{port}/sparql"

    def _start(self, file: Path, port: int) -> Program:
        options = ["-p", str(port), "-t", "60", *(["--unionDefaultGraph"] if self._union else [])]
        alone = f"--require {CLIENTS / 'loopback.cjs'}"
        return Program([self._node, str(self._binary), str(file), *options], self._folder, NODE_OPTIONS=alone)


ENGINES: dict[str, Callable[[Path], Engine]] = {
    "oxigraph": Oxigraph,
    "virtuoso": Virtuoso,
    "rdflib-endpoint": RdflibEndpoint,
    "comunica": Comunica,
}


@contextmanager
def running(name: str, folder: Path) -> Iterator[Engine]:
    """An engine of :data:`ENGINES`, ended afterwards."""
    engine = ENGINES[name](folder)
    try:
        yield engine
    finally:
        engine.stop()
