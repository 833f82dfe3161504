"""RDF: any statements in every syntax.

Turtle for people is written by rdflib, compacted JSON-LD by pyld. Both stumble over odd statements: deep nesting ends
them, and some IRIs and literals come out as something else. What they write is therefore read back, and where it does
not say what it should, the engine's own writer gives the same statements in a plainer form.

Source: RDF 1.1 Turtle; JSON-LD 1.1, section 4.1.1 (context inline); JSON-LD 1.1 Framing; SHACL, section 3.6 (reports).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple, parse, serialize

from kgcompare.errors import DataError, KgcompareError, UnknownFormat, ValidationReport
from kgcompare.formats.json import JsonObject, dumps
from kgcompare.model import Thing
from kgcompare.rdf.convert import to_rdflib
from kgcompare.rdf.graph import Graph, Node, Term, structure_key
from kgcompare.rdf.namespaces import PREFIXES, Base, iri, is_safe_iri
from kgcompare.rdf.syntaxes import SYNTAXES
from kgcompare.rdf.terms import KGC_ORDER

Statement = TypeVar("Statement", Quad, Triple)
_PREFIX = re.compile(r"[a-z][a-z0-9-]*")
_BLOCK = 5000
"""Statements of a piece of a dump."""


# -- statements in a syntax ----------------------------------------------------------------------------


def prefixes(base: str, kinds: Iterable[str]) -> dict[str, str]:
    """The prefixes that we write, those of records of some kinds under *base* among them."""
    fit = (kind for kind in kinds if kind not in PREFIXES and _PREFIX.fullmatch(kind))
    return PREFIXES | {kind: f"{base}id/{kind}/" for kind in fit}


def _prefixes_in(text: str, base: str) -> dict[str, str]:
    """The prefixes that we write, those of the kinds of records that a text names among them."""
    return prefixes(base, sorted(set(re.findall(rf"{re.escape(base)}id/([a-z0-9-]+)/", text))))


def write(triples: Iterable[Triple], name: str, base: str) -> str:
    """Statements in the syntax *name* (``ttl``, ``jsonld``, ``nt``, ``nq``, ``trig`` or ``rdf``).

    In formats that know graphs they stand in the default graph: a program that reads a document asks there for what
    it says, and many (Comunica is one) ask nowhere else.

    :raises UnknownFormat: if there is no such syntax.
    :raises DataError: for a triple term (RDF 1.2) in Turtle or JSON-LD.
    """
    statements = sorted(triples, key=str)
    if name == "ttl":
        return turtle(statements, base)
    if name == "jsonld":
        return json_ld(statements, base)
    if name not in SYNTAXES:
        raise UnknownFormat(f"unknown RDF format {name[:40]!r}; use one of {', '.join(SYNTAXES)}")
    return _by_engine(statements, name, base)


def _by_engine(statements: Sequence[Triple] | Sequence[Quad], name: str, base: str) -> str:
    """Statements as the engine writes them: quickly, and any that there are; of the prefixes those that serve."""
    used: dict[str, str] | None = None
    if name in {"ttl", "trig", "rdf"}:
        written = "\n".join(map(str, statements))
        used = {prefix: namespace for prefix, namespace in _prefixes_in(written, base).items() if namespace in written}
    text = (serialize(statements, format=SYNTAXES[name].engine, prefixes=used) or b"").decode()
    # XML readers make a line feed of a carriage return that is not written out.
    return text.replace("\r", "&#13;") + "\n" if name == "rdf" else text


def _checked(statements: Sequence[Triple], name: str, base: str, *writers: Callable[[], str]) -> str:
    """What the first of some *writers* writes that says the *statements* and nothing else; else what the engine writes.

    :raises DataError: for a statement that the syntax has no words for.
    """
    for written_by in writers:
        try:
            text = written_by()
            read = [quad.triple for quad in parse(text.encode(), format=SYNTAXES[name].engine)]
        except KgcompareError:
            raise
        except Exception:  # noqa: BLE001, S112  whatever others stumble over, the statements are to be had
            continue
        if _unlabelled(read) == _unlabelled(statements):
            return text
    return _by_engine(statements, name, base)


def _unlabelled(statements: Iterable[Triple]) -> Counter[tuple[str, str, str]]:
    """How often each statement stands there, whatever its blank nodes are called."""

    def name(term: Term | Triple) -> str:
        return "" if isinstance(term, BlankNode) else str(term)

    return Counter((name(t.subject), str(t.predicate), name(t.object)) for t in dict.fromkeys(statements))


def turtle(triples: Iterable[Triple], base: str, *, stable: bool = False) -> str:
    """Turtle for people. *stable* gives the one formatting of files in data/: a line a value, sorted.

    :raises DataError: for a triple term (RDF 1.2).
    """
    statements = list(triples)
    return _checked(statements, "ttl", base, partial(_by_rdflib, statements, base, stable))


def _by_rdflib(statements: Sequence[Triple], base: str, stable: bool) -> str:
    import rdflib

    source = to_rdflib(_labelled(statements) if stable else statements)
    graph = rdflib.Graph(bind_namespaces="none")
    terms = {str(t) for triple in source for t in triple} | {
        str(t.datatype) for t in source.objects() if isinstance(t, rdflib.Literal) and t.datatype
    }
    for prefix, namespace in _prefixes_in("\n".join(sorted(terms)), base).items():
        if any(term.startswith(namespace) for term in terms):
            graph.bind(prefix, namespace)
    graph += source
    text = graph.serialize(format="longturtle" if stable else "turtle")
    if not stable:
        return text
    head, _, body = text.partition("\n\n")
    # rdflib also declares the prefixes of terms that it writes in short, such as those of lists.
    used = [line for line in head.splitlines() if re.search(rf"(?<![\w:<]){line.split()[1]}", body)]
    return "\n".join([*used, "", body.rstrip()]) + "\n"


def _labelled(triples: Iterable[Triple]) -> Iterator[Triple]:
    """The statements with blank nodes labelled by where they stand, so that their order is stable."""
    graph = Graph(triples)
    labels: dict[Term, BlankNode] = {}

    def below(subject: Node) -> Iterator[BlankNode]:
        for _, values in sorted(graph.description(subject).items()):
            nodes = [value for value in values if isinstance(value, BlankNode)]
            if len(nodes) > 1:
                nodes.sort(key=lambda n: (int(graph.text(n, KGC_ORDER) or 0), structure_key(graph, n)))
            yield from nodes

    def label(nodes: Iterator[Node]) -> None:
        """Nodes that are met for the first time, each before those that it leads to."""
        path = [nodes]
        while path:
            node = next(path[-1], None)
            if node is None:
                path.pop()
            elif isinstance(node, BlankNode) and node not in labels:
                labels[node] = BlankNode(f"b{len(labels):06}")
                path.append(below(node))

    for thing in sorted((s for s in graph.subjects() if isinstance(s, NamedNode)), key=str):
        label(below(thing))
    label(iter(graph.subjects()))
    for subject in graph.subjects():
        for predicate, values in graph.description(subject).items():
            for value in values:
                yield Triple(labels.get(subject, subject), NamedNode(predicate), labels.get(value, value))


def json_ld(triples: Iterable[Triple], base: str, frame: JsonObject | None = None) -> str:
    """JSON-LD with its context inline, compacted; in the form of *frame* if there is one.

    :raises DataError: for a triple term (RDF 1.2).
    """
    statements = list(triples)
    frames = [None] if frame is None else [frame, None]
    return _checked(statements, "jsonld", base, *(partial(_by_pyld, statements, base, frame) for frame in frames))


def _by_pyld(statements: Sequence[Triple], base: str, frame: JsonObject | None) -> str:
    from pyld import jsonld

    # As a dataset of pyld's own: its parser of N-Quads takes an escaped backslash before an n for a newline.
    places = ("subject", "predicate", "object")
    rows = [dict(zip(places, map(_pyld, triple), strict=True)) for triple in statements]
    expanded = jsonld.from_rdf({"@default": rows})
    inline = _prefixes_in(json.dumps(expanded, ensure_ascii=False), base)
    if frame is not None:
        data = jsonld.frame(expanded, {"@context": inline, **frame}, {"omitGraph": True})
    else:
        data = jsonld.compact(expanded, inline)
    used = {p for p in inline if f'"{p}:' in json.dumps(data)}
    data["@context"] = {prefix: namespace for prefix, namespace in inline.items() if prefix in used}
    return dumps(data)


def _pyld(term: Term | Triple) -> dict[str, str]:
    """A term as pyld has it.

    :raises DataError: for a triple term, which pyld does not have.
    """
    if isinstance(term, Triple):
        raise DataError(f"triple terms (RDF 1.2) cannot be shown in this form: {str(term)[:200]}")
    if isinstance(term, NamedNode):
        return {"type": "IRI", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "blank node", "value": f"_:{term.value}"}
    data = {"type": "literal", "value": term.value, "datatype": term.datatype.value}
    if term.language:
        data["language"] = term.language
    return data


def document_rdf(triples: Iterable[Triple], thing: Thing, base: str, name: str) -> str:
    """The statements of a record's document; JSON-LD has the thing at its root.

    :raises UnknownFormat: if there is no such syntax.
    :raises DataError: for a triple term (RDF 1.2) in Turtle or JSON-LD.
    """
    if name == "jsonld":
        about = [thing.iri, Base(base).document(thing.iri)]
        # The document names its topic and does not embed it: what stands twice has its lists twice.
        topic: JsonObject = {"@embed": "@never", "@omitDefault": True}
        return json_ld(triples, base, {"@id": about, "@embed": "@once", "foaf:primaryTopic": topic})
    return write(triples, name, base)


def dump_lines(quads: Iterable[Quad], name: str, base: str) -> Iterator[str]:
    """A whole catalogue in pieces: N-Quads and N-Triples by some thousand lines, the others at once.

    :raises UnknownFormat: if there is no such format.
    """
    if name == "nq":
        yield from _in_blocks(quads, name)
    elif name == "nt":
        yield from _in_blocks((quad.triple for quad in quads), name)
    elif name == "trig":
        yield _by_engine(sorted(quads, key=str), name, base)
    else:
        yield write((quad.triple for quad in quads), name, base)


def _in_blocks(statements: Iterable[Statement], name: str) -> Iterator[str]:
    rest = iter(statements)
    while block := list(islice(rest, _BLOCK)):
        yield (serialize(block, format=SYNTAXES[name].engine) or b"").decode()


# -- a report ------------------------------------------------------------------------------------------


def report_turtle(report: ValidationReport) -> str:
    """A validation report in the terms of SHACL."""
    node = BlankNode()
    statements = [
        Triple(node, iri("rdf:type"), iri("sh:ValidationReport")),
        Triple(node, iri("sh:conforms"), Literal(str(report.conforms).lower(), datatype=iri("xsd:boolean"))),
    ]
    for fault in report.faults:
        result = BlankNode()
        statements += [
            Triple(node, iri("sh:result"), result),
            Triple(result, iri("rdf:type"), iri("sh:ValidationResult")),
            Triple(result, iri("sh:resultSeverity"), iri(f"sh:{fault.severity.capitalize()}")),
            Triple(result, iri("sh:resultMessage"), Literal(fault.message)),
        ]
        for predicate, value in (
            ("sh:focusNode", fault.focus_node),
            ("sh:resultPath", fault.path),
            ("sh:sourceConstraintComponent", fault.constraint),
        ):
            if value and is_safe_iri(value) and " " not in value:
                statements.append(Triple(result, iri(predicate), NamedNode(value)))
        if fault.value is not None:
            statements.append(Triple(result, iri("sh:value"), Literal(fault.value)))
        if fault.file is not None:
            where = fault.file if fault.line is None else f"{fault.file}:{fault.line}"
            statements.append(Triple(result, iri("dcterms:source"), Literal(where)))
    return turtle(statements, "")
