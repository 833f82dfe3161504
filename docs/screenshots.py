"""Makes the pictures in docs/ again: python docs/screenshots.py (needs playwright and Chromium)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
PAIR = "/compare?method=transfer-learning-gan&method=transfer-learning-diffusion"
QUERY = """PREFIX kgc: <https://w3id.org/kgcompare/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?method ?name (COUNT(?extension) AS ?extensions)
WHERE {
  ?method a kgc:Method ;
          skos:prefLabel ?name .
  ?extension kgc:extends ?method .
  FILTER (LANG(?name) = "en")
}
GROUP BY ?method ?name
ORDER BY DESC(?extensions) ?name
LIMIT 10
"""
PICTURES: tuple[tuple[str, str, int, int, Literal["light", "dark"]], ...] = (
    ("compare-fr-light.png", PAIR + "&lang=fr", 1366, 1060, "light"),
    ("compare-en-dark.png", PAIR + "&lang=en", 1366, 1030, "dark"),
    ("compare-fr-360.png", PAIR + "&lang=fr", 360, 1000, "light"),
    ("home-en-light.png", "/?lang=en", 1366, 1200, "light"),
    ("sparql-light.png", "/sparql?lang=en&query=" + quote(QUERY), 1366, 1000, "light"),
)
"""File, address, width, height and colours; one CSS pixel is one pixel."""
MOST_BYTES = 400_000
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def served() -> Iterator[str]:
    """The address of a server over the bundled data, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kgcompare", "serve", "--data", "bundled", "--port", str(port)]
    process = subprocess.Popen(command)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(address + "/healthz", timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline or process.poll() is not None:
                    raise SystemExit("kgcompare serve did not start") from None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Makes every picture."""
    with served() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for name, path, width, height, scheme in PICTURES:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(address + path, wait_until="networkidle")
            if path.startswith("/sparql"):
                page.locator("#result:not([hidden]) table").wait_for()
            file = HERE / name
            page.screenshot(path=file)
            page.close()
            size = file.stat().st_size
            if size > MOST_BYTES:
                raise SystemExit(f"{name} has {size} bytes; {MOST_BYTES} are the most")
            sys.stderr.write(f"{name} {size} bytes\n")
        browser.close()


if __name__ == "__main__":
    main()
