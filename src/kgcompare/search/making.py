"""Makes the index of a generation: of the store, or of the statements that it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from pyoxigraph import Quad

from kgcompare.errors import StoreError
from kgcompare.rdf.namespaces import Base
from kgcompare.schema.shapes import Shapes, stored_shapes
from kgcompare.search.building import Builder
from kgcompare.search.collected import Collected
from kgcompare.search.facts import Facts, Reading
from kgcompare.search.gathering import facts_in, gather, is_thing
from kgcompare.search.texts import Documents
from kgcompare.store import Snapshot
from kgcompare.store.base import Prepare
from kgcompare.store.files import files


def build(snapshot: Snapshot, path: Path, reading: Reading | None = None) -> None:
    """Makes the index of a generation at *path*, as *reading* or else the shapes that it keeps say."""
    reading = reading or _reading(snapshot)
    if snapshot.path is not None:
        with files(f"the index {path} cannot be made"), closing(Documents(snapshot.base)) as documents:
            facts = _noted(snapshot.quads(), reading, documents, snapshot.base)
            Builder(path, snapshot.base, reading).build(facts, documents=documents)
        return
    with (
        files(f"the index {path} cannot be made"),
        TemporaryDirectory(dir=path.parent) as scratch,
        closing(Collected(Path(scratch) / "facts.sqlite")) as collected,
    ):
        gather(snapshot, reading, collected, lambda *_: None)
        Builder(path, snapshot.base, reading).build(collected)


def builder(statements: Iterable[Quad], shapes: Shapes, base: Base) -> Prepare:
    """A way to make the index of a generation that says nothing but *statements*, which are read at once.

    Half the time of :func:`build`: a store on disk looks up every term of every statement that it hands out. *shapes*
    are those that the generation is thought to keep; one that turns out to need more is read from the store.
    """
    read = Reading(shapes, spoken=True).predicates
    documents = Documents(base)
    facts = facts_in(documents.through(statements), read)

    def prepare(snapshot: Snapshot, path: Path) -> None:
        reading = _reading(snapshot)
        with closing(documents):
            if documents.grouped and reading.predicates.keys() <= read.keys():
                said = _without_own(reading.records_of(facts), snapshot.base)
                Builder(path, snapshot.base, reading).build(said, documents=documents)
            else:
                build(snapshot, path)

    return prepare


def _noted(statements: Iterable[Quad], reading: Reading, documents: Documents, base: Base) -> dict[str, Facts]:
    """What *statements* say of records; *documents* keep them."""
    return _without_own(reading.records_of(facts_in(documents.through(statements), reading.predicates)), base)


def _without_own(facts: Mapping[str, Facts], base: Base) -> dict[str, Facts]:
    return {thing: said for thing, said in facts.items() if is_thing(base, thing)}


def _reading(snapshot: Snapshot) -> Reading:
    return Reading(Shapes(stored_shapes(snapshot)), spoken=snapshot.path is not None)


def build_of(
    statements: Iterable[Quad], shapes: Shapes, base: Base, path: Path, tell: Callable[[int, int], None]
) -> None:
    """Makes at *path* the index of a catalogue that keeps *shapes* and says nothing but *statements*. Tells how many
    things are written, and of how many.

    :raises StoreError: if those of one graph do not come together, or it cannot be written.
    """
    reading = Reading(shapes, spoken=True)
    with closing(Documents(base)) as documents:
        facts = _noted(statements, reading, documents, base)
        if not documents.grouped:
            raise StoreError("the statements of a graph do not come together")
        Builder(path, base, reading, tell).build(facts, documents=documents)
