"""What every address takes and gives, for programs that read OpenAPI.

It stands in ``openapi.json``, in OpenAPI but for what repeats itself: parameters and headers go by their names alone,
``answer`` is a 200 in groups of formats (with the schema of the one called JSON), ``faults`` are the statuses of errors
beside those of every address, and a ``suffixed`` address exists with a format behind it too. What is ``fresh`` has no
entity tag; what is ``lenient`` ignores a format that it does not know. Formats come from the tables that answers are
made by, so that a new one needs no edit.

Source: OpenAPI Specification 3.1.1, sections 4.8 (document) and 4.8.12 (``Accept`` is no parameter: the media types of
an answer say it); JSON Schema 2020-12; RFC 9457 (problem documents).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from flask import Blueprint, Response, request

from kgcompare import __version__, formats, resources
from kgcompare.formats import FORMATS, RDF, Format, solutions
from kgcompare.formats.json import dumps
from kgcompare.web import dataset, vocabularies
from kgcompare.web.kept import answer, pick
from kgcompare.web.negotiation import best_of, media_types_of
from kgcompare.web.pages import COMPARISON
from kgcompare.web.request import root

blueprint = Blueprint("openapi", __name__)
Node = dict[str, Any]
"""An object of the document."""

_OPENAPI = Format("openapi", "openapi", "application/vnd.oai.openapi+json;version=3.1")
_OFFERED = (*media_types_of(("json",)), (_OPENAPI.name, ("application/vnd.oai.openapi+json",)))


def _media(names: Sequence[str]) -> Mapping[str, str]:
    return {name: FORMATS[name].media_type for name in names}


_GROUPS = {
    "comparison": _media(COMPARISON),
    "dataset": _media(dataset.OFFERED),
    "list": _media(("html", "json")),
    "page": _media(("html",)),
    "rdf": _media(RDF),
    "record": _media((*formats.RECORD, *formats.BIBLIOGRAPHY)),
    "solutions": solutions.MEDIA_TYPES,
    "vocabulary": _media(vocabularies.OFFERED),
}
"""The formats of an address: their names and media types."""
_SCHEMAS = {"jsonld": "JsonLd", "csl": "Citations"}
"""The schemas of formats that are JSON and mean the same everywhere."""
_FAULTS = {
    400: "The request is malformed; the detail says where.",
    404: "There is nothing of that name; the problem says what is near.",
    406: "No format that there is suits; the problem lists them.",
    408: "The body did not arrive in time.",
    413: "The body, or what it asks for, is too large.",
    415: "The body has a media type, a charset or a compression that is not taken.",
    416: "The file has no such part.",
    421: "This server does not answer for that host.",
    429: "Too many requests of this client are under way.",
    502: "The endpoint that holds the catalogue does not answer.",
    503: "The request needs too much, there are too many, or the catalogue cannot be read.",
}
_ALWAYS = (400, 421, 502, 503)
"""What can go wrong at every address."""


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of this server, as plain JSON unless OpenAPI's own media type is preferred."""
    wanted = request.args.get("format") or best_of(request.headers.get("Accept", ""), _OFFERED)
    form = _OPENAPI if wanted == "openapi" else pick(("json",))
    return answer(form, None, lambda: dumps(document(root())))


def document(server: str) -> Node:
    """The description of the server at an address, which ends without a slash."""
    said = _said()
    return {
        "openapi": "3.1.1",
        "info": {**said["info"], "version": __version__},
        "servers": [{"url": server}],
        "externalDocs": {"description": "What the dataset is", "url": server + "/dataset"},
        "tags": said["tags"],
        "paths": _paths(said["paths"]),
        "components": {**said["components"], "responses": _responses()},
    }


@cache
def _said() -> Mapping[str, Any]:
    found: Node = json.loads(resources.package_file("web/openapi.json").read_text(encoding="utf-8"))
    return found


def _paths(said: Mapping[str, Any]) -> Node:
    found: Node = {}
    for path, item in said.items():
        operations = {method: operation for method, operation in item.items() if method != "suffixed"}
        found[path] = {method: _operation(operation) for method, operation in operations.items()}
        if item.get("suffixed"):
            found[path + ".{format}"] = {
                method: _operation(operation, "path") for method, operation in operations.items()
            }
    return found


def _operation(said: Mapping[str, Any], place: str = "query") -> Node:
    """An operation whose format is named in *place*."""
    done = {name: value for name, value in said.items() if name not in {"answer", "faults"}}
    own = said.get("answer", {})
    kept = bool(own) and not own.get("fresh")
    names = [*said.get("parameters", ())]
    spoken = not {"lang", "page-lang"}.isdisjoint(names)
    names += ["Accept-Language"] if spoken else []
    names += ["If-None-Match"] if kept else []
    done["parameters"] = [_reference("parameters", name) for name in names]
    offered = list(dict.fromkeys(name for group in own.get("formats", ()) for name in _GROUPS[group]))
    if offered:
        done["parameters"].append(_format(offered, place, bool(own.get("lenient"))))
    if place == "path":
        done["operationId"] += "As"
        done["summary"] += ", in the format of the suffix"
    responses: Node = {}
    if own:
        headers = ["ETag", "Vary"] if kept else []
        headers += ["Content-Language"] if spoken else []
        headers += own.get("headers", ())
        found = {"description": own["description"], "content": _content(own)}
        responses["200"] = found | {"headers": _headers(*headers)}
    responses |= said.get("responses", {})
    faults = {*said.get("faults", ()), *_ALWAYS}
    statuses = sorted({304, *faults} if kept else faults)
    return done | {"responses": responses | {str(status): _reference("responses", f"S{status}") for status in statuses}}


def _format(offered: Sequence[str], place: str, lenient: bool) -> Node:
    """The parameter that names a format; a *lenient* address ignores one that it does not know."""
    schema: Node = {"type": "string", "examples": offered} if lenient else {"enum": offered}
    found: Node = {"name": "format", "in": place, "schema": schema}
    if place == "path":
        return found | {"description": "The format.", "required": True}
    return found | {"description": "The format, whatever Accept says.", "allowEmptyValue": True}


def _content(own: Mapping[str, Any]) -> Node:
    """Media types with the schemas of those that are JSON."""
    found: Node = {media: _schema(name) for media, name in own.get("media", {}).items()}
    for group in own.get("formats", ()):
        for name, media in _GROUPS[group].items():
            found[media] = _schema(own["json"] if name == "json" else _SCHEMAS.get(name, ""))
    return found


def _schema(name: str) -> Node:
    return {"schema": _reference("schemas", name)} if name else {}


def _reference(kind: str, name: str) -> Node:
    return {"$ref": f"#/components/{kind}/{name}"}


def _responses() -> Node:
    """The answers that addresses share, by their statuses."""
    unchanged = {"description": "What the client has is still right.", "headers": _headers("ETag", "Vary")}
    content = {"application/problem+json": _schema("Problem"), "text/html": {}}
    found: Node = {"S304": unchanged}
    for status, about in _FAULTS.items():
        headers = ("Vary", "Retry-After") if status in {429, 503} else ("Vary",)
        found[f"S{status}"] = {"description": about, "headers": _headers(*headers), "content": content}
    return found


def _headers(*names: str) -> Node:
    return {name: _reference("headers", name) for name in names}
