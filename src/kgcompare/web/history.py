"""What was changed, by whom and how: of a record, of the catalogue, and as a feed.

Source: RFC 4287 (Atom); RFC 7089, section 5 (TimeMaps).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from kgcompare.catalogue.differences import story_of
from kgcompare.catalogue.past import history_of
from kgcompare.errors import UnknownThing
from kgcompare.formats import Format
from kgcompare.formats import history as formats
from kgcompare.rdf.namespaces import is_slug
from kgcompare.store.history import Logged
from kgcompare.text.languages import speaks, translate
from kgcompare.web import memento
from kgcompare.web.kept import answer, pick
from kgcompare.web.rendering import render_page
from kgcompare.web.request import current, language, own_words, root, whole_number
from kgcompare.web.turns import costly

blueprint = Blueprint("history", __name__)
_ATOM = Format("atom", "Atom", "application/atom+xml; charset=utf-8")
_LINKS = Format("links", "TimeMap", memento.LINKS)
_PAGE = 20
"""Changes on a page."""
_ENTRIES = 50
"""Changes in the feed."""
_SHOWN = 100
"""Records that a page names of one change."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A change as its page shows it: with (kind, slug, name, what was done) of the records that it was about, and how
    many more there are."""

    logged: Logged
    records: tuple[tuple[str, str, str, str], ...]
    more: int


@blueprint.get("/<kind>/<name>/history")
@blueprint.get("/<kind>/<name>/history.<suffix>")
def record(kind: str, name: str, suffix: str = "") -> Response:
    """What was changed of a record, statement by statement, by whom and from which file."""
    form = pick(("html", "json"), suffix)
    lang, before = language(), _before()
    story = costly(story_of)(current(), kind, name, lang, most=_PAGE, before=before)

    def make() -> str:
        if form.name == "json":
            return formats.story_json(story)
        comparable = kind if current().comparable(kind) else ""
        return render_page(
            "history.html",
            lang,
            kind=comparable,
            story=story,
            of_kind=kind,
            slug=name,
            what=formats.WHAT,
            done=formats.DONE,
        )

    return answer(form, lang, make)


@blueprint.get("/<kind>/<name>/timemap")
def timemap(kind: str, name: str) -> Response:
    """The states of a record that can be asked for, for programs."""
    return answer(_LINKS, None, lambda: memento.time_map(kind, name))


@blueprint.get("/changes")
@blueprint.get("/changes.<suffix>")
def changes(suffix: str = "") -> Response:
    """What was changed in the catalogue, the newest first."""
    form = pick(("html", "json"), suffix)
    before = _before()
    return _answer(form, history_of(current()).changes(most=_PAGE + 1, before=before))


@blueprint.get("/changes/<generation>")
def change(generation: str) -> Response:
    """One change: the one that made a generation."""
    form = pick(("html", "json"))
    history = history_of(current())
    found = next(iter(history.named(generation)), None)
    if found is None:
        raise UnknownThing(f"there is no change {generation[:60]!r} in the history", (generation,))
    return _answer(form, [found], one=True)


@blueprint.get("/changes.atom")
def feed() -> Response:
    """The newest changes as a feed, for readers of feeds."""
    lang = speaks(language())

    def make() -> str:
        name, title = own_words(lang).name[1], translate(lang, "Changes of the catalogue")
        newest = history_of(current()).changes(most=_ENTRIES)
        return formats.atom(newest, current().base, root(), (f"{name} – {title}", name), lang)

    return answer(_ATOM, lang, make)


def _answer(form: Format, found: list[Logged], *, one: bool = False) -> Response:
    lang, history = language(), history_of(current())
    shown = found[:_PAGE]

    def make() -> str:
        if form.name == "json":
            return formats.log_json(shown, {logged.number: history.documents(logged) for logged in shown})
        return render_page(
            "changes.html",
            lang,
            changes=[_listed(logged, lang, _SHOWN if one else 5) for logged in shown],
            more=shown[-1].number if len(found) > _PAGE else 0,
            one=one,
            what_done=formats.what_done,
            done=formats.DONE,
        )

    return answer(form, lang, make)


def _listed(logged: Logged, lang: str, most: int) -> _Listed:
    """A change, with the names of the first records that it was about."""
    generation = current()
    total = logged.added + logged.replaced + logged.removed
    prefix = generation.base.value + "doc/"
    named = []
    for document, done in history_of(generation).documents(logged, most):
        kind, _, slug = document.removeprefix(prefix).partition("/")
        if document.startswith(prefix) and is_slug(kind) and is_slug(slug):
            named.append((kind, slug, generation.base.record(kind, slug), done))
    reader = generation.reader(lang, generation.descriptions.things({iri for _, _, iri, _ in named}))
    records = tuple((kind, slug, reader.label(iri)[1], done) for kind, slug, iri, done in named)
    return _Listed(logged, records, max(0, total - len(records)) if records else 0)


def _before() -> int:
    return whole_number("before", 0, 1, 10**15) or 0
