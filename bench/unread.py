"""Readers who do not read: ``python bench/unread.py``.

Asks a server of the bundled catalogue for what is long and takes nothing of it, round after round, and prints what the
process that serves holds in memory before, while they hang, and after they have gone; and what somebody waits
meanwhile who asks for a SPARQL result and reads it.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import measures
from generations import alone
from peers import Client, Process, free_port
from servers import children

HOLD, REST = 15.0, 10.0
"""Seconds that they hang, and from their end until memory is looked at."""
ADDRESSES = 10
"""Addresses of this machine that they ask from."""


def query(rows: int, shown: str = "*") -> str:
    """The address of a result of so many rows; one that shows all six names has about 480 bytes."""
    text = f"SELECT {shown} {{ ?s ?p ?o . ?a ?b ?c }} LIMIT {rows}"
    return "/sparql?" + urlencode({"format": "json", "query": text})


PLAIN = query(10)
CASES: dict[str, tuple[int, list[tuple[str, str]]]] = {
    "500 that ask for the dump, every other one for a range": (500, [("/dump.nq.gz", ""), ("/dump.nq.gz", "bytes=0-")]),
    "10 that ask for 29 MB of SPARQL results": (10, [(query(60_000), "")]),
    "60 that ask for 110,000 rows": (60, [(query(110_000, "?s ?a"), "")]),
}


def serving(process: int) -> int:
    """The process below one that holds the most."""
    return max(children(process), key=alone)


def hanging(port: int, number: int, asked: list[tuple[str, str]]) -> list[socket.socket]:
    """Connections that ask and take nothing, from ten addresses: one alone would soon have no more than its share."""
    found = []
    for each in range(number):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.bind((f"127.0.0.{10 + each % ADDRESSES}", 0))
        client.connect(("127.0.0.1", port))
        path, part = asked[each % len(asked)]
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\n{f'Range: {part}' + chr(13) + chr(10) if part else ''}\r\n".encode()
        )
        found.append(client)
    return found


def waited(port: int) -> tuple[float, int]:
    """Seconds until somebody at another address has a small result, and its status."""
    other = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=("127.0.0.2", 0))
    start = time.monotonic()
    other.request("GET", PLAIN)
    answer = other.getresponse()
    answer.read()
    other.close()
    return time.monotonic() - start, answer.status


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; MiB of the process that serves")
    print(
        "| who take nothing | before | held, round by round | after | a small result meanwhile |\n|---|--:|---|--:|---|"
    )
    for what, (number, asked) in CASES.items():
        with tempfile.TemporaryDirectory() as name:
            port = free_port()
            command = [*measures.KGCOMPARE, "serve", "--data", "bundled", "--port", str(port)]
            process = Process(command, Path(name) / "log")
            try:
                process.wait_for(port, "/healthz")
                for path, _ in asked:
                    for _ in range(3):
                        Client(port, 120.0).request("GET", path)
                server, held, others = serving(process.pid), [], []
                before = alone(server)
                for _ in range(options.rounds):
                    clients = hanging(port, number, asked)
                    time.sleep(HOLD)
                    held.append(f"{alone(server):.0f}")
                    seconds, status = waited(port)
                    others.append(f"{status} in {seconds:.1f} s")
                    for client in clients:
                        client.close()
                time.sleep(REST)
                Client(port, 60.0).request("GET", "/healthz")
                print(
                    f"| {what} | {before:.0f} | {', '.join(held)} | {alone(server):.0f} | {', '.join(others)} |",
                    flush=True,
                )
            finally:
                process.stop()


if __name__ == "__main__":
    main()
