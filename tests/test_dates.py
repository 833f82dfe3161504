"""EDTF: canonical form, the years it spans, and how it reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgcompare.text import dates


@pytest.mark.parametrize(
    ("said", "canonical"),
    [
        ("1996", "1996"),
        (" 1996 ", "1996"),
        ("2014/2018", "2014/2018"),
        ("2014–2018", "2014/2018"),  # en dash
        ("2014—2018", "2014/2018"),  # em dash
        ("2014 – 2018", "2014/2018"),
        ("2014 / 2018", "2014/2018"),
        ("1763~", "1763~"),
        ("1763~–1770?", "1763~/1770?"),
        ("199X", "199X"),
        ("199X–2004", "199X/2004"),
        ("1996–..", "1996/.."),
        ("1996/..", "1996/.."),
        ("../1996", "../1996"),
        ("1984?", "1984?"),
        ("1984%", "1984%"),
        ("2016-01-02", "2016-01-02"),
        ("-0500/0100", "-0500/0100"),
    ],
)
def test_the_canonical_form(said: str, canonical: str) -> None:
    assert dates.canonical(said) == canonical


@pytest.mark.parametrize(
    "said",
    ["", "about 1996", "2014-2018", "96", "20141", "1996-13", "..", "1996//1997", "1996\n1997", "١٩٩٦", "x" * 500],
)
def test_what_is_no_date(said: str) -> None:
    with pytest.raises(ValueError, match="is not a date in EDTF"):
        dates.canonical(said)


@pytest.mark.parametrize("said", ["2018/2014", "2018–2014", "2000/199X"])
def test_an_interval_that_ends_before_it_starts(said: str) -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        dates.canonical(said)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1996", (1996, 1996)),
        ("2014/2018", (2014, 2018)),
        ("199X", (1990, 1999)),
        ("19XX", (1900, 1999)),
        ("1763~", (1763, 1763)),
        ("1996/..", (1996, None)),
        ("../1996", (None, 1996)),
        ("1996/", (1996, None)),
        ("2004-06~/2006", (2004, 2006)),
        ("-0500/0100", (-500, 100)),
    ],
)
def test_the_years_it_spans(text: str, years: tuple[int | None, int | None]) -> None:
    assert dates.years(text) == years


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        ("1996", "1996", "1996"),
        ("2014/2018", "2014–2018", "2014–2018"),
        ("1763~", "c. 1763", "vers 1763"),
        ("1763~/1770", "c. 1763–1770", "vers 1763–1770"),
        ("1984?", "1984?", "1984?"),
        ("199X", "1990s", "années 1990"),
        ("1996/..", "since 1996", "depuis 1996"),
        ("../1996", "until 1996", "jusqu’à 1996"),
        ("-0043", "44 BC", "44 av. J.-C."),
        ("2016-01-02", "January 2, 2016", "2 janvier 2016"),
        ("2016-01", "January 2016", "janvier 2016"),
    ],
)
def test_how_it_reads(text: str, english: str, french: str) -> None:
    assert dates.reads(text, "en") == english
    assert dates.reads(text, "fr") == french
    assert dates.reads(text, "tlh") == english, "a language without translations falls back to English"


YEAR = st.integers(1, 9999).map(lambda year: f"{year:04}")


@given(st.tuples(YEAR, YEAR).filter(lambda pair: pair[0] <= pair[1]), st.sampled_from(["/", "–", "—", " – ", " / "]))
def test_every_range_keeps_its_years_and_is_canonical_once(pair: tuple[str, str], sign: str) -> None:
    found = dates.canonical(sign.join(pair))
    assert found == "/".join(pair)
    assert dates.canonical(found) == found
    assert dates.years(found) == (int(pair[0]), int(pair[1]))


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_a_value_error(text: str) -> None:
    try:
        found = dates.canonical(text)
    except ValueError:
        return
    assert dates.canonical(found) == found
    dates.years(found)
    assert dates.reads(found, "fr")
