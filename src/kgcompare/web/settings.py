"""What the application is told when it is made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from kgcompare.catalogue.elsewhere import Elsewhere
from kgcompare.errors import StoreError, UsageError
from kgcompare.rdf.contact import checked_contact
from kgcompare.rdf.namespaces import DEFAULT_BASE
from kgcompare.sandbox.limits import Limits
from kgcompare.store.base import Seat
from kgcompare.store.seat import EndpointSeat, seat_of
from kgcompare.web.loglines import Form

Metering = Literal["auto", "on", "off"]
"""When there are metrics: where the server listens at a loopback address, always, or never."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A store folder or an endpoint, and how it is served. Of an endpoint ``base`` is what the IRIs of its records
    begin with, and ``tokens`` a folder with the tokens of those who may write to it over HTTP; without one nobody may.

    ``shapes`` are files of shapes beside those of the catalogue, ``prefix`` is the path that a proxy puts before ours.
    ``hosts`` are the only names that are answered for, any where there are none; ``proxies`` tells how many proxies
    stand in front, whose ``X-Forwarded-*`` count. ``limits`` says how much anybody may have. ``unconfined`` allows
    queries of strangers where the system has no lock that keeps them from the network and from files.

    ``update_endpoint``, ``graph_store``, ``endpoint_credentials`` and ``index_dir`` say more of an endpoint
    (:class:`~kgcompare.catalogue.elsewhere.Elsewhere`), ``endpoint_queries`` whether strangers' queries are passed on.
    ``contact`` says to whom mistakes are told, whatever the catalogue says of that. ``shared`` is a folder of all
    processes of a server, if there are several.

    ``others`` is a list of other catalogues (:func:`~kgcompare.catalogue.others.others_in`).

    ``log_format`` is that of what is logged, ``access_log`` logs each request. ``metrics`` says whether ``/metrics``
    answers: "auto" where the server listens at ``loopback`` only, to those who ask it themselves. ``templates`` is the
    folder for compiled templates, if they are kept.

    :raises UsageError: for a host or a contact that is none.
    """

    store: Path | None = None
    endpoint: str | None = field(default=None, repr=False)
    shapes: tuple[Path, ...] = ()
    prefix: str = ""
    hosts: tuple[str, ...] = ()
    proxies: int = 0
    limits: Limits = field(default_factory=Limits)
    unconfined: bool = False
    contact: str = ""
    base: str = DEFAULT_BASE
    tokens: Path | None = None
    update_endpoint: str = field(default="", repr=False)
    graph_store: str = field(default="", repr=False)
    endpoint_graphs: tuple[str, ...] = ()
    endpoint_credentials: Path | None = None
    index_dir: Path | None = None
    endpoint_queries: bool = True
    shared: Path | None = None
    others: Path | None = None
    log_format: Form = "text"
    access_log: bool = False
    metrics: Metering = "auto"
    loopback: bool = True
    templates: Path | None = None

    def __post_init__(self) -> None:
        frozenset(map(_name, self.hosts))
        if self.contact:
            object.__setattr__(self, "contact", checked_contact(self.contact))

    @property
    def seat(self) -> Seat:
        """Where the catalogue lives, for whoever writes to it.

        :raises StoreError: if that was not said.
        """
        if (elsewhere := self.elsewhere) is not None:
            return EndpointSeat(partial(elsewhere.open, self.limits))
        if self.store is None:
            raise StoreError("name a store folder or an endpoint")
        return seat_of(self.store)

    @property
    def elsewhere(self) -> Elsewhere | None:
        """The endpoint, if there is one."""
        if self.endpoint is None:
            return None
        addresses = self.endpoint, self.update_endpoint, self.graph_store
        return Elsewhere(*addresses, self.endpoint_credentials, self.base, self.endpoint_graphs, self.index_dir)

    @property
    def root(self) -> str:
        """The prefix as links have it: empty, or with a slash at its beginning and none at its end."""
        inner = self.prefix.strip("/")
        return "/" + inner if inner else ""

    @property
    def names(self) -> frozenset[str]:
        """The hosts as a ``Host`` header has them: lower case, ASCII, without a port."""
        return frozenset(map(_name, self.hosts))


def _name(host: str) -> str:
    try:
        name = host.strip().encode("idna").decode("ascii").lower()
    except UnicodeError:
        name = ""
    if not re.fullmatch(r"[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\]", name):
        raise UsageError(f"{host[:80]!r} is no name of a host; give it as in example.org, without scheme and port")
    return name
