"""Files that somebody names are parsed in a child: what ends it, or takes it too long, is a fault of the file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyoxigraph import Quad, RdfFormat, Triple, parse

from kgcompare.errors import DataError, Seam, SyntaxFault
from kgcompare.rdf.syntaxes import syntax_of
from kgcompare.sandbox.job import Job, Part
from kgcompare.sandbox.lifting import Lift
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.opening import open_file, unpacked_name

_MIB = 1 << 20
_WHOLE_FILE = 16
"""Bytes of memory for each byte of a file, beside the limit: some syntaxes have to be held whole."""
_LONGEST_DETAIL = 500
"""Signs of what a parser says: it may quote the file."""
_NO_LIFT = Lift()
_STEP = 64 * _MIB
"""Memory is given in steps, so that a child serves files of about one size."""


class Parser:
    """Parses files, one after the other, in one child that starts with the first; ends with the ``with`` block."""

    def __init__(self, limits: Limits | None = None, tell: Callable[[int, int], None] | None = None) -> None:
        """*tell* is told how many bytes of a file are read, and of how many."""
        self._limits = limits or Limits()
        self._tell = tell
        self._job: Job | None = None

    def read(
        self,
        path: Path,
        base: str,
        name: str | None = None,
        contexts: Mapping[str, object] | None = None,
        lift: Lift = _NO_LIFT,
    ) -> Iterator[Quad]:
        """The statements of a file, with fresh blank nodes; relative IRIs are resolved against *base*.

        *name* says its syntax where the suffix does not; *contexts* are those of JSON-LD that are known, by address;
        *lift* says what of a foreign file is taken.

        :raises SyntaxFault: if it is not well-formed, nests too deeply or needs too much of anything.
        :raises DataError: if it cannot be opened, or says nothing.
        """
        anything = False
        for lines in self.lines(path, base, name, contexts, lift=lift):
            anything = True
            try:
                yield from parse(lines, RdfFormat.N_QUADS)
            except (
                MemoryError
            ):  # the engine's word for a token of more than 16 MiB; some grow when they are written out
                raise SyntaxFault("a literal has more than 16 MiB; that is too long", str(path)) from None
        if not anything:
            lacking = "the lift makes no statement of it" if lift.query else "there is no statement in it"
            if not lift and syntax_of(unpacked_name(path), name) == RdfFormat.JSON_LD:
                lacking += "; JSON without a context needs --context and --lift, and CSL-JSON --format csl"
            raise DataError(f"{path} says nothing: {lacking}")

    def lines(
        self,
        path: Path,
        base: str | None,
        name: str | None = None,
        contexts: Mapping[str, object] | None = None,
        *,
        triple_terms: bool = False,
        lift: Lift = _NO_LIFT,
    ) -> Iterator[bytes]:
        """The same as N-Quads, many lines at a time; without a *base*, relative IRIs are a fault.

        :raises SyntaxFault: if it is not well-formed, nests too deeply or needs too much of anything; for triple terms.
        :raises DataError: if it cannot be opened.
        """
        syntax = syntax_of(unpacked_name(path), name)
        if lift.context is not None and syntax != RdfFormat.JSON_LD:
            raise SyntaxFault("a context is for JSON, and this is none", str(path))
        asked = {"syntax": syntax.file_extension, "base": base, "contexts": contexts, "any": triple_terms}
        asked |= {"lift": lift.query, "context": lift.context}
        yield from (part.body for part in self._asked(path, asked) if part.body)

    def rows(self, path: Path, form: str) -> Iterator[tuple[Mapping[str, str], list[tuple[int, Any]]]]:
        """The rows of a table, many at a time, with what was found of the file (:func:`kgcompare.sandbox.cells.rows`).

        :raises SyntaxFault: if it is not well-formed or needs too much of anything.
        :raises DataError: if it cannot be opened.
        """
        for part in self._asked(path, {"table": form}):
            if part.body:
                yield part.says["found"], [(line, cells) for line, cells in json.loads(part.body)]

    def _asked(self, path: Path, asked: Mapping[str, object], more: Sequence[int] = ()) -> Iterator[Part]:
        """What the child says to a request about a file."""
        source = str(path)
        file, size = open_file(path, self._limits)
        allowed = self._limits.parse_time + size / _MIB
        late = f"its parser took more than {allowed:.0f} seconds; --parse-time gives it more"
        died = "it ends its parser: it nests too deeply or needs too much memory (--parse-memory gives it more)"
        with (
            file,
            Seam((TimeoutError,), lambda _: SyntaxFault(late, source)),
            Seam((EOFError,), lambda _: SyntaxFault(died, source)),
        ):
            for part in self._child(size).ask(allowed, [file.fileno(), *more], **asked):
                if part.says["outcome"] == "fault":
                    raise SyntaxFault(str(part.says["detail"])[:_LONGEST_DETAIL], source, part.says["line"])
                if self._tell is not None:
                    self._tell(os.lseek(file.fileno(), 0, os.SEEK_CUR), size)  # the child reads through this too
                yield part

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
