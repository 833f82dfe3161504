"""The embedded store for readers: pyoxigraph (RocksDB) behind generations, each a checkpoint that is opened read-only.

What is missing or damaged is taken from what is whole; where nothing is, it is said what to do.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from kgcompare.errors import Damaged, StoreError, Unavailable
from kgcompare.store.base import CLOSED
from kgcompare.store.checkpoint import EmbeddedSnapshot, GenerationGone
from kgcompare.store.files import LOG
from kgcompare.store.folder import WHAT_TO_DO, Folder, number
from kgcompare.store.sums import FileState

_LONGEST_WAIT = 30.0
"""Seconds that a reader waits for another one to open the newest generation."""
_AGAIN = 1.0
"""Seconds until a generation that could not be opened is tried again."""


def snapshot_at(path: Path) -> EmbeddedSnapshot:
    """The generation in a snapshot's folder (:attr:`Snapshot.path`), for a process beside the one that has it open.

    :raises StoreError: if it is gone, or cannot be opened.
    """
    folder = Folder(path.parents[1])
    try:
        return EmbeddedSnapshot(folder, path.name, folder.describe())
    except GenerationGone:
        raise StoreError(f"the store at {folder.path} has no generation {path.name} any more") from None


class _Seen(NamedTuple):
    """What was opened last: looked at and replaced as one, so that nobody takes an old one for the newest.

    ``stamp`` is the folder's, from before it was opened; from ``retry`` on (seconds, monotonic) one looks again.
    """

    snapshot: EmbeddedSnapshot
    stamp: tuple[int, ...]
    retry: float


class EmbeddedStore:
    """A store folder, for reading. Cheap to ask for its newest snapshot at every request."""

    def __init__(self, path: Path, *, checked: bool = False, hurried: bool = False) -> None:
        """Opens the folder; *checked* compares the files of each generation with their check sums before it is read.
        One that is *hurried* takes, of the first, files to which nobody has written since as they are, until
        :meth:`check`.

        :raises StoreMissing: if there is no store.
        :raises StoreError: if it cannot be used.
        """
        self.folder = Folder(path)
        self.about = self.folder.describe()
        self._opening = threading.Lock()
        self._checked, self._hurried = checked, hurried
        self._sound: set[FileState] = set()
        self._said = ""
        self._expecting = threading.Lock()
        self._ahead: EmbeddedSnapshot | None = None
        stamp, retry = self.folder.stamp(), float("inf")
        try:
            snapshot = self._named()
        except StoreError as fault:
            snapshot, retry = self._newest_whole(fault), time.monotonic() + _AGAIN
            self._say(f"{fault}; going on with generation {snapshot.generation}")
        self._hurried = False
        self._seen: _Seen | None = _Seen(snapshot, stamp, retry)

    @property
    def identity(self) -> str:
        """Tells this store from every other one."""
        return self.about.identity

    def snapshot(self) -> EmbeddedSnapshot:
        """The newest generation: whoever asks after it was published gets it, and waits while somebody opens it.

        Where the newest cannot be opened it is the one before, for as long as that lasts.
        """
        seen = self._look()
        if self._is_settled(seen):
            return seen.snapshot
        if not self._opening.acquire(timeout=_LONGEST_WAIT):
            raise Unavailable("the newest generation is being opened; try again in a moment")
        try:
            seen = self._look()  # another thread may have opened it meanwhile
            return seen.snapshot if self._is_settled(seen) else self._renewed(seen.snapshot)
        finally:
            self._opening.release()

    def opened(self) -> EmbeddedSnapshot | None:
        """The newest generation, if it is open already."""
        seen = self._seen
        return seen.snapshot if seen is not None and self._is_settled(seen) else None

    def look_again(self) -> None:
        """Nothing: one looks at every request."""

    def expect(self, generation: str | None) -> None:
        """Opens a generation that is about to be published; see :class:`~kgcompare.store.base.Store`."""
        ahead = None
        if generation is not None:
            with suppress(StoreError, GenerationGone):
                ahead = self._taken(generation)
        with self._expecting:
            before = self._ahead
            with suppress(StoreError):
                if ahead is None and before is not None and before.generation == self.folder.current():
                    return  # it has come, and nobody has asked for it yet
            self._ahead = ahead
        if before is not None:
            before.close()

    def _expected(self, generation: str) -> EmbeddedSnapshot | None:
        """A generation, if it was expected and is open."""
        with self._expecting:
            ahead = self._ahead
            if ahead is None or ahead.generation != generation:
                return None
            self._ahead = None
            return ahead

    def close(self) -> None:
        """Lets go of the newest generation; whoever has taken another one keeps that."""
        seen, self._seen = self._seen, None
        with self._expecting:
            ahead, self._ahead = self._ahead, None
        for snapshot in (seen.snapshot if seen else None, ahead):
            if snapshot is not None:
                snapshot.close()

    def _look(self) -> _Seen:
        seen = self._seen
        if seen is None:
            raise StoreError(CLOSED)
        return seen

    def _is_settled(self, seen: _Seen) -> bool:
        """Whether what is open is the newest, as far as one can know before it is time to look again."""
        return self.folder.stamp() == seen.stamp and time.monotonic() < seen.retry

    def _renewed(self, snapshot: EmbeddedSnapshot) -> EmbeddedSnapshot:
        """The newest generation, opened unless it is *snapshot*."""
        stamp, retry = self.folder.stamp(), float("inf")
        try:
            if self.folder.current() != snapshot.generation or not snapshot.is_in_place():
                snapshot = self._named()
        except StoreError as fault:
            retry = time.monotonic() + _AGAIN
            self._say(f"{fault}; going on with generation {snapshot.generation}")
        self._look()
        self._seen = _Seen(snapshot, stamp, retry)
        return snapshot

    def _named(self) -> EmbeddedSnapshot:
        """The generation that ``current`` names.

        :raises StoreError: if it names none, or one that cannot be opened.
        """
        for _ in range(100):
            generation = self.folder.current()
            if generation is None:
                break
            try:
                snapshot = self._expected(generation) or self._taken(generation)
                self._doubt(generation)
                return snapshot
            except GenerationGone:
                if self.folder.current() == generation:
                    raise StoreError(f"the store at {self.folder.path} has no generation {generation}") from None
                # a writer has published another one and removed this
        raise StoreError(f"the store at {self.folder.path} has no generation to read: {_CURRENT_NAMES_NONE}")

    def _taken(self, generation: str) -> EmbeddedSnapshot:
        snapshot = EmbeddedSnapshot(self.folder, generation, self.about)
        if self._checked:
            try:
                snapshot.check(self._sound, hurried=self._hurried)
            except StoreError:
                snapshot.close()
                raise
        return snapshot

    def check(self) -> None:
        """Compares the files of the newest generation with their check sums; see
        :class:`~kgcompare.store.base.Store`."""
        self.snapshot().check(self._sound)

    def _doubt(self, generation: str) -> None:
        """Says if a generation is there that came later than the one that ``current`` names."""
        newest = self.folder.published()[-1:]
        if newest and number(newest[0]) > number(generation) and self.folder.current() == generation:
            self._say(f"{self.folder.path / 'current'} names generation {generation}, but {newest[0]} is there too")

    is_elsewhere = False

    @property
    def outage(self) -> None:
        """None: it is here."""

    def _newest_whole(self, fault: StoreError) -> EmbeddedSnapshot:
        for generation in reversed(self.folder.published()):
            with suppress(StoreError, GenerationGone):
                return self._taken(generation)
        whole = self.folder.live.is_dir() and not self.folder.unfinished.exists()
        again = whole and not isinstance(fault, Damaged)  # live/ has the same files
        raise StoreError(f"{fault}; {_IMPORT if again else WHAT_TO_DO}") from None

    def _say(self, what: str) -> None:
        """Says what is wrong, once."""
        if what != self._said:
            self._said = what
            LOG.warning("kgcompare: %s", what)


_CURRENT_NAMES_NONE = "its file current is not there or names none"
_IMPORT = "an import, of whatever file, makes it again of live/; or put the folder back from a copy"
