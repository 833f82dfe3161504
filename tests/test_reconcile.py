"""The reconciliation service, asked as OpenRefine and scripts ask it, and checked against what the specification says.

The schemas are ours, written from the text of the specification and stricter than it: they let nothing pass that we
do not send.
"""

from __future__ import annotations

import json
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from kgcompare.reconciliation import scoring
from kgcompare.search.likeness import likeness
from kgcompare.text.folding import plain
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Schema = dict[str, Any]
Candidates = list[dict[str, Any]]
TEXT: Schema = {"type": "string", "minLength": 1}
TEMPLATE: Schema = {"type": "string", "pattern": r"^https?://[^{}]*\{\{id\}\}[^{}]*$"}


def exactly(required: Schema, optional: Schema | None = None) -> Schema:
    """An object with some members and no others."""
    members = required | (optional or {})
    return {"type": "object", "properties": members, "required": list(required), "additionalProperties": False}


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def by_name(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


TYPE = exactly({"id": TEXT, "name": TEXT})
SERVICE = exactly(
    {
        "service_url": {"type": "string", "pattern": "^https?://.*[^/]$"},
        "service_path": {"type": "string", "pattern": "^/"},
    }
)
SETTING = {"name": TEXT, "label": TEXT, "help_text": TEXT}
MANIFEST = exactly(
    {
        "versions": {"const": ["0.2"]},
        "name": TEXT,
        "identifierSpace": {"type": "string", "pattern": "^https?://"},
        "schemaSpace": {"type": "string", "pattern": "^https?://"},
        "documentation": {"type": "string", "pattern": "^https?://"},
        "logo": {"type": "string", "pattern": "^https?://"},
        "serviceVersion": TEXT,
        "defaultTypes": many(TYPE) | {"uniqueItems": True, "minItems": 6},
        "batchSize": {"type": "integer", "minimum": 1},
        "view": exactly({"url": TEMPLATE}),
        "preview": exactly({"url": TEMPLATE, "width": {"type": "integer"}, "height": {"type": "integer"}}),
        "suggest": exactly({"entity": SERVICE, "property": SERVICE, "type": SERVICE}),
        "extend": exactly(
            {
                "propose_properties": SERVICE,
                "property_settings": many(
                    {
                        "oneOf": [
                            exactly(SETTING | {"type": {"const": "text"}, "default": {"type": "string"}}),
                            exactly(SETTING | {"type": {"const": "number"}, "default": {"type": "number"}}),
                        ]
                    }
                ),
            }
        ),
    }
)
FEATURE = exactly({"id": TEXT, "value": {"type": ["number", "boolean"]}})
CANDIDATE = exactly(
    {
        "id": {"type": "string", "pattern": "^[a-z]+/[a-z0-9-]+$"},
        "name": TEXT,
        "type": many(TYPE) | {"minItems": 1},
        "score": {"type": "number", "minimum": 0, "maximum": 100},
        "match": {"type": "boolean"},
        "features": many(FEATURE),
    },
    {"description": TEXT},
)
RESULTS = by_name(exactly({"result": many(CANDIDATE)}))
ENTITIES = exactly(
    {"result": many(exactly({"id": TEXT, "name": TEXT, "notable": many(TYPE)}, {"description": TEXT}))},
)
PROPERTY = exactly({"id": TEXT, "name": TEXT}, {"description": TEXT})
VALUE: Schema = {
    "oneOf": [
        TYPE,
        exactly({"str": {"type": "string"}}),
        exactly({"int": {"type": "integer"}}),
        exactly({"float": {"type": "number"}}),
        exactly({"date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT00:00:00Z$"}}),
    ]
}
EXTENDED = exactly(
    {"meta": many(exactly({"id": TEXT, "name": TEXT}, {"type": TYPE})), "rows": by_name(by_name(many(VALUE)))}
)


@pytest.fixture(scope="module")
def client(bundled_store: Path) -> FlaskClient:
    return create_app(Settings(store=bundled_store)).test_client()


def valid(response: TestResponse, schema: Schema) -> Any:
    assert (response.status_code, response.mimetype) == (200, "application/json"), response.text
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    Draft202012Validator(schema).validate(response.json)
    return response.json


def ask(client: FlaskClient, lang: str = "en", /, **queries: Any) -> dict[str, Candidates]:
    response = client.post(f"/reconcile?lang={lang}", data={"queries": json.dumps(queries)})
    return {name: answer["result"] for name, answer in valid(response, RESULTS).items()}


def one(client: FlaskClient, text: str, lang: str = "en", /, **more: Any) -> Candidates:
    return ask(client, lang, q={"query": text, **more})["q"]


def matched(candidates: Candidates) -> list[str]:
    return [candidate["id"] for candidate in candidates if candidate["match"]]


def extend(client: FlaskClient, ids: list[str], *properties: Any, lang: str = "en") -> Any:
    asked = {"ids": ids, "properties": [p if isinstance(p, dict) else {"id": p} for p in properties]}
    return valid(client.post(f"/reconcile?lang={lang}", data={"extend": json.dumps(asked)}), EXTENDED)


# -- the manifest ----------------------------------------------------------------------------------------


def test_the_manifest_says_where_everything_is(client: FlaskClient) -> None:
    found = valid(client.get("/reconcile"), MANIFEST)
    assert found["identifierSpace"] == "https://w3id.org/kgcompare/id/"
    kinds = {"method", "agent", "source", "software", "domain", "family", "type", "aim", "data", "assumption", "result"}
    assert {t["id"] for t in found["defaultTypes"]} == kinds
    services = [*found["suggest"].values(), found["extend"]["propose_properties"]]
    for service in services:
        address = service["service_url"].removeprefix("http://localhost") + service["service_path"]
        assert client.get(address, query_string={"prefix": "a"}).status_code == 200
    # Clients encode the identifier as a part of an address.
    for template in (found["view"]["url"], found["preview"]["url"]):
        for written in ("method/lasso", "method%2Flasso"):
            page = client.get(template.removeprefix("http://localhost").replace("{{id}}", written))
            assert (page.status_code, page.mimetype) == (200, "text/html")
            assert "Lasso" in page.text


def test_the_manifest_keeps_its_language(client: FlaskClient) -> None:
    found = valid(client.get("/reconcile?lang=fr"), MANIFEST)
    assert {"id": "method", "name": "Méthode"} in found["defaultTypes"]
    address = found["suggest"]["property"]["service_path"] + "&prefix=ann"
    names = [item["name"] for item in client.get(address).json["result"]]  # type: ignore[index]
    assert names == ["Année d’origine"]


# -- names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("Lasso", "method/lasso"),
        ("  lASSO ", "method/lasso"),
        ("Régression ridge", "method/ridge-regression"),
        ("K means", "method/k-means-clustering"),
        ("GAN", "method/generative-adversarial-network"),
        ("robert tibshirani", "agent/robert-tibshirani"),
        ("method/lasso", "method/lasso"),
        ("https://w3id.org/kgcompare/id/method/lasso", "method/lasso"),
        ("10.1038/323533a0", "source/rumelhart-1986-learning-representations-by-back-propagating-errors"),
        (
            "https://doi.org/10.1038/323533A0",
            "source/rumelhart-1986-learning-representations-by-back-propagating-errors",
        ),
    ],
)
def test_the_one_thing_of_a_name_or_an_identifier_is_a_match(client: FlaskClient, text: str, thing: str) -> None:
    candidates = one(client, text)
    assert (candidates[0]["id"], candidates[0]["score"], matched(candidates)) == (thing, 100, [thing])


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("generative adverserial networks", "method/generative-adversarial-network"),
        ("Lasso regresion", "method/lasso"),
        ("forest random", "method/random-forest"),
        ("random-forrests", "method/random-forest"),
        ("randomforest", "method/random-forest"),
        ("randommforest", "method/random-forest"),
        ("foret aleatoires", "method/random-forest"),
        ("the LASSO method", "method/lasso"),
        ("Tibshirani, R.", "agent/robert-tibshirani"),
    ],
)
def test_a_name_that_is_nearly_right_finds_the_thing_without_a_match(
    client: FlaskClient, text: str, thing: str
) -> None:
    candidates = one(client, text, type=thing.partition("/")[0])
    assert candidates[0]["id"] == thing
    assert candidates[0]["score"] < 100
    assert matched(candidates) == []


def test_namesakes_are_no_match_until_the_type_tells_them_apart(client: FlaskClient) -> None:
    both = one(client, "Machine learning")
    assert {c["id"] for c in both if c["score"] == 100} == {"domain/machine-learning", "family/machine-learning"}
    assert matched(both) == []
    assert matched(one(client, "Machine learning", type="domain")) == ["domain/machine-learning"]
    assert matched(one(client, "Machine learning", type=["family", "agent"], type_strict="any")) == [
        "family/machine-learning"
    ]
    assert one(client, "Machine learning", type="Q5") == []


def test_names_are_in_the_language_of_the_reader(client: FlaskClient) -> None:
    found = one(client, "Random forest", "fr", type="method", limit=1)
    assert [(c["name"], c["type"]) for c in found] == [("Forêt aléatoire", [{"id": "method", "name": "Méthode"}])]
    asked = {"queries": '{"q": {"query": "Random forest", "type": "method"}}'}
    answer = client.post("/reconcile", data=asked, headers={"Accept-Language": "fr-CA, en;q=0.5"})
    assert answer.json["q"]["result"][0] == found[0]  # type: ignore[index]
    assert answer.headers["Content-Language"] == "fr"


def test_candidates_are_sorted_and_no_more_than_asked_for(client: FlaskClient) -> None:
    found = one(client, "regression", limit=12)
    assert len(found) == 12
    assert [c["score"] for c in found] == sorted((c["score"] for c in found), reverse=True)
    assert len(one(client, "regression", limit=10**6)) <= 50


def test_a_number_in_a_name_is_not_a_typing_error() -> None:
    assert likeness(plain("YOLOv2"), plain("YOLOv3")) < likeness(plain("YOLOw2"), plain("YOLOv2"))
    assert plain("Forêts-Aléatoires (Breiman)") == "forets aleatoires breiman"
    assert plain("∀") == "∀"


# -- properties ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("origin-year", "1996"),
        ("origin-year", 1996),
        ("origin-year", "1990-2000"),
        ("origin-year", "1996-05-01T00:00:00Z"),
        ("domain", "statistique"),
        ("domain", {"id": "domain/statistics", "name": "whatever"}),
        ("domain", ["no such thing", {"id": "domain/statistics"}]),
        ("originator", "Robert Tibshirani"),
        ("originator", {"id": "agent/robert-tibshirani"}),
        ("founding-source", {"id": "source/tibshirani-1996-regression-shrinkage-and-selection"}),
        ("related", "Elastic net"),
        ("alias", "régression LASSO"),
        ("Method-start", 1996.0),
    ],
)
def test_what_agrees_keeps_a_match(client: FlaskClient, name: str, value: Any) -> None:
    found = one(client, "Lasso", properties=[{"pid": name, "v": value}])
    assert matched(found) == ["method/lasso"]
    assert {"id": f"property:{name}", "value": 100} in found[0]["features"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("origin-year", "1850"), ("domain", {"id": "domain/no-such"}), ("doi", "10.1/x"), ("nonsense", "x")],
)
def test_what_does_not_agree_or_is_not_known_makes_no_match(client: FlaskClient, name: str, value: Any) -> None:
    found = one(client, "Lasso", type="method", properties=[{"pid": name, "v": value}])
    assert found[0]["id"] == "method/lasso"
    assert found[0]["score"] < 90
    assert matched(found) == []


def test_properties_outweigh_a_letter_of_the_name(client: FlaskClient) -> None:
    """A source has the very title, a method is nearly called so; only the method has an origin."""
    assert one(client, "Random forests.")[0]["score"] == 100
    found = one(client, "Random forests", properties=[{"pid": "origin-year", "v": "2001"}])
    assert found[0]["id"] == "method/random-forest"


def test_properties_alone_find_things(client: FlaskClient) -> None:
    found = ask(
        client,
        originator={"properties": [{"pid": "originator", "v": "Robert Tibshirani"}]},
        two={
            "properties": [{"pid": "domain", "v": "Statistics"}, {"pid": "origin-year", "v": "1995-1997"}],
            "limit": 50,
        },
        doi={"properties": [{"pid": "doi", "v": "10.1038/323533a0"}]},
    )
    assert "method/lasso" in {c["id"] for c in found["originator"] if c["score"] == 100}
    assert "method/lasso" in {c["id"] for c in found["two"] if c["score"] == 100}
    assert found["doi"][0]["id"] == "source/rumelhart-1986-learning-representations-by-back-propagating-errors"
    assert [matched(candidates) for candidates in found.values()] == [[], [], []], "facts are no name"


@pytest.mark.parametrize(
    ("given", "span"),
    [
        (1996, (1996, 1996)),
        (1996.0, (1996, 1996)),
        ("763", (763, 763)),
        ("1990–2000", (1990, 2000)),
        ("199X", (1990, 1999)),
        ("1763~", (1763, 1763)),
        ("1996/..", (1996, float("inf"))),
        ("2000-1990", None),
        ("1e999", None),
        ("--", None),
        ("statistics", None),
        (True, None),
    ],
)
def test_years_are_read_as_people_write_them(given: Any, span: tuple[float, float] | None) -> None:
    assert scoring.years_given(given) == span


# -- suggestions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "thing"),
    [
        ("las", "method/lasso"),
        ("goodf", "agent/ian-goodfellow"),
        ("random for", "method/random-forest"),
        ("forêt al", "method/random-forest"),
        ("method/lasso", "method/lasso"),
        ("lassso", "method/lasso"),
    ],
)
def test_things_are_suggested(client: FlaskClient, prefix: str, thing: str) -> None:
    found = valid(client.get("/reconcile/suggest/entity", query_string={"prefix": prefix}), ENTITIES)["result"]
    assert thing in [item["id"] for item in found]
    assert found[0]["notable"][0]["name"]


def test_a_cursor_goes_on_where_the_last_page_ended(client: FlaskClient) -> None:
    address = "/reconcile/suggest/entity?prefix=re&type=method&cursor="
    pages = [[item["id"] for item in valid(client.get(f"{address}{n}"), ENTITIES)["result"]] for n in (0, 10, 5)]
    assert len({*pages[0], *pages[1]}) == 20
    assert pages[2] == (pages[0] + pages[1])[5:15]
    assert all(name.startswith("method/") for name in pages[0])


def test_types_and_properties_are_suggested_and_proposed(client: FlaskClient) -> None:
    types = valid(client.get("/reconcile/suggest/type?prefix=Met"), exactly({"result": many(TYPE)}))
    assert types == {"result": [{"id": "method", "name": "Method"}]}
    properties = valid(client.get("/reconcile/suggest/property?prefix=year"), exactly({"result": many(PROPERTY)}))
    assert [item["id"] for item in properties["result"]] == ["origin-year"]
    proposed = valid(
        client.get("/reconcile/properties?type=source&limit=3"),
        exactly({"properties": many(PROPERTY), "type": TEXT, "limit": {"type": "integer"}}),
    )
    assert len(proposed["properties"]) == proposed["limit"] == 3
    assert "doi" in {item["id"] for item in client.get("/reconcile/properties?type=source").json["properties"]}  # type: ignore[index]


# -- preview and data extension --------------------------------------------------------------------------


def test_a_preview_may_stand_in_a_frame_of_any_page(client: FlaskClient) -> None:
    page = client.get("/reconcile/preview?id=source/rumelhart-1986-learning-representations-by-back-propagating-errors")
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors *")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in client.get("/method/lasso").headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert client.get("/reconcile/preview?id=method/nope").status_code == 404
    assert client.get("/reconcile/preview").status_code == 404


@pytest.mark.slow
def test_a_preview_shows_itself_in_the_frame_of_another_origin(browser: Browser, site: str, tmp_path: Path) -> None:
    frame = f"<iframe width=430 height=300 src='{site}/reconcile/preview?id=method/lasso'></iframe>"
    (tmp_path / "index.html").write_text(frame)
    handler = partial(QuietHandler, directory=str(tmp_path))
    context = browser.new_context()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        try:
            page = context.new_page()
            logged: list[str] = []
            page.on("console", lambda message: logged.append(message.text))
            page.goto(f"http://127.0.0.1:{other.server_port}/")
            shown = page.frame_locator("iframe")
            assert shown.get_by_role("heading").inner_text() == "Lasso"
            assert shown.locator("html").evaluate("e => e.scrollWidth <= e.clientWidth")
            assert [text for text in logged if "favicon" not in text and "404" not in text] == []
        finally:
            context.close()
            other.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_data_extension_gives_things_numbers_and_texts(client: FlaskClient) -> None:
    found = extend(
        client,
        ["method/lasso", "agent/robert-tibshirani", "method/nope"],
        "domain", "origin-year", "Method-start", "originator", "family-name", "doi",
        lang="fr",
    )  # fmt: skip
    assert [m["name"] for m in found["meta"]][:2] == ["Domaine", "Année d’origine"]
    assert found["meta"][3]["type"] == {"id": "agent", "name": "Agent"}
    nothing: dict[str, list[Any]] = {m["id"]: [] for m in found["meta"]}
    assert found["rows"] == {
        "method/lasso": nothing
        | {
            "domain": [{"id": "domain/statistics", "name": "Statistique"}],
            "origin-year": [{"str": "1996"}],
            "Method-start": [{"int": 1996}],
            "originator": [{"id": "agent/robert-tibshirani", "name": "Robert Tibshirani"}],
        },
        "agent/robert-tibshirani": nothing | {"family-name": [{"str": "Tibshirani"}]},
        "method/nope": nothing,
    }


def test_settings_choose_the_language_and_the_number_of_values(client: FlaskClient) -> None:
    settings = {"id": "related", "settings": {"limit": "2", "lang": ""}}
    found = extend(client, ["method/lasso"], settings, {"id": "Method-name", "settings": {"lang": "fr"}}, "summary")
    row = found["rows"]["method/lasso"]
    assert len(row["related"]) == 2
    assert (
        row["Method-name"]
        == extend(client, ["method/lasso"], "Method-name", lang="fr")["rows"]["method/lasso"]["Method-name"]
    )
    assert row["summary"][0]["str"].startswith("The lasso")


def test_every_property_of_every_kind_of_thing_can_be_fetched(client: FlaskClient) -> None:
    properties = [item["id"] for item in client.get("/reconcile/properties").json["properties"]]  # type: ignore[index]
    things = [
        item["id"]
        for kind in ("method", "agent", "source", "domain", "family", "type")
        for item in client.get(f"/reconcile/suggest/entity?prefix=a&type={kind}").json["result"]  # type: ignore[index]
    ]
    assert len(things) > 30
    rows = extend(client, things, *properties)["rows"]
    assert all(any(values for values in row.values()) for row in rows.values())


# -- how it is asked -------------------------------------------------------------------------------------


def test_queries_come_by_address_and_by_form_and_one_by_itself(client: FlaskClient) -> None:
    batch = json.dumps({"q0": {"query": "lasso", "limit": 2}})
    by_form = client.post("/reconcile", data={"queries": batch})
    assert client.get("/reconcile", query_string={"queries": batch}).json == by_form.json
    assert client.post("/reconcile", data={"queries": batch}, content_type="multipart/form-data").json == by_form.json
    alone = client.get("/reconcile", query_string={"query": '{"query": "lasso", "limit": 2}'})
    assert {"q0": alone.json} == by_form.json
    assert client.get("/reconcile?query=lasso").json["result"][:2] == alone.json["result"]  # type: ignore[index]
    asked = {"extend": '{"ids": ["method/lasso"], "properties": [{"id": "domain"}]}'}
    assert client.get("/reconcile", query_string=asked).json == client.post("/reconcile", data=asked).json


def test_what_clients_send_beside_is_let_pass(client: FlaskClient) -> None:
    """OpenRefine names the way of types, scripts send the empty cells and the numbers of their tables."""
    text = (
        '{"0": {"query": NaN}, "1": {"query": 1996, "type": null}, "2": {"query": "lasso", "type": {"id": "method"}, '
    )
    text += '"limit": 3.0, "type_strict": "should", "properties": [{"pid": "domain", "v": ""}], "more": [1]}}'
    found = valid(client.post("/reconcile", data={"queries": text}), RESULTS)
    assert found["0"] == {"result": []}
    assert matched(found["2"]["result"]) == ["method/lasso"]


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("queries", "", "queries is not JSON"),
        ("queries", "{'a': 1}", "line 1 column 2"),
        ("queries", "[" * 100_000, "queries is nested too deeply"),
        ("queries", '{"q": {"query": ' + "9" * 5000 + "}}", "queries is not JSON"),
        ("queries", "[]", "queries must be an object, not an array"),
        ("queries", '{"q0": "lasso"}', "queries.q0 must be an object, not a text"),
        ("queries", '{"q0": {}}', "queries.q0 needs a query or properties"),
        ("queries", '{"q0": {"properties": []}}', "queries.q0 needs a query or properties"),
        ("queries", '{"q0": {"query": ["a"]}}', "queries.q0.query must be a text, not an array"),
        ("queries", '{"q0": {"query": "a", "type": [1]}}', "queries.q0.type[0] must be a text, not a number"),
        ("queries", '{"q0": {"query": "a", "limit": 0}}', "queries.q0.limit must be a whole number"),
        ("queries", '{"q0": {"query": "a", "limit": 1e999}}', "queries.q0.limit must be a whole number"),
        ("queries", '{"q0": {"query": "a", "properties": {"pid": 1}}}', "queries.q0.properties must be an array"),
        ("queries", '{"q0": {"query": "a", "properties": [{"v": 1}]}}', "queries.q0.properties[0].pid"),
        ("queries", '{"q0": {"query": "a", "properties": [{"pid": "x"}]}}', "queries.q0.properties[0] needs v"),
        ("queries", '{"q0": {"query": "a", "properties": [{"pid": "x", "v": [[]]}]}}', "queries.q0.properties[0].v"),
        ("query", "{", "query is not JSON"),
        ("extend", '{"ids": "a", "properties": []}', "extend.ids must be an array"),
        ("extend", '{"ids": [1], "properties": []}', "extend.ids[0] must be a text"),
        ("extend", '{"ids": [], "properties": [{}]}', "extend.properties[0].id must be a text, not nothing"),
        ("extend", '{"ids": [], "properties": [{"id": "nonsense"}]}', "there is no property 'nonsense'"),
        ("extend", '{"ids": [], "properties": [{"id": "alias", "settings": {"lang": "!"}}]}', "not a language tag"),
        ("nothing", "x", "send queries= or extend="),
    ],
)
def test_what_is_malformed_is_refused_with_the_place(client: FlaskClient, name: str, text: str, where: str) -> None:
    response = client.post("/reconcile", data={name: text})
    assert (response.status_code, response.mimetype) == (400, "application/problem+json"), response.text
    assert where in response.json["detail"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/reconcile?callback=f", 400),
        ("/reconcile/suggest/type?prefix=a&callback=alert(1)", 400),
        ("/reconcile/suggest/entity?prefix=a&cursor=-1", 400),
        ("/reconcile/suggest/entity?prefix=a&cursor=x", 400),
        ("/reconcile/properties?limit=0", 400),
        ("/reconcile?lang=!", 400),
        ("/reconcile/nothing", 404),
    ],
)
def test_wrong_parameters_are_refused(client: FlaskClient, address: str, status: int) -> None:
    response = client.get(address)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")


def test_bounds(client: FlaskClient) -> None:
    batch = {str(n): {"query": "lasso"} for n in range(51)}
    assert client.post("/reconcile", data={"queries": json.dumps(batch)}).status_code == 413
    assert client.post("/reconcile", data={"queries": "x" * 2**21}).status_code == 413
    assert client.post("/reconcile", json={"queries": {}}).status_code == 415
    ids = {"ids": ["a"] * 501, "properties": []}
    assert client.post("/reconcile", data={"extend": json.dumps(ids)}).status_code == 400
    assert one(client, "lasso " + "x" * 100_000) == one(client, "lasso " + "x" * 1000), "only the beginning counts"


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "*",
        "a OR b",
        "NEAR(a b)",
        'x" OR "y',
        "-",
        "_",
        "\ud800",
        "\x00",
        "^lasso",
        "name:lasso",
        "()" * 50,
        "😀",
        "中文",
        "ا",
    ],
)
def test_no_text_breaks_the_search(client: FlaskClient, text: str) -> None:
    one(client, text)
    one(
        client,
        "lasso",
        properties=[{"pid": name, "v": text} for name in ("origin-year", "domain", "originator", "doi")],
    )
    ask(client, q={"properties": [{"pid": name, "v": text} for name in ("origin-year", "domain", "doi", "related")]})
    extend(client, [text], "domain")
    for place in ("entity", "type", "property"):
        assert (
            client.get(
                f"/reconcile/suggest/{place}", query_string={"prefix": text.encode("utf-8", "replace")}
            ).status_code
            == 200
        )
