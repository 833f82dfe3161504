"""What a client asks, read from JSON: wrong shapes are refused with the place that is wrong.

More than the specification has is let pass: parameters that it does not name, numbers and empty cells for texts.

Source: Reconciliation Service API 0.2, section 4.1 (reconciliation queries) and 7.4 (data extension queries).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kgcompare.errors import UsageError
from kgcompare.text import languages

_MOST_CANDIDATES = 50
_CANDIDATES = 5
_MOST_VALUES = 20
_LONGEST = 500
"""Characters of a text that count."""


@dataclass(frozen=True, slots=True)
class Named:
    """A value that names a thing: its id, or whatever the client has for one."""

    id: str


Given = str | float | bool | Named
"""A value that somebody's data has for a property."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A property and the values of which a thing should have one."""

    property: str
    values: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class EntityQuery:
    """What is known of a thing that is looked for; ``types`` is empty for things of any kind."""

    text: str
    types: tuple[str, ...] = ()
    limit: int = _CANDIDATES
    constraints: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A property to fetch, texts in a language (None: that of the answer), and how many values at most."""

    property: str
    lang: str | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """Things by their ids, and the properties to fetch of them."""

    ids: tuple[str, ...]
    properties: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many *properties* a query or a data extension may have, how many *values* all queries of a batch together,
    and about how many *things* a data extension may ask."""

    properties: int = 50
    values: int = 1000
    things: int = 500


_USUAL = Sizes()


def read_queries(text: str, bounds: Sizes = _USUAL) -> dict[str, EntityQuery]:
    """A batch of queries by the client's own names for them.

    :raises UsageError: if it is not JSON, not of the form or larger than it may be; the message says where.
    """
    batch = _object(_decoded(text, "queries"), "queries")
    queries = {name: _query(value, f"queries.{name[:40]}", bounds) for name, value in batch.items()}
    values = sum(len(c.values) for query in queries.values() for c in query.constraints)
    if values > bounds.values:
        raise UsageError(
            f"queries has {values} values of properties; {bounds.values} are the most (--reconcile-values): "
            "send fewer at a time"
        )
    return queries


def read_query(text: str, bounds: Sizes = _USUAL) -> EntityQuery:
    """A query by itself, as JSON or as the plain name of a thing.

    :raises UsageError: if it begins as JSON and is not of the form; the message says where.
    """
    return _query(_decoded(text, "query") if text.lstrip().startswith("{") else {"query": text}, "query", bounds)


def read_extension(text: str, bounds: Sizes = _USUAL) -> Extension:
    """A data extension query.

    :raises UsageError: if it is not JSON, not of the form or larger than it may be; the message says where.
    """
    asked = _object(_decoded(text, "extend"), "extend")
    ids = _list(asked.get("ids"), "extend.ids", bounds.things, "--reconcile-things")
    properties = _list(asked.get("properties"), "extend.properties", bounds.properties, "--reconcile-properties")
    return Extension(
        tuple(dict.fromkeys(_string(value, f"extend.ids[{at}]") for at, value in enumerate(ids))),
        tuple(_wanted(value, f"extend.properties[{at}]") for at, value in enumerate(properties)),
    )


def _query(value: Any, where: str, bounds: Sizes) -> EntityQuery:
    asked = _object(value, where)
    if "query" not in asked and not asked.get("properties"):
        raise UsageError(f"{where} needs a query or properties")
    types = asked.get("type") or []
    types = types if isinstance(types, list) else [types]
    properties = asked.get("properties") or []
    constraints = _list(properties, f"{where}.properties", bounds.properties, "--reconcile-properties")
    return EntityQuery(
        _text(asked.get("query"), f"{where}.query"),
        tuple(_id(value, f"{where}.type[{at}]") for at, value in enumerate(types)),
        _limit(asked.get("limit"), f"{where}.limit") or _CANDIDATES,
        tuple(_constraint(value, f"{where}.properties[{at}]") for at, value in enumerate(constraints)),
    )


def _constraint(value: Any, where: str) -> Constraint:
    asked = _object(value, where)
    if "v" not in asked:
        raise UsageError(f"{where} needs v, a value or a list of values")
    values = asked["v"] if isinstance(asked["v"], list) else [asked["v"]]
    given = [_given(v, f"{where}.v") for v in _list(values, f"{where}.v", _MOST_VALUES) if v not in (None, "")]
    return Constraint(_string(asked.get("pid"), f"{where}.pid"), tuple(given))


def _given(value: Any, where: str) -> Given:
    if isinstance(value, bool | int | float):
        return value
    return _text(value, where) if isinstance(value, str) else Named(_id(value, where))


def _wanted(value: Any, where: str) -> Wanted:
    asked = _object(value, where)
    settings = _object(asked.get("settings") or {}, f"{where}.settings")
    lang = settings.get("lang")
    return Wanted(
        _string(asked.get("id"), f"{where}.id"),
        languages.normalise(_string(lang, f"{where}.settings.lang")) if lang else None,
        _limit(_number(settings.get("limit")) or None, f"{where}.settings.limit"),
    )


def _decoded(text: str, what: str) -> Any:
    try:
        # Clients that know no better write the empty cells of a table as NaN.
        return json.loads(text, parse_constant=lambda _name: None)
    except RecursionError:
        raise UsageError(f"{what} is nested too deeply") from None
    except ValueError as fault:
        raise UsageError(f"{what} is not JSON: {fault}") from None


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} must be an object, not {_kind(value)}")
    return value


def _list(value: Any, where: str, most: int, setting: str = "") -> list[Any]:
    """An array of at most so many members; *setting* is what that can be set by."""
    if not isinstance(value, list):
        raise UsageError(f"{where} must be an array, not {_kind(value)}")
    if len(value) > most:
        raise UsageError(f"{where} has {len(value)} members; {most} are the most{setting and f' ({setting})'}")
    return value


def _string(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{where} must be a text, not {_kind(value)}")
    return _clean(value)


def _text(value: Any, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(int(value) if value == value // 1 else value)
    return _clean(value).strip() if isinstance(value, str) else _string(value, where)


def _clean(text: str) -> str:
    """The beginning of a text, as UTF-8 can carry it: JSON has escapes for halves of characters."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def _id(value: Any, where: str) -> str:
    return _string(value.get("id"), f"{where}.id") if isinstance(value, dict) else _string(value, where)


def _limit(value: Any, where: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1 or value != value // 1:
        raise UsageError(f"{where} must be a whole number from 1, not {str(value)[:40]}")
    return min(int(value), _MOST_CANDIDATES)


def _number(value: Any) -> Any:
    """A number, where it came as one in a text, as forms have it."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else value


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", str: "a text", bool: "true or false", type(None): "nothing"}
    return f"{kinds.get(type(value), 'a number')}{' without characters' if value == '' else ''}"
