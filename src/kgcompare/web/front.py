"""What answers before Flask is woken: with what is kept, with what waits for nothing, or with a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from cachetools import LRUCache
from werkzeug.exceptions import HTTPException

from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.errors import Busy, Unavailable
from kgcompare.web.answered import OF_GENERATION, REQUEST_ID, WAS_KEPT
from kgcompare.web.kept import FAULT, QUICK, SECURITY, UNREAD, Kept, answers_of, client_has, key_of
from kgcompare.web.outages import give_marked
from kgcompare.web.problems import refused_at_once

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

APART = {"/healthz", "/readyz"}
"""Paths of what is answered without a look at the catalogue."""
_ALWAYS = 100
"""Requests that are answered so without a thread."""


class Front:
    """Gives an answer that is kept, refuses what has no turn, and wakes Flask for everything else."""

    def __init__(
        self,
        app: WSGIApplication,
        catalogue: Catalogue,
        most: int,
        refusal: Callable[[WSGIEnvironment], Busy | None] = lambda _: None,
        gate: Callable[[WSGIEnvironment], HTTPException | None] = lambda _: None,
    ) -> None:
        """Stands before *app*; *most* is how many bytes of answers are kept of a generation, *refusal* says why a
        request has no turn, and *gate* why it may not write."""
        self.gate = gate
        self.app = app
        self.refusal = refusal
        self.catalogue = catalogue
        self.most = most
        self._always: LRUCache[tuple[str, ...], Callable[[WSGIEnvironment], Kept]] = LRUCache(_ALWAYS)

    def always(self, environ: WSGIEnvironment, make: Callable[[WSGIEnvironment], Kept]) -> None:
        """Has requests like this one, to which nothing was wrong, answered by *make*, which waits for nothing."""
        self._always[key_of(environ)] = make

    def current(self) -> Generation:
        """The newest generation.

        :raises StoreError: if the store cannot be read.
        """
        return self.catalogue.generation()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        """Answers a request (WSGI); a quick one by None where there is work to do."""
        method = environ["REQUEST_METHOD"]
        if UNREAD in environ:
            return _refused(self.gate(environ), environ, start_response)
        quick = QUICK in environ
        if method in {"GET", "HEAD"} and not environ.keys() & {"HTTP_IF_MATCH", "HTTP_ACCEPT_DATETIME", FAULT}:
            try:
                kept, name = self._kept(environ, quick=quick)
            except Exception:  # noqa: BLE001  the application meets it again and says so
                kept, name = None, ""
            if kept is not None:
                environ[OF_GENERATION], environ[WAS_KEPT] = name, True
                if (outage := self.catalogue.store.outage) is not None:
                    return give_marked(kept, outage, method, start_response)
                if client_has(kept.tag, environ.get("HTTP_IF_NONE_MATCH", "")):
                    start_response("304 NOT MODIFIED", list(kept.unchanged))
                    return []
                start_response("200 OK", list(kept.headers))
                return [kept.body] if method == "GET" else []
        if not quick:
            return self.app(environ, start_response)
        return _refused(self.refusal(environ) if FAULT not in environ else None, environ, start_response)

    def _kept(self, environ: WSGIEnvironment, *, quick: bool) -> tuple[Kept | None, str]:
        """The answer that is there already, and the generation that it is of."""
        key = key_of(environ)
        if environ.get("PATH_INFO") in APART:
            make = self._always.get(key)
            return (None if make is None else make(environ)), ""
        generation = self.catalogue.opened() if quick else self.current()
        return (None, "") if generation is None else (answers_of(generation, self.most).get(key), generation.name)


def _refused(
    fault: Unavailable | HTTPException | None, environ: WSGIEnvironment, start_response: StartResponse
) -> list[bytes] | None:
    """The answer to a request that is refused without waking Flask (WSGI); None where nothing speaks against it."""
    if fault is None:
        return None
    status, headers, body = refused_at_once(fault, environ.get("HTTP_ACCEPT", ""), environ.get(REQUEST_ID, ""))
    start_response(status, [*headers, *SECURITY.items()])
    return [body] if environ["REQUEST_METHOD"] != "HEAD" else []
