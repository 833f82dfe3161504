"""Whether a literal is well-formed: of the characters, the datatype and the language tag that it may have.

Datatypes are those that XSD 1.1 and RDF 1.1 define; a literal of any other is taken as it is. XSD's rules for white
space apply to XML documents; in RDF a literal has to be in the datatype's lexical space as it stands.

Source: W3C XML Schema Definition Language (XSD) 1.1 Part 2, sections 3.3 and 3.4 (lexical spaces, facets), appendix D.2
(days of months); RDF 1.1 Concepts, section 5; RFC 5646, section 2.1 (language tags, which the engine's parsers hold);
XML 1.0, section 2.2 (characters).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, partial
from xml.parsers import expat

from pyoxigraph import Literal

from kgcompare.rdf.namespaces import PREFIXES

_RDF, _XSD = PREFIXES["rdf"], PREFIXES["xsd"]
NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""A character that no XML document can have (XML 1.0, section 2.2)."""


def without_controls(text: str) -> str:
    """A text with the sign of a replaced character for each that XML and pages do not have."""
    return NOT_XML.sub("\ufffd", text)


def fault(literal: Literal) -> str | None:
    """What is wrong with a literal and what would be right, as a sentence; None where nothing is."""
    text, datatype = literal.value, literal.datatype.value
    if found := NOT_XML.search(text):
        return f"the character U+{ord(found[0]):04X} cannot be in a text (XML 1.0, section 2.2); leave it out"
    if literal.language is not None:
        if literal.direction is not None:
            return f'a text with a base direction (RDF 1.2) is not accepted; write "..."@{literal.language}'
        return None
    if datatype.startswith(_XSD):
        name = datatype.removeprefix(_XSD)
        rule = _RULES.get(name)
        return None if rule is None or rule[0](text) else f"{_quoted(text)} is no xsd:{name}; it must be {rule[1]}"
    if datatype.startswith(_RDF):
        name = datatype.removeprefix(_RDF)
        rule = _OF_RDF.get(name)
        return None if rule is None or rule[0](text) else f"{_quoted(text)} is no rdf:{name}; {rule[1]}"
    return None


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 100 else text[:99] + "…")


# -- XSD -----------------------------------------------------------------------------------------------

Test = Callable[[str], object]
"""Tells whether a text is in a lexical space: true in the sense of Python where it is."""


def _like(pattern: str) -> Test:
    """Whether a text is like *pattern*, compiled when first asked: all take 60 ms, and who only reads needs none."""
    compiled = cache(partial(re.compile, rf"(?:{pattern})\Z"))
    return lambda text: compiled().match(text)


_INTEGER = _like("[-+]?[0-9]+")


def _whole(least: int | None, most: int | None) -> Test:
    def within(text: str) -> bool:
        if not _INTEGER(text):
            return False
        sign, digits = text[:1] == "-", text.lstrip("+-").lstrip("0")
        if len(digits) > 20:
            return (least if sign else most) is None
        number = int(f"-{digits or 0}" if sign else digits or "0")
        return (least is None or least <= number) and (most is None or number <= most)

    return within


_YEAR = "-?(?:[1-9][0-9]{3,}|0[0-9]{3})"
_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = "(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_ZONE = "(?:Z|[-+](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATED = re.compile("(?P<year>-?[0-9]{4,}|-)-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")


def _on_a_day(pattern: str) -> Test:
    """Like *pattern*, and on a day that its month has (appendix D.2)."""
    like = _like(pattern)

    def there(text: str) -> bool:
        found = _DATED.match(text) if like(text) else None
        if found is None:
            return False
        month, day = int(found["month"]), int(found["day"])
        if (month, day) != (2, 29) or found["year"] == "-":
            return day <= _DAYS[month - 1]
        year = int(found["year"][-4:])  # 10,000 is a multiple of 400
        return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)

    return there


_START = (
    ":A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHAR = _START + "\\-.0-9\xb7\u0300-\u036f\u203f\u2040"
_NCNAME = f"[{_START[1:]}][{_CHAR[1:]}]*"
_FLOAT = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][-+]?[0-9]+)?|[-+]?INF|NaN"
_CLOCK = r"T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?"
_B64 = "(?:[A-Za-z0-9+/] ?)"
_B64_END = f"{_B64}{{3}}[A-Za-z0-9+/]|{_B64}{{2}}[AEIMQUYcgkosw048] ?=|{_B64}[AQgw] ?= ?="
_COLLAPSED = r"(?:[^ \t\r\n]+(?: [^ \t\r\n]+)*)?"

_RULES: dict[str, tuple[Test, str]] = {
    "boolean": (_like("true|false|1|0"), "true, false, 1 or 0"),
    "decimal": (_like(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"), "a number such as -1.5, without an exponent"),
    "float": (_like(_FLOAT), "a number such as -1.5E3, INF, -INF or NaN"),
    "double": (_like(_FLOAT), "a number such as -1.5E3, INF, -INF or NaN"),
    "date": (_on_a_day(f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}?"), "a day that there is, such as 1996-02-29"),
    "dateTime": (
        _on_a_day(f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}?"),
        "a day and time such as 1996-02-29T12:30:00Z",
    ),
    "dateTimeStamp": (
        _on_a_day(f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}"),
        "a day and time with a time zone, such as 1996-02-29T12:30:00Z",
    ),
    "time": (_like(f"{_TIME}{_ZONE}?"), "a time such as 12:30:00"),
    "gYear": (_like(f"{_YEAR}{_ZONE}?"), "a year of four digits or more, such as 1996"),
    "gYearMonth": (_like(f"{_YEAR}-{_MONTH}{_ZONE}?"), "a year and month such as 1996-02"),
    "gMonth": (_like(f"--{_MONTH}{_ZONE}?"), "a month such as --02"),
    "gMonthDay": (_on_a_day(f"--{_MONTH}-{_DAY}{_ZONE}?"), "a month and day such as --02-29"),
    "gDay": (_like(f"---{_DAY}{_ZONE}?"), "a day of a month such as ---29"),
    "duration": (
        _like(rf"-?P(?=[0-9T])(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:{_CLOCK})?"),
        "a duration such as P1Y2M3DT4H5M6.7S",
    ),
    "yearMonthDuration": (_like("-?P(?=[0-9])(?:[0-9]+Y)?(?:[0-9]+M)?"), "a duration such as P1Y2M"),
    "dayTimeDuration": (_like(rf"-?P(?=[0-9T])(?:[0-9]+D)?(?:{_CLOCK})?"), "a duration such as P3DT4H5M6.7S"),
    "hexBinary": (_like("(?:[0-9A-Fa-f]{2})*"), "pairs of hexadecimal digits, such as 0FB7"),
    "base64Binary": (
        _like(rf"(?!.* \Z)(?:{_B64}{{4}})*(?:{_B64_END})?"),
        "Base64 in groups of four, such as Zm9v",
    ),
    "anyURI": (_like(_COLLAPSED), "an address without spaces around it, tabs and line ends"),
    "language": (_like("[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"), "a language tag such as en or pt-BR"),
    "normalizedString": (_like("[^\t\r\n]*"), "a text without tabs and line ends"),
    "token": (_like(_COLLAPSED), "a text without spaces around it, double spaces, tabs and line ends"),
    "Name": (_like(f"[{_START}][{_CHAR}]*"), "an XML name"),
    "NMTOKEN": (_like(f"[{_CHAR}]+"), "an XML name token"),
    "NMTOKENS": (_like(f"[{_CHAR}]+(?: [{_CHAR}]+)*"), "XML name tokens with a space between them"),
    "QName": (_like(f"(?:{_NCNAME}:)?{_NCNAME}"), "an XML name with a prefix or without"),
    "NOTATION": (_like(f"(?:{_NCNAME}:)?{_NCNAME}"), "an XML name with a prefix or without"),
    **{name: (_like(_NCNAME), "an XML name without a colon") for name in ("NCName", "ID", "IDREF", "ENTITY")},
    **{
        name: (_like(f"{_NCNAME}(?: {_NCNAME})*"), "XML names with a space between them")
        for name in ("IDREFS", "ENTITIES")
    },
    **{
        name: (_whole(least, most), "a whole number" + limits)
        for name, least, most, limits in (
            ("integer", None, None, " such as -15"),
            ("nonNegativeInteger", 0, None, " from 0 on"),
            ("positiveInteger", 1, None, " from 1 on"),
            ("nonPositiveInteger", None, 0, " up to 0"),
            ("negativeInteger", None, -1, " up to -1"),
            *((name, -(2 ** (n - 1)), 2 ** (n - 1) - 1, f" from {-(2 ** (n - 1))} to {2 ** (n - 1) - 1}")
              for name, n in (("byte", 8), ("short", 16), ("int", 32), ("long", 64))),
            *((name, 0, 2**n - 1, f" from 0 to {2**n - 1}")
              for name, n in (("unsignedByte", 8), ("unsignedShort", 16), ("unsignedInt", 32), ("unsignedLong", 64))),
        )
    },
}  # fmt: skip
"""Whether a text is in the lexical space of a datatype of XSD, and how it should be."""


# -- RDF -----------------------------------------------------------------------------------------------


def _is_json(text: str) -> bool:
    """Whether a text is JSON (RFC 8259), nested no deeper than Python's reader follows."""

    def refuse(_: str) -> None:
        raise ValueError

    try:
        json.loads(text, parse_constant=refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _is_xml(text: str) -> bool:
    """Whether a text can stand between two tags of an XML document with namespaces (RDF 1.1 Concepts, 5.3)."""
    parser = expat.ParserCreate("utf-8", " ")
    try:
        parser.Parse(f"<x>{text}</x>".encode(), True)
    except expat.ExpatError:
        return False
    return True


def _never(_: str) -> bool:
    return False


_OF_RDF: dict[str, tuple[Test, str]] = {
    "JSON": (_is_json, "it must be JSON (RFC 8259)"),
    "XMLLiteral": (_is_xml, "it must be well-formed between two tags, with its namespaces declared"),
    "langString": (_never, 'a text in a language is written "..."@en'),
    "dirLangString": (_never, 'a text in a language is written "..."@en, without a direction'),
    "PlainLiteral": (_never, 'a text is written "..." or "..."@en'),
}
"""The same of RDF's own datatypes; any text is an rdf:HTML."""
