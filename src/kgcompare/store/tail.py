"""The tail of a checkpoint: what the engine's log has and its tables have not yet.

Whoever opens a checkpoint reads the logs in it as the engine does after a crash. So the next generation of a few
changes has the files of the one before and a longer copy of the log of live/, and the engine writes no tables, whose
merging rewrites most of a large store. When the tail gets long, or live/ was opened anew, which begins another log, the
engine makes the checkpoint. Of two logs it would read the second only if that goes on just where the first one ends.

Source: RocksDB wiki, "Write Ahead Log" and "Checkpoints" (numbers of files grow; logs are read in their order).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

_MOST = 2000
"""Statements in a tail: who opens it reads about 15,000 a second."""
_PARTS = ("*.sst", "*.log", "CURRENT", "MANIFEST-*", "OPTIONS-*")
"""The files of a folder of the engine's that say something."""


@dataclass(slots=True)
class Tail:
    """The tail that the next checkpoint of live/ would have: the log that the engine writes, by its name, and how many
    statements were written there since it made a checkpoint itself, about."""

    live: Path
    log: str
    written: int = 0

    @classmethod
    def begun(cls, live: Path) -> Tail:
        """That of live/ when the engine has just made a checkpoint of it.

        :raises OSError: if it cannot be read.
        """
        return cls(live, _newest_log(live))

    def fits(self) -> bool:
        """Whether it is short enough, and all of it is in that log."""
        return self.written <= _MOST and _newest_log(self.live) == self.log

    def checkpoint(self, before: Path, to: Path) -> None:
        """Makes a checkpoint of what live/ says, given that of its generation *before*: it is whole when it is there.

        :raises OSError: if it cannot be made.
        """
        making = to.with_name(f"{to.name}.tmp")
        making.mkdir()
        for file in os.scandir(before):
            if file.name != self.log:
                os.link(file.path, making / file.name)
        shutil.copyfile(self.live / self.log, making / self.log)
        making.rename(to)


def _newest_log(live: Path) -> str:
    """The name of the log that the engine writes.

    :raises OSError: if it has none.
    """
    logs = [file.name for file in os.scandir(live) if file.name.endswith(".log")]
    if not logs:
        raise FileNotFoundError(f"{live} has no log")
    return max(logs, key=lambda name: int(name.partition(".")[0]))


def copy_files(folder: Path, to: Path) -> None:
    """Makes another folder of a checkpoint's files, or live/'s that nobody has open: one that may be written to. Tables
    are shared, as the engine never changes one.

    :raises OSError: if it cannot be made.
    """
    to.mkdir()
    for file in (file for part in _PARTS for file in folder.glob(part)):
        if file.suffix == ".sst":
            os.link(file, to / file.name)
        else:
            shutil.copyfile(file, to / file.name)
