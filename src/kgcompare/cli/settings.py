"""Limits as options of the command line, and the command that lists everything that can be set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypedDict

import click

from kgcompare.cli.output import put
from kgcompare.errors import UsageError
from kgcompare.sandbox.limits import LIMITS, Limit

_USUAL = {"timeout", "query_timeout", "workers"}
"""The limits that help shows; ``kgcompare settings`` shows all of them."""
_ADDRESSES = {"endpoint", "update_endpoint", "graph_store"}
"""The settings that are addresses of an endpoint."""
Command = Callable[..., None]


class Setting(TypedDict):
    """Something that can be set: its present value, where that comes from, and how to set it.

    ``value`` and ``default`` are lists where an option may be repeated. ``unit``, ``least`` and ``most`` are those of a
    limit and None for everything else.
    """

    name: str
    value: object
    default: object
    unit: str | None
    least: float | None
    most: float | None
    origin: str
    option: str
    variable: str
    key: str
    purpose: str


def limit_options(names: Iterable[str]) -> Callable[[Command], Command]:
    """The options that set some limits, each given by its name."""

    def decorate(command: Command) -> Command:
        for name in reversed(tuple(names)):
            limit = LIMITS[name]
            command = click.option(
                limit.option,
                limit.name,
                metavar=limit.unit.upper(),
                type=click.UNPROCESSED,
                callback=partial(_number, limit),
                default=limit.default,
                show_default=True,
                envvar=limit.variable,
                help=limit.purpose,
                hidden=name not in _USUAL,
            )(command)
        return command

    return decorate


def _number(limit: Limit, _ctx: click.Context, _param: click.Parameter, value: object) -> float:
    """The number that a text stands for, or the number itself where a file has one.

    :raises click.BadParameter: if the limit may not have it.
    """
    number = value
    try:
        if isinstance(value, str):
            number = int(value) if limit.whole else float(value)
    except ValueError:
        pass  # refused below, as what it is
    try:
        return limit.checked(number)
    except UsageError as fault:
        raise click.BadParameter(str(fault)) from None


def settings_command(commands: Iterable[click.Command]) -> click.Command:
    """``kgcompare settings``: what can be set for any of some commands, by option, environment and file."""
    params: dict[str, click.Parameter] = {}
    for param in (param for command in commands for param in command.params):
        if isinstance(param, click.Option) and param.envvar and param.name:
            params.setdefault(param.name, param)

    @click.command(params=list(params.values()))
    @click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
    @click.pass_context
    def settings(ctx: click.Context, /, form: str, **values: object) -> None:
        """List everything that can be set: its value, and its option, environment variable and key of a --config."""
        from kgcompare.formats import json

        options = (param for param in ctx.command.params if isinstance(param, click.Option))
        listed = [_setting(ctx, option, values) for option in options if option.name in values]
        put(json.dumps(listed) if form == "json" else _table(listed))

    return settings


def _setting(ctx: click.Context, option: click.Option, values: Mapping[str, object]) -> Setting:
    name = option.name or ""
    limit = LIMITS.get(name)
    source = ctx.get_parameter_source(name)
    longest = max(option.opts, key=len)
    return {
        "name": name,
        "value": _without_secrets(name, _plain(values[name], option)),
        "default": _plain(option.default, option),
        "unit": limit.unit if limit else None,
        "least": limit.least if limit else None,
        "most": limit.most if limit else None,
        "origin": _ORIGINS.get(source.name, "default") if source else "default",
        "option": longest,
        "variable": str(option.envvar),
        "key": longest.removeprefix("--"),
        "purpose": option.help or "",
    }


_ORIGINS = {"COMMANDLINE": "option", "ENVIRONMENT": "variable", "DEFAULT_MAP": "file"}
"""Where a value comes from, by click's name for that; from elsewhere it is the default."""


def _plain(value: object, option: click.Option) -> object:
    """A value as JSON has it; what is none of its kinds stands for nothing given."""
    if option.is_flag:
        return value is True
    if option.multiple:
        return [str(one) for one in value] if isinstance(value, list | tuple) else []
    return value if isinstance(value, bool | int | float | str) else None


def _without_secrets(name: str, value: object) -> object:
    """A value as it may be shown: an address of an endpoint may have a password in it, or a key."""
    from kgcompare.store.credentials import shown_address

    return shown_address(value) if name in _ADDRESSES and isinstance(value, str) else value


def _table(listed: Iterable[Setting]) -> str:
    """The settings for people, a row each."""
    from kgcompare.formats import terminal

    lines = []
    for one in listed:
        present = _shown(one["value"], one["unit"])
        if one["value"] != one["default"]:
            present += f" (default: {_shown(one['default'], one['unit'])})"
        lines.append([one["option"], present, one["variable"], one["key"], one["purpose"]])
    return terminal.listing(["option", "value", "environment variable", "key", "what it is for"], lines)


def _shown(value: object, unit: str | None = None) -> str:
    """A value as people read it; ``-`` for none."""
    if isinstance(value, list):
        return " ".join(map(str, value)) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit and isinstance(value, int | float):
        return f"{value:,} {unit}" if isinstance(value, int) else f"{value:g} {unit}"
    return "-" if value in (None, "") else str(value)
