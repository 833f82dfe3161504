"""One generation of a catalogue: its data, shapes and index, and what one can ask of them."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar, cast, runtime_checkable

from pyoxigraph import NamedNode, Quad, Triple

from kgcompare import search
from kgcompare.catalogue import comparison
from kgcompare.catalogue.comparison import MOST
from kgcompare.catalogue.descriptions import Descriptions
from kgcompare.catalogue.record import record_of
from kgcompare.catalogue.values import Reader
from kgcompare.errors import Seam, StoreError, TooManyThings, UnknownThing, UsageError
from kgcompare.model import Comparison, FacetValue, Page, Record, Thing
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import KINDS, iri, is_safe_iri, is_slug, local_name, slugify
from kgcompare.rdf.terms import KGC_METHOD, KGC_ORIGIN, SKOS_DEFINITION
from kgcompare.schema.shapes import Shapes, stored_shapes
from kgcompare.search import Entry, Filter, Index
from kgcompare.store import Snapshot, Store
from kgcompare.text import languages
from kgcompare.text.folding import fold
from kgcompare.text.languages import DEFAULT, best

Made = TypeVar("Made")


@runtime_checkable
class Closing(Protocol):
    """Something that ends when its generation does."""

    def close(self) -> None:
        """Lets go of what it holds."""


class Generation:
    """One generation of a catalogue; never changes, may be used by any number of threads."""

    def __init__(self, store: Store, snapshot: Snapshot, extra: Sequence[Triple] = ()) -> None:
        self.store = store
        self.snapshot = snapshot
        self.name = snapshot.generation
        self.base = snapshot.base
        self.shapes = Shapes([*stored_shapes(snapshot), *extra])
        self.descriptions = Descriptions(snapshot, self.shapes)
        self._made: dict[str, object] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._ends: list[weakref.finalize[..., Generation]] = []
        self._making = threading.Lock()

    def once(self, name: str, make: Callable[[Generation], Made]) -> Made:
        """What *make* gives of this generation: made when it is first asked for by that name, then kept.

        Others who ask for the same wait meanwhile; a failure is not kept.
        """
        if name not in self._made:
            with self._making:
                lock = self._locks.setdefault(name, threading.Lock())
            with lock:
                if name not in self._made:
                    made = make(self)
                    if isinstance(made, Closing):
                        self._ends.append(weakref.finalize(self, made.close))
                    self._made[name] = made
        return cast("Made", self._made[name])

    def close(self) -> None:
        """Ends what was made of this generation and has an end, such as workers."""
        for end in self._ends:
            end()

    def forget(self, name: str) -> None:
        """Has what :meth:`once` made by that name made anew when it is next asked for."""
        self._made.pop(name, None)

    @property
    def index(self) -> Index:
        """The derived index; made on first use where the store does not come with one."""
        return self.once("index", Generation._make_index)

    def _make_index(self) -> Index:
        kept = self.snapshot.index_path
        if kept is not None and kept.exists():
            return Index(kept)
        with Seam((OSError,), lambda why: StoreError(f"there is no place for an index: {why}")):
            folder = Path(tempfile.mkdtemp(prefix="kgcompare-index-"))
        search.build(self.snapshot, folder / "index.sqlite")
        found = Index(folder / "index.sqlite")
        weakref.finalize(found, shutil.rmtree, folder, ignore_errors=True)
        return found

    # -- comparisons ---------------------------------------------------------------------------------

    def compare(
        self, ids: Iterable[str], lang: str = DEFAULT, *, only_differences: bool = False, cls: str = KGC_METHOD
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
        addresses = self.addresses(found.values())
        methods = [self.thing(reader, thing, graphs[thing], addresses) for thing in dict.fromkeys(found.values())]
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
            kind = "method" if cls == KGC_METHOD else slugify(local_name(cls))
            return self.base.record(kind, name)
        return name if is_safe_iri(name) and len(name) < 2000 and _is_iri(name) else None

    def nearest(self, name: str, cls: str = KGC_METHOD) -> list[str]:
        """Slugs of things that somebody who asks for *name* may mean."""
        return self.index.nearest("method" if cls == KGC_METHOD else slugify(local_name(cls)), name[:80])

    def reader(self, lang: str, graphs: Mapping[str, Graph]) -> Reader:
        """A reader of the given records in *lang*."""
        named = comparison.names_in(graphs) | graphs.keys()
        return Reader(lang, self.descriptions.things(named))

    def addresses(self, things: Iterable[str]) -> dict[str, tuple[str, str]]:
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
        parts = self.addresses([thing]).get(thing)
        return f"/{parts[0]}/{parts[1]}" if parts else None

    def thing(self, reader: Reader, thing: str, graph: Graph, addresses: Mapping[str, tuple[str, str]]) -> Thing:
        """A thing as a column head names it."""
        kind, slug = addresses.get(thing, ("thing", slugify(local_name(thing))))
        lang, label = reader.label(thing)
        said = best(graph.texts(NamedNode(thing), SKOS_DEFINITION), reader.lang)
        return Thing(slug, thing, kind, label, lang, said[1] if said else None, said[0] or None if said else None)

    # -- one record ----------------------------------------------------------------------------------

    def record(self, kind: str, slug: str, lang: str = DEFAULT) -> Record:
        """All that is said of the thing at ``/KIND/SLUG``.

        :raises UnknownThing: if there is none; it says what is near.
        :raises UsageError: for an ill-formed *lang*.
        :raises StoreError: if the store cannot be read.
        """
        return record_of(self, kind, slug, languages.normalise(lang))

    def locate(self, kind: str, slug: str) -> tuple[str, Graph]:
        """The IRI and the description of the thing at ``/KIND/SLUG``.

        :raises UnknownThing: if there is none; it says what is near.
        """
        if is_slug(kind) and is_slug(slug):
            own = self.base.record(kind, slug)
            entry = None
            graphs = self.descriptions.records([own], self.class_of_kind(kind))
            if not graphs:
                entry = self.index.find(kind, slug)
                if entry is not None:
                    graphs = self.descriptions.records([entry.iri], self.class_of_kind(kind))
            for thing, graph in graphs.items():
                return thing, graph
        near = tuple(self.index.nearest(kind, slug[:80])) if is_slug(kind) else ()
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UnknownThing(f"there is no {kind[:40]} {slug[:80]!r} in the catalogue{hint}", (slug,), near)

    def class_of_kind(self, kind: str) -> str:
        """The class whose things are of a kind; empty where no shape is about them."""
        if kind == "method":
            return KGC_METHOD
        return next((c for c in self.shapes.targets if slugify(local_name(c)) == kind), "")

    def triples(self, kind: str, slug: str) -> tuple[Thing, list[Triple]]:
        """The statements of a record's own document, as an RDF client gets them, and the thing.

        :raises UnknownThing: if there is none.
        :raises StoreError: if the store cannot be read.
        """
        thing, graph = self.locate(kind, slug)
        reader = Reader(DEFAULT, self.descriptions.things({thing}))
        about = self.thing(reader, thing, graph, self.addresses([thing]) or {thing: (kind, slug)})
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
                counted[facet] = tuple(sorted(values, key=lambda v: (-v.count, fold(v.label))))
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
            said = best(graph.texts(node, SKOS_DEFINITION), lang)
            places = {
                name: reader.label(found[0])[1] if (found := graph.iris(node, p)) else None
                for name, p in facets.items()
            }
            origin = next(
                (reader.value(graph, term).text for term in graph.objects(node, KGC_ORIGIN)),
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


def _is_iri(text: str) -> bool:
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True
