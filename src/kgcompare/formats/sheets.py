"""Records as tables that an import takes, one for each kind: the columns that the shapes give, and a row a record.

What no column can say is left out and counted: what is said of documents (who checked a record, and when) and of single
facts, more texts than a column has room for, structures other than originations, absences and containers.

Source: RFC 4180 (CSV); jsonlines.org; OWASP on CSV injection.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

from pyoxigraph import NamedNode

from kgcompare.errors import UsageError
from kgcompare.formats.entries import ColumnPlace, RowMaker, Said, SheetRow, derived, sheet_cell
from kgcompare.ingest.columns import columns, heads, kind_of_heads
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import local_name
from kgcompare.rdf.sameness import in_order
from kgcompare.schema.shapes import Shapes
from kgcompare.store import Snapshot
from kgcompare.text.languages import interface_languages

_AT_A_TIME = 200
"""Graphs of which a store is told at a time that they will be read."""


@dataclass(slots=True)
class Sheet:
    """The table of a ``kind``: its heads, and a row a record."""

    kind: str
    made: RowMaker
    entries: list[SheetRow] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[dict[ColumnPlace, list[Said]]]:
        """What each record says, by column and language; with its id, and its classes where the heads have them."""
        kinds = (self.kind,) if self._is_told else ()
        for entry in self.entries:
            classes: dict[ColumnPlace, list[Said]] = {("class", ""): [*entry.classes]} if "class" in self.heads else {}
            yield {("id", ""): [self.made.reference(NamedNode(entry.iri), kinds)], **classes, **entry.values}

    _is_told: bool = True
    """Whether one sees by the heads of which kind it is."""

    def settle(self, shapes: Shapes) -> None:
        """Finds the heads: those of an empty table, and what these records have beside them."""
        known, offered = self.made.known, interface_languages()
        used = dict.fromkeys(place for entry in self.entries for place in entry.values)
        tags = tuple(dict.fromkeys((*offered, *sorted({lang for _, lang in used} - {""}))))
        empty = heads(shapes, self.kind, tags)
        self.heads = [head for head in empty if _place(head)[1] in {"", *offered} or _place(head) in used]
        self.heads += [f"{name}@{lang}" for name, lang in used if lang and not known[name].worded]
        usual = [local_name(self.made.classes[0])]
        if "class" not in self.heads and any(entry.classes != usual for entry in self.entries):
            self.heads.insert(1, "class")
        self._is_told = kind_of_heads(shapes, self.heads) == self.kind


class Sheets:
    """The tables of a generation; ``left`` counts the statements that they do not have, by predicate."""

    def __init__(self, snapshot: Snapshot, shapes: Shapes, kinds: Collection[str] = ()) -> None:
        """Reads the records of some kinds; of all that there are if none is named.

        :raises UsageError: for a kind that no shape knows.
        :raises StoreError: if the store cannot be read.
        """
        if unknown := [kind for kind in kinds if not shapes.classes_of_kind(kind)]:
            raise UsageError(f"there is no kind {unknown[0]!r}; there are {', '.join(shapes.kinds)}")
        self._base = snapshot.base
        self._shapes = shapes
        self._there = {name for name in snapshot.graphs() if not self._base.is_vocabulary_graph(name)}
        rows = {row.iri: row.id for target in shapes.targets for row in shapes.rows(target) if row.id}
        self._sheets: dict[str, Sheet] = {}
        for kind in kinds or shapes.kinds:
            classes = shapes.classes_of_kind(kind)
            self._sheets[kind] = Sheet(kind, RowMaker(columns(shapes, classes[0]), classes, rows, self._reference))
        self.left: Counter[str] = Counter()
        names = iter(sorted(self._there))
        while some := list(islice(names, _AT_A_TIME)):
            snapshot.prefetch(some)
            for name in some:
                self._take(Graph(in_order(quad.triple for quad in snapshot.graph(name))), everything=not kinds)
        for sheet in self._sheets.values():
            sheet.settle(shapes)

    def sheets(self) -> list[Sheet]:
        """The tables that were asked for; of all, those that have rows."""
        return [sheet for sheet in self._sheets.values() if sheet.entries] or list(self._sheets.values())[:1]

    def _take(self, document: Graph, *, everything: bool) -> None:
        left, ours = dict.fromkeys(document), everything
        for subject in [subject for subject in document.subjects() if isinstance(subject, NamedNode)]:
            sheet = self._sheets.get(self._kind(document, subject) or "")
            if sheet is not None:
                entry, said = sheet.made.entry(document, subject)
                sheet.entries.append(entry)
                left = {triple: None for triple in left if triple not in said}
                ours = True
        if ours:
            self.left.update(triple.predicate.value for triple in left if not derived(triple))

    def _kind(self, document: Graph, subject: NamedNode) -> str | None:
        parts, kinds = self._base.parts(subject.value), self._shapes.kinds
        if parts and parts[0] in kinds:
            return parts[0]
        types = set(document.types(subject))
        return next((kind for kind, classes in kinds.items() if types.intersection(classes)), None)

    def _reference(self, thing: NamedNode, kinds: tuple[str, ...]) -> str:
        """How a cell names a thing: by its slug where it is of the first of these kinds."""
        parts = self._base.parts(thing.value)
        if parts is None or self._base.document(thing.value) not in self._there:
            return thing.value
        return parts[1] if parts[0] in kinds[:1] else "/".join(parts)


def sheet_csv(sheet: Sheet, delimiter: str = ",") -> Iterator[str]:
    """A table as CSV, a line at a time; a cell that a spreadsheet would run as a formula gets a leading apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    places = [_place(head) for head in sheet.heads]
    writer.writerow(sheet.heads)
    for row in sheet.rows():
        writer.writerow([sheet_cell(row.get(place, []), sheet.made.known.get(place[0])) for place in places])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def sheet_lines(sheet: Sheet) -> Iterator[str]:
    """A table as JSON Lines: texts are objects by language, and what may have several values is a list."""
    for row in sheet.rows():
        said: dict[str, object] = {}
        texts: dict[str, dict[str, object]] = {}
        for (name, lang), values in row.items():
            column = sheet.made.known.get(name)
            value = values if (column.many if column else name == "class") else values[0]
            if column and column.worded:
                said[name] = texts.setdefault(name, {})
                texts[name][lang] = value
            else:
                said[f"{name}@{lang}" if lang else name] = value
        yield json.dumps(said, ensure_ascii=False) + "\n"


def _place(head: str) -> ColumnPlace:
    name, _, lang = head.partition("@")
    return name, lang
