"""Where a catalogue in an endpoint keeps what its writers and readers tell each other, and the updates that say it.

Beside the graphs of its records, vocabulary and shapes a catalogue has these, under the name of its history::

    <base>changes           what is said of changes, as in a store's folder
    <base>changes/mark      the generation that is there; moved last
    <base>changes/lock      who writes, and until when that holds unless it is renewed
    <base>changes/journal   what has been begun and not ended: the documents, and what they said before
    <base>changes/next      what will be said of the change that has been begun
    <base>changes/parts     a document that is too long for one request, until it is whole
    <base>changes/before    what documents said before each change

Every update of a writer asks for the lock under the writer's token: of one who has lost it, an engine takes nothing.

Source: SPARQL 1.1 Update, sections 3.1.1 (INSERT DATA) and 3.1.3 (DELETE/INSERT).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad

from kgcompare.errors import EndpointError
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.queries import load, with_data, with_terms
from kgcompare.store import answers
from kgcompare.store.base import Solutions
from kgcompare.store.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Ledger:
    """The names of these graphs."""

    base: Base

    def _named(self, what: str) -> str:
        return f"{self.base.history_graph}/{what}"

    @property
    def mark(self) -> str:
        """The graph of the generation that is there."""
        return self._named("mark")

    @property
    def lock(self) -> str:
        """The graph of who writes."""
        return self._named("lock")

    @property
    def journal(self) -> str:
        """The graph of what has been begun."""
        return self._named("journal")

    @property
    def next(self) -> str:
        """The graph of what will be said of a change."""
        return self._named("next")

    @property
    def parts(self) -> str:
        """The graph in which a long document is made."""
        return self._named("parts")

    @property
    def before(self) -> str:
        """The graph of what documents said before."""
        return self._named("before")

    def entry(self, generation: str, number: int) -> str:
        """The IRI of what is kept of a document that the change which makes a generation is about."""
        return f"{self.base.change(generation)}#before-{number}"

    def generation_of(self, entry: str) -> str:
        """The generation that the change of an entry makes."""
        return entry.removeprefix(self.base.history_graph + "/").partition("#")[0]

    def fence(self, token: str) -> Fence:
        """What whoever holds the lock under a token can do."""
        return Fence(self.lock, token)


@dataclass(frozen=True, slots=True)
class Fence:
    """Updates that change something only as long as a lock is held under a token."""

    lock: str
    token: str

    def _text(self, name: str, graph: str = "", source: str = "", subjects: Iterable[str] = ()) -> str:
        query = load(name)
        text = _bare(query.bind(subject=[NamedNode(one) for one in subjects]) if subjects else query.text)
        terms: dict[str, NamedNode | Literal] = {"lock": NamedNode(self.lock), "token": Literal(self.token)}
        if graph:
            terms["graph"] = NamedNode(graph)
        if source:
            terms["source"] = NamedNode(source)
        return with_terms(text, terms)

    def empty(self, graph: str) -> str:
        """Removes all that a graph says."""
        return self._text("fenced_empty", graph)

    def insert(self, quads: Iterable[Quad]) -> str:
        """Adds statements, which no more than one update may share blank nodes with."""
        return with_data(self._text("fenced_insert"), quads)

    def replace(self, graph: str, quads: Sequence[Quad]) -> str:
        """Has a graph say something else; nothing, where there are no statements."""
        return in_turn([self.empty(graph), *([self.insert(quads)] if quads else [])])

    def copy(self, source: str, graph: str) -> str:
        """Adds to a graph all that another one says."""
        return self._text("fenced_copy", graph, source)

    def keep(self, source: str, graph: str) -> str:
        """Adds to a graph what a journal says of documents."""
        return self._text("fenced_keep", graph, source)

    def remove(self, graph: str, subjects: Sequence[str]) -> str:
        """Removes all that a graph says of some things."""
        return self._text("fenced_remove", graph, subjects=subjects)

    def take(self, quads: Iterable[Quad]) -> str:
        """Says who holds the lock, where nobody does."""
        return with_data(with_terms(_bare(load("lock_take").text), {"lock": NamedNode(self.lock)}), quads)

    def renew(self, until: str) -> str:
        """Holds the lock for longer."""
        text = _bare(load("lock_renew").bind(until=[Literal(until)]))
        return with_terms(text, {"lock": NamedNode(self.lock), "token": Literal(self.token)})

    def leave(self) -> str:
        """Lets the lock go."""
        return self._text("lock_leave")


def asked(endpoint: Endpoint, name: str, **values: Iterable[NamedNode]) -> list[tuple[str, ...]]:
    """What the endpoint itself says at this moment: the texts in each solution of a query, in its order of columns;
    empty where there is none.

    :raises EndpointError: if it cannot be asked.
    """
    query = load(name)
    columns = re.findall(r"\?(\w+)", re.search(r"^SELECT (.*)$", query.text, re.MULTILINE)[1])  # type: ignore[index]
    media, body = endpoint.ask(query.bind(**values))
    answer = answers.understood(media, body, endpoint.url)
    if not isinstance(answer, Solutions) or not set(columns) <= set(answer.variables):
        raise EndpointError(f"{endpoint.url} did not answer with {', '.join(columns)}")
    places = [answer.variables.index(column) for column in columns]
    return [tuple(str(getattr(row[place], "value", "")) for place in places) for row in answer.rows]


def mark_of(endpoint: Endpoint, base: Base) -> str:
    """The generation that the mark names now; empty where there is none.

    :raises EndpointError: if the endpoint cannot be asked.
    """
    rows = asked(endpoint, "endpoint_mark", graph=[NamedNode(Ledger(base).mark)])
    return max(((made, generation) for generation, made in rows), default=("", ""))[1]


def in_turn(updates: Iterable[str]) -> str:
    """Several updates as one request, which an engine applies in their order."""
    return " ;\n".join(updates)


def _bare(update: str) -> str:
    """An update without the comments that a file begins with."""
    return update[update.index("\n\n") :].strip()
