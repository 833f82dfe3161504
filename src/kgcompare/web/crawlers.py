"""What crawlers and browsers look for: the sitemap, what robots may do, how to search.

Source: Sitemaps 0.9; RFC 9309 (robots.txt); OpenSearch 1.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from flask import Blueprint, Response, current_app, request, url_for

from kgcompare.errors import UnknownThing
from kgcompare.formats import Format
from kgcompare.text.languages import DEFAULT
from kgcompare.web.examples import examples
from kgcompare.web.kept import answer
from kgcompare.web.rendering import list_address, render_page
from kgcompare.web.request import current, language, list_path, root

blueprint = Blueprint("crawlers", __name__)
_SITEMAP = 2_500
"""Records of one sitemap; the protocol allows 50,000 addresses and 50 MB."""
_XML = Format("xml", "XML", "application/xml")
_TEXT = Format("txt", "text", "text/plain")
_OPENSEARCH = Format("opensearch", "OpenSearch", "application/opensearchdescription+xml")
_ENDLESS = ("add", "after", "only", "rows", "swap")
"""Parameters of pages that show again what another address shows."""
_PAGES = (
    "pages.home",
    "dataset.page",
    "dataset.report",
    "vocabularies.namespace",
    "vocabularies.shapes",
)


@blueprint.get("/favicon.ico")
def icon() -> Response:
    """The icon, where browsers and readers of feeds look for it by themselves."""
    return current_app.send_static_file("favicon.ico")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Welcomes crawlers to the records, and keeps them out of what has no end."""
    closed = (
        "/sparql",
        "/suggest",
        "/reconcile",
        "/mistake",
        "/*?at=",
        "/*&at=",
        "/find?",
        "/compare.",
        "/*/edit",
        "/*/new",
        *(f"/*{name}=" for name in _ENDLESS),
    )
    if kind := current().main_kind:
        closed += (f"{list_path(kind)}?*method=",)  # what is ticked there
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
        things, pages = current().index.stretch(max(page, 0), _SITEMAP)
        if not 0 <= page < pages:
            raise UnknownThing(f"there are {pages} sitemaps; {number} is none of them")
        if not number and pages > 1:
            parts = [(url_for("crawlers.sitemap", number=n + 1), None) for n in range(pages)]
            return _listing("sitemapindex", "sitemap", parts)
        from kgcompare.report.extent import changes  # it takes a while to load

        dates = changes(current(), [thing for thing, _, _ in things])
        records = [(url_for("records.record", kind=kind, name=slug), dates.get(thing)) for thing, kind, slug in things]
        if page == 0:
            records = [(path, None) for path in _pages()] + records
        return _listing("urlset", "url", records)

    return answer(_XML, None, make)


def _pages() -> list[str]:
    """The pages that are no records, the list of what is compared, and the comparisons that people ask for."""
    home, *others = (url_for(endpoint) for endpoint in _PAGES)
    comparisons = [url_for("pages.compare", method=[thing.id for thing in things]) for things in examples(DEFAULT)]
    return [home, list_address(current().main_kind, lang=None), *others, *comparisons]


def _listing(outer: str, inner: str, addresses: Iterable[tuple[str, str | None]]) -> str:
    """A sitemap of (path, date of the last change), or an index of sitemaps."""
    host = root().removesuffix(request.script_root)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">']
    for path, date in addresses:
        changed = f"<lastmod>{escape(date)}</lastmod>" if date else ""
        lines.append(f"<{inner}><loc>{escape(host + path)}</loc>{changed}</{inner}>")
    return "\n".join([*lines, f"</{outer}>", ""])


@blueprint.get("/opensearch.xml")
def opensearch() -> Response:
    """How a browser searches here."""
    lang = language()

    def make() -> str:
        return render_page("opensearch.xml", lang, root=root(), list=root() + list_path(current().main_kind))

    return answer(_OPENSEARCH, lang, make)
