"""Which catalogue a command works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kgcompare.cli.endpoint import BASE
from kgcompare.sandbox.limits import Limits

if TYPE_CHECKING:
    from kgcompare.catalogue.elsewhere import Elsewhere
    from kgcompare.store.base import Seat


@dataclass(frozen=True, slots=True)
class Place:
    """Which catalogue a command works on, and within which limits."""

    store: Path | None
    endpoint: str | None = field(repr=False)
    data: tuple[str, ...]
    shapes: tuple[Path, ...]
    trust: bool
    limits: Limits
    update_endpoint: str = field(default="", repr=False)
    graph_store: str = field(default="", repr=False)
    endpoint_graphs: str = ""
    endpoint_credentials: Path | None = None
    endpoint_base: str = BASE
    token_folder: Path | None = None
    index_dir: Path | None = None

    @property
    def indexes(self) -> Path:
        """The folder of the indexes of endpoints."""
        if self.index_dir is not None:
            return self.index_dir
        import platformdirs

        return platformdirs.user_cache_path("kgcompare") / "indexes"

    @property
    def compiled_templates(self) -> Path:
        """The folder of the templates of pages as they are compiled."""
        import platformdirs

        return platformdirs.user_cache_path("kgcompare") / "templates"

    @property
    def elsewhere(self) -> Elsewhere | None:
        """The endpoint, if there is one."""
        from kgcompare.catalogue.elsewhere import Elsewhere

        if self.endpoint is None:
            return None
        return Elsewhere(
            self.endpoint,
            self.update_endpoint,
            self.graph_store,
            self.endpoint_credentials,
            self.endpoint_base,
            tuple(self.endpoint_graphs.split()),
            self.indexes,
        )

    @property
    def default(self) -> bool:
        """Whether nothing was said: the store in the user's data directory."""
        return self.store is None and self.endpoint is None and not self.data

    @property
    def base(self) -> str:
        """The base of a catalogue that is made where none is yet."""
        return BASE if self.endpoint is None else self.endpoint_base

    @property
    def seat(self) -> Seat:
        """Where the catalogue lives, for whoever writes to it."""
        from functools import partial

        from kgcompare.store.seat import EndpointSeat, seat_of

        if (elsewhere := self.elsewhere) is None:
            return seat_of(self.folder)
        return EndpointSeat(partial(elsewhere.open, self.limits))

    @property
    def tokens(self) -> Path:
        """The folder with the tokens of those who may write over HTTP: the store's, or one that is named, or that of
        the user's data directory which is for the endpoint."""
        if self.endpoint is None:
            return self.folder
        import hashlib

        import platformdirs

        from kgcompare.store.files import files

        name = hashlib.sha256(f"{self.endpoint} {self.endpoint_base}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        folder = self.token_folder or platformdirs.user_data_path("kgcompare") / "endpoints" / name
        with files(f"{folder} cannot be made"):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def folder(self) -> Path:
        """The store's folder."""
        if self.store is not None:
            return self.store
        import platformdirs

        return platformdirs.user_data_path("kgcompare") / "catalogue"
