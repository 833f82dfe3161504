"""Which catalogue a command works on, and what every command shares."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kgcompare.cli.damage import watched
from kgcompare.cli.endpoint import ENDPOINT_OPTIONS, OF_AN_ENDPOINT, endpoint_options
from kgcompare.cli.foreign import Foreign
from kgcompare.cli.output import ProgressLine, tell_report
from kgcompare.cli.place import Place
from kgcompare.cli.settings import limit_options
from kgcompare.errors import StoreError, StoreMissing, UsageError
from kgcompare.sandbox.limits import LIMITS, Limits

if TYPE_CHECKING:
    from pyoxigraph import Triple

    from kgcompare.catalogue import Catalogue
    from kgcompare.ingest import Options

_PLACES = ("store", "endpoint", "data")
OF_FILES = (
    *("parse_time", "parse_memory", "unpacked_bytes", "arrival_time", "validation_time", "validation_memory"),
    "history_bytes",
)
"""The limits that matter to whatever takes files."""
OF_A_CATALOGUE = (*OF_AN_ENDPOINT, "kept_descriptions", *OF_FILES)
"""The limits that matter to whatever reads a catalogue."""


def _config(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Takes what a TOML file says as the defaults of a command.

    :raises click.BadParameter: if it cannot be read, or has a key that no command has as an option.
    """
    if path is None:
        return
    import tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # an editor may have put a mark first
    except (OSError, ValueError) as fault:
        raise click.BadParameter(f"{path} cannot be read: {fault}") from None
    group = ctx.parent.command if ctx.parent else ctx.command
    everywhere = [p for command in getattr(group, "commands", {}).values() for p in command.params]
    known = {option.removeprefix("--") for param in everywhere for option in param.opts}
    if unknown := sorted(key for key in values if key.replace("_", "-") not in known):
        raise click.BadParameter(f"{path}: no option is called {', '.join(unknown)}")
    defaults: dict[str, object] = {}
    for param in ctx.command.params:
        for option in param.opts:
            key = option.removeprefix("--")
            value = values.get(key, values.get(key.replace("-", "_")))
            if value is not None and param.name:
                defaults[param.name] = [value] if param.multiple and isinstance(value, str) else value
    ctx.default_map = defaults | dict(ctx.default_map or {})


def _place(ctx: click.Context, values: Mapping[str, Any]) -> Place:
    """The catalogue that the options name; the command line beats the environment, and that the file.

    :raises click.UsageError: if they name several.
    """
    named = [name for name in _PLACES if values[name]]
    sources = [ctx.get_parameter_source(name) for name in named]
    order = (click.core.ParameterSource.COMMANDLINE, click.core.ParameterSource.ENVIRONMENT)
    first = next((source for source in order if source in sources), None)
    chosen = [name for name, source in zip(named, sources, strict=True) if first in {None, source}]
    if len(chosen) > 1:
        raise click.UsageError("name one catalogue only: --" + " or --".join(chosen))
    return Place(
        store=Path(values["store"]) if chosen == ["store"] else None,
        endpoint=values["endpoint"] if chosen == ["endpoint"] else None,
        data=tuple(values["data"]) if chosen == ["data"] else (),
        shapes=tuple(Path(path) for path in values["shapes"]),
        trust=values["trust"],
        limits=Limits(**{name: values[name] for name in LIMITS if name in values}),
        **{name: values[name] for name in ENDPOINT_OPTIONS},
    )


def catalogue_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name a catalogue; the command gets them as one :class:`Place`."""

    @click.option("--store", metavar="DIR", envvar="KGCOMPARE_STORE", help="A store folder.")
    @click.option("--endpoint", metavar="URL", envvar="KGCOMPARE_ENDPOINT", help="A SPARQL endpoint.")
    @endpoint_options
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
    @limit_options(OF_A_CATALOGUE)
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
        taken = {*_PLACES, *ENDPOINT_OPTIONS, "shapes", "trust", *LIMITS}
        rest = {name: value for name, value in values.items() if name not in taken}
        command(_place(ctx, values), **rest)

    return wrapped


def lang_option(command: Callable[..., None]) -> Callable[..., None]:
    """The reader's language."""
    return click.option("--lang", default="en", show_default=True, envvar="KGCOMPARE_LANG", help="Language (BCP 47).")(
        command
    )


def by_option(command: Callable[..., None]) -> Callable[..., None]:
    """Who changes a catalogue."""
    return click.option(
        "--by", default="", metavar="NAME", envvar="KGCOMPARE_BY", help="Who you are, for the history; else nobody."
    )(command)


def contact_option(command: Callable[..., None]) -> Callable[..., None]:
    """To whom mistakes are told."""
    return click.option(
        "--contact",
        default="",
        metavar="ADDRESS",
        envvar="KGCOMPARE_CONTACT",
        help="To whom mistakes are told: a mailbox or an address, in which {title} and the like are filled in.",
    )(command)


def import_options(
    place: Place,
    lang: str = "en",
    syntax: str | None = None,
    replace: bool = False,
    skip_invalid: bool = False,
    foreign: Foreign | None = None,
    by: str = "",
) -> Options:
    """How files are taken in, by the options of a command.

    :raises DataError: if a lift cannot be read.
    """
    from kgcompare.ingest import Options
    from kgcompare.sandbox.lifting import read_lift
    from kgcompare.text.languages import normalise

    lang = normalise(lang)
    foreign = foreign or Foreign()
    return Options(
        syntax=syntax,
        trust=place.trust,
        replace=replace,
        skip_invalid=skip_invalid,
        lang=lang,
        separator=foreign.separator,
        kind=foreign.kind,
        lift=read_lift(foreign.lift, foreign.context),
        by=by,
        progress=ProgressLine(),
        limits=place.limits,
    )


def fill(folder: Path, place: Place) -> None:
    """Makes a store with the bundled catalogue in it; a broken attempt leaves nothing."""
    import shutil
    from dataclasses import replace

    from kgcompare import ingest, resources

    if folder.is_dir() and any(folder.iterdir()):
        raise StoreError(f"{folder} is a folder with other things in it; name an empty or a new one")
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        ingest.create_store(scratch, shapes=place.shapes)
        ingest.import_files(scratch, resources.data_files(), replace(import_options(place), trust=True))
        scratch.replace(folder)
    except OSError as fault:
        if not (folder / "store.json").is_file():  # unless another process was faster
            raise StoreError(f"cannot make a store at {folder}: {fault.strerror}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def make_throwaway(place: Place, folder: Path, lang: str) -> None:
    """Makes a throw-away store of the files that ``--data`` names."""
    from dataclasses import replace

    from kgcompare import ingest, resources
    from kgcompare.cli.bundled import copy_of_bundled

    options = import_options(place, lang)
    if place.data == ("bundled",):

        def make(store: Path) -> None:
            ingest.throwaway(store, resources.data_files(), replace(options, trust=True), place.shapes)

        if place.shapes:
            make(folder)
        else:
            copy_of_bundled(folder, make)
        return
    files: list[Path] = []
    for name in place.data:
        files += resources.data_files() if name == "bundled" else [Path(name)]
    tell_report(ingest.throwaway(folder, files, options, place.shapes))


@contextmanager
def opened(place: Place, lang: str = "en") -> Iterator[Catalogue]:
    """The catalogue that a command works on."""
    from kgcompare.catalogue import Catalogue
    from kgcompare.store.embedded import EmbeddedStore
    from kgcompare.store.scratch import scratch_folder

    most = place.limits.kept_descriptions
    extra = [] if place.data else extra_shapes(place)
    if (elsewhere := place.elsewhere) is not None:
        keeper = elsewhere.keeper(place.limits)
        yield Catalogue(elsewhere.open(place.limits), extra_shapes=extra, most_described=most, keeper=keeper)
    elif place.data:
        with scratch_folder() as scratch:
            folder = scratch / "store"
            make_throwaway(place, folder, lang)
            extra = extra_shapes(place) if place.trust else []
            with Catalogue(EmbeddedStore(folder), extra_shapes=extra, most_described=most) as catalogue:
                yield catalogue
    else:
        ensure(place)
        store = EmbeddedStore(place.folder)
        with Catalogue(store, extra_shapes=extra, most_described=most) as catalogue, watched(store):
            yield catalogue


def tell_unread(shapes: Sequence[Path]) -> None:
    """Says what of the given shapes is checked, but seen nowhere."""
    from kgcompare.sandbox.parsing import parsed
    from kgcompare.schema.given import given_shapes

    notes: list[str] = []
    given_shapes(shapes, parsed, notes)
    for note in dict.fromkeys(notes):
        click.echo(f"note: {note}", err=True)


def extra_shapes(place: Place) -> list[Triple]:
    """The statements of the files that ``--shapes`` names."""
    from kgcompare.sandbox.parsing import parsed
    from kgcompare.schema.given import given_triples

    return given_triples(place.shapes, parsed)


def ensure(place: Place, *, make: bool = False) -> None:
    """Sees to it that the store is there: the user's own is made and filled, another one only if *make*.

    :raises StoreMissing: if there is none and it is not to be made.
    """
    from kgcompare.store.folder import Folder

    folder = Folder(place.folder)
    if folder.exists():
        return
    if not make and not place.default:
        raise StoreMissing(f"there is no store at {folder.path}; make one with: kgcompare init --store {folder.path}")
    click.echo(f"making a store with the bundled catalogue at {folder.path}", err=True)
    fill(folder.path, place)


def must_be_kept(place: Place) -> None:
    """Refuses a throw-away catalogue.

    :raises UsageError: for one.
    """
    if place.data:
        raise UsageError("this command writes to a catalogue; name one with --store or --endpoint")
