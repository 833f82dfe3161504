"""How much anybody may have of anything: time, memory, room, turns. One documented field a limit.

Whoever runs a catalogue sets them: as options of the command line, as environment variables ``KGCOMPARE_...``, as
keys of a TOML file, or here. What bounds an algorithm, and not what strangers may use up, stays with the algorithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from kgcompare.errors import UsageError

Number = TypeVar("Number", int, float)
_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30
_DAY = 86_400.0


def _limit(default: Number, unit: str, least: Number, most: Number, purpose: str) -> Number:
    """A field of :class:`Limits`, with what is known of it."""
    described = {"default": default, "unit": unit, "least": least, "most": most, "purpose": purpose}
    made: Number = field(default=default, metadata=described)
    return made


@dataclass(frozen=True, slots=True)
class Limit:
    """What is known of a limit besides its present value.

    ``default``, ``least`` and ``most`` are whole numbers, or floats where the limit may have a fraction; ``unit`` is
    what they count (seconds, bytes, rows ...); ``purpose`` is a sentence.
    """

    name: str
    default: float
    unit: str
    least: float
    most: float
    purpose: str

    @property
    def option(self) -> str:
        """The option of the command line, such as ``--query-timeout``."""
        return "--" + self.key

    @property
    def variable(self) -> str:
        """The environment variable, such as ``KGCOMPARE_QUERY_TIMEOUT``."""
        return "KGCOMPARE_" + self.name.upper()

    @property
    def key(self) -> str:
        """The key of the TOML file, such as ``query-timeout``."""
        return self.name.replace("_", "-")

    @property
    def whole(self) -> bool:
        """Whether the limit is a whole number."""
        return isinstance(self.default, int)

    def checked(self, value: object) -> int | float:
        """A value that the limit may have.

        :raises UsageError: for any other, with the name of the limit, the value, and what is allowed.
        """
        kinds = (int,) if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.least <= value <= self.most:
            kind, shown = ("a whole number", "{:,}") if self.whole else ("a number", "{:,g}")
            least, most = shown.format(self.least), shown.format(self.most)
            raise UsageError(
                f"{self.name} cannot be {str(value)[:40]}: give {kind} of {self.unit} from {least} to {most}"
            )
        return value


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a catalogue and of the server before it; their units and purposes are with each field.

    :raises UsageError: if one is not what it may be.
    """

    timeout: float = _limit(30.0, "seconds", 0.1, _DAY, "How long an endpoint may take to answer.")
    endpoint_keep: float = _limit(
        300.0, "seconds", 0.0, 30 * _DAY, "How long an endpoint is taken to say what it said; then it is asked anew."
    )
    endpoint_mark_time: float = _limit(
        1.0,
        "seconds",
        0.0,
        _DAY,
        "After how long one looks again which generation an endpoint has.",
    )
    endpoint_copied: int = _limit(
        500_000,
        "statements",
        0,
        100_000_000,
        "How large a catalogue may be to be read whole where an endpoint's engine is slow.",
    )
    endpoint_bytes: int = _limit(512 * _MIB, "bytes", _KIB, 64 * _GIB, "How long an answer of an endpoint may be.")
    endpoint_connect: float = _limit(
        10.0, "seconds", 0.1, 600.0, "How long the connection to an endpoint may take to be made."
    )
    endpoint_first_byte: float = _limit(
        _DAY, "seconds", 0.1, _DAY, "How long an endpoint may take to begin its answer; never more than timeout."
    )
    endpoint_retries: int = _limit(
        2, "times", 0, 20, "How often an endpoint that fails is asked again, with pauses that grow, within timeout."
    )
    endpoint_failures: int = _limit(
        3, "failures", 1, 1000, "After how many in a row an endpoint counts as down, and is left alone for a while."
    )
    endpoint_rest: float = _limit(
        10.0, "seconds", 0.1, 3600.0, "How long an endpoint that is down is left alone; then one request looks again."
    )
    others_time: float = _limit(
        3.0,
        "seconds",
        0.1,
        600.0,
        "How long other catalogues may take to say what a comparison names of theirs.",
    )
    kept_descriptions: int = _limit(
        64 * _MIB, "bytes", 0, 64 * _GIB, "How much memory things' descriptions may take; the least used go first."
    )

    parse_time: float = _limit(
        20.0, "seconds", 0.1, _DAY, "How long the parser of a file may take, and a second more for each MiB of it."
    )
    parse_memory: int = _limit(
        _GIB,
        "bytes",
        256 * _MIB,
        1024 * _GIB,
        "How much memory it may have, and 16 bytes more for each byte of the file.",
    )
    unpacked_bytes: int = _limit(
        4 * _GIB, "bytes", _MIB, 1024 * _GIB, "How many bytes a file that is packed (.gz) may have when it is unpacked."
    )
    arrival_time: float = _limit(
        20.0,
        "seconds",
        0.1,
        _DAY,
        "How long a pipe may say nothing that a file is read from, and a second more for each KiB of it.",
    )
    validation_time: float = _limit(
        10.0, "seconds", 0.1, _DAY, "How long a shape may judge one record, and all shapes together 1,000 statements."
    )
    validation_memory: int = _limit(
        4 * _GIB, "bytes", 512 * _MIB, 1024 * _GIB, "How much memory whatever judges records by shapes may have."
    )

    query_timeout: float = _limit(10.0, "seconds", 0.1, 600.0, "How long a stranger's query may take.")
    query_workers: int = _limit(
        2, "processes", 1, 256, "How many strangers' queries run at a time, all but one of them one client's at most."
    )
    spare_workers: int = _limit(
        2, "processes", 0, 256, "How many more of these stand ready, to take the place of one that is killed."
    )
    waiting_queries: int = _limit(32, "queries", 0, 10_000, "How many strangers' queries may wait for a worker.")
    client_queries: int = _limit(8, "queries", 1, 10_000, "How many of those that run or wait may be one client's.")
    worker_memory: int = _limit(
        _GIB, "bytes", 768 * _MIB, 1024 * _GIB, "How large a worker's address space may be; 512 MiB is too little."
    )
    worker_start: float = _limit(30.0, "seconds", 1.0, 600.0, "How long a worker may take to start.")
    answer_rows: int = _limit(
        200_000, "rows", 1, 1_000_000_000, "How many solutions or statements a stranger's query may give."
    )
    answer_bytes: int = _limit(32 * _MIB, "bytes", _KIB, 16 * _GIB, "How long the answer to a stranger's query may be.")

    workers: int = _limit(1, "processes", 1, 256, "How many processes answer requests; one that dies is started anew.")
    threads: int = _limit(
        64, "threads", 1, 4096, "How many requests are worked on at a time; more than the queries that run and wait."
    )
    connections: int = _limit(
        4096, "connections", 1, 1_000_000, "How many are open at a time, as far as the system allows so many files."
    )
    other_files: int = _limit(
        512, "files", 64, 65_536, "How many open files the server wants beside its connections: the store, the workers."
    )
    header_time: float = _limit(
        15.0, "seconds", 0.1, 3600.0, "How long a request's headers may take to arrive, and a connection may be idle."
    )
    header_bytes: int = _limit(128 * _KIB, "bytes", 8 * _KIB, 16 * _MIB, "How long a request's headers may be.")
    header_line_bytes: int = _limit(8 * _KIB, "bytes", 256, 16 * _MIB, "How long one header of a request may be.")
    body_time: float = _limit(10.0, "seconds", 0.1, 3600.0, "How long a request's body may take to arrive.")
    body_bytes: int = _limit(_MIB, "bytes", _KIB, _GIB, "How long a request's body may be.")
    long_body_time: float = _limit(
        2.0, "seconds", 0.0, 600.0, "How long a body that is too long is read for its sender to hear of it."
    )
    arriving_bytes: int = _limit(
        64 * _MIB, "bytes", _KIB, 64 * _GIB, "How much there may be of all bodies together that are still arriving."
    )
    sending_bytes: int = _limit(
        2 * _GIB,
        "bytes",
        _MIB,
        1024 * _GIB,
        "How much room on disk long answers may take that are being sent; one client may have a quarter.",
    )
    write_time: float = _limit(
        30.0, "seconds", 1.0, 3600.0, "How long a client may take nothing of an answer before it is let go."
    )
    form_parts: int = _limit(200, "parts", 1, 100_000, "How many parts a form may be sent in.")
    stop_time: int = _limit(
        2,
        "seconds",
        1,
        3600,
        "How long requests under way may take when the server is told to stop; longer downloads are cut then.",
    )

    write_wait: float = _limit(
        10.0,
        "seconds",
        0.1,
        600.0,
        "How long a change by HTTP waits for others that write; then it is told to try again.",
    )
    history_bytes: int = _limit(
        _GIB,
        "bytes",
        0,
        64 * _GIB,
        "How much room on disk the history may take, with what was there before each change; the oldest goes first.",
    )
    waiting_writes: int = _limit(32, "requests", 0, 4096, "How many changes by HTTP may wait so at a time.")

    kept_bytes: int = _limit(
        64 * _MIB, "bytes", 0, 64 * _GIB, "How much of a generation's answers is kept, to be given again."
    )
    making_time: float = _limit(
        60.0, "seconds", 0.0, 3600.0, "How long a request waits for what is made once a generation, such as the report."
    )
    making_waiting: int = _limit(
        12, "requests", 0, 4096, "How many wait so at a time: each takes one of the threads, which others need."
    )
    costly_requests: int = _limit(
        2, "requests", 1, 256, "How many costly ones (reconciliation, lists, unknown names) are worked on at a time."
    )
    waiting_costly: int = _limit(12, "requests", 0, 4096, "How many costly ones may wait for that.")
    client_costly: int = _limit(8, "requests", 1, 4096, "How many of those worked on or waiting may be one client's.")
    costly_time: float = _limit(10.0, "seconds", 0.1, 600.0, "How long a costly one may take, its wait included.")
    report_time: float = _limit(900.0, "seconds", 1.0, _DAY, "How long the report of a generation may take to make.")
    report_memory: int = _limit(4 * _GIB, "bytes", 512 * _MIB, 1024 * _GIB, "How much memory that may have.")
    reconcile_queries: int = _limit(50, "queries", 1, 10_000, "How many a batch of reconciliation may have.")
    reconcile_properties: int = _limit(50, "properties", 1, 1000, "How many a query, or a data extension, may have.")
    reconcile_values: int = _limit(
        1000, "values", 1, 1_000_000, "How many all properties of a batch of reconciliation may have together."
    )
    reconcile_things: int = _limit(500, "things", 1, 100_000, "How many a data extension may ask for at a time.")

    def __post_init__(self) -> None:
        for limit in LIMITS.values():
            limit.checked(getattr(self, limit.name))

    def part(self) -> Limits:
        """What one of the ``workers`` may have: of what is :data:`SHARED` an equal part, rounded up.

        Of what is done in turns each may do two at a time, if there may be two at all: where there is one place only,
        the client whose turn it is would have all of it.
        """
        if self.workers == 1:
            return self
        parts = {name: -(-getattr(self, name) // self.workers) for name in SHARED}
        parts |= {name: max(parts[name], min(2, getattr(self, name))) for name in ("query_workers", "costly_requests")}
        return replace(self, **{name: max(int(LIMITS[name].least), part) for name, part in parts.items()})


SHARED = frozenset(
    (
        *("query_workers", "spare_workers", "waiting_queries", "client_queries", "threads", "connections"),
        *("arriving_bytes", "sending_bytes", "waiting_writes", "kept_bytes", "kept_descriptions", "making_waiting"),
        *("costly_requests", "waiting_costly", "client_costly"),
    )
)
"""The limits that hold for all processes of a server together; every other one is for each process, or each request."""


LIMITS: Mapping[str, Limit] = {one.name: Limit(one.name, **one.metadata) for one in fields(Limits)}
"""What is known of each limit, by its name, in order."""
