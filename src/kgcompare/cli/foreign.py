"""How tables and foreign files are read: the options of whatever takes files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click


def _separator(_: click.Context, __: click.Parameter, sign: str) -> str:
    if len(sign) != 1 or sign.isspace() or sign.isalnum() or sign == "\\":
        raise click.BadParameter("give one sign, such as | or ;")
    return sign


@dataclass(frozen=True, slots=True)
class Foreign:
    """How tables and foreign files are read, by the options of a command."""

    separator: str = "|"
    kind: str | None = None
    lift: Path | None = None
    context: Path | None = None


def foreign_options(command: Callable[..., None]) -> Callable[..., None]:
    """How tables and foreign files are read; the command gets it as one :class:`Foreign`."""

    @wraps(command)
    def wrapped(*place: object, **values: Any) -> None:
        named = {name: values.pop(name) for name in ("separator", "kind", "lift", "context")}
        command(*place, foreign=Foreign(**named), **values)

    return _foreign_options(wrapped)


def _foreign_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, metavar, said in (
        ("--context", "FILE", "The context that foreign JSON is read with, a file of JSON-LD."),
        ("--lift", "QUERY.rq", "A CONSTRUCT query that makes records of foreign RDF or JSON."),
    ):
        command = click.option(name, type=click.Path(path_type=Path), metavar=metavar, help=said)(command)
    command = click.option(
        "--kind", metavar="KIND", help="Of the things in tables (agent, source ...), where their columns do not tell."
    )(command)
    return click.option(
        "--separator",
        default="|",
        show_default=True,
        metavar="SIGN",
        callback=_separator,
        help="Between the values in a cell of a table; after a backslash it is part of a value.",
    )(command)
