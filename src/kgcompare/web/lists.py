"""Lists of things and completions: search and browse."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from kgcompare.formats import Format, json
from kgcompare.model import Page
from kgcompare.search import Filter
from kgcompare.web.kept import answer, pick
from kgcompare.web.negotiation import best_of, media_types_of
from kgcompare.web.rendering import class_asked_for, facets_of, first_class, render_page
from kgcompare.web.request import current, language, list_path, whole_number
from kgcompare.web.turns import costly

blueprint = Blueprint("lists", __name__)
PAGE = 50
"""Things of a page of a list."""
_SUGGESTIONS = Format("suggestions", "OpenSearch Suggestions", "application/x-suggestions+json")
"""Source: OpenSearch Suggestions 1.0."""
_OFFERED = (*media_types_of(("json",)), (_SUGGESTIONS.name, (_SUGGESTIONS.media_type,)))


@blueprint.get("/methods", defaults={"plural": "methods"})
@blueprint.get("/methods.<suffix>", defaults={"plural": "methods"})
@blueprint.get("/<plural>")
@blueprint.get("/<plural>.<suffix>")
def listing(plural: str, suffix: str = "") -> Response:
    """Search and browse things of a kind, at what several of them are called in English.

    :raises NotFound: if no kind is called so.
    """
    kind = next((kind for kind in current().shapes.kinds if list_path(kind) == f"/{plural}"), None)
    if kind is None:
        raise NotFound
    form = pick(("html", "json"), suffix)
    lang = language()
    names = [name for name, _ in facets_of(first_class(kind))]
    args = request.args
    query = Filter(
        args.get("q", "").strip()[:200],
        kind,
        {name: args[name] for name in names if args.get(name)},
        whole_number("from", None, -9999, 9999),
        whole_number("to", None, -9999, 9999),
    )
    most = whole_number("limit", PAGE, 1, 200) or PAGE

    @costly
    def make() -> str:
        page = current().search(
            query, lang, sort=args.get("sort", ""), after=args.get("after", "")[:200], most=most, facets=True
        )
        return json.page_json(page) if form.name == "json" else _page(query, page, lang)

    return answer(form, lang, make)


def _page(query: Filter, page: Page, lang: str) -> str:
    """The page of a list, with what it is and can be narrowed by."""
    generation = current()
    cls = first_class(query.kind)
    chosen = {
        name: entry.label(lang)[1]
        for name, slug in query.facets.items()
        if (entry := generation.index.value(name, slug))
    }
    words = [] if page.total else query.text.split()[:5]
    guesses = (generation.suggest(word, lang, kind=query.kind, most=5) for word in words)
    facets = facets_of(cls)
    return render_page(
        "list.html",
        lang,
        kind=query.kind,
        page=page,
        query=query,
        chosen=chosen,
        names=[name for name, _ in facets],
        facets=[(facet, page.facets[name]) for name, facet in facets if page.facets.get(name)],
        date=generation.shapes.date_row(cls),
        cls=class_asked_for(query.kind),
        comparable=generation.comparable(query.kind),
        sort=request.args.get("sort", ""),
        near=next(filter(None, guesses), ()),
    )


@blueprint.get("/suggest")
def suggest() -> Response:
    """Completions of ``?q=``, at most ``?limit=`` (10; 1 to 50); ``?format=suggestions`` is what browsers ask for."""
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
        if browser:
            return json.dumps([text, [thing.label for thing in things]])
        return json.dumps([json.suggestion(thing) for thing in things])

    return answer(form, lang, make)
