"""The web application: pages, the same as data, and what programs need to follow links."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, g, request

from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.errors import StoreError
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.remote import RemoteStore
from kgcompare.web import data, pages, problems, sparql
from kgcompare.web.answers import Answers, request_key
from kgcompare.web.settings import Settings

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
SECURITY = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_MOST_BODY = 1024 * 1024


def create_app(settings: Settings | None = None, catalogue: Catalogue | None = None) -> Flask:
    """The Flask application over a catalogue, or over the one that *settings* name.

    :raises StoreError: if it cannot be opened.
    """
    settings = settings or Settings()
    found = catalogue or _open(settings)
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=_MOST_BODY, MAX_FORM_MEMORY_SIZE=_MOST_BODY, MAX_FORM_PARTS=200)
    app.config["QUERY_TIMEOUT"] = settings.query_timeout
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    kept: dict[str, Any] = {"view": None, "answers": None}

    @app.before_request
    def begin() -> Response | None:
        view = found.view()
        if kept["view"] is not view:
            kept["answers"] = Answers(view)
            kept["view"] = view
        g.view, g.answers = view, kept["answers"]
        if request.method in {"GET", "HEAD"}:
            answer = g.answers.get(request_key())
            if answer is not None:
                return answer.response()  # type: ignore[no-any-return]
        return None

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in SECURITY.items():
            response.headers[name] = value
        return response

    problems.register(app)
    app.register_blueprint(data.blueprint)
    app.register_blueprint(sparql.blueprint)
    app.register_blueprint(pages.blueprint)
    pages.register(app)
    if settings.prefix:
        app.wsgi_app = _Prefix(app.wsgi_app, settings.prefix)  # type: ignore[method-assign]
    return app


def _open(settings: Settings) -> Catalogue:
    extra = [triple for path in settings.shapes for triple in ingest.read_shapes(path)]
    if settings.endpoint is not None:
        return Catalogue(RemoteStore(settings.endpoint, timeout=settings.timeout), extra_shapes=extra)
    if settings.store is None:
        raise StoreError("name a store folder or an endpoint")
    return Catalogue(EmbeddedStore(settings.store), extra_shapes=extra)


class _Prefix:
    """Lets the application live below a path: requests with it lose it, links get it."""

    def __init__(self, app: Callable[..., Iterable[bytes]], prefix: str) -> None:
        self.app = app
        self.prefix = "/" + prefix.strip("/")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == self.prefix or path.startswith(self.prefix + "/"):
            environ["PATH_INFO"] = path[len(self.prefix) :] or "/"
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self.prefix
        return self.app(environ, start_response)
