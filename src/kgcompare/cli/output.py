"""What commands say: data on stdout, faults and progress on stderr."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from kgcompare.errors import StoreError, UsageError, reason

if TYPE_CHECKING:
    from kgcompare.errors import ValidationReport


def put(text: str) -> None:
    """Writes data to stdout, as UTF-8 whatever the terminal says.

    :raises BrokenPipeError: if whoever was to read it is gone.
    :raises StoreError: if it cannot be written, as on a full disk.
    """
    data = text.encode("utf-8", "backslashreplace")
    if sys.stdout is None:
        raise StoreError("the output cannot be written: standard output is closed")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        leave_stdout()
        raise StoreError(f"the output cannot be written: {reason(fault)}") from None


def leave_stdout() -> None:
    """Lets go of what stdout holds still: written at the end of the process it would fail once more."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


@contextlib.contextmanager
def writing_to(path: Path) -> Iterator[BinaryIO]:
    """A file to write to: it takes the place of what is at *path* when all is written, and is as it was otherwise.

    Links are followed, mode and owner of what is there stay. What is no plain file (a device, a pipe), or cannot be
    replaced by us as what it is, is written through.

    :raises UsageError: if it cannot be written.
    """
    try:
        there = path.stat() if path.exists() else None
        if there is not None and stat.S_ISDIR(there.st_mode):
            raise UsageError(f"{path} is a folder; name a file")
        if there is not None and not _is_replaceable(path, there):
            with os.fdopen(
                os.open(path, os.O_WRONLY | (os.O_TRUNC if stat.S_ISREG(there.st_mode) else 0)), "wb"
            ) as file:
                yield file
            return
        target = Path(os.path.realpath(path))
        if target.is_symlink():  # in a circle: it leads to no place
            raise UsageError(f"{path} cannot be written: {os.strerror(errno.ELOOP)}")
        scratch = target.with_name(f".kgcompare-{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
                yield file
                if there is not None:
                    os.fchown(file.fileno(), there.st_uid, there.st_gid)
                    os.fchmod(file.fileno(), stat.S_IMODE(there.st_mode))
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as fault:
        raise UsageError(f"{path} cannot be written: {fault.strerror}") from None


def _is_replaceable(path: Path, there: os.stat_result) -> bool:
    """Whether another file may stand in the place of what is there, with the same name, owner and group."""
    target = Path(os.path.realpath(path))
    plain = stat.S_ISREG(there.st_mode) and target.exists() and os.path.samestat(target.stat(), there)
    ours = there.st_uid == os.geteuid() and there.st_gid in {os.getegid(), *os.getgroups()}
    return plain and (ours or os.geteuid() == 0) and os.access(target, os.W_OK) and os.access(target.parent, os.W_OK)


_LONGEST_PART = 1_000
"""Signs of one part of a message; what is longer stands in the file."""
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def steady(text: str) -> str:
    """A text in which escapes stand for what would steer a terminal, turn its lines around, or is no sign at all; new
    lines and tabs stay."""
    return _STEERING.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def say(text: str) -> None:
    """Says something on stderr that may have parts of a file or of its name in it."""
    click.echo(steady(text), err=True)


_BAR = 30
"""Signs of a bar of progress."""


class ProgressLine:
    """Progress on stderr, only on a terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._what, self._since = "", 0.0
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Shows how far something is: by a bar where it has steps, once it has taken a second."""
        if not self._shown:
            return
        if what != self._what:
            self._what, self._since = what, time.monotonic()
        if total > 1 and not self._last and time.monotonic() - self._since < 1:
            return
        done = min(done, total)
        bar = f" [{'#' * (_BAR * done // total):<{_BAR}}] {100 * done // total:3}%" if total > 1 else ""
        line = what + bar
        if line != self._last or done == total:
            click.echo("\r" + line.ljust(len(self._last)), err=True, nl=done == total)
            self._last = "" if done == total else line
            self._what = "" if done == total else what


def report_lines(report: ValidationReport) -> list[str]:
    """A validation report for people: a line a fault."""
    lines = []
    for fault in report.faults:
        where = ":".join(str(part) for part in (fault.file, fault.line) if part is not None)
        parts = [where, fault.severity, f"<{_short(fault.focus_node)}>" if fault.focus_node else None]
        parts += [f"path <{_short(fault.path)}>" if fault.path and "://" in fault.path else fault.path]
        parts += [f"value {_short(fault.value)!r}" if fault.value is not None else None, _short(fault.message)]
        lines.append(steady(": ".join(part for part in parts if part)).replace("\n", "\\n"))
    return lines


def _short(text: str) -> str:
    """A text that may be of a file, cut where it is longer than anybody reads."""
    return text if len(text) <= _LONGEST_PART else f"{text[:_LONGEST_PART]}..."


def tell_report(report: ValidationReport) -> None:
    """Says on stderr what a validation found."""
    for line in report_lines(report):
        click.echo(line, err=True)
