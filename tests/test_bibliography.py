"""Sources as BibTeX, RIS and CSL-JSON, read back by programs that know nothing of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import bibtexparser
import citeproc
import pytest
import rispy
from bibtexparser.middlewares import NameParts, SeparateCoAuthors, SplitNameParts
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from pylatexenc import latex2text
from pyoxigraph import RdfFormat, parse

from conftest import Run
from deep import many
from kgcompare import ingest, resources
from kgcompare.catalogue import Catalogue, citation
from kgcompare.catalogue.generation import Generation
from kgcompare.catalogue.sources import ranged
from kgcompare.formats import BIBLIOGRAPHY, FORMATS, bibliography
from kgcompare.model import CslItem, CslName
from kgcompare.rdf.namespaces import PREFIXES, shortened
from kgcompare.schema.shapes import Shapes, bundled_shapes
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

BASE = "https://w3id.org/kgcompare/id/source/"
KINDS = ["article-journal", "paper-conference", "chapter", "book", "thesis", "report", "webpage", "article"]
SOURCES = """
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix bibo: <http://purl.org/ontology/bibo/> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@base <https://w3id.org/kgcompare/> .
<id/method/one> a kgc:Method ; skos:prefLabel "One"@en ; dcterms:subject <id/domain/d> ;
    kgc:foundingSource <id/source/paper>, <id/source/book> .
[] a rdf:Statement ; rdf:subject <id/method/one> ; rdf:predicate dcterms:subject ; rdf:object <id/domain/d> ;
    dcterms:source <id/source/report>, "A text, p. 3" .
<id/method/two> a kgc:Method ; skos:prefLabel "Two"@en ; kgc:foundingSource <id/source/paper> .
<id/method/none> a kgc:Method ; skos:prefLabel "None"@en .
<id/domain/d> a skos:Concept ; skos:prefLabel "D"@en .
<id/agent/ada> a foaf:Person ; foaf:name "Ada van Berg" ; foaf:familyName "van Berg" ; foaf:givenName "Ada" .
<id/agent/group> a foaf:Organization ; foaf:name "Research and Development Group" .
<id/source/paper> a bibo:Document, bibo:AcademicArticle ; dcterms:title "On GANs & the α of 100% {x}" ;
    dcterms:issued "2014"^^edtf:EDTF ; bibo:authorList ( <id/agent/ada> <id/agent/group> ) ; kgc:etAl true ;
    dcterms:isPartOf [ a bibo:Proceedings ; dcterms:title "Proceedings of R&D" ] ; bibo:pages "3–14" ;
    bibo:doi "10.1000/a_b%c" .
<id/source/book> a bibo:Document, bibo:Book ; dcterms:title "A book" ; dcterms:publisher "Press" ;
    dcterms:issued "2001~"^^edtf:EDTF ; bibo:editorList ( <id/agent/ada> ) .
<id/source/report> a bibo:Document, bibo:Report ; dcterms:title "A report" ; bibo:authorList ( <id/agent/group> ) ;
    bibo:uri <https://example.org/a_report> .
"""
BIBTEX = r"""@inproceedings{vanberg2014gans,
  author = {van Berg, Ada and {Research and Development Group} and others},
  title = {On {GANs} \& the \ensuremath{\alpha} of 100\% \textbraceleft{}x\textbraceright{}},
  booktitle = {Proceedings of R\&D},
  year = {2014},
  pages = {3--14},
  doi = {10.1000/a_b%c},
}
"""
RIS = """TY  - CPAPER
ID  - vanberg2014gans
AU  - van Berg, Ada
AU  - Research and Development Group
PY  - 2014
TI  - On GANs & the α of 100% {x}
T2  - Proceedings of R&D
SP  - 3
EP  - 14
DO  - 10.1000/a_b%c
UR  - https://doi.org/10.1000/a_b%25c
ER  -{space}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bibliography")
    (folder / "sources.ttl").write_text(SOURCES, encoding="utf-8")
    ingest.create_store(folder / "store")
    ingest.import_files(folder / "store", [folder / "sources.ttl"], ingest.Options(trust=True))
    return folder / "store"


@pytest.fixture(scope="module")
def generation(store: Path) -> Iterator[Generation]:
    with Catalogue(EmbeddedStore(store)) as catalogue:
        yield catalogue.generation()


@pytest.fixture(scope="module")
def client(store: Path) -> FlaskClient:
    return create_app(Settings(store=store)).test_client()


def read_bibtex(text: str) -> dict[str, dict[str, Any]]:
    """Key -> fields of each entry, with its type and its names in parts; nothing may fail or be left over."""
    library = bibtexparser.parse_string(text, append_middleware=[SeparateCoAuthors(), SplitNameParts()])
    assert [type(block).__name__ for block in library.blocks if block not in library.entries] in (
        [],
        ["ImplicitComment"],
    )
    found = {}
    for entry in library.entries:
        found[entry.key] = {"": entry.entry_type} | {field.key: field.value for field in entry.fields}
    return found


@cache
def tex_reader() -> latex2text.LatexNodes2Text:
    reading = latex2text.get_default_latex_context_db()
    signs = {"textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^", "textasciitilde": "~"}
    macros = [latex2text.MacroTextSpec(name, sign) for name, sign in signs.items()]
    reading.add_context_category("signs", prepend=True, macros=macros)
    return latex2text.LatexNodes2Text(latex_context=reading, strict_latex_spaces=True)


def plain(tex: str) -> str:
    """What TeX prints."""
    return str(tex_reader().latex_to_text(tex))


def named(part: NameParts) -> CslName:
    """A name as CSL has it, of what BibTeX reads."""
    family = plain(" ".join([*part.von, *part.last]))
    return {"family": family, "given": plain(" ".join(part.first))} if part.first else {"literal": family}


def read_ris(text: str) -> list[dict[str, Any]]:
    assert re.fullmatch(r"(?:[A-Z][A-Z0-9]  - .*\r\n)*", text), "each line is a tag and a value"
    assert len(text.splitlines()) == text.count("\r\n")
    return list(rispy.loads(text))


def cited(generation: Generation, *methods: str) -> list[CslItem]:
    return bibliography.references(generation.compare(methods))


# -- what is written -----------------------------------------------------------------------------------


def test_a_source_in_full(generation: Generation) -> None:
    [paper] = bibliography.references(generation.record("source", "paper"))
    assert bibliography.bibtex([paper]) == BIBTEX
    assert bibliography.ris([paper]) == RIS.format(x="{x}", space=" ").replace("\n", "\r\n")
    assert paper["et-al"]
    assert json.loads(bibliography.csl_json([paper])) == [{k: v for k, v in paper.items() if k != "et-al"}]


def test_kinds_of_entry(generation: Generation) -> None:
    report, book, _ = bibliography.references(generation.record("method", "one"))
    found = read_bibtex(bibliography.bibtex([book, report]))
    assert [entry[""] for entry in found.values()] == ["book", "techreport"]
    assert [entry["type_of_reference"] for entry in read_ris(bibliography.ris([book, report]))] == ["BOOK", "RPRT"]
    assert found["anonymous2001book"]["publisher"] == "Press"
    assert named(found["anonymous2001book"]["editor"][0]) == {"family": "van Berg", "given": "Ada"}
    assert found["researchanddevelopmentgroupreport"]["url"] == "https://example.org/a_report"


def test_a_comparison_cites_each_source_once(generation: Generation) -> None:
    assert [item["id"].removeprefix(BASE) for item in cited(generation, "one", "two", "none")] == [
        "report",
        "book",
        "paper",
    ]
    assert [item["id"].removeprefix(BASE) for item in cited(generation, "two")] == ["paper"]


def test_nothing_to_cite(generation: Generation) -> None:
    for nothing in (generation.compare(["none"]), generation.record("method", "none")):
        items = bibliography.references(nothing)
        assert read_bibtex(bibliography.bibtex(items)) == {}
        assert (bibliography.ris(items), bibliography.csl_json(items)) == ("", "[]\n")


def item(slug: str, title: str = "Generative nets", author: str = "Goodfellow", year: int | None = 2014) -> CslItem:
    names: list[CslName] = [{"family": author, "given": "I."}]
    found: CslItem = {"id": BASE + slug, "type": "article-journal", "title": title, "author": names}
    return found if year is None else {**found, "issued": {"date-parts": [[year]]}}


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (item("x"), "goodfellow2014generative"),
        (item("x", "A GAN is a net of nets"), "goodfellow2014nets"),
        (item("x", "GAN"), "goodfellow2014gan"),
        (item("x", "L’été", "Müller-Lüdenscheidt"), "mullerludenscheidt2014lete"),
        (item("x", year=None), "goodfellowgenerative"),
    ],
)
def test_keys(data: CslItem, key: str) -> None:
    assert list(bibliography.keys([data])) == [key]


def test_equal_keys_are_told_apart_whatever_the_order() -> None:
    three = [item("b"), item("a"), item("c", "Generative models")]
    expected = {"goodfellow2014generative-2": "b", "goodfellow2014generative": "a", "goodfellow2014generative-3": "c"}
    for order in (three, three[::-1]):
        assert {k: i["id"].removeprefix(BASE) for k, i in bibliography.keys(order).items()} == expected


@pytest.mark.parametrize("dates", [[], [[]]])
def test_a_date_that_says_nothing_is_left_out(dates: list[list[int]]) -> None:
    odd: CslItem = {**item("x", year=None), "issued": {"date-parts": dates}}
    (entry,) = read_bibtex(bibliography.bibtex([odd])).values()
    (reference,) = read_ris(bibliography.ris([odd]))
    assert ("year" in entry, "year" in reference) == (False, False)


def test_an_item_of_which_nothing_is_recorded() -> None:
    (key,) = read_bibtex(bibliography.bibtex([{"id": "urn:x", "type": ""}]))
    assert key.startswith("anonymous")
    assert [entry["type_of_reference"] for entry in read_ris(bibliography.ris([{"id": "urn:x", "type": ""}]))] == [
        "GEN"
    ]


@pytest.mark.parametrize(
    ("title", "tex"),
    [
        ("Deep learning", "Deep learning"),
        ("GANs at work", "{GANs} at work"),
        ("t-SNE: A map of Bayes’s", "{t-SNE:} {A} map of {Bayes’s}"),
        ("2014--2018 ``so''", "2014-{}-2018 `{}`so'{}'"),
    ],
)
def test_capitals_and_signs_of_a_title_are_kept(title: str, tex: str) -> None:
    assert f"title = {{{tex}}}" in bibliography.bibtex([item("x", title)])
    assert plain(tex) == title


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("12-34", ("12", "34")),
        ("A-1–A-5", ("A-1", "A-5")),
        ("e1-e9", ("e1", "e9")),
        ("7", ("7",)),
        ("1-2-1-9", ("1-2-1-9",)),
        ("", ()),
    ],
)
def test_pages(said: str, read: tuple[str, ...]) -> None:
    assert bibliography.pages({"id": "x", "type": "book", "page": said}) == read


@pytest.mark.slow
def test_sources_of_the_catalogue_are_read_back(bundled: Generation) -> None:
    slugs = sorted(path.stem for path in (resources.folder("data") / "sources").glob("*.ttl"))[:: many(5, 1)]
    items = [cast("CslItem", bundled.record("source", slug).csl) for slug in slugs]
    named_items = bibliography.keys(items)
    found = read_bibtex(bibliography.bibtex(items))
    assert list(found) == list(named_items)
    for key, data in named_items.items():
        assert plain(found[key]["title"]) == data["title"]
        assert [named(part) for part in found[key].get("author", [])] == [
            *data.get("author", []),
            *([{"literal": "others"}] if data.get("et-al") else []),
        ]
    told = read_ris(bibliography.ris(items))
    assert [entry["title"] for entry in told] == [data["title"] for data in items]
    assert [entry["id"] for entry in told] == list(named_items)
    assert {entry["type_of_reference"] for entry in told} <= set(rispy.config.TYPE_OF_REFERENCE_MAPPING)


FORMS = Path(__file__).parent / "data" / "references.ttl"


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of tests/data/references.ttl."""
    path = tmp_path_factory.mktemp("references") / "store"
    ingest.create_store(path)
    ingest.import_files(path, [FORMS], ingest.Options(trust=True))
    return path


def test_every_form_is_read_back(forms: Path) -> None:
    with Catalogue(EmbeddedStore(forms)) as catalogue:
        slugs: list[str] = re.findall(r"^source:([\w-]+)", FORMS.read_text(encoding="utf-8"), re.MULTILINE)
        items = [cast("CslItem", catalogue.generation().record("source", slug).csl) for slug in slugs]
    assert len(items) > 30
    found = read_bibtex(bibliography.bibtex(items))
    told = read_ris(bibliography.ris(items))
    for (key, data), ris in zip(bibliography.keys(items).items(), told, strict=True):
        assert plain(found[key]["title"]) == data["title"] == ris["title"]
        others: list[CslName] = [{"literal": "others"}] if data.get("et-al") else []
        assert [named(part) for part in found[key].get("author", [])] == [*data.get("author", []), *others]
        assert ris.get("authors", []) == [bibliography.inverted(name) for name in data.get("author", [])]
        assert "et al." not in json.dumps(json.loads(bibliography.csl_json([data])), ensure_ascii=False)
        for part in found[key].get("author", []):
            assert part.von in ([], ["van", "der"]), "all else stands in braces, lest it be taken for a particle"
    by_slug = dict(zip(slugs, zip(found.values(), told, strict=True), strict=True))
    assert by_slug["creators"][0]["pages"] == "12--13"
    assert (by_slug["creators"][1]["start_page"], by_slug["creators"][1]["end_page"]) == ("12", "13")
    assert (by_slug["ranges"][0]["pages"], by_slug["ranges"][0]["volume"]) == ("A-1--A-5", "1--2")
    assert (by_slug["ranges"][1]["start_page"], by_slug["ranges"][1]["end_page"]) == ("A-1", "A-5")
    assert (by_slug["seq"][0]["pages"], by_slug["seq"][0]["year"]) == ("430--439", "2009")
    for slug, year, in_ris in (
        ("about", "ca. 1763", "1763///ca. 1763"),
        ("day", "45 BC", "///45 BC"),
        ("years", "1999--2001", "1999///1999–2001"),
        ("bc", "45 BC", "///45 BC"),
        ("decade", "1990s", "///1990s"),
        ("long", "12000", "12000"),
    ):
        assert (by_slug[slug][0]["year"], by_slug[slug][1]["year"]) == (year, in_ris)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("12--13", "12–13"),
        ("xii---xv, 3 -- 4", "xii–xv, 3–4"),
        ("A-1--A-5", "A-1–A-5"),
        ("C--", "C--"),
        ("left--right", "left--right"),
        ("-" * 5000, "-" * 5000),
    ],
)
def test_hyphens_of_tex_are_dashes_in_ranges_alone(said: str, read: str) -> None:
    assert ranged(said) == read


def test_what_people_read_has_ranges_and_what_programs_read_has_no_others(forms: Path) -> None:
    client = create_app(Settings(store=forms)).test_client()
    page = lxml_html.fromstring(client.get("/source/ranges", headers={"Accept": "text/html"}).text)
    assert {"A-1–A-5", "1–2", "3–4"} <= {text.strip() for text in page.xpath("//dd//text()")}
    for slug, count in (("others", 1), ("elsewhere", 1), ("after", 1)):
        page = lxml_html.fromstring(client.get(f"/source/{slug}", headers={"Accept": "text/html"}).text)
        (data,) = page.xpath("//script[@type='application/ld+json']/text()")
        people = json.loads(data)["author"]
        assert len(people) == len(page.xpath("//meta[@name='citation_author']")) == count
        assert people[0] == "Smith" if slug == "after" else people[0]["familyName"] == "Öz"


@pytest.mark.parametrize(
    ("slug", "address"),
    [
        ("sici", "https://doi.org/10.1000/(sici)0000-0000(199823)37:3%3C197::aid-x2%3E3.0.co;2-%23"),
        ("question", "https://doi.org/10.1000.10/a%3Fb"),
        ("percent", "https://doi.org/10.1000/a%2541b"),
        ("space", "https://example.org/x%20y%3Cz%3E%C3%A9%20"),
    ],
)
def test_addresses_are_encoded_wherever_they_stand(forms: Path, slug: str, address: str) -> None:
    client = create_app(Settings(store=forms)).test_client()
    page = lxml_html.fromstring(client.get(f"/source/{slug}", headers={"Accept": "text/html"}).text)
    (data,) = page.xpath("//script[@type='application/ld+json']/text()")
    assert json.loads(data)["sameAs"] == address
    assert address in page.xpath("//p[@class='citation']/a/@href")
    assert set(page.xpath("//meta[@name='citation_public_url']/@content")) <= {address}
    (ris,) = read_ris(client.get(f"/source/{slug}.ris").get_data(as_text=True))
    assert ris["urls"] == [address.replace(";", "%3B")], "a semicolon would begin another address"
    (entry,) = read_bibtex(client.get(f"/source/{slug}.bib").text).values()
    assert entry.get("url", address) == address
    assert json.loads(client.get(f"/source/{slug}.csl").text)[0].get("URL", address) == address


@pytest.fixture(scope="module")
def bundled(bundled_store: Path) -> Iterator[Generation]:
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        yield catalogue.generation()


# -- hostile texts -------------------------------------------------------------------------------------

SIGNS = "{}\\$&%#_^~\"'`,-@=<>\n\r\t\x00\x0b\x1c\x85\u2028\u202e Aa and é深"
hostile = st.one_of(
    st.text(SIGNS, max_size=12),
    st.text(max_size=8),
    st.sampled_from(
        ["}\n@book{x,\n", "\\", "a} , title = {b", "x\r\nER  - \r\nTY  - BOOK", "others", "and", "A and B, C"]
    ),
)
names = st.lists(
    st.one_of(
        st.fixed_dictionaries({"family": hostile, "given": hostile}),
        st.fixed_dictionaries({"family": hostile}),
        st.fixed_dictionaries({"literal": hostile}),
    ),
    max_size=3,
)
items = st.fixed_dictionaries(
    {"id": st.just("urn:x"), "type": st.sampled_from(KINDS), "title": hostile},
    optional={
        "author": names,
        "editor": names,
        "issued": st.integers(-9999, 9999).map(lambda year: {"date-parts": [[year]]}),
        **dict.fromkeys(("container-title", "volume", "issue", "page", "publisher", "DOI", "URL"), hostile),
    },
)


@settings(max_examples=many(60, 3000), deadline=None)
@given(items)
def test_no_text_breaks_out_of_its_field(data: CslItem) -> None:
    other = item("other")
    found = read_bibtex(text := bibliography.bibtex([data, other]))
    assert list(found) == list(bibliography.keys([data, other]))
    entry, second = found.values()
    assert second["title"] == "Generative nets"
    assert set(entry) <= {"", "title", "author", "editor", "year", "volume", "number", "pages", "doi", "url"} | {
        "journal", "booktitle", "series", "howpublished", "publisher", "school", "institution",
    }  # fmt: skip
    assert plain(entry.get("title", "")) == bibliography.one_line(data["title"])
    for value in re.findall(r"^  \w+ = \{(.*)\},$", text, re.MULTILINE):
        depth = 0  # BibTeX counts every brace, whether a backslash stands before it or not
        for char in value:
            depth += {"{": 1, "}": -1}.get(char, 0)
            assert depth >= 0
        assert depth == 0
    said = [name for name in data.get("author", ()) if any(map(bibliography.one_line, map(str, name.values())))]
    assert len(entry.get("author", ())) == len(said)
    first, last = read_ris(bibliography.ris([data, other]))
    assert first.get("title", "") == bibliography.one_line(data["title"])
    assert len(first.get("authors", ())) == len(said)
    assert last["title"] == "Generative nets"
    assert json.loads(bibliography.csl_json([data]))[0] == data


def test_csl_json_keeps_to_its_vocabulary(generation: Generation) -> None:
    known = {name.replace("_", "-") for name in citeproc.VARIABLES} | {"id", "type"}
    for data in json.loads(bibliography.csl_json(cited(generation, "one"))):
        assert set(data) <= known
        assert hasattr(citeproc.types, data["type"].replace("-", "_").upper())


# -- on the web and the command line -------------------------------------------------------------------


@pytest.mark.parametrize("form", BIBLIOGRAPHY)
@pytest.mark.parametrize("path", ["/source/paper", "/method/one", "/method/none"])
def test_a_record_by_suffix_parameter_and_header(
    client: FlaskClient, run: Run, store: Path, path: str, form: str
) -> None:
    by_suffix = client.get(f"{path}.{form}", headers={"Accept": "text/html"})
    assert (by_suffix.status_code, by_suffix.headers["Content-Type"]) == (200, FORMATS[form].content_type)
    assert by_suffix.data == client.get(f"{path}?format={form}").data
    assert by_suffix.data == client.get(path, headers={"Accept": FORMATS[form].media_type}).data
    _, kind, slug = path.split("/")
    assert by_suffix.data == run("show", slug, "--kind", kind, "--format", form, "--store", store).raw


@pytest.mark.parametrize("form", BIBLIOGRAPHY)
@pytest.mark.parametrize("path", ["/agent/ada", "/domain/d"])
def test_what_cites_nothing_has_no_bibliography(
    client: FlaskClient, run: Run, store: Path, path: str, form: str
) -> None:
    for refused in (client.get(f"{path}.{form}"), client.get(path, headers={"Accept": FORMATS[form].media_type})):
        assert refused.status_code == 406
        assert refused.json is not None
        assert "text/turtle" in refused.json["available"]
        assert FORMATS[form].media_type not in refused.json["available"]
    _, kind, slug = path.split("/")
    told = run("show", slug, "--kind", kind, "--format", form, "--store", store)
    assert (told.code, told.out) == (2, "")
    assert client.get(f"/source/nothing.{form}").status_code == 404


@pytest.mark.parametrize(
    ("shape", "cites"),
    [
        ("sh:property [ sh:path dcterms:references ; sh:class bibo:Document ]", True),
        ("sh:property [ sh:path dcterms:references ; sh:or ( [ sh:class ex:A ] [ sh:class bibo:Book ] ) ]", True),
        ("sh:property [ sh:path dcterms:references ; sh:node [ sh:property [ sh:class bibo:Book ] ] ]", True),
        ("sh:targetClass bibo:Webpage", True),
        ("sh:property [ sh:path dcterms:creator ; sh:class foaf:Person ]", False),
        ("sh:property [ sh:path dcterms:title ; sh:datatype xsd:string ]", False),
        ("sh:node ex:Shape", False),
    ],
)
def test_a_shape_says_whether_things_can_cite(shape: str, cites: bool) -> None:
    names = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    text = f"{names}@prefix ex: <http://e/> . ex:Shape sh:targetClass ex:Tool ; {shape} ."
    shapes = Shapes(quad.triple for quad in parse(text, format=RdfFormat.TURTLE))
    assert citation.cites(shapes)["http://e/Tool"] is cites


def test_the_kinds_that_can_cite_are_those_whose_shapes_say_so() -> None:
    can = citation.cites(Shapes(bundled_shapes()))
    assert {shortened(cls): cites for cls, cites in can.items()} == {
        "kgc:Method": True,
        "bibo:Document": True,
        "schema:SoftwareSourceCode": False,
        "skos:Concept": False,
        "foaf:Person": False,
        "foaf:Organization": False,
    }


def test_a_record_that_is_not_there_has_no_formats(client: FlaskClient, run: Run, store: Path) -> None:
    for path in ("/source/nothing", "/agent/nothing", "/nothing/nothing"):
        assert client.get(f"{path}.bib").status_code == 404
    assert run("show", "nothing", "--kind", "agent", "--format", "bib", "--store", store).code == 1


def test_pages_offer_what_there_is(client: FlaskClient) -> None:
    for path, offers in (("/source/paper", True), ("/compare?method=one&method=two", True), ("/agent/ada", False)):
        page = client.get(path, headers={"Accept": "text/html"}).text
        for name in ("BibTeX", "RIS", "CSL-JSON"):
            assert (f">{name}</a>" in page) is offers, (path, name)


def test_bibliographies_come_last_where_anything_will_do(client: FlaskClient) -> None:
    assert client.get("/source/paper", headers={"Accept": "application/*"}).mimetype == "application/ld+json"
