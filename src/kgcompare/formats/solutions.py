"""Answers of SPARQL SELECT and ASK queries as JSON, XML, CSV and TSV.

Source: SPARQL 1.1 Query Results JSON Format; Query Results XML Format; Query Results CSV and TSV Formats.
"""

from __future__ import annotations

import csv
import io
import json
from html import escape
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.errors import UsageError
from kgcompare.formats import rdf, terminal
from kgcompare.rdf.graph import Term
from kgcompare.rdf.terms import XSD_STRING
from kgcompare.store.base import Results, Solutions, Statements, Verdict


def write(found: Solutions | Verdict, form: str) -> str:
    """Solutions or a verdict in one of :data:`MEDIA_TYPES`.

    :raises KeyError: for another format.
    """
    return _WRITERS[form](found)


def as_rows(found: Solutions | Verdict) -> tuple[tuple[str, ...], list[tuple[Term | None, ...]]]:
    """Variables and solutions; a verdict as one solution."""
    if isinstance(found, Verdict):
        return ("answer",), [(Literal(found.value),)]
    return found.variables, found.rows


def short(term: Term | None) -> str:
    """A term as CSV has it: its value alone."""
    if term is None:
        return ""
    return "_:" + term.value if isinstance(term, BlankNode) else term.value


def _csv(found: Solutions | Verdict) -> str:
    variables, solutions = as_rows(found)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(variables)
    writer.writerows([short(term) for term in row] for row in solutions)
    return out.getvalue()


def _tsv(found: Solutions | Verdict) -> str:
    variables, solutions = as_rows(found)
    lines = ["\t".join("?" + name for name in variables)]
    lines += ["\t".join("" if term is None else str(term).replace("\t", "\\t") for term in row) for row in solutions]
    return "\n".join(lines) + "\n"


def _json_term(term: Term) -> dict[str, str]:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "bnode", "value": term.value}
    data = {"type": "literal", "value": term.value}
    if term.language:
        data["xml:lang"] = term.language
    elif term.datatype.value != XSD_STRING:
        data["datatype"] = term.datatype.value
    return data


def _json(found: Solutions | Verdict) -> str:
    data: dict[str, Any]
    if isinstance(found, Verdict):
        data = {"head": {}, "boolean": found.value}
    else:
        bindings = [
            {name: _json_term(term) for name, term in zip(found.variables, row, strict=True) if term is not None}
            for row in found.rows
        ]
        data = {"head": {"vars": list(found.variables)}, "results": {"bindings": bindings}}
    return json.dumps(data, ensure_ascii=False) + "\n"


def _xml_term(term: Term) -> str:
    text = escape(term.value, quote=False).replace("\r", "&#13;")
    if isinstance(term, NamedNode):
        return f"<uri>{text}</uri>"
    if isinstance(term, BlankNode):
        return f"<bnode>{text}</bnode>"
    if term.language:
        return f'<literal xml:lang="{term.language}">{text}</literal>'
    if term.datatype.value != XSD_STRING:
        return f'<literal datatype="{escape(term.datatype.value)}">{text}</literal>'
    return f"<literal>{text}</literal>"


def _xml(found: Solutions | Verdict) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<sparql xmlns="http://www.w3.org/2005/sparql-results#">']
    if isinstance(found, Verdict):
        lines += ["<head/>", f"<boolean>{str(found.value).lower()}</boolean>"]
    else:
        lines.append("<head>" + "".join(f'<variable name="{n}"/>' for n in found.variables) + "</head>")
        lines.append("<results>")
        for row in found.rows:
            cells = "".join(
                f'<binding name="{name}">{_xml_term(term)}</binding>'
                for name, term in zip(found.variables, row, strict=True)
                if term is not None
            )
            lines.append(f"<result>{cells}</result>")
        lines.append("</results>")
    return "\n".join([*lines, "</sparql>"]) + "\n"


_WRITERS = {"json": _json, "xml": _xml, "csv": _csv, "tsv": _tsv}
MEDIA_TYPES = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
"""Formats by name."""


def answer_text(found: Results, form: str | None, base: str) -> str:
    """An answer in a format: solutions and verdicts as table, json, xml, csv or tsv, statements as ttl or nt.

    :raises UsageError: for a format that the kind of answer does not have.
    """
    if isinstance(found, Statements):
        form = form or "ttl"
        if form not in {"ttl", "nt"}:
            raise UsageError(f"statements have no {form} form; use ttl or nt")
        return rdf.write(found.triples, form, base)
    if form in {None, "table"}:
        variables, rows = as_rows(found)
        if not variables:
            return f"{len(rows)}\n"
        return terminal.listing(variables, [[short(term) for term in row] for row in rows])
    if form not in MEDIA_TYPES:
        raise UsageError(f"solutions have no {form} form; use table, json, xml, csv or tsv")
    return write(found, form)
