"""Answers that are made once for each generation: entity tags, 304, and a cache of whole bodies."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, g, request

from kgcompare import __version__
from kgcompare.catalogue import View
from kgcompare.formats import FORMATS, Format
from kgcompare.web.negotiation import choose
from kgcompare.web.problems import NoSuchFormat

_MOST_BYTES = 64 * 1024 * 1024
_VARY = "Accept, Accept-Language"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is kept: body, entity tag, and headers."""

    body: bytes
    tag: str
    headers: tuple[tuple[str, str], ...]

    def response(self) -> Response:
        """The answer, or 304 where the client has it."""
        if self.tag in request.headers.get("If-None-Match", ""):
            response = Response(status=304)
            del response.headers["Content-Type"]
        else:
            response = Response(self.body)
        response.headers.extend(self.headers)
        return response


class Answers:
    """The answers of one generation, for as long as they fit into memory."""

    def __init__(self, view: View) -> None:
        shapes = "".join(sorted(str(triple) for triple in view.shapes.triples))
        state = "\0".join((view.store.identity, view.generation, __version__, shapes))
        self.state = hashlib.sha256(state.encode()).hexdigest()
        self._kept: dict[tuple[str, ...], Kept] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...]) -> Kept | None:
        """A kept answer."""
        return self._kept.get(key)

    def put(self, key: tuple[str, ...], kept: Kept) -> None:
        """Keeps an answer; starts anew where all would be too much."""
        with self._lock:
            self._bytes += len(kept.body) + 1000
            if self._bytes > _MOST_BYTES:
                self._kept.clear()
                self._bytes = len(kept.body) + 1000
            self._kept[key] = kept

    def tag(self, *parts: str) -> str:
        """A strong entity tag of a representation of this state."""
        text = "\0".join((self.state, *parts))
        return '"' + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32] + '"'


def request_key() -> tuple[str, ...]:
    """What an answer depends on beside the state of the catalogue."""
    environ = request.environ
    return (
        environ.get("SCRIPT_NAME", ""),
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_ACCEPT", ""),
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
    )


def pick(offered: tuple[str, ...], suffix: str = "") -> Format:
    """The format of this request's answer.

    :raises NoSuchFormat: if none of *offered* is acceptable (406).
    """
    named = suffix or request.args.get("format", "")
    if named:
        if named not in offered:
            raise NoSuchFormat(offered)
        return FORMATS[named]
    form = choose(request.headers.get("Accept", ""), offered)
    if form is None:
        raise NoSuchFormat(offered)
    return form


def answer(form: Format, lang: str | None, make: Callable[[], str]) -> Response:
    """The answer to this request in a format, made unless the client has it, and kept."""
    key = request_key()
    tag = g.answers.tag(form.name, lang or "", *key)
    headers = [
        ("Content-Type", form.content_type),
        ("ETag", tag),
        ("Vary", _VARY),
        ("Cache-Control", "no-cache"),
    ]
    if lang:
        headers.append(("Content-Language", lang))
    body = b"" if tag in request.headers.get("If-None-Match", "") else make().encode("utf-8", "replace")
    kept = Kept(body, tag, tuple(headers))
    if body and len(body) < _MOST_BYTES // 16:
        g.answers.put(key, kept)
    return kept.response()
