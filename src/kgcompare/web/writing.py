"""Records written over HTTP, by whoever has a token: PUT and DELETE of one, POST of a new one.

Source: RFC 9110, sections 9.3.3 to 9.3.5 (POST, PUT, DELETE), 8.7 (Content-Location) and 13.1 (preconditions); RFC 9457
(problems).
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import cast

from flask import Blueprint, Flask, Response, current_app, request, url_for
from werkzeug.exceptions import Forbidden, NotFound

from kgcompare.catalogue import Catalogue
from kgcompare.errors import InvalidData, KgcompareError, SyntaxFault, UnknownThing
from kgcompare.formats import FORMATS, RDF, json, rdf
from kgcompare.ingest.apart import MOST_TOGETHER, EditorApart
from kgcompare.ingest.editing import Body, Change, Condition, Edit
from kgcompare.ingest.readers import Options
from kgcompare.rdf.namespaces import is_slug
from kgcompare.sandbox.turns import Turns
from kgcompare.web.gate import BY, TAKEN, Gate
from kgcompare.web.kept import IF_MATCH, answers_of, record_states
from kgcompare.web.negotiation import best_of, choose_format, media_types_of
from kgcompare.web.problems import problem
from kgcompare.web.request import current, language, let_go_of_current, limits, list_path, root, set_current
from kgcompare.web.settings import Settings

blueprint = Blueprint("writing", __name__)
_REPORTS = (
    ("problem", ("application/problem+json", "application/json", "text/html")),
    *media_types_of(RDF),
)
"""What a report comes as, in order of preference."""
_EDITOR, _GATE, _TURNS = "kgcompare.editor", "kgcompare.gate", "kgcompare.writing"
_CHECKER, _CHECKS = "kgcompare.checker", "kgcompare.checks"
_TRIED = "tried"
"""What a record that is checked, and never written, is called."""
_ANSWERING = threading.Lock()
"""Held by who writes the answer to a change: many are made at once, and readers would wait for a thread of each."""


def open_to_writers(app: Flask, settings: Settings) -> Gate:
    """Has an application take changes of a store from those who have a token; gives what guards it.

    Those that come while others are being written are written together.
    """
    limits = settings.limits
    together = min(MOST_TOGETHER, limits.waiting_writes + 1)
    gate = Gate(app, settings.store or settings.tokens, limits)
    app.extensions[_GATE] = gate
    app.extensions[_TURNS] = Turns(together, limits.waiting_writes + 1 - together, limits.waiting_writes + 1)
    there = settings.store is not None or settings.endpoint is not None  # else the gate is shut
    expect = cast("Catalogue", app.extensions["kgcompare"]).store.expect
    app.extensions[_EDITOR] = EditorApart(settings.seat, expect) if there else None
    app.extensions[_CHECKS] = Turns(1, limits.waiting_costly, limits.client_costly)
    app.extensions[_CHECKER] = EditorApart(settings.seat) if there else None
    return gate


def get_ready(app: Flask) -> bool:
    """Has what makes changes of a store here start before the first one is to be made, which would wait for it for
    seconds; says whether it has, which it does where somebody may write."""
    gate, editor = cast("Gate", app.extensions[_GATE]), cast("EditorApart | None", app.extensions[_EDITOR])
    catalogue = cast("Catalogue", app.extensions["kgcompare"])
    with suppress(KgcompareError, ValueError):  # who writes first is told
        if editor is None or catalogue.store.is_elsewhere or not gate.is_on():
            return False
        generation = catalogue.generation()
        record = generation.base.record(generation.main_kind, _TRIED)
        change = Change("check", record, Body(f"<> a <{generation.main_class}> .".encode(), "ttl"))
        limits = app.config["LIMITS"]
        editor.change(change, generation.extra, Options(replace=True, limits=limits), limits.write_wait)
    return True


@blueprint.put("/<slug:kind>/<slug:name>", provide_automatic_options=False)
def put(kind: str, name: str) -> Response:
    """Puts a record in the place of the one that is there, or makes it."""
    record = _record(kind, name)
    edit = make_change(Change("put", record, _body(), _condition()))
    return _stored(edit, kind, name)


@blueprint.delete("/<slug:kind>/<slug:name>", provide_automatic_options=False)
def delete(kind: str, name: str) -> Response:
    """Removes a record that no other one names."""
    record = _record(kind, name, there=True)
    make_change(Change("remove", record, condition=_condition()))
    response = Response(status=204, headers={"Cache-Control": "no-cache"})
    del response.headers["Content-Type"]
    return response


@blueprint.post("/<slug:plural>", provide_automatic_options=False)
def make(plural: str) -> Response:
    """Makes a record of a kind, which is named as such (``/method``) or as its list is (``/methods``)."""
    kind = next((one for one in current().shapes.kinds if plural == one or list_path(one) == f"/{plural}"), None)
    if kind is None:
        raise NotFound
    edit = make_change(Change("make", kind, _body()))
    of_kind, slug = current().base.parts(edit.record) or (kind, "")
    return _stored(edit, of_kind, slug)


@blueprint.before_request
def _admit() -> None:
    """Lets a request pass that may write, by its headers."""
    refusal = guard().refusal(request.environ)
    if refusal is not None:
        raise refusal
    if not current().keeps_shapes:
        raise Forbidden("this catalogue holds quads as they were given; no record of it is changed here")


@blueprint.errorhandler(InvalidData)
def _invalid(fault: InvalidData) -> Response:
    """What is wrong with a record: as a problem, or in the terms of SHACL for who asks for RDF."""
    name = best_of(request.headers.get("Accept", ""), _REPORTS)
    if name in RDF:
        text = rdf.report_rdf(fault.report, name)
        response = Response(text, 422, content_type=FORMATS[name].content_type)
        response.headers.update({"Vary": "Accept, Accept-Language", "Cache-Control": "no-cache"})
        return response
    return problem(422, _said(fault), conforms=False, faults=json.faults_json(fault.report))


def _said(fault: InvalidData) -> str:
    """The message, with the first faults for who reads nothing else."""
    first = [f"{one.path or one.focus_node or ''}: {one.message}".strip(": ") for one in fault.report.violations[:3]]
    return "; ".join([str(fault), *first])


@blueprint.errorhandler(SyntaxFault)
def _malformed(fault: SyntaxFault) -> Response:
    """A body that is not what its media type says."""
    return problem(400, f"the body cannot be read: {fault}")


def guard() -> Gate:
    """What guards the addresses that write."""
    return cast("Gate", current_app.extensions[_GATE])


def _record(kind: str, name: str, *, there: bool = False) -> str:
    """The IRI of the record at an address.

    :raises UnknownThing: if there is none and it has to be *there*, or none of its kind can be made.
    """
    generation = current()
    try:
        return generation.locate(kind, name)[0]
    except UnknownThing:
        if there or kind not in generation.shapes.kinds or not is_slug(name):
            raise
    return generation.base.record(kind, name)


def _body() -> Body:
    return Body(request.get_data(), TAKEN[request.mimetype])


def _condition() -> Condition:
    """What the request says of the state that it changes."""
    match = request.environ.pop(IF_MATCH, None)
    new = request.headers.get("If-None-Match", "").strip() == "*"
    states = None if match is None or match.strip() == "*" else frozenset(record_states(match))
    return Condition(states, match is not None, new)


def make_change(change: Change) -> Edit:
    """Makes a change when it is its turn, and has this request and all later ones see it.

    :raises Busy: if it is not in time.
    """
    most = limits()
    until = time.monotonic() + most.write_wait
    turns = cast("Turns", current_app.extensions[_TURNS])
    editor = cast("EditorApart", current_app.extensions[_EDITOR])
    by, asked = request.environ.get(BY, ""), f"{request.method} {request.path}"
    options, extra = Options(replace=True, lang=language(), limits=most, by=by, request=asked), current().extra
    let_go_of_current()  # else its index would have to be copied to be changed into the next ones
    try:
        with turns.taken(request.remote_addr or "", until):
            return editor.change(change, extra, options, max(0.0, until - time.monotonic()))
    finally:
        renew_current()


def renew_current() -> None:
    """Has this request see what was changed last."""
    catalogue = cast("Catalogue", current_app.extensions["kgcompare"])
    catalogue.store.look_again()
    set_current(catalogue.generation())


def check_change(change: Change) -> Edit:
    """What a change would find. Those who look take turns beside those who write, whom they do not hold up.

    :raises Busy: if there is no turn in time.
    """
    most = limits()
    turns = cast("Turns", current_app.extensions[_CHECKS])
    checker = cast("EditorApart", current_app.extensions[_CHECKER])
    with turns.taken(request.remote_addr or "", time.monotonic() + most.write_wait):
        return checker.change(change, current().extra, Options(replace=True, lang=language(), limits=most), 0.0)


def _stored(edit: Edit, kind: str, name: str) -> Response:
    """The answer with a record as it is stored now, with what was derived.

    Where somebody has changed it since, it has the tag of what was written here, and nothing of what the other wrote.
    """
    form = choose_format(request.headers.get("Accept", ""), RDF) or FORMATS["ttl"]
    here = root() + url_for("records.record", kind=kind, name=name)[len(request.script_root) :]
    with _ANSWERING:
        state, text = current().state(kind, name), ""
        if edit.state in {"", state}:
            thing, triples = current().triples(kind, name)
            text = rdf.document_rdf(triples, thing, current().base.value, form.name)
    response = Response(text, 201 if edit.made else 200 if text else 204, content_type=form.content_type)
    if text:
        response.headers["Content-Location"] = f"{here}.{form.name}"
    else:
        del response.headers["Content-Type"]
    tag = answers_of(current(), limits().kept_bytes).tag("written", form.name, text, of=edit.state or state)
    response.headers["ETag"] = tag
    if edit.made:
        response.headers["Location"] = here
    response.headers.update({"Vary": "Accept, Accept-Encoding", "Cache-Control": "no-cache"})
    return response
