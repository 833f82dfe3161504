"""Commands that keep a catalogue and bring it back: backup, restore."""

from __future__ import annotations

from pathlib import Path

import click

from kgcompare.cli.options import catalogue_options, ensure, must_be_kept
from kgcompare.cli.place import Place


@click.command()
@click.argument("to", metavar="FILE|DIR")
@catalogue_options
def backup(place: Place, to: str) -> None:
    """Keep all that the catalogue holds as one file, or as a new file in a folder; others may write meanwhile."""
    from kgcompare.store.backup import LEFT_OUT, back_up, back_up_endpoint

    must_be_kept(place)
    if (elsewhere := place.elsewhere) is not None:
        path, manifest = back_up_endpoint(elsewhere.open(place.limits), to)
    else:
        ensure(place)
        path, manifest = back_up(place.folder, to)
    click.echo(
        f"generation {manifest.generation} is in {path}: {manifest.records} records, {manifest.statements} "
        f"statements, {max(path.stat().st_size // 1000, 1):,} kB; left out: {LEFT_OUT}",
        err=True,
    )


@click.command()
@click.argument("source", metavar="FILE|DIR", type=click.Path(path_type=Path))
@catalogue_options
@click.option("--replace", is_flag=True, help="Have a store with records say what the backup says.")
def restore(place: Place, source: Path, replace: bool) -> None:
    """Make a store of a backup: of a file, or of the newest in a folder."""
    from kgcompare import search
    from kgcompare.store.backup import LEFT_OUT, newest_in
    from kgcompare.store.restoring import restore as restored

    must_be_kept(place)
    path, seat = newest_in(source), place.folder if place.endpoint is None else place.seat
    manifest, generation = restored(path, seat, search.build, replace=replace)
    click.echo(
        f"{seat} has what {path.name} has: {manifest.records} records, {manifest.statements} statements of "
        f"{manifest.made[:16]}Z, as generation {generation}; not in backups: {LEFT_OUT}",
        err=True,
    )
