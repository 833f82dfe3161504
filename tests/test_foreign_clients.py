"""Other people's Python libraries as clients of the running server; commands have a file of their own."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import extruct
import pandas as pd
import pyoxigraph
import pyshacl
import pytest
import rdflib
import reconciler
import SPARQLWrapper as Wrapper
from rdflib.namespace import RDF, SKOS
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from kgcompare import resources

pytestmark = [  # rdflib warns of itself
    pytest.mark.slow,
    pytest.mark.filterwarnings(r"ignore:Dataset\.(default_context|identifier) is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
]
ID = "https://w3id.org/kgcompare/id/"
KGC = rdflib.Namespace("https://w3id.org/kgcompare/ns#")
LASSO, LINEAR = rdflib.URIRef(ID + "method/lasso"), rdflib.URIRef(ID + "method/linear-regression")
PAIR = "?method=lasso&method=ridge-regression"
ADDRESSES = (
    ("/method/lasso", ""),
    ("/source/tibshirani-1996-regression-shrinkage-and-selection", ""),
    ("/compare", PAIR),
    ("/dataset", ""),
    ("/ns", ""),
    ("/shapes", ""),
)
NAMES = f"SELECT ?name {{ <{LASSO}> <{SKOS.prefLabel}> ?name }} ORDER BY LANG(?name)"
STATEMENTS = f"CONSTRUCT WHERE {{ <{LASSO}> ?p ?o }}"
METHODS = len(list((resources.folder("data") / "methods").glob("*.ttl")))


def fetch(address: str, accept: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept": accept}), timeout=120) as response:
        return bytes(response.read())


def canonical(triples: Iterable[pyoxigraph.Triple]) -> pyoxigraph.Dataset:
    """Statements with blank nodes named after what is said of them, so that they can be compared."""
    found = pyoxigraph.Dataset(pyoxigraph.Quad(t.subject, t.predicate, t.object) for t in triples)
    found.canonicalize(pyoxigraph.CanonicalizationAlgorithm.UNSTABLE)
    return found


def said_at(address: str) -> pyoxigraph.Dataset:
    """What an address says, by way of N-Triples."""
    quads = pyoxigraph.parse(fetch(address, "application/n-triples"), pyoxigraph.RdfFormat.N_TRIPLES)
    return canonical(quad.triple for quad in quads)


def of_rdflib(dataset: rdflib.Dataset) -> pyoxigraph.Dataset:
    """The statements of all graphs together."""
    graph = rdflib.Graph()
    for s, p, o, _ in dataset.quads():
        graph.add((s, p, o))
    text = graph.serialize(format="nt", encoding="utf-8")
    return canonical(quad.triple for quad in pyoxigraph.parse(text, pyoxigraph.RdfFormat.N_TRIPLES))


# -- rdflib --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "query"), ADDRESSES)
def test_rdflib_reads_every_format(site: str, path: str, query: str) -> None:
    whole = said_at(site + path + query)
    assert len(whole) > 15
    for form in ("turtle", "xml", "nt", "n3", "trig", "json-ld"):  # it says so in Accept, but for N-Quads
        assert of_rdflib(rdflib.Dataset().parse(site + path + query, format=form)) == whole, form
    for suffix in ("ttl", "rdf", "nt", "nq", "trig", "jsonld") if path in {"/method/lasso", "/compare"} else ():
        assert of_rdflib(rdflib.Dataset().parse(f"{site}{path}.{suffix}{query}")) == whole, suffix  # by Content-Type


def test_rdflib_follows_an_identifier(site: str) -> None:
    graph = rdflib.Graph().parse(f"{site}/id/method/lasso")
    assert (LASSO, RDF.type, KGC.Method) in graph


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_sparqlstore_is_a_graph(site: str, method: str, form: str) -> None:
    graph = rdflib.Graph(SPARQLStore(f"{site}/sparql", method=method, returnFormat=form))
    assert [str(row[0].language) for row in graph.query(NAMES)] == ["en", "fr"]  # type: ignore[index,union-attr]
    assert {LINEAR} <= set(graph.objects(LASSO, KGC.extends))
    assert len(list(graph.subjects(RDF.type, KGC.Method))) == METHODS
    assert graph.query(f"ASK {{ <{LASSO}> a <{KGC.Method}> }}").askAnswer is True
    if form == "xml":  # with another one it asks for statements in a format of results
        assert (LASSO, RDF.type, KGC.Method) in graph.query(STATEMENTS).graph  # type: ignore[operator]


def test_rdflib_joins_a_document_with_the_endpoint(site: str) -> None:
    # It finds SERVICE at the beginning of a line only.
    rows = (
        rdflib.Graph()
        .parse(f"{site}/method/lasso")
        .query(
            f"""SELECT ?name WHERE {{
          <{LASSO}> <{KGC.extends}> ?other .
          SERVICE <{site}/sparql>
          {{ ?other <{SKOS.prefLabel}> ?name FILTER (LANG(?name) = "fr") }}
        }}"""
        )
    )
    assert [str(row[0]) for row in rows] == ["Régression linéaire (moindres carrés)"]  # type: ignore[index]


# -- SPARQLWrapper -------------------------------------------------------------------------------------


def wrapped(site: str, query: str, form: str, **settings: str) -> Any:
    """What SPARQLWrapper makes of an answer; it warns where it is not in the format that it asked for."""
    wrapper = Wrapper.SPARQLWrapper(f"{site}/sparql")
    wrapper.setQuery(query)
    wrapper.setReturnFormat(form)
    wrapper.setMethod(settings.get("method", Wrapper.GET))
    wrapper.setRequestMethod(settings.get("how", Wrapper.URLENCODED))
    wrapper.setTimeout(30)
    return wrapper.queryAndConvert()


def test_sparqlwrapper_reads_solutions(site: str) -> None:
    found = wrapped(site, NAMES, Wrapper.JSON)
    assert [row["name"] for row in found["results"]["bindings"]] == [
        {"type": "literal", "value": "Lasso", "xml:lang": lang} for lang in ("en", "fr")
    ]
    literals = wrapped(site, NAMES, Wrapper.XML).getElementsByTagName("literal")
    assert [node.getAttribute("xml:lang") for node in literals] == ["en", "fr"]
    assert wrapped(site, NAMES, Wrapper.CSV) == b"name\r\nLasso\r\nLasso\r\n"
    assert wrapped(site, NAMES, Wrapper.TSV) == b'?name\n"Lasso"@en\n"Lasso"@fr\n'


@pytest.mark.parametrize(
    ("form", "syntax"),
    [("turtle", "turtle"), ("n3", "n3"), ("rdf+xml", None), ("json-ld", None)],  # it parses the last two itself
)
def test_sparqlwrapper_reads_statements(site: str, form: str, syntax: str | None) -> None:
    found = wrapped(site, STATEMENTS, form)
    graph = rdflib.Graph().parse(found, format=syntax) if syntax else found
    assert {str(o) for o in graph.objects(LASSO, SKOS.prefLabel)} == {"Lasso"}


@pytest.mark.parametrize("how", [Wrapper.URLENCODED, Wrapper.POSTDIRECTLY])
def test_sparqlwrapper_posts_long_queries(site: str, how: str) -> None:
    others = " ".join(f"<{ID}method/no-{number}>" for number in range(500))
    query = f"SELECT ?m {{ VALUES ?m {{ {others} <{LASSO}> }} ?m a <{KGC.Method}> }}"
    found = wrapped(site, query, Wrapper.JSON, method=Wrapper.POST, how=how)
    assert [row["m"]["value"] for row in found["results"]["bindings"]] == [str(LASSO)]


def test_sparqlwrapper_says_what_is_wrong(site: str) -> None:
    with pytest.raises(Wrapper.SPARQLExceptions.QueryBadFormed, match="400"):
        wrapped(site, "SELECT nonsense", Wrapper.JSON)


# -- pandas --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared(site: str) -> Any:
    """The comparison as JSON."""
    return json.loads(fetch(f"{site}/compare.json{PAIR}&lang=fr", "*/*"))


def test_pandas_reads_the_table(site: str, compared: Any) -> None:
    by_suffix = pd.read_csv(f"{site}/compare.csv{PAIR}&lang=fr", index_col="row")
    by_accept = pd.read_csv(f"{site}/compare{PAIR}&lang=fr", index_col="row", storage_options={"Accept": "text/csv"})
    with_tabs = pd.read_csv(f"{site}/compare.tsv{PAIR}&lang=fr", index_col="row", sep="\t")
    assert list(by_suffix.columns) == ["differs", "lasso", "ridge-regression"]
    assert list(by_suffix.index) == [row["id"] for row in compared["rows"]]
    assert list(by_suffix["lasso"]) == [row["cells"][0]["text"] for row in compared["rows"]]
    assert by_suffix.equals(by_accept)
    assert by_suffix.equals(with_tabs)


def test_pandas_reads_the_page(site: str, compared: Any) -> None:
    (frame,) = pd.read_html(f"{site}/compare{PAIR}&lang=fr")
    assert list(frame.columns)[1:] == [method["label"] for method in compared["methods"]]
    labels = [row["label"] for row in compared["rows"]]
    frame = frame[[any(label in str(head) for label in labels) for head in frame.iloc[:, 0]]]  # not what groups rows
    assert len(frame) == len(compared["rows"])
    for row, shown in zip(compared["rows"], frame.itertuples(index=False), strict=True):
        assert row["label"] in shown[0]
        if row["kind"] == "value" and row["id"] != "founding-source":  # that has a link to its page as well
            for text, cell in zip(shown[1:], row["cells"], strict=True):  # with what explains it
                assert all(value["text"] in text for value in cell["values"]), row["id"]


def test_pandas_reads_lists_and_solutions(site: str) -> None:
    assert "lasso" in set(pd.read_json(f"{site}/suggest?q=lasso")["id"])
    things = pd.DataFrame(pd.read_json(f"{site}/methods.json?q=lasso", typ="series")["things"])
    assert "lasso" in set(things["id"])
    query = urlencode({"query": f"SELECT ?m {{ ?m a <{KGC.Method}> }}", "format": "csv"})
    assert len(pd.read_csv(f"{site}/sparql?{query}")) == METHODS


# -- extruct -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "kind", "subject"),
    [
        ("/method/lasso", "DefinedTerm", str(LASSO)),
        (ADDRESSES[1][0], "ScholarlyArticle", ID + ADDRESSES[1][0].lstrip("/")),
        ("/dataset", "Dataset", "https://w3id.org/kgcompare/dataset"),
        ("/compare" + PAIR, "WebPage", "{site}/compare" + PAIR),
    ],
)
def test_extruct_finds_what_a_page_is_about(site: str, address: str, kind: str, subject: str) -> None:
    page = fetch(site + address, "*/*")
    found = extruct.extract(page, base_url=site + address, syntaxes=["json-ld", "opengraph"])
    (about,) = found["json-ld"]
    assert about["@context"] == "https://schema.org"
    assert (about["@type"], about["@id"]) == (kind, subject.format(site=site))
    (shown,) = found["opengraph"]
    properties = dict(shown["properties"])
    assert properties["og:url"] == site + address
    assert properties["og:title"]


# -- pySHACL -------------------------------------------------------------------------------------------


def documents(site: str) -> rdflib.Graph:
    """A record and the records that it names, each from its address."""
    graph = rdflib.Graph().parse(f"{site}/method/lasso")
    for thing in {str(term) for triple in graph for term in triple if str(term).startswith(ID)}:
        graph.parse(f"{site}/{thing.removeprefix(ID)}")
    return graph


def test_pyshacl_finds_nothing_wrong_with_a_record(site: str) -> None:
    graph = documents(site)
    conforms, _, text = pyshacl.validate(graph, shacl_graph=f"{site}/shapes", focus_nodes=[LASSO], allow_warnings=True)
    assert conforms, text
    graph.remove((LASSO, SKOS.prefLabel, None))
    conforms, report, _ = pyshacl.validate(
        graph, shacl_graph=f"{site}/shapes", focus_nodes=[LASSO], allow_warnings=True
    )
    assert not conforms
    assert SKOS.prefLabel in set(report.objects(None, rdflib.SH.resultPath))


@pytest.mark.parametrize("suffix", ["ttl", "jsonld"])
def test_pyshacl_takes_data_and_shapes_by_address(site: str, suffix: str) -> None:
    _, report, _ = pyshacl.validate(f"{site}/method/lasso.{suffix}", shacl_graph=f"{site}/shapes.{suffix}")
    wrong = set(report.objects(None, rdflib.SH.sourceConstraintComponent))
    # A record alone does not say what the things are that it names; nothing else is wrong with it.
    assert wrong == {rdflib.SH.ClassConstraintComponent, rdflib.SH.OrConstraintComponent}


# -- reconciler ----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.drop is deprecated")  # it uses that
def test_reconciler_finds_the_methods_of_a_column(site: str) -> None:
    things = json.loads(fetch(f"{site}/methods.json?lang=fr&limit=12", "*/*"))["things"]  # it sends ten at a time
    names = pd.DataFrame({"name": [thing["label"] for thing in things], "what": "method"})
    found = reconciler.reconcile(names["name"], type_id="method", reconciliation_endpoint=f"{site}/reconcile")
    assert dict(zip(found["input_value"], found["id"], strict=True)) == {
        thing["label"]: f"method/{thing['id']}" for thing in things
    }
    assert found["match"].all()
    assert set(found["type_id"]) == {"method"}


@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.drop is deprecated")
def test_reconciler_tells_candidates_apart_by_a_property(site: str) -> None:
    table = pd.DataFrame({"name": ["regression"], "family": ["Statistics"]})
    settings = {"type_id": "method", "top_res": 1, "reconciliation_endpoint": f"{site}/reconcile"}
    found = reconciler.reconcile(table["name"], property_mapping={"family": table["family"]}, **settings)
    (best,) = found["id"]
    assert (rdflib.URIRef(ID + best), KGC.family, rdflib.URIRef(ID + "family/statistics")) in (
        rdflib.Graph().parse(f"{site}/{best}")
    )
