"""What the application is told when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """A store folder or an endpoint; ``timeout`` and ``query_timeout`` (which bounds a
    stranger's query) are in seconds, ``prefix`` the path that a proxy puts before ours."""

    store: Path | None = None
    endpoint: str | None = None
    timeout: float = 30.0
    shapes: tuple[Path, ...] = ()
    prefix: str = ""
    query_timeout: float = 10.0

    @property
    def root(self) -> str:
        """The prefix as links have it: empty, or with a slash at its beginning and none at its end."""
        inner = self.prefix.strip("/")
        return "/" + inner if inner else ""
