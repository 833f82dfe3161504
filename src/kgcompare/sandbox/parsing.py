"""Files that somebody names are parsed in a child: what ends it, or takes it too long, is a fault of the file."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from pyoxigraph import Quad, RdfFormat, Triple, parse

from kgcompare.errors import DataError, Seam, SyntaxFault
from kgcompare.rdf.syntaxes import syntax_of
from kgcompare.sandbox.job import Job
from kgcompare.sandbox.limits import Limits

_MIB = 1 << 20
_WHOLE_FILE = 16
"""Bytes of memory for each byte of a file, beside the limit: some syntaxes have to be held whole."""
_STEP = 64 * _MIB
"""Memory is given in steps, so that a child serves files of about one size."""


class Parser:
    """Parses files, one after the other, in one child that starts with the first; ends with the ``with`` block."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._job: Job | None = None

    def read(
        self, path: Path, base: str, name: str | None = None, contexts: Mapping[str, object] | None = None
    ) -> Iterator[Quad]:
        """The statements of a file, with fresh blank nodes; relative IRIs are resolved against *base*.

        *name* says its syntax where the suffix does not; *contexts* are those of JSON-LD that are known, by address.

        :raises SyntaxFault: if it is not well-formed, nests too deeply or needs too much of anything.
        :raises DataError: if it cannot be opened, or says nothing.
        """
        anything = False
        for lines in self.lines(path, base, name, contexts):
            anything = True
            try:
                yield from parse(lines, RdfFormat.N_QUADS)
            except (
                MemoryError
            ):  # the engine's word for a token of more than 16 MiB; some grow when they are written out
                raise SyntaxFault("a literal has more than 16 MiB; that is too long", str(path)) from None
        if not anything:
            raise DataError(f"{path} says nothing: there is no statement in it")

    def lines(
        self,
        path: Path,
        base: str | None,
        name: str | None = None,
        contexts: Mapping[str, object] | None = None,
        *,
        triple_terms: bool = False,
    ) -> Iterator[bytes]:
        """The same as N-Quads, many lines at a time; without a *base*, relative IRIs are a fault.

        :raises SyntaxFault: if it is not well-formed, nests too deeply or needs too much of anything; for triple terms.
        :raises DataError: if it cannot be opened.
        """
        syntax = syntax_of(path, name)
        source = str(path)
        with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
            file, size = _opened(path)
        allowed = self._limits.parse_time + size / _MIB
        late = f"its parser took more than {allowed:.0f} seconds; --parse-time gives it more"
        died = "it ends its parser: it nests too deeply or needs too much memory (--parse-memory gives it more)"
        with (
            file,
            Seam((TimeoutError,), lambda _: SyntaxFault(late, source)),
            Seam((EOFError,), lambda _: SyntaxFault(died, source)),
        ):
            answer = self._child(size).ask(
                allowed,
                [file.fileno()],
                syntax=syntax.file_extension,
                base=base,
                contexts=contexts,
                any=triple_terms,
            )
            for part in answer:
                if part.says["outcome"] == "fault":
                    raise SyntaxFault(str(part.says["detail"]), source, part.says["line"])
                if part.body:
                    yield part.body

    def triples(self, path: Path, base: str, name: str | None = None) -> list[Triple]:
        """The statements of a file without their graphs.

        :raises DataError: as for :meth:`read`.
        """
        return [quad.triple for quad in self.read(path, base, name)]

    def _child(self, size: int) -> Job:
        """A child with enough memory for a file of *size* bytes."""
        memory = self._limits.parse_memory + (_WHOLE_FILE * size // _STEP + 1) * _STEP
        job = self._job
        if job is None or not job.alive() or job.memory < memory:
            self.close()
            self._job = job = Job.started("parse", memory)
        return job

    def close(self) -> None:
        """Leaves the child to the next one, or ends it."""
        if self._job is not None:
            self._job.leave()
            self._job = None

    def __enter__(self) -> Parser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def parsed(path: Path, base: str) -> list[Triple]:
    """The statements of a file without their graphs, by a child of its own.

    :raises DataError: as for :meth:`Parser.read`.
    """
    with Parser() as parser:
        return parser.triples(path, base)


def _opened(path: Path) -> tuple[IO[bytes], int]:
    """A file open for reading, and its size; what comes through a pipe is copied first."""
    file: IO[bytes] = path.open("rb")
    about = os.fstat(file.fileno())
    if stat.S_ISREG(about.st_mode):
        return file, about.st_size
    with file:
        copy = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
        shutil.copyfileobj(file, copy)
        size = copy.tell()
        copy.seek(0)
        return copy, size
