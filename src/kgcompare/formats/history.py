"""The history of a catalogue and of its records: as JSON, as an Atom feed, and for a terminal.

Source: RFC 4287 (Atom).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from kgcompare.catalogue.differences import RowChange, Story, StoryStep
from kgcompare.formats import json, terminal
from kgcompare.model import Json, Value
from kgcompare.rdf.literals import without_controls
from kgcompare.rdf.namespaces import Base
from kgcompare.store.history import Logged
from kgcompare.text.languages import translate, translate_plural

_ATOM = "http://www.w3.org/2005/Atom"
WHAT = {
    "init": "Catalogue made",
    "import": "Import",
    "describe": "Description of the catalogue",
    "edit": "Edit",
    "remove": "Removal",
    "revert": "Restored",
    "restore": "Backup restored",
    "change": "Change",
    "unrecorded": "Not recorded here",
}
"""What is done, in English; the key to its translations."""


def what_done(logged: Logged, lang: str) -> str:
    """What a change did, in words: "Import: 12 added, 3 replaced"."""
    what = WHAT.get(logged.occasion.what)
    said = translate(lang, what) if what else logged.occasion.what
    added, replaced, removed = logged.added, logged.replaced, logged.removed
    counts = [
        (added, translate_plural(lang, "{count} record added", "{count} records added", added)),
        (replaced, translate_plural(lang, "{count} record changed", "{count} records changed", replaced)),
        (removed, translate_plural(lang, "{count} record removed", "{count} records removed", removed)),
    ]
    told = ", ".join(text for count, text in counts if count)
    return translate(lang, "{facet}: {value}", facet=said, value=told) if told else said


def logged_json(logged: Logged) -> dict[str, Json]:
    """A change as JSON has it; ``time`` is ISO 8601 in UTC."""
    return {
        "generation": logged.generation,
        "time": logged.time.isoformat(timespec="milliseconds"),
        "what": logged.occasion.what,
        "by": logged.occasion.by or None,
        "from": [{"name": used.name, "sha256": used.sha256 or None} for used in logged.occasion.used],
        "added": logged.added,
        "replaced": logged.replaced,
        "removed": logged.removed,
    }


def logged_at(logged: Logged, changed: Iterable[tuple[str, str]]) -> dict[str, Json]:
    """When what is shown was so, and which cells of it, as (row, IRI of the thing), have changed since."""
    cells: list[Json] = [{"row": row, "iri": thing} for row, thing in sorted(changed)]
    time = logged.time.isoformat(timespec="milliseconds")
    return {"generation": logged.generation, "time": time, "changed": cells}


def log_json(changes: Sequence[Logged], documents: Mapping[int, Sequence[tuple[str, str]]]) -> str:
    """Changes as JSON, the newest first; *documents* has (IRI of a record's document, what was done) by the number of a
    change."""
    listed = [
        logged_json(logged)
        | {"documents": [{"iri": name, "done": done} for name, done in documents.get(logged.number, ())]}
        for logged in changes
    ]
    return json.dumps({"changes": listed})


def log_table(changes: Sequence[Logged]) -> str:
    """Changes for a terminal, one a line, the newest first."""
    rows = [
        [
            logged.generation,
            f"{logged.time:%Y-%m-%d %H:%M:%S}",
            logged.occasion.by or "-",
            logged.occasion.what,
            ", ".join(used.name for used in logged.occasion.used) or "-",
            f"+{logged.added} ~{logged.replaced} -{logged.removed}",
        ]
        for logged in changes
    ]
    return terminal.listing(["generation", "time (UTC)", "by", "what", "from", "records"], rows) if rows else ""


def story_json(story: Story) -> str:
    """The changes of a record as JSON, the newest first."""
    steps = [
        logged_json(step.logged) | {"done": step.done, "differences": [_difference_json(d) for d in step.differences]}
        for step in story.steps
    ]
    about: Json = {"iri": story.iri, "label": story.label, "lang": story.lang, "there": story.there}
    return json.dumps({"record": about, "changes": steps, "before": story.more or None})


def _difference_json(difference: RowChange) -> Json:
    return {
        "label": difference.label,
        "about": difference.about or None,
        "removed": [_value_json(value) for value in difference.removed],
        "added": [_value_json(value) for value in difference.added],
    }


def _value_json(value: Value) -> Json:
    return {"text": value.text, "lang": value.lang, "iri": value.iri}


def story_text(story: Story, lang: str) -> str:
    """The changes of a record for a terminal, with what became different in each row."""
    lines = [story.label, story.iri]
    for step in story.steps:
        lines += ["", _heading(step, lang)]
        for difference in step.differences:
            label = f"{difference.about}: {difference.label}" if difference.about else difference.label
            lines += [f"  - {label}: {_said(value)}" for value in difference.removed]
            lines += [f"  + {label}: {_said(value)}" for value in difference.added]
    return without_controls("\n".join(lines)) + "\n"


def _heading(step: StoryStep, lang: str) -> str:
    logged = step.logged
    done = translate(lang, DONE[step.done]) if step.done else translate(lang, "There since")
    named = ", ".join(used.name for used in logged.occasion.used)
    parts = [f"{logged.time:%Y-%m-%d %H:%M:%S} UTC", logged.generation, done, logged.occasion.by, named]
    return "  ".join(filter(None, parts))


def _said(value: Value) -> str:
    return f"{value.text} ({value.lang})" if value.lang else value.text


DONE = {"added": "Added", "replaced": "Modified", "removed": "Removed"}
"""What was done to a record, in English; the key to its translations."""


def atom(changes: Sequence[Logged], base: Base, root: str, called: tuple[str, str], lang: str) -> str:
    """Changes as an Atom feed in *lang*; pages are below *root*. It is *called* by its title and by its author, whose
    are the changes of nobody.

    Each entry says who did what and from what; its link leads to the page of the change.
    """
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": lang})

    def put(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
        element.text = without_controls(text) or None
        return element

    put(feed, "id", base.history_graph)
    put(feed, "title", called[0])
    put(feed, "updated", _moment(changes[0]) if changes else "1970-01-01T00:00:00Z")
    put(put(feed, "author"), "name", called[1])
    put(feed, "link", rel="self", type="application/atom+xml", href=f"{root}/changes.atom")
    put(feed, "link", rel="alternate", type="text/html", href=f"{root}/changes")
    for logged in changes:
        entry = put(feed, "entry")
        put(entry, "id", base.change(logged.generation))
        put(entry, "title", what_done(logged, lang))
        put(entry, "updated", _moment(logged))
        put(entry, "link", rel="alternate", type="text/html", href=f"{root}/changes/{logged.generation}")
        if logged.occasion.by:
            put(put(entry, "author"), "name", logged.occasion.by)
        named = ", ".join(used.name for used in logged.occasion.used)
        put(entry, "summary", f"{what_done(logged, lang)} ({named})" if named else what_done(logged, lang))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"


def _moment(logged: Logged) -> str:
    return logged.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
