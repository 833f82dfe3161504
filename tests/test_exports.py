"""Every format of an export comes back as what it was; what a table cannot say is told and counted, nothing else."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Quad

from conftest import Run
from kgcompare import ingest
from kgcompare.ingest import Options
from kgcompare.ingest.readers import read_records
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.store.embedded import EmbeddedStore

RDF = ["nq", "nt", "trig", "ttl", "jsonld", "rdf"]
TABLES = ["csv", "tsv", "jsonl"]


def meant(store: Path) -> Dataset:
    """What the records of a store say, whatever blank nodes are called."""
    with closing(EmbeddedStore(store)) as opened:
        snapshot = opened.snapshot()
        names = [name for name in snapshot.graphs() if not snapshot.base.is_vocabulary_graph(name)]
        found = Dataset(quad for name in names for quad in snapshot.graph(name))
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


def described(store: Path) -> set[Quad]:
    """The statements about things with names, structures by the values that stand in them."""
    found = set()
    for quad in meant(store):
        if isinstance(quad.subject, NamedNode):
            plain = quad.object if not str(quad.object).startswith("_:") else NamedNode("http://e/structure")
            found.add(Quad(quad.subject, quad.predicate, plain, quad.graph_name))
    return found


def _records_of(run: Run, store: Path, file: Path, form: str) -> Dataset:
    """What an import takes from an export of a store."""
    assert run("export", "--store", store, "--format", form, "-o", file).code == 0
    with closing(EmbeddedStore(store)) as opened:
        records = read_records([file], opened.snapshot().base, Options())
    assert not records.faults
    found = Dataset(quad for name in records.documents for quad in records.quads(name))
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


def test_all_of_the_rdf_comes_back(run: Run, small_store: Path, tmp_path: Path) -> None:
    """In every syntax, packed as well: the same statements in the same graphs."""
    there = meant(small_store)
    for form in RDF:
        assert _records_of(run, small_store, tmp_path / f"all.{form}.gz", form) == there, form
    assert run("import", "--store", tmp_path / "made", tmp_path / "all.trig.gz").err.startswith("15 added")
    assert meant(tmp_path / "made") == there


@pytest.mark.slow
@pytest.mark.parametrize("form", ["rdf", "jsonld"])  # where most has to be said otherwise
def test_all_of_real_records_comes_back_as_rdf(run: Run, real_store: Path, tmp_path: Path, form: str) -> None:
    """As XML, and as JSON."""
    assert _records_of(run, real_store, tmp_path / f"all.{form}", form) == meant(real_store)


def _brought_back(run: Run, store: Path, tmp_path: Path, form: str) -> Counter[str]:
    """Takes the tables of a store into an empty one; how many statements are missing there, by predicate.

    What is said to be missing has to be that.
    """
    ran = run("export", "--store", store, "--format", form, "-o", f"{tmp_path}/tables/")
    assert (ran.code, ran.out) == (0, "")
    ran_in = run("import", "--store", tmp_path / "made", *sorted((tmp_path / "tables").iterdir()))
    assert ran_in.code == 0, ran_in.err
    before, after = described(store), described(tmp_path / "made")
    assert after <= before
    lost = Counter(quad.predicate.value for quad in before - after)
    told = dict(re.findall(r"([\w.-]+:[\w.-]+) \((\d+)\)", ran.err.partition("in no table: ")[2]))
    assert {name: int(number) for name, number in told.items()}.items() <= {
        next(f"{prefix}:{name.removeprefix(iri)}" for prefix, iri in PREFIXES.items() if name.startswith(iri)): number
        for name, number in lost.items()
    }.items()
    said = int(match[1]) if (match := re.search(r"(\d+) statements are in no table", ran.err)) else 0
    assert said >= lost.total()
    return lost


@pytest.mark.parametrize("form", TABLES)
def test_tables_come_back(run: Run, small_store: Path, tmp_path: Path, form: str) -> None:
    """All but what is said of a document."""
    lost = _brought_back(run, small_store, tmp_path, form)
    assert lost == {PREFIXES["dcterms"] + "created": 1, PREFIXES["kgc"] + "checked": 1}
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        f"{kind}.{form}" for kind in ("agent", "domain", "family", "method", "source", "type")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv"])
def test_tables_of_real_records_come_back(run: Run, real_store: Path, tmp_path: Path, form: str) -> None:
    """All that one chooses methods by."""
    lost = _brought_back(run, real_store, tmp_path, form)
    wanted = {PREFIXES["skos"] + "definition", PREFIXES["kgc"] + "origination", PREFIXES["kgc"] + "absence"}
    assert not wanted & lost.keys()
    assert PREFIXES["skos"] + "editorialNote" in lost


NASTY = """
PREFIX kgc: <https://w3id.org/kgcompare/ns#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX edtf: <http://id.loc.gov/datatypes/edtf/>
BASE <https://w3id.org/kgcompare/>
<id/method/nasty> a kgc:Method ; skos:prefLabel "=1+1"@en, "'=2"@fr, "A \\"quoted\\", name; with | signs"@de ;
  skos:hiddenLabel "[1]", "{2}", "x\\ny" ;
  skos:altLabel "a|b"@en, "c\\\\d"@en, "e\\\\|f"@en, "{\\"g\\": 1}"@en, "-h"@en ;
  skos:definition \"\"\"Two
lines, and a\ttab.\"\"\"@en ;
  kgc:origin "1990/.."^^edtf:EDTF ;
  kgc:origination [ kgc:order 1 ; kgc:agentList ( <id/agent/a-b> <http://example.org/other> ) ;
                    kgc:contribution "first; second"@en, "(un) deux)"@fr ] ,
                  [ kgc:order 2 ; kgc:agentList ( <id/agent/a-b> ) ; kgc:etAl true ; kgc:contribution "(a) b@c"@en ] ;
  kgc:extends <id/method/other> .
<id/method/other> a kgc:Method ; skos:prefLabel "Other"@en .
<id/agent/a-b> a foaf:Organization ; foaf:name "A | B" .
<http://example.org/other> a foaf:Person ; foaf:name "O. Ther" ; foaf:familyName "Ther" .
"""


@pytest.mark.parametrize("form", TABLES)
def test_signs_that_mean_something_in_tables_come_back(run: Run, tmp_path: Path, form: str) -> None:
    """Separators, quotation marks, formulas, what looks like JSON, lines and tabs, things outside the base."""
    (tmp_path / "n.ttl").write_text(NASTY, encoding="utf-8")
    ingest.create_store(tmp_path / "s")
    ingest.import_files(tmp_path / "s", [tmp_path / "n.ttl"], Options(trust=True))
    ran = run("export", "--store", tmp_path / "s", "--format", form, "-o", f"{tmp_path}/tables/")
    assert "no table" not in ran.err
    ran = run("import", "--store", tmp_path / "made", "--trust", *(tmp_path / "tables").iterdir())
    assert ran.code == 0, ran.err
    assert meant(tmp_path / "made") == meant(tmp_path / "s")
    if form == "csv":
        rows = list(
            csv.DictReader(io.StringIO((tmp_path / "tables/method.csv").read_text(encoding="utf-8"), newline=""))
        )
        assert (rows[0]["name@en"], rows[0]["name@fr"], rows[0]["alias@en"][:3]) == ("'=1+1", "''=2", "'-h")


def test_one_kind_and_one_file(run: Run, small_store: Path, tmp_path: Path) -> None:
    """The heads of an export are those of an empty table; without a folder there is one table."""
    heads = run("template", "csv", "--store", small_store, "--kind", "agent").out.splitlines()[0]
    ran = run("export", "--store", small_store, "--format", "csv", "--kind", "agent")
    assert ran.out.splitlines()[0] == heads
    assert len(ran.out.splitlines()) == 5
    main = run("export", "--store", small_store, "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["id"] for line in main] == ["elbow", "gan", "lasso", "ridge"]
    assert json.loads(main[2])["originator"] == [
        {"agents": ["robert-tibshirani"], "contribution": {"en": "penalty", "fr": "pénalité"}}
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "csv", "--kind", "nothing"], "there is no kind 'nothing'; there are method, agent"),
        (["--format", "csv", "--kind", "agent", "--kind", "source"], "name a folder with -o"),
        (["--format", "ttl", "--kind", "agent"], "--kind is for tables"),
    ],
)
def test_what_cannot_be_a_table_is_said(run: Run, small_store: Path, options: list[str], said: str) -> None:
    """With what to do."""
    ran = run("export", "--store", small_store, *options)
    assert (ran.code, said in ran.err) == (2, True), ran.err
