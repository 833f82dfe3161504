"""The public SPARQL endpoint: the protocol on the outside, killable workers behind it.

Source: SPARQL 1.1 Protocol, section 2.1 (query operation); SPARQL 1.1 Service Description.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, request
from pyoxigraph import BlankNode, NamedNode, Triple
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.exceptions import NotAcceptable, UnsupportedMediaType

from kgcompare.catalogue.about import about_of
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import UsageError
from kgcompare.formats import FORMATS, RDF, rdf
from kgcompare.formats.solutions import MEDIA_TYPES
from kgcompare.formats.void import dataset_iri
from kgcompare.rdf.about import titles
from kgcompare.rdf.namespaces import iri
from kgcompare.rdf.syntaxes import SYNTAXES
from kgcompare.sandbox.confinement import switched_off
from kgcompare.sandbox.pool import Answer, Answering, Bounds, Pool
from kgcompare.sandbox.relay import Relay
from kgcompare.sandbox.screen import screen
from kgcompare.web import query_page
from kgcompare.web.kept import pick
from kgcompare.web.negotiation import best_of, media_types_of, names_html
from kgcompare.web.request import VARY, current, limits, queries_allowed, root, unconfined

blueprint = Blueprint("sparql", __name__)
_SOLUTIONS = (
    ("json", ("application/sparql-results+json", "application/json")),
    ("xml", ("application/sparql-results+xml", "application/xml", "text/xml")),
    ("csv", ("text/csv",)),
    ("tsv", ("text/tab-separated-values",)),
)
_STATEMENTS = media_types_of(RDF)
_RESULT_FORMATS = (
    *(f"SPARQL_Results_{name}" for name in ("JSON", "XML", "CSV", "TSV")),
    *(syntax.note for syntax in SYNTAXES.values()),
)


def pool(generation: Generation) -> Answering:
    """What answers strangers' queries about a generation: workers, started when they are first asked for, or the
    endpoint that the catalogue is kept at.

    :raises UsageError: if queries are not passed on to that.
    :raises Unavailable: if this system has no lock that keeps queries from the network, and must have one.
    """
    return generation.once("query workers", _started)


def _started(generation: Generation) -> Answering:
    path, pass_on = generation.snapshot.path, generation.snapshot.pass_on
    if pass_on is not None:
        if not queries_allowed():
            raise UsageError("queries are not answered here (--endpoint-queries off); ask the endpoint itself")
        return Relay(pass_on, generation.base, _bounds())
    if path is None or not queries_allowed():
        raise switched_off()
    return Pool(path, _bounds())


def _bounds() -> Bounds:
    allowed = limits()
    return Bounds(
        seconds=allowed.query_timeout,
        rows=allowed.answer_rows,
        bytes=allowed.answer_bytes,
        memory=allowed.worker_memory,
        workers=allowed.query_workers,
        spare=allowed.spare_workers,
        waiting=allowed.waiting_queries,
        share=allowed.client_queries,
        start=allowed.worker_start,
        unconfined=unconfined(),
    )


@blueprint.route("/sparql/", methods=["GET", "POST"])
@blueprint.route("/sparql", methods=["GET", "POST"])
def endpoint() -> Response:
    """Answers a query; without one, a page for browsers and a service description for RDF clients."""
    reading = request.method in {"GET", "HEAD"}
    _check_encoding()
    if "update" in request.args or "update" in request.form:
        raise UsageError("updates are not available here")
    if reading and "query" not in request.args:
        return _describe()
    query, parameters = _query()
    if reading and _wants_page():
        return query_page.query_page()
    form = screen(query)
    solutions, statements = _formats(form)
    answer: Answer = pool(current()).ask(
        query,
        client=request.remote_addr or "",
        base=current().base.value,
        default=_graphs(parameters.getlist("default-graph-uri")),
        named=_graphs(parameters.getlist("named-graph-uri")),
        solutions=solutions,
        rdf=statements,
        prefixes=rdf.prefixes(current().base.value, current().shapes.kinds),
    )
    media = MEDIA_TYPES.get(answer.form) or FORMATS[answer.form].content_type
    if media in {"text/csv", "text/tab-separated-values"}:
        media += "; charset=utf-8"
    return Response(answer.body, content_type=media, headers={"Vary": "Accept", "Cache-Control": "no-cache"})


def _check_encoding() -> None:
    """Refuses what is not UTF-8, which the framework would let pass with its percent signs."""
    encoded = [request.query_string]
    if request.mimetype == "application/x-www-form-urlencoded":
        encoded.append(request.get_data())  # kept, and parsed from there
    try:
        for part in encoded:
            unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        raise UsageError("the request is not UTF-8") from None


def _query() -> tuple[str, MultiDict[str, str]]:
    """The query and the parameters beside it, wherever the request carries them (section 2.1.1 to 2.1.3).

    :raises UsageError: if there is none, or more than one.
    :raises UnsupportedMediaType: if a POST carries something else.
    """
    media = request.mimetype
    parameters: MultiDict[str, str]
    if request.method in {"GET", "HEAD"}:
        queries, parameters = request.args.getlist("query"), request.args
    elif media == "application/x-www-form-urlencoded":
        queries, parameters = request.form.getlist("query"), CombinedMultiDict([request.args, request.form])
    elif media == "application/sparql-query":
        if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise UnsupportedMediaType("send the query in UTF-8")
        try:
            queries = [request.get_data().decode("utf-8")]
        except UnicodeDecodeError:
            raise UsageError("the query is not UTF-8") from None
        queries += request.args.getlist("query")
        parameters = request.args
    else:
        raise UnsupportedMediaType(
            "POST a query as application/sparql-query, or as query= in application/x-www-form-urlencoded"
        )
    if len(queries) != 1:
        raise UsageError(f"give one query, not {len(queries)}")
    return queries[0].removeprefix("\ufeff"), parameters  # a mark that some editors put first


def _wants_page() -> bool:
    """Whether the request comes from somebody who would rather look: HTML suits better than any kind of result."""
    if request.args.get("format"):
        return False
    offered = (("html", ("text/html", "application/xhtml+xml")), *_SOLUTIONS, *_STATEMENTS)
    accept = request.headers.get("Accept", "")
    return names_html(accept) and best_of(accept, offered) == "html"


def _graphs(names: list[str]) -> tuple[str, ...]:
    """Names of graphs, as they are.

    :raises UsageError: if one is not an absolute IRI.
    """
    for name in names:
        try:
            NamedNode(name)
        except ValueError:
            raise UsageError(f"not an absolute IRI: {name[:200]!r}") from None
    return tuple(names)


def _formats(form: str | None) -> tuple[str, str]:
    """The formats that suit the request, for solutions and for statements, such as ``("json", "ttl")``.

    *form* is the query's, such as ``SELECT``: only the format of its kind of answer has to be acceptable.

    :raises NotAcceptable: if it is not.
    """
    named = request.args.get("format", "")
    accept = request.headers.get("Accept", "")
    statements = form in {"CONSTRUCT", "DESCRIBE"}
    if named and (named in RDF if statements else named in MEDIA_TYPES):
        return (named, "ttl") if not statements else ("json", named)
    if statements:
        syntax = best_of(accept, _STATEMENTS)
        if syntax is None:
            raise NotAcceptable("statements come as " + ", ".join(FORMATS[name].media_type for name in RDF))
        return "json", syntax
    solutions = best_of(accept, _SOLUTIONS)
    if solutions is None:
        raise NotAcceptable("solutions come as " + ", ".join(types[0] for _, types in _SOLUTIONS))
    return solutions, "ttl"


def _describe() -> Response:
    """What there is at the address without a query: a page for browsers, a service description for RDF clients."""
    form = pick(("html", *RDF))
    if form.name == "html" and (names_html(request.headers.get("Accept", "")) or request.args.get("format") == "html"):
        return query_page.query_page()
    name = "ttl" if form.name == "html" else form.name
    body = rdf.write(service_description(root()), name, current().base.value)
    return Response(body, content_type=FORMATS[name].content_type, headers={"Vary": VARY})


def service_description(server: str) -> list[Triple]:
    """What the service at ``/sparql`` of a server can do; *server* is its address without a slash at the end."""
    service, default = NamedNode(server + "/sparql"), BlankNode()
    data = NamedNode(dataset_iri(current().base))
    triples = [
        Triple(service, iri("rdf:type"), iri("sd:Service")),
        Triple(service, iri("sd:endpoint"), service),
        Triple(service, iri("sd:supportedLanguage"), iri("sd:SPARQL11Query")),
        Triple(service, iri("sd:feature"), iri("sd:UnionDefaultGraph")),
        Triple(service, iri("sd:defaultDataset"), data),
        Triple(data, iri("rdf:type"), iri("sd:Dataset")),
        Triple(data, iri("sd:defaultGraph"), default),
        Triple(default, iri("rdf:type"), iri("sd:Graph")),
        *titles(data, about_of(current())),
        Triple(data, iri("rdfs:seeAlso"), NamedNode(server + "/dataset")),
    ]
    for name in _RESULT_FORMATS:
        triples.append(Triple(service, iri("sd:resultFormat"), NamedNode("http://www.w3.org/ns/formats/" + name)))
    return triples
