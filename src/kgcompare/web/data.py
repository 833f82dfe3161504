"""Addresses for programs: redirects of identifiers, completions, the dump, the state of the server."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, redirect, request, send_file, url_for
from werkzeug import Response as AnyResponse

from kgcompare.errors import UnknownThing, UsageError
from kgcompare.formats import Format, json
from kgcompare.namespaces import is_slug
from kgcompare.view import View
from kgcompare.web.answers import VARY, answer, pick
from kgcompare.web.asking import language
from kgcompare.web.negotiation import best, names_of
from kgcompare.web.reports import Once

blueprint = Blueprint("data", __name__)
_SUGGESTIONS = Format("suggestions", "application/x-suggestions+json")
"""Source: OpenSearch Suggestions 1.0."""
_OFFERED = (*names_of(("json",)), (_SUGGESTIONS.name, (_SUGGESTIONS.media_type,)))
_WHOLE = re.compile(r"-?[0-9]+")
"""A number as JSON and forms write it; Python takes signs, underscores and digits of other scripts too."""


@blueprint.get("/id/<kind>/<slug>")
@blueprint.get("/doc/<kind>/<slug>")
def identifier(kind: str, slug: str) -> AnyResponse:
    """A thing is not a document: 303 to the document that describes it."""
    if not is_slug(kind) or not is_slug(slug.partition(".")[0]):
        raise UnknownThing(f"there is no such record: /{kind[:40]}/{slug[:80]}")
    keep: dict[str, Any] = {name: request.args[name] for name in ("lang", "format") if name in request.args}
    response = redirect(url_for("pages.record", kind=kind, name=slug, **keep), 303)
    response.headers["Vary"] = VARY
    return response


@blueprint.get("/suggest")
def suggest() -> Response:
    """Completions of ``?q=``, at most ``?limit=`` (10; 1 to 50); ``?format=suggestions`` is what browsers ask for."""
    lang = language()
    most = number("limit", 10, 1, 50) or 10
    text = request.args.get("q", "")[:200]
    kind = request.args.get("kind", "method")
    wanted = request.args.get("format") or best(request.headers.get("Accept", ""), _OFFERED)
    browser = wanted == "suggestions"
    form = _SUGGESTIONS if browser else pick(("json",))

    def make() -> str:
        things = g.view.suggest(text, lang, kind=kind, most=most)
        if browser:
            return json.dumps([text, [thing.label for thing in things]])
        return json.dumps([json.suggestion(thing) for thing in things])

    return answer(form, lang, make)


def number(name: str, default: int | None, least: int, most: int) -> int | None:
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


@blueprint.get("/healthz")
def health() -> Response:
    """Whether the server can answer, and from which generation."""
    body = json.dumps({"status": "ok", "generation": g.view.generation})
    return Response(body, content_type="application/json", headers={"Cache-Control": "no-store"})


@blueprint.get("/dump.nq.gz")
def dump() -> Response:
    """The whole catalogue as gzipped N-Quads, made once a generation."""
    return send_file(
        _dump_of(g.view),
        mimetype="application/gzip",
        as_attachment=True,
        download_name="kgcompare.nq.gz",
        etag=g.answers.tag("dump").strip('"'),
    )


def _prepare(view: View) -> Path:
    handle, name = tempfile.mkstemp(prefix="kgcompare-dump-", suffix=".nq.gz")
    os.close(handle)
    path, plain = Path(name), Path(name).with_suffix("")
    try:
        view.snapshot.dump(plain)
        with plain.open("rb") as source, path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        plain.unlink(missing_ok=True)
    weakref.finalize(view, path.unlink, missing_ok=True)
    return path


_dump_of = Once("dump", _prepare)
