"""IRIs, prefixes, and the way between slugs and IRIs."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from pyoxigraph import NamedNode

from kgcompare.errors import UsageError

KGC = "https://w3id.org/kgcompare/ns#"
SHAPES = "https://w3id.org/kgcompare/shapes#"
DEFAULT_BASE = "https://w3id.org/kgcompare/"

PREFIXES: dict[str, str] = {
    "kgc": KGC,
    "kgcsh": SHAPES,
    "bibo": "http://purl.org/ontology/bibo/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "edtf": "http://id.loc.gov/datatypes/edtf/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "qb": "http://purl.org/linked-data/cube#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vann": "http://purl.org/vocab/vann/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes of the project; our own first, then alphabetical."""

_DEFINED = (*PREFIXES.values(), "http://schema.org/", "http://purl.org/dc/elements/1.1/")
_ONTOLOGIES = {namespace.rstrip("#/") for namespace in _DEFINED}
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_DIGEST = 12
_BASE = re.compile(r"https?://[^\s<>\"{}|^`\\?#]+/\Z")
_SCHEME = re.compile(r"(?:https?|urn|doi|info|tag):", re.IGNORECASE)


def iri(name: str) -> NamedNode:
    """The IRI of a prefixed name of ours, such as ``"skos:prefLabel"``.

    :raises KeyError: if the prefix is not one of :data:`PREFIXES`.
    """
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


def is_slug(text: str) -> bool:
    """Whether *text* is a slug: ``[a-z0-9]+(-[a-z0-9]+)*``."""
    return SLUG.match(text) is not None


def slugify(text: str) -> str:
    """A slug made of *text*; a hash of it where nothing of it can be kept."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug or "x" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def is_safe_iri(value: str) -> bool:
    """Whether *value* is an absolute IRI of a scheme that we bind into queries and show as a link."""
    return _SCHEME.match(value) is not None


def is_defined(value: str) -> bool:
    """Whether *value* is a term that our vocabulary or a standard defines, or one of these themselves."""
    return value.startswith(_DEFINED) or value in _ONTOLOGIES


def is_web(value: str) -> bool:
    """Whether *value* is an address that a page may link to: http or https."""
    return value.startswith(("http://", "https://"))


def shortened(value: str) -> str:
    """An IRI as a prefixed name of ours, or as it is where no prefix fits."""
    for prefix, namespace in PREFIXES.items():
        if value.startswith(namespace) and value != namespace:
            return f"{prefix}:{value[len(namespace) :]}"
    return value


def local_name(value: str) -> str:
    """The last part of an IRI, percent-decoded, for want of a label."""
    return unquote(re.split(r"[/#:]", value.rstrip("/#:"))[-1]) or value


def checked_base(base: str) -> str:
    """A base IRI: absolute, http or https, ending in a slash.

    :raises UsageError: if it is not.
    """
    try:
        NamedNode(base)
    except ValueError:
        usable = False
    else:
        usable = _BASE.match(base) is not None
    if not usable:
        raise UsageError(f"{base[:200]!r} cannot be a base; give an http or https IRI that ends in a slash")
    return base


def foreign_slug(thing: str) -> str:
    """The slug of a thing outside of a base: the end of its IRI, and a digest of all of it.

    It depends on the IRI alone, so that nothing else that is recorded ever gets or changes its address.
    """
    digest = hashlib.sha256(thing.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{_stem(local_name(thing))}-{digest}"


def foreign_glob(name: str) -> str:
    """What the slugs of all things outside of a base look like whose IRIs end in *name*, as SQLite's GLOB has it."""
    return f"{_stem(name)}-" + "[0-9a-f]" * _DIGEST


def is_foreign_slug(slug: str) -> bool:
    """Whether a slug ends as those of things outside of a base do."""
    return re.search(rf"-[0-9a-f]{{{_DIGEST}}}\Z", slug) is not None


def _stem(name: str) -> str:
    return slugify(name)[:40].strip("-")


@dataclass(frozen=True, slots=True)
class Base:
    """The base IRI under which a community publishes; records are ``id/KIND/SLUG``, graphs ``doc/KIND/SLUG``."""

    value: str = DEFAULT_BASE

    def record(self, kind: str, slug: str) -> str:
        """The IRI of a record."""
        return f"{self.value}id/{kind}/{slug}"

    def parts(self, record: str) -> tuple[str, str] | None:
        """``(kind, slug)`` of a record's IRI, or None where it is not one under this base."""
        prefix = self.value + "id/"
        if not record.startswith(prefix):
            return None
        kind, _, slug = record[len(prefix) :].partition("/")
        return (kind, slug) if is_slug(kind) and is_slug(slug) else None

    def document(self, record: str) -> str:
        """The IRI of the document graph that describes *record*.

        A subject outside the base gets a graph of its own under it. What is said of the catalogue itself has a graph
        of that name.
        """
        if record == self.catalogue:
            return record
        if self.parts(record):
            return self.value + "doc/" + record[len(self.value) + 3 :]
        return f"{self.value}doc/elsewhere/{foreign_slug(record)}"

    def described(self, document: str) -> str | None:
        """The IRI of the record of this base that the graph *document* describes; None where it is no such graph, or
        the name does not tell, as it may be of a subject outside."""
        record = f"{self.value}id/{document[len(self.value) + 4 :]}"
        outside = document.startswith(f"{self.value}doc/elsewhere/")
        return record if not outside and self.parts(record) and self.document(record) == document else None

    def is_document(self, value: str) -> bool:
        """Whether *value* is the IRI of a document graph of this base."""
        return value.startswith(self.value + "doc/")

    def is_vocabulary_graph(self, value: str) -> bool:
        """Whether *value* is the graph of the vocabulary, of shapes or of the history, rather than of a record."""
        return value == self.vocabulary_graph or self.is_history_graph(value) or self.is_shapes_graph(value)

    def is_history_graph(self, value: str) -> bool:
        """Whether *value* is the graph of the history, or one that a catalogue in an endpoint keeps beside it."""
        return value == self.history_graph or value.startswith(self.history_graph + "/")

    def is_of_record(self, value: str) -> bool:
        """Whether *value* is the graph of a record: not of vocabulary and shapes, nor of the catalogue itself."""
        return value != self.catalogue and not self.is_vocabulary_graph(value)

    def is_shapes_graph(self, value: str) -> bool:
        """Whether *value* is the graph of a file of shapes."""
        return value.startswith(self.shapes_graphs) and is_slug(value.removeprefix(self.shapes_graphs))

    @property
    def shapes_graphs(self) -> str:
        """What the names of the graphs of shapes begin with."""
        return self.value + "shapes/"

    @property
    def catalogue(self) -> str:
        """The catalogue itself, and the graph in which it says what it is (:mod:`kgcompare.rdf.about`)."""
        return self.value + "catalogue"

    @property
    def vocabulary_graph(self) -> str:
        """The graph that holds the vocabulary."""
        return self.value + "ns"

    @property
    def history_graph(self) -> str:
        """The graph that says who changed what, and when."""
        return self.value + "changes"

    def change(self, generation: str) -> str:
        """The IRI of the change that made a generation."""
        return f"{self.history_graph}/{generation}"

    def is_of_history(self, thing: str) -> bool:
        """Whether *thing* is the IRI of a change, or of who made one."""
        return thing.startswith((self.history_graph + "/", self.history_graph + "#"))

    def shapes_graph(self, name: str) -> str:
        """The graph that holds the shapes file *name*."""
        return self.shapes_graphs + slugify(name)
