"""Answers of one's own queries, as the command line prints them."""

from __future__ import annotations

from kgcompare import results
from kgcompare.errors import UsageError
from kgcompare.formats import rdf, terminal
from kgcompare.store import Results, Statements


def write(found: Results, form: str | None, base: str) -> str:
    """An answer in a format: solutions and verdicts as table, json, xml, csv or tsv, statements as ttl or nt.

    :raises UsageError: for a format that the kind of answer does not have.
    """
    if isinstance(found, Statements):
        form = form or "ttl"
        if form not in {"ttl", "nt"}:
            raise UsageError(f"statements have no {form} form; use ttl or nt")
        return rdf.write(found.triples, form, base)
    if form in {None, "table"}:
        variables, solutions = results.rows(found)
        if not variables:
            return f"{len(solutions)}\n"
        return terminal.listing(variables, [[results.short(term) for term in row] for row in solutions])
    if form not in results.MEDIA_TYPES:
        raise UsageError(f"solutions have no {form} form; use table, json, xml, csv or tsv")
    return results.write(found, form)
