"""Foreign data lifted to the model: a CONSTRUCT query says what of them becomes a record, a context what JSON means.

Source: SPARQL 1.1 Query Language, sections 10.1 (CONSTRUCT) and 17.6 (extension functions); JSON-LD 1.1, section 6.1
(interpreting JSON).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode, Quad, QueryTriples, Store, Triple

from kgcompare.errors import DataError, QueryError, Seam, SyntaxFault
from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import KGC, slugify
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.opening import open_file
from kgcompare.sandbox.screen import screen

_LONGEST = 1 << 20
"""Bytes of a query or a context."""


@dataclass(frozen=True, slots=True)
class Lift:
    """How foreign files are read: the ``query`` that makes statements of the model from them, empty where none does;
    and the ``context`` that JSON is read with, as JSON has it, None where it brings its own."""

    query: str = ""
    context: Any = None

    def __bool__(self) -> bool:
        return bool(self.query) or self.context is not None


def read_lift(query: Path | None, context: Path | None) -> Lift:
    """The lift that files say.

    :raises DataError: if one cannot be read, the query is no CONSTRUCT or asks for SERVICE, or the context is no JSON.
    """
    return Lift("" if query is None else _query(query), None if context is None else _context(context))


def _text(path: Path) -> str:
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
        file, size = open_file(path, Limits(unpacked_bytes=_LONGEST))
        with file:
            if size > _LONGEST:
                raise DataError(f"{path} has more than {_LONGEST:,} bytes")
            return file.read().decode("utf-8-sig")


def _query(path: Path) -> str:
    text = _text(path)
    with Seam((QueryError,), lambda why: SyntaxFault(why, str(path))):
        form = screen(text)
    if form != "CONSTRUCT":
        raise SyntaxFault("a lift is a CONSTRUCT query, whose statements are taken in", str(path))
    return text


def _context(path: Path) -> Any:
    text = _text(path)
    with Seam((ValueError, RecursionError), lambda why: SyntaxFault(f"a context is JSON: {why}", str(path))):
        found = json.loads(text)
    if not isinstance(found, dict):
        raise SyntaxFault('a context is a JSON object: {"@context": {...}}', str(path))
    return found.get("@context", found)


def framed(data: bytes, context: Any) -> bytes:
    """A JSON document with a context, as JSON-LD: an object, or a list of objects.

    :raises SyntaxFault: if it is no JSON.
    """
    with Seam((ValueError, RecursionError), lambda why: SyntaxFault(f"not JSON: {why}")):
        found = json.loads(data.decode("utf-8-sig"))
    return json.dumps({"@context": context, "@graph": found if isinstance(found, list) else [found]}).encode()


def lifted(quads: Iterable[Quad], query: str, base: str) -> Iterator[Triple]:
    """What a CONSTRUCT query makes of statements, whatever graphs they stand in.

    ``kgc:slug(?text)`` is the slug of a text there. Relative IRIs in the query are resolved against *base*.

    :raises SyntaxFault: if the query is malformed or fails.
    """
    store = Store()
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    functions: dict[NamedNode, Callable[..., Term | Triple | None]] = {NamedNode(KGC + "slug"): _slug}
    try:
        results = store.query(query, base_iri=base, custom_functions=functions)
        if isinstance(results, QueryTriples):
            yield from results
    except SyntaxError as fault:
        raise SyntaxFault(f"the lift: {fault.msg}") from None
    except (RuntimeError, ValueError, OSError) as fault:
        raise SyntaxFault(f"the lift: {fault}") from None


def _slug(*terms: Any) -> Literal | None:
    if len(terms) != 1 or not isinstance(terms[0], Literal):
        return None
    return Literal(slugify(terms[0].value))
