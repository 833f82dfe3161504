"""Shapes that others publish, without a word of kgcompare: their classes are kinds, their properties rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from conftest import DATA, Run
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.schema.given import given_triples
from kgcompare.schema.shapes import Shapes, bundled_shapes
from kgcompare.search import Filter
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.text.plurals import plural
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from three_ways import by_python, by_queries

PUBLISHED = DATA / "published"
DCAT, DCT, SCHEMA = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/", "http://schema.org/"
DWC, FLORA = "http://rs.tdwg.org/dwc/terms/", "https://flora.example/terms/"
FILES = {"dcat": "dcat", "museum": "museums", "biodiversity": "biodiversity"}
PREFIXES = """@prefix ex: <https://shapes.example/#> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def shapes_of(*paths: Path) -> Shapes:
    return Shapes([*bundled_shapes(), *given_triples(paths)])


@pytest.fixture
def shapes(tmp_path: Path, request: pytest.FixtureRequest) -> Shapes:
    """The shapes that a test brings along as Turtle."""
    path = tmp_path / "shapes.ttl"
    path.write_text(PREFIXES + request.param, encoding="utf-8")
    return shapes_of(path)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    made = {}
    for name, records in FILES.items():
        made[name] = tmp_path_factory.mktemp(name) / "store"
        ingest.create_store(made[name], f"https://{name}.example.org/", [PUBLISHED / f"{name}_shapes.ttl"])
        ingest.import_files(made[name], [PUBLISHED / f"{records}.ttl"], ingest.Options())
    return made


@pytest.fixture(scope="module")
def clients(stores: Mapping[str, Path]) -> Mapping[str, FlaskClient]:
    return {name: create_app(Settings(store=path)).test_client() for name, path in stores.items()}


def page(client: FlaskClient, address: str) -> str:
    response = client.get(address, headers={"Accept": "text/html"}, follow_redirects=True)
    assert (response.status_code, response.mimetype) == (200, "text/html"), response.get_data(as_text=True)[:500]
    return response.get_data(as_text=True)


# -- what is made of shapes ------------------------------------------------------------------------


def test_a_profile_of_dcat() -> None:
    shapes = shapes_of(PUBLISHED / "dcat_shapes.ttl")
    rows = {row.id: row for row in shapes.rows(DCAT + "Dataset")}
    assert list(rows) == [
        *("contact-point", "description", "distribution", "accrual-periodicity", "keyword", "license", "alternative"),
        *("publisher", "issued", "theme"),
    ], "by their names, each path once; no name, nothing deactivated, nothing that may not be there"
    assert {row_id: row.kind for row_id, row in rows.items() if row.kind != "value"} == {
        "description": "text",
        "alternative": "name",
    }
    assert [facet.id for facet in shapes.facets(DCAT + "Dataset")] == ["contact-point", "license", "publisher", "theme"]
    assert rows["publisher"].value_classes == ("http://xmlns.com/foaf/0.1/Agent",), "another shape of the path says so"
    assert (rows["license"].label("fr"), rows["license"].plural("fr")) == (("fr", "licence"), "licences")
    assert {row.id for row in shapes.rows(DCAT + "Distribution")} >= {"license", "byte-size", "access-url"}
    assert [shapes.class_label(DCAT + "Distribution", lang) for lang in ("en", "fr")] == [
        "Distribution",
        "distribution",
    ]
    assert shapes.class_plural(DCAT + "Dataset", "fr") == "Jeux de données"
    assert shapes.kind_of_class("http://xmlns.com/foaf/0.1/Agent") == "agent"
    assert shapes.date_row(DCAT + "Dataset") == rows["issued"]


def test_shapes_of_forms_with_groups_and_common_properties() -> None:
    shapes = shapes_of(PUBLISHED / "museum_shapes.ttl")
    rows = shapes.rows(SCHEMA + "Museum")
    assert [(row.group.id if row.group else "", row.id) for row in rows] == [
        ("basics", "contained-in-place"),
        ("basics", "contained-in-place-address-country"),
        ("basics", "alternate-name"),
        ("basics", "founding-date"),
        ("basics", "is-location-of"),
        ("basics", "description"),
        ("visit", "is-accessible-for-free"),
        ("visit", "available-language"),
        ("visit", "public-access"),
        ("visit", "telephone"),
        ("visit", "url"),
    ]
    assert {row.id for row in shapes.rows(SCHEMA + "City")} == {"description", "url", "address-country"}
    assert shapes.targets[0] == "https://w3id.org/kgcompare/ns#Method"


def test_classes_that_are_shapes_and_what_properties_are_called() -> None:
    shapes = shapes_of(PUBLISHED / "biodiversity_shapes.ttl")
    rows = {row.id: row for row in shapes.rows(FLORA + "Sighting")}
    assert rows["of-taxon-family"].label("en")[1] == "taxon: family"
    assert rows["remarks"].kind == "text", "of the class above"
    assert rows["remarks"].label("fr") == ("fr", "remarques")
    assert rows["individual-count"].label("en") == ("", "Individual count")
    assert {row.id for row in shapes.rows(DWC + "Taxon")} == {"vernacular-name", "family", "taxon-rank", "status"}
    assert [shapes.class_plural(DWC + "Taxon", lang) for lang in ("en", "fr")] == ["Taxa", "Taxons"]


@pytest.mark.parametrize(
    "shapes",
    [
        """ex:B a sh:NodeShape ; sh:targetClass ex:Boat ; kgc:main true ; sh:property [ sh:path ex:length ] .
        ex:C a sh:NodeShape ; sh:targetClass ex:Crew ; sh:property [ sh:path ex:a ] , [ sh:path ex:b ] ."""
    ],
    indirect=True,
)
def test_the_main_class_comes_first(shapes: Shapes) -> None:
    assert shapes.leading[0] == "https://shapes.example/#Boat"
    assert shapes.kind_plural("boat", "en") == "boats"


@pytest.mark.parametrize(
    "shapes",
    [
        """ex:A a sh:NodeShape ; sh:targetClass <https://one.example/Thing>, <https://two.example/Thing>, ex:Report ;
            sh:property ex:length .
        ex:length sh:path ex:size .
        ex:D a sh:NodeShape ; sh:targetClass <https://two.example/Thing> ;
            sh:property [ sh:path <https://x.example/size> ] ."""
    ],
    indirect=True,
)
def test_what_is_called_alike_is_told_apart(shapes: Shapes) -> None:
    kinds = [shapes.kind_of_class(cls) for cls in ("https://one.example/Thing", "https://two.example/Thing")]
    assert len({*kinds, shapes.kind_of_class("https://shapes.example/#Report"), "report"}) == 4
    assert sorted(row.id or "" for row in shapes.rows("https://two.example/Thing")) == ["size", "size-2"]


@pytest.mark.parametrize(
    "shapes",
    [
        """ex:A a sh:NodeShape ; sh:targetClass ex:Kept ; kgc:kind "keeper" ; sh:property ex:row, ex:checked .
        ex:row sh:path ex:row ; kgc:rowId "mine" . ex:checked sh:path ex:checked ; sh:minCount 1 .
        ex:Off a sh:NodeShape ; sh:targetClass ex:Gone ; sh:deactivated true ; sh:property [ sh:path ex:p ] ."""
    ],
    indirect=True,
)
def test_who_says_rows_is_left_alone(shapes: Shapes) -> None:
    assert [row.id for row in shapes.rows("https://shapes.example/#Kept")] == ["mine"]
    assert "https://shapes.example/#Gone" not in shapes.targets


@pytest.mark.parametrize(
    "shapes",
    [
        """ex:C a sh:NodeShape ; sh:targetClass skos:Concept ; sh:property [ sh:path skos:prefLabel ; sh:minCount 1 ] ,
            [ sh:path skos:notation ] , [ sh:path skos:scopeNote ] , [ sh:path skos:related ] ."""
    ],
    indirect=True,
)
def test_a_thesaurus_is_about_its_concepts(shapes: Shapes) -> None:
    concept = "http://www.w3.org/2004/02/skos/core#Concept"
    assert concept in shapes.leading
    assert {"notation", "scope-note", "related", "definition"} <= {row.id for row in shapes.rows(concept)}


def test_two_files_of_one_class_read_in_either_order(tmp_path: Path) -> None:
    for name, said in (("a", 'sh:name "Size"@en ; sh:minCount 1'), ("b", "sh:datatype xsd:integer")):
        text = f"{PREFIXES} ex:S a sh:NodeShape ; sh:targetClass ex:Boat ; sh:property [ sh:path ex:size ; {said} ] ."
        (tmp_path / f"{name}.ttl").write_text(text, encoding="utf-8")
    found = []
    for order in ("ab", "ba"):
        shapes = shapes_of(*(tmp_path / f"{name}.ttl" for name in order))
        (row,) = shapes.rows("https://shapes.example/#Boat")
        found.append((row.id, row.label("en")[1], row.datatype))
    assert found == [("size", "Size", "http://www.w3.org/2001/XMLSchema#integer")] * 2


@pytest.mark.parametrize(
    ("one", "lang", "several"),
    [
        ("Dataset", "en", "Datasets"),
        ("Data service", "en", "Data services"),
        ("Period of time", "en", "Periods of time"),
        ("City", "en", "Cities"),
        ("Series", "", "Series"),
        ("Analysis", "en", "Analyses"),
        ("Jeu de données", "fr", "Jeux de données"),
        ("Canal", "fr", "Canaux"),
        ("Œuvre d’art", "fr", "Œuvres d’art"),
        ("Datensatz", "de", "Datensatz"),
    ],
)
def test_plurals(one: str, lang: str, several: str) -> None:
    assert plural(one, lang) == several


# -- in use ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lang", "address", "texts"),
    [
        ("dcat", "en", "/", ["Datasets, side by side", "Themes", "City observatory", "12 distributions"]),
        ("dcat", "fr", "/", ["Jeux de données, côte à côte", "Thèmes", "Environnement"]),
        ("dcat", "en", "/datasets?q=bicycle", ["Bicycle counts", "1 entry"]),
        ("dcat", "en", "/distributions", ["Air quality as JSON", "Tick two to ten"]),
        ("dcat", "fr", "/dataset/air", ["Qualité de l’air", "date de publication", "1 mars 2016", "NO2 and PM10"]),
        ("dcat", "fr", "/compare?method=air&method=trees", ["éditeur", "Parks department", "Environnement"]),
        ("dcat", "en", "/compare?distribution=air&distribution=trees", ["access URL", "Street trees as CSV"]),
        ("dcat", "en", "/dataset/new", ["theme", "publisher", "release date"]),
        ("museum", "fr", "/", ["Musées, côte à côte", "Villes", "Londres"]),
        ("museum", "fr", "/compare?museum=louvre&museum=rijks", ["Le musée", "La visite", "Pays-Bas", "Grand Louvre"]),
        ("museum", "en", "/museums?from=1980&to=2005", ["Tate Modern", "4 entries"]),
        ("museum", "en", "/works-of-art", ["Las Meninas"]),
        ("biodiversity", "fr", "/", ["Observations, côte à côte", "Habitats", "Forêt"]),
        ("biodiversity", "en", "/taxa", ["Fagus sylvatica", "native"]),
        ("biodiversity", "fr", "/compare?taxon=quercus-robur&taxon=bellis-perennis", ["indigène", "chêne pédonculé"]),
    ],
)
def test_pages(clients: Mapping[str, FlaskClient], name: str, lang: str, address: str, texts: list[str]) -> None:
    shown = page(clients[name], address + ("&" if "?" in address else "?") + f"lang={lang}")
    assert [text for text in texts if text not in shown] == []


def test_a_list_is_narrowed_by_a_facet_that_does_not_stand_in_the_way_of_format(
    clients: Mapping[str, FlaskClient],
) -> None:
    (csv_value, json_value) = clients["dcat"].get("/distributions.json").get_json()["facets"]["has-format"]
    assert [(value["label"], value["count"]) for value in (csv_value, json_value)] == [("CSV", 8), ("JSON", 4)]
    narrowed = clients["dcat"].get(f"/distributions.json?has-format={json_value['id']}").get_json()
    assert narrowed["total"] == 4


@pytest.mark.parametrize("name", FILES)
def test_every_kind_is_listed_compared_found_and_reconciled(
    clients: Mapping[str, FlaskClient], stores: Mapping[str, Path], run: Run, name: str
) -> None:
    client = clients[name]
    types = {kind["id"] for kind in client.get("/reconcile").get_json()["defaultTypes"]}
    shapes = shapes_of(PUBLISHED / f"{name}_shapes.ttl")
    for kind in {shapes.kind_of_class(cls) for cls in shapes.leading} & types:
        listed = client.get(f"/{shapes.kind_plural(kind, 'en').replace(' ', '-')}.json").get_json()
        first, second = listed["things"][:2]
        together = client.get(
            f"/compare.json?{urlencode([(kind, first['id']), (kind, second['id'])])}", follow_redirects=True
        ).get_json()
        assert [thing["iri"] for thing in together["methods"]] == [first["iri"], second["iri"]]
        assert all(row["label"] for row in together["rows"])
        query = {"a": {"query": first["label"], "type": kind}}
        answer = client.get("/reconcile?" + urlencode({"queries": json.dumps(query)})).get_json()
        assert answer["a"]["result"][0]["id"] == f"{kind}/{first['id']}"
        ran = run("template", "csv", "--kind", kind, "--store", stores[name])
        assert ran.code == 0, ran.err
        assert next(csv.reader(io.StringIO(ran.out)))[0] == "id"


@pytest.mark.parametrize(
    ("name", "cls", "kind"), [("dcat", DCAT + "Dataset", "dataset"), ("museum", SCHEMA + "Museum", "museum")]
)
def test_the_queries_give_the_same_comparison(tmp_path: Path, name: str, cls: str, kind: str) -> None:
    ingest.create_store(tmp_path / "store", shapes=[PUBLISHED / f"{name}_shapes.ttl"])
    ingest.import_files(tmp_path / "store", [PUBLISHED / f"{FILES[name]}.ttl"], ingest.Options())
    with Catalogue(EmbeddedStore(tmp_path / "store")) as catalogue:
        generation = catalogue.generation()
        things = [thing.iri for thing in generation.search(Filter(kind=kind), most=3).things]
        asked = by_queries(lambda query: generation.snapshot.select(query).rows, things, cls)
        assert asked == by_python(generation, things, cls)
        assert len(asked.cells) > 2 * len(things)


def test_rows_without_a_value_are_left_out(clients: Mapping[str, FlaskClient]) -> None:
    def rows(*things: str) -> set[str]:
        said = clients["dcat"].get("/compare.json?" + urlencode([("method", thing) for thing in things])).get_json()
        return {row["id"] for row in said["rows"]}

    assert rows("air", "trees") - rows("noise", "trees") == {"alternative"}


def test_records_are_judged_by_what_was_published(stores: Mapping[str, Path], run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text(f"<https://flora.example/sighting/9> a <{FLORA}Sighting> ; <{DWC}recordedBy> <https://a.example/> .")
    ran = run("validate", "--store", stores["biodiversity"], bad)
    assert ran.code == 1
    assert "ofTaxon" in ran.out, "a class is its own target"
    assert "recordedBy" in ran.out, "the class above has a say"


def test_init_says_what_it_makes_nothing_of(run: Run, tmp_path: Path) -> None:
    for name, said in (("museum", "no row can follow it"), ("biodiversity", "UnnamedShape")):
        ran = run("init", "--store", tmp_path / name, "--shapes", PUBLISHED / f"{name}_shapes.ttl")
        assert ran.code == 0
        assert said in ran.err
