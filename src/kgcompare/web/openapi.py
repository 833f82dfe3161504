"""The OpenAPI document of this server: ``openapi.json`` beside this file, in the words of the catalogue that it serves.

The file has the addresses and examples of the bundled catalogue. Another one has its own title, licence and contact,
the list and the facets of what it compares, and examples of its own things.

Source: OpenAPI Specification 3.1.1, sections 4.8.2 to 4.8.4 (Info, Contact, License) and 4.8.12 (Parameter).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from kgcompare import __version__, resources
from kgcompare.catalogue.about import Spoken, about_of, spoken
from kgcompare.catalogue.finder import findable, finder_of
from kgcompare.catalogue.generation import Generation
from kgcompare.formats.json import JsonObject
from kgcompare.rdf.contact import plain_contact
from kgcompare.rdf.licences import licence_name
from kgcompare.rdf.namespaces import DEFAULT_BASE, local_name, slugify
from kgcompare.rdf.terms import KGC_METHOD
from kgcompare.schema.rows import PropertyShape
from kgcompare.search import Filter
from kgcompare.text.languages import DEFAULT

_FACETS = ("domain", "family", "type", "aim", "data", "assumption", "not-assumption")
"""The parameters of the file that narrow lists of methods."""
_SHOWN = {"example", "examples", "default"}
_REFERENCE = "#/components/parameters/"


def openapi_document(server: str, generation: Generation | None = None, contact: str = "") -> JsonObject:
    """The document of the server at an address that ends without a slash, with our version.

    It speaks of the catalogue of a *generation*; without one of the file's. *contact* is to whom one writes.

    :raises StoreError: if the catalogue cannot be read.
    """
    document = json.loads(_file())
    document["info"]["version"] = __version__
    document["servers"] = [{"url": server}]
    document["externalDocs"]["url"] = server + "/dataset"
    if generation is not None:
        document["info"] = _info(document["info"], spoken(about_of(generation), DEFAULT), contact)
        if not _is_of_the_file(generation):
            document = _in_words_of(generation, document)
    return dict(document)


@cache
def _file() -> str:
    return resources.text_of(resources.package_file("web/openapi.json"))


def _is_of_the_file(generation: Generation) -> bool:
    return generation.base.value == DEFAULT_BASE and generation.index.find("method", "lasso") is not None


def _info(info: JsonObject, own: Spoken, contact: str) -> JsonObject:
    """Title, description, licence and contact as the catalogue says them, and what the server does."""
    said = [own.description[1], info["description"]]
    about = info | {"title": own.title[1], "description": "\n\n".join(str(text) for text in said if text)}
    if own.licence:
        about["license"] = {"name": licence_name(own.licence), "url": own.licence}
    plain = plain_contact(contact)
    mailbox = plain.startswith("mailto:")
    reached = {"name": own.publisher[1], "email" if mailbox else "url": plain.removeprefix("mailto:")}
    if known := {name: text for name, text in reached.items() if text}:
        about["contact"] = known
    return about


def _in_words_of(generation: Generation, document: dict[str, Any]) -> dict[str, Any]:
    """A document with the list of what a catalogue compares, its facets, and its own things in examples."""
    kind = generation.main_kind
    listed = "/" + slugify(generation.shapes.kind_plural(kind, DEFAULT))
    parameters = document["components"]["parameters"]
    for name in _FACETS:
        del parameters[name]
    facets = [facet for facet in generation.shapes.facets(generation.main_class) if facet.id]
    steps = [facet.id for facet in finder_of(generation).facets] if findable(generation) else []
    paths = {}
    for path, item in document["paths"].items():
        of_list = re.fullmatch(r"/methods(\..+)?", path)
        if path.startswith("/find") and not steps:
            continue
        shown = [facet for facet in facets if facet.id in steps] if path.startswith("/find") else facets
        paths[listed + (of_list[1] or "") if of_list else path] = _narrowed(item, shown)
    document["paths"] = paths
    mended: dict[str, Any] = _mended(document, _examples(generation), shown=False)
    return mended


def _narrowed(item: Mapping[str, Any], facets: Iterable[PropertyShape]) -> dict[str, Any]:
    """The operations of a path, narrowed by *facets* where the file narrows them by those of methods."""
    narrowed = {}
    for verb, operation in item.items():
        given = operation.get("parameters", [])
        left = [one for one in given if str(one.get("$ref", "")).removeprefix(_REFERENCE) not in _FACETS]
        if len(left) < len(given):
            left += [_parameter(facet) for facet in facets]
        narrowed[verb] = operation | ({"parameters": left} if given else {})
    return narrowed


def _parameter(facet: PropertyShape) -> JsonObject:
    label = facet.label(DEFAULT)[1]
    schema: JsonObject = {"type": "array", "items": {"type": "string"}, "maxItems": 20}
    return {"name": facet.id, "in": "query", "description": f"{label}: slugs to narrow the list to.", "schema": schema}


def _examples(generation: Generation) -> dict[str, str]:
    """What stands in the file's examples -> what stands in ours."""
    kind, cls = generation.main_kind, generation.main_class
    things = generation.search(Filter(kind=kind), DEFAULT, most=2).things
    first, second = (things[0].id, things[-1].id) if things else ("example", "another")
    name = things[0].label if things else "example"
    rows = [row.id for row in generation.shapes.rows(cls) if row.id] or ["name"]
    return {
        KGC_METHOD: cls or KGC_METHOD,
        f"{DEFAULT_BASE}id/method/lasso": things[0].iri if things else generation.base.record(kind, first),
        f"{DEFAULT_BASE}context": generation.base.value + "context",
        "transfer-learning-gan": first,
        "transfer-learning-diffusion": second,
        "origin-year": rows[0],
        "domain": rows[-1],
        "lasso": first,
        "ridge": name,
        "las": name[:3],
        "survival": name,
        "Tibshirani": name,
        '"agent"': f'"{kind}"',
        "Method": local_name(cls) if cls else "Thing",
        "method": kind,
    }


def _mended(node: Any, words: Mapping[str, str], *, shown: bool) -> Any:
    """A part of the document, with *words* in its examples in the place of the file's."""
    if isinstance(node, dict):
        return {
            name: _mended(part, words, shown=shown or (name in _SHOWN and _is_shown(part)))
            for name, part in node.items()
        }
    if isinstance(node, list):
        return [_mended(part, words, shown=shown) for part in node]
    if isinstance(node, str) and shown:
        if re.match(r"[{\[]", node):
            return json.dumps(_mended(json.loads(node), words, shown=True))
        return re.sub("|".join(map(re.escape, words)), lambda found: words[found[0]], node)
    return node


def _is_shown(part: object) -> bool:
    """Whether what is called an example is one, and not a parameter of that name."""
    return not (isinstance(part, dict) and "in" in part)
