"""Pages for people; the same addresses give the same as data."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug import Response as AnyResponse

from kgcompare import formats, resources
from kgcompare.comparison import MOST, only_differences
from kgcompare.errors import UnknownThing, UsageError
from kgcompare.formats import FORMATS, Format, json, rdf
from kgcompare.model import Comparison, Thing
from kgcompare.namespaces import is_slug
from kgcompare.reading import Reader
from kgcompare.search import Filter, fold
from kgcompare.view import METHOD
from kgcompare.web import links
from kgcompare.web.answers import answer, pick, unkept
from kgcompare.web.asking import language
from kgcompare.web.data import number
from kgcompare.web.problems import wants_page
from kgcompare.web.rendering import labelled, render
from kgcompare.web.reports import report_of

blueprint = Blueprint("pages", __name__)
COMPARISON = tuple(name for name in FORMATS if name in formats.COMPARISON)
PAGE = 50


# -- home ------------------------------------------------------------------------------------------


@blueprint.get("/")
def home() -> Response:
    """Search, comparisons that people ask for, and an index by family and domain."""
    lang = language()
    return answer(pick(("html",)), lang, lambda: _home(lang))


def _home(lang: str) -> str:
    page = g.view.search(Filter(), lang, most=1, facets=True)
    facets = {name: sorted(values, key=lambda value: fold(value.label)) for name, values in page.facets.items()}
    return render("home.html", lang, total=page.total, facets=facets, examples=examples(lang), counts=g.view.counts())


def examples(lang: str) -> list[tuple[Thing, ...]]:
    """Comparisons that people ask for, of those whose methods are all in the catalogue."""
    path = resources.folder("data") / "examples.csv"
    if not path.is_file():
        return []
    rows = [tuple(row) for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) if row]
    entries = g.view.index.of_class(METHOD, sorted({slug for row in rows for slug in row}))
    reader = Reader(lang, g.view.descriptions.things(entries.values()))
    found = []
    for row in rows:
        if all(slug in entries for slug in row):
            things = []
            for slug in row:
                tag, label = reader.label(entries[slug])
                things.append(Thing(slug, entries[slug], "method", label, tag))
            found.append(tuple(things))
    return found


# -- comparisons -----------------------------------------------------------------------------------


@blueprint.get("/compare")
@blueprint.get("/compare.<suffix>")
def compare(suffix: str = "") -> AnyResponse:
    """Up to ten things side by side."""
    form = pick(COMPARISON, suffix)
    lang = language()
    wanted = [slug for slug in request.args.getlist("method") if slug]
    cls = request.args.get("class") or METHOD
    only = request.args.get("only", "")
    if only not in {"", "differences"}:
        raise UsageError(f"only={only[:40]!r} is unknown; use only=differences")
    if form.name != "html" or not (wanted or request.args.get("add") or wants_page()):
        if not wanted:
            raise UsageError(f"name the methods to compare: /compare?method=SLUG&method=SLUG, up to {MOST}")
        return _linked(form, lang, lambda found: formats.render(found, form.name, g.view.base.value), wanted, only, cls)
    added = request.args.get("add", "").strip()
    if added:
        return _add(wanted, added, lang, cls)
    if not wanted:
        return unkept(render("compare.html", lang, found=None, **_none(lang)), 400, lang)
    return _linked(form, lang, lambda found: _compare_page(found, lang, only, cls), wanted, "", cls)


def _linked(
    form: Format, lang: str, show: Callable[[Comparison], str], wanted: Sequence[str], only: str, cls: str
) -> Response:
    """The answer that shows a comparison, with its links."""
    made: list[Comparison] = []

    def make() -> str:
        made.append(_compared(wanted, lang, only, cls))
        return show(made[0])

    return answer(form, lang, make, lambda: links.of_comparison(made[0], COMPARISON))


def _compared(wanted: Sequence[str], lang: str, only: str, cls: str) -> Comparison:
    return g.view.compare(wanted, lang, only_differences=only == "differences", cls=cls)  # type: ignore[no-any-return]


def _none(lang: str) -> dict[str, Any]:
    return {"added": "", "choices": (), "examples": examples(lang)}


def _add(wanted: list[str], text: str, lang: str, cls: str) -> AnyResponse:
    """A method that somebody typed: goes to the comparison with it, or shows what it may be."""
    slug = _named(text, lang)
    if slug is not None:
        keep = {
            name: request.args[name] for name in ("lang", "only", "class", "swap", "mark") if request.args.get(name)
        }
        methods = list(dict.fromkeys([*wanted, slug]))
        target = url_for("pages.compare") + "?" + urlencode([*(("method", m) for m in methods), *keep.items()])
        return redirect(target, 303)
    choices = g.view.suggest(text, lang) or g.view.search(Filter(text), lang, most=10).things
    if not wanted:
        shown = render("compare.html", lang, found=None, added=text, choices=choices, examples=examples(lang))
        return unkept(shown, 404 if not choices else 300, lang)
    full = _compared(wanted, lang, "", cls)
    shown = _compare_page(full, lang, request.args.get("only", ""), cls, added=text, choices=choices)
    return unkept(shown, 200, lang)


def _named(text: str, lang: str) -> str | None:
    """The slug of the one method that a text names: its slug, or its name in full."""
    if is_slug(text) and g.view.index.find("method", text):
        return text
    things = g.view.suggest(text, lang, most=5)
    same = [thing.id for thing in things if thing.label.casefold() == text.casefold()]
    if len(same) == 1:
        return str(same[0])
    return str(things[0].id) if len(things) == 1 else None


def _compare_page(
    full: Comparison, lang: str, only: str, cls: str, added: str = "", choices: Sequence[Thing] = ()
) -> str:
    shown = only_differences(full) if only else full
    return render(
        "compare.html",
        lang,
        found=full,
        rows=shown.rows,
        only=only,
        swap=bool(request.args.get("swap")),
        mark=request.args.get("mark") == "words",
        added=added,
        choices=choices,
        near=[(name, labelled("method", g.view.nearest(name, cls), lang)) for name in full.unknown],
        most=MOST,
        cls=None if cls == METHOD else cls,
        formats=[FORMATS[name] for name in COMPARISON if name != "html"],
    )


# -- lists -----------------------------------------------------------------------------------------


@blueprint.get("/methods")
@blueprint.get("/methods.<suffix>")
def methods(suffix: str = "") -> Response:
    """Search and browse."""
    form = pick(("html", "json"), suffix)
    lang = language()
    args = request.args
    facets = {name: args[name] for name in ("domain", "family", "type") if args.get(name)}
    query = Filter(
        args.get("q", "").strip()[:200],
        "method",
        facets,
        number("from", None, -9999, 9999),
        number("to", None, -9999, 9999),
    )
    most = number("limit", PAGE, 1, 200) or PAGE

    def make() -> str:
        page = g.view.search(
            query, lang, sort=args.get("sort", ""), after=args.get("after", "")[:200], most=most, facets=True
        )
        if form.name == "json":
            return json.page_json(page)
        chosen = {
            name: entry.label(lang)[1] for name, slug in facets.items() if (entry := g.view.index.find(name, slug))
        }
        guesses = [] if page.total else [g.view.suggest(word, lang, most=5) for word in query.text.split()[:5]]
        near = next(filter(None, guesses), ())
        return render("methods.html", lang, page=page, query=query, chosen=chosen, sort=args.get("sort", ""), near=near)

    return answer(form, lang, make)


# -- records ---------------------------------------------------------------------------------------


@blueprint.get("/<kind>/<name>")
def record(kind: str, name: str) -> Response:
    """One record as a page or as data."""
    slug, dot, suffix = name.partition(".")
    if not is_slug(kind) or not is_slug(slug) or (dot and not suffix):
        raise UnknownThing(f"there is no such record: /{kind[:40]}/{name[:80]}")
    known = formats.of_kind(kind)
    form = pick(known, suffix)
    lang = language()

    def make() -> str:
        if form.name in formats.RDF:
            thing, triples = g.view.triples(kind, slug)
            return rdf.document_rdf(triples, thing, g.view.base.value, form.name)
        found = g.view.record(kind, slug, lang)
        if form.name != "html":
            return formats.record_text(found, form.name)
        others = [FORMATS[name] for name in known if name != "html"]
        return render("record.html", lang, found=found, formats=others, kind=kind)

    tag = lang if form.name in {"html", "json"} else None
    return answer(form, tag, make, lambda: links.of_record(kind, slug, known))


# -- the state of the catalogue -------------------------------------------------------------------


@blueprint.get("/report")
@blueprint.get("/report.<suffix>")
def report(suffix: str = "") -> Response:
    """The state of the catalogue: what is missing, and what looks wrong."""
    from kgcompare.formats import report as state  # it takes a while to load, and few ask for it

    form = pick(("html", "json"), suffix)
    lang = language()

    def make() -> str:
        found = report_of(g.view)
        if form.name == "json":
            return state.as_json(found, lang)
        return render(
            "report.html",
            lang,
            found=found,
            share=state.share,
            period=state.period,
            message=state.message,
            severity=state.severity,
        )

    return answer(form, lang, make)
