"""The dataset's description in the terms of VoID, DCAT and schema.org.

Source: Describing Linked Datasets with the VoID Vocabulary (W3C 2011); Data Catalog Vocabulary, version 3
(W3C 2024), sections 6.6 to 6.9; schema.org/Dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.rdf import literals
from kgcompare.rdf.graph import Node
from kgcompare.rdf.namespaces import KGC, SHAPES, Base, iri, is_safe_iri
from kgcompare.rdf.syntaxes import SYNTAXES
from kgcompare.report.extent import Extent
from kgcompare.text.languages import interface_languages, translate

TITLE = "A catalogue for comparisons"
ABOUT = "A catalogue as linked data, in which any two to ten things can be compared."
KEYWORDS = ("catalogue", "linked data", "comparison")
"""What the dataset is, in English; the keys to their translations, which may say more of things of a kind."""
_VOCABULARIES = ("dcterms", "skos", "foaf", "bibo", "schema", "prov")
_FORMATS = "http://www.w3.org/ns/formats/"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_SERVICES = (
    ("/sparql", "SPARQL", "https://www.w3.org/TR/sparql11-protocol/", "/sparql"),
    ("/reconcile", "Reconciliation", "https://reconciliation-api.github.io/specs/0.2/", "/reconcile"),
    ("", "HTTP", "https://spec.openapis.org/oas/v3.1.0", "/openapi.json"),
)
"""(path, title, standard, where it is described) of the services that give the data."""


def dataset_iri(base: Base) -> str:
    """Names the dataset."""
    return base.value + "dataset"


def describe(
    base: Base, root: str, extent: Extent, records: int, examples: Iterable[str], kind: str = ""
) -> list[Triple]:
    """What the dataset is and how to get at it.

    *root* is the address of the server, without a slash at its end; *records* the number of things with a page of
    their own, *examples* the IRIs of some of them; *kind* is the kind of those that the catalogue is about.
    """
    return list(_statements(base, root, extent, records, examples, kind))


def _statements(
    base: Base, root: str, extent: Extent, records: int, examples: Iterable[str], kind: str
) -> Iterator[Triple]:
    node = NamedNode(dataset_iri(base))
    page = NamedNode(root + "/dataset")
    for cls in ("void:Dataset", "dcat:Dataset", "schema:Dataset"):
        yield Triple(node, iri("rdf:type"), iri(cls))
    for lang in interface_languages():
        title, about = (Literal(translate(lang, text, context=kind), language=lang) for text in (TITLE, ABOUT))
        for predicate in ("dcterms:title", "schema:name"):
            yield Triple(node, iri(predicate), title)
        for predicate in ("dcterms:description", "schema:description"):
            yield Triple(node, iri(predicate), about)
        for word in KEYWORDS:
            yield Triple(node, iri("dcat:keyword"), Literal(translate(lang, word, context=kind), language=lang))
        yield Triple(node, iri("schema:inLanguage"), Literal(lang))
        yield Triple(node, iri("dcterms:language"), NamedNode("http://id.loc.gov/vocabulary/iso639-1/" + lang[:2]))
    yield from _licensed(node, extent)
    yield Triple(node, iri("schema:isAccessibleForFree"), Literal(True))
    for predicate in ("dcterms:identifier", "schema:identifier"):
        yield Triple(node, iri(predicate), Literal(node.value))
    for predicate in ("foaf:homepage", "dcat:landingPage", "schema:url"):
        yield Triple(node, iri(predicate), page)
    date = Literal(extent.modified or "", datatype=iri("xsd:date"))
    if not literals.fault(date):
        for predicate in ("dcterms:modified", "schema:dateModified"):
            yield Triple(node, iri(predicate), date)
    yield from _void(node, base, root, extent, records, examples)
    yield from _access(node, root, extent)


def _void(node: Node, base: Base, root: str, extent: Extent, records: int, examples: Iterable[str]) -> Iterator[Triple]:
    for predicate, number in (
        ("void:triples", extent.statements),
        ("void:entities", records),
        ("void:classes", len(extent.classes)),
        ("void:properties", len(extent.predicates)),
    ):
        yield Triple(node, iri(predicate), Literal(number))
    yield Triple(node, iri("void:uriSpace"), Literal(base.value + "id/"))
    yield Triple(node, iri("void:sparqlEndpoint"), NamedNode(root + "/sparql"))
    yield Triple(node, iri("void:dataDump"), NamedNode(root + "/dump.nq.gz"))
    yield Triple(node, iri("void:openSearchDescription"), NamedNode(root + "/opensearch.xml"))
    yield Triple(node, iri("void:uriLookupEndpoint"), NamedNode(root + "/suggest?q="))
    for example in examples:
        yield Triple(node, iri("void:exampleResource"), NamedNode(example))
    for syntax in SYNTAXES.values():
        yield Triple(node, iri("void:feature"), NamedNode(_FORMATS + syntax.note))
    for vocabulary in (KGC, SHAPES, *(iri(prefix + ":").value for prefix in _VOCABULARIES)):
        yield Triple(node, iri("void:vocabulary"), NamedNode(vocabulary))
    for partition, of, counted, counts in (
        ("void:classPartition", "void:class", "void:entities", extent.classes),
        ("void:propertyPartition", "void:property", "void:triples", extent.predicates),
    ):
        for term, number in counts.items():
            if is_safe_iri(term):
                part = BlankNode()
                yield Triple(node, iri(partition), part)
                yield Triple(part, iri(of), NamedNode(term))
                yield Triple(part, iri(counted), Literal(number))


def _access(node: Node, root: str, extent: Extent) -> Iterator[Triple]:
    """The ways to get at the data: the dump, the SPARQL endpoint, the reconciliation service."""
    dump = NamedNode(root + "/dump.nq.gz")
    yield Triple(node, iri("dcat:distribution"), dump)
    yield Triple(node, iri("schema:distribution"), dump)
    yield Triple(dump, iri("rdf:type"), iri("dcat:Distribution"))
    yield Triple(dump, iri("rdf:type"), iri("schema:DataDownload"))
    yield Triple(dump, iri("dcat:downloadURL"), dump)
    yield Triple(dump, iri("schema:contentUrl"), dump)
    yield Triple(dump, iri("dcat:accessURL"), NamedNode(root + "/dataset"))
    yield Triple(dump, iri("dcat:mediaType"), NamedNode(_MEDIA + "application/n-quads"))
    yield Triple(dump, iri("dcat:compressFormat"), NamedNode(_MEDIA + "application/gzip"))
    yield Triple(dump, iri("dcterms:format"), NamedNode(_FORMATS + "N-Quads"))
    yield Triple(dump, iri("schema:encodingFormat"), Literal("application/n-quads"))
    yield from _licensed(dump, extent)
    for path, title, standard, described in _SERVICES:
        service = NamedNode(root + (path or "/"))
        yield Triple(service, iri("rdf:type"), iri("dcat:DataService"))
        yield Triple(service, iri("dcterms:title"), Literal(title))
        yield Triple(service, iri("dcterms:conformsTo"), NamedNode(standard))
        yield Triple(service, iri("dcat:endpointURL"), service)
        yield Triple(service, iri("dcat:endpointDescription"), NamedNode(root + described))
        yield Triple(service, iri("dcat:servesDataset"), node)
        yield Triple(node, iri("dcat:distribution"), access := NamedNode(f"{root}/dataset#{title.lower()}"))
        yield Triple(access, iri("rdf:type"), iri("dcat:Distribution"))
        yield Triple(access, iri("dcat:accessURL"), service)
        yield Triple(access, iri("dcat:accessService"), service)
        yield from _licensed(access, extent)


def _licensed(node: Node, extent: Extent) -> Iterator[Triple]:
    """The licences that the records themselves name; none is assumed."""
    for licence in filter(is_safe_iri, extent.licences):
        for predicate in ("dcterms:license", "schema:license"):
            yield Triple(node, iri(predicate), NamedNode(licence))
