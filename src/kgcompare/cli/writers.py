"""Commands that fill, check and serve a catalogue: import, validate, template, format, serve."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from kgcompare.cli.endpoint import others_option
from kgcompare.cli.foreign import Foreign, foreign_options
from kgcompare.cli.formatting import formatted, rewrite
from kgcompare.cli.options import (
    OF_A_CATALOGUE,
    by_option,
    catalogue_options,
    contact_option,
    ensure,
    extra_shapes,
    import_options,
    lang_option,
    make_throwaway,
    must_be_kept,
    opened,
    tell_unread,
)
from kgcompare.cli.output import put, report_lines, say, tell_report
from kgcompare.cli.place import Place
from kgcompare.cli.settings import limit_options
from kgcompare.errors import DataError, Unformatted, ValidationReport
from kgcompare.sandbox.limits import LIMITS, Limits

if TYPE_CHECKING:
    from kgcompare.ingest.readers import Options

_FORMATS = "ttl, jsonld, nt, nq, trig, rdf, csv, tsv, jsonl, bib, ris or csl, where the suffix does not tell."


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@catalogue_options
@lang_option
@click.option("--format", "syntax", help=_FORMATS)
@foreign_options
@click.option("--skip-invalid", is_flag=True, help="Leave invalid records out and take the others.")
@click.option("--replace", is_flag=True, help="Put records in the place of those that are there.")
@by_option
def import_(
    place: Place,
    files: Sequence[Path],
    lang: str,
    syntax: str | None,
    foreign: Foreign,
    skip_invalid: bool,
    replace: bool,
    by: str,
) -> None:
    """Take files into the store: every record of them, or none."""
    from kgcompare import ingest

    must_be_kept(place)
    if place.default:
        ensure(place)
    options = import_options(place, lang, syntax, replace, skip_invalid, foreign, by)
    fresh = not place.default and not place.seat.exists()
    if fresh and ingest.trusted_quads(files, options):
        report = ingest.create_of_quads(place.seat, files, options)
    else:
        if fresh:
            ingest.create_store(place.seat, place.base, place.shapes, by=by)
        report = ingest.import_files(place.seat, files, options, place.shapes)
    tell_report(report.validation)
    tell_unread(place.shapes)
    left = f", {report.left} left out as invalid" if report.left else ""
    click.echo(
        f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged{left}; "
        f"generation {report.generation}",
        err=True,
    )


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@catalogue_options
@lang_option
@click.option("--syntax", help=_FORMATS)
@foreign_options
@click.option("--format", "form", type=click.Choice(["text", "json", "ttl"]), default="text", show_default=True)
def validate(
    place: Place,
    files: Sequence[Path],
    lang: str,
    syntax: str | None,
    foreign: Foreign,
    form: str,
) -> None:
    """Validate files as an import would, without writing."""
    from kgcompare.formats import json, rdf

    report = _validated(place, files, import_options(place, lang, syntax, foreign=foreign))
    tell_unread(place.shapes)
    if form == "json":
        put(json.report_json(report))
    elif form == "ttl":
        put(rdf.report_turtle(report))
    else:
        put("".join(line + "\n" for line in report_lines(report)))
        click.echo(
            f"{report.records} records, {len(report.violations)} violations, "
            f"{len(report.faults) - len(report.violations)} warnings",
            err=True,
        )
    if not report.conforms:
        sys.exit(1)


def _validated(place: Place, files: Sequence[Path], options: Options) -> ValidationReport:
    """The report of an import into the place; each file is read once.

    What the files name may be in the catalogue. Where none was named and none is there yet, the bundled one is made
    only if the files do not conform without it.
    """
    from kgcompare import ingest
    from kgcompare.ingest.readers import form_of, read_records
    from kgcompare.rdf.namespaces import DEFAULT_BASE, Base
    from kgcompare.schema.shapes import bundled_shapes
    from kgcompare.store.folder import Folder

    records: ingest.Records | None = None
    tables = any(isinstance(form_of(path, options.syntax), str) for path in files)  # they refer to what is there
    if place.default and not Folder(place.folder).exists() and not tables:
        records = read_records(files, Base(DEFAULT_BASE), options)
        report = ingest.validate(records, [*bundled_shapes(), *extra_shapes(place)], None, options)
        if report.conforms:
            return report
    with opened(place, options.lang) as catalogue:
        generation = catalogue.generation()
        if records is None or generation.base != records.base:  # somebody else may have made a store of another base
            records = read_records(files, generation.base, options, generation.shapes, generation.snapshot)
        return ingest.validate(records, generation.shapes.triples, generation.snapshot, options)


@click.command()
@click.argument("form", type=click.Choice(["csv", "jsonl"]))
@catalogue_options
@click.option("--kind", metavar="KIND", help="Of the things (agent, source ...); default: what the catalogue is about.")
@click.option(
    "--language", "languages", multiple=True, metavar="TAG", help="Of texts (repeatable); default: the catalogue's."
)
def template(place: Place, form: str, kind: str | None, languages: tuple[str, ...]) -> None:
    """Print an empty table with the columns that the shapes give."""
    from kgcompare.catalogue.about import about_of
    from kgcompare.formats import templates
    from kgcompare.text.languages import interface_languages, normalise

    with opened(place) as catalogue:
        generation = catalogue.generation()
        tags = tuple(map(normalise, languages)) or about_of(generation).languages or interface_languages()
        put(templates.empty(generation.shapes, kind or generation.main_kind, form, tags))


@click.command("format")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 where a file is formatted otherwise.")
@limit_options(("parse_time", "parse_memory"))
def format_(files: Sequence[Path], check: bool, parse_time: float, parse_memory: int) -> None:
    """Give Turtle files the one formatting of data/; a file that would say less or other than before is left alone."""
    from kgcompare.sandbox.parsing import Parser

    other, refused = 0, 0
    with Parser(Limits(parse_time=parse_time, parse_memory=parse_memory)) as parser:
        for path in (p for f in files for p in (sorted(f.rglob("*.ttl")) if f.is_dir() else [f])):
            try:
                before, text = formatted(path, parser)
            except Unformatted as fault:
                say(f"{path}: {fault}")
                refused += 1
                continue
            if text == before:
                continue
            other += 1
            if not check:
                rewrite(path, text)
            say(f"{path}: {'not formatted' if check else 'formatted'}")
    if refused:
        raise DataError(f"{refused} files were left as they are")
    if check and other:
        raise DataError(f"{other} files are not formatted; run: kgcompare format FILE...")


@click.command(epilog="Every other limit is an option too: kgcompare settings lists them.")
@catalogue_options
@click.option(
    "--host", default="127.0.0.1", show_default=True, envvar="KGCOMPARE_HOST", help="Name or address to listen at."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    envvar="KGCOMPARE_PORT",
    help="Port to listen at; 0 for any that is free.",
)
@click.option(
    "--prefix", default="", envvar="KGCOMPARE_PREFIX", help="Path under which a proxy publishes it (/methods)."
)
@contact_option
@limit_options(name for name in LIMITS if name not in OF_A_CATALOGUE)
@click.option(
    "--trusted-host",
    metavar="NAME",
    multiple=True,
    envvar="KGCOMPARE_TRUSTED_HOST",
    help="Answer for this name only (repeatable); any other Host gets 421.",
)
@click.option(
    "--proxies",
    type=click.IntRange(0, 10),
    default=0,
    show_default=True,
    envvar="KGCOMPARE_PROXIES",
    help="How many proxies stand in front; their X-Forwarded-For, -Proto and -Host are believed.",
)
@click.option(
    "--unconfined-queries",
    is_flag=True,
    envvar="KGCOMPARE_UNCONFINED_QUERIES",
    help="Answer strangers' queries even where the system has no lock that keeps them from network and files.",
)
@click.option(
    "--endpoint-queries",
    type=click.Choice(["on", "off"]),
    default="on",
    show_default=True,
    envvar="KGCOMPARE_ENDPOINT_QUERIES",
    help="Whether strangers' queries are passed on to the endpoint that the catalogue is kept at.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="KGCOMPARE_LOG_FORMAT",
    help="How what is logged looks; each line of json is an object.",
)
@click.option(
    "--access-log", is_flag=True, envvar="KGCOMPARE_ACCESS_LOG", help="Log each request, in one line, to stderr."
)
@click.option(
    "--metrics",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    envvar="KGCOMPARE_METRICS",
    help="Answer at /metrics, for Prometheus; auto where it listens at a loopback address, and to no proxy.",
)
@others_option
def serve(
    place: Place,
    host: str,
    port: int,
    prefix: str,
    contact: str,
    trusted_host: tuple[str, ...],
    proxies: int,
    unconfined_queries: bool,
    endpoint_queries: str,
    others: Path | None,
    log_format: Literal["text", "json"],
    access_log: bool,
    metrics: Literal["auto", "on", "off"],
) -> None:
    """Serve the catalogue on the web."""
    from kgcompare.store.scratch import scratch_folder
    from kgcompare.web import server

    server.check_port(host, port)
    with scratch_folder() as scratch:
        folder = place.folder
        if place.data:
            folder = scratch / "store"
            make_throwaway(place, folder, "en")
        elif place.endpoint is None:
            ensure(place, make=True)
        settings = server.Settings(
            store=None if place.endpoint else folder,
            endpoint=place.endpoint,
            shapes=tuple(place.shapes) if not place.data or place.trust else (),
            prefix=prefix,
            contact=contact,
            hosts=trusted_host,
            proxies=proxies,
            limits=place.limits,
            unconfined=unconfined_queries,
            base=place.base,
            tokens=place.tokens if place.endpoint else None,
            update_endpoint=place.update_endpoint,
            graph_store=place.graph_store,
            endpoint_graphs=tuple(place.endpoint_graphs.split()),
            endpoint_credentials=place.endpoint_credentials,
            index_dir=place.indexes,
            endpoint_queries=endpoint_queries == "on",
            others=others,
            log_format=log_format,
            access_log=access_log,
            metrics=metrics,
            templates=place.compiled_templates,
        )
        server.run(settings, host, port)
