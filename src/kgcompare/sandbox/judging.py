"""Shapes judge records in a child: a pattern or a structure that takes it too long is named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, Any

import pyoxigraph
from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple

from kgcompare.errors import DataError, Fault, KgcompareError, Seam, ShapeError, Unavailable
from kgcompare.rdf.graph import Graph, as_term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.sandbox.job import Job, Part
from kgcompare.sandbox.limits import Limits
from kgcompare.schema.extract import Asked
from kgcompare.schema.judging import Objection

_ASKED_OF = NamedNode(PREFIXES["sh"] + "targetNode")
_GRACE = 5.0
"""Seconds that a child has to say, at its limit, where it is."""
_STATEMENTS = 1000
"""Statements for which all shapes together have as long as one shape has for one record."""
_KINDS: dict[str, type[KgcompareError]] = {"ShapeError": ShapeError, "Unavailable": Unavailable}


class ConfinedJudge:
    """Judges statements by shapes as :class:`~kgcompare.schema.judging.Judge` does, in a child of its own.

    The child starts beside the caller. After the ``with`` block one child is left for whoever judges next, since its
    start takes longer than most validations; it ends with this process. It keeps the shapes that it was told last, and
    is told them again only where they are others.
    """

    def __init__(self, shapes: Iterable[Triple], limits: Limits | None = None) -> None:
        self._shapes = tuple(shapes)
        self._limits = limits or Limits()
        self._job = Job.started("judge", self._limits.validation_memory)

    def __call__(self, data: Graph | Sequence[Triple], lang: str, asked: Asked | None = None) -> list[Objection]:
        """The faults of some statements, in an order that depends on nothing else; of the nodes that shapes are
        *asked* of alone, if that is said.

        :raises ShapeError: if pySHACL cannot use the shapes.
        :raises DataError: if it cannot finish: says which record and which shape took it too long, where it knows.
        """
        data = data if isinstance(data, Graph) else Graph(data)
        if not self._job.alive():
            self._job.close()
            self._job = Job("judge", self._limits.validation_memory)
        step = self._limits.validation_time
        whole = step * (1 + data.count / _STATEMENTS)
        late = f"the validation took more than {whole:.0f} seconds; --validation-time gives it more"
        died = (
            "the validation ended its process: something nests too deeply or it needs too much memory "
            "(--validation-memory gives it more)"
        )
        with (
            ExitStack() as files,
            Seam((OSError,), lambda why: DataError(f"the records cannot be validated: {why}")),
            Seam((TimeoutError,), lambda _: DataError(late)),
            Seam((EOFError,), lambda _: DataError(died)),
        ):
            handed = [files.enter_context(_file(data))]
            if asked is not None:
                aims = (Triple(shape, _ASKED_OF, node) for shape, nodes in asked.items() for node in nodes)
                handed.append(files.enter_context(_file(aims)))
            if self._job.knows != self._shapes:
                self._job.knows = None  # until it has judged by them
                handed.append(files.enter_context(_file(self._shapes)))
            answer = self._job.ask(
                whole + _GRACE,
                [file.fileno() for file in handed],
                lang=lang,
                step=step,
                whole=whole,
                asks=asked is not None,
            )
            found = [finding for part in answer for finding in self._findings(part, data, late)]
        self._job.knows = self._shapes
        return found

    def _findings(self, part: Part, data: Iterable[Triple], late: str) -> list[Objection]:
        match part.says:
            case {"outcome": "fault", "kind": str(kind), "detail": str(detail)}:
                raise _KINDS.get(kind, DataError)(detail)
            case {"outcome": "stuck", "place": dict(place)}:
                raise DataError(_said(place, data, self._limits.validation_time) if place else late)
            case {"outcome": "part"}:
                return [_objection(one) for one in json.loads(part.body)]
        return []

    def close(self) -> None:
        """Leaves the child to the next one, or ends it."""
        self._job.leave()

    def __enter__(self) -> ConfinedJudge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _file(said: Graph | Iterable[Triple]) -> IO[bytes]:
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115  (the caller closes it)
    if isinstance(said, Graph):
        file.write("".join(said.lines()).encode())
    else:
        pyoxigraph.serialize(said, file, RdfFormat.N_TRIPLES)
    file.seek(0)
    return file


def _objection(one: dict[str, Any]) -> Objection:
    lines = "".join(f"<x:> <x:> {node} .\n" for node in one["nodes"])
    focus, *shape = (as_term(quad.object) for quad in pyoxigraph.parse(lines, RdfFormat.N_TRIPLES))
    return Fault(**one["fault"]), focus, next(iter(shape), None)


def _said(place: dict[str, str | None], data: Iterable[Triple], seconds: float) -> str:
    """What took too long, of which record."""
    record = place.get("focus")
    above = {triple.object: triple.subject for triple in data} if record is None else {}
    node = above.get(BlankNode(place.get("blank") or "none"))
    for _ in range(len(above)):
        if isinstance(node, NamedNode):
            record = node.value
            break
        node = above.get(node) if node is not None else None
    shape = f"<{place['shape']}>" if place.get("shape") else "without a name"
    path = f" with the path <{place['path']}>" if place.get("path") else ""
    return (
        f"<{record}> cannot be validated: the shape {shape}{path} takes more than {seconds:g} seconds with it; "
        "nothing was written. Mend the one or the other, or give it more with --validation-time"
    )
