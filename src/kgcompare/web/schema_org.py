"""What pages say of themselves to programs: their addresses, JSON-LD in the terms of schema.org, and citation tags.

Only what is recorded is said. Texts carry their language where it is known.

Source: schema.org; JSON-LD 1.1, section 7 (data blocks in HTML); RFC 6596 (canonical); Google Scholar, Inclusion
Guidelines for Webmasters, section 2 (citation tags), which reference managers read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.catalogue import citation, sources
from kgcompare.catalogue.names import name_parts
from kgcompare.catalogue.values import Reader
from kgcompare.formats.bibliography import inverted, one_line, pages, references
from kgcompare.formats.json import JsonObject
from kgcompare.formats.void import dataset_iri, licences_of
from kgcompare.model import Comparison, CslItem, Record, Thing
from kgcompare.rdf.addresses import web_address
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import PREFIXES, iri, is_safe_iri, is_web
from kgcompare.rdf.terms import FOAF_ORGANIZATION, FOAF_PERSON, KGC_METHOD, SKOS_CONCEPT, SKOS_IN_SCHEME
from kgcompare.text import dates
from kgcompare.text.languages import DEFAULT, interface_languages, speaks, translate
from kgcompare.web import signposting
from kgcompare.web.here import canonical_address
from kgcompare.web.request import current, language, list_path, own_words, root

if TYPE_CHECKING:
    from kgcompare.report.extent import Extent

_CONTEXT: JsonObject = {"@context": "https://schema.org"}
_CLASSES = {
    KGC_METHOD: "DefinedTerm",
    SKOS_CONCEPT: "DefinedTerm",
    FOAF_PERSON: "Person",
    FOAF_ORGANIZATION: "Organization",
}
"""What schema.org calls the things of a class whose records do not say it themselves."""
_SOURCES = {"book": "Book", "chapter": "Chapter", "thesis": "Thesis", "report": "Report", "webpage": "WebPage"}
"""What schema.org calls the sources of a CSL type; those of every other type are articles."""
_CONTAINERS = {"article-journal": "Periodical", "chapter": "Book"}
_TAGS = {
    "article-journal": ("journal_title", "publisher"),
    "paper-conference": ("conference_title", "publisher"),
    "chapter": ("inbook_title", "publisher"),
    "thesis": ("", "dissertation_institution"),
    "report": ("", "technical_report_institution"),
}
"""CSL type -> what citation tags call the container and the publisher there."""
_PUBLISHED = ("dcterms:issued", "dcterms:date")
_DATE = re.compile(r"(?!0000)\d{4}(?:-(?:0[1-9]|1[0-2])(?:-\d\d)?)?")
"""A plain year, month or day, which schema.org's dates and EDTF have in common."""


def _absolute(path: str, query: Sequence[tuple[str, str]] = ()) -> str:
    return root() + quote(path) + ("?" + urlencode(query) if query else "")


def summary(record: Record) -> str | None:
    """One text that says what a record is about: its definition, or the reference of a source."""
    return record.thing.description or (citation.plain_reference(record.csl) if record.csl else None)


# -- JSON-LD -----------------------------------------------------------------------------------------


def of_home(lang: str) -> JsonObject:
    """The site, what it is about, and how to search it."""
    target = {"@type": "EntryPoint", "urlTemplate": _absolute(list_path(current().main_kind)) + "?q={text}"}
    more: JsonObject = {
        "inLanguage": list(interface_languages()),
        "about": _dataset(lang),
        "potentialAction": {"@type": "SearchAction", "target": target, "query-input": "required name=text"},
    }
    return _CONTEXT | _site() | more


def of_dataset(lang: str, extent: Extent) -> JsonObject:
    """The dataset and its dump."""
    dump = {
        "@type": "DataDownload",
        "contentUrl": _absolute("/dump.nq.gz"),
        "encodingFormat": "application/n-quads",
    }
    own = own_words(lang)
    licences = list(filter(is_web, licences_of(extent, own.about)))
    publisher = _without_empty({"name": _text(own.publisher[1], own.publisher[0]), "url": own.about.publisher_iri})
    more: JsonObject = {
        "description": _text(own.description[1], own.description[0]),
        "license": licences,
        "isAccessibleForFree": bool(licences),
        "inLanguage": list(own.about.languages),
        "keywords": own.about.keywords_in(lang),
        "publisher": publisher and {"@type": "Organization"} | publisher,
        "version": current().name,
        "dateModified": extent.modified,
        "distribution": dump,
    }
    return _without_empty(_CONTEXT | _dataset(lang) | more)


def of_comparison(comparison: Comparison) -> JsonObject:
    """The page of a comparison: what it compares, in this order, and the sources that it cites."""
    graphs = current().descriptions.things({thing.iri for thing in comparison.methods})
    items: list[JsonObject] = [
        {"@type": "ListItem", "position": place, "item": _thing(thing, graphs[thing.iri])}
        for place, thing in enumerate(comparison.methods, 1)
    ]
    names = " · ".join(thing.label for thing in comparison.methods)
    page = _page(comparison.language, [thing.iri for thing in comparison.methods])
    more: JsonObject = {
        "name": translate(comparison.language, "Comparison: {names}", names=names),
        "mainEntity": {"@type": "ItemList", "numberOfItems": len(items), "itemListElement": items},
        "citation": [_cited(item) for item in references(comparison)],
    }
    return _without_empty(_CONTEXT | page | more)


def of_record(record: Record) -> JsonObject:
    """What a record is about; the page itself is its ``mainEntityOfPage``."""
    thing, node = record.thing.iri, NamedNode(record.thing.iri)
    graph = current().descriptions.describe([thing])[thing]
    names = [value for fact in record.facts if fact.names for value in fact.values]
    name = name_parts(graph, node) or {}
    more: JsonObject = {
        "alternateName": [_text(value.text, value.lang) for value in names],
        "familyName": name.get("family"),
        "givenName": name.get("given"),
        "programmingLanguage": graph.text(node, iri("schema:programmingLanguage").value),
        "version": graph.text(node, iri("schema:softwareVersion").value),
        "sameAs": _web(graph, node, "schema:sameAs") + _web(graph, node, "skos:exactMatch"),
    }
    if record.csl is not None:
        more |= _source(record.csl, node, _type(graph.types(node)))
    else:
        more["subjectOf"] = [_cited(item) for item in references(record)]
    about = _thing(record.thing, graph) | more
    if about["@type"] == "DefinedTerm":
        about |= {"termCode": record.thing.id, "inDefinedTermSet": _term_set(graph, node, record.language)}
    about["mainEntityOfPage"] = _document(thing, record.language)
    return _without_empty(_CONTEXT | about)


def _document(thing: str, lang: str) -> JsonObject:
    """The page of a record, with the dates of the document that describes the thing."""
    document = NamedNode(current().base.document(thing))
    graph = current().descriptions.describe([document.value])[document.value]
    created, modified = (_date(graph, document, name) for name in ("dcterms:created", "dcterms:modified"))
    return _without_empty(_page(lang, [thing]) | {"dateCreated": created, "dateModified": modified})


def _site() -> JsonObject:
    address = _absolute("/")
    return {"@type": "WebSite", "@id": address, "url": address, "name": own_words(language()).name[1]}


def _page(lang: str, things: Sequence[str]) -> JsonObject:
    """This page, under the licences of the records of the *things* that it shows."""
    address = canonical_address()
    about = {"@type": "WebPage", "@id": address, "url": address, "inLanguage": speaks(lang)}
    return about | {"license": signposting.licences(things), "isPartOf": _site()}


def _dataset(lang: str) -> JsonObject:
    tag, title = own_words(lang).title
    url = _absolute("/dataset")
    return {"@type": "Dataset", "@id": dataset_iri(current().base), "name": _text(title, tag), "url": url}


def _thing(thing: Thing, graph: Graph) -> JsonObject:
    """What every thing has: its name, its definition, and its page here."""
    return _without_empty(
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


def _term_set(graph: Graph, node: NamedNode, lang: str) -> JsonObject:
    """The scheme of a concept; of any other term the dataset, as the set of terms that it is."""
    schemes = [scheme for scheme in graph.iris(node, SKOS_IN_SCHEME) if is_safe_iri(scheme)]
    if not schemes:
        return _dataset(lang) | {"@type": "DefinedTermSet"}
    tag, name = Reader(lang, current().descriptions.things({schemes[0]})).label(schemes[0])
    return {"@type": "DefinedTermSet", "@id": schemes[0], "name": _text(name, tag)}


def _cited(item: CslItem) -> JsonObject:
    path = current().path(item["id"])
    return _without_empty(
        {
            "@type": _SOURCES.get(item["type"], "ScholarlyArticle"),
            "@id": item["id"],
            "name": item.get("title"),
            "url": _absolute(path) if path else None,
        }
    )


def _source(item: CslItem, node: NamedNode, kind: str) -> JsonObject:
    """What a source has beside its name; *kind* is the type that its record says, if it does."""
    things = current().descriptions.things({node.value})
    graph = things[node.value]
    start, *end = pages(item) or ("",)
    doi = item.get("DOI")
    return {
        "@type": _SOURCES.get(item["type"], "ScholarlyArticle") if kind == "Thing" else kind,
        "author": _people(graph, node, "author", things),
        "editor": _people(graph, node, "editor", things),
        "datePublished": _date(graph, node, *_PUBLISHED),
        "isPartOf": _container(item),
        "pagination": start if not end else None,
        "pageStart": start if end else None,
        "pageEnd": end[0] if end else None,
        "publisher": {"@type": "Organization", "name": item["publisher"]} if "publisher" in item else None,
        "identifier": {"@type": "PropertyValue", "propertyID": "DOI", "value": doi} if doi else None,
        "sameAs": sources.source_address(graph, node),
    }


def _container(item: CslItem) -> JsonObject | None:
    """The issue of the volume of the container that a source stands in; those of them that are recorded."""
    inside: JsonObject | None = None
    if title := item.get("container-title"):
        inside = {"@type": _CONTAINERS.get(item["type"], "CreativeWork"), "name": title}
    if volume := item.get("volume"):
        inside = _without_empty({"@type": "PublicationVolume", "volumeNumber": volume, "isPartOf": inside})
    if issue := item.get("issue"):
        inside = _without_empty({"@type": "PublicationIssue", "issueNumber": issue, "isPartOf": inside})
    return inside


def _people(graph: Graph, node: NamedNode, role: sources.Role, things: Mapping[str, Graph]) -> list[JsonObject | str]:
    """The people of a source in a role, in order; one that is only a text stays a text."""
    reader = Reader(DEFAULT, things)
    people: list[JsonObject | str] = []
    for agent in sources.people(graph, node, role):
        spoken = sources.somebody(reader.spoken(agent, graph))
        if not spoken:
            continue
        if isinstance(agent, Literal):
            people.append(spoken)
            continue
        about = graph if isinstance(agent, BlankNode) else things.get(agent.value, Graph())
        name, known = reader.agent_name(agent, graph), isinstance(agent, NamedNode) and is_safe_iri(agent.value)
        path = current().path(agent.value) if known else None
        person: JsonObject = {
            "@type": _type(about.types(agent)),
            "@id": agent.value if known else None,
            "name": spoken,
            "familyName": name.get("family"),
            "givenName": name.get("given"),
            "url": _absolute(path) if path else None,
        }
        people.append(_without_empty(person))
    return people


def _web(graph: Graph, node: NamedNode, predicate: str) -> list[str]:
    return list(filter(None, map(web_address, graph.iris(node, iri(predicate).value))))


def _date(graph: Graph, node: NamedNode, *predicates: str) -> str | None:
    """The first date there is, where it is a plain year, month or day."""
    said = (dates.of_xsd(text) for name in predicates if (text := graph.text(node, iri(name).value)))
    return next(filter(_DATE.fullmatch, said), None)


def last_change(things: Sequence[str]) -> str:
    """When the document of one of some things was last changed, or made; empty where none says so."""
    documents = current().descriptions.documents(things)
    found = (_date(graph, NamedNode(name), "dcterms:modified", "dcterms:created") for name, graph in documents.items())
    return max(filter(None, found), default="")


def _text(text: str | None, lang: str | None) -> JsonObject | str | None:
    return {"@value": text, "@language": lang} if text and lang else text


def _without_empty(node: JsonObject) -> JsonObject:
    return {name: value for name, value in node.items() if value}


# -- citation tags -----------------------------------------------------------------------------------


def citation_tags(record: Record) -> list[tuple[str, str]]:
    """(name, content) of the meta tags that describe the source of a record; none where it is no source."""
    item = record.csl
    if item is None:
        return []
    node = NamedNode(record.thing.iri)
    graph = current().descriptions.describe([node.value])[node.value]
    container, publisher = _TAGS.get(item["type"], ("", "publisher"))
    start, *end = pages(item) or ("",)
    tags = [
        ("title", item.get("title")),
        *(("author", inverted(name)) for name in item.get("author", ())),
        *(("editor", inverted(name)) for name in item.get("editor", ())),
        ("publication_date", (_date(graph, node, *_PUBLISHED) or "").replace("-", "/")),
        (container, item.get("container-title")),
        ("volume", item.get("volume")),
        ("issue", item.get("issue")),
        ("firstpage", start),
        ("lastpage", end[0] if end else None),
        (publisher, item.get("publisher")),
        ("doi", item.get("DOI")),
        ("public_url", item.get("URL")),
    ]
    return [(f"citation_{name}", one_line(text)) for name, text in tags if name and text]
