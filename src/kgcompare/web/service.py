"""The server itself: whether it can answer, and what every address of it takes and gives.

Source: OpenAPI Specification 3.1.1, section 4.8 (``openapi`` beside this file makes the document).
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from kgcompare.formats import Format
from kgcompare.formats.json import dumps
from kgcompare.sandbox.confinement import Lock
from kgcompare.sandbox.process import locks_here
from kgcompare.web.coding import wanted
from kgcompare.web.kept import SECURITY, Kept, answer, answers_of, give, pick
from kgcompare.web.negotiation import best_of, media_types_of
from kgcompare.web.openapi import openapi_document
from kgcompare.web.request import contact, current, has_current, limits, queries_allowed, root

blueprint = Blueprint("service", __name__)
_OPENAPI = Format("openapi", "OpenAPI", "application/vnd.oai.openapi+json;version=3.1")
_OFFERED = (*media_types_of(("json",)), (_OPENAPI.name, (_OPENAPI.media_type.partition(";")[0],)))


@blueprint.get("/healthz")
def health() -> Response:
    """Whether the server can answer, from which generation (none yet, until an endpoint has given one), and what keeps
    strangers' queries where they belong. It waits for no endpoint."""
    held = locks_here()
    body = dumps(
        {
            "status": "ok",
            "generation": current().name if has_current() else None,
            "queries": "on" if queries_allowed() else "off",
            "locks": {lock.value: lock in held for lock in Lock},
        }
    )
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), *SECURITY.items()]
    headers.append(("Vary", "Accept-Encoding"))
    if not has_current():
        return Response(body, headers=headers)
    answers = answers_of(current(), limits().kept_bytes)
    size = ("Content-Length", str(len(body)))
    kept = Kept(body.encode(), answers.tag("health", body), (*headers, size), tuple(headers))
    kept = kept.coded(wanted(request.environ))
    return kept.response() if request.query_string else give(kept)  # without a thread, however many are busy


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of this server, as plain JSON unless OpenAPI's own media type is preferred."""
    wanted = request.args.get("format") or best_of(request.headers.get("Accept", ""), _OFFERED)
    form = _OPENAPI if wanted == _OPENAPI.name else pick(("json",))
    return answer(form, None, lambda: dumps(openapi_document(root(), current(), contact())))
