"""References in APA style, by citeproc.

The style is our own small one (apa.csl): the full apa.csl of the CSL project takes 20 ms a reference in citeproc-py,
this one 3 ms, and compiled (:mod:`~kgcompare.catalogue.style`) 0.05 ms; a cold comparison has one for each column. A
test holds the two to the same text, and another one the compiled style to citeproc.

Source: CSL 1.0.2; Publication Manual of the American Psychological Association, 7th edition, chapters 9 and 10.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import cast

from pyoxigraph import Literal as RdfLiteral

from kgcompare import resources
from kgcompare.catalogue.names import initials
from kgcompare.catalogue.sources import Role, csl, whole
from kgcompare.model import CslItem, CslName
from kgcompare.rdf.addresses import doi_address
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import RDF_FIRST, RDF_REST, SH_CLASS, SH_PROPERTY, SH_TARGET_CLASS
from kgcompare.schema.shapes import Shapes

__all__ = ["cited_address", "cites", "csl", "marked_up", "plain_reference", "without_marks"]

_ABOUT = (SH_CLASS, SH_TARGET_CLASS)
_MADE_OF = (SH_PROPERTY, *(PREFIXES["sh"] + name for name in ("node", "and", "or", "xone")), RDF_FIRST, RDF_REST)
"""The predicates that lead from a shape to those that it is made of."""
_STOP = "\ufdd0"
"""Stands in the style for a full stop between two parts: only these give way to a mark that is there already."""
_MORE = "\ufdd1"
"""Stands for the authors that are not listed."""
_OTHERS = re.compile(rf"(?:,? &amp;)? ?{_MORE}")
_STOPPED = re.compile(rf"([.?!…](?:</i>)?){_STOP}")


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
    return without_marks(marked_up(item))


def without_marks(reference: str) -> str:
    """A reference that is marked up as plain text."""
    return html.unescape(reference.replace("<i>", "").replace("</i>", ""))


def marked_up(item: CslItem) -> str:
    """The full reference as HTML, safe to put into a page; addresses are plain text in it."""
    try:
        reference = _style()(_prepared(item))
    except Exception:  # noqa: BLE001  whatever the style stumbles over, a page is to show the source
        return _safe(_bare(item))
    if _MORE in reference:
        reference = _OTHERS.sub(" et al.", reference.replace(f", &amp; {_MORE}", ", et al."))
    # A part that ends in a mark of its own takes no full stop after it.
    return _STOPPED.sub(r"\1", reference).replace(_STOP, ".").strip()


def _prepared(item: CslItem) -> dict[str, object]:
    """An item as the style takes it: given names as initials, one address, and safe to put into a page."""
    data = {name: _safe(value) if isinstance(value, str) else value for name, value in item.items()}
    roles: tuple[Role, ...] = ("author", "editor")
    for role in roles:
        people = [_abbreviated(name) for name in item.get(role, ())]
        if role == "author" and data.pop("et-al", False):
            people.append({"literal": _MORE})
        if people:
            data[role] = people
    if literal := item.get("issued", {}).get("literal"):
        data["issued"] = {**item["issued"], "literal": _safe(literal)}
    if address := cited_address(item):
        data["URL"] = _safe(address)
    return data


def cited_address(item: CslItem) -> str | None:
    """Where what an item cites can be read: at its DOI, else at its address."""
    doi = item.get("DOI")
    return doi_address(doi) if doi else item.get("URL")


def _abbreviated(name: CslName) -> dict[str, str]:
    said = {part: _safe(text) for part, text in cast("dict[str, str]", name).items()}
    if name.get("given"):
        said["given"] = _safe(initials(name["given"]))
    return said


def _safe(text: str) -> str:
    return html.escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text


@cache
def _style() -> Callable[[dict[str, object]], str]:
    from kgcompare.catalogue.style import compiled  # a tenth of a second, for who asks for no reference

    return compiled(str(resources.package_file("catalogue/apa.csl")))


def _bare(item: CslItem) -> str:
    """What a source is called and by whom, for want of a reference."""
    authors = ", ".join(filter(None, map(whole, item.get("author", ()))))
    parts = (authors, item.get("title"), item.get("container-title"), item.get("publisher"), item.get("URL"))
    return ". ".join(part for part in parts if part) or item.get("id", "–")
