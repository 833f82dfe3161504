"""The reconciliation service: OpenRefine and its like find the things that somebody's table is about.

Scripts of other origins are served by CORS. JSONP is refused: it would let whoever gets markup into a page of ours
call any function there, past the Content-Security-Policy.

Source: Reconciliation Service API 0.2, section 3 (manifest, cross-origin access), 4.3 (sending queries), 5 (preview), 6
(suggest services) and 7 (data extension).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from kgcompare import __version__
from kgcompare.errors import UnknownThing, UsageError
from kgcompare.formats import json
from kgcompare.reconciliation import (
    Sizes,
    Things,
    extend,
    fitting,
    read_extension,
    read_queries,
    read_query,
    reconcile,
)
from kgcompare.text.languages import speaks, translate
from kgcompare.web.kept import SECURITY
from kgcompare.web.rendering import render_page
from kgcompare.web.request import VARY, current, language, limits, own_words, root, whole_number
from kgcompare.web.turns import costly

blueprint = Blueprint("reconcile", __name__, url_prefix="/reconcile")
_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
_SUGGESTED, _MOST_SUGGESTED, _FARTHEST = 10, 50, 1000
_WIDTH, _HEIGHT = 430, 300
"""Pixels of the frame that a preview is made for."""


@blueprint.route("", methods=["GET", "POST"])
def endpoint() -> Response:
    """Answers ``queries=``, ``query=`` or ``extend=``, of the address or of a form; without any the manifest."""
    things = _things()
    if any(_parameter(name) is not None for name in ("queries", "query", "extend")):
        return _answer(things, _result(things))
    if request.method == "POST":
        raise UsageError("send queries= or extend= as a form")
    return _answer(things, manifest(things))


@costly
def _result(things: Things) -> dict[str, Any]:
    """What was asked for, as the API has it."""
    allowed = limits()
    bounds = Sizes(allowed.reconcile_properties, allowed.reconcile_values, allowed.reconcile_things)
    if (queries := _parameter("queries")) is not None:
        batch = read_queries(queries, bounds)
        most = allowed.reconcile_queries
        if len(batch) > most:
            raise RequestEntityTooLarge(
                f"{len(batch)} queries are too many for a batch; {most} are the most (--reconcile-queries)"
            )
        return reconcile(things, batch)
    if (query := _parameter("query")) is not None:
        return reconcile(things, {"query": read_query(query, bounds)})["query"]
    return extend(things, read_extension(_parameter("extend") or "", bounds))


def manifest(things: Things) -> dict[str, object]:
    """What the service can do and where; its addresses keep the ``?lang=`` that it was asked for in."""
    keep = "?" + urlencode({"lang": request.args["lang"]}) if request.args.get("lang") else ""

    def service(path: str) -> dict[str, str]:
        return {"service_url": root(), "service_path": f"/reconcile/{path}{keep}"}

    return {
        "versions": ["0.2"],
        "name": own_words(things.lang).name[1],
        "identifierSpace": f"{current().base.value}id/",
        "schemaSpace": "https://schema.org/Thing",
        "documentation": f"{root()}/dataset",
        "logo": f"{root()}/static/icon.svg",
        "serviceVersion": __version__,
        "defaultTypes": [things.type(kind) for kind in things.kinds],
        "batchSize": limits().reconcile_queries,
        "view": {"url": root() + "/{{id}}" + keep},
        "preview": {
            "url": root() + "/reconcile/preview?id={{id}}" + keep.replace("?", "&"),
            "width": _WIDTH,
            "height": _HEIGHT,
        },
        "suggest": {name: service(f"suggest/{name}") for name in ("entity", "property", "type")},
        "extend": {"propose_properties": service("properties"), "property_settings": _settings(things.lang)},
    }


def _settings(lang: str) -> list[dict[str, object]]:
    """What can be set for each property that is fetched."""
    return [
        {
            "name": "lang",
            "label": translate(lang, "Language of texts"),
            "type": "text",
            "default": lang,
            "help_text": translate(lang, "A tag such as en or fr"),
        },
        {
            "name": "limit",
            "label": translate(lang, "Number of values"),
            "type": "number",
            "default": 0,
            "help_text": translate(lang, "0 for all of them"),
        },
    ]


@blueprint.get("/suggest/entity")
@costly
def suggest_entity() -> Response:
    """Things that ``?prefix=`` may become, of ``?type=`` only where one is named; ``?cursor=`` skips some."""
    things = _things()
    types = request.args.getlist("type")
    kinds = [kind for kind in things.kinds if not types or kind in types]
    return _answer(things, {"result": things.suggest(_prefix(), kinds, *_stretch())})


@blueprint.get("/suggest/type")
def suggest_type() -> Response:
    """Types that ``?prefix=`` may become."""
    things = _things()
    return _answer(things, {"result": fitting(map(things.type, things.kinds), _prefix(), *_stretch())})


@blueprint.get("/suggest/property")
def suggest_property() -> Response:
    """Properties that ``?prefix=`` may become, of things of ``?type=`` where it is named."""
    things = _things()
    kind = request.args.get("type", "")
    offered = things.properties(kind if kind in things.kinds else "")
    return _answer(things, {"result": fitting(offered, _prefix(), *_stretch())})


@blueprint.get("/properties")
def propose_properties() -> Response:
    """The properties that things of ``?type=`` have, at most ``?limit=``; of every type where none is named."""
    things = _things()
    kind = request.args.get("type", "")
    limit = whole_number("limit", None, 1, _FARTHEST)
    properties = things.properties(kind) if not kind or kind in things.kinds else []
    of_type = {"type": kind[:200]} if kind else {}
    return _answer(things, {"properties": properties[:limit], **of_type, **({"limit": limit} if limit else {})})


@blueprint.get("/preview")
@costly
def preview() -> Response:
    """A small page of the thing ``?id=``, which pages of any origin may have in a frame."""
    lang = language()
    name = request.args.get("id", "")[:2000]
    entry = Things(current(), lang).entry(name)
    if entry is None:
        raise UnknownThing(f"there is no {name[:80]!r} in the catalogue", (name[:80],))
    record = current().record(entry.kind, entry.slug, lang)
    response = Response(render_page("preview.html", lang, record=record), mimetype="text/html")
    policy = SECURITY["Content-Security-Policy"].partition("frame-ancestors")[0] + "frame-ancestors *"
    response.headers["Content-Security-Policy"] = policy
    response.headers.update({"Vary": VARY, "Cache-Control": "no-cache", "Content-Language": speaks(lang)})
    return response


def _things() -> Things:
    """The things in the language of the request.

    :raises UsageError: if it asks for JSONP.
    """
    if "callback" in request.args:
        raise UsageError("callback (JSONP) is not offered; scripts of any origin may read the plain answer (CORS)")
    return Things(current(), language())


def _parameter(name: str) -> str | None:
    """A parameter of the form or else of the address.

    :raises UnsupportedMediaType: if there is a body that is no form.
    """
    if request.method == "POST" and request.mimetype not in _FORMS and (request.content_length or request.mimetype):
        raise UnsupportedMediaType("POST a form: application/x-www-form-urlencoded")
    return request.form.get(name, request.args.get(name))


def _prefix() -> str:
    return request.args.get("prefix", "").strip()[:200]


def _stretch() -> Sequence[int]:
    """How many suggestions to skip, and how many to make."""
    skip, most = whole_number("cursor", 0, 0, _FARTHEST), whole_number("limit", _SUGGESTED, 1, _MOST_SUGGESTED)
    return skip or 0, most or _SUGGESTED


def _answer(things: Things, data: Mapping[str, object] | Sequence[object]) -> Response:
    headers = {"Vary": "Accept-Language", "Cache-Control": "no-cache", "Content-Language": things.lang}
    body = json.dumps(data).encode("utf-8", "replace")
    return Response(body, content_type="application/json", headers=headers)
