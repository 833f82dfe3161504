"""A generation as it was: the newest one, with what documents said then put back.

It is a store of its own in a folder for a while. Its checkpoint shares its files with that of the newest generation, so
that it costs what has changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyoxigraph
from pyoxigraph import Quad

from kgcompare.rdf.queries import load, with_data, with_graph
from kgcompare.store.base import Snapshot
from kgcompare.store.checkpoint import EmbeddedSnapshot, engine, named
from kgcompare.store.folder import Folder
from kgcompare.store.layout import Description


def past_snapshot(
    newest: Snapshot, generation: str, states: Mapping[str, Sequence[Quad]], place: Path
) -> EmbeddedSnapshot:
    """The generation of that name, made in an empty folder at *place* of the newest one and of what documents (by the
    IRIs of their graphs) said then; an empty one was not there.

    :raises StoreError: if it cannot be made.
    """
    folder = Folder(place / "store")
    folder.create(newest.base.value)
    folder.prepare(generation)
    newest.copy_to(folder.snapshot(generation))
    with engine(f"generation {generation} cannot be made again"):
        store = pyoxigraph.Store(str(folder.snapshot(generation)))
        names = list(states)
        for at in range(0, len(names), 500):
            store.update(replacement({name: states[name] for name in names[at : at + 500]}))
        store.flush()
        del store
    return EmbeddedSnapshot(folder, generation, Description(newest.base, "", contact=newest.contact))


def replacement(graphs: Mapping[str, Sequence[Quad]]) -> str:
    """The update that replaces whole graphs; an empty one goes, and its name."""
    filled = {named(name): quads for name, quads in graphs.items() if quads}
    gone = [named(name) for name, quads in graphs.items() if not quads]
    data = (Quad(q.subject, q.predicate, q.object, graph) for graph, quads in filled.items() for q in quads)
    updates = [with_graph(load("drop_graph").text, graph) for graph in gone]
    if filled:
        updates.append(with_data(load("replace_graphs").bind(graph=filled), data))
    return ";\n".join(updates)
