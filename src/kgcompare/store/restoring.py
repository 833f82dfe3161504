"""Restoring a backup: a store that is all that it was, or a change by which a store says again what it said.

A new store is made in a folder within its own, and is one when store.json stands in its place: that is moved last. It
has the identity and the generation of the backup, so that whatever names these (an entity tag, the history) still
means the same. In a store that is there, the records that differ are replaced as one change of many.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Quad, RdfFormat, parse

from kgcompare.errors import DataError, StoreError
from kgcompare.rdf.syntaxes import check_lines
from kgcompare.store.backup import DATA, Manifest, unpacked_backup
from kgcompare.store.base import Prepare, Seat, Snapshot
from kgcompare.store.checkpoint import EmbeddedSnapshot, engine
from kgcompare.store.files import alone, files, flush
from kgcompare.store.folder import Folder
from kgcompare.store.history import Occasion, Used
from kgcompare.store.layout import Description, read_description
from kgcompare.store.seat import seat_of
from kgcompare.store.sums import seal

_MAKING = ".restoring"
_LAST = ("current", "store.json")
"""What is moved last of a new store: without it there is none."""


def restore(backup: Path, to: Path | Seat, prepare: Prepare, *, replace: bool = False) -> tuple[Manifest, str]:
    """Makes a store of a backup's file, or (*replace*) has a store with records say what the backup says.

    *prepare* makes the derived index. Gives what the backup says of itself, and the generation that has its data.

    :raises DataError: if the backup is damaged, or none.
    :raises StoreError: if there is a store with records and they are not to be replaced, if it is a catalogue of
        another base, or if it cannot be written.
    """
    with unpacked_backup(backup) as (manifest, named):
        check_lines(named[DATA])
        seat = seat_of(to)
        if not isinstance(to, Path) or seat.exists():
            return manifest, _put_back(seat, backup, manifest, named[DATA], prepare, replace=replace)
        with _making(Folder(to)) as made:
            _fill(made, manifest, named, prepare)
    return manifest, manifest.generation


# -- a new store ---------------------------------------------------------------------------------------


@contextmanager
def _making(folder: Folder) -> Iterator[Folder]:
    """A folder in which a new store is made, and moves into its place when it is whole; else nothing is left."""
    making = folder.path / _MAKING
    with files(f"a store cannot be made at {folder.path}"):
        fresh = not folder.path.exists()
        folder.path.mkdir(parents=True, exist_ok=True)
        if _others(folder.path):
            raise StoreError(f"{folder.path} is a folder with other things in it; name an empty or a new one")
    with alone(folder.path / "lock"), files(f"a store cannot be made at {folder.path}"):
        if folder.exists():
            raise StoreError(f"another process has made a store at {folder.path}; nothing was written")
        try:
            _clear(folder.path)
            making.mkdir()
            yield Folder(making)
            for child in [child for child in making.iterdir() if child.name not in {"lock", *_LAST}]:
                child.replace(folder.path / child.name)
            flush(folder.path)
            for name in _LAST:
                (making / name).replace(folder.path / name)
                flush(folder.path)
        finally:
            if folder.exists():
                shutil.rmtree(making, ignore_errors=True)
            else:
                _clear(folder.path)
                if fresh:
                    shutil.rmtree(folder.path, ignore_errors=True)


def _clear(path: Path) -> None:
    """Removes what is there of a store that was not whole; the folder by which one sees that goes last."""
    for child in sorted(path.iterdir(), key=lambda child: child.name == _MAKING):
        if child.is_dir():
            shutil.rmtree(child, ignore_errors=True)
        elif child.name != "lock":
            child.unlink(missing_ok=True)


def _others(path: Path) -> bool:
    """Whether a folder has what is not of a store that was being restored."""
    made = (path / _MAKING).is_dir()
    ours = {"lock", _MAKING, *({"snapshots", "live", "current"} if made else ())}
    return any(child.name not in ours and not (made and child.suffix == ".sqlite") for child in path.iterdir())


def _fill(folder: Folder, manifest: Manifest, named: dict[str, Path], prepare: Prepare) -> None:
    generation = manifest.generation
    folder.adopt(manifest.store)
    about = read_description(folder.path)
    for name in named.keys() - {DATA}:
        shutil.copyfile(named[name], folder.path / name)
        flush(folder.path / name)
    live = _loaded(named[DATA], folder.live)
    with engine(f"the store at {folder.path} cannot be written"):
        folder.prepare(generation)
        live.backup(str(folder.snapshot(generation)))
        del live
        seal(folder.snapshot(generation), folder.lock(generation))
        snapshot = EmbeddedSnapshot(folder, generation, about)
        try:
            prepare(snapshot, folder.index_in_the_making(generation))
        finally:
            snapshot.close()
        folder.publish(generation)


def _loaded(data: Path, place: Path) -> pyoxigraph.Store:
    """A store of a file of N-Quads, blank nodes called as they are there."""
    with engine(f"{data.name} of the backup cannot be loaded"):
        store = pyoxigraph.Store(str(place))
        try:
            store.bulk_extend(parse(path=str(data), format=RdfFormat.N_QUADS))
        except SyntaxError as fault:
            raise DataError(f"{data.name} of the backup is damaged: line {fault.lineno}: {fault.msg}") from None
        store.flush()
        return store


# -- a store that is there -----------------------------------------------------------------------------


def _put_back(seat: Seat, backup: Path, manifest: Manifest, data: Path, prepare: Prepare, *, replace: bool) -> str:
    """Makes a generation that says what the backup says; gives its name, or that of the one which says so already."""
    with seat.writing() as writer:
        _compare(seat, writer.about, manifest, backup)
        now = writer.latest()
        base = manifest.about.base
        names = {name for name in now.graphs() if not base.is_history_graph(name)} if now is not None else set()
        if not replace and any(not base.is_vocabulary_graph(name) for name in names):
            raise StoreError(
                f"there is a store with records at {seat}; name a new one, or use --replace to put the backup "
                "in the place of what it says"
            )
        then = _loaded(data, data.with_name("then"))
        if now is not None:
            now.prefetch(names)
        changed = dict(_changed(then, now, names))
        changed.pop(base.history_graph, None)  # what happened to this store goes on
        if not changed and now is not None:
            return now.generation
        writer.replace(changed)
        with backup.open("rb") as file:
            used = Used(backup.name, hashlib.file_digest(file, "sha256").hexdigest())
        return writer.publish(prepare, Occasion("restore", used=(used,)))


def _changed(then: pyoxigraph.Store, now: Snapshot | None, names: set[str]) -> Iterator[tuple[str, list[Quad]]]:
    """The graphs that say something else than they did: what each said then, nothing for those that were not there."""
    kept = {graph.value for graph in then.named_graphs() if isinstance(graph, NamedNode)}
    for name in kept | names:
        said = list(then.quads_for_pattern(None, None, None, NamedNode(name)))
        if now is None or not _is_same(said, now.graph(name)):
            yield name, said


def _is_same(one: list[Quad], other: list[Quad]) -> bool:
    """Whether two graphs say the same, whatever their blank nodes are called."""
    if len(one) != len(other) or {*map(str, one)} == {*map(str, other)}:
        return len(one) == len(other)
    graphs = Dataset(one), Dataset(other)
    for graph in graphs:
        graph.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return graphs[0] == graphs[1]


def _compare(seat: Seat, there: Description, manifest: Manifest, backup: Path) -> None:
    """Refuses a backup of a catalogue that a store cannot become."""
    then = manifest.about
    if (there.base, there.bare) != (then.base, then.bare) or there.bare:
        other = f"its records are under {then.base.value}, those of the store under {there.base.value}"
        why = "such a store takes no changes" if there.bare or then.bare else other
        raise StoreError(f"{backup} cannot be put back into {seat}: {why}; restore it into a new store")
