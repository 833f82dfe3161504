"""What programs follow: Link headers, descriptions, vocabulary, shapes, context, and what crawlers read."""

from __future__ import annotations

import json
import re
import shutil
import urllib.robotparser
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from flask.testing import FlaskClient
from pyld import jsonld
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse
from werkzeug.test import TestResponse

from kgcompare import ingest, resources
from kgcompare.catalogue import Catalogue
from kgcompare.formats import FORMATS, RDF
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import KGC, iri
from kgcompare.rdf.syntaxes import SYNTAXES
from kgcompare.schema import vocabulary
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web import crawlers
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

SOURCE = "/source/tibshirani-1996-regression-shrinkage-and-selection"
PAIR = "/compare?method=lasso&method=ridge-regression&lang=fr"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


@pytest.fixture(scope="module")
def client(bundled_store: Path) -> FlaskClient:
    return create_app(Settings(store=bundled_store)).test_client()


@pytest.fixture(scope="module")
def small(small_store: Path) -> FlaskClient:
    return create_app(Settings(store=small_store)).test_client()


def get(client: FlaskClient, path: str, accept: str = "text/html", **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers={"Accept": accept, **sent})


def links(response: TestResponse) -> dict[str, list[tuple[str, str]]]:
    """Relation -> (target, media type) of a Link header; one link may have several relations (RFC 8288, 3.3)."""
    found: dict[str, list[tuple[str, str]]] = {}
    header = response.headers["Link"]
    pattern = r'<([^<>]*)>; rel="([a-z-]+(?: [a-z-]+)*)"(?:; type="([^"]*)")?'
    assert re.fullmatch(f"{pattern}(?:, {pattern})*", header), header
    for target, relations, media in re.findall(pattern, header):
        for relation in relations.split():
            found.setdefault(relation, []).append((target, media))
    return found


def statements(response: TestResponse, base: str = "http://localhost/") -> Graph:
    assert response.status_code == 200, response.text
    form = next(f for f in FORMATS.values() if f.media_type == response.mimetype)
    syntax = SYNTAXES[form.name].engine
    return Graph(Triple(q.subject, q.predicate, q.object) for q in parse(response.data, syntax, base_iri=base))


# -- Link headers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["text/html", "text/turtle", "application/json"])
@pytest.mark.parametrize(
    "path", ["/method/lasso", SOURCE, "/agent/robert-tibshirani", "/domain/statistics", PAIR, "/dataset"]
)
def test_links_say_what_it_is_and_where_else_the_same_is(client: FlaskClient, path: str, accept: str) -> None:
    response = get(client, path, accept)
    found = links(response)
    assert found["canonical"] == [(path, "")]
    assert found["license"] == [(CC0, "")]
    assert found["cite-as"][0][0].startswith("https://w3id.org/kgcompare/")
    assert found["type"]
    assert found["describedby"] == [(re.sub(r"(\?|$)", r".ttl\1", path, count=1), "text/turtle")]
    assert {"text/html", "text/turtle", "application/ld+json", "application/json"} <= {m for _, m in found["alternate"]}
    for target, media in found["alternate"]:
        other = client.get(target, headers={"Accept": "image/png"})  # a suffix beats the header
        assert (other.status_code, other.mimetype) == (200, media), target
        assert links(other)["canonical"] == found["canonical"]
    again = get(client, path, accept)
    assert again.headers["Link"] == response.headers["Link"]  # made, then kept


def test_links_lead_to_what_a_thing_is_made_of(client: FlaskClient) -> None:
    record = links(get(client, "/method/lasso"))
    assert record["cite-as"] == [("https://w3id.org/kgcompare/id/method/lasso", "")]
    assert (KGC + "Method", "") in record["type"]
    assert record["collection"] == [("/dataset", "")]
    assert links(get(client, PAIR))["item"] == [("/method/lasso", ""), ("/method/ridge-regression", "")]
    assert links(get(client, "/dataset"))["item"] == [("/dump.nq.gz", "application/gzip")]


def test_links_of_a_record_lead_to_its_form_and_to_what_it_was(client: FlaskClient) -> None:
    response = get(client, "/method/lasso")
    found = links(response)
    assert found["edit-form"] == [("/method/lasso/edit", "text/html")]
    assert found["original"] == found["timegate"]
    assert urlsplit(found["timegate"][0][0]).path == "/method/lasso"
    assert "accept-datetime" in {name.strip().lower() for name in response.headers["Vary"].split(",")}
    (address, media), *more = found["timemap"]
    assert (urlsplit(address).path, media, more) == ("/method/lasso/timemap", "application/link-format", [])
    assert client.get(urlsplit(address).path).mimetype == media
    assert not {"edit-form", "timemap"} & set(links(get(client, PAIR)))


def test_only_what_a_record_says_of_its_licence_is_said(small: FlaskClient) -> None:
    assert "license" not in links(get(small, "/method/lasso"))
    assert "license" not in links(get(small, "/compare?method=lasso&method=ridge"))
    assert "license" not in links(get(small, "/dataset"))
    assert "CC0 1.0" not in get(small, "/dataset").text.partition("<main")[2].partition("<footer")[0]


def test_links_leave_room_for_other_headers(client: FlaskClient, bundled_store: Path) -> None:
    generation = Catalogue(EmbeddedStore(bundled_store)).generation()
    slugs = sorted((slug for _, kind, slug in generation.index.stretch(0, 10_000)[0] if kind == "method"), key=len)[
        -10:
    ]
    response = get(client, "/compare?" + "&".join(f"method={slug}" for slug in slugs))
    assert response.status_code == 200
    assert len(response.headers["Link"]) < 4000
    assert [target for target, _ in links(response)["item"]] == [f"/method/{slug}" for slug in slugs]
    assert "canonical" in links(response)


def test_links_carry_nothing_that_a_request_brings(client: FlaskClient) -> None:
    bad = "fr\r\nSet-Cookie: a=b"
    for value in ('"><script>', "<>;,", "é", "%0d%0aX: y"):
        response = get(client, f"/compare?method=lasso&class={quote(value)}")
        assert response.status_code == 400
        response = get(client, f"/compare?method=lasso&only=differences&x={quote(value)}&lang=fr")
        assert response.status_code == 200
        assert links(response)["canonical"] == [("/compare?method=lasso&only=differences&lang=fr", "")]
    assert get(client, f"/method/lasso?lang={quote(bad)}").status_code == 400


# -- the dataset ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def described(client: FlaskClient) -> Graph:
    return statements(get(client, "/dataset", "text/turtle"))


def test_the_description_is_the_same_in_every_syntax(client: FlaskClient, described: Graph) -> None:
    expected = len({str(t) for t in described})
    for name in RDF:
        assert len({str(t) for t in statements(client.get(f"/dataset.{name}"))}) == expected, name
    assert get(client, "/.well-known/void", "*/*").mimetype == "text/turtle"
    void = statements(get(client, "/.well-known/void", "application/rdf+xml"))
    assert len({str(t) for t in void}) == expected
    assert "<h1" in get(client, "/.well-known/void").text


def test_counts_are_those_of_the_data(described: Graph, bundled_store: Path) -> None:
    node = NamedNode("https://w3id.org/kgcompare/dataset")
    generation = Catalogue(EmbeddedStore(bundled_store)).generation()
    quads = list(generation.quads())
    assert described.text(node, iri("void:triples").value) == str(len(quads))
    assert described.text(node, iri("void:entities").value) == str(sum(generation.counts().values()))
    kinds = {q.object for q in quads if q.predicate == iri("rdf:type")}
    assert described.text(node, iri("void:classes").value) == str(len(kinds))
    for partition, named, counted, term, count in (
        ("void:classPartition", "void:class", "void:entities", "kgc:Method", generation.counts()["method"]),
        (
            "void:propertyPartition",
            "void:property",
            "void:triples",
            "kgc:family",
            sum(q.predicate == iri("kgc:family") for q in quads),
        ),
    ):
        parts = described.objects(node, iri(partition).value)
        part = next(p for p in parts if described.value(p, iri(named).value) == iri(term))  # type: ignore[arg-type]
        assert described.text(part, iri(counted).value) == str(count)  # type: ignore[arg-type]


def test_what_the_description_names_is_there(client: FlaskClient, described: Graph) -> None:
    node = NamedNode("https://w3id.org/kgcompare/dataset")
    for predicate in ("void:dataDump", "void:sparqlEndpoint", "void:openSearchDescription", "foaf:homepage"):
        address = described.iris(node, iri(predicate).value)[0]
        assert address.startswith("http://localhost/")
        with client.get(urlsplit(address).path, headers={"Accept": "*/*"}) as response:
            assert response.status_code == 200, predicate
    examples = described.iris(node, iri("void:exampleResource").value)
    assert len(examples) == 3
    for example in examples:
        assert client.get(urlsplit(example).path.removeprefix("/kgcompare"), follow_redirects=True).status_code == 200
    for service in described.subjects_of(iri("dcat:servesDataset").value, node):
        for predicate in ("dcat:endpointURL", "dcat:endpointDescription"):
            address = described.iris(service, iri(predicate).value)[0]
            assert client.get(urlsplit(address).path or "/").status_code == 200, address
    titles = described.texts(node, iri("dcterms:title").value)
    assert set(titles) == {"en", "fr"}
    assert described.iris(node, iri("dcterms:license").value) == [CC0]
    assert {"void:Dataset", "dcat:Dataset", "schema:Dataset"} <= {
        f"{p}:{t.rpartition('#')[2].rpartition('/')[2]}"
        for t in described.types(node)
        for p in ("void", "dcat", "schema")
        if t.startswith(iri(f"{p}:").value)
    }


def test_the_dataset_as_json(client: FlaskClient) -> None:
    data = json.loads(client.get("/dataset.json?lang=fr").data)
    assert data["title"] == "Un catalogue de méthodes de recherche"
    assert data["licenses"] == [CC0]
    assert data["records"]["method"] == len(list((resources.folder("data") / "methods").glob("*.ttl")))
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", data["modified"])


# -- vocabulary, shapes, context --------------------------------------------------------------------------


def test_every_term_has_its_place_on_the_page(client: FlaskClient) -> None:
    page = get(client, "/ns?lang=fr").text
    terms = [t.value for t in vocabulary.graph().subjects() if isinstance(t, NamedNode) and t.value.startswith(KGC)]
    assert len(terms) > 40
    for term in terms:
        assert page.count(f'id="{term.removeprefix(KGC)}"') == 1, term
        assert vocabulary.label(term, "fr").replace("’", "’") in page.replace("&#39;", "'")


def test_vocabulary_and_shapes_come_as_rdf(client: FlaskClient) -> None:
    for path, node in (("/ns", iri("kgc:Method")), ("/shapes", iri("kgcsh:Method"))):
        sizes = {name: len(list(statements(client.get(f"{path}.{name}")))) for name in RDF}
        assert len(set(sizes.values())) == 1, sizes
        assert node in statements(get(client, path, "text/turtle"))
    assert links(get(client, "/ns"))["license"] == [(CC0, "")]


def test_a_catalogue_shows_the_shapes_that_it_adds(small_store: Path, tmp_path: Path) -> None:
    extra = tmp_path / "extra.ttl"
    extra.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        "<urn:x:shape> a sh:NodeShape ; sh:targetClass kgc:Method ; sh:property <urn:x:licence> .\n"
        '<urn:x:licence> a sh:PropertyShape ; sh:path <urn:x:p> ; sh:name "Licence of the code"@en ; kgc:rowId "code" .'
    )
    client = create_app(Settings(store=small_store, shapes=(extra,))).test_client()
    assert "Licence of the code" in get(client, "/shapes").text
    assert NamedNode("urn:x:licence") in statements(get(client, "/shapes", "text/turtle"))


def test_the_shapes_page_says_what_records_are_held_to(client: FlaskClient) -> None:
    page = get(client, "/shapes?lang=fr").text
    for said in ("Année d’origine", "Quand la méthode est apparue", "origin-year"):
        assert said in page


def test_records_written_with_the_context_are_taken(client: FlaskClient, part_store: Path, tmp_path: Path) -> None:
    context = json.loads(client.get("/context.jsonld").data)["@context"]
    record = {
        "@context": context,
        "id": "https://w3id.org/kgcompare/id/method/a-new-method",
        "a": ["Method", "schema:DefinedTerm"],
        "prefLabel": {"en": "A new method", "fr": "Une méthode nouvelle"},
        "family": "https://w3id.org/kgcompare/id/family/statistics",
        "alternativeTo": ["https://w3id.org/kgcompare/id/method/lasso"],
        "origination": {"agentList": ["https://w3id.org/kgcompare/id/agent/robert-tibshirani"]},
    }
    expanded = jsonld.to_rdf(record, {"format": "application/n-quads"})
    found = Graph(Triple(q.subject, q.predicate, q.object) for q in parse(expanded, RdfFormat.N_QUADS))
    node = NamedNode(record["id"])
    assert iri("kgc:Method").value in found.types(node)
    assert found.texts(node, iri("skos:prefLabel").value) == record["prefLabel"]
    assert found.iris(node, iri("kgc:family").value) == [record["family"]]
    origination = found.value(node, iri("kgc:origination").value)
    people = found.members(found.value(origination, iri("kgc:agentList").value))  # type: ignore[arg-type]
    assert people == [NamedNode("https://w3id.org/kgcompare/id/agent/robert-tibshirani")]
    file = tmp_path / "new.jsonld"
    file.write_text(json.dumps(record))
    store = shutil.copytree(part_store, tmp_path / "store")
    report = ingest.import_files(store, [file], ingest.Options())
    assert report.added == 1


def test_terms_of_the_context_mean_what_they_end_in(client: FlaskClient) -> None:
    context = json.loads(client.get("/context.jsonld").data)["@context"]
    for name in ("origin", "foundingSource", "related", "authorList", "issued", "definition", "altLabel", "broader"):
        said = context[name]
        assert (said if isinstance(said, str) else said["@id"]).endswith(":" + name)
    assert client.get("/context.jsonld").mimetype == "application/ld+json"
    assert context["authorList"]["@container"] == "@list"


# -- crawlers and browsers --------------------------------------------------------------------------------


def located(response: TestResponse, what: str = "url") -> list[tuple[str, str | None]]:
    assert (response.status_code, response.mimetype) == (200, "application/xml")
    found = ET.fromstring(response.data).findall(SITEMAP + what)
    return [(str(e.findtext(SITEMAP + "loc")), e.findtext(SITEMAP + "lastmod")) for e in found]


@pytest.mark.slow
def test_the_sitemap_has_every_record_with_its_date(client: FlaskClient, bundled_store: Path) -> None:
    found = located(client.get("/sitemap.xml"))
    for address in re.findall("<loc>([^<]*/sitemap-[0-9]+.xml)</loc>", client.get("/sitemap.xml").text):
        found += located(client.get(urlsplit(address).path))  # of more records than one has room for
    addresses = [address for address, _ in found]
    assert len(addresses) == len(set(addresses))
    counts = Catalogue(EmbeddedStore(bundled_store)).generation().counts()
    for kind, number in counts.items():
        assert sum(a.startswith(f"http://localhost/{kind}/") for a in addresses) == number
    dates = dict(found)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", dates["http://localhost/method/lasso"] or "")
    for address in [*addresses[:30], *addresses[-3:]]:
        parts = urlsplit(address)
        assert client.get(f"{parts.path}?{parts.query}").status_code == 200


def test_many_records_have_an_index_of_sitemaps(small: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {address for address, _ in located(small.get("/sitemap.xml"))}
    monkeypatch.setattr(crawlers, "_SITEMAP", 5)
    parts = located(small.get("/sitemap.xml?again=1"), "sitemap")
    assert len(parts) > 2
    found = [address for part, _ in parts for address, _ in located(small.get(urlsplit(part).path))]
    assert len(found) == len(set(found))
    assert set(found) == whole
    for wrong in ("0", "999", "x", "-1", "١"):
        assert small.get(f"/sitemap-{wrong}.xml").status_code == 404


def test_robots_may_read_records_and_comparisons(client: FlaskClient) -> None:
    text = client.get("/robots.txt")
    assert text.mimetype == "text/plain"
    rules = urllib.robotparser.RobotFileParser()
    rules.parse(text.text.splitlines())
    for path in ("/", "/method/lasso", "/method/lasso.ttl", "/compare?method=lasso&method=bert", "/dump.nq.gz"):
        assert rules.can_fetch("anybody", "http://localhost" + path), path
    for path in ("/sparql", "/sparql?query=ASK%20%7B%7D", "/suggest?q=a", "/reconcile"):
        assert not rules.can_fetch("anybody", "http://localhost" + path), path
    assert rules.site_maps() == ["http://localhost/sitemap.xml"]


def test_browsers_can_search_here(client: FlaskClient) -> None:
    response = client.get("/opensearch.xml?lang=fr")
    assert response.mimetype == "application/opensearchdescription+xml"
    found = {e.get("type"): str(e.get("template")) for e in ET.fromstring(response.data).findall(OPENSEARCH + "Url")}
    for media in ("text/html", "application/json", "application/x-suggestions+json"):
        address = urlsplit(found[media].replace("{searchTerms}", "lasso"))
        answer = client.get(f"{address.path}?{address.query}", headers={"Accept": media})
        assert (answer.status_code, answer.mimetype) == (200, media)
        assert b"asso" in answer.data
    asked = urlsplit(found["application/x-suggestions+json"].replace("{searchTerms}", "lass"))
    typed, completions = json.loads(client.get(f"{asked.path}?{asked.query}").data)
    assert typed == "lass"
    assert "Lasso" in completions


def test_addresses_are_those_of_whoever_asks(client: FlaskClient) -> None:
    for path in ("/sitemap.xml", "/robots.txt", "/opensearch.xml", "/dataset.ttl", "/sparql"):
        for host in ("one.example", "two.example:8080"):
            text = client.get(path, headers={"Accept": "text/turtle, */*;q=0.1", "Host": host}).text
            assert f"http://{host}/" in text
            other = "two.example" if host.startswith("one") else "one.example"
            assert other not in text, (path, host)


@pytest.mark.parametrize(
    "path", ["/", "/method/lasso", "/compare.json?method=lasso", "/sparql", "/suggest?q=a", "/nothing", "/dump.nq.gz"]
)
def test_scripts_of_other_origins_may_read(client: FlaskClient, path: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        with client.open(path, method=method, headers={"Origin": "https://example.org"}) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert "Link" in response.headers["Access-Control-Expose-Headers"]
            assert "Set-Cookie" not in response.headers
    preflight = client.options(path, headers={"Origin": "https://example.org", "Access-Control-Request-Method": "GET"})
    if path != "/nothing":
        assert "GET" in preflight.headers["Access-Control-Allow-Methods"]


def test_dates_that_are_none_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "data.nq"
    created = "<http://purl.org/dc/terms/created>"
    lines = [
        f'<urn:x:{n}> {created} "{date}" <urn:x:g> .\n'
        for n, date in enumerate(("soon", "2026", "2099-01-02T03:04:05Z"))
    ]
    lines.append("<urn:x:a> <http://purl.org/dc/terms/license> <javascript:alert(1)> .\n")
    file.write_text("".join(lines))
    ingest.create_store(tmp_path / "store")
    ingest.import_files(tmp_path / "store", [file], ingest.Options(trust=True))
    client = create_app(Settings(store=tmp_path / "store")).test_client()
    assert json.loads(client.get("/dataset.json").data)["modified"] == "2099-01-02"
    described = statements(client.get("/dataset.ttl"))
    node = NamedNode("https://w3id.org/kgcompare/dataset")
    assert described.text(node, iri("dcterms:modified").value) == "2099-01-02"
    assert "javascript" not in client.get("/dataset.ttl").text + get(client, "/dataset").headers["Link"]
    assert 'href="javascript' not in get(client, "/dataset").text


def test_a_literal_that_is_not_of_its_datatype_leaves_no_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    base, date = "https://w3id.org/kgcompare", "<http://www.w3.org/2001/XMLSchema#date>"
    graph = f"<{base}/doc/method/odd> .\n"
    file = tmp_path / "data.nq"
    file.write_text(
        f"<{base}/id/method/odd> <{iri('rdf:type').value}> <{KGC}Method> {graph}"
        f'<{base}/id/method/odd> <urn:x:p> "soon"^^{date} {graph}'
    )
    ingest.create_store(tmp_path / "store")
    ingest.import_files(tmp_path / "store", [file], ingest.Options(trust=True))
    client = create_app(Settings(store=tmp_path / "store")).test_client()
    node = NamedNode(f"{base}/id/method/odd")
    for name in RDF:
        found = statements(client.get(f"/method/odd.{name}"))
        assert found.value(node, "urn:x:p") == Literal("soon", datatype=iri("xsd:date")), name
    assert caplog.records == []


def test_the_licence_of_our_catalogue_is_not_said_of_another(
    client: FlaskClient, small: FlaskClient, tmp_path: Path
) -> None:
    ingest.create_store(tmp_path / "store", "https://example.org/tools/")
    other = create_app(Settings(store=tmp_path / "store")).test_client()
    for one, said in ((client, True), (small, False), (other, False)):
        foot = get(one, "/methods").text.partition("<footer")[2]
        assert ("CC0 1.0" in foot, "not stated" in foot) == (said, not said)
