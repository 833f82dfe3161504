"""Other people's commands as clients of the running server: rapper and roqet of Redland, and Comunica."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path

import pyoxigraph
import pytest
from rdflib.namespace import SKOS

from serving import missing
from test_foreign_clients import ADDRESSES, ID, KGC, LASSO, METHODS, NAMES, PAIR, STATEMENTS, canonical, said_at

pytestmark = pytest.mark.slow
COMUNICA = Path(__file__).parent / "clients/node_modules/.bin/comunica-sparql"
DOMAINS = """
PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT DISTINCT ?domain WHERE { ?method a <https://w3id.org/kgcompare/ns#Method> ; dcterms:subject ?domain }"""


def run(*command: str) -> str:
    """What a command says; it fails where it ends badly."""
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- rapper --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rapper() -> str:
    return shutil.which("rapper") or missing("rapper is not installed (apt-get install raptor2-utils)")


@pytest.mark.parametrize(("path", "query"), ADDRESSES)
@pytest.mark.parametrize("syntax", ["guess", "turtle", "rdfxml", "ntriples", "nquads", "trig"])
def test_rapper_reads_an_address(site: str, rapper: str, path: str, query: str, syntax: str) -> None:
    text = run(rapper, "-q", "-i", syntax, site + path + query)
    found = pyoxigraph.parse(text.encode(), pyoxigraph.RdfFormat.N_TRIPLES)
    assert canonical(quad.triple for quad in found) == said_at(site + path + query)


# -- roqet ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def roqet() -> str:
    return shutil.which("roqet") or missing("roqet is not installed (apt-get install rasqal-utils)")


def test_roqet_asks_the_endpoint(site: str, roqet: str) -> None:
    assert run(roqet, "-q", "-r", "csv", "-p", f"{site}/sparql", "-e", NAMES).split() == ["name", "Lasso", "Lasso"]


def test_roqet_asks_our_documents(site: str, roqet: str) -> None:
    sources = "".join(f"FROM <{site}/method/{slug}>\n" for slug in ("lasso", "transfer-learning-gan"))
    lines = run(roqet, "-q", "-r", "csv", "-e", DOMAINS.replace("WHERE", sources + "WHERE")).splitlines()
    assert {row["domain"] for row in csv.DictReader(lines)} == {ID + "domain/statistics", ID + "domain/deep-learning"}


def test_roqet_joins_a_document_with_the_endpoint(site: str, roqet: str) -> None:
    query = f"""SELECT ?name FROM <{site}/method/lasso> WHERE {{
      <{LASSO}> <{KGC.extends}> ?other
      SERVICE <{site}/sparql> {{ ?other <{SKOS.prefLabel}> ?name FILTER (LANG(?name) = "fr") }}
    }}"""
    assert run(roqet, "-q", "-r", "csv", "-e", query).splitlines() == ["name", "Régression linéaire (moindres carrés)"]


# -- Comunica ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comunica() -> str:
    if not COMUNICA.exists() or shutil.which("node") is None:
        missing("Comunica is not installed (npm ci --prefix tests/clients)")
    return str(COMUNICA)


def solutions(command: str, query: str, *arguments: str) -> list[dict[str, dict[str, str]]]:
    """The solutions that Comunica finds, in the terms of SPARQL's JSON."""
    text = run(command, *arguments, "-q", query, "-t", "application/sparql-results+json")
    bindings: list[dict[str, dict[str, str]]] = json.loads(text)["results"]["bindings"]
    return bindings


@pytest.mark.parametrize("source", ["sparql@{}/sparql", "{}/sparql"])
def test_comunica_asks_the_endpoint(site: str, comunica: str, source: str) -> None:
    query = f"""SELECT ?name (COUNT(DISTINCT ?m) AS ?methods) {{
      <{LASSO}> <{SKOS.prefLabel}> ?name . ?m a <{KGC.Method}> }} GROUP BY ?name"""
    found = solutions(comunica, query, source.format(site))
    assert {row["name"]["xml:lang"] for row in found} == {"en", "fr"}
    assert {row["methods"]["value"] for row in found} == {str(METHODS)}


def test_comunica_asks_for_statements(site: str, comunica: str) -> None:
    text = run(comunica, f"sparql@{site}/sparql", "-q", STATEMENTS, "-t", "application/n-triples")
    assert f'<{LASSO}> <{SKOS.prefLabel}> "Lasso"@fr .' in text.splitlines()


def test_comunica_asks_our_documents(site: str, comunica: str) -> None:
    kinds = {
        KGC + "Method": "/method/lasso",
        "http://purl.org/ontology/bibo/AcademicArticle": ADDRESSES[1][0],
        "http://purl.org/linked-data/cube#DataSet": "/compare" + PAIR,
        "http://www.w3.org/ns/dcat#Dataset": "/dataset",
        "http://www.w3.org/2002/07/owl#Ontology": "/ns",
        "http://www.w3.org/ns/shacl#NodeShape": "/shapes",
    }
    query = f"SELECT DISTINCT ?kind {{ VALUES ?kind {{ <{'> <'.join(kinds)}> }} ?thing a ?kind }}"
    found = {row["kind"]["value"] for row in solutions(comunica, query, *(site + path for path in kinds.values()))}
    assert {kinds[kind] for kind in kinds if kind not in found} == set(), "nothing was found at these addresses"


def test_comunica_asks_documents_of_every_format(site: str, comunica: str) -> None:
    slugs = ["lasso", "ridge-regression", "elastic-net", "dropout", "cross-validation", "linear-regression"]
    suffixes = ["ttl", "jsonld", "nt", "rdf", "nq", "trig"]
    sources = [f"{site}/method/{slug}.{suffix}" for slug, suffix in zip(slugs, suffixes, strict=True)]
    query = f"""SELECT DISTINCT ?m {{ {{ ?m a <{KGC.Method}> }} UNION {{ GRAPH ?g {{ ?m a <{KGC.Method}> }} }} }}"""
    found = {row["m"]["value"] for row in solutions(comunica, query, *sources)}
    assert found == {f"{ID}method/{slug}" for slug in slugs}


def test_comunica_joins_documents_with_the_endpoint(site: str, comunica: str) -> None:
    # What is compared only the comparison says, and when it began only the endpoint.
    query = f"""SELECT DISTINCT ?m ?year {{
      ?cell <{KGC.comparedMethod}> ?m . ?m <{KGC.originStart}> ?year }}"""
    found = solutions(comunica, query, f"{site}/compare.ttl{PAIR}", f"sparql@{site}/sparql")
    assert {(row["m"]["value"], row["year"]["value"]) for row in found} == {
        (str(LASSO), "1996"),
        (f"{ID}method/ridge-regression", "1962"),
    }
