"""The house is laid out as the design says: arrows point one way, engines stay in the store, queries in files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kgcompare
from kgcompare import errors

PACKAGE = Path(kgcompare.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 350
"""Lines that a module may have; the design asks for about 300."""
LAYERS = (
    {"errors", "namespaces", "resources", "model", "graph", "languages", "dates", "queries", "shapes", "vocabulary"},
    {"store", "validation", "sandbox", "results"},
    {"ingest", "search", "comparison", "citation", "descriptions", "reading", "similar"},
    {"catalogue", "view", "records", "completeness", "report", "dataset", "reconciliation"},
    {"formats"},
    {"web", "cli", "__init__", "__main__"},
)
"""What stands on what, foundations first; a module may use its own layer and those below."""
DEFERRED = {
    ("model", "formats"),  # Comparison._repr_html_: a notebook asks the comparison itself
}
"""Arrows that point up, and are followed only when a function is called."""


def part(path: Path) -> str:
    """The module or subpackage of kgcompare that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def name(path: Path) -> str:
    """A module's name below the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(module, whether inside of a function) of everything that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            for alias in node.names:
                yield f"{module}.{alias.name}", id(node) in inside


def ours(path: Path) -> Iterator[tuple[str, bool]]:
    """(part, deferred) of what a file imports of ours."""
    for module, deferred in imports(path):
        pieces = module.split(".")
        if pieces[0] == "kgcompare" and len(pieces) > 1 and not pieces[1].startswith("_"):
            yield pieces[1], deferred


def layer(of: str) -> int:
    """The layer of a part."""
    for number, parts in enumerate(LAYERS):
        if of in parts:
            return number
    pytest.fail(f"kgcompare.{of} stands in no layer; give it one in {__name__}")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_arrows_point_one_way(path: Path) -> None:
    own = part(path)
    for other, deferred in ours(path):
        if other in {"open", "Catalogue", "Comparison"} or (deferred and (own, other) in DEFERRED):
            continue
        assert layer(other) <= layer(own), f"{name(path)} imports {other}, which stands above it"


def test_errors_imports_nothing_of_ours() -> None:
    assert list(ours(PACKAGE / "errors.py")) == []


def test_no_part_imports_itself_in_a_circle() -> None:
    arrows: dict[str, set[str]] = {}
    for path in FILES:
        known = {name(other) for other in FILES}
        for module, deferred in imports(path):
            target = module.removeprefix("kgcompare.")
            while target and target not in known:
                target = target.rpartition(".")[0]
            if module.startswith("kgcompare.") and target and not deferred and target != name(path):
                arrows.setdefault(name(path), set()).add(target)
    done: set[str] = set()

    def follow(at: str, above: tuple[str, ...]) -> None:
        assert at not in above, f"a circle: {' -> '.join((*above, at))}"
        if at not in done:
            for other in sorted(arrows.get(at, ())):
                follow(other, (*above, at))
            done.add(at)

    for start in sorted(arrows):
        follow(start, ())


def using(*modules: str) -> set[str]:
    """The parts that import one of some modules of others."""
    return {part(path) for path in FILES for module, _ in imports(path) if module.split(".")[0] in modules}


def test_only_the_web_knows_flask() -> None:
    assert using("flask", "werkzeug", "granian", "jinja2") <= {"web"}


def test_only_the_command_line_knows_click() -> None:
    assert using("click", "platformdirs") <= {"cli"}


def test_only_the_store_names_an_engine() -> None:
    assert using("SPARQLWrapper", "oxrdflib") == {"store"}
    engines = {part(path) for path in FILES if re.search(r"\bpyoxigraph\.Store\b", code(path))}
    assert engines <= {"store", "sandbox"}, "a worker opens a generation by itself and imports little else"


def test_only_validation_knows_pyshacl() -> None:
    assert using("pyshacl") == {"validation"}


def test_only_the_command_line_knows_exit_codes() -> None:
    leaving = {part(path) for path in FILES if re.search(r"\bsys\.exit\(|\bSystemExit\b", code(path))}
    assert leaving <= {"cli", "__main__", "sandbox"}, "a worker is a process of its own"


def code(path: Path) -> str:
    """A file without its docstrings and comments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def strings(path: Path) -> Iterator[str]:
    """The string literals of a file without its docstrings; holes of f-strings as an ellipsis."""
    tree = ast.parse(code(path))
    within = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in within:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(piece.value) if isinstance(piece, ast.Constant) else "…" for piece in node.values)


SPARQL = re.compile(
    r"\b(?:SELECT|CONSTRUCT|ASK|DESCRIBE)\b[^;]*\{.*[?$]\w|\bWHERE\s*\{|^\s*PREFIX\s+\w*:\s*<|\b(?:INSERT|DELETE)\s+DATA\b"
    r"|\b(?:DROP|CLEAR|LOAD|CREATE)\s+(?:SILENT\s+)?(?:GRAPH|ALL|DEFAULT)\b",
    re.DOTALL,
)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_queries_stand_in_files(path: Path) -> None:
    found = [text for text in strings(path) if SPARQL.search(text)]
    if name(path) == "store.embedded":
        assert found == ["DROP SILENT GRAPH …", "INSERT DATA { GRAPH … { … } }"], "the replacing of a graph"
    else:
        assert found == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_term_is_written_by_rdflib(path: Path) -> None:
    assert ".n3(" not in code(path), "a literal can get out of its quotes"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_is_no_longer_than_a_reader_can_hold(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{name(path)} has {lines} lines; split it"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_everything_public_says_what_it_does(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.name != "__init__.py" or tree.body:
        assert ast.get_docstring(tree), "the module has no docstring"

    def look(body: list[ast.stmt], within: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith(
                "_"
            ):
                assert ast.get_docstring(node), f"{within}{node.name} has no docstring"
                if isinstance(node, ast.ClassDef):
                    look(node.body, f"{node.name}.")

    look(tree.body, "")


def test_every_exception_stands_in_the_tree() -> None:
    shown = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    there = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert there - {"KgcompareError"} == shown
    assert all(issubclass(getattr(errors, name), errors.KgcompareError) for name in there)
    assert there <= set(kgcompare.__all__)


def test_what_is_public_is_there() -> None:
    for public in kgcompare.__all__:
        assert getattr(kgcompare, public) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        kgcompare.nonsense  # noqa: B018
