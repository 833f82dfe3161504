"""Pages for people: home and comparisons; the same addresses give the same as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug import Response as AnyResponse

from kgcompare import formats
from kgcompare.catalogue.columns import led_out
from kgcompare.catalogue.comparison import MOST_COLUMNS, only_differences
from kgcompare.catalogue.finder import finder_of, first_step
from kgcompare.catalogue.past import changed_cells
from kgcompare.errors import UsageError
from kgcompare.formats import FORMATS, Format, json
from kgcompare.formats.history import logged_at
from kgcompare.model import Comparison, FacetValue
from kgcompare.rdf.namespaces import is_slug
from kgcompare.schema.rows import ASKED
from kgcompare.search import Filter
from kgcompare.text.folding import fold
from kgcompare.text.languages import translate
from kgcompare.web import memento, schema_org, signposting
from kgcompare.web.adding import NOTHING_ADDED, Adding, to_add, typed_to_add
from kgcompare.web.downloads import FOR_PEOPLE, file_name, marked
from kgcompare.web.examples import examples
from kgcompare.web.here import canonical_address
from kgcompare.web.kept import answer, pick, unkept
from kgcompare.web.passing import answer_anew
from kgcompare.web.problems import wants_page
from kgcompare.web.rendering import class_asked_for, facets_of, known_counts, labelled, render_page
from kgcompare.web.request import current, language, own_words
from kgcompare.web.turns import ordinary

blueprint = Blueprint("pages", __name__)
_MOST_SHOWN = 20
"""Values of a facet that the index at home shows where there are more than twice as many."""
KEPT = ("lang", "only", "class", "rows", "swap")
"""What a comparison keeps when something is added to it."""
COMPARISON_FORMATS = tuple(name for name in FORMATS if name in formats.COMPARISON)


# -- home ------------------------------------------------------------------------------------------


@blueprint.get("/")
def home() -> Response:
    """Search, comparisons that people ask for, and an index by every facet of what is compared."""
    lang = language()
    return answer(pick(("html",)), lang, lambda: _home(lang))


def _home(lang: str) -> str:
    generation = current()
    page = generation.search(Filter(kind=generation.main_kind), lang, most=1, facets=True)
    asked = {facet.id for facet in finder_of(generation).facets}
    indexes = [
        (facet, *_index(page.facets[name]))
        for name, facet in facets_of(generation.main_class)
        if page.facets.get(name) and name not in asked
    ]
    return render_page(
        "home.html",
        lang,
        total=page.total,
        ask=first_step(generation, lang),
        facets=indexes,
        examples=examples(lang),
        counts=known_counts(),
    )


def _index(values: Sequence[FacetValue]) -> tuple[list[FacetValue], int, str]:
    """The values of a facet by their names, where there are very many those that most things have; how many there are;
    and their kind, if they have pages."""
    shown = _MOST_SHOWN if len(values) > 2 * _MOST_SHOWN else len(values)
    kind, _ = current().addresses([values[0].iri]).get(values[0].iri, ("", ""))
    return sorted(values[:shown], key=lambda value: fold(value.label)), len(values), kind


# -- comparisons -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request for a comparison names: slugs or IRIs, a language, a class, whether only differences, and the
    group of rows, if one alone."""

    things: tuple[str, ...]
    lang: str
    cls: str
    differences: bool
    rows: str = ""

    @property
    def kind(self) -> str:
        """The kind of the things that are compared."""
        return current().shapes.kind_of_class(self.cls)

    @property
    def class_parameter(self) -> str | None:
        """What ``?class=`` has to say; nothing for the class that is compared by default."""
        return None if self.cls == current().main_class else self.cls

    @ordinary
    def compared(self, *, differences: bool) -> Comparison:
        """The comparison, whole or with its differences only."""
        return current().compare(self.things, self.lang, only_differences=differences, cls=self.cls, rows=self.rows)


@blueprint.get("/compare")
@blueprint.get("/compare.<suffix>")
def compare(suffix: str = "") -> AnyResponse:
    """Up to ten things side by side; ``?dataset=`` is short for ``?method=`` and ``?class=`` of that kind."""
    if named := _by_kind():
        return redirect(named, 303)
    form = pick(COMPARISON_FORMATS, suffix)
    lang = language()
    only = request.args.get("only", "")
    if only not in {"", "differences"}:
        raise UsageError(f"only={only[:40]!r} is unknown; use only=differences")
    things = tuple(slug for slug in request.args.getlist("method") if slug)
    cls = request.args.get("class") or current().main_class
    wanted = _Wanted(things, lang, cls, bool(only), request.args.get("rows", ""))
    if form.name != "html" or not (things or request.args.get("add") or wants_page()):
        if not things:
            raise UsageError(f"name what to compare: /compare?method=SLUG&method=SLUG, up to {MOST_COLUMNS}")
        return _linked(form, wanted, only, lambda comparison: _written(comparison, form, cls))
    added = request.args.get("add", "").strip()
    if added:
        return _add(wanted, added)
    if not things:
        return unkept(_start_page(wanted), 400, lang)
    return _linked(form, wanted, "", lambda comparison: _compare_page(wanted, comparison))


def _by_kind() -> str:
    """Where the comparison is whose things are named by a kind that is compared; empty where none is."""
    shapes = current().shapes
    kinds = (shapes.kind_of_class(cls) for cls in shapes.leading)
    kind = next((kind for kind in kinds if kind not in ASKED and request.args.get(kind)), "")
    if not kind:
        return ""
    pairs = [("method" if name == kind else name, value) for name, value in request.args.items(multi=True)]
    cls = class_asked_for(kind)
    return f"{request.path}?" + urlencode(pairs if cls is None or "class" in request.args else [*pairs, ("class", cls)])


def _written(comparison: Comparison, form: Format, cls: str) -> str:
    logged = memento.then()
    if logged is not None and form.name == "json":
        changed = changed_cells(comparison, current(), memento.newest(), cls)
        return json.comparison_json(comparison, logged_at(logged, changed))
    return marked(formats.render(comparison, form.name, current().base.value), form)


def _linked(form: Format, wanted: _Wanted, only: str, show: Callable[[Comparison], str]) -> Response:
    """The answer that shows a comparison, with its links."""
    made: list[Comparison] = []

    def make() -> str:
        made.append(wanted.compared(differences=bool(only)))
        return show(made[0])

    def links() -> str:
        return signposting.links_of_comparison(made[0], COMPARISON_FORMATS)

    file = None if form.name == "html" else lambda: file_name([thing.id for thing in made[0].methods], form)
    others = current().others is not None and not all(map(is_slug, wanted.things))
    return (answer_anew if others else answer)(form, wanted.lang, make, links, file)


def _add(wanted: _Wanted, text: str) -> AnyResponse:
    """Names that somebody typed: goes to the comparison with them, or shows what they may be."""
    typed = typed_to_add(text, wanted.kind, wanted.lang)
    things = tuple(dict.fromkeys([*wanted.things, *typed.named]))
    if len(things) > MOST_COLUMNS:
        adding = Adding(text, (), len(things))
    elif typed.unclear:
        wanted = replace(wanted, things=things)
        adding = Adding(to_add(typed.unclear), typed.unclear)
    else:
        keep = {name: request.args[name] for name in KEPT if request.args.get(name)}
        target = url_for("pages.compare") + "?" + urlencode([*(("method", thing) for thing in things), *keep.items()])
        return redirect(target, 303)
    if not wanted.things:
        offers = any(name.choices for name in adding.unclear)
        return unkept(_start_page(wanted, adding), 400 if adding.too_many else 300 if offers else 404, wanted.lang)
    page = _compare_page(wanted, wanted.compared(differences=False), adding)
    return unkept(page, 400 if adding.too_many else 200, wanted.lang)


def _start_page(wanted: _Wanted, adding: Adding = NOTHING_ADDED) -> str:
    """The page on which a comparison starts, with what somebody typed and what it may be."""
    return render_page(
        "compare.html",
        wanted.lang,
        kind=wanted.kind,
        comparison=None,
        adding=adding,
        examples=examples(wanted.lang) if wanted.kind == current().main_kind else (),
        cls=wanted.class_parameter,
    )


def _compare_page(wanted: _Wanted, whole: Comparison, adding: Adding = NOTHING_ADDED) -> str:
    """The page of a comparison, with what somebody typed to add and what it may be."""
    g.led_out = led_out(whole)
    ids = [thing.id for thing in whole.methods]
    nearest = {name: current().nearest(name, wanted.cls) for name in whole.unknown}
    return render_page(
        "compare.html",
        wanted.lang,
        kind=wanted.kind,
        comparison=whole,
        whole=whole.rows,
        rows=only_differences(whole).rows if wanted.differences else whole.rows,
        groups=tuple(whole.groups.items()),
        group=wanted.rows,
        only=wanted.differences,
        swap=bool(request.args.get("swap")),
        adding=adding,
        near=[(name, labelled(wanted.kind, slugs, wanted.lang)) for name, slugs in nearest.items()],
        most=MOST_COLUMNS,
        without={one: [other for other in ids if other != one] for one in ids},
        cls=wanted.class_parameter,
        formats=[FORMATS[name] for name in COMPARISON_FORMATS if name != "html"],
        for_people=FOR_PEOPLE,
        citation=_citation(whole),
        changed=ordinary(changed_cells)(whole, current(), memento.newest(), wanted.cls) if memento.then() else (),
    )


def _citation(comparison: Comparison) -> str:
    """A comparison as one cites it: its title, the catalogue, its generation, when the records changed, its address."""
    lang = comparison.language
    title = translate(lang, "Comparison: {names}", names=" · ".join(thing.label for thing in comparison.methods))
    state = translate(lang, "Generation {name}", name=current().name)
    day = schema_org.last_change([thing.iri for thing in comparison.methods])
    return ". ".join([title, own_words(lang).name[1], f"{state} ({day})" if day else state, canonical_address()])
