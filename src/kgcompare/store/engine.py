"""An endpoint asked so that any engine gives the same answer: over the graphs of the catalogue, and never cut short."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence

from pyoxigraph import Literal, NamedNode

from kgcompare.errors import EndpointError, QueryError
from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.queries import load
from kgcompare.rdf.scoping import OURS, kind_of_query, scoped
from kgcompare.rdf.sparql_text import names_dataset, placed_tokens
from kgcompare.store import answers
from kgcompare.store.base import Results, Solutions, Verdict
from kgcompare.store.endpoint import Endpoint
from kgcompare.store.probing import MANY, Graphs, Traits, traits_of

_THREE = re.compile(r"\bCONSTRUCT\s*\{\s*([?$]\w+)\s+([?$]\w+)\s+([?$]\w+)\s*\.?\s*\}\s*(?=WHERE\b|\{)", re.IGNORECASE)
"""A template of three variables: a SELECT of these, which engines answer whole and in one form."""

_PARTS = ("subject", "predicate", "object")
_GRAPHS = 100
"""Graphs whose statements are asked for at a time."""


class Engine:
    """What answers behind an endpoint."""

    def __init__(self, endpoint: Endpoint, base: Base, graphs: Sequence[str] = (), *, probe: bool = True) -> None:
        """Asks nothing yet; what the engine can do is found out with the first question, unless *probe* is false.

        :raises UsageError: if *graphs* are no patterns of names.
        """
        self.endpoint = endpoint
        self.graphs = Graphs.of(graphs, base)
        self.probe = probe
        self._traits: Traits | None = None
        self._probing = threading.Lock()
        self._uncut = 0
        self._cap = 0

    @property
    def traits(self) -> Traits | None:
        """What it can do; None where nobody wants to know.

        :raises EndpointError: if it cannot be asked.
        """
        if self.probe and self._traits is None:
            with self._probing:
                if self._traits is None:
                    found = traits_of(self.ask, self.graphs)
                    self._cap = found.cap
                    self._uncut = 0 if found.cap else min(found.statements, MANY)
                    self._traits = found
        return self._traits

    def fresh_traits(self) -> Traits:
        """What it can do now.

        :raises EndpointError: if it cannot be asked.
        """
        self._traits = None
        found = self.traits
        return traits_of(self.ask, self.graphs) if found is None else found

    def look_again(self) -> None:
        """Has the next question find out again what may have changed with the data: whether there are graphs of the
        catalogue, and of others."""
        if self._traits is not None and not (self._traits.named and self._traits.foreign):
            self._traits = None

    def ask(self, query: str) -> Results:
        """The answer to a query as it stands.

        :raises QueryError: if the endpoint refuses it.
        :raises EndpointError: if there is no answer.
        """
        return self._understood(query, *self.endpoint.ask(query))

    def pass_on(self, query: str, dataset: Sequence[tuple[str, str]], most_bytes: int) -> Results:
        """The answer to a stranger's query, which was screened: over the catalogue's graphs, in one piece or none.

        *dataset* are parameters of the protocol that name graphs of the catalogue, *most_bytes* what the answer may
        have.

        :raises QueryError: if the endpoint refuses it, or gives no more than so much of the answer.
        :raises EndpointError: if there is no answer.
        """
        traits = self.traits
        as_it_is = traits is None or traits.plain or dataset or kind_of_query(query) in {"DESCRIBE", ""}
        written = query if as_it_is else scoped(query, self.graphs.condition)
        answer = self._understood(query, *self.endpoint.ask(written, most_bytes, dataset, of_stranger=True))
        if not isinstance(answer, Verdict):
            found = len(answer.rows if isinstance(answer, Solutions) else answer.triples)
            if self._cap and found >= self._cap:
                raise QueryError(
                    f"the engine behind this catalogue gives {self._cap:,} solutions at most, so that nobody can know "
                    "whether these are all; ask for less, for instance with LIMIT"
                )
        return _without_ours(answer) if isinstance(answer, Solutions) else answer

    def _understood(self, query: str, media: str, body: bytes) -> Results:
        answer = answers.understood(media, body, self.endpoint.url)
        form = kind_of_query(query) if isinstance(answer, Solutions) else ""
        if form == "ASK" and isinstance(answer, Solutions):
            return self._verdict(answer)
        if form in {"CONSTRUCT", "DESCRIBE"} and isinstance(answer, Solutions):
            return answers.statements_in(answer, self.endpoint.url)
        return answer

    def query(self, query: str) -> Results:
        """The answer to a query over the catalogue's graphs, all of it.

        :raises QueryError: if the endpoint refuses it, or it cannot be asked of this engine.
        :raises EndpointError: if there is no answer, or it cannot be had whole.
        """
        traits = self.traits
        if traits is None:
            return self.ask(query)
        if not names_dataset(query) and (template := _THREE.search(query)):
            select = f"{query[: template.start()]}SELECT {' '.join(template.groups())} {query[template.end() :]}"
            return answers.statements_in(self._whole(select, traits), self.endpoint.url)
        form = kind_of_query(query)
        if form == "" or names_dataset(query) or (form == "DESCRIBE" and traits.plain):
            return self.ask(query)
        if form == "SELECT":
            return self._whole(query, traits)
        return self.ask(query if traits.plain else scoped(query, self.graphs.condition))

    def select(self, query: str) -> Solutions:
        """All solutions of a SELECT as it stands.

        :raises QueryError: if the endpoint refuses it.
        :raises EndpointError: if there is no answer, or it cannot be had whole.
        """
        return self._whole(query, None) if self.traits is not None else self._solutions(query)

    def statements(self) -> Iterator[tuple[Term | None, ...]]:
        """Subject, predicate, object and graph of all statements of the catalogue, as many at a time as it bears; no
        graph for those of the default graph alone.

        :raises EndpointError: if there is no answer.
        """
        traits = self.traits
        if traits is None or not traits.named:
            yield from ((*row, None) for row in self._columns(load("probes/default").text, *_PARTS))
            return
        number = 0
        for number, row in enumerate(self._in_graphs(traits.few), 1):  # noqa: B007  (asked for below)
            yield row
        if traits.plain and number < traits.statements:
            yield from ((*row, None) for row in self._columns(load("probes/loose").text, *_PARTS))

    def _in_graphs(self, at_once: bool) -> Iterator[tuple[Term | None, ...]]:
        query = load("probes/statements")
        if at_once:
            yield from self._columns(query.text, *_PARTS, "graph")
            return
        names = [graph for (graph,) in self._columns(load("graphs").text, "graph") if isinstance(graph, NamedNode)]
        size = _GRAPHS
        while names:
            try:
                rows = list(self._columns(query.bind(graph=names[:size]), *_PARTS, "graph"))
            except EndpointError:
                if size == 1:
                    raise
                size = max(1, size // 4)
                continue
            yield from rows
            names = names[size:]

    def _columns(self, query: str, *names: str) -> Iterator[tuple[Term | None, ...]]:
        return columns_of(self.query(query), self.endpoint.url, *names)

    def _whole(self, query: str, traits: Traits | None) -> Solutions:
        """All solutions of a SELECT; where the engine gives no more than so many, page by page."""
        written = query if traits is None or traits.plain else scoped(query, self.graphs.condition)
        answer = self._solutions(written)
        found = len(answer.rows)
        if found and found >= (self._cap or self._uncut + 1):
            answer = self._paged(written, answer)
        return _without_ours(answer)

    def _paged(self, query: str, first: Solutions) -> Solutions:
        """What comes after the first solutions, if anything does: then all of them anew, in one order."""
        size = len(first.rows)
        if not self._solutions(_page(query, first.variables, size, 1, ordered=False)).rows:
            self._uncut = max(self._uncut, size)
            return first
        self._cap = size
        rows: list[tuple[Term | None, ...]] = []
        while True:
            page = self._solutions(_page(query, first.variables, len(rows), size, ordered=True))
            rows += page.rows
            if len(page.rows) < size:
                break
        counted = self._solutions(_count(query)).rows
        if not counted or answers.counted_number(counted[0][0]) != len(rows):
            raise EndpointError(
                f"{self.endpoint.url} gives {size} solutions at most, and the pages of this answer do not add up; "
                "ask for less, or let it give more (kgcompare doctor says how)"
            )
        return Solutions(first.variables, rows)

    def _solutions(self, query: str) -> Solutions:
        answer = self.ask(query)
        if not isinstance(answer, Solutions):
            raise EndpointError(f"{self.endpoint.url} did not answer a SELECT with solutions")
        return answer

    def _verdict(self, answer: Solutions) -> Verdict:
        """Some engines answer an ASK with a table of one cell."""
        cell = answer.rows[0][0] if len(answer.variables) == 1 and len(answer.rows) == 1 else None
        if not isinstance(cell, Literal) or cell.value not in {"0", "1", "false", "true"}:
            raise EndpointError(f"{self.endpoint.url} did not answer an ASK with true or false")
        return Verdict(cell.value in {"1", "true"})


def columns_of(answer: Results, url: str, *names: str) -> Iterator[tuple[Term | None, ...]]:
    """The terms of some variables in each solution, whatever else an endpoint brings along and in whatever order.

    :raises EndpointError: if it leaves one of them out.
    """
    missing = set(names) - set(answer.variables if isinstance(answer, Solutions) else ())
    if not isinstance(answer, Solutions) or missing:
        what = f"?{', ?'.join(sorted(missing))} is not in it"
        raise EndpointError(f"{url} answered something that is no SPARQL result: {what}")
    places = [answer.variables.index(name) for name in names]
    return (tuple(row[place] for place in places) for row in answer.rows)


def _parts(query: str) -> tuple[str, str]:
    """What stands before the SELECT, and the rest."""
    for kind, text, start, _ in placed_tokens(query):
        if kind == "word" and text.upper() == "SELECT":
            return query[:start], query[start:]
    raise QueryError("this is not a SELECT query")


def _without_ours(answer: Solutions) -> Solutions:
    """Solutions without the variables that were put into the query."""
    names = [name for name in answer.variables if not name.startswith(OURS)]
    if len(names) == len(answer.variables):
        return answer
    places = [answer.variables.index(name) for name in names]
    return Solutions(tuple(names), [tuple(row[place] for place in places) for row in answer.rows])


def _page(query: str, variables: Sequence[str], start: int, size: int, *, ordered: bool) -> str:
    """Some of a query's solutions, in an order: its own, if it has one."""
    prologue, select = _parts(query)
    names = " ".join(f"?{name}" for name in variables) or "*"
    page = _bare("probes/page").replace("<urn:kgcompare:query>", f"{select}\n")
    page = re.sub(r"LIMIT 1\s+OFFSET 0\s*\Z", f"LIMIT {size}\nOFFSET {start}\n", page)
    if not ordered or not variables or _is_ordered(select):
        page = page.replace("ORDER BY ?columns", "")
    return prologue + page.replace("?columns", names)


def _count(query: str) -> str:
    prologue, select = _parts(query)
    return prologue + _bare("probes/all").replace("<urn:kgcompare:query>", f"{select}\n")


def _bare(name: str) -> str:
    return re.sub(r"^#.*\n", "", load(name).text, flags=re.MULTILINE)


def _is_ordered(select: str) -> bool:
    """Whether a SELECT says in what order its solutions come."""
    depth = 0
    for kind, text, _, _ in placed_tokens(select):
        depth += (text == "{") - (text == "}")
        if depth == 0 and kind == "word" and text.upper() == "ORDER":
            return True
    return False
