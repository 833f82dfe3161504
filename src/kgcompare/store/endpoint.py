"""How an endpoint is spoken to: one request, one whole answer, within its time.

Source: SPARQL 1.1 Protocol, section 2.1.
"""

from __future__ import annotations

import http.client
import io
import threading
import time
import urllib.error
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from SPARQLWrapper import GET, POST, SELECT, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, SPARQLWrapperException

from kgcompare.errors import EndpointError, QueryError, Seam, Unavailable, reason

_LONGEST_GET = 1500
_ACCEPT = (
    "application/sparql-results+json, application/n-triples;q=0.9, text/turtle;q=0.8, "
    "application/sparql-results+xml;q=0.5, application/rdf+xml;q=0.5"
)


class Endpoint:
    """The address of a SPARQL endpoint, with what an answer may take."""

    def __init__(self, url: str, timeout: float, most_bytes: int) -> None:
        """Names it; nothing is asked of it yet.

        *timeout* is how many seconds an answer may take, *most_bytes* how long it may be.

        :raises EndpointError: if *url* is not an http or https address.
        """
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise EndpointError(f"{url!r} is not the address of an endpoint; it starts with http:// or https://")
        self.url = url
        self.timeout = timeout
        self.most_bytes = most_bytes

    def ask(self, query: str) -> tuple[str, bytes]:
        """(media type, body) of the answer to a query, within the time.

        A socket's timeout starts again with every byte, so a server that drips would hold us for ever; the
        exchange runs beside and is left to itself when the time is over.

        :raises QueryError: if the endpoint refuses the query (400).
        :raises EndpointError: if it is down, slow, or answers too much.
        :raises Unavailable: if nothing more can be asked just now.
        """
        with Seam((ValueError,), lambda why: QueryError(f"the query is no text that can be sent: {why}")):
            query.encode()
        outcome: list[tuple[str, bytes] | Exception] = []

        def exchange() -> None:
            try:
                outcome.append(self._exchange(query))
            except Exception as fault:  # noqa: BLE001  raised again below, in the thread that asked
                outcome.append(fault)

        thread = threading.Thread(target=exchange, name="kgcompare-endpoint", daemon=True)
        with Seam((RuntimeError,), lambda why: Unavailable(f"{self.url} cannot be asked just now: {why}")):
            thread.start()
        thread.join(self.timeout)
        if not outcome:
            raise self._late()
        with Seam((Exception,), lambda why: EndpointError(f"{self.url} cannot be reached: {why}")):
            if isinstance(outcome[0], Exception):
                raise outcome[0]
        return outcome[0]

    def _late(self) -> EndpointError:
        return EndpointError(f"{self.url} did not answer within {self.timeout:g} s")

    def _request(self, query: str) -> SPARQLWrapper:
        by_get = len(query) <= _LONGEST_GET
        parts = urlsplit(self.url)
        wrapper = SPARQLWrapper(urlunsplit(parts._replace(query="")) if by_get else self.url, agent="kgcompare")
        if by_get:
            for name, value in parse_qsl(parts.query, keep_blank_values=True):
                wrapper.addParameter(name, value)
        wrapper.timeout = self.timeout
        wrapper.setMethod(GET if by_get else POST)
        wrapper.setOnlyConneg(True)  # without parameters of its own, which some endpoints heed more than Accept
        wrapper.addCustomHttpHeader("Accept", _ACCEPT)
        # Sent as a query whatever it says: SPARQLWrapper would send what looks like an update as an update.
        wrapper.queryString, wrapper.queryType = query, SELECT
        return wrapper

    def _exchange(self, query: str) -> tuple[str, bytes]:
        deadline = time.monotonic() + self.timeout
        try:
            response: http.client.HTTPResponse = self._request(query).query().response
            with response:
                media = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
                body = io.BytesIO()
                while chunk := response.read1(65536):
                    body.write(chunk)
                    if time.monotonic() > deadline:
                        raise self._late()
                    if body.tell() > self.most_bytes:
                        raise EndpointError(f"{self.url} answered more than {self.most_bytes / (1 << 20):g} MiB")
                if response.length:
                    raise EndpointError(f"{self.url} broke off in the middle of its answer")
                return media, body.getvalue()
        except urllib.error.HTTPError as fault:
            fault.close()
            raise EndpointError(f"{self.url} answered with status {fault.code}") from None
        except SPARQLWrapperException as fault:
            if isinstance(fault, QueryBadFormed):
                raise QueryError(f"{self.url} refused the query: {reason(fault)}") from None
            raise EndpointError(f"{self.url} failed: {reason(fault)}") from None
        except TimeoutError:
            raise self._late() from None
        except urllib.error.URLError as fault:
            if isinstance(fault.reason, TimeoutError):
                raise self._late() from None
            raise EndpointError(f"{self.url} cannot be reached: {reason(fault.reason)}") from None
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise EndpointError(f"{self.url} cannot be reached: {reason(fault)}") from None
