"""Every text of the interface is translated: all that templates and code say, nothing more, the same holes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import nodes

import kgcompare
from kgcompare.catalogue import record
from kgcompare.formats import tables, void
from kgcompare.rdf import namespaces
from kgcompare.text import languages
from kgcompare.web import rendering, vocabularies
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

PACKAGE = Path(kgcompare.__file__).parent
TEMPLATES = sorted((PACKAGE / "web" / "templates").glob("*.html"))
TABLES = (
    tables.STATUS.values(),
    record._DOCUMENT.values(),
    rendering.SAID.values(),
    namespaces.KINDS,
    rendering.KINDS_MANY.values(),
    vocabularies.KINDS.values(),
    (void.TITLE, void.ABOUT, *void.KEYWORDS),
)
"""Texts that reach ``translate`` by a name; a template or a function looks them up."""
LOOKED_UP = {"kind", "kinds_many[kind]", "status_text[c.status]", "status_text[fact.status]", "said", "term.kind"}
TRANSLATED = [tag for tag in languages.interface_languages() if tag != languages.DEFAULT]


def _of_templates() -> Iterator[tuple[str, nodes.Expr]]:
    from jinja2 import Environment

    env = Environment(autoescape=True)
    for path in TEMPLATES:
        for call in env.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_":
                yield path.name, call.args[0]


def _of_python() -> Iterator[tuple[str, ast.expr]]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) > 1:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name == "translate":
                    yield path.name, node.args[1]


def _spelled(node: nodes.Node) -> str:
    """How a template writes a name, an attribute or a lookup."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_spelled(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        return f"{_spelled(node.node)}[{_spelled(node.arg)}]"
    return type(node).__name__


def said() -> set[str]:
    """All texts that the interface can say, in English."""
    found = {text for table in TABLES for text in table}
    for _, expression in _of_templates():
        if isinstance(expression, nodes.Const):
            found.add(str(expression.value))
    for _, argument in _of_python():
        found |= {part.value for part in ast.walk(argument) if _is_text(part)}  # type: ignore[attr-defined]
    return found - {"true", "1"}  # compared with in reading.py, not said


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def translations(lang: str) -> dict[str, str]:
    with (PACKAGE / "text" / "messages" / f"{lang}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def test_templates_translate_constants_or_what_stands_in_a_table() -> None:
    for name, expression in _of_templates():
        if not isinstance(expression, nodes.Const):
            assert _spelled(expression) in LOOKED_UP, f"{name}: _({_spelled(expression)})"


@pytest.mark.parametrize("lang", TRANSLATED)
def test_every_text_is_translated_and_none_is_left_over(lang: str) -> None:
    there = {message for message, text in translations(lang).items() if text}
    assert there == said()


@pytest.mark.parametrize("lang", TRANSLATED)
def test_translations_have_the_same_holes(lang: str) -> None:
    hole = re.compile(r"\{(\w+)\}")
    for message, text in translations(lang).items():
        assert sorted(hole.findall(message)) == sorted(hole.findall(text)), message


def test_french_is_set_as_french_is_set() -> None:
    for message, text in translations("fr").items():
        assert "'" not in text, f"{message}: a straight apostrophe"
        assert '"' not in text, f"{message}: straight quotation marks"
        broken = re.search(r"(?<![\u00a0\u202f])[:;!?»](?!\w)|«(?!\u00a0)", text)
        assert not broken, f"{message}: a space that may break"


def test_no_text_of_a_template_is_left_untranslated() -> None:
    """Words between tags must come from ``_()``: names of formats, standards and of ourselves excepted."""
    kept = {"kgcompare", "SPARQL", "N-Quads, gzip", "CC0 1.0", "Creative Commons CC0 1.0", "dump.nq.gz"}
    for path in TEMPLATES:
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\0", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for between in re.findall(r">([^<>]*)<", text):
            for part in between.split("\0"):
                if re.search(r"[A-Za-z]{2}", part):
                    assert part.strip() in kept, f"{path.name}: {part.strip()!r}"


def test_pages_in_french_have_no_english_of_ours(small_store: Path) -> None:
    client = create_app(Settings(store=small_store)).test_client()
    headers = {"Accept": "text/html", "Accept-Language": "fr"}
    english = {text for text in said() if len(text) > 12 and "{" not in text and translations("fr")[text] != text}
    for address in ("/", "/methods", "/compare", "/dataset", "/method/nothing-of-the-kind"):
        page = client.get(address, headers=headers).get_data(as_text=True)
        assert '<html lang="fr"' in page
        assert [text for text in english if f">{text}<" in page] == [], address
