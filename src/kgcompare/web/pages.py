"""Pages for people; the same addresses give the same as data."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Flask, Response, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from pyoxigraph import NamedNode
from werkzeug import Response as AnyResponse

from kgcompare import __version__, citation, formats, languages, resources
from kgcompare.catalogue import METHOD
from kgcompare.comparison import MOST
from kgcompare.errors import UnknownThing, UsageError
from kgcompare.formats import FORMATS, json, rdf
from kgcompare.formats import report as state
from kgcompare.formats.tables import STATUS
from kgcompare.model import Cell, Comparison, Row, Thing, Value
from kgcompare.namespaces import KINDS, is_slug
from kgcompare.reading import Reader
from kgcompare.search import Filter, fold
from kgcompare.web.answers import answer, pick, unkept
from kgcompare.web.asking import language, link
from kgcompare.web.data import number
from kgcompare.web.problems import wants_page
from kgcompare.web.reports import report_of

blueprint = Blueprint("pages", __name__)
COMPARISON = tuple(name for name in FORMATS if name in formats.COMPARISON)
PAGE = 50
_WORD = re.compile(r"(\w+(?:[-’']\w+)*)")


# -- home ------------------------------------------------------------------------------------------


@blueprint.get("/")
def home() -> Response:
    """Search, comparisons that people ask for, and an index by family and domain."""
    lang = language()
    return answer(pick(("html",)), lang, lambda: _home(lang))


def _home(lang: str) -> str:
    page = g.view.search(Filter(), lang, most=1, facets=True)
    facets = {name: sorted(values, key=lambda value: fold(value.label)) for name, values in page.facets.items()}
    return render("home.html", lang, total=page.total, facets=facets, examples=examples(lang), counts=g.view.counts())


def examples(lang: str) -> list[tuple[Thing, ...]]:
    """Comparisons that people ask for, of those whose methods are all in the catalogue."""
    path = resources.folder("data") / "examples.csv"
    if not path.is_file():
        return []
    rows = [tuple(row) for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) if row]
    entries = g.view.index.of_class(METHOD, sorted({slug for row in rows for slug in row}))
    reader = Reader(lang, g.view.descriptions.things(entries.values()))
    found = []
    for row in rows:
        if all(slug in entries for slug in row):
            things = []
            for slug in row:
                tag, label = reader.label(entries[slug])
                things.append(Thing(slug, entries[slug], "method", label, tag))
            found.append(tuple(things))
    return found


# -- comparisons -----------------------------------------------------------------------------------


@blueprint.get("/compare")
@blueprint.get("/compare.<suffix>")
def compare(suffix: str = "") -> AnyResponse:
    """Up to ten things side by side."""
    form = pick(COMPARISON, suffix)
    lang = language()
    wanted = [slug for slug in request.args.getlist("method") if slug]
    cls = request.args.get("class") or METHOD
    only = request.args.get("only", "")
    if only not in {"", "differences"}:
        raise UsageError(f"only={only[:40]!r} is unknown; use only=differences")
    if form.name != "html" or not (wanted or request.args.get("add") or wants_page()):
        if not wanted:
            raise UsageError(f"name the methods to compare: /compare?method=SLUG&method=SLUG, up to {MOST}")
        return answer(
            form,
            lang,
            lambda: formats.render(_compared(wanted, lang, only, cls), form.name, g.view.base.value),
        )
    added = request.args.get("add", "").strip()
    if added:
        return _add(wanted, added, lang, cls)
    if not wanted:
        return unkept(render("compare.html", lang, found=None, **_none(lang)), 400, lang)
    return answer(form, lang, lambda: _compare_page(wanted, lang, only, cls))


def _compared(wanted: Sequence[str], lang: str, only: str, cls: str) -> Comparison:
    return g.view.compare(wanted, lang, only_differences=only == "differences", cls=cls)  # type: ignore[no-any-return]


def _none(lang: str) -> dict[str, Any]:
    return {"added": "", "choices": (), "examples": examples(lang)}


def _add(wanted: list[str], text: str, lang: str, cls: str) -> AnyResponse:
    """A method that somebody typed: goes to the comparison with it, or shows what it may be."""
    slug = _named(text, lang)
    if slug is not None:
        keep = {
            name: request.args[name] for name in ("lang", "only", "class", "swap", "mark") if request.args.get(name)
        }
        methods = list(dict.fromkeys([*wanted, slug]))
        target = url_for("pages.compare") + "?" + urlencode([*(("method", m) for m in methods), *keep.items()])
        return redirect(target, 303)
    choices = g.view.suggest(text, lang) or g.view.search(Filter(text), lang, most=10).things
    if not wanted:
        shown = render("compare.html", lang, found=None, added=text, choices=choices, examples=examples(lang))
        return unkept(shown, 404 if not choices else 300, lang)
    shown = _compare_page(wanted, lang, request.args.get("only", ""), cls, added=text, choices=choices)
    return unkept(shown, 200, lang)


def _named(text: str, lang: str) -> str | None:
    """The slug of the one method that a text names: its slug, or its name in full."""
    if is_slug(text) and g.view.index.find("method", text):
        return text
    things = g.view.suggest(text, lang, most=5)
    same = [thing.id for thing in things if thing.label.casefold() == text.casefold()]
    if len(same) == 1:
        return str(same[0])
    return str(things[0].id) if len(things) == 1 else None


def _compare_page(
    wanted: Sequence[str], lang: str, only: str, cls: str, added: str = "", choices: Sequence[Thing] = ()
) -> str:
    full = _compared(wanted, lang, "", cls)
    shown = _compared(wanted, lang, only, cls) if only else full
    return render(
        "compare.html",
        lang,
        found=full,
        rows=shown.rows,
        only=only,
        swap=bool(request.args.get("swap")),
        mark=request.args.get("mark") == "words",
        added=added,
        choices=choices,
        near=[(name, _labelled("method", g.view.nearest(name, cls), lang)) for name in full.unknown],
        most=MOST,
        cls=None if cls == METHOD else cls,
        formats=[FORMATS[name] for name in COMPARISON if name != "html"],
    )


def words(cells: Sequence[Cell]) -> list[Markup] | None:
    """The texts of cells with the words marked that not all of them have.

    None where there are fewer than two texts, or texts in several languages: every word would differ.
    """
    texts = [cell.text or "" for cell in cells]
    given = [text for text in texts if text]
    if len(given) < 2 or len({value.lang for cell in cells for value in cell.values}) > 1:
        return None
    shared = set.intersection(*({word.casefold() for word in _WORD.findall(text)} for text in given))
    return [_marked(text, shared) for text in texts]


def _marked(text: str, shared: set[str]) -> Markup:
    """A text with the words outside *shared* marked; one mark for words that only spaces part."""
    out, run = Markup(""), ""
    for at, part in enumerate(_WORD.split(text)):
        if (part.casefold() not in shared) if at % 2 else bool(run) and part.isspace():
            run += part
            continue
        end = len(run.rstrip())
        out += Markup("<mark>{}</mark>{}").format(run[:end], run[end:]) if run else ""
        out += part
        run = ""
    return out + (Markup("<mark>{}</mark>").format(run) if run else "")


def names(row: Row) -> list[list[tuple[Value, bool]]]:
    """The names in each cell of a row, each once, and whether another cell has it too."""
    cells = [{value.text.casefold(): value for value in cell.values} for cell in row.cells]
    count = Counter(key for cell in cells for key in cell)
    return [[(value, count[key] > 1) for key, value in cell.items()] for cell in cells]


# -- lists -----------------------------------------------------------------------------------------


@blueprint.get("/methods")
@blueprint.get("/methods.<suffix>")
def methods(suffix: str = "") -> Response:
    """Search and browse."""
    form = pick(("html", "json"), suffix)
    lang = language()
    args = request.args
    facets = {name: args[name] for name in ("domain", "family", "type") if args.get(name)}
    query = Filter(
        args.get("q", "").strip()[:200],
        "method",
        facets,
        number("from", None, -9999, 9999),
        number("to", None, -9999, 9999),
    )
    most = number("limit", PAGE, 1, 200) or PAGE

    def make() -> str:
        page = g.view.search(
            query, lang, sort=args.get("sort", ""), after=args.get("after", "")[:200], most=most, facets=True
        )
        if form.name == "json":
            return json.page_json(page)
        chosen = {
            name: entry.label(lang)[1] for name, slug in facets.items() if (entry := g.view.index.find(name, slug))
        }
        guesses = [] if page.total else [g.view.suggest(word, lang, most=5) for word in query.text.split()[:5]]
        near = next(filter(None, guesses), ())
        return render("methods.html", lang, page=page, query=query, chosen=chosen, sort=args.get("sort", ""), near=near)

    return answer(form, lang, make)


# -- records ---------------------------------------------------------------------------------------


@blueprint.get("/<kind>/<name>")
def record(kind: str, name: str) -> Response:
    """One record as a page or as data."""
    slug, dot, suffix = name.partition(".")
    if not is_slug(kind) or not is_slug(slug) or (dot and not suffix):
        raise UnknownThing(f"there is no such record: /{kind[:40]}/{name[:80]}")
    form = pick(formats.RECORD, suffix)
    lang = language()

    def make() -> str:
        if form.name in formats.RDF:
            thing, triples = g.view.triples(kind, slug)
            return rdf.document_rdf(triples, thing, g.view.base.value, form.name)
        found = g.view.record(kind, slug, lang)
        if form.name == "json":
            return formats.record_text(found, "json")
        others = [FORMATS[name] for name in formats.RECORD if name != "html"]
        return render("record.html", lang, found=found, formats=others, kind=kind)

    return answer(form, lang if form.name in {"html", "json"} else None, make)


# -- the catalogue itself --------------------------------------------------------------------------


@blueprint.get("/dataset")
def dataset() -> Response:
    """What the dataset is: licence, counts, formats."""
    form = pick(("html", "json"))
    lang = language()

    def make() -> str:
        if form.name == "html":
            named = ", ".join(format_name(name) for name in formats.RECORD)
            return render("dataset.html", lang, counts=g.view.counts(), formats=named)
        return json.dumps(
            {
                "name": "kgcompare",
                "license": LICENCE,
                "generation": g.view.generation,
                "base": g.view.base.value,
                "records": g.view.counts(),
                "dump": url_for("data.dump"),
            }
        )

    return answer(form, lang, make)


@blueprint.get("/report")
@blueprint.get("/report.<suffix>")
def report(suffix: str = "") -> Response:
    """The state of the catalogue: what is missing, and what looks wrong."""
    form = pick(("html", "json"), suffix)
    lang = language()

    def make() -> str:
        found = report_of(g.view)
        if form.name == "json":
            return state.as_json(found, lang)
        return render(
            "report.html",
            lang,
            found=found,
            share=state.share,
            period=state.period,
            message=state.message,
            severities=state.SEVERITIES,
        )

    return answer(form, lang, make)


KINDS_MANY = {
    "method": "methods",
    "agent": "agents",
    "source": "sources",
    "domain": "domains",
    "family": "families",
    "type": "types",
}
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"


# -- templates -------------------------------------------------------------------------------------


def render(template: str, lang: str, **values: Any) -> str:
    """A page in a language."""
    spoken = languages.speaks(lang)

    def _(message: str, **parts: object) -> str:
        return languages.translate(lang, message, **parts)

    return render_template(template, lang=lang, spoken=spoken, _=_, **values)


def problem_page(status: int, detail: str, more: dict[str, Any]) -> str:
    """The page of an error: what happened, and where to go from here."""
    try:
        lang = language()
    except UsageError:
        lang = languages.DEFAULT
    arguments = request.view_args or {}
    kind = arguments.get("kind", "method")
    comparing = request.endpoint == "pages.compare"
    wanted = list(dict.fromkeys(request.args.getlist("method"))) if comparing else []
    near = _labelled(kind, more.get("suggestions") or (), lang) if "view" in g else []
    return render(
        "problem.html",
        lang,
        status=status,
        detail=detail,
        said=SAID.get(status, SAID[500] if status >= 500 else SAID[400]),
        near=near,
        kind=kind,
        comparing=comparing,
        wanted=wanted,
        most=MOST,
        sought=str(arguments.get("name", "")).partition(".")[0].replace("-", " ")[:80],
    )


SAID = {
    400: "The server cannot make sense of this address.",
    404: "There is nothing at this address.",
    405: "This address cannot be used in that way.",
    406: "This address does not come in that format.",
    500: "The server failed. Trying again in a moment may help.",
    502: "The catalogue cannot be reached just now. Trying again in a moment may help.",
    503: "The catalogue cannot be reached just now. Trying again in a moment may help.",
}
"""What is said of an error by its status, in English; the key to its translations."""


def _labelled(kind: str, slugs: Sequence[str], lang: str) -> list[tuple[str, str, str | None]]:
    """(slug, name, language of the name) of the things among *slugs* that there are."""
    entries = [entry for slug in slugs if (entry := g.view.index.find(kind, slug))]
    return [(entry.slug, label, tag) for entry in entries for tag, label in [entry.label(lang)]]


def register(app: Flask) -> None:
    """What every template can use."""
    app.jinja_env.globals.update(
        link=link,
        address=address,
        local=local,
        prose=prose,
        reference=reference,
        words=words,
        names=names,
        offered=offered,
        format_name=format_name,
        lang_attributes=attributes,
        status_text=STATUS,
        direction=languages.direction,
        autonym=languages.autonym,
        version=__version__,
        interface_languages=languages.interface_languages(),
        licence=LICENCE,
        kinds=KINDS,
        kinds_many=KINDS_MANY,
        static=static_address(),
    )


FORMAT_NAMES = {
    "html": "HTML",
    "ttl": "Turtle",
    "jsonld": "JSON-LD",
    "nt": "N-Triples",
    "nq": "N-Quads",
    "trig": "TriG",
    "rdf": "RDF/XML",
    "json": "JSON",
    "csv": "CSV",
    "tsv": "TSV",
    "md": "Markdown",
    "tex": "LaTeX",
}


def format_name(name: str) -> str:
    """What a format calls itself."""
    return FORMAT_NAMES.get(name, name)


def offered(path: str) -> str | None:
    """The address of a path below our root, None where this server has no such page."""
    return request.script_root + path if any(rule.rule == path for rule in current_app.url_map.iter_rules()) else None


def static_address() -> Callable[[str], str]:
    """Addresses of static files that change with the version, so that they can be kept for long."""
    return lambda name: url_for("static", filename=name, v=__version__)


def address(**changes: Any) -> str:
    """This page's own address with some parameters changed; None removes one."""
    pairs: list[tuple[str, str]] = []
    for name, value in request.args.items(multi=True):
        if name not in changes and name != "add":
            pairs.append((name, value))
    for name, value in changes.items():
        if isinstance(value, list | tuple):
            pairs += [(name, str(part)) for part in value]
        elif value is not None:
            pairs.append((name, str(value)))
    pairs.sort(key=lambda pair: pair[0] != "method")
    return request.script_root + "/" + quote(request.path.lstrip("/")) + ("?" + urlencode(pairs) if pairs else "")


def local(thing: str | None) -> str | None:
    """The address on this server of a thing's page, whatever the host in its IRI; None if there is none."""
    path: str | None = g.view.path(thing) if thing else None
    if path is None:
        return None
    lang = request.args.get("lang")
    return request.script_root + path + ("?" + urlencode({"lang": lang}) if lang else "")


def attributes(tag: str | None, around: str) -> Markup:
    """The lang and dir attributes of a text borrowed from another language."""
    if not tag or tag.lower() == around.lower():
        return Markup("")
    return Markup(' lang="{}" dir="{}"').format(tag, languages.direction(tag))


def prose(value: Value) -> Markup:
    """A value's text with the things that it names as links."""
    out, rest = Markup(""), value.text
    for named in value.links:
        before, found, after = rest.partition(named.text)
        target = local(named.iri)
        if not found or target is None:
            continue
        out += escape(before) + Markup('<a href="{}" data-iri="{}">{}</a>').format(target, named.iri, named.text)
        rest = after
    return out + escape(rest)


def reference(source: str) -> Markup:
    """A source as a reference in APA style, its title in italics and its address a link."""
    node = NamedNode(source)
    reader = Reader(languages.DEFAULT, g.view.descriptions.things({source}))
    text = citation.marked_up(reader.csl(node))
    url = citation.address(reader.things[source], node)
    link_text = ""
    if url and text.endswith(str(escape(url))):
        text = text[: -len(str(escape(url)))]
        link_text = Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(url)
    return Markup(text) + link_text  # noqa: S704  (marked_up escapes what it is given)
