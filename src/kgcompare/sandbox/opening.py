"""Files as whoever parses them gets them: open for reading, unpacked, and standard input where ``-`` stands.

What never ends, or never begins, is given up: a device, a pipe that says nothing, what is packed a hundredfold.

Source: RFC 1952 (gzip); POSIX.1-2017, open() and poll().
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import select
import shutil
import stat
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from kgcompare.errors import DataError, Seam, SyntaxFault
from kgcompare.sandbox.limits import Limits

STDIN = Path("-")
"""What stands for standard input."""
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20
_HUNDREDFOLD = 100
"""How many times longer a file may become that is unpacked: records become about 15 times as long, bombs 1,000."""
_UNSUSPECTED = 64 << 20
"""Bytes that an unpacked file may have however short it is packed."""
_SLOWEST = 1 << 10
"""Bytes for which a pipe has a second more."""
_LONGEST_SHOWN = 300
_read: list[IO[bytes]] = []
"""What came by standard input, once it has been read: a command may read its files twice."""


def unpacked_name(path: Path) -> Path:
    """The name of a file without ``.gz``, which tells its format."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def is_plain(path: Path) -> bool:
    """Whether a file is there as it is, so that an engine can read it by its name."""
    return path != STDIN and unpacked_name(path) == path


def open_file(path: Path, limits: Limits) -> tuple[IO[bytes], int]:
    """A file open for reading, and its size in bytes; what is packed is unpacked first.

    What comes through a pipe is copied first. Only a file whose name ends in ``.gz`` is unpacked, or standard input.

    :raises DataError: if it cannot be read, or is no file.
    :raises SyntaxFault: if it is not whole, or unpacked has more bytes than it may have.
    """
    with Seam((OSError, ValueError), lambda why: DataError(f"{_shown(path)} cannot be read: {why}")):
        file, size = _standard_input(limits) if path == STDIN else _opened(path, limits)
    packed = os.pread(file.fileno(), 2, 0) == _GZIP and not is_plain(path)  # whoever parses reads from the descriptor
    if not packed:
        return file, size
    broken = "it is not a whole gzip file; pack it again"
    bomb = "unpacked it becomes more than a hundred times as long; unpack it yourself if you trust it"
    with (
        file,
        Seam((OSError, EOFError, zlib.error), lambda _: SyntaxFault(broken, str(path))),
        gzip.open(file) as unpacking,
    ):
        most = limits.unpacked_bytes
        said = f"unpacked it has more than {most:,} bytes; --unpacked-bytes allows more"
        copy = _Copy(most, lambda: SyntaxFault(said, str(path)))
        while block := unpacking.read(_BLOCK):
            copy.add(block)
            if copy.size > max(_UNSUSPECTED, _HUNDREDFOLD * file.tell()):
                raise SyntaxFault(bomb, str(path))
        return copy.whole()


class _Copy:
    """What comes piece by piece, kept in a file that has no name."""

    def __init__(self, most: int, too_long: Callable[[], DataError]) -> None:
        self._most = most
        self._too_long = too_long
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
        self.size = 0

    def add(self, block: bytes) -> None:
        self.size += len(block)
        if self.size > self._most:
            self._file.close()
            raise self._too_long()
        self._file.write(block)

    def whole(self) -> tuple[IO[bytes], int]:
        self._file.flush()
        self._file.seek(0)
        return self._file, self.size


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes as they are, in hexadecimal digits; empty of what can be read but once.

    :raises DataError: if it cannot be read.
    """
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
        if path == STDIN or not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _arrived(file: IO[bytes], path: Path, limits: Limits) -> tuple[IO[bytes], int]:
    """All that comes through a pipe, within its time."""
    name = "standard input" if path == STDIN else str(path)
    copy = _Copy(
        limits.unpacked_bytes,
        lambda: DataError(f"{name} gives more than {limits.unpacked_bytes:,} bytes; --unpacked-bytes allows more"),
    )
    poll = select.poll()
    poll.register(file, select.POLLIN)
    started = time.monotonic()
    os.set_blocking(file.fileno(), False)
    while True:
        left = limits.arrival_time + copy.size / _SLOWEST - (time.monotonic() - started)
        if left <= 0 or not poll.poll(left * 1000):
            what = "too little" if copy.size else "nothing"
            raise DataError(f"{name} gave {what} for {limits.arrival_time:g} seconds; --arrival-time waits longer")
        if not (block := os.read(file.fileno(), _BLOCK)):
            return copy.whole()
        copy.add(block)


def _standard_input(limits: Limits) -> tuple[IO[bytes], int]:
    if not _read or _read[0].closed:
        source = getattr(sys.stdin, "buffer", None) or io.BytesIO()
        _read[:] = [_all_of(source, limits)]
    kept = _read[0]
    kept.seek(0)
    file = os.fdopen(os.dup(kept.fileno()), "rb")
    return file, os.fstat(file.fileno()).st_size


def _all_of(source: IO[bytes], limits: Limits) -> IO[bytes]:
    """A copy of a stream: of one that is no pipe (somebody types, or it is no file at all) to its end."""
    with suppress(OSError, ValueError):
        if stat.S_ISFIFO(os.fstat(source.fileno()).st_mode):
            return _arrived(source, STDIN, limits)[0]
    copy = tempfile.TemporaryFile()  # noqa: SIM115  (kept until this process ends)
    shutil.copyfileobj(source, copy)
    copy.flush()
    return copy


def _opened(path: Path, limits: Limits) -> tuple[IO[bytes], int]:
    file: IO[bytes] = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    about = os.fstat(file.fileno())
    if stat.S_ISREG(about.st_mode):
        return file, about.st_size
    with file:
        if stat.S_ISFIFO(about.st_mode) or file.isatty():
            return _arrived(file, path, limits)
        raise DataError(f"{_shown(path)} is a device, not a file; name a file, or - for standard input")


def _shown(path: Path) -> str:
    """A path for a message; one that is too long to be a path is cut."""
    text = str(path)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
