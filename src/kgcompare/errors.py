"""The exception tree of kgcompare.

Every exception that leaves a public function of this package is one of these::

    KgcompareError
    ├── UsageError              the caller asked for something that does not exist or make sense
    │   ├── TooManyThings       more columns than a comparison may have
    │   ├── UnknownThing        no such record in the catalogue
    │   └── UnknownFormat       no such output format
    ├── DataError               data or a query is at fault; nothing was written
    │   ├── SyntaxFault         a file that cannot be read
    │   ├── InvalidData         data that the shapes refuse; carries the report
    │   ├── Conflict            a record that is there already
    │   ├── ShapeError          a shape that kgcompare cannot use
    │   └── QueryError          a query that is malformed or cannot be answered
    └── StoreError              the store or endpoint cannot be reached or used
        ├── StoreMissing        there is no store at that place
        └── EndpointError       a SPARQL endpoint is down, slow or answers nonsense

A message says what was wrong, where, and what to do. This module imports nothing of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kgcompare.model import ValidationReport


class KgcompareError(Exception):
    """Root of everything that kgcompare raises on purpose."""


class UsageError(KgcompareError):
    """The caller asked for something that does not exist or make sense."""


class TooManyThings(UsageError):
    """A comparison has ten columns at most."""


class UnknownThing(UsageError):
    """None of the records asked for is in the catalogue.

    ``unknown`` lists the identifiers, ``suggestions`` the nearest slugs that do exist.
    """

    def __init__(self, message: str, unknown: tuple[str, ...] = (), suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.unknown = unknown
        self.suggestions = suggestions


class UnknownFormat(UsageError):
    """No such output format."""


class DataError(KgcompareError):
    """Data or a query is at fault; nothing was written."""


class SyntaxFault(DataError):
    """A file that cannot be read. ``source`` names it; ``line`` is 1-based, or None where not known."""

    def __init__(self, message: str, source: str = "", line: int | None = None) -> None:
        where = f"{source}, line {line}: " if line else f"{source}: " if source else ""
        super().__init__(where + message)
        self.source = source
        self.line = line


class InvalidData(DataError):
    """Data that the shapes refuse. ``report`` says which node, path and value, and why."""

    def __init__(self, message: str, report: ValidationReport) -> None:
        super().__init__(message)
        self.report = report


class Conflict(DataError):
    """A record of that address is there already, with other content."""


class ShapeError(DataError):
    """A shape that kgcompare cannot use, such as a path of a kind that the queries do not follow."""


class QueryError(DataError):
    """A query that is malformed or cannot be answered."""


class StoreError(KgcompareError):
    """The store or endpoint cannot be reached or used."""


class StoreMissing(StoreError):
    """There is no store at that place."""


class EndpointError(StoreError):
    """A SPARQL endpoint is down, slow or answers nonsense."""
