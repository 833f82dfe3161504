"""Every constraint of the shapes refuses what it should, says so in two languages, and says where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from conftest import SMALL, Run
from kgcompare import ingest, resources
from kgcompare.errors import Fault, InvalidData, ShapeError, ValidationReport
from kgcompare.ingest import Options, validate
from kgcompare.ingest.lines import with_lines
from kgcompare.ingest.readers import read_records
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import KGC, PREFIXES, SHAPES, Base, iri
from kgcompare.sandbox.limits import Limits
from kgcompare.schema import vocabulary
from kgcompare.schema.judging import Judge
from kgcompare.schema.rows import RowGroup
from kgcompare.schema.shapes import Shapes, bundled_shapes

HEADER = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
HEADER += "@base <https://w3id.org/kgcompare/> .\n"
NAME = 'skos:prefLabel "x"@en'
METHOD = f"a kgc:Method ; {NAME}"
SOFTWARE = 'a schema:SoftwareSourceCode ; schema:programmingLanguage "R"'
TOOL = f'{SOFTWARE} ; schema:name "x"'


@dataclass(frozen=True, slots=True)
class Case:
    """A record that breaks one constraint: the shape, its component, the Turtle after the subject, path and value."""

    shape: str
    component: str
    turtle: str
    path: str
    value: str | None = None
    also: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"{self.shape} {self.component} {self.value or ''}".strip()


ORIGINATION = "kgc:origination"
CASES = [
    Case("Method-name", "MinCount", "a kgc:Method", "skos:prefLabel"),
    Case("Method-name", "UniqueLang", 'a kgc:Method ; skos:prefLabel "x"@en , "y"@en', "skos:prefLabel"),
    Case("Method-name", "Datatype", 'a kgc:Method ; skos:prefLabel "untagged"', "skos:prefLabel", "untagged"),
    Case("Method-name", "MinLength", 'a kgc:Method ; skos:prefLabel ""@en', "skos:prefLabel", ""),
    Case("Method-domain", "NodeKind", f'{METHOD} ; dcterms:subject "text"', "dcterms:subject", "text"),
    Case("Method-domain", "Class", f"{METHOD} ; dcterms:subject <id/domain/no>", "dcterms:subject", "<id/domain/no>"),
    Case("Method-family", "NodeKind", f'{METHOD} ; kgc:family "text"', "kgc:family", "text"),
    Case("Method-family", "Class", f"{METHOD} ; kgc:family <id/agent/p>", "kgc:family", "<id/agent/p>"),
    Case(
        "Method-origin-year",
        "MaxCount",
        f'{METHOD} ; kgc:origin "1996"^^edtf:EDTF , "1997"^^edtf:EDTF',
        "kgc:origin",
    ),
    Case("Method-origin-year", "Datatype", f"{METHOD} ; kgc:origin 1996", "kgc:origin", "1996"),
    Case("Method-type", "NodeKind", f'{METHOD} ; dcterms:type "text"', "dcterms:type", "text"),
    Case("Method-type", "Class", f"{METHOD} ; dcterms:type <id/type/no>", "dcterms:type", "<id/type/no>"),
    Case("Method-founding-source", "NodeKind", f'{METHOD} ; kgc:foundingSource "text"', "kgc:foundingSource", "text"),
    Case(
        "Method-founding-source",
        "Class",
        f"{METHOD} ; kgc:foundingSource <id/agent/p>",
        "kgc:foundingSource",
        "<id/agent/p>",
    ),
    Case("Method-alias", "Datatype", f'{METHOD} ; skos:altLabel "untagged"', "skos:altLabel", "untagged"),
    Case("Method-alias", "MinLength", f'{METHOD} ; skos:altLabel ""@en', "skos:altLabel", ""),
    Case("Method-related", "NodeKind", f'{METHOD} ; kgc:related "text"', "kgc:related", "text"),
    Case("Method-related", "Class", f"{METHOD} ; kgc:related <id/agent/p>", "kgc:related", "<id/agent/p>"),
    Case("Method-summary", "UniqueLang", f'{METHOD} ; skos:definition "x"@fr , "y"@fr', "skos:definition"),
    Case("Method-summary", "Datatype", f'{METHOD} ; skos:definition "untagged"', "skos:definition", "untagged"),
    Case("Method-summary", "MinLength", f'{METHOD} ; skos:definition ""@en', "skos:definition", ""),
    *(
        case
        for name, predicate in (("aim", "aim"), ("data", "takes"), ("assumption", "assumes"), ("result", "gives"))
        for case in (
            Case(f"Method-{name}", "NodeKind", f'{METHOD} ; kgc:{predicate} "text"', f"kgc:{predicate}", "text"),
            Case(
                f"Method-{name}", "Class", f"{METHOD} ; kgc:{predicate} <id/aim/no>", f"kgc:{predicate}", "<id/aim/no>"
            ),
        )
    ),
    *(
        case
        for name, predicate in (("choose-when", "kgc:chooseWhen"), ("avoid-when", "kgc:avoidWhen"))
        for case in (
            Case(f"Method-{name}", "UniqueLang", f'{METHOD} ; {predicate} "x"@fr , "y"@fr', predicate),
            Case(f"Method-{name}", "Datatype", f'{METHOD} ; {predicate} "untagged"', predicate, "untagged"),
            Case(f"Method-{name}", "MinLength", f'{METHOD} ; {predicate} ""@en', predicate, ""),
        )
    ),
    Case("Method-software", "NodeKind", f'{METHOD} ; kgc:implementation "text"', "kgc:implementation", "text"),
    Case(
        "Method-software",
        "Class",
        f"{METHOD} ; kgc:implementation <id/agent/p>",
        "kgc:implementation",
        "<id/agent/p>",
    ),
    Case("Software-name", "MinCount", f"{SOFTWARE}", "schema:name"),
    Case("Software-name", "MaxCount", f'{SOFTWARE} ; schema:name "x" , "y"', "schema:name"),
    Case("Software-name", "NodeKind", f"{SOFTWARE} ; schema:name <http://e/x>", "schema:name", "http://e/x"),
    Case("Software-name", "MinLength", f'{SOFTWARE} ; schema:name ""', "schema:name", ""),
    Case("Software-package", "MaxCount", f"{TOOL} ; schema:isPartOf <id/software/p> , <SELF>", "schema:isPartOf"),
    Case("Software-package", "NodeKind", f'{TOOL} ; schema:isPartOf "p"', "schema:isPartOf", "p"),
    Case("Software-package", "Class", f"{TOOL} ; schema:isPartOf <id/agent/p>", "schema:isPartOf", "<id/agent/p>"),
    Case(
        "Software-language",
        "MinCount",
        'a schema:SoftwareSourceCode ; schema:name "x"',
        "schema:programmingLanguage",
    ),
    Case("Software-language", "MaxCount", f'{TOOL} ; schema:programmingLanguage "S"', "schema:programmingLanguage"),
    Case(
        "Software-language",
        "NodeKind",
        'a schema:SoftwareSourceCode ; schema:name "x" ; schema:programmingLanguage <http://e/x>',
        "schema:programmingLanguage",
        "http://e/x",
    ),
    Case(
        "Software-language",
        "MinLength",
        'a schema:SoftwareSourceCode ; schema:name "x" ; schema:programmingLanguage ""',
        "schema:programmingLanguage",
        "",
    ),
    Case("Software-version", "MaxCount", f'{TOOL} ; schema:softwareVersion "1" , "2"', "schema:softwareVersion"),
    Case(
        "Software-version",
        "NodeKind",
        f"{TOOL} ; schema:softwareVersion <http://e/x>",
        "schema:softwareVersion",
        "http://e/x",
    ),
    Case(
        "Software-seen",
        "MaxCount",
        f'{TOOL} ; dcterms:date "2026-01-01"^^xsd:date , "2026-01-02"^^xsd:date',
        "dcterms:date",
    ),
    Case("Software-seen", "Datatype", f'{TOOL} ; dcterms:date "2026"', "dcterms:date", "2026"),
    Case("Software-address", "MaxCount", f"{TOOL} ; schema:url <http://e/x> , <http://e/y>", "schema:url"),
    Case("Software-address", "NodeKind", f'{TOOL} ; schema:url "http://e/x"', "schema:url", "http://e/x"),
    Case("Software-address", "Pattern", f"{TOOL} ; schema:url <urn:x>", "schema:url", "urn:x"),
    Case(
        "Concept-alias", "Datatype", f'a skos:Concept ; {NAME} ; skos:altLabel "untagged"', "skos:altLabel", "untagged"
    ),
    Case("Concept-alias", "MinLength", f'a skos:Concept ; {NAME} ; skos:altLabel ""@en', "skos:altLabel", ""),
    Case(
        "Concept-hidden",
        "NodeKind",
        f"a skos:Concept ; {NAME} ; skos:hiddenLabel <http://e/x>",
        "skos:hiddenLabel",
        "http://e/x",
    ),
    Case("Method-hidden", "NodeKind", f"{METHOD} ; skos:hiddenLabel <http://e/x>", "skos:hiddenLabel", "http://e/x"),
    Case("Method-start", "MaxCount", f"{METHOD} ; kgc:originStart 1 , 2", "kgc:originStart"),
    Case("Method-start", "Datatype", f'{METHOD} ; kgc:originStart "early"', "kgc:originStart", "early"),
    Case("Method-start", "LessThanOrEquals", f"{METHOD} ; kgc:originStart 2 ; kgc:originEnd 1", "kgc:originStart", "2"),
    Case("Method-end", "MaxCount", f"{METHOD} ; kgc:originEnd 1 , 2", "kgc:originEnd"),
    Case("Method-end", "Datatype", f'{METHOD} ; kgc:originEnd "late"', "kgc:originEnd", "late"),
    Case("Method-match", "NodeKind", f'{METHOD} ; skos:exactMatch "text"', "skos:exactMatch", "text"),
    Case("Method-close", "NodeKind", f'{METHOD} ; skos:closeMatch "text"', "skos:closeMatch", "text"),
    Case("Method-self", "Disjoint", f"{METHOD} ; kgc:related <SELF>", "kgc:row?", "<SELF>"),
    Case(
        "Origination kgc:agentList",
        "MinCount",
        f"{METHOD} ; {ORIGINATION} [ kgc:etAl true ]",
        f"{ORIGINATION} / kgc:agentList",
        also=("Origination rdf:first",),
    ),
    Case(
        "Origination kgc:agentList",
        "MaxCount",
        f"{METHOD} ; {ORIGINATION} [ kgc:agentList ( <id/agent/p> ) , ( <id/agent/q> ) ]",
        f"{ORIGINATION} / kgc:agentList",
    ),
    Case(
        "Origination rdf:first",
        "MinCount",
        f"{METHOD} ; {ORIGINATION} [ kgc:agentList () ]",
        f"{ORIGINATION} / kgc:agentList / rdf:rest* / rdf:first",
    ),
    Case(
        "Origination rdf:first",
        "Or",
        f"{METHOD} ; {ORIGINATION} [ kgc:agentList ( <id/agent/p> <id/method/fine> ) ]",
        f"{ORIGINATION} / kgc:agentList / rdf:rest* / rdf:first",
        "<id/method/fine>",
    ),
    Case(
        "Origination kgc:contribution",
        "Datatype",
        f'{METHOD} ; {ORIGINATION} [ kgc:agentList ( <id/agent/p> ) ; kgc:contribution "untagged" ]',
        f"{ORIGINATION} / kgc:contribution",
        "untagged",
    ),
    Case(
        "Origination kgc:contribution",
        "UniqueLang",
        f'{METHOD} ; {ORIGINATION} [ kgc:agentList ( <id/agent/p> ) ; kgc:contribution "x"@en , "y"@en ]',
        f"{ORIGINATION} / kgc:contribution",
    ),
    Case(
        "Origination kgc:etAl",
        "MaxCount",
        f"{METHOD} ; {ORIGINATION} [ kgc:agentList ( <id/agent/p> ) ; kgc:etAl true , false ]",
        f"{ORIGINATION} / kgc:etAl",
    ),
    Case(
        "Origination kgc:etAl",
        "Datatype",
        f'{METHOD} ; {ORIGINATION} [ kgc:agentList ( <id/agent/p> ) ; kgc:etAl "perhaps" ]',
        f"{ORIGINATION} / kgc:etAl",
        "perhaps",
    ),
    Case(
        "Origination kgc:order",
        "MaxCount",
        f"{METHOD} ; {ORIGINATION} [ kgc:agentList ( <id/agent/p> ) ; kgc:order 1 , 2 ]",
        f"{ORIGINATION} / kgc:order",
    ),
    Case(
        "Origination kgc:order",
        "Datatype",
        f'{METHOD} ; {ORIGINATION} [ kgc:agentList ( <id/agent/p> ) ; kgc:order "first" ]',
        f"{ORIGINATION} / kgc:order",
        "first",
    ),
    Case("Absence kgc:row", "MinCount", f"{METHOD} ; kgc:absence [ kgc:reason kgc:None ]", "kgc:absence / kgc:row"),
    Case(
        "Absence kgc:row",
        "MaxCount",
        f"{METHOD} ; kgc:absence [ kgc:row kgcsh:Method-type , kgcsh:Method-family ; kgc:reason kgc:None ]",
        "kgc:absence / kgc:row",
    ),
    Case(
        "Absence kgc:reason",
        "MinCount",
        f"{METHOD} ; kgc:absence [ kgc:row kgcsh:Method-type ]",
        "kgc:absence / kgc:reason",
    ),
    Case(
        "Absence kgc:reason",
        "MaxCount",
        f"{METHOD} ; kgc:absence [ kgc:row kgcsh:Method-type ; kgc:reason kgc:None , kgc:Unknown ]",
        "kgc:absence / kgc:reason",
    ),
    Case(
        "Absence kgc:reason",
        "In",
        f"{METHOD} ; kgc:absence [ kgc:row kgcsh:Method-type ; kgc:reason kgc:Method ]",
        "kgc:absence / kgc:reason",
        KGC + "Method",
    ),
    Case("Agent-name", "MinCount", "a foaf:Person", "foaf:name"),
    Case("Agent-name", "MaxCount", 'a foaf:Organization ; foaf:name "x" , "y"', "foaf:name"),
    Case("Agent-name", "NodeKind", "a foaf:Person ; foaf:name <http://e/x>", "foaf:name", "http://e/x"),
    Case("Agent-name", "MinLength", 'a foaf:Person ; foaf:name ""', "foaf:name", ""),
    Case(
        "Agent-family-name", "MaxCount", 'a foaf:Person ; foaf:name "x" ; foaf:familyName "x" , "y"', "foaf:familyName"
    ),
    Case(
        "Agent-family-name",
        "NodeKind",
        'a foaf:Person ; foaf:name "x" ; foaf:familyName <http://e/x>',
        "foaf:familyName",
        "http://e/x",
    ),
    Case("Agent-given-name", "MaxCount", 'a foaf:Person ; foaf:name "x" ; foaf:givenName "x" , "y"', "foaf:givenName"),
    Case(
        "Agent-given-name",
        "NodeKind",
        'a foaf:Person ; foaf:name "x" ; foaf:givenName <http://e/x>',
        "foaf:givenName",
        "http://e/x",
    ),
    Case("Agent-same-as", "NodeKind", 'a foaf:Person ; foaf:name "x" ; schema:sameAs "text"', "schema:sameAs", "text"),
    Case("Concept-name", "MinCount", "a skos:Concept", "skos:prefLabel"),
    Case("Concept-name", "UniqueLang", 'a skos:Concept ; skos:prefLabel "x"@en , "y"@en', "skos:prefLabel"),
    Case("Concept-name", "Datatype", 'a skos:Concept ; skos:prefLabel "untagged"', "skos:prefLabel", "untagged"),
    Case(
        "Concept-definition",
        "UniqueLang",
        f'a skos:Concept ; {NAME} ; skos:definition "x"@en , "y"@en',
        "skos:definition",
    ),
    Case("Concept-definition", "Datatype", f'a skos:Concept ; {NAME} ; skos:definition "u"', "skos:definition", "u"),
    Case("Concept-broader", "NodeKind", f'a skos:Concept ; {NAME} ; skos:broader "text"', "skos:broader", "text"),
    Case(
        "Concept-broader",
        "Class",
        f"a skos:Concept ; {NAME} ; skos:broader <id/agent/p>",
        "skos:broader",
        "<id/agent/p>",
    ),
    Case("Concept-scheme", "NodeKind", f'a skos:Concept ; {NAME} ; skos:inScheme "text"', "skos:inScheme", "text"),
    Case("Source-title", "MinCount", "a bibo:Document", "dcterms:title"),
    Case("Source-title", "MaxCount", 'a bibo:Document ; dcterms:title "x" , "y"', "dcterms:title"),
    Case("Source-title", "NodeKind", "a bibo:Document ; dcterms:title <http://e/x>", "dcterms:title", "http://e/x"),
    Case("Source-title", "MinLength", 'a bibo:Document ; dcterms:title ""', "dcterms:title", ""),
    *(
        Case(f"Source-{shape}", "MaxCount", f'a bibo:Document ; dcterms:title "x" ; {path} {one} , {two}', path)
        for shape, path, one, two in (
            ("author", "bibo:authorList", "( <id/agent/p> )", "( <id/agent/q> )"),
            ("issued", "dcterms:issued", '"1996"^^edtf:EDTF', '"1997"^^edtf:EDTF'),
            ("container", "dcterms:isPartOf", '[ dcterms:title "x" ]', '[ dcterms:title "y" ]'),
            ("volume", "bibo:volume", '"1"', '"2"'),
            ("issue", "bibo:issue", '"1"', '"2"'),
            ("pages", "bibo:pages", '"1"', '"2"'),
            ("publisher", "dcterms:publisher", '"x"', '"y"'),
            ("doi", "bibo:doi", '"10.1000/1"', '"10.1000/2"'),
        )
    ),
    *(
        Case(
            f"Source-{shape}",
            "NodeKind",
            f'a bibo:Document ; dcterms:title "x" ; {path} <http://e/x>',
            path,
            "http://e/x",
        )
        for shape, path in (
            ("issued", "dcterms:issued"),
            ("volume", "bibo:volume"),
            ("issue", "bibo:issue"),
            ("pages", "bibo:pages"),
        )
    ),
    Case(
        "Source-doi",
        "Pattern",
        'a bibo:Document ; dcterms:title "x" ; bibo:doi "https://doi.org/10.1000/1"',
        "bibo:doi",
        "https://doi.org/10.1000/1",
    ),
    Case(
        "Source-uri",
        "Pattern",
        'a bibo:Document ; dcterms:title "x" ; bibo:uri "javascript:alert(1)"',
        "bibo:uri",
        "javascript:alert(1)",
    ),
    Case(
        "MethodSourceAge-source",
        "In",
        f'{METHOD} ; kgc:origin "1996"^^edtf:EDTF ; kgc:foundingSource <id/source/old>',
        "kgc:foundingSource / dcterms:issued",
        "1950",
    ),
]
FINE = """
<id/method/fine> a kgc:Method ; skos:prefLabel "fine"@en .
<id/agent/p> a foaf:Person ; foaf:name "P" .
<id/agent/q> a foaf:Organization ; foaf:name "Q" .
<id/software/p> a schema:SoftwareSourceCode ; schema:name "p" ; schema:programmingLanguage "R" .
<id/source/old> a bibo:Document ; dcterms:title "Old" ; dcterms:issued "1950"^^edtf:EDTF .
"""
KIND = {"Agent": "agent", "Concept": "domain", "Software": "software", "Source": "source"}


def subject(number: int) -> str:
    """The IRI, below the base, of the record of a case."""
    kind = KIND.get(CASES[number].shape.split("-")[0], "method")
    return f"id/{kind}/case-{number}"


def absolute(text: str, number: int) -> str:
    """A relative IRI in angle brackets as it is reported; any other value as it is."""
    if not text.startswith("<"):
        return text
    return Base().value + (subject(number) if text == "<SELF>" else text[1:-1])


def full(path: str) -> str:
    """A path of prefixed names as it is reported."""
    return re.sub(r"\b([a-z]+):(\w+)", lambda name: PREFIXES[name[1]] + name[2], path)


@pytest.fixture(scope="module")
def cases_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases in one file, whose records of the document come first, so that the right line is not the first."""
    path = tmp_path_factory.mktemp("cases") / "cases.ttl"
    lines = [HEADER, FINE]
    for number, case in enumerate(CASES):
        own = f"<{subject(number)}>"
        document = own.replace("<id/", "<doc/")
        lines.append(f'{document} dcterms:created "2026-11-22"^^xsd:date .\n')
        lines.append(f"{own} {case.turtle.replace('<SELF>', own)} .\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


def validated(path: Path, lang: str = "en", shapes: Iterable[Triple] = ()) -> ValidationReport:
    """The report on a file."""
    return validate(
        read_records([path], Base(), Options(lang=lang)), [*bundled_shapes(), *shapes], None, Options(lang=lang)
    )


@pytest.fixture(scope="module")
def reports(cases_file: Path) -> dict[str, ValidationReport]:
    """The reports on all cases by language."""
    return {lang: validated(cases_file, lang) for lang in ("en", "fr")}


SHAPE_GRAPH = Graph(bundled_shapes())


def messages(shape: str) -> dict[str, str]:
    """The messages of a shape, by language."""
    if " " not in shape:
        return SHAPE_GRAPH.texts(NamedNode(SHAPES + shape), iri("sh:message").value)
    node_shape, path = shape.split()
    for part in SHAPE_GRAPH.objects(NamedNode(SHAPES + node_shape), iri("sh:property").value):
        led = SHAPE_GRAPH.value(part, iri("sh:path").value)  # type: ignore[arg-type]
        if iri(path) in {led, *SHAPE_GRAPH.members(led)}:
            return SHAPE_GRAPH.texts(part, iri("sh:message").value)  # type: ignore[arg-type]
    raise AssertionError(shape)


def faults_of(report: ValidationReport, number: int) -> list[Fault]:
    """The faults of the record of a case."""
    focus = Base().value + subject(number)
    return [fault for fault in report.faults if fault.focus_node == focus]


WORDS = {
    "MinCount": {"en": "must stand here", "fr": "il faut au moins"},
    "MaxCount": {"en": "at most may stand here", "fr": "au plus est permise"},
    "UniqueLang": {"en": "in each language", "fr": "par langue"},
    "MinLength": {"en": "character at least", "fr": "au moins"},
}
"""What is said of a constraint where the message of its shape speaks of several."""


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_constraint_refuses_and_says_what_and_where(
    reports: dict[str, ValidationReport], cases_file: Path, number: int, lang: str
) -> None:
    case = CASES[number]
    component = f"http://www.w3.org/ns/shacl#{case.component}ConstraintComponent"
    found = [fault for fault in faults_of(reports[lang], number) if fault.constraint == component]
    assert found, f"not refused: {faults_of(reports[lang], number)}"
    fault = found[0]
    words = WORDS.get(case.component, {"": ""})
    assert fault.message == messages(case.shape)[lang] or words.get(lang, "-") in fault.message
    assert fault.severity == ("warning" if case.shape.startswith("MethodSourceAge") else "violation")
    assert fault.file == str(cases_file)
    lines = cases_file.read_text(encoding="utf-8").splitlines()
    assert fault.line is not None
    assert lines[fault.line - 1].startswith(f"<{subject(number)}>")
    if case.shape not in {"Method-related", "Method-self"}:
        assert fault.path == full(case.path)
    if case.value is not None:
        assert fault.value == absolute(case.value, number)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_a_constraint_refuses_nothing_else(reports: dict[str, ValidationReport], number: int) -> None:
    said = {text for shape in (CASES[number].shape, *CASES[number].also) for text in messages(shape).values()}
    told = {fault.message for fault in faults_of(reports["en"], number)}
    assert not {text for text in told - said if not any(words["en"] in text for words in WORDS.values())}


def test_a_message_is_about_the_constraint_that_failed() -> None:
    doi = (
        "e:S a sh:NodeShape ; sh:targetClass e:T ; sh:property [ sh:path bibo:doi ; sh:name 'DOI'@en ; sh:maxCount 1 ;"
    )
    doi += " sh:pattern '^10' ; sh:message 'A DOI starts with 10.'@en ] ."
    heads = "".join(f"PREFIX {prefix}: <{name}>\n" for prefix, name in (*PREFIXES.items(), ("e", "http://e/")))
    shapes, twice, wrong = (
        [Triple(q.subject, q.predicate, q.object) for q in parse(heads + text, format=RdfFormat.TURTLE)]
        for text in (doi, "e:a a e:T ; bibo:doi '10.1000/a', '10.1000/b' .", "e:a a e:T ; bibo:doi 'doi' .")
    )
    judge = Judge(shapes)
    assert [fault.message for fault, *_ in judge(twice, "en")] == ["DOI: 1 value at most may stand here."]
    assert [fault.message for fault, *_ in judge(twice, "fr")] == [
        "DOI\N{NO-BREAK SPACE}: 1 valeur au plus est permise ici."
    ]
    assert [fault.message for fault, *_ in judge(wrong, "en")] == ["A DOI starts with 10."]


def test_what_is_fine_is_not_refused(reports: dict[str, ValidationReport]) -> None:
    assert not [f for f in reports["en"].faults if "case-" not in (f.focus_node or "")]
    assert reports["en"].records == len(CASES) + 5


PARAMETERS = {
    "minCount": "MinCount",
    "maxCount": "MaxCount",
    "datatype": "Datatype",
    "class": "Class",
    "nodeKind": "NodeKind",
    "minLength": "MinLength",
    "uniqueLang": "UniqueLang",
    "pattern": "Pattern",
    "in": "In",
    "or": "Or",
    "disjoint": "Disjoint",
    "lessThanOrEquals": "LessThanOrEquals",
}
NO_CONSTRAINT = {
    "path",
    "order",
    "name",
    "description",
    "message",
    "severity",
    "property",
    "targetClass",
    "targetObjectsOf",
    "target",
    "group",
    "deactivated",
}


def constraints() -> list[tuple[str, str]]:
    """(shape, component) of every constraint of the bundled shapes; shapes without an IRI by owner and path."""
    found = []
    sh = PREFIXES["sh"]
    for node in SHAPE_GRAPH.subjects():
        if not isinstance(node, NamedNode):
            continue
        parts = [(node.value.removeprefix(SHAPES), node)]
        for part in SHAPE_GRAPH.objects(node, iri("sh:property").value):
            if not isinstance(part, NamedNode):
                led = SHAPE_GRAPH.value(part, iri("sh:path").value)  # type: ignore[arg-type]
                assert led is not None
                last = (SHAPE_GRAPH.members(led) or [led])[-1]
                local = next(
                    f"{p}:{last.value.removeprefix(n)}" for p, n in PREFIXES.items() if last.value.startswith(n)
                )
                parts.append((f"{node.value.removeprefix(SHAPES)} {local}", part))  # type: ignore[arg-type]
        for name, part in parts:
            if SHAPE_GRAPH.text(part, iri("sh:deactivated").value) == "true":
                continue
            for predicate in SHAPE_GRAPH.description(part):
                local = predicate.removeprefix(sh)
                if local != predicate and local not in NO_CONSTRAINT and not name.startswith("prefixes"):
                    found.append((name, PARAMETERS[local]))
    return found


def test_every_constraint_of_the_shapes_has_a_case() -> None:
    assert set(constraints()) == {(case.shape, case.component) for case in CASES}


# -- whole imports -------------------------------------------------------------------------------------


def test_a_record_with_two_faults_is_refused_whole_with_both_named(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ingest.create_store(store)
    file = tmp_path / "two.ttl"
    file.write_text(
        HEADER + '<id/method/two> a kgc:Method ;\n  kgc:origin "sometime"^^edtf:EDTF .\n' + FINE, encoding="utf-8"
    )
    done = run("import", "--store", store, file)
    assert done.code == 1
    assert done.out == ""
    report = [line for line in done.err.splitlines() if "id/method/two" in line]
    assert len(report) == 2
    assert all("two.ttl" in line for line in report)
    assert any("skos:prefLabel" in line or "prefLabel" in line for line in report)
    assert any("'sometime'" in line for line in report)
    assert "2 faults found; nothing was written" in done.err
    counted = run("stats", "--store", store, "--format", "json")
    assert '"records": {}' in counted.out, "what was fine in that file is not there either"


def test_the_same_report_comes_in_french(run: Run, tmp_path: Path, small_store: Path) -> None:
    file = tmp_path / "bad.ttl"
    file.write_text(HEADER + "<id/method/two> a kgc:Method .\n", encoding="utf-8")
    done = run("validate", file, "--lang", "fr", "--store", small_store)
    assert done.code == 1
    assert "il faut au moins 1 valeur" in done.out


def test_warnings_do_not_refuse(tmp_path: Path) -> None:
    store = tmp_path / "store"
    ingest.create_store(store)
    file = tmp_path / "warned.ttl"
    file.write_text(
        HEADER
        + FINE
        + f'<id/method/w> {METHOD} ; kgc:origin "1996"^^edtf:EDTF ; kgc:foundingSource <id/source/old> .\n',
        encoding="utf-8",
    )
    report = ingest.import_files(store, [file], Options())
    assert report.added == 6
    (fault,) = report.validation.faults
    assert (fault.severity, fault.value) == ("warning", "1950")
    assert report.validation.conforms


def test_a_shape_of_ones_own_refuses_too(tmp_path: Path) -> None:
    shape = tmp_path / "shape.ttl"
    shape.write_text(
        HEADER
        + "<http://e/S> a sh:NodeShape ; sh:targetClass kgc:Method ; sh:property <http://e/P> .\n"
        + "<http://e/P> sh:path skos:notation ; sh:minCount 1 ; sh:message 'Every method has a code.'@en .\n",
        encoding="utf-8",
    )
    store = tmp_path / "store"
    ingest.create_store(store, shapes=[shape])
    file = tmp_path / "data.ttl"
    file.write_text(f"{HEADER}<id/method/a> {METHOD} .\n", encoding="utf-8")
    with pytest.raises(InvalidData) as refused:
        ingest.import_files(store, [file], Options())
    assert [fault.message for fault in refused.value.report.faults] == ["Every method has a code."]


# -- what the files promise ----------------------------------------------------------------------------


def test_shapes_that_no_validator_can_use_are_refused(tmp_path: Path) -> None:
    broken = [
        Triple(NamedNode("http://e/S"), iri("rdf:type"), iri("sh:NodeShape")),
        Triple(NamedNode("http://e/S"), iri("sh:targetClass"), iri("kgc:Method")),
        Triple(NamedNode("http://e/S"), iri("sh:property"), NamedNode("http://e/P")),
        Triple(NamedNode("http://e/P"), iri("sh:path"), Literal("no path")),
    ]
    with pytest.raises(ShapeError):
        validated(SMALL, shapes=broken)


@pytest.mark.parametrize("path", [*resources.shape_files(), resources.vocabulary_file()], ids=lambda path: path.name)
def test_ontology_files_parse(path: Path) -> None:
    assert len(list(parse(path=str(path), format=RdfFormat.TURTLE))) > 10


LANGUAGES = {"en", *(path.stem for path in (Path(ingest.__file__).parents[1] / "text" / "messages").glob("*.po"))}
"""The languages of the interface: what it says of data speaks them too."""


def rows_of_shapes() -> list[NamedNode]:
    """The property shapes that are rows."""
    return [
        n for n in SHAPE_GRAPH.subjects() if isinstance(n, NamedNode) and SHAPE_GRAPH.text(n, iri("kgc:rowId").value)
    ]


@pytest.mark.parametrize("shape", rows_of_shapes(), ids=lambda node: node.value.removeprefix(SHAPES))
def test_a_row_has_names_descriptions_and_messages_in_every_language(shape: NamedNode) -> None:
    for predicate in ("sh:name", "sh:description", "sh:message"):
        texts = SHAPE_GRAPH.texts(shape, iri(predicate).value)
        assert set(texts) == LANGUAGES, predicate
        assert all(text.strip() for text in texts.values())
    assert SHAPE_GRAPH.text(shape, iri("sh:order").value) is not None
    assert SHAPE_GRAPH.value(shape, iri("sh:severity").value) is not None
    assert SHAPE_GRAPH.value(shape, iri("kgc:rowKind").value) is not None


def test_every_message_comes_in_every_language() -> None:
    for node in SHAPE_GRAPH.subjects():
        texts = SHAPE_GRAPH.texts(node, iri("sh:message").value)
        assert set(texts) in (LANGUAGES, set()), node


def test_the_rows_of_methods_are_those_of_the_interface() -> None:
    rows = Shapes(bundled_shapes()).rows(KGC + "Method")
    assert [row.id for row in rows] == [
        "domain",
        "family",
        "origin-year",
        "originator",
        "type",
        "founding-source",
        "alias",
        "related",
        "summary",
        "aim",
        "data",
        "assumption",
        "result",
        "choose-when",
        "avoid-when",
        "software",
    ]
    identity = ["value"] * 6 + ["name", "count", "text"]
    assert [row.kind for row in rows] == identity + ["value"] * 4 + ["remark", "remark", "name"]
    assert [row.group.id for row in rows if row.group] == ["identity"] * 9 + ["choosing"] * 7
    assert [row.where_recorded for row in rows] == [False] * 9 + [True] * 7
    assert [row.id for row in rows if row.facet] == ["domain", "family", "type", "aim", "data", "assumption"]


def test_a_row_may_say_of_which_kind_its_values_are() -> None:
    found = Shapes(bundled_shapes())
    assert not [row.id for row in found.facets(KGC + "Method") if row.id == "result"]
    assert found.classes_of_kind("result") == (PREFIXES["skos"] + "Concept",)
    assert (found.kind_label("result", "fr"), found.kind_plural("result", "en")) == ("résultat", "results")
    assert found.kinds["software"] == (PREFIXES["schema"] + "SoftwareSourceCode",)


def test_a_kind_of_values_stands_in_addresses() -> None:
    with pytest.raises(ShapeError, match="'A kind' cannot be a kind"):
        shapes_of(row('sh:path skos:note ; kgc:rowId "x" ; kgc:kind "A kind"'))


def vocabulary_terms() -> list[NamedNode]:
    """The terms that the vocabulary describes."""
    return [n for n in vocabulary.graph().subjects() if isinstance(n, NamedNode) and n.value.startswith(KGC)]


@pytest.mark.parametrize("term", vocabulary_terms(), ids=lambda node: node.value.removeprefix(KGC))
def test_a_term_has_a_label_a_definition_and_a_home(term: NamedNode) -> None:
    graph = vocabulary.graph()
    for predicate in ("rdfs:label", "skos:definition"):
        assert set(graph.texts(term, iri(predicate).value)) == LANGUAGES, predicate
    assert graph.iris(term, iri("rdfs:isDefinedBy").value) == [KGC.rstrip("#")]
    assert graph.types(term)


def test_every_term_that_is_used_is_in_the_vocabulary() -> None:
    defined = {term.value.removeprefix(KGC) for term in vocabulary_terms()}
    used = set()
    for folder in ("queries", "ontology", "data"):
        for path in resources.folder(folder).rglob("*.*"):
            if path.suffix in {".rq", ".ttl"}:
                used |= set(re.findall(r"\bkgc:(\w+)", path.read_text(encoding="utf-8")))
    for path in Path(ingest.__file__).parents[1].rglob("*.py"):
        used |= set(re.findall(r"iri\(\"kgc:(\w+)\"\)", path.read_text(encoding="utf-8")))
    assert used - defined == set()


def test_the_vocabulary_says_what_it_is() -> None:
    graph, ontology = vocabulary.graph(), NamedNode(KGC.rstrip("#"))
    for predicate in (
        "dcterms:title",
        "dcterms:description",
        "dcterms:created",
        "dcterms:modified",
        "dcterms:license",
        "vann:preferredNamespacePrefix",
        "owl:versionIRI",
        "owl:versionInfo",
    ):
        assert graph.objects(ontology, iri(predicate).value), predicate
    assert isinstance(graph.value(ontology, iri("dcterms:license").value), NamedNode)


# -- shapes that cannot be used ------------------------------------------------------------------------


def shapes_of(turtle: str) -> Shapes:
    """Shapes from Turtle."""
    return Shapes(Triple(q.subject, q.predicate, q.object) for q in parse(HEADER + turtle, format=RdfFormat.TURTLE))


def row(said: str, name: str = "P") -> str:
    """A node shape with one property shape."""
    return f"<http://e/S> sh:targetClass kgc:Method ; sh:property <http://e/{name}> . <http://e/{name}> {said} .\n"


@pytest.mark.parametrize(
    "row_id", ["", " x", "x ", "a,b", "a;b", "a\\tb", "a\\nb", 'a\\"b', "=x", "+x", "@x", "-x", "'x"]
)
def test_a_bad_row_id_is_refused(row_id: str) -> None:
    with pytest.raises(ShapeError, match=r"http://e/P: .* cannot be a row id; use letters, digits and hyphens"):
        shapes_of(row(f'sh:path skos:note ; kgc:rowId "{row_id}"'))


@pytest.mark.parametrize(
    "path",
    [
        "[ sh:zeroOrMorePath skos:broader ]",
        "[ sh:oneOrMorePath skos:broader ]",
        "[ sh:zeroOrOnePath skos:broader ]",
        "( skos:broader skos:broader skos:broader skos:broader )",
        "( skos:broader [ sh:inversePath skos:broader ] )",
        "[ sh:alternativePath ( skos:note ( skos:broader skos:note ) ) ]",
        "[ sh:inversePath [ sh:zeroOrMorePath skos:broader ] ]",
        "()",
        "'text'",
        "[]",
    ],
)
def test_a_path_that_no_query_follows_is_refused_for_a_row_only(path: str) -> None:
    with pytest.raises(ShapeError, match="http://e/P: this kind of sh:path cannot be a row"):
        shapes_of(row(f'sh:path {path} ; kgc:rowId "x"'))
    assert shapes_of(row(f"sh:path {path}")).rows(KGC + "Method") == ()


def test_a_row_without_a_path_is_refused() -> None:
    with pytest.raises(ShapeError):
        shapes_of(row('kgc:rowId "x"'))


@pytest.mark.parametrize(
    "path",
    [
        "skos:note",
        "[ sh:inversePath skos:broader ]",
        "[ sh:alternativePath ( skos:note [ sh:inversePath skos:broader ] ) ]",
        "( skos:broader skos:note )",
        "( skos:broader skos:broader skos:note )",
    ],
)
def test_paths_that_queries_follow(path: str) -> None:
    assert [r.id for r in shapes_of(row(f'sh:path {path} ; kgc:rowId "x"')).rows(KGC + "Method")] == ["x"]


@pytest.mark.parametrize("kind", ["kgc:OddRow", "'kgc:ValueRow'", "[]"])
def test_an_unknown_kind_is_refused(kind: str) -> None:
    with pytest.raises(ShapeError, match="is no row kind; use kgc:ValueRow, CountRow, TextRow, RemarkRow or NameRow"):
        shapes_of(row(f'sh:path skos:note ; kgc:rowId "x" ; kgc:rowKind {kind}'))


def test_an_order_that_is_no_number_is_refused() -> None:
    with pytest.raises(ShapeError, match="sh:order 'first' is not a number"):
        shapes_of(row('sh:path skos:note ; kgc:rowId "x" ; sh:order "first"'))


def test_two_rows_of_one_id_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"two property shapes of .* have the row id 'x'; give one another id"):
        shapes_of(row('sh:path skos:note ; kgc:rowId "x"') + row('sh:path skos:example ; kgc:rowId "x"', "Q"))


def test_rows_come_from_every_shape_of_a_class_by_their_order() -> None:
    found = shapes_of(
        "<http://e/S> sh:targetClass kgc:Method ; sh:property <http://e/b> , <http://e/c> ."
        "<http://e/T> sh:targetClass kgc:Method , skos:Concept ; sh:property <http://e/a> , [ sh:path skos:note ] ."
        '<http://e/a> sh:path skos:note ; kgc:rowId "a" ; sh:order 1.5 .'
        '<http://e/b> sh:path skos:note ; kgc:rowId "b" ; sh:order 2 ; sh:group [ rdfs:label "G"@en ] .'
        '<http://e/c> sh:path skos:note ; kgc:rowId "c" .'
    )
    assert [r.id for r in found.rows(KGC + "Method")] == ["a", "b", "c"]
    assert [r.id for r in found.rows(PREFIXES["skos"] + "Concept")] == ["a"]
    assert found.rows(KGC + "Method")[1].group == RowGroup("g", {"en": "G"})
    assert found.rows("http://e/other") == ()


# -- where it stands -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<https://w3id.org/kgcompare/id/method/a> a x:y .", 1),
        ("\n\n<id/method/a>\n    a x:y .", 3),
        ("@prefix m: <https://w3id.org/kgcompare/id/method/> .\nm:a a x:y .", 2),
        ("PREFIX m: <https://w3id.org/kgcompare/id/method/>\nm:ab a x:y .\nm:a a x:y .", 3),
        ("<doc/method/a> x:p 1 .\n<id/method/b> x:p <id/method/a> .\n  <id/method/a> x:q 1 .", 3),
        (
            "@prefix d: <https://w3id.org/kgcompare/doc/method/> .\n"
            "@prefix m: <https://w3id.org/kgcompare/id/method/> .\nd:a x:p 1 .\nm:a x:p 1 .",
            4,
        ),
        ("<id/method/b> a x:y .", None),
        ("", None),
    ],
)
def test_the_line_on_which_a_description_starts(tmp_path: Path, text: str, line: int | None) -> None:
    path = tmp_path / "a.ttl"
    path.write_text(text, encoding="utf-8")
    (found,) = with_lines([Fault("", focus_node="https://w3id.org/kgcompare/id/method/a")], path, Limits())
    assert found.line == line
