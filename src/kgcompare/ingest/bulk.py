"""Many new records: they are written to files, from which the engine is filled in bulk, and of which the index is made
in a process beside; where they are the first of a store, while they are judged.

Nobody sees any of it before it is published; of records that are found at fault nothing stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
from pyoxigraph import RdfFormat

from kgcompare.errors import Seam, StoreError
from kgcompare.ingest.beside import index_beside
from kgcompare.ingest.documents import Records
from kgcompare.ingest.readers import Options
from kgcompare.schema.shapes import Shapes
from kgcompare.store import Snapshot
from kgcompare.store.base import Prepare
from kgcompare.store.scratch import held_folder

IN_BULK = 50_000
"""Statements from which on files and a process are worth it."""
_PART = 64 << 20
"""Bytes of a file about: the engine holds all of one in memory, and more beside."""


@dataclass(frozen=True, slots=True)
class NewRecords:
    """The files of N-Quads that have them, and how the index of the generation is made that they are in."""

    files: tuple[Path, ...]
    prepare: Prepare


@contextmanager
def new_records(
    records: Records, names: Collection[str], snapshot: Snapshot, shapes: Shapes, options: Options
) -> Iterator[NewRecords]:
    """Those records of an import that have some *names*, while the block lasts. None of them is in *snapshot*, which
    keeps *shapes* and has the rest of the generation.

    :raises StoreError: if there is no room for them.
    """
    folder, remove = held_folder(snapshot.path.parents[1] if snapshot.path is not None else None)
    try:
        with Seam((OSError,), lambda why: StoreError(f"the records cannot be kept in a temporary file: {why}")):
            files = tuple(_written(records, names, folder, options))
            pyoxigraph.serialize(snapshot.quads(), rest := folder / "rest.nq", RdfFormat.N_QUADS)
        with index_beside([rest, *files], shapes, records.base, options) as prepare:
            yield NewRecords(files, prepare)
    finally:
        remove()


def _written(records: Records, documents: Iterable[str], folder: Path, options: Options) -> Iterator[Path]:
    """Writes records to files in a folder, none to two of them: blank nodes are those of one file."""
    names = iter(options.through("writing", sorted(documents)))
    left = next(names, None)
    number = 0
    while left is not None:
        number += 1
        path = folder / f"records-{number}.nq"
        with path.open("wb") as file:
            while left is not None and file.tell() < _PART:
                file.write("".join(records.documents[left].lines(left)).encode())
                left = next(names, None)
        yield path
