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
        ("/1996", (None, 1996)),
        ("Y12000", (12000, 12000)),
        ("-004X", (-49, -40)),
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
        ("190X", "1900s", "années 1900"),
        ("19XX", "between 1900 and 1999", "entre 1900 et 1999"),
        ("1XXX", "between 1000 and 1999", "entre 1000 et 1999"),
        ("-004X", "between 50 BC and 41 BC", "entre 50 av. J.-C. et 41 av. J.-C."),
        ("1996/", "from 1996 to an unknown date", "de 1996 à une date inconnue"),
        ("/1996", "from an unknown date to 1996", "d’une date inconnue à 1996"),
        ("1763~/", "from c. 1763 to an unknown date", "de vers 1763 à une date inconnue"),
        ("-0043", "44 BC", "44 av. J.-C."),
        ("-0043~", "c. 44 BC", "vers 44 av. J.-C."),
        ("0000", "1 BC", "1 av. J.-C."),
        ("-0043-03-15", "15 March 44 BC", "15 mars 44 av. J.-C."),
        ("0000-02", "February 1 BC", "février 1 av. J.-C."),
        ("-0043-03/0014", "March 44 BC–14", "mars 44 av. J.-C.–14"),
        ("2001-21/2001-24", "spring 2001–winter 2001", "printemps 2001–hiver 2001"),
        ("1996-04~", "c. April 1996", "vers avril 1996"),
        ("0001", "1", "1"),
        ("Y12000", "12000", "12000"),
        ("Y-12000", "12001 BC", "12001 av. J.-C."),
        ("2016-01-02", "2 January 2016", "2 janvier 2016"),
        ("2016-01", "January 2016", "janvier 2016"),
    ],
)
def test_how_it_reads(text: str, english: str, french: str) -> None:
    assert dates.reads(text, "en") == english
    assert dates.reads(text, "fr") == french
    assert dates.reads(text, "tlh") == english, "a language without translations falls back to English"


@pytest.mark.parametrize(
    ("said", "edtf"),
    [
        ("2009", "2009"),
        ("2009Z", "2009"),
        ("-0044", "-0044"),
        ("12000", "Y12000"),
        ("-12000", "Y-12000"),
        ("2009-07+02:00", "2009-07"),
        ("2009-07-01", "2009-07-01"),
        ("2009-07-01T10:00:00.5-05:00", "2009-07-01"),
        ("12000-01-01", "Y12000"),
        ("199X", "199X"),
        ("in press", "in press"),
    ],
)
def test_dates_of_xml_schema_as_edtf(said: str, edtf: str) -> None:
    assert dates.of_xsd(said) == edtf


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
