"""What a request says: its language, the server's own address, and what an address should keep."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, cast

from flask import current_app, g, request, url_for
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, MisdirectedRequest
from werkzeug.routing import Map

from kgcompare.catalogue.about import Spoken, about_of, spoken
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import StoreError, UsageError
from kgcompare.rdf.about import Metadata
from kgcompare.rdf.namespaces import slugify
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.process import are_closed, locks_here
from kgcompare.text import languages
from kgcompare.web.negotiation import choose_language
from kgcompare.web.together import Together

_HOST = re.compile(r"([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]+")
"""A number as JSON and forms write it; Python takes signs, underscores and digits of other scripts too."""
_PORTS = {"http": "80", "https": "443"}
_RANGE = re.compile(r"bytes=(?:[0-9]+-[0-9]*|-[0-9]+)", re.ASCII | re.IGNORECASE)
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "pages.home": (),
    "pages.compare": ("method", "only", "class", "add", "swap", "rows", "bom", "at"),
    "records.record": ("at",),
    "edit.shown": (),
    "edit.shown_new": ("class",),
    "history.record": ("before",),
    "history.changes": ("before",),
    "lists.listing": ("q", "from", "to", "sort", "after", "limit", "as", "method", "compare", "bom"),
    "lists.suggest": ("q", "limit", "kind"),
    "finder.finder": ("q", "after", "limit", "method", "compare"),
    "dataset.page": (),
    "dataset.well_known": (),
    "dataset.report": (),
    "service.openapi": (),
}
"""The parameters that an address knows beside ``lang`` and ``format``; lists and the finder know facets too."""

VARY = "Accept, Accept-Language, Accept-Encoding"
"""The headers that most answers depend on."""
NEWEST, LOGGED = "newest", "logged"
"""In what a request for the past has: the newest generation, and the change that made the one that answers it."""
TRAVELLING = {"records.record", "pages.compare"}
"""What can be asked for as it was."""


def current() -> Generation:
    """The generation that this request is answered from, the same from its beginning to its end.

    :raises StoreError: if the store could not be read when the request came in.
    """
    generation = g.get("generation")
    if not isinstance(generation, Generation):
        raise StoreError("the catalogue cannot be read")
    return generation


def varies() -> str:
    """The headers that an answer depends on: on the time that one asks for too, where what was can be asked for."""
    travels = request.endpoint in TRAVELLING and current().keeps_history
    return f"{VARY}, Accept-Datetime" if travels else VARY


def has_current() -> bool:
    """Whether this request has a generation to be answered from; an error page may have none."""
    return "generation" in g


def set_current(generation: Generation) -> None:
    """Says which generation this request is answered from."""
    g.generation = generation


def let_go_of_current(_: BaseException | None = None) -> None:
    """Forgets the generation when the request is over: what pages are made with, which stays until Python looks for
    cycles, would keep it, and its workers with it.
    """
    for name in ("generation", "here", "canonical", NEWEST, LOGGED):
        g.pop(name, None)


def leave_out() -> None:
    """Leaves out of the request what means nothing here, so that it makes no other answer and stands in no link.

    That are parameters which the address does not know, where it is one whose answers are kept, and a ``Range`` that
    is no single one of bytes, which may be answered with the whole.

    Source: RFC 9110, section 14.2 (Range).
    """
    if not _RANGE.fullmatch(request.environ.get("HTTP_RANGE", "bytes=0-")) or request.method != "GET":
        request.environ.pop("HTTP_RANGE", None)
    known = _PARAMETERS.get(request.endpoint or "")
    if known is None:
        return
    names = {"lang", "format", *known}
    if request.endpoint in {"lists.listing", "finder.finder"}:
        shapes = current().shapes
        facets = {facet.id for cls in shapes.classes for facet in shapes.facets(cls) if facet.id}
        names |= facets | {f"not-{facet}" for facet in facets if request.endpoint == "finder.finder"}
    if request.endpoint == "pages.compare":
        names |= {current().shapes.kind_of_class(cls) for cls in current().shapes.leading}
    if not names.issuperset(request.args):
        given = [(name, value) for name, value in request.args.items(multi=True) if name in names]
        request.args = ImmutableMultiDict(given)


def editable(kind: str = "") -> bool:
    """Whether records of this catalogue can be changed here: mere quads, and an endpoint that nobody has written to
    through kgcompare, cannot. Where a
    *kind* is named, whether one of it can be made: there has to be a shape for it."""
    if not has_current() or not current().keeps_shapes:
        return False
    shapes = current().shapes
    return not kind or any(map(shapes.fields, shapes.classes_of_kind(kind)[:1]))


def limits() -> Limits:
    """How much anybody may have of this application."""
    return cast("Limits", current_app.config["LIMITS"])


def made_together() -> Together | None:
    """What the processes of this server make together; None where there is one process only."""
    return cast("Together | None", current_app.config["TOGETHER"])


def contact() -> str:
    """To whom mistakes are told: as the settings say, else as the catalogue does; empty where neither names anybody."""
    return cast("str", current_app.config["CONTACT"]) or _own().contact


def own_words(lang: str) -> Spoken:
    """What the catalogue says of itself to a reader of *lang*.

    :raises StoreError: if it cannot be read.
    """
    return spoken(_own(), lang)


def do_without_own_words() -> None:
    """Has this request answered as by a catalogue that says nothing of itself, where that cannot be read."""
    g.unread = True


def _own() -> Metadata:
    return about_of(current()) if has_current() and "unread" not in g else Metadata()


def unconfined() -> bool:
    """Whether strangers' queries may run where no lock keeps them from the network and from files."""
    return bool(current_app.config["UNCONFINED"])


def queries_allowed() -> bool:
    """Whether strangers may send queries: where there is a lock, or none is wanted; to an endpoint, as settings say."""
    if current_app.extensions["kgcompare"].store.is_elsewhere:
        return bool(current_app.config["ENDPOINT_QUERIES"])
    return unconfined() or are_closed(locks_here())


def language() -> str:
    """``?lang=``, else ``Accept-Language``, else English.

    :raises UsageError: for a ``?lang=`` that is no language tag.
    """
    tag = request.args.get("lang", "")
    if tag:
        return languages.normalise(tag)
    return choose_language(request.headers.get("Accept-Language", ""))


def whole_number(name: str, default: int | None, least: int, most: int) -> int | None:
    """A whole number of the query string.

    :raises UsageError: if it is none, or out of bounds.
    """
    text = request.args.get(name, "").strip()
    if not text:
        return default
    if not _WHOLE.fullmatch(text):
        raise UsageError(f"{name} must be a whole number, not {text[:40]!r}")
    value = int(text) if len(text) < 12 else most + 1
    if not least <= value <= most:
        raise UsageError(f"{name} must be from {least} to {most}")
    return value


def list_path(kind: str) -> str:
    """The path of the list of things of a kind, below our root: what they are called in English, as a slug."""
    return "/" + slugify(current().shapes.kind_plural(kind, languages.DEFAULT))


def link(endpoint: str, **values: Any) -> str:
    """The address of another page, in the language that this one was asked for in; empty values are left out."""
    if "lang" not in values and request.args.get("lang"):
        values["lang"] = request.args["lang"]
    given = ((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())
    said = tuple((name, value) for name, value in given if value not in (None, "", ()))
    return _built(current_app.url_map, request.script_root, endpoint, said)


@lru_cache(maxsize=1024)
def _built(_urls: Map, _root: str, endpoint: str, values: tuple[tuple[str, object], ...]) -> str:
    """The path of an endpoint, which takes as long to build as all else of a link."""
    return url_for(endpoint, **cast("dict[str, Any]", dict(values)))


def root() -> str:
    """This server's own address as the client used it: scheme, host and the path that ours lie below.

    It ends without a slash: ``https://example.org/methods``. The host is that of the request, which was checked
    before anything else (:func:`check_host`); ``X-Forwarded-Proto`` and ``X-Forwarded-Host`` count only where the
    settings tell of a proxy. An answer that contains it is kept for this scheme and host alone.

    Source: RFC 9110, section 7.2 (Host) and 4.2.3 (normalisation: lower case, no default port).

    :raises BadRequest: if the request names no host, or one that is malformed.
    """
    scheme, name, port = _place()
    shown = name if port in {"", _PORTS[scheme]} else f"{name}:{port}"
    return f"{scheme}://{shown}{request.script_root}"


def check_host(trusted: Collection[str]) -> None:
    """Lets a request for one of the *trusted* names pass, or for any name where there are none.

    :raises BadRequest: if the request names no host, or one that is malformed (400).
    :raises MisdirectedRequest: if it is for somebody else (421).
    """
    _, name, _ = _place()
    if trusted and name not in trusted:
        raise MisdirectedRequest("this server does not answer for the host of that address")


def names_host() -> bool:
    """Whether the request names a host, so that a page can say where it is."""
    try:
        _place()
    except BadRequest:
        return False
    return True


def _place() -> tuple[str, str, str]:
    """Scheme, name of the host, and port (empty where none is named) of the address that the request is for.

    :raises BadRequest: if it names no host, or one that is malformed.
    """
    environ = request.environ
    scheme = environ["wsgi.url_scheme"]
    server = f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    old = environ.get("SERVER_PROTOCOL") == "HTTP/1.0"  # the host became a duty with HTTP/1.1
    host = environ.get("HTTP_HOST") or (server if old else "")
    parts = _HOST.fullmatch(host.lower())
    if parts is None or scheme not in _PORTS or int(parts[2] or 0) > 65535:
        raise BadRequest("the Host header is no name or address with a port")
    return scheme, parts[1], parts[2] or ""
