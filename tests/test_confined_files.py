"""Files that would crash, hang or fill whoever parses or judges them: the fault is told, and the file named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import pytest
from pyoxigraph import Literal, NamedNode, Triple

import kgcompare
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.errors import DataError, ShapeError, SyntaxFault, Unavailable
from kgcompare.ingest import Options
from kgcompare.ingest.readers import read_records
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, iri
from kgcompare.sandbox import judging, parsing
from kgcompare.sandbox.job import Job
from kgcompare.sandbox.judging import ConfinedJudge
from kgcompare.sandbox.limits import Limits
from kgcompare.sandbox.parsing import Parser
from kgcompare.schema.shapes import Shapes, bundled_shapes
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.text import dates

PREFIXES = """\
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix bibo: <http://purl.org/ontology/bibo/> . @prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix e: <http://e/> .
@base <https://w3id.org/kgcompare/> .
"""
RECORD = '<id/method/a> a kgc:Method ; skos:prefLabel "A"@en'
A = NamedNode(f"{DEFAULT_BASE}id/method/a")
DOCUMENT = f"{DEFAULT_BASE}doc/method/a"
DEEP = 20_000
BIG = "x" * (17 << 20)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file; Turtle and TriG get the usual prefixes."""

    def writing(text: str, name: str = "a.ttl") -> Path:
        path = tmp_path / name
        path.write_text(PREFIXES + text if path.suffix in {".ttl", ".trig"} else text, encoding="utf-8")
        return path

    return writing


def taken(*files: Path) -> ingest.Records:
    """The records of files."""
    return read_records(files, Base(), Options())


NESTED = "<<( <http://e/a> <http://e/p> " * DEEP + "<http://e/a>" + " )>>" * DEEP


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ttl", f"{RECORD} ; e:p {NESTED} ."),
        ("a.ttl", "<< " * DEEP + "e:a e:p e:a" + " >> e:p e:a " * (DEEP - 1) + ">> e:p e:a ."),
        ("a.nq", f"<http://e/a> <http://e/p> {NESTED} .\n"),
        ("a.jsonld", '{"@id":"http://e/a","http://e/p":' * 10_000 + "1" + "}" * 10_000),
        ("a.jsonld", '{"@context":' + "[" * 3_000 + "]" * 3_000 + "}"),
    ],
    ids=["triple terms", "reified", "quads", "objects", "contexts"],
)
def test_what_nests_too_deeply_ends_its_parser_and_no_more(write: Write, name: str, text: str) -> None:
    path = write(text, name)
    with pytest.raises(SyntaxFault, match=r"deep|triple terms") as refused:
        taken(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("name", ["a.nq", "a.trig"])
def test_trusted_quads_that_nest_too_deeply_are_refused(write: Write, tmp_path: Path, name: str) -> None:
    path = write(f"<http://e/a> <http://e/p> {NESTED} .\n", name)
    with pytest.raises(SyntaxFault, match=r"a\.(nq|trig).*deep"):
        ingest.throwaway(tmp_path / "store", [path], Options(trust=True))


def test_trusted_trig_says_what_it_says(write: Write, tmp_path: Path) -> None:
    path = write(f"<{DOCUMENT}> {{ {RECORD} ; e:p <<( e:a e:b e:c )>> . }}", "a.trig")
    ingest.throwaway(tmp_path / "store", [path], Options(trust=True))
    with kgcompare.open(tmp_path / "store") as catalogue:
        assert len(list(catalogue.generation().quads())) == 3
        assert catalogue.method("a").thing.label == "A"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.ttl", f'{RECORD} ;\n e:p "{BIG}" .', 6),
        ("a.ttl", f"{RECORD} .\n\n#{BIG}\n", 7),
        ("a.nt", f'<http://e/a> <http://e/p> "" .\n<http://e/a> <http://e/p> "{BIG}" .\n', 2),
        pytest.param("a.ttl", f'{RECORD} ; e:p """' + "\n" * (9 << 20) + '""" .', None, marks=pytest.mark.slow),
    ],
    ids=["literal", "comment", "lines", "escapes"],
)
def test_a_literal_or_a_comment_that_is_too_long_is_named(write: Write, name: str, text: str, line: int | None) -> None:
    path = write(text, name)
    with pytest.raises(SyntaxFault, match="more than 16 MiB; that is too long") as refused:
        taken(path)
    assert refused.value.line == line
    assert str(refused.value).startswith(f"{path}, line {line}: " if line else f"{path}: ")


def test_trusted_quads_with_a_literal_that_is_too_long_are_refused(write: Write, tmp_path: Path) -> None:
    path = write(f'<http://e/a> <http://e/p> "{BIG}" .\n', "a.nq")
    with pytest.raises(SyntaxFault, match=r"a\.nq, line 1: .* too long"):
        ingest.throwaway(tmp_path / "store", [path], Options(trust=True))


def test_a_parser_that_is_late_is_killed_and_the_next_file_is_read(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(f"{RECORD} .")
    with Parser(Limits(parse_time=0.1)) as parser:
        list(parser.read(path, DEFAULT_BASE))
        first = parser._job
        assert first is not None
        monkeypatch.setattr(parsing, "_MIB", 1e12)  # no time for the size of a file
        long = write("\n".join(f'e:a{n} e:p "{n}", ( 1 2 3 ) .' for n in range(100_000)), "long.ttl")
        with pytest.raises(SyntaxFault, match=r"long\.ttl: its parser took more than 0 seconds; --parse-time"):
            list(parser.read(long, DEFAULT_BASE))
        assert first.process.returncode is not None
        assert len(list(parser.read(path, DEFAULT_BASE))) == 2


def test_a_parser_without_memory_is_a_fault_of_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_WHOLE_FILE", 0)  # nothing for its size
    path = write("{" + ",".join(f'"http://e/p{n}":[{n},{n}]' for n in range(400_000)) + "}", "a.jsonld")
    with Parser(Limits(parse_memory=256 << 20)) as parser, pytest.raises(SyntaxFault, match="too much memory"):
        list(parser.read(path, DEFAULT_BASE))


def test_a_child_does_its_task_and_no_other() -> None:
    with Job("anything", 1 << 30) as job, pytest.raises(EOFError):
        list(job.ask(1.0))
    with Job("parse", 1 << 30) as job:
        job._read += b"nonsense\n"
        with pytest.raises(Unavailable, match="nonsense"):
            list(job.ask(1.0))


# -- validation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("focus", ["<id/method/a>", "a blank node"])
def test_a_pattern_that_hangs_is_named_with_its_record(write: Write, tmp_path: Path, focus: str) -> None:
    text = "a" * 400
    target, path = ("kgc:Method", "skos:altLabel") if focus[0] == "<" else ("e:Part", "e:name")
    shapes = write(
        f"e:S a sh:NodeShape ; sh:targetClass {target} ; sh:property e:S-name ."
        f' e:S-name sh:path {path} ; sh:pattern "^.*.*.*.*.*.*.*x$" .',
        "shapes.ttl",
    )
    said = f'skos:altLabel "{text}"@en' if focus[0] == "<" else f'e:p [ a e:Part ; e:name "{text}" ]'
    file = write(f"{RECORD} ; {said} .")
    ingest.create_store(tmp_path / "store", shapes=[shapes])
    started = time.monotonic()
    with pytest.raises(DataError, match=r"method/a> cannot be validated: the shape <http://e/S-name> with the path <"):
        ingest.import_files(tmp_path / "store", [file], Options(limits=Limits(validation_time=1.0)))
    assert time.monotonic() - started < 60
    with kgcompare.open(tmp_path / "store") as catalogue:
        assert catalogue.generation().search(kgcompare.search.Filter()).total == 0


def test_a_judge_that_was_ended_judges_again(write: Write) -> None:
    records = taken(write(f"{RECORD} ; kgc:origin 5 ."))
    triples = list(records.documents[DOCUMENT])
    with ConfinedJudge(bundled_shapes()) as judge:
        before = judge(triples, "en")
        judge._job.process.kill()
        judge._job.process.wait()
        assert before
        assert judge(triples, "en") == before


def test_a_child_that_judges_keeps_its_shapes_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    sh = "http://www.w3.org/ns/shacl#"
    node, data = NamedNode("http://e/s"), [Triple(NamedNode("http://e/a"), NamedNode("http://e/p"), Literal("x"))]

    def shapes(*said: str) -> list[Triple]:
        """Shapes of the subjects of a predicate: what each says by a whole number."""
        part = NamedNode("http://e/part")
        least = [Triple(part, NamedNode(sh + name), Literal(5)) for name in said]
        targets = [Triple(node, NamedNode(sh + "targetSubjectsOf"), NamedNode("http://e/p"))]
        inner = [Triple(node, NamedNode(sh + "property"), part)]
        return [*targets, *inner, Triple(part, NamedNode(sh + "path"), NamedNode("http://e/p")), *least]

    written: list[int] = []
    file = judging._file

    def counted(said: Graph | Iterable[Triple]) -> IO[bytes]:
        triples = list(said)
        written.append(len(triples))
        return file(triples)

    monkeypatch.setattr(judging, "_file", counted)
    strict, lax = shapes("minCount"), shapes()
    broken = [
        *lax,
        Triple(node, NamedNode(sh + "path"), node),
        Triple(node, NamedNode(sh + "path"), NamedNode("http://e/q")),
    ]
    found = []
    for rules in (strict, strict, lax, strict, broken, strict, strict):
        with ConfinedJudge(rules) as judge:
            try:
                found.append(len(judge(data, "en")))
            except (ShapeError, DataError):
                found.append(-1)
    assert found == [1, 1, 0, 1, -1, 1, 1]
    told = [size for size in written if size != len(data)]
    assert told == [len(rules) for rules in (strict, lax, strict, broken, strict)], (
        "told again only where they are others"
    )


# -- contexts of JSON-LD -------------------------------------------------------------------------------

OURS = f"{DEFAULT_BASE}context.jsonld"


@pytest.mark.parametrize(
    "context",
    [
        f'"{OURS}"',
        f'["{OURS}", {{"e": "http://e/"}}]',
        '"/kgcompare/context.jsonld"',
        '"http://127.0.0.1:8000/context.jsonld"',
        '"http://localhost/methods/context.jsonld"',
        f'{{"@version": 1.1, "@import": "{OURS}"}}',
    ],
)
def test_our_own_context_is_known_by_its_address(write: Write, context: str) -> None:
    text = f'{{"@context": {context}, "id": "{A.value}", "a": "Method", "prefLabel": {{"en": "J"}}}}'
    document = taken(write(text, "a.jsonld")).documents[DOCUMENT]
    assert document.objects(A, iri("skos:prefLabel").value) == [Literal("J", language="en")]
    assert document.types(A) == [iri("kgc:Method").value]


def test_our_own_context_is_that_of_the_base(write: Write) -> None:
    text = '{"@context": "https://c.example/context.jsonld", "id": "http://e/a", "a": "Method"}'
    path = write(text, "a.jsonld")
    assert read_records([path], Base("https://c.example/"), Options(), Shapes(bundled_shapes())).documents
    with pytest.raises(SyntaxFault, match=r"nothing is fetched .* name ours: https://w3id\.org/.*'https://c\.example"):
        taken(path)


@pytest.mark.parametrize("aside", ["<!-- <!DOCTYPE r> -->", "<?x <!DOCTYPE r> ?>"])
def test_words_about_a_document_type_are_none(write: Write, aside: str) -> None:
    text = (
        f'<?xml version="1.0"?>{aside}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
        f'<rdf:Description rdf:about="{A.value}"><e:p><![CDATA[<!DOCTYPE r>]]></e:p></rdf:Description></rdf:RDF>'
    )
    found = taken(write(text, "a.rdf")).documents[DOCUMENT]
    assert found.objects(A, "http://e/p") == [Literal("<!DOCTYPE r>")]


# -- many of everything ---------------------------------------------------------------------------------


def layers(count: int) -> str:
    """Two blank nodes a layer, which both lead to both of the next."""
    lines = [f"_:a{n} e:p _:a{n + 1}, _:b{n + 1} . _:b{n} e:q _:a{n + 1}, _:b{n + 1} ." for n in range(count)]
    return f"{RECORD} ; e:p _:a0, _:b0 .\n" + "\n".join(lines) + f"\n_:a{count} e:v 1 . _:b{count} e:v 2 ."


PEOPLE = " ".join(f"<id/agent/p{n}>" for n in range(3000))


YEARS = ",".join(str(1000 + n % 1000) for n in range(3000))
NAMES = ", ".join(f'"alias {n}"@en' for n in range(50_000))
SHARED = " ; ".join(f"e:p{n} _:a" for n in range(1500))


@pytest.mark.parametrize(
    "text",
    [
        f"{RECORD} ; e:p ( {PEOPLE} ) .",
        f"{RECORD} ; kgc:origination [ kgc:agentList ( {PEOPLE} ) ] .",
        layers(24),
        f'{RECORD} ; kgc:origin "[{YEARS}]"^^edtf:EDTF .',
        pytest.param(f"{RECORD} ; skos:altLabel {NAMES} .", marks=pytest.mark.slow),
        f"{RECORD} ; e:p {'[ e:p ' * 2000} 1 {' ]' * 2000} .",
        f"{RECORD} ; e:p {'( ' * 2000} 1 {' )' * 2000} .",
        f"{RECORD} ; {SHARED} . _:a e:p ( {'1 2 ' * 1000} ) .",
    ],
    ids=["list", "originators", "layers", "edtf", "aliases", "blank nodes", "lists", "shared"],
)
def test_many_of_anything_are_taken_in_time(write: Write, tmp_path: Path, text: str) -> None:
    """What is quadratic in these takes minutes, what is exponential for ever."""
    store = tmp_path / "store"
    ingest.create_store(store)
    file = write(text)
    started = time.monotonic()
    assert ingest.import_files(store, [file], Options(trust=True)).added == 1
    assert ingest.import_files(store, [file], Options(trust=True)).unchanged == 1
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("text", "canonical", "years"),
    [
        ("[1000, 1002..1003]", "[1000,1002..1003]", (1000, 1003)),
        ("{1999, -0044}", "{1999,-0044}", (-44, 1999)),
        ("[..1984]", "[..1984]", (None, 1984)),
        ("{..1984, 1999}", "{..1984,1999}", (None, 1999)),
        ("[1667, 1760-12..]", "[1667,1760-12..]", (1667, None)),
        (
            "{" + ",".join(["1960", "1961-12"] * 3000) + "}",
            "{" + ",".join(["1960", "1961-12"] * 3000) + "}",
            (1960, 1961),
        ),
    ],
)
def test_sets_of_dates(text: str, canonical: str, years: tuple[int | None, int | None]) -> None:
    assert dates.canonical(text) == canonical
    assert dates.years(canonical) == years


@pytest.mark.parametrize("text", ["[1000..1001..1002]", "[1984}", "{2001-13}", "[1999..,2000]", "9" * 100_000])
def test_what_is_no_set_of_dates(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date in EDTF"):
        dates.canonical(text)


# -- the same, said twice; addresses --------------------------------------------------------------------


def test_a_structure_that_two_files_say_alike_is_stored_once(write: Write) -> None:
    one = write(f"{RECORD} ; kgc:origination [ kgc:agentList ( e:q ) ], [ kgc:agentList ( e:r ) ] .", "one.ttl")
    two = write(f"{RECORD} ; kgc:origination [ kgc:agentList ( e:q ) ], [ kgc:agentList ( e:q e:r ) ] .", "two.ttl")
    document = taken(one, two).documents[DOCUMENT]
    lists = [
        [str(agent) for agent in document.members(document.value(node, iri("kgc:agentList").value))]
        for node in document.objects(A, iri("kgc:origination").value)
        if not isinstance(node, Literal)
    ]
    assert sorted(lists) == [["<http://e/q>"], ["<http://e/q>", "<http://e/r>"], ["<http://e/r>"]]
    assert list(taken(one, one).documents[DOCUMENT]) != []
    assert len(list(taken(one, one).documents[DOCUMENT])) == len(list(taken(one).documents[DOCUMENT]))


def test_the_address_of_a_foreign_thing_stays_with_it(write: Write, tmp_path: Path) -> None:
    files = [
        write(f'<http://{host}.example/x/lasso> a kgc:Method ; skos:prefLabel "{host} lasso"@en .', f"{host}.ttl")
        for host in ("a", "z")
    ]
    found = []
    for number, order in enumerate((files, files[::-1], files[:1], files[1:])):
        store = tmp_path / str(number)
        ingest.create_store(store)
        for file in order:
            ingest.import_files(store, [file], Options())
        with Catalogue(EmbeddedStore(store)) as catalogue:
            things = catalogue.generation().search(kgcompare.search.Filter()).things
            found.append({thing.label: thing.id for thing in things})
            for thing in things:
                assert catalogue.method(thing.id).thing.label == thing.label
            if len(things) == 1:  # the end of the IRI is enough where it is the only one
                assert (
                    catalogue.compare(["lasso"]).methods == (things[0],) or catalogue.method("lasso").thing == things[0]
                )
            else:
                with pytest.raises(kgcompare.UnknownThing):
                    catalogue.method("lasso")
    assert found[0] == found[1] == found[2] | found[3]
    assert len(set(found[0].values())) == 2


# -- children that are left to the next one ------------------------------------------------------------


def test_a_child_is_left_to_the_next_one_unless_it_is_in_the_middle_of_something(write: Write) -> None:
    file = write(f"{RECORD} .")
    with Parser() as parser:
        list(parser.read(file, DEFAULT_BASE))
        first = parser._job
    with Parser() as parser:
        whole = list(parser.read(file, DEFAULT_BASE))
        assert parser._job is first
        begun = parser.lines(file, DEFAULT_BASE)
        next(begun)
    assert first is not None
    assert not first.alive(), "what it had still to say would be the answer to the next file"
    with Parser() as parser:
        assert len(list(parser.read(file, DEFAULT_BASE))) == len(whole)
        assert parser._job is not first
    del begun
    with Parser(Limits(parse_memory=1 << 29)) as parser:
        list(parser.read(file, DEFAULT_BASE))
        assert parser._job is not None
        assert parser._job.memory < 1 << 30, "nobody gets more memory than the limits say"
