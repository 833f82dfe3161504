"""Check sums of a checkpoint's files: the engine may ask a damaged file for ever, so nobody is to ask it.

They are written when a generation is published, and are the text of its lock: a line a file, with its size in bytes,
the CRC-32 (ISO 3309) of its bytes in hexadecimal digits, the number and the time of change (nanoseconds) by which the
file system knew it when it was read for that, and its name. A generation without them is taken as it is. A line of
another form names the generation that changed the shapes last.

A file that nobody has written to since has the same number and time: whoever is in a hurry takes it as it is, and
compares it later. Found to be damaged, it gets another time, so that nobody takes it so again.
"""

from __future__ import annotations

import os
import re
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from kgcompare.errors import Damaged
from kgcompare.store.files import files

_PART = 16 << 20
"""Bytes that are read at once: after each part one waits for other threads, which may be loading modules."""
_SHAPES = re.compile(r"shapes ([0-9]{1,18}-[0-9a-f]{8})", re.ASCII)
_LONGEST = 4 << 20
"""Bytes of a lock that are read."""
_LINE = re.compile(r"([0-9]{1,18}) ([0-9a-f]{8}) (?:([0-9]{1,20}) ([0-9]{1,20}) )?([0-9]{1,18}\.(?:sst|log))", re.ASCII)
FileState = tuple[int, int, int]
"""A file as it is: its number in the file system, size and time of change."""


class _Sum(NamedTuple):
    """What was written: the size and the sum of a file, its state when it was read, if that is said, and the line."""

    size: int
    crc: int
    state: FileState | None
    line: str


def seal(snapshot: Path, lock: Path, before: tuple[Path, Path] | None = None, shapes: str = "") -> None:
    """Writes the sums of a checkpoint into its lock; those of files that are hard-linked with the checkpoint *before*
    are taken from its lock. *shapes* names the generation that changed the shapes last, if that is known.

    :raises OSError: if they cannot be read or written.
    """
    part = bytearray()
    known, shared = (_sums(before[1]), _numbers(before[0])) if before else ({}, {})
    lines = [f"shapes {shapes}"] if shapes else []
    for name, number in sorted(_numbers(snapshot).items()):
        if name in known and shared.get(name) == number:
            lines.append(known[name].line)
        else:
            inode, size, changed = _state(snapshot / name)
            lines.append(f"{size} {_crc(snapshot / name, part):08x} {inode} {changed} {name}")
    lock.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def compare_sums(snapshot: Path, lock: Path, seen: set[FileState], *, hurried: bool = False) -> None:
    """Reads a checkpoint's files and compares them with their sums, but for those *seen* before; adds what it saw.
    *hurried* leaves out those that nobody has written to since they were read for their sums.

    :raises Damaged: if one is not what was written.
    :raises StoreError: if one cannot be read.
    """
    part = bytearray()
    with files(f"{snapshot} cannot be read"):
        for name, known in _sums(lock).items():
            file = snapshot / name
            state = _state(file)
            if state in seen or (hurried and state == known.state):
                continue
            if state[1] != known.size or _crc(file, part) != known.crc:
                with suppress(OSError):
                    os.utime(file)
                raise Damaged(f"{file} is damaged, and so is the generation that it belongs to")
            seen.add(state)


def shapes_in(lock: Path) -> str:
    """The generation that changed the shapes last, as a lock has it; empty where it is not said."""
    said = (_SHAPES.fullmatch(line) for line in _lines(lock))
    return next((match[1] for match in said if match), "")


def _sums(lock: Path) -> dict[str, _Sum]:
    """What is known of files by their names; lines that are neither are left out."""
    sums = {}
    for match in filter(None, map(_LINE.fullmatch, _lines(lock))):
        size, crc, inode, changed, name = match.groups()
        state = (int(inode), int(size), int(changed)) if inode else None
        sums[name] = _Sum(int(size), int(crc, 16), state, match[0])
    return sums


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


def _state(file: Path) -> FileState:
    stat = file.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


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
