"""A record in a form: what stands in its fields, what that makes of it, and what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from markupsafe import Markup
from pyoxigraph import BlankNode, NamedNode, Triple

from kgcompare.catalogue.about import about_of
from kgcompare.catalogue.edited import Difference, differences
from kgcompare.catalogue.generation import Generation
from kgcompare.catalogue.values import Reader
from kgcompare.errors import DataError
from kgcompare.formats import rdf
from kgcompare.ingest.drafting import Drafting
from kgcompare.ingest.drafts import (
    Draft,
    Filled,
    FormValue,
    Showing,
    digest_of,
    stored_text,
    unshown,
    with_room,
    without_derived,
)
from kgcompare.ingest.fields import Field, fields_of
from kgcompare.rdf.graph import Graph, Term, as_term
from kgcompare.rdf.namespaces import iri, is_safe_iri, is_slug, local_name
from kgcompare.rdf.sameness import in_order
from kgcompare.rdf.terms import (
    DCTERMS_IS_PART_OF,
    FOAF_ORGANIZATION,
    FOAF_PERSON,
    LABELS,
    RDF_TYPE,
    XSD_DECIMAL,
    XSD_DOUBLE,
    XSD_FLOAT,
    XSD_INTEGER,
)
from kgcompare.text.languages import best, interface_languages, translate

_DATE = iri("xsd:date").value
_FRACTIONS = {XSD_DECIMAL, XSD_DOUBLE, XSD_FLOAT}
_NAMELESS = "without-a-name"
"""What a new record is called while it has no name, to be looked at."""
_MOST_NAMES, _MOST_NEAR = 300, 10
"""Names that are looked up for one form, and those of them for which one looks for what is close to them."""
_MOST_CHOICES = 5
"""Things that are named where several may be meant."""


@dataclass
class RecordForm:
    """A form of a record, or of a new one of a kind: its ``slug`` is empty until it has a name then.

    ``fields`` are those of its class ``cls``, ``shown`` is what stands in the catalogue, ``draft`` what stands in the
    form; ``state`` names the state of the record that it was made of, which ``exists`` or is new.
    """

    generation: Generation
    kind: str
    slug: str
    cls: str
    lang: str
    record: str = ""
    triples: Sequence[Triple] = ()
    state: str = ""
    draft: Draft = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.exists = bool(self.record)
        self._names = self._near = 0
        self.before = without_derived(self.triples)
        self.shown: Draft = {}
        if self.record:
            self.shown = Showing(self.before, self._called, self.tags).draft(NamedNode(self.record), self.fields)

    @classmethod
    def of(cls, generation: Generation, kind: str, slug: str, lang: str) -> RecordForm:
        """The form of a record as it is.

        :raises UnknownThing: if there is none.
        """
        thing, triples = generation.triples(kind, slug)
        described = generation.shapes.class_among(Graph(triples).types(NamedNode(thing.iri)))
        form = cls(generation, kind, slug, described, lang, thing.iri, in_order(triples), generation.state(kind, slug))
        form.draft = form.shown
        return form

    # -- what it asks --------------------------------------------------------------------------------

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the class; of references, those of the record's own kind come first where they may be any."""
        known = fields_of(self.generation.shapes, self.cls)
        own = self.kind
        return tuple(replace(f, kinds=tuple(dict.fromkeys((own, *f.kinds)))) if own in f.kinds else f for f in known)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The languages in which texts are asked: those of the catalogue; where it names none, those that the names of
        the fields are in, ours first."""
        if spoken := about_of(self.generation).languages:
            return tuple(tag.lower() for tag in spoken)
        named = {tag.lower() for one in self.fields for tag in one.names} - {""}
        ours = [tag for tag in interface_languages() if tag in named]
        return (*ours, *sorted(named - {*ours})) or interface_languages()

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that a record of the kind may be of."""
        return self.generation.shapes.classes_of_kind(self.kind)

    @property
    def sections(self) -> list[tuple[str, list[Field]]]:
        """The fields under their headings."""
        sections: list[tuple[str, list[Field]]] = []
        for one in self.fields:
            names = one.group.names if one.group else {}
            heading = (best(names, self.lang) or ("", ""))[1]
            if not sections or sections[-1][0] != heading:
                sections.append((heading, []))
            sections[-1][1].append(one)
        return sections

    def said(self, texts: Mapping[str, str]) -> tuple[str, str]:
        """(language, text) of what a field is called, or how it is explained."""
        return best(texts, self.lang) or ("", "")

    def blank(self, one: Field) -> FormValue:
        """What is added to a field when one adds a value."""
        lang = self.lang.split("-")[0] if one.worded and not one.once else ""
        entry = FormValue(lang=lang, by=one.predicates[-1] if len(one.predicates) > 1 else "")
        return with_room(one, Filled([entry]), ()).entries[0]

    def class_name(self, cls: str) -> str:
        """What a class is called where a kind has several; by its own name where its shape calls all of them alike."""
        named = [self.generation.shapes.class_label(one, self.lang) for one in self.classes]
        label = self.generation.shapes.class_label(cls, self.lang)
        if named.count(label) == 1:
            return label
        persons = {
            FOAF_PERSON: translate(self.lang, "Person"),
            FOAF_ORGANIZATION: translate(self.lang, "Organisation"),
        }
        return persons.get(cls, local_name(cls))

    def kind_of_input(self, one: Field, entry: FormValue) -> Markup:
        """The attributes of a control that is for days, for numbers, or for what a source stands in."""
        if one.datatype == _DATE and re.fullmatch(r"(?:\d{4}-\d\d-\d\d)?", entry.text):
            return Markup(' type="date"')
        if one.predicates == (DCTERMS_IS_PART_OF,) and not one.thing:
            return Markup(' placeholder="Journal: …"')
        mode = "numeric" if one.datatype == XSD_INTEGER else "decimal" if one.datatype in _FRACTIONS else ""
        return Markup(' inputmode="{}"').format(mode) if mode else Markup("")

    def label(self, predicate: str) -> str:
        """What a predicate is called: as its field, or as its kind of link."""
        one = next((one for one in self.fields if predicate in one.predicates), None)
        if one is None or (len(one.predicates) > 1 and predicate != one.predicates[-1]) or not one.names:
            return self.generation.shapes.relation_label(predicate, self.lang)
        return (best(one.names, self.lang) or ("", one.id))[1]

    def choice(self, term: Term) -> str:
        """What one of the things to choose from is called: a row by its name, anything else as one reads it."""
        row = next((row for row in self.generation.shapes.rows(self.cls) if row.iri == term.value), None)
        if row is not None:
            return row.label(self.lang)[1]
        if isinstance(term, NamedNode):
            return self.generation.shapes.relation_label(term.value, self.lang)
        return self.generation.reader(self.lang, {}).value(Graph(), term).text

    def with_room(self) -> RecordForm:
        """The same with empty fields to fill in."""
        for one in self.fields:
            with_room(one, self.draft.setdefault(one.id, Filled()), self.tags)
        return self

    @cached_property
    def _reader(self) -> Reader:
        return self.generation.reader(self.lang, {self.record: Graph(self.triples)} if self.record else {})

    def _called(self, term: Term) -> str:
        if isinstance(term, BlankNode):
            return self._reader.value(self.before, term).text
        known = self._reader.things.get(term.value)
        if known is not None and known.subjects():
            return self._reader.label(term.value)[1]
        return term.value

    # -- what it says --------------------------------------------------------------------------------

    def digest(self) -> str:
        """Names what stands in the form."""
        said = [self.cls, self.slug, *(digest_of(one, self._entries(one)) for one in self.fields)]
        return hashlib.sha256(repr(said).encode()).hexdigest()[:32]

    def _entries(self, one: Field) -> Sequence[FormValue]:
        return self.draft[one.id].entries if one.id in self.draft else ()

    def name(self) -> str:
        """What the record is called in the form; empty where it has no name yet."""
        for one in self.fields:
            if set(one.predicates) & {*LABELS}:
                texts = {e.lang: stored_text(e.text) for e in self._entries(one) if stored_text(e.text)}
                if text := best(texts, self.lang):
                    return text[1]
        return ""

    def written(self) -> tuple[Graph, int]:
        """The record as the form has it, and how many statements about facts went with these; entries that cannot be
        read have faults then."""
        if not self.exists:
            self.record = self.generation.base.record(self.kind, self.slug if is_slug(self.slug) else _NAMELESS)
        node = NamedNode(self.record)
        drafting = Drafting(self.before, self._meant, self.lang)
        drafting.write(node, self.fields, self.draft, self.shown)
        types = [cls for cls in drafting.graph.types(node) if cls not in self.classes]
        if self.cls not in drafting.graph.types(node) and self.cls in self.classes:
            drafting.graph.discard(node, RDF_TYPE)
            for cls in (self.cls, *types):
                drafting.graph.add(node, RDF_TYPE, NamedNode(cls))
        return drafting.finished(node)

    def turtle(self, graph: Graph) -> str:
        """The record as Turtle."""
        return rdf.turtle(graph, self.generation.base.value)

    def changes(self, graph: Graph) -> list[Difference]:
        """What would change, in words."""
        both = Graph([*self.before, *graph])
        reader = self.generation.reader(self.lang, {self.record: both})
        order = [predicate for one in self.fields for predicate in one.predicates]
        moving = {one.predicates[0] for one in self.fields if one.moves}
        if not self.exists:
            graph = Graph(graph)
            graph.discard(NamedNode(self.record), RDF_TYPE)
        return list(differences(reader, NamedNode(self.record), self.before, graph, self.label, order, moving))

    def kept(self) -> list[tuple[str, str]]:
        """What the record says that no field shows: what it is called, and the value."""
        reader = self._reader
        said = unshown(self.before, NamedNode(self.record), self.fields, [RDF_TYPE])
        return [(self.label(t.predicate.value), reader.value(self.before, as_term(t.object)).text) for t in said]

    # -- what others have changed meanwhile -----------------------------------------------------------

    def merge(self) -> None:
        """Takes over what others have changed in fields that nobody has touched here; other fields show both."""
        for one in self.fields:
            mine, now = self.draft.setdefault(one.id, Filled()), self.shown.get(one.id, Filled())
            if mine.was and now.was != mine.was:
                said = digest_of(one, mine.entries)
                if said == mine.was:
                    self.draft[one.id] = now
                elif said != now.was:
                    mine.theirs = self._texts(one)
            self.draft[one.id].was = now.was

    def _texts(self, one: Field) -> list[str]:
        node = NamedNode(self.record)
        values = [v for predicate in one.predicates for v in self.before.objects(node, predicate)]
        return [self._reader.value(self.before, value).text for value in values]

    # -- what somebody means ---------------------------------------------------------------------------

    def _meant(self, text: str, kinds: tuple[str, ...]) -> NamedNode:
        """The thing that a text means: by IRI, by slug, or by a name that it alone has.

        :raises DataError: if there is none, or several; in the reader's language.
        """
        index = self.generation.index
        bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        if is_safe_iri(bare) and " " not in bare:
            try:
                return NamedNode(bare)
            except ValueError:
                raise DataError(translate(self.lang, "“{name}” is not an IRI.", name=bare[:80])) from None
        if not kinds:
            raise DataError(translate(self.lang, "Write its whole address, as a browser has it."))
        kind, slash, slug = text.partition("/")
        wanted = [(kind, slug)] if slash else [(one, text) for one in kinds]
        if is_slug(wanted[0][1]):
            for kind, slug in wanted:
                if is_slug(kind) and (entry := index.find(kind, slug)):
                    return NamedNode(entry.iri)
        self._names += 1
        if self._names > _MOST_NAMES:
            raise DataError(translate(self.lang, "These are too many new names at once; take fewer."))
        found = [entry for one in kinds for entry in index.entries(index.called(text[:200], one, self.lang))]
        if len({entry.iri for entry in found}) == 1:
            return NamedNode(found[0].iri)
        if found:
            names = ", ".join(f"{entry.kind}/{entry.slug}" for entry in found[:_MOST_CHOICES])
            raise DataError(
                translate(self.lang, "Several answer to “{name}”. Write one of: {names}", name=text[:80], names=names)
            )
        self._near += 1
        if self._near > _MOST_NEAR:
            raise DataError(translate(self.lang, "Nothing is called “{text}”.", text=text[:80]))
        near = [thing for one in kinds[:2] for thing in self.generation.suggest(text[:80], self.lang, kind=one, most=3)]
        said = translate(self.lang, "Nothing is called “{text}”.", text=text[:80])
        if near:
            said += " " + translate(
                self.lang, "Close to it: {names}", names=", ".join(dict.fromkeys(t.label for t in near))
            )
        raise DataError(said)
