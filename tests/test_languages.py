"""The order of fallback, tags, Accept-Language, and the interface's own messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from kgcompare import ingest
from kgcompare.errors import UsageError
from kgcompare.text import languages
from kgcompare.text.languages import translate, translate_plural
from kgcompare.web.app import create_app
from kgcompare.web.negotiation import choose_language
from kgcompare.web.settings import Settings


@pytest.mark.parametrize(
    ("lang", "texts", "shown"),
    [
        ("fr", {"fr": "f", "en": "e", "de": "d"}, "fr"),
        ("fr-CA", {"fr": "f", "en": "e"}, "fr"),
        ("fr-CA", {"fr-CA": "c", "fr": "f"}, "fr-CA"),
        ("FR-ca", {"fr-CA": "c", "fr": "f"}, "fr-CA"),
        ("fr", {"en": "e", "de": "d"}, "en"),
        ("fr", {"fr-CA": "c", "en": "e"}, "fr-CA"),
        ("fr-BE", {"fr-CA": "c", "en": "e", "": "p"}, "fr-CA"),
        ("fr-BE", {"fr-CA": "c", "fr": "f"}, "fr"),
        ("fr", {"en-GB": "g", "": "p", "de": "d"}, "en-GB"),
        ("iw", {"iw": "old", "he": "new", "en": "e"}, "iw"),
        ("he", {"iw": "old", "he": "new", "en": "e"}, "he"),
        ("iw", {"he": "new", "en": "e"}, "he"),
        ("he-IL", {"iw": "old", "en": "e"}, "iw"),
        ("he", {"iw-IL": "old", "en": "e"}, "iw-IL"),
        ("zh-Hant-TW", {"zh-Hant-HK": "h", "zh-Hans": "s", "en": "e"}, "zh-Hant-HK"),
        ("zh-TW", {"zh-Hans": "s", "zh-Hant": "t"}, "zh-Hant"),
        ("zh-HK", {"zh": "z", "zh-Hant": "t"}, "zh-Hant"),
        ("zh-Hant", {"zh-CN": "c", "zh-TW": "t", "en": "e"}, "zh-TW"),
        ("zh-CN", {"zh-Hans": "s", "zh-Hant": "t"}, "zh-Hans"),
        ("sr-ME", {"sr-Cyrl": "c", "sr-Latn": "l"}, "sr-Latn"),
        ("pt-PT", {"pt-BR": "b", "en": "e"}, "pt-BR"),
        ("nb", {"nb": "b", "no": "n"}, "nb"),
        ("fr", {"": "plain", "de": "d"}, ""),
        ("fr", {"fr-CA": "c", "de": "d"}, "fr-CA"),
        ("fr", {"zh": "z", "de": "d"}, "de"),
        ("zh-Hant-TW", {"zh-Hant": "t", "zh": "z"}, "zh-Hant"),
    ],
)
def test_the_fixed_order_of_fallback(lang: str, texts: dict[str, str], shown: str) -> None:
    assert languages.best(texts, lang) == (shown, texts[shown])


def test_a_name_in_another_variant_of_the_language_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        "<https://w3id.org/kgcompare/id/method/m> a kgc:Method ;"
        ' skos:prefLabel "English name"@en, "Nom québécois"@fr-CA, "עברית"@iw, "Bokmål"@nb .',
        encoding="utf-8",
    )
    ingest.create_store(tmp_path / "store")
    ingest.import_files(tmp_path / "store", [tmp_path / "a.ttl"], ingest.Options(trust=True))
    client = create_app(Settings(store=tmp_path / "store")).test_client()

    def shown(asked: str = "", header: str = "") -> tuple[str, str]:
        address = "/method/m.json" + (f"?lang={asked}" if asked else "")
        found = client.get(address, headers={"Accept-Language": header}).get_json()
        return found["label"], found["lang"].lower()

    for asked in ("fr", "fr-CA", "fr-BE"):
        assert shown(asked) == shown(header=asked) == ("Nom québécois", "fr-ca")
    for asked in ("iw", "IW", "he", "he-IL"):
        assert shown(asked) == ("עברית", "iw")
    assert shown("nb") == ("Bokmål", "nb")
    assert shown("de") == ("English name", "en")


def test_no_text_at_all() -> None:
    assert languages.best({}, "fr") is None


@given(
    st.dictionaries(st.sampled_from(["", "en", "fr", "fr-CA", "de", "pt-BR", "zh-Hant"]), st.text(), min_size=1),
    st.sampled_from(["en", "fr", "fr-CA", "de-AT", "pt", "zh"]),
)
def test_there_is_always_something_to_show_whatever_the_order(texts: dict[str, str], lang: str) -> None:
    shown = languages.best(texts, lang)
    assert shown is not None
    assert texts[shown[0]] == shown[1]
    assert languages.best(dict(reversed(texts.items())), lang) == shown


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("fr", "fr"),
        ("FR", "fr"),
        ("iw", "iw"),
        ("sr-latn", "sr-Latn"),
        ("fr_ca", "fr-CA"),
        ("pt-br", "pt-BR"),
        ("zh-hant", "zh-Hant"),
    ],
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
    assert choose_language(header) == lang


def test_accept_language_among_the_languages_of_a_thing() -> None:
    assert choose_language("de-CH, en;q=0.2", ("en", "de")) == "de"


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


def test_numbers_are_grouped_as_a_language_does() -> None:
    assert languages.grouped("en", 12345) == "12,345"
    assert languages.grouped("fr", 12345) == "12\u202f345"


# -- messages: plural forms and contexts -----------------------------------------------------------

MESSAGES = Path(__file__).parent / "data" / "messages"


@pytest.fixture
def more_languages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The interface speaks Polish and Arabic too, as far as the tests' own messages go."""

    def anew() -> None:
        for kept in (languages.interface_languages, languages.normalise, choose_language):
            kept.cache_clear()

    with monkeypatch.context() as patch:
        patch.setattr(languages, "MESSAGES", (*languages.MESSAGES, MESSAGES))
        anew()
        yield
    anew()


ENTRIES = ("{count} entry", "{count} entries")


@pytest.mark.parametrize(
    ("lang", "count", "text"),
    [
        ("en", 0, "0 entries"),
        ("en", 1, "1 entry"),
        ("en-GB", 2, "2 entries"),
        ("fr", 0, "0 entrée"),
        ("fr", 1, "1 entrée"),
        ("fr-CA", 2, "2 entrées"),
        ("pl", 0, "0 wpisów"),
        ("pl", 1, "1 wpis"),
        ("pl", 2, "2 wpisy"),
        ("pl", 4, "4 wpisy"),
        ("pl", 5, "5 wpisów"),
        ("pl", 12, "12 wpisów"),
        ("pl", 21, "21 wpisów"),
        ("pl", 22, "22 wpisy"),
        ("pl", 112, "112 wpisów"),
        ("ar", 0, "لا مداخل"),
        ("ar", 1, "مدخل واحد"),
        ("ar", 2, "مدخلان"),
        ("ar", 3, "3 مداخل"),
        ("ar", 10, "10 مداخل"),
        ("ar", 11, "11 مدخلًا"),
        ("ar", 99, "99 مدخلًا"),
        ("ar", 100, "100 مدخل"),
        ("ar", 102, "102 مدخل"),
        ("ar", 103, "103 مداخل"),
        ("de", 1, "1 entry"),
    ],
)
@pytest.mark.usefixtures("more_languages")
def test_each_number_has_the_plural_form_of_its_language(lang: str, count: int, text: str) -> None:
    assert translate_plural(lang, *ENTRIES, count) == text


@pytest.mark.parametrize(
    ("lang", "context", "one", "five", "all_of_them"),
    [
        ("en", "method", "1 method", "5 methods", "See all methods"),
        ("en", "telescope", "1 entry", "5 entries", "See all"),
        ("fr", "method", "1 méthode", "5 méthodes", "Voir toutes les méthodes"),
        ("fr", "telescope", "1 entrée", "5 entrées", "Tout voir"),
        ("fr", "", "1 entrée", "5 entrées", "Tout voir"),
        ("pl", "method", "1 metoda", "5 metod", "See all"),
        ("pl", "telescope", "1 wpis", "5 wpisów", "See all"),
    ],
)
@pytest.mark.usefixtures("more_languages")
def test_a_kind_of_thing_is_spoken_of_in_words_of_its_own_where_there_are_any(
    lang: str, context: str, one: str, five: str, all_of_them: str
) -> None:
    assert translate_plural(lang, *ENTRIES, 1, context=context) == one
    assert translate_plural(lang, *ENTRIES, 5, context=context) == five
    assert translate(lang, "See all", context=context) == all_of_them


@pytest.mark.usefixtures("more_languages")
def test_a_number_may_be_written_otherwise_than_it_counts() -> None:
    assert translate_plural("pl", *ENTRIES, 1234, count=languages.grouped("fr", 1234)) == "1\u202f234 wpisy"
    said = "{differing} of {compared} compared rows differs", "{differing} of {compared} compared rows differ"
    assert translate_plural("en", *said, 1, differing=1, compared=8) == "1 of 8 compared rows differs"
    assert translate_plural("pl", *said, 2, differing=2, compared=8) == "2 z 8 porównanych wierszy różnią się"


@pytest.mark.usefixtures("more_languages")
def test_pages_in_languages_with_other_plurals_and_another_direction(small_store: Path) -> None:
    client = create_app(Settings(store=small_store)).test_client()

    def page(address: str) -> str:
        return client.get(address, headers={"Accept": "text/html"}).get_data(as_text=True)

    arabic = page("/methods?q=lasso&lang=ar")
    assert '<html lang="ar" dir="rtl">' in arabic
    assert ">انتقل إلى المحتوى</a>" in arabic
    assert "مدخل واحد" in arabic
    polish = page("/methods?lang=pl")
    assert '<html lang="pl" dir="ltr">' in polish
    assert translate_plural("pl", *ENTRIES, small_methods(client), context="method") in polish
    assert '"1 podpowied\\u017a","2 podpowiedzi"' in polish.replace('", "', '","')
    assert ">Polski</a>" in polish
    assert ">العربية</a>" in polish


def small_methods(client: FlaskClient) -> int:
    """How many methods the small catalogue has."""
    total = client.get("/methods.json").get_json()["total"]
    assert isinstance(total, int)
    return total
