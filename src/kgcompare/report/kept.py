"""What was made of a generation as a file beside its index, so that it is made once: whoever starts later, and every
other process, has it.

The file is JSON, for it is read from a folder that may have come from elsewhere. One that was made by another version,
with other shapes or of another generation is none.
"""

from __future__ import annotations

import hashlib
import json
import os
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from kgcompare import __version__
from kgcompare.catalogue.generation import Generation

_FORMAT = 1
"""Changes whenever what is counted or how it is written does."""
_Made = TypeVar("_Made")


def place_of(generation: Generation, what: str) -> Path | None:
    """Where it is kept; None where nothing is, for a generation of the past or data that are elsewhere."""
    index = generation.snapshot.index_path
    if index is None or generation.snapshot.path is None or generation.is_past:
        return None
    return index.with_name(f"{index.name}.{what}")


def look(generation: Generation, what: str, kind: type[_Made]) -> _Made | None:
    """What is kept; None where nothing is, or nothing that can be used."""
    if (place := place_of(generation, what)) is None:
        return None
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        said = json.loads(place.read_bytes())
        if said["stamp"] == _stamp(generation):
            made: _Made = _read(kind, said["made"])
            return made
    return None


def keep(generation: Generation, what: str, made: object) -> None:
    """Keeps it, where its place can be written."""
    if (place := place_of(generation, what)) is None:
        return
    text = json.dumps({"stamp": _stamp(generation), "made": made}, default=_plain, ensure_ascii=False)
    part = place.with_name(f"{place.name}-{''.join(chr(97 + byte % 26) for byte in os.urandom(8))}")
    with suppress(OSError):
        try:
            part.write_text(text, encoding="utf-8", errors="surrogatepass")
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)


def _stamp(generation: Generation) -> list[object]:
    extra = "\n".join(sorted(map(str, generation.extra)))
    return [_FORMAT, __version__, generation.name, hashlib.sha256(extra.encode("utf-8", "surrogatepass")).hexdigest()]


def _plain(value: object) -> dict[str, Any]:
    """What JSON has no form of its own for."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return dict(value) if isinstance(value, Mapping) else {}


def _read(kind: Any, value: Any) -> Any:
    """A value of a type as its form in JSON has it.

    :raises ValueError: if it is none; TypeError or KeyError likewise.
    """
    origin, args = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{field.name: _read(hints[field.name], value[field.name]) for field in fields(kind)})  # type: ignore[operator]
    if origin is tuple:
        parts: Sequence[Any] = args[:1] * len(value) if args[-1] is ... else args
        return tuple(_read(part, one) for part, one in zip(parts, value, strict=True))
    if origin is types.UnionType:
        return None if value is None else _read(args[0], value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {str(key): _read(args[1], one) for key, one in value.items()}
    if isinstance(kind, type) and not isinstance(value, (int, float) if kind is float else kind):
        raise TypeError(f"this is no {kind.__name__}")
    return value
