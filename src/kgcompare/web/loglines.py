"""What a server says of its requests and of what goes wrong: a line each, as text or as JSON.

Nobody can forge a line: what does not print is escaped. Nothing secret gets into one: of a query string there is its
length, and of headers the client's address and the request's id.

Source: RFC 3339 (times), JSON Lines.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from kgcompare.web.answered import WORKED_ON, Told

Form = Literal["text", "json"]
_MOST_WAITING = 10_000
"""Lines that may wait to be written; those beyond are counted and dropped."""
_PAUSE = 0.05
"""Seconds between two times that lines are written: who writes them takes time from who answers."""
_PIECE = 4096
"""Bytes that a pipe takes as a whole, whoever else writes to it. Source: pipe(7)."""
_LONGEST = 200
"""Characters of a path or an address that are shown: with what is escaped no line is longer than a piece."""


class LineFormatter(logging.Formatter):
    """Makes a line of what is logged, with the id of the request that it is about."""

    def __init__(self, form: Form = "text") -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The line; in the form of text what a traceback says follows, each line of it moved in."""
        message, request = record.getMessage(), WORKED_ON.get()
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        if self._form == "json":
            fields = {
                "time": _time(record.created),
                "level": record.levelname.lower(),
                "message": message.removeprefix("kgcompare: "),
                "process": record.process,
            }
            more = {"request": request, "exception": trace}
            return json.dumps(fields | {name: text for name, text in more.items() if text})
        line = _printable(message) + (f" (request {request})" if request else "")
        return "\n".join([line, *(f"    {_printable(each)}" for each in trace.splitlines())])


def logging_config(form: Form) -> dict[str, Any]:
    """How the processes of a server log, as :func:`logging.config.dictConfig` takes it: to stderr."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": LineFormatter, "form": form}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }


def line_of(answered: Told, form: Form, now: float) -> str:
    """The line about a request that was answered at *now*, in seconds since 1970."""
    milliseconds = round(1000 * answered.seconds, 3)
    if form == "json":
        fields = {
            "time": _time(now),
            "level": "info",
            "request": answered.id,
            "method": answered.method[:_LONGEST],
            "path": answered.path[:_LONGEST],
            "query_length": answered.query,
            "status": answered.status,
            "bytes": answered.size,
            "duration_ms": milliseconds,
            "client": answered.client[:_LONGEST],
            "generation": answered.generation,
            "kept": answered.kept,
            "process": os.getpid(),
        }
        return json.dumps(fields)
    method, path, client = (
        quote(text[:_LONGEST], safe="/~:@!$&'()*+,;=[]", errors="replace") or "-"
        for text in (answered.method, answered.path, answered.client)
    )
    more = f"query={answered.query} client={client} generation={answered.generation or '-'} request={answered.id}"
    return (
        f"{_time(now)} {method} {path} {answered.status} {answered.size} {milliseconds:g}ms "
        f"{more} process={os.getpid()}" + (" kept" if answered.kept else "")
    )


class AccessLog:
    """A line for each request, written beside the requests: whoever is answered waits for nobody who reads the log."""

    def __init__(self, form: Form, out: int = 2) -> None:
        """Writes to *out*, a file's descriptor."""
        self.dropped = 0
        self._form, self._out = form, out
        self._waiting: queue.SimpleQueue[tuple[Told, float] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="access log", daemon=True)
        self._thread.start()

    def __call__(self, answered: Told) -> None:
        """Takes a request; drops it where too many wait."""
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put((answered, time.time()))
        else:
            self.dropped += 1

    def close(self, seconds: float = 1.0) -> None:
        """Writes what waits, unless that takes longer than some seconds."""
        self._waiting.put(None)
        self._thread.join(seconds)

    def _write(self) -> None:
        said, ended = 0, False
        while not ended:
            taken = [self._waiting.get()]
            with suppress(queue.Empty):
                while len(taken) < _MOST_WAITING:
                    taken.append(self._waiting.get_nowait())
            ended = None in taken
            lines = [line_of(answered, self._form, now) for answered, now in _in_order(taken)]
            if self.dropped > said:
                lines.append(self._told(self.dropped - said))
                said = self.dropped
            with suppress(OSError):  # nobody reads it any more
                self._put(lines)
            if not ended:
                time.sleep(_PAUSE)

    def _told(self, number: int) -> str:
        message = f"{number} requests are not in the log, which was not read fast enough"
        if self._form == "json":
            return json.dumps({"time": _time(time.time()), "level": "warning", "message": message})
        return f"{_time(time.time())} {message}"

    def _put(self, lines: list[str]) -> None:
        """Writes lines in pieces that stay together among those of other processes."""
        piece = b""
        for line in (f"{line}\n".encode("utf-8", "replace") for line in lines):
            if piece and len(piece) + len(line) > _PIECE:
                _write_all(self._out, piece)
                piece = b""
            piece += line
        _write_all(self._out, piece)


def _in_order(taken: list[tuple[Told, float] | None]) -> list[tuple[Told, float]]:
    return [one for one in taken if one is not None]


def _write_all(out: int, piece: bytes) -> None:
    while piece:
        piece = piece[os.write(out, piece) :]


def _time(seconds: float) -> str:
    """A moment in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _printable(text: str) -> str:
    """A text in which what does not print, such as the end of a line, is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
