"""Sentences put together from patterns and names, of which each name knows where in the text it stands.

Source: Unicode CLDR, list patterns (by babel).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from kgcompare.text.languages import speaks, translate, translate_plural

if TYPE_CHECKING:
    from babel import Locale

_PLACE = re.compile(r"\{([01])\}")
_MARK = re.compile("\ufdd0(\\d+)\ufdd1")
"""A name that is not yet written out: characters that no text has, around its number."""
_ELIDED = re.compile("\\b([dq]u?)e (?=\ufdd0(\\d+)\ufdd1)", re.IGNORECASE)
_VOWELS = "aàâäæeéèêëiîïoôöœuùûü"
"""Letters before which French elides; h and y are left alone, as only a dictionary knows which of them do."""
_LOCALES = {"en": "en-GB"}
"""Where lists are written as nowhere else in the language: English ones without a comma before "and"."""
_NAMED = 4
"""Names of a list up to which all are named; of more, one fewer and how many others there are."""
TOGETHER = (
    "both",
    "all three",
    "all four",
    "all five",
    "all six",
    "all seven",
    "all eight",
    "all nine",
    "all ten",
)
"""What two to ten things together are called; the key to its translations."""

_Stretch = tuple[str, str | None, str | None]
"""A stretch of text, the IRI of the thing that it names, and the language of its text where that is another one."""


class Phrases:
    """Words of one language for the sentences of one text."""

    def __init__(self, lang: str) -> None:
        """Speaks as the interface does to a reader of *lang*: ``lang`` is the language then."""
        self.lang = speaks(lang)
        self._names: list[_Stretch] = []

    def name(self, text: str, iri: str | None, lang: str | None) -> str:
        """What stands for a name until :meth:`pieces` writes it out."""
        self._names.append((text, iri, lang if lang != self.lang else None))
        return f"\ufdd0{len(self._names) - 1}\ufdd1"

    def listed(self, names: Sequence[str]) -> str:
        """Names as a list in prose; of many the first, and how many others there are."""
        shown = list(names if len(names) <= _NAMED else names[: _NAMED - 1])
        if len(shown) < len(names):
            rest = len(names) - len(shown)
            shown.append(translate_plural(self.lang, "{count} other", "{count} others", rest))
        return self.all(shown)

    def all(self, parts: Sequence[str]) -> str:
        """Parts as a list in prose, however many there are."""
        from babel.lists import format_list

        return parts[0] if len(parts) == 1 else format_list(list(parts), locale=_locale(self.lang))

    def all_of(self, count: int) -> str:
        """What two to ten things together are called: "both", "all three"."""
        return translate(self.lang, TOGETHER[count - 2])

    def fill(self, pattern: str, *parts: str) -> str:
        """A pattern with what stands for ``{0}`` and ``{1}``; nothing else in it means anything."""
        return _PLACE.sub(lambda place: parts[int(place[1])] if int(place[1]) < len(parts) else "", pattern)

    def sentence(self, clauses: Sequence[str]) -> list[_Stretch]:
        """Clauses as one sentence, with a capital, in pieces."""
        text = clauses[0]
        for clause in clauses[1:]:
            text = translate(self.lang, "{first}; {second}", first=text, second=clause)
        text = text[:1].upper() + text[1:]
        if self.lang == "fr":
            text = _ELIDED.sub(self._elided, text)
        stops = text.endswith("\ufdd1") and self._names[int(_MARK.findall(text)[-1])][0].endswith(".")
        pieces: list[_Stretch] = []
        for at, part in enumerate(_MARK.split(text if stops else text + ".")):
            if part:
                pieces.append(self._names[int(part)] if at % 2 else (part, None, None))
        return pieces

    def _elided(self, found: re.Match[str]) -> str:
        begins = self._names[int(found[2])][0][:1].lower()
        return f"{found[1]}’" if begins and begins in _VOWELS else found[0]


@cache
def _locale(lang: str) -> Locale:
    from babel import Locale

    return Locale.parse(_LOCALES.get(lang, lang), sep="-")
