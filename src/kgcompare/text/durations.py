"""How long something takes, as people read it: ``PT1H30M`` is "1 hour, 30 minutes".

Source: W3C, XML Schema Definition Language 1.1, part 2, section 3.3.6 (duration); Unicode CLDR, units (by babel).
"""

from __future__ import annotations

import re
from functools import lru_cache

from kgcompare.text.languages import speaks

_UNITS = ("year", "month", "day", "hour", "minute", "second")
_DURATION = re.compile(
    r"P(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?\Z"
)


@lru_cache(maxsize=2048)
def duration_text(text: str, lang: str) -> str:
    """How a duration of XML Schema reads in *lang*; its parts as they are given, but for those of no length.

    :raises ValueError: if it is none, goes backwards, or has a part of more than nine digits.
    """
    match = _DURATION.match(text)
    given = [(number, unit) for number, unit in zip(match.groups(), _UNITS, strict=True) if number] if match else []
    if not given:
        raise ValueError(f"{text!r} is no duration that can be spelt out")
    parts = [(float(number), unit) for number, unit in given if float(number)] or [(0.0, given[-1][1])]
    from babel.lists import format_list
    from babel.units import format_unit

    locale = speaks(lang).replace("-", "_")
    return format_list(
        [format_unit(number, f"duration-{unit}", locale=locale) for number, unit in parts], "unit", locale
    )
