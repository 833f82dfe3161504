"""What is made of a generation once, its index before all, and ends with it."""

from __future__ import annotations

import copy
import threading
import weakref
from collections.abc import Callable
from typing import Protocol, Self, TypeVar, cast, runtime_checkable

from kgcompare.catalogue.basis import note_other, noting
from kgcompare.schema.shapes import Shapes
from kgcompare.search import DerivedFile, Index, Origin
from kgcompare.store import Snapshot, deadline

Made = TypeVar("Made")
ANSWERS = "answers"
"""By which name :meth:`Indexed.once` has the answers that are kept of a generation."""


@runtime_checkable
class Closing(Protocol):
    """Something that ends when its generation does."""

    def close(self) -> None:
        """Lets go of what it holds."""


class Indexed:
    """A generation with what is made of it."""

    def __init__(self, snapshot: Snapshot, shapes: Shapes, patience: float | None) -> None:
        self._snapshot = snapshot
        self.shapes = shapes
        self._patience = patience
        self.is_past = False
        self.lacked = 0
        """How often something had to do without the index."""
        self._begin()

    @property
    def snapshot(self) -> Snapshot:
        """The statements."""
        note_other()
        return self._snapshot

    @property
    def keeps_shapes(self) -> bool:
        """Whether the data are records of ours, with their shapes."""
        return self._snapshot.keeps_shapes

    @property
    def keeps_history(self) -> bool:
        """Whether it is known what changed before."""
        return self._snapshot.history is not None

    def _begin(self) -> None:
        self._made: dict[str, object] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._ends: list[weakref.finalize[..., Indexed]] = []
        self._making = threading.Lock()

    def afresh(self) -> Self:
        """The same without what was made of it."""
        new = copy.copy(self)
        new._begin()
        return new

    def once(self, name: str, make: Callable[[Self], Made], *, settled: bool = False) -> Made:
        """What *make* gives of this generation: made when it is first asked for by that name, then kept.

        Others who ask for the same wait meanwhile, as long as their deadlines allow; a failure is not kept. What is
        *settled* is the same in the next generation, unless ``changed`` says that nothing is.

        :raises Overrun: if another one's making of it took longer than that.
        """
        if not settled:
            note_other()
        if name not in self._made:
            with self._making:
                lock = self._locks.setdefault(name, threading.Lock())
            if not lock.acquire(timeout=min(deadline.left(), threading.TIMEOUT_MAX)):
                raise deadline.overrun()
            try:
                if name not in self._made:
                    with deadline.none(), noting(None):
                        made = make(self)
                    if isinstance(made, Closing):
                        self._ends.append(weakref.finalize(self, made.close))
                    self._made[name] = made
            finally:
                lock.release()
        return cast("Made", self._made[name])

    def close(self) -> None:
        """Ends what was made of this generation and has an end, such as workers."""
        for end in self._ends:
            end()
        if "index" in self._made:
            self.index.release()

    def forget(self, name: str) -> None:
        """Has what :meth:`once` made by that name made anew when it is next asked for."""
        self._made.pop(name, None)

    @property
    def index(self) -> Index:
        """The derived index; made on first use where the store does not come with one.

        What it is asked raises NotIndexed while that takes.
        """
        return self.once("index", Indexed._make_index)

    def _make_index(self) -> Index:
        return Index(DerivedFile(self._place(), self._patience), self.shapes)

    def _place(self) -> Origin:
        """Where the file of the index comes from."""
        raise NotImplementedError

    @property
    def there(self) -> Index | None:
        """The index for what can do without it: None where it is being made and nobody is to wait for that."""
        if self._patience is None or self.is_past or self.index.ready():
            return self.index
        self.lacked += 1
        return None
