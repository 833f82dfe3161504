"""What commands say: data on stdout, faults and progress on stderr."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from kgcompare.errors import StoreError, reason

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


class ProgressLine:
    """Progress on stderr, only on a terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Shows how far something is."""
        if not self._shown:
            return
        line = f"{what} {done}/{total}" if total > 1 else what
        click.echo("\r" + line.ljust(len(self._last)), err=True, nl=done >= total)
        self._last = "" if done >= total else line


def report_lines(report: ValidationReport) -> list[str]:
    """A validation report for people: a line a fault."""
    lines = []
    for fault in report.faults:
        where = ":".join(str(part) for part in (fault.file, fault.line) if part is not None)
        parts = [where, fault.severity, f"<{fault.focus_node}>" if fault.focus_node else None]
        parts += [f"path <{fault.path}>" if fault.path and "://" in fault.path else fault.path]
        parts += [f"value {fault.value!r}" if fault.value is not None else None, fault.message]
        lines.append(": ".join(part for part in parts if part))
    return lines


def tell_report(report: ValidationReport) -> None:
    """Says on stderr what a validation found."""
    for line in report_lines(report):
        click.echo(line, err=True)
