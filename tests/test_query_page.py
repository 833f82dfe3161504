"""The query page: in a real Chromium with scripts and without, and what the server gives it."""

from __future__ import annotations

import html
import re
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from browsing import Open
from kgcompare.web import query_page
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

LASSO = "SELECT ?name { method:lasso skos:prefLabel ?name } ORDER BY ?name"
PREFIXED = (
    "PREFIX method: <https://w3id.org/kgcompare/id/method/>\nPREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
    + LASSO
)
HOSTILE = (
    'SELECT ?text ?thing { VALUES (?text ?thing) { ("<img src=x onerror=alert(1)>{{thing}}" '
    "<http://127.0.0.1/'onmouseover='alert(1)>) } }"
)


def asking(query: str) -> str:
    return "/sparql?query=" + quote_plus(query)


def written(page: Page) -> str:
    text: str = page.evaluate("document.querySelector('#ask .CodeMirror').CodeMirror.getValue()")
    return text


def write(page: Page, query: str) -> None:
    page.locator("#ask .CodeMirror").click()
    page.evaluate("text => document.querySelector('#ask .CodeMirror').CodeMirror.setValue(text)", query)


# -- in a browser ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_example_runs_and_shows_a_table(visit: Open, site: str) -> None:
    page = visit("/sparql?lang=fr")
    page.get_by_role("link", name="Methods side by side").click()
    page.locator("tbody tr").first.wait_for()
    assert parse_qs(urlsplit(page.url).query) == {"lang": ["fr"], "example": ["compare"]}
    assert page.locator("thead th").all_inner_texts()[:3] == ["order", "rowId", "method"]
    assert page.get_by_role("heading", name="Résultat").is_visible()
    method = page.locator("tbody a.iri", has_text="lasso").first
    assert method.get_attribute("href") == "/id/method/lasso"
    csv = page.get_by_role("link", name="CSV", exact=True)
    assert csv.is_visible()
    assert not page.get_by_role("link", name="Turtle").is_visible()
    with urllib.request.urlopen(site + str(csv.get_attribute("href")).removeprefix(site), timeout=120) as answer:
        assert answer.headers.get_content_type() == "text/csv"
        assert answer.read().startswith(b"order,rowId,method,value,status\r\n")


@pytest.mark.slow
def test_statements_and_truth_values_are_shown(visit: Open) -> None:
    page = visit("/sparql?example=shapes")
    page.locator("tbody tr").first.wait_for()
    assert page.locator("thead th").all_inner_texts() == ["subject", "predicate", "object"]
    assert page.get_by_role("link", name="Turtle").is_visible()
    page.get_by_role("button", name="Response").click()
    page.locator("#result .CodeMirror", has_text="@prefix").wait_for()
    visit(asking("ASK { ?s ?p ?o }")).locator(".booleanResult", has_text="True").wait_for()


@pytest.mark.slow
def test_what_ran_is_shared_by_its_address(visit: Open) -> None:
    page = visit("/sparql")
    assert "kgc:Method" in written(page)
    write(page, PREFIXED)
    page.keyboard.press("Control+Enter")
    page.locator("td", has_text="Lasso").first.wait_for()
    assert parse_qs(urlsplit(page.url).query)["query"] == [PREFIXED]
    assert page.locator("#address").text_content() == page.url
    francais = page.locator("#languages a[lang=fr]").get_attribute("href") or ""
    assert parse_qs(urlsplit(francais).query)["query"] == [PREFIXED]
    other = visit(page.url.removeprefix(page.url.split("/sparql")[0]))
    other.locator("td", has_text="Lasso").first.wait_for()
    assert written(other) == PREFIXED


@pytest.mark.slow
def test_an_address_wins_over_what_was_written_before(visit: Open, site: str) -> None:
    page = visit("/sparql")
    write(page, LASSO)
    page.get_by_role("link", name="kgcompare", exact=True).focus()
    page.goto(site + "/sparql")
    assert written(page) == LASSO
    page.goto(site + asking(PREFIXED))
    page.locator("tbody tr").first.wait_for()
    assert written(page) == PREFIXED


@pytest.mark.slow
def test_prefixes_classes_and_properties_are_completed(visit: Open) -> None:
    page = visit("/sparql")
    write(page, "")
    hints = page.locator(".CodeMirror-hint")
    page.keyboard.type("SELECT * { ?m a kgc:Met")
    page.wait_for_function("document.querySelector('#ask .CodeMirror').CodeMirror.getValue().startsWith('PREFIX kgc:')")
    page.keyboard.press("Control+Space")
    hints.first.wait_for()
    assert [" ".join(text.split()) for text in hints.all_inner_texts()] == ["kgc:Method method"]
    page.keyboard.press("Enter")
    page.keyboard.type(" ; origin y")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Control+Space")
    hints.first.wait_for()
    assert "kgc:origin origin year" in [" ".join(text.split()) for text in hints.all_inner_texts()]


@pytest.mark.slow
def test_a_fault_is_said_and_can_be_mended(visit: Open) -> None:
    page = visit(asking("SELECT nonsense"))
    fault = page.locator(".errorResult")
    fault.wait_for()
    assert re.fullmatch(r"Bad Request: .*\b1:\d+.*", fault.inner_text().strip())
    assert not page.get_by_role("link", name="CSV", exact=True).is_visible()
    page.get_by_role("status").filter(has_text="Bad Request").wait_for(state="attached")
    write(page, PREFIXED)
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("td", has_text="Lasso").first.wait_for()
    assert fault.count() == 0


@pytest.mark.slow
def test_a_query_can_be_stopped(visit: Open) -> None:
    page = visit("/sparql")
    page.route("**/sparql", lambda route: None)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Run", exact=True).wait_for()
    assert page.locator("#result").is_hidden()


@pytest.mark.slow
def test_the_keyboard_leaves_the_editor(visit: Open) -> None:
    page = visit("/sparql")
    write(page, "ASK {}")
    page.keyboard.press("Tab")
    assert written(page).strip() == "ASK {}" != written(page), "Tab indents"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "run"
    page.keyboard.press("Enter")
    page.locator(".booleanResult").wait_for()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('#ask .CodeMirror textarea')"), "Tab indents again"
    page.get_by_role("link", name="Skip to content").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#page-main")
    assert page.locator("#ask .CodeMirror").is_visible()


@pytest.mark.slow
def test_hostile_values_are_shown_as_they_are(visit: Open) -> None:
    page = visit(asking(HOSTILE))
    page.locator("tbody tr").wait_for()
    assert page.locator("tbody td").first.inner_text() == "<img src=x onerror=alert(1)>{{thing}}"
    assert page.locator("tbody a.iri").get_attribute("href") == "http://127.0.0.1/'onmouseover='alert(1)"
    assert page.locator("tbody img").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 768])
def test_nothing_scrolls_sideways_on_small_screens(visit: Open, width: int) -> None:
    page = visit("/sparql?example=compare", width, 740)
    page.locator("tbody tr").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.slow
def test_without_scripts_there_is_a_form(visit: Open) -> None:
    page = visit("/sparql", java_script_enabled=False)
    page.get_by_role("link", name="What differs").click()
    assert "method/lasso" in page.locator("textarea").input_value()
    assert page.locator("#keys").is_hidden()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Run, as CSV").click()
    assert Path(waiting.value.path()).read_text().startswith("order,rowId,kind,differs,missing\n")
    page.get_by_role("button", name="Run", exact=True).click()
    assert '"bindings"' in page.inner_text("body")


# -- on the server -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(small_store: Path) -> FlaskClient:
    return create_app(Settings(store=small_store)).test_client()


def shown(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_every_example_runs_as_it_is_shown(site: str) -> None:
    for query in query_page.example_queries():
        address = f"{site}/sparql?example={query.name}"
        with urllib.request.urlopen(
            urllib.request.Request(address, headers={"Accept": "text/html"}), timeout=120
        ) as answer:
            text = shown(answer.read().decode())
        body = urlencode({"query": text}).encode()
        with urllib.request.urlopen(f"{site}/sparql", body, timeout=120) as answer:
            assert answer.status == 200, query.name
            assert len(answer.read()) < 1_000_000, f"{query.name} is too much to look at"


def test_a_query_in_the_address_is_shown_and_not_run(client: FlaskClient) -> None:
    for query in ("</textarea><script>alert(1)</script>", "\nSELECT nonsense", "CLEAR ALL"):
        page = client.get("/sparql", query_string={"query": query}, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert shown(page.text) == query
        assert "<script>alert" not in page.text


def test_an_example_that_is_not_there_is_said(client: FlaskClient) -> None:
    page = client.get("/sparql", query_string={"example": "quads"}, headers={"Accept": "text/html"})
    assert page.status_code == 400
    assert "there is no example" in page.text


def test_terms_come_with_labels(client: FlaskClient) -> None:
    terms = client.get("/sparql/terms.json?lang=fr").get_json()
    assert terms["prefixes"]["method"] == "https://w3id.org/kgcompare/id/method/"
    assert terms["classes"]["https://w3id.org/kgcompare/ns#Method"] == "méthode"
    assert terms["properties"]["https://w3id.org/kgcompare/ns#family"] == "famille"
    assert terms["properties"]["http://purl.org/dc/terms/subject"] == "Domaine"
