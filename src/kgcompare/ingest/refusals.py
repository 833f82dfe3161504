"""Records are data: what a record must not say, whoever sends it.

A record that spoke as a shape, or of terms that the vocabulary or a standard defines, would decide what is valid and
what things are called; one that speaks in the document of another would take its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

from pyoxigraph import BlankNode, NamedNode, Triple

from kgcompare.errors import Fault
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES, Base, is_defined, shortened
from kgcompare.rdf.terms import (
    KGC_CONDITION,
    KGC_FACET,
    KGC_INVERSE_LABEL,
    KGC_KIND,
    KGC_MAIN,
    KGC_MUTUAL_SENTENCE,
    KGC_PLURAL_LABEL,
    KGC_PLURAL_SENTENCE,
    KGC_ROW_ID,
    KGC_ROW_KIND,
    KGC_SENTENCE,
    KGC_SHOWN,
    KGC_SUPPORTING,
    KGC_WARNS,
    RDF_STATEMENT,
    RDF_SUBJECT,
    RDF_TYPE,
)
from kgcompare.schema import vocabulary
from kgcompare.schema.shapes import bundled_shapes

Predication = tuple[str, Term]
"""A predicate's IRI and a value: what a statement says of its subject."""
Predications = Mapping[str, Sequence[Term]]
"""What is said of one subject: predicate IRIs to values."""
_SH = PREFIXES["sh"]
_OF_SHAPES = {
    KGC_CONDITION,
    KGC_FACET,
    KGC_INVERSE_LABEL,
    KGC_KIND,
    KGC_MAIN,
    KGC_MUTUAL_SENTENCE,
    KGC_PLURAL_LABEL,
    KGC_PLURAL_SENTENCE,
    KGC_ROW_ID,
    KGC_ROW_KIND,
    KGC_SENTENCE,
    KGC_SHOWN,
    KGC_SUPPORTING,
    KGC_WARNS,
}


class Schema:
    """What vocabulary and shapes say: an export brings it along, and then it is left out."""

    def __init__(self, shapes: Iterable[Triple]) -> None:
        self._graphs = (vocabulary.graph(), Graph(shapes))

    def says(self, subject: Node, said: Predication) -> bool:
        """Whether a statement is one of vocabulary and shapes; blank nodes count as alike."""
        predicate, value = said
        values = [other for graph in self._graphs for other in graph.objects(subject, predicate)]
        if isinstance(value, BlankNode):
            return any(isinstance(other, BlankNode) for other in values)
        return value in values

    def left_of(self, subject: Node, said: Predications) -> Predications:
        """Of what is said of a subject that which vocabulary and shapes do not say."""
        others = {by: [value for value in values if not self.says(subject, (by, value))] for by, values in said.items()}
        return {by: values for by, values in others.items() if values}

    def says_all(self, subject: Node, said: Predications) -> bool:
        """Whether all statements of a subject are of vocabulary and shapes."""
        return any(subject in graph for graph in self._graphs) and not self.left_of(subject, said)


@lru_cache(maxsize=2)
def schema_of(shapes: tuple[Triple, ...]) -> Schema:
    """The vocabulary and some shapes, read once for edit after edit."""
    return Schema(shapes)


@cache
def bundled_schema() -> Schema:
    """The vocabulary and shapes that come along."""
    return Schema(bundled_shapes())


def refused(subject: Node, said: Predications) -> tuple[str, Predication] | None:
    """Why a record must not say something, and what; None where it may say it all."""
    if isinstance(subject, NamedNode) and is_defined(subject.value):
        by, values = next(iter(said.items()))
        return (
            "the vocabulary or a standard defines this term, and a record cannot say anything of it; remove it",
            (by, values[0]),
        )
    types = said.get(RDF_TYPE, ())
    for by, values in said.items():
        if by.startswith(_SH) or by in _OF_SHAPES:
            return _of_shapes(by), (by, values[0])
    for cls in types:
        if isinstance(cls, NamedNode) and cls.value.startswith(_SH):
            return _of_shapes(cls.value), (RDF_TYPE, cls)
    about = said.get(RDF_SUBJECT)
    if about and isinstance(subject, NamedNode) and set(types) != {NamedNode(RDF_STATEMENT)}:
        told = "only an rdf:Statement has an rdf:subject; a record is described in its own document alone"
        return told, (RDF_SUBJECT, about[0])
    return None


def _of_shapes(term: str) -> str:
    return f"{shortened(term)} belongs in shapes, and this is a record; give shapes with --shapes"


def unasked(base: Base, documents: Mapping[str, Graph], files: Mapping[str, str]) -> list[Fault]:
    """Faults of documents that the files speak in without describing what they are about: a record of that address
    would be replaced or added to unasked."""
    faults = []
    for name, document in documents.items():
        subjects = [subject for subject in document.subjects() if isinstance(subject, NamedNode)]
        if any(base.document(subject.value) == name for subject in subjects):
            continue
        blank = next(iter(document.subjects()))
        focus = subjects[0] if subjects else next(iter(document.objects(blank, RDF_SUBJECT)), blank)
        faults.append(
            Fault(
                message=f"this speaks in <{name}>, the document of another record; describe that record in the same "
                "import, or remove this",
                file=files.get(name),
                focus_node=getattr(focus, "value", name),
                path=next(iter(document.description(subjects[0] if subjects else blank)), None),
            )
        )
    return faults
