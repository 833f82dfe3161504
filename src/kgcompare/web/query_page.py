"""The query page: a form, with scripts YASGUI's editor and tables in its place, and queries to begin with.

What the address names is shown, never run here: the page's script asks the endpoint, whose workers run it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Blueprint, Response, request
from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue.about import shown_targets
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import UsageError
from kgcompare.formats import FORMATS, json, rdf, solutions
from kgcompare.rdf import queries
from kgcompare.rdf.namespaces import iri
from kgcompare.rdf.queries import Query
from kgcompare.rdf.terms import KGC_METHOD, OWL_CLASS
from kgcompare.schema import vocabulary
from kgcompare.search import Filter
from kgcompare.text.languages import DEFAULT
from kgcompare.web.examples import examples as comparisons
from kgcompare.web.kept import answer, unkept
from kgcompare.web.rendering import kind_name, render_page
from kgcompare.web.request import current, language, list_path, queries_allowed

blueprint = Blueprint("query_page", __name__)
_FIRST = ("methods", "compare", "differences", "record")
"""The queries that most people have a use for; the others follow by name."""
_INTERNAL = (
    "any_graph",
    "changes",
    "citations",
    "columns",
    "definitions",
    "documents",
    "endpoint_",
    "graph",
    "index_",
    "labels",
    "path_ends",
    "pointing_in",
    "quads",
    "names",
    "subjects_of",
)
"""What the names of queries begin with that are nothing without parameters, or give all there is."""
_DOWNLOADS = solutions.MEDIA_TYPES | {name: FORMATS[name].media_type for name in ("ttl", "jsonld", "nt", "rdf")}
_OF_METHODS = re.compile(r"\?methods?\b|kgc:Method\b|\b[Mm]ethods?\b")
_HEADER = re.compile(r"\A(?:#.*\n)+\n*")


def query_page() -> Response:
    """The page, with the query of ``?query=`` or ``?example=`` filled in.

    :raises UsageError: for an example that there is not.
    """
    lang = language()
    examples = {query.name: query for query in map(_in_own_words, example_queries())}
    wanted = request.args.get("example", "")
    if wanted and wanted not in examples:
        raise UsageError(f"there is no example {wanted[:40]!r}; there are {', '.join(examples)}")
    given = request.args.get("query") or (filled(examples[wanted], lang) if wanted else "")
    shown = given or filled(next(iter(examples.values())), lang)
    text = render_page(
        "sparql.html",
        lang,
        examples=examples.values(),
        query=shown,
        given=bool(given),
        downloads=_DOWNLOADS,
        allowed=queries_allowed(),
    )
    return unkept(text, 200, lang)


def example_queries() -> list[Query]:
    """The queries to begin with, those that most people have a use for first."""
    shown = [query for query in queries.every() if not query.name.startswith(_INTERNAL)]
    return sorted(shown, key=lambda query: _FIRST.index(query.name) if query.name in _FIRST else len(_FIRST))


def filled(query: Query, lang: str) -> str:
    """The text of a query below its header; where it asks for methods, for two that people compare."""
    return _own_words(_HEADER.sub("", _bound(query, lang)).rstrip())


def _in_own_words(query: Query) -> Query:
    """A query by the name, title and summary that it has in this catalogue, which may be about other things."""
    name = list_path(current().main_kind)[1:] if query.name == _FIRST[0] else query.name
    return replace(query, name=name, title=_own_words(query.title), summary=_own_words(query.summary))


def _own_words(text: str) -> str:
    """A text that speaks of what this catalogue is about where the file speaks of methods."""
    cls, kind = current().main_class, current().main_kind
    if cls in {KGC_METHOD, ""}:
        return text

    def other(found: re.Match[str]) -> str:
        word = found[0]
        if word.startswith("?"):
            return word.replace("method", "item")
        if word.startswith("kgc:"):
            return f"<{cls}>"
        name = kind_name(DEFAULT, kind, 2 if word.endswith("s") else 1)
        return name[:1].upper() + name[1:] if word[0].isupper() else name

    return _OF_METHODS.sub(other, text)


def _bound(query: Query, lang: str) -> str:
    named: dict[str, list[Literal]] = {}
    if any(param.startswith("named ") for param in query.params):
        named["named"] = [Literal(current().base.shapes_graphs)]
    if not any(param.startswith("method ") for param in query.params):
        return query.bind(**named)
    pair = next(iter(comparisons(lang)), ())
    if not pair and current().there is not None:
        pair = current().search(Filter(), lang, most=2).things
    methods = [NamedNode(thing.iri) for thing in pair]
    if any(param.startswith("method relation ") for param in query.params):
        shapes, cls = current().shapes, current().main_class
        relations = [NamedNode(relation) for relation in (shapes.typed_links(cls) or shapes.links(cls))]
        pairs = [(method, relation) for method in methods for relation in relations]
        return query.bind(**named, method__relation=pairs, method__inverse=pairs)
    if any(param.startswith("method inverse ") for param in query.params):
        return query.bind(**named, method=methods, method__inverse=[(method, iri("kgc:related")) for method in methods])
    return query.bind(**named, method=methods)


@blueprint.get("/sparql/terms.json")
def terms() -> Response:
    """What the editor completes: prefixes, and the classes and properties of our vocabulary and shapes."""
    lang = language()
    return answer(FORMATS["json"], lang, lambda: json.dumps(_terms(current(), lang)))


def _terms(generation: Generation, lang: str) -> dict[str, object]:
    targets = shown_targets(generation)
    classes = {target: generation.shapes.class_label(target, lang) for target in targets}
    properties: dict[str, str] = {}
    for target in targets:
        for row in generation.shapes.fields(target):
            for steps in row.path.alternatives:
                if len(steps) == 1 and not steps[0].inverse:
                    properties.setdefault(steps[0].predicate, row.label(lang)[1])
    words = vocabulary.graph()
    for term in words.subjects() if KGC_METHOD in targets else ():
        types = words.types(term)
        if isinstance(term, NamedNode) and types:
            kind = classes if OWL_CLASS in types else properties if types[0].endswith("Property") else None
            if kind is not None:
                kind[term.value] = vocabulary.label(term.value, lang)
    return {
        "base": generation.base.value,
        "prefixes": rdf.prefixes(
            generation.base.value, [generation.shapes.kind_of_class(target) for target in targets]
        ),
        "classes": dict(sorted(classes.items())),
        "properties": dict(sorted(properties.items())),
    }
