"""Facts that cannot be read: dates that are none, and what is said of sources in words that no reference shows.

Source: Library of Congress, EDTF specification (2019), levels 0 and 1; Bibliographic Ontology 1.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode

from kgcompare.errors import Fault
from kgcompare.rdf.graph import Graph, Node
from kgcompare.rdf.namespaces import PREFIXES, iri, shortened
from kgcompare.rdf.terms import CITED, DCTERMS_DATE, DCTERMS_ISSUED, EDTF, KGC_ORIGIN
from kgcompare.text import dates

_BIBO = PREFIXES["bibo"]
_OTHERS = ("http://purl.org/dc/elements/1.1/", "http://prismstandard.org/namespaces/")
_AROUND = {_BIBO + name for name in ("Collection", "Conference", "Issue", "Journal", "Periodical", "Series", "Website")}
"""What sources stand in, and is not cited itself."""
_SCHEMA = ("author", "datePublished", "editor", "issueNumber", "pageEnd", "pageStart", "pagination", "volumeNumber")
_UNREAD = {iri(f"schema:{name}").value for name in _SCHEMA} | {iri("foaf:maker").value}
"""What others say where a reference would need it said otherwise."""


def unread_facts(document: Graph, file: str | None) -> Iterator[Fault]:
    """What cannot be read in a document: as faults ill-formed dates, as warnings facts of sources that stay unseen.

    ``kgc:origin`` is left out: who derives its years says so.
    """
    named = [subject for subject in document.subjects() if isinstance(subject, NamedNode)]
    for subject in document.subjects():
        about = subject if isinstance(subject, NamedNode) or not named else named[0]
        source = any(cls.startswith(_BIBO) and cls not in _AROUND for cls in document.types(subject))
        for predicate, values in document.description(subject).items():
            for value in values:
                if isinstance(value, Literal) and predicate != KGC_ORIGIN:
                    yield from _ill_dated(about, predicate, value, file, source=source)
            if source and predicate not in CITED and (predicate in _UNREAD or predicate.startswith((_BIBO, *_OTHERS))):
                message = f"{shortened(predicate)} is kept, but references do not show it"
                yield Fault(message, "warning", file, focus_node=about.value, path=predicate)


def _ill_dated(subject: Node, predicate: str, value: Literal, file: str | None, *, source: bool) -> Iterator[Fault]:
    dated = value.datatype.value == EDTF
    if not dated and not (source and predicate in {DCTERMS_ISSUED, DCTERMS_DATE}):
        return
    try:
        dates.canonical(value.value if dated else dates.of_xsd(value.value))
    except ValueError as fault:
        yield Fault(
            str(fault),
            "violation" if dated else "warning",
            file,
            focus_node=subject.value,
            path=predicate,
            value=value.value,
            constraint=EDTF,
        )
