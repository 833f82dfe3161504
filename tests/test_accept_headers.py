"""What programs and browsers get that say what they want as they really say it.

The headers were recorded from the clients themselves, but for Safari's, which is the one that its maker's
engine is known to send.
"""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

HTML, TTL, JSONLD, JSON = "text/html", "text/turtle", "application/ld+json", "application/json"
NT, NQ, TRIG, RDF = "application/n-triples", "application/n-quads", "application/trig", "application/rdf+xml"
RESULTS_JSON, RESULTS_XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv", "text/tab-separated-values"
REFUSED = "406 application/problem+json"

CHROMIUM = (  # Chromium 156, a page
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"  # Firefox 153, a page; Safari the same
OLDER_FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"  # Firefox 92
ANYTHING = "*/*"  # curl 7.88, wget 1.21, requests 2.34 (and so extruct and reconciler), fetch() everywhere
NOTHING = None  # pandas 3.1, and whatever else opens addresses by urllib
AXIOS = "application/json, text/plain, */*"  # axios 1.21
RDFLIB = (  # rdflib 7.6, Graph().parse(address), and with format="nquads"
    "application/rdf+xml, text/n3, text/turtle, application/n-triples, application/ld+json, application/n-quads, "
    "application/trix, application/trig"
)
RDFLIB_TURTLE = "text/turtle, application/x-turtle, */*;q=0.1"  # rdflib 7.6, format="turtle", and LOAD
RDFLIB_XML = "application/rdf+xml, */*;q=0.1"
RDFLIB_NT = "text/plain, */*;q=0.1"
RDFLIB_N3 = "text/n3, */*;q=0.1"
RDFLIB_TRIG = "application/trig, */*;q=0.1"
RDFLIB_JSON_LD = "application/ld+json, application/json;q=0.9, */*;q=0.1"
PYSHACL = "text/turtle, application/rdf+xml, application/ld+json, application/n-triples, text/plain"  # pySHACL 0.40
RAPPER = (  # rapper 2.0.15 -g, and roqet 0.9.33 for what stands in FROM and behind -D
    "application/rdf+xml, text/rdf;q=0.6, application/n-triples, text/plain;q=0.1, text/turtle, application/x-turtle, "
    "application/turtle, text/n3;q=0.3, text/rdf+n3;q=0.3, application/rdf+n3;q=0.3, application/x-trig, "
    "application/rss;q=0.8, application/rss+xml;q=0.8, text/rss;q=0.8, application/xml;q=0.3, text/xml;q=0.3, "
    "application/atom+xml;q=0.3, text/html;q=0.2, application/xhtml+xml;q=0.4, text/html;q=0.6, "
    "application/xhtml+xml;q=0.8, application/json;q=0.1, text/json;q=0.1, text/x-nquads, */*;q=0.1"
)
RAPPER_TURTLE = (  # rapper 2.0.15 -i turtle
    "text/turtle, application/x-turtle, application/turtle, text/n3;q=0.3, text/rdf+n3;q=0.3, "
    "application/rdf+n3;q=0.3, */*;q=0.1"
)
RAPPER_XML = "application/rdf+xml, text/rdf;q=0.6, */*;q=0.1"
RAPPER_NT = "application/n-triples, text/plain;q=0.1, */*;q=0.1"
RAPPER_NQ = "text/x-nquads, */*;q=0.1"
RAPPER_TRIG = "application/x-trig, */*;q=0.1"
COMUNICA = (  # Comunica 4.5 and 5.4, a source of which it does not know yet what it is
    "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,"
    "text/turtle;q=0.6,application/rdf+xml;q=0.5,text/n3;q=0.35,application/xml;q=0.3,image/svg+xml;q=0.3,"
    "text/xml;q=0.3,text/html;q=0.2,application/xhtml+xml;q=0.18,application/json;q=0.135,text/shaclc;q=0.1,"
    "text/shaclc-ext;q=0.05"
)


class Page(NamedTuple):
    """An ``Accept`` header and what it gets: of a record, of a comparison, of the endpoint without a query."""

    accept: str | None
    record: str
    comparison: str
    endpoint: str


PAGES = {
    "Chromium": Page(CHROMIUM, HTML, HTML, HTML),
    "Firefox and Safari": Page(FIREFOX, HTML, HTML, HTML),
    "older Firefox": Page(OLDER_FIREFOX, HTML, HTML, HTML),
    "curl": Page(ANYTHING, HTML, HTML, TTL),
    "pandas": Page(NOTHING, HTML, HTML, TTL),
    "axios": Page(AXIOS, JSON, JSON, TTL),
    "rdflib": Page(RDFLIB, TTL, TTL, TTL),
    "rdflib turtle": Page(RDFLIB_TURTLE, TTL, TTL, TTL),
    "rdflib xml": Page(RDFLIB_XML, RDF, RDF, RDF),
    "rdflib nt": Page(RDFLIB_NT, NT, NT, NT),
    "rdflib n3": Page(RDFLIB_N3, TTL, TTL, TTL),
    "rdflib trig": Page(RDFLIB_TRIG, TRIG, TRIG, TRIG),
    "rdflib json-ld": Page(RDFLIB_JSON_LD, JSONLD, JSONLD, JSONLD),
    "pySHACL": Page(PYSHACL, TTL, TTL, TTL),
    "rapper": Page(RAPPER, TTL, TTL, TTL),
    "rapper turtle": Page(RAPPER_TURTLE, TTL, TTL, TTL),
    "rapper rdfxml": Page(RAPPER_XML, RDF, RDF, RDF),
    "rapper ntriples": Page(RAPPER_NT, NT, NT, NT),
    "rapper nquads": Page(RAPPER_NQ, NQ, NQ, NQ),
    "rapper trig": Page(RAPPER_TRIG, TRIG, TRIG, TRIG),
    "Comunica": Page(COMUNICA, NQ, NQ, NQ),
}


class Asked(NamedTuple):
    """An ``Accept`` header and what it gets as the answer to SELECT and to CONSTRUCT; None where it is never sent."""

    accept: str | None
    select: str | None
    construct: str | None


QUERIES = {
    "Chromium": Asked(CHROMIUM, HTML, HTML),
    "Firefox and Safari": Asked(FIREFOX, HTML, HTML),
    "curl": Asked(ANYTHING, RESULTS_JSON, TTL),  # also SPARQLWrapper 2.0 where the form of the query has no such format
    "pandas": Asked(NOTHING, RESULTS_JSON, TTL),
    "axios": Asked(AXIOS, RESULTS_JSON, TTL),
    "rdflib SERVICE": Asked("application/sparql-results+json", RESULTS_JSON, None),  # also SPARQLStore(returnFormat=)
    "SPARQLStore": Asked("application/rdf+xml, application/sparql-results+xml", RESULTS_XML, RDF),  # rdflib 7.6
    "SPARQLStore csv": Asked("text/csv", CSV, None),
    "SPARQLStore tsv": Asked("text/tab-separated-values", TSV, None),
    "SPARQLWrapper JSON": Asked(  # SPARQLWrapper 2.0
        "application/sparql-results+json,application/json,text/javascript,application/javascript", RESULTS_JSON, None
    ),
    "SPARQLWrapper TURTLE": Asked("application/turtle,text/turtle", None, TTL),
    "SPARQLWrapper N3": Asked(
        "application/turtle,text/turtle,text/rdf+n3,application/n-triples,application/n3,text/n3", None, TTL
    ),
    "SPARQLWrapper RDFXML": Asked("application/rdf+xml", None, RDF),
    "SPARQLWrapper JSONLD": Asked("application/ld+json,application/x-json+ld", None, JSONLD),
    "Comunica SELECT": Asked(
        "application/sparql-results+json;q=1.0,application/sparql-results+xml;q=0.7", RESULTS_JSON, None
    ),
    "Comunica CONSTRUCT": Asked("text/turtle", None, TTL),
    "roqet": Asked("application/sparql-results+xml", RESULTS_XML, REFUSED),  # 0.9.33 says so whatever it asks
}
FORMS = {"select": "SELECT ?s { ?s ?p ?o } LIMIT 1", "construct": "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 1"}


def media_type(site: str, path: str, accept: str | None) -> str:
    """The media type of an answer; before it the status of one that went wrong."""
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=120)
    with closing(connection):
        connection.request("GET", path, headers={"Accept": accept} if accept else {})
        response = connection.getresponse()
        found = response.headers.get_content_type()
        return found if response.status == 200 else f"{response.status} {found}"


@pytest.mark.parametrize("client", PAGES)
def test_addresses(site: str, client: str) -> None:
    page = PAGES[client]
    got = [
        media_type(site, address, page.accept)
        for address in ("/method/lasso", "/compare?method=lasso&method=ridge-regression", "/sparql")
    ]
    assert got == list(page[1:])


@pytest.mark.parametrize("client", QUERIES)
def test_queries(site: str, client: str) -> None:
    asked = QUERIES[client]
    wanted = {form: media for form, media in (("select", asked.select), ("construct", asked.construct)) if media}
    got = {form: media_type(site, "/sparql?" + urlencode({"query": FORMS[form]}), asked.accept) for form in wanted}
    assert got == wanted
