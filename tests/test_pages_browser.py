"""The pages in a real Chromium: what they show, how they answer the keyboard, and what they never do."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from browsing import Open

if TYPE_CHECKING:
    from playwright.sync_api import Page


pytestmark = pytest.mark.slow
GAN, DIFFUSION = "transfer-learning-gan", "transfer-learning-diffusion"
PAIR = f"/compare?method={GAN}&method={DIFFUSION}"
FIVE = "/compare?" + "&".join(f"method={m}" for m in ("lasso", "ridge-regression", "bert", "gpt", "dbscan"))
TEN = FIVE + "".join(f"&method={m}" for m in ("umap", "lime", "shap", "arima", "prophet"))
PAGES = (
    "/",
    PAIR,
    PAIR + "&swap=1",
    PAIR + "&only=differences&lang=fr",
    "/compare?method=lasso",
    "/compare?method=lasso&method=nothing-at-all",
    "/compare?method=lasso&add=regression",
    "/compare",
    "/methods",
    "/methods?q=random&family=machine-learning&from=1990&sort=year",
    "/methods?q=zzzz",
    f"/method/{GAN}?lang=fr",
    "/agent/ian-goodfellow",
    "/source/goodfellow-2014-generative-adversarial-nets",
    "/domain/deep-learning",
    "/dataset",
    "/ns?lang=fr",
    "/shapes",
    "/sparql",
    "/method/no-such-thing",
)


def methods_of(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("method", [])


def row_ids(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all("tr[data-row]", "rows => rows.map(row => row.dataset.row)")
    return found


def heads(page: Page) -> list[str]:
    return page.locator("thead .title").all_inner_texts()


def stays(page: Page) -> None:
    """Marks the document, so that a reload shows."""
    page.evaluate("window.still = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.still === true"))


# -- the comparison ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "count", "names"),
    [
        ("en", "6 of 8 compared rows differ", ["Transfer Learning GAN", "Transfer Learning with Diffusion Model"]),
        (
            "fr",
            "6 des 8 lignes comparées diffèrent",
            ["Apprentissage par transfert pour les GAN", "Apprentissage par transfert avec modèle de diffusion"],
        ),
    ],
)
def test_two_methods_side_by_side(visit: Open, lang: str, count: str, names: list[str]) -> None:
    page = visit(PAIR + "&rows=identity", locale=lang)
    assert page.locator("html").get_attribute("lang") == lang
    assert heads(page) == names
    assert count in page.locator(".lead").inner_text()
    differing = page.locator("tr.differs")
    assert differing.count() == 6
    assert page.locator("tr.differs .sign").all_inner_texts() == ["≠"] * 6
    assert "".join(page.locator("tr:not(.differs) .sign").all_inner_texts()) == ""
    told = page.evaluate(
        """() => {
            const style = (selector, pseudo) => getComputedStyle(document.querySelector(selector), pseudo);
            return [style("tr.differs td").backgroundColor, style("tr.agrees td").backgroundColor,
                    style("tr.differs th", "::before").borderInlineStartWidth];
        }"""
    )
    assert told[0] != told[1], "a tint"
    assert told[2] == "4px", "a bar"
    assert page.locator("[data-row=founding-source] .citation i").first.inner_text()
    assert page.locator("[data-row=founding-source] .citation a[href^=https]").count() == 2
    related = page.locator("[data-row=related] details").first
    assert related.locator("li").first.is_hidden()
    related.locator("summary").click()
    assert related.locator("li").first.is_visible()
    assert page.locator("footer a[href*='/dataset']").count() == 1
    assert page.locator("footer a[rel~=license]").count() == 1
    assert page.locator("footer a[href$='.gz']").count() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_only_differences_and_swap(visit: Open, scripts: bool) -> None:
    page = visit(PAIR + "&lang=fr&rows=identity", java_script_enabled=scripts)
    if scripts:
        stays(page)
    page.get_by_text("Différences seulement").click()
    page.locator("#switch-only.on").wait_for()
    page.locator("tr.agrees").first.wait_for(state="detached")
    assert row_ids(page) == ["origin-year", "originator", "type", "founding-source", "related", "summary"]
    assert "only=differences" in page.url
    assert "3 autres lignes sont masquées" in page.locator(".lead").inner_text()
    page.get_by_text("Intervertir").click()
    page.locator("table.swapped").wait_for()
    assert page.locator("thead th.differs").count() == 6
    assert page.locator("tbody tr").count() == 2
    assert {"only=differences", "swap=1"} <= set(urlsplit(page.url).query.split("&"))
    if scripts:
        assert stayed(page)
        page.go_back()
        page.locator("table:not(.swapped)").wait_for()
        page.go_back()
        page.locator("#switch-only:not(.on)").wait_for()
        assert stayed(page)


def test_switches_by_keyboard_say_their_state_and_keep_focus_and_scroll(visit: Open) -> None:
    page = visit(PAIR + "&method=lasso&method=bert", 900, 500)
    stays(page)
    switch = page.get_by_role("switch", name="Only differences")
    assert switch.get_attribute("aria-checked") == "false"
    page.locator(".region").evaluate("region => { region.scrollLeft = 120; region.scrollTop = 60; }")
    switch.focus()
    page.evaluate("scrollTo({top: 90, behavior: 'instant'})")
    page.keyboard.press("Space")
    page.locator("#switch-only[aria-checked=true]").wait_for()
    page.locator("#page-main:not([aria-busy])").wait_for()  # the switch turns before the answer is there
    assert page.evaluate("document.activeElement.id") == "switch-only"
    assert abs(page.evaluate("scrollY") - 90) <= 20
    assert page.locator(".region").evaluate("region => [region.scrollLeft, region.scrollTop]") == [120, 60]
    assert stayed(page)
    page.get_by_role("status").filter(has_text="compared rows differ").wait_for(state="attached")


def test_a_column_is_removed_and_focus_goes_to_its_neighbour(visit: Open) -> None:
    page = visit(PAIR + "&method=lasso&lang=en")
    stays(page)
    page.get_by_role("link", name="Remove Transfer Learning GAN").focus()
    page.keyboard.press("Enter")
    page.locator("thead th").nth(2).wait_for(state="detached")
    assert methods_of(page) == [DIFFUSION, "lasso"]
    assert heads(page) == ["Transfer Learning with Diffusion Model", "Lasso"]
    assert page.evaluate("document.activeElement.id") == f"remove-{DIFFUSION}"
    assert stayed(page)


def test_a_method_is_added_by_keyboard(visit: Open) -> None:
    page = visit(PAIR + "&lang=fr")
    stays(page)
    field = page.get_by_role("combobox", name="Ajouter une méthode")
    assert field.get_attribute("aria-expanded") == "false"
    field.press_sequentially("lass")
    options = page.get_by_role("option")
    options.first.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    chosen = options.first
    assert chosen.get_attribute("aria-selected") == "true"
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Escape")
    assert options.first.is_hidden()
    assert field.input_value() == "lass"
    page.keyboard.press("ArrowDown")
    options.first.wait_for()
    page.keyboard.press("Enter")
    page.locator("thead th").nth(2).wait_for()
    assert methods_of(page) == [GAN, DIFFUSION, "lasso"]
    assert page.evaluate("document.activeElement.id") == "add"
    assert stayed(page)


def test_what_is_there_already_is_not_suggested(visit: Open) -> None:
    page = visit("/compare?method=lasso&method=bert")
    page.locator("#add").press_sequentially("lasso")
    page.get_by_role("status").filter(has_text=re.compile("suggestion")).wait_for(state="attached")
    assert "Lasso" not in page.get_by_role("option").all_inner_texts()


def test_a_method_is_added_without_scripts(visit: Open) -> None:
    page = visit(PAIR, java_script_enabled=False)
    page.get_by_label("Add a method").fill("Lasso")
    page.keyboard.press("Enter")
    page.locator("thead th").nth(2).wait_for()
    assert methods_of(page) == [GAN, DIFFUSION, "lasso"]
    page.get_by_label("Add a method").fill("regression")
    page.get_by_role("button", name="Add").click()
    page.locator(".notice[role=status] a").first.click()
    assert len(methods_of(page)) == 4
    page.get_by_role("link", name="Remove Lasso").click()
    assert "lasso" not in methods_of(page)


# -- layout ------------------------------------------------------------------------------------------


def test_no_page_scrolls_sideways(visit: Open, site: str) -> None:
    page = visit("/")
    for address in (*PAGES, FIVE, TEN, TEN + "&swap=1"):
        page.goto(site + address)
        for width in (360, 768, 1600):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)


@pytest.mark.parametrize("address", [TEN, TEN + "&swap=1", PAIR])
def test_heads_and_row_names_stay_in_view(visit: Open, address: str) -> None:
    page = visit(address, 1366, 600)
    region = page.locator(".region")
    region.scroll_into_view_if_needed()
    if region.evaluate("region => getComputedStyle(region).overflowY") == "auto":
        page.evaluate("document.querySelector('.region').scrollIntoView({behavior: 'instant'})")
        region.evaluate("region => { region.scrollLeft = 700; region.scrollTop = 250; }")
        box = region.bounding_box()
    else:
        page.evaluate("scrollTo({top: 500, behavior: 'instant'})")
        assert page.evaluate("scrollY") > 200
        box = {"x": 24, "y": 0, "width": 1300, "height": 600}
    assert box is not None
    head = page.locator("thead th").last.bounding_box()
    first = page.locator("tbody th").last.bounding_box()
    assert head is not None
    assert first is not None
    assert abs(head["y"] - box["y"]) <= 2
    assert abs(first["x"] - box["x"]) <= 2


def test_columns_are_equally_wide_and_at_least_16_rem(visit: Open, site: str) -> None:
    page = visit("/")
    for address, width in ((PAIR, 1600), (PAIR, 768), (FIVE, 1600), (TEN, 1366), (TEN, 360)):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(site + address)
        widths = page.eval_on_selector_all("thead th", "all => all.map(th => th.getBoundingClientRect().width)")
        assert max(widths) - min(widths) < 1, (address, width)
        assert min(widths) >= 256, (address, width)


def test_on_a_phone_a_row_is_a_heading_with_its_cells_side_by_side(visit: Open) -> None:
    page = visit(PAIR, 360, 740, has_touch=True, is_mobile=True)
    row = page.locator("tr[data-row=origin-year]")
    name, left, right = (row.locator(part).bounding_box() for part in ("th", "td:nth-of-type(1)", "td:nth-of-type(2)"))
    assert name is not None
    assert left is not None
    assert right is not None
    assert name["y"] + name["height"] <= left["y"] + 1
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"] + 1
    assert right["x"] + right["width"] <= 360
    page.evaluate("document.querySelector('[data-row=summary]').scrollIntoView({behavior: 'instant'})")
    head = page.locator("thead tr").first.bounding_box()
    assert head is not None
    assert abs(head["y"]) <= 1
    small = page.evaluate(
        """() => {
            const all = "main button, main input:not([type=hidden]), .switch, .remove, .site nav a";
            return [...document.querySelectorAll(all)].filter((e) => e.getBoundingClientRect().height < 44)
                .map((e) => e.outerHTML.slice(0, 80));
        }"""
    )
    assert small == []


def test_ten_methods_on_a_phone_are_swiped_inside_their_region(visit: Open) -> None:
    page = visit(TEN, 360, 740)
    region = page.locator(".region")
    region.evaluate("region => { region.scrollLeft = 512; }")
    name = page.locator("[data-row=type] .row-head").bounding_box()
    assert name is not None
    assert 0 <= name["x"] < 40
    cells = page.locator("[data-row=type] td").nth(2).bounding_box()
    head = page.locator("thead th").nth(2).bounding_box()
    assert cells is not None
    assert head is not None
    assert cells["x"] == head["x"]


def test_right_to_left_mirrors(visit: Open) -> None:
    page = visit(TEN, 1366)
    page.evaluate("document.documentElement.dir = 'rtl'")
    page.locator(".region").evaluate("region => { region.scrollLeft = -700; }")
    first = page.locator("tbody th[scope=row]").first.bounding_box()
    name = page.locator(".site .name").bounding_box()
    assert first is not None
    assert name is not None
    assert abs(first["x"] + first["width"] - (1366 - 24)) <= 2
    assert name["x"] > 1200
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    page = visit(PAIR, 1366)
    page.evaluate("document.documentElement.dir = 'rtl'")
    shown = page.evaluate("getComputedStyle(document.querySelector('tr.differs th'), '::before').borderRightWidth")
    assert shown == "4px"


def test_paper_shows_all_and_no_controls(visit: Open) -> None:
    page = visit(PAIR + "&rows=identity", 700)
    page.emulate_media(media="print")
    for control in (".controls", ".remove", "header nav", "button", ".skip"):
        assert not any(found.is_visible() for found in page.locator(control).all()), control
    assert page.locator("[data-row]").count() == 9
    related = page.locator("[data-row=related] li").first
    assert related.evaluate("e => e.getBoundingClientRect().height") > 0
    spelled = page.evaluate("getComputedStyle(document.querySelector('thead .title'), '::after').content")
    assert "https://w3id.org/kgcompare/id/method/transfer-learning-gan" in spelled
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


CONTRAST = """() => {
    const parts = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, at) => sum + c * [.2126, .7152, .0722][at], 0);
    const under = (e) => {
        for (; e; e = e.parentElement) {
            const colour = parts(getComputedStyle(e).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const ratio = (a, b) => {
        const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
        return (x + .05) / (y + .05);
    };
    const poor = [];
    for (const e of document.querySelectorAll("body *")) {
        const style = getComputedStyle(e);
        if (!e.getClientRects().length || style.visibility === "hidden") continue;
        if ([...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) {
            const found = ratio(parts(style.color), under(e));
            if (found < 7) poor.push([e.outerHTML.slice(0, 90), found]);
        }
        if (e.matches("input, textarea, button")) {
            const found = ratio(parts(style.borderTopColor), under(e.parentElement));
            if (found < 4.5) poor.push([e.outerHTML.slice(0, 90), found]);
        }
        if (e.matches("tr.differs > th")) {
            const found = ratio(parts(getComputedStyle(e, "::before").borderInlineStartColor), under(e));
            if (found < 4.5) poor.push([e.outerHTML.slice(0, 90), found]);
        }
    }
    return poor;
}"""


def test_contrast_in_the_light_and_in_the_dark(visit: Open, site: str) -> None:
    page = visit("/")
    for address in (PAIR, "/", "/methods?q=random", f"/method/{GAN}", "/method/no-such-thing"):
        page.goto(site + address)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(CONTRAST) == [], (address, scheme)


def test_dark_and_light_differ(visit: Open) -> None:
    script = "() => { const s = getComputedStyle(document.documentElement); return [s.color, s.backgroundColor]; }"
    page = visit(PAIR, color_scheme="light")
    light = page.evaluate(script)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(script)
    assert light[0] != dark[0]
    assert light[1] != dark[1]


def test_a_reader_who_forces_colours_still_sees_what_differs(visit: Open) -> None:
    page = visit(PAIR, forced_colors="active")
    bar = page.evaluate("getComputedStyle(document.querySelector('tr.differs th'), '::before').borderInlineStartStyle")
    assert bar == "solid"
    assert page.locator("tr.differs .sign").first.is_visible()


def test_nothing_moves_for_a_reader_who_wants_no_motion(visit: Open) -> None:
    page = visit(PAIR, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert page.evaluate("document.getAnimations().length") == 0


# -- the other pages ---------------------------------------------------------------------------------


def test_the_home_page_searches_first(visit: Open) -> None:
    page = visit("/")
    field = page.get_by_role("combobox", name="Search methods")
    field.press_sequentially("random for")
    page.get_by_role("option").first.filter(has_text="Random forest").wait_for()  # and not of a part of the text
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/method/random-forest")
    page.go_back()
    page.get_by_role("combobox", name="Search methods").fill("forest")
    page.keyboard.press("Enter")
    page.wait_for_url("**/methods?q=forest")
    page.get_by_role("link", name="kgcompare").first.click()
    page.locator(".pairs a").first.click()
    assert methods_of(page) == ["lasso", "ridge-regression"]


def test_methods_are_narrowed_ordered_paged_and_chosen_by_keyboard(visit: Open) -> None:
    page = visit("/methods")
    stays(page)
    page.locator("#only-family-statistics").focus()
    page.keyboard.press("Enter")
    page.locator("#only-family-statistics[aria-current]").wait_for()
    assert page.evaluate("document.activeElement.id") == "only-family-statistics"
    assert re.match(r"\d{3} methods Statistics", page.locator(".lead").inner_text())
    page.locator("#by-year").click()
    page.locator("#by-year[aria-current]").wait_for()
    page.get_by_role("link", name="Next page").click()
    page.get_by_role("link", name="First page").wait_for()
    assert stayed(page)
    for box in page.get_by_role("checkbox").all()[:3]:
        box.focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Compare 3").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?**")
    assert len(methods_of(page)) == 3


def test_a_record_leads_to_its_comparisons_and_its_data(visit: Open) -> None:
    page = visit(f"/method/{GAN}?lang=fr")
    assert page.locator("h1").inner_text() == "Apprentissage par transfert pour les GAN"
    page.get_by_role("link", name="Comparer à Apprentissage par transfert avec modèle de diffusion").click()
    assert methods_of(page) == [GAN, DIFFUSION]
    page.go_back()
    assert page.locator(".provenance a[type='text/turtle']").get_attribute("href") == f"/method/{GAN}.ttl"
    page.locator("#add").press_sequentially("lasso")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?**")
    assert methods_of(page) == [GAN, "lasso"]


def test_a_source_gives_its_reference_to_copy(visit: Open) -> None:
    page = visit(
        "/source/goodfellow-2014-generative-adversarial-nets", permissions=["clipboard-write", "clipboard-read"]
    )
    page.get_by_role("button", name="Copy the reference").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Goodfellow, I., Pouget-Abadie, J.")
    assert "& Bengio, Y. (2014)" in copied


@pytest.mark.parametrize(
    ("address", "said", "offered"),
    [
        ("/method/ridge-regresion", "Il n’y a rien à cette adresse.", "Régression ridge"),
        ("/compare?method=ridge-regresion", "Aucune de ces méthodes n’est dans le catalogue", "Régression ridge"),
        (TEN + "&method=ebm", "11 méthodes, c’est trop", "Comparer les dix premières"),
        ("/methods?sort=colour", "Le serveur ne comprend pas cette adresse.", "Accueil"),
    ],
)
def test_an_error_says_what_happened_and_offers_a_way_on(visit: Open, address: str, said: str, offered: str) -> None:
    page = visit(address, locale="fr")
    assert said in page.locator(".lead").inner_text()
    page.locator("main").get_by_role("link", name=offered).click()
    page.locator("h1").filter(has_not_text=re.compile("Introuvable|Cela n’a pas fonctionné")).wait_for()


# -- structure ---------------------------------------------------------------------------------------

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr", "path"}
GLOBAL = {"id", "class", "lang", "dir", "title", "hidden", "tabindex", "role", "autofocus", "spellcheck"}
OWN = {
    "a": {"href", "rel", "type", "hreflang", "download"},
    "button": {"type", "formaction", "form", "name", "value"},
    "form": {"action", "method"},
    "html": set(),
    "input": {"type", "name", "value", "autocomplete", "min", "max", "checked", "form"},
    "label": {"for"},
    "link": {"rel", "href", "type", "title", "hreflang"},
    "meta": {"charset", "name", "content", "property"},
    "script": {"src", "defer", "type"},
    "textarea": {"name", "rows", "required", "autocomplete", "autocapitalize"},
    "time": {"datetime"},
    "th": {"scope", "colspan"},
    "details": {"open", "name"},
}
CHILDREN = {
    "ul": {"li"},
    "ol": {"li"},
    "dl": {"dt", "dd"},
    "tr": {"th", "td"},
    "tbody": {"tr"},
    "thead": {"tr"},
    "table": {"caption", "colgroup", "thead", "tbody"},
    "colgroup": {"col"},
}
PHRASING = {"a", "abbr", "b", "button", "code", "em", "i", "input", "label", "mark", "small", "span", "strong", "br"}


class Markup(HTMLParser):
    """What a validator would say of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        parent = self.open[-1] if self.open else ""
        if len(given) < len(attributes):
            self.faults.append(f"<{tag}> says an attribute twice")
        for name in given:
            known = name in GLOBAL | OWN.get(tag, set()) or name.startswith(("data-", "aria-"))
            if not known:
                self.faults.append(f"<{tag} {name}>")
        if parent in CHILDREN and tag not in CHILDREN[parent]:
            self.faults.append(f"<{tag}> in <{parent}>")
        if {"p", "h1", "h2", "h3", "span", "summary"} & set(self.open) and tag not in PHRASING:
            self.faults.append(f"<{tag}> in text: {' '.join(self.open)}")
        if tag in {"a", "button"} and {"a", "button", "summary"} & set(self.open):
            self.faults.append(f"<{tag}> in a control")
        if given.get("id") is not None:
            self.ids.append(str(given["id"]))
        for name in ("for", "aria-labelledby", "aria-controls"):
            self.named += str(given[name]).split() if name in given else []
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [given for name, given in self.tags if name == tag]


@pytest.mark.parametrize("address", PAGES)
def test_markup_is_valid_and_says_its_structure(site: str, address: str) -> None:
    asked = urllib.request.Request(site + address, headers={"Accept": "text/html"})
    try:
        with urllib.request.urlopen(asked, timeout=120) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as fault:
        with fault:
            text = fault.read().decode()
    page = Markup()
    page.feed(text)
    page.close()
    assert page.faults == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.named) <= set(page.ids)
    assert text.startswith("<!doctype html>")
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert len(page.all("title")) == 1
    assert page.all("html")[0]["lang"]
    assert [nav["aria-label"] for nav in page.all("nav")]
    assert page.tags[[tag for tag, _ in page.tags].index("body") + 1][1]["href"] == "#page-main"
    assert not page.all("style")
    labelled = {given["for"] for given in page.all("label") if "for" in given}
    for field in [*page.all("input"), *page.all("textarea")]:
        assert field.get("type") == "hidden" or field.get("id") in labelled or field.get("aria-label"), field
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(given.get("scope") for given in page.all("th"))


@pytest.mark.parametrize("address", ["/", PAIR, "/methods", f"/method/{GAN}"])
def test_every_control_is_reached_by_the_tab_key_and_has_a_name(visit: Open, address: str) -> None:
    page = visit(address)
    wanted = page.evaluate(
        """() => {
            const controls = "a[href], button, input:not([type=hidden]), summary, [tabindex='0']";
            const all = [...document.querySelectorAll(controls)].filter((e) => e.checkVisibility());
            all.forEach((e, at) => { e.dataset.at = at; });
            return all.slice(0, 30).length;
        }"""
    )
    reached, unseen = [], []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        at, ring, name = page.evaluate(
            """() => {
                const e = document.activeElement, style = getComputedStyle(e);
                const name = e.getAttribute("aria-label") || e.getAttribute("aria-labelledby")
                    || e.labels?.[0]?.textContent || e.textContent;
                return [Number(e.dataset.at), style.outlineStyle !== "none", name.trim()];
            }"""
        )
        reached.append(at)
        if not ring or not name:
            unseen.append(at)
    assert reached == list(range(wanted))
    assert unseen == []


def test_the_region_is_named_and_scrolls_by_keyboard(visit: Open) -> None:
    page = visit(TEN)
    region = page.get_by_role("region", name=re.compile("^Comparison: Lasso"))
    region.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert region.evaluate("region => region.scrollLeft") > 0
    assert page.get_by_role("table", name=re.compile("^Comparison: Lasso")).count() == 1
    assert page.get_by_role("columnheader").count() == 10
    assert page.locator("th[scope=row]").count() == page.locator("tr[data-row]").count()
