"""What a record has still of what was derived from what it no longer says."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import iri
from kgcompare.rdf.terms import (
    DCTERMS_CREATOR,
    KGC_ORIGIN,
    KGC_ORIGIN_END,
    KGC_ORIGIN_START,
    KGC_ORIGINATION,
    KGC_RELATED,
)
from kgcompare.schema import vocabulary

_PRIMARY_TOPIC = iri("foaf:primaryTopic").value


def without_stale(document: Graph, before: Graph, record: str, home: str) -> None:
    """Takes out what was derived from what the record no longer says: whoever changes what he got by GET has it there
    still. And what an answer says of its document alone."""
    subject = NamedNode(record)
    document.discard(NamedNode(home), _PRIMARY_TOPIC)
    for source, derived in (
        (KGC_ORIGIN, (KGC_ORIGIN_START, KGC_ORIGIN_END)),
        (KGC_ORIGINATION, (DCTERMS_CREATOR,)),
    ):
        if before.objects(subject, source) and not document.objects(subject, source):
            for predicate in derived:
                _drop(document, subject, predicate, before.objects(subject, predicate))
    typed = vocabulary.typed_relations()
    was, now = ({v for r in typed for v in graph.objects(subject, r)} for graph in (before, document))
    _drop(document, subject, KGC_RELATED, was - now)


def _drop(document: Graph, subject: NamedNode, predicate: str, values: Iterable[object]) -> None:
    """Takes some values of a predicate out."""
    gone = {value for value in values if isinstance(value, NamedNode | Literal)}
    kept = [value for value in document.objects(subject, predicate) if value not in gone]
    document.discard(subject, predicate)
    for value in kept:
        document.add(subject, predicate, value)
