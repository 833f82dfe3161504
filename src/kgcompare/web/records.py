"""Records: their identifiers, and the documents that describe them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug import Response as AnyResponse

from kgcompare import formats
from kgcompare.errors import UnknownThing
from kgcompare.formats import FORMATS, rdf
from kgcompare.rdf.namespaces import is_slug
from kgcompare.web import signposting
from kgcompare.web.kept import VARY, answer, pick
from kgcompare.web.rendering import render
from kgcompare.web.request import current, language

blueprint = Blueprint("records", __name__)


@blueprint.get("/id/<kind>/<slug>")
@blueprint.get("/doc/<kind>/<slug>")
def identifier(kind: str, slug: str) -> AnyResponse:
    """A thing is not a document: 303 to the document that describes it."""
    if not is_slug(kind) or not is_slug(slug.partition(".")[0]):
        raise UnknownThing(f"there is no such record: /{kind[:40]}/{slug[:80]}")
    keep: dict[str, Any] = {name: request.args[name] for name in ("lang", "format") if name in request.args}
    response = redirect(url_for("records.record", kind=kind, name=slug, **keep), 303)
    response.headers["Vary"] = VARY
    return response


@blueprint.get("/<kind>/<name>")
def record(kind: str, name: str) -> Response:
    """One record as a page or as data."""
    slug, dot, suffix = name.partition(".")
    if not is_slug(kind) or not is_slug(slug) or (dot and not suffix):
        raise UnknownThing(f"there is no such record: /{kind[:40]}/{name[:80]}")
    known = formats.record_formats(current(), kind, slug)
    form = pick(known, suffix)
    lang = language()

    def make() -> str:
        if form.name in formats.RDF:
            thing, triples = current().triples(kind, slug)
            return rdf.document_rdf(triples, thing, current().base.value, form.name)
        found = current().record(kind, slug, lang)
        if form.name != "html":
            return formats.record_text(found, form.name)
        others = [FORMATS[name] for name in known if name != "html"]
        return render("record.html", lang, found=found, formats=others, kind=kind)

    tag = lang if form.name in {"html", "json"} else None
    return answer(form, tag, make, lambda: signposting.links_of_record(kind, slug, known))
