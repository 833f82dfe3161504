"""The process that evaluates strangers' queries: ``python -m kgcompare.sandbox.worker SNAPSHOT MEMORY``.

Reads requests from stdin and writes answers to stdout, each a head followed by the bytes that it announces. It
opens the store first and gives up network and memory then.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import sys
from typing import BinaryIO

import pyoxigraph
from pyoxigraph import DefaultGraph, NamedNode, QueryBoolean, QuerySolutions, QueryTriples

from kgcompare.errors import DataError
from kgcompare.rdf.sparql_text import is_of_the_query, names_dataset, unmistakable
from kgcompare.sandbox import confinement, lifeline
from kgcompare.sandbox.request import Head, Outcome, Request
from kgcompare.sandbox.results import result_bytes, statement_bytes

_NICE = 10
"""What a worker takes from its priority once it has started: whoever asks for a page comes before its queries."""
_LONGEST_DETAIL = 2_000
"""Characters of what an engine says about a query."""


def evaluate(store: pyoxigraph.Store, request: Request) -> tuple[Head, bytes]:
    """The answer to one request: what it is, and its bytes, none where it is a fault."""
    try:
        results = _results(store, request)
        if isinstance(results, QueryTriples):
            body = statement_bytes(results, request.rdf, request.prefixes, request.most_rows, request.most_bytes)
            return Head(Outcome.ANSWERED, request.rdf), body
        body = result_bytes(results, request.solutions, request.most_rows, request.most_bytes)
        return Head(Outcome.ANSWERED, request.solutions), body
    except SyntaxError as fault:
        return Head(Outcome.REFUSED, detail=str(fault.msg)[:_LONGEST_DETAIL]), b""
    except DataError as fault:
        return Head(Outcome.REFUSED, detail=str(fault)), b""
    except (MemoryError, RecursionError):
        return Head(Outcome.OVERRUN, detail="the query needs more memory than it may have"), b""
    except RuntimeError as fault:
        if is_of_the_query(fault):
            return Head(Outcome.REFUSED, detail=str(fault)[:_LONGEST_DETAIL]), b""
        return Head(Outcome.OVERRUN, detail="the data cannot be read just now; try again in a moment"), b""
    except OSError:
        return Head(Outcome.OVERRUN, detail="the data cannot be read just now; try again in a moment"), b""
    except ValueError as fault:
        return Head(Outcome.REFUSED, detail=str(fault)[:_LONGEST_DETAIL]), b""


def _results(store: pyoxigraph.Store, request: Request) -> QuerySolutions | QueryBoolean | QueryTriples:
    """What the engine finds: in the dataset of the request, of the query, or else in the union of all graphs."""
    query = unmistakable(request.query)
    if request.default or request.named:
        return store.query(
            query,
            base_iri=request.base,
            default_graph=[NamedNode(name) for name in request.default],
            named_graphs=[NamedNode(name) for name in request.named],
        )
    union = not names_dataset(query)
    return store.query(query, base_iri=request.base, use_default_graph_as_union=union)


def answer_requests(store: pyoxigraph.Store, source: BinaryIO, target: BinaryIO) -> None:
    """Answers requests, one a line of *source*, until there are no more.

    :raises Unavailable: for a line that is no request.
    """
    for line in source:
        request = Request.from_bytes(line)
        # The parent kills a worker that is late; where the parent is dead, this signal does.
        signal.setitimer(signal.ITIMER_REAL, request.seconds + 1.0)
        head, body = evaluate(store, request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        target.write(dataclasses.replace(head, length=len(body)).to_bytes() + body)
        target.flush()


def main() -> None:
    """Opens the snapshot, gives up what is not needed, says what it cannot do any more, and answers."""
    lifeline.end_with(os.getppid())
    store = pyoxigraph.Store.read_only(sys.argv[1])
    next(iter(store.quads_for_pattern(None, None, None, DefaultGraph())), None)
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    held = confinement.confine(int(sys.argv[2]))
    sys.stdout.buffer.write(Head(Outcome.READY, held=tuple(held)).to_bytes())
    sys.stdout.buffer.flush()
    answer_requests(store, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
