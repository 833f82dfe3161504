"""Files -> records, and how they are to be taken in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Triple

from kgcompare.ingest.documents import Records, derive, split
from kgcompare.ingest.refusals import Schema, bundled_schema
from kgcompare.model import Progress
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.syntaxes import read


@dataclass(frozen=True, slots=True)
class Options:
    """How files are taken in. ``syntax`` names a format for files whose suffix does not tell."""

    syntax: str | None = None
    trust: bool = False
    replace: bool = False
    skip_invalid: bool = False
    lang: str = "en"
    progress: Progress | None = None

    def tell(self, what: str, done: int, total: int) -> None:
        """Reports progress to whoever wants to know."""
        if self.progress:
            self.progress(what, done, total)


def read_records(files: Sequence[Path], base: Base, options: Options, shapes: Iterable[Triple] = ()) -> Records:
    """The records of some files; those that several files describe add up.

    What the files say of the vocabulary, the bundled shapes and *shapes*, as an export does, is left out.

    :raises DataError: if a file cannot be read, is malformed or says nothing.
    """
    kept = tuple(shapes)
    records = Records(base, Schema(kept) if kept else bundled_schema())
    for number, path in enumerate(files):
        options.tell("reading", number, len(files))
        split(read(path, base.value, options.syntax), records, str(path))
    options.tell("reading", len(files), len(files))
    derive(records)
    return records
