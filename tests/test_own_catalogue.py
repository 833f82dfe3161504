"""What a catalogue says of itself: told by init and describe, kept as DCAT, and said everywhere; nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, RdfFormat, parse

from conftest import SMALL, Run
from kgcompare import ingest
from kgcompare.cli import cli, describing
from kgcompare.rdf.about import Metadata, as_graph, read_about, told
from kgcompare.rdf.contact import checked_contact
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.licences import checked_licence, licence_name
from kgcompare.rdf.namespaces import Base, iri
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings

EXAMPLE = Path(__file__).parents[1] / "docs/examples/telescopes"
BASE = "https://telescopes.example/"
BY = "https://creativecommons.org/licenses/by/4.0/"
TOLD = (
    *("--title", "Great telescopes@en", "--title", "Grands télescopes@fr", "--language", "en", "--language", "fr"),
    *("--description", "Twelve of them.@en", "--description", "Douze en tout.@fr", "--licence", "CC-BY-4.0"),
    *(
        "--publisher",
        "Society of the Sky",
        "--publisher",
        "https://sky.example/",
        "--contact",
        "sky@telescopes.example",
    ),
)
HTML = {"Accept": "text/html"}


def made(run: Run, path: Path, *options: str) -> Path:
    ran = run("init", "--store", path, "--base", BASE, "--shapes", EXAMPLE / "shapes.ttl", *options)
    assert ran.code == 0, ran.err
    return path


def client_of(path: Path) -> FlaskClient:
    return create_app(Settings(store=path)).test_client()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The telescopes of the guide, in a catalogue that says all that can be said."""
    path = tmp_path_factory.mktemp("own") / "store"
    about = told(
        titles=TOLD[1:4:2],
        languages=("en", "fr"),
        descriptions=("Twelve of them.@en", "Douze en tout.@fr"),
        licence="CC-BY-4.0",
        publishers=("Society of the Sky", "https://sky.example/"),
        contact="sky@telescopes.example",
    )
    ingest.create_store(path, BASE, [EXAMPLE / "shapes.ttl"], about)
    ingest.import_files(path, [EXAMPLE / "names.ttl", EXAMPLE / "telescopes.csv"], ingest.Options())
    return path


@pytest.fixture(scope="module")
def client(store: Path) -> FlaskClient:
    return client_of(store)


# -- what can be said ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "licence", "name"),
    [
        ("CC-BY-4.0", BY, "CC BY 4.0"),
        ("cc by-nc-sa 3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/", "CC BY-NC-SA 3.0"),
        ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("odbl-1.0", "https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"),
        ("etalab-2.0", "https://spdx.org/licenses/etalab-2.0", "etalab-2.0"),
        ("http://creativecommons.org/licenses/by/4.0", "http://creativecommons.org/licenses/by/4.0", ""),
        ("https://example.org/terms", "https://example.org/terms", "https://example.org/terms"),
    ],
)
def test_licences(given: str, licence: str, name: str) -> None:
    assert checked_licence(given) == licence
    assert licence_name(licence) == (name or "CC BY 4.0")


@pytest.mark.parametrize(
    "options",
    [
        ("--licence", "mine"),
        ("--licence", "CC-BY-5.0"),
        ("--licence", "javascript:alert(1)"),
        ("--licence", "https://example.org/a b"),
        ("--language", "english please"),
        ("--title", "Telescopes@qq"),
        ("--title", "One@en", "--title", "Two@en"),
        ("--title", "One", "--title", "Two"),
        ("--title", "x" * 201),
        ("--publisher", "https://a.example/", "--publisher", "https://b.example/"),
        ("--contact", "nobody"),
    ],
)
def test_what_cannot_be_said_makes_no_catalogue(options: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    ran = run("init", "--store", tmp_path / "store", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("kgcompare: ")
    assert not (tmp_path / "store").exists()


def test_texts_have_the_language_that_they_say_or_the_main_one() -> None:
    assert told(titles=["Ciel", "Sky@en"], languages=["fr", "en"]).title == {"fr": "Ciel", "en": "Sky"}
    assert told(titles=["Sky"]).title == {"": "Sky"}
    assert told(titles=["me@example.org"]).title == {"": "me@example.org"}
    assert told(titles=["Sky@"], languages=["fr"]).title == {"": "Sky"}
    assert told(titles=["  A \n title@pt-br "]).title == {"pt-BR": "A title"}


@pytest.mark.parametrize(
    "about",
    [
        told(),
        told(
            titles=["A@en", "B@fr", "C@"], descriptions=["D@ar"], languages=["en", "gsw", "pt-BR"], licence="ODbL-1.0"
        ),
        told(publishers=["https://ror.org/02feahw73"], contact="https://github.com/o/r/issues/new"),
        told(publishers=["Nous@fr", "Us@en", "https://us.example/"], contact="https://e.org/tell{?iri,row}"),
        told(contact="me@example.org"),
    ],
)
def test_what_is_said_comes_back_from_its_rdf(about: Metadata) -> None:
    node = NamedNode(Base(BASE).catalogue)
    assert read_about(Graph(as_graph(Base(BASE), about)), node) == about


def test_dcat_of_others_is_understood() -> None:
    """Languages by other IRIs and by tags, a publisher and a contact with IRIs of their own."""
    given = """
        @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
        <urn:c> a dcat:Catalog ; dcterms:title "T" ; dcterms:publisher <https://us.example/> ;
            dcterms:language "de", <http://publications.europa.eu/resource/authority/language/FRA> ;
            dcat:contactPoint <urn:p> .
        <https://us.example/> foaf:name "Us"@en . <urn:p> vcard:hasEmail "me@example.org" ."""
    graph = Graph(quad.triple for quad in parse(given, RdfFormat.TURTLE))
    about = read_about(graph, NamedNode("urn:c"))
    assert (about.languages, about.publisher, about.publisher_iri) == (
        ("de", "fr"),
        {"en": "Us"},
        "https://us.example/",
    )
    assert about.contact == checked_contact("me@example.org")


# -- what says it --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "title", "about"), [("en", "Great telescopes", "Twelve"), ("fr", "Grands télescopes", "Douze")]
)
def test_pages_and_programs_say_it(client: FlaskClient, lang: str, title: str, about: str) -> None:
    home = client.get(f"/?lang={lang}", headers=HTML).text
    assert f"<title>{title}</title>" in home
    assert f">{title}</h1>" in home
    assert f">{about}" in home
    for path in (
        "/",
        "/telescopes",
        "/telescope/webb",
        "/compare?method=webb&method=vlt",
        "/sparql",
        "/report",
        "/none",
    ):
        page = client.get(f"{path}{'&' if '?' in path else '?'}lang={lang}", headers=HTML).text
        head, _, foot = page.partition("<main")[0], *page.rpartition("<footer")[1:]
        assert f">{title}</a>" in head, path
        assert re.search(rf"<title>[^<]*{title}</title>", head), path
        assert f'property="og:site_name" content="{title}"' in head, path
        assert f'<a href="{BY}" rel="license noreferrer">CC BY 4.0</a>' in foot, path
        assert "Society of the Sky" in foot, path
        assert "mailto:sky@telescopes.example" in foot, path
    dataset = client.get(f"/dataset.json?lang={lang}").get_json()
    assert (dataset["title"], dataset["licenses"], dataset["languages"]) == (title, [BY], ["en", "fr"])
    assert (dataset["publisher"], dataset["contact"]) == ("Society of the Sky", "mailto:sky@telescopes.example")
    assert f"<ShortName>{title[:15]}" in client.get(f"/opensearch.xml?lang={lang}").text
    assert client.get(f"/reconcile?lang={lang}").get_json()["name"] == title
    assert "Society of the Sky. G" in client.get(f"/dataset?lang={lang}", headers=HTML).text  # to cite
    cited = client.get(f"/compare?method=webb&method=vlt&lang={lang}", headers=HTML).text
    assert f". {title}. G" in cited


def test_the_description_of_the_dataset_says_it(client: FlaskClient) -> None:
    described = Graph(
        q.triple
        for q in parse(client.get("/.well-known/void", headers={"Accept": "text/turtle"}).data, RdfFormat.TURTLE)
    )
    for node in (NamedNode(BASE + "catalogue"), NamedNode(BASE + "dataset")):
        assert described.texts(node, iri("dcterms:title").value) == {
            "en": "Great telescopes",
            "fr": "Grands télescopes",
        }
        assert described.iris(node, iri("dcterms:license").value) == [BY]
        assert len(described.objects(node, iri("dcterms:publisher").value)) == 1
    assert described.types(NamedNode(BASE + "catalogue")) == [iri("dcat:Catalog").value]
    assert described.iris(NamedNode(BASE + "catalogue"), iri("dcat:dataset").value) == [BASE + "dataset"]
    service = client.get("/sparql", headers={"Accept": "text/turtle"}).text
    assert '"Great telescopes"@en' in service
    for path in ("/telescope/webb", "/compare?method=webb&method=vlt", "/dataset"):
        assert f'<{BY}>; rel="license"' in client.get(path, headers=HTML).headers["Link"]
    info = client.get("/openapi.json").get_json()["info"]
    assert (info["title"], info["license"]) == ("Great telescopes", {"name": "CC BY 4.0", "url": BY})
    assert info["contact"] == {"name": "Society of the Sky", "email": "sky@telescopes.example"}
    found = client.post(
        "/sparql",
        data={"query": f"SELECT ?t {{ GRAPH <{BASE}catalogue> {{ ?c <http://purl.org/dc/terms/title> ?t }} }}"},
    )
    assert len(found.get_json()["results"]["bindings"]) == 2


def test_it_is_no_record(client: FlaskClient, store: Path, run: Run) -> None:
    assert set(client.get("/dataset.json").get_json()["records"]) == {"telescope", "site", "band", "operator"}
    assert "catalogue" not in client.get("/sitemap.xml").text
    assert "Catalog" not in run("report", "--store", store).out


def test_what_is_not_said_is_not_stated(run: Run, tmp_path: Path) -> None:
    """No licence, title or words of ours; empty, and with things of the same kind as the bundled ones."""
    for path, options in ((tmp_path / "a", ("--base", BASE)), (tmp_path / "b", ())):
        assert run("init", "--store", path, *options).code == 0
        silent = client_of(path)
        if not options:
            ingest.import_files(path, [SMALL], ingest.Options(trust=True))
        for lang, stated in (("en", "not stated"), ("fr", "non précisée")):
            for page in ("/", "/dataset"):
                text = silent.get(f"{page}?lang={lang}", headers=HTML).text
                assert stated in text.partition("<main")[2].partition("<footer")[0]
                assert stated in text.partition("<footer")[2]
                assert not re.search(
                    "CC0|publicdomain|research|recherche|kgcompare(?! [0-9])",
                    text.partition("<main")[2].replace(f"{Base().value}", ""),
                )
        assert "license" not in silent.get("/openapi.json").get_json()["info"]
        assert "publicdomain" not in silent.get("/dataset.ttl").text
        described = Graph(quad.triple for quad in parse(silent.get("/dataset.nt").data, RdfFormat.N_TRIPLES))
        base = BASE if options else Base().value
        for name in ("catalogue", "dataset"):
            said = described.description(NamedNode(base + name))
            assert not {iri(f"dcterms:{part}").value for part in ("title", "description", "license")} & said.keys()
        assert silent.get("/dataset.json").get_json()["licenses"] == []


def test_the_page_of_an_error_is_whole_where_nothing_can_be_read() -> None:
    gone = create_app(Settings(endpoint="http://127.0.0.1:1/")).test_client().get("/", headers=HTML)
    assert gone.status_code == 502
    assert "<footer" in gone.text


# -- telling and changing it ---------------------------------------------------------------------------


def test_a_running_server_shows_a_change(run: Run, tmp_path: Path) -> None:
    path = made(run, tmp_path / "store", *TOLD)
    server = client_of(path)
    assert ">Great telescopes</h1>" in server.get("/", headers=HTML).text
    ran = run(
        "describe", "--store", path, "--title", "Sky", "--licence", "", "--publisher", "https://ror.org/02feahw73"
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "title        Sky (en)",
        "description  Twelve of them. (en)",
        "             Douze en tout. (fr)",
        "languages    en, fr",
        "licence      not stated",
        "publisher    <https://ror.org/02feahw73>",
        "contact      sky@telescopes.example",
    ]
    home = server.get("/", headers=HTML).text
    assert ">Sky</h1>" in home
    assert "not stated" in home
    refused = run("describe", "--store", path, "--licence", "mine")
    assert (refused.code, refused.out) == (2, "")
    assert run("describe", "--store", path).out == ran.out
    assert run("describe", "--store", path, "--title", "Sky").out == ran.out


def test_it_is_changed_as_a_document(run: Run, tmp_path: Path) -> None:
    path, file = made(run, tmp_path / "store", *TOLD), tmp_path / "catalogue.ttl"
    file.write_text(run("describe", "--store", path, "--format", "ttl").out, encoding="utf-8")
    assert "1 unchanged" in run("import", "--store", path, file).err
    text = file.read_text(encoding="utf-8").replace("Great telescopes", "Telescopes")
    file.write_text(text.replace("a dcat:Catalog ;", 'a dcat:Catalog ; dcterms:rights "Ask."@en ;'), encoding="utf-8")
    assert run("import", "--store", path, file).code == 1  # it says something else
    assert run("import", "--store", path, "--replace", file).code == 0
    assert "Telescopes (en)" in run("describe", "--store", path, "--contact", "").out
    kept = run("export", "--store", path, "--format", "nq").out
    assert '"Ask."@en' in kept  # what no option says stays
    assert "vcard" not in kept
    file.write_text(
        text.replace(f"<{BY}>", '"mine"').replace("<mailto:sky@telescopes.example>", '"nobody"'), encoding="utf-8"
    )
    refused = run("import", "--store", path, "--replace", file)
    assert refused.code == 1
    assert "a licence is named by its IRI" in refused.err
    assert "'nobody' cannot be a contact" in refused.err


def test_an_export_brings_it_along_but_not_into_another_catalogue(run: Run, tmp_path: Path) -> None:
    path, dump = made(run, tmp_path / "store", *TOLD), tmp_path / "all.nq"
    assert run("import", "--store", path, EXAMPLE / "names.ttl").code == 0
    assert run("export", "--store", path, "-o", dump).code == 0
    again = made(run, tmp_path / "again")
    assert run("import", "--store", again, dump).code == 0
    assert run("describe", "--store", again).out == run("describe", "--store", path).out
    other = tmp_path / "other"
    shapes = ("--shapes", EXAMPLE / "shapes.ttl")
    assert run("init", "--store", other, "--base", "https://other.example/", "--title", "Mine", *shapes).code == 0
    assert run("import", "--store", other, dump).code == 0
    assert run("describe", "--store", other).out.startswith("title        Mine\ndescription  not stated")
    assert "Great" not in run("export", "--store", other, "--format", "nq").out


def test_the_bundled_catalogue_says_what_it_is(bundled_store: Path, run: Run) -> None:
    said = run("describe", "--store", bundled_store).out
    assert "A catalogue of research methods (en)" in said
    assert "CC0 1.0" in said
    assert "https://w3id.org/kgcompare/issues/new" in said


def test_columns_of_tables_have_its_languages(run: Run, tmp_path: Path) -> None:
    path = made(run, tmp_path / "store", "--language", "de", "--title", "Fernrohre")
    assert run("template", "csv", "--store", path, "--kind", "telescope").out.startswith("id,name@de,site")
    assert "Fernrohre (de)" in run("describe", "--store", path).out


def test_init_asks_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong answer is asked again; an empty one says nothing."""
    monkeypatch.setattr(describing, "_on_terminal", lambda: True)
    answers = [
        "xx-nonsense-",
        "en fr",
        "Sky",
        "",
        "Ciel",
        "Le ciel.",
        "mine",
        "cc-by-4.0",
        "Us",
        "",
        BASE,
        f"{EXAMPLE / 'shapes.ttl'}",
    ]
    ran = CliRunner().invoke(cli, ["init", "--store", str(tmp_path / "store")], input="\n".join(answers) + "\n")
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("Languages of its texts") == 2
    assert ran.output.count("Licence of its data") == 2
    assert ran.output.count("Title (Français)") == 1
    said = CliRunner().invoke(cli, ["describe", "--store", str(tmp_path / "store")]).output
    for text in ("Sky (en)", "Ciel (fr)", "Le ciel. (fr)", "CC BY 4.0", "Us (en)", "contact      not stated"):
        assert text in said


def test_init_asks_nobody_who_has_said_something_or_is_no_terminal(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("init", "--store", tmp_path / "a").code == 0
    monkeypatch.setattr(describing, "_on_terminal", lambda: True)
    assert run("init", "--store", tmp_path / "b", "--title", "Sky").code == 0
    assert run("init", "--store", tmp_path / "c", "--base", BASE).code == 0


# -- no word of what it is not about ------------------------------------------------------------------


FIXED = re.compile(
    r'([?&;*]|u0026|%3F|%26)method(=|%3D)|"?name"?[=:]\s*"method"|\bmethod="(get|post)"|"methods"|application/x-research-info-systems',
    re.IGNORECASE,
)
"""The parameter and the key of comparisons whatever they compare, what HTML calls the verb of a form, and a format."""
NOT_OURS = re.compile(
    r"m[eé]thod|CC0|publicdomain|research|recherche|scholar|\blasso\b|kgcompare(?!( \d|/ns|/shapes| token|-))",
    re.IGNORECASE,
)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize(
    "path",
    [
        *("/", "/telescopes", "/telescopes?q=mirror", "/telescopes?q=nothing", "/telescopes?band=infrared&from=1990"),
        *("/sites", "/bands", "/operators", "/telescope/webb", "/site/space", "/operator/nasa", "/telescope/webb/edit"),
        *("/compare?method=webb&method=hubble", "/compare?method=webb", "/compare", "/compare?method=none"),
        *("/find", "/dataset", "/dataset.json", "/dataset.ttl", "/.well-known/void", "/sparql", "/sparql/terms.json"),
        *("/report", "/report.json", "/openapi.json", "/opensearch.xml", "/reconcile", "/robots.txt", "/sitemap.xml"),
        *("/shapes", "/nothing", "/telescope/nothing", "/suggest?q=web", "/telescope/webb.ttl", "/healthz"),
        *("/compare.csv?method=webb&method=alma", "/compare.tex?method=webb&method=alma"),
    ],
)
def test_nothing_is_said_of_what_it_is_not_about(client: FlaskClient, path: str, lang: str) -> None:
    plain = "." in path.partition("?")[0]
    response = client.get(f"{path}{'&' if '?' in path else '?'}lang={lang}", headers={} if plain else HTML)
    assert response.status_code < 500
    text = FIXED.sub("", response.text + response.headers.get("Link", ""))
    assert [text[max(0, found.start() - 50) : found.end() + 50] for found in NOT_OURS.finditer(text)] == []


def test_every_example_query_speaks_of_telescopes_and_is_answered(client: FlaskClient) -> None:
    page = client.get("/sparql", headers=HTML).text
    names = re.findall(r"/sparql\?example=([\w-]+)", page)
    assert names[0] == "telescopes"
    for name in names:
        shown = client.get(f"/sparql?example={name}", headers=HTML).text
        assert NOT_OURS.search(FIXED.sub("", shown)) is None, name
