"""A catalogue is told what to say of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pyoxigraph import NamedNode, Quad

from kgcompare import search
from kgcompare.rdf.about import Metadata, read_about, rewritten
from kgcompare.rdf.graph import Graph
from kgcompare.schema.shapes import Shapes, stored_shapes
from kgcompare.store.base import Seat
from kgcompare.store.history import Occasion
from kgcompare.store.seat import seat_of


def describe_store(path: Path | Seat, change: Callable[[Metadata], Metadata], by: str = "") -> Metadata:
    """Has the catalogue in a store say of itself what *change* makes of what it says now; it is what is returned.

    What else stands in that graph stays. Where nothing changes no generation is made. The history says who it is
    *by*.

    :raises StoreError: if the store cannot be used.
    """
    with seat_of(path).writing() as writer:
        snapshot, node = writer.latest(), NamedNode(writer.about.base.catalogue)
        before = Graph(quad.triple for quad in snapshot.graph(node.value)) if snapshot else Graph()
        old = read_about(before, node)
        if node not in before:
            old = replace(old, contact=writer.about.contact)
        new = change(old)
        if new != old or (new and node not in before):
            graph = [Quad(t.subject, t.predicate, t.object, node) for t in rewritten(before, node, new)]
            writer.replace({node.value: graph})
            shapes = Shapes(stored_shapes(snapshot)) if snapshot else Shapes([])
            writer.publish(search.updater(snapshot, (), shapes), Occasion("describe", by))
    return new
