"""Whatever goes wrong in what we build upon, an error of ours comes out that says what, where and what to do."""

from __future__ import annotations

import errno
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

import kgcompare
from kgcompare import ingest, resources, search
from kgcompare.catalogue import Catalogue
from kgcompare.errors import (
    DataError,
    EndpointError,
    KgcompareError,
    QueryError,
    Seam,
    StoreError,
    StoreMissing,
    SyntaxFault,
    Unavailable,
    UsageError,
    reason,
)
from kgcompare.formats import rdf
from kgcompare.ingest import Options
from kgcompare.rdf import syntaxes
from kgcompare.rdf.convert import to_rdflib
from kgcompare.rdf.graph import Graph, Node, as_node, structure_key
from kgcompare.rdf.namespaces import DEFAULT_BASE, PREFIXES, Base, slugify
from kgcompare.rdf.queries import load, with_data, with_graph
from kgcompare.rdf.terms import RDF_FIRST, RDF_NIL, RDF_REST
from kgcompare.schema.shapes import read_shapes
from kgcompare.schema.validation import Validator
from kgcompare.search import Filter
from kgcompare.search.likeness import alike
from kgcompare.store import writer as store_writer
from kgcompare.store.checkpoint import EmbeddedSnapshot
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.folder import Folder
from kgcompare.store.remote import RemoteStore
from test_remote import SELECT, answer, scripted

P = NamedNode("http://e/p")
NUL = Path("nul\0byte")
LONG = Path("/tmp") / ("x" * 5000)
RECORD = """@prefix kgc: <https://w3id.org/kgcompare/ns#> . @base <https://w3id.org/kgcompare/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<id/method/a> a kgc:Method ; skos:prefLabel "A"@en ; kgc:note NOTE ."""


def full(*_: object, **__: object) -> None:
    """What a file system without room says."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def greedy(*_: object, **__: object) -> None:
    """What Python says where there is no memory."""
    raise MemoryError


@pytest.fixture
def store(own_store: Path) -> Path:
    """A store of one's own to break."""
    return own_store


# -- a seam --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "becomes"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StoreError),
        (MemoryError(), Unavailable),
        (QueryError("ours"), QueryError),
        (KeyError("a fault of our own"), KeyError),
    ],
)
def test_a_seam_translates_what_it_says_and_no_more(fault: Exception, becomes: type[Exception]) -> None:
    with pytest.raises(becomes) as raised, Seam((OSError,), lambda why: StoreError(f"x cannot be read: {why}")):
        raise fault
    if becomes is StoreError:
        assert str(raised.value) == "x cannot be read: No space left on device"
        assert fault.__traceback__ is None, "its frames hold what must end in its own thread"


def test_a_reason_is_one_line_of_bounded_length() -> None:
    assert reason(ValueError("a\n  b")) == "a b"
    assert reason(ValueError()) == "ValueError"
    assert len(reason(ValueError("x" * 9000))) == 500


# -- files of RDF --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [NUL, LONG, Path("/"), Path("/nowhere"), Path("\ud800")], ids=repr)
@pytest.mark.parametrize(
    "use",
    [
        lambda path: syntaxes.read(path, DEFAULT_BASE, "ttl"),
        lambda path: ingest.validate(
            ingest.readers.read_records([path], Base(), Options(syntax="ttl")), [], None, Options()
        ),
        read_shapes,
    ],
    ids=["read", "validate", "shapes"],
)
def test_files_that_cannot_be_read(use: Callable[[Path], object], path: Path) -> None:
    with pytest.raises((DataError, UsageError)):
        use(path)


def test_a_broken_link_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").symlink_to(tmp_path / "gone.ttl")
    with pytest.raises(DataError, match=r"a\.ttl cannot be read: No such file"):
        syntaxes.read(tmp_path / "a.ttl", DEFAULT_BASE)


@pytest.mark.parametrize("fault", [PermissionError(errno.EACCES, "Permission denied"), OSError(errno.EIO, "I/O error")])
def test_a_disk_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: OSError) -> None:
    def refuse(_: Path) -> bytes:
        raise fault

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match=f"cannot be read: {fault.strerror}"):
        syntaxes.read(tmp_path / "a.ttl", DEFAULT_BASE)


def test_too_little_memory_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", greedy)
    with pytest.raises(Unavailable, match="too little memory"):
        syntaxes.read(tmp_path / "a.ttl", DEFAULT_BASE)


DEEP = {
    "json": ("jsonld", '{"@context":{"a":"http://e/"},"a:p":' + '{"a:p":' * 9000 + "1" + "}" * 9001),
    "json in lists": ("jsonld", '{"@context":{"a":"http://e/"},"a:p":' + '{"@list":[' * 9000 + "1" + "]}" * 9000 + "}"),
    "json with brackets in texts": (
        "jsonld",
        '{"@context":{"a":"http://e/"},"a:p":' + '{"}}]]":"}]","a:p":' * 9000 + "1" + "}" * 9001,
    ),
    "triple terms": ("ttl", "<a:a> <a:p> " + "<<( <a:b> <a:c> " * 90_000 + "1 " + ")>>" * 90_000 + "."),
}


@pytest.mark.parametrize("what", DEEP)
def test_what_nests_too_deeply_ends_no_process(what: str) -> None:
    syntax, text = DEEP[what]
    code = (
        "import sys; from kgcompare.rdf import syntaxes; from kgcompare.errors import SyntaxFault\n"
        f"data = sys.stdin.buffer.read(); engine = syntaxes.SYNTAXES[{syntax!r}].engine\n"
        "try: list(syntaxes.read_bytes(data, engine, 'http://e/', 'it'))\n"
        "except SyntaxFault as fault: print(fault)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode()) == (0, "it: it nests more than 500 levels deep\n")


def test_what_nests_as_people_write_is_read() -> None:
    text = '{"@context":{"a":"http://e/"},"a:q":"[[[[{{{{","a:p":' + '{"a:p":' * 400 + "1" + "}" * 401
    assert len(list(syntaxes.read_bytes(text.encode(), syntaxes.SYNTAXES["jsonld"].engine, DEFAULT_BASE, "it"))) == 402
    assert not syntaxes.nests_deeply(b"[" * 400)
    assert syntaxes.nests_deeply(b"[" * 600)


def test_a_broken_installation_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for use in (syntaxes.bundled, resources.text_of):
        with pytest.raises(StoreError, match="install kgcompare anew"):
            use(tmp_path / "gone.ttl")


# -- depth ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [150, 1500, 5_000])
def test_long_lists_and_deep_structures_are_walked(depth: int) -> None:
    nodes = [BlankNode() for _ in range(depth)]
    chain = Graph(Triple(a, P, b) for a, b in pairwise(nodes))
    assert structure_key(chain, nodes[0]) != structure_key(chain, nodes[1])
    assert len(list(chain.reached(nodes[0]))) == depth - 1
    items = Graph()
    ends: list[Node] = [*nodes[1:], NamedNode(RDF_NIL)]
    for node, rest in zip(nodes, ends, strict=True):
        items.add(node, RDF_FIRST, NamedNode("http://e/x"))
        items.add(node, RDF_REST, rest)
    top = BlankNode()
    items.add(top, P.value, nodes[0])
    form = structure_key(items, top)
    assert form.startswith("[ <http://e/p> ( <http://e/x> <http://e/x> " if depth < 200 else "[ ")


def test_a_structure_that_shares_its_parts_has_a_key_in_time() -> None:
    nodes = [BlankNode() for _ in range(60)]
    graph = Graph(Triple(a, NamedNode(f"http://e/{way}"), b) for a, b in pairwise(nodes) for way in "pq")
    assert len(structure_key(graph, nodes[0])) < 200_000


def test_circles_have_a_key() -> None:
    a, b = BlankNode(), BlankNode()
    graph = Graph([Triple(a, P, b), Triple(b, P, a), Triple(a, NamedNode(RDF_FIRST), a)])
    assert "[...]" in structure_key(graph, a)


@pytest.mark.slow
@pytest.mark.parametrize(
    "note", ["[ kgc:note " * 1500 + "1" + " ]" * 1500, "( " * 1500 + "1" + " )" * 1500, f"( {'1 ' * 1500})"]
)
@pytest.mark.parametrize("trust", [False, True])
def test_deep_records_are_taken_in_and_shown_or_refused(tmp_path: Path, note: str, trust: bool) -> None:
    file = tmp_path / "a.ttl"
    file.write_text(RECORD.replace("NOTE", note))
    ingest.create_store(tmp_path / "store")
    try:
        ingest.import_files(tmp_path / "store", [file], Options(trust=trust))
    except DataError:
        assert not trust
        return
    assert ingest.import_files(tmp_path / "store", [file], Options(trust=trust)).unchanged == 1
    with kgcompare.open(tmp_path / "store") as catalogue:
        generation = catalogue.generation()
        assert catalogue.method("a").thing.label == "A"
        assert catalogue.compare(["a"]).rows
        for form in ("ttl", "nt", "jsonld", "rdf"):
            thing, triples = generation.triples("method", "a")
            assert rdf.document_rdf(triples, thing, DEFAULT_BASE, form)
        for form in ("nq", "nt", "trig"):
            assert "".join(rdf.dump_lines(generation.quads(), form, DEFAULT_BASE))
    assert rdf.turtle(syntaxes.triples_of(file, DEFAULT_BASE), DEFAULT_BASE)
    assert rdf.write(syntaxes.triples_of(file, DEFAULT_BASE), "ttl", DEFAULT_BASE)


# -- the store -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [NUL, LONG, Path("\ud800")], ids=["nul", "long", "surrogate"])
@pytest.mark.parametrize("use", [kgcompare.open, ingest.create_store, lambda path: Folder(path).exists()])
def test_places_where_no_store_can_be(use: Callable[[Path], object], path: Path) -> None:
    try:
        there = use(path)
    except StoreError:
        return
    assert there is False


@pytest.mark.parametrize("base", ["", "x y", "http://e", "http://e/\ud800/", "file:///x/", "http://[/"])
def test_bases_that_are_none(base: str, tmp_path: Path) -> None:
    for use in (
        lambda: ingest.create_store(tmp_path / "a", base),
        lambda: store_writer.create(tmp_path / "b", base),
        lambda: kgcompare.open("http://127.0.0.1:9/", base=base),
    ):
        with pytest.raises(UsageError, match="cannot be a base"):
            use()
    assert list(tmp_path.iterdir()) == []


def test_a_description_with_a_base_that_is_none(store: Path) -> None:
    about = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(json.dumps(about | {"base": "x y"}))
    with pytest.raises(StoreError, match=r"store\.json cannot be read.*cannot be a base"):
        EmbeddedStore(store)


def test_a_generation_that_is_gone_refuses_writers(store: Path) -> None:
    (store / "current").write_text("99\n")
    (store / "unfinished").touch()
    with pytest.raises(StoreError, match="no generation 99, and live/ is not whole either; put the folder back"):
        ingest.import_files(store, [], Options())


@pytest.mark.parametrize("query", ["ASK {", "nonsense", "\ud800", "ASK {} # \0\ud800"])
def test_queries_that_are_none(small_store: Path, query: str) -> None:
    with kgcompare.open(small_store) as catalogue, pytest.raises(QueryError):
        catalogue.query(query)


@pytest.mark.parametrize("name", ["", "no iri", "\ud800", "http://e/\0"])
def test_names_of_graphs_that_are_none(small_store: Path, name: str) -> None:
    for snapshot in (EmbeddedStore(small_store).snapshot(), RemoteStore("http://127.0.0.1:9/", probe=False).snapshot()):
        with pytest.raises(UsageError, match="cannot be the name of a graph"):
            snapshot.graph(name)
    with store_writer.writing(small_store) as writer, pytest.raises(UsageError):
        writer.replace({name: []})


class Broken:
    """An engine whose every call fails in the same way."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def fail(self, *_: object, **__: object) -> None:
        raise self.fault

    query = update = extend = bulk_extend = bulk_load = dump = quads_for_pattern = named_graphs = flush = backup = fail

    def __iter__(self) -> Iterator[Quad]:
        self.fail()
        return iter(())


FAULTS = [OSError("Corruption: bad block"), ValueError("bad"), RuntimeError("bad"), MemoryError()]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize(
    "use",
    [
        lambda snapshot: snapshot.query("ASK {}"),
        lambda snapshot: snapshot.graph("http://e/g"),
        lambda snapshot: snapshot.graphs(),
        lambda snapshot: list(snapshot.quads()),
        lambda snapshot: snapshot.dump(Path("/nowhere/x")),
    ],
    ids=["query", "graph", "graphs", "quads", "dump"],
)
def test_an_engine_that_cannot_read(
    small_store: Path, use: Callable[[EmbeddedSnapshot], object], fault: Exception
) -> None:
    snapshot = EmbeddedStore(small_store).snapshot()
    snapshot._store = Broken(fault)  # type: ignore[assignment]
    with pytest.raises(KgcompareError, match=r"cannot be|too little memory"):
        use(snapshot)


QUAD = Quad(NamedNode("http://e/s"), P, Literal("o"), NamedNode("http://e/g"))


@pytest.mark.parametrize("fault", [*FAULTS, SyntaxError("bad")], ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize(
    "use",
    [
        lambda writer: writer.add([QUAD]),
        lambda writer: writer.replace({"http://e/g": [QUAD]}),
        lambda writer: writer.load(Path("/nowhere/x"), syntaxes.SYNTAXES["nq"].engine),
        lambda writer: writer.publish(search.build),
    ],
    ids=["add", "replace", "load", "publish"],
)
def test_an_engine_that_cannot_write(
    store: Path, use: Callable[[store_writer.Writer], object], fault: Exception
) -> None:
    before = Folder(store).current()
    with store_writer.writing(store) as writer:
        writer._live = Broken(fault)  # type: ignore[assignment]
        with pytest.raises(KgcompareError):
            use(writer)
    assert Folder(store).current() == before


@pytest.mark.parametrize("step", ["begin", "prepare", "flush", "publish", "set_current"])
def test_a_full_disk_while_publishing(store: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    before = Folder(store).current()
    monkeypatch.setattr(Folder, step, full)

    def write() -> None:
        with store_writer.writing(store) as writer:
            writer.add([QUAD])
            writer.publish(search.build)

    with pytest.raises(StoreError, match="cannot be written: No space left on device"):
        write()
    monkeypatch.undo()
    assert Folder(store).current() == before
    with store_writer.writing(store) as writer:
        writer.add([QUAD])
        assert writer.publish(search.build) == EmbeddedStore(store).snapshot().generation


def test_what_is_published_is_published_though_nothing_can_be_removed(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Folder, "remove_old", full)
    with store_writer.writing(store) as writer:
        writer.add([QUAD])
        assert writer.publish(search.build) == EmbeddedStore(store).snapshot().generation


# -- replacing graphs ----------------------------------------------------------------------------------

HOSTILE = [
    '" } } ; DROP ALL ; #',
    "\\",
    '\\"',
    "\\u0022",
    "\n\r\t",
    "\0",
    "'" * 3 + '"' * 3,
    "\U0001f600",
    "VALUES ?graph { UNDEF }",
    "DATA { }",
]


def test_replaced_graphs_say_what_was_given(store: Path) -> None:
    one, two, three = (f"http://e/{name}" for name in ("one", "two", "three"))
    node = BlankNode()
    given = [Quad(NamedNode("http://e/s"), P, Literal(text), NamedNode(one)) for text in HOSTILE]
    given += [
        Quad(NamedNode("http://e/s"), P, node, NamedNode(one)),
        Quad(node, P, Literal("x", language="en"), NamedNode(one)),
    ]
    with store_writer.writing(store) as writer:
        writer.replace({one: [QUAD], two: [QUAD], three: [QUAD]})
        writer.replace({one: given, two: []})
        writer.publish(search.build)
    snapshot = EmbeddedStore(store).snapshot()
    said = snapshot.graph(one)
    assert {q.object.value for q in said if isinstance(q.object, Literal)} == {*HOSTILE, "x"}
    (inner,) = [q.object for q in said if isinstance(q.object, BlankNode)]
    assert [q.object for q in said if q.subject == inner] == [Literal("x", language="en")]
    assert (two in snapshot.graphs(), three in snapshot.graphs()) == (False, True)
    assert len(snapshot.graph(three)) == 1


def test_a_replacement_that_fails_changes_nothing(store: Path) -> None:
    with store_writer.writing(store) as writer:
        writer.replace({"http://e/one": [QUAD], "http://e/two": [QUAD]})
        bad = Quad(QUAD.subject, P, Triple(QUAD.subject, P, QUAD.object), QUAD.graph_name)
        live = writer._live
        assert live is not None
        before = set(live)
        refused: list[dict[str, list[Quad]]] = [{"http://e/one": [], "unknown:x": [QUAD]}, {"http://e/one": [], "": []}]
        for broken in refused:
            with pytest.raises(KgcompareError):
                writer.replace(broken)
        assert set(live) == before
        assert bad not in before


def test_updates_are_filled_only_where_they_have_a_place() -> None:
    with pytest.raises(QueryError):
        with_data("DROP ALL", [QUAD])
    with pytest.raises(QueryError):
        with_graph("DROP ALL", P)
    with pytest.raises(QueryError, match="not an absolute IRI"):
        with_graph(load("drop_graph").text, NamedNode("file:///etc"))


# -- endpoints -----------------------------------------------------------------------------------------

ROW = '{"head": {"vars": %s}, "results": {"bindings": [%s]}}'
TERM = '{"type": "literal", "value": "x"}'
IRI = '{"type": "uri", "value": "http://e/x"}'


@pytest.mark.parametrize(
    "body",
    [
        ROW % ('["subject"]', ""),
        ROW % ('["subject", "predicate", "object", "graph"]', "{}"),
        ROW
        % (
            '["subject", "predicate", "object", "graph"]',
            f'{{"subject": {TERM}, "predicate": {TERM}, "object": {TERM}}}',
        ),
    ],
)
def test_an_endpoint_whose_statements_are_none(body: str, tmp_path: Path) -> None:
    with scripted(answer(body)) as endpoint:
        snapshot = RemoteStore(endpoint, timeout=5, probe=False).snapshot()
        for use in (
            lambda: snapshot.graph("http://e/g"),
            lambda: list(snapshot.quads()),
            lambda: snapshot.dump(tmp_path / "x"),
        ):
            with pytest.raises(EndpointError, match="no SPARQL result"):
                use()


def test_an_endpoint_whose_results_nest_too_deeply() -> None:
    inner = f'{{"type":"triple","value":{{"subject":{IRI},"predicate":{IRI},"object":'
    bodies = {
        "application/sparql-results+json": ROW % ('["x"]', '{"x":' + inner * 20_000 + TERM + "}}" * 20_000 + "}"),
        "application/sparql-results+xml": "<triple>" * 90_000,
        "text/turtle": DEEP["triple terms"][1],
    }
    for media, body in bodies.items():
        with scripted(answer(body, media)) as endpoint, pytest.raises(EndpointError, match="no SPARQL result"):
            RemoteStore(endpoint, timeout=20, probe=False).snapshot().query(SELECT)


def test_a_query_that_cannot_be_sent() -> None:
    with pytest.raises(QueryError, match="no text that can be sent"):
        RemoteStore("http://127.0.0.1:9/", probe=False).snapshot().query("ASK {} # \ud800")


def test_a_machine_without_threads_or_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = RemoteStore("http://127.0.0.1:9/", timeout=5).snapshot()

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", refuse)
        with pytest.raises(Unavailable, match="cannot be asked just now"):
            snapshot.query("ASK {}")
    monkeypatch.setattr("kgcompare.store.speaking.whole_reply", greedy)
    with pytest.raises(Unavailable, match="too little memory"):
        snapshot.query("ASK {}")


# -- the index -----------------------------------------------------------------------------------------


def spoil_nothing(path: Path) -> None:
    path.write_bytes(b"")


def spoil_text(path: Path) -> None:
    path.write_bytes(b"no database at all " * 900)


def spoil_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = os.urandom(len(data) - 100)
    path.write_bytes(data)


def spoil_schema(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE thing(x)")
    db.commit()
    db.close()


@pytest.mark.parametrize("spoil", [spoil_nothing, spoil_text, spoil_middle, spoil_schema, Path.unlink])
def test_an_index_that_is_broken_is_made_anew_and_that_is_said_once(
    store: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    with kgcompare.open(store) as catalogue:
        generation = catalogue.generation()
        assert generation.snapshot.index_path is not None
        spoil(generation.snapshot.index_path)
        for _ in range(2):
            assert generation.counts()["method"] > 0
            assert generation.search(Filter(kind="method")).things
    with kgcompare.open(store) as catalogue:
        assert catalogue.generation().counts()["method"] > 0, "it has taken the place of the broken one"
    assert [record.message for record in caplog.records if "it is made anew" in record.message] != []
    assert len(caplog.records) == 1
    assert sorted(store.glob("index-*")) == [generation.snapshot.index_path], "nothing else is left"


def test_an_index_that_cannot_be_put_back_is_kept_by_whoever_made_it(
    store: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_made: Path, near: Path) -> None:
        near.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with kgcompare.open(store) as catalogue:
        generation = catalogue.generation()
        assert generation.snapshot.index_path is not None
        generation.snapshot.index_path.unlink()
        monkeypatch.setattr("shutil.copyfile", full)
        assert generation.search(Filter(kind="method")).things
    assert sorted(store.glob("index-*")) == []
    assert len(caplog.records) == 1


@pytest.mark.parametrize("looked", [False, True])
@pytest.mark.parametrize("spoil", [spoil_nothing, spoil_text, spoil_middle, spoil_schema, Path.unlink])
def test_names_are_found_in_the_index_that_is_made_anew(
    store: Path, spoil: Callable[[Path], None], looked: bool
) -> None:
    with kgcompare.open(store) as catalogue:
        generation = catalogue.generation()
        path = generation.snapshot.index_path
        assert path is not None
        if looked:
            assert generation.index.path == path
        spoil(path)
        found = [
            generation.index.entries([like.thing])[0].slug
            for like in alike(generation.index.matcher, "lasso", ["method"], 1)
        ]
        assert found == ["lasso"]
        assert generation.index.path != path


@pytest.mark.parametrize("wanted", [Filter(start=10**30), Filter(kind="\ud800"), Filter(facets={"domain": "\ud800"})])
def test_lists_that_nobody_can_ask_for(small_store: Path, wanted: Filter) -> None:
    with kgcompare.open(small_store) as catalogue, pytest.raises(UsageError):
        catalogue.generation().search(wanted)


def test_an_index_for_which_there_is_no_room(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = Catalogue(EmbeddedStore(store)).generation()
    with pytest.raises(StoreError, match=r"the index .* cannot be made"):
        search.build(generation.snapshot, tmp_path / "nowhere" / "index.sqlite")
    index = generation.snapshot.index_path
    assert index is not None
    index.unlink()
    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(StoreError, match="no place for temporary files: No space left"):
        generation.search(Filter())


# -- rdflib and pySHACL --------------------------------------------------------------------------------


def test_triple_terms_are_none_of_rdflibs() -> None:
    inner = Triple(QUAD.subject, P, QUAD.object)
    for use in (
        lambda: to_rdflib([Triple(QUAD.subject, P, inner)]),
        lambda: Graph([Triple(QUAD.subject, P, inner)]),
        lambda: as_node(Literal("x")),
        lambda: as_node(None),
    ):
        with pytest.raises(DataError):
            use()


SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix e: <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@pytest.mark.parametrize(
    ("turtle", "said"),
    [
        ("sh:property [ sh:path 5 ; sh:minCount 1 ]", "sh:path '5' must be a shape, a list or a path"),
        ("sh:property [ sh:minCount 1 ]", "has no sh:path; give it one"),
        ('sh:property [ sh:path e:p ; sh:pattern "(" ]', "is no regular expression"),
        ("sh:and 5", "sh:and '5' must be a shape, a list or a path"),
        ('sh:property [ sh:path e:p ; sh:minCount "x" ]', "sh:minCount 'x' must be a whole number"),
        ('sh:sparql [ sh:select "nonsense" ]', "sh:sparql is not of SHACL Core"),
    ],
)
def test_shapes_that_cannot_be_used(tmp_path: Path, turtle: str, said: str) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(f"{SHAPES} e:S a sh:NodeShape ; sh:targetClass kgc:Method ; {turtle} .")
    with pytest.raises(DataError, match=re.escape(said)) as fault:
        read_shapes(shapes)
    assert str(shapes) in str(fault.value)


SHAPE = NamedNode("http://e/S")
READING = [
    Triple(SHAPE, NamedNode(PREFIXES["sh"] + "targetSubjectsOf"), P),
    Triple(SHAPE, NamedNode(PREFIXES["sh"] + "nodeKind"), NamedNode(PREFIXES["sh"] + "IRI")),
]


@pytest.mark.parametrize(
    ("fault", "becomes"),
    [
        (RecursionError("maximum recursion depth exceeded"), DataError),
        (AttributeError("'NoneType' has no attribute 'x'"), DataError),
        (MemoryError(), Unavailable),
    ],
)
def test_a_validator_that_fails(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, becomes: type[KgcompareError]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("pyshacl.validate", fail)
    graph = Graph([Triple(NamedNode("http://e/s"), P, Literal("x"))])
    with pytest.raises(becomes):
        Validator(READING).validate({"http://e/d": graph})


def test_a_validator_that_gives_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyshacl.validate", lambda *_, **__: (False, "it went wrong", ""))
    graph = Graph([Triple(NamedNode("http://e/s"), P, Literal("x"))])
    with pytest.raises(DataError, match="could not finish: it went wrong"):
        Validator(READING).validate({"http://e/d": graph})


# -- what people ask -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["\ud800", "\0", "a\0b", "\U0010ffff", "x" * 100_000, "(((", '"', "* NOT", "a" * 2**20]
)
def test_odd_questions(small_store: Path, text: str) -> None:
    with kgcompare.open(small_store) as catalogue:
        generation = catalogue.generation()
        for use in (
            lambda: catalogue.search(text),
            lambda: catalogue.search("a", domain=text),
            lambda: catalogue.search("a", text),
            lambda: catalogue.method(text),
            lambda: catalogue.compare([text]),
            lambda: catalogue.compare(["a"], cls=text),
            lambda: generation.record(text, text),
            lambda: generation.suggest(text),
            lambda: generation.search(Filter(), after=text),
            lambda: generation.search(Filter(), sort=text),
        ):
            with suppress(KgcompareError):
                use()
    assert slugify(text)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="kgcompare init --store"):
        kgcompare.open(tmp_path / "gone")


def test_every_fault_of_a_parser_is_a_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for fault in (ValueError("bad"), RuntimeError("bad"), OSError("bad")):
        monkeypatch.setattr(syntaxes, "parse", Broken(fault).fail)
        with pytest.raises(SyntaxFault, match="it: bad"):
            list(syntaxes.read_bytes(b"", syntaxes.SYNTAXES["ttl"].engine, DEFAULT_BASE, "it"))
