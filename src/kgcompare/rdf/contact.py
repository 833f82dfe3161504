"""To whom mistakes in a catalogue are told: an address to write to, with what the report is about filled in.

Source: RFC 6570 (URI Template), sections 3.2.2, 3.2.8 and 3.2.9 (``{name}``, ``{?name,name}``, ``{&name,name}``);
RFC 6068 (mailto); the new-issue pages of GitHub, Forgejo and GitLab.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from kgcompare.errors import UsageError

PARTS = ("iri", "row", "value", "address", "title", "body")
"""What can be filled in: the record's IRI, the name of a row, what stands there, the page, and a report of all that."""
_LONGEST = 2000
_EXPRESSION = re.compile(r"\{([?&]?)([a-z]+(?:,[a-z]+)*)\}", re.ASCII)
_MAIL = re.compile(r"(?:mailto:)?([\w.!#$'*+/=^`|~-]+@[\w-]+(?:\.[\w-]+)*)(\?[^#]*|\{\?.*)?", re.ASCII)
_WEB = re.compile(r"https?://[\w.:\[\]~-]+(?:(?:[/?#]|\{\?)[!#$&'()*+,./:;=?@\[\]\w~%{}-]*)?", re.ASCII)
_ISSUES = {"/-/issues/new": "issue[title] issue[description]", "/issues/new": "title body"}
"""How pages for new issues end, and what their title and text are called there."""


def checked_contact(text: str) -> str:
    """A contact in full: an http, https or mailto address, or a template of one.

    A mere address of a mailbox gets its scheme; that, and a page for new issues, get what fills in title and text.

    :raises UsageError: for anything else.
    """
    text = text.strip()
    mail, web = _MAIL.fullmatch(text), _WEB.fullmatch(text)
    names = [name for found in _EXPRESSION.finditer(text) for name in found[2].split(",")]
    braces = re.search(r"[{}]", _EXPRESSION.sub("", text))
    if len(text) > _LONGEST or not (mail or web) or braces or not set(names) <= set(PARTS):
        raise UsageError(
            f"{text[:200]!r} cannot be a contact; give the address of a mailbox, or an http, https or mailto address, "
            f"in which {{title}} and the like stand for {', '.join(PARTS)}"
        )
    if mail and not names:
        return f"mailto:{mail[1]}" + (mail[2] + "&" if mail[2] else "?") + "subject={title}&body={body}"
    return "mailto:" + text if mail and not text.startswith("mailto:") else _completed(text, bool(names))


def _completed(text: str, has_names: bool) -> str:
    page, sign, query = text.partition("?")
    said = next((names for end, names in _ISSUES.items() if page.endswith(end)), "")
    if has_names or not said:
        return text
    title, body = (quote(name, safe="") for name in said.split())
    return f"{page}?{query + '&' if sign else ''}{title}={{title}}&{body}={{body}}"


def plain_contact(contact: str) -> str:
    """The address of a contact with nothing to fill in: of the mailbox, or of the page."""
    if contact.startswith("mailto:"):
        return contact.partition("?")[0].partition("{")[0]
    return re.sub(r"(?:[?&][\w%\[\]-]*=)?\{.*", "", contact)


def contact_address(contact: str, values: Mapping[str, str]) -> str:
    """The address to write to: a contact with *values* filled in, each encoded so that it stays one value.

    What *values* lack is left empty, or left out where names of parameters are written with it.
    """

    def expand(found: re.Match[str]) -> str:
        sign, names = found[1], found[2].split(",")
        if not sign:
            return ",".join(_encoded(values.get(name, ""), contact) for name in names)
        pairs = [f"{name}={_encoded(values[name], contact)}" for name in names if values.get(name)]
        return sign + "&".join(pairs) if pairs else ""

    return _EXPRESSION.sub(expand, contact)


def _encoded(text: str, contact: str) -> str:
    if contact.startswith("mailto:"):
        text = text.replace("\n", "\r\n")
    return quote(text, safe="", errors="replace")
