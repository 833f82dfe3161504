"""A comparison as RDF: a Data Cube with an observation a cell.

Source: The RDF Data Cube Vocabulary (W3C 2014), sections 6 (dimensions, measures, attributes) and 7 (observations).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from kgcompare.formats.rdf import write
from kgcompare.model import Cell, Comparison, Row, Value
from kgcompare.rdf.namespaces import iri, is_safe_iri
from kgcompare.text.languages import translate

_BOOLEAN, _INTEGER = iri("xsd:boolean"), iri("xsd:integer")
_TYPE = iri("rdf:type")
_REASONS = {"not-recorded": "kgc:NotRecorded", "none": "kgc:None", "unknown": "kgc:Unknown"}
"""Why a cell has no value, by its status."""


def comparison_rdf(comparison: Comparison, base: str, name: str) -> str:
    """A comparison as a ``qb:DataSet`` with an observation a cell.

    :raises UnknownFormat: if there is no such syntax.
    """
    return write(cube(comparison, base), name, base)


def comparison_iri(comparison: Comparison, base: str) -> str:
    """Names a comparison: its own address under the base."""
    methods = "&".join("method=" + quote(method.id, safe="") for method in comparison.methods)
    return f"{base}compare?{methods}&lang={quote(comparison.language, safe='')}"


def cube(comparison: Comparison, base: str) -> list[Triple]:
    """The statements of a comparison.

    Dimensions are the method and the row, the measure is the number of values; text, values, verdict, reason of
    absence and source are attributes.
    """
    dataset = NamedNode(comparison_iri(comparison, base))
    names = " · ".join(method.label for method in comparison.methods)
    title = translate(comparison.language, "Comparison: {names}", names=names)
    statements = [
        Triple(dataset, _TYPE, iri("qb:DataSet")),
        Triple(dataset, iri("qb:structure"), iri("kgc:ComparisonStructure")),
        Triple(dataset, iri("dcterms:language"), Literal(comparison.language)),
        Triple(dataset, iri("dcterms:title"), Literal(title, language=comparison.language)),
    ]
    for method in comparison.methods:
        statements.append(Triple(NamedNode(method.iri), iri("skos:prefLabel"), _text(method.label, method.lang)))
        if method.whence and is_safe_iri(method.whence.address):
            statements.append(Triple(NamedNode(method.iri), iri("dcterms:source"), NamedNode(method.whence.address)))
    for row in comparison.rows:
        place = quote(row.id, safe="")
        node = NamedNode(f"{dataset.value}#row-{place}")
        statements += _row(node, row)
        for number, (method, cell) in enumerate(zip(comparison.methods, row.cells, strict=True), 1):
            observation = NamedNode(f"{dataset.value}#cell-{place}-{number}")
            statements += [
                Triple(observation, iri("qb:dataSet"), dataset),
                Triple(observation, iri("kgc:comparedMethod"), NamedNode(method.iri)),
                Triple(observation, iri("kgc:comparedRow"), node),
                *_verdict(observation, row),
                *_cell(observation, row, cell, comparison.language),
            ]
    return list(dict.fromkeys(statements))


def _row(node: NamedNode, row: Row) -> Iterator[Triple]:
    yield Triple(node, _TYPE, iri("kgc:ComparedRow"))
    yield Triple(node, iri("kgc:rowId"), Literal(row.id))
    yield Triple(node, iri("rdfs:label"), _text(row.label, row.lang))
    yield Triple(node, iri("kgc:missing"), Literal(str(row.missing), datatype=_INTEGER))
    if is_safe_iri(row.iri):
        yield Triple(node, iri("kgc:row"), NamedNode(row.iri))
    yield from _verdict(node, row)


def _verdict(node: NamedNode, row: Row) -> Iterator[Triple]:
    if row.differs is not None:
        yield Triple(node, iri("kgc:differs"), Literal(str(row.differs).lower(), datatype=_BOOLEAN))


def _cell(observation: NamedNode, row: Row, cell: Cell, lang: str) -> Iterator[Triple]:
    count = int(cell.text) if row.kind == "count" and cell.text else len(cell.values)
    yield Triple(observation, _TYPE, iri("qb:Observation"))
    yield Triple(observation, iri("kgc:valueCount"), Literal(str(count), datatype=_INTEGER))
    if cell.text is None:
        if cell.status in _REASONS:
            yield Triple(observation, iri("kgc:missing"), iri(_REASONS[cell.status]))
        return
    yield Triple(observation, iri("kgc:cellValue"), _text(cell.text, _language(cell, lang)))
    for value in cell.values:
        yield Triple(observation, iri("kgc:cellItem"), _item(value))
        for source in value.sources:
            named = NamedNode(source.iri) if source.iri else Literal(source.text)
            yield Triple(observation, iri("dcterms:source"), named)


def _language(cell: Cell, lang: str) -> str | None:
    """The language that a cell reads in: that of its values, that of the comparison where they are put into words."""
    tags = {value.lang or (lang if value.literal and value.text != value.literal[0] else None) for value in cell.values}
    tags -= {None}
    return tags.pop() if len(tags) == 1 else None


def _item(value: Value) -> NamedNode | Literal:
    """A value as it is recorded, whatever the language of the comparison; a structure as it reads."""
    if value.iri:
        return NamedNode(value.iri)
    if value.lang is None and value.literal is not None:
        text, datatype = value.literal
        return Literal(text, datatype=NamedNode(datatype))
    return _text(value.text, value.lang)


def _text(text: str, lang: str | None) -> Literal:
    return Literal(text, language=lang) if lang else Literal(text)
