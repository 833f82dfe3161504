"""The server itself: whether it can answer, and what every address of it takes and gives.

Source: OpenAPI Specification 3.1.1, section 4.8 (``openapi`` beside this file makes the document).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple, cast

from flask import Blueprint, Flask, Response, current_app, request

from kgcompare.errors import NotIndexed
from kgcompare.formats import Format
from kgcompare.formats.json import dumps
from kgcompare.sandbox.confinement import Lock
from kgcompare.sandbox.process import are_closed, locks_here
from kgcompare.web.coding import wanted
from kgcompare.web.front import Front
from kgcompare.web.kept import SECURITY, Kept, answer, pick
from kgcompare.web.negotiation import best_of, media_types_of
from kgcompare.web.openapi import openapi_document
from kgcompare.web.readiness import Readiness
from kgcompare.web.request import contact, current, root

blueprint = Blueprint("service", __name__)
BY_ITSELF = {"service.health", "service.ready"}
"""What is answered without a look at the catalogue."""
_OPENAPI = Format("openapi", "OpenAPI", "application/vnd.oai.openapi+json;version=3.1")
_OFFERED = (*media_types_of(("json",)), (_OPENAPI.name, (_OPENAPI.media_type.partition(";")[0],)))


@blueprint.get("/healthz")
def health() -> Response:
    """Whether the server lives, from which generation it answers as far as is known, and what keeps strangers' queries
    where they belong; waits for nothing."""
    site = _site()
    if not request.query_string:  # who has asked so once needs no thread, however many are busy
        site.front.always(request.environ, site.alive)
    return site.alive(request.environ).response()


class _Site(NamedTuple):
    """What is known of a server without asking anybody."""

    front: Front
    readiness: Readiness
    unconfined: bool
    passes_on: bool

    def alive(self, environ: Mapping[str, str]) -> Kept:
        """The answer of ``/healthz``, made of what is in memory."""
        held = locks_here()
        elsewhere = self.front.catalogue.store.is_elsewhere
        allowed = self.passes_on if elsewhere else self.unconfined or are_closed(held)
        self.readiness.begin()
        state = {
            "status": "ok",
            "generation": self.readiness.generation,
            "queries": "on" if allowed else "off",
            "locks": {lock.value: lock in held for lock in Lock},
        }
        return _told(state, environ)


def speak_for(app: Flask, front: Front, readiness: Readiness) -> None:
    """Has an application say how it is."""
    app.extensions["kgcompare.service"] = _Site(
        front, readiness, app.config["UNCONFINED"], app.config["ENDPOINT_QUERIES"]
    )


def begin(app: Flask) -> None:
    """Has the catalogue looked at, and its index made if it has to be, before anybody asks for a page."""
    cast("_Site", app.extensions["kgcompare.service"]).readiness.begin()


def _site() -> _Site:
    return cast("_Site", current_app.extensions["kgcompare.service"])


@blueprint.get("/readyz")
def ready() -> Response:
    """Whether the catalogue can be read and its index is there (200), or what is missing (503); within a second."""
    state = _site().readiness.told()
    response = _told(state, request.environ).response()
    if state["status"] != "ready":
        response.status_code = 503
        response.headers["Retry-After"] = str(NotIndexed.retry_after)
    return response


def _told(state: Mapping[str, object], environ: Mapping[str, str]) -> Kept:
    body = dumps(state)
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), *SECURITY.items()]
    headers.append(("Vary", "Accept-Encoding"))
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    kept = Kept(body.encode(), tag, (*headers, ("Content-Length", str(len(body)))), tuple(headers))
    return kept.coded(wanted(environ))


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of this server, as plain JSON unless OpenAPI's own media type is preferred."""
    wanted = request.args.get("format") or best_of(request.headers.get("Accept", ""), _OFFERED)
    form = _OPENAPI if wanted == _OPENAPI.name else pick(("json",))
    return answer(form, None, lambda: dumps(openapi_document(root(), current(), contact())))
