"""What the dataset is, for people, crawlers and programs: its description, sitemap, and what robots may do.

Source: VoID, section 7.2 (/.well-known/void); Sitemaps 0.9; RFC 9309 (robots.txt); OpenSearch 1.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from flask import Blueprint, Response, g, request, url_for

from kgcompare import formats
from kgcompare.dataset import changes
from kgcompare.errors import UnknownThing
from kgcompare.formats import RDF, Format, dataset, json, rdf
from kgcompare.languages import DEFAULT, translate
from kgcompare.search import Filter
from kgcompare.web import links
from kgcompare.web.answers import answer, pick
from kgcompare.web.asking import language, root
from kgcompare.web.negotiation import names_html
from kgcompare.web.pages import examples
from kgcompare.web.rendering import format_name, render
from kgcompare.web.reports import extent_of

blueprint = Blueprint("dataset", __name__)
OFFERED = ("html", *RDF, "json")
_SITEMAP = 2_500
"""Records of one sitemap; the protocol allows 50,000 addresses and 50 MB."""
_XML = Format("xml", "application/xml")
_TEXT = Format("txt", "text/plain")
_OPENSEARCH = Format("opensearch", "application/opensearchdescription+xml")
_ENDLESS = ("add", "after", "mark", "only", "swap")
"""Parameters of pages that show again what another address shows."""
_PAGES = (
    "pages.home",
    "pages.methods",
    "dataset.page",
    "pages.report",
    "vocabularies.namespace",
    "vocabularies.shapes",
)


@blueprint.get("/dataset")
@blueprint.get("/dataset.<suffix>")
def page(suffix: str = "") -> Response:
    """What the dataset is: licence, counts, formats, and how to get at it."""
    form = pick(OFFERED, suffix)
    lang = language()
    if form.name in RDF:
        return _described(form)

    def make() -> str:
        extent, counts, about = extent_of(g.view), g.view.counts(), translate(lang, dataset.ABOUT)
        if form.name == "html":
            named = ", ".join(format_name(name) for name in formats.RECORD)
            return render("dataset.html", lang, counts=counts, formats=named, extent=extent, description=about)
        return json.dumps(
            {
                "iri": dataset.dataset_iri(g.view.base),
                "name": "kgcompare",
                "title": translate(lang, dataset.TITLE),
                "description": about,
                "licenses": list(extent.licences),
                "generation": g.view.generation,
                "modified": extent.modified,
                "base": g.view.base.value,
                "records": counts,
                "statements": extent.statements,
                "dump": url_for("data.dump"),
                "sparql": url_for("sparql.endpoint"),
            }
        )

    return answer(form, lang, make, lambda: links.of_dataset(OFFERED))


@blueprint.get("/.well-known/void")
def void() -> Response:
    """The same where VoID says that it is: RDF for all who do not name HTML."""
    if request.args.get("format") or names_html(request.headers.get("Accept", "")):
        return page()
    form = pick((*RDF, "json"))
    return _described(form) if form.name in RDF else page()


def _described(form: Format) -> Response:
    def make() -> str:
        counts = g.view.counts()
        examples = [thing.iri for thing in g.view.search(Filter(), most=3).things]
        triples = dataset.describe(g.view.base, root(), extent_of(g.view), sum(counts.values()), examples)
        return rdf.write(triples, form.name, g.view.base.value)

    return answer(form, None, make, lambda: links.of_dataset(OFFERED))


# -- crawlers --------------------------------------------------------------------------------------


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Welcomes crawlers to the records, and keeps them out of what has no end."""
    closed = ("/sparql", "/suggest", "/reconcile", "/compare.", *(f"/*{name}=" for name in _ENDLESS))
    lines = ["User-agent: *", *(f"Disallow: {request.script_root}{path}" for path in closed)]
    lines += ["", f"Sitemap: {root()}/sitemap.xml"]
    return answer(_TEXT, None, lambda: "\n".join(lines) + "\n")


@blueprint.get("/sitemap.xml")
@blueprint.get("/sitemap-<number>.xml")
def sitemap(number: str = "") -> Response:
    """The addresses of all records with the dates of their last changes; an index of lists where there are many."""
    if number and (not number.isdecimal() or len(number) > 6 or not number.isascii()):
        raise UnknownThing(f"there is no such sitemap: {number[:40]}")

    def make() -> str:
        page = int(number or 1) - 1
        found, pages = g.view.index.stretch(max(page, 0), _SITEMAP)
        if not 0 <= page < pages:
            raise UnknownThing(f"there are {pages} sitemaps; {number} is none of them")
        if not number and pages > 1:
            parts = [(url_for("dataset.sitemap", number=n + 1), None) for n in range(pages)]
            return _listing("sitemapindex", "sitemap", parts)
        dates = changes(g.view, [thing for thing, _, _ in found])
        records = [(url_for("pages.record", kind=kind, name=slug), dates.get(thing)) for thing, kind, slug in found]
        if page == 0:
            records = [(path, None) for path in _pages()] + records
        return _listing("urlset", "url", records)

    return answer(_XML, None, make)


def _pages() -> list[str]:
    """The pages that are no records, and the comparisons that people ask for."""
    asked = [url_for("pages.compare", method=[thing.id for thing in things]) for things in examples(DEFAULT)]
    return [url_for(endpoint) for endpoint in _PAGES] + asked


def _listing(outer: str, inner: str, found: Iterable[tuple[str, str | None]]) -> str:
    host = root().removesuffix(request.script_root)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">']
    for path, date in found:
        changed = f"<lastmod>{escape(date)}</lastmod>" if date else ""
        lines.append(f"<{inner}><loc>{escape(host + path)}</loc>{changed}</{inner}>")
    return "\n".join([*lines, f"</{outer}>", ""])


@blueprint.get("/opensearch.xml")
def opensearch() -> Response:
    """How a browser searches here."""
    lang = language()
    return answer(_OPENSEARCH, lang, lambda: render("opensearch.xml", lang, root=root()))
