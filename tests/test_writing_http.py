"""Records written over HTTP: who may, what is taken, what is refused and why, and that no change is lost."""

from __future__ import annotations

import fcntl
import http.client
import json
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pyoxigraph import NamedNode, RdfFormat, parse
from werkzeug.test import TestResponse

from conftest import Run
from kgcompare import ingest
from kgcompare.ingest.apart import EditorApart
from kgcompare.ingest.editing import Body, Change, Condition, Edit, Editor
from kgcompare.rdf.namespaces import iri
from kgcompare.sandbox.limits import Limits
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.files import alone
from kgcompare.store.folder import Folder
from kgcompare.store.tokens import Tokens
from kgcompare.web import writing
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings
from serving import serving

BASE = "https://w3id.org/kgcompare/"
LASSO, RIDGE = f"{BASE}id/method/lasso", f"{BASE}id/method/ridge"
PREFIXES = """\
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX kgc: <https://w3id.org/kgcompare/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
ADA = 'a foaf:Person ; foaf:name "Ada Ölson" ; foaf:familyName "Ölson" ; foaf:givenName "Ada" .'
TURTLE = {"Content-Type": "text/turtle"}
ANY = {"If-Match": "*"}
NEW = {"If-None-Match": "*"}


class Writing:
    """A client with a token, and the store behind."""

    def __init__(self, store: Path, **limits: Any) -> None:
        self.store = store
        self.tokens = Tokens(store)
        self.app: Flask = create_app(Settings(store=store, limits=Limits(**limits)))
        self.client = self.app.test_client()
        self.text = ""

    def with_token(self) -> Writing:
        self.text = self.tokens.add("me")
        return self

    def send(self, method: str, path: str, body: str = "", **headers: str) -> TestResponse:
        """A request with the token unless it has another one; names of headers with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.text:
            given.setdefault("Authorization", f"Bearer {self.text}")
        if method in {"PUT", "POST"}:
            given.setdefault("Content-Type", "text/turtle")
        client = self.app.test_client()
        return client.open(path, method=method, data=body.encode() if body else None, headers=given, buffered=True)

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, buffered=True)

    def dump(self) -> list[str]:
        return sorted(map(str, EmbeddedStore(self.store).snapshot().quads()))


@pytest.fixture
def site(own_store: Path) -> Iterator[Writing]:
    """A copy of the small catalogue, with a token."""
    writing = Writing(own_store, write_wait=100.0).with_token()
    yield writing
    writing.app.extensions["kgcompare"].close()


def lasso(site: Writing, old: str = "Shrinks some", new: str = "Shrinks many") -> tuple[str, str]:
    """The record as it is read, with something changed, and its tag."""
    response = site.get("/method/lasso.ttl")
    assert old in response.text
    return response.text.replace(old, new), response.headers["ETag"]


def problem_of(response: TestResponse, status: int) -> Any:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    said = json.loads(response.data)
    assert said["status"] == status
    return said


# -- who may -------------------------------------------------------------------------------------------


def test_writing_is_off_until_there_is_a_token(site: Writing) -> None:
    site.tokens.remove("me")
    for method, path in (("PUT", "/method/lasso"), ("DELETE", "/method/lasso"), ("POST", "/methods")):
        response = site.send(method, path, "x")
        assert "nobody may write here" in problem_of(response, 405)["detail"]
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert site.client.options(path).headers["Allow"] == "GET, HEAD, OPTIONS"
    site.tokens.add("another")
    assert site.send("PUT", "/method/lasso", "x").status_code == 401


def test_what_makes_changes_is_tried_where_somebody_may_write(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, asked = Writing(own_store, write_wait=100.0), list[str]()
    editor: EditorApart = site.app.extensions[writing._EDITOR]
    real = editor.change

    def change(what: Change, *rest: Any) -> Edit:
        asked.append(what.what)
        return real(what, *rest)

    monkeypatch.setattr(editor, "change", change)
    assert not writing.get_ready(site.app)
    site.with_token()
    before, folder = site.dump(), sorted(path.name for path in own_store.iterdir())
    assert writing.get_ready(site.app)
    assert asked == ["check"]
    assert (site.dump(), sorted(path.name for path in own_store.iterdir())) == (before, folder)
    site.app.extensions["kgcompare"].close()


def test_what_is_allowed_is_said_and_pages_of_others_may_not_write(site: Writing) -> None:
    for path, writes in (
        ("/method/lasso", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("/methods", "GET, HEAD, OPTIONS, POST"),
        ("/method/lasso.ttl", "GET, HEAD, OPTIONS"),
        ("/methods.json", "GET, HEAD, OPTIONS"),
        ("/compare", "GET, HEAD, OPTIONS"),
        ("/reconcile/preview", "GET, HEAD, OPTIONS"),
        ("/sparql", "GET, HEAD, OPTIONS, POST"),
    ):
        there = site.client.options(path, headers={"Origin": "https://evil.example"})
        assert there.headers["Allow"] == writes, path
        allowed = "GET, HEAD, OPTIONS, POST" if path == "/sparql" else "GET, HEAD, OPTIONS"
        assert there.headers["Access-Control-Allow-Methods"] == allowed, path
        assert "authorization" not in there.headers["Access-Control-Allow-Headers"].lower()
    body, tag = lasso(site)
    for strange in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        refused = site.send("PUT", "/method/lasso", body, If_Match=tag, **strange)
        assert problem_of(refused, 403)
        assert "Access-Control-Allow-Origin" not in refused.headers
    own = site.send("PUT", "/method/lasso", body, If_Match=tag, Origin="http://localhost")
    assert own.status_code == 200
    assert "Access-Control-Allow-Origin" not in own.headers


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer nonsense", "Basic bWU6bWU=", "Bearer a b", "Bearer " + "x" * 5000]
)
def test_no_token_no_change(site: Writing, given: str) -> None:
    before = site.dump()
    refused = site.send("PUT", "/method/lasso", "x", Authorization=given, **ANY)
    problem_of(refused, 401)
    challenge = refused.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="kgcompare"')
    assert ('error="invalid_token"' in challenge) == bool(given)
    assert site.dump() == before


def test_a_stranger_is_refused_before_the_body_is_read(site: Writing) -> None:
    class Unreadable:
        def read(self, *_: object) -> bytes:
            pytest.fail("the body was read")

        readline = read

    for path, method in (("/method/lasso", "PUT"), ("/method/lasso", "DELETE"), ("/methods", "POST")):
        environ = {"wsgi.input": Unreadable(), "CONTENT_LENGTH": "1000000"}
        with site.client.open(path, method=method, environ_overrides=environ) as refused:
            assert refused.status_code == 401


def test_a_token_ends_and_is_withdrawn_at_once(site: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    body, tag = lasso(site)
    ended = site.tokens.add("for today", "2999-01-01")
    assert site.send("PUT", "/method/lasso", "x", Authorization=f"Bearer {ended}", **ANY).status_code == 400
    kept = (site.store / "tokens.json").read_text(encoding="utf-8")
    (site.store / "tokens.json").write_text(kept.replace("2999-01-02", "2001-01-02"), encoding="utf-8")
    refused = site.send("PUT", "/method/lasso", body, Authorization=f"Bearer {ended}", If_Match=tag)
    assert "is over" in problem_of(refused, 401)["detail"]
    site.tokens.remove("me")
    assert site.send("PUT", "/method/lasso", body, If_Match=tag).status_code == 401


def test_nothing_of_a_token_is_kept_or_said(site: Writing, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    file = site.store / "tokens.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    body, tag = lasso(site)
    said = [site.send("PUT", "/method/lasso", text, If_Match=tag).text for text in ("x", body)]
    said += [site.send("PUT", "/method/lasso", body, Authorization=f"Bearer {site.text}x").text]
    for text in (*said, *(path.read_text("utf-8") for path in site.store.glob("*.json")), caplog.text):
        assert site.text[:12] not in text
    os.utime(file)
    file.write_text("nonsense", encoding="utf-8")
    assert site.send("PUT", "/method/lasso", body, If_Match=tag).status_code == 503


# -- what is taken -------------------------------------------------------------------------------------


def test_a_record_that_was_read_goes_back_changed(site: Writing) -> None:
    body, tag = lasso(site)
    there = site.send("PUT", "/method/lasso", body, If_Match=tag)
    assert (there.status_code, there.mimetype) == (200, "text/turtle")
    assert there.headers["Content-Location"] == "http://localhost/method/lasso.ttl"
    assert there.headers["ETag"] != tag
    assert "Location" not in there.headers
    assert there.text == site.get("/method/lasso.ttl").text == body
    assert "Shrinks many" in site.get("/method/lasso").text
    assert "Shrinks many" in site.get("/compare.json?method=lasso").text
    again = site.send("PUT", "/method/lasso", body, If_Match=there.headers["ETag"])
    assert again.status_code == 200
    assert again.headers["ETag"] == there.headers["ETag"]


@pytest.mark.parametrize("form", ["", ".json", ".jsonld", ".nq"])
def test_the_tag_of_any_representation_names_the_state(site: Writing, form: str) -> None:
    body, _ = lasso(site)
    tag = site.client.get("/method/lasso" + form, headers={"Accept-Encoding": "gzip"}, buffered=True).headers["ETag"]
    other = site.send("PUT", "/agent/ada", f"{PREFIXES} <> {ADA}", **NEW)
    assert other.status_code == 201, "others may change meanwhile"
    assert site.send("PUT", "/method/lasso", body, If_Match=f"W/{tag}").status_code == 412
    assert site.send("PUT", "/method/lasso", body, If_Match=f'"other", {tag}').status_code == 200
    assert site.send("PUT", "/method/lasso", body, If_Match=tag).status_code == 412


def test_json_ld_is_taken_and_given(site: Writing) -> None:
    record = {
        "@context": f"{BASE}context.jsonld",
        "id": "",
        "a": "Method",
        "prefLabel": {"en": "New method", "fr": "Nouvelle méthode"},
        "origin": {"@value": "1996/2001", "@type": "edtf:EDTF"},
        "alternativeTo": "lasso",
    }
    headers = {"Content_Type": "application/ld+json", "Accept": "application/ld+json"}
    there = site.send("PUT", "/method/new-method", json.dumps(record), **headers, If_None_Match="*")
    assert (there.status_code, there.mimetype) == (201, "application/ld+json"), there.text
    assert there.headers["Location"] == "http://localhost/method/new-method"
    statements = {str(quad.triple) for quad in parse(there.data, RdfFormat.JSON_LD)}
    derived = f'<{BASE}id/method/new-method> {iri("kgc:originStart")} "1996"'
    assert any(one.startswith(derived) for one in statements)
    assert f"<{BASE}id/method/new-method> {iri('kgc:related')} <{LASSO}>" in statements


def test_a_new_record_gets_its_address_from_its_iri_or_its_name(site: Writing) -> None:
    for path, subject, slug in (
        ("/agents", "[]", "ada-olson"),
        ("/agent", "<ada>", "ada"),
        ("/agent", f"<{BASE}id/agent/lady-ada>", "lady-ada"),
    ):
        made = site.send("POST", path, f"{PREFIXES} {subject} {ADA}")
        assert made.status_code == 201, made.text
        assert made.headers["Location"] == f"http://localhost/agent/{slug}"
        assert site.get(f"/agent/{slug}.ttl").status_code == 200
    taken = site.send("POST", "/agents", f"{PREFIXES} <> {ADA}")
    assert "ada-olson> already" in problem_of(taken, 409)["detail"]
    for body in (f"{PREFIXES} <a> {ADA} <b> {ADA}", f"{PREFIXES} <http://example.org/a> {ADA}"):
        assert problem_of(site.send("POST", "/agents", body), 422)
    assert "no name" in problem_of(site.send("POST", "/agents", f"{PREFIXES} <> a foaf:Person ."), 422)["detail"]
    assert site.send("POST", "/nothings", "x").status_code == 404
    assert site.send("PUT", "/nothing/x", "x", **NEW).status_code == 404


def test_what_is_derived_goes_with_what_it_is_derived_from(site: Writing) -> None:
    tag = site.get("/method/lasso.ttl").headers["ETag"]
    lines = site.get("/method/lasso.nt").text.splitlines()
    gone = [iri("kgc:alternativeTo").value, iri("kgc:origin").value + ">", iri("kgc:origination").value + ">"]
    left = "\n".join(line for line in lines if line.startswith("<") and not any(one in line for one in gone))
    assert iri("kgc:originStart").value in left
    there = site.send("PUT", "/method/lasso", left, If_Match=tag)
    assert there.status_code == 200, there.text
    for term in ("related", "originStart", "creator"):
        assert term not in there.text
    assert "primaryTopic" not in "".join(site.dump())


# -- what is refused -----------------------------------------------------------------------------------


def test_what_is_no_request_to_write(site: Writing) -> None:
    body, tag = lasso(site)
    before = site.dump()
    assert problem_of(site.send("PUT", "/method/lasso", body), 428)
    assert problem_of(site.send("DELETE", "/method/lasso"), 428)
    assert problem_of(site.send("DELETE", "/method/lasso", **NEW), 428)
    other = site.send("PUT", "/method/lasso", body, Content_Type="application/json", If_Match=tag)
    assert problem_of(other, 415)
    assert other.headers["Accept"] == "text/turtle, application/ld+json"
    latin = site.send("PUT", "/method/lasso", body, Content_Type="text/turtle; charset=latin-1", If_Match=tag)
    assert problem_of(latin, 415)
    assert problem_of(site.send("PUT", "/method/lasso", If_Match=tag), 411)
    assert problem_of(site.send("PUT", "/method/lasso", "#" * 1_100_000, If_Match=tag), 413)
    assert problem_of(site.send("PUT", "/method/lasso", "<a> <b>", If_Match=tag), 400)
    assert "the body, line 2" in problem_of(site.send("PUT", "/method/lasso", "\n<a", If_Match=tag), 400)["detail"]
    for path in ("/method/lasso.ttl", "/methods.json", "/compare", "/"):
        assert site.send("PUT", path, body, If_Match=tag).status_code == 405
        assert site.send("DELETE", path, If_Match=tag).status_code == 405
    assert site.dump() == before


def test_preconditions(site: Writing) -> None:
    body, tag = lasso(site)
    assert problem_of(site.send("PUT", "/method/lasso", body, **NEW), 412)
    assert problem_of(site.send("PUT", "/method/lasso", body, If_Match='"other"'), 412)
    assert problem_of(site.send("PUT", "/agent/ada", f"{PREFIXES} <> {ADA}", **ANY), 412)
    assert problem_of(site.send("DELETE", "/agent/ada", **ANY), 404)
    assert problem_of(site.send("DELETE", "/method/elbow", If_Match=tag), 412)
    assert site.send("PUT", "/method/lasso", body, **ANY).status_code == 200


def test_a_record_has_to_be_valid_and_the_report_says_what_is_not(site: Writing) -> None:
    body, tag = lasso(site, '"1996"^^edtf:EDTF', '"nineteen"^^edtf:EDTF')
    before = site.dump()
    said = problem_of(site.send("PUT", "/method/lasso", body, If_Match=tag), 422)
    assert said["conforms"] is False
    (fault,) = [one for one in said["faults"] if one["value"] == "nineteen"]
    assert (fault["focusNode"], fault["path"]) == (LASSO, iri("kgc:origin").value)
    assert fault["file"] is None
    assert '"nineteen"' in body.splitlines()[fault["line"] - 1]
    rdf = site.send("PUT", "/method/lasso", body, If_Match=tag, Accept="text/turtle")
    assert (rdf.status_code, rdf.mimetype) == (422, "text/turtle")
    found = {(t.predicate.value, t.object) for t in parse(rdf.data, RdfFormat.TURTLE)}
    assert (iri("sh:focusNode").value, NamedNode(LASSO)) in found
    either = site.send("PUT", "/method/lasso", body, If_Match=tag, Accept="text/turtle, application/problem+json")
    assert problem_of(either, 422)
    body, _ = lasso(site, "agent:robert-tibshirani", "agent:nobody")
    french = site.send("PUT", "/method/lasso?lang=fr", body, If_Match=tag)
    said = problem_of(french, 422)
    assert any("nobody" in str(one["value"]) for one in said.get("faults", ())), said
    assert site.dump() == before


def test_a_body_says_one_record_that_of_its_address(site: Writing) -> None:
    body, tag = lasso(site)
    before = site.dump()
    said = problem_of(site.send("PUT", "/method/ridge", body, **ANY), 422)
    assert {one["focusNode"] for one in said["faults"]} == {LASSO, RIDGE}
    both = f"{body}\n<{RIDGE}> <{iri('skos:note').value}> 'x' ."
    said = problem_of(site.send("PUT", "/method/lasso", both, If_Match=tag), 422)
    assert [one["focusNode"] for one in said["faults"]] == [RIDGE]
    wrong = problem_of(site.send("PUT", "/method/ada", f"{PREFIXES} <> {ADA}", **NEW), 422)
    assert "kgc:Method" in wrong["faults"][0]["message"]
    shape = f"{body}\n<{LASSO}> <http://www.w3.org/ns/shacl#targetClass> <{iri('kgc:Method').value}> ."
    assert "belongs in shapes" in site.send("PUT", "/method/lasso", shape, If_Match=tag).text
    assert site.dump() == before


def test_what_others_name_is_not_removed(site: Writing) -> None:
    said = problem_of(site.send("DELETE", "/agent/robert-tibshirani", **ANY), 409)
    assert said["named-by"] == [LASSO, f"{BASE}id/source/tibshirani-1996"]
    tag = site.get("/method/elbow").headers["ETag"]
    gone = site.send("DELETE", "/method/elbow", If_Match=tag)
    assert (gone.status_code, gone.data) == (204, b"")
    assert site.get("/method/elbow").status_code == 404
    assert "elbow" not in site.get("/methods.json").text
    assert not any("elbow" in quad for quad in site.dump())


# -- several at a time ---------------------------------------------------------------------------------


def test_of_those_who_change_one_state_one_wins(site: Writing) -> None:
    _, tag = lasso(site)
    bodies = [lasso(site, "Shrinks some", f"Shrinks {number}")[0] for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda body: site.send("PUT", "/method/lasso", body, If_Match=tag), bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    (won,) = [body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 200]
    assert site.get("/method/lasso.ttl").text == won


def test_changes_that_come_together_are_answered_one_by_one(site: Writing) -> None:
    """One after another has come while the first one waits for the lock; the bad one harms nobody."""
    changes = {
        "lasso": ("Shrinks some", "Shrinks many"),
        "ridge": ("Shrinks all", "Shrinks each"),
        "gan": ('"Generative adversarial network"@en', '" "@en'),  # not valid
        "elbow": ("coude", "coude plié"),
    }
    sent = {}
    for slug, (old, new) in changes.items():
        response = site.get(f"/method/{slug}.ttl")
        assert old in response.text
        sent[slug] = response.text.replace(old, new), response.headers["ETag"]
    first = int((site.store / "current").read_text().partition("-")[0])
    with ThreadPoolExecutor(5) as pool:
        with alone(site.store / "lock"):
            answers = {slug: pool.submit(site.send, "PUT", f"/method/{slug}", body, If_Match=tag)
                       for slug, (body, tag) in sent.items()}  # fmt: skip
            made = pool.submit(site.send, "POST", "/agents", f"{PREFIXES} <> {ADA}")
            time.sleep(1)
        statuses = {slug: answer.result().status_code for slug, answer in answers.items()}
        assert made.result().status_code == 201
    assert statuses == {"lasso": 200, "ridge": 200, "gan": 422, "elbow": 200}
    assert int((site.store / "current").read_text().partition("-")[0]) == first + 4, "a number for each of them"
    assert len(list((site.store / "snapshots").glob("*.lock"))) < 4, "and fewer are on disk"
    for slug in ("lasso", "ridge", "elbow"):
        tag = answers[slug].result().headers["ETag"]
        assert answers[slug].result().text == site.get(f"/method/{slug}.ttl").text
        assert site.send("PUT", f"/method/{slug}", sent[slug][0], If_Match=tag).status_code == 200


def test_who_was_overtaken_gets_the_tag_of_what_he_wrote(site: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first one is answered another one changes the record: with his tag he cannot undo that."""
    body, tag = lasso(site)
    other = body.replace("Shrinks many", "Shrinks few")

    def overtaken() -> None:
        monkeypatch.undo()
        writing.renew_current()
        editor = Editor(site.store, (), ingest.Options(), 60.0)
        editor.put(LASSO, Body(other.encode(), "ttl"), Condition())
        writing.renew_current()

    monkeypatch.setattr(writing, "renew_current", overtaken)
    answer = site.send("PUT", "/method/lasso", body, If_Match=tag)
    assert (answer.status_code, answer.data) == (204, b"")
    assert site.send("PUT", "/method/lasso", body, If_Match=answer.headers["ETag"]).status_code == 412
    assert site.get("/method/lasso.ttl").text == other


def test_who_waits_for_a_change_holds_no_generation(site: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index of one that is read cannot be changed into the next: it would be copied for every one."""
    body, tag = lasso(site)
    before = EmbeddedStore(site.store).snapshot().generation
    real, waited = EditorApart.change, list[str]()

    def change(self: EditorApart, *arguments: Any) -> Edit:
        Editor(site.store, (), ingest.Options(), 60.0).put(RIDGE, Body(ridge.encode(), "ttl"), Condition())
        with ThreadPoolExecutor(1) as another:  # who asks within this request would share its context
            assert another.submit(site.get, "/method/ridge.ttl").result().status_code == 200, "the server goes on"
        with Folder(site.store).lock(before).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        waited.append(before)
        return real(self, *arguments)

    ridge = site.get("/method/ridge.ttl").text.replace('"@en', ' too"@en', 1)
    monkeypatch.setattr(EditorApart, "change", change)
    assert site.send("PUT", "/method/lasso", body, If_Match=tag).status_code == 200
    assert waited == [before]
    assert site.get("/method/lasso.ttl").text == body


def test_who_waits_too_long_for_others_is_told_to_come_again(site: Writing) -> None:
    impatient = Writing(site.store, write_wait=0.2)
    impatient.text = site.text
    body, tag = lasso(site)
    with alone(site.store / "lock"):
        busy = impatient.send("PUT", "/method/lasso", body, If_Match=tag)
    assert problem_of(busy, 503)
    assert int(busy.headers["Retry-After"]) > 0
    assert str(site.store) not in busy.text
    assert impatient.send("PUT", "/method/lasso", body, If_Match=tag).status_code == 200
    impatient.app.extensions["kgcompare"].close()


@pytest.mark.slow
def test_the_real_server_takes_changes_and_refuses_strangers_unread(site: Writing, tmp_path: Path) -> None:
    """Its worker comes from a fork, after which the engine writes nothing."""
    body, tag = lasso(site)
    with serving(tmp_path, "--store", str(site.store), "--write-wait", "100") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as stranger:
            announced = "PUT /method/lasso HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
            stranger.sendall(announced.encode())  # and nothing of it is sent
            assert stranger.recv(100).startswith(b"HTTP/1.1 401")
        for chunked, expected in ((True, 411), (False, 200)):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            headers = {**TURTLE, "Authorization": f"Bearer {site.text}", "If-Match": tag}
            content = iter([body.encode()]) if chunked else body.encode()
            connection.request("PUT", "/method/lasso", content, headers, encode_chunked=chunked)
            assert connection.getresponse().status == expected
            connection.close()
        assert b"Shrinks many" in server.get("/method/lasso.ttl")[2]


# -- tokens on the command line ------------------------------------------------------------------------


def test_the_command_makes_lists_and_withdraws_tokens(run: Run, site: Writing) -> None:
    made = run("token", "add", "Ada", "--until", "2999-12-31", "--store", site.store)
    assert made.code == 0
    text = made.out.strip()
    assert len(text) > 40
    assert text not in made.err
    found = site.tokens.named(text)
    assert found is not None
    assert (found.name, found.until) == ("Ada", "3000-01-01T00:00:00+00:00")
    listed = run("token", "list", "--format", "json", "--store", site.store)
    assert [one["name"] for one in json.loads(listed.out)] == ["me", "Ada"]
    assert "Ada" in run("token", "list", "--store", site.store).out
    assert text[4:] not in listed.out
    for wrong in (
        ("add", "Ada"),
        ("add",),
        ("add", "x", "--until", "2001-01-01"),
        ("add", "x", "--until", "soon"),
        ("add", "a\nb"),
        ("remove", "nobody"),
        ("list", "Ada"),
    ):
        assert run("token", *wrong, "--store", site.store).code == 2
    assert run("token", "remove", "Ada", "--store", site.store).code == 0
    assert site.tokens.named(text) is None


def test_tokens_that_are_made_at_once_are_all_kept(site: Writing) -> None:
    gate = threading.Barrier(4)

    def add(number: int) -> str:
        gate.wait()
        return Tokens(site.store).add(f"token {number}")

    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(add, range(4)))
    assert all(site.tokens.named(text) for text in texts)
