"""What an answer rests on, so that the next generation can give it too where nothing of that has changed.

Whoever makes an answer has noted of which things it was asked what they say, and of which what leads to them. All
else that a generation can be asked, such as its index, may change with any record: what rests on that is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from kgcompare import search
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import Base
from kgcompare.schema.shapes import Shapes


@dataclass(slots=True)
class Basis:
    """The IRIs of the things of which was read what is said of them (``said``), and what leads to them (``led_to``);
    or ``other`` things than these were asked for."""

    said: set[str] = field(default_factory=set)
    led_to: set[str] = field(default_factory=set)
    other: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """What makes a generation of the one before: the IRIs of which its documents and theirs say something, of those
    that changed, and all that these documents name."""

    subjects: frozenset[str]
    named: frozenset[str]

    def leaves(self, basis: Basis) -> bool:
        """Whether all that something rests on is as it was."""
        as_said = self.subjects.isdisjoint(basis.said) and self.subjects.isdisjoint(basis.led_to)
        return as_said and self.named.isdisjoint(basis.led_to) and not basis.other


@dataclass(frozen=True, slots=True)
class Earlier:
    """What stays of a generation for the next one: its name, shapes and main class, and its answers; nothing of its
    files."""

    name: str
    shapes: Shapes
    main_class: object
    answers: object

    def changed(self, index: Path, base: Base) -> Changed | None:
        """What has changed since, by the index of the next one; None where it does not tell, or that is what the
        catalogue says of itself."""
        told = search.changed_since(index, self.name)
        if told is None or base.catalogue in told[0]:
            return None
        return Changed(told[0].union(map(base.document, told[0])), told[1])


_NOTING: ContextVar[Basis | None] = ContextVar("noting", default=None)


@contextmanager
def noting(basis: Basis | None) -> Iterator[None]:
    """Has noted what is asked of generations in a block, by this thread; nothing where there is no *basis*."""
    before = _NOTING.set(basis)
    try:
        yield
    finally:
        _NOTING.reset(before)


def note_names(things: Iterable[str]) -> None:
    """Notes that it was read what things say of themselves."""
    basis = _NOTING.get()
    if basis is not None:
        basis.said.update(things)


def note_records(graphs: Mapping[str, Graph], *, led_to: bool) -> None:
    """Notes that whole descriptions of things were read, with what is said of what these name; and what leads to
    them, unless they are without that."""
    basis = _NOTING.get()
    if basis is None:
        return
    basis.said.update(graphs)
    if led_to:
        basis.led_to.update(graphs)
    for graph in graphs.values():
        basis.said |= graph.named()


def note_links(things: Iterable[str]) -> None:
    """Notes that it was read what leads to things."""
    basis = _NOTING.get()
    if basis is not None:
        basis.led_to.update(things)


def note_other() -> None:
    """Notes that something else was asked."""
    basis = _NOTING.get()
    if basis is not None:
        basis.other = True
