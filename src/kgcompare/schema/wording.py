"""What a fault says: the constraint that failed, where the message of a shape speaks of several at once.

Source: SHACL, sections 2.1.5 (sh:message) and 4 (constraints).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgcompare.rdf.namespaces import local_name
from kgcompare.text.languages import best, interface_languages, translate, translate_plural

if TYPE_CHECKING:
    import rdflib

_COUNTED = {
    "minCount": "count",
    "maxCount": "count",
    "uniqueLang": "languages",
    "minLength": "length",
    "maxLength": "length",
}
"""The constraints that have words of their own, by what they ask for."""
_OTHERS = {
    *("datatype", "nodeKind", "class", "pattern", "in", "languageIn", "hasValue", "closed", "node", "not", "and", "or"),
    *("xone", "equals", "disjoint", "lessThan", "lessThanOrEquals", "qualifiedValueShape", "property"),
    *("minExclusive", "minInclusive", "maxExclusive", "maxInclusive"),
}


def of_constraint(shapes: rdflib.Graph, shape: rdflib.term.Node, component: str, path: str, lang: str) -> str | None:
    """What failed, by the IRI of its constraint component, in *lang*; None where the message of the shape says it.

    It does where the shape asks for one kind of thing alone, and where a value is not what it should be.
    """
    from rdflib import SH

    name = local_name(component).removesuffix("ConstraintComponent")
    name = name[:1].lower() + name[1:]
    asked = {local_name(str(predicate)) for predicate in shapes.predicates(shape) if str(predicate).startswith(str(SH))}
    kinds = {_COUNTED.get(one, "value") for one in asked & (_COUNTED.keys() | _OTHERS)}
    if name not in _COUNTED or len(kinds) < 2 or (shape, SH.message, None) not in shapes:
        return None
    names = {str(getattr(text, "language", None) or ""): str(text) for text in shapes.objects(shape, SH.name)}
    what = (best(names, lang) or ("", local_name(path)))[1]
    stated = shapes.value(shape, SH[name])
    number = int(stated) if stated is not None and name != "uniqueLang" else 0  # type: ignore[call-overload]
    if name == "minCount":
        return translate_plural(
            lang,
            "{what}: {count} value at least must stand here.",
            "{what}: {count} values at least must stand here.",
            number,
            what=what,
        )
    if name == "maxCount":
        return translate_plural(
            lang,
            "{what}: {count} value at most may stand here.",
            "{what}: {count} values at most may stand here.",
            number,
            what=what,
        )
    if name == "minLength":
        return translate_plural(
            lang,
            "{what}: the text needs {count} character at least.",
            "{what}: the text needs {count} characters at least.",
            number,
            what=what,
        )
    if name == "maxLength":
        return translate_plural(
            lang,
            "{what}: the text may have {count} character at most.",
            "{what}: the text may have {count} characters at most.",
            number,
            what=what,
        )
    return translate(lang, "{what}: one text at most may stand here in each language.", what=what)


def in_every_language(shapes: rdflib.Graph) -> dict[str, dict[str, str]]:
    """What :func:`of_constraint` says of shapes, by its English text: the same in each language of the interface."""
    from rdflib import SH

    said: dict[str, dict[str, str]] = {}
    for shape in set(shapes.subjects(SH.message)):
        path = str(shapes.value(shape, SH.path))
        for name in _COUNTED:
            if (shape, SH[name], None) in shapes:
                texts = {lang: of_constraint(shapes, shape, name, path, lang) for lang in interface_languages()}
                said.update(
                    {text: {lang: str(other) for lang, other in texts.items()} for text in texts.values() if text}
                )
    return said
