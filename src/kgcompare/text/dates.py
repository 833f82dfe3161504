"""Extended Date/Time Format: canonical form, years it spans, and how it reads.

Source: Library of Congress, EDTF specification (2019), levels 0 and 1; ISO 8601-2:2019.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

from kgcompare.text.languages import speaks, translate

_PLAIN = re.compile(r"([0-9]{4})[~?%]?(?P<slash>/(?:([0-9]{4})[~?%]?|\.\.))?\Z")
"""Years, marked or not, and intervals of them: nearly all there is, and read without edtf's grammar (20 ms each)."""
_ONE = r"(?:[0-9]{4}-(?:0[1-9]|1[0-2])|[0-9]{4}[~?%]?|-[0-9]{4})"
_SET = re.compile(rf"(?=\[.*\]|\{{.*\}}).(?:\.\.)?{_ONE}(?:(?:\.\.|,){_ONE})*+(?:\.\.)?.\Z")
"""One of some years or months, or all of them, which may be thousands: edtf's grammar takes 25 ms for each."""
_LONGEST = 200
"""Characters of a text that edtf's grammar is given; no date but a set has more."""
_YEAR = re.compile(r"(?:Y(?=-?[0-9]{5})|(?=-?[0-9]{4}(?![0-9])))(?P<year>-?[0-9]+)(?P<mark>[~?%]?)\Z")
_DECADE = re.compile(r"(?P<year>[0-9]{3})X(?P<mark>[~?%]?)\Z")
_SPAN = re.compile(r"(?P<year>-?(?=[0-9X]{4}[~?%]?\Z)[0-9]+X+)(?P<mark>[~?%]?)\Z")
_DAY = re.compile(r"(?P<year>-?[0-9]{4})-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?(?P<mark>[~?%]?)\Z")
_SEASONS: dict[str, Callable[[str, str], str]] = {
    "21": lambda lang, year: translate(lang, "spring {year}", year=year),
    "22": lambda lang, year: translate(lang, "summer {year}", year=year),
    "23": lambda lang, year: translate(lang, "autumn {year}", year=year),
    "24": lambda lang, year: translate(lang, "winter {year}", year=year),
}
_XSD = re.compile(
    r"(?P<year>-?[0-9]{4,})(?P<rest>-[0-9]{2}(?:-[0-9]{2})?)?(?:T[0-9:.]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?\Z"
)


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """The canonical form of an EDTF string; dashes between years count as the interval's slash.

    :raises ValueError: if it is not EDTF, or an interval that ends before it starts.
    """
    text = re.sub(r"(?<=[0-9X~?%])\s*[–—]\s*(?=[0-9]|\.\.)", "/", text.strip())
    text = re.sub(r"\s*/\s*", "/", text)
    without = re.sub(r",\s+", ",", text)
    if _PLAIN.match(text) or (_SET.match(without) and not re.search(r"\.\.[^,\]}]+\.\.", without)):
        plain = without
    else:
        plain = str(_parsed(text)).replace(" ", "")
    start, end = years(plain)
    if start is not None and end is not None and start > end:
        raise ValueError(f"{text!r} ends before it starts")
    return plain


def of_xsd(text: str) -> str:
    """A date of XML Schema (year, month, day or moment) as EDTF; any other text as it is.

    Both count the years alike: 0 is 1 BC. A year of more than four digits gets EDTF's ``Y``, a time and a zone go.

    Source: XML Schema 1.1, part 2, section 3.3 and appendix D.
    """
    match = _XSD.match(text.strip())
    if match is None:
        return text
    year = match["year"]
    return year + (match["rest"] or "") if len(year.lstrip("-")) == 4 else "Y" + year


def year_of(text: str) -> int | None:
    """The one year that a canonical EDTF string names, for certain or about; None where it names none or several."""
    match = _YEAR.match(text) or re.match(r"(?P<year>-?[0-9]{4})-", text)
    return int(match["year"]) if match and "/" not in text else None


def is_about(text: str) -> bool:
    """Whether an EDTF string is a year that is known about (``1763~``)."""
    return text[-1:] == "~" and year_of(text) is not None


@lru_cache(maxsize=8192)
def years(text: str) -> tuple[int | None, int | None]:
    """First and last year of a canonical EDTF string; None for an end that is open or unknown.

    :raises ValueError: if it is not EDTF.
    """
    if match := _PLAIN.match(text):
        end = match[3] or ("" if match["slash"] else match[1])
        return int(match[1]), int(end) if end else None
    if _SET.match(text):
        numbers = [int(year) for year in re.findall(r"(?<![0-9])-?[0-9]{4}", text)]
        return None if text[1:3] == ".." else min(numbers), None if text[-3:-1] == ".." else max(numbers)
    date = _parsed(text)
    start_text, _, end_text = text.partition("/")

    def year(bound: object, written: str) -> int | None:
        value = getattr(bound, "tm_year", bound)
        if written in {"..", ""} or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        return int(value)

    try:
        return year(date.lower_strict(), start_text), year(date.upper_strict(), end_text if "/" in text else start_text)
    except (TypeError, ValueError, OverflowError):  # of some sets with an open end
        return None, None


def _parsed(text: str) -> Any:
    """A date as edtf has it.

    Its grammar leaves circles of errors and frames, which would hold whatever those who ask hold, such as a generation
    that is read no more, until Python looks for circles. So it is asked by a thread, above which there is nobody.

    :raises ValueError: if it is none.
    """
    found: list[Any] = []
    if len(text) <= _LONGEST:
        thread = threading.Thread(target=_try, args=(text, found), name="kgcompare-date")
        thread.start()
        thread.join()
    if not found:
        raise ValueError(f"{text[:100]!r} is not a date in EDTF, such as 1996, 2014/2018, 1763~ or 199X")
    return found[0]


def _try(text: str, found: list[Any]) -> None:
    """Adds a date to what is *found*, if it is one."""
    import edtf

    with suppress(edtf.EDTFParseException, TypeError, RecursionError, OverflowError):
        found.append(edtf.parse_edtf(text))


@lru_cache(maxsize=8192)
def reads(text: str, lang: str) -> str:
    """How a canonical EDTF string reads: ``2014–2018``, ``c. 1763``, ``1990s``, ``since 1996``."""
    start, slash, end = text.partition("/")
    if not slash:
        return _single(start, lang)
    first, last = _single(start, lang), _single(end, lang)
    if end == "..":
        return translate(lang, "since {date}", date=first)
    if start == "..":
        return translate(lang, "until {date}", date=last)
    if not end:
        return translate(lang, "from {date} to an unknown date", date=first)
    if not start:
        return translate(lang, "from an unknown date to {date}", date=last)
    return f"{first}–{last}"


def cited(text: str) -> str:
    """How a canonical EDTF string reads in an English reference, to the year: ``ca. 1763``, ``1990s``, ``45 BC``."""
    to_the_year = re.sub(r"(-?[0-9]{4})-[0-9]{2}(?:-[0-9]{2})?(?=[~?%/]|\Z)", r"\1", text)
    return re.sub(r"\bc\. ", "ca. ", reads(to_the_year, "en"))


def _single(text: str, lang: str) -> str:
    if match := _YEAR.match(text):
        return _marked(_year(int(match["year"]), lang), match["mark"], lang)
    if match := _DECADE.match(text):
        return _marked(translate(lang, "{decade}s", decade=match["year"] + "0"), match["mark"], lang)
    if match := _SPAN.match(text):
        ends = sorted(int(match["year"].replace("X", digit)) for digit in "09")
        first, last = (_year(end, lang) for end in ends)
        return _marked(translate(lang, "between {first} and {last}", first=first, last=last), match["mark"], lang)
    if match := _DAY.match(text):
        return _marked(_day(match, lang) or match[0].rstrip("~?%"), match["mark"], lang)
    return text


def _year(number: int, lang: str) -> str:
    """A year as it is spoken of: 0 is 1 BC."""
    return str(number) if number > 0 else translate(lang, "{year} BC", year=1 - number)


def _marked(text: str, mark: str, lang: str) -> str:
    if mark in {"~", "%"}:
        text = translate(lang, "c. {date}", date=text)
    return text + "?" if mark in {"?", "%"} else text


def _day(match: re.Match[str], lang: str) -> str | None:
    """A day, a month or a season of a year, before Christ too; None for one that is none."""
    import datetime

    from babel import Locale, UnknownLocaleError
    from babel.dates import format_date, format_skeleton

    number = int(match["year"])
    if match["month"] in _SEASONS:
        return _SEASONS[match["month"]](lang, _year(number, lang))
    try:
        locale = Locale.parse("en_GB" if lang == "en" else lang.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale("en", "GB")
    try:  # years from 400 on have their days as those before Christ
        day = datetime.date(number % 400 + 2000 if number < 1 else number, int(match["month"]), int(match["day"] or 1))
    except ValueError:
        return None
    said = (
        format_date(day, format="long", locale=locale) if match["day"] else format_skeleton("yMMMM", day, locale=locale)
    )
    return said if number > 0 else said.replace(str(day.year), _year(number, lang))


def moment(when: datetime, lang: str) -> str:
    """A moment as a reader of *lang* writes it, in UTC: "28 November 2026, 18:34 UTC"."""
    from babel.dates import format_datetime

    locale = speaks(lang).replace("-", "_")
    pattern = "d MMMM y, HH:mm" if locale == "en" else "d MMMM y 'à' HH:mm" if locale == "fr" else "medium"
    return f"{format_datetime(when, pattern, locale=locale)} UTC"
