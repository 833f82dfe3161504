"""Generations as they were, and what has changed since."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from kgcompare import search
from kgcompare.catalogue.comparison import Recorded, recorded
from kgcompare.catalogue.values import Reader
from kgcompare.errors import Unavailable, UnknownThing
from kgcompare.store.past import past_snapshot
from kgcompare.store.scratch import held_folder
from kgcompare.text.languages import DEFAULT

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation
    from kgcompare.model import Comparison
    from kgcompare.store.history import History, Logged

_KEPT = 4
"""Past generations that are kept at a time."""
_MOST = 20_000
"""Documents that may have changed since one that is made again."""
_DESCRIBED = 16 << 20
"""Bytes of memory for descriptions in each."""


class _Kept:
    """The past generations that were asked for last, while one is the newest."""

    def __init__(self) -> None:
        self._made: OrderedDict[int, tuple[Generation, Callable[[], None]]] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, newest: Generation, logged: Logged) -> Generation:
        """What a change made; the newest generation itself where nothing has changed since."""
        with self._lock:  # one at a time: others want the same one, or have to wait for the disk anyway
            if logged.number in self._made:
                self._made.move_to_end(logged.number)
                return self._made[logged.number][0]
            history = history_of(newest)
            if not (number := history.count_since(logged)):
                return newest
            if number > _MOST:
                raise Unavailable(
                    f"{number:,} documents have changed since generation {logged.generation}, and no more than "
                    f"{_MOST:,} are put back; ask for a later one, or look at the history of a record"
                )
            self._made[logged.number] = _made(newest, logged, history)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)[1][1]()
            return self._made[logged.number][0]

    def close(self) -> None:
        """Lets go of all of them."""
        while self._made:
            self._made.popitem()[1][1]()


def _made(newest: Generation, logged: Logged, history: History) -> tuple[Generation, Callable[[], None]]:
    from kgcompare.catalogue.generation import Generation

    states = history.since(logged)
    now = newest.snapshot
    place, remove = held_folder(now.path.parents[1] if now.path is not None else None)
    try:
        snapshot = past_snapshot(now, logged.generation, states, place)
        was = {quad.subject for quads in states.values() for quad in quads}
        named = {subject.value for subject in was if isinstance(subject, NamedNode)}
        for name in states:
            named |= {q.subject.value for q in now.graph(name) if isinstance(q.subject, NamedNode)}
        prepare = search.updater(now, named, newest.shapes)
        made = Generation(newest.store, snapshot, newest.extra, _DESCRIBED, prepare=prepare)
    except BaseException:
        remove()
        raise

    def end() -> None:
        made.close()
        remove()  # whoever still reads it has its files open

    return made, end


def history_of(generation: Generation) -> History:
    """What a generation knows of the changes before it.

    :raises UnknownThing: if no history is kept with its data.
    """
    history = generation.snapshot.history
    if history is None:
        raise UnknownThing("no history is kept with the data of this catalogue")
    return history


def generation_at(newest: Generation, text: str) -> tuple[Logged, Generation]:
    """The generation of a name, or the one that was the newest on a day or at a moment (ISO 8601), and the change that
    made it.

    :raises UnknownThing: if there is none, or it is not kept any more.
    :raises Unavailable: if too much has changed since.
    :raises StoreError: if it cannot be read or made.
    """
    logged = history_of(newest).at(text)
    return logged, newest.once("past", lambda _: _Kept()).at(newest, logged)


def changed_cells(shown: Comparison, then: Generation, newest: Generation, cls: str) -> frozenset[tuple[str, str]]:
    """(row id, IRI of the thing) of the cells of a comparison of which something else is recorded in the newest
    generation than *then*, in whatever language, or that are not there any more.

    :raises StoreError: if the store cannot be read.
    """
    things = [thing.iri for thing in shown.methods]
    was, now = (_recorded(generation, things, cls) for generation in (then, newest))
    nothing = Recorded(frozenset(), "not-recorded")
    cells = ((row.id, thing) for row in shown for thing in things)
    return frozenset(cell for cell in cells if was.get(cell, nothing) != now.get(cell, nothing))


def _recorded(generation: Generation, things: Sequence[str], cls: str) -> dict[tuple[str, str], Recorded]:
    """What a generation records of each thing in each row of a class."""
    reader, graphs = Reader(DEFAULT, {}), generation.descriptions.records(things)
    return {
        (row.id or "", thing): recorded(reader, row, graph, thing)[0]
        for row in generation.shapes.rows(cls)
        for thing, graph in graphs.items()
    }
