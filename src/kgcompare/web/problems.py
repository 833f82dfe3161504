"""Errors of the web: a problem document, or a page where the client named HTML.

Source: RFC 9457 (Problem Details for HTTP APIs).
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug import Response as AnyResponse
from werkzeug.exceptions import HTTPException, NotAcceptable

from kgcompare.errors import (
    DataError,
    EndpointError,
    KgcompareError,
    Refused,
    StoreError,
    TooMany,
    Unavailable,
    UnknownFormat,
    UnknownThing,
)
from kgcompare.formats import FORMATS
from kgcompare.web.negotiation import names_html
from kgcompare.web.rendering import problem_page


class NoSuchFormat(NotAcceptable):
    """406 that lists what there is."""

    def __init__(self, offered: tuple[str, ...]) -> None:
        types = [FORMATS[name].media_type for name in offered]
        super().__init__("this address comes as " + ", ".join(types))
        self.available = types


def status_of(fault: KgcompareError) -> int:
    """The status of an error."""
    if isinstance(fault, UnknownThing):
        return 404
    if isinstance(fault, TooMany):
        return 429
    if isinstance(fault, Unavailable):
        return 503
    if isinstance(fault, Refused):
        return 400
    if isinstance(fault, EndpointError):
        return 502
    if isinstance(fault, StoreError):
        return 503
    if isinstance(fault, UnknownFormat):
        return 406
    return 422 if isinstance(fault, DataError) else 400


def wants_page() -> bool:
    """Whether an error should be a page: HTML is named, by suffix, ``?format=`` or ``Accept``, in this order."""
    _, dot, suffix = request.path.rstrip("/").rsplit("/", 1)[-1].rpartition(".")
    chosen = suffix if dot and suffix in FORMATS else request.args.get("format", "")
    if chosen in FORMATS:
        return chosen == "html"
    return names_html(request.headers.get("Accept", ""))


def problem(status: int, detail: str, **more: Any) -> Response:
    """The answer to a request that failed."""
    title = HTTPStatus(status).phrase
    if wants_page():
        response = Response(problem_page(status, detail, more), status, mimetype="text/html")
    else:
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
        text = json.dumps(body, ensure_ascii=False) + "\n"
        response = Response(text, status, content_type="application/problem+json")
    response.headers["Vary"] = "Accept, Accept-Language"
    response.headers["Cache-Control"] = "no-store" if status >= 500 else "no-cache"
    return response


def register(app: Flask) -> None:
    """Answers every error in this one way; no traceback ever leaves."""

    @app.errorhandler(KgcompareError)
    def ours(fault: KgcompareError) -> Response:
        more: dict[str, Any] = {}
        if isinstance(fault, UnknownThing):
            more = {"unknown": list(fault.unknown), "suggestions": list(fault.suggestions)}
        response = problem(status_of(fault), str(fault), **more)
        if isinstance(fault, Unavailable):
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def http(fault: HTTPException) -> AnyResponse:
        status = fault.code or 500
        if fault.response is not None or 300 <= status < 400:
            return fault.get_response()
        more = {"available": fault.available} if isinstance(fault, NoSuchFormat) else {}
        response = problem(status, fault.description or "", **more)
        for name, value in fault.get_headers():
            if name.lower() in {"allow", "retry-after"}:
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unforeseen(fault: Exception) -> Response:
        current_app.logger.error("unforeseen %s at %s", type(fault).__name__, request.path, exc_info=fault)
        return problem(500, "the server failed; the failure is in its log")
