"""A record put back as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pyoxigraph import RdfFormat, serialize

from kgcompare.errors import UnknownThing
from kgcompare.ingest.editing import Body, Condition, Edit, Editor
from kgcompare.ingest.readers import Options
from kgcompare.store import Snapshot
from kgcompare.store.base import Seat
from kgcompare.store.history import Logged


def state_at(snapshot: Snapshot, thing: str, at: str) -> tuple[Logged, Body]:
    """What the document of a thing (its IRI) said at a generation, a day or a moment, and the change that made that;
    an empty body where there was none.

    :raises UnknownThing: if no history is kept, or it does not go back so far.
    :raises StoreError: if it cannot be read.
    """
    if snapshot.history is None:
        raise UnknownThing("no history is kept with the data of this catalogue")
    name = snapshot.base.document(thing)
    logged = snapshot.history.at(at)
    changed = snapshot.history.since(logged, [name])
    quads = changed[name] if name in changed else snapshot.graph(name)
    data = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) if quads else b""
    return logged, Body(data or b"", "nt")


def revert(
    store: Path | Seat, thing: str, logged: Logged, body: Body, options: Options, patience: float = 60.0
) -> Edit:
    """Puts a thing's document back as it was when a change had been made; removes it where there was none.

    :raises InvalidData: if it would not be valid today; nothing is changed.
    :raises StillNamed: if there was none, and others name it now.
    :raises StoreError: if the store cannot be written.
    """
    options = replace(options, what="revert", request=f"generation {logged.generation}")
    editor = Editor(store, (), options, patience)
    return editor.put(thing, body, Condition()) if body.data else editor.remove(thing, Condition())
