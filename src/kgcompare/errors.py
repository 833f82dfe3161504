"""The exception tree of kgcompare.

Every exception that leaves a public function of this package is one of these::

    KgcompareError
    ├── UsageError              the caller asked for something that does not exist or make sense
    │   ├── TooManyThings       more columns than a comparison may have
    │   ├── UnknownThing        no such record in the catalogue
    │   └── UnknownFormat       no such output format
    ├── DataError               data or a query is at fault; nothing was written
    │   ├── SyntaxFault         a file that cannot be read
    │   │   └── TokenTooLong    for a token in it that no parser takes
    │   ├── Unformatted         a file that would say less if it were formatted
    │   ├── InvalidData         data that the shapes refuse; carries the report
    │   ├── Conflict            a record that is there already
    │   │   ├── StillNamed      a record that others name, and that is not to go from under them
    │   │   └── Outdated        a record that is not as whoever changes it has seen it
    │   ├── ShapeError          a shape that kgcompare cannot use
    │   └── QueryError          a query that is malformed or cannot be answered
    │       ├── Refused         a stranger's query that asks for what is not given
    │       └── Unscoped        a query that cannot be asked of some graphs alone
    ├── StoreError              the store or endpoint cannot be reached or used
    │   ├── StoreMissing        there is no store at that place
    │   ├── Damaged             a file of a store is not what was written
    │   └── EndpointError       a SPARQL endpoint is down, slow or answers nonsense
    │       ├── Unanswered      a request to one came to nothing
    │       └── EndpointDown    one that failed so often that it is not asked for a while
    └── Unavailable             there is too little time, memory or room just now
        ├── NotIndexed          the index is being made
        ├── Overrun             a stranger's query needs more than it may have
        └── Busy                everybody together asks for more than there is
            └── TooMany         one client asks for more than its share

A message says what was wrong, where, and what to do. This module imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

Severity = Literal["violation", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding of a validation: where it is, what is wrong, and how grave that is."""

    message: str
    severity: Severity = "violation"
    file: str | None = None
    line: int | None = None
    focus_node: str | None = None
    path: str | None = None
    value: str | None = None
    constraint: str | None = None


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What a validation found. ``conforms`` is about violations alone: warnings do not make data invalid.

    ``records`` is the number of records that were looked at.
    """

    faults: tuple[Fault, ...] = ()
    records: int = 0

    @property
    def violations(self) -> tuple[Fault, ...]:
        """The faults that make data invalid."""
        return tuple(fault for fault in self.faults if fault.severity == "violation")

    @property
    def conforms(self) -> bool:
        """Whether there is no violation."""
        return not self.violations


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
        where = f"{source}, line {line}: " if source and line else f"{source}: " if source else ""
        super().__init__(where + message)
        self.source = source
        self.line = line


class TokenTooLong(SyntaxFault):
    """A token is longer than the engine's parsers take."""


class Unformatted(DataError):
    """A file that would say less, or other, if it were formatted; the message says what, and what to do."""


class InvalidData(DataError):
    """Data that the shapes refuse. ``report`` says which node, path and value, and why."""

    def __init__(self, message: str, report: ValidationReport) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple[type[InvalidData], tuple[str, ValidationReport]]:
        return type(self), (str(self), self.report)


class Conflict(DataError):
    """A record of that address is there already, with other content."""


class StillNamed(Conflict):
    """A record cannot go while others name it; ``by`` has their IRIs."""

    def __init__(self, message: str, by: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.by = by


class Outdated(Conflict):
    """A record is not in the state on whose condition it was to be changed."""


class ShapeError(DataError):
    """A shape that kgcompare cannot use, such as a path of a kind that the queries do not follow."""


class QueryError(DataError):
    """A query that is malformed or cannot be answered."""


class Refused(QueryError):
    """A stranger's query is malformed, or asks for what is not given."""


class Unscoped(QueryError):
    """A query that cannot be written so that it names its graphs itself."""


class StoreError(KgcompareError):
    """The store or endpoint cannot be reached or used."""


class StoreMissing(StoreError):
    """There is no store at that place."""


class Damaged(StoreError):
    """A file of a store is not what was written."""


class EndpointError(StoreError):
    """A SPARQL endpoint is down, slow or answers nonsense."""


class Unanswered(EndpointError):
    """A request to an endpoint that came to nothing.

    ``left`` tells whether it may have got there, ``again`` whether it may be tried once more, ``late`` whether the time
    was over, and ``much`` whether there was too much of an answer.
    """

    def __init__(
        self, why: str, *, left: bool = True, again: bool = True, late: bool = False, much: bool = False
    ) -> None:
        super().__init__(why)
        self.left = left
        self.again = again and not late and not much
        self.late = late
        self.much = much


class EndpointDown(EndpointError):
    """A SPARQL endpoint has failed so often that it is not asked; ``retry_after`` says in how many seconds it is."""

    def __init__(self, why: str, retry_after: int = 2) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Unavailable(KgcompareError):
    """There is too little time, memory or room just now; ``retry_after`` says in how many seconds to ask again."""

    retry_after = 2


class NotIndexed(Unavailable):
    """The index of the catalogue is being made: ``done`` of ``total`` things are read; 0 of 0 where that is unknown."""

    retry_after = 5

    def __init__(self, done: int = 0, total: int = 0) -> None:
        far = f" ({done:,} of {total:,} things are read)" if total else ""
        super().__init__(f"the index of the catalogue is being made{far}; try again in a moment")
        self.done, self.total = done, total

    def __reduce__(self) -> tuple[type[NotIndexed], tuple[int, int]]:
        return type(self), (self.done, self.total)


class Overrun(Unavailable):
    """A stranger's query needs more time, memory or room than it may have."""

    retry_after = 10


class Busy(Unavailable):
    """Everybody together asks for more than there is."""


class TooMany(Busy):
    """One client asks for more than its share."""


def reason(fault: object) -> str:
    """What an error of somebody else's code says, on one line of bounded length."""
    text = (fault.strerror if isinstance(fault, OSError) else None) or str(fault) or type(fault).__name__
    return " ".join(text.split())[:500]


class Seam:
    """Where a library's code is called: what it raises of some kinds leaves as an error of ours.

    ``with Seam((OSError,), lambda why: StoreError(f"{path} cannot be read: {why}")):`` around the call. Lack of
    memory becomes :class:`Unavailable` everywhere; errors of ours pass as they are.
    """

    def __init__(self, kinds: tuple[type[Exception], ...], into: Callable[[str], KgcompareError]) -> None:
        """Errors of these *kinds* become what *into* makes of their reason."""
        self._kinds = kinds
        self._into = into

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        error: KgcompareError
        if isinstance(fault, MemoryError):
            error = Unavailable("there is too little memory for this just now; ask for less, or later")
        elif isinstance(fault, self._kinds) and not isinstance(fault, KgcompareError):
            error = self._into(reason(fault))
        else:
            return
        # Its frames would keep alive what must end in its own thread (pyoxigraph's iterators), and open files.
        fault.__traceback__ = None
        del trace
        raise error from None
