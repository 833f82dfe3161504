"""What a comparison says in sentences is what statements say, in the words of the vocabulary and of shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from conftest import DATA, Run
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.model import Comparison
from kgcompare.rdf.namespaces import local_name
from kgcompare.rdf.queries import load
from kgcompare.schema import vocabulary
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.text.languages import interface_languages
from kgcompare.text.phrases import Phrases

ID = "https://w3id.org/kgcompare/id/"
HEADER = """
@prefix kgc: <https://w3id.org/kgcompare/ns#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> . @base <https://w3id.org/kgcompare/> .
"""
CONCEPTS = {
    "aim": {"predict": "predict a quantity", "select": "select variables"},
    "assumption": {"linear": "linear effects", "sparse": "few effects", "normal": "normal residuals"},
    "domain": {"statistics": "Statistics"},
}
METHODS = """
<id/method/lasso> a kgc:Method ; skos:prefLabel "Lasso"@en ; kgc:extends <id/method/ols> ;
    kgc:alternativeTo <id/method/ridge> ; dcterms:subject <id/domain/statistics> ;
    kgc:aim <id/aim/predict>, <id/aim/select> ; kgc:assumes <id/assumption/linear>, <id/assumption/sparse> .
<id/method/ridge> a kgc:Method ; skos:prefLabel "Ridge regression"@en, "Régression ridge"@fr ;
    kgc:extends <id/method/ols> ; kgc:oftenConfusedWith <id/method/elastic> ; dcterms:subject <id/domain/statistics> ;
    kgc:aim <id/aim/predict> ; kgc:assumes <id/assumption/linear>, <id/assumption/normal> .
<id/method/elastic> a kgc:Method ; skos:prefLabel "Elastic net"@en ; kgc:extends <id/method/ols> ;
    kgc:combines <id/method/lasso>, <id/method/ridge> ; kgc:aim <id/aim/predict>, <id/aim/select> .
<id/method/ols> a kgc:Method ; skos:prefLabel "Linear {0} {1} {lang} regression"@en .
<id/method/alone> a kgc:Method ; skos:prefLabel "Alone"@en .
<id/method/known> a kgc:Method ; skos:prefLabel "Known"@en ; kgc:related <id/method/alone>, <id/method/lasso> .
"""


def concepts() -> str:
    return "".join(
        f'<id/{kind}/{slug}> a skos:Concept ; skos:prefLabel "{name}"@en .\n'
        for kind, names in CONCEPTS.items()
        for slug, name in names.items()
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sentences") / "store"
    file = path.with_suffix(".ttl")
    file.write_text(HEADER + METHODS + concepts(), encoding="utf-8")
    ingest.create_store(path)
    ingest.import_files(path, [file], ingest.Options())
    return path


@pytest.fixture(scope="module")
def generation(store: Path) -> Iterator[Generation]:
    with Catalogue(EmbeddedStore(store)) as catalogue:
        yield catalogue.generation()


def texts(said: Comparison) -> list[str]:
    return [sentence.text for sentence in said.sentences]


def test_two_hang_together_share_and_differ(generation: Generation) -> None:
    assert texts(generation.compare(["lasso", "ridge"])) == [
        "Lasso and Ridge regression are alternatives to each other; both extend Linear {0} {1} {lang} regression; "
        "Elastic net combines Lasso and Ridge regression.",
        "In common: domain (Statistics), aim (predict a quantity) and assumption (linear effects).",
        "Only Lasso serves to select variables.",
        "Lasso assumes few effects; Ridge regression assumes normal residuals.",
    ]


def test_three_and_a_warning(generation: Generation) -> None:
    said = generation.compare(["lasso", "ridge", "elastic"])
    assert texts(said) == [
        "Elastic net combines Lasso and Ridge regression; Lasso and Ridge regression are alternatives to each other; "
        "all three extend Linear {0} {1} {lang} regression.",
        "Ridge regression and Elastic net are often confused with each other.",
        "In common: aim (predict a quantity).",
        "Only Lasso and Elastic net serve to select variables.",
        # Of Elastic net no assumption is recorded: nothing is said of it, and none of the others is the only one.
        "Lasso assumes few effects; Ridge regression assumes normal residuals.",
    ]
    assert [sentence.warning for sentence in said.sentences] == [False, True, False, False, False]


def test_french_is_french(generation: Generation) -> None:
    assert texts(generation.compare(["lasso", "ridge"], "fr")) == [
        "Lasso et Régression ridge servent le même but\u202f; les deux prolongent Linear {0} {1} {lang} regression"
        "\u202f; Elastic net combine Lasso et Régression ridge.",
        "En commun\u00a0: domaine (Statistics), but (predict a quantity) et hypothèse (linear effects).",
        "Il n’y a que Lasso qui sert à select variables.",
        "Lasso suppose\u00a0: few effects\u202f; Régression ridge suppose\u00a0: normal residuals.",
    ]
    elided = generation.compare(["elastic", "ridge"], "fr").sentences
    assert any("Il n’y a qu’Elastic net qui sert" in sentence.text for sentence in elided)


def test_another_language_is_told_in_english_and_says_so(generation: Generation) -> None:
    english = generation.compare(["lasso", "ridge"], "en").sentences
    german = generation.compare(["lasso", "ridge"], "de").sentences
    assert [(s.text, s.lang) for s in german] == [(s.text, "en") for s in english]
    borrowed = generation.compare(["lasso", "ridge"], "fr").sentences[0].pieces
    assert {(p.text, p.lang) for p in borrowed if p.iri} >= {("Lasso", "en"), ("Régression ridge", None)}


def test_each_piece_that_names_something_leads_there(generation: Generation) -> None:
    for sentence in generation.compare(["lasso", "ridge", "elastic"]).sentences:
        assert "".join(piece.text for piece in sentence.pieces) == sentence.text
        named = [piece.iri for piece in sentence.pieces if piece.iri]
        assert named
        assert set(named) <= set(sentence.about)
        # The records that say so are among what it is about.
        assert any(iri.startswith(ID + "method/") for iri in sentence.about)


def test_what_no_statement_backs_is_not_said(generation: Generation) -> None:
    assert generation.compare(["lasso"]).sentences == ()
    assert generation.compare(["lasso", "alone"]).sentences == ()
    assert texts(generation.compare(["alone", "known"])) == ["Alone and Known are related."]
    assert texts(generation.compare(["elastic", "ridge"]))[-1] == "Only Elastic net serves to select variables."


def test_ten_are_readable(bundled_store: Path) -> None:
    slugs = ["lasso", "ridge-regression", "elastic-net", "linear-regression", "random-forest", "k-means-clustering"]
    slugs += ["dbscan", "t-sne", "umap", "principal-component-analysis"]
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        for lang in ("en", "fr"):
            said = texts(catalogue.compare(slugs, lang))
            assert 0 < len(said) <= 5
            assert max(map(len, said)) < 500
            assert len(set(said)) == len(said)


def test_json_and_the_terminal_say_the_same(store: Path, run: Run) -> None:
    done = run("compare", "lasso", "ridge", "--store", store, "--format", "json")
    said = json.loads(done.out)["summary"]["sentences"]
    assert said[2]["text"] == "Only Lasso serves to select variables."
    assert said[2]["about"] == [ID + "method/lasso", ID + "aim/select"]
    shown = run("compare", "lasso", "ridge", "--store", store).out
    assert shown.startswith("Lasso and Ridge regression are alternatives")
    assert shown.index(said[2]["text"]) < shown.index("─")
    for form, words in (("md", r"linear effects\)"), ("html", "<p>Only Lasso serves"), ("tex", r"Only Lasso serves")):
        assert words.replace("\\", "") in run("compare", "lasso", "ridge", "--store", store, "--format", form).out
    assert "Only Lasso" not in run("compare", "lasso", "ridge", "--store", store, "--format", "csv").out


def test_the_query_gives_every_link_that_is_said_and_in_its_direction(generation: Generation) -> None:
    """queries/links.rq, as it stands but for the methods, has what the sentences were made of."""
    said = generation.compare(["lasso", "ridge", "elastic"])
    relations = [
        NamedNode(f"https://w3id.org/kgcompare/ns#{name}") for name in ("extends", "combines", "alternativeTo")
    ]
    pairs = [(NamedNode(thing.iri), relation) for thing in said.methods for relation in relations]
    rows = generation.snapshot.select(load("links").bind(method__relation=pairs, method__inverse=pairs)).rows
    links = {tuple(local_name(term.value) for term in row[1:] if term is not None) for row in rows}
    assert links == {
        ("lasso", "extends", "ols"),
        ("ridge", "extends", "ols"),
        ("elastic", "extends", "ols"),
        ("elastic", "combines", "lasso"),
        ("elastic", "combines", "ridge"),
        ("lasso", "alternativeTo", "ridge"),
    }


# -- other catalogues --------------------------------------------------------------------------------------

SKY = "https://telescopes.example/"
WORDS = """
sky:band kgc:sentence "{0} sees {1}"@en ; kgc:pluralSentence "{0} see {1}"@en .
sky:complements a owl:SymmetricProperty ; kgc:mutualSentence "{0} work together"@en ; kgc:warns true .
"""


def telescopes(path: Path, words: str = "") -> Comparison:
    shapes = path.with_suffix(".ttl")
    shapes.write_text((DATA / "telescope_shapes.ttl").read_text(encoding="utf-8") + words, encoding="utf-8")
    ingest.create_store(path, SKY, [shapes])
    ingest.import_files(path, [DATA / "telescopes.ttl"], ingest.Options())
    with Catalogue(EmbeddedStore(path)) as catalogue:
        return catalogue.compare(["hubble", "keck"])


def test_a_relation_without_words_is_said_by_its_label(tmp_path: Path) -> None:
    said = telescopes(tmp_path / "store")
    assert any("complements" in text and "Hubble" in text for text in texts(said)), texts(said)
    assert not any("sees" in text for text in texts(said))


def test_shapes_bring_the_words_of_their_own_predicates(tmp_path: Path) -> None:
    said = telescopes(tmp_path / "store", WORDS)
    assert any(s.warning and s.text.endswith("work together.") for s in said.sentences), texts(said)
    assert any(" sees " in text for text in texts(said)), texts(said)


@pytest.mark.parametrize("what", ["sentence", "pluralSentence", "mutualSentence"])
def test_the_vocabulary_has_its_sentences_in_every_language_with_their_places(what: str) -> None:
    graph, predicate = vocabulary.graph(), f"https://w3id.org/kgcompare/ns#{what}"
    texts = [said for node in graph.subjects() if (said := graph.texts(node, predicate))]
    assert texts
    for said in texts:
        assert set(said) == set(interface_languages())
        for text in said.values():
            assert "{0}" in text
            assert ("{1}" in text) is (what != "mutualSentence")


# -- phrases -----------------------------------------------------------------------------------------------


def test_a_long_list_names_some_and_counts_the_rest() -> None:
    words = Phrases("en")
    named = words.listed([words.name(name, None, None) for name in "ABCDE"])
    assert "".join(text for text, _, _ in words.sentence([named])) == "A, B, C and 2 others."


def test_a_pattern_fills_nothing_but_its_places() -> None:
    assert Phrases("en").fill("{0} {1} {2} {lang} {0.real} {{0}", "a", "b") == "a b {2} {lang} {0.real} {a"


def test_a_name_that_ends_in_a_stop_gets_no_second_one() -> None:
    words = Phrases("en")
    assert [text for text, _, _ in words.sentence([words.name("Acme Inc.", "urn:a", "en")])] == ["Acme Inc."]
