"""The columns of a comparison: records of this catalogue, and of others that are asked for what is not here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from kgcompare.catalogue import asked
from kgcompare.catalogue.comparison import line_up
from kgcompare.catalogue.others import Lent, Others
from kgcompare.catalogue.sentences import sentences_of
from kgcompare.catalogue.values import Reader
from kgcompare.errors import UnknownThing
from kgcompare.model import Cell, Comparison, Row, Thing, Value
from kgcompare.rdf.addresses import web_address
from kgcompare.rdf.graph import Graph


class _Place(asked.Shelves, Protocol):
    """A generation of a catalogue, as far as comparisons need it."""

    others: Others | None

    def nearest(self, name: str, cls: str | None = None) -> list[str]:
        """Slugs of things of a class that somebody who asks for *name* may mean."""

    def reader(self, lang: str, graphs: Mapping[str, Graph]) -> Reader:
        """A reader of records."""

    def addresses(self, things: Iterable[str]) -> dict[str, tuple[str, str]]:
        """IRI -> (kind, slug)."""

    def thing(self, reader: Reader, thing: str, graph: Graph, addresses: Mapping[str, tuple[str, str]]) -> Thing:
        """A thing as a column head names it."""


def side_by_side(place: _Place, wanted: Sequence[str], lang: str, cls: str) -> Comparison:
    """All rows of what was asked for, of a class, in that order.

    :raises UnknownThing: if none of it is known, here or elsewhere.
    :raises StoreError: if the store cannot be read.
    """
    named, graphs = asked.records(place, wanted, cls)
    elsewhere = [name for name in wanted if name not in named]
    lent = place.others.asked(elsewhere, cls, place.shapes) if place.others and elsewhere else {}
    unknown = tuple(name for name in elsewhere if name not in lent)
    if not named and not lent:
        near = tuple(dict.fromkeys(slug for name in wanted for slug in place.nearest(name, cls)))
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UnknownThing(f"not in the catalogue: {', '.join(n[:80] for n in unknown)}{hint}", unknown, near)
    named |= {name: name for name in lent}
    graphs |= {thing: one.graph for thing, one in lent.items()}
    own = place.reader(lang, graphs)
    reader = _lending(own, lent)
    addresses = place.addresses(thing for thing in named.values() if thing not in lent)
    columns = [
        _lent(place.thing(reader, thing, graphs[thing], {}), lent[thing])
        if thing in lent
        else place.thing(reader, thing, graphs[thing], addresses)
        for thing in dict.fromkeys(named[name] for name in wanted if name in named)
    ]
    result = line_up(reader, place.shapes.rows(cls), columns, graphs, unknown)
    if lent:
        result = replace(result, rows=tuple(_leading_out(row, columns, own) for row in result.rows))
    if any(one.whence.silent for one in lent.values()):
        return _without_silent(result)
    if len(columns) > 1:
        result = replace(result, sentences=sentences_of(result, place.shapes, cls, graphs, place.descriptions))
    return result


def _lending(reader: Reader, lent: Mapping[str, Lent]) -> Reader:
    """A reader that also knows what others say of what their records name; what is said here comes first."""
    if not lent:
        return reader
    things = dict(reader.things)
    for one in lent.values():
        for thing, graph in one.things.items():
            if not any(things.get(thing, ())):
                things[thing] = graph
    return Reader(reader.lang, things)


def _lent(thing: Thing, one: Lent) -> Thing:
    label = thing.iri if one.whence.silent else thing.label
    return replace(thing, id=thing.iri, label=label, whence=one.whence)


def _leading_out(row: Row, columns: Sequence[Thing], own: Reader) -> Row:
    """A row in which what columns of others name leads to where it is, unless it is here too."""

    def leading(value: Value) -> Value:
        here = value.iri is None or any(own.things.get(value.iri, ()))
        return value if here or value.url else replace(value, url=web_address(value.iri or ""))

    cells = (
        replace(cell, values=tuple(map(leading, cell.values))) if column.whence else cell
        for cell, column in zip(row.cells, columns, strict=True)
    )
    return replace(row, cells=tuple(cells))


def led_out(comparison: Comparison) -> frozenset[str]:
    """The IRIs that lead to where other catalogues have them: columns of theirs, and what is named there alone."""
    columns = [place for place, thing in enumerate(comparison.methods) if thing.whence]
    values = (value for row in comparison for place in columns for value in row.cells[place].values)
    named = {value.iri for value in values if value.iri and value.url == web_address(value.iri)}
    return frozenset(named | {comparison.methods[place].iri for place in columns})


def _without_silent(comparison: Comparison) -> Comparison:
    """A comparison that says of columns whose catalogue does not answer that nothing is known of them."""
    silent = [bool(thing.whence and thing.whence.silent) for thing in comparison.methods]
    rows = {
        row: replace(
            row,
            cells=tuple(
                Cell(None, (), "unavailable") if out else cell for cell, out in zip(row.cells, silent, strict=True)
            ),
            missing=row.missing - sum(silent),
        )
        for row in (*comparison.rows, *comparison.unrecorded)
    }
    return replace(
        comparison,
        rows=tuple(rows[row] for row in comparison.rows),
        unrecorded=tuple(rows[row] for row in comparison.unrecorded),
    )
