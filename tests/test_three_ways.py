"""kgcompare.comparison, and queries/compare.rq with queries/differences.rq on three engines, agree."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from conftest import LoadQuads
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple
from three_ways import InMemory, Outcome, Rdflib, Select, by_python, by_queries, view_of

from kgcompare import ingest, resources
from kgcompare.catalogue import METHOD, View
from kgcompare.graph import RDF_FIRST, RDF_REST, Node, Term
from kgcompare.ingest.records import Records, derive, split
from kgcompare.namespaces import Base, iri
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore

# rdflib 7.6 uses its own deprecated attributes when it answers.
pytestmark = pytest.mark.filterwarnings(r"ignore:Dataset\.\w+ is deprecated:DeprecationWarning")

PATHS = Path(__file__).parent / "data" / "paths.ttl"
ID = "https://w3id.org/kgcompare/id/"
EX = "https://example.org/shapes#"
WIDTHS = (1, 2, 3, 10)
"""Columns; few numbers, as rdflib parses a query for each."""


def own(name: str) -> NamedNode:
    return NamedNode(ID + name)


def method(number: int) -> NamedNode:
    return own(f"method/m{number}")


# -- catalogues ----------------------------------------------------------------------------------------


def typed(text: str, datatype: str) -> Literal:
    return Literal(text, datatype=iri(datatype))


LANGUAGES = ("en", "fr", "en-GB")
texts = st.builds(lambda text, lang: Literal(text, language=lang), st.sampled_from("ab"), st.sampled_from(LANGUAGES))
literals = st.one_of(
    texts,
    st.sampled_from(
        [
            Literal("a"),
            Literal("b"),
            Literal("[ a ]"),
            typed("1", "xsd:integer"),
            typed("1", "xsd:string"),
            typed("1.5", "xsd:decimal"),
            typed("2001-02-03", "xsd:date"),
            typed("1996", "edtf:EDTF"),
            typed("true", "xsd:boolean"),
            own("domain/d0"),
        ]
    ),
)


def several(values: st.SearchStrategy[Term], most: int) -> st.SearchStrategy[list[Term]]:
    """Values in any order; often none, often one, so that columns are often equal."""
    return st.lists(values, max_size=most, unique_by=str)


def numbered(kind: str, count: int, most: int) -> st.SearchStrategy[list[Term]]:
    return several(st.sampled_from([own(f"{kind}/{kind[0]}{n}") for n in range(count)]), most)


@dataclass(frozen=True, slots=True)
class Origination:
    agents: list[Term]
    contributions: list[Term]
    et_al: Literal | None


@dataclass(frozen=True, slots=True)
class Absence:
    row: Term
    reason: NamedNode
    node: NamedNode | None


@dataclass(frozen=True, slots=True)
class Described:
    """A method: predicates that lead to plain terms, originations, absences."""

    values: dict[str, list[Term]] = field(default_factory=dict)
    originations: list[Origination] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)


originations = st.builds(
    Origination,
    st.lists(st.sampled_from([own("agent/a0"), own("agent/a1")]), min_size=1, max_size=2, unique=True),
    several(texts, 2),
    st.sampled_from([None, typed("true", "xsd:boolean"), typed("false", "xsd:boolean")]),
)
ROWS: list[Term] = [
    *(Literal(name) for name in ("domain", "origin-year", "originator", "alias", "related", "summary")),
    *(Literal(name) for name in ("combined", "combined-count", "issued", "journal", "note", "example", "count")),
    NamedNode("https://w3id.org/kgcompare/shapes#Method-domain"),
    NamedNode("https://w3id.org/kgcompare/shapes#Method-related"),
    NamedNode(EX + "note"),
    NamedNode(EX + "example"),
]
absences = st.builds(
    Absence,
    st.sampled_from(ROWS),
    st.sampled_from([iri("kgc:None"), iri("kgc:None"), iri("kgc:Unknown")]),
    st.sampled_from([None, None, own("absence/a0"), own("absence/a1")]),
)
methods = numbered("method", 12, 3)
described = st.builds(
    Described,
    st.fixed_dictionaries(
        {
            "dcterms:subject": numbered("domain", 2, 2),
            "kgc:family": numbered("family", 2, 1),
            "kgc:origin": several(st.sampled_from([typed(t, "edtf:EDTF") for t in ("1996", "2014/2018")]), 1),
            "kgc:foundingSource": numbered("source", 3, 2),
            "kgc:combines": methods,
            "kgc:extends": methods,
            "kgc:related": methods,
            "skos:altLabel": several(texts, 2),
            "skos:definition": several(texts, 3),
            "skos:note": several(literals, 3),
            "skos:example": several(literals, 3),
            "skos:changeNote": several(literals, 3),
            "skos:scopeNote": several(literals, 1),
        }
    ),
    st.lists(originations, max_size=2),
    st.lists(absences, max_size=4),
)
sources = st.fixed_dictionaries(
    {
        "dcterms:issued": several(st.sampled_from([typed(t, "edtf:EDTF") for t in ("1996", "2014")]), 2),
        "dcterms:isPartOf": numbered("journal", 2, 2),
        "bibo:authorList": st.sampled_from([[], [own("agent/a0")], [own("agent/a0"), own("agent/a1")]]),
    }
)
journals = st.fixed_dictionaries({"dcterms:title": several(texts, 3)})


@dataclass(frozen=True, slots=True)
class Catalogue:
    width: int
    methods: list[Described]
    sources: list[dict[str, list[Term]]] = field(default_factory=list)
    journals: list[dict[str, list[Term]]] = field(default_factory=list)

    @property
    def compared(self) -> list[str]:
        return [method(number).value for number in range(self.width)]


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    width = draw(st.sampled_from(WIDTHS))
    # Methods of the same making, so that wide comparisons have equal rows too.
    kinds = [draw(described) for _ in range(draw(st.integers(1, min(width, 4))))]
    chosen = [draw(st.sampled_from(kinds)) if width > 3 else kinds[n % len(kinds)] for n in range(width)]
    others = draw(st.lists(described, max_size=2))
    return Catalogue(width, chosen + others, draw(st.lists(sources, max_size=3)), draw(st.lists(journals, max_size=2)))


def quads_of(catalogue: Catalogue) -> list[Quad]:
    """The records of a catalogue as an import stores them."""
    said: list[tuple[Node, str, Term]] = []

    def listed(members: list[Term]) -> Term:
        head: Term = iri("rdf:nil")
        for member in reversed(members):
            cell = BlankNode()
            said.extend([(cell, "rdf:first", member), (cell, "rdf:rest", head)])
            head = cell
        return head

    for number, one in enumerate(catalogue.methods):
        node = method(number)
        said.append((node, "rdf:type", NamedNode(METHOD)))
        said.extend((node, predicate, value) for predicate, values in one.values.items() for value in values)
        for place, origination in enumerate(one.originations):
            blank = BlankNode()
            said.append((node, "kgc:origination", blank))
            said.append((blank, "kgc:agentList", listed(origination.agents)))
            said.append((blank, "kgc:order", typed(str(place + number), "xsd:integer")))
            said.extend((blank, "kgc:contribution", text) for text in origination.contributions)
            if origination.et_al is not None:
                said.append((blank, "kgc:etAl", origination.et_al))
        for absence in one.absences:
            about: Node = absence.node or BlankNode()
            said.append((node, "kgc:absence", about))
            said.extend([(about, "kgc:row", absence.row), (about, "kgc:reason", absence.reason)])
    for number, source in enumerate(catalogue.sources):
        node = own(f"source/s{number}")
        said.append((node, "rdf:type", iri("bibo:Document")))
        said.extend((node, p, value) for p in ("dcterms:issued", "dcterms:isPartOf") for value in source[p])
        if source["bibo:authorList"]:
            said.append((node, "bibo:authorList", listed(source["bibo:authorList"])))
    for number, journal in enumerate(catalogue.journals):
        said.extend((own(f"journal/j{number}"), "dcterms:title", title) for title in journal["dcterms:title"])
    records = Records(Base())
    split([Triple(subject, iri(predicate), value) for subject, predicate, value in said], records, "generated")
    derive(records)
    return records.all_quads()


# -- the three ways ------------------------------------------------------------------------------------


@cache
def shapes() -> list[Quad]:
    """The shapes as a store keeps them."""
    kept = ingest.vocabulary_quads(Base(), [PATHS])
    return [quad for quad in kept if quad.graph_name != NamedNode(Base().vocabulary_graph)]


@cache
def extra_shapes() -> list[Triple]:
    return ingest.read_shapes(PATHS)


@dataclass(frozen=True, slots=True)
class Ways:
    """Loads some quads together with the shapes, and gives every way to ask."""

    load: LoadQuads
    engine: Rdflib

    def ask(self, quads: list[Quad], compared: list[str], cls: str = METHOD) -> dict[str, Outcome]:
        # Normalised as a store normalises literals, and blank nodes named alike everywhere.
        snapshot = InMemory([*shapes(), *quads])
        remote = RemoteStore(self.load(snapshot.quads())).snapshot()
        kept = {quad.graph_name for quad in shapes()}
        own_quads = [quad for quad in snapshot.quads() if quad.graph_name not in kept]
        self.engine.fill(own_quads)
        try:
            return {
                "Python": by_python(view_of(snapshot, extra_shapes()), compared, cls),
                "embedded": by_queries(lambda query: snapshot.select(query).rows, compared, cls),
                "server": by_queries(lambda query: remote.select(query).rows, compared, cls),
                "rdflib": by_queries(self.engine.select, compared, cls),
            }
        finally:
            self.engine.empty(own_quads)

    def agree(self, quads: list[Quad], compared: list[str], cls: str = METHOD) -> Outcome:
        outcomes = self.ask(quads, compared, cls)
        expected = outcomes["Python"]
        for name, outcome in outcomes.items():
            assert outcome.cells == expected.cells, name
            assert outcome.verdicts == expected.verdicts, name
        return expected


@pytest.fixture(scope="module")
def ways(oxigraph_server: LoadQuads) -> Ways:
    engine = Rdflib()
    engine.fill(shapes())
    return Ways(oxigraph_server, engine)


NOTHING = Catalogue(3, [Described(), Described(), Described()])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(catalogues())
@example(NOTHING)
def test_three_ways_agree_on_generated_catalogues(ways: Ways, catalogue: Catalogue) -> None:
    ways.agree(quads_of(catalogue), catalogue.compared)
