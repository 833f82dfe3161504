"""Commands that read a catalogue: compare, show, search, query, stats, report."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kgcompare.cli.endpoint import others_option
from kgcompare.cli.history import as_at, at_option
from kgcompare.cli.options import catalogue_options, lang_option, opened
from kgcompare.cli.output import ProgressLine, put
from kgcompare.cli.place import Place
from kgcompare.errors import DataError, KgcompareError, QueryError, Seam, SyntaxFault, Unavailable, UsageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from kgcompare.model import Thing


@click.command()
@click.argument("slugs", nargs=-1, required=True, metavar="SLUG SLUG...")
@catalogue_options
@lang_option
@click.option("--only", type=click.Choice(["differences"]), help="Leave out rows that agree.")
@click.option("--rows", default="", metavar="GROUP", help="Show one group of rows: identity or choosing.")
@click.option("--class", "cls", metavar="IRI", help="Compare things of this class; default: what there is.")
@at_option
@others_option
@click.option("--format", "form", default="table", show_default=True, metavar="FORMAT")
def compare(
    place: Place,
    slugs: Sequence[str],
    lang: str,
    only: str | None,
    rows: str,
    cls: str | None,
    at: str,
    others: Path | None,
    form: str,
) -> None:
    """Compare up to ten methods side by side."""
    from kgcompare import formats
    from kgcompare.catalogue.others import others_in

    if form not in formats.COMPARISON:
        raise UsageError(f"unknown format {form!r}; use one of {', '.join(formats.COMPARISON)}")
    with opened(place, lang) as catalogue:
        generation = as_at(catalogue.generation(), at)
        generation.others = others_in(others, place.limits) if others else None
        comparison = generation.compare(slugs, lang, only_differences=only is not None, cls=cls, rows=rows)
        for name in comparison.unknown:
            near = generation.nearest(name, cls)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            click.echo(f"not in the catalogue: {name}{hint}", err=True)
        put(formats.render(comparison, form, generation.base.value))


@click.command()
@click.argument("slug")
@catalogue_options
@lang_option
@click.option(
    "--kind", metavar="KIND", help="As in addresses (agent, source ...); default: what the catalogue is about."
)
@at_option
@click.option("--format", "form", default="table", show_default=True, metavar="FORMAT")
def show(place: Place, slug: str, lang: str, kind: str | None, at: str, form: str) -> None:
    """Show one record."""
    from kgcompare import formats
    from kgcompare.formats import rdf

    with opened(place, lang) as catalogue:
        generation = as_at(catalogue.generation(), at)
        kind = kind or generation.main_kind
        known = ("table", *(name for name in formats.record_formats(generation, kind, slug) if name != "html"))
        if form not in known:
            raise UsageError(f"unknown format {form!r}; use one of {', '.join(known)}")
        if form in formats.RDF:
            thing, triples = generation.triples(kind, slug)
            put(rdf.document_rdf(triples, thing, generation.base.value, form))
        else:
            put(formats.record_text(generation.record(kind, slug, lang), form))


@click.command()
@click.argument("text", required=False, default="")
@catalogue_options
@lang_option
@click.option("--domain", metavar="SLUG")
@click.option("--family", metavar="SLUG")
@click.option("--type", "kind_of", metavar="SLUG")
@click.option("--facet", "others", multiple=True, metavar="FACET=SLUG", help="Any other facet: aim=compare-groups.")
@click.option("--from", "start", type=int, metavar="YEAR", help="Originated in or after.")
@click.option("--to", "end", type=int, metavar="YEAR", help="Originated in or before.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
def search(
    place: Place,
    text: str,
    lang: str,
    domain: str | None,
    family: str | None,
    kind_of: str | None,
    others: Sequence[str],
    start: int | None,
    end: int | None,
    limit: int,
    form: str,
) -> None:
    """Search methods by words, domain, family and year."""
    from kgcompare.formats import json, tables, terminal
    from kgcompare.search import Filter

    narrowed = {"domain": domain, "family": family, "type": kind_of, **dict(map(_narrowed, others))}
    facets = {name: slug for name, slug in narrowed.items() if slug}
    with opened(place, lang) as catalogue:
        generation = catalogue.generation()
        page = generation.search(Filter(text, "", facets, start, end), lang, most=limit)
        known = [facet.id or "" for facet in generation.shapes.facets(generation.main_class)]
    if form == "json":
        put(json.page_json(page))
    elif form == "csv":
        put(tables.list_csv(page.things, known))
    else:
        if page.compare:
            click.echo("compare them: kgcompare compare " + " ".join(thing.id for thing in page.compare))
        for value in page.understood:
            click.echo(f"with {value.facet} {value.id} ({value.label})", err=True)
        header = ["id", "name", "origin", *known[:1]]
        put(terminal.listing(header, _listed(page.things, known[:1])) if page.things else "")
        click.echo(f"{page.total} found", err=True)


def _narrowed(facet: str) -> tuple[str, str]:
    """A facet and the slug of its value.

    :raises UsageError: if it is none.
    """
    from kgcompare.rdf.namespaces import is_slug

    name, sign, slug = facet.partition("=")
    if not sign or not is_slug(slug):
        raise UsageError(f"{facet[:60]!r} is not a facet with a value; write it as in --facet aim=compare-groups")
    return name, slug


def _listed(things: Sequence[Thing], facets: Sequence[str]) -> list[list[str]]:
    return [
        [thing.id, thing.label, thing.date or "", *("; ".join(thing.facets.get(facet, ())) for facet in facets)]
        for thing in things
    ]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE.rq|-")
@catalogue_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "xml", "csv", "tsv", "ttl", "nt"]),
    default=None,
    help="Default: table for solutions, ttl for statements.",
)
def query(place: Place, file: Path, form: str | None) -> None:
    """Answer a SPARQL query of your own."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as fault:
        raise DataError(f"{file} cannot be read: {fault.strerror}") from None
    except ValueError:
        raise SyntaxFault("not UTF-8", str(file)) from None
    text = text.removeprefix("\ufeff")
    put(_answer_elsewhere(place, text, form))


def _answer(place: Place, text: str, form: str | None) -> str:
    from kgcompare.formats import solutions

    with opened(place) as catalogue:
        return solutions.answer_text(catalogue.query(text), form, catalogue.generation().base.value)


def _answer_to(pipe: Connection, parent: int, place: Place, text: str, form: str | None) -> None:
    """Sends the answer, or the error, to the process *parent*; ends with it, and at once when it is told to."""
    from kgcompare.sandbox import lifeline

    lifeline.end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ["RUST_BACKTRACE"] = "0"  # the engine's own word on its end is one line then
    said: str | KgcompareError
    try:
        said = _answer(place, text, form)
    except KgcompareError as fault:
        said = fault
    pipe.send(said)


def _answer_elsewhere(place: Place, text: str, form: str | None) -> str:
    """The answer to a query, which may end whichever process evaluates it: engines recurse along what nests or repeats,
    and abort where memory ends.

    :raises QueryError: if it does.
    """
    import multiprocessing

    from kgcompare.store.scratch import remove_leftovers

    new = multiprocessing.get_context("spawn")  # a fork would have what is open here
    ours, theirs = new.Pipe(duplex=False)
    child = new.Process(target=_answer_to, args=(theirs, os.getpid(), place, text, form), daemon=True)
    said: str | KgcompareError | None = None
    try:
        with Seam((OSError,), lambda why: Unavailable(f"no process can be started for the query: {why}")):
            child.start()
        theirs.close()
        with suppress(EOFError):
            said = ours.recv()
    finally:
        if child.pid is not None and said is None:
            child.join(1.0)  # it may be ending, and how it does is told below
            child.kill()
            child.join()
        remove_leftovers()
    if isinstance(said, KgcompareError):
        raise said
    if said is None:
        memory = child.exitcode in {-signal.SIGABRT, -signal.SIGKILL}
        why = "it needs more memory than there is" if memory else "it nests too deeply or repeats too much"
        raise QueryError(f"the query ended its process: {why}")
    return said


@click.command()
@catalogue_options
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def stats(place: Place, form: str) -> None:
    """Say how much is in the catalogue."""
    from kgcompare.formats import json, terminal

    with opened(place) as catalogue:
        generation = catalogue.generation()
        counts = generation.counts()
        if form == "json":
            put(json.dumps({"generation": generation.name, "base": generation.base.value, "records": counts}))
        else:
            rows = [[kind, str(number)] for kind, number in counts.items()]
            put(terminal.listing(["kind", "records"], rows))
            click.echo(f"generation {generation.name}", err=True)


@click.command()
@catalogue_options
@lang_option
@click.option("--validate/--no-validate", default=None, help="Validate all records; default: up to 3,000 of them.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def report(place: Place, lang: str, validate: bool | None, form: str) -> None:
    """Say what is in the catalogue, what is missing and what looks wrong."""
    from kgcompare import report as state
    from kgcompare.formats import report as formats
    from kgcompare.text import languages

    lang = languages.normalise(lang)
    with opened(place, lang) as catalogue:
        made = state.make(catalogue.generation(), validate=validate, progress=ProgressLine())
    put(formats.as_json(made, lang) if form == "json" else formats.as_table(made, lang))
