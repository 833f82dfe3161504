"""Shapes files of somebody's own, read together and made fit for a catalogue: each property shape has an IRI, and what
they do not say of catalogues is guessed (:mod:`kgcompare.schema.guessing`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, Triple

from kgcompare.rdf import syntaxes
from kgcompare.rdf.graph import Graph, Node, Term, structure_key
from kgcompare.rdf.namespaces import SHAPES, local_name, slugify
from kgcompare.rdf.terms import SH_ORDER, SH_PATH
from kgcompare.schema import core
from kgcompare.schema.guessing import guessed
from kgcompare.schema.shapes import bundled_shapes, read_shapes

Parsed = Callable[[Path, str], list[Triple]]


def given_shapes(
    paths: Sequence[Path], parsed: Parsed = syntaxes.triples_of, unread: list[str] | None = None
) -> list[list[Triple]]:
    """The statements of shapes files, file by file, with what is guessed of them; *parsed* reads a file, given a base.

    *unread* takes, in words, what no row or kind can be made of.

    :raises SyntaxFault: if one is not well-formed.
    :raises ShapeError: if one has what is not of SHACL Core, or too much of it.
    :raises DataError: if one cannot be read.
    """
    files = [with_names(read_shapes(path, parsed)) for path in paths]
    if not files:
        return []
    together = Graph(triple for file in files for triple in file)
    more = guessed(together, Graph(bundled_shapes()), unread)
    placed = {triple.subject for triple in more if triple.predicate.value == SH_ORDER}
    files = [[t for t in file if t.subject not in placed or t.predicate.value != SH_ORDER] for file in files]
    homes = {t.subject: at for at, file in reversed([*enumerate(files)]) for t in file}
    homes |= {t.subject: at for at, file in enumerate(files) for t in file if t.predicate.value == SH_PATH}
    for triple in more:  # a query finds a row where its path stands
        files[homes.get(triple.subject, 0)].append(triple)
    return files


def given_triples(paths: Sequence[Path], parsed: Parsed = syntaxes.triples_of) -> list[Triple]:
    """The same of all files together."""
    return [triple for file in given_shapes(paths, parsed) for triple in file]


def with_names(triples: Sequence[Triple]) -> list[Triple]:
    """The same statements, in which property shapes without an IRI have one, by the shape that they stand in, their
    path and what they say: what is the same has the same name, in whatever file and order."""
    graph = Graph(triples)
    names: dict[Term, NamedNode] = {}
    for owner, node in _without_names(graph):
        path = graph.value(node, SH_PATH)
        stem = slugify(local_name(path.value)) if isinstance(path, NamedNode) else "path"
        digest = hashlib.sha256(f"{owner} {structure_key(graph, node)}".encode()).hexdigest()[:8]
        within = owner if "#" in owner else SHAPES + slugify(local_name(owner))
        names.setdefault(node, NamedNode(f"{within}-{stem}-{digest}"))
    return [_renamed(triple, names) for triple in triples] if names else list(triples)


def _without_names(graph: Graph) -> Iterator[tuple[str, BlankNode]]:
    """(IRI of the nearest shape above, property shape) of each that is a blank node."""
    for top in graph.subjects():
        if not isinstance(top, NamedNode):
            continue
        waiting: list[tuple[str, Node]] = [(top.value, top)]
        seen: set[Node] = set()
        while waiting:
            owner, node = waiting.pop()
            for inner in core.nested(graph, node):
                if isinstance(inner, BlankNode) and inner not in seen:
                    seen.add(inner)
                    waiting.append((owner, inner))
                    if graph.objects(inner, SH_PATH):
                        yield owner, inner


def _renamed(triple: Triple, names: dict[Term, NamedNode]) -> Triple:
    if triple.subject not in names and triple.object not in names:
        return triple
    return Triple(names.get(triple.subject, triple.subject), triple.predicate, names.get(triple.object, triple.object))  # type: ignore[arg-type]
