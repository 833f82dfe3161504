"""The form of a record: made of the shape, without scripts; faults stand at their fields, changes are seen first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from pyoxigraph import NamedNode
from werkzeug.test import TestResponse

from conftest import SMALL, copied
from kgcompare import ingest
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import iri
from kgcompare.sandbox.limits import Limits
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.tokens import Tokens
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BASE = "https://w3id.org/kgcompare/"
PAGE = {"Accept": "text/html"}
Form = dict[str, str]


class _Controls(HTMLParser):
    """What a browser sends of a form, the fields as they stand, and what the page says of each."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Form = {}
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.buttons: list[str] = []
        self._area = self._select = ""
        self._within = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name = said.get("name") or ""
        self._within += tag == "template"
        if self._within:
            return
        if tag in {"input", "textarea", "select"} and name and said.get("type") != "search":
            self.sent[name] = said.get("value") or ""
            self.attributes[name] = said
        if tag == "textarea":
            self._area = name
        if tag == "select":
            self._select = name
        if tag == "option" and ("selected" in said or not self.attributes[self._select].get("chosen")):
            self.sent[self._select] = said.get("value") or ""
            self.attributes[self._select]["chosen"] = "yes"
        if tag == "button" and name == "do":
            self.buttons.append(said.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        self._within -= tag == "template"
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and not self._within:
            self.sent[self._area] += data.removeprefix("\n") if not self.sent[self._area] else data


def controls(page: TestResponse) -> _Controls:
    found = _Controls()
    found.feed(page.text)
    return found


def form_of(page: TestResponse) -> Form:
    return controls(page).sent


class Site:
    """A copy of the small catalogue and a browser without scripts."""

    def __init__(self, store: Path, contact: str = "https://github.com/me/catalogue/issues/new{?title,body}") -> None:
        self.store = store
        self.app: Flask = create_app(Settings(store=store, limits=Limits(write_wait=100.0), contact=contact))

    def get(self, path: str) -> TestResponse:
        return self.app.test_client().get(path, headers=PAGE, buffered=True)

    def post(self, path: str, form: Form, do: str = "look", **more: str) -> TestResponse:
        body = urlencode({**form, **more, "do": do}).replace("%0A", "%0D%0A")
        headers = {**PAGE, "Content-Type": "application/x-www-form-urlencoded"}
        return self.app.test_client().post(path, data=body, headers=headers, buffered=True)

    def record(self, thing: str) -> Graph:
        snapshot = EmbeddedStore(self.store).snapshot()
        return Graph(quad.triple for quad in snapshot.graph(f"{BASE}doc/{thing}"))

    def values(self, thing: str, predicate: str) -> set[str]:
        said = self.record(thing).objects(NamedNode(f"{BASE}id/{thing}"), iri(predicate).value)
        return {f"{one.value}@{tag}" if (tag := getattr(one, "language", None)) else one.value for one in said}


@pytest.fixture(scope="module")
def reader(small_store: Path) -> Iterator[Site]:
    """The small catalogue, in which nothing is saved."""
    made = Site(small_store)
    yield made
    made.app.extensions["kgcompare"].close()


@pytest.fixture
def site(small_store: Path, tmp_path: Path) -> Iterator[Site]:
    store = copied(small_store, tmp_path / "store")
    made = Site(store)
    yield made
    made.app.extensions["kgcompare"].close()


EDIT = "/method/lasso/edit"


def changes_of(page: TestResponse) -> list[str]:
    """What a page says that changes: ``- TEXT`` and ``+ TEXT``."""
    found = re.findall(r"<(del|ins)[^>]*>(.*?)</\1>", page.text, re.DOTALL)
    return [("- " if tag == "del" else "+ ") + text.strip() for tag, text in found]


def test_the_form_shows_the_record_and_changes_nothing_by_itself(reader: Site) -> None:
    page = reader.get(EDIT)
    assert page.status_code == 200
    form = form_of(page)
    assert form["name.0"] == "Lasso"
    assert (form["domain.0"], form["domain.0._thing"]) == ("Statistics", f"{BASE}id/domain/statistics")
    assert form["summary.1"] == "Ramène des coefficients à zéro."
    assert form["originator.0.agentlist.0"] == "Robert Tibshirani"
    assert form["related.0"] == "Ridge regression"
    assert form["related.0._by"].endswith("alternativeTo")
    assert "What the method does, in a few sentences." in page.text
    assert "originstart.0" not in form
    assert 'name="robots" content="noindex"' in page.text
    for kind, slug in (
        ("method", "gan"),
        ("method", "elbow"),
        ("agent", "ian-goodfellow"),
        ("source", "hoerl-1970"),
        ("domain", "statistics"),
    ):
        untouched = form_of(reader.get(f"/{kind}/{slug}/edit"))
        looked = reader.post(f"/{kind}/{slug}/edit", untouched)
        assert looked.status_code == 200, looked.text
        assert "Nothing changes" in looked.text, slug


def test_a_look_says_what_changes_and_the_token_saves_it(site: Site) -> None:
    token = Tokens(site.store).add("me")
    form = form_of(site.get(EDIT)) | {
        "summary.0": "Shrinks many coefficients.",
        "domain.0": "Deep learning",
        "origin-year.0": "1996~",
    }
    looked = site.post(EDIT, form)
    assert looked.status_code == 200
    assert changes_of(looked) == [
        "- Statistics", "+ Deep learning", "- 1996", "+ c. 1996",
        "- Shrinks some coefficients to zero.", "+ Shrinks many coefficients.",
    ]  # fmt: skip
    assert site.values("method/lasso", "kgc:origin") == {"1996"}, "nothing is saved by looking"
    form = form_of(looked)
    refused = site.post(EDIT, form, "save", token="kgc_nonsense")
    assert refused.status_code == 403
    assert "no token that may write here" in refused.text
    assert "kgc_nonsense" not in refused.text
    assert site.post(EDIT, form, "save").status_code == 403
    again = site.post(EDIT, form | {"summary.0": "Another."}, "save", token=token)
    assert "This is not what you have looked at" in again.text, "what was not looked at is not saved"
    assert "+ Another." in changes_of(again)
    assert token not in again.text
    before = site.record("method/lasso")
    saved = site.post(EDIT, form, "save", token=token)
    assert saved.status_code == 303
    assert saved.headers["Location"] == "/method/lasso#saved"
    history = re.sub(r"<[^>]+>", " ", site.get("/method/lasso/history").text)
    assert re.search(r"\bme\b", history), "the history names whose token it was"
    assert site.values("method/lasso", "dcterms:subject") == {f"{BASE}id/domain/deep-learning"}
    assert site.values("method/lasso", "kgc:origin") == {"1996~"}
    for same in (
        "skos:altLabel",
        "skos:hiddenLabel",
        "kgc:foundingSource",
        "kgc:related",
        "dcterms:creator",
        "rdf:type",
    ):
        was = {v.value for v in before.objects(NamedNode(f"{BASE}id/method/lasso"), iri(same).value)}
        assert {v.partition("@")[0] for v in site.values("method/lasso", same)} == was, same


def test_faults_stand_at_their_fields_in_the_readers_language(reader: Site) -> None:
    form = form_of(reader.get(EDIT)) | {
        "name.0": "", "name.1": "", "origin-year.0": "long ago", "domain.0": "Statistcs", "type.0": "",
        "originator.0.agentlist.0": "Nobody at all", "alias.0._lang": "no tag", "exactmatch.0": "Q1", "data.0": "Lasso",
    }  # fmt: skip
    page = reader.post(EDIT + "?lang=fr", form)
    assert page.status_code == 422
    found = controls(page)
    assert found.sent["origin-year.0"] == "long ago", "what was typed is kept"
    assert found.sent["domain.0"] == "Statistcs"
    for name in ("origin-year.0", "domain.0", "originator.0.agentlist.0", "alias.0", "exactmatch.0", "data.0"):
        assert found.attributes[name].get("aria-invalid") == "true", name
        described = (found.attributes[name].get("aria-describedby") or "").split()
        assert any(f'id="{one}"' in page.text for one in described if one.endswith("-fault")), name
        assert f'href="#f.{name}"' in page.text, name
    assert "L’origine doit être une seule date EDTF" in page.text
    text = page.text.replace("\u202f", " ").replace("\xa0", " ")
    assert "Nom : il faut au moins 1 valeur ici." in text
    assert 'href="#f.name"' in page.text
    assert "Rien ne s’appelle « Statistcs »" in text
    assert "Statistique" in page.text, "what is close to it is named"
    assert "save" not in found.buttons


def test_values_are_added_moved_and_removed_by_buttons(site: Site) -> None:
    form = form_of(site.get("/method/ridge/edit"))
    page = site.post("/method/ridge/edit", form | {"summary.0": "Typed."}, "add alias")
    form = form_of(page)
    assert form["alias.2"] == ""
    assert form["summary.0"] == "Typed."
    assert re.search(r'name="alias\.2"[^>]* autofocus', page.text)
    form = form_of(site.post("/method/ridge/edit", form | {"alias.2": "Tikhonov"}, "down originator.0.agentlist.0"))
    assert [form[f"originator.0.agentlist.{n}"] for n in (0, 1)] == ["Robert W. Kennard", "Arthur E. Hoerl"]
    form = form_of(site.post("/method/ridge/edit", form, "add originator"))
    assert form["originator.1.agentlist.0"] == ""
    form = form_of(
        site.post(
            "/method/ridge/edit", form | {"originator.1.agentlist.0": "Ian Goodfellow", "originator.1.etal.0": "true"}
        )
    )
    page = site.post("/method/ridge/edit", form, "up originator.1")
    form = form_of(page)
    assert form["originator.0.agentlist.0"] == "Ian Goodfellow"
    looked = site.post("/method/ridge/edit", form)
    assert looked.status_code == 200
    assert changes_of(looked) == [
        "- Hoerl &amp; Kennard", "+ Goodfellow et al.", "+ Kennard &amp; Hoerl", "+ Tikhonov",
        "- Shrinks all coefficients.", "+ Typed.",
    ]  # fmt: skip
    token = Tokens(site.store).add("me")
    assert site.post("/method/ridge/edit", form_of(looked), "save", token=token).status_code == 303
    assert "</a> et al." in site.get("/method/ridge").text
    gone = form_of(site.post("/method/ridge/edit", form_of(site.get("/method/ridge/edit")), "remove originator.1"))
    assert "originator.1.agentlist.0" not in gone


def test_somebody_else_was_faster(site: Site) -> None:
    token = Tokens(site.store).add("me")
    mine = form_of(site.get(EDIT)) | {"summary.0": "Mine.", "name.0": "The lasso"}
    theirs = form_of(site.post(EDIT, form_of(site.get(EDIT)) | {"summary.0": "Theirs.", "origin-year.0": "1995"}))
    assert site.post(EDIT, theirs, "save", token=token).status_code == 303
    page = site.post(EDIT, mine, "save", token=token)
    assert page.status_code == 409
    assert "Somebody has changed this record since you opened it" in page.text
    form = form_of(page)
    assert (form["summary.0"], form["name.0"], form["origin-year.0"]) == ("Mine.", "The lasso", "1995")
    assert "Theirs." in page.text
    assert changes_of(page) == ["- Lasso", "+ The lasso", "- Theirs.", "+ Mine."]
    assert site.post(EDIT, form, "save", token=token).status_code == 303
    assert site.values("method/lasso", "kgc:origin") == {"1995"}, "what they changed elsewhere stays"


def test_without_a_token_it_is_suggested(reader: Site) -> None:
    looked = reader.post(EDIT, form_of(reader.get(EDIT)) | {"origin-year.0": "1995"})
    found = controls(looked)
    assert "save" not in found.buttons
    assert 'type="password"' not in looked.text
    link = re.search(r'class="does" href="([^"]+)"', looked.text)
    assert link is not None
    asked = parse_qs(urlsplit(link[1].replace("&amp;", "&")).query)
    assert asked["title"] == ["Suggested change to Lasso"]
    assert "- 1996\n+ 1995" in asked["body"][0]
    assert 'kgc:origin "1995"^^edtf:EDTF' in asked["body"][0]
    turtle = reader.post(EDIT, form_of(looked), "turtle")
    assert turtle.mimetype == "text/turtle"
    assert 'filename="lasso.ttl"' in turtle.headers["Content-Disposition"]
    assert "kgc:originStart" not in turtle.text
    assert 'kgc:origin "1995"' in turtle.text
    assert "kgc:IndependentText" in turtle.text


def test_a_new_record_gets_its_address_of_its_name(site: Site) -> None:
    token = Tokens(site.store).add("me")
    assert site.get("/nothing/new").status_code == 404
    form = form_of(site.get("/method/new"))
    assert site.post("/method/new", form).status_code == 422
    looked = site.post("/method/new", form | {"name.0": "Elastic net", "domain.0": "statistics", "related.0": "lasso"})
    assert looked.status_code == 200, looked.text
    form = form_of(looked)
    assert form["_slug"] == "elastic-net"
    taken = site.post("/method/new", form | {"_slug": "lasso"})
    assert taken.status_code == 422
    assert "There is a record at this address already." in taken.text
    saved = site.post("/method/new", form, "save", token=token)
    assert saved.headers["Location"] == "/method/elastic-net#saved"
    assert site.values("method/elastic-net", "rdf:type") == {iri("kgc:Method").value}
    assert site.values("method/elastic-net", "kgc:related") == {f"{BASE}id/method/lasso"}
    agent = form_of(site.get("/agent/new"))
    assert agent["_class"].endswith("Organization")
    agent |= {"_class": agent["_class"].replace("Organization", "Person"), "name.0": "Hui Zou"}
    looked = site.post("/agent/new", agent)
    assert site.post("/agent/new", form_of(looked), "save", token=token).status_code == 303
    assert site.values("agent/hui-zou", "rdf:type") == {iri("foaf:Person").value}


def test_a_new_row_of_the_shape_is_a_new_field(tmp_path: Path) -> None:
    shapes, store = tmp_path / "cost.ttl", tmp_path / "store"
    shapes.write_text("""
        @prefix ex: <https://example.org/> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .
        @prefix kgcsh: <https://w3id.org/kgcompare/shapes#> . @prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        ex:Method-cost a sh:PropertyShape ; sh:path ex:cost ; kgc:rowId "cost" ; sh:order 0.5 ; sh:maxCount 1 ;
            sh:datatype xsd:integer ; sh:name "Computing cost"@en ;
            sh:description "In hours."@en, "En heures."@fr ;
            sh:message "The cost is a whole number of hours."@en, "Le coût est un nombre entier d’heures."@fr .
        ex:Method-level a sh:PropertyShape ; sh:path ex:level ; kgc:rowId "level" ; sh:maxCount 1 ;
            sh:in ( "easy" "hard" ) ; sh:name "Level"@en .
        ex:Method-test a sh:PropertyShape ; sh:path ex:test ; kgc:rowId "test" ; sh:name "Test"@en ; sh:node [
            sh:property [ sh:path ex:score ; sh:name "Score"@en ; sh:datatype xsd:decimal ; sh:maxCount 1 ] ] .
        kgcsh:Method sh:targetClass kgc:Method ; sh:property ex:Method-cost, ex:Method-level, ex:Method-test .
        """)  # fmt: skip
    ingest.create_store(store, shapes=[shapes])
    ingest.import_files(store, [SMALL], ingest.Options(trust=True))
    site = Site(store)
    page = site.get(EDIT)
    form = form_of(page)
    assert form["cost.0"] == ""
    assert "In hours." in page.text
    assert list(form).index("name.0") < list(form).index("cost.0") < list(form).index("domain.0")
    wrong = site.post(EDIT + "?lang=fr", form | {"cost.0": "much"})
    assert wrong.status_code == 422
    assert "Le coût est un nombre entier d’heures." in wrong.text
    assert controls(wrong).attributes["cost.0"]["aria-invalid"] == "true"
    form = form_of(site.post(EDIT, form, "add test"))
    looked = site.post(EDIT, form | {"cost.0": "12", "level.0": "hard", "test.0.score.0": "0.5"})
    assert looked.status_code == 200, looked.text
    assert changes_of(looked) == ["+ 12", "+ hard", "+ score: 0.5"]
    site.app.extensions["kgcompare"].close()


def test_a_source_stands_in_a_journal_as_tables_write_it(reader: Site) -> None:
    path = "/source/hoerl-1970/edit"
    form = form_of(reader.get(path))
    assert form["container.0"] == "Journal: Technometrics"
    looked = reader.post(path, form | {"container.0": "Book: Ridges", "author.1": "", "pages.0": "12–67"})
    assert looked.status_code == 200
    assert changes_of(looked)[-4:] == ["- Technometrics", "+ Ridges", "- 55–67", "+ 12–67"]
    turtle = " ".join(reader.post(path, form_of(looked), "turtle").text.split())
    assert 'dcterms:isPartOf [ a bibo:Book ; dcterms:title "Ridges" ; ]' in turtle
    assert "bibo:authorList ( agent:arthur-hoerl )" in turtle


def test_what_the_form_does_not_know_is_kept_and_said(site: Site, tmp_path: Path) -> None:
    token = Tokens(site.store).add("me")
    more = tmp_path / "more.ttl"
    more.write_text("""
        @prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        @prefix dcterms: <http://purl.org/dc/terms/> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
        @base <https://w3id.org/kgcompare/> .
        <id/method/noted> a kgc:Method ; skos:prefLabel "Noted"@en ; skos:editorialNote "Look <b>here</b>."@en ;
            skos:changeNote [ rdf:value "deep" ] ; dcterms:subject <id/domain/statistics> .
        [] a rdf:Statement ; rdf:subject <id/method/noted> ; rdf:predicate dcterms:subject ;
            rdf:object <id/domain/statistics> ; dcterms:source <id/source/hoerl-1970> .
        """)  # fmt: skip
    ingest.import_files(site.store, [more], ingest.Options())
    page = site.get("/method/noted/edit")
    assert "further statements are kept" in page.text
    assert "Look &lt;b&gt;here&lt;/b&gt;." in page.text
    looked = site.post("/method/noted/edit", form_of(page) | {"domain.0": "deep-learning"})
    assert "source says of a value that is gone" in looked.text
    assert site.post("/method/noted/edit", form_of(looked), "save", token=token).status_code == 303
    text = "\n".join(map(str, site.record("method/noted")))
    assert "deep" in text
    assert "editorialNote" in text
    assert "deep-learning" in text
    assert "rdf-syntax-ns#subject" not in text


def test_what_strangers_send_is_bounded_and_escaped(reader: Site) -> None:
    hostile = '"><script>alert(1)</script>'
    form = form_of(reader.get(EDIT))
    page = reader.post(EDIT, dict.fromkeys(form, hostile) | {"domain.0._thing": "x", "domain.0._was": hostile})
    assert page.status_code in {409, 422}
    assert "<script>alert" not in page.text
    assert reader.post(EDIT, {f"x{n}": "" for n in range(6000)}).status_code == 413
    part = {"_state": form["_state"], "origin-year.0": "1995", "origin-year._was": form["origin-year._was"]}
    assert changes_of(reader.post(EDIT, part)) == ["- 1996", "+ 1995"], "what is not sent stays"
    many = {f"originator.{n}.agentlist.0": "x" for n in range(500)}
    assert reader.post(EDIT, form | many).status_code == 400
    names = {f"aim.{n}": f"name {n}" for n in range(2000)}
    assert "too many new names" in reader.post(EDIT, form | names).text
    deep = ".".join(["originator", "0", "agentlist", "0"] * 50)
    assert reader.post(EDIT, form | {deep: "x"}, f"add {deep}").status_code == 200
    wrong = reader.app.test_client().post(EDIT, data="{}", headers={"Content-Type": "application/json"})
    assert wrong.status_code == 415
    assert reader.post("/method/nothing/edit", form).status_code == 404
    assert "/*/edit" in reader.get("/robots.txt").text
    assert 'rel="edit-form"' in reader.get("/method/lasso").headers["Link"]
    assert '/method/lasso/edit"' in reader.get("/method/lasso").text
    assert '/method/new"' in reader.get("/methods").text
