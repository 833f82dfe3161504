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
from kgcompare.catalogue import differences
from kgcompare.formats import history, tables
from kgcompare.text import languages, phrases
from kgcompare.web import cells, rendering, vocabularies
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

PACKAGE = Path(kgcompare.__file__).parent
TEMPLATES = sorted((PACKAGE / "web" / "templates").iterdir())
TABLES = (
    tables.STATUS.values(),
    cells.FOUND_IN,
    differences.NAMED.values(),
    history.DONE.values(),
    history.WHAT.values(),
    rendering.SAID.values(),
    vocabularies.TERM_KINDS.values(),
    phrases.TOGETHER,
)
"""Texts that reach ``translate`` by a name; a template or a function looks them up."""
LOOKED_UP = {
    *("status_text[cell.status]", "status_text[fact.status]", "meaning", "term.kind"),
    *("done[step.done]", "done[did]", "what[logged.occasion.what]"),
}
CALLS = {"translate": 1, "translate_plural": 1, "_gettext": 0, "_ngettext": 0}
"""What says something, and the place of its text among the arguments; a plural comes after it."""
TRANSLATED = [tag for tag in languages.interface_languages() if tag != languages.DEFAULT]

Message = tuple[str, ...]
"""A text in English, or one for one thing and one for many."""


def _of_templates() -> Iterator[tuple[str, list[nodes.Expr]]]:
    from jinja2 import Environment

    env = Environment(autoescape=True)
    for path in TEMPLATES:
        for call in env.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in {"_", "ngettext"}:
                yield path.name, call.args[: 1 + (call.node.name == "ngettext")]


def _of_python() -> Iterator[list[ast.expr]]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                place = CALLS.get(name, len(node.args))
                if place < len(node.args):
                    yield node.args[place : place + 1 + (name in {"translate_plural", "_ngettext"})]


def _spelled(node: nodes.Node) -> str:
    """How a template writes a name, an attribute or a lookup."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_spelled(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        return f"{_spelled(node.node)}[{_spelled(node.arg)}]"
    return type(node).__name__


def said() -> set[Message]:
    """All that the interface can say, in English."""
    messages: set[Message] = {(text,) for table in TABLES for text in table}
    for _, arguments in _of_templates():
        if all(isinstance(argument, nodes.Const) for argument in arguments):
            messages.add(tuple(str(argument.value) for argument in arguments if isinstance(argument, nodes.Const)))
    for expressions in _of_python():
        texts = [list(_texts(expression)) for expression in expressions]
        messages |= {tuple(text[0] for text in texts)} if len(texts) > 1 else {(text,) for text in texts[0]}
    return messages - {("true",), ("1",)}  # compared with in values.py, not said


def _texts(expression: ast.expr) -> Iterator[str]:
    """The texts that an expression may give."""
    for part in ast.walk(expression):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def translations(lang: str) -> dict[str, dict[Message, Message]]:
    """Context -> message -> its translation, a text for each plural form; the context is empty for most."""
    found: dict[str, dict[Message, Message]] = {}
    with (PACKAGE / "text" / "messages" / f"{lang}.po").open("rb") as file:
        for message in read_po(file):
            if message.id:
                key = message.id if isinstance(message.id, tuple) else (message.id,)
                text = message.string if isinstance(message.string, tuple) else (message.string,)
                found.setdefault(message.context or "", {})[tuple(map(str, key))] = tuple(map(str, text))
    return found


def holes(text: str) -> list[str]:
    """The names of what is filled into a text, sorted."""
    return sorted(set(re.findall(r"\{(\w+)\}", text)))


def test_templates_translate_constants_or_what_stands_in_a_table() -> None:
    for name, arguments in _of_templates():
        for argument in arguments:
            if not isinstance(argument, nodes.Const):
                assert _spelled(argument) in LOOKED_UP, f"{name}: _({_spelled(argument)})"


def test_numbers_speak_through_plural_forms() -> None:
    """No text says what it counts without one form for one and another for many."""
    for message in said():
        assert len(message) == 2 or "{count}" not in message[0] or message[0] in COUNTED, message


COUNTED = {
    "Aliases of several things: {count}",
    "Islands: {count}; the largest has {largest}.",
    "Probable duplicates: {count}",
    "{row}: {count} without a text in {tag}",
    "{row}: {count} without a text in {tag}: {names}",
}
"""Texts that only give a number, as a table does."""


@pytest.mark.parametrize("lang", TRANSLATED)
def test_every_text_is_translated_and_none_is_left_over(lang: str) -> None:
    plain = translations(lang)[""]
    assert {message for message, texts in plain.items() if all(texts)} == said()


@pytest.mark.slow
@pytest.mark.parametrize("lang", languages.interface_languages())
def test_what_is_said_in_a_context_is_said_without_one_too(lang: str) -> None:
    for context, messages in translations(lang).items():
        assert messages.keys() <= said(), context
        assert all(all(texts) for texts in messages.values()), context


def test_english_says_in_contexts_only_what_it_says_otherwise() -> None:
    assert "" not in translations("en")
    for messages in translations("en").values():
        assert [message for message, texts in messages.items() if texts == message] == []


@pytest.mark.parametrize("lang", TRANSLATED)
def test_a_language_speaks_of_each_kind_that_english_has_words_for(lang: str) -> None:
    for context, messages in translations("en").items():
        assert messages.keys() <= translations(lang)[context].keys()


@pytest.mark.parametrize("lang", languages.interface_languages())
def test_translations_have_the_same_holes(lang: str) -> None:
    """In a context a text may leave out what it names itself; nothing else may be filled in."""
    for context, messages in translations(lang).items():
        for message, texts in messages.items():
            for text in texts:
                wanted = holes(" ".join(message))
                assert set(holes(text)) <= set(wanted) if context else holes(text) == wanted, message


@pytest.mark.parametrize("lang", TRANSLATED)
def test_plural_forms_are_those_of_the_language(lang: str) -> None:
    with (PACKAGE / "text" / "messages" / f"{lang}.po").open("rb") as file:
        number = read_po(file).num_plurals
    for messages in translations(lang).values():
        assert [m for m, texts in messages.items() if len(texts) != (number if len(m) > 1 else 1)] == []


def test_french_is_set_as_french_is_set() -> None:
    for messages in translations("fr").values():
        for message, texts in messages.items():
            for text in texts:
                assert "'" not in text, f"{message}: a straight apostrophe"
                assert '"' not in text, f"{message}: straight quotation marks"
                broken = re.search(r"(?<![\u00a0\u202f])[:;!?»](?!\w)|«(?!\u00a0)", text)
                assert not broken, f"{message}: a space that may break"


def test_no_text_of_a_template_is_left_untranslated() -> None:
    """Words between tags must come from ``_()``: names of formats, standards and of ourselves excepted."""
    kept = {"kgcompare", "SPARQL", "N-Quads, gzip", "CC0 1.0", "Creative Commons CC0 1.0", "dump.nq.gz"}
    for path in TEMPLATES:
        if path.suffix != ".html":
            continue
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\0", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for between in re.findall(r">([^<>]*)<", text):
            for part in between.split("\0"):
                if re.search(r"[A-Za-z]{2}", part):
                    assert part.strip() in kept, f"{path.name}: {part.strip()!r}"


def test_pages_in_french_have_no_english_of_ours(small_store: Path) -> None:
    client = create_app(Settings(store=small_store)).test_client()
    headers = {"Accept": "text/html", "Accept-Language": "fr"}
    french = translations("fr")[""]
    english = {m[0] for m in said() if len(m[0]) > 12 and "{" not in m[0] and french[m] != m}
    english |= {text for texts in translations("en")["method"].values() for text in texts if "{" not in text}
    for address in ("/", "/methods", "/compare", "/dataset", "/method/nothing-of-the-kind"):
        page = client.get(address, headers=headers).get_data(as_text=True)
        assert '<html lang="fr"' in page
        assert [text for text in english if f">{text}<" in page] == [], address
