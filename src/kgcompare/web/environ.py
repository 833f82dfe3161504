"""A request as WSGI has it, made of what the server says of it.

Source: PEP 3333 (environ); RSGI specification 1.5.
"""

from __future__ import annotations

import io
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, HTTPException, RequestHeaderFieldsTooLarge

from kgcompare.web.kept import FAULT

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from granian.rsgi import Scope


_LONG = 50
"""Characters of a header's name that is not remembered."""
_ALWAYS: WSGIEnvironment = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def _key(name: str) -> str:
    """What a header is called in an environ; empty for one that is left out."""
    key = name.upper().replace("-", "_")
    return "" if "_" in name else key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


_known_key = lru_cache(maxsize=1000)(_key)


def environ_of(scope: Scope, longest: int) -> WSGIEnvironment:
    """A request as WSGI has it, without its body.

    A header with an underscore in its name is dropped: it could pass for one that a proxy sets. One whose value is
    longer than *longest* is dropped too, and the request refused (431). A target that names a host beside the one of
    the ``Host`` header is refused (400), so that there is one host only to trust.

    Source: RFC 9112, section 3.2 (Host, absolute form); RFC 6585, section 5 (431).
    """
    host, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = {
        **_ALWAYS,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.0" if scope.http_version == "1" else "HTTP/" + scope.http_version,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    fault: HTTPException | None = None
    hosts = 0
    for name, value in scope.headers.items():
        key = _known_key(name) if len(name) < _LONG else _key(name)
        if len(value) > longest:
            fault = RequestHeaderFieldsTooLarge(f"a header of this request is longer than {longest:,} bytes")
        elif key:
            environ[key] = f"{environ[key]},{value}" if key in environ else value
            hosts += key == "HTTP_HOST"
    target = scope.authority
    if fault is None and target is not None and target.lower() != environ.get("HTTP_HOST", "").lower():
        fault = BadRequest("the Host header is not the host of the request's target")
    if fault is None and scope.http_version != "1" and hosts != 1:
        fault = BadRequest("a request names one host, in its Host header")
    if fault is not None:
        environ[FAULT] = fault
    return environ
