"""The real server in a process of its own, for tests that ask it over HTTP."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import pytest

from kgcompare.sandbox.limits import LIMITS

START = 240.0
"""Seconds that a server may take to answer, on a machine that is busy with other tests."""
PATIENCE = {
    "query_timeout": 200.0,
    "worker_start": 200.0,
    "costly_time": 200.0,
    "making_time": 600.0,
    "write_wait": 100.0,
    "write_time": 240.0,
}
"""What is given in seconds if a test says nothing else, to servers and to applications in its own process: that the
machine is busy is no fault of what is tested. What a test is about it says itself."""
KGCOMPARE = [sys.executable, "-c", "from kgcompare.cli import main; main()"]


def missing(what: str) -> NoReturn:
    """Skips a test for want of a program, and says which; in CI nothing is skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


class Server:
    """``kgcompare serve`` on a free port."""

    def __init__(self, folder: Path, *arguments: str, **environ: str) -> None:
        self.port = free_port()
        self.out, self.err = folder / f"out-{self.port}", folder / f"err-{self.port}"
        self.scratch = folder / f"tmp-{self.port}"
        self.scratch.mkdir()
        command = [*KGCOMPARE, "serve", *arguments, "--port", str(self.port)]
        surroundings = {k: v for k, v in os.environ.items() if not k.startswith("KGCOMPARE_")}
        surroundings |= {LIMITS[name].variable: str(seconds) for name, seconds in PATIENCE.items()}
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=err, env=surroundings | {"TMPDIR": str(self.scratch)} | environ
            )

    def get(self, path: str, timeout: float = 120.0, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def wait(self) -> float:
        """Seconds until it answers."""
        start = time.monotonic()
        while time.monotonic() - start < START:
            if self.process.poll() is not None:
                pytest.fail(f"the server ended: {self.err.read_text()}")
            try:
                self.get("/healthz", 5)
                return time.monotonic() - start
            except OSError:
                time.sleep(0.02)
        pytest.fail("the server does not answer")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def clean(self) -> None:
        """Whether nothing was said but where the pages are, and nothing was left behind."""
        assert self.out.read_bytes() == b""
        said = self.err.read_text()
        assert said == f"kgcompare is at http://127.0.0.1:{self.port}/ (stop with Ctrl-C)\n", said
        assert list(self.scratch.iterdir()) == []


def free_port() -> int:
    """A port that is free, below those that the system gives to connections: it stays free until somebody listens."""
    while True:
        port = secrets.choice(range(12_000, 32_000))
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


@contextmanager
def serving(folder: Path, *arguments: str, **environ: str) -> Iterator[Server]:
    server = Server(folder, *arguments, **environ)
    try:
        server.wait()
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
