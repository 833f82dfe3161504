"""How a value reads: decided by its class or datatype, never by the row that it stands in.

A thing reads as its label, software as its name under its programming language, a source as its full reference, an
origination as its agents with what they brought, a date in words, a list as its members.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.catalogue import citation, sources
from kgcompare.catalogue.names import name_parts
from kgcompare.catalogue.sources import is_source
from kgcompare.model import CslItem, CslName, Link, Value
from kgcompare.rdf.addresses import web_address
from kgcompare.rdf.graph import Graph, Node, Term, node_of, structure_key
from kgcompare.rdf.keys import literal_key, value_key
from kgcompare.rdf.namespaces import PREFIXES, local_name
from kgcompare.rdf.terms import (
    DCTERMS_SOURCE,
    EDTF,
    KGC_AGENT_LIST,
    KGC_COMPARISON_KEY,
    KGC_CONTRIBUTION,
    KGC_ET_AL,
    KGC_ORDER,
    LABELS,
    RDF_OBJECT,
    RDF_SUBJECT,
    RDF_TYPE,
    SCHEMA_PROGRAMMING_LANGUAGE,
    SCHEMA_URL,
    SKOS_DEFINITION,
)
from kgcompare.text import dates
from kgcompare.text.durations import duration_text
from kgcompare.text.folding import fold
from kgcompare.text.languages import best, translate

_XSD = PREFIXES["xsd"]
_DATES = {*(_XSD + name for name in ("gYear", "gYearMonth", "date")), EDTF}
_DURATIONS = {_XSD + name for name in ("duration", "dayTimeDuration", "yearMonthDuration")}
_NOTHING = Graph()
_DEEPEST = 6
"""Levels of blank nodes that are read out; what is below is an ellipsis."""


class Reader:
    """Reads values of records in one language. *things* describes what records name."""

    def __init__(self, lang: str, things: Mapping[str, Graph]) -> None:
        self.lang = lang
        self.things = things
        self._read: dict[str, Value] = {}

    def label(self, thing: str) -> tuple[str | None, str]:
        """(language, name) of a thing; the end of its IRI, in no language, for want of a name."""
        graph = self.things.get(thing)
        named = self._label(graph, node_of(thing)) if graph is not None else None
        return named or (None, local_name(thing))

    def _label(self, graph: Graph, node: Node) -> tuple[str | None, str] | None:
        """(language, name) of a thing of which *graph* speaks; None for want of a name."""
        for predicate in LABELS:
            if named := best(graph.texts(node, predicate), self.lang):
                return named[0] or None, named[1]
        return None

    def value(self, graph: Graph, term: Term, level: int = 0) -> Value:
        """The value of a term that stands in the record *graph*, *level* blank nodes below another one."""
        if isinstance(term, NamedNode):
            name = term.value
            if name not in self._read:  # a concept stands in many cells
                self._read[name] = self._thing(term)
            return self._read[name]
        if isinstance(term, Literal):
            return self._literal(term)
        return self._structure(graph, term, level) if level < _DEEPEST else Value("…", "…")

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
        """What a term is compared by, as in queries/differences.rq: the same for equal values."""
        if isinstance(term, NamedNode):
            return term.value
        if isinstance(term, Literal):
            return value_key(term)
        return graph.text(term, KGC_COMPARISON_KEY) or structure_key(graph, term)

    def _thing(self, term: NamedNode) -> Value:
        graph = self.things.get(term.value)
        if graph is None or term not in graph:
            return Value(term.value, term.value, iri=term.value, url=web_address(term.value))
        if is_source(graph, term.value):
            item = self.csl(term)
            url = sources.source_address(graph, term)
            reference = citation.marked_up(item)
            text = citation.without_marks(reference)
            return Value(term.value, text, "en", term.value, url=url, csl=item, reference=reference)
        lang, text = self.label(term.value)
        if language := graph.text(term, SCHEMA_PROGRAMMING_LANGUAGE):
            documented = next(iter(graph.iris(term, SCHEMA_URL)), None)
            url = web_address(documented) if documented else None
            return Value(term.value, text, lang, term.value, url=url, under=language)
        tag, defined = best(graph.texts(term, SKOS_DEFINITION), self.lang) or (None, None)
        return Value(term.value, text, lang, term.value, description=defined, description_lang=tag or None)

    def csl(self, source: NamedNode) -> CslItem:
        """A source as a CSL-JSON item."""
        graph = self.things[source.value]
        return sources.csl(graph, source, lambda agent: self.agent_name(agent, graph), self._described)

    def _described(self, thing: NamedNode) -> Graph:
        return self.things.get(thing.value) or _NOTHING

    def agent_name(self, agent: Term, graph: Graph) -> CslName:
        """An agent's name as CSL has it; *graph* names those that have no IRI."""
        if isinstance(agent, Literal):
            return {"literal": agent.value}
        if isinstance(agent, NamedNode):
            return name_parts(self._described(agent), agent) or {"literal": self.label(agent.value)[1]}
        named = self._label(graph, agent)
        return name_parts(graph, agent) or {"literal": named[1] if named else "–"}

    def spoken(self, agent: Term, graph: Graph) -> str:
        """What an agent is called, in one piece."""
        if isinstance(agent, Literal):
            return agent.value
        named = self._label(self._described(agent) if isinstance(agent, NamedNode) else graph, agent)
        return named[1] if named else sources.whole(self.agent_name(agent, graph))

    def _literal(self, term: Literal) -> Value:
        key, text, datatype = literal_key(term), term.value, term.datatype.value
        said = text, datatype
        if term.language:
            return Value(key, text, term.language, literal=said)
        if datatype in _DATES:
            try:
                return Value(key, dates.reads(dates.canonical(dates.of_xsd(text)), self.lang), literal=said)
            except ValueError:
                return Value(key, text, literal=said)
        if datatype == _XSD + "boolean":
            return Value(key, translate(self.lang, "yes" if text in {"true", "1"} else "no"), literal=said)
        if datatype in _DURATIONS:
            with suppress(ValueError):
                return Value(key, duration_text(text, self.lang), literal=said)
        if datatype == _XSD + "anyURI":
            return Value(key, text, url=web_address(text), literal=said)
        return Value(key, sources.ranged(text), literal=said)

    def _structure(self, graph: Graph, node: BlankNode, level: int) -> Value:
        key = self.key(graph, node) if level == 0 else ""  # only what stands in a row is compared
        if graph.objects(node, KGC_AGENT_LIST):
            return self._origination(graph, node, key)
        if held := graph.members(node):
            members = [self.value(graph, member, level + 1) for member in held]
            return self._joined(members, key)
        if name := name_parts(graph, node):
            return Value(key, sources.whole(name))
        if named := self._label(graph, node):
            return Value(key, named[1], named[0])
        parts = []
        for predicate, values in graph.description(node).items():
            if predicate not in {KGC_COMPARISON_KEY, KGC_ORDER, RDF_TYPE}:
                said = ", ".join(self.value(graph, value, level + 1).text for value in values)
                parts.append(f"{local_name(predicate)}: {said}")
        return Value(key, "; ".join(parts) or "–")

    def _joined(self, members: list[Value], key: str) -> Value:
        links = tuple(Link(member.text, member.iri) for member in members if member.iri)
        return Value(key, "; ".join(member.text for member in members), links=links)

    def _origination(self, graph: Graph, node: BlankNode, key: str) -> Value:
        links, names = [], []
        more = graph.text(node, KGC_ET_AL) in {"true", "1"}
        for agent in graph.members(graph.value(node, KGC_AGENT_LIST)):
            name = self.agent_name(agent, graph)
            called = name.get("family") or name.get("literal") or ""
            short = sources.somebody(called)
            more = more or short != called
            if short:
                names.append(short)
                if isinstance(agent, NamedNode):
                    links.append(Link(short, agent.value))
        if more:
            text = ", ".join(names) + " et al."
        else:
            text = " & ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        contribution = best(graph.texts(node, KGC_CONTRIBUTION), self.lang)
        if contribution:
            text = f"{text} ({contribution[1]})"
        return Value(key, text, contribution[0] or None if contribution else None, links=tuple(links))


def place(graph: Graph, term: Term, value: Value) -> tuple[int, str, str, str]:
    """Where a value stands among its siblings: by its ``kgc:order``, what it stands under, then by its text."""
    order = graph.text(term, KGC_ORDER) if isinstance(term, BlankNode) else None
    number = int(order) if order and re.fullmatch(r"\d{1,9}", order) else 10**9
    return number, fold(value.under or ""), fold(value.text), value.key
