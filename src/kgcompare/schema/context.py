"""A JSON-LD context made from vocabulary and shapes: what curators can write records with.

Source: JSON-LD 1.1, section 4.1 (contexts), 4.2.3 (type coercion), 4.3 (value ordering), 4.6.2 (language maps).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyoxigraph import NamedNode

from kgcompare.rdf.graph import Graph, Node
from kgcompare.rdf.namespaces import KGC, PREFIXES, iri, local_name, shortened
from kgcompare.rdf.terms import (
    BIBO_AUTHOR_LIST,
    BIBO_EDITOR_LIST,
    KGC_AGENT_LIST,
    OWL_DATATYPE_PROPERTY,
    OWL_OBJECT_PROPERTY,
    SH_CLASS,
    SH_NODE_KIND,
    SH_PATH,
)
from kgcompare.schema import vocabulary
from kgcompare.schema.shapes import Shapes

ADDRESS = "context.jsonld"
"""Where a catalogue has its context, below its base."""
JsonLd = dict[str, Any]
"""A document of JSON-LD, as Python's ``json`` has it."""
_LISTS = {BIBO_AUTHOR_LIST, BIBO_EDITOR_LIST, KGC_AGENT_LIST}


def context(shapes: Shapes) -> JsonLd:
    """Prefixes, classes, and a term for each predicate of the vocabulary and of a shape, named by the end of its IRI.

    A term is typed where all that is said of it agrees on what its values are: things by IRI, texts by language,
    literals by datatype. Where two end alike, the vocabulary's own has the name and the other its prefix alone.
    """
    named: dict[str, tuple[str, list[JsonLd]]] = {}
    for predicate, kind in (*_of_vocabulary(), *sorted(_of_shapes(shapes), key=str)):
        owner, kinds = named.setdefault(local_name(predicate), (predicate, []))
        if owner == predicate and kind not in kinds:
            kinds.append(kind)
    classes = {local_name(target): shortened(target) for target in shapes.targets}
    terms: JsonLd = {"id": "@id", "a": "@type", **classes}
    for name, (predicate, kinds) in sorted(named.items()):
        if name not in terms and name not in PREFIXES:
            agreed = kinds[0] if len(kinds) == 1 else {}
            terms[name] = {"@id": shortened(predicate), **agreed} if agreed else shortened(predicate)
    return {"@context": {"@version": 1.1, **PREFIXES, **terms}}


def _of_vocabulary() -> Iterator[tuple[str, JsonLd]]:
    graph = vocabulary.graph()
    for node in graph.subjects():
        types = graph.types(node)
        if not isinstance(node, NamedNode) or not node.value.startswith(KGC):
            continue
        if OWL_OBJECT_PROPERTY in types:
            yield node.value, _things(node.value)
        elif OWL_DATATYPE_PROPERTY in types:
            yield node.value, _literals(graph, node, "rdfs:range")


def _of_shapes(shapes: Shapes) -> Iterator[tuple[str, JsonLd]]:
    graph = Graph(shapes.triples)
    for node in graph.subjects():
        path = graph.value(node, SH_PATH)
        if not isinstance(path, NamedNode) or path == iri("rdf:type") or path.value.startswith(KGC):
            continue
        kind = graph.value(node, SH_NODE_KIND)
        if path.value in _LISTS or kind == iri("sh:IRI") or graph.value(node, SH_CLASS) is not None:
            yield path.value, _things(path.value)
        else:
            yield path.value, _literals(graph, node, "sh:datatype")


def _things(predicate: str) -> JsonLd:
    return {"@type": "@id", "@container": "@list"} if predicate in _LISTS else {"@type": "@id"}


def _literals(graph: Graph, node: Node, named_by: str) -> JsonLd:
    datatype = graph.value(node, iri(named_by).value)
    if datatype == iri("rdf:langString"):
        return {"@container": "@language"}
    if isinstance(datatype, NamedNode) and datatype != iri("xsd:string"):
        return {"@type": datatype.value}
    return {}
