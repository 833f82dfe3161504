"""The form of a record in a real Chromium: by keyboard, on a phone without scripts, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from browsing import Open
from conftest import copied
from kgcompare.store.tokens import Tokens
from serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


def focused(page: Page) -> str:
    """The name of the field that has the focus; the id of anything else."""
    return str(page.evaluate("document.activeElement.name || document.activeElement.id"))


def changes(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(":is(del, ins)").all_inner_texts()]


def test_by_keyboard_a_value_is_added_completed_and_suggested(visit: Open) -> None:
    page = visit("/method/lasso/edit?lang=en")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.locator('[id="f.domain.add"]').focus()
    page.keyboard.press("Enter")
    assert focused(page) == "domain.1"
    page.keyboard.type("econom")
    page.get_by_role("option", name="Econometrics").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator('[name="domain.1"]').input_value() == "Econometrics"
    assert page.locator('[name="domain.1._thing"]').input_value().endswith("/id/domain/econometrics")
    page.locator('button[value="up domain.1"]').wait_for(state="detached")
    assert "POST" not in asked, "it is added at once"
    page.locator('[id="f.originator.0.agentlist"] [id="f.originator.0.agentlist.add"]').focus()
    page.keyboard.press("Space")
    assert focused(page) == "originator.0.agentlist.1"
    page.keyboard.type("Trevor Hastie")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "up originator.0.agentlist.1"
    page.keyboard.press("Enter")
    page.locator('[name="origin-year.0"]').focus()
    page.keyboard.press("Enter")
    page.locator("#looked").wait_for()
    assert focused(page) == "looked"
    assert changes(page) == ["Econometrics", "Tibshirani", "Hastie & Tibshirani"]
    href = page.get_by_role("link", name="Suggest this change").get_attribute("href") or ""
    assert "+ Econometrics" in parse_qs(urlsplit(href).query)["body"][0]


def test_on_a_phone_without_scripts_what_is_typed_stays_and_faults_are_found(visit: Open) -> None:
    page = visit("/method/lasso/edit?lang=fr", width=360, height=740, java_script_enabled=False, has_touch=True)
    page.locator('[name="origin-year.0"]').fill("jadis")
    page.locator('[name="summary.0"]').fill("Two\n\nparagraphs.")
    page.locator('button[value="add alias"]').tap()
    added = page.locator('[id="f.alias"] li').last.locator("input").first
    assert added.evaluate("element => element === document.activeElement")
    added.fill("lassò")
    page.locator(".send button").tap()
    page.locator("#faults").wait_for()
    assert page.locator("#faults").evaluate("element => element === document.activeElement")
    page.locator("#faults a").first.tap()
    assert page.locator('[name="origin-year.0"]').input_value() == "jadis"
    assert page.locator('[name="origin-year.0"]').get_attribute("aria-invalid") == "true"
    page.locator('[name="origin-year.0"]').fill("1995")
    page.locator(".send button").tap()
    page.locator("#looked").wait_for()
    assert {"1996", "1995", "lassò", "Two\n\nparagraphs."} & {*changes(page)} >= {"1996", "1995", "lassò"}
    assert page.locator('[name="summary.0"]').input_value() == "Two\n\nparagraphs."
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="English").tap()
    page.get_by_role("heading", name="Edit Lasso").wait_for()
    assert page.locator('[name="origin-year.0"]').input_value() == "1995", "it goes along into another language"


def test_a_record_is_saved_and_shown(browser: Browser, small_store: Path, tmp_path: Path) -> None:
    store = copied(small_store, tmp_path / "store")
    token = Tokens(store).add("me")
    with serving(tmp_path, "--store", str(store)) as server:
        page = browser.new_page()
        page.set_default_timeout(45_000)
        page.goto(f"http://127.0.0.1:{server.port}/method/lasso?lang=en")
        page.get_by_role("link", name="Edit this record").click()
        page.get_by_label("Origin year").fill("1995")
        page.get_by_role("button", name="Look at what changes").click()
        page.get_by_label("Token").fill(token)
        page.keyboard.press("Enter")
        page.wait_for_url("**/method/lasso?lang=en#saved")
        assert page.get_by_text("Your change is saved.").is_visible()
        assert "1995" in page.locator(".facts").first.inner_text()
        page.close()
