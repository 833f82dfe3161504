"""The web application: pages, the same as data, and what programs need to follow links."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, request
from werkzeug import Response as AnyResponse
from werkzeug.exceptions import NotAcceptable, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from kgcompare.catalogue import Catalogue
from kgcompare.web import (
    assets,
    coding,
    compiled,
    crawlers,
    dataset,
    edit,
    finder,
    history,
    lists,
    memento,
    metrics,
    outages,
    pages,
    problems,
    query_page,
    reconcile,
    records,
    rendering,
    service,
    sparql,
    turns,
    vocabularies,
    writing,
)
from kgcompare.web.answered import OF_GENERATION
from kgcompare.web.front import Front
from kgcompare.web.gate import SlugConverter
from kgcompare.web.kept import FAULT, IF_MATCH, SECURITY, Kept, give, is_wanted
from kgcompare.web.negotiation import Coding
from kgcompare.web.opening import catalogue_of
from kgcompare.web.readiness import Readiness
from kgcompare.web.request import check_host, leave_out, let_go_of_current, set_current
from kgcompare.web.settings import Settings
from kgcompare.web.together import Together

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from kgcompare.web.kept import QuickApplication

_ADDRESSES = (
    crawlers,
    dataset,
    edit,
    finder,
    history,
    lists,
    metrics,
    pages,
    query_page,
    reconcile,
    records,
    service,
    sparql,
    vocabularies,
    writing,
)
"""The modules that answer addresses."""


class Site(Flask):
    """The Flask application behind what answers without waking it: kept answers, a prefix, proxies."""

    def __init__(self) -> None:
        super().__init__(__name__)
        self.outer: WSGIApplication = super().wsgi_app

    def send_static_file(self, filename: str) -> Response:
        """What pages load; else the record of that name, where a catalogue has a kind that is called static."""
        file = assets.file_of(filename)
        if file != filename and assets.asset_name(file) == filename:
            return give(_asset(file, coding.wanted(request.environ)))
        try:
            return super().send_static_file(file)
        except NotFound:
            if "/" in filename:
                raise
            return records.record("static", filename)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request (WSGI); a quick one by None where no answer is kept (:data:`~kgcompare.web.kept.QUICK`)."""
        return self.outer(environ, start_response)


@cache
def _asset(file: str, wanted: Coding) -> Kept:
    """The answer with a file that pages load, for one who asked by the name of its content: made once, with all effort.

    Source: RFC 8246 (immutable).
    """
    body, tag = assets.content(file), f'"{assets.digest(file)}"'
    always = [("ETag", tag), ("Vary", "Accept-Encoding"), ("Cache-Control", assets.FOR_GOOD), *SECURITY.items()]
    own = [("Content-Type", assets.media_type(file)), ("Content-Length", str(len(body)))]
    return Kept(body, tag, (*own, *always), tuple(always)).coded(wanted, coding.THOROUGHLY)


def create_app(settings: Settings | None = None, catalogue: Catalogue | None = None) -> Site:
    """The application over a catalogue, or over the one that *settings* name.

    :raises StoreError: if it cannot be opened.
    """
    settings = settings or Settings()
    limits = settings.limits
    catalogue = catalogue or catalogue_of(settings)
    app = Site()
    app.config.update(
        LIMITS=limits,
        UNCONFINED=settings.unconfined,
        CONTACT=settings.contact,
        ENDPOINT_QUERIES=settings.endpoint_queries,
        TOGETHER=Together(settings.shared) if settings.shared else None,
        MAX_CONTENT_LENGTH=limits.body_bytes,
        MAX_FORM_MEMORY_SIZE=limits.body_bytes,
        MAX_FORM_PARTS=limits.form_parts,
    )
    app.extensions["kgcompare"] = catalogue
    turns.give_turns(app, limits)
    metrics.add_metrics(app, settings)
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    compiled.prepare_templates(app, settings.templates)
    app.url_map.converters["slug"] = SlugConverter
    gate = writing.open_to_writers(app, settings)
    front = Front(app.outer, catalogue, limits.kept_bytes, partial(turns.refusal, app), gate.refusal)
    readiness = Readiness(catalogue)
    service.speak_for(app, front, readiness)
    trusted = settings.names

    @app.before_request
    def begin() -> AnyResponse | None:
        check_host(trusted)
        if "HTTP_IF_MATCH" in request.environ:  # the framework takes * for a tag
            request.environ[IF_MATCH] = request.environ.pop("HTTP_IF_MATCH")
        if FAULT in request.environ:
            raise request.environ[FAULT]
        if not coding.wanted(request.environ).acceptable:
            raise NotAcceptable("answers come as they are, or in gzip; Accept-Encoding takes neither")
        if request.endpoint in service.BY_ITSELF:
            return None
        generation = front.current()
        request.environ[OF_GENERATION] = generation.name
        set_current(generation)
        leave_out()
        return memento.travel()

    @app.after_request
    def protect(response: Response) -> Response:
        if (outage := catalogue.store.outage) is not None:
            outages.mark_response(response, outage)
        coding.code(response, request.environ)
        wanted = request.environ.get(IF_MATCH)
        there = response.status_code < 300 or response.status_code == 304
        if wanted is not None and there and not is_wanted(response.headers.get("ETag", ""), wanted):
            response.close()
            response = problems.problem(412, "what is here now is not what If-Match names")
        for name, value in SECURITY.items():
            response.headers.setdefault(name, value)
        memento.say_when(response)
        gate.say_what_is_allowed(response)
        return response

    app.teardown_appcontext(let_go_of_current)
    problems.answer_errors(app)
    for module in _ADDRESSES:
        app.register_blueprint(module.blueprint)
    rendering.equip_templates(app)
    memento.equip(app)
    # The None of a quick request, which only our own server makes, is not in the type.
    app.outer = cast("WSGIApplication", _Prefix(front, settings.root) if settings.root else front)
    if n := settings.proxies:
        app.outer = ProxyFix(app.outer, x_for=n, x_proto=n, x_host=n)
    return app


class _Prefix:
    """Lets the application live below a path: requests with it lose it, links get it."""

    def __init__(self, app: QuickApplication, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        path = environ.get("PATH_INFO", "")
        if path == self.prefix or path.startswith(self.prefix + "/"):
            environ["PATH_INFO"] = path[len(self.prefix) :] or "/"
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self.prefix
        return self.app(environ, start_response)
