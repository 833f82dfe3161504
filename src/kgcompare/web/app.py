"""The web application: pages, the same as data, and what programs need to follow links."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from kgcompare.catalogue import Catalogue
from kgcompare.errors import StoreError
from kgcompare.schema.shapes import read_shapes
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from kgcompare.web import (
    crawlers,
    dataset,
    lists,
    openapi,
    pages,
    problems,
    query_page,
    reconcile,
    records,
    rendering,
    service,
    sparql,
    vocabularies,
)
from kgcompare.web.gateway import FAULT
from kgcompare.web.kept import PREFLIGHT, SECURITY, Front
from kgcompare.web.request import check_host, set_current
from kgcompare.web.settings import Settings

_ADDRESSES = (
    crawlers,
    dataset,
    lists,
    openapi,
    pages,
    query_page,
    reconcile,
    records,
    service,
    sparql,
    vocabularies,
)
"""The modules that answer addresses."""
MOST_BODY = 1024 * 1024
"""Bytes of a request's body."""


def create_app(settings: Settings | None = None, catalogue: Catalogue | None = None) -> Flask:
    """The Flask application over a catalogue, or over the one that *settings* name.

    :raises StoreError: if it cannot be opened.
    """
    settings = settings or Settings()
    found = catalogue or _open(settings)
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BODY, MAX_FORM_MEMORY_SIZE=MOST_BODY, MAX_FORM_PARTS=200)
    app.extensions["kgcompare"] = found
    app.config["QUERY_TIMEOUT"] = settings.query_timeout
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    front = Front(app.wsgi_app, found)
    trusted = settings.names

    @app.before_request
    def begin() -> None:
        check_host(trusted)
        if FAULT in request.environ:
            raise request.environ[FAULT]
        set_current(front.current())

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in SECURITY.items():
            response.headers.setdefault(name, value)
        if request.method == "OPTIONS":
            response.headers.update(PREFLIGHT | {"Access-Control-Allow-Methods": response.headers.get("Allow", "GET")})
        return response

    problems.register(app)
    for module in _ADDRESSES:
        app.register_blueprint(module.blueprint)
    rendering.equip_templates(app)
    outer: Any = _Prefix(front, settings.root) if settings.root else front
    n = settings.proxies
    app.wsgi_app = ProxyFix(outer, x_for=n, x_proto=n, x_host=n) if n else outer  # type: ignore[method-assign]
    return app


def _open(settings: Settings) -> Catalogue:
    extra = [triple for path in settings.shapes for triple in read_shapes(path)]
    if settings.endpoint is not None:
        return Catalogue(RemoteStore(settings.endpoint, timeout=settings.timeout), extra_shapes=extra)
    if settings.store is None:
        raise StoreError("name a store folder or an endpoint")
    return Catalogue(EmbeddedStore(settings.store), extra_shapes=extra)


class _Prefix:
    """Lets the application live below a path: requests with it lose it, links get it."""

    def __init__(self, app: Callable[..., Iterable[bytes] | None], prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes] | None:
        path = environ.get("PATH_INFO", "")
        if path == self.prefix or path.startswith(self.prefix + "/"):
            environ["PATH_INFO"] = path[len(self.prefix) :] or "/"
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self.prefix
        return self.app(environ, start_response)
