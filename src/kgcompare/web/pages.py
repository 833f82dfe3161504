"""Pages for people; the same addresses give the same as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug import Response as AnyResponse

from kgcompare import formats
from kgcompare.catalogue.comparison import MOST_COLUMNS, only_differences
from kgcompare.errors import UsageError
from kgcompare.formats import FORMATS, Format
from kgcompare.model import Comparison, Thing
from kgcompare.rdf.namespaces import is_slug
from kgcompare.rdf.terms import KGC_METHOD
from kgcompare.search import Filter
from kgcompare.text.folding import fold
from kgcompare.web import signposting
from kgcompare.web.examples import examples
from kgcompare.web.kept import answer, pick, unkept
from kgcompare.web.problems import wants_page
from kgcompare.web.rendering import labelled, render
from kgcompare.web.request import current, language

blueprint = Blueprint("pages", __name__)
COMPARISON = tuple(name for name in FORMATS if name in formats.COMPARISON)


# -- home ------------------------------------------------------------------------------------------


@blueprint.get("/")
def home() -> Response:
    """Search, comparisons that people ask for, and an index by family and domain."""
    lang = language()
    return answer(pick(("html",)), lang, lambda: _home(lang))


def _home(lang: str) -> str:
    page = current().search(Filter(), lang, most=1, facets=True)
    facets = {name: sorted(values, key=lambda value: fold(value.label)) for name, values in page.facets.items()}
    return render(
        "home.html", lang, total=page.total, facets=facets, examples=examples(lang), counts=current().counts()
    )


# -- comparisons -----------------------------------------------------------------------------------


@blueprint.get("/compare")
@blueprint.get("/compare.<suffix>")
def compare(suffix: str = "") -> AnyResponse:
    """Up to ten things side by side."""
    form = pick(COMPARISON, suffix)
    lang = language()
    wanted = [slug for slug in request.args.getlist("method") if slug]
    cls = request.args.get("class") or KGC_METHOD
    only = request.args.get("only", "")
    if only not in {"", "differences"}:
        raise UsageError(f"only={only[:40]!r} is unknown; use only=differences")
    if form.name != "html" or not (wanted or request.args.get("add") or wants_page()):
        if not wanted:
            raise UsageError(f"name the methods to compare: /compare?method=SLUG&method=SLUG, up to {MOST_COLUMNS}")
        return _linked(
            form, lang, lambda found: formats.render(found, form.name, current().base.value), wanted, only, cls
        )
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

    return answer(form, lang, make, lambda: signposting.links_of_comparison(made[0], COMPARISON))


def _compared(wanted: Sequence[str], lang: str, only: str, cls: str) -> Comparison:
    return current().compare(wanted, lang, only_differences=only == "differences", cls=cls)


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
    choices = current().suggest(text, lang) or current().search(Filter(text), lang, most=10).things
    if not wanted:
        shown = render("compare.html", lang, found=None, added=text, choices=choices, examples=examples(lang))
        return unkept(shown, 404 if not choices else 300, lang)
    full = _compared(wanted, lang, "", cls)
    shown = _compare_page(full, lang, request.args.get("only", ""), cls, added=text, choices=choices)
    return unkept(shown, 200, lang)


def _named(text: str, lang: str) -> str | None:
    """The slug of the one method that a text names: its slug, or its name in full."""
    if is_slug(text) and current().index.find("method", text):
        return text
    things = current().suggest(text, lang, most=5)
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
        near=[(name, labelled("method", current().nearest(name, cls), lang)) for name in full.unknown],
        most=MOST_COLUMNS,
        cls=None if cls == KGC_METHOD else cls,
        formats=[FORMATS[name] for name in COMPARISON if name != "html"],
    )
