"""Three ways to one comparison, each brought to the same form: cells and verdicts.

Python (kgcompare.comparison over a snapshot), and queries/compare.rq with queries/differences.rq over whatever
answers a SELECT: the embedded store, a SPARQL server, rdflib's own engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pyoxigraph
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query as Prepared

from kgcompare.catalogue import comparison
from kgcompare.catalogue.generation import Generation
from kgcompare.rdf.graph import Term
from kgcompare.rdf.keys import literal_key, value_key
from kgcompare.rdf.namespaces import Base, iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import KGC_METHOD
from kgcompare.store import Store
from kgcompare.store.checkpoint import EmbeddedSnapshot

KINDS = {"value": "ValueRow", "count": "CountRow", "text": "TextRow", "remark": "RemarkRow", "name": "NameRow"}

Solution = Sequence[Term | None]
Select = Callable[[str], Iterable[Solution]]
Shown = dict[tuple[str, str], tuple[frozenset[str], str]]
"""(row id, method's IRI) -> (keys of the values, status)."""
Verdicts = list[tuple[str, str, bool | None, int]]
"""(row id, IRI of the kind, differs, missing) of each row in order."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A comparison without its looks."""

    cells: Shown
    verdicts: Verdicts


def by_python(generation: Generation, methods: Sequence[str], cls: str = KGC_METHOD) -> Outcome:
    """What kgcompare.comparison makes of a snapshot."""
    compared = generation.compare(methods, cls=cls)
    shown = [method.iri for method in compared.methods]
    graphs = generation.descriptions.records(shown)
    reader = generation.reader("en", graphs)
    cells: Shown = {}
    compared_rows = {row.id for row in compared.rows}
    for row in generation.shapes.rows(cls):
        if row.id not in compared_rows:
            continue
        for method in shown:
            had, terms = comparison.recorded(reader, row, graphs[method], method)
            keys = frozenset(
                literal_key(Literal(reader.key(graphs[method], term)))
                if isinstance(term, BlankNode)
                else reader.key(graphs[method], term)
                for term in terms
            )
            cells[row.id or "", method] = (keys, had.status)
    for compared_row in compared.rows:
        for method, cell in zip(shown, compared_row.cells, strict=True):
            assert cell.status == cells[compared_row.id, method][1]
    verdicts = [(row.id, iri(f"kgc:{KINDS[row.kind]}").value, row.differs, row.missing) for row in compared.rows]
    return Outcome(cells, verdicts)


def by_queries(select: Select, methods: Sequence[str], cls: str = KGC_METHOD) -> Outcome:
    """What queries/compare.rq and queries/differences.rq say."""
    bound = {"method": [NamedNode(method) for method in methods], "class": [NamedNode(cls)]}
    found: dict[tuple[str, str], tuple[set[str], str]] = {}
    order: list[str] = []
    given: set[tuple[Term, Term, Term]] = set()
    for _, row, method, value, status in select(load("compare").bind(**bound)):
        assert isinstance(row, Literal)
        assert isinstance(method, NamedNode)
        assert isinstance(status, Literal)
        assert (value is not None) == (status.value == "recorded")
        keys, said = found.setdefault((row.value, method.value), (set(), status.value))
        assert said == status.value, "one status a cell"
        if value is not None:
            assert (row, method, value) not in given, "each value once"
            given.add((row, method, value))
            keys.add(key(value))
        if row.value not in order:
            order.append(row.value)
    verdicts: Verdicts = []
    for _, row, kind, differs, missing in select(load("differences").bind(**bound)):
        assert isinstance(row, Literal)
        assert isinstance(kind, NamedNode)
        assert isinstance(missing, Literal)
        assert differs is None or isinstance(differs, Literal)
        mark = None if differs is None else {"true": True, "false": False}[differs.value]
        verdicts.append((row.value, kind.value, mark, int(missing.value)))
    assert [row for row, *_ in verdicts] == order, "both in the order of the shapes"
    return Outcome({cell: (frozenset(keys), said) for cell, (keys, said) in found.items()}, verdicts)


def key(term: Term) -> str:
    """What a value is compared by; a blank node has no key that means anything outside of its store."""
    assert not isinstance(term, BlankNode)
    return value_key(term) if isinstance(term, Literal) else term.value


class Rdflib:
    """rdflib's own engine over a dataset whose default graph is the union. Queries are parsed once: that is slow."""

    def __init__(self) -> None:
        self.dataset = rdflib.Dataset(default_union=True)
        self._parsed: dict[str, Prepared] = {}

    def fill(self, quads: Iterable[Quad]) -> None:
        """Adds statements."""
        self.dataset.addN(
            (
                _rdflib(quad.subject),
                _rdflib(quad.predicate),
                _rdflib(quad.object),
                self.dataset.graph(_rdflib(quad.graph_name)),
            )
            for quad in quads
        )

    def empty(self, quads: Iterable[Quad]) -> None:
        """Removes the graphs of some statements."""
        for name in {_rdflib(quad.graph_name) for quad in quads}:
            self.dataset.remove_graph(self.dataset.graph(name))

    def select(self, query: str) -> list[Solution]:
        """Answers a SELECT."""
        if query not in self._parsed:
            self._parsed[query] = prepareQuery(query)
        found = self.dataset.query(self._parsed[query])
        return [[_ours(term) for term in cast(tuple[rdflib.term.Node | None, ...], row)] for row in found]


def _rdflib(term: object) -> rdflib.URIRef | rdflib.BNode | rdflib.Literal:
    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    assert isinstance(term, Literal)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype == iri("xsd:string"):
        return rdflib.Literal(term.value)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value))


def _ours(term: rdflib.term.Node | None) -> Term | None:
    if term is None:
        return None
    if isinstance(term, rdflib.URIRef):
        return NamedNode(str(term))
    if isinstance(term, rdflib.BNode):
        return BlankNode(str(term))
    assert isinstance(term, rdflib.Literal)
    if term.language:
        return Literal(str(term), language=term.language)
    return Literal(str(term), datatype=NamedNode(str(term.datatype))) if term.datatype else Literal(str(term))


class InMemory(EmbeddedSnapshot):
    """The embedded store's own way of answering, over a store in memory: a store on disk takes 0.3 s to make."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self.generation = "1"
        self.base = Base()
        self.path = self.index_path = Path("/nowhere")
        self.keeps_shapes = self.rewrites = False
        self.shapes_since = ""
        store = pyoxigraph.Store()
        store.extend(quads)
        self._store, self._closed = store, False
        self.shapes_since = ""


def view_of(snapshot: EmbeddedSnapshot, extra_shapes: Sequence[Triple]) -> Generation:
    """A generation of a snapshot that stands for itself."""
    return Generation(cast(Store, None), snapshot, extra_shapes)
