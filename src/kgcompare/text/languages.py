"""Language tags, the order in which a missing translation is made up for, and the interface's own messages.

The fixed order: the tag asked for, also in its newer or older form (``iw``, ``he``), then the same without its region
or script, then its variants, then English in the same way, then a text without a tag, then any other by tag.

Interface texts come from ``messages/LANG.po``, English being the key. A message may stand there in a context
(``msgctxt``): a kind of thing, such as ``method``, whose readers are told the same in words of their own. The English
file has nothing else.

Source: RFC 5646 (BCP 47), RFC 4647, section 3.4 (lookup), IANA Language Subtag Registry;
GNU gettext manual, sections 11.2.5 (contexts) and 11.2.6 (plural forms).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TypeVar

from kgcompare.errors import UsageError

T = TypeVar("T")
DEFAULT = "en"
_PLAIN_TAGS = {"", "en", "fr"}
"""Tags that nearly all texts have, and that are no newer form of another: found without langcodes."""
MESSAGES = (Path(__file__).parent / "messages",)
"""The folders of the interface's messages; a language has the first file of its name."""


@lru_cache(maxsize=512)
def normalise(tag: str) -> str:
    """A BCP 47 tag as it is usually written (``FR_ca`` -> ``fr-CA``); a deprecated one stays, as records may have it.

    :raises UsageError: if it is not a well-formed tag of a language that exists.
    """
    if tag.lower() in interface_languages():
        return tag.lower()
    import langcodes

    try:
        if len(tag) <= 35 and langcodes.tag_is_valid(tag):
            return langcodes.Language.get(tag, normalize=False).to_tag()
    except (ValueError, LookupError):
        pass
    raise UsageError(f"{tag[:40]!r} is not a language tag; use one such as en, fr or pt-BR (BCP 47)")


@lru_cache(maxsize=1024)
def chain(lang: str) -> tuple[str, ...]:
    """The languages to try, best first, all in lower case; ``""`` is a text without a tag."""
    parts = lang.lower().split("-")
    tags = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys([*tags, DEFAULT, ""]))


def best(texts: Mapping[str, T], lang: str) -> tuple[str, T] | None:
    """The (tag, text) to show a reader of *lang*, or None where there is none at all."""
    if not texts:
        return None
    tag = _best(tuple(texts), lang)
    return tag, texts[tag]


@lru_cache(maxsize=1024)
def _best(tags: tuple[str, ...], lang: str) -> str:
    """The tag among some that suits a reader of *lang* best."""
    if lang in tags and not any(tag != lang and tag.lower() == lang for tag in tags):
        return lang
    return _hit({tag.lower(): tag for tag in sorted(tags, reverse=True)}, lang.lower())


def _hit(folded: Mapping[str, str], lang: str) -> str:
    """The tag among *folded*, by their small letters, that suits a reader of *lang* best."""
    if lang in folded:
        return folded[lang]
    newer = {_newer(tag): folded[tag] for tag in sorted(folded, reverse=True)}
    for wanted in (lang, DEFAULT):
        prefixes = _prefixes(wanted)
        for known, tags in ((folded, prefixes), (newer, _prefixes(_newer(wanted)))):
            for tag in tags:
                if tag in known:
                    return known[tag]
        for tag in _prefixes(_newer(wanted)):
            variants = [variant for variant in newer if variant.startswith(tag + "-")]
            if variants:
                return newer[min(variants, key=lambda variant: (_script(variant) != _script(wanted), variant))]
    return folded[min(folded)]


@lru_cache(maxsize=1024)
def _prefixes(lang: str) -> tuple[str, ...]:
    """A tag, and what is left of it without its last subtags one by one; none ends in a single letter.

    Before the bare language comes that in the script of the region: ``zh-tw``, ``zh-hant``, ``zh``.
    """
    parts = lang.split("-")
    tags = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    if len(parts) > 1 < len(parts[0]) and (script := _script(lang)) != _script(parts[0]):
        tags.insert(-1, f"{parts[0]}-{script}")
    return tuple(tag for tag in dict.fromkeys(tags) if len(tag.rpartition("-")[2]) > 1)


@lru_cache(maxsize=4096)
def _script(tag: str) -> str:
    """The script in which a language is likely written, in small letters; empty where that is not known."""
    import langcodes

    try:
        return (langcodes.Language.get(tag).maximize().script or "").lower()
    except (ValueError, LookupError):
        return ""


@lru_cache(maxsize=4096)
def _newer(tag: str) -> str:
    """A tag with its deprecated subtags replaced, in small letters; one that is no tag as it is."""
    if tag in _PLAIN_TAGS:
        return tag
    import langcodes

    try:
        return langcodes.standardize_tag(tag).lower()
    except (ValueError, LookupError):
        return tag


def matches(tag: str, lang: str) -> bool:
    """Whether a text tagged *tag* is in the language that *lang* asks for."""
    return _newer(tag.lower()).partition("-")[0] == _newer(lang.lower()).partition("-")[0]


@cache
def interface_languages() -> tuple[str, ...]:
    """The languages in which the interface itself speaks; English first."""
    tags = {path.stem for folder in MESSAGES for path in folder.glob("*.po")} - {DEFAULT}
    return (DEFAULT, *sorted(tags))


class _WithoutContext(NullTranslations):
    """Says in no context what has no translation in the context asked for."""

    def __init__(self, plain: NullTranslations) -> None:
        super().__init__()
        self._plain = plain

    def pgettext(self, context: str, message: str) -> str:  # noqa: ARG002
        return self._plain.gettext(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:  # noqa: ARG002
        return self._plain.ngettext(msgid1, msgid2, n)


@cache
def _translations(lang: str) -> NullTranslations:
    """The messages of a language in which the interface speaks; read when it first says something."""
    path = next((path for folder in MESSAGES if (path := folder / f"{lang}.po").is_file()), None)
    if path is None:
        return NullTranslations()
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        messages = read_po(file)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    translations = GNUTranslations(compiled)
    translations.add_fallback(_WithoutContext(translations))
    return translations


@cache
def locale_of(tag: str) -> str:
    """A language with the country where most people speak it, as the Open Graph protocol wants: ``fr`` is ``fr_FR``."""
    from babel.core import get_global

    name = tag.replace("-", "_")
    language, *more = str(get_global("likely_subtags").get(name, name)).split("_")
    return "_".join([language, *more[-1:]])


def translate(lang: str, message: str, /, *, context: str = "", **values: object) -> str:
    """An interface text in *lang*, English where there is no translation; ``{name}`` is filled from *values*.

    In a *context* (a kind of thing) it is the text for that; without one there, the text for all.
    """
    text = _message(speaks(lang), message, context)
    return text.format(**values) if values else text


@lru_cache(maxsize=4096)
def _message(lang: str, message: str, context: str) -> str:
    """A message in a language in which the interface speaks."""
    translations = _translations(lang)
    return translations.pgettext(context, message) if context else translations.gettext(message)


def translate_plural(lang: str, one: str, many: str, count: int, /, *, context: str = "", **values: object) -> str:
    """An interface text that speaks of *count* things, in the plural form that *lang* has for that number.

    *one* and *many* are the English text for one thing and for any other number. ``{count}`` is the number itself
    unless *values* say how it is written.
    """
    translations = _translations(speaks(lang))
    text = translations.npgettext(context, one, many, count) if context else translations.ngettext(one, many, count)
    return text.format(**{"count": count, **values})


def speaks(lang: str) -> str:
    """The language in which the interface answers a reader of *lang*."""
    known = interface_languages()
    return lang if lang in known else next((tag for tag in chain(lang) if tag in known), DEFAULT)


@lru_cache(maxsize=64)
def grouped(lang: str, value: int) -> str:
    """A whole number as a reader of *lang* groups its digits."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=speaks(lang).replace("-", "_"))


@lru_cache(maxsize=1024)
def direction(lang: str | None) -> str:
    """``"rtl"`` or ``"ltr"``: the direction in which a language is written."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(_newer((lang or DEFAULT).lower()), sep="-").text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"


@lru_cache(maxsize=64)
def autonym(lang: str) -> str:
    """What a language calls itself, with a capital; the tag where that is not known."""
    from babel import Locale, UnknownLocaleError

    try:
        name = Locale.parse(lang.replace("-", "_")).get_display_name()
    except (UnknownLocaleError, ValueError):
        return lang
    return name[:1].upper() + name[1:] if name else lang
