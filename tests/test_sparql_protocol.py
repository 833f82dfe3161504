"""SPARQL 1.1 Protocol for queries, over HTTP, on a dataset that the server took as it was.

The names of the cases are those of the W3C's protocol test suite
(http://www.w3.org/2009/sparql/docs/tests/data-sparql11/protocol/manifest); its updates have to fail here.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

import pytest

from serving import serving

DATA = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
DATA0, DATA1, DATA2, DATA3 = (DATA.format(n) for n in range(4))
FORM = "application/x-www-form-urlencoded"
BOTH = f"ASK {{ <{DATA1}> a ?type . <{DATA2}> a ?type . }}"
NAMED = f"ASK {{ GRAPH ?g1 {{ <{DATA1}> a ?type }} GRAPH ?g2 {{ <{DATA2}> a ?type }} }}"
FULL = (
    f"ASK {{ <{DATA3}> a ?type GRAPH ?g1 {{ <{DATA1}> a ?type }} GRAPH ?g2 {{ <{DATA2}> a ?type }} "
    f"FILTER NOT EXISTS {{ <{DATA1}> a ?other }} FILTER NOT EXISTS {{ GRAPH ?g3 {{ <{DATA3}> a ?another }} }} }}"
)
CONFLICT = f"ASK FROM <{DATA1}> {{ <{DATA1}> a ?type FILTER NOT EXISTS {{ <{DATA2}> a ?other }} }}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("protocol")
    file = folder / "data.nq"
    document = "<http://xmlns.com/foaf/0.1/Document>"
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    lines = [f"<{name}> {kind} {document} <{name}> .\n" for name in (DATA1, DATA2, DATA3)]
    lines.append(f"<{DATA0}> {kind} {document} .\n")  # in the default graph of the file
    file.write_text("".join(lines))
    with serving(folder, "--data", str(file), "--trust") as server:
        yield f"http://127.0.0.1:{server.port}/sparql"


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()
        self.media = self.headers.get("content-type", "").partition(";")[0]

    def boolean(self) -> bool:
        assert (self.status, self.media) == (200, "application/sparql-results+json"), (self.status, self.body)
        found = json.loads(self.body)["boolean"]
        assert isinstance(found, bool)
        return found


def send(
    site: str, method: str, parameters: str = "", body: bytes | None = None, media: str | None = None, **headers: str
) -> Answer:
    parts = urlsplit(site)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if media:
        sent["Content-Type"] = media
    try:
        connection.request(method, parts.path + ("?" + parameters if parameters else ""), body, sent)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def ask(*pairs: tuple[str, str]) -> str:
    return urlencode(pairs)


class TestQueries:
    def test_query_get(self, site: str) -> None:
        assert send(site, "GET", ask(("query", "ASK {}"))).boolean()

    def test_query_get_below_a_slash(self, site: str) -> None:
        assert send(site + "/", "GET", ask(("query", "ASK {}"))).boolean()

    def test_query_post_form(self, site: str) -> None:
        assert send(site, "POST", ask(("default-graph-uri", DATA0)), b"query=ASK%20%7B%7D", FORM).boolean()
        charset = FORM + "; charset=UTF-8"
        assert send(site, "POST", "", b"query=ASK%20%7B%7D", charset).boolean()

    def test_query_post_direct(self, site: str) -> None:
        assert send(site, "POST", "", b"ASK {}", "application/sparql-query").boolean()
        assert send(site, "POST", "", b"ASK {}", "application/sparql-query; charset=utf-8").boolean()

    def test_query_dataset_default_graph(self, site: str) -> None:
        body = ask(("query", f"ASK {{ <{DATA1}> ?p ?o }}"), ("default-graph-uri", DATA1))
        assert send(site, "POST", "", body.encode(), FORM).boolean()
        assert not send(site, "POST", "", body.replace("data1", "data2", 1).encode(), FORM).boolean()

    def test_query_dataset_default_graphs_get(self, site: str) -> None:
        graphs = (("default-graph-uri", DATA1), ("default-graph-uri", DATA2))
        assert send(site, "GET", ask(("query", BOTH), *graphs)).boolean()
        assert not send(site, "GET", ask(("query", BOTH), graphs[0])).boolean()

    def test_query_dataset_default_graphs_post(self, site: str) -> None:
        graphs = ask(("default-graph-uri", DATA1), ("default-graph-uri", DATA2))
        assert send(site, "POST", graphs, BOTH.encode(), "application/sparql-query").boolean()
        assert send(site, "POST", "", f"query={quote(BOTH)}&{graphs}".encode(), FORM).boolean()

    def test_query_dataset_named_graphs_get(self, site: str) -> None:
        graphs = (("named-graph-uri", DATA1), ("named-graph-uri", DATA2))
        assert send(site, "GET", ask(("query", NAMED), *graphs)).boolean()
        assert not send(site, "GET", ask(("query", NAMED), graphs[0])).boolean()

    def test_query_dataset_named_graphs_post(self, site: str) -> None:
        graphs = ask(("named-graph-uri", DATA1), ("named-graph-uri", DATA2))
        assert send(site, "POST", graphs, NAMED.encode(), "application/sparql-query").boolean()

    def test_query_dataset_full(self, site: str) -> None:
        graphs = (("default-graph-uri", DATA3), ("named-graph-uri", DATA1), ("named-graph-uri", DATA2))
        assert send(site, "POST", ask(*graphs), FULL.encode(), "application/sparql-query").boolean()

    def test_query_multiple_dataset(self, site: str) -> None:
        """The protocol's dataset beats that of the query."""
        assert send(site, "POST", "", CONFLICT.encode(), "application/sparql-query").boolean()
        named = ask(("default-graph-uri", DATA2))
        assert not send(site, "POST", named, CONFLICT.encode(), "application/sparql-query").boolean()
        assert send(site, "GET", ask(("query", CONFLICT), ("default-graph-uri", DATA1))).boolean()

    @pytest.mark.parametrize(
        ("accept", "media"),
        [
            ("application/sparql-results+xml", "application/sparql-results+xml"),
            ("application/sparql-results+json", "application/sparql-results+json"),
            ("text/csv", "text/csv"),
            ("text/tab-separated-values", "text/tab-separated-values"),
            (
                "application/sparql-results+xml;q=0.8, application/sparql-results+json",
                "application/sparql-results+json",
            ),
            ("*/*", "application/sparql-results+json"),
        ],
    )
    def test_query_content_type_select(self, site: str, accept: str, media: str) -> None:
        found = send(site, "GET", ask(("query", "SELECT (1 AS ?value) {}")), Accept=accept)
        assert (found.status, found.media) == (200, media)

    def test_query_content_type_ask(self, site: str) -> None:
        found = send(site, "GET", ask(("query", "ASK {}")), Accept="application/sparql-results+xml")
        assert (found.status, found.media) == (200, "application/sparql-results+xml")
        assert b"<boolean>true</boolean>" in found.body

    @pytest.mark.parametrize("query", ["DESCRIBE <http://example.org/>", "CONSTRUCT { <s> <p> 1 } {}"])
    @pytest.mark.parametrize("accept", ["application/rdf+xml", "text/turtle", "application/n-triples"])
    def test_query_content_type_describe_and_construct(self, site: str, query: str, accept: str) -> None:
        found = send(site, "GET", ask(("query", query)), Accept=accept)
        assert (found.status, found.media) == (200, accept)


class TestRefused:
    def test_bad_query_method(self, site: str) -> None:
        for method in ("PUT", "DELETE", "PATCH"):
            found = send(site, method, ask(("query", "ASK {}")), b"", FORM)
            assert found.status == 405
            assert {"GET", "HEAD", "OPTIONS", "POST"} <= set(found.headers["allow"].split(", "))

    def test_bad_multiple_queries(self, site: str) -> None:
        two = ask(("query", "ASK {}"), ("query", "SELECT * {}"))
        assert send(site, "GET", two).status == 400
        assert send(site, "POST", "", two.encode(), FORM).status == 400
        assert send(site, "POST", ask(("query", "ASK {}")), b"ASK {}", "application/sparql-query").status == 400

    def test_bad_query_wrong_media_type(self, site: str) -> None:
        assert send(site, "POST", "", b"ASK {}", "text/plain").status == 415

    def test_bad_query_missing_form_type(self, site: str) -> None:
        assert send(site, "POST", "", b"query=ASK%20%7B%7D").status == 415

    def test_bad_query_missing_direct_type(self, site: str) -> None:
        assert send(site, "POST", "", b"ASK {}").status == 415

    def test_bad_query_non_utf8(self, site: str) -> None:
        media = "application/sparql-query; charset=UTF-16"
        assert send(site, "POST", "", "ASK {}".encode("utf-16"), media).status == 415
        assert send(site, "POST", "", "ASK {}".encode("utf-16"), "application/sparql-query").status == 400
        assert send(site, "GET", "query=ASK%20%7B%20%3Fs%20%3Fp%20%22%FF%22%20%7D").status == 400

    def test_bad_query_syntax(self, site: str) -> None:
        found = send(site, "GET", ask(("query", "ASK {")))
        assert (found.status, found.media) == (400, "application/problem+json")

    def test_no_query_at_all(self, site: str) -> None:
        assert send(site, "POST", "", b"", FORM).status == 400
        assert send(site, "POST", "", b"", "application/sparql-query").status == 400
        assert send(site, "GET", "query=").status == 400

    def test_a_graph_that_is_no_iri(self, site: str) -> None:
        assert send(site, "GET", ask(("query", "ASK {}"), ("default-graph-uri", "no iri"))).status == 400

    def test_not_acceptable(self, site: str) -> None:
        found = send(site, "GET", ask(("query", "ASK {}")), Accept="image/png")
        assert found.status == 406
        assert b"application/sparql-results+json" in found.body

    @pytest.mark.parametrize("update", ["CLEAR ALL", "CLEAR XYZ", "INSERT DATA { <urn:a> <urn:b> 1 }"])
    def test_bad_update(self, site: str, update: str) -> None:
        """Updates are refused in every way in which they may come."""
        pair = ask(("update", update))
        assert send(site, "GET", pair).status == 400
        assert send(site, "POST", pair, b"query=ASK%20%7B%7D", FORM).status == 400
        assert send(site, "POST", "", pair.encode(), FORM).status == 400
        assert send(site, "POST", "", f"{pair}&{pair}".encode(), FORM).status == 400
        assert send(site, "POST", "", update.encode(), "application/sparql-update").status == 415
        assert (
            send(site, "POST", "", update.encode("utf-16"), "application/sparql-update; charset=UTF-16").status == 415
        )
        assert send(site, "POST", "", pair.encode()).status == 415
        assert send(site, "POST", "", update.encode(), "text/plain").status == 415
        assert send(site, "GET", ask(("query", update))).status == 400
        assert send(site, "GET", ask(("query", f"ASK {{ <{DATA1}> a ?type }}"))).boolean()


class TestAround:
    def test_the_default_graph_is_the_union_of_all(self, site: str) -> None:
        every = " . ".join(f"<{name}> a ?t{n}" for n, name in enumerate((DATA0, DATA1, DATA2, DATA3)))
        assert send(site, "GET", ask(("query", f"ASK {{ {every} }}"))).boolean()
        count = ask(("query", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"), ("format", "csv"))
        assert send(site, "GET", count).body == b"n\r\n4\r\n"
        graphs = ask(("query", "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }"), ("format", "csv"))
        assert send(site, "GET", graphs).body == b"n\r\n3\r\n"

    def test_unknown_parameters_are_ignored(self, site: str) -> None:
        assert send(site, "GET", ask(("query", "ASK {}"), ("timeout", "5"), ("debug", "on"), ("x", "y"))).boolean()

    def test_head(self, site: str) -> None:
        asked = ask(("query", "ASK {}"))
        whole, head = send(site, "GET", asked), send(site, "HEAD", asked)
        assert (head.status, head.body, head.media) == (200, b"", whole.media)

    def test_service_description(self, site: str) -> None:
        for accept in ("text/turtle", "application/rdf+xml", "application/ld+json", "*/*"):
            found = send(site, "GET", Accept=accept)
            assert found.status == 200
            assert b"sparql-service-description#" in found.body

    def test_scripts_of_other_origins_may_ask(self, site: str) -> None:
        asked = ask(("query", "ASK {}"))
        for method, parameters in (("GET", asked), ("HEAD", asked), ("GET", ask(("query", "ASK {")))):
            assert (
                send(site, method, parameters, Origin="https://example.org").headers["access-control-allow-origin"]
                == "*"
            )
        found = send(
            site,
            "OPTIONS",
            Origin="https://example.org",
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="content-type",
        )
        assert found.status in {200, 204}
        assert found.headers["access-control-allow-origin"] == "*"
        assert "POST" in found.headers["access-control-allow-methods"]
        assert "content-type" in found.headers["access-control-allow-headers"].lower()
        assert "access-control-allow-credentials" not in found.headers
