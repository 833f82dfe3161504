"""kgcompare: a catalogue of research methods as linked data, any of them compared side by side.

>>> import kgcompare
>>> with kgcompare.open("my-store") as catalogue:                       # doctest: +SKIP
...     catalogue.compare(["lasso", "ridge-regression"], lang="fr")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgcompare.errors import (
    Busy,
    Conflict,
    Damaged,
    DataError,
    EndpointDown,
    EndpointError,
    InvalidData,
    KgcompareError,
    NotIndexed,
    Outdated,
    Overrun,
    QueryError,
    Refused,
    ShapeError,
    StillNamed,
    StoreError,
    StoreMissing,
    SyntaxFault,
    TokenTooLong,
    TooMany,
    TooManyThings,
    Unanswered,
    Unavailable,
    Unformatted,
    UnknownFormat,
    UnknownThing,
    Unscoped,
    UsageError,
)

if TYPE_CHECKING:
    from kgcompare.catalogue import Catalogue
    from kgcompare.catalogue import open_catalogue as open  # noqa: A004
    from kgcompare.model import Comparison

    __version__: str

__all__ = [
    "Busy",
    "Catalogue",
    "Comparison",
    "Conflict",
    "Damaged",
    "DataError",
    "EndpointDown",
    "EndpointError",
    "InvalidData",
    "KgcompareError",
    "NotIndexed",
    "Outdated",
    "Overrun",
    "QueryError",
    "Refused",
    "ShapeError",
    "StillNamed",
    "StoreError",
    "StoreMissing",
    "SyntaxFault",
    "TokenTooLong",
    "TooMany",
    "TooManyThings",
    "Unanswered",
    "Unavailable",
    "Unformatted",
    "UnknownFormat",
    "UnknownThing",
    "Unscoped",
    "UsageError",
    "open",
]


def __getattr__(name: str) -> object:
    """Loads what takes time only when it is asked for: ``kgcompare --help`` and workers start at once."""
    if name == "__version__":
        from importlib import metadata

        return metadata.version("kgcompare")
    if name in {"Catalogue", "open"}:
        from kgcompare import catalogue
        from kgcompare.formats import html

        return catalogue.Catalogue if name == "Catalogue" else catalogue.open_catalogue
    if name == "Comparison":
        from kgcompare.formats import html  # noqa: F401
        from kgcompare.model import Comparison

        return Comparison
    raise AttributeError(f"module 'kgcompare' has no attribute {name!r}")
