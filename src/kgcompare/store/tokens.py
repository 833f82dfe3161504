"""Tokens by which people and programs may write over HTTP: each has a name and, if wanted, an end.

A token is 256 bits at random and is shown once. Of it the store keeps a keyed hash: what is random in every bit cannot
be found by trying, so that a slow hash would protect nothing and let strangers cost time. The file is looked at
whenever somebody asks, so that a token that is withdrawn opens nothing any more.

Source: RFC 6750 (bearer tokens); RFC 2104 (HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kgcompare.errors import StoreError, UsageError
from kgcompare.store.files import alone, files, flush

_NAME = re.compile(r"\w[\w .@+-]{0,99}")
_PREFIX = "kgc_"
"""What tokens begin with, so that whoever finds one somewhere knows what it is."""
_LONGEST = 200
"""Characters of what may be a token."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: its ``name``, when it was ``made``, ``until`` when it opens anything (both ISO 8601 in
    UTC; empty for no end), and its hash with the key of that."""

    name: str
    made: str
    until: str
    key: str
    digest: str

    def has_ended(self) -> bool:
        """Whether its end has come."""
        return bool(self.until) and datetime.now(UTC) >= datetime.fromisoformat(self.until)


class Tokens:
    """The tokens of a store, read anew where its file has changed."""

    def __init__(self, store: Path) -> None:
        self._path = store / "tokens.json"
        self._lock = store / "tokens.lock"
        self._seen: tuple[tuple[int, ...], tuple[Token, ...]] = ((), ())

    def all(self) -> tuple[Token, ...]:
        """Every token, those that have ended too, in the order in which they were made.

        :raises StoreError: if the file cannot be read.
        """
        with files(f"{self._path} cannot be read"):
            try:
                about = self._path.stat()
            except FileNotFoundError:
                return ()
            stamp = (about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
            if self._seen[0] != stamp:
                self._seen = (stamp, _read(self._path))
            return self._seen[1]

    def named(self, text: str) -> Token | None:
        """The token that a text is, whether it has ended or not; None if it is none.

        It takes as long for every text: all are compared, in constant time.

        :raises StoreError: if the file cannot be read.
        """
        found = None
        for token in self.all():
            if hmac.compare_digest(_digest(token.key, text[:_LONGEST]), token.digest):
                found = token
        return found

    def add(self, name: str, until: str = "") -> str:
        """Makes a token and gives it; it is not kept, and cannot be had again.

        *until* is a date (YYYY-MM-DD; it holds to the end of that day, UTC) or a time (ISO 8601).

        :raises UsageError: if there is one of that name, it cannot be one, or the end is none or is past.
        :raises StoreError: if the store cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name[:100]!r} cannot be the name of a token; use letters, digits, spaces and .@+-_")
        end, text, key = _end(until), _PREFIX + secrets.token_urlsafe(32), secrets.token_hex(16)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with alone(self._lock):
            there = self.all()
            if any(token.name == name for token in there):
                raise UsageError(f"there is a token of the name {name!r} already; remove it first, or choose another")
            self._write((*there, Token(name, now, end, key, _digest(key, text))))
        return text

    def remove(self, name: str) -> None:
        """Withdraws a token, in running servers too.

        :raises UsageError: if there is none of that name.
        :raises StoreError: if the store cannot be written.
        """
        with alone(self._lock):
            there = self.all()
            left = tuple(token for token in there if token.name != name)
            if len(left) == len(there):
                known = ", ".join(token.name for token in there) or "none"
                raise UsageError(f"there is no token of the name {name[:100]!r}; there are: {known}")
            self._write(left)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        """Writes the file, for its owner's eyes alone, in the place of what is there."""
        scratch = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with files(f"{self._path} cannot be written"):
            scratch.unlink(missing_ok=True)
            handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps([asdict(token) for token in tokens], indent=1) + "\n")
            flush(scratch)
            scratch.replace(self._path)
            flush(self._path.parent)


def _read(path: Path) -> tuple[Token, ...]:
    try:
        tokens = tuple(Token(**one) for one in json.loads(path.read_text(encoding="utf-8")))
        for token in tokens:
            token.has_ended()
            bytes.fromhex(token.key)
    except (ValueError, TypeError, RecursionError):
        raise StoreError(f"{path} is no list of tokens; remove it and make them anew") from None
    return tokens


def _digest(key: str, text: str) -> str:
    return hmac.new(bytes.fromhex(key), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _end(until: str) -> str:
    """When a token ends, as ISO 8601 in UTC; empty for never."""
    if not until:
        return ""
    try:
        end = datetime.fromisoformat(until)
    except ValueError:
        raise UsageError(f"{until[:40]!r} is no date; write it as in 2027-03-31") from None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", until):
        end += timedelta(days=1)
    end = end.replace(tzinfo=UTC) if end.tzinfo is None else end.astimezone(UTC)
    if end <= datetime.now(UTC):
        raise UsageError(f"{until} is past; a token ends in the future")
    return end.isoformat(timespec="seconds")
