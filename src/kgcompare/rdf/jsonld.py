"""Contexts of JSON-LD: ours is known by its address, others are not fetched.

Source: JSON-LD 1.1, section 3.1 (the context) and 4.1 (advanced contexts); JSON-LD 1.1 Processing Algorithms, 4.1.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin

from kgcompare.errors import SyntaxFault

NOT_FETCHED = (
    "a context is named by its address, and nothing is fetched from anywhere: write the context into the document "
    'instead ("@context": {...})'
)
"""What is said of a context that would have to be fetched."""
_NAMED = re.compile(rb'"@context"\s*:\s*["\[]|"@import"')
_LOCAL = re.compile(r"https?://(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?/(?:[^?#]*/)?context\.jsonld\Z")


def inlined(data: bytes, base: str, contexts: Mapping[str, object]) -> bytes:
    """A document with the contexts that it names by address written out.

    *contexts* are the known ones: what each address leads to, the document as JSON has it. A catalogue that is tried
    out on this machine, at any port, serves the first of them.

    :raises SyntaxFault: for any other context that it names, with that.
    """
    if _NAMED.search(data) is None:
        return data
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return data  # the parser says what is wrong, and where
    for holder in _holders(document):
        holder["@context"] = _written_out(holder["@context"], base, contexts)
    return json.dumps(document).encode()


def _holders(document: object) -> Iterator[dict[str, object]]:
    """The objects of a document that have a context."""
    waiting = [document]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict):
            if "@context" in at:
                yield at
            waiting += at.values()
        elif isinstance(at, list):
            waiting += at


def _written_out(context: object, base: str, contexts: Mapping[str, object]) -> object:
    if isinstance(context, list):
        return [_written_out(one, base, contexts) for one in context]
    if isinstance(context, dict) and isinstance(context.get("@import"), str):
        imported = _written_out(context["@import"], base, contexts)
        own = {key: value for key, value in context.items() if key != "@import"}
        return imported | own if isinstance(imported, dict) else own
    if not isinstance(context, str):
        return context
    address = urljoin(base, context)
    if contexts and _LOCAL.match(address):
        address = next(iter(contexts))
    known = contexts.get(address)
    if not isinstance(known, dict):
        ours = ", or name ours: " + next(iter(contexts)) if contexts else ""
        raise SyntaxFault(f"{NOT_FETCHED}{ours}; it names {context[:200]!r}")
    return known["@context"]
