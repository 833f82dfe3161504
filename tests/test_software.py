"""The script that looks whether software still exists, and what it found of the bundled catalogue."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.namespaces import iri
from test_data import DATA, METHODS, of_kind

SOFTWARE = of_kind("software")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """docs/checks/software.py as a module."""
    path = Path(__file__).parent.parent / "docs" / "checks" / "software.py"
    spec = importlib.util.spec_from_file_location("software_check", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def said(slug: str, name: str) -> str:
    """The one value of a property of a software record, nothing if there is none."""
    values = DATA.objects(SOFTWARE[slug], iri(name).value)
    assert len(values) <= 1, (slug, name)
    return "".join(value.value for value in values if isinstance(value, NamedNode | Literal))


def test_all_software_was_seen(script: ModuleType) -> None:
    """A record says the version and the day that the result file says, and its documentation."""
    rows = {row["record"]: row for row in script.earlier(script.RESULT)}
    for slug in SOFTWARE:
        row = rows[slug]
        assert row["state"] in ("ok", "deprecated"), slug
        assert said(slug, "schema:name") == row["name"]
        assert (said(slug, "schema:softwareVersion"), said(slug, "dcterms:date")) == (row["version"], row["date"]), slug
        assert said(slug, "schema:url").startswith("https://"), slug
    assert set(rows) == set(SOFTWARE)


def test_entry_points_stand_in_packages(script: ModuleType) -> None:
    """An entry point speaks its package's language and is named like it in R; no package stands in another."""
    records = script.read(script.DATA)
    assert set(records) == set(SOFTWARE)
    for one in records.values():
        if one.package:
            package = records[one.package]
            assert not package.package
            assert package.language == one.language
            assert one.language != "R" or one.name.startswith(f"{package.name}::")
    assert all(entries for _, entries in script.grouped(records))


def test_methods_name_entry_points(script: ModuleType) -> None:
    records = script.read(script.DATA)
    used = set()
    for method in METHODS.values():
        for value in DATA.objects(method, iri("kgc:implementation").value):
            assert isinstance(value, NamedNode)
            used.add(value.value.removeprefix(script.BASE))
    assert {records[slug].package != "" for slug in used} == {True}
    assert used == {one.slug for one in records.values() if one.package}, "an entry point serves some method"


def test_what_an_import_says(script: ModuleType, tmp_path: Path) -> None:
    """There, going, gone, or not to be known since something else is missing; a module named like it is another."""
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / "Kept.py").write_text("raise ImportError('Kept has moved')\n", encoding="utf-8")
    (tmp_path / "tool" / "__init__.py").write_text(
        "import warnings\n"
        "class Kept:\n    '''Fits.\n\n    Parameters\n    ----------\n    .. deprecated:: 1\n    '''\n"
        "class Going:\n    '''Fits.\n\n    .. deprecated:: 2.0\n    '''\n"
        "def __getattr__(name):\n"
        "    if name == 'Warned':\n        warnings.warn('Warned will go', FutureWarning)\n        return Kept\n"
        "    if name == 'Heavy':\n        import nothing_of_this_name\n"
        "    raise AttributeError(name)\n",
        encoding="utf-8",
    )
    about = tmp_path / "tool-1.5.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tool\nVersion: 1.5\n", encoding="utf-8")
    names = [f"tool.{name}" for name in ("Kept", "Going", "Warned", "Heavy", "Gone", "part.Gone")]
    ran = subprocess.run(
        [sys.executable, "-c", script.PYTHON_PROBE],
        input=json.dumps({"package": "tool", "names": names}),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    answer = json.loads(ran.stdout)
    assert answer["version"] == "1.5"
    states = {name: state for name, (state, _) in answer["answers"].items()}
    assert list(states.values()) == ["ok", "deprecated", "deprecated", "untried", "gone", "gone"]


def test_without_r_nothing_is_said_to_be_gone(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.shutil, "which", lambda name: None)
    package = script.Software("glmnet", "glmnet", "R", "", "https://cran.r-project.org/package=glmnet")
    entry = script.Software("glmnet-glmnet", "glmnet::glmnet", "R", "glmnet", package.url)
    seen = script.r_seen(package, [entry])
    assert [one.state for one in seen] == ["untried", "untried"]
    assert "apt-get install r-base-core" in seen[0].note
    assert script.debian(package) == "r-cran-glmnet"


def test_results_and_records_are_renewed(script: ModuleType, tmp_path: Path) -> None:
    """What could not be tried keeps what was known of it."""
    result, data = tmp_path / "software.tsv", tmp_path / "software.ttl"
    data.write_text(
        'software:a\n    a schema:SoftwareSourceCode ;\n    dcterms:date "2020-01-01"^^xsd:date ;\n'
        '    schema:softwareVersion "1" ;\n.\n\nsoftware:b\n    a schema:SoftwareSourceCode ;\n.\n',
        encoding="utf-8",
    )
    script.write([script.Seen("a", "A", "1", "ok"), script.Seen("b", "B", "1", "ok")], result, "2020-01-01")
    later = [script.Seen("a", "A", "2", "ok"), script.Seen("b", "B", "", "untried", "no network")]
    script.write(later, result, "2021-01-01")
    assert [(row["version"], row["date"], row["state"]) for row in script.earlier(result)] == [
        ("2", "2021-01-01", "ok"),
        ("1", "2020-01-01", "ok"),
    ]
    script.update(later, data, "2021-01-01")
    first, second = data.read_text(encoding="utf-8").split("\n\n")
    assert first.count("dcterms:date") == first.count("schema:softwareVersion") == 1
    assert "2021-01-01" in first
    assert '"2"' in first
    assert "dcterms:date" not in second
