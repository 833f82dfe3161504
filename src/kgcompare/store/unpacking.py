"""A body of HTTP unpacked bit by bit: a bomb is noticed before it is there.

Source: RFC 9110, section 8.4 (Content-Encoding).
"""

from __future__ import annotations

import zlib

from kgcompare.errors import Unanswered, reason

PACKED = "gzip, deflate"
"""The codings that bodies may come in."""


class Unpacking:
    """Undoes the coding of a body, a bounded piece at a time."""

    def __init__(self, coding: str) -> None:
        """:raises Unanswered: for a coding that was not asked for."""
        self.rest = b""
        self._begun = False
        name = coding.strip().lower()
        if name not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise Unanswered(f"answered in the coding {coding[:40]!r}, which was not asked for", again=False)
        self._packed = name not in {"", "identity"}
        self._gzip = name.endswith("gzip")
        self._engine = zlib.decompressobj(31 if self._gzip else 15)

    def some(self, chunk: bytes, most: int) -> bytes:
        """At most *most* bytes of what a chunk stands for; what is left of the chunk is in ``rest``.

        :raises Unanswered: if it is not in its coding.
        """
        self.rest = b""
        if not self._packed:
            return chunk
        if self._engine.eof:  # gzip may have several members; anything else after the end is a fault
            self._engine = zlib.decompressobj(31 if self._gzip else 15)
            self._begun = False
        try:
            try:
                found = self._engine.decompress(chunk, max(most, 1))
            except zlib.error:
                if self._begun or self._gzip:
                    raise
                self._engine = zlib.decompressobj(-15)  # some send it without the frame that the standard asks for
                found = self._engine.decompress(chunk, max(most, 1))
        except zlib.error as fault:
            raise Unanswered(f"answered something that cannot be unpacked: {reason(fault)}") from None
        self._begun = True
        self.rest = self._engine.unused_data if self._engine.eof else self._engine.unconsumed_tail
        return found

    def is_whole(self) -> bool:
        """Whether it has come to its end."""
        return not self._packed or self._engine.eof or not self._begun
