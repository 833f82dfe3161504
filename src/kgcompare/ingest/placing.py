"""Which field of a form a fault is about: by its path, and by its value where a field has several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from kgcompare.errors import Fault
from kgcompare.ingest.drafts import Draft, Filled, FormValue, stored_text
from kgcompare.ingest.fields import Field
from kgcompare.rdf.graph import Term
from kgcompare.rdf.terms import RDF_FIRST, RDF_REST
from kgcompare.text.languages import best, translate

_STEPS = re.compile(r"[^\s|/^*?]\S*")
_OF_SHACL, _OF_NODE = "ConstraintComponent", "NodeConstraintComponent"


def placed(faults: Iterable[Fault], record: str, fields: Sequence[Field], draft: Draft, lang: str) -> list[Fault]:
    """Has the fields say what is wrong with them, in *lang* where their shapes do; gives the faults of no field."""
    left = []
    for fault in faults:
        steps = [step.rstrip("*?") for step in _STEPS.findall((fault.path or "").replace(" / ", " "))]
        steps = [step for step in steps if step not in {RDF_REST, RDF_FIRST}]
        if fault.focus_node not in {record, None} or not steps or not _place(fault, steps, fields, draft, lang):
            left.append(fault)
    return left


def _place(fault: Fault, steps: Sequence[str], fields: Sequence[Field], draft: Draft, lang: str) -> bool:
    meant = [one for one in fields if set(one.predicates) & {steps[0]}]
    meant = meant or [one for one in fields if set(one.predicates) & set(steps)]
    for one in meant:
        filled = draft.setdefault(one.id, Filled())
        if any(entry.faults for entry in filled.entries) and fault.value is None:
            return True  # what could not be read is left out, and is not what lacks
        if one.parts and len(steps) > 1 and _within(fault, steps[1:], one, filled, lang):
            return True
        if one.parts and (fault.constraint or "").endswith(_OF_NODE) and _lacking(one, filled, lang):
            return True
        told = _told(one, fault, lang)
        about = [entry for entry in filled.entries if fault.value is not None and _is(entry, fault.value)]
        for said in [entry.faults for entry in about] or [filled.faults]:
            if told not in said:
                said.append(told)
        return True
    return False


def _within(fault: Fault, steps: Sequence[str], one: Field, filled: Filled, lang: str) -> bool:
    """Places a fault in one of several structures: that which has the value, or where none stands."""
    part = next((part for part in one.parts if steps[0] in part.predicates), None)
    if part is None:
        return False
    there = [(entry, entry.parts.get(part.id, Filled()).entries) for entry in filled.entries if not entry.empty]
    if fault.value is not None:
        fitting = [entry for entry, held in there if any(_is(other, fault.value) for other in held)]
    else:
        fitting = [entry for entry, held in there if not any(not other.empty for other in held)]
    done = [_place(fault, steps, one.parts, entry.parts, lang) for entry in fitting]
    return any(done)


def _lacking(one: Field, filled: Filled, lang: str) -> bool:
    """Tells the parts of structures that have to be there and are not, of which a shape says no more than that it does
    not fit."""
    lacking = [
        part_filled
        for entry in filled.entries
        if not entry.empty
        for part in one.parts
        for part_filled in [entry.parts.setdefault(part.id, Filled())]
        if part.required and all(other.empty for other in part_filled.entries)
    ]
    for part_filled in lacking:
        part_filled.faults.append(translate(lang, "Something has to stand here."))
    return bool(lacking)


def _is(entry: FormValue, value: str) -> bool:
    term: Term | None = entry.term
    known = {entry.thing, stored_text(entry.text), getattr(term, "value", "")} - {""}
    return value in known and not entry.node


def _told(one: Field, fault: Fault, lang: str) -> str:
    """What a fault says: in the words of the shape where it is not SHACL that found it."""
    of_shape = best(one.messages, lang)
    return of_shape[1] if of_shape and not (fault.constraint or "").endswith(_OF_SHACL) else fault.message


def faults_in(draft: Draft, fields: Iterable[Field], above: str = "") -> Iterator[tuple[str, Field, str]]:
    """Everything that is wrong: the name of the field or value, by the places that values have now, and what it is."""
    for one in fields:
        filled = draft.get(one.id, Filled())
        name = above + one.id
        yield from ((name, one, fault) for fault in filled.faults)
        for place, entry in enumerate(filled.entries):
            yield from ((f"{name}.{place}", one, fault) for fault in entry.faults)
            yield from faults_in(entry.parts, one.parts, f"{name}.{place}.")
