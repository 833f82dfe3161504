"""Answers that are given while the endpoint of the catalogue does not answer: marked as what was known before.

Source: RFC 9111, section 4.2.4 (serving stale responses) and 5.1 (Age); RFC 9211 (Cache-Status).
"""

from __future__ import annotations

import gzip
import time
from html import escape
from typing import TYPE_CHECKING

from kgcompare.store.circuit import Outage
from kgcompare.text.languages import DEFAULT, speaks, translate

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

    from flask import Response

    from kgcompare.web.kept import Kept

_MAIN = b'<main id="page-main" tabindex="-1">'
_MARKED = "no-cache"
"""The ``Cache-Control`` of answers that depend on the catalogue."""


def _headers(outage: Outage) -> list[tuple[str, str]]:
    age = max(0, round(time.time() - outage.since))
    return [("Age", str(age)), ("Cache-Status", f"kgcompare; hit; ttl=-{age}; detail=origin-down")]


def _with_line(body: bytes, lang: str, outage: Outage) -> bytes:
    since = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(outage.since))
    said = translate(
        lang or DEFAULT,
        "The source of this catalogue does not answer just now. What you see is as of {time}.",
        time=since,
    )
    tag = speaks(lang or DEFAULT)
    line = f'<p class="notice" id="outage" role="status" lang="{escape(tag)}">{escape(said)}</p>'
    return body.replace(_MAIN, _MAIN + b"\n" + line.encode(), 1)


def mark_response(response: Response, outage: Outage) -> None:
    """Marks an answer; a page gets a line that says it. It is coded afterwards."""
    if response.status_code not in {200, 304} or response.headers.get("Cache-Control") != _MARKED:
        return
    response.headers.extend(_headers(outage))
    if response.status_code == 304 or response.mimetype != "text/html" or response.direct_passthrough:
        return
    body = response.get_data()
    if response.headers.pop("Content-Encoding", "") == "gzip":
        body = gzip.decompress(body)
    response.headers.pop("ETag", None)
    response.set_data(_with_line(body, response.headers.get("Content-Language", ""), outage))


def give_marked(kept: Kept, outage: Outage, method: str, start_response: StartResponse) -> list[bytes]:
    """Gives an answer that is kept, marked (WSGI)."""
    headers, body = _marked(kept, outage)
    start_response("200 OK", headers)
    return [body] if method == "GET" else []


def _marked(kept: Kept, outage: Outage) -> tuple[list[tuple[str, str]], bytes]:
    headers = dict(kept.headers)
    if headers.get("Cache-Control") != _MARKED:
        return list(kept.headers), kept.body
    if not headers.get("Content-Type", "").startswith("text/html"):
        return [*kept.headers, *_headers(outage)], kept.body
    body = gzip.decompress(kept.body) if headers.pop("Content-Encoding", "") == "gzip" else kept.body
    body = _with_line(body, headers.get("Content-Language", ""), outage)
    headers.pop("ETag", None)
    headers["Content-Length"] = str(len(body))
    return [*headers.items(), *_headers(outage)], body
