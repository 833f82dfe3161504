"""What pages say of themselves to programs: addresses, JSON-LD and citation tags, read as others read them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from lxml import html

from browsing import Open
from kgcompare import ingest
from kgcompare.text.languages import interface_languages
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BASE = "https://w3id.org/kgcompare/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
HERE = "http://localhost"
EVIL = "</script><script>alert(1)</script><!--<script>\"'&amp;\u2028\\"
SOURCES = """
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix bibo: <http://purl.org/ontology/bibo/> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix schema: <https://schema.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://w3id.org/kgcompare/> .
<id/method/one> a kgc:Method ; skos:prefLabel "One"@en, "Un"@fr ; skos:altLabel "1"@en ;
    skos:definition "The first."@en ; kgc:foundingSource <id/source/article> ;
    skos:exactMatch <http://www.wikidata.org/entity/Q1>, <urn:x> .
<doc/method/one> dcterms:created "2026-11-22"^^xsd:date ; dcterms:license <CC0> .
<id/method/evil> a kgc:Method ; skos:prefLabel "EVIL"@en ; skos:definition "EVIL"@en ;
    kgc:foundingSource <id/source/evil> .
<id/source/evil> a bibo:Document, bibo:Book ; dcterms:title "EVIL" ; dcterms:publisher "EVIL" ; dcterms:issued "EVIL" ;
    bibo:authorList ( "EVIL" ) ; bibo:doi "EVIL" ; bibo:uri "javascript:alert(1)"^^xsd:anyURI .
<id/agent/ada> a foaf:Person ; foaf:name "Ada Berg" ; foaf:familyName "Berg" ; foaf:givenName "Ada" ;
    schema:sameAs <https://orcid.org/0000-0000-0000-0001> .
<id/agent/group> a foaf:Organization ; foaf:name "A Group" .
<id/source/article> a bibo:Document, bibo:AcademicArticle, schema:ScholarlyArticle ; dcterms:title "On nets" ;
    dcterms:issued "2014-06"^^edtf:EDTF ; bibo:authorList ( <id/agent/ada> <id/agent/group> "Somebody" ) ;
    dcterms:isPartOf [ a bibo:Journal ; dcterms:title "Journal of Nets" ] ; bibo:volume "2" ; bibo:issue "3" ;
    bibo:pages "5–9" ; bibo:doi "10.1000/182" .
<id/source/paper> a bibo:Document, bibo:AcademicArticle ; dcterms:title "A paper" ; dcterms:issued "2014~"^^edtf:EDTF ;
    dcterms:isPartOf [ a bibo:Proceedings ; dcterms:title "Proceedings" ] ; bibo:pages "7" .
<id/source/chapter> a bibo:Document, bibo:Chapter ; dcterms:title "A chapter" ; bibo:editorList ( <id/agent/ada> ) ;
    dcterms:isPartOf [ a bibo:Book ; dcterms:title "A Book" ] ; dcterms:publisher "Press" .
<id/source/thesis> a bibo:Document, bibo:Thesis ; dcterms:title "A thesis" ; dcterms:publisher "A University" .
<id/domain/nets> a skos:Concept ; skos:prefLabel "Nets"@en ; skos:inScheme <id/scheme/domain> .
<id/scheme/domain> a skos:ConceptScheme ; skos:prefLabel "Fields"@en .
"""


def store_of(folder: Path) -> Path:
    text = SOURCES.replace("EVIL", EVIL.replace("\\", "\\\\").replace('"', '\\"')).replace("<CC0>", f"<{CC0}>")
    (folder / "sources.ttl").write_text(text, encoding="utf-8")
    ingest.create_store(folder / "store")
    ingest.import_files(folder / "store", [folder / "sources.ttl"], ingest.Options(trust=True))
    return folder / "store"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_of(tmp_path_factory.mktemp("metadata"))


@pytest.fixture(scope="module")
def client(store: Path) -> FlaskClient:
    return create_app(Settings(store=store)).test_client()


def page(client: FlaskClient, path: str, **headers: str) -> Any:
    answer = client.get(path, headers={"Accept": "text/html", **headers})
    assert answer.mimetype == "text/html"
    return html.document_fromstring(answer.get_data(as_text=True))


def linked_data(client: FlaskClient, path: str) -> dict[str, Any]:
    """The one data block of a page."""
    (block,) = page(client, path).xpath("//script[@type='application/ld+json']")
    found: dict[str, Any] = json.loads(block.text)
    assert found.pop("@context") == "https://schema.org"
    return found


def tags(client: FlaskClient, path: str) -> list[tuple[str, str]]:
    found = page(client, path).xpath("//meta[starts-with(@name, 'citation_')]")
    return [(tag.get("name").removeprefix("citation_"), tag.get("content")) for tag in found]


# -- JSON-LD -------------------------------------------------------------------------------------------


def test_a_method_is_a_defined_term(client: FlaskClient) -> None:
    found = linked_data(client, "/method/one?lang=fr")
    about = found.pop("mainEntityOfPage")
    terms = found.pop("inDefinedTermSet")
    assert found == {
        "@type": "DefinedTerm",
        "@id": BASE + "id/method/one",
        "url": f"{HERE}/method/one",
        "name": {"@value": "Un", "@language": "fr"},
        "alternateName": [{"@value": "1", "@language": "en"}],
        "description": {"@value": "The first.", "@language": "en"},
        "sameAs": ["http://www.wikidata.org/entity/Q1"],
        "termCode": "one",
        "subjectOf": [
            {
                "@type": "ScholarlyArticle",
                "@id": BASE + "id/source/article",
                "name": "On nets",
                "url": f"{HERE}/source/article",
            }
        ],
    }
    assert (terms["@type"], terms["@id"]) == ("DefinedTermSet", linked_data(client, "/dataset")["@id"])
    assert about["@id"] == about["url"] == f"{HERE}/method/one?lang=fr"
    assert (about["@type"], about["inLanguage"], about["license"]) == ("WebPage", "fr", [CC0])
    assert about["dateCreated"] == "2026-11-22"
    assert "dateModified" not in about


def test_an_article_with_its_authors_and_its_journal(client: FlaskClient) -> None:
    found = linked_data(client, "/source/article")
    found.pop("mainEntityOfPage")
    assert found == {
        "@type": "ScholarlyArticle",
        "@id": BASE + "id/source/article",
        "url": f"{HERE}/source/article",
        "name": "On nets",
        "author": [
            {
                "@type": "Person",
                "@id": BASE + "id/agent/ada",
                "url": f"{HERE}/agent/ada",
                "name": "Ada Berg",
                "familyName": "Berg",
                "givenName": "Ada",
            },
            {"@type": "Organization", "@id": BASE + "id/agent/group", "url": f"{HERE}/agent/group", "name": "A Group"},
            "Somebody",
        ],
        "datePublished": "2014-06",
        "isPartOf": {
            "@type": "PublicationIssue",
            "issueNumber": "3",
            "isPartOf": {
                "@type": "PublicationVolume",
                "volumeNumber": "2",
                "isPartOf": {"@type": "Periodical", "name": "Journal of Nets"},
            },
        },
        "pageStart": "5",
        "pageEnd": "9",
        "identifier": {"@type": "PropertyValue", "propertyID": "DOI", "value": "10.1000/182"},
        "sameAs": "https://doi.org/10.1000/182",
    }


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/source/paper", {"@type": "ScholarlyArticle", "pagination": "7"}),
        ("/source/chapter", {"@type": "Chapter", "isPartOf": {"@type": "Book", "name": "A Book"}}),
        ("/source/thesis", {"@type": "Thesis", "publisher": {"@type": "Organization", "name": "A University"}}),
        ("/agent/ada", {"@type": "Person", "familyName": "Berg", "sameAs": ["https://orcid.org/0000-0000-0000-0001"]}),
        ("/agent/group", {"@type": "Organization", "name": "A Group"}),
        ("/domain/nets", {"@type": "DefinedTerm", "termCode": "nets"}),
        ("/dataset", {"@type": "Dataset", "license": [CC0], "isAccessibleForFree": True}),
        ("/", {"@type": "WebSite", "name": "Catalogue"}),
    ],
)
def test_kinds_of_thing(client: FlaskClient, path: str, said: dict[str, Any]) -> None:
    assert linked_data(client, path).items() >= said.items()


def test_a_concept_stands_in_its_scheme(client: FlaskClient) -> None:
    assert linked_data(client, "/domain/nets")["inDefinedTermSet"] == {
        "@type": "DefinedTermSet",
        "@id": BASE + "id/scheme/domain",
        "name": {"@value": "Fields", "@language": "en"},
    }


def test_only_dates_that_are_recorded_as_such(client: FlaskClient) -> None:
    assert "datePublished" not in linked_data(client, "/source/paper")
    assert "publication_date" not in dict(tags(client, "/source/paper"))


def test_a_comparison_lists_its_methods_and_sources(client: FlaskClient) -> None:
    found = linked_data(client, "/compare?method=evil&method=one&swap=1")
    assert found["@type"] == "WebPage"
    assert found["url"] == f"{HERE}/compare?method=evil&method=one"
    listed = found["mainEntity"]
    assert (listed["@type"], listed["numberOfItems"]) == ("ItemList", 2)
    assert [(entry["position"], entry["item"]["@id"]) for entry in listed["itemListElement"]] == [
        (1, BASE + "id/method/evil"),
        (2, BASE + "id/method/one"),
    ]
    assert {entry["item"]["@type"] for entry in listed["itemListElement"]} == {"DefinedTerm"}
    assert [source["@id"] for source in found["citation"]] == [BASE + "id/source/evil", BASE + "id/source/article"]


@pytest.mark.parametrize("path", ["/method/evil", "/source/evil", "/compare?method=evil&method=one"])
def test_hostile_texts_stay_in_their_block(client: FlaskClient, path: str) -> None:
    found = page(client, path)
    assert [
        script.get("type") or re.sub(r"\.[0-9a-f]{16}\.", ".", script.get("src", "")) for script in found.iter("script")
    ] == [
        "/static/page.js",
        "application/ld+json",
    ]
    data = json.dumps(linked_data(client, path))
    assert json.dumps(EVIL) in data
    assert "javascript:" not in data
    for tag in found.xpath("//meta[@content]"):
        assert "javascript:" not in tag.get("content")


# -- citation tags -------------------------------------------------------------------------------------


def test_citation_tags_of_an_article(client: FlaskClient) -> None:
    assert tags(client, "/source/article") == [
        ("title", "On nets"),
        ("author", "Berg, Ada"),
        ("author", "A Group"),
        ("author", "Somebody"),
        ("publication_date", "2014/06"),
        ("journal_title", "Journal of Nets"),
        ("volume", "2"),
        ("issue", "3"),
        ("firstpage", "5"),
        ("lastpage", "9"),
        ("doi", "10.1000/182"),
    ]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/source/paper", [("title", "A paper"), ("conference_title", "Proceedings"), ("firstpage", "7")]),
        (
            "/source/chapter",
            [("title", "A chapter"), ("editor", "Berg, Ada"), ("inbook_title", "A Book"), ("publisher", "Press")],
        ),
        ("/source/thesis", [("title", "A thesis"), ("dissertation_institution", "A University")]),
        ("/method/one", []),
        ("/agent/ada", []),
    ],
)
def test_citation_tags_by_kind(client: FlaskClient, path: str, said: list[tuple[str, str]]) -> None:
    assert tags(client, path) == said


# -- addresses and descriptions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("/", "/"),
        ("/method/one", "/method/one"),
        ("/method/one?lang=fr&utm_source=x", "/method/one?lang=fr"),
        ("/method/one.html?format=html", "/method/one"),
        ("/compare.html?mark=words&method=one&swap=1&method=one&method=evil", "/compare?method=one&method=evil"),
        ("/compare?lang=fr&only=differences&method=one", "/compare?method=one&only=differences&lang=fr"),
        ("/methods?q=a%20%26b&utm_source=x&after=", "/methods?q=a+%26b"),
        ("/methods?q=" + quote(EVIL), "/methods?q=" + quote(EVIL, safe="").replace("%20", "+")),
    ],
)
def test_a_page_names_its_own_address(client: FlaskClient, asked: str, canonical: str) -> None:
    found = page(client, asked)
    assert found.xpath("//link[@rel='canonical']/@href") == [HERE + canonical]
    assert found.xpath("//meta[@property='og:url']/@content") == [HERE + canonical]
    there = {link.get("hreflang"): link.get("href") for link in found.xpath("//link[@rel='alternate'][@hreflang]")}
    assert set(there) == {*interface_languages(), "x-default"}
    assert "lang=" not in there["x-default"]
    for lang in interface_languages():
        assert there[lang].endswith(f"lang={lang}")
        assert page(client, there[lang]).get("lang") == lang


def test_addresses_are_those_that_the_client_used(store: Path) -> None:
    client = create_app(Settings(store=store, prefix="/library")).test_client()
    for host in ("one.example", "two.example:8080"):
        found = page(client, "/library/method/one", Host=host)
        assert found.xpath("//link[@rel='canonical']/@href") == [f"http://{host}/library/method/one"]


def test_a_page_that_is_not_there_has_no_address(client: FlaskClient) -> None:
    found = page(client, "/method/nothing")
    assert found.xpath("//link[@rel='canonical'] | //link[@hreflang] | //script[@type]") == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/method/one", "The first."),
        ("/source/thesis", "A thesis"),
        ("/compare?method=one&method=evil", "One"),
        ("/dataset", "A catalogue as linked data"),
        ("/", "A catalogue as linked data"),
    ],
)
def test_descriptions(client: FlaskClient, path: str, said: str) -> None:
    found = page(client, path)
    (shown,) = found.xpath("//meta[@name='description']/@content")
    assert said in shown
    assert found.xpath("//meta[@property='og:description']/@content") == [shown]
    assert found.xpath("//meta[@property='og:title']/@content") == found.xpath("//title/text()")


@pytest.mark.slow
def test_the_policy_of_the_page_lets_data_blocks_pass(visit: Open) -> None:
    opened = visit("/source/goodfellow-2014-generative-adversarial-nets")
    block = opened.locator("script[type='application/ld+json']").text_content()
    assert json.loads(block or "")["author"][0]["name"] == "Ian Goodfellow"
    assert opened.locator("link[rel=canonical]").evaluate("link => link.href") == opened.url
