"""The Link headers of answers: where else the same is, what it is, and under which terms.

Source: RFC 8288 (Web Linking); FAIR Signposting, level 1; RFC 6596 (canonical), RFC 8574 (cite-as),
RFC 6861 (edit-form), RFC 6903 (type), RFC 4946 (license), RFC 6573 (item, collection).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlencode

from flask import request
from pyoxigraph import NamedNode

from kgcompare.catalogue.about import about_of
from kgcompare.formats import FORMATS, void
from kgcompare.formats.cube import comparison_iri
from kgcompare.model import Comparison
from kgcompare.rdf.namespaces import is_web
from kgcompare.rdf.terms import DCTERMS_LICENSE, QB_DATA_SET, SCHEMA_DATASET, SCHEMA_WEB_PAGE
from kgcompare.web.once import extent_of
from kgcompare.web.request import current, editable, link

_MOST = 3500
"""Bytes of a Link header; many proxies refuse an answer whose headers together are over 4 KiB."""


def header(links: Iterable[tuple[str, str, str]]) -> str:
    """A Link header of (target, relation, media type or nothing), as many of them as it has room for.

    Targets are relative to this server or IRIs; what stands first matters most.
    """
    parts: list[str] = []
    size = 0
    for target, relation, media_type in links:
        safe = quote(target, safe="/:?#[]@!$&'()*+,;=%~-._")
        part = f'<{safe}>; rel="{relation}"' + (f'; type="{media_type}"' if media_type else "")
        size += len(part) + 2
        if size <= _MOST:
            parts.append(part)
    return ", ".join(parts)


def links_of_document(path: str, offered: Sequence[str], *more: tuple[str, str, str], query: str = "") -> str:
    """The Link header of what is at *path* below our root, comes in the formats *offered* and has the links *more*."""
    here = request.script_root + path
    lang = request.args.get("lang", "")
    query = query or (urlencode({"lang": lang}) if lang else "")
    tail = "?" + query if query else ""
    links = [(here + tail, "canonical", ""), *more]
    if "ttl" in offered:
        links.append((f"{here}.ttl{tail}", "describedby", FORMATS["ttl"].media_type))
    links += [(f"{here}.{name}{tail}", "alternate", FORMATS[name].media_type) for name in offered]
    return header(links)


def links_of_record(kind: str, slug: str, offered: Sequence[str], more: Sequence[tuple[str, str, str]] = ()) -> str:
    """The Link header of a record's document: it is cited by the IRI of the thing, whose classes are its types. *more*
    are other links that it has."""
    thing, graph = current().locate(kind, slug)
    types = [(SCHEMA_WEB_PAGE, "type", ""), *((cls, "type", "") for cls in graph.types(NamedNode(thing)))]
    collection = (link("dataset.page", lang=None), "collection", "")
    cite = (thing, "cite-as", "")
    form = []
    if editable() and current().shapes.fields(current().shapes.class_among(graph.types(NamedNode(thing)))):
        form = [(link("edit.shown", kind=kind, slug=slug, lang=None), "edit-form", FORMATS["html"].media_type)]
    return links_of_document(
        f"/{kind}/{slug}", offered, cite, *form, *more, *licensed(licences([thing])), *types, collection
    )


def links_of_comparison(comparison: Comparison, offered: Sequence[str]) -> str:
    """The Link header of a comparison: its items are what it compares."""
    query = [("method", thing.id) for thing in comparison.methods]
    query += [(name, request.args[name]) for name in ("only", "rows", "class", "lang") if request.args.get(name)]
    items = [
        (thing.iri if thing.whence else request.script_root + thing.path, "item", "") for thing in comparison.methods
    ]
    types = [(SCHEMA_WEB_PAGE, "type", ""), (QB_DATA_SET, "type", "")]
    cite = (comparison_iri(comparison, current().base.value), "cite-as", "")
    terms = licensed(licences([thing.iri for thing in comparison.methods]))
    return links_of_document("/compare", offered, cite, *terms, *types, *items, query=urlencode(query))


def links_of_dataset(offered: Sequence[str]) -> str:
    """The Link header of the dataset's description: its item is the dump."""
    dump = (link("dataset.dump", lang=None), "item", "application/gzip")
    cite = (void.dataset_iri(current().base), "cite-as", "")
    terms = licensed(void.licences_of(extent_of(current()), about_of(current())))
    return links_of_document("/dataset", offered, cite, *terms, (SCHEMA_DATASET, "type", ""), dump)


def licences(things: Sequence[str]) -> list[str]:
    """The addresses of the licences that the documents of things name; that of the catalogue where they name none."""
    graphs = current().descriptions.documents(things)
    named = dict.fromkeys(name for of, graph in graphs.items() for name in graph.iris(NamedNode(of), DCTERMS_LICENSE))
    return list(filter(is_web, named or [about_of(current()).licence]))


def licensed(names: Iterable[str]) -> list[tuple[str, str, str]]:
    """Links to those of some licences that have an address."""
    return [(name, "license", "") for name in names if is_web(name)]
