"""Words as they are sorted, sought and compared: without case, accents, ligatures, hyphens and inflection.

Source: Unicode Standard Annex #15 (NFKD); Porter, "Snowball", with the stemmers of PyPI's snowballstemmer, which
takes PyStemmer where that is installed: the same in C, forty times as fast.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from threading import Lock
from typing import Any

SIGNS = "+#*%@<>=±×÷$€£¥"
"""Signs that make another name of a word: k-means and k-means++, C, C# and C++. Other ones are punctuation."""
_BASE = re.compile(r"LATIN SMALL (?:LETTER|LIGATURE) (?:DOTLESS )?([A-Z]{1,2})(?: WITH .*)?")
_OTHERS = {"þ": "th", "ð": "d", "ŋ": "n", "ə": "e"}
_MOST_KEPT = 50_000
_SHORT = 3
"""Letters of words that are never inflected: most are abbreviations."""
_POSSESSIVE = re.compile(r"['’ʼ`´′](?<=\w.)(?=[sS]\b)")
_JOINT = re.compile(r"[-‐‑‒–’'ʼ.](?<=\w.)(?=\w)")
"""What begins with a look behind would be tried at every letter."""
_GREEK = re.compile(r"(?<![^\W\d_])[α-ω](?![^\W\d_])")
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Scripts without spaces between words: Thai, Lao, Burmese, Khmer, Chinese and Japanese."""
_WITH_SPACES = re.compile(rf"[^\W_]+|[{re.escape(SIGNS)}]+")
"""The words and signs of a text that has no letter from the first of these scripts on."""
_FIRST_SPACELESS = "\u0900"
_PIECES, _LONG = 20_000, 40
"""Pieces between spaces that are kept taken apart, and letters beyond which one is not kept."""
_SPACELESS_START = re.compile(f"[{_SPACELESS}]")
_PART = re.compile(
    rf"[{_SPACELESS}]+|(?:(?![{_SPACELESS}])(?:[^\W_]|[\u0900-\u0963\u0966-\u0dff]))+|[{re.escape(SIGNS)}]+"
)


class _Folds(dict[int, str]):
    """What stands for each character, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        if len(self) > _MOST_KEPT:
            self.clear()
        whole = unicodedata.normalize("NFKD", chr(code).casefold())
        bare = "".join(map(_base, (char for char in whole if not unicodedata.combining(char))))
        self[code] = folded = unicodedata.normalize("NFC", bare)
        return folded


def _base(char: str) -> str:
    """The plain letters for a letter with a stroke, a ligature and such."""
    if char in _OTHERS or char.isascii():
        return _OTHERS.get(char, char)
    match = _BASE.fullmatch(unicodedata.name(char, ""))
    return match[1].lower() if match else char


_FOLDS = _Folds()


def fold(text: str) -> str:
    """A text as it is sorted: without case, diacritics, ligatures and letters of other widths and heights."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


def plain(text: str) -> str:
    """The words and signs of a text as they are compared, with spaces between; what is seen of it where it has none.

    A Greek letter by itself is its name: χ² is chi2.
    """
    pieces = text.split()
    read = _kept_plain if max(map(len, pieces), default=0) <= _LONG else _plain_piece
    return " ".join(filter(None, map(read, pieces))) or _seen(fold(text))


def _seen(text: str) -> str:
    """A text without what shows nothing, such as control characters, which no index takes into one token."""
    return " ".join(filter(None, ("".join(filter(str.isprintable, piece)) for piece in text.split())))


def _plain_piece(piece: str) -> str:
    """The words and signs of what stands between spaces, with spaces between."""
    folded = fold(_POSSESSIVE.sub("", piece))
    if not folded.isascii():
        folded = _GREEK.sub(lambda found: unicodedata.name(found[0]).split()[-1].lower(), folded)
    pattern = _WITH_SPACES if max(folded, default="") < _FIRST_SPACELESS else _PART
    return " ".join(pattern.findall(folded))


_kept_plain = lru_cache(maxsize=_PIECES)(_plain_piece)
"""Texts have few words that differ: to take each apart once makes an index in half the time."""


def compact(text: str) -> str:
    """A text without anything between its words and signs: all ways to write k-means are one."""
    return plain(text).replace(" ", "")


def words(text: str) -> list[str]:
    """The words and signs of a plain text; pairs of letters in scripts without spaces."""
    if text.isascii():
        return text.split()
    found: list[str] = []
    for word in text.split():
        if len(word) > 2 and _SPACELESS_START.match(word):
            found += [word[at : at + 2] for at in range(len(word) - 1)]
        else:
            found.append(word)
    return found


def compounds(text: str) -> list[str]:
    """The parts of a text that hyphens, dots and apostrophes hold together, each as one word: kmeans, tsne."""
    return [compact(part) for part in text.split() if _JOINT.search(part)] if _JOINT.search(text) else []


_STEMMING = Lock()
"""A stemmer holds the word that it is at: threads take turns."""


@lru_cache(maxsize=10_000)
def stem(word: str, lang: str) -> str:
    """A plain word without its inflection, as far as the language has a stemmer; the word itself otherwise."""
    stemmer = _stemmer(lang.partition("-")[0]) if len(word) > _SHORT and word.isalpha() else None
    if stemmer is None:
        return word
    with _STEMMING:
        return str(stemmer.stemWord(word))


@cache
def _stemmer(lang: str) -> Any:
    import snowballstemmer
    from babel import Locale

    name = str(Locale("en").languages.get(lang or "en", "")).lower()
    return snowballstemmer.stemmer(name) if name in snowballstemmer.algorithms() else None
