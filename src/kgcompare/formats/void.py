"""The dataset's description in the terms of VoID, DCAT and schema.org.

Source: Describing Linked Datasets with the VoID Vocabulary (W3C 2011); Data Catalog Vocabulary, version 3
(W3C 2024), sections 6.6 to 6.9; schema.org/Dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.rdf import literals
from kgcompare.rdf.about import Metadata, as_statements
from kgcompare.rdf.graph import Node
from kgcompare.rdf.namespaces import KGC, SHAPES, Base, iri, is_safe_iri
from kgcompare.rdf.syntaxes import SYNTAXES

if TYPE_CHECKING:
    from kgcompare.report.extent import Extent

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
    base: Base, root: str, extent: Extent, records: int, examples: Iterable[str], about: Metadata
) -> list[Triple]:
    """What the dataset is and how to get at it: the one dataset of a catalogue, which says *about* of itself.

    *root* is the address of the server, without a slash at its end; *records* the number of things with a page of
    their own, *examples* the IRIs of some of them.
    """
    return list(_statements(base, root, extent, records, examples, about))


_ALSO = {
    "dcterms:title": "schema:name",
    "dcterms:description": "schema:description",
    "dcterms:license": "schema:license",
    "dcterms:publisher": "schema:publisher",
    "dcat:keyword": "schema:keywords",
}
"""What schema.org calls what a catalogue says of itself."""


def _statements(
    base: Base, root: str, extent: Extent, records: int, examples: Iterable[str], about: Metadata
) -> Iterator[Triple]:
    node, catalogue = NamedNode(dataset_iri(base)), NamedNode(base.catalogue)
    page = NamedNode(root + "/dataset")
    yield Triple(catalogue, iri("rdf:type"), iri("dcat:Catalog"))
    yield Triple(catalogue, iri("dcat:dataset"), node)
    yield Triple(catalogue, iri("foaf:homepage"), NamedNode(root + "/"))
    for cls in ("void:Dataset", "dcat:Dataset", "schema:Dataset"):
        yield Triple(node, iri("rdf:type"), iri(cls))
    also = {iri(name): iri(other) for name, other in _ALSO.items()}
    for triple in as_statements(catalogue, about):
        yield triple
        if triple.subject == catalogue:
            yield Triple(node, triple.predicate, triple.object)
            if triple.predicate in also:
                yield Triple(node, also[triple.predicate], triple.object)
    yield from _licensed(node, extent, about)
    if about.licence or extent.licences:
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
    yield from _access(node, catalogue, root, extent, about)


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


def _access(node: Node, catalogue: Node, root: str, extent: Extent, about: Metadata) -> Iterator[Triple]:
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
    yield from _licensed(dump, extent, about)
    for path, title, standard, described in _SERVICES:
        service = NamedNode(root + (path or "/"))
        yield Triple(service, iri("rdf:type"), iri("dcat:DataService"))
        yield Triple(service, iri("dcterms:title"), Literal(title))
        yield Triple(service, iri("dcterms:conformsTo"), NamedNode(standard))
        yield Triple(service, iri("dcat:endpointURL"), service)
        yield Triple(service, iri("dcat:endpointDescription"), NamedNode(root + described))
        yield Triple(service, iri("dcat:servesDataset"), node)
        yield Triple(catalogue, iri("dcat:service"), service)
        yield Triple(node, iri("dcat:distribution"), access := NamedNode(f"{root}/dataset#{title.lower()}"))
        yield Triple(access, iri("rdf:type"), iri("dcat:Distribution"))
        yield Triple(access, iri("dcat:accessURL"), service)
        yield Triple(access, iri("dcat:accessService"), service)
        yield from _licensed(access, extent, about)


def licences_of(extent: Extent, about: Metadata) -> list[str]:
    """The licence that the catalogue states; where it states none, those that records name. None is assumed."""
    return [about.licence] if about.licence else list(filter(is_safe_iri, extent.licences))


def _licensed(node: Node, extent: Extent, about: Metadata) -> Iterator[Triple]:
    for licence in licences_of(extent, about):
        for predicate in ("dcterms:license", "schema:license"):
            yield Triple(node, iri(predicate), NamedNode(licence))
