"""Tables -> statements: a row is a record, and says what its columns say of it.

What a store holds of a record and no column speaks of stays, so that a table may have a few columns only; with a
language in a column's head, only texts in that language are replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyoxigraph import Literal, NamedNode, Triple

from kgcompare.errors import DataError, Fault
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.columns import ID, Column, columns, found, kind_of_heads, names_record
from kgcompare.ingest.documents import DERIVED, Records, split
from kgcompare.ingest.references import Known, seen
from kgcompare.ingest.values import GUARDED, CellReader
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import PREFIXES, is_slug, local_name, slugify
from kgcompare.rdf.terms import KGC_COMPARISON_KEY, KGC_RELATED, RDF_SUBJECT, RDF_TYPE
from kgcompare.schema import vocabulary
from kgcompare.schema.context import context
from kgcompare.schema.shapes import Shapes


@dataclass(slots=True)
class Table:
    """The rows of one file as they were read: where each begins, and its cells by the heads of their columns."""

    source: str
    separator: str = ""
    heads: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Head:
    """A head that was understood: its column, none for those that say what a row is about; its language; its place."""

    column: Column | None
    lang: str
    place: str


@dataclass(slots=True)
class _Row:
    line: int
    thing: NamedNode
    classes: list[str]
    cells: list[tuple[_Head, Any]]


class Tables:
    """Takes tables into records; names and slugs may be of a store, of other files, and of the tables themselves."""

    def __init__(self, records: Records, stored: Stored, shapes: Shapes, separator: str, kind: str | None) -> None:
        """*kind* is that of the things of all tables; None for what their columns tell.

        :raises DataError: if there is no such kind.
        """
        if kind is not None and not shapes.classes_of_kind(kind):
            raise DataError(f"there is no kind {kind!r}; there are {', '.join(shapes.kinds)}")
        self._records = records
        self._stored = stored
        self._shapes = shapes
        self._separator = separator
        self._kind = kind
        self._known = Known(records, stored)
        self._seen: dict[str, tuple[str, int]] = {}
        self._waiting: list[tuple[Table, list[_Row]]] = []

    def add(self, table: Table, kind: str | None = None) -> None:
        """Finds out what the rows of a table are about, of a *kind* where that is known; :meth:`take` reads them.

        The table is left without its rows.
        """
        kind, known = self._columns(table, kind or self._kind)
        heads = dict(self._heads(table, kind, known))
        rows = [row for line, cells in table.rows if (row := self._row(table, heads, kind, line, cells))]
        table.rows.clear()  # they are many, and known by now
        self._waiting.append((table, rows))

    @property
    def known(self) -> Known:
        """The things that cells can refer to."""
        return self._known

    def take(self) -> None:
        """Reads all tables into the records; what cannot be read becomes a fault with its line and its column."""
        rows = {row.id: row.iri for target in self._shapes.targets for row in self._shapes.rows(target) if row.id}
        while self._waiting:
            table, about = self._waiting.pop(0)
            reading = CellReader(
                self._known, rows, context(self._shapes), self._separator, decimal_comma=table.separator == ";"
            )
            said = (triple for row in about for triple in self._said(table, reading, row))
            split(said, self._records, table.source)

    # -- heads -----------------------------------------------------------------------------------------

    def _columns(self, table: Table, said: str | None) -> tuple[str, dict[str, Column]]:
        """The kind that a table is about, and its columns: what is said, else what all its ids say, else its heads."""
        if said and not self._shapes.classes_of_kind(said):
            raise DataError(f"{table.source}: this catalogue has no kind {said!r}, which is what the file is about")
        kind = said or self._kind_of_ids(table) or kind_of_heads(self._shapes, table.heads)
        if kind is None:
            raise DataError(f"{table.source}: the shapes of this catalogue target no class")
        return kind, columns(self._shapes, self._shapes.classes_of_kind(kind)[0])

    def _kind_of_ids(self, table: Table) -> str | None:
        """The kind that all ids of a table name, as in ``domain/statistics``."""
        named = [head for head in table.heads if head.casefold() in ID]
        kinds = {str(cells.get(head) or "/").strip().partition("/")[0] for _, cells in table.rows for head in named}
        kind = kinds.pop() if len(kinds) == 1 else ""
        return kind if self._shapes.classes_of_kind(kind) else None

    def _heads(self, table: Table, kind: str, known: dict[str, Column]) -> Iterator[tuple[str, _Head]]:
        for number, head in enumerate(table.heads):
            if not head:
                continue
            place = f"column {letters(number)} ({head})" if table.separator else f"key {head!r}"
            name, _, lang = head.rpartition("@") if "@" in head[1:] else (head, "", "")
            column = found(known, name)
            if names_record(head):
                yield head, _Head(None, "", place)
            elif column is None:
                self._fault(table, 1, None, f"{place}: no column of {kind} is called so; there are {', '.join(known)}")
            elif lang and (column.thing or column.datatype):
                self._fault(table, 1, None, f"{place}: {column.name} has no language; call it {column.name}")
            else:
                yield head, _Head(column, lang, place)

    # -- rows ------------------------------------------------------------------------------------------

    def _row(self, table: Table, heads: dict[str, _Head], kind: str, line: int, cells: dict[str, Any]) -> _Row | None:
        given = {head: _unguarded(cell) for head, cell in cells.items() if head in heads}
        said = {"id": "", "class": ""}
        labels: dict[str, str] = {}
        for head, cell in given.items():
            column = heads[head].column
            if column is None:
                said["id" if head.casefold() in ID else "class"] = cell
            elif column.labels:
                labels |= {label: lang for lang, label in _labels(cell, heads[head].lang)}
        name = next((label for label, lang in labels.items() if lang == "en"), next(iter(labels), ""))
        try:
            thing = self._about(seen(str(said["id"] or "")).strip(), name, kind)
            classes = self._classes(said["class"], kind, thing)
        except DataError as fault:
            self._fault(table, line, f"_:line{line}", str(fault))
            return None
        if thing.value in self._seen:
            source, before = self._seen[thing.value]
            where = f"line {before}" if source == table.source else f"{source}, line {before}"
            self._fault(table, line, thing.value, f"{where} is about the same record; put both into one row")
            return None
        self._seen[thing.value] = (table.source, line)
        self._records.lines[thing.value] = line
        self._known.add(thing.value, labels)
        return _Row(line, thing, classes, [(heads[head], cell) for head, cell in given.items() if heads[head].column])

    def _about(self, said: str, name: str, kind: str) -> NamedNode:
        if not said and not name.strip():
            raise DataError("this row has neither an id nor a name; give it a slug in the column id")
        slug = said.removeprefix(f"{kind}/") or slugify(name)
        if is_slug(slug):
            return NamedNode(self._records.base.record(kind, slug))
        try:
            thing = NamedNode(slug)
        except ValueError:
            thing = None
        if thing is None or "://" not in slug:
            raise DataError(f"{said!r} cannot be an id; write lower-case letters, digits and hyphens, such as "
                            f"{slugify(said)}, or an IRI")  # fmt: skip
        return thing

    def _classes(self, said: Any, kind: str, thing: NamedNode) -> list[str]:
        """The classes of a thing: those that its row names, else those that it has, else the one of its kind."""
        classes = self._shapes.classes_of_kind(kind)
        names = said if isinstance(said, list) else str(said or "").split(self._separator)
        if given := [_class(str(name).strip(), classes) for name in names if str(name).strip()]:
            return given
        if self._records.base.document(thing.value) in self._stored:
            return []
        if len(classes) > 1:
            raise DataError(f"say what it is in the column class: {', '.join(map(local_name, classes))}")
        return [classes[0]]

    def _said(self, table: Table, reading: CellReader, row: _Row) -> Iterator[Triple]:
        covered: dict[str, set[str]] = {}
        given: list[Triple] = []
        for head, cell in row.cells:
            if (column := head.column) is None:
                continue
            covered.setdefault(column.predicate, set()).add(head.lang)
            try:
                given += list(reading.values(row.thing, column, head.lang, cell))
            except DataError as fault:
                shown = None if isinstance(cell, dict | list) else str(cell)[:200]
                said = f"{head.place}: {fault}"
                self._fault(table, row.line, row.thing.value, said, path=column.predicate, value=shown)
        if row.classes:
            covered[RDF_TYPE] = {""}
        yield from self._kept(row.thing, covered)
        for cls in row.classes:
            yield Triple(row.thing, NamedNode(RDF_TYPE), NamedNode(cls))
        yield from given

    def _kept(self, thing: NamedNode, covered: dict[str, set[str]]) -> Iterator[Triple]:
        """What the store says of a record and no column speaks of."""
        name = self._records.base.document(thing.value)
        before = self._stored.document(name) if name not in self._records.documents else Graph()
        gone = {KGC_COMPARISON_KEY, *(derived for derived, of in DERIVED.items() if covered.keys() & {*of})}
        typed = [link for link in vocabulary.typed_relations() if link in covered]
        linked = {value for link in typed for value in before.objects(thing, link)}
        kept = Graph(
            triple
            for triple in before
            if triple.predicate.value not in gone
            and not (triple.subject == thing and _speaks(covered, triple))
            and not (triple.predicate.value == KGC_RELATED and triple.object in linked)  # it comes of the typed one
        )
        whole = [node for node in kept.subjects() if isinstance(node, NamedNode) or kept.objects(node, RDF_SUBJECT)]
        yield from kept.reached(*whole)

    def _fault(
        self,
        table: Table,
        line: int,
        focus: str | None,
        message: str,
        path: str | None = None,
        value: str | None = None,
    ) -> None:
        self._records.faults.append(Fault(message, "violation", table.source, line, focus, path, value))


def _speaks(covered: dict[str, set[str]], triple: Triple) -> bool:
    """Whether columns speak of a statement: of its predicate, in its language where their heads have one."""
    langs = covered.get(triple.predicate.value, set())
    lang = triple.object.language if isinstance(triple.object, Literal) else None
    return (
        "" in langs
        or (lang or "").casefold() in {one.casefold() for one in langs if one}
        or (bool(langs) and lang is None)
    )


def _labels(cell: Any, lang: str) -> Iterator[tuple[str, str]]:
    """The texts of a cell with names, each after its language."""
    if isinstance(cell, str) and cell.strip():
        yield lang, cell.strip()
    elif isinstance(cell, dict):
        for tag, text in cell.items():
            yield from ((tag, one) for _, one in _labels(text, tag))
    elif isinstance(cell, list):
        for one in cell:
            yield from _labels(one, lang)


def _class(name: str, known: Sequence[str]) -> str:
    for cls in known:
        if local_name(cls).casefold() == name.casefold():
            return cls
    prefix, colon, local = name.partition(":")
    if colon and prefix in PREFIXES and local.isidentifier():
        return PREFIXES[prefix] + local
    if "://" in name:
        return name
    raise DataError(f"{name!r} is no class here; write {' or '.join(map(local_name, known))}")


def _unguarded(cell: Any) -> Any:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if isinstance(cell, str) and GUARDED.match(cell) else cell


def letters(number: int) -> str:
    """What a spreadsheet calls a column, from 0 on: A, B, ... Z, AA."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
