"""The order of fallback, tags, Accept-Language, and the interface's own messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kgcompare
from kgcompare.errors import UsageError
from kgcompare.text import languages


@pytest.mark.parametrize(
    ("lang", "texts", "shown"),
    [
        ("fr", {"fr": "f", "en": "e", "de": "d"}, "fr"),
        ("fr-CA", {"fr": "f", "en": "e"}, "fr"),
        ("fr-CA", {"fr-CA": "c", "fr": "f"}, "fr-CA"),
        ("FR-ca", {"fr-CA": "c", "fr": "f"}, "fr-CA"),
        ("fr", {"en": "e", "de": "d"}, "en"),
        ("fr", {"fr-CA": "c", "en": "e"}, "en"),
        ("fr", {"": "plain", "de": "d"}, ""),
        ("fr", {"fr-CA": "c", "de": "d"}, "fr-CA"),
        ("fr", {"zh": "z", "de": "d"}, "de"),
        ("zh-Hant-TW", {"zh-Hant": "t", "zh": "z"}, "zh-Hant"),
    ],
)
def test_the_fixed_order_of_fallback(lang: str, texts: dict[str, str], shown: str) -> None:
    assert languages.best(texts, lang) == (shown, texts[shown])


def test_no_text_at_all() -> None:
    assert languages.best({}, "fr") is None


@given(
    st.dictionaries(st.sampled_from(["", "en", "fr", "fr-CA", "de", "pt-BR", "zh-Hant"]), st.text(), min_size=1),
    st.sampled_from(["en", "fr", "fr-CA", "de-AT", "pt", "zh"]),
)
def test_there_is_always_something_to_show_whatever_the_order(texts: dict[str, str], lang: str) -> None:
    found = languages.best(texts, lang)
    assert found is not None
    assert texts[found[0]] == found[1]
    assert languages.best(dict(reversed(texts.items())), lang) == found


@pytest.mark.parametrize(
    ("said", "tag"), [("fr", "fr"), ("FR", "fr"), ("fr_ca", "fr-CA"), ("pt-br", "pt-BR"), ("zh-hant", "zh-Hant")]
)
def test_tags_are_brought_into_their_standard_form(said: str, tag: str) -> None:
    assert languages.normalise(said) == tag


@pytest.mark.parametrize(
    "said",
    ["", " ", "xx-absurd", "english", "../../etc/passwd", "fr\n", "f" * 5000, "<script>", "é", "-", "en-", "\x00"],
)
def test_absurd_tags_are_refused_with_an_example(said: str) -> None:
    with pytest.raises(UsageError, match=r"is not a language tag; use one such as en") as refused:
        languages.normalise(said)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.8,en;q=0.5", "fr"),
        ("en;q=0.4, fr;q=0.9", "fr"),
        ("de, fr;q=0.5, en;q=0.1", "fr"),
        ("de", "en"),
        ("*", "en"),
        ("fr;q=0, en;q=0.1", "en"),
        ("fr;q=0", "en"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("fr; q=1", "fr"),
        (";;;,,,q=", "en"),
        ("fr;q=banana", "en"),
        ("fr;q=nan, en;q=0.1", "en"),
        ("a" * 100_000, "en"),
    ],
)
def test_accept_language(header: str, lang: str) -> None:
    assert languages.negotiate(header) == lang


def test_accept_language_among_the_languages_of_a_thing() -> None:
    assert languages.negotiate("de-CH, en;q=0.2", ("en", "de")) == "de"


def test_the_interface_speaks_english_and_french() -> None:
    assert languages.interface_languages()[0] == "en"
    assert "fr" in languages.interface_languages()
    assert languages.speaks("fr-CA") == "fr"
    assert languages.speaks("tlh") == "en"


def test_direction_and_names_of_languages() -> None:
    assert languages.direction("ar") == "rtl"
    assert languages.direction("he-IL") == "rtl"
    assert languages.direction("fr") == "ltr"
    assert languages.direction("nonsense") == languages.direction(None) == "ltr"
    assert languages.autonym("fr") == "Français"
    assert languages.autonym("nonsense") == "nonsense"


def _messages_in_python() -> set[str]:
    """The texts that Python code hands to translate() as they stand."""
    package = Path(kgcompare.__file__).parent
    call = re.compile(r'translate\(\s*[\w.]+,\s*"([^"]+)"')
    return {text for path in package.rglob("*.py") for text in call.findall(path.read_text(encoding="utf-8"))}


def _translated() -> dict[str, str]:
    from babel.messages.pofile import read_po

    with (Path(kgcompare.__file__).parent / "text" / "messages" / "fr.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def test_every_message_that_python_says_is_in_french() -> None:
    from kgcompare.formats.tables import STATUS

    said = _messages_in_python() | set(STATUS.values())
    assert said - {id_ for id_, text in _translated().items() if text} == set()


def test_translations_fill_in_the_same_names() -> None:
    holes = re.compile(r"\{(\w+)\}")
    for message, text in _translated().items():
        assert sorted(holes.findall(message)) == sorted(holes.findall(text)), message
