"""The command that gives everything: export."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kgcompare.cli.options import catalogue_options, opened
from kgcompare.cli.output import put, writing_to
from kgcompare.cli.place import Place
from kgcompare.errors import Seam, UsageError

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation
    from kgcompare.formats.sheets import Sheet, Sheets

_TABLES = ("csv", "tsv", "jsonl")
_SHOWN = 6


@click.command()
@catalogue_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["nq", "nt", "trig", "ttl", "jsonld", "rdf", *_TABLES]),
    default="nq",
    show_default=True,
)
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Of the things in tables (repeatable).")
@click.option("-o", "--output", help="A file, .gz compresses it; a folder for tables of each kind. Default: stdout.")
def export(place: Place, form: str, kinds: tuple[str, ...], output: str | None) -> None:
    """Write the whole catalogue, or tables of its records."""
    from kgcompare.formats import rdf

    if kinds and form not in _TABLES:
        raise UsageError(f"--kind is for tables ({', '.join(_TABLES)}); {form} has the whole catalogue")
    with opened(place) as catalogue:
        generation = catalogue.generation()
        if form in _TABLES:
            _export_tables(generation, form, kinds, output)
        else:
            _write(rdf.dump_lines(generation.quads(), form, generation.base.value), output)


def _export_tables(generation: Generation, form: str, kinds: tuple[str, ...], output: str | None) -> None:
    """A table on stdout or in a file, or one for each kind in a folder; says what no table has."""
    from kgcompare.formats.sheets import Sheets

    folder = Path(output) if output and (output.endswith(os.sep) or Path(output).is_dir()) else None
    if folder is None and len(kinds) > 1:
        raise UsageError("a file has a table of one kind; name a folder with -o for several, such as -o tables/")
    made = Sheets(generation.snapshot, generation.shapes, kinds if folder or kinds else (generation.main_kind,))
    if folder is None:
        _write(_lines(made.sheets()[0], form), output)
    else:
        with Seam((OSError,), lambda why: UsageError(f"{folder} cannot be made: {why}")):
            folder.mkdir(parents=True, exist_ok=True)
        for sheet in made.sheets():
            _write(_lines(sheet, form), str(folder / f"{sheet.kind}.{form}"))
            click.echo(f"{folder / sheet.kind}.{form}: {len(sheet.entries)} records", err=True)
    _tell_left(made)


def _tell_left(made: Sheets) -> None:
    from kgcompare.rdf.namespaces import shortened

    if total := made.left.total():
        by_number = sorted(made.left.items(), key=lambda one: (-one[1], one[0]))
        most = [f"{shortened(name)} ({number})" for name, number in by_number[:_SHOWN]]
        more = ", ..." if len(made.left) > _SHOWN else ""
        click.echo(f"{total} statements are in no table: {', '.join(most)}{more}; the RDF formats have all", err=True)


def _lines(sheet: Sheet, form: str) -> Iterator[str]:
    from kgcompare.formats.sheets import sheet_csv, sheet_lines

    return sheet_lines(sheet) if form == "jsonl" else sheet_csv(sheet, "\t" if form == "tsv" else ",")


def _write(chunks: Iterable[str], output: str | None) -> None:
    if output is None:
        for chunk in chunks:
            put(chunk)
        return
    path = Path(output)
    with writing_to(path) as raw, gzip.open(raw, "wb") if path.suffix == ".gz" else nullcontext(raw) as file:
        for chunk in chunks:
            file.write(chunk.encode())
