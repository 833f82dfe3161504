"""RDF: any statements in every syntax, as they are.

Turtle and JSON-LD for people are written by this house, the others by the engine. What a syntax has no words for is an
error that says so; nothing comes out that its readers would refuse, or read otherwise.

Source: RDF 1.1 Turtle; RDF/XML, section 6.1 (names); JSON-LD 1.1, section 4.1.1 (context inline); SHACL, section 3.6
(reports).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple, serialize

from kgcompare.errors import DataError, Seam, UnknownFormat, ValidationReport
from kgcompare.formats.jsonld import json_ld_text
from kgcompare.formats.layout import KIND, ShortNames
from kgcompare.formats.turtle import turtle_text
from kgcompare.model import Thing
from kgcompare.rdf.graph import Graph, structure_key
from kgcompare.rdf.namespaces import PREFIXES, iri, is_safe_iri
from kgcompare.rdf.sameness import in_order
from kgcompare.rdf.syntaxes import SYNTAXES
from kgcompare.rdf.terms import KGC_ORDER
from kgcompare.rdf.writing import plainly_labelled, readable_xml, sayable_in_xml, without_unseen

Statement = TypeVar("Statement", Quad, Triple)
_BLOCK = 5000
"""Statements of a piece of a dump."""


# -- statements in a syntax ----------------------------------------------------------------------------


def prefixes(base: str, kinds: Iterable[str]) -> dict[str, str]:
    """The prefixes that we write, those of records of some kinds under *base* among them."""
    fit = (kind for kind in kinds if kind not in PREFIXES and KIND.match(kind))
    return PREFIXES | {kind: f"{base}id/{kind}/" for kind in fit}


def write(triples: Iterable[Triple], name: str, base: str) -> str:
    """Statements in the syntax *name* (``ttl``, ``jsonld``, ``nt``, ``nq``, ``trig`` or ``rdf``).

    In formats that know graphs they stand in the default graph: a program that reads a document asks there for what
    it says, and many (Comunica is one) ask nowhere else.

    :raises UnknownFormat: if there is no such syntax.
    :raises DataError: for what the syntax has no words for: a triple term (RDF 1.2) in Turtle and JSON-LD, in RDF/XML
        a predicate that ends in no XML name and a character that XML does not have.
    """
    statements = in_order(triples)
    if name == "ttl":
        return turtle_text(statements, base)
    if name == "jsonld":
        return json_ld_text(statements, base)
    if name == "rdf":
        return _rdf_xml(statements, base)
    if name not in SYNTAXES:
        raise UnknownFormat(f"unknown RDF format {name[:40]!r}; use one of {', '.join(SYNTAXES)}")
    return _by_engine(statements, name, base)


def _by_engine(statements: Sequence[Triple] | Sequence[Quad], name: str, base: str) -> str:
    """Statements as the engine writes them, with the prefixes that serve."""
    names = _used(statements, base) if name == "trig" else None
    plain = map(plainly_labelled, statements)
    return without_unseen((serialize(plain, format=SYNTAXES[name].engine, prefixes=names) or b"").decode())


def _used(statements: Iterable[Triple | Quad], base: str) -> dict[str, str]:
    names = ShortNames(base)
    for statement in statements:
        for term in statement:
            if isinstance(term, NamedNode | Literal):
                names.short(term.value if isinstance(term, NamedNode) else term.datatype.value)
    return names.used


def _rdf_xml(statements: Sequence[Triple], base: str) -> str:
    """RDF/XML, and nothing that an XML reader refuses.

    :raises DataError: for a statement that RDF/XML has no words for.
    """
    statements = list(map(sayable_in_xml, statements))
    engine, used = SYNTAXES["rdf"].engine, _used(statements, base)
    with Seam((ValueError, OSError), lambda why: DataError(f"this cannot be said in RDF/XML: {why}; take Turtle")):
        text = serialize(map(plainly_labelled, statements), format=engine, prefixes=used) or b""
    return readable_xml(text).decode() + "\n"


def turtle(triples: Iterable[Triple], base: str) -> str:
    """The one formatting of Turtle files in data/: like that of pages, with structures in the order of what they say.

    :raises DataError: for a triple term (RDF 1.2).
    """
    statements = list(triples)
    graph = Graph(statements)

    def order(node: BlankNode) -> tuple[int, str]:
        first = graph.text(node, KGC_ORDER) or ""
        return int(first) if re.fullmatch(r"[+-]?[0-9]{1,9}", first) else 0, structure_key(graph, node)

    return turtle_text(statements, base, order, "PREFIX {}: <{}>")


def document_rdf(triples: Iterable[Triple], thing: Thing, base: str, name: str) -> str:
    """The statements of a record's document; JSON-LD has the thing first.

    :raises UnknownFormat: if there is no such syntax.
    :raises DataError: for a triple term (RDF 1.2) in Turtle or JSON-LD.
    """
    if name == "jsonld":
        return json_ld_text(in_order(triples), base, thing.iri)
    return write(triples, name, base)


def dump_lines(quads: Iterable[Quad], name: str, base: str) -> Iterator[str]:
    """A whole catalogue in pieces: N-Quads and N-Triples by some thousand lines, the others at once.

    :raises UnknownFormat: if there is no such format.
    """
    if name == "nq":
        yield from _in_blocks(quads, name)
    elif name == "nt":
        yield from _in_blocks((quad.triple for quad in quads), name)
    elif name == "trig":
        yield _by_engine(sorted(quads, key=str), name, base)
    else:
        yield write((quad.triple for quad in quads), name, base)


def _in_blocks(statements: Iterable[Statement], name: str) -> Iterator[str]:
    rest = iter(statements)
    while block := list(islice(rest, _BLOCK)):
        yield without_unseen((serialize(map(plainly_labelled, block), format=SYNTAXES[name].engine) or b"").decode())


# -- a report ------------------------------------------------------------------------------------------


def report_turtle(report: ValidationReport) -> str:
    """A validation report in the terms of SHACL, as Turtle."""
    return turtle_text(_report(report), "")


def report_rdf(report: ValidationReport, name: str) -> str:
    """A validation report in the terms of SHACL, in the syntax *name*.

    :raises UnknownFormat: if there is no such syntax.
    :raises DataError: for what the syntax has no words for.
    """
    return write(_report(report), name, "")


def _report(report: ValidationReport) -> list[Triple]:
    node = BlankNode()
    statements = [
        Triple(node, iri("rdf:type"), iri("sh:ValidationReport")),
        Triple(node, iri("sh:conforms"), Literal(str(report.conforms).lower(), datatype=iri("xsd:boolean"))),
    ]
    for fault in report.faults:
        result = BlankNode()
        statements += [
            Triple(node, iri("sh:result"), result),
            Triple(result, iri("rdf:type"), iri("sh:ValidationResult")),
            Triple(result, iri("sh:resultSeverity"), iri(f"sh:{fault.severity.capitalize()}")),
            Triple(result, iri("sh:resultMessage"), Literal(fault.message)),
        ]
        for predicate, value in (
            ("sh:focusNode", fault.focus_node),
            ("sh:resultPath", fault.path),
            ("sh:sourceConstraintComponent", fault.constraint),
        ):
            if value and is_safe_iri(value) and " " not in value:
                statements.append(Triple(result, iri(predicate), NamedNode(value)))
        if fault.value is not None:
            statements.append(Triple(result, iri("sh:value"), Literal(fault.value)))
        if fault.file is not None:
            where = fault.file if fault.line is None else f"{fault.file}:{fault.line}"
            statements.append(Triple(result, iri("dcterms:source"), Literal(where)))
    return statements
