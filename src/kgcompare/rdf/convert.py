"""Terms and statements from pyoxigraph's to rdflib's, for what rdflib alone does: validation, Turtle for people."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, NamedNode, Triple

from kgcompare.rdf.graph import Term, as_term
from kgcompare.rdf.terms import XSD_STRING

if TYPE_CHECKING:
    import rdflib


def to_rdflib(triples: Iterable[Triple], graph: rdflib.Graph | None = None) -> rdflib.Graph:
    """The same statements as an rdflib graph, added to *graph* if there is one.

    :raises DataError: for a triple term, which rdflib does not have.
    """
    import rdflib

    # rdflib logs a traceback for each literal that is not of its datatype, and warns of others; an import says it.
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", "Parsing weird boolean", UserWarning, "rdflib")
    graph = rdflib.Graph(bind_namespaces="none") if graph is None else graph
    for triple in triples:
        subject, value = as_term(triple.subject), as_term(triple.object)
        graph.add((_term(subject), _term(triple.predicate), _term(value)))
    return graph


def _term(term: Term) -> rdflib.URIRef | rdflib.BNode | rdflib.Literal:
    import rdflib

    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value == XSD_STRING:
        return rdflib.Literal(term.value)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False)
