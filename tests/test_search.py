"""The derived index: ranking, completion, facets, pages that miss nothing, and updates that equal a rebuild."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, RdfFormat, Triple, parse

from conftest import DATA
from kgcompare import ingest, report, search
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import ShapeError, StoreError, UsageError
from kgcompare.ingest import Options, beside
from kgcompare.rdf.namespaces import DEFAULT_BASE, foreign_slug, iri
from kgcompare.schema.shapes import Shapes, bundled_shapes
from kgcompare.search import DerivedFile, Filter, Index, KeptPlace, making, matching
from kgcompare.search.wording import rarely_related
from kgcompare.store import Snapshot
from kgcompare.store import writer as store_writer
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.folder import Folder
from kgcompare.text.folding import fold

PREFIXES = """\
@prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://w3id.org/kgcompare/> .
"""


@pytest.fixture(scope="module")
def generation(small_store: Path) -> Iterator[Generation]:
    """The small catalogue."""
    with Catalogue(EmbeddedStore(small_store)) as catalogue:
        yield catalogue.generation()


def ids(generation: Generation, text: str = "", lang: str = "en", sort: str = "", **narrow: object) -> list[str]:
    """The slugs of what is found, in order."""
    facets = {name: str(narrow.pop(name)) for name in ("domain", "family", "type") if name in narrow}
    query = Filter(text, facets=facets, **narrow)  # type: ignore[arg-type]
    return [thing.id for thing in generation.search(query, lang, sort=sort).things]


# -- words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lasso", ["lasso"]),
        ("LASSO", ["lasso"]),
        ("las", ["lasso"]),
        ("laso", ["lasso"]),  # a hidden label
        ("GAN", ["gan"]),  # an alias
        ("regularisation", ["lasso", "ridge"]),
        ("régularisation", ["lasso", "ridge"]),
        ("Regularisation l1", ["lasso"]),
        ("methode", ["elbow"]),  # without the accent
        ("me\u0301thode", ["elbow"]),  # decomposed
        ("reseau", ["gan"]),
        ("goodfellow", ["gan"]),  # an originator
        ("coefficients zero", ["lasso"]),  # a summary
        ("network generative", ["gan"]),
        ("nothing of the kind", []),
        ("", ["gan", "lasso", "elbow", "ridge"]),
    ],
)
def test_words_find(generation: Generation, text: str, found: list[str]) -> None:
    assert ids(generation, text) == found


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'",
        "*",
        "a*b",
        "NEAR(",
        "AND",
        "OR NOT",
        "-lasso -",
        "name:lasso",
        "(",
        "\\",
        "%",
        "\x00",
        "x" * 5000,
        "🎲",
    ],
)
def test_what_people_type_is_never_an_error(generation: Generation, text: str) -> None:
    ids(generation, text)
    ids(generation, text, sort="name")
    generation.suggest(text)
    generation.search(Filter(text), facets=True)


def test_only_punctuation_finds_nothing(generation: Generation) -> None:
    assert ids(generation, "!?") == []


def test_an_exact_name_beats_a_part_of_a_name(many: Generation) -> None:
    assert ids(many, "Regression")[0] == "regression"
    assert ids(many, "regression")[:1] == ["regression"]


def test_a_name_beats_an_alias_beats_a_summary(many: Generation) -> None:
    assert ids(many, "zebra") == ["zebra-name", "zebra-alias", "zebra-summary"]


def test_an_alias_in_full_beats_a_part_of_a_name(many: Generation) -> None:
    assert ids(many, "zb")[0] == "zebra-alias"
    assert many.suggest("zb")[0].id == "zebra-alias"


def test_completions_begin_with_what_is_typed(generation: Generation) -> None:
    assert [thing.id for thing in generation.suggest("ri")] == ["ridge"]
    assert next(thing.id for thing in generation.suggest("reg", "fr")) == "ridge", "Régression ridge"
    assert {thing.id for thing in generation.suggest("reg")} == {"ridge", "lasso"}, "words of names and aliases too"
    assert generation.suggest("  ") == ()
    assert [thing.id for thing in generation.suggest("ian", kind="agent")] == ["ian-goodfellow"]


def test_completions_say_what_they_are(generation: Generation) -> None:
    (thing,) = generation.suggest("lass", "fr")
    assert (thing.label, thing.lang, thing.description) == ("Lasso", "fr", "Ramène des coefficients à zéro.")
    assert thing.path == "/method/lasso"


def test_nearest_slugs_for_a_slip(generation: Generation) -> None:
    assert generation.nearest("laso")[0] == "lasso"
    assert generation.nearest("rigde")[0] == "ridge"
    assert generation.nearest("") == []
    assert generation.nearest("zzzzzz") == []


# -- facets and years ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("narrow", "found"),
    [
        ({"domain": "statistics"}, {"lasso", "ridge"}),
        ({"family": "machine-learning"}, {"gan"}),
        ({"type": "regression", "domain": "statistics"}, {"lasso", "ridge"}),
        ({"domain": "statistics", "family": "machine-learning"}, set()),
        ({"domain": "no-such"}, set()),
        ({"start": 1990}, {"lasso", "gan"}),
        ({"end": 1990}, {"ridge"}),
        ({"start": 1965, "end": 1965}, {"ridge"}),  # within 1962-1970
        ({"start": 2000, "end": 1990}, {"lasso"}),  # swapped
    ],
)
def test_lists_are_narrowed(generation: Generation, narrow: dict[str, object], found: set[str]) -> None:
    assert set(ids(generation, **narrow)) == found  # type: ignore[arg-type]


def test_facets_count_what_a_choice_would_give(generation: Generation) -> None:
    page = generation.search(Filter(), "fr", facets=True)
    counted = {value.id: (value.label, value.count) for value in page.facets["domain"]}
    assert counted == {"statistics": ("Statistique", 2), "deep-learning": ("Apprentissage profond", 1)}
    for facet, values in page.facets.items():
        for value in values:
            assert generation.search(Filter(facets={facet: value.id})).total == value.count


def test_a_facets_own_choice_does_not_narrow_it(generation: Generation) -> None:
    page = generation.search(Filter(facets={"domain": "statistics"}), facets=True)
    assert {value.id for value in page.facets["domain"]} == {"statistics", "deep-learning"}
    assert {value.id for value in page.facets["family"]} == {"statistics"}


def test_counts_are_of_records_and_not_of_the_vocabulary(generation: Generation) -> None:
    assert generation.counts() == {"method": 4, "agent": 4, "source": 2, "domain": 2, "family": 2, "type": 1}


# -- order and pages -----------------------------------------------------------------------------------


def test_names_are_sorted_in_the_readers_language_without_case_and_accents(generation: Generation) -> None:
    assert ids(generation, lang="en", sort="name") == ["gan", "lasso", "elbow", "ridge"]
    assert ids(generation, lang="fr", sort="name") == ["lasso", "elbow", "ridge", "gan"]  # L, Mé, Rég, Rés


def test_years_are_sorted_with_the_unknown_last(generation: Generation) -> None:
    assert ids(generation, sort="year") == ["ridge", "lasso", "gan", "elbow"]


@pytest.mark.parametrize("bad", [{"sort": "size"}, {"after": "no-such"}, {"after": "x", "sort": "relevance"}])
def test_an_unknown_order_or_place_is_refused(generation: Generation, bad: dict[str, str]) -> None:
    text = "lasso" if bad.get("sort") == "relevance" else ""
    with pytest.raises(UsageError):
        generation.search(Filter(text), **bad)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    """Some 600 methods: many with the same name, the same year, or a common word in name, alias or summary."""
    lines = []
    for number in range(600):
        said = f'<id/method/m-{number}> a kgc:Method ; skos:prefLabel "Common method {number % 50:02}"@en'
        if number % 3 == 0:
            said = f'<id/method/m-{number}> a kgc:Method ; skos:prefLabel "Thing {number % 7}"@en'
            said += ' ; skos:altLabel "common"@en'
        if number % 5 == 0:
            said += f' ; kgc:origin "{1900 + number % 20}"^^edtf:EDTF'
        if number % 11 == 0:
            said += ' ; skos:definition "A common one."@en'
        if number % 2 == 0:
            said += " ; dcterms:subject <id/domain/half>"
        if number % 100 == 0:
            said += ", <id/domain/few>"
        lines.append(said + " .\n")
    lines += [
        *(f'<id/domain/{name}> a skos:Concept ; skos:prefLabel "{name}"@en .\n' for name in ("half", "few")),
        '<id/method/common> a kgc:Method ; skos:prefLabel "The rather long name of it"@en, "Common"@fr .\n',
        *(
            f'<id/method/c-{number}> a kgc:Method ; skos:prefLabel "Common common common {"x" * number}"@en .\n'
            for number in range(1, 10)
        ),
        '<id/method/regression-analysis> a kgc:Method ; skos:prefLabel "Regression regression analysis"@en .\n',
        '<id/method/regression> a kgc:Method ; skos:prefLabel "Regression"@en ; skos:definition "A long text."@en .\n',
        '<id/method/zebra-summary> a kgc:Method ; skos:prefLabel "One"@en ; skos:definition "A zebra (ZB)."@en .\n',
        '<id/method/zebra-alias> a kgc:Method ; skos:prefLabel "Two"@en ; skos:altLabel "grey zebra"@en, "ZB"@en .\n',
        '<id/method/zebra-name> a kgc:Method ; skos:prefLabel "The three ZB zebra"@en .\n',
    ]
    folder = tmp_path_factory.mktemp("many")
    (folder / "many.ttl").write_text(PREFIXES + "".join(lines), encoding="utf-8")
    ingest.create_store(folder / "store")
    ingest.import_files(folder / "store", [folder / "many.ttl"], Options(trust=True))
    with Catalogue(EmbeddedStore(folder / "store")) as catalogue:
        yield catalogue.generation()


def paged(generation: Generation, query: Filter, sort: str, size: int) -> tuple[list[str], int]:
    """The slugs of a whole list, page by page, and how many there are said to be."""
    seen: list[str] = []
    after: str | None = ""
    total = -1
    while after is not None:
        entries, total, after = generation.index.listing(
            replace(query, kind="method"), "en", sort=sort, after=after, most=size
        )
        assert len(entries) <= size
        seen += [entry.slug for entry in entries]
        assert len(seen) <= 700, "the pages never end"
    return seen, total


@pytest.mark.parametrize("text", ["", "common"])
@pytest.mark.parametrize("years", [(None, None), (1905, 1912), (None, 1900)])
def test_facets_count_what_many_and_what_few_have(
    many: Generation, text: str, years: tuple[int | None, int | None]
) -> None:
    """Three hundred have a mask, six have none."""
    page = many.search(Filter(text, "method", {}, *years), "en", facets=True)
    counted = {value.id: value.count for value in page.facets["domain"]}
    each = {name: many.search(Filter(text, "method", {"domain": name}, *years)).total for name in ("half", "few")}
    assert counted == {name: total for name, total in each.items() if total}
    assert text or years != (None, None) or counted == {"half": 300, "few": 6}


@pytest.mark.slow
@pytest.mark.parametrize("size", [7, 10, 50])
@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("", "name"),
        ("", "year"),
        ("", ""),
        ("common", ""),
        ("common", "relevance"),
        ("common", "name"),
        ("common", "year"),
        ("thing", ""),
        ("common method 07", ""),
    ],
)
def test_pages_have_every_record_once(many: Generation, text: str, sort: str, size: int) -> None:
    seen, total = paged(many, Filter(text), sort, size)
    assert len(seen) == len(set(seen)), "no record stands on two pages"
    assert len(seen) == total
    assert seen == paged(many, Filter(text), sort, 1000)[0], "the order does not depend on the size of pages"


@pytest.mark.parametrize("size", [7, 50])
def test_pages_of_more_than_is_ranked_have_every_record_once(
    many: Generation, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(matching, "_ROWS", 30)
    seen, total = paged(many, Filter("common"), "", size)
    assert len(seen) == len(set(seen)) == total > 500
    assert seen == paged(many, Filter("common"), "", 1000)[0]
    assert seen[0] == "common"


def test_an_exact_name_comes_first(many: Generation) -> None:
    assert paged(many, Filter("common"), "", 1000)[0][0] == "common"
    same = [f"m-{number}" for number in range(600) if number % 50 == 7 and number % 3]
    assert sorted(paged(many, Filter("common method 07"), "", 1000)[0][: len(same)]) == sorted(same)


def test_a_page_through_the_catalogue(many: Generation) -> None:
    first = many.search(Filter("common"), most=20)
    second = many.search(Filter("common"), most=20, after=first.after or "")
    assert len({thing.id for thing in (*first.things, *second.things)}) == 40
    assert (first.total, second.total) == (610, 610)


# -- updates -------------------------------------------------------------------------------------------


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What an index says, without its own numbers."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        by_iri = {
            "thing": "SELECT iri, kind, slug, class, start, end FROM thing WHERE kind != '-'",
            "label": "SELECT iri, lang, text FROM label JOIN thing ON thing.id = label.thing",
            "link": "SELECT facet, t.iri, o.iri FROM link JOIN thing t ON t.id = target JOIN thing o ON o.id = thing",
            "entry": "SELECT lang, entry.kind, sort, iri FROM entry JOIN thing ON thing.id = entry.thing",
            "names": "SELECT iri, tier, lang, text FROM name JOIN thing t ON t.id = thing",
            "words": "SELECT word, names, things FROM word WHERE things > 0",
            "tokens": "SELECT term, doc FROM temp.tokens",
        }
        db.execute("CREATE VIRTUAL TABLE temp.tokens USING fts5vocab(main, names, 'row')")
        rows = {name: sorted(db.execute(sql).fetchall(), key=repr) for name, sql in by_iri.items()}
        places = db.execute("SELECT iri, place FROM thing WHERE kind != '-'").fetchall()
        rows["relations"] = sorted((iri, rarely_related(place)) for iri, place in places)
        numbers = dict(db.execute("SELECT '@' || id, '@' || iri FROM thing"))
        db.execute("CREATE VIRTUAL TABLE temp.told USING fts5vocab(main, texts, 'instance')")
        told = db.execute("SELECT iri, term, doc FROM temp.told LEFT JOIN thing ON place = doc").fetchall()
        rows["texts"] = sorted((iri or str(doc), numbers.get(term, term)) for iri, term, doc in told)
        return rows
    finally:
        db.close()


def same_as_rebuilt(store: Path, scratch: Path) -> None:
    """Holds the index of the newest generation against one built anew."""
    snapshot = EmbeddedStore(store).snapshot()
    search.build(snapshot, scratch)
    rebuilt, updated = contents(scratch), contents(snapshot.index_path)
    for table, rows in rebuilt.items():
        assert updated[table] == rows, table


@pytest.fixture
def store(own_store: Path) -> Path:
    """A store of its own with the small catalogue in it."""
    return own_store


CHANGES = [
    pytest.param(
        '<id/method/new> a kgc:Method ; skos:prefLabel "New"@en ; dcterms:subject <id/domain/statistics> .', id="added"
    ),
    pytest.param('<id/method/lasso> a kgc:Method ; skos:prefLabel "Another"@en .', id="renamed"),
    pytest.param(
        '<id/agent/ian-goodfellow> a foaf:Person ; foaf:name "Ian J. Goodfellow" .', id="an originator renamed"
    ),
    pytest.param('<id/domain/statistics> a skos:Concept ; skos:prefLabel "Stats"@en .', id="a domain renamed"),
    pytest.param(
        '<id/method/gan> a kgc:Method ; skos:prefLabel "GAN"@en ; kgc:origin "1763~"^^edtf:EDTF .', id="another year"
    ),
    pytest.param('<http://e/x> a kgc:Method ; skos:prefLabel "Foreign"@en .', id="a foreign thing"),
    pytest.param(
        '<http://e/lasso> a kgc:Method ; skos:prefLabel "Foreign"@en .', id="a foreign thing of a slug that is taken"
    ),
    pytest.param(
        '<http://e/c> a skos:Concept ; skos:prefLabel "C"@en . '
        '<id/method/new> a kgc:Method ; skos:prefLabel "New"@en ; dcterms:subject <http://e/c> .',
        id="a foreign domain",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("turtle", CHANGES)
def test_an_updated_index_equals_a_rebuilt_one(store: Path, tmp_path: Path, turtle: str) -> None:
    file = tmp_path / "change.ttl"
    file.write_text(PREFIXES + turtle, encoding="utf-8")
    ingest.import_files(store, [file], Options(trust=True, replace=True))
    same_as_rebuilt(store, tmp_path / "rebuilt.sqlite")


def test_what_goes_into_an_empty_store_is_indexed_as_the_store_reads_it(part_store: Path, tmp_path: Path) -> None:
    """The index is made of what was written, some hundred records at once."""
    same_as_rebuilt(part_store, tmp_path / "rebuilt.sqlite")


@pytest.mark.parametrize("command", [None, ("false",), ("/nowhere",)])
@pytest.mark.parametrize("bare", [True, False])
def test_many_quads_are_indexed_beside_the_engine_as_the_store_reads_them(
    part_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: bool, command: tuple[str, ...] | None
) -> None:
    """Or of the store, where no process does."""
    made: list[Path] = []
    build = making.build

    def noted(snapshot: Snapshot, path: Path) -> None:
        made.append(path)
        build(snapshot, path)

    monkeypatch.setattr(beside, "_LARGE", 0)
    if command:
        monkeypatch.setattr(beside, "_COMMAND", command)
    monkeypatch.setattr(search, "build", noted)
    quads, store = tmp_path / "all.nq", tmp_path / "store"
    EmbeddedStore(part_store).snapshot().dump(quads)
    if bare:
        ingest.create_of_quads(store, [quads], Options(trust=True))
    else:
        ingest.create_store(store)
        made.clear()
        ingest.import_files(store, [quads], Options(trust=True))
    assert bool(made) == bool(command)
    same_as_rebuilt(store, tmp_path / "rebuilt.sqlite")


def test_a_foreign_concept_that_comes_into_use_later(store: Path, tmp_path: Path) -> None:
    steps = [
        '<http://e/c> a skos:Concept ; skos:prefLabel "C"@en .',
        '<id/method/new> a kgc:Method ; skos:prefLabel "New"@en ; dcterms:type <http://e/c> .',
        '<http://e/c> a skos:Concept ; skos:prefLabel "C, renamed"@en .',
        '<id/method/new> a kgc:Method ; skos:prefLabel "New"@en .',
    ]
    for number, turtle in enumerate(steps):
        file = tmp_path / f"{number}.ttl"
        file.write_text(PREFIXES + turtle, encoding="utf-8")
        ingest.import_files(store, [file], Options(trust=True, replace=True))
        same_as_rebuilt(store, tmp_path / "rebuilt.sqlite")


def test_a_foreign_address_stays_when_a_record_of_ours_takes_its_name(store: Path, tmp_path: Path) -> None:
    for number, turtle in enumerate(
        [
            '<http://e/wanted> a kgc:Method ; skos:prefLabel "Foreign"@en .',
            '<id/method/wanted> a kgc:Method ; skos:prefLabel "Ours"@en .',
        ]
    ):
        file = tmp_path / f"{number}.ttl"
        file.write_text(PREFIXES + turtle, encoding="utf-8")
        ingest.import_files(store, [file], Options(trust=True))
    with Catalogue(EmbeddedStore(store)) as catalogue:
        generation = catalogue.generation()
        assert generation.compare(["wanted"]).methods[0].label == "Ours"
        address = generation.compare(["http://e/wanted"]).methods[0].id
        assert address == foreign_slug("http://e/wanted")
        assert generation.record("method", address).thing.label == "Foreign"
    same_as_rebuilt(store, tmp_path / "rebuilt.sqlite")


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    edits=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["Alpha", "Béta", "béta", "Gamma delta", ""]),
            st.sampled_from(["p", "q", None]),
            st.sampled_from(["d", "e", None]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_series_of_edits_leaves_the_index_of_a_rebuild(
    edits: Iterable[tuple[str, str, str | None, str | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    store = folder / "store"
    ingest.create_store(store)
    file = folder / "edit.ttl"
    for slug, name, agent, domain in edits:
        said = f"<id/method/{slug}> a kgc:Method"
        said += f" ; skos:prefLabel {Literal(name, language='en')}" if name else ""
        said += f" ; dcterms:creator <id/agent/{agent}>" if agent else ""
        said += f" ; dcterms:subject <http://e/{domain}>" if domain else ""
        extra = f'<id/agent/{agent}> a foaf:Person ; foaf:name "{agent} of {slug}" .' if agent else ""
        extra += f'<http://e/{domain}> a skos:Concept ; skos:prefLabel "{domain} {name}"@en .' if domain else ""
        file.write_text(f"{PREFIXES}{said} .\n{extra}", encoding="utf-8")
        ingest.import_files(store, [file], Options(trust=True, replace=True))
    same_as_rebuilt(store, folder / "rebuilt.sqlite")


def test_two_index_files_take_turns(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of an earlier generation that nobody reads is changed; one that somebody reads is let be."""
    monkeypatch.setattr("kgcompare.store.writer.LARGE", 1)
    copied: list[Path] = []

    def copyfile(source: Path, target: Path) -> None:
        if target.name.startswith("index-"):
            copied.append(target)
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr("kgcompare.search.following.shutil.copyfile", copyfile)

    def edit(name: str) -> int:
        """Renames a method and makes another one; gives the number of the index's file."""
        file = tmp_path / "edit.ttl"
        said = f'<id/method/lasso> a kgc:Method ; skos:prefLabel "{name}"@en ; kgc:related <id/method/{name}> .\n'
        file.write_text(f'{PREFIXES}{said}<id/method/{name}> a kgc:Method ; skos:prefLabel "{name} too"@en .', "utf-8")
        ingest.import_files(store, [file], Options(trust=True, replace=True))
        same_as_rebuilt(store, tmp_path / "rebuilt.sqlite")
        return EmbeddedStore(store).snapshot().index_path.stat().st_ino

    first, second = edit("alpha"), edit("beta")
    assert len(copied) <= 2, "there is one file from the import, and another one is needed"
    copied.clear()
    assert [edit(name) for name in ("gamma", "delta", "epsilon")] == [first, second, first]
    assert not copied
    with Catalogue(EmbeddedStore(store)) as reader:
        held = reader.generation()
        assert [held.record("method", slug, "en").thing.label for slug in ("lasso", "beta")] == ["epsilon", "beta too"]
        assert edit("zeta") == second
        assert edit("eta") not in {first, second}, "the first is read"
        assert len(copied) == 1
        assert {thing.id for thing in held.search(Filter("epsilon")).things} == {"epsilon", "lasso"}
        assert not held.search(Filter("eta")).things
    assert len(list(store.glob("index-*"))) <= 3
    publish = Folder.publish
    monkeypatch.setattr(Folder, "publish", lambda *_: (tmp_path / "nothing").unlink())
    with pytest.raises(StoreError, match="cannot be written"):
        edit("unpublished")
    monkeypatch.setattr(Folder, "publish", publish)
    with Catalogue(EmbeddedStore(store)) as reader:
        assert not reader.generation().search(Filter("unpublished")).things, "what was lent is of no generation to read"
        assert {thing.id for thing in reader.generation().search(Filter("eta")).things} >= {"eta", "lasso"}
    edit("iota")
    edit("kappa")
    assert len(list(store.glob("index-*"))) == len(list((store / "snapshots").glob("*.lock"))) == 2


def test_masks_follow_edits(tmp_path: Path) -> None:
    store, file = tmp_path / "store", tmp_path / "data.ttl"
    ingest.create_store(store)

    def said(slug: str, domain: str) -> str:
        return (
            f'<id/method/{slug}> a kgc:Method ; skos:prefLabel "{slug}"@en ; dcterms:subject <id/domain/{domain}> .\n'
        )

    domains = "".join(f'<id/domain/{slug}> a skos:Concept ; skos:prefLabel "{slug}"@en .\n' for slug in ("many", "few"))
    methods = "".join(said(f"m{number}", "many") for number in range(150)) + said("other", "few")
    held = []
    for turtle in (domains + methods, said("m7", "few") + said("new", "many"), said("m7", "many") + said("m8", "few")):
        file.write_text(PREFIXES + turtle, encoding="utf-8")
        ingest.import_files(store, [file], Options(trust=True, replace=True))
        with Catalogue(EmbeddedStore(store)) as catalogue:
            index = catalogue.generation().index
            of_kind = index.mask_of_kind("method")
            numbers = index.values_of("domain", 10)
            holders = {
                entry.slug: mask
                for entry, (_, mask) in zip(index.entries(numbers), index.holders("domain", numbers), strict=True)
            }
            rows = index._rows(
                "SELECT o.slug, l.thing FROM link l JOIN thing o ON o.id = l.target WHERE facet = 'domain'"
            )
            for slug, mask in holders.items():
                assert mask == sum(1 << thing for one, thing in rows if one == slug)
                assert mask & of_kind == mask
            kept = index._rows("SELECT count(*) FROM mask")
            held.append((of_kind.bit_count(), holders["many"].bit_count(), holders["few"].bit_count(), kept[0][0]))
    assert held == [(151, 150, 1, 2), (152, 150, 2, 2), (152, 150, 2, 2)]


# -- the file ------------------------------------------------------------------------------------------


def test_an_index_that_cannot_be_read(tmp_path: Path) -> None:
    def make(_: Path) -> None:
        raise StoreError("nothing can be read")

    (tmp_path / "broken.sqlite").write_text("this is no database " * 100)
    for name in ("missing.sqlite", "broken.sqlite"):
        index = Index(DerivedFile(KeptPlace(tmp_path / name, make)), Shapes(bundled_shapes()))
        for _ in range(2):
            with pytest.raises(StoreError, match="nothing can be read"):
                index.counts()


def test_an_index_that_cannot_be_written(small_store: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises((StoreError, OSError)):
        search.build(EmbeddedStore(small_store).snapshot(), tmp_path / "taken" / "no" / "index.sqlite")


def test_a_store_without_its_index_makes_one(store: Path) -> None:
    for index in store.glob("index-*.sqlite"):
        index.unlink()
    with Catalogue(EmbeddedStore(store)) as catalogue:
        assert [thing.id for thing in catalogue.search("lasso")] == ["lasso"]


def test_folding() -> None:
    assert fold("Éa\u0301 ÀSS") == "ea ass"
    assert fold("STRASSE") == fold("straße")


def test_addresses_of_kinds(generation: Generation) -> None:
    for kind, slug in (
        ("agent", "ian-goodfellow"),
        ("source", "hoerl-1970"),
        ("domain", "statistics"),
        ("family", "statistics"),
    ):
        found = generation.index.find(kind, slug)
        assert found is not None
        assert found.iri == f"{DEFAULT_BASE}id/{kind}/{slug}"
    assert generation.index.find("method", "statistics") is None
    assert generation.index.of_class(iri("kgc:Method").value, ["lasso", "statistics"]) == {
        "lasso": f"{DEFAULT_BASE}id/method/lasso"
    }


# -- what the shapes say ---------------------------------------------------------------------------------

LATER = {iri(f"kgc:{name}") for name in ("facet", "inverseLabel", "kind", "pluralLabel", "shown", "supporting")}
"""What shapes of earlier versions did not say."""


def test_an_index_of_an_earlier_version_is_read_and_made_anew_by_the_next_edit(store: Path, tmp_path: Path) -> None:
    kept = EmbeddedStore(store).snapshot().index_path
    assert kept is not None
    db = sqlite3.connect(kept)
    db.execute("DELETE FROM meta")
    db.execute("UPDATE link SET facet = 'creator' WHERE facet = '-people'")
    db.commit()
    db.close()
    with Catalogue(EmbeddedStore(store)) as catalogue:
        assert ids(catalogue.generation(), "lasso") == ["lasso"]
        assert ids(catalogue.generation(), domain="statistics")
    file = tmp_path / "change.ttl"
    file.write_text(PREFIXES + '<id/agent/robert-tibshirani> a foaf:Person ; foaf:name "Rob T."@en .', encoding="utf-8")
    ingest.import_files(store, [file], Options(trust=True, replace=True))
    same_as_rebuilt(store, tmp_path / "rebuilt.sqlite")


def test_a_store_that_keeps_the_shapes_of_an_earlier_version(store: Path) -> None:
    snapshot = EmbeddedStore(store).snapshot()
    graphs = {
        name: [quad for quad in snapshot.graph(name) if quad.predicate not in LATER]
        for name in snapshot.graphs()
        if snapshot.base.is_vocabulary_graph(name)
    }
    with store_writer.writing(store) as writer:
        writer.replace(graphs)
        writer.publish(search.build)
    with Catalogue(EmbeddedStore(store)) as catalogue:
        generation = catalogue.generation()
        assert (generation.main_kind, generation.comparable("agent")) == ("method", False)
        page = generation.search(Filter(), facets=True)
        assert list(page.facets)[:3] == ["domain", "family", "type"]
        assert "statistics" in [value.id for value in page.facets["domain"]]
        assert generation.shapes.kind_plural("source", "fr") == "sources"


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("goodfellow", "agent", "ian-goodfellow"),
        ("shrinkage selection", "source", "tibshirani-1996"),
        ("statistics", "domain", "statistics"),
    ],
)
def test_things_of_every_kind_are_found_by_words(generation: Generation, text: str, kind: str, found: str) -> None:
    assert found in [thing.id for thing in generation.search(Filter(text, kind)).things]


def test_what_shapes_define_is_no_record(tmp_path: Path) -> None:
    ingest.create_store(tmp_path / "store", shapes=[DATA / "telescope_shapes.ttl"])
    with Catalogue(EmbeddedStore(tmp_path / "store")) as catalogue:
        assert catalogue.generation().counts() == {}
        assert report.make(catalogue.generation()).classes == ()


def test_what_a_list_shows_of_a_thing_comes_from_its_shape(generation: Generation) -> None:
    shown = {thing.id: thing for thing in generation.search(Filter(), "fr").things}["lasso"]
    assert list(shown.facets)[:2] == ["domain", "family"]
    assert shown.facets["domain"] == ("Statistique",)
    assert shown.date == "1996"


# -- shapes ----------------------------------------------------------------------------------------------

SHAPE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix ex: <http://e/> .
ex:S a sh:NodeShape ; sh:targetClass ex:APIThing ; rdfs:label "API"@en ; sh:property ex:P .
ex:P sh:name "Site"@en ; sh:path ex:site .
"""


@pytest.mark.parametrize(
    ("turtle", "why"),
    [
        ('ex:S kgc:kind "Not a slug" .', "cannot be a kind"),
        ("ex:P kgc:facet true .", "a facet needs"),
        ('ex:P kgc:facet true ; kgc:rowId "Site" .', "a facet needs"),
        ('ex:Q kgc:facet true ; kgc:rowId "q" ; sh:path ( ex:a ex:b ) . ex:S sh:property ex:Q .', "a facet needs"),
    ],
)
def test_kinds_and_facets_that_could_not_stand_in_an_address_are_refused(turtle: str, why: str) -> None:
    with pytest.raises(ShapeError, match=why):
        shapes_of(SHAPE + turtle)


def test_a_shape_says_what_its_things_are_called() -> None:
    plain = shapes_of(SHAPE)
    assert (plain.kind_of_class("http://e/APIThing"), plain.kind_label("apithing", "fr")) == ("apithing", "API")
    assert plain.kind_plural("apithing", "en") == "API", "an acronym keeps its capitals, and no plural is made up"
    named = 'ex:S kgc:kind "site" ; kgc:pluralLabel "Places"@en . ex:P kgc:rowId "site" ; kgc:facet true .'
    both = shapes_of(SHAPE.replace('"API"', '"Place"') + named)
    assert both.kinds == {"site": ("http://e/APIThing",)}, "a class comes before a facet of that name"
    assert (both.kind_label("site", "en"), both.kind_plural("site", "en")) == ("place", "places")


def test_supporting_classes_lead_nowhere() -> None:
    shapes = Shapes(bundled_shapes())
    assert shapes.leading == (iri("kgc:Method").value,)
    assert list(shapes.kinds) == [
        *("method", "agent", "software", "source", "concept"),
        *("domain", "family", "type", "aim", "data", "assumption", "result"),
    ]
    assert shapes.class_among([iri("bibo:Article").value]) == iri("bibo:Document").value
    assert shapes.class_among(["http://e/nothing"]) == ""


def shapes_of(turtle: str) -> Shapes:
    """Shapes by themselves."""
    quads = parse((PREFIXES + turtle).encode(), format=RdfFormat.TURTLE)
    return Shapes(Triple(quad.subject, quad.predicate, quad.object) for quad in quads)


def test_authors_of_sources_are_followed_through_changes(tmp_path: Path) -> None:
    """A method carries the names of its source's authors, and loses them with the source."""
    head = (
        "@base <https://w3id.org/kgcompare/> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .\n"
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        "@prefix bibo: <http://purl.org/ontology/bibo/> . @prefix dcterms: <http://purl.org/dc/terms/> .\n"
    )
    agents = "".join(f'<id/agent/{n}> a foaf:Person ; foaf:name "{n.title()} Writer" .\n' for n in ("ada", "bob"))
    authors = "<id/agent/ada> <id/agent/bob>"
    source = f'<id/source/s> a bibo:Document ; dcterms:title "On this" ; bibo:authorList ( {authors} ) .\n'
    method = '<id/method/m> a kgc:Method ; skos:prefLabel "This"@en ; kgc:foundingSource <id/source/s> .\n'
    store, file = tmp_path / "store", tmp_path / "x.ttl"
    ingest.create_store(store)

    def finding(text: str, said: str) -> bool:
        file.write_text(head + said, encoding="utf-8")
        ingest.import_files(store, [file], ingest.Options(trust=True, replace=True))
        found = Catalogue(EmbeddedStore(store)).generation().search(search.Filter(text))
        return [thing.id for thing in found.things] == ["m"]

    assert finding("Bob Writer", agents + source + method)
    assert finding("Roberta", '<id/agent/bob> a foaf:Person ; foaf:name "Roberta Writer" .\n')
    assert not finding("Bob", '<id/agent/bob> a foaf:Person ; foaf:name "Roberta Writer" .\n')
    assert not finding("Roberta", source.replace("<id/agent/bob>", ""))
    assert finding("Ada", source.replace("<id/agent/bob>", ""))
