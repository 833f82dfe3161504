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
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

from kgcompare import resources
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import iri, is_web
from kgcompare.rdf.terms import (
    BIBO_DOI,
    BIBO_URI,
    DCTERMS_IS_PART_OF,
    DCTERMS_ISSUED,
    DCTERMS_PUBLISHER,
    DCTERMS_TITLE,
    KGC_ET_AL,
)

Names = Callable[[Term], Mapping[str, str]]
"""Gives an agent's name as CSL has it: ``family`` and ``given``, or ``literal``."""

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
_LITERALS = (
    ("title", "dcterms:title"),
    ("volume", "bibo:volume"),
    ("issue", "bibo:issue"),
    ("page", "bibo:pages"),
    ("DOI", "bibo:doi"),
    ("publisher", "dcterms:publisher"),
)
_LOCK = threading.Lock()  # citeproc keeps state in the style while it renders


def csl(graph: Graph, node: Node, names: Names) -> dict[str, Any]:
    """A source as a CSL-JSON item; only what is recorded."""
    item: dict[str, Any] = {"id": node.value, "type": _type(graph, node)}
    for key, predicate in _LITERALS:
        text = graph.text(node, iri(predicate).value)
        if text:
            item[key] = text.replace("–", "-") if key == "page" else text
    publisher = graph.value(node, DCTERMS_PUBLISHER)
    if publisher is not None and "publisher" not in item:
        item["publisher"] = _joined(names(publisher))
    for key, predicate in (("author", "bibo:authorList"), ("editor", "bibo:editorList")):
        people = [dict(names(agent)) for agent in graph.members(graph.value(node, iri(predicate).value))]
        if key == "author" and people and graph.text(node, KGC_ET_AL) in {"true", "1"}:
            people.append({"literal": "et al."})  # more than are recorded
        if people:
            item[key] = people
    issued = graph.text(node, DCTERMS_ISSUED) or ""
    if match := re.match(r"-?\d{4}", issued):
        item["issued"] = {"date-parts": [[int(match[0])]]}
    container = graph.value(node, DCTERMS_IS_PART_OF)
    if container is not None:
        title = graph.text(container, DCTERMS_TITLE) if not hasattr(container, "datatype") else container.value
        if title or hasattr(container, "value"):
            item["container-title"] = title or _joined(names(container))
    url = address(graph, node)
    if url and "DOI" not in item:
        item["URL"] = url
    return item


def _type(graph: Graph, node: Node) -> str:
    types = set(graph.types(node))
    for name, kind in _TYPES:
        if iri(name).value in types:
            return kind
    container = graph.value(node, DCTERMS_IS_PART_OF)
    if container is not None and not hasattr(container, "datatype"):
        inside = set(graph.types(container))
        for name, kind in _CONTAINERS:
            if iri(name).value in inside:
                return kind
    return "article-journal"


def _joined(name: Mapping[str, str]) -> str:
    return name.get("literal") or " ".join(part for part in (name.get("given"), name.get("family")) if part)


def address(graph: Graph, node: Node) -> str | None:
    """Where a source can be read: its DOI, else its address; http and https only."""
    doi = graph.text(node, BIBO_DOI)
    if doi and re.match(r"10\.\d{4,9}/\S+\Z", doi):
        return "https://doi.org/" + doi
    for value in graph.objects(node, BIBO_URI):
        if is_web(value.value):
            return value.value
    return None


@cache
def _style() -> Any:
    from citeproc import CitationStylesStyle

    return CitationStylesStyle(str(resources.package_file("catalogue/apa.csl")), locale="en-US", validate=False)


@lru_cache(maxsize=20_000)
def _render(item: str, marked_up: bool) -> str:
    from citeproc import Citation, CitationItem, CitationStylesBibliography, formatter
    from citeproc.source.json import CiteProcJSON

    data = json.loads(item)
    data["id"] = "source"
    with _LOCK:
        form = formatter.html if marked_up else formatter.plain
        bibliography = CitationStylesBibliography(_style(), CiteProcJSON([data]), form)
        bibliography.register(Citation([CitationItem("source")]))
        text = "".join(str(part) for part in bibliography.bibliography())
    text = re.sub(r",? (?:&amp;|&) et al\.", ", et al.", text)
    # A title that ends in a mark of its own takes no full stop after it.
    return re.sub(r"([.?!…])(</i>)?\.", r"\1\2", text).strip()


def text(item: Mapping[str, Any]) -> str:
    """The full reference in plain text, in APA style."""
    return _render(json.dumps(item, sort_keys=True), False)


def marked_up(item: Mapping[str, Any]) -> str:
    """The same reference as HTML, safe to put into a page; addresses are plain text in it."""

    def escaped(value: Any) -> Any:
        if isinstance(value, str):
            return html.escape(value, quote=False)
        if isinstance(value, dict):
            return {key: escaped(part) for key, part in value.items()}
        return [escaped(part) for part in value] if isinstance(value, list) else value

    return _render(json.dumps(escaped(dict(item)), sort_keys=True), True)
