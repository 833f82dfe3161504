"""Files that would crash, hang, fill or deceive whoever imports them: made one at a time, the same for the same seed.

Each is a change of a record that is fine, in one of the formats that an import reads, or something in the place of a
file. ``python tests/hostile_files.py`` says how many there are of each group.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

SEED = 12
MIB = 1 << 20
K = "https://w3id.org/kgcompare/"
KGC, SKOS, RDF = K + "ns#", "http://www.w3.org/2004/02/skos/core#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
Make = Callable[[Path], "Path | None"]
"""Makes a file of the path that it is given; gives another path where that is what is to be imported."""


@dataclass(frozen=True)
class Hostile:
    """One hostile file: its group, what it is, its name's end, how it is made."""

    group: str
    what: str
    suffix: str
    make: Make

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"{self.group}: {self.what} .{self.suffix}"


# -- what is fine --------------------------------------------------------------------------------------

HEAD = (
    f"@prefix kgc: <{KGC}> .\n@prefix skos: <{SKOS}> .\n@prefix rdf: <{RDF}> .\n@prefix e: <http://e/> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .\n"
    "@prefix bibo: <http://purl.org/ontology/bibo/> .\n@prefix dcterms: <http://purl.org/dc/terms/> .\n"
    f"@base <{K}> .\n"
)
A = f"{K}id/method/hostile"
FINE: dict[str, str] = {
    "ttl": f'{HEAD}<id/method/hostile> a kgc:Method ;\n    skos:prefLabel "Hostile é"@en ;\n    e:p @.\n',
    "trig": f'{HEAD}<doc/method/hostile> {{ <id/method/hostile> a kgc:Method ; skos:prefLabel "H"@en ; e:p @ }}\n',
    "nt": f'<{A}> <{RDF}type> <{KGC}Method> .\n<{A}> <{SKOS}prefLabel> "Hostile \\u00e9"@en .\n'
    f"<{A}> <http://e/p> @ .\n",
    "nq": f'<{A}> <{RDF}type> <{KGC}Method> <{K}doc/method/hostile> .\n<{A}> <{SKOS}prefLabel> "H"@en '
    f"<{K}doc/method/hostile> .\n<{A}> <http://e/p> @ <{K}doc/method/hostile> .\n",
    "jsonld": f'{{"@id": "{A}", "@type": "{KGC}Method", "{SKOS}prefLabel": {{"@value": "H é", "@language": "en"}},\n'
    '"http://e/p": @}\n',
    "rdf": f'<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="{RDF}" xmlns:kgc="{KGC}" xmlns:skos="{SKOS}" xmlns:e="http://e/">'
    f'\n<kgc:Method rdf:about="{A}"><skos:prefLabel xml:lang="en">Hostile é</skos:prefLabel>@</kgc:Method></rdf:RDF>\n',
    "csv": 'id,name@en,summary@en,origin-year\nhostile,Hostile é,"@",1996\n',
    "tsv": "id\tname@en\tsummary@en\torigin-year\nhostile\tHostile é\t@\t1996\n",
    "jsonl": '{"id": "hostile", "name@en": "Hostile é", "summary@en": @}\n',
    "bib": "@article{hostile, title = {@ é}, author = {Doe, Jane and Roe, Richard}, year = {1996}, journal = {J}}\n",
    "ris": "TY  - JOUR\nTI  - @ é\nAU  - Doe, Jane\nPY  - 1996\nJO  - J\nER  - \n",
    "csl": '[{"id": "hostile", "type": "article-journal", "title": @, "author": [{"family": "Doé", "given": "J"}],\n'
    '"issued": {"date-parts": [[1996]]}}]\n',
}
"""A record in each format; ``@`` stands for a value."""
PLAIN = {"jsonld": '"x"', "jsonl": '"x"', "csl": '"x"', "rdf": "<e:p>x</e:p>"} | dict.fromkeys(
    ("ttl", "trig", "nt", "nq"), '"x"'
)
SUFFIX = {"csl": "csl.json"}
TEXTS = ("ttl", "nt", "trig", "nq", "jsonld", "rdf", "csv", "tsv", "jsonl", "bib", "ris", "csl")


def with_value(form: str, value: str) -> str:
    """The record with a value, in a format's own words."""
    before, _, after = FINE[form].rpartition("@")
    return before + value + after


def fine(form: str) -> bytes:
    return with_value(form, PLAIN.get(form, "x")).encode()


def _bytes(group: str, what: str, form: str, data: bytes | str | Callable[[], bytes | str]) -> Hostile:
    def make(path: Path) -> None:
        said = data() if callable(data) else data
        path.write_bytes(said if isinstance(said, bytes) else said.encode("utf-8", "surrogatepass"))

    return Hostile(group, what, SUFFIX.get(form, form), make)


def _said(group: str, what: str, form: str, value: str) -> Hostile:
    return _bytes(group, what, form, partial(with_value, form, value))


# -- what is wrong with bytes --------------------------------------------------------------------------


def truncated() -> Iterator[Hostile]:
    for form in TEXTS:
        whole = fine(form)
        for part in (0, 1, 3, 7):
            at = len(whole) * part // 9
            yield _bytes("truncated", f"{at} bytes", form, whole[:at])


def flipped() -> Iterator[Hostile]:
    for form in TEXTS:
        for number in range(3):
            data = bytearray(fine(form))
            chance = random.Random(f"{SEED} {form} {number}")
            for _ in range(1 + number * 4):
                data[chance.randrange(len(data))] = chance.randrange(256)
            yield _bytes("flipped bytes", f"{1 + number * 4}", form, bytes(data))


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "UTF-16 with a mark": lambda data: data.decode().encode("utf-16"),
    "UTF-16 without a mark": lambda data: data.decode().encode("utf-16-be"),
    "half of a UTF-16 sign": lambda data: data.decode().encode("utf-16")[:-1],
    "UTF-32": lambda data: data.decode().encode("utf-32"),
    "lone surrogates": lambda data: data.replace("é".encode(), b"\xed\xa0\x80\xed\xb0"),
    "overlong": lambda data: data.replace("é".encode(), b"\xc0\xaf\xe0\x80\xaf"),
    "NUL": lambda data: data.replace("é".encode(), b"\0"),
    "five bytes to a sign": lambda data: data.replace("é".encode(), b"\xf8\x88\x80\x80\x80"),
    "controls": lambda data: data.replace("é".encode(), b"\x1b]0;owned\x07\x1b[2J\x08"),
    "directions": lambda data: data.replace("é".encode(), "\u202e\u2066\u200f\ufeff".encode()),
    "two marks": lambda data: b"\xef\xbb\xbf\xef\xbb\xbf" + data,
    "Latin-1": lambda data: data.decode().encode("latin-1", "replace"),
}


def encodings() -> Iterator[Hostile]:
    for what, change in ENCODINGS.items():
        for form in TEXTS:
            yield _bytes("encodings", what, form, change(fine(form)))


OTHERS: dict[str, bytes] = {
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Type /Catalog>> endobj\n" * 50,
    "workbook": b"PK\x03\x04\x14\x00\x06\x00" + b"[Content_Types].xml" + bytes(2000),
    "program": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40,
    "web page": b"<!DOCTYPE html><html><head><script>alert(1)</script></head><body>@article{</body></html>\n" * 20,
    "zeros": bytes(100_000),
}


def others() -> Iterator[Hostile]:
    for what, data in OTHERS.items():
        for form in ("ttl", "jsonld", "rdf", "csv", "jsonl", "bib", "ris", "csl"):
            yield _bytes("another kind of file", what, form, data)


# -- what is packed ------------------------------------------------------------------------------------


def _bomb(size: int, block: bytes) -> bytes:
    """Much of the same, packed; made by pieces, which one gzip file may have."""
    piece = gzip.compress(block * (16 * MIB // len(block)), 9)
    return piece * (size // (16 * MIB))


def packed() -> Iterator[Hostile]:
    sizes = {"6 GiB": 6 << 30, "1 GiB": 1 << 30, "256 MiB": 256 * MIB}
    for what, size in sizes.items():
        yield _bytes("packed", f"{what} of blanks", "ttl.gz", partial(_bomb, size, b" "))
        yield _bytes("packed", f"{what} of zeros", "csv.gz", partial(_bomb, size, b"\0"))
        yield _bytes("packed", f"{what} of lines", "jsonl.gz", partial(_bomb, size, b"\n"))
        yield _bytes("packed", f"{what} of brackets", "jsonld.gz", partial(_bomb, size, b"["))
        row = b'{"id": "a", "name@en": "A"}\n'.ljust(32)
        yield _bytes("packed", f"{what} of rows", "jsonl.gz", partial(_bomb, size, row))
    for form in ("ttl", "csv", "jsonl", "rdf"):
        whole = gzip.compress(fine(form))
        twice = gzip.compress(whole)
        yield _bytes("packed", "twice", f"{form}.gz", twice)
        yield _bytes("packed", "cut off", f"{form}.gz", whole[:-9])
        wrong = whole[:-8] + struct.pack("<II", 0, 0)
        yield _bytes("packed", "a wrong sum", f"{form}.gz", wrong)
        rest = whole + b"\0garbage" * 100
        yield _bytes("packed", "garbage after it", f"{form}.gz", rest)
        yield _bytes("packed", "not packed", f"{form}.gz", fine(form))
        yield _bytes("packed", "the head alone", f"{form}.gz", whole[:10])


# -- XML and JSON-LD -----------------------------------------------------------------------------------

_ROOT = '<rdf:RDF xmlns:rdf="%s" xmlns:e="http://e/"><rdf:Description rdf:about="http://e/a"><e:p>%s</e:p>'
_TREE = _ROOT % (RDF, "%s") + "</rdf:Description></rdf:RDF>"
_LAUGHS = "".join(f'<!ENTITY l{n} "' + f"&l{n - 1};" * 10 + '">' for n in range(1, 12))
XML = {
    "billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "lol">{_LAUGHS}]>' + _TREE % "&l11;",
    "quadratic growth": f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]>' + _TREE % ("&a;" * 10_000),
    "a file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + _TREE % "&a;",
    "an address": '<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:9/">]>' + _TREE % "&a;",
    "a foreign type": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + _TREE % "x",
    "parameters": '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>' + _TREE.replace("%s", "x"),
    "an endless device": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///dev/zero">]>' + _TREE % "&a;",
    "an unknown entity": _TREE % "&unknown;",
    "a wrong sign": _TREE % "&#0;&#xD800;&#x110000;",
    "a huge sign": _TREE % f"&#{'9' * 100_000};",
    "inclusion": _TREE % '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>',
    "instructions": '<?xml-stylesheet href="file:///etc/passwd"?>' * 1000 + _TREE % "x",
    "an unknown coding": '<?xml version="1.0" encoding="utf-7"?>' + _TREE % "+ADw-",
    "another coding": '<?xml version="1.0" encoding="utf-16"?>' + _TREE % "x",
    "no end": _TREE[:-20] % "x",
    "two roots": _TREE % "x" + _TREE % "x",
    "no namespace": "<a><b><c/></b></a>",
    "many attributes": _TREE.replace("<e:p>", "<e:p " + " ".join(f'e:a{n}="x"' for n in range(100_000)) + ">") % "x",
    "one twice": _TREE.replace("<e:p>", '<e:p e:a="x" e:a="y">') % "x",
    "many prefixes": _TREE % ("<e:q " + " ".join(f'xmlns:p{n}="http://e/{n}"' for n in range(50_000)) + "/>"),
    "a long name": _TREE % f"<e:{'a' * 4_000_000}/>",
    "deep": _TREE % ("<e:A><e:p>" * 100_000 + "</e:p></e:A>" * 100_000),
    "deep literals": _TREE.replace("<e:p>", '<e:p rdf:parseType="Literal">') % ("<b>" * 100_000 + "</b>" * 100_000),
    "a comment": _TREE % f"<!--{'-' * 10 + 'x' * 20_000_000}-->",
    "data without end": _TREE % f"<![CDATA[{']' * 20_000_000}",
    "a wrong base": _TREE.replace("<e:p>", '<e:p xml:base="http://[" rdf:resource="../x">') % "",
}
_C = '"@context": %s, "@id": "http://e/a", "http://e/p": "x"'
JSON_LD = {
    "a context by address": _C % '"http://127.0.0.1:9/context.jsonld"',
    "a context by file": _C % '"file:///etc/passwd"',
    "a context by a device": _C % '"file:///dev/zero"',
    "a context beside it": _C % '"../../../../etc/passwd"',
    "an import": _C % '{"@version": 1.1, "@import": "http://127.0.0.1:9/c"}',
    "terms in a circle": _C % '{"a": "b:c", "b": "a:d"}',
    "a scoped context in itself": _C % '{"a": {"@id": "http://e/a", "@context": {"a": {"@id": "a:a"}}}}',
    "many terms": _C % json.dumps({f"t{n}": f"http://e/{n}" for n in range(100_000)}),
    "many contexts": _C % ("[" + ",".join(['{"a": "http://e/a"}'] * 100_000) + "]"),
    "a wrong base": _C % '{"@base": "http://["}',
    "a hostile base": _C % '{"@base": "javascript:alert(1)"}',
    "a vocabulary": _C % '{"@vocab": " "}',
    "an unknown keyword": _C % '{"@foo": "http://e/x"}',
    "null": _C % "null",
    "a number": _C % "1",
    "keys twice": '"@id": "http://e/a", "@id": "http://e/b", "http://e/p": "x"',
    "a prototype": '"@id": "http://e/a", "__proto__": {"x": 1}, "constructor": 1, "http://e/p": "x"',
    "lists of lists": '"@id": "http://e/a", "http://e/p": {"@list": [{"@list": [{"@list": []}]}]}',
    "a language": '"@id": "http://e/a", "http://e/p": {"@value": "x", "@language": "' + "en-" * 100_000 + '"}',
    "a datatype": '"@id": "http://e/a", "http://e/p": {"@value": "x", "@type": "not an IRI"}',
    "JSON": '"@id": "http://e/a", "http://e/p": {"@type": "@json", "@value": ' + "[" * 5000 + "]" * 5000 + "}",
    "backwards": '"@id": "http://e/a", "@reverse": {"http://e/p": {"@reverse": {"http://e/p": "http://e/a"}}}',
    "nests": '"@id": "http://e/a", "@nest": ' + '{"@nest": ' * 5000 + "{}" + "}" * 5000,
    "many graphs": '"@graph": [' + ",".join(['{"@graph": []}'] * 200_000) + "]",
    "a huge number": '"@id": "http://e/a", "http://e/p": ' + "9" * 1_000_000,
    "an exponent": '"@id": "http://e/a", "http://e/p": 1e999999999',
    "not a number": '"@id": "http://e/a", "http://e/p": NaN',
    "escapes": '"@id": "http://e/a", "http://e/p": "' + "\\ud800" * 1000 + '"',
}


def markup() -> Iterator[Hostile]:
    for what, text in XML.items():
        yield _bytes("XML", what, "rdf", text)
    smuggled = ('<?xml version="1.0" encoding="utf-16"?>' + XML["billion laughs"]).encode("utf-16")
    yield _bytes("XML", "billion laughs in UTF-16", "rdf", smuggled)
    for what, text in JSON_LD.items():
        yield _bytes("JSON-LD", what, "jsonld", "{" + text + "}")


# -- what nests, and what does not end ------------------------------------------------------------------

NESTS: dict[str, tuple[str, str, str]] = {
    "ttl": ("[ e:p ", "1", " ]"),
    "trig": ("( ", "1", " )"),
    "nt": ("<<( <http://e/a> <http://e/p> ", "<http://e/a>", " )>>"),
    "nq": ("<<( <http://e/a> <http://e/p> ", "<http://e/a>", " )>>"),
    "jsonld": ('{"http://e/p":', "1", "}"),
    "rdf": ("<e:p><e:A>", "", "</e:A></e:p>"),
    "jsonl": ("[", "1", "]"),
    "csl": ('{"a":', "1", "}"),
    "bib": ("{", "x", "}"),
    "csv": ('""', "x", '""'),
    "ris": ("[", "x", "]"),
    "tsv": ("{", "x", "}"),
}


def _nested(form: str, opening: str, inside: str, closing: str, times: int) -> str:
    return with_value(form, opening * times + inside + closing * times)


def deep() -> Iterator[Hostile]:
    for form, (opening, inside, closing) in NESTS.items():
        for times in (500, 20_000, 1_000_000):
            yield _bytes(
                "deep", f"{times:,} levels", form,
                partial(_nested, form, opening, inside, closing, times),
            )  # fmt: skip
        if form not in {"csv", "tsv", "ris"}:
            yield _bytes(
                "deep", "levels that stay open", form, partial(_nested, form, opening, "", "", 200_000)
            )  # fmt: skip


QUOTED = dict.fromkeys(("ttl", "trig", "nt", "nq", "jsonld", "jsonl", "csl"), '"%s"') | {"rdf": "<e:p>%s</e:p>"}
LONG = 64 * MIB


def _long(form: str, quoted: str) -> str:
    return with_value(form, quoted % ("x" * LONG))


def _on_one_line(form: str) -> bytes:
    whole = fine(form).replace(b"\n", b" ")
    return (whole * (1 + LONG // len(whole)))[:LONG]


def endless() -> Iterator[Hostile]:
    for form in TEXTS:
        quoted = QUOTED.get(form, "%s")
        yield _bytes(
            "endless", "64 MiB in one value", form, partial(_long, form, quoted)
        )  # fmt: skip
        yield _bytes(
            "endless", "64 MiB in one line", form,
            partial(_on_one_line, form),
        )  # fmt: skip
        yield _bytes("endless", "16 MiB of lines", form, lambda: "\n" * (16 * MIB))
    for what, text in {
        "an IRI": "<http://e/" + "a" * (20 * MIB) + "> a e:A .",
        "a prefix": "@prefix " + "a" * (20 * MIB) + ": <http://e/> .",
        "a language": '<a> e:p "x"@en' + "-a" * (10 * MIB) + " .",
        "a name": "<a> e:p _:" + "a" * (20 * MIB) + " .",
        "a number": "<a> e:p " + "9" * (20 * MIB) + " .",
        "a comment": "# " + "a" * (20 * MIB),
        "an open text": '<a> e:p """' + "a" * (20 * MIB),
        "semicolons": "<a> a e:A " + ";" * (10 * MIB) + " .",
        "prefixes": "".join(f"@prefix p{n}: <http://e/{n}> .\n" for n in range(300_000)),
        "bases": "@base <a/> .\n" * 300_000,
    }.items():
        yield _bytes("endless", what, "ttl", HEAD + text)


# -- values --------------------------------------------------------------------------------------------

DATES = (
    "9" * 5000, "1" + "0" * 30, "-99999999999", "Y17E7", "Y1E999999999", "1985-99", "1985-02-31", "[..]", "{}",
    "[1..9999999999]", "0000", "1996/1990", "1996/..//", "-0000-13", "१९९६", "199\u0660", "1996\u202e",
    "19" + "X" * 100_000,
)  # fmt: skip
NUMBERS = (
    "1e999999999",
    "-1e-999999999",
    "9" * 100_000,
    "0" * 100_000 + "1",
    "NaN",
    "-INF",
    "0x7fffffffffffffff",
    "1_0",
)


def numbers() -> Iterator[Hostile]:
    for number, date in enumerate(DATES):
        shown = date if len(date) < 20 else f"{len(date):,} signs"
        text = json.dumps(date, ensure_ascii=False)
        yield _said("dates", f"{number}: {shown}", "ttl", f"1 ; kgc:origin {text}^^edtf:EDTF")
        yield _bytes("dates", f"{number}: {shown}", "csv", f"id,name@en,origin-year\nh,H,{date}\n")
        if number % 3 == 0:
            form = ("bib", "ris", "csl")[number // 3 % 3]
            old = {"bib": "{1996}", "ris": "- 1996", "csl": "[[1996]]"}[form]
            new = {"bib": f"{{{date}}}", "ris": f"- {date}", "csl": f"[[{text}]]"}[form]
            yield _bytes("dates", f"{number}: {shown}", form, fine(form).decode().replace(old, new))
    for digits in NUMBERS:
        shown = digits if len(digits) < 20 else f"{len(digits):,} digits"
        for datatype in ("integer", "decimal", "double", "gYear", "dateTime"):
            yield _said("numbers", f"{datatype} {shown}", "nt", f'"{digits}"^^<{XSD}{datatype}>')
        yield _bytes("numbers", shown, "jsonl", f'{{"id": "h", "name@en": "H", "origin-year": {digits}}}')


IRIS = (
    "http://e/a b", "http://e/\x01", "http://e/\u202ea", "http://e/\ufeff", "javascript:alert(1)", "data:text/html,<b>",
    "file:///etc/passwd", "http://[", "http://e:99999999999/", "http://user:secret@e/", "", "#", "../../../../x",
    "http://e/%zz", "http://e/%00", "http:\\\\e\\a", "http://e/<b>", "http://e/{a}", "http://e/\n", "//evil/x", "urn:",
    "http://e/" + "../" * 20_000, "http://e/" + "%41" * 50_000, "http://" + "a." * 50_000, "x" * 100_000 + ":y",
    "http://e/\U000f0000\ud800", "HTTP://E/%7Ea", "http://e/a#b#c", "mailto:a@b", "blob:http://e/x",
)  # fmt: skip


def iris() -> Iterator[Hostile]:
    for number, one in enumerate(IRIS):
        shown = f"{number}: {one if len(one) < 30 else len(one)}".encode("ascii", "backslashreplace").decode()
        yield _said("IRIs", shown, "ttl", f"<{one}>")
        text = json.dumps(one)
        yield _said("IRIs", shown, "jsonld", f'{{"@id": {text}}}')
        yield _bytes("IRIs", shown, "csv", f'id,name@en\n"{one}",H\n')


SLUGS = (
    "../../etc/passwd", "..", ".", "/", "%2e%2e%2f", "a/b", "a\\b", "a\0b", "A", "é", "x" * 5000, "lock", "current",
    "store.json", "-", "con", "a b", "a?b", "a#b", "\u0430dmin", "id/method/x", "_:b", "\u202e", "CON.txt", "~",
    "$(id)", "`id`", ";ls", "' OR 1=1 --", "<script>",
)  # fmt: skip


def slugs() -> Iterator[Hostile]:
    for number, one in enumerate(SLUGS):
        shown = f"{number}: {one[:30]}".encode("ascii", "backslashreplace").decode()
        text = json.dumps(one)
        yield _bytes("slugs", shown, "jsonl", f'{{"id": {text}, "name@en": "H"}}\n')
        if number % 2:
            yield _bytes("slugs", shown, "bib", f"@book{{{one}, title={{T}}, author={{A B}}, year={{2000}}}}")
        else:
            said = f'{HEAD}<id/method/{one}> a kgc:Method ; skos:prefLabel "H"@en .'
            yield _bytes("slugs", shown, "ttl", said)


FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://evil/")', "'=1", "＝1")


def tables() -> Iterator[Hostile]:
    for number, one in enumerate(FORMULAS):
        text = one.replace('"', '""')
        yield _bytes("formulas", f"{number} as a name", "csv", f'id,name@en\nh,"{text}"\n')
        yield _bytes("formulas", f"{number} as a head", "csv", f'id,name@en,"{text}"\nh,H,x\n')
    many = {
        "100,000 columns": "id,name@en," + ",".join(f"c{n}" for n in range(100_000)) + "\nh,H\n",
        "100,000 columns of one name": "id,name@en" + ",alias@en" * 100_000 + "\nh,H\n",
        "100,000 languages": "id,name@en," + ",".join(f"alias@x-{n}" for n in range(100_000)) + "\nh,H\n",
        "100,000 empty columns": "id,name@en" + "," * 100_000 + "\nh,H" + ",x" * 100_000 + "\n",
        "a million empty rows": "id,name@en\nh,H\n" + ",\n" * 1_000_000,
        "100,000 rows of one id": "id,name@en\n" + "h,H\n" * 100_000,
        "100,000 values": 'id,name@en,alias@en\nh,H,"' + "|".join(f"a{n}" for n in range(100_000)) + '"\n',
        "100,000 wrong values": 'id,name@en,domain\nh,H,"' + "|".join(f"a{n}" for n in range(100_000)) + '"\n',
        "100,000 wrong rows": "id,name@en,origin-year\n" + "".join(f"h{n},H,never\n" for n in range(100_000)),
        "100,000 rows that name each other": "id,name@en,related\n"
        + "".join(f"h{n},H{n},h{n * 7 % 9}\n" for n in range(5000)),
        "separators": "," * (4 * MIB),
        "quotation marks": '"' * (4 * MIB + 1),
        "an open quotation": 'id,name@en\nh,"' + "x\n" * 2_000_000,
        "no head": "\n\n\nh,H\n",
        "sep=": "sep=\nid,name@en\nh,H\n",
        "sep=a": "sep=a\nidaname@en\nhaH\n",
        "a language that is a path": "id,name@../../etc/passwd\nh,H\n",
        "a language of signs": "id,name@en@fr,@,@@@@,name@\nh,H,H,H,H\n",
        "a class": "id,class,name@en\nh,http://www.w3.org/ns/shacl#NodeShape,H\n",
        "many rules": "id,name@en,related\n" + "h,H," + "h|" * 100_000 + "h\n",
    }
    for what, text in many.items():
        yield _bytes("tables", what, "csv", text)
    objects = {
        "100,000 keys": json.dumps({"id": "h", "name@en": "H"} | {f"k{n}": "x" for n in range(100_000)}),
        "100,000 values": json.dumps({"id": "h", "name@en": "H", "alias@en": [f"a{n}" for n in range(100_000)]}),
        "a key twice": '{"id": "h", "id": "i", "name@en": "H"}',
        "no object": '["id", "h"]\nnull\n1\n"x"\n',
        "other types": '{"id": {"a": 1}, "name@en": [[[]]], "domain": true, "originator": 1}',
        "other types within": '{"id": "h", "name@en": "H", "originator": [{"agents": {"a": [{}]}, "etAl": "x"}]}',
        "an id of a list": '{"id": ["a", "b"], "name@en": {"en": {"en": "x"}}}',
        "null": '{"id": null, "name@en": null, "class": null}',
    }
    for what, text in objects.items():
        yield _bytes("tables", what, "jsonl", text)


# -- graphs --------------------------------------------------------------------------------------------


def _clique(size: int) -> str:
    return " ".join(f"_:b{n} e:p {', '.join(f'_:b{m}' for m in range(size) if m != n)} ." for n in range(size))


def _cube(dimensions: int) -> str:
    return " ".join(
        f"_:b{n} e:p {', '.join(f'_:b{n ^ (1 << bit)}' for bit in range(dimensions))} ." for n in range(1 << dimensions)
    )


_M = 'a kgc:Method ; skos:prefLabel "H"@en'
GRAPHS: dict[str, str] = {
    "a list that ends in itself": f"<id/method/h> {_M} ; e:p _:a . _:a rdf:first 1 ; rdf:rest _:a .",
    "a list in a circle of two": f"<id/method/h> {_M} ; e:p _:a . _:a rdf:first 1 ; rdf:rest _:b . "
    "_:b rdf:first 2 ; rdf:rest _:a .",
    "originators in a circle": f"<id/method/h> {_M} ; kgc:origination [ kgc:agentList _:a ] . "
    "_:a rdf:first <id/agent/ian-goodfellow> ; rdf:rest _:a .",
    "authors in a circle": '<id/source/h> a bibo:Document ; dcterms:title "T" ; bibo:authorList _:a . '
    "_:a rdf:first <id/agent/ian-goodfellow> ; rdf:rest _:b . _:b rdf:first <id/agent/ian-goodfellow> ; rdf:rest _:a .",
    "a list with two ends": f"<id/method/h> {_M} ; e:p _:a . _:a rdf:first 1, 2 ; rdf:rest (), ( 1 ) .",
    "a list without members": f"<id/method/h> {_M} ; kgc:origination [ kgc:agentList [ rdf:rest () ] ] .",
    "a list that two share": f"<id/method/h> {_M} ; e:p _:a ; e:q _:a . _:a rdf:first 1 ; rdf:rest () .",
    "a list of a literal": f'<id/method/h> {_M} ; kgc:origination [ kgc:agentList "x" ] .',
    "a sequence with a far place": '<id/source/h> a bibo:Document ; dcterms:title "T" ; '
    "bibo:authorList [ a rdf:Seq ; rdf:_999999999999 <id/agent/ian-goodfellow> ; rdf:_0 1 ; rdf:_01 2 ] .",
    "a clique of 60": f"<id/method/h> {_M} ; e:p _:b0 . {_clique(60)}",
    "a clique of 250": f"<id/method/h> {_M} ; e:p _:b0 . {_clique(250)}",
    "a cube of 10 dimensions": f"<id/method/h> {_M} ; e:p _:b0 . {_cube(10)}",
    "a clique that nobody has": _clique(60),
    "a blank node in itself": f"<id/method/h> {_M} ; e:p _:a . _:a e:p _:a .",
    "a chain of 100,000": f"<id/method/h> {_M} ; e:p _:b0 . "
    + " ".join(f"_:b{n} e:p _:b{n + 1} ." for n in range(100_000)),
    "a list of 200,000": f"<id/method/h> {_M} ; e:p ( {'1 ' * 200_000}) .",
    "a fan of 100,000": f"<id/method/h> {_M} ; e:p {', '.join('[]' for _ in range(100_000))} .",
    "equal structures": f"<id/method/h> {_M} ; e:p {', '.join('[ e:q [ e:r 1 ] ]' for _ in range(20_000))} .",
    "layers": f"<id/method/h> {_M} ; e:p _:a0, _:b0 . "
    + " ".join(f"_:a{n} e:p _:a{n + 1}, _:b{n + 1} . _:b{n} e:q _:a{n + 1}, _:b{n + 1} ." for n in range(60)),
    "a blank node of two records": f"<id/method/h> {_M} ; e:p _:a . <id/method/i> {_M} ; e:p _:a . _:a e:q 1 .",
    "concepts in a circle": '<id/domain/h> a skos:Concept ; skos:prefLabel "H"@en ; skos:broader <id/domain/i> . '
    '<id/domain/i> a skos:Concept ; skos:prefLabel "I"@en ; skos:broader <id/domain/h> .',
    "a circle of 3,000 concepts": " ".join(
        f'<id/domain/h{n}> a skos:Concept ; skos:prefLabel "H"@en ; skos:broader <id/domain/h{(n + 1) % 3000}> .'
        for n in range(3000)
    ),
    "a method of itself": f"<id/method/h> {_M} ; kgc:extends <id/method/h> ; kgc:related <id/method/h> .",
    "a class of itself": f"<id/method/h> {_M} . "
    "kgc:Method <http://www.w3.org/2000/01/rdf-schema#subClassOf> kgc:Method .",
    "100,000 types": f"<id/method/h> {_M} ; a {', '.join(f'e:T{n}' for n in range(100_000))} .",
    "100,000 names": f"<id/method/h> {_M} ; skos:altLabel " + ", ".join(f'"a{n}"@en' for n in range(100_000)) + " .",
    "20,000 names of one language": f"<id/method/h> {_M} ; skos:prefLabel "
    + ", ".join(f'"a{n}"@en' for n in range(20_000))
    + " .",
    "100,000 predicates": f"<id/method/h> {_M} ; {' ; '.join(f'e:p{n} {n}' for n in range(100_000))} .",
    "3,000 faults": " ".join(f"<id/method/h{n}> a kgc:Method ; kgc:related <id/method/no{n}> ." for n in range(3000)),
    "a shape": f"<id/method/h> {_M} . <id/method/s> <http://www.w3.org/ns/shacl#targetClass> kgc:Method .",
    "a term": f'<id/method/h> {_M} . kgc:family skos:prefLabel "mine"@en .',
    "another's document": f'<id/method/h> {_M} . <doc/method/lasso> e:p "mine" .',
    "a graph of shapes": f"<id/method/h> {_M} . <{K}shapes/method> e:p 1 .",
    "a statement about another": f"<id/method/h> {_M} . <id/method/i> rdf:subject <id/method/lasso> .",
    "a record that is there": '<id/method/lasso> a kgc:Method ; skos:prefLabel "Owned"@en .',
}


def graphs() -> Iterator[Hostile]:
    for what, text in GRAPHS.items():
        yield _bytes("graphs", what, "ttl", HEAD + text)
    for graph in (
        f"{K}shapes/method",
        f"{K}vocabulary",
        f"{K}doc/method/lasso",
        f"{K}ns",
        "javascript:x",
        "http://e/g",
    ):
        said = f'<{A}> <{RDF}type> <{KGC}Method> <{graph}> .\n<{A}> <{SKOS}prefLabel> "H"@en <{graph}> .\n'
        yield _bytes("graphs", f"in <{graph}>", "nq", said)


# -- sources -------------------------------------------------------------------------------------------

_DOUBLED = '@string{s0 = "lol"}\n' + "".join(f"@string{{s{n} = s{n - 1} # s{n - 1}}}\n" for n in range(1, 60))
_BOOK = "@book{h, title={%s}, author={%s}, year={2000}}"
BIBTEX = {
    "strings that double": _DOUBLED + "@book{h, title = s59, author={A B}, year={2000}}",
    "strings in a circle": "@string{a = b} @string{b = a} @book{h, title = a, author={A B}, year={2000}}",
    "references in a circle": "@book{a, crossref={b}, title={T}} @book{b, crossref={a}, title={U}}",
    "a file": _BOOK % ("\\input{/etc/passwd}\\include{/etc/passwd}", "A B"),
    "a program": _BOOK % ("\\immediate\\write18{id}", "A B"),
    "definitions": _BOOK % ("\\def\\a{\\a\\a}\\a", "A B"),
    "accents": _BOOK % ("\\'" * 100_000 + "e", "A B"),
    "mathematics": _BOOK % ("$" * 100_001, "A B"),
    "100,000 authors": _BOOK % ("T", " and ".join(f"A{n} B{n}" for n in range(100_000))),
    "names of commas": _BOOK % ("T", "," * 100_000),
    "names of and": _BOOK % ("T", "and " * 100_000),
    "an open brace": "@book{h, title={T, author={A B}, year={2000}" + "\n" * 100_000,
    "20,000 open entries": "@book{h, title={T}, " * 20_000,
    "one key 20,000 times": "@book{h, title={T}, year={2000}}\n" * 20_000,
    "20,000 fields": "@book{h, title={T}," + ",".join(f"f{n}={{x}}" for n in range(20_000)) + "}",
    "one field 20,000 times": "@book{h" + ", title={T}" * 20_000 + "}",
    "comments": "@comment{" * 50_000,
    "preambles": '@preamble{"' * 50_000,
    "no entry": "just words, @ and @@ and @{",
    "an unknown type": "@../../etc/passwd{h, title={T}}",
}
RIS = {
    "no end": "TY  - JOUR\nTI  - T\n" * 10_000,
    "no beginning": "ER  - \n" * 100_000,
    "100,000 authors": "TY  - JOUR\nTI  - T\n" + "AU  - A, B\n" * 100_000 + "ER  - \n",
    "an unknown type": "TY  - ../../x\nTI  - T\nER  - \n",
    "unknown tags": "TY  - JOUR\nTI  - T\n" + "".join(f"Z{n % 10}  - x\n" for n in range(100_000)) + "ER  - \n",
    "a tag of blanks": "TY  -" + " " * 1_000_000 + "JOUR\nTI  - T\nER  - \n",
    "continued lines": "TY  - JOUR\nTI  - T\n" + "and on\n" * 100_000 + "ER  - \n",
}
CSL = {
    "no list": '"x"',
    "null": "null",
    "a list of lists": "[[[]]]",
    "a wrong type": '[{"id": 1, "type": {"a": 1}, "title": [1, 2], "author": "x", "issued": 5}]',
    "wrong names": '[{"id": "h", "type": "book", "title": "T", "author": [1, null, {"family": {"a": 1}}, [[]]]}]',
    "wrong dates": '[{"id": "h", "type": "book", "title": "", "issued": {"date-parts": [[1e999, -1, {}], "x", 0]}}]',
    "many dates": '[{"id": "h", "type": "book", "title": "T", "issued": {"date-parts": [' + "[1]," * 50_000 + "[1]]}}]",
    "100,000 authors": json.dumps(
        [{"id": "h", "type": "book", "title": "T", "author": [{"family": f"F{n}"} for n in range(100_000)]}]
    ),
    "20,000 of one id": json.dumps([{"id": "h", "type": "book", "title": "T"}] * 20_000),
    "markup": '[{"id": "h", "type": "book", "title": "<script>alert(1)</script><i><b><sc><sup>x"}]',
    "a DOI": '[{"id": "h", "type": "book", "title": "T", "DOI": "javascript:alert(1)", "URL": "file:///etc/passwd"}]',
    "a number": '[{"id": "h", "type": "book", "title": "T", "volume": ' + "9" * 100_000 + "}]",
}


def sources() -> Iterator[Hostile]:
    for form, of in (("bib", BIBTEX), ("ris", RIS), ("csl", CSL)):
        for what, text in of.items():
            yield _bytes("sources", what, form, text)


# -- what is no file, or changes -----------------------------------------------------------------------


def _later(seconds: float, do: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, do)
    timer.daemon = True
    timer.start()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _filled_pipe(path: Path) -> None:
    os.mkfifo(path)

    def fill() -> None:
        with path.open("wb") as file:
            file.write(fine("ttl"))

    threading.Thread(target=fill, daemon=True).start()


def _endless_pipe(path: Path) -> None:
    os.mkfifo(path)

    def fill() -> None:
        try:
            with path.open("wb", buffering=0) as file:
                while True:
                    file.write(b"# \n")
                    time.sleep(0.2)
        except OSError:
            return

    threading.Thread(target=fill, daemon=True).start()


def _socket(path: Path) -> None:
    there = Path.cwd()
    os.chdir(path.parent)  # such a name has to be short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(there)


def _link(to: str) -> Make:
    return lambda path: path.symlink_to(to)


def _circle(path: Path) -> None:
    path.symlink_to(path.name)


def _vanishing(path: Path) -> None:
    path.write_bytes(fine("nt") * 50_000)
    _later(0.3, lambda: path.unlink(missing_ok=True))


def _shrinking(path: Path) -> None:
    path.write_bytes(fine("nt") * 100_000)
    _later(0.6, lambda: os.truncate(path, 1000))


def _growing(path: Path) -> None:
    path.write_bytes(fine("nt"))

    def grow() -> None:
        until = time.monotonic() + 8
        try:
            with path.open("ab", buffering=0) as file:
                while time.monotonic() < until and path.exists():
                    file.write(b"# more\n" * 10_000)
                    time.sleep(0.02)
        except OSError:
            return

    threading.Thread(target=grow, daemon=True).start()


def _replaced(path: Path) -> None:
    path.write_bytes(fine("nt") * 100_000)

    def put() -> None:
        other = path.with_name("other.nt")
        other.write_bytes(b"garbage")
        other.replace(path)

    _later(0.5, put)


def _named(name: bytes) -> Make:
    def make(path: Path) -> Path:
        named = Path(os.fsdecode(os.fsencode(path.parent) + b"/" + name))
        named.write_bytes(b"this is no Turtle")
        return named

    return make


def _forbidden(path: Path) -> None:
    path.write_bytes(fine("ttl"))
    path.chmod(0)


PLACES: dict[str, Make] = {
    "a pipe that nobody fills": _pipe,
    "a pipe that is filled": _filled_pipe,
    "a pipe that never ends": _endless_pipe,
    "a socket": _socket,
    "a folder": Path.mkdir,
    "nothing": lambda path: None,
    "a link to nothing": _link("nowhere"),
    "a link to itself": _circle,
    "a link to a folder": _link("/etc"),
    "a link to another file": _link("/etc/passwd"),
    "a link to zeros": _link("/dev/zero"),
    "a link to what never ends": _link("/proc/self/fd/0/x"),
    "a file that vanishes": _vanishing,
    "a file that shrinks": _shrinking,
    "a file that grows": _growing,
    "a file that is replaced": _replaced,
    "a file that may not be read": _forbidden,
    "a name of controls": _named(b"\x1b]0;owned\x07\n\r\x08.ttl"),
    "a name of directions": _named("\u202eltt.\u2066.ttl".encode()),
    "a name that is no text": _named(b"\xff\xfe\xed\xa0\x80.ttl"),
    "a name with a percent sign": _named(b"%s%n%d{0}{x}.ttl"),
    "a name that is an option": _named(b"--trust.ttl"),
    "a name of 255 bytes": _named(b"a" * 251 + b".ttl"),
    "a name that is too long": lambda path: path.with_name("a" * 300 + ".ttl"),
    "a path that is too long": lambda path: path.with_name("a/" * 4000 + "a.ttl"),
    "a path of a file": lambda path: Path("/etc/passwd/a.ttl"),
}


def _instead(given: Path, _: Path) -> Path:
    return given


DEVICES = ("/dev/zero", "/dev/full", "/dev/urandom", "/dev/null", "/dev/tty", "/proc/self/mem", "/proc/self/environ",
           "/proc/kcore", "/dev/fd/99")  # fmt: skip


def places() -> Iterator[Hostile]:
    for what, make in PLACES.items():
        yield Hostile("places", what, "nt" if what.startswith("a file that") else "ttl", make)
    for device in DEVICES:
        if Path(device).exists() or device == "/dev/fd/99":
            yield Hostile("places", device, "ttl", partial(_instead, Path(device)))


GROUPS = (
    truncated, flipped, encodings, others, packed, markup, deep, endless, numbers, iris, slugs, tables, graphs, sources,
    places,
)  # fmt: skip


def hostile_files() -> list[Hostile]:
    """All of them, in an order that stays."""
    return [one for group in GROUPS for one in group()]


def some(count: int) -> list[Hostile]:
    """About as many of all groups as there are of each, but for those that take long; the same for the same seed."""
    long = ("GiB", "MiB", "00,000", "without end", "never", "nobody fills", "grows", "that double")
    everything = [one for one in hostile_files() if not any(word in one.what for word in long)]
    by: dict[str, list[Hostile]] = {}
    for one in random.Random(SEED).sample(everything, len(everything)):
        by.setdefault(one.group, []).append(one)
    chosen: list[Hostile] = []
    while len(chosen) < count:
        for group in by.values():
            if group and len(chosen) < count:
                chosen.append(group.pop())
    return chosen


if __name__ == "__main__":
    every = Counter(one.group for one in hostile_files())
    said = "".join(f"{number:4} {group}\n" for group, number in every.items())
    sys.stdout.write(f"{said}{every.total():4} all\n")
