"""Reading the pages in a real Chromium: nothing is glued, hidden or lost, at any size, by mouse, touch and keyboard."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from browsing import Open
from deep import many
from serving import free_port, missing, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "clients" / "node_modules" / "axe-core" / "axe.min.js"
SLUGS = (
    "lasso",
    "ridge-regression",
    "support-vector-machine",
    "k-means-clustering",
    "bert",
    "umap",
    "lime",
    "shap",
    "arima",
    "principal-component-analysis",
)


def comparing(count: int, more: str = "") -> str:
    return "/compare?" + "&".join(f"method={slug}" for slug in SLUGS[:count]) + more


PAIR = comparing(2)
STATES = (
    "/",
    PAIR,
    comparing(5),
    comparing(5, "&swap=1"),
    comparing(3, "&only=differences&lang=fr"),
    comparing(2, "&rows=identity&lang=ar"),
    "/compare?method=lasso",
    "/compare?method=lasso&method=nothing-at-all",
    "/compare?method=lasso&add=regression",
    "/compare",
    "/methods",
    "/methods?q=random&family=machine-learning",
    "/methods?q=zzzz",
    "/find",
    "/find?aim=predict",
    "/method/lasso",
    "/method/lasso?lang=fr",
    "/agent/ian-goodfellow",
    "/source/goodfellow-2014-generative-adversarial-nets",
    "/domain/deep-learning",
    "/dataset",
    "/report",
    "/ns",
    "/shapes",
    "/sparql",
    "/method/no-such-thing?lang=fr",
)


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        missing("axe-core is not installed (npm ci --prefix tests/clients)")
    return AXE.read_text(encoding="utf-8")


def found_by_axe(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    told: dict[str, Any] = page.evaluate(
        """() => axe.run(document, {
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
            rules: {"target-size": {enabled: true}}, resultTypes: ["violations"],
        })"""
    )
    return [f"{fault['id']}: {node['html'][:120]}" for fault in told["violations"] for node in fault["nodes"][:3]]


SCHEMES: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1366, "light"), (390, "dark"))


@pytest.mark.parametrize("number", range(len(STATES)), ids=STATES)
def test_axe_finds_nothing_in_the_light_and_in_the_dark(visit: Open, site: str, axe: str, number: int) -> None:
    """Of the first pages both are looked at, of the others by turns the one or the other."""
    page = visit("/ns", bypass_csp=True)
    page.goto(site + STATES[number], timeout=120_000)  # the report is long in the making
    for width, scheme in SCHEMES if number < many(4, len(STATES)) else SCHEMES[number % 2 :][:1]:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        assert found_by_axe(page, axe) == [], (width, scheme)


def test_axe_finds_nothing_in_what_opens(visit: Open, axe: str) -> None:
    page = visit(PAIR, 390, 844, bypass_csp=True)
    for fold in page.locator(".fold > summary").all():
        fold.click()
        assert found_by_axe(page, axe) == []
    page = visit("/sparql", bypass_csp=True)
    page.locator("#run").click()
    page.locator("#result table").wait_for()
    assert found_by_axe(page, axe) == []


def test_axe_finds_nothing_in_a_column_that_did_not_answer(
    browser: Browser, axe: str, small_store: Path, tmp_path: Path
) -> None:
    others = tmp_path / "others.toml"
    others.write_text(
        f'[[catalogue]]\nname = "Nobody"\nendpoint = "http://127.0.0.1:{free_port()}/"\nbegins = "https://nobody.example/"\n'
    )
    with (
        serving(tmp_path, "--store", str(small_store), "--others", str(others)) as server,
        closing(browser.new_context(bypass_csp=True)) as context,
    ):
        page = context.new_page()
        for lang, (width, scheme) in zip(("en", "fr"), SCHEMES, strict=True):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            asked = f"/compare?method=lasso&method=https://nobody.example/x&method=ridge&lang={lang}"
            page.goto(f"http://127.0.0.1:{server.port}{asked}", timeout=120_000)
            assert "Nobody" in page.inner_text("main")
            assert found_by_axe(page, axe) == [], (width, scheme)


# -- words ---------------------------------------------------------------------------------------------

GLUED = """() => {
    const glued = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT,
        (node) => node.parentElement.closest("script, style, svg, .yasqe, .yasr") ? 2 : 1);
    let before = null;
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (before && /[\\p{L}\\p{N}]$/u.test(before.data) && /^[\\p{L}\\p{N}]/u.test(node.data)
            && before.parentElement !== node.parentElement)
            glued.push(before.data.slice(-30) + "|" + node.data.slice(0, 30));
        if (node.data) before = node;
    }
    return glued;
}"""


def test_no_two_words_are_glued(visit: Open, site: str) -> None:
    page = visit("/")
    for address in STATES:
        page.goto(site + address, timeout=120_000)
        assert page.evaluate(GLUED) == [], address


# -- names in sight ------------------------------------------------------------------------------------

UNNAMED = """() => {
    const region = document.querySelector(".region"), view = region.getBoundingClientRect(), unnamed = [];
    const heads = [...document.querySelectorAll("thead th")].map((th) => th.getBoundingClientRect());
    const names = [...document.querySelectorAll("tbody th[scope=row]")];
    for (const td of document.querySelectorAll("td[data-whose]")) {
        const box = td.getBoundingClientRect();
        const named = getComputedStyle(td, "::before").content.includes(td.dataset.whose);
        const middle = (Math.max(box.left, view.left) + Math.min(box.right, view.right)) / 2;
        const seen = Math.min(box.bottom, view.bottom, innerHeight) - Math.max(box.top, view.top, 0);
        if (seen < 60 || middle < Math.max(box.left, 0) || middle > Math.min(box.right, innerWidth)) continue;
        const under = heads.filter((at) => at.left <= middle && middle <= at.right);
        const head = under.some((at) => at.top >= -1 && at.bottom <= innerHeight);
        if (!head && !(named && box.top >= 0)) unnamed.push(td.dataset.whose + " " + td.parentElement.dataset.row);
    }
    return unnamed;
}"""


SOME = [(2, ""), (3, "&lang=fr"), (5, ""), (7, "&lang=fr"), (10, "")]


@pytest.mark.parametrize("size", [(360, 740), (390, 844), (768, 1024), (1366, 768), (1920, 1080)])
def test_names_are_in_sight_while_reading_any_cell(visit: Open, site: str, size: tuple[int, int]) -> None:
    page = visit("/", *size)
    for count, language in many(SOME, [(count, language) for count in range(2, 11) for language in ("", "&lang=fr")]):
        page.goto(site + comparing(count, language))
        page.evaluate(
            """() => {
                scrollTo({top: document.documentElement.scrollHeight, behavior: "instant"});
                document.querySelector(".region").scrollTo({top: 1e6, left: 1e6, behavior: "instant"});
            }"""
        )
        page.wait_for_timeout(50)
        assert page.evaluate(UNNAMED) == [], (count, language)


# -- focus ---------------------------------------------------------------------------------------------

HIDDEN = """() => {
    const e = document.activeElement, box = e.getBoundingClientRect();
    if (!e.closest(".region") || e.matches(".region")) return null;
    const points = [[.5, .5], [.1, .5], [.9, .5]].map(([x, y]) => [box.left + box.width * x, box.top + box.height * y]);
    const free = points.some(([x, y]) => {
        const there = document.elementFromPoint(x, y);
        return there && (e.contains(there) || there.contains(e));
    });
    return free ? null : e.outerHTML.slice(0, 100);
}"""


@pytest.mark.parametrize(("count", "size"), [(3, (1366, 768)), (5, (1366, 768)), (10, (1366, 768)), (3, (390, 844))])
def test_focus_is_never_hidden(visit: Open, count: int, size: tuple[int, int]) -> None:
    page = visit(comparing(count), *size, reduced_motion="reduce")
    last = page.locator(".region a").last
    last.focus()
    hidden = []
    for _ in range(page.locator(".region :is(a, summary)").count()):
        hidden.append(page.evaluate(HIDDEN))
        page.keyboard.press("Shift+Tab")
    assert len(hidden) > 20
    assert [found for found in hidden if found] == []


def test_a_fragment_is_a_place_in_the_page_and_no_new_page(visit: Open, site: str) -> None:
    page = visit("/compare?method=lasso")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#page-main")
    page.keyboard.press("Tab")
    page.keyboard.type("zzzz")
    page.wait_for_timeout(400)
    assert page.locator("#add").input_value() == "zzzz"
    assert [url for url in asked if "/suggest" not in url and "/static/" not in url] == []
    page.goto(site + "/ns")
    page.wait_for_timeout(200)
    asked.clear()
    page.locator("main a[href^='#']").first.click()
    page.go_back()
    page.wait_for_timeout(200)
    assert [url for url in asked if "/static/" not in url] == []


# -- a slow line, and none -----------------------------------------------------------------------------


def test_a_switch_answers_at_once_on_a_slow_line(visit: Open) -> None:
    page = visit(PAIR, bypass_csp=True, reduced_motion="reduce")
    held: list[Route] = []
    page.route("**/compare?*only=*", lambda route: held.append(route))  # noqa: PLW0108  (playwright marks what it is given)
    page.get_by_role("switch", name="Only differences").click()
    page.locator("#switch-only[aria-checked=true]").wait_for()
    page.wait_for_function("getComputedStyle(document.querySelector('.region')).opacity < 1")
    assert page.locator("tr.agrees").count() > 0
    held[0].continue_()
    page.locator("tr.agrees").first.wait_for(state="detached")
    page.wait_for_function("getComputedStyle(document.querySelector('.region')).opacity === '1'")


def test_without_a_connection_the_page_stays_and_says_so(visit: Open) -> None:
    page = visit(PAIR, bypass_csp=True)
    rows = page.locator("tr[data-row]").count()
    page.route("**/compare?*only=*", lambda route: route.abort("internetdisconnected"))
    page.get_by_role("switch", name="Only differences").click()
    page.get_by_role("status").filter(has_text="No connection").wait_for(state="visible")
    assert page.locator("tr[data-row]").count() == rows
    assert page.get_by_role("switch", name="Only differences").get_attribute("aria-checked") == "false"


# -- what the table says -------------------------------------------------------------------------------


def test_a_column_is_called_by_its_name_alone(visit: Open) -> None:
    page = visit(comparing(3))
    assert page.get_by_role("columnheader").all_inner_texts() == ["Lasso", "Ridge regression", "Support vector machine"]
    page = visit(comparing(3, "&swap=1"))
    assert [text.strip() for text in page.get_by_role("rowheader").all_inner_texts()] == [
        "Lasso",
        "Ridge regression",
        "Support vector machine",
    ]


def test_a_region_that_does_not_scroll_is_no_stop(visit: Open) -> None:
    assert visit(PAIR).locator(".region").get_attribute("tabindex") is None
    assert visit(comparing(10)).locator(".region").get_attribute("tabindex") == "0"


def test_the_table_begins_above_the_middle_of_a_phone(visit: Open) -> None:
    for address in (PAIR, comparing(5)):
        page = visit(address, 390, 844, has_touch=True, is_mobile=True)
        box = page.locator(".region").bounding_box()
        assert box is not None
        assert box["y"] < 422


# -- journeys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False])
def test_sixty_samples_and_three_hundred_predictors(visit: Open, scripts: bool) -> None:
    """From what one wants and has to a comparison, and to what it says of the choice."""
    page = visit("/", java_script_enabled=scripts)
    page.locator("main a[href^='/find?aim=predict']").first.click()
    page.wait_for_url("**/find?aim=predict*")
    wanted = page.locator("#with-data-wide-table")
    if not wanted.is_visible():
        page.locator("details", has=wanted).locator("summary").first.click()
    wanted.click()
    page.wait_for_url("**data=wide-table*")
    for name in ("Lasso", "Ridge regression"):
        page.get_by_role("checkbox", name=f"Compare {name}").check()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare?**")
    assert page.locator("thead .title").all_inner_texts() == ["Lasso", "Ridge regression"]
    said = page.locator(".short").inner_text()
    assert "are alternatives to each other" in said
    page.locator("#rows-choosing").click()
    page.locator("tr[data-row=domain]").wait_for(state="detached")
    assert page.locator("tr[data-row=assumption].differs").count() == 1
    assert page.locator("tr[data-row=choose-when] .prose").count() == 2
    meaning = page.locator("tr[data-row=assumption] details").first
    meaning.locator("summary").click()
    assert meaning.locator("p").is_visible()
    page.locator("#switch-only").click()
    page.locator("tr.agrees").first.wait_for(state="detached")
    assert {"rows=choosing", "only=differences"} <= set(page.url.partition("?")[2].split("&"))


def test_three_columns_tint_what_departs_from_the_commonest(visit: Open) -> None:
    page = visit("/compare?method=lasso&method=ridge-regression&method=bert")
    domain = page.locator("tr[data-row=domain] td")
    colours = domain.evaluate_all("cells => cells.map((cell) => getComputedStyle(cell).backgroundColor)")
    assert colours[0] == colours[1] != colours[2]
    assert domain.last.evaluate("cell => getComputedStyle(cell).boxShadow") != "none", "not by colour alone"
    year = page.locator("tr[data-row=origin-year]")
    assert year.locator(".sign").inner_text() == "≠"
    assert year.locator("td.departs").count() == 0, "where all differ nothing stands out"


def test_related_methods_say_what_is_shared_first(visit: Open) -> None:
    page = visit("/compare?method=lasso&method=ridge-regression")
    first = page.locator("tr[data-row=related] td").first
    assert re.search(r"\b\d+ shared", first.locator("summary").inner_text())
    first.locator("summary").click()
    lines = first.locator("details").inner_text().split("\n")
    both, only = lines.index("In both:"), lines.index("Only here:")
    assert {"Cross-validation", "Elastic net"} <= set(lines[both:only])
    assert "LIME" in lines[only:]


def test_from_a_paper_to_its_author_to_a_comparison_by_keyboard(visit: Open, site: str) -> None:
    page = visit("/source/goodfellow-2014-generative-adversarial-nets", 390, 844)
    page.get_by_role("link", name="Ian Goodfellow").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(site + "/agent/ian-goodfellow")
    page.get_by_role("link", name=re.compile(r"Compare all \d")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?*method=transfer-learning-gan*")
    assert "method=generative-adversarial-network" in page.url


def test_the_finder_leads_on_by_keyboard(visit: Open) -> None:
    page = visit("/", bypass_csp=True)
    page.get_by_role("link", name="Find", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/find")
    page.locator("#with-aim-predict").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**aim=predict")
    page.locator("[data-next]:focus").wait_for()
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("id").startswith("with-data-")  # type: ignore[union-attr]
    page.locator(".picked a[href='#fit']").click()
    page.wait_for_function("document.getElementById('fit').getBoundingClientRect().top < 400")


def read_to(page: Page, place: int) -> None:
    """Scrolls, and waits until that is kept; what is laid out late moves what one reads, and with it that place."""
    page.wait_for_function(
        f"scrollTo({{top: {place}, behavior: 'instant'}}), Math.abs(scrollY - {place}) < 1 &&"
        " history.state?.top === scrollY"
    )


def is_at(page: Page, place: int) -> None:
    page.wait_for_function(f"Math.abs(scrollY - {place}) < 40")


def test_forward_leads_to_where_one_was(visit: Open) -> None:
    page = visit(PAIR, bypass_csp=True)
    page.locator("#switch-only").click()
    page.wait_for_url("**only=differences")
    page.locator("main:not([aria-busy])").wait_for()
    read_to(page, 300)
    page.go_back()
    page.locator("#switch-only[aria-checked=false]").wait_for()
    page.locator("main:not([aria-busy])").wait_for()
    read_to(page, 100)
    page.go_forward()
    page.locator("#switch-only[aria-checked=true]").wait_for()
    is_at(page, 300)
    page.go_back()
    page.locator("#switch-only[aria-checked=false]").wait_for()
    is_at(page, 100)


def test_back_from_another_page_from_a_fragment_and_a_reload_lead_to_where_one_was(visit: Open) -> None:
    page = visit(PAIR, bypass_csp=True)
    read_to(page, 300)
    page.reload()
    is_at(page, 300)
    page.evaluate("location.hash = 'page-main'")
    page.wait_for_function("scrollY < 200 && history.state?.top === scrollY")
    page.go_back()
    page.wait_for_function("!location.hash")
    is_at(page, 300)
    page.goto("about:blank")
    page.go_back()
    is_at(page, 300)


def test_a_reload_leads_to_where_one_was_after_a_switch_that_moved_nothing(visit: Open) -> None:
    page = visit(PAIR, bypass_csp=True)
    read_to(page, 100)
    page.locator("#switch-only").click()
    page.wait_for_url("**only=differences")
    page.locator("main:not([aria-busy])").wait_for()
    is_at(page, 100)
    page.reload()
    is_at(page, 100)


def test_the_controls_of_the_reference_pair_stand_in_one_line_in_french(visit: Open) -> None:
    page = visit("/compare?method=transfer-learning-gan&method=transfer-learning-diffusion&lang=fr")
    tops = page.locator("#add, #switch-swap, .take > summary").evaluate_all(
        "parts => parts.map(part => part.getBoundingClientRect().top)"
    )
    assert len(tops) == 3
    assert max(tops) - min(tops) < 12
    heads = page.locator("tbody tr[data-row]").evaluate_all("rows => rows.map(row => row.dataset.row)")
    assert page.locator("tr.group").first.inner_text() == "Ce que c’est"
    assert heads[:3] == ["domain", "family", "origin-year"]
    assert heads[8] == "summary"


def test_paper_has_the_table_alone(visit: Open) -> None:
    page = visit(PAIR)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in (".under", ".controls", ".term > .note", "footer a[href$=openapi\\.json]"):
        assert not page.locator(hidden).first.is_visible()
    assert page.locator(".printed").is_visible()


def test_entry_points_say_their_language(visit: Open) -> None:
    page = visit(comparing(2, "&rows=choosing"))
    assert "Python" in page.locator("tr[data-row=software] td").first.inner_text()


@pytest.mark.parametrize("count", [2, 10])
def test_a_swapped_table_on_a_phone_has_its_cells_in_a_line(visit: Open, count: int) -> None:
    page = visit(comparing(count, "&swap=1"), 390, 844)
    tops = (
        page.locator("tbody tr")
        .first.locator("td[data-row]")
        .evaluate_all("cells => cells.map(cell => Math.round(cell.getBoundingClientRect().top))")
    )
    assert len(tops) == 16
    assert len(set(tops)) == 1
