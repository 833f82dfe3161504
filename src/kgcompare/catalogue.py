"""A catalogue: a store, its shapes and its index, and what one can ask of them."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, Triple

from kgcompare import comparison, ingest, languages, search, vocabulary
from kgcompare.comparison import MOST
from kgcompare.descriptions import Descriptions, is_source
from kgcompare.errors import TooManyThings, UnknownThing, UsageError
from kgcompare.graph import Graph
from kgcompare.languages import DEFAULT, best
from kgcompare.model import Comparison, FacetValue, Fact, Group, Page, Record, Thing, Value
from kgcompare.namespaces import DEFAULT_BASE, KINDS, iri, is_safe_iri, is_slug, local_name, slugify
from kgcompare.queries import load
from kgcompare.reading import Reader
from kgcompare.search import Entry, Filter, Index
from kgcompare.shapes import Shapes
from kgcompare.store import Results, Snapshot, Store
from kgcompare.store.embedded import EmbeddedSnapshot, EmbeddedStore
from kgcompare.store.remote import RemoteStore

METHOD = iri("kgc:Method").value
_DEFINITION, _NOTE = iri("skos:definition").value, iri("skos:editorialNote").value
_SHOWN = 200


class View:
    """One generation of a catalogue; never changes, may be used by any number of threads."""

    def __init__(self, store: Store, snapshot: Snapshot, extra: Sequence[Triple] = ()) -> None:
        self.store = store
        self.snapshot = snapshot
        self.generation = snapshot.generation
        self.base = snapshot.base
        local = isinstance(snapshot, EmbeddedSnapshot) and isinstance(store, EmbeddedStore) and not store.about.bare
        kept = ingest.stored_shapes(snapshot) if local else ingest.bundled_shapes()
        self.shapes = Shapes([*kept, *extra])
        self.descriptions = Descriptions(snapshot, self.shapes)
        self._index: Index | None = None
        self._indexing = threading.Lock()

    @property
    def index(self) -> Index:
        """The derived index; made on first use where the store does not come with one."""
        if self._index is None:
            with self._indexing:
                if self._index is None:
                    self._index = self._make_index()
        return self._index

    def _make_index(self) -> Index:
        if isinstance(self.snapshot, EmbeddedSnapshot) and self.snapshot.index_path.exists():
            return Index(self.snapshot.index_path)
        folder = Path(tempfile.mkdtemp(prefix="kgcompare-index-"))
        search.build(self.snapshot, folder / "index.sqlite")
        found = Index(folder / "index.sqlite")
        weakref.finalize(found, shutil.rmtree, folder, ignore_errors=True)
        return found

    # -- comparisons ---------------------------------------------------------------------------------

    def compare(
        self, ids: Iterable[str], lang: str = DEFAULT, *, only_differences: bool = False, cls: str = METHOD
    ) -> Comparison:
        """Things of a class side by side, in the order asked for.

        *ids* are slugs or IRIs; the same one twice counts once. *lang* is a BCP 47 tag.

        :raises UsageError: for no id at all, a class without rows, or an ill-formed *lang*.
        :raises TooManyThings: for more than ten; nothing is looked up then.
        :raises UnknownThing: if none of them is in the catalogue.
        :raises StoreError: if the store cannot be read.
        """
        lang = languages.normalise(lang)
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            raise UsageError(f"name the things to compare, up to {MOST}")
        if len(wanted) > MOST:
            raise TooManyThings(f"{len(wanted)} are too many to compare side by side; name at most {MOST}")
        rows = self.shapes.rows(cls)
        if not rows:
            known = ", ".join(self.shapes.classes)
            raise UsageError(f"no shape gives rows for the class {cls[:200]!r}; there are rows for {known}")
        found, graphs = self._records(wanted, cls)
        unknown = tuple(name for name in wanted if name not in found)
        if not found:
            near = tuple(dict.fromkeys(s for name in wanted for s in self.nearest(name, cls)))
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            names = ", ".join(name[:80] for name in unknown)
            raise UnknownThing(f"not in the catalogue: {names}{hint}", unknown, near)
        reader = self.reader(lang, graphs)
        addresses = self._addresses(found.values())
        methods = [self._thing(reader, thing, graphs[thing], addresses) for thing in dict.fromkeys(found.values())]
        result = comparison.build(reader, rows, methods, graphs, unknown)
        return comparison.only_differences(result) if only_differences else result

    def _records(self, wanted: Sequence[str], cls: str) -> tuple[dict[str, str], dict[str, Graph]]:
        """What was asked for -> IRI, and IRI -> description, of what there is of a class."""
        guesses = {name: self._guess(name, cls) for name in wanted}
        graphs = self.descriptions.records([g for g in guesses.values() if g], cls)
        graphs = {thing: graph for thing, graph in graphs.items() if cls in graph.types(NamedNode(thing))}
        open_slugs = [name for name, guess in guesses.items() if guess not in graphs and is_slug(name)]
        if open_slugs:
            located = self.index.of_class(cls, open_slugs)
            guesses.update(located)
            graphs |= self.descriptions.records(list(located.values()), cls)
        return {name: thing for name, thing in guesses.items() if thing and thing in graphs}, graphs

    def _guess(self, name: str, cls: str) -> str | None:
        if is_slug(name):
            kind = "method" if cls == METHOD else slugify(local_name(cls))
            return self.base.record(kind, name)
        return name if is_safe_iri(name) and len(name) < 2000 and _is_iri(name) else None

    def nearest(self, name: str, cls: str = METHOD) -> list[str]:
        """Slugs of things that somebody who asks for *name* may mean."""
        return self.index.nearest("method" if cls == METHOD else slugify(local_name(cls)), name[:80])

    def reader(self, lang: str, graphs: Mapping[str, Graph]) -> Reader:
        """A reader of the given records in *lang*."""
        named = comparison.names_in(graphs) | graphs.keys()
        return Reader(lang, self.descriptions.things(named))

    def _addresses(self, things: Iterable[str]) -> dict[str, tuple[str, str]]:
        """IRI -> (kind, slug): of our own from the IRI itself, of others from the index."""
        found: dict[str, tuple[str, str]] = {}
        others = []
        for thing in things:
            parts = self.base.parts(thing)
            if parts:
                found[thing] = parts
            else:
                others.append(thing)
        return found | (self.index.addresses(others) if others else {})

    def path(self, thing: str) -> str | None:
        """The address on a server of ours of a thing's page; None for a thing that has none."""
        parts = self._addresses([thing]).get(thing)
        return f"/{parts[0]}/{parts[1]}" if parts else None

    def _thing(self, reader: Reader, thing: str, graph: Graph, addresses: Mapping[str, tuple[str, str]]) -> Thing:
        kind, slug = addresses.get(thing, ("thing", slugify(local_name(thing))))
        lang, label = reader.label(thing)
        said = best(graph.texts(NamedNode(thing), _DEFINITION), reader.lang)
        return Thing(slug, thing, kind, label, lang, said[1] if said else None, said[0] or None if said else None)

    # -- one record ----------------------------------------------------------------------------------

    def record(self, kind: str, slug: str, lang: str = DEFAULT) -> Record:
        """All that is said of the thing at ``/KIND/SLUG``.

        :raises UnknownThing: if there is none; it says what is near.
        :raises UsageError: for an ill-formed *lang*.
        :raises StoreError: if the store cannot be read.
        """
        lang = languages.normalise(lang)
        thing, graph = self._locate(kind, slug)
        node = NamedNode(thing)
        pointing = self.snapshot.select(load("pointing_in").bind(thing=[node])).rows
        others = {row[1].value for row in pointing if row[1] is not None}
        reader = Reader(lang, self.descriptions.things(comparison.names_in({thing: graph}) | others | {thing}))
        cls = self._class(graph, node)
        facts = []
        for shape in self.shapes.fields(cls):
            if not shape.names:
                continue
            tag, label = shape.label(lang)
            had, terms = comparison.recorded(reader, shape, graph, thing)
            shown = comparison.cell(reader, shape, graph, thing, had, terms)
            described = best(shape.descriptions, lang)
            facts.append(
                Fact(
                    shape.id or local_name(shape.iri),
                    label,
                    tag,
                    shown.values,
                    shown.status,
                    described[1] if described else None,
                    shape.id is not None,
                )
            )
        notes = best(_tagged(graph, node, _NOTE), lang)
        return Record(
            thing=self._thing(reader, thing, graph, self._addresses([thing]) or {thing: (kind, slug)}),
            language=lang,
            facts=tuple(facts),
            related=self._groups(reader, graph, thing, pointing),
            notes=tuple(notes[1]) if notes else (),
            document=self._document(thing, lang),
            csl=reader.csl(node) if is_source(graph, thing) else None,
        )

    def _locate(self, kind: str, slug: str) -> tuple[str, Graph]:
        if is_slug(kind) and is_slug(slug):
            own = self.base.record(kind, slug)
            entry = None
            graphs = self.descriptions.records([own], self._class_of_kind(kind))
            if not graphs:
                entry = self.index.find(kind, slug)
                if entry is not None:
                    graphs = self.descriptions.records([entry.iri], self._class_of_kind(kind))
            for thing, graph in graphs.items():
                return thing, graph
        near = tuple(self.index.nearest(kind, slug[:80])) if is_slug(kind) else ()
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UnknownThing(f"there is no {kind[:40]} {slug[:80]!r} in the catalogue{hint}", (slug,), near)

    def _class_of_kind(self, kind: str) -> str:
        if kind == "method":
            return METHOD
        return next((c for c in self.shapes.targets if slugify(local_name(c)) == kind), "")

    def _class(self, graph: Graph, node: NamedNode) -> str:
        types = graph.types(node)
        if METHOD in types:
            return METHOD
        return next((target for target in self.shapes.targets if target in types), "")

    def _groups(
        self, reader: Reader, graph: Graph, thing: str, pointing: Sequence[tuple[object, ...]]
    ) -> tuple[Group, ...]:
        typed = vocabulary.typed_relations()
        related = iri("kgc:related").value
        node = NamedNode(thing)
        ends: dict[tuple[str, bool], dict[str, None]] = {}
        for predicate in (*typed, related):
            for other in graph.iris(node, predicate):
                ends.setdefault((predicate, False), {})[other] = None
        for predicate_term, subject in pointing:
            if isinstance(predicate_term, NamedNode) and isinstance(subject, NamedNode):
                predicate = predicate_term.value
                if predicate in _SYMMETRIC:
                    ends.setdefault((predicate, False), {})[subject.value] = None
                elif predicate in typed or predicate == related or predicate in _POINTING:
                    ends.setdefault((predicate, True), {})[subject.value] = None
        said = {other for (p, _), others in ends.items() if p in typed for other in others}
        for inverse in (False, True):
            plain = ends.get((related, inverse), {})
            ends[related, inverse] = {other: None for other in plain if other not in said}
            said |= plain.keys()
        groups = []
        for (predicate, inverse), others in sorted(ends.items(), key=lambda item: _rank(item[0], typed)):
            values = sorted((reader.value(graph, NamedNode(o)) for o in others), key=lambda v: search.fold(v.text))
            if values:
                label = (
                    languages.translate(reader.lang, _POINTING[predicate])
                    if predicate in _POINTING
                    else vocabulary.label(predicate, reader.lang, inverse=inverse)
                )
                name = local_name(predicate) + ("-inverse" if inverse else "")
                groups.append(Group(name, label, tuple(values[:_SHOWN]), max(0, len(values) - _SHOWN)))
        return tuple(groups)

    def _document(self, thing: str, lang: str) -> tuple[Fact, ...]:
        document = self.base.document(thing)
        graph = self.descriptions.describe([document])[document]
        reader = Reader(lang, self.descriptions.things(comparison.names_in({document: graph})))
        facts = []
        for name, message in _DOCUMENT.items():
            values = []
            for term in graph.objects(NamedNode(document), iri(name).value):
                value = reader.value(graph, term)
                if isinstance(term, NamedNode) and term.value.startswith(iri("kgc:").value):
                    value = replace(value, text=vocabulary.label(term.value, lang), url=None)
                values.append(value)
            if values:
                facts.append(Fact(local_name(iri(name).value), languages.translate(lang, message), lang, tuple(values)))
        return tuple(facts)

    def triples(self, kind: str, slug: str) -> tuple[Thing, list[Triple]]:
        """The statements of a record's own document, as an RDF client gets them, and the thing.

        :raises UnknownThing: if there is none.
        :raises StoreError: if the store cannot be read.
        """
        thing, graph = self._locate(kind, slug)
        reader = Reader(DEFAULT, self.descriptions.things({thing}))
        about = self._thing(reader, thing, graph, self._addresses([thing]) or {thing: (kind, slug)})
        document = self.base.document(thing)
        own = self.descriptions.describe([thing])[thing]
        node = NamedNode(thing)
        related = iri("kgc:related")
        triples = [t for t in own if not (t.object == node and t.predicate == related)]
        triples += list(self.descriptions.describe([document])[document])
        triples.append(Triple(NamedNode(document), iri("foaf:primaryTopic"), node))
        return about, triples

    # -- lists ---------------------------------------------------------------------------------------

    def search(
        self,
        query: Filter,
        lang: str = DEFAULT,
        *,
        sort: str = "",
        after: str = "",
        most: int = 50,
        facets: bool = False,
    ) -> Page:
        """A page of the things that match, with what the list can be narrowed by if *facets*.

        :raises UsageError: for an ill-formed *lang*, order or place.
        :raises StoreError: if the index cannot be read.
        """
        lang = languages.normalise(lang)
        entries, total, following = self.index.listing(query, lang, sort=sort, after=after, most=most)
        counted: dict[str, tuple[FacetValue, ...]] = {}
        if facets:
            for facet, pairs in self.index.facets(query).items():
                values = []
                for entry, count in pairs:
                    tag, label = entry.label(lang)
                    values.append(FacetValue(entry.slug, entry.iri, label, tag or None, count))
                counted[facet] = tuple(sorted(values, key=lambda v: (-v.count, search.fold(v.label))))
        return Page(self._shown(entries, lang), total, following, counted)

    def suggest(self, text: str, lang: str = DEFAULT, *, kind: str = "method", most: int = 10) -> tuple[Thing, ...]:
        """Completions of what somebody is typing.

        :raises UsageError: for an ill-formed *lang*.
        :raises StoreError: if the index cannot be read.
        """
        lang = languages.normalise(lang)
        return self._shown(self.index.suggest(text, lang, kind, most), lang)

    def _shown(self, entries: Sequence[Entry], lang: str) -> tuple[Thing, ...]:
        """What a list shows of things: their names, their definitions, when they arose and where they belong."""
        graphs = self.descriptions.describe([entry.iri for entry in entries])
        facets = {name: iri(term).value for name, term in (("domain", "dcterms:subject"), ("family", "kgc:family"))}
        named = {g for e in entries for p in facets.values() for g in graphs[e.iri].iris(NamedNode(e.iri), p)}
        reader = Reader(lang, self.descriptions.things(named))
        things = []
        for entry in entries:
            node, graph = NamedNode(entry.iri), graphs[entry.iri]
            tag, label = entry.label(lang)
            said = best(graph.texts(node, _DEFINITION), lang)
            places = {
                name: reader.label(found[0])[1] if (found := graph.iris(node, p)) else None
                for name, p in facets.items()
            }
            origin = next(
                (reader.value(graph, term).text for term in graph.objects(node, iri("kgc:origin").value)),
                None,
            )
            things.append(
                Thing(
                    entry.slug,
                    entry.iri,
                    entry.kind,
                    label,
                    tag or None,
                    said[1] if said else None,
                    said[0] or None if said else None,
                    places["domain"],
                    places["family"],
                    origin,
                )
            )
        return tuple(things)

    def counts(self) -> dict[str, int]:
        """How many things of each kind there are; ours first."""
        found = self.index.counts()
        return {k: found[k] for k in KINDS if k in found} | {k: n for k, n in found.items() if k not in KINDS}

    def quads(self) -> Iterable[Quad]:
        """All statements with their graphs.

        :raises StoreError: if the store cannot be read.
        """
        return self.snapshot.quads()


class Catalogue:
    """A catalogue that follows its store: every call sees the newest generation.

    ``with`` removes what a throw-away catalogue made.
    """

    def __init__(self, store: Store, *, extra_shapes: Sequence[Triple] = (), scratch: Path | None = None) -> None:
        self.store = store
        self._extra = tuple(extra_shapes)
        self._scratch = scratch
        self._lock = threading.Lock()
        self._view: View | None = None

    def view(self) -> View:
        """The newest generation.

        :raises StoreError: if the store cannot be read.
        """
        snapshot = self.store.snapshot()
        view = self._view
        if view is None or view.snapshot is not snapshot:
            with self._lock:
                view, snapshot = self._view, self.store.snapshot()  # another thread may have seen a newer one
                if view is None or view.snapshot is not snapshot:
                    view = View(self.store, snapshot, self._extra)
                    self._view = view
        return view

    def compare(
        self, ids: Iterable[str], lang: str = DEFAULT, *, only_differences: bool = False, cls: str = METHOD
    ) -> Comparison:
        """Things side by side; see :meth:`View.compare`."""
        return self.view().compare(ids, lang, only_differences=only_differences, cls=cls)

    def method(self, slug: str, lang: str = DEFAULT) -> Record:
        """All that is said of a method; see :meth:`View.record`."""
        return self.view().record("method", slug, lang)

    def search(self, text: str, lang: str = DEFAULT, *, most: int = 20, **facets: str) -> tuple[Thing, ...]:
        """The methods that match some words best; facets are slugs: ``domain=``, ``family=``, ``type=``."""
        return self.view().search(Filter(text, facets=facets), lang, most=most).things

    def query(self, sparql: str) -> Results:
        """Answers a query of your own.

        :raises QueryError: if it is malformed.
        :raises StoreError: if the store cannot be read.
        """
        return self.view().snapshot.query(sparql)

    def close(self) -> None:
        """Lets go of the store, and removes a throw-away one."""
        self._view = None
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_catalogue(place: str | Path, *, base: str = DEFAULT_BASE, timeout: float = 30.0) -> Catalogue:
    """The catalogue in a store folder or behind a SPARQL endpoint's address. *timeout* is in seconds.

    :raises StoreError: if it cannot be reached or used.
    """
    if str(place).startswith(("http://", "https://")):
        return Catalogue(RemoteStore(str(place), base, timeout))
    return Catalogue(EmbeddedStore(Path(place)))


def _is_iri(text: str) -> bool:
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _tagged(graph: Graph, node: NamedNode, predicate: str) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for term in graph.objects(node, predicate):
        if isinstance(term, Literal):
            found.setdefault(term.language or "", []).append(Value(str(term), term.value, term.language))
    return found


def _rank(key: tuple[str, bool], typed: Sequence[str]) -> tuple[int, bool]:
    predicate, inverse = key
    return (typed.index(predicate) if predicate in typed else len(typed)), inverse


_SYMMETRIC = {iri("kgc:alternativeTo").value, iri("kgc:oftenConfusedWith").value}
_POINTING = {
    iri("dcterms:creator").value: "Originator of",
    iri("bibo:authorList").value: "Author of",
    iri("bibo:editorList").value: "Editor of",
    iri("kgc:foundingSource").value: "Founding source of",
    iri("dcterms:subject").value: "Methods",
    iri("kgc:family").value: "Methods",
    iri("dcterms:type").value: "Methods",
    iri("skos:broader").value: "Narrower",
}
_DOCUMENT = {
    "dcterms:created": "Created",
    "dcterms:modified": "Changed",
    "kgc:checked": "Checked",
    "dcterms:date": "Checked on",
    "prov:wasAttributedTo": "By",
    "prov:wasDerivedFrom": "Derived from",
    "dcterms:license": "Licence",
}
