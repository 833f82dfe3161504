"""Comparisons and records as JSON, CSV, TSV, Markdown, LaTeX, HTML and RDF, and what they cite as BibTeX, RIS and CSL.

The command line and the web render by these same functions, so that both give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from kgcompare.catalogue import citation
from kgcompare.errors import UnknownFormat
from kgcompare.formats import bibliography, cube, html, json, latex, tables, terminal
from kgcompare.model import Comparison, CslItem, Record
from kgcompare.rdf.syntaxes import SYNTAXES

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation


@dataclass(frozen=True, slots=True)
class Format:
    """An output format: its name is the suffix and the value of ``?format=``, ``title`` what it calls itself."""

    name: str
    title: str
    media_type: str

    @property
    def content_type(self) -> str:
        """The value of the Content-Type header."""
        if self.media_type.startswith("text/") or self.name in {"tex", "bib", "ris"}:
            return self.media_type + "; charset=utf-8"
        return self.media_type


FORMATS = {
    form.name: form
    for form in (
        Format("html", "HTML", "text/html"),
        *(Format(syntax.name, syntax.title, syntax.media_type) for syntax in SYNTAXES.values()),
        Format("json", "JSON", "application/json"),
        Format("csv", "CSV", "text/csv"),
        Format("tsv", "TSV", "text/tab-separated-values"),
        Format("md", "Markdown", "text/markdown"),
        Format("tex", "LaTeX", "application/x-tex"),
        Format("bib", "BibTeX", "application/x-bibtex"),
        Format("ris", "RIS", "application/x-research-info-systems"),
        Format("csl", "CSL-JSON", "application/vnd.citationstyles.csl+json"),
    )
}
"""Every format; where weights of ``Accept`` tie, the one that stands first wins."""

RDF = tuple(SYNTAXES)
BIBLIOGRAPHY: dict[str, Callable[[list[CslItem]], str]] = {
    "bib": bibliography.bibtex,
    "ris": bibliography.ris,
    "csl": bibliography.csl_json,
}
"""The formats of sources, and what writes them."""


def _cited(comparison: Comparison, _: str, name: str) -> str:
    return BIBLIOGRAPHY[name](bibliography.references(comparison))


COMPARISON: dict[str, Callable[[Comparison, str], str]] = {
    "html": lambda comparison, _: html.html_page(comparison),
    "json": lambda comparison, _: json.comparison_json(comparison),
    "csv": lambda comparison, _: tables.csv_text(comparison),
    "tsv": lambda comparison, _: tables.csv_text(comparison, "\t"),
    "md": lambda comparison, _: tables.markdown(comparison),
    "tex": latex.latex,
    "table": lambda comparison, _: terminal.table(comparison),
    **{name: partial(cube.comparison_rdf, name=name) for name in RDF},
    **{name: partial(_cited, name=name) for name in BIBLIOGRAPHY},
}
"""The formats of comparisons, and what writes them, given the base IRI that RDF is named under."""
RECORD = ("html", *RDF, "json")
"""The formats of every record."""


def record_formats(generation: Generation, kind: str, slug: str) -> tuple[str, ...]:
    """The formats of the record at ``/KIND/SLUG``: a bibliography among them if a thing of its classes can cite.

    :raises UnknownThing: if there is no such record.
    :raises StoreError: if the store cannot be read.
    """
    thing, graph = generation.locate(kind, slug)
    cites = generation.once("what cites", lambda one: citation.cites(one.shapes), settled=True)
    shaped = [cites[cls] for cls in graph.types(NamedNode(thing)) if cls in cites]
    return (*RECORD, *BIBLIOGRAPHY) if any(shaped) or not shaped else RECORD


def render(comparison: Comparison, name: str, base: str) -> str:
    """A comparison in the format *name*; *base* is the base IRI that its RDF is named under.

    :raises UnknownFormat: if there is no such format.
    """
    if name not in COMPARISON:
        raise UnknownFormat(f"unknown format {name[:40]!r}; use one of {', '.join(COMPARISON)}")
    return COMPARISON[name](comparison, base)


def record_text(record: Record, name: str) -> str:
    """A record as ``json``, as a ``table`` for a terminal, or what it cites as a bibliography.

    Its RDF comes from :mod:`kgcompare.formats.rdf`.

    :raises UnknownFormat: for any other format.
    """
    if name == "json":
        return json.record_json(record)
    if name == "table":
        return terminal.record_table(record)
    if name in BIBLIOGRAPHY:
        return BIBLIOGRAPHY[name](bibliography.references(record))
    raise UnknownFormat(f"unknown format {name[:40]!r}; use one of table, json, {', '.join(BIBLIOGRAPHY)}")
