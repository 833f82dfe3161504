"""Files become records: split, cleaned, derived, refused as a whole, and exported again unchanged."""

from __future__ import annotations

import contextlib
import json
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad

import kgcompare
from conftest import SMALL, Run
from deep import many
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.errors import Conflict, DataError, InvalidData, SyntaxFault, UnknownFormat
from kgcompare.formats import rdf
from kgcompare.ingest import Options
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.documents import Records
from kgcompare.ingest.readers import read_records
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, iri, local_name
from kgcompare.rdf.queries import load
from kgcompare.schema import vocabulary
from kgcompare.store import Results
from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.store.embedded import EmbeddedStore

PREFIXES = """\
@prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://w3id.org/kgcompare/> .
"""
A, B = (NamedNode(f"{DEFAULT_BASE}id/method/{slug}") for slug in "ab")
DOC_A, DOC_B = f"{DEFAULT_BASE}doc/method/a", f"{DEFAULT_BASE}doc/method/b"
LABEL = 'skos:prefLabel "x"@en'
NAMED = f"a kgc:Method ; {LABEL}"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file; Turtle gets the usual prefixes."""

    def writing(content: str | bytes, name: str = "data.ttl") -> Path:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(PREFIXES.encode() + data if path.suffix == ".ttl" else data)
        return path

    return writing


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty catalogue."""
    path = tmp_path / "store"
    ingest.create_store(path)
    return path


def records(*files: Path) -> Records:
    """The records of files, under the usual base."""
    return read_records(files, Base(), Options())


def said(found: Records, name: str = DOC_A) -> Graph:
    """One document."""
    return found.documents[name]


def texts(graph: Graph, node: NamedNode, name: str) -> list[str]:
    """The values of a predicate, as text."""
    return sorted(term.value for term in graph.objects(node, iri(name).value))


# -- splitting -----------------------------------------------------------------------------------------


def test_every_subject_goes_to_the_graph_of_its_own_document(write: Write) -> None:
    found = records(write(f'<id/method/a> {NAMED} . <id/agent/p> foaf:name "P" . <doc/method/a> dcterms:created "x" .'))
    assert sorted(found.documents) == [f"{DEFAULT_BASE}doc/agent/p", DOC_A]
    assert {subject.value for subject in said(found).subjects()} == {A.value, DOC_A}


def test_blank_nodes_go_with_the_record_that_leads_to_them(write: Write) -> None:
    found = records(write("<id/method/a> kgc:origination [ kgc:agentList ( <id/agent/p> <id/agent/q> ) ] ."))
    assert list(found.documents) == [DOC_A]
    graph = said(found)
    node = graph.objects(A, iri("kgc:origination").value)[0]
    listed = graph.members(graph.value(node, iri("kgc:agentList").value))  # type: ignore[arg-type]
    assert [term.value.rsplit("/")[-1] for term in listed] == ["p", "q"]


@pytest.mark.parametrize(
    ("turtle", "says"),
    [
        (
            "<id/method/a> kgc:family _:c . <id/method/b> kgc:family _:c . _:c dcterms:title 't' .",
            "belongs to two records",
        ),
        ("[] dcterms:title 't' .", "belongs to no record; give it an IRI"),
        ("_:a kgc:family _:b . _:b kgc:family _:a .", "in a circle"),
    ],
)
def test_blank_nodes_without_one_owner_are_refused(write: Write, turtle: str, says: str) -> None:
    with pytest.raises(DataError, match=rf"data\.ttl: .*{says}"):
        records(write(turtle))


def test_blank_nodes_of_two_files_never_merge(write: Write) -> None:
    one = write("<id/method/a> kgc:origination _:x . _:x kgc:contribution 'one'@en .", "one.ttl")
    two = write("<id/method/b> kgc:origination _:x . _:x kgc:contribution 'two'@en .", "two.ttl")
    found = records(one, two)
    for name, node, text in ((DOC_A, A, "one"), (DOC_B, B, "two")):
        graph = said(found, name)
        (origination,) = graph.objects(node, iri("kgc:origination").value)
        assert texts(graph, origination, "kgc:contribution") == [text]  # type: ignore[arg-type]


def test_a_statement_about_a_fact_goes_with_the_facts_subject(write: Write) -> None:
    found = records(
        write(
            f"<id/method/a> {NAMED} . [] a rdf:Statement ; rdf:subject <id/method/a> ; rdf:predicate skos:prefLabel ;"
            ' rdf:object "x"@en ; dcterms:source <id/source/s> . '
            "<id/note/n> a rdf:Statement ; rdf:subject <id/method/a> ; rdf:object 1 ."
        )
    )
    assert list(found.documents) == [DOC_A]
    assert len(said(found).subjects()) == 3


def test_the_source_of_a_fact_is_shown_with_it_even_when_the_fact_was_tidied(write: Write, store: Path) -> None:
    file = write(
        f'<id/method/a> {NAMED} ; kgc:origin "2014–2018"^^edtf:EDTF ; skos:altLabel " e\u0301clair "@fr .'
        " [] a rdf:Statement ; rdf:subject <id/method/a> ; rdf:predicate kgc:origin ;"
        ' rdf:object "2014–2018"^^edtf:EDTF ; dcterms:source "Annals, p. 3" .'
        " [] a rdf:Statement ; rdf:subject <id/method/a> ; rdf:predicate skos:altLabel ;"
        ' rdf:object " e\u0301clair "@fr ; dcterms:source "Dictionary" .'
    )
    ingest.import_files(store, [file], Options())
    with kgcompare.open(store) as catalogue:
        found = catalogue.compare(["a"])
    assert found.row("origin-year").cells[0].values[0].sources[0].text == "Annals, p. 3"
    assert found.row("alias").cells[0].values[0].sources[0].text == "Dictionary"


@pytest.mark.parametrize(
    "foreign",
    [
        "http://example.org/things/Foo%20Bar",
        "https://w3id.org/kgcompare/id/method/Über",
        "https://w3id.org/kgcompare/id/method/a/b",
        "urn:isbn:0451450523",
        "doi:10.1000/182",
        "http://example.org/" + "x" * 3000,
    ],
)
def test_foreign_subjects_get_a_graph_of_their_own_under_the_base(write: Write, foreign: str) -> None:
    found = records(write(f'<{foreign}> {NAMED} . <{foreign}> skos:altLabel "y"@en .'))
    ((name, graph),) = found.documents.items()
    assert name.startswith(f"{DEFAULT_BASE}doc/elsewhere/")
    assert len(name) < 120
    assert [subject.value for subject in graph.subjects()] == [foreign]


def test_foreign_subjects_whose_slugs_are_the_same_stay_apart(write: Write, store: Path) -> None:
    file = write(
        '<http://one.example/x> a kgc:Method ; skos:prefLabel "One"@en .\n'
        '<http://two.example/x> a kgc:Method ; skos:prefLabel "Two"@en .\n'
        '<id/method/x> a kgc:Method ; skos:prefLabel "Ours"@en .\n'
    )
    ingest.import_files(store, [file], Options())
    with kgcompare.open(store) as catalogue:
        labels = {thing.id: thing.label for thing in catalogue.generation().search(kgcompare.search.Filter()).things}
        assert labels["x"] == "Ours"
        assert sorted(labels.values()) == ["One", "Ours", "Two"]
        compared = catalogue.compare([*labels, "http://two.example/x"])
        assert sorted(thing.label for thing in compared.methods) == ["One", "Ours", "Two"]


def test_what_is_said_of_the_vocabulary_and_of_shapes_is_left_out(write: Write) -> None:
    found = records(
        write(
            f"<id/method/a> {NAMED} . kgc:Method skos:prefLabel 'mine'@en ."
            " <shapes#Method> a rdf:Bag . <ns> a rdf:Bag ."
        )
    )
    assert list(found.documents) == [DOC_A]


def test_two_files_that_describe_one_record_add_up(write: Write) -> None:
    one = write(f"<id/method/a> {NAMED} .", "one.ttl")
    two = write('<id/method/a> skos:altLabel "y"@en ; skos:prefLabel "x"@en .', "two.ttl")
    graph = said(records(one, two))
    assert texts(graph, A, "skos:altLabel") == ["y"]
    assert texts(graph, A, "skos:prefLabel") == ["x"], "what both say counts once"


# -- cleaning and deriving -----------------------------------------------------------------------------


def test_text_is_stored_in_nfc_and_trimmed(write: Write) -> None:
    graph = said(records(write('<id/method/a> skos:prefLabel "  Me\u0301thode \\n"@fr ; skos:note " e\u0301" .')))
    assert graph.objects(A, iri("skos:prefLabel").value) == [Literal("Méthode", language="fr")]
    assert graph.objects(A, iri("skos:note").value) == [Literal("é")]


def test_literals_of_other_datatypes_are_left_alone(write: Write) -> None:
    graph = said(records(write("<id/method/a> schema:x ' 1 '^^xsd:integer , '<b>e\u0301</b> '^^rdf:HTML .")))
    assert texts(graph, A, "schema:x") == [" 1 ", "<b>e\u0301</b> "]


@pytest.mark.parametrize(
    ("origin", "stored", "start", "end"),
    [
        ("2014–2018", "2014/2018", ["2014"], ["2018"]),
        ("2014 — 2018", "2014/2018", ["2014"], ["2018"]),
        ("1763~", "1763~", ["1763"], ["1763"]),
        ("199X", "199X", ["1990"], ["1999"]),
        ("1996/..", "1996/..", ["1996"], []),
        ("../1996", "../1996", [], ["1996"]),
    ],
)
def test_dates_become_canonical_and_bring_their_years(
    write: Write, origin: str, stored: str, start: list[str], end: list[str]
) -> None:
    graph = said(
        records(write(f'<id/method/a> kgc:origin "{origin}"^^edtf:EDTF ; kgc:originStart 1 ; kgc:originEnd 2 .'))
    )
    assert texts(graph, A, "kgc:origin") == [stored]
    assert texts(graph, A, "kgc:originStart") == start, "years typed by hand give way"
    assert texts(graph, A, "kgc:originEnd") == end
    for value in graph.objects(A, iri("kgc:originStart").value):
        assert isinstance(value, Literal)
        assert value.datatype == iri("xsd:integer")


def test_dates_of_publication_become_canonical_too(write: Write) -> None:
    found = records(write('<id/source/s> dcterms:issued "1996–1997"^^edtf:EDTF .'))
    source = NamedNode(f"{DEFAULT_BASE}id/source/s")
    assert texts(said(found, f"{DEFAULT_BASE}doc/source/s"), source, "dcterms:issued") == ["1996/1997"]


@pytest.mark.parametrize("origin", ["about 1996", "2018/2014", ""])
def test_what_is_no_date_is_a_fault_that_names_the_record(write: Write, origin: str) -> None:
    found = records(write(f'<id/method/a> kgc:origin "{origin}"^^edtf:EDTF .'))
    (fault,) = found.faults
    assert (fault.focus_node, fault.path, fault.value) == (A.value, iri("kgc:origin").value, origin)
    assert fault.file is not None
    assert fault.file.endswith("data.ttl")


SOURCE = (
    '@prefix bibo: <http://purl.org/ontology/bibo/> . <{}> a bibo:Document, bibo:Book ; dcterms:title "T" ; {} .'.format
)


@pytest.mark.parametrize(
    ("said", "severity", "message"),
    [
        ('dcterms:issued "2o14"^^edtf:EDTF', "violation", "'2o14' is not a date in EDTF"),
        ('dcterms:issued "1999-13"^^edtf:EDTF', "violation", "'1999-13' is not a date in EDTF"),
        ('dcterms:issued "2001/1999"^^edtf:EDTF', "violation", "'2001/1999' ends before it starts"),
        ('dcterms:created "soon"^^edtf:EDTF', "violation", "'soon' is not a date in EDTF"),
        ('dcterms:isPartOf [ dcterms:issued "soon"^^edtf:EDTF ]', "violation", "'soon' is not a date in EDTF"),
        ('dcterms:issued "in press"', "warning", "'in press' is not a date in EDTF"),
        ('bibo:edition "2"', "warning", "bibo:edition is kept, but references do not show it"),
        ('schema:author "A"', "warning", "schema:author is kept, but references do not show it"),
    ],
)
def test_what_cannot_be_read_of_a_source_is_said(write: Write, said: str, severity: str, message: str) -> None:
    (fault,) = records(write(SOURCE("id/source/a", said))).faults
    assert fault.severity == severity
    assert fault.message.startswith(message)
    assert fault.focus_node == f"{DEFAULT_BASE}id/source/a"


@pytest.mark.parametrize(
    "said",
    [
        'dcterms:issued "1763~"^^edtf:EDTF ; bibo:pageStart "1" ; bibo:pageEnd "2" ; bibo:volume "3" ; bibo:issue "4"',
        'dcterms:date "2009-07-01"^^xsd:date ; bibo:editor "E" ; bibo:doi "10.1000/1" ; bibo:uri <https://e/x>',
        'dcterms:issued "12000"^^xsd:gYear ; bibo:authorList ( "A" ) ; bibo:editorList ( "E" ) ; bibo:pages "1-2"',
    ],
)
def test_what_is_read_of_a_source_brings_no_message(write: Write, said: str) -> None:
    assert records(write(SOURCE("id/source/a", said))).faults == []


def test_creators_come_from_the_originations(write: Write) -> None:
    graph = said(
        records(
            write(
                "<id/method/a> kgc:origination [ kgc:agentList ( <id/agent/p> <id/agent/q> ) ] ,"
                " [ kgc:agentList ( <id/agent/p> ) ] ; dcterms:creator <id/agent/former> ."
            )
        )
    )
    assert [name.rsplit("/")[-1] for name in texts(graph, A, "dcterms:creator")] == ["p", "q"]


def test_creators_without_originations_stay(write: Write) -> None:
    graph = said(records(write("<id/method/a> dcterms:creator <id/agent/p> .")))
    assert len(texts(graph, A, "dcterms:creator")) == 1


def test_the_kinds_of_relation_are_those_of_the_vocabulary() -> None:
    named = {local_name(relation) for relation in vocabulary.typed_relations()}
    assert named == {"extends", "specialises", "combines", "alternativeTo", "oftenConfusedWith", "evaluatedWith"}


@pytest.mark.parametrize("relation", [local_name(relation) for relation in vocabulary.typed_relations()])
def test_typed_links_bring_their_plain_form_in_one_direction(write: Write, relation: str) -> None:
    found = records(write(f"<id/method/a> kgc:{relation} <id/method/b> ."))
    assert texts(said(found), A, "kgc:related") == [B.value]
    assert DOC_B not in found.documents, "nothing symmetric is stored twice"


def test_structured_values_have_a_key_that_says_what_they_say(write: Write) -> None:
    def key(origination: str) -> str:
        graph = said(records(write(f"<id/method/a> kgc:origination {origination} .")))
        (node,) = graph.objects(A, iri("kgc:origination").value)
        (found,) = texts(graph, node, "kgc:comparisonKey")  # type: ignore[arg-type]
        return found

    plain = key('[ kgc:agentList ( <id/agent/p> <id/agent/q> ) ; kgc:contribution "c"@en ]')
    assert plain == key(
        '[ kgc:contribution "c"@EN ; kgc:order 2 ; kgc:etAl false ; kgc:agentList ( <id/agent/p> <id/agent/q> ) ]'
    )
    assert plain == key(
        '[ kgc:comparisonKey "typed by hand" ; kgc:agentList ( <id/agent/p> <id/agent/q> ) ; kgc:contribution "c"@en ]'
    )
    assert plain != key('[ kgc:agentList ( <id/agent/q> <id/agent/p> ) ; kgc:contribution "c"@en ]')
    assert plain != key('[ kgc:agentList ( <id/agent/p> <id/agent/q> ) ; kgc:contribution "c"@en ; kgc:etAl true ]')


# -- files that cannot be taken ------------------------------------------------------------------------


def _json(data: object) -> str:
    return json.dumps(data, indent=1)


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.ttl", '<id/method/a> a kgc:Method ;\n skos:prefLabel "x"@en ;\n skos:altLabel "open .\n', 12),
        ("a.ttl", "<id/method/a> skos:exactMatch <not an iri> .\n", 10),
        ("a.ttl", "<id/method/a> ex:p 1 .\n", 10),
        ("a.jsonld", '{"@id": "http://e/a",\n "http://e/p": [1,\n }', 3),
        ("a.nt", "<http://e/a> <http://e/p> <http://e/o> .\n<http://e/a> <relative> 'x' .\n", 2),
        ("a.nq", "\n\nnonsense\n", 3),
        ("a.trig", "<http://e/g> {\n <http://e/a> }\n", 2),
        ("a.rdf", '<?xml version="1.0"?>\n<rdf:RDF>\n</wrong>', None),
    ],
)
def test_malformed_files_are_refused_with_their_name_and_line(
    write: Write, name: str, content: str, line: int | None
) -> None:
    path = write(content, name)
    with pytest.raises(SyntaxFault) as refused:
        records(path)
    assert refused.value.source == str(path)
    if line is not None:
        assert refused.value.line == line
        assert f"{path}, line {line}: " in str(refused.value)
    assert "\n" not in str(refused.value).strip()


@pytest.mark.parametrize("content", [b"", b"   \n", b"# nothing\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.ttl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"empty\.ttl says nothing"):
        records(path)


def test_a_file_without_a_record_is_refused(write: Write, store: Path) -> None:
    with pytest.raises(DataError, match=r"data\.ttl: there is no record here; a record has a type such as kgc:Method"):
        ingest.import_files(store, [write('<id/method/a> dcterms:title "t" .')], Options())


@pytest.mark.parametrize("data", [b"\xff\xfe<\x00", "\ud800".encode("utf-8", "surrogatepass"), b"\x00" * 100])
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.ttl"
    path.write_bytes(data)
    with pytest.raises(DataError):
        records(path)


def test_files_that_are_not_there_or_are_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        records(tmp_path / "nothing.ttl")
    (tmp_path / "folder.ttl").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        records(tmp_path / "folder.ttl")


def test_a_file_of_an_unknown_format(tmp_path: Path) -> None:
    (tmp_path / "data.xyz").write_text("x")
    with pytest.raises(UnknownFormat, match=r"data\.xyz: unknown format 'xyz'; name one with --format: .*ttl"):
        records(tmp_path / "data.xyz")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "bom.ttl"
    path.write_bytes(b"\xef\xbb\xbf" + PREFIXES.encode() + f"<id/method/a> {NAMED} .".encode())
    assert list(records(path).documents) == [DOC_A]


def test_json_ld_with_a_remote_context_is_refused_and_nothing_is_fetched(write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/other.jsonld"
        for context in (address, [address], {"@import": address, "@version": 1.1}, "file:///etc/hostname"):
            with pytest.raises(SyntaxFault, match="context"):
                records(write(_json({"@context": context, "@id": "http://e/a", "http://e/p": "x"}), "a.jsonld"))
        with pytest.raises(TimeoutError):
            server.accept()


def test_json_ld_with_its_context_inline(write: Write) -> None:
    context = {"kgc": iri("kgc:").value, "skos": iri("skos:").value}
    data = {
        "@context": context,
        "@id": A.value,
        "@type": "kgc:Method",
        "skos:prefLabel": {"@value": "x", "@language": "en"},
    }
    assert texts(said(records(write(_json(data), "a.jsonld"))), A, "skos:prefLabel") == ["x"]


RDF_XML = (
    '<?xml version="1.0"?>{before}\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
    '<rdf:Description rdf:about="https://w3id.org/kgcompare/id/method/a"><e:p>{text}</e:p></rdf:Description></rdf:RDF>{after}'
)


def test_rdf_xml(write: Write) -> None:
    found = records(write(RDF_XML.format(before="", text="fine", after=""), "a.rdf"))
    assert said(found).objects(A, "http://e/p") == [Literal("fine")]


@pytest.mark.parametrize(
    "before",
    [
        '\n<!DOCTYPE r [<!ENTITY e "boom">]>',
        '\n<!doctype r [<!ENTITY e "boom">]>',
        '\n<!DOCTYPE r SYSTEM "file:///etc/passwd">',
        "\n<!--" + "x" * 100_000 + '-->\n<!DOCTYPE r [<!ENTITY e "boom">]>',
    ],
)
def test_rdf_xml_with_a_document_type_is_refused(write: Write, before: str) -> None:
    content = RDF_XML.format(before=before, text="&e;", after="<!--" + "y" * 100_000 + "-->")
    with pytest.raises(SyntaxFault, match=r"document type declaration is not accepted|parser error|not"):
        records(write(content, "a.rdf"))


def test_rdf_xml_in_another_encoding_does_not_smuggle_a_document_type(write: Write) -> None:
    content = RDF_XML.format(before='\n<!DOCTYPE r [<!ENTITY e "boom">]>', text="&e;", after="")
    with pytest.raises(SyntaxFault):
        records(write(content.replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16"), "a.rdf"))


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "JavaScript:alert(1)",
        "mailto:a@b.c",
    ],
)
@pytest.mark.parametrize(
    "place", ["<{}> a kgc:Method .", "<id/method/a> skos:exactMatch <{}> .", "<id/method/a> <{}> 1 ."]
)
def test_hostile_addresses_are_refused(write: Write, address: str, place: str) -> None:
    with pytest.raises(DataError, match=r"an IRI of the scheme .* is not accepted"):
        records(write(place.format(address)))


@pytest.mark.parametrize(
    "address", ["http://e/\\u000A", "http://e/\\u003E", "http://e/ x", "http://e/<", "http://[", "http://e/%zz{"]
)
def test_broken_addresses_are_refused(write: Write, address: str) -> None:
    with pytest.raises(SyntaxFault):
        records(write(f"<id/method/a> skos:exactMatch <{address}> ."))


def test_triple_terms_are_refused(write: Write) -> None:
    with pytest.raises(DataError):
        records(write("<id/method/a> skos:note <<( <id/method/a> skos:note 'x' )>> ."))


# -- importing -----------------------------------------------------------------------------------------


def test_one_record_at_fault_refuses_all(write: Write, store: Path) -> None:
    with pytest.raises(InvalidData, match="1 fault found; nothing was written") as refused:
        ingest.import_files(store, [write(f"<id/method/a> {NAMED} . <id/method/b> a kgc:Method .")], Options())
    (fault,) = refused.value.report.violations
    assert fault.focus_node == B.value


def test_skip_invalid_leaves_out_what_is_at_fault_and_what_needs_it(write: Write, store: Path) -> None:
    file = write(
        f"<id/method/a> {NAMED} .\n"
        "<id/method/b> a kgc:Method .\n"  # has no name
        f"<id/method/c> {NAMED} ; kgc:extends <id/method/b> .\n"  # names what is left out
        f'<id/method/d> {NAMED} ; kgc:origin "nonsense"^^edtf:EDTF .\n'
    )
    report = ingest.import_files(store, [file], Options(skip_invalid=True))
    assert report.added == 1
    assert report.validation.conforms, "a skipped record is a warning"
    assert {(fault.focus_node or "")[-1] for fault in report.validation.faults} == {"b", "c", "d"}
    with kgcompare.open(store) as catalogue:
        assert catalogue.generation().counts()["method"] == 1


def test_skip_invalid_with_nothing_left_is_refused(write: Write, store: Path) -> None:
    with pytest.raises(InvalidData, match="no record is valid; nothing was written"):
        ingest.import_files(store, [write("<id/method/b> a kgc:Method .")], Options(skip_invalid=True))


SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix e: <http://e/> .
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
e:Once a sh:NodeShape ; sh:targetClass skos:Concept ;
    sh:property [ sh:path [ sh:inversePath e:owns ] ; sh:maxCount 1 ] .
e:Known a sh:NodeShape ; sh:targetObjectsOf e:cites ; sh:property [ sh:path e:name ; sh:minCount 1 ] .
"""


@pytest.fixture
def strict(write: Write, tmp_path: Path) -> Path:
    """A catalogue in which a concept has one owner at most, and what is cited has a name."""
    (tmp_path / "own.shapes").write_text(SHAPES)
    path = tmp_path / "strict"
    ingest.create_store(path, shapes=[(tmp_path / "own.shapes").rename(tmp_path / "own.ttl")])
    concepts = " ".join(f'<id/domain/{name}> a skos:Concept ; skos:prefLabel "{name}"@en .' for name in "xyz")
    ingest.import_files(
        path, [write(f"{concepts} <id/method/a> {NAMED} ; <http://e/owns> <id/domain/x> .", "first.ttl")], Options()
    )
    return path


def test_who_breaks_what_the_store_has_is_named_and_can_be_left_out(write: Write, strict: Path) -> None:
    """Of many newcomers, those alone are to blame that break a record of the store; of two, the first may stay."""
    other = [f"<id/method/n{number}> {NAMED} ; <http://e/owns> <id/domain/new{number}> ." for number in range(20)]
    other[3] = f"<id/method/thief> {NAMED} ; <http://e/owns> <id/domain/x> ."
    other[7] = f"<id/method/one> {NAMED} ; <http://e/owns> <id/domain/y> ."
    other[11] = f"<id/method/two> {NAMED} ;\n  <http://e/owns> <id/domain/y> ."
    other[15] = f"<id/method/lost> {NAMED} ; kgc:extends <id/method/two> ."
    file = write("\n".join(other), "many.ttl")
    with pytest.raises(InvalidData, match="2 faults found; nothing was written") as refused:
        ingest.import_files(strict, [file], Options())
    first = len(PREFIXES.splitlines()) + 1
    told = [(fault.focus_node, fault.line, fault.message) for fault in refused.value.report.violations]
    assert [(focus, line) for focus, line, _ in told] == [
        (f"{DEFAULT_BASE}id/domain/x", first + 3),
        (f"{DEFAULT_BASE}id/domain/y", first + 11),
    ]
    assert f"<{DEFAULT_BASE}id/method/thief> would break it" in told[0][2]
    report = ingest.import_files(strict, [file], Options(skip_invalid=True))
    assert (report.added, report.left) == (17, 3)
    with kgcompare.open(strict) as catalogue:
        assert catalogue.generation().counts()["method"] == 18
        assert len(catalogue.compare(["a", "one", "n0", "n19"]).methods) == 4


def test_who_names_what_nobody_describes_is_named_and_can_be_left_out(write: Write, strict: Path) -> None:
    file = write(
        f"<id/method/b> {NAMED} .\n<id/method/c> {NAMED} ; <http://e/cites> <http://x/unknown> .\n"
        f"<id/method/d> {NAMED} ; <http://e/likes> <http://x/unknown> .",
    )
    with pytest.raises(InvalidData) as refused:
        ingest.import_files(strict, [file], Options())
    (fault,) = refused.value.report.violations
    assert (fault.focus_node, fault.file) == ("http://x/unknown", str(file))
    report = ingest.import_files(strict, [file], Options(skip_invalid=True))
    assert (report.added, report.left) == (2, 1)


def test_import_is_idempotent(store: Path) -> None:
    first = ingest.import_files(store, [SMALL], Options())
    second = ingest.import_files(store, [SMALL], Options())
    assert (first.added, first.replaced, first.unchanged) == (15, 0, 0)
    assert (second.added, second.replaced, second.unchanged) == (0, 0, 15)
    assert second.generation == first.generation


def test_the_same_record_in_another_order_and_syntax_is_unchanged(write: Write, store: Path) -> None:
    one = write(f'<id/method/a> {NAMED} , "y"@fr ; kgc:origin "2014–2018"^^edtf:EDTF .')
    two = write(
        f'<{A.value}> <{iri("kgc:origin").value}> "2014/2018"^^<{iri("edtf:EDTF").value}> .\n'
        f'<{A.value}> <{iri("skos:prefLabel").value}> " y "@FR .\n'
        f'<{A.value}> <{iri("skos:prefLabel").value}> "x"@en .\n'
        f"<{A.value}> <{iri('rdf:type').value}> <{iri('kgc:Method').value}> .\n",
        "two.nt",
    )
    ingest.import_files(store, [one], Options())
    assert ingest.import_files(store, [two], Options()).unchanged == 1


def test_another_content_is_a_conflict_until_it_is_to_replace(write: Write, store: Path) -> None:
    ingest.import_files(store, [write(f'<id/method/a> {NAMED} ; skos:altLabel "old"@en .')], Options())
    other = write(f'<id/method/a> {NAMED} ; skos:altLabel "new"@en . <id/method/b> {NAMED} .')
    with pytest.raises(
        Conflict, match=r"<https://w3id.org/kgcompare/doc/method/a>; nothing was written; use --replace"
    ):
        ingest.import_files(store, [other], Options())
    report = ingest.import_files(store, [other], Options(replace=True))
    assert (report.added, report.replaced, report.unchanged) == (1, 1, 0)
    with kgcompare.open(store) as catalogue:
        assert catalogue.compare(["a"]).row("alias").cells[0].text == "new", "the old one is gone"
        assert catalogue.search("old") == ()
        assert [thing.id for thing in catalogue.search("new")] == ["a"]


def test_a_record_may_name_what_the_store_has_already(write: Write, store: Path) -> None:
    ingest.import_files(store, [write(f"<id/method/a> {NAMED} .")], Options())
    file = write(f"<id/method/b> {NAMED} ; kgc:extends <id/method/a> .", "b.ttl")
    assert ingest.import_files(store, [file], Options()).added == 1


def test_a_replacement_must_not_break_the_records_that_name_it(write: Write, store: Path) -> None:
    ingest.import_files(
        store, [write(f"<id/method/a> {NAMED} . <id/method/b> {NAMED} ; kgc:extends <id/method/a> .")], Options()
    )
    concept = write('<id/method/a> a skos:Concept ; skos:prefLabel "no method any more"@en .')
    with pytest.raises(InvalidData) as refused:
        ingest.import_files(store, [concept], Options(replace=True))
    assert any(fault.focus_node == B.value for fault in refused.value.report.violations)


def test_trust_takes_triples_without_validation_but_derives(write: Write, store: Path) -> None:
    file = write('<id/method/a> a kgc:Method ; kgc:origin "2014–2018"^^edtf:EDTF ; kgc:extends <id/method/b> .')
    ingest.import_files(store, [file], Options(trust=True))
    graph = {quad.predicate.value: quad.object.value for quad in EmbeddedStore(store).snapshot().graph(DOC_A)}  # type: ignore[union-attr]
    assert graph[iri("kgc:originEnd").value] == "2018"
    assert graph[iri("kgc:related").value] == B.value


def test_trusted_quads_are_taken_exactly_as_they_are(tmp_path: Path) -> None:
    lines = sorted(
        [
            f"<{A.value}> <{iri('rdf:type').value}> <{iri('kgc:Method').value}> <http://g/1> .",
            f'<{A.value}> <{iri("skos:prefLabel").value}> " untrimmed "@en <http://g/2> .',
            f'<{A.value}> <{iri("kgc:origin").value}> "2014–2018" .',
            "<http://e/s> <http://e/p> <javascript:x> <http://g/3> .",
        ]
    )
    file = tmp_path / "quads.nq"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = tmp_path / "throwaway"
    ingest.throwaway(folder, [file], Options(trust=True))
    with Catalogue(EmbeddedStore(folder)) as catalogue:
        assert sorted("".join(rdf.dump_lines(catalogue.generation().quads(), "nq", DEFAULT_BASE)).splitlines()) == lines
        assert catalogue.compare(["a"]).row("domain").label == "Domain", "rows come from the bundled shapes"


def test_a_base_of_ones_own(write: Write, tmp_path: Path) -> None:
    store = tmp_path / "own"
    ingest.create_store(store, "https://example.org/methods/")
    path = tmp_path / "own.ttl"
    path.write_text(
        PREFIXES.replace("@base <https://w3id.org/kgcompare/>", "@base <https://example.org/methods/>")
        + f"<id/method/mine> {NAMED} .",
        encoding="utf-8",
    )
    ingest.import_files(store, [path], Options())
    with kgcompare.open(store) as catalogue:
        assert catalogue.compare(["mine"]).methods[0].iri == "https://example.org/methods/id/method/mine"
        graphs = {quad.graph_name.value for quad in catalogue.generation().quads()}  # type: ignore[union-attr]
        assert "https://example.org/methods/doc/method/mine" in graphs


# -- out and in again ----------------------------------------------------------------------------------

SLUG = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
) | st.sampled_from(
    [
        "=1+1",
        "c:\\new\\table",
        'a "quoted" \\ one',
        "line\none",
        "tab\there",
        "'''",
        '"""',
        "\u202eright to left",
        "𝔘nicode",
        "e\u0301",
        "}{",
        "# no comment",
    ]
)
LANG = st.sampled_from(["en", "fr", "de", "pt-BR", "zh-Hant"])
TEXTS = st.dictionaries(LANG, TEXT, min_size=1, max_size=3).map(
    lambda found: [Literal(text, language=lang) for lang, text in found.items()]
)
ORIGIN = st.none() | st.sampled_from(["1996", "2014–2018", "1763~", "199X", "1996/..", "1984?/1990"])


def test_graphs_named_almost_like_the_vocabulary_are_data(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.nq"
    label = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
    lines = []
    for slug, graph in (("a", "nsfoo"), ("b", "shapesfoo"), ("c", "ns"), ("d", "shapes/x")):
        thing, home = f"<{DEFAULT_BASE}id/method/{slug}>", f"<{DEFAULT_BASE}{graph}>"
        lines.append(f'{thing} {iri("rdf:type")} {iri("kgc:Method")} {home} .\n{thing} {label} "x"@en {home} .\n')
    file.write_text("".join(lines), encoding="utf-8")
    assert ingest.import_files(store, [file], Options()).added == 2


@st.composite
def catalogues(draw: st.DrawFn) -> list[Quad]:
    """The statements of a few methods that name each other, with structured values and statements about facts."""
    toss = st.booleans()
    slugs = draw(st.lists(SLUG, min_size=1, max_size=4, unique=True))
    lines: list[tuple[str, str, str]] = []
    methods = [f"<{DEFAULT_BASE}id/method/{slug}>" for slug in slugs]
    agent = f"<{DEFAULT_BASE}id/agent/somebody>"
    lines += [(agent, "rdf:type", str(iri("foaf:Person"))), (agent, "foaf:name", str(Literal("Some Body")))]
    for number, method in enumerate(methods):
        lines.append((method, "rdf:type", str(iri("kgc:Method"))))
        lines += [(method, "skos:prefLabel", str(name)) for name in draw(TEXTS)]
        lines += [(method, "skos:altLabel", str(name)) for name in draw(st.just([]) | TEXTS)]
        lines += [(method, "skos:definition", str(text)) for text in draw(st.just([]) | TEXTS)]
        origin = draw(ORIGIN)
        if origin:
            lines.append((method, "kgc:origin", str(Literal(origin, datatype=iri("edtf:EDTF")))))
        if draw(toss):
            node = f"_:o{number}"
            lines += [(method, "kgc:origination", node), (node, "kgc:agentList", f"_:l{number}")]
            lines += [(f"_:l{number}", "rdf:first", agent), (f"_:l{number}", "rdf:rest", str(iri("rdf:nil")))]
            lines += [(node, "kgc:contribution", str(text)) for text in draw(st.just([]) | TEXTS)]
        others = [other for other in methods if other != method]
        linked = draw(toss)
        if others and linked:
            lines.append((method, draw(st.sampled_from(["kgc:extends", "kgc:related"])), draw(st.sampled_from(others))))
        if draw(toss):
            node = f"_:s{number}"
            lines += [(node, "rdf:type", str(iri("rdf:Statement"))), (node, "rdf:subject", method)]
            lines += [(node, "rdf:predicate", str(iri("skos:prefLabel"))), (node, "dcterms:source", '"a book"')]
    text = "".join(f"{s} <{iri(p).value}> {o} .\n" for s, p, o in lines)
    from kgcompare.rdf.syntaxes import SYNTAXES, read_bytes

    return list(read_bytes(text.encode(), SYNTAXES["nt"].engine, DEFAULT_BASE, "generated"))


def canonical(path: Path) -> list[str]:
    """What a store says, blank nodes named canonically."""
    dataset = Dataset(EmbeddedStore(path).snapshot().quads())
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


@pytest.mark.slow
@settings(
    max_examples=many(4, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(quads=catalogues(), form=st.sampled_from(["nq", "nt", "trig", "ttl", "jsonld"]))
def test_what_is_exported_comes_back_the_same(
    quads: list[Quad], form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("round")
    first, second = folder / "first", folder / "second"
    file = folder / "generated.nq"
    file.write_text("".join(f"{quad} .\n" for quad in quads), encoding="utf-8")
    ingest.create_store(first)
    ingest.import_files(first, [file], Options())
    exported = folder / f"exported.{form}"
    exported.write_text(
        "".join(rdf.dump_lines(EmbeddedStore(first).snapshot().quads(), form, DEFAULT_BASE)), encoding="utf-8"
    )
    ingest.create_store(second)
    ingest.import_files(second, [exported], Options())
    assert canonical(second) == canonical(first)
    # And what came from there is unchanged where it came from.
    assert ingest.import_files(first, [exported], Options()).replaced == 0


@pytest.mark.slow
@pytest.mark.parametrize("form", ["nq", "nt", "trig", "ttl", "jsonld"])
def test_the_small_catalogue_comes_back_the_same(small_store: Path, tmp_path: Path, form: str) -> None:
    exported = tmp_path / f"exported.{form}"
    exported.write_text(
        "".join(rdf.dump_lines(EmbeddedStore(small_store).snapshot().quads(), form, DEFAULT_BASE)), encoding="utf-8"
    )
    ingest.create_store(tmp_path / "again")
    report = ingest.import_files(tmp_path / "again", [exported], Options())
    assert report.added == 15
    assert canonical(tmp_path / "again") == canonical(small_store)


# -- how often an import asks --------------------------------------------------------------------------


def test_an_import_reads_each_graph_and_the_shapes_once(
    write: Write, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"""<id/method/a> a kgc:Method, skos:Concept ; {LABEL} . <id/method/b> a kgc:Method ; {LABEL} ;
        kgc:extends <id/method/a> ."""
    trusted = Options(trust=True)
    ingest.import_files(store, [write(text)], trusted)
    asked: Counter[tuple[str, str]] = Counter()
    graph, query = EmbeddedSnapshot.graph, EmbeddedSnapshot.query

    def counted_graph(self: EmbeddedSnapshot, name: str) -> list[Quad]:
        asked[self.generation, name] += 1
        return graph(self, name)

    def counted_query(self: EmbeddedSnapshot, text: str) -> Results:
        asked[self.generation, "shapes"] += text == load("shapes").text
        return query(self, text)

    monkeypatch.setattr(EmbeddedSnapshot, "graph", counted_graph)
    monkeypatch.setattr(EmbeddedSnapshot, "query", counted_query)
    changed = write(f"<id/method/a> a kgc:Method ; {LABEL} . <id/method/c> a kgc:Method ; {LABEL} .")
    with contextlib.suppress(InvalidData):
        ingest.import_files(store, [changed], Options(replace=True, skip_invalid=True))
    assert {name.rpartition("/")[2] for _, name in asked} >= {"a", "b", "c", "shapes"}
    assert set(asked.values()) - {0} == {1}, asked


def test_what_is_fresh_is_not_held_twice(small_store: Path) -> None:
    stored = Stored(EmbeddedStore(small_store).snapshot())
    assert not any(stored.document(f"{DEFAULT_BASE}doc/method/fresh-{number}").subjects() for number in range(100))
    assert stored._documents == {}


def test_trusted_quads_are_counted_in_a_new_store_and_in_one_that_is_there(run: Run, tmp_path: Path) -> None:
    for name in "ab":
        thing = f"<https://w3id.org/kgcompare/id/method/{name}>"
        (tmp_path / f"{name}.nq").write_text(
            f"{thing} <{iri('rdf:type').value}> <{iri('kgc:Method').value}>"
            f" <https://w3id.org/kgcompare/doc/method/{name}> .\n"
        )
    for name, added in (("a", 1), ("a", 0), ("b", 1)):
        ran = run("import", tmp_path / f"{name}.nq", "--trust", "--store", tmp_path / "quads")
        assert (ran.code, ran.err.split(",")[0]) == (0, f"{added} added")
