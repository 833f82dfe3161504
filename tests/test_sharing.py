"""What is taken along and shared: names of files, a citation to copy, the preview of a page elsewhere, the icon."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from browsing import Open
from kgcompare.catalogue.comparison import MOST_COLUMNS
from kgcompare.formats import COMPARISON, FORMATS
from kgcompare.web import assets
from kgcompare.web.app import create_app
from kgcompare.web.downloads import file_name
from kgcompare.web.settings import Settings

PAIR = "method=lasso&method=ridge"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def client(small_store: Path) -> FlaskClient:
    return create_app(Settings(store=small_store)).test_client()


def page(client: FlaskClient, path: str) -> str:
    response = client.get(path, headers={"Accept": BROWSER})
    assert response.status_code == 200, response.text
    return response.text


def metas(text: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', text)
    assert len(found) == len(dict(found))
    return {name: unescape(content) for name, content in found}


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["lasso", "ridge-regression"], "lasso_ridge-regression.csv"),
        (["a" * 300], "a" * 80 + ".csv"),
        (["x" * 75, "y" * 75, "z"], "x" * 75 + "_and-2-more.csv"),
        ([f"method-number-{n}" for n in range(MOST_COLUMNS)], None),
        (['../"etc\r\nX: y', "é"], "etc-x-y_download.csv"),
        (["Ünï"], "n.csv"),
    ],
)
def test_names_of_files(names: list[str], expected: str | None) -> None:
    name = file_name(names, FORMATS["csv"])
    assert expected in {name, None}
    assert re.fullmatch(r"[a-z0-9_-]{1,100}\.csv", name)
    assert file_name(names, FORMATS["csv"]) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"/compare.csv?{PAIR}", "lasso_ridge.csv"),
        (f"/compare?format=tex&{PAIR}", "lasso_ridge.tex"),
        ("/method/lasso.ttl", "lasso.ttl"),
        ("/method/lasso?format=bib", "lasso.bib"),
        ("/methods.csv", "methods.csv"),
        ("/methods.json?q=Lasso+%22x", "methods_lasso-x.json"),
        ("/agents?format=json", "agents.json"),
        ("/dataset?format=ttl", "dataset.ttl"),
        ("/ns.rdf", "ns.rdf"),
        ("/report.json", "report.json"),
        ("/suggest?q=a", "suggest.json"),
    ],
)
def test_downloads_have_names(client: FlaskClient, path: str, name: str) -> None:
    for codings in ("", "gzip"):
        for _ in range(2):
            said = client.get(path, headers={"Accept-Encoding": codings}).headers["Content-Disposition"]
            assert said == f'inline; filename="{name}"'


def test_pages_are_no_downloads(client: FlaskClient) -> None:
    for path in ("/", f"/compare?{PAIR}", "/method/lasso", "/methods", "/robots.txt", "/sitemap.xml"):
        assert "Content-Disposition" not in client.get(path, headers={"Accept": BROWSER}).headers


def test_a_mark_for_excel_before_lists_too(client: FlaskClient) -> None:
    for path in ("/methods.csv", "/agents.csv", f"/compare.tsv?{PAIR}"):
        plain = client.get(path).data
        mark = "&" if "?" in path else "?"
        assert client.get(f"{path}{mark}bom=true").data == b"\xef\xbb\xbf" + plain


def test_what_is_shared_of_a_comparison(client: FlaskClient) -> None:
    text = page(client, f"/compare?{PAIR}&only=differences&lang=fr")
    panel = re.search(r'<div class="share">.*?</div>', text, re.DOTALL)
    assert panel
    files = [unescape(a) for a in re.findall(r'href="([^"]+)"', panel[0])]
    suffixes = [re.match(r"/compare\.(\w+)\?", address)[1] for address in files]  # type: ignore[index]
    assert suffixes[:7] == ["csv", "csv", "tsv", "md", "tex", "bib", "ris"]  # for people first
    assert set(suffixes) == set(COMPARISON) - {"html", "table"}
    for address in files:
        assert PAIR in address
        assert "only=differences" in address
        answer = client.get(address)
        assert answer.headers["Content-Disposition"].startswith('inline; filename="lasso_ridge.')
        assert answer.data.startswith(b"\xef\xbb\xbf") == ("bom=true" in address)
    link = re.search(r'<span id="link" hidden>([^<]+)</span>', panel[0])
    assert link
    assert unescape(link[1]) == f"http://localhost/compare?{PAIR}&only=differences&lang=fr"
    cited = re.search(r'<span id="cite">([^<]+)</span>', panel[0])
    assert cited
    generation = client.get("/healthz").get_json()["generation"]
    said = unescape(cited[1])
    assert said.startswith("Comparaison\u00a0: Lasso · ")
    assert f"Catalogue. Génération {generation}" in said
    assert said.endswith(f". http://localhost/compare?{PAIR}&only=differences&lang=fr")
    for target in ("link", "cite"):
        assert f'data-copy="{target}" hidden' in panel[0]


def test_a_citation_says_when_the_records_changed(bundled_store: Path) -> None:
    client = create_app(Settings(store=bundled_store)).test_client()
    text = page(client, "/compare?method=lasso&method=ridge-regression")
    assert re.search(r"Generation [\w-]+ \(\d{4}-\d\d-\d\d\)\. http://localhost/compare", text)


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 768, 1024, 1280])
def test_the_panel_is_in_view_and_its_buttons_copy(visit: Open, width: int) -> None:
    address = "/compare?method=lasso&method=ridge-regression"
    page = visit(address, width, permissions=["clipboard-read", "clipboard-write"])
    page.click("details.take > summary")
    left, right = page.locator(".share").evaluate(
        "e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right]"
    )
    assert 0 <= left < right <= width
    for target, end in (("link", page.url), ("cite", f"). {page.url}")):
        page.click(f"button[data-copy={target}]")
        page.wait_for_function("text => navigator.clipboard.readText().then(found => found.endsWith(text))", arg=end)


# -- previews --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/methods",
        "/compare?" + PAIR,
        "/method/lasso",
        "/agent/robert-tibshirani",
        "/dataset",
        "/ns",
        "/report",
        "/sparql",
    ],
)
def test_every_page_has_a_preview(client: FlaskClient, path: str) -> None:
    for lang, locale in (("fr", "fr_FR"), ("en", "en_US")):
        found = metas(page(client, f"{path}{'&' if '?' in path else '?'}lang={lang}"))
        assert found["og:type"] == "website"
        assert found["og:locale"] == locale
        assert found["twitter:card"] == "summary_large_image"
        assert 0 < len(found["description"]) <= 300
        assert found["og:description"] == found["description"]
        assert found["og:title"]
        assert found["og:image:alt"]
        address = found["og:image"].removeprefix("http://localhost")
        assert address.startswith("/static/preview.")
        picture = client.get(address)
        assert (picture.status_code, picture.mimetype) == (200, "image/png")
        assert len(picture.data) < 20_000
        size = struct.unpack(">II", picture.data[16:24])
        assert size == (1200, 630) == (int(found["og:image:width"]), int(found["og:image:height"]))


def test_the_description_of_a_comparison_tells_what_differs(client: FlaskClient) -> None:
    told = metas(page(client, f"/compare?{PAIR}"))["description"]
    found = client.get(f"/compare.json?{PAIR}").get_json()
    differing, compared = (found["summary"][name] for name in ("differing", "compared"))
    assert f"{differing} of {compared} compared rows differ: " in told
    for row in found["rows"]:
        if row["differs"] and all(cell["text"] and len(cell["text"]) < 10 for cell in row["cells"]):
            assert f"{row['label']}: {' – '.join(cell['text'] for cell in row['cells'])}" in told
    assert metas(page(client, "/compare?method=lasso"))["description"].startswith("Comparison: Lasso")


# -- the icon --------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_icon_is_seen_on_light_and_dark_tabs() -> None:
    root = ET.fromstring(assets.content("icon.svg"))
    ground = next(element.get("fill", "") for element in root if element.tag.endswith("rect"))
    for tab in ("#ffffff", "#dee1e6", "#35363a", "#202124", "#1c1b22"):  # of Chrome and Firefox
        light, dark = sorted((luminance(tab), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, tab


def test_where_browsers_look_for_the_icon(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico", buffered=True)
    assert (answer.status_code, answer.data[:4]) == (200, b"\0\0\1\0")
    assert len(answer.data) < 5000
    assert (
        client.get("/favicon.ico", headers={"If-None-Match": answer.headers["ETag"]}, buffered=True).status_code == 304
    )
