"""What the application is told when it is made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kgcompare.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """A store folder or an endpoint; ``timeout`` and ``query_timeout`` (which bounds a
    stranger's query) are in seconds, ``prefix`` the path that a proxy puts before ours.
    ``hosts`` are the only names that are answered for, any where there are none;
    ``proxies`` tells how many proxies stand in front, whose ``X-Forwarded-*`` count."""

    store: Path | None = None
    endpoint: str | None = None
    timeout: float = 30.0
    shapes: tuple[Path, ...] = ()
    prefix: str = ""
    query_timeout: float = 10.0
    hosts: tuple[str, ...] = ()
    proxies: int = 0

    @property
    def root(self) -> str:
        """The prefix as links have it: empty, or with a slash at its beginning and none at its end."""
        inner = self.prefix.strip("/")
        return "/" + inner if inner else ""

    @property
    def names(self) -> frozenset[str]:
        """The hosts as a ``Host`` header has them: lower case, ASCII, without a port.

        :raises UsageError: for what is not the name of a host.
        """
        return frozenset(map(_name, self.hosts))


def _name(host: str) -> str:
    try:
        name = host.strip().encode("idna").decode("ascii").lower()
    except UnicodeError:
        name = ""
    if not re.fullmatch(r"[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\]", name):
        raise UsageError(f"{host[:80]!r} is no name of a host; give it as in example.org, without scheme and port")
    return name
