"""Lists of things and completions: search and browse."""

from __future__ import annotations

from flask import Blueprint, Response, request

from kgcompare.formats import Format, json
from kgcompare.search import Filter
from kgcompare.web.kept import answer, pick
from kgcompare.web.negotiation import best_of, media_types_of
from kgcompare.web.rendering import render
from kgcompare.web.request import current, language, whole_number

blueprint = Blueprint("lists", __name__)
PAGE = 50
"""Things of a page of a list."""
_SUGGESTIONS = Format("suggestions", "OpenSearch Suggestions", "application/x-suggestions+json")
"""Source: OpenSearch Suggestions 1.0."""
_OFFERED = (*media_types_of(("json",)), (_SUGGESTIONS.name, (_SUGGESTIONS.media_type,)))


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
        whole_number("from", None, -9999, 9999),
        whole_number("to", None, -9999, 9999),
    )
    most = whole_number("limit", PAGE, 1, 200) or PAGE

    def make() -> str:
        page = current().search(
            query, lang, sort=args.get("sort", ""), after=args.get("after", "")[:200], most=most, facets=True
        )
        if form.name == "json":
            return json.page_json(page)
        chosen = {
            name: entry.label(lang)[1] for name, slug in facets.items() if (entry := current().index.find(name, slug))
        }
        guesses = [] if page.total else [current().suggest(word, lang, most=5) for word in query.text.split()[:5]]
        near = next(filter(None, guesses), ())
        return render("methods.html", lang, page=page, query=query, chosen=chosen, sort=args.get("sort", ""), near=near)

    return answer(form, lang, make)


@blueprint.get("/suggest")
def suggest() -> Response:
    """Completions of ``?q=``, at most ``?limit=`` (10; 1 to 50); ``?format=suggestions`` is what browsers ask for."""
    lang = language()
    most = whole_number("limit", 10, 1, 50) or 10
    text = request.args.get("q", "")[:200]
    kind = request.args.get("kind", "method")
    wanted = request.args.get("format") or best_of(request.headers.get("Accept", ""), _OFFERED)
    browser = wanted == "suggestions"
    form = _SUGGESTIONS if browser else pick(("json",))

    def make() -> str:
        things = current().suggest(text, lang, kind=kind, most=most)
        if browser:
            return json.dumps([text, [thing.label for thing in things]])
        return json.dumps([json.suggestion(thing) for thing in things])

    return answer(form, lang, make)
