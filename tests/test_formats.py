"""One comparison in every format, read back by programs that know nothing of ours."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice, pairwise, permutations
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pyoxigraph
import pytest
import rdflib
from lxml import html as lxml_html
from markdown_it import MarkdownIt

from deep import many
from kgcompare import ingest
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import DataError, UnknownFormat, UsageError
from kgcompare.formats import BIBLIOGRAPHY, COMPARISON, FORMATS, RECORD, rdf, record_text, render
from kgcompare.formats.json import dumps
from kgcompare.formats.solutions import MEDIA_TYPES, answer_text
from kgcompare.formats.tables import STATUS, harmless
from kgcompare.model import Comparison, Thing
from kgcompare.rdf.namespaces import DEFAULT_BASE, KGC
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.negotiation import _ALIASES

HOSTILE = ["marks", "lines", "rtl", "plain"]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture(scope="module")
def generation(hostile: Generation) -> Generation:
    """The small catalogue and the hostile texts together."""
    return hostile


@pytest.fixture(params=["plain en", "plain fr", "hostile en"], scope="module")
def found(request: pytest.FixtureRequest, generation: Generation) -> Comparison:
    """A comparison."""
    what, lang = request.param.split()
    return generation.compare(HOSTILE if what == "hostile" else ["lasso", "ridge", "gan", "elbow"], lang)


def written(found: Comparison, name: str) -> str:
    """A comparison in a format."""
    return render(found, name, DEFAULT_BASE)


def flat(text: str) -> str:
    """A text with every run of white space as one space, as HTML and TeX read it."""
    return " ".join(text.split())


def shown(found: Comparison, blank: bool = False) -> list[list[str]]:
    """The texts of the cells; in words, or blank, where there are none."""
    from kgcompare.formats.tables import cell_text

    return [
        [(cell.text or "") if blank else cell_text(cell, found.language) for cell in row.cells] for row in found.rows
    ]


def verdicts(found: Comparison) -> list[str]:
    """``true``, ``false`` or nothing for each row."""
    return ["" if row.differs is None else str(row.differs).lower() for row in found.rows]


# -- JSON ----------------------------------------------------------------------------------------------


def any_text(row: dict[str, Any]) -> bool:
    """Whether a row says anything of any column, be it that there is none."""
    return any(cell["text"] is not None or cell["status"] == "none" for cell in row["cells"])


def test_json_is_written_as_the_standard_encoder_writes_it(found: Comparison) -> None:
    odd = {
        "": [],
        'é\u2028\x00"\\\ud800': {},
        "many": [[1, -2.5e300, True, None, ()], {"a/b": ["\t"]}, "x"],
        "no": False,
    }
    texts = [dumps(odd), dumps([]), dumps({}), written(found, "json")]
    for text, data in zip(texts, [odd, [], {}, json.loads(texts[-1])], strict=True):
        assert text == json.dumps(data, ensure_ascii=False, indent=1) + "\n"
    with pytest.raises(TypeError, match="not JSON serializable"):
        dumps({"a": object()})


def test_json(found: Comparison) -> None:
    data = json.loads(written(found, "json"))
    assert list(data) == ["language", "methods", "rows", "summary", "unknown"]
    assert data["language"] == found.language
    assert [m["id"] for m in data["methods"]] == [m.id for m in found.methods]
    assert all(set(m) == {"id", "iri", "label", "lang"} for m in data["methods"])
    assert [row["id"] for row in data["rows"]] == [row.id for row in found.rows]
    assert [row["differs"] for row in data["rows"]] == [row.differs for row in found.rows]
    for row, expected in zip(data["rows"], found.rows, strict=True):
        shared = ["shared"] if expected.shared or (expected.kind == "count" and expected.shared is not None) else []
        assert list(row) == ["id", "label", "kind", "group", "differs", "missing", *shared, "cells"]
        assert row["group"] == {"en": "What it is", "fr": "Ce que c’est"}[found.language]
        assert row["missing"] == sum(cell.status in {"not-recorded", "unknown"} for cell in expected.cells)
        for cell, wanted in zip(row["cells"], expected.cells, strict=True):
            assert cell["text"] == wanted.text
            assert [value["text"] for value in cell["values"]] == [value.text for value in wanted.values]
            if wanted.text is None:
                assert (cell["values"], cell["status"]) == ([], wanted.status)
            else:
                assert "status" not in cell
    counts = {"rows": 9, "compared": found.compared, "differing": found.differing}
    assert data["summary"].items() >= counts.items()
    assert data["summary"].get("unrecorded", []) == [row["id"] for row in data["rows"] if not any_text(row)]
    assert sum(row["differs"] is True for row in data["rows"]) == data["summary"]["differing"]


def test_json_says_an_iri_only_where_there_is_one(generation: Generation) -> None:
    data = json.loads(written(generation.compare(["lasso", "gan"], "fr"), "json"))
    rows = {row["id"]: row for row in data["rows"]}
    assert rows["domain"]["cells"][0] == {
        "text": "Statistique",
        "values": [{"iri": f"{DEFAULT_BASE}id/domain/statistics", "text": "Statistique", "lang": "fr"}],
    }
    assert "iri" not in rows["origin-year"]["cells"][0]["values"][0]
    related = rows["related"]["cells"][0]
    assert related["text"] == str(len(related["values"])) == "2"
    assert all(value["iri"] for value in related["values"])
    assert rows["type"]["cells"][1] == {"text": None, "values": [], "status": "none"}
    assert rows["founding-source"]["cells"][1] == {"text": None, "values": [], "status": "unknown"}
    assert rows["alias"]["differs"] is None


def test_json_keeps_unknown_names(generation: Generation) -> None:
    assert json.loads(written(generation.compare(["lasso", "nope", "nada"]), "json"))["unknown"] == ["nope", "nada"]


# -- CSV and TSV ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_csv_and_tsv_in_pandas(found: Comparison, name: str, delimiter: str) -> None:
    text = written(found, name)
    frame = pd.read_csv(io.StringIO(text, newline=""), sep=delimiter, dtype=str, keep_default_na=False)
    assert list(frame.columns) == ["row", "differs", *(m.id for m in found.methods)]
    assert list(frame["row"]) == [row.id for row in found.rows]
    assert list(frame["differs"]) == verdicts(found)
    for number, method in enumerate(found.methods):
        for read, cells in zip(frame[method.id], shown(found, blank=True), strict=True):
            expected = cells[number]
            assert read == ("'" + expected if expected.startswith(FORMULA) else expected)


@pytest.mark.parametrize(("name", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_csv_and_tsv_in_the_standard_library(found: Comparison, name: str, delimiter: str) -> None:
    text = written(found, name)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    assert {len(row) for row in rows} == {len(found.methods) + 2}
    assert not any(cell.startswith(FORMULA) for row in rows for cell in row)


def test_csv_is_as_rfc_4180_has_it(found: Comparison) -> None:
    data = written(found, "csv").encode()
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    assert data.count(b"\r\n") >= 10
    assert data.split(b"\r\n")[0].startswith(b"row,differs,")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_formulas_are_harmless(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "1+1", "a=b", " =1", "é", "'=1"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("name", sorted(set(COMPARISON) - {"csv", "tsv", *BIBLIOGRAPHY}))
def test_formulas_get_no_apostrophe_elsewhere(generation: Generation, name: str) -> None:
    text = written(generation.compare(HOSTILE), name)
    for formula in ("-1+2", "@SUM", "+49"):
        assert formula in text
        assert "'" + formula not in text


# -- Markdown ------------------------------------------------------------------------------------------


def read_markdown(text: str) -> tuple[list[list[str]], list[str]]:
    """The cells of a table as plain text, and the addresses that it links to, as CommonMark with tables has them."""
    rows: list[list[str]] = []
    links: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        for part in token.children or ():
            assert part.type in {"text", "text_special", "strong_open", "strong_close", "em_open", "em_close",
                                 "html_inline", "link_open", "link_close"}  # fmt: skip
            if part.type == "html_inline":
                assert part.content == "<br>"
            if part.type == "link_open":
                links.append(str(part.attrs["href"]))
        if token.type == "inline" and rows:  # sentences stand above the table
            parts = ["\n" if part.type == "html_inline" else part.content for part in token.children or ()]
            rows[-1].append("".join(parts))
    return rows, links


def test_markdown(found: Comparison) -> None:
    (head, *body), _ = read_markdown(written(found, "md"))
    assert head == ["", *(method.label for method in found.methods)]
    assert [row[0] for row in body] == [row.label + (" ≠" if row.differs else "") for row in found.rows]
    lines = [[re.sub(r"[\r\n]+", "\n", text).strip() for text in row] for row in shown(found)]
    assert [row[1:] for row in body] == lines


@pytest.mark.slow
def test_markdown_links_to_the_addresses_of_records(bundled_store: Path) -> None:
    seen = 0
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        bundled = catalogue.generation()
        slugs = sorted(slug for _, kind, slug in bundled.index.stretch(0, 10_000)[0] if kind == "method")[:: many(5, 1)]
        for start in range(0, len(slugs), 10):
            found = bundled.compare(slugs[start : start + 10])
            (_, *body), links = read_markdown(written(found, "md"))
            # Headings are no rows; this reader undoes what is encoded in links.
            read = [[unquote(text) for text in row[1:]] for row in body if any(row[1:])]
            assert read == [[unquote(text) for text in row] for row in shown(found)]
            texts = " ".join(text for row in shown(found) for text in row)
            wanted = [unquote(address) for address in re.findall(r"https?://[^\s<>]*[^\s<>.;,]", texts)]
            assert [unquote(link) for link in links] == wanted
            seen += len(links)
    assert seen > 60


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://doi.org/10.1007/a_b_c[1]. Then", "https://doi.org/10.1007/a_b_c[1"),
        ("(https://en.example/X_(y)), z", "https://en.example/X_(y)"),
        ("https://e.example/*a*?b=c&d=~e#f", "https://e.example/*a*?b=c&d=~e#f"),
        ("https://e.example/a|b", "https://e.example/a"),
        ("https://e.example/a\\b`", "https://e.example/a"),
    ],
)
def test_markdown_of_odd_addresses(generation: Generation, text: str, link: str) -> None:
    from dataclasses import replace

    found = generation.compare(["lasso"])
    row = found.rows[0]
    odd = replace(found, rows=(replace(row, cells=(replace(row.cells[0], text=text),)),))
    rows, links = read_markdown(written(odd, "md"))
    assert rows[1][1] == text
    assert [unquote(one) for one in links] == [link]


# -- HTML ----------------------------------------------------------------------------------------------


def test_html_in_pandas(found: Comparison) -> None:
    (frame,) = pd.read_html(io.StringIO(written(found, "html")), flavor="lxml", keep_default_na=False)
    assert [str(name) for name in frame.columns[1:]] == [flat(method.label) for method in found.methods]
    assert [str(cell) for cell in frame.iloc[:, 0]] == [row.label + (" ≠" if row.differs else "") for row in found.rows]
    for number in range(len(found.methods)):
        read = [str(cell).removesuffix(".0") for cell in frame.iloc[:, number + 1]]
        assert [flat(cell) for cell in read] == [flat(row[number]) for row in shown(found)]


def test_html_is_a_table_for_everybody(found: Comparison) -> None:
    page = lxml_html.fromstring(written(found, "html"))
    (table,) = page.xpath("//table")
    assert table.xpath("./caption")[0].text_content()
    assert len(table.xpath(".//th[@scope='col']")) == len(found.methods)
    assert len(table.xpath(".//th[@scope='row']")) == len(found.rows)
    assert table.xpath(".//tbody/tr/@data-differs") == verdicts(found)
    assert not page.xpath("//script | //b | //i | //*[@onclick]"), "what is in a text stays text"
    assert not page.xpath("//link | //img | //@src | //@href"), "nothing comes from another host"


def test_a_notebook_shows_the_table(found: Comparison) -> None:
    assert (found._repr_html_() or "nothing") in written(found, "html")


def test_text_borrowed_from_another_language_says_so(generation: Generation) -> None:
    page = lxml_html.fromstring(written(generation.compare(["rtl", "elbow"], "en"), "html"))
    assert page.xpath("//td[@lang='he']/@dir") == ["rtl"]
    assert page.xpath("//th[@scope='col'][@lang='fr']")[0].text_content() == "Méthode du coude"


def test_a_data_frame(found: Comparison) -> None:
    frame = found.to_dataframe()
    assert list(frame.index) == [row.label for row in found.rows]
    assert list(frame["differs"]) == [row.differs for row in found.rows]
    for row, (_, read) in zip(found.rows, frame.iterrows(), strict=True):
        assert [None if pd.isna(cell) else cell for cell in list(read)[1:]] == [cell.text for cell in row.cells]


def test_a_data_frame_has_a_column_for_each_method_whatever_they_are_called(found: Comparison) -> None:
    first, *_ = found.methods
    alike = [replace(first, id=slug, label=label) for slug, label in (("a", "AIC"), ("b", "AIC"), ("c", "differs"))]
    rows = tuple(replace(row, cells=(row.cells[0],) * 3) for row in found.rows)
    frame = replace(found, methods=tuple(alike), rows=rows).to_dataframe()
    assert list(frame.columns) == ["differs", "AIC (a)", "AIC (b)", "differs (c)"]
    assert list(frame["differs"]) == [row.differs for row in found.rows]
    assert len(frame) == len(rows)


# -- RDF -----------------------------------------------------------------------------------------------

pytestmark = [  # rdflib warns of itself
    pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
]
RDFLIB = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml", "trig": "trig", "nq": "nquads"}
CELLS = """
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX kgc: <https://w3id.org/kgcompare/ns#>
SELECT ?method ?row ?text ?differs ?why ?count WHERE {
  ?cell a qb:Observation ; kgc:comparedMethod ?method ; kgc:comparedRow ?shape ; kgc:valueCount ?count .
  ?shape kgc:rowId ?row .
  OPTIONAL { ?cell kgc:cellValue ?text }
  OPTIONAL { ?cell kgc:differs ?differs }
  OPTIONAL { ?cell kgc:missing ?why }
}"""
Key = tuple[str, str]


def expected_cells(found: Comparison) -> dict[Key, tuple[str, str, str, str]]:
    """What a foreign reader should find: text, verdict, reason of absence and number of values of every cell."""
    reasons = {"not-recorded": "NotRecorded", "none": "None", "unknown": "Unknown"}
    return {
        (method.iri, row.id): (
            row.cells[number].text or "",
            "" if row.differs is None else str(row.differs).lower(),
            "" if row.cells[number].text is not None else KGC + reasons[row.cells[number].status],
            str(len(row.cells[number].values)),
        )
        for row in found.rows
        for number, method in enumerate(found.methods)
    }


def text_of(term: Any) -> str:
    """A term as text, nothing where there is none."""
    return (
        "" if term is None else str(getattr(term, "value", term)) if isinstance(term, pyoxigraph.Literal) else str(term)
    )


@pytest.mark.parametrize("name", ["ttl", "nt", "jsonld", "rdf", "trig", "nq"])
def test_rdf_in_rdflib(found: Comparison, name: str) -> None:
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(data=written(found, name), format=RDFLIB[name])
    cells = {
        (str(row.method), str(row.row)): tuple(map(text_of, (row.text, row.differs, row.why, row["count"])))  # type: ignore[union-attr,index,call-overload]
        for row in dataset.query(CELLS)
    }
    assert cells == expected_cells(found)


@pytest.mark.parametrize("name", ["ttl", "nt", "jsonld", "rdf", "trig", "nq"])
def test_rdf_in_oxigraph(found: Comparison, name: str) -> None:
    store = pyoxigraph.Store()
    form = pyoxigraph.RdfFormat.from_extension(name)
    assert form is not None
    store.load(written(found, name).encode(), format=form)
    solutions: Any = store.query(CELLS, use_default_graph_as_union=True)
    cells = {
        (s["method"].value, s["row"].value): (
            text_of(s["text"]),
            text_of(s["differs"]),
            "" if s["why"] is None else s["why"].value,
            text_of(s["count"]),
        )
        for s in solutions
    }
    assert cells == expected_cells(found)


def test_every_syntax_says_the_same(found: Comparison) -> None:
    said = set()
    for name in RDFLIB:
        form = pyoxigraph.RdfFormat.from_extension(name)
        assert form is not None
        quads = pyoxigraph.parse(written(found, name).encode(), format=form)
        said.add(frozenset(f"{q.subject} {q.predicate} {q.object}" for q in quads))
    assert len(said) == 1


def test_a_row_is_a_resource_with_its_id_and_names(found: Comparison) -> None:
    graph = rdflib.Graph().parse(data=written(found, "ttl"), format="turtle")
    kgc = rdflib.Namespace(KGC)
    rows = {str(graph.value(row, kgc.rowId)): row for row in graph.subjects(rdflib.RDF.type, kgc.ComparedRow)}
    assert set(rows) == {row.id for row in found.rows}
    for row in found.rows:
        assert rdflib.Literal(row.label, lang=row.lang) in set(graph.objects(rows[row.id], rdflib.RDFS.label))
        assert graph.value(rows[row.id], kgc.row) == rdflib.URIRef(row.iri)


def test_json_ld_carries_its_context(found: Comparison) -> None:
    assert isinstance(json.loads(written(found, "jsonld"))["@context"], dict)


def test_the_cube_names_its_own_structure(found: Comparison) -> None:
    graph = rdflib.Graph().parse(data=written(found, "nt"), format="nt")
    qb = rdflib.Namespace("http://purl.org/linked-data/cube#")
    (dataset,) = graph.subjects(rdflib.RDF.type, qb.DataSet)
    assert graph.value(dataset, qb.structure) == rdflib.URIRef(KGC + "ComparisonStructure")
    assert all(graph.value(cell, qb.dataSet) == dataset for cell in graph.subjects(rdflib.RDF.type, qb.Observation))


TYPED = """
PREFIX kgc: <https://w3id.org/kgcompare/ns#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX kgcsh: <https://w3id.org/kgcompare/shapes#> PREFIX edtf: <http://id.loc.gov/datatypes/edtf/>
PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def test_values_of_cells_are_those_recorded_in_every_language(tmp_path: Path) -> None:
    data, shapes = tmp_path / "data.ttl", tmp_path / "shapes.ttl"
    record = """<https://w3id.org/kgcompare/id/method/n> a kgc:Method ; skos:prefLabel "N"@en ;
        <http://e/cost> 0.91, true, "2020-02-29"^^xsd:date ; kgc:origin "1763~"^^edtf:EDTF ."""
    row = """<http://e/row> a sh:PropertyShape ; sh:path <http://e/cost> ; kgc:rowId "cost" ;
        kgc:rowKind kgc:ValueRow ; sh:order 5.5 ; sh:name "Cost"@en .
        kgcsh:Method sh:property <http://e/row> ; sh:targetClass kgc:Method ."""
    data.write_text(TYPED + record, encoding="utf-8")
    shapes.write_text(TYPED + row, encoding="utf-8")
    ingest.create_store(tmp_path / "store", shapes=[shapes])
    ingest.import_files(tmp_path / "store", [data], ingest.Options())
    items, texts = {}, {}
    with Catalogue(EmbeddedStore(tmp_path / "store")) as catalogue:
        for lang in ("en", "fr"):
            found = catalogue.generation().compare(["n"], lang)
            quads = list(pyoxigraph.parse(written(found, "nt").encode(), format=pyoxigraph.RdfFormat.N_TRIPLES))
            items[lang] = {str(q.object) for q in quads if q.predicate.value == KGC + "cellItem"}
            texts[lang] = {str(q.object) for q in quads if q.predicate.value == KGC + "cellValue"}
    assert items["en"] == items["fr"]
    assert items["en"] >= {
        str(typed("0.91", "decimal")),
        str(typed("true", "boolean")),
        str(typed("2020-02-29", "date")),
        '"1763~"^^<http://id.loc.gov/datatypes/edtf/EDTF>',
    }
    assert '"c. 1763"@en' in texts["en"]
    assert '"vers 1763"@fr' in texts["fr"]


X, P = pyoxigraph.NamedNode("http://e/x"), pyoxigraph.NamedNode("http://e/p")
FIRST, REST, NIL = (
    pyoxigraph.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#" + name) for name in ("first", "rest", "nil")
)


def chain(length: int, predicate: pyoxigraph.NamedNode) -> list[pyoxigraph.Triple]:
    """Blank nodes one within the other."""
    nodes: list[pyoxigraph.NamedNode | pyoxigraph.BlankNode] = [X]
    nodes += (pyoxigraph.BlankNode(f"n{number}") for number in range(length))
    return [pyoxigraph.Triple(one, predicate, other) for one, other in pairwise(nodes)]


def one(subject: Any, predicate: Any, value: Any) -> list[pyoxigraph.Triple]:
    return [pyoxigraph.Triple(subject, predicate, value)]


def typed(text: str, datatype: str) -> pyoxigraph.Literal:
    return pyoxigraph.Literal(text, datatype=pyoxigraph.NamedNode("http://www.w3.org/2001/XMLSchema#" + datatype))


ODD = {
    "nodes within nodes": chain(3000, P),
    "a node within itself": [*chain(3, P), *one(pyoxigraph.BlankNode("n2"), P, pyoxigraph.BlankNode("n0"))],
    "the end of lists as a subject": one(NIL, P, X),
    "the end of lists as a predicate": one(X, NIL, NIL),
    "a list without end": [*one(X, P, pyoxigraph.BlankNode("l")), *one(pyoxigraph.BlankNode("l"), REST, NIL)],
    "a list in a circle": [*one(X, FIRST, P), *one(X, REST, X)],
    "a bare prefix": one(X, pyoxigraph.NamedNode(f"{DEFAULT_BASE}id/method/"), NIL),
    "signs in a name": one(pyoxigraph.NamedNode(f"{DEFAULT_BASE}id/method/a.-%20(b)#~"), P, X),
    "quotes": one(X, P, pyoxigraph.Literal('a\n"""\\" \\')),
    "signs that do not print": one(X, P, pyoxigraph.Literal("\r\x0b\x85\u2028\ufffe")),
    "no number": one(X, P, typed('1\n\\"', "double")),
    "a number written oddly": one(X, P, typed("+01.50E0", "double")),
    "no truth": one(X, P, typed("perhaps", "boolean")),
}


def without_labels(triples: Iterable[pyoxigraph.Triple]) -> list[list[str]]:
    return sorted(["_" if isinstance(t, pyoxigraph.BlankNode) else str(t) for t in triple] for triple in triples)


NOT_IN_XML = {"a bare prefix": "predicate", "signs that do not print": "U\\+000B"}


@pytest.mark.parametrize("name", [*RDFLIB, "stable"])
@pytest.mark.parametrize("odd", ODD)
def test_odd_statements_come_out_as_they_are(odd: str, name: str) -> None:
    stable = name == "stable"
    if name == "rdf" and odd in NOT_IN_XML:
        with pytest.raises(DataError, match=NOT_IN_XML[odd]):
            rdf.write(ODD[odd], name, DEFAULT_BASE)
        return
    text = rdf.turtle(ODD[odd], DEFAULT_BASE) if stable else rdf.write(ODD[odd], name, DEFAULT_BASE)
    form = pyoxigraph.RdfFormat.from_extension("ttl" if stable else name)
    assert form is not None
    read = [quad.triple for quad in pyoxigraph.parse(text.encode(), format=form)]
    assert without_labels(read) == without_labels(ODD[odd])


@pytest.mark.parametrize("odd", ODD)
def test_a_record_with_odd_statements_comes_as_json_ld(odd: str) -> None:
    thing = Thing("x", X.value, "method", "X", None)
    text = rdf.document_rdf(ODD[odd], thing, DEFAULT_BASE, "jsonld")
    read = [quad.triple for quad in pyoxigraph.parse(text.encode(), format=pyoxigraph.RdfFormat.JSON_LD)]
    assert without_labels(read) == without_labels(ODD[odd])


@pytest.mark.parametrize("name", ["ttl", "jsonld"])
def test_what_a_syntax_has_no_words_for_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="triple terms"):
        rdf.write(one(X, P, pyoxigraph.Triple(X, P, X)), name, DEFAULT_BASE)


# -- terminals and the rest ----------------------------------------------------------------------------


def test_a_terminal_is_not_steered(generation: Generation) -> None:
    text = written(generation.compare(HOSTILE), "table")
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "\t" not in text
    assert "Pipe |" in text


def test_a_table_of_the_terminal_has_every_row(found: Comparison) -> None:
    text = written(found, "table")
    marked = {line[2:].split("  ")[0] for line in text.splitlines() if line.startswith("≠ ")}
    assert marked == {row.label for row in found.rows if row.differs}
    assert all(row.label.split()[0] in text for row in found.rows)


def test_wide_letters_keep_the_columns_straight(generation: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    from kgcompare.formats.terminal import listing, width

    lines = listing(["a", "b"], [["深度學習" * 20, "x"], ["e\u0301" * 5, "y"]]).splitlines()
    assert width("深e\u0301") == 3
    assert all(width(line) <= 120 for line in lines)


@pytest.mark.parametrize("name", ["", "pdf", "JSON", "../x", "x" * 5000])
def test_an_unknown_format(found: Comparison, name: str) -> None:
    with pytest.raises(UnknownFormat, match=r"unknown format .*; use one of html, json, csv") as refused:
        written(found, name)
    assert len(str(refused.value)) < 300


def test_every_format_of_the_interface_is_there() -> None:
    assert set(COMPARISON) >= {
        "table",
        "json",
        "csv",
        "tsv",
        "md",
        "tex",
        "html",
        "ttl",
        "jsonld",
        "nt",
        "rdf",
        "trig",
        "nq",
        *BIBLIOGRAPHY,
    }
    assert FORMATS["md"].content_type == "text/markdown; charset=utf-8"
    assert FORMATS["tex"].content_type.startswith("application/x-tex")
    assert FORMATS["json"].content_type == "application/json"
    assert set(STATUS) == {"not-recorded", "none", "unknown", "unavailable"}


def test_there_is_one_table_of_formats() -> None:
    """Other names of formats and media types stand elsewhere, and mean what it says."""
    media = {form.media_type for form in FORMATS.values()}
    assert len(media) == len(FORMATS)
    assert set(_ALIASES.values()) <= FORMATS.keys()
    assert not set(_ALIASES) & media
    assert {name: FORMATS[name].media_type for name in ("csv", "tsv")}.items() <= MEDIA_TYPES.items()
    assert {*COMPARISON} - {"table"} == {*FORMATS}
    assert {*RECORD, *BIBLIOGRAPHY} <= {*FORMATS}


def test_only_differences_keeps_rows_that_differ_or_are_partly_recorded(generation: Generation) -> None:
    whole = generation.compare(["lasso", "ridge"])
    found = generation.compare(["lasso", "ridge"], only_differences=True)
    assert {row.id for row in found.rows} == {
        row.id for row in whole.rows if row.differs is True or 0 < row.missing < len(row.cells)
    }
    data = json.loads(written(found, "json"))
    counts = {"rows": 9, "compared": whole.compared, "differing": whole.differing}
    assert data["summary"].items() >= counts.items()
    assert "alias" not in {row["id"] for row in data["rows"]}


# -- records and answers -------------------------------------------------------------------------------


def test_a_record_as_json_and_table(generation: Generation) -> None:
    found = generation.record("method", "lasso", "fr")
    data = json.loads(record_text(found, "json"))
    assert (data["id"], data["kind"], data["label"]) == ("lasso", "method", "Lasso")
    assert {fact["id"] for fact in data["facts"]} >= {"domain", "origin-year", "founding-source"}
    assert "Tibshirani" in record_text(found, "table")
    with pytest.raises(UnknownFormat):
        record_text(found, "pdf")


@pytest.mark.parametrize("name", ["ttl", "nt", "jsonld", "rdf", "trig", "nq"])
def test_a_record_in_every_syntax(generation: Generation, name: str) -> None:
    thing, triples = generation.triples("method", "lasso")
    text = rdf.document_rdf(triples, thing, DEFAULT_BASE, name)
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(data=text, format=RDFLIB[name])
    assert len(dataset) == len({str(t) for t in triples})
    assert (rdflib.URIRef(thing.iri), rdflib.SKOS.prefLabel, rdflib.Literal("Lasso", lang="fr")) in dataset
    if name == "jsonld":
        nodes = {node["@id"] for node in json.loads(text)["@graph"]}
        assert "method:lasso" in nodes
        assert f"{DEFAULT_BASE}doc/method/lasso" in nodes


QUERY = 'SELECT ?a ?b WHERE { VALUES (?a ?b) { (<http://e/x> "a,b\\n\\"q\\"\\t=1"@en) (UNDEF 1.5) (UNDEF "=1") } }'


def test_answers_in_the_formats_of_sparql(generation: Generation) -> None:
    found = generation.snapshot.query(QUERY)
    data = json.loads(answer_text(found, "json", DEFAULT_BASE))
    assert data["head"]["vars"] == ["a", "b"]
    assert data["results"]["bindings"][0]["b"] == {"type": "literal", "value": 'a,b\n"q"\t=1', "xml:lang": "en"}
    for name, form in (
        ("json", pyoxigraph.QueryResultsFormat.JSON),
        ("xml", pyoxigraph.QueryResultsFormat.XML),
        ("tsv", pyoxigraph.QueryResultsFormat.TSV),
    ):
        read: Any = pyoxigraph.parse_query_results(answer_text(found, name, DEFAULT_BASE).encode(), form)
        assert [tuple(solution) for solution in read] == found.rows, name  # type: ignore[union-attr]
    rows = list(csv.reader(io.StringIO(answer_text(found, "csv", DEFAULT_BASE), newline="")))
    assert rows[0] == ["a", "b"]
    assert rows[1] == ["http://e/x", 'a,b\n"q"\t=1']


def test_a_verdict_in_the_formats_of_sparql(generation: Generation) -> None:
    found = generation.snapshot.query("ASK {}")
    assert json.loads(answer_text(found, "json", DEFAULT_BASE)) == {"head": {}, "boolean": True}
    read: Any = pyoxigraph.parse_query_results(
        answer_text(found, "xml", DEFAULT_BASE).encode(), pyoxigraph.QueryResultsFormat.XML
    )
    assert bool(read) is True


def test_statements_and_solutions_have_formats_of_their_own(generation: Generation) -> None:
    statements = generation.snapshot.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 3")
    assert len(rdflib.Graph().parse(data=answer_text(statements, None, DEFAULT_BASE), format="turtle")) == 3
    with pytest.raises(UsageError, match="statements have no csv form"):
        answer_text(statements, "csv", DEFAULT_BASE)
    with pytest.raises(UsageError, match="solutions have no ttl form"):
        answer_text(generation.snapshot.query("SELECT * {}"), "ttl", DEFAULT_BASE)


def test_labels_of_blank_nodes_change_no_order() -> None:
    said = """
        <http://e/a> <http://e/p> {0}, {1}, {2} .
        {0} <http://e/q> "x" ; <https://w3id.org/kgcompare/ns#order> 10 . {1} <http://e/q> "y" .
        {2} <http://e/q> "z" ; <https://w3id.org/kgcompare/ns#order> 2 .
        {0} <http://e/r> {3} . {3} <http://e/r> {4} . {4} <http://e/r> {3}, {5} . {5} <http://e/q> "end" .
    """
    texts = {
        form: {
            rdf.write(
                [quad.triple for quad in pyoxigraph.parse(said.format(*labels), pyoxigraph.RdfFormat.TURTLE)],
                form,
                DEFAULT_BASE,
            )
            for labels in islice(permutations([f"_:{sign}" for sign in "abcdef"]), 0, None, 7)
        }
        for form in ("ttl", "jsonld")
    }
    assert {form: len(found) for form, found in texts.items()} == {"ttl": 1, "jsonld": 1}
    ttl = next(iter(texts["ttl"]))
    assert ttl.index('"y"') < ttl.index('"z"') < ttl.index('"x"'), "by kgc:order, what has none first"
