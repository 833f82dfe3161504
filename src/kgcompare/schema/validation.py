"""SHACL validation by pySHACL, on extracts: the records in question and what they name.

Source: SHACL, sections 3 (validation and graphs) and 3.6 (validation report).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kgcompare.errors import Fault, ValidationReport
from kgcompare.rdf.graph import Graph, Node, Term
from kgcompare.rdf.terms import DCTERMS_CREATOR, KGC_ORIGINATION, RDF_REST, RDF_SUBJECT
from kgcompare.schema import core
from kgcompare.schema.dependents import Dependents, changed
from kgcompare.schema.extract import Asked, Extract
from kgcompare.schema.judging import Judge, Objection
from kgcompare.schema.knowledge import Knowledge
from kgcompare.store import Snapshot

BATCH = 2000
"""Records validated at once: large enough to share pySHACL's start-up, small enough to stay linear."""
Judging = Callable[[Graph, str, Asked], list[Objection]]
"""Statements, a language, and what shapes are asked of -> what is wrong: what needs no store, and can run elsewhere."""
Placed = tuple[Fault, str]
"""A fault, and the document whose it is; empty where nobody describes what it is about."""


@dataclass(frozen=True, slots=True)
class _Owner:
    """What a focus node belongs to: a document, its record, and the last predicate and node on the way from there."""

    document: str
    record: str
    by: str = ""
    above: _Owner | None = None

    def way(self) -> list[str]:
        """The predicates that lead there from the record; those from place to place of a list count once."""
        way: list[str] = []
        at: _Owner | None = self
        while at is not None and at.above is not None:
            if not (at.by == RDF_REST and way[-1:] == [RDF_REST]):
                way.append(at.by)
            at = at.above
        return way[::-1]


def _owners(documents: Mapping[str, Graph]) -> dict[Term, list[_Owner]]:
    """Whose the nodes of some documents are, and their literals: a blank node is its record's, however deep."""
    owners: dict[Term, list[_Owner]] = {}
    for name, document in documents.items():
        starts: list[Node] = [node for node in document.subjects() if isinstance(node, NamedNode)]
        starts += [node for node in document.subjects() if document.value(node, RDF_SUBJECT) is not None]
        reached: dict[Term, _Owner] = {}
        for start in starts:
            about = document.value(start, RDF_SUBJECT) if isinstance(start, BlankNode) else start
            reached[start] = _Owner(name, getattr(about, "value", name))
        waiting: list[Term] = list(reached)
        while waiting:
            node = waiting.pop(0) if len(waiting) < 2 else waiting.pop()
            if isinstance(node, Literal):
                continue
            owner = reached[node]
            said = document.description(node)
            for predicate, values in said.items():
                if predicate == DCTERMS_CREATOR and KGC_ORIGINATION in said:
                    continue  # derived from it: no file says so
                for value in values:
                    if not isinstance(value, NamedNode) and value not in reached:
                        reached[value] = _Owner(name, owner.record, predicate, owner)
                        waiting.append(value)
        for node, owner in reached.items():
            owners.setdefault(node, []).append(owner)
    return owners


@dataclass(frozen=True, slots=True)
class _Asked:
    """A batch of records that is being judged: what will have been ``found``, of which nodes all that is looked at was
    there."""

    batch: Mapping[str, Graph]
    judged: Mapping[Node, Collection[Term]]
    found: Future[list[Objection]]


@lru_cache(maxsize=2)
def _checked(shapes: tuple[Triple, ...]) -> tuple[list[Triple], Graph]:
    """Shapes as they are judged by, for reading: an edit comes with those of the edit before it.

    :raises ShapeError: if they are more than SHACL Core and our own, ill-formed or too many.
    """
    triples = core.merged(shapes)
    return triples, core.check_core(triples, ours=True)


class Validator:
    """Validates records against shapes; reads the shapes once."""

    def __init__(self, shapes: Iterable[Triple], judge: Judging | None = None) -> None:
        """*judge* judges the statements that are gathered for a batch; a :class:`Judge` of *shapes* if left out.

        :raises ShapeError: if the shapes are more than SHACL Core and our own, ill-formed or too many.
        """
        triples, self._shapes = _checked(tuple(shapes))
        self._judge = judge or Judge(triples)

    def validate(
        self,
        documents: Mapping[str, Graph],
        *,
        snapshot: Snapshot | None = None,
        read: Callable[[str], Graph] | None = None,
        files: Mapping[str, str] | None = None,
        lang: str = "en",
        progress: Callable[[int, int], None] | None = None,
    ) -> ValidationReport:
        """Validates every record of *documents*, by the IRI of its graph.

        What shapes look at beyond them is looked up in *snapshot*, whose documents *read* gives. Messages come in
        *lang* where the shapes have it. *progress* is told (done, all) records.

        :raises ShapeError: if pySHACL cannot use the shapes.
        """
        found = self.placed(documents, snapshot=snapshot, read=read, files=files, lang=lang, progress=progress)
        return ValidationReport(tuple(fault for fault, _ in found), len(documents))

    def placed(
        self,
        documents: Mapping[str, Graph],
        only: Collection[str] | None = None,
        *,
        snapshot: Snapshot | None = None,
        read: Callable[[str], Graph] | None = None,
        files: Mapping[str, str] | None = None,
        lang: str = "en",
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Placed]:
        """The faults of *documents*, or of some of them *only*, as :meth:`validate` finds them, each with its place."""
        known = Knowledge(documents, snapshot, read)
        names = list(documents if only is None else only)
        found: list[Placed] = []
        batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
        done = 0
        with ThreadPoolExecutor(1) as beside:  # which waits for a judge while the next batch is gathered
            before: _Asked | None = None
            for some in [*batches, []]:
                asked = self._ask({name: documents[name] for name in some}, known, lang, beside) if some else None
                if before is not None:
                    found += self._placed(before, known, files or {})
                    done += len(before.batch)
                    if progress:
                        progress(done, len(names))
                before = asked
        return found

    def affected(
        self,
        documents: Mapping[str, Graph],
        gone: Mapping[str, Graph],
        before: Mapping[str, Graph],
        *,
        snapshot: Snapshot | None = None,
        read: Callable[[str], Graph] | None = None,
    ) -> set[str]:
        """The names of *documents* that are judged otherwise, now that some are *gone* and *before* stands there."""
        told = [triple for name, was in gone.items() for triple in changed(before[name], was)]
        nodes = Dependents(self._shapes, Knowledge(documents, snapshot, read)).of(told)
        homes = {subject: name for name, document in documents.items() for subject in document.subjects()}
        return {homes[node] for node in nodes if node in homes}  # type: ignore[index]

    def broken(
        self,
        documents: Mapping[str, Graph],
        before: Mapping[str, Graph],
        snapshot: Snapshot,
        *,
        read: Callable[[str], Graph] | None = None,
        lang: str = "en",
    ) -> list[Fault]:
        """The faults that records of *snapshot* would have, and have not yet, once *documents* stand there.

        *before* has what stands there now of each document that changes. What shapes reach from what changes is looked
        up, and those records are judged before and after.
        """
        old, known = Knowledge({}, snapshot, read), Knowledge(documents, snapshot, read)
        told = [triple for name, was in before.items() for triple in changed(was, documents[name])]
        others = known.stored(Dependents(self._shapes, known).of(told))
        names = sorted(others)
        faults: list[Fault] = []
        for start in range(0, len(names), BATCH):
            batch = {name: others[name] for name in names[start : start + BATCH]}
            after = self._found(batch, known, lang)
            already = Counter(self._found(batch, old, lang)) if after else Counter[Fault]()
            faults += (Counter(after) - already).elements()
        return faults

    def _found(self, batch: Mapping[str, Graph], known: Knowledge, lang: str) -> list[Fault]:
        """What is wrong with some records, and with what their shapes look at elsewhere."""
        with ThreadPoolExecutor(1) as beside:
            return [fault for fault, _ in self._placed(self._ask(batch, known, lang, beside), known, {})]

    def _ask(self, batch: Mapping[str, Graph], known: Knowledge, lang: str, beside: Executor) -> _Asked:
        """Gathers what some records are judged by, and has them judged."""
        extract = Extract(self._shapes, known)
        data = extract.of(batch.values())
        return _Asked(batch, extract.judged, beside.submit(self._judge, data, lang, extract.asked))

    def _placed(self, asked: _Asked, known: Knowledge, files: Mapping[str, str]) -> Iterator[Placed]:
        """What is wrong with records that were asked about, once that is known."""
        owners: dict[Term, list[_Owner]] | None = None
        for fault, focus, shape in asked.found.result():
            # What else stands in an extract is there in part only, and is not looked at.
            if shape is not None and focus not in asked.judged.get(shape, ()):  # type: ignore[arg-type]
                continue
            owners = _owners(asked.batch) if owners is None else owners
            there = owners.get(focus) or _owners(known.stored([focus])).get(focus)
            for owner in there or [_Owner("", fault.focus_node or "")]:
                yield replace(_of_owner(fault, owner), file=files.get(owner.document)), owner.document


def _of_owner(fault: Fault, owner: _Owner) -> Fault:
    """A fault, told of the record that its focus node belongs to."""
    if owner.above is None:
        return fault
    path = " / ".join(part for part in (*owner.way(), fault.path) if part)
    return replace(fault, focus_node=owner.record, path=path)
