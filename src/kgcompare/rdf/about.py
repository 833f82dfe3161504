"""What a catalogue says of itself: title, description, languages, licence, publisher and contact, as RDF.

It stands in a graph of its own, whose name is also that of the catalogue. What is not said there is said nowhere.

Source: Data Catalog Vocabulary, version 3 (W3C 2024), sections 6.3 and 6.4 (Catalog); vCard Ontology (W3C 2014),
section 4; RFC 5646 (languages), with the IRIs of ISO 639-1 at the Library of Congress and of ISO 639-3 at Lexvo.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import UsageError
from kgcompare.rdf.contact import checked_contact, plain_contact
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.licences import checked_licence
from kgcompare.rdf.literals import without_controls
from kgcompare.rdf.namespaces import Base, iri, is_web, local_name
from kgcompare.text.languages import best, normalise

_TITLE, _SHORT, _DESCRIPTION = iri("dcterms:title"), iri("dcterms:alternative"), iri("dcterms:description")
_LANGUAGE, _TAG = iri("dcterms:language"), iri("schema:inLanguage")
_LICENCE, _PUBLISHER = iri("dcterms:license"), iri("dcterms:publisher")
_CONTACT, _KEYWORD = iri("dcat:contactPoint"), iri("dcat:keyword")
_NAME, _HOMEPAGE = iri("foaf:name"), iri("foaf:homepage")
_MAIL, _ADDRESS, _TEMPLATE = iri("vcard:hasEmail"), iri("vcard:hasURL"), iri("schema:urlTemplate")
_MANAGED = (_TITLE, _SHORT, _DESCRIPTION, _LANGUAGE, _TAG, _LICENCE, _PUBLISHER, _CONTACT, _KEYWORD)
_TAGGED = re.compile(r"(.*\S)\s*@(|[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)", re.DOTALL)
_LONGEST = {"title": 200, "publisher": 200, "description": 5000}

Texts = Mapping[str, str]
"""Language tag (empty for none) -> text."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a catalogue says of itself; empty is what it does not say.

    ``short`` is a title for the head of pages, ``languages`` are BCP 47 tags, ``licence`` is an IRI, ``publisher`` the
    names and ``publisher_iri`` the IRI or page of who publishes it, ``contact`` whom to write to
    (:mod:`kgcompare.rdf.contact`), ``keywords`` are (language, word).
    """

    title: Texts = field(default_factory=dict)
    short: Texts = field(default_factory=dict)
    description: Texts = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    licence: str = ""
    publisher: Texts = field(default_factory=dict)
    publisher_iri: str = ""
    contact: str = ""
    keywords: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, part.name) for part in fields(self))  # whether it says anything

    def keywords_in(self, lang: str) -> list[str]:
        """The keywords in the language that suits a reader of *lang* best."""
        found = best({tag: None for tag, _ in self.keywords}, lang)
        return [word for tag, word in self.keywords if found and tag == found[0]]


def told(
    *,
    titles: Sequence[str] = (),
    descriptions: Sequence[str] = (),
    languages: Sequence[str] = (),
    licence: str = "",
    publishers: Sequence[str] = (),
    contact: str = "",
    default: Sequence[str] = (),
) -> Metadata:
    """What somebody says of a catalogue, each text as ``TEXT`` or ``TEXT@LANGUAGE``.

    A text without a language is in the first of *languages*, or of *default* where there are none; ``TEXT@`` is in
    none. *publishers* are names and at most one IRI.

    :raises UsageError: for a language, licence or contact that cannot be one, for two texts in one language, and for a
        text that is too long.
    """
    tags = tuple(dict.fromkeys(normalise(tag.strip()) for tag in languages if tag.strip()))
    main = next(iter(tags or default), "")
    pages = [name.strip() for name in publishers if is_web(name.strip())]
    if len(pages) > 1:
        raise UsageError("a catalogue has one publisher; give one IRI of it, and its names")
    names = [name for name in publishers if not is_web(name.strip())]
    return Metadata(
        title=_texts("title", titles, main),
        description=_texts("description", descriptions, main),
        languages=tags,
        licence=checked_licence(licence) if licence.strip() else "",
        publisher=_texts("publisher", names, main),
        publisher_iri=_address(pages[0]) if pages else "",
        contact=checked_contact(contact) if contact.strip() else "",
    )


def _texts(what: str, given: Sequence[str], main: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for one in given:
        text, tag = " ".join(without_controls(one).split()), main
        if found := _TAGGED.fullmatch(text):
            text, tag = found[1], normalise(found[2]) if found[2] else ""
        if not text:
            continue
        if len(text) > _LONGEST[what]:
            raise UsageError(f"a {what} has at most {_LONGEST[what]} characters; this one has {len(text)}")
        if tag in texts:
            where = f"in {tag}" if tag else "without a language"
            raise UsageError(f"there are two texts {where} for --{what}; say the language of each: TEXT@fr")
        texts[tag] = text
    return texts


def _address(text: str) -> str:
    try:
        return NamedNode(text).value
    except ValueError:
        raise UsageError(f"{text[:200]!r} is no address; give it as https://...") from None


# -- as RDF --------------------------------------------------------------------------------------------


def as_statements(node: NamedNode, about: Metadata) -> Iterator[Triple]:
    """What *about* says, of *node*."""
    yield from titles(node, about)
    for predicate, texts in ((_SHORT, about.short), (_DESCRIPTION, about.description)):
        yield from (Triple(node, predicate, _literal(text, tag)) for tag, text in texts.items())
    yield from (Triple(node, _KEYWORD, _literal(word, tag)) for tag, word in about.keywords)
    for tag in about.languages:
        yield Triple(node, _TAG, Literal(tag))
    for language in dict.fromkeys(map(language_iri, about.languages)):
        yield Triple(node, _LANGUAGE, NamedNode(language))
    if about.licence:
        yield Triple(node, _LICENCE, NamedNode(about.licence))
    yield from _published(node, about)
    if about.contact:
        yield from _reached(node, about.contact)


def titles(node: NamedNode, about: Metadata) -> Iterator[Triple]:
    """The titles of a catalogue, said of *node*."""
    return (Triple(node, _TITLE, _literal(text, tag)) for tag, text in about.title.items())


def _published(node: NamedNode, about: Metadata) -> Iterator[Triple]:
    if about.publisher:
        publisher = BlankNode()
        yield Triple(node, _PUBLISHER, publisher)
        yield Triple(publisher, iri("rdf:type"), iri("foaf:Agent"))
        yield from (Triple(publisher, _NAME, _literal(name, tag)) for tag, name in about.publisher.items())
        if about.publisher_iri:
            yield Triple(publisher, _HOMEPAGE, NamedNode(about.publisher_iri))
    elif about.publisher_iri:
        yield Triple(node, _PUBLISHER, NamedNode(about.publisher_iri))


def _reached(node: NamedNode, contact: str) -> Iterator[Triple]:
    point, plain = BlankNode(), plain_contact(contact)
    yield Triple(node, _CONTACT, point)
    yield Triple(point, iri("rdf:type"), iri("vcard:Kind"))
    yield Triple(point, _MAIL if plain.startswith("mailto:") else _ADDRESS, NamedNode(plain))
    if checked_contact(plain) != contact:
        yield Triple(point, _TEMPLATE, Literal(contact))


def as_graph(base: Base, about: Metadata) -> list[Triple]:
    """What the catalogue of a base says of itself, as a document of its own, which can be changed and imported."""
    return list(rewritten(Graph(), NamedNode(base.catalogue), about))


def rewritten(before: Graph, node: NamedNode, about: Metadata) -> Graph:
    """The graph of a catalogue that says *about* of itself, and what *before* says that is nothing of that."""
    values = (value for part in _MANAGED for value in before.objects(node, part.value))
    gone = {value for value in values if isinstance(value, BlankNode)}
    kept = (
        triple
        for triple in before
        if triple.subject not in gone and (triple.subject != node or triple.predicate not in _MANAGED)
    )
    return Graph([Triple(node, iri("rdf:type"), iri("dcat:Catalog")), *kept, *as_statements(node, about)])


def _literal(text: str, tag: str) -> Literal:
    return Literal(text, language=tag) if tag else Literal(text)


def language_iri(tag: str) -> str:
    """The IRI of the language of a tag, whatever its region or script."""
    language = tag.partition("-")[0].lower()
    known = "http://id.loc.gov/vocabulary/iso639-1/" if len(language) == 2 else "http://lexvo.org/id/iso639-3/"
    return known + language


def read_about(graph: Graph, node: NamedNode) -> Metadata:
    """What a catalogue's graph says of it. What cannot be what it stands for is passed over: see :func:`faults_of`."""
    names, page = _publisher(graph, node)
    keywords = [value for value in graph.objects(node, _KEYWORD.value) if isinstance(value, Literal)]
    return Metadata(
        title=graph.texts(node, _TITLE.value),
        short=graph.texts(node, _SHORT.value),
        description=graph.texts(node, _DESCRIPTION.value),
        languages=_languages(graph, node),
        licence=next(filter(is_web, sorted(graph.iris(node, _LICENCE.value))), ""),
        publisher=names,
        publisher_iri=page,
        contact=_contact(graph, node),
        keywords=tuple(sorted((value.language or "", value.value) for value in keywords)),
    )


def _languages(graph: Graph, node: NamedNode) -> tuple[str, ...]:
    tags: dict[str, None] = {}
    for value in graph.objects(node, _TAG.value) or graph.objects(node, _LANGUAGE.value):
        with suppress(UsageError):
            tags[_tag(value)] = None
    return tuple(sorted(tags, key=lambda tag: (tag != "en", tag)))


def _tag(value: Term) -> str:
    """The tag of a language that is named by an IRI, of which it is the end, or by a tag.

    :raises UsageError: if it is none.
    """
    import langcodes

    text = value.value if isinstance(value, Literal) else local_name(getattr(value, "value", ""))
    return langcodes.standardize_tag(normalise(text))


def _publisher(graph: Graph, node: NamedNode) -> tuple[dict[str, str], str]:
    """The names and the IRI of who publishes it."""
    for value in graph.objects(node, _PUBLISHER.value):
        if isinstance(value, Literal):
            return {value.language or "": value.value}, ""
        if isinstance(value, NamedNode):
            return graph.texts(value, _NAME.value), value.value if is_web(value.value) else ""
        if isinstance(value, BlankNode):
            return graph.texts(value, _NAME.value), next(filter(is_web, graph.iris(value, _HOMEPAGE.value)), "")
    return {}, ""


def _contact(graph: Graph, node: NamedNode) -> str:
    for point in graph.objects(node, _CONTACT.value):
        if isinstance(point, NamedNode | BlankNode):
            with suppress(UsageError):
                return checked_contact(next(_addresses(graph, point), ""))
    return ""


def _addresses(graph: Graph, point: Node) -> Iterator[str]:
    for predicate in (_TEMPLATE, _MAIL, _ADDRESS):
        yield from (str(value.value) for value in graph.objects(point, predicate.value) if hasattr(value, "value"))


def faults_of(graph: Graph, node: NamedNode) -> Iterator[tuple[str, str, str]]:
    """(message, predicate, value) of what a catalogue's graph says that cannot be what it stands for."""
    for value in (*graph.objects(node, _TAG.value), *graph.objects(node, _LANGUAGE.value)):
        try:
            _tag(value)
        except UsageError as fault:
            yield str(fault), _LANGUAGE.value, str(getattr(value, "value", ""))
    for value in graph.objects(node, _LICENCE.value):
        if not isinstance(value, NamedNode) or not is_web(value.value):
            message = "a licence is named by its IRI, such as <https://creativecommons.org/licenses/by/4.0/>"
            yield message, _LICENCE.value, str(getattr(value, "value", ""))
    for point in graph.objects(node, _CONTACT.value):
        try:
            checked_contact(next(_addresses(graph, point), "") if isinstance(point, NamedNode | BlankNode) else "")
        except UsageError as fault:
            yield str(fault), _CONTACT.value, str(getattr(point, "value", ""))
