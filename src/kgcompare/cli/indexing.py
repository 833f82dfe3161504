"""The command that sees to the index from which lists and searches are answered."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from kgcompare.cli.options import catalogue_options, opened
from kgcompare.cli.output import ProgressLine, put
from kgcompare.cli.place import Place

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation


class Seen(TypedDict):
    """What came of it: ``done`` is built, changed, kept or, where nothing was to be done, missing; ``things`` is how
    many it has, or if it was changed how many have, ``generation`` the one that it is of, ``bytes`` its size."""

    done: str
    generation: str
    things: int
    path: str
    bytes: int
    seconds: float


@click.command()
@catalogue_options
@click.option("--status", is_flag=True, help="Make nothing; exit 1 where there is none to read.")
@click.option("--anew", is_flag=True, help="Make the index of an endpoint anew, whatever is there.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def index(place: Place, status: bool, anew: bool, form: str) -> None:
    """Make the index of a catalogue where it is missing, outdated or of another version."""
    from kgcompare.formats import json, terminal

    started = time.monotonic()
    with opened(place) as catalogue:
        generation = catalogue.generation()
        seen = _of_endpoint(place, generation, status, anew) if place.endpoint else _beside(generation, status)
        seen["seconds"] = round(time.monotonic() - started, 1)
    if form == "json":
        put(json.dumps(seen))
    else:
        put(terminal.listing(["what", ""], [[name, str(value)] for name, value in seen.items()]))
    if seen["done"] == "missing":
        sys.exit(1)


def _seen(done: str, generation: str, things: int, path: Path | None) -> Seen:
    there = path is not None and path.is_file()
    size = path.stat().st_size if path is not None and there else 0
    return Seen(done=done, generation=generation, things=things, path=str(path or ""), bytes=size, seconds=0.0)


def _of_endpoint(place: Place, generation: Generation, status: bool, anew: bool) -> Seen:
    from kgcompare.search import Reading
    from kgcompare.search.places import Reach

    elsewhere = place.elsewhere
    assert elsewhere is not None  # noqa: S101  (who calls has looked)
    keeper, reading = elsewhere.keeper(place.limits), Reading(generation.shapes)
    assert keeper is not None  # noqa: S101  (a command always has a folder for it)
    if status:
        newest = keeper.shelf.newest(reading.signature)
        if newest is None:
            return _seen("missing", "", 0, None)
        return _seen("kept", newest.said.get("generation", ""), newest.things(), newest.path)
    line = ProgressLine()

    class Shown(Reach):
        def __call__(self, done: int, total: int) -> None:
            line("reading", done, total)

    made = keeper.renew(generation.snapshot, reading, Shown(), anew=anew)
    return _seen(made.done, generation.name, made.things, made.index.path)


def _beside(generation: Generation, status: bool) -> Seen:
    from kgcompare.search.whole import fault_of

    path = generation.snapshot.index_path
    if path is not None and fault_of(path) is None:
        return _seen("kept", generation.name, sum(generation.counts().values()), path)
    if status:
        return _seen("missing", "", 0, None)
    things = sum(generation.counts().values())
    return _seen("built", generation.name, things, path)
