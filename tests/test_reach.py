"""Records are judged by shapes as if all of the catalogue stood in one file, whatever is stored already."""

from __future__ import annotations

import random
from pathlib import Path

import pyshacl
import pytest
import rdflib
from pyoxigraph import BlankNode, Quad, RdfFormat, Triple, parse
from rdflib import SH

from deep import many
from kgcompare import ingest
from kgcompare.errors import InvalidData
from kgcompare.ingest import Options, create_store, import_files
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.readers import read_records
from kgcompare.rdf.convert import to_rdflib
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import PREFIXES, Base, shortened
from kgcompare.schema.shapes import bundled_shapes
from kgcompare.schema.validation import Validator
from three_ways import InMemory

HEADER = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
HEADER += "PREFIX ex: <http://e.example/>\nPREFIX m: <https://w3id.org/kgcompare/id/method/>\n"
PREDICATES = ["ex:p", "ex:q", "ex:r"]
CLASSES = ["ex:A", "ex:B", "ex:C"]


def path(draw: random.Random, depth: int = 2) -> str:
    """A property path of any kind."""
    kind = draw.choice(["iri"] * 3 + ["inverse", "sequence", "alternative", "star", "plus", "maybe"])
    if kind == "iri" or not depth:
        return draw.choice(PREDICATES)
    one, two = path(draw, depth - 1), path(draw, depth - 1)
    return {
        "inverse": f"[ sh:inversePath {draw.choice(PREDICATES)} ]",
        "sequence": f"( {one} {two} )",
        "alternative": f"[ sh:alternativePath ( {one} {two} ) ]",
        "star": f"[ sh:zeroOrMorePath {one} ]",
        "plus": f"[ sh:oneOrMorePath {one} ]",
        "maybe": f"[ sh:zeroOrOnePath {one} ]",
    }[kind]


def constraint(draw: random.Random, depth: int = 2) -> str:
    """A constraint that a node or a property shape can have."""
    kinds = ["class", "kind", "in", "has", "closed"]
    kinds += ["node", "not", "or", "xone", "and", "property", "property", "qualified", "apart"] * (depth > 0)
    kind = draw.choice(kinds)
    inner = f"[ {constraint(draw, depth - 1)} ]" if depth > 0 else ""
    return {
        "class": f"sh:class {draw.choice(CLASSES)}",
        "kind": f"sh:nodeKind {draw.choice(['sh:IRI', 'sh:BlankNodeOrIRI', 'sh:BlankNode'])}",
        "in": "sh:in ( m:n0 m:n1 m:n2 1 )",
        "has": f"sh:hasValue m:n{draw.randrange(6)}",
        "closed": f"sh:closed true ; sh:ignoredProperties ( rdf:type skos:prefLabel {draw.choice(PREDICATES)} )",
        "xone": f"sh:xone ( {inner} [ sh:class ex:B ] )",
        "and": f"sh:and ( {inner} [ sh:nodeKind sh:BlankNodeOrIRI ] )",
        "apart": f"sh:property [ sh:path {path(draw)} ; sh:qualifiedValueShape {inner or '[]'} ; "
        "sh:qualifiedMinCount 1 ; sh:qualifiedValueShapesDisjoint true ] , [ sh:path ex:p ; "
        f"sh:qualifiedValueShape [ sh:class {draw.choice(CLASSES)} ] ; sh:qualifiedMaxCount 1 ]",
        "node": f"sh:node {inner}",
        "not": f"sh:not {inner}",
        "or": f"sh:or ( {inner} [ sh:nodeKind sh:Literal ] )",
        "property": f"sh:property [ {prop(draw, depth - 1)} ]" if depth > 0 else "",
        "qualified": f"sh:property [ sh:path {path(draw)} ; sh:qualifiedValueShape {inner or '[]'} ; "
        "sh:qualifiedMinCount 1 ]",
    }[kind]


def prop(draw: random.Random, depth: int = 2) -> str:
    """What a property shape says."""
    count = draw.choice(
        [
            *("sh:minCount 1", "sh:maxCount 1", "sh:maxCount 0", "sh:disjoint ex:q", "sh:equals ex:r"),
            *[constraint(draw, depth)] * 3,
        ]
    )
    return f"sh:path {path(draw)} ; {count}"


def shapes(draw: random.Random) -> str:
    """A few shapes with targets of every kind."""
    text = ""
    for number in range(draw.randint(1, 4)):
        target = draw.choice(
            ["sh:targetClass ex:A", "sh:targetNode m:n0", "sh:targetSubjectsOf ex:p", "sh:targetObjectsOf ex:q", ""]
        )
        said = draw.choice([f"sh:property [ {prop(draw)} ]", constraint(draw)])
        if target:
            text += f"ex:S{number} a sh:NodeShape ; {target} ; {said} .\n"
        else:
            text += f"ex:B a sh:NodeShape, rdfs:Class ; {said} .\n"
    return text


def node(draw: random.Random, depth: int = 2) -> str:
    """A value: another record, a literal, or a blank node with values of its own."""
    kind = draw.choice(["record", "record", "literal", "blank"])
    if kind == "blank" and depth:
        cls = f"a {draw.choice(CLASSES)} ; " if draw.random() < 0.5 else ""
        return f"[ {cls}{draw.choice(PREDICATES)} {node(draw, depth - 1)} ]"
    return "1" if kind == "literal" else f"m:n{draw.randrange(6)}"


def records(draw: random.Random) -> list[str]:
    """Six records, the first of them classes of one another now and then."""
    made = []
    for number in range(6):
        said = [f"a {draw.choice(CLASSES)}", 'skos:prefLabel "x"@en']
        said += [f"{draw.choice(PREDICATES)} {node(draw)}" for _ in range(draw.randrange(4))]
        made.append(f"m:n{number} {' ; '.join(said)} .\n")
    if draw.random() < 0.3:
        made[0] += "ex:C rdfs:subClassOf ex:A .\n"
    return made


def triples(text: str) -> list[Triple]:
    """The statements of Turtle."""
    quads = parse(HEADER + text, format=RdfFormat.TURTLE)
    return [Triple(quad.subject, quad.predicate, quad.object) for quad in quads]


def judged(said: list[Triple], shape: list[Triple]) -> set[tuple[str, str]]:
    """(focus node, constraint) of all that pySHACL finds in a whole graph."""
    _, report, _ = pyshacl.validate(to_rdflib(said), shacl_graph=to_rdflib(shape), inplace=True)
    assert isinstance(report, rdflib.Graph)
    return {
        (str(report.value(result, SH.focusNode)), str(report.value(result, SH.sourceConstraintComponent)))
        for result in report.subjects(SH.resultSeverity, None)
        if (None, SH.result, result) in report
    }


def differs(seed: int, folder: Path) -> str | None:
    """What is found otherwise than pySHACL finds it in everything at once; None where all is the same.

    What pySHACL finds with the new records and not without them must be found, and nothing that it does not find.
    """
    draw = random.Random(seed)
    shape, text = triples(shapes(draw)), records(draw)
    fresh = draw.randint(1, 5)
    text += [said for number, said in enumerate(records(draw)) if number < fresh and draw.random() < 0.3]
    new, old = folder / f"new-{seed}.ttl", folder / f"old-{seed}.ttl"
    new.write_text(HEADER + "".join(text[:fresh]), encoding="utf-8")
    old.write_text(HEADER + "".join(text[fresh:]), encoding="utf-8")
    given, stored = (read_records([file], Base(), Options()) for file in (new, old))
    quads: list[Quad] = [quad for name in stored.documents for quad in stored.quads(name)]
    snapshot = InMemory(quads)
    snapshot.keeps_shapes = draw.random() < 0.8
    known = [quad for name in given.documents for quad in given.quads(name)]
    kept = [quad for quad in quads if quad.graph_name.value not in given.documents]  # type: ignore[union-attr]
    was, now = ([Triple(q.subject, q.predicate, q.object) for q in some] for some in (quads, (*kept, *known)))
    given_nodes = {quad.subject.value for quad in known}  # type: ignore[union-attr]
    after, already = judged(now, shape), judged(was, shape)
    validator = Validator(shape)
    told = validator.validate(given.documents, snapshot=snapshot).faults
    before = {name: stored.documents.get(name, Graph()) for name in given.documents}
    told = (*told, *validator.broken(given.documents, before, snapshot))
    if not snapshot.keeps_shapes and any(isinstance(quad.subject, BlankNode) for quad in quads):
        return None  # blank nodes of foreign quads are known by what leads to them only
    found = {(fault.focus_node, fault.constraint) for fault in told}
    missed = {
        (focus, constraint)
        for focus, constraint in after
        if (focus in given_nodes or (focus, constraint) not in already)
        and not found & {(record, constraint) for record in of_records(focus, now)}
    }
    much = found - {(record, constraint) for focus, constraint in after for record in of_records(focus, now)}
    return f"{seed}: {missed} missed, {much} too much" if missed or much else None


def of_records(focus: str, said: list[Triple]) -> set[str]:
    """The records that a node, by its IRI, label or text, belongs to."""
    records, waiting = set(), [focus]
    seen: set[str] = set()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        if at.startswith("http"):
            records.add(at)
            continue
        waiting += [triple.subject.value for triple in said if getattr(triple.object, "value", "") == at]  # type: ignore[union-attr]
    return records


def test_an_extract_is_judged_like_everything(tmp_path: Path) -> None:
    assert [found for seed in range(many(20, 600)) if (found := differs(seed, tmp_path))] == []


@pytest.mark.parametrize(
    "shape",
    [
        "sh:targetClass ex:A ; sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:maxCount 1 ]",
        "sh:targetObjectsOf ex:p ; sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:maxCount 1 ]",
        "sh:targetClass ex:A ; sh:property [ sh:path ex:q ; sh:not [ sh:class ex:C ] ]",
        "sh:targetClass ex:A ; sh:property [ sh:path ( ex:s [ sh:inversePath ex:s ] ) ; sh:maxCount 1 ]",
        "sh:targetNode m:n0 ; sh:node [ sh:property [ sh:path ( ex:q ex:r ) ; sh:maxCount 0 ] ]",
    ],
)
def test_a_record_that_breaks_a_stored_one_is_refused(tmp_path: Path, shape: str) -> None:
    stored = 'm:n0 a ex:A, kgc:Method ; skos:prefLabel "x"@en ; ex:q m:n2 ; ex:s "1" . m:n1 a kgc:Method ; '
    stored += 'skos:prefLabel "y"@en ; ex:p m:n0 .'
    fresh = 'm:n2 a ex:C, kgc:Method ; skos:prefLabel "z"@en ; ex:p m:n0 ; ex:r m:n0 ; ex:s "1" .'
    files = []
    for name, text in (("shapes", f"ex:S a sh:NodeShape ; {shape} ."), ("old", stored), ("new", fresh), ("other", "")):
        files.append(tmp_path / f"{name}.ttl")
        files[-1].write_text(HEADER + text, encoding="utf-8")
    create_store(tmp_path / "store", shapes=files[:1])
    import_files(tmp_path / "store", files[1:2], Options(trust=True))
    with pytest.raises(InvalidData, match="nothing was written") as refused:
        import_files(tmp_path / "store", files[2:3], Options())
    told = {(fault.focus_node or "").rpartition("/")[2]: fault.message for fault in refused.value.report.violations}
    assert "n0" in told
    assert told["n0"].endswith("(The store has this record; what is given would break it.)")
    # What is wrong there already is not held against the next one.
    import_files(tmp_path / "store", files[2:3], Options(trust=True))
    files[3].write_text(HEADER + 'm:n3 a kgc:Method ; skos:prefLabel "w"@en ; ex:q m:n0 .', encoding="utf-8")
    assert import_files(tmp_path / "store", files[3:4], Options()).added == 1


def test_messages_tell_what_failed_and_speak_of_what_the_files_say_alone(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(
        HEADER + "<https://w3id.org/kgcompare/id/source/s> a bibo:Document ;"
        " dcterms:title 'S' ; bibo:doi '10.1000/a', '10.1000/b' .\n"
        "m:m a kgc:Method ; skos:prefLabel 'M'@en ; kgc:origin '1999'^^edtf:EDTF, '2000'^^edtf:EDTF ;"
        " kgc:origination [ kgc:agentList ( [ a foaf:Person ; foaf:familyName 'Doe' ] ) ] .\n",
        encoding="utf-8",
    )
    records = read_records([tmp_path / "a.ttl"], Base(), Options())
    report = ingest.check(records, bundled_shapes(), Stored(None), Options())
    said = {(shortened(str(fault.path).split(" / ")[0]), fault.message.split(",")[0]) for fault in report.faults}
    assert said == {
        ("kgc:origin", "Origin year: 1 value at most may stand here."),
        ("kgc:origination", "Name: 1 value at least must stand here."),
        ("bibo:doi", "DOI: 1 value at most may stand here."),
    }
