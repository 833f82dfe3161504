"""What an import finds of records and changes is what pySHACL finds in everything at once: by our shapes and by others.

Records have every kind of fault: those of each constraint of our shapes (:mod:`test_validation`), and those of each
constraint of SHACL Core. Changes are additions, replacements, removals, other classes and other names. A few seeds in
every run, hundreds with ``KGC_DEEP=1``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyshacl
import pytest
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse
from rdflib import SH

from deep import many
from kgcompare.errors import Fault
from kgcompare.ingest import Options
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.checks import Check
from kgcompare.ingest.readers import read_records
from kgcompare.rdf.convert import to_rdflib
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import PREFIXES, Base
from kgcompare.schema.judging import Judge, _path_text
from kgcompare.schema.shapes import bundled_shapes
from kgcompare.schema.validation import Validator
from test_validation import CASES, HEADER, KIND
from three_ways import InMemory

HEAD = HEADER + "@prefix ex: <http://e.example/> .\n"
Found = tuple[str, str, str, str]
"""The record that something is found of, the constraint, the last step of its path, and the value."""
CONSTRAINTS = [
    "sh:minExclusive 1 ; sh:maxInclusive 9",
    "sh:minInclusive 2.5 ; sh:maxExclusive 8",
    "sh:minInclusive '2001-01-01'^^xsd:date",
    "sh:minCount 1",
    "sh:maxCount 1",
    "sh:datatype xsd:integer",
    "sh:datatype rdf:langString",
    "sh:datatype xsd:date",
    "sh:class kgc:Method",
    "sh:class ex:Part",
    "sh:nodeKind sh:IRI",
    "sh:nodeKind sh:BlankNodeOrLiteral",
    "sh:minLength 3",
    "sh:maxLength 4",
    "sh:pattern '^[a-c]'",
    "sh:pattern 'B$' ; sh:flags 'i'",
    "sh:languageIn ( 'en' 'fr-CA' )",
    "sh:uniqueLang true",
    "sh:equals ex:q",
    "sh:disjoint ex:r",
    "sh:lessThan ex:q",
    "sh:lessThanOrEquals ex:r",
    "sh:in ( 1 'abc' <id/method/n1> )",
    "sh:hasValue <id/method/n0>",
    "sh:not [ sh:class ex:Part ]",
    "sh:and ( [ sh:nodeKind sh:IRI ] [ sh:class kgc:Method ] )",
    "sh:or ( [ sh:datatype xsd:integer ] [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] )",
    "sh:xone ( [ sh:class kgc:Method ] [ sh:class ex:Part ] )",
    "sh:node [ sh:property [ sh:path skos:prefLabel ; sh:minCount 1 ] ]",
    "sh:qualifiedValueShape [ sh:class kgc:Method ] ; sh:qualifiedMinCount 1",
    "sh:qualifiedValueShape [ sh:class ex:Part ] ; sh:qualifiedMaxCount 1",
    "sh:node [ sh:closed true ; sh:ignoredProperties ( rdf:type skos:prefLabel ex:p ex:q ) ]",
]
PATHS = [
    "ex:p", "ex:p", "ex:q", "[ sh:inversePath ex:p ]", "( ex:p ex:q )", "[ sh:alternativePath ( ex:p ex:r ) ]",
    "[ sh:zeroOrMorePath ex:p ]", "( ex:p [ sh:inversePath ex:p ] )", "( ex:p [ sh:oneOrMorePath ex:q ] )",
    "[ sh:zeroOrOnePath ex:q ]",
]  # fmt: skip
UNIQUE = (
    "ex:Unique sh:targetClass kgc:Method ; sh:property ex:Unique-name .\n"
    "ex:Unique-name sh:path ( skos:notation [ sh:inversePath skos:notation ] ) ; sh:maxCount 1 .\n"
)
TARGETS = ["sh:targetClass kgc:Method"] * 3 + [
    "sh:targetClass ex:Part", "sh:targetSubjectsOf ex:q", "sh:targetObjectsOf ex:p", "sh:targetNode <id/method/n1>",
]  # fmt: skip
VALUES = [
    "1", "5", "12", "2.5", "'abc'", "'ab'", "'Bob'", "''", "'x'@en", "'y'@en", "'x'@fr-CA", "'x'@de", "true",
    "'2000-02-02'^^xsd:date", "'2020-02-02'^^xsd:date", "[ a ex:Part ; ex:q 1 ]", "[ ex:p [ ex:q 'deep' ] ]",
]  # fmt: skip
COUNT = 12
"""Records of each state of a catalogue that have links to one another; as many again have the faults of cases."""


def own_shapes(draw: random.Random) -> str:
    """Shapes beside ours: a few constraints of SHACL Core below paths of any kind, and a name that must be unique."""
    said = UNIQUE
    for number in range(draw.randint(3, 6)):
        said += f"ex:S{number} {draw.choice(TARGETS)} ; sh:property ex:S{number}-value .\n"
        said += f"ex:S{number}-value sh:path {draw.choice(PATHS)} ; {draw.choice(CONSTRAINTS)} .\n"
    return said


def linked(draw: random.Random, number: int) -> str:
    """A record with values and links."""
    cls = draw.choice(["kgc:Method"] * 5 + ["skos:Concept", "ex:Part , kgc:Method"])
    said = [f"a {cls}", f'skos:prefLabel "n{number}"@en'] if draw.random() < 0.95 else [f"a {cls}"]
    for _ in range(draw.randrange(5)):
        value = draw.choice([f"<id/method/n{draw.randrange(COUNT)}>", draw.choice(VALUES)])
        said.append(f"{draw.choice(['ex:p', 'ex:q', 'ex:r'])} {value}")
    if draw.random() < 0.5:
        said.append(f"skos:notation '{draw.randrange(COUNT)}'")
    if draw.random() < 0.5:
        said.append(f"kgc:extends <id/method/n{draw.randrange(COUNT)}>")
    return f"<id/method/n{number}> {' ; '.join(said)} .\n"


def faulty(draw: random.Random, number: int) -> str:
    """A record with the fault of a case of ours."""
    case = draw.choice(CASES)
    own = f"<id/{KIND.get(case.shape.split('-')[0], 'method')}/c{number}>"
    named = draw.choice(["id/agent/p", "id/domain/d", f"id/method/n{draw.randrange(COUNT)}"])
    return f"{own} {case.turtle.replace('<SELF>', own).replace('id/agent/p', named)} .\n"


def catalogue(draw: random.Random) -> dict[str, str]:
    """Records by a name of each."""
    made = {f"n{number}": linked(draw, number) for number in range(COUNT)}
    made |= {f"c{number}": faulty(draw, number) for number in range(COUNT)}
    made["p"] = "<id/agent/p> a foaf:Person ; foaf:name 'P' .\n"
    made["d"] = "<id/domain/d> a skos:Concept ; skos:prefLabel 'd'@en .\n"
    return made


def triples(text: str) -> list[Triple]:
    return [quad.triple for quad in parse(HEAD + text, format=RdfFormat.TURTLE)]


def in_everything(said: list[Triple], shapes: Iterable[Triple]) -> Counter[Found]:
    """What pySHACL finds in a whole graph."""
    _, report, _ = pyshacl.validate(
        to_rdflib(said), shacl_graph=to_rdflib(shapes), inplace=True, advanced=True, allow_warnings=True
    )
    assert isinstance(report, rdflib.Graph)
    found: Counter[Found] = Counter()
    for result in report.objects(None, SH.result):
        focus, component, value = (
            report.value(result, part) for part in (SH.focusNode, SH.sourceConstraintComponent, SH.value)
        )
        shown = "" if value is None else "blank node" if isinstance(value, rdflib.BNode) else str(value)
        for record in records_of(focus, said):
            path = _path_text(report, report.value(result, SH.resultPath))
            found[record, str(component), last(path), shown] += 1
    return found


def records_of(focus: object, said: list[Triple]) -> set[str]:
    """The records that a focus node belongs to: itself, or those that lead to it."""
    if isinstance(focus, rdflib.URIRef):
        return {str(focus)}
    if not isinstance(focus, rdflib.BNode):  # such a focus node is that of a shape with sh:targetObjectsOf ex:p
        own = [t.subject for t in said if t.object == _literal(focus) and t.predicate.value.endswith("example/p")]
        return set().union(*(records_of(to_rdflib_term(one), said) for one in own))
    records, waiting = set(), [BlankNode(str(focus))]
    while waiting:
        at = waiting.pop()
        for subject in (t.subject for t in said if t.object == at):
            if isinstance(subject, NamedNode):
                records.add(subject.value)
            elif isinstance(subject, BlankNode):
                waiting.append(subject)
    return records


def to_rdflib_term(node: object) -> object:
    return rdflib.URIRef(node.value) if isinstance(node, NamedNode) else rdflib.BNode(getattr(node, "value", ""))


def _literal(focus: object) -> Literal:
    assert isinstance(focus, rdflib.Literal)
    if focus.language:
        return Literal(str(focus), language=focus.language)
    return Literal(str(focus), datatype=NamedNode(str(focus.datatype))) if focus.datatype else Literal(str(focus))


def told(faults: Iterable[Fault]) -> Counter[Found]:
    """What an import finds, but for what it does not ask shapes about."""
    return Counter(
        (fault.focus_node or "", fault.constraint, last(fault.path), fault.value or "")
        for fault in faults
        if fault.constraint and fault.constraint.startswith(PREFIXES["sh"])
    )


def last(path: str | None) -> str:
    """The last step of a path: those before it may lead from a record to a blank node of it."""
    return (path or "").rpartition(" / ")[2]


def differs(seed: int, folder: Path) -> list[str]:
    """Where an import, or a removal, finds something else than what pySHACL finds in everything."""
    draw = random.Random(seed)
    shapes = [*bundled_shapes(), *triples(own_shapes(draw))]
    old_text, other = catalogue(draw), catalogue(random.Random(f"{seed} other"))
    picked = draw.sample(sorted(other), draw.randint(1, 8))
    given = {f"{name}x" if draw.random() < 0.2 else name: other[name] for name in picked}
    old, new = folder / f"old-{seed}.ttl", folder / f"new-{seed}.ttl"
    old.write_text(HEAD + "".join(old_text.values()), encoding="utf-8")
    new.write_text(HEAD + "".join(given.values()), encoding="utf-8")
    stored, fresh = (read_records([file], Base(), Options()) for file in (old, new))
    quads: list[Quad] = [quad for name in stored.documents for quad in stored.quads(name)]
    snapshot = InMemory(quads)
    snapshot.keeps_shapes = True
    judge = Judge(shapes)
    was = [quad.triple for quad in quads]
    already = in_everything(was, shapes)
    wrong = []

    check = Check(fresh, shapes, Stored(snapshot), Options(), judge)
    kept = [q.triple for q in quads if q.graph_name.value not in fresh.documents]  # type: ignore[union-attr]
    now = [*kept, *(q.triple for name in fresh.documents for q in fresh.quads(name))]
    mine = {s.value for document in fresh.documents.values() for s in document.subjects()}
    wrong += compared(f"{seed}, an import", told(check.report().faults), in_everything(now, shapes), already, mine)

    gone = draw.choice(sorted(stored.documents))
    rest = [q.triple for q in quads if q.graph_name.value != gone]  # type: ignore[union-attr]
    faults = Validator(shapes, judge).broken({gone: Graph()}, {gone: stored.documents[gone]}, snapshot)
    return wrong + compared(f"{seed}, without <{gone}>", told(faults), in_everything(rest, shapes), already, set())


def compared(
    what: str, found: Counter[Found], after: Counter[Found], already: Counter[Found], mine: set[str]
) -> list[str]:
    """What is missed and what is too much: of *mine* all counts, of others what they have not had before."""
    wanted = {one for one in after if one[0] in mine or after[one] > already[one]}
    missed, much = wanted - set(found), set(found) - wanted
    return [f"{what}: {sorted(missed)} missed, {sorted(much)} too much"] if missed or much else []


#: A few seeds in every run, and thousands of changes with ``KGC_DEEP=1``, which takes many minutes.
LOTS = [range(3), *(range(first, first + 10) for first in many(range(0), range(100, 400, 10)))]


@pytest.mark.parametrize("seeds", LOTS, ids=lambda seeds: f"from-{seeds.start}")
def test_changes_are_judged_as_in_everything_at_once(tmp_path: Path, seeds: range) -> None:
    assert [one for seed in seeds for one in differs(seed, tmp_path)] == []
