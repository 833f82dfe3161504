"""Sources as BibTeX, RIS and CSL-JSON, from the CSL-JSON items that a comparison or a record carries.

BibTeX is UTF-8: only what TeX takes for a command, or has no letter for, is escaped. It is written by hand because
writers such as that of bibtexparser put braces around values and leave to their caller what is hard: escaping, names,
capitals, keys.

Source: Oren Patashnik, BibTeXing (1988), sections 3 and 4; RIS Format Specifications (Thomson ResearchSoft, 2001);
CSL-JSON (csl-data.json of CSL 1.0.2).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal
from urllib.parse import quote

from kgcompare.catalogue.sources import dated
from kgcompare.formats.json import csl_object, dumps
from kgcompare.formats.tex import ESCAPES, LIGATURE, maths
from kgcompare.model import Comparison, CslItem, CslName, Record, Value
from kgcompare.rdf.addresses import doi_address
from kgcompare.rdf.namespaces import slugify

_ENTRIES = {
    "article-journal": ("article", "journal", "publisher"),
    "paper-conference": ("inproceedings", "booktitle", "publisher"),
    "chapter": ("incollection", "booktitle", "publisher"),
    "book": ("book", "series", "publisher"),
    "thesis": ("phdthesis", "series", "school"),
    "report": ("techreport", "series", "institution"),
}
"""CSL type -> entry type, and what BibTeX calls the container and the publisher there."""
_MISC = ("misc", "series", "howpublished")
_RIS = {
    "article-journal": "JOUR",
    "paper-conference": "CPAPER",
    "chapter": "CHAP",
    "book": "BOOK",
    "thesis": "THES",
    "report": "RPRT",
    "webpage": "ELEC",
    "article": "UNPB",
}
_TEX = {
    **ESCAPES,
    # Backslash and brace would still be counted as a brace by BibTeX, so braces get names.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    **{char: char for char in '<>|"'},
}


def references(shown: Comparison | Record) -> list[CslItem]:
    """The sources that a comparison or a record cites, each once, in order of appearance; of a source, itself."""
    if isinstance(shown, Record) and shown.csl is not None:
        return [shown.csl]
    if isinstance(shown, Comparison):
        values = [value for row in shown.rows for cell in row.cells for value in cell.values]
    else:
        values = [value for fact in shown.facts for value in fact.values]
    return list({item["id"]: item for value in values for item in _cited(value)}.values())


def _cited(value: Value) -> Iterator[CslItem]:
    for one in (value, *value.sources):
        if one.csl is not None:
            yield one.csl


def csl_json(items: Iterable[CslItem]) -> str:
    """A list of CSL-JSON items; the ``id`` of each is the IRI of the source."""
    return dumps([csl_object(item) for item in items])


# -- BibTeX ------------------------------------------------------------------------------------------


def bibtex(items: Iterable[CslItem]) -> str:
    """BibTeX entries with the keys of :func:`keys`; a comment where there are none."""
    named = keys(items)
    return "\n".join(_entry(key, item) for key, item in named.items()) or "% No sources are recorded.\n"


def _entry(key: str, item: CslItem) -> str:
    kind, container, publisher = _ENTRIES.get(item["type"], _MISC)
    if kind == "article" and "container-title" not in item:
        kind, container, publisher = _MISC
    fields = {
        "author": _names(item, "author"),
        "title": _title(item.get("title", "")),
        container: escaped(item.get("container-title", "")),
        "year": escaped(dated(item)).replace("–", "--"),
        "volume": escaped(item.get("volume", "")).replace("–", "--"),
        "number": escaped(item.get("issue", "")).replace("–", "--"),
        "pages": "--".join(map(escaped, pages(item))),
        "editor": _names(item, "editor"),
        publisher: escaped(item.get("publisher", "")),
        "doi": _verbatim(item.get("DOI", "")),
        "url": _verbatim(item.get("URL", "")),
    }
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
    return f"@{kind}{{{key},\n{''.join(lines)}}}\n"


def keys(items: Iterable[CslItem]) -> dict[str, CslItem]:
    """Citation keys such as ``goodfellow2014generative``: first author, year, first longer word of the title.

    Each key is of ASCII letters and digits, and depends on its source alone. Of several sources that would get the
    same one, all but the first by IRI get a number: ``goodfellow2014generative-2``.
    """
    given = list(items)
    alike: dict[str, list[str]] = {}
    for item in sorted(given, key=lambda item: str(item["id"])):
        alike.setdefault(_key(item), []).append(item["id"])
    by_key = {}
    for item in given:
        key = _key(item)
        place = alike[key].index(item["id"])
        by_key[key if place == 0 else f"{key}-{place + 1}"] = item
    return by_key


def _key(item: CslItem) -> str:
    author = next(iter(item.get("author", ())), CslName())
    name = author.get("family") or author.get("literal") or "anonymous"
    words = slugify(item.get("title", "")).split("-")
    word = next((word for word in words if len(word) > 3), words[0])
    return slugify(name).replace("-", "")[:30] + str(abs(_year(item) or 0) or "") + word[:30]


def escaped(text: str) -> str:
    """A text as a BibTeX field can hold it: on one line, with its braces balanced."""
    tex = "".join(_TEX.get(char) or maths(char) or char for char in one_line(text))
    return LIGATURE.sub(r"\g<0>{}", tex)


def _title(text: str) -> str:
    """A title whose words keep their capitals in every style, but for the one at the beginning of the first word."""
    words = one_line(text).split(" ")
    shown = [f"{{{escaped(word)}}}" if word != word.lower() else escaped(word) for word in words]
    if words[0][1:] == words[0][1:].lower():
        shown[0] = escaped(words[0])
    return " ".join(shown)


def _names(item: CslItem, role: Literal["author", "editor"]) -> str:
    names = []
    for name in item.get(role, ()):
        family, given = escaped(name.get("family", "")), escaped(name.get("given", ""))
        if family and given:
            names.append(f"{_kept(family)}, {_kept(given)}")
        elif whole := family or given or escaped(name.get("literal", "")):
            names.append(f"{{{whole}}}")
    if role == "author" and item.get("et-al"):
        names.append("others")
    return " and ".join(names)


def _kept(part: str) -> str:
    """A part of a name, in braces where BibTeX might see two parts, two names or an accent.

    It takes all up to the last word in small letters for a particle, which only those at the beginning are.
    """
    small = [word[:1].islower() for word in re.sub(r"[^\w\s]", "", part).split()]
    split = re.search(r"[,\\]|(?:^|\s)and(?:\s|$)", part, re.IGNORECASE) or small != sorted(small, reverse=True)
    return f"{{{part}}}" if split else part


def _verbatim(text: str) -> str:
    """A DOI or an address: TeX's packages take it as it is, so that escapes would be part of it."""
    return re.sub(r"[{}\\\s]", lambda char: quote(char[0]), one_line(text))


# -- RIS ---------------------------------------------------------------------------------------------


def ris(items: Iterable[CslItem]) -> str:
    """RIS references, lines ended by CR LF; nothing where there are none."""
    return "".join(f"{tag}  - {text}\r\n" for key, item in keys(items).items() for tag, text in _tagged(key, item))


def _tagged(key: str, item: CslItem) -> Iterator[tuple[str, str]]:
    kind = _RIS.get(item["type"], "GEN")
    start, *end = pages(item) or ("",)
    container, doi = item.get("container-title", ""), item.get("DOI", "")
    tags = [
        *(("AU", inverted(name)) for name in item.get("author", ())),
        ("PY", _ris_date(item)),
        ("TI", item.get("title", "")),
        ("T2", container),
        ("JO", container if kind == "JOUR" else ""),
        ("VL", item.get("volume", "")),
        ("IS", item.get("issue", "")),
        ("SP", start),
        ("EP", end[0] if end else ""),
        *(("A2", inverted(name)) for name in item.get("editor", ())),
        ("PB", item.get("publisher", "")),
        ("DO", doi),
        # A semicolon would begin another address.
        ("UR", (doi_address(doi) if doi else item.get("URL", "")).replace(";", "%3B")),
    ]
    yield "TY", kind
    yield "ID", key
    yield from ((tag, one_line(text)) for tag, text in tags if one_line(text))
    yield "ER", ""


def inverted(name: CslName) -> str:
    """A name as ``Family, Given``."""
    parts = [one_line(part) for part in (name.get("family", ""), name.get("given", ""))]
    return one_line(name.get("literal", "")) or ", ".join(filter(None, parts))


# -- what they share ---------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """A text with every run of white space as one space and without control characters."""
    kept = "".join(char for char in text if char.isspace() or unicodedata.category(char) != "Cc")
    return " ".join(kept.split())


def pages(item: CslItem) -> tuple[str, ...]:
    """The first and the last page, or the one text that is recorded where that is no range; empty for none."""
    text = one_line(item.get("page", ""))
    ends = re.fullmatch(r"([^-\s]+)\s*-+\s*([^-\s]+)", text) or re.fullmatch(r"([^–\s]+)–([^–\s]+)", text)
    return ends.groups() if ends else (text,) if text else ()


def _year(item: CslItem) -> int | None:
    """The first year of the date of publication, where CSL has it as a number."""
    parts = item.get("issued", {}).get("date-parts", [])
    return parts[0][0] if parts and parts[0] else None


def _ris_date(item: CslItem) -> str:
    """The year, and after three slashes whatever is no plain year."""
    year, said = _year(item), dated(item)
    number = f"{year:04}" if year is not None and year > 0 else ""
    return number if said == str(year) else f"{number}///{said}" if said else ""
