"""What statements need before the engine writes them, so that every reader reads them again as they are.

The engine writes labels of blank nodes, signs that do not show and names of predicates as they come.

Source: RDF 1.1 N-Triples, section 7 (grammar); RDF/XML, section 6.1 (names); XML 1.0, section 2.2 (characters).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, TypeVar

from pyoxigraph import BlankNode, Literal, Quad, Triple

from kgcompare.errors import DataError
from kgcompare.rdf.literals import NOT_XML
from kgcompare.rdf.namespaces import PREFIXES

_Statement = TypeVar("_Statement", Quad, Triple)
_ENDS_IN_A_NAME = re.compile(r"[A-Za-z_\xc0-\xd6\xd8-\xf6\xf8-\xff][A-Za-z0-9_.\xb7\xc0-\xd6\xd8-\xf6\xf8-\xff-]*\Z")
"""Names that every edition of XML 1.0 has."""
_RESERVED = {
    PREFIXES["rdf"] + name
    for name in ("RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "Description", "li", "aboutEach",
                 "aboutEachPrefix", "bagID")
}  # fmt: skip
"""IRIs that cannot be predicates in RDF/XML, or that stand for others there."""
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")
_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff]")
"""Signs that do not show, or end lines for some readers."""


def without_unseen(text: str) -> str:
    """Turtle, N-Triples, TriG or N-Quads with the signs that do not show as ``\\uXXXX``."""
    return _UNSEEN.sub(lambda sign: f"\\u{ord(sign[0]):04X}", text)


def plainly_labelled(statement: _Statement) -> _Statement:
    """The statement with labels of blank nodes that every syntax has: the engine writes those of others as they are."""
    subject, predicate, value = _labelled(statement.subject), statement.predicate, _labelled(statement.object)
    if isinstance(statement, Quad):
        return Quad(subject, predicate, value, _labelled(statement.graph_name))
    return Triple(subject, predicate, value)


def _labelled(term: Any) -> Any:
    if isinstance(term, BlankNode) and not _LABEL.match(term.value):
        return BlankNode("x" + hashlib.sha256(term.value.encode()).hexdigest()[:32])
    return plainly_labelled(term) if isinstance(term, Triple) else term


def sayable_in_xml(statement: _Statement) -> _Statement:
    """The statement as it is, where RDF/XML has words for it.

    :raises DataError: for a predicate that ends in no XML name and a character that XML does not have.
    """
    value, predicate = statement.object, statement.predicate.value
    if isinstance(value, Literal) and (found := NOT_XML.search(value.value)):
        sign = f"U+{ord(found[0]):04X}"
        raise DataError(f"RDF/XML has no {sign}, which a text of {str(statement.subject)[:200]} has; take Turtle")
    if not _ENDS_IN_A_NAME.search(predicate) or predicate in _RESERVED:
        raise DataError(f"RDF/XML has no way to write the predicate <{predicate[:200]}>; take Turtle")
    return statement


_NAMELESS = re.compile(rb'<([^\s<>/:!?]+):((?:\s[^\s=]+="[^"]*")*)>(.*?)</\1:>', re.DOTALL)
_XMLNS = rb'\sxmlns:%s="([^"]*)"'


def readable_xml(text: bytes) -> bytes:
    """RDF/XML of the engine as XML readers take it.

    The engine makes an element of a thing's class, and one without a name where its IRI ends in none
    (``<http://example.org/>``); and readers make a line feed of a carriage return that is not written out.
    """
    return _NAMELESS.sub(lambda found: _described(found, text), text).replace(b"\r", b"&#13;")


def _described(found: re.Match[bytes], text: bytes) -> bytes:
    """The same element as a description with a class."""
    prefix, attributes, content = found.groups()
    declared = re.compile(_XMLNS % re.escape(prefix))
    where = declared.search(attributes) or declared.search(text)
    said = b'<rdf:type rdf:resource="%s"/>' % where[1] if where else b""
    return b"<rdf:Description%s>%s%s</rdf:Description>" % (declared.sub(b"", attributes), said, content)
