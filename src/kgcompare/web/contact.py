"""Reports of mistakes: where one is written, with the record, the row and what stands there filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kgcompare.catalogue.edited import Difference
from kgcompare.model import Thing
from kgcompare.rdf.contact import contact_address
from kgcompare.text.languages import translate
from kgcompare.web.request import contact, link

_LONGEST = 200
"""Characters of a value that a report repeats: addresses have to stay short."""
_MOST_MAIL, _MOST_WEB = 1_900, 7_000
"""Characters of an address that programs for mail and servers of issues take."""


def report_address(lang: str, page: str, things: Sequence[Thing] = (), row: str = "", value: str = "") -> str:
    """Where a mistake is told, in a language: on a *page*, in *things*, in a *row* of one of them, in its *value*.

    Empty where the catalogue names nobody.
    """
    if not contact():
        return ""
    value = value if len(value) <= _LONGEST else value[:_LONGEST].rstrip() + "…"
    names = " · ".join(thing.label for thing in things)
    iris = " ".join(thing.iri for thing in things)
    if names and row:
        title = translate(lang, "Mistake in {name}: {row}", name=names, row=row)
    elif names:
        title = translate(lang, "Mistake in {name}", name=names)
    else:
        title = translate(lang, "Mistake in the catalogue")
    said = (
        (translate(lang, "Identifier"), iris),
        (translate(lang, "Row"), row),
        (translate(lang, "Value"), value),
        (translate(lang, "Page"), page),
    )
    about = [translate(lang, "{facet}: {value}", facet=name, value=text) for name, text in said if text]
    body = "\n".join([translate(lang, "What is wrong, and where can one see that?"), "", "", *about, ""])
    values: Mapping[str, str] = {"iri": iris, "row": row, "value": value, "address": page, "title": title, "body": body}
    return contact_address(contact(), values)


def suggestion_address(lang: str, name: str, thing: str, page: str, changes: Sequence[Difference], turtle: str) -> str:
    """Where a change of a *thing*, which is called so and has this *page*, is suggested: with what would change, and
    with the record as Turtle where an address has room for it. Empty where the catalogue names nobody."""
    if not contact():
        return ""
    title = translate(lang, "Suggested change to {name}", name=name)
    lines = [
        f"{one.label}:\n" + "\n".join([f"- {v.text}" for v in one.gone] + [f"+ {v.text}" for v in one.new])
        for one in changes
    ]
    about = [
        translate(lang, "{facet}: {value}", facet=translate(lang, "Identifier"), value=thing),
        page,
        "",
        *lines,
        "",
    ]
    most = _MOST_MAIL if contact().startswith("mailto:") else _MOST_WEB
    values = {"iri": thing, "row": "", "value": "", "address": page, "title": title}
    shortened = translate(lang, "(The record as Turtle follows here: paste what you have copied.)")
    for body in ("\n".join([*about, turtle]), "\n".join([*about, shortened]), "\n".join([*about[:2], "", shortened])):
        address = contact_address(contact(), {**values, "body": body})
        if len(address) <= most:
            return address
    return contact_address(contact(), {**values, "body": shortened})


def cell_address(thing: Thing, row: str) -> str:
    """The address, here, that leads to where a mistake in a row of a thing is told; empty where nobody is named."""
    if not contact():
        return ""
    return link("records.mistake", thing=thing.path.strip("/"), row=row)
