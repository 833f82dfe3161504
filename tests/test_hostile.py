"""A record with markup in every field, on every page that shows it, in a real Chromium: nothing runs or breaks out.

What a script of the record would do shows: it calls a function that there is not (a fault of the page), breaks the
Content-Security-Policy (logged as an error), or asks another host; :mod:`browsing` lets none of these pass.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from browsing import Open
from serving import serving

BASE = "https://w3id.org/kgcompare/"
PARTS = (
    '"><img src=//evil.example/i onerror=hacked(1)><script>hacked(2)</script>',
    "' onfocus=hacked(3) autofocus x='",
    "</script><script>hacked(4)</script><!--",
    "</title></style></textarea></template></noscript><svg onload=hacked(5)>",
    "{{7*191}}{% raw %}${hacked(6)}<%= hacked(7) %>",
    'javascript:hacked(8)//"]]><script>hacked(9)</script>',
    "&lt;script&gt;hacked(10)&lt;/script&gt;&#60;b onclick=hacked(11)&#62;",
    "\u202e\u2066gnirts\u2067\u2069 \u2028hacked(12)\u2029",
    "<base href=//evil.example/><meta http-equiv=refresh content='0;url=//evil.example/'><form action=//evil.example/>",
    "W" * 300 + "😈" * 20,
    "*/ </style><link rel=stylesheet href=//evil.example/c> @import '//evil.example/d';",
)
WHOLE = " ".join(PARTS)
ADDRESSES = (
    "javascript:hacked(20)",
    "data:text/html,%3Cscript%3Ehacked(21)%3C/script%3E",
    "vbscript:hacked(22)",
    "https://evil.example/%22%3E%3Cscript%3Ehacked(23)%3C/script%3E",
    "https://evil.example/'onmouseover='hacked(24)'",
    "JaVaScRiPt:hacked(25)",
    "file:///etc/passwd",
    "https://evil.example/\u202egnp.exe",
)
TAGS = ("en", "fr", "ar", "zh-Hant", "x-evil", "en-a-bbb-x-a-ccc", "i-klingon", "qaa-Qaaa-QM-x-southern")
RECORD = """
PREFIX kgc: <https://w3id.org/kgcompare/ns#> PREFIX bibo: <http://purl.org/ontology/bibo/>
PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX edtf: <http://id.loc.gov/datatypes/edtf/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX schema: <https://schema.org/> PREFIX prov: <http://www.w3.org/ns/prov#> BASE <https://w3id.org/kgcompare/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
<id/method/evil> a kgc:Method, schema:DefinedTerm ; dcterms:subject <id/domain/evil> ; kgc:family <id/family/evil> ;
    dcterms:type <id/type/evil> ; kgc:origin "evil"^^edtf:EDTF ; kgc:foundingSource <id/source/evil> ;
    kgc:origination [ kgc:agentList ( <id/agent/evil> <id/agent/worse> ) ; kgc:contribution "evil"@en ; kgc:order 1 ] ;
    kgc:extends <id/method/other> ; kgc:specialises <id/method/other> ; kgc:combines <id/method/other> ;
    kgc:alternativeTo <id/method/other> ; kgc:oftenConfusedWith <id/method/other> ;
    kgc:evaluatedWith <id/method/other> ; kgc:related <id/method/other> ;
    kgc:absence [ kgc:row "evil" ; kgc:reason "evil" ] ; skos:hiddenLabel "evil" .
[] a rdf:Statement ; rdf:subject <id/method/evil> ; rdf:predicate dcterms:type ; rdf:object <id/type/evil> ;
    dcterms:source <id/source/evil> .
<id/method/other> a kgc:Method ; skos:prefLabel "Other"@en .
<id/domain/evil> a skos:Concept ; skos:broader <id/domain/worse> ; skos:prefLabel "evil"@en .
<id/family/evil> a skos:Concept ; skos:prefLabel "evil"@en . <id/type/evil> a skos:Concept ; skos:prefLabel "evil"@en .
<id/agent/evil> a foaf:Person ; foaf:name "evil" ; foaf:familyName "evil" ; foaf:givenName "evil" .
<id/agent/worse> a foaf:Organization ; foaf:name "evil" .
<id/source/evil> a bibo:AcademicArticle, schema:ScholarlyArticle ; dcterms:title "evil" ;
    dcterms:issued "2001"^^edtf:EDTF ;
    bibo:authorList ( <id/agent/evil> ) ; dcterms:isPartOf [ dcterms:title "evil" ] ; bibo:volume "evil" ;
    bibo:issue "evil" ; bibo:pages "evil" ; bibo:doi "evil" ; bibo:uri <https://evil.example/> ;
    dcterms:publisher [ foaf:name "evil" ] .
"""
TEXTS = ["skos:prefLabel", "skos:altLabel", "skos:hiddenLabel", "skos:definition", "skos:editorialNote"]
TEXTS += ["skos:scopeNote", "skos:note", "dcterms:description"]
LINKS = ["skos:exactMatch", "skos:closeMatch", "schema:sameAs", "dcterms:relation", "kgc:foundingSource", "bibo:uri"]
LINKS += ["dcterms:source", "dcterms:subject", "dcterms:type", "kgc:related", "rdfs:seeAlso", "schema:url"]
OF_DOCUMENTS = ("dcterms:license", "prov:wasAttributedTo", "prov:wasDerivedFrom", "prov:wasGeneratedBy", "dcterms:date")
PREFIXES = {
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "kgc": "https://w3id.org/kgcompare/ns#",
    "bibo": "http://purl.org/ontology/bibo/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "prov": "http://www.w3.org/ns/prov#",
}


def node(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


def hostile() -> Iterator[Triple]:
    """Every literal of the record replaced by markup, every field there is once more in every odd way."""
    parts = itertools.cycle((WHOLE, *PARTS))
    for quad in parse(RECORD, RdfFormat.TURTLE):
        target = quad.object
        if isinstance(target, Literal) and target.value == "evil":
            text = next(parts)
            target = (
                Literal(text, language=target.language) if target.language else Literal(text, datatype=target.datatype)
            )
        yield Triple(quad.subject, quad.predicate, target)
    for kind in ("method", "domain", "family", "type", "agent", "source"):
        thing = NamedNode(f"{BASE}id/{kind}/evil")
        for name in TEXTS:
            for tag, text in zip(TAGS, itertools.cycle((WHOLE, *PARTS)), strict=False):
                yield Triple(thing, node(name), Literal(text, language=tag))
        for name in LINKS:
            for address in ADDRESSES:
                yield Triple(thing, node(name), NamedNode(address))
            yield Triple(thing, node(name), Literal(WHOLE))
        for name in OF_DOCUMENTS:
            document = NamedNode(f"{BASE}doc/{kind}/evil")
            yield Triple(document, node(name), NamedNode(ADDRESSES[0]))
            yield Triple(document, node(name), Literal(WHOLE))
    yield Triple(NamedNode(f"{BASE}id/method/other"), node("skos:definition"), Literal(PARTS[0], language="en"))
    yield Triple(BlankNode(), node("dcterms:title"), Literal(WHOLE))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real server over the hostile record, taken on trust."""
    folder = tmp_path_factory.mktemp("hostile")
    file = folder / "hostile.nq"  # quads are taken exactly as they are; in triples such addresses are refused
    graph = NamedNode(f"{BASE}doc/method/evil")
    serialize((Quad(t.subject, t.predicate, t.object, graph) for t in hostile()), file, RdfFormat.N_QUADS)
    with serving(folder, "--data", str(file), "--trust") as server:
        yield f"http://127.0.0.1:{server.port}"
        assert server.err.read_text().count("Traceback") == 0


PAIR = "/compare?method=evil&method=other"
PAGES = [f"/{kind}/evil" for kind in ("method", "agent", "source", "domain", "family", "type")]
PAGES += [
    "/",
    "/methods",
    "/methods?q=script&lang=fr",
    "/methods?domain=evil&sort=year",
    "/method/evil?lang=ar",
    "/report",
]
PAGES += [PAIR, PAIR + "&swap=1&lang=ar", PAIR + "&only=differences&lang=x-evil", "/compare?method=evil"]
PAGES += ["/dataset", "/ns", "/shapes", "/reconcile/preview?id=evil", "/compare?add=hacked", PAIR + "&add=other"]
PAGES += [
    "/compare?" + urlencode({"method": WHOLE}),
    "/methods?" + urlencode({"q": WHOLE}),
    "/method/" + quote(PARTS[0], ""),
]
PAGES += [PAIR + "&" + urlencode({"add": PARTS[0], "class": ""}), "/reconcile/preview?" + urlencode({"id": PARTS[0]})]
PAGES += ["/sparql?" + urlencode({"query": f"# {WHOLE}\nASK {{}}"}), "/sparql?" + urlencode({"example": PARTS[0]})]

CHECK = """() => {
  const wrong = [];
  for (const one of document.querySelectorAll('*')) {
    for (const {name, value} of one.attributes) {
      if (name.startsWith('on') || ['srcdoc', 'formaction', 'autofocus'].includes(name) && value.includes('hacked'))
        wrong.push(one.outerHTML.slice(0, 300));
      if (['href', 'src', 'action', 'data', 'xlink:href'].includes(name)) {
        const {protocol, origin} = new URL(value, location.href);
        if (!['http:', 'https:'].includes(protocol) && one.tagName !== 'IMG') wrong.push(one.outerHTML.slice(0, 300));
        if (origin !== location.origin && one.tagName !== 'A') {
          if (!(one.tagName === 'LINK' && one.rel !== 'stylesheet')) wrong.push(one.outerHTML.slice(0, 300));
        }
      }
    }
    if (['BASE', 'IFRAME', 'OBJECT', 'EMBED'].includes(one.tagName)) wrong.push(one.outerHTML.slice(0, 300));
    if (one.tagName === 'META' && one.httpEquiv) wrong.push(one.outerHTML);
    if (one.tagName === 'SCRIPT' && one.type === 'application/ld+json') JSON.parse(one.textContent);
    else if (one.tagName === 'SCRIPT' && !one.src) wrong.push(one.outerHTML.slice(0, 300));
  }
  return wrong;
}"""


def harmless(page: Any) -> None:
    """Whether the page has nothing in it that the record, and not a template of ours, would have put there."""
    assert page.evaluate(CHECK) == []
    assert page.evaluate("typeof hacked") == "undefined"
    assert "1337" not in page.inner_text("body")  # 7 * 191


@pytest.mark.slow
@pytest.mark.parametrize("address", PAGES)
def test_nothing_runs_on_any_page(visit: Open, site: str, address: str) -> None:
    page = visit(address)
    harmless(page)
    page.evaluate("document.querySelectorAll('main :is(a, summary, input)').forEach(one => one.focus())")
    page.mouse.move(300, 300)
    assert page.url.startswith(site)
    harmless(page)


def test_texts_are_shown_as_they_are(visit: Open) -> None:
    text = visit("/method/evil").inner_text("main")
    for part in PARTS[:5]:
        assert part in " ".join(text.split()) or part in text


@pytest.mark.slow
@pytest.mark.parametrize("address", ["/method/evil", PAIR, "/methods", "/source/evil", "/"])
def test_long_words_do_not_widen_a_page(visit: Open, address: str) -> None:
    page = visit(address, width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.slow
def test_completions_are_text(visit: Open) -> None:
    for address, field in (
        ("/", "input[type=search]"),
        ("/compare?method=other", "#add"),
        ("/methods", "input[type=search]"),
    ):
        page = visit(address)
        page.locator(f"main {field}").first.press_sequentially("script")
        if page.locator(f"main {field}").first.get_attribute("role") == "combobox":
            page.get_by_role("option").first.wait_for()
        harmless(page)
        page.keyboard.press("ArrowDown")
        harmless(page)


@pytest.mark.slow
def test_query_results_are_text(visit: Open, site: str) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o FILTER (CONTAINS(STR(?o), 'hacked')) } LIMIT 400"
    page = visit("/sparql#" + urlencode({"query": query}))
    run = page.get_by_role("button", name="Run", exact=True)
    run.wait_for()
    if not page.locator("tbody tr").count():
        run.click()
    page.locator("tbody tr").first.wait_for()
    page.wait_for_timeout(300)
    wrong = [text for text in page.evaluate(CHECK) if "CodeMirror" not in text and "yas" not in text]
    assert wrong == []
    assert page.evaluate("typeof hacked") == "undefined"
    links = page.eval_on_selector_all("tbody a", "all => all.map(one => one.href)")
    assert links
    assert {link.partition(":")[0] for link in links} <= {"http", "https"}


def test_as_data_it_is_whole(site: str) -> None:
    import urllib.request

    for path in ("/method/evil.json", PAIR.replace("?", ".json?"), "/suggest?q=script", "/method/evil.jsonld"):
        with urllib.request.urlopen(site + path, timeout=120) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "hacked(1)" in json.dumps(json.loads(answer.read()))
    with urllib.request.urlopen(site + "/method/evil.ttl", timeout=120) as answer:
        texts = {q.object.value for q in parse(answer.read(), RdfFormat.TURTLE) if isinstance(q.object, Literal)}
    assert WHOLE in texts
