"""Loads the query files of queries/, and binds their parameters safely.

One question a file; the header comments say what it answers::

    # title: Records of methods
    # summary: Everything said of each method.
    # param: method IRI the methods
    # returns: ?method ?subject ?predicate ?object

A parameter is an inline block ``VALUES ?method { UNDEF }`` or ``VALUES (?a ?b) { (UNDEF UNDEF) }`` (or with
defaults in it), so that a file runs as it stands; binding replaces what is between the braces of every
block of that name.

Binding is the one way by which a value reaches SPARQL. It writes terms with pyoxigraph's serialisation,
which escapes all that could end a literal or an IRI.

Source: SPARQL 1.1 Query Language, section 10.2 (VALUES) and 19.8 (grammar).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pyoxigraph import Literal, NamedNode, Quad

from kgcompare import resources
from kgcompare.errors import QueryError
from kgcompare.rdf.namespaces import is_safe_iri

Bindable = NamedNode | Literal | None
_BLOCK = re.compile(r"VALUES\s+(?P<variables>\?\w+|\(\s*\?\w+(?:\s+\?\w+)*\s*\))\s*\{[^{}]*\}", re.IGNORECASE)
_DATA = re.compile(r"\b(?:DATA|INSERT)\s*\{\s*\}")
_A_GRAPH = "<urn:kgcompare:graph>"
_NAMED_PLACE = re.compile(r"[<\"]urn:kgcompare:([a-z]+)[>\"]")
_STRING = "http://www.w3.org/2001/XMLSchema#string"
_HEADER = re.compile(r"#\s*(title|summary|param|returns):\s*(.*)")


@dataclass(frozen=True, slots=True)
class Query:
    """A query file: its name without ``.rq``, what its header says, and its text."""

    name: str
    title: str
    summary: str
    params: tuple[str, ...]
    returns: str
    text: str

    def bind(self, **values: Iterable[Bindable] | Iterable[Sequence[Bindable]]) -> str:
        """The text with the inline blocks of the given parameters replaced.

        A value is a sequence of terms, or of tuples of terms for a block of several variables, whose
        keyword is the names joined by ``__`` (``first__second``).

        :raises QueryError: for a parameter that the file does not have, and for a term that must not be bound.
        """
        rows = {
            tuple(name.split("__")): [_row(term, len(name.split("__"))) for term in terms]
            for name, terms in values.items()
        }
        bound: set[tuple[str, ...]] = set()

        def replace(block: re.Match[str]) -> str:
            names = tuple(re.findall(r"\?(\w+)", block["variables"]))
            if names not in rows:
                return block[0]
            bound.add(names)
            return f"VALUES {block['variables']} {{ {' '.join(rows[names])} }}"

        # One pass over the file's own text: what was inserted is never looked at again.
        text = _BLOCK.sub(replace, self.text)
        for names in rows.keys() - bound:
            raise QueryError(f"query {self.name} has no parameter {' '.join(names)}")
        return text


def with_data(update: str, quads: Iterable[Quad]) -> str:
    """An update with the statements of *quads* in its block ``INSERT DATA { }``, or ``INSERT { }`` of what it adds for
    each solution; blank nodes under their labels.

    :raises QueryError: if it has no such block.
    """
    quads = list(quads)
    names = {term.value for quad in quads for term in (quad.subject, quad.object) if isinstance(term, NamedNode)}
    graphs: dict[str, list[str]] = {}
    for quad in quads:
        statement = f"{quad.subject} {quad.predicate} {_written(quad.object, names)} ."
        graphs.setdefault(str(quad.graph_name), []).append(statement)
    data = "".join(f"\n  GRAPH {name} {{ {' '.join(lines)} }}" for name, lines in graphs.items())
    block = _DATA.search(update)
    if block is None:
        raise QueryError("the update has no empty block of data to fill")
    return f"{update[: block.end() - 1]}{data}\n{update[block.end() - 1 :]}"


def with_graph(update: str, graph: NamedNode) -> str:
    """An update with *graph* in the place of ``<urn:kgcompare:graph>``.

    :raises QueryError: if the update names no such graph, or *graph* must not be bound.
    """
    if _A_GRAPH not in update:
        raise QueryError("the update names no graph to put another one in its place")
    return update.replace(_A_GRAPH, serialise(graph))


def with_terms(update: str, terms: Mapping[str, NamedNode | Literal]) -> str:
    """An update with terms in the places that it calls ``<urn:kgcompare:NAME>`` or ``"urn:kgcompare:NAME"``, by name.

    :raises QueryError: if it has another such place, or a term must not be bound.
    """

    def place(match: re.Match[str]) -> str:
        if match[1] not in terms:
            raise QueryError(f"nothing is given for {match[0]} in the update")
        return serialise(terms[match[1]])

    return _NAMED_PLACE.sub(place, update)


def _written(term: object, names: Collection[str]) -> str:
    """A term of a statement, so that engines agree on what it means. Virtuoso takes a text for the IRI that it is like
    where one of the *names* beside it is that, unless it says that it is a text."""
    if not isinstance(term, Literal):
        return str(term)
    plain = term.language is None and term.datatype.value == _STRING and term.value in names
    return _ESCAPE.sub(_escape, str(term)) + (f"^^<{_STRING}>" if plain else "")


def _row(term: Bindable | Sequence[Bindable], width: int) -> str:
    if isinstance(term, Sequence):
        if len(term) != width:
            raise QueryError(f"{len(term)} terms for {width} variables")
        return "(" + " ".join(serialise(part) for part in term) + ")"
    if width != 1:
        raise QueryError(f"one term for {width} variables")
    return serialise(term)


def serialise(term: Bindable) -> str:
    """The SPARQL form of a term; ``UNDEF`` for None.

    :raises QueryError: for a blank node (a query would read it as a variable), for an IRI that is relative or of a
        scheme that nothing here uses, and for a language tag or datatype that SPARQL has no form for.
    """
    if term is None:
        return "UNDEF"
    if isinstance(term, NamedNode):
        if not is_safe_iri(term.value):
            raise QueryError(f"not an absolute IRI of an allowed scheme: {term.value[:200]!r}")
        return str(term)
    if isinstance(term, Literal):
        if term.direction is not None:
            raise QueryError("SPARQL 1.1 has no form for a literal with a base direction")
        return _ESCAPE.sub(_escape, str(term))
    raise QueryError(f"{type(term).__name__} cannot be bound")


_ESCAPE = re.compile(r"\\\\([uU])|\\u|\\.")


def _escape(match: re.Match[str]) -> str:
    """An escape of the term, written so that engines agree on what it means.

    SPARQL replaces codepoint escapes before it parses. rdflib does so whatever stands before the backslash, so that
    it takes an escaped backslash and a u for one, and reads up to eight digits after either kind of u.
    """
    if match[1]:
        return rf"\\\U{ord(match[1]):08X}"
    return r"\U0000" if match[0] == r"\u" else match[0]


def parse(name: str, text: str) -> Query:
    """A query of the given text, its header read."""
    header: dict[str, list[str]] = {"title": [], "summary": [], "param": [], "returns": []}
    for line in text.removeprefix("\ufeff").splitlines():
        if not line.startswith("#"):
            break
        if match := _HEADER.match(line):
            header[match[1]].append(match[2].strip())
    return Query(
        name=name,
        title=" ".join(header["title"]),
        summary=" ".join(header["summary"]),
        params=tuple(header["param"]),
        returns=" ".join(header["returns"]),
        text=text,
    )


@cache
def load(name: str) -> Query:
    """The query ``queries/NAME.rq``, or the update ``queries/NAME.ru``.

    :raises QueryError: if there is no such file.
    """
    folder = resources.folder("queries")
    for path in (folder / f"{name}.rq", folder / f"{name}.ru"):
        if path.is_file():
            return parse(name, resources.text_of(path))
    raise QueryError(f"there is no query {name}")


def every() -> list[Query]:
    """All query files, by name."""
    return [load(path.stem) for path in sorted(resources.folder("queries").glob("*.rq"))]
