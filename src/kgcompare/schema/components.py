"""Constraint components of SHACL Core as tests of values, of those that look at values by themselves.

A test says yes only where pySHACL certainly finds nothing.

Source: SHACL, section 4 (core constraint components).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import RDF_TYPE, RDFS_SUB_CLASS_OF
from kgcompare.schema.walk import Walk

_SH, _XSD = PREFIXES["sh"], PREFIXES["xsd"]
_LEXICAL = {
    _XSD + name: re.compile(pattern)
    for name, pattern in {
        "integer": "[+-]?[0-9]{1,18}",
        "boolean": "true|false",
        "decimal": r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?",
        "date": "[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
        "gYear": "[12][0-9]{3}",
        "gYearMonth": "[12][0-9]{3}-(0[1-9]|1[0-2])",
        "string": "(?s).*",
        "anyURI": r"[!-~]*",
    }.items()
}
"""Lexical forms that are certainly well-formed."""
_LANG_STRING = PREFIXES["rdf"] + "langString"
_KINDS = {NamedNode: "IRI", BlankNode: "BlankNode", Literal: "Literal"}
_TRUE = {"true", "1"}


class Data:
    """The statements that nodes are judged by."""

    def __init__(self, graph: Graph, shapes: Graph) -> None:
        self.graph = graph
        self.walk = Walk(shapes, self._step)
        self._above: dict[Term, set[Term]] = {}

    def _step(self, starts: Iterable[Term], predicate: str, back: bool = False) -> set[Term]:
        if back:
            return {subject for value in starts for subject in self.graph.subjects_of(predicate, value)}
        return {value for node in starts for value in self.graph.objects(node, predicate)}  # type: ignore[arg-type]

    def is_a(self, node: Term, cls: Term) -> bool:
        """Whether a node is an instance of a class, or of one below it."""
        return any(cls in self._wider(of) for of in self.graph.objects(node, RDF_TYPE))  # type: ignore[arg-type]

    def _wider(self, cls: Term) -> set[Term]:
        if cls not in self._above:
            self._above[cls] = self.walk.repeated(NamedNode(RDFS_SUB_CLASS_OF), {cls})
        return self._above[cls]


Values = Collection[Term]
ValueTest = Callable[[Values, Term, Data], bool]
"""Values of a node, the node and the data -> whether pySHACL certainly finds nothing."""
Make = Callable[[Sequence[Term]], ValueTest]
"""The values of a parameter -> a test."""


def always(_: Values, __: Term, ___: Data) -> bool:
    """A test of what says nothing."""
    return True


def never(_: Values, __: Term, ___: Data) -> bool:
    """A test of what pySHACL has to judge."""
    return False


def odd(value: Term) -> bool:
    """Whether a literal is equal to one that is written otherwise, as rdflib sees it."""
    return isinstance(value, Literal) and value.language is not None and value.language != value.language.lower()


def says(values: Sequence[Term] | None) -> bool:
    """Whether a parameter is true."""
    return any(isinstance(value, Literal) and value.value in _TRUE for value in values or ())


def count_of(values: Sequence[Term]) -> int:
    """What a parameter counts."""
    return int(getattr(values[0], "value", "0"))


def _whole(value: Term) -> int | None:
    """What an integer is; None for anything else."""
    known = isinstance(value, Literal) and value.datatype.value == _XSD + "integer"
    return int(value.value) if known and _LEXICAL[_XSD + "integer"].fullmatch(value.value) else None


def _min_count(least: Sequence[Term]) -> ValueTest:
    count = count_of(least)
    return lambda values, _, __: len(values) >= count


def _max_count(most: Sequence[Term]) -> ValueTest:
    count = count_of(most)
    return lambda values, _, __: len(values) <= count


def _min_length(least: Sequence[Term]) -> ValueTest:
    count = count_of(least)
    return lambda values, _, __: all(not isinstance(value, BlankNode) and len(value.value) >= count for value in values)


def _max_length(most: Sequence[Term]) -> ValueTest:
    count = count_of(most)
    return lambda values, _, __: all(not isinstance(value, BlankNode) and len(value.value) <= count for value in values)


def _class(classes: Sequence[Term]) -> ValueTest:
    return lambda values, _, data: all(
        not isinstance(value, Literal) and data.is_a(value, cls) for cls in classes for value in values
    )


def _datatype(datatypes: Sequence[Term]) -> ValueTest:
    datatype = getattr(datatypes[0], "value", "")
    known = _LEXICAL.get(datatype)
    # pySHACL looks at how a literal is written for the datatypes that rdflib knows.
    unknown = datatype == _LANG_STRING or not datatype.startswith((_XSD, PREFIXES["rdf"], PREFIXES["rdfs"]))

    def fits(value: Term) -> bool:
        if not isinstance(value, Literal) or value.datatype.value != datatype:
            return False
        return unknown or (known is not None and known.fullmatch(value.value) is not None)

    return lambda values, _, __: all(map(fits, values))


def _node_kind(kinds: Sequence[Term]) -> ValueTest:
    kind = getattr(kinds[0], "value", "").removeprefix(_SH)
    return lambda values, _, __: all(_KINDS.get(type(value), "?") in kind for value in values)


def _unique_lang(unique: Sequence[Term]) -> ValueTest:
    def fits(values: Values, _: Term, __: Data) -> bool:
        tags = [value.language for value in values if isinstance(value, Literal) and value.language]
        return len(tags) == len(set(tags))

    return fits if says(unique) else always


def _has_value(wanted: Sequence[Term]) -> ValueTest:
    return lambda values, _, __: all(value in values for value in wanted)


def _others(predicates: Sequence[Term], focus: Term, data: Data) -> list[Term]:
    return [
        value
        for predicate in predicates
        if isinstance(predicate, NamedNode)
        for value in data.graph.objects(focus, predicate.value)  # type: ignore[arg-type]
    ]


def _disjoint(predicates: Sequence[Term]) -> ValueTest:
    def fits(values: Values, focus: Term, data: Data) -> bool:
        others = _others(predicates, focus, data)
        return not any(map(odd, others)) and not set(values) & set(others)

    return fits


def _equals(predicates: Sequence[Term]) -> ValueTest:
    return lambda values, focus, data: all(
        set(values) == set(_others([predicate], focus, data)) for predicate in predicates
    )


def _compared(fits: Callable[[int, int], bool]) -> Make:
    """A test that each value, a whole number, fits each of those of some predicates."""

    def make(predicates: Sequence[Term]) -> ValueTest:
        def test(values: Values, focus: Term, data: Data) -> bool:
            others = [_whole(value) for value in _others(predicates, focus, data)]
            these = [_whole(value) for value in values]
            return not these or all(
                this is not None and other is not None and fits(this, other) for this in these for other in others
            )

        return test

    return make


def _bound(fits: Callable[[int, int], bool]) -> Make:
    """A test that each value, a whole number, fits those of the shape."""

    def make(bounds: Sequence[Term]) -> ValueTest:
        limits = [_whole(bound) for bound in bounds]

        def test(values: Values, _: Term, __: Data) -> bool:
            these = [_whole(value) for value in values]
            return all(
                this is not None and limit is not None and fits(this, limit) for this in these for limit in limits
            )

        return test

    return make


VALUE_TESTS: Mapping[str, Make] = {
    _SH + name: make
    for name, make in {
        "minCount": _min_count,
        "maxCount": _max_count,
        "minLength": _min_length,
        "maxLength": _max_length,
        "class": _class,
        "datatype": _datatype,
        "nodeKind": _node_kind,
        "uniqueLang": _unique_lang,
        "hasValue": _has_value,
        "disjoint": _disjoint,
        "equals": _equals,
        "lessThan": _compared(lambda this, other: this < other),
        "lessThanOrEquals": _compared(lambda this, other: this <= other),
        "minInclusive": _bound(lambda this, limit: this >= limit),
        "maxInclusive": _bound(lambda this, limit: this <= limit),
        "minExclusive": _bound(lambda this, limit: this > limit),
        "maxExclusive": _bound(lambda this, limit: this < limit),
    }.items()
}
"""By parameter, of those components that need no other shape."""
