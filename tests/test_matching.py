"""The one matcher: what people type finds what they mean, the same in completion, lists and reconciliation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import DATA
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.ingest import Options
from kgcompare.search import Filter
from kgcompare.search.likeness import alike
from kgcompare.search.matching import Matcher
from kgcompare.search.wording import NameRow
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.text.folding import fold, plain, stem

ENOUGH = 0.95
ODD = """
@prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix bibo: <http://purl.org/ontology/bibo/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://w3id.org/kgcompare/> .
<id/domain/gaps> a skos:Concept ; skos:prefLabel "Missing values"@en ; skos:altLabel "incomplete data"@en ;
    skos:hiddenLabel "misssing" .
<id/agent/ada> a foaf:Person ; foaf:name "Ada Quist" .
<id/source/paper> a bibo:Document ; dcterms:title "A paper"@en ; dcterms:issued "1987" ; bibo:doi "10.5555/ABC(1)" .
<id/method/m1> a kgc:Method ; skos:prefLabel "Random forest"@en ; skos:hiddenLabel "bagged trees" ;
    kgc:related <id/method/m2>, <id/method/m3> .
<id/method/m2> a kgc:Method ; skos:prefLabel "k-means"@en ; skos:definition "Zorgle heaps."@en .
<id/method/m3> a kgc:Method ; skos:prefLabel "k-means++"@en ; dcterms:subject <id/domain/gaps> .
<id/method/m4> a kgc:Method ; skos:prefLabel "C#"@en .
<id/method/m5> a kgc:Method ; skos:prefLabel "C++"@en .
<id/method/m6> a kgc:Method ; skos:prefLabel "straße œuvre"@en .
<id/method/m7> a kgc:Method ; skos:prefLabel "Ørsted Łódź"@en .
<id/method/m8> a kgc:Method ; skos:prefLabel "主成分分析"@zh .
<id/method/m9> a kgc:Method ; skos:prefLabel "ランダムフォレスト"@ja .
<id/method/m10> a kgc:Method ; skos:prefLabel "การวิเคราะห์"@th .
<id/method/m11> a kgc:Method ; skos:prefLabel "R²"@en .
<id/method/m12> a kgc:Method ; skos:prefLabel "Performance index"@en .
<id/method/m13> a kgc:Method ; skos:prefLabel "طريقة التحليل"@ar .
<id/method/m14> a kgc:Method ; skos:prefLabel "Weighted forest"@en ; kgc:origin "1991"^^edtf:EDTF ;
    dcterms:creator <id/agent/ada> ; kgc:foundingSource <id/source/paper> .
<id/method/m15> a kgc:Method ; skos:prefLabel "Bartlett’s test"@en .
<id/method/m16> a kgc:Method ; skos:prefLabel "Weighted forest of trees"@en, "Arbres"@fr .
"""


@pytest.fixture(scope="module")
def bundled(bundled_store: Path) -> Iterator[Generation]:
    """The bundled catalogue."""
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        yield catalogue.generation()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    """Names in all manner of scripts, with signs, and one value of a facet."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.ttl").write_text(ODD, encoding="utf-8")
    ingest.create_store(folder / "store")
    ingest.import_files(folder / "store", [folder / "odd.ttl"], Options(trust=True))
    with Catalogue(EmbeddedStore(folder / "store")) as catalogue:
        yield catalogue.generation()


def first(generation: Generation, text: str, lang: str = "en") -> tuple[str, str]:
    """The slugs of the first completion and of the first of a list."""
    completed = generation.suggest(text, lang, most=1)
    listed = generation.search(Filter(text), lang, most=1).things
    return completed[0].id if completed else "", listed[0].id if listed else ""


def found(generation: Generation, text: str) -> list[str]:
    """The slugs of a list."""
    return [thing.id for thing in generation.search(Filter(text)).things]


def test_what_people_type_finds_what_they_mean(bundled: Generation) -> None:
    lines = (DATA / "queries.tsv").read_text(encoding="utf-8").splitlines()[1:]
    asked = [(text, lang, expected.split("|")) for text, lang, expected in (line.split("\t") for line in lines)]
    misses: list[list[str]] = [[], []]
    for text, lang, expected in asked:
        if "+" in expected[0]:
            together = "+".join(thing.id for thing in bundled.named_together(text, lang))
            if sorted(together.split("+")) != sorted(expected[0].split("+")):
                misses[0].append(f"{text} ({lang}): {together or 'nothing'} together, not {expected[0]}")
            continue
        for place, slug in enumerate(first(bundled, text, lang)):
            if slug not in expected:
                misses[place].append(f"{text} ({lang}): {slug or 'nothing'}, not {' or '.join(expected)}")
    told = "\n".join(["not completed:", *misses[0], "not listed:", *misses[1]])
    assert len(asked) > 100
    assert max(map(len, misses)) <= (1 - ENOUGH) * len(asked), told


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("random forests", "m1"),
        ("forest random", "m1"),
        ("RF", "m1"),  # initials; never the inside of "Performance"
        ("bagged trees", "m1"),  # a hidden label
        ("kmeans", "m2"),
        ("k – means", "m2"),
        ("k-means++", "m3"),
        ("kmeans++", "m3"),
        ("C#", "m4"),
        ("c++", "m5"),
        ("strasse", "m6"),
        ("OEUVRE", "m6"),
        ("orsted lodz", "m7"),
        ("分析", "m8"),
        ("フォレスト", "m9"),
        ("วิเคราะห์", "m10"),
        ("r2", "m11"),
        ("R²", "m11"),
        ("طريقة", "m13"),
        ("bartletts test", "m15"),
        ("bartlett test", "m15"),
        ("ｒａｎｄｏｍ forest", "m1"),
        ("randmo forset", "m1"),
        ("zorgle", "m2"),  # a summary
        ("quist", "m14"),
        ("Quist 1991", "m14"),
        ("Quist 1987", "m14"),  # the year of the source
        ("https://doi.org/10.5555/abc(1)", "m14"),
        ("DOI:10.5555%2FABC%281%29", "m14"),
        ("missing values", "m3"),
        ("missing value", "m3"),
        ("incomplete data", "m3"),
        ("phorrest", "m1"),  # sounds so
        ("bagged trese forest", "m1"),
        ("what is a random forest?", "m1"),
        ("random forest vs", "m1"),
        ("random forest vs unheard-of", "m1"),
    ],
)
def test_all_ways_to_write_a_name_find_it(odd: Generation, text: str, slug: str) -> None:
    assert first(odd, text) == (slug, slug)


def test_a_completion_may_have_a_slip(odd: Generation) -> None:
    assert [thing.id for thing in odd.suggest("rondom fo")] == ["m1"]
    assert odd.suggest("weighted fore")[0].id == "m14"


def test_three_letters_never_match_inside_a_word(odd: Generation) -> None:
    assert "m12" not in found(odd, "RF")
    assert "m12" not in [thing.id for thing in odd.suggest("for")]
    assert found(odd, "orm") == []


def test_many_relations_come_first_then_the_readers_language(odd: Generation) -> None:
    assert found(odd, "forest")[:2] == ["m1", "m14"]
    assert odd.index.called("k-means", "method", "en") == odd.index.called("kmeans", "method", "en")


@pytest.mark.parametrize("text", ["the", "of the", "what is", "how to", "comment faire", "+ - *", "?!", "___", "zq"])
def test_what_says_nothing_finds_nothing(bundled: Generation, text: str) -> None:
    assert found(bundled, text) == []
    if len(text.split()) > 1 or not text.isalpha():
        assert not bundled.suggest(text)


def test_completion_begins_with_what_is_best_known(bundled: Generation) -> None:
    assert [thing.id for thing in bundled.suggest("regress")][:2] == ["linear-regression", "logistic-regression"]
    here, there = (bundled.suggest("re", lang)[0] for lang in ("en", "fr"))
    assert here.id != there.id, "what begins so in the reader's language comes first"
    assert fold(there.label).startswith("re")


def test_software_finds_what_it_does_after_what_is_called_so(bundled: Generation) -> None:
    assert {"lasso", "ridge-regression", "elastic-net"} <= set(found(bundled, "glmnet"))
    assert found(bundled, "statsmodels OLS")[0] == "linear-regression"
    assert found(bundled, "random forest")[0] == "random-forest"


def test_a_value_of_a_facet_is_told_by_its_name(odd: Generation) -> None:
    named = odd.index.concepts("missing value", "method")
    assert [(facet, entry.slug) for facet, entry in named] == [("domain", "gaps")]
    assert odd.index.concepts("missing", "method") == []


def test_signs_make_no_match_of_another_name(odd: Generation) -> None:
    (best, *_) = alike(odd.index.matcher, "k-means++", ["method"], 5)
    assert odd.index.entries([best.thing])[0].slug == "m3"
    assert best.score == 100
    scores = {like.thing: like.score for like in alike(odd.index.matcher, "C+", ["method"], 5)}
    assert 100 not in scores.values()


@pytest.mark.parametrize(
    "text",
    ["\ud800", "\x00", '"' * 200, "a " * 500, "=" * 90, "^~#@", "((((", "*", "NEAR(a b)", "OR NOT", "é" * 300],
)
def test_nothing_that_is_typed_is_an_error(odd: Generation, text: str) -> None:
    odd.suggest(text)
    page = odd.search(Filter(text), facets=True)
    assert len(page.things) == page.total
    assert odd.index.called(text, "method", "en") == []
    json.dumps(odd.index.matcher.values(text, ["domain"]))


def test_lists_count_what_they_show(bundled: Generation) -> None:
    for text in ("regression", "lasso", "tets", "RF", "survival analysis", "neural networks", "rigde"):
        page = bundled.search(Filter(text), most=200, facets=True)
        assert len(page.things) == page.total, text
        named = bundled.search(Filter(text), sort="name", most=200)
        assert {thing.id for thing in named.things} == {thing.id for thing in page.things}, text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Student’s t-test", "students t test"),
        ("L’analyse", "l analyse"),
        ("χ² test", "chi2 test"),
        ("Łódź Ørsted ĳ", "lodz orsted ij"),
        ("k-means++", "k means ++"),
        ("½ R₂", "1 2 r2"),
    ],
)
def test_names_are_taken_apart_into_plain_words(text: str, words: str) -> None:
    assert plain(text) == words


def test_words_are_stemmed_as_their_language_has_it() -> None:
    assert stem("forests", "en") == stem("forest", "en")
    assert stem("aleatoires", "fr") == stem("aleatoire", "fr")
    assert stem("networks", "tlh") == "networks", "no stemmer: as it is"
    assert stem("svm", "en") == "svm"


@pytest.mark.parametrize("text", ["survival analysis", "missing data"])
def test_words_that_name_an_aim_list_what_has_it(bundled: Generation, text: str) -> None:
    page = bundled.search(Filter(text), most=200)
    (meant,) = page.understood
    having = {thing.id for thing in bundled.search(Filter(facets={meant.facet: meant.id}), most=200).things}
    assert {thing.id for thing in page.things} == having, "and not what has the words in its summary alone"


def test_authors_of_a_founding_source_find_the_method(bundled: Generation) -> None:
    """Those too that the originators leave out as "et al."."""
    assert found(bundled, "Shazeer 2017")[0] == "transformer"
    assert "transformer" in found(bundled, "Polosukhin")


def test_a_name_is_looked_for_where_its_words_are(bundled: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind has a look for each word; combinations are asked for only where all words are, and none twice."""
    asked: list[str] = []
    names = Matcher._read_names

    def counted(self: Matcher, expression: str, *more: int) -> tuple[NameRow, ...]:
        asked.append(f"{expression} {more}")
        return names(self, expression, *more)

    monkeypatch.setattr(Matcher, "_read_names", counted)
    matcher = Matcher(bundled.index._rows)
    kinds = list(bundled.counts())
    found = alike(matcher, "quantile regression forest", kinds, 50)
    assert found
    assert len(asked) == len(set(asked))
    assert len(asked) < 6 * len(kinds), "of a kind whose names have none of the words, only the exact name is asked for"
    rows = [row.number for few in matcher.rows("quantile regression forest", "method") for row, _ in few]
    assert len(rows) <= 2 * len(set(rows)), "once for each reading of the words"


@pytest.mark.parametrize("years", [(1950, 1990), (None, 1900), (2000, None)])
def test_what_touches_years_is_the_same_in_masks_and_lists(
    bundled: Generation, years: tuple[int | None, int | None]
) -> None:
    """Of things that began, ended and go on."""
    listed = bundled.search(Filter("", "method", {}, *years), "en", most=1)
    assert listed.total > 0
    assert bundled.index.of_years("method", *years).bit_count() == listed.total
