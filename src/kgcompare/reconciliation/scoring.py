"""How well what somebody's data says of a thing agrees with what the catalogue says: 0 (not at all) to 100.

A thing agrees by its identifier or by any of its names in any language, a date where its years meet those given,
a number by its value, a text by its words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.catalogue.values import Reader
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.terms import EDTF, LABELS, XSD_DATE, XSD_DATE_TIME, XSD_G_YEAR, XSD_G_YEAR_MONTH, XSD_STRING
from kgcompare.reconciliation.request import Given, Named
from kgcompare.search.likeness import likeness
from kgcompare.text import dates
from kgcompare.text.folding import plain

_YEAR_AWAY = 10.0
"""What a year between two dates takes from their agreement."""
_DATED = {EDTF, XSD_G_YEAR, XSD_G_YEAR_MONTH, XSD_DATE, XSD_DATE_TIME}
_SPAN = re.compile(r"(-?\d{1,4})\s*[-–—/]\s*(\d{4})")
_DATE = re.compile(r"[-0-9X~?%./]{4,24}")


def similarity(reader: Reader, graph: Graph, term: Term, given: Given) -> float:
    """How well a value agrees with a term that stands in the record *graph*."""
    if isinstance(given, Named):
        return 100.0 if given.id in {term.value, *(link.iri for link in reader.value(graph, term).links)} else 0.0
    if isinstance(term, Literal):
        return _of_literal(term, given)
    wanted = plain(str(given))
    return max(likeness(wanted, plain(name)) for name in _names(reader, graph, term))


def _of_literal(term: Literal, given: Given) -> float:
    if term.datatype.value in _DATED:
        ours, theirs = years_given(term.value), years_given(given)
        if ours and theirs:
            return max(0.0, 100.0 - _YEAR_AWAY * max(theirs[0] - ours[1], ours[0] - theirs[1], 0))
    if isinstance(given, bool):
        return 100.0 if (term.value in {"true", "1"}) == given else 0.0
    if term.datatype.value != XSD_STRING and not term.language:
        with suppress(ValueError):
            return 100.0 if float(term.value) == float(str(given)) else 0.0
    return likeness(plain(str(given)), plain(term.value))


def years_given(given: Given) -> tuple[float, float] | None:
    """The first and the last year of a date, a year or a span of years; infinite where it is open; None for others."""
    if isinstance(given, bool | Named):
        return None
    text = str(int(given)) if isinstance(given, float) and given == given // 1 else str(given)
    text = text.strip().partition("T")[0]
    if span := _SPAN.fullmatch(text):
        text = f"{int(span[1]):04}/{span[2]}"
    elif text.isdecimal() and text.isascii() and len(text) < 4:
        text = text.zfill(4)
    if not _DATE.fullmatch(text):
        return None
    try:
        first, last = dates.years(dates.canonical(text))
    except ValueError:
        return None
    return (-math.inf if first is None else first), (math.inf if last is None else last)


def _names(reader: Reader, graph: Graph, term: NamedNode | BlankNode) -> Iterator[str]:
    value = reader.value(graph, term)
    yield value.text
    yield term.value
    for thing in [term.value, *(link.iri for link in value.links)]:
        yield from (link.text for link in value.links if link.iri == thing)
        known = reader.things.get(thing)
        if known is not None:
            for predicate in LABELS:
                yield from known.texts(NamedNode(thing), predicate).values()
