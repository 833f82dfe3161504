"""Records: their identifiers, and the documents that describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug import Response as AnyResponse
from werkzeug.exceptions import NotFound

from kgcompare import formats
from kgcompare.catalogue.comparison import MOST_COLUMNS
from kgcompare.errors import UnknownThing, UsageError
from kgcompare.formats import FORMATS, Format, rdf
from kgcompare.model import Fact, Record
from kgcompare.rdf.namespaces import is_slug
from kgcompare.web import signposting
from kgcompare.web.contact import report_address
from kgcompare.web.kept import answer, pick
from kgcompare.web.memento import links_of_time
from kgcompare.web.rendering import class_asked_for, render_page
from kgcompare.web.request import VARY, contact, current, language, root
from kgcompare.web.turns import ordinary

blueprint = Blueprint("records", __name__)


@blueprint.get("/id/<kind>/<slug>")
@blueprint.get("/doc/<kind>/<slug>")
def identifier(kind: str, slug: str) -> AnyResponse:
    """A thing is not a document: 303 to the document that describes it."""
    if not is_slug(kind) or not is_slug(slug.partition(".")[0]):
        raise UnknownThing(f"there is no such record: /{kind[:40]}/{slug[:80]}")
    keep = urlencode({name: request.args[name] for name in ("lang", "format", "at") if name in request.args})
    response = redirect(url_for("records.record", kind=kind, name=slug) + ("?" + keep if keep else ""), 303)
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

    @ordinary
    def make() -> str:
        if form.name in formats.RDF:
            thing, triples = current().triples(kind, slug)
            return rdf.document_rdf(triples, thing, current().base.value, form.name)
        record = current().record(kind, slug, lang)
        if form.name != "html":
            return formats.record_text(record, form.name)
        return _page(record, [FORMATS[name] for name in known if name != "html"])

    tag = lang if form.name in {"html", "json"} else None
    state = ordinary(current().state)(kind, slug)
    return answer(
        form, tag, make, lambda: signposting.links_of_record(kind, slug, known, links_of_time(kind, slug)), state=state
    )


@blueprint.get("/mistake")
def mistake() -> AnyResponse:
    """Leads to where a mistake in ``?thing=KIND/SLUG`` is told, in its ``?row=`` where one is named.

    :raises NotFound: if the catalogue names nobody.
    :raises UnknownThing: if there is no such thing.
    :raises UsageError: for a row that it does not have.
    """
    lang = language()
    thing = request.args.get("thing", "")
    kind, _, slug = thing.partition("/")
    if not contact():
        raise NotFound("this catalogue names nobody to tell of mistakes")
    if thing and not (is_slug(kind) and is_slug(slug)):
        raise UnknownThing(f"there is no such record: /{thing[:120]}")
    row = request.args.get("row", "")
    target = _mistake_in(kind, slug, row, lang) if thing else report_address(lang, root() + "/")
    response = redirect(target, 303)
    response.headers.update({"Vary": VARY, "Cache-Control": "no-cache"})
    return response


@ordinary
def _mistake_in(kind: str, slug: str, row: str, lang: str) -> str:
    """Where a mistake in a record is told."""
    record = current().record(kind, slug, lang)
    fact = next((fact for fact in record.facts if fact.id == row), None)
    if row and fact is None:
        raise UsageError(f"/{kind}/{slug} has no row {row[:40]!r}")
    page = root() + record.thing.path + (f"?lang={lang}" if request.args.get("lang") else "")
    value = "; ".join(value.text for value in fact.values) if fact else ""
    return report_address(lang, page, [record.thing], fact.label if fact else "", value)


def _page(record: Record, others: Sequence[Format]) -> str:
    """The page of a record, with the formats that it comes in too.

    A thing that can be compared can be compared with those of its kind that it is linked with; a value of a facet leads
    to the list of what has it.
    """
    generation = current()
    kind = record.thing.kind
    comparable = generation.comparable(kind)
    addresses = generation.addresses([value.iri for group in record.related for value in group.values if value.iri])
    narrowed = [cls for cls in generation.shapes.leading if kind in {f.id for f in generation.shapes.facets(cls)}]
    return render_page(
        "record.html",
        record.language,
        kind=kind if comparable else "",
        record=record,
        facts=[fact for fact in record.facts if _has_line(fact, record)],
        formats=others,
        comparable=comparable,
        compared_with={thing: slug for thing, (of_kind, slug) in addresses.items() if of_kind == kind and comparable},
        together={} if comparable else _together(record, addresses, generation.main_kind),
        cls=class_asked_for(kind),
        narrowing=generation.shapes.kind_of_class(narrowed[0]) if narrowed else None,
    )


def _together(record: Record, addresses: Mapping[str, tuple[str, str]], kind: str) -> dict[str, list[str]]:
    """What links a record -> the slugs of the things of a kind that it links, where all can be compared at once."""
    found = {}
    for group in record.related:
        things = [addresses.get(value.iri or "", ("", "")) for value in group.values]
        if 1 < len(things) <= MOST_COLUMNS and not group.more and {of_kind for of_kind, _ in things} == {kind}:
            found[group.label] = [slug for _, slug in things]
    return found


def _has_line(fact: Fact, record: Record) -> bool:
    """Whether a fact has a line of its own: other names stand under the title, the description below, links beside."""
    if not fact.shown or fact.names or fact.kind == "count":
        return False
    if fact.kind == "text":
        return any(value.text != record.thing.description for value in fact.values)
    return bool(fact.values) or fact.compared
