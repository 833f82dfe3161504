"""Words as they are sorted and sought."""

from __future__ import annotations

import re
import unicodedata


def fold(text: str) -> str:
    """A text as it is sorted: without case and diacritics."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def match_expression(text: str) -> str:
    """An FTS5 expression for words that somebody typed: all of them, the last one as a prefix."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text[:200]))
    quoted = [f'"{word}"' for word in words[:12]]
    if quoted and not text.endswith(" "):
        quoted[-1] += "*"
    return " ".join(quoted)
