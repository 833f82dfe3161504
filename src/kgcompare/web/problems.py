"""Errors of the web: a problem document, or a page where the client named HTML.

Source: RFC 9457 (Problem Details for HTTP APIs).
"""

from __future__ import annotations

import json
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, request
from werkzeug import Response as AnyResponse
from werkzeug.exceptions import HTTPException, NotAcceptable

from kgcompare.errors import (
    Conflict,
    DataError,
    EndpointDown,
    EndpointError,
    KgcompareError,
    NotIndexed,
    Outdated,
    Refused,
    StillNamed,
    StoreError,
    TooMany,
    Unavailable,
    UnknownFormat,
    UnknownThing,
    UsageError,
)
from kgcompare.formats import FORMATS
from kgcompare.web.answered import REQUEST_ID
from kgcompare.web.negotiation import names_html
from kgcompare.web.rendering import problem_page
from kgcompare.web.request import names_host

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATUSES: Mapping[type[KgcompareError], HTTPStatus] = {
    KgcompareError: HTTPStatus.BAD_REQUEST,
    UsageError: HTTPStatus.BAD_REQUEST,
    UnknownThing: HTTPStatus.NOT_FOUND,
    UnknownFormat: HTTPStatus.NOT_ACCEPTABLE,
    Conflict: HTTPStatus.CONFLICT,
    Outdated: HTTPStatus.PRECONDITION_FAILED,
    DataError: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refused: HTTPStatus.BAD_REQUEST,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    EndpointError: HTTPStatus.BAD_GATEWAY,
    EndpointDown: HTTPStatus.SERVICE_UNAVAILABLE,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
}
"""The status of each kind of error; one that is not here has that of the kind it belongs to."""
_TELLING = {"accept", "allow", "retry-after", "www-authenticate"}
"""Headers of an error that go out with it."""
_UNREAD = "the catalogue cannot be read just now; the log of the server says why"


class NoSuchFormat(NotAcceptable):
    """406 that lists what there is."""

    def __init__(self, offered: tuple[str, ...]) -> None:
        types = [FORMATS[name].media_type for name in offered]
        super().__init__("this address comes as " + ", ".join(types))
        self.available = types


def status_of(fault: KgcompareError) -> int:
    """The status of an error."""
    return next(int(_STATUSES[kind]) for kind in type(fault).__mro__ if kind in _STATUSES)


def wants_page() -> bool:
    """Whether an error should be a page: HTML is named, by suffix, ``?format=`` or ``Accept``, in this order."""
    _, dot, suffix = request.path.rstrip("/").rsplit("/", 1)[-1].rpartition(".")
    chosen = suffix if dot and suffix in FORMATS else request.args.get("format", "")
    if chosen in FORMATS:
        return chosen == "html"
    return names_html(request.headers.get("Accept", ""))


def problem(status: int, detail: str, **more: object) -> Response:
    """The answer to a request that failed; *more* are members of the problem document beside those of the standard."""
    title = HTTPStatus(status).phrase
    if wants_page() and names_host():
        response = Response(_page(status, detail, more), status, mimetype="text/html")
    else:
        named = _named(request.environ.get(REQUEST_ID, ""))
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more, **named}
        text = json.dumps(body, ensure_ascii=False) + "\n"
        response = Response(text, status, content_type="application/problem+json")
    response.headers["Vary"] = "Accept, Accept-Language"
    response.headers["Cache-Control"] = "no-store" if status >= 500 else "no-cache"
    return response


def _named(name: str) -> dict[str, str]:
    """What a problem document says of the id of the request, under which the log has it."""
    return {"request": name} if name else {}


def _page(status: int, detail: str, more: Mapping[str, object]) -> str:
    """The page of an error; one without anything of the catalogue where that cannot be read."""
    try:
        return problem_page(status, detail, more)
    except KgcompareError:
        return _bare_page(HTTPStatus(status), detail)


def _bare_page(status: HTTPStatus, detail: str) -> str:
    return f"<!doctype html><title>{status.phrase}</title><p>{escape(detail)}</p>"


def refused_at_once(
    fault: Unavailable | HTTPException, accept: str, name: str
) -> tuple[str, list[tuple[str, str]], bytes]:
    """The answer to a request that is refused without a look at it: status, headers and body (WSGI); *accept* is its
    ``Accept``, *name* its id."""
    if isinstance(fault, HTTPException):
        status, detail, more = HTTPStatus(fault.code or 500), fault.description or "", _told(fault)
    else:
        status, detail = HTTPStatus(status_of(fault)), str(fault)
        more = [("Retry-After", str(fault.retry_after))]
    if names_html(accept):
        kind, text = "text/html; charset=utf-8", _bare_page(status, detail)
    else:
        about = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail, **_named(name)}
        kind, text = "application/problem+json", json.dumps(about) + "\n"
    body = text.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept, Accept-Language"),
        *more,
    ]
    return f"{status.value} {status.phrase.upper()}", headers, body


def _told(fault: HTTPException) -> list[tuple[str, str]]:
    """The headers of an error that say what to do about it."""
    return [(name, value) for name, value in fault.get_headers() if name.lower() in _TELLING]


def answer_errors(app: Flask) -> None:
    """Answers every error in this one way; no traceback ever leaves."""

    @app.errorhandler(KgcompareError)
    def ours(fault: KgcompareError) -> Response:
        more: dict[str, object] = {}
        if isinstance(fault, NotIndexed):
            more = {"index": "making", "done": fault.done, "total": fault.total}
        if isinstance(fault, StillNamed):
            more = {"named-by": list(fault.by)}
        elif isinstance(fault, UnknownThing):
            more = {"unknown": list(fault.unknown), "suggestions": list(fault.suggestions)}
        detail = str(fault)
        if isinstance(fault, StoreError) and not isinstance(fault, EndpointError):  # it names folders of this machine
            current_app.logger.warning("kgcompare: %s at %s", detail, request.path)
            detail = _UNREAD
        response = problem(status_of(fault), detail, **more)
        if isinstance(fault, Unavailable | EndpointDown):
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def http(fault: HTTPException) -> AnyResponse:
        status = fault.code or 500
        if fault.response is not None or 300 <= status < 400:
            return fault.get_response()
        more = {"available": fault.available} if isinstance(fault, NoSuchFormat) else {}
        response = problem(status, fault.description or "", **more)
        response.headers.update(_told(fault))
        return response

    @app.errorhandler(Exception)
    def unforeseen(fault: Exception) -> Response:
        current_app.logger.error("unforeseen %s at %s", type(fault).__name__, request.path, exc_info=fault)
        return problem(500, "the server failed; the failure is in its log")
