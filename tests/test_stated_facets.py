"""Facets whose values are no things: texts that a shape lists, numbers, yes and no."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from conftest import Run
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.search import Filter
from kgcompare.search.making import build
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BASE = "https://kitchen.example/"
PREFIXES = f"""@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix t: <{BASE}terms#> . @prefix s: <http://schema.org/> .
@base <{BASE}id/recipe/> .
"""
SHAPES = """t:Shape a sh:NodeShape ; sh:targetClass s:Recipe ; sh:name "Recipe"@en , "Recette"@fr ; sh:property
  [ sh:path s:name ; sh:name "name" ; sh:datatype xsd:string ] ,
  [ sh:path t:course ; sh:name "course"@en , "plat"@fr ; sh:in ( "Main course" "starter" "C" "C++" ) ] ,
  [ sh:path t:vegan ; sh:name "vegan"@en , "végane"@fr ; sh:datatype xsd:boolean ] ,
  [ sh:path t:note ; sh:name "note" ; sh:datatype xsd:string ] .
"""
ASKED = """t:Shape a sh:NodeShape ; sh:targetClass s:Recipe ; sh:name "Recipe"@en ; kgc:kind "recipe" ;
  kgc:pluralLabel "Recipes"@en ; sh:property
  [ sh:path s:name ; sh:name "name" ; kgc:rowId "name" ; sh:datatype xsd:string ] ,
  [ sh:path t:serves ; sh:name "serves" ; kgc:rowId "serves" ; kgc:facet true ; sh:datatype xsd:integer ] ,
  [ sh:path t:keys ; sh:name "keyword" ; kgc:rowId "keyword" ; kgc:facet true ] .
"""
RECIPES = """<soup> a s:Recipe ; s:name "Leek soup" ; t:course "starter" ; t:vegan true ; t:note "starter" .
<tagine> a s:Recipe ; s:name "Tagine" ; t:course "Main course" ; t:vegan false .
<pie> a s:Recipe ; s:name "No pie" ; t:course "Main course" , "C++" ; t:vegan "1"^^xsd:boolean .
<ice> a s:Recipe ; s:name "Ice" ; t:course "C" .
"""


def store_of(folder: Path, shapes: str, records: str) -> Path:
    (folder / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
    (folder / "records.ttl").write_text(PREFIXES + records, encoding="utf-8")
    ingest.create_store(folder / "store", BASE, [folder / "shapes.ttl"])
    ingest.import_files(folder / "store", [folder / "records.ttl"], ingest.Options())
    return folder / "store"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return store_of(tmp_path, SHAPES, RECIPES)


@pytest.fixture
def client(store: Path) -> FlaskClient:
    return create_app(Settings(store=store)).test_client()


def listed(client: FlaskClient, address: str) -> Mapping[str, Any]:
    response = client.get(address)
    assert response.status_code == 200, response.get_data(as_text=True)[:300]
    return dict(response.get_json())


def counts(generation: Generation) -> Mapping[str, Any]:
    page = generation.search(Filter(kind="recipe"), "en", facets=True)
    return {name: sorted((v.id, v.label, v.count) for v in values) for name, values in page.facets.items()}


def test_lists_say_which_values_there_are_and_how_many_have_each(client: FlaskClient) -> None:
    found = listed(client, "/recipes.json")["facets"]
    assert found == {
        "course": [
            {"id": "main-course", "iri": None, "label": "Main course", "lang": None, "count": 2},
            {"id": "c", "iri": None, "label": "C", "lang": None, "count": 1},
            {"id": "c-2", "iri": None, "label": "C++", "lang": None, "count": 1},
            {"id": "starter", "iri": None, "label": "starter", "lang": None, "count": 1},
        ],
        "vegan": [
            {"id": "yes", "iri": None, "label": "yes", "lang": None, "count": 2},
            {"id": "no", "iri": None, "label": "no", "lang": None, "count": 1},
        ],
    }, "and no facet of what is any text"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("course=main-course", "tagine pie"),
        ("course=c-2", "pie"),
        ("vegan=yes", "soup pie"),
        ("vegan=yes&course=main-course", "pie"),
        ("course=dessert", ""),
        ("q=starter", "soup"),
        ("q=no", "pie"),
    ],
)
def test_lists_are_narrowed_by_them(client: FlaskClient, asked: str, found: str) -> None:
    page = listed(client, f"/recipes.json?{asked}")
    assert ({thing["id"] for thing in page["things"]}, page["total"]) == (set(found.split()), len(found.split()))


def test_pages_show_them_in_the_language_of_the_reader(client: FlaskClient) -> None:
    page = client.get("/recipes?lang=fr", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert re.findall(r"<h2>(Plats|V\w+s?)</h2>", page) == ["Plats", "Végane"]
    assert re.findall(r">(oui|non|yes|no)<", page) == ["oui", "non"]
    narrowed = client.get("/recipes?lang=fr&vegan=yes", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert re.findall(r"Leek soup</a>|Tagine</a>", narrowed) == ["Leek soup</a>"]
    table = client.get("/recipes.csv").get_data(as_text=True)
    assert "Main course" in table


def test_they_are_no_records(client: FlaskClient) -> None:
    assert client.get("/sitemap.xml").get_data(as_text=True).count("/recipe/") == 4
    assert "-course" not in client.get("/sitemap.xml").get_data(as_text=True)
    for address in ("/course/starter", "/courses", "/-course/starter"):
        assert client.get(address).status_code == 404, address
    assert [thing["id"] for thing in client.get("/suggest?q=starter").get_json()] == ["soup"], "what has it"
    home = client.get("/", headers={"Accept": "text/html"})
    assert (home.status_code, "starter" in home.get_data(as_text=True)) == (200, True)
    assert client.get("/find", headers={"Accept": "text/html"}).status_code == 200


def test_numbers_and_words_of_a_row_that_asks_for_it(tmp_path: Path) -> None:
    records = """<soup> a s:Recipe ; s:name "Soup" ; t:serves 4 ; t:keys "quick"@en , "rapide"@fr .
    <stew> a s:Recipe ; s:name "Stew" ; t:serves 4 , 12 ; t:keys <https://elsewhere.example/k> , "quick"@en .
    """
    client = create_app(Settings(store=store_of(tmp_path, ASKED, records))).test_client()
    found = listed(client, "/recipes.json")["facets"]
    assert [(v["label"], v["count"]) for v in found["serves"]] == [("4", 2), ("12", 1)]
    assert [(v["label"], v["lang"], v["count"]) for v in found["keyword"]] == [("quick", "en", 2), ("rapide", "fr", 1)]
    assert listed(client, "/recipes.json?serves=12")["total"] == 1
    assert listed(client, "/recipes.json?keyword=rapide")["total"] == 1
    assert listed(client, "/recipes.json?q=12")["total"] == 0, "a number is no word"


def test_they_follow_edits(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "more.ttl"
    changes = [
        '<soup> a s:Recipe ; s:name "Leek soup" ; t:course "Main course" ; t:vegan false .',
        '<cake> a s:Recipe ; s:name "Cake" ; t:course "C" ; t:vegan true .',
        '<pie> a s:Recipe ; s:name "Pie" .',
        '<pie> a s:Recipe ; s:name "Pie" ; t:course "starter" .',
    ]
    for change in changes:
        file.write_text(PREFIXES + change, encoding="utf-8")
        ingest.import_files(store, [file], ingest.Options(replace=True))
        generation = Catalogue(EmbeddedStore(store)).generation()
        followed = counts(generation)
        anew = tmp_path / "anew.sqlite"
        build(generation.snapshot, anew)
        again = Generation(EmbeddedStore(store), generation.snapshot, (), index_path=anew)
        assert followed == counts(again), change
    assert followed["course"] == [("c", "C", 2), ("main-course", "Main course", 2), ("starter", "starter", 1)]


def test_the_command_line_narrows_by_them(run: Run, store: Path) -> None:
    ran = run("search", "--store", str(store), "--facet", "vegan=yes")
    assert (ran.code, "Leek soup" in ran.out, "Tagine" in ran.out) == (0, True, False)
