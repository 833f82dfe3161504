"""Files as whoever parses them gets them: open for reading, unpacked, and standard input where ``-`` stands.

Source: RFC 1952 (gzip).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import stat
import sys
import tempfile
import zlib
from pathlib import Path
from typing import IO, cast

from kgcompare.errors import DataError, Seam, SyntaxFault

STDIN = Path("-")
"""What stands for standard input."""
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20
_read: list[IO[bytes]] = []
"""What came by standard input, once it has been read: a command may read its files twice."""


def unpacked_name(path: Path) -> Path:
    """The name of a file without ``.gz``, which tells its format."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def is_plain(path: Path) -> bool:
    """Whether a file is there as it is, so that an engine can read it by its name."""
    return path != STDIN and unpacked_name(path) == path


def open_file(path: Path, most: int) -> tuple[IO[bytes], int]:
    """A file open for reading, and its size in bytes; what is packed is unpacked first, up to *most* bytes.

    What comes through a pipe is copied first. Only a file whose name ends in ``.gz`` is unpacked, or standard input.

    :raises DataError: if it cannot be read.
    :raises SyntaxFault: if it is not whole, or has more bytes than *most*.
    """
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
        file, size = _standard_input() if path == STDIN else _opened(path)
    packed = os.pread(file.fileno(), 2, 0) == _GZIP and not is_plain(path)  # whoever parses reads from the descriptor
    if not packed:
        return file, size
    broken = "it is not a whole gzip file; pack it again"
    with (
        file,
        Seam((OSError, EOFError, zlib.error), lambda _: SyntaxFault(broken, str(path))),
        gzip.open(file) as unpacking,
    ):
        return _copied(cast("IO[bytes]", unpacking), path, most)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes as they are, in hexadecimal digits; empty of what can be read but once.

    :raises DataError: if it cannot be read.
    """
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
        if path != STDIN and not path.is_file():
            return ""
        with _standard_input()[0] if path == STDIN else path.open("rb") as file:
            return hashlib.file_digest(cast("io.BufferedReader", file), "sha256").hexdigest()


def _copied(source: IO[bytes], path: Path, most: int) -> tuple[IO[bytes], int]:
    copy = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    size = 0
    while block := source.read(_BLOCK):
        size += len(block)
        if size > most:
            copy.close()
            said = f"unpacked it has more than {most:,} bytes; --unpacked-bytes allows more"
            raise SyntaxFault(said, str(path))
        copy.write(block)
    copy.seek(0)
    return copy, size


def _standard_input() -> tuple[IO[bytes], int]:
    if not _read or _read[0].closed:
        source = getattr(sys.stdin, "buffer", None) or io.BytesIO()
        copy = tempfile.TemporaryFile()  # noqa: SIM115  (kept until this process ends)
        shutil.copyfileobj(source, copy)
        copy.flush()
        _read[:] = [copy]
    kept = _read[0]
    kept.seek(0)
    file = os.fdopen(os.dup(kept.fileno()), "rb")
    return file, os.fstat(file.fileno()).st_size


def _opened(path: Path) -> tuple[IO[bytes], int]:
    file: IO[bytes] = path.open("rb")
    about = os.fstat(file.fileno())
    if stat.S_ISREG(about.st_mode):
        return file, about.st_size
    with file:
        copy = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
        shutil.copyfileobj(file, copy)
        size = copy.tell()
        copy.seek(0)
        return copy, size
