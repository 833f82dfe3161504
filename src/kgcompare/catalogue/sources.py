"""Sources as CSL-JSON items: what their records say, in the forms in which BIBO and its users write it.

Source: Bibliographic Ontology 1.3; CSL 1.0.2, csl-data.json; RDF Schema 1.1, section 5.1 (containers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from kgcompare.model import CslDate, CslItem, CslName
from kgcompare.rdf.addresses import doi_address, web_address
from kgcompare.rdf.graph import Graph, Node, Term, node_of
from kgcompare.rdf.namespaces import PREFIXES, iri
from kgcompare.rdf.terms import (
    BIBO_AUTHOR_LIST,
    BIBO_DOI,
    BIBO_EDITOR_LIST,
    BIBO_PAGE_END,
    BIBO_PAGE_START,
    BIBO_PAGES,
    BIBO_URI,
    DCTERMS_CREATOR,
    DCTERMS_DATE,
    DCTERMS_IS_PART_OF,
    DCTERMS_ISSUED,
    DCTERMS_PUBLISHER,
    DCTERMS_TITLE,
    KGC_ET_AL,
    RDF_NIL,
)
from kgcompare.text import dates, dois

NameOf = Callable[[Term], CslName]
"""Gives an agent's name as CSL has it."""
Described = Callable[[NamedNode], Graph]
"""Gives what is said of a thing that a source names."""

_BIBO = PREFIXES["bibo"]
_OF_BIBO = re.compile(re.escape(_BIBO)).match
_TYPES = {
    _BIBO + "Thesis": "thesis",
    _BIBO + "Chapter": "chapter",
    _BIBO + "BookSection": "chapter",
    _BIBO + "Report": "report",
    _BIBO + "Webpage": "webpage",
    _BIBO + "Manuscript": "article",
    **{_BIBO + name: "book" for name in ("Book", "EditedBook", "Proceedings", "Manual", "ReferenceSource")},
}
"""What a document is by its class; the first of these that it has counts."""
_CONTAINERS = {
    _BIBO + "Proceedings": "paper-conference",
    _BIBO + "Conference": "paper-conference",
    _BIBO + "Book": "chapter",
    _BIBO + "EditedBook": "chapter",
    _BIBO + "Journal": "article-journal",
}
"""What a document is by the class of what it is part of."""
_ARTICLES = {_BIBO + "Article", _BIBO + "AcademicArticle"}
_LITERALS: tuple[tuple[Literal["title", "volume", "issue", "publisher"], str], ...] = (
    ("title", DCTERMS_TITLE),
    ("volume", iri("bibo:volume").value),
    ("issue", iri("bibo:issue").value),
    ("publisher", DCTERMS_PUBLISHER),
)
Role = Literal["author", "editor"]
_ROLES: Mapping[Role, tuple[str, ...]] = {
    "author": (BIBO_AUTHOR_LIST, DCTERMS_CREATOR),
    "editor": (BIBO_EDITOR_LIST, iri("bibo:editor").value),
}
"""Where people stand: in a list; for want of one as values, in no order of theirs."""
_ET_AL = re.compile(
    r"(?:^|[\s,;&])(?:(?:and|&) others|et al(?:\.|ii|iae|ia)?|et coll\.?|y otros|e outros|und andere)\W*\Z"
    r"|^\W*(?:others|u\. ?a\.)\W*\Z",
    re.IGNORECASE,
)
"""What stands in some lists as the last name, or after it, and is nobody's."""
_HYPHENS = re.compile(r"\s*-{2,}\s*")
_PAGE = r"(?:\w*\d\w*(?:[-.:]\w+)*|[A-Za-z]-\w+|[ivxlcdm]+|[IVXLCDM]+)"
_RANGES = re.compile(rf"{_PAGE}(?:\s*(?:,|;|-{{2,}})\s*{_PAGE})*")
_LONGEST_RANGE = 100
_END = 40
"""Characters of a name in which that is looked for."""


_TRUE = {"true", "1"}


def is_source(graph: Graph, thing: str) -> bool:
    """Whether a thing is a document that is cited."""
    return any(map(_OF_BIBO, graph.types(node_of(thing))))


def csl(graph: Graph, node: Node, name_of: NameOf, described: Described = lambda _: Graph()) -> CslItem:
    """A source as a CSL-JSON item; only what is recorded."""
    container = graph.value(node, DCTERMS_IS_PART_OF)
    around = described(container) if isinstance(container, NamedNode) else graph
    item: CslItem = {"id": node.value, "type": _type(graph, node, container, around)}
    for key, predicate in _LITERALS:
        text = graph.text(node, predicate)
        if text:
            item[key] = ranged(text) if key in {"volume", "issue"} else text
    publisher = graph.value(node, DCTERMS_PUBLISHER)
    if publisher is not None and "publisher" not in item:
        item["publisher"] = whole(name_of(publisher))
    for role in _ROLES:
        names, more = _told([name_of(agent) for agent in people(graph, node, role)])
        if names:
            item[role] = names
        if role == "author" and names and (more or graph.text(node, KGC_ET_AL) in _TRUE):
            item["et-al"] = True
    if issued := _issued(graph, node):
        item["issued"] = issued
    if pages := _pages(graph, node):
        item["page"] = pages
    if container is not None:
        title = container.value if isinstance(container, RdfLiteral) else around.text(container, DCTERMS_TITLE)
        held = title or whole(name_of(container))
        # A preprint stands in an archive, which publishes it.
        item["publisher" if item["type"] == "article" and "publisher" not in item else "container-title"] = held
    if doi := dois.bare(graph.text(node, BIBO_DOI) or ""):
        item["DOI"] = doi
    elif url := source_address(graph, node):
        item["URL"] = url
    return item


def _type(graph: Graph, node: Node, container: Term | None, around: Graph) -> str:
    types = graph.types(node)
    inside = around.types(container) if container is not None and not isinstance(container, RdfLiteral) else []
    for kinds, classes in ((_TYPES, types), (_CONTAINERS, inside)):
        if not kinds.keys().isdisjoint(classes):
            return next(kind for cls, kind in kinds.items() if cls in classes)
    return "article-journal" if container is not None or not _ARTICLES.isdisjoint(types) else "document"


def people(graph: Graph, node: Node, role: Role) -> list[Term]:
    """The people of a source in a role: the members of a list or a container in order, else the values themselves."""
    for predicate in _ROLES[role]:
        found = []
        for value in graph.objects(node, predicate):
            listed = graph.members(value)
            found += listed or ([] if value.value == RDF_NIL else [value])
        if found:
            return found
    return []


def somebody(name: str) -> str:
    """A name without ``et al.`` at its end; empty for one that says only that there are more people."""
    end = name[-_END:]
    match = _ET_AL.search(end)
    return (name[:-_END] + end[: match.start()]).strip(" ,;&") if match else name


def _told(names: Sequence[CslName]) -> tuple[list[CslName], bool]:
    """The names that are somebody's, and whether something among them says that there are more."""
    told: list[CslName] = []
    more = False
    for name in names:
        called = whole(name)
        whose = somebody(called)
        more = more or whose != called
        if whose:
            told.append({"literal": whose} if "literal" in name else name)
    return told, more


def _issued(graph: Graph, node: Node) -> CslDate | None:
    """The date of publication, from what is said as that or else as the date; as it is written where it is none."""
    for predicate in (DCTERMS_ISSUED, DCTERMS_DATE):
        text = graph.text(node, predicate)
        if text is not None:
            break
    else:
        return None
    try:
        date = dates.canonical(dates.of_xsd(text))
    except ValueError:
        return {"literal": text} if text else None
    ends = [dates.year_of(end) for end in date.split("/")]
    certain = [year for end, year in zip(date.split("/"), ends, strict=True) if year and end[-1] not in "~?%"]
    if len(certain) == len(ends) and min(certain) >= 1000:
        return {"date-parts": [[year] for year in dict.fromkeys(certain)]}
    if dates.is_about(date) and (ends[0] or 0) >= 1000:
        return {"date-parts": [[ends[0] or 0]], "circa": True}
    return {"literal": dates.cited(date)}


def dated(item: CslItem) -> str:
    """The date of publication in words: years, or what is known of them; nothing where nothing is."""
    issued = item.get("issued", {})
    years = "–".join(str(date[0]) for date in issued.get("date-parts", []) if date)
    return ("ca. " if issued.get("circa") else "") + years if years else issued.get("literal", "")


def _pages(graph: Graph, node: Node) -> str:
    """Pages with one hyphen between the first and the last, which is a dash where they have hyphens themselves."""
    said = graph.text(node, BIBO_PAGES)
    if said is None:
        ends = (graph.text(node, BIBO_PAGE_START), graph.text(node, BIBO_PAGE_END))
        said = "--".join(dict.fromkeys(end for end in ends if end))
    said = re.sub(r"\s*[‒–—−]+\s*|\s*(?<!-)-{2,}\s*", "–", said)
    return said if re.search("[-‐‑].*–|–.*[-‐‑]", said) else re.sub(r"\s*[-‐‑–]\s*", "-", said)


def ranged(text: str) -> str:
    """A text with a dash for the hyphens that TeX has in a range, where it is ranges alone: ``12--13``, ``xi---xv``."""
    return _HYPHENS.sub("–", text) if len(text) <= _LONGEST_RANGE and _RANGES.fullmatch(text) else text


def whole(name: CslName) -> str:
    """A name as it is spoken: given names, then the family's."""
    return name.get("literal") or " ".join(part for part in (name.get("given"), name.get("family")) if part)


def source_address(graph: Graph, node: Node) -> str | None:
    """Where a source can be read: at its DOI, else at its address, of several the first by alphabet; http and https
    only."""
    if doi := dois.bare(graph.text(node, BIBO_DOI) or ""):
        return doi_address(doi)
    return min(filter(None, (web_address(value.value) for value in graph.objects(node, BIBO_URI))), default=None)
