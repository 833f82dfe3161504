"""Property shapes -> ordered rows: path, name in each language, kind; node shapes -> classes and kinds of pages.

The shape is the single source of what a comparison shows. A row is a property shape with a ``kgc:rowId``
of a node shape that targets the class (``sh:targetClass``), wherever that shape stands. A row with ``kgc:facet true``
is what lists of the class can be narrowed by. A kind is what addresses of things begin with (``/KIND/SLUG``): the
``kgc:kind`` of the node shape of their class; of values of a row the ``kgc:kind`` of that row, or the id of a facet.

Source: SHACL, sections 2.3 (property shapes, ``sh:order``, ``sh:group``) and 2.3.1 (paths).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from kgcompare import resources
from kgcompare.model import RowKind
from kgcompare.rdf import syntaxes
from kgcompare.rdf.graph import Graph, node_of
from kgcompare.rdf.namespaces import DEFAULT_BASE, PREFIXES, local_name, slugify
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import (
    AGENTS,
    BIBO_DOCUMENT,
    EDTF,
    KGC_FACET,
    KGC_INVERSE_LABEL,
    KGC_KIND,
    KGC_METHOD,
    KGC_PLURAL_LABEL,
    KGC_SHOWN,
    KGC_SUPPORTING,
    RDFS_LABEL,
    SH_IN,
    SKOS_CONCEPT,
    XSD_DATE,
    XSD_DATE_TIME,
    XSD_G_YEAR,
    XSD_G_YEAR_MONTH,
)
from kgcompare.schema import core, vocabulary
from kgcompare.schema.paths import PropertyPath
from kgcompare.schema.rows import PropertyShape, is_true
from kgcompare.schema.targets import ordered, targets
from kgcompare.store.base import Snapshot, Statements
from kgcompare.text.languages import best

_LATER = {KGC_FACET, KGC_INVERSE_LABEL, KGC_KIND, KGC_PLURAL_LABEL, KGC_SHOWN, KGC_SUPPORTING}


_DATES = {XSD_DATE, XSD_DATE_TIME, XSD_G_YEAR, XSD_G_YEAR_MONTH}


class Shapes:
    """The property shapes of each class, read from SHACL.

    :raises ShapeError: for a row whose path no query follows, for two rows of one class with the same id, for a row
        id that could not stand in a CSV column or a JSON key, for a facet that is no row or whose path is more than
        one predicate, and for a kind that could not stand in an address.
    """

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.triples = tuple(triples)
        self.graph = Graph(self.triples)
        self._targets = targets(self.graph)
        self._fields = {target: ordered(target, said.fields.values()) for target, said in self._targets.items()}

    # -- classes -------------------------------------------------------------------------------------

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The classes that shapes target, whether they have rows or not: what catalogues are about, then the rest.

        Those that a shape calls main ones come first, then methods, and of the rest concepts last, which many things
        are beside what else they are; others go by how many rows they have, their kind and their IRI, since a store
        hands out its shapes in no order.
        """

        def place(target: str) -> tuple[bool | int | str, ...]:
            said = self._targets[target]
            kind = said.kind or slugify(local_name(target))
            lead = self._leads(target)
            rows = -len(self.rows(target)) if lead else 0
            return not (lead and said.main), not lead, target != KGC_METHOD, target == SKOS_CONCEPT, rows, kind, target

        return tuple(sorted(self._targets, key=place))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes that have rows to compare."""
        return tuple(target for target in self.targets if self.rows(target))

    @cached_property
    def leading(self) -> tuple[str, ...]:
        """The classes that catalogues are about: those with rows whose things are not there for others only."""
        return tuple(target for target in self.targets if self._leads(target))

    def _leads(self, target: str) -> bool:
        said = self._targets[target]
        return (said.leading or not said.supporting) and bool(self.rows(target))

    def class_among(self, types: Collection[str]) -> str:
        """The class with a shape that a thing of some classes is described by; empty where there is none.

        Things of any class of the Bibliographic Ontology are documents.
        """
        known = next((target for target in self.targets if target in types), "")
        if not known and BIBO_DOCUMENT in self._targets and any(t.startswith(PREFIXES["bibo"]) for t in types):
            return BIBO_DOCUMENT
        return known

    def class_labels(self, target: str) -> Mapping[str, str]:
        """What a thing of a class is called, by language."""
        return self._targets[target].labels if target in self._targets else {}

    def class_label(self, target: str, lang: str) -> str:
        """What a thing of a class is called: "Method"."""
        text = best(self.class_labels(target), lang)
        return text[1] if text else local_name(target)

    def class_plural(self, target: str, lang: str) -> str:
        """What things of a class are called: "Methods"; as one of them where no shape says."""
        text = best(self._targets[target].plurals if target in self._targets else {}, lang)
        return text[1] if text else self.class_label(target, lang)

    # -- kinds ---------------------------------------------------------------------------------------

    @cached_property
    def kinds(self) -> Mapping[str, tuple[str, ...]]:
        """Kinds of things with pages, and the classes of each: of what catalogues are about, of the rest, of values."""
        classes: dict[str, tuple[str, ...]] = {}
        for target in self.targets:
            kind = self.kind_of_class(target)
            classes[kind] = (*classes.get(kind, ()), target)
        for row in self._rows_with_kinds():
            classes.setdefault(row.value_kind or "", row.value_classes or (SKOS_CONCEPT,))
        return classes

    def _rows_with_kinds(self) -> Iterator[PropertyShape]:
        return (row for target in self.targets for row in self.fields(target) if row.value_kind)

    def kind_of_class(self, cls: str) -> str:
        """The kind of things of a class: what its shape says, else the end of its IRI."""
        said = self._targets.get(cls) or self._targets.get(self.class_among([cls]))
        return (said.kind if said else "") or slugify(local_name(cls))

    def classes_of_kind(self, kind: str) -> tuple[str, ...]:
        """The classes whose shapes say what things of a kind have; none for a kind that no shape knows."""
        return self.kinds.get(kind, ())

    def kind_labels(self, kind: str) -> Mapping[str, str]:
        """What a thing of a kind is called within a sentence ("method"), by language; empty where no shape says."""
        row = self._row_of_kind(kind)
        labels = [row.names] if row else [self.class_labels(cls) for cls in self.classes_of_kind(kind)]
        return {lang: _within(label) for lang, label in next(iter(labels), {}).items()}

    def kind_label(self, kind: str, lang: str) -> str:
        """What a thing of a kind is called within a sentence: "method"; the kind itself where no shape says."""
        label = best(self.kind_labels(kind), lang)
        return label[1] if label else kind

    def kind_plural(self, kind: str, lang: str) -> str:
        """What things of a kind are called within a sentence: "methods"; as one of them where no shape says."""
        row = self._row_of_kind(kind)
        if row:
            return _within(row.plural(lang))
        return next((_within(self.class_plural(cls, lang)) for cls in self.classes_of_kind(kind)), kind)

    def _row_of_kind(self, kind: str) -> PropertyShape | None:
        """The row whose values are of a kind; None for the kind of a class."""
        if kind in map(self.kind_of_class, self.targets):
            return None
        return next((row for row in self._rows_with_kinds() if row.value_kind == kind), None)

    # -- rows ----------------------------------------------------------------------------------------

    def fields(self, target: str) -> tuple[PropertyShape, ...]:
        """All property shapes of a class, rows or not, in order."""
        return self._fields.get(target, ())

    def rows(self, target: str) -> tuple[PropertyShape, ...]:
        """The rows of comparisons of a class, in order."""
        return self._rows.get(target, ())

    @cached_property
    def _rows(self) -> Mapping[str, tuple[PropertyShape, ...]]:
        return {target: tuple(row for row in fields if row.id) for target, fields in self._fields.items()}

    def facets(self, target: str) -> tuple[PropertyShape, ...]:
        """The rows that lists of a class can be narrowed by, in order; their ids are kinds of pages as well."""
        return tuple(row for row in self.fields(target) if row.facet)

    @cached_property
    def values_named(self) -> frozenset[str]:
        """The IRIs that shapes name one by one as what values may be (``sh:in``): a shapes file may describe them."""
        heads = (head for shape in self.graph.subjects() for head in self.graph.objects(shape, SH_IN))
        members = (member for head in heads for member in self.graph.members(head))
        return frozenset(member.value for member in members if isinstance(member, NamedNode))

    def date_row(self, target: str) -> PropertyShape | None:
        """The row of a class that says when a thing arose: the first whose values are dates in EDTF, else days or
        years of XML Schema."""
        rows = [row for row in self.rows(target) if row.path.predicate and row.datatypes]
        exact = (row for row in rows if row.datatype == EDTF)
        return next(exact, None) or next((row for row in rows if _DATES.issuperset(row.datatypes)), None)

    def predicates(self, target: str, kind: RowKind) -> tuple[str, ...]:
        """The predicates of the rows of one kind (``"name"``, ``"text"`` ...) of a class."""
        return tuple(p for row in self.rows(target) if row.kind == kind and (p := row.path.predicate))

    def people(self, target: str) -> tuple[str, ...]:
        """The predicates by which things of a class name persons and organisations."""
        return tuple(p for row in self.fields(target) if {*AGENTS} & {*row.value_classes} and (p := row.path.predicate))

    def mentions(self, target: str) -> tuple[str, ...]:
        """The predicates of the rows of names of a class whose values are things: software that does it."""
        named = self.predicates(target, "name")
        return tuple(
            row.path.predicate for row in self.rows(target) if row.value_classes and row.path.predicate in named
        )

    @cached_property
    def inverses(self) -> tuple[str, ...]:
        """The predicates that rows of any class read backwards."""
        steps = chain.from_iterable(chain.from_iterable(path.alternatives for path in self._paths()))
        return tuple(sorted({step.predicate for step in steps if step.inverse}))

    @cached_property
    def sequences(self) -> tuple[tuple[str, ...], ...]:
        """The predicates, two or three, that rows of any class follow one after the other."""
        ways = (steps for path in self._paths() for steps in path.alternatives if len(steps) > 1)
        return tuple(sorted({tuple(step.predicate for step in steps) for steps in ways}))

    def _paths(self) -> Iterator[PropertyPath]:
        return (row.path for fields in self._fields.values() for row in fields)

    # -- relations -----------------------------------------------------------------------------------

    def links(self, target: str) -> tuple[str, ...]:
        """The predicates that link things of a class with each other: those of its rows of counts."""
        paths = (row.path for row in self.rows(target) if row.kind == "count")
        steps = chain.from_iterable(chain.from_iterable(path.alternatives for path in paths))
        return tuple(dict.fromkeys(step.predicate for step in steps))

    def typed_links(self, target: str) -> tuple[str, ...]:
        """The kinds of the links of a class (``rdfs:subPropertyOf``), by the vocabulary and then by the shapes."""
        return self._typed_links.get(target, ())

    @cached_property
    def _typed_links(self) -> Mapping[str, tuple[str, ...]]:
        return {target: self._kinds_of(self.links(target)) for target in self._fields}

    def _kinds_of(self, links: Collection[str]) -> tuple[str, ...]:
        graphs = (vocabulary.graph(), self.graph)
        typed = (p for graph in graphs for link in links for p in vocabulary.narrower_relations(graph, link))
        return tuple(dict.fromkeys(p for p in typed if p not in links))

    def is_symmetric(self, relation: str) -> bool:
        """Whether the vocabulary or a shapes file calls a relation one that holds in both directions."""
        return any(vocabulary.is_symmetric(graph, relation) for graph in (vocabulary.graph(), self.graph))

    @cached_property
    def inverse_labels(self) -> Mapping[str, Mapping[str, str]]:
        """What predicates are called where they are read from a value to what has it, by language: those that a
        property shape says."""
        labels: dict[str, Mapping[str, str]] = {}
        for row in chain.from_iterable(map(self.fields, self.targets)):
            if row.inverses and row.path.predicate:
                labels.setdefault(row.path.predicate, row.inverses)
        return labels

    def relation_label(self, relation: str, lang: str, *, inverse: bool = False) -> str:
        """What a relation is called, read backwards where *inverse*: by a property shape, by the shapes file that
        defines it, by the vocabulary."""
        node, graphs = node_of(relation), (self.graph, vocabulary.graph())
        names = [graph.texts(node, RDFS_LABEL) for graph in graphs]
        if inverse:
            backwards = [graph.texts(node, KGC_INVERSE_LABEL) for graph in graphs]
            names = [dict(self.inverse_labels.get(relation, {})), *backwards, *names]
        text = next((label for texts in names if (label := best(texts, lang))), None)
        return text[1] if text else local_name(relation)

    def wording(self, predicate: str, what: str, lang: str) -> str | None:
        """How a predicate reads in a sentence (*what*: ``kgc:sentence`` or its kin), by shapes or the vocabulary."""
        texts = (best(graph.texts(node_of(predicate), what), lang) for graph in (self.graph, vocabulary.graph()))
        return next((text[1] for text in texts if text), None)

    def says_true(self, predicate: str, what: str) -> bool:
        """Whether the shapes or the vocabulary say *what* (``kgc:warns``) of a predicate."""
        return any(is_true(graph, node_of(predicate), what) for graph in (self.graph, vocabulary.graph()))


def _within(label: str) -> str:
    """A label as it stands within a sentence: without a capital, unless it is one of several (an acronym)."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def bundled_shapes() -> list[Triple]:
    """The statements of the bundled shapes."""
    return [triple for path in resources.shape_files() for triple in syntaxes.bundled(path)]


def read_shapes(path: Path, parsed: Callable[[Path, str], list[Triple]] = syntaxes.triples_of) -> list[Triple]:
    """The statements of a shapes file of somebody's own: SHACL Core alone, and no more than can be judged by.

    *parsed* reads a file, given a base.

    :raises SyntaxFault: if it is not well-formed.
    :raises ShapeError: if it has what is not of SHACL Core, or too much of it.
    :raises DataError: if it cannot be read.
    """
    triples = parsed(path, DEFAULT_BASE)
    core.check_core(triples, str(path))
    return triples


def stored_shapes(snapshot: Snapshot) -> list[Triple]:
    """The statements of the shapes that a catalogue keeps, in graphs of their names; the bundled ones where it keeps
    none. What records say is no shape."""
    if not snapshot.keeps_shapes:
        return bundled_shapes()
    shapes = snapshot.query(load("shapes").bind(named=[Literal(snapshot.base.shapes_graphs)]))
    kept = shapes.triples if isinstance(shapes, Statements) else []
    return [*kept, *_said_since(kept)] if kept else bundled_shapes()


def _said_since(kept: Iterable[Triple]) -> list[Triple]:
    """What the bundled shapes say of kinds, facets and labels, where a store keeps them from before they said it."""
    kept = list(kept)
    if any(triple.predicate.value in _LATER for triple in kept):
        return []
    subjects = {triple.subject for triple in kept}
    return [t for t in bundled_shapes() if t.predicate.value in _LATER and t.subject in subjects]
