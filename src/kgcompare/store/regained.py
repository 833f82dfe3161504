"""The newest generation where something of it is missing: taken from what is whole, for the one who writes."""

from __future__ import annotations

import pyoxigraph

from kgcompare.errors import StoreError
from kgcompare.store.checkpoint import EmbeddedSnapshot, GenerationGone, engine
from kgcompare.store.files import LOG
from kgcompare.store.folder import WHAT_TO_DO, Folder, number
from kgcompare.store.layout import Description
from kgcompare.store.sums import seal
from kgcompare.store.tail import copy_files


def restored(folder: Folder, about: Description) -> EmbeddedSnapshot:
    """The newest generation of a folder, for who holds the writer's lock; what is missing of it is made again.

    :raises StoreError: if nothing of it is whole.
    """
    named, published = folder.current(), folder.published()
    newest = published[-1] if published else None
    if named in published and newest and number(newest) > number(named):
        raise StoreError(
            f"{folder.path / 'current'} names generation {named}, but {newest} came later and is there; "
            f"write {newest} into that file, or move what is called {newest} out of the folder"
        )
    generation = (named if named in published else None if named else newest) or folder.following()
    try:
        snapshot = EmbeddedSnapshot(folder, generation, about)
    except (StoreError, GenerationGone) as fault:
        why = str(fault) if isinstance(fault, StoreError) else f"{folder.path} has no generation {named or generation}"
        snapshot = _from_live(folder, about, generation, why)
    if generation != named:
        with engine(f"the store at {folder.path} cannot be written"):
            folder.set_current(generation)
        LOG.warning("kgcompare: %s named %s; going on from %s", folder.path / "current", named or "none", generation)
    return snapshot


def _from_live(folder: Folder, about: Description, generation: str, why: str) -> EmbeddedSnapshot:
    """The newest generation, made again of live/, which is the same where no write has begun since."""
    if folder.unfinished.exists() or not folder.live.is_dir():
        raise StoreError(f"{why}, and live/ is not whole either; {WHAT_TO_DO}")
    with engine(f"{why}, and cannot be made again of {folder.live}; {WHAT_TO_DO}"):
        pyoxigraph.Store.read_only(str(folder.live))  # else it cannot be made of it
        folder.prepare(generation)
        folder.set_aside(generation)
        copy_files(folder.live, folder.snapshot(generation))
        seal(folder.snapshot(generation), folder.lock(generation))
        folder.flush(generation)
    LOG.warning("kgcompare: %s; made again of %s", why, folder.live)
    return EmbeddedSnapshot(folder, generation, about)
