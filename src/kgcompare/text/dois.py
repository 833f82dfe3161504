"""DOIs as people write them: in any case, with a resolver or without, percent-encoded or not.

idutils, which reads DOIs too, asks for 40 schemes of identifiers and a library of ISBNs, and knows no case.

Source: DOI Handbook, sections 2.2 (syntax; a prefix may be subdivided), 2.4 (no regard to case) and 2.5.2.4 (encoding).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_WRITTEN = re.compile(
    r"(?P<address>(?:https?://)?(?:dx\.|www\.)?doi\.org/)?(?:(?:info:)?doi[:/]?\s*)?(?P<doi>10\.\d{4,9}(?:\.\d+)*/\S+)",
    re.IGNORECASE | re.ASCII,
)


def bare(text: str) -> str | None:
    """A DOI as it is written, without an address or ``doi:`` before it; None for a text that is none.

    In an address it is percent-encoded, and decoded here.
    """
    match = _WRITTEN.fullmatch(text.strip())
    return None if match is None else unquote(match["doi"]) if match["address"] else match["doi"]


def normalised(text: str) -> str | None:
    """What a DOI is compared by, such as ``10.1007/bf00058655``; None for a text that is none."""
    doi = bare(text) or bare(unquote(text))
    return unquote(doi).lower() if doi else None
