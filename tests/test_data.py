"""The bundled catalogue is complete, consistent and formatted."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations
from pathlib import Path

import idutils
import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse
from rapidfuzz import fuzz

from conftest import Run
from kgcompare import resources
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import Base, iri, is_slug
from kgcompare.schema import vocabulary
from kgcompare.search import Filter
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.text import dates
from kgcompare.text.folding import fold

BASE = Base()
PAIR = ("transfer-learning-gan", "transfer-learning-diffusion")
DIFFERENT_PEOPLE: set[tuple[str, str]] = set()
"""Agents whose names are alike and who are two people, by their slugs."""
TYPED = vocabulary.typed_relations()
WAYS = {iri("kgc:IndependentText"), iri("kgc:GeneralKnowledge")}


def read() -> Graph:
    graph = Graph()
    for path in resources.data_files():
        for quad in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE.value, rename_blank_nodes=True):
            graph.add(quad.subject, quad.predicate.value, quad.object)
    return graph


DATA = read()
THERE: set[Term] = set(DATA.subjects())


@cache
def of_kind(kind: str) -> dict[str, NamedNode]:
    """The records of a kind, by slug."""
    found = {}
    for subject in DATA.subjects():
        if isinstance(subject, NamedNode) and (parts := BASE.parts(subject.value)) and parts[0] == kind:
            found[parts[1]] = subject
    return found


METHODS, SOURCES, AGENTS = of_kind("method"), of_kind("source"), of_kind("agent")
CHOOSING = {"aim": "kgc:aim", "data": "kgc:takes", "assumption": "kgc:assumes", "result": "kgc:gives"}
"""What says how to choose a method: the kinds of its concepts, and the predicates that lead to them."""
KINDS = ["domain", "family", "type", *CHOOSING]
CONCEPTS = {f"{kind}/{slug}": node for kind in KINDS for slug, node in of_kind(kind).items()}


def texts(node: NamedNode, name: str) -> dict[str, list[str]]:
    """The texts of a predicate, by language."""
    found: dict[str, list[str]] = defaultdict(list)
    for value in DATA.objects(node, iri(name).value):
        if isinstance(value, Literal):
            found[value.language or ""].append(value.value)
    return found


def linked() -> dict[str, set[str]]:
    """The methods that typed links join each method with, in both directions."""
    found: dict[str, set[str]] = {slug: set() for slug in METHODS}
    for slug, node in METHODS.items():
        for relation in TYPED:
            for other in DATA.iris(node, relation):
                parts = BASE.parts(other)
                assert parts, f"{slug} is linked with {other}"
                found[slug].add(parts[1])
                found.setdefault(parts[1], set()).add(slug)
    return found


@pytest.fixture(scope="module")
def generation(bundled_store: Path) -> Generation:
    return Catalogue(EmbeddedStore(bundled_store)).generation()


# -- methods ---------------------------------------------------------------------------------------------


def test_there_are_methods_sources_agents_and_concepts() -> None:
    assert len(METHODS) >= 400
    assert len(SOURCES) >= 300
    assert len(AGENTS) >= 500
    assert CONCEPTS


@pytest.mark.parametrize(
    "name",
    ["dcterms:subject", "kgc:family", "dcterms:type", "kgc:origin", "kgc:origination", "kgc:foundingSource"],
)
def test_every_method_has(name: str) -> None:
    assert [slug for slug, node in METHODS.items() if not DATA.objects(node, iri(name).value)] == []


def test_a_domain_has_three_methods_at_least() -> None:
    counts = Counter(domain for node in METHODS.values() for domain in DATA.iris(node, iri("dcterms:subject").value))
    there = {node.value for name, node in CONCEPTS.items() if name.startswith("domain/")}
    assert {domain: counts[domain] for domain in there if counts[domain] < 3} == {}


@pytest.mark.parametrize("relation", TYPED)
@pytest.mark.parametrize(
    ("lang", "words"), [("en", "It holds where one can say: "), ("fr", "Convient si l’on peut dire\u00a0: ")]
)
def test_a_kind_of_link_has_a_sentence_to_test_it_by(relation: str, lang: str, words: str) -> None:
    said = vocabulary.graph().texts(NamedNode(relation), iri("skos:definition").value)
    assert re.search(r"\bA\b.*\bB\b|\bB\b.*\bA\b", said[lang].partition(words)[2])


@pytest.mark.parametrize("name", ["skos:prefLabel", "skos:definition"])
def test_names_and_summaries_are_there_once_in_english_and_french(name: str) -> None:
    counts = {slug: {lang: len(said) for lang, said in texts(node, name).items()} for slug, node in METHODS.items()}
    assert {slug: count for slug, count in counts.items() if count != {"en": 1, "fr": 1}} == {}


def sentences(text: str) -> int:
    """About how many sentences a text has."""
    return len(re.findall(r"[.!?…](?:[\s\u00a0]+(?=[\"“«(]?[\s\u00a0]?[A-ZÀ-Þ0-9])|[\"”»)]*\Z)", text))


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_summaries_have_a_few_sentences(lang: str) -> None:
    counts = {slug: sentences(texts(node, "skos:definition")[lang][0]) for slug, node in METHODS.items()}
    assert {slug: count for slug, count in counts.items() if not 2 <= count <= 5} == {}


def test_origins_are_dates_and_originations_name_agents() -> None:
    wrong = []
    for slug, node in METHODS.items():
        (origin,) = DATA.objects(node, iri("kgc:origin").value)
        if dates.canonical(origin.value) != origin.value:
            wrong.append((slug, origin.value))
        for origination in DATA.objects(node, iri("kgc:origination").value):
            agents = DATA.members(DATA.value(origination, iri("kgc:agentList").value))  # type: ignore[arg-type]
            if not agents or not THERE.issuperset(agents):
                wrong.append((slug, str(agents)))
    assert wrong == []


def test_what_methods_name_is_there() -> None:
    wrong = []
    for name in ("dcterms:subject", "kgc:family", "dcterms:type", "kgc:foundingSource"):
        for slug, node in METHODS.items():
            wrong += [(slug, value) for value in DATA.iris(node, iri(name).value) if NamedNode(value) not in DATA]
    wrong += [(slug, other) for slug, others in linked().items() for other in others if other not in METHODS]
    assert wrong == []


def test_every_method_is_linked_with_two_others_and_none_with_itself() -> None:
    links = linked()
    assert {slug: others for slug, others in links.items() if len(others) < 2} == {}
    assert [slug for slug, others in links.items() if slug in others] == []


# -- sources ---------------------------------------------------------------------------------------------


def test_founding_sources_have_a_title_authors_and_a_year() -> None:
    wrong = []
    for slug, node in METHODS.items():
        for source in DATA.iris(node, iri("kgc:foundingSource").value):
            about = NamedNode(source)
            people = [
                person
                for name in ("bibo:authorList", "bibo:editorList")
                for person in DATA.members(DATA.value(about, iri(name).value))
            ]
            year = DATA.text(about, iri("dcterms:issued").value)
            if (
                not DATA.text(about, iri("dcterms:title").value)
                or not people
                or not year
                or dates.years(year)[0] is None
                or not THERE.issuperset(people)
            ):
                wrong.append((slug, source))
    assert wrong == []


def test_dois_are_well_formed_and_belong_to_one_source() -> None:
    dois = {slug: DATA.text(node, iri("bibo:doi").value) for slug, node in SOURCES.items()}
    given = {slug: doi for slug, doi in dois.items() if doi is not None}
    assert {slug: doi for slug, doi in given.items() if not idutils.is_doi(doi)} == {}
    assert {slug: doi for slug, doi in given.items() if idutils.normalize_doi(doi) != doi} == {}, "no address before it"
    count = Counter(doi.lower() for doi in given.values())
    assert [doi for doi, sources in count.items() if sources > 1] == []


def test_every_source_is_named_by_a_method() -> None:
    named = {source for node in METHODS.values() for source in DATA.iris(node, iri("kgc:foundingSource").value)}
    named |= {v.value for s in DATA.subjects() for v in DATA.objects(s, iri("dcterms:source").value)}
    assert [slug for slug, node in SOURCES.items() if node.value not in named] == []


# -- what to choose a method by --------------------------------------------------------------------------


CHOSEN = {slug: node for slug, node in METHODS.items() if DATA.objects(node, iri("kgc:aim").value)}
"""The methods that say what they are for."""
ASKED = {
    "survival analysis": "analyse-time-to-event",
    "missing data": "handle-missing-data",
    "outlier detection": "detect-outliers",
    "compare two groups": "compare-two-groups",
    "imbalanced classes": "correct-class-imbalance",
    "dimensionality reduction": "reduce-dimensions",
    "time series forecasting": "forecast-a-time-series",
    "topic model": "find-topics",
    "données manquantes": "handle-missing-data",
    "comparer deux groupes": "compare-two-groups",
    "analyse de survie": "analyse-time-to-event",
}
"""Words in which people ask, and the aim that they mean."""


def test_methods_are_chosen_by_concepts_that_are_there() -> None:
    assert len(CHOSEN) >= 30
    wrong = [
        (slug, value)
        for slug, node in METHODS.items()
        for kind, name in CHOOSING.items()
        for value in DATA.iris(node, iri(name).value)
        if BASE.parts(value) not in {(kind, one) for one in of_kind(kind)}
    ]
    assert wrong == []


@pytest.mark.parametrize("words", ASKED)
def test_what_people_ask_for_is_the_name_of_an_aim_that_methods_serve(words: str) -> None:
    aim = of_kind("aim")[ASKED[words]]
    said = {
        fold(text)
        for name in ("skos:prefLabel", "skos:altLabel", "skos:hiddenLabel")
        for values in texts(aim, name).values()
        for text in values
    }
    assert fold(words) in said
    assert any(aim in DATA.objects(node, iri("kgc:aim").value) for node in CHOSEN.values())


@pytest.mark.parametrize("name", ["kgc:chooseWhen", "kgc:avoidWhen"])
def test_advice_is_there_in_english_and_french_and_names_a_rival(name: str) -> None:
    names = {slug: called(node) for slug, node in METHODS.items()}
    wrong = []
    for slug, node in CHOSEN.items():
        said = texts(node, name)
        rivals = {label for other, labels in names.items() if other != slug for label in labels}
        for lang in ("en", "fr"):
            words = f" {plain(said[lang][0])} " if len(said[lang]) == 1 else ""
            if not any(f" {rival} " in words or f" {rival}s " in words for rival in rivals):
                wrong.append((slug, lang))
    assert wrong == []


def test_french_has_spaces_that_do_not_break_before_its_signs() -> None:
    named = ("skos:definition", "kgc:chooseWhen", "kgc:avoidWhen")
    every = [
        text for node in [*METHODS.values(), *CONCEPTS.values()] for name in named for text in texts(node, name)["fr"]
    ]
    assert len(every) > len(METHODS)
    assert [text for text in every if re.search(r"[^\s] [;:?!»]|« |\w'\w", text)] == []


def plain(text: str) -> str:
    """Folded words with single spaces between them."""
    return " ".join(re.findall(r"\w+", fold(text)))


def called(node: NamedNode) -> set[str]:
    """The names and aliases of a method, without what stands in brackets."""
    both = (texts(node, name) for name in ("skos:prefLabel", "skos:altLabel"))
    return {plain(re.sub(r"\(.*\)", "", text)) for said in both for values in said.values() for text in values}


# -- concepts and agents ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["skos:prefLabel", "skos:definition"])
def test_concepts_have_labels_and_definitions_in_english_and_french(name: str) -> None:
    counts = {slug: {lang: len(said) for lang, said in texts(node, name).items()} for slug, node in CONCEPTS.items()}
    assert {slug: count for slug, count in counts.items() if count != {"en": 1, "fr": 1}} == {}


@pytest.mark.parametrize("kind", CHOOSING)
def test_a_name_belongs_to_one_concept_of_its_kind(kind: str) -> None:
    """No two concepts mean the same: a word that people ask with leads to one of them."""
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for slug, node in of_kind(kind).items():
        for name in ("skos:prefLabel", "skos:altLabel", "skos:hiddenLabel"):
            for lang, said in texts(node, name).items():
                for text in said:
                    named[lang, fold(text)].add(slug)
    assert {name: slugs for name, slugs in named.items() if len(slugs) > 1} == {}


def test_no_agent_stands_there_twice() -> None:
    names = sorted((fold(texts(node, "foaf:name")[""][0]), slug) for slug, node in AGENTS.items())
    alike = {
        (min(a, b), max(a, b))
        for (one, a), (other, b) in combinations(names, 2)
        if fuzz.ratio(one, other, score_cutoff=95) >= 95
    }
    assert alike - DIFFERENT_PEOPLE == set()
    assert DIFFERENT_PEOPLE - alike == set(), "no longer needed in the list"


# -- records ---------------------------------------------------------------------------------------------


def test_slugs_are_slugs_and_each_file_describes_what_it_is_called_after() -> None:
    every = [s.value for s in DATA.subjects() if isinstance(s, NamedNode) and s.value.startswith(BASE.value + "id/")]
    assert [value for value in every if not (parts := BASE.parts(value)) or not all(map(is_slug, parts))] == []
    files = [*(resources.folder("data") / "methods").iterdir(), *(resources.folder("data") / "sources").iterdir()]
    assert sorted(path.stem for path in files) == sorted([*METHODS, *SOURCES])


def test_no_record_is_described_in_two_files() -> None:
    homes: dict[str, set[Path]] = defaultdict(set)
    for path in resources.data_files():
        for quad in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE.value):
            if isinstance(quad.subject, NamedNode):
                homes[quad.subject.value].add(path)
    assert {subject: files for subject, files in homes.items() if len(files) > 1} == {}


@pytest.mark.parametrize("kind", ["method", "source", "agent", *KINDS])
def test_every_record_says_how_and_when_it_was_checked(kind: str) -> None:
    wrong = []
    for slug in of_kind(kind):
        document = NamedNode(BASE.document(BASE.record(kind, slug)))
        day = DATA.text(document, iri("dcterms:date").value) or ""
        checked = DATA.objects(document, iri("kgc:checked").value)
        if len(checked) != 1 or checked[0] not in WAYS or not re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", day):
            wrong.append(slug)
    assert wrong == []


def test_the_table_of_sources_seen_names_sources_that_are_there() -> None:
    """Each once, in order, with where it was seen; and each says that an independent text was its check."""
    with (Path(__file__).parent.parent / "docs" / "checks" / "sources.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    slugs = [row["record"] for row in rows]
    assert slugs == sorted(set(slugs))
    assert [row["record"] for row in rows if not (row["seen"] and row["agrees"])] == []
    wrong = []
    for slug in slugs:
        document = NamedNode(BASE.document(BASE.record("source", slug)))
        if slug not in SOURCES or DATA.objects(document, iri("kgc:checked").value) != [iri("kgc:IndependentText")]:
            wrong.append(slug)
    assert wrong == []


@pytest.mark.slow
def test_data_are_formatted(run: Run) -> None:
    said = run("format", "--check", resources.folder("data"))
    assert (said.code, said.err) == (0, "")


# -- what the documentation and the home page promise ----------------------------------------------------


def test_the_pair_of_the_readme(generation: Generation) -> None:
    found = generation.compare(PAIR)
    assert [row.id for row in found.rows if row.differs] == [
        "origin-year",
        "originator",
        "type",
        "founding-source",
        "related",
        "summary",
    ]
    assert (found.differing, found.compared, found.total_rows) == (6, 12, 15)
    assert [cell.text for cell in found.row("related").cells] == ["6", "5"]
    assert found.row("domain").cells[0].text == "Deep learning"
    assert found.row("family").cells[0].text == "Machine learning"


def test_a_method_stands_in_each_of_its_domains(generation: Generation) -> None:
    for domain in ("deep-learning", "computer-vision"):
        found = generation.search(Filter(facets={"domain": domain, "type": "object-detection-network"}))
        assert {"yolo", "faster-r-cnn", "ssd"} <= {thing.id for thing in found.things}, domain
    row = generation.compare(["resnet", "ransac"]).row("domain")
    assert [cell.text for cell in row.cells] == ["Computer vision; Deep learning", "Computer vision"]
    assert row.differs


def test_examples_are_there() -> None:
    lines = (resources.folder("data") / "examples.csv").read_text(encoding="utf-8").splitlines()
    pairs = [row for row in csv.reader(lines) if row]
    assert len(pairs) >= 20
    assert all(2 <= len(pair) == len(set(pair)) for pair in pairs)
    assert [slug for pair in pairs for slug in pair if slug not in METHODS] == []
