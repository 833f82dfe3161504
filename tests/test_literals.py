"""Literals of the datatypes of XSD and RDF: what is well-formed, what is refused and what the refusal says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import BaseDirection, Literal, NamedNode

from conftest import Run
from kgcompare import ingest, resources
from kgcompare.ingest import Options
from kgcompare.rdf.literals import NOT_XML, fault
from kgcompare.rdf.namespaces import PREFIXES, iri
from kgcompare.rdf.syntaxes import bundled
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

HEAD = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
WELL_FORMED = {
    "boolean": ("true", "false", "1", "0"),
    "decimal": ("1", "-1.5", "+.5", "5.", "00.10"),
    "integer": ("0", "-0", "+15", "9" * 40),
    "byte": ("-128", "127", "+1", "0" * 30 + "1"),
    "long": ("-9223372036854775808", "9223372036854775807"),
    "unsignedLong": ("0", "-0", "18446744073709551615"),
    "nonNegativeInteger": ("0", "-0", "9" * 40),
    "negativeInteger": ("-1", "-" + "9" * 40),
    "float": ("1", "-1.5E-3", "1e400", "INF", "+INF", "-INF", "NaN"),
    "double": ("1", ".5e3", "5.E+3", "INF", "NaN"),
    "date": ("1996-02-29", "2000-02-29Z", "0000-01-01", "-0001-12-31", "12345-01-01-14:00"),
    "dateTime": ("1996-02-29T12:30:00", "1996-02-29T24:00:00.0Z", "1996-02-29T00:00:59.999+01:00"),
    "dateTimeStamp": ("1996-02-29T12:30:00Z",),
    "time": ("12:30:00", "24:00:00", "23:59:59.5Z"),
    "gYear": ("1996", "0000", "-0044", "12345", "1996Z"),
    "gYearMonth": ("1996-12",),
    "gMonth": ("--12",),
    "gMonthDay": ("--02-29", "--12-31Z"),
    "gDay": ("---31",),
    "duration": ("P1Y", "-P1Y2M3DT4H5M6.7S", "PT0S", "P0D"),
    "yearMonthDuration": ("P1Y2M",),
    "dayTimeDuration": ("P1DT2H",),
    "hexBinary": ("", "0fB7"),
    "base64Binary": ("", "Zm9v", "Zm9 v", "Zm8=", "Zg= ="),
    "anyURI": ("", "http://example.org/é?a#b", "a b"),
    "language": ("en", "zh-Hant-x-0"),
    "normalizedString": ("", "  a  b "),
    "token": ("", "a b"),
    "Name": ("a:b", "é-1"),
    "NCName": ("é-1", "_"),
    "NMTOKEN": ("1-a",),
    "QName": ("a:b", "b"),
    "string": ("", "any\ttext\n"),
}
ILL_FORMED = {
    "boolean": ("", "maybe", "TRUE", " true", "yes", "true . <http://e/s> <http://e/p> <http://e/o>", "true\n"),
    "decimal": ("", ".", "1e3", "1,5", "INF", "+ 1"),
    "integer": ("", "x", "1.0", "١", "1_000", "--1", "1 "),
    "byte": ("128", "-129", "9" * 40),
    "long": ("9223372036854775808",),
    "unsignedLong": ("-1", "18446744073709551616"),
    "nonNegativeInteger": ("-1",),
    "positiveInteger": ("0", "-" + "9" * 40),
    "negativeInteger": ("0",),
    "float": ("nan", "inf", "1e", "0x1"),
    "double": ("", "Infinity", "1.2.3"),
    "date": ("2021-02-29", "1900-02-29", "2020-04-31", "2020-13-01", "20-01-01", "012345-01-01", "2020-01-01+14:01"),
    "dateTime": ("2020-01-01", "2020-01-01T24:00:01", "2020-01-01T00:00:60", "2020-01-01 00:00:00"),
    "dateTimeStamp": ("1996-02-29T12:30:00",),
    "time": ("12:30", "25:00:00"),
    "gYear": ("96", "1996-01", "199X"),
    "gYearMonth": ("1996-13", "1996"),
    "gMonth": ("12", "--13"),
    "gMonthDay": ("--02-30", "--04-31"),
    "gDay": ("31", "---32"),
    "duration": ("P", "PT", "P1YT", "1Y", "P1.5Y", "P1M1Y"),
    "yearMonthDuration": ("P1D",),
    "dayTimeDuration": ("P1Y",),
    "hexBinary": ("0", "0G"),
    "base64Binary": ("A", "AB==", "Zm9v ", "Zm9v=", "Zm-_"),
    "anyURI": (" http://example.org/", "a\nb"),
    "language": ("", "en_US", "abcdefghi"),
    "normalizedString": ("a\tb",),
    "token": (" a", "a  b", "a\nb"),
    "Name": ("1a", ""),
    "NCName": ("a:b",),
    "NMTOKEN": ("a b",),
    "QName": ("a:b:c",),
}


@pytest.mark.parametrize("name", WELL_FORMED)
def test_what_xsd_takes_is_taken(name: str) -> None:
    for text in WELL_FORMED[name]:
        assert fault(Literal(text, datatype=iri(f"xsd:{name}"))) is None, text


@pytest.mark.parametrize("name", ILL_FORMED)
def test_what_xsd_does_not_take_is_a_fault(name: str) -> None:
    for text in ILL_FORMED[name]:
        said = fault(Literal(text, datatype=iri(f"xsd:{name}")))
        assert said is not None, text
        assert f"is no xsd:{name}; it must be" in said


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("JSON", ["{}", "1", '{"a": [1.50, "é"]}'], ["{", "NaN", "", "{}x", "[" * 100_000]),
        ("XMLLiteral", ["", "a&amp;b", "<b>é</b>"], ["<b>", "a&b", "</x><x>", "<a:b/>", "<!DOCTYPE x>", "<?xml ?>"]),
        ("HTML", ["<b>", "a&b"], ["\x01"]),
        ("langString", [], ["a"]),
    ],
)
def test_datatypes_of_rdf(name: str, right: list[str], wrong: list[str]) -> None:
    assert [text for text in right if fault(Literal(text, datatype=iri(f"rdf:{name}")))] == []
    assert [text for text in wrong if not fault(Literal(text, datatype=iri(f"rdf:{name}")))] == []


@pytest.mark.parametrize("sign", ["\0", "\x07", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_no_text_has_signs_that_xml_forbids(sign: str) -> None:
    for literal in (Literal(f"a{sign}"), Literal(f"{sign}a", language="en")):
        assert f"U+{ord(sign):04X}" in (fault(literal) or "")


@pytest.mark.parametrize("text", ["a\t\n\r\x7f\x85\u2028\ufffd😈", ""])
def test_all_other_signs_may_be_in_a_text(text: str) -> None:
    assert fault(Literal(text)) is None


def test_datatypes_of_others_are_taken_as_they_are() -> None:
    assert fault(Literal("x", datatype=NamedNode("http://example.org/integer"))) is None
    assert fault(Literal("196?", datatype=iri("edtf:EDTF"))) is None


def test_what_comes_along_is_well_formed() -> None:
    files = [*resources.data_files(), *resources.shape_files(), resources.vocabulary_file()]
    literals = [triple.object for file in files for triple in bundled(file) if isinstance(triple.object, Literal)]
    assert len(literals) > 5000
    assert [literal for literal in literals if fault(literal)] == []


def test_an_import_names_every_ill_formed_literal_and_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.ttl"
    record = """<https://w3id.org/kgcompare/id/method/x> a kgc:Method ; skos:prefLabel "X"@en ;
        kgc:count "many"^^xsd:integer ;
        kgc:part [ kgc:done "maybe"^^xsd:boolean ] ;
        skos:note "bell \\u0007 rings", "twice"^^xsd:date, "دليل"@ar--rtl ;
        kgc:remark "twice" .
    """
    file.write_text(HEAD + record, encoding="utf-8")
    before = HEAD.count("\n") + 1
    done = run("import", "--store", tmp_path / "store", file)
    assert done.code == 1
    *faults, last = done.err.splitlines()
    assert last == "kgcompare: 5 faults found; nothing was written"
    assert {(one.split(": ")[0], one.rpartition(": ")[2]) for one in faults} == {
        (f"{file}:{before + 1}", "'many' is no xsd:integer; it must be a whole number such as -15"),
        (f"{file}:{before + 2}", "'maybe' is no xsd:boolean; it must be true, false, 1 or 0"),
        (f"{file}:{before + 3}", "the character U+0007 cannot be in a text (XML 1.0, section 2.2); leave it out"),
        (f"{file}:{before + 3}", "'twice' is no xsd:date; it must be a day that there is, such as 1996-02-29"),
        (f"{file}:{before + 3}", 'a text with a base direction (RDF 1.2) is not accepted; write "..."@ar'),
    }
    assert all("<https://w3id.org/kgcompare/id/method/x>: path <" in one for one in faults)
    assert run("validate", file, "--data", file, "--trust").code == 1


def test_a_record_with_an_ill_formed_literal_can_be_skipped(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.ttl"
    record = '<https://w3id.org/kgcompare/id/method/{}> a kgc:Method ; skos:prefLabel "X"@en ; kgc:n "{}"^^xsd:int .\n'
    file.write_text(HEAD + record.format("x", "1") + record.format("y", "2147483648"), encoding="utf-8")
    done = run("import", "--skip-invalid", "--store", tmp_path / "store", file)
    assert done.code == 0
    assert "1 added" in done.err
    assert "from -2147483648 to 2147483647" in done.err


def test_directions_are_a_fault_of_their_own() -> None:
    assert "@ar" in (fault(Literal("x", language="ar", direction=BaseDirection.RTL)) or "")
    assert fault(Literal("x", language="ar")) is None


def test_pages_of_data_taken_on_trust_have_no_control_characters(tmp_path: Path) -> None:
    base, text = "https://w3id.org/kgcompare/", r"Bell \u0007, escape \u001B and \uFFFE"
    (tmp_path / "odd.nq").write_text(
        "".join(
            f"<{base}id/method/odd> <{iri(predicate).value}> {value} <{base}doc/method/odd> .\n"
            for predicate, value in (
                ("rdf:type", f"<{iri('kgc:Method').value}>"),
                ("skos:prefLabel", f'"{text}"@en'),
                ("skos:definition", f'"{text}"@en'),
            )
        )
    )
    ingest.throwaway(tmp_path / "store", [tmp_path / "odd.nq"], Options(trust=True))
    client = create_app(Settings(store=tmp_path / "store")).test_client()
    for path in ("/", "/methods", "/methods?q=%07", "/method/odd", "/compare?method=odd", "/compare.html?method=odd"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert NOT_XML.search(page) is None, path
        assert path in {"/", "/methods?q=%07"} or "Bell \ufffd" in page
