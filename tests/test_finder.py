"""The finder: whatever it offers leads to as many things as it says, broader aims bring narrower ones along, and what
is not recorded is neither found nor ruled out."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from browsing import Open
from conftest import DATA
from deep import many
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.finder import FinderState, find, finder_of
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import UsageError
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

RECORDS = """
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://w3id.org/kgcompare/id/> .
<aim/predict> a skos:Concept ; skos:prefLabel "predict"@en ; skos:definition "Say what is not known."@en .
<aim/quantity> a skos:Concept ; skos:prefLabel "predict a quantity"@en ; skos:broader <aim/predict> .
<aim/count> a skos:Concept ; skos:prefLabel "predict a count"@en ; skos:broader <aim/quantity> .
<aim/class> a skos:Concept ; skos:prefLabel "predict a class"@en ; skos:broader <aim/predict> .
<aim/survival> a skos:Concept ; skos:prefLabel "analyse time to an event"@en ; skos:altLabel "survival analysis"@en .
<aim/one> a skos:Concept ; skos:prefLabel "one"@en ; skos:broader <aim/other> .
<aim/other> a skos:Concept ; skos:prefLabel "other"@en ; skos:broader <aim/one> .
<data/table> a skos:Concept ; skos:prefLabel "table"@en .
<data/wide> a skos:Concept ; skos:prefLabel "more variables than cases"@en .
<assumption/linear> a skos:Concept ; skos:prefLabel "linear effects"@en .
<assumption/normal> a skos:Concept ; skos:prefLabel "normal residuals"@en .
<method/lasso> a kgc:Method ; skos:prefLabel "Lasso"@en ; kgc:aim <aim/quantity>, <aim/count> ;
    kgc:takes <data/table>, <data/wide> ; kgc:assumes <assumption/linear> .
<method/ols> a kgc:Method ; skos:prefLabel "OLS"@en ; kgc:aim <aim/quantity> ; kgc:takes <data/table> ;
    kgc:assumes <assumption/linear>, <assumption/normal> .
<method/forest> a kgc:Method ; skos:prefLabel "Forest"@en ; kgc:aim <aim/quantity>, <aim/class> ;
    kgc:takes <data/table>, <data/wide> .
<method/cox> a kgc:Method ; skos:prefLabel "Cox"@en ; kgc:aim <aim/survival> ; kgc:assumes <assumption/linear> .
<method/ring> a kgc:Method ; skos:prefLabel "Ring"@en ; kgc:aim <aim/one>, <aim/other> .
<method/alone> a kgc:Method ; skos:prefLabel "Alone"@en .
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finder") / "store"
    file = path.with_suffix(".ttl")
    file.write_text(RECORDS, encoding="utf-8")
    ingest.create_store(path)
    ingest.import_files(path, [file], ingest.Options())
    return path


@pytest.fixture(scope="module")
def generation(store: Path) -> Iterator[Generation]:
    with Catalogue(EmbeddedStore(store)) as catalogue:
        yield catalogue.generation()


@pytest.fixture(scope="module")
def client(store: Path) -> FlaskClient:
    return create_app(Settings(store=store)).test_client()


def told(state: FinderState) -> list[str]:
    return [thing.id for thing in state.page.things]


def options(state: FinderState, step: str) -> dict[str, int]:
    (found,) = (one for one in state.steps if one.id == step)
    return {option.thing.id: option.count for option in found.options}


# -- what is found -------------------------------------------------------------------------------------------


def test_it_begins_with_the_broadest_and_counts_each_thing_once(generation: Generation) -> None:
    state = find(generation, {}, {}, "en")
    assert state.page.total == 6
    # Lasso predicts a quantity and a count, and counts once; one and other stand under each other, and are both there.
    assert options(state, "aim") == {"predict": 3, "one": 1, "other": 1, "survival": 1}
    assert options(state, "data") == {"table": 3, "wide": 2}
    assert [step.unrecorded for step in state.steps] == [1, 3, 3]


def test_a_broad_aim_brings_the_narrower_ones_and_offers_them_next(generation: Generation) -> None:
    state = find(generation, {"aim": ["predict"]}, {}, "en")
    assert told(state) == ["forest", "lasso", "ols"]
    assert options(state, "aim") == {"quantity": 3, "class": 1}
    deeper = find(generation, {"aim": ["predict", "quantity"]}, {}, "en")
    assert told(deeper) == told(state)
    assert options(deeper, "aim") == {"count": 1, "class": 1}


def test_what_was_chosen_holds_together(generation: Generation) -> None:
    state = find(generation, {"aim": ["quantity"], "data": ["table", "wide"]}, {}, "en")
    assert told(state) == ["forest", "lasso"]
    assert options(state, "assumption") == {"linear": 1}


def test_what_is_not_recorded_is_not_ruled_out_and_it_is_said(generation: Generation) -> None:
    state = find(generation, {"aim": ["predict"]}, {"assumption": ["normal"]}, "en")
    assert told(state) == ["forest", "lasso"]
    assert [step.unrecorded for step in state.steps if step.id == "assumption"] == [1]
    assert find(generation, {}, {"aim": ["predict"]}, "en").page.total == 6  # an aim is no condition


def test_words_find_a_value_by_its_other_names(generation: Generation) -> None:
    state = find(generation, {}, {}, "en", text="survival analysis")
    assert [(step, option.thing.id, option.count) for step, option in state.meant] == [("aim", "survival", 1)]
    assert find(generation, {"data": ["wide"]}, {}, "en", text="survival analysis").meant == ()


def test_what_is_not_there_is_set_aside(generation: Generation) -> None:
    state = find(generation, {"aim": ["nope", "table"], "data": ["wide"]}, {"assumption": ["nope"]}, "en")
    assert set(state.unknown) == {("aim", "nope"), ("aim", "table"), ("assumption", "nope")}
    assert told(state) == ["forest", "lasso"]
    with pytest.raises(UsageError, match="too many"):
        find(generation, {"aim": [f"a{n}" for n in range(100)]}, {}, "en")
    with pytest.raises(UsageError, match="is not a record of this list"):
        find(generation, {}, {}, "en", after="nope")


def test_pages_follow_each_other(generation: Generation) -> None:
    seen: list[str] = []
    after = ""
    while True:
        state = find(generation, {}, {"assumption": ["normal"]}, "en", after=after, most=2)
        seen += told(state)
        if state.page.after is None:
            break
        after = state.page.after
    assert seen == ["alone", "cox", "forest", "lasso", "ring"]


def test_no_offer_is_a_dead_end(bundled_store: Path) -> None:
    """Wherever one stands, each offer leads to as many things as it says, and to one at least."""
    chance = random.Random(1)
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        generation = catalogue.generation()
        for _ in range(many(3, 60)):
            wanted: dict[str, list[str]] = {}
            denied: dict[str, list[str]] = {}
            for _ in range(4):
                state = find(generation, wanted, denied, "en", most=1)
                offers = [(step, option) for step in state.steps for option in step.options]
                if not offers:
                    break
                for step, option in chance.sample(offers, min(4, len(offers))):
                    more = wanted | {step.id: [*wanted.get(step.id, []), option.thing.id]}
                    assert find(generation, more, denied, "en", most=1).page.total == option.count > 0
                step, option = chance.choice(offers)
                if step.condition and option.left and chance.random() < 0.5:
                    denied = denied | {step.id: [*denied.get(step.id, []), option.thing.id]}
                    assert find(generation, wanted, denied, "en", most=1).page.total == option.left
                else:
                    wanted = wanted | {step.id: [*wanted.get(step.id, []), option.thing.id]}


def test_sixty_samples_and_three_hundred_predictors(bundled_store: Path) -> None:
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        state = find(catalogue.generation(), {"aim": ["predict-a-quantity"], "data": ["wide-table"]}, {}, "en")
        assert {"lasso", "ridge-regression", "elastic-net"} <= set(told(state))
        assert state.page.total <= 10


# -- its addresses -------------------------------------------------------------------------------------------


def answered(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    return json.loads(answer.get_data(as_text=True))


def test_json(client: FlaskClient) -> None:
    said = answered(client, "/find.json?aim=predict&not-assumption=normal&q=table")
    assert (said["total"], said["after"]) == (2, None)
    assert [thing["id"] for thing in said["things"]] == ["forest", "lasso"]
    aims, data, assumptions = said["steps"]
    assert [thing["id"] for thing in aims["chosen"]] == ["predict"]
    assert [(option["id"], option["count"], option["left"]) for option in data["options"]] == [
        ("wide", 2, 0),
        ("table", 2, 0),
    ]
    assert [thing["id"] for thing in assumptions["denied"]] == ["normal"]
    assert assumptions["not_recorded"] == 1
    assert [(option["step"], option["id"]) for option in said["meant"]] == [("data", "table")]
    assert answered(client, "/find.json?aim=nope")["unknown"] == ["aim=nope"]


def test_what_is_ticked_stays_and_is_compared(client: FlaskClient) -> None:
    page = client.get("/find?aim=predict&method=cox", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert '<input type="hidden" form="list" name="method" value="cox">' in page
    assert 'name="aim" value="predict"' in page
    there = client.get("/find?aim=predict&method=cox&method=lasso&compare=1", headers={"Accept": "text/html"})
    assert there.status_code == 303
    assert there.headers["Location"].endswith("/compare?method=cox&method=lasso")
    assert 'href="/compare?method=forest&amp;method=lasso&amp;method=ols"' in page


def test_every_link_of_its_page_leads_on(client: FlaskClient) -> None:
    page = client.get("/find?aim=predict&not-assumption=normal", headers={"Accept": "text/html"}).get_data(as_text=True)
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/find[^"]*)"', page)}
    assert len(links) > 5
    for link in links:
        assert client.get(link, headers={"Accept": "text/html"}).status_code == 200, link
    assert "That does not mean" in page
    assert "Assumptions: not recorded" in page


def test_a_catalogue_with_nothing_to_choose_by_says_so(tmp_path: Path) -> None:
    path = tmp_path / "store"
    ingest.create_store(path, "https://telescopes.example/", [DATA / "telescope_shapes.ttl"])
    ingest.import_files(path, [DATA / "telescopes.ttl"], ingest.Options())
    client = create_app(Settings(store=path)).test_client()
    assert "nothing to choose by" in client.get("/find", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert answered(client, "/find.json")["steps"] == []
    assert 'href="/find' not in client.get("/", headers={"Accept": "text/html"}).get_data(as_text=True)


def test_facets_of_a_catalogue_of_its_own_are_steps(tmp_path: Path) -> None:
    """A group called Choosing, a facet in it, a condition: no more is needed."""
    shapes = tmp_path / "shapes.ttl"
    text = (DATA / "telescope_shapes.ttl").read_text(encoding="utf-8")
    group = 'sky:Choosing a sh:PropertyGroup ; rdfs:label "Choosing"@en .\n'
    said = "sky:Telescope-band sh:group sky:Choosing ; kgc:facet true ; kgc:condition true .\n"
    shapes.write_text(text + group + said, encoding="utf-8")
    path = tmp_path / "store"
    ingest.create_store(path, "https://telescopes.example/", [shapes])
    ingest.import_files(path, [DATA / "telescopes.ttl"], ingest.Options())
    with Catalogue(EmbeddedStore(path)) as catalogue:
        generation = catalogue.generation()
        assert [facet.id for facet in finder_of(generation).facets] == ["band"]
        state = find(generation, {"band": ["infrared"]}, {"band": ["visible"]}, "en")
        assert 0 < state.page.total < find(generation, {"band": ["infrared"]}, {}, "en").page.total


# -- home ------------------------------------------------------------------------------------------------------


def test_home_is_light_and_leads_to_the_finder(bundled_store: Path) -> None:
    client = create_app(Settings(store=bundled_store)).test_client()
    for lang in ("en", "fr"):
        page = client.get(f"/?lang={lang}", headers={"Accept": "text/html"}).get_data(as_text=True)
        assert len(gzip.compress(page.encode(), 6)) < 6000
        assert re.search(r'href="/find\?aim=[a-z-]+', page)
        pairs = page.partition('class="pairs"')[2]
        assert pairs.index("Lasso") < pairs.index("BERT")


@pytest.mark.slow
def test_from_home_to_a_comparison_without_scripts(visit: Open) -> None:
    page = visit("/", java_script_enabled=False)
    page.get_by_role("link", name="predict", exact=True).click()
    page.locator("details.step summary", has_text="Aims").click()
    page.get_by_role("link", name="predict a quantity", exact=True).click()
    page.get_by_role("link", name="more variables than cases", exact=True).click()
    for slug in ("lasso", "ridge-regression", "elastic-net"):
        page.check(f"#m-{slug}")
    page.get_by_role("button", name="Compare").click()
    assert page.url.count("method=") == 3
    assert page.locator("h1").inner_text().count("Lasso") == 1
    page.go_back()
    page.get_by_label("Search for what you want to do, or what you have").fill("survival analysis")
    page.get_by_role("button", name="Search").click()
    assert "q=survival" in page.url
    assert "aim=predict" in page.url


@pytest.mark.slow
def test_each_step_is_an_address_with_scripts_too(visit: Open, site: str) -> None:
    page = visit("/find")
    page.get_by_role("link", name="reduce dimensions", exact=True).click()
    page.wait_for_url("**/find?aim=reduce-dimensions")
    page.wait_for_selector(".picked")
    assert page.locator("details.step[open]").count() == 1
    assert "Data" in page.locator("details.step[open] summary").inner_text()
    page.go_back()
    page.locator(".picked").wait_for(state="detached")
    assert page.url == site + "/find"
