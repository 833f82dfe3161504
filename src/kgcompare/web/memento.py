"""Records and comparisons as they were: ``?at=``, and the date that a request asks for by its headers.

The address of a record, and of a comparison, is its own TimeGate, by redirection. A memento is the same address with
the generation that it is of.

Source: RFC 7089, sections 2 (headers), 4.1.1 (pattern 1.1) and 5 (TimeMaps); RFC 6690 (application/link-format).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug import Response as AnyResponse
from werkzeug.http import http_date, parse_date

from kgcompare.catalogue.differences import thing_at
from kgcompare.catalogue.past import generation_at, history_of
from kgcompare.errors import UnknownThing, UsageError
from kgcompare.store.history import Logged
from kgcompare.text import dates
from kgcompare.web.request import LOGGED, NEWEST, TRAVELLING, current, has_current, link, root, set_current, varies
from kgcompare.web.turns import costly

if TYPE_CHECKING:
    from kgcompare.catalogue.generation import Generation

LINKS = "application/link-format"


def travel() -> AnyResponse | None:
    """Has a request that asks for the past be answered from there, or be led there.

    :raises UnknownThing: if there is nothing of that time.
    :raises UsageError: for a date that is none.
    """
    if request.endpoint not in TRAVELLING or request.method not in {"GET", "HEAD"}:
        return None
    at = request.args.get("at", "").strip()
    if at:
        newest = current()
        logged, past = costly(generation_at)(newest, at)
        setattr(g, NEWEST, newest)
        setattr(g, LOGGED, logged)
        set_current(past)
        return None
    wanted = request.headers.get("Accept-Datetime", "")
    if not wanted or not current().keeps_history:
        return None
    moment = parse_date(wanted)
    if moment is None:
        raise UsageError(f"Accept-Datetime has no date: {wanted[:60]!r}; write one as in {http_date(0)}")
    logged = _nearest(moment)
    refused = _refusal(logged)
    if refused is not None:
        return refused
    target = _memento(request.script_root + request.path, logged)
    response = redirect(target, 302)
    response.headers["Vary"] = varies()
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Link"] = ", ".join(_around(None))
    return response


def _refusal(logged: Logged) -> AnyResponse | None:
    """The answer that there is at a time already, if it is a refusal: nobody is led to one.

    :raises KgcompareError: as what is asked does, and as :func:`generation_at` does.
    """
    now = current()
    setattr(g, NEWEST, now)
    setattr(g, LOGGED, logged)
    set_current(costly(generation_at)(now, logged.generation)[1])
    view = current_app.view_functions[str(request.endpoint)]
    there = cast("AnyResponse", view(**(request.view_args or {})))
    if there.status_code >= 400:
        return there
    there.close()
    set_current(now)
    for name in (NEWEST, LOGGED):
        g.pop(name)
    return None


def _nearest(moment: datetime) -> Logged:
    """The change that made what was there at a moment; the first one for a moment before."""
    history = history_of(current())
    try:
        return history.at((moment.astimezone(UTC)).isoformat())
    except UnknownThing:
        return history.first()


def then() -> Logged | None:
    """The change that made what this request is answered from, where it asks for the past; None where it does not."""
    found = g.get(LOGGED)
    return found if isinstance(found, Logged) else None


def newest() -> Generation:
    """The newest generation, from which a request is answered unless it asks for the past."""
    return cast("Generation", g.get(NEWEST) or current())


def say_when(response: Response) -> None:
    """Adds to an answer that shows the past when that was, and where else it is."""
    logged = then()
    if logged is None or response.status_code not in {200, 304}:
        return
    response.headers["Memento-Datetime"] = http_date(_version(logged).time)
    response.headers["Link"] = ", ".join(_around(logged))
    response.headers["X-Robots-Tag"] = "noindex"


def _version(logged: Logged) -> Logged:
    """The change of the record itself that is shown in what another one made."""
    if request.endpoint != "records.record":
        return logged
    return max((one for one in _steps() if one.number <= logged.number), key=lambda one: one.number, default=logged)


def _steps() -> list[Logged]:
    """The changes of the record that is asked for, the newest first; the first that is known where none made it."""
    generation = newest()
    arguments = request.view_args or {}
    kind, name = arguments.get("kind", ""), arguments.get("slug", arguments.get("name", "")).partition(".")[0]
    history = history_of(generation)
    thing, _ = thing_at(generation, kind, name)
    steps = [logged for logged, _ in history.steps(generation.base.document(thing), most=10_000)]
    if not (steps and steps[-1].done == "added"):
        first = history.first()
        steps = [*(step for step in steps if step.number > first.number), first]
    return steps


def _memento(path: str, logged: Logged) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "at"]
    return quote(path) + "?" + urlencode([*kept, ("at", logged.generation)])


def _around(logged: Logged | None) -> list[str]:
    """The links of an address to what it was at other times."""
    here = root().removesuffix(request.script_root) + request.script_root + quote(request.path)
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "at"]
    original = here + ("?" + urlencode(kept) if kept else "")
    links = [f'<{original}>; rel="original timegate"']
    if request.endpoint == "records.record":
        arguments = request.view_args or {}
        slug = arguments.get("name", "").partition(".")[0]
        at = url_for("history.timemap", kind=arguments.get("kind", ""), slug=slug)
        links.append(f'<{root()}{at[len(request.script_root) :]}>; rel="timemap"; type="{LINKS}"')
    if logged is not None:
        links += _mementos(original, _version(logged))
    return links


def _mementos(original: str, shown: Logged) -> list[str]:
    """The links to a memento, and to the first, the last and its neighbours where a record has them."""
    if request.endpoint != "records.record":
        return [_listed(original, shown, ["memento"])]
    steps = _steps()[::-1]
    place = next((at for at, step in enumerate(steps) if step.number == shown.number), 0)
    relations: dict[int, list[str]] = {}
    for at, relation in ((0, "first"), (len(steps) - 1, "last"), (place - 1, "prev"), (place + 1, "next")):
        if 0 <= at < len(steps):
            relations.setdefault(at, []).append(relation)
    relations.setdefault(place, [])
    return [_listed(original, steps[at], [*named, "memento"]) for at, named in sorted(relations.items())]


def _listed(original: str, logged: Logged, relations: list[str]) -> str:
    mark = "&" if "?" in original else "?"
    return f'<{original}{mark}at={logged.generation}>; rel="{" ".join(relations)}"; datetime="{http_date(logged.time)}"'


def time_map(kind: str, slug: str) -> str:
    """The TimeMap of a record: every state of it that can be shown, the oldest first.

    :raises UnknownThing: if there is and was none.
    """
    thing, there = thing_at(current(), kind, slug)
    if not there and not history_of(current()).steps(current().base.document(thing), most=1):
        raise UnknownThing(f"there is and was no {kind} {slug[:80]!r} in the catalogue", (slug,))
    steps = [step for step in _steps()[::-1] if step.done != "removed"]
    original = root() + url_for("records.record", kind=kind, name=slug)[len(request.script_root) :]
    here = root() + url_for("history.timemap", kind=kind, slug=slug)[len(request.script_root) :]
    span = f'from="{http_date(steps[0].time)}"; until="{http_date(steps[-1].time)}"'
    lines = [
        f'<{original}>; rel="original timegate"',
        f'<{here}>; rel="self"; type="{LINKS}"; {span}',
        *(_listed(original, step, [*_ends(at, len(steps)), "memento"]) for at, step in enumerate(steps)),
    ]
    return ",\n".join(lines) + "\n"


def _ends(at: int, count: int) -> list[str]:
    return [relation for relation, place in (("first", 0), ("last", count - 1)) if at == place]


def equip(app: Flask) -> None:
    """Gives every template of the application what it says of the past with."""
    app.jinja_env.globals.update(
        keeps_history=lambda: has_current() and newest().keeps_history, moment=dates.moment, then=then
    )


def links_of_time(kind: str, slug: str) -> list[tuple[str, str, str]]:
    """The links of a record that is shown as it is now to what it was; none where no history is kept."""
    if not current().keeps_history:
        return []
    original = request.script_root + f"/{kind}/{slug}"
    return [
        (original, "original timegate", ""),
        (link("history.timemap", kind=kind, slug=slug, lang=None), "timemap", LINKS),
    ]
