"""Pages of the real server in a real Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from serving import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Open = Callable[..., "Page"]
"""Opens an address of the server in a fresh context; what it logs or asks of other hosts fails the test."""
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        missing("playwright is not installed (pip install playwright)")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as play:
        try:
            found = play.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        except Error as fault:
            missing(f"Chromium cannot be started: {str(fault).splitlines()[0]}")
        yield found
        found.close()


def _said(answer: Any) -> str:
    """The beginning of an answer's body."""
    from playwright.sync_api import Error

    try:
        return str(answer.text())[:1000]
    except Error as fault:
        return f"({fault})"


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Open]:
    contexts: list[Any] = []
    faults: list[str] = []
    answers: list[Any] = []

    def opening(address: str, width: int = 1366, height: int = 800, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(120_000)  # machines that run tests are busy
        contexts.append(context)
        page = context.new_page()

        def logged(kind: str, text: str) -> None:
            told = "the server responded with a status of 4", "net::ERR_INTERNET_DISCONNECTED"
            if kind in {"error", "warning"} and not any(part in text for part in told):
                faults.append(f"{kind}: {text}")

        def asked(request: Any) -> None:
            if not request.url.startswith(site):
                faults.append(f"asked {request.url}")

        def answered(answer: Any) -> None:
            if answer.status >= 500:
                answers.append(answer)

        page.on("console", lambda message: logged(message.type, message.text))
        page.on("pageerror", lambda fault: faults.append(f"script: {fault}"))
        page.on("request", asked)
        page.on("response", answered)
        page.goto(site + address)
        return page

    yield opening
    faults += [f"{one.url} answered {one.status}: {_said(one)}" for one in answers]
    for context in contexts:
        context.close()
    assert faults == [], faults
