"""JSON-LD for people: compact names, the context inline, structures within what leads to them.

Every literal keeps its text: numbers, truth values and JSON stand as strings with their datatype.

Source: JSON-LD 1.1, sections 4.1.5 (compact IRIs), 4.2.4 (language and direction), 4.3.1 (lists), 4.5 (embedding).
"""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.formats.json import JsonObject, dumps
from kgcompare.formats.layout import Layout, ShortNames
from kgcompare.model import Json
from kgcompare.rdf.graph import Node, Term
from kgcompare.rdf.terms import RDF_NIL, RDF_TYPE, XSD_STRING

_NIL = NamedNode(RDF_NIL)


def json_ld_text(triples: Iterable[Triple], base: str, first: str | None = None) -> str:
    """Statements as JSON-LD, the subject *first* before the others; prefixes are as in Turtle.

    :raises DataError: for a triple term (RDF 1.2).
    """
    statements = list(triples)
    said = {term.value for triple in statements for term in triple if isinstance(term, NamedNode)}
    schemes = {iri.partition(":")[0].lower() for iri in said}
    page = _Page(Layout(statements), ShortNames(base, without=schemes))
    nodes = [page.node(subject, 0) for subject in page.layout.subjects()]
    nodes.sort(key=lambda node: node.get("@id") != page.name(first or ""))
    return dumps({"@context": dict(sorted(page.names.used.items())), "@graph": nodes})


class _Page:
    def __init__(self, layout: Layout, names: ShortNames) -> None:
        self.layout = layout
        self.names = names

    def name(self, iri: str) -> str:
        """An IRI in short, or as it is."""
        return self.names.short(iri) or iri

    def node(self, subject: Node, level: int) -> JsonObject:
        """What is said of a subject; a blank node without a label has no ``@id``."""
        node: JsonObject = {}
        if isinstance(subject, NamedNode):
            node["@id"] = self.name(subject.value)
        elif self.layout.labelled(subject):
            node["@id"] = "_:" + self.layout.label(subject)
        for predicate, values in self.layout.description(subject):
            classes = [value for value in values if isinstance(value, NamedNode)] if predicate == RDF_TYPE else []
            if classes:
                node["@type"] = [self.name(cls.value) for cls in classes]
            found = [self._value(value, level + 1) for value in values if value not in classes]
            if found:
                node[self.name(predicate)] = found[0] if len(found) == 1 else found
        return node

    def _value(self, value: Term, level: int) -> Json:
        if isinstance(value, Literal):
            return self._literal(value)
        if value == _NIL:
            return {"@list": []}
        if self.layout.within(value, level):
            members = self.layout.members(value)
            if members is not None:
                return {"@list": [self._value(member, level + 1) for member in members]}
            return self.node(value, level)
        return {"@id": "_:" + self.layout.label(value) if isinstance(value, BlankNode) else self.name(value.value)}

    def _literal(self, literal: Literal) -> Json:
        if literal.language is not None:
            tagged: JsonObject = {"@language": literal.language, "@value": literal.value}
            if literal.direction is not None:
                tagged["@direction"] = str(literal.direction)
            return tagged
        if literal.datatype.value == XSD_STRING:
            return literal.value
        return {"@type": self.name(literal.datatype.value), "@value": literal.value}
