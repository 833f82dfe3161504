"""Whose record somebody sends: that of its address, or one that gets an IRI of its name."""

from __future__ import annotations

from pyoxigraph import BlankNode, NamedNode, Quad

from kgcompare.errors import DataError, Fault, InvalidData, ValidationReport
from kgcompare.ingest.documents import Records
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import Base, shortened, slugify
from kgcompare.rdf.queries import load
from kgcompare.rdf.terms import LABELS, RDF_SUBJECT, RDF_TYPE
from kgcompare.schema.shapes import Shapes
from kgcompare.store import Snapshot
from kgcompare.text.languages import DEFAULT, best


def only(records: Records, record: str, known: Shapes) -> None:
    """Lets records pass that are one, at its address, of a class that its kind is for.

    :raises InvalidData: if there are others, or it is not there or another kind of thing; says which.
    """
    home = records.base.document(record)
    others = {
        name: next((s.value for s in document.subjects() if isinstance(s, NamedNode) and s.value != name), name)
        for name, document in records.documents.items()
        if name != home
    }
    faults = [
        Fault(f"this address is that of <{record}>, and this says something of another one", focus_node=thing)
        for thing in others.values()
    ]
    types = records.documents.get(home, Graph()).types(NamedNode(record))
    kind = (records.base.parts(record) or ("",))[0]
    classes = known.classes_of_kind(kind)
    if NamedNode(record) not in records.documents.get(home, Graph()):
        faults.append(Fault(f"the body says nothing of <{record}>, whose address this is", focus_node=record))
    elif classes and not set(classes).intersection(types):
        wanted = " or ".join(map(shortened, classes))
        faults.append(Fault(f"a {kind} has the type {wanted}", focus_node=record, path=RDF_TYPE))
    if faults:
        raise InvalidData("the body has to describe one record, that of its address", ValidationReport(tuple(faults)))


def with_name(quads: list[Quad], at: str, base: Base, kind: str) -> list[Quad]:
    """The same, with an IRI for what is new: the subject of IRI *at*, else the one blank node with a type."""
    subjects = dict.fromkeys(quad.subject for quad in quads)
    new: NamedNode | BlankNode = NamedNode(at)
    if new not in subjects:
        values = {quad.object for quad in quads}
        about = {quad.subject for quad in quads if quad.predicate.value == RDF_SUBJECT}
        typed = {quad.subject for quad in quads if quad.predicate.value == RDF_TYPE}
        named = any((base.parts(s.value) or ("",))[0] == kind for s in subjects if isinstance(s, NamedNode))
        blank = [s for s in subjects if isinstance(s, BlankNode) and s in typed and s not in values and s not in about]
        if named or len(blank) != 1:
            return quads
        new = blank[0]
    graph = Graph(quad.triple for quad in quads)
    name = next((text[1] for label in LABELS if (text := best(graph.texts(new, label), DEFAULT))), "")
    if not name:
        raise DataError(f"the new record has no name to make its IRI of; give it one, or an IRI such as <{at}its-name>")
    record = NamedNode(base.record(kind, slugify(name)))
    return [
        Quad(record if q.subject == new else q.subject, q.predicate, record if q.object == new else q.object)
        for q in quads
    ]


def new_in(records: Records, kind: str) -> str:
    """The IRI of the one record of a kind that a body describes.

    :raises InvalidData: if it describes none, or several.
    """
    subjects = [s.value for d in records.documents.values() for s in d.subjects() if isinstance(s, NamedNode)]
    there = [thing for thing in subjects if (records.base.parts(thing) or ("",))[0] == kind]
    if len(there) != 1:
        faults = [Fault("this is one of several", focus_node=thing) for thing in there]
        where = f"<>, <its-slug>, a blank node with a type, or <{records.base.record(kind, 'its-slug')}>"
        raise InvalidData(f"the body has to describe one {kind}: {where}", ValidationReport(tuple(faults)))
    return there[0]


def naming_record(snapshot: Snapshot, record: str, own: str) -> tuple[str, ...]:
    """The IRIs of the other things that name a record, in their own documents."""
    rows = snapshot.select(load("documents_naming").bind(thing=[NamedNode(record)])).rows
    found = set()
    for (document,) in rows:
        if isinstance(document, NamedNode) and document.value != own:
            subjects = {quad.subject for quad in snapshot.graph(document.value)}
            things = sorted(s.value for s in subjects if isinstance(s, NamedNode) and s != document)
            found.add(next(iter(things), document.value))
    return tuple(sorted(found))
