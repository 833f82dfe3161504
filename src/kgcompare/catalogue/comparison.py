"""Records -> Comparison: which cells line up, and which rows differ.

queries/compare.rq gives the same cells and queries/differences.rq the same verdicts to anyone with a SPARQL
client; tests hold the three together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue.values import Reader, place
from kgcompare.model import Cell, Comparison, Row, RowKind, Status, Thing, Value
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.terms import KGC_ABSENCE, KGC_NONE, KGC_REASON, KGC_ROW, KGC_UNKNOWN, XSD_STRING
from kgcompare.schema.rows import PropertyShape
from kgcompare.text.languages import DEFAULT, best, matches

MOST_COLUMNS = 10
"""Columns that a comparison may have."""
_REASONS: Mapping[str, Status] = {KGC_NONE: "none", KGC_UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a column has in a row: (key, language or None) of each value, and why there is none."""

    values: frozenset[tuple[str, str | None]]
    status: Status = "recorded"


def verdict(kind: RowKind, columns: Sequence[Recorded]) -> bool | None:
    """Whether the columns of a row differ; None where they are not compared.

    A column of which nothing is known takes no part; one that is known to have no value (``none``)
    counts as the empty set.
    """
    if kind in {"name", "remark"}:
        return None
    known = [column for column in columns if column.status in {"recorded", "none"}]
    if len(known) < 2:
        return False
    if kind == "count":
        return len({len(column.values) for column in known}) > 1
    tagged_kinds = (lambda lang: lang is not None) if kind == "text" else bool
    plain = {frozenset(key for key, lang in column.values if not tagged_kinds(lang)) for column in known}
    if len(plain) > 1:
        return True
    valued = [column for column in known if column.values]
    spoken = [{lang for _, lang in column.values if tagged_kinds(lang)} for column in valued]
    if not any(spoken):
        return False
    common = set.intersection(*spoken)
    if not common:
        return None
    texts = {
        frozenset((key, lang) for key, lang in column.values if lang in common and tagged_kinds(lang))
        for column in known
    }
    return len(texts) > 1


def recorded(reader: Reader, row: PropertyShape, graph: Graph, thing: str) -> tuple[Recorded, list[Term]]:
    """What one column has in one row, and the terms themselves."""
    node = NamedNode(thing)
    terms = row.path.follow(graph, node)
    if terms:
        values = frozenset((reader.key(graph, term), language_of(term)) for term in terms)
        return Recorded(values), terms
    return Recorded(frozenset(), _absence(row, graph, node)), []


def language_of(term: Term) -> str | None:
    """The language of a text, in lower case; ``""`` of a text without one, None of anything else."""
    if not isinstance(term, Literal):
        return None
    if term.language:
        return term.language.lower()
    return "" if term.datatype.value == XSD_STRING else None


def _absence(row: PropertyShape, graph: Graph, node: NamedNode) -> Status:
    reasons: set[Status] = set()
    for absence in graph.objects(node, KGC_ABSENCE):
        if not isinstance(absence, Literal) and {row.iri, row.id} & {v.value for v in graph.objects(absence, KGC_ROW)}:
            reasons.update(_REASONS[said] for said in graph.iris(absence, KGC_REASON) if said in _REASONS)
    return "none" if "none" in reasons else "unknown" if reasons else "not-recorded"


def cell(reader: Reader, row: PropertyShape, graph: Graph, thing: str, had: Recorded, terms: list[Term]) -> Cell:
    """How a cell reads to a reader of ``reader.lang``."""
    if had.status != "recorded":
        return Cell(None, (), had.status)
    shown = _in_language(terms, reader.lang, every=row.kind == "name")
    pairs = [(term, reader.value(graph, term)) for term in shown]
    pairs.sort(key=lambda pair: place(graph, pair[0], pair[1]))
    node = NamedNode(thing)
    values = tuple(replace(value, sources=reader.sources(graph, node, term)) for term, value in pairs)
    return Cell(str(len(had.values)) if row.kind == "count" else joined(row.kind, values), values)


def joined(kind: RowKind, values: Sequence[Value]) -> str:
    """The text of a cell: names by commas, paragraphs by spaces, other values by semicolons."""
    return {"name": ", ", "text": " "}.get(kind, "; ").join(value.text for value in values)


def _in_language(terms: list[Term], lang: str, *, every: bool) -> list[Term]:
    """The terms to show: of texts, those in the reader's language; of names also those in English."""
    tagged: dict[str, list[Term]] = {}
    for term in terms:
        if isinstance(term, Literal) and term.language:
            tagged.setdefault(term.language, []).append(term)
    if len(tagged) < 2:
        return terms
    spoken = best(tagged, lang)
    keep = {spoken[0]} if spoken else set()
    if every:
        keep |= {tag for tag in tagged if matches(tag, lang) or matches(tag, DEFAULT)}
    return [t for t in terms if not isinstance(t, Literal) or not t.language or t.language in keep]


def names_in(graphs: Mapping[str, Graph]) -> set[str]:
    """The IRIs that records name, whose own names a reader needs."""
    return {node.value for graph in graphs.values() for node in graph.all_objects() if isinstance(node, NamedNode)} | {
        subject.value for graph in graphs.values() for subject in graph.subjects() if isinstance(subject, NamedNode)
    }


def line_up(
    reader: Reader,
    shapes: Sequence[PropertyShape],
    methods: Sequence[Thing],
    graphs: Mapping[str, Graph],
    unknown: Sequence[str] = (),
) -> Comparison:
    """Lines up the records of *methods*, whose descriptions are *graphs*, row by row."""
    rows = []
    for shape in shapes:
        lang, label = shape.label(reader.lang)
        had = [recorded(reader, shape, graphs[method.iri], method.iri) for method in methods]
        columns = [column for column, _ in had]
        described = best(shape.descriptions, reader.lang)
        group = best(shape.group.names, reader.lang) if shape.group else None
        rows.append(
            Row(
                id=shape.id or "",
                iri=shape.iri,
                label=label,
                lang=lang or DEFAULT,
                kind=shape.kind,
                differs=verdict(shape.kind, columns),
                missing=sum(column.status in {"not-recorded", "unknown"} for column in columns),
                cells=tuple(
                    cell(reader, shape, graphs[method.iri], method.iri, column, terms)
                    for method, (column, terms) in zip(methods, had, strict=True)
                ),
                description=described[1] if described else None,
                group=group[1] if group else None,
            )
        )
    return Comparison(
        language=reader.lang,
        methods=tuple(methods),
        rows=tuple(rows),
        unknown=tuple(unknown),
        total_rows=len(rows),
        compared=sum(row.differs is not None for row in rows),
        differing=sum(row.differs is True for row in rows),
    )


def only_differences(comparison: Comparison) -> Comparison:
    """The rows that differ, and those that are recorded for some columns only."""
    return replace(comparison, rows=tuple(r for r in comparison.rows if r.differs is True or r.partly_missing))
