"""The form in which anybody changes a record, or makes one: with a token it is saved, without one it is suggested.

The form is all that there is of an edit: nothing is kept here between two requests. No cookie and no login opens
anything; a token is typed where it is used, and stands in no answer. So there is nothing that a page of another origin
could have a browser do in somebody's name (CSRF). What a stranger sends takes a turn of his and is made into statements
here, which are parsed and judged in processes that are confined, as those of any record that is sent.

Source: RFC 6861 (create-form and edit-form); WCAG 2.2, 3.3.1 to 3.3.4 (errors: where, what, and a look before).
"""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug import Response as AnyResponse
from werkzeug.exceptions import NotFound, RequestEntityTooLarge, UnsupportedMediaType

from kgcompare.errors import DataError, InvalidData, Outdated, Unavailable, UnknownThing
from kgcompare.formats import FORMATS
from kgcompare.ingest.editing import Body, Change, Condition
from kgcompare.ingest.placing import faults_in
from kgcompare.text.languages import translate
from kgcompare.web import records
from kgcompare.web.contact import suggestion_address
from kgcompare.web.downloads import file_name
from kgcompare.web.drafted import RecordForm
from kgcompare.web.forms import filled_in, pressed
from kgcompare.web.gate import BY
from kgcompare.web.kept import answer, pick, unkept
from kgcompare.web.looking import Look, look_at, place_faults
from kgcompare.web.rendering import render_page
from kgcompare.web.request import VARY, current, editable, language, link, root
from kgcompare.web.turns import costly, ordinary
from kgcompare.web.writing import guard, make_change, renew_current

blueprint = Blueprint("edit", __name__)
_MOST_FIELDS = 5_000
"""Fields that a form may be sent with."""
_MOST_SLUG = 200


# -- the form ------------------------------------------------------------------------------------------


@blueprint.get("/<slug:kind>/<slug:slug>/edit")
def shown(kind: str, slug: str) -> Response:
    """The form of a record."""
    _check_editable()
    lang = language()
    state = ordinary(current().state)(kind, slug)

    @ordinary
    def make() -> str:
        return _page(Look(_form_of(kind, slug, lang)))

    return answer(pick(("html",)), lang, make, state=state)


@blueprint.get("/<slug:kind>/new")
def shown_new(kind: str) -> Response:
    """The form of a new record of a kind; a record that is called so itself is at its address all the same."""
    try:
        current().locate(kind, "new")
    except UnknownThing:
        _check_editable()
    else:
        return records.record(kind, "new")
    lang = language()
    new = _new(kind, lang, request.args.get("class", ""))
    return answer(pick(("html",)), lang, lambda: ordinary(_page)(Look(new)))


@blueprint.post("/<slug:kind>/<slug:slug>/edit")
def sent(kind: str, slug: str) -> AnyResponse:
    """What one has filled in: looked at, changed by a button, saved, or given as Turtle."""
    _check_editable()
    lang = language()
    pairs = _pairs()
    return _answered(costly(_form_of)(kind, slug, lang), pairs)


@blueprint.post("/<slug:kind>/new")
def sent_new(kind: str) -> AnyResponse:
    """The same of a new record."""
    _check_editable()
    lang = language()
    pairs = _pairs()
    said = dict(pairs)
    new = _new(kind, lang, said.get("_class", ""))
    new.slug = said.get("_slug", "").strip()[:_MOST_SLUG]
    return _answered(new, pairs)


def _check_editable() -> None:
    if not editable():
        raise NotFound("records of this catalogue are not changed here")


def _form_of(kind: str, name: str, lang: str) -> RecordForm:
    made = RecordForm.of(current(), kind, name, lang)
    if not made.fields:
        raise NotFound("no shape says what this record may have, so that there is no form of it")
    return made


def _new(kind: str, lang: str, cls: str) -> RecordForm:
    classes = current().shapes.classes_of_kind(kind)
    chosen = cls if cls in classes else next(iter(classes), "")
    made = RecordForm(current(), kind, "", chosen, lang)
    if not made.fields:
        raise NotFound(f"there is no kind {kind[:40]!r} of which a record could be made")
    return made


def _pairs() -> list[tuple[str, str]]:
    """The names and values of the form that is sent.

    :raises UnsupportedMediaType: if it is none.
    :raises RequestEntityTooLarge: if it has too many.
    """
    if request.mimetype != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("this address takes its form alone: application/x-www-form-urlencoded")
    if request.get_data(parse_form_data=False).count(b"&") >= _MOST_FIELDS:
        raise RequestEntityTooLarge(f"a form may have {_MOST_FIELDS:,} fields here")
    return list(request.form.items(multi=True))


# -- what is sent --------------------------------------------------------------------------------------


def _answered(form: RecordForm, pairs: list[tuple[str, str]]) -> AnyResponse:
    """The answer to a form that is filled in."""
    said = dict(pairs)
    form.draft = filled_in(pairs, form.fields)
    for one in form.fields:
        if one.id in form.shown and f"{one.id}._was" not in said:  # the form that was sent has no such field
            form.draft[one.id] = form.shown[one.id]
    command = said.get("do", "")
    look = Look(form)
    focus = pressed(command, form.fields, form.draft, form.lang)
    if focus is not None:
        look.focus = focus
        form.state = said.get("_state", "")
        return _shown(look)
    if form.exists and said.get("_state", "") != form.state:
        form.merge()
        look.conflict, look.status = True, 409
    look_at(look)
    if look.ready and command == "turtle":
        return _download(look)
    if look.ready and command == "save" and not look.conflict:
        if said.get("_seen", "") != form.digest():
            look.notice = translate(form.lang, "This is not what you have looked at. Look at it again, then save it.")
        elif (saved := _saved(look, said.get("token", "").strip())) is not None:
            return saved
    return _shown(look)


def _saved(look: Look, token: str) -> AnyResponse | None:
    """Leads to the record when it is saved; None if it is not, which the form says why."""
    form = look.form
    who = guard().who(token)
    if not who:
        if who is None:
            why = translate(form.lang, "The time of this token is over; ask for another one.")
        elif token:
            why = translate(form.lang, "This is no token that may write here.")
        else:
            why = translate(form.lang, "Saving needs a token.")
        look.token_faults, look.status = [why], 403
        return None
    request.environ[BY] = who
    condition = Condition(frozenset({form.state}), there=True) if form.exists else Condition(new=True)
    try:
        make_change(Change("put", form.record, Body(look.turtle.encode(), "ttl"), condition))
    except InvalidData as fault:
        place_faults(look, fault.report.faults)
        look.status, look.ready = 422, False
    except Outdated:
        return _again(look)
    except (DataError, Unavailable) as fault:
        look.status, look.failed = 503, str(fault)
    else:
        return redirect(link("records.record", kind=form.kind, name=form.slug) + "#saved", 303)
    return None


def _again(look: Look) -> AnyResponse:
    """The page of a form whose record somebody else has changed, or made, at the last moment."""
    before = look.form
    if not before.exists:
        look.slug_faults, look.status = [translate(before.lang, "There is a record at this address already.")], 422
        look.ready = False
        return _shown(look)
    renew_current()
    fresh = _form_of(before.kind, before.slug, before.lang)
    fresh.draft = before.draft
    fresh.merge()
    again = Look(fresh, 409, conflict=True)
    look_at(again)
    return _shown(again)


def _download(look: Look) -> Response:
    response = Response(look.turtle, content_type=FORMATS["ttl"].content_type)
    name = file_name([look.form.slug], FORMATS["ttl"])
    response.headers.update(
        {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache", "Vary": VARY}
    )
    return response


# -- the page ------------------------------------------------------------------------------------------


def _shown(look: Look) -> Response:
    return unkept(ordinary(_page)(look), look.status, look.form.lang)


def _page(look: Look) -> str:
    """The page of a form: what was found, what would change and where to go with it, and the fields."""
    form = look.form
    seen, name = form.digest(), form.name()
    form.with_room()
    path = f"/{form.kind}/{form.slug}"
    return render_page(
        "edit.html",
        form.lang,
        kind=form.kind if current().comparable(form.kind) else "",
        form=form,
        look=look,
        name=name,
        seen=seen,
        faults=list(faults_in(form.draft, form.fields)),
        writing=guard().is_on(),
        suggestion=suggestion_address(form.lang, name, form.record, root() + path, look.changes, look.turtle)
        if look.ready and look.changes
        else "",
    )
