"""RDF: comparisons as a Data Cube, and any statements in every syntax.

Source: The RDF Data Cube Vocabulary (W3C 2014), sections 6 and 7; JSON-LD 1.1 (context inline).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from kgcompare.errors import UnknownFormat, ValidationReport
from kgcompare.model import Comparison, Thing, Value
from kgcompare.rdf.convert import to_rdflib
from kgcompare.rdf.graph import Graph, structure_key
from kgcompare.rdf.namespaces import KINDS, PREFIXES, Base, iri, is_safe_iri
from kgcompare.rdf.syntaxes import SYNTAXES
from kgcompare.rdf.terms import KGC_ORDER
from kgcompare.text.languages import translate

_BOOLEAN, _INTEGER = iri("xsd:boolean"), iri("xsd:integer")
_TYPE = iri("rdf:type")


def _serialised(
    statements: Iterable[Triple] | Iterable[Quad], form: RdfFormat, used: dict[str, str] | None = None
) -> str:
    data = serialize(statements, format=form, prefixes=used)
    return data.decode() if data is not None else ""


def prefixes(base: str) -> dict[str, str]:
    """The prefixes that we write, those of records under *base* among them."""
    return PREFIXES | {kind: f"{base}id/{kind}/" for kind in KINDS}


def write(triples: Iterable[Triple], name: str, base: str) -> str:
    """Statements in the syntax *name* (``ttl``, ``jsonld``, ``nt``, ``nq``, ``trig`` or ``rdf``).

    In formats that know graphs they stand in the default graph: a program that reads a document asks there for what
    it says, and many (Comunica is one) ask nowhere else.

    :raises UnknownFormat: if there is no such syntax.
    """
    statements = sorted(triples, key=str)
    if name == "ttl":
        return turtle(statements, base)
    if name == "jsonld":
        return json_ld(statements, base)
    if name not in SYNTAXES:
        raise UnknownFormat(f"unknown RDF format {name[:40]!r}; use one of {', '.join(SYNTAXES)}")
    form = SYNTAXES[name].engine
    written = " ".join(map(str, statements)) if name in {"trig", "rdf"} else ""
    used = {prefix: namespace for prefix, namespace in prefixes(base).items() if namespace in written}
    text = _serialised(statements, form, used)
    if name == "rdf":
        # XML readers make a line feed of a carriage return that is not written out.
        text = text.replace("\r", "&#13;") + "\n"
    return text


def turtle(triples: Iterable[Triple], base: str, *, stable: bool = False) -> str:
    """Turtle for people. *stable* gives the one formatting of files in data/: a line a value, sorted."""
    import rdflib

    statements = list(triples)
    source = to_rdflib(_labelled(statements) if stable else statements)
    graph = rdflib.Graph(bind_namespaces="none")
    said = {str(t) for triple in source for t in triple} | {
        str(t.datatype) for t in source.objects() if isinstance(t, rdflib.Literal) and t.datatype
    }
    for prefix, namespace in prefixes(base).items():
        if any(term.startswith(namespace) for term in said):
            graph.bind(prefix, namespace)
    graph += source
    if not stable:
        return graph.serialize(format="turtle")
    head, _, body = graph.serialize(format="longturtle").partition("\n\n")
    # rdflib also declares the prefixes of terms that it writes in short, such as those of lists.
    used = [line for line in head.splitlines() if re.search(rf"(?<![\w:<]){line.split()[1]}", body)]
    return "\n".join([*used, "", body.rstrip()]) + "\n"


def _labelled(triples: Iterable[Triple]) -> Iterator[Triple]:
    """The statements with blank nodes labelled by where they stand, so that their order is stable."""
    graph = Graph(triples)
    labels: dict[BlankNode, BlankNode] = {}

    def label(node: Any) -> None:
        if not isinstance(node, BlankNode) or node in labels:
            return
        labels[node] = BlankNode(f"b{len(labels):06}")
        walk(node)

    def walk(subject: Any) -> None:
        for _, values in sorted(graph.description(subject).items()):
            nodes = [value for value in values if isinstance(value, BlankNode)]
            for node in sorted(nodes, key=lambda n: (int(graph.text(n, KGC_ORDER) or 0), structure_key(graph, n))):
                label(node)

    for subject in sorted((s for s in graph.subjects() if isinstance(s, NamedNode)), key=str):
        walk(subject)
    for node in graph.subjects():
        label(node)
    names: dict[Any, Any] = dict(labels)
    for triple in graph:
        yield Triple(
            names.get(triple.subject, triple.subject), triple.predicate, names.get(triple.object, triple.object)
        )


def json_ld(triples: Iterable[Triple], base: str, frame: dict[str, Any] | None = None) -> str:
    """JSON-LD with its context inline, compacted; in the form of *frame* if there is one."""
    from pyld import jsonld

    # As a dataset of pyld's own: its parser of N-Quads takes an escaped backslash before an n for a newline.
    said = [{"subject": _pyld(t.subject), "predicate": _pyld(t.predicate), "object": _pyld(t.object)} for t in triples]
    expanded = jsonld.from_rdf({"@default": said})
    inline = prefixes(base)
    if frame is not None:
        data = jsonld.frame(expanded, {"@context": inline, **frame}, {"omitGraph": True})
    else:
        data = jsonld.compact(expanded, inline)
    used = {p for p in inline if f'"{p}:' in json.dumps(data)}
    data["@context"] = {prefix: namespace for prefix, namespace in inline.items() if prefix in used}
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _pyld(term: Any) -> dict[str, str]:
    if isinstance(term, NamedNode):
        return {"type": "IRI", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "blank node", "value": f"_:{term.value}"}
    data = {"type": "literal", "value": term.value, "datatype": term.datatype.value}
    if term.language:
        data["language"] = term.language
    return data


def comparison_rdf(found: Comparison, base: str, name: str) -> str:
    """A comparison as a ``qb:DataSet`` with an observation a cell."""
    return write(cube(found, base), name, base)


def dataset_iri(found: Comparison, base: str) -> str:
    """Names a comparison: its own address under the base."""
    methods = "&".join("method=" + quote(method.id, safe="") for method in found.methods)
    return f"{base}compare?{methods}&lang={quote(found.language, safe='')}"


def cube(found: Comparison, base: str) -> list[Triple]:
    """The statements of a comparison.

    Dimensions are the method and the row, the measure is the number of values; text, values, verdict, reason of
    absence and source are attributes.
    """
    dataset = NamedNode(dataset_iri(found, base))
    out = [
        Triple(dataset, _TYPE, iri("qb:DataSet")),
        Triple(dataset, iri("qb:structure"), iri("kgc:ComparisonStructure")),
        Triple(dataset, iri("dcterms:language"), Literal(found.language)),
        Triple(
            dataset,
            iri("dcterms:title"),
            Literal(
                translate(found.language, "Comparison: {names}", names=" · ".join(m.label for m in found.methods)),
                language=found.language,
            ),
        ),
    ]
    for method in found.methods:
        out += _named(method)
    for row in found.rows:
        node = NamedNode(f"{dataset.value}#row-{quote(row.id, safe='')}")
        out += [
            Triple(node, _TYPE, iri("kgc:ComparedRow")),
            Triple(node, iri("kgc:rowId"), Literal(row.id)),
            Triple(node, iri("rdfs:label"), _text(row.label, row.lang)),
            Triple(node, iri("kgc:missing"), Literal(str(row.missing), datatype=_INTEGER)),
        ]
        if is_safe_iri(row.iri):
            out.append(Triple(node, iri("kgc:row"), NamedNode(row.iri)))
        verdict = None if row.differs is None else Literal(str(row.differs).lower(), datatype=_BOOLEAN)
        if verdict is not None:
            out.append(Triple(node, iri("kgc:differs"), verdict))
        for number, cell in enumerate(row.cells):
            seen = NamedNode(f"{dataset.value}#cell-{quote(row.id, safe='')}-{number + 1}")
            out += [
                Triple(seen, _TYPE, iri("qb:Observation")),
                Triple(seen, iri("qb:dataSet"), dataset),
                Triple(seen, iri("kgc:comparedMethod"), NamedNode(found.methods[number].iri)),
                Triple(seen, iri("kgc:comparedRow"), node),
                Triple(
                    seen,
                    iri("kgc:valueCount"),
                    Literal(str(_count(row.kind, cell.text, cell.values)), datatype=_INTEGER),
                ),
            ]
            if verdict is not None:
                out.append(Triple(seen, iri("kgc:differs"), verdict))
            if cell.text is None:
                reason = {"not-recorded": "NotRecorded", "none": "None", "unknown": "Unknown"}[cell.status]
                out.append(Triple(seen, iri("kgc:missing"), iri(f"kgc:{reason}")))
                continue
            tags = {value.lang for value in cell.values}
            out.append(Triple(seen, iri("kgc:cellValue"), _text(cell.text, tags.pop() if len(tags) == 1 else None)))
            for value in cell.values:
                out.append(Triple(seen, iri("kgc:cellItem"), _item(value)))
                out += [
                    Triple(seen, iri("dcterms:source"), NamedNode(source.iri) if source.iri else Literal(source.text))
                    for source in value.sources
                ]
    return list(dict.fromkeys(out))


def _count(kind: str, text: str | None, values: tuple[Value, ...]) -> int:
    return int(text) if kind == "count" and text else len(values)


def _named(thing: Thing) -> list[Triple]:
    return [Triple(NamedNode(thing.iri), iri("skos:prefLabel"), _text(thing.label, thing.lang))]


def _item(value: Value) -> NamedNode | Literal:
    return NamedNode(value.iri) if value.iri else _text(value.text, value.lang)


def _text(text: str, lang: str | None) -> Literal:
    return Literal(text, language=lang) if lang else Literal(text)


def document_rdf(triples: Iterable[Triple], thing: Thing, base: str, name: str) -> str:
    """The statements of a record's document; JSON-LD has the thing at its root."""
    if name == "jsonld":
        about = [thing.iri, Base(base).document(thing.iri)]
        # The document names its topic and does not embed it: what stands twice has its lists twice.
        topic = {"@embed": "@never", "@omitDefault": True}
        return json_ld(list(triples), base, {"@id": about, "@embed": "@once", "foaf:primaryTopic": topic})
    return write(triples, name, base)


def dump(quads: Iterable[Quad], name: str, base: str) -> Iterator[str]:
    """A whole catalogue in pieces: N-Quads and N-Triples line by line, the others at once.

    :raises UnknownFormat: if there is no such format.
    """
    if name in {"nq", "nt"}:
        form = SYNTAXES[name].engine
        block: list[Any] = []
        for quad in quads:
            block.append(quad if name == "nq" else Triple(quad.subject, quad.predicate, quad.object))
            if len(block) == 5000:
                yield _serialised(block, form)
                block.clear()
        yield _serialised(block, form)
    elif name == "trig":
        yield _serialised(sorted(quads, key=str), RdfFormat.TRIG, prefixes(base))
    else:
        yield write((Triple(q.subject, q.predicate, q.object) for q in quads), name, base)


def report_turtle(report: ValidationReport) -> str:
    """A validation report in the terms of SHACL."""
    severities = {"violation": "Violation", "warning": "Warning", "info": "Info"}
    node = BlankNode()
    out = [
        Triple(node, _TYPE, iri("sh:ValidationReport")),
        Triple(node, iri("sh:conforms"), Literal(str(report.conforms).lower(), datatype=_BOOLEAN)),
    ]
    for fault in report.faults:
        result = BlankNode()
        out += [
            Triple(node, iri("sh:result"), result),
            Triple(result, _TYPE, iri("sh:ValidationResult")),
            Triple(result, iri("sh:resultSeverity"), iri(f"sh:{severities[fault.severity]}")),
            Triple(result, iri("sh:resultMessage"), Literal(fault.message)),
        ]
        for predicate, value in (
            ("sh:focusNode", fault.focus_node),
            ("sh:resultPath", fault.path),
            ("sh:sourceConstraintComponent", fault.constraint),
        ):
            if value and is_safe_iri(value) and " " not in value:
                out.append(Triple(result, iri(predicate), NamedNode(value)))
        if fault.value is not None:
            out.append(Triple(result, iri("sh:value"), Literal(fault.value)))
        if fault.file is not None:
            where = fault.file if fault.line is None else f"{fault.file}:{fault.line}"
            out.append(Triple(result, iri("dcterms:source"), Literal(where)))
    return turtle(out, "")
