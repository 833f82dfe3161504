"""Days as spreadsheets write them.

Source: ISO 8601; ECMA-376, part 1, section 18.17.4.1 (the numbers of days).
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from kgcompare.errors import DataError

_DAY = re.compile(r"(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?: 0?0:00(?::00)?)?", re.ASCII)
_MIDNIGHT = re.compile(r"(?<=\d{4}-\d\d-\d\d)[T ]0?0:00(?::00(?:\.0+)?)?\Z", re.ASCII)


def iso_day(text: str) -> str:
    """A day as spreadsheets write it, as ISO 8601 has it; other texts as they are.

    :raises DataError: if it may be two days.
    """
    text = _MIDNIGHT.sub("", text)
    if re.fullmatch(r"[1-9]\d{4}", text, re.ASCII):  # EDTF has four digits, or a letter before more
        day = date(1899, 12, 30) + timedelta(days=int(text))
        raise DataError(f"{text!r} is no year; a spreadsheet calls the day {day} so: write that, or the year")
    said = _DAY.fullmatch(text)
    if not said:
        return text
    one, other, year = int(said[1]), int(said[3]), said[4]
    days = {f"{year}-{month:02}-{day:02}" for day, month in ((one, other), (other, one)) if month < 13 and day < 32}
    if said[2] == ".":  # where dates have dots, the day is first
        days = {f"{year}-{other:02}-{one:02}"}
    if len(days) > 1:
        raise DataError(f"{text!r} may be {' or '.join(sorted(days))}; write one of these")
    return days.pop() if days else text
