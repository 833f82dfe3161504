"""What goes through the pipes of a worker: a request each way in, the head of an answer and its bytes each way out.

Both ends write and read one JSON object a line by the classes here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from kgcompare.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Request:
    """A query, the dataset that the protocol names for it, the formats for either kind of answer, and their bounds.

    *seconds* is what the query may take, *most_rows* and *most_bytes* what its answer may have. *base* is the IRI that
    relative ones are resolved against; *default* and *named* are IRIs of graphs; *solutions* is ``json``, ``xml``,
    ``csv`` or ``tsv``, and *rdf* a key of :data:`kgcompare.rdf.syntaxes.SYNTAXES`, whose *prefixes* are names and the
    IRIs that they stand for.
    """

    query: str
    seconds: float
    most_rows: int
    most_bytes: int
    base: str | None = None
    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    solutions: str = "json"
    rdf: str = "ttl"
    prefixes: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The request as a line."""
        return _line(asdict(self))

    @classmethod
    def from_bytes(cls, line: bytes) -> Request:
        """The request that a line carries.

        :raises Unavailable: if it carries none.
        """
        match _object(line):
            case {
                "query": str(query),
                "seconds": (int() | float()) as seconds,
                "most_rows": int(most_rows),
                "most_bytes": int(most_bytes),
                "base": (str() | None) as base,
                "default": list(default),
                "named": list(named),
                "solutions": str(solutions),
                "rdf": str(rdf),
                "prefixes": dict(prefixes),
            }:
                return cls(
                    query=query,
                    seconds=seconds,
                    most_rows=most_rows,
                    most_bytes=most_bytes,
                    base=base,
                    default=tuple(map(str, default)),
                    named=tuple(map(str, named)),
                    solutions=solutions,
                    rdf=rdf,
                    prefixes={str(prefix): str(stands_for) for prefix, stands_for in prefixes.items()},
                )
        raise Unavailable("a worker was sent what is no request")


class Outcome(StrEnum):
    """What became of a request, or of a worker's start."""

    READY = "ready"
    ANSWERED = "answered"
    REFUSED = "refused"
    """The query is at fault."""
    OVERRUN = "overrun"
    """There was too little memory, or the data could not be read."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the bytes of an answer: their format and number, or what was wrong.

    *held* is what a worker that is ready says of itself: which locks hold, each by its name.
    """

    outcome: Outcome
    form: str = ""
    detail: str = ""
    length: int = 0
    held: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """The head as a line."""
        return _line(asdict(self))

    @classmethod
    def from_bytes(cls, line: bytes) -> Head:
        """The head that a line carries.

        :raises Unavailable: if it carries none.
        """
        match _object(line):
            case {
                "outcome": str(outcome),
                "form": str(form),
                "detail": str(detail),
                "length": int(length),
                "held": list(held),
            } if outcome in set(Outcome) and length >= 0:
                return cls(Outcome(outcome), form, detail, length, tuple(map(str, held)))
        raise Unavailable("a worker has sent what is no answer; try again in a moment")


def _line(data: dict[str, object]) -> bytes:
    return json.dumps(data).encode() + b"\n"


def _object(line: bytes) -> object:
    try:
        data: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return data
