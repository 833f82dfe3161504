"""A form as a browser sends it: its fields, and the button that was pressed.

A field is called ``ID.N``: the id of the field of the shape and the place of the value; ``ID.N._lang`` and its like say
more of the value, ``ID.N.PART.M`` is a field of a structure. Values stand in the order in which they are sent, so that
what scripts move need not be numbered anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kgcompare.errors import UsageError
from kgcompare.ingest.drafts import Draft, Filled, FormValue
from kgcompare.ingest.fields import Field

_DEEPEST = 8
"""Parts of a field's name."""
_MOST_STRUCTURES = 200
"""Structures in a field."""


@dataclass(slots=True)
class _Branch:
    """What is sent below the beginning of a name."""

    text: str = ""
    below: dict[str, _Branch] = field(default_factory=dict)

    def said(self, name: str) -> str:
        return self.below[name].text if name in self.below else ""


def filled_in(pairs: Iterable[tuple[str, str]], fields: Iterable[Field]) -> Draft:
    """What is filled in, of the names and values that a browser sends; those of no field are left out.

    :raises UsageError: if a field has far too many structures.
    """
    root = _Branch()
    for name, value in pairs:
        parts = name.split(".")
        at = root
        for part in parts if len(parts) <= _DEEPEST else ():
            at = at.below.setdefault(part, _Branch())
        if at is not root:
            at.text = value
    return _draft(root, fields)


def _draft(branch: _Branch, fields: Iterable[Field]) -> Draft:
    draft = {}
    for one in fields:
        held = branch.below.get(one.id, _Branch())
        values = [(at, below) for at, below in held.below.items() if at.isdecimal()]
        if one.parts and len(values) > _MOST_STRUCTURES:
            raise UsageError(f"a field may have {_MOST_STRUCTURES} structures, and {one.id} has {len(values)}")
        draft[one.id] = Filled([_entry(below, at, one) for at, below in values], was=held.said("_was"))
    return draft


def _entry(branch: _Branch, at: str, one: Field) -> FormValue:
    by = branch.said("_by") if branch.said("_by") in one.predicates else one.predicates[-1]
    return FormValue(
        branch.text,
        branch.said("_lang"),
        by if len(one.predicates) > 1 else "",
        branch.said("_thing"),
        branch.said("_was"),
        branch.said("_node"),
        _draft(branch, one.parts),
        at,
    )


# -- buttons that change the form ----------------------------------------------------------------------


def pressed(command: str, fields: Iterable[Field], draft: Draft, lang: str) -> str | None:
    """Does what a button says to a draft: ``add FIELD``, ``remove VALUE``, ``up VALUE`` or ``down VALUE``.

    Gives the name of what the focus goes to, by the places that values have now; None where it is no such button.
    """
    verb, _, name = command.partition(" ")
    *above, last = name.split(".")
    if verb == "add":
        above, last = name.split("."), ""
    if verb not in {"add", "remove", "up", "down"} or len(above) % 2 == 0 or len(above) > _DEEPEST:
        return None
    found = _field(above, list(fields), draft)
    if found is None:
        return None
    one, filled, way = found
    entries = filled.entries
    if verb == "add":
        tag = lang if one.worded and not one.once else ""
        entries.append(FormValue(lang=tag, by=one.predicates[-1] if len(one.predicates) > 1 else ""))
        return f"{way}.{len(entries) - 1}"
    place = next((place for place, entry in enumerate(entries) if entry.at == last), None)
    if place is None:
        return None
    entry = entries.pop(place)
    if verb == "remove":
        return f"{way}.{max(0, place - 1)}" if entries else f"{way}.add"
    place = max(0, place - 1) if verb == "up" else min(len(entries), place + 1)
    entries.insert(place, entry)
    return f"{way}.{place}.{verb}"


def _field(above: list[str], fields: list[Field], draft: Draft) -> tuple[Field, Filled, str] | None:
    """The field of a name, what stands in it, and its name by the places that values have now."""
    one = next((one for one in fields if one.id == above[0]), None)
    if one is None:
        return None
    filled = draft.setdefault(one.id, Filled())
    if len(above) == 1:
        return one, filled, one.id
    for place, entry in enumerate(filled.entries):
        if entry.at == above[1]:
            below = _field(above[2:], list(one.parts), entry.parts)
            return below and (below[0], below[1], f"{one.id}.{place}.{below[2]}")
    return None
