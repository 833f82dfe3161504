"""kgcompare.comparison, and queries/compare.rq with queries/differences.rq on three engines, agree."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from conftest import LoadQuads
from deep import many
from kgcompare import ingest
from kgcompare.catalogue.generation import Generation
from kgcompare.ingest.documents import Records, derive, split
from kgcompare.rdf.graph import Node, Term
from kgcompare.rdf.namespaces import Base, iri
from kgcompare.rdf.terms import KGC_METHOD
from kgcompare.schema.shapes import read_shapes
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from three_ways import InMemory, Outcome, Rdflib, Select, by_python, by_queries, view_of

# rdflib 7.6 uses its own deprecated attributes when it answers.
pytestmark = pytest.mark.filterwarnings(r"ignore:Dataset\.\w+ is deprecated:DeprecationWarning")

PATHS = Path(__file__).parent / "data" / "paths.ttl"
ID = "https://w3id.org/kgcompare/id/"
EX = "https://example.org/shapes#"


def own(name: str) -> NamedNode:
    return NamedNode(ID + name)


def method(number: int) -> NamedNode:
    return own(f"method/m{number}")


# -- catalogues ----------------------------------------------------------------------------------------


def typed(text: str, datatype: str) -> Literal:
    return Literal(text, datatype=iri(datatype))


LANGUAGES = ("en", "fr", "en-GB")
PLAIN: list[Term] = [
    Literal("a"),
    Literal("b"),
    Literal("[ a ]"),
    typed("1", "xsd:integer"),
    typed("1", "xsd:string"),
    typed("1", "xsd:int"),
    typed("1.0", "xsd:decimal"),
    typed("1.0E0", "xsd:double"),
    typed("1", "xsd:float"),
    typed("1.5", "xsd:decimal"),
    typed("1.5", "xsd:double"),
    typed("2001-02-03", "xsd:date"),
    typed("1996", "edtf:EDTF"),
    typed("true", "xsd:boolean"),
    own("domain/d0"),
]
texts: st.SearchStrategy[Term] = st.builds(
    lambda text, lang: Literal(text, language=lang), st.sampled_from("ab"), st.sampled_from(LANGUAGES)
)
literals = st.one_of(texts, st.sampled_from(PLAIN))


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
    *(Literal(name) for name in ("aim", "choose-when", "software", "sparing", "sparing-inverse")),
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
            "kgc:aim": numbered("aim", 2, 2),
            "kgc:chooseWhen": several(texts, 2),
            "kgc:implementation": numbered("software", 2, 2),
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
sources: st.SearchStrategy[dict[str, list[Term]]] = st.fixed_dictionaries(
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


NOTHING = Catalogue(3, [Described(), Described(), Described()])


@st.composite
def catalogues(draw: st.DrawFn, widths: tuple[int, ...]) -> Catalogue:
    width = draw(st.sampled_from(widths))
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
        said.append((node, "rdf:type", NamedNode(KGC_METHOD)))
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
    return [quad for name in records.documents for quad in records.quads(name)]


# -- the three ways ------------------------------------------------------------------------------------


@cache
def shapes() -> list[Quad]:
    """The shapes as a store keeps them."""
    kept = ingest.vocabulary_quads(Base(), [PATHS])
    return [quad for quad in kept if quad.graph_name != NamedNode(Base().vocabulary_graph)]


@cache
def extra_shapes() -> list[Triple]:
    return read_shapes(PATHS)


@dataclass(frozen=True, slots=True)
class Engines:
    """Loads some quads together with the shapes, and asks for the same comparison everywhere."""

    load: LoadQuads
    rdflib: Rdflib

    def agree(self, quads: list[Quad], compared: list[str], cls: str = KGC_METHOD, *, slowly: bool = False) -> Outcome:
        """The comparison; *slowly* also by rdflib's own engine."""
        # Normalised as a store normalises literals, and blank nodes named alike everywhere.
        snapshot = InMemory([*shapes(), *quads])
        expected = by_python(view_of(snapshot, extra_shapes()), compared, cls)
        assert by_queries(lambda query: snapshot.select(query).rows, compared, cls) == expected
        remote = RemoteStore(self.load(snapshot.quads())).snapshot()
        assert by_queries(lambda query: remote.select(query).rows, compared, cls) == expected
        if slowly:
            kept = {quad.graph_name for quad in shapes()}
            records = [quad for quad in snapshot.quads() if quad.graph_name not in kept]
            self.rdflib.fill(records)
            try:
                assert by_queries(self.rdflib.select, compared, cls) == expected
            finally:
                self.rdflib.empty(records)
        return expected


@pytest.fixture(scope="module")
def engines(oxigraph_server: LoadQuads) -> Engines:
    engine = Rdflib()
    engine.fill(shapes())
    return Engines(oxigraph_server, engine)


CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@pytest.mark.slow
@settings(max_examples=many(25, 400), deadline=None, suppress_health_check=CHECKS)
@given(catalogues(tuple(range(1, 11))))
def test_generated_catalogues(engines: Engines, catalogue: Catalogue) -> None:
    engines.agree(quads_of(catalogue), catalogue.compared)


@pytest.mark.slow
@settings(
    max_examples=many(2, 25), deadline=None, suppress_health_check=CHECKS, phases=[Phase.explicit, Phase.generate]
)
@given(catalogues(many((2,), (2, 3))))  # rdflib takes a second to read a query, which the methods compared are in
def test_generated_catalogues_on_rdflib_too(engines: Engines, catalogue: Catalogue) -> None:
    engines.agree(quads_of(catalogue), catalogue.compared, slowly=True)


def columns(*values: list[Term], predicate: str) -> Catalogue:
    return Catalogue(len(values), [Described({predicate: terms}) for terms in values])


def none(row: str, reason: str = "kgc:None") -> Described:
    return Described({}, [], [Absence(Literal(row), iri(reason), None)])


def beside(first: Described, predicate: str, value: Term) -> Catalogue:
    return Catalogue(2, [first, Described({predicate: [value]})])


def text(value: str, lang: str) -> Literal:
    return Literal(value, language=lang)


D0, D1 = own("domain/d0"), own("domain/d1")
VERDICTS: dict[str, tuple[str, Catalogue, bool | None, int]] = {
    "equal sets in another order": ("domain", columns([D0, D1], [D1, D0], predicate="dcterms:subject"), False, 0),
    "one value more": ("domain", columns([D0, D1], [D1], predicate="dcterms:subject"), True, 0),
    "one column": ("domain", columns([D0], predicate="dcterms:subject"), False, 0),
    "one of two recorded": ("domain", columns([D0], [], predicate="dcterms:subject"), False, 1),
    "two of three recorded": ("domain", columns([D0], [], [D1], predicate="dcterms:subject"), True, 1),
    "nothing recorded": ("domain", columns([], [], predicate="dcterms:subject"), False, 2),
    "none against a value": ("domain", beside(none("domain"), "dcterms:subject", D0), True, 0),
    "none against none": ("domain", Catalogue(2, [none("domain"), none("domain")]), False, 0),
    "unknown against a value": ("domain", beside(none("domain", "kgc:Unknown"), "dcterms:subject", D0), False, 1),
    "names": ("alias", columns([text("a", "en")], [text("b", "en")], predicate="skos:altLabel"), None, 0),
    "other things, as many": ("count", columns([D0], [D1], predicate="skos:changeNote"), True, 0),
    "one thing more": ("count", columns([D0], [D0, D1], predicate="skos:changeNote"), True, 0),
    "the same things": ("count", columns([D0, D1], [D1, D0], predicate="skos:changeNote"), False, 0),
    "counted texts": (
        "count",
        columns([text("a", "en")], [text("a", "fr")], predicate="skos:changeNote"),
        True,
        0,
    ),
    "counted texts in two languages": (
        "count",
        columns([text("a", "en"), text("a", "fr")], [text("a", "en")], predicate="skos:changeNote"),
        True,
        0,
    ),
    "remarks": ("choose-when", columns([text("a", "en")], [text("b", "en")], predicate="kgc:chooseWhen"), None, 0),
    "software": (
        "software",
        columns([own("software/a")], [own("software/b")], predicate="kgc:implementation"),
        None,
        0,
    ),
    "what one is for": ("aim", columns([own("aim/a"), own("aim/b")], [own("aim/b")], predicate="kgc:aim"), True, 0),
    "no aim against an aim": ("aim", beside(none("aim"), "kgc:aim", own("aim/a")), True, 0),
    "none counts nothing": ("count", beside(none("count"), "skos:changeNote", D0), True, 0),
    "texts in a common language": (
        "summary",
        columns([text("a", "en"), text("x", "fr")], [text("a", "en")], predicate="skos:definition"),
        False,
        0,
    ),
    "other texts": ("summary", columns([text("a", "en")], [text("b", "EN")], predicate="skos:definition"), True, 0),
    "no common language": (
        "summary",
        columns([text("a", "en")], [text("a", "fr")], predicate="skos:definition"),
        None,
        0,
    ),
    "a third without the language": (
        "summary",
        columns([text("a", "en")], [text("b", "en")], [text("c", "fr")], predicate="skos:definition"),
        None,
        0,
    ),
    "no text against a text": ("summary", beside(none("summary"), "skos:definition", text("a", "en")), True, 0),
    "texts as values": ("note", columns([text("a", "en")], [text("a", "fr")], predicate="skos:note"), None, 0),
    "a text and a plain value": ("note", columns([text("a", "en")], [Literal("a")], predicate="skos:note"), True, 0),
    "plain texts": ("example", columns([Literal("a")], [Literal("a")], predicate="skos:example"), False, 0),
    **{
        f"{one} and {other}": ("note", columns([one], [other], predicate="skos:note"), one_differs, 0)
        for one, other, one_differs in (
            (typed("1", "xsd:integer"), typed("1.0", "xsd:decimal"), False),
            (typed("1", "xsd:integer"), typed("1.0e0", "xsd:double"), False),
            (typed("1", "xsd:integer"), typed("01", "xsd:unsignedByte"), False),
            (typed("1.50", "xsd:decimal"), typed("1.5", "xsd:float"), False),
            (typed("0.1", "xsd:decimal"), typed("0.1", "xsd:double"), False),
            (typed("0", "xsd:integer"), typed("-0.0", "xsd:double"), False),
            (typed("2020-01-01T12:00:00Z", "xsd:dateTime"), typed("2020-01-01T14:00:00+02:00", "xsd:dateTime"), False),
            (typed("2020-01-01T00:00:00Z", "xsd:dateTime"), typed("2019-12-31T22:00:00-02:00", "xsd:dateTime"), False),
            (typed("2020-01-01T12:00:00Z", "xsd:dateTime"), typed("2020-01-01T12:00:00", "xsd:dateTime"), True),
            (typed("2020-01-01T12:00:00", "xsd:dateTime"), typed("2020-01-01T12:00:01", "xsd:dateTime"), True),
            (typed("1", "xsd:integer"), typed("2.0", "xsd:decimal"), True),
            (typed("1", "xsd:integer"), typed("1", "xsd:string"), True),
            (typed("1", "xsd:integer"), typed("1", "xsd:boolean"), True),
            (typed("1", "xsd:boolean"), typed("true", "xsd:boolean"), False),
            (typed("9007199254740992", "xsd:integer"), typed("9007199254740993", "xsd:integer"), True),
            (typed("9007199254740993", "xsd:integer"), typed("9007199254740993.0", "xsd:decimal"), False),
            (typed("1e16", "xsd:double"), typed("10000000000000000", "xsd:double"), False),
            (typed("NaN", "xsd:double"), typed("NaN", "xsd:double"), False),
            (typed("INF", "xsd:double"), typed("-INF", "xsd:double"), True),
            (typed("1e300", "xsd:double"), typed("1e301", "xsd:double"), True),
        )
    },
    "equal numbers count once": (
        "count",
        columns(
            [typed("1", "xsd:integer"), typed("1.0", "xsd:decimal")],
            [typed("1.0e0", "xsd:double")],
            predicate="skos:changeNote",
        ),
        False,
        0,
    ),
    "a plain text and another": (
        "example",
        columns([text("a", "en")], [Literal("a")], predicate="skos:example"),
        None,
        0,
    ),
}


@pytest.mark.parametrize(("row", "catalogue", "differs", "missing"), VERDICTS.values(), ids=VERDICTS)
def test_verdict(engines: Engines, row: str, catalogue: Catalogue, differs: bool | None, missing: int) -> None:
    outcome = engines.agree(quads_of(catalogue), catalogue.compared)
    assert [tuple(rest) for name, _, *rest in outcome.verdicts if name == row] == [(differs, missing)]


SPARING: dict[str, tuple[Catalogue, set[str]]] = {
    "nothing": (NOTHING, set()),
    "only absences": (Catalogue(2, [none("aim"), none("software", "kgc:Unknown")]), set()),
    "one column of three": (columns([], [own("aim/a")], [], predicate="kgc:aim"), {"aim"}),
    "what is not compared": (Catalogue(2, [*[Described()] * 2, Described({"kgc:aim": [own("aim/a")]})]), set()),
    "of an alternative": (columns([], [Literal("a")], predicate="skos:note"), {"sparing"}),
    "backwards": (
        Catalogue(1, [Described(), Described({"kgc:extends": [method(0)]})]),
        {"sparing-inverse"},
    ),
    "at the end of two steps": (
        Catalogue(
            2,
            [Described({"kgc:foundingSource": [own("source/s0")]}), Described()],
            [{"dcterms:issued": [typed("1996", "edtf:EDTF")], "dcterms:isPartOf": [], "bibo:authorList": []}],
        ),
        {"sparing-sequence"},
    ),
}


@pytest.mark.parametrize(("catalogue", "left"), SPARING.values(), ids=SPARING)
def test_rows_shown_where_recorded(engines: Engines, catalogue: Catalogue, left: set[str]) -> None:
    outcome = engines.agree(quads_of(catalogue), catalogue.compared)
    sparing = {"aim", "data", "assumption", "result", "choose-when", "avoid-when", "software"}
    sparing |= {"sparing", "sparing-inverse", "sparing-sequence"}
    assert {row for row, *_ in outcome.verdicts} & sparing == left


@pytest.mark.slow
def test_rows_come_in_the_order_of_the_shapes(engines: Engines) -> None:
    outcome = engines.agree(quads_of(NOTHING), NOTHING.compared, slowly=True)
    assert [row for row, *_ in outcome.verdicts] == [
        "authors", "domain", "family", "origin-year", "combined", "combined-count", "originator", "type",
        "founding-source", "alias", "related", "summary", "issued", "linked", "filed", "note", "example", "scope",
        "count", "journal",
    ]  # fmt: skip
    assert all(keys == frozenset() and status == "not-recorded" for keys, status in outcome.cells.values())


@pytest.mark.slow
def test_another_class_has_its_own_rows(engines: Engines) -> None:
    tools = [own(f"tool/{name}") for name in ("a", "b", "no-tool")]
    graph = NamedNode(ID.replace("/id/", "/doc/") + "tool/all")
    said: list[tuple[NamedNode, str, Term]] = [
        (tools[0], "rdf:type", NamedNode(EX + "ToolClass")),
        (tools[0], "dcterms:license", own("licence/mit")),
        (tools[1], "rdf:type", NamedNode(EX + "ToolClass")),
        (tools[1], "dcterms:license", own("licence/gpl")),
        (tools[2], "dcterms:license", own("licence/gpl")),
    ]
    quads = [Quad(s, iri(p), o, graph) for s, p, o in said]
    outcome = engines.agree(quads, [tool.value for tool in tools], EX + "ToolClass", slowly=True)
    assert outcome.verdicts == [("licence", iri("kgc:ValueRow").value, True, 0)]
    assert len(outcome.cells) == 2, "what is not of the class has no column"


def test_a_statement_that_two_graphs_hold_counts_once(engines: Engines) -> None:
    catalogue = columns([D0], [D0, D1], predicate="skos:changeNote")
    quads = quads_of(catalogue)
    again = NamedNode(Base().document(ID + "method/again"))
    twice = [Quad(quad.subject, quad.predicate, quad.object, again) for quad in [*quads, *shapes()]]
    outcome = engines.agree([*quads, *twice], catalogue.compared)
    assert ("count", iri("kgc:CountRow").value, True, 0) in outcome.verdicts
    assert outcome == engines.agree(quads, catalogue.compared)


# -- real records ----------------------------------------------------------------------------------------


def about(quads: Sequence[Quad], things: Sequence[str]) -> list[Quad]:
    """The shapes and vocabulary, the documents of some things, and those of what they name or are named by."""
    said = [
        quad for quad in quads if {getattr(quad.subject, "value", ""), getattr(quad.object, "value", "")} & {*things}
    ]
    documents = {Base().document(thing) for thing in things} | {getattr(quad.graph_name, "value", "") for quad in said}
    named = {
        Base().document(quad.object.value)
        for quad in quads
        if getattr(quad.graph_name, "value", "") in documents and isinstance(quad.object, NamedNode)
    }
    return [
        quad
        for quad in quads
        if Base().is_vocabulary_graph(getattr(quad.graph_name, "value", ""))
        or getattr(quad.graph_name, "value", "") in documents | named
    ]


@pytest.mark.slow
def test_real_records(real_store: Path, oxigraph_server: LoadQuads) -> None:
    store = EmbeddedStore(real_store)
    snapshot = store.snapshot()
    generation = Generation(store, snapshot)
    remote = RemoteStore(oxigraph_server(snapshot.quads()))
    elsewhere = Generation(remote, remote.snapshot())
    slow = Rdflib()
    known = [row[0] for row in snapshot.select(f"SELECT ?m {{ ?m a <{KGC_METHOD}> }} ORDER BY ?m").rows]
    everything = [method.value for method in known if isinstance(method, NamedNode)]
    assert len(everything) > 10
    quads = list(snapshot.quads())
    chance = random.Random(20261122)
    for width, times in ((1, 2), (2, many(4, 40)), (3, many(4, 40)), (10, many(3, 30))):
        for number in range(times):
            compared = chance.sample(everything, width)
            expected = by_python(generation, compared)
            ways: list[Select] = [
                lambda query: snapshot.select(query).rows,
                lambda query: remote.snapshot().select(query).rows,
            ]
            if number == 0 and width == 2:  # of everything, or of ten columns, rdflib takes minutes
                slow.fill(about(quads, compared))
                ways.append(slow.select)
            for select in ways:
                assert by_queries(select, compared) == expected
            assert by_python(elsewhere, compared) == expected
