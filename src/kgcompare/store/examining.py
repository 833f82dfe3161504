"""What one wants to know of an endpoint before one relies on it: each thing, what it means, and what to do.

Nothing is written unless that is asked for; then into a graph of its own, which goes again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal as OneOf
from typing import cast

from pyoxigraph import Literal, NamedNode, Quad

from kgcompare.errors import DataError, StoreError, reason
from kgcompare.rdf.namespaces import Base
from kgcompare.rdf.queries import load, with_data, with_graph
from kgcompare.store.base import Solutions, Verdict
from kgcompare.store.engine import Engine
from kgcompare.store.probing import MANY, Traits

State = OneOf["good", "limited", "missing", "untried"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about an endpoint: its name, what was found, whether that will do, and what it means or calls for."""

    name: str
    found: str
    state: State
    meaning: str


def examined(engine: Engine, base: Base, most_copied: int, *, write: bool = False) -> list[Finding]:
    """What there is to say of an endpoint; with *write* also whether it can be written.

    :raises EndpointError: if it does not answer.
    """
    traits = engine.fresh_traits()
    copied = traits.slow and traits.statements <= most_copied
    found = [
        Finding("engine", engine.endpoint.server or "does not say", "good", "as it names itself"),
        _catalogue(engine, traits),
        _union(traits),
        _others(traits),
        _rows(traits),
        _tried("regular expressions", lambda: _regex(engine), copied),
        _tried("blank nodes", lambda: _blank(engine), copied),
        _tried("result formats", lambda: _formats(engine), copied),
        _tried("a record", lambda: _record(engine), copied),
        _speed(traits, copied, most_copied),
    ]
    if write:
        return [*found, _tried("SPARQL Update", lambda: _update(engine, base)), _store(engine, base)]
    said = "not tried; --write tries it, in a graph of its own that goes again"
    return [*found, *(Finding(name, "", "untried", said) for name in ("SPARQL Update", "Graph Store Protocol"))]


def is_usable(findings: list[Finding]) -> bool:
    """Whether nothing is missing that reading needs."""
    return all(finding.state != "missing" for finding in findings)


def _tried(name: str, trial: Callable[[], Finding], copied: bool = False) -> Finding:
    try:
        found = trial()
    except (StoreError, DataError) as fault:
        found = Finding(name, reason(fault), "missing", "kgcompare needs this")
    if copied and found.state == "missing":
        return replace(found, state="limited", meaning="it does without: the catalogue is read whole")
    return found


def _catalogue(engine: Engine, traits: Traits) -> Finding:
    patterns = " ".join(engine.graphs.patterns)
    if traits.named:
        return Finding("graphs", f"{traits.statements:,} statements seen", "good", f"the catalogue is {patterns}")
    if traits.statements:
        meaning = f"no graph is {patterns}, so the default graph is the catalogue; --endpoint-graphs names others"
        return Finding("graphs", f"{traits.statements:,} statements in the default graph", "limited", meaning)
    return Finding("graphs", "nothing", "missing", f"there is nothing in {patterns}; import, or --endpoint-graphs")


def _union(traits: Traits) -> Finding:
    if not traits.named:
        return Finding("union default graph", "no named graphs", "good", "nothing to unite")
    if traits.union:
        return Finding("union default graph", "yes", "good", "the default graph has what the named graphs have")
    return Finding("union default graph", "no", "good", "queries name the graphs themselves, at a little cost")


def _others(traits: Traits) -> Finding:
    if traits.foreign:
        return Finding("other graphs", "yes", "good", "they are left out: queries name the catalogue's graphs")
    return Finding("other graphs", "none", "good", "nothing is to be left out")


def _rows(traits: Traits) -> Finding:
    if not traits.cap:
        return Finding("row limit", f"none below {min(MANY, traits.statements):,}", "good", "answers come whole")
    meaning = "longer answers are fetched in pages; allow more where you can (Virtuoso: ResultSetMaxRows)"
    return Finding("row limit", f"{traits.cap:,}", "limited", meaning)


def _regex(engine: Engine) -> Finding:
    answer = engine.ask(load("probes/regex").text)
    if isinstance(answer, Verdict) and answer.value:
        return Finding("regular expressions", "yes", "good", "dates and names of graphs are told by them")
    return Finding("regular expressions", "no", "missing", "dates and names of graphs are told by them")


def _blank(engine: Engine) -> Finding:
    answer = engine.query(load("probes/blank").text)
    if not isinstance(answer, Solutions) or not answer.rows:
        return Finding("blank nodes", "none seen", "good", "nothing to keep apart")
    node, again = answer.rows[0]
    if node == again:
        return Finding("blank nodes", "one label an answer", "good", "a label is never taken to another answer")
    return Finding("blank nodes", "two labels for one node", "missing", "records with structured values fall apart")


def _formats(engine: Engine) -> Finding:
    seen = [engine.endpoint.ask(load(name).text)[0] for name in ("probes/thing", "probes/regex", "shapes")]
    texts = ", ".join(dict.fromkeys(media or "none named" for media in seen))
    return Finding("result formats", texts, "good", "of a SELECT, an ASK and a CONSTRUCT; all of these are read")


def _record(engine: Engine) -> Finding:
    things = engine.query(load("probes/thing").text)
    if not isinstance(things, Solutions) or not things.rows:
        return Finding("a record", "no thing with a class", "missing", "there is nothing to compare")
    thing = cast("NamedNode", things.rows[0][0])
    start = time.monotonic()
    engine.query(load("record").bind(method=[thing], method__inverse=[]))
    seconds = time.monotonic() - start
    state: State = "good" if seconds < 1 else "limited"
    return Finding("a record", f"{seconds * 1000:,.0f} ms", state, "as long as a comparison, if nothing is kept")


def _speed(traits: Traits, copied: bool, most_copied: int) -> Finding:
    rate = traits.statements / max(traits.seconds, 0.001)
    found = f"{traits.statements:,} statements counted in {traits.seconds:.2f} s"
    if not traits.slow:
        return Finding("speed", found, "good", "each question is asked when it arises")
    why = "comparisons are more than it can do" if not traits.able else f"{rate:,.0f} a second are few"
    if copied:
        return Finding("speed", found, "limited", f"{why}: the catalogue is read whole, and kept until it changes")
    meaning = f"{why}, and more than {most_copied:,} are not read whole (--endpoint-copied); take a quicker engine"
    return Finding("speed", found, "limited" if traits.able else "missing", meaning)


def _update(engine: Engine, base: Base) -> Finding:
    graph = NamedNode(f"{base.history_graph}/trial-{secrets.token_hex(8)}")
    node = NamedNode("urn:kgcompare:trial")
    there = load("graph").bind(graph=[graph])
    try:
        try:
            engine.endpoint.update(with_data(load("probes/insert").text, [Quad(node, node, Literal("trial"), graph)]))
            written = len(engine.select(there).rows)
        finally:
            engine.endpoint.update(with_graph(load("drop_graph").text, graph))
    except (StoreError, DataError) as fault:
        return Finding("SPARQL Update", reason(fault), "limited", "the catalogue can be read, and not written")
    if written != 1 or engine.select(there).rows:
        return Finding("SPARQL Update", "done, and not seen", "limited", "what is written is not read back at once")
    return Finding("SPARQL Update", "yes", "good", "the catalogue can be written")


def _store(engine: Engine, base: Base) -> Finding:
    name, endpoint = "Graph Store Protocol", engine.endpoint
    if not endpoint.keeps_graphs:
        return Finding(name, "no address", "untried", "not needed; --graph-store names its address")
    graph = f"{base.history_graph}/trial-{secrets.token_hex(8)}"
    there = load("graph").bind(graph=[NamedNode(graph)])
    try:
        endpoint.put_graph(graph, b'<urn:kgcompare:trial> <urn:kgcompare:trial> "trial" .\n')
        written = len(engine.select(there).rows)
        endpoint.delete_graph(graph)
    except (StoreError, DataError) as fault:
        return Finding(name, reason(fault), "limited", "graphs are written by SPARQL Update")
    return Finding(name, "yes" if written == 1 else "done, and not seen", "good", "a graph can be put as a whole")
