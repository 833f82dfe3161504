"""How durations read."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode

from kgcompare.catalogue.values import Reader
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.keys import literal_key
from kgcompare.rdf.namespaces import PREFIXES


@pytest.mark.parametrize(
    ("text", "lang", "reads"),
    [
        ("PT1H30M", "en", "1 hour, 30 minutes"),
        ("PT1H30M", "fr", "1 heure et 30 minutes"),
        ("P2DT0H", "en", "2 days"),
        ("PT0S", "en", "0 seconds"),
        ("PT1.5S", "fr", "1,5 seconde"),
        ("P1Y2M", "en", "1 year, 2 months"),
        ("-PT5M", "en", "-PT5M"),
        ("P", "en", "P"),
        ("PT", "en", "PT"),
        ("PT" + "9" * 5000 + "S", "en", "PT" + "9" * 5000 + "S"),
        ("P1D\n", "en", "P1D\n"),
    ],
)
@pytest.mark.parametrize("datatype", ["duration", "dayTimeDuration", "yearMonthDuration"])
def test_a_duration_is_spelt_out_where_it_can_be(text: str, lang: str, reads: str, datatype: str) -> None:
    literal = Literal(text, datatype=NamedNode(PREFIXES["xsd"] + datatype))
    value = Reader(lang, {}).value(Graph(), literal)
    assert (value.text.replace("\u00a0", " "), value.key) == (reads, literal_key(literal)), (
        "and is compared as it was given"
    )
    assert value.literal == (text, PREFIXES["xsd"] + datatype)
