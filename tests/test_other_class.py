"""A catalogue of something else: every address, format and command speaks of telescopes, and none of methods."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from conftest import DATA, Run
from kgcompare import ingest
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BASE = "https://telescopes.example/"
TELESCOPE = BASE + "ns#Telescope"
LANGUAGES = ("en", "fr")
OF_METHODS = re.compile(r"m[eé]thod", re.IGNORECASE)
ROWS_OF_METHODS = re.compile(
    r"\b(domaine?|famil(y|ies)(?! name)|(?<!nom de )famille|types?|originators?|founding|fondatrice|origin year"
    r"|année d’origine|recherche)\b",
    re.IGNORECASE,
)
"""What the shapes of methods name, and those of telescopes do not."""
FIXED = re.compile(
    r'([?&;]|u0026)method=|\bname="method"|\bmethod="(get|post)"|"methods":|(kgc:|ns#)comparedMethod', re.IGNORECASE
)
"""The parameter, the key and the property of comparisons, whatever they compare, and what HTML calls the verb of a
form."""
ROWS = ["site", "band", "first-light", "aperture", "builder", "described-in", "nickname", "companions", "purpose"]
PAIR = "method=webb&method=hubble"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("telescopes") / "store"
    ingest.create_store(path, BASE, [DATA / "telescope_shapes.ttl"])
    ingest.import_files(path, [DATA / "telescopes.ttl"], ingest.Options())
    return path


@pytest.fixture(scope="module")
def client(store: Path) -> FlaskClient:
    return create_app(Settings(store=store)).test_client()


class _Shown(HTMLParser):
    """What a page shows or reads out, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.links: list[str] = []
        self._unseen = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self._unseen = tag in {"script", "style"}
        for name in ("aria-label", "title", "alt", "placeholder"):
            self.text += f" {said.get(name) or ''} "
        if tag == "meta" and said.get("name") == "description":
            self.text += said.get("content") or ""
        if tag == "a":
            self.links.append(said.get("href") or "")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.text += data


def silent(text: str) -> None:
    """Whether a text, markup and all, says nothing of methods."""
    bare = FIXED.sub("", text)
    assert [bare[max(0, m.start() - 60) : m.end() + 60] for m in OF_METHODS.finditer(bare)] == []


def shown(client: FlaskClient, address: str, status: int = 200) -> _Shown:
    """A page that says nothing of methods."""
    response = client.get(address, headers={"Accept": "text/html"})
    text = response.get_data(as_text=True)
    assert (response.status_code, response.mimetype) == (status, "text/html"), text
    silent(text)
    page = _Shown(text)
    words = [page.text[max(0, m.start() - 40) : m.end() + 40] for m in ROWS_OF_METHODS.finditer(page.text)]
    assert words == []
    return page


def given(client: FlaskClient, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response.get_data(as_text=True)
    silent(response.get_data(as_text=True) + response.headers.get("Link", ""))
    return response.get_data(as_text=True)


def data(client: FlaskClient, address: str) -> Any:
    return json.loads(given(client, address))


def texts(value: Any) -> Iterator[str]:
    """The texts in JSON."""
    if isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


# -- pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 200),
        ("/telescopes", 200),
        ("/telescopes?q=space", 200),
        ("/telescopes?q=nothing+of+the+kind", 200),
        ("/telescopes?site=orbit", 200),
        ("/telescopes?site=orbit&band=infrared&q=webb&sort=year", 200),
        ("/telescopes?site=orbit&q=nothing+of+the+kind", 200),
        ("/telescopes?from=1995&to=2010", 200),
        ("/sites", 200),
        ("/bands", 200),
        ("/agents", 200),
        ("/sources", 200),
        (f"/compare?{PAIR}", 200),
        (f"/compare?{PAIR}&swap=1&only=differences", 200),
        (f"/compare?{PAIR}&add=t", 200),
        ("/compare?method=webb", 200),
        ("/compare?method=vlt&method=hubble&method=webb&method=keck", 200),
        (f"/compare?{PAIR}&method=hubbel", 200),
        ("/compare", 400),
        ("/compare?add=nothing+of+the+kind", 404),
        ("/compare?method=nothing-of-the-kind", 404),
        ("/compare?" + "&".join(f"method=t-{n}" for n in range(11)), 400),
        ("/telescope/webb", 200),
        ("/telescope/hubble", 200),
        ("/telescope/webbb", 404),
        ("/site/orbit", 200),
        ("/band/infrared", 200),
        ("/agent/nasa", 200),
        ("/source/gardner-2006", 200),
        ("/dataset", 200),
        ("/nothing-of-the-kind", 404),
    ],
)
def test_pages_say_nothing_of_what_the_shapes_do_not_name(
    client: FlaskClient, address: str, status: int, lang: str
) -> None:
    page = shown(client, address + ("&" if "?" in address else "?") + f"lang={lang}", status)
    assert ("Telescopes" if lang == "en" else "Télescopes") in page.text


def test_home_has_an_index_by_every_facet(client: FlaskClient) -> None:
    page = shown(client, "/?lang=fr")
    assert {"/telescopes?site=orbit&lang=fr", "/telescopes?band=infrared&lang=fr"} <= set(page.links)
    for text in ("Télescopes, côte à côte", "Lieux", "Bandes", "en orbite", "6 télescopes", "1 source"):
        assert text in page.text
    assert "CC0" not in page.text  # nobody said so of this catalogue


def test_a_list_is_narrowed_by_what_the_shapes_call_facets(client: FlaskClient) -> None:
    page = shown(client, "/telescopes?site=orbit&lang=fr")
    for text in ("3 entrées", "en orbite", "Première lumière", "Bandes", "infrarouge", "Cochez-en deux à dix", "1990"):
        assert text in page.text
    assert "Keck" not in page.text
    narrowed = data(client, "/telescopes.json?site=orbit&band=infrared")
    assert {thing["id"] for thing in narrowed["things"]} == {"webb", "spitzer"}
    assert data(client, "/telescopes.json?from=1995&to=2010")["total"] == 4
    assert data(client, "/telescopes.json")["total"] == 6
    assert ROWS_OF_METHODS.findall(" ".join(texts(narrowed))) == []


def test_other_kinds_have_lists_that_are_searched_and_not_compared(client: FlaskClient) -> None:
    page = shown(client, "/agents")
    assert "2 entries" in page.text
    assert "Tick two to ten" not in page.text
    assert "/agent/nasa" in shown(client, "/agents?q=nasa").links  # found by the beginning of its name
    assert [thing["id"] for thing in data(client, "/sources.json")["things"]] == ["gardner-2006"]
    assert client.get("/telescope").status_code == 404


def test_completion(client: FlaskClient) -> None:
    assert [thing["id"] for thing in data(client, "/suggest?q=tele&limit=2&lang=en")]
    assert {thing["id"] for thing in data(client, "/suggest?q=webb")} == {"webb"}
    assert {thing["id"] for thing in data(client, "/suggest?q=inf&kind=band")} == {"infrared"}
    assert data(client, "/suggest?q=webb&format=suggestions")[1] == ["James Webb Space Telescope"]


def test_a_typed_name_goes_to_the_comparison(client: FlaskClient) -> None:
    response = client.get("/compare?method=webb&add=keck", headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["Location"]) == (303, "/compare?method=webb&method=keck")


def test_a_record_shows_its_rows_its_relation_and_where_it_is_compared(client: FlaskClient) -> None:
    page = shown(client, "/telescope/hubble?lang=fr")
    for text in ("télescope", "HST", "Première lumière", "1990", "complété par", "Télescope spatial James-Webb"):
        assert text in page.text
    assert "/compare?method=hubble&method=webb&lang=fr" in page.links
    page = shown(client, "/telescope/webb?lang=en")
    assert "complements" in page.text
    assert "Gardner, Jonathan P. (2006)" in page.text
    page = shown(client, "/agent/nasa?lang=fr")
    assert "Constructeur de" in page.text
    page = shown(client, "/source/gardner-2006?lang=fr")
    assert "Décrit" in page.text


def test_a_concept_leads_to_the_list_of_what_has_it(client: FlaskClient) -> None:
    page = shown(client, "/band/infrared?lang=fr")
    assert "bande" in page.text
    assert "Télescopes qui l’observent" in page.text
    assert "Chercher et comparer tout cela" in page.text
    assert "/telescopes?band=infrared&lang=fr" in page.links


# -- the comparison in every format ----------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_comparison_as_json_and_tables(client: FlaskClient, lang: str) -> None:
    comparison = data(client, f"/compare.json?{PAIR}&lang={lang}")
    assert [thing["id"] for thing in comparison["methods"]] == ["webb", "hubble"]
    assert [row["id"] for row in comparison["rows"]] == ROWS
    light = next(row for row in comparison["rows"] if row["id"] == "first-light")
    assert light["label"] == ("First light" if lang == "en" else "Première lumière")
    assert [cell["text"] for cell in light["cells"]] == ["2022", "1990"]
    assert ROWS_OF_METHODS.findall(" ".join(texts(comparison))) == []
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        table = csv.reader(io.StringIO(given(client, f"/compare.{name}?{PAIR}&lang={lang}")), delimiter=delimiter)
        assert [row[0] for row in table] == ["row", *ROWS]
    for name in ("md", "tex"):
        text = given(client, f"/compare.{name}?{PAIR}&lang={lang}")
        assert light["label"] in text.replace(r"\-", "")
        assert ROWS_OF_METHODS.findall(text) == []


@pytest.mark.parametrize("syntax", ["ttl", "jsonld", "nt", "rdf", "trig", "nq"])
def test_a_comparison_and_records_as_rdf(client: FlaskClient, syntax: str) -> None:
    for address in (f"/compare.{syntax}?{PAIR}&lang=fr", f"/telescope/webb.{syntax}", f"/band/infrared.{syntax}"):
        given(client, address)
    if syntax == "nt":
        terms = list(parse(given(client, f"/compare.nt?{PAIR}&lang=fr"), RdfFormat.N_TRIPLES))
        assert NamedNode(BASE + "id/telescope/webb") in {term for quad in terms for term in (quad.subject, quad.object)}
        literals = {quad.object.value for quad in terms if isinstance(quad.object, Literal)}
        assert "Première lumière" in literals
        assert [text for text in literals if ROWS_OF_METHODS.search(text)] == []


def test_the_description_of_the_dataset(client: FlaskClient) -> None:
    for lang in LANGUAGES:
        assert data(client, f"/dataset?format=json&lang={lang}")["records"]["telescope"] == 6
    given(client, "/dataset.ttl")
    given(client, "/opensearch.xml")
    given(client, "/sitemap.xml")


# -- reconciliation --------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_reconciliation(client: FlaskClient, lang: str) -> None:
    manifest = data(client, f"/reconcile?lang={lang}")
    types = {kind["id"]: kind["name"] for kind in manifest["defaultTypes"]}
    assert types["telescope"] == ("Telescope" if lang == "en" else "Télescope")
    assert types["band"] == ("Band" if lang == "en" else "Bande")
    queries = {"a": {"query": "James Web Space Telescope"}, "b": {"query": "HST", "type": "telescope"}}
    answers = data(client, "/reconcile?" + urlencode({"queries": json.dumps(queries), "lang": lang}))
    assert [answers[name]["result"][0]["id"] for name in "ab"] == ["telescope/webb", "telescope/hubble"]
    assert [one["id"] for one in data(client, f"/reconcile/suggest/entity?prefix=webb&lang={lang}")["result"]]
    assert [one["id"] for one in data(client, f"/reconcile/suggest/type?prefix=tel&lang={lang}")["result"]]
    properties = data(client, f"/reconcile/properties?type=telescope&lang={lang}")["properties"]
    assert {"site", "first-light", "companions"} <= {one["id"] for one in properties}
    found = data(client, f"/reconcile/suggest/property?prefix=first&type=telescope&lang={lang}")["result"]
    assert [one["id"] for one in found] == ["first-light"]
    wanted = {"ids": ["telescope/webb"], "properties": [{"id": "first-light"}, {"id": "site"}, {"id": "companions"}]}
    extended = data(client, "/reconcile?" + urlencode({"extend": json.dumps(wanted), "lang": lang}))
    rows = extended["rows"]["telescope/webb"]
    assert [len(rows[name]) for name in ("first-light", "site", "companions")] == [1, 1, 1]
    for said in (manifest["defaultTypes"], properties, extended):
        assert ROWS_OF_METHODS.findall(" ".join(texts(said))) == []
    page = shown(client, f"/reconcile/preview?id=telescope/webb&lang={lang}")
    assert ("Site" if lang == "en" else "Lieu") in page.text


# -- the report and the command line ---------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_report(client: FlaskClient, store: Path, run: Run, lang: str) -> None:
    page = shown(client, f"/report?lang={lang}")
    assert ("First light" if lang == "en" else "Première lumière") in page.text
    state = next(state for state in data(client, f"/report.json?lang={lang}")["states"] if state["iri"] == TELESCOPE)
    assert state["count"] == 6
    assert {split["id"] for split in state["concepts"]} == {"site", "band"}
    assert [years["id"] for years in state["years"]] == ["first-light"]
    ran = run("report", "--store", store, "--lang", lang)
    assert ran.code == 0, ran.err
    silent(ran.out)
    assert ROWS_OF_METHODS.findall(ran.out) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_commands(store: Path, run: Run, lang: str) -> None:
    for arguments in (
        ("compare", "webb", "hubble"),
        ("compare", "webb", "hubble", "--format", "html"),
        ("search", "space"),
        ("search", "webb", "--format", "csv"),
        ("show", "webb"),
        ("stats",),
    ):
        options = () if arguments[0] == "stats" else ("--lang", lang)
        ran = run(*arguments, "--store", store, *options)
        assert ran.code == 0, ran.err
        silent(ran.out)
        assert ROWS_OF_METHODS.findall(ran.out) == []
        assert arguments[0] == "stats" or re.search("space|webb", ran.out, re.IGNORECASE)
