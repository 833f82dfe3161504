"""Answers of SPARQL queries for the command line: solutions and verdicts in SPARQL's formats or as a table, statements
as RDF.

The engine writes all formats but the table (:mod:`kgcompare.sandbox.results`).
"""

from __future__ import annotations

from kgcompare.errors import UsageError
from kgcompare.formats import rdf, terminal
from kgcompare.sandbox.results import result_bytes, results_of_engine, term_value
from kgcompare.store.base import Results, Solutions, Statements, Verdict

MEDIA_TYPES = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
"""Formats of solutions and verdicts, by name."""


def answer_text(results: Results, form: str | None, base: str) -> str:
    """An answer in a format: solutions and verdicts as table, json, xml, csv or tsv, statements as ttl or nt.

    *base* is the base IRI of the catalogue, which prefixes are made of. None stands for table or ttl.

    :raises UsageError: for a format that the kind of answer does not have.
    """
    if isinstance(results, Statements):
        form = form or "ttl"
        if form not in {"ttl", "nt"}:
            raise UsageError(f"statements have no {form} form; use ttl or nt")
        return rdf.write(results.triples, form, base)
    if form in {None, "table"}:
        return _table(results)
    if form not in MEDIA_TYPES:
        raise UsageError(f"solutions have no {form} form; use table, json, xml, csv or tsv")
    return write_solutions(results, form)


def write_solutions(results: Solutions | Verdict, form: str) -> str:
    """Solutions or a verdict in one of :data:`MEDIA_TYPES`, as ``/sparql`` has them, ending with a line end.

    :raises KeyError: for another format.
    """
    return result_bytes(results_of_engine(results), form).decode().removesuffix("\n") + "\n"


def _table(results: Solutions | Verdict) -> str:
    if isinstance(results, Verdict):
        return terminal.listing(["answer"], [[str(results.value).lower()]])
    if not results.variables:
        return f"{len(results.rows)}\n"
    return terminal.listing(results.variables, [[term_value(term) for term in row] for row in results.rows])
