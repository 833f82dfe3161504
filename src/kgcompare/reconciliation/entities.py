"""Things, their types and properties, as reconciliation clients are told of them.

Source: Reconciliation Service API 0.2, section 2 (entities, types, properties) and 5.3 (suggest responses).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice, zip_longest
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode

from kgcompare.catalogue.generation import Generation
from kgcompare.catalogue.sources import dated
from kgcompare.catalogue.values import Reader
from kgcompare.model import CslItem
from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import is_safe_iri, local_name
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import BIBO_DOCUMENT
from kgcompare.reconciliation.request import Given, Named
from kgcompare.schema.rows import PropertyShape
from kgcompare.search import Entry
from kgcompare.search.likeness import very
from kgcompare.text.folding import plain
from kgcompare.text.languages import best

_NAMESAKES = 5
_SHOWN = 200
"""Characters of a description."""


class Things:
    """The things of one generation, named in one language."""

    def __init__(self, generation: Generation, lang: str) -> None:
        self.generation = generation
        self.lang = lang
        self._meant: dict[Given, list[Entry]] = {}

    # -- types and properties --------------------------------------------------------------------------

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of things that there are and that a shape is about."""
        return tuple(kind for kind in self.generation.counts() if self.class_of(kind))

    def type(self, kind: str) -> dict[str, str]:
        """A kind as a type: its ``id`` and its ``name``."""
        name = self.generation.shapes.kind_label(kind, self.lang)
        return {"id": kind, "name": name[:1].upper() + name[1:]}

    def class_of(self, kind: str) -> str:
        """The class whose shape says what things of a kind have; empty where there is none."""
        return next(iter(self.generation.shapes.classes_of_kind(kind)), "")

    def fields(self, kind: str) -> dict[str, PropertyShape]:
        """The properties of a kind by their ids, in the shape's order."""
        return {f.id or local_name(f.iri): f for f in self.generation.shapes.fields(self.class_of(kind)) if f.names}

    def properties(self, kind: str = "") -> list[dict[str, str]]:
        """The properties of a kind, or of all: ``id``, ``name`` and ``description``."""
        properties: dict[str, dict[str, str]] = {}
        for one in [kind] if kind else self.kinds:
            for name, field in self.fields(one).items():
                described = best(field.descriptions, self.lang)
                description = {"description": described[1]} if described else {}
                properties.setdefault(name, {"id": name, "name": field.label(self.lang)[1], **description})
        return list(properties.values())

    # -- things ----------------------------------------------------------------------------------------

    def entry(self, name: str) -> Entry | None:
        """The thing of an id (``method/lasso``) or an IRI, or None."""
        kind, _, slug = name.partition("/")
        if is_safe_iri(name):
            kind, slug = self.generation.index.addresses([name]).get(name, ("", ""))
        return self.generation.index.find(kind, slug) if slug else None

    def meant(self, value: Given) -> list[Entry]:
        """The things that a value names, by id or by their very name; looked up once for all queries of a batch."""
        if value not in self._meant:
            text = value.id if isinstance(value, Named) else str(value)
            entry = self.entry(text)
            index = self.generation.index
            ids = [] if entry or isinstance(value, Named) else very(index.matcher, text, self.kinds)[:_NAMESAKES]
            self._meant[value] = [entry] if entry else index.entries(ids)
        return self._meant[value]

    def named_by(self, entry: Entry, predicates: Collection[str]) -> list[str]:
        """The IRIs that a thing has by some predicates."""
        graph = self.generation.descriptions.describe([entry.iri])[entry.iri] if predicates else Graph()
        return [other for predicate in sorted(predicates) for other in graph.iris(NamedNode(entry.iri), predicate)]

    def entries(self, things: Iterable[str]) -> list[Entry]:
        """Those of some IRIs that the catalogue describes."""
        addresses = self.generation.index.addresses(list(things))
        return [entry for address in addresses.values() if (entry := self.generation.index.find(*address))]

    def records(
        self, entries: Sequence[Entry], properties: Collection[str]
    ) -> Iterator[tuple[Entry, Reader, Graph, dict[str, list[Term]]]]:
        """Each thing with a reader, its description, and its values of those of some properties that it can have.

        :raises StoreError: if the store cannot be read.
        """
        for kind in dict.fromkeys(entry.kind for entry in entries):
            of_kind = [entry for entry in entries if entry.kind == kind]
            fields = {name: field for name, field in self.fields(kind).items() if name in properties}
            graphs = self.generation.descriptions.records([entry.iri for entry in of_kind])
            values = {
                thing: {name: field.path.follow(graph, NamedNode(thing)) for name, field in fields.items()}
                for thing, graph in graphs.items()
            }
            named = {t for thing in values for terms in values[thing].values() for t in _within(graphs[thing], terms)}
            reader = Reader(self.lang, self.generation.descriptions.things(named))
            for entry in of_kind:
                yield entry, reader, graphs.get(entry.iri, Graph()), values.get(entry.iri, {})

    def described(self, entries: Iterable[Entry]) -> dict[str, str]:
        """IRI to what tells a thing from its namesakes: its definition; of a source who wrote it, when and where."""
        kinds = {entry.iri: entry.kind for entry in entries}
        cited = {kind for kind in kinds.values() if BIBO_DOCUMENT in self.generation.shapes.classes_of_kind(kind)}
        sources = {thing for thing, kind in kinds.items() if kind in cited}
        reader = Reader(self.lang, self.generation.descriptions.things(sources))
        descriptions = {thing: _brief(reader.csl(NamedNode(thing))) for thing in sources}
        others = [NamedNode(thing) for thing in sorted(kinds.keys() - sources) if is_safe_iri(thing)]
        rows = self.generation.snapshot.select(load("definitions").bind(thing=others)).rows if others else []
        definitions: dict[str, dict[str, str]] = {}
        for thing, text in rows:
            if thing is not None and isinstance(text, Literal):
                definitions.setdefault(thing.value, {})[text.language or ""] = text.value
        for name, texts in definitions.items():
            _, shown = best(texts, self.lang) or ("", "")
            descriptions[name] = shown if len(shown) <= _SHOWN else shown[:_SHOWN].rpartition(" ")[0] + " …"
        return descriptions

    def told(self, entry: Entry, described: Mapping[str, str]) -> dict[str, Any]:
        """A thing's ``id``, ``name`` and, where there is one, ``description``."""
        said = {"description": described[entry.iri]} if entry.iri in described else {}
        return {"id": f"{entry.kind}/{entry.slug}", "name": entry.label(self.lang)[1], **said}

    # -- suggestions -----------------------------------------------------------------------------------

    def suggest(self, prefix: str, kinds: Sequence[str], skip: int, most: int) -> list[dict[str, Any]]:
        """Things of some kinds whose names have words that begin so, or resemble it, with their ``notable`` type.

        :raises StoreError: if the store cannot be read.
        """
        entry = self.entry(prefix)
        ids = [entry.id] if entry and entry.kind in kinds else []
        index = self.generation.index
        of_kinds = [index.suggest(prefix, self.lang, kind, skip + most) for kind in kinds]
        ids += [one.id for one in chain.from_iterable(zip_longest(*of_kinds)) if one is not None]  # the best of each
        entries = self.generation.index.entries(list(dict.fromkeys(ids))[skip : skip + most])
        described = self.described(entries)
        return [{**self.told(one, described), "notable": [self.type(one.kind)]} for one in entries]


def _within(graph: Graph, terms: Iterable[Term]) -> Iterator[str]:
    """The IRIs among terms, and those that structures and lists among them name."""
    for term in terms:
        if isinstance(term, NamedNode):
            yield term.value
        elif isinstance(term, BlankNode):
            inner = [value for values in graph.description(term).values() for value in values]
            yield from _within(graph, [value for value in inner if not isinstance(value, BlankNode)])
            yield from _within(graph, [m for value in inner for m in graph.members(value) if isinstance(m, NamedNode)])


def fitting(offered: Iterable[dict[str, str]], prefix: str, skip: int, most: int) -> list[dict[str, str]]:
    """Those of some types or properties whose id begins so, or a word of whose name does."""
    start = plain(prefix)
    begun = (one for one in offered if one["id"].startswith(prefix) or f" {start}" in f" {plain(one['name'])}")
    return list(islice(begun, skip, skip + most))


def _brief(item: CslItem) -> str:
    """A source (CSL-JSON) in a few words, which a whole list takes no longer to write than to read."""
    authors = [name.get("family") or name.get("literal", "") for name in item.get("author", ())]
    parts = [*authors[:3], *(["et al."] if len(authors) > 3 or item.get("et-al") else [])]
    parts += [dated(item), item.get("container-title") or item.get("publisher", "")]
    return ", ".join(filter(None, parts))
