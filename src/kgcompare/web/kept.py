"""Answers that are made once for each generation: entity tags, 304, 412, and a cache of whole bodies.

Source: RFC 9110, section 8.8.3 (ETag), 13.1 and 13.2.2 (conditions), 15.4.5 (304); RFC 6266, section 4 (file names).
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from cachetools import LRUCache
from flask import Response, request

from kgcompare import __version__
from kgcompare.catalogue.basis import Basis, noting
from kgcompare.catalogue.generation import Generation
from kgcompare.catalogue.made import ANSWERS
from kgcompare.formats import FORMATS, Format
from kgcompare.schema.shapes import Shapes
from kgcompare.text.languages import speaks
from kgcompare.web.coding import QUICKLY, coded, tag_of, wanted
from kgcompare.web.downloads import own_file_name
from kgcompare.web.negotiation import Coding, choose_format
from kgcompare.web.problems import NoSuchFormat
from kgcompare.web.request import VARY, contact, current, limits, varies

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    QuickApplication = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes] | None]
    """A WSGI application that gives None to a quick request for which it would have to work (:data:`QUICK`)."""

_OVERHEAD, _NAMED = 1000, 150
"""Bytes that an entry takes beside its texts, and each thing that it rests on."""
_LABEL = re.compile(r"_:\w+")
"""A blank node, which each server of an endpoint may call otherwise."""
_TAG = re.compile(r'"[^"]*"')
_STRONG = re.compile(r'(?<!W/)("[^"]*")(?=\s*(?:,|\Z))')
OF_STATE = 24
"""Characters of the state of a record that its entity tags begin with."""
_STATE = re.compile(rf'\A"([0-9a-f]{{{OF_STATE}}})\.')
_LONGEST_KEY = 8000
"""Characters of a request that may be remembered to have been answered."""
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
SECURITY = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Allow, Content-Language, ETag, Link, Location, Retry-After, X-Request-Id",
}
"""Headers of every answer. Nothing here depends on who asks, so that scripts of any origin may read it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is kept: body, entity tag, and the headers of the whole answer and of a 304; and where another
    generation may give it too, what it rests on and what its tag is made of."""

    body: bytes
    tag: str
    headers: tuple[tuple[str, str], ...]
    unchanged: tuple[tuple[str, str], ...]
    basis: Basis | None = None
    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: bytes, tag: str, form: Format, lang: str | None, *, links: str = "", file: str = "") -> Kept:
        """An answer with all its headers; *file* is the name under which it is saved."""
        always = [
            ("ETag", tag),
            ("Vary", varies()),
            ("Cache-Control", "no-cache"),
            *SECURITY.items(),
        ]
        own = [("Content-Type", form.content_type), ("Content-Length", str(len(body)))]
        if links:
            own.append(("Link", links))
        if file:
            own.append(("Content-Disposition", f'inline; filename="{file}"'))
        if lang:
            own.append(("Content-Language", speaks(lang) if form.name == "html" else lang))
        return cls(body, tag, (*own, *always), tuple(always))

    def coded(self, coding: Coding, level: int = QUICKLY) -> Kept:
        """The same in a coding, with an entity tag of its own; itself where that saves nothing."""
        body = coded(self.body, dict(self.headers)["Content-Type"], coding, level)
        if body is None:
            return self
        as_it_is = replace(self, headers=(*self.headers, ("Content-Encoding", coding.name)))
        return as_it_is.changed(tag_of(self.tag, coding), body)

    def changed(self, tag: str, body: bytes) -> Kept:
        """The same with another entity tag and body."""
        own = {"ETag": tag, "Content-Length": str(len(body))}
        headers, unchanged = (
            tuple((name, own.get(name, value)) for name, value in some) for some in (self.headers, self.unchanged)
        )
        return replace(self, body=body, tag=tag, headers=headers, unchanged=unchanged)

    @property
    def size(self) -> int:
        """How many bytes of memory it takes."""
        return _OVERHEAD + len(self.body) + (_NAMED * len(self.basis.said) if self.basis else 0)

    def passing(self) -> Response:
        """The answer for now: made without the index, it shows less than the next one may."""
        headers = [(name, value) for name, value in self.headers if name not in {"ETag", "Cache-Control"}]
        return Response(self.body, headers=[*headers, ("Cache-Control", "no-store")])

    def response(self) -> Response:
        """The answer, or 304 where the client has it."""
        if client_has(self.tag, request.headers.get("If-None-Match", "")):
            response = Response(status=304)
            del response.headers["Content-Type"]
            response.headers.extend(self.unchanged)
            return response
        return Response(self.body, headers=list(self.headers))


def is_wanted(tag: str, header: str) -> bool:
    """Whether an ``If-Match`` header names an entity tag, by strong comparison; ``*`` names any."""
    return header.strip() == "*" or (tag.startswith('"') and tag in _STRONG.findall(header))


def record_states(header: str) -> set[str]:
    """The beginnings of the states of records that the strong entity tags of an ``If-Match`` header name."""
    return {state for tag in _STRONG.findall(header) for state in _STATE.findall(tag)}


def client_has(tag: str, header: str) -> bool:
    """Whether an ``If-None-Match`` header names an entity tag, by weak comparison; ``*`` names any."""
    return bool(header) and (header == tag or tag in _TAG.findall(header) or header.strip() == "*")


@lru_cache(maxsize=4)
def _written_shapes(shapes: Shapes) -> str:
    """What shapes say, the same by whatever server: most generations have those of the one before."""
    return "".join(sorted(_LABEL.sub("_:", str(triple)) for triple in shapes.triples))


_Keys = LRUCache[tuple[str, ...], tuple[str, int]]
"""Which answer a request has: its entity tag, and the bytes that it takes to know that."""


class Answers:
    """The answers of one generation: those that were asked for last, as many as fit into memory.

    An answer is kept once by its entity tag; requests that it answers, which may be written in many ways, lead there.
    One of the generation before that rests on nothing that has changed is given again, under a tag of this one.
    """

    def __init__(self, generation: Generation, most: int) -> None:
        """Keeps none yet but those of the generation before, and never more than *most* bytes, an eighth of them for
        requests, of this generation and of the one before."""
        self.most = most
        self._changed, before = generation.changed, generation.take_answers()
        earlier = before if isinstance(before, Answers) and before.most == most else None
        shapes = _written_shapes(generation.shapes)
        state = "\0".join((generation.store.identity, generation.name, generation.index_name, __version__, shapes))
        self.state = hashlib.sha256(state.encode()).hexdigest()
        self._by_key: _Keys = LRUCache(most // 16, lambda value: value[1])
        self._before = earlier._by_key if earlier else None
        self._by_tag: LRUCache[str, Kept] = (
            earlier._by_tag if earlier else LRUCache(most - most // 8, lambda kept: kept.size)
        )
        self._lock: threading.Lock = earlier._lock if earlier else threading.Lock()

    def get(self, key: tuple[str, ...]) -> Kept | None:
        """The answer to requests of that key."""
        with self._lock:
            known = self._by_key.get(key)
            return self._by_tag.get(known[0]) if known else self._carried_on(key)

    def _carried_on(self, key: tuple[str, ...]) -> Kept | None:
        """The answer of the generation before, where nothing that it rests on has changed."""
        known = self._before.get(key) if self._before is not None else None
        kept = self._by_tag.get(known[0]) if known else None
        if known is None or kept is None or kept.basis is None:
            return None
        if self._changed is None or not self._changed.leaves(kept.basis):
            return None
        state, coding = _STATE.match(kept.tag), kept.tag.partition("-")[2]
        tag = self.tag(*kept.parts, of=state[1] if state else "")
        tag = f"{tag[:-1]}-{coding}" if coding else tag
        self._by_tag[tag] = again = self._by_tag.get(tag) or kept.changed(tag, kept.body)
        self._by_key[key] = tag, known[1]
        return again

    def tagged(self, tag: str) -> Kept | None:
        """The answer of that entity tag."""
        with self._lock:
            return self._by_tag.get(tag)

    def keep(self, kept: Kept) -> None:
        """Keeps an answer by its tag alone, unless it is very long."""
        if kept.size <= self.most // 16:
            with self._lock:
                self._by_tag[kept.tag] = kept

    def put(self, key: tuple[str, ...], kept: Kept) -> None:
        """Keeps an answer unless it is very long; those that were not asked for the longest go."""
        if kept.size > self.most // 16:
            return
        self.keep(kept)
        with self._lock:
            asked = sum(map(len, key))
            size = _OVERHEAD + 4 * asked
            if asked <= _LONGEST_KEY and size <= self._by_key.maxsize:
                self._by_key[key] = kept.tag, size

    def tag(self, *parts: str, of: str = "") -> str:
        """A strong entity tag of a representation of this state; of a record in the state *of*, which it begins with:
        who changes the record says by any tag of it what he has seen, whatever has become of others meanwhile."""
        text = "\0".join((self.state, *parts))
        state = of[:OF_STATE] + "." if of else ""
        return f'"{state}{hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'


def answers_of(generation: Generation, most: int) -> Answers:
    """The answers that are kept of a generation, at most so many bytes of them."""
    return generation.once(ANSWERS, lambda of: Answers(of, most), settled=True)


QUICK = "kgcompare.quick"
"""In a request's environ: give a kept answer or None, at once."""
UNREAD = "kgcompare.unread"
"""In a request's environ: refuse it by its headers or give None, at once; its body has not been read."""
FAULT = "kgcompare.fault"
"""In a request's environ: what the server found wrong with it, as an exception to raise."""
IF_MATCH = "kgcompare.if_match"
"""In a request's environ: its ``If-Match``, which is looked at when there is an answer."""
HELD = "kgcompare.held"
"""In a request's environ: what has to live until the answer is sent, such as the owner of a file."""


def key_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What an answer depends on beside the state of the catalogue."""
    return (
        environ.get("wsgi.url_scheme", ""),
        environ.get("HTTP_HOST", ""),
        environ.get("SCRIPT_NAME", ""),
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_ACCEPT", ""),
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        _coding_key(wanted(environ)),
    )


def _coding_key(coding: Coding) -> str:
    """What an answer depends on of its coding."""
    if not coding.acceptable:
        return "none"
    return f"{coding.name} needed" if coding.needed else coding.name


def pick(offered: tuple[str, ...], suffix: str = "") -> Format:
    """The format of this request's answer.

    :raises NoSuchFormat: if none of *offered* is acceptable (406).
    """
    named = suffix or request.args.get("format", "")
    if named:
        if named not in offered:
            raise NoSuchFormat(offered)
        return FORMATS[named]
    form = choose_format(request.headers.get("Accept", ""), offered)
    if form is None:
        raise NoSuchFormat(offered)
    return form


def answer(
    form: Format,
    lang: str | None,
    make: Callable[[], str],
    links: Callable[[], str] | None = None,
    file: Callable[[], str] | None = None,
    state: str = "",
) -> Response:
    """The answer in a format, made unless the client has it, and kept.

    *links* makes its Link header, *file* the name under which it is saved, which else is that of the address; both are
    asked when it is made. *state* is that of the record which it shows.
    """
    key, answers = key_of(request.environ), answers_of(current(), limits().kept_bytes)
    query = urlencode(sorted(request.args.items(multi=True), key=lambda pair: pair[0]))
    parts = form.name, lang or "", *key[:4], query, contact()
    tag = answers.tag(*parts, of=state)
    coding = wanted(request.environ)
    in_coding = tag_of(tag, coding)
    kept = answers.tagged(in_coding)
    if kept is None:
        if in_coding in _TAG.findall(request.headers.get("If-None-Match", "")):
            return Kept.of(b"", in_coding, form, lang).response()
        plain = answers.tagged(tag)
        if plain is None:
            lacked, basis = current().lacked, Basis()
            with noting(basis):
                body = make().encode("utf-8", "replace")
                name, led = file() if file else own_file_name(form), links() if links else ""
            plain = Kept.of(body, tag, form, lang, links=led, file=name)
            plain = plain if basis.other else replace(plain, basis=basis, parts=parts)
            if current().lacked != lacked:
                return plain.passing()
            answers.keep(plain)
        kept = plain.coded(coding)
    return give(kept)


def give(kept: Kept) -> Response:
    """An answer that is made already; it is kept, so that the next one who asks for it waits for no thread."""
    answers_of(current(), limits().kept_bytes).put(key_of(request.environ), kept)
    return kept.response()


def unkept(text: str, status: int, lang: str) -> Response:
    """A page that is not kept."""
    headers = {"Vary": VARY, "Cache-Control": "no-cache", "Content-Language": speaks(lang)}
    return Response(text, status, headers, mimetype="text/html")
