"""The command line. Data on stdout, everything else on stderr.

Exit codes: 0 done (warnings included), 1 the data or the query is at fault and nothing was written, 2 wrong
usage, 3 the store, endpoint or port cannot be reached or used.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence

import click

from kgcompare.cli import backups, describing, doctor, exports, history, indexing, readers, tokens, writers
from kgcompare.cli.output import leave_stdout, put, say, tell_report
from kgcompare.cli.settings import settings_command
from kgcompare.errors import DataError, InvalidData, KgcompareError, StoreError, UnknownThing, reason

_NEW = 50_000
"""New objects after which Python looks for what can go: of what a command reads, nearly all stays until it ends, and
looking every 700 took a fifth of the time of an import."""


def exit_code(fault: KgcompareError) -> int:
    """The exit code of an error."""
    if isinstance(fault, StoreError):
        return 3
    if isinstance(fault, DataError | UnknownThing):
        return 1
    return 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="kgcompare", prog_name="kgcompare")
def cli() -> None:
    """Research methods as linked data, and any of them compared side by side."""


for command in (
    writers.serve,
    readers.compare,
    readers.show,
    readers.search,
    describing.init,
    describing.describe,
    writers.import_,
    writers.validate,
    writers.template,
    exports.export,
    readers.query,
    readers.stats,
    readers.report,
    indexing.index,
    history.log,
    history.revert,
    writers.format_,
    backups.backup,
    backups.restore,
    tokens.token,
    doctor.doctor,
):
    cli.add_command(command)
cli.add_command(settings_command(cli.commands.values()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits."""
    signal.signal(signal.SIGTERM, _stopped)
    gc.set_threshold(_NEW)
    try:
        cli.main(args=list(arguments) if arguments is not None else None, prog_name="kgcompare", standalone_mode=False)
        put("")
        code = 0
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        code = 130
    except click.ClickException as fault:
        fault.show()
        code = 2
    except InvalidData as fault:
        tell_report(fault.report)
        say(f"kgcompare: {fault}")
        code = 1
    except KgcompareError as fault:
        say(f"kgcompare: {fault}")
        code = exit_code(fault)
    except BrokenPipeError:
        leave_stdout()
        code = 0
    except Exception as fault:
        if isinstance(fault, OSError) and fault.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
            leave_stdout()  # click writes help and versions itself
            click.echo(f"kgcompare: the output cannot be written: {reason(fault)}", err=True)
            sys.exit(3)
        if os.environ.get("KGCOMPARE_DEBUG"):
            raise
        name = type(fault).__name__
        say(f"kgcompare: a fault of kgcompare itself ({name}: {fault}); KGCOMPARE_DEBUG=1 shows where")
        code = 1
    sys.exit(code)


def _stopped(number: int, _: object) -> None:
    """Ends as one does that is told to stop: temporary files go, and a store is left as it was."""
    raise SystemExit(128 + number)
