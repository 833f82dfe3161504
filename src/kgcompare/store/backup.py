"""Backups: one file with all that one generation of a store holds, for as long as anybody can read N-Quads.

::

    manifest.json    format, version of kgcompare, layout, when, what store.json says, generation, counts, and of each
                     of the other files its size in bytes and its SHA-256
    data.nq          every statement with its graph: records, shapes, vocabulary, and what is said of changes
    history.sqlite   where the store keeps one: what was there before each change

It is a tar file, compressed by gzip. What can be made again is not in it (the index), nor what is somebody's secret
(tokens), nor generations before. The generation is held while it is read, so that others write meanwhile.

Source: POSIX.1-2001, pax (tar); RFC 1952 (gzip); W3C N-Quads; SQLite (online backup).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path
from typing import IO, Any

from pyoxigraph import Quad, RdfFormat, serialize

from kgcompare.errors import DataError, Seam, StoreError, UsageError, reason
from kgcompare.store.base import Snapshot
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.files import files, flush
from kgcompare.store.folder import GENERATION
from kgcompare.store.layout import LAYOUT, Description, described, newer
from kgcompare.store.remote import RemoteStore
from kgcompare.store.scratch import scratch_folder

SUFFIX = ".tar.gz"
_FORMAT = "kgcompare backup"
DATA = "data.nq"
_HISTORY = "history.sqlite"
BESIDE = (_HISTORY,)
"""Files of a store's folder, in SQLite, that go with its generations and cannot be made again."""
LEFT_OUT = "tokens, the index and earlier generations"
"""What is not in a backup, in words."""
_MANIFEST = "manifest.json"
_LONGEST = 1 << 20
"""Bytes of a manifest."""
_PART = 1 << 20
_COUNTS = ("statements", "graphs", "records")


@dataclass(frozen=True, slots=True)
class Packed:
    """A file of a backup: its size in ``bytes`` and its SHA-256 in hexadecimal digits."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: the ``version`` of kgcompare that made it, when (``made``, ISO 8601 in UTC), the
    ``layout`` and the ``store`` description as store.json has them, the ``generation``; how many ``statements``,
    named ``graphs`` and, among these, ``records`` it has; and its ``files``."""

    version: str
    made: str
    layout: int
    store: dict[str, Any]
    generation: str
    statements: int
    graphs: int
    records: int
    files: dict[str, Packed]

    @property
    def about(self) -> Description:
        """What the store was."""
        return described(self.store)

    def as_json(self) -> str:
        """The text of manifest.json."""
        return json.dumps({"format": _FORMAT, **asdict(self), "left out": LEFT_OUT}, indent=1) + "\n"


def back_up(store: Path, to: str) -> tuple[Path, Manifest]:
    """Writes a backup of a store's newest generation: to a file, or to a new file in a folder; gives its path.

    *to* is a file if there is one or its name has a suffix, else a folder, which is made. The file takes its place when
    it is whole and on disk; what was there until then stays as it was.

    :raises StoreError: if the store cannot be read, or is damaged.
    :raises UsageError: if the file cannot be written.
    """
    with closing(EmbeddedStore(store)) as opened, scratch_folder() as scratch:
        opened.check()
        snapshot = opened.snapshot()
        named, statements = {DATA: scratch / DATA}, snapshot.write_all(scratch / DATA)
        named |= {name: _copied(store / name, scratch / name) for name in BESIDE if (store / name).is_file()}
        return _kept(snapshot, opened.about, statements, named, to)


def back_up_endpoint(store: RemoteStore, to: str) -> tuple[Path, Manifest]:
    """The same of a catalogue in an endpoint: all its statements, and what is said of changes.

    :raises StoreError: if there is none, it cannot be read, or somebody changes it meanwhile.
    :raises UsageError: if the file cannot be written.
    """
    with scratch_folder() as scratch:
        at = store.present()
        if not (at.is_marked or at.has_graphs()):
            raise StoreError(f"there is no catalogue of <{at.base.value}> at {store.endpoint.url}")
        history = (quad for name in (at.base.history_graph,) for quad in at.graph(name))
        named, statements = {DATA: scratch / DATA}, _counted(chain(at.quads(), history), scratch / DATA)
        if at.history is not None:
            named[_HISTORY] = scratch / _HISTORY
            at.history.keep_in(named[_HISTORY])
        if at.is_marked and store.present(at) is not at:
            raise StoreError(f"the catalogue at {store.endpoint.url} was changed while it was read; try again")
        is_bare = not any(map(at.base.is_vocabulary_graph, at.graphs()))
        return _kept(at, Description(at.base, store.identity, is_bare), statements, named, to)


def _counted(quads: Iterator[Quad], path: Path) -> int:
    """Writes statements to a file as N-Quads as they come; gives their number."""
    number = count()
    with Seam((OSError, ValueError), lambda why: StoreError(f"{path} cannot be written: {why}")):
        serialize((quad for quad, _ in zip(quads, number, strict=False)), str(path), format=RdfFormat.N_QUADS)
    return next(number)


def _kept(
    snapshot: Snapshot, about: Description, statements: int, named: dict[str, Path], to: str
) -> tuple[Path, Manifest]:
    """Writes a backup of a generation, of which *named* has the files; gives its path."""
    graphs = snapshot.graphs()
    generation = snapshot.generation
    manifest = Manifest(
        version=version("kgcompare"),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        layout=LAYOUT,
        store=about.as_json(),
        generation=generation if GENERATION.fullmatch(generation) else f"1-{int(generation):08x}"[:10],
        statements=statements,
        graphs=len(graphs),
        records=sum(not snapshot.base.is_vocabulary_graph(name) for name in graphs),
        files={name: _packed(path) for name, path in named.items()},
    )
    path = _place(to, manifest)
    with Seam((OSError,), lambda why: UsageError(f"{path} cannot be written: {why}")):
        _write(path, manifest, named)
    return path, manifest


def _copied(database: Path, to: Path) -> Path:
    """A copy of a file of SQLite as one transaction left it."""
    with (
        Seam((sqlite3.Error,), lambda why: DataError(f"{database} cannot be copied: {why}")),
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as copy,
    ):
        source.backup(copy)
    return to


def _packed(path: Path) -> Packed:
    with files(f"{path} cannot be read"), path.open("rb") as file:
        return Packed(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _place(to: str, manifest: Manifest) -> Path:
    path = Path(to)
    with Seam((OSError, ValueError), lambda why: UsageError(f"{to} cannot be written: {why}")):
        if path.is_file() or (path.suffix and not path.is_dir() and not to.endswith(os.sep)):
            return path
        path.mkdir(parents=True, exist_ok=True)
        when = datetime.fromisoformat(manifest.made)
        return path / f"kgcompare-{when:%Y%m%dT%H%M%SZ}-{manifest.generation}{SUFFIX}"


def _write(path: Path, manifest: Manifest, named: dict[str, Path]) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            _put(archive, _MANIFEST, io.BytesIO(data := manifest.as_json().encode()), len(data))
            for name, source in named.items():
                with source.open("rb") as content:
                    _put(archive, name, content, manifest.files[name].bytes)
        flush(scratch)
        scratch.replace(path)
        flush(path.parent)
    finally:
        scratch.unlink(missing_ok=True)


def _put(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o644, int(datetime.now(UTC).timestamp())
    archive.addfile(member, content)


# -- reading one ---------------------------------------------------------------------------------------


@contextmanager
def unpacked_backup(path: Path) -> Iterator[tuple[Manifest, dict[str, Path]]]:
    """What a backup says of itself, and its files in a folder for a while; each is what was packed.

    :raises DataError: if it is none, is not whole, or has a file that is not what was packed.
    :raises StoreError: if it is of a newer layout.
    """
    with scratch_folder() as scratch:
        kinds = (OSError, EOFError, zlib.error, tarfile.TarError)
        seam = Seam(kinds, lambda why: DataError(f"{path} is no backup that is whole: {why}; take another one"))
        with seam, gzip.open(path) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
            manifest, named = _unpack(archive, path, scratch)
            while plain.read(_PART):  # at the end it sees whether all bytes are what they were
                pass
        if missing := sorted(manifest.files.keys() - named.keys()):
            raise DataError(f"{path} is not whole: {', '.join(missing)} is missing in it; take another backup")
        yield manifest, named


def _unpack(archive: tarfile.TarFile, path: Path, scratch: Path) -> tuple[Manifest, dict[str, Path]]:
    manifest: Manifest | None = None
    named: dict[str, Path] = {}
    for member in archive:
        content = archive.extractfile(member) if member.isreg() else None
        if content is None or (manifest is None and (member.name != _MANIFEST or member.size > _LONGEST)):
            break
        if manifest is None:
            manifest = _read(content.read(), path)
            continue
        packed = manifest.files.get(member.name)
        if packed is None or member.name in named or member.size != packed.bytes:
            raise DataError(f"{path} is damaged: {member.name[:60]} is not what was packed; take another backup")
        named[member.name] = scratch / member.name
        digest = hashlib.sha256()
        with named[member.name].open("wb") as file:
            while part := content.read(_PART):
                digest.update(part)
                file.write(part)
        if digest.hexdigest() != packed.sha256:
            raise DataError(f"{path} is damaged: {member.name} is not what was packed; take another backup")
    if manifest is None:
        raise DataError(f"{path} is no backup of kgcompare: it does not begin with {_MANIFEST}")
    return manifest, named


def _read(text: bytes, path: Path) -> Manifest:
    """The manifest.

    :raises DataError: if it is none.
    :raises StoreError: if it is of a newer layout.
    """
    try:
        said = json.loads(text)
        layout, generation = int(said["layout"]), str(said["generation"])
        packed = {name: Packed(int(one["bytes"]), str(one["sha256"])) for name, one in said["files"].items()}
        known = said["format"] == _FORMAT and GENERATION.fullmatch(generation) and DATA in packed
        store, (statements, graphs, records) = dict(said["store"]), (int(said[name]) for name in _COUNTS)
        made = str(said["made"])
        if layout <= LAYOUT:
            described(store)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise DataError(f"{path} is no backup of kgcompare that can be read: {_MANIFEST}: {reason(fault)}") from None
    if not known:
        raise DataError(f"{path} is no backup of kgcompare that can be read: {_MANIFEST} does not say what is in it")
    if layout > LAYOUT:
        raise newer(layout, f"the backup {path}")
    if other := sorted(packed.keys() - {DATA, *BESIDE}):
        raise DataError(f"{path} has files that no backup has: {', '.join(other)[:100]}")
    return Manifest(str(said.get("version")), made, layout, store, generation, statements, graphs, records, packed)


def newest_in(path: Path) -> Path:
    """A backup's file: *path* itself, or the newest that :func:`back_up` made in that folder.

    :raises UsageError: if there is none.
    """
    with Seam((OSError, ValueError), lambda why: UsageError(f"{path} cannot be read: {why}")):
        if not path.is_dir():
            if not path.is_file():
                raise UsageError(f"there is no file {path}")
            return path
        found = sorted(path.glob(f"kgcompare-*{SUFFIX}"), key=lambda file: file.name)
    if not found:
        raise UsageError(f"there is no backup in the folder {path}; name the file of one")
    return found[-1]
