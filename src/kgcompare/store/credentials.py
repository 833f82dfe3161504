"""Who we are to an endpoint: Basic, Digest or bearer, told to it alone and shown to nobody.

Source: RFC 7617 (Basic), RFC 7616 (Digest), RFC 6750 (Bearer); RFC 9110, section 11 (challenges).
"""

from __future__ import annotations

import hashlib
import re
import stat
import threading
import tomllib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import AbstractDigestAuthHandler, HTTPPasswordMgr, Request, parse_keqv_list
from urllib.request import parse_http_list as parse_list

from kgcompare.errors import Seam, UsageError

_NAMES = ("user", "password", "token")
_VARIABLES = ("KGCOMPARE_ENDPOINT_USER", "KGCOMPARE_ENDPOINT_PASSWORD", "KGCOMPARE_ENDPOINT_TOKEN")
_TOKEN = re.compile(r"[\w.~+/-]+=*", re.ASCII)
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_HIDDEN = "***"


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A user with a password, or a token; nothing where nobody is to be told.

    :raises UsageError: for what no header can carry; it is not repeated.
    """

    user: str = ""
    password: str = ""
    token: str = ""

    def __post_init__(self) -> None:
        if self.token and (self.user or self.password):
            raise UsageError("an endpoint is given a user and a password, or a token, not both")
        if self.password and not self.user:
            raise UsageError("there is a password for the endpoint, and no user")
        if self.token and not _TOKEN.fullmatch(self.token):
            raise UsageError("the token for the endpoint has characters that a token cannot have (RFC 6750)")
        if _CONTROL.search(self.user + self.password) or any(sign in self.user for sign in ':"\\'):
            raise UsageError("the user or the password for the endpoint has characters that it cannot have (RFC 7617)")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_HIDDEN if self else ''})"

    def __bool__(self) -> bool:
        return bool(self.user or self.token)


NOBODY = Credentials()


def credentials_of(variables: Mapping[str, str]) -> Credentials:
    """What the environment says: ``KGCOMPARE_ENDPOINT_USER`` and ``..._PASSWORD``, or ``..._TOKEN``.

    :raises UsageError: for what cannot be used.
    """
    return Credentials(*(variables.get(name, "") for name in _VARIABLES))


def credentials_in(path: Path) -> Credentials:
    """What a TOML file with ``user`` and ``password``, or ``token``, says.

    :raises UsageError: if it cannot be read, others may read it, or it has anything else.
    """
    with Seam((OSError, ValueError), lambda why: UsageError(f"{path} cannot be read: {why}")):
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8-sig")
    if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        raise UsageError(f"{path} has credentials, and others may read or change it; say: chmod 600 {path}")
    try:
        said = tomllib.loads(text)
    except ValueError:  # its message may repeat what is there
        raise UsageError(f'{path} is no TOML; it has lines such as user = "..." and password = "..."') from None
    if not said or not said.keys() <= set(_NAMES) or not all(isinstance(value, str) for value in said.values()):
        raise UsageError(f"{path} has to have user and password, or token, as texts, and nothing else")
    return Credentials(**said)


def without_credentials(address: str) -> tuple[str, Credentials]:
    """An address without the user and password in it, and these.

    :raises UsageError: for what cannot be used.
    """
    try:
        parts = urlsplit(address)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        return address, NOBODY
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=place)), Credentials(user, password)


def shown_address(address: str) -> str:
    """An address as others may see it: without user, password, the values of its parameters, and fragment."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.rpartition("@")[2]
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=place, query="", fragment=""))


class _Passwords(HTTPPasswordMgr):
    """Knows one user, whatever the realm."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._known = (credentials.user, credentials.password)

    def find_user_password(self, realm: str, authuri: str) -> tuple[str | None, str | None]:  # noqa: ARG002
        return self._known


class _Digest(AbstractDigestAuthHandler):
    """The standard library's, for passwords in any script, and for SHA-256."""

    def get_algorithm_impls(self, algorithm: str) -> tuple[Callable[[str], str], Callable[[str, str], str]]:
        kinds = {"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256"}
        if algorithm.upper() not in kinds:
            raise ValueError("no such algorithm")

        def digest(text: str) -> str:
            return hashlib.new(kinds[algorithm.upper()], text.encode(), usedforsecurity=False).hexdigest()

        return digest, lambda secret, data: digest(f"{secret}:{data}")


class Authorization:
    """Tells an endpoint who we are, in the way that it asks for; may be used by any number of threads.

    A password goes out once the endpoint has asked for it, by Digest where it takes that.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()
        self._challenge: dict[str, str] | None = None
        self._basic = False
        self._digest = _Digest(_Passwords(credentials))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._credentials!r})"

    def __bool__(self) -> bool:
        return bool(self._credentials)

    def sign(self, request: Request) -> None:
        """Puts into a request what the endpoint is known to want."""
        with self._lock:
            header = self._header(request)
        if header:
            request.add_unredirected_header("Authorization", header)

    def _header(self, request: Request) -> str:
        who = self._credentials
        if who.token:
            return f"Bearer {who.token}"
        if self._challenge is not None:
            try:
                said = self._digest.get_authorization(request, self._challenge)
            except (URLError, ValueError):
                said = None
            return f"Digest {said}" if said else ""
        return self._basic_header() if self._basic else ""

    def _basic_header(self) -> str:
        return "Basic " + b64encode(f"{self._credentials.user}:{self._credentials.password}".encode()).decode()

    def heeds(self, headers: Message) -> bool:
        """Takes the challenge of a 401; says whether it can be met in a way that was not tried."""
        if not self._credentials.user:
            return False
        for challenge in headers.get_all("WWW-Authenticate", []):
            scheme, _, rest = challenge.strip().partition(" ")
            if scheme.lower() == "digest":
                said = parse_keqv_list([part for part in parse_list(rest) if "=" in part])
                said = {name.lower(): value for name, value in said.items()}
                with self._lock:
                    old, self._challenge = self._challenge, said
                return old is None or said.get("nonce") != old.get("nonce")
        for challenge in headers.get_all("WWW-Authenticate", []):
            if challenge.strip().lower().startswith("basic"):
                with self._lock:
                    tried, self._basic, self._challenge = self._basic, True, None
                return not tried
        return False

    def hide(self, text: str) -> str:
        """A text without what is secret, which an endpoint may repeat."""
        who = self._credentials
        secrets = {who.token, who.password, quote(who.password), quote(who.password, safe="")}
        if who.user:
            secrets.add(self._basic_header().partition(" ")[2])
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text
