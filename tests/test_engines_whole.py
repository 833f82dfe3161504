"""The bundled catalogue in real engines: commands, pages, records and comparisons say what the embedded store says.

Byte for byte, but for what names an address, a generation or the time, and labels of blank nodes.

It takes an hour, and is there with ``KGC_DEEP=1``; tests/test_engines.py compares a small catalogue in every run.
"""

from __future__ import annotations

import difflib
import random
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Quad

from conftest import Run
from engines import ENGINES, Oxigraph, running
from kgcompare import cli, ingest, resources
from kgcompare.formats import COMPARISON, FORMATS, RECORD
from kgcompare.ingest.readers import Options
from kgcompare.sandbox.limits import Limits
from kgcompare.store.endpoint import Addresses
from kgcompare.store.remote import RemoteStore
from kgcompare.store.seat import EndpointSeat
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

pytestmark = pytest.mark.slow
COMPARED = 50
"""Comparisons that are looked at in every format."""
PAGES = """
/
/?lang=fr
/find
/find?aim=predict
/find.json?aim=predict
/suggest?q=las
/suggest?q=regr&lang=fr
/methods
/methods?lang=fr
/methods?q=lasso
/methods.json?q=regression
/methods.csv?limit=100
/methods?domain=statistics&family=statistics
/methods?from=1950&to=1999&sort=year
/methods?q=goodfellow
/agents
/sources
/domains
/families
/types
/agents.json?q=e
/sources.csv
/report
/report.json
/changes
/changes.json
/method/lasso/history
/method/lasso/history.json
/method/lasso/edit
/method/new
/dataset
/dataset.json
/dataset.ttl
/.well-known/void
/ns
/ns.ttl
/shapes
/shapes.nt
/context.jsonld
/sparql
/sparql/terms.json
/openapi.json
/reconcile
/reconcile?query=lasso
/reconcile/suggest/entity?prefix=las
/reconcile/suggest/type?prefix=me
/reconcile/suggest/property?prefix=or
/reconcile/properties?type=method
/robots.txt
/sitemap.xml
/reconcile/preview?id=method/lasso
/sitemap-1.xml
/opensearch.xml
/compare
/compare?method=nothing
/id/method/lasso
/doc/method/lasso
/method/nothing
/mistake?thing=method/lasso&row=origin-year
/compare?method=lasso&method=ridge-regression&only=differences&lang=fr
/compare?method=lasso&method=ridge-regression&rows=choosing
"""
"""An address of each kind."""
COMMANDS = """
compare lasso ridge-regression
compare lasso elastic-net --lang fr --format json
compare lasso nothing
show lasso
show lasso --format ttl
show nothing
show robert-tibshirani --kind agent
search regression
search --from 1990 --format json
search lassso --lang fr
search --domain statistics --format csv
stats
stats --format json
report
report --format json --lang fr
template csv
template jsonl --kind agent
log
log lasso --json
describe
describe --format ttl
export --format csv
export --format jsonl
export --format nt
export --format ttl
export --format nq
"""
"""Commands that read; the catalogue is added."""
UNORDERED = {"nt", "nq"}
"""Formats without an order of lines."""


class Both(NamedTuple):
    """The same catalogue in an engine and in a folder, with the options that name them."""

    engine: str
    there: FlaskClient
    here: FlaskClient
    at: tuple[str, ...]
    folder: Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the catalogue."""
    path = tmp_path_factory.mktemp("folder") / "store"
    ingest.create_store(path)
    ingest.import_files(path, resources.data_files(), Options(trust=True))
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Quad]:
    """What an endpoint says into which they were imported: with history and mark."""
    at = tmp_path_factory.mktemp("written")
    engine = Oxigraph(at)
    try:
        url = engine.load([])
        seat = EndpointSeat(partial(RemoteStore, Addresses(url, update=url.replace("/query", "/update"))))
        ingest.create_store(seat)
        ingest.import_files(seat, resources.data_files(), Options(trust=True))
        return engine.everything()
    finally:
        engine.stop()


@pytest.fixture(scope="module", params=list(ENGINES))
def both(
    request: pytest.FixtureRequest, folder: Path, written: list[Quad], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    limits = Limits(timeout=600.0)
    with running(request.param, tmp_path_factory.mktemp(request.param)) as engine:
        url, kept = engine.load(written), tmp_path_factory.mktemp("indexes")
        there = create_app(Settings(endpoint=url, index_dir=kept, limits=limits))
        here = create_app(Settings(store=folder, limits=limits))
        options = ("--endpoint", url, "--index-dir", str(kept), "--timeout", "600")
        with pytest.raises(SystemExit):
            cli.main(["index", *options])
        yield Both(request.param, there.test_client(), here.test_client(), options, folder)
        for app in (there, here):
            app.extensions["kgcompare"].close()


def told(text: str, both: Both) -> str:
    """A text without what names an address, a generation or the time."""
    for own in (both.at[1], both.at[1].rpartition("/")[0], str(both.folder)):
        text = text.replace(own, "PLACE")
    text = re.sub(r"\b\d+-[0-9a-f]{8}\b", "GENERATION", text)
    text = re.sub(r"\d{4}-\d\d-\d\d(T| at |\W+)?(\d\d[:.]\d\d([:.]\d\d(\.\d+)?)?)?(Z|\+00:00| UTC)?", "TIME", text)
    text = re.sub(r"\b\d{1,2}(?:er)? [^\W\d]+ 20\d\d(, | à )\d\d:\d\d", "TIME", text)
    return re.sub(r"_:\w+|\b[0-9a-f]{16,}\b", "_:b", text)


def differing(name: str, found: str, expected: str, both: Both, *, ordered: bool = True) -> list[str]:
    """What differs, each line of it."""
    one, other = (told(text, both).splitlines() for text in (found, expected))
    if not ordered:
        one, other = sorted(one), sorted(other)
    lines = list(difflib.unified_diff(other, one, f"{name} here", f"{name} in {both.engine}", n=0, lineterm=""))
    return [line[:300] for line in lines[:40]]


def same(both: Both, paths: Iterable[str]) -> None:
    """Asserts that addresses answer alike."""
    wrong: list[str] = []
    for path in paths:
        found, expected = both.there.get(path), both.here.get(path)
        if (found.status_code, found.mimetype) != (expected.status_code, expected.mimetype):
            wrong.append(f"{path}: {found.status} {found.mimetype}, not {expected.status} {expected.mimetype}")
        else:
            form = path.partition("?")[0].rpartition(".")[2]
            wrong += differing(path, found.text, expected.text, both, ordered=form not in UNORDERED)
    assert not wrong, "\n".join(wrong)


def slugs_of(both: Both) -> list[str]:
    return sorted(line.partition(",")[0] for line in both.here.get("/methods.csv?limit=1000").text.splitlines()[1:])


def test_commands(both: Both, run: Run) -> None:
    wrong: list[str] = []
    for command in map(str.split, COMMANDS.strip().splitlines()):
        found, expected = run(*command, *both.at), run(*command, "--store", both.folder)
        name, ordered = " ".join(command), not UNORDERED & set(command)
        if found.code != expected.code:
            wrong.append(f"{name}: {found.code}, not {expected.code}: {found.err[-500:]}")
        wrong += differing(name, found.out, expected.out, both, ordered=ordered)
        wrong += differing(f"{name} (stderr)", found.err, expected.err, both)
    assert not wrong, "\n".join(wrong)


def test_pages(both: Both) -> None:
    same(both, PAGES.split())


def test_comparisons_in_every_format(both: Both) -> None:
    choose, slugs = random.Random(13), slugs_of(both)
    examples = resources.example_comparisons()
    chosen = [*examples, *(choose.sample(slugs, choose.randint(2, 10)) for _ in range(COMPARED))][:COMPARED]
    forms = [form for form in COMPARISON if form in FORMATS]
    paths = [
        f"/compare.{form}?{'&'.join(f'method={slug}' for slug in each)}&lang={('en', 'fr')[number % 2]}"
        for number, each in enumerate(chosen)
        for form in ("html", *forms)
    ]
    same(both, paths)


def test_records(both: Both) -> None:
    listed = re.findall(r"<loc>http://localhost(/[^<]+)</loc>", both.here.get("/sitemap-1.xml").text or "")
    listed = listed or re.findall(r"<loc>http://localhost(/[^<]+)</loc>", both.here.get("/sitemap.xml").text)
    assert len(listed) > 100
    same(both, listed + [f"{path}.{form}" for path in listed[::20] for form in RECORD if form != "html"])
