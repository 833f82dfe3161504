"""The vocabulary, the shapes and the JSON-LD context, as pages and as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response
from pyoxigraph import NamedNode, Triple

from kgcompare.catalogue.about import shown_targets
from kgcompare.formats import FORMATS, RDF, json, rdf
from kgcompare.rdf.namespaces import KGC, SHAPES, iri, local_name, shortened
from kgcompare.rdf.terms import (
    DCTERMS_DESCRIPTION,
    DCTERMS_LICENSE,
    OWL_ANNOTATION_PROPERTY,
    OWL_CLASS,
    OWL_DATATYPE_PROPERTY,
    OWL_OBJECT_PROPERTY,
    OWL_VERSION_INFO,
    RDF_PROPERTY,
    RDFS_SUB_CLASS_OF,
    SKOS_CONCEPT,
    SKOS_DEFINITION,
)
from kgcompare.schema import vocabulary
from kgcompare.schema.context import context
from kgcompare.text.languages import best
from kgcompare.web import signposting
from kgcompare.web.kept import answer, pick
from kgcompare.web.rendering import render_page
from kgcompare.web.request import current, language

blueprint = Blueprint("vocabularies", __name__)
VOCABULARY_FORMATS = ("html", *RDF)


@dataclass(frozen=True, slots=True)
class ShownTerm:
    """A term as its page shows it; texts are (language, text), None where there is none."""

    id: str
    iri: str
    kind: str
    label: str
    definition: tuple[str, str] | None
    broader: tuple[str, ...]
    domain: tuple[str, ...]
    range: tuple[str, ...]


@blueprint.get("/ns")
@blueprint.get("/ns.<suffix>")
def namespace(suffix: str = "") -> Response:
    """The vocabulary; each term at its own fragment."""
    graph = vocabulary.graph()
    about = NamedNode(KGC.removesuffix("#"))

    def page(lang: str) -> str:
        terms = sorted(_terms(lang), key=lambda term: (list(TERM_KINDS.values()).index(term.kind), term.id))
        summary = best(graph.texts(about, DCTERMS_DESCRIPTION), lang)
        version = graph.text(about, OWL_VERSION_INFO)
        return render_page("ns.html", lang, terms=terms, about=summary, version=version, namespace=KGC)

    licences = signposting.licensed(graph.iris(about, DCTERMS_LICENSE))
    return _published("/ns", suffix, list(graph), page, (about.value, "cite-as", ""), *licences)


@blueprint.get("/shapes")
@blueprint.get("/shapes.<suffix>")
def shapes(suffix: str = "") -> Response:
    """The shapes that records are held to, those that this catalogue adds among them."""

    def page(lang: str) -> str:
        shapes = current().shapes
        alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for target in shown_targets(current()):
            key = (shapes.class_label(target, lang), tuple(field.iri for field in shapes.fields(target)))
            alike.setdefault(key, []).append(target)
        classes = [
            (label, targets, [field for field in shapes.fields(targets[0]) if field.names])
            for (label, _), targets in alike.items()
        ]
        return render_page("shapes.html", lang, classes=classes, namespace=SHAPES, described=best)

    return _published("/shapes", suffix, current().shapes.triples, page)


@blueprint.get("/context.jsonld")
def json_ld_context() -> Response:
    """The JSON-LD context of records."""
    return answer(FORMATS["jsonld"], None, lambda: json.dumps(context(current().shapes)))


def _published(
    path: str, suffix: str, triples: Sequence[Triple], page: Callable[[str], str], *more: tuple[str, str, str]
) -> Response:
    form = pick(VOCABULARY_FORMATS, suffix)
    lang = language()

    def make() -> str:
        return page(lang) if form.name == "html" else rdf.write(triples, form.name, current().base.value)

    return answer(
        form,
        lang if form.name == "html" else None,
        make,
        lambda: signposting.links_of_document(path, VOCABULARY_FORMATS, *more),
    )


def _terms(lang: str) -> list[ShownTerm]:
    graph = vocabulary.graph()
    terms = []
    for node in graph.subjects():
        if isinstance(node, NamedNode) and node.value.startswith(KGC):
            definition = best(graph.texts(node, SKOS_DEFINITION), lang)
            broader, domain, values = (
                tuple(map(shortened, graph.iris(node, iri(predicate).value)))
                for predicate in ("rdfs:subPropertyOf", "rdfs:domain", "rdfs:range")
            )
            broader += tuple(map(shortened, graph.iris(node, RDFS_SUB_CLASS_OF)))
            kinds = [TERM_KINDS[cls] for cls in graph.types(node) if cls in TERM_KINDS]
            name = vocabulary.label(node.value, lang)
            kind = kinds[0] if kinds else "Concept"
            terms.append(ShownTerm(local_name(node.value), node.value, kind, name, definition, broader, domain, values))
    return terms


TERM_KINDS = {
    OWL_CLASS: "Class",
    OWL_OBJECT_PROPERTY: "Property",
    OWL_DATATYPE_PROPERTY: "Property",
    OWL_ANNOTATION_PROPERTY: "Property",
    RDF_PROPERTY: "Property",
    SKOS_CONCEPT: "Concept",
}
"""What a term is, by its class, in English; the key to its translations."""
