"""A generation as it was: the newest one, with what documents said then put back.

It is a store of its own in a folder for a while. Its checkpoint shares its files with that of the newest generation, so
that it costs what has changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyoxigraph
from pyoxigraph import BlankNode, NamedNode, Quad

from kgcompare.rdf.graph import Graph
from kgcompare.rdf.queries import load, with_data, with_graph
from kgcompare.rdf.sameness import statements_of
from kgcompare.store.base import Snapshot
from kgcompare.store.checkpoint import EmbeddedSnapshot, engine, named
from kgcompare.store.folder import Folder
from kgcompare.store.layout import Description

_NOTHING: Mapping[str, Sequence[Quad]] = {}


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


def replacement(graphs: Mapping[str, Sequence[Quad]], before: Mapping[str, Sequence[Quad]] = _NOTHING) -> str:
    """The update that replaces whole graphs; an empty one goes, and its name. Where it is known what a graph said
    *before*, and its blank nodes say that still, they stay, and nothing is written but what differs."""
    updates = [with_graph(load("drop_graph").text, named(name)) for name, quads in graphs.items() if not quads]
    differing = {name: _differing(before.get(name, ()), quads) for name, quads in graphs.items() if quads}
    if whole := {named(name): graphs[name] for name, parts in differing.items() if parts is None}:
        updates.append(with_data(load("replace_graphs").bind(graph=whole), _placed(whole)))
    for place, query in enumerate(("remove_statements", "add_statements")):
        if some := {named(name): parts[place] for name, parts in differing.items() if parts and parts[place]}:
            updates.append(with_data(load(query).text, _placed(some)))
    return ";\n".join(updates)


def _placed(graphs: Mapping[NamedNode, Iterable[Quad]]) -> Iterator[Quad]:
    return (Quad(q.subject, q.predicate, q.object, graph) for graph, quads in graphs.items() for q in quads)


def _differing(before: Sequence[Quad], after: Sequence[Quad]) -> tuple[set[Quad], set[Quad]] | None:
    """What is to be removed from a graph and what added, none of it with a blank node; None where these say something
    else than before, or it is not known what stands there."""
    was, now = ({quad for quad in quads if not _is_open(quad)} for quads in (before, after))
    open_was, open_now = (Graph(quad.triple for quad in quads if _is_open(quad)) for quads in (before, after))
    same = len(list(open_was)) == len(list(open_now)) and statements_of(open_was) == statements_of(open_now)
    return (was - now, now - was) if before and same else None


def _is_open(quad: Quad) -> bool:
    return isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)
