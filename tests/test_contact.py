"""To whom mistakes are told: what may stand there, how it is filled in, and who is named to nobody."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask.testing import FlaskClient

from conftest import SMALL, Run
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.about import about_of
from kgcompare.errors import StoreError, UsageError
from kgcompare.rdf.about import told
from kgcompare.rdf.contact import PARTS, checked_contact, contact_address, plain_contact
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

TEMPLATE = "https://example.org/tell{?iri,row,value,address,title,body}"
PAIR = "/compare?method=lasso&method=ridge"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("me@example.org", "mailto:me@example.org?subject={title}&body={body}"),
        ("mailto:me@example.org", "mailto:me@example.org?subject={title}&body={body}"),
        ("mailto:a@b.org?cc=c@d.org", "mailto:a@b.org?cc=c@d.org&subject={title}&body={body}"),
        ("mailto:a@b.org?subject={iri}", "mailto:a@b.org?subject={iri}"),
        ("https://github.com/o/r/issues/new", "https://github.com/o/r/issues/new?title={title}&body={body}"),
        (
            "https://g.org/o/r/issues/new?labels=data",
            "https://g.org/o/r/issues/new?labels=data&title={title}&body={body}",
        ),
        (
            "https://gitlab.com/o/r/-/issues/new",
            "https://gitlab.com/o/r/-/issues/new?issue%5Btitle%5D={title}&issue%5Bdescription%5D={body}",
        ),
        ("https://example.org/contact", "https://example.org/contact"),
        (f" {TEMPLATE}\n", TEMPLATE),
        ("http://localhost:8080{?iri}", "http://localhost:8080{?iri}"),
    ],
)
def test_what_a_contact_becomes(given: str, kept: str) -> None:
    assert checked_contact(given) == kept
    assert checked_contact(kept) == kept


@pytest.mark.parametrize(
    "given",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)//a@b.org",
        "data:text/html,x",
        "ftp://example.org/",
        "//example.org/",
        "/contact",
        "somebody",
        "https://{iri}/",
        "https://example.org{iri}",
        "https://example.org/{other}",
        "https://example.org/{iri",
        "https://example.org/{+iri}",
        "https://user@example.org/",
        'https://example.org/"onclick=',
        "https://example.org/a b",
        "https://example.org/\nx",
        "https://example.org/" + "a" * 3000,
        "mailto:",
        "a@b@c.org",
        "{iri}@example.org",
    ],
)
def test_what_cannot_be_one(given: str, tmp_path: Path, run: Run) -> None:
    with pytest.raises(UsageError, match="cannot be a contact"):
        checked_contact(given)
    ran = run("init", "--store", tmp_path / "store", f"--contact={given}")
    assert (ran.code, ran.out) == (2, "")
    assert not (tmp_path / "store").exists()


def test_what_is_filled_in_stays_one_value() -> None:
    evil = "a&b=c#d?é\n<\"'>{iri}%00\ud800"
    said = dict.fromkeys(PARTS, evil)
    found = parse_qs(urlsplit(contact_address(TEMPLATE, said)).query, keep_blank_values=True)
    assert found == {name: [evil.replace("\ud800", "?")] for name in PARTS}
    mail = urlsplit(contact_address(checked_contact("me@example.org"), said))
    assert (mail.scheme, mail.path, mail.fragment) == ("mailto", "me@example.org", "")
    assert set(parse_qs(mail.query)) == {"subject", "body"}
    assert "\r\n" in parse_qs(mail.query)["body"][0]
    assert contact_address("https://e.org/{iri}{?row,value}", {"iri": "x", "value": "v"}) == "https://e.org/x?value=v"
    assert contact_address("https://e.org/?a={row}{&value}", {}) == "https://e.org/?a="


def store(path: Path, contact: str = "", base: str = "https://w3id.org/kgcompare/") -> Path:
    ingest.create_store(path, base, about=told(contact=contact))
    ingest.import_files(path, [SMALL], ingest.Options(trust=True))
    return path


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return create_app(Settings(store=store(tmp_path_factory.mktemp("told") / "store", TEMPLATE))).test_client()


def page(client: FlaskClient, path: str) -> str:
    response = client.get(path, headers={"Accept": "text/html"})
    assert response.status_code == 200, response.text
    return response.text


def reports(text: str) -> list[dict[str, str]]:
    """What the links of a page to the contact fill in."""
    addresses = re.findall(r'href="(https://example\.org/tell[^"]*)"', text)
    return [{name: values[0] for name, values in parse_qs(urlsplit(unescape(a)).query).items()} for a in addresses]


def test_a_record_leads_there(client: FlaskClient) -> None:
    told = reports(page(client, "/method/lasso?lang=fr"))
    assert len(told) == 2  # with the record, and in the foot
    for report in told:
        assert report["iri"] == "https://w3id.org/kgcompare/id/method/lasso"
        assert report["address"] == "http://localhost/method/lasso?lang=fr"
        assert report["title"] == "Erreur dans Lasso"
        assert report["iri"] in report["body"]
        assert report["address"] in report["body"]


def test_a_comparison_and_each_of_its_cells_lead_there(client: FlaskClient) -> None:
    text = page(client, PAIR)
    told = reports(text)
    assert told[0]["iri"].split() == [f"https://w3id.org/kgcompare/id/method/{slug}" for slug in ("lasso", "ridge")]
    assert told[0]["address"] == "http://localhost" + PAIR
    cells = [unescape(a) for a in re.findall(r'href="(/mistake[^"]*)"', text)]
    rows = client.get("/compare.json?" + PAIR.partition("?")[2]).get_json()["rows"]
    assert len(cells) == len(set(cells)) == 2 * len(rows)
    for cell in cells:
        named = {name: values[0] for name, values in parse_qs(urlsplit(cell).query).items()}
        answer = client.get(cell)
        assert (answer.status_code, answer.headers["Location"][:24]) == (303, "https://example.org/tell")
        report = reports(f'href="{answer.headers["Location"]}"')[0]
        assert report["iri"].endswith("id/" + named["thing"])
        row = next(row for row in rows if row["id"] == named["row"])
        assert report["row"] == row["label"]
        cell_texts = [c["text"] for c in row["cells"]]
        if (
            row["kind"] == "value"
            and row["id"] != "founding-source"
            and cell_texts[0]
            and named["thing"] == "method/lasso"
        ):
            assert report["value"] == cell_texts[0]


def test_a_long_value_is_cut(client: FlaskClient) -> None:
    location = client.get("/mistake?thing=method/lasso&row=summary&lang=fr").headers["Location"]
    assert len(location) < 2000
    assert 0 < len(reports(f'href="{location}"')[0]["value"]) <= 201


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("thing=method/nothing", 404),
        ("thing=method", 404),
        ("thing=//evil.example", 404),
        ("thing=method/../x", 404),
        ("thing=method/lasso&row=nothing", 400),
        ("thing=method/lasso&row=%3Cscript%3E", 400),
        ("lang=%22", 400),
        ("", 303),
    ],
)
def test_strange_reports(client: FlaskClient, query: str, status: int) -> None:
    answer = client.get(f"/mistake?{query}")
    assert answer.status_code == status
    assert answer.headers.get("Location", "https://example.org/").startswith("https://example.org/")


def test_every_page_has_it_in_its_foot(client: FlaskClient) -> None:
    for path in ("/", "/methods", "/dataset", "/report", "/ns", "/agent/robert-tibshirani"):
        assert reports(page(client, path)), path
    assert reports(client.get("/method/nothing", headers={"Accept": "text/html"}).text)


def test_who_names_nobody_is_not_said_to_be_us(tmp_path: Path) -> None:
    for base in ("https://w3id.org/kgcompare/", "https://example.org/other/"):
        nobody = create_app(Settings(store=store(tmp_path / base[-5:].strip("/"), "", base))).test_client()
        text = page(nobody, "/methods") + page(nobody, "/")
        assert "mistake" not in text
        assert "issues/new" not in text
        assert nobody.get("/mistake").status_code == 404


def test_settings_beat_what_the_store_says(tmp_path: Path) -> None:
    path = store(tmp_path / "store", "me@example.org")
    own = create_app(Settings(store=path)).test_client()
    other = create_app(Settings(store=path, contact=TEMPLATE)).test_client()
    assert "mailto:me@example.org?subject=Mistake%20in%20Lasso" in unquote(page(own, "/method/lasso")).replace(
        " ", "%20"
    )
    assert reports(page(other, "/method/lasso"))
    tags = [c.get("/method/lasso", headers={"Accept": "text/html"}).headers["ETag"] for c in (own, other)]
    assert tags[0] != tags[1]
    with pytest.raises(UsageError):
        Settings(store=path, contact="javascript:x")


def test_it_is_kept_with_the_store(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "store"
    assert run("init", "--store", path, "--contact", "me@example.org").code == 0
    assert run("import", SMALL, "--store", path, "--trust").code == 0
    with Catalogue(EmbeddedStore(path)) as catalogue:
        assert about_of(catalogue.generation()).contact == "mailto:me@example.org?subject={title}&body={body}"


def test_a_store_of_before_names_whom_it_named(run: Run, tmp_path: Path) -> None:
    path = store(tmp_path / "store")
    about = json.loads((path / "store.json").read_text())
    (path / "store.json").write_text(json.dumps(about | {"contact": "javascript:x"}))
    with pytest.raises(StoreError, match="cannot be a contact"):
        EmbeddedStore(path)
    (path / "store.json").write_text(json.dumps(about | {"contact": TEMPLATE}))
    assert reports(page(create_app(Settings(store=path)).test_client(), "/method/lasso"))
    assert "https://example.org/tell" in run("describe", "--store", path, "--title", "Mine").out
    assert reports(page(create_app(Settings(store=path)).test_client(), "/method/lasso"))
    assert "not stated" in run("describe", "--store", path, "--contact", "").out.partition("contact")[2]
    assert "mistake" not in page(create_app(Settings(store=path)).test_client(), "/method/lasso")


@pytest.mark.parametrize(
    ("contact", "plain"),
    [
        ("me@example.org", "mailto:me@example.org"),
        ("mailto:a@b.org?cc=c@d.org", "mailto:a@b.org"),
        ("https://g.org/o/r/issues/new?labels=data", "https://g.org/o/r/issues/new?labels=data"),
        (TEMPLATE, "https://example.org/tell"),
        ("https://e.org/?a=1{&value}", "https://e.org/?a=1"),
    ],
)
def test_a_contact_with_nothing_filled_in(contact: str, plain: str) -> None:
    assert plain_contact(checked_contact(contact)) == plain
