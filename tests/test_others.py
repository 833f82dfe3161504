"""Columns from other catalogues: another kgcompare, engines with other words, and some that do not answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Quad, RdfFormat, parse

from conftest import LoadQuads, Run
from engines import Virtuoso
from kgcompare.sandbox.limits import Limits
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from serving import free_port, serving

LAB = "https://lab.example/id/method/magic-regression"
FOREIGN = "https://terms.example/4711"
RECORDS = f"""
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<{LAB}> a kgc:Method ; skos:prefLabel "Magic regression"@en, "Régression magique"@fr ;
  kgc:origin "1996"^^<http://id.loc.gov/datatypes/edtf/EDTF> ;
  skos:exactMatch <https://w3id.org/kgcompare/id/method/ridge> ;
  skos:altLabel "wizardry"@en ; kgc:related <https://lab.example/id/method/other> .
<https://lab.example/id/method/other> a kgc:Method ; skos:prefLabel "Another one"@en .
<https://lab.example/id/agent/merlin> a <http://xmlns.com/foaf/0.1/Person> ; skos:prefLabel "Merlin"@en .
"""
THESAURUS = f"""
@prefix x: <https://terms.example/vocabulary#> .
<{FOREIGN}> a x:Technique ; x:name "Old regression"@en ; x:since "1805" ; x:about "Fits a line."@en .
"""
LIFT = """
PREFIX kgc: <https://w3id.org/kgcompare/ns#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX x: <https://terms.example/vocabulary#> PREFIX edtf: <http://id.loc.gov/datatypes/edtf/>
CONSTRUCT { ?thing a kgc:Method ; skos:prefLabel ?name ; kgc:origin ?date ; skos:definition ?text }
WHERE { VALUES ?thing { UNDEF } ?thing a x:Technique ; x:name ?name ; x:since ?since ; x:about ?text .
  BIND (STRDT(?since, edtf:EDTF) AS ?date) }
"""


def listing(folder: Path, *catalogues: str) -> Path:
    (folder / "lift.rq").write_text(LIFT)
    path = folder / "others.toml"
    path.write_text("\n".join(f"[[catalogue]]\n{text}\n" for text in catalogues))
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of another kgcompare's endpoint."""
    folder = tmp_path_factory.mktemp("lab")
    file = folder / "lab.ttl"
    file.write_text(RECORDS)
    with serving(folder, "--data", str(file), "--trust") as server:
        yield f"http://127.0.0.1:{server.port}/sparql"


def client_of(store: Path, others: Path) -> FlaskClient:
    patient = Limits(others_time=60.0)  # the machine does much else
    return create_app(Settings(store=store, others=others, limits=patient)).test_client()


def compared(client: FlaskClient, *methods: str, **more: str) -> dict[str, object]:
    answer = client.get("/compare.json?" + urlencode([*(("method", m) for m in methods), *more.items()]))
    assert answer.status_code == 200, answer.text
    return dict(json.loads(answer.text))


def test_a_column_of_another_kgcompare(small_store: Path, tmp_path: Path, lab: str) -> None:
    others = listing(tmp_path, f'name = "The lab"\nendpoint = "{lab}"\nbegins = "https://lab.example/"')
    client = client_of(small_store, others)
    said = json.dumps(compared(client, LAB, "lasso", lang="fr"))
    columns = json.loads(said)["methods"]
    assert [column["id"] for column in columns] == [LAB, "lasso"]
    assert columns[0]["label"] == "Régression magique"
    assert columns[0]["catalogue"] == {"name": "The lab", "address": lab}
    assert "catalogue" not in columns[1]
    rows = {row["id"]: row for row in json.loads(said)["rows"]}
    assert [cell["text"] for cell in rows["origin-year"]["cells"]] == ["1996", "1996"]
    assert rows["origin-year"]["differs"] is False
    other = rows["related"]["cells"][0]["values"][0]
    assert (other["text"], other["url"]) == ("Another one", "https://lab.example/id/method/other")

    page = client.get("/compare?" + urlencode([("method", "lasso"), ("method", LAB)])).text
    assert "from The lab" in page
    assert f'href="{LAB}"' in page
    assert "/method/other" not in page.replace("https://lab.example/id/method/other", "")
    for suffix, shown in {"csv": LAB, "md": "Magic regression \\[The lab\\]", "tex": "The lab", "ttl": lab}.items():
        answer = client.get(f"/compare.{suffix}?" + urlencode([("method", "lasso"), ("method", LAB)]))
        assert (answer.status_code, shown in answer.text) == (200, True), answer.text
        assert "lasso_https-lab-example" in answer.headers["Content-Disposition"]


def test_what_another_catalogue_says_is_the_same_is_said(small_store: Path, tmp_path: Path, lab: str) -> None:
    client = client_of(small_store, listing(tmp_path, f'name = "The lab"\nendpoint = "{lab}"'))

    def sentences(*methods: str, lang: str = "en") -> dict[str, list[str]]:
        summary = json.loads(json.dumps(compared(client, *methods, lang=lang)))["summary"]
        return {sentence["text"]: sentence["about"] for sentence in summary["sentences"]}

    said = "Magic regression (The lab) and Ridge regression are recorded as being the same."
    assert sentences(LAB, "ridge")[said] == [LAB, "https://w3id.org/kgcompare/id/method/ridge"]
    said = "Régression ridge et Régression magique (The lab) désignent la même chose, d’après leurs fiches."
    assert said in sentences("ridge", LAB, lang="fr")
    assert not sentences("lasso", LAB)


def test_what_others_say_is_asked_for_anew_and_not_kept(small_store: Path, tmp_path: Path, lab: str) -> None:
    client = client_of(small_store, listing(tmp_path, f'name = "The lab"\nendpoint = "{lab}"'))
    path = "/compare.json?" + urlencode([("method", "lasso"), ("method", LAB)])
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    missing = client.get("/compare.json?" + urlencode([("method", "lasso"), ("method", LAB + "-not")]))
    assert json.loads(missing.text)["unknown"] == [LAB + "-not"]
    assert client.get("/compare.json?" + urlencode([("method", LAB + "-not")])).status_code == 404


def test_other_words_are_lifted(small_store: Path, tmp_path: Path, oxigraph_server: LoadQuads) -> None:
    endpoint = oxigraph_server([Quad(*t) for t in parse(THESAURUS.encode(), RdfFormat.TURTLE)])
    others = listing(tmp_path, f'name = "A thesaurus"\nendpoint = "{endpoint}"\nlift = "lift.rq"')
    said = compared(client_of(small_store, others), "lasso", FOREIGN)
    assert lifted(said) == ("Old regression", "1805", "Fits a line.")


@pytest.mark.slow
def test_other_words_are_lifted_from_virtuoso(small_store: Path, tmp_path: Path) -> None:
    engine = Virtuoso(tmp_path)
    try:
        endpoint = engine.load(parse(THESAURUS.encode(), RdfFormat.TURTLE))
        others = listing(tmp_path, f'name = "A thesaurus"\nendpoint = "{endpoint}"\nlift = "lift.rq"')
        said = compared(client_of(small_store, others), "lasso", FOREIGN)
    finally:
        engine.stop()
    assert lifted(said) == ("Old regression", "1805", "Fits a line.")


def lifted(said: dict[str, object]) -> tuple[str, str, str]:
    text = json.loads(json.dumps(said))
    rows = {row["id"]: row["cells"][1]["text"] for row in text["rows"]}
    return text["methods"][1]["label"], rows["origin-year"], rows["summary"]


def test_one_that_does_not_answer_leaves_a_column_that_says_so(small_store: Path, tmp_path: Path, lab: str) -> None:
    others = listing(
        tmp_path,
        f'name = "The lab"\nendpoint = "{lab}"\nbegins = "https://lab.example/"',
        f'name = "Nobody"\nendpoint = "http://127.0.0.1:{free_port()}/"\nbegins = "https://nobody.example/"',
    )
    client = client_of(small_store, others)
    said = json.loads(json.dumps(compared(client, "lasso", "https://nobody.example/x", LAB)))
    assert [column.get("catalogue", {}).get("answered", True) for column in said["methods"]] == [True, False, True]
    assert {row["cells"][1].get("status") for row in said["rows"]} == {"unavailable"}
    year = next(row for row in said["rows"] if row["id"] == "origin-year")
    assert (year["differs"], year["missing"]) == (False, 0)
    named = urlencode([("method", "lasso"), ("method", "https://nobody.example/x")])
    lines = client.get(f"/compare.nt?{named}").text.splitlines()
    its = {line.split()[0] for line in lines if line.endswith("ns#comparedMethod> <https://nobody.example/x> .")}
    assert len(its) >= len({row["id"] for row in said["rows"]})
    assert not [line for line in lines if line.split()[0] in its and "ns#missing>" in line], "no reason is known"
    page = client.get(f"/compare?{named}")
    assert (page.status_code, "Nobody does not answer" in page.text) == (200, True)


def test_one_that_is_silent_is_waited_for_no_longer_than_all_may_take(small_store: Path, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        others = listing(tmp_path, *(f'name = "{name}"\nendpoint = "{address}{name}"' for name in "abcd"))
        app = create_app(Settings(store=small_store, others=others, limits=Limits(others_time=1.0)))
        start = time.monotonic()
        said = json.loads(json.dumps(compared(app.test_client(), "lasso", LAB)))
        assert time.monotonic() - start < 30  # all of them together, on a machine that does much else
    assert said["methods"][1]["catalogue"]["answered"] is False


def test_nobody_else_is_asked(small_store: Path, tmp_path: Path) -> None:
    """An IRI is never followed: with no list, and with one that has another beginning, it is unknown."""
    nowhere = f"http://127.0.0.1:{free_port()}/id/method/x"
    elsewhere = f'name = "Nobody"\nendpoint = "http://127.0.0.1:{free_port()}/"\nbegins = "https://nobody.example/"'
    for settings in (Settings(store=small_store), Settings(store=small_store, others=listing(tmp_path, elsewhere))):
        said = compared(create_app(settings).test_client(), "lasso", nowhere)
        assert said["unknown"] == [nowhere]


def test_the_command_asks_others_too(run: Run, small_store: Path, tmp_path: Path, lab: str) -> None:
    others = listing(tmp_path, f'name = "The lab"\nendpoint = "{lab}"')
    ran = run("compare", "lasso", LAB, "--store", small_store, "--others", others, "--others-time", 60)
    assert (ran.code, "[The lab]" in ran.out) == (0, True), ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has to list other catalogues"),
        ("x = 1", "has to list other catalogues"),
        ("[[catalogue]", "is no TOML"),
        ('[[catalogue]]\nname = "A"', "needs a name and an endpoint"),
        ('[[catalogue]]\nname = "A"\nendpoint = "ftp://x/"', "starts with http"),
        ('[[catalogue]]\nname = "A"\nendpoint = "http://x/"\nlift = "none.rq"', "cannot be read"),
        ('[[catalogue]]\nname = "A"\nendpoint = "http://x/"\nlift = "list.toml"', "VALUES ?thing"),
        ('[[catalogue]]\nname = "A"\nendpoint = "http://x/"\nother = "b"', "other is unknown"),
        ('[[catalogue]]\nname = "A"\nendpoint = 7', "table of texts"),
        (2 * '[[catalogue]]\nname = "A"\nendpoint = "http://x/"\n', "are called A"),
    ],
)
def test_a_list_that_is_none(run: Run, small_store: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(text)
    ran = run("compare", "lasso", "--store", small_store, "--others", path)
    assert (ran.code, said in ran.err) == (2 if "http" not in said else 3, True), ran.err
