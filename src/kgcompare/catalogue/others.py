"""Columns from other catalogues: a thing that is named by its full IRI, and that is not here, is asked for elsewhere.

A list says which catalogues are asked: another kgcompare, at its ``/sparql``, or any SPARQL endpoint with a query that
lifts what it says to our terms. No address but these is ever spoken to, whatever somebody names.

Source: SPARQL 1.1 Query Language, section 16.2 (CONSTRUCT); TOML 1.0.
"""

from __future__ import annotations

import threading
import time
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyoxigraph import NamedNode

from kgcompare.catalogue.comparison import names_in
from kgcompare.catalogue.descriptions import Descriptions
from kgcompare.catalogue.elsewhere import Elsewhere
from kgcompare.errors import KgcompareError, QueryError, Seam, UsageError
from kgcompare.model import Whence
from kgcompare.rdf.graph import Graph
from kgcompare.rdf.namespaces import DEFAULT_BASE, checked_base, is_safe_iri, is_web
from kgcompare.rdf.queries import Query, parse
from kgcompare.sandbox.limits import Limits
from kgcompare.schema.shapes import Shapes
from kgcompare.store.base import Statements
from kgcompare.store.remote import RemoteSnapshot, RemoteStore

_KEYS = {"name", "endpoint", "base", "begins", "lift", "credentials"}
_MOST = 20
"""Catalogues in a list."""
_AT_ONCE = 4
"""Questions that one of them is asked at a time; who comes then is told that it does not answer."""
_DESCRIBED = 8 << 20


@dataclass(frozen=True, slots=True)
class Lent:
    """What another catalogue says of a thing, and of what that names; nothing where it does not answer."""

    whence: Whence
    graph: Graph
    things: Mapping[str, Graph]


class Other:
    """Another catalogue; may be asked by any number of threads."""

    def __init__(self, name: str, store: RemoteStore, begins: str = "", lift: Query | None = None) -> None:
        """*begins* is what the IRIs of its things begin with, if that tells them from those of others; *lift* makes
        statements in our terms of what it says of a ``?thing``."""
        self.name = name
        self.begins = begins
        self._store = store
        self._lift = lift
        self._described: tuple[RemoteSnapshot, Shapes, Descriptions] | None = None
        self._lifted: dict[str, tuple[float, Graph]] = {}
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="other")
        self._free = threading.Semaphore(_AT_ONCE)

    @property
    def whence(self) -> Whence:
        """How its columns say where they come from."""
        return Whence(self.name, self._store.endpoint.url)

    def begin(self, things: Sequence[str], shapes: Shapes) -> Future[dict[str, Lent]] | None:
        """Asks for things, beside; None where it is asked for as much already as it may be."""
        if not self._free.acquire(blocking=False):
            return None
        future = self._threads.submit(self._said, things, shapes)
        future.add_done_callback(lambda _: self._free.release())
        return future

    def _said(self, things: Sequence[str], shapes: Shapes) -> dict[str, Lent]:
        lent = {}
        if self._lift is not None:
            for thing in things:
                graph = self._lifted_by(self._lift, thing)
                lent[thing] = Lent(self.whence, graph, dict.fromkeys(names_in({thing: graph}) | {thing}, graph))
            return lent
        described = self._descriptions(shapes)
        for thing, graph in described.records(things).items():
            lent[thing] = Lent(self.whence, graph, described.things(names_in({thing: graph}) | {thing}))
        return lent

    def _descriptions(self, shapes: Shapes) -> Descriptions:
        """What is known of its present generation."""
        snapshot, known = self._store.snapshot(), self._described
        if known is None or known[0] is not snapshot or known[1] is not shapes:
            known = snapshot, shapes, Descriptions(snapshot, shapes, _DESCRIBED)
            self._described = known
        return known[2]

    def _lifted_by(self, lift: Query, thing: str) -> Graph:
        """What a lift makes of a thing, as long as the endpoint counts as unchanged."""
        asked, graph = self._lifted.get(thing, (0.0, Graph()))
        if not asked or time.monotonic() > asked + self._store.keep:
            answer = self._store.engine.ask(lift.bind(thing=[NamedNode(thing)]))
            if not isinstance(answer, Statements):
                raise QueryError(f"the lift of {self.name} is no CONSTRUCT query")
            graph = Graph(answer.triples)
            if len(self._lifted) > 1000:
                self._lifted.clear()
            self._lifted[thing] = time.monotonic(), graph
        return graph


class Others:
    """The other catalogues, in the order in which they are believed."""

    def __init__(self, others: Sequence[Other], seconds: float) -> None:
        """*seconds* is how long all of them together may take for a comparison."""
        self.others = tuple(others)
        self.seconds = seconds

    def asked(self, wanted: Sequence[str], cls: str, shapes: Shapes) -> dict[str, Lent]:
        """What they say of the IRIs among *wanted* that name things of a class; what none of them has is left out.

        Of a thing that none has said anything of, while one does not answer, that one's silence is given.
        """
        things = [name for name in wanted if is_web(name) and len(name) < 2000 and is_safe_iri(name)]
        questions = {other: those for other in self.others if (those := [t for t in things if self._may(other, t)])}
        begun = [(other, those, other.begin(those, shapes)) for other, those in questions.items()]
        end = time.monotonic() + self.seconds
        found: dict[str, Lent] = {}
        silent: dict[str, Lent] = {}
        for other, those, future in begun:
            said = _waited_for(future, end)
            for thing in those:
                if said is None:
                    silent.setdefault(thing, Lent(replace(other.whence, silent=True), Graph(), {}))
                elif (lent := said.get(thing)) and cls in lent.graph.types(NamedNode(thing)):
                    found.setdefault(thing, lent)
        return silent | found

    def _may(self, other: Other, thing: str) -> bool:
        """Whether another one may have a thing: by the beginning of its IRI, where anyone is known by that."""
        known = [one for one in self.others if one.begins and thing.startswith(one.begins)]
        return other in known if known else not other.begins


def _waited_for(future: Future[dict[str, Lent]] | None, end: float) -> dict[str, Lent] | None:
    """What was asked for; None where it does not come in time, or fails."""
    try:
        return future.result(max(0.0, end - time.monotonic())) if future else None
    except (TimeoutError, KgcompareError):
        return None


def others_in(path: Path, limits: Limits) -> Others:
    """The other catalogues that a TOML file lists, each as a table ``[[catalogue]]`` with ``name`` and ``endpoint``.

    It may have ``base`` (what the IRIs of records of a kgcompare begin with), ``begins`` (what those of any begin with,
    where that tells them from others), ``lift`` (a file with a CONSTRUCT query about ``VALUES ?thing { }``) and
    ``credentials`` (a file). Files are named from where the list is.

    :raises UsageError: for a file that is no such list; it says where.
    """
    with Seam((OSError, UnicodeDecodeError), lambda why: UsageError(f"{path} cannot be read: {why}")):
        text = path.read_text(encoding="utf-8-sig")
    with Seam((tomllib.TOMLDecodeError,), lambda why: UsageError(f"{path} is no TOML: {why}")):
        said = tomllib.loads(text)
    tables = said.get("catalogue")
    if said.keys() - {"catalogue"} or not isinstance(tables, list) or not 0 < len(tables) <= _MOST:
        raise UsageError(f"{path} has to list other catalogues, {_MOST} at most, as tables [[catalogue]]")
    others = [_other(path, number, table, limits) for number, table in enumerate(tables, 1)]
    names = [other.name for other in others]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"{path}: two catalogues are called {', '.join(sorted(twice))}; give each a name of its own")
    return Others(others, limits.others_time)


def _other(path: Path, number: int, table: Any, limits: Limits) -> Other:
    where = f"{path}, catalogue {number}"
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise UsageError(f"{where}: it has to be a table of texts")
    if strange := table.keys() - _KEYS:
        raise UsageError(f"{where}: {', '.join(sorted(strange))} is unknown; there are {', '.join(sorted(_KEYS))}")
    name, endpoint = table.get("name", "").strip(), table.get("endpoint", "")
    if not name or not endpoint:
        raise UsageError(f"{where}: it needs a name and an endpoint")
    lift = None
    if "lift" in table:
        file = path.parent / table["lift"]
        with Seam((OSError, UnicodeDecodeError), lambda why: UsageError(f"{where}: {file} cannot be read: {why}")):
            lift = parse(file.name, file.read_text(encoding="utf-8-sig"))
        try:
            lift.bind(thing=[NamedNode("urn:x-kgcompare:thing")])
        except QueryError:
            raise UsageError(f"{where}: {file} needs a block VALUES ?thing {{ UNDEF }}") from None
    within = replace(limits, timeout=limits.others_time, endpoint_connect=min(limits.endpoint_connect, 2.0))
    credentials = path.parent / table["credentials"] if "credentials" in table else None
    place = Elsewhere(endpoint, credentials=credentials, base=checked_base(table.get("base", DEFAULT_BASE)))
    return Other(name, place.open(within), table.get("begins", ""), lift)
