"""How a value reads: decided by its class or datatype, never by the row that it stands in.

A thing reads as its label, a source as its full reference, an origination as its agents with what they
brought, a date in words, a list as its members.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.catalogue import citation
from kgcompare.catalogue.descriptions import is_source
from kgcompare.model import CslItem, CslName, Link, Value
from kgcompare.rdf.graph import Graph, Term, literal_key, structure_key
from kgcompare.rdf.namespaces import PREFIXES, is_web, local_name
from kgcompare.rdf.terms import (
    DCTERMS_SOURCE,
    EDTF,
    FOAF_FAMILY_NAME,
    FOAF_GIVEN_NAME,
    KGC_AGENT_LIST,
    KGC_COMPARISON_KEY,
    KGC_CONTRIBUTION,
    KGC_ET_AL,
    KGC_ORDER,
    LABELS,
    RDF_FIRST,
    RDF_OBJECT,
    RDF_SUBJECT,
    RDF_TYPE,
)
from kgcompare.text import dates
from kgcompare.text.folding import fold
from kgcompare.text.languages import best, translate

_XSD = PREFIXES["xsd"]
_YEARS = {_XSD + "gYear", EDTF}


class Reader:
    """Reads values of records in one language. *things* describes what records name."""

    def __init__(self, lang: str, things: Mapping[str, Graph]) -> None:
        self.lang = lang
        self.things = things

    def label(self, thing: str) -> tuple[str | None, str]:
        """(language, name) of a thing; the end of its IRI, in no language, for want of a name."""
        graph = self.things.get(thing)
        if graph is not None:
            node = NamedNode(thing)
            for predicate in LABELS:
                named = best(graph.texts(node, predicate), self.lang)
                if named:
                    return named[0] or None, named[1]
        return None, local_name(thing)

    def value(self, graph: Graph, term: Term) -> Value:
        """The value of a term that stands in the record *graph*."""
        if isinstance(term, NamedNode):
            return self._thing(term)
        if isinstance(term, Literal):
            return replace(self._literal(term), literal=(term.value, term.datatype.value))
        return self._structure(graph, term)

    def sources(self, graph: Graph, subject: NamedNode, term: Term) -> tuple[Value, ...]:
        """Where the fact that *subject* has *term* comes from, in the statements about it."""
        values: list[Value] = []
        for statement in graph.subjects_of(RDF_OBJECT, term):
            if subject in graph.objects(statement, RDF_SUBJECT):
                for source in graph.objects(statement, DCTERMS_SOURCE):
                    if isinstance(source, NamedNode):
                        values.append(self.value(graph, source))
                    elif isinstance(source, Literal):
                        values.append(Value(literal_key(source), source.value))
        return tuple(values)

    def key(self, graph: Graph, term: Term) -> str:
        """What a term is compared by; the same as queries/compare.rq gives."""
        if isinstance(term, NamedNode):
            return term.value
        if isinstance(term, Literal):
            return literal_key(term)
        return graph.text(term, KGC_COMPARISON_KEY) or structure_key(graph, term)

    def _thing(self, term: NamedNode) -> Value:
        graph = self.things.get(term.value)
        if graph is None or term not in graph:
            outside = term.value if is_web(term.value) else None
            return Value(term.value, term.value, iri=term.value, url=outside)
        if is_source(graph, term.value):
            item = self.csl(term)
            url = citation.source_address(graph, term)
            return Value(term.value, citation.plain_reference(item), "en", term.value, url=url, csl=item)
        lang, text = self.label(term.value)
        return Value(term.value, text, lang, term.value)

    def csl(self, source: NamedNode) -> CslItem:
        """A source as a CSL-JSON item."""
        return citation.csl(self.things[source.value], source, self.agent_name)

    def agent_name(self, agent: Term) -> CslName:
        """An agent's name as CSL has it."""
        if isinstance(agent, Literal):
            return {"literal": agent.value}
        graph = self.things.get(agent.value, Graph())
        family, given = graph.text(agent, FOAF_FAMILY_NAME), graph.text(agent, FOAF_GIVEN_NAME)
        if family:
            return {"family": family, "given": given} if given else {"family": family}
        return {"literal": self.label(agent.value)[1]}

    def _literal(self, term: Literal) -> Value:
        key = literal_key(term)
        if term.language:
            return Value(key, term.value, term.language)
        datatype, text = term.datatype.value, term.value
        if datatype in _YEARS:
            try:
                return Value(key, dates.reads(dates.canonical(text), self.lang))
            except ValueError:
                return Value(key, text)
        if datatype == _XSD + "date":
            return Value(key, dates.reads(text, self.lang))
        if datatype == _XSD + "boolean":
            return Value(key, translate(self.lang, "yes" if text in {"true", "1"} else "no"))
        if datatype == _XSD + "anyURI" and is_web(text):
            return Value(key, text, url=text)
        return Value(key, text)

    def _structure(self, graph: Graph, node: BlankNode) -> Value:
        key = self.key(graph, node)
        if graph.objects(node, KGC_AGENT_LIST):
            return self._origination(graph, node, key)
        if graph.objects(node, RDF_FIRST):
            members = [self.value(graph, member) for member in graph.members(node)]
            return self._joined(members, key)
        for predicate in LABELS:
            named = best(graph.texts(node, predicate), self.lang)
            if named:
                return Value(key, named[1], named[0] or None)
        parts = []
        for predicate, values in graph.description(node).items():
            if predicate not in {KGC_COMPARISON_KEY, KGC_ORDER, RDF_TYPE}:
                said = ", ".join(self.value(graph, value).text for value in values)
                parts.append(f"{local_name(predicate)}: {said}")
        return Value(key, "; ".join(parts) or "–")

    def _joined(self, members: list[Value], key: str) -> Value:
        links = tuple(Link(member.text, member.iri) for member in members if member.iri)
        return Value(key, "; ".join(member.text for member in members), links=links)

    def _origination(self, graph: Graph, node: BlankNode, key: str) -> Value:
        links, names = [], []
        for agent in graph.members(graph.value(node, KGC_AGENT_LIST)):
            name = self.agent_name(agent)
            short = name.get("family") or name.get("literal") or ""
            names.append(short)
            if isinstance(agent, NamedNode):
                links.append(Link(short, agent.value))
        if graph.text(node, KGC_ET_AL) in {"true", "1"}:
            text = ", ".join(names) + " et al."
        else:
            text = " & ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        contribution = best(graph.texts(node, KGC_CONTRIBUTION), self.lang)
        if contribution:
            text = f"{text} ({contribution[1]})"
        return Value(key, text, contribution[0] or None if contribution else None, links=tuple(links))


def place(graph: Graph, term: Term, value: Value) -> tuple[int, str, str]:
    """Where a value stands among its siblings: by its ``kgc:order``, then by its text."""
    order = graph.text(term, KGC_ORDER) if isinstance(term, BlankNode) else None
    return int(order) if order and re.fullmatch(r"\d{1,9}", order) else 10**9, fold(value.text), value.key
