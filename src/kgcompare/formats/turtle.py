"""Turtle for people: a line a value, sorted, structures within what leads to them.

Every term is written by rule, whatever is in it: a number or truth value stands without quotes only where it is one by
Turtle's grammar, a name in short only where it needs no escapes.

Source: RDF 1.1 Turtle, sections 2 (abbreviations), 6.4 (escapes) and 6.5 (grammar).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.formats.layout import Layout, Order, ShortNames
from kgcompare.rdf.graph import Node, Term
from kgcompare.rdf.terms import RDF_NIL, RDF_TYPE, RDFS_LABEL, XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, XSD_STRING
from kgcompare.rdf.writing import without_unseen

_BARE = {
    XSD_BOOLEAN: re.compile(r"(?:true|false)\Z"),
    XSD_INTEGER: re.compile(r"(?:0|-?[1-9][0-9]*)\Z"),
    XSD_DECIMAL: re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]{1,6}\Z"),
}
"""Literals that stand without quotes, by datatype: those that readers who make numbers of them write again alike."""
_NIL = NamedNode(RDF_NIL)


def turtle_text(
    triples: Iterable[Triple], base: str, order: Order | None = None, declared: str = "@prefix {}: <{}> ."
) -> str:
    """Statements as Turtle, with prefixes of ours and of the kinds of records under *base*.

    They are *declared* as Turtle always has, which readers of N3 know too, or otherwise.

    :raises DataError: for a triple term (RDF 1.2).
    """
    page = _Page(Layout(triples, order), ShortNames(base))
    blocks = ["\n".join(page.block(subject)) for subject in page.layout.subjects()]
    head = "".join(declared.format(*used) + "\n" for used in sorted(page.names.used.items()))
    return (head + "\n" if head else "") + "\n\n".join(blocks) + "\n"


def _ended(lines: list[str], end: str) -> list[str]:
    return [*lines[:-1], lines[-1] + end]


class _Page:
    def __init__(self, layout: Layout, names: ShortNames) -> None:
        self.layout = layout
        self.names = names

    def block(self, subject: Node) -> Iterator[str]:
        """What is said of a subject, in lines."""
        apart = isinstance(subject, BlankNode) and not self.layout.labelled(subject)
        yield "[]" if apart else self._term(subject)
        yield from self._predications(subject, 1)
        yield "."

    def _predications(self, subject: Node, level: int) -> Iterator[str]:
        indent, first = "    " * level, {RDF_TYPE: 0, RDFS_LABEL: 1}
        for predicate, values in sorted(self.layout.description(subject), key=lambda said: first.get(said[0], 2)):
            name = "a" if predicate == RDF_TYPE else self._name(predicate)
            pieces = [list(self._value(value, level)) for value in values]
            if len(pieces) == 1 and pieces[0][0] != "[":
                yield from _ended([f"{indent}{name} {pieces[0][0]}", *pieces[0][1:]], " ;")
                continue
            yield indent + name
            for number, piece in enumerate(pieces, 1):
                lines = [f"    {indent}{piece[0]}", *("    " + line for line in piece[1:])]
                yield from _ended(lines, " ;" if number == len(pieces) else " ,")

    def _value(self, value: Term, level: int) -> Iterator[str]:
        """A value in lines; those after the first are indented as deep as *level* says."""
        if not self.layout.within(value, level):
            yield "()" if value == _NIL else self._term(value)
            return
        indent = "    " * level
        members = self.layout.members(value)
        if members is not None:
            yield "("
            for member in members:
                start, *rest = self._value(member, level + 1)
                yield f"{indent}    {start}"
                yield from rest
            yield indent + ")"
        elif isinstance(value, BlankNode):
            lines = list(self._predications(value, level + 1))
            yield from ["[", *lines, indent + "]"] if lines else ["[]"]

    def _term(self, term: Term) -> str:
        if isinstance(term, BlankNode):
            return "_:" + self.layout.label(term)
        return self._name(term.value) if isinstance(term, NamedNode) else self._literal(term)

    def _name(self, iri: str) -> str:
        return self.names.short(iri) or without_unseen(f"<{iri}>")

    def _literal(self, literal: Literal) -> str:
        datatype = literal.datatype.value
        bare = _BARE.get(datatype)
        if bare is not None and bare.match(literal.value):
            return literal.value
        if literal.language is not None or datatype == XSD_STRING:
            return without_unseen(str(literal))
        return f"{without_unseen(str(Literal(literal.value)))}^^{self._name(datatype)}"
