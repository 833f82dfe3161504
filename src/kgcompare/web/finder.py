"""The finder: from what one wants done, has at hand and may assume to things that fit, ticked and compared."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug import Response as AnyResponse

from kgcompare.catalogue.comparison import MOST_COLUMNS
from kgcompare.catalogue.finder import FinderState, find, finder_of
from kgcompare.formats import json
from kgcompare.web.kept import answer, pick
from kgcompare.web.lists import PAGE, chosen_things, comparison_of_chosen
from kgcompare.web.rendering import labelled, render_page
from kgcompare.web.request import current, language, whole_number
from kgcompare.web.turns import costly

blueprint = Blueprint("finder", __name__)
NOT = "not-"
"""What a parameter begins with whose value is ruled out: ``not-assumption=normal-residuals``."""


@blueprint.get("/find")
@blueprint.get("/find.<suffix>")
def finder(suffix: str = "") -> AnyResponse:
    """What fits the values chosen of each facet, and what else can be chosen; every state is an address.

    Where the catalogue has nothing to choose by there are no steps, and the page says so.
    """
    form = pick(("html", "json"), suffix)
    lang = language()
    facets = [facet.id or "" for facet in finder_of(current()).facets]
    args = request.args
    wanted = {name: args.getlist(name) for name in facets}
    denied = {name: args.getlist(NOT + name) for name in facets}
    most = whole_number("limit", PAGE, 1, 200) or PAGE
    text, after = args.get("q", "").strip()[:200], args.get("after", "")[:200]
    chosen = chosen_things() if form.name == "html" else []
    if args.get("compare") and 0 < len(chosen) <= MOST_COLUMNS:
        return comparison_of_chosen(chosen, current().main_kind)

    @costly
    def make() -> str:
        found = find(current(), wanted, denied, lang, text=text, after=after, most=most)
        return json.finder_json(found) if form.name == "json" else _page(found, text, chosen, lang)

    return answer(form, lang, make)


def _page(found: FinderState, text: str, chosen: list[str], lang: str) -> str:
    """The page of a finder; the step that comes next is open."""
    begun = any(step.chosen or step.denied for step in found.steps)
    following = next((step.id for step in found.steps if not (step.chosen or step.denied)), "")
    return render_page(
        "find.html",
        lang,
        found=found,
        page=found.page,
        text=text,
        begun=begun,
        following=following,
        names=[name for step in found.steps for name in (step.id, NOT + step.id)],
        ruled_out=[step for step in found.steps if step.denied and step.unrecorded],
        chosen=labelled(found.kind, chosen, lang),
        most=MOST_COLUMNS,
    )
