"""What a cell means that refers to a thing: its IRI, its slug, or its name where only one thing has it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode

from kgcompare.errors import DataError
from kgcompare.ingest.changes import Stored
from kgcompare.ingest.documents import Records
from kgcompare.rdf.namespaces import is_safe_iri, is_slug
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import LABELS, SKOS_ALT_LABEL

_SHOWN = 5


class Known:
    """The things of a store and of what is being imported, by slug and by name."""

    def __init__(self, records: Records, stored: Stored) -> None:
        self.base = records.base
        self._records = records
        self._stored = stored
        self._new: set[str] = set()
        self._names: dict[str, list[tuple[str, str, bool]]] | None = None
        self._said: list[tuple[str, str, bool]] = []

    def add(self, thing: str, labels: Iterable[str] = ()) -> None:
        """Makes a thing known that a row is about, with its names."""
        self._new.add(thing)
        for label in labels:
            self._name(thing, label, other=False)

    def __contains__(self, thing: str) -> bool:
        document = self.base.document(thing)
        return thing in self._new or document in self._records.documents or document in self._stored

    def thing(self, text: str, kinds: tuple[str, ...]) -> NamedNode:
        """The thing that a text refers to.

        :raises DataError: if there is none, or several have that name.
        """
        plain = text.removeprefix("<").removesuffix(">") if text.startswith("<") else text
        if is_safe_iri(plain) and " " not in plain:
            try:
                return NamedNode(plain)
            except ValueError:
                raise DataError(f"{text!r} is not an IRI") from None
        if not kinds:
            raise DataError(f"{text!r} is not an absolute IRI, such as https://www.wikidata.org/entity/Q1")
        kind, slash, slug = text.partition("/")
        if slash and is_slug(kind) and is_slug(slug):
            return self._one(text, kinds, [iri] if (iri := self.base.record(kind, slug)) in self else [])
        slugs = [self.base.record(kind, text) for kind in kinds] if is_slug(text) else []
        return self._one(text, kinds, [iri for iri in slugs if iri in self][:1] or self.named(text, kinds))

    def _one(self, text: str, kinds: tuple[str, ...], things: list[str]) -> NamedNode:
        if len(things) == 1:
            return NamedNode(things[0])
        what = kinds[0]
        if not things:
            raise DataError(
                f"no {what} has the slug or the name {text!r}; add it to the same import, or write its slug or its IRI"
            )
        shown = ", ".join(thing.removeprefix(self.base.value + "id/") for thing in sorted(things)[:_SHOWN])
        raise DataError(f"{len(things)} things are called {text!r} ({shown}); write the slug or the IRI of one of them")

    def named(self, text: str, kinds: tuple[str, ...]) -> list[str]:
        """The IRIs of the things of some kinds with a name; where none has it, of those with such another name."""
        if self._names is None:
            self._names = {}
            for thing, label, other in (*self._labels(), *self._said):
                self._hold(thing, label, other=other)
        hits = self._names.get(folded(text), [])
        # Of what has an IRI of others the kind is not seen in that: the shapes look at its class.
        found = [hit for hit in hits if hit[0] in kinds] or [hit for hit in hits if not hit[0]]
        names = [thing for _, thing, other in found if not other] or [thing for _, thing, _ in found]
        return list(dict.fromkeys(names))

    def _labels(self) -> Iterator[tuple[str, str, bool]]:
        if self._stored.snapshot is not None:
            for thing, predicate, label in self._stored.snapshot.select(load("labels").text).rows:
                if isinstance(thing, NamedNode) and isinstance(predicate, NamedNode) and isinstance(label, Literal):
                    yield thing.value, label.value, predicate.value == SKOS_ALT_LABEL
        for document in self._records.documents.values():
            for subject in document.subjects():
                for called in (*LABELS, SKOS_ALT_LABEL) if isinstance(subject, NamedNode) else ():
                    for name in document.objects(subject, called):
                        yield subject.value, name.value, called == SKOS_ALT_LABEL

    def _name(self, thing: str, label: str, *, other: bool) -> None:
        self._said.append((thing, label, other))
        if self._names is not None:
            self._hold(thing, label, other=other)

    def _hold(self, thing: str, label: str, *, other: bool) -> None:
        kind = (self.base.parts(thing) or ("",))[0]
        if self._names is not None:
            self._names.setdefault(folded(label), []).append((kind, thing, other))


def folded(text: str) -> str:
    """A name as it is compared: without regard to case, to the form of its letters, to how it is spaced, and to signs
    that nobody sees (soft hyphens, joiners, byte order marks)."""
    return " ".join(seen(unicodedata.normalize("NFC", text)).casefold().split())


def seen(text: str) -> str:
    """A text without signs that nobody sees (Unicode's format characters)."""
    return text if text.isascii() else "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
