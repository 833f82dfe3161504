"""What the dataset is, for people and programs: its description, its dump, its state.

Source: VoID, section 7.2 (/.well-known/void).
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import weakref
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request, send_file, url_for

from kgcompare import formats
from kgcompare.catalogue.about import Spoken, about_of
from kgcompare.catalogue.generation import Generation
from kgcompare.formats import RDF, Format, json, rdf, void
from kgcompare.rdf.contact import plain_contact
from kgcompare.rdf.namespaces import slugify
from kgcompare.search import Filter
from kgcompare.text.languages import DEFAULT, translate
from kgcompare.web import signposting
from kgcompare.web.kept import HELD, answer, answers_of, pick
from kgcompare.web.negotiation import names_html
from kgcompare.web.once import extent_of, once, report_of
from kgcompare.web.rendering import format_name, known_counts, render_page
from kgcompare.web.request import contact, current, language, limits, made_together, own_words, root
from kgcompare.web.together import Together

if TYPE_CHECKING:
    from kgcompare.report.extent import Extent

blueprint = Blueprint("dataset", __name__)
DATASET_FORMATS = ("html", *RDF, "json")


@blueprint.get("/dataset")
@blueprint.get("/dataset.<suffix>")
def page(suffix: str = "") -> Response:
    """What the dataset is: licence, counts, formats, and how to get at it."""
    form = pick(DATASET_FORMATS, suffix)
    lang = language()
    if form.name in RDF:
        return _described(form)

    def make() -> str:
        extent, counts, own = extent_of(current()), current().counts(), own_words(lang)
        if form.name == "html":
            named = ", ".join(format_name(name) for name in formats.RECORD)
            return render_page(
                "dataset.html",
                lang,
                counts=known_counts(),
                formats=named,
                extent=extent,
                description=own.description[1],
                contact=plain_contact(contact()),
                citation=_citation(lang, own, extent),
                identifiers=current().base.value,
            )
        return json.dumps(
            {
                "iri": void.dataset_iri(current().base),
                "name": own.name[1],
                "title": own.title[1],
                "description": own.description[1],
                "languages": list(own.about.languages),
                "licenses": void.licences_of(extent, own.about),
                "publisher": own.publisher[1] or own.about.publisher_iri,
                "contact": plain_contact(contact()),
                "keywords": own.about.keywords_in(lang),
                "generation": current().name,
                "modified": extent.modified,
                "base": current().base.value,
                "records": counts,
                "statements": extent.statements,
                "dump": url_for("dataset.dump"),
                "sparql": url_for("sparql.endpoint"),
            }
        )

    return answer(form, lang, make, lambda: signposting.links_of_dataset(DATASET_FORMATS))


def _citation(lang: str, own: Spoken, extent: Extent) -> str:
    """The catalogue as one cites it: its title, who publishes it, its generation, when it was changed, its address."""
    state = translate(lang, "Generation {name}", name=current().name)
    parts = [own.title[1], own.publisher[1], f"{state} ({extent.modified})" if extent.modified else state, root() + "/"]
    return ". ".join(filter(None, parts))


@blueprint.get("/.well-known/void")
def well_known() -> Response:
    """The description of the dataset where VoID says that it is: RDF for all who do not name HTML."""
    if request.args.get("format") or names_html(request.headers.get("Accept", "")):
        return page()
    form = pick((*RDF, "json"))
    return _described(form) if form.name in RDF else page()


def _described(form: Format) -> Response:
    def make() -> str:
        counts = current().counts()
        examples = [thing.iri for thing in current().search(Filter(kind=current().main_kind), most=3).things]
        triples = void.describe(
            current().base, root(), extent_of(current()), sum(counts.values()), examples, about_of(current())
        )
        return rdf.write(triples, form.name, current().base.value)

    return answer(form, None, make, lambda: signposting.links_of_dataset(DATASET_FORMATS))


@blueprint.get("/dump.nq.gz")
def dump() -> Response:
    """The whole catalogue as gzipped N-Quads, made once a generation."""
    made = once(current(), "dump", partial(_Dump, others=made_together()))
    request.environ[HELD] = made
    return send_file(
        made.path,
        mimetype="application/gzip",
        as_attachment=True,
        download_name=f"{slugify(own_words(DEFAULT).name[1])}.nq.gz",
        etag=answers_of(current(), limits().kept_bytes).tag("dump").strip('"'),
    )


class _Dump:
    """The file of a generation's dump; it is there as long as this is, for its generation or for who is sent it."""

    def __init__(self, generation: Generation, others: Together | None) -> None:
        handle, name = tempfile.mkstemp(prefix="kgcompare-dump-", suffix=".nq.gz")
        os.close(handle)
        self.path = Path(name)
        weakref.finalize(self, self.path.unlink, missing_ok=True)
        if others is None:
            _write_dump(generation, self.path)
        else:
            others.file(generation, "dump", partial(_write_dump, generation), self.path)


def _write_dump(generation: Generation, path: Path) -> None:
    plain = path.with_name(path.name + ".plain")
    try:
        generation.snapshot.dump(plain)
        with plain.open("rb") as source, path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
    finally:
        plain.unlink(missing_ok=True)


@blueprint.get("/report")
@blueprint.get("/report.<suffix>")
def report(suffix: str = "") -> Response:
    """The state of the catalogue: what is missing, and what looks wrong."""
    from kgcompare.formats import report as state  # it takes a while to load, and few ask for it

    form = pick(("html", "json"), suffix)
    lang = language()

    def make() -> str:
        report = report_of(current())
        if form.name == "json":
            return state.as_json(report, lang)
        return render_page(
            "report.html",
            lang,
            report=report,
            share=state.share,
            period=state.period,
            message=state.message,
            severity=state.severity,
            contradiction=state.contradiction,
            explained=state.explained,
        )

    return answer(form, lang, make)
