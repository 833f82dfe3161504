"""Who may write: asked by the headers alone, before anything of a request's body is read.

Writing is off as long as the store has no token; then nothing here costs a stranger's request more than a look at a
file. A request from a page of another origin is refused whatever token it has, and no preflight allows one.

Source: RFC 6750, sections 2.1 and 3 (bearer tokens); RFC 6585, section 3 (428); RFC 9110, section 12.5.1 (``Accept`` in
a 415) and 15.5.12 (411); Fetch, section 3.2 (``Origin``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    LengthRequired,
    MethodNotAllowed,
    PreconditionRequired,
    RequestEntityTooLarge,
    ServiceUnavailable,
    UnsupportedMediaType,
)
from werkzeug.http import parse_options_header
from werkzeug.routing import BaseConverter, RequestRedirect

from kgcompare.errors import StoreError
from kgcompare.sandbox.limits import Limits
from kgcompare.store.files import LOG
from kgcompare.store.tokens import Tokens
from kgcompare.web.kept import IF_MATCH

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

WRITES = {"PUT", "DELETE", "POST"}
"""The methods that write, where an address takes them for that."""
TAKEN = {"text/turtle": "ttl", "application/x-turtle": "ttl", "application/ld+json": "jsonld"}
"""What bodies may be, and the syntax that is read then."""
_OFFERED = ("text/turtle", "application/ld+json")
_READ = {"records.record", "lists.listing"}
"""What answers GET where one may write: a record, or a list."""
_BEARER = re.compile(r"Bearer +([\w.~+/-]+=*) *", re.ASCII | re.IGNORECASE)
_REALM = "kgcompare"
_PREFLIGHT = {
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, If-Match, If-None-Match, X-Requested-With",
    "Access-Control-Max-Age": "86400",
}
"""Headers of an answer to OPTIONS: what a script of another origin may send. Source: Fetch, section 3.2.3."""
BY = "kgcompare.by"
"""In the environ of a request that may write: the name of the token that it has."""


class SlugConverter(BaseConverter):
    """A slug in an address: what has a suffix is an address for reading."""

    regex = "[a-z0-9]+(?:-[a-z0-9]+)*"


class _Telling(HTTPException):
    """A refusal with a header that says what to do."""

    def __init__(self, code: int, why: str, name: str, value: str) -> None:
        self.code = code
        self._header = (name, value)
        super().__init__(why)

    def get_headers(self, *arguments: Any) -> list[tuple[str, str]]:
        """The headers, that one among them."""
        return [*super().get_headers(*arguments), self._header]


class Gate:
    """Stands before the addresses that write to a store."""

    def __init__(self, app: Flask, tokens: Path | None, limits: Limits) -> None:
        """*tokens* is the folder whose tokens open it; without one nothing does."""
        self._urls = app.url_map
        self._tokens = Tokens(tokens) if tokens is not None else None
        self._limits = limits

    def is_on(self) -> bool:
        """Whether there is a token at all.

        :raises StoreError: if that cannot be read.
        """
        return self._tokens is not None and bool(self._tokens.all())

    def who(self, text: str) -> str | None:
        """The name of the token that a text is; None where its time is over, empty for any other text.

        :raises StoreError: if that cannot be read.
        """
        token = self._tokens.named(text) if self._tokens is not None else None
        if token is None:
            return ""
        return None if token.has_ended() else token.name

    def writes(self, path: str) -> set[str]:
        """The methods that write at a path, whether that is on or off."""
        if self._endpoint(path, "GET") not in _READ:
            return set()
        return self._framed(path)

    def allowed(self, path: str, said: Collection[str]) -> list[str]:
        """Those of the methods that the framework *said* are allowed at a path that are."""
        taken = self.writes(path) if self._is_on_or_unknown() else set()
        return sorted(set(said) - (self._framed(path) - taken))

    def _framed(self, path: str) -> set[str]:
        """The methods that the framework leads to what writes, at addresses of other things too."""
        return {method for method in WRITES if self._endpoint(path, method).startswith("writing.")}

    def say_what_is_allowed(self, response: Response) -> None:
        """Has an answer name the methods that its address takes, and to pages of other origins none that writes."""
        methods = sorted(response.allow)
        if methods:
            response.headers["Allow"] = ", ".join(self.allowed(request.path, methods))
        if request.method == "OPTIONS":
            reading = set(methods or ["GET"]) - self._framed(request.path)
            response.headers.update(_PREFLIGHT | {"Access-Control-Allow-Methods": ", ".join(sorted(reading))})
        if request.blueprint == "writing":
            for name in ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers"):
                response.headers.pop(name, None)

    def refusal(self, environ: WSGIEnvironment) -> HTTPException | None:
        """What speaks against a request that would write, by its headers; None for every other request.

        *environ* is that of WSGI. Nothing of the token gets into what is said.
        """
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if method not in WRITES or not self._endpoint(path, method).startswith("writing."):
            return None
        try:
            on = self.is_on()
            if method not in self.writes(path) or not on:
                methods = list(self._urls.bind("").allowed_methods(path))
                why = "" if on else "nobody may write here; "
                allowed = self.allowed(path, methods)
                return MethodNotAllowed(allowed, f"{why}this address takes {', '.join(allowed)}")
            return self._of_who(environ) or (self._of_what(environ) if method != "DELETE" else self._of_state(environ))
        except StoreError as fault:
            LOG.warning("kgcompare: %s", fault)
            return ServiceUnavailable("who may write cannot be read just now; the log of the server says why")

    def _of_who(self, environ: WSGIEnvironment) -> HTTPException | None:
        if not _is_own(environ):
            return Forbidden("pages of other origins may read here, and not write")
        given = environ.get("HTTP_AUTHORIZATION", "")
        if not given:
            return _unauthorized("writing needs a token: Authorization: Bearer TOKEN")
        match = _BEARER.fullmatch(given)
        token = self._tokens.named(match[1]) if match and self._tokens is not None else None
        if token is None:
            return _unauthorized("this is no token that may write here, or not any more", "invalid_token")
        if token.has_ended():
            return _unauthorized("the time of this token is over; ask for another one", "invalid_token")
        environ[BY] = token.name
        return None

    def _of_what(self, environ: WSGIEnvironment) -> HTTPException | None:
        length = environ.get("CONTENT_LENGTH") or ""
        if not re.fullmatch("[0-9]+", length, re.ASCII):
            return LengthRequired("say by Content-Length how long the record is; it is not taken in chunks")
        if int(length[:20]) > self._limits.body_bytes:
            return RequestEntityTooLarge(f"a record may have {self._limits.body_bytes:,} bytes here")
        if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
            return UnsupportedMediaType("send the body as it is, without Content-Encoding")
        media, options = parse_options_header(environ.get("CONTENT_TYPE", ""))
        if media.lower() not in TAKEN or options.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
            why = f"a record is taken as {' or '.join(_OFFERED)}, in UTF-8"
            return _Telling(415, why, "Accept", ", ".join(_OFFERED))
        return self._of_state(environ) if environ["REQUEST_METHOD"] == "PUT" else None

    def _of_state(self, environ: Mapping[str, str]) -> HTTPException | None:
        making = environ.get("HTTP_IF_NONE_MATCH", "").strip() == "*" and environ["REQUEST_METHOD"] == "PUT"
        if making or environ.get("HTTP_IF_MATCH") or environ.get(IF_MATCH):
            return None
        new = ", or If-None-Match: * to make a new one" if environ["REQUEST_METHOD"] == "PUT" else ""
        return PreconditionRequired(
            f"say by If-Match which state of the record you have seen (its ETag){new}, so that no change is lost"
        )

    def _endpoint(self, path: str, method: str) -> str:
        try:
            return str(self._urls.bind("").match(path, method)[0])
        except (HTTPException, RequestRedirect):
            return ""

    def _is_on_or_unknown(self) -> bool:
        try:
            return self.is_on()
        except StoreError:
            return False


def _unauthorized(why: str, error: str = "") -> HTTPException:
    """401 with a challenge, which says what was wrong with a token where one was given."""
    said = f', error="{error}", error_description="{why}"' if error else ""
    return _Telling(401, why, "WWW-Authenticate", f'Bearer realm="{_REALM}"{said}')


def _is_own(environ: Mapping[str, str]) -> bool:
    """Whether a request comes from no page, or from one of ours."""
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return environ.get("HTTP_SEC_FETCH_SITE", "none") in {"none", "same-origin"}
    asked = urlsplit(origin)
    return asked.scheme == environ["wsgi.url_scheme"] and _hosts(asked.netloc) == _hosts(environ.get("HTTP_HOST", ""))


def _hosts(netloc: str) -> Iterable[str]:
    """A host with its port, without the port that goes without saying."""
    return re.sub(r":(?:80|443)\Z", "", netloc.lower())
