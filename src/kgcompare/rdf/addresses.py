"""Addresses for links: of DOIs, and of IRIs that may hold what no address may.

Source: DOI Handbook, section 2.5.2.4 (encoding); RFC 3987, section 3.1 (from IRI to URI); RFC 3986, section 2;
RFC 5891 (names of hosts).
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from kgcompare.rdf.namespaces import is_web

_TAIL = re.compile(r"(?=[/?#])")
_BARE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEPT = "!$&'()*+,;=:@/?#~%"
"""What an address may hold beside letters, digits and ``-._``; a percent sign only before two digits of an octet."""


def doi_address(doi: str) -> str:
    """The address at which a DOI is resolved, with all encoded that would mean something else in an address."""
    return "https://doi.org/" + quote(doi, safe="/:;()-._~!$&'*,=@")


def web_address(text: str) -> str | None:
    """An http or https IRI as an address: ASCII alone, with what may not stand there percent-encoded.

    What is encoded already stays as it is. None for what is no address of the web.
    """
    text = text.strip()
    if not is_web(text):
        return None
    scheme, _, rest = text.partition("://")
    host, *tails = _TAIL.split(rest, maxsplit=1)
    try:
        urlsplit(text)
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return None
    if not host or quote(host, safe=_KEPT + "[]") != host:
        return None
    page, sign, fragment = "".join(tails).partition("#")
    encoded = quote(page, safe=_KEPT) + sign + quote(fragment, safe=_KEPT).replace("#", "%23")
    return f"{scheme}://{host}{_BARE.sub('%25', encoded)}"
