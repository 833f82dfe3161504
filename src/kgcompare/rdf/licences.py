"""Licences: the IRIs of those that have a short name, and what an IRI is called.

Source: SPDX License List (the short names); creativecommons.org and opendatacommons.org (the IRIs).
"""

from __future__ import annotations

import re

from pyoxigraph import NamedNode

from kgcompare.errors import Seam, UsageError
from kgcompare.rdf.namespaces import is_web

_CC = "https://creativecommons.org/"
_CC_NAME = re.compile(r"CC-(BY(?:-NC)?(?:-ND|-SA)?)-(1\.0|2\.0|2\.5|3\.0|4\.0)", re.IGNORECASE)
_CC_IRI = re.compile(r"https?://creativecommons\.org/licenses/([a-z-]+)/([0-9.]+)(?:/.*)?")
_ODC, _SPDX = "https://opendatacommons.org/licenses/", "https://spdx.org/licenses/"
_NAMED = {
    "CC0-1.0": _CC + "publicdomain/zero/1.0/",
    "CC-PDM-1.0": _CC + "publicdomain/mark/1.0/",
    "ODbL-1.0": _ODC + "odbl/1-0/",
    "ODC-By-1.0": _ODC + "by/1-0/",
    "PDDL-1.0": _ODC + "pddl/1-0/",
} | {
    name: _SPDX + name
    for name in (
        *("etalab-2.0", "OGL-UK-3.0", "OGL-Canada-2.0", "NLOD-2.0", "DL-DE-BY-2.0", "DL-DE-ZERO-2.0"),
        *("CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "GFDL-1.3-or-later", "MIT", "Apache-2.0"),
    )
}
"""Short name -> IRI of the licences that data usually have, beside those of Creative Commons."""
_SHOWN = {"CC0-1.0": "CC0 1.0", "CC-PDM-1.0": "Public Domain Mark 1.0"}
PUBLIC_DOMAIN = ("CC0 1.0", "Public Domain Mark 1.0", "PDDL-1.0")
"""What licences are called that let anybody do anything."""
_LONGEST = 2000


def checked_licence(text: str) -> str:
    """The IRI of a licence: what is given, or that of a short name such as ``CC-BY-4.0``.

    :raises UsageError: if it is neither.
    """
    text = text.strip()
    short = re.sub(r"\s+", "-", text)
    if found := _CC_NAME.fullmatch(short):
        return f"{_CC}licenses/{found[1].lower()}/{found[2]}/"
    if known := next((iri for name, iri in _NAMED.items() if name.lower() == short.lower()), None):
        return known
    unknown = UsageError(
        f"{text[:200]!r} is no licence that is known here; give its address (https://...) or one of "
        f"CC-BY-4.0, CC-BY-SA-4.0 and their like, {', '.join(_NAMED)}"
    )
    if not is_web(text) or len(text) > _LONGEST or re.search(r"[{}\s]", text):
        raise unknown
    with Seam((ValueError,), lambda _: unknown):
        return NamedNode(text).value


def licence_name(licence: str) -> str:
    """What a licence is called (``CC BY 4.0``); its IRI where that is not known."""
    if found := _CC_IRI.fullmatch(licence):
        return f"CC {found[1].upper()} {found[2]}"
    bare = licence.removeprefix("https:").removeprefix("http:").rstrip("/")
    for name, known in _NAMED.items():
        if known.removeprefix("https:").rstrip("/") == bare:
            return _SHOWN.get(name, name)
    return licence
