"""What an endpoint answered, read as engines write it rather than as the standards would have it.

Exactly what can be told is taken: members that nobody knows are passed over, members may come in any order, a literal
may be a ``typed-literal`` or have no datatype, language tags may be in capitals, the body may be XML where JSON was
asked for, under whatever media type. What cannot be told is an error, never a shorter answer. A blank node means
something within one answer only, and its label may be any text: each answer gets labels of its own. Reading it takes
no more time and memory than a multiple of its length, however it is made.

Source: SPARQL 1.1 Query Results JSON Format, section 3; SPARQL Query Results XML Format, section 2; SPARQL 1.2 Query
Results JSON Format, section 3.2 (triple terms).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar, cast
from xml.etree import ElementTree

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse_query_results,
)

from kgcompare.errors import EndpointError, Seam, SyntaxFault, reason
from kgcompare.rdf.graph import Term, as_node
from kgcompare.rdf.syntaxes import nests_deeply, read_bytes
from kgcompare.store import deadline
from kgcompare.store.base import Results, Solutions, Statements, Verdict

_T = TypeVar("_T")

_MOST_TRIPLE_TERMS = 500
"""Of results in XML, which SPARQL 1.1 has none in: parsers follow them on their stack."""
_MOST_COLUMNS = 2_000
"""Variables of an answer: the engine's reader compares each with all."""
_MOST_CELLS = 50_000_000
"""A row counts for seven more than it has cells: a list takes as much for it, be it empty."""
_AT_A_TIME = 10_000
"""Rows after which one looks whether there is time."""
_MOST_SLOWLY = 128 << 20
"""Bytes of an answer that is read leniently: all of it at once, and nothing else meanwhile."""
_JSON = {"application/sparql-results+json", "application/json"}
_GENERIC = {"", "text/plain", "application/octet-stream", "text/html", "text/xml", "application/xml"}
_RESULTS_XML = re.compile(
    rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*|<\?[^>]*\?>\s*)*<(?:[\w.-]+:)?sparql[\s>]"
)
_ENDS_XML = re.compile(rb"</(?:[\w.-]+:)?sparql\s*>\s*\Z")
_HEAD_JSON = re.compile(rb'"vars"\s*:\s*\[[^\]]*')
_VARIABLE_XML = re.compile(rb"<(?:[\w.-]+:)?variable[\s/]")
_WIDE_XML = re.compile(rb"<[\w:](?:[^<>\"']*+(?:\"[^\"]*+\"|'[^']*+')){1000}")
"""A tag with a thousand attributes: the engine's reader compares each with all."""
_RDF_XML = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*)*<(?:[\w.-]+:)?RDF[\s>]")
_MARK = b"\xef\xbb\xbf"
_BOOLEAN = "http://www.w3.org/2001/XMLSchema#boolean"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_WRONG = (SyntaxError, ValueError, OSError, RuntimeError, ElementTree.ParseError)
"""What the readers raise at what they cannot read."""
_UNLIKE = (TypeError, KeyError, AttributeError)
"""What they raise at what is well-formed, and no result."""


def understood(media: str, body: bytes, url: str) -> Results:
    """The answer of the endpoint *url*, of a media type and a body.

    :raises EndpointError: if it is none.
    """

    def nonsense(why: str) -> EndpointError:
        return EndpointError(f"{url} answered something that is no SPARQL result: {why}")

    body = body.removeprefix(_MARK)
    begins = body[:4096].lstrip()
    syntax = None if media in _GENERIC | _JSON else RdfFormat.from_media_type(media)
    if _RESULTS_XML.match(body[:4096]):
        if why := _xml_excess(body):
            raise nonsense(why)
        return _results(body, QueryResultsFormat.XML, _from_xml, nonsense)
    if begins.startswith(b"{") and syntax not in {RdfFormat.JSON_LD, RdfFormat.TRIG}:
        if why := _json_excess(body):
            raise nonsense(why)
        return _results(body, QueryResultsFormat.JSON, _from_json, nonsense)
    if media in _JSON or "sparql-results" in media:
        raise nonsense(f"it begins with {begins[:40].decode(errors='replace')!r}" if begins else "it is empty")
    if syntax is None and _RDF_XML.match(body[:4096]):
        syntax = RdfFormat.RDF_XML
    if syntax is None:
        raise EndpointError(f"{url} answered with {media[:80] or 'no media type'}, which is no SPARQL answer")
    try:
        return Statements([quad.triple for quad in _in_time(read_bytes(body, syntax, url, ""))])
    except SyntaxFault as fault:
        raise nonsense(reason(fault)) from None


def _xml_excess(body: bytes) -> str:
    """What no reader of results in XML is given; empty for nothing."""
    if body.count(b"triple>") > _MOST_TRIPLE_TERMS:
        return "it nests too deeply"
    if sum(1 for _ in islice(_VARIABLE_XML.finditer(body), _MOST_COLUMNS + 1)) > _MOST_COLUMNS:
        return f"it has more than {_MOST_COLUMNS:,} columns"
    return "an element in it has a thousand attributes" if _WIDE_XML.search(body) else ""


def _json_excess(body: bytes) -> str:
    """What no reader of results in JSON is given; empty for nothing."""
    if any(head[0].count(b",") >= _MOST_COLUMNS for head in _HEAD_JSON.finditer(body)):
        return f"it has more than {_MOST_COLUMNS:,} columns"
    return "it nests too deeply" if nests_deeply(body) else ""


def _in_time(things: Iterable[_T], most: int = sys.maxsize) -> Iterator[_T]:
    """What is read, for as long as the caller has time.

    :raises ValueError: for more than *most* things.
    :raises Overrun: if the deadline has passed.
    """
    for number, each in enumerate(things):
        if number >= most:
            raise ValueError(f"it has more than {most:,} rows")
        if number % _AT_A_TIME == 0:
            deadline.go_on()
        yield each


def statements_in(answer: Solutions, url: str) -> Statements:
    """Statements that an endpoint gave as solutions of three variables.

    :raises EndpointError: if it did not.
    """
    if len(answer.variables) != 3:
        raise EndpointError(f"{url} answered a query for statements with {len(answer.variables)} columns")
    terms = _Terms()
    with Seam(_WRONG + _UNLIKE, lambda why: EndpointError(f"{url} answered with a statement that is none: {why}")):
        return Statements([terms.triple(*row) for row in answer.rows if None not in row])


def _results(
    body: bytes,
    form: QueryResultsFormat,
    lenient: Callable[[bytes, _Terms], Solutions | Verdict],
    nonsense: Callable[[str], EndpointError],
) -> Solutions | Verdict:
    """The engine's reader is quick and strict; what it refuses is read once more, slowly."""
    if form != QueryResultsFormat.XML or _ENDS_XML.search(body[-100:]):  # it takes XML that is cut off for whole
        with suppress(SyntaxError, ValueError, OSError, RuntimeError, MemoryError):  # a text may be too long for it
            return _strictly(body, form)
    if len(body) > _MOST_SLOWLY:
        raise nonsense(f"it is longer than {_MOST_SLOWLY >> 20} MiB, and not as the standard has it")
    with Seam(_UNLIKE, lambda _: nonsense("it has another form")), Seam(_WRONG, nonsense):
        return lenient(body, _Terms())


def _strictly(body: bytes, form: QueryResultsFormat) -> Solutions | Verdict:
    answer: QuerySolutions | QueryBoolean | None = None
    try:
        answer, terms = parse_query_results(body, form), _Terms()
        if not isinstance(answer, QuerySolutions):
            return Verdict(bool(answer))
        variables = tuple(variable.value for variable in answer.variables)
        rows = _in_time(answer, _most_rows(variables))
        return Solutions(variables, [tuple(map(terms.renamed, solution)) for solution in rows])
    finally:
        answer = None  # pyoxigraph's iterators must end in the thread that made them


def _most_rows(variables: Sequence[str]) -> int:
    return _MOST_CELLS // (len(variables) + 7)


class _Terms:
    """The terms of one answer."""

    def __init__(self) -> None:
        self._blank: dict[str, BlankNode] = {}

    def blank(self, label: str) -> BlankNode:
        """The blank node of a label, whatever that looks like."""
        found = self._blank.get(label)
        if found is None:
            found = self._blank[label] = BlankNode()
        return found

    def renamed(self, term: Term | None) -> Term | None:
        """A term as it is, but for blank nodes, which get a label of their own."""
        if isinstance(term, BlankNode):
            return self.blank(term.value)
        if isinstance(term, Literal) and term.value in {"0", "1"} and term.datatype.value == _BOOLEAN:
            return self.literal(term.value, None, _BOOLEAN)
        said = cast("object", term)
        if isinstance(said, Triple):
            parts = self.renamed(cast("Term", said.subject)), said.predicate, self.renamed(cast("Term", said.object))
            return cast("Term", self.triple(*parts))
        return term

    def literal(self, value: str, tag: str | None, datatype: str | None) -> Literal:
        """A literal; its tag in lower case, and what is true or false written so, as stores write it."""
        value.encode()  # a half of a surrogate pair is no text
        if tag:
            return Literal(value, language=tag.lower())
        if datatype == _BOOLEAN:
            value = {"1": "true", "0": "false"}.get(value, value)
        return Literal(value, datatype=NamedNode(datatype)) if datatype else Literal(value)

    def triple(self, subject: Term | None, predicate: Term | None, value: Term | None) -> Triple:
        """A triple term."""
        if not isinstance(predicate, NamedNode) or value is None:
            raise ValueError("a triple in it is none")
        return Triple(as_node(subject), predicate, value)


# -- JSON ----------------------------------------------------------------------------------------------


def _from_json(body: bytes, terms: _Terms) -> Solutions | Verdict:
    said = json.loads(body.decode(), parse_int=str, parse_float=str, parse_constant=_no_number)
    if "boolean" in said and "results" not in said:
        return _verdict(str(said["boolean"]))
    solutions: list[Mapping[str, Any]] = said["results"]["bindings"]
    if not isinstance(solutions, list):
        raise TypeError("its solutions are no list")
    rows = [
        {name: term for name, value in each.items() if (term := _json_term(value, terms)) is not None}
        for each in _in_time(solutions)
    ]
    head = said.get("head") or {}
    return _solutions(head.get("vars"), rows)


def _no_number(said: str) -> None:
    raise ValueError(f"{said} is no number")


def _solutions(named: list[str] | None, rows: list[dict[str, Term]]) -> Solutions:
    """Solutions of the variables that the head names, or else of those that any solution binds."""
    if not isinstance(named, list | None):
        raise TypeError("its variables are no list")
    names = [name.lstrip("?$") for name in named or ()]
    variables = tuple(dict.fromkeys([*names, *(() if names else (name for row in rows for name in row))]))
    if any(row.keys() - set(variables) for row in rows):
        raise ValueError("a solution binds a variable that its head does not name")
    "".join(variables).encode()
    return Solutions(variables, [tuple(map(row.get, variables)) for row in _in_time(rows, _most_rows(variables))])


def _verdict(said: str) -> Verdict:
    if said.strip().lower() not in {"true", "false", "1", "0"}:
        raise ValueError(f"{said[:40]!r} is neither true nor false")
    return Verdict(said.strip().lower() in {"true", "1"})


def _json_term(said: Mapping[str, Any] | None, terms: _Terms) -> Term | None:
    if said is None:
        return None
    kind, value = str(said["type"]).lower(), said["value"]
    if kind == "triple":
        parts = (_json_term(value[part], terms) for part in ("subject", "predicate", "object"))
        return cast("Term", terms.triple(*parts))
    if isinstance(value, bool):
        value = str(value).lower()
    elif not isinstance(value, str):
        raise TypeError("the value of a term is no text")
    if kind in {"uri", "iri"}:
        return NamedNode(value)
    if kind in {"bnode", "blank"}:
        return terms.blank(value)
    if kind in {"literal", "typed-literal"}:
        return terms.literal(value, said.get("xml:lang") or said.get("lang"), said.get("datatype"))
    raise ValueError(f"a term of the type {kind[:40]!r}")


# -- XML -----------------------------------------------------------------------------------------------


def _from_xml(body: bytes, terms: _Terms) -> Solutions | Verdict:
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", body, re.IGNORECASE):
        raise ValueError("a document type declaration is not accepted")
    root = ElementTree.fromstring(body)  # noqa: S314  no document type is let through
    said = next(_named(root, "boolean"), None)
    if said is not None:
        return _verdict(said.text or "")
    results = next(_named(root, "results"), None)
    if results is None:
        raise ValueError("it has neither results nor a boolean")
    head = next(_named(root, "head"), None)
    names = None if head is None else [each.attrib["name"] for each in _named(head, "variable")]
    rows = []
    for result in _named(results, "result"):
        row = {each.attrib["name"]: _xml_term(each, terms) for each in _named(result, "binding") if len(each)}
        rows.append({name: term for name, term in row.items() if term is not None})
    return _solutions(names, rows)


def _named(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (each for each in element if each.tag.rpartition("}")[2] == name)


def _xml_term(element: ElementTree.Element, terms: _Terms) -> Term | None:
    for each in element:
        kind, value = each.tag.rpartition("}")[2], each.text or ""
        if kind == "unbound":
            return None
        if kind in {"uri", "iri"}:
            return NamedNode(value.strip())
        if kind == "bnode":
            return terms.blank(value.strip())
        if kind == "literal":
            return terms.literal(value, each.get(_LANG) or each.get("lang"), each.get("datatype"))
        if kind == "triple":
            parts = (_xml_term(next(_named(each, part)), terms) for part in ("subject", "predicate", "object"))
            return cast("Term", terms.triple(*parts))
    raise ValueError("a binding in it has no term")


def counted_number(term: Term | None) -> int:
    """The number that an engine counts.

    :raises EndpointError: if it is none.
    """
    text = term.value if isinstance(term, Literal) else ""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        said = "nothing" if term is None else f"{str(term)[:60]!r}, which is no number"
        raise EndpointError(f"a count could not be found out: the endpoint answers with {said}")
    return int(text)
