"""One generation of a catalogue: its data, shapes and index, and what one can ask of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from heapq import nsmallest
from pathlib import Path

from pyoxigraph import NamedNode, Quad, Triple

from kgcompare import search
from kgcompare.catalogue import columns, comparison, heads, lists, typed
from kgcompare.catalogue.basis import Changed, Earlier
from kgcompare.catalogue.comparison import MOST_COLUMNS
from kgcompare.catalogue.descriptions import Descriptions, own_statements
from kgcompare.catalogue.made import ANSWERS, Indexed
from kgcompare.catalogue.others import Others
from kgcompare.catalogue.record import record_of
from kgcompare.catalogue.values import Reader
from kgcompare.errors import TooManyThings, UnknownThing, UsageError
from kgcompare.model import Comparison, Page, Record, Thing
from kgcompare.rdf.graph import Graph, node_of
from kgcompare.rdf.namespaces import foreign_slug, iri, is_foreign_slug, is_safe_iri, is_slug
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import KGC_METHOD
from kgcompare.schema.held import kept_shapes, shapes_of
from kgcompare.search import Filter, Keeper, KeptPlace, Origin, ShelfPlace
from kgcompare.store import Snapshot, Store
from kgcompare.store.base import Prepare, state_of
from kgcompare.text import languages
from kgcompare.text.folding import fold
from kgcompare.text.languages import DEFAULT


class Generation(Indexed):
    """One generation of a catalogue; never changes, may be used by any number of threads."""

    def __init__(
        self,
        store: Store,
        snapshot: Snapshot,
        extra: Sequence[Triple] = (),
        most_described: int = 64 << 20,
        patience: float | None = None,
        index_path: Path | None = None,
        prepare: Prepare | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        super().__init__(snapshot, shapes_of((*kept_shapes(snapshot), *extra)), patience)
        self.store = store
        self.name = snapshot.generation
        self.base = snapshot.base
        self.extra = tuple(extra)
        self.descriptions = Descriptions(snapshot, self.shapes, most_described)
        self.others: Others | None = None
        self._index_path = index_path or snapshot.index_path
        self._prepare = prepare
        self.is_past = prepare is not None
        self._earlier: Earlier | None = None
        self._keeper = keeper
        self.index_stamp = keeper.stamp if keeper is not None else ()
        if snapshot.look_up is not None and keeper is None and prepare is None:  # the index is of this very generation
            self.descriptions.index = self.index

    def _place(self) -> Origin:
        if self._keeper is not None:
            return ShelfPlace(self._keeper, self.snapshot, self.shapes, newest=self._patience is None)
        kept = None if self._prepare else self._index_path
        return KeptPlace(kept, partial(self._prepare or search.build, self.snapshot))

    @property
    def index_name(self) -> str:
        """Which generation the index is of, where that may be an earlier one; empty where it is of this one."""
        if self._keeper is None:
            return ""
        name = self.once("index name", lambda of: self._keeper.index_name(of.shapes) if self._keeper else "")
        return "" if name == self.name else name

    def see_to_index(self) -> None:
        """Has the index of an endpoint follow this generation, in the background; costs nothing where it has."""
        if self._keeper is not None and self._patience is not None and self.index.ready():
            self._keeper.follow(self.snapshot, self.shapes)

    def follow(self, earlier: Generation) -> None:
        """Goes on from the generation that was the newest before: what was made there and may be of use stays."""
        made = earlier._made
        self._earlier = Earlier(earlier.name, earlier.shapes, made.get("main class"), made.get(ANSWERS))

    @property
    def changed(self) -> Changed | None:
        """What has changed since the generation that it goes on from; None where that is not known, or it is what all
        answers rest on."""
        return self.once("changed", Generation._find_changed, settled=True)

    def _find_changed(self) -> Changed | None:
        path = None if self._keeper is not None else self._snapshot.index_path
        earlier = self._earlier if path is not None else None
        same = earlier is not None and (earlier.shapes, earlier.main_class) == (self.shapes, self.main_class)
        return earlier.changed(path, self.base) if same and earlier and path else None

    def take_answers(self) -> object:
        """The answers that were kept of the generation that it goes on from, where it is known what is still right of
        them; None if there are none. They are let go of here."""
        changed, earlier, self._earlier = self.changed, self._earlier, None
        return earlier.answers if earlier is not None and changed is not None else None

    def again(self) -> Generation:
        """The same with the index that is there by now."""
        new = self.afresh()
        new.index_stamp = self._keeper.stamp if self._keeper is not None else ()
        return new

    # -- what it is about ----------------------------------------------------------------------------

    @property
    def main_class(self) -> str:
        """The class that the catalogue is about: the first with rows, not there for others only, of which there are
        things; where there are none, the first that is not bundled, else methods; empty where no shape has rows.

        :raises StoreError: if the store cannot be read.
        """
        return self.once("main class", Generation._find_main_class, settled=True)

    def _find_main_class(self) -> str:
        classes = self.shapes.leading or self.shapes.classes
        there = set(sorted(classes, key=KGC_METHOD.__eq__)[:1])
        if len(classes) > 1:
            asked = [NamedNode(cls) for cls in classes if is_safe_iri(cls)]
            rows = self._snapshot.select(load("classes_used").bind(**{"class": asked})).rows
            there = {row[0].value for row in rows if row[0] is not None} or there
        return next((cls for cls in classes if cls in there), "")

    @property
    def main_kind(self) -> str:
        """The kind of the things of :attr:`main_class`.

        :raises StoreError: if the store cannot be read.
        """
        return self.shapes.kind_of_class(self.main_class) if self.main_class else "thing"

    def comparable(self, kind: str) -> bool:
        """Whether things of a kind are what the catalogue compares, rather than there for what others say of them."""
        return any(cls in self.shapes.leading for cls in self.shapes.classes_of_kind(kind))

    # -- comparisons ---------------------------------------------------------------------------------

    def compare(
        self,
        ids: Iterable[str],
        lang: str = DEFAULT,
        *,
        only_differences: bool = False,
        cls: str | None = None,
        rows: str = "",
    ) -> Comparison:
        """Things of a class (None: :attr:`main_class`) side by side, in the order asked for.

        *ids* are slugs or IRIs; the same one twice counts once. An IRI that is not here is asked for in ``others``.
        *lang* is a BCP 47 tag. *rows* is the id of the group of rows to show ("identity", "choosing"), all if left out.

        :raises UsageError: for no id at all, a class without rows, no such group, or an ill-formed *lang*.
        :raises TooManyThings: for more than ten; nothing is looked up then.
        :raises UnknownThing: if none of them is in the catalogue.
        :raises StoreError: if the store cannot be read.
        """
        lang = languages.normalise(lang)
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            raise UsageError(f"name the things to compare, up to {MOST_COLUMNS}")
        if len(wanted) > MOST_COLUMNS:
            raise TooManyThings(f"{len(wanted)} are too many to compare side by side; name at most {MOST_COLUMNS}")
        cls = self.main_class if cls is None else cls
        shown = self.shapes.rows(cls)
        if not shown:
            known = ", ".join(self.shapes.classes)
            raise UsageError(f"no shape gives rows for the class {cls[:200]!r}; there are rows for {known}")
        comparison.check_group(shown, rows)
        result = columns.side_by_side(self, wanted, lang, cls)
        result = comparison.in_group(result, rows) if rows else result
        return comparison.only_differences(result) if only_differences else result

    def nearest(self, name: str, cls: str | None = None) -> list[str]:
        """Slugs of things of a class (None: :attr:`main_class`) that somebody who asks for *name* may mean."""
        index = self.there
        return index.nearest(self.shapes.kind_of_class(cls) if cls else self.main_kind, name) if index else []

    def reader(self, lang: str, graphs: Mapping[str, Graph]) -> Reader:
        """A reader of the given records in *lang*."""
        named = comparison.names_in(graphs) | graphs.keys() | self.descriptions.linked(graphs)
        return Reader(lang, self.descriptions.things(named))

    def addresses(self, things: Iterable[str]) -> dict[str, tuple[str, str]]:
        """IRI -> (kind, slug): of our own from the IRI itself, of others from the index, if that is there."""
        own: dict[str, tuple[str, str]] = {}
        others = []
        for thing in things:
            parts = self.base.parts(thing)
            if parts:
                own[thing] = parts
            else:
                others.append(thing)
        index = self.there if others else None
        return own | (index.addresses(others) if index else {})

    def first_by_name(self, things: Collection[str], lang: str, most: int) -> list[str]:
        """The first of some things (IRIs) by their names in *lang*; those without a name come last."""
        index = self.there
        known = index.names(things) if index else {thing: {} for thing in things}
        named = {thing: languages.best(names, lang) for thing, names in known.items()}
        keys = {thing: (name is None, fold(name[1] if name else ""), thing) for thing, name in named.items()}
        return nsmallest(most, keys, key=keys.__getitem__)

    def path(self, thing: str) -> str | None:
        """The address on a server of ours of a thing's page; None for a thing that has none."""
        parts = self.addresses([thing]).get(thing)
        return f"/{parts[0]}/{parts[1]}" if parts else None

    def thing(self, reader: Reader, thing: str, graph: Graph, addresses: Mapping[str, tuple[str, str]]) -> Thing:
        """A thing as a column head names it."""
        cls = self.shapes.class_among(graph.types(node_of(thing)))
        kind, slug = addresses.get(thing) or (self.shapes.kind_of_class(cls) if cls else "thing", foreign_slug(thing))
        lang, label = reader.label(thing)
        tag, description = heads.description(self.shapes, graph, thing, reader.lang)
        return Thing(slug, thing, kind, label, lang, description, tag)

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
            graphs = self.descriptions.records([own])
            if not graphs:
                index = self.there
                entry = index.find(kind, slug) if index else None
                if index is None and is_foreign_slug(slug):
                    self.index.find(kind, slug)  # says that it is being made
                if entry is not None:
                    graphs = self.descriptions.records([entry.iri])
            for thing, graph in graphs.items():
                return thing, graph
        index = self.there
        near = tuple(index.nearest(kind, slug)) if index and is_slug(kind) else ()
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UnknownThing(f"there is no {kind[:40]} {slug[:80]!r} in the catalogue{hint}", (slug,), near)

    def triples(self, kind: str, slug: str) -> tuple[Thing, list[Triple]]:
        """The statements of a record's own document, as an RDF client gets them, and the thing.

        :raises UnknownThing: if there is none.
        :raises StoreError: if the store cannot be read.
        """
        thing, graph = self.locate(kind, slug)
        reader = Reader(DEFAULT, self.descriptions.things({thing}))
        about = self.thing(reader, thing, graph, self.addresses([thing]) or {thing: (kind, slug)})
        document = self.base.document(thing)
        triples = [*own_statements(graph, thing), *self.descriptions.describe([document])[document]]
        triples.append(Triple(NamedNode(document), iri("foaf:primaryTopic"), NamedNode(thing)))
        return about, triples

    def state(self, kind: str, slug: str) -> str:
        """Names what the document of the thing at ``/KIND/SLUG`` says (:func:`~kgcompare.store.base.state_of`); empty
        where there is none, or the data are not records of ours.

        :raises StoreError: if the store cannot be read.
        """
        if not self.keeps_shapes:
            return ""
        state = state_of(self.snapshot, self.base.document(self.base.record(kind, slug)))
        index = None if state else self.there
        entry = index.find(kind, slug) if index else None
        return state_of(self.snapshot, self.base.document(entry.iri)) if entry else state

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

        A query that names no kind is about things of :attr:`main_kind`.

        :raises UsageError: for an ill-formed *lang*, order or place.
        :raises StoreError: if the index cannot be read.
        """
        query = replace(query, kind=query.kind or self.main_kind)
        show = partial(heads.listed, self.shapes, self.descriptions)
        return lists.page(self.index, show, query, languages.normalise(lang), sort, after, most, counted=facets)

    def suggest(self, text: str, lang: str = DEFAULT, *, kind: str | None = None, most: int = 10) -> tuple[Thing, ...]:
        """Completions of what somebody is typing: the names of things of a kind (None: :attr:`main_kind`).

        :raises UsageError: for an ill-formed *lang*.
        :raises StoreError: if the index cannot be read.
        """
        lang = languages.normalise(lang)
        entries = self.index.suggest(text, lang, kind or self.main_kind, most)
        return heads.listed(self.shapes, self.descriptions, entries, lang)

    def named_together(self, text: str, lang: str = DEFAULT, *, kind: str | None = None) -> tuple[Thing, ...]:
        """The things of a kind (None: :attr:`main_kind`) that a text names together ("lasso vs ridge"), ten at most.

        :raises UsageError: for an ill-formed *lang*.
        :raises StoreError: if the index cannot be read.
        """
        lang = languages.normalise(lang)
        entries = typed.named_together(self.index, text, lang, kind or self.main_kind)
        return heads.listed(self.shapes, self.descriptions, entries, lang)

    def counts(self) -> dict[str, int]:
        """How many things of each kind there are, those of the kinds that shapes know first."""
        counts = self.index.counts()
        return {kind: counts[kind] for kind in self.shapes.kinds if kind in counts} | counts

    def quads(self) -> Iterable[Quad]:
        """All statements with their graphs.

        :raises StoreError: if the store cannot be read.
        """
        return self.snapshot.quads()
