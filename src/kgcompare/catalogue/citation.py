"""References in APA style, by citeproc.

The style is our own small one (apa.csl): the full apa.csl of the CSL project takes 20 ms a reference in citeproc-py,
this one 3 ms, and compiled (:mod:`~kgcompare.catalogue.style`) 0.4 ms; a cold comparison has one for each column. A
test holds the two to the same text, and another one the compiled style to citeproc.

Source: CSL 1.0.2; Publication Manual of the American Psychological Association, 7th edition, chapters 9 and 10.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import cast

from pyoxigraph import Literal as RdfLiteral

from kgcompare import resources
from kgcompare.catalogue.names import initials
from kgcompare.catalogue.sources import csl, source_address, whole
from kgcompare.model import CslItem, CslName, Json
from kgcompare.rdf.addresses import doi_address
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import RDF_FIRST, RDF_REST, SH_CLASS, SH_PROPERTY, SH_TARGET_CLASS
from kgcompare.schema.shapes import Shapes

__all__ = ["cites", "csl", "marked_up", "plain_reference", "source_address"]

_ABOUT = (SH_CLASS, SH_TARGET_CLASS)
_MADE_OF = (SH_PROPERTY, *(PREFIXES["sh"] + name for name in ("node", "and", "or", "xone")), RDF_FIRST, RDF_REST)
"""The predicates that lead from a shape to those that it is made of."""
_STOP = "\ufdd0"
"""Stands in the style for a full stop between two parts: only these give way to a mark that is there already."""
_MORE = "\ufdd1"
"""Stands for the authors that are not listed."""


@lru_cache(maxsize=4)
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
    return html.unescape(re.sub(r"</?i>", "", marked_up(item)))


def marked_up(item: CslItem) -> str:
    """The full reference as HTML, safe to put into a page; addresses are plain text in it."""
    return _render(json.dumps(item, sort_keys=True))


@lru_cache(maxsize=2000)
def _render(item: str) -> str:
    """The reference of an item, given as JSON so that it can be looked up."""
    data: CslItem = json.loads(item)
    try:
        reference = _style()({**cast("dict[str, Json]", _prepared(data)), "id": "source"})
    except Exception:  # noqa: BLE001  whatever citeproc stumbles over, a page is to show the source
        return html.escape(_bare(data), quote=False)
    reference = re.sub(rf"(?:,? &amp;)? ?{_MORE}", " et al.", reference.replace(f", &amp; {_MORE}", ", et al."))
    # A part that ends in a mark of its own takes no full stop after it.
    return re.sub(rf"([.?!…](?:</i>)?){_STOP}", r"\1", reference).replace(_STOP, ".").strip()


def _prepared(item: CslItem) -> Json:
    """An item as the style takes it: given names as initials, one address, and safe to put into a page."""
    data = cast("dict[str, Json]", dict(item))
    for role in ("author", "editor"):
        people = [_abbreviated(name) for name in cast("list[CslName]", data.get(role, []))]
        if role == "author" and data.pop("et-al", False):
            people.append({"literal": _MORE})
        if people:
            data[role] = cast("Json", people)
    if doi := item.get("DOI"):
        data["URL"] = doi_address(doi)
    return _escaped(data)


def _abbreviated(name: CslName) -> CslName:
    if not name.get("given"):
        return name
    return {**name, "given": initials(name["given"])}


def _escaped(value: Json) -> Json:
    if isinstance(value, str):
        return html.escape(value, quote=False)
    if isinstance(value, dict):
        return {key: _escaped(part) for key, part in value.items()}
    return [_escaped(part) for part in value] if isinstance(value, list) else value


@cache
def _style() -> Callable[[Json], str]:
    from kgcompare.catalogue.style import compiled  # a tenth of a second, for who asks for no reference

    return compiled(str(resources.package_file("catalogue/apa.csl")))


def _bare(item: CslItem) -> str:
    """What a source is called and by whom, for want of a reference."""
    authors = ", ".join(filter(None, map(whole, item.get("author", ()))))
    parts = (authors, item.get("title"), item.get("container-title"), item.get("publisher"), item.get("URL"))
    return ". ".join(part for part in parts if part) or item.get("id", "–")
