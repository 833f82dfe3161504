"""Comparisons and records as JSON, CSV, TSV, Markdown, LaTeX, HTML and RDF, and what they cite as BibTeX, RIS and CSL.

The command line and the web render by these same functions, so that both give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from kgcompare.errors import UnknownFormat
from kgcompare.formats import bibliography, html, json, rdf, tables, terminal
from kgcompare.model import Comparison, Record
from kgcompare.rdf.syntaxes import SYNTAXES


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
BIBLIOGRAPHY: dict[str, Callable[[list[bibliography.Item]], str]] = {
    "bib": bibliography.bibtex,
    "ris": bibliography.ris,
    "csl": bibliography.csl_json,
}
"""The formats of sources, and what writes them."""


def _cited(found: Comparison, _: str, name: str) -> str:
    return BIBLIOGRAPHY[name](bibliography.references(found))


COMPARISON: dict[str, Callable[[Comparison, str], str]] = {
    "html": lambda found, _: html.document(found),
    "json": lambda found, _: json.comparison_json(found),
    "csv": lambda found, _: tables.csv_text(found),
    "tsv": lambda found, _: tables.csv_text(found, "\t"),
    "md": lambda found, _: tables.markdown(found),
    "tex": lambda found, _: tables.latex(found),
    "table": lambda found, _: terminal.table(found),
    **{name: partial(rdf.comparison_rdf, name=name) for name in RDF},
    **{name: partial(_cited, name=name) for name in BIBLIOGRAPHY},
}
RECORD = ("html", *RDF, "json")
"""The formats of every record."""
_CITES_NOTHING = {"agent", "domain", "family", "type"}


def of_kind(kind: str) -> tuple[str, ...]:
    """The formats of records of a kind: those of every record, and of sources and what cites them a bibliography."""
    return RECORD if kind in _CITES_NOTHING else (*RECORD, *BIBLIOGRAPHY)


def render(found: Comparison, name: str, base: str) -> str:
    """A comparison in the format *name*; *base* is the base IRI that its RDF is named under.

    :raises UnknownFormat: if there is no such format.
    """
    if name not in COMPARISON:
        raise UnknownFormat(f"unknown format {name[:40]!r}; use one of {', '.join(COMPARISON)}")
    return COMPARISON[name](found, base)


def record_text(found: Record, name: str) -> str:
    """A record as ``json``, as a ``table`` for a terminal, or what it cites as a bibliography.

    Its RDF comes from :mod:`kgcompare.formats.rdf`.

    :raises UnknownFormat: if records of its kind have no such format.
    """
    if name == "json":
        return json.record_json(found)
    if name == "table":
        return terminal.record(found)
    known = of_kind(found.thing.kind)
    if name in BIBLIOGRAPHY and name in known:
        return BIBLIOGRAPHY[name](bibliography.references(found))
    raise UnknownFormat(f"unknown format {name[:40]!r}; use one of table, {', '.join(known[1:])}")
