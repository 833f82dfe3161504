"""The command line. Data on stdout, everything else on stderr.

Exit codes: 0 done (warnings included), 1 the data or the query is at fault and nothing was written, 2 wrong
usage, 3 the store, endpoint or port cannot be reached or used.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kgcompare import __version__
from kgcompare.errors import (
    DataError,
    InvalidData,
    KgcompareError,
    StoreError,
    StoreMissing,
    SyntaxFault,
    UnknownThing,
    UsageError,
)

if TYPE_CHECKING:
    from kgcompare.catalogue import Catalogue
    from kgcompare.ingest import Options
    from kgcompare.model import ValidationReport

METHOD = "https://w3id.org/kgcompare/ns#Method"
_PLACES = ("store", "endpoint", "data")


@dataclass(frozen=True, slots=True)
class Place:
    """Which catalogue a command works on."""

    store: Path | None
    endpoint: str | None
    data: tuple[str, ...]
    shapes: tuple[Path, ...]
    trust: bool
    timeout: float

    @property
    def default(self) -> bool:
        """Whether nothing was said: the store in the user's data directory."""
        return self.store is None and self.endpoint is None and not self.data

    @property
    def folder(self) -> Path:
        """The store's folder."""
        if self.store is not None:
            return self.store
        import platformdirs

        return platformdirs.user_data_path("kgcompare") / "catalogue"


def exit_code(fault: KgcompareError) -> int:
    """The exit code of an error."""
    if isinstance(fault, StoreError):
        return 3
    if isinstance(fault, DataError | UnknownThing):
        return 1
    return 2


def _config(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is None:
        return
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise click.BadParameter(f"{path} cannot be read: {fault}") from None
    group = ctx.parent.command if ctx.parent else ctx.command
    everywhere = [p for command in getattr(group, "commands", {}).values() for p in command.params]
    known = {option.removeprefix("--") for param in everywhere for option in param.opts}
    if unknown := sorted(key for key in values if key.replace("_", "-") not in known):
        raise click.BadParameter(f"{path}: no option is called {', '.join(unknown)}")
    found: dict[str, Any] = {}
    for param in ctx.command.params:
        for option in param.opts:
            key = option.removeprefix("--")
            value = values.get(key, values.get(key.replace("-", "_")))
            if value is not None and param.name:
                found[param.name] = [value] if param.multiple and isinstance(value, str) else value
    ctx.default_map = found | dict(ctx.default_map or {})


def _place(ctx: click.Context, values: dict[str, Any]) -> Place:
    """The catalogue that the options name; the command line beats the environment, and that the file."""
    said = [name for name in _PLACES if values[name]]
    sources = [ctx.get_parameter_source(name) for name in said]
    order = (click.core.ParameterSource.COMMANDLINE, click.core.ParameterSource.ENVIRONMENT)
    first = next((source for source in order if source in sources), None)
    chosen = [name for name, source in zip(said, sources, strict=True) if first in {None, source}]
    if len(chosen) > 1:
        raise click.UsageError("name one catalogue only: --" + " or --".join(chosen))
    return Place(
        store=Path(values["store"]) if chosen == ["store"] else None,
        endpoint=values["endpoint"] if chosen == ["endpoint"] else None,
        data=tuple(values["data"]) if chosen == ["data"] else (),
        shapes=tuple(Path(path) for path in values["shapes"]),
        trust=values["trust"],
        timeout=values["timeout"],
    )


def catalogue_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name a catalogue; the command gets them as one :class:`Place`."""

    @click.option("--store", metavar="DIR", envvar="KGCOMPARE_STORE", help="A store folder.")
    @click.option("--endpoint", metavar="URL", envvar="KGCOMPARE_ENDPOINT", help="A SPARQL endpoint, for reading.")
    @click.option(
        "--data",
        metavar="FILE",
        type=click.Path(),
        multiple=True,
        envvar="KGCOMPARE_DATA",
        help="A throw-away catalogue of this file (repeatable); 'bundled' is the one that comes along.",
    )
    @click.option(
        "--shapes",
        metavar="FILE",
        type=click.Path(),
        multiple=True,
        envvar="KGCOMPARE_SHAPES",
        help="Shapes beside the bundled ones.",
    )
    @click.option("--trust", is_flag=True, envvar="KGCOMPARE_TRUST", help="Take data without validation.")
    @click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        default=30.0,
        show_default=True,
        envvar="KGCOMPARE_TIMEOUT",
        help="Seconds to wait for an endpoint.",
    )
    @click.option(
        "--config",
        type=click.Path(path_type=Path),
        envvar="KGCOMPARE_CONFIG",
        is_eager=True,
        expose_value=False,
        callback=_config,
        help="A TOML file with these options as keys.",
    )
    @click.pass_context
    @wraps(command)
    def wrapped(ctx: click.Context, /, **values: Any) -> None:
        names = ("store", "endpoint", "data", "shapes", "trust", "timeout")
        place = _place(ctx, {name: values[name] for name in names})
        rest = {key: value for key, value in values.items() if key not in names}
        command(place, **rest)

    return wrapped


def lang_option(command: Callable[..., None]) -> Callable[..., None]:
    """The reader's language."""
    return click.option("--lang", default="en", show_default=True, envvar="KGCOMPARE_LANG", help="Language (BCP 47).")(
        command
    )


class _Progress:
    """Progress on stderr, only on a terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if not self._shown:
            return
        line = f"{what} {done}/{total}" if total > 1 else what
        click.echo("\r" + line.ljust(len(self._last)), err=True, nl=done >= total)
        self._last = "" if done >= total else line


def _options(
    place: Place, lang: str = "en", syntax: str | None = None, replace: bool = False, skip_invalid: bool = False
) -> Options:
    from kgcompare.ingest import Options
    from kgcompare.languages import normalise

    lang = normalise(lang)
    return Options(
        syntax=syntax, trust=place.trust, replace=replace, skip_invalid=skip_invalid, lang=lang, progress=_Progress()
    )


def _fill(folder: Path, place: Place) -> None:
    """Makes a store with the bundled catalogue in it; a broken attempt leaves nothing."""
    from dataclasses import replace

    from kgcompare import ingest, resources

    if folder.is_dir() and any(folder.iterdir()):
        raise StoreError(f"{folder} is a folder with other things in it; name an empty or a new one")
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        ingest.create_store(scratch, shapes=place.shapes)
        ingest.import_files(scratch, resources.data_files(), replace(_options(place), trust=True))
        scratch.replace(folder)
    except OSError as fault:
        if not (folder / "store.json").is_file():  # unless another process was faster
            raise StoreError(f"cannot make a store at {folder}: {fault.strerror}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _throwaway(place: Place, folder: Path, lang: str) -> None:
    from dataclasses import replace

    from kgcompare import ingest, resources

    files: list[Path] = []
    bundled = place.data == ("bundled",)
    for name in place.data:
        files += resources.data_files() if name == "bundled" else [Path(name)]
    options = _options(place, lang)
    report = ingest.throwaway(folder, files, replace(options, trust=True) if bundled else options, place.shapes)
    _say(report)


def _say(report: ValidationReport) -> None:
    for line in report_lines(report):
        click.echo(line, err=True)


@contextmanager
def opened(place: Place, lang: str = "en") -> Iterator[Catalogue]:
    """The catalogue that a command works on."""
    from kgcompare.catalogue import Catalogue
    from kgcompare.store.embedded import EmbeddedStore
    from kgcompare.store.remote import RemoteStore

    extra = [] if place.data else _extra_shapes(place)
    if place.endpoint is not None:
        yield Catalogue(RemoteStore(place.endpoint, timeout=place.timeout), extra_shapes=extra)
    elif place.data:
        with tempfile.TemporaryDirectory(prefix="kgcompare-") as scratch:
            folder = Path(scratch) / "store"
            _throwaway(place, folder, lang)
            with Catalogue(EmbeddedStore(folder), extra_shapes=_extra_shapes(place) if place.trust else []) as found:
                yield found
    else:
        ensure(place)
        with Catalogue(EmbeddedStore(place.folder), extra_shapes=extra) as found:
            yield found


def _extra_shapes(place: Place) -> list[Any]:
    from kgcompare import ingest

    return [triple for path in place.shapes for triple in ingest.read_shapes(path)]


def ensure(place: Place, *, make: bool = False) -> None:
    """Sees to it that the store is there: the user's own is made and filled, another one only if *make*.

    :raises StoreMissing: if there is none and it is not to be made.
    """
    from kgcompare.store.snapshots import Folder

    folder = Folder(place.folder)
    if folder.exists():
        return
    if not make and not place.default:
        raise StoreMissing(f"there is no store at {folder.path}; make one with: kgcompare init --store {folder.path}")
    click.echo(f"making a store with the bundled catalogue at {folder.path}", err=True)
    _fill(folder.path, place)


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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kgcompare")
def cli() -> None:
    """Research methods as linked data, and any of them compared side by side."""


@cli.command()
@catalogue_options
@click.option("--host", default="127.0.0.1", show_default=True, envvar="KGCOMPARE_HOST")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, envvar="KGCOMPARE_PORT")
@click.option(
    "--prefix", default="", envvar="KGCOMPARE_PREFIX", help="Path under which a proxy publishes it (/methods)."
)
@click.option(
    "--query-timeout",
    type=click.FloatRange(min=0.1, max=600),
    default=10.0,
    show_default=True,
    envvar="KGCOMPARE_QUERY_TIMEOUT",
    help="Seconds that a stranger's query may take.",
)
def serve(place: Place, host: str, port: int, prefix: str, query_timeout: float) -> None:
    """Serve the catalogue on the web."""
    from kgcompare.web import server

    server.check_port(host, port)
    with tempfile.TemporaryDirectory(prefix="kgcompare-") as scratch:
        folder = place.folder
        if place.data:
            folder = Path(scratch) / "store"
            _throwaway(place, folder, "en")
        elif place.endpoint is None:
            ensure(place, make=True)
        settings = server.Settings(
            store=None if place.endpoint else folder,
            endpoint=place.endpoint,
            timeout=place.timeout,
            shapes=tuple(place.shapes) if not place.data or place.trust else (),
            prefix=prefix,
            query_timeout=query_timeout,
        )
        server.run(settings, host, port)


@cli.command()
@click.argument("slugs", nargs=-1, required=True, metavar="SLUG SLUG...")
@catalogue_options
@lang_option
@click.option("--only", type=click.Choice(["differences"]), help="Leave out rows that agree.")
@click.option("--class", "cls", default=METHOD, metavar="IRI", help="Compare things of this class.")
@click.option("--format", "form", default="table", show_default=True, metavar="FORMAT")
def compare(place: Place, slugs: Sequence[str], lang: str, only: str | None, cls: str, form: str) -> None:
    """Compare up to ten methods side by side."""
    from kgcompare import formats

    if form not in formats.COMPARISON:
        raise UsageError(f"unknown format {form!r}; use one of {', '.join(formats.COMPARISON)}")
    with opened(place, lang) as catalogue:
        found = catalogue.compare(slugs, lang, only_differences=only is not None, cls=cls)
        for name in found.unknown:
            near = catalogue.view().nearest(name, cls)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            click.echo(f"not in the catalogue: {name}{hint}", err=True)
        _write(formats.render(found, form, catalogue.view().base.value))


@cli.command()
@click.argument("slug")
@catalogue_options
@lang_option
@click.option("--kind", default="method", show_default=True, help="method, agent, source, domain, family or type.")
@click.option("--format", "form", default="table", show_default=True, metavar="FORMAT")
def show(place: Place, slug: str, lang: str, kind: str, form: str) -> None:
    """Show one record."""
    from kgcompare import formats
    from kgcompare.formats import rdf

    if form not in {"table", "json", *formats.RDF}:
        raise UsageError(f"unknown format {form!r}; use one of table, json, {', '.join(formats.RDF)}")
    with opened(place, lang) as catalogue:
        view = catalogue.view()
        if form in formats.RDF:
            thing, triples = view.triples(kind, slug)
            _write(rdf.document_rdf(triples, thing, view.base.value, form))
        else:
            _write(formats.record_text(view.record(kind, slug, lang), form))


@cli.command()
@click.argument("text", required=False, default="")
@catalogue_options
@lang_option
@click.option("--domain")
@click.option("--family")
@click.option("--type", "kind_of")
@click.option("--from", "start", type=int, metavar="YEAR", help="Originated in or after.")
@click.option("--to", "end", type=int, metavar="YEAR", help="Originated in or before.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
def search(place: Place, text: str, lang: str, limit: int, form: str, **narrow: Any) -> None:
    """Search methods by words, domain, family and year."""
    from kgcompare.formats import json, terminal
    from kgcompare.search import Filter

    named = {"domain": narrow["domain"], "family": narrow["family"], "type": narrow["kind_of"]}
    facets = {name: slug for name, slug in named.items() if slug}
    with opened(place, lang) as catalogue:
        query = Filter(text, "method", facets, narrow["start"], narrow["end"])
        page = catalogue.view().search(query, lang, most=limit)
    if form == "json":
        _write(json.page_json(page))
    elif form == "csv":
        _write(_csv([["id", "label", "origin", "domain"], *_listed(page.things)]))
    else:
        header = ["id", "name", "origin", "domain"]
        _write(terminal.listing(header, _listed(page.things)) if page.things else "")
        click.echo(f"{page.total} found", err=True)


def _listed(things: Sequence[Any]) -> list[list[str]]:
    return [[thing.id, thing.label, thing.origin or "", thing.domain or ""] for thing in things]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    import csv
    import io

    from kgcompare.formats.tables import harmless

    out = io.StringIO()
    csv.writer(out).writerows([[harmless(cell) for cell in row] for row in rows])
    return out.getvalue()


@cli.command()
@catalogue_options
@click.option("--base", default="https://w3id.org/kgcompare/", show_default=True, metavar="IRI")
def init(place: Place, base: str) -> None:
    """Make a new, empty catalogue."""
    from kgcompare import ingest

    _must_be_store(place)
    ingest.create_store(place.folder, checked_base(base), place.shapes)
    click.echo(f"made an empty catalogue at {place.folder}", err=True)


def checked_base(base: str) -> str:
    """A base IRI: absolute, http or https, ending in a slash.

    :raises UsageError: if it is not.
    """
    import re

    if not re.fullmatch(r"https?://[^\s<>\"{}|^`\\?#]+/", base):
        raise UsageError(f"{base!r} cannot be a base; give an http or https IRI that ends in a slash")
    return base


def _must_be_store(place: Place) -> None:
    if place.endpoint is not None or place.data:
        raise UsageError("this command writes to a store; name one with --store")


@cli.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@catalogue_options
@lang_option
@click.option("--format", "syntax", help="ttl, jsonld, nt, nq, trig or rdf, where the suffix does not tell.")
@click.option("--skip-invalid", is_flag=True, help="Leave invalid records out and take the others.")
@click.option("--replace", is_flag=True, help="Put records in the place of those that are there.")
def import_(
    place: Place, files: Sequence[Path], lang: str, syntax: str | None, skip_invalid: bool, replace: bool
) -> None:
    """Take files into the store: every record of them, or none."""
    from kgcompare import ingest
    from kgcompare.store.snapshots import Folder

    _must_be_store(place)
    if place.default:
        ensure(place)
    elif not Folder(place.folder).exists():
        ingest.create_store(place.folder, shapes=place.shapes)
    options = _options(place, lang, syntax, replace, skip_invalid)
    report = ingest.import_files(place.folder, files, options, place.shapes)
    _say(report.validation)
    click.echo(
        f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged; "
        f"generation {report.generation}",
        err=True,
    )


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@catalogue_options
@lang_option
@click.option("--syntax", help="ttl, jsonld, nt, nq, trig or rdf, where the suffix does not tell.")
@click.option("--format", "form", type=click.Choice(["text", "json", "ttl"]), default="text", show_default=True)
def validate(place: Place, files: Sequence[Path], lang: str, syntax: str | None, form: str) -> None:
    """Validate files as an import would, without writing."""
    from kgcompare import ingest
    from kgcompare.formats import json, rdf
    from kgcompare.namespaces import DEFAULT_BASE, Base

    options = _options(place, lang, syntax)
    if place.default:
        shapes = [*ingest.bundled_shapes(), *_extra_shapes(place)]
        report = ingest.validate_files(files, shapes, Base(DEFAULT_BASE), None, options)
        # What the files name may be in the bundled catalogue, which is there without a store.
        if not report.conforms:
            with opened(place) as catalogue:
                view = catalogue.view()
                report = ingest.validate_files(files, view.shapes.triples, view.base, view.snapshot, options)
    else:
        with opened(place, lang) as catalogue:
            view = catalogue.view()
            report = ingest.validate_files(files, view.shapes.triples, view.base, view.snapshot, options)
    if form == "json":
        _write(json.report_json(report))
    elif form == "ttl":
        _write(rdf.report_turtle(report))
    else:
        _write("".join(line + "\n" for line in report_lines(report)))
        click.echo(
            f"{report.records} records, {len(report.violations)} violations, "
            f"{len(report.faults) - len(report.violations)} warnings",
            err=True,
        )
    if not report.conforms:
        sys.exit(1)


@cli.command()
@catalogue_options
@click.option(
    "--format", "form", type=click.Choice(["nq", "nt", "trig", "ttl", "jsonld"]), default="nq", show_default=True
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file; .gz compresses. Default: stdout.")
def export(place: Place, form: str, output: Path | None) -> None:
    """Write the whole catalogue."""
    from kgcompare.formats import rdf

    with opened(place) as catalogue:
        view = catalogue.view()
        chunks = rdf.dump(view.quads(), form, view.base.value)
        if output is None:
            for chunk in chunks:
                _write(chunk)
            return
        scratch = output.with_name(f".{output.name}.{os.getpid()}")
        try:
            opener = gzip.open if output.suffix == ".gz" else open
            with opener(scratch, "wt", encoding="utf-8", newline="") as file:
                for chunk in chunks:
                    file.write(chunk)
            scratch.replace(output)
        except OSError as fault:
            raise UsageError(f"{output} cannot be written: {fault.strerror}") from None
        finally:
            scratch.unlink(missing_ok=True)


@cli.command()
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
    from kgcompare.formats import answers

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as fault:
        raise DataError(f"{file} cannot be read: {fault.strerror}") from None
    except ValueError:
        raise SyntaxFault("not UTF-8", str(file)) from None
    with opened(place) as catalogue:
        _write(answers.write(catalogue.query(text), form, catalogue.view().base.value))


@cli.command()
@catalogue_options
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def stats(place: Place, form: str) -> None:
    """Say how much is in the catalogue."""
    from kgcompare.formats import json, terminal

    with opened(place) as catalogue:
        view = catalogue.view()
        counts = view.counts()
        if form == "json":
            _write(json.dumps({"generation": view.generation, "base": view.base.value, "records": counts}))
        else:
            rows = [[kind, str(number)] for kind, number in counts.items()]
            _write(terminal.listing(["kind", "records"], rows))
            click.echo(f"generation {view.generation}", err=True)


@cli.command()
@catalogue_options
@lang_option
@click.option("--validate/--no-validate", default=None, help="Validate all records; default: up to 3,000 of them.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def report(place: Place, lang: str, validate: bool | None, form: str) -> None:
    """Say what is in the catalogue, what is missing and what looks wrong."""
    from kgcompare import languages
    from kgcompare import report as state
    from kgcompare.formats import report as formats

    lang = languages.normalise(lang)
    with opened(place, lang) as catalogue:
        found = state.make(catalogue.view(), validate=validate, progress=_Progress())
    _write(formats.as_json(found, lang) if form == "json" else formats.as_table(found, lang))


@cli.command("format")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 where a file is formatted otherwise.")
def format_(files: Sequence[Path], check: bool) -> None:
    """Give Turtle files the one formatting of data/."""
    from pyoxigraph import Triple

    from kgcompare.formats import rdf
    from kgcompare.ingest import readers
    from kgcompare.namespaces import DEFAULT_BASE

    other = 0
    for path in (p for f in files for p in (sorted(f.rglob("*.ttl")) if f.is_dir() else [f])):
        triples = [Triple(q.subject, q.predicate, q.object) for q in readers.read(path, DEFAULT_BASE, "ttl")]
        text = rdf.turtle(triples, DEFAULT_BASE, stable=True)
        if text == path.read_text(encoding="utf-8"):
            continue
        other += 1
        click.echo(f"{path}: {'not formatted' if check else 'formatted'}", err=True)
        if not check:
            path.write_text(text, encoding="utf-8")
    if check and other:
        raise DataError(f"{other} files are not formatted; run: kgcompare format FILE...")


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits."""
    try:
        cli.main(args=list(arguments) if arguments is not None else None, prog_name="kgcompare", standalone_mode=False)
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
        for line in report_lines(fault.report):
            click.echo(line, err=True)
        click.echo(f"kgcompare: {fault}", err=True)
        code = 1
    except KgcompareError as fault:
        click.echo(f"kgcompare: {fault}", err=True)
        code = exit_code(fault)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as fault:
        if os.environ.get("KGCOMPARE_DEBUG"):
            raise
        name = type(fault).__name__
        click.echo(f"kgcompare: a fault of kgcompare itself ({name}: {fault}); KGCOMPARE_DEBUG=1 shows where", err=True)
        code = 1
    sys.exit(code)
