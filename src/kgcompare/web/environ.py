"""A request as WSGI has it, made of what the server says of it.

Source: PEP 3333 (environ); RSGI specification 1.5.
"""

from __future__ import annotations

import io
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, HTTPException, RequestHeaderFieldsTooLarge

from kgcompare.web.kept import FAULT

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from granian.rsgi import Scope


def environ_of(scope: Scope, longest: int) -> WSGIEnvironment:
    """A request as WSGI has it, without its body.

    A header with an underscore in its name is dropped: it could pass for one that a proxy sets. One whose value is
    longer than *longest* is dropped too, and the request refused (431). A target that names a host beside the one of
    the ``Host`` header is refused (400), so that there is one host only to trust.

    Source: RFC 9112, section 3.2 (Host, absolute form); RFC 6585, section 5 (431).
    """
    host, _, port = scope.server.rpartition(":")
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    fault: HTTPException | None = None
    for name, value in scope.headers.items():
        if len(value) > longest:
            fault = RequestHeaderFieldsTooLarge(f"a header of this request is longer than {longest:,} bytes")
        elif "_" not in name:
            by_name[name.upper().replace("-", "_")].append(value)
    headers: Mapping[str, str] = {name: ",".join(values) for name, values in by_name.items()}
    own = {name: headers[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if name in headers}
    target = scope.authority
    if fault is None and target is not None and target.lower() != headers.get("HOST", "").lower():
        fault = BadRequest("the Host header is not the host of the request's target")
    if fault is None and scope.http_version != "1" and len(by_name["HOST"]) != 1:
        fault = BadRequest("a request names one host, in its Host header")
    return {
        **({FAULT: fault} if fault else {}),
        **{f"HTTP_{name}": value for name, value in headers.items() if name not in own},
        **own,
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.0" if scope.http_version == "1" else "HTTP/" + scope.http_version,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
