"""The server itself: whether it can answer."""

from __future__ import annotations

from flask import Blueprint, Response

from kgcompare.formats import json
from kgcompare.web.request import current

blueprint = Blueprint("service", __name__)


@blueprint.get("/healthz")
def health() -> Response:
    """Whether the server can answer, and from which generation."""
    body = json.dumps({"status": "ok", "generation": current().name})
    return Response(body, content_type="application/json", headers={"Cache-Control": "no-store"})
