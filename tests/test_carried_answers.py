"""Answers of a generation that the next one gives too: a server that has run through many changes says what one says
that was started just now, byte for byte, in every header; and makes anew only what a change touches."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, Store

from kgcompare import formats, ingest, search
from kgcompare.ingest.describing import describe_store
from kgcompare.rdf.namespaces import DEFAULT_BASE
from kgcompare.schema.shapes import Shapes, stored_shapes
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.writer import writing
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BASE = DEFAULT_BASE
PREFIXES = """\
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX kgc: <https://w3id.org/kgcompare/ns#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
PAIRS = ("method=lasso&method=ridge", "method=gan&method=elbow&lang=fr", "method=ridge&method=gan&only=differences")
PATHS = (
    *(f"/compare.{name}?{pair}" for pair in PAIRS for name in ("json", "csv", "ttl", "bib")),
    *(f"/compare?{pair}" for pair in PAIRS),
    "/compare.json?method=lasso&method=new",
    *(f"/method/{slug}.{name}" for slug in ("lasso", "ridge", "gan", "elbow") for name in ("ttl", "json")),
    "/source/hoerl-1970.ttl",
    "/domain/statistics.ttl",
    "/method/ridge",
    "/methods.json",
    "/",
)
THINGS = (
    *(f"id/method/{slug}" for slug in ("lasso", "ridge", "gan", "elbow")),
    *(f"id/{slug}" for slug in ("source/hoerl-1970", "agent/arthur-hoerl", "domain/statistics", "type/regression")),
)
CHANGES = (
    "DELETE {{ GRAPH ?g {{ <{a}> skos:prefLabel ?name }} }} "
    "INSERT {{ GRAPH ?g {{ <{a}> skos:prefLabel '{n} one'@en }} }}"
    " WHERE {{ GRAPH ?g {{ <{a}> skos:prefLabel ?name }} FILTER (LANG(?name) = 'en') }}",
    "DELETE {{ GRAPH ?g {{ <{a}> foaf:name ?name }} }} INSERT {{ GRAPH ?g {{ <{a}> foaf:name '{n}' }} }}"
    " WHERE {{ GRAPH ?g {{ <{a}> foaf:name ?name }} }}",
    "INSERT {{ GRAPH <{g}> {{ <{a}> kgc:alternativeTo <{b}> }} }} WHERE {{}}",
    "DELETE WHERE {{ GRAPH <{g}> {{ <{a}> kgc:alternativeTo ?other }} }}",
    "INSERT {{ GRAPH <{g}> {{ <{a}> kgc:extends <{b}> }} }} WHERE {{}}",
    "DELETE WHERE {{ GRAPH <{g}> {{ <{a}> kgc:extends ?other }} }}",
    "INSERT {{ GRAPH <{g}> {{ [] rdf:subject <{a}> ; rdf:predicate kgc:origin ; rdf:object ?origin ;"
    " dcterms:source <{base}id/source/hoerl-1970> }} }} WHERE {{ GRAPH ?other {{ <{a}> kgc:origin ?origin }} }}",
    "DELETE {{ GRAPH <{g}> {{ ?said ?by ?what }} }} WHERE {{ GRAPH <{g}> {{ ?said rdf:subject ?one ; ?by ?what }} }}",
    "INSERT {{ GRAPH <{g}> {{ <{g}> dcterms:license <https://example.org/{n}> }} }} WHERE {{}}",
)
"""What a record is made to say: a (its IRI) in its graph g, of another one, b; n is a number."""


class Site:
    """A long-running application over a store of its own, which changes."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.app = create_app(Settings(store=store))
        self.made = 0
        self._number = 0

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def change(self, update: str, thing: str, other: str, file: Path) -> None:
        """Has a record say what an update makes of it, as an import of its file does."""
        self._number += 1
        there = EmbeddedStore(self.store)
        scratch = Store()
        scratch.extend(there.snapshot().quads())
        there.close()
        graph = BASE + thing.replace("id/", "doc/", 1)
        named = {"a": BASE + thing, "b": BASE + other, "g": graph, "n": str(self._number), "base": BASE}
        scratch.update(PREFIXES + update.format(**named))
        said = scratch.quads_for_pattern(None, None, None, NamedNode(graph))
        file.write_bytes(b"".join(f"{q.subject} {q.predicate} {q.object} .\n".encode() for q in said))
        ingest.import_files(self.store, [file], ingest.Options(trust=True, replace=True))


@pytest.fixture
def site(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The small catalogue, with each comparison that is written out counted."""
    site = Site(own_store)
    written = formats.render

    def counted(*given: object) -> str:
        site.made += 1
        return written(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(formats, "render", counted)
    yield site
    site.app.extensions["kgcompare"].close()


def answers(client: FlaskClient) -> dict[str, tuple[int, bytes, dict[str, str]]]:
    """All of each answer, every other one coded."""
    said = {}
    for place, path in enumerate(PATHS):
        response = client.get(path, headers={"Accept-Encoding": "gzip" if place % 2 else "identity"})
        headers = {name: value for name, value in response.headers.items() if name != "X-Request-Id"}
        said[path] = response.status_code, response.data, headers
    return said


@pytest.mark.parametrize("seed", range(3))
def test_a_server_of_long_standing_says_what_a_new_one_says(site: Site, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    answers(site.client)
    for _ in range(8):
        update, thing, other = chance.choice(CHANGES), chance.choice(THINGS), chance.choice(THINGS[:4])
        site.change(update, thing, other, tmp_path / "changed.nt")
        fresh = create_app(Settings(store=site.store))
        now, new = answers(site.client), answers(fresh.test_client())
        fresh.extensions["kgcompare"].close()
        assert now.keys() == new.keys()
        for path in now:
            assert now[path] == new[path], (path, update, thing, other)


def comparison(client: FlaskClient, pair: str = PAIRS[0]) -> tuple[bytes, str]:
    response = client.get(f"/compare.json?{pair}")
    assert response.status_code == 200
    return response.data, response.headers["ETag"]


NAME, LINK = CHANGES[0], CHANGES[2]


def test_what_no_change_touches_is_not_made_again(site: Site, tmp_path: Path) -> None:
    body, tag = comparison(site.client)
    site.change(NAME, "id/method/gan", "", tmp_path / "changed.nt")
    assert (site.made, comparison(site.client)[0]) == (1, body)
    assert comparison(site.client)[1] != tag  # of another generation
    site.change(NAME, "id/domain/deep-learning", "", tmp_path / "changed.nt")
    assert (site.made, comparison(site.client)[0]) == (1, body)


@pytest.mark.parametrize(
    ("update", "thing", "other"),
    [
        (NAME, "id/method/lasso", ""),
        (NAME, "id/domain/statistics", ""),
        (CHANGES[1], "id/agent/robert-tibshirani", ""),
        (LINK, "id/method/gan", "id/method/lasso"),
        (CHANGES[6], "id/method/lasso", ""),
    ],
    ids=["a column", "what a cell names", "an author of what it cites", "a link from elsewhere", "a source of a fact"],
)
def test_what_a_change_touches_is_made_again(site: Site, tmp_path: Path, update: str, thing: str, other: str) -> None:
    comparison(site.client)
    site.change(update, thing, other, tmp_path / "changed.nt")
    comparison(site.client)
    assert site.made == 2


def _shaped(store: Path) -> None:
    """A shapes graph with a statement more."""
    with writing(store) as writer:
        snapshot = writer.latest()
        assert snapshot is not None
        name = next(name for name in snapshot.graphs() if snapshot.base.is_shapes_graph(name))
        quads = snapshot.graph(name)
        label = next(quad for quad in quads if quad.predicate.value.endswith("#name"))
        writer.replace({name: [quad for quad in quads if quad != label]})
        shapes = Shapes(stored_shapes(snapshot))
        writer.publish(search.updater(snapshot, (), shapes, writer.lend, ()))


@pytest.mark.parametrize(
    "change",
    [
        lambda store: describe_store(store, lambda about: replace(about, contact="mailto:me@example.org")),
        _shaped,
    ],
    ids=["what the catalogue says of itself", "a shape"],
)
def test_all_is_made_again_where_all_rests_on_what_changes(site: Site, change: Callable[[Path], object]) -> None:
    comparison(site.client)
    change(site.store)
    comparison(site.client)
    assert site.made == 2


def test_two_changes_between_two_requests(site: Site, tmp_path: Path) -> None:
    comparison(site.client)
    site.change(NAME, "id/method/lasso", "", tmp_path / "changed.nt")
    site.change(NAME, "id/method/gan", "", tmp_path / "changed.nt")
    assert b"1 one" in comparison(site.client)[0]
