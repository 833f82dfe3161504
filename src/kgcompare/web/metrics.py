"""What Prometheus reads at ``/metrics``: how many requests there were, how long they took, and how the server is.

The processes of a server write what they count to files of one folder, and whichever is asked adds them up. No path, no
name of a record and no address of a client becomes a label.

Source: Prometheus, "Exposition formats" and "Metric and label naming"; prometheus_client, "Multiprocess Mode".
"""

from __future__ import annotations

import os
import re
import threading
import time
from bisect import bisect_left
from collections import Counter as Numbers
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect

from kgcompare.catalogue import Catalogue
from kgcompare.errors import KgcompareError
from kgcompare.sandbox.pool import Pool, pools
from kgcompare.web.answered import Told

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram
    from prometheus_client.core import GaugeMetricFamily

    from kgcompare.web.settings import Settings

blueprint = Blueprint("metrics", __name__)
_EVERY = 2.0
"""Seconds after which a process says anew how it is."""
_SIZED = 60.0
"""Seconds for which the size of a store is known: its files have to be looked at."""
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_TOGETHER = 1000
"""Requests that are counted together, if nobody asks before."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_EXTENSION = "kgcompare.metrics"
_BY_PROXY = {"HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP"}
"""Headers of requests that a proxy has passed on. Source: RFC 7239; RFC 9110, section 7.6.3."""


class Metrics:
    """What one process of a server counts, and what all have counted."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        """Counts in files of a shared folder, for all processes that do; without one in this process alone."""
        folder = settings.shared / "metrics" if settings.shared is not None else None
        if folder is not None:
            folder.mkdir(mode=0o700, exist_ok=True)
            os.environ[_FOLDER] = str(folder)  # looked at when the library is loaded
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._folder, self._store, self._app, self._root = folder, settings.store, app, settings.root
        self._size, self._sized = 0, -_SIZED
        own = CollectorRegistry()
        self._own = own
        self.requests = Counter(
            "kgcompare_requests", "Requests answered.", ("address", "method", "status"), registry=own
        )
        self.seconds = Histogram(
            "kgcompare_request_seconds",
            "How long they took, until the answer was handed to the system.",
            ("address",),
            buckets=_BUCKETS,
            registry=own,
        )
        self.kept = Counter(
            "kgcompare_answers",
            "Answers to GET and HEAD, those that were kept and others.",
            ("kept",),
            registry=own,
        )
        self.dropped = Counter("kgcompare_log_lines_dropped", "Requests that are not in the log.", registry=own)
        self.killed = Counter("kgcompare_query_workers_ended", "Query workers that were ended.", registry=own)
        self._make_gauges(own)
        self.address = lru_cache(4096)(self._address)
        self._children = lru_cache(1024)(self._found)
        self._seen = {"ended": 0, "dropped": 0}
        self._lock = threading.Lock()
        self._uncounted: dict[tuple[str, str, int, bool], list[float]] = {}
        self._told = 0
        self.lost: Callable[[], int] = lambda: 0
        """How many requests the log has dropped."""
        if folder is not None:
            _forget_the_dead(folder)
            threading.Thread(target=self._keep_looking, name="metrics", daemon=True).start()

    def _make_gauges(self, own: CollectorRegistry) -> None:
        from prometheus_client import Gauge

        self.query_workers = Gauge(
            "kgcompare_query_workers",
            "Processes for strangers' queries, busy and idle.",
            ("state",),
            registry=own,
            multiprocess_mode="livesum",
        )
        self.waiting = Gauge(
            "kgcompare_queries_waiting",
            "Strangers' queries that wait for a worker.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self.memory = Gauge(
            "kgcompare_resident_bytes",
            "Memory of each process that answers requests.",
            registry=own,
            multiprocess_mode="liveall",
        )
        self.processes = Gauge(
            "kgcompare_processes", "Processes that answer requests.", registry=own, multiprocess_mode="livesum"
        )

    def __call__(self, answered: Told) -> None:
        """Counts a request, with others of its kind when it is time."""
        key = answered.method, answered.path, answered.status, answered.kept
        with self._lock:
            took = self._uncounted.get(key)
            if took is None:
                took = self._uncounted[key] = []
            took.append(answered.seconds)
            self._told += 1
            enough = self._told >= _TOGETHER
        if enough:
            self.count()

    def count(self) -> None:
        """Counts what it was told of: together they take a tenth of the time of one by one."""
        with self._lock:
            uncounted, self._uncounted, self._told = self._uncounted, {}, 0
        for (method, path, status, kept), took in uncounted.items():
            named = method if method in _METHODS else "other"
            counters, seconds = self._children(self.address(path, named), named, status, kept)
            for counter in counters:
                counter.inc(len(took))
            for place, number in Numbers(bisect_left(_BUCKETS, one) for one in took).items():
                seconds._buckets[place].inc(number)
            seconds._sum.inc(sum(took))

    def _found(self, address: str, method: str, status: int, kept: bool) -> tuple[tuple[Counter, ...], Histogram]:
        """What counts requests of a kind; looked for once, which would take a third of the time of counting."""
        requests, seconds = self.requests.labels(address, method, str(status)), self.seconds.labels(address)
        if method not in {"GET", "HEAD"}:
            return (requests,), seconds
        return (requests, self.kept.labels("yes" if kept else "no")), seconds

    def _address(self, path: str, method: str) -> str:
        """The name of the address that answers a path, such as ``records.record``; ``none`` where none does."""
        try:
            own = path.removeprefix(self._root) or "/"
            return str(self._app.url_map.bind("").match(own, method if method in _METHODS else "GET")[0])
        except (HTTPException, RequestRedirect):
            return "none"

    def look(self) -> None:
        """Says how this process is."""
        self.count()
        every = [(0, 0, 0), *(pool.under_way() for pool in pools())]
        busy, idle, waiting = map(sum, zip(*every, strict=True))
        self.query_workers.labels("busy").set(busy)
        self.query_workers.labels("idle").set(idle)
        self.waiting.set(waiting)
        for name, counter, now in (("ended", self.killed, Pool.ended), ("dropped", self.dropped, self.lost())):
            counter.inc(max(0, now - self._seen[name]))
            self._seen[name] = now
        self.processes.set(1)
        with suppress(OSError, ValueError, IndexError):
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.memory.set(pages * os.sysconf("SC_PAGE_SIZE"))

    def _keep_looking(self) -> None:
        while True:
            self.look()
            time.sleep(_EVERY)

    def text(self) -> bytes:
        """What all processes have counted, and the state of the catalogue, as Prometheus reads it."""
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess

        self.look()
        registry: CollectorRegistry = self._own
        parts = []
        if self._folder is not None:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        parts.append(generate_latest(registry))
        state = CollectorRegistry()
        state.register(self)
        return b"".join((*parts, generate_latest(state)))

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """How the catalogue is, as this process sees it now."""
        from prometheus_client.core import GaugeMetricFamily

        catalogue: Catalogue = self._app.extensions["kgcompare"]
        there = 0
        with suppress(KgcompareError):
            generation = catalogue.generation()
            there = 1
            number = re.match(r"\d+", generation.name)
            if number:
                yield GaugeMetricFamily("kgcompare_generation", "Number of the newest generation.", int(number[0]))
            if generation.snapshot.path is not None:
                with suppress(OSError):
                    age = max(0.0, time.time() - generation.snapshot.path.stat().st_mtime)
                    yield GaugeMetricFamily("kgcompare_generation_age_seconds", "How long it is there.", age)
            yield GaugeMetricFamily("kgcompare_index_ready", "1 if its index is there.", int(generation.index.ready()))
        if catalogue.store.is_elsewhere:
            up = int(catalogue.store.outage is None)
            yield GaugeMetricFamily("kgcompare_endpoint_up", "0 while it is down and left alone.", up)
        yield GaugeMetricFamily("kgcompare_store_up", "1 if the catalogue can be read.", there)
        if self._store is not None:
            yield GaugeMetricFamily("kgcompare_store_bytes", "How large the folder of the store is.", self._bytes())

    def _bytes(self) -> int:
        """The size of the store; a file that several generations have counts once."""
        if self._store is not None and time.monotonic() > self._sized + _SIZED:
            found: dict[tuple[int, int], int] = {}
            for place, _, names in os.walk(self._store):
                for name in names:
                    with suppress(OSError):
                        about = os.lstat(os.path.join(place, name))  # noqa: PTH118  (there may be thousands)
                        found[about.st_dev, about.st_ino] = about.st_blocks * 512
            self._size, self._sized = sum(found.values()), time.monotonic()
        return self._size


def _forget_the_dead(folder: Path) -> None:
    """Removes how processes are that are no more; what they have counted stays."""
    from prometheus_client import multiprocess

    for path in folder.glob("gauge_live*_*.db"):
        number = int(path.stem.rpartition("_")[2])
        if not Path(f"/proc/{number}").exists() and Path("/proc/self").exists():
            multiprocess.mark_process_dead(number, str(folder))  # type: ignore[no-untyped-call]


def add_metrics(app: Flask, settings: Settings) -> None:
    """Gives an application its metrics, if there are to be any."""
    wanted = settings.metrics == "on" or (settings.metrics == "auto" and settings.loopback)
    app.extensions[_EXTENSION] = Metrics(app, settings) if wanted else None
    app.config["METRICS_FOR_ALL"] = settings.metrics == "on"


def metrics_of(app: Flask) -> Metrics | None:
    """The metrics of an application, if it has any."""
    found = app.extensions[_EXTENSION]
    return found if isinstance(found, Metrics) else None


@blueprint.get("/metrics")
def metrics() -> Response:
    """What Prometheus reads; where nobody has said that it is for all, there is nothing for who comes by a proxy."""
    from prometheus_client import CONTENT_TYPE_LATEST

    found = metrics_of(current_app)
    if found is None or not (current_app.config["METRICS_FOR_ALL"] or _BY_PROXY.isdisjoint(request.environ)):
        raise NotFound
    return Response(found.text(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
