"""Templates, and what every one of them can use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from urllib.parse import quote, urlencode

from flask import Flask, current_app, render_template, request
from werkzeug.routing import Map

from kgcompare import __version__
from kgcompare.catalogue.comparison import MOST_COLUMNS
from kgcompare.catalogue.finder import findable
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import StoreError, Unavailable, UsageError
from kgcompare.formats import FORMATS
from kgcompare.formats.tables import STATUS
from kgcompare.model import Thing
from kgcompare.rdf.licences import licence_name
from kgcompare.rdf.literals import without_controls
from kgcompare.rdf.namespaces import is_web
from kgcompare.schema.rows import PropertyShape
from kgcompare.text import languages
from kgcompare.web import assets, schema_org
from kgcompare.web.brief import in_brief, suggestions
from kgcompare.web.cells import Cells, Local, attributes, reference
from kgcompare.web.contact import cell_address, report_address
from kgcompare.web.here import address, canonical_address, file_address, here
from kgcompare.web.request import (
    current,
    do_without_own_words,
    editable,
    has_current,
    language,
    link,
    list_path,
    own_words,
    root,
)

_BLOCKS = "li|dt|dd|t[dhr]|p|h[1-6]|summary|caption|legend|option|div|[uod]l|table|details|section|form|button"
_GLUED = re.compile(rf"<(?:(?<=\S<)(?=(?:{_BLOCKS})[ >])|(/(?:{_BLOCKS})>)(?=\S))")
"""Where blocks stand together without a space: seen apart, but one word to whoever listens or copies."""
_BESIDE = 3


def render_page(template: str, lang: str, *, kind: str = "", **values: object) -> str:
    """A page in a language, about things of a *kind*: those that the catalogue compares, where none is named.

    The page says in words of that kind what its language has such words for.
    """
    generation = current() if has_current() else None
    main_kind = generation.main_kind if generation else ""
    kind = kind or main_kind
    plural = partial(languages.translate_plural, lang, context=kind)
    local = Local()
    cells = Cells(lang, kind, local)
    page = render_template(
        template,
        _=partial(languages.translate, lang, context=kind),
        ngettext=plural,
        local=local,
        cells_of=cells.of,
        values_of=cells.several,
        one_value=cells.one,
        cited_value=cells.cited,
        figure=partial(languages.grouped, lang),
        findable=lambda: findable(current() if has_current() else None),  # what a template is given it keeps
        also_compared=lambda: _also_compared(current() if has_current() else None),  # the same
        generation=generation.name if generation else "",
        kind=kind,
        kind_heading=partial(kind_heading, lang),
        kind_name=partial(kind_name, lang),
        lang=lang,
        main_kind=main_kind,
        mistake=partial(_mistake, lang),
        differences=partial(in_brief, lang),
        own=own_words(lang),
        spoken=languages.speaks(lang),
        suggestions=partial(suggestions, lang),
        **values,
    )
    return without_controls(_GLUED.sub(lambda tag: f"<{tag[1]}\n" if tag[1] else "\n<", page))


def _mistake(lang: str, things: Sequence[Thing] = ()) -> str:
    """Where a mistake on this page is told, in *things* that it shows; empty where nobody is named."""
    page = canonical_address() if things else root() + quote(request.path)
    return report_address(lang, page, things)


def kind_name(lang: str, kind: str, count: int = 1) -> str:
    """What a thing of a kind, or another *count* of them, is called within a sentence."""
    shapes = current().shapes
    return shapes.kind_label(kind, lang) if count == 1 else shapes.kind_plural(kind, lang)


def kind_heading(lang: str, kind: str) -> str:
    """What things of a kind are called, with a capital."""
    name = current().shapes.kind_plural(kind, lang)
    return name[:1].upper() + name[1:]


def list_address(kind: str, **values: str | Sequence[str] | None) -> str:
    """The address of the list of things of a kind, with parameters, in the language that this page was asked for in."""
    return link("lists.listing", plural=list_path(kind)[1:], **values)


def _also_compared(generation: Generation | None) -> Sequence[str]:
    """The kinds that a catalogue compares beside its main one and that has things: a few, for heads of pages."""

    def find(of: Generation) -> Sequence[str]:
        kinds = dict.fromkeys(of.shapes.kind_of_class(cls) for cls in of.shapes.leading)
        others = [kind for kind in kinds if kind != of.main_kind]
        counts = of.counts() if others else {}
        return [kind for kind in others if counts.get(kind)][:_BESIDE]

    others: Sequence[str] = ()
    with suppress(StoreError, Unavailable):  # the page says what it can without
        others = generation.once("also compared", find) if generation else ()
    return others


def known_counts() -> dict[str, int]:
    """How many things there are of each kind that shapes know, and so have a name for."""
    generation = current()
    return {kind: count for kind, count in generation.counts().items() if kind in generation.shapes.kinds}


def facets_of(cls: str) -> list[tuple[str, PropertyShape]]:
    """What lists of things of a class can be narrowed by, each with its id; those with the fewest values first."""
    counts = current().counts()
    facets = [(facet.id, facet) for facet in current().shapes.facets(cls) if facet.id]
    return sorted(facets, key=lambda pair: counts.get(pair[0], 0))


def first_class(kind: str) -> str:
    """The class whose shape says what lists of things of a kind have; empty where there is none."""
    return next(iter(current().shapes.classes_of_kind(kind)), "")


def class_asked_for(kind: str) -> str | None:
    """What ``?class=`` says where things of a kind are compared; nothing for the kind that is compared by default."""
    return None if kind == current().main_kind else first_class(kind)


def suggest_address(kind: str) -> str:
    """The address that completes names of things of a kind."""
    return link("lists.suggest", kind=None if kind == current().main_kind else kind, lang=None)


def problem_page(status: int, detail: str, more: Mapping[str, object]) -> str:
    """The page of an error: what happened, and where to go from here."""
    try:
        lang = language()
    except UsageError:
        lang = languages.DEFAULT
    try:
        own_words(lang)
    except StoreError:
        do_without_own_words()
    arguments = request.view_args or {}
    comparing = request.endpoint == "pages.compare"
    wanted = list(dict.fromkeys(request.args.getlist("method"))) if comparing else []
    kind, near = "", []
    if has_current():
        shapes, cls = current().shapes, request.args.get("class", "")
        kind = shapes.kind_of_class(cls) if comparing and cls in shapes.classes else current().main_kind
        slugs = more.get("suggestions")
        near = labelled(arguments.get("kind", kind), slugs if isinstance(slugs, list) else (), lang)
    return render_page(
        "problem.html",
        lang,
        kind=kind,
        status=status,
        detail=detail,
        making=more if more.get("index") == "making" else None,
        meaning=SAID.get(status, SAID[500] if status >= 500 else SAID[400]),
        near=near,
        near_kind=arguments.get("kind", kind),
        comparing=comparing,
        wanted=wanted,
        most=MOST_COLUMNS,
        sought=str(arguments.get("name", "")).partition(".")[0].replace("-", " ")[:80],
    )


SAID = {
    400: "The server cannot make sense of this address.",
    404: "There is nothing at this address.",
    405: "This address cannot be used in that way.",
    406: "This address does not come in that format.",
    500: "The server failed. Trying again in a moment may help.",
    502: "The catalogue cannot be reached just now. Trying again in a moment may help.",
    503: "The catalogue cannot be reached just now. Trying again in a moment may help.",
}
"""What is said of an error by its status, in English; the key to its translations."""


def labelled(kind: str, slugs: Sequence[str], lang: str) -> list[tuple[str, str, str | None]]:
    """(slug, name, language of the name) of the things among *slugs* that there are."""
    entries = [entry for slug in slugs if (entry := current().index.find(kind, slug))]
    return [(entry.slug, label, tag) for entry in entries for tag, label in [entry.label(lang)]]


def equip_templates(app: Flask) -> None:
    """Gives every template of the application what it can use."""
    app.jinja_env.globals.update(
        link=link,
        address=address,
        file_address=file_address,
        here=here,
        reference=reference,
        offered=offered,
        format_name=format_name,
        lang_attributes=attributes,
        cell_address=cell_address,
        status_text=STATUS,
        canonical_address=canonical_address,
        direction=languages.direction,
        autonym=languages.autonym,
        locale=languages.locale_of,
        picture=picture,
        version=__version__,
        interface_languages=languages.interface_languages(),
        licence_name=licence_name,
        is_web=is_web,
        list_address=list_address,
        class_asked_for=class_asked_for,
        list_path=list_path,
        suggest_address=suggest_address,
        static=static,
        schema_org=schema_org,
        editable=editable,
    )


def format_name(name: str) -> str:
    """What a format calls itself."""
    return FORMATS[name].title if name in FORMATS else name


def offered(path: str) -> str | None:
    """The address of a path below our root, in the language asked for where it is no file; None if it is not served."""
    bare = path.partition(".")[0] if path.endswith(".ttl") else path
    if bare not in _paths(current_app.url_map):
        return None
    lang = "" if "." in path.rpartition("/")[2] else request.args.get("lang", "")
    return request.script_root + path + ("?" + urlencode({"lang": lang}) if lang else "")


@lru_cache(maxsize=4)
def _paths(urls: Map) -> frozenset[str]:
    """The paths that are served, with what they leave open."""
    return frozenset(rule.rule for rule in urls.iter_rules())


def static(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return link("static", filename=assets.asset_name(name), lang=None)


def picture() -> str:
    """The address in full of the picture that stands for a page where it is shared."""
    return root().removesuffix(request.script_root) + static("preview.png")
