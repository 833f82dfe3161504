"""What pages say of themselves to programs: their addresses, JSON-LD in the terms of schema.org, and citation tags.

Only what is recorded is said. Texts carry their language where it is known.

Source: schema.org; JSON-LD 1.1, section 7 (data blocks in HTML); RFC 6596 (canonical); Google Scholar, Inclusion
Guidelines for Webmasters, section 2 (citation tags), which reference managers read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import request
from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue import citation
from kgcompare.catalogue.values import Reader
from kgcompare.formats import FORMATS
from kgcompare.formats.bibliography import Item, inverted, one_line, pages, references
from kgcompare.formats.void import ABOUT, KEYWORDS, TITLE, dataset_iri
from kgcompare.model import Comparison, Record, Thing
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import PREFIXES, iri, is_safe_iri, is_web
from kgcompare.rdf.terms import (
    FOAF_FAMILY_NAME,
    FOAF_GIVEN_NAME,
    FOAF_ORGANIZATION,
    FOAF_PERSON,
    KGC_METHOD,
    SKOS_CONCEPT,
    SKOS_IN_SCHEME,
)
from kgcompare.report.extent import Extent
from kgcompare.text.languages import DEFAULT, interface_languages, speaks, translate
from kgcompare.web import signposting
from kgcompare.web.request import current, list_path, root

Node = dict[str, Any]
"""A node object of JSON-LD."""

CONTEXT = {"@context": "https://schema.org"}
_KEPT = ("from", "to", "sort", "after", "query", "only", "class", "lang")
"""Parameters that make another page, and not the same one shown otherwise, after what a page is of and its facets."""
_CLASSES = {
    KGC_METHOD: "DefinedTerm",
    SKOS_CONCEPT: "DefinedTerm",
    FOAF_PERSON: "Person",
    FOAF_ORGANIZATION: "Organization",
}
"""What schema.org calls the things of a class whose records do not say it themselves."""
_SOURCES = {"book": "Book", "chapter": "Chapter", "thesis": "Thesis", "report": "Report", "webpage": "WebPage"}
"""The same for CSL types; everything else is an article."""
_CONTAINERS = {"article-journal": "Periodical", "chapter": "Book"}
_TAGS = {
    "article-journal": ("journal_title", "publisher"),
    "paper-conference": ("conference_title", "publisher"),
    "chapter": ("inbook_title", "publisher"),
    "thesis": ("", "dissertation_institution"),
    "report": ("", "technical_report_institution"),
}
"""CSL type -> what citation tags call the container and the publisher there."""
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
"""A plain year, month or day, which schema.org's dates and EDTF have in common."""


def canonical(**changes: str) -> str:
    """The absolute address of this page, without its format and what only changes how it is shown.

    A language is part of it where one was asked for. *changes* are parameters with other values, the empty text for
    none.
    """
    stem, _, suffix = request.path.rpartition(".")
    shapes = current().shapes
    facets = [facet.id for cls in shapes.leading for facet in shapes.facets(cls) if facet.id]
    kept = dict.fromkeys(("method", "q", *facets, *_KEPT))
    asked = {name: request.args.getlist(name) for name in kept} | {name: [text] for name, text in changes.items()}
    query = [(name, value) for name, values in asked.items() for value in dict.fromkeys(values) if value]
    return _absolute(stem if suffix in FORMATS else request.path, query)


def _absolute(path: str, query: Sequence[tuple[str, str]] = ()) -> str:
    return root() + quote(path) + ("?" + urlencode(query) if query else "")


def description(found: Record) -> str | None:
    """One text that says what a record is about: its definition, or the reference of a source."""
    return found.thing.description or (citation.text(found.csl) if found.csl else None)


# -- JSON-LD -----------------------------------------------------------------------------------------


def of_home(lang: str) -> Node:
    """The site, what it is about, and how to search it."""
    target = {"@type": "EntryPoint", "urlTemplate": _absolute(list_path(current().main_kind)) + "?q={text}"}
    more = {
        "inLanguage": list(interface_languages()),
        "about": _dataset(lang),
        "potentialAction": {"@type": "SearchAction", "target": target, "query-input": "required name=text"},
    }
    return CONTEXT | _site() | more


def of_dataset(lang: str, extent: Extent) -> Node:
    """The dataset and its dump."""
    dump = {
        "@type": "DataDownload",
        "contentUrl": _absolute("/dump.nq.gz"),
        "encodingFormat": "application/n-quads",
    }
    more = {
        "description": _text(translate(lang, ABOUT, context=current().main_kind), speaks(lang)),
        "license": list(filter(is_web, extent.licences)),
        "isAccessibleForFree": True,
        "inLanguage": list(interface_languages()),
        "keywords": [_text(translate(lang, word, context=current().main_kind), speaks(lang)) for word in KEYWORDS],
        "version": current().name,
        "dateModified": extent.modified,
        "distribution": dump,
    }
    return _said(CONTEXT | _dataset(lang) | more)


def of_comparison(found: Comparison) -> Node:
    """The page of a comparison: what it compares, in this order, and the sources that it cites."""
    graphs = current().descriptions.things({thing.iri for thing in found.methods})
    items = [
        {"@type": "ListItem", "position": place, "item": _thing(thing, graphs[thing.iri])}
        for place, thing in enumerate(found.methods, 1)
    ]
    names = " · ".join(thing.label for thing in found.methods)
    more = _page(found.language, [thing.iri for thing in found.methods]) | {
        "name": translate(found.language, "Comparison: {names}", names=names),
        "mainEntity": {"@type": "ItemList", "numberOfItems": len(items), "itemListElement": items},
        "citation": [_cited(item) for item in references(found)],
    }
    return _said(CONTEXT | more)


def of_record(found: Record) -> Node:
    """What a record is about; the page itself is its ``mainEntityOfPage``."""
    thing, node = found.thing.iri, NamedNode(found.thing.iri)
    graph = current().descriptions.describe([thing])[thing]
    alias = found.fact("alias")
    said = _thing(found.thing, graph) | {
        "alternateName": [_text(value.text, value.lang) for value in alias.values] if alias else None,
        "familyName": graph.text(node, FOAF_FAMILY_NAME),
        "givenName": graph.text(node, FOAF_GIVEN_NAME),
        "sameAs": _web(graph, node, "schema:sameAs") + _web(graph, node, "skos:exactMatch"),
    }
    if found.csl is not None:
        said |= _source(found.csl, node, said["@type"])
    else:
        said["subjectOf"] = [_cited(item) for item in references(found)]
    if said["@type"] == "DefinedTerm":
        said |= {"termCode": found.thing.id, "inDefinedTermSet": _term_set(graph, node, found.language)}
    document = NamedNode(current().base.document(thing))
    about = current().descriptions.describe([document.value])[document.value]
    said["mainEntityOfPage"] = _said(
        _page(found.language, [thing])
        | {
            "dateCreated": _date(about, document, "dcterms:created"),
            "dateModified": _date(about, document, "dcterms:modified"),
        }
    )
    return _said(CONTEXT | said)


def _site() -> Node:
    address = _absolute("/")
    return {"@type": "WebSite", "@id": address, "url": address, "name": "kgcompare"}


def _page(lang: str, things: Sequence[str]) -> Node:
    """This page, under the licences of the records of the *things* that it shows."""
    address = canonical()
    about = {"@type": "WebPage", "@id": address, "url": address, "inLanguage": speaks(lang)}
    return about | {"license": signposting.licences(things), "isPartOf": _site()}


def _dataset(lang: str) -> Node:
    name = _text(translate(lang, TITLE, context=current().main_kind), speaks(lang))
    return {"@type": "Dataset", "@id": dataset_iri(current().base), "name": name, "url": _absolute("/dataset")}


def _thing(thing: Thing, graph: Graph) -> Node:
    """What every thing has: its name, its definition, and its page here."""
    return _said(
        {
            "@type": _type(graph.types(NamedNode(thing.iri))),
            "@id": thing.iri if is_safe_iri(thing.iri) else None,
            "name": _text(thing.label, thing.lang),
            "description": _text(thing.description, thing.description_lang),
            "url": _absolute(thing.path),
        }
    )


def _type(classes: Sequence[str]) -> str:
    """The schema.org type that a record says, or that its class has there."""
    own = [cls.removeprefix(PREFIXES["schema"]) for cls in classes if cls.startswith(PREFIXES["schema"])]
    return next(iter([*own, *(_CLASSES[cls] for cls in classes if cls in _CLASSES), "Thing"]))


def _term_set(graph: Graph, node: NamedNode, lang: str) -> Node:
    """The scheme of a concept; of any other term the dataset, as the set of terms that it is."""
    schemes = [scheme for scheme in graph.iris(node, SKOS_IN_SCHEME) if is_safe_iri(scheme)]
    if not schemes:
        return _dataset(lang) | {"@type": "DefinedTermSet"}
    tag, name = Reader(lang, current().descriptions.things({schemes[0]})).label(schemes[0])
    return {"@type": "DefinedTermSet", "@id": schemes[0], "name": _text(name, tag)}


def _cited(item: Item) -> Node:
    path = current().path(item["id"])
    return _said(
        {
            "@type": _SOURCES.get(item["type"], "ScholarlyArticle"),
            "@id": item["id"],
            "name": item.get("title"),
            "url": _absolute(path) if path else None,
        }
    )


def _source(item: Item, node: NamedNode, kind: str) -> Node:
    """What a source has beside its name; *kind* is the type that its record says, if it does."""
    things = current().descriptions.things({node.value})
    graph = things[node.value]
    container = item.get("container-title")
    inside = {"@type": _CONTAINERS.get(item["type"], "CreativeWork"), "name": container} if container else None
    for key, part in (("volume", "PublicationVolume"), ("issue", "PublicationIssue")):
        if key in item:
            inside = _said({"@type": part, key + "Number": item[key], "isPartOf": inside})
    start, *end = pages(item) or ("",)
    doi = item.get("DOI")
    return {
        "@type": _SOURCES.get(item["type"], "ScholarlyArticle") if kind == "Thing" else kind,
        "author": _people(graph, node, "bibo:authorList", things),
        "editor": _people(graph, node, "bibo:editorList", things),
        "datePublished": _date(graph, node, "dcterms:issued"),
        "isPartOf": inside,
        "pagination": start if not end else None,
        "pageStart": start if end else None,
        "pageEnd": end[0] if end else None,
        "publisher": {"@type": "Organization", "name": item["publisher"]} if "publisher" in item else None,
        "identifier": {"@type": "PropertyValue", "propertyID": "DOI", "value": doi} if doi else None,
        "sameAs": citation.address(graph, node),
    }


def _people(graph: Graph, node: NamedNode, predicate: str, things: Mapping[str, Graph]) -> list[Node | str]:
    """The members of a list of agents, in order; one that is only a text stays a text."""
    reader = Reader(DEFAULT, things)
    found: list[Node | str] = []
    for agent in graph.members(graph.value(node, iri(predicate).value)):
        if isinstance(agent, Literal):
            found.append(agent.value)
        elif isinstance(agent, NamedNode) and is_safe_iri(agent.value):
            name, path = reader.agent_name(agent), current().path(agent.value)
            found.append(
                _said(
                    {
                        "@type": _type(things[agent.value].types(agent)) if agent.value in things else "Thing",
                        "@id": agent.value,
                        "name": reader.label(agent.value)[1],
                        "familyName": name.get("family"),
                        "givenName": name.get("given"),
                        "url": _absolute(path) if path else None,
                    }
                )
            )
    return found


def _web(graph: Graph, node: NamedNode, predicate: str) -> list[str]:
    return list(filter(is_web, graph.iris(node, iri(predicate).value)))


def _date(graph: Graph, node: NamedNode, predicate: str) -> str | None:
    text = graph.text(node, iri(predicate).value) or ""
    return text if _DATE.fullmatch(text) else None


def _text(text: str | None, lang: str | None) -> Node | str | None:
    return {"@value": text, "@language": lang} if text and lang else text


def _said(node: Node) -> Node:
    return {name: value for name, value in node.items() if value}


# -- citation tags -----------------------------------------------------------------------------------


def citation_tags(found: Record) -> list[tuple[str, str]]:
    """(name, content) of the meta tags that describe the source of a record; none where it is no source."""
    item = found.csl
    if item is None:
        return []
    node = NamedNode(found.thing.iri)
    graph = current().descriptions.describe([node.value])[node.value]
    container, publisher = _TAGS.get(item["type"], ("", "publisher"))
    start, *end = pages(item) or ("",)
    said = [
        ("title", item.get("title")),
        *(("author", inverted(name)) for name in item.get("author", ())),
        *(("editor", inverted(name)) for name in item.get("editor", ())),
        ("publication_date", (_date(graph, node, "dcterms:issued") or "").replace("-", "/")),
        (container, item.get("container-title")),
        ("volume", item.get("volume")),
        ("issue", item.get("issue")),
        ("firstpage", start),
        ("lastpage", end[0] if end else None),
        (publisher, item.get("publisher")),
        ("doi", item.get("DOI")),
        ("public_url", item.get("URL")),
    ]
    return [(f"citation_{name}", one_line(text)) for name, text in said if name and text]
