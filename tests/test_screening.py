"""What is screened first is judged as pySHACL judges it: shapes and data of every kind, made at random.

``KGC_DEEP=1`` tries more of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from deep import many
from kgcompare.errors import DataError, ShapeError
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.schema.core import check_core
from kgcompare.schema.extract import Extract
from kgcompare.schema.judging import Judge, Objection
from kgcompare.schema.knowledge import Knowledge
from kgcompare.schema.plans import has_target
from kgcompare.schema.screening import Screen
from kgcompare.schema.shapes import bundled_shapes

ROUNDS = many(60, 5000)
E = "http://e.example/"
HEADS = "".join(f"PREFIX {prefix}: <{name}>\n" for prefix, name in (*PREFIXES.items(), ("e", E)))
PATHS = [
    *("e:p", "e:q", "[ sh:inversePath e:p ]", "( e:p e:q )", "[ sh:alternativePath ( e:p e:q ) ]", "e:name"),
    *(
        "[ sh:zeroOrMorePath e:p ]",
        "[ sh:oneOrMorePath e:p ]",
        "[ sh:zeroOrOnePath e:q ]",
        "( e:p [ sh:inversePath e:q ] )",
    ),
]
CONSTRAINTS = [
    *("sh:minCount 1", "sh:minCount 2", "sh:maxCount 0", "sh:maxCount 1", "sh:class e:C", "sh:class e:D"),
    *("sh:datatype xsd:string", "sh:datatype xsd:integer", "sh:datatype rdf:langString", "sh:datatype xsd:date"),
    *("sh:datatype xsd:boolean", "sh:datatype xsd:gYear", "sh:datatype e:own", "sh:datatype xsd:decimal"),
    *("sh:nodeKind sh:IRI", "sh:nodeKind sh:Literal", "sh:nodeKind sh:BlankNodeOrIRI", "sh:nodeKind sh:BlankNode"),
    *("sh:minLength 2", "sh:maxLength 3", 'sh:pattern "^a"', 'sh:pattern "B" ; sh:flags "i"', "sh:uniqueLang true"),
    *('sh:languageIn ( "en" "fr" )', 'sh:languageIn ( "de" )', "sh:hasValue e:a", 'sh:hasValue "a"', "sh:hasValue 1"),
    *("sh:in ( e:a e:b 1 2 )", 'sh:in ( "a" "ab"@en )', "sh:in ()", "sh:equals e:q", "sh:disjoint e:q"),
    *("sh:lessThan e:q", "sh:lessThanOrEquals e:q", "sh:minInclusive 1", "sh:maxInclusive 2", "sh:minExclusive 1"),
    *("sh:maxExclusive 5", "sh:not [ sh:class e:C ]", "sh:xone ( [ sh:class e:C ] [ sh:class e:D ] )"),
    *("sh:or ( [ sh:class e:C ] [ sh:datatype xsd:integer ] )", "sh:and ( [ sh:class e:C ] [ sh:nodeKind sh:IRI ] )"),
    *("sh:node [ sh:property [ sh:path e:p ; sh:minCount 1 ] ]", "sh:property [ sh:path e:q ; sh:maxCount 1 ]"),
    *("sh:node [ sh:closed true ; sh:ignoredProperties ( rdf:type e:p ) ; sh:property [ sh:path e:q ] ]",),
    *("sh:qualifiedValueShape [ sh:class e:C ] ; sh:qualifiedMinCount 1",),
    *("sh:qualifiedValueShape [ sh:class e:C ] ; sh:qualifiedMaxCount 1", "sh:deactivated true ; sh:maxCount 0"),
    *(
        "sh:severity sh:Warning ; sh:maxCount 1",
        "sh:node [ sh:severity sh:Warning ; sh:property [ sh:path e:p ; sh:minCount 2 ] ]",
    ),
]
TARGETS = [
    "sh:targetClass e:C",
    "sh:targetClass e:D",
    "sh:targetSubjectsOf e:p",
    "sh:targetObjectsOf e:q",
    "sh:targetNode e:a",
]
VALUES = [
    *(
        "e:a",
        "e:b",
        "e:c",
        "_:x",
        "_:y",
        "1",
        "2",
        "7",
        '"01"^^xsd:integer',
        '"x"^^xsd:integer',
        "1.50",
        "true",
        '"1"^^xsd:boolean',
    ),
    *(
        '"a"',
        '"ab"',
        '"abc"@en',
        '"ab"@en',
        '"Ab"@EN',
        '"b"@fr',
        '"b"@fr-CA',
        '"2020-02-30"^^xsd:date',
        '"2020-02-03"^^xsd:date',
    ),
    *('"2001"^^xsd:gYear', '"x"^^e:own', '""', '"1"', "3e0", '"a\\nb"'),
]
SUBJECTS = ("e:a", "e:b", "e:c", "_:x", "_:y")
CLASSES = "e:B rdfs:subClassOf e:C . e:BB rdfs:subClassOf e:B . e:Ring rdfs:subClassOf e:Ring . "


def triples(text: str) -> list[Triple]:
    return [q.triple for q in parse(HEADS + text, format=RdfFormat.TURTLE)]


def shape(dice: random.Random) -> str:
    """A node shape of some property shapes; a parameter stands in each once."""
    parts = []
    for _ in range(dice.randint(1, 4)):
        said = dice.sample(CONSTRAINTS, dice.randint(1, 3))
        once = {one.split()[0]: one for one in said}
        parts.append(f"sh:property [ sh:path {dice.choice(PATHS)} ; {' ; '.join(once.values())} ]")
    if dice.random() < 0.3:
        own = dice.choice(
            [one for one in CONSTRAINTS if "Count" not in one and "unique" not in one and "lessThan" not in one]
        )
        parts.append(own)
    return f"e:S{dice.randrange(10**6)} a sh:NodeShape ; {dice.choice(TARGETS)} ; {' ; '.join(parts)} ."


def data(dice: random.Random) -> str:
    lines = [
        f"{node} a {dice.choice(('e:C', 'e:D', 'e:B', 'e:BB', 'e:Ring'))} ." for node in ("e:a", "e:b", "e:c", "_:x")
    ]
    lines += [
        f"{dice.choice(SUBJECTS)} {dice.choice(('e:p', 'e:q', 'e:name'))} {dice.choice(VALUES)} ."
        for _ in range(dice.randint(2, 14))
    ]
    return CLASSES + "\n".join(lines)


def asked_of(shapes: Sequence[Triple], statements: Sequence[Triple]) -> dict[Node, set[Term]]:
    graph = check_core(shapes, ours=True)
    extract = Extract(graph, Knowledge({"": Graph(statements)}, None))
    extract.of([Graph(statements)])
    return {shape: set(nodes) for shape, nodes in extract.asked.items() if has_target(graph, shape)}


def told(found: Sequence[Objection]) -> list[tuple[str, ...]]:
    """What is found, with its message unless that shows a blank node, which it does in no certain way."""
    return sorted(
        (
            *(fault.focus_node or "", fault.path or "", fault.value or "", fault.severity, fault.constraint or ""),
            *([] if isinstance(node, BlankNode) or "[" in fault.message else [fault.message]),
        )
        for fault, node, _ in found
    )


def test_screened_shapes_find_what_pyshacl_finds() -> None:
    dice, found = random.Random(11), 0
    for number in range(ROUNDS):
        shapes, statements = triples(shape(dice) + "\n" + shape(dice)), triples(data(dice))
        try:
            asked = asked_of(shapes, statements)
            judge, whole = Judge(shapes), Judge(shapes)(statements, "en")
        except (DataError, ShapeError):  # pySHACL gives up on blank nodes that it is to compare; a parameter came twice
            continue
        judge(statements, "en", asked)  # afterwards no node is judged merely for being the first
        screened = judge(statements, "en", asked)
        assert told(screened) == told(whole), number
        found += len(whole)
    assert found > ROUNDS, "the data are at fault often enough"


def test_most_of_what_conforms_goes_to_nobody() -> None:
    """The screen is of use: of plain data that conform it suspects nothing, once it has met the shapes."""
    one = triples(
        "e:S a sh:NodeShape ; sh:targetClass e:C ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property "
        "[ sh:path e:p ; sh:minCount 1 ; sh:maxCount 3 ; sh:datatype xsd:integer ; sh:minInclusive 1 ] , [ sh:path e:q "
        ' ; sh:class e:D ; sh:nodeKind sh:IRI ; sh:pattern "^http" ; sh:disjoint e:p ] , [ sh:path e:name ;'
        ' sh:uniqueLang true ; sh:languageIn ( "en" "fr" ) ; sh:or ( [ sh:datatype rdf:langString ] ) ] .'
    )
    statements = triples('e:a a e:C ; e:p 1, 2 ; e:q e:b ; e:name "A"@en, "A"@fr . e:b a e:D .')
    screen, asked = Screen(Graph(one)), asked_of(one, statements)
    assert screen.suspects(Graph(statements), asked) == {NamedNode(E + "S"): {NamedNode(E + "a")}}, "the first one"
    assert screen.suspects(Graph(statements), asked) == {}


@pytest.mark.parametrize("value", ['"x"@EN', "e:c", "0", '"1"^^xsd:integer ; e:q e:a', "_:b"])
def test_a_suspect_is_judged_by_what_its_shapes_look_at(value: str) -> None:
    """What pySHACL is given of a suspect suffices for the same verdict as over all."""
    shapes = triples(
        "e:S a sh:NodeShape ; sh:targetClass e:C ; sh:property [ sh:path ( e:p e:p ) ; sh:class e:C ] , "
        "[ sh:path [ sh:inversePath e:p ] ; sh:maxCount 1 ] , [ sh:path e:p ; sh:nodeKind sh:IRI ; sh:disjoint e:q ] ."
    )
    statements = triples(f"e:a a e:C ; e:p {value} . e:c e:p e:b , e:a . e:d e:p e:a . e:b a e:C .")
    found = Judge(shapes)(statements, "en", asked_of(shapes, statements))
    assert [one[0] for one in found] == [one[0] for one in Judge(shapes)(statements, "en")]


def test_the_query_that_says_what_a_shape_of_ours_is_asked_of_means_the_same() -> None:
    text = """
        PREFIX kgc: <https://w3id.org/kgcompare/ns#>
        e:young a kgc:Method ; kgc:originStart 1990 ; kgc:originEnd 1991 ; kgc:foundingSource e:late .
        e:late dcterms:issued "1999" .
        e:fine a kgc:Method ; kgc:originStart 1990 ; kgc:originEnd 1995 ; kgc:foundingSource e:good .
        e:good dcterms:issued "1996-05" . e:old a kgc:Method ; kgc:originStart 2001 ; kgc:foundingSource e:good .
        e:odd a kgc:Method ; kgc:originStart 2001 ; kgc:foundingSource e:odder . e:odder dcterms:issued "199X" .
    """
    statements = triples(text)
    aged = NamedNode("https://w3id.org/kgcompare/shapes#MethodSourceAge")
    shapes = bundled_shapes()
    asked: dict[Node, set[Term]] = {aged: asked_of(shapes, statements)[aged]}
    judge = Judge(shapes)
    for _ in range(2):
        found = judge(statements, "en", asked)
        assert {fault.focus_node for fault, *_ in found} == {E + "young", E + "old"}
    whole = [one for one in judge(statements, "en") if "editorial note should say why" in one[0].message]
    assert [one[0] for one in found] == [one[0] for one in whole]
    assert not any(isinstance(node, BlankNode | Literal) for _, node, _ in found)
