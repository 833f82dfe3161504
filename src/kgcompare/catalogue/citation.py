"""Sources as CSL-JSON, and as references in APA style by citeproc.

The style is our own small one (apa.csl): the full apa.csl of the CSL project takes 20 ms a reference in citeproc-py,
this one 3 ms, and a cold comparison has one for each column.

Source: CSL 1.0.2; Publication Manual of the American Psychological Association, 7th edition, chapter 10.
"""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Literal, cast

from pyoxigraph import Literal as RdfLiteral

from kgcompare import resources
from kgcompare.model import ET_AL, CslItem, CslName, Json
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES, iri, is_web
from kgcompare.rdf.terms import (
    BIBO_AUTHOR_LIST,
    BIBO_DOI,
    BIBO_EDITOR_LIST,
    BIBO_URI,
    DCTERMS_IS_PART_OF,
    DCTERMS_ISSUED,
    DCTERMS_PUBLISHER,
    DCTERMS_TITLE,
    KGC_ET_AL,
    RDF_FIRST,
    RDF_REST,
    SH_CLASS,
    SH_PROPERTY,
    SH_TARGET_CLASS,
)
from kgcompare.schema.shapes import Shapes

NameOf = Callable[[Term], CslName]
"""Gives an agent's name as CSL has it."""

_TYPES = (
    ("bibo:Thesis", "thesis"),
    ("bibo:Book", "book"),
    ("bibo:EditedBook", "book"),
    ("bibo:Chapter", "chapter"),
    ("bibo:BookSection", "chapter"),
    ("bibo:Report", "report"),
    ("bibo:Webpage", "webpage"),
    ("bibo:Manuscript", "article"),
)
_CONTAINERS = (
    ("bibo:Proceedings", "paper-conference"),
    ("bibo:Conference", "paper-conference"),
    ("bibo:Book", "chapter"),
    ("bibo:EditedBook", "chapter"),
    ("bibo:Journal", "article-journal"),
)
_LITERALS: tuple[tuple[Literal["title", "volume", "issue", "page", "DOI", "publisher"], str], ...] = (
    ("title", "dcterms:title"),
    ("volume", "bibo:volume"),
    ("issue", "bibo:issue"),
    ("page", "bibo:pages"),
    ("DOI", "bibo:doi"),
    ("publisher", "dcterms:publisher"),
)
_ROLES: tuple[tuple[Literal["author", "editor"], str], ...] = (
    ("author", BIBO_AUTHOR_LIST),
    ("editor", BIBO_EDITOR_LIST),
)
_ABOUT = (SH_CLASS, SH_TARGET_CLASS)
_MADE_OF = (SH_PROPERTY, *(PREFIXES["sh"] + name for name in ("node", "and", "or", "xone")), RDF_FIRST, RDF_REST)
"""The predicates that lead from a shape to those that it is made of."""
_LOCK = threading.Lock()  # citeproc keeps state in the style while it renders


# -- from RDF ----------------------------------------------------------------------------------------


def csl(graph: Graph, node: Node, name_of: NameOf) -> CslItem:
    """A source as a CSL-JSON item; only what is recorded."""
    item: CslItem = {"id": node.value, "type": _type(graph, node)}
    for key, predicate in _LITERALS:
        text = graph.text(node, iri(predicate).value)
        if text:
            item[key] = text.replace("–", "-") if key == "page" else text
    publisher = graph.value(node, DCTERMS_PUBLISHER)
    if publisher is not None and "publisher" not in item:
        item["publisher"] = _joined(name_of(publisher))
    for role, predicate in _ROLES:
        people = [name_of(agent) for agent in graph.members(graph.value(node, predicate))]
        if role == "author" and people and graph.text(node, KGC_ET_AL) in {"true", "1"}:
            people.append({"literal": ET_AL})
        if people:
            item[role] = people
    issued = graph.text(node, DCTERMS_ISSUED) or ""
    if match := re.match(r"-?\d{4}", issued):
        item["issued"] = {"date-parts": [[int(match[0])]]}
    container = graph.value(node, DCTERMS_IS_PART_OF)
    if container is not None:
        title = container.value if isinstance(container, RdfLiteral) else graph.text(container, DCTERMS_TITLE)
        item["container-title"] = title or _joined(name_of(container))
    url = source_address(graph, node)
    if url and "DOI" not in item:
        item["URL"] = url
    return item


def _type(graph: Graph, node: Node) -> str:
    types = set(graph.types(node))
    for name, kind in _TYPES:
        if iri(name).value in types:
            return kind
    container = graph.value(node, DCTERMS_IS_PART_OF)
    if container is not None and not isinstance(container, RdfLiteral):
        inside = set(graph.types(container))
        for name, kind in _CONTAINERS:
            if iri(name).value in inside:
                return kind
    return "article-journal"


def _joined(name: CslName) -> str:
    return name.get("literal") or " ".join(part for part in (name.get("given"), name.get("family")) if part)


def source_address(graph: Graph, node: Node) -> str | None:
    """Where a source can be read: its DOI, else its address; http and https only."""
    doi = graph.text(node, BIBO_DOI)
    if doi and re.match(r"10\.\d{4,9}(\.\d+)*/\S+\Z", doi):
        return "https://doi.org/" + doi
    for value in graph.objects(node, BIBO_URI):
        if is_web(value.value):
            return value.value
    return None


def cites(shapes: Shapes) -> dict[str, bool]:
    """The classes that shapes are about, and whether their things can cite: whether a shape leads to documents."""
    graph = Graph(shapes.triples)
    can: dict[str, bool] = {}
    for shape in graph.subjects():
        for target in graph.iris(shape, SH_TARGET_CLASS):
            can[target] = can.get(target, False) or _leads_to_documents(graph, shape)
    return can


def _leads_to_documents(graph: Graph, shape: Node) -> bool:
    """Whether a shape, or one that it is made of, is about documents or has them as values."""
    waiting: list[Term] = [shape]
    seen: set[Term] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, RdfLiteral) or part in seen:
            continue
        seen.add(part)
        if any(cls.startswith(PREFIXES["bibo"]) for name in _ABOUT for cls in graph.iris(part, name)):
            return True
        waiting += (v for name, values in graph.description(part).items() if name.startswith(_MADE_OF) for v in values)
    return False


# -- as references -----------------------------------------------------------------------------------


def plain_reference(item: CslItem) -> str:
    """The full reference in plain text, in APA style."""
    return _render(json.dumps(item, sort_keys=True), False)


def marked_up(item: CslItem) -> str:
    """The full reference as HTML, safe to put into a page; addresses are plain text in it."""
    return _render(json.dumps(_escaped(cast("Json", item)), sort_keys=True), True)


def _escaped(value: Json) -> Json:
    if isinstance(value, str):
        return html.escape(value, quote=False)
    if isinstance(value, dict):
        return {key: _escaped(part) for key, part in value.items()}
    return [_escaped(part) for part in value] if isinstance(value, list) else value


@lru_cache(maxsize=20_000)
def _render(item: str, marked_up: bool) -> str:
    """The reference of an item, given as JSON so that it can be looked up."""
    data: CslItem = json.loads(item)
    try:
        reference = _by_citeproc(data, marked_up)
    except Exception:  # noqa: BLE001  whatever citeproc stumbles over, a page is to show the source
        return _bare(data)
    reference = re.sub(r",? (?:&amp;|&) et al\.", ", et al.", reference)
    # A title that ends in a mark of its own takes no full stop after it.
    return re.sub(r"([.?!…])(</i>)?\.", r"\1\2", reference).strip()


def _by_citeproc(item: CslItem, marked_up: bool) -> str:
    from citeproc import Citation, CitationItem, CitationStylesBibliography, formatter
    from citeproc.source.json import CiteProcJSON

    with _LOCK:
        form = formatter.html if marked_up else formatter.plain
        bibliography = CitationStylesBibliography(_style(), CiteProcJSON([{**item, "id": "source"}]), form)
        bibliography.register(Citation([CitationItem("source")]))
        return "".join(str(part) for part in bibliography.bibliography())


@cache
def _style() -> object:
    from citeproc import CitationStylesStyle

    return CitationStylesStyle(str(resources.package_file("catalogue/apa.csl")), locale="en-US", validate=False)


def _bare(item: CslItem) -> str:
    """What a source is called and by whom, for want of a reference."""
    authors = ", ".join(filter(None, map(_joined, item.get("author", ()))))
    parts = (authors, item.get("title"), item.get("container-title"), item.get("publisher"), item.get("URL"))
    return ". ".join(part for part in parts if part) or item.get("id", "–")
