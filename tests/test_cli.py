"""Every command, its exit code, and what it says when it cannot."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
import rdflib

from conftest import DATA, SMALL, LoadQuads, Ran, Run
from kgcompare import __version__, ingest
from kgcompare.cli.endpoint import BASE
from kgcompare.errors import ValidationReport
from kgcompare.formats import COMPARISON
from kgcompare.rdf.namespaces import DEFAULT_BASE
from kgcompare.sandbox.parsing import Parser
from kgcompare.store.embedded import EmbeddedStore
from serving import free_port

PREFIXES = """\
@prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://w3id.org/kgcompare/> .
"""
RATIO = 12.0
"""How much longer than the bare interpreter the command line may take to start."""
INSTRUMENT = "http://example.org/lab#Instrument"


def python(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Another interpreter, which ran to its end."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=check, timeout=120)


def fails(done: Ran, code: int, *says: str) -> None:
    """A command that failed as it should: its code, nothing on stdout, and a message for people."""
    assert done.code == code, done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert "a fault of kgcompare itself" not in done.err
    for text in says:
        assert text in done.err


@pytest.fixture
def store(own_store: Path) -> Path:
    """A store of its own with the small catalogue."""
    return own_store


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A file with one valid record."""
    path = tmp_path / "record.ttl"
    path.write_text(PREFIXES + '<id/method/new> a kgc:Method ; skos:prefLabel "New"@en .\n', encoding="utf-8")
    return path


# -- the program ---------------------------------------------------------------------------------------


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"kgcompare, version {__version__}\n"
    shown = run("--help")
    assert shown.code == 0
    for command in (
        "serve",
        "compare",
        "show",
        "search",
        "import",
        "validate",
        "export",
        "query",
        "stats",
        "init",
        "format",
    ):
        assert f"  {command} " in shown.out


@pytest.mark.parametrize(
    "command",
    ["serve", "compare", "show", "search", "import", "validate", "export", "query", "stats", "init", "format"],
)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    shown = run(command, "--help")
    assert shown.code == 0
    assert f"kgcompare {command}" in shown.out


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["compare"], ["compare", "lasso", "--nonsense"], ["show"], ["query"], ["import"], ["--nonsense"]],
)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    fails(run(*arguments), 2, "Usage: kgcompare")


HEAVY = (
    "pyoxigraph",
    "rdflib",
    "pyshacl",
    "flask",
    "werkzeug",
    "granian",
    "babel",
    "sqlite3",
    "citeproc",
    "SPARQLWrapper",
)


SELDOM = ("rdflib", "pyshacl", "citeproc", "babel", "pyld", "bibtexparser", "lxml", "edtf", "snowballstemmer")
"""What few requests need."""


def test_the_command_line_starts_without_loading_everything() -> None:
    assert BASE == DEFAULT_BASE, "it is said twice, so that one module less is loaded"
    for module in ("kgcompare", "kgcompare.cli"):
        done = python("-c", f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])")
        assert done.stdout == "[]\n", module
    shown = python("-X", "importtime", "-m", "kgcompare", "serve", "--help")
    assert "--port" in shown.stdout
    loaded = {line.rpartition("|")[2].strip() for line in shown.stderr.splitlines()}
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_a_server_starts_without_what_few_requests_need(small_store: Path) -> None:
    """All that is loaded when the first page is asked for."""
    program = (
        "import sys; from pathlib import Path; import kgcompare.web.server, granian\n"
        "from kgcompare.web import ahead, app, gateway, metrics, service, settings\n"
        f"app.create_app(settings.Settings(store=Path({str(small_store)!r})))\n"
        f"print([name for name in {SELDOM} if name in sys.modules])"
    )
    assert python("-c", program).stdout == "[]\n"


@pytest.mark.slow
def test_the_command_line_starts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ratio to the bare interpreter holds on a machine that is busy, too."""
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    kinds = {
        "bare": ("-c", "pass"),
        "import": ("-c", "import kgcompare.cli"),
        "help": ("-m", "kgcompare", "--help"),
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(8):
        for kind, arguments in kinds.items():
            start = time.perf_counter()
            python(*arguments)
            if turn:  # the first one compiles
                times[kind].append(time.perf_counter() - start)
    bare, imported, helped = (statistics.median(times[kind]) for kind in kinds)
    assert imported < RATIO * bare, (bare, imported)
    assert helped < (RATIO + 3) * bare, (bare, helped)


def test_python_m(small_store: Path) -> None:
    done = python("-m", "kgcompare", "compare", "lasso", "--store", str(small_store), "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("row,differs,lasso\n")
    assert python("-m", "kgcompare", "--version").stdout == f"kgcompare, version {__version__}\n"
    wrong = python("-m", "kgcompare", "nonsense", check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("Usage: kgcompare ")


def test_the_installed_program(small_store: Path) -> None:
    program = Path(sys.executable).with_name("kgcompare")
    done = subprocess.run(
        [program, "compare", "lasso", "--store", small_store, "--format", "csv"],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"row,differs,lasso\r\ndomain,false,Statistics\r\n")


# -- compare -------------------------------------------------------------------------------------------


def test_compare_as_a_table(run: Run, small_store: Path) -> None:
    done = run("compare", "lasso", "ridge", "--store", small_store, "--lang", "fr")
    assert (done.code, done.err) == (0, "")
    assert "Régression ridge" in done.out
    assert "≠ Année d’origine" in done.out
    assert "Domaine" in done.out


@pytest.mark.parametrize("form", sorted(COMPARISON))
def test_compare_in_every_format(run: Run, small_store: Path, form: str) -> None:
    done = run("compare", "lasso", "gan", "--store", small_store, "--format", form)
    assert (done.code, done.err) == (0, "")
    assert "lasso" in done.out.lower() or form in {"csv", "tsv"}
    assert done.out.endswith("\n")


def test_compare_keeps_the_order_asked_for_and_counts_twice_once(run: Run, small_store: Path) -> None:
    done = run("compare", "ridge", "lasso", "ridge", "--store", small_store, "--format", "csv")
    assert done.out.splitlines()[0] == "row,differs,ridge,lasso"


def test_compare_one_alone(run: Run, small_store: Path) -> None:
    data = json.loads(run("compare", "lasso", "--store", small_store, "--format", "json").out)
    assert len(data["methods"]) == 1
    assert data["summary"]["differing"] == 0


def test_compare_by_iri(run: Run, small_store: Path) -> None:
    done = run("compare", "https://w3id.org/kgcompare/id/method/lasso", "--store", small_store, "--format", "csv")
    assert done.out.startswith("row,differs,lasso\r\n")


def test_compare_only_differences(run: Run, small_store: Path) -> None:
    done = run("compare", "lasso", "ridge", "--store", small_store, "--only", "differences", "--format", "csv")
    rows = [line.split(",")[0] for line in done.out.splitlines()[1:] if "," in line]
    assert "origin-year" in rows
    assert "domain" not in rows
    fails(run("compare", "lasso", "--store", small_store, "--only", "nonsense"), 2)


def test_some_unknown_are_named_and_the_others_compared(run: Run, small_store: Path) -> None:
    done = run("compare", "lasso", "laso", "nothing-like-it", "--store", small_store, "--format", "json")
    assert done.code == 0
    assert [m["id"] for m in json.loads(done.out)["methods"]] == ["lasso"]
    assert json.loads(done.out)["unknown"] == ["laso", "nothing-like-it"]
    lines = done.err.splitlines()
    assert lines[0] == "not in the catalogue: laso; did you mean lasso?"
    assert lines[1].startswith("not in the catalogue: nothing-like-it")


def test_all_unknown(run: Run, small_store: Path) -> None:
    fails(run("compare", "laso", "--store", small_store), 1, "not in the catalogue: laso; did you mean lasso?")


@pytest.mark.parametrize(
    "slug",
    ["", " ", "../../etc/passwd", "LASSO", "x" * 5000, "lasso\n", "agent/ian-goodfellow", "\x1b[31m", "?x", "<x>"],
)
def test_odd_slugs_are_unknown_and_not_errors(run: Run, small_store: Path, slug: str) -> None:
    done = run("compare", slug, "--store", small_store)
    fails(done, 1, "not in the catalogue")
    assert len(done.err) < 500
    assert "\x1b" not in done.err


def test_eleven_are_too_many_before_anything_is_looked_up(run: Run, small_store: Path) -> None:
    fails(run("compare", *[f"none-{n}" for n in range(11)], "--store", small_store), 2, "11 are too many", "at most 10")
    assert run("compare", *["lasso"] * 11, "--store", small_store).code == 0


@pytest.mark.parametrize("lang", ["xx-absurd", "", "english please", "../fr", "f" * 1000])
@pytest.mark.parametrize(
    "command", [["compare", "lasso"], ["show", "lasso"], ["search", "lasso"], ["validate", str(SMALL)]]
)
def test_absurd_languages(run: Run, small_store: Path, command: list[str], lang: str) -> None:
    fails(run(*command, "--store", small_store, "--lang", lang), 2, "is not a language tag")


def test_a_language_without_translations_falls_back_and_says_so(run: Run, small_store: Path) -> None:
    data = json.loads(run("compare", "lasso", "--store", small_store, "--lang", "de", "--format", "json").out)
    assert data["language"] == "de"
    assert data["rows"][0]["cells"][0]["values"][0]["lang"] == "en"


def test_unknown_formats(run: Run, small_store: Path) -> None:
    fails(
        run("compare", "lasso", "--store", small_store, "--format", "pdf"), 2, "unknown format 'pdf'; use one of", "csv"
    )
    fails(run("show", "lasso", "--store", small_store, "--format", "pdf"), 2, "unknown format 'pdf'")
    for command in (["search", "x"], ["export"], ["stats"], ["query", "-"], ["validate", str(SMALL)]):
        fails(run(*command, "--store", small_store, "--format", "pdf"), 2, "pdf")


# -- show, search, stats, query, export ----------------------------------------------------------------


def test_show(run: Run, small_store: Path) -> None:
    done = run("show", "lasso", "--store", small_store, "--lang", "fr")
    assert (done.code, done.err) == (0, "")
    assert "Ramène des coefficients à zéro." in done.out
    assert json.loads(run("show", "lasso", "--store", small_store, "--format", "json").out)["id"] == "lasso"
    done = run("show", "ian-goodfellow", "--kind", "agent", "--store", small_store, "--format", "ttl")
    assert len(rdflib.Graph().parse(data=done.out, format="turtle")) > 3


def test_show_what_is_not_there(run: Run, small_store: Path) -> None:
    fails(
        run("show", "laso", "--store", small_store),
        1,
        "there is no method 'laso' in the catalogue; did you mean lasso?",
    )
    fails(run("show", "lasso", "--kind", "nonsense", "--store", small_store), 1, "there is no nonsense 'lasso'")


def test_search(run: Run, small_store: Path) -> None:
    done = run("search", "regression", "--store", small_store)
    assert done.code == 0
    assert "ridge" in done.out
    assert "found" in done.err
    data = json.loads(
        run("search", "--domain", "statistics", "--from", "1990", "--store", small_store, "--format", "json").out
    )
    assert [thing["id"] for thing in data["things"]] == ["lasso"]
    rows = list(
        csv.reader(io.StringIO(run("search", "lasso", "--store", small_store, "--format", "csv").out, newline=""))
    )
    assert rows[0][0] == "id"
    assert rows[1][0] == "lasso"


def test_search_that_finds_nothing_is_no_error(run: Run, small_store: Path) -> None:
    done = run("search", "nothing-of-the-kind", "--store", small_store)
    assert (done.code, done.out) == (0, "")
    assert "0 found" in done.err


def test_stats(run: Run, small_store: Path) -> None:
    data = json.loads(run("stats", "--store", small_store, "--format", "json").out)
    assert data["records"] == {"method": 4, "agent": 4, "source": 2, "domain": 2, "family": 2, "type": 1}
    assert "method" in run("stats", "--store", small_store).out


def test_query(run: Run, small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "q.rq"
    file.write_text("SELECT (COUNT(DISTINCT ?m) AS ?n) WHERE { ?m a <https://w3id.org/kgcompare/ns#Method> }")
    assert run("query", file, "--store", small_store, "--format", "csv").out == "n\r\n4\r\n"
    assert "4" in run("query", file, "--store", small_store).out
    monkeypatch.setattr("sys.stdin", io.StringIO("ASK {}"))
    assert json.loads(run("query", "-", "--store", small_store, "--format", "json").out)["boolean"] is True
    file.write_text("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 5")
    assert len(rdflib.Graph().parse(data=run("query", file, "--store", small_store).out, format="turtle")) == 5


def test_queries_at_fault(run: Run, small_store: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.rq"
    file.write_text("SELECT nonsense")
    fails(run("query", file, "--store", small_store), 1, "the query is not SPARQL 1.1")
    file.write_text("DROP ALL")
    fails(run("query", file, "--store", small_store), 1)
    file.write_text("ASK {}")
    fails(run("query", file, "--store", small_store, "--format", "ttl"), 2, "have no ttl form")
    file.write_bytes(b"\xff\xfe")
    fails(run("query", file, "--store", small_store), 1, "not UTF-8")
    fails(run("query", tmp_path / "missing.rq", "--store", small_store), 1, "cannot be read")


@pytest.mark.parametrize("form", ["nq", "nt", "trig", "ttl", "jsonld"])
def test_export(run: Run, small_store: Path, form: str) -> None:
    done = run("export", "--store", small_store, "--format", form)
    assert (done.code, done.err) == (0, "")
    assert "id/method/lasso" in done.out or "method:lasso" in done.out


def test_export_to_a_file(run: Run, small_store: Path, tmp_path: Path) -> None:
    import gzip

    assert run("export", "--store", small_store, "-o", tmp_path / "all.nq.gz").out == ""
    assert run("export", "--store", small_store, "-o", tmp_path / "all.nq").code == 0
    assert gzip.decompress((tmp_path / "all.nq.gz").read_bytes()) == (tmp_path / "all.nq").read_bytes()
    fails(run("export", "--store", small_store, "-o", tmp_path / "no" / "all.nq"), 2, "cannot be written")
    assert sorted(child.name for child in tmp_path.iterdir()) == ["all.nq", "all.nq.gz"], "no scratch file stays"


@pytest.mark.slow
def test_what_is_exported_can_be_imported(run: Run, small_store: Path, tmp_path: Path) -> None:
    run("export", "--store", small_store, "-o", tmp_path / "all.nq")
    done = run("import", "--store", tmp_path / "again", tmp_path / "all.nq")
    assert done.code == 0
    assert "15 added, 0 replaced, 0 unchanged" in done.err


# -- init, import, validate, format --------------------------------------------------------------------


def test_init(run: Run, tmp_path: Path) -> None:
    done = run("init", "--store", tmp_path / "new", "--base", "https://example.org/cat/")
    assert (done.code, done.out) == (0, "")
    assert EmbeddedStore(tmp_path / "new").about.base.value == "https://example.org/cat/"
    fails(run("init", "--store", tmp_path / "new"), 3, "already")
    fails(run("init", "--data", SMALL), 2, "name one with --store")


@pytest.mark.parametrize(
    "base",
    ["example.org", "https://example.org", "ftp://example.org/", "https://e/ x/", "https://e/<>/", "javascript:/"],
)
def test_init_with_a_bad_base(run: Run, tmp_path: Path, base: str) -> None:
    fails(run("init", "--store", tmp_path / "new", "--base", base), 2, "cannot be a base")
    assert not (tmp_path / "new").exists()


def test_init_with_bad_shapes_makes_nothing(run: Run, tmp_path: Path) -> None:
    shapes = tmp_path / "bad.ttl"
    shapes.write_text("broken")
    fails(run("init", "--store", tmp_path / "new", "--shapes", shapes), 1, "bad.ttl")
    assert not (tmp_path / "new").exists()


def test_import_makes_a_store_where_there_is_none(run: Run, tmp_path: Path, record: Path) -> None:
    done = run("import", "--store", tmp_path / "new", record)
    assert (done.code, done.out) == (0, "")
    assert "1 added, 0 replaced, 0 unchanged" in done.err
    assert json.loads(run("stats", "--store", tmp_path / "new", "--format", "json").out)["records"] == {"method": 1}


def test_import_twice_and_in_the_place_of(run: Run, store: Path, record: Path) -> None:
    assert "1 added" in run("import", "--store", store, record).err
    assert "0 added, 0 replaced, 1 unchanged" in run("import", "--store", store, record).err
    record.write_text(PREFIXES + '<id/method/new> a kgc:Method ; skos:prefLabel "Newer"@en .\n', encoding="utf-8")
    fails(run("import", "--store", store, record), 1, "use --replace", "nothing was written")
    assert "1 replaced" in run("import", "--store", store, record, "--replace").err


def test_import_skips_what_is_invalid(run: Run, store: Path, record: Path) -> None:
    with record.open("a", encoding="utf-8") as file:
        file.write("<id/method/bad> a kgc:Method .\n")
    fails(run("import", "--store", store, record), 1, "1 fault found; nothing was written", "id/method/bad")
    done = run("import", "--store", store, record, "--skip-invalid")
    assert done.code == 0
    assert "1 added" in done.err
    assert "warning" in done.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.ttl", "broken", "x.ttl, line 1"),
        ("x.ttl", "", "says nothing"),
        ("x.ttl", PREFIXES + "<id/x/y> dcterms:title 'no record' .", "there is no record here"),
        ("x.jsonld", '{"@context": "http://127.0.0.1:1/"}', "x.jsonld"),
        ("x.rdf", "<!DOCTYPE x><x/>", "document type declaration"),
    ],
)
@pytest.mark.parametrize("command", ["import", "validate"])
def test_malformed_files(
    run: Run, store: Path, tmp_path: Path, command: str, name: str, content: str, says: str
) -> None:
    (tmp_path / name).write_text(content)
    fails(run(command, "--store", store, tmp_path / name), 1, says)


def test_files_that_cannot_be_read(run: Run, store: Path, tmp_path: Path) -> None:
    fails(run("import", "--store", store, tmp_path / "missing.ttl"), 1, "missing.ttl cannot be read")
    fails(run("import", "--store", store, tmp_path / "x.unknown"), 2, "unknown format 'unknown'")
    fails(run("import", "--store", store, SMALL, "--format", "pdf"), 2, "unknown format 'pdf'")
    fails(run("compare", "lasso", "--data", tmp_path / "missing.ttl"), 1, "missing.ttl cannot be read")
    fails(
        run("compare", "lasso", "--store", store, "--shapes", tmp_path / "missing.ttl"), 1, "missing.ttl cannot be read"
    )


def test_the_format_of_a_file_whose_suffix_does_not_tell(run: Run, tmp_path: Path, record: Path) -> None:
    odd = record.rename(tmp_path / "record.txt")
    assert run("import", "--store", tmp_path / "new", odd, "--format", "ttl").code == 0


def test_validate(run: Run, small_store: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text(PREFIXES + "\n<id/method/bad> a kgc:Method .\n", encoding="utf-8")
    done = run("validate", bad, "--store", small_store)
    assert done.code == 1
    assert f"{bad}:6: violation: <https://w3id.org/kgcompare/id/method/bad>" in done.out
    data = json.loads(run("validate", bad, "--store", small_store, "--format", "json").out)
    assert data["conforms"] is False
    assert data["faults"][0]["line"] == 6
    graph = rdflib.Graph().parse(
        data=run("validate", bad, "--store", small_store, "--format", "ttl").out, format="turtle"
    )
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    assert graph.value(None, sh.focusNode, rdflib.URIRef("https://w3id.org/kgcompare/id/method/bad"))
    fine = run("validate", SMALL, "--store", small_store)
    assert (fine.code, fine.out) == (0, "")
    assert "0 violations" in fine.err
    assert json.loads(run("stats", "--store", small_store, "--format", "json").out)["generation"].startswith("2-"), (
        "nothing was written"
    )


class Reads:
    """How often each file is read as RDF."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: Counter[str] = Counter()
        read = Parser.read

        def counting(parser: Parser, path: Path, *more: Any) -> object:
            self.of[path.name] += 1
            return read(parser, path, *more)

        monkeypatch.setattr(Parser, "read", counting)


LASSO = "<https://w3id.org/kgcompare/id/method/lasso>"


@pytest.mark.slow
def test_the_bundled_catalogue_is_made_once_and_copied(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kgcompare.resources.data_files", lambda: [SMALL])
    make, made = ingest.throwaway, []

    def making(*arguments: Any) -> ValidationReport:
        made.append(arguments)
        return make(*arguments)

    monkeypatch.setattr(ingest, "throwaway", making)
    first = run("stats", "--data", "bundled")
    assert (first.code, len(made)) == (0, 1)
    assert run("stats", "--data", "bundled") == first
    assert len(made) == 1
    (table, *_) = sorted((tmp_path / "cache").rglob("*.sst"), key=lambda file: -file.stat().st_size)
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    assert [run("stats", "--data", "bundled").out for _ in range(2)] == [first.out] * 2
    assert len(made) == 2, "what is damaged is made anew"
    monkeypatch.setattr("kgcompare.resources.data_files", lambda: [SMALL, DATA / "licence_row.ttl"])
    run("stats", "--data", "bundled")
    assert len(made) == 3, "other data are another catalogue"


def test_the_bundled_catalogue_needs_no_cache(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kgcompare.resources.data_files", lambda: [SMALL])
    assert run("stats", "--data", "bundled").code == 0


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ('skos:prefLabel "New"@en', 0),  # needs nothing of the catalogue
        (f'skos:prefLabel "New"@en ; kgc:extends {LASSO}', 0),  # names what is in the bundled one
        ('skos:altLabel "New"', 1),
    ],
)
@pytest.mark.parametrize("there", [False, True], ids=["no store yet", "a store"])
def test_validate_reads_a_file_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, code: int, there: bool
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("kgcompare.resources.data_files", lambda: [SMALL])
    record = tmp_path / "new.ttl"
    record.write_text(f"{PREFIXES}<id/method/new> a kgc:Method ; {says} .\n", encoding="utf-8")
    if there:
        assert run("stats").code == 0
    reads = Reads(monkeypatch)
    assert run("validate", record).code == code
    assert reads.of["new.ttl"] == 1
    if not there:
        made = (tmp_path / "home" / "kgcompare" / "catalogue").exists()
        assert made == ("prefLabel" not in says or "lasso" in says), "the catalogue is asked where it can tell more"


def test_validate_goes_by_the_base_and_the_shapes_of_the_default_store(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, licensed: Path
) -> None:
    """What an import would do: a file of another base has other records."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    base = "https://example.org/cat/"
    assert run("init", "--base", base, "--shapes", DATA / "licence_row.ttl").code == 0
    record = tmp_path / "new.ttl"
    text = PREFIXES.replace("https://w3id.org/kgcompare/>", f"{base}>")
    record.write_text(text + '<id/method/new> a kgc:Method ; skos:prefLabel "New"@en .\n', encoding="utf-8")
    reads = Reads(monkeypatch)
    done = run("validate", record)
    assert (done.code, done.out) == (0, ""), done.err
    assert "1 records, 0 violations" in done.err
    assert reads.of["new.ttl"] == 1
    record.write_text(
        text + '<id/method/new> a kgc:Method ; skos:prefLabel "New"@en ; dcterms:rights "a"@en, "b"@en .\n',
        encoding="utf-8",
    )
    refused = run("validate", record)
    assert (refused.code, "one licence" in refused.out.lower()) == (1, True), refused.out
    fails(run("import", record), 1, "One licence")


def test_format(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.ttl"
    file.write_text(PREFIXES + '<id/method/x> skos:prefLabel "b"@fr,\n "a"@en ; a kgc:Method .', encoding="utf-8")
    fails(run("format", "--check", file), 1, "not formatted")
    assert run("format", file).code == 0
    once = file.read_text(encoding="utf-8")
    assert run("format", "--check", file).code == 0
    assert run("format", tmp_path).code == 0
    assert file.read_text(encoding="utf-8") == once
    file.write_text("broken")
    fails(run("format", file), 1, "f.ttl")
    assert file.read_text() == "broken"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# why\n<http://e/x> a <http://e/C> .", "line 1 has a comment"),
        ('<http://e/x> a <http://e/C> ; <http://e/p> """\n#""", "\\"#", \'#\' . # why', "line 2 has a comment"),
        ("<x> a <http://e/C> .", "relative IRIs without a BASE"),
    ],
)
def test_format_leaves_what_it_would_lose(run: Run, tmp_path: Path, text: str, says: str) -> None:
    file, good = tmp_path / "f.ttl", tmp_path / "g.ttl"
    file.write_text(text, encoding="utf-8")
    good.write_text('<http://e/#x> <http://e/p> "#", """\n#""" .', encoding="utf-8")
    good.chmod(0o640)
    fails(run("format", file, good), 1, f"{file}: ", says, "g.ttl: formatted", "1 files were left as they are")
    assert file.read_text(encoding="utf-8") == text
    assert good.read_text(encoding="utf-8") == '<http://e/#x>\n    <http://e/p>\n        "\\n#" ,\n        "#" ;\n.\n'
    assert good.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.ttl", "g.ttl"]


def test_format_keeps_literals_that_are_no_values(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.ttl"
    xsd = "http://www.w3.org/2001/XMLSchema#"
    file.write_text(
        f'<http://e/x> <http://e/p> "maybe"^^<{xsd}boolean>, "true . <http://e/a> a <http://e/b>"^^<{xsd}boolean>, '
        f'"01"^^<{xsd}integer>, 1, 1.50, true, "x"^^<{xsd}integer> .',
        encoding="utf-8",
    )
    before = set(map(str, pyoxigraph.parse(path=file)))
    assert run("format", file).code == 0
    assert set(map(str, pyoxigraph.parse(path=file))) == before
    assert len(before) == 7


# -- which catalogue -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["compare", "x"], ["show", "x"], ["search", "x"], ["export"], ["stats"], ["validate", str(SMALL)]]
)
def test_a_missing_store(run: Run, tmp_path: Path, command: list[str]) -> None:
    fails(run(*command, "--store", tmp_path / "none"), 3, "there is no store at", "kgcompare init --store")
    assert not (tmp_path / "none").exists()


def test_a_store_that_is_a_file(run: Run, record: Path) -> None:
    for command in (["compare", "x"], ["import", str(record)], ["init"]):
        fails(run(*command, "--store", record), 3, "is a file, not a store folder")


def test_a_folder_with_other_things(run: Run, record: Path, tmp_path: Path) -> None:
    fails(run("import", "--store", tmp_path, record), 3, "a folder with other things in it")


def test_an_endpoint_that_is_down(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        for command in (["compare", "lasso"], ["search", "x"], ["stats"], ["export"], ["import", SMALL]):
            fails(run(*command, "--endpoint", endpoint), 3, endpoint, "cannot be reached")
    fails(run("compare", "lasso", "--endpoint", "no-address"), 3, "is not the address of an endpoint")
    fails(run("backup", "x.tar", "--endpoint", endpoint), 3, endpoint, "cannot be reached")
    fails(run("backup", "x.tar", "--data", SMALL), 2, "this command writes to a catalogue")


def test_an_endpoint(run: Run, small_store: Path, oxigraph_server: LoadQuads) -> None:
    endpoint = oxigraph_server(EmbeddedStore(small_store).snapshot().quads())
    here = run("compare", "lasso", "gan", "--store", small_store, "--format", "csv")
    there = run("compare", "lasso", "gan", "--endpoint", endpoint, "--format", "csv")
    assert (there.code, there.raw) == (0, here.raw)


def test_two_catalogues_named(run: Run, small_store: Path) -> None:
    fails(run("compare", "x", "--store", small_store, "--data", SMALL), 2, "name one catalogue only: --store or --data")
    fails(run("compare", "x", "--store", small_store, "--endpoint", "http://e/"), 2, "--store or --endpoint")


def test_data_is_thrown_away(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one = run("compare", "lasso", "--data", SMALL, "--trust", "--format", "csv")
    assert one.out.startswith("row,differs,lasso")
    assert list(tmp_path.iterdir()) == []
    fails(run("compare", "lasso", "--data", DATA / "missing.ttl"), 1)
    assert list(tmp_path.iterdir()) == []


def test_data_is_validated_unless_trusted(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text(PREFIXES + '<id/method/bad> a kgc:Method ; skos:altLabel "untagged" .\n', encoding="utf-8")
    fails(run("compare", "bad", "--data", bad), 1, "nothing was written", "id/method/bad")
    assert run("compare", "bad", "--data", bad, "--trust").code == 0


def test_two_data_files_add_up(run: Run, tmp_path: Path, record: Path) -> None:
    more = tmp_path / "more.ttl"
    more.write_text(PREFIXES + '<id/method/new> skos:altLabel "Also"@en .\n', encoding="utf-8")
    done = run("compare", "new", "--data", record, "--data", more, "--format", "csv")
    assert "alias,,Also" in done.out


# -- settings ------------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_passed_over(run: Run, small_store: Path, tmp_path: Path) -> None:
    """Editors put one first, in queries and settings as in data."""
    query, config = tmp_path / "ask.rq", tmp_path / "settings.toml"
    query.write_text("\ufeffASK { ?s ?p ?o }", encoding="utf-8")
    config.write_text(f"\ufeffstore = {json.dumps(str(small_store))}\n", encoding="utf-8")
    done = run("query", query, "--config", config, "--format", "json")
    assert (done.code, json.loads(done.out)["boolean"]) == (0, True)


def test_a_query_of_one_s_own_that_ends_its_process(run: Run, small_store: Path, tmp_path: Path) -> None:
    """It is said, and not by a signal; a large one that does not is answered."""
    query = tmp_path / "deep.rq"
    query.write_text("SELECT * " + "{" * 6000 + "?s ?p ?o" + "}" * 6000, encoding="utf-8")
    fails(run("query", query, "--store", small_store), 1, "the query ended its process: it nests too deeply")
    query.write_text("ASK { VALUES ?v { " + "1 " * 20_000 + "} }", encoding="utf-8")
    done = run("query", query, "--store", small_store, "--format", "json")
    assert (done.code, json.loads(done.out)["boolean"]) == (0, True)
    query.write_text("SELECT * { " + "{" * 100, encoding="utf-8")
    fails(run("query", query, "--store", small_store), 1, "the query is not SPARQL 1.1")


def test_a_query_of_one_s_own_that_needs_more_memory_than_there_is(small_store: Path, tmp_path: Path) -> None:
    doubling = " ".join(f"BIND (CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(60))
    query = tmp_path / "doubling.rq"
    query.write_text(f'SELECT ?v60 {{ BIND ("kgcompare" AS ?v0) {doubling} }}', encoding="utf-8")
    command = f"ulimit -v 3000000; exec {sys.executable} -m kgcompare query {query} --store {small_store}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("kgcompare: the query ended its process: it needs more memory than there is\n")
    assert len(done.stderr.splitlines()) < 5, "whatever RUST_BACKTRACE says"


def test_a_command_that_is_told_to_stop_leaves_nothing(tmp_path: Path) -> None:
    """Its throw-away catalogue goes, as it does at the end."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "kgcompare", "export", "--data", str(SMALL)],
        stdout=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(temporary)},
    ) as command:
        assert command.stdout
        command.stdout.read(1)  # and no more: it waits for a reader
        assert list(temporary.iterdir())
        command.send_signal(signal.SIGTERM)
        assert command.wait(60) == 128 + signal.SIGTERM
        assert list(temporary.iterdir()) == []


def test_environment_variables(run: Run, small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGCOMPARE_STORE", str(small_store))
    monkeypatch.setenv("KGCOMPARE_LANG", "fr")
    assert "Domaine" in run("compare", "lasso").out


def test_several_files_in_one_environment_variable(
    run: Run, tmp_path: Path, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaced = tmp_path / "a folder"
    spaced.mkdir()
    one = record.rename(spaced / "one file.ttl")
    monkeypatch.setenv("KGCOMPARE_DATA", f"{one}{os.pathsep}{SMALL}")
    assert run("compare", "new", "lasso", "--format", "csv").out.startswith("row,differs,new,lasso")


def test_a_config_file(run: Run, small_store: Path, tmp_path: Path) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text(f'store = "{small_store}"\nlang = "fr"\n')
    assert "Domaine" in run("compare", "lasso", "--config", config).out


def test_what_beats_what(run: Run, small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text(f'store = "{tmp_path / "from-file"}"\nlang = "de"\n')
    fails(run("compare", "lasso", "--config", config), 3, "from-file")
    monkeypatch.setenv("KGCOMPARE_STORE", str(tmp_path / "from-environment"))
    monkeypatch.setenv("KGCOMPARE_CONFIG", str(config))
    fails(run("compare", "lasso"), 3, "from-environment")
    monkeypatch.setenv("KGCOMPARE_LANG", "fr")
    done = run("compare", "lasso", "--store", small_store)
    assert "Domaine" in done.out, "the command line beats the environment, which beats the file"
    assert "Domain " in run("compare", "lasso", "--store", small_store, "--lang", "en").out


def test_a_catalogue_typed_beats_another_kind_in_the_environment(
    run: Run, small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGCOMPARE_ENDPOINT", "http://127.0.0.1:1/")
    assert run("compare", "lasso", "--store", small_store).code == 0
    monkeypatch.setenv("KGCOMPARE_STORE", str(small_store))
    fails(run("compare", "lasso"), 2, "name one catalogue only")


def test_a_catalogue_in_the_environment_beats_another_kind_in_the_file(
    run: Run, small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text('endpoint = "http://127.0.0.1:1/"\n')
    monkeypatch.setenv("KGCOMPARE_STORE", str(small_store))
    assert run("compare", "lasso", "--config", config).code == 0


@pytest.mark.slow
def test_a_config_with_a_list_and_with_a_single_file(run: Run, tmp_path: Path, record: Path) -> None:
    config = tmp_path / "kgcompare.toml"
    for value in (f'["{record}", "{SMALL}"]', f'"{record}"'):
        config.write_text(f"data = {value}\n")
        assert run("compare", "new", "--config", config).code == 0, value


@pytest.mark.parametrize("content", ["not toml", "store = ", "\x00"])
def test_a_config_that_cannot_be_read(run: Run, tmp_path: Path, content: str) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text(content)
    fails(run("compare", "lasso", "--config", config), 2, "kgcompare.toml cannot be read")
    fails(run("compare", "lasso", "--config", tmp_path / "missing.toml"), 2, "missing.toml cannot be read")


def test_a_config_with_an_unknown_key(run: Run, small_store: Path, tmp_path: Path) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text(f'store = "{small_store}"\ncolour = "fr"\n')
    fails(run("compare", "lasso", "--config", config), 2, "colour")


@pytest.mark.parametrize("content", ["timeout = 'long'", "store = ['a', 'b']", "timeout = -1", "[store]\nx = 1"])
def test_a_config_with_values_that_make_no_sense(run: Run, tmp_path: Path, content: str) -> None:
    config = tmp_path / "kgcompare.toml"
    config.write_text(content)
    done = run("compare", "lasso", "--config", config)
    assert done.code in {2, 3}
    assert "Traceback" not in done.err


def test_the_default_store_is_made_in_the_users_data_directory(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("kgcompare.resources.data_files", lambda: [SMALL])
    done = run("compare", "lasso", "--format", "csv")
    assert done.out.startswith("row,differs,lasso")
    assert "making a store with the bundled catalogue at" in done.err
    folder = tmp_path / "home" / "kgcompare" / "catalogue"
    assert (folder / "store.json").is_file()
    assert run("compare", "lasso", "--format", "csv").err == "", "it is made once"
    assert "1 added" in run("import", record).err
    assert run("compare", "new", "lasso").code == 0


def test_a_default_store_that_could_not_be_filled_is_not_left_half_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("kgcompare.resources.data_files", lambda: [tmp_path / "missing.ttl"])
    fails(run("compare", "lasso"), 1)
    monkeypatch.setattr("kgcompare.resources.data_files", lambda: [SMALL])
    assert run("compare", "lasso").code == 0


# -- shapes and classes of one's own -------------------------------------------------------------------


@pytest.fixture
def licensed(tmp_path: Path) -> Path:
    """A file that says the licence of a method."""
    path = tmp_path / "licensed.ttl"
    path.write_text(
        PREFIXES + '<id/method/lasso> dcterms:rights "MIT"@en .\n<id/method/ridge> dcterms:rights "GPL"@en .\n',
        encoding="utf-8",
    )
    return path


def test_a_new_row_needs_no_python(run: Run, licensed: Path) -> None:
    place = ["--data", SMALL, "--data", licensed, "--shapes", DATA / "licence_row.ttl", "--trust"]
    asked = ["compare", "lasso", "ridge", *place]
    table = run(*asked, "--lang", "fr").out
    assert "≠ Licence d’usage" in table
    assert table.index("Domaine") < table.index("Licence d’usage") < table.index("Famille")
    data = json.loads(run(*asked, "--format", "json").out)
    assert [row["id"] for row in data["rows"]][:3] == ["domain", "licence", "family"]
    assert data["rows"][1]["label"] == "Licence"
    assert [cell["text"] for cell in data["rows"][1]["cells"]] == ["MIT", "GPL"]
    assert data["summary"]["rows"] == 10
    assert run(*asked, "--format", "csv").out.splitlines()[2] == "licence,true,MIT,GPL"
    graph = rdflib.Graph().parse(data=run(*asked, "--format", "ttl", "--lang", "fr").out, format="turtle")
    kgc = rdflib.Namespace("https://w3id.org/kgcompare/ns#")
    row = graph.value(None, kgc.rowId, rdflib.Literal("licence"))
    assert graph.value(row, rdflib.RDFS.label) == rdflib.Literal("Licence d’usage", lang="fr")
    assert graph.value(row, kgc.differs) == rdflib.Literal(True)


def test_a_new_row_validates_too(run: Run, licensed: Path) -> None:
    with licensed.open("a", encoding="utf-8") as file:
        file.write('<id/method/lasso> dcterms:rights "another"@en .\n')
    place = ["--data", SMALL, "--data", licensed, "--shapes", DATA / "licence_row.ttl", "--lang", "fr"]
    fails(run("compare", "lasso", *place), 1, "Une seule licence.")


@pytest.mark.slow
def test_shapes_given_at_init_or_import_are_kept(run: Run, tmp_path: Path, licensed: Path) -> None:
    run("init", "--store", tmp_path / "a", "--shapes", DATA / "licence_row.ttl")
    run("import", "--store", tmp_path / "a", SMALL, licensed)
    run("import", "--store", tmp_path / "b", SMALL, licensed, "--shapes", DATA / "licence_row.ttl")
    run("import", "--store", tmp_path / "c", SMALL, licensed)
    run("import", "--store", tmp_path / "c", SMALL, licensed, "--shapes", DATA / "licence_row.ttl")
    for name in "abc":
        done = run("compare", "lasso", "ridge", "--store", tmp_path / name, "--format", "csv")
        assert done.out.splitlines()[2] == "licence,true,MIT,GPL", name


def test_shapes_beside_a_store_are_for_once(run: Run, small_store: Path) -> None:
    with_row = run("compare", "lasso", "--store", small_store, "--shapes", DATA / "licence_row.ttl", "--format", "csv")
    assert "licence," in with_row.out
    assert "licence," not in run("compare", "lasso", "--store", small_store, "--format", "csv").out


def test_shapes_that_cannot_be_used(run: Run, small_store: Path, tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text((DATA / "licence_row.ttl").read_text().replace('"licence"', '"domain"'))
    fails(run("compare", "lasso", "--store", small_store, "--shapes", shapes), 1, "have the row id 'domain'")
    shapes.write_text("broken")
    fails(run("compare", "lasso", "--store", small_store, "--shapes", shapes), 1, "shapes.ttl, line 1")


def test_another_class_is_compared_by_configuration_alone(run: Run) -> None:
    place = ["--data", DATA / "instruments.ttl", "--shapes", DATA / "instrument_shape.ttl", "--class", INSTRUMENT]
    data = json.loads(run("compare", "nmr", "ms", *place, "--lang", "fr", "--format", "json").out)
    assert [m["label"] for m in data["methods"]] == ["Spectromètre RMN", "Mass spectrometer"]
    assert [(row["id"], row["label"], row["differs"]) for row in data["rows"]] == [
        ("maker", "Fabricant", True),
        ("field", "Champ (T)", False),
    ]
    assert data["rows"][1]["cells"][1] == {"text": None, "values": [], "status": "not-recorded"}


def test_a_class_without_rows(run: Run, small_store: Path) -> None:
    done = run("compare", "lasso", "--store", small_store, "--class", "http://example.org/None")
    fails(done, 2, "no shape gives rows for the class 'http://example.org/None'", "kgcompare/ns#Method")


def test_a_method_is_not_compared_as_something_else(run: Run, small_store: Path) -> None:
    agent = "http://xmlns.com/foaf/0.1/Person"
    assert run("compare", "ian-goodfellow", "robert-tibshirani", "--store", small_store, "--class", agent).code == 0
    fails(run("compare", "lasso", "--store", small_store, "--class", agent), 1, "not in the catalogue")


# -- the surroundings ----------------------------------------------------------------------------------


def test_a_broken_pipe_is_no_error(small_store: Path) -> None:
    program = Path(sys.executable).with_name("kgcompare")
    with subprocess.Popen(
        [program, "export", "--store", small_store, "--format", "nt"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        said = running.stderr.read()
        code = running.wait(60)
    assert said == b""
    assert code in {0, 141, -signal.SIGPIPE}


def test_data_goes_to_stdout_in_utf_8_whatever_the_locale(small_store: Path) -> None:
    program = Path(sys.executable).with_name("kgcompare")
    done = subprocess.run(
        [program, "compare", "elbow", "--store", small_store],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert "Méthode du coude" in done.stdout.decode()


def test_a_message_survives_any_locale(small_store: Path) -> None:
    program = Path(sys.executable).with_name("kgcompare")
    done = subprocess.run(
        [program, "compare", "méthode", "--store", small_store],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"not in the catalogue" in done.stderr


@contextmanager
def serving(*arguments: object) -> Iterator[str]:
    """A server in a process of its own; ends it."""
    port = free_port()
    program = Path(sys.executable).with_name("kgcompare")
    with subprocess.Popen(
        [program, "serve", "--port", str(port), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        try:
            deadline = time.monotonic() + 240
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                        break
                except OSError:
                    assert running.poll() is None, running.stderr.read().decode() if running.stderr else ""
                    assert time.monotonic() < deadline, "the server did not start"
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            assert running.wait(60) in {0, -signal.SIGTERM, 143}


@pytest.mark.slow
def test_serve_gives_the_bytes_that_the_command_line_gives(run: Run, small_store: Path) -> None:
    with serving("--store", small_store) as address:
        for form in ("csv", "json", "tex"):
            url = f"{address}/compare.{form}?method=lasso&method=gan&lang=fr"
            with urllib.request.urlopen(url, timeout=120) as answer:
                served = answer.read()
            assert (
                served == run("compare", "lasso", "gan", "--store", small_store, "--lang", "fr", "--format", form).raw
            )


def test_serve_on_a_port_that_is_taken(run: Run, small_store: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        fails(run("serve", "--store", small_store, "--port", port), 3, str(port))
    fails(run("serve", "--store", small_store, "--host", "no.such.host.invalid"), 3)
    fails(run("serve", "--port", "70000"), 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
@pytest.mark.parametrize("arguments", [["export"], ["compare", "lasso"], ["stats"], ["--help"], ["--version"]])
def test_a_full_disk_under_the_output_is_said(small_store: Path, arguments: list[str]) -> None:
    place = ["--store", str(small_store)] if arguments[0] in {"export", "compare", "stats"} else []
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "kgcompare", *arguments, *place]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 3
    assert done.stderr.decode() == "kgcompare: the output cannot be written: No space left on device\n"


def test_a_year_beyond_all_integers_can_be_found(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "y.ttl"
    origin = '"Y9223372036854775808"^^<http://id.loc.gov/datatypes/edtf/EDTF>'
    record = f'<id/method/y> a kgc:Method ; skos:prefLabel "Y"@en ; kgc:origin {origin} .'
    file.write_text(PREFIXES + record, encoding="utf-8")
    assert run("import", file, "--store", tmp_path / "store").code == 0
    found = json.loads(run("search", "--from", "3000", "--store", tmp_path / "store", "--format", "json").out)
    assert [thing["id"] for thing in found["things"]] == ["y"]
