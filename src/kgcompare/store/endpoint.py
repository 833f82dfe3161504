"""How an endpoint is spoken to: asked and asked again, told changes once, within the time of whoever waits.

Source: SPARQL 1.1 Protocol, section 2.1 (query) and 2.2 (update); SPARQL 1.1 Graph Store HTTP Protocol, section 5.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from urllib.request import Request

from SPARQLWrapper import GET, POST, SELECT, SPARQLWrapper

from kgcompare.errors import EndpointDown, EndpointError, QueryError, Seam, Unanswered, UsageError
from kgcompare.rdf.scoping import kind_of_query
from kgcompare.store import deadline
from kgcompare.store.circuit import Circuit, Outage
from kgcompare.store.credentials import NOBODY, Credentials
from kgcompare.store.exchange import Answered
from kgcompare.store.speaking import Address, Makes, Manners, retry_after

_LONGEST_GET = 1500
_ACCEPT = (
    "application/sparql-results+json, application/n-triples;q=0.9, text/turtle;q=0.8, "
    "application/sparql-results+xml;q=0.5, application/rdf+xml;q=0.5"
)
_ACCEPT_STATEMENTS = (
    "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.6, "
    "application/sparql-results+json;q=0.3, application/sparql-results+xml;q=0.2"
)
"""For statements: an engine may take the first form that is named, and fail if it is one of tables (Comunica)."""
_MAKES = re.compile(r"\b(?:CONSTRUCT|DESCRIBE)\b", re.IGNORECASE)
_PASSING = {429, 502, 503, 504}
"""Statuses that may be others a moment later."""
_DOWN = {502, 503, 504}
_NO_UPDATE = {404, 405, 406, 415, 501}
_LOOK = "ASK {}"
_LEAST_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where an endpoint takes queries, and elsewhere updates and graphs, with who we are to it.

    *update* of "" is the address of queries; *graphs* (Graph Store Protocol) of "" is none. A user and a password in
    an address go to that address alone, *credentials* to each that has none.
    """

    query: str
    update: str = ""
    graphs: str = ""
    credentials: Credentials = NOBODY


class Endpoint:
    """The address of a SPARQL endpoint, with what an answer may take; may be used by any number of threads."""

    def __init__(
        self, addresses: Addresses | str, timeout: float, most_bytes: int, manners: Manners | None = None
    ) -> None:
        """Names it; nothing is asked of it yet.

        *timeout* is how many seconds an answer may take, *most_bytes* how long it may be.

        :raises EndpointError: if an address is not one of http or https.
        """
        if isinstance(addresses, str):
            addresses = Addresses(addresses)
        self._asked = Address(addresses.query, addresses.credentials)
        self._told = Address(addresses.update, addresses.credentials) if addresses.update else self._asked
        self._graphs = Address(addresses.graphs, addresses.credentials) if addresses.graphs else None
        self.url = self._asked.shown
        """The address as others may see it."""
        self.place = self._asked.address
        """The address without a user and a password, which tells it from every other endpoint."""
        self.server = ""
        """What the engine last called itself."""
        self.timeout = timeout
        self.most_bytes = most_bytes
        self.manners = manners = manners or Manners()
        self._circuit = Circuit(manners.failures, manners.rest)

    @property
    def keeps_graphs(self) -> bool:
        """Whether an address for graphs is known."""
        return self._graphs is not None

    @property
    def outage(self) -> Outage | None:
        """What is wrong while it is not asked; None while it is."""
        return self._circuit.outage

    def ask(
        self,
        query: str,
        most_bytes: int | None = None,
        dataset: Sequence[tuple[str, str]] = (),
        *,
        of_stranger: bool = False,
    ) -> tuple[str, bytes]:
        """(media type, body) of the answer to a query, within the time that it has and the caller has.

        *dataset* are parameters of the protocol (``default-graph-uri``, ``named-graph-uri``). That a query *of a
        stranger* takes too long says nothing about the endpoint.

        :raises QueryError: if the endpoint refuses the query (400).
        :raises EndpointError: if it is down, slow, or answers too much; EndpointDown if it is not asked therefore.
        :raises Unavailable: if nothing more can be asked just now, or the caller's time is over.
        """
        with Seam((ValueError,), lambda why: QueryError(f"the query is no text that can be sent: {why}")):
            query.encode()
        most = self.most_bytes if most_bytes is None else most_bytes
        self._look()
        reply = self._read(lambda address: _question(address, query, dataset), most, of_stranger=of_stranger)
        self.server = str(reply.headers.get("Server") or "").strip()[:200]
        if reply.status == 400:
            raise QueryError(f"{self.url} refused the query: {self._asked.detail(reply) or 'it says no more'}")
        if not 200 <= reply.status < 300 or reply.status == 206:  # a part of an answer is none
            raise self._asked.refused(reply)
        return reply.media, reply.body

    def update(self, text: str, form: bool = False) -> None:
        """Has an update done, once: it is sent again only if it never left.

        *form* sends it as a form (``update=``), for engines that take it in no other way.

        :raises QueryError: if the endpoint refuses it (400).
        :raises Unanswered: if there is no answer, so that it may have been done (``left``) or not.
        :raises EndpointError: if it does not take updates here, or of us.
        """
        body = urlencode({"update": text}).encode() if form else text.encode()
        media = "application/x-www-form-urlencoded" if form else "application/sparql-update"
        reply = self._write(self._told, "POST", self._told.address, body, media)
        if reply.status == 400:
            raise QueryError(f"{self._told.shown} refused the update: {self._told.detail(reply)}")
        if reply.status in _NO_UPDATE:
            raise EndpointError(
                f"{self._told.shown} takes no updates (status {reply.status}); "
                "name the address that does with --update-endpoint"
                + ("; --graph-store alone will not do, as no lock can be held by it" if self.keeps_graphs else "")
            )
        if not 200 <= reply.status < 300:
            raise self._told.refused(reply)

    def put_graph(self, name: str, body: bytes, media: str = "application/n-triples") -> None:
        """Has a graph say what *body* says, and nothing else.

        :raises UsageError: if no address for graphs is known.
        :raises Unanswered: if there is no answer, so that it may have been done (``left``) or not.
        :raises EndpointError: if it is refused.
        """
        self._on_graph("PUT", name, body, media)

    def post_graph(self, name: str, body: bytes, media: str = "application/n-triples") -> None:
        """Has a graph say what *body* says as well; errors as for :meth:`put_graph`."""
        self._on_graph("POST", name, body, media)

    def delete_graph(self, name: str) -> None:
        """Has a graph go, if it is there; errors as for :meth:`put_graph`."""
        self._on_graph("DELETE", name, None, "")

    def _on_graph(self, method: str, name: str, body: bytes | None, media: str) -> None:
        place = self._graphs
        if place is None:
            raise UsageError("no address for graphs is known; name it with --graph-store")
        address = f"{place.address}{'&' if urlsplit(place.address).query else '?'}graph={quote(name, safe='')}"
        reply = self._write(place, method, address, body, media)
        if not 200 <= reply.status < 300 and not (method == "DELETE" and reply.status == 404):
            raise place.refused(reply)

    # -- whether it is worth asking, and how often ------------------------------------------------------

    def _end(self) -> float:
        deadline.go_on()
        return time.monotonic() + min(self.timeout, deadline.left())

    def _look(self) -> None:
        """Lets go on who may ask; after a while in which nobody may, one looks whether there is an answer again.

        :raises EndpointDown: if the endpoint is not asked now.
        """
        if self._circuit.looks():
            why = f"{self.url} could not be asked"
            try:
                end = min(self._end(), time.monotonic() + self.manners.connect)
                reply = self._asked.sent(lambda address: _question(address, _LOOK), end, self.most_bytes, self.manners)
                why = str(self._asked.refused(reply)) if reply.status in _DOWN else ""
            except Unanswered as fault:
                why = str(self._asked.said(fault, self.manners.connect))
            finally:
                self._circuit.tell(why)
        if (outage := self._circuit.outage) is not None:
            since, wait = time.strftime("%H:%M:%S", time.gmtime(outage.since)), self._circuit.wait()
            raise EndpointDown(f"{outage.why}, since {since} UTC; it is asked again in {wait:.0f} s", math.ceil(wait))

    def _read(self, make: Makes, most: int, *, of_stranger: bool) -> Answered:
        """The answer to what can be asked again: tried again, with pauses that grow, until the time is over."""
        place, end, whole = self._asked, self._end(), min(self.timeout, deadline.left())
        for number in itertools.count():
            outcome: Answered | Unanswered
            try:
                outcome = place.sent(make, end, most, self.manners)
                if outcome.status not in _PASSING:
                    self._circuit.tell("")
                    return outcome
                rest, again, late = retry_after(outcome), True, False
            except Unanswered as fault:
                outcome, rest, again, late = fault, 0.0, fault.again, fault.late
            pause = max(rest, _pause(number))
            if number >= self.manners.retries or not again or time.monotonic() + pause >= end:
                break
            time.sleep(pause)
        if isinstance(outcome, Answered):
            error, counts = place.refused(outcome), outcome.status in _DOWN
        else:
            error, counts = place.said(outcome, whole), not outcome.much and not (late and of_stranger)
        if counts:
            self._circuit.tell(str(error), rest, soon=late)
        raise deadline.overrun() if late and deadline.passed() else error

    def _write(self, place: Address, method: str, at: str, body: bytes | None, media: str) -> Answered:
        """The answer to what changes something: sent again only if it never left."""

        def make(address: str) -> Request:
            request = Request(address, body, method=method, headers={"User-Agent": "kgcompare"})  # noqa: S310  (checked)
            if media:
                request.add_header("Content-Type", media)
            return request

        end = time.monotonic() + self.timeout
        for number in itertools.count():
            try:
                return place.sent(make, end, self.most_bytes, self.manners, at, writing=True)
            except Unanswered as fault:
                pause = _pause(number)
                if fault.left or number >= self.manners.retries or time.monotonic() + pause > end:
                    raise place.said(fault, self.timeout, writing=True) from None
                time.sleep(pause)
        raise AssertionError("not reached")


def _question(address: str, query: str, dataset: Sequence[tuple[str, str]] = ()) -> Request:
    by_get = len(query) <= _LONGEST_GET and not dataset
    parts = urlsplit(address)
    wrapper = SPARQLWrapper(urlunsplit(parts._replace(query="")) if by_get else address, agent="kgcompare")
    for name, value in [*(parse_qsl(parts.query, keep_blank_values=True) if by_get else ()), *dataset]:
        wrapper.addParameter(name, value)
    wrapper.setMethod(GET if by_get else POST)
    wrapper.setOnlyConneg(True)  # without parameters of its own, which some endpoints heed more than Accept
    statements = _MAKES.search(query) and kind_of_query(query) in {"CONSTRUCT", "DESCRIBE"}
    wrapper.addCustomHttpHeader("Accept", _ACCEPT_STATEMENTS if statements else _ACCEPT)
    # Sent as a query whatever it says: SPARQLWrapper would send what looks like an update as an update.
    wrapper.queryString, wrapper.queryType = query, SELECT
    # It is sent by whole_reply: SPARQLWrapper follows to any host, and knows no time for the whole.
    made: Request = wrapper._createRequest()
    return made


def _pause(number: int) -> float:
    """The seconds before a request is sent again, for the first time after *number* others: longer each time."""
    return _LEAST_PAUSE * 2.0**number * random.uniform(0.5, 1.5)  # noqa: S311
