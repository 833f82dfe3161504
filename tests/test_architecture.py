"""The house is laid out as the design says: arrows point one way, engines stay in the store, queries in files."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import kgcompare
from kgcompare import errors

PACKAGE = Path(kgcompare.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 350
"""Lines that a module may have."""
FLOORS = (
    {"errors"},
    {"model", "resources"},
    {"rdf", "text"},
    {"store"},
    {"schema"},
    {"search", "sandbox"},
    {"ingest", "catalogue"},
    {"report", "reconciliation"},
    {"formats"},
    {"web", "cli", "__init__", "__main__"},
)
"""What stands on what, foundations first: a room uses those below it, and of its own floor itself alone."""
SAME_FLOOR = {("rdf", "text"), ("cli", "web"), ("__main__", "cli")}
"""The arrows along a floor; none has one that points back."""


def part(path: Path) -> str:
    """The module or subpackage of kgcompare that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def name(path: Path) -> str:
    """A module's name below the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    """A file as Python reads it; it is not to be changed."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Everything that a file imports, when it is loaded or later, but not what only type checkers read."""
    found = []
    tree = tree_of(path)
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
                found.append(alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            for alias in node.names:
                found.append(f"{module}.{alias.name}")
    return tuple(found)


def ours(path: Path) -> Iterator[str]:
    """The rooms of ours that a file imports from."""
    for module in imports(path):
        pieces = module.split(".")
        if pieces[0] == "kgcompare" and len(pieces) > 1 and pieces[1] not in {*kgcompare.__all__, "__version__"}:
            yield pieces[1]


def floor(of: str) -> int:
    """The floor of a room."""
    for number, rooms in enumerate(FLOORS):
        if of in rooms:
            return number
    pytest.fail(f"kgcompare.{of} stands on no floor; give it one in {__name__}")


def test_arrows_point_one_way() -> None:
    wrong = [
        f"{name(path)} imports {other}, which does not stand below it"
        for path in FILES
        for other in ours(path)
        if other != part(path) and (part(path), other) not in SAME_FLOOR and floor(other) >= floor(part(path))
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ["errors", "model"])
def test_what_is_handed_out_imports_nothing_of_ours(room: str) -> None:
    assert list(ours(PACKAGE / f"{room}.py")) == []


def arrows_between(parts: Callable[[Path], str], target: Callable[[str], str | None]) -> dict[str, set[str]]:
    """Who imports whom, when it is loaded or later."""
    found: dict[str, set[str]] = {}
    for path in FILES:
        for module in imports(path):
            other = target(module)
            if other is not None and other != parts(path):
                found.setdefault(parts(path), set()).add(other)
    return found


MODULES = {name(path) for path in FILES}


def module_of(imported: str) -> str | None:
    """The module of ours that an import names, or that has the name that it names."""
    within = imported.removeprefix("kgcompare.")
    while within and within not in MODULES:
        within = within.rpartition(".")[0]
    return within if imported.startswith("kgcompare.") and within else None


def room_of(imported: str) -> str | None:
    """The folder or file that an import names."""
    module = module_of(imported)
    return module.partition(".")[0] if module else None


@pytest.mark.parametrize(("parts", "target"), [(name, module_of), (part, room_of)], ids=["modules", "rooms"])
def test_nothing_imports_itself_in_a_circle(parts: Callable[[Path], str], target: Callable[[str], str | None]) -> None:
    arrows = arrows_between(parts, target)
    done: set[str] = set()

    def follow(at: str, above: tuple[str, ...]) -> None:
        assert at not in above, f"a circle: {' -> '.join((*above, at))}"
        if at not in done:
            for other in sorted(arrows.get(at, ())):
                follow(other, (*above, at))
            done.add(at)

    for start in sorted(arrows):
        follow(start, ())


def test_the_reading_side_does_not_know_the_writing_side() -> None:
    assert "ingest" not in {other for path in FILES if part(path) == "catalogue" for other in ours(path)}


def test_the_house_has_five_files_and_thirteen_folders() -> None:
    there = [path for path in PACKAGE.iterdir() if not path.name.startswith("_") or path.suffix == ".py"]
    assert sorted(path.stem for path in there if path.suffix == ".py") == sorted(
        ("__init__", "__main__", "errors", "model", "resources")
    )
    assert len([path for path in there if path.is_dir()]) == 13


def test_the_readme_lists_the_rooms_that_there_are() -> None:
    """A line a folder or file: its name, what it is for, and its modules in backticks."""
    text = (PACKAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Where things are")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| `(\w+)(/?)` \|[^|]+\|([^|]*)\|$", table, re.MULTILINE)
    said = {(room, bool(slash)): re.findall(r"`(\w+)`", modules) for room, slash, modules in lines}
    there: dict[tuple[str, bool], list[str]] = {}
    for path in FILES:
        room, *inner = path.relative_to(PACKAGE).with_suffix("").parts
        there.setdefault((room, bool(inner)), []).extend(module for module in inner if module != "__init__")
    assert len(lines) == len(said), "a room has two lines"
    assert said == there, "with the modules in the order of the alphabet"
    order = [floor(room) for room, _ in said]
    assert order == sorted(order), "foundations first"


def exported(path: Path) -> Iterator[tuple[str, str]]:
    """(name, where it is defined) of what a module defines for others."""
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            # What answers an address or a command is named after it, and called by its framework alone.
            if not re.search(r"\b(blueprint|click)\.", " ".join(map(ast.unparse, node.decorator_list))):
                yield node.name, name(path)
        elif isinstance(node, ast.Assign):
            yield from ((target.id, name(path)) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, name(path)


def test_a_public_name_has_one_meaning() -> None:
    found: dict[str, set[str]] = {}
    for path in FILES:
        for public, where in exported(path):
            if not public.startswith("_") and public not in {"blueprint", "main"}:
                found.setdefault(public, set()).add(where)
    several = {public: sorted(where) for public, where in found.items() if len(where) > 1}
    assert several == {}


def test_only_the_store_tells_stores_apart() -> None:
    for path in FILES:
        if part(path) != "store":
            for call in ast.walk(tree_of(path)):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "isinstance":
                    assert not re.search(r"\b(Embedded|Remote)(Store|Snapshot)\b", ast.unparse(call)), name(path)


def using(*modules: str) -> set[str]:
    """The parts that import one of some modules of others."""
    return {part(path) for path in FILES for module in imports(path) if module.split(".")[0] in modules}


def test_only_the_web_knows_flask() -> None:
    assert using("flask", "werkzeug", "granian", "jinja2") <= {"web"}


def test_only_the_command_line_knows_click() -> None:
    assert using("click", "platformdirs") <= {"cli"}


def test_only_the_store_names_an_engine() -> None:
    assert using("SPARQLWrapper", "oxrdflib") == {"store"}
    engines = {part(path) for path in FILES if re.search(r"\bpyoxigraph\.Store\b", code(path))}
    assert engines <= {"store", "sandbox"}, "a worker opens a generation by itself and imports little else"


def test_only_validation_knows_pyshacl() -> None:
    assert using("pyshacl") == {"schema"}


def test_only_the_command_line_knows_exit_codes() -> None:
    leaving = {part(path) for path in FILES if re.search(r"\bsys\.exit\(|\bSystemExit\b", code(path))}
    assert leaving <= {"cli", "__main__", "sandbox"}, "a worker is a process of its own"


@cache
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


def test_queries_stand_in_files() -> None:
    assert [(name(path), text) for path in FILES for text in strings(path) if SPARQL.search(text)] == []


def test_no_term_is_written_by_rdflib() -> None:
    assert [name(path) for path in FILES if ".n3(" in code(path)] == [], "a literal can get out of its quotes"


def test_a_module_is_no_longer_than_a_reader_can_hold() -> None:
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {module: many for module, many in lines.items() if many > LONGEST} == {}, "split what is too long"


def test_everything_public_says_what_it_does() -> None:
    silent: list[str] = []

    def look(body: list[ast.stmt], within: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith(
                "_"
            ):
                silent.extend([] if ast.get_docstring(node) else [f"{within}.{node.name}"])
                if isinstance(node, ast.ClassDef):
                    look(node.body, f"{within}.{node.name}")

    for path in FILES:
        tree = tree_of(path)
        if (path.name != "__init__.py" or tree.body) and not ast.get_docstring(tree):
            silent.append(name(path))
        look(tree.body, name(path))
    assert silent == [], "these have no docstring"


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
