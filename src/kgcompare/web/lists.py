"""Lists of things and completions: search and browse."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug import Response as AnyResponse
from werkzeug.exceptions import NotFound

from kgcompare.catalogue.comparison import MOST_COLUMNS
from kgcompare.formats import Format, json, tables
from kgcompare.model import Page, Thing
from kgcompare.rdf.namespaces import slugify
from kgcompare.search import Filter
from kgcompare.text.languages import translate
from kgcompare.web.downloads import file_name, marked
from kgcompare.web.here import address
from kgcompare.web.kept import answer, pick
from kgcompare.web.negotiation import best_of, media_types_of
from kgcompare.web.rendering import class_asked_for, facets_of, first_class, labelled, render_page
from kgcompare.web.request import current, language, list_path, whole_number
from kgcompare.web.turns import costly

blueprint = Blueprint("lists", __name__)
PAGE = 50
"""Things of a page of a list."""
TABLE = 1000
"""Things of a list as a table; where there are more, its Link header leads to the next ones."""
_CHOSEN = 3 * MOST_COLUMNS
"""Things that may be chosen on a list; those after them are forgotten. Ten can be compared, and the page says so."""
_SUGGESTIONS = Format("suggestions", "OpenSearch Suggestions", "application/x-suggestions+json")
"""Source: OpenSearch Suggestions 1.0."""
_OFFERED = (*media_types_of(("json",)), (_SUGGESTIONS.name, (_SUGGESTIONS.media_type,)))


@blueprint.get("/methods", defaults={"plural": "methods"})
@blueprint.get("/methods.<suffix>", defaults={"plural": "methods"})
@blueprint.get("/<plural>")
@blueprint.get("/<plural>.<suffix>")
def listing(plural: str, suffix: str = "") -> AnyResponse:
    """Search and browse things of a kind, at what several of them are called in English.

    Things that are chosen (``?method=``) stay so wherever the list leads; ``?compare=`` goes on to their comparison.

    :raises NotFound: if no kind is called so.
    """
    kind = next((kind for kind in current().shapes.kinds if list_path(kind) == f"/{plural}"), None)
    if kind is None:
        raise NotFound
    form = pick(("html", "json", "csv"), suffix)
    lang = language()
    names = [facet.id for facet in current().shapes.facets(first_class(kind)) if facet.id]
    args = request.args
    query = Filter(
        args.get("q", "").strip()[:200],
        kind,
        {name: args[name] for name in names if args.get(name)},
        whole_number("from", None, -9999, 9999),
        whole_number("to", None, -9999, 9999),
        literal=args.get("as") == "words",
    )
    table = form.name == "csv"
    most = whole_number("limit", TABLE if table else PAGE, 1, TABLE if table else 200) or PAGE
    chosen = chosen_things() if form.name == "html" else []
    if args.get("compare") and 0 < len(chosen) <= MOST_COLUMNS:
        return comparison_of_chosen(chosen, kind)
    after: list[str | None] = []

    @costly
    def make() -> str:
        page = current().search(
            query, lang, sort=args.get("sort", ""), after=args.get("after", "")[:200], most=most, facets=not table
        )
        after.append(page.after)
        if table:
            return marked(tables.list_csv(page.things, names), form)
        return json.page_json(page) if form.name == "json" else _page(query, page, lang, chosen)

    def links() -> str:
        return f'<{address(after=after[0])}>; rel="next"' if after[0] else ""

    return answer(
        form,
        lang,
        make,
        links if table else None,
        None
        if form.name == "html"
        else lambda: file_name([plural, *([slugify(query.text)] if query.text else [])], form),
    )


def chosen_things() -> list[str]:
    """The slugs of the things that are chosen on a list, here and on other pages of it."""
    return list(dict.fromkeys(filter(None, request.args.getlist("method"))))[:_CHOSEN]


def comparison_of_chosen(slugs: Sequence[str], kind: str) -> AnyResponse:
    """Leads from a list to the comparison of what is chosen there."""
    return redirect(_comparison(slugs, kind), 303)


def _comparison(slugs: Sequence[str], kind: str) -> str:
    """The address of the comparison of things of a kind, in the language that the list was asked for in."""
    keep = {"lang": request.args.get("lang"), "class": class_asked_for(kind)}
    pairs = [*(("method", slug) for slug in slugs), *((name, value) for name, value in keep.items() if value)]
    return url_for("pages.compare") + "?" + urlencode(pairs)


def _page(query: Filter, page: Page, lang: str, chosen: Sequence[str]) -> str:
    """The page of a list, with what it is and can be narrowed by, and what is chosen of it for a comparison."""
    generation = current()
    cls = first_class(query.kind)
    narrowed = {
        name: entry.label(lang)[1]
        for name, slug in query.facets.items()
        if (entry := generation.index.value(name, slug))
    }
    facets = facets_of(cls)
    comparable = generation.comparable(query.kind)
    return render_page(
        "list.html",
        lang,
        kind=query.kind,
        page=page,
        query=query,
        narrowed=narrowed,
        names=[name for name, _ in facets],
        facet_names={name: facet.label(lang)[1] for name, facet in facets},
        facets=[(facet, page.facets[name]) for name, facet in facets if page.facets.get(name)],
        date=generation.shapes.date_row(cls),
        cls=class_asked_for(query.kind),
        comparable=comparable,
        sort=request.args.get("sort", ""),
        chosen=labelled(query.kind, chosen, lang) if comparable else [],
        most=MOST_COLUMNS,
        comparison=_comparison([thing.id for thing in page.compare], query.kind) if comparable else "",
        near=() if page.total else _near(query, lang),
        wider=0 if page.total or not _is_narrowed(query) else _total(Filter(query.text, query.kind), lang),
    )


def _is_narrowed(query: Filter) -> bool:
    return bool(query.facets) or query.start is not None or query.end is not None


def _total(query: Filter, lang: str) -> int:
    return current().search(query, lang, most=1).total


def _near(query: Filter, lang: str) -> tuple[Thing, ...]:
    """What may be meant by words that find nothing: names that begin so, with the whole text or one of its words."""
    if _is_narrowed(query) and _total(Filter(query.text, query.kind), lang):
        return ()
    guesses = (
        current().suggest(words, lang, kind=query.kind, most=5) for words in (query.text, *query.text.split()[:5])
    )
    return next(filter(None, guesses), ())


@blueprint.get("/suggest")
def suggest() -> Response:
    """Completions of ``?q=``, at most ``?limit=`` (10; 1 to 50); ``?format=suggestions`` is what browsers ask for.

    The first one is the comparison of what the words name together, where they do ("lasso vs ridge").
    """
    lang = language()
    most = whole_number("limit", 10, 1, 50) or 10
    text = request.args.get("q", "")[:200]
    kind = request.args.get("kind") or current().main_kind
    wanted = request.args.get("format") or best_of(request.headers.get("Accept", ""), _OFFERED)
    browser = wanted == "suggestions"
    form = _SUGGESTIONS if browser else pick(("json",))

    @costly
    def make() -> str:
        things = current().suggest(text, lang, kind=kind, most=most)
        together = current().named_together(text, lang, kind=kind) if current().comparable(kind) else ()
        if browser:
            first = [" vs ".join(thing.label for thing in together)] if together else []
            return json.dumps([text, [*first, *(thing.label for thing in things)][:most]])
        found = [json.suggestion(thing) for thing in things]
        if together:
            found.insert(0, json.comparison_suggestion(together, _compare(together, lang), current().base.value))
        return json.dumps(found[:most])

    return answer(form, lang, make)


def _compare(things: Sequence[Thing], lang: str) -> str:
    """What the comparison of some things is called: ``Compare A, B and C``."""
    names = [thing.label for thing in things]
    listed = f"{', '.join(names[:-1])} {translate(lang, 'and')} {names[-1]}"
    return translate(lang, "Compare {name}", name=listed)
