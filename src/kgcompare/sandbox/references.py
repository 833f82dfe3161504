"""Bibliographies as items: BibTeX, RIS and CSL-JSON, each said in the terms of CSL-JSON, as far as it says it.

An item has ``type``, ``title``, ``container-title``, ``volume``, ``issue``, ``page``, ``publisher``, ``DOI`` and
``URL`` as texts, ``issued`` in EDTF, and ``author`` and ``editor`` as lists of names with ``family`` and ``given``, or
``literal``; what a file does not say is not there. One with ``fault`` alone cannot be read.

Source: Oren Patashnik, BibTeXing (1988), sections 3 and 4; RIS Format Specifications (Thomson ResearchSoft, 2001);
CSL-JSON (csl-data.json of CSL 1.0.2).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from kgcompare.errors import Seam, SyntaxFault
from kgcompare.rdf.syntaxes import nests_deeply
from kgcompare.sandbox.cells import TableRow, decoded

BIBLIOGRAPHIES = {"bib": ("bib", "bibtex"), "ris": ("ris",), "csl": ("csl",)}
"""Formats of bibliographies, and what their files end in."""
_BIBTEX = {
    "article": "article-journal", "inproceedings": "paper-conference", "conference": "paper-conference",
    "incollection": "chapter", "inbook": "chapter", "book": "book", "proceedings": "book", "collection": "book",
    "phdthesis": "thesis", "mastersthesis": "thesis", "thesis": "thesis", "techreport": "report", "report": "report",
    "online": "webpage", "unpublished": "article",
}  # fmt: skip
_RIS = {
    "JOUR": "article-journal", "JFULL": "article-journal", "MGZN": "article-journal", "CPAPER": "paper-conference",
    "CONF": "paper-conference", "CHAP": "chapter", "BOOK": "book", "EDBOOK": "book", "THES": "thesis",
    "RPRT": "report", "ELEC": "webpage", "UNPB": "article",
}  # fmt: skip
_TEXTS = ("type", "title", "container-title", "volume", "issue", "page", "publisher", "DOI", "URL")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def items(file: IO[bytes], form: str) -> tuple[dict[str, str], Iterator[TableRow]]:
    """What was found of a file in a format of :data:`BIBLIOGRAPHIES`, its ``coding``, and its items with their lines.

    :raises SyntaxFault: if it is not well-formed.
    """
    text, coding = decoded(file.read())
    found = {"bib": _of_bibtex, "ris": _of_ris, "csl": _of_csl}[form](text)
    return {"coding": coding, "separator": ""}, ((line, _said(item)) for line, item in found)


def _said(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value}


def _of_bibtex(text: str) -> Iterator[TableRow]:
    import bibtexparser
    from bibtexparser.middlewares import SeparateCoAuthors

    library = bibtexparser.parse_string(text, append_middleware=[SeparateCoAuthors()])
    for block in library.failed_blocks:
        yield (block.start_line or 0) + 1, {"fault": f"an entry cannot be read: {block.error}"}
    entries = {entry.key: {field.key.lower(): field.value for field in entry.fields} for entry in library.entries}
    for entry in library.entries:
        fields = entries[entry.key]
        above = entries.get(str(fields.get("crossref", "")), {})
        inherited = {key: above[key] for key in ("year", "date", "publisher", "editor", "doi") if key in above}
        inherited |= {"booktitle": above["title"]} if "title" in above else {}
        yield entry.start_line + 1, _of_entry(entry.entry_type.lower(), {**inherited, **fields})


def _of_entry(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    from pylatexenc.latex2text import LatexNodes2Text

    decode = LatexNodes2Text(keep_braced_groups=False).latex_to_text

    def plain(*names: str) -> str:
        value = next((str(fields[name]) for name in names if fields.get(name)), "")
        return " ".join(decode(value).split())

    def verbatim(name: str) -> str:
        return re.sub(r"\\([_%&#])", r"\1", str(fields.get(name, "")).strip().strip("{}"))

    return {
        "type": _BIBTEX.get(kind, ""),
        "title": plain("title"),
        "container-title": plain("journal", "journaltitle", "booktitle"),
        "volume": plain("volume"),
        "issue": plain("number", "issue"),
        "page": plain("pages"),
        "publisher": plain("publisher", "school", "institution", "organization"),
        "DOI": verbatim("doi"),
        "URL": verbatim("url"),
        "issued": _date(plain("date") or "-".join(filter(None, (plain("year"), _month(plain("month")))))),
        "author": [_name(one, decode) for one in fields.get("author", ())],
        "editor": [_name(one, decode) for one in fields.get("editor", ())],
    }


def _name(raw: str, decode: Any) -> dict[str, str]:
    from bibtexparser.middlewares.names import parse_single_name_into_parts

    raw = raw.strip()
    if raw.startswith("{") and raw.endswith("}") and raw.count("{") == 1:
        return {"literal": decode(raw[1:-1]).strip()}
    parts = parse_single_name_into_parts(raw, strict=False)
    family, given = " ".join([*parts.von, *parts.last]), " ".join([*parts.first, *parts.jr])
    return _said({"family": decode(family).strip(), "given": decode(given).strip()})


def _month(text: str) -> str:
    found = re.fullmatch(r"(\d{1,2})|([A-Za-z]{3})[a-z]*\.?", text)
    if found and found[2]:
        return f"{_MONTHS.index(found[2].lower()) + 1:02}" if found[2].lower() in _MONTHS else ""
    return f"{int(found[1]):02}" if found else ""


def _date(text: str) -> str:
    """A date in EDTF, as far as it is one: 2014, 2014-05, 2014-05-01."""
    found = re.match(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?(?![\d])", text.strip())
    return "-".join(part.zfill(2) for part in found.groups() if part) if found else ""


def _of_ris(text: str) -> Iterator[TableRow]:
    import rispy

    starts = [at for at, line in enumerate(text.splitlines(), 1) if re.match(r"\s*TY\s+-", line)]
    with Seam((ValueError, KeyError, OSError), lambda why: SyntaxFault(f"not RIS: {why}")):
        found = rispy.loads(text)
    if len(found) != len(starts):
        raise SyntaxFault("not RIS: each reference begins with a line TY  - and ends with a line ER  -")
    for line, one in zip(starts, found, strict=True):
        pages = "-".join(filter(None, (one.get("start_page"), one.get("end_page"))))
        journal = ("secondary_title", "journal_name", "alternate_title3", "alternate_title2", "alternate_title1")
        item = {
            "type": _RIS.get(str(one.get("type_of_reference")), ""),
            "title": one.get("title") or one.get("primary_title"),
            "container-title": next((one[name] for name in journal if one.get(name)), ""),
            "volume": one.get("volume"),
            "issue": one.get("number"),
            "page": pages,
            "publisher": one.get("publisher"),
            "DOI": one.get("doi"),
            "URL": next(iter(one.get("urls", ())), ""),
            "issued": _date(str(one.get("date") or one.get("year") or one.get("publication_year") or "")),
            "author": [_of_commas(name) for name in one.get("authors") or one.get("first_authors") or ()],
            "editor": [_of_commas(name) for name in one.get("editors") or one.get("secondary_authors") or ()],
        }
        yield line, item


def _of_commas(name: str) -> dict[str, str]:
    family, comma, given = (part.strip() for part in name.partition(","))
    return _said({"family": family, "given": given.replace(",", "")}) if comma else {"literal": family}


def _of_csl(text: str) -> Iterator[TableRow]:
    if nests_deeply(text.encode()):
        raise SyntaxFault("it nests too deeply")
    with Seam((ValueError, RecursionError), lambda why: SyntaxFault(f"not JSON: {why}")):
        found = json.loads(text)
    for number, one in enumerate(found if isinstance(found, list) else [found], 1):
        if not isinstance(one, dict):
            yield 1, {"fault": f"item {number} is no object"}
            continue
        item: dict[str, Any] = {key: str(one[key]) for key in _TEXTS if isinstance(one.get(key), str | int)}
        for role in ("author", "editor"):
            named = one.get(role) if isinstance(one.get(role), list) else []
            item[role] = [_of_csl_name(name) for name in named or () if isinstance(name, dict)]
        yield 1, item | {"issued": _issued(one.get("issued"))}


def _of_csl_name(name: Mapping[str, Any]) -> dict[str, str]:
    family = " ".join(str(name[key]) for key in ("non-dropping-particle", "family") if name.get(key))
    given = " ".join(str(name[key]) for key in ("given", "dropping-particle", "suffix") if name.get(key))
    return _said({"family": family, "given": given, "literal": str(name.get("literal") or "")})


def _issued(said: Any) -> str:
    if not isinstance(said, dict):
        return ""
    parts = said.get("date-parts")
    if isinstance(parts, list) and parts and isinstance(parts[0], list):
        dates = [_date("-".join(map(str, one))) for one in parts[:2] if isinstance(one, list)]
        return "/".join(filter(None, dates))
    return _date(str(said.get("raw") or said.get("literal") or ""))
