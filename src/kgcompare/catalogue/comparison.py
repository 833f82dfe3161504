"""Records -> Comparison: which cells line up, and which rows differ.

queries/compare.rq gives the same cells and queries/differences.rq the same verdicts to anyone with a SPARQL
client; tests hold the three together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import Any

from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue.values import Reader, place
from kgcompare.errors import UsageError
from kgcompare.model import Cell, Comparison, Row, RowKind, Status, Thing, Value
from kgcompare.rdf.graph import Graph, Term, node_of
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

    @property
    def known(self) -> bool:
        """Whether it is known what it has, be it nothing."""
        return self.status in {"recorded", "none"}


Compared = frozenset[tuple[str, str | None]]
"""What a column is compared by in a row: of texts with a language those in a language that all columns speak."""


def verdict(kind: RowKind, columns: Sequence[Recorded]) -> bool | None:
    """Whether the columns of a row differ; None where they are not compared.

    A column of which nothing is known takes no part; one that is known to have no value (``none``)
    counts as the empty set.
    """
    if kind in {"name", "remark"}:
        return None
    known = [column for column in columns if column.known]
    if len(known) < 2:
        return False
    if len(set(_compared(kind, known))) > 1:
        return True
    spoken = [_spoken(kind, column) for column in known if column.values]
    return None if any(spoken) and not set.intersection(*spoken) else False


def _compared(kind: RowKind, known: Sequence[Recorded]) -> list[Compared]:
    """What each of the columns that are known is compared by."""
    if kind == "count":
        return [column.values for column in known]
    spoken = [_spoken(kind, column) for column in known if column.values]
    if not any(spoken):
        return [column.values for column in known]
    common = set.intersection(*spoken)
    return [
        frozenset((key, lang) for key, lang in column.values if not _is_text(kind, lang) or lang in common)
        for column in known
    ]


def _spoken(kind: RowKind, column: Recorded) -> set[str | None]:
    """The languages of the texts of a column."""
    return {lang for _, lang in column.values if lang is not None and _is_text(kind, lang)}


def _is_text(kind: RowKind, lang: str | None) -> bool:
    """Whether a value of a language (see :func:`language_of`) is compared as a text, by its language."""
    return lang is not None if kind == "text" else bool(lang) and kind != "count"


def departures(kind: RowKind, columns: Sequence[Recorded], differs: bool | None) -> list[bool]:
    """Which of three columns or more say something else than most of those that agree: none where as many agree on
    one thing as on another, or none with any. *differs* is their :func:`verdict`."""
    known = [place for place, column in enumerate(columns) if column.known]
    departing = [False] * len(columns)
    if len(columns) < 3 or not differs:
        return departing
    compared = _compared(kind, [columns[place] for place in known])
    (commonest, most), (_, next_most), *_ = Counter(compared).most_common()
    if most > next_most:
        for place, one in zip(known, compared, strict=True):
            departing[place] = one != commonest
    return departing


def in_common(kind: RowKind, columns: Sequence[Recorded], differs: bool | None) -> Compared | None:
    """The values that more than one column has, in a row whose columns do not just agree; None of any other row.
    *differs* is their :func:`verdict`."""
    if len(columns) < 2 or kind in {"text", "remark"} or differs is False:
        return None
    counts = Counter(value for column in columns for value in column.values)
    return frozenset(value for value, count in counts.items() if count > 1)


def recorded(reader: Reader, row: PropertyShape, graph: Graph, thing: str) -> tuple[Recorded, list[Term]]:
    """What one column has in one row, and the terms themselves."""
    node = node_of(thing)
    terms = row.path.follow(graph, node)
    if terms:
        return Recorded(frozenset([(reader.key(graph, term), language_of(term)) for term in terms])), terms
    return _lacking(_absence(row, graph, node)), []


@cache
def _lacking(status: Status) -> Recorded:
    return Recorded(frozenset(), status)


@cache
def _empty(status: Status) -> Cell:
    return Cell(None, (), status)


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


def cell(
    reader: Reader,
    row: PropertyShape,
    graph: Graph,
    thing: str,
    had: Recorded,
    terms: list[Term],
    common: Compared = frozenset(),
) -> Cell:
    """How a cell reads to a reader of ``reader.lang``; *common* are the values that other columns have too."""
    if had.status != "recorded":
        return _empty(had.status)
    shown = _in_language(terms, reader.lang, every=row.kind == "name")
    pairs = [(term, reader.value(graph, term)) for term in shown]
    if len(pairs) > 1:
        pairs.sort(key=lambda pair: place(graph, pair[0], pair[1]))
    node = node_of(thing)
    values = []
    for term, value in pairs:
        said: dict[str, Any] = {}
        if sources := reader.sources(graph, node, term):
            said["sources"] = sources
        if common and (reader.key(graph, term), language_of(term)) in common:
            said["shared"] = True
        if value.description and not row.explained:
            said["description"] = said["description_lang"] = None
        values.append(replace(value, **said) if said else value)
    if row.kind == "count":
        values.sort(key=lambda value: not value.shared)
    return Cell(str(len(had.values)) if row.kind == "count" else joined(row.kind, values), tuple(values))


def joined(kind: RowKind, values: Sequence[Value]) -> str:
    """The text of a cell: names by commas, paragraphs by spaces, other values by semicolons; what stands under one
    heading behind it."""
    if not any(value.under for value in values):
        between = {"name": ", ", "text": " ", "remark": " "}.get(kind, "; ")
        return between.join([value.text for value in values])
    parts = [(under, ", ".join(value.text for value in some)) for under, some in groupby(values, lambda v: v.under)]
    return "; ".join(f"{under}: {text}" if under else text for under, text in parts)


def _in_language(terms: list[Term], lang: str, *, every: bool) -> list[Term]:
    """The terms to show: of texts, those in the reader's language; of names also those in English."""
    tagged = {term.language or "": term for term in terms if isinstance(term, Literal)} if len(terms) > 1 else {}
    tagged.pop("", None)
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


def check_group(shapes: Sequence[PropertyShape], group: str) -> None:
    """Sees to it that some rows stand in a group of that id, if one is named.

    :raises UsageError: if none does.
    """
    known = dict.fromkeys(shape.group.id for shape in shapes if shape.group)
    if group and group not in known:
        raise UsageError(f"there is no group of rows {group[:40]!r}; the groups are: {', '.join(known) or 'none'}")


def line_up(
    reader: Reader,
    shapes: Sequence[PropertyShape],
    methods: Sequence[Thing],
    graphs: Mapping[str, Graph],
    unknown: Sequence[str] = (),
) -> Comparison:
    """Lines up the records of *methods*, whose descriptions are *graphs*, row by row.

    A row that its shape has shown ``kgc:WhereRecorded`` is left out where no column has a value.
    """
    rows = [row for shape in shapes if (row := _row(reader, shape, methods, graphs)) is not None]
    groups = {row.group_id: row.group or row.group_id for row in rows if row.group_id}
    return _counted(Comparison(reader.lang, tuple(methods), (), tuple(unknown), groups=groups), rows)


def _counted(comparison: Comparison, rows: Sequence[Row]) -> Comparison:
    """A comparison with these rows."""
    return replace(
        comparison,
        rows=tuple(rows),
        unrecorded=tuple(row for row in rows if row.missing == len(comparison.methods)),
        total_rows=len(rows),
        compared=sum(row.differs is not None for row in rows),
        differing=sum(row.differs is True for row in rows),
    )


def _row(reader: Reader, shape: PropertyShape, methods: Sequence[Thing], graphs: Mapping[str, Graph]) -> Row | None:
    """A row of the comparison of *methods*; None where it is left out."""
    had = [recorded(reader, shape, graphs[method.iri], method.iri) for method in methods]
    if shape.where_recorded and not any(terms for _, terms in had):
        return None
    lang, label = shape.label(reader.lang)
    columns = [column for column, _ in had]
    differs = verdict(shape.kind, columns)
    common = in_common(shape.kind, columns, differs)
    cells = [
        cell(reader, shape, graphs[method.iri], method.iri, column, terms, common or frozenset())
        for method, (column, terms) in zip(methods, had, strict=True)
    ]
    departing = departures(shape.kind, columns, differs)
    described = best(shape.descriptions, reader.lang)
    heading = best(shape.group.names, reader.lang) if shape.group else None
    return Row(
        id=shape.id or "",
        iri=shape.iri,
        label=label,
        lang=lang or DEFAULT,
        kind=shape.kind,
        differs=differs,
        missing=sum(not column.known for column in columns),
        cells=tuple(replace(c, departs=True) if d else c for c, d in zip(cells, departing, strict=True)),
        description=described[1] if described else None,
        group=heading[1] if heading else None,
        group_id=shape.group.id if shape.group else None,
        shared=None if common is None else len(common),
    )


def in_group(comparison: Comparison, group: str) -> Comparison:
    """The rows of one group alone."""
    return _counted(comparison, [row for row in comparison.rows if row.group_id == group])


def only_differences(comparison: Comparison) -> Comparison:
    """The rows that differ, and those that are recorded for some columns only."""
    return replace(comparison, rows=tuple(r for r in comparison.rows if r.differs is True or r.partly_missing))
