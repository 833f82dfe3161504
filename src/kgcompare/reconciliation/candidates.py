"""The things that a name and some facts may be about, and whether one of them surely is.

The name finds candidates and counts most; properties raise or lower them. What is not recorded speaks neither for
a candidate nor against it, but only one of which all is known to agree is called a match.

Source: Reconciliation Service API 0.2, section 4.2 (candidates and features) and 4.4 (retrieval and scoring).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.namespaces import iri, is_safe_iri
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import BIBO_DOI, BIBO_URI, SCHEMA_SAME_AS, SKOS_EXACT_MATCH
from kgcompare.reconciliation.entities import Things
from kgcompare.reconciliation.request import Constraint, EntityQuery, Given, Named
from kgcompare.reconciliation.scoring import similarity, years_given
from kgcompare.search import Entry, Filter
from kgcompare.search.likeness import alike
from kgcompare.store import deadline
from kgcompare.text import dois
from kgcompare.text.languages import interface_languages

_IDENTIFYING = [NamedNode(name) for name in (BIBO_DOI, BIBO_URI, SCHEMA_SAME_AS, SKOS_EXACT_MATCH)]
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_URI = iri("xsd:anyURI")
_NAME_SHARE = 0.6
"""What the name counts where there are properties too."""
_UNKNOWN = 50.0
"""The agreement with what is not recorded."""
_AGREES = 90.0
_CONSIDERED, _WEIGHED = 50, 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thing that may be meant: how well its name (None: none was given) and each property agree, from 0 to 100."""

    entry: Entry
    name: float | None
    properties: Mapping[str, float | None]

    @property
    def score(self) -> float:
        """How likely it is the one, from 0 to 100."""
        agreed = [_UNKNOWN if value is None else value for value in self.properties.values()]
        if not agreed:
            return self.name or 0.0
        mean = sum(agreed) / len(agreed)
        return mean if self.name is None else _NAME_SHARE * self.name + (1 - _NAME_SHARE) * mean

    @property
    def sure(self) -> bool:
        """Whether it has that very name or identifier, and everything else agrees."""
        return self.name == 100.0 and all(value is not None and value >= _AGREES for value in self.properties.values())


def reconcile(things: Things, batch: Mapping[str, EntityQuery]) -> dict[str, dict[str, Any]]:
    """The answer to each query: ``result`` lists candidates, the likeliest first; ``match`` where one alone is sure.

    :raises StoreError: if the store cannot be read.
    """
    known: dict[EntityQuery, list[Candidate]] = {}
    for query in dict.fromkeys(batch.values()):
        deadline.go_on()
        known[query] = _candidates(things, query)
    described = things.described(c.entry for query, candidates in known.items() for c in candidates[: query.limit])
    answers = {}
    for query, candidates in known.items():
        alone = sum(candidate.sure for candidate in candidates) == 1
        shown = candidates[: query.limit]
        answers[query] = [_told(things, c, described) | {"match": alone and c.sure} for c in shown]
    return {name: {"result": answers[query]} for name, query in batch.items()}


def _told(things: Things, candidate: Candidate, described: Mapping[str, str]) -> dict[str, Any]:
    features: list[dict[str, Any]] = []
    if candidate.name is not None:
        features = [
            {"id": "name", "value": round(candidate.name, 2)},
            {"id": "same_name", "value": candidate.name == 100.0},
        ]
    features += [
        {"id": f"property:{p}", "value": round(v, 2)} for p, v in candidate.properties.items() if v is not None
    ]
    return {
        **things.told(candidate.entry, described),
        "type": [things.type(candidate.entry.kind)],
        "score": round(candidate.score, 2),
        "features": features,
    }


def _candidates(things: Things, query: EntityQuery) -> list[Candidate]:
    kinds = [kind for kind in things.kinds if not query.types or kind in query.types]
    named: dict[int, float] = {}
    if query.text:
        named = {entry.id: 100.0 for entry in _identified(things, query.text) if entry.kind in kinds}
        # Properties cost a record each; names further down would not come up to the top by them.
        most = max(_WEIGHED, query.limit) if query.constraints else _CONSIDERED
        matcher = things.generation.index.matcher
        named = named or {like.thing: like.score for like in alike(matcher, query.text, kinds, most)}
        entries = things.generation.index.entries(list(named))
    else:
        entries = _holders(things, query.constraints, kinds)
    agreed = _agreements(things, entries, query.constraints)
    candidates = [Candidate(entry, named.get(entry.id), agreed[entry.id]) for entry in entries]
    return sorted(candidates, key=lambda c: (-c.score, len(c.entry.label(things.lang)[1]), c.entry.slug))


# -- by an identifier or by a name -----------------------------------------------------------------------


def _identified(things: Things, text: str) -> list[Entry]:
    """The things that a text identifies: by our id, by their IRI, or by an identifier that they have elsewhere."""
    entry = things.entry(text)
    if entry is not None:
        return [entry]
    doi = dois.normalised(text)
    if doi and (ids := things.generation.index.identified(doi)):
        return things.generation.index.entries(ids)
    texts = {text, doi} if doi else {text} if _ADDRESS.fullmatch(text) else set()
    return things.entries(_holding(things, (), texts)) if texts else []


def _holding(
    things: Things, predicates: Iterable[str], texts: Collection[str], others: Iterable[Entry] = ()
) -> list[str]:
    """The IRIs of the things that have one of some texts, in whatever language or as the IRI that it is, or one of
    some *others*.

    By identifying predicates where none is named.
    """
    values: list[NamedNode | Literal] = [NamedNode(other.iri) for other in others if is_safe_iri(other.iri)]
    for text in sorted(texts):
        values += [Literal(text), Literal(text, datatype=_URI)]
        values += [Literal(text, language=lang) for lang in interface_languages()]
        if is_safe_iri(text) and _ADDRESS.fullmatch(text):
            values.append(NamedNode(text))
    named = [NamedNode(predicate) for predicate in predicates] or _IDENTIFYING
    pairs = [(predicate, value) for predicate in named for value in values]
    rows = things.generation.snapshot.select(load("by_value").bind(predicate__value=pairs)).rows if pairs else []
    return sorted(row[0].value for row in rows if row[0] is not None)


# -- by properties ---------------------------------------------------------------------------------------


def _holders(things: Things, constraints: Sequence[Constraint], kinds: Sequence[str]) -> list[Entry]:
    """The things that have some values, those that have most of them first."""
    counted: Counter[str] = Counter()
    listed: list[Entry] = []
    for kind in kinds:
        listed += _listed(things, constraints, kind)
    for constraint in constraints:
        deadline.go_on()
        fields = [f for kind in kinds if (f := things.fields(kind).get(constraint.property))]
        steps = [steps[0] for f in fields for steps in f.path.alternatives]
        forwards = sorted({step.predicate for step in steps if not step.inverse})
        texts = {str(value) for value in constraint.values if not isinstance(value, Named)}
        meant = [entry for value in constraint.values for entry in things.meant(value)] if steps else []
        holders = dict.fromkeys(_holding(things, forwards, texts, meant) if forwards else ())
        for entry in meant:
            holders.update(dict.fromkeys(things.named_by(entry, {s.predicate for s in steps if s.inverse})))
        counted.update(list(holders))
    others = things.entries(thing for thing, _ in counted.most_common(_CONSIDERED))
    by_id = {entry.id: entry for entry in (*listed, *others) if entry.kind in kinds}
    return list(by_id.values())


def _listed(things: Things, constraints: Sequence[Constraint], kind: str) -> list[Entry]:
    """The things of a kind that have the values of facets and the years that are given."""
    shapes = things.generation.shapes
    cls = things.class_of(kind)
    ids, date = {facet.id for facet in shapes.facets(cls)}, shapes.date_row(cls)
    facets: dict[str, str] = {}
    spans: list[tuple[float, float]] = []
    for constraint in constraints:
        if constraint.property in ids:
            meant = [entry for value in constraint.values for entry in things.meant(value)]
            own = [entry for entry in meant if entry.kind == constraint.property] or meant
            facets |= {constraint.property: own[0].slug} if own else {}
        if date is not None and constraint.property == date.id:
            spans += [span for value in constraint.values if (span := years_given(value))]
    if not facets and not spans:
        return []
    start = min((first for first, _ in spans), default=inf)
    end = max((last for _, last in spans), default=inf)
    narrowed = Filter("", kind, facets, _year(start), _year(end))
    return things.generation.index.listing(narrowed, things.lang, sort="name", most=_CONSIDERED)[0]


def _year(bound: float) -> int | None:
    return int(bound) if isfinite(bound) else None


def _agreements(
    things: Things, entries: Sequence[Entry], constraints: Sequence[Constraint]
) -> dict[int, dict[str, float | None]]:
    """How well each thing, by its number, agrees with each property; None where nothing is recorded."""
    agreed: dict[int, dict[str, float | None]] = {entry.id: {} for entry in entries}
    wanted = {c.property: [_resolved(things, value) for value in c.values] for c in constraints if c.values}
    for entry, reader, graph, terms in things.records(entries, wanted) if wanted else ():
        deadline.go_on()
        for name, values in wanted.items():
            pairs = [(term, value) for term in terms.get(name, ()) for value in values]
            agreed[entry.id][name] = max((similarity(reader, graph, t, v) for t, v in pairs), default=None)
    return agreed


def _resolved(things: Things, value: Given) -> Given:
    """A value; one that names a thing by our id names it by its IRI."""
    entry = things.entry(value.id) if isinstance(value, Named) else None
    return Named(entry.iri) if entry else value
