"""Commands about what was: log and revert."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from kgcompare.cli.options import (
    by_option,
    catalogue_options,
    import_options,
    lang_option,
    must_be_kept,
    opened,
)
from kgcompare.cli.output import put, tell_report
from kgcompare.cli.place import Place

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation

_KIND = click.option("--kind", metavar="KIND", help="As in addresses (agent ...); default: the main one.")


_WHEN = "A generation, a day (2026-11-28) or a moment (ISO 8601)."


def at_option(command: Callable[..., None]) -> Callable[..., None]:
    """When what is shown was so."""
    return click.option("--at", default="", metavar="WHEN", help=f"As it was: {_WHEN[0].lower()}{_WHEN[1:]}")(command)


def as_at(newest: Generation, at: str) -> Generation:
    """The generation that was the newest then; *newest* itself where nothing is said."""
    from kgcompare.catalogue.past import generation_at

    return generation_at(newest, at)[1] if at else newest


@click.command()
@click.argument("slug", required=False, default="")
@catalogue_options
@lang_option
@_KIND
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many changes.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
def log(place: Place, slug: str, lang: str, kind: str | None, limit: int, form: str) -> None:
    """Say what was changed, by whom and from which file; of one record also how."""
    from kgcompare.catalogue.differences import story_of
    from kgcompare.catalogue.past import history_of
    from kgcompare.formats import history as formats

    with opened(place, lang) as catalogue:
        generation = catalogue.generation()
        if slug:
            story = story_of(generation, kind or generation.main_kind, slug, lang, most=limit)
            put(formats.story_json(story) if form == "json" else formats.story_text(story, lang))
            return
        history = history_of(generation)
        changes = history.changes(most=limit)
        if form == "json":
            put(formats.log_json(changes, {logged.number: history.documents(logged) for logged in changes}))
        else:
            put(formats.log_table(changes))


@click.command()
@click.argument("slug")
@catalogue_options
@lang_option
@_KIND
@click.option("--at", required=True, metavar="WHEN", help=_WHEN)
@by_option
def revert(place: Place, slug: str, lang: str, kind: str | None, at: str, by: str) -> None:
    """Put a record back as it was at a generation or date; it is validated as every change is."""
    from dataclasses import replace

    from kgcompare.catalogue.differences import thing_at
    from kgcompare.ingest import reverting

    must_be_kept(place)
    with opened(place, lang) as catalogue:
        generation = catalogue.generation()
        thing, _ = thing_at(generation, kind or generation.main_kind, slug)
        logged, body = reverting.state_at(generation.snapshot, thing, at)
    options = replace(import_options(place, lang, by=by, replace=True), what="revert")
    edit = reverting.revert(place.seat, thing, logged, body, options)
    tell_report(edit.report)
    click.echo(f"{thing} is as it was at generation {logged.generation}", err=True)
