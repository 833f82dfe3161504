"""A catalogue that is kept elsewhere, behind an endpoint, as settings name it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from kgcompare.rdf.namespaces import DEFAULT_BASE
from kgcompare.sandbox.limits import Limits
from kgcompare.search import Keeper
from kgcompare.store.credentials import Credentials, credentials_in, credentials_of
from kgcompare.store.endpoint import Addresses
from kgcompare.store.remote import RemoteStore
from kgcompare.store.speaking import Manners


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The addresses of an endpoint: for queries, for updates ("" is that of queries), and for graphs ("" is none).

    *credentials* is a file that says who we are to it; without one the environment does. The addresses are not shown,
    as they may have a password in them. *base* is what the IRIs of its records begin with; *graphs* are patterns of
    the graphs that are the catalogue, those under the base where there are none. *index_dir* is the folder in which its
    index stays between starts; without one it is made anew each time.
    """

    endpoint: str = field(repr=False)
    update_endpoint: str = field(default="", repr=False)
    graph_store: str = field(default="", repr=False)
    credentials: Path | None = None
    base: str = DEFAULT_BASE
    graphs: tuple[str, ...] = ()
    index_dir: Path | None = None

    def keeper(self, limits: Limits) -> Keeper | None:
        """Who sees to its index in that folder; None where there is none."""
        if self.index_dir is None:
            return None
        about = " ".join((self.open(limits).identity, self.base, *self.graphs))
        name = hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return Keeper(self.index_dir.absolute() / name, limits.endpoint_keep)

    def open(self, limits: Limits) -> RemoteStore:
        """The store; nothing is asked of it yet.

        :raises EndpointError: if an address is none of http or https.
        :raises UsageError: for credentials that cannot be used.
        """
        manners = Manners(
            connect=limits.endpoint_connect,
            first_byte=limits.endpoint_first_byte,
            retries=limits.endpoint_retries,
            failures=limits.endpoint_failures,
            rest=limits.endpoint_rest,
        )
        return RemoteStore(
            Addresses(self.endpoint, self.update_endpoint, self.graph_store, self._credentials()),
            self.base,
            timeout=limits.timeout,
            keep=limits.endpoint_keep,
            most_bytes=limits.endpoint_bytes,
            manners=manners,
            mark_time=limits.endpoint_mark_time,
            graphs=self.graphs,
            most_copied=limits.endpoint_copied,
        )

    def _credentials(self) -> Credentials:
        return credentials_in(self.credentials) if self.credentials is not None else credentials_of(os.environ)
