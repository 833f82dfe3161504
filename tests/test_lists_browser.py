"""Lists in a real Chromium: what is ticked stays so, with scripts and without, and one comes back to where one was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from browsing import Open

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def chosen(page: Page) -> list[str]:
    """What the address of a page has."""
    return parse_qs(urlsplit(page.url).query).get("method", [])


def chips(page: Page) -> list[str]:
    return [text.removesuffix("×").strip() for text in page.locator("#chosen li").all_inner_texts()]


@pytest.mark.parametrize("scripts", [True, False])
def test_ticks_survive_search_facets_order_pages_and_back(visit: Open, scripts: bool) -> None:
    page = visit("/methods?q=lasso&lang=en", java_script_enabled=scripts)
    page.locator("#m-lasso").check()
    page.locator("#q").fill("random forest")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**q=random**")
    assert chosen(page) == ["lasso"]
    page.locator("#m-random-forest").check()
    if scripts:
        assert sorted(chosen(page)) == ["lasso", "random-forest"]
        assert chips(page) == ["Lasso", "Random forest"]
    else:  # what has only been ticked goes along with what is sent, not with a link
        page.get_by_role("button", name="Search").click()
    page.locator("aside .index a").first.click()
    page.locator("aside [aria-current]").first.wait_for()
    page.locator("#by-name").click()
    page.locator("#by-name[aria-current]").wait_for()
    assert sorted(chosen(page)) == ["lasso", "random-forest"]
    page.go_back()
    page.locator("#by-relevance[aria-current]").wait_for()
    assert sorted(chips(page)) == ["Lasso", "Random forest"]
    page.locator("#q").fill("")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Next page").wait_for()
    page.get_by_role("link", name="Next page").click()
    page.get_by_role("link", name="First page").wait_for()
    page.get_by_role("button", name="Compare 2").click()
    page.wait_for_url("**/compare?**")
    assert sorted(chosen(page)) == ["lasso", "random-forest"]
    assert set(parse_qs(urlsplit(page.url).query)) == {"method", "lang"}


def test_the_bar_follows_each_tick_at_once(visit: Open) -> None:
    page = visit("/methods?q=lasso")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "icon" not in request.url else None)
    assert "Tick two to ten" in page.locator("#chosen").inner_text()
    for box in page.get_by_role("checkbox").all()[:3]:
        box.check()
    assert len(chips(page)) == len(chosen(page)) == 3
    assert page.get_by_role("button", name="Compare 3").is_visible()
    last = chips(page)[-1]
    page.get_by_role("link", name=f"Remove {last}").click()
    assert len(chosen(page)) == 2
    assert page.get_by_role("checkbox", checked=True).count() == 2
    assert page.evaluate("document.activeElement.closest('#chosen') !== null")
    page.get_by_role("checkbox", checked=True).first.uncheck()
    assert len(chips(page)) == len(chosen(page)) == 1
    assert asked == []
    hrefs = page.locator("#by-year, #languages a").evaluate_all("all => all.map(a => a.href)")
    assert all(parse_qs(urlsplit(href).query)["method"] == chosen(page) for href in hrefs)


def test_ten_are_the_most_and_the_bar_says_so(visit: Open) -> None:
    page = visit("/methods?lang=en")
    for box in page.get_by_role("checkbox").all()[:10]:
        box.check()
    assert "Ten methods are the most." in page.locator("#chosen").inner_text()
    assert page.get_by_role("checkbox").nth(10).is_disabled()
    page.locator("#chosen li a").first.click()
    assert page.get_by_role("checkbox").nth(10).is_enabled()
    assert "Ten" not in page.locator("#chosen p").inner_text()


def test_nothing_ticked_is_no_dead_end(visit: Open) -> None:
    page = visit("/methods?q=lasso")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("Nothing is chosen yet.").wait_for()
    page.locator("#m-lasso").check()
    assert page.get_by_text("Nothing is chosen yet.").count() == 0
    assert "compare=" not in page.url


def test_back_from_a_record_keeps_what_is_ticked(visit: Open) -> None:
    page = visit("/methods?q=lasso")
    page.locator("#m-lasso").check()
    page.locator(".things .title").nth(1).click()
    page.wait_for_url("**/method/**")
    page.go_back()
    page.locator("#m-lasso").wait_for()
    assert chips(page) == ["Lasso"]
    assert page.locator("#m-lasso").is_checked()


def test_back_from_the_second_page_goes_to_where_one_was(visit: Open) -> None:
    page = visit("/methods")
    page.get_by_role("link", name="Next page").scroll_into_view_if_needed()
    was = page.evaluate("scrollY")
    assert was > 1000
    page.get_by_role("link", name="Next page").click()
    page.get_by_role("link", name="First page").wait_for()
    page.wait_for_function("scrollY === 0")
    page.go_back()
    page.get_by_role("link", name="First page").wait_for(state="detached")
    page.wait_for_function(f"Math.abs(scrollY - {was}) < 5")


def test_the_comparison_of_what_is_typed_is_the_first_completion(visit: Open) -> None:
    page = visit("/?lang=fr")
    page.get_by_role("combobox").press_sequentially("lasso ou ridge regression")
    first = page.get_by_role("option").first
    first.filter(has_text=re.compile("^Comparer ")).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?**")
    assert chosen(page) == ["lasso", "ridge-regression"]
    assert "lang=fr" in page.url


def test_several_names_are_added_at_once(visit: Open) -> None:
    page = visit("/compare?method=lasso&lang=en")
    page.locator("#add").fill("ridge regression, elastic net")
    page.keyboard.press("Enter")
    page.locator("thead th").nth(2).wait_for()
    assert chosen(page) == ["lasso", "ridge-regression", "elastic-net"]
    page.locator("#add").press_sequentially("bert vs gpt")
    page.get_by_role("option", name="Compare").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**method=gpt**")
    assert chosen(page) == ["lasso", "ridge-regression", "elastic-net", "bert", "gpt"]


def test_boxes_are_large_enough_for_a_finger(visit: Open) -> None:
    page = visit("/methods?method=lasso&method=bert", 360, 740, has_touch=True, is_mobile=True)
    for part in (".things .tick", "#chosen .chip", "#chosen button"):
        box = page.locator(part).first.bounding_box()
        assert box is not None
        assert box["height"] >= 44, part
        assert box["width"] >= 44, part
    page.locator(".things .tick").first.tap(position={"x": 3, "y": 3})
    assert page.locator(".things input").first.is_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
