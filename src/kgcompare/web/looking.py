"""A look at a form before it is saved: what is wrong, at which field, and what would change."""

from __future__ import annotations

from dataclasses import dataclass, field

from kgcompare.catalogue.edited import Difference
from kgcompare.errors import DataError, Fault, InvalidData, Unavailable
from kgcompare.ingest.editing import Body, Change
from kgcompare.ingest.placing import faults_in, placed
from kgcompare.rdf.namespaces import is_slug, slugify
from kgcompare.text.languages import best, translate
from kgcompare.web.drafted import RecordForm
from kgcompare.web.turns import costly, ordinary
from kgcompare.web.writing import check_change


@dataclass
class Look:
    """What a page says of a form: its status, and what was found.

    ``changes`` is None unless one has looked; ``ready`` says that it can be saved or suggested then. ``others`` and
    ``warnings`` are what stands at no field, ``stale`` counts statements about facts that go with these. ``focus``
    names what the focus goes to; ``failed`` is what went wrong on our side, in English.
    """

    form: RecordForm
    status: int = 200
    focus: str = ""
    notice: str = ""
    failed: str = ""
    conflict: bool = False
    changes: list[Difference] | None = None
    ready: bool = False
    turtle: str = ""
    stale: int = 0
    others: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    slug_faults: list[str] = field(default_factory=list)
    token_faults: list[str] = field(default_factory=list)


def look_at(look: Look) -> None:
    """Has a form looked at: what is wrong, and what would change."""
    form = look.form
    if not form.exists:
        form.slug = form.slug or (slugify(name) if (name := form.name()) else "")
        look.slug_faults = _faults_of_slug(form)
    graph, look.stale = costly(form.written)()
    look.changes = ordinary(form.changes)(graph)
    look.turtle = form.turtle(graph)
    _judge(look)
    wrong = look.others or look.slug_faults or any(True for _ in faults_in(form.draft, form.fields))
    if wrong:
        look.status = 422
    look.ready = not wrong and bool(look.changes) and look.status in {200, 409}


def _faults_of_slug(form: RecordForm) -> list[str]:
    if not form.slug:
        return [translate(form.lang, "Give it a name, of which its address can be made.")]
    if not is_slug(form.slug):
        return [
            translate(form.lang, "Use lower-case letters without accents, digits and hyphens, as in ridge-regression.")
        ]
    if form.generation.state(form.kind, form.slug):
        return [translate(form.lang, "There is a record at this address already.")]
    return []


def _judge(look: Look) -> None:
    """Has the shapes judge what a form says, and its fields say what they find."""
    form = look.form
    try:
        found = check_change(Change("check", form.record, Body(look.turtle.encode(), "ttl"))).report.faults
    except InvalidData as fault:
        found = fault.report.faults
    except (DataError, Unavailable) as fault:
        look.status, look.failed = 503, str(fault)
        return
    place_faults(look, found)


def place_faults(look: Look, found: tuple[Fault, ...]) -> None:
    """Has the fields of a form say what is wrong with them, and the page the rest."""
    form = look.form
    grave = [fault for fault in found if fault.severity == "violation"]
    look.others += [_said(form, one) for one in placed(grave, form.record, form.fields, form.draft, form.lang)]
    look.warnings += [_said(form, fault) for fault in found if fault.severity != "violation"]


def _said(form: RecordForm, fault: Fault) -> str:
    """What a fault says that stands at no field: with the name of the row, or of the other record that it is about."""
    about = fault.focus_node or form.record
    if about == form.record:
        name = form.label(fault.path) if fault.path and ":" in fault.path and " " not in fault.path else ""
    else:
        name = (best(form.generation.index.names([about])[about], form.lang) or ("", about))[1]
    return translate(form.lang, "{facet}: {value}", facet=name, value=fault.message) if name else fault.message
