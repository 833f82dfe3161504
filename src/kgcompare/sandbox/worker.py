"""The process that evaluates strangers' queries: ``python -m kgcompare.sandbox.worker SNAPSHOT MEMORY``.

Reads requests from stdin and writes answers to stdout, each a JSON line followed by the bytes that it announces. It
opens the store first and gives up network and memory then.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any, BinaryIO

import pyoxigraph
from pyoxigraph import DefaultGraph, NamedNode, QuerySolutions, QueryTriples

from kgcompare.formats import solutions
from kgcompare.rdf.sparql_text import names_dataset
from kgcompare.rdf.syntaxes import SYNTAXES
from kgcompare.sandbox import confinement
from kgcompare.store.base import Solutions, Verdict

_TOO_LARGE = "the answer has more than {most} {what}; ask for less, for instance with LIMIT"


class _TooLarge(Exception):
    """The answer has more rows or bytes than it may have."""


class _Bounded(io.BytesIO):
    """Takes bytes up to a number."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.most:
            raise _TooLarge(_TOO_LARGE.format(most=self.most, what="bytes"))
        return super().write(data)


def answer(store: pyoxigraph.Store, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The answer to one request: what it is, and its bytes."""
    query: str = asked["query"]
    dataset: dict[str, Any] = {}
    if asked["default"] or asked["named"]:
        dataset["default_graph"] = [NamedNode(name) for name in asked["default"]]
        dataset["named_graphs"] = [NamedNode(name) for name in asked["named"]]
    elif not names_dataset(query):
        dataset["use_default_graph_as_union"] = True
    try:
        found = store.query(query, base_iri=asked["base"], **dataset)
        if isinstance(found, QueryTriples):
            form = asked["rdf"]
            out = _Bounded(asked["bytes"])
            pyoxigraph.serialize(
                _bounded(found, asked["rows"]),
                out,
                SYNTAXES[form].engine,
                prefixes=asked["prefixes"] if form in {"ttl", "trig", "rdf"} else None,
            )
            return {"status": "ok", "form": form}, out.getvalue()
        if isinstance(found, QuerySolutions):
            names = tuple(variable.value for variable in found.variables)
            rows = [tuple(solution) for solution in _bounded(found, asked["rows"])]
            body = solutions.write(Solutions(names, rows), asked["solutions"]).encode()
        else:
            body = solutions.write(Verdict(bool(found)), asked["solutions"]).encode()
        if len(body) > asked["bytes"]:
            return {"status": "large", "detail": _TOO_LARGE.format(most=asked["bytes"], what="bytes")}, b""
        return {"status": "ok", "form": asked["solutions"]}, body
    except SyntaxError as fault:
        return {"status": "malformed", "detail": str(fault.msg)}, b""
    except _TooLarge as fault:
        return {"status": "large", "detail": str(fault)}, b""
    except MemoryError:
        return {"status": "memory", "detail": "the query needs more memory than it may have"}, b""
    except (ValueError, RuntimeError, OSError) as fault:
        return {"status": "failed", "detail": str(fault)[:500]}, b""


def _bounded(found: Any, most: int) -> Any:
    for number, item in enumerate(found):
        if number >= most:
            raise _TooLarge(_TOO_LARGE.format(most=most, what="rows"))
        yield item


def serve(store: pyoxigraph.Store, source: BinaryIO, target: BinaryIO) -> None:
    """Answers requests until there are no more."""
    for line in source:
        head, body = answer(store, json.loads(line))
        target.write(json.dumps({**head, "length": len(body)}).encode() + b"\n" + body)
        target.flush()


def main() -> None:
    """Opens the snapshot, gives up what is not needed, says so, and serves."""
    store = pyoxigraph.Store.read_only(sys.argv[1])
    next(iter(store.quads_for_pattern(None, None, None, DefaultGraph())), None)
    confinement.bound(int(sys.argv[2]))
    closed = confinement.close_network()
    sys.stdout.buffer.write(json.dumps({"ready": True, "seccomp": closed}).encode() + b"\n")
    sys.stdout.buffer.flush()
    serve(store, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
