"""What is said of a thing is asked of the store once, whatever the thing is shown as."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from kgcompare.rdf.queries import load
from kgcompare.store.base import Solutions
from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

EXTENSION = json.dumps({"ids": ["method/lasso"], "properties": [{"id": "family"}, {"id": "related"}]})
QUERIES = json.dumps({"q": {"query": "Lasso", "properties": [{"pid": "family", "v": "Statistics"}]}})
SHOWN_AS = (
    "/method/lasso",
    "/method/lasso.json",
    "/method/lasso.ttl",
    "/method/lasso.jsonld?lang=fr",
    "/method/lasso.bib",
    "/compare?method=lasso&method=ridge-regression",
    "/compare.json?method=lasso&method=elastic-net&lang=fr",
    "/compare.nt?method=lasso",
    "/methods?q=lasso",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the record of each thing was asked for, by its IRI."""
    counts: Counter[str] = Counter()
    select = EmbeddedSnapshot.select
    beginning = load("record").text.partition("VALUES ?method {")[0].partition("SELECT")[2]

    def counted(self: EmbeddedSnapshot, query: str) -> Solutions:
        if beginning in query:
            counts.update(set(query.partition("VALUES ?method {")[2].partition("}")[0].split()))
        return select(self, query)

    monkeypatch.setattr(EmbeddedSnapshot, "select", counted)
    return counts


def test_a_record_costs_one_query_whatever_it_is_shown_as(bundled_store: Path, asked: Counter[str]) -> None:
    client = create_app(Settings(store=bundled_store)).test_client()
    for address in SHOWN_AS:
        assert client.get(address).status_code == 200, address
    assert client.post("/reconcile", data={"queries": QUERIES}).status_code == 200
    assert client.post("/reconcile", data={"extend": EXTENSION}).status_code == 200
    assert asked["<https://w3id.org/kgcompare/id/method/lasso>"] == 1
    assert set(asked.values()) == {1}, [thing for thing, count in asked.items() if count > 1]
