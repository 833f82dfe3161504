"""What README, CONTRIBUTING and docs/ say is so, and says all there is: commands, options, addresses, settings."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import NotFound

import kgcompare
from conftest import Run
from kgcompare.cli import cli
from kgcompare.formats import FORMATS
from kgcompare.sandbox.limits import LIMITS
from kgcompare.schema.shapes import Shapes, bundled_shapes
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

PACKAGE = Path(kgcompare.__file__).parent
ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
COMMANDS = cli.commands
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
SIZES = ("default", "least", "most")
NO_SETTING = {"KGCOMPARE_DEBUG", *(f"KGCOMPARE_ENDPOINT_{name}" for name in ("USER", "PASSWORD", "TOKEN"))}
"""Variables of the environment that stand for no option."""


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The blocks of code of a language, without the space that they are indented by."""
    found = []
    for indent, block in re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        found.append("\n".join(line.removeprefix(indent) for line in block.splitlines()))
    return found


def spans(text: str) -> Iterator[str]:
    """What is written as code: spans between backticks, and lines of blocks."""
    prose = re.sub(r"^ *```\w*\n(.*?)^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"(?<!`)`([^`]+)`", prose):
        yield " ".join(span.split()).replace("\\|", "|")
    for kind, block in re.findall(r"^ *```(sh|console)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        lines = [line.strip() for line in block.replace("\\\n", " ").splitlines()]
        yield from (line.removeprefix("$ ") for line in lines if kind == "sh" or line.startswith("$ "))


def table_rows(text: str, first: str) -> list[list[str]]:
    """The cells of tables whose first column is called *first*."""
    rows: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] == first:
            inside = True
        elif inside and not set(cells[0]) <= {"-", ":"}:
            rows.append(cells)
    return rows


def options_of(command: click.Command) -> set[str]:
    return {name for param in command.params for name in (*param.opts, *param.secondary_opts) if name.startswith("-")}


# -- commands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_commands_and_options_that_are_named_exist(path: Path) -> None:
    every = set().union(*map(options_of, COMMANDS.values())) | {"--help", "--version"}
    for span in spans(path.read_text(encoding="utf-8")):
        for name, rest in re.findall(r"\bkgcompare ([a-z]+)\b([^`;]*?)(?=&&|$)", span):
            if span.startswith(("kgcompare ", "$ kgcompare ", "python3 -m venv")):
                assert name in COMMANDS, f"{span}: there is no such command"
                assert set(OPTION.findall(rest)) <= options_of(COMMANDS[name]) | {"--help"}, span
        if span.startswith("-"):
            assert set(OPTION.findall(span)[:1]) <= every, f"{span}: there is no such option"


def test_every_command_and_option_is_told() -> None:
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text_of("docs/commands.md"), re.MULTILINE | re.DOTALL))
    told = {
        title: {option for cells in table_rows(body, "option") for option in OPTION.findall(cells[0])}
        for title, body in sections.items()
    }
    shared = told.pop("Which catalogue")
    bare = {title for title, body in sections.items() if "takes no catalogue" in " ".join(body.split())}
    settings = {
        option for cells in table_rows(text_of("docs/settings.md"), "option") for option in OPTION.findall(cells[0])
    }
    assert set(told) == set(COMMANDS)
    for name, command in COMMANDS.items():
        own = options_of(command)
        assert f"`kgcompare {name}" in sections[name]
        assert told[name] <= own, f"{name} has no such option"
        assert own - told[name] <= (set() if name in bare else shared | settings), name
        assert name in bare or shared <= own, name


def test_the_readme_names_every_command() -> None:
    named = {name for span in spans(text_of("README.md")) for name in re.findall(r"^kgcompare ([a-z]+)", span)}
    assert named == set(COMMANDS)


@pytest.mark.parametrize("command", [name for name in COMMANDS if "--format" in options_of(COMMANDS[name])])
def test_formats_that_are_told_are_taken(command: str, run: Run, small_store: Path) -> None:
    section = text_of("docs/commands.md").partition(f"\n## {command}\n")[2].partition("\n## ")[0]
    row = next(cells for cells in table_rows(section, "option") if cells[0].startswith("`--format"))
    told = re.findall(r"`(\w+)`", row[1])
    (param,) = [param for param in COMMANDS[command].params if "--format" in param.opts]
    if isinstance(param.type, click.Choice):
        assert told == list(param.type.choices)
        return
    if command == "import":
        refused = run(command, "--store", small_store, "--format", "none", "tests/data/small.ttl")
    else:
        refused = run(command, "--store", small_store, "--format", "none", "lasso")
    known = re.findall(r"\w+", refused.err.rpartition(":" if command == "import" else "use one of")[2])
    assert set(told) == set(known)


# -- addresses -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app(small_store: Path) -> Flask:
    return create_app(Settings(store=small_store, contact="me@example.org"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


ADDRESSES = table_rows(text_of("docs/addresses.md"), "address")


def test_every_address_is_told(app: Flask) -> None:
    told = [cells[0].strip("`") for cells in ADDRESSES]
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", lambda part: part[1].upper(), rule.rule) for rule in app.url_map.iter_rules()}
    assert len(told) == len(set(told))
    assert set(told) == routes


@pytest.mark.parametrize("cells", ADDRESSES, ids=lambda cells: cells[0].strip("`"))
def test_every_address_answers(client: FlaskClient, app: Flask, cells: list[str]) -> None:
    example = cells[3].strip("`")
    rule, _ = app.url_map.bind("localhost").match(urlsplit(example).path, return_rule=True)
    assert re.sub(r"<(?:\w+:)?(\w+)>", lambda part: part[1].upper(), rule.rule) == cells[0].strip("`")
    with client.get(example) as response:
        assert response.status_code == (303 if cells[0].startswith(("`/id/", "`/doc/", "`/mistake")) else 200)
    if "SUFFIX" in cells[0]:
        forms = re.findall(r"`(\w+)`", cells[2])
        stem, _, _ = urlsplit(example).path.rpartition(".")
        refused = client.get(f"{stem}.none", headers={"Accept": "application/json"})
        assert refused.status_code == 406
        assert {FORMATS[form].media_type for form in forms} == set(json.loads(refused.data)["available"])
        for form in forms:
            other = f"{stem}.{form}?{urlsplit(example).query}"
            assert client.get(other).status_code == 200, other


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_addresses_that_are_named_exist(app: Flask, path: Path) -> None:
    kinds = {*Shapes(bundled_shapes()).kinds, "KIND"}
    for span in spans(path.read_text(encoding="utf-8")):
        for address in re.findall(r"^(?:(?:GET|POST) )?(/[\w.?=&/%-]*)$", span):
            if address == "/PATH":
                continue
            try:
                name, values = app.url_map.bind("localhost").match(
                    urlsplit(address).path.replace("SLUG", "lasso").replace("KIND", "method")
                )
            except NotFound:
                pytest.fail(f"{address} is no address")
            assert values.get("kind", "method") in kinds, address
            assert name


# -- settings ------------------------------------------------------------------------------------------


def test_every_setting_is_told(run: Run) -> None:
    told = [[cell.strip("`") for cell in cells] for cells in table_rows(text_of("docs/settings.md"), "option")]
    there = json.loads(run("settings", "--format", "json").out)
    assert sorted(cells[:3] for cells in told) == sorted(
        [["--config", "KGCOMPARE_CONFIG", ""]] + [[one["option"], one["variable"], one["key"]] for one in there]
    )
    assert [cells for cells in told if len(cells) > 4] == [
        [
            *(one["option"], one["variable"], one["key"], one["unit"]),
            *(f"{one[name]:,}" if isinstance(one[name], int) else f"{one[name]:,.10g}" for name in SIZES),
            one["purpose"],
        ]
        for one in there
        if one["unit"]
    ]


def test_every_option_that_can_be_set_is_listed() -> None:
    listed = {param.name for param in COMMANDS["settings"].params if param.envvar}
    every = {param.name for command in COMMANDS.values() for param in command.params if param.envvar}
    assert listed == every
    assert set(LIMITS) <= listed


def test_every_variable_is_told() -> None:
    code = {name for path in PACKAGE.rglob("*.py") for name in re.findall(r"KGCOMPARE_[A-Z_]+[A-Z]", path.read_text())}
    told = {cells[1].strip("`") for cells in table_rows(text_of("docs/settings.md"), "option")}
    assert code <= told | NO_SETTING
    for path in TEXTS:
        named = set(re.findall(r"KGCOMPARE_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
        assert named <= told | NO_SETTING, path.name
    assert all(name in text_of("docs/settings.md") for name in NO_SETTING)


def test_the_file_of_settings_is_taken(run: Run, small_store: Path, tmp_path: Path) -> None:
    example, *_ = blocks(text_of("docs/settings.md"), "toml")
    keys = {option.removeprefix("--") for command in COMMANDS.values() for option in options_of(command)}
    assert tomllib.loads(example).keys() <= keys
    config = tmp_path / "kgcompare.toml"
    config.write_text(example.replace("/srv/catalogue", str(small_store)), encoding="utf-8")
    assert run("stats", "--config", config).code == 0


def test_limits_of_the_readme_are_those_of_the_code() -> None:
    limits = " ".join(text_of("README.md").partition("## Limits")[2].split())
    assert "as one state for five minutes" in limits
    assert LIMITS["endpoint_keep"].default == 300
    assert f"(`{LIMITS['query_timeout'].option}`)" in limits
    assert "fcntl.flock" in (PACKAGE / "store/folder.py").read_text(encoding="utf-8")
    architectures = set(
        re.findall(r"\"(x86_64|aarch64)\"", (PACKAGE / "sandbox/confinement.py").read_text(encoding="utf-8"))
    )
    assert architectures == {"x86_64", "aarch64"}
    assert "x86-64, ARM64" in limits


# -- examples ------------------------------------------------------------------------------------------


def test_the_comparison_of_the_readme(run: Run, bundled_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    block = next(block for block in blocks(text_of("README.md"), "console") if block.startswith("$ kgcompare compare"))
    command, *shown = block.splitlines()
    given = run(*command.split()[2:], "--store", bundled_store).out.rstrip("\n").splitlines()
    cut = next(number for number, line in enumerate(shown) if set(line.split()) == {"..."})
    assert [line.rstrip().replace("\u00a0", " ") for line in given[:cut]] == shown[:cut]
    assert given[cut - len(shown) + 1 :] == shown[cut + 1 :]


def test_the_python_of_the_readme(bundled_store: Path) -> None:
    (example,) = blocks(text_of("README.md"), "python")
    lines = example.splitlines()
    imported, opening = ast.parse(example).body
    assert isinstance(imported, ast.Import)
    assert isinstance(opening, ast.With)
    names: dict[str, object] = {"kgcompare": kgcompare}
    said = 0
    with kgcompare.open(bundled_store) as catalogue:
        names["catalogue"] = catalogue
        for statement in opening.body:
            if not isinstance(statement, ast.Expr):
                exec(ast.unparse(statement), names)
                continue
            value = eval(ast.unparse(statement), names)
            comment = lines[statement.lineno - 1].partition("#")[2].strip()
            if re.match(r"[('\d]", comment):
                assert repr(value) == comment
                said += 1
    assert said == 2


def test_the_query_of_the_readme(bundled_store: Path) -> None:
    block = next(block for block in blocks(text_of("README.md"), "console") if block.startswith("$ curl"))
    query, _, answer = block.partition("'query=")[2].partition("'\n")
    with create_app(Settings(store=bundled_store)).test_client() as client:
        given = client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"})
    assert given.text.replace("\r\n", "\n").strip() == answer.strip()


# -- the house -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_picture_shows_the_imports_of_today() -> None:
    spec = importlib.util.spec_from_file_location("architecture", DOCS / "architecture.py")
    assert spec is not None
    assert spec.loader is not None
    drawing = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "architecture", drawing)
        spec.loader.exec_module(drawing)
        shown = drawing.picture()
    assert text_of("docs/architecture.svg") == shown, "run: python docs/architecture.py"


def defined(path: Path) -> set[str]:
    """The functions and classes of a file, methods with the names of their classes."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    names.add(f"{node.name}.{inner.name}")
    return names


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_files_and_functions_that_are_named_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for file, function in re.findall(r"`([\w/]+\.py)`\s+`([A-Za-z_.]+)`", text):
        assert function in defined(PACKAGE / file), f"{path.name}: {file} has no {function}"
    for span in spans(text):
        if re.fullmatch(r"[a-z][\w/-]*/[\w.-]*", span) and not re.search("SLUG|LANG|NAME", span):
            assert (PACKAGE / span).exists() or (ROOT / span).exists(), f"{path.name}: there is no {span}"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_lines_are_of_a_length_to_read(path: Path) -> None:
    prose = re.sub(r"^ *```\w*\n(.*?)^ *```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    long = [line for line in prose.splitlines() if len(line) > 120 and not line.startswith("|")]
    assert path.name == "candidates.md" or long == []
