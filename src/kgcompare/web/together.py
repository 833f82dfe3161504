"""What takes long is made by one process of a server, and the others have it too."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from kgcompare.catalogue.generation import Generation

_Made = TypeVar("_Made")


class Together:
    """A folder that the processes of a server share, for what each generation is asked for.

    It belongs to the server alone, as do the pipes to its processes.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the folder unless another process has."""
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    def file(self, generation: Generation, name: str, make: Callable[[Path], None], linked: Path) -> None:
        """Has *linked* be the file of that name of a generation, which *make* writes unless another process has.

        Whoever comes meanwhile waits; where the one who makes it dies, the next one does. What was made of another
        generation goes, but for the links that others have to it.

        :raises OSError: if there is no room for it.
        """
        kept = self._folder / f"{name}-{hashlib.sha256(generation.name.encode()).hexdigest()[:32]}"
        with self._alone(name):
            if not kept.exists():
                new = self._folder / f".{name}.new"
                for old in (new, *self._folder.glob(f"{name}-*")):
                    old.unlink(missing_ok=True)
                make(new)
                new.replace(kept)
            linked.unlink(missing_ok=True)
            linked.hardlink_to(kept)

    def thing(self, generation: Generation, name: str, make: Callable[[Generation], _Made]) -> _Made:
        """What *make* gives of a generation; pickled for the other processes."""
        mine = self._folder / f".{name}.{secrets.token_hex(8)}"
        try:
            self.file(generation, name, lambda path: _write(path, make(generation)), mine)
            made: _Made = pickle.loads(mine.read_bytes())  # noqa: S301  (one of our own processes wrote it)
        finally:
            mine.unlink(missing_ok=True)
        return made

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        handle = os.open(self._folder / f".{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _write(path: Path, made: object) -> None:
    path.write_bytes(pickle.dumps(made))
