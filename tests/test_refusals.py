"""Records are data: none speaks as a shape, of a term or in the document of another; shapes are SHACL Core."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad

import kgcompare
from conftest import Run
from kgcompare import ingest, search
from kgcompare.errors import InvalidData, ShapeError
from kgcompare.ingest import Options
from kgcompare.ingest.readers import read_records
from kgcompare.rdf.namespaces import KGC, PREFIXES, Base, iri
from kgcompare.rdf.queries import load
from kgcompare.schema import patterns
from kgcompare.schema.shapes import bundled_shapes, read_shapes, stored_shapes
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.writer import writing

HEADER = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
HEADER += "PREFIX e: <http://e.example/>\nPREFIX m: <https://w3id.org/kgcompare/id/method/>\n"
NEW = 'm:new a kgc:Method ; skos:prefLabel "New"@en .\n'
LASSO = 'm:lasso a kgc:Method ; skos:prefLabel "Lasso"@en ; kgc:origin "1996"^^edtf:EDTF .\n'


def written(folder: Path, text: str, name: str = "data.ttl") -> Path:
    """A file of Turtle with the prefixes of the project."""
    path = folder / name
    path.write_text(HEADER + text, encoding="utf-8")
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one method."""
    path = tmp_path / "store"
    ingest.create_store(path)
    ingest.import_files(path, [written(tmp_path, LASSO, "lasso.ttl")], Options())
    return path


@pytest.mark.parametrize(
    "said",
    [
        "m:new sh:targetClass kgc:Method ; sh:property [ sh:path skos:prefLabel ; kgc:rowId 'domain' ] .",
        "m:new a sh:NodeShape .",
        "m:new e:p [ sh:pattern '^(a+)+$' ] .",
        "m:new e:p [ e:q [ a sh:PropertyShape ] ] .",
        "m:new kgc:facet true .",
        "kgc:Method skos:prefLabel 'Y'@en .",
        "kgcsh:Method sh:property m:new .",
        "kgcsh:Method-domain sh:order 99 .",
        "skos:prefLabel rdfs:label 'Y'@en .",
        "sh:path a e:Thing .",
        "<https://w3id.org/kgcompare/doc/method/lasso> dcterms:license e:x .",
        "[] a rdf:Statement ; rdf:subject m:lasso ; rdf:predicate kgc:origin ; dcterms:source 'x' .",
        "m:new rdf:subject m:lasso .",
    ],
)
def test_a_record_that_speaks_of_more_than_itself_is_refused(store: Path, tmp_path: Path, said: str) -> None:
    file = written(tmp_path, NEW + said)
    with pytest.raises(InvalidData, match="nothing was written") as refused:
        ingest.import_files(store, [file], Options(replace=True))
    fault = refused.value.report.faults[0]
    assert (fault.file, fault.severity) == (str(file), "violation")
    assert fault.focus_node
    assert fault.path
    graphs = EmbeddedStore(store).snapshot().graphs()
    assert [name.rpartition("/")[2] for name in graphs if "/doc/" in name] == ["lasso"]


def test_on_trust_too_no_record_is_replaced_unasked(store: Path, tmp_path: Path) -> None:
    file = written(tmp_path, NEW + "<https://w3id.org/kgcompare/doc/method/lasso> dcterms:license e:x .")
    with pytest.raises(InvalidData):
        ingest.import_files(store, [file], Options(replace=True, trust=True))


def test_two_files_describe_one_record_together(store: Path, tmp_path: Path) -> None:
    about = written(tmp_path, "<https://w3id.org/kgcompare/doc/method/new> dcterms:created '2026-11-22' .", "about.ttl")
    assert ingest.import_files(store, [about, written(tmp_path, NEW)], Options()).added == 1


def test_shapes_are_read_from_graphs_of_their_names(store: Path, tmp_path: Path) -> None:
    before = {str(triple) for triple in stored_shapes(EmbeddedStore(store).snapshot()) if "_:" not in str(triple)}
    base = Base().value
    said = ("targetClass", "<https://w3id.org/kgcompare/ns#Method>"), ("property", "<http://e.example/p>")
    file = tmp_path / "evil.nq"
    file.write_text(
        "".join(
            f"<http://e.example/s> <{PREFIXES['sh']}{predicate}> {value} <{base}{graph}> .\n"
            for predicate, value in said
            for graph in ("doc/method/evil", "nsfoo", "shapesX", "shapes/x/y", "shapes/X", "shapes/")
        ),
        encoding="utf-8",
    )
    assert ingest.import_files(store, [file], Options(trust=True)).added == 6
    snapshot = EmbeddedStore(store).snapshot()
    after = stored_shapes(snapshot)
    assert {str(triple) for triple in after if "_:" not in str(triple)} == before
    assert len(after) == len(bundled_shapes())
    file.write_text(f'<http://e.example/p> {iri("kgc:rowId")} "evil" <{base}shapes/x/y> .\n', encoding="utf-8")
    assert ingest.import_files(store, [file], Options(trust=True)).added == 0
    method = f"<{base}id/method/a> {iri('rdf:type')} {iri('kgc:Method')} <{base}doc/method/a> .\n"
    file.write_text(method, encoding="utf-8")
    assert ingest.import_files(store, [file], Options(trust=True)).added == 1
    snapshot = EmbeddedStore(store).snapshot()
    for query in ("compare", "differences"):
        found = snapshot.select(load(query).text)
        rows = {row[found.variables.index("rowId")] for row in found.rows}
        assert Literal("domain") in rows
        assert Literal("evil") not in rows, "the queries and Python agree on what a graph of shapes is"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("e:S sh:targetClass e:T ; sh:sparql [ sh:select 'x' ] .", "sh:sparql"),
        ("e:S sh:rule [] .", "sh:rule"),
        ("e:S sh:target [ a sh:SPARQLTarget ] .", "sh:target is|sh:SPARQLTarget is"),
        ("e:S sh:js e:x .", "sh:js"),
        ("e: owl:imports e:x .", "owl:imports"),
        ("e:S sh:entailment e:x .", "sh:entailment"),
        ("e:S sh:property [ sh:path e:p ; sh:minCount 'x' ] .", "sh:minCount 'x' must be a whole number"),
        ("e:S sh:property [ sh:minCount 1 ] .", "has no sh:path"),
        ("e:S sh:property [ sh:path e:p, e:q ] .", "sh:path may stand here once"),
        ("e:S sh:nodeKind sh:Odd .", "sh:nodeKind"),
        ("e:S sh:datatype 'x' .", "sh:datatype 'x' must be an IRI"),
        ("e:S sh:in [ rdf:first 1 ] .", "the list is broken"),
        ("e:S sh:in _:l . _:l rdf:first 1 ; rdf:rest _:l .", "the list runs in a circle"),
        ("e:S sh:node e:S .", "leads back to itself"),
        ("e:S sh:or ( e:A [ sh:nodeKind sh:IRI ] ) . e:A sh:property [ sh:path e:p ; sh:node e:S ] .", "leads back"),
        ("e:P sh:path _:p . _:p sh:inversePath _:p .", "sh:path runs in a circle"),
        ("e:S sh:pattern '^(a+)+$' .", "can take for ever"),
        ("e:S sh:pattern '(' .", "is no regular expression"),
        ("e:S sh:targetNode " + ", ".join(f"e:n{n}" for n in range(6_000)) + " .", "6000 are too many"),
        ("".join(f"e:P{n} sh:path e:p .\n" for n in range(3_000)), "3000 are too many"),
        ("".join(f"e:S{n} sh:and ( e:S{n + 1} e:S{n + 1} ) .\n" for n in range(11)), "make them flatter"),
    ],
)
def test_shapes_beyond_what_can_be_judged_by_are_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ShapeError, match=said) as refused:
        read_shapes(written(tmp_path, text, "bad.ttl"))
    assert str(refused.value).startswith(str(tmp_path / "bad.ttl"))


def test_a_server_does_not_start_with_shapes_that_cannot_be_used(run: Run, store: Path, tmp_path: Path) -> None:
    bad = written(tmp_path, "e:S sh:rule [] .", "bad.ttl")
    done = run("serve", "--store", store, "--trust", "--shapes", bad, "--port", "0")
    assert done.code == 1
    assert "sh:rule" in done.err


@pytest.mark.parametrize(
    "pattern", [r"^10[.][0-9]{4,9}/[^ ]+$", r"^[a-z0-9]+(-[a-z0-9]+)*$", r"^(a|b)+$", r"^(\d{4}-){3}"]
)
def test_patterns_that_end(pattern: str) -> None:
    patterns.check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", [r"(a|ab)*c", r"(.*a){12}", r"(\w+\s?)*$", r"(a*)*", r"(a?){30}a{30}", r"(a)\1", "a" * 1_001]
)
def test_patterns_that_may_not_end(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|for ever"):
        patterns.check_pattern(pattern)


PART = "sh:targetClass e:Part ; sh:property [ sh:path e:d ; sh:minCount 1 ; sh:message 'Part needs d'@en ]"


@pytest.mark.parametrize(
    ("shape", "data", "faults"),
    [
        ("e:S sh:targetNode m:v ; sh:property [ sh:path e:a ; sh:minCount 1 ] .", "m:v e:b 1 .", 1),
        ("e:S sh:targetSubjectsOf e:b ; sh:property [ sh:path e:a ; sh:minCount 1 ] .", "m:v e:b 1 .", 1),
        ("e:S sh:targetObjectsOf e:b ; sh:datatype xsd:string .", "m:v e:b 1 .", 1),
        ("e:T a sh:NodeShape, rdfs:Class ; sh:property [ sh:path e:a ; sh:minCount 1 ] .", "m:v a e:T .", 1),
        (f"e:S {PART} .", "m:v e:b [ e:c [ e:c [ a e:Part ] ] ] .", 1),
        ("e:S sh:targetClass kgc:Method ; sh:property [ sh:path ( e:part kgc:origin ) ; sh:maxCount 0 ] .",
         "m:v e:part m:lasso .", 1),
        ("e:S sh:targetNode m:v ; sh:property [ sh:path ( e:part kgc:origin ) ; sh:minCount 1 ] .",
         "m:v e:part m:lasso .", 0),
        ("e:S sh:targetNode m:v ; sh:property [ sh:path e:part ; sh:node "
         "[ sh:property [ sh:path kgc:origin ; sh:minCount 1 ] ] ] .", "m:v e:part m:lasso .", 0),
        ("e:S sh:targetNode m:v ; sh:property [ sh:path [ sh:zeroOrMorePath e:part ] ; sh:class kgc:Method ] .",
         "m:v e:part m:lasso .", 0),
    ],
)  # fmt: skip
def test_validation_and_import_agree_on_every_target_and_reach(
    store: Path, tmp_path: Path, shape: str, data: str, faults: int
) -> None:
    shapes = written(tmp_path, shape, "shapes.ttl")
    file = written(tmp_path, 'm:v a kgc:Method ; skos:prefLabel "V"@en .\n' + data)
    kept = [*stored_shapes(EmbeddedStore(store).snapshot()), *read_shapes(shapes)]
    records = read_records([file], Base(), Options())
    report = ingest.validate(records, kept, EmbeddedStore(store).snapshot(), Options())
    assert len(report.violations) == faults
    assert {fault.focus_node for fault in report.violations} <= {"https://w3id.org/kgcompare/id/method/v"}
    again = written(tmp_path, shape, "again.ttl")  # the same shapes twice are the same shapes
    for given in ([shapes], [shapes, again]):
        if faults:
            with pytest.raises(InvalidData):
                ingest.import_files(store, [file], Options(), given)
        else:
            ingest.import_files(store, [file], Options(), given)


def test_shapes_that_an_earlier_version_kept_stop_an_import_and_nothing_else(tmp_path: Path) -> None:
    store, record = tmp_path / "store", tmp_path / "a.ttl"
    ingest.create_store(store)
    graph = NamedNode(Base().shapes_graph("extra old"))
    shape, said = NamedNode("http://e/S"), {"targetClass": KGC + "Method", "sparql": "http://e/rule"}
    with writing(store) as writer:
        writer.add([Quad(shape, NamedNode(PREFIXES["sh"] + p), NamedNode(v), graph) for p, v in said.items()])
        writer.publish(search.build)
    record.write_text(f"<{Base().value}id/method/a> a <{KGC}Method> ; <{PREFIXES['skos']}prefLabel> 'A'@en .")
    with pytest.raises(ShapeError, match=r"import an export of it into a new store.*sh:sparql is not of SHACL Core"):
        ingest.import_files(store, [record], Options())
    assert ingest.import_files(store, [record], Options(trust=True)).added == 1
    with kgcompare.open(store) as catalogue:
        assert catalogue.compare(["a"]).methods[0].label == "A"
