"""The installed wheel, used from outside the checkout."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from serving import free_port

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
MAIN = "from kgcompare.cli import main; main()"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of what a clean checkout has."""
    scratch = tmp_path_factory.mktemp("wheel")
    source = scratch / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, source)
    for name in ("src", "ontology", "queries", "data"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(scratch), str(source)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return next(scratch.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which the wheel is used: nothing of the checkout can be imported before it."""
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True, timeout=120)
    for path in (target / "kgcompare/_resources/data").glob("[ms]*/[!t]*.ttl"):
        path.unlink()  # a few methods and sources are enough of a catalogue, and sooner there
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith(("KGCOMPARE_", "COVERAGE_"))}
    own = {name: str(target / name) for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME")}
    return surroundings | own | {"PYTHONPATH": str(target)}


def python(installed: dict[str, str], tmp_path: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=installed,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_is_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for path in ROOT.glob("queries/*.rq"):
        assert f"kgcompare/_resources/queries/{path.name}" in names
    records = [name for name in names if name.startswith("kgcompare/_resources/data/") and name.endswith(".ttl")]
    assert len(records) == len(list((ROOT / "data").rglob("*.ttl")))
    assert [name for name in names if name.startswith("kgcompare/_resources/ontology/")]
    for suffix in ("html", "css", "js", "json", "po", "typed"):
        there = {p.relative_to(ROOT / "src").as_posix() for p in (ROOT / "src").rglob(f"*.{suffix}")}
        assert there <= set(names), suffix
    assert not [name for name in names if name.startswith(("tests", "bench", "_resources")) or "__pycache__" in name]
    assert not [name for name in names if name.endswith((".pyc", ".orig", ".rej", "~"))]


def test_it_uses_what_it_brings(installed: dict[str, str], tmp_path: Path) -> None:
    code = (
        "import json, kgcompare; from kgcompare import resources\n"
        "found = [resources.folder(name) for name in ('data', 'queries', 'ontology')]\n"
        "print(json.dumps([kgcompare.__file__, *map(str, found)]))"
    )
    ran = python(installed, tmp_path, code)
    for place in json.loads(ran.stdout):
        assert Path(place).is_relative_to(installed["PYTHONPATH"]), ran


def test_it_compares(installed: dict[str, str], tmp_path: Path) -> None:
    pair = ("compare", "transfer-learning-gan", "transfer-learning-diffusion", "--format", "json")
    ran = python(installed, tmp_path, MAIN, *pair)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["summary"]["differing"] == 6
    french = python(installed, tmp_path, MAIN, *pair, "--lang", "fr")  # the catalogue is there now
    assert json.loads(french.stdout)["methods"][0]["label"] == "Apprentissage par transfert pour les GAN"
    assert french.stderr == ""


def test_it_serves(installed: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-c", MAIN, "serve", "--store", str(tmp_path / "store"), "--port", str(port)],
            env=installed,
            cwd=tmp_path,
            stdout=out,
            stderr=out,
        )
    try:
        deadline = time.monotonic() + 240
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                connection.request("GET", "/?lang=fr", headers={"Accept": "text/html"})
                response = connection.getresponse()
                page = response.read().decode()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert response.status == 200
        assert 'lang="fr"' in page
        for path in (
            "/static/style.css",
            "/static/yasgui/yasgui.js",
            "/sparql/terms.json",
            "/compare?method=transfer-learning-gan",
        ):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            assert response.status == 200, path
        connection.close()
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    assert "Traceback" not in log.read_text()
