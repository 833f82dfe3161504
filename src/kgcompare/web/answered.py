"""What is known of a request that was answered, and the name that it has in logs and answers."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

REQUEST_ID = "kgcompare.request"
"""In a request's environ: its id."""
OF_GENERATION = "kgcompare.generation"
"""In a request's environ: the name of the generation that it is answered from."""
WAS_KEPT = "kgcompare.kept"
"""In a request's environ: there if its answer was kept."""
HEADER = "X-Request-Id"
"""The header with a request's id, in an answer and from a proxy that one trusts."""
WORKED_ON: ContextVar[str] = ContextVar("kgcompare.request", default="")
"""The id of the request that is worked on here."""
_ID = re.compile(r"[\w.:+/=@-]{1,128}", re.ASCII)


@dataclass(slots=True)
class Told:
    """A request and what became of it: *query* says how long its query string was, *seconds* how long it took until
    its answer was handed to the system, *size* how many bytes of a body that had. *kept* tells whether the answer was
    there already, *generation* which state of the catalogue it is of; empty where none was asked.
    """

    id: str
    method: str
    path: str
    query: int
    status: int
    size: int
    seconds: float
    client: str
    generation: str
    kept: bool


def id_of(environ: Mapping[str, object], proxies: int) -> str:
    """The id of a request: the one that it came with, where there are *proxies* to trust, or a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "") if proxies else ""
    if given and isinstance(given, str) and _ID.fullmatch(given):
        return given
    return f"{random.getrandbits(64):016x}"
