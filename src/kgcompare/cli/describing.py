"""Commands by which a catalogue is made, and told what to say of itself: init, describe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from kgcompare.cli.endpoint import BASE
from kgcompare.cli.options import (
    by_option,
    catalogue_options,
    contact_option,
    must_be_kept,
    opened,
    tell_unread,
)
from kgcompare.cli.output import put
from kgcompare.cli.place import Place
from kgcompare.errors import UsageError

if TYPE_CHECKING:
    from kgcompare.rdf.about import Metadata

Reply = TypeVar("Reply")
_TOLD = ("title", "description", "language", "licence", "publisher", "contact")


def _about_options(command: Callable[..., None]) -> Callable[..., None]:
    """What a catalogue says of itself."""
    for decorate in (
        contact_option,
        click.option("--publisher", multiple=True, metavar="NAME", help="Who publishes it: a name, an IRI, or both."),
        click.option(
            *("--licence", "--license"),
            default="",
            metavar="LICENCE",
            help="Of its data: an address, or a short name (CC-BY-4.0).",
        ),
        click.option("--language", multiple=True, metavar="TAG", help="Of its texts (repeatable), the main one first."),
        click.option("--description", multiple=True, metavar="TEXT", help="What is in it (repeatable: TEXT@fr)."),
        click.option("--title", multiple=True, metavar="TEXT", help="Its title (repeatable: TEXT@en, TEXT@fr)."),
    ):
        command = decorate(command)
    return command


def _told(values: Mapping[str, Any], default: Sequence[str] = ()) -> Metadata:
    """What the options say of a catalogue, some of whose texts are in the first of the *default* languages."""
    from kgcompare.rdf.about import told

    return told(
        titles=values["title"],
        descriptions=values["description"],
        languages=values["language"],
        licence=values["licence"],
        publishers=values["publisher"],
        contact=values["contact"],
        default=default,
    )


@click.command()
@catalogue_options
@click.option("--base", default=BASE, show_default=True, metavar="IRI", help="What the IRIs of its records begin with.")
@_about_options
@by_option
@click.pass_context
def init(ctx: click.Context, /, place: Place, base: str, by: str, **values: Any) -> None:
    """Make a new, empty catalogue. On a terminal, and with none of its options, it asks for them."""
    from kgcompare import ingest

    must_be_kept(place)
    shapes = place.shapes
    if not any(_is_given(ctx, name) for name in (*_TOLD, "base")) and not shapes and _on_terminal():
        values, base, shapes = _asked()
    about = _told(values)
    base = base if _is_given(ctx, "base") or base != BASE else place.base
    seat = replace(place, endpoint_base=base).seat
    ingest.create_store(seat, base, shapes, about, by)
    tell_unread(shapes)
    click.echo(f"made an empty catalogue at {seat if place.endpoint else place.folder}", err=True)
    if about and not about.licence:
        click.echo("it states no licence; one that it has is said by: kgcompare describe --licence CC-BY-4.0", err=True)


@click.command()
@catalogue_options
@_about_options
@click.option("--format", "form", type=click.Choice(["text", "ttl"]), default="text", show_default=True)
@by_option
@click.pass_context
def describe(ctx: click.Context, /, place: Place, form: str, by: str, **values: Any) -> None:
    """Say what a catalogue says of itself, and change what is given; an empty text takes it away."""
    from kgcompare.catalogue.about import about_of
    from kgcompare.formats import rdf
    from kgcompare.ingest.describing import describe_store
    from kgcompare.rdf import about as own

    given = [name for name in _TOLD if _is_given(ctx, name) and not _is_set(ctx, name)]
    if given:
        must_be_kept(place)
        with opened(place):
            pass  # the user's own is made where it is not there yet
        describe_store(place.seat, lambda before: _changed(before, values, given), by)
    with opened(place) as catalogue:
        generation = catalogue.generation()
        about = about_of(generation)
        if form == "ttl":
            put(rdf.write(own.as_graph(generation.base, about), "ttl", generation.base.value))
        else:
            put(_shown(about))


def _changed(before: Metadata, values: Mapping[str, Any], given: Sequence[str]) -> Metadata:
    after, change = _told(values, before.languages), dict[str, Any]()
    for name in given:
        for part in _PARTS.get(name, (name,)):
            change[part] = getattr(after, part)
    return replace(before, **change)


_PARTS = {"language": ("languages",), "publisher": ("publisher", "publisher_iri")}


def _shown(about: Metadata) -> str:
    """What a catalogue says of itself for people, a line each."""
    from kgcompare.rdf.contact import plain_contact
    from kgcompare.rdf.licences import licence_name

    named = licence_name(about.licence)
    parts = {
        "title": _texts(about.title),
        "description": _texts(about.description),
        "languages": [", ".join(about.languages)],
        "licence": [about.licence if named == about.licence else f"{named} <{about.licence}>"],
        "publisher": [*_texts(about.publisher), *([f"<{about.publisher_iri}>"] if about.publisher_iri else [])],
        "contact": [plain_contact(about.contact).removeprefix("mailto:")],
    }
    lines = []
    for name, texts in parts.items():
        said = [text for text in texts if text] or ["not stated"]
        lines += [f"{name if not at else '':<13}{text}" for at, text in enumerate(said)]
    return "\n".join(lines) + "\n"


def _texts(texts: Mapping[str, str]) -> list[str]:
    return [f"{text} ({tag})" if tag else text for tag, text in texts.items()]


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) != ParameterSource.DEFAULT


def _is_set(ctx: click.Context, name: str) -> bool:
    """Whether an option has its value from the surroundings, where it is for whoever serves the catalogue."""
    return ctx.get_parameter_source(name) in {ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP}


# -- questions -----------------------------------------------------------------------------------------


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _asked() -> tuple[dict[str, Any], str, tuple[Path, ...]]:
    """What somebody at a terminal says of a new catalogue, its base, and files of shapes."""
    from kgcompare.rdf.contact import checked_contact
    from kgcompare.rdf.licences import checked_licence
    from kgcompare.rdf.namespaces import checked_base
    from kgcompare.text.languages import autonym, normalise

    click.echo("What is the catalogue to say of itself? An empty answer says nothing; describe changes it.", err=True)

    def tags(text: str) -> tuple[str, ...]:
        return tuple(map(normalise, text.replace(",", " ").split()))

    languages = _answer("Languages of its texts (tags, the main one first)", tags, "en")
    titles, descriptions = [], []
    for tag in languages:
        titles.append(_answer(f"Title ({autonym(tag)})", partial(_tagged, "titles", tag)))
        descriptions.append(_answer(f"Description ({autonym(tag)})", partial(_tagged, "descriptions", tag)))
    licence = _answer("Licence of its data (an address, or CC-BY-4.0, CC0-1.0 ...)", _if_any(checked_licence))
    values = {
        "language": languages,
        "title": titles,
        "description": descriptions,
        "licence": licence,
        "publisher": [_answer("Publisher (a name or an IRI)", partial(_tagged, "publishers", languages[:1]))],
        "contact": _answer("Contact (a mailbox, or an address)", _if_any(checked_contact)),
    }
    base = _answer("Base, with which the IRIs of its records begin", checked_base, BASE)
    return values, base, _answer("Files of shapes (with spaces between them)", _files)


def _if_any(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: check(text) if text.strip() else ""


def _tagged(what: str, language: str | Sequence[str], text: str) -> str:
    """A text in a language, or an address, that *what* of a catalogue can be."""
    from kgcompare.rdf.about import told

    tag = language if isinstance(language, str) else "".join(language)
    given: dict[str, Any] = {what: [text]}
    about = told(**given, default=[tag] if tag else [])
    found = {"titles": about.title, "descriptions": about.description, "publishers": about.publisher}[what]
    return next((f"{said}@{tag}" for tag, said in found.items()), about.publisher_iri)


def _files(text: str) -> tuple[Path, ...]:
    import shlex

    try:
        paths = tuple(map(Path, shlex.split(text)))
    except ValueError as fault:
        raise UsageError(f"these are no names of files: {fault}") from None
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise UsageError(f"there is no file {', '.join(missing)}")
    return paths


def _answer(question: str, read: Callable[[str], Reply], default: str = "") -> Reply:
    """The answer to a question, which is asked again until it can be one."""

    def checked(text: str) -> Reply:
        try:
            return read(text)
        except UsageError as fault:
            raise click.UsageError(str(fault)) from None

    answer: Reply = click.prompt(question, default=default, show_default=bool(default), value_proc=checked, err=True)
    return answer
