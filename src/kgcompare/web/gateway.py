"""Between the server and the application: bodies come in and files go out without a thread that waits for the network.

The server's own WSGI side gives every request a thread, which then blocks on a body that does not come and on a client
that does not read; as many such connections as there are threads stop everybody. Here the server's event loop does
the waiting, within bounds, and the application gets a thread when all is there.

Source: RSGI specification 1.5; RFC 9110, section 15.5.9 (408), 15.5.14 (413), 15.5.16 (415).
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestTimeout,
    ServiceUnavailable,
    UnsupportedMediaType,
)
from werkzeug.wsgi import FileWrapper

from kgcompare.sandbox.limits import Limits
from kgcompare.web.answered import HEADER, OF_GENERATION, REQUEST_ID, WAS_KEPT, WORKED_ON, Told, id_of
from kgcompare.web.environ import environ_of
from kgcompare.web.kept import FAULT, HELD, QUICK, UNREAD

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

    from kgcompare.web.kept import QuickApplication

_SMALL = 256 * 1024
"""Bytes of an answer that the server is given as a whole; a longer one it reads from a file, as the client takes it."""
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the application said; ``file`` names a file whose bytes from ``start`` to ``end`` are the body.

    The file is there for as long as ``held`` is; ``client`` is the address of who asks, ``generation`` that of which
    the answer is, if there is one, and ``kept`` tells whether it was there already.
    """

    status: int
    headers: list[tuple[str, str]]
    client: str
    generation: str
    kept: bool
    body: bytes = b""
    file: str = ""
    start: int = 0
    end: int = 0
    held: object = None


class Gateway:
    """An RSGI application that runs a WSGI application in threads."""

    def __init__(
        self,
        app: QuickApplication,
        limits: Limits,
        proxies: int = 0,
        told: Iterable[Callable[[Told], None]] = (),
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        """Starts its threads: the event loop would wait for one that starts while others compute.

        *app* gives None to a quick request (``QUICK`` in its environ) that it would have to work for. Of a body one
        byte more is taken in than it may have, so that the application says that it is too long. Where there are
        *proxies* to trust they may name a request. Who is *told* of each one that was answered takes no time for it;
        *at_end* is called when the last one is.
        """
        self.app = app
        self.limits = limits
        self.proxies = proxies
        self._told = tuple(told)
        self._at_end = at_end
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="request")
        all_there = threading.Barrier(limits.threads + 1)
        for _ in range(limits.threads):
            self._threads.submit(all_there.wait)
        all_there.wait()
        self._held = 0
        self._sending: Counter[str] = Counter()
        self._open: set[str] = set()
        self._looked = 0.0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Has connections end whose client takes nothing, as soon as the server listens."""
        if not let_go(self.limits.write_time):
            loop.call_later(0.02, self.__rsgi_init__, loop)

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """Ends what belongs to the server when the last request is answered."""
        self._at_end()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answers a request, and tells of it."""
        begun = time.perf_counter()
        environ = environ_of(scope, self.limits.header_line_bytes)
        environ[REQUEST_ID] = name = id_of(environ, self.proxies)
        answer = await self._answered(environ, protocol)
        if len(answer.body) > _SMALL:
            answer = await self._send_from_file(answer, environ, protocol)
        elif answer.file:
            await self._send_file(answer, protocol)
        else:
            protocol.response_bytes(answer.status, answer.headers, answer.body)
        if self._told:
            size, took = answer.end - answer.start or len(answer.body), time.perf_counter() - begun
            asked = name, scope.method, scope.path, len(scope.query_string)
            answered = Told(*asked, answer.status, size, took, answer.client, answer.generation, answer.kept)
            for tell in self._told:
                tell(answered)

    async def _answered(self, environ: WSGIEnvironment, protocol: HTTPProtocol) -> _Answer:
        """The answer to a request, whose body is taken in unless it is refused by its headers."""
        if environ["REQUEST_METHOD"] not in _BODILESS:
            refused = self._ask({**environ, UNREAD: True}) if FAULT not in environ else None
            if refused is not None:
                return refused
            environ["wsgi.input"] = io.BytesIO(await self._take(environ, protocol))
        answer = self._ask({**environ, QUICK: True}) if FAULT not in environ else None
        return answer if answer is not None else await self._worked(environ)

    async def _worked(self, environ: WSGIEnvironment) -> _Answer:
        """The application's answer, made by a thread."""
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, environ)
        if answer is None:
            raise RuntimeError("the application did not answer")
        return answer

    async def _send_from_file(self, answer: _Answer, environ: WSGIEnvironment, protocol: HTTPProtocol) -> _Answer:
        """Sends a long answer from a temporary file, so that it takes no memory until the client has read it; gives
        what was sent.

        All that wait so have a bound together, and one client may have a quarter of it.
        """
        most, size, client = self.limits.sending_bytes, len(answer.body), answer.client
        fault = ServiceUnavailable("too much is being sent; try again in a moment", retry_after=5)
        if self._sending[client] + size <= most // 4 and self._sending.total() + size <= most:
            self._sending[client] += size
            try:
                loop = asyncio.get_running_loop()
                file = await loop.run_in_executor(self._threads, _filed, answer.body)
                answer = replace(answer, body=b"", file=str(file), end=size)
                try:
                    await self._send_file(answer, protocol)
                finally:
                    file.unlink(missing_ok=True)
                return answer
            except OSError:
                fault = ServiceUnavailable("there is no room for so long an answer", retry_after=60)
            finally:
                self._sending[client] -= size
                self._sending += Counter()  # leaves out who has nothing any more
        answer = await self._worked({**environ, FAULT: fault})
        protocol.response_bytes(answer.status, answer.headers, answer.body)
        return answer

    async def _send_file(self, answer: _Answer, protocol: HTTPProtocol) -> None:
        """Has the server send a file, and returns when it has let go of it: sent, or the client has gone."""
        protocol.response_file_range(answer.status, answer.headers, answer.file, answer.start, answer.end)
        for pause in (1.0, 2.0):  # it may not have opened it yet
            await asyncio.sleep(pause)
            while answer.file in await self._open_files():
                await asyncio.sleep(1.0)

    async def _open_files(self) -> set[str]:
        """The names of the files that are open in this process, looked at once a second at most.

        Granian says to nobody when an answer is sent. Source: proc(5); other systems have none, and files stay longer.
        """
        now = asyncio.get_running_loop().time()
        if now > self._looked + 1:
            self._looked = now
            self._open = await asyncio.to_thread(_open_files)
        return self._open

    async def _take(self, environ: WSGIEnvironment, protocol: HTTPProtocol) -> bytes:
        """The body, as far as it is wanted; what is wrong with it goes to the application."""
        announced = int(environ.get("CONTENT_LENGTH") or -1)
        most = self.limits.body_bytes
        environ.pop("HTTP_TRANSFER_ENCODING", None)  # undone by now
        body = bytearray()
        fault: HTTPException | None = None
        if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
            fault = UnsupportedMediaType("send the body as it is, without Content-Encoding")
        elif announced > most and "HTTP_EXPECT" in environ:
            return b""  # the application refuses it by its length, before it is sent
        else:
            patience = self.limits.long_body_time if announced > most else self.limits.body_time
            try:
                async with asyncio.timeout(patience) as limit:
                    fault = await self._fill(body, protocol, limit)
            except TimeoutError:
                if len(body) <= most:
                    fault = RequestTimeout("the body did not arrive in time")
            finally:
                self._held -= len(body)
            if announced > most:
                return b""
            if fault is None and len(body) < announced:
                fault = BadRequest("the body is shorter than its Content-Length")
        environ["CONTENT_LENGTH"] = str(len(body))
        if fault is not None:
            environ[FAULT] = fault
        return bytes(body)

    async def _fill(self, body: bytearray, protocol: HTTPProtocol, limit: asyncio.Timeout) -> HTTPException | None:
        """Takes chunks in; of what is too long one byte too many, and the rest is read for the client to hear of it."""
        dropped = 0
        most, together = self.limits.body_bytes, self.limits.arriving_bytes
        ends = 0
        async for chunk in protocol:
            ends += not chunk
            kept = chunk[: most + 1 - len(body)]
            body += kept
            self._held += len(kept)
            if len(kept) < len(chunk) and not dropped:
                limit.reschedule(asyncio.get_running_loop().time() + self.limits.long_body_time)
            dropped += len(chunk) - len(kept)
            if self._held > together:
                return ServiceUnavailable("too many requests are on their way; try again in a moment", retry_after=2)
            if dropped > together:
                break
        # A whole body ends with one empty chunk; granian gives one more for an error, and for trailers.
        return BadRequest("the body breaks off, or has trailers, which are not taken") if ends > 1 else None

    def _ask(self, environ: WSGIEnvironment) -> _Answer | None:
        """What the application says; None where it has no quick answer."""
        begun: list[tuple[int, list[tuple[str, str]]]] = []
        files: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], _: object = None, /) -> Callable[[bytes], object]:
            begun.append((int(status[:3]), headers))
            return io.BytesIO().write

        def wrap(file: IO[bytes], size: int = 8192) -> FileWrapper:
            files.append(str(file.name))
            return FileWrapper(file, size)

        environ["wsgi.file_wrapper"] = wrap
        WORKED_ON.set(environ[REQUEST_ID])
        result = self.app(environ, start)
        if result is None:
            return None
        try:
            status, headers = begun[-1]
            headers.append((HEADER, environ[REQUEST_ID]))
            of = environ.get("REMOTE_ADDR", ""), environ.get(OF_GENERATION, ""), WAS_KEPT in environ
            if not files:
                return _Answer(status, headers, *of, _whole(result))
            length = next((int(value) for name, value in headers if name == "Content-Length"), 0)
            if length <= _SMALL or environ["REQUEST_METHOD"] == "HEAD":
                return _Answer(status, headers, *of, _whole(result))
            part = next((value for name, value in headers if name == "Content-Range"), "bytes 0-")
            first = int(re.findall(r"\d+", part)[0])
            return _Answer(status, headers, *of, b"", files[0], first, first + length, environ.get(HELD))
        finally:
            if hasattr(result, "close"):
                result.close()


def let_go(seconds: float) -> bool:
    """Has the system end connections whose client takes nothing for so long; False where nothing listens yet.

    Connections have it from the socket that this process listens with, which granian makes by itself and does not hand
    out; those that are open already are given it. Source: tcp(7), TCP_USER_TIMEOUT; proc(5). Other systems than Linux
    have neither.
    """
    if sys.platform != "linux":
        return True
    listening, connected = set(), []
    for place in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            one = socket.socket(fileno=os.dup(int(place.name)))
            if one.family not in {socket.AF_INET, socket.AF_INET6}:
                one.close()
                continue
            connected.append(one)
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                listening.add(one.getsockname()[1])
    for one in connected:  # those too that came before this
        with suppress(OSError), one:
            if one.getsockname()[1] in listening:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * seconds))
    return bool(listening)


def _whole(parts: Iterable[bytes]) -> bytes:
    """A body in one piece; one that is in one piece is not copied."""
    return parts[0] if isinstance(parts, list) and len(parts) == 1 else b"".join(parts)


def _filed(body: bytes) -> Path:
    """A temporary file with a body.

    :raises OSError: if there is no room for it.
    """
    handle, name = tempfile.mkstemp(prefix="kgcompare-answer-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _open_files() -> set[str]:
    """The names of the files that are open in this process; none where the system does not tell."""
    found = set()
    with suppress(OSError):
        for place in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                found.add(str(place.readlink()))
    return found
