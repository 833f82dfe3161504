"""The children of :mod:`kgcompare.sandbox.job`: ``python -m kgcompare.sandbox.tasks TASK MEMORY``.

Reads requests from the socket that is its stdin, each a line of JSON with the files that come along, and writes parts
of answers to stdout. The tasks are those of :data:`TASKS` and no others.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from sys import intern
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

import pyoxigraph
from pyoxigraph import NamedNode, Quad, RdfFormat, Triple

from kgcompare.errors import DataError, KgcompareError, SyntaxFault
from kgcompare.rdf.graph import Graph, Node, Term, as_node, as_term
from kgcompare.rdf.syntaxes import SYNTAXES, statements
from kgcompare.sandbox import cells, confinement, lifeline, lifting, references
from kgcompare.sandbox.job import Part
from kgcompare.sandbox.watch import Spot, Watch

if TYPE_CHECKING:
    from kgcompare.schema.judging import Judge

_PART = 1 << 20
"""Bytes from which on a part is sent."""
_FILES = 8
"""Files that a request may bring."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"')

Arguments = Mapping[str, Any]
"""What a request says, as JSON has it."""
Task = Callable[[Arguments, Sequence[IO[bytes]], Callable[[Part], None]], None]
"""Answers one request, whose files are open, by sending parts."""


def _parse(arguments: Arguments, files: Sequence[IO[bytes]], send: Callable[[Part], None]) -> None:
    """The statements of a file as N-Quads, blank nodes renamed, or the rows of a table; or the fault that it has."""
    try:
        if "table" in arguments:
            _send_rows(files[0], arguments["table"], send)
            return
        file, base = files[0], arguments["base"]
        if arguments["context"] is not None:
            file = io.BytesIO(lifting.framed(file.read(), arguments["context"]))
        quads: Iterable[Quad] | Iterable[Triple] = statements(
            file, SYNTAXES[arguments["syntax"]].engine, base, contexts=arguments["contexts"] or {}
        )
        if arguments["lift"]:
            quads = lifting.lifted(cast("Iterable[Quad]", quads), arguments["lift"], base)
        lines = _Lines(send, triple_terms=bool(arguments["any"]))
        pyoxigraph.serialize(quads, cast("IO[bytes]", lines), RdfFormat.N_QUADS)
        lines.flush()
    except SyntaxFault as fault:
        send(Part({"outcome": "fault", "detail": str(fault), "line": fault.line}))
    except DataError as fault:
        send(Part({"outcome": "fault", "detail": str(fault), "line": None}))


def _send_rows(file: IO[bytes], form: str, send: Callable[[Part], None]) -> None:
    """The rows of a table, as JSON, as many as fill a part."""
    found, rows = (references.items if form in references.BIBLIOGRAPHIES else cells.rows)(file, form)
    held: list[bytes] = []
    size = 0
    for row in rows:
        held.append(json.dumps(row).encode())
        size += len(held[-1])
        if size > _PART:
            send(Part({"outcome": "part", "found": found}, b"[" + b",".join(held) + b"]"))
            held, size = [], 0
    send(Part({"outcome": "part", "found": found}, b"[" + b",".join(held) + b"]"))


class _Lines:
    """A file of N-Quads whose lines are sent on, whole ones only, as many as fill a part.

    Triple terms are refused unless they may be there: nested, they would end who reads them.
    """

    def __init__(self, send: Callable[[Part], None], *, triple_terms: bool) -> None:
        self._send = send
        self._triple_terms = triple_terms
        self._held = bytearray()

    def write(self, data: Any) -> int:
        self._held += data
        if len(self._held) >= _PART:
            self.flush()
        return len(data)

    def flush(self) -> None:
        end = self._held.rfind(b"\n") + 1
        lines = bytes(self._held[:end])
        if not self._triple_terms and b"<<(" in lines:
            for line in lines.splitlines():
                if b"<<(" in _STRING.sub(b"", line):
                    raise DataError(f"triple terms (RDF 1.2) are not accepted: {line[:200].decode(errors='replace')}")
        if lines:
            self._send(Part({"outcome": "part"}, lines))
            del self._held[:end]


def _judge(arguments: Arguments, files: Sequence[IO[bytes]], send: Callable[[Part], None]) -> None:
    """The faults of statements, those of the first file, by shapes, those of the last or else those that came before;
    of the nodes alone that a file between says shapes are asked of, if it *asks*."""
    from kgcompare.schema import judging

    def stuck(place: Spot) -> None:
        send(Part({"outcome": "stuck", "place": place}))
        os._exit(1)

    try:
        with Watch(arguments["step"], arguments["whole"], stuck):
            asks = bool(arguments["asks"])
            if len(files) > 1 + asks:
                _judges[:] = [judging.Judge(_triples(files[-1]))]
            asked: dict[Node, set[Term]] = {}
            for triple in _triples(files[1]) if asks else ():
                asked.setdefault(as_node(triple.subject), set()).add(as_term(triple.object))
            found = _judges[0](_graph(files[0]), arguments["lang"], asked if asks else None)
    except KgcompareError as fault:
        send(Part({"outcome": "fault", "kind": type(fault).__name__, "detail": str(fault)}))
        return
    told = [{"nodes": [str(n) for n in nodes if n is not None], "fault": asdict(fault)} for fault, *nodes in found]
    send(Part({"outcome": "part"}, json.dumps(told).encode()))


_judges: list[Judge] = []
"""The judge that has the shapes which came last."""


def _triples(file: IO[bytes]) -> list[Triple]:
    return [quad.triple for quad in pyoxigraph.parse(file, RdfFormat.N_TRIPLES)]


def _graph(file: IO[bytes]) -> Graph:
    """The statements of a file, each term one object wherever it stands."""
    said: dict[Node, dict[str, list[Term]]] = {}
    terms: dict[Term, Term] = {}
    names: dict[NamedNode, str] = {}
    for quad in pyoxigraph.parse(file, RdfFormat.N_TRIPLES):
        value, led = cast("Term", quad.object), quad.predicate
        predicate = names.get(led) or names.setdefault(led, intern(led.value))
        values = said.setdefault(cast("Node", quad.subject), {}).setdefault(predicate, [])
        values.append(terms.setdefault(value, value))
    return Graph.about(said)


TASKS: dict[str, Task] = {"parse": _parse, "judge": _judge}
"""What a child can be asked to do."""


def _answer(task: Task, requests: socket.socket, target: BinaryIO) -> None:
    """Answers requests until there are no more."""

    def send(part: Part) -> None:
        target.write(part.to_bytes())
        target.flush()

    while True:
        line, descriptors, _, _ = socket.recv_fds(requests, 1 << 16, _FILES)
        while line and not line.endswith(b"\n"):
            line += requests.recv(1 << 16)
        if not line:
            return
        arguments = json.loads(line)
        files = [os.fdopen(descriptor, "rb") for descriptor in descriptors]
        # The parent kills a child that is late; where the parser holds the interpreter's lock, and the parent is dead,
        # this signal does. It counts work alone.
        signal.setitimer(signal.ITIMER_PROF, arguments["seconds"] + 1.0)
        task(arguments, files, send)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for file in files:
            file.close()
        send(Part({"outcome": "done"}))


def main() -> None:
    """Gives up what is not needed, says so, and answers."""
    lifeline.end_with(os.getppid())
    task = TASKS[sys.argv[1]]
    if task is _judge:
        import_module("pyshacl")  # it takes half a second, which is no record's fault
    confinement.confine(int(sys.argv[2]))
    target = sys.stdout.buffer
    target.write(Part({"outcome": "ready"}).to_bytes())
    target.flush()
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as requests:
        _answer(task, requests, target)


if __name__ == "__main__":
    main()
