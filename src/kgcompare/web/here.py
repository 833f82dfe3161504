"""The address of the page that answers a request, and how it changes with its parameters.

What is the same for all links of a page is worked out once: a comparison has some thirty to itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, quote_plus

from flask import g, request

from kgcompare.formats import FORMATS
from kgcompare.schema.shapes import Shapes
from kgcompare.web.request import current, root

_CANONICAL = ("from", "to", "sort", "after", "query", "only", "rows", "class", "lang")
"""Parameters that make another page, and not the same one shown otherwise, after what a page is of and its facets."""
_pair = lru_cache(maxsize=4096)(lambda name, value: f"{quote_plus(name)}={quote_plus(value)}")


@dataclass(frozen=True, slots=True)
class _Here:
    """An address as it was asked for: its path, and (name, name and value as a query has them) of its parameters."""

    path: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Canonical:
    """An address without what only changes how a page is shown: scheme to path, and by name its parameters."""

    address: str
    pairs: dict[str, list[str]]


def address(**changes: object) -> str:
    """This page's own address with some parameters changed; None removes one."""
    here = _here()
    things: list[str] = []
    others: list[str] = []
    for name, pair in here.pairs:
        if name not in changes:
            (things if name == "method" else others).append(pair)
    for name, change in changes.items():
        values = change if isinstance(change, list | tuple) else () if change is None else (change,)
        (things if name == "method" else others).extend([_pair(name, str(value)) for value in values])
    query = "&".join([*things, *others])
    return f"{here.path}?{query}" if query else here.path


def _here() -> _Here:
    here: _Here | None = g.get("here")
    if here is None:
        pairs = tuple((name, _pair(name, one)) for name, one in request.args.items(multi=True) if name != "add")
        here = g.here = _Here(f"{request.script_root}/{quote(request.path.lstrip('/'))}", pairs)
    return here


def file_address(form: str, **changes: object) -> str:
    """The address of what this page shows in another format, as a file of that suffix; with parameters changed."""
    path, mark, query = address(format=None, **changes).partition("?")
    stem, dot, suffix = path.rpartition(".")
    return f"{stem if dot and suffix in FORMATS else path}.{form}{mark}{query}"


def here() -> str:
    """This page's own address in full, with all that was asked for."""
    return root().removesuffix(request.script_root) + address()


def canonical_address(**changes: str) -> str:
    """The absolute address of this page, without its format and what only changes how it is shown.

    A language is part of it where one was asked for. *changes* are parameters with other values, the empty text for
    none.
    """
    canonical = _canonical()
    said = canonical.pairs
    if changes:
        said = said | {name: [_pair(name, value)] if value else [] for name, value in changes.items()}
    query = "&".join([pair for pairs in said.values() for pair in pairs])
    return f"{canonical.address}?{query}" if query else canonical.address


def _canonical() -> _Canonical:
    canonical: _Canonical | None = g.get("canonical")
    if canonical is None:
        args, stem, suffix = request.args, *request.path.rpartition(".")[::2]
        compared = ("method",) if request.endpoint == "pages.compare" else ()  # on a list it is what is ticked
        kept = dict.fromkeys((*compared, "q", *_facets(current().shapes), *_CANONICAL))
        pairs = {name: [_pair(name, one) for one in dict.fromkeys(args.getlist(name)) if one] for name in kept}
        canonical = g.canonical = _Canonical(root() + quote(stem if suffix in FORMATS else request.path), pairs)
    return canonical


@lru_cache(maxsize=4)
def _facets(shapes: Shapes) -> tuple[str, ...]:
    """The ids of all that lists can be narrowed by."""
    return tuple(facet.id for cls in shapes.leading for facet in shapes.facets(cls) if facet.id)
