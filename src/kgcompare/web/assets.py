"""What pages load: style, scripts and pictures, each at an address that names its content, so that it is loaded once.

Source: RFC 9111, section 5.2.2.9 (public); RFC 8246 (immutable).
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from functools import cache

from kgcompare import resources

_FOLDER = "web/static"
_NAMED = re.compile(r"(?P<stem>.+)\.(?P<digest>[0-9a-f]{16})(?P<suffix>\.[a-z]+)")
FOR_GOOD = "public, max-age=31536000, immutable"
"""How long a file may be kept by whoever asked by such a name."""


@cache
def asset_name(name: str) -> str:
    """The name of a file that changes with its content: ``style.css`` is ``style.0123456789abcdef.css``."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{digest(name)}{dot}{suffix}"


def file_of(name: str) -> str:
    """The file that a name stands for, or stood for with another content; the name itself where there is none."""
    parts = _NAMED.fullmatch(name)
    file = parts["stem"] + parts["suffix"] if parts else name
    return file if file in _files() else name


def media_type(file: str) -> str:
    """The value of a file's Content-Type header, whatever the system takes its suffix for."""
    kind = _TYPES.get(file.rpartition(".")[2]) or mimetypes.guess_type(file)[0] or "application/octet-stream"
    return kind + "; charset=utf-8" if kind.startswith("text/") else kind


_TYPES = {
    "css": "text/css",
    "ico": "image/vnd.microsoft.icon",
    "js": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
}


@cache
def _files() -> frozenset[str]:
    folder = resources.package_file(_FOLDER)
    return frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@cache
def content(file: str) -> bytes:
    """The bytes of a file."""
    return resources.package_file(f"{_FOLDER}/{file}").read_bytes()


def digest(file: str) -> str:
    """What names the content of a file: sixteen hexadecimal digits."""
    return hashlib.sha256(content(file)).hexdigest()[:16]
