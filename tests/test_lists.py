"""Lists: what words mean on them, what stays chosen, and what they lead to where nothing is found."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from conftest import SMALL, Run
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.search import Filter
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BROWSER = {"Accept": "text/html"}
MORE = """
@prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://w3id.org/kgcompare/> .
<id/aim/follow-times> a skos:Concept ; skos:prefLabel "follow times until an event"@en ;
    skos:altLabel "survival analysis"@en .
<id/aim/find-groups> a skos:Concept ; skos:prefLabel "find groups"@en, "former des groupes"@fr ;
    skos:altLabel "clustering"@en .
<id/method/kaplan-meier> a kgc:Method ; skos:prefLabel "Kaplan–Meier estimator"@en ; kgc:origin "1958" ;
    kgc:aim <id/aim/follow-times> ; dcterms:subject <id/domain/statistics> ; skos:definition "=A curve."@en .
<id/method/cox> a kgc:Method ; skos:prefLabel "Cox model"@en ; skos:altLabel "the same name"@en ;
    kgc:aim <id/aim/follow-times>, <id/aim/find-groups> ; skos:definition "Survival analysis with covariates."@en .
<id/method/survival-analysis-trees> a kgc:Method ; skos:prefLabel "Survival analysis trees"@en .
<id/method/told> a kgc:Method ; skos:prefLabel "Told"@en ; skos:altLabel "the same name"@en ;
    skos:definition "Used in survival analysis too."@en .
<id/method/anova> a kgc:Method ; skos:prefLabel "Analysis of variance and covariance"@en ; skos:altLabel "ANOVA"@en .
<id/method/variance> a kgc:Method ; skos:prefLabel "Variance"@en .
""" + "".join(f'<id/method/n{n}> a kgc:Method ; skos:prefLabel "Number {n:02}"@en .\n' for n in range(12))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    (folder / "more.ttl").write_text(MORE, encoding="utf-8")
    ingest.create_store(folder / "store")
    ingest.import_files(folder / "store", [SMALL, folder / "more.ttl"], ingest.Options(trust=True))
    return folder / "store"


@pytest.fixture(scope="module")
def client(store: Path) -> FlaskClient:
    return create_app(Settings(store=store)).test_client()


def data(client: FlaskClient, address: str) -> Any:
    response = client.get(address)
    assert response.status_code == 200, response.text
    return json.loads(response.data)


def ids(things: Any) -> list[str]:
    return [thing["id"] for thing in things]


class Shown(HTMLParser):
    """The text of a page, its links by their text, and its fields."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.links, self.fields, self._open = "", {}, [], ""  # type: ignore[var-annotated]
        self.feed(response.text.partition("<main")[2])
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._open, self._said = named["href"], ""
        if tag in {"input", "button"}:
            self.fields.append(named)

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open:
            self._said += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.links.setdefault(" ".join(self._said.split()), self._open)
            self._open = ""

    def sent(self, *also: str) -> list[str]:
        """What a browser sends of ``method``: hidden fields, and boxes that are ticked or are in *also*."""
        chosen = [field for field in self.fields if field.get("name") == "method"]
        assert {field["form"] for field in chosen} <= {"list"}
        ticked = [f for f in chosen if f["type"] == "hidden" or "checked" in f or f["value"] in also]
        return [field["value"] for field in ticked]


def shown(client: FlaskClient, address: str, status: int = 200) -> Shown:
    response = client.get(address, headers=BROWSER)
    assert response.status_code == status, response.text
    return Shown(response)


def query_of(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


# -- several names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["lasso vs ridge regression", "Lasso ou régression ridge", "laso vs ridge", "lasso, L2 regularisation"]
)
def test_words_that_name_several_things_offer_their_comparison(client: FlaskClient, text: str) -> None:
    page = data(client, f"/methods.json?q={quote(text)}")
    assert page["compare"] == [{"id": "lasso", "label": "Lasso"}, {"id": "ridge", "label": "Ridge regression"}]
    assert ids(page["things"]) == ["lasso", "ridge"]
    assert page["total"] == 2
    assert (
        page["facets"]["domain"] == data(client, "/methods.json?domain=statistics&q=regularisation")["facets"]["domain"]
    )
    found = shown(client, f"/methods?q={quote(text)}")
    assert found.links["Compare Lasso and Ridge regression"] == "/compare?method=lasso&method=ridge"
    french = shown(client, f"/methods?lang=fr&q={quote(text)}")
    assert french.links["Comparer Lasso et Régression ridge"] == "/compare?method=lasso&method=ridge&lang=fr"


def test_the_comparison_is_the_first_completion(client: FlaskClient) -> None:
    first = data(client, "/suggest?q=ridge+regression+vs+lasso")[0]
    assert first == {
        "id": "ridge+lasso",
        "iri": "https://w3id.org/kgcompare/compare?method=ridge&method=lasso",
        "label": "Compare Ridge regression and Lasso",
        "lang": None,
        "description": None,
        "compare": ["ridge", "lasso"],
    }
    while_typing = data(client, "/suggest?q=lasso+vs+rid&lang=fr")[0]
    assert (while_typing["compare"], while_typing["label"]) == (
        ["lasso", "ridge"],
        "Comparer Lasso et Régression ridge",
    )
    text, labels = data(client, "/suggest?q=lasso+vs+ridge&format=suggestions")
    assert (text, labels[0]) == ("lasso vs ridge", "Lasso vs Ridge regression")
    assert data(client, f"/methods.json?q={quote(labels[0])}")["compare"]
    assert all("compare" not in one for one in data(client, "/suggest?q=lasso"))
    assert len(data(client, "/suggest?q=lasso+or+ridge+regression&limit=1")) == 1


@pytest.mark.parametrize("text", ["lasso", "analysis of variance and covariance", "lasso vs lasso", "variance and zzz"])
def test_one_name_is_no_comparison(client: FlaskClient, text: str) -> None:
    page = data(client, f"/methods.json?q={quote(text)}")
    assert "compare" not in page
    assert all("compare" not in one for one in data(client, f"/suggest?q={quote(text)}"))


def test_what_is_named_together_is_narrowed_and_sorted_like_any_list(client: FlaskClient) -> None:
    address = "/methods.json?q=cox+model,+ridge+regression,+lasso"
    assert ids(data(client, address)["things"]) == ["cox", "ridge", "lasso"]
    assert ids(data(client, address + "&sort=name")["things"]) == ["cox", "lasso", "ridge"]
    assert ids(data(client, address + "&sort=year")["things"]) == ["ridge", "lasso", "cox"]
    narrowed = data(client, address + "&domain=statistics&from=1990")
    assert (ids(narrowed["things"]), narrowed["total"]) == (["lasso"], 1)
    assert ids(narrowed["compare"]) == ["cox", "ridge", "lasso"]
    assert data(client, address + "&as=words").get("compare") is None


def test_the_command_line_names_the_comparison(run: Run, store: Path) -> None:
    done = run("search", "lasso or ridge regression", "--store", store)
    assert done.out.splitlines()[0] == "compare them: kgcompare compare lasso ridge"
    assert ids(json.loads(run("search", "lasso or gan", "--store", store, "--format", "json").out)["compare"]) == [
        "lasso",
        "gan",
    ]
    assert "compare" not in run("search", "lasso", "--store", store).out
    assert run("search", "--facet", "aim=find-groups", "--store", store).out.count("cox") == 1
    assert run("search", "--facet", "aim", "--store", store).code == 2


# -- words that name an aim ----------------------------------------------------------------------------


def test_an_aim_finds_what_has_it_and_can_be_taken_off(client: FlaskClient) -> None:
    page = data(client, "/methods.json?q=survival+analysis")
    assert page["understood"] == [{"facet": "aim", "id": "follow-times", "label": "follow times until an event"}]
    found = ids(page["things"])
    assert found[0] == "survival-analysis-trees", "it is called so"
    assert set(found[1:3]) == {"cox", "kaplan-meier"}, "they have the aim"
    assert found[3:] == [], "a text that has the words does not have the aim"
    assert page["total"] == 3
    assert {one["id"]: one["count"] for one in page["facets"]["aim"]} == {"follow-times": 2, "find-groups": 1}
    assert ids(data(client, "/methods.json?q=survival+analysis&sort=year")["things"])[0] == "kaplan-meier"
    plain = shown(client, "/methods?q=survival+analysis").links["Aim: follow times until an event ×"]
    assert query_of(plain) == {"q": ["survival analysis"], "as": ["words"]}
    words = shown(client, plain)
    assert "follow times until an event ×" not in words.text
    to_the_letter = ids(data(client, plain.replace("/methods?", "/methods.json?"))["things"])
    assert set(to_the_letter) == {"survival-analysis-trees", "cox", "told"}


def test_an_aim_is_narrowed_and_paged_like_any_list(client: FlaskClient) -> None:
    address = "/methods.json?q=survival+analysis"
    both = data(client, address + "&aim=find-groups")
    assert (ids(both["things"]), both["total"]) == (["cox"], 1)
    seen, after = [], ""
    for _ in range(5):
        page = data(client, f"{address}&limit=1&after={after}")
        seen += ids(page["things"])
        after = page["after"]
        if not after:
            break
    assert seen == ids(data(client, address)["things"])


def test_an_aim_in_another_language(client: FlaskClient) -> None:
    page = data(client, "/methods.json?lang=fr&q=former+des+groupes")
    assert page["understood"] == [{"facet": "aim", "id": "find-groups", "label": "former des groupes"}]


# -- what is chosen ------------------------------------------------------------------------------------


def test_what_is_chosen_stays_wherever_the_list_leads(client: FlaskClient) -> None:
    first = shown(client, "/methods?q=lasso&lang=en&method=gan")
    assert first.sent() == ["gan"]
    chosen = first.sent("lasso")
    assert sorted(chosen) == ["gan", "lasso"]
    address = "/methods?limit=4&" + "&".join(f"method={slug}" for slug in chosen)
    page = shown(client, address)
    kept = [
        href for href in page.links.values() if urlsplit(href).path == "/methods" and "format" not in query_of(href)
    ]
    assert len(kept) > 5
    for name, href in page.links.items():
        if href in kept and not name.endswith("×"):
            assert query_of(href)["method"] == chosen, name
    assert query_of(page.links["Lasso ×"])["method"] == ["gan"]
    assert "Compare 2" in page.text
    further = shown(client, page.links["Next page"])
    assert sorted(further.sent()) == ["gan", "lasso"]
    assert query_of(shown(client, "/compare?method=lasso&add=zzzzz").links["See all methods"]) == {"method": ["lasso"]}


def test_the_chosen_are_compared_and_nothing_is_a_dead_end(client: FlaskClient) -> None:
    def go(query: str) -> TestResponse:
        return client.get(f"/methods?q=x&compare=1&{query}", headers=BROWSER)

    response = go("method=lasso&method=ridge&method=lasso&lang=fr")
    assert (response.status_code, response.headers["Location"]) == (303, "/compare?method=lasso&method=ridge&lang=fr")
    assert go("method=lasso").headers["Location"] == "/compare?method=lasso"
    assert "Nothing is chosen yet." in shown(client, "/methods?compare=1").text
    eleven = "&".join(f"method=n{n}" for n in range(11))
    many = shown(client, f"/methods?compare=1&{eleven}")
    assert "11 are chosen, and ten are the most." in many.text
    assert len(query_of(many.links["Number 03 ×"])["method"]) == 10
    assert "Ten methods are the most." in shown(client, "/methods?" + eleven.replace("&method=n10", "")).text


def test_what_is_compared_or_read_is_chosen_on_the_list_that_it_leads_to(client: FlaskClient) -> None:
    compared = client.get("/compare?method=lasso&method=gan&lang=fr", headers=BROWSER).text
    assert 'href="/methods?method=lasso&amp;method=gan&amp;lang=fr"' in compared
    assert query_of(shown(client, "/method/lasso").links["From the list"]) == {"method": ["lasso"]}
    chosen = client.get("/methods?q=x&method=lasso", headers=BROWSER).text
    assert '<link rel="canonical" href="http://localhost/methods?q=x">' in chosen


def test_what_is_chosen_and_is_not_there_is_left_out(client: FlaskClient) -> None:
    page = shown(client, "/methods?method=lasso&method=nothing-of-the-kind&method=%3Cb%3E&method=")
    assert "Compare 1" in page.text
    assert "nothing-of-the-kind" not in page.text
    assert data(client, "/methods.json?method=lasso")["total"] > 1
    agents = client.get("/agents?method=lasso", headers=BROWSER)
    assert agents.status_code == 200
    assert 'name="compare"' not in agents.text


# -- years, exact names, nothing found -----------------------------------------------------------------


def test_years_the_wrong_way_round_are_swapped(client: FlaskClient, run: Run, store: Path) -> None:
    assert data(client, "/methods.json?from=2000&to=1990") == data(client, "/methods.json?from=1990&to=2000")
    page = shown(client, "/methods?from=2000&to=1990")
    assert "1990–2000 ×" in page.text
    assert [f["value"] for f in page.fields if f.get("name") in {"from", "to"}] == ["1990", "2000"]
    wrong = run("search", "--from", "2000", "--to", "1990", "--store", store).out
    assert wrong == run("search", "--from", "1990", "--to", "2000", "--store", store).out
    assert "lasso" in wrong


def test_the_very_name_leads_to_its_record(client: FlaskClient) -> None:
    assert shown(client, "/methods?q=LASSO").links["Go to Lasso"] == "/method/lasso"
    assert shown(client, "/methods?q=gan&lang=fr").links["Ouvrir Réseau antagoniste génératif"] == "/method/gan?lang=fr"
    for ambiguous in ("the+same+name", "regression", "variance+x"):
        assert not any(name.startswith("Go to") for name in shown(client, f"/methods?q={ambiguous}").links)


def test_where_nothing_is_found_the_next_step_is_offered(client: FlaskClient) -> None:
    page = shown(client, "/methods?q=lasso&domain=deep-learning&method=gan")
    assert "Nothing found." in page.text
    wider = page.links["All for “lasso”: 1 method"]
    assert query_of(wider) == {"q": ["lasso"], "method": ["gan"]}
    assert "Compare 1" in page.text
    nothing = shown(client, "/methods?q=zzzzzzz")
    assert "Nothing found." in nothing.text
    assert nothing.links["See all methods"] == "/methods"


# -- tables --------------------------------------------------------------------------------------------


def test_a_list_as_a_table(client: FlaskClient, run: Run, store: Path) -> None:
    response = client.get("/methods.csv?q=survival+analysis&bom=true")
    assert response.mimetype == "text/csv"
    assert "methods_survival-analysis.csv" in response.headers["Content-Disposition"]
    assert response.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))
    assert rows[0][:4] == ["id", "label", "iri", "date"]
    assert {"domain", "family", "type", "aim", "data", "assumption"} <= set(rows[0])
    cells = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    cox = cells["cox"]
    assert cox["iri"] == "https://w3id.org/kgcompare/id/method/cox"
    assert cox["aim"] == "find groups; follow times until an event"
    assert cells["kaplan-meier"]["description"] == "'=A curve.", "no formula"
    assert client.get("/methods?q=survival+analysis", headers={"Accept": "text/csv"}).data == response.data[3:]
    assert run("search", "survival analysis", "--store", store, "--format", "csv").raw.replace(b"\r\n", b"\n") == (
        response.data[3:].replace(b"\r\n", b"\n")
    )
    assert client.get("/agents.csv").text.startswith("id,label,iri,date,")


def test_a_long_table_leads_to_the_rest(client: FlaskClient) -> None:
    whole = client.get("/methods.csv")
    assert "Link" not in whole.headers
    assert len(whole.text.splitlines()) == 1 + data(client, "/methods.json")["total"]
    seen, address = [], "/methods.csv?limit=10&sort=name"
    while address:
        response = client.get(address)
        seen += [line.partition(",")[0] for line in response.text.splitlines()[1:]]
        link = response.headers.get("Link", "")
        assert not link or link.endswith('; rel="next"')
        address = link.partition(">")[0].removeprefix("<")
    assert sorted(seen) == sorted(line.partition(",")[0] for line in whole.text.splitlines()[1:])


# -- the field that adds -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        ("ridge", ["ridge"]),
        ("Ridge regression", ["ridge"]),
        ("L2 regularisation", ["ridge"]),
        ("régression ridge", ["ridge"]),
        ("GAN, Ridge regression", ["gan", "ridge"]),
        ("gan; cox model, gan", ["gan", "cox"]),
        ("ridge regression vs GAN", ["ridge", "gan"]),
        ("cox, kaplan-meier", ["cox", "kaplan-meier"]),
        ("analysis of variance and covariance", ["anova"]),
        ("lasso, lasso", []),
    ],
)
def test_names_are_added(client: FlaskClient, typed: str, added: list[str]) -> None:
    response = client.get(f"/compare?method=lasso&add={quote(typed)}&only=differences", headers=BROWSER)
    assert response.status_code == 303
    assert query_of(response.headers["Location"]) == {"method": ["lasso", *added], "only": ["differences"]}


def test_an_alias_that_several_have_is_asked_about(client: FlaskClient) -> None:
    page = shown(client, "/compare?method=lasso&add=the+same+name")
    assert "Several methods answer to “the same name”. Which one?" in page.text
    assert query_of(page.links["Cox model"])["method"] == ["lasso", "cox"]
    assert query_of(page.links["Told"])["method"] == ["lasso", "told"]


def test_the_clear_names_of_several_are_added_and_the_others_asked_about_one_by_one(client: FlaskClient) -> None:
    page = shown(client, "/compare?method=lasso&add=" + quote("the same name, gan, zzzz"))
    assert "Nothing is called “zzzz”." in page.text
    choice = query_of(page.links["Told"])
    assert choice == {"method": ["lasso", "gan", "told"], "add": ["zzzz"]}
    assert [field["value"] for field in page.fields if field.get("name") == "add"] == ["the same name, zzzz"]


def test_a_near_name_is_offered(client: FlaskClient) -> None:
    page = shown(client, "/compare?method=lasso&add=rigde+regresion")
    assert "Nothing is called “rigde regresion”. Did you mean:" in page.text
    assert query_of(page.links["Ridge regression"])["method"] == ["lasso", "ridge"]
    assert "Cox model" not in page.links
    assert "Did you mean:" in shown(client, "/compare?add=rigde+regresion", 300).text


def test_more_than_ten_are_not_added_and_the_page_says_so(client: FlaskClient) -> None:
    many = ", ".join(f"Number {n:02}" for n in range(11))
    page = shown(client, f"/compare?method=lasso&add={quote(many)}", 400)
    assert "That would be 12 side by side, and ten are the most." in page.text
    assert [field["value"] for field in page.fields if field.get("name") == "add"] == [many]
    assert "That would be 11" in shown(client, f"/compare?add={quote(many)}", 400).text


@pytest.fixture(scope="module")
def catalogue(store: Path) -> Iterator[Catalogue]:
    with Catalogue(EmbeddedStore(store)) as opened:
        yield opened


def test_it_is_all_there_in_python(catalogue: Catalogue) -> None:
    page = catalogue.generation().search(Filter("lasso or gan"))
    assert [thing.id for thing in page.compare] == ["lasso", "gan"]
    assert [thing.id for thing in catalogue.generation().named_together("lasso vs gan", "fr")] == ["lasso", "gan"]
    called = catalogue.generation().search(Filter("lasso")).called
    assert called is not None
    assert called.id == "lasso"
    assert [value.id for value in catalogue.generation().search(Filter("clustering")).understood] == ["find-groups"]
