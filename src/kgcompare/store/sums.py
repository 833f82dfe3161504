"""Check sums of a checkpoint's files: the engine may ask a damaged file for ever, so nobody is to ask it.

They are written when a generation is published, and are the text of its lock: a line a file, with its size in bytes,
the CRC-32 (ISO 3309) of its bytes in hexadecimal digits, and its name. A generation without them is taken as it is.
A line of another form names the generation that changed the shapes last.
"""

from __future__ import annotations

import os
import re
import zlib
from contextlib import suppress
from pathlib import Path

from kgcompare.errors import Damaged
from kgcompare.store.files import files

_PART = 16 << 20
"""Bytes that are read at once: after each part one waits for other threads, which may be loading modules."""
_SHAPES = re.compile(r"shapes ([0-9]{1,18}-[0-9a-f]{8})", re.ASCII)
_LONGEST = 4 << 20
"""Bytes of a lock that are read."""
_LINE = re.compile(r"([0-9]{1,18}) ([0-9a-f]{8}) ([0-9]{1,18}\.(?:sst|log))", re.ASCII)
FileState = tuple[int, int, int, int]
"""A file as it is: device, inode, size and time of change."""


def seal(snapshot: Path, lock: Path, before: tuple[Path, Path] | None = None, shapes: str = "") -> None:
    """Writes the sums of a checkpoint into its lock; those of files that are hard-linked with the checkpoint *before*
    are taken from its lock. *shapes* names the generation that changed the shapes last, if that is known.

    :raises OSError: if they cannot be read or written.
    """
    part = bytearray()
    known, shared = (_sums(before[1]), _numbers(before[0])) if before else ({}, {})
    lines = [f"shapes {shapes}\n"] if shapes else []
    for name, number in sorted(_numbers(snapshot).items()):
        size, crc = known.get(name, (0, -1))
        if crc < 0 or shared.get(name) != number:
            size, crc = (snapshot / name).stat().st_size, _crc(snapshot / name, part)
        lines.append(f"{size} {crc:08x} {name}\n")
    lock.write_text("".join(lines), encoding="ascii")


def compare_sums(snapshot: Path, lock: Path, seen: set[FileState]) -> None:
    """Reads a checkpoint's files and compares them with their sums, but for those *seen* before; adds what it saw.

    :raises Damaged: if one is not what was written.
    :raises StoreError: if one cannot be read.
    """
    part = bytearray()
    with files(f"{snapshot} cannot be read"):
        for name, (size, crc) in _sums(lock).items():
            file = snapshot / name
            place = _place(file)
            if place in seen:
                continue
            if place[2] != size or _crc(file, part) != crc:
                raise Damaged(f"{file} is damaged, and so is the generation that it belongs to")
            seen.add(place)


def shapes_in(lock: Path) -> str:
    """The generation that changed the shapes last, as a lock has it; empty where it is not said."""
    said = (_SHAPES.fullmatch(line) for line in _lines(lock))
    return next((match[1] for match in said if match), "")


def _sums(lock: Path) -> dict[str, tuple[int, int]]:
    """Name of a file -> its size and its sum; lines that are neither are left out."""
    said = (_LINE.fullmatch(line) for line in _lines(lock))
    return {match[3]: (int(match[1]), int(match[2], 16)) for match in said if match}


def _lines(lock: Path) -> list[str]:
    try:
        with lock.open("rb") as file:
            return file.read(_LONGEST).decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        return []


def _numbers(snapshot: Path) -> dict[str, int]:
    """The files that have statements, tables and logs, each with the number by which the file system knows it."""
    with suppress(OSError), os.scandir(snapshot) as found:
        return {file.name: file.inode() for file in found if file.name.endswith((".sst", ".log"))}
    return {}


def _place(file: Path) -> FileState:
    stat = file.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def _crc(file: Path, part: bytearray) -> int:
    """The sum of a file, of which one *part* after the other is read; that grows with what is read."""
    crc = 0
    with file.open("rb", buffering=0) as opened:
        missing = min(_PART, os.fstat(opened.fileno()).st_size + 1) - len(part)
        part.extend(bytes(max(0, missing)))
        with memoryview(part) as view:
            while length := opened.readinto(view):
                crc = zlib.crc32(view[:length], crc)
    return crc
