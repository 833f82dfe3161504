"""What lists and column heads show of things beside their names: what they are, when they arose, where they belong.

Which statements say so, the shapes of their class say.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue.descriptions import Descriptions
from kgcompare.catalogue.values import Reader
from kgcompare.model import Thing
from kgcompare.rdf.graph import Graph, Term, node_of
from kgcompare.rdf.terms import SKOS_DEFINITION
from kgcompare.schema.shapes import Shapes
from kgcompare.search import Entry
from kgcompare.text.folding import fold
from kgcompare.text.languages import best


def description(shapes: Shapes, graph: Graph, thing: str, lang: str) -> tuple[str | None, str | None]:
    """(language, text) of what a thing is: its definition, else the first text that its shape has a row for."""
    node = node_of(thing)
    rows = shapes.predicates(shapes.class_among(graph.types(node)), "text")
    texts = (best(graph.texts(node, predicate), lang) for predicate in (SKOS_DEFINITION, *rows))
    tag, text = next(filter(None, texts), ("", None))
    return tag or None, text


def listed(shapes: Shapes, descriptions: Descriptions, entries: Sequence[Entry], lang: str) -> tuple[Thing, ...]:
    """The things of some entries of the index as a list shows them, in that order.

    :raises StoreError: if the store cannot be read.
    """
    graphs = descriptions.describe([entry.iri for entry in entries if entry.is_thing])
    filed = {thing: _filed(shapes, graph, thing) for thing, graph in graphs.items()}
    values = (term for facets in filed.values() for terms in facets.values() for term in terms)
    named = {term.value for term in values if isinstance(term, NamedNode)}
    reader = Reader(lang, descriptions.things(named))
    things = []
    for entry in entries:
        tag, label = entry.label(lang)
        if not entry.is_thing:
            things.append(Thing(entry.slug, "", entry.kind, label, tag or None))
            continue
        graph = graphs[entry.iri]
        described_in, text = description(shapes, graph, entry.iri, lang)
        facets = {
            facet: tuple(sorted((_named(reader, graph, term) for term in terms), key=fold))
            for facet, terms in filed[entry.iri].items()
        }
        date = _date(shapes, reader, graph, entry.iri)
        things.append(Thing(entry.slug, entry.iri, entry.kind, label, tag or None, text, described_in, facets, date))
    return tuple(things)


def _filed(shapes: Shapes, graph: Graph, thing: str) -> dict[str, list[NamedNode | Literal]]:
    """The values, IRIs and texts, that a thing has in each facet of its class."""
    node = node_of(thing)
    facets = shapes.facets(shapes.class_among(graph.types(node)))
    values = {facet.id or "": graph.objects(node, facet.path.predicate or "") for facet in facets}
    filed = {facet: [t for t in terms if isinstance(t, NamedNode | Literal)] for facet, terms in values.items()}
    return {facet: terms for facet, terms in filed.items() if terms}


def _named(reader: Reader, graph: Graph, term: Term) -> str:
    return reader.label(term.value)[1] if isinstance(term, NamedNode) else reader.value(graph, term).text


def _date(shapes: Shapes, reader: Reader, graph: Graph, thing: str) -> str | None:
    """How the row that dates a thing reads."""
    node = node_of(thing)
    row = shapes.date_row(shapes.class_among(graph.types(node)))
    terms = graph.objects(node, row.path.predicate or "") if row else []
    return next((reader.value(graph, term).text for term in terms), None)
